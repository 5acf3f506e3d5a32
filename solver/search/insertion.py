"""
What it costs to put one visit at one spot, and whether it fits: constant time per spot.

The test is exact for time, load, distance and stops, breaks included. The cost is exact where it
follows from distance (and from segments, where those are exact), else a close estimate that ranks
the spots; what a route really costs is always settled by `route_cost` afterwards.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from solver.search.compiled import Truth, Whole, compiled, inlined
from solver.search.evaluate import duty_cost
from solver.search.records import BROUGHT, CHANGE, TAKEN
from solver.search.steps import merge, windows_at, work_at
from solver.search.timing import INF, drive, earliest, last_open, metres_between, seconds_between
from solver.search.workshop import BY_SHARE, PAID


@inlined
def _work_added(m: Any, s: Any, i: int, j: int, u: int) -> Whole:
    """Return the seconds of work that `u` between `i` and `j` adds, setting up included."""
    a, b = s.link[i].place, s.link[u].place
    work = m.node[u].service + (m.node[u].setup if a != b else 0)
    if j < m.n and m.node[j].setup:
        c = s.link[j].place
        work += m.node[j].setup * (np.int64(b != c) - np.int64(a != c))
    return work


@inlined
def worth_a_look(m: Any, s: Any, i: int, u: int, beside: Any, best: int) -> Truth:
    """
    Sort out spots behind `i` by one leg alone: the neighbour's, less the leg that goes.

    Parameters
    ----------
    beside
        The neighbour's record: what the leg between it and `u` takes at least.
    """
    v = s.link[i].route
    rate = m.one_rate if m.one_rate >= 0 else m.fleet[v].per_metre
    bound = rate * (np.int64(beside.metres) - s.link[i].metres)
    if m.summed:
        longer = np.int64(beside.seconds) + m.node[u].service - s.link[i].seconds
        bound += m.fleet[v].summed_rate * longer
    return bool(bound < best)


@inlined
def promising(m: Any, s: Any, v: int, i: int, u: int, cut: int) -> Truth:
    """
    Sort out spots that cannot be better, by distance, load and time, before anything else is read.

    True does not mean that the visit fits; False means that it does not, or costs `cut` or more.
    """
    if not m.all_allowed and not m.allowed[m.fleet[v].kind, u]:
        return False
    j = s.link[i].next
    profile = m.fleet[v].profile
    a, b, c = s.link[i].place, s.link[u].place, s.link[j].place
    metres = metres_between(m, profile, a, b) + metres_between(m, profile, b, c)
    rate = m.one_rate if m.one_rate >= 0 else m.fleet[v].per_metre
    cost = rate * (metres - s.link[i].metres)
    if cost >= cut:
        return False
    if m.summed and m.fleet[v].summed_rate > 0:
        longer = seconds_between(m, profile, a, b) + seconds_between(m, profile, b, c)
        longer += _work_added(m, s, i, j, u) - s.link[i].seconds
        duty = s.sums[v].duty
        cost += duty_cost(m, v, duty + longer) - duty_cost(m, v, duty)
        if cost + m.unfamiliar[m.fleet[v].kind, m.node[u].area] >= cut:
            return False
    if m.flat_load:
        t = s.link[i].trip
        for d in range(m.dimensions):
            moved = m.amount[u, d, BROUGHT] + m.amount[u, d, TAKEN]
            if s.rows[t, m.c_load + 4 * d + 3] + moved > m.capacity[v, d]:
                return False
    if m.timed and m.layers == 1 and not m.node[u].several:
        begin = s.rows[i, 0] + seconds_between(m, profile, a, b)
        if begin > m.node[u].close:
            return False
        if j >= m.n or m.node[j].setup == 0:
            ready = max(begin, m.node[u].open) + m.node[u].service
            if ready + seconds_between(m, profile, b, c) > s.rows[j, m.c_latest]:
                return False
    return True


@inlined
def insertion_cost(m: Any, s: Any, w: Any, v: int, i: int, u: int, cut: int) -> Whole:
    """
    Return the added cost of visit `u` behind node `i` of vehicle `v`.

    Parameters
    ----------
    cut
        Spots that cost this much or more are of no interest.

    Returns
    -------
    int
        Cost; INF if it does not fit or is not below `cut`.
    """
    j = s.link[i].next
    if (j < m.n and m.node[j].lock) or s.sums[v].count >= m.fleet[v].max_stops:
        return INF
    profile = m.fleet[v].profile
    a, b, c = s.link[i].place, s.link[u].place, s.link[j].place
    metres = metres_between(m, profile, a, b) + metres_between(m, profile, b, c) - s.link[i].metres
    cost = m.fleet[v].per_metre * metres + m.unfamiliar[m.fleet[v].kind, m.node[u].area]
    idle = s.sums[v].count == 0
    if idle:
        cost += m.fleet[v].per_metre * s.sums[v].metres
        cost = 0 if v == w.tally[PAID] else cost + opening_price(m, w, v, u)
    if cost >= cut or s.sums[v].metres + metres > m.fleet[v].max_metres:
        return INF
    if not load_fits(m, s, v, i, j, u):
        return INF
    if not m.timed:
        return cost
    there = seconds_between(m, profile, a, b)
    onward = seconds_between(m, profile, b, c)
    longer = there + onward - s.link[i].seconds
    if s.sums[v].driving + longer > m.fleet[v].max_driving:
        return INF
    begin = _time_fits(m, s, w, v, i, j, u, there, onward)
    if begin >= INF:
        return INF
    if begin > m.node[u].due:
        cost += (begin - m.node[u].due) * m.node[u].due_rate
    if not m.fleet[v].incremental:
        cost += _duty_added(m, s, w, v, i, j, u, there, onward, longer)
    return cost if cost < cut else INF


@compiled
def opening_price(m: Any, w: Any, v: int, u: int) -> Whole:
    """Return what it counts to take an idle vehicle out for a visit; see solver.search.refit."""
    if v == w.tally[PAID]:
        return 0
    if not w.tally[BY_SHARE]:
        return m.fleet[v].fixed
    most = 0.0
    for d in range(m.dimensions):
        if m.capacity[v, d] < INF and m.capacity[v, d] > 0:
            moved = max(m.amount[u, d, BROUGHT], m.amount[u, d, TAKEN], abs(m.amount[u, d, CHANGE]))
            most = max(most, moved / m.capacity[v, d])
    return np.int64(m.fleet[v].fixed * min(most, 1.0))


@inlined
def load_fits(m: Any, s: Any, v: int, i: int, j: int, u: int) -> Truth:
    """Tell whether the trip can take the visit between `i` and `j`."""
    t = s.link[i].trip
    for d in range(m.dimensions):
        limit = m.capacity[v, d]
        if limit >= INF:
            continue
        c = m.c_load + 4 * d
        if m.flat_load:
            if s.rows[t, c + 3] + m.amount[u, d, BROUGHT] + m.amount[u, d, TAKEN] > limit:
                return False
            continue
        brought, taken = m.amount[u, d, BROUGHT], m.amount[u, d, TAKEN]
        if s.rows[i, c + 1] + brought > limit or s.rows[i, c] + taken > limit:
            return False
        if j < m.n and s.rows[j, c + 2] + taken > limit:
            return False
    return True


@inlined
def latest_with(m: Any, s: Any, v: int, j: int, taken: int, before: int) -> Whole:
    """Return the latest moment to be ready at `j` when coming from a place other than now."""
    if j >= m.n or m.node[j].setup == 0:
        return s.rows[j, m.c_latest + taken]
    was = s.link[s.link[j].prev].place != s.link[j].place
    now = before != s.link[j].place
    if was == now:
        return s.rows[j, m.c_latest + taken]
    leave = s.rows[j, m.c_leave + taken]
    if leave <= -INF:
        return -INF
    return last_open(m, m.node[j].wset, leave - m.node[j].service - (m.node[j].setup if now else 0))


@inlined
def _time_fits(
    m: Any, s: Any, w: Any, v: int, i: int, j: int, u: int, there: int, onward: int
) -> Whole:
    """Return the begin at `u` if everything behind it stays in time, INF otherwise."""
    layers = m.fleet[v].breaks_end - m.fleet[v].breaks + 1
    work = m.node[u].service + (m.node[u].setup if s.link[i].place != s.link[u].place else 0)
    clocks_behind(m, s, w, v, i, m.node[u].release)
    if layers == 1:
        if w.clocks[0, 0] >= INF:
            return INF
        begin = w.clocks[0, 0] + there
        if m.node[u].several:
            begin = earliest(m, m.node[u].wset, begin)
        elif begin > m.node[u].close:
            return INF
        else:
            begin = max(begin, m.node[u].open)
        if begin < INF and begin + work + onward <= latest_with(m, s, v, j, 0, s.link[u].place):
            return begin
        return INF
    for taken in range(layers):
        clock = w.clocks[0, taken]
        if clock >= INF:
            continue
        for at in range(taken, layers):
            begin = drive(m, v, clock, there, taken, at)
            if begin < INF:
                begin = earliest(m, m.node[u].wset, begin)
            if begin >= INF:
                continue
            for until in range(at, layers):
                ready = drive(m, v, begin + work, onward, at, until)
                if ready < INF and ready <= latest_with(m, s, v, j, until, s.link[u].place):
                    return begin
    return INF


@inlined
def clocks_behind(m: Any, s: Any, w: Any, v: int, i: int, release: int) -> None:
    """Put the earliest departures from `i` into `w.clocks[0]`, its trip leaving after `release`."""
    for k in range(m.layers):
        w.clocks[0, k] = s.rows[i, k]
    if m.any_release and release > s.rows[s.link[i].trip, m.c_release]:
        _delay(m, s, w, v, i, release)


@compiled
def _delay(m: Any, s: Any, w: Any, v: int, i: int, release: int) -> None:
    layers = m.fleet[v].breaks_end - m.fleet[v].breaks + 1
    x = s.link[i].trip
    for k in range(layers):
        clock = s.rows[x, k]
        w.clocks[0, k] = clock if clock >= INF else max(clock, release)
    while x != i:
        p = x
        x = s.link[x].next
        travel = s.link[p].seconds
        work = work_at(m, s, v, x, p)
        rows = windows_at(m, s, v, x)
        for k in range(layers - 1, -1, -1):
            best: Any = np.int64(INF)
            for before in range(k + 1):
                clock = w.clocks[0, before]
                if clock < INF:
                    begin = drive(m, v, clock, travel, before, k)
                    if begin < INF:
                        begin = earliest(m, rows, begin)
                    best = min(best, begin + work)
            w.clocks[0, k] = min(best, INF)


@inlined
def _duty_added(
    m: Any, s: Any, w: Any, v: int, i: int, j: int, u: int, there: int, onward: int, longer: int
) -> Whole:
    """Return the added cost of duty, INF over a limit that segments prove broken."""
    work = _work_added(m, s, i, j, u)
    now = s.sums[v].duty if s.sums[v].count else 0
    if m.fleet[v].exact_duty:
        c = m.c_segment
        whole = w.clocks[2]
        low, high = m.sets[m.node[u].wset].first, m.sets[m.node[u].wset].end
        opening: Any = m.windows[low].start if low < high else np.int64(-INF)
        closing: Any = m.windows[high - 1].end if low < high else np.int64(INF)
        merge(s.rows[i, c : c + 3], there, work, opening, closing, whole)
        behind = s.rows[j, c + 3 : c + 6]
        wait = max(behind[1] - whole[0] - onward - whole[2], 0)
        then = whole[0] + onward + behind[0] + wait
        if then > m.fleet[v].max_duty:
            return INF
    elif s.sums[v].count == 0:
        then = s.sums[v].driving + longer + work
    else:
        then = now + longer + work
    return duty_cost(m, v, then) - (duty_cost(m, v, now) if s.sums[v].count else 0)
