"""VROOM's problems in our words, and our answers in VROOM's."""

from __future__ import annotations

import json
from typing import Any

import pytest

from solver import formats
from solver.checker import check
from solver.errors import FormatError
from solver.formats import vroom, vroom_answer
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


def answer_of(instance: formats.Instance, *jobs: str, **more: Any) -> dict[str, Any]:
    """Return the answer for one route of jobs."""
    plan = schedule(instance.problem, instance.start or [b.tour("1", *jobs)])
    report = check(instance.problem, plan)
    result = Result(plan=plan, report=report, engine="x", seed=1, iterations=1, seconds=0.25)
    return vroom_answer.answer(result, instance, **more)


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


def test_a_distance_limit_goes_with_a_price_of_time() -> None:
    # There and back are 2 km and 20 s; at 3600 an hour and 4 a kilometre, with 3 for the vehicle.
    costs = {"fixed": 3, "per_hour": 3600, "per_km": 4}
    given = vehicle_with(max_distance=1999, costs=costs, breaks=[])
    instance = read({**given, "shipments": []})
    answered = answer_of(instance, "10", given=given)
    (route,) = answered["routes"]
    assert route["cost"] == 3 + 20 + 8
    assert {"cause": "max_distance", "amount": 1} in route["violations"]


def test_an_hour_of_work_costs_what_is_said() -> None:
    # 7 s of setup and service at 7200 an hour are 14; the ride is 20, the vehicle 3.
    given = vehicle_with(costs={"fixed": 3, "per_task_hour": 7200}, breaks=[])
    instance = read({**given, "shipments": []})
    (route,) = answer_of(instance, "10", given=given)["routes"]
    assert route["cost"] == 3 + 20 + 14


def test_times_by_type_are_taken_where_the_vehicles_agree() -> None:
    given = two_types(service_per_type={"a": 9, "b": 9, "c": 1}, setup_per_type={"c": 1})
    (job,) = read(given).problem.jobs
    assert (job.service_seconds, job.setup_seconds) == (9, 2)


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


def two_types(**fields: Any) -> dict[str, Any]:
    """Return the problem with a second vehicle of another type, and other fields of its job."""
    first = held()["vehicles"][0]
    vehicles = [{**first, "type": "a"}, {**first, "id": 2, "type": "b"}]
    return held(vehicles=vehicles, jobs=[{**held()["jobs"][0], **fields}])


def job_with(**fields: Any) -> dict[str, Any]:
    """Return the problem with other fields of its job."""
    return held(jobs=[{**held()["jobs"][0], **fields}])


@pytest.mark.parametrize(
    ("given", "word"),
    [
        (held(matrices={}), "$.matrices"),
        (held(matrices={"car": {"durations": [[0, 1], [1]]}}), "is not square"),
        (held(matrices={"car": {"durations": [[0, -1], [1, 0]]}}), "no whole number from 0"),
        (held(extra={}), "$.extra: cannot be expressed"),
        (two_types(service_per_type={"a": 6}), "service_per_type: differs between the vehicles"),
        (two_types(setup_per_type=[5]), "setup_per_type: is no object"),
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
        (vehicle_with(costs={"per_day": 5}), "per_day: cannot be expressed"),
        (
            held(vehicles=[{"id": 1, "costs": {"per_task_hour": 5}}, {"id": 2}]),
            "different costs.per_task_hour",
        ),
        (
            vehicle_with(breaks=[{"id": 1, "max_load": [1]}]),
            "breaks[0].max_load: cannot be expressed",
        ),
        (
            vehicle_with(steps=[{"type": "job", "id": 10, "service_on": 5}]),
            "service_on: cannot be expressed",
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
    assert answer["routes"][0]["violations"] == [{"cause": "max_travel_time", "amount": 5}]
    assert answer["summary"]["violations"] == answer["routes"][0]["violations"]


def test_descriptions_places_and_distances_are_told_as_they_were_given() -> None:
    given = held(shipments=[])
    given["jobs"][0]["description"] = "two letters"
    given["vehicles"][0]["description"] = "Lan's motorbike"
    given["vehicles"][0]["breaks"][0]["description"] = "tea"
    (route,) = answer_of(read(given), "10", given=given)["routes"]
    assert (route["description"], route["distance"]) == ("Lan's motorbike", 2000)
    steps = {step["type"]: step for step in route["steps"]}
    assert steps["start"].items() >= {"location_index": 0, "distance": 0}.items()
    assert "location" not in steps["start"]
    wanted = {"description": "two letters", "location": [105.4, 21.3], "location_index": 1}
    assert steps["job"].items() >= (wanted | {"job": 10, "distance": 1000}).items()
    assert steps["break"]["description"] == "tea"
    assert steps["end"]["distance"] == 2000


def planned(*steps: dict[str, Any], **fields: Any) -> dict[str, Any]:
    """Return the answer in plan mode for one vehicle's steps."""
    given = vehicle_with(steps=list(steps), **fields)
    given["shipments"] = []
    return answer_of(vroom.read_held(given, plan_mode=True), given=given, plan_mode=True)


def test_plan_mode_keeps_the_steps_and_tells_what_they_break() -> None:
    answer = planned(
        {"type": "start"},
        {"type": "job", "id": 10, "service_at": 33},
        {"type": "end"},
        capacity=[1],
        skills=[],
        time_window=[0, 45],
    )
    (route,) = answer["routes"]
    # It begins at 33, which lies 7 s before its second window, as its own step asks for; 7 s of
    # work and 10 s of riding end at 50, 5 s after the shift.
    job = next(step for step in route["steps"] if step["type"] == "job")
    assert job["arrival"] + job["waiting_time"] == 33
    assert {"cause": "delay", "duration": 5} in route["violations"]
    assert {"cause": "load", "amount": 1} in route["violations"]
    assert {"cause": "skills", "id": 10} in route["violations"]
    assert {"cause": "missing_break", "id": 5} in route["violations"]
    assert route["steps"][-1]["violations"] == [{"cause": "delay", "duration": 5}]
    assert answer["summary"]["violations"] == route["violations"]


def test_plan_mode_takes_the_breaks_that_its_steps_name() -> None:
    answer = planned({"type": "break", "id": 5}, {"type": "job", "id": 10})
    (route,) = answer["routes"]
    assert [step["type"] for step in route["steps"] if step["type"] == "break"] == ["break"]
    assert [v for v in route["violations"] if v["cause"] == "missing_break"] == []
