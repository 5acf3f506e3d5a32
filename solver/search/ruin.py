"""
Ruin: take strings of neighbouring visits out of routes that lie side by side.

References
----------
J. Christiaens and G. Vanden Berghe, "Slack Induction by String Removals for Vehicle Routing
Problems", Transportation Science 54(2), 2020.
"""

from __future__ import annotations

from typing import Any

from solver.search.chance import below, share
from solver.search.compiled import Truth, Whole, compiled
from solver.search.costs import settle_cost
from solver.search.state import clear, free_slot, rest, retime, take_slot, unlink
from solver.search.steps import is_slot
from solver.search.workshop import (
    ABSENT,
    CLOSED,
    ITERATION,
    PENDING,
    TOUCHED,
    touch,
)

_KEEP_SPLIT = 0.5
_GROW_SPLIT = 0.01
_ABSENT_TRIED = 12
_RECALL = 0.2
_SHIFT_RELOADS = 0.1
_DROP_EMPTY = 0.8
_BARE = 0.2
_WHOLE_ROUTES = 3
_MOST_AT_ONCE = 150


@compiled
def ruin(m: Any, s: Any, w: Any, seed: int, removals: float, longest: float) -> None:
    """
    Remove strings around a seed; what is removed waits in `w.pending`.

    Parameters
    ----------
    seed
        A visit, on a route or left out.
    removals
        Visits to remove on average.
    longest
        Longest string.
    """
    most = 4.0 * removals / (1.0 + longest) - 1.0
    strings = int(1.0 + share(w.chance) * most)
    done = 0
    for k in range(m.near.shape[1]):
        if done >= strings:
            break
        c = m.near[seed, k]
        if c < 0:
            break
        if s.link[c].owner != w.me:
            continue
        v = s.link[c].route
        if w.vehicles[v].stamp == w.tally[ITERATION]:
            continue
        touch(m, s, w, v)
        limit = min(float(s.sums[v].count), longest)
        _remove_string(m, s, w, v, c, int(1.0 + share(w.chance) * limit))
        done += 1
    for number in range(w.tally[TOUCHED]):
        v = w.vehicles[number].touched
        if m.slots > 0 and share(w.chance) < _SHIFT_RELOADS:
            _shift_reloads(m, s, w, v)
        settle(m, s, w, v)
    _recall_absent(m, s, w, seed)


@compiled
def ruin_routes(m: Any, s: Any, w: Any, seed: int) -> None:
    """Remove one to three whole routes around a seed, for other vehicles to take over."""
    routes = 1 + below(w.chance, _WHOLE_ROUTES)
    for k in range(m.near.shape[1]):
        if routes == 0:
            break
        c = m.near[seed, k]
        if c < 0:
            break
        if s.link[c].owner != w.me:
            continue
        v = s.link[c].route
        if w.vehicles[v].stamp == w.tally[ITERATION]:
            continue
        if w.tally[PENDING] > 0 and w.tally[PENDING] + s.sums[v].count > _MOST_AT_ONCE:
            break
        touch(m, s, w, v)
        x = s.link[m.n + v].next
        while x < m.n or is_slot(m, x):
            after = s.link[x].next
            if x < m.n:
                if m.node[x].mate >= 0 and after == m.node[x].mate:
                    after = s.link[after].next
                take_out(m, s, w, x)
            x = after
        settle(m, s, w, v)
        routes -= 1
    _recall_absent(m, s, w, seed)


@compiled
def _remove_string(m: Any, s: Any, w: Any, v: int, c: int, length: int) -> None:
    """Remove `length` visits around `c`, half of the time sparing some in between."""
    spared = 0
    if length > 1 and length < s.sums[v].count and share(w.chance) < _KEEP_SPLIT:
        spared = 1
        while length + spared < s.sums[v].count and share(w.chance) < _GROW_SPLIT:
            spared += 1
    whole = length + spared
    behind = _visits_behind(m, s, c, whole - 1)
    before = 0
    first = x = c
    # The string may begin so far before c that it still contains c, and so near that it fits.
    back = whole - 1 - behind + below(w.chance, behind + 1)
    while before < back:
        x = s.link[x].prev
        if x >= m.n:
            if not is_slot(m, x):
                break
            continue
        first = x
        before += 1
    skip_from = 1 + below(w.chance, length - 1) if spared else whole
    number = 0
    x = first
    while number < whole:
        if x >= m.n:
            if not is_slot(m, x):
                break
            x = s.link[x].next
            continue
        after = s.link[x].next
        if not skip_from <= number < skip_from + spared:
            if m.node[x].mate >= 0 and after == m.node[x].mate:
                after = s.link[after].next
            take_out(m, s, w, x)
        number += 1
        x = after


