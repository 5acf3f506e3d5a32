"""The command `simulate`: a scenario file to a study of which vehicles to buy."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from api.cli_errors import ExitCode, Trouble
from api.cli_files import folder_for, read_bytes, read_text, write_bytes, write_text
from api.cli_screen import Screen
from api.cli_stop import stop_on_interrupt
from dispatch import geocoding
from dispatch.bootstrap import phu_tho_providers
from dispatch.demand import Demand, fit
from dispatch.executors import cores_here
from dispatch.executors_study import (
    MakeExecutor,
    NoClusterError,
    WorkersLostError,
    cluster,
    processes,
)
from dispatch.fleet_search import Found, search_fleet
from dispatch.importing import read_orders
from dispatch.investment import Bench, Compared, blocks_of, compare
from dispatch.messages import Language, text
from dispatch.model import Order
from dispatch.scenario_files import read_study
from dispatch.scenarios import setups
from dispatch.simulation import BlockTask, Frame, run_block
from dispatch.study_page import found_line, pages
from dispatch.study_words import (
    as_text,
    days_csv,
    finding_sentence,
    headings,
    marginal_csv,
    scenario_rows,
    scenarios_csv,
    story,
    study_json,
)

_SHOWN = (0, 1, 2, 4, 5, 6, 7, 11, 13)
"""Columns that a terminal has room for; the pages have all of them."""

_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What the command was asked."""

    file: Path
    days: int
    seed: int
    out: Path
    past: Path | None = None
    workers: int | None = None
    cluster: str = ""


def simulate(asked: Asked, *, screen: Screen) -> ExitCode:
    """Live all scenarios of a file and write what they are worth to a folder."""
    lang: Language = "en" if screen.lang == "en" else "vi"
    demand = None if asked.past is None else _past_demand(asked.past, screen)
    read = read_study(read_text(asked.file), demand=demand)
    if read.study is None:
        listed = "\n".join(
            f"  {finding_sentence(each, asked.file.name, lang)}" for each in read.findings
        )
        told = screen.say("simulate.unreadable", count=len(read.findings))
        raise Trouble(f"{told}\n{listed}")
    study = read.study
    out = folder_for(asked.out)
    workers = asked.workers or cores_here()
    make: MakeExecutor = cluster(asked.cluster) if asked.cluster else processes(workers)
    with (
        stop_on_interrupt(lambda: screen.note(screen.say("simulate.stopping"))) as stopped,
        screen.steps() as steps,
    ):
        steps.begin("step.simulate", None)
        bench = Bench(
            study,
            seed=asked.seed,
            make=make,
            on_progress=lambda done, wanted: steps.at(done, wanted),
            stop=stopped,
        )
        _try_cluster(make, asked, screen)
        expected = expected_seconds(bench, asked.days, workers)
        screen.note(
            screen.say(
                "simulate.expected", time=_length(expected, screen), days=asked.days,
                workers=asked.cluster or workers, scenarios=len(study.scenarios),
            )
        )  # fmt: skip
        compared, found, lost = _study(bench, asked.days)
        steps.end()
    if not compared.outcomes or compared.study.baseline not in {
        one.scenario.name for one in compared.outcomes
    }:
        raise Trouble(screen.say("simulate.nothing"))
    _write(out, bench, compared, found, asked, lang)
    _show(compared, found, out, screen, lang)
    if lost:
        screen.note(screen.say("simulate.lost", detail=lost), style="red")
    screen.json({**study_json(compared, found), "out": str(out)})
    return ExitCode.DONE


def _try_cluster(make: MakeExecutor, asked: Asked, screen: Screen) -> None:
    """Find out before anything else whether the cluster answers."""
    if not asked.cluster:
        return
    try:
        make().shutdown(wait=False)
    except NoClusterError as error:
        raise Trouble(
            screen.say("simulate.no_cluster", address=error.address, detail=error.detail)
        ) from None


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


def expected_seconds(bench: Bench, days: int, workers: int) -> float:
    """Return how long a study will take, from one block of one office that is lived for it."""
    study = bench.study
    blocks = blocks_of(study, days)
    everything = {(s, b) for one in study.scenarios for s in setups(one) for b in blocks}
    mean = study.demand.per_day
    wanted = {key: sum(mean.get(code, 0.0) for code in key[0].districts) for key in everything}
    probe = min(
        ((setup, blocks[0]) for setup in setups(study.scenario(study.baseline))),
        key=lambda key: wanted[key],
    )
    task = BlockTask(setup=probe[0], frame=Frame.of(study), block=probe[1], seed=bench.seed)
    run_block(task)  # loads what the first run of a process must load
    began = time.monotonic()
    bench.known[probe] = run_block(task)
    took = time.monotonic() - began
    return took * sum(wanted.values()) / max(wanted[probe], 1.0) / max(workers, 1)


def _length(seconds: float, screen: Screen) -> str:
    if seconds < 90:
        return screen.say("simulate.seconds", count=max(round(seconds), 1))
    if seconds < 5400:
        return screen.say("simulate.minutes", count=round(seconds / 60))
    return screen.say("simulate.hours", count=f"{seconds / 3600:.1f}")


def _past_demand(folder: Path, screen: Screen) -> Demand:
    """Fit a demand on the files of past days in a folder, each with its date in the name."""
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
    try:
        return fit(days)
    except ValueError:
        raise Trouble(screen.say("simulate.few_past", count=len(days))) from None


def _write(
    out: Path,
    bench: Bench,
    compared: Compared,
    found: Found | None,
    asked: Asked,
    lang: Language,
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
