"""The queue of searches: claimed by one statement, written only by who holds the lease."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta
from typing import Any

from sqlalchemy import ColumnElement, and_, func, or_, select, update

from dispatch.records import Run, RunProgress, RunState
from dispatch.sql.rows import Writer, from_row, to_row
from dispatch.sql.tables import run_progress, runs

_LIVE = (RunState.QUEUED.value, RunState.RUNNING.value)


class SqlRuns:
    """`repository.Runs` in SQL."""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection
        self._writer = writer

    def add(self, run: Run) -> Run:
        """Put a run into the queue."""
        self._connection.execute(runs.insert().values(**to_row(run)))
        return run

    def get(self, key: str) -> Run | None:
        """Return a run."""
        row = self._connection.execute(select(runs).where(runs.c.id == key)).mappings()
        found = row.one_or_none()
        return None if found is None else from_row(Run, found)

    def of_day(self, day: date) -> Sequence[Run]:
        """Return a day's runs, the first one first."""
        wanted = select(runs).where(runs.c.day == day).order_by(runs.c.asked_at, runs.c.id)
        return [from_row(Run, row) for row in self._connection.execute(wanted).mappings()]

    def waits(self, at: datetime) -> bool:
        """Tell whether there is a run to claim."""
        wanted = select(runs.c.id).where(_free(at)).limit(1)
        return self._connection.execute(wanted).first() is not None

    def claim(self, *, worker: str, lease_seconds: float) -> Run | None:
        """Take the oldest run that waits or whose worker is silent."""
        waiting = (
            select(runs.c.id)
            .where(_free(self._writer.at))
            .order_by(runs.c.asked_at, runs.c.id)
            .limit(1)
            .with_for_update(skip_locked=True)
        )
        row = self._connection.execute(
            update(runs)
            .where(runs.c.id == waiting.scalar_subquery())
            .values(
                state=RunState.RUNNING.value,
                worker=worker,
                token=runs.c.token + 1,
                attempts=runs.c.attempts + 1,
                lease_until=self._until(lease_seconds),
            )
            .returning(*runs.c)
        ).mappings()
        found = row.one_or_none()
        return None if found is None else from_row(Run, found)

    def beat(self, key: str, *, token: int, lease_seconds: float, spent: float) -> Run | None:
        """Prolong the lease and return the run; None for a worker that has lost it."""
        row = self._connection.execute(
            update(runs)
            .where(*_held(key, token))
            .values(lease_until=self._until(lease_seconds), spent=spent)
            .returning(*runs.c)
        ).mappings()
        found = row.one_or_none()
        return None if found is None else from_row(Run, found)

    def better(
        self, key: str, *, token: int, tours: Mapping[str, Any], progress: RunProgress
    ) -> bool:
        """Keep the best plan so far and its figures; False for a worker that has lost it."""
        done = self._connection.execute(
            update(runs)
            .where(*_held(key, token))
            .values(best=dict(tours), best_cost=progress.cost, best_at=progress.at)
        )
        if done.rowcount != 1:
            return False
        last = select(func.coalesce(func.max(run_progress.c.seq), 0)).where(
            run_progress.c.run == key
        )
        seq = self._connection.execute(last).scalar_one() + 1
        row = to_row(replace(progress, run=key, seq=seq))
        self._connection.execute(run_progress.insert().values(**row))
        return True

    def release(self, key: str, *, token: int) -> bool:
        """Give a run back to the queue, its best plan kept; False for who has lost it."""
        done = self._connection.execute(
            update(runs)
            .where(*_held(key, token))
            .values(state=RunState.QUEUED.value, lease_until=None)
        )
        return done.rowcount == 1

    def best(self, key: str) -> Mapping[str, Any] | None:
        """Return the tours of the best plan so far."""
        found: Mapping[str, Any] | None = self._connection.execute(
            select(runs.c.best).where(runs.c.id == key)
        ).scalar_one_or_none()
        return found

    def end(self, run: Run, *, token: int) -> bool:
        """Store the end of a run; False for a worker that has lost it."""
        done = self._connection.execute(
            update(runs)
            .where(*_held(run.id, token))
            .values(
                state=run.state.value,
                result=run.result,
                error=run.error,
                spent=run.spent,
                ended_at=self._writer.at,
                lease_until=None,
                # The plan is a version of its own now.
                best=None,
            )
        )
        return done.rowcount == 1

    def ask_stop(self, key: str) -> Run | None:
        """Ask a run to end with the best plan that it has; one that waits is cancelled."""
        self._connection.execute(
            update(runs)
            .where(runs.c.id == key, runs.c.state == RunState.QUEUED.value)
            .values(state=RunState.CANCELLED.value, stop_asked=True, ended_at=self._writer.at)
        )
        self._connection.execute(
            update(runs).where(runs.c.id == key, runs.c.state.in_(_LIVE)).values(stop_asked=True)
        )
        return self.get(key)

    def progress(self, key: str, *, after: int = 0) -> Sequence[RunProgress]:
        """Return the better and better plans that a run found."""
        wanted = select(run_progress).where(run_progress.c.run == key, run_progress.c.seq > after)
        rows = self._connection.execute(wanted.order_by(run_progress.c.seq))
        return [from_row(RunProgress, row) for row in rows.mappings()]

    def _until(self, seconds: float) -> Any:
        return self._writer.at + timedelta(seconds=seconds)


def _free(at: datetime) -> ColumnElement[bool]:
    silent = and_(runs.c.state == RunState.RUNNING.value, runs.c.lease_until < at)
    return or_(runs.c.state == RunState.QUEUED.value, silent)


def _held(key: str, token: int) -> tuple[Any, ...]:
    return (runs.c.id == key, runs.c.token == token, runs.c.state == RunState.RUNNING.value)
