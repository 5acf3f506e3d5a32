"""Everything wrong with a problem is said at once, and nothing of a good one."""

from __future__ import annotations

import pickle
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings

from geo.types import PlanarTravel, TravelMatrix
from solver.errors import ProblemError
from solver.model import Job, OvertimeTier, Place, Problem, SoftDue, Vehicle
from solver.validation import findings, require_valid
from tests.solver import builders as b
from tests.solver.strategies import problems


def said(problem: Problem) -> list[str]:
    """Return the findings as text."""
    return [str(finding) for finding in findings(problem)]


def with_job(**fields: object) -> Problem:
    """Return a problem of one job with these fields, one dimension and a vehicle."""
    fields = {"place": 1, **fields}
    job = Job(id="a", **fields)  # type: ignore[arg-type]
    return b.problem([0, 10], jobs=[job], dimensions=["grams"])


def with_vehicle(**fields: object) -> Problem:
    """Return a problem of one job and a vehicle with these fields."""
    vehicle = b.vehicle(**fields)  # type: ignore[arg-type]
    return b.problem([0, 10], jobs=[b.job("a", 1)], vehicles=vehicle, dimensions=["grams"])


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(problems())
def test_a_problem_as_the_strategies_draw_it_has_no_findings(problem: Problem) -> None:
    assert findings(problem) == []
    require_valid(problem)


@pytest.mark.parametrize(
    ("problem", "words"),
    [
        (with_job(place=2), ["job 'a'", "row 2 of 2 places"]),
        (with_job(place=-1), ["job 'a'", "row -1"]),
        (with_job(place=True), ["place is True, not a whole number"]),
        (with_job(service_seconds=-5), ["service_seconds is -5"]),
        (with_job(service_seconds=1.5), ["service_seconds is 1.5, not a whole number"]),
        (with_job(setup_seconds=-1), ["setup_seconds is -1"]),
        (with_job(release=-1), ["release is -1"]),
        (with_job(skip_cost=-1), ["skip_cost is -1"]),
        (with_job(delivery=(1, 2)), ["delivery has 2 numbers for 1 dimensions"]),
        (with_job(pickup=(-3,)), ["pickup in grams is -3"]),
        (with_job(due=SoftDue(time=5, cost_per_second=-1)), ["due_cost_per_second is -1"]),
        (with_job(windows=b.windows((9, 5))), ["from 9 to 5 s ends before it starts"]),
        (with_job(windows=b.windows((9, 12), (1, 3))), ["from 1 to 3 s stands after a later"]),
        (with_job(windows=b.windows((1, 5), (5, 9))), ["from 5 to 9 s overlaps the one before"]),
        (with_job(vehicles=frozenset({"ghost"})), ["allows vehicle 'ghost'"]),
        (with_vehicle(profile="boat"), ["profile 'boat' is unknown", "default"]),
        (with_vehicle(shift=(9, 5)), ["vehicle 'v', shift", "ends before it starts"]),
        (with_vehicle(start=7), ["start is row 7"]),
        (with_vehicle(capacity=(1, 2)), ["capacity has 2 numbers"]),
        (with_vehicle(max_metres=-1), ["max_metres is -1"]),
        (with_vehicle(max_stops=-1), ["max_stops is -1"]),
        (with_vehicle(fixed_cost=-1), ["fixed_cost is -1"]),
        (with_vehicle(breaks=(b.pause("x", 5),)), ["break 'x'", "has no window"]),
        (with_vehicle(breaks=(b.pause("x", -5, (0, 1)),)), ["seconds is -5"]),
        (with_vehicle(breaks=(b.pause("x", 5, (0, 1)),) * 2), ["break 'x'", "used 2 times"]),
        (with_vehicle(reloads=(b.reload("r", 0),) * 2), ["reload 'r'", "used 2 times"]),
        (with_vehicle(reloads=(b.reload("r", 5),)), ["reload 'r'", "row 5"]),
        (with_vehicle(reloads=(b.reload("r", 0, most=-1),)), ["most is -1"]),
        (with_vehicle(reloads=(b.reload("r", 0, required=True),)), ["required but has no window"]),
        (
            with_vehicle(reloads=(b.reload("r", 0, required=True, windows=[(0, 9)], most=0),)),
            ["required but may be used 0 times"],
        ),
        (
            with_vehicle(overtime=(OvertimeTier(after=9, cost_per_second=1),) * 2),
            ["overtime tier after 9 s"],
        ),
        (
            with_vehicle(overtime=(OvertimeTier(after=9, cost_per_second=-1),)),
            ["overtime_cost_per_second is -1"],
        ),
        (with_vehicle(locked=("ghost",)), ["'ghost' is no job or shipment"]),
        (with_vehicle(locked=("a", "a")), ["'a' stands 2 times"]),
    ],
)
def test_a_mistake_is_named_with_its_place(problem: Problem, words: list[str]) -> None:
    (line,) = said(problem)
    for word in words:
        assert word in line


