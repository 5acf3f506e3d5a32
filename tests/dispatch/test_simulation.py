from __future__ import annotations

import time
from dataclasses import replace
from datetime import date
from random import Random

import numpy as np
import pytest

from dispatch.bootstrap import phu_tho_providers
from dispatch.demand import draw, fit, from_facts, poisson
from dispatch.living import live
from dispatch.living_day import Truth
from dispatch.model import Day
from dispatch.planning import assign_offices
from dispatch.ranges import legs, plan_within_range, trip_metres
from dispatch.scenarios import Noise, changed, setups
from dispatch.service import Search, plan_day
from dispatch.settings import PromiseRules, Settings
from dispatch.simulation import OfficeDays, calendar_of, run_block
from solver.checker import check
from solver.model import StopKind
from solver.pipeline import solve
from tests.dispatch.happenings import DAY, HOUR, LineTravel, running_day
from tests.dispatch.planning_desk import ELECTRIC, quiet, scenario, study, task

SETTINGS = Settings()


def days(demand_seed: int, *, growth_year: int = 1, name: str = "1.0") -> list[str]:
    demand = from_facts(orders_per_day=600, growth=0.2)
    drawn = draw(
        demand,
        "238",
        date(2027, 3, 2),
        year=growth_year,
        seed=demand_seed,
        name=name,
        promise=PromiseRules(),
        calendar=calendar_of(2027),
    )
    return [f"{one.order.id} {one.order.address.point} {one.called_at}" for one in drawn]


# ---- demand -----------------------------------------------------------------------------


def test_the_same_seed_draws_the_same_day_and_another_seed_another() -> None:
    assert days(1) == days(1)
    assert days(1) != days(2)


def test_a_day_under_growth_is_the_same_day_with_more_orders() -> None:
    now, later = days(1), days(1, growth_year=4)
    assert len(later) > len(now)
    assert set(now) <= set(later)


def test_counts_are_the_quantiles_of_poisson() -> None:
    # P(N = 0) = e^-2 = 0.1353, P(N <= 1) = 3 e^-2 = 0.4060.
    assert [poisson(2.0, u) for u in (0.135, 0.136, 0.405, 0.407)] == [0, 1, 1, 2]
    drawn = [poisson(40.0, Random(n).random()) for n in range(4000)]
    assert np.mean(drawn) == pytest.approx(40, abs=0.5)
    assert np.var(drawn) == pytest.approx(40, rel=0.1)


def test_what_is_fitted_on_drawn_days_is_what_they_were_drawn_from() -> None:
    demand = replace(from_facts(orders_per_day=300), day_sigma=0.3, district_sigma=0.0)
    on = [d for n in range(60, 200) if (d := date.fromordinal(date(2027, 1, 1).toordinal() + n))]
    past = {
        day: [
            one.order
            for district in demand.per_day
            for one in draw(
                demand, district, day, year=1, seed=5, name="past",
                promise=PromiseRules(), calendar=calendar_of(2027),
            )
        ]
        for day in on
        if calendar_of(2027).works(day)
    }  # fmt: skip
    found = fit(past)
    assert found.orders_per_day == pytest.approx(300, rel=0.1)
    assert found.day_sigma == pytest.approx(0.3, abs=0.08)
    assert found.weekdays[0] > found.weekdays[4]
    assert found.past["238"]


def test_a_fit_on_too_few_days_says_so() -> None:
    with pytest.raises(ValueError, match="five or more"):
        fit({})


# ---- living a plan by hand --------------------------------------------------------------


def test_a_day_without_noise_is_the_plan_to_the_last_second() -> None:
    problem, plan = running_day({"a": 10, "b": 25}, {"x": ["a", "b"]})
    lived = live(problem, plan, Truth(), day=DAY, travel=LineTravel(), settings=SETTINGS)
    assert lived.report == check(problem, plan)
    assert [r.stops for r in lived.plan.routes] == [r.stops for r in plan.routes]
    assert lived.done == {"a", "b"}


