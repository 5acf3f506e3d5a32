"""
Iterations per second of our kernel against the size of the problem.

    python -m benchmarks.iterations [--seconds 5] [--threads 2] [--instances ../shared/instances]

The cost of an iteration should not grow with the problem: the numbers in a column stay alike.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.table import Table

from benchmarks.peer_ours import Ours
from benchmarks.protocol import MissingInstancesError, discover, gap, judge
from solver.pipeline import solve


def main(arguments: Sequence[str] | None = None) -> int:
    """Print the table; return 2 without instances."""
    parser = argparse.ArgumentParser(description="Iterations per second against size.")
    parser.add_argument("--instances", type=Path, default=Path("../shared/instances"))
    parser.add_argument("--class", dest="family", default="cvrp")
    parser.add_argument("--seconds", type=float, default=5.0)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--max-size", type=int)
    given = parser.parse_args(arguments)
    console = Console()
    try:
        cases = discover(given.instances, [given.family], max_size=given.max_size)
    except MissingInstancesError as error:
        console.print(str(error), markup=False, soft_wrap=True)
        return 2
    Ours().warm()
    table = Table(title=f"{given.seconds:g} s, {given.threads} thread(s)")
    for heading in ("instance", "stops", "a route", "iterations/s", "gap %"):
        table.add_column(heading, justify="left" if heading == "instance" else "right")
    for case in cases:
        instance = case.load()
        result = solve(
            instance.problem, seconds=given.seconds, engine="search", threads=given.threads
        )
        verdict = judge(instance, tuple(route.tour for route in result.plan.routes))
        above = gap(verdict.cost, case.best_cost)
        table.add_row(
            case.name,
            str(case.size),
            f"{case.size / max(verdict.vehicles, 1):.1f}",
            f"{result.iterations / result.seconds:,.0f}",
            "-" if above is None else f"{above:.2f}",
        )
    console.print(table)
    return 0


if __name__ == "__main__":
    sys.exit(main())
