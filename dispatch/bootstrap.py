"""
The one place that names concrete providers: who measures travel, who finds addresses.

Everything else in `dispatch` takes them as arguments and knows only what they promise.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cached_property
from typing import Any

from dispatch.geocoding import Territory, Unit
from geo import phu_tho
from geo.gazetteer import Gazetteer
from geo.geocode import Geocoder
from geo.great_circle import GreatCircle
from geo.text import fold
from geo.travel import TravelProvider
from geo.types import LatLon
from geo.zones import Zones

_FINEST = date(2019, 6, 30)
"""Before the mergers the table has most communes, and so the finest cells."""

TRAVEL_NOTE = (
    "Thời gian đi lại ước tính theo đường chim bay nhân hệ số đường vòng, qua sông chỉ ở các cầu "
    "trong bảng; chưa dùng bản đồ đường."
)
"""How travel was measured, for the foot of maps and sheets."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """
    What a day is planned with, apart from its orders.

    Parameters
    ----------
    zones, rivers
        What maps draw behind the routes, GeoJSON FeatureCollections.
    commune_name
        From a commune's code to its name; a code that is not known stays as it is.
    """

    geocoder: Geocoder
    travel: TravelProvider
    territory: Territory
    travel_note: str
    zones: Mapping[str, Any]
    rivers: Mapping[str, Any]
    commune_name: Callable[[str], str]


def phu_tho_providers(on: date) -> Providers:
    """Return the offline providers of the province as it stands on a day."""
    province = PhuTho()
    return Providers(
        geocoder=Gazetteer(),
        travel=GreatCircle.phu_tho(on=on),
        territory=province,
        travel_note=TRAVEL_NOTE,
        zones=province.zones_geojson(),
        rivers=_rivers_geojson(),
        commune_name=lambda code: province.name(code, on=on),
    )


class PhuTho:
    """The province's districts and communes by point, code and name."""

    @cached_property
    def _zones(self) -> Zones:
        return Zones.of_districts(on=_FINEST)

    @cached_property
    def _names(self) -> dict[str, str]:
        names = {district.code: district.code for district in phu_tho.districts()}
        for district in phu_tho.districts():
            for name in (district.name, f"{district.kind} {district.name}"):
                names[fold(name)] = district.code
        return names

    @cached_property
    def _periods(self) -> dict[str, list[phu_tho.Commune]]:
        periods: dict[str, list[phu_tho.Commune]] = {}
        for commune in phu_tho.commune_periods():
            periods.setdefault(commune.code, []).append(commune)
        return periods

    def unit_at(self, point: LatLon, *, on: date) -> Unit | None:
        """Return the commune whose point is nearest in the district that holds the point."""
        zone = self._zones.zone_of(point)
        if zone is None:
            return None
        inside = [c for c in phu_tho.communes(on) if c.district_code == zone.id]
        nearest = min(
            inside or phu_tho.communes(on), key=lambda commune: _apart(commune.point, point)
        )
        return Unit(code=nearest.code, now=nearest.code, district=zone.id, point=nearest.point)

    def unit(self, code: str, *, on: date) -> Unit | None:
        """Return the commune with a code on a day, else the last one before that had it."""
        periods = [c for c in self._periods.get(code, []) if c.valid_from <= on]
        if not periods:
            return None
        commune = next((c for c in periods if c.valid(on)), periods[-1])
        return Unit(
            code=code,
            now=self._successor(commune, on).code,
            district=commune.district_code,
            point=commune.point,
        )

    def name(self, code: str, *, on: date) -> str:
        """Return a commune's name with its kind as on a day, or the code where there is none."""
        periods = [c for c in self._periods.get(code, []) if c.valid_from <= on]
        return f"{periods[-1].kind} {periods[-1].name}" if periods else code

    def district(self, text: str) -> str | None:
        """Return the code of a district given by code, name, or kind and name."""
        return self._names.get(fold(text))

    def zones_geojson(self) -> Mapping[str, Any]:
        """Return the districts' outlines, simplified for a light map."""
        drawn: dict[str, Any] = json.loads(self._zones.to_geojson(simplify_metres=100))
        return drawn

    def _successor(self, commune: phu_tho.Commune, on: date) -> phu_tho.Commune:
        while not commune.valid(on) and commune.successor:
            later = [
                c
                for c in self._periods.get(commune.successor, [])
                if commune.valid_until is not None and c.valid_from > commune.valid_until
            ]
            if not later or later[0].valid_from > on:
                break
            commune = later[0]
        return commune


def _rivers_geojson() -> Mapping[str, Any]:
    return {
        "type": "FeatureCollection",
        "features": [
            {
                "type": "Feature",
                "properties": {"name": river.name},
                "geometry": {
                    "type": "LineString",
                    "coordinates": [[point.lon, point.lat] for point in river.line],
                },
            }
            for river in phu_tho.rivers()
        ],
    }


def _apart(a: LatLon, b: LatLon) -> float:
    shrink = math.cos(math.radians(a.lat))
    return (a.lat - b.lat) ** 2 + ((a.lon - b.lon) * shrink) ** 2
