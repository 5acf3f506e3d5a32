"""From state, attempts and calendar to today's legs, the promise, and tomorrow's orders."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from dispatch.day_check import check_day
from dispatch.importing import read_orders, write_orders
from dispatch.journey import Leg, carry_over, legs_today, promised, state_of
from dispatch.kpis import left_out_table
from dispatch.model import Address, LeftOutReason, OrderKind, OrderState, Service
from dispatch.office_times import held_loads
from dispatch.settings import Settings
from dispatch.workdays import Calendar, vietnam
from tests.dispatch.days import TUESDAY, order
from tests.dispatch.test_day_check import RULES, left_out, line_of, planned, small_day

S = OrderState
SETTINGS = Settings()
DELIVER = (Leg.TO_OFFICE, Leg.DELIVERY)
COLLECT = (Leg.COLLECTION, Leg.TO_HUB)


@pytest.mark.parametrize(
    ("state", "delivery", "collection"),
    [
        (None, DELIVER, COLLECT),
        (S.REGISTERED, (), COLLECT),
        (S.COLLECTED, (Leg.TO_HUB,), (Leg.TO_HUB,)),
        (S.AT_HUB, DELIVER, ()),
        (S.AT_OFFICE, (Leg.DELIVERY,), ()),
        (S.OUT, (Leg.DELIVERY,), ()),
        (S.DELIVERED, (), ()),
        (S.FAILED, (Leg.DELIVERY,), COLLECT),
        (S.HELD, (), ()),
        (S.RETURNED, (), ()),
    ],
)
def test_the_state_tells_the_legs_of_today(
    state: OrderState | None, delivery: tuple[Leg, ...], collection: tuple[Leg, ...]
) -> None:
    assert legs_today(order("x", state=state), SETTINGS) == delivery
    fetch = order("y", kind=OrderKind.COLLECTION, state=state)
    assert legs_today(fetch, SETTINGS) == collection


def test_a_transfer_is_fetched_and_brought_on_one_day() -> None:
    assert legs_today(order("x", kind=OrderKind.TRANSFER), SETTINGS) == (
        Leg.COLLECTION,
        Leg.DELIVERY,
    )


def test_what_was_tried_three_times_is_not_tried_again() -> None:
    assert legs_today(order("x", state=S.FAILED, attempts=2), SETTINGS) == (Leg.DELIVERY,)
    assert legs_today(order("x", state=S.FAILED, attempts=3), SETTINGS) == ()


# ---- working days -------------------------------------------------------------------------------


def test_the_promise_counts_working_days_by_zone_and_service() -> None:
    friday = date(2026, 11, 20)
    # Monday is one working day later, Tuesday two.
    centre = order("x", accepted=friday)
    outlying = order("x", district="228", accepted=friday)
    assert promised(centre, SETTINGS) == date(2026, 11, 23)
    assert promised(outlying, SETTINGS) == date(2026, 11, 24)
    assert promised(replace(outlying, service=Service.EMS), SETTINGS) == date(2026, 11, 23)
    assert promised(replace(outlying, due=TUESDAY), SETTINGS) == TUESDAY
    assert promised(order("x"), SETTINGS) is None


def test_public_holidays_do_not_count_unless_the_office_says_so() -> None:
    # 2 September is National Day; in 2026 a Wednesday, with the 1st off as well.
    monday = date(2026, 8, 31)
    outlying = order("x", district="228", accepted=monday)
    holidays = Settings(calendar=vietnam(date(2026, 8, 28)))
    assert promised(outlying, holidays) == date(2026, 9, 4)
    works = vietnam(date(2026, 8, 28), working=[date(2026, 9, 1), date(2026, 9, 2)])
    assert promised(outlying, Settings(calendar=works)) == date(2026, 9, 2)
    closed = vietnam(date(2026, 8, 28), closed=[date(2026, 9, 3)])
    assert promised(outlying, Settings(calendar=closed)) == date(2026, 9, 7)


def test_the_day_that_is_planned_counts_even_if_it_is_a_holiday() -> None:
    assert vietnam(date(2026, 9, 2)).works(date(2026, 9, 2))
    assert not vietnam(date(2026, 9, 3)).works(date(2026, 9, 2))
    # The sample's day.
    assert vietnam(TUESDAY).works(TUESDAY)


def test_days_overdue_leave_holidays_out() -> None:
    late = order("x", due=date(2026, 8, 31))
    thursday = date(2026, 9, 3)
    assert Settings().days_overdue(late, thursday) == 3
    assert Settings(calendar=vietnam(thursday)).days_overdue(late, thursday) == 1


def test_between_counts_the_last_day_and_not_the_first() -> None:
    assert Calendar().between(date(2026, 11, 20), date(2026, 11, 24)) == 2


# ---- in the plan --------------------------------------------------------------------------------


def test_mail_at_its_office_needs_no_truck_and_no_sorting() -> None:
    given = small_day()
    here = replace(given, orders=(order("a1", due=TUESDAY, state=S.AT_OFFICE),))
    plan = planned(here)
    assert line_of(plan).loads == ()
    assert plan.left_out == ()
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations
    # Without its state the same order has to be brought: the judge misses it.
    lost = {**plan.located, "a1": replace(plan.located["a1"], state=None)}
    again = check_day(replace(plan, located=lost), RULES)
    assert again is not None
    assert [v.code.value for v in again.violations] == ["not_brought"]


def test_what_was_collected_yesterday_goes_to_the_hub_with_no_courier() -> None:
    given = small_day()
    bag = order("bag", kind=OrderKind.COLLECTION, state=S.COLLECTED, due=TUESDAY)
    plan = planned(replace(given, orders=(*given.orders, bag)))
    assert plan.left_out == ()
    assert "bag" not in {stop.id for route in plan.result.plan.routes for stop in route.stops}
    assert [load.id for load in line_of(plan).loads if "bag" in load.orders] == ["A-T"]
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


def test_what_has_nothing_to_do_today_is_listed_with_its_state() -> None:
    given = small_day()
    done = order("done", state=S.DELIVERED)
    held = order("held", state=S.HELD, attempts=3)
    plan = planned(replace(given, orders=(*given.orders, done, held)))
    assert left_out(plan) == dict.fromkeys(("done", "held"), LeftOutReason.NOTHING_TODAY)
    (group,) = left_out_table(plan, "en")
    assert [row.sentence for row in group.rows] == [
        f"Nothing to do today: delivered, held, returned, or still with the sender (state: {said})"
        for said in ("delivered", "held at the office")
    ]


def test_without_trucks_what_waits_for_the_hub_says_so() -> None:
    given = small_day()
    bag = order("bag", kind=OrderKind.COLLECTION, state=S.COLLECTED)
    plan = planned(replace(given, orders=(*given.orders, bag), trucks=()))
    assert left_out(plan) == {"bag": LeftOutReason.NO_EVENING_TRUCK}


def test_an_evening_s_mail_that_no_truck_takes_at_once_goes_in_two_tours() -> None:
    given = small_day()
    small = tuple(replace(t, capacity_grams=250) for t in given.trucks)
    bags = tuple(
        order(f"bag{n}", kind=OrderKind.COLLECTION, state=S.COLLECTED, grams=200, due=TUESDAY)
        for n in (1, 2)
    )
    plan = planned(replace(given, orders=bags, trucks=small))
    assert [load.id for load in line_of(plan).loads] == ["A-T", "A-T2"]
    assert held_loads(plan) == ()
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations


# ---- tomorrow -----------------------------------------------------------------------------------


def test_tomorrow_begins_with_what_today_left() -> None:
    given = small_day()
    extra = (
        order("nowhere", address=Address(text="không rõ")),
        order("held", state=S.HELD, attempts=3),
        order("done", state=S.DELIVERED),
    )
    plan = planned(replace(given, orders=(*given.orders, *extra)))
    tomorrow = {o.id: o for o in carry_over(plan, SETTINGS, failed={"a1", "fetch"})}
    assert {name: (o.state, o.attempts) for name, o in tomorrow.items()} == {
        "a1": (S.FAILED, 1),
        "fetch": (S.FAILED, 1),
        "nowhere": (S.AT_HUB, 0),
        "held": (S.HELD, 3),
    }
    assert tomorrow["a1"].due == TUESDAY
    # Read again as tomorrow's table, a failed delivery is at its office.
    text = write_orders(tomorrow.values())
    again = read_orders(text.encode(), file="orders.csv", day=date(2026, 11, 25))
    assert [(o.id, o.state, o.attempts) for o in again.good] == [
        (o.id, o.state, o.attempts) for o in tomorrow.values()
    ]
    assert again.good[0].at_office


def test_the_third_failed_visit_is_the_last() -> None:
    given = small_day()
    tried = tuple(replace(o, attempts=2) if o.id == "a1" else o for o in given.orders)
    plan = planned(replace(given, orders=tried))
    (one,) = carry_over(plan, SETTINGS, failed={"a1"})
    assert (one.state, one.attempts) == (S.HELD, 3)


def test_mail_that_was_brought_and_not_delivered_is_at_its_office_tomorrow() -> None:
    plan = planned(small_day())
    routes = tuple(r for r in plan.result.plan.routes if r.vehicle == "c3")
    plan = replace(plan, result=replace(plan.result, plan=replace(plan.result.plan, routes=routes)))
    tomorrow = carry_over(plan, SETTINGS)
    assert {o.id: o.state for o in tomorrow} == dict.fromkeys(("a1", "a2"), S.AT_OFFICE)


def test_what_no_truck_fetched_lies_at_its_office_tomorrow() -> None:
    plan = planned(small_day())
    line = line_of(plan)
    bare = replace(line.result, plan=replace(line.result.plan, routes=()))
    tomorrow = carry_over(replace(plan, linehaul=replace(line, result=bare)), SETTINGS)
    assert {o.id: state_of(o) for o in tomorrow} == {"fetch": S.COLLECTED}


# ---- the way back -------------------------------------------------------------------------------

SENDER = Address(text="xã C")
"""The finder knows it: district 228, which office B serves."""


def test_the_way_back_is_a_truck_to_the_hub_and_then_a_delivery() -> None:
    back = order("x", state=S.RETURNED, sender=SENDER)
    assert legs_today(back, SETTINGS) == (Leg.TO_HUB,)
    assert legs_today(replace(back, sender=None), SETTINGS) == ()


def test_a_refused_order_goes_back_to_its_sender_leg_by_leg_with_a_promise_of_its_own() -> None:
    given = small_day()
    asked = order("back", due=TUESDAY, sender=SENDER, cash=50_000, phone="+84912345678")
    plan = planned(replace(given, orders=(asked,)))
    # Tuesday: refused at the door, brought back to the office A.
    (evening,) = carry_over(plan, SETTINGS, refused={"back"})
    assert (evening.state, evening.attempts) == (S.RETURNED, 1)
    # Wednesday: with the evening truck to the hub, and no courier has to do with it.
    wednesday = date(2026, 11, 25)
    plan = planned(replace(given, date=wednesday, orders=(evening,)))
    assert plan.left_out == ()
    assert [(load.id, load.orders) for load in line_of(plan).loads] == [("A-T", ("back",))]
    verdict = check_day(plan, RULES)
    assert verdict is not None
    assert verdict.feasible, verdict.violations
    (back,) = carry_over(plan, SETTINGS)
    assert (back.state, back.attempts, back.accepted) == (S.AT_HUB, 0, wednesday)
    assert (back.address, back.sender, back.cash, back.phone) == (SENDER, None, 0, "")
    assert back.note == "Chuyển hoàn"
    # Thursday: an ordinary delivery from the office of the sender, due two working days later.
    cheap = tuple(replace(each, cost_per_km=500) for each in given.trucks)
    plan = planned(replace(given, date=date(2026, 11, 26), orders=(back,), trucks=cheap))
    assert plan.left_out == ()
    located = plan.located["back"]
    assert (located.office, located.due) == ("B", date(2026, 11, 27))
    assert carry_over(plan, SETTINGS) == ()


def test_an_order_on_its_way_back_that_no_truck_takes_stays_where_it_is() -> None:
    given = small_day()
    back = order("back", state=S.RETURNED, sender=SENDER)
    plan = planned(replace(given, orders=(back,), trucks=()))
    assert left_out(plan) == {"back": LeftOutReason.NO_EVENING_TRUCK}
    assert [o.state for o in carry_over(plan, SETTINGS)] == [S.RETURNED]


def test_a_held_order_goes_back_when_nobody_fetched_it_in_time() -> None:
    given = small_day()
    # From Monday 16 to Monday 23 are five working days, to Tuesday 17 one.
    plan = planned(
        replace(
            given,
            orders=(
                order("old", state=S.HELD, attempts=3, due=date(2026, 11, 16), sender=SENDER),
                order("new", state=S.HELD, attempts=3, due=date(2026, 11, 20), sender=SENDER),
                order("from nobody", state=S.HELD, attempts=3, due=date(2026, 11, 16)),
            ),
        )
    )
    states = {o.id: o.state for o in carry_over(plan, SETTINGS)}
    assert states == {"old": S.RETURNED, "new": S.HELD, "from nobody": S.HELD}


def test_a_refused_order_without_a_sender_is_held() -> None:
    plan = planned(replace(small_day(), orders=(order("x", due=TUESDAY),)))
    assert [o.state for o in carry_over(plan, SETTINGS, refused={"x"})] == [S.HELD]


def test_the_sender_s_address_is_read_and_written() -> None:
    text = write_orders([order("x", sender=SENDER, state=S.RETURNED)])
    (again,) = read_orders(text.encode(), file="orders.csv", day=TUESDAY).good
    assert again.sender == SENDER
