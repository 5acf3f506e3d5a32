"""The cost of a route of the solution, kept up to date while it is taken apart and rebuilt."""

from __future__ import annotations

from typing import Any

from solver.search.compiled import compiled
from solver.search.evaluate import duty_cost, route_cost
from solver.search.state import sequence
from solver.search.timing import INF


@compiled
def settle_cost(m: Any, s: Any, w: Any, v: int) -> None:
    """Note the exact cost and duty of a route, INF as its cost while it breaks a rule."""
    if s.sums[v].count == 0:
        s.sums[v].cost = 0
        s.sums[v].duty = 0
    elif m.fleet[v].incremental:
        s.sums[v].cost = (
            m.fleet[v].fixed + m.fleet[v].per_metre * s.sums[v].metres + s.sums[v].unfamiliar
        )
    elif m.fleet[v].exact_duty and s.rows[m.n + m.vehicles + v, 0] < INF:
        duty = s.rows[m.n + m.vehicles + v, m.c_segment]
        s.sums[v].duty = duty
        s.sums[v].cost = (
            m.fleet[v].fixed
            + m.fleet[v].per_metre * s.sums[v].metres
            + duty_cost(m, v, duty)
            + s.sums[v].unfamiliar
            if duty <= m.fleet[v].max_duty
            else INF
        )
    else:
        length = sequence(m, s, v, w.sequence)
        s.sums[v].cost = route_cost(m, w.scratch, v, w.sequence, length)
        s.sums[v].duty = w.scratch.facts[2]
