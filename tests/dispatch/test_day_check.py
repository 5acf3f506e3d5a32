"""Both echelons planned and judged; the judge shown a spoiled day for each of its codes."""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from typing import Any

import pytest
from pypdf import PdfReader

from dispatch.day_check import DayCode, check_day
from dispatch.day_map import day_map
from dispatch.kpis import left_out_table, office_table
from dispatch.manifest import courier_manifest
from dispatch.messages import clock
from dispatch.model import (
    Courier,
    Day,
    DayPlan,
    Direction,
    LeftOutReason,
    Linehaul,
    OrderKind,
    Service,
    VehicleKind,
)
from dispatch.office_times import direct_loads, held_loads, office_times
from dispatch.service import Search, plan_day
from dispatch.settings import LinehaulRules, Settings
from dispatch.views import courier_sheets
from geo.errors import UnreachableError
from geo.types import LatLon, TravelMatrix
from solver.model import Plan, Route, StopKind, TimeWindow
from tests.dispatch.atlas import Atlas, Finder
from tests.dispatch.days import TUESDAY, H, courier, day, office, order
from tests.dispatch.test_service import Meridian

RULES = LinehaulRules(driver_services=frozenset())
"""Drivers do nothing in a courier's stead here: what they may is `test_helping`'s."""


def truck(id: str = "t1", start: int = 5, end: int = 21, **fields: Any) -> Courier:  # noqa: A002
    fields.setdefault("capacity_grams", 1_500_000)
    fields.setdefault("capacity_cubic_cm", 9_000_000)
    return Courier(
        id=id,
        name=id,
        office="HUB",
        vehicle=VehicleKind.TRUCK,
        shift=TimeWindow(start=start * H, end=end * H),
        cost_per_km=6_500,
        **fields,
    )


def small_day(*trucks: Courier, **fields: Any) -> Day:
    """Return two offices, 13 and 17 km either side of their hub, three couriers, one truck."""
    offices = (
        office("HUB", 13, level=1, districts=()),
        office("A"),
        office("B", 30),
    )
    orders = (
        order("a1", due=TUESDAY),
        order("a2", 2, due=TUESDAY),
        order("b1", 29, district="228", due=TUESDAY),
        order("fetch", 28, district="228", kind=OrderKind.COLLECTION, due=TUESDAY),
    )
    given = day(orders, (courier("c1"), courier("c2"), courier("c3", "B")), offices)
    return replace(given, trucks=trucks or (truck(),), **fields)


NINE = TimeWindow(start=9 * H, end=10 * H)
DOCK = TimeWindow(start=6 * H, end=7 * H)


def day_with_big_orders(*trucks: Courier) -> Day:
    """Return the small day with what no motorbike carries, and hours at the door of B."""
    given = small_day(*trucks)
    big = (
        order("safe", 20, district="228", grams=80_000, due=TUESDAY, items=2),
        order("archive", 5, kind=OrderKind.COLLECTION, grams=90_000, due=TUESDAY, windows=(NINE,)),
    )
    offices = tuple(replace(o, dock=(DOCK,)) if o.id == "B" else o for o in given.offices)
    evening = tuple(o for o in given.orders if o.id != "fetch")
    return replace(given, orders=(*evening, *big), offices=offices)


def planned(given: Day, travel: Any = None, **fields: Any) -> DayPlan:
    return plan_day(
        given,
        geocoder=Finder(),
        travel=travel or Meridian(),
        territory=Atlas(),
        clock=time.monotonic,
        settings=fields.pop("settings", Settings(linehaul=RULES)),
        search=Search(seconds=fields.pop("seconds", 4), workers=1, **fields),
    )


@pytest.fixture(scope="module")
def plan() -> DayPlan:
    return planned(small_day())


@pytest.fixture(scope="module")
def big() -> DayPlan:
    return planned(day_with_big_orders())


def line_of(plan: DayPlan) -> Linehaul:
    assert plan.linehaul is not None
    return plan.linehaul


def left_out(plan: DayPlan) -> dict[str, LeftOutReason]:
    return {left.order: left.reason for left in plan.left_out}


