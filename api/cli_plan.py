"""The command `plan`: three tables in, routes for every courier out."""

from __future__ import annotations

import csv
import io
import json
import time
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from api.cli_errors import ExitCode, Trouble
from api.cli_files import folder_for, read_bytes, read_date, write_text
from api.cli_read_day import Inputs, ReadDay, closed_of, dates_of, read_day, settings_for
from api.cli_screen import Screen, Steps
from api.cli_solve import show_violations
from api.cli_stop import StopFlag, stop_on_interrupt
from api.cli_trucks import show_handed_over, show_trucks
from dispatch import messages
from dispatch.bootstrap import Providers, TravelChoice, phu_tho_providers
from dispatch.day_check import DayReport, check_day
from dispatch.day_files import write_day_file
from dispatch.errors import RowFinding
from dispatch.executors import cores_here
from dispatch.exports import summary_json
from dispatch.importing import (
    summarise,
    write_orders,
    write_rejected,
)
from dispatch.journey import carry_over
from dispatch.kpis import LeftOutRow, left_out_table, office_table
from dispatch.model import DayPlan
from dispatch.outputs import write_outputs
from dispatch.service import Search, Watch, plan_day
from dispatch.settings import Settings
from geo.types import LatLon
from solver.formats import write_plan, write_problem
from solver.model import Progress

_MOST_LINES = 20
"""Rejected rows, or kinds of notes, on screen; all of them are in the files."""

_REJECTED = "rejected.csv"
_NOTES = "notes.csv"
_TOMORROW = "carried_over.csv"
_OF_TRUCKS = ("trucks_problem.json", "trucks_plan.json", "day.json")


def plan_files(
    inputs: Inputs,
    *,
    out: Path,
    seconds: float,
    seed: int,
    engine: str,
    threads: int | None,
    whole: bool,
    travel: TravelChoice,
    screen: Screen,
) -> ExitCode:
    """Plan the day of three tables and write everything to a folder."""
    on = read_date(inputs.date)
    # A wrong folder or address must be told before any work.
    if sum((travel.roads is not None, bool(travel.osrm), bool(travel.valhalla))) > 1:
        raise Trouble("give one of --roads, --osrm and --valhalla, not several")
    providers = phu_tho_providers(on, choice=travel, lang=_lang(screen))
    paths = [inputs.orders, inputs.fleet, inputs.offices]
    paths += [path for path in (inputs.trucks, inputs.holidays) if path is not None]
    working = dates_of(inputs.working_days)
    contents = [read_bytes(path) for path in paths]
    folder = folder_for(out)
    with (
        stop_on_interrupt(lambda: screen.note(screen.say("stop.asked"))) as asked,
        screen.steps() as steps,
    ):
        steps.begin("step.read")
        read = read_day(inputs, contents, on, screen.lang)
        _write_findings(read, folder)
        if not read.orders.good or not read.offices.good:
            # Nothing will be planned: what is wrong with the rows is all there is to tell.
            steps.end()
            _show_notes(read, folder, screen)
            _show_rejected(read, folder, screen)
        closed = closed_of(inputs, read, screen)
        settings = settings_for(inputs, read, on, working)
        day_plan = plan_day(
            read.day,
            geocoder=providers.geocoder,
            travel=providers.travel,
            territory=providers.territory,
            clock=time.monotonic,
            search=Search(seconds=seconds, seed=seed, engine=engine, workers=threads, whole=whole),
            settings=settings,
            watch=_watch(steps, screen, seconds, asked),
            travel_note=providers.said,
            closed=closed,
        )
        steps.begin("step.write")
        files = _write(day_plan, settings, folder, providers, screen, steps, threads)
        verdict = check_day(day_plan, settings.linehaul)
        steps.end()
    files += [folder / name for name in (_REJECTED, _NOTES) if (folder / name).exists()]
    files += sorted(folder.glob("rejected_*.csv"))
    _show(day_plan, verdict, read, folder, files, screen, providers)
    screen.json(_facts(day_plan, verdict, read, folder, files, screen))
    if not day_plan.result.report.feasible or not (verdict is None or verdict.feasible):
        return ExitCode.RULES_BROKEN
    return ExitCode.DONE if _drives(day_plan) else ExitCode.NOTHING_PLANNED


