"""Trucks from the command line: the folder judged again, and every bad case said in words."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from api.cli_errors import ExitCode
from dispatch.importing import write_fleet
from dispatch.model import Address, Courier, Office, OrderKind, OrderState, Service, VehicleKind
from geo.types import LatLon
from solver.model import TimeWindow
from tests.api.command_line import CommandLine, plan_arguments, write_day
from tests.api.days import courier, office, order
from tests.dispatch.days import DAYTIME, TUESDAY, H

HUB = Office(id="KTC1", name="Trung tâm", point=LatLon(lat=21.31, lon=105.39), level=1)


HEAVY: dict[str, Any] = {"due": TUESDAY, "grams": 90_000}


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
    # A dossier is a courier's: a driver who passes may not do it.
    orders = [order("x", due=TUESDAY, service=Service.DOSSIER), order("safe", 2, **HEAVY)]
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
    dossier = order("x", due=TUESDAY, service=Service.DOSSIER)
    day = written(tmp_path / "day", [late], [dossier])
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


# ---- cheaper by truck, holidays, the evening ----------------------------------------------------


def test_an_order_that_a_passing_truck_does_cheaper_counts_as_planned(
    buuta: CommandLine, tmp_path: Path
) -> None:
    # Half way from the hub to the office: the truck need not go on, and no courier ride there.
    half = Address(text="số 3", point=LatLon(lat=21.316, lon=105.396))
    day = written(tmp_path / "day", [truck()], [order("x", due=TUESDAY, address=half)])
    ended = planned(buuta, day, tmp_path / "out")
    assert ended.code == ExitCode.DONE
    assert ended.json["done_by_trucks"] == ["x"]
    assert ended.json["left_out"] == []
    assert buuta("check", tmp_path / "out").code == ExitCode.DONE


def test_days_off_and_days_worked_on_are_read_from_a_table(
    buuta: CommandLine, tmp_path: Path
) -> None:
    # Accepted on Thursday: J+1 of express is Friday, or Monday where Friday is off, or Tuesday
    # where Saturday is worked on and Friday, Saturday and Monday are off.
    held: dict[str, Any] = {"state": OrderState.HELD, "attempts": 3, "service": Service.EMS}
    asked = order("x", accepted=TUESDAY.replace(day=19), **held)
    day = written(tmp_path / "day", [truck()], [asked])

    def due(table: str, *more: str) -> str:
        (day / "holidays.csv").write_text(table, encoding="utf-8")
        out = tmp_path / "out"
        ended = planned(buuta, day, out, "--holidays", day / "holidays.csv", *more)
        assert ended.code == ExitCode.NOTHING_PLANNED
        text = (out / "carried_over.csv").read_text(encoding="utf-8-sig")
        (line,) = csv.DictReader(io.StringIO(text))
        return line["Hạn phát"]

    assert due("Ngày,Làm việc\n21/11/2026,có\n") == "20/11/2026"
    assert due("Ngày,Làm việc\n20/11/2026,không\n") == "23/11/2026"
    assert due("Ngày,Làm việc\n20/11/2026,\n21/11/2026,có\n") == "21/11/2026"
    assert due("Ngày\n20/11/2026\n", "--working-days", "2026-11-22") == "22/11/2026"


def test_a_wrong_day_off_is_said_and_the_rest_counts(buuta: CommandLine, tmp_path: Path) -> None:
    day = written(tmp_path / "day", [truck()], [order("x", due=TUESDAY)])
    table = "Ngày,Làm việc\n31/02/2026,không\n20/11/2026,\n20/11/2026,có\n"
    (day / "holidays.csv").write_text(table, encoding="utf-8")
    ended = planned(buuta, day, tmp_path / "out", "--holidays", day / "holidays.csv")
    assert ended.code == ExitCode.DONE
    wrong = {one["row"]: one["field"] for one in ended.json["rejected"]}
    assert wrong == {2: "Ngày", 4: "Ngày"}
    text = (tmp_path / "out" / "rejected_holidays.csv").read_text(encoding="utf-8-sig")
    assert len(text.splitlines()) == 3


def test_a_working_day_that_is_no_date_is_refused(buuta: CommandLine, tmp_path: Path) -> None:
    day = written(tmp_path / "day", [truck()], [order("x")])
    ended = planned(buuta, day, tmp_path / "out", "--working-days", "2026-13-01")
    assert ended.code == ExitCode.UNUSABLE_INPUT
    assert "2026-13-01" in ended.err


@pytest.mark.parametrize(
    ("switch", "held", "said"),
    [("must", 0, "Trucks and couriers fit"), ("may", 4, "costs more than waiting (4 collected")],
)
def test_evening_mail_must_go_or_may_stay_and_the_screen_says_which(
    buuta: CommandLine, tmp_path: Path, switch: str, held: int, said: str
) -> None:
    bag = order("bag", kind=OrderKind.COLLECTION, state=OrderState.COLLECTED, items=4)
    dear = replace(truck(), cost_per_day=90_000)
    day = written(tmp_path / "day", [dear], [bag])
    arguments = plan_arguments(day, tmp_path / "out", "--trucks", day / "trucks.csv")
    ended = buuta(*arguments, "--lang", "en", "--evening-mail", switch)
    assert said in " ".join(ended.out.split())
    facts = json.loads((tmp_path / "out" / "summary.json").read_text(encoding="utf-8"))
    assert sum(row["held_items"] for row in facts["hand_overs"]) == held
    reasons = [one["reason"] for one in facts["held_at_offices"]]
    assert reasons == (["dearer_than_waiting"] if held else [])
