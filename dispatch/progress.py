"""
From what was reported to where every vehicle is: the past that a rest of the day begins with.

What nobody reports has to be presumed, and is listed as such: a courier of whom nothing was heard
keeps to the plan; a break whose time has come is being taken; the noon return was made if it was
settled, or if a later stop was done, or if all before it is done and its time is over. The stop
that a courier is at, or the next one of the list, is under way and will be finished, unless its
window opens so much later that the courier may still do something else before.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatch.day_state import CourierStanding, Standing, StopStanding, StopState
from geo.types import LatLon
from solver.model import Job, Plan, Problem, Reload, Route, Step, Stop, StopKind, Vehicle, Visit
from solver.residual import ANCHOR
from solver.residual_past import Breakdown, Past

_WORTH_A_DETOUR = 900
"""Seconds of waiting before the next stop from which on a courier is not bound to it yet."""

_OVER = (StopState.DONE, StopState.FAILED)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    Where a day's vehicles are.

    Parameters
    ----------
    past
        By vehicle, of those that have left.
    away
        Vehicles that will not leave at all.
    closed
        Orders that nobody is to do any more, though no visit of the past was for them.
    not_before
        Vehicles that cannot leave before, seconds.
    presumed
        Couriers of whom nothing was heard, taken to keep to the plan.
    """

    past: Mapping[str, Past]
    away: frozenset[str]
    closed: frozenset[str]
    not_before: Mapping[str, int]
    presumed: tuple[str, ...]


def progress(
    problem: Problem,
    plan: Plan,
    standing: Standing,
    *,
    now: int,
    rows: Mapping[LatLon, int] | None = None,
) -> Progress:
    """
    Return where the vehicles are at `now`.

    Parameters
    ----------
    rows
        Rows of `problem.places` for the points that events name.
    """
    return _Progress(problem, plan, standing, now, rows or {}).result()


