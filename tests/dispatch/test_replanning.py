"""A running day re-planned: what is left alone, what is moved, and what is said about it."""

from __future__ import annotations

import itertools
from dataclasses import replace
from typing import Any

import pytest

from dispatch.changes import ChangeKind, first_numbers
from dispatch.events import (
    CourierAbsent,
    CourierLate,
    Event,
    OrderAdded,
    OrderCancelled,
    OrderChanged,
    RoadClosed,
    VehicleDown,
)
from dispatch.model import OrderKind
from dispatch.replanning import (
    Action,
    Answer,
    Policy,
    ReasonCode,
    Situation,
    decide,
    insert,
    replan,
    situation,
)
from dispatch.settings import Settings
from geo.types import LatLon
from solver.checker import check
from solver.insertion import tours_of
from solver.model import Plan, Problem, Step, StopKind, TimeWindow, ViolationCode
from solver.schedule import schedule
from tests.dispatch.happenings import (
    LineTravel,
    at,
    done,
    failed,
    other,
    point,
    running_day,
    skipped,
    state_of,
)
from tests.solver.builders import shipment, tour

TWO: tuple[dict[str, float], dict[str, list[str]]] = (
    {"a": 10, "b": 20, "c": -10, "d": -20},
    {"v": ["a", "b"], "w": ["c", "d"]},
)
MANY = Policy(price=0, limit=None)


def _now(day: tuple[Problem, Plan], clock: str, *events: Event, **policy: Any) -> Situation:
    problem, plan = day
    return situation(
        problem,
        plan,
        state_of(problem, plan, *events),
        now=at(clock),
        travel=LineTravel(),
        settings=Settings(),
        policy=Policy(**policy),
    )


def _orders(plan: Plan) -> dict[str, list[str]]:
    return {
        route.vehicle: [stop.id for stop in route.stops if not stop.id.startswith("here:")]
        for route in plan.routes
    }


def _replanned(now: Situation, policy: Policy | None = None, **how: Any) -> Answer:
    return replan(now, policy=policy or Policy(), iterations=200, seconds=None, **how)


def _collection(order: str, position: float, clock: str = "07:40", **fields: Any) -> Event:
    return other(
        OrderAdded,
        clock,
        order=order,
        does=OrderKind.COLLECTION,
        point=point(position),
        grams=500,
        **fields,
    )


# The couriers leave at 7:20; one unit is a minute; each stop takes five minutes.


def test_a_day_that_goes_as_planned_is_left() -> None:
    now = _now(running_day(*TWO), "07:40", done("v", "a", "07:35"), done("w", "c", "07:35"))
    answer = _replanned(now)
    assert answer.decision.action is Action.LEAVE
    assert [each.code for each in answer.decision.reasons] == [ReasonCode.NOTHING_NEW]
    assert answer.changes == ()
    assert now.progress.presumed == ()


def test_a_silent_courier_is_presumed_to_keep_to_the_plan_and_that_is_told() -> None:
    now = _now(running_day(*TWO), "07:40", done("v", "a", "07:35"))
    assert now.progress.presumed == ("w",)


def test_everything_done_leaves_nothing() -> None:
    events = [done("v", "a", "07:35"), done("v", "b", "07:50")]
    events += [done("w", "c", "07:35"), done("w", "d", "07:50")]
    answer = _replanned(_now(running_day(*TWO), "09:00", *events))
    assert answer.decision.action is Action.LEAVE
    assert answer.plan.routes == ()
    assert answer.report.cost.total == 0


def test_an_urgent_collection_goes_where_it_costs_least_and_moves_nothing() -> None:
    day = running_day(*TWO)
    # Both are on the way to their first stops; at 15 lies between a and b.
    now = _now(day, "07:22", _collection("new", 15, "07:21"))
    answer = _replanned(now)
    assert answer.decision.action is Action.INSERT
    assert _orders(answer.plan)["v"] == ["new", "b"]
    (change,) = answer.changes
    assert (change.kind, change.new_courier, change.number) == (ChangeKind.ADDED, "v", "1a")
    assert answer.counted == 0
    # The way is the same; a minute to stop and one to collect, at 10,000 a second.
    assert (
        answer.report.cost.total - (now.report.cost.total - now.report.cost.skipped) == 120 * 10_000
    )


def test_a_delivery_cannot_join_a_trip_that_has_left() -> None:
    added = other(
        OrderAdded, "07:25", order="new", does=OrderKind.DELIVERY, point=point(15), grams=100
    )
    answer = _replanned(_now(running_day(*TWO), "07:30", added))
    assert answer.report.unassigned == ("new",)
    assert _orders(answer.plan) == {"v": ["b"], "w": ["d"]}


