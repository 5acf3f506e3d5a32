"""
Which visits are worth standing beside which: the lists that keep every move local.

Insertion lists rank by cost plus what the windows waste (waiting and unavoidable lateness); the
ruin's list ranks by distance alone. Keeping the two apart matters most where windows are narrow.

References
----------
The measure for windows is the one of T. Vidal et al., "A hybrid genetic algorithm with adaptive
diversity management for a large class of vehicle routing problems with time-windows",
Computers & Operations Research 40(1), 2013.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray
from scipy.spatial import cKDTree

from solver.search.records import INF, NEAR

if TYPE_CHECKING:
    from solver.model import Problem
    from solver.search.arrays import Model
    from solver.search.records import Ints32, Records

_WAIT_SHARE = 0.2
_POOL = 6


def neighbourhoods(
    problem: Problem, model: Model, insertion: int, ruin: int
) -> tuple[Records, Records, Ints32]:
    """
    Rank the neighbours of every visit.

    Returns
    -------
    tuple of arrays
        Predecessors (n, k) and successors (n, k) with the least metres of any profile in between,
        and nearest (n, j) with the visit itself first; -1 fills rows that are short of feasible
        neighbours.
    """
    n = model.n
    if n == 0:
        return np.zeros((0, 1), NEAR), np.zeros((0, 1), NEAR), np.zeros((0, 1), np.int32)
    insertion, ruin = min(insertion, max(n - 1, 1)), min(ruin, n)
    before = np.full((n, insertion), -1, np.int32)
    after = np.full((n, insertion), -1, np.int32)
    near = np.full((n, ruin), -1, np.int32)
    first, last = _opening(model)
    together = _together(model)
    group = model.node["group"]
    metre, second = _rates(model)
    candidates = _pool(problem, model, max(ruin, insertion) * _POOL)
    block = max(1, min(n, 4_000_000 // max(n if candidates is None else candidates.shape[1], 1)))
    for low in range(0, n, block):
        rows = np.arange(low, min(low + block, n))
        columns = (
            np.broadcast_to(np.arange(n), (rows.size, n))
            if candidates is None
            else candidates[low : low + block]
        )
        out_t, out_m = _legs(model, rows, columns, outward=True)
        in_t, in_m = _legs(model, rows, columns, outward=False)
        base_out = out_m * metre + out_t * second
        base_in = in_m * metre + in_t * second
        itself = columns == rows[:, None]
        distance = (base_out + base_in).astype(np.float64)
        apart = ~together[group[rows][:, None], group[columns]]
        distance[apart] += distance.max()
        distance[itself] = -1.0
        near[rows] = _top(columns, distance, ruin, np.inf)
        served = model.node["service"]
        ready = first[rows] + served[rows]
        done = last[rows] + served[rows]
        wait_out = np.maximum(first[columns] - done[:, None] - out_t, 0)
        late_out = np.maximum(ready[:, None] + out_t - last[columns], 0)
        wait_in = np.maximum(first[rows][:, None] - (last + served)[columns] - in_t, 0)
        late_in = np.maximum((first + served)[columns] + in_t - last[rows][:, None], 0)
        weight = max(second, metre)
        for target, base, wait, late in (
            (after, base_out, wait_out, late_out),
            (before, base_in, wait_in, late_in),
        ):
            score = base + weight * _WAIT_SHARE * wait
            score = np.where(itself | apart | (late > 0), np.inf, score)
            target[rows] = _top(columns, score, insertion, np.inf)
    return _measured(model, before, outward=False), _measured(model, after, outward=True), near


def _together(model: Model) -> NDArray[np.bool_]:
    """Tell, for two groups of visits, whether some kind of vehicle may do both."""
    able = np.zeros((len(model.groups), max(model.kind_count, 1)), np.int32)
    for g, (low, high) in enumerate(model.groups):
        able[g, model.group_kinds[low:high]] = 1
    shared: NDArray[np.bool_] = able @ able.T > 0
    return shared


def _measured(model: Model, listed: Ints32, *, outward: bool) -> Records:
    """Put beside each neighbour the least metres and seconds of any profile: what the leg costs."""
    result = np.zeros(listed.shape, NEAR)
    result["node"] = listed
    for low in range(0, model.n, 4_096):
        rows = np.arange(low, min(low + 4_096, model.n))
        columns = np.maximum(listed[rows], 0)
        legs = [
            _legs(model, rows, columns, outward=outward, profile=p)
            for p in range(1 if model.planar else model.metres.shape[0])
        ]
        result["seconds"][rows] = np.floor(np.min([seconds for seconds, _ in legs], axis=0))
        result["metres"][rows] = np.floor(np.min([metres for _, metres in legs], axis=0))
    return result


def metres_from_home(model: Model) -> Any:
    """Return, for each visit, the metres from the nearest start of a vehicle that may do it."""
    best = np.full(model.n, INF, np.int64)
    place = model.node["place"]
    starts = {
        (int(model.fleet[int(order)]["start"]), int(model.fleet[int(order)]["profile"]), kind)
        for kind, order in enumerate(model.fleet["in_order_of_kind"][model.kinds["first"]])
        if model.vehicles
    }
    for start, profile, kind in sorted(starts):
        if start < 0:
            continue
        if model.planar:
            length = np.hypot(*(model.xy[place] - model.xy[start]).T) * model.scale
        else:
            length = model.metres[profile][start, place]
        better = (model.allowed[kind] > 0) & (length < best)
        best[better] = length[better]
    return best


def _top(columns: Any, score: Any, count: int, never: float) -> Any:
    """Return the `count` best columns of each row, best first, -1 where the score is `never`."""
    if count < score.shape[1]:
        some = np.argpartition(score, count - 1, axis=1)[:, :count]
    else:
        some = np.broadcast_to(np.arange(score.shape[1]), score.shape)
    picked = np.take_along_axis(score, some, axis=1)
    order = np.lexsort((np.take_along_axis(columns, some, axis=1), picked), axis=1)
    best = np.take_along_axis(some, order, axis=1)
    result = np.take_along_axis(columns, best, axis=1).astype(np.int32)
    result[np.take_along_axis(score, best, axis=1) >= never] = -1
    if result.shape[1] < count:
        pad = np.full((result.shape[0], count - result.shape[1]), -1, np.int32)
        result = np.concatenate([result, pad], axis=1)
    return result


def _opening(model: Model) -> tuple[Any, Any]:
    """Return the first opening and the last closing of every visit, within any shift."""
    fleet = model.fleet[:-1]
    earliest = int(fleet["shift_start"].min()) if model.vehicles else 0
    latest = int(fleet["shift_end"].max()) if model.vehicles else 0
    first = np.full(model.n, earliest, np.int64)
    last = np.full(model.n, latest, np.int64)
    sets = model.sets[model.node["wset"]]
    some = sets["end"] > sets["first"]
    first[some] = np.maximum(model.windows["start"][sets["first"][some]], earliest)
    last[some] = np.minimum(model.windows["end"][sets["end"][some] - 1], latest)
    return first, last


def _rates(model: Model) -> tuple[float, float]:
    """Return what a metre and a second cost on average, at least a little of each."""
    if not model.vehicles:
        return 1.0, 0.0
    metre = float(model.fleet["per_metre"][:-1].mean())
    second = float(model.fleet["per_second"][:-1].mean())
    if metre == 0 and second == 0:
        return 1.0, 0.0
    return metre, second


def _legs(
    model: Model, rows: Any, columns: Any, *, outward: bool, profile: int = 0
) -> tuple[Any, Any]:
    place = model.node["place"]
    here, there = place[rows][:, None], place[columns]
    origin, target = (here, there) if outward else (there, here)
    if model.planar:
        apart = model.xy[origin] - model.xy[target]
        length = np.sqrt((apart * apart).sum(axis=-1)) * model.scale
        return length, length
    return (
        model.seconds[profile][origin, target].astype(np.int64),
        model.metres[profile][origin, target].astype(np.int64),
    )


def _pool(problem: Problem, model: Model, count: int) -> Any | None:
    """Return for very large problems only the visits that lie near; None means all."""
    if model.n <= max(4_000, count):
        return None
    place = model.node["place"]
    if model.planar:
        xy = model.xy[place]
    else:
        xy = np.array([(problem.places[p].x, problem.places[p].y) for p in place])
    _, found = cKDTree(xy).query(xy, k=min(count, model.n))
    return found.astype(np.int64)
