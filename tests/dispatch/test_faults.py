"""What is killed, locked or full: nothing acknowledged is lost, nothing is stored twice."""

from __future__ import annotations

import random
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import datetime
from pathlib import Path

import pytest

from dispatch.errors import StoreError
from dispatch.import_writers import write_orders
from dispatch.records import OrderFilter
from dispatch.sql import SqlStore, open_store
from dispatch.sql.store import SqlUnit
from tests.dispatch import postgres
from tests.dispatch.day_plans import tiny_day
from tests.dispatch.offices import DAY, office
from tests.dispatch.test_repository import NOW, event, stored, write

# Each unit of work stores two orders, an event and a line of the audit trail, and is acknowledged
# on the output only when it is stored.
WRITER = """
import sys
from tests.dispatch.test_repository import DAY, NOW, event, stored
from dispatch.sql import open_store

store = open_store(sys.argv[1], busy_seconds=20)
life = sys.argv[2]
print("ready", flush=True)
for number in range(100_000):
    name = f"{life}-{number:06d}"
    with store.writing(by="writer", at=NOW) as uow:
        uow.days.lock(DAY)
        uow.orders.put_all([stored(name + "a"), stored(name + "b")])
        uow.events.add([event(name, order=name + "a")])
        uow.audit.add("written", subject="writer", key=name)
    print(name, flush=True)
"""


