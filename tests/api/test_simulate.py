"""`buuta simulate` as people run it: stopped, asked for too much, and told how long it takes."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from datetime import date, datetime
from pathlib import Path

import pytest

from api.cli_errors import Trouble
from api.cli_screen import Screen
from api.cli_simulate import past_demand
from dispatch.clock import HANOI
from dispatch.demand import draw, from_facts
from dispatch.import_writers import write_orders
from dispatch.model import Order
from dispatch.records import Stamp, StoredOrder
from dispatch.settings import PromiseRules
from dispatch.simulation import calendar_of
from dispatch.sql import open_store
from tests.api.command_line import CommandLine

START = [sys.executable, "-c", "from api.cli import main; main()"]

STUDY = """
study: {years: [1], block_days: 1, warm_up_days: 0, iterations: 2, replan_at: [], horizon_years: 2}
demand: {orders_per_day: 40}
fleet: {orders_per_courier: 200}
vehicles:
  motorbike: {price: 20000000, energy_per_km: 700}
scenarios:
  - {name: now}
  - {name: more, add: {BC240: {motorbike: 1}}}
"""


@pytest.fixture
def study(tmp_path: Path) -> Path:
    file = tmp_path / "study.yaml"
    file.write_text(STUDY, encoding="utf-8")
    return file


def test_the_first_interrupt_keeps_the_days_that_are_done_and_marks_them(
    study: Path, tmp_path: Path
) -> None:
    out = tmp_path / "out"
    asked = ["simulate", study, "--days", 400, "--yes", "--out", out, "--lang", "en"]
    process = subprocess.Popen(
        [*START, *map(str, asked)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        # The signal must reach all children, as Ctrl-C does, and not the test run.
        start_new_session=True,
    )
    assert process.stderr is not None
    heard = ""
    while " left" not in heard:  # the first line of progress: some blocks are done
        line = process.stderr.readline()
        assert line, heard
        heard += line
    os.killpg(process.pid, signal.SIGINT)
    printed, said = process.communicate(timeout=60)
    assert process.returncode == 0, heard + said
    assert "Traceback" not in said
    assert "Error" not in said
    assert "Stopping" in said
    assert "PARTIAL RESULT" in printed
    kept = json.loads((out / "study.json").read_text(encoding="utf-8"))
    assert kept["complete"] is False
    days = list(csv.DictReader(io.StringIO((out / "days.csv").read_text(encoding="utf-8"))))
    assert 3 <= len(days) < 800
    assert {row["scenario"] for row in days} == {"now", "more"}
    assert "PARTIAL RESULT" in (out / "report.html").read_text(encoding="utf-8")


def test_what_takes_hours_says_so_first_and_needs_a_word(
    study: Path, tmp_path: Path, buuta: CommandLine
) -> None:
    out = tmp_path / "out"
    done = buuta(
        "simulate", study, "--days", 1_000_000, "--workers", 1, "--out", out, "--lang", "en"
    )
    assert done.code == 2
    assert "1000000 days" in done.err
    assert "--yes" in done.err
    assert not (out / "study.json").exists()


# ---- past days ----------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def past() -> dict[date, list[Order]]:
    """Two weeks of March at three districts, new orders only, 20 orders a day or so."""
    demand = from_facts(orders_per_day=100)
    days = [date(2027, 3, day) for day in range(1, 13)]
    return {
        day: [
            one.order
            for district in ("227", "238", "240")
            for one in draw(
                demand, district, day, year=1, seed=7, name="past",
                promise=PromiseRules(), calendar=calendar_of(2027),
            )
        ]
        for day in days
        if calendar_of(2027).works(day)
    }  # fmt: skip


def quiet_screen() -> Screen:
    return Screen(lang="en", quiet=True, as_json=False)


def test_the_demand_is_fitted_on_files_of_past_days(
    past: dict[date, list[Order]], tmp_path: Path
) -> None:
    for day, orders in past.items():
        file = tmp_path / f"orders-{day.isoformat()}.csv"
        file.write_text(write_orders(orders), encoding="utf-8")
    found = past_demand(str(tmp_path), quiet_screen(), today=date(2027, 3, 15))
    count = sum(map(len, past.values()))
    # March is 0.95 of an average month, and its ten days hold each weekday twice.
    assert found.orders_per_day == pytest.approx(count / len(past) / 0.95, rel=0.02)
    assert set(found.per_day) == {"227", "238", "240"}
    assert found.origin == "past"


def test_the_demand_is_fitted_on_the_days_of_the_store(
    past: dict[date, list[Order]], tmp_path: Path
) -> None:
    where = str(tmp_path / "buuta.db")
    store = open_store(where, migrate=True)
    new = Stamp(version=0, by="", at=datetime(2027, 3, 15, 5, 0, tzinfo=HANOI))
    days = sorted(past)
    with store.writing(by="test", at=new.at) as unit:
        for place, day in enumerate(days):
            unit.days.lock(day)
            # Every tenth was not done and was carried over: it stands on the next day.
            later = days[min(place + 1, len(days) - 1)]
            unit.orders.put_all(
                [
                    StoredOrder(order=one, day=later if number % 10 == 0 else day, stamp=new)
                    for number, one in enumerate(past[day])
                ]
            )
    store.close()
    found = past_demand(where, quiet_screen(), today=date(2027, 3, 15))
    count = sum(map(len, past.values()))
    assert found.orders_per_day == pytest.approx(count / len(past) / 0.95, rel=0.02)
    # Those that were carried over count on the day on which they came.
    first = {order.id for order in past[days[0]]}
    assert first <= {order.id for orders in found.past.values() for order in orders}
    before = past_demand(where, quiet_screen(), today=days[6])
    assert sum(map(len, before.past.values())) == sum(len(past[day]) for day in days[:6])


def test_too_few_past_days_and_no_past_days_are_told(tmp_path: Path) -> None:
    with pytest.raises(Trouble, match="has its date in its name"):
        past_demand(str(tmp_path), quiet_screen(), today=date(2027, 3, 15))
    with pytest.raises(Trouble, match="is no store"):
        past_demand(str(tmp_path / "nothing"), quiet_screen(), today=date(2027, 3, 15))
    where = str(tmp_path / "empty.db")
    open_store(where, migrate=True).close()
    with pytest.raises(Trouble, match="only 0 past days"):
        past_demand(where, quiet_screen(), today=date(2027, 3, 15))
