"""What the judge says when nothing is wrong, and what must never change its mind."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace
from typing import TypeVar

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.checker import check
from solver.model import (
    Break,
    Job,
    OvertimeTier,
    Plan,
    Problem,
    Report,
    Shipment,
    SoftDue,
    TimeWindow,
    Vehicle,
    Visit,
)
from solver.schedule import schedule
from tests.solver import builders as b
from tests.solver.strategies import problems, tours

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
_V = TypeVar("_V", Job, Visit)


def test_every_component_of_the_cost_told_by_hand() -> None:
    # Out 10 s (100 m) to "a" (20 s), 10 s to "c" (no work), 20 s home: 60 s and 400 m in all, less
    # an unpaid break of 5 s.
    problem = b.problem(
        [0, 10, 20],
        jobs=[
            b.job("a", 1, service_seconds=20, area="north"),
            b.job("c", 2, area="south", due=SoftDue(time=30, cost_per_second=3)),
            b.job("left", 2, skip_cost=1000),
        ],
        vehicles=b.vehicle(
            fixed_cost=500,
            cost_per_metre=2,
            cost_per_second=7,
            breaks=(b.pause("tea", 5, (3, 6)),),
            overtime=(
                OvertimeTier(after=50, cost_per_second=10),
                OvertimeTier(after=55, cost_per_second=100),
            ),
            known_areas=frozenset({"north"}),
            unfamiliar_cost=90,
        ),
    )
    report = check(problem, schedule(problem, [b.tour("v", "a", "c")]))
    assert report.feasible
    (route,) = report.routes
    assert (route.metres, route.driving_seconds, route.service_seconds) == (400, 40, 20)
    assert (route.break_seconds, route.waiting_seconds, route.duty_seconds) == (5, 0, 60)
    assert (route.stops, route.trips) == (2, 1)
    cost = report.cost
    assert cost.fixed == 500
    assert cost.distance == 800  # 400 m at 2
    assert cost.duty == 420  # 60 s at 7
    assert cost.overtime == 600  # 10 s beyond 50 at 10, 5 s beyond 55 at 100
    assert cost.lateness == 45  # "c" at 5 + 10 + 20 + 10 = 45, due 30, 3 each
    assert cost.unfamiliar == 90
    assert cost.skipped == 1000
    assert cost.total == 500 + 800 + 420 + 600 + 45 + 90 + 1000
    assert report.unassigned == ("left",)


def test_a_paid_break_is_duty_and_an_unpaid_one_is_not() -> None:
    for paid, duty in ((True, 30), (False, 20)):
        vehicle = b.vehicle(breaks=(b.pause("tea", 10, (5, 6), paid=paid),))
        problem = b.problem([0, 10], jobs=[b.job("a", 1)], vehicles=vehicle)
        report = check(problem, schedule(problem, [b.tour("v", "a")]))
        assert report.duty_seconds == duty


def test_what_is_left_out_is_listed_by_priority() -> None:
    jobs = [b.job(name, 1, skip_cost=1, priority=p) for name, p in (("a", 1), ("c", 5), ("e", 1))]
    problem = b.problem([0, 10], jobs=jobs)
    assert check(problem, schedule(problem, [])).unassigned == ("c", "a", "e")


def test_a_vehicle_that_stays_at_home_costs_nothing() -> None:
    problem = b.problem([0, 10], jobs=[], vehicles=b.vehicle(fixed_cost=9))
    assert check(problem, Plan()).cost.total == 0


@quick
@given(st.data())
def test_other_names_change_no_verdict(data: st.DataObject) -> None:
    problem = data.draw(problems())
    orders = data.draw(tours(problem))
    renamed = {job.id: f"x{k}" for k, job in enumerate(problem.jobs)}
    renamed |= {shipment.id: f"y{k}" for k, shipment in enumerate(problem.shipments)}
    other = replace(
        problem,
        jobs=tuple(replace(job, id=renamed[job.id]) for job in problem.jobs),
        shipments=tuple(replace(s, id=renamed[s.id]) for s in problem.shipments),
        vehicles=tuple(
            replace(v, locked=tuple(renamed[name] for name in v.locked)) for v in problem.vehicles
        ),
    )
    turned = [
        replace(order, steps=tuple(replace(s, id=renamed.get(s.id, s.id)) for s in order.steps))
        for order in orders
    ]
    assert _verdict(other, schedule(other, turned)) == _verdict(problem, schedule(problem, orders))


@quick
@given(st.data(), st.integers(0, 50_000))
def test_another_clock_changes_no_verdict(data: st.DataObject, by: int) -> None:
    problem = data.draw(problems())
    orders = data.draw(tours(problem))
    later = _later(problem, by)
    plan, shifted = schedule(problem, orders), schedule(later, orders)
    assert _verdict(later, shifted) == _verdict(problem, plan)
    assert [r.departure - by for r in shifted.routes] == [r.departure for r in plan.routes]


@quick
@given(st.data(), st.integers(2, 1000))
def test_other_money_changes_costs_in_proportion_and_nothing_else(
    data: st.DataObject, times: int
) -> None:
    problem = data.draw(problems())
    plan = schedule(problem, data.draw(tours(problem)))
    before, after = check(problem, plan), check(_dearer(problem, times), plan)
    assert after.violations == before.violations
    assert after.cost.total == times * before.cost.total
    assert after.cost.lateness == times * before.cost.lateness


@quick
@given(st.data())
def test_the_cost_of_a_plan_is_the_sum_over_its_routes_alone(data: st.DataObject) -> None:
    problem = data.draw(problems(max_vehicles=3))
    plan = schedule(problem, data.draw(tours(problem)))
    report = check(problem, plan)
    alone = [check(problem, Plan(routes=(route,))).cost.total for route in plan.routes]
    assert report.cost.total == sum(alone) + report.cost.skipped


def _verdict(problem: Problem, plan: Plan) -> tuple[list[tuple[str, int]], Report]:
    report = check(problem, plan)
    found = sorted((v.code.value, v.amount) for v in report.violations)
    return found, replace(report, violations=(), unassigned=())


def _moved(windows: Iterable[TimeWindow], by: int) -> tuple[TimeWindow, ...]:
    return tuple(TimeWindow(start=w.start + by, end=w.end + by) for w in windows)


def _visit(visit: _V, by: int) -> _V:
    due = visit.due and replace(visit.due, time=visit.due.time + by)
    return replace(visit, windows=_moved(visit.windows, by), due=due)


def _later(problem: Problem, by: int) -> Problem:
    def rest(pause: Break) -> Break:
        return replace(pause, windows=_moved(pause.windows, by))

    def vehicle(given_one: Vehicle) -> Vehicle:
        return replace(
            given_one,
            shift=_moved([given_one.shift], by)[0],
            breaks=tuple(rest(pause) for pause in given_one.breaks),
            reloads=tuple(replace(r, windows=_moved(r.windows, by)) for r in given_one.reloads),
        )

    def shipment(given_one: Shipment) -> Shipment:
        return replace(
            given_one,
            pickup=_visit(given_one.pickup, by),
            delivery=_visit(given_one.delivery, by),
            release=given_one.release + by,
        )

    return replace(
        problem,
        jobs=tuple(replace(_visit(j, by), release=j.release + by) for j in problem.jobs),
        shipments=tuple(shipment(s) for s in problem.shipments),
        vehicles=tuple(vehicle(v) for v in problem.vehicles),
    )


def _dearer(problem: Problem, times: int) -> Problem:
    def visit(given_one: _V) -> _V:
        due = given_one.due and replace(
            given_one.due, cost_per_second=given_one.due.cost_per_second * times
        )
        return replace(given_one, due=due)

    def skip(cost: int | None) -> int | None:
        return None if cost is None else cost * times

    return replace(
        problem,
        jobs=tuple(replace(visit(j), skip_cost=skip(j.skip_cost)) for j in problem.jobs),
        shipments=tuple(
            replace(
                s, pickup=visit(s.pickup), delivery=visit(s.delivery), skip_cost=skip(s.skip_cost)
            )
            for s in problem.shipments
        ),
        vehicles=tuple(
            replace(
                v,
                fixed_cost=v.fixed_cost * times,
                cost_per_metre=v.cost_per_metre * times,
                cost_per_second=v.cost_per_second * times,
                unfamiliar_cost=v.unfamiliar_cost * times,
                overtime=tuple(
                    replace(t, cost_per_second=t.cost_per_second * times) for t in v.overtime
                ),
            )
            for v in problem.vehicles
        ),
    )
