"""
What vehicles have done of a day: their past, and what it has cost.

A past is what was driven, so its costs are those of its own times and places; where a vehicle kept
to its plan they are what the judge finds of that part of its route.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise

from solver.model import Cost, Job, Plan, Problem, Shipment, Step, Stop, StopKind, Visit


@dataclass(frozen=True, slots=True, kw_only=True)
class Breakdown:
    """A vehicle that goes no further: since when (seconds), and at which row of the places."""

    at: int
    place: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Past:
    """
    What one vehicle has done, and what it is bound to finish.

    Parameters
    ----------
    departure
        When it left, seconds.
    stops
        Visits, reloads and breaks in the order in which they were made. The last visit or reload
        may still be under way: its departure then lies after now and is the moment expected.
    failed
        The visits in `stops` that were tried in vain: what they were to bring is still on board.
    finish
        When it was, or will be, back; None while visits remain, or when it can take more.
    broken
        Where it stands and since when, if it broke down.
    """

    vehicle: str
    departure: int
    stops: tuple[Stop, ...] = ()
    failed: frozenset[Step] = frozenset()
    finish: int | None = None
    broken: Breakdown | None = None


def followed(plan: Plan, *, now: int) -> dict[str, Past]:
    """
    Return the past of vehicles that keep to the plan: who has left, and what each has begun.

    The first stop that is not left yet is under way, with the breaks before it.
    """
    past: dict[str, Past] = {}
    for route in plan.routes:
        if route.departure > now or not route.stops:
            continue
        open_at = next(
            (
                number
                for number, stop in enumerate(route.stops)
                if stop.kind is not StopKind.BREAK and stop.departure > now
            ),
            None,
        )
        past[route.vehicle] = Past(
            vehicle=route.vehicle,
            departure=route.departure,
            stops=route.stops if open_at is None else route.stops[: open_at + 1],
            finish=route.finish if open_at is None else None,
        )
    return past


class Ledger:
    """Looks up what was done in a problem, and adds up what it cost until `now`."""

    def __init__(self, problem: Problem, now: int) -> None:
        self.problem = problem
        self.now = now
        self.jobs: Mapping[str, Job] = {job.id: job for job in problem.jobs}
        self.shipments: Mapping[str, Shipment] = {each.id: each for each in problem.shipments}
        self.vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}

    def where(self, one: Past) -> tuple[int | None, int]:
        """Return where a vehicle on the road is free next, and when."""
        place, free = self.vehicles[one.vehicle].start, max(one.departure, self.now)
        for stop in one.stops:
            if stop.kind is not StopKind.BREAK:
                place = self.row(one.vehicle, stop)
            free = max(free, stop.departure)
        return place, free

    def row(self, vehicle: str, stop: Stop) -> int:
        """Return the row of the place of a visit or reload."""
        if stop.kind is StopKind.RELOAD:
            return next(r.place for r in self.vehicles[vehicle].reloads if r.id == stop.id)
        return self.visit(stop).place

    def visit(self, stop: Stop) -> Job | Visit:
        """Return what a stop of the problem is."""
        if stop.kind is StopKind.JOB:
            return self.jobs[stop.id]
        shipment = self.shipments[stop.id]
        return shipment.pickup if stop.kind is StopKind.PICKUP else shipment.delivery

    def driven(self, one: Past) -> tuple[int, int]:
        """Return the metres and seconds driven, the way to the visit under way included."""
        vehicle = self.vehicles[one.vehicle]
        travel = self.problem.travel[vehicle.profile]
        rows = [self.row(one.vehicle, s) for s in one.stops if s.kind is not StopKind.BREAK]
        if one.broken is not None:
            rows.append(one.broken.place)
        elif one.finish is not None and vehicle.end is not None:
            rows.append(vehicle.end)
        if vehicle.start is not None:
            rows.insert(0, vehicle.start)
        metres = seconds = 0
        for here, there in pairwise(rows):
            time, length = travel.leg(here, there)
            metres += length
            seconds += time
        return metres, seconds

    def duty(self, one: Past) -> int:
        """Return the duty until now, or until the vehicle's day ended."""
        breaks = {pause.id: pause for pause in self.vehicles[one.vehicle].breaks}
        end = self.now
        if one.broken is not None:
            end = one.broken.at
        elif one.finish is not None:
            end = one.finish
        unpaid = sum(
            breaks[stop.id].seconds
            for stop in one.stops
            if stop.kind is StopKind.BREAK and stop.id in breaks and not breaks[stop.id].paid
        )
        return end - one.departure - unpaid

    def spent(self, one: Past) -> Cost:
        """Return what a past has cost, as the judge counts."""
        vehicle = self.vehicles[one.vehicle]
        metres, _ = self.driven(one)
        duty = self.duty(one)
        lateness = unfamiliar = 0
        for stop in one.stops:
            if stop.kind in (StopKind.BREAK, StopKind.RELOAD):
                continue
            visit = self.visit(stop)
            if visit.due is not None and stop.begin > visit.due.time:
                lateness += (stop.begin - visit.due.time) * visit.due.cost_per_second
            if visit.area and visit.area not in vehicle.known_areas:
                unfamiliar += vehicle.unfamiliar_cost
        return Cost(
            fixed=vehicle.fixed_cost,
            distance=metres * vehicle.cost_per_metre,
            duty=duty * vehicle.cost_per_second,
            overtime=sum(
                max(duty - tier.after, 0) * tier.cost_per_second for tier in vehicle.overtime
            ),
            lateness=lateness,
            unfamiliar=unfamiliar,
        )
