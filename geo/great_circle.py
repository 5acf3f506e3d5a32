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

from geo.banks import EARTH_METRES, Banks, Graph
from geo.errors import UnreachableError
from geo.straight import StraightTravel
from geo.straight_kernels import Ends, Pace
from geo.travel import DEFAULT_PROFILES, SpeedProfile, pick
from geo.types import LatLon, TravelMatrix
from geo.waterways import Bridge, River

Array = NDArray[np.float64]

_STRIP = 512
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
        self._latest: tuple[tuple[LatLon, ...], Ends] | None = None
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
        travel = self._between(points, profile)
        seconds, metres = travel.square(range(len(points)))
        lost = np.argwhere(np.triu(seconds < 0))
        if len(lost):
            raise self._unreachable(points, profile, lost[:_MOST_PAIRS], len(lost))
        return TravelMatrix(seconds=seconds, metres=metres)

    def travel(self, points: Sequence[LatLon], *, profile: str) -> StraightTravel:
        """
        Return the same travel as `matrix`, leg by leg the same numbers, computed when asked.

        Its memory grows with the points, not with their square: for days of many thousand places.

        Raises
        ------
        UnknownProfileError
            No profile has this name.
        UnreachableError
            Some pairs have no way between them; `.pairs` lists them, up to a thousand.
        """
        travel = self._between(points, profile)
        self._require_ways(points, profile, travel)
        return travel

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

    def _between(self, points: Sequence[LatLon], profile: str) -> StraightTravel:
        speed = pick(self.profiles, profile)
        graph = self._graph(speed)
        alone = self._alone(tuple(points))
        through, waiting = _onwards(alone.reach, graph)
        return StraightTravel(
            ends=alone._replace(through=through, waiting=waiting),
            pace=Pace(
                radius=EARTH_METRES,
                detour=speed.detour_factor,
                town_metres=speed.town_metres,
                town_pace=3.6 / speed.town_kmh,
                country_pace=3.6 / speed.country_kmh,
                per_wait=_metres_per_second(speed),
            ),
        )

    def _alone(self, points: tuple[LatLon, ...]) -> Ends:
        """Return what the points know whatever the profile; the last answer is kept."""
        if self._latest is None or self._latest[0] != points:
            banks = self._banks
            flat = banks.plane(points)
            ends = Ends(
                angle=np.radians(np.array([(p.lat, p.lon) for p in points]).reshape(-1, 2)),
                flat=flat,
                side=np.ascontiguousarray(banks.sides(flat).T, np.uint8),
                segment=banks.segments,
                reach=np.ascontiguousarray(banks.reach(points)),
                through=np.zeros((0, 0)),
                waiting=np.zeros((1, 1), np.int32),
            )
            self._latest = points, ends
        return self._latest[1]

    def _require_ways(self, points: Sequence[LatLon], profile: str, travel: StraightTravel) -> None:
        """Look for pairs without a way: only those can be whose points reach different nodes."""
        groups = travel.shores()
        if len(groups) < 2:
            return
        most = groups.pop(int(np.argmax([len(group) for group in groups])))
        lost: list[NDArray[np.int64]] = []
        count = 0
        while groups:
            group = groups.pop()
            others = np.concatenate([most, *groups])
            for low in range(0, len(group), _STRIP):
                some = group[low : low + _STRIP]
                seconds, _ = travel.block(some.tolist(), others.tolist())
                found = np.argwhere(seconds < 0)
                pairs = np.column_stack([some[found[:, 0]], others[found[:, 1]]])
                count += len(pairs)
                if sum(map(len, lost)) < _MOST_PAIRS:
                    lost.append(np.sort(pairs, axis=1))
        if count:
            named = np.unique(np.concatenate(lost), axis=0)[:_MOST_PAIRS]
            raise self._unreachable(points, profile, named, count)

    @staticmethod
    def _unreachable(
        points: Sequence[LatLon], profile: str, pairs: NDArray[np.int64], count: int
    ) -> UnreachableError:
        names = [f"{p.lat:.4f} {p.lon:.4f}" for p in points]
        cut = [(int(a), int(b)) for a, b in pairs]
        return UnreachableError(pairs=cut, profile=profile, count=count, names=names)

    def _graph(self, speed: SpeedProfile) -> Graph:
        if speed.name not in self._graphs:
            self._graphs[speed.name] = self._banks.graph(
                profile=speed.name, metres_per_second=_metres_per_second(speed)
            )
        return self._graphs[speed.name]


def _metres_per_second(speed: SpeedProfile) -> float:
    """Straight-line metres that a second is worth in the country."""
    return speed.country_kmh / 3.6 / speed.detour_factor


def _onwards(reach: Array, graph: Graph) -> tuple[Array, NDArray[np.int32]]:
    """Return the length from each point to every node over the graph, and the waiting on it."""
    best = np.full(reach.shape, np.inf)
    waiting = bool(graph.waiting.any())
    waits = np.zeros(reach.shape if waiting else (1, 1), np.int32)
    for low in range(0, len(reach), _STRIP):
        rows = slice(low, low + _STRIP)
        for k in range(reach.shape[1]):
            candidate = reach[rows, k, None] + graph.length[k][None, :]
            if waiting:
                better = candidate < best[rows]
                waits[rows] = np.where(better, graph.waiting[k][None, :], waits[rows])
            np.minimum(best[rows], candidate, out=best[rows])
    return best, waits


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