# ---- findings ------------------------------------------------------------------------------------


def _write_findings(read: ReadDay, folder: Path) -> None:
    """Write what was wrong, and the rejected rows as they stood; old ones do not stay."""
    for old in (folder / _REJECTED, folder / _NOTES, *folder.glob("rejected_*.csv")):
        with suppress(OSError):
            old.unlink(missing_ok=True)
    if read.rejected:
        write_text(folder / _REJECTED, _findings_csv(read.rejected))
    if read.notes:
        write_text(folder / _NOTES, _findings_csv(read.notes))
    for name, rejected, text in (
        ("orders", read.orders.rejected, write_rejected(read.orders)),
        ("fleet", read.fleet.rejected, write_rejected(read.fleet)),
        ("offices", read.offices.rejected, write_rejected(read.offices)),
        ("trucks", read.trucks.rejected, write_rejected(read.trucks)),
        ("holidays", read.holidays.rejected, write_rejected(read.holidays)),
    ):
        if rejected:
            write_text(folder / f"rejected_{name}.csv", text)


def _findings_csv(findings: Sequence[RowFinding]) -> str:
    from dispatch.exports import safe_cell

    held = io.StringIO()
    # The mark at the beginning tells a spreadsheet that the text is UTF-8.
    held.write("\ufeff")
    writer = csv.writer(held)
    writer.writerow(["file", "row", "field", "value", "what", "remedy"])
    for one in findings:
        cells = (one.file, str(one.row), one.field, one.value, one.what, one.remedy)
        writer.writerow([safe_cell(cell) for cell in cells])
    return held.getvalue()


# ---- planning -----------------------------------------------------------------------------------


def _watch(steps: Steps, screen: Screen, seconds: float, asked: StopFlag) -> Watch:
    began = [0.0]

    def on_step(name: str) -> None:
        began[0] = time.monotonic()
        steps.begin(f"step.{name}", seconds if name == "search" else None)

    def on_progress(progress: Progress) -> None:
        steps.state(
            screen.say(
                "search.state",
                cost=messages.money(messages.dong(progress.cost), _lang(screen)),
                unassigned=progress.unassigned,
                vehicles=progress.vehicles,
            )
        )

    def stop() -> bool:
        steps.at(time.monotonic() - began[0])
        return asked()

    return Watch(on_step=on_step, on_progress=on_progress, stop=stop)


# ---- writing ------------------------------------------------------------------------------------


def _write(
    day_plan: DayPlan,
    settings: Settings,
    folder: Path,
    providers: Providers,
    screen: Screen,
    steps: Steps,
    threads: int | None,
) -> list[Path]:
    name = f"{day_plan.day.date.isoformat()}"
    write_text(folder / "problem.json", write_problem(day_plan.problem, name))
    result = day_plan.result
    write_text(folder / "plan.json", write_plan(result.plan, result.report))

    write_text(folder / _TOMORROW, write_orders(carry_over(day_plan, settings)))

    line = day_plan.linehaul
    if line is not None:
        write_text(folder / "trucks_problem.json", write_problem(line.problem, f"{name} trucks"))
        write_text(folder / "trucks_plan.json", write_plan(line.result.plan, line.result.report))
        write_text(folder / "day.json", write_day_file(day_plan, settings.linehaul))

    def tell(_: str, done: int, total: int) -> None:
        steps.at(done, total)

    def shape(origin: LatLon, destination: LatLon) -> Sequence[LatLon]:
        return providers.travel.shape(origin, destination, profile="motorbike")

    written = write_outputs(
        day_plan,
        folder,
        lang=_lang(screen),
        progress=tell,
        shape=shape,
        directions=providers.directions,
        zones=providers.zones,
        rivers=providers.rivers,
        processes=threads or cores_here(),
    )
    extra = _OF_TRUCKS if line is not None else ()
    for old in _OF_TRUCKS:
        if line is None:
            (folder / old).unlink(missing_ok=True)
    return [*(folder / each for each in ("problem.json", "plan.json", _TOMORROW, *extra)), *written]


