"""
The fleet's mix: whole routes on other kinds of vehicle, and vehicles whose price is paid ahead.

Where kinds differ in price or size, no insertion by itself makes a dearer vehicle worth while: its
price has to be carried by many visits together. So now and then one idle vehicle counts as paid
for while an iteration rebuilds what it took apart; what comes out is judged at the full price. And
a route may change its vehicle as a whole, alone or with another route.

References
----------
Whole-route exchanges between vehicle types: P. H. V. Penna, A. Subramanian and L. S. Ochi, "An
Iterated Local Search heuristic for the Heterogeneous Fleet Vehicle Routing Problem", Journal of
Heuristics 19, 2013.
"""

from __future__ import annotations

from typing import Any

from solver.search.chance import below, share
from solver.search.compiled import Truth, Whole, compiled, inlined
from solver.search.costs import settle_cost
from solver.search.evaluate import route_cost
from solver.search.records import INF
from solver.search.state import drive_order, rest, sequence
from solver.search.workshop import TOUCHED, touch

_TRIES = 8


@compiled
def idle_vehicle(m: Any, s: Any, w: Any, t: int) -> Whole:
    """Return an idle vehicle of a type that this thread may use, -1 if there is none."""
    low, high = m.kinds[t].first, m.kinds[t].end
    for k in range(low + w.hint[t], high):
        v = m.fleet[k].in_order_of_kind
        if s.sums[v].count == 0 and s.sums[v].owner == w.me:
            w.hint[t] = k - low
            return v
    return -1


@compiled
def idle_for(m: Any, s: Any, w: Any, u: int) -> Whole:
    """Return an idle vehicle of some type that may do visit `u`, -1 if a draw finds none."""
    t = _kind_for(m, w, u)
    return idle_vehicle(m, s, w, t) if t >= 0 else -1


@inlined
def _kind_for(m: Any, w: Any, u: int) -> Whole:
    """Draw a kind of vehicle that may do visit `u`, -1 if there is none."""
    low = m.groups[m.node[u].group].first
    kinds = m.groups[m.node[u].group].end - low
    return m.group_kinds[low + below(w.chance, kinds)] if kinds > 0 else -1


@compiled
def refit(m: Any, s: Any, w: Any) -> None:
    """Give a touched route to a vehicle of another kind, or swap it, where that is cheaper."""
    if w.tally[TOUCHED] == 0:
        return
    v = w.vehicles[below(w.chance, w.tally[TOUCHED])].touched
    if s.sums[v].count == 0 or s.sums[v].cost >= INF:
        return
    x = s.link[m.n + v].next
    while x >= m.n:
        x = s.link[x].next
    t = _kind_for(m, w, x)
    if t < 0 or t == m.fleet[v].kind:
        return
    other = idle_vehicle(m, s, w, t) if share(w.chance) < 0.5 else -1
    if other < 0:
        other = _busy_vehicle(m, s, w, t)
    if other < 0 or not _alike(m, v, other) or _locked(m, s, v) or _locked(m, s, other):
        return
    length = sequence(m, s, v, w.sequence)
    theirs = sequence(m, s, other, w.variant) if s.sums[other].count else 0
    now = s.sums[v].cost + s.sums[other].cost
    then = route_cost(m, w.scratch, other, w.sequence, length)
    if theirs and then < now:
        then += route_cost(m, w.scratch, v, w.variant, theirs)
    if then >= now:
        return
    touch(m, s, w, v)
    touch(m, s, w, other)
    drive_order(m, s, other, w.sequence, length)
    if theirs:
        drive_order(m, s, v, w.variant, theirs)
    else:
        rest(m, s, v)
        w.hint[m.fleet[v].kind] = 0
    # Costs last: settling one may write over the sequences.
    settle_cost(m, s, w, other)
    settle_cost(m, s, w, v)


@compiled
def _busy_vehicle(m: Any, s: Any, w: Any, t: int) -> Whole:
    """Return a vehicle of a type that has a route of this thread, -1 if a few tries find none."""
    low, high = m.kinds[t].first, m.kinds[t].end
    for _ in range(_TRIES):
        v = m.fleet[low + below(w.chance, high - low)].in_order_of_kind
        if s.sums[v].count > 0 and s.sums[v].cost < INF and s.sums[v].owner == w.me:
            return v
    return -1


@compiled
def _alike(m: Any, a: int, b: int) -> Truth:
    """Tell whether two vehicles reload alike, so that a route's reloads mean the same on both."""
    count = m.fleet[a].reloads_end - m.fleet[a].reloads
    if m.fleet[b].reloads_end - m.fleet[b].reloads != count:
        return False
    if m.fleet[a].slots_end - m.fleet[a].slots != m.fleet[b].slots_end - m.fleet[b].slots:
        return False
    for r in range(count):
        if m.reloads[m.fleet[a].reloads + r].place != m.reloads[m.fleet[b].reloads + r].place:
            return False
    return True


@compiled
def _locked(m: Any, s: Any, v: int) -> Truth:
    """Tell whether the route begins with visits that this very vehicle has to make."""
    x = s.link[m.n + v].next
    return bool(x < m.n and m.node[x].lock)
