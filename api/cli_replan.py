"""The command `replan`: a written day and what happened since, to a new plan of the rest."""

from __future__ import annotations

import json
import re
import time
from dataclasses import dataclass, replace
from datetime import date
from pathlib import Path
from typing import Any

from api.cli_errors import ExitCode, Trouble
from api.cli_files import folder_for, read_text, write_text
from api.cli_screen import Screen
from api.cli_solve import show_violations
from api.cli_stop import stop_on_interrupt
from dispatch import replanning
from dispatch.bootstrap import TravelChoice, phu_tho_providers
from dispatch.changes import first_numbers
from dispatch.day_state import DayState, apply_all, begin
from dispatch.event_files import read_events
from dispatch.events import Event, OrderAdded
from dispatch.messages import Language, clock, dong, money, text
from dispatch.replan_words import (
    COLUMNS,
    FORMAT,
    answer_facts,
    answer_json,
    change_row,
    changes_csv,
    finding_sentence,
    reason_sentence,
    totals,
)
from dispatch.replanning import Action, Answer, Policy
from dispatch.settings import Settings
from dispatch.workdays import vietnam
from solver.formats import read_plan, read_problem, write_plan, write_problem
from solver.model import Plan, Problem, Step, StopKind
from solver.validation import require_valid

_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)(?::([0-5]\d))?")
_SHOWN = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command was asked: prices are whole đồng."""

    folder: Path
    events: Path
    now: str
    out: Path
    seconds: float
    seed: int
    price: int
    limit: int | None
    action: str | None
    travel: TravelChoice


@dataclass(frozen=True, slots=True, kw_only=True)
class _Known:
    """What an earlier re-planning left in the folder."""

    numbers: dict[str, dict[Step, str]]
    stops: frozenset[Step]
    crew: frozenset[str]
    orders: frozenset[str]


def replan(asked: Asked, *, screen: Screen) -> ExitCode:
    """Re-plan a written day and write the new plan and every change to a folder."""
    lang: Language = "en" if screen.lang == "en" else "vi"
    now = _time_of(asked.now, screen)
    problem = read_problem(read_text(asked.folder / "problem.json")).problem
    require_valid(problem)
    plan = read_plan(read_text(asked.folder / "plan.json"))
    read = read_events(read_text(asked.events), file=asked.events.name, lang=lang)
    if read.findings:
        listed = "\n".join(f"  {_where(each, screen)}" for each in read.findings)
        told = screen.say("replan.unreadable", count=len(read.findings))
        raise Trouble(f"{told}\n{listed}")
    known = _known(asked.folder, problem, plan, screen)
    day = _day(read.events, screen)
    out = folder_for(asked.out)
    state = _state(day, problem, plan, known, read.events, now)
    policy = Policy(price=asked.price * 1000, limit=asked.limit)
    providers = phu_tho_providers(day, choice=asked.travel, lang=lang)
    began = time.monotonic()
    with (
        stop_on_interrupt(lambda: screen.note(screen.say("stop.asked"))) as stopped,
        screen.steps() as steps,
    ):
        steps.begin("step.search", asked.seconds)

        def stop() -> bool:
            steps.at(time.monotonic() - began)
            return stopped()

        situation = replanning.situation(
            problem,
            plan,
            state,
            now=now,
            travel=providers.travel,
            settings=Settings(calendar=vietnam(day)),
            policy=policy,
        )
        answer = replanning.replan(
            situation,
            policy=policy,
            numbers=known.numbers,
            action=None if asked.action is None else Action(asked.action),
            seconds=asked.seconds,
            seed=asked.seed,
            stop=stop,
        )
        steps.end()
    write_text(out / "problem.json", write_problem(answer.situation.rest.problem, day.isoformat()))
    write_text(out / "plan.json", write_plan(answer.plan, answer.report))
    write_text(out / "changes.csv", changes_csv(answer, lang))
    write_text(out / "replan.json", answer_json(answer, known=_facts(state, known)))
    _show(answer, out, screen, lang)
    screen.json({**answer_facts(answer), "out": str(out)})
    return ExitCode.RULES_BROKEN if answer.violations else ExitCode.DONE


def _time_of(given: str, screen: Screen) -> int:
    clock_time = _CLOCK.fullmatch(given.strip())
    if clock_time is None:
        raise Trouble(screen.say("replan.no_time", given=given))
    hours, minutes, seconds = (int(part or 0) for part in clock_time.groups())
    return hours * 3600 + minutes * 60 + seconds


def _where(finding: Any, screen: Screen) -> str:
    at = screen.say("finding.row", file=finding.file, row=finding.row) if finding.row else ""
    named = ", ".join(part for part in (at or finding.file, finding.field) if part)
    shown = f" ({finding.value!r})" if finding.value else ""
    return f"{named}: {finding.what}{shown}; {finding.remedy}"


def _day(events: tuple[Event, ...], screen: Screen) -> date:
    """Return the day that most events belong to."""
    days = [event.day for event in events]
    if not days:
        raise Trouble(screen.say("replan.no_events"))
    return max(sorted(set(days)), key=days.count)


def _state(
    day: date,
    problem: Problem,
    plan: Plan,
    known: _Known,
    events: tuple[Event, ...],
    now: int,
) -> DayState:
    state = begin(day, problem, plan)
    state = replace(state, stops=state.stops | known.stops, crew=state.crew | known.crew)
    # What the plan knows already is not added a second time, and the future has not happened yet.
    return apply_all(
        state,
        (
            event
            for event in events
            if event.at <= now
            and not (isinstance(event, OrderAdded) and event.order in known.orders)
        ),
    )


def _known(folder: Path, problem: Problem, plan: Plan, screen: Screen) -> _Known:
    path = folder / "replan.json"
    if not path.exists():
        return _Known(
            numbers=first_numbers(plan), stops=frozenset(), crew=frozenset(), orders=frozenset()
        )
    try:
        held = json.loads(read_text(path))
        assert held["format"] == FORMAT
        return _Known(
            numbers={
                str(courier): {_step(name): str(number) for name, number in given.items()}
                for courier, given in held["numbers"].items()
            },
            stops=frozenset(_step(name) for name in held["stops"]),
            crew=frozenset(str(name) for name in held["crew"]),
            orders=frozenset(_step(name).id for name in held["stops"]),
        )
    except (ValueError, KeyError, TypeError, AttributeError, AssertionError) as error:
        raise Trouble(screen.say("replan.bad_known", file=str(path), error=str(error))) from None


def _step(name: str) -> Step:
    kind, _, order = name.partition(":")
    return Step(kind=StopKind(kind), id=order)


def _facts(state: DayState, known: _Known) -> dict[str, Any]:
    added = {
        Step(kind=kind, id=event.order)
        for event in state.events
        if isinstance(event, OrderAdded)
        for kind in (
            (StopKind.JOB,) if event.to_point is None else (StopKind.PICKUP, StopKind.DELIVERY)
        )
    }
    stops = state.stops | known.stops | added
    return {
        "crew": sorted(state.crew | known.crew),
        "stops": sorted(f"{step.kind.value}:{step.id}" for step in stops),
    }


def _show(answer: Answer, out: Path, screen: Screen, lang: Language) -> None:
    now = answer.situation
    screen.show(
        screen.say(
            "replan.decision",
            time=clock(now.rest.now),
            action=text(f"replan.action.{answer.decision.action.value}", lang),
            reasons="; ".join(reason_sentence(each, lang) for each in answer.decision.reasons),
        ),
        style="bold",
    )
    for finding in now.findings:
        screen.show(f"  {finding_sentence(finding, lang)}")
    if now.progress.presumed:
        names = now.progress.presumed
        shown = ", ".join(names[:8]) + (", …" if len(names) > 8 else "")
        screen.show(screen.say("replan.presumed", count=len(names), names=shown))
    if answer.changes:
        columns = [
            (
                text(f"replan.column.{name}", lang),
                "right" if name in ("place", "new_place", "minutes", "worth") else "left",
            )
            for name in COLUMNS
        ]
        rows = [change_row(each, lang) for each in answer.changes[:_SHOWN]]
        screen.table(screen.say("replan.changes", count=len(answer.changes)), columns, rows)
        if len(answer.changes) > _SHOWN:
            rest = len(answer.changes) - _SHOWN
            screen.show(screen.say("replan.more", count=rest))
    else:
        screen.show(screen.say("replan.unchanged"))
    figures = {name: money(dong(value), lang) for name, value in totals(answer).items()}
    screen.show(screen.say("replan.cost", **figures))
    if answer.violations:
        show_violations(screen, "plan.broken", answer.violations)
    else:
        screen.show(screen.say("plan.clean"), style="green")
    screen.show(screen.say("files.title", folder=str(out)))
    for name in ("problem.json", "plan.json", "changes.csv", "replan.json"):
        screen.show(f"  {name}")
