"""Service areas: read, built, asked, drawn."""

from __future__ import annotations

import json
import time
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import Polygon, box

from geo import phu_tho
from geo.errors import ZoneError
from geo.types import LatLon
from geo.zones import Zone, Zones

SHARED = Path(__file__).parents[3] / "shared" / "data" / "phutho_districts.geojson"


def _square(name: str, west: float, south: float, size: float = 0.1) -> Zone:
    return Zone(id=name, name=name, geometry=box(west, south, west + size, south + size))


def _feature(name: Any, corners: list[list[float]], kind: str = "Polygon") -> dict[str, Any]:
    return {
        "type": "Feature",
        "properties": {"id": name, "name": f"Vùng {name}"},
        "geometry": {"type": kind, "coordinates": [corners]},
    }


def _collection(*features: Any) -> str:
    return json.dumps({"type": "FeatureCollection", "features": features})


def _ring(west: float, south: float, size: float = 0.1) -> list[list[float]]:
    east, north = west + size, south + size
    return [[west, south], [east, south], [east, north], [west, north], [west, south]]


def test_a_point_belongs_to_the_zone_it_lies_in() -> None:
    zones = Zones([_square("a", 105.0, 21.0), _square("b", 105.1, 21.0)])
    found = zones.zone_of(LatLon(lat=21.05, lon=105.15))
    assert found is not None
    assert found.id == "b"


def test_a_point_on_a_shared_border_belongs_to_the_lower_id() -> None:
    zones = Zones([_square("b", 105.1, 21.0), _square("a", 105.0, 21.0)])
    found = zones.zone_of(LatLon(lat=21.05, lon=105.1))
    assert found is not None
    assert found.id == "a"


@pytest.mark.parametrize(("metres", "held"), [(400, True), (600, False)])
def test_a_point_just_outside_belongs_to_the_nearest_zone_within_the_tolerance(
    metres: float, held: bool
) -> None:
    zones = Zones([_square("a", 105.0, 21.0)])
    north = LatLon(lat=21.1 + metres / 111_195, lon=105.05)
    east = LatLon(lat=21.05, lon=105.1 + metres / 111_195 / float(np.cos(np.radians(21.05))))
    assert [zone is not None for zone in zones.zones_of([north, east])] == [held, held]
    assert zones.zone_of(north, tolerance_metres=0) is None


def test_all_problems_of_a_file_are_told_at_once() -> None:
    bow_tie = [[105.3, 21.0], [105.4, 21.1], [105.4, 21.0], [105.3, 21.1], [105.3, 21.0]]
    swapped = [[21.0, 105.0], [21.1, 105.0], [21.1, 105.1], [21.0, 105.0]]
    text = _collection(
        _feature("a", _ring(105.0, 21.0)),
        _feature("a", _ring(105.2, 21.0)),
        _feature("tie", bow_tie),
        _feature("swapped", swapped),
        _feature("", _ring(105.5, 21.0)),
        {
            "type": "Feature",
            "properties": {"id": "dot"},
            "geometry": {"type": "Point", "coordinates": [1, 2]},
        },
        {"type": "Feature", "properties": {"id": "none"}, "geometry": None},
        "not a feature",
    )
    with pytest.raises(ZoneError) as caught:
        Zones.from_geojson(text)
    told = {(f.where, f.problem) for f in caught.value.findings}
    assert {where for where, _ in told} == {
        *("a", "tie", "swapped", "feature 5", "feature 6 (dot)", "feature 7 (none)", "feature 8")
    }
    assert ("a", "2 zones have this id") in told
    assert any(w == "tie" and "Self-intersection" in p for w, p in told)
    assert all(f.remedy for f in caught.value.findings)


def test_overlaps_are_told_with_their_size_and_small_ones_let_pass() -> None:
    # A strip of 0.01 by 0.1 degrees: 1.04 km by 11.1 km.
    overlapping = [_square("a", 105.0, 21.0), _square("b", 105.09, 21.0)]
    with pytest.raises(ZoneError, match=r"a: it overlaps zone b by 11\.5\d km2"):
        Zones(overlapping)
    assert len(Zones(overlapping, overlap_km2=12)) == 2


