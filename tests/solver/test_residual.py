"""What is left of a day: costs add up, and what is on board, done or under way stays so."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st

from geo.types import TravelMatrix
from solver.checker import check
from solver.model import (
    OvertimeTier,
    Plan,
    Problem,
    StopKind,
    TimeWindow,
    Tour,
    Violation,
    ViolationCode,
)
from solver.pipeline import solve
from solver.residual import Residual, remaining
from solver.residual_past import Breakdown, Past, followed
from solver.schedule import schedule
from solver.validation import findings
from tests.solver.builders import job, pause, problem, reload, shipment, step, tour, vehicle
from tests.solver.strategies import FEATURES, HORIZON, problems, tours

quick = settings(
    deadline=None, suppress_health_check=[HealthCheck.too_slow, HealthCheck.filter_too_much]
)

_LOCAL = frozenset({ViolationCode.TIME_MISSTATED, ViolationCode.LOAD_MISSTATED})


def _without_instant_breaks(made: Problem) -> Problem:
    """A break of no seconds is over at any moment: whether it was before or after is a word."""
    return replace(
        made,
        vehicles=tuple(
            replace(
                each,
                breaks=tuple(replace(p, seconds=max(p.seconds, 1)) for p in each.breaks),
            )
            for each in made.vehicles
        ),
    )


def _drawn(data: st.DataObject, features: frozenset[str] = FEATURES) -> tuple[Problem, Plan, int]:
    made = _without_instant_breaks(data.draw(problems(features=features)))
    plan = schedule(made, data.draw(tours(made)))
    # A vehicle that is to leave after its shift is over is not there any more.
    ends = {each.id: each.shift.end for each in made.vehicles}
    assume(all(route.departure <= ends[route.vehicle] for route in plan.routes))
    return made, plan, data.draw(st.integers(0, HORIZON))


def _suffix(rest: Residual, plan: Plan) -> Plan:
    """The plan's own stops after the cut, with the times that they had."""
    timed = rest.plan()
    routes = []
    for route in timed.routes:
        old = next((r for r in plan.routes if r.vehicle == route.vehicle), None)
        assert old is not None
        made = len(rest.past[route.vehicle].stops) if route.vehicle in rest.past else 0
        head = route.stops[:1] if route.vehicle in rest.anchors else ()
        tail = []
        for stop in old.stops[made:]:
            known = StopKind.JOB if stop.id in rest.picked_up else stop.kind
            tail.append(replace(stop, kind=known))
        departure = route.departure if head else old.departure
        routes.append(
            replace(route, departure=departure, stops=head + tuple(tail), finish=old.finish)
        )
    return replace(timed, routes=tuple(routes))


def _worst(violations: tuple[Violation, ...]) -> set[ViolationCode]:
    return {violation.code for violation in violations} - _LOCAL


@quick
@given(data=st.data())
def test_what_is_done_and_what_is_left_cost_what_the_whole_costs(data: st.DataObject) -> None:
    made, plan, now = _drawn(data)
    whole = check(made, plan)
    rest = remaining(made, plan, now=now)
    assert findings(rest.problem) == []
    left = check(rest.problem, _suffix(rest, plan))
    assert rest.done + left.cost == whole.cost
    if whole.feasible:
        assert not rest.overrun
        # Loads before the cut are not stated again; everything else must hold as it stands.
        assert _worst(left.violations) == set()
        assert ViolationCode.TIME_MISSTATED not in {v.code for v in left.violations}


@quick
@given(data=st.data())
def test_any_new_order_of_the_rest_joined_to_the_past_costs_their_sum(data: st.DataObject) -> None:
    made, plan, now = _drawn(data)
    assume(check(made, plan).feasible)
    rest = remaining(made, plan, now=now)
    other = schedule(rest.problem, _anchored(rest, data))
    # A parcel at the office put into a trip on the road would hold back what has left already;
    # the judge of the rest reports that, and it is no order that could be driven.
    begun = {stop.id: stop.begin for route in other.routes for stop in route.stops}
    assume(all(begun[anchor] == now for anchor in rest.anchors.values()))
    # What was picked up is required: left out, it breaks a rule and has no price.
    assume(not rest.picked_up & set(other.unassigned))
    report = check(rest.problem, other)
    whole = check(made, rest.whole(other))
    assert whole.cost == rest.done + report.cost
    assert not {v.code for v in whole.violations} & _LOCAL
    if report.feasible and not rest.split_shipments(other):
        assert whole.feasible, whole.violations


