"""
Published solutions cost exactly what their authors say, and break no rule.

Two classes need a word. HFVRP costs are published in doubles, to the cent: with lengths kept to
1e-5 the sums agree to the last digit. VRPB solutions serve linehauls first, which the instances
demand and the reader says with travel; taken without that rule they would be just as feasible.
"""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from solver import formats
from solver.checker import check
from solver.model import ViolationCode
from solver.schedule import schedule
from solver.validation import findings

SHARED = Path(__file__).parents[3] / "shared" / "instances"

pytestmark = pytest.mark.skipif(
    not SHARED.is_dir(), reason="the public instances are not beside the project"
)


def _files(pattern: str) -> list[Path]:
    return sorted(SHARED.glob(pattern))


@pytest.mark.parametrize("path", _files("*/*.sol"), ids=lambda path: path.stem)
def test_a_published_solution_costs_what_it_states(path: Path) -> None:
    instance = formats.read_problem(path.with_suffix(".vrp").read_text(encoding="utf-8"))
    assert findings(instance.problem) == []
    solution = formats.read_solution(path.read_text(encoding="utf-8"), instance)
    plan = schedule(instance.problem, solution.tours)
    report = check(instance.problem, plan)
    assert report.violations == ()
    assert plan.unassigned == ()
    assert instance.published_cost(report.cost.total, len(report.routes)) == solution.cost
    # What is written is read back as the same tours, at the same cost.
    again = formats.read_solution(
        formats.write_solution(plan, instance, report.cost.total), instance
    )
    assert again.cost == solution.cost
    assert {tour.steps for tour in again.tours} == {tour.steps for tour in solution.tours}


@pytest.mark.parametrize("path", _files("*/*.txt"), ids=lambda path: path.stem)
def test_a_text_instance_reads_whole_and_makes_vehicles_dearer_than_any_way(path: Path) -> None:
    instance = formats.read_problem(path.read_text(encoding="utf-8"))
    problem = instance.problem
    assert findings(problem) == []
    published = json.loads((path.parent / "best_known.json").read_text(encoding="utf-8"))
    best = published[path.stem]
    assert best["vehicles"] <= len(problem.vehicles)
    assert instance.vehicle_cost > best["cost"] * instance.scale
    visits = len(problem.jobs) + 2 * len(problem.shipments)
    assert visits == len(problem.places) - 1
    total = best["vehicles"] * instance.vehicle_cost + round(best["cost"] * instance.scale)
    assert float(instance.published_cost(total, best["vehicles"])) == best["cost"]


@pytest.mark.parametrize("path", _files("vrpb/*.sol"), ids=lambda path: path.stem)
def test_a_backhaul_before_a_linehaul_is_reported(path: Path) -> None:
    instance = formats.read_problem(path.with_suffix(".vrp").read_text(encoding="utf-8"))
    solution = formats.read_solution(path.read_text(encoding="utf-8"), instance)
    wrong = [replace(tour, steps=tour.steps[::-1]) for tour in solution.tours[:1]]
    report = check(instance.problem, schedule(instance.problem, wrong))
    codes = {violation.code for violation in report.violations}
    assert ViolationCode.SHIFT_TOO_LATE in codes
