"""
The solution in the making: linked routes, and per node what the O(1) tests need.

Every route is a doubly linked list from its start node to its end node. Each node has one row of
numbers, so that a look at a neighbour is one or two cache lines:

* `k`: earliest departure with k breaks taken,
* `c_latest + k`: latest moment to be there, ready to begin, with k breaks taken,
* `c_leave + k`: latest departure with k breaks taken,
* `c_load + 4 d` onwards: load after the node, most load on the trip up to here, most load from here
  to the trip's end, and, at the node that starts a trip, the sum of what the trip moves,
* `c_release`: at the node that starts a trip, the latest release of its visits,
* `c_segment` onwards: shortest duration, earliest and latest start of the part of the route up to
  here and of the part from here on.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.search.arrays import Model
from solver.search.compiled import Whole, compiled, entry, inlined
from solver.search.records import BROUGHT, CHANGE, TAKEN
from solver.search.steps import close_end, is_slot, open_start, step_backward, step_forward
from solver.search.timing import (
    INF,
    metres_between,
    seconds_between,
)

_LINK = np.dtype(
    [
        ("next", np.int32),
        ("prev", np.int32),
        ("route", np.int32),  # -1 for visits that are left out
        ("trip", np.int32),  # the node that starts the trip
        ("place", np.int32),
        ("owner", np.int32),  # the thread that may change its route just now, -1 for none
        ("metres", np.int32),  # to the next node, and how long it takes
        ("seconds", np.int32),
    ]
)

_SUMS = np.dtype(
    [
        ("count", np.int64),  # visits
        ("metres", np.int64),
        ("driving", np.int64),
        ("unfamiliar", np.int64),
        ("duty", np.int64),
        ("cost", np.int64),
        ("owner", np.int64),  # the thread that may change the route just now
        ("saved_count", np.int64),
        ("saved_metres", np.int64),
        ("saved_driving", np.int64),
        ("saved_unfamiliar", np.int64),
        ("saved_duty", np.int64),
        ("saved_cost", np.int64),
    ]
)

# Which reload of its vehicle a slot holds, -1 when free: now, before the iteration, in the best.
_SLOT = np.dtype([("reload", np.int32), ("saved", np.int32), ("best", np.int32)])


class State(NamedTuple):
    """One solution; routes of different threads touch different entries only."""

    link: NDArray[Any]  # (nodes,) records of `_LINK`
    rows: NDArray[np.int64]  # (nodes, width), see the module's text
    sums: NDArray[Any]  # (vehicles,) records of `_SUMS`
    slots: NDArray[Any]  # (slots,) records of `_SLOT`
    best: NDArray[np.int32]  # (nodes,) the next node in the best solution
    absences: NDArray[np.int64]  # (n,) how often a visit found no room, see solver.search.fewer


def empty_state(m: Model) -> State:
    """Return the solution in which every vehicle stays at home."""
    nodes = m.n + 2 * m.vehicles + m.slots
    starts = m.n + np.arange(m.vehicles)
    ends = starts + m.vehicles
    link = np.full(nodes, -1, np.int32).repeat(len(_LINK.names or ())).view(_LINK)
    link["place"][: m.n] = m.node["place"]
    link["place"][starts] = m.fleet["start"][:-1]
    link["place"][ends] = m.fleet["end"][:-1]
    link["next"][starts], link["prev"][ends] = ends, starts
    link["route"][starts] = link["route"][ends] = np.arange(m.vehicles)
    link["trip"][starts] = starts
    link["owner"][starts] = link["owner"][ends] = 0
    s = State(
        link=link,
        rows=np.zeros((nodes, m.width), np.int64),
        sums=np.zeros(m.vehicles, _SUMS),
        slots=np.full(max(m.slots, 1), -1, np.int32).repeat(len(_SLOT.names or ())).view(_SLOT),
        best=link["next"].copy(),
        absences=np.zeros(max(m.n, 1), np.int64),
    )
    for v in range(m.vehicles):
        rest(m, s, v)
    return s


@entry
def clear(m: Any, s: Any, v: int) -> None:
    """Link the route's start to its end and free its reloads, without timing."""
    start = m.n + v
    end = start + m.vehicles
    for slot in range(m.fleet[v].slots, m.fleet[v].slots_end):
        s.slots[slot].reload = -1
    s.link[start].next = end
    s.link[end].prev = start