def test_a_vehicle_down_is_helped_from_where_it_stands() -> None:
    down = other(VehicleDown, "07:40", courier="v", place=point(12))
    now = _now(running_day(*TWO), "07:45", done("v", "a", "07:35"), done("w", "c", "07:35"), down)
    answer = _replanned(now)
    assert answer.decision.action is Action.REOPTIMISE
    assert answer.decision.reasons[0].code is ReasonCode.VEHICLE_DOWN
    # w finishes d and fetches b's parcel at 12.
    assert _orders(answer.plan) == {"w": ["b", "b"]}
    (fetch, bring) = [each for each in answer.changes if each.step.id == "b"]
    assert (fetch.step.kind, bring.step.kind) == (StopKind.PICKUP, StopKind.DELIVERY)
    assert {each.courier for each in (fetch, bring)} == {"v"}
    assert {each.new_courier for each in (fetch, bring)} == {"w"}
    route = answer.plan.routes[0]
    # d until 8:00 at -20, 32 minutes to the vehicle.
    assert route.stops[1].begin >= at("07:45")
    assert answer.violations == ()
    places = answer.situation.rest.problem.places
    (one,) = answer.situation.rest.problem.shipments
    assert places[one.pickup.place].x == pytest.approx(point(12).lon)


def test_a_courier_absent_before_leaving_gives_all_to_the_others() -> None:
    absent = other(CourierAbsent, "06:45", courier="v")
    now = _now(running_day(*TWO), "06:50", absent)
    answer = _replanned(now)
    assert answer.decision.action is Action.REOPTIMISE
    assert {each.id for each in now.rest.problem.shipments} == set()
    assert set(_orders(answer.plan)["w"]) == {"a", "b", "c", "d"}
    moved = [each for each in answer.changes if each.courier == "v"]
    assert {each.step.id for each in moved} == {"a", "b"}
    assert all(each.kind is ChangeKind.MOVED for each in moved)


def test_a_late_courier_leaves_later_and_keeps_his_stops_if_nothing_is_broken() -> None:
    late = other(CourierLate, "07:00", courier="v", until=at("09:00"))
    answer = _replanned(_now(running_day(*TWO), "07:30", late))
    assert answer.decision.action is Action.LEAVE
    route = next(route for route in answer.plan.routes if route.vehicle == "v")
    assert route.departure >= at("09:00")
    assert [stop.id for stop in route.stops] == ["a", "b"]


def test_a_late_courier_s_promised_hour_is_kept_by_another() -> None:
    promised = {"a": {"windows": (TimeWindow(start=at("08:00"), end=at("08:30")),)}}
    late = other(CourierLate, "06:50", courier="v", until=at("10:00"))
    now = _now(running_day(*TWO, jobs=promised), "07:00", late)
    answer = _replanned(now)
    assert ReasonCode.RULES_BROKEN in {each.code for each in answer.decision.reasons}
    assert answer.report.feasible
    assert "a" in _orders(answer.plan)["w"]


def test_a_closed_road_is_gone_round() -> None:
    # A third place off the line, over which the way round goes; the bar lies between 10 and 20.
    problem, plan = running_day({"a": 10, "b": 20}, {"v": ["a", "b"]})
    detour = replace(problem.places[1], id="round", x=105.15, y=21.1)
    spots = [(0.0, 0.0), (10.0, 0.0), (20.0, 0.0), (15.0, 10.0)]
    from tests.dispatch.happenings import ride

    problem = replace(problem, places=(*problem.places, detour), travel={"default": ride(spots)})
    bar = (LatLon(lat=20.98, lon=105.15), LatLon(lat=21.02, lon=105.15))
    closed = other(RoadClosed, "07:00", line=bar, start=at("07:00"), end=at("18:00"))
    now = _now((problem, plan), "07:10", closed)
    assert now.legs_closed == 4  # both ways between {office, a} and b
    assert decide(now).action is Action.REOPTIMISE
    # Round over (15, 10): 10 + 5 to it from a, 15 on to b: 15 + 15 minutes instead of 10.
    assert now.rest.problem.travel["default"].leg(1, 2) == (30 * 60, 15_000)
    over = _now((problem, plan), "18:30", closed)
    assert over.legs_closed == 0


