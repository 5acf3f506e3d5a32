"""
A problem with more places, and with roads closed.

A new place gets its travel to the nearest two dozen places from the provider that measured the
others, and to all further ones by way of the best of those: no shorter than the truth, measured in
one small question, and exact where an order is put between its neighbours.

A closed road is told by a bar across it (two points) or by an area. The matrices know no roads, so
a leg is closed when the straight line between its ends meets the bar or the area; it then goes by
the best third place from which neither half is closed, and is as good as impossible where there is
none. A closure counts for the whole rest of the day if it is in force at any moment of it: travel
in a problem has no hours, and a plan must hold while the road is closed.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from dispatch.events import RoadClosed
from geo.errors import UnreachableError
from geo.travel import TravelProvider
from geo.types import IntArray, LatLon, Travel, TravelMatrix
from solver.model import Place, Problem

NO_WAY = 4 * 86_400
"""Seconds of a leg that cannot be driven: no shift is so long."""

_NO_WAY_METRES = 5_000_000
_NEAR = 24
_PAIRS = 2_000_000


def points_of(problem: Problem) -> list[LatLon]:
    """Return the points of the places; x is the longitude, y the latitude."""
    return [LatLon(lat=place.y, lon=place.x) for place in problem.places]


def with_points(
    problem: Problem, points: Iterable[LatLon], travel: TravelProvider
) -> tuple[Problem, dict[LatLon, int]]:
    """
    Return the problem with a place for each point, and every point's row.

    Points that are places already get the row of the place.

    Raises
    ------
    GeoError
        The travel service failed.
    """
    old = points_of(problem)
    rows: dict[LatLon, int] = {}
    for row, point in enumerate(old):
        rows.setdefault(point, row)
    new = [point for point in dict.fromkeys(points) if point not in rows]
    if not new:
        return problem, rows
    taken = {place.id for place in problem.places}
    places = list(problem.places)
    for point in new:
        rows[point] = len(places)
        name = f"{point.lat:.6f},{point.lon:.6f}"
        while name in taken:
            name += "'"
        taken.add(name)
        places.append(Place(id=name, x=point.lon, y=point.lat))
    return (
        replace(
            problem,
            places=tuple(places),
            travel={
                profile: _grown(known, old, new, travel, profile)
                for profile, known in problem.travel.items()
            },
        ),
        rows,
    )


def _grown(
    known: Travel, old: Sequence[LatLon], new: Sequence[LatLon], provider: TravelProvider, name: str
) -> TravelMatrix:
    size, more = len(old), len(new)
    seconds, metres = dense(known)
    seconds = np.pad(seconds, ((0, more), (0, more)))
    metres = np.pad(metres, ((0, more), (0, more)))
    x = np.array([point.lon for point in old])
    y = np.array([point.lat for point in old])
    for k, point in enumerate(new):
        row = size + k
        # The new ones before it count as old by now.
        earlier = [*range(size, row)]
        apart = (y - point.lat) ** 2 + ((x - point.lon) * 0.93) ** 2  # cos 21.4°
        near = [int(each) for each in np.argsort(apart, kind="stable")[:_NEAR]]
        some = [*near, *earlier]
        places = [*(old[each] for each in near), *new[:k]]
        time, length = _measured([point, *places], provider, name)
        spots = np.array(some, dtype=np.int64)
        for table, found in ((seconds, time), (metres, length)):
            table[row, spots] = found[0, 1:]
            table[spots, row] = found[1:, 0]
        far = np.setdiff1d(np.arange(size), spots)
        if far.size and spots.size:
            out = seconds[row, spots][:, None] + seconds[np.ix_(spots, far)]
            back = seconds[np.ix_(far, spots)] + seconds[spots, row][None, :]
            by_out, by_back = spots[out.argmin(axis=0)], spots[back.argmin(axis=1)]
            metres[row, far] = metres[row, by_out] + metres[by_out, far]
            metres[far, row] = metres[far, by_back] + metres[by_back, row]
            seconds[row, far] = out.min(axis=0)
            seconds[far, row] = back.min(axis=1)
    return TravelMatrix(seconds=seconds, metres=metres)


def _measured(
    points: Sequence[LatLon], provider: TravelProvider, profile: str
) -> tuple[NDArray[Any], NDArray[Any]]:
    try:
        matrix = provider.matrix(points, profile=profile)
    except UnreachableError:
        pass
    else:
        return matrix.seconds, matrix.metres
    # Somewhere in this block there is no way: find out where, pair by pair from the new points.
    size = len(points)
    seconds = np.full((size, size), NO_WAY, np.int64)
    metres = np.full((size, size), _NO_WAY_METRES, np.int64)
    np.fill_diagonal(seconds, 0)
    np.fill_diagonal(metres, 0)
    for row in range(size):
        for column in range(row):
            try:
                pair = provider.matrix([points[row], points[column]], profile=profile)
            except UnreachableError:
                continue
            seconds[row, column], metres[row, column] = pair.leg(0, 1)
            seconds[column, row], metres[column, row] = pair.leg(1, 0)
    return seconds, metres


def dense(travel: Travel) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return the seconds and metres between all places, shape (n, n)."""
    if isinstance(travel, TravelMatrix):
        return travel.seconds, travel.metres
    everywhere = range(travel.size)
    return travel.block(everywhere, everywhere)


