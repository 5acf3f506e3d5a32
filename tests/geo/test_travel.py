"""Speed profiles, and what every travel provider must keep to."""

from __future__ import annotations

import itertools
import pickle
from collections.abc import Callable
from datetime import date
from pathlib import Path

import httpx
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from geo import phu_tho
from geo.cached import CachedTravel
from geo.errors import TableError, UnknownProfileError
from geo.fallback import FallbackTravel
from geo.great_circle import GreatCircle
from geo.osrm import OsrmTravel
from geo.roads import RoadProvider, build
from geo.travel import (
    DEFAULT_PROFILES,
    SpeedProfile,
    TravelProvider,
    profiles_from_csv,
    profiles_to_csv,
)
from geo.types import LatLon
from geo.valhalla import ValhallaTravel
from tests.geo.road_servers import StraightOsrm
from tests.geo.roads_by_hand import osm_file

DAY = date(2026, 11, 24)
PLACES = [d.point for d in phu_tho.districts()]


def test_a_leg_is_slow_at_its_ends_and_fast_between() -> None:
    profile = SpeedProfile(
        name="x", town_kmh=18, country_kmh=36, detour_factor=1.2, town_metres=2_000
    )
    # 18 km/h is 5 m/s, 36 km/h is 10 m/s: 1,000 m in town; 2,000 in town and 8,000 outside.
    assert profile.seconds(np.array([0, 1_000, 10_000])).tolist() == [0, 200, 400 + 800]


def test_the_default_motorbike_goes_straighter_and_the_truck_is_slowest_in_town() -> None:
    motorbike, van, truck = (DEFAULT_PROFILES[n] for n in ("motorbike", "van", "truck"))
    assert motorbike.detour_factor < van.detour_factor < truck.detour_factor
    assert truck.town_kmh < van.town_kmh <= motorbike.town_kmh


@pytest.mark.parametrize(
    "wrong",
    [
        {"town_kmh": 0},
        {"country_kmh": 10},
        {"detour_factor": 0.9},
        {"town_metres": -1},
        {"town_kmh": float("nan")},
    ],
)
def test_a_profile_faster_than_the_straight_line_is_refused(wrong: dict[str, float]) -> None:
    right = {"town_kmh": 20.0, "country_kmh": 40.0, "detour_factor": 1.3}
    with pytest.raises(ValueError, match="profile 'x'"):
        SpeedProfile(name="x", **(right | wrong))


def test_the_speed_table_survives_being_written_and_read() -> None:
    assert dict(profiles_from_csv(profiles_to_csv(DEFAULT_PROFILES))) == dict(DEFAULT_PROFILES)


def test_every_wrong_line_of_a_speed_table_is_named() -> None:
    text = "name,town_kmh,country_kmh,detour_factor\na,20,40,1.3\nb,x,40,1.3\nc,20,10,1.3\n"
    with pytest.raises(TableError) as caught:
        profiles_from_csv(text)
    assert [f.where for f in caught.value.findings] == ["speeds.csv line 3", "speeds.csv line 4"]


# What every provider must keep to. A new one adds a line here.


def _plain(_: Path) -> TravelProvider:
    return GreatCircle()


def _province(_: Path) -> TravelProvider:
    return GreatCircle.phu_tho(on=DAY)


def _cached(folder: Path) -> TravelProvider:
    return CachedTravel(GreatCircle.phu_tho(on=DAY), folder=folder)


def _roads(folder: Path) -> TravelProvider:
    # A main road straight from every place to every other one.
    points = dict(enumerate(PLACES))
    ways = [([a, b], {"highway": "secondary"}) for a, b in itertools.combinations(points, 2)]
    build(osm_file(folder / "x.osm", points, ways), out=folder / "roads")
    return RoadProvider(folder / "roads")


def _osrm(_: Path) -> TravelProvider:
    urls = dict.fromkeys(DEFAULT_PROFILES, "http://office:5000")
    return OsrmTravel(urls=urls, transport=StraightOsrm())


def _fallback(_: Path) -> TravelProvider:
    def broken(request: httpx.Request) -> httpx.Response:
        return httpx.Response(500)

    server = ValhallaTravel(
        url="http://office:8002", transport=httpx.MockTransport(broken), sleep=lambda _: None
    )
    return FallbackTravel(server, backup=GreatCircle())


STRAIGHT = (_plain, _province, _cached, _fallback)
OVER_ROADS = (_roads, _osrm)


@pytest.fixture(params=[*STRAIGHT, *OVER_ROADS])
def make(request: pytest.FixtureRequest) -> Callable[[Path], TravelProvider]:
    made: Callable[[Path], TravelProvider] = request.param
    return made


