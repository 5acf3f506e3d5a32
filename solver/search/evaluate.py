"""
What a route costs, exactly: the one function that search and recombination both rely on.

It follows the definition of `solver.schedule` step by step on arrays: breaks where they let the
route finish earliest, then the latest departure that costs nothing. `tests/solver/test_search_cost`
proves it equal to the checker's cost of the scheduled order.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.search.compiled import Truth, Whole, entry, inlined
from solver.search.records import BROUGHT, CHANGE, ENDCAP, RESTED
from solver.search.timing import (
    INF,
    drive,
    earliest,
    last_open,
    metres_between,
    seconds_between,
)

_LEG = np.dtype(
    [
        ("travel", np.int64),
        ("work", np.int64),
        ("release", np.int64),
        ("begin", np.int64),
        ("rows", np.int64),  # window set
        ("breaks", np.int64),  # breaks taken before this entry begins
    ]
)

CLOCK, CHOICE, REST = range(3)


class Scratch(NamedTuple):
    """Room for one route while it is evaluated; it never grows, so it is made for the longest."""

    legs: NDArray[Any]  # (length,) records of `_LEG`
    # (length, layers, 3): earliest departure, breaks taken before the drive, begins of breaks
    grid: NDArray[np.int64]
    facts: NDArray[np.int64]  # metres, driving, duty, departure, finish, lateness


def scratch(length: int, layers: int) -> Scratch:
    """Return room for routes of up to `length` entries."""
    size = length + 2
    return Scratch(
        legs=np.zeros(size, _LEG),
        grid=np.zeros((size, layers, 3), np.int64),
        facts=np.zeros(6, np.int64),
    )


@entry
def route_cost(m: Any, w: Any, v: int, seq: Any, length: int) -> Whole:
    """
    Return the cost of a route of vehicle `v`, INF if it breaks any rule.

    Parameters
    ----------
    seq, length
        Node numbers in order, -1 - k for reload k of the vehicle; `length` of them count.
    w
        Scratch; `w.facts` holds metres, driving, duty, departure, finish and lateness afterwards.
    """
    visits = 0
    for k in range(length):
        if seq[k] >= 0:
            visits += 1
    if visits == 0:
        w.facts[:] = 0
        return 0
    if visits > m.fleet[v].max_stops or not _loads_fit(m, w, v, seq, length):
        return INF
    unfamiliar = _lay_out(m, w, v, seq, length)
    if unfamiliar < 0:
        return INF
    if w.facts[0] > m.fleet[v].max_metres or w.facts[1] > m.fleet[v].max_driving:
        return INF
    first = _place_breaks(m, w, v, length)
    if first < 0:
        return INF
    finish = _forward(m, w, v, seq, length, first)
    departure = _latest_departure(m, w, v, seq, length, first)
    if not _reloads_kept(m, v, seq, length, departure, finish):
        return INF
    duty = finish - departure
    base = m.fleet[v].breaks
    for k in range(base + first, base + w.legs[length].breaks):
        if not m.breaks[k].paid:
            duty -= m.breaks[k].seconds
    if duty > m.fleet[v].max_duty:
        return INF
    w.facts[2] = duty
    w.facts[3] = departure
    w.facts[4] = finish
    return (
        m.fleet[v].fixed
        + m.fleet[v].per_metre * w.facts[0]
        + duty_cost(m, v, duty)
        + w.facts[5]
        + unfamiliar
    )


@inlined
def duty_cost(m: Any, v: int, duty: int) -> Whole:
    """Return what so many seconds of duty cost, overtime included."""
    cost = m.fleet[v].per_second * duty
    for k in range(m.fleet[v].tiers, m.fleet[v].tiers_end):
        if duty > m.tiers[k].after:
            cost += (duty - m.tiers[k].after) * m.tiers[k].rate
    return cost


@inlined
def _loads_fit(m: Any, w: Any, v: int, seq: Any, length: int) -> Truth:
    """Carry the load along each trip and compare it with the capacity, dimension by dimension."""
    for d in range(m.dimensions):
        limit = m.capacity[v, d]
        if limit >= INF:
            continue
        k = 0
        while k <= length:
            load: Any = np.int64(0)
            end = k
            while end < length and seq[end] >= 0:
                load += m.amount[seq[end], d, BROUGHT]
                end += 1
            if load > limit:
                return False
            for j in range(k, end):
                load += m.amount[seq[j], d, CHANGE]
                if load > limit:
                    return False
            k = end + 1
    return True


@inlined
def _lay_out(m: Any, w: Any, v: int, seq: Any, length: int) -> Whole:
    """Fill travel, work, windows and releases of each entry; return the unfamiliar cost or -1."""
    profile = m.fleet[v].profile
    kind = m.fleet[v].kind
    here = m.fleet[v].start
    metres: Any = np.int64(0)
    driving: Any = np.int64(0)
    unfamiliar: Any = np.int64(0)
    release: Any = np.int64(0)
    for k in range(length, -1, -1):
        # Going backwards, the release of the trip that an entry starts is known when we get there.
        if k < length and seq[k] >= 0:
            node = seq[k]
            release = max(release, m.node[node].release)
            w.legs[k].release = 0
        elif k < length:
            w.legs[k].release = release
            release = np.int64(0)
    w.legs[0].begin = release
    open_pairs = 0
    for k in range(length):
        node = seq[k]
        if node >= 0:
            there = m.node[node].place
            w.legs[k].rows = m.node[node].wset
            w.legs[k].work = m.node[node].service + (m.node[node].setup if there != here else 0)
            if not m.allowed[kind, node]:
                return -1
            unfamiliar += m.unfamiliar[kind, m.node[node].area]
            if m.node[node].mate >= 0:
                open_pairs += 1 if m.node[node].is_pickup else -1
        else:
            which = m.fleet[v].reloads + (-1 - node)
            there = m.reloads[which].place
            w.legs[k].rows = m.reloads[which].wset
            w.legs[k].work = m.reloads[which].seconds
            if open_pairs:
                return -1
        w.legs[k].travel = seconds_between(m, profile, here, there)
        driving += w.legs[k].travel
        metres += metres_between(m, profile, here, there)
        here = there
    home = m.fleet[v].end if m.fleet[v].end >= 0 else here
    w.legs[length].travel = seconds_between(m, profile, here, home)
    w.legs[length].rows = 0
    w.legs[length].work = 0
    w.legs[length].release = 0
    driving += w.legs[length].travel
    metres += metres_between(m, profile, here, home)
    w.facts[0] = metres
    w.facts[1] = driving
    return unfamiliar


@inlined
def _place_breaks(m: Any, w: Any, v: int, length: int) -> Whole:
    """Decide before which entry each break comes; return how many precede leaving, -1 if late."""
    layers = m.fleet[v].breaks_end - m.fleet[v].breaks + 1
    start = max(m.fleet[v].shift_start, w.legs[0].begin)
    for k in range(length + 1):
        for taken in range(layers):
            best: Any = np.int64(INF)
            chosen = 0
            for before in range(taken, -1, -1):
                if k == 0:
                    clock = m.layer[v, before, RESTED]
                    if clock >= INF:
                        continue
                    clock = max(start, clock)
                else:
                    clock = w.grid[k - 1, before, CLOCK]
                    if clock >= INF:
                        continue
                ready = drive(m, v, clock, w.legs[k].travel, before, taken)
                if ready >= INF:
                    continue
                begin = earliest(m, w.legs[k].rows, ready)
                if begin >= INF:
                    continue
                leave = max(begin + w.legs[k].work, w.legs[k].release)
                if leave < best:
                    best = leave
                    chosen = before
            w.grid[k, taken, CLOCK] = best
            w.grid[k, taken, CHOICE] = chosen
    best = np.int64(INF)
    final = -1
    for taken in range(layers):
        finish = w.grid[length, taken, CLOCK]
        if finish < best and finish <= m.layer[v, taken, ENDCAP]:
            best = finish
            final = taken
    if final < 0:
        return -1
    for k in range(length, -1, -1):
        w.legs[k].breaks = final
        final = w.grid[k, final, CHOICE]
    return final


@inlined
def _forward(m: Any, w: Any, v: int, seq: Any, length: int, first: int) -> Whole:
    """Follow the chosen breaks at the earliest; note begins and lateness; return the finish."""
    clock = max(max(m.fleet[v].shift_start, w.legs[0].begin), m.layer[v, first, RESTED])
    w.facts[3] = clock
    taken = first
    lateness: Any = np.int64(0)
    base = m.fleet[v].breaks
    for k in range(length + 1):
        left = w.legs[k].travel
        for pause in range(taken, w.legs[k].breaks):
            begin = earliest(m, m.breaks[base + pause].wset, clock)
            w.grid[k, pause - taken, REST] = begin
            left -= min(left, begin - clock)
            clock = begin + m.breaks[base + pause].seconds
        taken = w.legs[k].breaks
        begin = earliest(m, w.legs[k].rows, clock + left)
        w.legs[k].begin = begin
        if k < length and seq[k] >= 0 and begin > m.node[seq[k]].due:
            lateness += (begin - m.node[seq[k]].due) * m.node[seq[k]].due_rate
        clock = max(begin + w.legs[k].work, w.legs[k].release)
    w.facts[5] = lateness
    return clock


@inlined
def _latest_departure(m: Any, w: Any, v: int, seq: Any, length: int, first: int) -> Whole:
    """Go back from the finish and push every stop as late as costs nothing."""
    earliest_departure = w.facts[3]
    base = m.fleet[v].breaks
    cap = w.legs[length].begin
    for k in range(length, -1, -1):
        latest = cap - w.legs[k].work
        if k < length and seq[k] >= 0 and m.node[seq[k]].due < INF:
            latest = min(latest, max(m.node[seq[k]].due, w.legs[k].begin))
        latest = max(last_open(m, w.legs[k].rows, latest), w.legs[k].begin)
        before = w.legs[k - 1].breaks if k else first
        cap = latest - w.legs[k].travel
        for pause in range(w.legs[k].breaks - 1, before - 1, -1):
            length_of_break = m.breaks[base + pause].seconds
            cap -= length_of_break
            rest = w.grid[k, pause - before, REST]
            latest = max(last_open(m, m.breaks[base + pause].wset, latest - length_of_break), rest)
        if w.legs[k].breaks > before:
            cap = min(cap, latest)
    return max(cap, earliest_departure)


@inlined
def _reloads_kept(m: Any, v: int, seq: Any, length: int, departure: int, finish: int) -> Truth:
    """Tell whether every reload is used no more often than allowed, and the required ones are."""
    for r in range(m.fleet[v].reloads, m.fleet[v].reloads_end):
        made = 0
        for k in range(length):
            if seq[k] < 0 and m.fleet[v].reloads + (-1 - seq[k]) == r:
                made += 1
        if made > m.reloads[r].most:
            return False
        if m.reloads[r].required and made == 0 and departure <= m.reloads[r].last < finish:
            return False
    return True
