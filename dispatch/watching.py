"""
A running day as its dispatcher watches it: planned against actual, for each courier and stop.

What is done or failed is what events tell; when the rest will be done follows from the present
order, timed by the scheduler and judged by the checker from this moment on.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from enum import StrEnum

from dispatch.changes import visits
from dispatch.day_state import CourierStanding, StopState
from dispatch.events import Event, StopFailed
from dispatch.model import Day
from dispatch.replanning import Situation
from geo.types import LatLon
from solver.model import Job, Plan, Problem, Step, StopKind, Visit
from solver.residual import ANCHOR, FETCH


class WatchState(StrEnum):
    """How far a stop is; `cancelled` is to be done by nobody any more."""

    OPEN = "open"
    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedStop:
    """
    One stop; seconds since midnight.

    Parameters
    ----------
    planned
        When its service was to begin by the plan in force; None for what came in the day.
    expected
        When it will begin as things stand; None where it is over.
    actual
        When it was over.
    late_seconds
        How long after its window or due time it will begin; 0 where it has none or will keep it.
    """

    order: str
    part: StopKind
    state: WatchState
    planned: int | None = None
    expected: int | None = None
    actual: int | None = None
    late_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedCourier:
    """
    One courier's round.

    Parameters
    ----------
    stops
        Those over, in the order in which they were; then those open, in their order.
    delay_seconds
        By how much the next open stop (else the return) will be later than planned; negative =
        ahead of the plan.
    finish_planned, finish_expected
        When the round ends; None where there is none, or it has ended.
    presumed
        Nothing was heard; taken to keep to the plan.
    last_seen, place
        When anything was last heard, and where the phone was then; None = nothing yet.
    down, absent
        Since when; None if not.
    """

    courier: str
    name: str
    office: str
    stops: tuple[WatchedStop, ...]
    delay_seconds: int
    finish_planned: int | None
    finish_expected: int | None
    presumed: bool
    last_seen: int | None
    place: LatLon | None
    down: int | None
    absent: int | None

    def count(self, *states: WatchState) -> int:
        """Return how many stops are in one of the states."""
        return sum(stop.state in states for stop in self.stops)

    @property
    def late(self) -> int:
        """How many open stops will miss their window or due time."""
        return sum(stop.late_seconds > 0 for stop in self.stops)


@dataclass(frozen=True, slots=True, kw_only=True)
class FailedStop:
    """A stop that was tried in vain and may be tried again."""

    order: str
    part: StopKind
    courier: str
    at: int
    reason: str
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """The day at one moment: couriers with late stops first, then the most delayed."""

    now: int
    couriers: tuple[WatchedCourier, ...]
    failed: tuple[FailedStop, ...]
    homeless: tuple[str, ...]
    fresh: tuple[str, ...]


def watched(
    where: Situation,
    *,
    day: Day,
    plans: Sequence[Plan],
    problem: Problem,
    events: Sequence[Event],
    now: int,
) -> Watched:
    """
    Say how a day goes.

    Parameters
    ----------
    plans
        Those that were in force, in order; a stop's planned time is that of the last one it is in.
    problem
        Of the plan in force.
    """
    look = _Look(where, plans, problem, events)
    names = {one.id: one for one in day.couriers}
    working = dict.fromkeys(
        [route.vehicle for plan in plans for route in plan.routes]
        + [known.courier for known in where.standing.stops.values() if known.courier]
        + list(where.standing.couriers)
    )
    couriers = [
        look.courier(name, names[name].name, names[name].office)
        for name in working
        if name in names
    ]
    couriers.sort(key=lambda one: (-one.late, -one.delay_seconds, one.courier))
    return Watched(
        now=now,
        couriers=tuple(couriers),
        failed=look.failed(),
        homeless=tuple(sorted(where.homeless)),
        fresh=tuple(where.fresh),
    )


class _Look:
    """One look at all couriers."""

    def __init__(
        self, where: Situation, plans: Sequence[Plan], problem: Problem, events: Sequence[Event]
    ) -> None:
        self.where = where
        self.events = {event.id: event for event in events}
        self.spots: dict[Step, Job | Visit] = {}
        for job in problem.jobs:
            self.spots[Step(kind=StopKind.JOB, id=job.id)] = job
        for shipment in problem.shipments:
            self.spots[Step(kind=StopKind.PICKUP, id=shipment.id)] = shipment.pickup
            self.spots[Step(kind=StopKind.DELIVERY, id=shipment.id)] = shipment.delivery
        self.planned: dict[tuple[str, Step], int] = {}
        self.finish: dict[str, int] = {}
        for plan in plans:
            for route in plan.routes:
                self.finish[route.vehicle] = route.finish
                for stop in visits(route):
                    self.planned[route.vehicle, Step(kind=stop.kind, id=stop.id)] = stop.begin
        self.rest = {route.vehicle: route for route in where.plan.routes}
        self.over: dict[str, list[WatchedStop]] = {}
        for step, known in where.standing.stops.items():
            if known.state in (StopState.DONE, StopState.FAILED) and known.courier:
                done = known.state is StopState.DONE
                self.over.setdefault(known.courier, []).append(
                    WatchedStop(
                        order=step.id,
                        part=step.kind,
                        state=WatchState.DONE if done else WatchState.FAILED,
                        planned=self.planned.get((known.courier, step)),
                        actual=known.at,
                    )
                )

    def courier(self, name: str, called: str, office: str) -> WatchedCourier:
        known: CourierStanding = self.where.standing.of(name)
        over = sorted(self.over.get(name, ()), key=lambda stop: (stop.actual or 0, stop.order))
        route = self.rest.get(name)
        ahead = [self._ahead(name, each.kind, each.id, each.begin) for each in visits(route)]
        # What is under way, and will be finished, is part of the past that the rest begins with.
        ahead = [*self._under_way(name, {(s.order, s.part) for s in (*over, *ahead)}), *ahead]
        past = self.where.progress.past.get(name)
        finish = route.finish if route is not None else (past.finish if past is not None else None)
        first = next((s for s in ahead if s.expected is not None and s.planned is not None), None)
        delay = 0
        if first is not None:
            delay = (first.expected or 0) - (first.planned or 0)
        elif finish is not None and name in self.finish:
            delay = finish - self.finish[name]
        elif over and over[-1].planned is not None:
            delay = (over[-1].actual or 0) - over[-1].planned
        return WatchedCourier(
            courier=name,
            name=called,
            office=office,
            stops=(*over, *ahead, *self._cancelled(name)),
            delay_seconds=delay,
            finish_planned=self.finish.get(name),
            finish_expected=finish,
            presumed=name in self.where.progress.presumed,
            last_seen=known.last,
            place=known.place or self._place(name),
            down=known.down,
            absent=known.absent,
        )

    def failed(self) -> tuple[FailedStop, ...]:
        found = []
        for step, known in self.where.standing.stops.items():
            event = self.events.get(known.event)
            if known.state is StopState.FAILED and isinstance(event, StopFailed):
                found.append(
                    FailedStop(
                        order=step.id,
                        part=step.kind,
                        courier=known.courier,
                        at=known.at,
                        reason=event.reason.value,
                        note=event.note,
                    )
                )
        return tuple(sorted(found, key=lambda one: (-one.at, one.order)))

    def _ahead(self, courier: str, kind: StopKind, order: str, begin: int) -> WatchedStop:
        step = self._step(kind, order)
        told = self.where.standing.stops.get(step)
        started = told is not None and told.state is StopState.STARTED
        return WatchedStop(
            order=order.removeprefix(FETCH),
            part=step.kind,
            state=WatchState.STARTED if started else WatchState.OPEN,
            planned=self.planned.get((courier, step)),
            expected=begin,
            late_seconds=self._late(step, begin),
        )

    def _under_way(self, name: str, seen: set[tuple[str, StopKind]]) -> list[WatchedStop]:
        past = self.where.progress.past.get(name)
        found = []
        for stop in past.stops if past is not None else ():
            if stop.kind in (StopKind.BREAK, StopKind.RELOAD) or (stop.id, stop.kind) in seen:
                continue
            step = Step(kind=stop.kind, id=stop.id)
            # In a rest, where a vehicle stands is a stop, too; nobody is visited there.
            if step in self.spots and not stop.id.startswith(ANCHOR):
                found.append(self._ahead(name, stop.kind, stop.id, stop.begin))
        return found

    def _cancelled(self, courier: str) -> list[WatchedStop]:
        return [
            WatchedStop(order=step.id, part=step.kind, state=WatchState.CANCELLED, planned=begin)
            for (name, step), begin in self.planned.items()
            if name == courier and step.id in self.where.progress.closed
        ]

    def _late(self, step: Step, begin: int) -> int:
        spot = self.spots.get(step)
        if spot is None:
            return 0
        late = 0
        if spot.windows:
            late = max(begin - max(window.end for window in spot.windows), 0)
        if spot.due is not None:
            late = max(late, begin - spot.due.time)
        return late

    def _step(self, kind: StopKind, order: str) -> Step:
        """Return a step of the rest by the name it has in the plan: what is on board is a job."""
        plain = Step(kind=kind, id=order.removeprefix(FETCH))
        if plain not in self.spots and kind is StopKind.JOB:
            return Step(kind=StopKind.DELIVERY, id=plain.id)
        return plain

    def _place(self, courier: str) -> LatLon | None:
        told = [
            known
            for known in self.where.standing.stops.values()
            if known.courier == courier and known.place is not None
        ]
        return max(told, key=lambda known: known.at).place if told else None
