"""
One database: its address, its connections, and its troubles in words.

SQLite runs in WAL mode, so that readers never wait for the writer; a writer takes the lock when it
begins (BEGIN IMMEDIATE), so that nothing it has read can be overtaken and no deadlock can arise.
Every commit is on the disk before it is acknowledged (synchronous = FULL): an event that a phone
has been told of is not lost with the power. Writers of one process take turns in the order in
which they came: left to SQLite they would sleep and try again, and the unlucky one for seconds.
"""

from __future__ import annotations

import threading
from collections import deque
from collections.abc import Iterator
from contextlib import contextmanager, nullcontext
from pathlib import Path
from typing import Any

from sqlalchemy import Connection, Engine, create_engine, event, make_url
from sqlalchemy.exc import ArgumentError, DBAPIError, NoSuchModuleError

from dispatch.errors import StoreError

_WRITES = "buuta_writes"

_FULL = ("disk is full", "no space left", "disk full", "could not extend file")
_BUSY = ("database is locked", "database table is locked", "lock timeout", "deadlock detected")
_OUTDATED = ("no such table", "no such column", "undefinedtable", "does not exist")
_BROKEN = ("malformed", "not a database", "disk i/o error")


class Turns:
    """A lock that is handed on in the order of asking; any thread may release it."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._held = False
        self._waiting: deque[threading.Event] = deque()

    def acquire(self, seconds: float) -> bool:
        """Wait for one's turn; False where it does not come in time."""
        with self._lock:
            if not self._held:
                self._held = True
                return True
            mine = threading.Event()
            self._waiting.append(mine)
        if mine.wait(seconds):
            return True
        with self._lock:
            if mine.is_set():
                return True
            self._waiting.remove(mine)
        return False

    def release(self) -> None:
        """Hand on to who has waited longest."""
        with self._lock:
            if self._waiting:
                self._waiting.popleft().set()
            else:
                self._held = False


class Database:
    """
    An address and the connections to it; opens nothing before it is used.

    Parameters
    ----------
    where
        A path of an SQLite file, or an address such as postgresql://office@host/buuta.
    busy_seconds
        How long a writer waits for another.

    Raises
    ------
    StoreError
        The address is none, or PostgreSQL's driver is not installed.
    """

    def __init__(self, where: str | Path, *, busy_seconds: float = 10.0, pool: int = 10) -> None:
        text = str(where)
        try:
            url = make_url(text if "://" in text else f"sqlite:///{text}")
        except ArgumentError:
            raise StoreError("address", where=text.partition("@")[2] or text) from None
        if url.drivername in ("postgres", "postgresql"):
            url = url.set(drivername="postgresql+psycopg")
        self.url = url
        self.sqlite = url.get_backend_name() == "sqlite"
        self.busy_seconds = busy_seconds
        self._turns = Turns() if self.sqlite else None
        try:
            self.engine = self._engine(pool)
        except (ImportError, NoSuchModuleError):
            raise StoreError("driver", where=self.shown) from None

    @property
    def shown(self) -> str:
        """The address without its password."""
        return self.url.render_as_string(hide_password=True)

    @property
    def path(self) -> Path | None:
        """The file of an SQLite database."""
        return Path(self.url.database) if self.sqlite and self.url.database else None

    def _engine(self, pool: int) -> Engine:
        if not self.sqlite:
            return create_engine(
                self.url,
                pool_size=pool,
                max_overflow=pool,
                pool_pre_ping=True,
                connect_args={
                    "connect_timeout": 5,
                    "options": f"-c lock_timeout={int(self.busy_seconds * 1000)}",
                },
            )
        engine = create_engine(
            self.url,
            pool_size=pool,
            max_overflow=pool,
            connect_args={"timeout": self.busy_seconds, "check_same_thread": False},
        )
        event.listen(engine, "connect", self._prepare)
        event.listen(engine, "begin", _begin)
        return engine

    def _prepare(self, connection: Any, _: Any) -> None:
        # We say BEGIN ourselves; left alone, the driver would begin at the first write.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (
            "journal_mode = WAL",
            "synchronous = FULL",
            "foreign_keys = ON",
            "temp_store = MEMORY",
            "cache_size = -32000",
        ):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @contextmanager
    def begin(self, *, writes: bool) -> Iterator[Connection]:
        """
        Open a transaction: committed at the end, rolled back after an exception.

        Raises
        ------
        StoreError
            The database is busy, full, damaged, out of reach, or has not this release's tables.
        """
        options: dict[str, Any] = {_WRITES: writes}
        if not self.sqlite and not writes:
            options |= {"isolation_level": "REPEATABLE READ", "postgresql_readonly": True}
        with (
            self.told(),
            self._turn() if writes else nullcontext(),
            self.engine.connect().execution_options(**options) as connection,
            connection.begin(),
        ):
            yield connection

    @contextmanager
    def _turn(self) -> Iterator[None]:
        if self._turns is None:
            yield
            return
        if not self._turns.acquire(self.busy_seconds):
            raise StoreError("busy", where=self.shown, said="")
        try:
            yield
        finally:
            self._turns.release()

    @contextmanager
    def told(self) -> Iterator[None]:
        """Turn the driver's errors into what they mean to the office."""
        try:
            yield
        except DBAPIError as error:
            raise self.trouble(error) from error
        except OSError as error:
            raise StoreError("away", where=self.shown, said=str(error)) from error

    def trouble(self, error: DBAPIError) -> Exception:
        """Return what an error of the driver means to the office."""
        said = " ".join(f"{type(error.orig).__name__} {error.orig}".split())
        low = said.lower()
        for key, signs in (
            ("full", _FULL),
            ("busy", _BUSY),
            ("broken", _BROKEN),
        ):
            if any(sign in low for sign in signs):
                return StoreError(key, where=self.shown, said=said)
        if "connection" in low or "unable to open" in low or "server closed" in low:
            return StoreError("away", where=self.shown, said=said)
        if any(sign in low for sign in _OUTDATED):
            return StoreError("outdated", where=self.shown)
        if "readonly" in low:
            return StoreError("readonly", where=self.shown)
        if error.connection_invalidated or "adminshutdown" in low:
            return StoreError("away", where=self.shown, said=said)
        return error

    def close(self) -> None:
        """Close the connections."""
        self.engine.dispose()


def _begin(connection: Connection) -> None:
    writes = connection.get_execution_options().get(_WRITES, False)
    connection.exec_driver_sql("BEGIN IMMEDIATE" if writes else "BEGIN")
