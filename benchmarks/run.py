"""
Ours and every pip-installable peer, on the same two cores and the same wall time.

    python -m benchmarks.run --class cvrp --seconds 30 --seeds 2
    python -m benchmarks.run --short

Writes DATE-CLASS.json, .md and .png into `--out`. See `benchmarks.peers` for the rules, and
`benchmarks.closest` for what peers are given of a day that they cannot express.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

from rich.console import Console

from benchmarks import peers, report
from benchmarks.protocol import CLASSES, Case, MissingInstancesError, discover, gap

_SHORT_SECONDS = 5.0
_SHORT_SIZE = 500
_SHORT_CASES = 2


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure the classes asked for; return 2 where there is nothing to measure."""
    parser = argparse.ArgumentParser(description="Compare engines under one protocol.")
    parser.add_argument("--class", dest="family", choices=(*CLASSES, "all"), default="all")
    parser.add_argument("--seconds", type=float, help="wall time of a run (30; short: 5)")
    parser.add_argument("--seeds", type=int, help="runs of each engine (2; short: 1)")
    parser.add_argument("--instances", type=Path, default=Path("../shared/instances"))
    parser.add_argument("--engines", default=",".join(peers.ENGINES))
    parser.add_argument("--out", type=Path, default=Path("benchmarks/results"))
    parser.add_argument(
        "--short",
        action="store_true",
        help="the two smallest instances of each class, a few seconds",
    )
    parser.add_argument("--only", default="", help="part of an instance's name")
    parser.add_argument("--max-size", type=int, help="leave out larger instances")
    given = parser.parse_args(arguments)
    console = Console()
    engines = tuple(name for name in given.engines.split(",") if name)
    unknown = [name for name in engines if name not in peers.ENGINES]
    if unknown:
        parser.error(f"unknown engine {', '.join(unknown)}; known are {', '.join(peers.ENGINES)}")
    seconds = given.seconds or (_SHORT_SECONDS if given.short else 30.0)
    seeds = given.seeds or (1 if given.short else 2)
    largest = given.max_size or (_SHORT_SIZE if given.short else None)
    families = CLASSES if given.family == "all" else (given.family,)
    measured = False
    for family in families:
        try:
            cases = discover(given.instances, [family], only=given.only, max_size=largest)
        except MissingInstancesError as error:
            console.print(str(error), markup=False, soft_wrap=True)
            continue
        if given.short:
            cases = cases[:_SHORT_CASES]
        if not cases:
            continue
        measured = True
        session = measure(console, family, cases, engines, seconds=seconds, seeds=seeds)
        session = replace(session, short=given.short)
        for path in report.write(session, given.out):
            console.print(f"wrote {path}", markup=False)
        console.print(report.markdown(session).split("\n\n")[3], markup=False, soft_wrap=True)
    if not measured:
        console.print("nothing was measured: no instance matches", markup=False)
    return 0 if measured else 2


def measure(
    console: Console,
    family: str,
    cases: Sequence[Case],
    engines: Sequence[str],
    *,
    seconds: float,
    seeds: int,
) -> report.Session:
    """Run every engine on every case under every seed, and tell each result as it comes."""
    runs: list[peers.Run] = []
    vehicles_first = False
    done: list[Case] = []
    try:
        for case in cases:
            instance = case.load()
            vehicles_first = vehicles_first or bool(instance.vehicle_cost)
            for seed in range(1, seeds + 1):
                for engine in engines:
                    run = peers.run(case, instance, engine, seconds=seconds, seed=seed)
                    runs.append(run)
                    console.print(_told(case, run), markup=False, highlight=False, soft_wrap=True)
            done.append(case)
    except KeyboardInterrupt:
        console.print(f"stopped: the report holds the {len(done)} instances that are complete")
    return report.Session(
        family=family,
        day=datetime.now(UTC).date(),
        seconds=seconds,
        seeds=seeds,
        cases=tuple(done),
        engines=tuple(engines),
        runs=tuple(run for run in runs if run.case in {case.name for case in done}),
        vehicles_first=vehicles_first,
        facts=report.machine(),
    )


def _told(case: Case, run: peers.Run) -> str:
    head = f"{case.name:<16} {run.engine:<8} seed {run.seed}"
    if run.verdict is None:
        return f"{head}  {run.skipped}"
    verdict = run.verdict
    above = gap(verdict.cost, case.best_cost)
    return (
        f"{head}  {verdict.cost:>14,.2f}"
        + ("" if above is None else f"  {above:+.2f} %")
        + f"  {verdict.vehicles} vehicles  {run.seconds:.1f} s"
        + (f"  leaves out {verdict.unassigned}" if verdict.unassigned else "")
        + (f"  BREAKS {', '.join(verdict.broken)}" if verdict.broken else "")
    )


if __name__ == "__main__":
    sys.exit(main())
