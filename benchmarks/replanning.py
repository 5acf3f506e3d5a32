"""
How long it takes to insert one urgent collection into a running day.

    python -m benchmarks.replanning --orders 1500 --times 100

A sample day is planned for a few seconds; at 9:30 every courier has reported what the plan had him
do. Then, at `times` random addresses near stops of the day, one collection comes in. Measured is
wall time from the event to the courier, place and cost, in two ways: `insertion`, on a rest of the
day that is at hand; and `whole`, everything from the event on: the new place's travel, the state,
what is left of every route, the insertion, and the judge's verdict on the rest, with every change
listed. Inserted plans are judged by the checker and must break no rule that was kept before.
"""

from __future__ import annotations

import argparse
import random
import time
from collections.abc import Sequence
from datetime import date

from api.serve import calm_collector
from dispatch import replanning
from dispatch.bootstrap import phu_tho_providers
from dispatch.day_state import DayState, apply, apply_all, begin
from dispatch.events import Event, OrderAdded, StopDone
from dispatch.model import DayPlan, OrderKind
from dispatch.samples import sample_day
from dispatch.service import Search, plan_day
from dispatch.settings import Settings
from dispatch.workdays import vietnam
from geo.types import LatLon
from solver.checker import check
from solver.insertion import tours_of
from solver.model import StopKind
from solver.schedule import schedule

_DAY = date(2026, 11, 24)
_NOW = 9 * 3600 + 30 * 60


def running(plan: DayPlan) -> DayState:
    events: list[Event] = [
        StopDone(
            id=f"e-{route.vehicle}-{number}",
            day=_DAY,
            at=stop.departure,
            received_at=stop.departure,
            by=route.vehicle,
            order=stop.id,
            courier=route.vehicle,
            part=stop.kind,
        )
        for route in plan.result.plan.routes
        for number, stop in enumerate(route.stops)
        if stop.kind not in (StopKind.BREAK, StopKind.RELOAD) and stop.departure <= _NOW
    ]
    return apply_all(begin(_DAY, plan.problem, plan.result.plan), events)


def urgent(plan: DayPlan, number: int, draw: random.Random) -> OrderAdded:
    orders = list(plan.located.values())
    near = orders[draw.randrange(len(orders))]
    point = near.address.point
    assert point is not None
    return OrderAdded(
        id=f"urgent-{number}",
        day=_DAY,
        at=_NOW - 30,
        received_at=_NOW - 20,
        order=f"URGENT{number}",
        does=OrderKind.COLLECTION,
        point=LatLon(
            lat=point.lat + draw.uniform(-0.004, 0.004), lon=point.lon + draw.uniform(-0.004, 0.004)
        ),
        office=near.office,
        grams=500,
        cubic_cm=2_000,
    )


def share(times: Sequence[float], part: float) -> float:
    ranked = sorted(times)
    return 1000 * ranked[min(int(part * len(ranked)), len(ranked) - 1)]


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--orders", type=int, default=1500)
    parser.add_argument("--times", type=int, default=100)
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    providers = phu_tho_providers(_DAY)
    settings = Settings(calendar=vietnam(_DAY))
    plan = plan_day(
        sample_day(orders=given.orders, seed=given.seed, day=_DAY),
        geocoder=providers.geocoder,
        travel=providers.travel,
        territory=providers.territory,
        clock=time.monotonic,
        search=Search(seconds=given.seconds, seed=given.seed),
    )
    state = running(plan)
    # As the service does: the day itself is no garbage, and is not looked through for any.
    calm_collector()
    draw = random.Random(given.seed)
    wholes, insertions = [], []
    inserted = 0
    for number in range(given.times):
        event = urgent(plan, number, draw)
        began = time.perf_counter()
        now = replanning.situation(
            plan.problem,
            plan.result.plan,
            apply(state, event),
            now=_NOW,
            travel=providers.travel,
            settings=settings,
        )
        answer = replanning.replan(now, action=replanning.Action.INSERT)
        wholes.append(time.perf_counter() - began)
        began = time.perf_counter()
        orders = replanning.insert(now)
        insertions.append(time.perf_counter() - began)
        problem = now.rest.problem
        report = check(problem, schedule(problem, tours_of(orders)))
        assert report.cost == answer.report.cost
        assert len(report.violations) <= len(now.report.violations)
        inserted += event.order not in report.unassigned
    print(f"{len(plan.problem.jobs)} jobs, {len(plan.problem.vehicles)} couriers at 9:30,", end=" ")
    print(f"{len(state.events)} events, {inserted} of {given.times} collections inserted")
    for name, times in (("insertion", insertions), ("whole", wholes)):
        figures = "  ".join(f"p{p}: {share(times, p / 100):6.1f} ms" for p in (50, 90, 99))
        print(f"{name:10s} {figures}")


if __name__ == "__main__":
    main()