@entry
def rest(m: Any, s: Any, v: int) -> None:
    """Empty the route of vehicle `v`; its required reloads stay, ready for what comes."""
    clear(m, s, v)
    first = m.fleet[v].reloads
    for r in range(m.fleet[v].reloads_end - first - 1, -1, -1):
        if m.reloads[first + r].required:
            take_slot(m, s, v, m.n + v, r)
    retime(m, s, v)
    s.sums[v].cost = 0


@entry
def take_slot(m: Any, s: Any, v: int, i: int, r: int) -> Whole:
    """Put reload `r` of the vehicle behind node `i` without timing; return its node, -1 if full."""
    for slot in range(m.fleet[v].slots, m.fleet[v].slots_end):
        if s.slots[slot].reload < 0:
            node = m.n + 2 * m.vehicles + slot
            s.slots[slot].reload = r
            s.link[node].place = m.reloads[m.fleet[v].reloads + r].place
            s.link[node].route = v
            s.link[node].owner = s.link[m.n + v].owner
            join(s, i, node)
            return node
    return -1


@compiled
def free_slot(m: Any, s: Any, node: int) -> None:
    """Take a reload out of its route without timing."""
    s.slots[node - m.n - 2 * m.vehicles].reload = -1
    s.link[s.link[node].prev].next = s.link[node].next
    s.link[s.link[node].next].prev = s.link[node].prev
    s.link[node].route = s.link[node].owner = -1


@entry
def join(s: Any, i: int, u: int) -> None:
    """Link `u` behind `i`."""
    j = s.link[i].next
    s.link[i].next = u
    s.link[u].prev = i
    s.link[u].next = j
    s.link[j].prev = u


# ---- loads --------------------------------------------------------------------------------------


@compiled
def trip_loads(m: Any, s: Any, t: int) -> None:
    """Carry the load along the trip that node `t` starts, there and back."""
    for d in range(m.dimensions):
        c = m.c_load + 4 * d
        moved: Any = np.int64(0)
        load: Any = np.int64(0)
        x = s.link[t].next
        while x < m.n:
            load += m.amount[x, d, BROUGHT]
            moved += m.amount[x, d, BROUGHT] + m.amount[x, d, TAKEN]
            x = s.link[x].next
        s.rows[t, c + 3] = moved
        if m.flat_load:
            continue
        s.rows[t, c] = load
        s.rows[t, c + 1] = load
        most: Any = load
        last = t
        x = s.link[t].next
        while x < m.n:
            load += m.amount[x, d, CHANGE]
            most = max(most, load)
            s.rows[x, c] = load
            s.rows[x, c + 1] = most
            last = x
            x = s.link[x].next
        most = np.int64(-INF)
        while last != t:
            most = max(most, s.rows[last, c])
            s.rows[last, c + 2] = most
            last = s.link[last].prev
        s.rows[t, c + 2] = max(most, s.rows[t, c])


@compiled
def trip_release(m: Any, s: Any, t: int) -> Whole:
    """Return the latest release of the trip that node `t` starts."""
    latest: Any = np.int64(0)
    x = s.link[t].next
    while x < m.n:
        latest = max(latest, m.node[x].release)
        x = s.link[x].next
    return latest


# ---- whole routes and single changes ------------------------------------------------------------


@inlined
def measure(m: Any, s: Any, profile: int, x: int) -> None:
    """Note how far, and how long, it is from a node to the next."""
    a, b = s.link[x].place, s.link[s.link[x].next].place
    s.link[x].metres = metres_between(m, profile, a, b)
    if m.timed:
        s.link[x].seconds = seconds_between(m, profile, a, b)


