"""Where a vehicle costs more than its route, the search gets by with as few as there can be."""

from __future__ import annotations

import numpy as np

from geo.types import PlanarTravel
from solver.model import Job, Place, Problem, TimeWindow, Vehicle
from solver.pipeline import solve

_BINS, _CAPACITY = 8, 100


def _packing(seed: int) -> Problem:
    """Jobs that fill eight vehicles to 97 of 100 units each when they are put together rightly."""
    chance = np.random.default_rng(seed)
    sizes: list[int] = []
    for _ in range(_BINS):
        first, second = (int(units) for units in chance.integers(20, 40, 2))
        sizes += [first, second, 97 - first - second]
    x, y = chance.integers(0, 1_000, (2, len(sizes) + 1))
    return Problem(
        places=tuple(Place(id=str(k), x=float(x[k]), y=float(y[k])) for k in range(x.size)),
        vehicles=tuple(
            Vehicle(
                id=f"v{k}",
                shift=TimeWindow(start=0, end=10**6),
                start=0,
                end=0,
                capacity=(_CAPACITY,),
                fixed_cost=100_000,
                cost_per_metre=1,
            )
            for k in range(len(sizes))
        ),
        travel={"default": PlanarTravel(x=x, y=y)},
        jobs=tuple(Job(id=f"j{k}", place=k + 1, delivery=(size,)) for k, size in enumerate(sizes)),
        dimensions=("units",),
    )


def test_dear_vehicles_are_as_few_as_the_load_allows() -> None:
    for seed in range(3):
        problem = _packing(seed)
        result = solve(problem, iterations=20_000, seed=1, engine="search", threads=1)
        assert result.report.feasible
        # 8 x 97 units in vehicles of 100: seven would have to carry 111 each.
        assert len(result.report.routes) == _BINS


def test_the_search_for_fewer_vehicles_is_repeatable_on_two_threads() -> None:
    problem = _packing(3)
    plans = [
        solve(problem, iterations=6_000, seed=5, engine="search", threads=2).plan for _ in range(2)
    ]
    assert plans[0] == plans[1]