def test_jobs_and_shipments_share_their_ids() -> None:
    problem = b.problem([0, 1], jobs=[b.job("a", 1)], shipments=[b.shipment("a", 0, 1)])
    assert said(problem) == [
        "job or shipment 'a': the id is used 2 times (give each its own id)",
    ]


def test_a_shipment_may_be_locked_once_for_each_end_and_no_more() -> None:
    problem = b.problem([0, 1], shipments=[b.shipment("s", 0, 1)])
    twice = replace(problem, vehicles=(b.vehicle(locked=("s", "s")),))
    thrice = replace(problem, vehicles=(b.vehicle(locked=("s", "s", "s")),))
    assert findings(twice) == []
    assert len(findings(thrice)) == 1


def test_a_job_is_locked_on_one_vehicle_that_may_do_it() -> None:
    job = b.job("a", 1, vehicles=frozenset({"w"}))
    vehicles = [b.vehicle("v", locked=("a",)), b.vehicle("w", locked=("a",))]
    lines = said(b.problem([0, 1], jobs=[job], vehicles=vehicles))
    assert len(lines) == 2
    assert "may not be done by this vehicle" in lines[0]
    assert "also locked on vehicle 'v'" in lines[1]


def test_travel_has_a_row_for_each_place() -> None:
    problem = replace(b.problem([0, 1]), places=(Place(id="only"),), vehicles=())
    (line,) = said(problem)
    assert line.startswith("travel 'default': has 2 rows for 1 places")


def test_a_plane_has_finite_coordinates() -> None:
    travel = PlanarTravel(x=[0.0, float("nan")], y=[0.0, 1.0])
    (line,) = said(replace(b.problem([0, 1]), travel={"default": travel}))
    assert "not a number" in line


def test_a_scale_below_zero_would_make_ways_negative() -> None:
    travel = PlanarTravel(x=[0.0, 1.0], y=[0.0, 1.0], scale=-1.0)
    (line,) = said(replace(b.problem([0, 1]), travel={"default": travel}))
    assert "the scale is -1.0" in line


def test_places_have_finite_coordinates() -> None:
    places = (Place(id="here"), Place(id="nowhere", x=float("inf")))
    (line,) = said(replace(b.problem([0, 1]), places=places))
    assert line.startswith("place 'nowhere'")


@pytest.mark.parametrize(
    ("problem", "what"),
    [
        (with_vehicle(fixed_cost=2**62), "costs"),
        (with_job(skip_cost=2**62), "costs"),
        (with_job(delivery=(2**62,)), "loads"),
        (with_job(service_seconds=2**62), "times"),
        (with_vehicle(shift=(0, 2**61)), "times"),
    ],
)
def test_sums_that_64_bits_cannot_hold_are_refused(problem: Problem, what: str) -> None:
    (line,) = said(problem)
    assert f"{what} could add up to" in line


def test_distances_that_64_bits_cannot_hold_are_refused() -> None:
    far = np.array([[0, 2**60], [2**60, 0]])
    near = np.array([[0, 1], [1, 0]])
    travel = TravelMatrix(seconds=near, metres=far)
    problem = replace(with_vehicle(cost_per_metre=0), travel={"default": travel})
    assert "distances could add up to" in said(problem)[0]


def test_a_day_without_vehicles_or_jobs_is_no_contradiction() -> None:
    empty = Problem(places=(), vehicles=(), travel={})
    assert findings(empty) == []
    jobs = replace(b.problem([0, 1], jobs=[b.job("a", 1)]), vehicles=())
    assert findings(jobs) == []


def test_everything_wrong_is_refused_together() -> None:
    problem = b.problem(
        [0, 10],
        jobs=[Job(id="a", place=9, service_seconds=-1), Job(id="a", place=0, skip_cost=-2)],
        vehicles=[Vehicle(id="v", shift=b.windows((5, 1))[0], profile="boat")],
    )
    with pytest.raises(ProblemError) as caught:
        require_valid(problem)
    assert len(caught.value.findings) == 6
    again = pickle.loads(pickle.dumps(caught.value))
    assert again.findings == caught.value.findings
    assert "cannot be planned" in str(again)
