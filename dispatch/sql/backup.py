"""
The whole store to a file and back, while the office works.

SQLite copies itself page by page through its online backup; a copy is one moment of the store and
is checked before it gets its name. PostgreSQL has its own programs for it, which must be installed.
"""

from __future__ import annotations

import os
import shutil
import sqlite3
import subprocess
from contextlib import closing
from datetime import datetime
from pathlib import Path

from sqlalchemy import func, inspect, select

from dispatch.errors import RefusedError, StoreError
from dispatch.sql.database import Database
from dispatch.sql.migrate import upgrade
from dispatch.sql.tables import orders


def backup(database: Database, file: Path) -> int:
    """
    Write the store to a new file, and return its size in bytes.

    Raises
    ------
    RefusedError
        The file exists.
    StoreError
        The store cannot be read, the file cannot be written, or PostgreSQL's program is missing.
    """
    if file.exists():
        raise RefusedError("file_exists", file=str(file))
    part = file.with_name(file.name + ".part")
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        part.unlink(missing_ok=True)
        if database.sqlite:
            _copy(_path(database), part)
        else:
            _run(database, "pg_dump", "--format=custom", "--no-owner", f"--file={part}")
        # A backup that is cut short by a power failure never has the name of a whole one.
        with part.open("rb") as written:
            os.fsync(written.fileno())
        part.rename(file)
    except OSError as error:
        raise StoreError("file_away", file=str(file), said=error.strerror or str(error)) from error
    finally:
        part.unlink(missing_ok=True)
    return file.stat().st_size


def restore(database: Database, file: Path, *, now: datetime, replace: bool = False) -> Path | None:
    """
    Put a backup in the store's place, renew its tables, and return where the old content is kept.

    Raises
    ------
    RefusedError
        The store holds orders, and nobody said that they may be replaced.
    StoreError
        The file is no backup, or the store cannot be written; it is then as it was.
    """
    if not file.is_file():
        raise StoreError("file_away", file=str(file), said="no such file")
    if database.sqlite:
        _require_backup(file)
    held = _orders(database)
    if held and not replace:
        raise RefusedError("not_empty", where=database.shown, orders=held)
    kept = None
    if held:
        base = _path(database) if database.sqlite else file
        kept = base.with_name(f"{base.name}.before-restore-{now:%Y%m%d-%H%M%S}")
        backup(database, kept)
    if database.sqlite:
        target = _path(database)
        target.parent.mkdir(parents=True, exist_ok=True)
        # Into the living file, as one transaction: whoever has it open sees the old or the new.
        _copy(file, target, busy_seconds=database.busy_seconds)
    else:
        _run(
            database,
            "pg_restore",
            "--clean",
            "--if-exists",
            "--no-owner",
            "--single-transaction",
            "--exit-on-error",
            str(file),
        )
    upgrade(database)
    return kept


def _path(database: Database) -> Path:
    path = database.path
    assert path is not None
    return path


def _copy(source: Path, target: Path, *, busy_seconds: float = 10.0) -> None:
    if not source.is_file():
        raise StoreError("away", where=str(source), said="no such file")
    try:
        with (
            closing(sqlite3.connect(source, timeout=busy_seconds)) as given,
            closing(sqlite3.connect(target, timeout=busy_seconds)) as taken,
        ):
            given.backup(taken, pages=-1)
            (said,) = taken.execute("PRAGMA integrity_check").fetchone()
    except sqlite3.Error as error:
        low = str(error).lower()
        key = "full" if "full" in low else "busy" if "locked" in low else "broken"
        raise StoreError(key, where=str(target), said=str(error)) from error
    if said != "ok":
        raise StoreError("broken", where=str(source), said=str(said))


def _require_backup(file: Path) -> None:
    try:
        with closing(sqlite3.connect(f"file:{file}?mode=ro", uri=True)) as connection:
            (said,) = connection.execute("PRAGMA integrity_check").fetchone()
            connection.execute("SELECT version_num FROM alembic_version").fetchone()
            connection.execute("SELECT count(*) FROM orders").fetchone()
    except sqlite3.Error as error:
        raise StoreError("no_backup", file=str(file), said=str(error)) from error
    if said != "ok":
        raise StoreError("no_backup", file=str(file), said=str(said))


def _orders(database: Database) -> int:
    """Return how many orders the store holds; 0 where there is no store yet."""
    path = database.path
    if path is not None and not path.exists():
        return 0
    with database.begin(writes=False) as connection:
        if not inspect(connection).has_table("orders"):
            return 0
        return int(connection.execute(select(func.count()).select_from(orders)).scalar_one())


def _run(database: Database, tool: str, *arguments: str) -> None:
    program = shutil.which(tool)
    if program is None:
        raise StoreError("tool", tool=tool)
    url = database.url.set(drivername="postgresql")
    # The password goes by the environment: a command line is for everybody to read.
    environment = dict(os.environ)
    if url.password:
        environment["PGPASSWORD"] = str(url.password)
    plain = url.set(password=None).render_as_string(hide_password=False)
    done = subprocess.run(  # noqa: S603 - the database's own program
        [program, *arguments, f"--dbname={plain}"],
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        said = " ".join(done.stderr.split())[:400]
        raise StoreError("tool_failed", tool=tool, said=said)
