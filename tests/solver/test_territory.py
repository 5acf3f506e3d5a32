"""Which depot serves an area: against trying every way to share the units out."""

from __future__ import annotations

from collections import Counter
from itertools import product

from hypothesis import given, settings
from hypothesis import strategies as st

from solver.territory import Area, Share, assign

DEPOTS = ("A", "B")


def cost_of(areas: list[Area], shares: tuple[Share, ...], change: int, skip: int) -> int:
    by_id = {area.id: area for area in areas}
    total = 0
    for share in shares:
        area = by_id[share.area]
        if not share.depot:
            total += skip * share.units
        else:
            moved = change if share.depot != area.home else 0
            total += (area.costs[share.depot] + moved) * share.units
    return total


def best(areas: list[Area], capacity: dict[str, int], change: int, skip: int) -> int:
    units = [area for area in areas for _ in range(area.demand)]
    costs = []
    for choice in product(("", *DEPOTS), repeat=len(units)):
        used = Counter(choice)
        if any(used[depot] > capacity.get(depot, 0) for depot in DEPOTS):
            continue
        costs.append(
            sum(
                skip if not depot else area.costs[depot] + (change if depot != area.home else 0)
                for area, depot in zip(units, choice, strict=True)
            )
        )
    return min(costs)


areas_drawn = st.lists(
    st.tuples(st.integers(0, 3), st.sampled_from(DEPOTS), st.integers(0, 50), st.integers(0, 50)),
    min_size=1,
    max_size=3,
).map(
    lambda drawn: [
        Area(id=f"x{n}", demand=demand, home=home, costs={"A": a, "B": b})
        for n, (demand, home, a, b) in enumerate(drawn)
    ]
)


@settings(max_examples=60, deadline=None)
@given(
    areas=areas_drawn,
    capacity=st.dictionaries(st.sampled_from(DEPOTS), st.integers(0, 6)),
    change=st.integers(0, 30),
    skip=st.integers(0, 120),
)
def test_no_way_to_share_out_is_cheaper(
    areas: list[Area], capacity: dict[str, int], change: int, skip: int
) -> None:
    shares = assign(areas, capacity, change_cost=change, skip_cost=skip)
    assert cost_of(areas, shares, change, skip) == best(areas, capacity, change, skip)
    served = Counter[str]()
    used = Counter[str]()
    for share in shares:
        served[share.area] += share.units
        used[share.depot] += share.units
    assert all(served[area.id] == area.demand for area in areas)
    assert all(used[depot] <= capacity.get(depot, 0) for depot in DEPOTS)


def test_an_area_stays_at_home_unless_home_is_closed() -> None:
    # B is nearer by 5, but changing costs 10.
    area = Area(id="x", demand=4, home="A", costs={"A": 10, "B": 5})
    home = assign([area], {"A": 9, "B": 9}, change_cost=10, skip_cost=100)
    assert home == (Share(area="x", depot="A", units=4),)
    flooded = assign([area], {"B": 3}, change_cost=10, skip_cost=100)
    assert set(flooded) == {Share(area="x", depot="B", units=3), Share(area="x", depot="", units=1)}
