"""
What orders of visit are worth, judged route by route.

Every cost belongs to one route or to one skipped job, so a route is timed and judged once, in a
problem that holds nothing but its vehicle and its tasks, and the verdict is kept.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from typing import NamedTuple

from solver.checker import check
from solver.model import (
    Job,
    Problem,
    Report,
    Route,
    RouteReport,
    Shipment,
    Step,
    StopKind,
    Tour,
    Violation,
)
from solver.schedule import schedule

_MOST_KEPT = 400_000
"""Stops of routes whose verdicts are kept, at least; and no fewer than a few whole plans have."""

_PLANS_KEPT = 4


class Score(NamedTuple):
    """
    How good a plan is; less is better, in this order.

    `violations` counts the broken rules, `amount` sums by how much (seconds, metres, units and
    counts alike), `cost` is the money.
    """

    violations: int
    amount: int
    cost: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """A tour as the scheduler times it and the checker judges it, as if it were alone."""

    route: Route
    report: RouteReport
    violations: tuple[Violation, ...]
    amount: int
    cost: int


class Evaluator:
    """Judges tours of one problem, each distinct one only once."""

    def __init__(self, problem: Problem) -> None:
        self._problem = problem
        self._vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
        self._jobs = {job.id: job for job in problem.jobs}
        self._shipments = {shipment.id: shipment for shipment in problem.shipments}
        self._tasks: dict[str, Job | Shipment] = {**self._jobs, **self._shipments}
        self._locks = {v.id: len(v.locked) for v in problem.vehicles if v.locked}
        self._verdicts: dict[tuple[str, tuple[Step, ...]], Verdict] = {}
        self._kept = 0
        self._most = max(_MOST_KEPT, _PLANS_KEPT * len(self._tasks))

    def verdict(self, tour: Tour) -> Verdict:
        """
        Return the verdict on one tour that has at least one step.

        Raises
        ------
        PlanError
            The tour names something that the problem does not have.
        """
        key = (tour.vehicle, tour.steps)
        known = self._verdicts.get(key)
        if known is None:
            self._kept += len(tour.steps)
            if self._kept > self._most:
                self._verdicts.clear()
                self._kept = len(tour.steps)
            known = self._verdicts[key] = self._judge(tour)
        return known

    def score(self, tours: Iterable[Tour]) -> Score:
        """
        Return what a plan of these tours is worth.

        Raises
        ------
        PlanError
            A tour names something that the problem does not have.
        """
        driven = [tour for tour in tours if tour.steps]
        if not self._disjoint(driven):
            return score_of(check(self._problem, schedule(self._problem, driven)))
        verdicts = [self.verdict(tour) for tour in driven]
        count = sum(len(verdict.violations) for verdict in verdicts)
        amount = sum(verdict.amount for verdict in verdicts)
        cost = sum(verdict.cost for verdict in verdicts)
        used = {tour.vehicle for tour in driven}
        for name, length in self._locks.items():
            if name not in used:
                count += 1
                amount += length
        for name in self.unassigned(driven):
            price = self._tasks[name].skip_cost
            if price is None:
                count += 1
                amount += 1
            else:
                cost += price
        return Score(count, amount, cost)

    def unassigned(self, tours: Iterable[Tour]) -> list[str]:
        """Return the ids of the jobs and shipments that no tour visits."""
        visited = {step.id for tour in tours for step in tour.steps if _is_visit(step)}
        return [name for name in self._tasks if name not in visited]

    def _judge(self, tour: Tour) -> Verdict:
        vehicle = self._vehicles.get(tour.vehicle)
        names = dict.fromkeys(step.id for step in tour.steps if _is_visit(step))
        alone = replace(
            self._problem,
            vehicles=() if vehicle is None else (vehicle,),
            jobs=tuple(self._jobs[name] for name in names if name in self._jobs),
            shipments=tuple(self._shipments[name] for name in names if name in self._shipments),
        )
        plan = schedule(alone, [tour])
        report = check(alone, plan)
        return Verdict(
            route=plan.routes[0],
            report=report.routes[0],
            violations=report.violations,
            amount=sum(violation.amount for violation in report.violations),
            cost=report.cost.total,
        )

    @staticmethod
    def _disjoint(tours: Sequence[Tour]) -> bool:
        """Tell whether no vehicle and no task occurs in two tours."""
        if len({tour.vehicle for tour in tours}) < len(tours):
            return False
        seen: set[str] = set()
        for tour in tours:
            names = {step.id for step in tour.steps if _is_visit(step)}
            if not seen.isdisjoint(names):
                return False
            seen |= names
        return True


def score_of(report: Report) -> Score:
    """Return what a plan is worth according to the checker's report on it."""
    return Score(
        len(report.violations),
        sum(violation.amount for violation in report.violations),
        report.cost.total,
    )


def _is_visit(step: Step) -> bool:
    return step.kind is not StopKind.RELOAD
