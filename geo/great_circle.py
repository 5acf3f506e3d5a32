"""
Travel without a road map: straight lines times a detour factor, over the bridges.

The default provider. It knows no roads, only that rivers are crossed at bridges, and that is what
makes it honest in a province cut by three of them: two villages in sight of each other may be an
hour apart.
"""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Mapping, Sequence
from datetime import date

import numpy as np
from numpy.typing import NDArray

from geo.banks import Banks, Graph, great_circle_metres
from geo.errors import UnreachableError
from geo.travel import DEFAULT_PROFILES, SpeedProfile, pick
from geo.types import LatLon, TravelMatrix
from geo.waterways import Bridge, River

Array = NDArray[np.float64]

_TILE = 256
_MOST_PAIRS = 1_000


class GreatCircle:
    """
    Great-circle travel with a detour factor, and rivers that are crossed only at bridges.

    A leg is the shortest line that crosses rivers only at bridges open to its profile, over as many
    bridges as it needs; its metres are those of that line times the detour factor. Travel is the
    same both ways, and no leg is longer than two legs through a third point (ferry waits and some
    tens of metres at river bends aside).

    Parameters
    ----------
    rivers
        What cannot be crossed; none means straight lines everywhere.
    bridges
        Where it can.
    profiles
        Speeds by profile name.
    on
        Only bridges that can be used on this day count; None takes all of the table.

    Raises
    ------
    TravelDataError
        The bridges do not stand on the rivers.
    """

    def __init__(
        self,
        *,
        rivers: Sequence[River] = (),
        bridges: Sequence[Bridge] = (),
        profiles: Mapping[str, SpeedProfile] = DEFAULT_PROFILES,
        on: date | None = None,
    ) -> None:
        usable = [b for b in bridges if on is None or b.open(on)]
        self.profiles = profiles
        self._banks = Banks(rivers=rivers, bridges=usable)
        self._graphs: dict[str, Graph] = {}
        self._version = f"great-circle-{_fingerprint(rivers, usable, profiles)}"

    @classmethod
    def phu_tho(
        cls, *, on: date, profiles: Mapping[str, SpeedProfile] = DEFAULT_PROFILES
    ) -> GreatCircle:
        """Return the provider for the province of Phú Thọ with the bridges open on a day."""
        # Here and not above: the province is one use of this file, not what it rests on.
        from geo import phu_tho

        return cls(rivers=phu_tho.rivers(), bridges=phu_tho.bridges(), profiles=profiles, on=on)

    @property
    def version(self) -> str:
        """A short text that changes with any river, usable bridge or speed."""
        return self._version

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        """
        Return travel time and distance between every pair of points.

        Parameters
        ----------
        points
            n places, in the order the rows and columns of the result will have.
        profile
            The name of a speed profile.

        Returns
        -------
        TravelMatrix
            Seconds and metres, int32 of shape (n, n), both rounded up; the diagonal is 0.

        Raises
        ------
        UnknownProfileError
            No profile has this name.
        UnreachableError
            Some pairs have no way between them; `.pairs` lists them.
        """
        speed = pick(self.profiles, profile)
        graph = self._graph(speed)
        size = len(points)
        flat = self._banks.plane(points)
        angles = np.radians(np.array([(p.lat, p.lon) for p in points]).reshape(-1, 2))
        reach = self._banks.reach(points)
        through, waits = _onwards(reach, graph)
        seconds = np.zeros((size, size), np.int32)
        metres = np.zeros((size, size), np.int32)
        cut: list[tuple[int, int]] = []
        count = 0
        for r in range(0, size, _TILE):
            rows = slice(r, r + _TILE)
            for c in range(r, size, _TILE):
                columns = slice(c, c + _TILE)
                line = great_circle_metres(
                    angles[rows, 0, None],
                    angles[rows, 1, None],
                    angles[None, columns, 0],
                    angles[None, columns, 1],
                )
                waiting = np.zeros(line.shape, np.int64)
                far = self._banks.blocked(flat[rows], flat[columns])
                if far.any():
                    around, wait = _around(through[rows], waits[rows], reach[columns])
                    line = np.where(far, around, line)
                    waiting = np.where(far, wait, waiting)
                    lost = ~np.isfinite(line)
                    if lost.any():
                        count += _name_lost(cut, lost, r, c)
                        line[lost] = 0.0
                line -= waiting * _metres_per_second(speed)
                road = line * speed.detour_factor
                time = np.ceil(speed.seconds(road) + waiting - 1e-6)
                seconds[rows, columns] = time
                seconds[columns, rows] = time.T
                road = np.ceil(road - 1e-6)
                metres[rows, columns] = road
                metres[columns, rows] = road.T
        if cut:
            names = [f"{p.lat:.4f} {p.lon:.4f}" for p in points]
            raise UnreachableError(pairs=cut, profile=profile, count=count, names=names)
        np.fill_diagonal(seconds, 0)
        np.fill_diagonal(metres, 0)
        return TravelMatrix(seconds=seconds, metres=metres)

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        """
        Return the line of a leg over the bridges it uses, both ends included, for drawing.

        Raises
        ------
        UnknownProfileError
            No profile has this name.
        UnreachableError
            There is no way.
        """
        nodes = self._way(origin, destination, profile)
        return [origin, *(self._banks.node_points[k] for k in nodes), destination]

    def crossings(self, origin: LatLon, destination: LatLon, *, profile: str) -> tuple[Bridge, ...]:
        """Return the bridges and ferries a leg uses, in order; empty if it crosses no river."""
        nodes = self._way(origin, destination, profile)
        found = (self._banks.bridge_of(a, b) for a, b in itertools.pairwise(nodes))
        return tuple(bridge for bridge in found if bridge is not None)

    def _way(self, origin: LatLon, destination: LatLon, profile: str) -> list[int]:
        speed = pick(self.profiles, profile)
        graph = self._graph(speed)
        flat = self._banks.plane([origin, destination])
        if not self._banks.blocked(flat[:1], flat[1:])[0, 0]:
            return []
        reach = self._banks.reach([origin, destination])
        total = reach[0][:, None] + graph.length + reach[1][None, :]
        if not total.size or not np.isfinite(total).any():
            names = [f"{p.lat:.4f} {p.lon:.4f}" for p in (origin, destination)]
            raise UnreachableError(pairs=[(0, 1)], profile=profile, names=names)
        first, last = (int(k) for k in np.unravel_index(int(total.argmin()), total.shape))
        nodes = [last]
        while nodes[-1] != first:
            nodes.append(int(graph.before[first, nodes[-1]]))
        return nodes[::-1]

    def _graph(self, speed: SpeedProfile) -> Graph:
        if speed.name not in self._graphs:
            self._graphs[speed.name] = self._banks.graph(
                profile=speed.name, metres_per_second=_metres_per_second(speed)
            )
        return self._graphs[speed.name]


