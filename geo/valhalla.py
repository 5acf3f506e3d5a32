"""
Travel from a Valhalla server, which knows motorcycles, vans and trucks with their sizes by itself.

References
----------
The HTTP interface of Valhalla 3 (actions `locate`, `sources_to_targets` and `route`).
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType
from typing import Any

import httpx
import numpy as np

from geo.asking import Asker
from geo.errors import TravelServiceError
from geo.served import Floats, ServedTravel, figures, metres_apart, named
from geo.turns import Move, Step, steps
from geo.types import LatLon

COSTINGS: Mapping[str, tuple[str, Mapping[str, float]]] = MappingProxyType(
    {
        # A motorcycle of Valhalla takes motorways, which ours may not; its scooter never does.
        "motorbike": ("motor_scooter", {"top_speed": 60}),
        "van": ("auto", {"height": 2.6, "width": 2.1}),
        "truck": ("truck", {"height": 3.6, "width": 2.5, "weight": 10}),
    }
)
"""Our profile to Valhalla's costing and its options: km/h, metres, tonnes."""

_BLOCK = 50
"""The server's own limit, `max_matrix_location_pairs`, is 2,500 unless it is set higher."""

_TOO_BIG = "Exceeded max locations"
_ARRIVALS = frozenset({4, 5, 6})
_RING = 26
_TURNS = {
    9: "slight_right", 10: "right", 11: "sharp_right", 12: "u_turn", 13: "u_turn",
    14: "sharp_left", 15: "left", 16: "slight_left", 18: "slight_right", 19: "slight_left",
    20: "slight_right", 21: "slight_left", 23: "slight_right", 24: "slight_left",
    37: "slight_right", 38: "slight_left",
}  # fmt: skip


class ValhallaTravel(ServedTravel):
    """
    A travel provider that asks Valhalla.

    Parameters
    ----------
    url
        Where it answers, such as "http://192.168.1.5:8002".
    timeout_seconds, attempts, pause_seconds, transport, sleep
        As in `geo.asking.Asker`.

    Raises
    ------
    ValueError
        The address is none.
    """

    def __init__(
        self,
        *,
        url: str,
        timeout_seconds: float = 60.0,
        attempts: int = 3,
        pause_seconds: float = 0.5,
        block: int = _BLOCK,
        transport: httpx.BaseTransport | None = None,
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        super().__init__(profiles=tuple(COSTINGS), block=block)
        self._url = url
        self._server = Asker(
            service="Valhalla",
            url=url,
            timeout_seconds=timeout_seconds,
            attempts=attempts,
            pause_seconds=pause_seconds,
            transport=transport,
            sleep=sleep,
        )

    @property
    def service(self) -> str:
        """The server's name in messages."""
        return "Valhalla"

    @property
    def version(self) -> str:
        """Which server is asked; it is not asked for the age of its roads."""
        return named("valhalla", {"": self._url})

    def _odd(self, profile: str) -> TravelServiceError:
        return self._server.odd()

    def _apart(self, points: Sequence[LatLon], profile: str) -> Floats:
        answer = self._ask("locate", profile, locations=_places(points), verbose=False)
        try:
            return np.array(
                [_nearest(point, found) for point, found in zip(points, answer, strict=True)]
            )
        except (KeyError, TypeError, ValueError, AttributeError):
            raise self._odd(profile) from None

    def _table(
        self, origins: Sequence[LatLon], targets: Sequence[LatLon], profile: str
    ) -> tuple[Floats, Floats]:
        answer = self._ask(
            "sources_to_targets",
            profile,
            sources=_places(origins),
            targets=_places(targets),
            verbose=False,
        )
        try:
            table = answer["sources_to_targets"]
            if isinstance(table, dict):
                times, far = table["durations"], table["distances"]
            else:  # older servers know only the long form
                times = [[cell["time"] for cell in row] for row in table]
                far = [[cell["distance"] for cell in row] for row in table]
            return figures(times), figures(far) * 1000
        except (KeyError, TypeError, ValueError):
            raise self._odd(profile) from None

    def _line(self, origin: LatLon, destination: LatLon, profile: str) -> list[LatLon]:
        leg = self._leg(origin, destination, profile, directions_type="none")
        try:
            return line_of(leg["shape"])
        except (KeyError, TypeError, ValueError, IndexError):
            raise self._odd(profile) from None

    def _steps(self, origin: LatLon, destination: LatLon, profile: str) -> list[Step]:
        leg = self._leg(origin, destination, profile, directions_type="maneuvers")
        try:
            line = line_of(leg["shape"])
            moves = [
                Move(
                    turn=_TURNS.get(one["type"], "straight"),
                    road=(one.get("street_names") or [""])[0],
                    metres=float(one["length"]) * 1000,
                    point=line[one["begin_shape_index"]],
                    ring=one["type"] == _RING,
                )
                for one in leg["maneuvers"]
                if one["type"] not in _ARRIVALS
            ]
        except (KeyError, TypeError, ValueError, IndexError):
            raise self._odd(profile) from None
        return steps(moves, destination=destination)

    def _leg(
        self, origin: LatLon, destination: LatLon, profile: str, **options: str
    ) -> dict[str, Any]:
        answer = self._ask("route", profile, locations=_places([origin, destination]), **options)
        try:
            leg: dict[str, Any] = answer["trip"]["legs"][0]
        except (KeyError, TypeError, IndexError):
            raise self._odd(profile) from None
        return leg

    def _ask(self, task: str, profile: str, **question: object) -> Any:
        costing, options = COSTINGS[profile]
        given = {
            **question,
            "costing": costing,
            "costing_options": {costing: dict(options)},
            "units": "kilometers",
        }
        return self._server.post(task, given, too_big=_TOO_BIG)


def line_of(text: str) -> list[LatLon]:
    """
    Return the points of an encoded polyline with six decimals.

    Raises
    ------
    ValueError
        The text ends in the middle of a point, or a point is none.
    """
    numbers: list[int] = []
    value = shift = 0
    for letter in text:
        chunk = ord(letter) - 63
        value |= (chunk & 31) << shift
        shift += 5
        if chunk < 32:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            value = shift = 0
    if shift or len(numbers) % 2:
        raise ValueError("a polyline that ends in the middle of a point")
    lats, lons = np.cumsum(numbers[::2]) / 1e6, np.cumsum(numbers[1::2]) / 1e6
    return [LatLon(lat=float(a), lon=float(b)) for a, b in zip(lats, lons, strict=True)]


def _places(points: Sequence[LatLon]) -> list[dict[str, float]]:
    return [{"lat": round(p.lat, 6), "lon": round(p.lon, 6)} for p in points]


def _nearest(point: LatLon, found: Mapping[str, Any]) -> float:
    roads = [
        LatLon(lat=float(edge["correlated_lat"]), lon=float(edge["correlated_lon"]))
        for edge in found.get("edges") or ()
    ]
    return min((metres_apart(point, road) for road in roads), default=float("inf"))
