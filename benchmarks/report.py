"""
What a benchmark leaves behind: facts in JSON, a table in markdown, a figure of gap against time.

Losses are printed like wins: every engine has its line, an answer that breaks rules is shown with
what it breaks, and an engine that cannot express an instance with the reason.
"""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import date
from importlib import import_module
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from statistics import fmean
from typing import Any

from benchmarks.peers import Run
from benchmarks.protocol import Case, gap

_PACKAGES = ("buuta", "numba", "numpy", "ortools", "pyvrp", "pyvroom", "vrp-cli", "hygese")
_HEADINGS = (
    "| instance | best known | engine | mean cost | mean gap % | best gap % | vehicles | feasible "
    "| seconds | remark |"
)
_REDUCED = (
    "Peers got the same reduced day (`benchmarks.closest`), so that a lead here is one of model "
    "and search together. Where it says less than the full problem:"
)
_OVERSTAYED = 1.1
_POINTS = 200


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """Everything that one call of the benchmark measured for one class."""

    family: str
    day: date
    seconds: float
    seeds: int
    cases: tuple[Case, ...]
    engines: tuple[str, ...]
    runs: tuple[Run, ...]
    vehicles_first: bool
    facts: Mapping[str, Any]
    short: bool = False

    def of(self, case: Case, engine: str) -> list[Run]:
        """Return the runs of one engine on one case, by seed."""
        return [run for run in self.runs if run.case == case.name and run.engine == engine]

    def best_cost(self, case: Case) -> float | None:
        """Return the best known cost, or where nobody published one, the best of all runs."""
        if case.best_cost is not None:
            return float(case.best_cost)
        verdicts = [run.verdict for run in self.runs if run.case == case.name]
        costs = [v.cost for v in verdicts if v is not None and v.feasible]
        return min(costs, default=None)


@dataclass(frozen=True, slots=True, kw_only=True)
class Line:
    """One engine's figures on one case, over the seeds; per cent, None where there is nothing."""

    case: Case
    engine: str
    runs: int
    feasible: int
    cost: float | None
    best: float | None
    mean_gap: float | None
    best_gap: float | None
    vehicles: float | None
    seconds: float
    remark: str


def machine() -> dict[str, Any]:
    """Return what the figures depend on: processor, cores, Python and package versions."""
    packages = {}
    for name in _PACKAGES:
        try:
            packages[name] = version(name)
        except PackageNotFoundError:
            packages[name] = "not installed"
    return {
        "processor": _processor(),
        "cores": os.cpu_count(),
        "system": f"{platform.system()} {platform.machine()}",
        "python": platform.python_version(),
        "packages": packages,
    }


def lines(session: Session) -> list[Line]:
    """Return the figures of every case and engine, in order."""
    return [_line(session, case, engine) for case in session.cases for engine in session.engines]


def class_means(
    session: Session,
) -> list[tuple[str, float | None, float | None, float | None, str]]:
    """
    Return (engine, mean gap, mean of best gaps, vehicles too many in per cent, answered).

    A mean is over the cases that the engine answered without a violation under every seed; how
    many those are stands beside it.
    """
    table = lines(session)
    means = []
    for engine in session.engines:
        good = [r for r in table if r.engine == engine and r.runs and r.feasible == r.runs]
        gaps = [r.mean_gap for r in good if r.mean_gap is not None]
        bests = [r.best_gap for r in good if r.best_gap is not None]
        over = [
            100 * (r.vehicles / r.case.best_vehicles - 1)
            for r in good
            if r.vehicles is not None and r.case.best_vehicles
        ]
        means.append(
            (
                engine,
                fmean(gaps) if gaps else None,
                fmean(bests) if bests else None,
                fmean(over) if over and session.vehicles_first else None,
                f"{len(good)} of {len(session.cases)}",
            )
        )
    return means


