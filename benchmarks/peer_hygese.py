"""HGS-CVRP through hygese: plain capacity only."""

from __future__ import annotations

import time
from importlib import import_module
from typing import Any

import numpy as np

from benchmarks.shapes import Answer, arrays, common_lacks, kinds, ordered, useful
from solver.model import Problem, Step, StopKind, Tour


class Hygese:
    """Hybrid genetic search with SWAP*, single-threaded."""

    name = "hygese"
    package = "hygese"
    threads = 1
    full = False
    strict = False

    def warm(self) -> None:
        """Import it."""
        import_module("hygese")

    def lacking(self, problem: Problem) -> list[str]:
        """Name what it cannot express: all but plain capacity."""
        lacks = common_lacks(problem)
        if len(problem.dimensions) != 1:
            lacks.append("several dimensions of load")
        if any(v.max_metres is not None or v.fixed_cost for v in problem.vehicles):
            lacks.append("limits and fixed costs")
        if not lacks and ordered(problem):
            lacks.append("barred ways")
        return lacks

    def solve(self, problem: Problem, *, seconds: float, seed: int) -> Answer:
        """Search for so long; our distances, and coordinates for SWAP*."""
        began = time.monotonic()
        hygese: Any = import_module("hygese")
        kind = kinds(problem)[0]
        depot = kind.vehicle.start
        assert depot is not None
        rows = [depot, *(job.place for job in problem.jobs)]
        _, metres = arrays(problem, kind.vehicle.profile)
        x = np.array([problem.places[row].x for row in rows])
        y = np.array([problem.places[row].y for row in rows])
        data = {
            "x_coordinates": x - x.min(),
            "y_coordinates": y - y.min(),
            "distance_matrix": metres[np.ix_(rows, rows)].astype(np.float64),
            "demands": [0, *(sum(job.delivery) for job in problem.jobs)],
            "vehicle_capacity": kind.vehicle.capacity[0],
            "num_vehicles": useful(problem, kind),
            "depot": 0,
        }
        left = max(seconds - (time.monotonic() - began), 0.2)
        # It starts anew after `nbIter` iterations without gain, until the time is up.
        parameters = hygese.AlgorithmParameters(timeLimit=left, seed=seed)
        found = hygese.Solver(parameters=parameters, verbose=False).solve_cvrp(data)
        return Answer(
            tours=tuple(
                Tour(
                    vehicle=name,
                    steps=tuple(
                        Step(kind=StopKind.JOB, id=problem.jobs[stop - 1].id) for stop in route
                    ),
                )
                for name, route in zip(kind.ids, found.routes, strict=False)
            )
        )
