"""The rest of a running day planned anew, from what has happened until now."""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from uuid import uuid4

from dispatch import explaining, replanning
from dispatch.changes import first_numbers
from dispatch.clock import HANOI
from dispatch.day_state import DayState, apply_all, begin, publish
from dispatch.events import OrderAdded
from dispatch.model import DayPlan, LeftOut, LeftOutReason, Order
from dispatch.office.desk import Desk, open_day
from dispatch.office.plans import head_of, plan_id, published_of, version_of
from dispatch.office.telling import read
from dispatch.records import PlanKind, PlanVersion, Run, RunKind, RunState
from dispatch.replanning import Action, Answer, Decision, Policy
from dispatch.repository import UnitOfWork
from dispatch.service import fitting
from solver.insertion import orders_of
from solver.model import Progress, Result, Step, StopKind, Tour

ORDINARY = Policy()


@dataclass(frozen=True, slots=True, kw_only=True)
class Replanned:
    """
    What was decided about the rest of a day.

    Parameters
    ----------
    answer
        Every change with what it is worth; None where a run is to search it.
    version
        The new draft, to be looked at and published; None where nothing changes, or a run searches.
    run
        The search that was asked for.
    trucks
        Whether trucks drive on this day; they keep to what was published.
    """

    decision: Decision
    answer: Answer | None = None
    version: PlanVersion | None = None
    run: Run | None = None
    trucks: bool = False


class ReplanDesk(Desk):
    """Use cases of changing a running day."""

    def replan(
        self,
        day: date,
        *,
        by: str,
        policy: Policy = ORDINARY,
        action: Action | None = None,
        seconds: float = 10.0,
        note: str = "",
    ) -> Replanned:
        """
        Say what the day's events ask for, and do it: leave, insert at once, or ask for a search.

        Raises
        ------
        UnknownError
            There is no such day.
        RefusedError
            It is closed, or no plan of it is published.
        GeoError
            The travel service failed at a new address.
        """
        now = self.now
        found, where = self._situation(day, now, policy)
        decision = replanning.decide(where, policy)
        if action is not None and action is not decision.action:
            decision = replace(decision, action=action)
        if decision.action is Action.REOPTIMISE:
            run = self._ask(day, found, by=by, seconds=seconds, note=note)
            return Replanned(decision=decision, run=run, trucks=bool(found.plan.day.trucks))
        answer = replanning.replan(
            where, policy=policy, numbers=numbers_of(found), action=action, seconds=0.0
        )
        if decision.action is Action.LEAVE:
            return Replanned(
                decision=answer.decision, answer=answer, trucks=bool(found.plan.day.trucks)
            )
        why = self.why_left(found, answer)
        with self._writing(by) as uow:
            open_day(uow, day)
            version = self.keep_rest(uow, found, answer, note=note, why=why)
        return Replanned(
            decision=answer.decision,
            answer=answer,
            version=version,
            trucks=bool(found.plan.day.trucks),
        )

    def search_rest(
        self,
        run: Run,
        *,
        seconds: float,
        stop: Callable[[], bool],
        policy: Policy = ORDINARY,
        begin: Sequence[Tour] | None = None,
        on_progress: Callable[[Progress], None] | None = None,
    ) -> tuple[PlanVersion, Answer]:
        """
        Return what a run's search makes of the rest of the day, and the plan it began from.

        Parameters
        ----------
        begin
            The best that an earlier worker of the run had found.
        on_progress
            Told each better plan of the rest with its tours.
        """
        began = time.monotonic()
        found, where = self._situation(run.day, run.asked_at, policy)
        left = max(seconds - (time.monotonic() - began), 0.5)
        answer = replanning.replan(
            where,
            policy=policy,
            numbers=numbers_of(found),
            action=Action.REOPTIMISE,
            seconds=left,
            seed=run.seed,
            stop=stop,
            begin=None if begin is None else orders_of(fitting(where.rest.problem, begin)),
            on_progress=on_progress,
        )
        return found, answer

    def _situation(
        self, day: date, now: datetime, policy: Policy
    ) -> tuple[PlanVersion, replanning.Situation]:
        with self.store.reading() as uow:
            found = published_of(uow, day)
            state = _state(uow, day, found, now)
        where = replanning.situation(
            found.plan.problem,
            found.plan.result.plan,
            state,
            now=seconds_of(day, now),
            travel=self.means(day).travel,
            settings=self.settings(day),
            policy=policy,
        )
        return found, where

    def _ask(self, day: date, found: PlanVersion, *, by: str, seconds: float, note: str) -> Run:
        with self._writing(by) as uow:
            open_day(uow, day)
            run = uow.runs.add(
                Run(
                    id=uuid4().hex,
                    day=day,
                    kind=RunKind.REPLAN,
                    state=RunState.QUEUED,
                    seconds=seconds,
                    seed=1,
                    start=found.head.version,
                    note=note,
                    by=by,
                    asked_at=uow.at,
                )
            )
            uow.audit.add(
                "run.asked", subject="run", key=run.id, day=day.isoformat(), start=run.start
            )
        return run

    def why_left(self, found: PlanVersion, answer: Answer) -> tuple[LeftOut, ...]:
        """Return why the rest leaves orders out, as the solver proves it; takes a moment."""
        if not answer.plan.unassigned:
            return ()
        with self.store.reading() as uow:
            orders = {one.order.id: one.order for one in uow.orders.of_day(found.head.day)}
        known = {**orders, **found.plan.located}
        problem = answer.situation.rest.problem
        return explaining.unassigned(problem, answer.plan, found.plan.day, known.values())

    def keep_rest(
        self,
        uow: UnitOfWork,
        found: PlanVersion,
        answer: Answer,
        *,
        note: str,
        run: str = "",
        why: Sequence[LeftOut] = (),
    ) -> PlanVersion:
        """Store a re-planned rest as the day's next version; `why` is what `why_left` says."""
        orders = {one.order.id: one.order for one in uow.orders.of_day(found.head.day)}
        plan = rest_of(found.plan, answer, orders, why)
        version = uow.plans.add(
            PlanVersion(
                head=head_of(
                    plan,
                    uow=uow,
                    kind=PlanKind.REPLAN,
                    parent=found.head.version,
                    run=run,
                    note=note,
                ),
                plan=plan,
                numbers={
                    courier: {f"{step.kind.value}:{step.id}": number for step, number in by.items()}
                    for courier, by in answer.numbers.items()
                },
            )
        )
        uow.audit.add(
            "plan.replanned",
            subject="plan",
            key=plan_id(found.head.day, version.head.version),
            parent=found.head.version,
            decision=answer.decision.action.value,
            changes=len(answer.changes),
        )
        return version