def markdown(session: Session, figure: str = "") -> str:
    """Return the tables: the class's means, then every case and engine."""
    facts = session.facts
    first = session.vehicles_first
    text = [
        f"# {session.family}, {session.day.isoformat()}",
        "",
        f"{session.seconds:g} s wall on two cores, {session.seeds} seed(s); an engine with one "
        "thread runs two seeds side by side each time and the better counts. "
        f"{facts['processor']}, {facts['cores']} cores, Python {facts['python']}; "
        + ", ".join(f"{name} {number}" for name, number in facts["packages"].items())
        + ".",
        "",
        "Our checker prices every answer on the full problem."
        + (" Fewer vehicles come first." if first else "")
        + (
            ""
            if all(case.best_cost is not None for case in session.cases)
            else " Where nobody has published a best known cost, gaps are to the best answer here."
        ),
        "",
        "| engine | mean gap % | best of seeds % |"
        + (" vehicles too many % |" if first else "")
        + " answered without violation |",
        "|---|---|---|" + ("---|" if first else "") + "---|",
    ]
    for engine, mean, best, over, answered in class_means(session):
        cells = [
            engine,
            _number(mean),
            _number(best),
            *([_number(over)] if first else []),
            answered,
        ]
        text.append(f"| {' | '.join(cells)} |")
    text += [
        "",
        _HEADINGS,
        "|---|---|---|---|---|---|---|---|---|---|",
    ]
    for row in lines(session):
        known = "-" if row.case.best_cost is None else str(row.case.best_cost)
        if row.case.best_vehicles and first:
            known += f" ({row.case.best_vehicles} vehicles)"
        cells = [
            row.case.name,
            known,
            row.engine,
            "-" if row.cost is None else f"{row.cost:,.2f}".removesuffix(".00"),
            _number(row.mean_gap),
            _number(row.best_gap),
            "-" if row.vehicles is None else f"{row.vehicles:g}",
            f"{row.feasible}/{row.runs}" if row.runs else "-",
            f"{row.seconds:.1f}" if row.runs else "-",
            row.remark,
        ]
        text.append(f"| {' | '.join(cells)} |")
    different = sorted({(r.engine, what) for r in session.runs for what in r.differences})
    if different:
        text += [
            "",
            _REDUCED,
            "",
        ]
        for what in dict.fromkeys(what for _, what in different):
            engines = ", ".join(engine for engine, said in different if said == what)
            text.append(f"* {what} ({engines})")
    if figure:
        text += ["", f"![Mean gap against time]({figure})"]
    return "\n".join([*text, ""])


def write(session: Session, folder: Path) -> list[Path]:
    """Write JSON, markdown and figure as DATE-CLASS.*, a short pass apart; return the paths."""
    folder.mkdir(parents=True, exist_ok=True)
    stem = f"{session.day.isoformat()}-{session.family}" + ("-short" if session.short else "")
    data, table = folder / f"{stem}.json", folder / f"{stem}.md"
    data.write_text(json.dumps(as_json(session), ensure_ascii=False, indent=1), encoding="utf-8")
    written = [data, table]
    figure = folder / f"{stem}.png"
    if draw(session, figure):
        written.append(figure)
    table.write_text(markdown(session, figure.name if figure in written else ""), encoding="utf-8")
    return written


def as_json(session: Session) -> dict[str, Any]:
    """Return all facts as JSON allows them."""
    return {
        "class": session.family,
        "date": session.day.isoformat(),
        "seconds": session.seconds,
        "seeds": session.seeds,
        "machine": dict(session.facts),
        "cases": [
            {
                "name": case.name,
                "size": case.size,
                "best_known": None if case.best_cost is None else float(case.best_cost),
                "best_known_vehicles": case.best_vehicles,
            }
            for case in session.cases
        ],
        "means": [
            dict(
                zip(
                    ("engine", "gap", "best_gap", "vehicles_too_many", "answered"), row, strict=True
                )
            )
            for row in class_means(session)
        ],
        "runs": [
            {**asdict(run), "history": [list(point) for point in thinned(run.history)]}
            for run in session.runs
        ],
    }


