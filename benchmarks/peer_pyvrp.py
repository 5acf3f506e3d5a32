"""
PyVRP, through its own data classes, from our integers, so that rounding is the same.

Several windows become mutually exclusive copies of a client. Where vehicles come first their fixed
cost says so, and the second of two runs side by side also spends a third of its time on PyVRP's own
fleet minimisation: single short tries went either way, by instance and seed. The limit on penalties
grows with the money, for the default lets vehicles be overloaded where money is in small units;
lengths in very small units are made coarser.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from importlib import import_module
from itertools import accumulate
from typing import Any

import numpy as np

from benchmarks.shapes import Answer, amounts, arrays, common_lacks, kinds, timed, vehicles_first
from solver.model import Job, Problem, Shipment, Step, StopKind, Tour, Visit

_MUCH = 2**62
_ENOUGH_POINTS = 400
_DEAREST_LEG = 10**7
_FLEET_SHARE = 1 / 3


class PyVrp:
    """The strongest general peer: iterated local search on granular neighbourhoods."""

    name = "pyvrp"
    package = "pyvrp"
    threads = 1
    full = False
    strict = True

    def warm(self) -> None:
        """Import it."""
        import_module("pyvrp")

    def lacking(self, problem: Problem) -> list[str]:
        """Name what it cannot express."""
        able = {
            "release times",
            "trips with reloads",
            "route duration limit",
            "optional jobs",
            "several depots",
            "a mixed fleet",
            "time",
            "shipments",
            "backhauls",
        }
        return common_lacks(problem, allowed=frozenset(able))

    def solve(self, problem: Problem, *, seconds: float, seed: int) -> Answer:
        """Search for so long."""
        began = time.monotonic()
        pyvrp: Any = import_module("pyvrp")
        fleet = kinds(problem)
        coarse = _coarse(problem)
        params = pyvrp.SolveParams(
            penalty=pyvrp.PenaltyParams(max_penalty=_max_penalty(problem, coarse))
        )
        data, owners = _data(pyvrp, problem, fleet, coarse)
        offset = 0
        if seed % 2 == 0 and len(fleet) == 1 and vehicles_first(problem):
            # With the fleet given, the fixed cost would only blur what distance and penalties say.
            params = pyvrp.SolveParams()
            free = data.vehicle_type(0).replace(fixed_cost=0)
            data = data.replace(vehicle_types=[free])
            early = began + seconds * _FLEET_SHARE
            least = pyvrp.minimise_fleet(data, _until(early), seed, params)
            data = data.replace(vehicle_types=[least])
            offset = fleet[0].vehicle.fixed_cost * least.num_available
        started = time.monotonic() - began
        result = pyvrp.solve(
            data,
            stop=_until(began + seconds),
            seed=seed,
            collect_stats=True,
            params=params,
        )
        return Answer(
            tours=_tours(result.best, problem, fleet, owners),
            history=_history(result.stats, started, coarse, offset),
            iterations=result.num_iterations,
        )


def _until(moment: float) -> Callable[[float], bool]:
    """Stop at a moment: PyVRP's own limit starts to count only after its preparations."""
    return lambda _: time.monotonic() >= moment


def _dearest_leg(problem: Problem) -> int:
    longest = max(int(np.max(arrays(problem, each)[1], initial=1)) for each in problem.travel)
    return longest * max(max(vehicle.cost_per_metre for vehicle in problem.vehicles), 1)


def _coarse(problem: Problem) -> int:
    """Return by what to divide lengths: penalties cannot rule where a leg costs far more."""
    coarse = 1
    while not timed(problem) and _dearest_leg(problem) // coarse > _DEAREST_LEG:
        coarse *= 10
    return coarse


def _max_penalty(problem: Problem, coarse: int) -> float:
    """Return a limit under which a unit of overload or lateness hardly ever pays."""
    fixed = max(vehicle.fixed_cost for vehicle in problem.vehicles)
    return max(100_000.0, (2.0 * _dearest_leg(problem) + fixed) / coarse / 10)


def _windows(visit: Job | Visit) -> list[tuple[int, int]]:
    return [(window.start, window.end) for window in visit.windows] or [(0, _MUCH)]


