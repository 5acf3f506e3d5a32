"""
One step along a route: what a node knows of the part before it, and of the part behind it.

See `solver.search.state` for the rows that are set here.

References
----------
Segments and their concatenation: T. Vidal et al., Computers & Operations Research 40(1), 2013.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from solver.search.compiled import Truth, Whole, compiled, inlined
from solver.search.records import ENDCAP, RESTED
from solver.search.timing import INF, drive, drive_back, earliest, last_open


@inlined
def is_slot(m: Any, x: int) -> Truth:
    """Tell whether a node is a reload."""
    return x >= m.n + 2 * m.vehicles


@inlined
def work_at(m: Any, s: Any, v: int, x: int, before: int) -> Whole:
    """Return the seconds spent at a node when coming from the node `before`."""
    if x < m.n:
        if s.link[before].place != s.link[x].place:
            return m.node[x].service + m.node[x].setup
        return m.node[x].service
    if is_slot(m, x):
        return m.reloads[m.fleet[v].reloads + s.slots[x - m.n - 2 * m.vehicles].reload].seconds
    return 0


@inlined
def windows_at(m: Any, s: Any, v: int, x: int) -> Whole:
    """Return the window set of a node."""
    if x < m.n:
        return m.node[x].wset
    if is_slot(m, x):
        return m.reloads[m.fleet[v].reloads + s.slots[x - m.n - 2 * m.vehicles].reload].wset
    return 0


@compiled
def open_start(m: Any, s: Any, v: int) -> None:
    """Set the row of the route's start."""
    x = m.n + v
    leave = max(m.fleet[v].shift_start, s.rows[x, m.c_release])
    for k in range(m.layers):
        rested = m.layer[v, k, RESTED]
        s.rows[x, k] = rested if rested >= INF else max(leave, rested)
    if m.segments:
        s.rows[x, m.c_segment] = 0
        s.rows[x, m.c_segment + 1] = leave
        s.rows[x, m.c_segment + 2] = max(leave, m.fleet[v].shift_end)


@inlined
def _step_forward_plain(m: Any, s: Any, x: int) -> Truth:
    """Do it for a visit with one window at most, where nobody takes breaks."""
    p = s.link[x].prev
    travel = s.link[p].seconds
    work = m.node[x].service
    if m.node[x].setup and s.link[p].place != s.link[x].place:
        work += m.node[x].setup
    leave = s.rows[p, 0]
    if leave < INF:
        leave += travel
        leave = max(leave, m.node[x].open) + work if leave <= m.node[x].close else np.int64(INF)
    changed = bool(leave != s.rows[x, 0])
    s.rows[x, 0] = leave
    if m.segments:
        c = m.c_segment
        before, after = s.rows[p, c : c + 3], s.rows[x, c : c + 3]
        changed |= merge(before, travel, work, m.node[x].open, m.node[x].close, after)
    return changed


@inlined
def step_forward(m: Any, s: Any, v: int, x: int) -> Truth:
    """Set what a node knows of the route before it; tell whether anything changed."""
    if m.layers == 1 and x < m.n and not m.node[x].several:
        return _step_forward_plain(m, s, x)
    return _step_forward_full(m, s, v, x)


@compiled
def _step_forward_full(m: Any, s: Any, v: int, x: int) -> Truth:
    p = s.link[x].prev
    travel = s.link[p].seconds
    layers = m.fleet[v].breaks_end - m.fleet[v].breaks + 1
    work = work_at(m, s, v, x, p)
    rows = windows_at(m, s, v, x)
    release = s.rows[x, m.c_release] if is_slot(m, x) else 0
    changed = False
    for taken in range(layers):
        best: Any = np.int64(INF)
        for before in range(taken + 1):
            clock = s.rows[p, before]
            if clock < INF:
                begin = drive(m, v, clock, travel, before, taken)
                if begin < INF:
                    begin = earliest(m, rows, begin)
                if begin + work < best:
                    best = begin + work
        if best < INF and best < release:
            best = release
        if best != s.rows[x, taken]:
            s.rows[x, taken] = best
            changed = True
    for taken in range(layers, m.layers):
        s.rows[x, taken] = INF
    if m.segments:
        low, high = _segment_window(m, rows, s.rows[p, m.c_segment : m.c_segment + 3], travel)
        if is_slot(m, x):
            low = max(low, release - work)
        c = m.c_segment
        changed |= merge(s.rows[p, c : c + 3], travel, work, low, high, s.rows[x, c : c + 3])
    return changed


@compiled
def _segment_window(m: Any, rows: int, before: Any, travel: int) -> tuple[Whole, Whole]:
    """Return the window that a segment uses: the first that is open at or after the arrival."""
    low, high = m.sets[rows].first, m.sets[rows].end
    if low == high:
        return -INF, INF
    arrival = before[0] + before[1] + travel
    for k in range(low, high):
        if arrival <= m.windows[k].end:
            return m.windows[k].start, m.windows[k].end
    return m.windows[high - 1].start, m.windows[high - 1].end


