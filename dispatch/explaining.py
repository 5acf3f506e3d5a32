"""
Why an order is in no route, in the office's words, with facts that were proved.

The solver says what stands in the way of a job, as the judge found it; here that becomes a reason
of the office's list, with the amounts and names that a dispatch manager can act on.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import replace

from dispatch.model import Day, LeftOut, LeftOutReason, Order
from dispatch.planning import DIMENSIONS
from solver.checker import check
from solver.components import Part, split
from solver.explain import Blocked, Explanation, Reason, impossible_jobs, why_unassigned
from solver.model import Job, Plan, Problem, Shipment, TimeWindow, Violation, ViolationCode
from solver.schedule import schedule

_THOUSANDTHS = 1000

_MOST_TO_FILL = 40
"""An office with more orders open than this was hardly searched: filling is no search."""

_REASONS: Mapping[Reason, LeftOutReason] = {
    Reason.NO_VEHICLE: LeftOutReason.NO_COURIER,
    Reason.NOT_ALLOWED: LeftOutReason.NO_COURIER,
    Reason.SKILL: LeftOutReason.SKILL_MISSING,
    Reason.TOO_HEAVY: LeftOutReason.TOO_HEAVY,
    Reason.WINDOW: LeftOutReason.WINDOW_CANNOT_BE_MET,
    Reason.SHIFT: LeftOutReason.WINDOW_CANNOT_BE_MET,
    Reason.RELEASE: LeftOutReason.WINDOW_CANNOT_BE_MET,
    Reason.BREAK: LeftOutReason.WINDOW_CANNOT_BE_MET,
    Reason.RELOAD: LeftOutReason.WINDOW_CANNOT_BE_MET,
    Reason.TOO_FAR: LeftOutReason.TOO_FAR,
    Reason.DUTY: LeftOutReason.TOO_FAR,
    Reason.STOPS: LeftOutReason.NO_ROOM,
    Reason.LOCKED: LeftOutReason.NO_ROOM,
    Reason.NO_ROOM: LeftOutReason.NO_ROOM,
    Reason.TOO_DEAR: LeftOutReason.DEARER_THAN_WAITING,
    # Only where room was found after the last look; the next plan takes it.
    Reason.COULD_BE_ADDED: LeftOutReason.NO_ROOM,
}


def impossible(problem: Problem, day: Day, orders: Iterable[Order]) -> tuple[LeftOut, ...]:
    """
    Return the orders that nobody could do even with the whole day for them alone.

    Parameters
    ----------
    orders
        Those of the problem, with their offices.
    """
    known = {order.id: order for order in orders}
    left: list[LeftOut] = []
    for part in split(problem):
        tasks = _tasks(part.problem)
        left += [
            _nobody(known[name], tasks[name], blocked, part.problem, day)
            for name, blocked in impossible_jobs(part.problem).items()
        ]
    return tuple(left)


def without(problem: Problem, names: Iterable[str]) -> Problem:
    """Return the problem without some of its jobs and shipments."""
    gone = frozenset(names)
    if not gone:
        return problem
    return replace(
        problem,
        jobs=tuple(job for job in problem.jobs if job.id not in gone),
        shipments=tuple(shipment for shipment in problem.shipments if shipment.id not in gone),
    )


def unassigned(
    problem: Problem, plan: Plan, day: Day, orders: Iterable[Order]
) -> tuple[LeftOut, ...]:
    """
    Return why each job that a plan leaves out is left out, the most urgent first.

    Tasks that are none of the orders, such as fetching what a broken vehicle carries, are passed
    over.
    """
    known = {order.id: order for order in orders}
    missing = set(plan.unassigned)
    left: list[tuple[int, LeftOut]] = []
    for part in split(problem):
        tasks = _tasks(part.problem)
        if not missing & tasks.keys():
            continue
        for explanation in why_unassigned(part.problem, _within(plan, part.problem)):
            if explanation.id not in known:
                continue
            task = tasks[explanation.id]
            order = known[explanation.id]
            left.append((-task.priority, _explained(order, task, explanation, part.problem, day)))
    return tuple(one for _, one in sorted(left, key=lambda pair: (pair[0], pair[1].order)))


def filled(
    problem: Problem, plan: Plan, *, over: Callable[[], bool], most: int = _MOST_TO_FILL
) -> Plan:
    """
    Return the plan with every order added that fits as it is and costs less than waiting.

    A search that was stopped early may leave such orders; to list them as left out would be wrong.

    Parameters
    ----------
    over
        Asked before each office; True ends the filling with what was added so far.
    most
        A part with more orders open than this is left alone.
    """
    parts = [part for part in split(problem) if not part.idle]
    while plan.unassigned and not over():
        better = _filled_once(problem, plan, parts, over, most)
        if better is None:
            break
        plan = better
    return plan


def _filled_once(
    problem: Problem,
    plan: Plan,
    parts: Sequence[Part],
    over: Callable[[], bool],
    most: int,
) -> Plan | None:
    tours = {route.vehicle: route.tour for route in plan.routes}
    before = check(problem, plan)
    missing = set(plan.unassigned)
    used: set[str] = set()
    for part in parts:
        open_here = missing & _tasks(part.problem).keys()
        if not open_here or len(open_here) > most or over():
            continue
        for explanation in why_unassigned(part.problem, _within(plan, part.problem)):
            insertion = explanation.insertion
            # One order for each route and round: the next insertion must see the changed route.
            if (
                explanation.reason is Reason.COULD_BE_ADDED
                and insertion is not None
                and insertion.vehicle not in used
            ):
                tours[insertion.vehicle] = insertion.tour
                used.add(insertion.vehicle)
    if not used:
        return None
    better = schedule(problem, tours.values())
    after = check(problem, better)
    old = (len(before.violations), before.cost.total)
    return better if (len(after.violations), after.cost.total) < old else None


# ---- in the office's words ----------------------------------------------------------------------

Task = Job | Shipment


def _tasks(problem: Problem) -> dict[str, Task]:
    tasks: dict[str, Task] = {job.id: job for job in problem.jobs}
    tasks.update({shipment.id: shipment for shipment in problem.shipments})
    return tasks


def _within(plan: Plan, problem: Problem) -> Plan:
    """Return what a plan of the whole says of one part."""
    own = {vehicle.id for vehicle in problem.vehicles}
    tasks = _tasks(problem)
    return Plan(
        routes=tuple(route for route in plan.routes if route.vehicle in own),
        unassigned=tuple(name for name in plan.unassigned if name in tasks),
    )


def _nobody(
    order: Order, task: Task, blocked: Sequence[Blocked], problem: Problem, day: Day
) -> LeftOut:
    # The courier who comes nearest to doing it tells the most.
    nearest = min(
        blocked,
        key=lambda one: (len(one.violations), sum(v.amount for v in one.violations)),
        default=None,
    )
    if nearest is None:
        return _left(order, LeftOutReason.NO_COURIER, day)
    reasons = nearest.reasons
    reason = _REASONS[reasons[0]] if reasons else LeftOutReason.NO_COURIER
    return _blocked(order, task, reason, nearest.violations, problem, day)


def _explained(
    order: Order, task: Task, explanation: Explanation, problem: Problem, day: Day
) -> LeftOut:
    if explanation.impossible:
        return _nobody(order, task, explanation.blocked, problem, day)
    reason = _REASONS[explanation.reason]
    insertion = explanation.insertion
    if insertion is not None and not insertion.violations:
        return _left(
            order,
            reason,
            day,
            courier=_courier(insertion.vehicle, day),
            cost=str(_dong(insertion.cost)),
            skip_cost=str(_dong(explanation.skip_cost or 0)),
        )
    if insertion is not None and insertion.violations:
        return _left(
            order,
            reason,
            day,
            courier=_courier(insertion.vehicle, day),
            windows=_windows(order.windows),
        )
    return _left(order, reason, day)


def _blocked(
    order: Order,
    task: Task,
    reason: LeftOutReason,
    violations: Sequence[Violation],
    problem: Problem,
    day: Day,
) -> LeftOut:
    facts: dict[str, str] = {}
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    for violation in violations:
        vehicle = vehicles.get(violation.vehicle)
        if violation.code is ViolationCode.CAPACITY_EXCEEDED and vehicle is not None:
            most = vehicle.capacity[DIMENSIONS.index(violation.dimension)]
            facts[violation.dimension] = str(most + violation.amount)
            facts[f"most_{violation.dimension}"] = str(most)
            if reason is LeftOutReason.TOO_HEAVY and violation.dimension == "cubic_cm":
                reason = LeftOutReason.TOO_LARGE
        elif violation.code is ViolationCode.METRES_EXCEEDED and vehicle is not None:
            most = vehicle.max_metres or 0
            facts["metres"] = str(most + violation.amount)
            facts["most_metres"] = str(most)
        elif violation.code is ViolationCode.SKILL_MISSING:
            facts["skills"] = ", ".join(sorted(task.skills))
        facts.setdefault("courier", _courier(violation.vehicle, day))
    if reason is LeftOutReason.WINDOW_CANNOT_BE_MET and not order.windows:
        # Nobody agreed on any hours: what does not fit is the way there and back.
        reason = LeftOutReason.TOO_FAR
    return _left(order, reason, day, windows=_windows(order.windows), **facts)


def _left(order: Order, reason: LeftOutReason, day: Day, **facts: str) -> LeftOut:
    office = next((office.name for office in day.offices if office.id == order.office), "")
    shown = {"office": office, **facts}
    return LeftOut(
        order=order.id, reason=reason, facts={name: value for name, value in shown.items() if value}
    )


def _courier(name: str, day: Day) -> str:
    for courier in day.couriers:
        if courier.id == name:
            return f"{courier.name} ({courier.id})" if courier.name != courier.id else courier.id
    return name


def _windows(windows: Iterable[TimeWindow]) -> str:
    return ", ".join(
        f"{window.start // 3600:02d}:{window.start % 3600 // 60:02d}"
        f"-{window.end // 3600:02d}:{window.end % 3600 // 60:02d}"
        for window in windows
    )


def _dong(thousandths: int) -> int:
    return round(thousandths / _THOUSANDTHS)
