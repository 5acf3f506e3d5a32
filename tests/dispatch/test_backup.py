"""Backups, and names that are not kept longer than they are needed."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from datetime import datetime
from pathlib import Path

import pytest

from dispatch.clock import HANOI
from dispatch.errors import RefusedError, StoreError
from dispatch.model import OrderState
from dispatch.records import OrderFilter
from dispatch.sql import Database, SqlStore, backup, restore
from tests.dispatch.offices import DAY, MORNING, office, with_plan
from tests.dispatch.test_office import told
from tests.dispatch.test_repository import stored, write

LATER = datetime(2026, 11, 25, 6, 0, tzinfo=HANOI)


def names(store: SqlStore) -> list[str]:
    with store.reading() as uow:
        return [one.order.id for one in uow.orders.page(OrderFilter()).items]


def test_what_was_backed_up_comes_back(store: SqlStore, tmp_path: Path) -> None:
    write(store, stored("A"), stored("B"))
    file = tmp_path / "backups" / "monday.bak"
    # The backup is taken while somebody writes: it holds what was stored, not what is on its way.
    with store.writing(by="lan", at=MORNING) as uow:
        uow.orders.put(stored("C"))
        assert backup(store.database, file) > 1000
    assert list(file.parent.iterdir()) == [file]
    with pytest.raises(RefusedError) as raised:
        backup(store.database, file)
    assert raised.value.key == "file_exists"
    write(store, stored("D"))
    with pytest.raises(RefusedError) as raised:
        restore(store.database, file, now=LATER)
    assert (raised.value.key, raised.value.facts["orders"]) == ("not_empty", 4)
    assert names(store) == ["A", "B", "C", "D"]
    kept = restore(store.database, file, now=LATER, replace=True)
    # Whoever has the store open sees the old content go and the backup's come.
    assert names(store) == ["A", "B"]
    assert kept is not None
    assert kept.name.endswith(".before-restore-20261125-060000")
    assert restore(store.database, kept, now=MORNING, replace=True) is not None
    assert names(store) == ["A", "B", "C", "D"]


def test_what_is_no_backup_leaves_the_store_as_it_was(store: SqlStore, tmp_path: Path) -> None:
    write(store, stored("A"))
    rubbish = tmp_path / "rubbish.bak"
    rubbish.write_bytes(b"rubbish" * 1000)
    with pytest.raises(StoreError) as raised:
        restore(store.database, rubbish, now=LATER, replace=True)
    assert raised.value.key in ("no_backup", "tool_failed")
    with pytest.raises(StoreError) as raised:
        restore(store.database, tmp_path / "nie.bak", now=LATER, replace=True)
    assert raised.value.key == "file_away"
    other = tmp_path / "other.db"
    with closing(sqlite3.connect(other)) as connection:
        connection.execute("CREATE TABLE cats (name TEXT)")
        connection.commit()
    with pytest.raises(StoreError):
        restore(store.database, other, now=LATER, replace=True)
    assert names(store) == ["A"]


def test_a_backup_goes_into_a_new_place(tmp_path: Path, store: SqlStore) -> None:
    if not store.database.sqlite:
        pytest.skip("a new place of PostgreSQL is made by createdb")
    write(store, stored("A"))
    file = tmp_path / "a.bak"
    backup(store.database, file)
    place = tmp_path / "new" / "buuta.db"
    assert restore(Database(place), file, now=LATER) is None
    again = SqlStore(Database(place))
    try:
        again.ready()
        assert names(again) == ["A"]
    finally:
        again.close()


def test_a_missing_program_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr("shutil.which", lambda _: None)
    with pytest.raises(StoreError) as raised:
        backup(Database("postgresql://u@127.0.0.1:1/x"), tmp_path / "x.bak")
    assert (raised.value.key, raised.value.facts["tool"]) == ("tool", "pg_dump")


def test_names_go_when_an_order_is_finished_long_enough(store: SqlStore) -> None:
    desk, clock = office(store)
    with_plan(desk, clock)
    desk.publish(DAY, 1, by="lan")
    desk.record_events(
        DAY,
        [
            told("e1", "HS-0001", "stop_done", recipient="Chị Huệ", proof="anh-1.jpg"),
            told("e2", "EMS-0003", "stop_failed", reason="absent", note="gọi 0912 không được"),
        ],
        by="BT-01",
    )
    desk.close_day(DAY, by="lan")
    clock.advance(29 * 86_400)
    assert desk.retain(days=30, by="quản trị").orders == 0
    clock.advance(2 * 86_400)
    done = desk.retain(days=30, by="quản trị")
    assert (done.orders, done.events) == (1, 2)
    finished = desk.order("HS-0001").order
    assert (finished.customer, finished.phone, finished.note) == ("", "", "")
    assert finished.state is OrderState.DELIVERED
    # What is still under way keeps its name: somebody must be able to call.
    assert desk.order("EMS-0003").order.customer == "Nguyễn Ngọc Ẩn"
    first, second = desk.events(DAY)
    assert first.body["recipient"] == ""
    assert first.courier == "BT-01"
    assert (second.body["note"], second.body["reason"]) == ("", "absent")
    with store.reading() as uow:
        assert uow.orders.page(OrderFilter(text="Huệ")).items == ()
        assert [one.order.id for one in uow.orders.page(OrderFilter(text="hs-0001")).items]
    # Nor do the plans or the audit trail know who it was.
    plan = desk.plan(DAY, 1).plan
    assert "Phạm Thị Huệ" not in {one.customer for one in plan.day.orders}
    assert "Huệ" not in repr(desk.audit(limit=1000))
    assert desk.retain(days=30, by="quản trị").orders == 0
