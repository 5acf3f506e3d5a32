"""Why a job is left out: each reason is one that the judge gives."""

from __future__ import annotations

import time
from dataclasses import replace

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver.checker import check
from solver.explain import Reason, impossible_jobs, why_unassigned
from solver.model import Job, Problem, Shipment
from solver.schedule import schedule
from tests.solver import builders as b
from tests.solver.brute_force import best_route
from tests.solver.strategies import problems, tours

SPOTS = [0, 10, 20, 30]


@pytest.mark.parametrize(
    ("job", "vehicle", "reason", "amount"),
    [
        # 7 units in a vehicle for 5.
        (b.job("a", 1, delivery=(7,)), b.vehicle(capacity=(5,)), Reason.TOO_HEAVY, 2),
        (b.job("a", 1, skills=frozenset({"key"})), b.vehicle(), Reason.SKILL, 1),
        (b.job("a", 1, vehicles=frozenset({"w"})), b.vehicle(), Reason.NOT_ALLOWED, 1),
        # 30 s away, the window closes at 22.
        (b.job("a", 3, windows=[(0, 22)]), b.vehicle(), Reason.WINDOW, 8),
        # Back at 60, the shift ends at 50.
        (b.job("a", 3), b.vehicle(shift=(0, 50)), Reason.SHIFT, 10),
        # Leaves at 100 with its goods, back at 120, the shift ends at 105.
        (b.job("a", 1, release=100), b.vehicle(shift=(0, 105)), Reason.SHIFT, 15),
        (b.job("a", 3), b.vehicle(max_metres=590), Reason.TOO_FAR, 10),
        (b.job("a", 3), b.vehicle(max_driving_seconds=57), Reason.TOO_FAR, 3),
        (b.job("a", 3, service_seconds=9), b.vehicle(max_duty_seconds=60), Reason.DUTY, 9),
        (b.job("a", 1), b.vehicle(max_stops=0), Reason.STOPS, 1),
    ],
)
def test_a_job_that_no_vehicle_can_do_alone(
    job: Job, vehicle: object, reason: Reason, amount: int
) -> None:
    problem = b.problem(SPOTS, jobs=[job], vehicles=vehicle, dimensions=["units"])  # type: ignore[arg-type]
    (explanation,) = why_unassigned(problem, schedule(problem, []))
    assert explanation.impossible
    assert explanation.reason is reason
    (blocked,) = explanation.blocked
    assert blocked.reasons == (reason,)
    assert [violation.amount for violation in blocked.violations] == [amount]
    assert explanation.insertion is None
    assert impossible_jobs(problem) == {"a": (blocked,)}


def test_a_day_without_vehicles_says_so() -> None:
    problem = replace(b.problem(SPOTS, jobs=[b.job("a", 1)]), vehicles=())
    (explanation,) = why_unassigned(problem, schedule(problem, []))
    assert explanation.reason is Reason.NO_VEHICLE
    assert explanation.impossible


def test_each_vehicle_is_named_with_what_blocks_it() -> None:
    vehicles = [b.vehicle("v", capacity=(5,)), b.vehicle("w", capacity=(9,), shift=(0, 15))]
    problem = b.problem(SPOTS, jobs=[b.job("a", 1, delivery=(7,))], vehicles=vehicles)
    (explanation,) = why_unassigned(problem, schedule(problem, []))
    assert {one.vehicle: one.reasons for one in explanation.blocked} == {
        "v": (Reason.TOO_HEAVY,),
        "w": (Reason.SHIFT,),
    }


def test_no_room_says_which_rule_the_best_insertion_breaks_and_by_how_much() -> None:
    # "a" takes the vehicle until 80; with "c", 30 s of work on the way, it is back at 110, 12 s
    # after the shift.
    jobs = [b.job("a", 3, service_seconds=20), b.job("c", 2, service_seconds=30)]
    problem = b.problem(SPOTS, jobs=jobs, vehicles=b.vehicle(shift=(0, 98)))
    (explanation,) = why_unassigned(problem, schedule(problem, [b.tour("v", "a")]))
    assert explanation.reason is Reason.NO_ROOM
    assert explanation.able == ("v",)
    assert explanation.insertion is not None
    (violation,) = explanation.insertion.violations
    assert (violation.code.value, violation.amount, violation.vehicle) == (
        "shift_too_late",
        12,
        "v",
    )


