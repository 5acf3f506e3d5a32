"""A first plan comes whatever the clock says: a busy machine must not mean an empty one."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from solver.pipeline import engines, solve
from tests.solver.builders import job, problem, vehicle


def runaway() -> Callable[[], float]:
    """Return a clock on which a minute passes between two looks at it."""
    now = [0.0]

    def clock() -> float:
        now[0] += 60.0
        return now[0]

    return clock


@pytest.mark.parametrize("engine", engines())
def test_all_that_fits_is_planned_though_the_time_was_over_before_it_began(engine: str) -> None:
    jobs = [job(f"j{n}", n % 4, skip_cost=10**9) for n in range(12)]
    given = problem([0, 1, 2, 3], jobs=jobs, vehicles=[vehicle(), vehicle("w")])
    result = solve(given, seconds=5.0, engine=engine, clock=runaway())
    assert result.plan.unassigned == ()
    assert result.report.feasible


@pytest.mark.parametrize("engine", engines())
def test_a_stop_before_the_beginning_is_obeyed(engine: str) -> None:
    given = problem([0, 1], jobs=[job("j", 1, skip_cost=10**9)])
    result = solve(given, seconds=5.0, engine=engine, stop=lambda: True)
    assert result.stopped
    assert result.plan.routes == ()
