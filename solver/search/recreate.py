"""
Recreate: put waiting visits back, one after another, each at its best spot nearby, with blinks.

References
----------
J. Christiaens and G. Vanden Berghe, Transportation Science 54(2), 2020 (orders and blinks).
"""

from __future__ import annotations

from typing import Any

import numpy as np

from solver.search.chance import below, share
from solver.search.compiled import Truth, Whole, compiled, inlined
from solver.search.costs import settle_cost
from solver.search.evaluate import route_cost
from solver.search.insertion import insertion_cost, promising, worth_a_look
from solver.search.pairs import best_pair
from solver.search.refit import idle_vehicle
from solver.search.state import insert, join, retime, sequence, take_slot, unlink
from solver.search.steps import is_slot
from solver.search.timing import INF, metres_between, seconds_between
from solver.search.workshop import (
    BEHIND,
    CLOSED,
    DELIVER_BEHIND,
    PAID,
    PENDING,
    RELOAD,
    VARIANT,
    VEHICLE,
    touch,
)

_BLINK = 0.01
_IDLE_TYPES = 6
_FAR_ROUTES = 8
_TRIES = 4
_WITH_RELOAD = 0.15
_HARD_FIRST = 0.5
_RANDOM, _SIZE, _FAR, _CLOSE, _NARROW, _EARLY, _LATE, _HARD = range(8)


@compiled
def recreate(m: Any, s: Any, w: Any) -> None:
    """Insert everything in `w.pending`; what finds no spot stays with route -1."""
    sort_pending(m, s, w)
    for k in range(w.tally[PENDING]):
        place_visit(m, s, w, w.visits[k].pending)


@compiled
def sort_pending(m: Any, s: Any, w: Any) -> None:
    """Put the waiting visits in one of several orders, drawn by weight."""
    count = w.tally[PENDING]
    timed = m.sets.shape[0] > 2
    draw = below(w.chance, 17 if timed else 11)
    if w.tally[CLOSED] and share(w.chance) < _HARD_FIRST:
        order = _HARD
    elif draw < 4:
        order = _RANDOM
    elif draw < 8:
        order = _SIZE
    elif draw < 10:
        order = _FAR
    elif draw < 11:
        order = _CLOSE
    elif draw < 13:
        order = _NARROW
    elif draw < 15:
        order = _EARLY
    else:
        order = _LATE
    for k in range(count):
        w.visits[k].key = _key(m, s, w, order, w.visits[k].pending)
    # Shell's sort: short lists are the rule, and no memory is asked for.
    gap = count // 2
    while gap > 0:
        for k in range(gap, count):
            key = w.visits[k].key
            u = w.visits[k].pending
            j = k - gap
            while j >= 0 and w.visits[j].key > key:
                w.visits[j + gap].key = w.visits[j].key
                w.visits[j + gap].pending = w.visits[j].pending
                j -= gap
            w.visits[j + gap].key = key
            w.visits[j + gap].pending = u
        gap //= 2


@compiled
def _key(m: Any, s: Any, w: Any, order: int, u: int) -> Whole:
    if order == _RANDOM:
        return share(w.chance)
    if order == _HARD:
        return -float(s.absences[u]) + share(w.chance)
    if order == _SIZE:
        return -float(m.node[u].size) + 1e-3 * share(w.chance)
    if order in (_FAR, _CLOSE):
        away = float(m.node[u].home)
        return -away if order == _FAR else away
    rows = m.node[u].wset
    low, high = m.sets[rows].first, m.sets[rows].end
    if low == high:
        return float(INF)
    if order == _NARROW:
        return float(m.windows[high - 1].end - m.windows[low].start)
    if order == _EARLY:
        return float(m.windows[low].start)
    return -float(m.windows[high - 1].end)