def test_a_day_of_both_echelons_is_planned_and_clean(plan: DayPlan) -> None:
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations
    assert plan.left_out == ()
    assert held_loads(plan) == ()
    rows = {row.office: row for row in office_times(plan)}
    # The hub counts until 5:00. A is 13 steps of 100 s away, B 17. Two items take 2 x 2 + 300 s to
    # unload and 2 x 8 s to sort, one item 302 s and 8 s.
    seen = {name: (row.truck_arrival, row.sorted[-1]) for name, row in rows.items()}
    first_a = {"A": 1_300, "B": 1_300 + 304 + 3_000}
    first_b = {"A": 1_700 + 302 + 3_000, "B": 1_700}
    possible = [
        {
            "A": (RULES.hub_ready + go["A"], RULES.hub_ready + go["A"] + 304 + 16),
            "B": (RULES.hub_ready + go["B"], RULES.hub_ready + go["B"] + 302 + 8),
        }
        for go in (first_a, first_b)
    ]
    # Leaving later is allowed where nobody waits; earlier than this is impossible.
    assert any(
        all(seen[k][n] >= each[k][n] for k in each for n in (0, 1))  # type: ignore[operator]
        for each in possible
    )
    for row in rows.values():
        assert row.first_departure is not None
        assert row.sorted[0] <= row.first_departure
    assert rows["B"].evening is not None
    assert rows["B"].last_return is not None
    assert rows["B"].evening >= rows["B"].last_return + RULES.bag_seconds


def test_trucks_and_couriers_have_a_plan_however_short_the_time() -> None:
    plan = planned(small_day(), seconds=0.001)
    assert plan.left_out == ()
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


def test_the_map_s_head_counts_what_trucks_add(plan: DayPlan) -> None:
    found = re.search(r'"trucks":(\{[^}]*\})', day_map(plan))
    assert found is not None
    report = line_of(plan).result.report
    # 6,500 a km; nothing is paid by the hour or the day.
    assert json.loads(found[1]) == {
        "metres": report.metres,
        "duty": report.duty_seconds,
        "cost": report.metres * 6_500 // 1_000,
    }


def test_no_trucks_no_line_haul() -> None:
    alone = planned(replace(small_day(), trucks=()), seconds=1)
    assert alone.linehaul is None
    assert check_day(alone, RULES) is None


class CutOff(Meridian):
    """No truck gets past step 20, where B lies."""

    def matrix(self, points: Any, *, profile: str) -> TravelMatrix:
        north = [row for row, p in enumerate(points) if p.lat > LatLon(lat=21.50, lon=0).lat]
        if profile == "truck" and north:
            pairs = [(a, b) for a in range(len(points)) for b in north if a < b]
            raise UnreachableError(pairs=pairs, profile=profile)
        return super().matrix(points, profile=profile)


def test_an_office_that_no_truck_can_reach_is_named_and_the_rest_is_planned() -> None:
    plan = planned(small_day(), CutOff())
    assert left_out(plan) == {"b1": LeftOutReason.OFFICE_UNREACHABLE}
    (left,) = plan.left_out
    assert left.facts["office"] == "Bưu cục B"
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


def test_a_truck_that_comes_after_every_deadline_leaves_all_mail_at_the_hub() -> None:
    plan = planned(small_day(truck(start=15)))
    assert left_out(plan) == dict.fromkeys(("a1", "a2", "b1"), LeftOutReason.NO_TRUCK)
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


def test_mail_that_is_not_worth_the_truck_s_way_waits_and_says_so() -> None:
    # 26 km there and back at 6,500 a km are 169,000 for two items that may wait at 60,000 each.
    given = small_day()
    orders = tuple(replace(o, due=None) if o.address.district == "227" else o for o in given.orders)
    plan = planned(replace(given, orders=orders))
    assert left_out(plan) == dict.fromkeys(("a1", "a2"), LeftOutReason.DEARER_THAN_WAITING)


def test_mail_heavier_than_the_truck_goes_in_several_tours() -> None:
    # 100 g each: one order of A at a time, so A is supplied twice.
    plan = planned(small_day(truck(capacity_grams=150)))
    line = line_of(plan)
    assert [load.id for load in line.loads if load.office == "A"] == ["A-S1", "A-S2"]
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


