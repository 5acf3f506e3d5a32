"""The kernel's cost of a route is the checker's cost of the same order, scheduled."""

from __future__ import annotations

from typing import Any

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.checker import check
from solver.model import Plan, Problem, ViolationCode
from solver.schedule import schedule
from solver.search.arrays import number, sequences_of
from solver.search.evaluate import route_cost, scratch
from solver.search.records import INF
from tests.solver.strategies import problems, tours

# What a route alone cannot be blamed for.
WHOLE_PLAN = {
    ViolationCode.JOB_MISSING,
    ViolationCode.REQUIRED_UNASSIGNED,
    ViolationCode.LOCKED_ORDER_BROKEN,
}


@settings(max_examples=400, deadline=None)
@given(st.data())
def test_the_cost_of_a_route_is_what_the_checker_says(data: Any) -> None:
    problem: Problem = data.draw(problems())
    drawn = data.draw(tours(problem))
    model, numbered = number(problem)
    room = scratch(32, model.layers)
    for vehicle, nodes in sequences_of(numbered, drawn):
        tour = next(t for t in drawn if t.vehicle == numbered.vehicle_ids[vehicle])
        plan = Plan(routes=schedule(problem, [tour]).routes, unassigned=())
        report = check(problem, plan)
        wrong = [v for v in report.violations if v.code not in WHOLE_PLAN]
        cost = route_cost(model, room, vehicle, np.array(nodes, np.int32), len(nodes))
        if not any(node >= 0 for node in nodes):
            assert cost == 0
        elif wrong:
            assert cost >= INF, wrong
        else:
            assert cost == report.cost.total
            assert room.facts[0] == report.metres
            assert room.facts[2] == report.duty_seconds
