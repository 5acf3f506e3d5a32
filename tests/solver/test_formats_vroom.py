"""VROOM's problems in our words, and our answers in VROOM's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from solver import formats
from solver.checker import check
from solver.errors import FormatError
from solver.model import Result, Step, StopKind, TimeWindow
from solver.schedule import schedule
from solver.validation import findings
from tests.solver import builders as b

DURATIONS = [[0, 10, 20], [10, 0, 10], [20, 10, 0]]
DISTANCES = [[0, 1000, 3000], [1000, 0, 2000], [3000, 2000, 0]]


def held(**changes: Any) -> dict[str, Any]:
    """Return a small problem in VROOM's words."""
    return {
        "vehicles": [
            {
                "id": 1,
                "start_index": 0,
                "end_index": 0,
                "capacity": [4],
                "skills": [1],
                "time_window": [0, 100],
                "breaks": [{"id": 5, "time_windows": [[12, 14]], "service": 6}],
                "max_tasks": 7,
                "max_travel_time": 90,
                "costs": {"fixed": 3},
            }
        ],
        "jobs": [
            {
                "id": 10,
                "location_index": 1,
                "location": [105.4, 21.3],
                "service": 5,
                "setup": 2,
                "delivery": [2],
                "skills": [1],
                "priority": 9,
                "time_windows": [[0, 20], [40, 50]],
            }
        ],
        "shipments": [
            {
                "amount": [1],
                "pickup": {"id": 20, "location_index": 1},
                "delivery": {"id": 21, "location_index": 2, "service": 3},
            }
        ],
        "matrices": {"car": {"durations": DURATIONS, "distances": DISTANCES}},
        **changes,
    }


def read(given: dict[str, Any]) -> formats.Instance:
    """Read a problem through the one door."""
    return formats.read_problem(json.dumps(given))


def wrong(given: dict[str, Any]) -> str:
    """Return what a problem is refused for."""
    with pytest.raises(FormatError) as caught:
        read(given)
    return str(caught.value)


def test_a_vroom_problem_says_what_stands_in_it() -> None:
    instance = read(held())
    problem = instance.problem
    assert findings(problem) == []
    (job,) = problem.jobs
    assert (job.id, job.place, job.service_seconds, job.setup_seconds) == ("10", 1, 5, 2)
    assert (job.delivery, job.skills, job.priority) == ((2,), frozenset("1"), 9)
    assert job.windows == b.windows((0, 20), (40, 50))
    (shipment,) = problem.shipments
    assert (shipment.id, shipment.pickup.place, shipment.delivery.place) == ("20->21", 1, 2)
    (vehicle,) = problem.vehicles
    assert (vehicle.id, vehicle.start, vehicle.end) == ("1", 0, 0)
    assert vehicle.shift == TimeWindow(start=0, end=100)
    assert (vehicle.max_stops, vehicle.max_driving_seconds) == (7, 90)
    assert vehicle.breaks[0].seconds == 6
    assert (problem.places[1].x, problem.places[1].y) == (105.4, 21.3)


def test_cost_is_the_time_of_travel_as_in_vroom() -> None:
    # 20 s there and back at one unit a second, and 3 for the vehicle; waiting is free.
    given = held(shipments=[], vehicles=[{**held()["vehicles"][0], "breaks": []}])
    instance = read(given)
    report = check(instance.problem, schedule(instance.problem, [b.tour("1", "10")]))
    assert report.feasible
    assert instance.published_cost(report.cost.total) == 23


def test_rates_by_hour_and_kilometre_add_up() -> None:
    # 20 s at 1800 an hour are 10; 2 km at 4 are 8.
    vehicle = {"id": 1, "start_index": 0, "end_index": 0, "capacity": [9], "skills": [1]}
    vehicle |= {"costs": {"per_hour": 1800, "per_km": 4}}
    instance = read(held(vehicles=[vehicle], shipments=[]))
    report = check(instance.problem, schedule(instance.problem, [b.tour("1", "10")]))
    assert instance.published_cost(report.cost.total) == 18


def test_a_distance_limit_keeps_metres() -> None:
    vehicle = {"id": 1, "start_index": 0, "end_index": 0, "capacity": [9], "max_distance": 1999}
    vehicle |= {"costs": {"per_hour": 0, "per_km": 4}, "skills": [1]}
    instance = read(held(vehicles=[vehicle], shipments=[]))
    report = check(instance.problem, schedule(instance.problem, [b.tour("1", "10")]))
    assert [(v.code.value, v.amount) for v in report.violations] == [("metres_exceeded", 1)]
    assert instance.published_cost(report.cost.total) == 8


def test_a_faster_vehicle_has_its_own_travel() -> None:
    vehicles = [{**held()["vehicles"][0], "id": k, "speed_factor": k} for k in (1, 2)]
    problem = read(held(vehicles=vehicles)).problem
    legs = [problem.travel[v.profile].leg(0, 2)[0] for v in problem.vehicles]
    assert legs == [20, 10]


def test_leaving_out_never_pays_and_low_priority_goes_first() -> None:
    problem = read(held()).problem
    (job,), (shipment,) = problem.jobs, problem.shipments
    # A vehicle of 3000 and four legs of 20,000 thousandths, and one more.
    assert shipment.skip_cost == 83_001
    assert job.skip_cost == 10 * 83_001


