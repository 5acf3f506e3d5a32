"""Rivers are crossed at bridges, and nowhere else."""

from __future__ import annotations

import itertools
import time
from datetime import date

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from shapely.geometry import LineString
from shapely.geometry.base import BaseGeometry

from geo import phu_tho
from geo.errors import TravelDataError, UnreachableError
from geo.great_circle import GreatCircle
from geo.travel import SpeedProfile
from geo.types import LatLon
from tests.geo.rivers import HUNDREDTH, bent_river, bridge, river

# One metre of road for each metre of line, ten metres a second: figures to be reckoned by hand.
CRAWLER = {
    "foot": SpeedProfile(
        name="foot", town_kmh=36, country_kmh=36, detour_factor=1.0, town_metres=0
    ),
    "car": SpeedProfile(name="car", town_kmh=36, country_kmh=36, detour_factor=1.0, town_metres=0),
}
# At 21 degrees north a degree of longitude is this part of one of latitude.
NARROW = float(np.cos(np.radians(21.0)))
WEST, EAST = LatLon(lat=21.0, lon=104.99), LatLon(lat=21.0, lon=105.01)


def test_without_a_river_it_is_the_straight_line() -> None:
    travel = GreatCircle(profiles=CRAWLER)
    # Two hundredths of a degree of longitude at 21 north: 2 x 1,111.95 x 0.93358.
    seconds, metres = travel.matrix([WEST, EAST], profile="foot").leg(0, 1)
    assert metres == pytest.approx(2 * HUNDREDTH * NARROW, abs=2)
    assert seconds == pytest.approx(metres / 10, abs=1)
    assert travel.shape(WEST, EAST, profile="foot") == [WEST, EAST]


def test_across_a_river_it_is_the_way_over_the_bridge() -> None:
    travel = GreatCircle(
        rivers=[river("r", lon=105.0)],
        bridges=[bridge("b", "r", lat=21.05, lon=105.0)],
        profiles=CRAWLER,
    )
    # Twice the long side of a triangle of 5 hundredths north and 1 hundredth across.
    leg = float(np.hypot(5 * HUNDREDTH, HUNDREDTH * NARROW))
    assert travel.matrix([WEST, EAST], profile="foot").leg(0, 1)[1] == pytest.approx(
        2 * leg, abs=30
    )
    assert [b.id for b in travel.crossings(WEST, EAST, profile="foot")] == ["b"]
    line = travel.shape(WEST, EAST, profile="foot")
    assert len(line) == 4
    assert line[1].lat == pytest.approx(21.05, abs=0.001)


def test_the_nearer_of_two_bridges_is_taken() -> None:
    travel = GreatCircle(
        rivers=[river("r", lon=105.0)],
        bridges=[
            bridge("far", "r", lat=21.10, lon=105.0),
            bridge("near", "r", lat=20.96, lon=105.0),
        ],
        profiles=CRAWLER,
    )
    assert [b.id for b in travel.crossings(WEST, EAST, profile="foot")] == ["near"]


def test_two_rivers_take_two_bridges_chosen_together() -> None:
    # The nearest bridge of the first river leads away from the only bridge of the second.
    travel = GreatCircle(
        rivers=[river("a", lon=104.995), river("b", lon=105.005)],
        bridges=[
            bridge("a south", "a", lat=20.97, lon=104.995),
            bridge("a north", "a", lat=21.04, lon=104.995),
            bridge("b north", "b", lat=21.06, lon=105.005),
        ],
        profiles=CRAWLER,
    )
    crossed = [b.id for b in travel.crossings(WEST, EAST, profile="foot")]
    assert crossed == ["a north", "b north"]


def test_out_of_a_bend_and_back_needs_no_bridge_where_the_bank_leads_around() -> None:
    # A river that bulges east between the two places: both lie on its western bank, the line
    # between them cuts the bulge's neck twice when the bulge turns west.
    bulge = bent_river(
        "r", (22.0, 105.0), (21.02, 105.0), (21.0, 104.98), (20.98, 105.0), (20.0, 105.0)
    )
    travel = GreatCircle(rivers=[bulge], profiles=CRAWLER)
    north, south = LatLon(lat=21.015, lon=104.98), LatLon(lat=20.985, lon=104.98)
    # Around the tip at 104.98 west: a little more than the straight line of 3 hundredths.
    metres = travel.matrix([north, south], profile="foot").leg(0, 1)[1]
    assert 3 * HUNDREDTH < metres < 3.1 * HUNDREDTH
    assert travel.crossings(north, south, profile="foot") == ()


