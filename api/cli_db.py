"""The commands `db upgrade`, `db backup`, `db restore`, `db retain`, and `work`."""

from __future__ import annotations

import signal
import threading
from collections.abc import Callable
from datetime import date
from functools import lru_cache
from pathlib import Path

from api.cli_errors import ExitCode
from api.cli_screen import Screen
from dispatch.bootstrap import Providers, TravelChoice, phu_tho_providers
from dispatch.clock import SystemClock
from dispatch.office import Dispatch
from dispatch.runs import RunManager, Setup
from dispatch.sql import Database, backup, open_store, restore, upgrade

_BY = "buuta db"


def db_upgrade(where: str, *, screen: Screen) -> ExitCode:
    """Make or renew the store's tables."""
    database = Database(where)
    changed = upgrade(database)
    screen.show(screen.say("db.upgraded" if changed else "db.current", where=database.shown))
    screen.json({"store": database.shown, "changed": changed})
    return ExitCode.DONE


def db_backup(where: str, file: Path, *, screen: Screen) -> ExitCode:
    """Write the whole store to a new file."""
    size = backup(Database(where), file)
    screen.show(screen.say("db.backed_up", file=file, megabytes=f"{size / 1e6:.1f}"))
    screen.json({"file": str(file), "bytes": size})
    return ExitCode.DONE


def db_restore(where: str, file: Path, *, replace: bool, screen: Screen) -> ExitCode:
    """Put a backup in the store's place."""
    database = Database(where)
    kept = restore(database, file, now=SystemClock().now(), replace=replace)
    screen.show(screen.say("db.restored", where=database.shown, file=file))
    if kept is not None:
        screen.show(screen.say("db.kept", file=kept))
    screen.json({"store": database.shown, "kept": None if kept is None else str(kept)})
    return ExitCode.DONE


def db_retain(where: str, *, days: int, screen: Screen) -> ExitCode:
    """Blank names and phones of what was finished long ago."""
    store = open_store(where)
    try:
        store.ready()
        desk = Dispatch(store=store, clock=SystemClock(), means=means_of(TravelChoice()))
        done = desk.retain(days=days, by=_BY)
    finally:
        store.close()
    before = f"{done.before:%d/%m/%Y}"
    screen.show(screen.say("db.retained", before=before, orders=done.orders, events=done.events))
    screen.json({"before": done.before.isoformat(), "orders": done.orders, "events": done.events})
    return ExitCode.DONE


def work(where: str, *, workers: int, travel: TravelChoice, screen: Screen) -> ExitCode:
    """Take up runs that are asked for, until Ctrl-C."""
    store = open_store(where)
    ended = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: ended.set())
    try:
        store.ready()
        desk = Dispatch(store=store, clock=SystemClock(), means=means_of(travel))
        manager = RunManager(desk, setup=Setup(address=where, travel=travel), workers=workers)
        manager.start()
        screen.note(screen.say("work.waiting", where=store.database.shown, workers=workers))
        ended.wait()
        manager.close()
    finally:
        store.close()
    return ExitCode.DONE


def means_of(choice: TravelChoice) -> Callable[[date], Providers]:
    """Return the providers by day, the last two kept: a gazetteer takes a second to read."""

    @lru_cache(maxsize=2)
    def made(on: date) -> Providers:
        return phu_tho_providers(on, choice=choice)

    return made
