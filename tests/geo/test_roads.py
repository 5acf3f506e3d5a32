"""Roads: what the tags mean, exact times, points onto roads, and what cannot be used."""

from __future__ import annotations

import gzip
import itertools
import json
import pickle
from pathlib import Path

import networkx as nx
import numpy as np
import pytest

from geo.errors import OffRoadError, TableError, TravelDataError, UnknownProfileError
from geo.roads import RoadProvider, build
from geo.roads import travel as travel_module
from geo.roads.network import DISTANCE, SHIFT
from geo.roads.rules import read_rules, speeds
from geo.roads.store import read_graph
from geo.types import LatLon, Travel
from tests.geo.roads_by_hand import osm_file, plain_graph

OSM = Path(__file__).resolve().parents[3] / "shared" / "data" / "osm"
needs_osm = pytest.mark.skipif(not OSM.exists(), reason="the road extracts are not here")
RULES = read_rules()

# A square of 0.01 degrees about (21.30, 105.40): 1 - 2 - 3 - 4 - 1, and a side road 3 - 5.
POINTS = {
    1: LatLon(lat=21.30, lon=105.40),
    2: LatLon(lat=21.31, lon=105.40),
    3: LatLon(lat=21.31, lon=105.41),
    4: LatLon(lat=21.30, lon=105.41),
    5: LatLon(lat=21.31, lon=105.42),
    8: LatLon(lat=21.40, lon=105.40),
    9: LatLon(lat=21.42, lon=105.40),
}
HOUSE = {"highway": "residential", "name": "Đường Hùng Vương"}
SQUARE = [
    ([1, 2, 3], {**HOUSE, "oneway": "yes"}),
    ([3, 4, 1], HOUSE),
    ([3, 5], {"highway": "tertiary", "ref": "ĐT 314", "maxweight": "5"}),
]
METRES = 6_371_008.8 * np.radians(0.01)  # of 0.01 degrees from south to north


def made(folder: Path, ways: object = None, **options: object) -> RoadProvider:
    source = osm_file(folder / "x.osm", POINTS, SQUARE if ways is None else ways)  # type: ignore[arg-type]
    build(source, out=folder / "roads", **options)  # type: ignore[arg-type]
    return RoadProvider(folder / "roads", traffic="quiet")


@pytest.mark.parametrize(
    ("tags", "onwards", "back"),
    [
        ({"highway": "residential"}, (22, 20, 15), (22, 20, 15)),
        ({"highway": "residential", "oneway": "yes"}, (22, 20, 15), (0, 0, 0)),
        ({"highway": "residential", "oneway": "-1"}, (0, 0, 0), (22, 20, 15)),
        ({"highway": "residential", "junction": "roundabout"}, (22, 20, 15), (0, 0, 0)),
        (
            {"highway": "residential", "oneway": "yes", "oneway:motorcycle": "no"},
            (22, 20, 15),
            (22, 0, 0),
        ),
        ({"highway": "motorway"}, (0, 75, 65), (0, 0, 0)),
        ({"highway": "residential", "maxheight": "3"}, (22, 20, 0), (22, 20, 0)),
        ({"highway": "residential", "maxweight": "3"}, (22, 0, 0), (22, 0, 0)),
        ({"highway": "residential", "maxwidth": "1.5 m"}, (22, 0, 0), (22, 0, 0)),
        ({"highway": "residential", "hgv": "no"}, (22, 20, 0), (22, 20, 0)),
        (
            {"highway": "residential", "access": "no", "motorcycle": "yes"},
            (22, 0, 0),
            (22, 0, 0),
        ),
        ({"highway": "path", "motorcycle": "yes"}, (12, 0, 0), (12, 0, 0)),
        ({"highway": "residential", "maxspeed": "10"}, (10, 10, 10), (10, 10, 10)),
        ({"highway": "residential", "maxspeed": "none"}, (22, 20, 15), (22, 20, 15)),
        ({"highway": "residential", "surface": "dirt"}, (13.2, 11, 7.5), (13.2, 11, 7.5)),
        ({"route": "ferry"}, (12, 12, 12), (12, 12, 12)),
    ],
)
def test_tags_say_who_may_drive_and_how_fast(
    tags: dict[str, str], onwards: tuple[float, ...], back: tuple[float, ...]
) -> None:
    found = speeds(tags, RULES)
    assert found is not None
    assert found[1] == pytest.approx(onwards)
    assert found[2] == pytest.approx(back)


