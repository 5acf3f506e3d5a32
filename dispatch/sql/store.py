"""Units of work over a database."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from contextvars import ContextVar
from datetime import datetime
from functools import cached_property
from pathlib import Path

from sqlalchemy import Connection

from dispatch.clock import HANOI
from dispatch.errors import StoreError
from dispatch.sql.database import Database
from dispatch.sql.days import SqlDays, SqlPlaces
from dispatch.sql.journal import SqlAnswers, SqlAudit, SqlEvents
from dispatch.sql.migrate import at_head, upgrade
from dispatch.sql.orders import SqlOrders
from dispatch.sql.people import SqlPeople
from dispatch.sql.phones import SqlPhones
from dispatch.sql.plans import Problems, SqlPlans
from dispatch.sql.rows import Writer
from dispatch.sql.runs import SqlRuns

_NEVER = datetime(1970, 1, 1, tzinfo=HANOI)


class SqlUnit:
    """`repository.UnitOfWork` over one transaction."""

    def __init__(self, writer: Writer, problems: Problems) -> None:
        self._writer = writer
        self._problems = problems

    @property
    def by(self) -> str:
        """Who writes."""
        return self._writer.by

    @property
    def at(self) -> datetime:
        """When."""
        return self._writer.at

    def named(self, by: str) -> SqlUnit:
        """Return the same unit for what somebody else did."""
        return SqlUnit(self._writer.named(by), self._problems)

    @cached_property
    def orders(self) -> SqlOrders:
        """Every order of every day."""
        return SqlOrders(self._writer)

    @cached_property
    def events(self) -> SqlEvents:
        """The journal of each day."""
        return SqlEvents(self._writer)

    @cached_property
    def places(self) -> SqlPlaces:
        """Learned coordinates."""
        return SqlPlaces(self._writer)

    @cached_property
    def days(self) -> SqlDays:
        """The days and the master data."""
        return SqlDays(self._writer)

    @cached_property
    def plans(self) -> SqlPlans:
        """Plan versions."""
        return SqlPlans(self._writer, self._problems)

    @cached_property
    def runs(self) -> SqlRuns:
        """The queue of searches."""
        return SqlRuns(self._writer)

    @cached_property
    def audit(self) -> SqlAudit:
        """Who did what."""
        return SqlAudit(self._writer)

    @cached_property
    def people(self) -> SqlPeople:
        """Accounts, sessions, keys and links."""
        return SqlPeople(self._writer)

    @cached_property
    def phones(self) -> SqlPhones:
        """What couriers' phones bring."""
        return SqlPhones(self._writer)

    @cached_property
    def answers(self) -> SqlAnswers:
        """What requests were answered."""
        return SqlAnswers(self._writer)


class SqlJoined:
    """`repository.Joined` over one transaction, begun by the first unit that writes."""

    def __init__(self, store: SqlStore) -> None:
        self.store = store
        self._stack = ExitStack()
        self.connection: Connection | None = None
        self._kept = False

    @contextmanager
    def writing(self, *, by: str, at: datetime) -> Iterator[SqlUnit]:
        """Open a unit within the transaction; an exception undoes this unit alone."""
        if self.connection is None:
            self.connection = self._stack.enter_context(self.store.database.begin(writes=True))
        with self.store.database.told(), self.connection.begin_nested():
            yield self.store.unit(self.connection, by, at)

    def keep(self) -> None:
        """Store everything."""
        self._kept = True
        self._stack.close()

    def close(self) -> None:
        """Undo everything that was not kept; safe to call again."""
        if self._kept or self.connection is None:
            return
        self._kept = True
        with suppress(_UndoneError), self._stack:
            raise _UndoneError


class _UndoneError(Exception):
    """Ends a transaction without storing it."""


_JOINED: ContextVar[SqlJoined | None] = ContextVar("joined", default=None)


class SqlStore:
    """`repository.Store` over a database; threads may share it."""

    def __init__(self, database: Database) -> None:
        self.database = database
        self._problems = Problems()

    @contextmanager
    def reading(self) -> Iterator[SqlUnit]:
        """Open a unit that sees one moment of the store."""
        joined = self._joined()
        if joined is not None and joined.connection is not None:
            # What the same request wrote is not stored yet, and must be seen.
            with self.database.told():
                yield self.unit(joined.connection, "", _NEVER)
            return
        with self.database.begin(writes=False) as connection:
            yield self.unit(connection, "", _NEVER)

    @contextmanager
    def writing(self, *, by: str, at: datetime) -> Iterator[SqlUnit]:
        """Open a unit that is stored whole or not at all."""
        joined = self._joined()
        if joined is not None:
            with joined.writing(by=by, at=at) as unit:
                yield unit
            return
        with self.database.begin(writes=True) as connection:
            yield self.unit(connection, by, at)

    @contextmanager
    def joined(self) -> Iterator[SqlJoined]:
        """Make all units that are opened in this context one; see `repository.Joined`."""
        one = SqlJoined(self)
        before = _JOINED.set(one)
        try:
            yield one
        finally:
            _JOINED.reset(before)

    @property
    def is_joined(self) -> bool:
        """Whether units that are opened here are part of a larger one."""
        return self._joined() is not None

    def _joined(self) -> SqlJoined | None:
        one = _JOINED.get()
        return one if one is not None and one.store is self else None

    def ready(self) -> None:
        """Raise StoreError unless the store answers and has this release's tables."""
        with self.database.begin(writes=False) as connection:
            if not at_head(connection):
                raise StoreError("outdated", where=self.database.shown)

    def close(self) -> None:
        """Close the connections."""
        self.database.close()

    def unit(self, connection: Connection, by: str, at: datetime) -> SqlUnit:
        """Return a unit over a transaction that is open."""
        return SqlUnit(Writer(connection, by=by, at=at), self._problems)


def open_store(where: str | Path, *, busy_seconds: float = 10.0, migrate: bool = False) -> SqlStore:
    """
    Return the store at an address: a path for SQLite, or postgresql://….

    Parameters
    ----------
    migrate
        Make or renew its tables first.

    Raises
    ------
    StoreError
        The address is none; with `migrate`, also where the store cannot be written.
    """
    database = Database(where, busy_seconds=busy_seconds)
    if migrate:
        upgrade(database)
    return SqlStore(database)
