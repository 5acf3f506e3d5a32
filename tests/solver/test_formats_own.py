"""Our own JSON loses nothing, and says everything that is wrong with a text at once."""

from __future__ import annotations

import base64
import json
import time
import zlib
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from geo.types import PlanarTravel, TravelMatrix
from solver import formats
from solver.checker import check
from solver.components import TravelWindow
from solver.errors import FormatError
from solver.formats import own
from solver.model import Plan, Problem, Route, Stop, StopKind
from solver.schedule import schedule
from tests.solver import builders as b
from tests.solver.strategies import FEATURES, problems, tours

quick = settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
anything = st.text(max_size=5)
times = st.integers(-(10**12), 10**12)


@quick
@given(st.data())
def test_any_problem_and_plan_come_back_the_same(data: st.DataObject) -> None:
    problem = data.draw(problems())
    plan = schedule(problem, data.draw(tours(problem)))
    assert own.read_problem(own.write_problem(problem)).problem == problem
    assert own.read_plan(own.write_plan(plan, check(problem, plan))) == plan


@quick
@given(problems(always=FEATURES))
def test_every_feature_comes_back(problem: Problem) -> None:
    instance = formats.read_problem(own.write_problem(problem, name="Việt Trì"))
    assert instance.problem == problem
    assert (instance.name, instance.kind) == ("Việt Trì", "buuta-problem")


@quick
@given(
    st.lists(
        st.builds(
            Stop,
            kind=st.sampled_from(StopKind),
            id=anything,
            arrival=times,
            begin=times,
            departure=times,
            load=st.tuples(times, times),
        ),
        max_size=3,
    ),
    anything,
    st.lists(anything, max_size=3),
)
def test_a_plan_that_fits_no_problem_comes_back_too(
    stops: list[Stop], name: str, left: list[str]
) -> None:
    route = Route(vehicle=name, departure=1, stops=tuple(stops), finish=-2)
    plan = Plan(routes=(route,), unassigned=tuple(left))
    assert own.read_plan(own.write_plan(plan)) == plan


def test_matrices_keep_their_kind_of_number() -> None:
    small = np.array([[0, 7], [9, 0]], dtype=np.int32)
    large = small.astype(np.int64) * 2**40
    for seconds, metres in ((small, small), (large, large), (small, large)):
        matrix = TravelMatrix(seconds=seconds, metres=metres)
        problem = Problem(places=b.places([0, 1]), vehicles=(), travel={"x": matrix})
        held = own.read_problem(own.write_problem(problem)).problem.travel["x"]
        assert held == matrix
        assert isinstance(held, TravelMatrix)
        assert (held.seconds.dtype, held.metres.dtype) == (seconds.dtype, metres.dtype)


def test_a_plane_stays_a_plane() -> None:
    plane = PlanarTravel(x=[0.1, 3.0], y=[0.2, 1 / 3], scale=10.0, rounding="truncate")
    problem = Problem(places=b.places([0, 1]), vehicles=(), travel={"x": plane})
    held = own.read_problem(own.write_problem(problem)).problem.travel["x"]
    assert isinstance(held, PlanarTravel)
    assert (held.scale, held.rounding) == (10.0, "truncate")
    assert all(
        np.array_equal(a, c) for a, c in zip(held.coordinates, plane.coordinates, strict=True)
    )


def test_a_thousand_places_are_compact_and_quick() -> None:
    spots = [(k * 7919 % 20_000, k * 104_729 % 20_000) for k in range(1000)]
    problem = b.problem(spots)
    began = time.process_time()
    text = own.write_problem(problem)
    assert own.read_problem(text).problem == problem
    assert time.process_time() - began < 10
    # Two matrices of a million numbers each.
    assert len(text) < 8_000_000


def test_a_report_is_written_for_people_and_passed_over_when_read() -> None:
    problem = b.problem([0, 10], jobs=[b.job("a", 1, windows=[(0, 8)])])
    plan = schedule(problem, [b.tour("v", "a")])
    held = json.loads(own.write_plan(plan, check(problem, plan)))
    assert held["report"]["feasible"] is False
    assert held["report"]["cost"]["total"] == 200
    assert held["report"]["violations"] == [
        {"code": "window_missed", "amount": 2, "vehicle": "v", "id": "a", "dimension": ""}
    ]
    held["report"] = "scribbled over"
    assert own.read_plan(json.dumps(held)) == plan


# ---- what is wrong ----------------------------------------------------------------------------


def held_problem() -> dict[str, Any]:
    """Return a good problem as JSON holds it."""
    problem = b.problem([0, 10], jobs=[b.job("a", 1, windows=[(0, 8)])])
    held: dict[str, Any] = json.loads(own.write_problem(problem))
    return held


def wrong(text: str) -> list[str]:
    """Return what a text is refused for."""
    with pytest.raises(FormatError) as caught:
        own.read_problem(text)
    return [str(finding) for finding in caught.value.findings]