@pytest.mark.parametrize(
    "tags",
    [
        {"highway": "footway"},
        {"highway": "path", "access": "yes"},
        {"highway": "residential", "access": "private"},
        {"highway": "construction"},
        {"highway": "pedestrian", "area": "yes"},
    ],
)
def test_what_nobody_may_drive_on_is_no_road(tags: dict[str, str]) -> None:
    assert speeds(tags, RULES) is None


def test_a_oneway_street_costs_the_way_round(tmp_path: Path) -> None:
    # From 1 to 2 north along the one way; back only over 3 and 4: 3 of 4 sides of the square.
    matrix = made(tmp_path).matrix([POINTS[1], POINTS[2]], profile="motorbike")
    assert matrix.metres[0, 1] == pytest.approx(METRES, abs=2)
    east = METRES * np.cos(np.radians(21.305))
    assert matrix.metres[1, 0] == pytest.approx(METRES + 2 * east, abs=3)
    # 22 km/h of the table, 3.6 from km/h to m/s.
    assert matrix.seconds[0, 1] == pytest.approx(METRES * 3.6 / 22, abs=2)


def test_a_point_beside_a_road_pays_for_its_access(tmp_path: Path) -> None:
    # 0.001 degrees east of the middle of the side from 1 to 2, along which the way goes on.
    beside = LatLon(lat=21.305, lon=105.401)
    matrix = made(tmp_path).matrix([beside, POINTS[2]], profile="motorbike")
    access = METRES / 10 * np.cos(np.radians(21.305))
    assert matrix.metres[0, 1] == pytest.approx(METRES / 2 + access, abs=3)
    # 8 km/h from a door to its road.
    assert matrix.seconds[0, 1] == pytest.approx(METRES / 2 * 3.6 / 22 + access * 3.6 / 8, abs=2)


def test_a_truck_too_heavy_for_a_road_snaps_elsewhere(tmp_path: Path) -> None:
    provider = made(tmp_path)
    motorbike = provider.matrix([POINTS[5], POINTS[1]], profile="motorbike")
    truck = provider.matrix([POINTS[5], POINTS[1]], profile="truck")
    # The truck's driver walks the side road (5 km/h) to its beginning.
    assert truck.seconds[0, 1] > motorbike.seconds[0, 1] + 400


def test_two_points_on_one_road_go_along_it(tmp_path: Path) -> None:
    a, b = LatLon(lat=21.302, lon=105.40), LatLon(lat=21.308, lon=105.40)
    matrix = made(tmp_path).matrix([a, b], profile="van")
    assert matrix.metres[0, 1] == pytest.approx(0.6 * METRES, abs=2)
    assert matrix.metres[1, 0] > 3 * METRES  # against the one way: all the way round


def test_the_rush_is_slower_and_the_slowest_period_is_the_default(tmp_path: Path) -> None:
    made(tmp_path)
    points = [POINTS[1], POINTS[3]]
    quiet, rush, slowest = (
        RoadProvider(tmp_path / "roads", traffic=name).matrix(points, profile="van")
        for name in ("quiet", "rush", "slowest")
    )
    # 1.25 around Việt Trì (hours.csv), where the square lies.
    assert rush.seconds[0, 1] == pytest.approx(quiet.seconds[0, 1] * 1.25, abs=2)
    assert (slowest.seconds == np.maximum(quiet.seconds, rush.seconds)).all()
    with pytest.raises(TravelDataError, match="use one of slowest, quiet, rush"):
        RoadProvider(tmp_path / "roads", traffic="night")


