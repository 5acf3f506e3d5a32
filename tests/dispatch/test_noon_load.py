"""A second load at noon is chosen where the whole day is cheaper by it, and only there."""

from __future__ import annotations

from dataclasses import replace

import pytest

from dispatch.day_check import check_day
from dispatch.model import Day, Direction
from dispatch.settings import Settings
from solver.model import StopKind, TimeWindow
from tests.dispatch.days import TUESDAY, H, courier, day, office, order
from tests.dispatch.test_day_check import RULES, line_of, planned, truck

LATE = replace(RULES, hub_ready=7 * H)
NOON = TimeWindow(start=11 * H, end=12 * H)


def two_loads(*, truck_day: int, courier_km: int) -> Day:
    """Return one courier at A with two letters, and two trucks that hold one of them each."""
    offices = (office("HUB", 13, level=1, districts=()), office("A"))
    letters = (order("a1", due=TUESDAY), order("a2", 2, due=TUESDAY))
    given = day(letters, (courier("c1", noon_return=NOON, cost_per_km=courier_km),), offices)
    trucks = tuple(
        replace(truck(name, start=7, capacity_grams=150), cost_per_day=truck_day, cost_per_km=2_000)
        for name in ("t1", "t2")
    )
    return replace(given, trucks=trucks)


def costs(*, truck_day: int, courier_km: int) -> dict[str, int]:
    """
    Return what each way to bring the letters costs, in đồng.

    The first load is sorted at 7:00 + 1,300 s of way + 302 s of unloading + 8 s of sorting, 410 s
    after the courier's 7:20. A second tour takes 1,300 s back, 900 s of loading and all of it
    again: 4,212 s after 7:20. Two trucks come together; their letters are sorted 8 s apart.
    A second is 10 đồng of the courier, a letter takes 120 s, a km 100 s; the noon return 900 s.
    """
    ways = 52 * 2_000 + truck_day
    one_trip = 4 * courier_km + 10 * (400 + 240)
    two_trips = 6 * courier_km + 10 * (600 + 240 + 900)
    return {
        "two trucks": ways + truck_day + one_trip + 10 * 418,
        "wait": ways + one_trip + 10 * 4_212,
        "noon": ways + two_trips + 10 * 410,
    }


@pytest.mark.parametrize(
    ("truck_day", "courier_km", "best"),
    [
        # A second truck costs 100,000 more, and waiting for a second tour 42,000.
        (100_000, 2_000, "noon"),
        # A second truck costs next to nothing.
        (2_000, 2_000, "two trucks"),
        # Two more kilometres of the courier cost more than the wages of waiting.
        (100_000, 20_000, "wait"),
    ],
)
def test_the_second_load_comes_when_the_day_is_cheapest(
    truck_day: int, courier_km: int, best: str
) -> None:
    choices = costs(truck_day=truck_day, courier_km=courier_km)
    assert min(choices, key=lambda way: choices[way]) == best
    plan = planned(
        two_loads(truck_day=truck_day, courier_km=courier_km), settings=Settings(linehaul=LATE)
    )
    assert plan.left_out == ()
    verdict = check_day(plan, LATE)
    assert verdict is not None
    assert verdict.feasible, verdict.violations
    line = line_of(plan)
    assert line.cost.total == 1000 * choices[best]
    (route,) = plan.result.plan.routes
    noon = StopKind.RELOAD in [stop.kind for stop in route.stops]
    assert noon == (best == "noon")
    assert len(line.result.plan.routes) == (2 if best == "two trucks" else 1)
    if noon:
        # The second load is for the second trip, and said to be so.
        assert sorted(
            load.wave for load in line.loads if load.direction is Direction.TO_OFFICE
        ) == [1, 2]
