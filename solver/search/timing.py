"""
Travel, windows and breaks on arrays: the small pieces that time is made of.

A *layer* is the number of breaks already taken. An earlier arrival is never worse, so one earliest
time per layer says all about what lies before a stop, and one latest time all about what follows.
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from solver.search.compiled import Whole, compiled, inlined

INF = 1 << 60


@inlined
def seconds_between(m: Any, profile: int, a: int, b: int) -> Whole:
    """Return the travel time between two place rows; a negative row is an open end."""
    if a < 0 or b < 0:
        return 0
    if m.planar:
        return planar(m, a, b)
    return np.int64(m.seconds[profile, a, b])


@inlined
def metres_between(m: Any, profile: int, a: int, b: int) -> Whole:
    """Return the distance between two place rows; a negative row is an open end."""
    if a < 0 or b < 0:
        return 0
    if m.planar:
        return planar(m, a, b)
    return np.int64(m.metres[profile, a, b])


@compiled
def planar(m: Any, a: int, b: int) -> Whole:
    """Return the rounded straight-line length between two place rows."""
    dx = m.xy[a, 0] - m.xy[b, 0]
    dy = m.xy[a, 1] - m.xy[b, 1]
    length = math.sqrt(dx * dx + dy * dy) * m.scale
    if m.rounding == 0:
        return np.int64(math.floor(length + 0.5))
    if m.rounding == 1:
        return np.int64(length)
    return np.int64(math.ceil(length))


@inlined
def earliest(m: Any, rows: int, clock: int) -> Whole:
    """Return the first open moment of a window set from `clock` on, INF after all."""
    low, high = m.sets[rows].first, m.sets[rows].end
    if low == high:
        return clock
    for k in range(low, high):
        if clock <= m.windows[k].end:
            return max(clock, m.windows[k].start)
    return INF


@inlined
def last_open(m: Any, rows: int, cap: int) -> Whole:
    """Return the last open moment of a window set up to `cap`, -INF before all."""
    low, high = m.sets[rows].first, m.sets[rows].end
    if low == high:
        return cap
    for k in range(high - 1, low - 1, -1):
        if m.windows[k].start <= cap:
            return min(m.windows[k].end, cap)
    return -INF


@inlined
def drive(m: Any, vehicle: int, clock: int, travel: int, taken: int, until: int) -> Whole:
    """Travel from `clock` on, taking breaks `taken` up to `until` on the way; INF if late."""
    if taken == until:
        return clock + travel
    first = m.fleet[vehicle].breaks
    for k in range(first + taken, first + until):
        begin = earliest(m, m.breaks[k].wset, clock)
        if begin >= INF:
            return INF
        travel -= min(travel, begin - clock)
        clock = begin + m.breaks[k].seconds
    return clock + travel


@inlined
def drive_back(m: Any, vehicle: int, ready: int, travel: int, taken: int, until: int) -> Whole:
    """Return the latest moment to leave so that `drive` ends by `ready`; -INF if there is none."""
    if taken == until:
        return ready - travel
    first = m.fleet[vehicle].breaks
    whole = travel
    latest = ready
    for k in range(first + until - 1, first + taken - 1, -1):
        whole += m.breaks[k].seconds
        latest = last_open(m, m.breaks[k].wset, latest - m.breaks[k].seconds)
        if latest <= -INF:
            return -INF
    return min(ready - whole, latest)
