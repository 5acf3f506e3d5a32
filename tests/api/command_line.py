"""The command line in this process: what it prints, and how it ends."""

from __future__ import annotations

import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from api.cli import main
from dispatch.importing import write_fleet, write_offices, write_orders
from dispatch.model import Courier, Office, Order

TUESDAY = "2026-11-24"
DAY = date(2026, 11, 24)


@dataclass(frozen=True, slots=True, kw_only=True)
class Ended:
    """How a command ended; no stack trace may be in it."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        return json.loads(self.out)


class CommandLine:
    """Runs commands and captures what they print."""

    def __init__(self, monkeypatch: pytest.MonkeyPatch, capfd: pytest.CaptureFixture[str]) -> None:
        self._monkeypatch = monkeypatch
        self._capfd = capfd

    def __call__(self, *arguments: object, traces: bool = False) -> Ended:
        self._monkeypatch.setattr(sys, "argv", ["buuta", *map(str, arguments)])
        self._capfd.readouterr()
        code = 0
        try:
            main()
        except SystemExit as end:
            code = end.code if isinstance(end.code, int) else 0 if end.code is None else 1
        out, err = self._capfd.readouterr()
        if not traces:
            assert "Traceback" not in out + err, err
        return Ended(code=code, out=out, err=err)


def write_day(
    folder: Path,
    orders: Sequence[Order],
    couriers: Sequence[Courier],
    offices: Sequence[Office],
) -> Path:
    """Write the three tables of a day and return their folder."""
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "orders.csv").write_text(write_orders(orders), encoding="utf-8")
    (folder / "fleet.csv").write_text(write_fleet(couriers), encoding="utf-8")
    (folder / "offices.csv").write_text(write_offices(offices), encoding="utf-8")
    return folder


def plan_arguments(day: Path, out: Path, *more: object, on: str = TUESDAY) -> list[object]:
    """Return the arguments that plan the day in a folder, for one second."""
    return [
        "plan",
        day / "orders.csv",
        "--fleet",
        day / "fleet.csv",
        "--offices",
        day / "offices.csv",
        "--date",
        on,
        "--seconds",
        1,
        "--out",
        out,
        *more,
    ]
