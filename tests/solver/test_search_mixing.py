"""Which routes may be in a better plan, and the mix of what several searches have driven."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pytest

from geo.types import PlanarTravel
from solver.model import Job, Place, Problem, TimeWindow, Vehicle
from solver.pipeline import solve
from solver.promising import Routes, promising
from solver.schedule import schedule
from solver.search.arrays import number
from solver.search.seen import NOTING, SEEN_ROUTES, drain, is_half_full, note
from solver.search.state import drive_order, empty_state
from solver.search.workshop import workshop
from tests.solver import builders

TASKS = 6


def _never() -> bool:
    return False


def _routes(seed: int) -> tuple[Routes, list[tuple[int, ...]]]:
    """All sets of up to three of six tasks at random prices; first come three pairs."""
    chance = np.random.default_rng(seed)
    pairs = [(0, 1), (2, 3), (4, 5)]
    sets = pairs + [
        some for size in (1, 2, 3) for some in combinations(range(TASKS), size) if some not in pairs
    ]
    costs = [int(chance.integers(60, 100) * len(some) ** 0.8) for some in sets]
    routes = Routes(
        kinds=np.zeros(len(sets), np.int64),
        costs=np.array(costs, np.int64),
        first=np.concatenate([[0], np.cumsum([len(some) for some in sets])]).astype(np.int64),
        tasks=np.array([task for some in sets for task in some], np.int64),
    )
    return routes, sets


def _cheapest_cover(sets: list[tuple[int, ...]], costs: list[int]) -> tuple[int, set[int]]:
    """Try all ways to put disjoint sets together."""

    def best(missing: frozenset[int]) -> tuple[int, set[int]]:
        if not missing:
            return 0, set()
        first = min(missing)
        options = []
        for k, some in enumerate(sets):
            if first in some and set(some) <= missing:
                rest, chosen = best(missing - set(some))
                options.append((costs[k] + rest, chosen | {k}))
        return min(options, key=lambda option: option[0])

    return best(frozenset(range(TASKS)))


@pytest.mark.parametrize("seed", range(12))
def test_every_route_of_the_best_mix_is_promising(seed: int) -> None:
    routes, sets = _routes(seed)
    costs = routes.costs.tolist()
    cost, members = _cheapest_cover(sets, costs)
    assert sum(costs[k] for k in members) == cost
    for incumbent in ([0, 1, 2], sorted(members)):
        kept = promising(
            routes,
            skip_costs=np.full(TASKS, 10_000, np.int64),
            kind_sizes=np.array([TASKS], np.int64),
            incumbent=np.array(incumbent, np.int64),
            most=1_000,
            over=_never,
        ).tolist()
        assert members <= set(kept)
    # Beside the best mix itself, most others are out.
    assert len(kept) < len(sets) / 2


def test_the_likeliest_routes_come_first() -> None:
    routes, _ = _routes(1)
    ask = {
        "skip_costs": np.full(TASKS, 10_000, np.int64),
        "kind_sizes": np.array([TASKS], np.int64),
        "incumbent": np.arange(3, dtype=np.int64),
        "over": _never,
    }
    every = promising(routes, most=1_000, **ask)  # type: ignore[arg-type]
    few = promising(routes, most=3, **ask)  # type: ignore[arg-type]
    assert few.tolist() == every[:3].tolist()


def test_pricing_needs_a_plan_to_begin_with() -> None:
    routes, _ = _routes(1)
    with pytest.raises(ValueError, match="routes of a plan"):
        promising(
            routes,
            skip_costs=np.full(TASKS, 10_000, np.int64),
            kind_sizes=np.array([TASKS], np.int64),
            incumbent=np.zeros(0, np.int64),
            most=10,
            over=_never,
        )


def _town(seed: int, count: int, *, vehicles: int = 20) -> Problem:
    chance = np.random.default_rng(seed)
    x, y = chance.integers(0, 1_000, (2, count + 1))
    return Problem(
        places=tuple(Place(id=str(k), x=float(x[k]), y=float(y[k])) for k in range(x.size)),
        vehicles=tuple(
            Vehicle(
                id=f"v{k}",
                shift=TimeWindow(start=0, end=10**6),
                start=0,
                end=0,
                capacity=(10,),
                cost_per_metre=1,
            )
            for k in range(vehicles)
        ),
        travel={"default": PlanarTravel(x=x, y=y)},
        jobs=tuple(Job(id=f"j{k}", place=k + 1, delivery=(2,)) for k in range(count)),
        dimensions=("units",),
    )


def test_a_route_is_noted_once_at_its_cheapest() -> None:
    model, _ = number(_town(1, 2))
    state, shop = empty_state(model), workshop(model, seed=1, thread=0)
    for order, cost in (([0, 1], 70), ([1, 0], 50), ([0, 1], 60)):
        drive_order(model, state, 0, np.array(order, np.int32), len(order))
        state.sums[0]["cost"] = cost
        note(model, state, shop.seen, 0)
    assert shop.seen.tally[SEEN_ROUTES] == 1
    assert not is_half_full(shop.seen)
    taken = drain(shop.seen)
    head = taken.heads[0]
    assert int(head["cost"]) == 50
    assert taken.nodes[head["first"] : head["first"] + head["length"]].tolist() == [1, 0]
    assert shop.seen.tally[SEEN_ROUTES] == 0
    assert (shop.seen.slots == -1).all()


def test_nothing_is_noted_before_it_is_asked_for() -> None:
    model, _ = number(_town(1, 30))
    assert workshop(model, seed=1, thread=0).seen.tally[NOTING] == 0


@pytest.mark.parametrize("count", [40, 90])
def test_a_search_by_each_thread_is_repeatable_and_counts_all_iterations(count: int) -> None:
    problem = _town(2, count)
    results = [
        solve(problem, iterations=4_000, seed=3, engine="search", threads=2) for _ in range(2)
    ]
    assert results[0].plan == results[1].plan
    assert 0 < results[0].iterations <= 4_000


def test_two_threads_are_never_worse_than_their_start() -> None:
    problem = _town(4, 60)
    start = solve(problem, iterations=3_000, seed=1, engine="search", threads=1)
    again = solve(problem, iterations=200, seed=9, engine="search", threads=2, start=start.plan)
    assert again.report.feasible
    assert again.report.cost.total <= start.report.cost.total


def test_a_start_that_gives_locked_work_to_another_vehicle_is_mended() -> None:
    problem = builders.problem(
        [(0, 0), (10, 0), (20, 0), (30, 0)],
        jobs=[builders.job(name, k + 1) for k, name in enumerate("abc")],
        vehicles=[builders.vehicle("v0", locked=("b",)), builders.vehicle("v1")],
    )
    start = schedule(problem, [builders.tour("v1", "c", "b", "a")])
    result = solve(problem, iterations=500, seed=1, engine="search", threads=1, start=start)
    first = {route.vehicle: route.tour.steps[0].id for route in result.plan.routes}
    assert result.report.feasible
    assert first["v0"] == "b"
