"""The province's tables: complete, consistent with each other and with their sources."""

from __future__ import annotations

import csv
from collections import Counter
from datetime import date
from pathlib import Path

import pytest

from geo import phu_tho
from geo.errors import TableError
from geo.great_circle import GreatCircle
from geo.hours import WeeklyHours
from geo.waterways import bridges_from_csv, rivers_from_geojson

SHARED = Path(__file__).parents[3] / "shared" / "data"
DAYS = {
    date(2019, 12, 15): ("name_2019_12", 277),
    date(2020, 6, 15): ("name_2020_06", 225),
    date(2025, 3, 15): ("name_2025_03", 207),
    date(2026, 11, 23): ("name_2025_07", 66),
}


def test_there_are_13_districts_with_1694771_people() -> None:
    assert len(phu_tho.districts()) == 13
    assert sum(d.population for d in phu_tho.districts()) == 1_694_771
    assert sum(d.area_km2 for d in phu_tho.districts()) == pytest.approx(3_535.13, abs=0.1)


@pytest.mark.parametrize("day", DAYS)
def test_every_period_has_its_communes_and_all_the_people(day: date) -> None:
    communes = phu_tho.communes(day)
    assert len(communes) == DAYS[day][1]
    assert sum(c.population for c in communes) == 1_694_771
    assert min(c.population for c in communes) > 300
    assert {c.district_code for c in communes} == {d.code for d in phu_tho.districts()}


def test_a_day_before_the_tables_gives_the_first_period() -> None:
    assert phu_tho.communes(date(1999, 1, 1)) == phu_tho.communes(date(2019, 6, 1))


def test_every_commune_leads_to_a_unit_of_its_own_district() -> None:
    rows = {(c.valid_from, c.code): c for c in phu_tho.commune_periods()}
    starts = sorted({start for start, _ in rows})
    for (start, _), commune in rows.items():
        if start == starts[-1]:
            assert commune.successor == ""
            continue
        following = rows[starts[starts.index(start) + 1], commune.successor]
        assert following.district_code == commune.district_code


def test_code_and_day_tell_apart_what_the_name_does_not() -> None:
    # Chân Mộng was three territories under three codes.
    codes = {day: [c.code for c in phu_tho.communes(day) if c.name == "Chân Mộng"] for day in DAYS}
    assert list(codes.values()) == [["08047"], ["08047"], ["08044"], ["08038"]]


def test_no_two_communes_of_a_day_share_a_point() -> None:
    for day in DAYS:
        points = Counter((c.point.lat, c.point.lon) for c in phu_tho.communes(day))
        assert max(points.values()) == 1


def test_left_bank_districts_reach_the_hub_without_a_bridge_and_right_bank_ones_do_not() -> None:
    travel = GreatCircle.phu_tho(on=date(2026, 11, 24))
    hub = phu_tho.hub().point
    across = {
        d.code for d in phu_tho.districts() if travel.crossings(hub, d.point, profile="motorbike")
    }
    # Yên Lập, Cẩm Khê, Tam Nông, Thanh Sơn, Thanh Thủy, Tân Sơn lie south-west of the Thao.
    assert across == {"234", "235", "236", "238", "239", "240"}


def test_communes_beyond_the_rivers_need_a_bridge_to_their_own_district() -> None:
    travel = GreatCircle.phu_tho(on=date(2019, 6, 1))
    beyond = {
        c.name
        for c in phu_tho.communes(date(2019, 6, 1))
        if c.district_code in ("227", "230")
        and travel.crossings(phu_tho.district(c.district_code).point, c.point, profile="motorbike")
    }
    assert beyond == {"Bạch Hạc", "Tân Đức", "Hữu Đô", "Đại Nghĩa", "Phú Thứ"}


def test_ha_hoa_lies_on_both_banks() -> None:
    travel = GreatCircle.phu_tho(on=date(2026, 11, 24))
    capital = phu_tho.district("231").point
    across = {
        c.name: bool(travel.crossings(capital, c.point, profile="motorbike"))
        for c in phu_tho.communes(date(2026, 11, 24))
        if c.district_code == "231"
    }
    assert {name for name, bridge in across.items() if bridge} == {"Hiền Lương", "Văn Lang"}


