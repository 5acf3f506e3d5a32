"""Why an order is in no route, in the office's words."""

from __future__ import annotations

from dispatch import explaining
from dispatch.model import Day, LeftOut, LeftOutReason, Order
from dispatch.planning import assign_offices, build_problem, places
from dispatch.settings import Settings
from solver.checker import check
from solver.model import Plan, Problem, TimeWindow
from solver.schedule import schedule
from tests.dispatch.days import H, courier, day, order, straight
from tests.solver.builders import tour


def built(given: Day) -> tuple[Problem, tuple[Order, ...]]:
    orders = assign_offices(given, given.orders).orders
    index = places(given, orders)
    problem = build_problem(given, orders, index=index, travel=straight(index), settings=Settings())
    return problem, orders


def impossible(given: Day) -> tuple[LeftOut, ...]:
    problem, orders = built(given)
    return explaining.impossible(problem, given, orders)


def nothing(problem: Problem) -> Plan:
    return schedule(problem, ())


def test_hours_that_no_shift_reaches_cannot_be_met() -> None:
    given = day([order("x", windows=(TimeWindow(start=20 * H, end=21 * H),))])
    (left,) = impossible(given)
    assert left.reason is LeftOutReason.WINDOW_CANNOT_BE_MET
    assert left.facts["windows"] == "20:00-21:00"
    assert left.facts["office"] == "Bưu cục A"


def test_a_way_longer_than_the_shift_is_too_far() -> None:
    # 200 steps are 20,000 s there: more than five hours, and as long back.
    (left,) = impossible(day([order("x", 200)]))
    assert left.reason is LeftOutReason.TOO_FAR


def test_a_range_is_told_with_what_was_needed() -> None:
    (left,) = impossible(day([order("x", 10)], [courier(max_metres=15_000)]))
    assert left.reason is LeftOutReason.TOO_FAR
    assert (left.facts["metres"], left.facts["most_metres"]) == ("20000", "15000")
    assert left.facts["courier"] == "Bưu tá a1 (a1)"


def test_a_volume_is_told_apart_from_a_weight() -> None:
    # Together heavy and large: each vehicle takes one of the two.
    crew = [courier("a1", capacity_grams=100), courier("a2", capacity_cubic_cm=100)]
    (left,) = impossible(day([order("x", grams=5_000, cubic_cm=5_000)], crew))
    assert left.reason in (LeftOutReason.TOO_HEAVY, LeftOutReason.TOO_LARGE)


def test_what_somebody_can_do_is_not_impossible() -> None:
    assert impossible(day([order("x"), order("y", 29, district="228")])) == ()


def test_what_waits_because_the_way_costs_more_names_both_sums() -> None:
    given = day([order("x", 15)], [courier(cost_per_km=9_000)])
    problem, orders = built(given)
    (left,) = explaining.unassigned(problem, nothing(problem), given, orders)
    assert left.reason is LeftOutReason.DEARER_THAN_WAITING
    # 30 km at 9,000 đ; 3,000 s on the road and 120 s at the door at 10 đ.
    assert left.facts["cost"] == str(30 * 9_000 + 3_120 * 10)
    assert left.facts["skip_cost"] == "60000"


def test_the_most_urgent_of_those_left_out_comes_first() -> None:
    crew = [courier(cost_per_km=90_000)]
    given = day([order("calm", 14), order("urgent", 15, attempts=2)], crew)
    problem, orders = built(given)
    left = explaining.unassigned(problem, nothing(problem), given, orders)
    assert [one.order for one in left] == ["urgent", "calm"]


def test_what_fits_is_added_until_nothing_more_does() -> None:
    given = day([order(f"x{n}", n) for n in range(1, 6)] + [order("far", 14, required=False)])
    problem, _ = built(given)
    begun = schedule(problem, [tour("a1", "x3")])
    full = explaining.filled(problem, begun, over=lambda: False)
    assert full.unassigned == ()
    assert check(problem, full).cost.total < check(problem, begun).cost.total


def test_filling_ends_when_the_time_is_up() -> None:
    given = day([order("x"), order("y", 2)])
    problem, _ = built(given)
    empty = nothing(problem)
    assert explaining.filled(problem, empty, over=lambda: True) == empty


def test_a_problem_without_some_of_its_jobs_keeps_the_others() -> None:
    problem, _ = built(day([order("x"), order("y", 2)]))
    assert [job.id for job in explaining.without(problem, ["x"]).jobs] == ["y"]
    assert explaining.without(problem, []) is problem
