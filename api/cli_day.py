"""`buuta day`: the same use cases as the service's, on the store, without a server."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from api.cli_db import means_of
from api.cli_errors import ExitCode, Trouble
from api.cli_screen import Screen
from dispatch.bootstrap import TravelChoice
from dispatch.clock import SystemClock
from dispatch.office import Dispatch, Wish
from dispatch.office.plans import open_violations, violation_key
from dispatch.records import OrderFilter, RunState
from dispatch.replanning import Action
from dispatch.runs import RunManager, Setup
from dispatch.sql import open_store

_TICK = 0.2

_SAID = {
    Action.LEAVE: "day.action.leave",
    Action.INSERT: "day.action.insert",
    Action.REOPTIMISE: "day.action.re_optimise",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Tables:
    """The files to be imported, None where there is none."""

    orders: Path | None = None
    fleet: Path | None = None
    offices: Path | None = None
    trucks: Path | None = None


def day_of(text: str) -> date:
    """Return a day that was typed."""
    try:
        return date.fromisoformat(text)
    except ValueError:
        raise Trouble(f"{text!r}: 2026-11-24?") from None


@contextmanager
def _desk(where: str, travel: TravelChoice | None = None) -> Iterator[Dispatch]:
    store = open_store(where, migrate=True)
    try:
        yield Dispatch(store=store, clock=SystemClock(), means=means_of(travel or TravelChoice()))
    finally:
        store.close()


def bring_in(where: str, day: date, tables: Tables, *, by: str, screen: Screen) -> ExitCode:
    """Import offices, then who works, then orders; every wrong row is told."""
    given = {
        name: getattr(tables, name)
        for name in ("offices", "fleet", "trucks", "orders")
        if getattr(tables, name) is not None
    }
    if not given:
        raise Trouble(screen.say("day.no_tables"))
    data = {name: _read(path) for name, path in given.items()}
    told: dict[str, Any] = {}
    with _desk(where) as desk:
        for name, path in given.items():
            file = path.name
            if name == "offices":
                report: Any = desk.import_offices(data[name], file=file, by=by)
            elif name == "orders":
                report = desk.import_orders(data[name], file=file, day=day, by=by)
            else:
                report = desk.import_fleet(data[name], file=file, by=by, trucks=name == "trucks")
            findings = report.table.findings if name == "orders" else report.findings.findings
            told[name] = {
                "added": len(report.added),
                "changed": len(report.changed),
                "findings": [str(one) for one in findings],
            }
            screen.show(
                screen.say(
                    "day.imported",
                    file=file,
                    added=len(report.added),
                    changed=len(report.changed),
                    findings=len(findings),
                )
            )
            for one in findings:
                screen.show(f"  {one}")
    screen.json(told)
    return ExitCode.DONE


def _read(path: Path) -> bytes:
    try:
        return path.read_bytes()
    except OSError as error:
        raise Trouble(f"{path}: {error.strerror}") from None


def plan(
    where: str, day: date, *, seconds: float, by: str, travel: TravelChoice, screen: Screen
) -> ExitCode:
    """Ask for a plan and work on it here, as a worker of the service would."""
    with _desk(where, travel) as desk:
        run = desk.request_plan(day, by=by, wish=Wish(seconds=seconds))
        version = _worked(desk, where, run.id, travel, by=by, screen=screen)
        head = desk.plan(day, version).head
        broken = _tell_plan(desk, day, version, screen)
    screen.json({"day": day.isoformat(), "version": version, "cost": head.cost, "broken": broken})
    return ExitCode.RULES_BROKEN if broken else ExitCode.DONE


def _worked(
    desk: Dispatch, where: str, key: str, travel: TravelChoice, *, by: str, screen: Screen
) -> int:
    """Wait for a run with a worker of our own; Ctrl-C stops it and keeps its best plan."""
    manager = RunManager(desk, setup=Setup(address=where, travel=travel))
    stops = 0

    def stop(*_: object) -> None:
        nonlocal stops
        stops += 1
        if stops > 1:
            raise KeyboardInterrupt

    before = signal.signal(signal.SIGINT, stop)
    manager.start()
    try:
        asked = False
        last = None
        while not (run := desk.run(key)).state.over:
            if stops and not asked:
                asked = True
                desk.stop_run(key, by=by)
            if run.best_cost is not None and run.best_cost != last:
                last = run.best_cost
                screen.note(screen.say("day.better", cost=f"{last // 1000:,}"))
            time.sleep(_TICK)
    finally:
        signal.signal(signal.SIGINT, before)
        manager.close()
    if run.state is not RunState.DONE:
        raise Trouble(run.error or run.state.value, ExitCode.NOTHING_PLANNED)
    return run.result


def _tell_plan(desk: Dispatch, day: date, version: int, screen: Screen) -> list[str]:
    found = desk.plan(day, version)
    broken = open_violations(found.plan)
    screen.show(
        screen.say(
            "day.planned",
            version=version,
            couriers=len(found.plan.result.plan.routes),
            cost=f"{found.head.cost // 1000:,}",
            left_out=len(found.plan.left_out),
            broken=len(broken),
        )
    )
    for one in broken:
        screen.show(f"  {one}")
    return [violation_key(one) for one in broken]


def show(where: str, day: date, *, screen: Screen) -> ExitCode:
    """Tell where a day stands."""
    with _desk(where) as desk:
        stored = desk.day(day)
        heads = desk.plans(day)
        with desk.store.reading() as uow:
            counts = uow.orders.count(OrderFilter(day=day))
    screen.show(
        screen.say(
            "day.stands",
            day=f"{day:%d/%m/%Y}",
            status=stored.status.value,
            published=stored.published or "-",
        )
    )
    for head in heads:
        screen.show(f"  {head.version}: {head.kind.value}, {head.cost // 1000:,} đ, {head.by}")
    for state, count in sorted(counts.items()):
        screen.show(f"  {state.value}: {count}")
    screen.json(
        {
            "day": day.isoformat(),
            "status": stored.status.value,
            "published": stored.published,
            "plans": [{"version": one.version, "cost": one.cost} for one in heads],
            "orders": {state.value: count for state, count in counts.items()},
        }
    )
    return ExitCode.DONE


def publish(
    where: str,
    day: date,
    version: int,
    *,
    answers: str,
    replacing: int,
    by: str,
    screen: Screen,
) -> ExitCode:
    """Publish a version; who answers for what it breaks is named once for all of it."""
    with _desk(where) as desk:
        broken = open_violations(desk.plan(day, version).plan)
        accepted = {violation_key(one): answers for one in broken} if answers else {}
        desk.publish(day, version, by=by, accepted=accepted, replacing=replacing)
    screen.show(screen.say("day.published", day=f"{day:%d/%m/%Y}", version=version))
    screen.json({"day": day.isoformat(), "published": version, "accepted": sorted(accepted)})
    return ExitCode.DONE


def replan(where: str, day: date, *, seconds: float, by: str, screen: Screen) -> ExitCode:
    """Do what the day's events ask for."""
    travel = TravelChoice()
    with _desk(where, travel) as desk:
        made = desk.replan(day, by=by, seconds=seconds)
        version = 0 if made.version is None else made.version.head.version
        if made.run is not None:
            version = _worked(desk, where, made.run.id, travel, by=by, screen=screen)
        action: Action = made.decision.action
        screen.show(screen.say(_SAID[action]))
        broken = _tell_plan(desk, day, version, screen) if version else []
    screen.json({"action": action.value, "version": version, "broken": broken})
    return ExitCode.RULES_BROKEN if broken else ExitCode.DONE


def close(
    where: str,
    day: date,
    *,
    next_day: date | None,
    paper: bool,
    by: str,
    screen: Screen,
) -> ExitCode:
    """Close a day and carry its rest over."""
    with _desk(where) as desk:
        done = desk.close_day(day, by=by, next_day=next_day, unreported="done" if paper else "open")
    screen.show(
        screen.say(
            "day.closed",
            day=f"{day:%d/%m/%Y}",
            finished=len(done.finished),
            carried=len(done.carried),
            next=f"{done.next:%d/%m/%Y}",
        )
    )
    screen.json(
        {
            "next": done.next.isoformat(),
            "finished": len(done.finished),
            "carried": len(done.carried),
            "held": len(done.held),
        }
    )
    return ExitCode.DONE
