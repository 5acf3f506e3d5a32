from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.kpis import (
    OfficeRow,
    demand_against_capacity,
    left_out_sentence,
    left_out_table,
    office_table,
)
from dispatch.model import LeftOut, LeftOutReason
from dispatch.settings import Settings
from solver.model import Cost, StopKind
from tests.dispatch.day_plans import big_day_plan, hm, tiny_day, tiny_day_plan


def test_the_rows_of_the_offices_add_up_to_the_checker_s_report() -> None:
    plan = big_day_plan(routes=26, stops=300)
    report = plan.result.report
    *offices, total = office_table(plan)
    assert total.cost == report.cost
    assert total.metres == report.metres
    assert total.duty_seconds == report.duty_seconds
    assert total.stops == report.stops == sum(row.stops for row in offices)
    assert total.couriers_used == len(report.routes) == 26


def test_every_order_is_counted_once_as_planned_or_left_out() -> None:
    viet_tri, town, total = office_table(tiny_day_plan())
    # HS-0007 has no point but lies in district 227; BK-0008 names its office.
    assert (viet_tri.orders, viet_tri.planned, viet_tri.left_out) == (5, 4, 1)
    assert (town.orders, town.planned, town.left_out) == (3, 2, 1)
    assert (total.orders, total.planned, total.left_out) == (8, 6, 2)
    # A transfer is one order and two stops.
    assert town.stops == 3


def test_a_courier_without_a_route_is_available_but_not_used() -> None:
    viet_tri = office_table(tiny_day_plan())[0]
    assert (viet_tri.couriers_used, viet_tri.couriers_available) == (1, 2)
    # Two shifts of 7:20 to 17:30, one of them with an hour's lunch.
    assert viet_tri.available_seconds == 2 * (hm(17, 30) - hm(7, 20)) - 3600


def test_cash_items_and_weight_are_those_of_the_orders_done() -> None:
    viet_tri, town, _ = office_table(tiny_day_plan())
    assert (viet_tri.cash, viet_tri.items, viet_tri.grams) == (485_000, 16, 7_000)
    assert (town.cash, town.items, town.grams) == (20_000, 2, 350)


def test_an_order_of_an_unknown_office_gets_a_row_of_its_own() -> None:
    plan = tiny_day_plan()
    lost = replace(
        plan.day.orders[6], id="X", address=replace(plan.day.orders[6].address, district="")
    )
    plan = replace(plan, day=replace(plan.day, orders=(*plan.day.orders, lost)))
    *_, unknown, total = office_table(plan)
    assert (unknown.name, unknown.orders, unknown.left_out) == ("Chưa rõ bưu cục", 1, 1)
    assert total.orders == 9


def test_a_stop_after_its_due_time_is_late_by_the_difference() -> None:
    plan = tiny_day_plan()
    jobs = tuple(
        replace(job, due=replace(job.due, time=hm(8))) if job.due is not None else job
        for job in plan.problem.jobs
    )
    plan = replace(plan, problem=replace(plan.problem, jobs=jobs))
    begin = next(
        stop.begin
        for stop in plan.result.plan.routes[0].stops
        if stop.kind is StopKind.JOB and stop.id == "HS-0001"
    )
    row = office_table(plan)[0]
    assert row.late_stops == 1
    assert row.late_seconds == begin - hm(8) == 3600
    assert row.on_time == 0.75


def test_cost_per_stop_leaves_out_what_skipped_orders_cost() -> None:
    row = OfficeRow(office="A", name="A", stops=4, cost=Cost(fixed=10_000, skipped=99_000))
    assert row.cost_dong == 10
    assert row.dong_per_stop == 3  # 2.5 half up
    assert OfficeRow(office="A", name="A").on_time == 1.0


def test_left_out_orders_are_grouped_with_reason_remedy_and_facts() -> None:
    doubtful, heavy = left_out_table(tiny_day_plan())
    assert heavy.reason is LeftOutReason.TOO_HEAVY
    assert heavy.rows[0].sentence == (
        "Nặng hơn sức chở của mọi xe (nặng: 90,0 kg; xe chở được nhiều nhất: 40,0 kg)"
    )
    assert heavy.rows[0].remedy == "Dùng xe lớn hơn hoặc tách bưu gửi"
    assert doubtful.rows[0].row == 8
    assert doubtful.rows[0].point is None


def test_the_most_frequent_reason_comes_first() -> None:
    counts = [len(group.rows) for group in left_out_table(big_day_plan(routes=13, stops=600))]
    assert counts == sorted(counts, reverse=True)
    assert len(counts) > 1


@pytest.mark.parametrize(
    ("remedy", "said"),
    [
        ("remedy.no_room", "Thêm bưu tá, kéo dài ca, hoặc để sang ngày sau"),
        ("no_room", "Thêm bưu tá, kéo dài ca, hoặc để sang ngày sau"),
        ("Gọi cho khách", "Gọi cho khách"),
        ("", "Dùng xe chạy được xa hơn hoặc giao bưu cục gần hơn"),
    ],
)
def test_a_planner_s_own_remedy_wins_over_the_usual_one(remedy: str, said: str) -> None:
    left = LeftOut(order="HS-0001", reason=LeftOutReason.TOO_FAR, remedy=remedy)
    plan = replace(tiny_day_plan(), left_out=(left,))
    assert left_out_table(plan)[0].rows[0].remedy == said


def test_facts_are_written_with_units_and_unknown_ones_as_they_are() -> None:
    left = LeftOut(
        order="A",
        reason=LeftOutReason.DEARER_THAN_WAITING,
        facts={"cost": "72000", "metres": "15500", "strange": "x", "empty": ""},
    )
    assert left_out_sentence(left, "en") == (
        "A trip today costs more than leaving it for the next day "
        "(extra cost: 72,000 đ; distance: 15.5 km; strange: x)"
    )


def test_demand_compares_work_with_shifts_before_solving() -> None:
    viet_tri, town = demand_against_capacity(tiny_day())
    assert (viet_tri.orders, viet_tri.couriers) == (5, 2)
    # Two shifts of 36,600 s less an hour's lunch and 15 minutes of noon settlement.
    assert viet_tri.shift_seconds == 2 * 36_600 - 3_600 - 900
    assert (town.grams, town.capacity_grams) == (90_350, 40_000)
    assert town.weight_share > 1
    assert 0 < viet_tri.time_share < 0.2


def test_time_at_the_doors_follows_the_settings() -> None:
    # All five orders of Việt Trì: three dossiers (one collected), an EMS and a parcel.
    day = tiny_day()
    usual = demand_against_capacity(day)[0].needed_seconds
    seconds = dict.fromkeys(Settings().service_seconds, 0)
    bare = demand_against_capacity(day, settings=Settings(service_seconds=seconds))[0]
    assert usual - bare.needed_seconds == 2 * 150 + 420 + 60 + 90


def test_the_road_estimate_is_near_what_a_plan_drives() -> None:
    plan = big_day_plan(routes=26, stops=390)
    seconds = dict.fromkeys(Settings().service_seconds, 0)
    road = demand_against_capacity(plan, settings=Settings(service_seconds=seconds))
    estimated = sum(row.needed_seconds for row in road)
    driven = plan.result.report.driving_seconds
    assert 0.6 < estimated / driven < 1.6


def test_an_office_without_couriers_has_demand_without_capacity() -> None:
    day = replace(tiny_day(), couriers=())
    assert demand_against_capacity(day)[0].time_share == float("inf")
    empty = replace(day, orders=())
    assert demand_against_capacity(empty)[0].time_share == 0.0
