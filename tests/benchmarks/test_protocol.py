"""The benchmark's own arithmetic: discovery, gaps, courses, the closest problem and back."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from pathlib import Path

import pytest

from benchmarks import closest, peers, report
from benchmarks.peers import Run
from benchmarks.protocol import Case, MissingInstancesError, Verdict, discover, gap, judge
from benchmarks.shapes import kinds, useful
from geo.types import PlanarTravel
from solver import formats
from solver.formats import Instance
from solver.model import (
    Break,
    Job,
    Place,
    Problem,
    Reload,
    SoftDue,
    Step,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
)

SQUARE = """NAME : square
TYPE : CVRP
DIMENSION : 5
EDGE_WEIGHT_TYPE : EUC_2D
CAPACITY : 2
NODE_COORD_SECTION
1 0 0
2 0 10
3 10 10
4 10 0
5 20 0
DEMAND_SECTION
1 0
2 1
3 1
4 1
5 1
DEPOT_SECTION
1
-1
EOF
"""


def _job(name: str) -> Step:
    return Step(kind=StopKind.JOB, id=name)


def _courier(**changes: object) -> Vehicle:
    """Work from 7:00 to 17:00, settle 11:00-12:00 in 900 s, lunch 12:00-13:30 for 3600 s."""
    given: dict[str, object] = {
        "id": "an",
        "start": 0,
        "end": 0,
        "shift": TimeWindow(start=25_200, end=61_200),
        "breaks": (
            Break(id="lunch", windows=(TimeWindow(start=43_200, end=48_600),), seconds=3_600),
        ),
        "reloads": (
            Reload(
                id="noon",
                place=0,
                seconds=900,
                windows=(TimeWindow(start=39_600, end=43_200),),
                most=1,
                required=True,
            ),
        ),
        "max_metres": 100_000,
        "fixed_cost": 1_000,
        "cost_per_metre": 2,
    }
    return Vehicle(**{**given, **changes})  # type: ignore[arg-type]


def _day(*vehicles: Vehicle, jobs: tuple[Job, ...]) -> Problem:
    return Problem(
        places=tuple(Place(id=str(k), x=float(k), y=0.0) for k in range(4)),
        vehicles=vehicles,
        travel={"default": PlanarTravel(x=[0.0, 1.0, 2.0, 3.0], y=[0.0] * 4, scale=1_000.0)},
        jobs=jobs,
    )


def _session(*runs: Run, best: str | None = "100") -> report.Session:
    case = Case(
        name="square", family="cvrp", size=4, best_cost=None if best is None else Decimal(best)
    )
    return report.Session(
        family="cvrp",
        day=date(2026, 11, 23),
        seconds=10.0,
        seeds=2,
        cases=(case,),
        engines=("ours", "pyvrp"),
        runs=runs,
        vehicles_first=False,
        facts={"processor": "none", "cores": 2, "python": "3.11", "packages": {"numpy": "2"}},
    )


def _run(engine: str, cost: float, *, seed: int = 1, broken: tuple[str, ...] = ()) -> Run:
    verdict = Verdict(cost=cost, total=int(cost), vehicles=3, unassigned=0, broken=broken)
    return Run(case="square", engine=engine, seed=seed, verdict=verdict, seconds=10.0)


def test_instances_are_found_by_class_with_their_best_known(tmp_path: Path) -> None:
    (tmp_path / "cvrp").mkdir()
    (tmp_path / "cvrp" / "square.vrp").write_text(SQUARE)
    (tmp_path / "cvrp" / "square.sol").write_text(
        "Route #1: 1 2\nRoute #2:\nRoute #12: 3 4\nCost 74\n"
    )
    (case,) = discover(tmp_path, ["cvrp"])
    # An empty route is no vehicle: two of the three are driven.
    assert (case.name, case.size, case.best_vehicles) == ("square", 4, 2)
    assert case.best_cost == Decimal(74)
    assert discover(tmp_path, ["cvrp"], max_size=3) == []
    assert discover(tmp_path, ["cvrp"], only="SQU") == [case]
    assert discover(tmp_path, ["cvrp"], only="circle") == []


def test_a_missing_folder_says_what_to_put_there(tmp_path: Path) -> None:
    with pytest.raises(MissingInstancesError, match="--instances"):
        discover(tmp_path, ["vrptw"])


def test_an_answer_is_priced_by_our_checker_and_its_violations_counted() -> None:
    instance = formats.read_problem(SQUARE)
    # 0-1-2-0 is 10 + 10 + 14 = 34; 0-3-4-0 is 10 + 10 + 20 = 40.
    tours = (
        Tour(vehicle="1", steps=(_job("1"), _job("2"))),
        Tour(vehicle="2", steps=(_job("3"), _job("4"))),
    )
    good = judge(instance, tours)
    assert (good.cost, good.vehicles, good.feasible) == (74.0, 2, True)
    bad = judge(instance, (Tour(vehicle="1", steps=tuple(_job(k) for k in "1234")),))
    assert bad.broken == ("capacity_exceeded x1 by 2",)


def test_a_gap_is_the_share_above_the_best_known() -> None:
    assert gap(102.0, Decimal(100)) == pytest.approx(2.0)
    assert gap(99.0, Decimal(100)) == pytest.approx(-1.0)
    assert gap(99.0, None) is None


def test_a_total_tells_its_vehicles_where_they_come_first() -> None:
    instance = Instance(
        problem=formats.read_problem(SQUARE).problem,
        name="",
        kind="VRPTW",
        cost_divisor=10,
        cost_decimals=2,
        vehicle_cost=1_000_000,
    )
    # Three vehicles and a distance of 450 tenths.
    assert peers.published(instance, [(1.5, 3_000_450, 0)]) == ((1.5, 45.0, 3),)


def test_a_fleet_of_thousands_is_cut_to_what_a_best_plan_can_need() -> None:
    problem = formats.read_problem(SQUARE.replace("CAPACITY : 2", "CAPACITY : 4\nVEHICLES : 900"))
    (kind,) = kinds(problem.problem)
    # One vehicle could carry all four units; no more than the four customers can be served.
    assert (len(kind.ids), useful(problem.problem, kind)) == (900, 4)


def test_a_noon_settlement_makes_two_half_days() -> None:
    (piece,) = closest.pieces(_day(_courier(), jobs=(Job(id="a", place=1),)), strict=False)
    morning, afternoon = piece.problem.vehicles
    # The morning ends with the last settlement at 12:00; 900 s later, at 12:15, an hour of lunch.
    assert morning.shift == TimeWindow(start=25_200, end=43_200)
    assert afternoon.shift == TimeWindow(start=43_200 + 900 + 3_600, end=61_200)
    assert (morning.fixed_cost, morning.max_metres, morning.reloads) == (500, 50_000, ())


def test_half_days_become_one_tour_with_the_settlement_between() -> None:
    jobs = (Job(id="a", place=1), Job(id="b", place=2))
    (piece,) = closest.pieces(_day(_courier(), jobs=jobs), strict=False)
    morning, afternoon = (vehicle.id for vehicle in piece.problem.vehicles)
    both = (Tour(vehicle=afternoon, steps=(_job("b"),)), Tour(vehicle=morning, steps=(_job("a"),)))
    noon = Step(kind=StopKind.RELOAD, id="noon")
    assert piece.back(both) == (Tour(vehicle="an", steps=(_job("a"), noon, _job("b"))),)
    assert piece.back(both[:1]) == (Tour(vehicle="an", steps=(_job("b"),)),)


def test_a_tour_over_noon_gets_its_settlement_at_the_best_place() -> None:
    # Each job takes three hours: 7:00 and two of them end after noon.
    jobs = tuple(Job(id=name, place=1, service_seconds=3 * 3_600) for name in "ab")
    problem = _day(_courier(), jobs=jobs)
    (tour,) = closest.mended(problem, (Tour(vehicle="an", steps=(_job("a"), _job("b"))),))
    assert [step.id for step in tour.steps] == ["a", "noon", "b"]


def test_setup_and_unfamiliar_communes_become_part_of_the_way() -> None:
    job = Job(
        id="a",
        place=2,
        setup_seconds=60,
        area="lạ",
        windows=(TimeWindow(start=30_000, end=40_000),),
    )
    courier = _courier(known_areas=frozenset({"quen"}), unfamiliar_cost=500)
    (piece,) = closest.pieces(_day(courier, jobs=(job,)), strict=False)
    travel = piece.problem.travel[piece.problem.vehicles[0].profile]
    # 2 km away; 500 of money are 250 m at 2 a metre. A part keeps only its own places.
    assert travel.leg(0, piece.problem.jobs[0].place) == (2_060, 2_250)
    assert travel.leg(piece.problem.jobs[0].place, 0) == (2_000, 2_000)
    assert piece.problem.jobs[0].windows == (TimeWindow(start=30_060, end=40_000),)


def test_a_plain_problem_is_given_to_peers_as_it_is() -> None:
    problem = formats.read_problem(SQUARE).problem
    (piece,) = closest.pieces(problem, strict=False)
    assert piece.problem is problem
    assert closest.differences(problem, strict=False) == []


def test_a_class_mean_leaves_out_answers_that_break_rules_and_says_so() -> None:
    session = _session(
        _run("ours", 102.0),
        _run("ours", 104.0, seed=2),
        _run("pyvrp", 101.0),
        _run("pyvrp", 90.0, seed=2, broken=("capacity_exceeded x1 by 3",)),
    )
    ours, pyvrp = report.class_means(session)
    assert ours[1] == pytest.approx(3.0)
    assert ours[2] == pytest.approx(2.0)
    assert pyvrp[1:] == (None, None, None, "0 of 1")
    text = report.markdown(session)
    assert "| ours | 3.00 | 2.00 | 1 of 1 |" in text
    assert "breaks capacity_exceeded x1 by 3" in text


def test_without_a_best_known_the_best_answer_that_breaks_nothing_is_the_mark() -> None:
    session = _session(
        _run("ours", 80.0), _run("pyvrp", 60.0, broken=("reload_missing x1 by 1",)), best=None
    )
    assert session.best_cost(session.cases[0]) == 80.0


def test_a_course_has_no_mean_before_every_run_has_a_plan() -> None:
    first = Run(case="square", engine="ours", seed=1, history=((1.0, 120.0, 3), (4.0, 110.0, 3)))
    second = Run(case="square", engine="ours", seed=2, history=((2.0, 130.0, 3),))
    session = _session(first, second)
    assert report.gap_at(session, "ours", 1.5) is None
    assert report.gap_at(session, "ours", 2.0) == pytest.approx(25.0)
    assert report.gap_at(session, "ours", 5.0) == pytest.approx(20.0)


def test_a_long_course_is_thinned_but_keeps_its_end() -> None:
    course = [(float(k), 1_000.0 - k, 1) for k in range(1_001)]
    kept = report.thinned(course)
    assert len(kept) <= 202
    assert kept[-1] == course[-1]


def test_windows_close_for_strict_peers_when_lateness_begins_to_cost() -> None:
    late = SoftDue(time=50_000, cost_per_second=10)
    jobs = (
        Job(id="open", place=1, due=late),
        Job(id="twice", place=1, due=late, windows=(_at(40_000, 60_000), _at(61_000, 62_000))),
        Job(id="never", place=1, due=late, windows=(_at(55_000, 60_000),)),
    )
    (strict,) = closest.pieces(_day(_courier(), jobs=jobs), strict=True)
    windows = {job.id: job.windows for job in strict.problem.jobs}
    assert windows["open"] == (_at(0, 50_000),)
    assert windows["twice"] == (_at(40_000, 50_000),)
    assert windows["never"] == (_at(55_000, 60_000),)
    (loose,) = closest.pieces(_day(_courier(), jobs=jobs), strict=False)
    assert all(job.due is None for job in (*strict.problem.jobs, *loose.problem.jobs))
    assert {job.id: len(job.windows) for job in loose.problem.jobs} == {
        "open": 0,
        "twice": 2,
        "never": 1,
    }


def _at(start: int, end: int) -> TimeWindow:
    return TimeWindow(start=start, end=end)
