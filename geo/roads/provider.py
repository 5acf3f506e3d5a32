"""Road travel behind the protocol of all travel providers, with shapes and turns."""

from __future__ import annotations

import math
import os
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from geo.errors import Finding, TravelDataError
from geo.roads.network import load
from geo.roads.travel import RoadTravel
from geo.types import LatLon, TravelMatrix

SLOWEST = "slowest"
"""The traffic in which each pair takes what it takes in its slowest period."""

_FARTHEST = 2_000.0
_MOST_DENSE = 5_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """
    One instruction of a way.

    Parameters
    ----------
    turn
        "start", "straight", "slight_left", "left", "sharp_left", the same to the right, "u_turn",
        "roundabout" or "arrive".
    road
        The name of the road that follows, or "".
    metres
        Until the next step.
    point
        Where it is.
    """

    turn: str
    road: str
    metres: int
    point: LatLon


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

    def steps(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[Step]:
        """Return the turns of a way; one road that goes on straight is one step."""
        held: list[tuple[str, str, float, LatLon]] = []
        heading: float | None = None
        circling = False
        for piece in self._pieces(origin, destination, profile):
            line = self.network.piece_line(piece)
            metres = self.network.piece_metres(piece)
            if metres < 0.5 or len(line) < 2:
                continue
            road = self.network.called(piece[0])
            ring = bool(self.network.arrays["roundabout"][piece[0]])
            leaves = _bearing(line[0], line[1])
            turn = "start" if heading is None else _turn(leaves - heading)
            if ring:
                turn = "roundabout" if heading is not None else "start"
            goes_on = bool(held) and (
                circling or (turn == "straight" and (road == held[-1][1] or not road))
            )
            if goes_on:
                last = held[-1]
                name = road if circling and not ring else last[1]
                held[-1] = (last[0], name, last[2] + metres, last[3])
            else:
                held.append((turn, road, metres, line[0]))
            circling = ring
            heading = _bearing(line[-2], line[-1])
        steps = [Step(turn=t, road=r, metres=round(m), point=p) for t, r, m, p in held]
        return [*steps, Step(turn="arrive", road="", metres=0, point=destination)]

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


def _bearing(a: LatLon, b: LatLon) -> float:
    east = (b.lon - a.lon) * math.cos(math.radians(a.lat))
    return math.degrees(math.atan2(east, b.lat - a.lat))


def _turn(degrees: float) -> str:
    turned = (degrees + 180) % 360 - 180
    size = abs(turned)
    if size < 20:
        return "straight"
    if size > 165:
        return "u_turn"
    side = "right" if turned > 0 else "left"
    if size < 45:
        return f"slight_{side}"
    return f"sharp_{side}" if size > 130 else side
