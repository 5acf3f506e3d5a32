"""Orders that no road leads to are left out; offices without a road are named."""

from __future__ import annotations

import pickle
from collections.abc import Sequence
from pathlib import Path

import pytest

from dispatch.errors import NothingToPlan
from dispatch.model import LeftOutReason
from dispatch.planning import assign_offices, build_problem
from dispatch.reaching import measure
from dispatch.settings import Settings
from geo.errors import OffRoadError, UnreachableError
from geo.great_circle import GreatCircle
from geo.roads import RoadProvider, RoadTravel, build
from geo.types import LatLon, TravelMatrix
from solver import solve
from tests.dispatch.days import at, courier, day, office, order
from tests.geo.roads_by_hand import osm_file


class Roads:
    """Straight lines, but no road north of 21.8."""

    version = "1"

    def __init__(self, north: float) -> None:
        self.north = north

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        rows = [k for k, p in enumerate(points) if p.lat > self.north]
        if rows:
            raise OffRoadError(
                rows=rows, points=[], islands=[], asked=len(points), profile=profile,
                farthest=2_000, covers="here",
            )  # fmt: skip
        return GreatCircle().matrix(points, profile=profile)

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        return [origin, destination]


def test_an_order_without_a_road_is_left_out_and_the_others_are_measured() -> None:
    given = day([order("near", 1), order("far", 15)], [courier()], [office()])
    reached = measure(given, assign_offices(given, given.orders), Roads(at(10).lat))
    assert [o.id for o in reached.assigned.orders] == ["near"]
    assert [(x.order, x.reason) for x in reached.assigned.left_out] == [
        ("far", LeftOutReason.NO_ROAD)
    ]
    assert [o.id for o in reached.assigned.seen] == ["far"]
    assert reached.travel["motorbike"].size == len(reached.index.points) == 2


def test_an_office_without_a_road_is_named() -> None:
    given = day([order("near", 1)], [courier(), courier("b1", "B")])
    with pytest.raises(NothingToPlan, match="no road leads to the office B"):
        measure(given, assign_offices(given, given.orders), Roads(at(10).lat))


def test_a_graph_of_another_country_ends_the_plan() -> None:
    given = day([order("near", 1)], [courier()], [office()])
    with pytest.raises(OffRoadError, match="file of the country"):
        measure(given, assign_offices(given, given.orders), Roads(0))


class TwoBanks(Roads):
    """Straight lines, but no way over 21.35 either way."""

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        north = [p.lat > self.north for p in points]
        every = range(len(points))
        pairs = [(a, b) for a in every for b in every if north[a] != north[b]]
        if pairs:
            raise UnreachableError(pairs=pairs, profile=profile)
        return GreatCircle().matrix(points, profile=profile)


def test_the_few_orders_without_a_way_to_the_many_are_left_out() -> None:
    orders = [order("a", 1), order("b", 2), order("c", 3), order("far", 15), order("off", 16)]
    given = day(orders, [courier()], [office()])
    reached = measure(given, assign_offices(given, given.orders), TwoBanks(at(10).lat))
    assert [o.id for o in reached.assigned.orders] == ["a", "b", "c"]
    assert {x.order for x in reached.assigned.left_out} == {"far", "off"}
    assert {x.reason for x in reached.assigned.left_out} == {LeftOutReason.NO_ROAD}


def test_a_large_day_is_measured_by_blocks_with_the_same_times(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = {k: at(k) for k in range(8)}
    ways = [([k, k + 1], {"highway": "secondary"}) for k in range(7)]
    build(osm_file(tmp_path / "x.osm", points, ways), out=tmp_path / "roads")
    roads = RoadProvider(tmp_path / "roads")
    orders = [order(f"o{k}", k) for k in range(1, 8)]
    far = order("far", 60)
    given = day([*orders, far], [courier()], [office()])
    assigned = assign_offices(given, given.orders)
    dense = measure(given, assigned, roads)
    monkeypatch.setattr("dispatch.reaching._LARGE", 4)
    large = measure(given, assigned, roads)
    assert isinstance(dense.travel["motorbike"], TravelMatrix)
    blocks = pickle.loads(pickle.dumps(large.travel["motorbike"]))
    assert isinstance(blocks, RoadTravel)
    every = range(blocks.size)
    seconds, metres = blocks.block(every, every)
    assert (seconds == dense.travel["motorbike"].block(every, every)[0]).all()
    assert (metres == dense.travel["motorbike"].block(every, every)[1]).all()
    assert [x.order for x in large.assigned.left_out] == ["far"]


def test_a_large_day_is_planned_over_blocks(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    points = {k: at(k) for k in range(8)}
    ways = [([k, k + 1], {"highway": "secondary"}) for k in range(7)]
    build(osm_file(tmp_path / "x.osm", points, ways), out=tmp_path / "roads")
    monkeypatch.setattr("dispatch.reaching._LARGE", 4)
    given = day([order(f"o{k}", k) for k in range(1, 8)], [courier()], [office()])
    assigned = assign_offices(given, given.orders)
    reached = measure(given, assigned, RoadProvider(tmp_path / "roads"))
    problem = build_problem(
        given,
        reached.assigned.orders,
        index=reached.index,
        travel=reached.travel,
        settings=Settings(),
        approximate=frozenset(),
    )
    result = solve(problem, iterations=200, seed=1)
    assert result.report.feasible
    # One way out and back: 7 hundredths of a degree of latitude each, whatever the order.
    there = 6_371_008.8 * 0.07 * 3.14159265 / 180
    assert result.report.metres == pytest.approx(2 * there, abs=20)