def test_phong_chau_bridge_fell_was_a_pontoon_and_stands_again() -> None:
    def usable(day: date) -> set[str]:
        return {b.id for b in phu_tho.bridges() if "phong-chau" in b.id and b.open(day)}

    assert usable(date(2024, 9, 8)) == {"phong-chau-cu"}
    assert usable(date(2024, 9, 15)) == set()
    assert usable(date(2025, 3, 1)) == {"phong-chau-phao"}
    assert usable(date(2026, 11, 24)) == {"phong-chau"}


def test_the_offices_keep_at_least_three_different_noon_gaps() -> None:
    tuesday = date(2026, 11, 24)
    hours = {office.hours.on(tuesday) for office in phu_tho.offices()}
    assert len(phu_tho.offices()) == 13
    assert len(hours) == 3
    assert all(len(spans) == 2 for spans in hours)
    assert (7 * 3600 + 1800, 11 * 3600 + 1800) in {spans[0] for spans in hours}
    assert phu_tho.hub().kind == "hub"
    assert phu_tho.hub().district_code == "227"


def test_hours_are_read_by_day_with_the_gap() -> None:
    hours = WeeklyHours.parse("Mo-Fr 07:30-11:30,13:00-17:00; Sa 08:00-11:30")
    assert hours.on(date(2026, 11, 23)) == ((27_000, 41_400), (46_800, 61_200))
    assert hours.on(date(2026, 11, 28)) == ((28_800, 41_400),)
    assert hours.on(date(2026, 11, 29)) == ()


@pytest.mark.parametrize(
    "text",
    [
        "every day",
        "Mo-Fr 11:30-07:30",
        "Mo 08:00-12:00,11:00-17:00",
        "Fr-Mo 08:00-12:00",
        "Xx 08:00-12:00",
        "Mo 8-12",
    ],
)
def test_hours_that_make_no_sense_are_refused(text: str) -> None:
    with pytest.raises(ValueError):
        WeeklyHours.parse(text)


def test_every_wrong_line_of_a_bridge_table_is_named() -> None:
    text = (
        "id,name,river,lat,lon,kind,closed_to,delay_seconds,open_from,open_until,quality,origin,note\n"
        "a,A,thao,21.3,105.2,bridge,,0,,,exact,,\n"
        "b,B,thao,105.2,21.3,bridge,,0,,,exact,,\n"
        "c,C,thao,21.3,105.2,tunnel,,0,,,exact,,\n"
        "a,D,thao,21.3,105.2,ferry,,600,,,exact,,\n"
        "e,E,thao,21.3,105.2,ferry,,-5,,,exact,,\n"
    )
    with pytest.raises(TableError) as caught:
        bridges_from_csv(text)
    assert [f.where for f in caught.value.findings] == [
        *("bridges.csv line 3", "bridges.csv line 4", "bridges.csv line 5", "bridges.csv line 6")
    ]


@pytest.mark.parametrize("text", ["", "[]", '{"features": [{"geometry": null}]}'])
def test_a_river_file_that_is_none_is_refused_with_a_remedy(text: str) -> None:
    with pytest.raises(TableError, match=r"rivers\.geojson"):
        rivers_from_geojson(text)


@pytest.mark.skipif(not SHARED.exists(), reason="the source tables are not on this machine")
@pytest.mark.parametrize("day", DAYS)
def test_codes_and_names_are_those_of_the_lists(day: date) -> None:
    column = DAYS[day][0]
    with (SHARED / "phutho_commune_codes.csv").open(encoding="utf-8", newline="") as file:
        rows = list(csv.DictReader(file))
    key = "code_2025_07" if column == "name_2025_07" else "code"
    listed = {(row[key], row[column]) for row in rows if row[column]}
    assert {(c.code, c.full_name) for c in phu_tho.communes(day)} == listed


@pytest.mark.skipif(not SHARED.exists(), reason="the source tables are not on this machine")
def test_every_commune_lies_in_its_district() -> None:
    import json

    from shapely.geometry import Point, shape

    features = json.loads((SHARED / "phutho_districts.geojson").read_text("utf-8"))["features"]
    borders = {f["properties"]["code"]: shape(f["geometry"]) for f in features}
    for commune in phu_tho.commune_periods():
        point = Point(commune.point.lon, commune.point.lat)
        assert borders[commune.district_code].distance(point) < 0.001, commune
