"""
Service areas: which zone holds a point, where zones come from, and how they are drawn.

A zone is what the office says it is: a district as it once was, a commune, a courier's quarter. It
is read from a GeoJSON that the office supplies, or built from points known to belong to it.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from shapely.geometry import MultiPoint, MultiPolygon, Polygon, mapping, shape
from shapely.geometry.base import BaseGeometry

from geo.errors import Finding, ZoneError
from geo.types import LatLon

Area = Polygon | MultiPolygon

_METRES_PER_DEGREE = 111_195.0
_ID_FIELDS = ("id", "code", "zone", "ma", "ma_huyen")
_NAME_FIELDS = ("name", "ten", "title", "label")


@dataclass(frozen=True, slots=True, kw_only=True)
class Zone:
    """
    One service area.

    Parameters
    ----------
    id
        The office's own; no two zones share one.
    name
        For people.
    geometry
        A shapely Polygon or MultiPolygon; x is longitude, y latitude, in degrees.
    """

    id: str
    name: str
    geometry: Area


class Zones:
    """
    A set of zones that do not overlap, and quick answers to which one holds a point.

    Parameters
    ----------
    zones
        In any order; kept sorted by id.
    overlap_km2
        Two zones may share up to this much, in square kilometres: official borders were never
        digitised alike on both sides.

    Raises
    ------
    ZoneError
        With every invalid outline, double id and overlap.
    """

    def __init__(self, zones: Iterable[Zone], *, overlap_km2: float = 0.2) -> None:
        self.zones = tuple(sorted(zones, key=lambda z: z.id))
        findings = [f for zone in self.zones for f in _wrong_outline(zone)]
        findings += _doubles([zone.id for zone in self.zones])
        centre = _middle(self.zones) if self.zones and not findings else 0.0
        self._scale = math.cos(math.radians(centre))
        self._flat = [self._flatten(zone.geometry) for zone in self.zones]
        self._tree = shapely.STRtree(self._flat)
        if self.zones and not findings:
            findings = self._overlaps(overlap_km2)
        if findings:
            raise ZoneError(findings=findings)

    @classmethod
    def from_geojson(cls, text: str, *, overlap_km2: float = 0.2) -> Zones:
        """
        Read zones from a GeoJSON FeatureCollection of Polygons and MultiPolygons.

        The id is the feature's "id" or its property "id", "code", "zone", "ma" or "ma_huyen"; the
        name its property "name", "ten", "title" or "label".

        Raises
        ------
        ZoneError
            With everything that is wrong, in all features together.
        """
        zones, findings = _read(text)
        try:
            made = cls(zones, overlap_km2=overlap_km2)
        except ZoneError as error:
            raise ZoneError(findings=[*findings, *error.findings]) from None
        if findings:
            raise ZoneError(findings=findings)
        return made

    @classmethod
    def from_points(
        cls,
        points_by_zone: Mapping[str, Sequence[LatLon]],
        *,
        names: Mapping[str, str] | None = None,
        margin_metres: float = 3_000.0,
    ) -> Zones:
        """
        Build zones around known points: each place belongs to the zone of the nearest point.

        The cells are cut off `margin_metres` outside the hull of all points.

        Parameters
        ----------
        points_by_zone
            By zone id, at least one point each.
        names
            Names by zone id; the id where there is none.

        Raises
        ------
        ZoneError
            A zone has no point, or two zones claim the same point.
        """
        owner: dict[tuple[float, float], str] = {}
        findings = []
        for zone, points in points_by_zone.items():
            if not points:
                findings.append(_finding(zone, "it has no point", "give it at least one"))
            for p in points:
                other = owner.setdefault((p.lon, p.lat), zone)
                if other != zone:
                    findings.append(
                        _finding(
                            zone,
                            f"it claims the point {p.lat:.5f} {p.lon:.5f} of zone {other}",
                            "give the point to one of the two",
                        )
                    )
        if findings:
            raise ZoneError(findings=findings)
        if not owner:
            return cls([])
        scale = math.cos(math.radians(sum(lat for _, lat in owner) / len(owner)))
        sites = np.array([(lon * scale, lat) for lon, lat in owner])
        edge = MultiPoint(sites).convex_hull.buffer(margin_metres / _METRES_PER_DEGREE)
        cells = shapely.voronoi_polygons(MultiPoint(sites), extend_to=edge, ordered=True)
        ids = list(owner.values())
        parts: dict[str, list[BaseGeometry]] = {zone: [] for zone in points_by_zone}
        for zone, cell in zip(ids, cells.geoms, strict=True):
            parts[zone].append(cell)
        called = names or {}
        return cls(
            Zone(
                id=zone,
                name=called.get(zone, zone),
                geometry=_stretch(_areas(shapely.union_all(mine).intersection(edge)), scale),
            )
            for zone, mine in parts.items()
        )

    @classmethod
    def of_districts(cls, *, on: date) -> Zones:
        """
        Return rough outlines of the 13 districts of Phú Thọ, built from their commune points.

        Good for drawing and for telling districts apart by some kilometres; where the office has
        its own outlines, use `from_geojson`.
        """
        # Here and not above: the province is one use of this file, not what it rests on.
        from geo import phu_tho

        points: dict[str, list[LatLon]] = {d.code: [] for d in phu_tho.districts()}
        for commune in phu_tho.communes(on):
            points[commune.district_code].append(commune.point)
        return cls.from_points(points, names={d.code: d.name for d in phu_tho.districts()})

    def __len__(self) -> int:
        return len(self.zones)

    def zone_of(self, point: LatLon, *, tolerance_metres: float = 500.0) -> Zone | None:
        """
        Return the zone that holds a point, or the nearest one within the tolerance, or None.

        On a border shared by two zones the one with the lower id holds the point.
        """
        return self.zones_of([point], tolerance_metres=tolerance_metres)[0]

    def zones_of(
        self, points: Sequence[LatLon], *, tolerance_metres: float = 500.0
    ) -> list[Zone | None]:
        """Return for each point what `zone_of` returns, thousands at once."""
        if not points or not self.zones:
            return [None] * len(points)
        spots = shapely.points(
            [p.lon * self._scale * _METRES_PER_DEGREE for p in points],
            [p.lat * _METRES_PER_DEGREE for p in points],
        )
        found = np.full(len(points), len(self.zones), np.int64)
        who, where = self._tree.query(spots, predicate="intersects")
        np.minimum.at(found, who, where)
        outside = np.flatnonzero(found == len(self.zones))
        if len(outside) and tolerance_metres > 0:
            who, where = self._tree.query_nearest(
                spots[outside], max_distance=tolerance_metres, all_matches=True
            )
            np.minimum.at(found, outside[who], where)
        return [self.zones[k] if k < len(self.zones) else None for k in found]

    def to_geojson(self, *, simplify_metres: float = 0.0) -> str:
        """
        Return the zones as a GeoJSON FeatureCollection.

        Parameters
        ----------
        simplify_metres
            Leave out corners that matter less than this, for a lighter map; borders stay shared.
        """
        shapes = [zone.geometry for zone in self.zones]
        if simplify_metres > 0 and shapes:
            shapes = list(
                shapely.coverage_simplify(shapes, tolerance=simplify_metres / _METRES_PER_DEGREE)
            )
        features = [
            {
                "type": "Feature",
                "id": zone.id,
                "properties": {"id": zone.id, "name": zone.name},
                "geometry": mapping(shapely.set_precision(geometry, 1e-6)),
            }
            for zone, geometry in zip(self.zones, shapes, strict=True)
        ]
        return json.dumps({"type": "FeatureCollection", "features": features}, ensure_ascii=False)

    def _flatten(self, geometry: Area) -> BaseGeometry:
        def metres(lonlat: NDArray[np.float64]) -> NDArray[np.float64]:
            return lonlat * (_METRES_PER_DEGREE * self._scale, _METRES_PER_DEGREE)

        return shapely.transform(geometry, metres)

    def _overlaps(self, most_km2: float) -> list[Finding]:
        findings = []
        for a, b in self._tree.query(self._flat, predicate="intersects").T:
            if a >= b:
                continue
            shared = self._flat[a].intersection(self._flat[b]).area / 1e6
            if shared > most_km2:
                findings.append(
                    _finding(
                        self.zones[a].id,
                        f"it overlaps zone {self.zones[b].id} by {shared:.2f} km2",
                        "redraw the border of one of the two",
                    )
                )
        return findings


def _read(text: str) -> tuple[list[Zone], list[Finding]]:
    try:
        features = json.loads(text)["features"]
        numbered = list(enumerate(features, start=1))
    except (ValueError, KeyError, TypeError):
        problem = "it is no GeoJSON FeatureCollection"
        return [], [_finding("the file", problem, "export the areas as GeoJSON again")]
    zones, findings = [], []
    if not numbered:
        findings.append(_finding("the file", "it holds no area", "draw at least one"))
    for number, feature in numbered:
        zone, wrong = _feature(number, feature)
        findings += wrong
        if zone is not None:
            zones.append(zone)
    return zones, findings


def _feature(number: int, feature: Any) -> tuple[Zone | None, list[Finding]]:
    where = f"feature {number}"
    if not isinstance(feature, dict):
        return None, [_finding(where, "it is no GeoJSON Feature", "delete it")]
    found = feature.get("properties")
    properties: dict[str, Any] = found if isinstance(found, dict) else {}
    given = [feature.get("id"), *(properties.get(f) for f in _ID_FIELDS)]
    known = next((str(v) for v in given if v not in (None, "")), "")
    findings = []
    if not known:
        findings.append(_finding(where, "it has no id", f"add a property {_ID_FIELDS[0]!r}"))
    else:
        where = f"feature {number} ({known})"
    try:
        geometry = shape(feature["geometry"])
    except (KeyError, TypeError, ValueError, AttributeError, IndexError, shapely.GEOSException):
        return None, [*findings, _finding(where, "its outline cannot be read", "draw it again")]
    if not isinstance(geometry, Polygon | MultiPolygon):
        problem = f"it is a {geometry.geom_type}, not an area"
        return None, [*findings, _finding(where, problem, "draw a Polygon")]
    if not known:
        return None, findings
    name = next((str(properties[f]) for f in _NAME_FIELDS if properties.get(f)), known)
    return Zone(id=known, name=name, geometry=shapely.force_2d(geometry)), findings


def _wrong_outline(zone: Zone) -> list[Finding]:
    geometry = zone.geometry
    if geometry.is_empty:
        return [_finding(zone.id, "its outline is empty", "draw it again")]
    west, south, east, north = geometry.bounds
    if not (west >= -180 and east <= 180 and south >= -90 and north <= 90):
        return [
            _finding(
                zone.id,
                "its coordinates are not longitude and latitude in degrees",
                "export it as GeoJSON in WGS 84, longitude first",
            )
        ]
    if not geometry.is_valid:
        reason = shapely.is_valid_reason(geometry)
        return [_finding(zone.id, f"its outline is wrong: {reason}", "redraw it there")]
    return []


def _doubles(ids: Sequence[str]) -> list[Finding]:
    return [
        _finding(known, f"{ids.count(known)} zones have this id", "give each zone its own id")
        for known in dict.fromkeys(ids)
        if ids.count(known) > 1
    ]


def _middle(zones: Sequence[Zone]) -> float:
    bounds = np.array([zone.geometry.bounds for zone in zones])
    return float((bounds[:, 1].min() + bounds[:, 3].max()) / 2)


def _areas(geometry: BaseGeometry) -> Area:
    if isinstance(geometry, Polygon | MultiPolygon):
        return geometry
    parts = getattr(geometry, "geoms", ())
    return MultiPolygon([p for p in parts if isinstance(p, Polygon)])


def _stretch(geometry: Area, scale: float) -> Area:
    def degrees(flat: NDArray[np.float64]) -> NDArray[np.float64]:
        return flat / (scale, 1.0)

    return _areas(shapely.transform(geometry, degrees))


def _finding(where: str, problem: str, remedy: str) -> Finding:
    return Finding(where=where, problem=problem, remedy=remedy)
