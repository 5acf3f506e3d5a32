"""Travel over roads between many places, computed when asked and small in a pickle."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from geo.roads.network import DISTANCE, SHIFT, Snapped, load
from geo.types import IntArray, LatLon

_ROWS_KEPT = 2_048
_MOST_ROWS = 5_000
"""Up to so many places a leg is answered from its whole row; beyond, rows would have no room."""

_LEGS_KEPT = 200_000
MILLI = 1000


class RoadTravel:
    """
    Travel between n places as blocks over a stored road graph; satisfies `geo.types.Travel`.

    A pickle holds the folder's name and the points; another process loads the graph by itself.

    Parameters
    ----------
    periods
        The slowest of these periods counts for each pair.
    farthest
        Metres that a point may lie from its road.

    Raises
    ------
    OffRoadError
        Points that have no road.
    """

    def __init__(
        self,
        *,
        folder: Path,
        points: Sequence[LatLon],
        profile: str,
        periods: Sequence[str],
        farthest: float,
        threads: int = 2,
    ) -> None:
        self._asked = (folder, tuple(points), profile, tuple(periods), farthest, threads)
        self._network = load(folder)
        self._spots = self._network.snap(points, profile, farthest=farthest)
        # Orders at one point have no way between them.
        numbers: dict[LatLon, int] = {}
        self._same = np.array([numbers.setdefault(p, len(numbers)) for p in points], np.int64)
        self._rows: OrderedDict[int, tuple[IntArray, IntArray]] = OrderedDict()
        self._legs: dict[tuple[int, int], tuple[int, int]] = {}

    def __reduce__(self) -> tuple[Callable[..., RoadTravel], tuple[Any, ...]]:
        return _again, self._asked

    @property
    def size(self) -> int:
        """The number of places, n."""
        return len(self._same)

    def leg(self, origin: int, destination: int) -> tuple[int, int]:
        """Return (seconds, metres) from one row to another."""
        if self.size > _MOST_ROWS:
            return self._single(origin, destination)
        if origin not in self._rows:
            seconds, metres = self.block([origin], range(self.size))
            self._rows[origin] = seconds[0].astype(np.int32), metres[0].astype(np.int32)
            if len(self._rows) > _ROWS_KEPT:
                self._rows.popitem(last=False)
        seconds, metres = self._rows[origin]
        return int(seconds[destination]), int(metres[destination])

    def _single(self, origin: int, destination: int) -> tuple[int, int]:
        known = self._legs.get((origin, destination))
        if known is None:
            seconds, metres = self.block([origin], [destination])
            known = int(seconds[0, 0]), int(metres[0, 0])
            if len(self._legs) >= _LEGS_KEPT:
                self._legs.clear()
            self._legs[origin, destination] = known
        return known

    def block(
        self, origins: Sequence[int], destinations: Sequence[int]
    ) -> tuple[IntArray, IntArray]:
        """Return (seconds, metres), each of shape (len(origins), len(destinations))."""
        _, _, profile, periods, _, threads = self._asked
        rows, columns = np.asarray(origins, np.int64), np.asarray(destinations, np.int64)
        worst = np.zeros((len(rows), len(columns)), np.int64)
        for period in periods:
            weights = self._network.weights(
                _some(self._spots, rows), _some(self._spots, columns), profile, period,
                threads=threads,
            )  # fmt: skip
            np.maximum(worst, weights, out=worst)
        same = self._same[rows][:, None] == self._same[columns][None, :]
        seconds = np.where(same, 0, -(-(worst >> SHIFT) // MILLI))
        metres = np.where(same, 0, -(-(worst & DISTANCE) // 10))
        return seconds.astype(np.int64), metres.astype(np.int64)


def _some(spots: Snapped, rows: IntArray) -> Snapped:
    return Snapped(edge=spots.edge[rows], share=spots.share[rows], metres=spots.metres[rows])


def _again(
    folder: Path,
    points: Sequence[LatLon],
    profile: str,
    periods: Sequence[str],
    farthest: float,
    threads: int,
) -> RoadTravel:
    return RoadTravel(
        folder=folder, points=points, profile=profile, periods=periods, farthest=farthest,
        threads=threads,
    )  # fmt: skip
