"""
The engine behind vrp-cli (reinterpretcat/vrp), through its pragmatic JSON.

Fewer tours come first only where a vehicle costs more than any sensible plan is long; else cost
alone is minimised. It has no limit for releases; a job that may be left out has no price there.
"""

from __future__ import annotations

import json
import time
from datetime import UTC, datetime
from importlib import import_module
from typing import Any

from benchmarks.shapes import (
    Answer,
    amounts,
    arrays,
    common_lacks,
    kinds,
    money_divisor,
    timed,
    useful,
    vehicles_first,
)
from solver.model import Job, Problem, Step, StopKind, Tour, Visit

_MOST_PLACES = 5_000
_LATEST = 2_000_000_000
_HUGE = 1 << 30


class VrpCli:
    """A rich engine in Rust that keeps several threads busy."""

    name = "vrp-cli"
    package = "vrp-cli"
    threads = 2
    full = False
    strict = False

    def warm(self) -> None:
        """Import it."""
        import_module("vrp_cli")

    def lacking(self, problem: Problem) -> list[str]:
        """Name what it cannot express."""
        able = {"optional jobs", "several depots", "a mixed fleet", "time", "shipments",
                "backhauls", "route duration limit", "trips with reloads"}  # fmt: skip
        lacks = common_lacks(problem, allowed=frozenset(able))
        if len(problem.places) > _MOST_PLACES:
            lacks.append(f"more than {_MOST_PLACES} places (its matrices are text)")
        return lacks

    def solve(self, problem: Problem, *, seconds: float, seed: int) -> Answer:
        """Search for so long; it takes whole seconds and no seed."""
        began = time.monotonic()
        engine: Any = import_module("vrp_cli")
        text = json.dumps(_problem(problem))
        matrices = [json.dumps(matrix) for matrix in _matrices(problem)]
        left = max(round(seconds - (time.monotonic() - began)), 1)
        config = {
            "termination": {"maxTime": left, "maxGenerations": 100_000_000},
            "environment": {"parallelism": {"numThreadPools": 1, "threadsPerPool": self.threads}},
        }
        found = json.loads(
            engine.solve_pragmatic(problem=text, matrices=matrices, config=json.dumps(config))
        )
        statistic = found.get("extras", {}).get("metrics", {})
        return Answer(tours=_tours(found, problem), iterations=int(statistic.get("generations", 0)))


def _clock(seconds: int) -> str:
    return datetime.fromtimestamp(min(seconds, _LATEST), UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _matrices(problem: Problem) -> list[dict[str, Any]]:
    matrices = []
    for profile in sorted({vehicle.profile for vehicle in problem.vehicles}):
        times, lengths = arrays(problem, profile)
        if not timed(problem):
            times = times * 0
        matrices.append(
            {
                "profile": profile,
                "travelTimes": times.ravel().tolist(),
                "distances": lengths.ravel().tolist(),
            }
        )
    return matrices


def _problem(problem: Problem) -> dict[str, Any]:
    width = max(len(problem.dimensions), 1)
    with_time = timed(problem)
    divisor = money_divisor(problem)
    jobs = [_job(job, width, with_time) for job in problem.jobs]
    for each in problem.shipments:
        demand = amounts(each.amount, width)
        jobs.append(
            {
                "id": f"s{each.id}",
                "pickups": [{"places": [_place(each.pickup, with_time)], "demand": demand}],
                "deliveries": [{"places": [_place(each.delivery, with_time)], "demand": demand}],
            }
        )
    types = []
    for number, kind in enumerate(kinds(problem)):
        v = kind.vehicle
        limits: dict[str, Any] = {}
        if v.max_metres is not None:
            limits["maxDistance"] = v.max_metres
        if v.max_duty_seconds is not None:
            limits["maxDuration"] = v.max_duty_seconds
        if v.max_stops is not None:
            limits["tourSize"] = v.max_stops
        shift: dict[str, Any] = {
            "start": {"earliest": _clock(v.shift.start), "location": {"index": v.start}},
            "end": {"latest": _clock(v.shift.end), "location": {"index": v.end}},
        }
        if v.reloads:
            # Each entry may be used once: as many as a route can want.
            shift["reloads"] = [
                {"location": {"index": r.place}, "duration": r.seconds}
                for r in v.reloads
                for _ in range(r.most if r.most is not None else 9)
            ]
        types.append(
            {
                "typeId": f"type{number}",
                "vehicleIds": kind.ids[: useful(problem, kind)],
                "profile": {"matrix": v.profile},
                "costs": {
                    "fixed": v.fixed_cost / divisor,
                    "distance": v.cost_per_metre / divisor,
                    "time": v.cost_per_second / divisor,
                },
                "shifts": [shift],
                "capacity": list(v.capacity) or [_HUGE] * width,
                **({"limits": limits} if limits else {}),
            }
        )
    order = ["minimize-unassigned", "minimize-cost"]
    if vehicles_first(problem):
        order.insert(1, "minimize-tours")
    return {
        "plan": {"jobs": jobs},
        "fleet": {
            "vehicles": types,
            "profiles": [
                {"name": profile} for profile in sorted({v.profile for v in problem.vehicles})
            ],
        },
        "objectives": [[{"type": name}] for name in order],
    }


def _job(job: Job, width: int, with_time: bool) -> dict[str, Any]:
    tasks: dict[str, Any] = {"id": f"j{job.id}"}
    place = [_place(job, with_time)]
    if any(job.delivery):
        tasks["deliveries"] = [{"places": place, "demand": amounts(job.delivery, width)}]
    elif any(job.pickup):
        tasks["pickups"] = [{"places": place, "demand": amounts(job.pickup, width)}]
    else:
        tasks["services"] = [{"places": place}]
    return tasks


def _place(visit: Job | Visit, with_time: bool) -> dict[str, Any]:
    place: dict[str, Any] = {
        "location": {"index": visit.place},
        "duration": visit.service_seconds,
    }
    if visit.windows and with_time:
        place["times"] = [[_clock(w.start), _clock(w.end)] for w in visit.windows]
    return place


def _tours(found: dict[str, Any], problem: Problem) -> tuple[Tour, ...]:
    reloads = {vehicle.id: vehicle.reloads for vehicle in problem.vehicles}
    tours = []
    for tour in found.get("tours", []):
        steps: list[Step] = []
        for stop in tour["stops"]:
            for activity in stop["activities"]:
                name, kind = activity["jobId"], activity["type"]
                if kind == "reload":
                    where = stop.get("location", {}).get("index")
                    again = [r for r in reloads[tour["vehicleId"]] if r.place == where]
                    steps.append(Step(kind=StopKind.RELOAD, id=again[0].id))
                elif kind in ("pickup", "delivery", "service"):
                    step = StopKind(kind) if name.startswith("s") else StopKind.JOB
                    steps.append(Step(kind=step, id=name[1:]))
        tours.append(Tour(vehicle=tour["vehicleId"], steps=tuple(steps)))
    return tuple(tours)
