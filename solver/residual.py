"""
What is left of a day at a given moment, as a problem of its own.

A plan is being driven. `remaining` cuts every route at `now` and states the rest in the ordinary
vocabulary, so that every engine, the scheduler and the judge work on it unchanged:

under way
    A vehicle is bound to finish the visit that it is at or driving to. The rest of its route begins
    with a locked *anchor*: a job at that visit's place that begins exactly now and lasts until the
    vehicle is free. So duty counts on without a gap, and the way home is always part of the cost.
on board
    Goods of the trip under way stay with their vehicle: their jobs name it as the only one allowed.
    A shipment that was picked up becomes a required delivery of that vehicle. What was collected,
    and what could not be handed over, fills the anchor's pickup until the next reload or the end.
not on board
    Jobs that bring goods are released one second from now, which no trip that is already on the
    road can keep: a parcel that lies at the office cannot join it. Jobs that bring nothing can.
broken down
    The vehicle is gone. What it carries becomes shipments from the place where it stands: to the
    customer where it is still to be delivered, to the vehicle's end where it is only brought back.
costs
    Fixed cost is spent; limits shrink by what was used; an overtime tier begins earlier by the duty
    done. With `max(P + R - a, 0) = max(P - a, 0) + max(R - max(a - P, 0), 0)` for duty done P, duty
    left R and a tier from a on, what is done plus what is left costs what the whole costs.

A vehicle whose last visit is behind it stays where it is: it is on its way home, or there.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import TypeVar

from solver.model import (
    Amounts,
    Cost,
    Job,
    Plan,
    Problem,
    Route,
    Shipment,
    Step,
    Stop,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Violation,
    ViolationCode,
    Visit,
)
from solver.residual_limits import Limits
from solver.residual_past import Ledger, Past, followed
from solver.schedule import schedule

ANCHOR = "here:"
"""An anchor's id is this and the vehicle's."""

FETCH = "fetch:"
"""Goods that a broken vehicle only carries back: this and the id that they belong to."""

_HAND_OVER_SECONDS = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Residual:
    """
    The rest of a day.

    Parameters
    ----------
    problem
        What is left, from `now` on.
    tours
        The orders of visit that the plan still has for it.
    spent
        By vehicle, what its past has cost.
    anchors
        By vehicle, the id of its anchor.
    on_board
        By task, the vehicle that has its goods.
    overrun
        Rules that are broken already, whatever follows: the shift that ends too late for the way
        home, a break that was missed. The limits of `problem` are widened by them.
    """

    problem: Problem
    now: int
    tours: tuple[Tour, ...]
    past: Mapping[str, Past]
    spent: Mapping[str, Cost]
    anchors: Mapping[str, str]
    on_board: Mapping[str, str]
    picked_up: frozenset[str]
    overrun: tuple[Violation, ...] = ()
    original: Problem = field(repr=False)

    @property
    def done(self) -> Cost:
        """What everything up to now has cost."""
        total = Cost()
        for cost in self.spent.values():
            total = total + cost
        return total

    def plan(self) -> Plan:
        """Return the present orders of visit with the times that follow from now."""
        return schedule(self.problem, self.tours)

    def split_shipments(self, plan: Plan) -> tuple[Violation, ...]:
        """
        Return what the judge of the rest cannot see: goods picked up are handed over too late.

        A shipment must be delivered in the trip that picked it up, which is the first of the rest.
        """
        found = []
        for route in plan.routes:
            reloaded = False
            for stop in route.stops:
                reloaded = reloaded or stop.kind is StopKind.RELOAD
                if reloaded and stop.id in self.picked_up:
                    found.append(
                        Violation(
                            code=ViolationCode.SHIPMENT_SPLIT,
                            amount=1,
                            vehicle=route.vehicle,
                            id=stop.id,
                        )
                    )
        return tuple(found)

    def whole(self, plan: Plan) -> Plan:
        """
        Return a plan of the rest joined to what is done, in the words of the original problem.

        Where nothing broke down, nothing was closed and the past kept to its times, the judge finds
        of it, against the original problem, exactly `done` and what it finds of the rest.
        """
        rest = {route.vehicle: route for route in plan.routes}
        routes: list[Route] = []
        for vehicle in self.original.vehicles:
            past, route = self.past.get(vehicle.id), rest.get(vehicle.id)
            if past is None:
                if route is not None:
                    named = tuple(self._named(stop) for stop in route.stops)
                    routes.append(self._loaded(replace(route, stops=named)))
                continue
            later = tuple(self._named(stop) for stop in route.stops[1:]) if route else ()
            finish = route.finish if route is not None else past.finish
            if finish is None:
                finish = past.stops[-1].departure if past.stops else past.departure
            routes.append(
                self._loaded(
                    Route(
                        vehicle=vehicle.id,
                        departure=past.departure,
                        stops=past.stops + later,
                        finish=finish,
                    )
                )
            )
        return Plan(routes=tuple(routes), unassigned=plan.unassigned)

    def _named(self, stop: Stop) -> Stop:
        return replace(stop, kind=StopKind.DELIVERY) if stop.id in self.picked_up else stop

    def _loaded(self, route: Route) -> Route:
        """Return the route with the loads that follow from its stops."""
        jobs = {job.id: job for job in self.original.jobs}
        shipments = {shipment.id: shipment for shipment in self.original.shipments}
        size = len(self.original.dimensions)
        trips = [_zero(size)]
        for stop in route.stops:
            if stop.kind is StopKind.RELOAD:
                trips.append(_zero(size))
            elif stop.kind is StopKind.JOB:
                trips[-1] = _sum(trips[-1], jobs[stop.id].delivery)
        load, trip = trips[0], 0
        stops = []
        for stop in route.stops:
            if stop.kind is StopKind.RELOAD:
                trip += 1
                load = trips[trip]
            elif stop.kind is StopKind.JOB:
                job = jobs[stop.id]
                load = _sum(_sum(load, job.pickup), job.delivery, -1)
            elif stop.kind in (StopKind.PICKUP, StopKind.DELIVERY):
                sign = 1 if stop.kind is StopKind.PICKUP else -1
                load = _sum(load, shipments[stop.id].amount, sign)
            stops.append(replace(stop, load=load))
        return replace(route, load=trips[0], stops=tuple(stops))


def remaining(
    problem: Problem,
    plan: Plan,
    *,
    now: int,
    past: Mapping[str, Past] | None = None,
    away: frozenset[str] = frozenset(),
    closed: frozenset[str] = frozenset(),
    hand_over_seconds: int = _HAND_OVER_SECONDS,
) -> Residual:
    """
    Cut a plan at `now` and state what is left.

    Parameters
    ----------
    now
        Seconds since the day's origin.
    past
        By vehicle, of those that have left; None takes it that all keep to the plan.
    away
        Vehicles that will not leave at all, with nothing on board.
    closed
        Jobs and shipments that nobody is to do any more though no stop of the past did them. What
        a vehicle has on board for them it brings back.
    hand_over_seconds
        Time at a broken vehicle to take over what it carries, once a visit.
    """
    if past is None:
        past = followed(plan, now=now)
    return _Cut(problem, plan, now, past, away, closed, hand_over_seconds).residual()


class _Cut:
    """One cut through a day."""

    def __init__(
        self,
        problem: Problem,
        plan: Plan,
        now: int,
        past: Mapping[str, Past],
        away: frozenset[str],
        closed: frozenset[str],
        hand_over: int,
    ) -> None:
        self.problem = problem
        self.now = now
        self.ledger = Ledger(problem, now)
        self.limits = Limits(self.ledger)
        self.past = past
        self.away = away
        self.hand_over = hand_over
        self.jobs = self.ledger.jobs
        self.shipments = self.ledger.shipments
        self.vehicles = self.ledger.vehicles
        self.routes = {route.vehicle: route for route in plan.routes}
        self.size = len(problem.dimensions)
        self.visited: dict[str, set[StopKind]] = {}
        for one in past.values():
            for stop in one.stops:
                self.visited.setdefault(stop.id, set()).add(stop.kind)
        self.closed = closed
        self.on_board: dict[str, str] = {}
        self.in_trip: set[str] = set()
        self.picked_up: dict[str, str] = {}
        self.carried: dict[str, dict[str, Amounts]] = {}
        self.end = max((vehicle.shift.end for vehicle in problem.vehicles), default=now)

    def residual(self) -> Residual:
        for one in self.past.values():
            self._take_stock(one)
        broken = {name for name, one in self.past.items() if one.broken is not None}
        anchored = [
            self.vehicles[name]
            for name, one in self.past.items()
            if one.finish is None and name not in broken
        ]
        anchors = {vehicle.id: self._anchor(vehicle) for vehicle in anchored}
        jobs: list[Job] = list(anchors.values())
        shipments: list[Shipment] = []
        for job in self.problem.jobs:
            self._place_job(job, broken, jobs, shipments)
        for shipment in self.problem.shipments:
            self._place_shipment(shipment, broken, jobs, shipments)
        shipments += [each for name in sorted(broken) for each in self._brought_back(name)]
        kept = {job.id: job.vehicles for job in jobs}
        kept.update({each.id: each.vehicles for each in shipments})
        vehicles: list[Vehicle] = []
        for vehicle in self.problem.vehicles:
            name = vehicle.id
            if name in anchors:
                vehicles.append(self.limits.on_the_road(self.past[name], anchors[name].id, kept))
            elif name not in self.past and name not in self.away and vehicle.shift.end >= self.now:
                vehicles.append(self.limits.not_left(vehicle, kept))
        crew = frozenset(vehicle.id for vehicle in vehicles)
        rest = replace(
            self.problem,
            vehicles=tuple(vehicles),
            jobs=tuple(_among(crew, job) for job in jobs),
            shipments=tuple(_among(crew, shipment) for shipment in shipments),
        )
        tours = tuple(self._tours(rest, anchors))
        rest = self.limits.widened(rest, anchors, tours)
        return Residual(
            problem=rest,
            now=self.now,
            tours=tours,
            past=self.past,
            spent={name: self.ledger.spent(one) for name, one in self.past.items()},
            anchors={name: anchor.id for name, anchor in anchors.items()},
            on_board={
                name: vehicle
                for name, vehicle in self.on_board.items()
                if name in kept and vehicle not in broken
            },
            picked_up=frozenset(self.picked_up) & {job.id for job in jobs},
            overrun=tuple(self.limits.overrun),
            original=self.problem,
        )

    # ---- what is on board -----------------------------------------------------------------

    def _take_stock(self, one: Past) -> None:
        """Note what a vehicle on the road has on board: to deliver, and to bring back."""
        carried = self.carried.setdefault(one.vehicle, {})
        if one.finish is not None and one.broken is None:
            return
        trip = sum(stop.kind is StopKind.RELOAD for stop in one.stops)
        for stop in self._trip(one.vehicle, trip):
            self.in_trip.add(stop.id)
            job = self.jobs.get(stop.id) if stop.kind is StopKind.JOB else None
            goods = job.delivery if job is not None else ()
            if not goods:
                continue
            in_vain = _step(stop) in one.failed
            if in_vain or (stop.id in self.closed and stop.id not in self.visited):
                carried[stop.id] = goods
            elif stop.id not in self.visited:
                self.on_board[stop.id] = one.vehicle
        trip_under_way = _since_reload(one.stops)
        for stop in one.stops:
            if stop.kind is not StopKind.PICKUP or _step(stop) in one.failed:
                continue
            if StopKind.DELIVERY in self.visited[stop.id]:
                if Step(kind=StopKind.DELIVERY, id=stop.id) in one.failed:
                    carried[stop.id] = self.shipments[stop.id].amount
            elif stop.id in self.closed:
                carried[stop.id] = self.shipments[stop.id].amount
            else:
                self.on_board[stop.id] = self.picked_up[stop.id] = one.vehicle
        for stop in trip_under_way:
            if stop.kind is StopKind.JOB and _step(stop) not in one.failed:
                collected = self.jobs[stop.id].pickup
                if collected:
                    carried[stop.id] = _sum(carried.get(stop.id, _zero(self.size)), collected)

    def _trip(self, vehicle: str, trip: int) -> list[Stop]:
        """Return the stops of one trip of the planned route."""
        route = self.routes.get(vehicle)
        found: list[Stop] = []
        for stop in route.stops if route is not None else ():
            if stop.kind is StopKind.RELOAD:
                trip -= 1
            elif trip == 0:
                found.append(stop)
        return found

    # ---- jobs and shipments ---------------------------------------------------------------

    def _place_job(
        self, job: Job, broken: set[str], jobs: list[Job], shipments: list[Shipment]
    ) -> None:
        if job.id in self.visited or job.id in self.closed:
            return
        owner = self.on_board.get(job.id)
        if owner is None:
            jobs.append(self._not_on_board(job))
        elif owner not in broken:
            jobs.append(replace(job, release=0, vehicles=frozenset({owner})))
        else:
            visit = Visit(
                place=job.place,
                service_seconds=job.service_seconds,
                setup_seconds=job.setup_seconds,
                windows=job.windows,
                due=job.due,
                area=job.area,
            )
            shipments.append(self._fetched(job.id, owner, visit, job, job.delivery, job.skip_cost))

    def _place_shipment(
        self, shipment: Shipment, broken: set[str], jobs: list[Job], shipments: list[Shipment]
    ) -> None:
        owner = self.picked_up.get(shipment.id)
        if owner is not None and shipment.id in self.on_board:
            visit = shipment.delivery
            if owner in broken:
                shipments.append(
                    self._fetched(shipment.id, owner, visit, shipment, shipment.amount, None)
                )
                return
            jobs.append(
                Job(
                    id=shipment.id,
                    place=visit.place,
                    service_seconds=visit.service_seconds,
                    setup_seconds=visit.setup_seconds,
                    windows=visit.windows,
                    delivery=shipment.amount,
                    skills=shipment.skills,
                    priority=shipment.priority,
                    due=visit.due,
                    area=visit.area,
                    vehicles=frozenset({owner}),
                )
            )
        elif shipment.id not in self.visited and shipment.id not in self.closed:
            shipments.append(replace(shipment, release=self._release(shipment)))

    def _not_on_board(self, job: Job) -> Job:
        release = max(job.release, self.now + 1) if job.delivery else self._release(job)
        return replace(job, release=release)

    def _release(self, task: Job | Shipment) -> int:
        """Return when a task that brings nothing from the office lets a trip leave."""
        if task.id in self.in_trip or not task.release:
            # Its trip has left already.
            return 0
        return max(task.release, self.now + 1)

    def _fetched(
        self,
        name: str,
        owner: str,
        to: Visit,
        task: Job | Shipment,
        amount: Amounts,
        skip_cost: int | None,
    ) -> Shipment:
        broken = self.past[owner].broken
        assert broken is not None
        others = task.vehicles - {owner} if task.vehicles is not None else None
        return Shipment(
            id=name,
            pickup=Visit(
                place=broken.place,
                setup_seconds=self.hand_over,
                windows=(TimeWindow(start=self.now, end=max(self.end, self.now)),),
            ),
            delivery=to,
            amount=amount,
            skills=task.skills,
            priority=task.priority,
            skip_cost=skip_cost,
            # Nobody else of the office may: then anybody.
            vehicles=others or None,
        )

    def _brought_back(self, name: str) -> Iterable[Shipment]:
        """Yield shipments for what a broken vehicle only carries back."""
        vehicle = self.vehicles[name]
        home = vehicle.end if vehicle.end is not None else vehicle.start
        if home is None:
            return
        for each, amount in self.carried[name].items():
            task = self.jobs.get(each) or self.shipments[each]
            if any(amount):
                yield self._fetched(FETCH + each, name, Visit(place=home), task, amount, None)

    def _anchor(self, vehicle: Vehicle) -> Job:
        place, free = self.ledger.where(self.past[vehicle.id])
        if place is None:
            # An open start without a first visit: the vehicle is wherever it likes to begin.
            place = vehicle.end if vehicle.end is not None else 0
        load = _zero(self.size)
        for amount in self.carried[vehicle.id].values():
            load = _sum(load, amount)
        name = ANCHOR + vehicle.id
        while name in self.jobs or name in self.shipments:
            name += "'"
        return Job(
            id=name,
            place=place,
            service_seconds=free - self.now,
            windows=(TimeWindow(start=self.now, end=self.now),),
            pickup=load if any(load) else (),
            vehicles=frozenset({vehicle.id}),
        )

    # ---- the orders of visit that are left --------------------------------------------------

    def _tours(self, rest: Problem, anchors: Mapping[str, Job]) -> Iterable[Tour]:
        jobs = {job.id for job in rest.jobs}
        shipments = {shipment.id for shipment in self.problem.shipments if shipment.id not in jobs}
        gone = self.visited.keys() | self.closed
        for vehicle in rest.vehicles:
            steps: list[Step] = []
            anchor = anchors.get(vehicle.id)
            one = self.past.get(vehicle.id)
            if anchor is not None:
                steps.append(Step(kind=StopKind.JOB, id=anchor.id))
            route = self.routes.get(vehicle.id)
            made = [s.id for s in one.stops if s.kind is StopKind.RELOAD] if one else []
            for stop in route.stops if route is not None else ():
                if stop.kind is StopKind.RELOAD:
                    if stop.id in made:
                        made.remove(stop.id)
                    elif any(reload.id == stop.id for reload in vehicle.reloads):
                        steps.append(Step(kind=StopKind.RELOAD, id=stop.id))
                elif stop.kind in (StopKind.JOB, StopKind.DELIVERY) and stop.id in jobs:
                    steps.append(Step(kind=StopKind.JOB, id=stop.id))
                elif stop.kind is not StopKind.BREAK and stop.id in shipments - gone:
                    steps.append(Step(kind=stop.kind, id=stop.id))
            if anchor is not None or any(step.kind is not StopKind.RELOAD for step in steps):
                yield Tour(vehicle=vehicle.id, steps=tuple(steps))


_Task = TypeVar("_Task", Job, Shipment)


def _among(crew: frozenset[str], task: _Task) -> _Task:
    """Return the task without the names of vehicles that are gone; nobody may be left."""
    if task.vehicles is None or task.vehicles <= crew:
        return task
    return replace(task, vehicles=task.vehicles & crew)


def _step(stop: Stop) -> Step:
    return Step(kind=stop.kind, id=stop.id)


def _since_reload(stops: Sequence[Stop]) -> Sequence[Stop]:
    """Return the stops of the last trip."""
    for number in range(len(stops) - 1, -1, -1):
        if stops[number].kind is StopKind.RELOAD:
            return stops[number + 1 :]
    return stops


def _zero(size: int) -> Amounts:
    return (0,) * size


def _sum(one: Amounts, other: Amounts, sign: int = 1) -> Amounts:
    if not other:
        return one
    return tuple(a + sign * b for a, b in zip(one or (0,) * len(other), other, strict=True))