@pytest.fixture
def provider(make: Callable[[Path], TravelProvider], tmp_path: Path) -> TravelProvider:
    return make(tmp_path)


def test_it_is_a_travel_provider(provider: TravelProvider) -> None:
    assert isinstance(provider, TravelProvider)
    assert provider.version


@pytest.mark.parametrize("profile", ["motorbike", "van", "truck"])
def test_no_way_is_shorter_or_faster_than_the_straight_line(
    provider: TravelProvider, make: Callable[[Path], TravelProvider], profile: str
) -> None:
    matrix = provider.matrix(PLACES, profile=profile)
    speed = DEFAULT_PROFILES[profile]
    # A straight line has its factor and its speed; no road is faster than 75 km/h (speeds.csv).
    detour, kmh = (speed.detour_factor, speed.country_kmh) if make in STRAIGHT else (1, 75)
    for i, a in enumerate(PLACES):
        for j, b in enumerate(PLACES):
            straight = _metres(a, b)
            assert matrix.metres[i, j] >= straight * detour - 1
            assert matrix.seconds[i, j] >= straight / (kmh / 3.6) - 1


def test_from_a_place_to_itself_it_is_nothing_and_to_another_something(
    provider: TravelProvider,
) -> None:
    matrix = provider.matrix(PLACES, profile="motorbike")
    apart = ~np.eye(len(PLACES), dtype=bool)
    assert not np.diagonal(matrix.metres).any()
    assert (matrix.metres[apart] > 1_000).all()
    assert (matrix.seconds[apart] > 60).all()


def test_the_same_question_gets_the_same_answer_twice(provider: TravelProvider) -> None:
    first = provider.matrix(PLACES, profile="van")
    assert provider.matrix(PLACES, profile="van") == first
    assert pickle.loads(pickle.dumps(first)) == first


def test_equal_points_are_no_way_apart(provider: TravelProvider) -> None:
    matrix = provider.matrix([PLACES[0], PLACES[1], PLACES[0]], profile="motorbike")
    assert matrix.leg(0, 2) == (0, 0)
    assert matrix.leg(0, 1) == matrix.leg(2, 1)


def test_no_points_and_one_point_give_small_matrices(provider: TravelProvider) -> None:
    assert provider.matrix([], profile="motorbike").size == 0
    assert provider.matrix(PLACES[:1], profile="motorbike").leg(0, 0) == (0, 0)


def test_an_unknown_profile_is_named_with_those_there_are(provider: TravelProvider) -> None:
    with pytest.raises(UnknownProfileError, match="use one of motorbike, van, truck") as caught:
        provider.matrix(PLACES, profile="boat")
    assert caught.value.profile == "boat"


def test_a_shape_runs_from_end_to_end(
    provider: TravelProvider, make: Callable[[Path], TravelProvider]
) -> None:
    line = provider.shape(PLACES[0], PLACES[8], profile="motorbike")
    assert (line[0], line[-1]) == (PLACES[0], PLACES[8])
    length = sum(_metres(a, b) for a, b in itertools.pairwise(line))
    metres = provider.matrix([PLACES[0], PLACES[8]], profile="motorbike").metres[0, 1]
    detour = DEFAULT_PROFILES["motorbike"].detour_factor if make in STRAIGHT else 1
    assert metres == pytest.approx(length * detour, abs=2)


_POINT = st.builds(
    LatLon,
    lat=st.floats(20.95, 21.7, allow_nan=False),
    lon=st.floats(104.85, 105.45, allow_nan=False),
)
_PROVINCE = GreatCircle.phu_tho(on=DAY)


@given(st.lists(_POINT, min_size=3, max_size=6))
@settings(max_examples=60, deadline=None)
def test_a_way_through_a_third_place_is_never_shorter(points: list[LatLon]) -> None:
    # Some tens of metres may be won beside a river bend, which ways pass at a clearance.
    metres = _PROVINCE.matrix(points, profile="motorbike").metres
    through = metres[:, :, None] + metres[None, :, :]
    assert (metres <= through.min(axis=1) + 300).all()
    assert (metres == metres.T).all()


def _metres(a: LatLon, b: LatLon) -> float:
    # The spherical law of cosines, not the haversine: another formula for the same thing.
    x, y = np.radians([a.lat, b.lat])
    cosine = np.sin(x) * np.sin(y) + np.cos(x) * np.cos(y) * np.cos(np.radians(a.lon - b.lon))
    return float(6_371_008.8 * np.arccos(np.clip(cosine, -1, 1)))
