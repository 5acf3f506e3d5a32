"""
Insert a shipment: the pickup at one spot, the delivery at the best spot behind it on the same trip.

The walk behind a pickup carries the clock and the load along and ends where the pickup alone would
make somebody late or the vehicle too full, so most walks are short.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from solver.search.chance import below, share
from solver.search.compiled import Truth, Whole, compiled, inlined
from solver.search.evaluate import duty_cost, route_cost
from solver.search.insertion import clocks_behind, latest_with, opening_price, worth_a_look
from solver.search.records import CHANGE
from solver.search.refit import idle_vehicle
from solver.search.state import sequence
from solver.search.steps import is_slot
from solver.search.timing import INF, drive, earliest, metres_between, seconds_between
from solver.search.workshop import BEHIND, CLOSED, DELIVER_BEHIND, RELOAD, SERIAL, VARIANT, VEHICLE

_BLINK = 0.01
_IDLE_TYPES = 6
_FAR_ROUTES = 8
_BESIDE_DELIVERY = 20
_WITH_RELOAD = 0.15


@compiled
def best_pair(m: Any, s: Any, w: Any, u: int, limit: int) -> Whole:
    """Find the cheapest pair of spots for pickup `u` and its delivery; fills `w.choice`."""
    best = limit
    w.tally[SERIAL] += 1
    mate = m.node[u].mate
    width = m.before.shape[1]
    behind = 2 * width
    beside_delivery = behind + 2 * min(_BESIDE_DELIVERY, width)
    k = 0
    while k < beside_delivery:
        # Behind the pickup's good predecessors, before its good successors, and beside the
        # delivery's good predecessors.
        at = k
        k += 1
        if at < width:
            i = m.before[u, at].node
            if i < 0:
                k = width
                continue
            if not _near_enough(m, s, w, i, i, u, m.before[u, at], best):
                continue
        elif at < behind:
            j = m.after[u, at - width].node
            if j < 0:
                k = behind
                continue
            i = s.link[j].prev
            if not _near_enough(m, s, w, j, i, u, m.after[u, at - width], best):
                continue
        else:
            i = m.before[mate, (at - behind) // 2].node
            if i < 0:
                break
            if s.link[i].owner != w.me:
                continue
            if (at - behind) % 2:
                i = s.link[i].prev
        best = _try(m, s, w, i, u, best)
    best = _try_idle(m, s, w, u, best)
    if best >= limit and not w.tally[CLOSED]:
        best = _try_far(m, s, w, u, best)
    return best


@inlined
def _near_enough(
    m: Any, s: Any, w: Any, neighbour: int, i: int, u: int, beside: Any, best: int
) -> Truth:
    """Tell whether the leg at the pickup, less the one that goes, costs less than `best`."""
    if s.link[neighbour].owner != w.me:
        return False
    if worth_a_look(m, s, i, u, beside, best):
        return True
    return bool(m.slots > 0 and share(w.chance) < _WITH_RELOAD)


@inlined
def _try(m: Any, s: Any, w: Any, i: int, u: int, best: int) -> Whole:
    """Try pickup `u` behind node `i`, of a route of this thread, once in this insertion."""
    v = s.link[i].route
    if not m.all_allowed and not m.allowed[m.fleet[v].kind, u]:
        return best
    if w.tried[i] == w.tally[SERIAL] or share(w.chance) < _BLINK:
        return best
    w.tried[i] = w.tally[SERIAL]
    if m.plain:
        return _walk_plain(m, s, w, v, i, u, best)
    return _walk(m, s, w, v, i, u, best)


@inlined
def _step(m: Any, w: Any, v: int, travel: int, rows: int, work: int) -> Truth:
    """Carry the clocks of all layers over one drive and one visit; False if no layer is in time."""
    layers = m.fleet[v].breaks_end - m.fleet[v].breaks + 1
    some = False
    for k in range(layers - 1, -1, -1):
        best: Any = np.int64(INF)
        for before in range(k + 1):
            clock = w.clocks[1, before]
            if clock < INF:
                begin = drive(m, v, clock, travel, before, k)
                if begin < INF:
                    begin = earliest(m, rows, begin)
                best = min(best, begin + work)
        w.clocks[1, k] = min(best, INF)
        some |= best < INF
    return some


@inlined
def _in_time(m: Any, s: Any, w: Any, v: int, travel: int, y: int, before: int) -> Truth:
    """Tell whether the clocks reach `y`, coming from place `before`, early enough."""
    layers = m.fleet[v].breaks_end - m.fleet[v].breaks + 1
    for taken in range(layers):
        clock = w.clocks[1, taken]
        if clock >= INF:
            continue
        for until in range(taken, layers):
            ready = drive(m, v, clock, travel, taken, until)
            if ready < INF and ready <= latest_with(m, s, v, y, until, before):
                return True
    return False


@inlined
def _delivery_in_time(
    m: Any, s: Any, w: Any, v: int, here: int, d: int, y: int, onward: int
) -> Truth:
    """Tell whether delivery `d` between a stop at `here` and node `y` keeps everything in time."""
    layers = m.fleet[v].breaks_end - m.fleet[v].breaks + 1
    travel = seconds_between(m, m.fleet[v].profile, here, s.link[d].place)
    work = m.node[d].service + (m.node[d].setup if here != s.link[d].place else 0)
    for taken in range(layers):
        clock = w.clocks[1, taken]
        if clock >= INF:
            continue
        for at in range(taken, layers):
            begin = drive(m, v, clock, travel, taken, at)
            if begin < INF:
                begin = earliest(m, m.node[d].wset, begin)
            if begin >= INF:
                continue
            for until in range(at, layers):
                ready = drive(m, v, begin + work, onward, at, until)
                if ready < INF and ready <= latest_with(m, s, v, y, until, s.link[d].place):
                    return True
    return False


@compiled
def _walk(m: Any, s: Any, w: Any, v: int, i: int, u: int, best: int) -> Whole:
    """Try pickup `u` behind `i` with every delivery spot behind it."""
    j = s.link[i].next
    if (j < m.n and m.node[j].lock) or s.sums[v].count + 2 > m.fleet[v].max_stops:
        return best
    d = m.node[u].mate
    profile = m.fleet[v].profile
    a, b, c, g = s.link[i].place, s.link[u].place, s.link[j].place, s.link[d].place
    to_pickup = metres_between(m, profile, a, b)
    direct = metres_between(m, profile, a, c)
    beside = to_pickup + metres_between(m, profile, b, c) - direct
    kind = m.fleet[v].kind
    base = m.unfamiliar[kind, m.node[u].area] + m.unfamiliar[kind, m.node[d].area]
    if s.sums[v].count == 0:
        base += opening_price(m, w, v, u) + m.fleet[v].per_metre * s.sums[v].metres
    there = seconds_between(m, profile, a, b)
    beside_seconds = there + seconds_between(m, profile, b, c) - seconds_between(m, profile, a, c)
    if s.sums[v].count > 0 and c >= 0:
        longer = beside_seconds + m.node[u].service + m.node[d].service
        least = m.fleet[v].per_metre * beside + m.fleet[v].summed_rate * longer
        if base + least >= best:
            return best
    if not _has_room(m, s, v, i, u):
        return best
    clocks_behind(m, s, w, v, i, m.node[u].release)
    for k in range(m.layers):
        w.clocks[1, k] = w.clocks[0, k]
    work = m.node[u].service + (m.node[u].setup if a != b else 0)
    if not _step(m, w, v, there, m.node[u].wset, work):
        return best
    x, here, y = u, b, j
    while True:
        target = s.link[y].place
        onward = seconds_between(m, profile, g, target)
        # What time costs is only estimated here, and settled by `_exact` for what looks good.
        metres = metres_between(m, profile, here, g) + metres_between(m, profile, g, target)
        seconds = seconds_between(m, profile, here, g) + onward
        if x == u:
            metres += to_pickup - direct
            seconds += there - seconds_between(m, profile, a, c)
        else:
            metres += beside - metres_between(m, profile, here, target)
            seconds += beside_seconds - seconds_between(m, profile, here, target)
        cost = base + m.fleet[v].per_metre * metres
        if m.summed and s.sums[v].count > 0 and not m.fleet[v].incremental:
            longer = seconds + m.node[u].service + m.node[d].service
            duty = s.sums[v].duty
            cost += duty_cost(m, v, duty + longer) - duty_cost(m, v, duty)
        if (
            cost < best
            and s.sums[v].metres + metres <= m.fleet[v].max_metres
            and s.sums[v].driving + seconds <= m.fleet[v].max_driving
            and not (y < m.n and m.node[y].lock)
            and _delivery_in_time(m, s, w, v, here, d, y, onward)
        ):
            if not m.fleet[v].incremental:
                cost = _exact(m, s, w, v, i, x, u)
            if cost < best:
                best = cost
                w.choice[VEHICLE] = v
                w.choice[BEHIND] = i
                w.choice[VARIANT] = 0
                w.choice[DELIVER_BEHIND] = i if x == u else x
        if y >= m.n or not _has_room(m, s, v, y, u):
            break
        travel = seconds_between(m, profile, here, target)
        if not _in_time(m, s, w, v, travel, y, here):
            break
        work_y = m.node[y].service + (m.node[y].setup if here != target else 0)
        if not _step(m, w, v, travel, m.node[y].wset, work_y):
            break
        x, here, y = y, target, s.link[y].next
    if m.slots > 0 and s.sums[v].count > 0 and share(w.chance) < _WITH_RELOAD:
        best = _try_reload(m, s, w, v, i, u, best)
    return best


@inlined
def _walk_plain(m: Any, s: Any, w: Any, v: int, i: int, u: int, best: int) -> Whole:
    """Do the same where one clock says all: no breaks, reloads, releases, one window a visit."""
    j = s.link[i].next
    if (j < m.n and m.node[j].lock) or s.sums[v].count + 2 > m.fleet[v].max_stops:
        return best
    d = m.node[u].mate
    profile, rate = m.fleet[v].profile, m.fleet[v].per_metre
    a, b, c, g = s.link[i].place, s.link[u].place, s.link[j].place, s.link[d].place
    to_pickup = metres_between(m, profile, a, b)
    direct: Any = np.int64(s.link[i].metres)
    beside = to_pickup + metres_between(m, profile, b, c) - direct
    base = m.unfamiliar[m.fleet[v].kind, m.node[u].area]
    base += m.unfamiliar[m.fleet[v].kind, m.node[d].area]
    idle = s.sums[v].count == 0
    if idle:
        base += opening_price(m, w, v, u) + rate * s.sums[v].metres
    elif base + rate * beside >= best and c >= 0:
        return best
    there = seconds_between(m, profile, a, b)
    clock = s.rows[i, 0] + there
    if clock > m.node[u].close or not _has_room(m, s, v, i, u):
        return best
    clock = max(clock, m.node[u].open) + m.node[u].service
    if a != b:
        clock += m.node[u].setup
    beside_seconds = there + seconds_between(m, profile, b, c) - s.link[i].seconds
    x, here, y = u, b, j
    while True:
        target = s.link[y].place
        ready = clock + seconds_between(m, profile, here, g)
        if ready > m.node[d].close:
            # Every later spot is reached later still.
            break
        metres = metres_between(m, profile, here, g) + metres_between(m, profile, g, target)
        if x == u:
            metres += to_pickup - direct
        else:
            metres += beside - s.link[x].metres
        if base + rate * metres < best and not (y < m.n and m.node[y].lock):
            onward = seconds_between(m, profile, g, target)
            seconds = seconds_between(m, profile, here, g) + onward
            if x == u:
                seconds += there - s.link[i].seconds
            else:
                seconds += beside_seconds - s.link[x].seconds
            ready = max(ready, m.node[d].open) + m.node[d].service + onward
            if here != g:
                ready += m.node[d].setup
            if (
                s.sums[v].metres + metres <= m.fleet[v].max_metres
                and s.sums[v].driving + seconds <= m.fleet[v].max_driving
                and ready <= latest_with(m, s, v, y, 0, g)
            ):
                cost = base + rate * metres
                if not m.fleet[v].incremental:
                    cost = _exact(m, s, w, v, i, x, u)
                if cost < best:
                    best = cost
                    w.choice[VEHICLE] = v
                    w.choice[BEHIND] = i
                    w.choice[VARIANT] = 0
                    w.choice[DELIVER_BEHIND] = i if x == u else x
        if y >= m.n or not _has_room(m, s, v, y, u):
            break
        if not idle and base + rate * beside >= best and c >= 0:
            break
        clock += seconds_between(m, profile, here, target)
        if clock > latest_with(m, s, v, y, 0, here):
            break
        clock = max(clock, m.node[y].open) + m.node[y].service
        if here != target:
            clock += m.node[y].setup
        x, here, y = y, target, s.link[y].next
    return best


@inlined
def _has_room(m: Any, s: Any, v: int, x: int, u: int) -> Truth:
    """Tell whether the goods of `u` have room on board when leaving node `x`."""
    for d in range(m.dimensions):
        if s.rows[x, m.c_load + 4 * d] + m.amount[u, d, CHANGE] > m.capacity[v, d]:
            return False
    return True


@compiled
def _exact(m: Any, s: Any, w: Any, v: int, i: int, x: int, u: int) -> Whole:
    """Return what the route costs more with pickup `u` behind `i` and its delivery behind `x`."""
    length = 0
    y = m.n + v
    end = y + m.vehicles
    while y != end:
        if y < m.n:
            w.variant[length] = y
            length += 1
        elif is_slot(m, y):
            w.variant[length] = -1 - s.slots[y - m.n - 2 * m.vehicles].reload
            length += 1
        if y == i:
            w.variant[length] = u
            length += 1
            if x == u:
                w.variant[length] = m.node[u].mate
                length += 1
        if y == x:
            w.variant[length] = m.node[u].mate
            length += 1
        y = s.link[y].next
    cost = route_cost(m, w.scratch, v, w.variant, length)
    # What is repaired on the way counts as free.
    return INF if cost >= INF else cost - min(s.sums[v].cost, cost)


@compiled
def _try_reload(m: Any, s: Any, w: Any, v: int, i: int, u: int, best: int) -> Whole:
    """Try the pair as a trip of its own: a reload before it or behind it."""
    free = False
    for slot in range(m.fleet[v].slots, m.fleet[v].slots_end):
        free |= s.slots[slot].reload < 0
    if not free or s.link[i].next < m.n:
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
            w.variant[at + 1] = u if variant == 1 else m.node[u].mate
            w.variant[at + 2] = m.node[u].mate if variant == 1 else -1 - r
            for k in range(at, length):
                w.variant[k + 3] = w.sequence[k]
            cost = route_cost(m, w.scratch, v, w.variant, length + 3)
            if cost >= INF:
                continue
            cost -= min(s.sums[v].cost, cost)
            if cost < best:
                best = cost
                w.choice[VEHICLE] = v
                w.choice[BEHIND] = i
                w.choice[VARIANT] = variant
                w.choice[RELOAD] = r
                w.choice[DELIVER_BEHIND] = i
    return best


@compiled
def _try_idle(m: Any, s: Any, w: Any, u: int, best: int) -> Whole:
    if w.tally[CLOSED]:
        return best
    tried = 0
    low = m.groups[m.node[u].group].first
    kinds = m.groups[m.node[u].group].end - low
    first = below(w.chance, kinds) if kinds > 1 else 0
    for k in range(kinds):
        t = m.group_kinds[low + (first + k) % kinds]
        v = idle_vehicle(m, s, w, t)
        if v < 0:
            continue
        i = m.n + v
        while i < m.n + m.vehicles or is_slot(m, i):
            best = _walk(m, s, w, v, i, u, best)
            i = s.link[i].next
        tried += 1
        if tried >= _IDLE_TYPES:
            break
    return best


@compiled
def _try_far(m: Any, s: Any, w: Any, u: int, best: int) -> Whole:
    tried = 0
    first = below(w.chance, m.vehicles)
    for k in range(m.vehicles):
        v = (first + k) % m.vehicles
        if s.sums[v].count == 0 or s.sums[v].owner != w.me or not m.allowed[m.fleet[v].kind, u]:
            continue
        end = m.n + m.vehicles + v
        i = m.n + v
        while i != end:
            best = _try(m, s, w, i, u, best)
            i = s.link[i].next
        tried += 1
        if tried >= _FAR_ROUTES:
            break
    return best
