"""
The OR-Tools routing library as its guide shows it: a plain model, guided local search.

This is the simple peer, not our engine "ortools". It has no seed: the second run beside the first
begins from another first solution. Loads of deliveries and pickups are two dimensions where
linehauls come first, else their sum must fit (safe, but stricter than needed).
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from importlib import import_module
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.shapes import Answer, Whole, arrays, common_lacks, kinds, ordered, timed, useful
from solver.model import Job, Problem, Step, StopKind, Tour, Vehicle, Visit

_MOST_NODES = 7_000
_FAR = 2**50


@dataclass(frozen=True, slots=True)
class _Node:
    visit: Job | Visit
    step: Step
    load: tuple[int, ...]
    taken: tuple[int, ...]
    skip_cost: int | None


class OrtoolsPlain:
    """Parallel cheapest insertion, then guided local search."""

    name = "ortools"
    package = "ortools"
    threads = 1
    full = False
    strict = False

    def warm(self) -> None:
        """Import it."""
        import_module("ortools.constraint_solver.pywrapcp")

    def lacking(self, problem: Problem) -> list[str]:
        """Name what the plain model does not say."""
        able = {"optional jobs", "several depots", "a mixed fleet", "time", "shipments",
                "backhauls", "route duration limit"}  # fmt: skip
        lacks = common_lacks(problem, allowed=frozenset(able))
        if len(problem.jobs) + 2 * len(problem.shipments) > _MOST_NODES:
            lacks.append(f"more than {_MOST_NODES} visits (memory)")
        return lacks

    def solve(self, problem: Problem, *, seconds: float, seed: int) -> Answer:
        """Search for so long."""
        began = time.monotonic()
        model = _Model(problem)
        enums: Any = import_module("ortools.constraint_solver.routing_enums_pb2")
        parameters = model.pywrapcp.DefaultRoutingSearchParameters()
        first = enums.FirstSolutionStrategy
        parameters.first_solution_strategy = (
            first.PARALLEL_CHEAPEST_INSERTION if seed % 2 else first.LOCAL_CHEAPEST_INSERTION
        )
        parameters.local_search_metaheuristic = enums.LocalSearchMetaheuristic.GUIDED_LOCAL_SEARCH
        left = max(seconds - (time.monotonic() - began), 0.2)
        parameters.time_limit.FromMilliseconds(int(1000 * left))
        history: list[tuple[float, int, int]] = []

        def better() -> None:
            cost = model.routing.CostVar().Max()
            if not history or cost < history[-1][1]:
                history.append((time.monotonic() - began, cost, 0))

        model.routing.AddAtSolutionCallback(better)
        found = model.routing.SolveWithParameters(parameters)
        if found is None:
            return Answer(tours=(), note="no first solution within the time")
        return Answer(tours=model.tours(found), history=tuple(history))


class _Model:
    def __init__(self, problem: Problem) -> None:
        self.pywrapcp: Any = import_module("ortools.constraint_solver.pywrapcp")
        self.problem = problem
        self.nodes = list(_nodes(problem))
        self.fleet: list[tuple[str, Vehicle]] = [
            (name, kind.vehicle)
            for kind in kinds(problem)
            for name in kind.ids[: useful(problem, kind)]
        ]
        ends = sorted({row for _, v in self.fleet for row in (v.start, v.end) if row is not None})
        self.rows = [*ends, *(node.visit.place for node in self.nodes)]
        self.first = len(ends)
        self.manager = self.pywrapcp.RoutingIndexManager(
            len(self.rows),
            len(self.fleet),
            [ends.index(v.start) for _, v in self.fleet if v.start is not None],
            [ends.index(v.end) for _, v in self.fleet if v.end is not None],
        )
        self.routing = self.pywrapcp.RoutingModel(self.manager)
        self.work = np.array(
            [0] * self.first + [node.visit.service_seconds for node in self.nodes], np.int64
        )
        self.arcs: dict[str, tuple[Whole, Whole]] = {}
        for profile in {v.profile for _, v in self.fleet}:
            seconds, metres = arrays(problem, profile)
            grid = np.ix_(self.rows, self.rows)
            self.arcs[profile] = (seconds[grid], metres[grid])
        self.costs()
        self.loads()
        if timed(problem):
            self.times()
        if any(v.max_metres is not None for _, v in self.fleet):
            self.lengths()
        self.pairs()
        self.optional()

    def costs(self) -> None:
        known: dict[tuple[str, int], int] = {}
        for k, (_, v) in enumerate(self.fleet):
            key = (v.profile, v.cost_per_metre)
            if key not in known:
                matrix = self.arcs[v.profile][1] * v.cost_per_metre
                known[key] = self.routing.RegisterTransitMatrix(matrix.tolist())
            self.routing.SetArcCostEvaluatorOfVehicle(known[key], k)
            self.routing.SetFixedCostOfVehicle(v.fixed_cost, k)

    def loads(self) -> None:
        apart = not self.problem.shipments and ordered(self.problem)
        for d in range(len(self.problem.dimensions)):
            brought = [_at(node.load, d) for node in self.nodes]
            taken = [_at(node.taken, d) for node in self.nodes]
            if self.problem.shipments or not apart:
                # What a shipment picks up it takes off again: negative at the delivery.
                sums = [[a + b for a, b in zip(brought, taken, strict=True)]]
            else:
                sums = [brought, taken]
            for number, each in enumerate(sums):
                if not any(each):
                    continue
                callback = self.routing.RegisterUnaryTransitVector([0] * self.first + each)
                room = [_at(v.capacity, d) if v.capacity else _FAR for _, v in self.fleet]
                self.routing.AddDimensionWithVehicleCapacity(
                    callback, 0, room, True, f"load{d}{number}"
                )

    def times(self) -> None:
        callbacks: dict[str, int] = {}
        transits = []
        for _, v in self.fleet:
            if v.profile not in callbacks:
                matrix = self.arcs[v.profile][0] + self.work[:, None]
                callbacks[v.profile] = self.routing.RegisterTransitMatrix(matrix.tolist())
            transits.append(callbacks[v.profile])
        horizon = max(v.shift.end for _, v in self.fleet)
        self.routing.AddDimensionWithVehicleTransits(transits, horizon, horizon, False, "time")
        time_of = self.routing.GetDimensionOrDie("time")
        for k, (_, v) in enumerate(self.fleet):
            for index in (self.routing.Start(k), self.routing.End(k)):
                time_of.CumulVar(index).SetRange(v.shift.start, v.shift.end)
                self.routing.AddVariableMinimizedByFinalizer(time_of.CumulVar(index))
            if v.max_duty_seconds is not None:
                time_of.SetSpanUpperBoundForVehicle(v.max_duty_seconds, k)
            if v.cost_per_second:
                time_of.SetSpanCostCoefficientForVehicle(v.cost_per_second, k)
        for number, node in enumerate(self.nodes):
            windows = node.visit.windows
            if not windows:
                continue
            variable = time_of.CumulVar(self.manager.NodeToIndex(self.first + number))
            variable.SetRange(windows[0].start, min(windows[-1].end, horizon))
            for before, after in pairwise(windows):
                variable.RemoveInterval(before.end + 1, after.start - 1)

    def lengths(self) -> None:
        callbacks = {
            profile: self.routing.RegisterTransitMatrix(metres.tolist())
            for profile, (_, metres) in self.arcs.items()
        }
        self.routing.AddDimensionWithVehicleTransitAndCapacity(
            [callbacks[v.profile] for _, v in self.fleet],
            0,
            [_FAR if v.max_metres is None else v.max_metres for _, v in self.fleet],
            True,
            "metres",
        )

    def pairs(self) -> None:
        solver = self.routing.solver()
        at = self.first + len(self.problem.jobs)
        for _ in self.problem.shipments:
            pickup, delivery = self.manager.NodeToIndex(at), self.manager.NodeToIndex(at + 1)
            self.routing.AddPickupAndDelivery(pickup, delivery)
            solver.Add(self.routing.VehicleVar(pickup) == self.routing.VehicleVar(delivery))
            time_of = self.routing.GetDimensionOrDie("time")
            solver.Add(time_of.CumulVar(pickup) <= time_of.CumulVar(delivery))
            at += 2

    def optional(self) -> None:
        # Required visits may be left out at a forbidding price: else there may be no first answer.
        dear = 10 * max(
            (int(np.max(m, initial=1)) * max(v.cost_per_metre, 1) + v.fixed_cost
             for _, v in self.fleet for m in (self.arcs[v.profile][1],)), default=1)  # fmt: skip
        if self.problem.shipments:
            dear //= 2
        for number, node in enumerate(self.nodes):
            price = dear if node.skip_cost is None else node.skip_cost
            self.routing.AddDisjunction([self.manager.NodeToIndex(self.first + number)], price)

    def tours(self, found: Any) -> tuple[Tour, ...]:
        tours = []
        for k, (name, _) in enumerate(self.fleet):
            steps = []
            index = found.Value(self.routing.NextVar(self.routing.Start(k)))
            while not self.routing.IsEnd(index):
                steps.append(self.nodes[self.manager.IndexToNode(index) - self.first].step)
                index = found.Value(self.routing.NextVar(index))
            if steps:
                tours.append(Tour(vehicle=name, steps=tuple(steps)))
        return tuple(tours)


def _nodes(problem: Problem) -> list[_Node]:
    nodes = [
        _Node(job, Step(kind=StopKind.JOB, id=job.id), job.delivery, job.pickup, job.skip_cost)
        for job in problem.jobs
    ]
    for each in problem.shipments:
        skip = None if each.skip_cost is None else each.skip_cost // 2
        less = tuple(-amount for amount in each.amount)
        nodes.append(
            _Node(each.pickup, Step(kind=StopKind.PICKUP, id=each.id), each.amount, (), skip)
        )
        nodes.append(_Node(each.delivery, Step(kind=StopKind.DELIVERY, id=each.id), less, (), skip))
    return nodes


def _at(amounts: tuple[int, ...], d: int) -> int:
    return amounts[d] if d < len(amounts) else 0