@compiled
def place_visit(m: Any, s: Any, w: Any, u: int) -> Truth:
    """Insert one waiting visit (with its mate) where it costs least; False if nowhere."""
    limit = m.node[u].skip
    if m.node[u].mate >= 0:
        if best_pair(m, s, w, u, limit) >= limit:
            return False
        return _apply_pair(m, s, w, u)
    ban = share(w.chance)
    mark: Any = np.int64(ban * (1 << 60) + 1)
    for _ in range(_TRIES):
        if best_spot(m, s, w, u, limit, mark) >= limit:
            return False
        v = w.choice[VEHICLE]
        touch(m, s, w, v)
        _apply(m, s, w, u)
        settle_cost(m, s, w, v)
        if s.sums[v].cost < INF:
            return True
        unlink(s, u)
        retime(m, s, v)
        settle_cost(m, s, w, v)
        w.vehicles[v].banned = mark
    return False


@compiled
def best_spot(m: Any, s: Any, w: Any, u: int, limit: int, mark: int) -> Whole:
    """Find the cheapest spot beside the visit's neighbours or on an idle vehicle."""
    best = limit
    width = m.before.shape[1]
    k = 0
    while k < 2 * width:
        # First behind the good predecessors, then before the good successors.
        first = k < width
        beside = m.before[u, k] if first else m.after[u, k - width]
        i = beside.node
        if i < 0:
            if not first:
                break
            k = width
            continue
        k += 1
        if s.link[i].owner != w.me:
            continue
        if not first:
            i = s.link[i].prev
        # A look at the list and at the neighbour's own record sorts most spots out.
        if worth_a_look(m, s, i, u, beside, best):
            best = _try(m, s, w, i, u, best, mark)
    if not w.tally[CLOSED]:
        best = _try_some(m, s, w, _idle_spots(m, s, w, u, mark), u, best, mark)
        if best >= limit:
            best = _try_some(m, s, w, _far_spots(m, s, w, u, mark), u, best, mark)
    return best


@inlined
def _open_to(m: Any, w: Any, v: int, u: int, mark: int) -> Truth:
    return bool((m.all_allowed or m.allowed[m.fleet[v].kind, u]) and w.vehicles[v].banned != mark)


@inlined
def _try(m: Any, s: Any, w: Any, i: int, u: int, best: int, mark: int) -> Whole:
    """Try the spot behind node `i`."""
    v = s.link[i].route
    cost: Any = np.int64(INF)
    if v == w.tally[PAID] or promising(m, s, v, i, u, best):
        cost = insertion_cost(m, s, w, v, i, u, best)
    if cost < best:
        # A spot that is not better changes nothing, so only these need to be looked away from.
        if share(w.chance) >= _BLINK and _open_to(m, w, v, u, mark):
            best = cost
            w.choice[VEHICLE] = v
            w.choice[BEHIND] = i
            w.choice[VARIANT] = 0
    elif m.slots > 0 and share(w.chance) < _WITH_RELOAD:
        best = _try_reload(m, s, w, v, i, u, best, mark)
    return best


@compiled
def _try_some(m: Any, s: Any, w: Any, count: int, u: int, best: int, mark: int) -> Whole:
    """Try the spots that `w.spots` lists."""
    for k in range(count):
        best = _try(m, s, w, w.spots[k], u, best, mark)
    return best


@compiled
def _try_reload(m: Any, s: Any, w: Any, v: int, i: int, u: int, best: int, mark: int) -> Whole:
    """Try a reload just before or just after the visit behind node `i`."""
    profile = m.fleet[v].profile
    a, b, c = s.link[i].place, s.link[u].place, s.link[s.link[i].next].place
    metres = metres_between(m, profile, a, b) + metres_between(m, profile, b, c)
    least = m.fleet[v].per_metre * (metres - s.link[i].metres)
    if m.summed:
        seconds = seconds_between(m, profile, a, b) + seconds_between(m, profile, b, c)
        longer = seconds + m.node[u].service - s.link[i].seconds
        least += m.fleet[v].summed_rate * longer
    if least >= best:
        # The reload only makes the detour longer, and to cost a route is dear.
        return best
    if s.sums[v].count == 0 or not _open_to(m, w, v, u, mark):
        return best
    free = False
    for slot in range(m.fleet[v].slots, m.fleet[v].slots_end):
        free |= s.slots[slot].reload < 0
    if not free or (s.link[i].next < m.n and m.node[s.link[i].next].lock):
        return best
    length = sequence(m, s, v, w.sequence)
    at = 0
    x = s.link[m.n + v].next
    while x != s.link[i].next:
        at += 1
        x = s.link[x].next
    for r in range(m.fleet[v].reloads_end - m.fleet[v].reloads):
        for variant in (1, 2):
            for k in range(at):
                w.variant[k] = w.sequence[k]
            w.variant[at] = -1 - r if variant == 1 else u
            w.variant[at + 1] = u if variant == 1 else -1 - r
            for k in range(at, length):
                w.variant[k + 2] = w.sequence[k]
            cost = route_cost(m, w.scratch, v, w.variant, length + 2)
            if cost >= INF:
                continue
            cost -= min(s.sums[v].cost, cost)
            if cost < best:
                best = cost
                w.choice[VEHICLE] = v
                w.choice[BEHIND] = i
                w.choice[VARIANT] = variant
                w.choice[RELOAD] = r
    return best


