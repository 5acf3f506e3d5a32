"""Plans: asked for, changed by hand, compared, accepted, published."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from uuid import uuid4

from dispatch.comparing import (
    Comparison,
    compare,
    total_cost,
    total_metres,
    total_violations,
)
from dispatch.errors import ConflictError, RefusedError, UnknownError
from dispatch.model import DayPlan
from dispatch.office.desk import Desk, day_of, open_day
from dispatch.records import (
    DayStatus,
    PlanHead,
    PlanKind,
    PlanVersion,
    Run,
    RunProgress,
    RunState,
    StoredDay,
)
from dispatch.repository import UnitOfWork
from solver.model import Violation

_SHOWN = 5
"""Violations named in a sentence; all are in the plan's report."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wish:
    """How a plan is searched: seconds of wall time, seed, the version to begin with (0 = none)."""

    seconds: float = 30.0
    seed: int = 1
    start: int = 0
    note: str = ""


def violation_key(violation: Violation) -> str:
    """Return the name under which a violation of a plan version is accepted."""
    parts = (violation.code.value, violation.vehicle, violation.id, violation.dimension)
    return ":".join(parts)


def open_violations(plan: DayPlan) -> tuple[Violation, ...]:
    """Return all rules that a plan breaks, those of couriers first, then of trucks."""
    line = plan.linehaul
    trucks = () if line is None else line.result.report.violations
    return (*plan.result.report.violations, *trucks)


def head_of(
    plan: DayPlan, *, uow: UnitOfWork, kind: PlanKind, parent: int, run: str = "", note: str = ""
) -> PlanHead:
    """Return the head of a plan that is to be stored."""
    return PlanHead(
        day=plan.day.date,
        version=0,
        parent=parent,
        kind=kind,
        by=uow.by,
        at=uow.at,
        run=run,
        cost=total_cost(plan),
        metres=total_metres(plan),
        stops=plan.result.report.stops,
        unassigned=len(plan.left_out),
        violations=total_violations(plan),
        note=note,
    )