def test_everything_wrong_is_listed_with_its_path() -> None:
    held = held_problem()
    inner = held["problem"]
    inner["jobs"][0]["place"] = "one"
    inner["jobs"][0]["windows"] = [[1, 2, 3]]
    inner["jobs"][0]["colour"] = "red"
    inner["vehicles"][0]["fixed_cost"] = 1.5
    inner["vehicles"][0]["skills"] = ["x", "x"]
    inner["vehicles"].append(7)
    del inner["places"][1]["id"]
    del inner["vehicles"][0]["shift"]
    inner["travel"]["default"]["seconds"] = "i4:AAAA"
    lines = wrong(json.dumps(held))
    paths = {line.split(": ")[0] for line in lines}
    assert paths == {
        "$.problem.jobs[0].place",
        "$.problem.jobs[0].windows[0]",
        "$.problem.jobs[0].colour",
        "$.problem.vehicles[0].fixed_cost",
        "$.problem.vehicles[0].skills",
        "$.problem.vehicles[0].shift",
        "$.problem.vehicles[1]",
        "$.problem.places[1].id",
        "$.problem.travel.default.seconds",
    }


@pytest.mark.parametrize("version", [2, 0, "1", None, True])
def test_an_unknown_version_says_to_upgrade(version: object) -> None:
    (line,) = wrong(json.dumps({**held_problem(), "version": version}))
    assert line.startswith("$.version")
    assert "reads version 1" in line


def test_unknown_keys_at_the_top_are_refused() -> None:
    (line,) = wrong(json.dumps({**held_problem(), "extra": 1}))
    assert line.startswith("$.extra")


@pytest.mark.parametrize(
    ("text", "word"),
    [
        ("", "is not JSON"),
        ("{", "is not JSON"),
        (json.dumps(held_problem())[:-30], "cut off"),
        ("[]", "is missing"),
        ("{}", "is missing"),
        ('{"format": "buuta-plan"}', "buuta-problem"),
        ('{"format": "x", "format": "buuta-problem"}', "appears twice"),
        ('{"format": NaN}', "NaN"),
        ("[" * 100_000, "nested too deep"),
        ('{"format": ' + "9" * 5000 + "}", "number too long"),
        ('{"format": "buuta-problem", "version": 1}', "$.problem"),
        ('{"format": "buuta-problem", "version": 1, "problem": []}', "$.problem"),
    ],
)
def test_what_is_no_problem_is_refused_in_words(text: str, word: str) -> None:
    assert word in "\n".join(wrong(text))


def test_a_packed_matrix_that_would_fill_the_memory_is_refused() -> None:
    bomb = base64.b64encode(zlib.compress(bytes(10_000_000))).decode()
    held = held_problem()
    held["problem"]["travel"]["default"]["seconds"] = f"i8:{bomb}"
    (line,) = wrong(json.dumps(held))
    assert "does not hold 2 times 2" in line


@pytest.mark.parametrize(
    "travel",
    [
        None,
        {"kind": "matrix"},
        {"kind": "matrix", "size": -1, "seconds": "i4:"},
        {"kind": "matrix", "size": 10**9, "seconds": "i4:"},
        {"kind": "planar", "x": [1], "y": [1, 2], "scale": 1, "rounding": "nearest"},
        {"kind": "planar", "x": [1], "y": [1], "scale": 1, "rounding": "sideways"},
        {"kind": "planar", "x": ["a"], "y": [1], "scale": 1, "rounding": "nearest"},
        {"kind": "road"},
        {"kind": ["matrix"]},
    ],
)
def test_travel_that_cannot_be_is_refused(travel: object) -> None:
    held = held_problem()
    held["problem"]["travel"]["default"] = travel
    assert all("$.problem.travel.default" in line for line in wrong(json.dumps(held)))


@quick
@given(
    st.recursive(
        st.none() | st.booleans() | st.integers() | anything,
        lambda inner: (
            st.lists(inner, max_size=3)
            | st.dictionaries(
                st.sampled_from(["jobs", "places", "vehicles", "travel", "id"]), inner
            )
        ),
    )
)
def test_no_json_whatever_makes_the_reader_fall_over(inner: object) -> None:
    held = {"format": "buuta-problem", "version": 1, "problem": inner}
    # A problem lacks at least its vehicles' shifts here, so every one of these is refused.
    with pytest.raises(FormatError) as caught:
        own.read_problem(json.dumps(held))
    assert caught.value.findings


def test_travel_computed_when_asked_is_written_in_strips_and_comes_back_as_its_matrix() -> None:
    spots = [(7 * k % 90, 11 * k % 70) for k in range(300)]
    dense = b.travel(spots)
    some = TravelWindow(dense, range(299))
    problem = b.problem(spots[:299], jobs=[b.job("a", 5)], profiles={"default": some})
    back = own.read_problem(own.write_problem(problem)).problem.travel["default"]
    assert isinstance(back, TravelMatrix)
    assert back == TravelMatrix(seconds=dense.seconds[:299, :299], metres=dense.metres[:299, :299])
    # Where both are the same numbers they are written once.
    plane = PlanarTravel(x=np.arange(299), y=np.zeros(299))
    once = own.write_problem(
        b.problem(spots[:299], profiles={"default": TravelWindow(plane, range(299))})
    )
    assert '"metres"' not in once
    assert own.read_problem(once).problem.travel["default"] == plane.matrix()