def test_steps_are_an_order_to_start_from() -> None:
    steps = [{"type": "start"}, {"type": "pickup", "id": 20}, {"type": "job", "id": 10}]
    steps += [{"type": "delivery", "id": 21}, {"type": "end"}]
    instance = read(held(vehicles=[{**held()["vehicles"][0], "steps": steps}]))
    (tour,) = instance.start
    assert tour.steps == (
        Step(kind=StopKind.PICKUP, id="20->21"),
        Step(kind=StopKind.JOB, id="10"),
        Step(kind=StopKind.DELIVERY, id="20->21"),
    )


def vehicle_with(**fields: Any) -> dict[str, Any]:
    """Return the problem with other fields of its vehicle."""
    return held(vehicles=[{**held()["vehicles"][0], **fields}])


def job_with(**fields: Any) -> dict[str, Any]:
    """Return the problem with other fields of its job."""
    return held(jobs=[{**held()["jobs"][0], **fields}])


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (held(matrices={}), "$.matrices"),
        (held(matrices={"car": {"durations": [[0, 1], [1]]}}), "is not square"),
        (held(matrices={"car": {"durations": [[0, -1], [1, 0]]}}), "no whole number from 0"),
        (held(options={"g": True}), "$.options: cannot be expressed"),
        (job_with(service_per_type={"a": 5}), "service_per_type: cannot be expressed"),
        (job_with(location_index=9), "$.jobs[0].location_index: is 9"),
        (job_with(service="5"), "$.jobs[0].service"),
        (job_with(delivery=[1, 2]), "amounts have [1, 2] numbers"),
        (job_with(time_windows=[[1]]), "$.jobs[0].time_windows[0]"),
        (held(jobs=[{"id": 1, "location": [1, 2]}]), "has no travel times"),
        (held(jobs=[{"id": 1}]), "$.jobs[0].location_index: is missing"),
        (held(jobs=[{"location_index": 1}]), "$.jobs[0].id: is missing"),
        (held(jobs=held()["jobs"] * 2), "10 is used twice"),
        (held(jobs={}), "$.jobs: is no list"),
        (held(shipments=[{"pickup": {"id": 1, "location_index": 0}}]), "delivery: is missing"),
        (vehicle_with(profile="boat"), "'boat' has no durations"),
        (vehicle_with(speed_factor=0), "speed_factor"),
        (vehicle_with(max_distance=5), "cannot be expressed together"),
        (vehicle_with(costs={"per_task_hour": 5}), "per_task_hour: cannot be expressed"),
        (
            vehicle_with(breaks=[{"id": 1, "max_load": [1]}]),
            "breaks[0].max_load: cannot be expressed",
        ),
        (
            vehicle_with(steps=[{"type": "job", "id": 10, "service_at": 5}]),
            "service_at: cannot be expressed",
        ),
        (vehicle_with(steps=[{"type": "job", "id": 99}]), "names no task"),
        (vehicle_with(capacity=[]), "capacity: is missing"),
    ],
)
def test_what_cannot_be_said_here_is_refused_with_its_path(
    given: dict[str, Any], word: str
) -> None:
    assert word in wrong(given)


def test_the_answer_is_vrooms() -> None:
    instance = read(held())
    problem = instance.problem
    plan = schedule(problem, [b.tour("1", "10")])
    report = check(problem, plan)
    result = Result(plan=plan, report=report, engine="x", seed=1, iterations=1, seconds=0.25)
    answer = json.loads(formats.write_vroom(result, instance))
    assert answer["code"] == 0
    assert answer["unassigned"] == [
        {"id": 20, "type": "pickup", "location_index": 1, "location": [105.4, 21.3]},
        {"id": 21, "type": "delivery", "location_index": 2, "location": [0.0, 0.0]},
    ]
    (route,) = answer["routes"]
    assert (route["vehicle"], route["duration"], route["delivery"]) == (1, 20, [2])
    kinds = [step["type"] for step in route["steps"]]
    assert kinds[0] == "start"
    assert kinds[-1] == "end"
    (step,) = [step for step in route["steps"] if step["type"] == "job"]
    assert (step["id"], step["setup"], step["service"], step["duration"]) == (10, 2, 5, 10)
    assert step["load"] == [0]
    summary = answer["summary"]
    assert summary["cost"] == report.cost.total // 1000 - report.cost.skipped // 1000
    assert summary["unassigned"] == 2
    assert summary["computing_times"] == {"solving": 250}
    assert route["setup"] + route["service"] + route["waiting_time"] + route["duration"] <= (
        route["steps"][-1]["arrival"] - route["steps"][0]["arrival"]
    )


def test_violations_are_told_in_the_answer() -> None:
    instance = read(vehicle_with(max_travel_time=15, breaks=[]))
    problem = instance.problem
    plan = schedule(problem, [b.tour("1", "10")])
    result = Result(
        plan=plan, report=check(problem, plan), engine="x", seed=1, iterations=1, seconds=0.0
    )
    answer = json.loads(formats.write_vroom(result, instance))
    assert answer["routes"][0]["violations"] == [
        {"cause": "driving_exceeded", "amount": 5, "id": ""}
    ]
    assert answer["summary"]["violations"] == answer["routes"][0]["violations"]