def test_directions_name_the_roads_and_the_turns(tmp_path: Path) -> None:
    steps = made(tmp_path).steps(POINTS[1], POINTS[5], profile="motorbike")
    turns = [(step.turn, step.road) for step in steps]
    # North, right at 2 within the same street, and straight on into the side road at 3.
    assert turns == [
        ("start", "Đường Hùng Vương"),
        ("straight", "ĐT 314"),
        ("arrive", ""),
    ]
    assert sum(step.metres for step in steps) == pytest.approx(3 * METRES, rel=0.06)


def test_own_speeds_change_the_graph_and_its_version(tmp_path: Path) -> None:
    before = made(tmp_path)
    tables = tmp_path / "tables"
    tables.mkdir()
    heading = "class,open,motorbike,van,truck,wait_seconds\n"
    (tables / "speeds.csv").write_text(heading + "residential,always,11,11,11,0\n")
    after = made(tmp_path, tables=tables)
    assert after.version != before.version
    seconds = after.matrix([POINTS[1], POINTS[2]], profile="motorbike").seconds
    assert seconds[0, 1] == pytest.approx(METRES * 3.6 / 11, abs=2)
    (tables / "speeds.csv").write_text(heading + "a,always,x,1,1,0\nb,never,1,1,1,0\n")
    with pytest.raises(TableError) as caught:
        made(tmp_path, tables=tables)
    assert [f.where for f in caught.value.findings] == ["speeds.csv line 2", "speeds.csv line 3"]


# ---- what cannot be used ------------------------------------------------------------------------


def test_a_file_that_is_not_there_empty_or_no_map_says_what_to_download(tmp_path: Path) -> None:
    for name, content in (
        ("missing.osm.pbf", None),
        ("empty.osm.pbf", b""),
        ("text.osm.pbf", b"hello" * 100),
        ("page.osm", b"<html></html>"),
        ("noname", b"hello"),
    ):
        if content is not None:
            (tmp_path / name).write_bytes(content)
        with pytest.raises(TravelDataError, match="download your country") as caught:
            build(tmp_path / name, out=tmp_path / "roads")
        assert name in str(caught.value)
        assert not (tmp_path / "roads").exists()


@needs_osm
def test_a_truncated_file_is_refused(tmp_path: Path) -> None:
    for name in ("andorra.osm.pbf", "campo-grande.osm.gz"):
        cut = tmp_path / name
        cut.write_bytes((OSM / name).read_bytes()[:200_000])
        with pytest.raises(TravelDataError, match="cut short"):
            build(cut, out=tmp_path / "roads")


def test_a_file_without_roads_is_refused(tmp_path: Path) -> None:
    with pytest.raises(TravelDataError, match="no road for any vehicle"):
        made(tmp_path, ways=[([1, 2], {"highway": "footway"})])


def box(south: float, west: float, size: float) -> str:
    ring = [(west, south), (west + size, south), (west + size, south + size), (west, south + size)]
    return json.dumps({"type": "Polygon", "coordinates": [[*ring, ring[0]]]})


def test_another_countrys_file_is_told_by_where_it_lies(tmp_path: Path) -> None:
    with pytest.raises(TravelDataError, match=r"42.00 to 43.00 N.*take the file of the country"):
        made(tmp_path, area=box(42, 1, 1))
    with pytest.raises(TravelDataError, match="not GeoJSON"):
        made(tmp_path, area="{")
    with pytest.raises(TravelDataError, match="no polygon"):
        made(tmp_path, area='{"type": "Point", "coordinates": [1, 2]}')


def test_an_area_keeps_only_the_roads_that_touch_it(tmp_path: Path) -> None:
    provider = made(tmp_path, area=box(21.295, 105.395, 0.0125))
    assert provider.network.facts["summary"]["kilometres"] == pytest.approx(1.04, abs=0.1)


def test_points_far_from_any_road_are_named_all_together(tmp_path: Path) -> None:
    points = [POINTS[1], LatLon(lat=21.5, lon=105.4), POINTS[2], LatLon(lat=20, lon=105.4)]
    with pytest.raises(OffRoadError, match="correct the points") as caught:
        made(tmp_path).matrix(points, profile="motorbike")
    assert caught.value.rows == (1, 3)


def test_points_of_another_country_are_told_what_the_graph_covers(tmp_path: Path) -> None:
    with pytest.raises(OffRoadError, match=r"covers 21.30 to 21.31 N.*file of the country"):
        made(tmp_path).matrix([LatLon(lat=42, lon=1)] * 2, profile="van")


