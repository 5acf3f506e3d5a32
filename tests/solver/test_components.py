"""A problem taken apart and put together again costs what it cost."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.types import PlanarTravel
from solver.checker import check
from solver.components import Part, TravelWindow, merge, split
from solver.model import Cost, Problem
from solver.schedule import schedule
from tests.solver.builders import job, problem, shipment, tour, travel, vehicle
from tests.solver.strategies import problems, tours


def two_offices() -> Problem:
    """Office A at 0 with jobs at 1 and 2, office B at 100 with a job at 101."""
    return problem(
        [0, 1, 2, 100, 101],
        jobs=[
            job("a1", 1, vehicles=frozenset({"a", "a2"})),
            job("b1", 4, vehicles=frozenset({"b"}), skip_cost=7),
            job("a2", 2, vehicles=frozenset({"a"})),
        ],
        vehicles=[vehicle("a"), vehicle("b", start=3, end=3), vehicle("a2")],
    )


def test_couriers_of_two_offices_are_planned_apart() -> None:
    parts = split(two_offices())
    assert [[v.id for v in part.problem.vehicles] for part in parts] == [["a", "a2"], ["b"]]
    assert [[j.id for j in part.problem.jobs] for part in parts] == [["a1", "a2"], ["b1"]]


def test_a_part_holds_only_the_places_it_needs() -> None:
    north, south = split(two_offices())
    assert north.rows == (0, 1, 2)
    assert south.rows == (3, 4)
    assert south.problem.places[0].id == "p3"
    assert south.problem.travel["default"].leg(0, 1) == (1, 10)
    assert south.problem.jobs[0].place == 1


def test_a_job_that_any_vehicle_of_its_part_may_do_names_none() -> None:
    north, _ = split(two_offices())
    by_id = {j.id: j.vehicles for j in north.problem.jobs}
    assert by_id == {"a1": None, "a2": frozenset({"a"})}


def test_a_job_open_to_all_keeps_the_problem_whole() -> None:
    whole = two_offices()
    whole = replace(whole, jobs=(*whole.jobs, job("any", 0)))
    (part,) = split(whole)
    assert part.problem.places == whole.places
    assert part.problem.travel["default"] is whole.travel["default"]


def test_skills_take_a_problem_apart() -> None:
    whole = problem(
        [0, 1, 2],
        jobs=[job("cold", 1, skills=frozenset({"fridge"})), job("high", 2, skills=frozenset("l"))],
        vehicles=[
            vehicle("van", skills=frozenset({"fridge"})),
            vehicle("lift", skills=frozenset("l")),
        ],
    )
    assert [part.problem.vehicles[0].id for part in split(whole)] == ["van", "lift"]


def test_a_locked_job_stays_with_its_vehicle() -> None:
    # The lock contradicts the list of vehicles: both must see the job, for the judge to say so.
    whole = problem(
        [0, 1],
        jobs=[job("x", 1, vehicles=frozenset({"b"}))],
        vehicles=[vehicle("a", locked=("x",)), vehicle("b")],
    )
    (part,) = split(whole)
    assert {v.id for v in part.problem.vehicles} == {"a", "b"}


def test_jobs_that_nobody_may_do_come_last_and_idle() -> None:
    whole = two_offices()
    lost = job("lost", 2, vehicles=frozenset({"nobody"}), skip_cost=5)
    parts = split(replace(whole, jobs=(lost, *whole.jobs)))
    assert [part.idle for part in parts] == [False, False, True]
    assert parts[-1].problem.jobs[0].id == "lost"
    assert parts[-1].problem.vehicles == ()


def test_a_vehicle_without_work_is_in_no_part() -> None:
    whole = problem(
        [0, 1], jobs=[job("x", 1, vehicles=frozenset("a"))], vehicles=[vehicle("a"), vehicle("b")]
    )
    (part,) = split(whole)
    assert [v.id for v in part.problem.vehicles] == ["a"]


def test_a_problem_without_jobs_has_no_parts() -> None:
    assert split(problem([0])) == ()


def test_a_shipment_keeps_its_vehicle_and_places() -> None:
    whole = problem(
        [0, 5, 9],
        shipments=[shipment("s", 1, 2, vehicles=frozenset("b"))],
        jobs=[job("x", 1, vehicles=frozenset("a"))],
        vehicles=[vehicle("a"), vehicle("b")],
    )
    carrying = next(part for part in split(whole) if part.problem.shipments)
    assert carrying.rows == (0, 1, 2)
    assert carrying.problem.shipments[0].vehicles is None


def test_tours_of_the_whole_are_dealt_to_their_parts() -> None:
    north, south = split(two_offices())
    all_tours = (tour("b", "b1"), tour("a", "a1", "a2"))
    assert north.tours_of(all_tours) == (tour("a", "a1", "a2"),)
    assert south.tours_of(all_tours) == (tour("b", "b1"),)


def test_merged_routes_come_in_the_order_of_the_vehicles() -> None:
    whole = two_offices()
    north, south = split(whole)
    plans = [
        schedule(south.problem, [tour("b", "b1")]),
        schedule(north.problem, [tour("a", "a2")]),
    ]
    merged = merge(whole, plans)
    assert [route.vehicle for route in merged.routes] == ["a", "b"]
    assert merged.unassigned == ("a1",)


@given(data=st.data())
@settings(max_examples=150, deadline=None)
def test_the_parts_cost_and_violate_what_the_whole_does(data: st.DataObject) -> None:
    whole = data.draw(problems(max_vehicles=4, always=("allowed",)))
    orders = data.draw(tours(whole))
    # Only tours that keep to the parts can be taken apart with them.
    parts = split(whole)
    orders = tuple(o for o in orders if all(_holds(parts, o.vehicle, s.id) for s in o.steps))
    plans = [schedule(part.problem, part.tours_of(orders)) for part in parts]
    merged = merge(whole, plans)
    assert merged == schedule(whole, sorted(orders, key=lambda o: _rank(whole, o.vehicle)))
    reports = [check(part.problem, plan) for part, plan in zip(parts, plans, strict=True)]
    verdict = check(whole, merged)
    assert verdict.cost == sum((report.cost for report in reports), start=Cost())
    assert sorted(map(str, verdict.violations)) == sorted(
        str(violation) for report in reports for violation in report.violations
    )


@given(whole=problems(max_vehicles=4, always=("allowed",)))
@settings(max_examples=100, deadline=None)
def test_every_job_is_in_exactly_one_part(whole: Problem) -> None:
    parts = split(whole)
    names = [name for part in parts for name in task_ids(part.problem)]
    assert sorted(names) == sorted(task_ids(whole))
    crews = [v.id for part in parts for v in part.problem.vehicles]
    assert len(crews) == len(set(crews))


def test_a_window_on_travel_is_the_block_it_stands_for() -> None:
    whole = PlanarTravel(x=[0, 3, 10, 3], y=[0, 4, 0, 0])
    window = TravelWindow(whole, [1, 3])
    assert window.size == 2
    assert window.leg(0, 1) == (4, 4)
    seconds, metres = window.block([0, 1], [0, 1])
    assert np.array_equal(seconds, [[0, 4], [4, 0]])
    assert np.array_equal(metres, seconds)


def test_a_narrow_matrix_stays_narrow() -> None:
    whole = two_offices()
    dense = travel([0, 1, 2, 100, 101])
    narrow = type(dense)(
        seconds=dense.seconds.astype(np.int32), metres=dense.metres.astype(np.int32)
    )
    north, _ = split(replace(whole, travel={"default": narrow}))
    matrix = north.problem.travel["default"]
    assert isinstance(matrix, type(dense))
    assert matrix.seconds.dtype == np.int32


def task_ids(whole: Problem) -> list[str]:
    return [j.id for j in whole.jobs] + [s.id for s in whole.shipments]


def _holds(parts: Sequence[Part], vehicle_id: str, name: str) -> bool:
    for part in parts:
        if any(v.id == vehicle_id for v in part.problem.vehicles):
            reloads = [r.id for v in part.problem.vehicles for r in v.reloads]
            return name in task_ids(part.problem) or name in reloads
    return False


def _rank(whole: Problem, vehicle_id: str) -> int:
    return [v.id for v in whole.vehicles].index(vehicle_id)
