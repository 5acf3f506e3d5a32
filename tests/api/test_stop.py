"""Ctrl-C: the first one keeps the best plan so far, the second one gives up."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from api.cli_stop import stop_on_interrupt
from tests.api.command_line import CommandLine, plan_arguments

START = [sys.executable, "-c", "from api.cli import main; main()"]


def started(arguments: list[object]) -> subprocess.Popen[str]:
    # A session of its own: the signal must not reach the test run, but must reach all children,
    # as it does when a person types Ctrl-C.
    return subprocess.Popen(
        [*START, *map(str, arguments)],
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    )


def interrupt(process: subprocess.Popen[str]) -> None:
    os.killpg(process.pid, signal.SIGINT)


@pytest.fixture
def day(buuta: CommandLine, tmp_path: Path) -> Path:
    folder = tmp_path / "day"
    assert buuta("sample", "--orders", 60, "--out", folder, "--quiet").code == 0
    return folder


def test_the_first_interrupt_keeps_the_plan_and_writes_everything(
    day: Path, tmp_path: Path, buuta: CommandLine
) -> None:
    out = tmp_path / "out"
    arguments = plan_arguments(day, out, "--json")
    arguments[arguments.index("--seconds") + 1] = 300
    process = started(arguments)
    time.sleep(5)
    began = time.monotonic()
    interrupt(process)
    printed, said = process.communicate(timeout=60)
    assert time.monotonic() - began < 45
    assert process.returncode == 0, said
    assert "Traceback" not in said
    assert "Đang dừng" in said
    facts = json.loads(printed)
    assert facts["stopped"]
    assert facts["total"]["planned"] > 40
    assert buuta("check", out / "problem.json", out / "plan.json").code == 0


def test_a_second_interrupt_gives_up_at_once(day: Path, tmp_path: Path) -> None:
    arguments = plan_arguments(day, tmp_path / "out")
    arguments[arguments.index("--seconds") + 1] = 300
    process = started(arguments)
    time.sleep(3)
    interrupt(process)
    time.sleep(0.2)
    interrupt(process)
    began = time.monotonic()
    _, said = process.communicate(timeout=30)
    assert time.monotonic() - began < 3
    assert process.returncode == 130
    assert "Traceback" not in said


def test_a_flag_is_raised_once_and_the_second_time_interrupts() -> None:
    told = []
    with stop_on_interrupt(lambda: told.append("stopping")) as asked:
        assert not asked()
        signal.raise_signal(signal.SIGINT)
        assert asked()
        with pytest.raises(KeyboardInterrupt):
            signal.raise_signal(signal.SIGINT)
    assert told == ["stopping"]


def test_handlers_are_put_back() -> None:
    before = signal.getsignal(signal.SIGINT)
    with stop_on_interrupt(lambda: None):
        assert signal.getsignal(signal.SIGINT) is not before
    assert signal.getsignal(signal.SIGINT) is before