def test_a_bridge_closed_to_a_profile_is_not_used_by_it() -> None:
    travel = GreatCircle(
        rivers=[river("r", lon=105.0)],
        bridges=[
            bridge("motorway", "r", lat=21.0, lon=105.0, closed_to=frozenset({"foot"})),
            bridge("old", "r", lat=21.05, lon=105.0),
        ],
        profiles=CRAWLER,
    )
    assert [b.id for b in travel.crossings(WEST, EAST, profile="car")] == ["motorway"]
    assert [b.id for b in travel.crossings(WEST, EAST, profile="foot")] == ["old"]


def test_a_ferry_costs_its_wait_in_time_but_not_in_metres() -> None:
    def travel(wait: int) -> GreatCircle:
        return GreatCircle(
            rivers=[river("r", lon=105.0)],
            bridges=[
                bridge("ferry", "r", lat=21.0, lon=105.0, delay_seconds=wait, kind="ferry"),
                bridge("bridge", "r", lat=21.05, lon=105.0),
            ],
            profiles=CRAWLER,
        )

    dry = travel(0).matrix([WEST, EAST], profile="foot").leg(0, 1)
    wet = travel(300).matrix([WEST, EAST], profile="foot").leg(0, 1)
    assert wet == (dry[0] + 300, dry[1])
    # Fifteen minutes are 9 km at 10 m/s, the way over the bridge is only 9.2 km longer in all...
    assert [b.id for b in travel(900).crossings(WEST, EAST, profile="foot")] == ["ferry"]
    # ... and twenty minutes are 12 km.
    assert [b.id for b in travel(1_200).crossings(WEST, EAST, profile="foot")] == ["bridge"]


def test_without_bridges_the_pairs_on_two_banks_are_named() -> None:
    travel = GreatCircle(rivers=[river("r", lon=105.0)], profiles=CRAWLER)
    south = LatLon(lat=20.9, lon=104.99)
    with pytest.raises(UnreachableError, match=r"add the bridge or ferry") as caught:
        travel.matrix([WEST, EAST, south], profile="foot")
    assert caught.value.pairs == ((0, 1), (1, 2))
    with pytest.raises(UnreachableError):
        travel.shape(WEST, EAST, profile="foot")


def test_many_unreachable_pairs_are_counted_and_the_first_thousand_named() -> None:
    travel = GreatCircle(rivers=[river("r", lon=105.0)], profiles=CRAWLER)
    west = [LatLon(lat=21 + i / 1_000, lon=104.9) for i in range(50)]
    east = [LatLon(lat=21 + i / 1_000, lon=105.1) for i in range(50)]
    with pytest.raises(UnreachableError) as caught:
        travel.matrix(west + east, profile="foot")
    assert caught.value.count == 2_500
    assert len(caught.value.pairs) == 1_000


def test_a_bridge_off_its_river_or_on_none_is_refused_with_both_named() -> None:
    with pytest.raises(TravelDataError) as caught:
        GreatCircle(
            rivers=[river("r", lon=105.0)],
            bridges=[
                bridge("dry", "r", lat=21.0, lon=105.02),
                bridge("lost", "q", lat=21.0, lon=105.0),
            ],
        )
    assert [f.where for f in caught.value.findings] == ["bridge dry", "bridge lost"]


def test_a_river_that_stops_just_short_of_another_is_refused() -> None:
    # 0.002 degrees of longitude are about 200 m: a gap no one meant.
    side = bent_river("side", (21.0, 104.9), (21.0, 104.998))
    with pytest.raises(TravelDataError, match=r"ends 20\d m from a point of river main"):
        GreatCircle(rivers=[river("main", lon=105.0), side])


