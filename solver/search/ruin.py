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
from solver.search.compiled import compiled
from solver.search.state import free_slot, is_slot, rest, retime, unlink
from solver.search.workshop import ABSENT, ITERATION, MINE, PENDING, TOUCHED, touch

_KEEP_SPLIT = 0.5
_GROW_SPLIT = 0.01
_ABSENT_TRIED = 12


@compiled
def ruin(m: Any, s: Any, w: Any, removals: float, longest: float) -> None:
    """
    Remove strings around a random seed; what is removed waits in `w.pending`.

    Parameters
    ----------
    removals
        Visits to remove on average.
    longest
        Longest string.
    """
    seed = w.visits[below(w.chance, w.tally[MINE])].mine
    most = 4.0 * removals / (1.0 + longest) - 1.0
    strings = int(1.0 + share(w.chance) * most)
    done = 0
    for k in range(m.near.shape[1]):
        if done >= strings:
            break
        c = m.near[seed, k]
        if c < 0:
            break
        v = s.link[c].route
        if v < 0 or s.sums[v].owner != w.me or w.vehicles[v].stamp == w.tally[ITERATION]:
            continue
        touch(m, s, w, v)
        limit = min(float(s.sums[v].count), longest)
        _remove_string(m, s, w, v, c, int(1.0 + share(w.chance) * limit))
        done += 1
    for number in range(w.tally[TOUCHED]):
        settle(m, s, w, w.vehicles[number].touched)
    _recall_absent(m, s, w, seed)


@compiled
def _remove_string(m: Any, s: Any, w: Any, v: int, c: int, length: int) -> None:
    """Remove `length` visits around `c`, half of the time sparing some in the middle."""
    spared = 0
    if length > 1 and share(w.chance) < _KEEP_SPLIT:
        spared = 1
        while length + spared < s.sums[v].count and share(w.chance) > _GROW_SPLIT:
            spared += 1
            if spared >= length:
                break
        spared = min(spared, s.sums[v].count - length)
    whole = length + spared
    # Walk back from c over at most whole - 1 visits, then pick where the string begins.
    back = below(w.chance, whole)
    first = c
    steps = 0
    x = c
    while steps < back:
        x = s.link[x].prev
        if x >= m.n:
            if not is_slot(m, x):
                break
            continue
        first = x
        steps += 1
    skip_from = 1 + below(w.chance, length) if spared else whole
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
def settle(m: Any, s: Any, w: Any, v: int) -> None:
    """Bring a ruined route up to date: no empty trips by choice, no visits means at home."""
    start = m.n + v
    end = start + m.vehicles
    visits = 0
    x = s.link[start].next
    while x != end:
        after = s.link[x].next
        if x < m.n:
            visits += 1
        elif not m.reloads[
            m.fleet[v].reloads + s.slots[x - m.n - 2 * m.vehicles].reload
        ].required and (s.link[x].prev == start or s.link[x].prev >= m.n or after == end):
            free_slot(m, s, x)
        x = after
    if visits == 0:
        rest(m, s, v)
        kind = m.fleet[v].kind
        w.hint[kind] = 0
    else:
        retime(m, s, v)


@compiled
def _recall_absent(m: Any, s: Any, w: Any, seed: int) -> None:
    """Give visits that are left out another chance: all when few, else some."""
    absent = w.tally[ABSENT]
    if absent <= _ABSENT_TRIED:
        for k in range(absent):
            w.visits[w.tally[PENDING]].pending = w.visits[k].absent
            w.tally[PENDING] += 1
        return
    first = below(w.chance, absent)
    for k in range(_ABSENT_TRIED):
        w.visits[w.tally[PENDING]].pending = w.visits[(first + k) % absent].absent
        w.tally[PENDING] += 1
