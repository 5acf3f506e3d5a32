"""Times told by hand: when to leave, where to rest, what a reload waits for."""

from __future__ import annotations

import pytest

from solver.checker import check
from solver.errors import PlanError
from solver.model import Problem, Route, SoftDue, StopKind
from solver.schedule import schedule
from tests.solver import builders as b

LINE = [0, 10, 20, 30]


def only_route(problem: Problem, *names: str) -> Route:
    """Return the one route of a tour of vehicle v."""
    (route,) = schedule(problem, [b.tour("v", *names)]).routes
    return route


def begins(route: Route) -> list[tuple[str, int]]:
    """Return each stop's id and begin."""
    return [(stop.id, stop.begin) for stop in route.stops]


# ---- forward slack ----------------------------------------------------------------------------


def test_a_vehicle_leaves_just_in_time_for_its_first_window() -> None:
    # "a" is 10 s away and opens at 70: leave at 60, wait for nothing, be back at 85.
    problem = b.problem(LINE, jobs=[b.job("a", 1, service_seconds=5, windows=[(70, 100)])])
    route = only_route(problem, "a")
    assert (route.departure, route.stops[0].arrival, route.finish) == (60, 70, 85)


def test_a_later_window_delays_the_departure_through_the_stops_before_it() -> None:
    # "b" opens at 100, 10 s beyond "a" whose window closes at 40: leave at 30, wait before "b".
    jobs = [b.job("a", 1, windows=[(0, 40)]), b.job("b", 2, windows=[(100, 120)])]
    route = only_route(b.problem(LINE, jobs=jobs), "a", "b")
    assert route.departure == 30
    assert [(s.arrival, s.begin) for s in route.stops] == [(40, 40), (50, 100)]
    assert route.finish == 120


def test_a_route_without_windows_leaves_when_the_shift_begins() -> None:
    # Leaving later would finish later.
    problem = b.problem(LINE, jobs=[b.job("a", 1)], vehicles=b.vehicle(shift=(25, 500)))
    route = only_route(problem, "a")
    assert (route.departure, route.finish) == (25, 45)


def test_a_due_time_holds_the_departure_back_like_a_window_that_closes() -> None:
    # "b" opens at 100. "a" could be done as late as 90, but is due at 30: leave at 20, not at 80.
    jobs = [
        b.job("a", 1, due=SoftDue(time=30, cost_per_second=1)),
        b.job("b", 2, windows=[(100, 120)]),
    ]
    problem = b.problem(LINE, jobs=jobs)
    route = only_route(problem, "a", "b")
    assert (route.departure, route.stops[0].begin, route.finish) == (20, 30, 120)
    assert check(problem, schedule(problem, [route.tour])).cost.lateness == 0


def test_a_late_visit_is_made_no_later() -> None:
    # Due at 5 and 10 s away: 5 s late at best, though "b" would leave time until 90.
    jobs = [
        b.job("a", 1, due=SoftDue(time=5, cost_per_second=3)),
        b.job("b", 2, windows=[(100, 120)]),
    ]
    problem = b.problem(LINE, jobs=jobs)
    route = only_route(problem, "a", "b")
    assert (route.departure, route.stops[0].begin) == (0, 10)
    assert check(problem, schedule(problem, [route.tour])).cost.lateness == 15


# ---- several windows --------------------------------------------------------------------------


def test_a_visit_waits_over_the_lunch_gap_of_an_office() -> None:
    # The road from "a" reaches "b" at 50, when it has just closed at 45; it opens again at 60.
    jobs = [
        b.job("a", 1, service_seconds=30, windows=[(10, 10)]),
        b.job("b", 2, service_seconds=5, windows=[(0, 45), (60, 90)]),
    ]
    route = only_route(b.problem(LINE, jobs=jobs), "a", "b")
    assert route.departure == 0
    assert [(s.arrival, s.begin) for s in route.stops] == [(10, 10), (50, 60)]
    assert route.finish == 85


def test_the_departure_may_move_into_an_earlier_visits_later_window() -> None:
    # "b" opens at 100. "a" may begin at 0 to 20 or at 80 to 85: leave at 75, begin "a" at 85.
    jobs = [b.job("a", 1, windows=[(0, 20), (80, 85)]), b.job("b", 2, windows=[(100, 120)])]
    route = only_route(b.problem(LINE, jobs=jobs), "a", "b")
    assert (route.departure, route.stops[0].begin, route.finish) == (75, 85, 120)


# ---- late orders ------------------------------------------------------------------------------


