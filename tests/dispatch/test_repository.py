"""What every store promises; each test runs on SQLite and on PostgreSQL."""

from __future__ import annotations

import threading
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext

from dispatch.clock import HANOI
from dispatch.errors import ConflictError, StoreError
from dispatch.model import Address, Courier, Office, Order, OrderKind, OrderState, Service
from dispatch.phone_records import Hint, Proof, Refusal, StoredRules
from dispatch.records import (
    Answer,
    ApiKey,
    CourierLink,
    LearnedPlace,
    OrderFilter,
    Person,
    PlanHead,
    PlanKind,
    PlanVersion,
    Role,
    Run,
    RunProgress,
    RunState,
    Session,
    Sighting,
    Stamp,
    StoredCourier,
    StoredEvent,
    StoredOffice,
    StoredOrder,
)
from dispatch.sql import SqlStore, open_store, words
from dispatch.sql.migrate import upgrade
from dispatch.sql.tables import metadata
from geo.types import LatLon
from solver.model import TimeWindow
from tests.dispatch.day_plans import tiny_day_plan

DAY = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 5, 30, 1, 234_567, tzinfo=HANOI)
NEW = Stamp(version=0, by="", at=NOW)


def order(key: str, **more: object) -> Order:
    made = Order(
        id=key,
        kind=OrderKind.DELIVERY,
        service=Service.EMS,
        address=Address(text=f"Số {key}, phường Gia Cẩm, Việt Trì", district="227"),
        customer=f"Nguyễn Thị {key}",
        phone="0912345678",
        state=OrderState.AT_HUB,
    )
    return replace(made, **more)  # type: ignore[arg-type]


def stored(key: str, **more: object) -> StoredOrder:
    return StoredOrder(order=order(key, **more), day=DAY, stamp=NEW)


def write(store: SqlStore, *orders: StoredOrder, by: str = "lan", at: datetime = NOW) -> None:
    with store.writing(by=by, at=at) as uow:
        uow.orders.put_all(orders)


# ---- units of work ------------------------------------------------------------------------------


def test_an_order_comes_back_as_it_was_stored(store: SqlStore) -> None:
    full = order(
        "T-1",
        kind=OrderKind.TRANSFER,
        address=Address(
            text="Số 1", district="227", point=LatLon(lat=21.3, lon=105.4), commune="07900",
            quality=0.75,
        ),
        to_address=Address(text="Số 2", point=LatLon(lat=21.4, lon=105.2)),
        content="Hồ sơ",
        grams=1500,
        cubic_cm=2000,
        items=3,
        windows=(TimeWindow(start=27_000, end=41_400), TimeWindow(start=46_800, end=61_200)),
        due=date(2026, 11, 26),
        attempts=2,
        cash=3_000_000_000,
        note="Gọi trước",
        office="VT",
        required=True,
        state=OrderState.FAILED,
        accepted=date(2026, 11, 20),
    )  # fmt: skip
    write(store, StoredOrder(order=full, day=None, stamp=NEW))
    with store.reading() as uow:
        back = uow.orders.get("T-1")
    assert back == StoredOrder(order=full, day=None, stamp=Stamp(version=1, by="lan", at=NOW))


def test_a_unit_is_stored_whole_or_not_at_all(store: SqlStore) -> None:
    with pytest.raises(RuntimeError), store.writing(by="lan", at=NOW) as uow:
        uow.orders.put(stored("A"))
        uow.audit.add("order.added", subject="order", key="A")
        raise RuntimeError
    with store.reading() as uow:
        assert uow.orders.get("A") is None
        assert uow.audit.page() == []


def test_a_reader_sees_one_moment_while_another_writes(
    opened: Callable[[], SqlStore],
) -> None:
    mine, other = opened(), opened()
    write(mine, stored("A"))
    with mine.reading() as uow:
        assert len(uow.orders.of_day(DAY)) == 1
        write(other, stored("B"))
        assert len(uow.orders.of_day(DAY)) == 1
    with mine.reading() as uow:
        assert len(uow.orders.of_day(DAY)) == 2


