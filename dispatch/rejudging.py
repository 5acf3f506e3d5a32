"""
A plan of which few routes changed, timed and judged again only where it changed.

Every figure still comes from the judge: the changed routes are judged together, in a problem that
holds nothing but their vehicles and tasks; what nobody does, and who must drive and does not, in
one without routes; the verdicts on all other routes stand.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

from solver.checker import check
from solver.model import Plan, Problem, Report, StopKind, Tour, Violation, ViolationCode
from solver.schedule import schedule

_OF_THE_LEFT = frozenset({ViolationCode.REQUIRED_UNASSIGNED, ViolationCode.LOCKED_ORDER_BROKEN})
"""Found again by the judge of what is left."""


def rejudged(
    problem: Problem, plan: Plan, report: Report, tours: Sequence[Tour]
) -> tuple[Plan, Report]:
    """
    Return a plan by new orders of visit and the judge's verdict on it.

    Parameters
    ----------
    plan, report
        Another plan of the same problem and the verdict on that.

    Raises
    ------
    PlanError
        A tour names a vehicle, job, shipment or reload that the problem does not have.
    """
    driven = [tour for tour in tours if tour.steps]
    before = {route.vehicle: route for route in plan.routes}
    verdicts = {one.vehicle: one for one in report.routes}
    broken: dict[str, list[Violation]] = {}
    for violation in report.violations:
        broken.setdefault(violation.vehicle, []).append(violation)
    same = {
        tour.vehicle
        for tour in driven
        if tour.vehicle in before and before[tour.vehicle].tour == tour
    }
    if not _separable(plan, report, driven):
        whole = schedule(problem, driven)
        return whole, check(problem, whole)
    changed = [tour for tour in driven if tour.vehicle not in same]
    part = _only(problem, {t.vehicle for t in changed}, {s.id for t in changed for s in t.steps})
    made = schedule(part, changed)
    judged = check(part, made)
    if any(not violation.vehicle for violation in judged.violations):
        whole = schedule(problem, driven)
        return whole, check(problem, whole)
    routes = {**before, **{route.vehicle: route for route in made.routes}}
    verdicts |= {one.vehicle: one for one in judged.routes}
    for tour in changed:
        broken.pop(tour.vehicle, None)
    for violation in judged.violations:
        broken.setdefault(violation.vehicle, []).append(violation)
    visited = {s.id for tour in driven for s in tour.steps if s.kind is not StopKind.RELOAD}
    tasks = [job.id for job in problem.jobs] + [each.id for each in problem.shipments]
    left = tuple(name for name in tasks if name not in visited)
    drive = {tour.vehicle for tour in driven}
    rest = _only(problem, {v.id for v in problem.vehicles} - drive, set(left))
    open_ones = check(rest, Plan(routes=(), unassigned=left))
    cost = open_ones.cost
    for tour in driven:
        cost = cost + verdicts[tour.vehicle].cost
    found = [one for tour in driven for one in broken.get(tour.vehicle, ())]
    return (
        Plan(routes=tuple(routes[tour.vehicle] for tour in driven), unassigned=left),
        Report(
            cost=cost,
            routes=tuple(verdicts[tour.vehicle] for tour in driven),
            unassigned=open_ones.unassigned,
            violations=(*found, *open_ones.violations),
        ),
    )


def _separable(plan: Plan, report: Report, driven: Sequence[Tour]) -> bool:
    """Tell whether every rule that may be broken belongs to one route, or to what is left."""
    if any(not one.vehicle and one.code not in _OF_THE_LEFT for one in report.violations):
        return False
    if len({tour.vehicle for tour in driven}) < len(driven):
        return False
    seen: set[str] = set()
    for tour in driven:
        names = {step.id for step in tour.steps if step.kind is not StopKind.RELOAD}
        if not seen.isdisjoint(names):
            return False
        seen |= names
    return len({route.vehicle for route in plan.routes}) == len(plan.routes)


def _only(problem: Problem, vehicles: set[str], tasks: set[str]) -> Problem:
    return replace(
        problem,
        vehicles=tuple(one for one in problem.vehicles if one.id in vehicles),
        jobs=tuple(job for job in problem.jobs if job.id in tasks),
        shipments=tuple(each for each in problem.shipments if each.id in tasks),
    )
