"""Parts searched side by side, in processes that may die."""

from __future__ import annotations

import itertools
import multiprocessing
import time
from pathlib import Path

import pytest

from dispatch.executors import SearchLostError, solve_parts
from solver.errors import UnsupportedError
from solver.model import Problem, Progress
from tests.dispatch import runners
from tests.solver.builders import job, problem, tour, vehicle


def offices(*sizes: int, fatal: int | None = None) -> Problem:
    """One courier for each office, `sizes` jobs each, all along one line, skipped for 1000 each."""
    jobs = []
    for number, size in enumerate(sizes):
        stem = "fatal" if number == fatal else "job"
        jobs += [
            job(f"{stem}-{number}-{k}", k + 1, vehicles=frozenset({f"v{number}"}), skip_cost=1000)
            for k in range(size)
        ]
    crew = [vehicle(f"v{number}") for number in range(len(sizes))]
    return problem(list(range(max(sizes, default=0) + 1)), jobs=jobs, vehicles=crew)


def test_every_part_is_searched_and_the_whole_is_judged() -> None:
    result = solve_parts(
        offices(3, 2, 1),
        clock=time.monotonic,
        iterations=1,
        workers=2,
        runner=runners.quick,
        engine="toy",
    )
    assert [route.vehicle for route in result.plan.routes] == ["v0", "v1", "v2"]
    assert result.plan.unassigned == ()
    # Out and back along the line, ten metres a unit: 2 * (3 + 2 + 1) * 10.
    assert result.report.metres == 120
    assert result.iterations == 3
    assert result.report.feasible


def test_the_result_does_not_depend_on_the_number_of_workers() -> None:
    day = offices(4, 3, 2, 1)
    one, two = (
        solve_parts(day, clock=time.monotonic, iterations=1, workers=n, runner=runners.quick)
        for n in (1, 2)
    )
    assert one.plan == two.plan


def test_time_is_kept_with_more_parts_than_workers() -> None:
    began = time.monotonic()
    result = solve_parts(
        offices(9, 5, 4, 3, 2, 1, 1),
        clock=time.monotonic,
        seconds=3,
        workers=2,
        runner=runners.patient,
    )
    took = time.monotonic() - began
    assert 2.7 < took < 3.15
    assert result.plan.unassigned == ()
    assert not result.stopped


def test_time_is_shared_out_by_size(tmp_path: Path) -> None:
    log = tmp_path / "log"
    solve_parts(
        offices(30, 10),
        clock=time.monotonic,
        seconds=3,
        workers=1,
        runner=runners.notes_seconds,
        engine=str(log),
    )
    lines = [line.split() for line in log.read_text().splitlines()]
    sizes = [int(size) for size, _ in lines]
    shares = [float(share) for _, share in lines]
    # A first look at each, long enough for a plan; of the rest three quarters go to the larger.
    assert sizes == [30, 10, 30, 10]
    assert min(shares[:2]) >= 0.3
    assert shares[2] == pytest.approx(3 * shares[3], rel=0.15)
    assert shares[2] > 2 * shares[0]


def test_a_stop_keeps_a_plan_of_every_part() -> None:
    began = time.monotonic()
    result = solve_parts(
        offices(6, 5, 4, 3),
        clock=time.monotonic,
        seconds=60,
        workers=1,
        runner=runners.patient,
        stop=lambda: time.monotonic() - began > 1,
    )
    assert time.monotonic() - began < 6
    assert result.stopped
    assert result.plan.unassigned == ()


def test_the_whole_has_a_plan_within_seconds_however_long_the_search_is_to_go_on() -> None:
    told: list[Progress] = []
    began = time.monotonic()
    result = solve_parts(
        offices(6, 5, 4, 3),
        clock=time.monotonic,
        seconds=3600,
        workers=1,
        runner=runners.patient,
        on_progress=told.append,
        stop=lambda: any(one.tours is not None for one in told),
    )
    # Looks at a share of the hour would take two minutes for each part.
    assert time.monotonic() - began < 20
    assert result.stopped
    first = next(one for one in told if one.tours is not None)
    assert first.tours is not None
    assert {tour.vehicle for tour in first.tours} == {"v0", "v1", "v2", "v3"}