def thinned(history: Sequence[tuple[float, float, int | None]]) -> list[Any]:
    """Return at most some two hundred points, the last one among them."""
    step = max(1, len(history) // _POINTS)
    kept = list(history[::step])
    if history and kept[-1] != history[-1]:
        kept.append(history[-1])
    return kept


def gap_at(session: Session, engine: str, moment: float) -> float | None:
    """
    Return an engine's mean gap (per cent) at a moment, over the cases it tells its course for.

    None until it has a plan for each of them: a mean over fewer cases would flatter it.
    """
    gaps = []
    for case in session.cases:
        best = session.best_cost(case)
        for run in session.of(case, engine):
            if not run.history or best is None:
                continue
            so_far = [cost for at, cost, _ in run.history if at <= moment]
            if not so_far:
                return None
            # With vehicles first, a later plan may be longer: it is the latest one that counts.
            gaps.append(gap(so_far[-1], best) or 0.0)
    return fmean(gaps) if gaps else None


def draw(session: Session, path: Path) -> bool:
    """Draw the mean gap against time; return False without matplotlib or without courses."""
    moments = [session.seconds * k / _POINTS for k in range(1, _POINTS + 1)]
    courses = {
        engine: [gap_at(session, engine, moment) for moment in moments]
        for engine in session.engines
    }
    told = {
        engine: course for engine, course in courses.items() if any(g is not None for g in course)
    }
    if not told:
        return False
    try:
        matplotlib: Any = import_module("matplotlib")
        matplotlib.use("Agg")
        pyplot: Any = import_module("matplotlib.pyplot")
    except ImportError:
        return False
    figure, axes = pyplot.subplots(figsize=(7, 4.2))
    for engine, course in told.items():
        points = [(m, g) for m, g in zip(moments, course, strict=True) if g is not None]
        axes.plot([m for m, _ in points], [g for _, g in points], label=engine)
    for mean in class_means(session):
        engine, final = mean[0], mean[1]
        if engine not in told and final is not None:
            axes.plot([session.seconds], [final], "o", label=f"{engine} (end only)")
    axes.set_xlabel("seconds")
    axes.set_ylabel("mean gap of distance, %" if session.vehicles_first else "mean gap, %")
    axes.set_title(f"{session.family}: {len(session.cases)} instance(s), {session.seeds} seed(s)")
    axes.set_yscale("symlog", linthresh=1.0)
    axes.grid(visible=True, alpha=0.3)
    axes.legend()
    figure.tight_layout()
    figure.savefig(path, dpi=150)
    pyplot.close(figure)
    return True


def _line(session: Session, case: Case, engine: str) -> Line:
    runs = session.of(case, engine)
    judged = [(run, run.verdict) for run in runs if run.verdict is not None]
    good = [verdict for _, verdict in judged if verdict.feasible]
    best = session.best_cost(case)
    gaps = [g for verdict in good if (g := gap(verdict.cost, best)) is not None]
    costs = [verdict.cost for verdict in good]
    longest = max((run.seconds for run, _ in judged), default=0.0)
    remarks = [run.skipped for run in runs if run.skipped]
    remarks += [f"breaks {', '.join(verdict.broken)}" for _, verdict in judged if verdict.broken]
    remarks += [run.note for run in runs if run.note]
    if longest > _OVERSTAYED * session.seconds:
        remarks.append("took longer than it was given")
    left = [verdict.unassigned for verdict in good]
    if any(left):
        remarks.append(f"leaves out {fmean(left):g}")
    return Line(
        case=case,
        engine=engine,
        runs=len(judged),
        feasible=len(good),
        cost=fmean(costs) if costs else None,
        best=min(costs, default=None),
        mean_gap=fmean(gaps) if gaps else None,
        best_gap=min(gaps, default=None),
        vehicles=fmean(verdict.vehicles for verdict in good) if good else None,
        seconds=longest,
        remark="; ".join(dict.fromkeys(remarks)).replace("|", "/").replace("\n", " "),
    )


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def _processor() -> str:
    try:
        rows: Iterable[str] = Path("/proc/cpuinfo").read_text(encoding="utf-8").splitlines()
    except OSError:
        rows = ()
    named = (row.split(":", 1)[1].strip() for row in rows if row.startswith("model name"))
    return next(named, "") or platform.processor() or "unknown processor"