def test_mail_heavier_than_the_fleet_is_left_and_says_so() -> None:
    plan = planned(small_day(truck(capacity_grams=50)))
    assert left_out(plan) == dict.fromkeys(("a1", "a2", "b1"), LeftOutReason.NO_TRUCK)


def test_what_no_courier_can_carry_a_truck_does_itself(big: DayPlan) -> None:
    verdict = check_day(big, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations
    assert big.left_out == ()
    assert {load.orders[0] for load in direct_loads(big)} == {"safe", "archive"}
    stops = {s.id: s for route in line_of(big).result.plan.routes for s in route.stops}
    assert RULES.door_opens <= stops["safe"].begin <= RULES.door_closes
    assert NINE.start <= stops["archive"].begin <= NINE.end
    # Backing up and papers, two items, and the minute of a registered delivery.
    handed_over = stops["safe"].departure - stops["safe"].begin
    assert handed_over == RULES.stop_seconds + 2 * RULES.seconds_per_item + 60
    # Both count as done, for the office in whose area they are.
    rows = {row.office: row for row in office_table(big)}
    assert (rows["A"].planned, rows["B"].planned) == (3, 2)
    assert all(row.left_out == 0 for row in rows.values())
    # The driver's sheet shows the customer as a courier's would.
    sheets = {s.courier: s for s in courier_sheets(big)}
    seen = {row.order: row.address for row in sheets["t1"].rows}
    assert seen["safe"] == "số 20"
    # Only what was agreed with a customer is shown as agreed, or can be late.
    hours = {row.order: row.windows for row in sheets["t1"].visits}
    assert hours["archive"] == (NINE,)
    assert all(not windows for name, windows in hours.items() if name.endswith(("-S1", "-T")))
    assert all(row.late_seconds == 0 for row in sheets["t1"].rows)
    # The driver settles nothing, and every hand-over stands on the sheet with its time.
    assert sheets["t1"].truck
    assert not sheets["c1"].truck
    pages = PdfReader(BytesIO(courier_manifest(big, "t1", "en"))).pages
    text = " ".join(page.extract_text() for page in pages)
    assert "Truck tour sheet" in text
    assert "Hand-overs of the day" in text
    assert "Settlement" not in text
    assert text.count(clock(stops["B-S1"].begin)) >= 2


def test_a_truck_is_served_in_the_office_s_hours_for_trucks(big: DayPlan) -> None:
    stops = {s.id: s for route in line_of(big).result.plan.routes for s in route.stops}
    assert DOCK.start <= stops["B-S1"].begin <= DOCK.end


def test_a_big_order_that_no_truck_has_time_for_is_left_and_says_so() -> None:
    # On duty from 5:00 to 9:00: the archive opens at 9:00, 18 steps from the hub and back.
    plan = planned(day_with_big_orders(truck(end=9)))
    assert left_out(plan)["archive"] is LeftOutReason.NO_TRUCK_FOR_BIG
    (group,) = left_out_table(plan, "en")
    assert group.title == (
        "Too heavy or large for any courier, and no truck has the room or the time"
    )
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


def test_a_big_order_too_big_for_the_trucks_too_keeps_its_reason() -> None:
    plan = planned(day_with_big_orders(truck(capacity_grams=85_000)))
    assert left_out(plan) == {"archive": LeftOutReason.TOO_HEAVY}


def test_an_office_closed_to_trucks_before_they_can_come_gets_no_mail() -> None:
    given = small_day()
    early = TimeWindow(start=3 * H, end=4 * H)
    offices = tuple(replace(o, dock=(early,)) if o.id == "B" else o for o in given.offices)
    plan = planned(replace(given, offices=offices))
    assert left_out(plan) == {"b1": LeftOutReason.NO_TRUCK}
    assert [load.id for load in held_loads(plan)] == ["B-T"]


# ---- two waves ----------------------------------------------------------------------------------


def noon_day(**fields: Any) -> Day:
    """Return one courier at A, back at noon, with an express item for 10 o'clock and a letter."""
    given = small_day(truck(capacity_grams=150, **fields))
    noon = TimeWindow(start=11 * H, end=12 * H)
    ten = TimeWindow(start=10 * H, end=11 * H)
    return replace(
        given,
        couriers=(courier("c1", noon_return=noon, cost_per_hour=3_600),),
        orders=(
            order("a1", due=TUESDAY, service=Service.EMS, windows=(ten,)),
            order("a2", 2, due=TUESDAY),
        ),
    )


def test_mail_of_a_second_tour_is_released_for_the_trip_after_noon() -> None:
    # Counting ends at 10:00: 1,300 s of way, 302 s of work, 8 s of sorting, and for the second
    # tour 1,300 s back, 900 s of loading, 1,300 s of way: 11:25, in time for the noon return only.
    late = replace(RULES, hub_ready=10 * H)
    plan = planned(noon_day(), settings=Settings(linehaul=late))
    assert plan.left_out == ()
    verdict = check_day(plan, late)
    assert verdict is not None
    assert verdict.feasible, verdict.violations
    (row,) = office_times(plan)
    assert row.first_departure is not None
    first, second = row.sorted
    assert first <= row.first_departure < second
    (route,) = plan.result.plan.routes
    kinds = [stop.kind for stop in route.stops]
    assert kinds == [StopKind.JOB, StopKind.RELOAD, StopKind.JOB]
    assert route.stops[1].departure >= second


def test_without_a_noon_return_a_second_tour_must_come_in_the_morning() -> None:
    late = Settings(linehaul=replace(RULES, hub_ready=10 * H))
    given = noon_day()
    plan = planned(
        replace(given, couriers=tuple(replace(c, noon_return=None) for c in given.couriers)),
        settings=late,
    )
    assert sorted(left_out(plan).values()) == [LeftOutReason.NO_TRUCK]


# ---- spoiled on purpose -------------------------------------------------------------------------


def with_line(plan: DayPlan, **fields: Any) -> DayPlan:
    return replace(plan, linehaul=replace(line_of(plan), **fields))


def moved(route: Route, seconds: int) -> Route:
    return replace(
        route,
        departure=route.departure + seconds,
        finish=route.finish + seconds,
        stops=tuple(
            replace(
                stop,
                arrival=stop.arrival + seconds,
                begin=stop.begin + seconds,
                departure=stop.departure + seconds,
            )
            for stop in route.stops
        ),
    )


def with_trucks(plan: DayPlan, routes: tuple[Route, ...]) -> DayPlan:
    line = line_of(plan)
    result = replace(line.result, plan=replace(line.result.plan, routes=routes))
    return with_line(plan, result=result)


def with_couriers(plan: DayPlan, change: Callable[[Plan], Plan]) -> DayPlan:
    return replace(plan, result=replace(plan.result, plan=change(plan.result.plan)))


def not_brought(plan: DayPlan) -> DayPlan:
    return with_trucks(plan, ())


def load_repeated(plan: DayPlan) -> DayPlan:
    first = line_of(plan).loads[0]
    return with_line(plan, loads=(*line_of(plan).loads, replace(first, id="again")))


def wrong_office(plan: DayPlan) -> DayPlan:
    other = {"A": "B", "B": "A"}
    loads = tuple(replace(load, office=other[load.office]) for load in line_of(plan).loads)
    return with_line(plan, loads=loads)


def load_understated(plan: DayPlan) -> DayPlan:
    problem = line_of(plan).problem
    jobs = tuple(replace(job, delivery=(1, 0)) if job.delivery else job for job in problem.jobs)
    return with_line(plan, problem=replace(problem, jobs=jobs))


def left_hub_early(plan: DayPlan) -> DayPlan:
    routes = line_of(plan).result.plan.routes
    return with_trucks(plan, tuple(moved(route, -6 * H) for route in routes))


def left_before_sorted(plan: DayPlan) -> DayPlan:
    routes = line_of(plan).result.plan.routes
    return with_trucks(plan, tuple(moved(route, 12 * H) for route in routes))


def hand_over_missed(plan: DayPlan) -> DayPlan:
    return with_couriers(
        plan, lambda p: replace(p, routes=tuple(replace(r, finish=23 * H) for r in p.routes))
    )


def not_collected(plan: DayPlan) -> DayPlan:
    def without(route: Route) -> Route:
        return replace(route, stops=tuple(stop for stop in route.stops if stop.id != "fetch"))

    return with_couriers(
        plan, lambda p: replace(p, routes=tuple(without(route) for route in p.routes))
    )


def order_lost(plan: DayPlan) -> DayPlan:
    return with_couriers(plan, lambda p: replace(p, routes=()))


def cost_misstated(plan: DayPlan) -> DayPlan:
    cost = line_of(plan).cost
    return with_line(plan, cost=replace(cost, trucks=cost.trucks - 1))


def changed(plan: DayPlan, name: str, **fields: Any) -> DayPlan:
    """Return the day with one stop of a truck changed."""
    return with_trucks(
        plan,
        tuple(
            replace(
                route,
                stops=tuple(replace(s, **fields) if s.id == name else s for s in route.stops),
            )
            for route in line_of(plan).result.plan.routes
        ),
    )


def done_twice(plan: DayPlan) -> DayPlan:
    def also(route: Route) -> Route:
        return replace(route, stops=(*route.stops, replace(route.stops[-1], id="safe")))

    return with_couriers(plan, lambda p: replace(p, routes=tuple(also(r) for r in p.routes)))


def wrong_address(plan: DayPlan) -> DayPlan:
    problem = line_of(plan).problem
    jobs = tuple(replace(j, place=1) if j.id == "safe" else j for j in problem.jobs)
    return with_line(plan, problem=replace(problem, jobs=jobs))


def not_for_driver(plan: DayPlan) -> DayPlan:
    """The safe is light enough for a courier now, and a dossier."""
    orders = tuple(
        replace(o, service=Service.DOSSIER, grams=900) if o.id == "safe" else o
        for o in plan.day.orders
    )
    return replace(plan, day=replace(plan.day, orders=orders))


def outside_hours(plan: DayPlan) -> DayPlan:
    return changed(plan, "B-S1", begin=DOCK.end + 1)


SPOILED = {
    DayCode.NOT_BROUGHT: not_brought,
    DayCode.LOAD_REPEATED: load_repeated,
    DayCode.WRONG_OFFICE: wrong_office,
    DayCode.LOAD_UNDERSTATED: load_understated,
    DayCode.LEFT_HUB_EARLY: left_hub_early,
    DayCode.LEFT_BEFORE_SORTED: left_before_sorted,
    DayCode.HAND_OVER_MISSED: hand_over_missed,
    DayCode.NOT_COLLECTED: not_collected,
    DayCode.ORDER_LOST: order_lost,
    DayCode.DONE_TWICE: done_twice,
    DayCode.WRONG_ADDRESS: wrong_address,
    DayCode.NOT_FOR_DRIVER: not_for_driver,
    DayCode.OUTSIDE_HOURS: outside_hours,
    DayCode.COST_MISSTATED: cost_misstated,
}


@pytest.mark.parametrize("code", list(DayCode))
def test_a_day_spoiled_on_purpose_is_caught(plan: DayPlan, big: DayPlan, code: DayCode) -> None:
    with_big = (
        DayCode.DONE_TWICE,
        DayCode.WRONG_ADDRESS,
        DayCode.OUTSIDE_HOURS,
        DayCode.NOT_FOR_DRIVER,
    )
    good = big if code in with_big else plan
    clean = check_day(good, RULES)
    assert clean is not None
    assert code not in {violation.code for violation in clean.violations}
    verdict = check_day(SPOILED[code](good), RULES)
    assert verdict is not None
    assert not verdict.feasible
    found = [violation for violation in verdict.violations if violation.code is code]
    assert found
    assert all(violation.amount > 0 for violation in found)


def test_the_small_days_use_every_kind_of_load(plan: DayPlan, big: DayPlan) -> None:
    directions = {load.direction for each in (plan, big) for load in line_of(each).loads}
    assert directions == set(Direction)
    kinds = {stop.kind for route in plan.result.plan.routes for stop in route.stops}
    assert StopKind.JOB in kinds
