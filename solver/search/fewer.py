"""
Fewer vehicles: dissolve a route, then squeeze its visits into the others.

While visits are left out, a change is kept when those that stay out are the easier ones: each visit
counts how often it found no room, and the sum of these counts has to fall. Hard visits thus get in
early, and what is left is easy to place. Idle vehicles stay at home meanwhile.

References
----------
J. Christiaens and G. Vanden Berghe, Transportation Science 54(2), 2020 (absence-based fleet
minimisation).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from solver.search.anneal import accept, begin_iteration, settle_costs
from solver.search.chance import below, share
from solver.search.compiled import Whole, compiled, entry
from solver.search.recreate import recreate
from solver.search.ruin import ruin
from solver.search.timing import INF
from solver.search.workshop import ABSENT, CLOSED, ITERATION, PENDING, roll_back

_FEW = 4
"""Up to so many visits may be left out for a harder one to get in."""


@entry
def shrink(
    m: Any, s: Any, w: Any, iterations: int, temperature: float, removals: float, longest: float
) -> None:
    """
    Try for so many iterations to place what is left out without another vehicle.

    Parameters
    ----------
    temperature
        In money, for changes that leave the same visits out.
    removals, longest
        See `ruin`.
    """
    w.tally[CLOSED] = 1
    for _ in range(iterations):
        if w.tally[ABSENT] == 0:
            break
        begin_iteration(w)
        seed = w.visits[below(w.chance, w.tally[ABSENT])].absent
        mate = m.node[seed].mate
        if mate >= 0 and share(w.chance) < 0.5:
            seed = mate
        ruin(m, s, w, seed, removals, longest)
        recreate(m, s, w)
        change = settle_costs(m, s, w)
        for k in range(w.tally[PENDING]):
            if s.link[w.visits[k].pending].route < 0:
                s.absences[w.visits[k].pending] += 1
        if change < INF:
            more, skipped, harder = _left_out(m, s, w)
            threshold = -temperature * math.log(share(w.chance) + 1e-300)
            easier = harder < 0 and (more <= 0 or w.tally[ABSENT] + more <= _FEW)
            if easier or (harder == 0 and more <= 0 and change - skipped < threshold):
                accept(m, s, w, change)
            else:
                roll_back(m, s, w)
        else:
            roll_back(m, s, w)
    w.tally[CLOSED] = 0


@compiled
def _left_out(m: Any, s: Any, w: Any) -> tuple[Whole, Whole, Whole]:
    """Return by how much the number, the skip costs and the counts of what is out have risen."""
    more = 0
    skipped: Any = np.int64(0)
    counts: Any = np.int64(0)
    for k in range(w.tally[PENDING]):
        u = w.visits[k].pending
        if s.link[u].route < 0:
            skipped += m.node[u].skip
            counts += 1 + s.absences[u]
            more += 1
    for k in range(w.tally[ABSENT]):
        u = w.visits[k].absent
        if w.visits[u].waited == w.tally[ITERATION]:
            skipped -= m.node[u].skip
            counts -= 1 + s.absences[u]
            more -= 1
    return more, skipped, counts