# ---- showing ------------------------------------------------------------------------------------


def _show(
    day_plan: DayPlan,
    verdict: DayReport | None,
    read: ReadDay,
    folder: Path,
    files: Sequence[Path],
    screen: Screen,
    providers: Providers,
) -> None:
    _show_notes(read, folder, screen)
    _show_rejected(read, folder, screen)
    _show_left_out(day_plan, screen)
    show_handed_over(day_plan, screen, providers.commune_name)
    _show_offices(day_plan, screen)
    show_trucks(day_plan, verdict, screen)
    report = day_plan.result.report
    if not report.feasible:
        show_violations(screen, "plan.broken", report.violations)
    elif _drives(day_plan):
        screen.show(screen.say("plan.clean"), style="green")
    else:
        screen.show(screen.say("plan.nothing"), style="bold yellow")
    if day_plan.result.stopped:
        screen.show(screen.say("stop.kept", seconds=f"{day_plan.result.seconds:.0f}"))
    if day_plan.travel_note:
        screen.show(day_plan.travel_note, style="bold yellow" if providers.server_failed else "dim")
    if providers.server_failed:
        screen.show(screen.say("plan.server_failed"), style="bold yellow")
    screen.show(screen.say("files.title", folder=str(folder)), style="bold")
    for line in _listed(folder, files, screen.say):
        screen.show(f"  {line}")


def _drives(day_plan: DayPlan) -> bool:
    """Tell whether anybody does anything on the day."""
    line = day_plan.linehaul
    plans = [day_plan.result.plan, *([] if line is None else [line.result.plan])]
    return any(route.stops for plan in plans for route in plan.routes)


def _show_offices(day_plan: DayPlan, screen: Screen) -> None:
    lang = _lang(screen)
    reasons: dict[str, Counter[str]] = {}
    for group in left_out_table(day_plan, lang):
        for left in group.rows:
            reasons.setdefault(left.office, Counter())[group.title] += 1
    rows = []
    table = office_table(day_plan, lang)
    for number, row in enumerate(table):
        last = number == len(table) - 1
        if not last and not row.orders and not row.couriers_available:
            continue
        why = sum(reasons.values(), Counter()) if last else reasons.get(row.office, Counter())
        rows.append(
            (
                row.name,
                messages.number(row.planned, lang),
                f"{row.couriers_used}/{row.couriers_available}",
                messages.number(row.metres / 1000, lang),
                messages.hours(row.duty_seconds, lang),
                messages.money(row.cost_dong, lang),
                messages.number(row.left_out, lang),
                "" if last else "; ".join(f"{title}: {n}" for title, n in why.most_common()),
            )
        )
    screen.table(
        screen.say("table.offices", day=messages.day_name(day_plan.day.date, lang)),
        [
            (screen.say("column.office"), "left"),
            (screen.say("column.jobs"), "right"),
            (screen.say("column.couriers"), "right"),
            (screen.say("column.km"), "right"),
            (screen.say("column.hours"), "right"),
            (screen.say("column.cost"), "right"),
            (screen.say("column.left_out"), "right"),
            (screen.say("column.reasons"), "left"),
        ],
        rows,
        total=True,
    )


