"""
Travel from an OSRM server.

One OSRM server knows one kind of vehicle, that of the profile its data were prepared with. So each
of our profiles has its own address; one address for all means that all go like that vehicle.

References
----------
The HTTP interface of Project OSRM, version v1 (services `table` and `route`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import httpx
import numpy as np

from geo.asking import Asker
from geo.errors import TravelServiceError
from geo.served import Floats, ServedTravel, figures, metres_apart, named
from geo.turns import Move, Step, steps
from geo.types import LatLon

_BLOCK = 100
"""The server's own limit, `--max-table-size`, is 100 x 100 pairs unless it is set higher."""

_TOO_BIG = "TooBig"
_TURNS = {
    "uturn": "u_turn",
    "sharp right": "sharp_right",
    "right": "right",
    "slight right": "slight_right",
    "straight": "straight",
    "slight left": "slight_left",
    "left": "left",
    "sharp left": "sharp_left",
}
_RINGS = frozenset({"roundabout", "rotary", "roundabout turn"})


class OsrmTravel(ServedTravel):
    """
    A travel provider that asks OSRM.

    Parameters
    ----------
    urls
        Profile to the address of the server that knows it, such as "http://192.168.1.5:5000".
    timeout_seconds, attempts, pause_seconds, transport, sleep
        As in `geo.asking.Asker`.

    Raises
    ------
    ValueError
        An address is none.
    """

    def __init__(
        self,
        *,
        urls: Mapping[str, str],
        timeout_seconds: float = 20.0,
        attempts: int = 3,
        pause_seconds: float = 0.5,
        block: int = _BLOCK,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(profiles=tuple(urls), block=block)
        self._urls = dict(urls)
        servers = {
            url: Asker(
                service="OSRM",
                url=url,
                timeout_seconds=timeout_seconds,
                attempts=attempts,
                pause_seconds=pause_seconds,
                transport=transport,
                sleep=sleep,
            )
            for url in sorted(set(urls.values()))
        }
        self._servers = {profile: servers[url] for profile, url in urls.items()}

    @property
    def service(self) -> str:
        """The server's name in messages."""
        return "OSRM"

    @property
    def version(self) -> str:
        """Which servers are asked; they do not tell when they get new roads."""
        return named("osrm", self._urls)

    def _odd(self, profile: str) -> TravelServiceError:
        return self._servers[profile].odd()

    def _apart(self, points: Sequence[LatLon], profile: str) -> Floats:
        places = points if len(points) > 1 else [*points, *points]
        answer = self._ask("table", places, profile, sources="0", annotations="duration")
        try:
            roads = [_point(waypoint["location"]) for waypoint in answer["destinations"]]
            pairs = list(zip(places, roads, strict=True))[: len(points)]
        except (KeyError, TypeError, ValueError, IndexError):
            raise self._odd(profile) from None
        return np.array([metres_apart(point, road) for point, road in pairs])

    def _table(
        self, origins: Sequence[LatLon], targets: Sequence[LatLon], profile: str
    ) -> tuple[Floats, Floats]:
        many = len(origins)
        answer = self._ask(
            "table",
            [*origins, *targets],
            profile,
            sources=_numbers(0, many),
            destinations=_numbers(many, many + len(targets)),
            annotations="duration,distance",
            skip_waypoints="true",
        )
        try:
            return figures(answer["durations"]), figures(answer["distances"])
        except (KeyError, TypeError, ValueError):
            raise self._odd(profile) from None

    def _line(self, origin: LatLon, destination: LatLon, profile: str) -> list[LatLon]:
        route = self._route(origin, destination, profile, steps="false", overview="full")
        if route is None:
            return []
        try:
            return [_point(pair) for pair in route["geometry"]["coordinates"]]
        except (KeyError, TypeError, ValueError, IndexError):
            raise self._odd(profile) from None

    def _steps(self, origin: LatLon, destination: LatLon, profile: str) -> list[Step]:
        route = self._route(origin, destination, profile, steps="true", overview="false")
        moves = []
        try:
            given = [] if route is None else route["legs"][0]["steps"]
            for one in given:
                turn = one["maneuver"]
                if turn["type"] == "arrive":
                    continue
                moves.append(
                    Move(
                        turn=_TURNS.get(turn.get("modifier", ""), "straight"),
                        road=one.get("name") or one.get("ref") or "",
                        metres=float(one["distance"]),
                        point=_point(turn["location"]),
                        ring=turn["type"] in _RINGS,
                    )
                )
        except (KeyError, TypeError, ValueError, IndexError):
            raise self._odd(profile) from None
        return steps(moves, destination=destination)

    def _route(
        self, origin: LatLon, destination: LatLon, profile: str, **options: str
    ) -> dict[str, Any] | None:
        answer = self._ask("route", [origin, destination], profile, geometries="geojson", **options)
        try:
            route: dict[str, Any] = answer["routes"][0]
        except (KeyError, TypeError, IndexError):
            raise self._odd(profile) from None
        return route

    def _ask(
        self, task: str, points: Sequence[LatLon], profile: str, **options: str
    ) -> dict[str, Any]:
        path = f"{task}/v1/driving/" + ";".join(f"{p.lon:.6f},{p.lat:.6f}" for p in points)
        given = {**options, "generate_hints": "false"}
        answer = self._servers[profile].get(path, given, too_big=_TOO_BIG)
        if not isinstance(answer, dict) or answer.get("code") != "Ok":
            raise self._odd(profile)
        return answer


def _numbers(begin: int, end: int) -> str:
    return ";".join(str(k) for k in range(begin, end))


def _point(pair: Sequence[float]) -> LatLon:
    lon, lat = pair
    return LatLon(lat=float(lat), lon=float(lon))
