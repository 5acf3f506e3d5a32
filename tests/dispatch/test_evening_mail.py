"""Collected mail is at the hub in the evening, unless the office lets it wait or no truck can."""

from __future__ import annotations

from dataclasses import replace

from dispatch.day_check import check_day
from dispatch.model import Day, DayPlan, LeftOutReason, OrderKind, OrderState
from dispatch.office_times import dear_loads, held_loads, office_times
from dispatch.settings import Settings
from tests.dispatch.days import TUESDAY, day, office, order
from tests.dispatch.test_day_check import RULES, left_out, planned, truck

MUST = Settings(linehaul=RULES)
MAY = Settings(linehaul=RULES, evening_mail_must=False)


def bag_day(*, end: int = 21) -> Day:
    """Return a bag at A since yesterday, and one truck 13 km away: 169,000 to fetch it."""
    offices = (office("HUB", 13, level=1, districts=()), office("A"))
    bag = order("bag", kind=OrderKind.COLLECTION, state=OrderState.COLLECTED, items=3)
    return replace(day((bag,), offices=offices), trucks=(truck(end=end),))


def judged(plan: DayPlan) -> None:
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


def test_mail_must_be_at_the_hub_by_evening_whatever_the_way_costs() -> None:
    plan = planned(bag_day(), settings=MUST)
    assert held_loads(plan) == ()
    assert left_out(plan) == {}
    (row,) = office_times(plan)
    assert row.evening is not None
    assert row.held == 0
    judged(plan)


def test_mail_may_stay_where_fetching_costs_more_than_waiting_and_it_is_said() -> None:
    # A bag without a promise may wait for 60,000.
    plan = planned(bag_day(), settings=MAY)
    assert [load.id for load in held_loads(plan)] == ["A-T"]
    assert dear_loads(plan) == {"A-T"}
    assert left_out(plan) == {"bag": LeftOutReason.DEARER_THAN_WAITING}
    (row,) = office_times(plan)
    assert (row.evening, row.held) == (None, 3)
    judged(plan)


def test_mail_that_may_stay_goes_where_it_is_worth_the_way() -> None:
    given = bag_day()
    due = tuple(replace(o, due=TUESDAY) for o in given.orders)
    assert held_loads(planned(replace(given, orders=due), settings=MAY)) == ()


def test_mail_that_must_go_and_no_truck_can_take_stays_and_says_why() -> None:
    # 1,300 s there and back do not fit between 5:00 and 5:00.
    plan = planned(bag_day(end=5), settings=MUST)
    assert [load.id for load in held_loads(plan)] == ["A-T"]
    assert dear_loads(plan) == frozenset()
    assert left_out(plan) == {"bag": LeftOutReason.NO_EVENING_TRUCK}
    judged(plan)
