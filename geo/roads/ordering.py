"""
The order in which a hierarchy eliminates nodes: nested dissection by straight cuts.

The graph is cut where the fewest edges cross a straight line in one of eight directions, with no
side below three tenths; the crossing edges' ends on one side are the separator and come last; both
sides follow in the same way.

References
----------
A. Schild, C. Sommer, "On Balanced Separators in Road Networks", SEA 2015 (directions and balance).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

_SMALL = 8
_DIRECTIONS = 8
_BALANCE = 0.3


def dissection(
    lat: NDArray[Any], lon: NDArray[Any], tail: NDArray[Any], head: NDArray[Any]
) -> NDArray[np.int64]:
    """Return the nodes in the order of their elimination."""
    x = lon * math.cos(math.radians(float(lat.mean())))
    size = len(lat)
    order = np.empty(size, np.int64)
    local = np.full(size, -1, np.int64)
    work = [(np.arange(size), tail.astype(np.int64), head.astype(np.int64), size)]
    while work:
        nodes, a, b, end = work.pop()
        if len(nodes) <= _SMALL or not len(a):
            order[end - len(nodes) : end] = nodes
            continue
        local[nodes] = np.arange(len(nodes))
        la, lb = local[a], local[b]
        second = _side(x[nodes], lat[nodes], la, lb)
        crossing = second[la] != second[lb]
        one = np.unique(np.where(second[la[crossing]], lb[crossing], la[crossing]))
        two = np.unique(np.where(second[la[crossing]], la[crossing], lb[crossing]))
        parted = one if len(one) <= len(two) else two
        held = np.zeros(len(nodes), bool)
        held[parted] = True
        order[end - len(parted) : end] = nodes[parted]
        end -= len(parted)
        for side in (second & ~held, ~second & ~held):
            inner = side[la] & side[lb]
            if side.any():
                work.append((nodes[side], a[inner], b[inner], end))
                end -= int(side.sum())
    return order


def _side(x: NDArray[Any], y: NDArray[Any], a: NDArray[Any], b: NDArray[Any]) -> NDArray[np.bool_]:
    """Return which nodes lie beyond the best straight cut."""
    size = len(x)
    best: tuple[int, NDArray[np.bool_]] | None = None
    low = max(1, int(size * _BALANCE))
    for k in range(_DIRECTIONS):
        angle = math.pi * k / _DIRECTIONS
        line = np.argsort(x * math.cos(angle) + y * math.sin(angle), kind="stable")
        rank = np.empty(size, np.int64)
        rank[line] = np.arange(size)
        first, last = np.minimum(rank[a], rank[b]), np.maximum(rank[a], rank[b])
        steps = np.bincount(first, minlength=size + 1) - np.bincount(last, minlength=size + 1)
        crossing = np.cumsum(steps)[low - 1 : size - low]
        at = int(crossing.argmin())
        if best is None or crossing[at] < best[0]:
            best = (int(crossing[at]), rank >= low + at)
    assert best is not None
    return best[1]
