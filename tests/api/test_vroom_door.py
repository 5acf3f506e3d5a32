"""Clients of VROOM work unchanged: their JSON in, VROOM's JSON out, over real HTTP."""

from __future__ import annotations

import json
import threading
import time
from collections.abc import Iterator
from http import HTTPStatus
from typing import Any

import httpx
import pytest

from tests.api.serving import Served, served

HUB = [105.4013, 21.3227]
JOBS = [[105.41, 21.33], [105.38, 21.31], [105.43, 21.30], [105.36, 21.34]]
DURATIONS = [[0, 10, 20], [10, 0, 10], [20, 10, 0]]


@pytest.fixture(scope="module")
def service() -> Iterator[Served]:
    with served(environment={"BUUTA_SEARCHES_WAITING": "1"}) as running:
        yield running


@pytest.fixture(scope="module")
def post(service: Served) -> Iterator[httpx.Client]:
    with httpx.Client(base_url=service.address, timeout=60) as client:
        yield client


def request(**changes: Any) -> dict[str, Any]:
    """Return a problem by coordinates, as a routing front end sends it."""
    return {
        "vehicles": [
            {
                "id": 7,
                "start": HUB,
                "end": HUB,
                "capacity": [3],
                "skills": [1],
                "time_window": [28_800, 43_200],
                "description": "van of the hub",
                "breaks": [{"id": 1, "service": 300, "time_windows": [[30_000, 31_000]]}],
            }
        ],
        "jobs": [
            {
                "id": k,
                "location": spot,
                "service": 120,
                "delivery": [1],
                "description": f"job {k}",
                # One before and one after the break, so that it falls into the route.
                "time_windows": [[28_800, 29_900] if k == 1 else [31_200, 43_000]],
            }
            for k, spot in enumerate(JOBS[:3], start=1)
        ],
        "shipments": [
            {
                "amount": [1],
                "skills": [1],
                "pickup": {"id": 1, "location": JOBS[3], "service": 60},
                "delivery": {"id": 2, "location": JOBS[0], "service": 60},
            }
        ],
        **changes,
    }


def answer(post: httpx.Client, given: dict[str, Any], path: str = "/vroom") -> dict[str, Any]:
    got = post.post(path, json=given)
    assert got.status_code == HTTPStatus.OK, got.text
    held: dict[str, Any] = got.json()
    return held


def test_every_task_of_a_days_problem_is_done_and_told_as_vroom_tells_it(
    post: httpx.Client,
) -> None:
    held = answer(post, request())
    assert (held["code"], held["unassigned"]) == (0, [])
    (route,) = held["routes"]
    assert (route["vehicle"], route["description"]) == (7, "van of the hub")
    steps = route["steps"]
    assert (steps[0]["type"], steps[-1]["type"]) == ("start", "end")
    assert sorted(step["id"] for step in steps if step["type"] == "job") == [1, 2, 3]
    kinds = [step["type"] for step in steps]
    assert kinds.index("pickup") < kinds.index("delivery")
    assert kinds.count("break") == 1
    assert route["violations"] == []
    # Four items in all and room for three: at no time are more than three on board.
    assert max(step["load"][0] for step in steps) <= 3
    assert (route["delivery"], route["pickup"]) == ([4], [1])
    assert route["cost"] == route["duration"] == steps[-1]["duration"]
    assert steps[-1]["distance"] == route["distance"] == held["summary"]["distance"] > 0
    assert all("location_index" not in step for step in steps)
    assert steps[1]["location"] in [*JOBS, HUB]


@pytest.mark.parametrize("path", ["/", "/vroom", "/vroom/", "/vroom/optimization", "/optimization"])
def test_the_addresses_that_clients_use_are_one_door(post: httpx.Client, path: str) -> None:
    given = {
        "vehicles": [{"id": 1, "start_index": 0}],
        "jobs": [{"id": 1, "location_index": 1}, {"id": 2, "location_index": 2}],
        "matrices": {"car": {"durations": DURATIONS}},
    }
    got = post.post(path, json=given)
    # From 0 by 1 to 2: ten and ten, where the other way round is twenty and ten.
    assert got.json()["summary"]["cost"] == 20
    assert got.headers["buuta-measured"] == "nothing"
    assert "location" not in got.json()["routes"][0]["steps"][0]
    assert got.json()["routes"][0]["steps"][1]["location_index"] == 1


