from __future__ import annotations

import json
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dispatch.outputs import file_name, file_names, write_outputs
from tests.dispatch.day_plans import tiny_day_plan


def test_a_day_leaves_its_files_and_names_every_one_that_it_wrote(tmp_path: Path) -> None:
    told: list[tuple[str, int, int]] = []
    written = write_outputs(
        tiny_day_plan(), tmp_path / "out", progress=lambda *step: told.append(step)
    )
    found = {path for path in (tmp_path / "out").rglob("*") if path.is_file()}
    assert found == set(written)
    assert {path.name for path in written} >= {
        "stops.csv",
        "left_out.csv",
        "summary.json",
        "routes.geojson",
        "map.html",
        "BT-01.gpx",
        "BT-01.pdf",
    }
    assert len(written) == 5 + 2 + 2
    assert told[-1] == ("manifests", 2, 2)
    assert json.loads((tmp_path / "out" / "summary.json").read_text("utf-8"))["feasible"]


def test_yesterday_s_sheets_do_not_stay_among_today_s(tmp_path: Path) -> None:
    (tmp_path / "manifests").mkdir()
    (tmp_path / "manifests" / "old.pdf").write_bytes(b"%PDF")
    (tmp_path / "notes.txt").write_text("kept")
    write_outputs(tiny_day_plan(), tmp_path)
    assert not (tmp_path / "manifests" / "old.pdf").exists()
    assert (tmp_path / "notes.txt").exists()


def test_plain_ids_keep_their_names_and_others_get_a_safe_one() -> None:
    assert file_name("VT-001") == "VT-001"
    assert file_name("Đức/Việt Trì").startswith("Duc_Viet_Tri-")
    assert "/" not in file_name("../../etc/passwd")
    assert not file_name("../../etc/passwd").startswith(".")
    assert file_name("CON").startswith("courier-")


@pytest.mark.parametrize(("one", "other"), [("A/B", "A_B"), ("a", "A"), ("đ", "d"), ("", "..")])
def test_two_ids_never_share_a_file(one: str, other: str) -> None:
    names = file_names((one, other))
    assert names[one].lower() != names[other].lower()


@given(st.sets(st.text(max_size=80), max_size=8))
def test_any_ids_give_different_names_that_every_file_system_takes(ids: set[str]) -> None:
    names = file_names(sorted(ids))
    assert len({name.lower() for name in names.values()}) == len(ids)
    for name in names.values():
        assert name.isascii()
        assert 0 < len(name) <= 80
        assert not set(name) & set('/\\:*?"<>| ')
