"""
One office's day as it really goes: the plan is driven, and the world does not keep to it.

`live` takes the morning's plan and drives it second by second under the day's true travel times,
true times at the doors, absent customers and breakdowns. At set times of day, and after each
breakdown, the office hears what happened, as events, and re-plans the rest exactly as it does on
a real day (`dispatch.replanning`): the dispatcher here knows no more than the one at the desk.

What was driven is stated as a plan for a second problem, the *lived* one, in which travel and
service take as long as they took. `solver.checker` judges it, so a lived day's cost is found by
the same judge as a planned one's, and with no noise the two are equal to the last đồng.

A courier takes the lunch break when planned, shifted by what he is ahead or behind, at the latest
after the stop that he is at; comes back at noon as the list says; and breaks off for home when
another stop would bring him home more than half an hour after his shift.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date

import numpy as np

from dispatch import replanning
from dispatch.day_state import apply_all, begin
from dispatch.events import (
    Event,
    FailReason,
    OrderAdded,
    Settlement,
    StopDone,
    StopFailed,
    StopStarted,
    VehicleDown,
)
from dispatch.living_day import Lived, Truth, loaded
from dispatch.model import Order
from dispatch.replanning import Answer, Policy
from dispatch.settings import Settings
from geo.travel import TravelProvider
from geo.types import TravelMatrix
from solver.checker import check
from solver.model import (
    Job,
    Plan,
    Problem,
    Reload,
    Route,
    Shipment,
    Step,
    Stop,
    StopKind,
    TimeWindow,
    Vehicle,
    Visit,
)
from solver.residual import ANCHOR

_PATIENCE = 1800
"""Seconds after the shift that a courier bears to be home; a later stop stays undone."""

_HEAR_AFTER = 600
"""Seconds from a breakdown until the office has re-planned."""

_OFFICE_WORK = (StopKind.BREAK, StopKind.RELOAD)


def live(
    problem: Problem,
    plan: Plan,
    truth: Truth,
    *,
    day: date,
    travel: TravelProvider,
    settings: Settings,
    replan_at: Sequence[int] = (),
    iterations: int = 100,
    seed: int = 1,
) -> Lived:
    """
    Drive a plan through a day.

    Parameters
    ----------
    replan_at
        Times of day at which the office looks at what happened; every breakdown adds one.
    iterations
        Of each re-planning's search.
    """
    return _Day(problem, plan, truth, day, travel, settings, iterations, seed).run(replan_at)


@dataclass(slots=True, kw_only=True)
class _Rider:
    """One vehicle on its way: what is behind it, and the list that is still ahead."""

    vehicle: Vehicle
    departure: int
    ahead: list[Stop]
    place: int | None
    free: int
    behind: list[Stop] = field(default_factory=list)
    rests: list[tuple[int, int]] = field(default_factory=list)
    slip: int = 0
    left: bool = False
    over: bool = False
    broken: bool = False


class _Day:
    """The day of one office."""

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        truth: Truth,
        day: date,
        travel: TravelProvider,
        settings: Settings,
        iterations: int,
        seed: int,
    ) -> None:
        self.problem = problem
        self.plan = plan
        self.truth = truth
        self.day = day
        self.provider = travel
        self.settings = settings
        self.iterations = iterations
        self.seed = seed
        self.tasks: dict[str, Job | Shipment] = {job.id: job for job in problem.jobs}
        self.tasks.update({each.id: each for each in problem.shipments})
        self.first = problem
        self.riders: dict[str, _Rider] = {}
        self.true: dict[str, TravelMatrix] = {}
        self.committed: set[tuple[StopKind, str]] = set()
        self.failed: set[str] = set()
        self.done: set[str] = set()
        self.events: list[Event] = []
        self.told: set[tuple[StopKind, str]] = set()
        self.stops = begin(day, problem, plan).stops
        self.crew = frozenset(vehicle.id for vehicle in problem.vehicles)
        self.added: set[str] = set()
        self.replans = 0
        self._measure()
        for vehicle in problem.vehicles:
            self.riders[vehicle.id] = _Rider(
                vehicle=vehicle, departure=0, ahead=[], place=vehicle.start, free=0
            )
        self._take(plan, {})

    # ---- the day ----------------------------------------------------------------------------

    def run(self, replan_at: Sequence[int]) -> Lived:
        down = {name: at for name, at in self.truth.down.items() if name in self.riders}
        times = {*replan_at, *(at + _HEAR_AFTER for at in down.values())} if replan_at else set()
        for now in sorted(times):
            self._drive(now)
            if any(r.ahead or r.behind for r in self.riders.values()) or self.truth.called:
                self._hear(now)
        self._drive(None)
        return self._end()

    def _drive(self, until: int | None) -> None:
        for rider in self.riders.values():
            down = self.truth.down.get(rider.vehicle.id)
            limit = until if down is None else min(down, until if until is not None else down)
            while rider.ahead and not rider.over and (limit is None or self._next(rider) <= limit):
                self._go(rider)
            if (
                down is not None
                and not rider.over
                and limit == down
                and (rider.left or rider.ahead)
            ):
                self._break_down(rider, down)

    def _next(self, rider: _Rider) -> int:
        """Return when a rider sets out for what is ahead."""
        return rider.free if rider.left else rider.departure

    def _go(self, rider: _Rider) -> None:
        stop = rider.ahead.pop(0)
        if not rider.left:
            rider.left = True
            rider.free = rider.departure
        if stop.kind is StopKind.BREAK:
            self._rest(rider, stop)
        elif stop.kind is StopKind.RELOAD:
            self._reload(rider, stop)
        else:
            self._visit(rider, stop)

    def _rest(self, rider: _Rider, stop: Stop) -> None:
        pause = next(p for p in rider.vehicle.breaks if p.id == stop.id)
        earliest = rider.rests[-1][0] + rider.rests[-1][1] if rider.rests else rider.free
        # Ahead of the plan lunch comes earlier, but never before its time.
        wished = max(stop.begin + min(rider.slip, 0), min(stop.begin, pause.windows[0].start))
        at = max(earliest, wished)
        rider.rests.append((at, pause.seconds))
        rider.behind.append(replace(stop, arrival=at, begin=at, departure=at + pause.seconds))

    def _arrive(self, rider: _Rider, place: int) -> tuple[int, int]:
        """Return (arrival, when free to begin) of a way that the pending breaks interrupt."""
        left = 0
        if rider.place is not None:
            left = self.true[rider.vehicle.profile].leg(rider.place, place)[0]
        clock = rider.free
        arrival = clock + left
        for at, seconds in rider.rests:
            left -= min(left, at - clock)
            clock = at + seconds
            if left:
                arrival = clock + left
        rider.rests.clear()
        rider.place = place
        return arrival, clock + left

    def _reload(self, rider: _Rider, stop: Stop) -> None:
        reload = _reload_of(rider.vehicle, stop.id)
        arrival, ready = self._arrive(rider, reload.place)
        at = _opening(reload.windows, ready)
        leave = max(at + reload.seconds, self._release_of_trip(rider))
        self._log(rider, replace(stop, arrival=arrival, begin=at, departure=leave))

    def _release_of_trip(self, rider: _Rider) -> int:
        latest = 0
        for stop in rider.ahead:
            if stop.kind is StopKind.RELOAD:
                break
            if stop.kind is not StopKind.BREAK:
                latest = max(latest, self.tasks[stop.id].release)
        return latest

    def _visit(self, rider: _Rider, stop: Stop) -> None:
        visit = self._visit_of(stop)
        before = rider.place
        kept = (rider.place, rider.free, list(rider.rests))
        arrival, ready = self._arrive(rider, visit.place)
        at = _opening(visit.windows, ready)
        work = self._seconds(stop, visit) + (visit.setup_seconds if before != visit.place else 0)
        home = rider.vehicle.end
        back = self.true[rider.vehicle.profile].leg(visit.place, home)[0] if home is not None else 0
        planned = stop.departure > rider.vehicle.shift.end
        if at + work + back > rider.vehicle.shift.end + _PATIENCE and not planned:
            rider.place, rider.free, rider.rests = kept
            return
        missed = bool(visit.windows) and not any(w.start <= at <= w.end for w in visit.windows)
        if stop.id in self.truth.in_vain or missed:
            self.failed.add(stop.id)
        elif stop.kind is not StopKind.PICKUP:
            self.done.add(stop.id)
        self._log(rider, replace(stop, arrival=arrival, begin=at, departure=at + work))

    def _seconds(self, stop: Stop, visit: Job | Visit) -> int:
        return self.truth.seconds_at.get(stop.id, visit.service_seconds)

    def _log(self, rider: _Rider, stop: Stop) -> None:
        rider.slip = stop.departure - self._planned.get((rider.vehicle.id, stop.kind, stop.id), 0)
        rider.free = stop.departure
        rider.behind.append(stop)
        self.committed.add((stop.kind, stop.id))

    def _break_down(self, rider: _Rider, at: int) -> None:
        rider.over = rider.broken = True
        rider.ahead.clear()
        # What it was driving to, or was in the middle of, is not done.
        while rider.behind and rider.behind[-1].departure > at:
            gone = rider.behind.pop()
            self.committed.discard((gone.kind, gone.id))
            self.done.discard(gone.id)
            self.failed.discard(gone.id)
        rider.rests.clear()
        rider.place, rider.free = rider.vehicle.start, rider.departure
        for stop in rider.behind:
            rider.free = max(rider.free, stop.departure)
            if stop.kind is StopKind.RELOAD:
                rider.place = _reload_of(rider.vehicle, stop.id).place
            elif stop.kind is not StopKind.BREAK:
                rider.place = self._visit_of(stop).place
        if not rider.behind:
            rider.left = False
        self.events.append(self._event(VehicleDown, at, courier=rider.vehicle.id))

    # ---- what the office hears, and says ----------------------------------------------------

    def _event(self, kind: type[Event], at: int, **facts: object) -> Event:
        name = f"e{len(self.events):05d}"
        return kind(id=name, day=self.day, at=at, received_at=at, **facts)  # type: ignore[arg-type]

    def _hear(self, now: int) -> None:
        self._tell(now)
        state = begin(self.day, self.problem, self.plan)
        state = replace(state, stops=state.stops | self.stops, crew=state.crew | self.crew)
        known = {job.id for job in self.problem.jobs} | {s.id for s in self.problem.shipments}
        known |= self.added
        for at, order in self.truth.called:
            if at <= now and order.id not in known and order.address.point is not None:
                self.events.append(self._called(at, order))
        events = [
            event
            for event in self.events
            if event.at <= now and not (isinstance(event, OrderAdded) and event.order in self.added)
        ]
        policy = Policy(price=5_000_000)
        situation = replanning.situation(
            self.problem,
            self.plan,
            apply_all(state, events),
            now=now,
            travel=self.provider,
            settings=self.settings,
            policy=policy,
        )
        self.added |= {event.order for event in events if isinstance(event, OrderAdded)}
        answer = replanning.replan(
            situation, policy=policy, seconds=None, iterations=self.iterations, seed=self.seed
        )
        self.replans += answer.decision.action is not replanning.Action.LEAVE
        self._adopt(answer)

    def _called(self, at: int, order: Order) -> Event:
        assert order.address.point is not None
        office = self.first.places[self._home()].id
        return self._event(
            OrderAdded,
            at,
            order=order.id,
            does=order.kind,
            point=order.address.point,
            service=order.service,
            office=office,
            grams=order.grams,
            cubic_cm=order.cubic_cm,
        )

    def _home(self) -> int:
        row = self.first.vehicles[0].end
        assert row is not None
        return row

    def _tell(self, now: int) -> None:
        """Put into events what couriers report up to now."""
        for rider in self.riders.values():
            name = rider.vehicle.id
            for stop in rider.behind:
                key = (stop.kind, stop.id)
                if key in self.told or stop.kind is StopKind.BREAK:
                    continue
                if stop.kind is StopKind.RELOAD:
                    if stop.departure <= now:
                        self.events.append(self._event(Settlement, stop.departure, courier=name))
                        self.told.add((stop.kind, f"{name}/{stop.id}"))
                elif stop.departure <= now:
                    facts = {"order": stop.id, "courier": name, "part": stop.kind}
                    if stop.id in self.failed:
                        reason = FailReason.ABSENT
                        event = self._event(StopFailed, stop.departure, reason=reason, **facts)
                    else:
                        event = self._event(StopDone, stop.departure, **facts)
                    self.events.append(event)
                    self.told.add(key)
                elif stop.begin <= now:
                    self.events.append(
                        self._event(
                            StopStarted, stop.begin, order=stop.id, courier=name, part=stop.kind
                        )
                    )

    def _adopt(self, answer: Answer) -> None:
        rest = answer.situation.rest
        left = {name: list(rider.ahead) for name, rider in self.riders.items()}
        self.problem, self.plan = rest.problem, answer.plan
        self.picked_up = rest.picked_up
        for job in rest.problem.jobs:
            if job.id not in self.tasks and not job.id.startswith(ANCHOR):
                self.tasks[job.id] = job
                self.stops |= {Step(kind=StopKind.JOB, id=job.id)}
        for shipment in rest.problem.shipments:
            known = self.tasks.get(shipment.id)
            if not isinstance(known, Shipment):
                self.tasks[shipment.id] = shipment
        self._measure()
        self._take(answer.plan, left)

    def _take(self, plan: Plan, before: Mapping[str, Sequence[Stop]]) -> None:
        """Give every rider the new list, and keep what only he knows that he still has to do."""
        self._planned = {
            (route.vehicle, stop.kind, stop.id): stop.departure
            for route in plan.routes
            for stop in route.stops
        }
        routes = {route.vehicle: route for route in plan.routes}
        placed = {stop.id for route in plan.routes for stop in route.stops} | set(plan.unassigned)
        cancelled = {event.order for event in self.events if isinstance(event, OrderAdded)}
        for name, rider in self.riders.items():
            if rider.over:
                continue
            route = routes.get(name)
            new = [self._named(stop) for stop in route.stops] if route is not None else []
            made = {(s.kind, s.id) for s in rider.behind if s.kind in _OFFICE_WORK}
            new = [
                stop
                for stop in new
                if not stop.id.startswith(ANCHOR)
                and (
                    (stop.kind, stop.id) not in made
                    if stop.kind in _OFFICE_WORK
                    else (stop.kind, stop.id) not in self.committed
                )
            ]
            have = {(stop.kind, stop.id) for stop in new}
            lost = [
                stop
                for stop in before.get(name, ())
                if (stop.kind, stop.id) not in have
                and (stop.kind in _OFFICE_WORK or stop.id not in placed)
                and stop.id not in cancelled
            ]
            # A rest that nobody planned any more with nothing left to do is none.
            if any(stop.kind not in _OFFICE_WORK for stop in (*lost, *new)):
                rider.ahead = [*lost, *new]
            else:
                rider.ahead = [s for s in (*lost, *new) if s.kind is StopKind.RELOAD]
            if not rider.left and route is not None:
                rider.departure = route.departure

    def _named(self, stop: Stop) -> Stop:
        """Call the delivery of what is on board by its first name."""
        if stop.kind is StopKind.JOB and isinstance(self.tasks.get(stop.id), Shipment):
            return replace(stop, kind=StopKind.DELIVERY)
        return stop

    # ---- the end ----------------------------------------------------------------------------

    def _end(self) -> Lived:
        driven: set[str] = set()
        routes = []
        for rider in self.riders.values():
            visits = [stop for stop in rider.behind if stop.kind not in _OFFICE_WORK]
            if not visits:
                continue
            driven |= {stop.id for stop in visits}
            routes.append(self._route(rider))
        whole = {  # a shipment only fetched has been driven, and is no plan of the judge's
            name for name in driven if isinstance(self.tasks[name], Job) or name in self.done
        } | {name for name in driven if name in self.failed}
        tasks = {**self.tasks}
        jobs = tuple(
            replace(task, service_seconds=self.truth.seconds_at.get(name, task.service_seconds))
            for name, task in tasks.items()
            if isinstance(task, Job)
        )
        shipments = tuple(
            replace(
                task,
                pickup=replace(
                    task.pickup,
                    service_seconds=self.truth.seconds_at.get(name, task.pickup.service_seconds),
                ),
                delivery=replace(
                    task.delivery,
                    service_seconds=self.truth.seconds_at.get(name, task.delivery.service_seconds),
                ),
            )
            for name, task in tasks.items()
            if isinstance(task, Shipment)
        )
        broken = frozenset(name for name, rider in self.riders.items() if rider.broken)
        lived = replace(
            self.problem,
            jobs=jobs,
            shipments=shipments,
            travel=self.true,
            vehicles=tuple(
                replace(vehicle, end=None) if vehicle.id in broken else vehicle
                for vehicle in self.first.vehicles
            ),
        )
        plan = Plan(
            routes=tuple(loaded(route, lived) for route in routes),
            unassigned=tuple(name for name in tasks if name not in driven),
        )
        return Lived(
            problem=lived,
            plan=plan,
            report=check(lived, plan),
            done=frozenset(self.done & whole),
            failed=frozenset(self.failed),
            replans=self.replans,
            broken=broken & {route.vehicle for route in routes},
        )

    def _route(self, rider: _Rider) -> Route:
        behind = list(rider.behind)
        vehicle = replace(rider.vehicle, end=None) if rider.broken else rider.vehicle
        finish = rider.free
        if vehicle.end is not None:
            finish = self._arrive(rider, vehicle.end)[1]
        elif rider.rests or (behind and behind[-1].kind is StopKind.BREAK):
            finish = max(finish, behind[-1].departure)
        return Route(
            vehicle=vehicle.id, departure=rider.departure, stops=tuple(behind), finish=finish
        )

    # ---- small things -----------------------------------------------------------------------

    def _visit_of(self, stop: Stop) -> Job | Visit:
        task = self.tasks[stop.id]
        if isinstance(task, Job):
            return task
        return task.pickup if stop.kind is StopKind.PICKUP else task.delivery

    def _measure(self) -> None:
        """Make the true travel times of all places that are known by now."""
        factors = np.array(
            [self.truth.place_factors.get(place.id, 1.0) for place in self.problem.places]
        )
        both = np.sqrt(factors[:, None] * factors[None, :]) * self.truth.day_factor
        plain = self.truth.day_factor == 1.0 and bool((factors == 1.0).all())
        for profile, known in self.problem.travel.items():
            size = range(len(self.problem.places))
            seconds, metres = (
                (known.seconds, known.metres)
                if isinstance(known, TravelMatrix)
                else known.block(size, size)
            )
            if not plain:
                seconds = np.rint(seconds * both).astype(np.int64)
            self.true[profile] = TravelMatrix(seconds=seconds, metres=metres)


def _opening(windows: Sequence[TimeWindow], ready: int) -> int:
    """Return when service begins: in the next window, or at once where all are over."""
    for window in windows:
        if ready <= window.end:
            return max(ready, window.start)
    return ready


def _reload_of(vehicle: Vehicle, name: str) -> Reload:
    return next(each for each in vehicle.reloads if each.id == name)