def test_a_point_on_an_island_is_named_as_such(tmp_path: Path) -> None:
    ways = [*SQUARE, ([8, 9], HOUSE)]  # 2.2 km of road joined to nothing
    provider = made(tmp_path, ways=ways)
    with pytest.raises(OffRoadError, match="1 of them on roads cut off") as caught:
        provider.matrix([POINTS[1], POINTS[8]], profile="motorbike")
    assert caught.value.rows == caught.value.islands == (1,)
    summary = provider.network.facts["summary"]
    assert summary["cut_edges"] == {"motorbike": 1, "van": 1, "truck": 1}
    assert summary["cut_kilometres"]["motorbike"] == pytest.approx(2.2, abs=0.1)


def test_a_folder_without_a_graph_or_with_a_damaged_one_says_how_to_build(tmp_path: Path) -> None:
    with pytest.raises(TravelDataError, match="buuta roads build"):
        RoadProvider(tmp_path)
    made(tmp_path)
    (tmp_path / "roads" / "graph.npz").write_bytes(b"x")
    facts = tmp_path / "roads" / "roads.json"
    facts.write_text(facts.read_text().replace('"fingerprint": "', '"fingerprint": "0'))
    with pytest.raises(TravelDataError, match="damaged"):
        RoadProvider(tmp_path / "roads")
    facts.write_text('{"format": 99}')
    with pytest.raises(TravelDataError, match="another version"):
        RoadProvider(tmp_path / "roads")


def test_arrays_and_facts_of_two_graphs_are_not_mixed(tmp_path: Path) -> None:
    # What an interrupted rebuilding leaves: new arrays beside old facts.
    made(tmp_path)
    facts = tmp_path / "roads" / "roads.json"
    old = facts.read_text()
    made(tmp_path, ways=[*SQUARE, ([8, 9], HOUSE)])
    new = facts.read_text()
    facts.write_text(old)
    with pytest.raises(TravelDataError, match=r"do not belong together.*buuta roads build"):
        read_graph(tmp_path / "roads")
    facts.write_text(new.replace('"motorbike": 8.0', '"motorbike": 80.0'))
    assert facts.read_text() != new
    with pytest.raises(TravelDataError, match="do not belong together"):
        read_graph(tmp_path / "roads")
    facts.write_text(new)
    assert read_graph(tmp_path / "roads").fingerprint in new


def test_a_point_is_not_put_on_a_road_across_the_river(tmp_path: Path) -> None:
    # The river runs along 105.395, west of the square; the road 6 - 7 lies 500 m further west and
    # is joined by a bridge in the south.
    points = {
        **POINTS,
        6: LatLon(lat=21.30, lon=105.389),
        7: LatLon(lat=21.312, lon=105.389),
        10: LatLon(lat=21.25, lon=105.395),
        11: LatLon(lat=21.35, lon=105.395),
    }
    river = ([10, 11], {"waterway": "river"})
    ways = [*SQUARE, ([1, 6], {**HOUSE, "bridge": "yes"}), ([6, 7], HOUSE), river]
    house = LatLon(lat=21.31, lon=105.3945)  # 50 m west of the river; 570 m from both roads
    made_of = osm_file(tmp_path / "x.osm", points, ways)
    build(made_of, out=tmp_path / "roads")
    provider = RoadProvider(tmp_path / "roads", traffic="quiet")
    spots = provider.network.snap([house, POINTS[2]], "motorbike", farthest=2_000)
    west = METRES / 0.01 * np.cos(np.radians(21.31)) * 0.0055
    assert spots.metres[0] == pytest.approx(west, abs=2)
    # To the nearer road across the water it would be 0.1 degrees less: the bridge must be taken.
    metres = provider.matrix([house, POINTS[2]], profile="motorbike").metres
    assert metres[0, 1] > 3_000
    # Beside the bridge its road is the nearest: that is no wading.
    bridge = LatLon(lat=21.3001, lon=105.3951)
    assert provider.network.snap([bridge], "motorbike", farthest=2_000).metres[0] < 15


