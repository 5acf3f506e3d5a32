"""`buuta replan`: a written day, what happened since, and the new plan in a folder."""

from __future__ import annotations

import csv
import json
from pathlib import Path
from typing import Any

import pytest

from tests.api.command_line import CommandLine, plan_arguments, write_day
from tests.api.days import VIET_TRI, courier, office, order


@pytest.fixture
def planned(tmp_path: Path, buuta: CommandLine) -> Path:
    """Return the folder of a planned day: ten deliveries, two couriers."""
    day = write_day(
        tmp_path / "day",
        [order(f"D{k}", k) for k in range(1, 11)],
        [courier("vt1"), courier("vt2")],
        [office()],
    )
    ended = buuta(*plan_arguments(day, tmp_path / "plan", "--quiet"))
    assert ended.code == 0
    return tmp_path / "plan"


def _stops(folder: Path) -> list[tuple[str, dict[str, Any]]]:
    plan = json.loads((folder / "plan.json").read_text(encoding="utf-8"))["plan"]
    return [(route["vehicle"], stop) for route in plan["routes"] for stop in route["stops"]]


def _clock(seconds: int) -> str:
    return f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}:{seconds % 60:02d}"


def _events(folder: Path, *rows: dict[str, Any]) -> Path:
    base = {"day": "2026-11-24", "by": "dp", "at": "07:00"}
    held = {
        "format": "buuta-events",
        "version": 1,
        "events": [{"id": f"e{k}", **base, **row} for k, row in enumerate(rows)],
    }
    path = folder / "events.json"
    path.write_text(json.dumps(held), encoding="utf-8")
    return path


def _replan(
    buuta: CommandLine, folder: Path, events: Path, now: str, out: Path, *more: object
) -> Any:
    return buuta(
        "replan", folder, "--events", events, "--now", now, "--out", out, "--seconds", 1, *more
    )


URGENT = {
    "kind": "order_added",
    "order": "GAP",
    "does": "collection",
    "office": "BC227",
    "point": [VIET_TRI.lat + 0.0025, VIET_TRI.lon],
    "grams": 300,
}


def test_an_urgent_collection_is_inserted_written_and_judged_clean(
    planned: Path, buuta: CommandLine, tmp_path: Path
) -> None:
    events = _events(tmp_path, URGENT)
    out = tmp_path / "new"
    ended = _replan(buuta, planned, events, "07:25", out, "--json")
    assert ended.code == 0, ended.err
    assert ended.json["action"] == "insert"
    assert [each["order"] for each in ended.json["changes"]] == ["GAP"]
    with (out / "changes.csv").open(encoding="utf-8-sig", newline="") as held:
        (row,) = csv.DictReader(held)
    assert (row["Đơn"], row["Thay đổi"]) == ("GAP", "thêm mới")
    judged = buuta("check", out / "problem.json", out / "plan.json", "--json")
    assert judged.code == 0
    cost = ended.json["cost"]
    assert judged.json["total"] == cost["rest_after"]
    assert cost["day_after"] == cost["spent"] + cost["rest_after"]


def test_a_replanned_day_can_be_replanned_again(
    planned: Path, buuta: CommandLine, tmp_path: Path
) -> None:
    first = tmp_path / "first"
    events = _events(tmp_path, URGENT)
    assert _replan(buuta, planned, events, "07:25", first).code == 0
    numbers = json.loads((first / "replan.json").read_text(encoding="utf-8"))["numbers"]
    # What was planned to be over by now is reported done; the collection is known by now.
    over = [
        {
            "kind": "stop_done",
            "order": stop["id"],
            "courier": vehicle,
            "at": _clock(stop["departure"]),
            "by": vehicle,
        }
        for vehicle, stop in [*_stops(planned), *_stops(first)]
        if stop["kind"] == "job" and ":" not in stop["id"] and stop["departure"] < 7 * 3600 + 2400
    ]
    over = list({each["order"]: each for each in over}.values())
    events = _events(tmp_path, URGENT, *over)
    ended = _replan(buuta, first, events, "07:40", tmp_path / "second", "--json")
    assert ended.code == 0, ended.err
    assert ended.json["action"] == "leave"
    assert ended.json["changes"] == []
    assert [each["code"] for each in ended.json["findings"]] == []
    for vehicle, given in ended.json["numbers"].items():
        assert numbers[vehicle].items() <= given.items()


def test_an_absent_courier_s_work_goes_to_the_other_in_words(
    planned: Path, buuta: CommandLine, tmp_path: Path
) -> None:
    busy = _stops(planned)[0][0]
    events = _events(tmp_path, {"kind": "courier_absent", "courier": busy, "at": "06:45"})
    ended = _replan(buuta, planned, events, "06:50", tmp_path / "new")
    assert ended.code == 0, ended.err
    assert f"bưu tá nghỉ: {busy}" in ended.out
    assert "chuyển bưu tá" in ended.out
    english = _replan(buuta, planned, events, "06:50", tmp_path / "new", "--lang", "en")
    assert f"couriers away: {busy}" in english.out


def test_odd_events_are_told_in_words(planned: Path, buuta: CommandLine, tmp_path: Path) -> None:
    gone = {"kind": "order_cancelled", "order": "NOPE"}
    events = _events(tmp_path, gone)
    ended = _replan(buuta, planned, events, "07:10", tmp_path / "new", "--lang", "en")
    assert ended.code == 0
    assert "the day has no order NOPE" in ended.out
    assert "Leave the plan as it is" in ended.out


def test_all_faults_of_the_events_are_told_at_once_and_nothing_is_written(
    planned: Path, buuta: CommandLine, tmp_path: Path
) -> None:
    events = _events(
        tmp_path,
        {"kind": "stop_dnoe"},
        {"kind": "stop_done", "order": "D1", "courier": "vt1", "at": "25h", "cash": -5},
    )
    out = tmp_path / "new"
    ended = _replan(buuta, planned, events, "07:10", out)
    assert ended.code == 2
    for said in ("dòng 1, kind", "dòng 2, at", "dòng 2, cash", "stop_dnoe", "09:42"):
        assert said in ended.err
    assert not out.exists()


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({"--now": "half past ten"}, "10:30"),
        ({"--events": "nowhere.json"}, "nowhere.json"),
        ({"folder": "nowhere"}, "nowhere"),
        ({"--action": "panic"}, "panic"),
    ],
)
def test_bad_input_is_told_in_words(
    planned: Path, buuta: CommandLine, tmp_path: Path, change: dict[str, str], said: str
) -> None:
    given = {"--events": _events(tmp_path, URGENT), "--now": "07:10", "--out": tmp_path / "new"}
    folder = change.pop("folder", planned)
    arguments = [part for pair in {**given, **change}.items() for part in pair]
    ended = buuta("replan", folder, *arguments)
    assert ended.code == 2
    assert said in ended.err


def test_a_file_without_events_and_a_spoiled_folder_are_told(
    planned: Path, buuta: CommandLine, tmp_path: Path
) -> None:
    ended = _replan(buuta, planned, _events(tmp_path), "07:10", tmp_path / "new")
    assert (ended.code, "không có sự kiện" in ended.err) == (2, True)
    (planned / "replan.json").write_text('{"format": "x"}', encoding="utf-8")
    ended = _replan(buuta, planned, _events(tmp_path, URGENT), "07:10", tmp_path / "new")
    assert (ended.code, "replan.json" in ended.err) == (2, True)
