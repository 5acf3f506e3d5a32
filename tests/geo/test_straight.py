"""Travel computed when asked is the matrix, leg by leg, and takes room by the place."""

from __future__ import annotations

import pickle
from datetime import date
from functools import cache

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo.errors import UnknownProfileError, UnreachableError
from geo.great_circle import GreatCircle
from geo.straight import StraightTravel
from geo.travel import DEFAULT_PROFILES
from geo.types import LatLon, Travel, TravelMatrix
from tests.geo.rivers import bridge, river

DAY = date(2026, 11, 24)


def scattered(count: int, *, seed: int = 5) -> list[LatLon]:
    """Return points all over the province, on every side of its rivers."""
    chance = np.random.default_rng(seed)
    return [
        LatLon(lat=float(lat), lon=float(lon))
        for lat, lon in zip(
            chance.uniform(20.95, 21.65, count), chance.uniform(104.85, 105.45, count), strict=True
        )
    ]


@cache
def both(profile: str) -> tuple[TravelMatrix, StraightTravel]:
    province = GreatCircle.phu_tho(on=DAY)
    points = scattered(150)
    return province.matrix(points, profile=profile), province.travel(points, profile=profile)


@pytest.fixture(scope="module")
def province() -> GreatCircle:
    return GreatCircle.phu_tho(on=DAY)


@settings(deadline=None, max_examples=30, derandomize=True, database=None)
@given(
    rows=st.lists(st.integers(0, 149), max_size=90),
    columns=st.lists(st.integers(0, 149), max_size=90),
    profile=st.sampled_from(sorted(DEFAULT_PROFILES)),
)
def test_any_block_is_that_block_of_the_matrix(
    rows: list[int], columns: list[int], profile: str
) -> None:
    dense, asked = both(profile)
    for ours, theirs in zip(asked.block(rows, columns), dense.block(rows, columns), strict=True):
        assert ours.dtype == theirs.dtype
        assert np.array_equal(ours, theirs)


def test_a_single_leg_and_a_square_are_those_of_the_matrix(province: GreatCircle) -> None:
    points = scattered(70)
    dense = province.matrix(points, profile="van")
    asked = province.travel(points, profile="van")
    assert isinstance(asked, Travel)
    assert asked.size == 70
    assert asked.matrix() == dense
    for a in range(0, 70, 7):
        for b in range(70):
            assert asked.leg(a, b) == dense.leg(a, b)
    seconds, metres = asked.square([3, 60, 3, 7])
    assert np.array_equal(seconds, dense.block([3, 60, 3, 7], [3, 60, 3, 7])[0])
    assert np.array_equal(metres, dense.block([3, 60, 3, 7], [3, 60, 3, 7])[1])


def test_it_is_the_same_both_ways_and_across_rivers_longer(province: GreatCircle) -> None:
    points = scattered(120)
    asked = province.travel(points, profile="motorbike")
    everywhere = range(120)
    seconds, metres = asked.block(everywhere, everywhere)
    assert np.array_equal(seconds, seconds.T)
    assert np.array_equal(metres, metres.T)
    # The same points in a land without rivers: no leg is longer there, and some are shorter.
    dry = GreatCircle().travel(points, profile="motorbike").block(everywhere, everywhere)[1]
    assert (dry <= metres).all()
    assert (dry < metres).sum() > 1_000


def test_a_ferry_is_waited_for_in_a_leg_as_in_a_matrix() -> None:
    waiting = GreatCircle(
        rivers=[river("r", lon=105.0)],
        bridges=[bridge("f", "r", lat=21.0, lon=105.0, delay_seconds=900)],
    )
    sides = [LatLon(lat=21.0, lon=104.99), LatLon(lat=21.0, lon=105.01)]
    asked = waiting.travel(sides, profile="van")
    # Two kilometres of line take some five minutes; the ferry is waited for a quarter of an hour.
    assert 900 < asked.leg(0, 1)[0] < 900 + 600
    assert asked.leg(0, 1) == asked.leg(1, 0) == waiting.matrix(sides, profile="van").leg(1, 0)


def test_points_without_a_way_are_named_as_by_the_matrix() -> None:
    cut = GreatCircle(rivers=[river("r", lon=105.0)])
    points = [
        LatLon(lat=21.0, lon=104.9),
        LatLon(lat=21.0, lon=105.1),
        LatLon(lat=21.1, lon=104.9),
    ]
    with pytest.raises(UnreachableError) as asked:
        cut.travel(points, profile="van")
    with pytest.raises(UnreachableError) as dense:
        cut.matrix(points, profile="van")
    assert set(asked.value.pairs) == set(dense.value.pairs) == {(0, 1), (1, 2)}
    assert asked.value.count == dense.value.count == 2
    with pytest.raises(UnknownProfileError):
        cut.travel(points, profile="rocket")


def test_a_pickle_brings_the_same_legs_back(province: GreatCircle) -> None:
    asked = province.travel(scattered(40), profile="van")
    again = pickle.loads(pickle.dumps(asked))
    assert isinstance(again, StraightTravel)
    assert all(
        np.array_equal(a, b)
        for a, b in zip(again.block([1, 2], range(40)), asked.block([1, 2], range(40)), strict=True)
    )
    with pytest.raises(ValueError, match="read-only"):
        again._ends.reach[0, 0] = 1.0


def test_rows_that_do_not_exist_are_refused(province: GreatCircle) -> None:
    asked = province.travel(scattered(5), profile="van")
    with pytest.raises(IndexError):
        asked.leg(0, 5)
    with pytest.raises(IndexError):
        asked.block([0], [7])
    assert asked.leg(-1, 0) == asked.leg(4, 0)


def test_twice_the_places_take_twice_the_room(province: GreatCircle) -> None:
    def room(count: int) -> int:
        travel = province.travel(scattered(count), profile="van")
        return sum(array.nbytes for array in travel._ends) + travel._order.nbytes

    fixed = 2 * room(500) - room(1_000)
    assert room(2_000) - fixed == 2 * (room(1_000) - fixed)
    # A matrix of 2,000 places has 32 million bytes.
    assert room(2_000) < 2_000 * 4_000
