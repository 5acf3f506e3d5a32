"""Small promises of the vocabulary, and of the trial of all orders that judges engines."""

from __future__ import annotations

import pickle
from itertools import permutations, product

import pytest
from hypothesis import HealthCheck, given, settings

from geo.types import TravelMatrix
from solver.checker import check
from solver.model import (
    Cost,
    Problem,
    Step,
    StopKind,
    Tour,
    Vehicle,
    Violation,
    ViolationCode,
)
from solver.schedule import schedule
from tests.solver import builders as b
from tests.solver.brute_force import best
from tests.solver.strategies import problems


def test_costs_add_by_component() -> None:
    total = Cost(fixed=1, distance=2, duty=3) + Cost(
        overtime=4, lateness=5, unfamiliar=6, skipped=7
    )
    assert total == Cost(
        fixed=1, distance=2, duty=3, overtime=4, lateness=5, unfamiliar=6, skipped=7
    )
    assert total.total == 28


def test_a_violation_reads_as_a_line() -> None:
    violation = Violation(
        code=ViolationCode.CAPACITY_EXCEEDED, amount=3, vehicle="v", id="a", dimension="grams"
    )
    assert str(violation) == "capacity_exceeded by 3 (vehicle v, a, grams)"
    assert str(Violation(code=ViolationCode.JOB_MISSING, amount=1)) == "job_missing by 1"


def test_a_route_gives_back_its_order_without_the_breaks() -> None:
    vehicle = b.vehicle(breaks=(b.pause("tea", 5, (3, 6)),), reloads=(b.reload("r", 0),))
    problem = b.problem([0, 10], jobs=[b.job("a", 1), b.job("c", 1)], vehicles=vehicle)
    (route,) = schedule(problem, [b.tour("v", "a", "@r", "c")]).routes
    assert StopKind.BREAK in {stop.kind for stop in route.stops}
    assert route.tour == b.tour("v", "a", "@r", "c")


def test_a_problem_survives_a_pickle_with_its_travel_still_frozen() -> None:
    problem = b.problem([0, 10], jobs=[b.job("a", 1)])
    again = pickle.loads(pickle.dumps(problem))
    assert again == problem
    travel = again.travel["default"]
    assert isinstance(travel, TravelMatrix)
    with pytest.raises(ValueError, match="read-only"):
        travel.seconds[0, 1] = 5


# ---- the trial of all orders ------------------------------------------------------------------


def test_the_best_of_all_orders_told_by_hand() -> None:
    # Left to 0, right to 20 and 30: once round costs 200 + 600 either way; a second vehicle at
    # 50 more saves nothing.
    problem = b.problem(
        [10, 0, 30, 20],
        jobs=[b.job("left", 1), b.job("far", 2), b.job("near", 3)],
        vehicles=[b.vehicle("v"), b.vehicle("w", fixed_cost=50)],
    )
    found = best(problem)
    assert found is not None
    assert found[0] == 600
    assert len(found[1]) == 1


def test_the_best_plan_leaves_out_what_is_not_worth_it() -> None:
    jobs = [b.job("near", 1, skip_cost=1000), b.job("far", 2, skip_cost=700)]
    found = best(b.problem([0, 10, 50], jobs=jobs))
    # Near alone is 200 and 700 for leaving far out; both would be 1000.
    assert found == (900, (b.tour("v", "near"),))


def test_the_best_plan_reloads_where_it_must() -> None:
    # 2 + 2 units with room for 2: out and back twice.
    jobs = [b.job("a", 1, delivery=(2,)), b.job("c", 1, delivery=(2,))]
    vehicle = b.vehicle(capacity=(2,), reloads=(b.reload("r", 0),))
    found = best(b.problem([0, 10], jobs=jobs, vehicles=vehicle))
    assert found is not None
    assert found[0] == 400
    assert Step(kind=StopKind.RELOAD, id="r") in found[1][0].steps


def test_there_is_no_best_plan_when_a_required_job_cannot_be_done() -> None:
    assert best(b.problem([0, 10], jobs=[b.job("a", 1, windows=[(0, 9)])])) is None


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems(max_jobs=5))
def test_the_best_plan_is_clean_and_costs_what_it_says(problem: Problem) -> None:
    found = best(problem)
    if found is None:
        return
    cost, tours = found
    report = check(problem, schedule(problem, tours))
    assert report.feasible
    assert report.cost.total == cost


@settings(deadline=None, max_examples=60, suppress_health_check=[HealthCheck.too_slow])
@given(problems(max_jobs=3))
def test_giving_up_orders_early_never_gives_up_the_best(problem: Problem) -> None:
    found = best(problem)
    assert (None if found is None else found[0]) == _cheapest_of_all(problem)


def _cheapest_of_all(problem: Problem) -> int | None:
    """Return the lowest cost over every split of every order, with nothing given up early."""
    steps = [Step(kind=StopKind.JOB, id=job.id) for job in problem.jobs]
    for shipment in problem.shipments:
        steps.append(Step(kind=StopKind.PICKUP, id=shipment.id))
        steps.append(Step(kind=StopKind.DELIVERY, id=shipment.id))
    # A wall ends one vehicle's route and begins the next one's; one more row for what is left out.
    walls: list[Step | None] = [None] * len(problem.vehicles)
    lowest: int | None = None
    for order in set(permutations([*steps, *walls])):
        rows: list[list[Step]] = [[]]
        for step in order:
            if step is None:
                rows.append([])
            else:
                rows[-1].append(step)
        choices = [
            [
                Tour(vehicle=vehicle.id, steps=with_reloads)
                for with_reloads in _with_reloads(tuple(row), vehicle)
            ]
            for row, vehicle in zip(rows, problem.vehicles, strict=False)
        ]
        for tours in product(*choices):
            report = check(problem, schedule(problem, tours))
            if report.feasible and (lowest is None or report.cost.total < lowest):
                lowest = report.cost.total
    return lowest


def _with_reloads(row: tuple[Step, ...], vehicle: Vehicle) -> list[tuple[Step, ...]]:
    """Return a row with up to two uses of the vehicle's one reload, at every place."""
    if not row or not vehicle.reloads:
        return [row]
    again = Step(kind=StopKind.RELOAD, id=vehicle.reloads[0].id)
    once = {(*row[:k], again, *row[k:]) for k in range(len(row) + 1)}
    twice = {(*one[:k], again, *one[k:]) for one in once for k in range(len(one) + 1)}
    return [row, *once, *twice]
