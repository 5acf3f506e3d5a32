"""
Very large days: what they cost, how soon there is a first plan, and how much memory they take.

    python -m benchmarks.large_days [--kind plane phutho] [--sizes 6000 10000 20000 50000]
        [--engines decompose search] [--seconds 60] [--threads 2] [--seed 1] [--write]

`plane` is capacity alone: stops in and around towns, one depot, travel on a plane. `phutho` is the
province's day with windows, breaks, noon settlements and two kinds of vehicle, every address with a
point of its own, travel computed over the bridges. Every run has a process of its own, whose memory
counts from asking for a plan to having it. The engine "search" holds a matrix of the whole day;
`--dense-limit` says up to which size it may.
"""

from __future__ import annotations

import argparse
import contextlib
import gc
import json
import multiprocessing
import resource
import sys
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import date
from pathlib import Path

import numpy as np
from rich.console import Console

from benchmarks import phutho
from benchmarks.peer_ours import Ours
from benchmarks.report import machine
from geo.types import PlanarTravel
from solver.formats import Instance
from solver.model import Job, Place, Problem, TimeWindow, Vehicle
from solver.pipeline import solve

RESULTS = Path(__file__).parent / "results"


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One run; times in seconds, memory in megabytes before the search and at its peak."""

    kind: str
    jobs: int
    places: int
    engine: str
    seconds: float
    cpu_seconds: float
    first_plan: float
    cost: float
    unassigned: int
    vehicles: int
    violations: int
    iterations: int
    before_mb: float
    peak_mb: float
    build_seconds: float
    measured: str


def plane(stops: int, *, seed: int) -> Instance:
    """
    Return stops in and around towns with one depot off the middle, demand 1 to 3, capacity 40.

    Made like the very large instances of F. Arnold, M. Gendreau, K. Sörensen, "Efficiently solving
    very large-scale routing problems", Computers & Operations Research 107, 2019: half of the
    stops lie in towns, half anywhere.
    """
    chance = np.random.default_rng(seed)
    side = 100.0 * np.sqrt(stops)
    towns = chance.uniform(0, side, (max(stops // 400, 3), 2))
    home = chance.integers(len(towns), size=stops)
    near = towns[home] + chance.normal(0, side / 40, (stops, 2))
    anywhere = chance.uniform(0, side, (stops, 2))
    spots = np.where(chance.random((stops, 1)) < 0.5, near, anywhere)
    spots = np.round(np.vstack([[side * 0.4, side * 0.45], spots]))
    demand = chance.integers(1, 4, stops)
    fleet = int(np.ceil(demand.sum() / 40 * 1.1)) + 2
    day = TimeWindow(start=0, end=10**9)
    problem = Problem(
        places=tuple(Place(id=str(k), x=float(x), y=float(y)) for k, (x, y) in enumerate(spots)),
        travel={"default": PlanarTravel(x=spots[:, 0], y=spots[:, 1])},
        jobs=tuple(
            Job(id=str(k + 1), place=k + 1, delivery=(int(units),))
            for k, units in enumerate(demand)
        ),
        vehicles=tuple(
            Vehicle(id=f"v{k}", shift=day, start=0, end=0, capacity=(40,), cost_per_metre=1)
            for k in range(fleet)
        ),
        dimensions=("units",),
    )
    return Instance(problem=problem, name=f"plane-{stops}", kind="CVRP", cost_divisor=1)


def _province(size: int, seed: int) -> Instance:
    return phutho.instance(size, seed=seed, scattered=True)


def measure(
    kind: str, size: int, engine: str, seconds: float, threads: int, seed: int
) -> dict[str, object]:
    """Build an instance, solve it, and return a row's fields."""
    Ours().warm()
    began = time.monotonic()
    case = plane(size, seed=seed) if kind == "plane" else _province(size, seed)
    built = time.monotonic() - began
    _forget_peak()
    before = _peak()
    busy = time.process_time()
    result = solve(case.problem, seconds=seconds, engine=engine, threads=threads, seed=seed)
    first = next((p.seconds for p in result.history if p.vehicles), result.seconds)
    return asdict(
        Row(
            kind=kind,
            jobs=len(case.problem.jobs) + len(case.problem.shipments),
            places=len(case.problem.places),
            engine=engine,
            seconds=round(result.seconds, 2),
            cpu_seconds=round(time.process_time() - busy, 1),
            first_plan=round(first, 2),
            cost=result.report.cost.total / case.cost_divisor,
            unassigned=len(result.plan.unassigned),
            vehicles=len(result.plan.routes),
            violations=len(result.report.violations),
            iterations=result.iterations,
            before_mb=round(before),
            peak_mb=round(_peak()),
            build_seconds=round(built, 1),
            measured=f"limit {seconds:g} s, {threads} thread(s), seed {seed}",
        )
    )


