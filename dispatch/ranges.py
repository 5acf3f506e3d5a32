"""How far vehicles go on one charge, and what they carry how far: read from checked plans."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace

from dispatch.scenarios import Charging, VehicleType
from solver.model import Plan, Problem, Result, Route, StopKind
from solver.pipeline import solve

_ENGINE = "search"


def plan_within_range(
    problem: Problem, types: Mapping[str, VehicleType], *, iterations: int, seed: int
) -> Result:
    """
    Plan a morning so that no vehicle goes farther on one charge than it can.

    A vehicle whose battery is swapped at noon may go two ranges in all, which the engine knows,
    but one on each side of noon, which it does not. Where a plan breaks that, the vehicle's day is
    held to one range, which keeps both sides, and the morning is planned again.
    """
    while True:
        result = solve(problem, iterations=iterations, seed=seed, engine=_ENGINE, threads=1)
        over = {
            route.vehicle
            for route in result.plan.routes
            if (kind := types.get(route.vehicle)) is not None
            and kind.range_metres is not None
            and any(m > kind.range_metres for m in trip_metres(problem, route, kind))
        }
        if not over:
            return result
        vehicles = tuple(
            replace(vehicle, max_metres=types[vehicle.id].range_metres)
            if vehicle.id in over
            else vehicle
            for vehicle in problem.vehicles
        )
        if vehicles == problem.vehicles:
            return result
        problem = replace(problem, vehicles=vehicles)


def held_to_plan(problem: Problem, plan: Plan, types: Mapping[str, VehicleType]) -> Problem:
    """
    Return the problem that the day's re-planning works on: no charge goes farther than it can.

    A vehicle that needs no swap by the morning's plan is held to one range for the whole day, so
    that a re-planning cannot rely on a swap that nobody will make.
    """
    driven = {route.vehicle: sum(m for m, _, _ in legs(problem, route)) for route in plan.routes}
    return replace(
        problem,
        vehicles=tuple(
            replace(
                vehicle,
                max_metres=max(types[vehicle.id].range_metres or 0, driven.get(vehicle.id, 0)),
            )
            if vehicle.id in types and types[vehicle.id].range_metres is not None
            else vehicle
            for vehicle in problem.vehicles
        ),
    )


def trip_metres(problem: Problem, route: Route, kind: VehicleType) -> list[int]:
    """Return the metres between charges: each trip where the battery is swapped, else the day."""
    trips = [0]
    for metres, _, reloads in legs(problem, route):
        trips[-1] += metres
        if reloads and kind.charging is Charging.SWAP:
            trips.append(0)
    return trips


def loaded_kilometres(problem: Problem, plan: Plan) -> dict[str, float]:
    """Return, by vehicle, the kg·km of what was on board."""
    return {
        route.vehicle: sum(metres * grams for metres, grams, _ in legs(problem, route)) / 1e6
        for route in plan.routes
    }


def legs(problem: Problem, route: Route) -> Iterator[tuple[int, int, bool]]:
    """Yield (metres, grams on board, whether it ends at a reload) of each way of a route."""
    vehicle = next(v for v in problem.vehicles if v.id == route.vehicle)
    travel = problem.travel[vehicle.profile]
    jobs = {job.id: job for job in problem.jobs}
    shipments = {each.id: each for each in problem.shipments}
    reloads = {each.id: each.place for each in vehicle.reloads}
    here = vehicle.start
    grams = route.load[0] if route.load else 0
    for stop in route.stops:
        if stop.kind is StopKind.BREAK:
            continue
        if stop.kind is StopKind.RELOAD:
            there = reloads[stop.id]
        elif stop.kind is StopKind.JOB:
            there = jobs[stop.id].place
        else:
            ends = shipments[stop.id]
            there = (ends.pickup if stop.kind is StopKind.PICKUP else ends.delivery).place
        metres = travel.leg(here, there)[1] if here is not None else 0
        yield metres, grams, stop.kind is StopKind.RELOAD
        here, grams = there, stop.load[0] if stop.load else 0
    if here is not None and vehicle.end is not None:
        yield travel.leg(here, vehicle.end)[1], grams, False
