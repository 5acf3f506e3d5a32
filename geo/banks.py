"""
Shortest ways over land cut by rivers that can be crossed only at bridges.

Rivers are lines on a plane. A way may touch no line but at a bridge, so a shortest way runs
straight between its ends, the two heads of each bridge it uses, and the river bends it has to go
around. Those heads and bends are the nodes of a small graph (a visibility graph); everything else
is looking up. The drawn ends of a river are no nodes: nothing goes around them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy.sparse.csgraph import shortest_path

from geo.errors import Finding, TravelDataError
from geo.types import LatLon
from geo.waterways import Bridge, River

Array = NDArray[np.float64]
Bools = NDArray[np.bool_]

EARTH_METRES = 6_371_008.8
"""Mean radius of the earth, metres."""

# A bend is passed, and a bridge head stands, this far off the drawn line: far more than rounding,
# far less than any river is wide.
_CLEARANCE = 5.0
# A bridge further than this from the line of its river is a mistake in one of the two.
_BRIDGE_TOLERANCE = 500.0
# A river that ends this near another river without touching it leaves a gap that no one meant.
_GAP_TOLERANCE = 500.0
_TILE = 256


def great_circle_metres(lat1: Array, lon1: Array, lat2: Array, lon2: Array) -> Array:
    """
    Return the metres between points given in radians, arrays broadcast together.

    References
    ----------
    R. W. Sinnott, "Virtues of the Haversine", Sky and Telescope 68 (1984) 159.
    """
    half = (
        np.sin((lat2 - lat1) / 2) ** 2
        + np.cos(lat1) * np.cos(lat2) * np.sin((lon2 - lon1) / 2) ** 2
    )
    metres = 2 * EARTH_METRES * np.arcsin(np.sqrt(np.minimum(half, 1.0)))
    return np.asarray(metres, np.float64)


@dataclass(frozen=True, slots=True, kw_only=True)
class Graph:
    """
    Shortest ways between the nodes for one kind of vehicle.

    Parameters
    ----------
    length
        Metres plus waiting turned into metres, shape (k, k); infinite where there is no way.
    waiting
        Seconds of waiting at ferries along that way, shape (k, k).
    before
        The node before the last on the way from row to column, negative where there is none.
    """

    length: Array
    waiting: NDArray[np.int64]
    before: NDArray[np.int32]


class Banks:
    """
    The rivers of a province and where they can be crossed.

    Parameters
    ----------
    rivers
        Lines; where one flows into another it ends on one of the other's points.
    bridges
        Places on those lines.

    Raises
    ------
    TravelDataError
        A bridge stands on no known river or off its line, or a river stops just short of another.
    """

    def __init__(self, *, rivers: Sequence[River], bridges: Sequence[Bridge]) -> None:
        self.bridges = tuple(bridges)
        middle = [p.lat for r in rivers for p in r.line] or [0.0]
        self._scale = math.cos(math.radians(sum(middle) / len(middle)))
        self._lines = {r.id: self.plane(r.line) for r in rivers}
        self._check(rivers)
        corners = [line[:-1] for line in self._lines.values()]
        others = [line[1:] for line in self._lines.values()]
        self._from = np.concatenate(corners) if corners else np.zeros((0, 2))
        self._to = np.concatenate(others) if others else np.zeros((0, 2))
        heads = [self._heads(bridge) for bridge in self.bridges]
        bends = self._bends()
        nodes = np.array([p for pair in heads for p in pair] + bends, np.float64).reshape(-1, 2)
        self.nodes = nodes
        self.node_points = tuple(self._unplane(p) for p in nodes)
        self._straight = self._lengths(self.node_points, self.node_points)
        self._straight[self.blocked(nodes, nodes)] = np.inf

    @property
    def segments(self) -> Array:
        """The pieces of all rivers on the plane: x and y of both ends, shape (s, 4)."""
        return np.concatenate([self._from, self._to], axis=1)

    def plane(self, points: Sequence[LatLon]) -> Array:
        """Return the points in metres on a plane, shape (n, 2), good for telling sides apart."""
        degrees = np.array([(p.lon, p.lat) for p in points], np.float64).reshape(-1, 2)
        flat = np.radians(degrees) * EARTH_METRES
        flat[:, 0] *= self._scale
        return flat

    def blocked(self, origins: Array, destinations: Array) -> Bools:
        """Tell for each pair of points on the plane whether a river lies between, (n, m)."""
        found = np.zeros((len(origins), len(destinations)), np.bool_)
        if not len(self._from) or not found.size:
            return found
        rows, columns = self.sides(origins), self.sides(destinations)
        row_order, column_order = near_each_other(origins), near_each_other(destinations)
        for r in _tiles(row_order):
            for c in _tiles(column_order):
                found[np.ix_(r, c)] = self._tile(
                    origins[r], destinations[c], rows[:, r], columns[:, c]
                )
        return found

    def graph(self, *, profile: str, metres_per_second: float) -> Graph:
        """
        Return the shortest ways between all nodes over the bridges open to a profile.

        Parameters
        ----------
        metres_per_second
            What a second of waiting at a ferry is worth in straight-line metres.
        """
        size = len(self.nodes)
        length = self._straight.copy()
        wait = np.zeros((size, size), np.int64)
        for number, bridge in enumerate(self.bridges):
            a, b = 2 * number, 2 * number + 1
            if profile in bridge.closed_to:
                continue
            across = float(
                self._lengths([self.node_points[a]], [self.node_points[b]])[0, 0]
                + bridge.delay_seconds * metres_per_second
            )
            length[a, b] = length[b, a] = across
            wait[a, b] = wait[b, a] = bridge.delay_seconds
        if not size:
            return Graph(length=length, waiting=wait, before=np.zeros((0, 0), np.int32))
        np.fill_diagonal(length, 0.0)
        total, before = shortest_path(length, directed=False, return_predecessors=True)
        return Graph(length=total, waiting=_waits(wait, before), before=before.astype(np.int32))

    def reach(self, points: Sequence[LatLon]) -> Array:
        """Return the straight metres from points to nodes, (n, k); infinite behind a river."""
        if not len(self.nodes):
            return np.zeros((len(points), 0))
        reach = self._lengths(points, self.node_points)
        reach[self.blocked(self.plane(points), self.nodes)] = np.inf
        return reach

    def bridge_of(self, first: int, second: int) -> Bridge | None:
        """Return the bridge whose two heads these nodes are, or None."""
        low, high = sorted((first, second))
        if high == low + 1 and low % 2 == 0 and high < 2 * len(self.bridges):
            return self.bridges[low // 2]
        return None

    def sides(self, points: Array) -> Bools:
        """Tell for each segment on which side of its endless line each point lies, (s, n)."""
        along = self._to - self._from
        return np.asarray(
            along[:, 0, None] * (points[None, :, 1] - self._from[:, 1, None])
            >= along[:, 1, None] * (points[None, :, 0] - self._from[:, 0, None]),
            np.bool_,
        )

    def _tile(self, a: Array, b: Array, a_sides: Bools, b_sides: Bools) -> Bools:
        low = np.minimum(a.min(0), b.min(0))
        high = np.maximum(a.max(0), b.max(0))
        near = np.all(np.maximum(self._from, self._to) >= low, axis=1) & np.all(
            np.minimum(self._from, self._to) <= high, axis=1
        )
        # All of the tile on one side of a segment's line: nothing crosses it.
        near &= ~(a_sides.all(1) & b_sides.all(1)) & (a_sides.any(1) | b_sides.any(1))
        found = np.zeros((len(a), len(b)), np.bool_)
        dx = b[None, :, 0] - a[:, 0, None]
        dy = b[None, :, 1] - a[:, 1, None]
        last, left = -2, np.zeros(0, np.bool_)
        for s in np.flatnonzero(near):
            # Segments follow each other, so the side of a shared vertex is worked out once.
            first = (
                left
                if last == s - 1 and np.array_equal(self._to[last], self._from[s])
                else _left_of(a, dx, dy, self._from[s])
            )
            left, last = _left_of(a, dx, dy, self._to[s]), int(s)
            # Half-open on both counts: a line through a vertex crosses one of its two segments.
            found |= (first != left) & (a_sides[s][:, None] != b_sides[s][None, :])
        return found

    def _lengths(self, origins: Sequence[LatLon], destinations: Sequence[LatLon]) -> Array:
        a = np.radians(np.array([(p.lat, p.lon) for p in origins], np.float64).reshape(-1, 2))
        b = np.radians(np.array([(p.lat, p.lon) for p in destinations], np.float64).reshape(-1, 2))
        return great_circle_metres(a[:, 0, None], a[:, 1, None], b[None, :, 0], b[None, :, 1])

    def _unplane(self, flat: Array) -> LatLon:
        return LatLon(
            lat=math.degrees(flat[1] / EARTH_METRES),
            lon=math.degrees(flat[0] / self._scale / EARTH_METRES),
        )

    def _heads(self, bridge: Bridge) -> tuple[Array, Array]:
        line = self._lines[bridge.river]
        s, foot = _nearest(line, self.plane([bridge.point])[0])
        along = line[s + 1] - line[s]
        length = float(np.hypot(*along))
        # Away from the corners, where a head could end up beyond the next segment.
        keep = min(3 * _CLEARANCE, length / 2)
        t = float(np.clip(np.dot(foot - line[s], along) / length, keep, length - keep))
        foot = line[s] + along * (t / length)
        aside = np.array([-along[1], along[0]]) / length * _CLEARANCE
        return foot + aside, foot - aside

    def _bends(self) -> list[Array]:
        """Return a point beside each river corner, on the outer side that a way bends around."""
        arms: dict[tuple[float, float], list[float]] = {}
        for a, b in zip(self._from, self._to, strict=True):
            arms.setdefault((a[0], a[1]), []).append(math.atan2(b[1] - a[1], b[0] - a[0]))
            arms.setdefault((b[0], b[1]), []).append(math.atan2(a[1] - b[1], a[0] - b[0]))
        found = []
        for corner, angles in arms.items():
            if len(angles) < 2:
                continue
            turns = sorted(angles)
            for here, after in zip(turns, [*turns[1:], turns[0] + 2 * math.pi], strict=True):
                if after - here > math.pi + 1e-9:
                    middle = (here + after) / 2
                    found.append(
                        np.array(corner)
                        + _CLEARANCE * np.array([math.cos(middle), math.sin(middle)])
                    )
        return found

    def _check(self, rivers: Sequence[River]) -> None:
        findings = []
        for bridge in self.bridges:
            line = self._lines.get(bridge.river)
            if line is None:
                findings.append(
                    Finding(
                        where=f"bridge {bridge.id}",
                        problem=f"there is no river {bridge.river!r}",
                        remedy=f"use one of {', '.join(self._lines) or 'the rivers you draw'}",
                    )
                )
                continue
            flat = self.plane([bridge.point])[0]
            off = float(np.hypot(*(_nearest(line, flat)[1] - flat)))
            if off > _BRIDGE_TOLERANCE:
                findings.append(
                    Finding(
                        where=f"bridge {bridge.id}",
                        problem=f"it stands {off:,.0f} m from the line of river {bridge.river}",
                        remedy="move the bridge or redraw the river",
                    )
                )
        for river in rivers:
            for other in rivers:
                line = self._lines[other.id]
                for flat in self._lines[river.id][[0, -1]]:
                    if river.id == other.id or bool(np.any(np.all(line == flat, axis=1))):
                        continue
                    off = float(np.hypot(*(_nearest(line, flat)[1] - flat)))
                    if off < _GAP_TOLERANCE:
                        findings.append(
                            Finding(
                                where=f"river {river.id}",
                                problem=f"it ends {off:,.0f} m from a point of river {other.id}",
                                remedy="end it exactly on one of that river's points",
                            )
                        )
        if findings:
            raise TravelDataError(table="rivers and bridges", findings=findings)


def _left_of(a: Array, dx: Array, dy: Array, vertex: Array) -> Bools:
    return np.asarray(
        dx * (vertex[1] - a[:, 1])[:, None] >= dy * (vertex[0] - a[:, 0])[:, None], np.bool_
    )


def _nearest(line: Array, point: Array) -> tuple[int, Array]:
    start, along = line[:-1], np.diff(line, axis=0)
    t = np.clip(((point - start) * along).sum(1) / (along**2).sum(1), 0.0, 1.0)
    feet = start + along * t[:, None]
    best = int(np.argmin(((feet - point) ** 2).sum(1)))
    return best, feet[best]


def near_each_other(points: Array) -> NDArray[np.int64]:
    """Order points so that neighbours in the order are neighbours on the ground (Z curve)."""
    if not len(points):
        return np.zeros(0, np.int64)
    span = np.maximum(np.ptp(points, axis=0), 1.0)
    cell = ((points - points.min(0)) / span * 1023).astype(np.int64)
    code = np.zeros(len(points), np.int64)
    for bit in range(10):
        code |= ((cell[:, 0] >> bit) & 1) << (2 * bit)
        code |= ((cell[:, 1] >> bit) & 1) << (2 * bit + 1)
    return np.argsort(code, kind="stable")


def _tiles(order: NDArray[np.int64]) -> list[NDArray[np.int64]]:
    return [order[i : i + _TILE] for i in range(0, len(order), _TILE)]


def _waits(step: NDArray[np.int64], before: NDArray[np.int32]) -> NDArray[np.int64]:
    """Add up the waiting of the steps along each shortest way."""
    total = np.zeros_like(step)
    if not step.any():
        return total
    size = len(step)
    for origin in range(size):
        for destination in range(size):
            here = destination
            while (previous := int(before[origin, here])) >= 0:
                total[origin, destination] += step[previous, here]
                here = previous
    return total
