"""The command `simulate`: a scenario file to a study of which vehicles to buy."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from api.cli_errors import ExitCode, Trouble
from api.cli_files import folder_for, read_bytes, read_text, write_bytes, write_text
from api.cli_screen import Screen, Steps
from api.cli_stop import stop_on_interrupt
from dispatch import geocoding
from dispatch.bootstrap import phu_tho_providers
from dispatch.clock import SystemClock, today
from dispatch.demand import Demand, fit
from dispatch.executors import cores_here
from dispatch.executors_study import (
    NoClusterError,
    Pool,
    WorkersLostError,
    cluster,
    processes,
)
from dispatch.fleet_search import Found, search_fleet
from dispatch.importing import read_orders
from dispatch.investment import Bench, Compared, Key, blocks_of, compare
from dispatch.messages import Language, text
from dispatch.model import Order
from dispatch.past_days import past_days
from dispatch.scenario_files import read_study
from dispatch.sql import open_store
from dispatch.study_page import pages
from dispatch.study_time import Pace, measure
from dispatch.study_words import (
    as_text,
    days_csv,
    finding_sentence,
    found_line,
    headings,
    marginal_csv,
    scenario_rows,
    scenarios_csv,
    story,
    study_json,
)
from dispatch.workdays import vietnam

_SHOWN = (0, 1, 2, 4, 5, 6, 7, 11, 13)
"""Columns that a terminal has room for; the pages have all of them."""

_LONG = 3600.0
"""Seconds from which a study needs `--yes`."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command was asked."""

    file: Path
    days: int
    seed: int
    out: Path
    past: str = ""
    workers: int | None = None
    cluster: str = ""
    yes: bool = False


def simulate(asked: Asked, *, screen: Screen) -> ExitCode:
    """Live all scenarios of a file and write what they are worth to a folder."""
    lang: Language = "en" if screen.lang == "en" else "vi"
    now = today(SystemClock())
    demand = past_demand(asked.past, screen, today=now) if asked.past else None
    read = read_study(read_text(asked.file), demand=demand)
    if read.study is None:
        listed = "\n".join(
            f"  {finding_sentence(each, asked.file.name, lang)}" for each in read.findings
        )
        told = screen.say("simulate.unreadable", count=len(read.findings))
        raise Trouble(f"{told}\n{listed}")
    study = read.study
    out = folder_for(asked.out)
    make = cluster(asked.cluster) if asked.cluster else processes(asked.workers or cores_here())
    with (
        stop_on_interrupt(lambda: screen.note(screen.say("simulate.stopping"))) as stopped,
        screen.steps() as steps,
        Pool(make) as pool,
    ):
        steps.begin("step.pilot", None)
        workers = _workers(pool, asked, screen)
        watch = _Watch(steps, screen)
        bench = Bench(study, seed=asked.seed, pool=pool, on_progress=watch.heard, stop=stopped)
        _tell_time(bench, asked, workers, watch, screen, stopped)
        steps.begin("step.simulate", None)
        compared, found, lost = _study(bench, asked.days)
        steps.end()
    if not compared.outcomes or compared.study.baseline not in {
        one.scenario.name for one in compared.outcomes
    }:
        raise Trouble(screen.say("simulate.nothing"))
    _write(out, bench, compared, found, lang)
    _show(compared, found, out, screen, lang)
    if lost:
        screen.note(screen.say("simulate.lost", detail=lost), style="red")
    screen.json({**study_json(compared, found), "out": str(out)})
    return ExitCode.DONE


class _Watch:
    """Says how far the work is, and how long it still takes."""

    def __init__(self, steps: Steps, screen: Screen) -> None:
        self.steps = steps
        self.screen = screen
        self.pace: Pace | None = None
        self._told = -1

    def heard(self, done: Sequence[Key], asked: Sequence[Key]) -> None:
        """Take note of what is done and asked for, and say it."""
        if self.pace is None:
            return
        self.pace.heard(done, asked)
        self.steps.at(self.pace.done, self.pace.whole)
        left = self.pace.left
        if left is None:
            return
        words = self.screen.say("simulate.left", time=_length(left, self.screen))
        self.steps.state(words)
        share = self.pace.done / self.pace.whole
        if int(10 * share) > self._told and not self.screen.live:
            # No bar is drawn: a line at the beginning, and for each tenth of the work.
            self.screen.note(f"{100 * share:.0f} % · {words}")
        self._told = int(10 * share)


def _tell_time(
    bench: Bench,
    asked: Asked,
    workers: int,
    watch: _Watch,
    screen: Screen,
    stopped: Callable[[], bool],
) -> None:
    """Say how long it will take; what takes long needs a word."""
    measured = None
    try:
        measured = measure(bench, asked.days, workers=workers, stop=stopped)
    except WorkersLostError as error:
        raise Trouble(screen.say("simulate.lost_at_once", detail=error.detail)) from None
    if measured is None:
        raise Trouble(screen.say("simulate.nothing"))
    forecast, watch.pace = measured
    key = "simulate.expected_search" if forecast.search else "simulate.expected"
    screen.note(
        screen.say(
            key,
            time=_length(forecast.scenarios, screen),
            search=_length(forecast.search, screen),
            days=asked.days,
            workers=asked.cluster or workers,
            scenarios=len(bench.study.scenarios),
        )
    )
    if forecast.whole > _LONG and not asked.yes:
        raise Trouble(screen.say("simulate.long", time=_length(forecast.whole, screen)))