def test_who_saw_an_older_version_is_told_who_changed_it_and_when(store: SqlStore) -> None:
    write(store, stored("A"))
    with store.reading() as uow:
        seen = uow.orders.get("A")
    assert seen is not None
    later = NOW + timedelta(minutes=5)
    with store.writing(by="hoa", at=later) as uow:
        uow.orders.put(replace(seen, order=replace(seen.order, note="của Hoa")))
    with pytest.raises(ConflictError) as raised, store.writing(by="lan", at=later) as uow:
        uow.orders.put(stored("B"))
        uow.orders.put(replace(seen, order=replace(seen.order, note="của Lan")))
    facts = raised.value.facts
    assert (raised.value.key, facts["by"], facts["read"], facts["found"]) == (
        "changed",
        "hoa",
        1,
        2,
    )
    assert facts["at"] == "05:35:01 24/11/2026"
    assert "hoa" in raised.value.said("vi")
    assert "order A" in raised.value.said("en")
    with store.reading() as uow:
        now = uow.orders.get("A")
        assert now is not None
        assert now.order.note == "của Hoa"
        # The whole unit of Lan is undone.
        assert uow.orders.get("B") is None


def test_a_second_order_of_one_id_is_refused(store: SqlStore) -> None:
    write(store, stored("A"))
    with pytest.raises(ConflictError) as raised:
        write(store, stored("C"), stored("A"), by="hoa")
    assert (raised.value.key, raised.value.facts["by"]) == ("exists", "lan")


