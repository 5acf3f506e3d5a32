"""Trucks from the command line: the folder judged again, and every bad case said in words."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.cli_errors import ExitCode
from dispatch.importing import write_fleet
from dispatch.model import Courier, Office, OrderState, VehicleKind
from geo.types import LatLon
from solver.model import TimeWindow
from tests.api.command_line import CommandLine, plan_arguments, write_day
from tests.api.days import courier, office, order
from tests.dispatch.days import DAYTIME, TUESDAY, H

HUB = Office(id="KTC1", name="Trung tâm", point=LatLon(lat=21.31, lon=105.39), level=1)


def truck(**fields: Any) -> Courier:
    fields.setdefault("shift", TimeWindow(start=4 * H, end=21 * H))
    fields.setdefault("capacity_grams", 1_500_000)
    fields.setdefault("capacity_cubic_cm", 9_000_000)
    fields.setdefault("office", "KTC1")
    return Courier(id="XT1", name="Lái xe", vehicle=VehicleKind.TRUCK, cost_per_km=6_500, **fields)


def written(folder: Path, trucks: list[Courier], orders: list[Any], **changes: Any) -> Path:
    day = write_day(folder, orders, [courier()], [HUB, replace(office(), **changes)])
    (day / "trucks.csv").write_text(write_fleet(trucks), encoding="utf-8")
    return day


def planned(buuta: CommandLine, day: Path, out: Path, *more: object) -> Any:
    arguments = plan_arguments(day, out, "--trucks", day / "trucks.csv", "--json", *more)
    return buuta(*arguments, "--lang", "en")


def titles(facts: Any) -> dict[str, list[str]]:
    return {group["title"]: group["orders"] for group in facts["left_out"]}


@pytest.fixture
def folder(buuta: CommandLine, tmp_path: Path) -> Path:
    orders = [order("x", due=TUESDAY), order("safe", 2, due=TUESDAY, grams=90_000)]
    day = written(tmp_path / "day", [truck()], orders)
    ended = planned(buuta, day, tmp_path / "out")
    assert ended.code == ExitCode.DONE, ended.err
    assert ended.json["done_by_trucks"] == ["safe"]
    assert ended.json["left_out"] == []
    return tmp_path / "out"


def test_a_written_day_is_judged_as_a_whole(buuta: CommandLine, folder: Path) -> None:
    ended = buuta("check", folder, "--json")
    assert ended.code == ExitCode.DONE
    assert ended.json == {"feasible": True, "couriers": [], "trucks": [], "day": []}
    said = buuta("check", folder, "--lang", "en")
    assert "Trucks and couriers fit" in said.out


def test_a_written_day_that_was_spoiled_is_caught(buuta: CommandLine, folder: Path) -> None:
    facts = json.loads((folder / "day.json").read_text(encoding="utf-8"))
    facts["rules"]["sort_seconds_per_item"] = 20_000
    (folder / "day.json").write_text(json.dumps(facts), encoding="utf-8")
    ended = buuta("check", folder, "--json")
    assert ended.code == ExitCode.RULES_BROKEN
    assert {one["code"] for one in ended.json["day"]} == {"left_before_sorted"}


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("{", "is no JSON"),
        ("{}", "is no file of a day"),
        ('{"format": "buuta-day", "version": 9}', "has version 9"),
        ('{"format": "buuta-day", "version": 1}', "cannot be understood at 'rules'"),
    ],
)
def test_a_broken_day_file_is_refused_in_words(
    buuta: CommandLine, folder: Path, text: str, said: str
) -> None:
    (folder / "day.json").write_text(text, encoding="utf-8")
    ended = buuta("check", folder)
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert said in ended.err


def test_one_file_alone_cannot_be_checked(buuta: CommandLine, folder: Path) -> None:
    ended = buuta("check", folder / "problem.json", "--lang", "en")
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert "Name a problem and a plan" in ended.err


# ---- bad input ----------------------------------------------------------------------------------


def test_mail_heavier_than_the_fleet_is_said(buuta: CommandLine, tmp_path: Path) -> None:
    day = written(tmp_path / "day", [truck(capacity_grams=50)], [order("x", due=TUESDAY)])
    facts = planned(buuta, day, tmp_path / "out").json
    assert titles(facts) == {"No truck brings the mail to the office in time": ["x"]}


def test_a_truck_after_every_deadline_is_said(buuta: CommandLine, tmp_path: Path) -> None:
    late = truck(shift=TimeWindow(start=14 * H, end=21 * H))
    day = written(tmp_path / "day", [late], [order("x", due=TUESDAY)])
    facts = planned(buuta, day, tmp_path / "out").json
    assert titles(facts) == {"No truck brings the mail to the office in time": ["x"]}


def test_an_order_whose_office_is_closed_today_is_said(buuta: CommandLine, tmp_path: Path) -> None:
    no_tuesday = {weekday: hours for weekday, hours in DAYTIME.items() if weekday != 1}
    day = written(tmp_path / "day", [truck()], [order("x", due=TUESDAY)], hours=no_tuesday)
    ended = planned(buuta, day, tmp_path / "out")
    assert titles(ended.json) == {"The office in charge is closed on this day": ["x"]}
    assert ended.code == ExitCode.NOTHING_PLANNED


def test_a_due_date_in_the_past_is_planned_and_said(buuta: CommandLine, tmp_path: Path) -> None:
    day = written(tmp_path / "day", [truck()], [order("x", due=TUESDAY.replace(day=20))])
    ended = planned(buuta, day, tmp_path / "out")
    assert ended.code == ExitCode.DONE
    assert ended.json["left_out"] == []
    (note,) = [n for n in ended.json["notes"] if n["value"] == "20/11/2026"]
    assert note["what"] == "the due date has passed"
    assert note["remedy"] == "the order counts as late; correct it if mistyped"


def test_a_truck_of_an_unknown_office_is_said_and_not_planned(
    buuta: CommandLine, tmp_path: Path
) -> None:
    trucks = [truck(), replace(truck(office="VT"), id="XT2")]
    day = written(tmp_path / "day", trucks, [order("x", due=TUESDAY)])
    ended = planned(buuta, day, tmp_path / "out")
    assert ended.code == ExitCode.DONE
    notes = {note["value"]: note["what"] for note in ended.json["notes"]}
    assert notes["VT"].startswith("the truck's office is not in the list of offices")
    assert not any(sheet["courier"] == "XT2" for sheet in ended.json["couriers"])


def test_an_unknown_office_cannot_be_closed(buuta: CommandLine, tmp_path: Path) -> None:
    day = written(tmp_path / "day", [truck()], [order("x")])
    ended = planned(buuta, day, tmp_path / "out", "--closed-offices", "BC227,BC9")
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert "there is no office BC9; offices.csv has KTC1, BC227" in ended.err


def test_what_is_left_can_be_read_as_tomorrow_s_orders(buuta: CommandLine, tmp_path: Path) -> None:
    kept = order("held", due=TUESDAY, state=OrderState.HELD, attempts=3)
    day = written(tmp_path / "day", [truck()], [order("x", due=TUESDAY), kept])
    facts = planned(buuta, day, tmp_path / "out").json
    assert [group["orders"] for group in facts["left_out"]] == [["held"]]
    text = (tmp_path / "out" / "carried_over.csv").read_text(encoding="utf-8-sig")
    assert len(text.splitlines()) == 2
    assert "held" in text
