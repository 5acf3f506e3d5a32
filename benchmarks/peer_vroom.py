"""
VROOM through pyvroom, at its highest level of exploration, on two threads.

It minimises travel cost (waiting has no price), and has no duration limit, reloads or releases.
Skip costs become its priorities, which come before all cost. It may stop before the time is up.
"""

from __future__ import annotations

import time
from datetime import timedelta
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.shapes import (
    Answer,
    amounts,
    arrays,
    common_lacks,
    kinds,
    money_divisor,
    timed,
    useful,
)
from solver.model import Job, Problem, Shipment, Step, StopKind, Tour, Visit

_LEVEL = 5
_TOP = 100
_HUGE = 1 << 30
_METRES_A_KM = 1_000
_SECONDS_AN_HOUR = 3_600
_MOST_PLACES = 12_000
_UNSIGNED = 2**32 - 1


class Vroom:
    """A fast heuristic engine with a rich vocabulary."""

    name = "vroom"
    package = "pyvroom"
    threads = 2
    full = False
    strict = True

    def warm(self) -> None:
        """Import it."""
        import_module("vroom")

    def lacking(self, problem: Problem) -> list[str]:
        """Name what it cannot express."""
        able = {"optional jobs", "several depots", "a mixed fleet", "time", "shipments",
                "backhauls"}  # fmt: skip
        lacks = common_lacks(problem, allowed=frozenset(able))
        if len(problem.places) > _MOST_PLACES:
            lacks.append(f"more than {_MOST_PLACES} places (memory)")
        return lacks

    def solve(self, problem: Problem, *, seconds: float, seed: int) -> Answer:
        """Search for so long; it has no seed."""
        began = time.monotonic()
        vroom: Any = import_module("vroom")
        width = len(problem.dimensions)
        with_time = timed(problem)
        divisor = money_divisor(problem)
        coarse = _coarse(problem)
        data = vroom.Input()
        fleet = kinds(problem)
        profiles = {kind.vehicle.profile for kind in fleet}
        for profile in profiles:
            times, lengths = arrays(problem, profile)
            data.set_durations_matrix(profile, times if with_time else lengths // coarse)
            data.set_distances_matrix(profile, lengths // coarse)
        names: list[str] = []
        for kind in fleet:
            v = kind.vehicle
            for name in kind.ids[: useful(problem, kind)]:
                names.append(name)
                limits: dict[str, Any] = {}
                if v.max_metres is not None:
                    limits["max_distance"] = v.max_metres // coarse
                if v.max_stops is not None:
                    limits["max_tasks"] = v.max_stops
                if with_time:
                    limits["time_window"] = [v.shift.start, v.shift.end]
                data.add_vehicle(
                    vroom.Vehicle(
                        len(names) - 1,
                        start=v.start,
                        end=v.end,
                        profile=v.profile,
                        capacity=list(v.capacity) or [_HUGE] * width,
                        costs=vroom.VehicleCosts(
                            fixed=v.fixed_cost // divisor // coarse,
                            per_km=v.cost_per_metre * _METRES_A_KM // divisor,
                            per_hour=v.cost_per_second * _SECONDS_AN_HOUR // divisor,
                        ),
                        **limits,
                    )
                )
        tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
        dearest = max((task.skip_cost or 0 for task in tasks), default=0)
        for number, job in enumerate(problem.jobs):
            data.add_job(
                vroom.Job(
                    number,
                    location=job.place,
                    default_service=job.service_seconds,
                    delivery=amounts(job.delivery, width),
                    pickup=amounts(job.pickup, width),
                    priority=_priority(job.skip_cost, dearest),
                    time_windows=_windows(job, with_time),
                )
            )
        for number, each in enumerate(problem.shipments):
            data.add_shipment(
                _end(vroom, number, each.pickup, with_time),
                _end(vroom, number, each.delivery, with_time),
                amount=vroom.Amount(amounts(each.amount, width)),
                priority=_priority(each.skip_cost, dearest),
            )
        left = max(seconds - (time.monotonic() - began), 0.2)
        found = data.solve(
            exploration_level=_LEVEL, nb_threads=self.threads, timeout=timedelta(seconds=left)
        )
        return Answer(tours=_tours(found, problem, names))


def _coarse(problem: Problem) -> int:
    """Return by what to divide lengths so that summed costs fit 32 bits."""
    lengths = max(int(np.max(arrays(problem, profile)[1], initial=1)) for profile in problem.travel)
    rate = max(vehicle.cost_per_metre for vehicle in problem.vehicles)
    coarse = 1
    while lengths * rate // coarse // money_divisor(problem) * 200 > _UNSIGNED:
        coarse *= 10
    return coarse


def _priority(skip_cost: int | None, dearest: int) -> int:
    return _TOP if skip_cost is None else max(1, (_TOP - 1) * skip_cost // max(dearest, 1))


def _windows(visit: Job | Visit, with_time: bool) -> list[list[int]]:
    return [[w.start, w.end] for w in visit.windows] if with_time else []


def _end(vroom: Any, number: int, visit: Visit, with_time: bool) -> Any:
    return vroom.ShipmentStep(
        number,
        location=visit.place,
        default_service=visit.service_seconds,
        time_windows=[vroom.TimeWindow(w) for w in _windows(visit, with_time)],
    )


def _tours(found: Any, problem: Problem, names: list[str]) -> tuple[Tour, ...]:
    steps: dict[int, list[Step]] = {}
    frame = found.routes
    if not len(frame):
        return ()
    for vehicle, kind, number in zip(frame["vehicle_id"], frame["type"], frame["id"], strict=True):
        if kind == "job":
            step = Step(kind=StopKind.JOB, id=problem.jobs[int(number)].id)
        elif kind in ("pickup", "delivery"):
            step = Step(kind=StopKind(kind), id=problem.shipments[int(number)].id)
        else:
            continue
        steps.setdefault(int(vehicle), []).append(step)
    return tuple(Tour(vehicle=names[k], steps=tuple(each)) for k, each in steps.items())
