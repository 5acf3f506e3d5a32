"""Compile search and roads before anybody waits for it: `python -m api.warm`, in the set-up."""

from __future__ import annotations

import sys
import time

from geo import straight_kernels
from geo.roads import kernels
from geo.types import PlanarTravel
from solver.model import Job, Place, Problem, TimeWindow, Vehicle
from solver.pipeline import solve


def tiny_problem() -> Problem:
    """Return two jobs and two dear vehicles: enough to need every compiled function."""
    return Problem(
        places=tuple(Place(id=str(k), x=k) for k in range(3)),
        vehicles=tuple(
            Vehicle(
                id=name,
                shift=TimeWindow(start=0, end=100),
                start=0,
                end=0,
                fixed_cost=100,
                cost_per_metre=1,
                max_stops=1,
            )
            for name in ("v", "w")
        ),
        travel={"default": PlanarTravel(x=[0, 1, 2], y=[0, 0, 0])},
        jobs=(Job(id="a", place=1), Job(id="b", place=2)),
    )


def main() -> None:
    """Compile, or find everything compiled; say so on the error output."""
    sys.stderr.write("Preparing the search kernel (about a minute the first time) ... ")
    sys.stderr.flush()
    began = time.monotonic()
    solve(tiny_problem(), iterations=20, engine="search")
    kernels.warm()
    straight_kernels.warm()
    sys.stderr.write(f"ready after {time.monotonic() - began:.0f} s\n")


if __name__ == "__main__":
    main()