def test_what_was_measured_here_is_said(post: httpx.Client) -> None:
    assert post.post("/vroom", json=request()).headers["buuta-measured"] == "car"


def test_a_line_is_drawn_when_it_is_asked_for(post: httpx.Client) -> None:
    (route,) = answer(post, request(options={"g": True}))["routes"]
    points = {(round(lon, 4), round(lat, 4)) for lat, lon in decoded(route["geometry"])}
    assert {(lon, lat) for lon, lat in (*JOBS, HUB)} <= points


def decoded(text: str) -> list[tuple[float, float]]:
    """Read an encoded polyline: (latitude, longitude) of each point."""
    numbers, shift, value = [], 0, 0
    for letter in text:
        bits = ord(letter) - 63
        value |= (bits & 0x1F) << shift
        shift += 5
        if bits < 0x20:
            numbers.append(~(value >> 1) if value & 1 else value >> 1)
            shift = value = 0
    lat = lon = 0
    points = []
    for north, east in zip(numbers[::2], numbers[1::2], strict=True):
        lat, lon = lat + north, lon + east
        points.append((lat / 1e5, lon / 1e5))
    return points


def test_max_tasks_leaves_the_lowest_priority_out(post: httpx.Client) -> None:
    given = request(shipments=[])
    given["vehicles"][0]["max_tasks"] = 2
    for job in given["jobs"]:
        job["priority"] = {1: 50, 2: 0, 3: 90}[job["id"]]
    held = answer(post, given)
    (left,) = held["unassigned"]
    assert (left["id"], left["type"], left["description"]) == (2, "job", "job 2")
    assert left["location"] == JOBS[1]
    assert held["summary"]["priority"] == 140


def test_plan_mode_times_the_steps_and_tells_violations(post: httpx.Client) -> None:
    given = request(shipments=[], options={"c": True})
    given["vehicles"][0] |= {
        "capacity": [2],
        "steps": [
            {"type": "start"},
            {"type": "job", "id": 1},
            {"type": "job", "id": 3, "service_after": 36_000},
            {"type": "job", "id": 2},
            {"type": "end"},
        ],
    }
    held = answer(post, given)
    (route,) = held["routes"]
    assert [s["id"] for s in route["steps"] if s["type"] == "job"] == [1, 3, 2]
    second = route["steps"][2]
    assert second["arrival"] + second["waiting_time"] >= 36_000
    causes = {violation["cause"] for violation in route["violations"]}
    assert causes == {"load", "missing_break"}


@pytest.mark.parametrize(
    ("given", "words"),
    [
        ({}, ["$.vehicles", "$.jobs"]),
        ({"vehicles": [{"id": 1, "start": [105, 95]}], "jobs": [{"id": 1}]}, ["jobs[0]", "start"]),
        (
            {"vehicles": [{"id": 1, "profile": "boat", "start": HUB}], "jobs": []},
            ["boat", "motorbike"],
        ),
        ({"vehicles": [{"id": 1, "start": HUB}], "jobs": [], "options": {"x": 9}}, ["options.x"]),
        ({"vehicles": [{"id": 1, "start": HUB, "time_window": [5, 1]}], "jobs": []}, ["window"]),
        ({"vehicles": [{"id": "a", "start": HUB}], "jobs": []}, ["$.vehicles[0].id"]),
        ([], ["$"]),
    ],
)
def test_a_wrong_problem_is_an_input_error_with_all_paths(
    post: httpx.Client, given: Any, words: list[str]
) -> None:
    got = post.post("/vroom", json=given)
    assert got.status_code == HTTPStatus.BAD_REQUEST
    assert got.json()["code"] == 2
    for word in words:
        assert word in got.json()["error"]