@compiled
def _visits_behind(m: Any, s: Any, c: int, most: int) -> Whole:
    """Count the visits behind `c` on its route, up to `most`."""
    found = 0
    x = s.link[c].next
    while found < most and (x < m.n or is_slot(m, x)):
        if x < m.n:
            found += 1
        x = s.link[x].next
    return found


@compiled
def take_out(m: Any, s: Any, w: Any, u: int) -> None:
    """Unlink a visit and its mate; it waits in `w.pending` (as the pickup, for a shipment)."""
    if m.node[u].lock:
        return
    mate = m.node[u].mate
    unlink(s, u)
    if mate >= 0:
        unlink(s, mate)
        if not m.node[u].is_pickup:
            u = mate
    w.visits[w.tally[PENDING]].pending = u
    w.tally[PENDING] += 1


@compiled
def _shift_reloads(m: Any, s: Any, w: Any, v: int) -> None:
    """Drop a reload of the route, or put one in anywhere, or both: moves no insertion makes."""
    first = m.n + 2 * m.vehicles
    draw = below(w.chance, 3)
    length = s.sums[v].count
    again = -1
    if draw < 2:
        low, high = m.fleet[v].slots, m.fleet[v].slots_end
        if high > low:
            slot = low + below(w.chance, high - low)
            if s.slots[slot].reload >= 0:
                if m.reloads[m.fleet[v].reloads + s.slots[slot].reload].required:
                    # Without it the route would only be refused.
                    again = s.slots[slot].reload
                free_slot(m, s, first + slot)
    reloads = m.fleet[v].reloads_end - m.fleet[v].reloads
    if (draw > 0 or again >= 0) and reloads > 0:
        i = m.n + v
        end = i + m.vehicles
        for _ in range(below(w.chance, length + 1)):
            if s.link[i].next == end:
                break
            i = s.link[i].next
        j = s.link[i].next
        if not (j < m.n and m.node[j].lock) and not _inside_pair(m, s, i):
            take_slot(m, s, v, i, again if again >= 0 else below(w.chance, reloads))


@compiled
def _inside_pair(m: Any, s: Any, i: int) -> Truth:
    """Tell whether goods of a shipment are on board behind node `i`."""
    carried = 0
    x = i
    while x < m.n or is_slot(m, x):
        if x < m.n and m.node[x].mate >= 0:
            carried += 1 if m.node[x].is_pickup else -1
        x = s.link[x].prev
    return carried != 0


@compiled
def settle(m: Any, s: Any, w: Any, v: int) -> None:
    """Bring a ruined route up to date: few empty trips, and no visits means at home."""
    start = m.n + v
    end = start + m.vehicles
    visits = 0
    x = s.link[start].next
    while x != end:
        after = s.link[x].next
        if x < m.n:
            visits += 1
        elif s.link[x].prev == start or s.link[x].prev >= m.n or after == end:
            which = m.fleet[v].reloads + s.slots[x - m.n - 2 * m.vehicles].reload
            if not m.reloads[which].required and share(w.chance) < _DROP_EMPTY:
                free_slot(m, s, x)
        x = after
    if visits == 0:
        if m.slots > 0 and share(w.chance) < _BARE:
            clear(m, s, v)
            retime(m, s, v)
        else:
            rest(m, s, v)
        w.hint[m.fleet[v].kind] = 0
    else:
        retime(m, s, v)
    settle_cost(m, s, w, v)


@compiled
def _recall_absent(m: Any, s: Any, w: Any, seed: int) -> None:
    """
    Give visits that are left out another chance: the seed always, else all when few, or some.

    To look for room that is not there takes longer than to insert, so most iterations do without.
    """
    absent = w.tally[ABSENT]
    if absent == 0:
        return
    if w.tally[CLOSED] or share(w.chance) < _RECALL:
        first = below(w.chance, absent) if absent > _ABSENT_TRIED else 0
        for k in range(min(absent, _ABSENT_TRIED)):
            w.visits[w.tally[PENDING]].pending = w.visits[(first + k) % absent].absent
            w.tally[PENDING] += 1
    elif s.link[seed].route < 0:
        seed = seed if m.node[seed].mate < 0 or m.node[seed].is_pickup else m.node[seed].mate
        for k in range(absent):
            if w.visits[k].absent == seed:
                w.visits[w.tally[PENDING]].pending = seed
                w.tally[PENDING] += 1