def _forget_peak() -> None:
    """Begin a new peak, where the system can (Linux); the old one stands otherwise."""
    gc.collect()
    with contextlib.suppress(OSError):
        Path("/proc/self/clear_refs").write_text("5", encoding="ascii")


def _peak() -> float:
    """Return the most megabytes this process held since the peak was forgotten."""
    status = Path("/proc/self/status")
    if status.exists():
        for line in status.read_text(encoding="ascii").splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024


def _in_own_process(task: tuple[str, int, str, float, int, int]) -> dict[str, object]:
    context = multiprocessing.get_context("spawn")
    with context.Pool(1) as pool:
        return pool.apply(measure, task)


def table(rows: Sequence[dict[str, object]]) -> str:
    """Return the rows as a markdown table."""
    heads = {
        "kind": "day",
        "jobs": "jobs",
        "engine": "engine",
        "seconds": "s",
        "cpu_seconds": "CPU s",
        "first_plan": "first plan, s",
        "cost": "cost",
        "unassigned": "left out",
        "vehicles": "vehicles",
        "violations": "violations",
        "iterations": "iterations",
        "before_mb": "MB before",
        "peak_mb": "MB at peak",
        "measured": "how",
    }
    lines = ["| " + " | ".join(heads.values()) + " |", "|" + " --- |" * len(heads)]
    for row in rows:
        cells = [f"{v:,.0f}" if k in {"cost", "iterations", "jobs"} else str(v)
                 for k, v in ((k, row[k]) for k in heads)]  # fmt: skip
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main(arguments: Sequence[str] | None = None) -> int:
    """Run, print, and with `--write` add the rows to today's results."""
    parser = argparse.ArgumentParser(description="Very large days: cost, first plan, memory.")
    parser.add_argument("--kind", nargs="+", choices=("plane", "phutho"), default=["phutho"])
    parser.add_argument("--sizes", nargs="+", type=int, default=[10_000, 20_000, 50_000])
    parser.add_argument("--engines", nargs="+", default=["decompose"])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--dense-limit", type=int, default=10_000)
    parser.add_argument("--write", action="store_true")
    given = parser.parse_args(arguments)
    console = Console(soft_wrap=True)
    rows = []
    for kind in given.kind:
        for size in given.sizes:
            for engine in given.engines:
                if engine == "search" and kind == "phutho" and size > given.dense_limit:
                    continue
                task = (kind, size, engine, given.seconds, given.threads, given.seed)
                rows.append(_in_own_process(task))
                console.print(json.dumps(rows[-1]), markup=False, highlight=False)
    console.print(table(rows), markup=False, highlight=False)
    if given.write:
        write(rows)
    return 0


def write(rows: Sequence[dict[str, object]]) -> None:
    """Add rows to the results of today, as JSON and as a table."""
    path = RESULTS / f"{date.today():%Y-%m-%d}-large-days.json"  # noqa: DTZ011
    kept = json.loads(path.read_text(encoding="utf-8"))["rows"] if path.exists() else []
    everything = [*kept, *rows]
    held = {"machine": machine(), "rows": everything}
    path.write_text(json.dumps(held, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
    path.with_suffix(".md").write_text(
        "# Very large days\n\n`python -m benchmarks.large_days --write`\n\n" + table(everything),
        encoding="utf-8",
    )


if __name__ == "__main__":
    sys.exit(main())
