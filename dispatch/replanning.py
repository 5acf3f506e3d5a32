"""
What to do about a day that does not go as planned: leave it, insert, or plan the rest anew.

    situation   day_state.standing, progress, residual.remaining -> the rest of the day as a problem
    decide      leave | insert | re-optimise, with reasons
    insert      new orders go where they cost least; no other stop changes
    re-optimise the search begins with the present order, and every changed stop has a price

The price of change is part of what is minimised, in three steps:

1. In the search: the rest is stated once more with an area of its own for each courier, which holds
   the stops that he has now and which he alone knows; whoever else takes one pays the price as the
   cost of an unfamiliar visit. (Where unfamiliar visits cost money already, the dearer of both.)
2. After it, on the rest as it is: each changed stop is put back where it was, and stays there
   unless the plan then costs more by at least the price. So every change that is left is worth its
   price, or a rule needs it; what it is worth is told.
3. Where more stops than the limit are changed, the least worthy ones are put back; if rules stand
   against that, the search is repeated at twice the price, and in the end the insertion stands.

Stops that cannot stay (the courier is gone) and new orders are not counted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from enum import StrEnum
from random import Random

from dispatch.changes import (
    Change,
    Numbers,
    compare,
    count_changed,
    first_numbers,
    numbers_after,
    visits,
)
from dispatch.day_state import DayState, EventFinding, Standing, standing
from dispatch.new_orders import Prepared, prepared
from dispatch.progress import Progress, progress
from dispatch.rejudging import rejudged
from dispatch.replan_search import Pricing, Worth, search, visit_steps
from dispatch.settings import Settings
from geo.travel import TravelProvider
from solver.checker import check
from solver.evaluation import Evaluator
from solver.insertion import Insertion, Orders, orders_of, tours_of
from solver.model import Plan, Problem, Report, Step, StopKind, TimeWindow, Violation
from solver.model import Progress as Better
from solver.residual import FETCH, Residual, remaining


class Action(StrEnum):
    """What can be done about the rest of a day."""

    LEAVE = "leave"
    INSERT = "insert"
    REOPTIMISE = "re_optimise"


class ReasonCode(StrEnum):
    """Why; the texts are in the message catalogue."""

    NOTHING_NEW = "nothing_new"
    NEW_ORDERS = "new_orders"
    MANY_NEW_ORDERS = "many_new_orders"
    VEHICLE_DOWN = "vehicle_down"
    COURIER_AWAY = "courier_away"
    COURIER_LATE = "courier_late"
    ROAD_CLOSED = "road_closed"
    RULES_BROKEN = "rules_broken"
    CANCELLED = "cancelled"
    ASKED = "asked"


@dataclass(frozen=True, slots=True, kw_only=True)
class Reason:
    """One reason, and how many or whom it concerns."""

    code: ReasonCode
    count: int = 0
    names: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Policy:
    """
    How readily a running plan is changed.

    Parameters
    ----------
    price
        Thousandths of a đồng that a changed stop must be worth.
    limit
        Most stops that may change, new orders and those of couriers who are gone not counted.
    insert_at_most
        Up to so many new orders are inserted; more are worth a search.
    late_seconds
        Sum of seconds and counts by which rules are broken that is borne without a search.
    hand_over_seconds
        Time to take over what a broken vehicle carries.
    """

    price: int = 5_000_000
    limit: int | None = 30
    insert_at_most: int = 5
    late_seconds: int = 0
    hand_over_seconds: int = 300


@dataclass(frozen=True, slots=True, kw_only=True)
class Situation:
    """
    A running day at one moment.

    Parameters
    ----------
    rest
        What is left, with the present order of visits.
    plan, report
        The present order from now on, and the judge's verdict on it.
    published
        The plan that was in force.
    fresh
        Orders that came in the course of the day and are in no route.
    homeless
        By order, who had it and is gone.
    legs_closed
        How many legs between places are closed.
    """

    standing: Standing
    progress: Progress
    rest: Residual
    plan: Plan
    report: Report
    published: Plan
    fresh: tuple[str, ...]
    homeless: Mapping[str, str]
    findings: tuple[EventFinding, ...]
    legs_closed: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Decision:
    """What to do, and why."""

    action: Action
    reasons: tuple[Reason, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    A re-planned day.

    Parameters
    ----------
    plan, report
        The rest of the day by the new plan, and the judge's verdict on it.
    changes
        Every stop that changes.
    counted
        How many of them count against the limit.
    numbers
        What is written on the parcels, by courier and stop.
    violations
        What the new plan breaks: by the judge, plus what was broken beyond mending before.
    """

    situation: Situation
    decision: Decision
    plan: Plan
    report: Report
    changes: tuple[Change, ...]
    counted: int
    numbers: Mapping[str, Mapping[Step, str]]

    @property
    def violations(self) -> tuple[Violation, ...]:
        """All that is broken in the day from here on."""
        rest = self.situation.rest
        return (*self.report.violations, *rest.split_shipments(self.plan), *rest.overrun)


