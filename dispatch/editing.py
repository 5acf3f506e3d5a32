"""
A plan changed by hand: move an order to a courier or a place in the round, or take it out.

Every change gives a new plan that is timed by the scheduler and judged by the checker, so that the
dispatcher sees times, cost and broken rules before letting go. Nothing is refused because it breaks
a rule: publishing asks for a name behind each.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace

from dispatch import explaining
from dispatch.errors import RefusedError, UnknownError
from dispatch.model import DayPlan, Linehaul
from solver.checker import check
from solver.evaluation import Evaluator, Verdict
from solver.model import Shipment, Step, StopKind, Tour
from solver.schedule import schedule

_ALL_PAIRS = 15
"""Up to so many stops every pair of places is tried for the two ends of a transfer."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """
    One change.

    Parameters
    ----------
    order
        Its id.
    to
        The courier who is to do it; "" = nobody, it is left out.
    position
        How many visits of that courier come before it (breaks do not count, returns to the office
        do); None = where it costs least. A transfer's delivery then comes where it costs least.
    """

    order: str
    to: str = ""
    position: int | None = None


def edited(plan: DayPlan, edits: Sequence[Edit]) -> DayPlan:
    """
    Return the plan after the changes, made one after another; trucks stay as they are.

    Raises
    ------
    UnknownError
        The plan has no such order or courier.
    RefusedError
        A position is beyond the end of the round, or an order has no place to drive to.
    """
    problem = plan.problem
    tours = {route.vehicle: route.tour.steps for route in plan.result.plan.routes}
    vehicles = {vehicle.id for vehicle in problem.vehicles}
    shipments = {shipment.id: shipment for shipment in problem.shipments}
    tasks = {job.id for job in problem.jobs} | set(shipments)
    evaluator = Evaluator(problem)
    for edit in edits:
        if edit.order not in tasks:
            if any(order.id == edit.order for order in plan.day.orders):
                raise RefusedError("not_in_plan", order=edit.order)
            raise UnknownError("unknown", what="order", id=edit.order)
        if edit.to and edit.to not in vehicles:
            raise UnknownError("unknown", what="courier", id=edit.to)
        for name, steps in tours.items():
            tours[name] = tuple(step for step in steps if not _of(step, edit.order))
        if edit.to:
            steps = tours.get(edit.to, ())
            tours[edit.to] = _placed(evaluator, edit, steps, shipments.get(edit.order))
    made = schedule(
        problem,
        # A round that consists of returns to the office alone is none.
        [
            Tour(vehicle=name, steps=steps)
            for name, steps in tours.items()
            if any(step.kind is not StopKind.RELOAD for step in steps)
        ],
    )
    report = check(problem, made)
    result = replace(plan.result, plan=made, report=report, history=(), stopped=False)
    kept = tuple(left for left in plan.left_out if left.order not in tasks)
    orders = plan.located.values()
    return replace(
        plan,
        result=result,
        left_out=(*kept, *explaining.unassigned(problem, made, plan.day, orders)),
        linehaul=_priced(plan, report.cost.total, report.cost.skipped),
    )


def _priced(plan: DayPlan, total: int, skipped: int) -> Linehaul | None:
    line = plan.linehaul
    if line is None:
        return None
    before = plan.result.report.cost.skipped
    cost = replace(
        line.cost,
        couriers=total - skipped,
        carried_over=line.cost.carried_over - before + skipped,
    )
    return replace(line, cost=cost)


def _of(step: Step, order: str) -> bool:
    return step.id == order and step.kind is not StopKind.RELOAD


def _placed(
    evaluator: Evaluator, edit: Edit, steps: tuple[Step, ...], shipment: Shipment | None
) -> tuple[Step, ...]:
    position = edit.position
    if position is not None and not 0 <= position <= len(steps):
        raise RefusedError("position", position=position, courier=edit.to, most=len(steps))
    if shipment is None:
        step = Step(kind=StopKind.JOB, id=edit.order)
        if position is not None:
            return (*steps[:position], step, *steps[position:])
        choices: Iterable[tuple[Step, ...]] = (
            (*steps[:at], step, *steps[at:]) for at in range(len(steps) + 1)
        )
        return _best(evaluator, edit.to, choices)
    pickup = Step(kind=StopKind.PICKUP, id=edit.order)
    delivery = Step(kind=StopKind.DELIVERY, id=edit.order)
    if position is None:
        if len(steps) <= _ALL_PAIRS:
            pairs = (
                choice
                for at in range(len(steps) + 1)
                for choice in _ended(steps, at, pickup, delivery)
            )
            return _best(evaluator, edit.to, pairs)
        nearby = ((*steps[:at], pickup, delivery, *steps[at:]) for at in range(len(steps) + 1))
        position = _best(evaluator, edit.to, nearby).index(pickup)
    return _best(evaluator, edit.to, _ended(steps, position, pickup, delivery))


def _ended(
    steps: tuple[Step, ...], at: int, pickup: Step, delivery: Step
) -> Iterator[tuple[Step, ...]]:
    for end in range(at, len(steps) + 1):
        yield (*steps[:at], pickup, *steps[at:end], delivery, *steps[end:])


def _best(
    evaluator: Evaluator, vehicle: str, choices: Iterable[tuple[Step, ...]]
) -> tuple[Step, ...]:
    def rank(steps: tuple[Step, ...]) -> tuple[int, int, int]:
        verdict: Verdict = evaluator.verdict(Tour(vehicle=vehicle, steps=steps))
        return len(verdict.violations), verdict.amount, verdict.cost

    return min(choices, key=rank)
