"""
What planning trucks and couriers together is worth, on seeded sample days.

    python -m benchmarks.two_echelons --orders 400 --seeds 1 2 3 --seconds 12

Separate: the trucks by their own cost within the offices' deadline, then the couriers under what
follows. Together: alternated, as `buuta plan` does. Both get the same wall time, the same day, and
are judged by the same day check; the cost is the whole day's.
"""

from __future__ import annotations

import argparse
import time
from datetime import date

from dispatch.bootstrap import phu_tho_providers
from dispatch.day_check import check_day
from dispatch.model import DayCost
from dispatch.samples import sample_day
from dispatch.service import Search, plan_day
from dispatch.settings import LinehaulRules

_DAY = date(2026, 11, 24)


def planned(orders: int, seed: int, seconds: float, *, coupled: bool) -> tuple[DayCost, bool]:
    providers = phu_tho_providers(_DAY)
    plan = plan_day(
        sample_day(orders=orders, seed=seed, day=_DAY),
        geocoder=providers.geocoder,
        travel=providers.travel,
        territory=providers.territory,
        clock=time.monotonic,
        search=Search(seconds=seconds, seed=seed, coupled=coupled),
    )
    verdict = check_day(plan, LinehaulRules())
    assert plan.linehaul is not None
    assert verdict is not None
    return plan.linehaul.cost, verdict.feasible


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--orders", type=int, default=400)
    parser.add_argument("--seeds", type=int, nargs="+", default=[1, 2, 3])
    parser.add_argument("--seconds", type=float, default=12.0)
    given = parser.parse_args()
    print("seed plan     clean     total    trucks  couriers  waiting  carried   (thousand đồng)")
    gains = []
    for seed in given.seeds:
        totals = {}
        for name, coupled in (("separate", False), ("together", True)):
            cost, clean = planned(given.orders, seed, given.seconds, coupled=coupled)
            totals[name] = cost.total
            parts = (cost.total, cost.trucks, cost.couriers, cost.waiting, cost.carried_over)
            figures = "  ".join(f"{part / 1e6:8.0f}" for part in parts)
            print(f"{seed:4d} {name:8s} {'yes' if clean else 'NO':5s} {figures}", flush=True)
        gains.append(1 - totals["together"] / totals["separate"])
    print(f"together costs less by {100 * sum(gains) / len(gains):.2f} % in the mean")


if __name__ == "__main__":
    main()