def test_an_engine_that_hears_nothing_is_ended_and_its_earlier_plan_kept() -> None:
    began = time.monotonic()
    result = solve_parts(
        offices(2, 1), clock=time.monotonic, seconds=1, workers=1, runner=runners.deaf
    )
    # One second, three of patience for each of the two.
    assert time.monotonic() - began < 9
    assert result.plan.unassigned == ()


def test_a_stop_before_anything_began_still_gives_a_first_plan() -> None:
    result = solve_parts(
        offices(2, 1),
        clock=time.monotonic,
        seconds=60,
        workers=1,
        runner=runners.patient,
        stop=lambda: True,
    )
    assert result.stopped
    assert result.plan.unassigned == ()


def test_a_process_that_dies_is_replaced_and_its_part_searched_again(tmp_path: Path) -> None:
    marker = tmp_path / "died"
    result = solve_parts(
        offices(3, 2, fatal=0),
        clock=time.monotonic,
        iterations=1,
        workers=2,
        runner=runners.dies_once,
        engine=str(marker),
    )
    assert marker.exists()
    assert result.plan.unassigned == ()


def test_a_part_that_kills_its_process_each_time_loses_only_itself() -> None:
    result = solve_parts(
        offices(2, 3, fatal=0),
        clock=time.monotonic,
        iterations=1,
        workers=1,
        runner=runners.dies_always,
    )
    assert result.plan.unassigned == ("fatal-0-0", "fatal-0-1")
    assert [route.vehicle for route in result.plan.routes] == ["v1"]


def test_a_part_that_is_lost_falls_back_to_the_plan_it_started_from() -> None:
    day = offices(2, 3, fatal=0)
    result = solve_parts(
        day,
        clock=time.monotonic,
        iterations=1,
        workers=1,
        start=[tour("v0", "fatal-0-1")],
        runner=runners.dies_always,
    )
    assert result.plan.unassigned == ("fatal-0-0",)


def test_an_engine_that_breaks_loses_only_its_part() -> None:
    result = solve_parts(
        offices(2, 3, fatal=1), clock=time.monotonic, iterations=1, workers=2, runner=runners.fails
    )
    assert result.plan.unassigned == ("fatal-1-0", "fatal-1-1", "fatal-1-2")


def test_a_day_of_which_every_part_is_lost_is_an_error() -> None:
    with pytest.raises(SearchLostError, match="the engine broke"):
        solve_parts(
            offices(2, fatal=0), clock=time.monotonic, iterations=1, workers=1, runner=runners.fails
        )


def test_what_the_solver_refuses_is_refused() -> None:
    with pytest.raises(UnsupportedError, match="shipments"):
        solve_parts(
            offices(1, 1), clock=time.monotonic, iterations=1, workers=2, runner=runners.refuses
        )


def test_no_process_is_left_behind() -> None:
    solve_parts(
        offices(1, 1, 1), clock=time.monotonic, iterations=1, workers=2, runner=runners.quick
    )
    assert multiprocessing.active_children() == []


def test_progress_adds_up_over_the_parts() -> None:
    seen: list[Progress] = []
    result = solve_parts(
        offices(2, 1),
        clock=time.monotonic,
        iterations=1,
        workers=1,
        runner=runners.quick,
        on_progress=seen.append,
    )
    assert [progress.unassigned for progress in seen] == [1, 0]
    # The first part's 40 metres and the second's one job skipped; then both parts' metres.
    assert [progress.cost for progress in seen] == [40 + 1000, 40 + 20]
    assert result.history[-1].cost == result.report.cost.total
    assert all(a.seconds <= b.seconds for a, b in itertools.pairwise(result.history))


def test_jobs_that_nobody_may_do_need_no_process() -> None:
    day = problem([0, 1], jobs=[job("x", 1, vehicles=frozenset(), skip_cost=5)])
    result = solve_parts(day, clock=time.monotonic, iterations=1)
    assert result.plan.unassigned == ("x",)
    assert result.report.cost.total == 5


def test_the_whole_can_go_to_one_process() -> None:
    result = solve_parts(
        offices(2, 1),
        clock=time.monotonic,
        iterations=7,
        workers=2,
        whole=True,
        runner=runners.quick,
    )
    assert result.iterations == 1
    assert result.plan.unassigned == ()
