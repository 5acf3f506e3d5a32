"""What time it is, as an argument: the office's clock, or one that a test or simulator turns."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date, datetime, timedelta, timezone
from typing import Protocol

HANOI = timezone(timedelta(hours=7), "+07")
"""The office's time; Vietnam keeps no summer time."""


class Clock(Protocol):
    """Whatever can say what time it is."""

    def now(self) -> datetime:
        """Return the time with its zone."""
        ...


class SystemClock:
    """The machine's clock, read in the office's time."""

    def now(self) -> datetime:
        """Return the time with its zone."""
        return datetime.now(HANOI)


class FixedClock:
    """A clock that stands still until it is set."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def now(self) -> datetime:
        """Return the time with its zone."""
        return self._at

    def advance(self, seconds: float) -> None:
        """Move the clock on."""
        self._at += timedelta(seconds=seconds)


class ShiftedClock:
    """
    A clock that starts at another time than the machine's and runs on from there.

    Parameters
    ----------
    start
        What it says now.
    elapsed
        Seconds on a clock that never goes back.
    """

    def __init__(self, start: datetime, *, elapsed: Callable[[], float]) -> None:
        self._start = start.astimezone(HANOI)
        self._elapsed = elapsed
        self._began = elapsed()

    def now(self) -> datetime:
        """Return the time with its zone."""
        return self._start + timedelta(seconds=self._elapsed() - self._began)


def today(clock: Clock) -> date:
    """Return the office's date."""
    return clock.now().astimezone(HANOI).date()