def _data(pyvrp: Any, problem: Problem, fleet: list[Any], coarse: int) -> tuple[Any, list[int]]:
    """Return PyVRP's data, and for each of its clients the number of our job."""
    width = len(problem.dimensions)
    with_time = timed(problem)
    locations = [pyvrp.Location(x=place.x, y=place.y) for place in problem.places]
    rows = _depot_rows(fleet)
    depot_of = {row: number for number, row in enumerate(rows)}
    depots = []
    for row in rows:
        again = [r for kind in fleet for r in kind.vehicle.reloads if r.place == row]
        early, late = _windows_of_reload(again)
        depots.append(
            pyvrp.Depot(
                location=row,
                tw_early=early,
                tw_late=late,
                service_duration=max((r.seconds for r in again), default=0),
            )
        )
    clients: list[Any] = []
    groups: list[Any] = []
    owners: list[int] = []
    for number, job in enumerate(problem.jobs):
        spans = _windows(job)
        required = job.skip_cost is None
        group = None
        if len(spans) > 1:
            members = list(range(len(clients), len(clients) + len(spans)))
            group = len(groups)
            groups.append(pyvrp.ClientGroup(members, required=required))
        for start, end in spans:
            owners.append(number)
            clients.append(
                pyvrp.Client(
                    location=job.place,
                    delivery=amounts(job.delivery, width),
                    pickup=amounts(job.pickup, width),
                    service_duration=job.service_seconds,
                    tw_early=start,
                    tw_late=end,
                    release_time=job.release,
                    prize=job.skip_cost or 0,
                    required=required and group is None,
                    group=group,
                )
            )
    shipments = [_shipment(pyvrp, each, width) for each in problem.shipments]
    profiles = sorted({kind.vehicle.profile for kind in fleet})
    times, lengths = [], []
    for profile in profiles:
        seconds, metres = arrays(problem, profile)
        times.append(seconds if with_time else np.zeros_like(seconds))
        lengths.append((metres + coarse // 2) // coarse)
    types = [
        pyvrp.VehicleType(
            num_available=len(kind.ids),
            capacity=list(kind.vehicle.capacity) or [_MUCH] * width,
            start_depot=depot_of[kind.vehicle.start],
            end_depot=depot_of[kind.vehicle.end],
            fixed_cost=kind.vehicle.fixed_cost // coarse,
            tw_early=kind.vehicle.shift.start if with_time else 0,
            tw_late=kind.vehicle.shift.end if with_time else _MUCH,
            unit_distance_cost=kind.vehicle.cost_per_metre,
            unit_duration_cost=kind.vehicle.cost_per_second,
            profile=profiles.index(kind.vehicle.profile),
            **_limits(kind.vehicle, depot_of, coarse),
        )
        for kind in fleet
    ]
    data = pyvrp.ProblemData(locations, clients, depots, types, lengths, times, groups, shipments)
    return data, owners


def _depot_rows(fleet: list[Any]) -> list[int]:
    return sorted(
        {row for kind in fleet for row in (kind.vehicle.start, kind.vehicle.end) if row is not None}
        | {reload.place for kind in fleet for reload in kind.vehicle.reloads}
    )


def _windows_of_reload(again: list[Any]) -> tuple[int, int]:
    spans = [(w.start, w.end) for reload in again for w in reload.windows]
    return (min(s for s, _ in spans), max(e for _, e in spans)) if spans else (0, _MUCH)


def _limits(vehicle: Any, depot_of: dict[int, int], coarse: int) -> dict[str, Any]:
    limits: dict[str, Any] = {}
    if vehicle.max_metres is not None:
        limits["max_distance"] = vehicle.max_metres // coarse
    if vehicle.max_duty_seconds is not None:
        limits["shift_duration"] = vehicle.max_duty_seconds
    if vehicle.overtime and "shift_duration" not in limits:
        limits["shift_duration"] = vehicle.overtime[0].after
        limits["max_overtime"] = vehicle.shift.end - vehicle.shift.start
        limits["unit_overtime_cost"] = vehicle.overtime[0].cost_per_second
    if vehicle.reloads:
        limits["reload_depots"] = sorted({depot_of[reload.place] for reload in vehicle.reloads})
        most = [reload.most for reload in vehicle.reloads]
        if all(number is not None for number in most):
            limits["max_reloads"] = sum(most)
    return limits


def _shipment(pyvrp: Any, shipment: Shipment, width: int) -> Any:
    # A shipment has one window at each end: several are joined to their whole span.
    pickup, delivery = _windows(shipment.pickup), _windows(shipment.delivery)
    return pyvrp.Shipment(
        pickup_location=shipment.pickup.place,
        delivery_location=shipment.delivery.place,
        pickup_tw_early=pickup[0][0],
        pickup_tw_late=pickup[-1][1],
        pickup_service_duration=shipment.pickup.service_seconds,
        delivery_tw_early=delivery[0][0],
        delivery_tw_late=delivery[-1][1],
        delivery_service_duration=shipment.delivery.service_seconds,
        amount=amounts(shipment.amount, width),
        prize=shipment.skip_cost or 0,
        required=shipment.skip_cost is None,
    )


def _tours(best: Any, problem: Problem, fleet: list[Any], owners: list[int]) -> tuple[Tour, ...]:
    depots = _depot_rows(fleet)
    free = [list(reversed(kind.ids)) for kind in fleet]
    tours = []
    for route in best.routes():
        kind = fleet[route.vehicle_type()].vehicle
        reloads = {reload.place: reload.id for reload in kind.reloads}
        steps: list[Step] = []
        activities = route.schedule()
        for activity in activities[1:-1]:
            if activity.is_client():
                job = problem.jobs[owners[activity.idx]]
                steps.append(Step(kind=StopKind.JOB, id=job.id))
            elif activity.is_pickup():
                name = problem.shipments[activity.idx].id
                steps.append(Step(kind=StopKind.PICKUP, id=name))
            elif activity.is_delivery():
                name = problem.shipments[activity.idx].id
                steps.append(Step(kind=StopKind.DELIVERY, id=name))
            elif reloads:
                # Depots are listed by place, so the n-th depot is the n-th of all places.
                place = depots[activity.idx]
                steps.append(Step(kind=StopKind.RELOAD, id=reloads[place]))
        if steps:
            tours.append(Tour(vehicle=free[route.vehicle_type()].pop(), steps=tuple(steps)))
    return tuple(tours)


def _history(
    stats: Any, started: float, coarse: int, offset: int
) -> tuple[tuple[float, int, int], ...]:
    points: list[tuple[float, int, int]] = []
    best: int | None = None
    clock = accumulate(stats.runtimes, initial=started)
    next(clock)
    for at, datum in zip(clock, stats.data, strict=True):
        if datum.best_feas and (best is None or datum.best_cost < best):
            best = datum.best_cost
            points.append((at, int(best) * coarse + offset, 0))
    step = max(1, len(points) // _ENOUGH_POINTS)
    return (*points[::step], *points[-1:])