def a_life(address: str, life: int, chance: random.Random) -> list[str]:
    """Let a writer write, kill it at a random moment, and return what it acknowledged."""
    process = subprocess.Popen(
        [sys.executable, "-c", WRITER, address, str(life)], stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    time.sleep(chance.uniform(0.0, 0.15))
    process.kill()
    said, _ = process.communicate()
    # The last line may be cut off in the middle: then it was not heard.
    return [line for line in said.split("\n")[:-1] if line]


def require_whole(store: SqlStore, acknowledged: set[str]) -> None:
    with store.reading() as uow:
        orders: list[str] = []
        after = ""
        while True:
            page = uow.orders.page(OrderFilter(), after=after, limit=1000)
            orders += [one.order.id for one in page.items]
            after = page.after
            if not after:
                break
        events = [one.id for one in uow.events.of_day(DAY)]
        entries = [one.id for one in uow.audit.page(subject="writer", limit=10**6)]
    assert len(orders) == len(set(orders))
    assert len(events) == len(set(events))
    assert acknowledged <= set(events)
    # A unit is whole: both orders, the event and the audit line, or nothing of it.
    assert sorted(events) == sorted(entries)
    assert sorted(orders) == sorted(name + end for name in events for end in "ab")


@pytest.mark.parametrize(
    "lives", [5, pytest.param(100, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_a_killed_writer_loses_nothing_that_it_acknowledged(
    store: SqlStore, address: str, lives: int
) -> None:
    chance = random.Random(lives)
    acknowledged: set[str] = set()
    for life in range(lives):
        acknowledged |= set(a_life(address, life, chance))
        require_whole(store, acknowledged)
    assert acknowledged


@pytest.mark.parametrize(
    "cuts", [2, pytest.param(30, marks=[pytest.mark.slow, pytest.mark.timeout(1800)])]
)
def test_a_killed_postgresql_loses_nothing_that_it_acknowledged(
    cluster: postgres.Cluster, cuts: int
) -> None:
    address = cluster.create(f"cut{cuts}")
    store = open_store(address, migrate=True)
    chance = random.Random(cuts)
    acknowledged: set[str] = set()
    try:
        for life in range(cuts):
            process = subprocess.Popen(
                [sys.executable, "-c", WRITER, address, str(life)],
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                text=True,
            )
            assert process.stdout is not None
            assert process.stdout.readline() == "ready\n"
            time.sleep(chance.uniform(0.05, 0.3))
            cluster.stop(kill=True)
            said, _ = process.communicate()
            acknowledged |= {line for line in said.split("\n")[:-1] if line}
            with pytest.raises(StoreError) as raised, store.reading() as uow:
                uow.orders.get("A")
            assert raised.value.key == "away"
            cluster.start()
            require_whole(store, acknowledged)
    finally:
        store.close()
    assert acknowledged


def test_a_store_that_another_holds_says_so_and_recovers(
    store: SqlStore, address: str, opened: Callable[[], SqlStore]
) -> None:
    impatient = open_store(address, busy_seconds=0.3)
    write(store, stored("A"))
    try:
        with store.writing(by="lan", at=NOW) as uow:
            uow.days.lock(DAY)
            with (
                pytest.raises(StoreError) as raised,
                impatient.writing(by="hoa", at=NOW) as other,
            ):
                other.days.lock(DAY)
            # Who only reads waits for nobody.
            with impatient.reading() as other:
                assert other.orders.get("A") is not None
        assert raised.value.key == "busy"
        assert "thử lại" in raised.value.said("vi")
        with impatient.writing(by="hoa", at=NOW) as other:
            assert other.days.lock(DAY).stamp.version == 1
    finally:
        impatient.close()


def test_a_full_disk_says_so_and_recovers(tmp_path: Path) -> None:
    # SQLite is told that its disk ends here; PostgreSQL's message is the same for us.
    store = open_store(tmp_path / "buuta.db", migrate=True)
    try:
        write(store, stored("A"))

        def most(pages: int) -> None:
            with store.database.begin(writes=False) as connection:
                connection.exec_driver_sql(f"PRAGMA max_page_count = {pages}")

        most(1)  # no fewer than there are
        many = [stored(f"B{number:05d}", note="x" * 500) for number in range(2_000)]
        with pytest.raises(StoreError) as raised:
            write(store, *many)
        assert raised.value.key == "full"
        assert "dọn đĩa" in raised.value.said("vi")
        with store.reading() as uow:
            assert [one.order.id for one in uow.orders.of_day(DAY)] == ["A"]
        most(10**6)
        write(store, *many)
        with store.reading() as uow:
            assert len(uow.orders.of_day(DAY)) == 2_001
    finally:
        store.close()


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """Mount a disk that is really full when it is full; it takes root's rights."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    if subprocess.run(mount, capture_output=True, check=False).returncode != 0:
        pytest.skip("this machine lets nobody mount a disk here")
    try:
        yield folder
    finally:
        subprocess.run(["umount", str(folder)], check=True)


def test_a_disk_that_is_really_full_says_so_and_recovers(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "3m") as disk:
        store = open_store(disk / "buuta.db", migrate=True)
        try:
            write(store, stored("A"))
            many = [stored(f"B{number:05d}", note="x" * 500) for number in range(6_000)]
            for _ in range(3):
                with pytest.raises(StoreError) as raised:
                    write(store, *many)
                assert raised.value.key == "full"
                with store.reading() as uow:
                    assert [one.order.id for one in uow.orders.of_day(DAY)] == ["A"]
            subprocess.run(["mount", "-o", "remount,size=64m", str(disk)], check=True)
            write(store, *many)
            with store.reading() as uow:
                assert len(uow.orders.of_day(DAY)) == 6_001
        finally:
            store.close()


def test_a_damaged_file_says_so(tmp_path: Path) -> None:
    path = tmp_path / "buuta.db"
    path.write_bytes(b"this is no database, however long it may be" * 100)
    store = open_store(path)
    try:
        with pytest.raises(StoreError) as raised:
            store.ready()
        assert raised.value.key == "broken"
    finally:
        store.close()


class CutError(Exception):
    pass


class CuttingStore(SqlStore):
    """Falls over when everything is written and the unit is about to end."""

    @contextmanager
    def writing(self, *, by: str, at: datetime) -> Iterator[SqlUnit]:
        with super().writing(by=by, at=at) as uow:
            yield uow
            raise CutError


def test_an_import_that_is_cut_off_stores_nothing(store: SqlStore) -> None:
    cut, _ = office(CuttingStore(store.database))
    desk, _ = office(store)
    given = write_orders(tiny_day().orders).encode()
    with pytest.raises(CutError):
        cut.import_orders(given, file="orders.csv", day=DAY, by="lan")
    assert desk.orders(OrderFilter()).items == ()
    assert desk.audit() == []


def test_the_same_event_is_not_stored_twice_by_two_at_once(
    opened: Callable[[], SqlStore],
) -> None:
    stores = [opened() for _ in range(4)]
    told: list[int] = []

    def tell(one: SqlStore) -> None:
        for number in range(10):
            with one.writing(by="BT-1", at=NOW) as uow:
                uow.days.lock(DAY)
                told.append(len(uow.events.add([event(f"e{number}")])))

    threads = [threading.Thread(target=tell, args=(one,)) for one in stores]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sum(told) == 10
