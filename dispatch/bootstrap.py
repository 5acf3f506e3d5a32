"""
The one place that names concrete providers: who measures travel, who finds addresses.

Everything else in `dispatch` takes them as arguments and knows only what they promise.
"""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from functools import cached_property, partial
from pathlib import Path
from typing import Any

from dispatch.directions import Directions
from dispatch.geocoding import Territory, Unit
from dispatch.messages import Language, text
from geo import phu_tho
from geo.cached import CachedTravel
from geo.errors import Finding, TravelDataError, TravelServiceError
from geo.fallback import FallbackTravel
from geo.gazetteer import Gazetteer
from geo.geocode import Geocoder
from geo.great_circle import GreatCircle
from geo.osrm import OsrmTravel
from geo.roads import RoadProvider, build
from geo.roads.rules import PROFILES
from geo.roads.store import read_facts
from geo.served import ServedTravel
from geo.text import fold
from geo.travel import TravelProvider
from geo.turns import Step
from geo.types import LatLon, TravelMatrix
from geo.valhalla import ValhallaTravel
from geo.zones import Zones

_FINEST = date(2019, 6, 30)
"""Before the mergers the table has most communes, and so the finest cells."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TravelChoice:
    """
    Who measures travel; nothing chosen is straight lines over the bridges.

    Parameters
    ----------
    roads
        The folder of a road graph.
    traffic
        A period of the graph, or "slowest".
    osrm
        Addresses of OSRM servers: "http://host:port" for every vehicle, "van=http://host:port" for
        one kind.
    valhalla
        The address of a Valhalla server.
    """

    roads: Path | None = None
    traffic: str = "slowest"
    osrm: tuple[str, ...] = ()
    valhalla: str = ""


def _no_roads() -> Sequence[Sequence[LatLon]]:
    return ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Providers:
    """
    What a day is planned with, apart from its orders.

    Parameters
    ----------
    said
        Tells how travel was measured; asked after measuring, as a server may have failed meanwhile.
    zones, rivers
        What maps draw behind the routes, GeoJSON FeatureCollections.
    big_roads
        Returns the lines of the larger roads, none where roads are not known.
    commune_name
        From a commune's code to its name; a code that is not known stays as it is.
    """

    geocoder: Geocoder
    travel: TravelProvider
    territory: Territory
    said: Callable[[], str]
    zones: Mapping[str, Any]
    rivers: Mapping[str, Any]
    commune_name: Callable[[str], str]
    directions: Directions | None = None
    big_roads: Callable[[], Sequence[Sequence[LatLon]]] = _no_roads

    @property
    def travel_note(self) -> str:
        """How travel was measured up to now, for the foot of maps and sheets."""
        return self.said()

    @property
    def server_failed(self) -> bool:
        """Whether a road server was asked and failed, so that straight lines stand in."""
        return isinstance(self.travel, FallbackTravel) and self.travel.failure is not None


def phu_tho_providers(
    on: date, *, choice: TravelChoice = TravelChoice(), lang: Language = "vi"
) -> Providers:
    """
    Return the providers of the province as it stands on a day.

    Raises
    ------
    TravelDataError
        The folder holds no road graph, it has no such period, or a server's address is none.
    """
    province = PhuTho()
    straight = GreatCircle.phu_tho(on=on)
    travel: TravelProvider = straight
    directions: Directions | None = None
    big_roads: Callable[[], Sequence[Sequence[LatLon]]] = _no_roads
    said = partial(text, "travel.straight", lang)
    if choice.roads is not None:
        roads = _Roads(choice.roads, traffic=choice.traffic)
        travel, directions, big_roads = roads, roads.directions, roads.big_roads
        key = "travel.roads_slowest" if choice.traffic == "slowest" else "travel.roads"
        said = partial(text, key, lang, period=choice.traffic)
    elif choice.osrm or choice.valhalla:
        server = _server(choice)
        guarded = FallbackTravel(server, backup=straight)
        travel, directions = guarded, _ServedDirections(guarded, server)
        said = partial(_server_note, guarded, server.service, _shared(choice), lang)
    return Providers(
        geocoder=Gazetteer(),
        travel=travel,
        territory=province,
        said=said,
        directions=directions,
        big_roads=big_roads,
        zones=province.zones_geojson(),
        rivers=_rivers_geojson(),
        commune_name=lambda code: province.name(code, on=on),
    )


class _Roads(RoadProvider):
    """Roads whose matrices are kept beside the graph."""

    def __init__(self, folder: Path, *, traffic: str) -> None:
        super().__init__(folder, traffic=traffic)
        self._kept = CachedTravel(RoadProvider(folder, traffic=traffic), folder=folder / "cache")

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        """Return the matrix, from the folder where it is there."""
        return self._kept.matrix(points, profile=profile)

    def directions(self, origin: LatLon, destination: LatLon, profile: str) -> Sequence[Step]:
        """Return the turns of a way."""
        return super().steps(origin, destination, profile=profile)


@dataclass(frozen=True, slots=True, kw_only=False)
class _ServedDirections:
    """The turns that a server knows; none once it has failed."""

    travel: FallbackTravel
    server: ServedTravel

    def __call__(self, origin: LatLon, destination: LatLon, profile: str) -> Sequence[Step]:
        if self.travel.failure is not None:
            return ()
        try:
            return self.server.steps(origin, destination, profile=profile)
        except TravelServiceError as failure:
            self.travel.give_up(failure)
            return ()


def _server(choice: TravelChoice) -> ServedTravel:
    try:
        if choice.valhalla:
            return ValhallaTravel(url=choice.valhalla)
        return OsrmTravel(urls=_osrm_urls(choice.osrm))
    except ValueError as error:
        finding = Finding(
            where="--valhalla" if choice.valhalla else "--osrm",
            problem=str(error),
            remedy="give one address for every vehicle, and PROFILE=ADDRESS for one that differs",
        )
        raise TravelDataError(table="road servers", findings=[finding]) from None


def _osrm_urls(given: Sequence[str]) -> Mapping[str, str]:
    everybody: dict[str, str] = {}
    own: dict[str, str] = {}
    for one in given:
        name, mark, url = one.partition("=")
        if not mark or "/" in name:
            everybody = dict.fromkeys(PROFILES, one)
        elif name in PROFILES:
            own[name] = url
        else:
            raise ValueError(f"{name!r} is no vehicle: use one of {', '.join(PROFILES)}")
    urls = everybody | own
    missing = [profile for profile in PROFILES if profile not in urls]
    if missing:
        raise ValueError(f"no server is named for {', '.join(missing)}")
    return urls


def _shared(choice: TravelChoice) -> bool:
    """Tell whether one OSRM server, which knows one vehicle, answers for several."""
    return bool(choice.osrm) and len(set(_osrm_urls(choice.osrm).values())) < len(PROFILES)


def _server_note(travel: FallbackTravel, service: str, shared: bool, lang: Language) -> str:
    failure = travel.failure
    if failure is None or not travel.estimated:
        note = text("travel.server", lang, service=service)
        return note + (" " + text("travel.server_shared", lang) if shared else "")
    reason = text(f"travel.failure.{failure.kind}", lang)
    return text(
        "travel.server_failed",
        lang,
        service=service,
        url=failure.url,
        reason=f"{reason}: {failure.said}" if failure.said else reason,
        vehicles=", ".join(text(f"vehicle.{name}", lang).lower() for name in travel.estimated),
    )


def build_roads(
    source: Path,
    *,
    out: Path,
    area: str | None,
    tables: Path | None,
    progress: Callable[[str, int], None],
) -> None:
    """Build the road graph of an OpenStreetMap file, as `geo.roads.build` says."""
    build(source, out=out, area=area, tables=tables, progress=progress)


def road_facts(folder: Path) -> Mapping[str, Any]:
    """Return what a road graph holds."""
    return read_facts(folder)


def road_directions(
    folder: Path, *, origin: LatLon, destination: LatLon, profile: str, traffic: str
) -> tuple[int, int, Sequence[Step], Sequence[LatLon]]:
    """Return (seconds, metres, turns, line) of one way."""
    provider = RoadProvider(folder, traffic=traffic)
    seconds, metres = provider.travel((origin, destination), profile=profile).leg(0, 1)
    steps = provider.steps(origin, destination, profile=profile)
    return seconds, metres, steps, provider.shape(origin, destination, profile=profile)


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
