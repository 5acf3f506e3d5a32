"""
The best mix of all routes that the threads have driven.

The threads note the routes of every change they accept, some hundred thousand in half a minute; a
linear program says which of them may be part of a better plan, and set partitioning puts the best
plan together from these.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import numpy as np
from numpy.typing import NDArray

from solver.engine import Budget
from solver.promising import Routes, promising
from solver.recombine import Chosen, RoutePool, recombine, tasks_of
from solver.search.arrays import Model
from solver.search.seen import NOTING, Columns, drain, is_half_full
from solver.search.workshop import Workshop

_MOST = 4_000
"""Routes that set partitioning is given."""

_KEPT = 400_000
"""Routes kept at most, the latest ones."""

_WORK = 0.5
"""CP-SAT's limit where there is no clock."""

_PRICING_SHARE = 0.5
"""Share of the time that the linear program may take."""

Priced = Sequence[tuple[int, Sequence[int], int]]


class Mixer:
    """Collects the routes of all threads, and mixes them."""

    def __init__(self, model: Model, shops: Sequence[Workshop]) -> None:
        self._model, self._shops = model, shops
        self._task_of = tasks_of(model.node["mate"], model.node["is_pickup"])
        self._leads = (model.node["mate"] < 0) | (model.node["is_pickup"] > 0)
        self._taken: list[Columns] = []

    def note(self) -> None:
        """Let the threads note what they accept from now on, and make room where it is short."""
        for shop in self._shops:
            shop.seen.tally[NOTING] = 1
            if is_half_full(shop.seen):
                self._taken.append(drain(shop.seen))
        while sum(len(taken.heads) for taken in self._taken) > _KEPT:
            del self._taken[0]

    def take(self) -> list[Columns]:
        """Hand over all routes noted so far, and keep none."""
        taken = self._taken + [drain(shop.seen) for shop in self._shops]
        self._taken = []
        return taken

    def best(
        self,
        incumbent: Priced,
        others: Sequence[Mixer] = (),
        *,
        budget: Budget,
        seconds: float | None,
        seed: int,
    ) -> Chosen | None:
        """
        Return routes that together cost less than the incumbent, None if there are none.

        Parameters
        ----------
        incumbent
            Kind, nodes and cost of each route of the plan to beat.
        others
            Other searches of the same problem, whose routes count too.
        budget, seconds
            Who says stop, and how long it may take; None leaves the clock out.
        """
        m = self._model
        taken = [columns for mixer in (self, *others) for columns in mixer.take()]
        began = budget.spent()

        def later(share: float) -> Callable[[], bool]:
            return lambda: (
                budget.stop() or (seconds is not None and budget.spent() - began > share * seconds)
            )

        sizes = np.bincount(m.fleet["kind"][:-1], minlength=m.kind_count)
        leads = np.flatnonzero(self._leads)
        skips = m.node["skip"][leads]
        pool = RoutePool(self._task_of)
        routes, at, columns = self._arrays(incumbent, taken)
        given = np.arange(len(incumbent), dtype=np.int64)
        chosen = promising(
            routes,
            skip_costs=skips,
            kind_sizes=sizes,
            incumbent=given,
            most=_MOST,
            over=later(_PRICING_SHARE),
        )
        for number in chosen[chosen >= given.size].tolist():
            head = columns.heads[number - given.size]
            first = at[number - given.size]
            nodes = columns.nodes[first : first + int(head["length"])].tolist()
            pool.add(int(head["kind"]), nodes, int(head["cost"]))
        if later(1.0)():
            return None
        return recombine(
            pool,
            skip_costs=skips,
            kind_sizes=sizes,
            incumbent=incumbent,
            seconds=None if seconds is None else seconds - (budget.spent() - began),
            work=_WORK if seconds is None else None,
            threads=len(self._shops),
            seed=seed,
            stop=later(1.0),
        )

    def _arrays(
        self, incumbent: Priced, taken: Sequence[Columns]
    ) -> tuple[Routes, NDArray[np.int64], Columns]:
        """Return the incumbent's routes, then all others once each, and where to find these."""
        columns, at = _distinct(taken)
        lengths = columns.heads["length"].astype(np.int64)
        spots = np.repeat(at - (np.cumsum(lengths) - lengths), lengths) + np.arange(lengths.sum())
        nodes = columns.nodes[spots].astype(np.int64)
        lead = (nodes >= 0) & self._leads[np.maximum(nodes, 0)]
        owner = np.repeat(np.arange(lengths.size), lengths)[lead]
        seen_tasks = self._task_of[nodes[lead]]
        own = [
            [int(self._task_of[node]) for node in nodes if node >= 0 and self._leads[node]]
            for _, nodes, _ in incumbent
        ]
        counts = np.concatenate(
            [[len(tasks) for tasks in own], np.bincount(owner, minlength=lengths.size)]
        ).astype(np.int64)
        flat = np.array([task for tasks in own for task in tasks], np.int64)
        kinds = [kind for kind, _, _ in incumbent]
        costs = [cost for _, _, cost in incumbent]
        routes = Routes(
            kinds=np.concatenate([np.array(kinds, np.int64), columns.heads["kind"]]),
            costs=np.concatenate([np.array(costs, np.int64), columns.heads["cost"]]),
            first=np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
            tasks=np.concatenate([flat, seen_tasks]),
        )
        return routes, at, columns


def _distinct(taken: Sequence[Columns]) -> tuple[Columns, NDArray[np.int64]]:
    """Return each route once, at its cheapest, and where its nodes begin."""
    heads = np.concatenate([each.heads for each in taken])
    nodes = np.concatenate([each.nodes for each in taken])
    sizes = [each.nodes.size for each in taken]
    shift = np.repeat(
        np.concatenate([[0], np.cumsum(sizes)[:-1]]),
        [len(each.heads) for each in taken],
    )
    at = heads["first"] + shift
    order = np.lexsort((heads["cost"], heads["key"]))
    keys = heads["key"][order]
    first = np.ones(keys.size, bool)
    first[1:] = keys[1:] != keys[:-1]
    kept = order[first]
    return Columns(heads=heads[kept], nodes=nodes), at[kept].astype(np.int64)