@given(
    lats=st.lists(st.floats(20.5, 21.5), min_size=4, max_size=4, unique=True),
    start=st.floats(20.6, 21.4),
    end=st.floats(20.6, 21.4),
)
@settings(max_examples=60, deadline=None)
def test_two_straight_rivers_agree_with_trying_every_pair_of_bridges(
    lats: list[float], start: float, end: float
) -> None:
    travel = GreatCircle(
        rivers=[river("a", lon=104.98), river("b", lon=105.03)],
        bridges=[
            bridge(f"{i}", "ab"[i // 2], lat=lat, lon=(104.98, 105.03)[i // 2])
            for i, lat in enumerate(lats)
        ],
        profiles=CRAWLER,
    )
    a, b = LatLon(lat=start, lon=104.9), LatLon(lat=end, lon=105.1)
    plain = GreatCircle(profiles=CRAWLER)

    def length(stops: list[LatLon]) -> int:
        matrix = plain.matrix(stops, profile="foot")
        return sum(matrix.leg(i, i + 1)[1] for i in range(len(stops) - 1))

    tried = min(
        length([a, LatLon(lat=x, lon=104.98), LatLon(lat=y, lon=105.03), b])
        for x, y in itertools.product(lats[:2], lats[2:])
    )
    # The heads of a bridge stand 5 m off its line.
    assert travel.matrix([a, b], profile="foot").leg(0, 1)[1] == pytest.approx(tried, abs=40)


@pytest.mark.parametrize("profile", ["motorbike", "van"])
def test_no_drawn_way_touches_a_river_but_at_a_bridge(profile: str) -> None:
    travel = GreatCircle.phu_tho(on=date(2026, 11, 24))
    lines = [LineString([(p.lon, p.lat) for p in r.line]) for r in phu_tho.rivers()]
    heads = [LineString([(b.point.lon, b.point.lat)] * 2).buffer(0.006) for b in phu_tho.bridges()]
    capitals = [d.point for d in phu_tho.districts()]
    for a, b in itertools.combinations(capitals, 2):
        way = travel.shape(a, b, profile=profile)
        drawn = LineString([(p.lon, p.lat) for p in way])
        wet = sum(1 for line in lines for _ in _points(line.intersection(drawn)))
        assert wet == len(travel.crossings(a, b, profile=profile))
        for line in lines:
            for spot in _points(line.intersection(drawn)):
                assert any(head.contains(spot) for head in heads)


def test_deleting_every_bridge_of_the_thao_cuts_the_province_in_two() -> None:
    travel = GreatCircle(
        rivers=phu_tho.rivers(), bridges=[b for b in phu_tho.bridges() if b.river != "thao"]
    )
    with pytest.raises(UnreachableError) as caught:
        travel.matrix([d.point for d in phu_tho.districts()], profile="motorbike")
    # Seven districts on the left bank, six on the right.
    assert caught.value.count == 7 * 6


def test_the_collapse_of_phong_chau_lengthened_the_way_to_tam_nong() -> None:
    lam_thao, tam_nong = phu_tho.district("237").point, phu_tho.district("236").point

    def minutes(day: date) -> float:
        matrix = GreatCircle.phu_tho(on=day).matrix([lam_thao, tam_nong], profile="truck")
        return matrix.leg(0, 1)[0] / 60

    standing, fallen = minutes(date(2024, 9, 1)), minutes(date(2024, 9, 15))
    assert fallen > standing + 10
    assert minutes(date(2026, 11, 24)) == pytest.approx(standing, abs=2)


def test_the_version_changes_with_the_bridges_and_with_nothing_else() -> None:
    def version(day: date) -> str:
        return GreatCircle.phu_tho(on=day).version

    assert version(date(2026, 11, 24)) == version(date(2026, 11, 25))
    assert version(date(2026, 11, 24)) != version(date(2024, 9, 15))


def test_fifteen_hundred_points_take_seconds() -> None:
    rng = np.random.default_rng(1)
    communes = phu_tho.communes(date(2024, 6, 1))
    points = [
        LatLon(lat=c.point.lat + dy, lon=c.point.lon + dx)
        for c, (dy, dx) in zip(
            rng.choice(np.array(communes, dtype=object), 1_500),
            rng.normal(scale=0.01, size=(1_500, 2)),
            strict=True,
        )
    ]
    travel = GreatCircle.phu_tho(on=date(2026, 11, 24))
    started = time.process_time()
    matrix = travel.matrix(points, profile="motorbike")
    # Usually below one second; the limit leaves room for a slow machine.
    assert time.process_time() - started < 6
    assert matrix.seconds.dtype == np.int32
    assert int(matrix.seconds.max()) < 5 * 3600


def _points(found: BaseGeometry) -> list[BaseGeometry]:
    if found.is_empty:
        return []
    return list(getattr(found, "geoms", [found]))