def test_a_point_in_reach_only_across_the_river_is_named(tmp_path: Path) -> None:
    points = {**POINTS, 10: LatLon(lat=21.25, lon=105.395), 11: LatLon(lat=21.35, lon=105.395)}
    source = osm_file(tmp_path / "x.osm", points, [*SQUARE, ([10, 11], {"waterway": "river"})])
    build(source, out=tmp_path / "roads")
    with pytest.raises(OffRoadError, match="1 with a river between") as caught:
        RoadProvider(tmp_path / "roads").matrix(
            [POINTS[1], LatLon(lat=21.305, lon=105.39)], profile="motorbike"
        )
    assert caught.value.across == caught.value.rows == (1,)


# ---- exact, on real streets ---------------------------------------------------------------------


@pytest.fixture(scope="module", params=["andorra.osm.pbf", "campo-grande.osm.gz"])
def streets(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Path:
    if not OSM.exists():
        pytest.skip("the road extracts are not here")
    out = tmp_path_factory.mktemp("roads") / str(request.param)
    build(OSM / request.param, out=out)
    return out


def some_points(provider: RoadProvider, count: int, seed: int = 1) -> list[LatLon]:
    """Return points some 30 m from roads of the main network of all profiles."""
    a = provider.network.arrays
    edges = np.flatnonzero(a["main"].all(0))
    rng = np.random.default_rng(seed)
    rows = a["line_start"][rng.choice(edges, count)]
    return [
        LatLon(lat=float(lat), lon=float(lon))
        for lat, lon in a["line"][rows] + rng.normal(0, 2e-4, (count, 2))
    ]


@pytest.mark.parametrize("profile", ["motorbike", "van", "truck"])
def test_sampled_pairs_equal_a_plain_shortest_path(streets: Path, profile: str) -> None:
    provider = RoadProvider(streets, traffic="rush")
    network = provider.network
    points = some_points(provider, 25)
    spots = network.snap(points, profile, farthest=2_000)
    metric = network.metric(profile, "rush")
    weights = network.weights(spots, spots, profile, "rush", threads=2)
    graph = plain_graph(network, profile, "rush")
    leaving = network.ends(spots, metric, profile, leaving=True)
    arriving = network.ends(spots, metric, profile, leaving=False)
    for i in range(len(points)):
        for v, cost in zip(leaving.nodes[i].tolist(), leaving.costs[i].tolist(), strict=True):
            if v >= 0:
                graph.add_edge(("from", i), v, weight=cost)
        for v, cost in zip(arriving.nodes[i].tolist(), arriving.costs[i].tolist(), strict=True):
            if v >= 0:
                graph.add_edge(v, ("to", i), weight=cost)
    for i in range(len(points)):
        plain = nx.single_source_dijkstra_path_length(graph, ("from", i))
        for j in range(len(points)):
            if spots.edge[i] != spots.edge[j]:
                assert weights[i, j] == plain["to", j]


def test_no_time_is_shorter_than_the_straight_line_allows(streets: Path) -> None:
    provider = RoadProvider(streets, traffic="quiet")
    points = some_points(provider, 200)
    for profile in provider.network.profiles:
        fastest = max(c.kmh[provider.network.number(profile)] for c in RULES.classes.values())
        matrix = provider.matrix(points, profile=profile)
        lat, lon = np.radians([[p.lat for p in points], [p.lon for p in points]])
        inner = np.sin(lat)[:, None] * np.sin(lat) + np.cos(lat)[:, None] * np.cos(lat) * np.cos(
            lon[:, None] - lon
        )
        straight = 6_371_008.8 * np.arccos(np.clip(inner, -1, 1))
        assert (matrix.metres >= straight * 0.998 - 5).all()
        assert (matrix.seconds >= straight * 0.998 * 3.6 / fastest - 1).all()
        # One-way streets: some pairs must differ by direction.
        assert (matrix.seconds != matrix.seconds.T).any()


def test_shapes_are_as_long_as_the_matrix_says(streets: Path) -> None:
    provider = RoadProvider(streets)
    points = some_points(provider, 14, seed=2)
    for profile in ("motorbike", "truck"):
        matrix = provider.matrix(points, profile=profile)
        for i, j in itertools.permutations(range(len(points)), 2):
            line = provider.shape(points[i], points[j], profile=profile)
            assert (line[0], line[-1]) == (points[i], points[j])
            metres = sum(_metres(a, b) for a, b in itertools.pairwise(line))
            assert metres == pytest.approx(matrix.metres[i, j], rel=0.01, abs=20)
            steps = provider.steps(points[i], points[j], profile=profile)
            assert sum(s.metres for s in steps) == pytest.approx(metres, rel=0.05, abs=700)


def test_blocks_legs_pickles_and_runs_agree(streets: Path) -> None:
    provider = RoadProvider(streets)
    points = [*some_points(provider, 60), *some_points(provider, 3)]
    matrix = provider.matrix(points, profile="van")
    travel = provider.travel(points, profile="van")
    assert isinstance(travel, Travel)
    again = pickle.loads(pickle.dumps(travel))
    assert len(pickle.dumps(travel)) < 20_000
    rows, columns = [5, 0, 61], [1, 61, 7, 5]
    for one in (travel, again):
        seconds, metres = one.block(rows, columns)
        assert (seconds == matrix.seconds[np.ix_(rows, columns)]).all()
        assert (metres == matrix.metres[np.ix_(rows, columns)]).all()
        assert one.leg(3, 9) == matrix.leg(3, 9)
    assert RoadProvider(streets).matrix(points, profile="van") == matrix
    with pytest.raises(UnknownProfileError):
        provider.matrix(points, profile="boat")


def test_with_too_many_places_for_rows_a_leg_is_still_that_of_the_matrix(
    streets: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(travel_module, "_MOST_ROWS", 10)
    monkeypatch.setattr(travel_module, "_LEGS_KEPT", 5)
    provider = RoadProvider(streets)
    points = some_points(provider, 20)
    matrix = provider.matrix(points, profile="van")
    travel = provider.travel(points, profile="van")
    for _ in range(2):  # some of the second time from memory, which never grows
        for k in range(19):
            assert travel.leg(k, k + 1) == matrix.leg(k, k + 1)
            assert len(travel._legs) <= 5
    assert not travel._rows


def test_building_twice_gives_the_same_graph(tmp_path: Path) -> None:
    first, second = made(tmp_path), made(tmp_path)
    assert first.version == second.version


def test_a_compressed_file_is_read_like_a_plain_one(tmp_path: Path) -> None:
    plain = osm_file(tmp_path / "x.osm", POINTS, SQUARE)
    (tmp_path / "x.osm.gz").write_bytes(gzip.compress(plain.read_bytes()))
    assert build(plain, out=tmp_path / "a") == build(tmp_path / "x.osm.gz", out=tmp_path / "b")


def test_weights_hold_time_and_distance_apart(tmp_path: Path) -> None:
    network = made(tmp_path).network
    weight = network.metric("van", "quiet").edges[0]
    assert (weight & DISTANCE == network.arrays["decimetres"]).all()
    assert (weight >> SHIFT < 10**7).all()


def _metres(a: LatLon, b: LatLon) -> float:
    east = np.radians(b.lon - a.lon) * np.cos(np.radians((a.lat + b.lat) / 2))
    return float(6_371_008.8 * np.hypot(east, np.radians(b.lat - a.lat)))


def test_the_big_roads_are_those_that_are_driven_fast_and_no_others(tmp_path: Path) -> None:
    ways = [
        ([1, 2], {"highway": "trunk", "oneway": "yes"}),
        ([2, 3, 4], {"highway": "residential"}),
        ([4, 1], {"highway": "secondary"}),
        ([3, 5], {"highway": "trunk", "motor_vehicle": "no", "motorcycle": "yes"}),
    ]
    lines = made(tmp_path, ways).big_roads()
    ends = {frozenset((line[0], line[-1])) for line in lines}
    # A trunk road that is closed to vans is none for them.
    assert ends == {frozenset((POINTS[1], POINTS[2])), frozenset((POINTS[4], POINTS[1]))}