def test_what_nobody_can_reach_any_more_is_left_out() -> None:
    area = tuple(
        LatLon(lat=lat, lon=lon)
        for lat, lon in ((20.95, 105.18), (21.05, 105.18), (21.05, 105.25), (20.95, 105.25))
    )
    closed = other(RoadClosed, "06:00", line=area, start=at("06:00"), end=at("18:00"))
    answer = _replanned(_now(running_day(*TWO), "06:30", closed))
    assert answer.report.unassigned == ("b",)
    assert answer.report.feasible


def test_an_order_cancelled_on_board_is_brought_back() -> None:
    cancelled = other(OrderCancelled, "07:30", order="b")
    now = _now(running_day(*TWO), "07:33", done("w", "c", "07:33"), cancelled)
    answer = _replanned(now)
    assert answer.decision.action is Action.LEAVE
    assert _orders(answer.plan)["v"] == []
    (anchor,) = [each for each in now.rest.problem.jobs if each.id == "here:v"]
    assert anchor.pickup == (1_000, 1_000)
    # a is under way: free at 7:35 at 10, home at 7:45.
    route = next(route for route in answer.plan.routes if route.vehicle == "v")
    assert route.finish == at("07:45")


def test_a_failed_stop_is_not_tried_again_and_its_parcel_is_brought_back() -> None:
    now = _now(running_day(*TWO), "07:36", failed("v", "a", "07:34"), done("w", "c", "07:35"))
    (anchor,) = [each for each in now.rest.problem.jobs if each.id == "here:v"]
    assert anchor.pickup == (1_000, 1_000)
    assert "a" not in {each.id for each in now.rest.problem.jobs}


def test_a_skipped_stop_waits_for_another_day_unless_it_is_to_be_done_again() -> None:
    gone = _now(running_day(*TWO), "07:31", skipped("v", "a", "07:30"))
    assert "a" not in {each.id for each in gone.rest.problem.jobs}
    again = _now(running_day(*TWO), "07:31", skipped("v", "a", "07:30", again=True))
    ids = {each.id for each in again.rest.problem.jobs}
    visited = {stop.id for one in again.rest.past.values() for stop in one.stops}
    assert "a" in ids | visited


def test_a_stop_done_by_another_courier_leaves_the_list() -> None:
    now = _now(running_day(*TWO), "07:40", done("w", "c", "07:35"), done("w", "b", "07:38"))
    assert "b" not in {each.id for each in now.rest.problem.jobs}
    assert [each.code.value for each in now.findings] == ["done_by_other"]


def test_events_of_unknown_stops_are_told_and_change_nothing() -> None:
    plain = _now(running_day(*TWO), "07:25")
    now = _now(running_day(*TWO), "07:25", other(OrderCancelled, "07:21", order="nowhere"))
    assert now.rest.problem.jobs == plain.rest.problem.jobs
    assert [each.code.value for each in now.findings] == ["unknown_stop"]


def test_another_wish_of_the_customer_is_kept() -> None:
    late = (TimeWindow(start=at("10:00"), end=at("11:00")),)
    changed = other(OrderChanged, "07:00", order="b", windows=late)
    answer = _replanned(_now(running_day(*TWO), "07:10", changed))
    begin = {s.id: s.begin for route in answer.plan.routes for s in route.stops}
    assert late[0].start <= begin["b"] <= late[0].end
    assert answer.report.feasible


def test_a_new_order_of_an_unknown_office_may_be_done_by_anybody_and_is_told() -> None:
    now = _now(running_day(*TWO), "07:22", _collection("new", 15, "07:21", office="BC9"))
    assert [each.code.value for each in now.findings] == ["unknown_office"]
    (job,) = [each for each in now.rest.problem.jobs if each.id == "new"]
    assert job.vehicles is None


def test_a_transfer_picked_up_is_delivered_by_the_same_courier() -> None:
    problem, plan = running_day({"a": 10, "b": 20}, {"v": ["a"], "w": []}, jobs={})
    problem = replace(
        problem,
        jobs=problem.jobs[:1],
        shipments=(shipment("t", 1, 2, amount=(5, 5), skip_cost=1),),
    )
    plan = schedule(problem, [tour("v", "a", "+t", "-t")])
    picked = done("v", "t", "07:40", part=StopKind.PICKUP)
    now = _now((problem, plan), "07:41", done("v", "a", "07:35"), picked)
    assert now.rest.picked_up | {
        stop.id for one in now.rest.past.values() for stop in one.stops[-1:]
    } == {"t"}
    answer = _replanned(now)
    assert answer.report.feasible
    assert answer.changes == ()


# ---- the price and the limit of change --------------------------------------------------------