def situation(
    problem: Problem,
    plan: Plan,
    state: DayState,
    *,
    now: int,
    travel: TravelProvider,
    settings: Settings,
    policy: Policy = Policy(),
) -> Situation:
    """
    Say where a running day stands at `now`.

    Raises
    ------
    GeoError
        The travel service failed at a new address.
    """
    known = standing(state)
    ready: Prepared = prepared(
        problem, known, now=now, travel=travel, settings=settings, on=state.day
    )
    made = progress(ready.problem, plan, known, now=now, rows=ready.rows)
    shifted = _not_before(ready.problem, made.not_before)
    rest = remaining(
        shifted,
        plan,
        now=now,
        past=made.past,
        away=made.away,
        closed=made.closed,
        hand_over_seconds=policy.hand_over_seconds,
    )
    own = {vehicle.id for vehicle in rest.problem.vehicles}
    left = {job.id for job in rest.problem.jobs} | {s.id for s in rest.problem.shipments}
    had = {
        stop.id: route.vehicle
        for route in plan.routes
        if route.vehicle not in own
        for stop in visits(route)
    }
    planned = {step.id for tour in rest.tours for step in tour.steps}
    present = rest.plan()
    return Situation(
        standing=known,
        progress=made,
        rest=rest,
        plan=present,
        report=check(rest.problem, present),
        published=plan,
        fresh=tuple(name for name in known.added if name in left and name not in planned),
        homeless={name: had[name] for name in had if name in left and name not in planned},
        findings=(*known.findings, *ready.findings),
        legs_closed=ready.legs_closed,
    )


def _not_before(problem: Problem, moments: Mapping[str, int]) -> Problem:
    if not moments:
        return problem
    vehicles = []
    for vehicle in problem.vehicles:
        at = min(moments.get(vehicle.id, 0), vehicle.shift.end)
        shift = TimeWindow(start=max(vehicle.shift.start, at), end=vehicle.shift.end)
        vehicles.append(replace(vehicle, shift=shift))
    return replace(problem, vehicles=tuple(vehicles))


# ---- deciding -----------------------------------------------------------------------------------


def decide(now: Situation, policy: Policy = Policy()) -> Decision:
    """Say whether to leave the plan, to insert new orders, or to plan the rest anew, and why."""
    search: list[Reason] = []
    told: list[Reason] = []
    broken = {name for name, one in now.progress.past.items() if one.broken is not None}
    down = sorted(name for name in broken if now.standing.of(name).down is not None)
    away = sorted((broken - set(down)) | now.progress.away)
    lost = set(now.homeless.values())
    for code, names in ((ReasonCode.VEHICLE_DOWN, down), (ReasonCode.COURIER_AWAY, away)):
        if names:
            concerned = lost & set(names) or any(
                each.id.startswith(FETCH) for each in now.rest.problem.shipments
            )
            (search if concerned else told).append(Reason(code=code, names=tuple(names)))
    amount = sum(v.amount for v in _mendable(now))
    if amount > policy.late_seconds:
        search.append(Reason(code=ReasonCode.RULES_BROKEN, count=amount))
    if now.legs_closed and now.plan.routes:
        search.append(Reason(code=ReasonCode.ROAD_CLOSED, count=now.legs_closed))
    if now.progress.not_before:
        told.append(
            Reason(code=ReasonCode.COURIER_LATE, names=tuple(sorted(now.progress.not_before)))
        )
    if len(now.fresh) > policy.insert_at_most:
        search.append(Reason(code=ReasonCode.MANY_NEW_ORDERS, count=len(now.fresh)))
    elif now.fresh:
        told.append(Reason(code=ReasonCode.NEW_ORDERS, count=len(now.fresh), names=now.fresh))
    if now.standing.cancelled:
        told.append(Reason(code=ReasonCode.CANCELLED, names=tuple(sorted(now.standing.cancelled))))
    if search:
        return Decision(action=Action.REOPTIMISE, reasons=(*search, *told))
    if now.fresh:
        return Decision(action=Action.INSERT, reasons=tuple(told))
    return Decision(
        action=Action.LEAVE, reasons=tuple(told) or (Reason(code=ReasonCode.NOTHING_NEW),)
    )