def _anchored(rest: Residual, data: st.DataObject) -> list[Tour]:
    """Random orders of the rest, each route on the road beginning with its anchor."""
    anchors = set(rest.anchors.values())
    drawn = data.draw(
        tours(
            replace(
                rest.problem,
                jobs=tuple(each for each in rest.problem.jobs if each.id not in anchors),
            )
        )
    )
    orders = {one.vehicle: one.steps for one in drawn}
    for name, anchor in rest.anchors.items():
        head = tour(name, anchor).steps
        orders[name] = head + orders.get(name, ())
    return [Tour(vehicle=name, steps=steps) for name, steps in orders.items()]


@quick
@given(data=st.data())
def test_keeping_the_order_of_a_clean_plan_is_clean_and_costs_no_more(data: st.DataObject) -> None:
    made, plan, now = _drawn(data)
    whole = check(made, plan)
    assume(whole.feasible)
    rest = remaining(made, plan, now=now)
    again = check(rest.problem, rest.plan())
    assert again.feasible, again.violations
    assert rest.done.total + again.cost.total <= whole.cost.total


@quick
@given(data=st.data())
def test_at_the_end_of_the_day_nothing_is_left_but_the_skipped(data: st.DataObject) -> None:
    made, plan, _ = _drawn(data)
    last = max([HORIZON * 2, *(route.finish for route in plan.routes)])
    rest = remaining(made, plan, now=last)
    assert not rest.anchors
    assert rest.done.total + check(made, plan).cost.skipped == check(made, plan).cost.total
    assert {j.id for j in rest.problem.jobs} <= set(plan.unassigned)


# ---- by hand -----------------------------------------------------------------------------------


def _line() -> tuple[Problem, Plan]:
    """One vehicle, jobs at 10, 20, 30 on the line; it leaves at 0 and is back at 60 + 3 x 5."""
    made = problem(
        [0, 10, 20, 30],
        jobs=[job(n, k, service_seconds=5, delivery=(2,)) for k, n in enumerate("abc", 1)],
        vehicles=vehicle(capacity=(6,), cost_per_second=1, fixed_cost=100),
    )
    return made, schedule(made, [tour("v", "a", "b", "c")])


def test_a_cut_lets_the_vehicle_finish_the_visit_that_it_drives_to() -> None:
    made, plan = _line()
    rest = remaining(made, plan, now=18)
    # At 18 it drives to b: there from 25 to 30. So 20 units of way are spent, and 18 s of duty.
    assert rest.done.distance == 200
    assert rest.done.duty == 18
    assert rest.done.fixed == 100
    (anchor,) = [each for each in rest.problem.jobs if each.id == rest.anchors["v"]]
    assert (anchor.place, anchor.service_seconds) == (2, 12)
    assert {each.id for each in rest.problem.jobs} == {"here:v", "c"}


def test_a_parcel_on_board_stays_with_its_vehicle() -> None:
    made, plan = _line()
    made = replace(made, vehicles=(*made.vehicles, vehicle("w", capacity=(6,))))
    rest = remaining(made, plan, now=18)
    (left,) = [each for each in rest.problem.jobs if each.id == "c"]
    assert left.vehicles == frozenset({"v"})
    assert rest.on_board == {"c": "v"}


def test_a_parcel_at_the_office_cannot_join_a_trip_on_the_road() -> None:
    made = problem(
        [0, 10, 20],
        jobs=[job("a", 1, delivery=(1,)), job("b", 2), job("late", 1, delivery=(1,), skip_cost=9)],
        vehicles=vehicle(capacity=(6,)),
    )
    plan = schedule(made, [tour("v", "a", "b")])
    rest = remaining(made, plan, now=5)
    joined = schedule(rest.problem, [tour("v", "here:v", "b", "late")])
    # The trip would have to leave one second from now, but it is on the road.
    codes = {violation.code for violation in check(rest.problem, joined).violations}
    assert codes == {ViolationCode.WINDOW_MISSED}