def test_a_job_that_costs_more_than_it_is_worth() -> None:
    # Place 3 lies 200 m beyond place 1 and back: 400 for a job that may be left out for 350.
    jobs = [b.job("a", 1), b.job("far", 3, skip_cost=350)]
    problem = b.problem(SPOTS, jobs=jobs)
    (explanation,) = why_unassigned(problem, schedule(problem, [b.tour("v", "a")]))
    assert explanation.reason is Reason.TOO_DEAR
    assert explanation.insertion is not None
    assert (explanation.insertion.cost, explanation.skip_cost) == (400, 350)
    assert explanation.insertion.violations == ()


def test_a_job_that_was_only_forgotten_could_be_added() -> None:
    jobs = [b.job("a", 1), b.job("far", 3, skip_cost=450)]
    problem = b.problem(SPOTS, jobs=jobs)
    (explanation,) = why_unassigned(problem, schedule(problem, [b.tour("v", "a")]))
    assert explanation.reason is Reason.COULD_BE_ADDED
    assert explanation.insertion is not None
    assert [step.id for step in explanation.insertion.tour.steps] in (["a", "far"], ["far", "a"])


def test_what_was_wrong_before_is_not_blamed_on_the_insertion() -> None:
    # The route is 5 s late without "c" already; "c" on the way adds nothing.
    jobs = [b.job("a", 3), b.job("c", 2)]
    problem = b.problem(SPOTS, jobs=jobs, vehicles=b.vehicle(shift=(0, 55)))
    (explanation,) = why_unassigned(problem, schedule(problem, [b.tour("v", "a")]))
    assert explanation.insertion is not None
    assert explanation.insertion.violations == ()


def test_a_shipment_is_explained_by_both_its_ends() -> None:
    late = b.visit(3, windows=[(0, 25)])
    shipment = b.shipment("s", 1, late, amount=(1,), skip_cost=9)
    problem = b.problem(SPOTS, shipments=[shipment])
    (explanation,) = why_unassigned(problem, schedule(problem, []))
    # 10 s to the pickup, 20 s on: at the delivery at 30, 5 s after its window.
    assert explanation.reason is Reason.WINDOW
    assert [v.amount for v in explanation.blocked[0].violations] == [5]


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(st.data())
def test_every_insertion_is_as_the_judge_sees_it(data: st.DataObject) -> None:
    problem = data.draw(problems(max_jobs=5))
    plan = schedule(problem, data.draw(tours(problem)))
    explanations = why_unassigned(problem, plan)
    assert [e.id for e in explanations] == list(check(problem, plan).unassigned)
    for explanation in explanations:
        assert bool(explanation.able) == (explanation.insertion is not None)
        if explanation.impossible:
            assert {one.vehicle for one in explanation.blocked} == {
                vehicle.id for vehicle in problem.vehicles
            }
        if explanation.insertion is None:
            continue
        added = explanation.insertion.tour
        changed = [route.tour for route in plan.routes if route.vehicle != added.vehicle]
        after = schedule(problem, [*changed, added])
        assert explanation.id not in after.unassigned
        before, now = check(problem, plan).cost, check(problem, after).cost
        skipped = explanation.skip_cost or 0
        assert now.total - before.total == explanation.insertion.cost - skipped


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(max_jobs=3))
def test_a_job_called_impossible_has_no_route_of_its_own(problem: Problem) -> None:
    impossible = impossible_jobs(problem)
    tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
    for task in tasks:
        routes = [
            best_route(problem, replace(vehicle, locked=()), [task]) for vehicle in problem.vehicles
        ]
        assert (task.id in impossible) == all(route is None for route in routes)


def test_a_hundred_jobs_against_two_hundred_vehicles_are_explained_in_seconds() -> None:
    spots = [(k * 37 % 1000, k * 91 % 1000) for k in range(600)]
    jobs = [b.job(f"j{k}", k, service_seconds=60, skip_cost=10**6) for k in range(600)]
    # No two vehicles are alike, so that none is spared.
    vehicles = [b.vehicle(f"v{k}", start=k, end=k, shift=(k, 2000 + k)) for k in range(200)]
    problem = b.problem(spots, jobs=jobs, vehicles=vehicles)
    orders = [b.tour(f"v{k}", f"j{200 + k}", f"j{k}") for k in range(200)]
    began = time.process_time()
    explanations = why_unassigned(problem, schedule(problem, orders))
    assert len(explanations) == 200
    assert time.process_time() - began < 6
