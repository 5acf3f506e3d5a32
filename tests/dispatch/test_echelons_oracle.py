"""A small day whose best plan is known by trying all, by arithmetic of its own, and is reached."""

from __future__ import annotations

from itertools import permutations, product

from dispatch.day_check import check_day
from tests.dispatch.days import H
from tests.dispatch.test_day_check import RULES, line_of, planned, small_day, truck

# Steps of 1 km and 100 s. The hub is at 13, A at 0, B at 30; orders 1 and 2 beyond A, 29 and 28
# before B. Money in đồng: a truck 6,500 a km, a courier 2,000 a km and 10 a second.
_AT = {"hub": 13, "A": 0, "B": 30, "T": 30}
_START = 7 * H
_SHIFT = 7 * H + 1200
_UNLOAD = {"A": 304, "B": 302, "T": 302}
_SORT = {"A": 16, "B": 8}


def _truck(stops: tuple[str, ...], back: tuple[bool, ...]) -> tuple[int, dict[str, int]]:
    """Return kilometres, and when the mail is sorted; `back` = over the hub after each stop."""
    here, clock, km = "hub", _START, 0
    ready: dict[str, int] = {}
    for stop, over_hub in zip(stops, back, strict=True):
        way = abs(_AT[here] - _AT[stop])
        km, clock, here = km + way, clock + 100 * way + _UNLOAD[stop], stop
        if stop in _SORT:
            ready[stop] = clock + _SORT[stop]
        if over_hub and stop != stops[-1]:
            way = abs(_AT[here] - _AT["hub"])
            km, clock, here = km + way, clock + 100 * way + RULES.reload_seconds, "hub"
    return km + abs(_AT[here] - _AT["hub"]), ready


def _courier(km: int, work: int, ready: int) -> int:
    """Return what one route costs, with the wages of waiting for mail."""
    return 2_000 * km + 10 * (100 * km + work) + 10 * max(ready - _SHIFT, 0)


def _best() -> int:
    costs = []
    for size in range(4):
        for stops in permutations("ABT", size):
            # What is collected goes with the truck only after the courier, who waits for B's mail.
            if "T" in stops and "B" in stops and stops.index("T") < stops.index("B"):
                continue
            for back in product((False, True), repeat=size):
                km, ready = _truck(stops, back)
                truck_cost = 6_500 * km
                # A's two: left, by one courier (4 km, 2 x 120 s), or by two (2 and 4 km).
                here = [500_000]
                if "A" in stops:
                    one = _courier(4, 240, ready["A"])
                    two = _courier(2, 120, ready["A"]) + _courier(4, 120, ready["A"])
                    here = [one, two]
                # B's: the delivery (2 km alone), the collection (4 km alone, 180 s), or both.
                fetched = 0 if "T" in stops else 250_000
                there = [500_000, 250_000 + _courier(4, 180, 0) + fetched]
                if "B" in stops:
                    there.append(250_000 + _courier(2, 120, ready["B"]))
                    there.append(_courier(4, 300, ready["B"]) + fetched)
                costs.append(truck_cost + min(here) + min(there))
    return min(costs)


def test_two_offices_one_truck_and_three_couriers_reach_the_best_of_all_plans() -> None:
    plan = planned(small_day(truck(start=7)), seconds=5)
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations
    assert line_of(plan).cost.total == 1000 * _best()