def _show_left_out(day_plan: DayPlan, screen: Screen) -> None:
    groups = left_out_table(day_plan, _lang(screen))
    if not groups:
        return
    screen.table(
        screen.say("table.left_out"),
        [
            (screen.say("column.count"), "right"),
            (screen.say("column.reason"), "left"),
            (screen.say("column.example"), "left"),
            (screen.say("column.remedy"), "left"),
        ],
        [
            (
                str(len(group.rows)),
                group.title,
                _example(group.rows[0], group.title),
                group.remedy,
            )
            for group in groups
        ],
    )


def _example(row: LeftOutRow, title: str) -> str:
    facts = row.sentence.removeprefix(title).strip()
    return f"{row.order} {facts}".strip()


def _show_rejected(read: ReadDay, folder: Path, screen: Screen) -> None:
    """Show the first rejected rows, one line for each thing that is wrong."""
    if not read.rejected:
        return
    screen.show(screen.say("table.rejected", count=read.rows_rejected), style="bold yellow")
    for one in read.rejected[:_MOST_LINES]:
        value = f" “{one.value}”" if one.value else ""
        field = f", {one.field}" if one.field else ""
        at = screen.say("finding.row", file=one.file, row=one.row) if one.row else one.file
        screen.show(f"  {at}{field}{value}: {one.what}; {one.remedy}")
    if len(read.rejected) > _MOST_LINES:
        left = messages.number(len(read.rejected) - _MOST_LINES, _lang(screen))
        screen.show("  " + screen.say("rejected.more", count=left, file=str(folder / _REJECTED)))


def _show_notes(read: ReadDay, folder: Path, screen: Screen) -> None:
    """Show what was odd, the same thing in many rows as one line."""
    groups = summarise(read.notes)
    if not groups:
        return
    screen.show(screen.say("table.notes"), style="bold")
    for group in groups[:_MOST_LINES]:
        field = f"{group.field}: " if group.field else ""
        rows = ", ".join(str(row) for row in group.rows if row)
        at = screen.say("finding.rows", count=group.count, rows=rows) if rows else ""
        values = f" “{', '.join(group.values)}”" if group.values else ""
        screen.show(f"  {field}{group.what}{values}{at}; {group.remedy}")
    if len(groups) > _MOST_LINES:
        left = messages.number(len(groups) - _MOST_LINES, _lang(screen))
        screen.show("  " + screen.say("notes.more", count=left, file=str(folder / _NOTES)))


def _listed(folder: Path, files: Sequence[Path], say: Callable[..., str]) -> list[str]:
    """Return the files by name, those of a folder within as one line."""
    lines = []
    inner: Counter[str] = Counter()
    for file in files:
        parts = file.relative_to(folder).parts
        if len(parts) > 1:
            inner[parts[0]] += 1
        else:
            lines.append(parts[0])
    lines += [say("files.folder", name=f"{name}/", count=count) for name, count in inner.items()]
    return lines


def _facts(
    day_plan: DayPlan,
    verdict: DayReport | None,
    read: ReadDay,
    folder: Path,
    files: Sequence[Path],
    screen: Screen,
) -> dict[str, Any]:
    if not screen.as_json:
        return {}
    facts: dict[str, Any] = json.loads(summary_json(day_plan, _lang(screen)))
    if verdict is not None:
        facts["day_violations"] = [str(one) for one in verdict.violations]
    facts["stopped"] = day_plan.result.stopped
    facts["rows_read"] = read.orders.rows_read
    facts["rows_rejected"] = read.rows_rejected
    facts["rejected"] = [_finding_facts(one) for one in read.rejected]
    facts["notes"] = [_finding_facts(one) for one in read.notes]
    facts["folder"] = str(folder)
    facts["files"] = [str(file.relative_to(folder)) for file in files]
    return facts


def _finding_facts(one: RowFinding) -> dict[str, Any]:
    return {
        "file": one.file,
        "row": one.row,
        "field": one.field,
        "value": one.value,
        "what": one.what,
        "remedy": one.remedy,
    }


def _lang(screen: Screen) -> Any:
    return screen.lang
