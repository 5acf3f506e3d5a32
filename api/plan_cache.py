"""Plans as people read them, kept for a while: versions never change, and hundreds ask."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date

from dispatch.messages import Language
from dispatch.records import PlanVersion
from dispatch.views import CourierSheet, courier_sheets


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """A plan version with its sheets by courier."""

    version: PlanVersion
    sheets: Mapping[str, CourierSheet]


class PlanCache:
    """
    The plan versions that were asked for last.

    Parameters
    ----------
    load
        Returns a version from the store.
    most
        How many are kept.
    """

    def __init__(self, load: Callable[[date, int], PlanVersion], *, most: int = 6) -> None:
        self._load = load
        self._most = most
        self._lock = threading.Lock()
        self._loading: dict[tuple[date, int, Language], threading.Lock] = {}
        self._kept: OrderedDict[tuple[date, int, Language], Readable] = OrderedDict()

    def get(self, day: date, version: int, lang: Language) -> Readable:
        """Return a version; many who ask at once wait for one reading."""
        key = (day, version, lang)
        with self._lock:
            found = self._kept.get(key)
            if found is not None:
                self._kept.move_to_end(key)
                return found
            loading = self._loading.setdefault(key, threading.Lock())
        with loading:
            with self._lock:
                found = self._kept.get(key)
            if found is None:
                loaded = self._load(day, version)
                sheets = courier_sheets(loaded.plan, lang, labels=loaded.numbers)
                found = Readable(version=loaded, sheets={sheet.courier: sheet for sheet in sheets})
        with self._lock:
            self._loading.pop(key, None)
            self._kept[key] = found
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found
