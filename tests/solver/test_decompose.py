"""A day searched by part keeps every rule of the whole, and no round makes it worse."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, Phase, assume, given, settings
from hypothesis import strategies as st

from solver import pipeline
from solver.checker import check
from solver.decompose import Cutting, Decomposition
from solver.engine import Budget, Tours
from solver.evaluation import score_of
from solver.model import Problem, Report, Tour
from solver.schedule import schedule
from tests.solver.builders import job, pause, problem, reload, shipment, tour, vehicle
from tests.solver.strategies import problems, tours

TINY = Cutting(visits=4, whole=4, least_visits=1, rounds=4)
"""Parts of four visits: even small problems are searched by part."""


class Run:
    """One search by part, and all that it offered."""

    def __init__(
        self,
        given_problem: Problem,
        *,
        iterations: int | None = 2_000,
        seconds: float | None = None,
        start: Sequence[Tour] | None = None,
        threads: int = 2,
        seed: int = 1,
        stop: Callable[[], bool] = lambda: False,
        cutting: Cutting = TINY,
    ) -> None:
        self.problem = given_problem
        self.offered: list[Tours] = []
        self.iterations = Decomposition(cutting).search(
            given_problem,
            budget=Budget(
                clock=time.monotonic,
                iterations=iterations,
                seconds=seconds,
                threads=threads,
                stop=stop,
                began=time.monotonic(),
            ),
            seed=seed,
            start=start,
            offer=lambda found, _: self.offered.append(tuple(found)),
        )

    @property
    def tours(self) -> Tours:
        return tuple(sorted(self.offered[-1], key=lambda found: found.vehicle))

    @property
    def report(self) -> Report:
        return check(self.problem, schedule(self.problem, self.tours))


def quarters(each: int, vehicles: int = 8, **fields: Any) -> Problem:
    """Return one depot and four villages around it with so many jobs, and any vehicle for all."""
    middles = [(300, 0), (0, 300), (-300, 0), (0, -300)]
    spots: list[tuple[int, int]] = [(0, 0)]
    for x, y in middles:
        spots += [(x + 7 * (k % 5), y + 7 * (k // 5)) for k in range(each)]
    return problem(
        spots,
        jobs=[
            job(f"j{k}", k, delivery=(1,), service_seconds=5, windows=[(0, 4000)])
            for k in range(1, len(spots))
        ],
        vehicles=[
            vehicle(f"v{k}", shift=(0, 6000), capacity=(each,), **fields) for k in range(vehicles)
        ],
    )


# ---- every rule of the whole ---------------------------------------------------------------


@settings(
    derandomize=True,
    deadline=None,
    database=None,
    max_examples=40,
    phases=[Phase.generate],
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_whatever_the_features_no_start_is_made_worse(data: st.DataObject) -> None:
    given_problem = data.draw(problems(max_jobs=9, max_vehicles=4))
    start = data.draw(tours(given_problem)) if data.draw(st.booleans()) else None
    assume(not Decomposition().unsupported(given_problem))
    run = Run(given_problem, start=start, iterations=400)
    scores = [
        score_of(check(given_problem, schedule(given_problem, found))) for found in run.offered
    ]
    # A start that breaks rules may first lose what its vehicles may not do; the rest never does.
    if not scores[0].violations or start is None:
        assert scores == sorted(scores, reverse=True)
    assert scores[1:] == sorted(scores[1:], reverse=True)
    named = [step.id for found in run.tours for step in found.steps if step.kind == "job"]
    assert len(named) == len(set(named))


def test_four_villages_cost_what_one_search_of_all_finds() -> None:
    day = quarters(10)
    whole = pipeline.solve(day, iterations=8_000, engine="search", threads=1)
    run = Run(day, iterations=8_000, cutting=replace(TINY, visits=12, whole=12))
    assert run.report.feasible
    assert run.report.unassigned == ()
    # One vehicle for each village, none of which can do more: cutting loses nothing.
    assert run.report.cost.total <= whole.report.cost.total
    assert run.iterations <= 8_000


def test_breaks_reloads_and_two_kinds_of_vehicle_are_kept_by_part() -> None:
    day = quarters(9, breaks=(pause("lunch", 300, (500, 1500)),), reloads=(reload("noon", 0),))
    slow = [replace(v, id=f"s{v.id}", capacity=(3,), cost_per_metre=2) for v in day.vehicles]
    day = replace(day, vehicles=(*day.vehicles[:3], *slow))
    run = Run(day, iterations=6_000, cutting=replace(TINY, visits=10, whole=10))
    assert run.report.violations == ()
    assert run.report.unassigned == ()


def test_both_ends_of_a_shipment_stay_in_one_route_across_all_cuts() -> None:
    chance = np.random.default_rng(3)
    spots = [(0, 0), *((int(x), int(y)) for x, y in chance.integers(-200, 200, (40, 2)))]
    day = problem(
        spots,
        shipments=[shipment(f"s{k}", 2 * k + 1, 2 * k + 2, amount=(1,)) for k in range(20)],
        vehicles=[vehicle(f"v{k}", shift=(0, 9000), capacity=(4,)) for k in range(6)],
    )
    run = Run(day, iterations=6_000, cutting=replace(TINY, visits=12, whole=12))
    assert run.report.violations == ()
    assert run.report.unassigned == ()


def test_locked_beginnings_stay_with_their_vehicle_wherever_they_lie() -> None:
    day = quarters(6)
    # One job of each village, in an order that nobody would choose.
    first = ("j1", "j13", "j7", "j19")
    crew = [replace(v, locked=first) if v.id == "v5" else v for v in day.vehicles]
    run = Run(replace(day, vehicles=tuple(crew)), iterations=4_000)
    assert run.report.violations == ()
    (held,) = [found for found in run.tours if found.vehicle == "v5"]
    assert tuple(step.id for step in held.steps[:4]) == first


def test_what_a_first_part_has_no_room_for_is_offered_to_others_later() -> None:
    # Jobs to the west fill a vehicle each, those to the east nearly nothing; vehicles are dealt by
    # visits, so one of the west is left out until the idle vehicle of the east is offered to it.
    spots = [(0, 0), *((-100 - 5 * k, k) for k in range(3)), *((100 + 5 * k, k) for k in range(3))]
    heavy = [job(f"w{k}", 1 + k, delivery=(10,), skip_cost=10**6) for k in range(3)]
    light = [job(f"e{k}", 4 + k, delivery=(1,), skip_cost=10**6) for k in range(3)]
    day = problem(
        spots,
        jobs=[*heavy, *light],
        vehicles=[vehicle(f"v{k}", shift=(0, 5000), capacity=(10,)) for k in range(4)],
    )
    run = Run(day, iterations=3_000, threads=1, cutting=replace(TINY, visits=3, whole=3))
    left_out = [len(check(day, schedule(day, found)).unassigned) for found in run.offered]
    assert left_out[1] == 1
    assert left_out[-1] == 0


# ---- the same plan, the limits, a stop -----------------------------------------------------


def test_a_seed_gives_one_plan_whatever_the_threads_do() -> None:
    day = quarters(12)
    first, second = (Run(day, iterations=5_000, seed=7) for _ in range(2))
    assert first.tours == second.tours
    assert first.iterations == second.iterations <= 5_000
    others = {Run(day, iterations=60, seed=seed).tours for seed in range(1, 6)}
    assert len(others) > 1


def test_without_iterations_there_is_still_a_plan_by_part() -> None:
    run = Run(quarters(12), iterations=0)
    assert run.iterations == 0
    assert run.report.violations == ()


def test_the_time_limit_is_kept_by_part() -> None:
    day = quarters(25)
    began = time.monotonic()
    run = Run(day, iterations=None, seconds=2.0, cutting=replace(TINY, visits=20, whole=20))
    # Half a second over is for a busy machine.
    assert 1.0 < time.monotonic() - began < 2.0 * 1.05 + 0.5
    assert run.report.violations == ()
    assert run.iterations > 0


def test_a_stop_ends_all_parts_with_the_best_so_far() -> None:
    asked = 0

    def stop() -> bool:
        nonlocal asked
        asked += 1
        return asked > 6

    began = time.monotonic()
    run = Run(quarters(25), iterations=None, seconds=60.0, stop=stop)
    assert time.monotonic() - began < 20
    assert run.report.violations == ()


def test_what_stop_raises_comes_out_and_ends_the_parts() -> None:
    def stop() -> bool:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        Run(quarters(25), iterations=None, seconds=60.0, stop=stop)


# ---- how a start is used -------------------------------------------------------------------


def test_a_start_is_regrouped_and_its_bad_routes_are_mended() -> None:
    day = quarters(6)
    # Every vehicle visits all four villages in turn.
    names = [[f"j{1 + 6 * village + k}" for village in range(4)] for k in range(6)]
    start = [tour(f"v{k}", *some) for k, some in enumerate(names)]
    before = check(day, schedule(day, start)).cost.total
    run = Run(day, start=start, iterations=6_000, cutting=replace(TINY, visits=12, whole=12))
    assert run.offered[0] == tuple(start)
    assert run.report.violations == ()
    assert run.report.cost.total < 0.7 * before


def test_auto_takes_it_for_large_days_only(monkeypatch: pytest.MonkeyPatch) -> None:
    day = quarters(5)
    assert pipeline.solve(day, iterations=50).engine == "search"
    monkeypatch.setattr(pipeline, "LARGE", 20)
    assert pipeline.solve(day, iterations=50).engine == "decompose"


def test_auto_takes_it_earlier_where_nothing_connects_the_parts(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(pipeline, "APART", 20)
    day = quarters(5)
    assert pipeline.solve(day, iterations=50).engine == "search"
    first = frozenset(f"v{k}" for k in range(4))
    second = frozenset(f"v{k}" for k in range(4, 8))
    apart = [
        replace(given_job, vehicles=first if number < 10 else second)
        for number, given_job in enumerate(day.jobs)
    ]
    assert pipeline.solve(replace(day, jobs=tuple(apart)), iterations=50).engine == "decompose"