@inlined
def merge(a: Any, travel: int, duration: int, low: int, high: int, out: Any) -> Truth:
    """Append (duration, earliest, latest start) to segment `a`; tell whether `out` changed."""
    shift = a[0] + travel
    wait = max(low - shift - a[2], 0)
    warp = max(a[1] + shift - high, 0)
    total = a[0] + duration + travel + wait
    early = max(low - shift, a[1]) - wait
    late = min(high - shift, a[2]) + warp
    changed = bool(out[0] != total or out[1] != early or out[2] != late)
    out[0] = total
    out[1] = early
    out[2] = late
    return changed


@inlined
def _step_backward_plain(m: Any, s: Any, x: int) -> Truth:
    """Do it for a visit with one window at most, where nobody takes breaks."""
    j = s.link[x].next
    travel = s.link[x].seconds
    work = m.node[x].service
    if m.node[x].setup and s.link[s.link[x].prev].place != s.link[x].place:
        work += m.node[x].setup
    leave = s.rows[j, m.c_latest]
    latest: Any = np.int64(-INF)
    if leave > -INF:
        leave -= travel
        latest = min(leave - work, m.node[x].close)
        if latest < m.node[x].open:
            latest = np.int64(-INF)
    changed = bool(leave != s.rows[x, m.c_leave] or latest != s.rows[x, m.c_latest])
    s.rows[x, m.c_leave] = leave
    s.rows[x, m.c_latest] = latest
    if m.segments:
        c = m.c_segment + 3
        behind, here = s.rows[j, c : c + 3], s.rows[x, c : c + 3]
        changed |= _prepend(work, m.node[x].open, m.node[x].close, travel, behind, here)
    return changed


@inlined
def step_backward(m: Any, s: Any, v: int, x: int) -> Truth:
    """Set what a node knows of the route behind it; tell whether anything changed."""
    if m.layers == 1 and x < m.n and not m.node[x].several:
        return _step_backward_plain(m, s, x)
    return _step_backward_full(m, s, v, x)


@compiled
def _step_backward_full(m: Any, s: Any, v: int, x: int) -> Truth:
    j = s.link[x].next
    travel = s.link[x].seconds
    layers = m.fleet[v].breaks_end - m.fleet[v].breaks + 1
    start = x >= m.n and not is_slot(m, x)
    work = 0 if start else work_at(m, s, v, x, s.link[x].prev)
    rows = windows_at(m, s, v, x)
    changed = False
    for taken in range(layers):
        leave: Any = np.int64(-INF)
        for until in range(taken, layers):
            ready = s.rows[j, m.c_latest + until]
            if ready > -INF:
                leave = max(leave, drive_back(m, v, ready, travel, taken, until))
        latest: Any = np.int64(-INF)
        if leave > -INF:
            latest = last_open(m, rows, leave - work)
        if leave != s.rows[x, m.c_leave + taken] or latest != s.rows[x, m.c_latest + taken]:
            changed = True
            s.rows[x, m.c_leave + taken] = leave
            s.rows[x, m.c_latest + taken] = latest
    for taken in range(layers, m.layers):
        s.rows[x, m.c_leave + taken] = -INF
        s.rows[x, m.c_latest + taken] = -INF
    if m.segments and not start:
        c = m.c_segment
        low, high = _segment_window(m, rows, s.rows[s.link[x].prev, c : c + 3], 0)
        changed |= _prepend(
            work, low, high, travel, s.rows[j, c + 3 : c + 6], s.rows[x, c + 3 : c + 6]
        )
    return changed


@inlined
def _prepend(work: int, low: int, high: int, travel: int, b: Any, out: Any) -> Truth:
    """Put one visit before segment `b`; tell whether `out` changed."""
    shift = work + travel
    wait = max(b[1] - shift - high, 0)
    warp = max(low + shift - b[2], 0)
    total = work + travel + b[0] + wait
    early = max(b[1] - shift, low) - wait
    late = min(b[2] - shift, high) + warp
    changed = bool(out[0] != total or out[1] != early or out[2] != late)
    out[0] = total
    out[1] = early
    out[2] = late
    return changed


@compiled
def close_end(m: Any, s: Any, v: int) -> None:
    """Set the row of the route's end for the way back."""
    x = m.n + m.vehicles + v
    for k in range(m.layers):
        s.rows[x, m.c_latest + k] = m.layer[v, k, ENDCAP]
    if m.segments:
        s.rows[x, m.c_segment + 3] = 0
        s.rows[x, m.c_segment + 4] = -INF
        s.rows[x, m.c_segment + 5] = m.fleet[v].shift_end
