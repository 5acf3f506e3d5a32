"""
Compiled parts of customizable contraction hierarchies.

Nodes are numbered by rank. Every arc of the hierarchy leads from a node to a higher one and carries
two weights: `up` (from the lower to the higher) and `down` (back). A weight is one integer, time in
milliseconds times 2**28 plus decimetres: sums stay exact, and the least weight is the shortest time
and, among equal times, the shortest way.

References
----------
J. Dibbelt, B. Strasser, D. Wagner, "Customizable Contraction Hierarchies", ACM JEA 21, 2016.
D. Delling, A. V. Goldberg, R. F. Werneck, "Faster Batched Shortest Paths in Road Networks",
ATMOS 2011 (sweeping only what the targets need, for several sources at a time).
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

import numpy as np
from numba import njit

Function = TypeVar("Function", bound=Callable[..., Any])

NONE = np.int64(1) << np.int64(61)
"""No way; two of them still fit into 64 bits."""

LANES = 8
"""Sources swept together."""

_njit: Any = njit


def _compiled(function: Function) -> Function:
    return cast("Function", _njit(cache=True, nogil=True, error_model="numpy")(function))


@_compiled
def chordal(start: Any, neighbours: Any) -> Any:
    """
    Return (up_start, up_head): every node's higher neighbours after eliminating in order of rank.

    `start` and `neighbours` are the graph, symmetric, in ranks.
    """
    n = start.shape[0] - 1
    up_start = np.zeros(n + 1, np.int64)
    head = np.empty(neighbours.shape[0] * 2 + 16, np.int32)
    mark = np.full(n, -1, np.int64)
    first_child = np.full(n, -1, np.int64)
    next_child = np.full(n, -1, np.int64)
    size = 0
    for v in range(n):
        began = size
        mark[v] = v
        if head.shape[0] - size < n - v:
            more = np.empty(head.shape[0] * 2 + n, np.int32)
            more[:size] = head[:size]
            head = more
        for k in range(start[v], start[v + 1]):
            x = neighbours[k]
            if x > v and mark[x] != v:
                mark[x] = v
                head[size] = x
                size += 1
        child = first_child[v]
        while child >= 0:
            for k in range(up_start[child], up_start[child + 1]):
                x = head[k]
                if mark[x] != v:
                    mark[x] = v
                    head[size] = x
                    size += 1
            child = next_child[child]
        head[began:size].sort()
        up_start[v + 1] = size
        if size > began:
            parent = head[began]
            next_child[v] = first_child[parent]
            first_child[parent] = v
    return up_start, head[:size].copy()


@_compiled
def arc_of(up_start: Any, up_head: Any, low: int, high: int) -> int:
    """Return the number of the arc between two nodes, or -1."""
    left, right = up_start[low], up_start[low + 1]
    while left < right:
        middle = (left + right) // 2
        if up_head[middle] < high:
            left = middle + 1
        else:
            right = middle
    if left < up_start[low + 1] and up_head[left] == high:
        return int(left)
    return -1


@_compiled
def seed(
    up_start: Any,
    up_head: Any,
    tails: Any,
    heads: Any,
    weights: Any,
    up: Any,
    down: Any,
    by_up: Any,
    by_down: Any,
) -> None:
    """Lay the least edge between two nodes on their arc; `by` becomes -1 - its number."""
    for e in range(tails.shape[0]):
        a, b, w = tails[e], heads[e], weights[e]
        if w >= NONE or a == b:
            continue
        if a < b:
            k = arc_of(up_start, up_head, a, b)
            if w < up[k]:
                up[k] = w
                by_up[k] = -1 - e
        else:
            k = arc_of(up_start, up_head, b, a)
            if w < down[k]:
                down[k] = w
                by_down[k] = -1 - e


@_compiled
def customise(up_start: Any, up_head: Any, up: Any, down: Any, by_up: Any, by_down: Any) -> None:
    """Make every arc as short as the ways through lower nodes; `by` is then the middle node."""
    for v in range(up_start.shape[0] - 1):
        begin, end = up_start[v], up_start[v + 1]
        for i in range(begin, end):
            x = up_head[i]
            at = up_start[x]
            for j in range(i + 1, end):
                y = up_head[j]
                while up_head[at] < y:
                    at += 1
                over = down[i] + up[j]
                if over < up[at]:
                    up[at] = over
                    by_up[at] = v
                back = down[j] + up[i]
                if back < down[at]:
                    down[at] = back
                    by_down[at] = v


@_compiled
def climb(
    up_start: Any,
    up_head: Any,
    weight: Any,
    nodes: Any,
    costs: Any,
    reach: Any,
    through: Any,
    chain: Any,
) -> int:
    """
    Search upwards from some nodes at some costs; return how many nodes were reached.

    `chain` holds them in order of rank, `reach` the least weight, `through` the arc it came by
    (-1: began here). `reach` must be NONE throughout before, and is the caller's to clear.
    """
    for k in range(nodes.shape[0]):
        v = nodes[k]
        if v >= 0 and costs[k] < reach[v]:
            reach[v] = costs[k]
            through[v] = -1
    count = 0
    # The chains to the root of all beginnings, merged by rank.
    fronts = nodes.copy()
    while True:
        v = np.int64(-1)
        for k in range(fronts.shape[0]):
            if fronts[k] >= 0 and (v < 0 or fronts[k] < v):
                v = fronts[k]
        if v < 0:
            break
        chain[count] = v
        count += 1
        begin, end = up_start[v], up_start[v + 1]
        above = np.int64(up_head[begin]) if end > begin else np.int64(-1)
        for k in range(fronts.shape[0]):
            if fronts[k] == v:
                fronts[k] = above
        if reach[v] >= NONE:
            continue
        for k in range(begin, end):
            cost = reach[v] + weight[k]
            if cost < reach[up_head[k]]:
                reach[up_head[k]] = cost
                through[up_head[k]] = k
    return count


@_compiled
def needed(up_start: Any, up_head: Any, nodes: Any) -> Any:
    """Return, in order of rank, all nodes above the given ones, these included."""
    mark = np.zeros(up_start.shape[0] - 1, np.bool_)
    for k in range(nodes.shape[0]):
        v = np.int64(nodes[k])
        while v >= 0 and not mark[v]:
            mark[v] = True
            begin = up_start[v]
            v = np.int64(up_head[begin]) if up_start[v + 1] > begin else np.int64(-1)
    return np.flatnonzero(mark)


@_compiled
def restricted(up_start: Any, up_head: Any, down: Any, chosen: Any) -> Any:
    """Return (place, start, head, weight): the chosen nodes' arcs, renumbered within them."""
    place = np.full(up_start.shape[0] - 1, -1, np.int32)
    total = 0
    for k in range(chosen.shape[0]):
        place[chosen[k]] = k
        total += up_start[chosen[k] + 1] - up_start[chosen[k]]
    start = np.zeros(chosen.shape[0] + 1, np.int64)
    head = np.empty(total, np.int32)
    weight = np.empty(total, np.int64)
    size = 0
    for k in range(chosen.shape[0]):
        v = chosen[k]
        for a in range(up_start[v], up_start[v + 1]):
            if down[a] < NONE:
                head[size] = place[up_head[a]]
                weight[size] = down[a]
                size += 1
        start[k + 1] = size
    return place, start, head[:size].copy(), weight[:size].copy()


