"""
Set partitioning: the best plan that can be put together from routes that searches have seen.

Every cost belongs to one route or to one skipped task, so routes of different plans may be mixed
freely as long as each task is in one of them at most and no kind of vehicle is used too often.
Which mix is cheapest is an exact cover problem, and CP-SAT solves it; it leaves the interpreter
lock alone meanwhile, so that it can run beside the threads of a search.

Tasks are numbered from 0: a job is one, a shipment is one. Nodes are numbered as in
`solver.search.arrays`: visits from 0, -1 - k for reload k of the vehicle.

References
----------
B. A. Foster, D. M. Ryan, "An Integer Programming Approach to the Vehicle Scheduling Problem",
Operational Research Quarterly 27(2), 1976; routes of a local search as columns: Y. Rochat,
É. D. Taillard, Journal of Heuristics 1(1), 1995.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterable, Sequence
from collections.abc import Set as AbstractSet
from contextlib import contextmanager, nullcontext
from typing import TYPE_CHECKING, Any, NamedTuple

import numpy as np
from numpy.typing import NDArray
from ortools.sat.python import cp_model

from solver.search.records import REQUIRED

if TYPE_CHECKING:
    from collections.abc import Iterator

Nodes = Sequence[int]
Chosen = list[tuple[int, tuple[int, ...]]]

CAPACITY = 20_000
"""Routes that a pool holds, where nothing else is asked for."""

_ASK_EVERY = 0.05
"""Seconds between two looks at the stop function while CP-SAT works."""

_MOST_BITS = 60
"""The sum of all coefficients stays below this power of two, as CP-SAT demands."""


def tasks_of(mate: NDArray[np.int64], is_pickup: NDArray[np.int64]) -> NDArray[np.int64]:
    """
    Number the tasks by their first node: return the task of each node.

    Parameters
    ----------
    mate, is_pickup
        Columns of `Model.node`: the other end of a shipment, -1 for jobs; whether it is a pickup.
    """
    leads = (mate < 0) | (is_pickup > 0)
    rank = np.cumsum(leads) - 1
    return np.asarray(np.where(leads, rank, rank[mate]), np.int64)


class _Column(NamedTuple):
    """A route in the pool; `rank` is the cost of the best plan that it was seen in."""

    kind: int
    tasks: tuple[int, ...]  # ascending
    cost: int
    nodes: tuple[int, ...]
    rank: int
    seen: int  # number of the last plan that it was seen in


_Key = tuple[int, tuple[int, ...]]  # kind and tasks


class RoutePool:
    """
    Distinct routes, the cheapest known order for each kind of vehicle and set of tasks.

    When the pool is full, a quarter is dropped: first the routes of the dearest plans, among equals
    those not seen for longest. Routes of the best and of the last plan given are never dropped.

    Parameters
    ----------
    task_of
        The task of each node; see `tasks_of`.
    capacity
        How many routes it holds; more only where one plan has more.
    """

    def __init__(self, task_of: Sequence[int] | NDArray[Any], capacity: int = CAPACITY) -> None:
        self._task_of: list[int] = [int(task) for task in task_of]
        self.capacity = capacity
        self.changes = 0
        """How many routes were new or became cheaper, ever: nothing to recombine if it stands."""
        self._columns: dict[_Key, _Column] = {}
        self._orders: dict[tuple[int, tuple[int, ...]], _Key] = {}
        self._plans = 0
        self._best: int | None = None
        self._best_keys: set[_Key] = set()
        self._last_keys: set[_Key] = set()

    def __len__(self) -> int:
        return len(self._columns)

    def add(self, kind: int, nodes: Nodes, cost: int, *, rank: int | None = None) -> None:
        """
        Remember a route that breaks no rule.

        Parameters
        ----------
        kind
            Number of the kind of vehicle.
        nodes
            Node numbers in order, as plain ints.
        cost
            Money, by `solver.search.evaluate.route_cost`.
        rank
            The cost of the plan that it belongs to; None puts it on a par with the best plan.
        """
        self._insert(kind, nodes, cost, self._best or 0 if rank is None else rank)
        self._trim()

    def add_solution(self, routes: Iterable[tuple[int, Nodes, int]], *, total: int) -> None:
        """
        Remember the routes of a plan: (kind, nodes, cost) each.

        `total` is the cost of the plan, skipped tasks included. Routes known before cost a look-up.
        """
        self._plans += 1
        keys = {self._insert(kind, nodes, cost, total) for kind, nodes, cost in routes}
        if self._best is None or total < self._best:
            self._best, self._best_keys = total, keys
        self._last_keys = keys
        self._trim()

    def key(self, kind: int, nodes: Nodes) -> _Key:
        """Return what tells routes apart: the kind and the tasks in ascending order."""
        order = (kind, tuple(nodes))
        known = self._orders.get(order)
        if known is None:
            tasks = {self._task_of[node] for node in order[1] if node >= 0}
            known = self._orders[order] = (kind, tuple(sorted(tasks)))
        return known

    def columns(self) -> list[_Column]:
        """Return all routes, in the order in which their sets of tasks first came."""
        return list(self._columns.values())

    def _insert(self, kind: int, nodes: Nodes, cost: int, rank: int) -> _Key:
        key = self.key(kind, nodes)
        if not key[1]:
            return key
        old = self._columns.get(key)
        if old is None:
            self._columns[key] = _Column(kind, key[1], cost, tuple(nodes), rank, self._plans)
            self.changes += 1
            return key
        best = min(rank, old.rank)
        if cost < old.cost:
            self.changes += 1
            self._columns[key] = _Column(kind, key[1], cost, tuple(nodes), best, self._plans)
        elif best != old.rank or self._plans != old.seen:
            self._columns[key] = old._replace(rank=best, seen=self._plans)
        return key

    def _trim(self) -> None:
        if len(self._orders) > 4 * self.capacity:
            self._orders.clear()
        if len(self._columns) <= self.capacity:
            return
        self._orders.clear()
        kept = self._best_keys | self._last_keys
        order = sorted(
            self._columns.items(),
            key=lambda item: (item[0] not in kept, item[1].rank, -item[1].seen),
        )
        # Down to three quarters, so that a trim is rare and costs little on average.
        room = max(3 * self.capacity // 4, len(kept))
        survivors = {key for key, _ in order[:room]}
        self._columns = {key: c for key, c in self._columns.items() if key in survivors}


def recombine(
    pool: RoutePool,
    *,
    skip_costs: Sequence[int] | NDArray[Any],
    kind_sizes: Sequence[int] | NDArray[Any],
    incumbent: Sequence[tuple[int, Nodes, int]],
    must_use: AbstractSet[int] = frozenset(),
    seconds: float | None = None,
    work: float | None = None,
    threads: int = 1,
    seed: int = 1,
    stop: Callable[[], bool] | None = None,
) -> Chosen | None:
    """
    Return routes that together cost less than the incumbent, None if none were found.

    Parameters
    ----------
    pool
        Routes to choose from; the incumbent's are added to it.
    skip_costs
        Money for leaving each task out, `REQUIRED` for those that must not be.
    kind_sizes
        How many vehicles there are of each kind.
    incumbent
        The plan to beat: kind, nodes and cost of each route.
    must_use
        Kinds of which at least one route has to be chosen, such as vehicles with a locked prefix.
    seconds, work
        Limits, at least one: seconds on the solver's own clock; work in its deterministic unit,
        of the order of a second. With `work` alone equal calls give equal answers.
    threads
        Threads that CP-SAT keeps busy.
    stop
        Asked often, from another thread; True ends the solve, and what it found is returned.

    Returns
    -------
    list of (kind, nodes) or None
        Each task in at most one route; those in none are skipped. Strictly cheaper than the
        incumbent in full money, whatever was scaled on the way.

    Raises
    ------
    ValueError
        Neither `seconds` nor `work` is given.
    """
    if seconds is None and work is None:
        raise ValueError("give recombine() a limit: seconds, or work for a repeatable answer")
    if stop is not None and stop():
        return None
    skips = [int(cost) for cost in skip_costs]
    keys = [pool.key(kind, nodes) for kind, nodes, _ in incumbent]
    given = sum(cost for _, _, cost in incumbent) + _skipped(skips, [tasks for _, tasks in keys])
    pool.add_solution(incumbent, total=given)
    sizes = [int(size) for size in kind_sizes]
    cover = _Cover(pool.columns(), skips, sizes, keys, given, must_use)
    solver = cp_model.CpSolver()
    limits = solver.parameters
    if seconds is not None:
        limits.max_time_in_seconds = max(seconds, 0.0)
    if work is not None:
        limits.max_deterministic_time = max(work, 0.0)
    limits.num_workers = threads
    # Several workers are repeatable only when they take turns by work done, not by the clock.
    limits.interleave_search = seconds is None and threads > 1
    # The linear relaxation is nearly whole here: with all of it solved, the best of thousands of
    # routes is proved in two or three seconds; without, not in eight. One worker is enough.
    limits.linearization_level = 2
    limits.cp_model_probing_level = 0
    limits.symmetry_level = 0
    limits.random_seed = seed % (1 << 31)
    with nullcontext() if stop is None else _watched(solver, stop):
        status = solver.solve(cover.model)
    if status not in (cp_model.OPTIMAL, cp_model.FEASIBLE):
        return None
    chosen = [c for c, use in zip(cover.columns, cover.use, strict=True) if solver.value(use)]
    total = sum(c.cost for c in chosen) + _skipped(skips, [c.tasks for c in chosen])
    if total >= given:
        return None
    return [(column.kind, column.nodes) for column in chosen]


def _dearest(columns: Sequence[_Column], skips: Sequence[int], sizes: Sequence[int]) -> int:
    """Return money that no plan exceeds, required tasks that it leaves out not counted."""
    dearest: dict[int, int] = {}
    for column in columns:
        dearest[column.kind] = max(dearest.get(column.kind, 0), column.cost)
    routes = sum(min(sizes[kind], len(skips)) * cost for kind, cost in dearest.items())
    return routes + sum(skip for skip in skips if skip < REQUIRED)


def _skipped(skips: Sequence[int], served: Iterable[Iterable[int]]) -> int:
    """Return the money for the tasks that are in none of the routes."""
    covered = {task for tasks in served for task in tasks}
    return sum(skip for task, skip in enumerate(skips) if task not in covered)


class _Cover:
    """The exact cover problem as a CP-SAT model, with the incumbent as its hint."""

    def __init__(
        self,
        columns: Sequence[_Column],
        skips: Sequence[int],
        sizes: Sequence[int],
        incumbent: Sequence[_Key],
        total: int,
        must_use: AbstractSet[int],
    ) -> None:
        chosen = set(incumbent)
        routed = {task for _, tasks in chosen for task in tasks}
        lost = [skip for task, skip in enumerate(skips) if task not in routed]
        forced = all(skip < REQUIRED for skip in lost)
        # Where the incumbent serves all that is required, what costs as much as all of it never
        # pays. Else each required task that is served more is worth any detour that there is.
        most = total if forced else min(REQUIRED, _dearest(columns, skips, sizes) + 1)
        self.columns = [
            c
            for c in columns
            if sizes[c.kind] > 0 and (c.cost < most or (c.kind, c.tasks) in chosen)
        ]
        self.model = model = cp_model.CpModel()
        self.use = [model.new_bool_var("") for _ in self.columns]
        cover: list[list[cp_model.IntVar]] = [[] for _ in skips]
        by_kind: dict[int, list[cp_model.IntVar]] = {kind: [] for kind in must_use}
        for column, use in zip(self.columns, self.use, strict=True):
            model.add_hint(use, (column.kind, column.tasks) in chosen)
            by_kind.setdefault(column.kind, []).append(use)
            for task in column.tasks:
                cover[task].append(use)
        priced = [(use, c.cost) for use, c in zip(self.use, self.columns, strict=True)]
        for task, options in enumerate(cover):
            if skips[task] < most or not forced or task not in routed:
                skip = model.new_bool_var("")
                model.add_hint(skip, task not in routed)
                priced.append((skip, min(skips[task], most)))
                options.append(skip)
            model.add_exactly_one(options)
        for kind, uses in by_kind.items():
            if kind in must_use:
                model.add_at_least_one(uses)
            if len(uses) > sizes[kind]:
                model.add(sum(uses) <= sizes[kind])
        shift = max(0, sum(cost for _, cost in priced).bit_length() - _MOST_BITS)
        model.minimize(
            cp_model.LinearExpr.weighted_sum(
                [variable for variable, _ in priced], [cost >> shift for _, cost in priced]
            )
        )


@contextmanager
def _watched(solver: cp_model.CpSolver, stop: Callable[[], bool]) -> Iterator[None]:
    """Ask `stop` now and then from another thread; the search is told when it says True."""
    over = threading.Event()

    def watch() -> None:
        while not over.wait(_ASK_EVERY):
            # Told again each time: a solve that has not begun yet does not hear it.
            if stop():
                solver.stop_search()

    watcher = threading.Thread(target=watch, name="recombine-stop", daemon=True)
    watcher.start()
    try:
        yield
    finally:
        over.set()
        watcher.join()