@pytest.mark.parametrize("text", ["", "[]", "{}", '{"features": 3}', '{"features": []}'])
def test_a_file_without_areas_is_refused(text: str) -> None:
    with pytest.raises(ZoneError, match="the file"):
        Zones.from_geojson(text)


def test_geojson_survives_being_written_and_read() -> None:
    zones = Zones([_square("a", 105.0, 21.0), _square("b", 105.1, 21.0)])
    again = Zones.from_geojson(zones.to_geojson())
    assert [z.id for z in again.zones] == ["a", "b"]
    for before, after in zip(zones.zones, again.zones, strict=True):
        assert before.geometry.symmetric_difference(after.geometry).area < 1e-9


def test_zones_from_points_give_each_place_to_the_nearest_point() -> None:
    west, east = LatLon(lat=21.0, lon=105.0), LatLon(lat=21.0, lon=105.1)
    zones = Zones.from_points({"w": [west], "e": [east]}, names={"w": "Tây"})
    assert {z.id: z.name for z in zones.zones} == {"w": "Tây", "e": "e"}
    near_west, near_east = LatLon(lat=21.0, lon=105.049), LatLon(lat=21.0, lon=105.051)
    found = zones.zones_of([near_west, near_east, LatLon(lat=22.0, lon=105.0)])
    assert [z and z.id for z in found] == ["w", "e", None]


def test_zones_from_points_name_a_zone_without_points_and_a_point_claimed_twice() -> None:
    spot = LatLon(lat=21.0, lon=105.0)
    with pytest.raises(ZoneError) as caught:
        Zones.from_points({"a": [spot], "b": [spot], "c": []})
    assert {f.where for f in caught.value.findings} == {"b", "c"}


@given(
    st.lists(
        st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=3, max_size=20, unique=True
    )
)
@settings(max_examples=40, deadline=None)
def test_every_point_lies_in_the_zone_built_around_it(cells: list[tuple[int, int]]) -> None:
    points = [LatLon(lat=21 + y / 100, lon=105 + x / 100) for x, y in cells]
    by_zone: dict[str, list[LatLon]] = {}
    for k, point in enumerate(points):
        by_zone.setdefault(f"z{k % 3}", []).append(point)
    zones = Zones.from_points(by_zone)
    found = zones.zones_of(points, tolerance_metres=0)
    assert [z and z.id for z in found] == [f"z{k % 3}" for k in range(len(points))]


def test_the_district_outlines_hold_their_communes_and_are_light() -> None:
    day = date(2024, 6, 1)
    zones = Zones.of_districts(on=day)
    communes = phu_tho.communes(day)
    held = zones.zones_of([c.point for c in communes])
    assert [z and z.id for z in held] == [c.district_code for c in communes]
    assert {z.name for z in zones.zones} == {d.name for d in phu_tho.districts()}
    light = zones.to_geojson(simplify_metres=500)
    assert len(light) < 30_000
    assert len(Zones.from_geojson(light)) == 13


def test_a_hundred_thousand_points_are_told_apart_in_a_moment() -> None:
    zones = Zones.of_districts(on=date(2024, 6, 1))
    rng = np.random.default_rng(1)
    points = [
        LatLon(lat=float(y), lon=float(x))
        for x, y in zip(
            rng.uniform(104.9, 105.4, 100_000), rng.uniform(21.0, 21.6, 100_000), strict=True
        )
    ]
    started = time.process_time()
    found = zones.zones_of(points)
    assert time.process_time() - started < 5
    assert sum(z is not None for z in found) > 90_000


def test_nothing_asked_and_no_zones_are_no_trouble() -> None:
    assert Zones([]).zone_of(LatLon(lat=21.0, lon=105.0)) is None
    assert Zones([_square("a", 105.0, 21.0)]).zones_of([]) == []
    assert Zones.from_points({}).zones == ()


def test_an_empty_outline_is_refused() -> None:
    with pytest.raises(ZoneError, match="empty"):
        Zones([Zone(id="a", name="a", geometry=Polygon())])


@pytest.mark.skipif(not SHARED.exists(), reason="the district borders are not on this machine")
def test_official_borders_are_read_and_hold_our_communes() -> None:
    zones = Zones.from_geojson(SHARED.read_text("utf-8"))
    assert len(zones) == 13
    for commune in phu_tho.commune_periods():
        found = zones.zone_of(commune.point)
        assert found is not None
        assert found.id == commune.district_code