# ---- closed roads -------------------------------------------------------------------------------


def with_closures(
    problem: Problem, closures: Iterable[RoadClosed], *, now: int
) -> tuple[Problem, int]:
    """Return the problem with the ways round what is closed from now on, and how many legs."""
    lines = [closure.line for closure in closures if closure.end >= now]
    if not lines or not problem.places:
        return problem, 0
    shut = _shut(problem, lines)
    np.fill_diagonal(shut, val=False)
    count = int(shut.sum())
    if not count:
        return problem, 0
    travel: Mapping[str, Travel] = {
        profile: _round(known, shut) for profile, known in problem.travel.items()
    }
    return replace(problem, travel=travel), count


def _shut(problem: Problem, lines: Sequence[Sequence[LatLon]]) -> NDArray[np.bool_]:
    """Tell of every leg whether its straight line meets a bar or an area, shape (n, n)."""
    x = np.array([place.x for place in problem.places])
    y = np.array([place.y for place in problem.places])
    shut = np.zeros((x.size, x.size), bool)
    for line in lines:
        ends = [(point.lon, point.lat) for point in line]
        edges = list(zip(ends, ends[1:] + ends[:1] if len(ends) > 2 else ends[1:], strict=False))
        for (ax, ay), (bx, by) in edges:
            # Which side of the edge each place lies on, and each end of the edge of each leg.
            side = np.sign((bx - ax) * (y - ay) - (by - ay) * (x - ax))
            apart = side[:, None] * side[None, :] <= 0
            to_a = _side_of(x, y, ax, ay)
            to_b = _side_of(x, y, bx, by)
            shut |= apart & (to_a * to_b <= 0) & ~((side[:, None] == 0) & (side[None, :] == 0))
        if len(ends) > 2:
            inside = _inside(x, y, ends)
            shut |= inside[:, None] | inside[None, :]
    return shut


def _side_of(
    x: NDArray[np.float64], y: NDArray[np.float64], px: float, py: float
) -> NDArray[np.float64]:
    """Return the side of each leg (row to column) on which a point lies, shape (n, n)."""
    dx = x[None, :] - x[:, None]
    dy = y[None, :] - y[:, None]
    return np.sign(dx * (py - y[:, None]) - dy * (px - x[:, None]))


def _inside(
    x: NDArray[np.float64], y: NDArray[np.float64], ends: Sequence[tuple[float, float]]
) -> NDArray[np.bool_]:
    """Tell which places lie in an area: a ray from them crosses its edge an odd number of times."""
    inside = np.zeros(x.size, bool)
    for (ax, ay), (bx, by) in zip(ends, [*ends[1:], ends[0]], strict=True):
        if ay == by:
            continue
        spans = (ay > y) != (by > y)
        inside ^= spans & (x < (bx - ax) * (y - ay) / (by - ay) + ax)
    return inside


def _round(known: Travel, shut: NDArray[np.bool_]) -> TravelMatrix:
    """Return travel where each closed leg goes by the best third place with two open halves."""
    seconds, metres = (np.array(each, dtype=np.int64) for each in dense(known))
    open_seconds = np.where(shut, NO_WAY, seconds)
    rows, columns = np.nonzero(shut)
    step = max(_PAIRS // seconds.shape[0], 1)
    for low in range(0, rows.size, step):
        here, there = rows[low : low + step], columns[low : low + step]
        both: IntArray = open_seconds[here, :] + open_seconds[:, there].T
        by = both.argmin(axis=1)
        time = both[np.arange(by.size), by]
        length = metres[here, by] + metres[by, there]
        lost = time >= NO_WAY
        seconds[here, there] = np.where(lost, NO_WAY, np.maximum(time, seconds[here, there]))
        metres[here, there] = np.where(lost, _NO_WAY_METRES, length)
    return TravelMatrix(seconds=seconds, metres=metres)