def test_a_collection_can_join_a_trip_on_the_road() -> None:
    made = problem(
        [0, 10, 20],
        jobs=[job("a", 1), job("b", 2), job("new", 1, pickup=(1,), skip_cost=900)],
        vehicles=vehicle(capacity=(6,)),
    )
    plan = schedule(made, [tour("v", "a", "b")])
    rest = remaining(made, plan, now=5)
    joined = schedule(rest.problem, [tour("v", "here:v", "new", "b")])
    assert check(rest.problem, joined).feasible


def test_what_was_collected_takes_room_until_the_end() -> None:
    made = problem(
        [0, 10, 20],
        jobs=[job("a", 1, pickup=(4,)), job("b", 2), job("new", 2, pickup=(3,), skip_cost=9)],
        vehicles=vehicle(capacity=(6,)),
    )
    plan = schedule(made, [tour("v", "a", "b")])
    rest = remaining(made, plan, now=5)
    joined = schedule(rest.problem, [tour("v", "here:v", "b", "new")])
    (violation,) = check(rest.problem, joined).violations
    assert (violation.code, violation.amount) == (ViolationCode.CAPACITY_EXCEEDED, 1)


def test_a_parcel_that_could_not_be_handed_over_takes_room_until_the_end() -> None:
    made, plan = _line()
    past = followed(plan, now=18)
    past["v"] = replace(past["v"], failed=frozenset({step("a")}))
    rest = remaining(made, plan, now=18, past=past)
    (anchor,) = [each for each in rest.problem.jobs if each.id == "here:v"]
    assert anchor.pickup == (2,)


def test_an_order_cancelled_on_board_leaves_the_rest_and_is_brought_back() -> None:
    made, plan = _line()
    rest = remaining(made, plan, now=18, closed=frozenset({"c"}))
    (anchor,) = rest.problem.jobs
    assert anchor.pickup == (2,)
    # Straight home from b: 20 units.
    assert check(rest.problem, rest.plan()).metres == 200


def test_goods_picked_up_must_be_delivered_by_the_same_vehicle() -> None:
    made = problem(
        [0, 10, 20],
        shipments=[shipment("s", 1, 2, amount=(2,), skip_cost=5)],
        vehicles=[vehicle(capacity=(3,)), vehicle("w", capacity=(3,))],
    )
    plan = schedule(made, [tour("v", "+s", "-s")])
    rest = remaining(made, plan, now=4)
    (left,) = [each for each in rest.problem.jobs if each.id == "s"]
    assert (left.vehicles, left.skip_cost, left.delivery) == (frozenset({"v"}), None, (2,))
    assert rest.picked_up == {"s"}


def test_goods_picked_up_and_handed_over_only_after_a_reload_are_reported() -> None:
    made = problem(
        [0, 10, 20],
        shipments=[shipment("s", 1, 2)],
        vehicles=vehicle(reloads=(reload("r", 0),)),
    )
    plan = schedule(made, [tour("v", "+s", "-s")])
    rest = remaining(made, plan, now=4)
    late = schedule(rest.problem, [tour("v", "here:v", "@r", "s")])
    (violation,) = rest.split_shipments(late)
    assert (violation.code, violation.id) == (ViolationCode.SHIPMENT_SPLIT, "s")


def test_what_a_broken_vehicle_carries_is_fetched_from_where_it_stands() -> None:
    made, plan = _line()
    made = replace(made, vehicles=(*made.vehicles, vehicle("w", capacity=(6,))))
    past = followed(plan, now=18)
    stops = tuple(stop for stop in past["v"].stops if stop.id == "a")
    past["v"] = Past(vehicle="v", departure=0, stops=stops, broken=Breakdown(at=18, place=2))
    rest = remaining(made, plan, now=18, past=past, hand_over_seconds=7)
    assert {each.id for each in rest.problem.vehicles} == {"w"}
    assert {(s.id, s.pickup.place, s.pickup.setup_seconds) for s in rest.problem.shipments} == {
        ("b", 2, 7),
        ("c", 2, 7),
    }
    # Out to 20, hand-over 7 s, b there at once, c at 30, home: 60 s of way, 17 s of work.
    best = solve(rest.problem, iterations=300, seed=1)
    assert best.report.feasible
    assert best.report.metres == 600
    assert best.plan.routes[0].finish - best.plan.routes[0].departure == 60 + 7 + 10