@pytest.mark.parametrize("body", [b"", b"{", b"\xff", b'{"vehicles": NaN}'])
def test_what_is_no_json_is_an_input_error(post: httpx.Client, body: bytes) -> None:
    got = post.post("/vroom", content=body)
    assert (got.status_code, got.json()["code"]) == (HTTPStatus.BAD_REQUEST, 2)


def test_too_many_places_are_refused_before_anything_is_measured(post: httpx.Client) -> None:
    spots = [[105 + k / 5_000, 21.3] for k in range(1_200)]
    jobs = [{"id": k, "location": spot} for k, spot in enumerate(spots)]
    got = post.post("/vroom", json={"vehicles": [{"id": 1, "start": HUB}], "jobs": jobs})
    assert got.status_code == HTTPStatus.REQUEST_ENTITY_TOO_LARGE
    assert "1000" in got.json()["error"]


def many(seconds: float) -> dict[str, Any]:
    jobs = [{"id": k, "location": [105.3 + k % 20 / 100, 21.2 + k // 20 / 100]} for k in range(400)]
    vehicles = [{"id": k, "start": HUB, "end": HUB, "max_tasks": 40} for k in range(12)]
    return {"vehicles": vehicles, "jobs": jobs, "options": {"x": 5, "l": seconds}}


def test_more_callers_than_may_wait_are_sent_away_and_the_others_answered(
    post: httpx.Client, service: Served
) -> None:
    codes: list[int] = []

    def call() -> None:
        with httpx.Client(timeout=120) as client:
            codes.append(client.post(f"{service.address}/vroom", json=many(2)).status_code)

    callers = [threading.Thread(target=call) for _ in range(5)]
    for caller in callers:
        caller.start()
    for caller in callers:
        caller.join()
    # One searches, one waits.
    assert codes.count(200) >= 2
    assert set(codes) == {200, 503}


def test_a_caller_who_goes_away_frees_the_search(post: httpx.Client, service: Served) -> None:
    with httpx.Client(timeout=1.5) as client, pytest.raises(httpx.ReadTimeout):
        client.post(f"{service.address}/vroom", json=many(50))
    began = time.monotonic()
    while True:
        shown = post.get("/metrics").text
        if "buuta_searches_running 0.0" in shown and "buuta_searches_waiting 0.0" in shown:
            break
        assert time.monotonic() - began < 30
        time.sleep(0.1)


def test_an_unmodified_third_party_client_talks_to_the_door(service: Served) -> None:
    ors = pytest.importorskip("openrouteservice", reason="the openrouteservice client is missing")
    from openrouteservice import optimization

    for base in (service.address, f"{service.address}/vroom"):
        client = ors.Client(base_url=base, key="any")
        jobs = [
            optimization.Job(id=k, location=spot, service=60, amount=[1], time_windows=[[0, 9_000]])
            for k, spot in enumerate(JOBS[:3])
        ]
        step = optimization.ShipmentStep
        shipment = optimization.Shipment(
            pickup=step(id=8, location=JOBS[3]),
            delivery=step(id=9, location=JOBS[0]),
            amount=[1],
            skills=[5],
            priority=3,
        )
        vehicles = [
            optimization.Vehicle(
                id=1,
                profile="driving-car",
                start=HUB,
                end=HUB,
                capacity=[4],
                skills=[5],
                time_window=[0, 20_000],
            )
        ]
        held = client.optimization(
            jobs=jobs, vehicles=vehicles, shipments=[shipment], geometry=True
        )
        assert held["code"] == 0
        assert held["summary"]["unassigned"] == 0
        (route,) = held["routes"]
        assert ors.convert.decode_polyline(route["geometry"])["type"] == "LineString"
        with pytest.raises(ors.exceptions.ApiError) as caught:
            client.optimization(jobs=jobs[:1] * 2, vehicles=vehicles)
        assert caught.value.status == HTTPStatus.BAD_REQUEST
        assert "used twice" in json.dumps(caught.value.message)
