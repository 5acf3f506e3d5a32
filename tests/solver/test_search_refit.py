"""The mix of a fleet: dear large vehicles are taken where they save more than they cost."""

from __future__ import annotations

import numpy as np
import pytest

from geo.types import PlanarTravel
from solver.model import Job, Place, Problem, TimeWindow, Vehicle
from solver.pipeline import solve


def _far_town(*, fixed: tuple[int, int], rates: tuple[int, int] = (1, 1)) -> Problem:
    """Twelve jobs close together, far from the depot; small vehicles hold two, large ones six."""
    chance = np.random.default_rng(5)
    x = np.concatenate([[0], 10_000 + chance.integers(0, 100, 12)])
    y = np.concatenate([[0], chance.integers(0, 100, 12)])
    fleet = [("small", 2, fixed[0], rates[0], 8), ("large", 6, fixed[1], rates[1], 4)]
    return Problem(
        places=tuple(Place(id=str(k), x=float(x[k]), y=float(y[k])) for k in range(13)),
        vehicles=tuple(
            Vehicle(
                id=f"{name}{k}",
                shift=TimeWindow(start=0, end=10**6),
                start=0,
                end=0,
                capacity=(room,),
                fixed_cost=price,
                cost_per_metre=rate,
            )
            for name, room, price, rate, count in fleet
            for k in range(count)
        ),
        travel={"default": PlanarTravel(x=x, y=y)},
        jobs=tuple(Job(id=f"j{k}", place=k + 1, delivery=(1,)) for k in range(12)),
        dimensions=("units",),
    )


@pytest.mark.parametrize("threads", [1, 2])
@pytest.mark.parametrize(
    ("fixed", "kind", "routes"),
    [((1_000, 30_000), "large", 2), ((1_000, 70_000), "small", 6)],
)
def test_the_fleet_is_the_cheapest_mix(
    fixed: tuple[int, int], kind: str, routes: int, threads: int
) -> None:
    # Six small trips of 20 km cost 126,000 and two large ones 100,000, or 180,000 when dearer.
    result = solve(
        _far_town(fixed=fixed), iterations=6_000, seed=1, engine="search", threads=threads
    )
    used = [route.vehicle for route in result.plan.routes]
    assert result.report.feasible
    assert len(used) == routes
    assert all(name.startswith(kind) for name in used)


def test_a_dear_start_changes_its_vehicles() -> None:
    small = solve(_far_town(fixed=(1_000, 10**9)), iterations=3_000, seed=1, engine="search")
    assert len(small.plan.routes) == 6
    large = solve(
        _far_town(fixed=(1_000, 30_000)),
        iterations=6_000,
        seed=1,
        engine="search",
        start=small.plan,
    )
    assert sorted(route.vehicle[:5] for route in large.plan.routes) == ["large", "large"]


def test_rates_count_as_prices_do() -> None:
    # Large: 2 x 20 km x 2 = 80,000; small: 6 x 20 km x 1 = 120,000.
    result = solve(_far_town(fixed=(0, 0), rates=(1, 2)), iterations=6_000, seed=2, engine="search")
    assert [route.vehicle[:5] for route in result.plan.routes] == ["large", "large"]