def test_slower_roads_and_longer_visits_take_what_they_take() -> None:
    # 10 minutes out, 5 at the door, 10 back: 25. Half as slow again: 15 + 7 + 15 = 37.
    problem, plan = running_day({"a": 10}, {"x": ["a"]})
    truth = Truth(day_factor=1.5, seconds_at={"a": 7 * 60})
    lived = live(problem, plan, truth, day=DAY, travel=LineTravel(), settings=SETTINGS)
    assert check(problem, plan).duty_seconds == 25 * 60
    assert lived.report.duty_seconds == 37 * 60
    assert lived.report.feasible


def test_an_absent_customer_is_tried_and_not_done() -> None:
    problem, plan = running_day({"a": 10, "b": 20}, {"x": ["a", "b"]})
    lived = live(
        problem, plan, Truth(in_vain=frozenset({"a"})), day=DAY, travel=LineTravel(),
        settings=SETTINGS,
    )  # fmt: skip
    assert lived.done == {"b"}
    assert lived.failed == {"a"}


def test_a_courier_goes_home_rather_than_work_into_the_night() -> None:
    # The shift ends at 17:30; on roads forty times slower the second stop would end past 18:00.
    problem, plan = running_day({"a": 3, "b": 8}, {"x": ["a", "b"]})
    lived = live(
        problem, plan, Truth(day_factor=40.0), day=DAY, travel=LineTravel(), settings=SETTINGS
    )
    assert lived.done == {"a"}
    assert lived.plan.unassigned == ("b",)


def test_a_broken_vehicle_stops_and_a_colleague_takes_over() -> None:
    problem, plan = running_day({"a": 10, "b": 20, "c": 40}, {"x": ["a", "b", "c"], "y": []})
    at = 7 * HOUR + 20 * 60 + 20 * 60
    truth = Truth(down={"x": at})
    alone = live(problem, plan, truth, day=DAY, travel=LineTravel(), settings=SETTINGS)
    helped = live(
        problem, plan, truth, day=DAY, travel=LineTravel(), settings=SETTINGS,
        replan_at=(12 * HOUR,), iterations=50,
    )  # fmt: skip
    assert alone.done == {"a"}
    assert alone.broken == {"x"}
    assert helped.done == {"a", "b", "c"}
    assert {r.vehicle for r in helped.plan.routes} == {"x", "y"}
    assert not [v for v in helped.report.violations if "misstated" in v.code.value]


# ---- blocks -----------------------------------------------------------------------------


def test_a_simulated_day_without_noise_costs_what_the_plan_says() -> None:
    for block in range(2):
        for day in run_block(task(quiet(study()), block=block)):
            assert day.distance + day.duty + day.overtime == pytest.approx(day.planned, abs=2)
            assert day.failed == day.broken == day.rules_broken == 0
            assert day.done > 5


def test_the_simulator_s_morning_is_the_dispatcher_s() -> None:
    one = study(orders=300)
    office, on = OfficeDays(task(one)), date(2027, 3, 2)
    settings = office.settings_on(on)
    crew = office.crew(on)
    office.types = {courier.id: kind for courier, kind in crew}
    day = Day(
        date=on,
        orders=tuple(new.order for new in office.fresh(on, settings) if not new.called_at),
        couriers=tuple(courier for courier, _ in crew),
        offices=(office.office,),
    )
    problem, result = office.morning(day, assign_offices(day, day.orders).orders, settings)
    known = phu_tho_providers(on)
    planned = plan_day(
        day,
        geocoder=known.geocoder,
        territory=known.territory,
        travel=office.travel,
        clock=time.monotonic,
        settings=settings,
        search=Search(seconds=None, iterations=one.iterations, seed=1, engine="search", workers=1),
    )
    assert len(problem.jobs) > 20
    assert planned.problem == problem
    assert planned.result.plan.routes == result.plan.routes
    assert planned.result.report == result.report


def test_a_block_is_a_function_of_its_seed() -> None:
    one = task(study(orders=200))
    assert run_block(one) == run_block(one)
    assert run_block(one) != run_block(replace(one, seed=2))


def test_noise_makes_days_differ_from_their_plans_and_leaves_no_order_uncounted() -> None:
    noise = Noise(customer_absent=0.3, courier_absent=0.0)
    (day,) = run_block(task(study(noise=noise, warm_up=0)))
    assert day.failed > 0
    assert day.distance + day.duty + day.overtime != day.planned
    # Without a yesterday every order of the day is new, and ends in exactly one way.
    assert day.new == day.done + day.failed + day.waiting + day.impossible


