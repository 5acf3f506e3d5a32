from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.views import (
    RowKind,
    UnknownCourierError,
    board,
    courier_sheet,
    courier_sheets,
    violation_sentence,
)
from solver.model import Violation, ViolationCode
from tests.dispatch.day_plans import big_day_plan, hm, tiny_day_plan


def test_stops_are_numbered_in_driving_order_and_breaks_are_not() -> None:
    sheet = courier_sheet(tiny_day_plan(), "BT-01")
    assert [(row.number, row.kind, row.order) for row in sheet.rows] == [
        (1, RowKind.DELIVER, "HS-0001"),
        (2, RowKind.DELIVER, "EMS-0003"),
        (None, RowKind.NOON_RETURN, ""),
        (None, RowKind.BREAK, ""),
        (3, RowKind.DELIVER, "BK-0004"),
        (4, RowKind.COLLECT, "HS-0002"),
    ]


def test_times_are_those_of_the_checked_plan() -> None:
    plan = tiny_day_plan()
    sheet = courier_sheet(plan, "BT-01")
    route = plan.result.plan.routes[0]
    assert (sheet.departure, sheet.finish) == (route.departure, route.finish)
    assert [row.begin for row in sheet.rows] == [stop.begin for stop in route.stops]
    # The desk opens again at 13:30 and the courier waits before it.
    assert sheet.rows[-1].arrival < sheet.rows[-1].begin == hm(13, 30)


def test_the_noon_return_hands_in_the_morning_and_takes_on_the_afternoon() -> None:
    noon = courier_sheet(tiny_day_plan(), "BT-01").rows[2]
    # 35,000 đ from HS-0001; BK-0004 is two items of 4.5 kg.
    assert (noon.cash, noon.items, noon.grams) == (35_000, 2, 4_500)
    assert noon.todo == (
        "Nộp 0 bưu gửi thu gom, 35.000 đ",
        "Nhận 2 bưu gửi (4,5 kg) cho chuyến tiếp theo",
    )
    assert noon.point == tiny_day_plan().day.offices[0].point


def test_a_transfer_says_at_each_end_where_the_other_is() -> None:
    fetch, _, bring = courier_sheet(tiny_day_plan(), "BT/02 <b>").rows
    assert (fetch.kind, fetch.other_number, fetch.todo[0]) == (RowKind.FETCH, 3, "Giao ở điểm 3")
    assert (bring.kind, bring.other_number, bring.todo[0]) == (
        RowKind.BRING,
        1,
        "Đã nhận ở điểm 1",
    )
    assert fetch.address == "UBND thị xã Phú Thọ"
    assert bring.address == "Chi cục Thuế, phường Âu Cơ"
    # Its 20,000 đ are taken once.
    assert (fetch.cash, bring.cash) == (20_000, 0)


def test_totals_tell_what_is_carried_collected_and_taken() -> None:
    first = courier_sheet(tiny_day_plan(), "BT-01")
    assert (first.carried_items, first.carried_grams) == (4, 5_500)
    assert (first.collected_items, first.collected_grams) == (12, 1_500)
    assert first.cash == 485_000
    second = courier_sheet(tiny_day_plan(), "BT/02 <b>")
    assert (second.carried_items, second.transferred_items, second.cash) == (1, 1, 20_000)


def test_distance_and_cost_are_the_checker_s() -> None:
    plan = tiny_day_plan()
    for sheet, report in zip(courier_sheets(plan), plan.result.report.routes, strict=True):
        assert (sheet.metres, sheet.duty_seconds) == (report.metres, report.duty_seconds)
        assert sheet.cost == report.cost


def test_dossiers_go_to_the_named_person_and_second_attempts_are_told() -> None:
    first = courier_sheet(tiny_day_plan(), "BT-01").rows[0]
    assert any("giấy tờ tuỳ thân" in line for line in first.todo)
    assert "Lần phát thứ 2" in first.todo


def test_a_courier_without_a_route_has_an_empty_sheet_and_is_idle_on_the_board() -> None:
    plan = tiny_day_plan()
    sheet = courier_sheet(plan, "BT-03")
    assert sheet.rows == ()
    assert sheet.metres == 0
    shown = board(plan)
    assert shown.idle == ("BT-03",)
    assert [s.courier for s in shown.sheets] == ["BT-01", "BT/02 <b>"]
    assert shown.total.orders == 8
    assert shown.warnings == ()


def test_an_unknown_courier_is_named_with_those_that_there_are() -> None:
    with pytest.raises(UnknownCourierError, match="BT-01") as caught:
        courier_sheet(tiny_day_plan(), "nobody")
    assert caught.value.courier == "nobody"


def test_a_violation_of_a_route_stands_on_its_sheet_in_words() -> None:
    plan = tiny_day_plan()
    late = Violation(code=ViolationCode.WINDOW_MISSED, amount=301, vehicle="BT-01", id="HS-0002")
    report = replace(plan.result.report, violations=(late,))
    plan = replace(plan, result=replace(plan.result, report=report))
    assert courier_sheet(plan, "BT-01").warnings == ("Đến ngoài giờ hẹn 6 phút (BT-01, HS-0002)",)
    assert courier_sheet(plan, "BT/02 <b>").warnings == ()
    assert board(plan).warnings == courier_sheet(plan, "BT-01").warnings


@pytest.mark.parametrize("code", list(ViolationCode))
def test_every_violation_can_be_said_in_both_languages(code: ViolationCode) -> None:
    violation = Violation(code=code, amount=1500, vehicle="BT-01", id="HS-1", dimension="grams")
    vi, en = violation_sentence(violation), violation_sentence(violation, "en")
    assert vi != en
    assert "{" not in vi + en


def test_overload_is_said_in_kilograms_and_distance_in_kilometres() -> None:
    over = Violation(code=ViolationCode.CAPACITY_EXCEEDED, amount=1500, dimension="grams")
    far = Violation(code=ViolationCode.METRES_EXCEEDED, amount=1500)
    assert violation_sentence(over) == "Chở quá tải 1,5 kg"
    assert violation_sentence(far) == "Đi quá quãng đường 1,5 km"


def test_numbers_run_from_one_without_gaps_on_every_route_of_a_large_day() -> None:
    for sheet in courier_sheets(big_day_plan(routes=20, stops=200)):
        assert [row.number for row in sheet.visits] == list(range(1, 11))