def rest_of(
    plan: DayPlan, answer: Answer, orders: Mapping[str, Order], why: Sequence[LeftOut] = ()
) -> DayPlan:
    """Return a re-planned rest as a day plan: the courier's list from now on; trucks have gone."""
    problem = answer.situation.rest.problem
    inside = {job.id for job in problem.jobs} | {one.id for one in problem.shipments}
    known = {**{one.id: one for one in plan.day.orders}, **orders, **plan.located}
    fresh = [one for one in orders.values() if one.id not in {o.id for o in plan.day.orders}]
    explained = {one.order: one for one in why}
    open_here = set(answer.plan.unassigned) - explained.keys()
    kept = tuple(one for one in plan.left_out if one.order not in inside)
    return replace(
        plan,
        day=replace(plan.day, orders=(*plan.day.orders, *fresh)),
        located={name: known[name] for name in sorted(inside) if name in known},
        problem=problem,
        result=Result(
            plan=answer.plan,
            report=answer.report,
            engine="replan",
            seed=0,
            iterations=0,
            seconds=0.0,
        ),
        left_out=(
            *kept,
            *(one for one in why if one.order in answer.plan.unassigned),
            *(LeftOut(order=one, reason=LeftOutReason.NO_ROOM) for one in sorted(open_here)),
        ),
        linehaul=None,
    )


def _state(uow: UnitOfWork, day: date, found: PlanVersion, now: datetime) -> DayState:
    """Return all that is known of a day: its published plans in order, and its events until now."""
    forced = in_force(uow, day)
    state: DayState | None = None
    for version, since in forced:
        one = found if version == found.head.version else version_of(uow, day, version)
        plan = one.plan.result.plan
        if state is None:
            state = begin(day, one.plan.problem, plan)
        else:
            state = publish(state, plan, since=seconds_of(day, since))
    assert state is not None
    problem = found.plan.problem
    planned = {job.id for job in problem.jobs} | {each.id for each in problem.shipments}
    stops = {Step(kind=StopKind.JOB, id=job.id) for job in problem.jobs}
    for each in problem.shipments:
        stops |= {Step(kind=kind, id=each.id) for kind in (StopKind.PICKUP, StopKind.DELIVERY)}
    state = replace(state, stops=state.stops | stops)
    told = [read(row)[0] for row in uow.events.of_day(day)]
    until = seconds_of(day, now)
    # What the plan knows already is not added again, and the future has not happened yet.
    return apply_all(
        state,
        (
            event
            for event in told
            if event is not None
            and event.at <= until
            and not (isinstance(event, OrderAdded) and event.order in planned)
        ),
    )


def in_force(uow: UnitOfWork, day: date) -> list[tuple[int, datetime]]:
    """Return the versions that were published, each with when, in order."""
    found = []
    for head in uow.plans.heads(day):
        entries = uow.audit.page(subject="plan", key=plan_id(day, head.version))
        found += [(head.version, one.at) for one in entries if one.action == "plan.published"]
    return sorted(found, key=lambda one: one[1])


def seconds_of(day: date, moment: datetime) -> int:
    """Return a moment in seconds since a day's midnight, 0 for one before."""
    midnight = datetime.combine(day, clock_time(), HANOI)
    return max((moment - midnight) // timedelta(seconds=1), 0)


def numbers_of(found: PlanVersion) -> Mapping[str, Mapping[Step, str]]:
    """Return what is written on the parcels of a version, by courier and stop."""
    if not found.numbers:
        return first_numbers(found.plan.result.plan)
    return {
        courier: {_step(name): number for name, number in by.items()}
        for courier, by in found.numbers.items()
    }


def _step(name: str) -> Step:
    kind, _, order = name.partition(":")
    return Step(kind=StopKind(kind), id=order)
