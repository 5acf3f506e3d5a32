"""
What one thread needs beside the solution: its random numbers, its journal, its lists.

Before a route is changed for the first time in an iteration it is written into the journal; a
rejected iteration copies back only those routes. `best_*` in State follows in the same way: only
routes that changed since the last best are copied.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.search.arrays import Model
from solver.search.chance import seeded
from solver.search.compiled import compiled
from solver.search.evaluate import Scratch, scratch
from solver.search.seen import Seen, seen

# What Workshop.tally holds: lengths of lists, serial numbers, two costs, whether idle vehicles stay
# at home, the vehicle that counts as paid for in this iteration (-1 for none), whether an idle
# vehicle's price counts by the share of its room that a visit takes, and in how many of 10,000
# iterations whole routes are rebuilt.
PENDING, TOUCHED, SAVED, ABSENT, DIRTY, MINE, ITERATION, SERIAL, CURRENT, BEST, CLOSED = range(11)
PAID, BY_SHARE, REBUILDS = 11, 12, 13

# What Workshop.choice holds: the best spot found for the visit at hand.
VEHICLE, BEHIND, VARIANT, RELOAD, DELIVER_BEHIND = range(5)

_VISIT = np.dtype(
    [
        ("pending", np.int32),  # list of visits waiting to be inserted
        ("absent", np.int32),  # list of visits (pickups, for shipments) that are left out
        ("mine", np.int32),  # list of visits that this thread may choose as seeds
        ("key", np.float64),  # sorts `pending`
        ("waited", np.int64),  # by visit: iteration in which it last waited
    ]
)

_VEHICLE = np.dtype(
    [
        ("touched", np.int32),  # list of vehicles in the journal
        ("dirty", np.int32),  # list of vehicles that changed since the last best
        ("is_dirty", np.int32),  # by vehicle
        ("stamp", np.int64),  # by vehicle: iteration in which it was last touched
        ("banned", np.int64),  # by vehicle: mark of the insertion for which it is out
        ("saved", np.int64),  # by place in the journal: where its nodes begin and end
        ("saved_end", np.int64),
    ]
)

_JOURNAL = np.dtype([(name, np.int32) for name in ("node", "next", "trip", "metres", "seconds")])


class Workshop(NamedTuple):
    """One thread's own arrays."""

    me: int
    chance: NDArray[np.uint64]
    tally: NDArray[np.int64]  # see the names above
    choice: NDArray[np.int64]
    clocks: NDArray[np.int64]  # (3, at least 3): two rows by layer, one for a segment
    visits: NDArray[Any]  # (n,) records of `_VISIT`
    vehicles: NDArray[Any]  # (vehicles,) records of `_VEHICLE`
    hint: NDArray[np.int32]  # (kinds,) where to look for an idle vehicle
    tried: NDArray[np.int64]  # (nodes,) number of the insertion that tried the spot behind
    journal: NDArray[Any]  # (nodes,) records of `_JOURNAL`
    j_rows: NDArray[np.int64]  # (nodes, width)
    spots: NDArray[np.int32]  # (nodes,) spots to try for the visit at hand
    sequence: NDArray[np.int32]
    variant: NDArray[np.int32]
    scratch: Scratch
    seen: Seen


def workshop(m: Model, *, seed: int, thread: int) -> Workshop:
    """Return the empty workshop of one thread."""
    nodes = m.n + 2 * m.vehicles + m.slots
    longest = m.n + m.slots + 4
    vehicles = np.zeros(m.vehicles + 1, _VEHICLE)
    vehicles["stamp"] = vehicles["banned"] = -1
    visits = np.zeros(m.n + 1, _VISIT)
    visits["waited"] = -1
    return Workshop(
        me=thread,
        chance=seeded(seed, thread),
        tally=_tally(),
        choice=np.zeros(5, np.int64),
        clocks=np.zeros((3, max(m.layers, 3)), np.int64),
        visits=visits,
        vehicles=vehicles,
        hint=np.zeros(m.kind_count + 1, np.int32),
        tried=np.full(nodes, -1, np.int64),
        journal=np.zeros(nodes, _JOURNAL),
        j_rows=np.zeros((nodes, m.width), np.int64),
        spots=np.zeros(nodes + 1, np.int32),
        sequence=np.zeros(longest, np.int32),
        variant=np.zeros(longest, np.int32),
        scratch=scratch(longest, m.layers),
        seen=seen(m.n, m.kind_count, longest),
    )


def _tally() -> NDArray[np.int64]:
    tally = np.zeros(14, np.int64)
    tally[PAID] = -1
    return tally