@inlined
def _idle_spots(m: Any, s: Any, w: Any, u: int, mark: int) -> Whole:
    """List the spots of one idle vehicle of each of some types; return how many they are."""
    count = 0
    tried = 0
    low = m.groups[m.node[u].group].first
    kinds = m.groups[m.node[u].group].end - low
    first = below(w.chance, kinds) if kinds > 1 else 0
    paid = w.tally[PAID]
    for k in range(kinds):
        v = idle_vehicle(m, s, w, m.group_kinds[low + (first + k) % kinds])
        if v < 0 or v == paid or w.vehicles[v].banned == mark:
            continue
        i = m.n + v
        while i < m.n + m.vehicles or is_slot(m, i):
            w.spots[count] = i
            count += 1
            i = s.link[i].next
        tried += 1
        if tried >= _IDLE_TYPES:
            break
    if paid >= 0 and s.sums[paid].count == 0 and w.vehicles[paid].banned != mark:
        w.spots[count] = m.n + paid
        count += 1
    return count


@inlined
def _far_spots(m: Any, s: Any, w: Any, u: int, mark: int) -> Whole:
    """List all spots of some routes, for where no neighbour helps; return how many they are."""
    count = 0
    tried = 0
    first = below(w.chance, m.vehicles)
    for k in range(m.vehicles):
        v = (first + k) % m.vehicles
        if s.sums[v].count == 0 or s.sums[v].owner != w.me or not _open_to(m, w, v, u, mark):
            continue
        end = m.n + m.vehicles + v
        i = m.n + v
        while i != end:
            w.spots[count] = i
            count += 1
            i = s.link[i].next
        tried += 1
        if tried >= _FAR_ROUTES:
            break
    return count


@compiled
def _apply(m: Any, s: Any, w: Any, u: int) -> None:
    v, i, variant = w.choice[VEHICLE], w.choice[BEHIND], w.choice[VARIANT]
    if variant == 0:
        insert(m, s, v, u, i)
        return
    s.link[u].route = v
    s.link[u].owner = w.me
    if variant == 1:
        i = take_slot(m, s, v, i, w.choice[RELOAD])
        join(s, i, u)
    else:
        join(s, i, u)
        take_slot(m, s, v, u, w.choice[RELOAD])
    retime(m, s, v)


@compiled
def _apply_pair(m: Any, s: Any, w: Any, u: int) -> Truth:
    v = w.choice[VEHICLE]
    touch(m, s, w, v)
    i, j = w.choice[BEHIND], w.choice[DELIVER_BEHIND]
    mate = m.node[u].mate
    s.link[u].route = s.link[mate].route = v
    s.link[u].owner = s.link[mate].owner = w.me
    if w.choice[VARIANT] == 1:
        i = take_slot(m, s, v, i, w.choice[RELOAD])
    join(s, i, u)
    join(s, u if j == w.choice[BEHIND] else j, mate)
    if w.choice[VARIANT] == 2:
        take_slot(m, s, v, mate, w.choice[RELOAD])
    retime(m, s, v)
    settle_cost(m, s, w, v)
    return True
