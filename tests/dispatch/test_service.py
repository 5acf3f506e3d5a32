"""A whole morning in one call, with nothing real but the search."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pytest

from dispatch.errors import NothingToPlan
from dispatch.kpis import office_table
from dispatch.model import Address, Day, DayPlan, LeftOutReason, OrderKind
from dispatch.service import STEPS, Search, Watch, plan_day
from geo.types import LatLon, TravelMatrix
from solver.checker import check
from solver.model import TimeWindow
from tests.dispatch import runners
from tests.dispatch.atlas import Atlas, Finder
from tests.dispatch.days import SUNDAY, H, courier, day, order
from tests.solver.builders import tour


class Meridian:
    """Travel along one meridian: 100 seconds and a kilometre for each hundredth of a degree."""

    version = "meridian"

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        steps = [[abs(round((a.lat - b.lat) * 100)) for b in points] for a in points]
        return TravelMatrix(
            seconds=[[s * 100 for s in row] for row in steps],
            metres=[[s * 1000 for s in row] for row in steps],
        )

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        return [origin, destination]


def planned(given: Day, **fields: Any) -> DayPlan:
    fields.setdefault("search", Search(seconds=0.6, workers=1))
    return plan_day(
        given,
        geocoder=Finder(),
        travel=Meridian(),
        territory=Atlas(),
        clock=time.monotonic,
        **fields,
    )


def left_out(plan: DayPlan) -> dict[str, LeftOutReason]:
    return {left.order: left.reason for left in plan.left_out}


def test_every_order_is_in_a_route_or_has_its_reason() -> None:
    evening = (TimeWindow(start=20 * H, end=21 * H),)
    given = day(
        [
            order("near"),
            order("street", address=Address(text="phố B")),
            order("doubt", address=Address(text="D")),
            order("abroad", address=Address(text="Hà Nội")),
            order("heavy", grams=99_000),
            order("evening", windows=evening),
            # 2 * 14 km and an hour's wages for a bill of 60,000 that may wait.
            order("dear", 15),
        ],
        [courier(cost_per_km=9_000)],
    )
    plan = planned(given)
    assert left_out(plan) == {
        "doubt": LeftOutReason.ADDRESS_DOUBTFUL,
        "abroad": LeftOutReason.OUTSIDE_PROVINCE,
        "heavy": LeftOutReason.TOO_HEAVY,
        "evening": LeftOutReason.WINDOW_CANNOT_BE_MET,
        "dear": LeftOutReason.DEARER_THAN_WAITING,
    }
    done = {stop.id for route in plan.result.plan.routes for stop in route.stops}
    assert done == {"near", "street"}
    assert plan.result.report == check(plan.problem, plan.result.plan)
    # What it would cost is told beside what waiting costs.
    (dear,) = [left for left in plan.left_out if left.order == "dear"]
    assert int(dear.facts["cost"]) >= int(dear.facts["skip_cost"]) == 60_000


def test_the_problem_holds_only_what_can_be_done() -> None:
    evening = (TimeWindow(start=20 * H, end=21 * H),)
    plan = planned(day([order("x"), order("evening", windows=evening)]))
    assert [job.id for job in plan.problem.jobs] == ["x"]
    assert set(plan.located) == {"x"}


def test_a_required_order_that_nobody_can_do_does_not_spoil_the_plan() -> None:
    evening = (TimeWindow(start=20 * H, end=21 * H),)
    plan = planned(day([order("x"), order("evening", windows=evening, required=True)]))
    assert plan.result.report.feasible
    assert left_out(plan) == {"evening": LeftOutReason.WINDOW_CANNOT_BE_MET}


def test_the_tables_count_every_order_at_its_office() -> None:
    given = day([order("x"), order("heavy", grams=99_000), order("y", 29, district="228")])
    rows = {row.office: row for row in office_table(planned(given))}
    assert (rows["A"].planned, rows["A"].left_out) == (1, 1)
    assert (rows["B"].planned, rows["B"].left_out) == (1, 0)
    assert rows[""].orders == 3


def test_a_range_that_is_too_short_is_told_with_its_metres() -> None:
    plan = planned(day([order("far", 10)], [courier(max_metres=15_000)]))
    (left,) = plan.left_out
    assert left.reason is LeftOutReason.TOO_FAR
    # Ten steps there and back are 20 km.
    assert left.facts["metres"] == "20000"
    assert left.facts["most_metres"] == "15000"


def test_a_skill_that_nobody_has_is_not_asked_for_by_orders() -> None:
    plan = planned(day([order("x")], [courier(skills=frozenset({"ô tô"}))]))
    assert plan.left_out == ()


def test_a_full_bag_leaves_no_room() -> None:
    # Two parcels of 30 kg, one bag of 40 kg, one trip.
    given = day(
        [order("x", grams=30_000, attempts=3), order("y", grams=30_000)],
        [courier(capacity_grams=40_000)],
    )
    plan = planned(given)
    assert left_out(plan) == {"y": LeftOutReason.NO_ROOM}


def test_a_day_without_couriers_lists_everything() -> None:
    plan = planned(day([order("x"), order("y")], []))
    assert set(left_out(plan).values()) == {LeftOutReason.NO_COURIER}
    assert plan.result.plan.routes == ()


def test_on_a_sunday_nothing_is_planned() -> None:
    plan = planned(day([order("x")], on=SUNDAY))
    assert left_out(plan) == {"x": LeftOutReason.OFFICE_CLOSED}


@pytest.mark.parametrize("given", [day([]), replace(day([order("x")]), offices=())])
def test_a_day_without_orders_or_offices_is_an_error_that_says_so(given: Day) -> None:
    with pytest.raises(NothingToPlan, match="check the"):
        planned(given)


def test_each_step_is_told() -> None:
    steps: list[str] = []
    planned(day([order("x")]), watch=Watch(on_step=steps.append))
    assert tuple(steps) == STEPS


def test_the_search_begins_with_the_plan_it_is_given() -> None:
    given = day([order("x"), order("y", 2)], [courier("a1"), courier("a2")])
    plan = planned(
        given,
        search=Search(seconds=None, iterations=0, workers=1),
        start=[tour("a2", "y", "x")],
    )
    (route,) = plan.result.plan.routes
    assert route.vehicle == "a2"


def test_what_fits_is_added_after_a_search_that_left_it() -> None:
    # With no iterations at all the engine places nothing; there is room for both.
    given = day([order("x"), order("y", 2)], [courier("a1")])
    plan = planned(given, search=Search(seconds=None, iterations=0, workers=1))
    assert plan.left_out == ()
    assert plan.result.report == check(plan.problem, plan.result.plan)


def test_transfers_collections_and_the_noon_return_make_one_day() -> None:
    noon = TimeWindow(start=11 * H, end=12 * H)
    given = day(
        [
            order("bring"),
            order("fetch", 2, kind=OrderKind.COLLECTION),
            order("carry", 3, kind=OrderKind.TRANSFER, to_address=order("", 5).address),
            order("late", 4, windows=(TimeWindow(start=14 * H, end=15 * H),)),
        ],
        [courier(lunch=TimeWindow(start=11 * H, end=13 * H), noon_return=noon)],
    )
    plan = planned(given, search=Search(seconds=1.5, workers=1))
    assert plan.result.report.feasible
    (route,) = plan.result.plan.routes
    kinds = [stop.kind.value for stop in route.stops]
    if route.departure <= 12 * H:
        assert "reload" in kinds
    assert {"bring", "fetch", "carry", "late"} <= {stop.id for stop in route.stops}


def test_an_engine_of_the_tests_can_be_put_in() -> None:
    plan = planned(
        day([order("x"), order("y", 29, district="228")]),
        search=Search(seconds=None, iterations=1, workers=1),
        runner=runners.quick,
    )
    assert [route.vehicle for route in plan.result.plan.routes] == ["a1", "b1"]


def test_a_full_plan_comes_however_short_the_time() -> None:
    # More orders than the engine for small problems takes; none of them may be left for the clock.
    given = day([order(f"o{n}", n % 7 + 1, required=True) for n in range(24)])
    plan = planned(given, search=Search(seconds=0.001, workers=1))
    assert plan.left_out == ()
    assert plan.result.report.feasible