def test_two_dispatchers_at_the_same_time_do_not_overwrite_each_other(
    opened: Callable[[], SqlStore],
) -> None:
    # Twenty threads each add one attempt to the order, reading anew after each conflict. An
    # overwritten change would leave fewer than twenty.
    write(opened(), stored("A"))
    stores = [opened() for _ in range(4)]

    def add(store: SqlStore) -> None:
        for _ in range(5):
            while True:
                with store.reading() as uow:
                    seen = uow.orders.get("A")
                assert seen is not None
                more = replace(seen.order, attempts=seen.order.attempts + 1)
                try:
                    with store.writing(by="x", at=NOW) as uow:
                        uow.orders.put(replace(seen, order=more))
                except ConflictError:
                    continue
                break

    threads = [threading.Thread(target=add, args=(one,)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    with stores[0].reading() as uow:
        last = uow.orders.get("A")
    assert last is not None
    assert (last.order.attempts, last.stamp.version) == (20, 21)


# ---- lists --------------------------------------------------------------------------------------


def test_pages_show_every_order_once_in_order(store: SqlStore) -> None:
    names = [f"D{number:04d}" for number in range(23)]
    write(store, *(stored(name) for name in reversed(names)))
    seen, after, pages = [], "", 0
    with store.reading() as uow:
        while True:
            page = uow.orders.page(OrderFilter(day=DAY), after=after, limit=10)
            seen += [one.order.id for one in page.items]
            after, pages = page.after, pages + 1
            if not after:
                break
    assert (seen, pages) == (names, 3)


def test_a_list_is_filtered_by_day_state_office_place_and_words(store: SqlStore) -> None:
    write(
        store,
        stored("A", office="VT", state=OrderState.HELD),
        stored("B", office="LT", customer="Trần Văn Đạt", phone="0988 111 222"),
        stored("C", address=Address(text="100%_chắc", point=LatLon(lat=21.3, lon=105.4))),
        StoredOrder(order=order("D", office="VT"), day=date(2026, 11, 25), stamp=NEW),
    )

    def found(**which: object) -> list[str]:
        with store.reading() as uow:
            page = uow.orders.page(OrderFilter(**which))  # type: ignore[arg-type]
        return [one.order.id for one in page.items]

    assert found() == ["A", "B", "C", "D"]
    assert found(day=DAY) == ["A", "B", "C"]
    assert found(state=OrderState.HELD) == ["A"]
    assert found(office="VT") == ["A", "D"]
    assert found(unplaced=True, day=DAY) == ["A", "B"]
    assert found(text="VAN DAT") == ["B"]
    assert found(text="gia cẩm") == ["A", "B", "D"]
    # What a person types is no pattern.
    assert found(text="100%_") == ["C"]
    assert found(text="_00") == []
    with store.reading() as uow:
        assert uow.orders.count(OrderFilter(day=DAY)) == {
            OrderState.HELD: 1,
            OrderState.AT_HUB: 2,
        }


# ---- events -------------------------------------------------------------------------------------


def event(key: str, **more: object) -> StoredEvent:
    made = StoredEvent(
        id=key,
        day=DAY,
        kind="stop_done",
        at=NOW,
        received_at=NOW,
        by="BT-1",
        order="A",
        courier="BT-1",
        body={"place": {"lat": 21.3, "lon": 105.4}, "recipient": "Chị Hà"},
    )
    return replace(made, **more)  # type: ignore[arg-type]


def test_an_event_told_twice_is_stored_once(store: SqlStore) -> None:
    with store.writing(by="BT-1", at=NOW) as uow:
        first = uow.events.add([event("e1"), event("e2", order="B")])
    with store.writing(by="BT-1", at=NOW) as uow:
        second = uow.events.add([event("e2", order="B"), event("e3")])
    assert [one.id for one in first] == ["e1", "e2"]
    assert [one.id for one in second] == ["e3"]
    with store.reading() as uow:
        journal = uow.events.of_day(DAY)
        assert [one.id for one in journal] == ["e1", "e2", "e3"]
        assert journal[0] == replace(event("e1"), seq=journal[0].seq)
        assert [one.id for one in uow.events.of_day(DAY, after=journal[0].seq, limit=1)] == ["e2"]
        assert [one.id for one in uow.events.of_order("A")] == ["e1", "e3"]
        assert set(uow.events.known(["e1", "nie"])) == {"e1"}


def test_nothing_comes_later_with_a_smaller_number(opened: Callable[[], SqlStore]) -> None:
    # A reader that follows the journal by its last number must never miss an entry: while four
    # writers add, every look at the journal must extend the look before.
    stores = [opened() for _ in range(5)]
    with stores[0].writing(by="x", at=NOW) as uow:
        uow.days.lock(DAY)

    def write_some(number: int) -> None:
        for k in range(20):
            with stores[number].writing(by="x", at=NOW) as uow:
                uow.days.lock(DAY)
                uow.events.add([event(f"{number}-{k}")])

    threads = [threading.Thread(target=write_some, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    followed: list[str] = []
    last = 0
    while len(followed) < 80:
        running = any(thread.is_alive() for thread in threads)
        with stores[4].reading() as uow:
            fresh = uow.events.of_day(DAY, after=last)
        followed += [one.id for one in fresh]
        last = fresh[-1].seq if fresh else last
        if not running and not fresh:
            break
    for thread in threads:
        thread.join()
    assert len(followed) == len(set(followed)) == 80


# ---- days, master data, places ------------------------------------------------------------------


def test_a_day_is_made_when_it_is_first_written_to(store: SqlStore) -> None:
    with store.reading() as uow:
        assert uow.days.get(DAY) is None
    with store.writing(by="lan", at=NOW) as uow:
        day = uow.days.lock(DAY)
        changed = uow.days.put(replace(day, absent=("BT-2",)))
    assert (day.stamp.version, changed.stamp.version) == (1, 2)
    with pytest.raises(ConflictError), store.writing(by="hoa", at=NOW) as uow:
        uow.days.put(replace(day, absent=("BT-3",)))
    with store.writing(by="lan", at=NOW) as uow:
        assert uow.days.lock(DAY) == changed
        uow.days.lock(date(2026, 11, 25))
    with store.reading() as uow:
        first = uow.days.page(limit=1)
        assert [one.date.day for one in first.items] == [25]
        assert [one.date.day for one in uow.days.page(after=first.after).items] == [24]


def test_offices_and_couriers_come_back_as_they_were(store: SqlStore) -> None:
    office = Office(
        id="VT",
        name="Bưu cục Việt Trì",
        point=LatLon(lat=21.3, lon=105.4),
        level=1,
        districts=("227",),
        hours={0: (TimeWindow(start=1, end=2),), 5: ()},
        dock=(TimeWindow(start=3, end=4),),
    )
    courier = Courier(
        id="BT-1",
        name="Lê Văn Tám",
        office="VT",
        lunch=TimeWindow(start=5, end=6),
        known_communes=frozenset({"07900", "07903"}),
        max_metres=80_000,
    )
    with store.writing(by="lan", at=NOW) as uow:
        uow.days.put_office(StoredOffice(office=office, stamp=NEW))
        uow.days.put_courier(StoredCourier(courier=courier, truck=True, stamp=NEW))
    with store.reading() as uow:
        offices, couriers = uow.days.offices(), uow.days.couriers()
    assert [one.office for one in offices] == [office]
    assert [(one.courier, one.truck, one.active) for one in couriers] == [(courier, True, True)]
    with pytest.raises(ConflictError) as raised, store.writing(by="hoa", at=NOW) as uow:
        uow.days.put_courier(StoredCourier(courier=courier, stamp=NEW))
    assert raised.value.facts["by"] == "lan"


def test_learned_places_keep_their_evidence(store: SqlStore) -> None:
    place = LearnedPlace(
        address="so 1|227", point=LatLon(lat=21.3, lon=105.4), seen=1, refused=0, spread=0,
        corrected=False, at=NOW,
    )  # fmt: skip
    sighting = Sighting(id="s1", address="so 1|227", point=place.point, at=NOW, by="BT-1")
    with store.writing(by="BT-1", at=NOW) as uow:
        uow.places.put(place, [sighting])
        uow.places.put(replace(place, seen=2), [replace(sighting, accepted=False)])
    with store.reading() as uow:
        assert uow.places.get(["so 1|227", "khác"]) == {"so 1|227": replace(place, seen=2)}
        assert uow.places.sightings("so 1|227") == [replace(sighting, accepted=False)]
        assert uow.places.page().items == (replace(place, seen=2),)


# ---- plans --------------------------------------------------------------------------------------


def head(**more: object) -> PlanHead:
    made = PlanHead(
        day=DAY, version=0, parent=0, kind=PlanKind.RUN, by="lan", at=NOW, cost=123_456_789_012,
        metres=1, stops=2, unassigned=3, violations=0,
    )  # fmt: skip
    return replace(made, **more)  # type: ignore[arg-type]


def test_a_plan_comes_back_as_it_was_and_is_judged_anew(store: SqlStore) -> None:
    plan = tiny_day_plan()
    with store.writing(by="lan", at=NOW) as uow:
        uow.days.lock(DAY)
        uow.orders.put_all([StoredOrder(order=one, day=DAY, stamp=NEW) for one in plan.day.orders])
        first = uow.plans.add(PlanVersion(head=head(), plan=plan))
        second = uow.plans.add(PlanVersion(head=head(parent=1), plan=plan))
    assert (first.head.version, second.head.version) == (1, 2)
    # Opened anew: nothing may come from the memory of the store that wrote it.
    again = open_store(store.database.url.render_as_string(hide_password=False))
    try:
        with again.reading() as uow:
            back = uow.plans.get(DAY, 1)
            assert uow.plans.get(DAY, 3) is None
            assert [one.version for one in uow.plans.heads(DAY)] == [1, 2]
            assert uow.plans.head(DAY, 2) == second.head
    finally:
        again.close()
    assert back is not None
    assert back.head == first.head
    assert back.plan.result == plan.result
    assert back.plan.problem == plan.problem
    assert back.plan == plan


# ---- runs ---------------------------------------------------------------------------------------


def run(key: str, *, asked: int = 0) -> Run:
    return Run(
        id=key, day=DAY, state=RunState.QUEUED, seconds=30.0, seed=1, by="lan",
        asked_at=NOW + timedelta(seconds=asked),
    )  # fmt: skip


def queue(store: SqlStore, *runs: Run) -> None:
    with store.writing(by="lan", at=NOW) as uow:
        uow.days.lock(DAY)
        for one in runs:
            uow.runs.add(one)


def claim(store: SqlStore, *, at: datetime, worker: str = "w", lease: float = 10) -> Run | None:
    with store.writing(by=worker, at=at) as uow:
        return uow.runs.claim(worker=worker, lease_seconds=lease)


def test_every_run_is_claimed_once(opened: Callable[[], SqlStore]) -> None:
    first = opened()
    queue(first, *(run(f"r{number:02d}", asked=number) for number in range(30)))
    taken: list[str] = []

    def take(store: SqlStore) -> None:
        while (found := claim(store, at=NOW)) is not None:
            taken.append(found.id)

    threads = [threading.Thread(target=take, args=(opened(),)) for _ in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(taken) == [f"r{number:02d}" for number in range(30)]


def test_a_silent_worker_s_run_is_taken_up_and_the_silent_one_may_not_write(
    store: SqlStore,
) -> None:
    queue(store, run("r1"))
    first = claim(store, at=NOW, worker="one")
    assert first is not None
    assert (first.token, first.state) == (1, RunState.RUNNING)
    found = RunProgress(
        run="r1", seq=0, at=NOW, seconds=1.0, cost=900, unassigned=0, vehicles=2
    )  # fmt: skip
    with store.writing(by="one", at=NOW + timedelta(seconds=9)) as uow:
        assert uow.runs.better("r1", token=1, tours={"BT-1": ["A"]}, progress=found)
        assert uow.runs.beat("r1", token=1, lease_seconds=10, spent=9.0) is not None
    assert claim(store, at=NOW + timedelta(seconds=18)) is None
    second = claim(store, at=NOW + timedelta(seconds=20), worker="two")
    assert second is not None
    assert (second.token, second.attempts, second.spent, second.best_cost) == (2, 2, 9.0, 900)
    late = NOW + timedelta(seconds=21)
    with store.writing(by="one", at=late) as uow:
        assert not uow.runs.better("r1", token=1, tours={}, progress=found)
        assert uow.runs.beat("r1", token=1, lease_seconds=10, spent=0.0) is None
        assert not uow.runs.end(replace(first, state=RunState.DONE, result=7), token=1)
    with store.writing(by="two", at=late) as uow:
        assert uow.runs.best("r1") == {"BT-1": ["A"]}
        assert uow.runs.end(replace(second, state=RunState.DONE, result=1), token=2)
        assert not uow.runs.end(replace(second, state=RunState.FAILED), token=2)
    with store.reading() as uow:
        done = uow.runs.get("r1")
        assert done is not None
        assert (done.state, done.result, done.ended_at) == (RunState.DONE, 1, late)
        assert [one.cost for one in uow.runs.progress("r1")] == [900]
        assert uow.runs.progress("r1", after=1) == []
        assert [one.id for one in uow.runs.of_day(DAY)] == ["r1"]


def test_a_stop_cancels_what_waits_and_is_heard_by_what_runs(store: SqlStore) -> None:
    queue(store, run("r1"), run("r2", asked=1))
    assert claim(store, at=NOW) is not None
    with store.writing(by="lan", at=NOW) as uow:
        running, waiting = uow.runs.ask_stop("r1"), uow.runs.ask_stop("r2")
        assert uow.runs.ask_stop("nie") is None
    assert running is not None
    assert waiting is not None
    assert (running.state, running.stop_asked) == (RunState.RUNNING, True)
    assert waiting.state is RunState.CANCELLED
    assert claim(store, at=NOW) is None


# ---- people -------------------------------------------------------------------------------------


def test_accounts_sessions_keys_and_links(store: SqlStore) -> None:
    lan = Person(id="p1", login=" Lan ", name="Lan", role=Role.DISPATCHER, password="h", stamp=NEW)
    soon, later = NOW + timedelta(hours=1), NOW + timedelta(hours=12)
    session = Session(
        token_hash="s", person="p1", role=Role.DISPATCHER, csrf="c", created_at=NOW,
        expires_at=later, last_seen=NOW,
    )  # fmt: skip
    key = ApiKey(
        id="k1", key_hash="kh", name="EMS", scopes=("orders:read",), by="lan", created_at=NOW
    )
    link = CourierLink(id="l1", courier="BT-1", day=DAY, by="lan", created_at=NOW, expires_at=later)
    with store.writing(by="lan", at=NOW) as uow:
        uow.people.put(lan)
        uow.people.put_session(session)
        uow.people.put_session(replace(session, token_hash="s2", courier="BT-1", person=""))
        uow.people.put_session(replace(session, last_seen=soon))
        uow.people.put_key(key)
        uow.people.put_key(replace(key, revoked_at=soon))
        uow.people.put_link(link)
        uow.people.put_link(replace(link, id="l2"))
        uow.people.put_link(replace(link, id="l3", expires_at=soon))
    with pytest.raises(ConflictError) as raised, store.writing(by="hoa", at=NOW) as uow:
        uow.people.put(replace(lan, id="p2", login="LAN"))
    assert raised.value.key == "login_taken"
    with store.writing(by="lan", at=NOW) as uow:
        found = uow.people.by_login("lAN")
        assert found is not None
        assert found == replace(lan, login="lan", stamp=Stamp(version=1, by="lan", at=NOW))
        assert uow.people.get("p1") == found
        assert uow.people.all() == [found]
        assert uow.people.session("s") == replace(session, last_seen=soon)
        assert uow.people.key("kh") == replace(key, revoked_at=soon)
        assert uow.people.keys() == [replace(key, revoked_at=soon)]
        # A link is good for one exchange, until it ends or is revoked.
        assert uow.people.use_link("l1", soon)
        assert not uow.people.use_link("l1", soon)
        assert not uow.people.use_link("l3", soon)
        assert uow.people.revoke_links(courier="BT-1", day=DAY, at=soon) == 3
        assert not uow.people.use_link("l2", NOW)
        used = uow.people.link("l1")
        assert used is not None
        assert used.used_at == soon
        assert uow.people.end_sessions() == 0
        assert uow.people.end_sessions(person="p1") == 1
        assert uow.people.session("s") is None
        assert uow.people.end_sessions(expired_at=NOW) == 0
        assert uow.people.end_sessions(expired_at=later) == 1


def test_an_answer_is_kept_once_for_each_key_and_person(store: SqlStore) -> None:
    answer = Answer(
        key="k", by="lan", fingerprint="f", status=201, headers={"ETag": "1"}, body="{}", at=NOW
    )
    with store.writing(by="lan", at=NOW) as uow:
        assert uow.answers.put(answer)
        assert not uow.answers.put(replace(answer, body="khác"))
        assert uow.answers.put(replace(answer, by="hoa"))
        assert uow.answers.get("k", "lan") == answer
        assert uow.answers.get("k", "ai") is None
        assert uow.answers.forget(before=NOW) == 0
        assert uow.answers.forget(before=NOW + timedelta(days=1)) == 2


def test_the_audit_trail_tells_the_newest_first(store: SqlStore) -> None:
    with store.writing(by="lan", at=NOW) as uow:
        for number in range(5):
            uow.audit.add("order.changed", subject="order", key=f"A{number % 2}", number=number)
    with store.reading() as uow:
        entries = uow.audit.page(limit=2)
        assert [one.facts["number"] for one in entries] == [4, 3]
        assert (entries[0].by, entries[0].at, entries[0].id) == ("lan", NOW, "A0")
        rest = uow.audit.page(before=entries[-1].seq)
        assert [one.facts["number"] for one in rest] == [2, 1, 0]
        assert len(uow.audit.page(subject="order", key="A1")) == 2


# ---- tables -------------------------------------------------------------------------------------


def test_the_migrations_make_exactly_the_tables(store: SqlStore) -> None:
    with store.database.begin(writes=False) as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_type": False,
                # The index for searches is no table of ours, and may be missing.
                "include_name": lambda name, *_: not str(name).startswith(words.PREFIX),
            },
        )
        assert compare_metadata(context, metadata) == []


def test_a_store_without_its_tables_says_so(address: str) -> None:
    store = open_store(address)
    try:
        if store.database.path is not None:
            with pytest.raises(StoreError) as raised:
                store.ready()
            assert raised.value.key == "away"
            store.database.path.parent.mkdir()
        with pytest.raises(StoreError) as raised:
            store.ready()
        assert raised.value.key == "outdated"
        with pytest.raises(StoreError) as raised, store.reading() as uow:
            uow.orders.get("A")
        assert raised.value.key == "outdated"
        assert "buuta db upgrade" in str(raised.value)
        assert upgrade(store.database)
        assert not upgrade(store.database)
        store.ready()
    finally:
        store.close()


def test_a_store_of_a_later_release_is_left_alone(store: SqlStore) -> None:
    with store.database.begin(writes=True) as connection:
        connection.exec_driver_sql("UPDATE alembic_version SET version_num = '9999'")
    with pytest.raises(StoreError) as raised:
        upgrade(store.database)
    assert raised.value.key == "newer"


@pytest.mark.parametrize(
    ("where", "key"),
    [("nosuchdb://a/b", "driver"), ("postgresql://u:secret@127.0.0.1:1/none", "away")],
)
def test_an_address_that_leads_nowhere_is_told_without_its_password(where: str, key: str) -> None:
    with pytest.raises(StoreError) as raised:
        open_store(where).ready()
    assert raised.value.key == key
    assert "secret" not in str(raised.value)


# ---- searching ----------------------------------------------------------------------------------


def listed(store: SqlStore, text: str, **more: object) -> list[str]:
    with store.reading() as uow:
        which = OrderFilter(text=text, **more)  # type: ignore[arg-type]
        page = uow.orders.page(which)
        assert sum(uow.orders.count(which).values()) == len(page.items)
        return [one.order.id for one in page.items]


def test_the_index_for_searches_follows_every_change(store: SqlStore) -> None:
    with store.database.begin(writes=False) as connection:
        assert words.there(connection)
    write(store, stored("A1", customer='Ẩn "50%" _x'), stored("A2", phone="+84901234567"))
    assert listed(store, 'an "50%') == ["A1"]
    assert listed(store, '50%" _X') == ["A1"]
    assert listed(store, "50%%") == []
    assert listed(store, "9012345") == ["A2"]
    assert listed(store, "a1") == ["A1"]
    with store.writing(by="lan", at=NOW) as uow:
        seen = uow.orders.get("A1")
        assert seen is not None
        uow.orders.put(replace(seen, order=replace(seen.order, customer="Bình Minh")))
    assert listed(store, "50%") == []
    assert listed(store, "binh minh") == ["A1"]
    assert listed(store, "binh minh", state=OrderState.DELIVERED) == []


def test_searches_without_the_index_find_the_same(store: SqlStore) -> None:
    write(store, stored("A1", customer="Ẩn"), stored("A2", customer="Bình"))
    with store.database.begin(writes=True) as connection:
        if store.database.sqlite:
            for name in ("added", "changed", "gone"):
                connection.exec_driver_sql(f"DROP TRIGGER {words.PREFIX}_{name}")
            connection.exec_driver_sql(f"DROP TABLE {words.PREFIX}_index")
            connection.exec_driver_sql(f"DROP TABLE {words.PREFIX}")
        else:
            connection.exec_driver_sql(f"DROP INDEX {words.PREFIX}_index")
    assert listed(store, "binh") == ["A2"]
    # It is made anew, of what is there, when the tables are renewed.
    assert upgrade(store.database)
    assert not upgrade(store.database)
    assert listed(store, "binh") == ["A2"]


# ---- joined units -------------------------------------------------------------------------------


def test_joined_units_are_seen_inside_and_stored_together(store: SqlStore) -> None:
    with store.joined() as joined:
        with store.writing(by="lan", at=NOW) as uow:
            uow.audit.add("one", subject="s", key="k")
        with store.reading() as uow:
            assert [entry.action for entry in uow.audit.page()] == ["one"]
        with pytest.raises(RuntimeError), store.writing(by="lan", at=NOW) as uow:
            uow.audit.add("undone", subject="s", key="k")
            raise RuntimeError
        with store.writing(by="hoa", at=NOW) as uow:
            uow.named("ba").audit.add("two", subject="s", key="k")
        joined.keep()
        joined.close()
    assert not store.is_joined
    with store.reading() as uow:
        assert [(e.action, e.by) for e in uow.audit.page()] == [("two", "ba"), ("one", "lan")]


def test_joined_units_that_are_not_kept_leave_nothing(store: SqlStore) -> None:
    with store.joined() as joined:
        with store.writing(by="lan", at=NOW) as uow:
            uow.audit.add("one", subject="s", key="k")
        joined.close()
    with store.reading() as uow:
        assert uow.audit.page() == []
    # The store's writer is free again.
    with store.writing(by="lan", at=NOW) as uow:
        uow.audit.add("later", subject="s", key="k")


# ---- couriers' phones ---------------------------------------------------------------------------


def test_a_proof_is_stored_once_for_each_courier_and_day(store: SqlStore) -> None:
    proof = Proof(
        hash="ab" * 32, day=DAY, courier="vt1", media="image/png", data=b"\x89PNG", received_at=NOW
    )
    other = replace(proof, courier="vt2")
    with store.writing(by="courier:vt1", at=NOW) as uow:
        assert [uow.phones.put_proof(one) for one in (proof, proof, other)] == [True, False, True]
    with store.writing(by="system", at=NOW) as uow:
        assert uow.phones.proof(DAY, "vt1", proof.hash) == proof
        assert uow.phones.proofs(DAY, "vt2") == frozenset({proof.hash})
        assert uow.phones.proofs(DAY, "vt3") == frozenset()
        assert uow.phones.blank(before=DAY) == 0
        assert uow.phones.blank(before=DAY + timedelta(days=1)) == 2
        assert uow.phones.proof(DAY, "vt1", proof.hash) is None


def test_a_refused_event_is_kept_once_and_settled(store: SqlStore) -> None:
    event = {"id": "e1", "kind": "stop_done", "body": {"recipient": "Hoa", "cash": 7}}
    refusal = Refusal(
        id="e1", day=DAY, courier="vt1", event=event, reasons=("no order",), received_at=NOW
    )
    with store.writing(by="courier:vt1", at=NOW) as uow:
        first = uow.phones.refuse(refusal)
        assert uow.phones.refuse(replace(refusal, received_at=NOW + timedelta(hours=1))) == first
        second = uow.phones.refuse(replace(refusal, event={**event, "kind": "stop_failed"}))
        assert second.seq > first.seq
        uow.phones.put_refusal(replace(first, handled_by="lan", handled_at=NOW, note="ok"))
    with store.writing(by="system", at=NOW) as uow:
        found = uow.phones.refusals(DAY)
        assert [(one.handled_by, one.note) for one in found] == [("lan", "ok"), ("", "")]
        assert uow.phones.refusals(DAY, courier="vt2") == []
        assert found[0].event == event
        uow.phones.blank(before=DAY + timedelta(days=1))
        assert uow.phones.refusals(DAY)[0].event["body"] == {"recipient": "", "cash": 7}


def test_hints_and_rules_are_written_over_the_version_that_was_read(store: SqlStore) -> None:
    hint = Hint(address="so 1|227", text="cổng xanh", by="vt1", at=NOW)
    rules = StoredRules(office="BC227", rules={"deliver.ems": {"photo": "required"}}, stamp=NEW)
    with store.writing(by="lan", at=NOW) as uow:
        uow.phones.put_hint(hint)
        uow.phones.put_hint(replace(hint, text="cổng đỏ"))
        put = uow.phones.put_rules(rules)
    with store.reading() as uow:
        assert uow.phones.hints({"so 1|227", "so 2|227"}) == {
            "so 1|227": replace(hint, text="cổng đỏ")
        }
        assert list(uow.phones.rules()) == [put]
    with pytest.raises(ConflictError), store.writing(by="hoa", at=NOW) as uow:
        uow.phones.put_rules(rules)


def test_a_link_is_bound_to_the_phone_that_uses_it(store: SqlStore) -> None:
    link = CourierLink(
        id="l1", courier="vt1", day=DAY, by="lan", created_at=NOW,
        expires_at=NOW + timedelta(days=1),
    )  # fmt: skip
    with store.writing(by="lan", at=NOW) as uow:
        uow.people.put_link(link)
        assert uow.people.use_link("l1", NOW, "phone")
        assert not uow.people.use_link("l1", NOW, "other")
        bound = replace(link, used_at=NOW, device="phone")
        assert uow.people.link("l1") == bound
        uow.people.put_link(replace(bound, waiting="other", waiting_at=NOW))
        assert [one.waiting for one in uow.people.links_of(DAY)] == ["other"]
        assert uow.people.links_of(DAY + timedelta(days=1)) == []


def test_the_last_entry_of_a_days_journal_is_told(store: SqlStore) -> None:
    event = StoredEvent(id="e1", day=DAY, kind="stop_done", at=NOW, received_at=NOW, by="vt1")
    with store.writing(by="vt1", at=NOW) as uow:
        assert uow.events.last(DAY) == 0
        (stored,) = uow.events.add([event])
        assert uow.events.last(DAY) == stored.seq
        assert uow.events.last(DAY + timedelta(days=1)) == 0