def test_what_a_broken_vehicle_collected_is_brought_to_its_office() -> None:
    made = problem(
        [0, 10, 20],
        jobs=[job("a", 1, pickup=(4,)), job("b", 2)],
        vehicles=[vehicle(capacity=(6,)), vehicle("w", capacity=(6,))],
    )
    plan = schedule(made, [tour("v", "a", "b")])
    past = followed(plan, now=5)
    past["v"] = replace(past["v"], broken=Breakdown(at=12, place=1))
    rest = remaining(made, plan, now=12, past=past)
    (fetch,) = rest.problem.shipments
    assert (fetch.id, fetch.delivery.place, fetch.skip_cost) == ("fetch:a", 0, None)
    assert {each.id for each in rest.problem.jobs} == {"b"}


def test_an_absent_courier_leaves_all_to_the_others() -> None:
    made, plan = _line()
    made = replace(made, vehicles=(*made.vehicles, vehicle("w", capacity=(6,))))
    rest = remaining(made, plan, now=-5, away=frozenset({"v"}))
    assert {each.id for each in rest.problem.vehicles} == {"w"}
    assert not rest.tours
    assert len(rest.problem.jobs) == 3


def test_a_break_not_yet_taken_is_still_owed() -> None:
    made = problem(
        [0, 10, 20],
        jobs=[job("a", 1), job("b", 2)],
        vehicles=vehicle(breaks=(pause("rest", 5, (8, 30)),)),
    )
    plan = schedule(made, [tour("v", "a", "b")])
    # At 6 on the way to a; the break can begin from 8 on.
    rest = remaining(made, plan, now=6)
    taken = {stop.id for one in rest.past.values() for stop in one.stops}
    left = {each.id for v in rest.problem.vehicles for each in v.breaks}
    assert ("rest" in taken) != ("rest" in left)


def test_duty_done_brings_overtime_nearer() -> None:
    made, plan = _line()
    tiers = (OvertimeTier(after=10, cost_per_second=2), OvertimeTier(after=50, cost_per_second=3))
    made = replace(made, vehicles=tuple(replace(v, overtime=tiers) for v in made.vehicles))
    rest = remaining(made, plan, now=18)
    (left,) = rest.problem.vehicles
    # 18 s done: the first tier is reached (8 s beyond it), the second lies 32 s ahead.
    assert [tier.after for tier in left.overtime] == [0, 32]
    assert rest.done.overtime == 16


def test_a_vehicle_too_late_for_its_shift_is_noted_once_and_can_still_be_planned() -> None:
    made, plan = _line()
    made = replace(
        made, vehicles=tuple(replace(v, shift=TimeWindow(start=0, end=40)) for v in made.vehicles)
    )
    rest = remaining(made, plan, now=18, closed=frozenset({"c"}))
    # Free at 30 in b, home at 50: ten seconds over, whatever is decided.
    assert [(v.code, v.amount) for v in rest.overrun] == [(ViolationCode.SHIFT_TOO_LATE, 10)]
    assert check(rest.problem, rest.plan()).feasible


def test_nothing_is_left_of_a_vehicle_on_its_way_home() -> None:
    made, plan = _line()
    rest = remaining(made, plan, now=50)
    assert not rest.problem.vehicles
    assert not rest.problem.jobs
    assert rest.done == check(made, plan).cost


def test_a_detour_that_is_shorter_than_the_way_home_breaks_nothing() -> None:
    # From "a" straight home takes 9 seconds, by way of "b" 2: travel times owe nobody a triangle.
    seconds = np.array([[0, 5, 5], [9, 0, 1], [1, 5, 0]], np.int32)
    made = replace(
        problem(
            [(0, 0), (1, 0), (2, 0)],
            jobs=[job("a", 1, service_seconds=4), job("b", 2)],
            vehicles=[vehicle("v", max_driving_seconds=7)],
        ),
        travel={"default": TravelMatrix(seconds=seconds, metres=seconds)},
    )
    plan = schedule(made, (tour("v", "a", "b"),))
    assert check(made, plan).feasible
    begun = plan.routes[0].stops[0].begin
    rest = remaining(made, plan, now=begun + 1)
    assert rest.anchors == {"v": "here:v"}
    assert rest.overrun == ()
