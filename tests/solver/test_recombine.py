"""Recombination finds the cheapest mix of the routes it was given, and never a worse plan."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from solver.recombine import RoutePool, recombine, tasks_of
from solver.search.records import REQUIRED

Route = tuple[int, tuple[int, ...], int]

# Four jobs, one kind of vehicle. One plan is good at 0 and 1, the other at 2 and 3.
LEFT: list[Route] = [(0, (0, 1), 10), (0, (2,), 20), (0, (3,), 20)]
RIGHT: list[Route] = [(0, (0,), 20), (0, (1,), 20), (0, (2, 3), 10)]


def pool_of(*routes: Route, tasks: int = 4, capacity: int = 100) -> RoutePool:
    pool = RoutePool(range(tasks), capacity)
    for kind, nodes, cost in routes:
        pool.add(kind, nodes, cost)
    return pool


def required(count: int) -> list[int]:
    return [REQUIRED] * count


def test_the_good_halves_of_two_plans_make_the_best_one() -> None:
    pool = pool_of(*LEFT, *RIGHT)
    # 10 + 20 + 20 = 50 for either plan, 10 + 10 for both good halves.
    found = recombine(pool, skip_costs=required(4), kind_sizes=[3], incumbent=LEFT, work=1.0)
    assert found is not None
    assert sorted(found) == [(0, (0, 1)), (0, (2, 3))]


def test_nothing_is_returned_when_the_incumbent_is_the_best_mix() -> None:
    best: list[Route] = [(0, (0, 1), 10), (0, (2, 3), 10)]
    pool = pool_of(*LEFT, *RIGHT)
    assert recombine(pool, skip_costs=required(4), kind_sizes=[3], incumbent=best, work=1.0) is None


def test_a_mix_of_equal_cost_is_not_offered() -> None:
    pool = pool_of((0, (0, 1), 30), (0, (0,), 15), (0, (1,), 15), tasks=2)
    incumbent: list[Route] = [(0, (0, 1), 30)]
    assert (
        recombine(pool, skip_costs=required(2), kind_sizes=[2], incumbent=incumbent, work=1.0)
        is None
    )


def test_no_kind_is_used_more_often_than_it_has_vehicles() -> None:
    # Two cheap vans would cost 2, but there is one: a van and the motorbike cost 1 + 50.
    routes: list[Route] = [(0, (0,), 1), (0, (1,), 1), (1, (0,), 50), (1, (1,), 50)]
    incumbent: list[Route] = [(1, (0, 1), 90)]
    found = recombine(
        pool_of(*routes, tasks=2),
        skip_costs=required(2),
        kind_sizes=[1, 1],
        incumbent=incumbent,
        work=1.0,
    )
    assert found is not None
    assert sorted(kind for kind, _ in found) == [0, 1]


def test_a_task_is_left_out_where_its_route_costs_more_than_its_skip() -> None:
    # Job 1 costs 100 to serve and 40 to leave out.
    incumbent: list[Route] = [(0, (0,), 10), (0, (1,), 100)]
    pool = pool_of(*incumbent, tasks=2)
    found = recombine(pool, skip_costs=[REQUIRED, 40], kind_sizes=[2], incumbent=incumbent, work=1)
    assert found == [(0, (0,))]


def test_a_skipped_task_is_taken_in_where_that_is_cheaper() -> None:
    incumbent: list[Route] = [(0, (0,), 10)]
    pool = pool_of(*incumbent, (0, (0, 1), 25), tasks=2)
    found = recombine(pool, skip_costs=[REQUIRED, 40], kind_sizes=[1], incumbent=incumbent, work=1)
    assert found == [(0, (0, 1))]


def test_a_required_task_that_is_missing_is_worth_any_detour() -> None:
    # Job 2 is required and left out by the incumbent; job 1 may be left out for 5.
    incumbent: list[Route] = [(0, (0, 1), 10)]
    pool = pool_of(*incumbent, (0, (0, 2), 10**9), tasks=3)
    skips = [REQUIRED, 5, REQUIRED]
    found = recombine(pool, skip_costs=skips, kind_sizes=[1], incumbent=incumbent, work=1)
    # In full money 10**9 + 5 is far below 10 + 2**46; the detour is worth it.
    assert found == [(0, (0, 2))]


def test_a_required_task_is_never_given_up_for_money() -> None:
    # Jobs 0 and 2 are required, 2 is lost anyhow: dropping 0 too would save 10**9.
    incumbent: list[Route] = [(0, (0,), 10**9)]
    skips = [REQUIRED, 0, REQUIRED]
    pool = pool_of(*incumbent, (0, (1,), 1), tasks=3)
    assert recombine(pool, skip_costs=skips, kind_sizes=[1], incumbent=incumbent, work=1) is None


def test_a_kind_that_must_drive_keeps_a_route() -> None:
    # Without the rule vehicle 1 would stay at home: 10 instead of 5 + 30.
    incumbent: list[Route] = [(0, (0,), 5), (1, (1,), 30)]
    pool = pool_of(*incumbent, (0, (0, 1), 10), tasks=2)
    arguments = {"skip_costs": required(2), "kind_sizes": [1, 1], "incumbent": incumbent}
    assert recombine(pool, work=1.0, **arguments) == [(0, (0, 1))]  # type: ignore[arg-type]
    assert recombine(pool, work=1.0, must_use={1}, **arguments) is None  # type: ignore[arg-type]


def test_both_ends_of_a_shipment_are_one_task() -> None:
    # Job, then a shipment (nodes 1 and 2), then a job.
    mate, pickup = np.array([-1, 2, 1, -1]), np.array([0, 1, 0, 0])
    task_of = tasks_of(mate, pickup)
    assert task_of.tolist() == [0, 1, 1, 2]
    pool = RoutePool(task_of)
    incumbent: list[Route] = [(0, (0, 1, -1, 2), 50), (0, (3,), 10)]
    pool.add(0, (1, 2), 5)
    pool.add(0, (0, 3), 20)
    found = recombine(pool, skip_costs=required(3), kind_sizes=[2], incumbent=incumbent, work=1)
    assert found is not None
    assert sorted(found) == [(0, (0, 3)), (0, (1, 2))]


def test_of_two_orders_of_the_same_tasks_the_cheaper_one_stays() -> None:
    pool = pool_of((0, (0, 1), 10), (0, (1, 0), 8), (0, (0, 1), 10), tasks=2)
    assert [(column.nodes, column.cost) for column in pool.columns()] == [((1, 0), 8)]
    assert pool.changes == 2
    # The incumbent drives the dearer order: the cheaper one alone is an improvement.
    found = recombine(
        pool, skip_costs=required(2), kind_sizes=[1], incumbent=[(0, (0, 1), 10)], work=1.0
    )
    assert found == [(0, (1, 0))]


def test_a_full_pool_keeps_the_routes_of_the_best_plan() -> None:
    pool = RoutePool(range(40), capacity=20)
    best: list[Route] = [(0, (a, a + 1), 1) for a in range(0, 40, 2)]
    pool.add_solution(best, total=20)
    for a, b in product(range(20), range(20, 40)):
        pool.add_solution([(0, (a, b), 3)], total=1000 + a)
    assert len(pool) <= 21
    held = {(column.kind, column.nodes) for column in pool.columns()}
    assert {(kind, nodes) for kind, nodes, _ in best} <= held


def test_a_full_pool_drops_the_routes_of_the_dearest_plans_first() -> None:
    pool = RoutePool(range(8), capacity=4)
    for job, total in enumerate([10, 50, 20, 40, 30]):
        pool.add_solution([(0, (job,), 1)], total=total)
    # Five are too many: three remain, those of the plans for 10, 20 and 30.
    assert sorted(column.nodes for column in pool.columns()) == [(0,), (2,), (4,)]


def test_a_call_without_a_limit_is_refused() -> None:
    with pytest.raises(ValueError, match="limit"):
        recombine(pool_of(*LEFT), skip_costs=required(4), kind_sizes=[3], incumbent=LEFT)


def test_a_stop_that_was_asked_for_before_ends_it_at_once() -> None:
    pool = pool_of(*LEFT, *RIGHT)
    found = recombine(
        pool,
        skip_costs=required(4),
        kind_sizes=[3],
        incumbent=LEFT,
        seconds=10.0,
        stop=lambda: True,
    )
    assert found is None


@pytest.mark.parametrize("threads", [1, 2])
def test_equal_calls_give_equal_answers(threads: int) -> None:
    chance = np.random.default_rng(5)
    plans: list[list[Route]] = []
    for _ in range(60):
        order = chance.permutation(40)
        parts = [tuple(int(x) for x in part) for part in np.split(order, 10)]
        plans.append([(0, part, int(chance.integers(50, 150))) for part in parts])
    answers = []
    for _ in range(2):
        pool = RoutePool(range(40))
        for plan in plans:
            pool.add_solution(plan, total=sum(cost for _, _, cost in plan))
        # Two skips allowed for 30 each make mixing of random plans possible.
        skips = [30] * 40
        answers.append(
            recombine(
                pool,
                skip_costs=skips,
                kind_sizes=[10],
                incumbent=plans[0],
                work=0.2,
                threads=threads,
                seed=7,
            )
        )
    assert answers[0] is not None
    assert answers[0] == answers[1]


ROUTES = st.lists(
    st.tuples(
        st.integers(0, 1),
        st.lists(st.integers(0, 4), min_size=1, max_size=4, unique=True).map(tuple),
        st.integers(1, 60),
    ),
    max_size=9,
)


@settings(max_examples=40, deadline=None)
@given(
    ROUTES,
    st.lists(st.sampled_from([0, 7, 40, REQUIRED]), min_size=5, max_size=5),
    st.tuples(st.integers(0, 2), st.integers(0, 2)),
)
def test_it_finds_what_trying_all_mixes_finds(
    routes: list[Route], skips: list[int], sizes: tuple[int, int]
) -> None:
    best = nothing = sum(skips)
    for chosen in product([False, True], repeat=len(routes)):
        mix = [route for route, use in zip(routes, chosen, strict=True) if use]
        served = [task for _, nodes, _ in mix for task in nodes]
        kinds = [kind for kind, _, _ in mix]
        if len(set(served)) < len(served) or any(kinds.count(k) > sizes[k] for k in (0, 1)):
            continue
        cost = sum(cost for _, _, cost in mix)
        best = min(best, cost + sum(s for t, s in enumerate(skips) if t not in served))
    pool = pool_of(*routes, tasks=5)
    found = recombine(pool, skip_costs=skips, kind_sizes=sizes, incumbent=[], work=1.0)
    if found is None:
        assert best == nothing
        return
    price = {(column.kind, column.nodes): column.cost for column in pool.columns()}
    served = [node for _, nodes in found for node in nodes]
    total = sum(price[route] for route in found)
    assert total + sum(s for t, s in enumerate(skips) if t not in served) == best
