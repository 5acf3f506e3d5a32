"""A truck does jobs in a courier's stead exactly where the whole day gets cheaper by it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from itertools import chain, combinations, permutations
from typing import Any

import pytest

from dispatch.day_check import check_day
from dispatch.model import Day, DayPlan, LeftOutReason, OrderKind, OrderState, Service
from dispatch.office_times import direct_loads
from dispatch.settings import LinehaulRules, Settings
from solver.model import TimeWindow
from tests.dispatch.days import TUESDAY, H, courier, day, office, order
from tests.dispatch.test_day_check import left_out, line_of, planned, truck

RULES = LinehaulRules()
SETTINGS = Settings(linehaul=RULES)

# Steps of 1 km and 100 s; the office is at 2, the hub at 15. A courier's order takes a minute to
# stop and a minute at the door, a driver's 300 + 2 + 60 s; nobody opens to a driver before 7:30.
_HUB, _OFFICE = 15, 2
_PLACES = {"beyond": 0, "near": 3, "way": 14, "behind": 17}
_LEFT = 250_000


def line_day(*, truck_km: int, courier_km: int, **changes: dict[str, Any]) -> Day:
    """Return one office with two couriers, one truck that starts at 7:00, and four orders."""
    orders = [
        order(name, steps, due=TUESDAY, **changes.get(name, {})) for name, steps in _PLACES.items()
    ]
    crew = (courier("c1", cost_per_km=courier_km), courier("c2", cost_per_km=courier_km))
    given = day(orders, crew, (office("HUB", _HUB, level=1, districts=()), office("A", _OFFICE)))
    return replace(given, trucks=(replace(truck(start=7), cost_per_km=truck_km),))


def _subsets(names: Any) -> Iterator[tuple[str, ...]]:
    return chain.from_iterable(combinations(names, size) for size in range(len(names) + 1))


def _truck(stops: tuple[str, ...], items: int) -> tuple[int, int]:
    """Return a truck's kilometres, and when the office's mail is sorted."""
    here, clock, km, ready = _HUB, 7 * H, 0, 0
    for stop in stops:
        there = _OFFICE if stop == "A" else _PLACES[stop]
        km, clock, here = km + abs(here - there), clock + 100 * abs(here - there), there
        if stop == "A":
            clock += 300 + 2 * items
            ready = clock + 8 * items
        else:
            clock = max(clock, RULES.door_opens) + 362
    return km + abs(here - _HUB), ready


def _round(names: tuple[str, ...], ready: int, courier_km: int) -> int:
    if not names:
        return 0
    steps = [_PLACES[name] for name in names]
    km = 2 * (max(*steps, _OFFICE) - min(*steps, _OFFICE))
    waits = max(ready - (7 * H + 1200), 0)
    return courier_km * km + 10 * (100 * km + 120 * len(names)) + 10 * waits


def best_of_all(truck_km: int, courier_km: int) -> tuple[int, set[frozenset[str]]]:
    """Return the least cost of the day in đồng, and by which sets on the truck it is reached."""
    found: dict[frozenset[str], int] = {}
    for driven in _subsets(_PLACES):
        rest = tuple(name for name in _PLACES if name not in driven)
        stops = (*driven, "A") if rest else driven
        # Everything that no truck does itself comes to the office or all of it waits at the hub.
        choices = [truck_km * _truck(driven_on, 0)[0] + _LEFT * len(rest)
                   for driven_on in permutations(driven)]  # fmt: skip
        for sequence in permutations(stops) if rest else ():
            km, ready = _truck(sequence, len(rest))
            for carried in _subsets(rest):
                left = _LEFT * (len(rest) - len(carried))
                for one in _subsets(carried):
                    two = tuple(name for name in carried if name not in one)
                    rounds = _round(one, ready, courier_km) + _round(two, ready, courier_km)
                    choices.append(truck_km * km + rounds + left)
        found[frozenset(driven)] = min(choices)
    least = min(found.values())
    return least, {names for names, cost in found.items() if cost == least}


def on_trucks(plan: DayPlan) -> frozenset[str]:
    return frozenset(load.orders[0] for load in direct_loads(plan))


@pytest.mark.parametrize(
    ("truck_km", "courier_km", "expected"),
    [
        # On its way for nothing, and the two behind the hub for less than a courier's 30 km there.
        (6_500, 2_000, {"near", "way", "behind"}),
        # A dear ride beyond the office is the truck's too: then nobody need be at the office.
        (6_500, 9_000, {"near", "way", "behind", "beyond"}),
        # 4 km of a dear truck are more than 30 km of a courier: only what lies on its way.
        (16_000, 1_000, {"near", "way"}),
    ],
)
def test_the_best_choice_of_all_is_found(
    truck_km: int, courier_km: int, expected: set[str]
) -> None:
    least, sets = best_of_all(truck_km, courier_km)
    assert frozenset(expected) in sets
    plan = planned(line_day(truck_km=truck_km, courier_km=courier_km), settings=SETTINGS)
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations
    assert plan.left_out == ()
    assert line_of(plan).cost.total == 1000 * least
    assert on_trucks(plan) in sets


def both_ways(given: Day) -> tuple[DayPlan, DayPlan]:
    """Plan a day with drivers who may help, and with drivers who may not."""
    none = Settings(linehaul=replace(RULES, driver_services=frozenset()))
    return planned(given, settings=SETTINGS), planned(given, settings=none)


def test_help_never_makes_the_day_dearer_and_is_judged_like_everything_else() -> None:
    helped, alone = both_ways(line_day(truck_km=6_500, courier_km=2_000))
    assert line_of(helped).cost.total < line_of(alone).cost.total
    assert on_trucks(alone) == frozenset()


@pytest.mark.parametrize(
    "changes",
    [
        {"service": Service.DOSSIER},
        {"cash": 10_000},
        {"state": OrderState.AT_OFFICE},
        # The truck's driver goes home at 12:00.
        {"windows": (TimeWindow(start=14 * H, end=15 * H),)},
    ],
)
def test_what_a_driver_may_not_or_cannot_do_stays_with_the_courier(changes: dict[str, Any]) -> None:
    given = line_day(truck_km=6_500, courier_km=2_000, way=changes)
    day_off = tuple(replace(t, shift=TimeWindow(start=7 * H, end=12 * H)) for t in given.trucks)
    plan = planned(replace(given, trucks=day_off), settings=SETTINGS)
    assert plan.left_out == ()
    assert "way" not in on_trucks(plan)
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


def test_what_no_courier_can_do_a_passing_truck_does() -> None:
    # The shop opens after the couriers' day; the truck is on the road until 21:00.
    evening = {"windows": (TimeWindow(start=18 * H, end=19 * H),)}
    helped, alone = both_ways(line_day(truck_km=6_500, courier_km=2_000, way=evening))
    assert left_out(alone) == {"way": LeftOutReason.WINDOW_CANNOT_BE_MET}
    assert "way" in on_trucks(helped)
    assert left_out(helped) == {}


def test_orders_of_an_office_without_couriers_go_with_a_truck_where_it_pays() -> None:
    given = line_day(truck_km=6_500, courier_km=2_000)
    lonely = order("lonely", 27, district="228", due=TUESDAY)
    offices = (*given.offices, office("B", 30))
    helped, alone = both_ways(replace(given, orders=(*given.orders, lonely), offices=offices))
    assert left_out(alone) == {"lonely": LeftOutReason.NO_COURIER}
    assert "lonely" in on_trucks(helped)
    assert left_out(helped) == {}
    verdict = check_day(helped, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


def test_a_collection_that_a_truck_makes_itself_needs_no_evening_hand_over() -> None:
    fetch = {"kind": OrderKind.COLLECTION}
    plan = planned(line_day(truck_km=6_500, courier_km=2_000, way=fetch), settings=SETTINGS)
    assert "way" in on_trucks(plan)
    assert not [load for load in line_of(plan).loads if load.id.endswith("-T")]
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


def test_an_express_item_that_a_truck_brings_late_costs_what_a_courier_s_would() -> None:
    # By 11:30 is promised; the truck starts at 13:00: 100 s of way, or a courier's round by 9:00.
    express = {"service": Service.EMS, "windows": (TimeWindow(start=7 * H, end=17 * H),)}
    given = line_day(truck_km=6_500, courier_km=2_000, way=express)
    trucks = (*given.trucks, replace(given.trucks[0], id="t2"))
    plan = planned(
        replace(
            given,
            trucks=tuple(replace(t, shift=TimeWindow(start=13 * H, end=21 * H)) for t in trucks),
        ),
        settings=SETTINGS,
    )
    line = line_of(plan)
    (stop,) = [s for r in line.result.plan.routes for s in r.stops if s.id == "way"]
    late = stop.begin - (11 * H + 1800)
    assert late > 0
    driven = sum(report.cost.distance for report in line.result.report.routes)
    # 15,000 an hour are 4.167 a second: 4167 thousandths.
    assert line.cost.trucks == driven + late * 4167
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations
