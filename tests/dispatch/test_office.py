"""The use cases of the office, each on both stores."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest

from dispatch import explaining, learning
from dispatch.editing import Change, Edit, SetLock
from dispatch.errors import ConflictError, RefusedError, TableError, UnknownError
from dispatch.import_writers import write_orders
from dispatch.locking import Lock, LockKind
from dispatch.model import Address, OrderState
from dispatch.office import Dispatch
from dispatch.office.plans import violation_key
from dispatch.records import (
    DayStatus,
    OrderFilter,
    PlanKind,
    Run,
    RunState,
    StoredEvent,
    StoredOrder,
)
from dispatch.replanning import Action
from dispatch.running import tours_of, work_on
from dispatch.sql import SqlStore
from geo.types import LatLon
from solver.checker import check
from solver.model import StopKind
from tests.dispatch.day_plans import tiny_day, tiny_day_plan
from tests.dispatch.offices import (
    DAY,
    MORNING,
    files,
    imported,
    office,
    office_with_ways,
    with_plan,
)

TOMORROW = date(2026, 11, 25)


# ---- import -------------------------------------------------------------------------------------


def test_the_same_file_twice_changes_nothing(store: SqlStore) -> None:
    desk, clock = office(store)
    imported(desk, tiny_day())
    with store.reading() as uow:
        before = uow.orders.of_day(DAY)
    clock.advance(60)
    given = files(tiny_day())
    again = desk.import_orders(given["orders"], file="orders.csv", day=DAY, by="hoa")
    assert (again.added, again.changed, len(again.unchanged)) == ((), (), 8)
    fleet = desk.import_fleet(given["fleet"], file="fleet.csv", by="hoa")
    offices = desk.import_offices(given["offices"], file="offices.csv", by="hoa")
    assert (fleet.added, fleet.changed, fleet.retired) == ((), (), ())
    assert (offices.added, offices.changed) == ((), ())
    with store.reading() as uow:
        assert uow.orders.of_day(DAY) == before


def test_a_look_ahead_stores_nothing(store: SqlStore) -> None:
    desk, _ = office(store)
    report = desk.import_orders(
        files(tiny_day())["orders"], file="orders.csv", day=DAY, by="lan", store=False
    )
    assert (len(report.added), report.stored) == (8, False)
    assert desk.orders(OrderFilter()).items == ()


def test_a_later_file_keeps_the_journey_and_the_pin(store: SqlStore) -> None:
    desk, _ = office(store)
    day = tiny_day()
    imported(desk, day)
    seen = desk.order("HS-0007")
    pin = LatLon(lat=21.35, lon=105.35)
    desk.correct_address("HS-0007", by="lan", read=seen.stamp.version, point=pin)
    tried = desk.order("HS-0001")
    desk.change_order(replace(tried.order, state=OrderState.FAILED, attempts=2), read=1, by="lan")
    silent = [replace(one, note="mới", attempts=0, state=None) for one in day.orders]
    report = desk.import_orders(write_orders(silent).encode(), file="orders.csv", day=DAY, by="lan")
    assert len(report.changed) == 8
    now = desk.order("HS-0007").order
    assert (now.note, now.address.point) == ("mới", pin)
    now = desk.order("HS-0001").order
    assert (now.state, now.attempts) == (OrderState.FAILED, 2)


def test_couriers_that_are_not_in_the_file_are_planned_no_more(store: SqlStore) -> None:
    desk, _ = office(store)
    day = tiny_day()
    imported(desk, day)
    fewer = files(replace(day, couriers=day.couriers[:2]))["fleet"]
    assert desk.import_fleet(fewer, file="fleet.csv", by="lan").retired == ("BT-03",)
    # A file that a typing error spoils retires nobody.
    spoiled = files(replace(day, couriers=day.couriers[:1]))["fleet"] + b"\nBT-9,,\n"
    report = desk.import_fleet(spoiled, file="fleet.csv", by="lan")
    assert report.findings.rejected
    assert report.retired == ()
    assert [one.active for one in desk.couriers()] == [True, False, True]


# ---- changes ------------------------------------------------------------------------------------


def test_a_change_over_an_older_version_is_refused(store: SqlStore) -> None:
    desk, clock = office(store)
    imported(desk, tiny_day())
    seen = desk.order("HS-0001")
    desk.change_order(replace(seen.order, cash=1), read=1, by="hoa")
    clock.advance(5)
    with pytest.raises(ConflictError) as raised:
        desk.change_order(replace(seen.order, cash=2), read=1, by="lan")
    assert raised.value.facts["by"] == "hoa"
    with pytest.raises(ConflictError):
        desk.correct_address("HS-0001", by="lan", read=1, commune="07900")
    with pytest.raises(UnknownError):
        desk.change_order(replace(seen.order, id="nie"), read=None, by="lan")
    with pytest.raises(RefusedError) as nameless:
        desk.change_order(seen.order, read=2, by=" ")
    assert nameless.value.key == "no_name"
    (entry,) = desk.audit(subject="order", key="HS-0001")
    assert (entry.by, entry.action, entry.facts) == (
        "hoa",
        "order.changed",
        {"version": 2, "fields": ["cash"]},
    )


def test_a_pin_is_remembered_for_the_next_order_of_that_address(store: SqlStore) -> None:
    desk, _ = office(store)
    imported(desk, tiny_day())
    pin = LatLon(lat=21.35, lon=105.35)
    desk.correct_address("HS-0007", by="lan", read=1, point=pin)
    (place,) = desk.learned_places().items
    assert (place.point, place.corrected, place.address) == (pin, True, "xom dinh xa minh|227")
    other = Address(text="XÓM ĐÌNH - xã Minh", district="227")
    with store.reading() as uow:
        known = uow.places.get([learning.key(other)])
    assert known[place.address] == place


# ---- plans --------------------------------------------------------------------------------------


def test_a_day_without_orders_is_not_planned_and_says_what_is_missing(store: SqlStore) -> None:
    desk, _ = office(store)
    with pytest.raises(RefusedError) as raised:
        desk.request_plan(DAY, by="lan")
    assert raised.value.key == "nothing_to_plan"
    assert "đơn, bưu tá đang làm việc, bưu cục" in raised.value.said("vi")


def test_a_run_waits_and_can_be_cancelled(store: SqlStore) -> None:
    desk, _ = office(store)
    imported(desk, tiny_day())
    run = desk.request_plan(DAY, by="lan")
    assert desk.run(run.id).state is RunState.QUEUED
    assert desk.stop_run(run.id, by="lan").state is RunState.CANCELLED
    with pytest.raises(RefusedError):
        desk.stop_run(run.id, by="lan")


def test_a_stop_is_moved_and_the_checker_prices_it(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    preview = desk.preview_edit(DAY, 1, [Edit(order="BK-0004", to="BT-03")])
    assert len(desk.plans(DAY)) == 1
    version = desk.edit(DAY, 1, [Edit(order="BK-0004", to="BT-03")], by="lan", note="Ánh rảnh")
    plan = version.plan
    assert plan.result.report == check(plan.problem, plan.result.plan)
    assert plan.result.report.cost == preview.after
    assert (version.head.version, version.head.parent, version.head.note) == (2, 1, "Ánh rảnh")
    drives = {route.vehicle: [stop.id for stop in route.stops] for route in plan.result.plan.routes}
    assert drives["BT-03"] == ["BK-0004"]
    assert "BK-0004" not in drives["BT-01"]
    comparison = desk.compare(DAY, 1, 2)
    assert comparison.cost["distance"] == preview.after.distance - preview.before.distance
    first, second = desk.plans(DAY)
    assert comparison.cost["total"] == second.cost - first.cost
    moved = comparison.moves[0]
    assert moved.order == "BK-0004"
    assert moved.before is not None
    assert moved.after is not None
    assert (moved.before.courier, moved.after.courier) == ("BT-01", "BT-03")
    # BT-03 does nothing else: the order costs all of his round; taken from BT-01 it saved this.
    costs = {one.courier: one.cost for one in comparison.rounds}
    assert moved.worth == costs["BT-03"] + costs["BT-01"]
    assert comparison.second.cost["total"] - comparison.first.cost["total"] == moved.worth
    # Version 1 is as it was.
    assert desk.plan(DAY, 1).plan.result == tiny_day_plan().result


def test_an_order_can_be_left_out_and_put_at_a_place_of_the_round(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    out = desk.edit(DAY, 1, [Edit(order="EMS-0003")], by="lan").plan
    assert "EMS-0003" in out.result.plan.unassigned
    assert "EMS-0003" in {left.order for left in out.left_out}
    # Its address was doubtful before and still is: that reason stays.
    assert {left.order: left.reason for left in out.left_out}["HS-0007"].value == "address_doubtful"
    first = desk.edit(DAY, 2, [Edit(order="EMS-0003", to="BT-01", position=0)], by="lan").plan
    (route,) = [r for r in first.result.plan.routes if r.vehicle == "BT-01"]
    visits = [s.id for s in route.stops if s.kind is not StopKind.BREAK]
    assert visits == ["EMS-0003", "HS-0001", "noon", "BK-0004", "HS-0002"]
    with pytest.raises(RefusedError) as raised:
        desk.edit(DAY, 1, [Edit(order="EMS-0003", to="BT-01", position=9)], by="lan")
    assert raised.value.facts["most"] == 4
    with pytest.raises(RefusedError) as raised:
        desk.edit(DAY, 1, [Edit(order="HS-0007", to="BT-01")], by="lan")
    assert raised.value.key == "not_in_plan"
    with pytest.raises(UnknownError):
        desk.edit(DAY, 1, [Edit(order="HS-0001", to="BT-99")], by="lan")


def test_both_ends_of_a_transfer_move_together(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    plan = desk.edit(DAY, 1, [Edit(order="HS-0005", to="BT-03")], by="lan").plan
    (route,) = [r for r in plan.result.plan.routes if r.vehicle == "BT-03"]
    assert [(s.kind.value, s.id) for s in route.stops] == [
        ("pickup", "HS-0005"),
        ("delivery", "HS-0005"),
    ]


def test_two_edits_at_once_make_two_versions(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    one = desk.edit(DAY, 1, [Edit(order="BK-0004", to="BT-03")], by="lan")
    two = desk.edit(DAY, 1, [Edit(order="EMS-0003", to="BT-03")], by="hoa")
    assert (one.head.version, two.head.version) == (2, 3)
    assert [(head.parent, head.by) for head in desk.plans(DAY)[1:]] == [(1, "lan"), (1, "hoa")]


def test_a_day_has_one_draft_and_who_comes_second_is_told(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    mine: list[Change] = [Edit(order="BK-0004", to="BT-03")]
    theirs: list[Change] = [Edit(order="EMS-0003", to="BT-03")]
    first = desk.edit(DAY, 1, theirs, by="hoa", current=True)
    assert desk.day(DAY).accepted == first.head.version == 2
    with pytest.raises(ConflictError) as raised:
        desk.edit(DAY, 1, mine, by="lan", current=True)
    assert (raised.value.key, raised.value.facts["current"]) == ("draft_moved", 2)
    assert raised.value.facts["by"] == "hoa"
    assert len(desk.plans(DAY)) == 2
    merge = desk.merge(DAY, 1, mine, onto=2)
    assert merge.merged.lost == ()
    assert [move.order for move in merge.theirs.moves if move.worth is not None] == ["EMS-0003"]
    both = desk.edit(DAY, 2, merge.merged.changes, by="lan", current=True)
    assert desk.day(DAY).accepted == both.head.version == 3
    assert both.plan.result.report.cost == merge.preview.after
    drives = {r.vehicle: {s.id for s in r.stops} for r in both.plan.result.plan.routes}
    assert {"BK-0004", "EMS-0003"} <= drives["BT-03"]


def test_one_step_back_and_forth_again_is_another_version(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    desk.edit(DAY, 1, [Edit(order="BK-0004", to="BT-03")], by="lan", current=True)
    assert desk.go_to(DAY, 1, by="lan", instead_of=2).accepted == 1
    with pytest.raises(ConflictError):
        desk.go_to(DAY, 1, by="hoa", instead_of=2)
    assert desk.go_to(DAY, 2, by="lan", instead_of=1).accepted == 2
    with pytest.raises(UnknownError):
        desk.go_to(DAY, 9, by="lan", instead_of=2)
    assert [entry.facts.get("instead_of") for entry in desk.audit(limit=2)] == [1, 2]


def test_locks_are_kept_with_the_version_and_those_made_from_it(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    lock = Lock(kind=LockKind.STOP, courier="BT-01", order="BK-0004")
    desk.edit(DAY, 1, [SetLock(lock=lock)], by="lan", current=True)
    assert desk.plan(DAY, 2).locks == (lock,)
    with pytest.raises(RefusedError) as raised:
        desk.preview_edit(DAY, 2, [Edit(order="BK-0004", to="BT-03")])
    assert "BK-0004" in raised.value.said("vi")
    desk.edit(DAY, 2, [Edit(order="EMS-0003")], by="lan", current=True)
    assert desk.locks(DAY, 3) == desk.plan(DAY, 3).locks == (lock,)
    assert desk.plan(DAY, 1).locks == ()


def test_a_version_is_searched_around_its_locks_by_a_worker(store: SqlStore) -> None:
    desk, clock = office_with_ways(store)
    with_plan(desk, clock)
    lock = Lock(kind=LockKind.STOP, courier="BT/02 <b>", order="BK-0004")
    changes: list[Change] = [Edit(order="BK-0004", to="BT/02 <b>"), SetLock(lock=lock)]
    before = desk.edit(DAY, 1, changes, by="lan").plan
    asked = desk.search_around(DAY, 2, by="lan", seconds=1.0)
    with store.writing(by="w", at=clock.now()) as uow:
        run = uow.runs.claim(worker="w", lease_seconds=600)
    assert run is not None
    assert run.id == asked.id
    assert work_on(desk, run) is RunState.DONE
    found = desk.plan(DAY, desk.run(run.id).result)
    assert (found.head.parent, found.locks) == (2, (lock,))
    drives = {r.vehicle: {s.id for s in r.stops} for r in found.plan.result.plan.routes}
    assert "BK-0004" in drives["BT/02 <b>"]
    assert found.plan.problem == before.problem
    assert found.plan.result.report.cost.total <= before.result.report.cost.total
    # Unlocked, BT-03 would do it all for its 50,000 đ, with another 50,000 for what is left out.
    assert found.head.cost > 100_000_000


def test_publishing_needs_a_name_behind_each_broken_rule(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    # GS-0006 is required: left out, it is a broken rule.
    broken = desk.edit(DAY, 1, [Edit(order="GS-0006")], by="lan")
    (violation,) = broken.plan.result.report.violations
    for accepted in ({}, {violation_key(violation): "  "}, {"khác": "Lan"}):
        with pytest.raises(RefusedError) as raised:
            desk.publish(DAY, 2, by="lan", accepted=accepted)
        assert raised.value.key == "violations_open"
        assert "GS-0006" in str(raised.value)
    assert desk.day(DAY).status is DayStatus.OPEN
    day = desk.publish(DAY, 2, by="lan", accepted={violation_key(violation): "Trưởng bưu cục"})
    assert (day.status, day.published) == (DayStatus.PUBLISHED, 2)
    published, accepted_entry = desk.audit(subject="plan", key="2026-11-24/2", limit=2)
    assert published.action == "plan.published"
    assert accepted_entry.facts["person"] == "Trưởng bưu cục"


def test_publishing_twice_is_a_conflict_that_says_who_did_it(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    desk.publish(DAY, 1, by="lan")
    with pytest.raises(ConflictError) as raised:
        desk.publish(DAY, 1, by="hoa")
    assert (raised.value.key, raised.value.facts["by"]) == ("already_published", "lan")
    desk.edit(DAY, 1, [Edit(order="BK-0004", to="BT-03")], by="hoa")
    with pytest.raises(ConflictError) as raised:
        # Hoa looked before Lan published.
        desk.publish(DAY, 2, by="hoa", replacing=0)
    assert raised.value.key == "published_meanwhile"
    assert desk.publish(DAY, 2, by="hoa", replacing=1).published == 2
    assert desk.published(DAY).head.version == 2


# ---- events and the close -----------------------------------------------------------------------


def told(key: str, order: str, kind: str = "stop_done", **body: object) -> StoredEvent:
    at = office_time(9)
    return StoredEvent(
        id=key, day=DAY, kind=kind, at=at, received_at=at, by="BT-01", order=order,
        courier="BT-01", body=body,
    )  # fmt: skip


def office_time(hour: int) -> datetime:
    return MORNING + timedelta(hours=hour - 5)


def test_events_are_written_down_once_and_a_different_telling_is_reported(
    store: SqlStore,
) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    desk.publish(DAY, 1, by="lan")
    first = desk.record_events(DAY, [told("e1", "HS-0001"), told("e1", "HS-0001")], by="BT-01")
    assert ([one.id for one in first.stored], first.repeated) == (["e1"], ("e1",))
    again = replace(told("e1", "HS-0001"), received_at=office_time(12))
    other = told("e1", "HS-0001", "stop_failed", reason="absent")
    second = desk.record_events(DAY, [again, told("e2", "EMS-0003"), other], by="BT-01")
    assert [one.id for one in second.stored] == ["e2"]
    assert (second.repeated, second.different) == (("e1",), ("e1",))
    assert [one.id for one in desk.events(DAY)] == ["e1", "e2"]
    assert [one.id for one in desk.order_journal("HS-0001")] == ["e1"]
    with pytest.raises(RefusedError):
        desk.record_events(TOMORROW, [told("e9", "HS-0001")], by="BT-01")


def test_the_office_learns_where_an_address_is(store: SqlStore) -> None:
    desk, _ = office(store)
    imported(desk, tiny_day())
    key = "xom dinh xa minh|227"

    def place(lat: float, accuracy: float = 10.0) -> dict[str, object]:
        return {"place": {"lat": lat, "lon": 105.4}, "accuracy": accuracy}

    # 0.001 degrees of latitude are 111 m: the third is 11 km off, the fourth is not sure itself.
    for number, body in enumerate(
        (place(21.3000), place(21.3002), place(21.4), place(21.31, accuracy=900.0))
    ):
        desk.record_events(DAY, [told(f"e{number}", "HS-0007", "stop_done", **body)], by="BT-01")
    (known,) = desk.learned_places().items
    assert (known.address, known.seen, known.refused) == (key, 2, 1)
    assert known.point.lat == pytest.approx(21.3001)
    assert known.spread == 11
    assert learning.trusted(known)
    with store.reading() as uow:
        assert [one.accepted for one in uow.places.sightings(key)] == [True, True, False]


def test_the_close_carries_over_what_was_not_done(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    with pytest.raises(RefusedError) as raised:
        desk.close_day(DAY, by="lan")
    assert raised.value.key == "day_not_published"
    desk.publish(DAY, 1, by="lan")
    desk.record_events(
        DAY,
        [
            told("e1", "HS-0001", "stop_failed", reason="absent"),
            told("e2", "HS-0001", "stop_done"),
            told("e3", "EMS-0003", "stop_failed", reason="absent"),
            told("e4", "HS-0002"),
            told("e5", "HS-0005"),
        ],
        by="BT-01",
    )
    clock.advance(14 * 3600)
    closed = desk.close_day(DAY, by="lan")
    # Failed and then done is done; GS-0006 and BK-0004 were planned, but nobody told of them.
    assert set(closed.finished) == {"HS-0001", "HS-0002", "HS-0005"}
    assert set(closed.carried) == {"EMS-0003", "BK-0004", "GS-0006", "HS-0007", "BK-0008"}
    assert (closed.next, closed.day.status) == (TOMORROW, DayStatus.CLOSED)
    states = {one.order.id: (one.order.state, one.order.attempts, one.day) for one in every(desk)}
    assert states["HS-0001"] == (OrderState.DELIVERED, 1, DAY)
    assert states["HS-0002"] == (OrderState.AT_HUB, 0, DAY)
    assert states["EMS-0003"] == (OrderState.FAILED, 1, TOMORROW)
    assert states["BK-0004"] == (OrderState.AT_HUB, 0, TOMORROW)
    with pytest.raises(ConflictError):
        desk.close_day(DAY, by="hoa")
    with pytest.raises(RefusedError) as raised:
        desk.edit(DAY, 1, [Edit(order="BK-0004", to="BT-03")], by="lan")
    assert (raised.value.key, raised.value.facts["next"]) == ("day_closed", "25/11/2026")
    # A phone that had no signal until now is still heard.
    late = desk.record_events(DAY, [told("e6", "BK-0004")], by="BT-01")
    assert len(late.stored) == 1


def test_an_office_on_paper_notes_failures_only(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    desk.publish(DAY, 1, by="lan")
    desk.record_events(DAY, [told("e1", "EMS-0003", "stop_failed", reason="moved")], by="lan")
    closed = desk.close_day(DAY, by="lan", unreported="done", next_day=date(2026, 11, 27))
    assert set(closed.carried) == {"EMS-0003", "HS-0007", "BK-0008"}
    assert {one.day for one in every(desk)} == {DAY, date(2026, 11, 27)}


def every(desk: Dispatch) -> Sequence[StoredOrder]:
    return desk.orders(OrderFilter()).items


def test_a_plan_keeps_no_names_of_its_own(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    with store.writing(by="lan", at=clock.now()) as uow:
        seen = uow.orders.get("HS-0001")
        assert seen is not None
        uow.orders.put(replace(seen, order=replace(seen.order, customer="", phone="")))
    plan = desk.plan(DAY, 1).plan
    (first,) = [one for one in plan.day.orders if one.id == "HS-0001"]
    assert (first.customer, first.phone) == ("", "")
    assert (plan.located["HS-0001"].customer, plan.located["HS-0001"].phone) == ("", "")
    assert plan.located["EMS-0003"].customer == "Nguyễn Ngọc Ẩn"


def test_events_that_cannot_be_understood_are_all_told_and_none_is_stored(
    store: SqlStore,
) -> None:
    desk, _ = office(store)
    with pytest.raises(TableError) as raised:
        desk.record_events(
            DAY,
            [
                told("e1", "HS-0001"),
                told("e2", "HS-0001", "stop_failed"),
                told("e3", "HS-0001", "teleported"),
                told("e4", "HS-0001", "stop_done", cash=-5, place=[95.0, 200.0]),
            ],
            by="BT-01",
        )
    assert {(one.row, one.field) for one in raised.value.findings} == {
        (2, "reason"),
        (3, "kind"),
        (4, "cash"),
        (4, "place"),
    }
    with pytest.raises(UnknownError):
        desk.day(DAY)


def test_an_order_that_came_during_the_day_is_carried_over_and_a_cancelled_one_goes_back(
    store: SqlStore,
) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    desk.publish(DAY, 1, by="lan")
    more = {"does": "collection", "point": [21.33, 105.4], "office": "VT", "grams": 500}
    desk.record_events(
        DAY,
        [
            told("e1", "KHAN-1", "order_added", **more),
            told("e1b", "KHAN-1", "order_added", **more),
            told("e2", "BK-0004", "order_cancelled", note="khách hủy"),
            told("e3", "EMS-0003"),
        ],
        by="lan",
    )
    added = desk.order("KHAN-1")
    assert (added.day, added.order.office, added.order.grams) == (DAY, "VT", 500)
    closed = desk.close_day(DAY, by="lan")
    assert "KHAN-1" in closed.carried
    assert {"BK-0004", "EMS-0003"} <= set(closed.finished)
    assert desk.order("BK-0004").order.state is OrderState.RETURNED


# ---- re-planning --------------------------------------------------------------------------------


def test_a_quiet_day_is_left_as_it_is(store: SqlStore) -> None:
    desk, clock = office_with_ways(store)
    with_plan(desk, clock)
    desk.publish(DAY, 1, by="lan")
    answer = desk.replan(DAY, by="lan")
    assert answer.decision.action is Action.LEAVE
    assert (answer.version, answer.run, len(desk.plans(DAY))) == (None, None, 1)


def test_an_urgent_collection_is_put_into_the_running_day(store: SqlStore) -> None:
    desk, clock = office_with_ways(store)
    with_plan(desk, clock)
    desk.publish(DAY, 1, by="lan")
    clock.advance(2 * 3600)
    at = clock.now()
    added = replace(
        told("e1", "KHAN-1", "order_added", does="collection", point=[21.33, 105.4], required=True),
        at=at,
        received_at=at,
        courier="",
    )
    desk.record_events(DAY, [added], by="lan")
    answer = desk.replan(DAY, by="lan", note="khách gọi")
    assert answer.decision.action is Action.INSERT
    assert answer.version is not None
    assert (answer.version.head.version, answer.version.head.parent) == (2, 1)
    assert "KHAN-1" in {
        stop.id for route in answer.version.plan.result.plan.routes for stop in route.stops
    }
    kept = desk.plan(DAY, 2)
    assert kept.plan == answer.version.plan
    assert kept.numbers == answer.version.numbers
    assert (
        desk.publish(
            DAY,
            2,
            by="lan",
            replacing=1,
            accepted={violation_key(one): "Lan" for one in kept.plan.result.report.violations},
        ).published
        == 2
    )
    # Nothing new since: the second look leaves the new plan alone.
    clock.advance(60)
    assert desk.replan(DAY, by="lan").decision.action is Action.LEAVE


def test_a_breakdown_asks_for_a_search_that_a_worker_makes(store: SqlStore) -> None:
    desk, clock = office_with_ways(store)
    with_plan(desk, clock)
    desk.publish(DAY, 1, by="lan")
    clock.advance(3600)
    at = clock.now()
    down = replace(
        told("e1", "", "courier_absent", note="ốm"), at=at, received_at=at, courier="BT-01"
    )
    desk.record_events(DAY, [down], by="lan")
    answer = desk.replan(DAY, by="lan", seconds=1.0)
    assert answer.decision.action is Action.REOPTIMISE
    assert answer.run is not None

    def claimed() -> Run:
        with store.writing(by="w", at=clock.now()) as uow:
            run = uow.runs.claim(worker="w", lease_seconds=600)
        assert run is not None
        return run

    # A worker that must leave at once has the plan by insertion, and gives it back.
    run = claimed()
    assert work_on(desk, run, leave=lambda: True) is RunState.QUEUED
    waiting, told_so_far = desk.run_progress(run.id)
    assert (waiting.state, len(desk.plans(DAY))) == (RunState.QUEUED, 1)
    with store.reading() as uow:
        best = uow.runs.best(run.id)
    assert best is not None
    assert "BT-01" not in {tour.vehicle for tour in tours_of(best)}
    assert {step.id for tour in tours_of(best) for step in tour.steps} >= {"HS-0005"}
    # The next one goes on from it and ends no worse.
    assert work_on(desk, claimed()) is RunState.DONE
    version = desk.plan(DAY, desk.run(run.id).result)
    report = version.plan.result.report
    left = {one.order: one.reason for one in version.plan.left_out}
    assert set(report.unassigned) <= left.keys()
    # Each with what was proved, not only that there was no room.
    proved = explaining.unassigned(
        version.plan.problem,
        version.plan.result.plan,
        version.plan.day,
        version.plan.located.values(),
    )
    assert {one.order: one.reason for one in proved}.items() <= left.items()
    first = told_so_far[0]
    assert (len(report.unassigned), report.cost.total) <= (first.unassigned, first.cost)
    assert (version.head.kind, version.head.parent) == (PlanKind.REPLAN, 1)
    drives = {route.vehicle for route in version.plan.result.plan.routes}
    assert drives
    assert "BT-01" not in drives
