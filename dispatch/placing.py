"""
Who could take an order, where in the round, and what that costs: every courier tried and judged.

Only the places of a round that lie best on the way are judged in full: the others add so much
travel that they cannot cost less.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from dispatch.editing import EditTable, Sketch, Steps
from dispatch.errors import RefusedError, UnknownError
from dispatch.locking import LockKind, held, is_visit
from solver.evaluation import Verdict
from solver.model import Job, Shipment, Step, StopKind, Tour, Vehicle, Violation

_JUDGED = 6
"""Places of a round that are judged in full, the nearest ones; a window may ask for a later one."""

_ENDS = 3
"""The same for each end of a transfer."""

_MOST = 60
"""Couriers that are tried, those first who may and who are near."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    One courier who could take an order.

    Parameters
    ----------
    position
        As in `editing.Edit`.
    cost
        What the day costs more with it there, thousandths of a đồng; not done at all, the order
        costs its price of waiting.
    seconds
        How much later the round ends.
    begin
        When service begins, seconds since midnight.
    violations
        Rules that are broken only then.
    """

    courier: str
    position: int
    cost: int
    seconds: int
    begin: int
    violations: tuple[Violation, ...]


def choices(table: EditTable, order: str) -> tuple[Choice, ...]:
    """
    Return who could take an order, first those who break no rule with it, the least cost first.

    Raises
    ------
    UnknownError
        The plan has no such order.
    RefusedError
        It has no place to drive to.
    """
    task = table.tasks.get(order)
    if task is None:
        if order in table.ordered:
            raise RefusedError("not_in_plan", order=order)
        raise UnknownError("unknown", what="order", id=order)
    base = Sketch(table)
    owner = base.where().get(order, "")
    # As if nobody had it: each courier is then asked the same question.
    tours = {
        name: tuple(step for step in steps if not (is_visit(step) and step.id == order))
        for name, steps in table.tours.items()
    }
    found = []
    for vehicle in _asked(table, task, owner):
        steps = tours.get(vehicle.id, ())
        if any(lock.kind is LockKind.ROUTE and lock.courier == vehicle.id for lock in table.locks):
            continue
        choice = _choice(table, vehicle, steps, task)
        if choice is not None:
            found.append(choice)
    found.sort(key=lambda one: (len(one.violations), one.cost, one.courier))
    return tuple(found)


def _asked(table: EditTable, task: Job | Shipment, owner: str) -> Sequence[Vehicle]:
    place = task.place if isinstance(task, Job) else task.pickup.place

    def rank(vehicle: Vehicle) -> tuple[bool, bool, int]:
        may = task.vehicles is None or vehicle.id in task.vehicles
        start = vehicle.start
        travel = table.plan.problem.travel[vehicle.profile]
        way = 0 if start is None else travel.leg(start, place)[0]
        return vehicle.id != owner, not may, way

    return sorted(table.vehicles.values(), key=rank)[:_MOST]


def _choice(
    table: EditTable, vehicle: Vehicle, steps: Steps, task: Job | Shipment
) -> Choice | None:
    first = _locked(table, vehicle.id, steps)
    before = _verdict(table, vehicle.id, steps)
    old = frozenset(before.violations) if before is not None else frozenset()
    best: tuple[tuple[int, int, int], int, Verdict] | None = None
    for position, made in _places(table, vehicle, steps, task, first):
        verdict = table.evaluator.verdict(Tour(vehicle=vehicle.id, steps=made))
        rank = len(verdict.violations), verdict.amount, verdict.cost
        if best is None or rank < best[0]:
            best = rank, position, verdict
    if best is None:
        return None
    _, position, verdict = best
    begin = next(stop.begin for stop in verdict.route.stops if stop.id == task.id)
    return Choice(
        courier=vehicle.id,
        position=position,
        cost=verdict.cost - (0 if before is None else before.cost),
        seconds=verdict.route.finish
        - (verdict.route.departure if before is None else before.route.finish),
        begin=begin,
        violations=tuple(one for one in verdict.violations if one not in old),
    )


def _verdict(table: EditTable, courier: str, steps: Steps) -> Verdict | None:
    if not any(is_visit(step) for step in steps):
        return None
    return table.evaluator.verdict(Tour(vehicle=courier, steps=steps))


def _locked(table: EditTable, courier: str, steps: Steps) -> int:
    """Return how many steps of a round nothing may be put before."""
    last = 0
    for lock in table.locks:
        if lock.courier == courier and lock.kind is LockKind.PREFIX:
            for step in held(lock, table.tours)[-1:]:
                if step in steps:
                    last = max(last, steps.index(step) + 1)
    return last


def _places(
    table: EditTable, vehicle: Vehicle, steps: Steps, task: Job | Shipment, first: int
) -> Iterable[tuple[int, Steps]]:
    travel = table.plan.problem.travel[vehicle.profile]
    rows = [_row(table, vehicle, step) for step in steps]
    way: list[int | None] = [vehicle.start, *rows, vehicle.end]

    def nearest(spot: int, first: int, most: int) -> list[int]:
        def detour(position: int) -> int:
            before, after = way[position], way[position + 1]
            to = 0 if before is None else travel.leg(before, spot)[0]
            on = 0 if after is None else travel.leg(spot, after)[0]
            straight = 0 if before is None or after is None else travel.leg(before, after)[0]
            return to + on - straight

        return sorted(range(first, len(steps) + 1), key=detour)[:most]

    if isinstance(task, Job):
        step = Step(kind=StopKind.JOB, id=task.id)
        for position in nearest(task.place, first, _JUDGED):
            yield position, (*steps[:position], step, *steps[position:])
        return
    pickup = Step(kind=StopKind.PICKUP, id=task.id)
    delivery = Step(kind=StopKind.DELIVERY, id=task.id)
    for position in nearest(task.pickup.place, first, _ENDS):
        for end in dict.fromkeys((position, *nearest(task.delivery.place, position, _ENDS))):
            between = steps[position:end]
            yield position, (*steps[:position], pickup, *between, delivery, *steps[end:])


def _row(table: EditTable, vehicle: Vehicle, step: Step) -> int:
    if step.kind is StopKind.RELOAD:
        return next(one.place for one in vehicle.reloads if one.id == step.id)
    task = table.tasks[step.id]
    if isinstance(task, Job):
        return task.place
    return task.pickup.place if step.kind is StopKind.PICKUP else task.delivery.place
