"""
Compiled legs of great-circle travel over land cut by rivers.

A leg is computed from what its two ends know by themselves: where they are, on which side of each
river segment's endless line they lie, and how far they are from every bridge head and river bend.
That is a fixed number of figures for each place, so n places need memory in proportion to n.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any, NamedTuple, TypeVar, cast

import numpy as np
from numba import njit
from numpy.typing import NDArray

Function = TypeVar("Function", bound=Callable[..., Any])

CHUNK = 64
"""Places taken together: river segments that cannot lie between two chunks are found once."""

NO_WAY = -1
"""Stands in both results where no way leads from one place to the other."""

_njit: Any = njit


class Ends(NamedTuple):
    """What n places know by themselves, s river segments and k nodes (bridge heads and bends)."""

    angle: NDArray[np.float64]  # (n, 2) latitude and longitude in radians
    flat: NDArray[np.float64]  # (n, 2) metres on a plane, for telling sides apart
    side: NDArray[np.uint8]  # (n, s) 1 on the left of the segment's endless line
    segment: NDArray[np.float64]  # (s, 4) x, y of both ends on the plane
    reach: NDArray[np.float64]  # (n, k) straight metres to a node, infinite behind a river
    through: NDArray[np.float64]  # (n, k) least metres to a node over any others
    waiting: NDArray[np.int32]  # (n, k) seconds waited at ferries on that way, (1, 1) if none


class Pace(NamedTuple):
    """How a length becomes time."""

    radius: float  # of the earth, metres
    detour: float  # metres of road for a metre of line
    town_metres: float
    town_pace: float  # seconds for a metre of road
    country_pace: float
    per_wait: float  # metres of line that a second of waiting is worth


def _compiled(function: Function) -> Function:
    return cast("Function", _njit(cache=True, nogil=True, error_model="numpy")(function))


@_compiled
def _left_of(ax: Any, ay: Any, dx: Any, dy: Any, x: Any, y: Any) -> Any:
    return dx * (y - ay) >= dy * (x - ax)


@_compiled
def _leg(e: Any, p: Any, first: Any, second: Any, near: Any, count: Any) -> Any:
    """Return (seconds, metres); the same both ways, as it always goes from the lower number."""
    a, b = min(first, second), max(first, second)
    if a == b:
        return np.int64(0), np.int64(0)
    ax, ay = e.flat[a, 0], e.flat[a, 1]
    dx, dy = e.flat[b, 0] - ax, e.flat[b, 1] - ay
    blocked = False
    for number in range(count):
        s = near[number]
        # Half-open on both counts: a line through a vertex crosses one of its two segments.
        if e.side[a, s] != e.side[b, s] and _left_of(
            ax, ay, dx, dy, e.segment[s, 0], e.segment[s, 1]
        ) != _left_of(ax, ay, dx, dy, e.segment[s, 2], e.segment[s, 3]):
            blocked = True
            break
    waits = np.int64(0)
    if blocked:
        line = np.inf
        at = -1
        for k in range(e.reach.shape[1]):
            candidate = e.through[a, k] + e.reach[b, k]
            if candidate < line:
                line = candidate
                at = k
        if at < 0:
            return np.int64(NO_WAY), np.int64(NO_WAY)
        if e.waiting.shape[0] > 1:
            waits = np.int64(e.waiting[a, at])
            line -= waits * p.per_wait
    else:
        half = (
            math.sin((e.angle[b, 0] - e.angle[a, 0]) / 2) ** 2
            + math.cos(e.angle[a, 0])
            * math.cos(e.angle[b, 0])
            * math.sin((e.angle[b, 1] - e.angle[a, 1]) / 2) ** 2
        )
        line = 2 * p.radius * math.asin(math.sqrt(min(half, 1.0)))
    road = line * p.detour
    slow = min(road, p.town_metres)
    time = slow * p.town_pace + (road - slow) * p.country_pace
    return np.int64(math.ceil(time + waits - 1e-6)), np.int64(math.ceil(road - 1e-6))


@_compiled
def _between(e: Any, box: Any, near: Any) -> Any:
    """Write the segments that may lie between places in a box (x, y, x, y); return how many."""
    count = 0
    for s in range(e.segment.shape[0]):
        if (
            max(e.segment[s, 0], e.segment[s, 2]) >= box[0]
            and max(e.segment[s, 1], e.segment[s, 3]) >= box[1]
            and min(e.segment[s, 0], e.segment[s, 2]) <= box[2]
            and min(e.segment[s, 1], e.segment[s, 3]) <= box[3]
        ):
            near[count] = s
            count += 1
    return count


@_compiled
def _widen(e: Any, box: Any, some: Any, low: Any, high: Any) -> None:
    for k in range(low, high):
        x, y = e.flat[some[k], 0], e.flat[some[k], 1]
        box[0], box[1] = min(box[0], x), min(box[1], y)
        box[2], box[3] = max(box[2], x), max(box[3], y)


@_compiled
def one(e: Any, p: Any, a: Any, b: Any) -> Any:
    """Return (seconds, metres) of one leg."""
    box = np.array([np.inf, np.inf, -np.inf, -np.inf])
    _widen(e, box, np.array([a, b]), 0, 2)
    near = np.empty(e.segment.shape[0], np.int64)
    return _leg(e, p, a, b, near, _between(e, box, near))


@_compiled
def fill(
    e: Any, p: Any, rows: Any, columns: Any, row_at: Any, column_at: Any, seconds: Any, metres: Any
) -> None:
    """
    Write the legs from every row to every column.

    `rows` and `columns` are places in an order in which neighbours are near each other; `row_at`
    and `column_at` say where each stands in the results.
    """
    near = np.empty(e.segment.shape[0], np.int64)
    box = np.empty(4)
    for r in range(0, rows.shape[0], CHUNK):
        r_end = min(r + CHUNK, rows.shape[0])
        for c in range(0, columns.shape[0], CHUNK):
            c_end = min(c + CHUNK, columns.shape[0])
            box[0], box[1], box[2], box[3] = np.inf, np.inf, -np.inf, -np.inf
            _widen(e, box, rows, r, r_end)
            _widen(e, box, columns, c, c_end)
            count = _between(e, box, near)
            for i in range(r, r_end):
                for j in range(c, c_end):
                    time, length = _leg(e, p, rows[i], columns[j], near, count)
                    seconds[row_at[i], column_at[j]] = time
                    metres[row_at[i], column_at[j]] = length


@_compiled
def fill_square(e: Any, p: Any, rows: Any, at: Any, seconds: Any, metres: Any) -> None:
    """Write the legs between all of some places; each pair is worked out once."""
    near = np.empty(e.segment.shape[0], np.int64)
    box = np.empty(4)
    size = rows.shape[0]
    for r in range(0, size, CHUNK):
        r_end = min(r + CHUNK, size)
        for c in range(r, size, CHUNK):
            c_end = min(c + CHUNK, size)
            box[0], box[1], box[2], box[3] = np.inf, np.inf, -np.inf, -np.inf
            _widen(e, box, rows, r, r_end)
            _widen(e, box, rows, c, c_end)
            count = _between(e, box, near)
            for i in range(r, r_end):
                for j in range(max(c, i), c_end):
                    time, length = _leg(e, p, rows[i], rows[j], near, count)
                    seconds[at[i], at[j]] = seconds[at[j], at[i]] = time
                    metres[at[i], at[j]] = metres[at[j], at[i]] = length


def warm() -> None:
    """Compile everything, or find it compiled."""
    nothing = np.zeros((1, 0))
    ends = Ends(
        angle=np.zeros((1, 2)),
        flat=np.zeros((1, 2)),
        side=np.zeros((1, 0), np.uint8),
        segment=np.zeros((0, 4)),
        reach=nothing,
        through=nothing,
        waiting=np.zeros((1, 1), np.int32),
    )
    pace = Pace(1.0, 1.0, 0.0, 1.0, 1.0, 1.0)
    some = np.zeros(1, np.int64)
    result = np.zeros((1, 1), np.int32)
    one(ends, pace, 0, 0)
    fill(ends, pace, some, some, some, some, result, result)
    fill(ends, pace, some, some, some, some, result.astype(np.int64), result.astype(np.int64))
    fill_square(ends, pace, some, some, result, result)
