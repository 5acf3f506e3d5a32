"""`buuta simulate` as people run it: stopped, asked for too much, and told how long it takes."""

from __future__ import annotations

import csv
import io
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

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