class _Progress:
    """One look at all vehicles."""

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        standing: Standing,
        now: int,
        rows: Mapping[LatLon, int],
    ) -> None:
        self.problem = problem
        self.standing = standing
        self.now = now
        self.rows = rows
        self.jobs = {job.id: job for job in problem.jobs}
        self.shipments = {shipment.id: shipment for shipment in problem.shipments}
        self.routes = {route.vehicle: route for route in plan.routes if route.stops}
        self.reported: dict[str, list[tuple[Step, StopStanding]]] = {}
        for step, known in standing.stops.items():
            if known.state in _OVER:
                self.reported.setdefault(known.courier, []).append((step, known))
        self.over = {step for step, known in standing.stops.items() if known.state in _OVER}
        done = {step.id for step in self.over}
        self.closed = frozenset(
            [name for name in standing.cancelled if name not in done]
            + [
                step.id
                for step, known in standing.stops.items()
                if known.state is StopState.SKIPPED and step.id not in done
            ]
        )

    def result(self) -> Progress:
        past: dict[str, Past] = {}
        away: set[str] = set()
        later: dict[str, int] = {}
        presumed: list[str] = []
        for vehicle in self.problem.vehicles:
            known = self.standing.of(vehicle.id)
            route = self.routes.get(vehicle.id)
            out = known.last is not None
            gone = min((t for t in (known.down, known.absent) if t is not None), default=None)
            if not out and known.until:
                later[vehicle.id] = known.until
            elif not out and self._presumed_out(route, gone):
                presumed.append(vehicle.id)
                out = True
            if not out:
                if gone is not None:
                    away.add(vehicle.id)
                continue
            presuming = known.last is None
            one = self._past(vehicle, route, known, presuming=presuming)
            past[vehicle.id] = self._stopped(one, vehicle, known, gone)
        return Progress(
            past=past,
            away=frozenset(away),
            closed=self.closed,
            not_before=later,
            presumed=tuple(presumed),
        )

    def _presumed_out(self, route: Route | None, gone: int | None) -> bool:
        """Tell whether a courier of whom nothing was heard is taken to have left."""
        if route is None or route.departure > self.now:
            return False
        # One said to be down or absent before leaving has not left.
        return gone is None or gone > route.departure

    # ---- one vehicle ----------------------------------------------------------------------

    def _past(
        self, vehicle: Vehicle, route: Route | None, known: CourierStanding, *, presuming: bool
    ) -> Past:
        if presuming:
            assert route is not None
            stops = self._as_planned(route)
        else:
            stops = self._as_reported(vehicle, route, known)
        failed = frozenset(
            step
            for step, said in self.reported.get(vehicle.id, ())
            if said.state is StopState.FAILED
        )
        departure = self._departure(vehicle, route, known, stops)
        ahead = self._ahead(vehicle, route, stops)
        if ahead is None:
            finish = max(self._home(vehicle, departure, stops), departure)
            return Past(
                vehicle=vehicle.id,
                departure=departure,
                stops=tuple(stops),
                failed=failed,
                finish=finish,
            )
        under_way = self._under_way(vehicle, departure, stops, ahead)
        return Past(
            vehicle=vehicle.id,
            departure=departure,
            stops=(*stops, *under_way),
            failed=failed,
        )

    def _stopped(
        self, one: Past, vehicle: Vehicle, known: CourierStanding, gone: int | None
    ) -> Past:
        """Return the past of a vehicle that goes no further, if it does not."""
        if gone is None or (one.finish is not None and one.finish <= gone):
            return one
        stops = tuple(stop for stop in one.stops if stop.departure <= max(gone, 0))
        place = vehicle.start
        for stop in stops:
            if stop.kind is not StopKind.BREAK:
                place = self._row(vehicle, stop)
        if known.down is not None and known.place is not None:
            place = self.rows.get(known.place, place)
        at = max([gone, one.departure, *(stop.departure for stop in stops)])
        return Past(
            vehicle=one.vehicle,
            departure=one.departure,
            stops=stops,
            failed=one.failed,
            broken=Breakdown(at=at, place=place if place is not None else 0),
        )

    def _as_planned(self, route: Route) -> list[Stop]:
        """Return the stops that are left by now if the courier keeps to the plan."""
        return [
            stop
            for stop in route.stops
            if stop.departure <= self.now and stop.id not in self.closed and not self._other(stop)
        ]

    def _other(self, stop: Stop) -> bool:
        """Tell whether somebody else reported a stop."""
        return Step(kind=stop.kind, id=stop.id) in self.over

    def _as_reported(
        self, vehicle: Vehicle, route: Route | None, known: CourierStanding
    ) -> list[Stop]:
        visits: list[Stop] = []
        free = 0
        said = sorted(self.reported.get(vehicle.id, ()), key=lambda each: (each[1].at, each[0].id))
        for step, told in said:
            visit = self._visit(step)
            if visit is None:
                continue
            begin = told.began if told.began is not None else told.at - visit.service_seconds
            begin = min(max(begin, free), told.at)
            visits.append(_stop(step, begin, told.at))
            free = told.at
        planned = route.stops if route is not None else ()
        anchor = [stop for stop in planned if stop.id.startswith(ANCHOR)]
        others = [*self._reloads(vehicle, planned, visits, known), *self._rests(planned, visits)]
        made = sorted([*visits, *others], key=lambda stop: (stop.begin, stop.departure))
        return [*anchor, *made]

    def _reloads(
        self,
        vehicle: Vehicle,
        planned: Sequence[Stop],
        visits: Sequence[Stop],
        known: CourierStanding,
    ) -> list[Stop]:
        """Return the returns to the office that were made."""
        done = {(stop.kind, stop.id): stop for stop in visits}
        settled = list(known.settled)
        made = []
        for number, stop in enumerate(planned):
            if stop.kind is not StopKind.RELOAD:
                continue
            seconds = next((r.seconds for r in vehicle.reloads if r.id == stop.id), 0)
            later = [
                done[each.kind, each.id]
                for each in planned[number + 1 :]
                if (each.kind, each.id) in done
            ]
            waiting = [
                each
                for each in planned[:number]
                if each.kind is not StopKind.BREAK
                and each.kind is not StopKind.RELOAD
                and not each.id.startswith(ANCHOR)
                and (each.kind, each.id) not in done
                and not self._shut(Step(kind=each.kind, id=each.id))
            ]
            if settled:
                at = settled.pop(0)
                made.append(_stop(Step(kind=StopKind.RELOAD, id=stop.id), at - seconds, at))
            elif later:
                at = min(stop.departure, min(each.begin for each in later))
                made.append(_stop(Step(kind=StopKind.RELOAD, id=stop.id), at - seconds, at))
            elif not waiting and stop.departure <= self.now:
                made.append(stop)
            else:
                break
        return made

    def _rests(self, planned: Sequence[Stop], visits: Sequence[Stop]) -> list[Stop]:
        """Return the breaks whose time has come, unless a stop was done in that time."""
        return [
            stop
            for stop in planned
            if stop.kind is StopKind.BREAK
            and stop.begin <= self.now
            and not any(stop.begin < each.departure < stop.departure for each in visits)
        ]

    def _shut(self, step: Step) -> bool:
        return step in self.over or step.id in self.closed

    def _departure(
        self, vehicle: Vehicle, route: Route | None, known: CourierStanding, stops: Sequence[Stop]
    ) -> int:
        planned = max(route.departure, known.until) if route is not None else self.now
        if not stops:
            return min(planned, self.now)
        first = stops[0]
        way = 0
        if first.kind is not StopKind.BREAK and vehicle.start is not None:
            travel = self.problem.travel[vehicle.profile]
            way = travel.leg(vehicle.start, self._row(vehicle, first))[0]
        return min(planned, first.begin - way, self.now)

    def _ahead(self, vehicle: Vehicle, route: Route | None, stops: Sequence[Stop]) -> Step | None:
        """Return the step that comes next: the one begun, or the first open one of the list."""
        begun = [
            (told.at, step.id, step)
            for step, told in self.standing.stops.items()
            if told.state is StopState.STARTED and told.courier == vehicle.id
            if not self._shut(step) and self._visit(step) is not None
        ]
        if begun:
            return max(begun, key=lambda each: each[:2])[2]
        made = [stop.id for stop in stops if stop.kind is StopKind.RELOAD]
        visited = {(stop.kind, stop.id) for stop in stops}
        for stop in route.stops if route is not None else ():
            step = Step(kind=stop.kind, id=stop.id)
            if stop.kind is StopKind.BREAK or (stop.kind, stop.id) in visited:
                if stop.kind is StopKind.RELOAD and stop.id in made:
                    made.remove(stop.id)
                continue
            if not self._shut(step) and not self._begun_elsewhere(step, vehicle.id):
                return step
        return None

    def _begun_elsewhere(self, step: Step, vehicle: str) -> bool:
        told = self.standing.stops.get(step)
        return told is not None and told.state is StopState.STARTED and told.courier != vehicle

    def _under_way(
        self, vehicle: Vehicle, departure: int, stops: Sequence[Stop], ahead: Step
    ) -> tuple[Stop, ...]:
        """Return the stop that will be finished, when it is expected to be; none if it can wait."""
        spot: Job | Visit | Reload | None = self._visit(ahead)
        if ahead.kind is StopKind.RELOAD:
            spot = next((r for r in vehicle.reloads if r.id == ahead.id), None)
        if spot is None:
            return ()
        here, free = vehicle.start, departure
        for stop in stops:
            if stop.kind is not StopKind.BREAK:
                here = self._row(vehicle, stop)
            free = max(free, stop.departure)
        way = 0
        if here is not None:
            way = self.problem.travel[vehicle.profile].leg(here, spot.place)[0]
        told = self.standing.stops.get(ahead)
        started = told is not None and told.state is StopState.STARTED
        arrival = begin = free + way
        if started and told is not None:
            arrival = begin = max(told.at, free)
        else:
            for window in spot.windows:
                if begin <= window.end:
                    begin = max(begin, window.start)
                    break
            if begin - max(arrival, self.now) > _WORTH_A_DETOUR:
                return ()
        if isinstance(spot, Reload):
            work = spot.seconds
        else:
            work = spot.service_seconds + (spot.setup_seconds if here != spot.place else 0)
        leaves = max(begin + work, self.now)
        return (Stop(kind=ahead.kind, id=ahead.id, arrival=arrival, begin=begin, departure=leaves),)

    def _home(self, vehicle: Vehicle, departure: int, stops: Sequence[Stop]) -> int:
        here, free = vehicle.start, departure
        for stop in stops:
            if stop.kind is not StopKind.BREAK:
                here = self._row(vehicle, stop)
            free = max(free, stop.departure)
        if here is None or vehicle.end is None:
            return free
        return free + self.problem.travel[vehicle.profile].leg(here, vehicle.end)[0]

    # ---- small things ---------------------------------------------------------------------

    def _visit(self, step: Step) -> Job | Visit | None:
        if step.kind is StopKind.JOB:
            return self.jobs.get(step.id)
        shipment = self.shipments.get(step.id)
        if shipment is None:
            return None
        return shipment.pickup if step.kind is StopKind.PICKUP else shipment.delivery

    def _row(self, vehicle: Vehicle, stop: Stop) -> int:
        if stop.kind is StopKind.RELOAD:
            return next(r.place for r in vehicle.reloads if r.id == stop.id)
        visit = self._visit(Step(kind=stop.kind, id=stop.id))
        assert visit is not None
        return visit.place


def _stop(step: Step, begin: int, departure: int) -> Stop:
    return Stop(kind=step.kind, id=step.id, arrival=begin, begin=begin, departure=departure)
