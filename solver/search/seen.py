"""
Routes that the search has driven: every thread keeps those of the changes that it accepted.

A route is known by its kind of vehicle and its set of visits; of several orders the cheapest stays.
The table never grows: when it is full nothing more is noted until Python has emptied it, between
two rounds.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.search.compiled import entry

_ROUTES = 1 << 15
_LENGTH = 24
_PROBES = 32

SEEN_ROUTES, SEEN_NODES, NOTING = range(3)
"""What `Seen.tally` holds: how many routes and nodes are noted, and whether any shall be."""

_HEAD = np.dtype(
    [
        ("key", np.uint64),
        ("cost", np.int64),
        ("kind", np.int32),
        ("first", np.int32),  # where its nodes begin
        ("length", np.int32),
    ]
)


class Seen(NamedTuple):
    """One thread's routes."""

    tally: NDArray[np.int64]
    heads: NDArray[Any]  # (routes,) records of `_HEAD`
    nodes: NDArray[np.int32]  # node numbers, -1 - k for reload k, route after route
    slots: NDArray[np.int32]  # hash table: number of a route, -1 where free
    marks: NDArray[np.uint64]  # (n + kinds,) random words: a route's key is the sum of its marks


class Columns(NamedTuple):
    """Routes taken out of a table."""

    heads: NDArray[Any]
    nodes: NDArray[np.int32]


def seen(n: int, kinds: int, longest: int) -> Seen:
    """Return an empty table for `n` visits, so many kinds of vehicle, routes up to `longest`."""
    marks = np.random.default_rng(7).integers(0, 1 << 64, n + kinds, np.uint64)
    return Seen(
        tally=np.zeros(3, np.int64),
        heads=np.zeros(_ROUTES, _HEAD),
        nodes=np.zeros(max(_ROUTES * _LENGTH, 4 * longest), np.int32),
        slots=np.full(2 * _ROUTES, -1, np.int32),
        marks=marks,
    )


def is_half_full(table: Seen) -> bool:
    """Tell whether it is time to empty the table."""
    routes, nodes = int(table.tally[SEEN_ROUTES]), int(table.tally[SEEN_NODES])
    return bool(2 * routes > table.heads.shape[0] or 2 * nodes > table.nodes.shape[0])


def drain(table: Seen) -> Columns:
    """Take all routes out of the table."""
    count, used = int(table.tally[SEEN_ROUTES]), int(table.tally[SEEN_NODES])
    taken = Columns(heads=table.heads[:count].copy(), nodes=table.nodes[:used].copy())
    table.slots[:] = -1
    table.tally[:NOTING] = 0
    return taken


@entry
def note(m: Any, s: Any, t: Any, v: int) -> None:
    """Note the route of vehicle `v`, which breaks no rule."""
    kind = m.fleet[v].kind
    key = t.marks[m.n + kind]
    end = m.n + m.vehicles + v
    length = 0
    x = s.link[m.n + v].next
    while x != end:
        if x < m.n:
            key += t.marks[x]
        length += 1
        x = s.link[x].next
    number = t.tally[SEEN_ROUTES]
    first = t.tally[SEEN_NODES]
    if number >= t.heads.shape[0] or first + length > t.nodes.shape[0]:
        return
    mask = np.uint64(t.slots.shape[0] - 1)
    for probe in range(_PROBES):
        slot = np.int64((key + np.uint64(probe)) & mask)
        known = t.slots[slot]
        if known < 0:
            t.slots[slot] = number
            t.tally[SEEN_ROUTES] = number + 1
            break
        if t.heads[known].key == key:
            if t.heads[known].cost <= s.sums[v].cost:
                return
            number = np.int64(known)
            break
        if probe == _PROBES - 1:
            return
    t.heads[number].key = key
    t.heads[number].cost = s.sums[v].cost
    t.heads[number].kind = kind
    t.heads[number].first = first
    t.heads[number].length = length
    x = s.link[m.n + v].next
    while x != end:
        t.nodes[first] = x if x < m.n else -1 - s.slots[x - m.n - 2 * m.vehicles].reload
        first += 1
        x = s.link[x].next
    t.tally[SEEN_NODES] = first
