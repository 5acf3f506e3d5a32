from __future__ import annotations

import csv
import json
from dataclasses import replace
from io import StringIO
from xml.etree import ElementTree as ET

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.exports import (
    gpx,
    left_out_csv,
    legs,
    line,
    routes_geojson,
    safe_cell,
    stops_csv,
    summary_json,
)
from dispatch.views import courier_sheet
from geo.types import LatLon
from tests.dispatch.day_plans import tiny_day_plan

BRIDGE = LatLon(lat=21.31, lon=105.44)
NS = {"g": "http://www.topografix.com/GPX/1/1"}


def over_the_bridge(a: LatLon, b: LatLon) -> tuple[LatLon, ...]:
    return (a, BRIDGE, b)


def rows_of(text: str) -> list[dict[str, str]]:
    assert text.startswith("\ufeff")
    return list(csv.DictReader(StringIO(text[1:])))


def test_stops_csv_has_one_line_per_stop_breaks_and_returns_included() -> None:
    rows = rows_of(stops_csv(tiny_day_plan()))
    assert len(rows) == 6 + 3
    assert [row["Số thứ tự"] for row in rows] == ["1", "2", "", "", "3", "4", "1", "2", "3"]
    assert [row["Việc"] for row in rows[2:4]] == ["Về bưu cục giữa ngày", "Nghỉ trưa"]
    assert rows[0]["Khách hàng"] == "Phạm Thị Huệ"
    assert rows[0]["Tiền thu (đ)"] == "35000"
    assert rows[5]["Giờ hẹn"] == "07:30–11:00, 13:30–16:30"


def test_a_customer_s_formula_reaches_the_spreadsheet_as_text() -> None:
    rows = rows_of(stops_csv(tiny_day_plan()))
    assert rows[4]["Khách hàng"] == '\'=HYPERLINK("x")'


@pytest.mark.parametrize("value", ["+84912345678", "-12,5", "Nguyễn Văn A", "12=12", ""])
def test_phones_numbers_and_names_are_left_alone(value: str) -> None:
    assert safe_cell(value) == value


@pytest.mark.parametrize("value", ["=1+1", "@SUM(A1)", "+cmd|'/c calc'!A0", "-2+3", " =1", "\t=1"])
def test_what_a_spreadsheet_would_run_gets_an_apostrophe(value: str) -> None:
    assert safe_cell(value) == f"'{value}"


def test_left_out_csv_says_why_and_what_to_do() -> None:
    doubtful, heavy = rows_of(left_out_csv(tiny_day_plan()))
    assert (heavy["Mã đơn"], heavy["Mã lý do"]) == ("BK-0008", "too_heavy")
    assert "90,0 kg" in heavy["Lý do"]
    assert doubtful["Dòng trong tệp"] == "8"
    assert doubtful["Vĩ độ"] == ""


def test_english_headers_on_request() -> None:
    assert "Customer" in rows_of(stops_csv(tiny_day_plan(), "en"))[0]


def test_a_line_starts_and_ends_at_the_office_and_passes_it_at_noon() -> None:
    plan = tiny_day_plan()
    office = plan.day.offices[0].point
    drawn = line(courier_sheet(plan, "BT-01"))
    # Office, two stops, office at noon, two stops, office; the break has no place.
    assert len(drawn) == 7
    assert [k for k, point in enumerate(drawn) if point == office] == [0, 3, 6]


def test_a_shape_bends_every_leg_without_repeating_where_legs_meet() -> None:
    sheet = courier_sheet(tiny_day_plan(), "BT-01")
    drawn = line(sheet, over_the_bridge)
    assert len(drawn) == 7 + 6
    assert [leg[1] for leg in legs(sheet, over_the_bridge)] == [BRIDGE] * 6


def test_geojson_is_longitude_first_and_tells_its_parts_apart() -> None:
    plan = tiny_day_plan()
    features = json.loads(routes_geojson(plan))["features"]
    kinds = [feature["properties"]["type"] for feature in features]
    # Two offices; two routes; 4 + 3 visits and one noon return; BK-0008 has a point.
    assert {kind: kinds.count(kind) for kind in kinds} == {
        "office": 2,
        "route": 2,
        "stop": 8,
        "left_out": 1,
    }
    assert features[0]["geometry"] == {"type": "Point", "coordinates": [105.402, 21.3227]}
    route = next(f for f in features if f["properties"]["type"] == "route")
    assert route["geometry"]["type"] == "LineString"
    assert route["properties"]["metres"] == plan.result.report.routes[0].metres
    for feature in features:
        flat = feature["geometry"]["coordinates"]
        for lon, lat in flat if isinstance(flat[0], list) else [flat]:
            assert 105 < lon < 106
            assert 21 < lat < 22


def test_gpx_is_valid_xml_in_the_schema_s_order_with_numbered_way_points() -> None:
    sheet = courier_sheet(tiny_day_plan(), "BT/02 <b>")
    root = ET.fromstring(gpx(sheet, shape=over_the_bridge))
    assert root.get("version") == "1.1"
    tags = [child.tag.partition("}")[2] for child in root]
    assert tags == ["metadata", "wpt", "wpt", "wpt", "rte", "trk"]
    names = [node.text for node in root.findall("g:wpt/g:name", NS)]
    assert names == ["001 HS-0005", "002 GS-0006", "003 HS-0005"]
    # Office, three stops, office.
    assert len(root.findall("g:rte/g:rtept", NS)) == 5
    assert len(root.findall("g:trk/g:trkseg/g:trkpt", NS)) == 5 + 4
    assert root.findtext("g:rte/g:name", namespaces=NS) == "BT/02 <b> Trần Văn Đức & con"


@given(st.text(max_size=30))
def test_no_text_of_a_customer_breaks_the_xml(words: str) -> None:
    sheet = courier_sheet(_PLAN, "BT-01")
    rows = tuple(replace(row, customer=words, note=words, order=words) for row in sheet.rows)
    root = ET.fromstring(gpx(replace(sheet, rows=rows)))
    assert len(root.findall("g:wpt", NS)) == 4


_PLAN = tiny_day_plan()


def test_the_summary_holds_the_checker_s_figures_and_adds_up() -> None:
    plan = tiny_day_plan()
    summary = json.loads(summary_json(plan))
    report = plan.result.report
    assert summary["feasible"] is True
    assert summary["total"]["metres"] == report.metres
    assert summary["total"]["metres"] == sum(o["metres"] for o in summary["offices"])
    assert [c["courier"] for c in summary["couriers"]] == ["BT-01", "BT/02 <b>"]
    assert (summary["couriers"][0]["deliveries"], summary["couriers"][0]["collections"]) == (3, 1)
    assert summary["couriers"][1]["transfers"] == 1
    parts = summary["total"]["cost_by_component_dong"]
    assert sum(parts.values()) - parts["skipped"] == pytest.approx(
        summary["total"]["cost_dong"], abs=3
    )
    assert [group["orders"] for group in summary["left_out"]] == [["HS-0007"], ["BK-0008"]]
