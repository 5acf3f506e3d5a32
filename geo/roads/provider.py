"""Road travel behind the protocol of all travel providers, with shapes and turns."""

from __future__ import annotations

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geo.errors import Finding, TravelDataError
from geo.roads.network import load
from geo.roads.travel import RoadTravel
from geo.turns import Move, Step, bearing, steps, turn_by
from geo.types import LatLon, TravelMatrix

SLOWEST = "slowest"
"""The traffic in which each pair takes what it takes in its slowest period."""

_FARTHEST = 2_000.0
_MOST_DENSE = 5_000


class RoadProvider:
    """
    Travel over the road graph of a folder.

    Parameters
    ----------
    folder
        As `buuta roads build` wrote it.
    traffic
        A period of the graph, or "slowest": a plan that keeps to those times keeps to them in
        every period, as no leg ever takes longer.
    farthest
        Metres that a point may lie from the nearest road of its profile.

    Raises
    ------
    TravelDataError
        The folder holds no graph, or the graph has no such period.
    """

    def __init__(
        self, folder: Path, *, traffic: str = SLOWEST, farthest: float = _FARTHEST
    ) -> None:
        self.folder = folder
        self.network = load(folder)
        self.traffic = traffic
        self.farthest = farthest
        if traffic != SLOWEST and traffic not in self.network.periods:
            known = ", ".join((SLOWEST, *self.network.periods))
            finding = Finding(
                where=str(folder),
                problem=f"its roads have no traffic called {traffic!r}",
                remedy=f"use one of {known}, or add the period to hours.csv and build again",
            )
            raise TravelDataError(table="roads", findings=[finding])
        self.periods = self.network.periods if traffic == SLOWEST else (traffic,)

    @property
    def version(self) -> str:
        """A short text that changes with any road, speed, period or the farthest access."""
        return f"roads-{self.network.fingerprint}-{self.traffic}-{self.farthest:g}"

    def travel(self, points: Sequence[LatLon], *, profile: str) -> RoadTravel:
        """Return the travel between points by blocks, computed when asked for."""
        return RoadTravel(
            folder=self.folder,
            points=points,
            profile=profile,
            periods=self.periods,
            farthest=self.farthest,
            threads=max(os.cpu_count() or 1, 1),
        )

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        """
        Return the shortest time, and the distance on that way, between every pair of points.

        Raises
        ------
        UnknownProfileError
            No profile has this name.
        OffRoadError
            Some points have no road; `.rows` lists them.
        """
        everywhere = range(len(points))
        seconds, metres = self.travel(points, profile=profile).block(everywhere, everywhere)
        return TravelMatrix(seconds=seconds.astype("int32"), metres=metres.astype("int32"))

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        """Return the line of the way, both points included."""
        line = [origin]
        for piece in self._pieces(origin, destination, profile):
            for point in self.network.piece_line(piece):
                if point != line[-1]:
                    line.append(point)
        if line[-1] != destination or len(line) == 1:
            line.append(destination)
        return line

    def big_roads(self, *, profile: str = "van", least_kmh: float = 40.0) -> list[list[LatLon]]:
        """
        Return the lines of the roads that a profile drives fast on, for drawing behind a plan.

        Parameters
        ----------
        least_kmh
            By the table of speeds, in the quickest period; 40 for a van leaves out what is less
            than a secondary road.
        """
        held = self.network.arrays
        times = held["milliseconds"][self.network.number(profile)].min(axis=(0, 1))
        # A closed direction takes for ever; a road that is closed in both is no road.
        kmh = held["decimetres"] * 360.0 / np.maximum(times, 1)
        start, line = held["line_start"], held["line"]
        return [
            [LatLon(lat=float(lat), lon=float(lon)) for lat, lon in line[start[k] : start[k + 1]]]
            for k in np.flatnonzero(kmh >= least_kmh).tolist()
        ]

    def steps(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[Step]:
        """Return the turns of a way, the arrival included."""
        moves: list[Move] = []
        heading: float | None = None
        for piece in self._pieces(origin, destination, profile):
            line = self.network.piece_line(piece)
            metres = self.network.piece_metres(piece)
            if metres < 0.5 or len(line) < 2:
                continue
            leaves = bearing(line[0], line[1])
            moves.append(
                Move(
                    turn="start" if heading is None else turn_by(leaves - heading),
                    road=self.network.called(piece[0]),
                    metres=metres,
                    point=line[0],
                    ring=bool(self.network.arrays["roundabout"][piece[0]]),
                    choice=self.network.choice(piece),
                )
            )
            heading = bearing(line[-2], line[-1])
        return steps(moves, destination=destination)

    def _pieces(
        self, origin: LatLon, destination: LatLon, profile: str
    ) -> list[tuple[int, bool, float, float]]:
        spots = self.network.snap([origin, destination], profile, farthest=self.farthest)
        if origin == destination:
            return []
        ends = [
            type(spots)(
                edge=spots.edge[k : k + 1], share=spots.share[k : k + 1],
                metres=spots.metres[k : k + 1],
            )
            for k in range(2)
        ]  # fmt: skip
        found = [self.network.way(ends[0], ends[1], profile, period) for period in self.periods]
        return max(found, key=lambda way: way[0])[1]
