"""What the console asks for before planning: columns of a file, demand, the map behind."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date
from http import HTTPStatus
from typing import Any

import pytest

from tests.api.test_accounts import D, K, Office, _office
from tests.api.test_resources import DAY, ON, add_plan, fill

OWN = "Số hiệu;Chỗ đến nhà;Cân nặng hàng\n"


@pytest.fixture(scope="module")
def office() -> Iterator[Office]:
    """An office with two couriers, ten orders and a plan; tests import onto days of their own."""
    for office in _office():
        fill(office)
        add_plan(office)
        yield office


def read(
    office: Office, day: str, text: str, *, look: bool, columns: list[str] | None = None
) -> Any:
    answer = office.ask(
        D,
        "POST",
        f"/api/days/{day}/orders/import",
        content=text.encode(),
        params={"look": look, "file": "mine.csv", "column": columns or []},
    )
    assert answer.status_code == HTTPStatus.OK, answer.text
    return answer.json()


def test_what_is_said_of_a_file_s_columns_is_remembered_for_its_source(office: Office) -> None:
    first = OWN + "A1;số 5 đường Hùng Vương, phường Gia Cẩm, Việt Trì;300\n"
    before = read(office, "2026-12-01", first, look=True)
    assert before["header"] == ["Số hiệu", "Chỗ đến nhà", "Cân nặng hàng"]
    assert before["sample"] == [["A1", "số 5 đường Hùng Vương, phường Gia Cẩm, Việt Trì", "300"]]
    assert (before["good"], before["remembered"]) == (0, False)
    said = ["id=Số hiệu", "address=Chỗ đến nhà", "grams=Cân nặng hàng"]
    looked = read(office, "2026-12-01", first, look=True, columns=said)
    assert (looked["good"], looked["stored"]) == (1, False)
    # Looking stores nothing, what was said of the columns neither.
    assert read(office, "2026-12-01", first, look=True)["good"] == 0
    assert read(office, "2026-12-01", first, look=False, columns=said)["added"] == ["A1"]
    # The next file of the same header needs nothing said, whoever brings it.
    later = read(office, "2026-12-02", first.replace("A1", "A2"), look=True)
    assert (later["good"], later["remembered"]) == (1, True)
    assert later["columns"]["grams"] == "Cân nặng hàng"
    # Another header is another source.
    other = read(office, "2026-12-02", first.replace("Cân nặng", "Trọng"), look=True)
    assert other["remembered"] is False
    trail = office.ask(D, "GET", "/api/audit", params={"subject": "columns"}).json()
    assert [entry["action"] for entry in trail] == ["columns.said"]


def test_a_field_that_was_said_to_have_no_column_takes_none_by_its_name(office: Office) -> None:
    text = "Mã đơn;Địa chỉ;Ghi chú\nB1;số 1 đường Hùng Vương, phường Gia Cẩm, Việt Trì;gọi trước\n"
    assert read(office, "2026-12-03", text, look=True)["columns"]["note"] == "Ghi chú"
    said = ["id=Mã đơn", "address=Địa chỉ", "note="]
    looked = read(office, "2026-12-03", text, look=True, columns=said)
    assert "note" not in looked["columns"]
    assert looked["good"] == 1


def test_a_bad_row_is_shown_as_it_stands_in_the_file(office: Office) -> None:
    text = "Mã đơn;Địa chỉ\nC1;\nC2;số 1 đường Hùng Vương, phường Gia Cẩm, Việt Trì\n"
    looked = read(office, "2026-12-04", text, look=True)
    assert looked["cells"] == [{"row": 2, "cells": ["C1", ""]}]
    assert [(one["row"], bool(one["remedy"])) for one in looked["findings"]] == [(2, True)]


@pytest.mark.parametrize("wrong", ["id", "Id=x", "=x", "id=a\nb"])
def test_what_says_nothing_of_a_column_is_refused(office: Office, wrong: str) -> None:
    answer = office.ask(
        D,
        "POST",
        f"{ON}/orders/import",
        content=b"x",
        params={"look": True, "column": wrong},
    )
    assert answer.status_code == HTTPStatus.UNPROCESSABLE_ENTITY
    assert answer.json()["errors"][0]["where"].startswith("query.column")


def test_the_columns_of_orders_are_told_in_the_reader_s_language(office: Office) -> None:
    for lang, header in (("vi", "Mã đơn"), ("en", "Order id")):
        told = office.ask(
            D, "GET", "/api/tables/orders/columns", headers={"Accept-Language": lang}
        ).json()
        named = {one["key"]: one for one in told}
        assert named["id"]["header"] == header
        assert [one["key"] for one in told if one["required"]] == ["id", "address"]


def test_demand_counts_the_day_s_orders_against_those_who_are_there(office: Office) -> None:
    def row() -> Any:
        told = office.ask(D, "GET", f"{ON}/demand").json()
        return next(one for one in told["offices"] if one["office"] == "BC227")

    before = row()
    assert (before["orders"], before["couriers"]) == (10, 2)
    # Ten registered deliveries of 200 g.
    assert before["grams"] == 2_000
    assert before["time_share"] == pytest.approx(before["needed_seconds"] / before["shift_seconds"])
    day = office.ask(D, "GET", ON)
    one_less = office.ask(
        D, "PATCH", ON, json={"absent": ["vt2"]}, headers={"If-Match": day.headers["etag"]}
    )
    assert one_less.status_code == HTTPStatus.OK, one_less.text
    after = row()
    assert after["couriers"] == 1
    assert after["shift_seconds"] == before["shift_seconds"] / 2
    back = {"If-Match": one_less.headers["etag"]}
    assert office.ask(D, "PATCH", ON, json={"absent": []}, headers=back).status_code == 200
    assert office.ask(D, "GET", "/api/days/2030-01-01/demand").status_code == 404


def test_a_pin_for_one_order_only_is_not_remembered_for_its_address(office: Office) -> None:
    text = "Mã đơn;Địa chỉ\nP1;nhà văn hóa khu 9\nP2;nhà văn hóa khu 9\n"
    day = date(2026, 12, 7)
    read(office, str(day), text, look=False)

    def pin(order: str, always: bool) -> None:
        at = {"point": {"lat": 21.31, "lon": 105.41}, "always": always}
        answer = office.ask(
            D, "PATCH", f"/api/orders/{order}/address", json=at, headers={"If-Match": '"1"'}
        )
        assert answer.status_code == HTTPStatus.OK, answer.text

    def open_ones() -> set[str]:
        told = office.ask(D, "GET", f"/api/days/{day}/addresses").json()
        return {one["order"] for one in [*told["doubtful"], *told["not_found"]]}

    assert open_ones() == {"P1", "P2"}
    pin("P1", always=False)
    assert open_ones() == {"P2"}
    again = "Mã đơn;Địa chỉ\nP3;nhà văn hóa khu 9\n"
    read(office, str(day), again, look=False)
    assert open_ones() == {"P2", "P3"}
    pin("P2", always=True)
    assert open_ones() == set()


def test_the_map_s_background_needs_no_other_machine(office: Office) -> None:
    told = office.ask(D, "GET", "/api/map").json()
    assert len(told["districts"]["features"]) == 13
    assert told["rivers"]["features"]
    # No road graph is set: none is drawn.
    assert told["roads"]["features"] == []
    assert {one["id"] for one in told["offices"]} == {"BC227"}
    assert office.ask(D, "GET", "/api/console").json()["tiles"] == ""


def test_a_plan_says_its_colours_and_costs_by_component(office: Office) -> None:
    told = office.ask(D, "GET", f"{ON}/plans/1").json()
    routes = office.ask(D, "GET", f"{ON}/plans/1/routes").json()
    assert set(told["colours"]) == {one["courier"] for one in routes}
    assert sum(told["costs"].values()) == told["head"]["cost"]
    assert told["day_cost"] is None
    assert told["hand_overs"] == []


def test_a_route_is_drawn_from_the_office_over_its_stops_and_back(office: Office) -> None:
    drawn = office.ask(D, "GET", f"{ON}/plans/1/ways").json()
    routes = office.ask(D, "GET", f"{ON}/plans/1/routes").json()
    assert set(drawn) == {one["courier"] for one in routes}
    for one in routes:
        points = [[round(at["lon"], 5), round(at["lat"], 5)] for at in _points(one)]
        places = [drawn[one["courier"]].index(point) for point in points[:-1]]
        assert places == sorted(places)
        assert drawn[one["courier"]][-1] == points[-1]


def _points(route: Any) -> list[Any]:
    stops = [stop["point"] for stop in route["stops"]]
    return [at for at in (route["start"], *stops, route["end"]) if at is not None]


def test_large_answers_are_squeezed_and_streams_are_not(office: Office) -> None:
    wanted = {"Accept-Encoding": "gzip"}
    answer = office.ask(K, "GET", f"{ON}/plans/1/routes", headers=wanted)
    assert answer.headers["content-encoding"] == "gzip"
    assert int(answer.headers["content-length"]) < len(answer.content) / 2
    small = office.ask(K, "GET", f"/api/days/{DAY}", headers=wanted)
    assert "content-encoding" not in small.headers