def test_an_order_that_cannot_be_kept_is_as_little_late_as_can_be() -> None:
    # 30 s away, closed since 22: 8 s late at best.
    problem = b.problem(LINE, jobs=[b.job("a", 3, windows=[(0, 22)])])
    plan = schedule(problem, [b.tour("v", "a")])
    assert plan.routes[0].departure == 0
    (violation,) = check(problem, plan).violations
    assert (violation.code.value, violation.amount) == ("window_missed", 8)


# ---- setup ------------------------------------------------------------------------------------


def test_setup_is_spent_once_at_a_place_however_many_jobs_it_has() -> None:
    # 10 to drive, 7 of setup once, twice 5 of service, 10 home: 37.
    jobs = [b.job(name, 1, service_seconds=5, setup_seconds=7) for name in ("a", "c")]
    route = only_route(b.problem(LINE, jobs=jobs), "a", "c")
    assert [(s.begin, s.departure) for s in route.stops] == [(10, 22), (22, 27)]
    assert route.finish == 37


def test_setup_is_not_spent_where_the_vehicle_starts() -> None:
    jobs = [b.job("a", 0, service_seconds=5, setup_seconds=7)]
    assert only_route(b.problem(LINE, jobs=jobs), "a").finish == 5


# ---- breaks -----------------------------------------------------------------------------------


def lunching(seconds: int, start: int, end: int, **job: object) -> Problem:
    """Return a problem of "a" at place 3, 30 s away, with an unpaid break."""
    vehicle = b.vehicle(breaks=(b.pause("lunch", seconds, (start, end)),))
    jobs = [b.job("a", 3, **job)]
    return b.problem(LINE, jobs=jobs, vehicles=vehicle)


def test_a_break_interrupts_the_travel() -> None:
    # 12 s of road, lunch from 12 to 22, the other 18 s of road: there at 40.
    route = only_route(lunching(10, 12, 14), "a")
    assert begins(route) == [("lunch", 12), ("a", 40)]
    assert route.stops[1].arrival == 40
    assert route.finish == 70


def test_a_break_is_taken_while_waiting_and_costs_no_time() -> None:
    # "c" at 10, at "a" from 20 on, which opens at 60; lunch from 40 to 50.
    jobs = [b.job("c", 1, windows=[(10, 10)]), b.job("a", 2, windows=[(60, 90)])]
    vehicle = b.vehicle(breaks=(b.pause("lunch", 10, (40, 50)),))
    problem = b.problem(LINE, jobs=jobs, vehicles=vehicle)
    route = only_route(problem, "c", "a")
    assert begins(route) == [("c", 10), ("lunch", 40), ("a", 60)]
    assert (route.stops[2].arrival, route.finish) == (20, 80)
    assert check(problem, schedule(problem, [route.tour])).feasible


def test_a_departure_is_delayed_around_a_break_too() -> None:
    # "a", 30 s away, opens at 60: leave at 20, drive 20 s, lunch from 40 to 50, drive 10 s.
    problem = lunching(10, 40, 50, windows=[(60, 90)])
    route = only_route(problem, "a")
    assert begins(route) == [("lunch", 40), ("a", 60)]
    assert (route.departure, route.stops[1].arrival, route.finish) == (20, 60, 90)


def test_a_break_before_the_departure_is_not_in_the_route() -> None:
    # "a" opens at 100: lunch from 40 to 50 is over before the vehicle leaves at 70.
    problem = lunching(10, 40, 50, windows=[(100, 120)])
    route = only_route(problem, "a")
    assert begins(route) == [("a", 100)]
    assert route.departure == 70
    assert check(problem, schedule(problem, [route.tour])).feasible


def test_a_break_that_can_begin_after_the_finish_is_not_in_the_route() -> None:
    # Back at 60, lunch may begin until 60.
    problem = lunching(10, 12, 60)
    route = only_route(problem, "a")
    assert begins(route) == [("a", 30)]
    assert check(problem, schedule(problem, [route.tour])).feasible


def test_a_break_one_second_too_early_to_wait_for_the_finish_is_taken() -> None:
    # Back at 60, lunch must begin by 59: taken on the road, home at 70.
    problem = lunching(10, 12, 59)
    route = only_route(problem, "a")
    assert [stop.kind for stop in route.stops].count(StopKind.BREAK) == 1
    assert route.finish == 70


