"""The commands of the store and of the office's day, as they are typed."""

from __future__ import annotations

import signal
import sqlite3
import subprocess
import sys
from pathlib import Path

import pytest

from dispatch.clock import FixedClock
from dispatch.model import OrderState
from dispatch.office import Dispatch, Wish
from dispatch.sql import open_store
from tests.api.command_line import CommandLine
from tests.dispatch.day_plans import tiny_day
from tests.dispatch.offices import DAY, files, imported, office
from tests.dispatch.test_runs import until

ON = DAY.isoformat()


@pytest.fixture
def where(tmp_path: Path) -> str:
    return f"sqlite:///{tmp_path}/buuta.sqlite"


def desk_at(where: str) -> tuple[Dispatch, FixedClock]:
    return office(open_store(where, migrate=True))


def test_a_backup_is_put_back_and_what_was_there_is_kept(
    buuta: CommandLine, where: str, tmp_path: Path
) -> None:
    assert buuta("db", "upgrade", "--store", where, "--json").json["changed"] is True
    desk, _ = desk_at(where)
    imported(desk, tiny_day())
    count = len(tiny_day().orders)
    kept = tmp_path / "monday.bak"
    assert buuta("db", "backup", kept, "--store", where).code == 0
    with desk.store.writing(by="lan", at=desk.now) as uow:
        uow.audit.add("later", subject="s", key="k")
    desk.store.close()  # type: ignore[attr-defined]
    refused = buuta("db", "restore", kept, "--store", where)
    assert refused.code == 2
    assert "--replace" in refused.err
    told = buuta("db", "restore", kept, "--store", where, "--replace", "--json").json
    assert Path(told["kept"]).exists()
    again, _ = desk_at(where)
    with again.store.reading() as uow:
        assert len(uow.orders.of_day(DAY)) == count
        assert "later" not in {entry.action for entry in uow.audit.page()}
    no_backup = tmp_path / "letter.txt"
    no_backup.write_text("no backup", encoding="utf-8")
    wrong = buuta("db", "restore", no_backup, "--store", where, "--replace", "--lang", "en")
    assert (wrong.code, str(no_backup) in wrong.err) == (2, True)


def test_personal_data_of_what_is_over_is_blanked(buuta: CommandLine, where: str) -> None:
    desk, _ = desk_at(where)
    imported(desk, tiny_day())
    told = buuta("db", "retain", "--days", "1", "--store", where, "--json").json
    with desk.store.reading() as uow:
        orders = [one.order for one in uow.orders.of_day(DAY)]
    blanked = [one for one in orders if not one.phone and not one.customer]
    assert 0 < told["orders"] == len(blanked)
    # What is still to be collected keeps its names, however old it is.
    assert all(one.customer for one in orders if one.state is OrderState.REGISTERED)
    assert buuta("db", "retain", "--days", "0", "--store", where).code == 2


def test_a_store_that_another_holds_is_told_by_the_command(
    buuta: CommandLine, where: str, tmp_path: Path
) -> None:
    buuta("db", "upgrade", "--store", where)
    holder = sqlite3.connect(tmp_path / "buuta.sqlite", isolation_level=None)
    try:
        holder.execute("BEGIN IMMEDIATE")
        told = buuta("db", "retain", "--days", "30", "--store", where, "--lang", "en")
    finally:
        holder.close()
    assert told.code == 2
    assert "again" in told.err
    assert buuta("db", "retain", "--days", "30", "--store", where).code == 0


def test_a_day_is_lived_by_commands_alone(buuta: CommandLine, where: str, tmp_path: Path) -> None:
    for name, data in files(tiny_day()).items():
        (tmp_path / f"{name}.csv").write_bytes(data)
    store = ("--store", where, "--by", "lan")
    told = buuta(
        "day", "import", ON, *store, "--json",
        "--offices", tmp_path / "offices.csv",
        "--fleet", tmp_path / "fleet.csv",
        "--orders", tmp_path / "orders.csv",
    ).json  # fmt: skip
    assert len(tiny_day().orders) == told["orders"]["added"]
    nothing = buuta("day", "import", ON, *store)
    assert (nothing.code, "--orders" in nothing.err) == (2, True)
    planned = buuta("day", "plan", ON, *store, "--seconds", "2", "--json")
    assert planned.code == (1 if planned.json["broken"] else 0)
    assert planned.json["version"] == 1
    if planned.json["broken"]:
        assert buuta("day", "publish", ON, 1, *store).code == 2
    published = buuta("day", "publish", ON, 1, *store, "--answers", "Lan", "--json")
    assert published.json["published"] == 1
    stands = buuta("day", "show", ON, "--store", where, "--json").json
    assert (stands["status"], stands["published"]) == ("published", 1)
    closed = buuta("day", "close", ON, *store, "--paper", "--json").json
    assert closed["finished"] + closed["carried"] == len(tiny_day().orders)
    twice = buuta("day", "close", ON, *store)
    assert (twice.code, "lan" in twice.err) == (2, True)
    assert buuta("day", "show", "yesterday", "--store", where).code == 2


def test_a_second_machine_takes_up_what_was_asked_for(where: str) -> None:
    desk, _ = desk_at(where)
    imported(desk, tiny_day())
    run = desk.request_plan(DAY, by="lan", wish=Wish(seconds=1))
    worker = subprocess.Popen(
        [sys.executable, "-m", "api.cli", "work", "--store", where, "--lang", "en"],
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        until(lambda: desk.run(run.id).state.over, most=240.0)
        worker.send_signal(signal.SIGTERM)
        _, said = worker.communicate(timeout=60)
    finally:
        worker.kill()
        worker.wait()
    assert (worker.returncode, "Traceback" in said) == (0, False)
    assert desk.run(run.id).result == 1
    assert len(desk.plans(DAY)) == 1