class PlanDesk(Desk):
    """Use cases around plans."""

    # ---- runs -----------------------------------------------------------------------------------

    def request_plan(self, day: date, *, by: str, wish: Wish = Wish()) -> Run:
        """
        Ask for a plan of a day; a worker takes the run up.

        Raises
        ------
        RefusedError
            The day is closed, or lacks orders, couriers or offices.
        UnknownError
            There is no version to begin with.
        """
        with self._writing(by) as uow:
            open_day(uow, day)
            self._require_enough(uow, day)
            if wish.start and uow.plans.head(day, wish.start) is None:
                raise UnknownError("unknown", what="plan", id=f"{day.isoformat()}/{wish.start}")
            run = uow.runs.add(
                Run(
                    id=uuid4().hex,
                    day=day,
                    state=RunState.QUEUED,
                    seconds=wish.seconds,
                    seed=wish.seed,
                    start=wish.start,
                    note=wish.note,
                    by=by,
                    asked_at=uow.at,
                )
            )
            uow.audit.add(
                "run.asked",
                subject="run",
                key=run.id,
                day=day.isoformat(),
                seconds=wish.seconds,
                start=wish.start,
            )
        return run

    def run(self, key: str) -> Run:
        """Return a run; UnknownError where there is none."""
        with self.store.reading() as uow:
            found = uow.runs.get(key)
        if found is None:
            raise UnknownError("unknown", what="run", id=key)
        return found

    def runs(self, day: date) -> Sequence[Run]:
        """Return a day's runs, the first one first."""
        with self.store.reading() as uow:
            return uow.runs.of_day(day)

    def run_progress(self, key: str, *, after: int = 0) -> tuple[Run, Sequence[RunProgress]]:
        """Return a run and what it has found after an entry; from one moment of the store."""
        with self.store.reading() as uow:
            found = uow.runs.get(key)
            if found is None:
                raise UnknownError("unknown", what="run", id=key)
            return found, uow.runs.progress(key, after=after)

    def stop_run(self, key: str, *, by: str) -> Run:
        """
        Ask a run to end with its best plan; one that nobody has taken up is cancelled.

        Raises
        ------
        UnknownError
            There is no such run.
        RefusedError
            It is over.
        """
        with self._writing(by) as uow:
            before = uow.runs.get(key)
            if before is None:
                raise UnknownError("unknown", what="run", id=key)
            if before.state.over:
                raise RefusedError("run_over", id=key)
            after = uow.runs.ask_stop(key)
            assert after is not None
            uow.audit.add("run.stopped", subject="run", key=key)
        return after

    # ---- versions -------------------------------------------------------------------------------

    def plans(self, day: date) -> Sequence[PlanHead]:
        """Return all versions of a day's plan, the first one first, without routes."""
        with self.store.reading() as uow:
            return uow.plans.heads(day)

    def plan(self, day: date, version: int) -> PlanVersion:
        """Return a version with its plan; UnknownError where there is none."""
        with self.store.reading() as uow:
            return version_of(uow, day, version)

    def published_version(self, day: date) -> int:
        """Return the number of the plan that a day runs by, 0 where none is published."""
        with self.store.reading() as uow:
            return day_of(uow, day).published

    def published(self, day: date) -> PlanVersion:
        """
        Return the plan that a day runs by.

        Raises
        ------
        UnknownError
            There is no such day.
        RefusedError
            No plan of it is published.
        """
        with self.store.reading() as uow:
            return published_of(uow, day)

    def compare(self, day: date, first: int, second: int) -> Comparison:
        """Return what the second version changes; UnknownError where one is not there."""
        with self.store.reading() as uow:
            one, two = version_of(uow, day, first), version_of(uow, day, second)
        return compare(one.plan, two.plan)

    def accept(self, day: date, version: int, *, by: str, read: int | None = None) -> StoredDay:
        """
        Say that a version is the one to go on with.

        Parameters
        ----------
        read
            The version of the day (`stamp.version`) that was looked at; None does not ask.
        """
        with self._writing(by) as uow:
            before = open_day(uow, day)
            _require_day_version(before, read)
            if uow.plans.head(day, version) is None:
                raise UnknownError("unknown", what="plan", id=plan_id(day, version))
            after = uow.days.put(replace(before, accepted=version))
            uow.audit.add("plan.accepted", subject="plan", key=plan_id(day, version))
        return after

    def publish(
        self,
        day: date,
        version: int,
        *,
        by: str,
        accepted: Mapping[str, str] = {},
        replacing: int = 0,
    ) -> StoredDay:
        """
        Make a version the one that couriers drive.

        Parameters
        ----------
        accepted
            For each rule that the version breaks (`violation_key`), who answers for it.
        replacing
            The version that was published when the person looked; 0 = none.

        Raises
        ------
        UnknownError
            There is no such version.
        ConflictError
            This version is published already, or another one was meanwhile.
        RefusedError
            The day is closed, or a broken rule has nobody who answers for it.
        """
        with self._writing(by) as uow:
            before = open_day(uow, day)
            found = version_of(uow, day, version)
            if before.published == version:
                raise _published_already(uow, day, version)
            if before.published != replacing:
                raise ConflictError(
                    "published_meanwhile",
                    day=f"{day:%d/%m/%Y}",
                    published=before.published,
                    replacing=replacing,
                )
            broken = open_violations(found.plan)
            nameless = [one for one in broken if not accepted.get(violation_key(one), "").strip()]
            if nameless:
                shown = "; ".join(str(one) for one in nameless[:_SHOWN])
                raise RefusedError(
                    "violations_open",
                    version=version,
                    count=len(nameless),
                    shown=shown + (" …" if len(nameless) > _SHOWN else ""),
                )
            after = uow.days.put(
                replace(before, status=DayStatus.PUBLISHED, published=version, accepted=version)
            )
            for one in broken:
                key = violation_key(one)
                uow.audit.add(
                    "violation.accepted",
                    subject="plan",
                    key=plan_id(day, version),
                    violation=key,
                    amount=one.amount,
                    person=accepted[key].strip(),
                )
            uow.audit.add(
                "plan.published",
                subject="plan",
                key=plan_id(day, version),
                replacing=replacing,
                violations=len(broken),
            )
        self.on_publish()
        return after

    def _require_enough(self, uow: UnitOfWork, day: date) -> None:
        stored = day_of(uow, day)
        here = [
            one
            for one in uow.days.couriers()
            if one.active and not one.truck and one.courier.id not in stored.absent
        ]
        missing = [
            name
            for name, there in (
                ("orders", uow.orders.of_day(day)),
                ("couriers", here),
                ("offices", uow.days.offices()),
            )
            if not there
        ]
        if missing:
            raise RefusedError("nothing_to_plan", day=f"{day:%d/%m/%Y}", missing=missing)


def plan_id(day: date, version: int) -> str:
    """Return how a version is called in the audit trail."""
    return f"{day.isoformat()}/{version}"


def version_of(uow: UnitOfWork, day: date, version: int) -> PlanVersion:
    """Return a version with its plan; UnknownError where there is none."""
    found = uow.plans.get(day, version)
    if found is None:
        raise UnknownError("unknown", what="plan", id=plan_id(day, version))
    return found


def published_of(uow: UnitOfWork, day: date) -> PlanVersion:
    """Return the plan that a day runs by; RefusedError where none is published."""
    stored = day_of(uow, day)
    if not stored.published:
        raise RefusedError("day_not_published", day=f"{day:%d/%m/%Y}")
    return version_of(uow, day, stored.published)


def _published_already(uow: UnitOfWork, day: date, version: int) -> ConflictError:
    entries = uow.audit.page(subject="plan", key=plan_id(day, version))
    entry = next(one for one in entries if one.action == "plan.published")
    return ConflictError(
        "already_published",
        version=version,
        day=f"{day:%d/%m/%Y}",
        by=entry.by,
        at=f"{entry.at:%H:%M:%S %d/%m/%Y}",
    )


def _require_day_version(stored: StoredDay, read: int | None) -> None:
    if read is not None and read != stored.stamp.version:
        raise ConflictError(
            "changed",
            what="day",
            id=stored.date.isoformat(),
            by=stored.stamp.by,
            at=f"{stored.stamp.at:%H:%M:%S %d/%m/%Y}",
            read=read,
            found=stored.stamp.version,
        )