def _workers(pool: Pool, asked: Asked, screen: Screen) -> int:
    """Return how many pieces are worked on at a time; find out whether a cluster answers."""
    try:
        executor = pool.executor()
    except NoClusterError as error:
        raise Trouble(
            screen.say("simulate.no_cluster", address=error.address, detail=error.detail)
        ) from None
    return int(getattr(executor, "workers", asked.workers or cores_here()))


def _study(bench: Bench, days: int) -> tuple[Compared, Found | None, str]:
    """Return all that can be known; what is finished when workers are lost is kept and marked."""
    lost = ""
    try:
        compared = compare(bench, days)
    except WorkersLostError as error:
        lost, bench.stopped = error.detail, True
        compared = compare(bench, days)
    found = None
    study = bench.study
    if study.search is not None and compared.complete:
        base = study.scenario(study.baseline)
        try:
            found = search_fleet(bench, base, study.search, blocks_of(study, days))
        except WorkersLostError as error:
            lost = error.detail
    return compared, found, lost


def _length(seconds: float, screen: Screen) -> str:
    if seconds < 90:
        return screen.say("simulate.seconds", count=max(round(seconds), 1))
    if seconds < 5400:
        return screen.say("simulate.minutes", count=round(seconds / 60))
    return screen.say("simulate.hours", count=f"{seconds / 3600:.1f}")


def past_demand(where: str, screen: Screen, *, today: date) -> Demand:
    """Fit a demand on past days: a folder of files with their dates, or the office's store."""
    if Path(where).is_dir():
        days = _days_of_files(Path(where), screen)
    elif "://" in where or Path(where).is_file():
        store = open_store(where)
        try:
            store.ready()
            days = past_days(store, vietnam(today), before=today)
        finally:
            store.close()
    else:
        raise Trouble(screen.say("simulate.no_past", folder=where))
    try:
        return fit(days)
    except ValueError:
        raise Trouble(screen.say("simulate.few_past", count=len(days))) from None


def _days_of_files(folder: Path, screen: Screen) -> Mapping[date, Sequence[Order]]:
    files = sorted(p for p in folder.glob("*") if p.suffix.lower() in (".csv", ".xlsx"))
    dated = [(path, found[0]) for path in files if (found := _DATE.search(path.name))]
    if not dated:
        raise Trouble(screen.say("simulate.no_past", folder=str(folder)))
    days: dict[date, list[Order]] = {}
    for path, name in dated:
        try:
            on = date.fromisoformat(name)
        except ValueError:
            raise Trouble(screen.say("simulate.no_past", folder=str(path))) from None
        providers = phu_tho_providers(on)
        read = read_orders(read_bytes(path), file=path.name, day=on, lang=screen.lang)
        places = geocoding.locate(
            read.good, providers.geocoder, territory=providers.territory, on=on
        )
        days.setdefault(on, []).extend(places.located)
    return days


def _write(
    out: Path, bench: Bench, compared: Compared, found: Found | None, lang: Language
) -> None:
    write_text(out / "study.json", as_text(study_json(compared, found)))
    write_text(out / "scenarios.csv", scenarios_csv(compared))
    write_text(out / "days.csv", days_csv(compared))
    if found is not None:
        write_text(out / "vehicles.csv", marginal_csv(found))
    zones = phu_tho_providers(compared.study.start, lang=lang).zones
    made = pages(bench, compared, found, zones=zones, lang=lang)
    write_bytes(out / "report.pdf", made.pdf)
    write_text(out / "report.html", made.html)


def _show(
    compared: Compared, found: Found | None, out: Path, screen: Screen, lang: Language
) -> None:
    told = story(compared, lang, found)
    screen.show(told.made)
    heads = headings(lang)
    columns = [(heads[place], "left" if place == 0 else "right") for place in _SHOWN]
    rows = [[row[place] for place in _SHOWN] for row in scenario_rows(compared, lang)]
    screen.table(text("study.scenarios", lang), columns, rows)
    for line in told.warnings:
        screen.show(line, style="red")
    screen.show(told.headline, style="bold")
    listed: list[tuple[str, tuple[str, ...]]] = [
        ("study.why", told.why),
        ("study.how_sure", told.sure),
        ("study.what_would_change", told.change),
    ]
    for key, lines in listed:
        screen.show(text(key, lang), style="bold")
        for line in lines:
            screen.show(f"  {line}")
    if found is not None and compared.study.search is not None:
        screen.show(found_line(found, compared.study.search.budget, lang), style="bold")
    screen.show(screen.say("files.title", folder=str(out)))