def test_two_breaks_keep_their_order() -> None:
    vehicle = b.vehicle(breaks=(b.pause("tea", 5, (10, 15)), b.pause("lunch", 10, (12, 50))))
    problem = b.problem(LINE, jobs=[b.job("a", 3)], vehicles=vehicle)
    route = only_route(problem, "a")
    # Tea from 10 to 15; lunch at once or at "a" makes no difference: 30 + 30 + 15 in all.
    assert [stop.id for stop in route.stops if stop.kind is StopKind.BREAK] == ["tea", "lunch"]
    assert route.finish == 75
    assert check(problem, schedule(problem, [route.tour])).feasible


# ---- trips ------------------------------------------------------------------------------------


def test_a_trip_waits_at_the_reload_for_goods_that_are_not_there_yet() -> None:
    # "a" is done at 10, back at the desk at 20, 5 s of work, and "c" is released at 80.
    jobs = [b.job("a", 1, delivery=(2,)), b.job("c", 1, delivery=(3,), release=80)]
    vehicle = b.vehicle(capacity=(3,), reloads=(b.reload("desk", 0, seconds=5),))
    problem = b.problem(LINE, jobs=jobs, vehicles=vehicle)
    route = only_route(problem, "a", "@desk", "c")
    # The first trip needs not hurry: it leaves at 55, so that the desk is done at 80.
    assert route.departure == 55
    assert [(s.id, s.begin, s.departure, s.load) for s in route.stops] == [
        ("a", 65, 65, (0,)),
        ("desk", 75, 80, (3,)),
        ("c", 90, 90, (0,)),
    ]
    assert check(problem, schedule(problem, [route.tour])).feasible


def test_a_reload_waits_after_its_work_when_it_must_begin_early() -> None:
    jobs = [b.job("a", 1, windows=[(10, 12)]), b.job("c", 1, release=80)]
    vehicle = b.vehicle(reloads=(b.reload("desk", 0, seconds=5),))
    route = only_route(b.problem(LINE, jobs=jobs, vehicles=vehicle), "a", "@desk", "c")
    # "a" by 12, the desk at 22, work until 27, then wait until 80.
    assert route.departure == 2
    assert [(s.begin, s.departure) for s in route.stops] == [(12, 12), (22, 80), (90, 90)]


def test_a_first_trip_leaves_when_its_last_goods_are_there() -> None:
    jobs = [b.job("a", 1, release=20), b.job("c", 2, release=50)]
    route = only_route(b.problem(LINE, jobs=jobs), "a", "c")
    assert (route.departure, route.finish) == (50, 90)


def test_what_is_picked_up_stays_on_board_until_the_reload() -> None:
    jobs = [b.job("a", 1, pickup=(4,)), b.job("c", 2, delivery=(2,), pickup=(1,))]
    vehicle = b.vehicle(reloads=(b.reload("desk", 0),))
    problem = b.problem(LINE, jobs=jobs, vehicles=vehicle)
    straight = only_route(problem, "a", "c")
    assert (straight.load, [s.load for s in straight.stops]) == ((2,), [(6,), (5,)])
    between = only_route(problem, "a", "@desk", "c")
    assert (between.load, [s.load for s in between.stops]) == ((0,), [(4,), (2,), (1,)])


# ---- open ends --------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("start", "end", "departure", "finish"),
    [(0, 0, 0, 40), (None, 0, 0, 30), (0, None, 0, 20), (None, None, 0, 10), (3, 0, 0, 50)],
)
def test_an_open_end_costs_no_travel(
    start: int | None, end: int | None, departure: int, finish: int
) -> None:
    # Places 1 and 2 lie 10 s apart; start and end add what leads there and home.
    jobs = [b.job("a", 1), b.job("c", 2)]
    problem = b.problem(LINE, jobs=jobs, vehicles=b.vehicle(start=start, end=end))
    route = only_route(problem, "a", "c")
    assert (route.departure, route.finish) == (departure, finish)


# ---- what cannot be read ----------------------------------------------------------------------


@pytest.mark.parametrize("names", [("nobody",), ("+a",), ("@desk",)])
def test_a_tour_of_what_the_problem_lacks_is_refused(names: tuple[str, ...]) -> None:
    problem = b.problem(LINE, jobs=[b.job("a", 1)])
    with pytest.raises(PlanError, match="lacks"):
        schedule(problem, [b.tour("v", *names)])
    with pytest.raises(PlanError, match="lacks"):
        schedule(problem, [b.tour("ghost", "a")])


def test_an_empty_tour_is_no_route_and_its_jobs_are_left_out() -> None:
    problem = b.problem(LINE, jobs=[b.job("a", 1)])
    plan = schedule(problem, [b.tour("v")])
    assert plan.routes == ()
    assert plan.unassigned == ("a",)
