"""More places and closed roads: never shorter than the truth, and exact where it counts."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.events import RoadClosed
from dispatch.widening import NO_WAY, with_closures, with_points
from geo.errors import UnreachableError
from geo.types import LatLon, TravelMatrix
from tests.dispatch.happenings import DAY, LineTravel, point, ride, running_day


def test_a_new_place_is_as_far_as_the_provider_says() -> None:
    problem, _ = running_day({"a": 10, "b": 20}, {"v": ["a", "b"]})
    wider, rows = with_points(problem, [point(15), point(10)], LineTravel())
    assert rows[point(10)] == 1
    assert len(wider.places) == 4
    travel = wider.travel["default"]
    assert travel.leg(rows[point(15)], 2) == (5 * 60, 2_500)
    assert travel.leg(0, rows[point(15)]) == (15 * 60, 7_500)


@settings(deadline=None, max_examples=30)
@given(st.lists(st.tuples(st.integers(0, 40), st.integers(0, 40)), min_size=30, max_size=60))
def test_farther_places_are_never_nearer_than_the_truth(spots: list[tuple[int, int]]) -> None:
    problem, _ = running_day({"a": 1}, {"v": ["a"]})
    positions = [(float(x), float(y)) for x, y in dict.fromkeys(spots)]
    places = tuple(
        replace(problem.places[0], id=f"p{k}", x=105 + x / 100, y=21 + y / 100)
        for k, (x, y) in enumerate(positions)
    )
    problem = replace(problem, places=places, travel={"default": ride(positions)})
    new = LatLon(lat=21.205, lon=105.203)
    wider, rows = with_points(problem, [new], LineTravel())
    truth = ride([*positions, (20.3, 20.5)])
    found = wider.travel["default"]
    exact = 0
    for row in range(len(positions)):
        said, true = found.leg(rows[new], row)[0], truth.leg(len(positions), row)[0]
        assert said >= true - 1
        exact += abs(said - true) <= 1
    assert exact >= min(24, len(positions))


class _Island(LineTravel):
    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        if any(p.lat > 22 for p in points) and any(p.lat < 22 for p in points):
            raise UnreachableError(pairs=((0, 1),), profile=profile)
        return super().matrix(points, profile=profile)


def test_a_new_place_that_no_road_leads_to_cannot_be_reached() -> None:
    problem, _ = running_day({"a": 10}, {"v": ["a"]})
    island = LatLon(lat=23.0, lon=105.0)
    wider, rows = with_points(problem, [island], _Island())
    assert wider.travel["default"].leg(0, rows[island])[0] >= NO_WAY


def _closed(*line: tuple[float, float]) -> RoadClosed:
    return RoadClosed(
        id="r",
        day=DAY,
        at=0,
        received_at=0,
        line=tuple(LatLon(lat=lat, lon=lon) for lat, lon in line),
        start=0,
        end=86_400,
    )


def test_a_bar_beside_the_road_closes_nothing() -> None:
    problem, _ = running_day({"a": 10, "b": 20}, {"v": ["a", "b"]})
    same, count = with_closures(problem, [_closed((21.01, 105.15), (21.05, 105.15))], now=0)
    assert count == 0
    assert same is problem


def test_a_bar_across_the_only_road_cuts_off_what_lies_behind() -> None:
    problem, _ = running_day({"a": 10, "b": 20}, {"v": ["a", "b"]})
    cut, count = with_closures(problem, [_closed((20.9, 105.15), (21.1, 105.15))], now=0)
    assert count == 4
    assert cut.travel["default"].leg(0, 2)[0] == NO_WAY
    assert cut.travel["default"].leg(0, 1) == problem.travel["default"].leg(0, 1)


def test_closing_the_same_road_twice_is_closing_it_once() -> None:
    problem, _ = running_day({"a": 10, "b": 20, "c": 5}, {"v": ["a", "b"]})
    bar = _closed((20.9, 105.07), (21.1, 105.07))
    once, _ = with_closures(problem, [bar], now=0)
    twice, _ = with_closures(once, [bar], now=0)
    assert twice.travel["default"] == once.travel["default"]


@pytest.mark.parametrize("inside", [True, False])
def test_an_area_closes_what_lies_in_it(*, inside: bool) -> None:
    problem, _ = running_day({"a": 10, "b": 20}, {"v": ["a", "b"]})
    west = 105.18 if inside else 105.3
    square = _closed((20.95, west), (21.05, west), (21.05, west + 0.05), (20.95, west + 0.05))
    shut, count = with_closures(problem, [square], now=0)
    assert (count > 0) is inside
    assert np.asarray(shut.travel["default"].block([0], [2])[0])[0, 0] == (
        NO_WAY if inside else 20 * 60
    )
