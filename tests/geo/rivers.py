"""Small made-up rivers for tests: straight lines along meridians, easy to reckon with."""

from __future__ import annotations

from geo.types import LatLon
from geo.waterways import Bridge, River

# One hundredth of a degree of latitude, metres, on the sphere that geo uses.
HUNDREDTH = 1_111.95


def river(name: str, *, lon: float, south: float = 20.0, north: float = 23.0) -> River:
    line = (LatLon(lat=north, lon=lon), LatLon(lat=south, lon=lon))
    return River(id=name, name=name, line=line, quality="exact", origin="made up")


def bent_river(name: str, *corners: tuple[float, float]) -> River:
    line = tuple(LatLon(lat=lat, lon=lon) for lat, lon in corners)
    return River(id=name, name=name, line=line, quality="exact", origin="made up")


def bridge(
    name: str,
    on: str,
    *,
    lat: float,
    lon: float,
    closed_to: frozenset[str] = frozenset(),
    delay_seconds: int = 0,
    kind: str = "bridge",
) -> Bridge:
    return Bridge(
        id=name,
        name=name,
        river=on,
        point=LatLon(lat=lat, lon=lon),
        kind=kind,
        closed_to=closed_to,
        delay_seconds=delay_seconds,
        open_from=None,
        open_until=None,
        quality="exact",
        origin="made up",
        note="",
    )