def _mendable(now: Situation) -> list[Violation]:
    """Return what the present order breaks, orders that nobody has yet left out."""
    waiting = {*now.fresh, *now.homeless}
    return [
        violation
        for violation in now.report.violations
        if violation.id not in waiting and not violation.id.startswith(FETCH)
    ]


# ---- answering ----------------------------------------------------------------------------------


def replan(
    now: Situation,
    *,
    policy: Policy = Policy(),
    numbers: Numbers | None = None,
    action: Action | None = None,
    seconds: float | None = 10.0,
    iterations: int | None = None,
    seed: int = 1,
    stop: Callable[[], bool] | None = None,
    begin: Orders | None = None,
    on_progress: Callable[[Better], None] | None = None,
) -> Answer:
    """
    Decide and do it.

    Parameters
    ----------
    numbers
        What is written on the parcels; None takes the present order's places.
    action
        Do this instead of what would be decided.
    seconds, iterations
        Limits of the search, for all its repetitions together.
    begin
        What an earlier search of the same rest had found.
    on_progress
        Told each better plan while it is searched.
    """
    decision = decide(now, policy)
    if action is not None and action is not decision.action:
        decision = Decision(action=action, reasons=(Reason(code=ReasonCode.ASKED),))
    tours = now.rest.tours
    orders = orders_of(tours)
    if decision.action is not Action.LEAVE:
        orders = insert(now, orders)
    if decision.action is Action.REOPTIMISE:
        orders = search(
            now.rest,
            orders,
            Pricing(price=policy.price, limit=policy.limit),
            touched=_touched(now),
            seconds=seconds,
            iterations=iterations,
            seed=seed,
            stop=stop,
            begin=None if begin is None else insert(now, begin),
            on_progress=on_progress,
        )
    plan, report = rejudged(now.rest.problem, now.plan, now.report, tours_of(orders))
    known = numbers if numbers is not None else first_numbers(now.published)
    labels = numbers_after(known, _named(plan, now))
    judge = Worth(now.rest.problem, orders_of(tours))
    changes = [
        replace(change, worth=judge.worth(orders, _step_here(change.step, now)))
        for change in compare(
            _named(now.plan, now), _named(plan, now), labels, gone=dict(now.homeless)
        )
    ]
    return Answer(
        situation=now,
        decision=decision,
        plan=plan,
        report=report,
        changes=tuple(changes),
        counted=count_changed(visit_steps(orders_of(tours)), visit_steps(orders)),
        numbers=labels,
    )


def _named(plan: Plan, now: Situation) -> Plan:
    """Return the plan with deliveries of what is on board called by their first name."""
    return replace(
        plan,
        routes=tuple(
            replace(
                route,
                stops=tuple(
                    replace(stop, kind=StopKind.DELIVERY) if stop.id in now.rest.picked_up else stop
                    for stop in route.stops
                ),
            )
            for route in plan.routes
        ),
    )


def _step_here(step: Step, now: Situation) -> Step:
    return Step(kind=StopKind.JOB, id=step.id) if step.id in now.rest.picked_up else step


def _touched(now: Situation) -> frozenset[str] | None:
    """Return the orders and couriers that something has happened to; None = everything."""
    if now.legs_closed:
        return None
    names = {*now.fresh, *now.homeless, *now.progress.not_before}
    names |= {violation.vehicle for violation in now.report.violations}
    names |= {each.id for each in now.rest.problem.shipments if each.id.startswith(FETCH)}
    return frozenset(names - {""})


def insert(now: Situation, orders: Orders | None = None) -> Orders:
    """
    Put new orders, and those of couriers who are gone, where they cost least; move nothing else.

    Only the routes that may take them are judged. An order that costs more than leaving it out, or
    that fits nowhere without breaking a rule, stays out.
    """
    problem = now.rest.problem
    orders = dict(orders_of(now.rest.tours) if orders is None else orders)
    planned = {step.id for steps in orders.values() for step in steps}
    wanted = {*planned, *now.fresh, *now.homeless}
    wanted |= {each.id for each in problem.shipments if each.id.startswith(FETCH)}
    narrowed = replace(
        problem,
        jobs=tuple(job for job in problem.jobs if job.id in wanted),
        shipments=tuple(each for each in problem.shipments if each.id in wanted),
    )
    insertion = Insertion(narrowed, Evaluator(narrowed))
    return insertion.fill(orders, Random(0), lambda: False)