def _metres_per_second(speed: SpeedProfile) -> float:
    """Straight-line metres that a second is worth in the country."""
    return speed.country_kmh / 3.6 / speed.detour_factor


def _onwards(reach: Array, graph: Graph) -> tuple[Array, NDArray[np.int64]]:
    """Return the length from each point to every node over the graph, and the waiting on it."""
    best = np.full(reach.shape, np.inf)
    waits = np.zeros(reach.shape, np.int64)
    waiting = bool(graph.waiting.any())
    for k in range(reach.shape[1]):
        candidate = reach[:, k, None] + graph.length[k][None, :]
        if waiting:
            better = candidate < best
            waits = np.where(better, graph.waiting[k][None, :], waits)
        np.minimum(best, candidate, out=best)
    return best, waits


def _around(
    through: Array, waits: NDArray[np.int64], reach: Array
) -> tuple[Array, NDArray[np.int64]]:
    """Return the shortest length over any last node, (rows, columns), and the waiting on it."""
    best = np.full((len(through), len(reach)), np.inf)
    wait = np.zeros(best.shape, np.int64)
    waiting = bool(waits.any())
    for k in np.flatnonzero(np.isfinite(through).any(0) & np.isfinite(reach).any(0)):
        candidate = through[:, k, None] + reach[None, :, k]
        if waiting:
            better = candidate < best
            wait = np.where(better, waits[:, k, None], wait)
        np.minimum(best, candidate, out=best)
    return best, wait


def _name_lost(cut: list[tuple[int, int]], lost: NDArray[np.bool_], row: int, column: int) -> int:
    """Note the unreachable pairs of a tile, each once, and return how many there are."""
    pairs = np.argwhere(lost) + np.array([row, column])
    pairs = pairs[pairs[:, 0] < pairs[:, 1]]
    room = max(0, _MOST_PAIRS - len(cut))
    cut.extend((int(a), int(b)) for a, b in pairs[:room])
    return len(pairs)


def _fingerprint(
    rivers: Sequence[River], bridges: Sequence[Bridge], profiles: Mapping[str, SpeedProfile]
) -> str:
    facts = [
        [[r.id, *((p.lat, p.lon) for p in r.line)] for r in rivers],
        [
            (b.id, b.river, b.point.lat, b.point.lon, sorted(b.closed_to), b.delay_seconds)
            for b in bridges
        ],
        [repr(p) for p in profiles.values()],
    ]
    return hashlib.sha256(repr(facts).encode()).hexdigest()[:16]