def test_an_office_without_anybody_leaves_all_for_tomorrow() -> None:
    everybody_ill = Noise(courier_absent=1.0)
    one = study(noise=everybody_ill, warm_up=0, block_days=2)
    first, second = run_block(task(one))
    assert first.stops == second.stops == 0
    assert second.waiting == first.new + second.new


def test_two_scenarios_have_the_same_days_at_an_office_that_they_run_alike() -> None:
    base = scenario(fleet={"BC238": {"motorbike": 3}, "BC240": {"motorbike": 2}})
    more = replace(base, fleet=changed(base.fleet, "BC240", {"motorbike": 1}))
    before, after = setups(base), setups(more)
    assert before[0] == after[0]
    assert before[1] != after[1]


# ---- range ------------------------------------------------------------------------------


def test_no_plan_sends_a_motorbike_farther_than_its_charge() -> None:
    # Two stops 20 km east, two 20 km west: one courier would ride 84 km to save another's cost.
    spots = {"e1": 40.0, "e2": 42.0, "w1": -40.0, "w2": -42.0}
    dear = {name: {"skip_cost": 10**9} for name in spots}
    problem, _ = running_day(spots, {"x": [], "y": []}, jobs=dear, fixed_cost=10**8)
    free = solve(problem, iterations=200, seed=1, engine="search")
    assert [r.metres for r in free.report.routes] == [84_000]
    kinds = dict.fromkeys(("x", "y"), ELECTRIC)
    result = plan_within_range(problem, kinds, iterations=200, seed=1)
    assert result.report.stops == 4
    for route in result.plan.routes:
        assert trip_metres(problem, route, ELECTRIC) == [42_000]
        assert sum(m for m, _, _ in legs(problem, route)) == 42_000


# ---- theory -----------------------------------------------------------------------------


@pytest.mark.parametrize("seed", [1, 2])
def test_tours_follow_daganzo_s_continuous_approximation(seed: int) -> None:
    """
    L = 2 r N / C + k sqrt(N A), k = 0.57 (Daganzo, Transportation Science 18, 1984).

    N = 120 doors, uniform on a square of 20 by 20 km with the office at its centre, C = 20 doors a
    tour, r = 7.65 km on average (0.3826 of the side). The approximation is for tours of many stops
    over straight lines; 15 % either way is what it is trusted for.
    """
    from geo.types import PlanarTravel
    from solver.model import Job, Place, Problem, TimeWindow, Vehicle

    random = Random(seed)
    count, side, most = 120, 20_000, 20
    spots = [(random.uniform(0, side), random.uniform(0, side)) for _ in range(count)]
    x = [side / 2, *(a for a, _ in spots)]
    y = [side / 2, *(b for _, b in spots)]
    problem = Problem(
        places=tuple(Place(id=str(n)) for n in range(count + 1)),
        travel={"default": PlanarTravel(x=x, y=y)},
        jobs=tuple(Job(id=f"j{n}", place=n) for n in range(1, count + 1)),
        vehicles=tuple(
            Vehicle(
                id=f"v{n}", shift=TimeWindow(start=0, end=10**7), start=0, end=0,
                cost_per_metre=1, max_stops=most,
            )
            for n in range(count // most)
        ),
    )  # fmt: skip
    result = solve(problem, iterations=4_000, seed=1, engine="search")
    radius = float(np.mean(np.hypot(np.array(x[1:]) - side / 2, np.array(y[1:]) - side / 2)))
    expected = 2 * radius * count / most + 0.57 * (count * side * side) ** 0.5
    assert result.report.feasible
    assert result.report.metres == pytest.approx(expected, rel=0.15)


def test_a_lived_stop_keeps_its_kind() -> None:
    problem, plan = running_day({"a": 10}, {"x": ["a"]})
    lived = live(problem, plan, Truth(), day=DAY, travel=LineTravel(), settings=SETTINGS)
    assert {s.kind for r in lived.plan.routes for s in r.stops} == {StopKind.JOB}
