"""A running day watched: planned against actual; and what a re-planned rest would change."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast

from dispatch.changes import Change, compare
from dispatch.errors import RefusedError
from dispatch.office.desk import day_of
from dispatch.office.plans import published_of, version_of
from dispatch.office.replans import ORDINARY, ReplanDesk, in_force, numbers_of, seconds_of
from dispatch.office.telling import read
from dispatch.records import PlanKind
from dispatch.replan_search import Worth
from dispatch.repository import UnitOfWork
from dispatch.watching import Watched, watched
from solver.insertion import orders_of
from solver.model import Plan, StopKind, Tour

_FRESH_SECONDS = 15
"""So long a look at a day stands while nothing is told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class RestChanges:
    """What a re-planned rest changes, against the order kept: `worth` is the whole of it."""

    changes: tuple[Change, ...]
    cost_kept: int
    cost: int
    violations_kept: int
    violations: int


class LiveDesk(ReplanDesk):
    """Use cases of watching a running day."""

    def live(self, day: date) -> Watched:
        """
        Say how a day goes, as of now.

        Raises
        ------
        UnknownError
            There is no such day.
        RefusedError
            No plan of it is published.
        """
        now = self.now
        with self.store.reading() as uow:
            version = day_of(uow, day).published
            if not version:
                published_of(uow, day)
            last = self._last(uow, day)
        moment = seconds_of(day, now) // _FRESH_SECONDS

        def look() -> Watched:
            found, where = self._situation(day, now, ORDINARY)
            with self.store.reading() as uow:
                plans = self._plans(uow, day, found.head.version, found.plan.result.plan)
                events = [read(row)[0] for row in uow.events.of_day(day)]
            return watched(
                where,
                day=found.plan.day,
                plans=plans,
                problem=found.plan.problem,
                events=[event for event in events if event is not None],
                now=seconds_of(day, now),
            )

        return cast("Watched", self.kept.get(("live", day, version, last, moment), look))

    def rest_changes(self, day: date, version: int) -> RestChanges:
        """
        Return what a version of kind `replan` changes in the rest of the day.

        Raises
        ------
        UnknownError
            There is no such version.
        RefusedError
            It is no re-planned rest, or what it was made from is in force no longer.
        """
        with self.store.reading() as uow:
            made = version_of(uow, day, version)
            in_force_now = day_of(uow, day).published
            run = uow.runs.get(made.head.run) if made.head.run else None
        if made.head.kind is not PlanKind.REPLAN:
            raise RefusedError("not_a_rest", version=version)
        if in_force_now != made.head.parent:
            raise RefusedError("rest_outdated", version=version, parent=made.head.parent)
        at = made.head.at if run is None else run.asked_at
        _, where = self._situation(day, at, ORDINARY)
        plan = made.plan.result.plan
        picked_up = where.rest.picked_up
        judge = Worth(where.rest.problem, orders_of(where.rest.tours))
        orders = orders_of(_tours(plan))
        numbers = numbers_of(made)
        changes = compare(
            _named(where.plan, picked_up),
            _named(plan, picked_up),
            numbers,
            gone=dict(where.homeless),
        )
        return RestChanges(
            changes=tuple(
                replace(
                    one,
                    worth=judge.worth(
                        orders,
                        replace(one.step, kind=StopKind.JOB)
                        if one.step.id in picked_up
                        else one.step,
                    ),
                )
                for one in changes
            ),
            cost_kept=where.report.cost.total,
            cost=made.plan.result.report.cost.total,
            violations_kept=len(where.report.violations),
            violations=len(made.plan.result.report.violations),
        )

    def _last(self, uow: UnitOfWork, day: date) -> int:
        """Return the last entry of a day's journal; what was seen before is not read again."""
        key = ("last", day)
        known = cast("int", self.kept.get(key, lambda: 0))
        rows = uow.events.of_day(day, after=known)
        if not rows:
            return known
        self.kept.put(key, rows[-1].seq)
        return rows[-1].seq

    def _plans(self, uow: UnitOfWork, day: date, version: int, plan: Plan) -> Sequence[Plan]:
        return [
            plan if number == version else version_of(uow, day, number).plan.result.plan
            for number, _ in in_force(uow, day)
        ]


def _tours(plan: Plan) -> tuple[Tour, ...]:
    return tuple(route.tour for route in plan.routes)


def _named(plan: Plan, picked_up: frozenset[str]) -> Plan:
    """Return the plan with deliveries of what is on board called by their first name."""
    return replace(
        plan,
        routes=tuple(
            replace(
                route,
                stops=tuple(
                    replace(stop, kind=StopKind.DELIVERY) if stop.id in picked_up else stop
                    for stop in route.stops
                ),
            )
            for route in plan.routes
        ),
    )
