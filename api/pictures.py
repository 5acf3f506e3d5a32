"""Where days stand, kept in memory: hundreds of phones ask, and few of them have news."""

from __future__ import annotations

import threading
from datetime import date

from api.plan_cache import PlanCache
from dispatch.office import Dispatch
from dispatch.office.phones import Picture


class Pictures:
    """
    Where the last days stand, read anew only when something has happened.

    Parameters
    ----------
    most
        How many days are kept.
    """

    def __init__(self, office: Dispatch, plans: PlanCache, *, most: int = 4) -> None:
        self._office = office
        self._plans = plans
        self._most = most
        self._kept: dict[date, Picture] = {}
        self._lock = threading.Lock()
        self._reading: dict[date, threading.Lock] = {}

    def get(self, day: date) -> Picture:
        """Return where a day stands; many who ask at once wait for one reading."""
        stored, last = self._office.journal_end(day)
        with self._lock:
            reading = self._reading.setdefault(day, threading.Lock())
        with reading:
            kept = self._kept.get(day)
            if kept is None or kept.day.stamp != stored.stamp or kept.last < last:
                kept = self._office.picture(
                    day, lambda version: self._plans.get(day, version, "vi").version
                )
                with self._lock:
                    self._kept.pop(day, None)
                    self._kept[day] = kept
                    while len(self._kept) > self._most:
                        gone = next(iter(self._kept))
                        del self._kept[gone]
                        self._reading.pop(gone, None)
        return kept