@entry
def retime(m: Any, s: Any, v: int) -> None:
    """Derive everything about a route from its links."""
    start = m.n + v
    end = start + m.vehicles
    kind = m.fleet[v].kind
    profile = m.fleet[v].profile
    count = 0
    metres: Any = np.int64(0)
    driving: Any = np.int64(0)
    unfamiliar: Any = np.int64(0)
    t = start
    x = start
    while True:
        if x == start or is_slot(m, x):
            t = x
            trip_loads(m, s, t)
            if m.any_release:
                s.rows[t, m.c_release] = trip_release(m, s, t)
        s.link[x].trip = t
        s.link[x].owner = s.link[start].owner
        if x == start:
            open_start(m, s, v)
        else:
            p = s.link[x].prev
            measure(m, s, profile, p)
            metres += s.link[p].metres
            if m.timed:
                driving += s.link[p].seconds
                step_forward(m, s, v, x)
            if x < m.n:
                count += 1
                unfamiliar += m.unfamiliar[kind, m.node[x].area]
        if x == end:
            break
        x = s.link[x].next
    s.sums[v].count = count
    s.sums[v].metres = metres
    s.sums[v].driving = driving
    s.sums[v].unfamiliar = unfamiliar
    if not m.timed:
        return
    close_end(m, s, v)
    x = end
    while x != start:
        x = s.link[x].prev
        step_backward(m, s, v, x)


@entry
def drive_order(m: Any, s: Any, v: int, entries: Any, length: int) -> None:
    """Make this order of nodes, -1 - k for reload k, the whole route of vehicle `v`."""
    clear(m, s, v)
    x = m.n + v
    for k in range(length):
        node = entries[k]
        if node < 0:
            x = take_slot(m, s, v, x, -1 - node)
        else:
            join(s, x, node)
            s.link[node].route = v
            x = node
    retime(m, s, v)


@compiled
def insert(m: Any, s: Any, v: int, u: int, i: int) -> None:
    """Put visit `u` behind node `i` of vehicle `v` and bring the route up to date."""
    j = s.link[i].next
    profile = m.fleet[v].profile
    s.sums[v].metres -= s.link[i].metres
    s.sums[v].driving -= s.link[i].seconds
    join(s, i, u)
    measure(m, s, profile, i)
    measure(m, s, profile, u)
    s.sums[v].metres += np.int64(s.link[i].metres) + s.link[u].metres
    s.sums[v].driving += np.int64(s.link[i].seconds) + s.link[u].seconds
    s.sums[v].unfamiliar += m.unfamiliar[m.fleet[v].kind, m.node[u].area]
    s.sums[v].count += 1
    s.link[u].route = v
    s.link[u].owner = s.link[i].owner
    t = s.link[i].trip
    s.link[u].trip = t
    if m.flat_load:
        for d in range(m.dimensions):
            s.rows[t, m.c_load + 4 * d + 3] += m.amount[u, d, BROUGHT] + m.amount[u, d, TAKEN]
    else:
        trip_loads(m, s, t)
    if not m.timed:
        return
    first = u
    if m.any_release and m.node[u].release > s.rows[t, m.c_release]:
        s.rows[t, m.c_release] = m.node[u].release
        if is_slot(m, t):
            first = t
        else:
            open_start(m, s, v)
            first = s.link[t].next
    _spread_forward(m, s, v, first, j)
    _spread_backward(m, s, v, j, i)


@compiled
def _spread_forward(m: Any, s: Any, v: int, first: int, until: int) -> None:
    """Retime from `first` on; behind `until`, stop where nothing changes any more."""
    end = m.n + m.vehicles + v
    passed = False
    x = first
    while True:
        changed = step_forward(m, s, v, x)
        passed |= x == until
        if x == end or (passed and not changed):
            return
        x = s.link[x].next


@compiled
def _spread_backward(m: Any, s: Any, v: int, first: int, until: int) -> None:
    """Retime from `first` back; before `until`, stop where nothing changes any more."""
    start = m.n + v
    passed = False
    x = first
    if x == m.n + m.vehicles + v:
        x = s.link[x].prev
    while True:
        changed = step_backward(m, s, v, x)
        passed |= x == until
        if x == start or (passed and not changed):
            return
        x = s.link[x].prev


@inlined
def unlink(s: Any, u: int) -> None:
    """Take a visit out of its route without timing."""
    s.link[s.link[u].prev].next = s.link[u].next
    s.link[s.link[u].next].prev = s.link[u].prev
    s.link[u].route = s.link[u].owner = -1


@compiled
def sequence(m: Any, s: Any, v: int, out: Any) -> Whole:
    """Write the route as `route_cost` reads it; return its length."""
    length = 0
    x = s.link[m.n + v].next
    end = m.n + m.vehicles + v
    while x != end:
        out[length] = x if x < m.n else -1 - s.slots[x - m.n - 2 * m.vehicles].reload
        length += 1
        x = s.link[x].next
    return length
