"""
Plans changed by hand: looked at before letting go, made, taken back, merged with another's.

A day has one draft that its dispatchers work on together (`StoredDay.accepted`; 0 = none yet). A
change that is made on it gives a new version, which is the draft from then on; going back and
forth moves the day to another version. Who changes a version that is the draft no longer is told,
and may merge.
"""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import cast
from uuid import uuid4

from dispatch.around import planned_around
from dispatch.comparing import Comparison, compare
from dispatch.editing import Change, Edit, EditTable, Preview, Reverse
from dispatch.errors import ConflictError, RefusedError
from dispatch.locking import Lock
from dispatch.merging import Merged, merged
from dispatch.model import DayPlan
from dispatch.office.desk import Desk, open_day
from dispatch.office.plans import head_of, plan_id, version_of
from dispatch.placing import Choice, choices
from dispatch.records import PlanKind, PlanVersion, Run, RunKind, RunState, StoredDay
from dispatch.repository import UnitOfWork
from dispatch.service import Search, Watch
from solver.model import Tour


@dataclass(frozen=True, slots=True, kw_only=True)
class Merge:
    """What of one's changes holds on another version, and what was done there meanwhile."""

    merged: Merged
    preview: Preview
    theirs: Comparison


class EditDesk(Desk):
    """Use cases of changing plans by hand."""

    def table(self, day: date, version: int) -> EditTable:
        """Return a version as it is worked on, kept in memory; UnknownError where there is none."""

        def read() -> EditTable:
            with self.store.reading() as uow:
                found = version_of(uow, day, version)
            return EditTable(found.plan, found.locks)

        return cast("EditTable", self.kept.get(("table", day, version), read))

    def preview_edit(self, day: date, version: int, changes: Sequence[Change]) -> Preview:
        """Return what changes would make of a version; nothing is stored. Raises as `edit`."""
        return self.table(day, version).sketch(changes).preview()

    def choices(self, day: date, version: int, order: str) -> tuple[Choice, ...]:
        """Return who could take an order of a version, and what that costs."""
        return choices(self.table(day, version), order)

    def edit(
        self,
        day: date,
        version: int,
        changes: Sequence[Change],
        *,
        by: str,
        note: str = "",
        current: bool = False,
    ) -> PlanVersion:
        """
        Change a version by hand; the outcome is a new one, a draft.

        Parameters
        ----------
        current
            The version is the day's draft, and what comes of it is to be. Without it a version
            is made beside the others.

        Raises
        ------
        UnknownError
            There is no such version, order or courier.
        RefusedError
            The day is closed, or a change cannot be made, as something is locked.
        ConflictError
            Another version is the day's draft by now (`facts["current"]`).
        """
        # Read and computed before the lock is taken: it may take half a second.
        table = self.table(day, version)
        sketch = table.sketch(changes)
        after = sketch.planned()
        with self._writing(by) as uow:
            before = open_day(uow, day)
            if current:
                _require_draft(uow, before, version)
            stored = uow.plans.add(
                PlanVersion(
                    head=head_of(after, uow=uow, kind=PlanKind.EDIT, parent=version, note=note),
                    plan=after,
                    locks=sketch.locks,
                )
            )
            if current:
                uow.days.put(replace(before, accepted=stored.head.version))
            uow.audit.add(
                "plan.edited",
                subject="plan",
                key=plan_id(day, stored.head.version),
                parent=version,
                edits=[_said(change) for change in changes],
            )
        # Whoever made it goes on with it: the rounds that were judged stay judged.
        made = EditTable(after, sketch.locks, evaluator=table.evaluator)
        self.kept.put(("table", day, stored.head.version), made)
        return stored

    def go_to(self, day: date, version: int, *, by: str, instead_of: int) -> StoredDay:
        """
        Make another version the day's draft: one step back, forth again, or what a run found.

        Parameters
        ----------
        instead_of
            The draft that was looked at.

        Raises
        ------
        UnknownError
            There is no such version.
        RefusedError
            The day is closed.
        ConflictError
            Another version is the day's draft by now.
        """
        with self._writing(by) as uow:
            before = open_day(uow, day)
            _require_draft(uow, before, instead_of)
            if uow.plans.head(day, version) is None:
                version_of(uow, day, version)
            after = uow.days.put(replace(before, accepted=version))
            uow.audit.add(
                "plan.accepted", subject="plan", key=plan_id(day, version), instead_of=instead_of
            )
        return after

    def merge(self, day: date, version: int, changes: Sequence[Change], *, onto: int) -> Merge:
        """
        Return what of changes made on one version can be made on another; nothing is stored.

        Raises
        ------
        UnknownError, RefusedError
            There is no such version, or the changes do not fit the one that they were made on.
        """
        mine, theirs = self.table(day, version), self.table(day, onto)
        made = merged(mine, theirs, changes)
        return Merge(
            merged=made, preview=made.sketch.preview(), theirs=compare(mine.plan, theirs.plan)
        )

    def locks(self, day: date, version: int) -> tuple[Lock, ...]:
        """Return what of a version must stay."""
        return self.table(day, version).locks

    def search_around(
        self, day: date, version: int, *, by: str, seconds: float, seed: int = 1, note: str = ""
    ) -> Run:
        """
        Ask for a search of a version around what is locked in it; a worker takes the run up.

        Raises
        ------
        UnknownError
            There is no such version.
        RefusedError
            The day is closed.
        """
        with self._writing(by) as uow:
            open_day(uow, day)
            if uow.plans.head(day, version) is None:
                version_of(uow, day, version)
            run = uow.runs.add(
                Run(
                    id=uuid4().hex,
                    day=day,
                    kind=RunKind.AROUND,
                    state=RunState.QUEUED,
                    seconds=seconds,
                    seed=seed,
                    start=version,
                    note=note,
                    by=by,
                    asked_at=uow.at,
                )
            )
            uow.audit.add(
                "run.asked",
                subject="run",
                key=run.id,
                day=day.isoformat(),
                seconds=seconds,
                start=version,
            )
        return run

    def plan_around(
        self, run: Run, *, search: Search, watch: Watch, start: Sequence[Tour] | None = None
    ) -> DayPlan:
        """Return what a run's search makes of its version around the locks."""
        table = self.table(run.day, run.start)
        return planned_around(
            table.plan,
            table.locks,
            search=search,
            clock=time.monotonic,
            watch=watch,
            start=start,
        )


def _require_draft(uow: UnitOfWork, day: StoredDay, version: int) -> None:
    if day.accepted in (0, version):
        return
    head = uow.plans.head(day.date, day.accepted)
    if head is None:
        raise RefusedError("unknown", what="plan", id=plan_id(day.date, day.accepted))
    raise ConflictError(
        "draft_moved",
        version=version,
        current=day.accepted,
        by=day.stamp.by,
        at=f"{day.stamp.at:%H:%M:%S %d/%m/%Y}",
    )


def _said(change: Change) -> dict[str, object]:
    if isinstance(change, Edit):
        return {
            "order": change.order,
            "to": change.to,
            "position": change.position,
            **({"more": list(change.more)} if change.more else {}),
        }
    if isinstance(change, Reverse):
        return {"reverse": change.courier, "first": change.first, "last": change.last}
    lock = change.lock
    done = "lock" if change.on else "unlock"
    return {done: lock.kind.value, "courier": lock.courier, "order": lock.order}
