"""The tables of the kernel's model: what a row of each holds, and the constants they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from solver.model import TimeWindow

INF = 1 << 60
"""Stands for never and for unlimited; sums of two still fit into 63 bits."""

REQUIRED = 1 << 46
"""The cost of leaving a required job out while searching; far above any real day."""

DENSE_LIMIT = 9_000
"""Up to so many places the kernel reads a full matrix; beyond, planar travel is computed."""

RELOAD_SLOTS = 6
"""Slots per vehicle for a reload without a limit of its own."""

BROUGHT, TAKEN, CHANGE = range(3)
"""Last index of `Model.amount`: units delivered, picked up, and the change of the load."""

RESTED, ENDCAP = range(2)
"""Last index of `Model.layer`: when so many breaks are over; the latest finish after so many."""

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Flags = NDArray[np.uint8]
Floats = NDArray[np.float64]
Records = NDArray[Any]

NODE = np.dtype(
    [
        # What the innermost loops read comes first: one cache line.
        ("place", np.int64),
        ("service", np.int64),
        ("setup", np.int64),
        ("open", np.int64),  # its only window, -INF to INF for none
        ("close", np.int64),
        ("several", np.int64),  # it has more windows than one: open and close do not hold
        ("lock", np.int64),  # belongs to a locked prefix: it stays, and nothing goes before it
        ("mate", np.int64),  # the other end of a shipment, -1 for jobs
        ("wset", np.int64),  # window set
        ("due", np.int64),
        ("due_rate", np.int64),
        ("release", np.int64),
        ("home", np.int64),  # metres from the nearest start of a vehicle that may do it
        ("is_pickup", np.int64),
        ("skip", np.int64),
        ("area", np.int64),
        ("group", np.int64),  # of visits that the same kinds of vehicle may do
        ("size", np.int64),  # for ordering: the largest share of a dimension, in thousandths
    ]
)

NEAR = np.dtype([("node", np.int32), ("metres", np.int32), ("seconds", np.int32)])

FLEET = np.dtype(
    [
        ("kind", np.int64),
        ("profile", np.int64),
        ("per_metre", np.int64),
        ("summed_rate", np.int64),  # of a second, where duty is estimated from sums; else 0
        ("incremental", np.int64),  # the cost follows from sums alone, no pass over the route
        ("exact_duty", np.int64),  # segments give the duty: one window each, no breaks
        ("max_stops", np.int64),
        ("max_metres", np.int64),
        ("max_driving", np.int64),
        ("max_duty", np.int64),
        ("fixed", np.int64),
        ("start", np.int64),
        ("end", np.int64),
        ("shift_start", np.int64),
        ("shift_end", np.int64),
        ("per_second", np.int64),
        ("breaks", np.int64),  # where the vehicle's rows begin and end in each table
        ("breaks_end", np.int64),
        ("reloads", np.int64),
        ("reloads_end", np.int64),
        ("tiers", np.int64),
        ("tiers_end", np.int64),
        ("slots", np.int64),
        ("slots_end", np.int64),
        ("in_order_of_kind", np.int64),  # not of this vehicle: the k-th when sorted by kind
    ]
)

RANGE = np.dtype([("first", np.int64), ("end", np.int64)])
WINDOW = np.dtype([("start", np.int64), ("end", np.int64)])
BREAK = np.dtype([("wset", np.int64), ("seconds", np.int64), ("paid", np.int64)])
TIER = np.dtype([("after", np.int64), ("rate", np.int64)])
RELOAD = np.dtype(
    [
        ("place", np.int64),
        ("seconds", np.int64),
        ("wset", np.int64),
        ("most", np.int64),
        ("required", np.int64),
        ("last", np.int64),
    ]
)


ALWAYS = TimeWindow(start=-INF, end=INF)
"""Stands for no window."""


class WindowSets:
    """Collects window lists, equal ones once."""

    def __init__(self) -> None:
        self._known: dict[tuple[TimeWindow, ...], int] = {(): 0}

    def number(self, windows: tuple[TimeWindow, ...]) -> int:
        """Return the number of a window list, 0 for the empty one."""
        return self._known.setdefault(windows, len(self._known))

    def tables(self) -> tuple[Records, Records]:
        """Return the sets as ranges, and all windows end to end."""
        sets = np.zeros(len(self._known), RANGE)
        flat: list[tuple[int, int]] = []
        for windows, k in self._known.items():
            sets[k] = (len(flat), len(flat) + len(windows))
            flat.extend((w.start, w.end) for w in windows)
        return sets, table_of(WINDOW, flat)


def table_of(dtype: np.dtype[Any], rows: Sequence[tuple[Any, ...]]) -> Records:
    """Return the rows as records; one row of zeros where there are none."""
    return np.array(list(rows), dtype) if rows else np.zeros(1, dtype)