@compiled
def touch(m: Any, s: Any, w: Any, v: int) -> None:
    """Write the route into the journal, once an iteration, before it is changed."""
    if w.vehicles[v].stamp == w.tally[ITERATION]:
        return
    w.vehicles[v].stamp = w.tally[ITERATION]
    number = w.tally[TOUCHED]
    w.vehicles[number].touched = v
    w.tally[TOUCHED] = number + 1
    at = w.tally[SAVED]
    w.vehicles[number].saved = at
    x = m.n + v
    end = x + m.vehicles
    while True:
        w.journal[at].node = x
        w.journal[at].next = s.link[x].next
        w.journal[at].trip = s.link[x].trip
        w.journal[at].metres = s.link[x].metres
        w.journal[at].seconds = s.link[x].seconds
        if m.timed or not m.flat_load or x >= m.n:
            for c in range(m.width):
                w.j_rows[at, c] = s.rows[x, c]
        at += 1
        if x == end:
            break
        x = s.link[x].next
    w.tally[SAVED] = at
    w.vehicles[number].saved_end = at
    s.sums[w.vehicles[number].touched].saved_count = s.sums[v].count
    s.sums[w.vehicles[number].touched].saved_metres = s.sums[v].metres
    s.sums[w.vehicles[number].touched].saved_driving = s.sums[v].driving
    s.sums[w.vehicles[number].touched].saved_unfamiliar = s.sums[v].unfamiliar
    s.sums[w.vehicles[number].touched].saved_duty = s.sums[v].duty
    s.sums[w.vehicles[number].touched].saved_cost = s.sums[v].cost
    for slot in range(m.fleet[v].slots, m.fleet[v].slots_end):
        s.slots[slot].saved = s.slots[slot].reload


@compiled
def roll_back(m: Any, s: Any, w: Any) -> None:
    """Copy every touched route back as it was."""
    for k in range(w.tally[PENDING]):
        u = w.visits[k].pending
        s.link[u].route = s.link[u].owner = -1
        mate = m.node[u].mate
        if mate >= 0:
            s.link[mate].route = s.link[mate].owner = -1
    for number in range(w.tally[TOUCHED]):
        v = w.vehicles[number].touched
        for slot in range(m.fleet[v].slots, m.fleet[v].slots_end):
            s.slots[slot].reload = s.slots[slot].saved
            r = s.slots[slot].saved
            if r >= 0:
                s.link[m.n + 2 * m.vehicles + slot].place = m.reloads[m.fleet[v].reloads + r].place
        for at in range(w.vehicles[number].saved, w.vehicles[number].saved_end):
            x = w.journal[at].node
            y = w.journal[at].next
            s.link[x].next = y
            s.link[x].trip = w.journal[at].trip
            s.link[x].metres = w.journal[at].metres
            s.link[x].seconds = w.journal[at].seconds
            s.link[x].route = v
            s.link[x].owner = w.me
            if at + 1 < w.vehicles[number].saved_end:
                s.link[y].prev = x
            if m.timed or not m.flat_load or x >= m.n:
                for c in range(m.width):
                    s.rows[x, c] = w.j_rows[at, c]
        s.sums[v].count = s.sums[w.vehicles[number].touched].saved_count
        s.sums[v].metres = s.sums[w.vehicles[number].touched].saved_metres
        s.sums[v].driving = s.sums[w.vehicles[number].touched].saved_driving
        s.sums[v].unfamiliar = s.sums[w.vehicles[number].touched].saved_unfamiliar
        s.sums[v].duty = s.sums[w.vehicles[number].touched].saved_duty
        s.sums[v].cost = s.sums[w.vehicles[number].touched].saved_cost


@compiled
def mark_dirty(w: Any) -> None:
    """Remember the touched routes until the next best."""
    for number in range(w.tally[TOUCHED]):
        v = w.vehicles[number].touched
        if not w.vehicles[v].is_dirty:
            w.vehicles[v].is_dirty = 1
            w.vehicles[w.tally[DIRTY]].dirty = v
            w.tally[DIRTY] += 1


@compiled
def keep_best(m: Any, s: Any, w: Any) -> None:
    """Copy the routes that changed since the last best."""
    for k in range(w.tally[DIRTY]):
        v = w.vehicles[k].dirty
        w.vehicles[v].is_dirty = 0
        for slot in range(m.fleet[v].slots, m.fleet[v].slots_end):
            s.slots[slot].best = s.slots[slot].reload
        x = m.n + v
        end = x + m.vehicles
        while x != end:
            s.best[x] = s.link[x].next
            x = s.link[x].next
    w.tally[DIRTY] = 0
