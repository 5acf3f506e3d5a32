"""A day's state: the same whatever the order of arrival, and every contradiction told."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.day_state import (
    DayState,
    FindingCode,
    StopState,
    apply,
    apply_all,
    begin,
    publish,
    standing,
)
from dispatch.event_files import event_facts
from dispatch.events import (
    CourierAbsent,
    CourierLate,
    Event,
    OrderAdded,
    OrderCancelled,
    OrderChanged,
    Settlement,
    VehicleDown,
    VehicleUp,
)
from dispatch.model import OrderKind
from solver.model import Step, StopKind
from solver.schedule import schedule
from tests.dispatch.happenings import (
    DAY,
    at,
    done,
    failed,
    other,
    point,
    running_day,
    skipped,
    started,
    state_of,
)
from tests.solver.builders import tour

PROBLEM, PLAN = running_day({"a": 10, "b": 20, "c": 30}, {"v": ["a", "b"], "w": ["c"]})
EMPTY = begin(DAY, PROBLEM, PLAN)
A = Step(kind=StopKind.JOB, id="a")


def _codes(state: DayState) -> list[FindingCode]:
    return [finding.code for finding in standing(state).findings]


@st.composite
def _event(draw: st.DrawFn) -> Event:
    """Draw any event among few orders, couriers and moments, so that many contradict."""
    clock = f"08:{draw(st.integers(0, 5)):02d}"
    courier = draw(st.sampled_from(["v", "w", "stranger"]))
    order = draw(st.sampled_from(["a", "b", "new", "nowhere"]))
    common: dict[str, Any] = {
        "id": f"e{draw(st.integers(0, 9))}",
        "received_at": at(clock) + draw(st.integers(-60, 600)),
        "day": draw(st.sampled_from([DAY, DAY, DAY, date(2026, 11, 23)])),
    }
    make = draw(st.sampled_from(["done", "failed", "skipped", "started", "order", "courier"]))
    if make == "order":
        kind = draw(st.sampled_from([OrderAdded, OrderCancelled, OrderChanged]))
        fields: dict[str, Any] = {"order": order}
        if kind is OrderAdded:
            fields |= {"does": OrderKind.COLLECTION, "point": point(draw(st.integers(1, 3)))}
        return other(kind, clock, **common, **fields)
    if make == "courier":
        kind = draw(st.sampled_from([VehicleDown, VehicleUp, CourierAbsent, Settlement]))
        return other(kind, clock, **common, courier=courier)
    maker = {"done": done, "failed": failed, "skipped": skipped, "started": started}[make]
    return maker(courier, order, clock, **common)


@settings(deadline=None)
@given(data=st.data(), events=st.lists(_event(), max_size=9))
def test_any_order_and_any_repetition_of_events_end_in_the_same_day(
    data: st.DataObject, events: list[Event]
) -> None:
    first = EMPTY
    for event in events:
        first = apply(first, event)
    twice = data.draw(st.lists(st.sampled_from(events))) if events else []
    again = data.draw(st.permutations(events + twice))
    second = EMPTY
    for event in again:
        second = apply(second, event)
    assert second == first
    assert standing(second) == standing(first)
    assert apply_all(EMPTY, again) == first


@settings(deadline=None)
@given(events=st.lists(_event(), max_size=9))
def test_no_event_is_lost(events: list[Event]) -> None:
    state = apply_all(EMPTY, events)

    def facts(event: Event) -> str:
        return str(event_facts(replace(event, received_at=0)))

    assert {facts(event) for event in state.events} == {facts(event) for event in events}


@settings(deadline=None)
@given(events=st.lists(_event(), max_size=9))
def test_a_stop_with_a_proof_is_done_whatever_else_is_told(events: list[Event]) -> None:
    state = apply_all(EMPTY, [*events, done("v", "a", "08:03", id="proof")])
    assert standing(state).stops[A].state is StopState.DONE


def test_the_same_event_received_again_later_changes_nothing() -> None:
    event = done("v", "a", "08:00")
    state = apply(EMPTY, event)
    assert apply(state, replace(event, received_at=event.received_at + 900)) == state


def test_a_stop_done_on_two_phones_was_done_by_the_first() -> None:
    late = done("w", "a", "08:05", cash=7, proof="photo")
    state = state_of(PROBLEM, PLAN, late, done("v", "a", "08:00"))
    known = standing(state)
    assert known.stops[A].courier == "v"
    (finding,) = known.findings
    assert finding.code is FindingCode.DONE_TWICE
    assert (finding.facts["cash"], finding.facts["proof"], finding.courier) == ("7", "photo", "w")


def test_done_after_failed_is_done_and_told() -> None:
    state = state_of(PROBLEM, PLAN, failed("v", "a", "08:00"), done("v", "a", "08:30"))
    assert standing(state).stops[A].state is StopState.DONE
    assert _codes(state) == [FindingCode.DONE_AFTER_FAILED]


def test_failed_after_done_stays_done_and_is_told() -> None:
    state = state_of(PROBLEM, PLAN, failed("v", "a", "08:30"), done("v", "a", "08:00"))
    assert standing(state).stops[A].state is StopState.DONE
    assert _codes(state) == [FindingCode.FAILED_AFTER_DONE]


def test_a_stop_that_another_courier_has_was_done_by_whom_it_was_done_by() -> None:
    state = state_of(PROBLEM, PLAN, done("w", "a", "08:00"))
    known = standing(state)
    assert known.stops[A].courier == "w"
    (finding,) = known.findings
    assert (finding.code, finding.facts["other"]) == (FindingCode.DONE_BY_OTHER, "v")


def test_an_event_counts_by_the_plan_in_force_when_it_happened() -> None:
    moved = schedule(PROBLEM, [tour("v", "b"), tour("w", "c", "a")])
    state = publish(state_of(PROBLEM, PLAN, done("v", "a", "09:00")), moved, since=at("10:00"))
    assert _codes(state) == []
    state = publish(state_of(PROBLEM, PLAN, done("v", "a", "10:30")), moved, since=at("10:00"))
    assert _codes(state) == [FindingCode.DONE_BY_OTHER]


def test_unknown_stops_and_couriers_are_told_and_change_nothing() -> None:
    state = state_of(PROBLEM, PLAN, done("v", "nowhere", "08:00"), done("stranger", "a", "08:01"))
    assert _codes(state) == [FindingCode.UNKNOWN_STOP, FindingCode.UNKNOWN_COURIER]
    assert A not in standing(state).stops


def test_cancelled_after_done_stays_done() -> None:
    cancelled = other(OrderCancelled, "08:10", order="a")
    state = state_of(PROBLEM, PLAN, done("v", "a", "08:00"), cancelled)
    assert _codes(state) == [FindingCode.CANCELLED_AFTER_DONE]
    assert standing(state).cancelled == {}


def test_done_after_cancelled_was_done() -> None:
    cancelled = other(OrderCancelled, "08:00", order="a")
    state = state_of(PROBLEM, PLAN, done("v", "a", "08:10"), cancelled)
    assert _codes(state) == [FindingCode.DONE_AFTER_CANCELLED]
    assert standing(state).stops[A].state is StopState.DONE


def test_a_clock_that_runs_ahead_is_set_to_the_moment_of_receipt() -> None:
    state = state_of(PROBLEM, PLAN, done("v", "a", "09:00", received_at=at("08:00")))
    assert _codes(state) == [FindingCode.CLOCK_AHEAD]
    assert standing(state).stops[A].at == at("08:00")


def test_of_two_events_under_one_id_the_first_received_counts() -> None:
    one = done("v", "a", "08:00", id="x", received_at=at("08:30"))
    two = done("v", "b", "07:50", id="x", received_at=at("08:40"))
    state = state_of(PROBLEM, PLAN, two, one)
    assert _codes(state) == [FindingCode.ID_REUSED]
    assert set(standing(state).stops) == {A}


def test_an_event_of_another_day_does_not_count() -> None:
    state = state_of(PROBLEM, PLAN, done("v", "a", "08:00", day=date(2026, 11, 23)))
    assert _codes(state) == [FindingCode.OTHER_DAY]
    assert standing(state).stops == {}


def test_who_set_out_first_has_the_stop() -> None:
    state = state_of(PROBLEM, PLAN, started("w", "a", "08:10"), started("v", "a", "08:00"))
    assert _codes(state) == [FindingCode.STARTED_ELSEWHERE]
    assert standing(state).stops[A].courier == "v"


def test_a_skipped_stop_is_open_again_only_if_it_is_to_be_done_again() -> None:
    assert standing(state_of(PROBLEM, PLAN, skipped("v", "a", "08:00"))).stops[A].state is (
        StopState.SKIPPED
    )
    again = state_of(PROBLEM, PLAN, skipped("v", "a", "08:00", again=True))
    assert standing(again).stops[A].state is StopState.OPEN


def test_an_absent_courier_who_works_is_at_work() -> None:
    absent = other(CourierAbsent, "06:45", courier="v")
    assert standing(state_of(PROBLEM, PLAN, absent)).of("v").absent == at("06:45")
    state = state_of(PROBLEM, PLAN, absent, done("v", "a", "08:00"))
    assert standing(state).of("v").absent is None
    assert _codes(state) == [FindingCode.ABSENT_AT_WORK]


def test_a_vehicle_is_down_until_it_is_said_to_go_again() -> None:
    down = other(VehicleDown, "08:00", courier="v", place=point(12))
    state = state_of(PROBLEM, PLAN, down)
    assert (standing(state).of("v").down, standing(state).of("v").place) == (at("08:00"), point(12))
    state = apply(state, other(VehicleUp, "08:30", courier="v"))
    assert standing(state).of("v").down is None


def test_a_settlement_must_bring_what_was_taken() -> None:
    events = [
        done("v", "a", "08:00", cash=30_000),
        done("v", "b", "08:30", cash=20_000),
        other(Settlement, "11:30", courier="v", cash=45_000),
    ]
    (finding,) = standing(state_of(PROBLEM, PLAN, *events)).findings
    assert finding.code is FindingCode.CASH_DIFFERS
    assert finding.facts == {"taken": "50000", "handed": "45000"}


def test_an_order_added_twice_with_different_wishes_is_the_first_one() -> None:
    fields: dict[str, Any] = {"order": "new", "does": OrderKind.COLLECTION}
    one = other(OrderAdded, "08:00", point=point(5), **fields)
    two = other(OrderAdded, "08:10", point=point(9), **fields)
    known = standing(state_of(PROBLEM, PLAN, two, one))
    assert known.added["new"].point == point(5)
    assert [each.code for each in known.findings] == [FindingCode.ADDED_TWICE]


def test_a_stop_of_an_order_that_was_added_later_by_the_clock_is_known() -> None:
    added = other(OrderAdded, "08:10", order="new", does=OrderKind.COLLECTION, point=point(5))
    assert _codes(state_of(PROBLEM, PLAN, done("v", "new", "08:05"), added)) == []


def test_a_late_courier_and_a_change_are_known() -> None:
    late = other(CourierLate, "07:00", courier="w", until=at("09:00"))
    change = other(OrderChanged, "07:30", order="c", windows=())
    known = standing(state_of(PROBLEM, PLAN, late, change))
    assert known.of("w").until == at("09:00")
    assert [each.windows for each in known.changed["c"]] == [()]
