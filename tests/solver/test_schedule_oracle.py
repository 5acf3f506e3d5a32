"""The scheduler against a slow oracle that tries every second of departure and every rest."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from itertools import combinations_with_replacement

from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from solver.checker import check
from solver.model import (
    Break,
    Job,
    Plan,
    Problem,
    Reload,
    Route,
    Step,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Visit,
)
from solver.model import ViolationCode as Code
from solver.schedule import schedule
from tests.solver.strategies import FEATURES, problems, tours

TIMED = ["windows", "setup", "shipments", "releases", "reloads", "ends", "due", "asymmetric"]
CLOCK = frozenset(
    {
        Code.WINDOW_MISSED,
        Code.SHIFT_TOO_EARLY,
        Code.SHIFT_TOO_LATE,
        Code.RELEASE_NOT_KEPT,
        Code.BREAK_MISSING,
        Code.BREAK_WINDOW_MISSED,
        Code.BREAK_REPEATED,
        Code.BREAK_ORDER,
        Code.RELOAD_WINDOW_MISSED,
    }
)
NEVER = (
    Code.TIME_MISSTATED,
    Code.LOAD_MISSTATED,
    Code.BREAK_ORDER,
    Code.BREAK_REPEATED,
    Code.SHIFT_TOO_EARLY,
    Code.RELEASE_NOT_KEPT,
    Code.UNKNOWN_STOP,
    Code.JOB_REPEATED,
    Code.JOB_MISSING,
)
quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])


@quick
@given(st.data())
def test_whatever_the_order_the_stated_times_and_loads_are_true(data: st.DataObject) -> None:
    problem = data.draw(problems(max_jobs=7))
    report = check(problem, schedule(problem, data.draw(tours(problem))))
    codes = {violation.code for violation in report.violations}
    assert not codes & set(NEVER), report.violations


@quick
@given(st.data())
def test_the_tour_of_a_route_scheduled_again_is_the_same_route(data: st.DataObject) -> None:
    problem = data.draw(problems(max_jobs=7))
    plan = schedule(problem, data.draw(tours(problem)))
    assert schedule(problem, [route.tour for route in plan.routes]) == plan


@settings(quick, max_examples=60)
@given(st.data())
def test_no_placement_of_breaks_and_no_departure_finishes_earlier(data: st.DataObject) -> None:
    problem, order, route = _one_route(data, TIMED, max_jobs=3)
    oracle = _Oracle.of(problem, order)
    earliest = min(
        (
            run.finish
            for rests in oracle.placements()
            for departure in oracle.departures()
            if (run := oracle.run(rests, departure)) is not None
        ),
        default=None,
    )
    if earliest is None:
        assert _clock_violations(problem, route)
    else:
        assert not _clock_violations(problem, route)
        assert route.finish == earliest


@settings(quick, max_examples=150)
@given(st.data())
def test_leaving_a_second_later_would_finish_later_or_be_later_for_someone(
    data: st.DataObject,
) -> None:
    problem, order, route = _one_route(data, TIMED, max_jobs=5)
    assume(not _clock_violations(problem, route))
    oracle = _Oracle.of(problem, order)
    rests = oracle.rests_of(route)
    settled = oracle.run(rests, route.departure)
    assert settled is not None
    assert settled.finish == route.finish
    first = oracle.run(rests, oracle.first_departure(rests))
    assert first is not None
    assert settled.finish == first.finish
    assert settled.lateness == first.lateness
    for departure in range(route.departure + 1, oracle.vehicle.shift.end + 1):
        later = oracle.run(rests, departure)
        assert later is None or later.finish > settled.finish or later.is_later(settled)


# ---- the oracle -------------------------------------------------------------------------------


@dataclass(frozen=True)
class _Run:
    finish: int
    lateness: tuple[int, ...]

    def is_later(self, other: _Run) -> bool:
        return any(a > b for a, b in zip(self.lateness, other.lateness, strict=True))


@dataclass(frozen=True)
class _Rests:
    """Breaks before the departure, breaks after the finish, and a gap for each in between."""

    before: int
    after: int
    gaps: tuple[int, ...]


@dataclass(frozen=True)
class _Oracle:
    """One order of visits of one vehicle, driven second by second."""

    problem: Problem
    vehicle: Vehicle
    steps: tuple[Step, ...]
    spots: tuple[Job | Visit | Reload, ...]
    releases: tuple[int, ...]

    @classmethod
    def of(cls, problem: Problem, order: Tour) -> _Oracle:
        vehicle = next(v for v in problem.vehicles if v.id == order.vehicle)
        jobs = {job.id: job for job in problem.jobs}
        shipments = {shipment.id: shipment for shipment in problem.shipments}
        reloads = {reload.id: reload for reload in vehicle.reloads}
        spots: list[Job | Visit | Reload] = []
        releases: list[int] = [0]
        for step in order.steps:
            if step.kind is StopKind.RELOAD:
                spots.append(reloads[step.id])
                releases.append(0)
                continue
            if step.kind is StopKind.JOB:
                spots.append(jobs[step.id])
                release = jobs[step.id].release
            else:
                shipment = shipments[step.id]
                pickup = step.kind is StopKind.PICKUP
                spots.append(shipment.pickup if pickup else shipment.delivery)
                release = shipment.release
            releases[-1] = max(releases[-1], release)
        return cls(problem, vehicle, order.steps, tuple(spots), tuple(releases))

    def departures(self) -> range:
        return range(self.vehicle.shift.start, self.vehicle.shift.end + 1)

    def placements(self) -> Iterator[_Rests]:
        count = len(self.vehicle.breaks)
        for before in range(count + 1):
            for after in range(count - before + 1):
                taken = count - before - after
                for gaps in combinations_with_replacement(range(len(self.steps) + 1), taken):
                    yield _Rests(before, after, gaps)

    def rests_of(self, route: Route) -> _Rests:
        names = [pause.id for pause in self.vehicle.breaks]
        gaps: list[int] = []
        taken: list[int] = []
        visits = 0
        for stop in route.stops:
            if stop.kind is StopKind.BREAK:
                gaps.append(visits)
                taken.append(names.index(stop.id))
            else:
                visits += 1
        if taken:
            return _Rests(taken[0], len(names) - 1 - taken[-1], tuple(gaps))
        before = max(
            k
            for k in range(len(names) + 1)
            if _in_a_row(self.vehicle.breaks[:k], None, route.departure)
        )
        return _Rests(before, len(names) - before, ())

    def first_departure(self, rests: _Rests) -> int:
        return next(d for d in self.departures() if self.run(rests, d) is not None)

    def run(self, rests: _Rests, departure: int) -> _Run | None:
        """Return what comes of it, None when anything is too early or too late."""
        breaks = self.vehicle.breaks
        if not _in_a_row(breaks[: rests.before], None, departure):
            return None
        if departure < self.releases[0]:
            return None
        travel = self.problem.travel[self.vehicle.profile]
        clock, here, trip = departure, self.vehicle.start, 0
        pauses = breaks[rests.before : len(breaks) - rests.after]
        lateness: list[int] = []
        for number, spot in enumerate(self.spots):
            left = travel.leg(here, spot.place)[0] if here is not None else 0
            ready = self._drive(clock, left, pauses, rests.gaps, number)
            begin = None if ready is None else _open(spot.windows, ready)
            if begin is None:
                return None
            if isinstance(spot, Reload):
                trip += 1
                clock = max(begin + spot.seconds, self.releases[trip])
            else:
                setup = spot.setup_seconds if spot.place != here else 0
                clock = begin + spot.service_seconds + setup
                if spot.due is not None:
                    lateness.append(max(begin - spot.due.time, 0))
            here = spot.place
        home = here if self.vehicle.end is None else self.vehicle.end
        left = travel.leg(here, home)[0] if here is not None and home is not None else 0
        finish = self._drive(clock, left, pauses, rests.gaps, len(self.spots))
        if finish is None or finish > self.vehicle.shift.end:
            return None
        if not _in_a_row(breaks[len(breaks) - rests.after :], finish, None):
            return None
        return _Run(finish, tuple(lateness))

    def _drive(
        self, clock: int, left: int, pauses: Sequence[Break], gaps: Sequence[int], number: int
    ) -> int | None:
        for pause, gap in zip(pauses, gaps, strict=True):
            if gap != number:
                continue
            begin = _open(pause.windows, clock)
            if begin is None:
                return None
            left = max(left - (begin - clock), 0)
            clock = begin + pause.seconds
        return clock + left


def _open(windows: Sequence[TimeWindow], clock: int) -> int | None:
    if not windows:
        return clock
    moments = [max(clock, window.start) for window in windows if window.end >= clock]
    return min(moments, default=None)


def _in_a_row(breaks: Sequence[Break], since: int | None, until: int | None) -> bool:
    """Tell whether breaks fit one after another from one moment on and end by another."""
    clock = since
    for pause in breaks:
        begin = _open(pause.windows, -(10**9) if clock is None else clock)
        if begin is None:
            return False
        clock = begin + pause.seconds
    return clock is None or until is None or clock <= until


def _one_route(
    data: st.DataObject, features: list[str], max_jobs: int
) -> tuple[Problem, Tour, Route]:
    assert set(features) <= FEATURES
    problem = data.draw(
        problems(max_jobs=max_jobs, features=features, max_vehicles=1, always=["breaks"])
    )
    orders = data.draw(tours(problem))
    assume(orders)
    plan = schedule(problem, orders)
    return problem, orders[0], plan.routes[0]


def _clock_violations(problem: Problem, route: Route) -> list[Code]:
    report = check(problem, Plan(routes=(route,)))
    return [v.code for v in report.violations if v.code in CLOCK]


def test_the_oracle_itself_refuses_what_comes_too_late() -> None:
    vehicle = Vehicle(id="v", shift=TimeWindow(start=0, end=10))
    assert _in_a_row((), None, 0)
    late = Break(id="b", windows=(TimeWindow(start=5, end=6),), seconds=4)
    assert _in_a_row([late], None, 9)
    assert not _in_a_row([late], None, 8)
    assert not _in_a_row([late], 7, None)
    assert replace(vehicle, breaks=(late,)).breaks[0].seconds == 4
