"""Travel that a road server of the office knows: what OSRM and Valhalla have in common."""

from __future__ import annotations

import hashlib
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from itertools import product
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.asking import TooBigError
from geo.banks import great_circle_metres
from geo.errors import OffRoadError, TravelServiceError, UnknownProfileError, UnreachableError
from geo.turns import Step
from geo.types import LatLon, TravelMatrix

ACCESS_KMH: Mapping[str, float] = MappingProxyType({"motorbike": 8.0, "van": 5.0, "truck": 5.0})
"""From a door to its road, as in `geo/roads/tables/vehicles.csv`."""

_FARTHEST = 2_000.0
_TOGETHER = 4
_PAIRS_NAMED = 1_000
_SHAPES_KEPT = 20_000
_LITTLE = 10.0

Floats = NDArray[np.float64]


class ServedTravel(ABC):
    """
    A travel provider that asks a server.

    Servers put every point onto the nearest road, however far that is, and begin to count there. So
    their answers are not taken as they come: a point too far from its road is named, and the way
    between a point and its road is counted at both ends.

    Parameters
    ----------
    profiles
        The profiles that can be asked for.
    block
        Origins and destinations of one question; halved whenever the server finds it too big.
    farthest
        Metres that a point may lie from its road.
    """

    def __init__(self, *, profiles: Sequence[str], block: int, farthest: float = _FARTHEST) -> None:
        self.profiles = tuple(profiles)
        self.block = block
        self.farthest = farthest
        self._lines: dict[tuple[LatLon, LatLon, str], list[LatLon]] = {}

    # ---- what each server does in its own way ----------------------------------------------------

    @property
    @abstractmethod
    def service(self) -> str:
        """The server's name in messages."""

    @property
    @abstractmethod
    def version(self) -> str:
        """Which server is asked; it cannot tell when that server gets new roads."""

    @abstractmethod
    def _apart(self, points: Sequence[LatLon], profile: str) -> Floats:
        """Return the metres from each of a few points to its road; infinite where none is."""

    @abstractmethod
    def _table(
        self, origins: Sequence[LatLon], targets: Sequence[LatLon], profile: str
    ) -> tuple[Floats, Floats]:
        """Return seconds and metres (origins, targets); not a number where there is no way."""

    @abstractmethod
    def _line(self, origin: LatLon, destination: LatLon, profile: str) -> list[LatLon]:
        """Return the line of a way from road to road; empty where there is none."""

    @abstractmethod
    def _steps(self, origin: LatLon, destination: LatLon, profile: str) -> list[Step]:
        """Return the turns of a way, the arrival included."""

    @abstractmethod
    def _odd(self, profile: str) -> TravelServiceError:
        """Return the error of an answer in no known shape."""

    # ---- what all do alike -----------------------------------------------------------------------

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        """
        Return the server's times and distances between every pair of points, doors included.

        Raises
        ------
        UnknownProfileError
            No profile has this name.
        OffRoadError
            Points lie too far from a road; `.rows` lists them.
        UnreachableError
            The server knows no way between some pairs.
        TravelServiceError
            It did not answer, or not what it should.
        """
        self._known(profile)
        places = list(dict.fromkeys(points))
        if len(places) < 2:
            empty = np.zeros((len(points), len(points)), np.int32)
            return TravelMatrix(seconds=empty, metres=empty)
        row = {place: k for k, place in enumerate(places)}
        rows = np.array([row[point] for point in points])
        apart = self._roads(places, profile)
        self._require_roads(points, apart[rows], profile)
        seconds, metres = self._tables(places, profile)
        _require_ways(seconds[np.ix_(rows, rows)], profile, self.service)
        both = apart[:, None] + apart[None, :]
        seconds = np.ceil(seconds + both * 3.6 / ACCESS_KMH[profile])
        metres = np.ceil(metres + both)
        np.fill_diagonal(seconds, 0)
        np.fill_diagonal(metres, 0)
        whole = np.ix_(rows, rows)
        return TravelMatrix(
            seconds=seconds[whole].astype(np.int32), metres=metres[whole].astype(np.int32)
        )

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        """Return the line of the way, both points included; the server is asked once for each."""
        self._known(profile)
        key = (origin, destination, profile)
        if origin == destination:
            return [origin, destination]
        if key not in self._lines:
            line = self._line(origin, destination, profile)
            if not line:
                raise UnreachableError(
                    pairs=[(0, 1)], profile=profile, remedy=_remedy(self.service)
                )
            if len(self._lines) >= _SHAPES_KEPT:
                self._lines.clear()
            whole = [origin, *line, destination]
            self._lines[key] = [
                point for k, point in enumerate(whole) if not k or point != whole[k - 1]
            ]
        return [*self._lines[key]]

    def steps(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[Step]:
        """Return the turns of a way, the arrival included."""
        self._known(profile)
        if origin == destination:
            return [Step(turn="arrive", road="", metres=0, point=destination)]
        return self._steps(origin, destination, profile)

    def _known(self, profile: str) -> None:
        if profile not in self.profiles:
            raise UnknownProfileError(profile=profile, known=self.profiles)

    def _roads(self, places: Sequence[LatLon], profile: str) -> Floats:
        size = max(self.block - 1, 1)
        parts = [
            self._apart(places[low : low + size], profile) for low in range(0, len(places), size)
        ]
        return np.concatenate(parts)

    def _require_roads(self, points: Sequence[LatLon], apart: Floats, profile: str) -> None:
        lost = np.flatnonzero(~(apart <= self.farthest))
        if len(lost):
            raise OffRoadError(
                rows=lost.tolist(),
                points=[points[k] for k in lost[:3]],
                islands=[],
                asked=len(points),
                profile=profile,
                farthest=self.farthest,
                covers="",
            )

    def _tables(self, places: Sequence[LatLon], profile: str) -> tuple[Floats, Floats]:
        while True:
            try:
                return self._by_blocks(places, profile)
            except TooBigError:
                if self.block < 2:
                    raise self._odd(profile) from None
                self.block //= 2

    def _by_blocks(self, places: Sequence[LatLon], profile: str) -> tuple[Floats, Floats]:
        size = len(places)
        seconds, metres = np.empty((size, size)), np.empty((size, size))
        parts = [slice(low, low + self.block) for low in range(0, size, self.block)]

        def fill(rows: slice, columns: slice) -> None:
            time, far = self._table(places[rows], places[columns], profile)
            wanted = (len(places[rows]), len(places[columns]))
            if time.shape != wanted or far.shape != wanted:
                raise self._odd(profile)
            seconds[rows, columns], metres[rows, columns] = time, far

        blocks = list(product(parts, parts))
        fill(*blocks[0])  # alone, so that a server which does not answer is asked by one
        with ThreadPoolExecutor(_TOGETHER) as pool:
            asked = [pool.submit(fill, rows, columns) for rows, columns in blocks[1:]]
            try:
                for one in asked:
                    one.result()
            except BaseException:
                pool.shutdown(wait=True, cancel_futures=True)
                raise
        return seconds, metres


def figures(values: Any) -> Floats:
    """
    Return a table of a server's answer; null becomes not a number, a little below 0 becomes 0.

    OSRM counts -0.5 s and the like between points on one piece of road.

    Raises
    ------
    ValueError
        It is no table of numbers from 0 upwards.
    TypeError
        It is no table.
    """
    table = np.array(values, np.float64)
    if table.ndim != 2 or np.isinf(table).any() or (table < -_LITTLE).any():
        raise ValueError("not a table of seconds or metres")
    return np.where(table < 0, 0.0, table)


def named(service: str, urls: Mapping[str, str]) -> str:
    """Return a version that tells servers apart without showing a password."""
    text = repr(sorted(urls.items()))
    return f"{service}-{hashlib.sha256(text.encode()).hexdigest()[:16]}"


def metres_apart(point: LatLon, road: LatLon) -> float:
    """Return the metres between a point and its road."""
    a, b = np.radians([[point.lat, point.lon]]), np.radians([[road.lat, road.lon]])
    return float(great_circle_metres(a[:, 0], a[:, 1], b[:, 0], b[:, 1])[0])


def _require_ways(seconds: Floats, profile: str, service: str) -> None:
    gone = np.isnan(seconds)
    if not gone.any():
        return
    lost = np.argwhere(gone)
    # All pairs count here, not only those that are named; the busiest point first, the last of
    # equals: as in UnreachableError.
    rows = []
    either = gone | gone.T
    while either.any():
        busy = either.sum(1)
        rows.append(len(busy) - 1 - int(busy[::-1].argmax()))
        either[rows[-1]] = either[:, rows[-1]] = False
    raise UnreachableError(
        pairs=[(int(a), int(b)) for a, b in lost[:_PAIRS_NAMED]],
        count=len(lost),
        rows=sorted(rows),
        profile=profile,
        remedy=_remedy(service),
    )


def _remedy(service: str) -> str:
    return (
        "correct the points, or add the missing bridge, ferry or road to OpenStreetMap and give"
        f" {service} the new file"
    )
