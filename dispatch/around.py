"""A plan version searched anew around what is locked in it; its trucks stay as they are."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import replace

from dispatch import explaining
from dispatch.editing import priced
from dispatch.executors_process import Runner, run_task
from dispatch.locking import Lock, put_back, with_locks
from dispatch.model import DayPlan
from dispatch.service import Search, Watch, searched
from solver.checker import check
from solver.model import Tour
from solver.schedule import schedule


def planned_around(
    plan: DayPlan,
    locks: Sequence[Lock],
    *,
    search: Search,
    clock: Callable[[], float],
    watch: Watch,
    start: Sequence[Tour] | None = None,
    runner: Runner = run_task,
) -> DayPlan:
    """
    Return a plan of the same orders, couriers and trucks that keeps the locks and is no worse.

    Parameters
    ----------
    start
        What an earlier search around the same locks had found; None begins with the plan itself.

    Raises
    ------
    SolverError
        The engine refuses the problem.
    SearchLostError
        The search processes could not be kept alive.
    """
    tours = [route.tour for route in plan.result.plan.routes]
    steps = {tour.vehicle: tour.steps for tour in tours}
    narrowed = with_locks(plan.problem, steps, locks)
    result = searched(narrowed, search, watch, start or tours, clock, runner)
    found = put_back([route.tour for route in result.plan.routes], steps, locks)
    result = replace(result, plan=schedule(plan.problem, found))
    report = check(plan.problem, result.plan)
    before = plan.result.report
    if (len(report.violations), report.cost.total) > (len(before.violations), before.cost.total):
        result = replace(result, plan=plan.result.plan)
        report = before
    made = result.plan
    inside = {job.id for job in plan.problem.jobs} | {one.id for one in plan.problem.shipments}
    return replace(
        plan,
        result=replace(result, report=report),
        left_out=(
            *(left for left in plan.left_out if left.order not in inside),
            *explaining.unassigned(plan.problem, made, plan.day, plan.located.values()),
        ),
        linehaul=priced(plan, report.cost),
    )