def _crossed() -> tuple[Problem, Plan]:
    """Two couriers who have not left and cross: each has a stop beside the other's."""
    return running_day({"a": 10, "b": 11, "c": -10, "d": -11}, {"v": ["a", "d"], "w": ["c", "b"]})


def test_without_a_price_the_crossing_is_undone() -> None:
    now = _now(_crossed(), "06:00")
    answer = _replanned(now, MANY, action=Action.REOPTIMISE)
    assert {frozenset(each) for each in _orders(answer.plan).values()} in (
        {frozenset("ab"), frozenset("cd")},
        {frozenset("abcd")},
    )
    assert answer.report.cost.total < now.report.cost.total


def test_a_change_dearer_than_it_is_worth_is_not_made() -> None:
    now = _now(_crossed(), "06:00")
    answer = _replanned(now, Policy(price=10**9), action=Action.REOPTIMISE)
    assert answer.changes == ()
    assert answer.report.cost.total == now.report.cost.total


@pytest.mark.parametrize("limit", [0, 1, 2])
def test_no_more_stops_change_than_the_limit(limit: int) -> None:
    now = _now(_crossed(), "06:00")
    answer = _replanned(now, Policy(price=0, limit=limit), action=Action.REOPTIMISE)
    assert answer.counted <= limit
    assert answer.report.cost.total <= now.report.cost.total


def test_what_a_change_is_worth_is_what_the_plan_costs_more_without_it() -> None:
    now = _now(_crossed(), "06:00")
    answer = _replanned(now, Policy(price=1, limit=1), action=Action.REOPTIMISE)
    (change,) = answer.changes
    assert change.worth == now.report.cost.total - answer.report.cost.total


def test_no_plan_within_the_limit_is_better_than_the_one_found() -> None:
    """Every plan that moves at most one stop of the crossed day, by trying all."""
    now = _now(_crossed(), "06:00")
    problem = now.rest.problem
    answer = _replanned(now, Policy(price=0, limit=1), action=Action.REOPTIMISE)
    best = now.report.cost.total
    orders = {"v": ["a", "d"], "w": ["c", "b"]}
    for name, (home, steps) in itertools.product("abcd", orders.items()):
        if name not in steps:
            continue
        for to in orders:
            rest = {k: [s for s in v if s != name] for k, v in orders.items()}
            for place in range(len(rest[to]) + 1):
                trial = {k: list(v) for k, v in rest.items()}
                trial[to].insert(place, name)
                plan = schedule(problem, [tour(k, *v) for k, v in trial.items()])
                report = check(problem, plan)
                if report.feasible:
                    best = min(best, report.cost.total)
        assert home
    assert answer.report.cost.total == best


def test_insertion_finds_the_cheapest_place_of_all() -> None:
    now = _now(running_day(*TWO), "06:30", _collection("new", -14, "06:20"))
    problem = now.rest.problem
    found = check(problem, schedule(problem, tours_of(insert(now)))).cost.total
    best = None
    for name, steps in (("v", ["a", "b"]), ("w", ["c", "d"])):
        for place in range(3):
            trial = {"v": ["a", "b"], "w": ["c", "d"]}
            trial[name] = [*steps[:place], "new", *steps[place:]]
            plan = schedule(problem, [tour(k, *v) for k, v in trial.items()])
            cost = check(problem, plan).cost.total
            best = cost if best is None else min(best, cost)
    assert found == best


def test_numbers_on_loaded_parcels_stay() -> None:
    day = running_day(*TWO)
    numbers = first_numbers(day[1])
    down = other(VehicleDown, "07:40", courier="v")
    now = _now(day, "07:45", done("v", "a", "07:35"), done("w", "c", "07:35"), down)
    answer = _replanned(now, numbers=numbers)
    kept = answer.numbers["w"]
    assert kept[Step(kind=StopKind.JOB, id="d")] == "2"
    assert kept[Step(kind=StopKind.PICKUP, id="b")] == "2a"
    assert kept[Step(kind=StopKind.DELIVERY, id="b")] == "2b"


def test_a_vehicle_that_nobody_can_help_is_told_as_a_broken_rule() -> None:
    day = running_day({"a": 10, "b": 20}, {"v": ["a", "b"]}, jobs={"a": {"pickup": (5, 5)}})
    down = other(VehicleDown, "07:40", courier="v")
    answer = _replanned(_now(day, "07:45", done("v", "a", "07:35"), down))
    codes = {(each.code, each.id) for each in answer.violations}
    assert codes == {(ViolationCode.REQUIRED_UNASSIGNED, "fetch:a")}
    assert answer.report.unassigned == ("b", "fetch:a")
