"""An office with a store, a clock that is set by hand, and a small day that was really planned."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta

from dispatch.bootstrap import phu_tho_providers
from dispatch.clock import HANOI, FixedClock
from dispatch.comparing import total_cost
from dispatch.geocoding import Territory
from dispatch.import_writers import write_fleet, write_offices, write_orders
from dispatch.model import Day, DayPlan
from dispatch.office import Dispatch, Wish
from dispatch.office.plans import head_of
from dispatch.records import PlanKind, PlanVersion, Run, RunState
from dispatch.repository import Store
from geo.geocode import Geocoder
from geo.travel import TravelProvider
from geo.types import LatLon, TravelMatrix
from tests.dispatch.day_plans import tiny_day_plan, travel_between

DAY = date(2026, 11, 24)
MORNING = datetime(2026, 11, 24, 5, 0, tzinfo=HANOI)


@dataclass(frozen=True, slots=True, kw_only=True)
class NoMeans:
    """For tests that find no address and measure no way."""

    geocoder: Geocoder
    travel: TravelProvider
    territory: Territory

    @staticmethod
    def said() -> str:
        return ""


def office(store: Store, *, at: datetime = MORNING) -> tuple[Dispatch, FixedClock]:
    """The use cases over a store."""
    clock = FixedClock(at)

    def means(on: date) -> NoMeans:
        raise AssertionError("this test plans nothing")

    return Dispatch(store=store, clock=clock, means=means), clock


class StraightWays:
    """The travel of the hand-made days: 1.3 times the straight distance."""

    version = "by hand"

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        return travel_between(points)

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        return [origin, destination]


def office_with_ways(store: Store) -> tuple[Dispatch, FixedClock]:
    """The use cases with travel of its own and the real province."""
    clock = FixedClock(MORNING)

    def means(on: date) -> NoMeans:
        province = phu_tho_providers(on)
        return NoMeans(
            geocoder=province.geocoder, travel=StraightWays(), territory=province.territory
        )

    return Dispatch(store=store, clock=clock, means=means), clock


def files(day: Day) -> dict[str, bytes]:
    """The day as the files that a dispatcher would import."""
    return {
        "orders": write_orders(day.orders).encode(),
        "fleet": write_fleet(day.couriers).encode(),
        "offices": write_offices(day.offices).encode(),
    }


def imported(desk: Dispatch, day: Day) -> None:
    """Import the day's files."""
    given = files(day)
    desk.import_offices(given["offices"], file="offices.csv", by="lan")
    desk.import_fleet(given["fleet"], file="fleet.csv", by="lan")
    report = desk.import_orders(given["orders"], file="orders.csv", day=day.date, by="lan")
    assert len(report.added) == len(day.orders), report.table.findings


def with_plan(desk: Dispatch, clock: FixedClock, plan: DayPlan | None = None) -> PlanVersion:
    """Import a small day and store the plan that a run made of it."""
    plan = plan or tiny_day_plan()
    imported(desk, plan.day)
    clock.advance(60)
    run = desk.request_plan(plan.day.date, by="lan", wish=Wish(seconds=5))
    return finished(desk, run, plan)


def finished(desk: Dispatch, run: Run, plan: DayPlan) -> PlanVersion:
    """Do what a worker does when its search is over."""
    with desk.store.writing(by="worker", at=desk.now) as uow:
        claimed = uow.runs.claim(worker="worker", lease_seconds=10)
        assert claimed is not None
        assert claimed.id == run.id
        stored = uow.plans.add(
            PlanVersion(
                head=head_of(plan, uow=uow, kind=PlanKind.RUN, parent=run.start, run=run.id),
                plan=plan,
            )
        )
    assert stored.head.cost == total_cost(plan)
    with desk.store.writing(by="worker", at=desk.now + timedelta(seconds=1)) as uow:
        done = replace(claimed, state=RunState.DONE, result=stored.head.version)
        assert uow.runs.end(done, token=claimed.token)
    return stored