@_compiled
def sweep(
    up_start: Any,
    up_head: Any,
    up: Any,
    place: Any,
    start: Any,
    head: Any,
    weight: Any,
    s_nodes: Any,
    s_costs: Any,
    t_nodes: Any,
    t_costs: Any,
    out: Any,
) -> None:
    """
    Fill out[source, target] with the least weight from each source to each target.

    Parameters
    ----------
    s_nodes, s_costs, t_nodes, t_costs
        (points, 2): up to two nodes on which a way begins or ends and what lies between; node -1
        is none.
    """
    n = up_start.shape[0] - 1
    m = start.shape[0] - 1
    reach = np.full(n, NONE, np.int64)
    through = np.empty(n, np.int64)
    chain = np.empty(n, np.int64)
    table = np.empty((m, LANES), np.int64)
    for low in range(0, s_nodes.shape[0], LANES):
        lanes = min(LANES, s_nodes.shape[0] - low)
        table[:, :] = NONE
        for lane in range(lanes):
            count = climb(
                up_start,
                up_head,
                up,
                s_nodes[low + lane],
                s_costs[low + lane],
                reach,
                through,
                chain,
            )
            for k in range(count):
                v = chain[k]
                if place[v] >= 0:
                    table[place[v], lane] = reach[v]
                reach[v] = NONE
        for k in range(m - 1, -1, -1):
            for a in range(start[k], start[k + 1]):
                x, w = head[a], weight[a]
                for lane in range(LANES):
                    cost = table[x, lane] + w
                    if cost < table[k, lane]:
                        table[k, lane] = cost
        for lane in range(lanes):
            for t in range(t_nodes.shape[0]):
                best = NONE
                for side in range(2):
                    v = t_nodes[t, side]
                    if v >= 0:
                        best = min(best, table[place[v], lane] + t_costs[t, side])
                out[low + lane, t] = best


def warm() -> None:
    """Compile everything on the smallest graph there is: two nodes and an edge."""
    start, neighbours = np.array([0, 1, 2]), np.array([1, 0], np.int32)
    up_start, up_head = chordal(start, neighbours)
    up, down = np.full(1, NONE), np.full(1, NONE)
    by_up, by_down = np.zeros(1, np.int32), np.zeros(1, np.int32)
    ends = np.array([0, 1], np.int32)
    seed(up_start, up_head, ends, ends[::-1].copy(), np.ones(2, np.int64), up, down, by_up, by_down)
    customise(up_start, up_head, up, down, by_up, by_down)
    nodes, costs = np.array([[0, -1]]), np.zeros((1, 2), np.int64)
    part = restricted(up_start, up_head, down, needed(up_start, up_head, nodes.reshape(-1)))
    place, begins, heads, weights = part
    out = np.zeros((1, 1), np.int64)
    sweep(up_start, up_head, up, place, begins, heads, weights, nodes, costs, nodes, costs, out)
    arc_of(up_start, up_head, 0, 1)
