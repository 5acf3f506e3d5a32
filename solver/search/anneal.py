"""
The loop: ruin, recreate, accept or roll back, at a temperature that falls.

References
----------
Acceptance: S. Kirkpatrick, C. D. Gelatt and M. P. Vecchi, "Optimization by Simulated Annealing",
Science 220, 1983, with the threshold of Christiaens and Vanden Berghe (2020).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from solver.search.chance import below, share
from solver.search.compiled import Whole, compiled, entry
from solver.search.recreate import recreate
from solver.search.refit import idle_for, refit
from solver.search.ruin import ruin, ruin_routes
from solver.search.seen import NOTING, note
from solver.search.timing import INF
from solver.search.workshop import (
    ABSENT,
    BEST,
    BY_SHARE,
    CURRENT,
    DIRTY,
    ITERATION,
    MINE,
    PAID,
    PENDING,
    REBUILDS,
    SAVED,
    TOUCHED,
    keep_best,
    mark_dirty,
    roll_back,
)

_REFIT = 0.05
"""How often a touched route is tried on another kind of vehicle."""


@entry
def anneal(
    m: Any,
    s: Any,
    w: Any,
    iterations: int,
    hot: float,
    cold: float,
    removals: float,
    longest: float,
) -> None:
    """
    Do a slice of iterations on the routes that this thread owns.

    With 0 iterations it only tries to insert everything that is left out, for a first plan.

    Parameters
    ----------
    hot, cold
        Temperature, in money, at the beginning and at the end of the slice.
    removals, longest
        See `ruin`.
    """
    temperature = hot
    factor = (cold / hot) ** (1.0 / max(iterations, 1))
    for _ in range(max(iterations, 1)):
        begin_iteration(w)
        threshold = -temperature * math.log(share(w.chance) + 1e-300)
        if iterations > 0:
            seed = w.visits[below(w.chance, w.tally[MINE])].mine
            if m.mixed and below(w.chance, 10_000) < w.tally[REBUILDS]:
                w.tally[PAID] = idle_for(m, s, w, seed)
                ruin_routes(m, s, w, seed)
            else:
                ruin(m, s, w, seed, removals, longest)
        else:
            threshold = float(INF)
            w.tally[BY_SHARE] = 1
            recall_all(w)
        recreate_and_judge(m, s, w, threshold)
        w.tally[BY_SHARE] = 0
        temperature *= factor


@compiled
def recreate_and_judge(m: Any, s: Any, w: Any, threshold: float) -> None:
    """Put back what waits; keep the outcome if it adds less than the threshold, else roll back."""
    recreate(m, s, w)
    if m.mixed and share(w.chance) < _REFIT:
        refit(m, s, w)
    change = settle_costs(m, s, w)
    if change < INF and change < threshold:
        accept(m, s, w, change)
    else:
        roll_back(m, s, w)


@compiled
def recall_all(w: Any) -> None:
    """Let everything that is left out wait for insertion."""
    for k in range(w.tally[ABSENT]):
        w.visits[k].pending = w.visits[k].absent
    w.tally[PENDING] = w.tally[ABSENT]


@compiled
def begin_iteration(w: Any) -> None:
    """Open an empty journal."""
    w.tally[ITERATION] += 1
    w.tally[PENDING] = 0
    w.tally[TOUCHED] = 0
    w.tally[SAVED] = 0
    w.tally[PAID] = -1


@compiled
def settle_costs(m: Any, s: Any, w: Any) -> Whole:
    """Cost every touched route exactly; return the change of the whole, INF if a rule is broken."""
    change: Any = np.int64(0)
    for number in range(w.tally[TOUCHED]):
        v = w.vehicles[number].touched
        cost = s.sums[v].cost
        if cost >= INF:
            return INF
        change += cost - s.sums[w.vehicles[number].touched].saved_cost
    # What waited and found no spot is newly left out, unless it was so before.
    for k in range(w.tally[PENDING]):
        u = w.visits[k].pending
        w.visits[u].waited = w.tally[ITERATION]
        if s.link[u].route < 0:
            change += m.node[u].skip
    for k in range(w.tally[ABSENT]):
        if w.visits[w.visits[k].absent].waited == w.tally[ITERATION]:
            change -= m.node[w.visits[k].absent].skip
    return change


@compiled
def accept(m: Any, s: Any, w: Any, change: int) -> None:
    """Make the iteration's outcome the current solution, and the best if it is."""
    w.tally[CURRENT] += change
    if change != 0 and w.seen.tally[NOTING]:
        for number in range(w.tally[TOUCHED]):
            if s.sums[w.vehicles[number].touched].count > 0:
                note(m, s, w.seen, w.vehicles[number].touched)
    kept = 0
    for k in range(w.tally[ABSENT]):
        u = w.visits[k].absent
        if s.link[u].route < 0 and w.visits[u].waited != w.tally[ITERATION]:
            w.visits[kept].absent = u
            kept += 1
    for k in range(w.tally[PENDING]):
        if s.link[w.visits[k].pending].route < 0:
            w.visits[kept].absent = w.visits[k].pending
            kept += 1
    w.tally[ABSENT] = kept
    mark_dirty(w)
    if w.tally[CURRENT] < w.tally[BEST]:
        w.tally[BEST] = w.tally[CURRENT]
        keep_best(m, s, w)


@entry
def begin_slice(m: Any, s: Any, w: Any) -> None:
    """Take the current solution of the owned routes as the best so far."""
    w.tally[BEST] = w.tally[CURRENT]
    w.tally[DIRTY] = 0
    for v in range(m.vehicles):
        w.vehicles[v].is_dirty = 0
        if s.sums[v].owner == w.me:
            w.vehicles[v].is_dirty = 1
            w.vehicles[w.tally[DIRTY]].dirty = v
            w.tally[DIRTY] += 1
    keep_best(m, s, w)
