"""
Plans as people read them, kept for a while: versions never change, and hundreds ask.

Which version is published is asked of the store once a second at most, and at once after this
process has published one; phones that ask again and again cost the store nothing.
"""

from __future__ import annotations

import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date

from api.sheets import RouteOut
from dispatch.messages import Language
from dispatch.records import PlanVersion
from dispatch.views import CourierSheet, courier_sheets

_PUBLISHED_SECONDS = 1.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Readable:
    """
    A plan version with its sheets by courier.

    Parameters
    ----------
    orders
        By order, who has it.
    """

    version: PlanVersion
    sheets: Mapping[str, CourierSheet]
    orders: Mapping[str, frozenset[str]]
    _routes: dict[str, bytes] = field(default_factory=dict)

    def route(self, courier: str) -> bytes | None:
        """Return a courier's sheet as JSON, None where there is none."""
        sheet = self.sheets.get(courier)
        if sheet is None:
            return None
        made = self._routes.get(courier)
        if made is None:
            made = self._routes[courier] = RouteOut.of(sheet).model_dump_json().encode()
        return made


class PlanCache:
    """
    The plan versions that were asked for last.

    Parameters
    ----------
    load
        Returns a version from the store.
    published
        Returns the number of the version that a day runs by, 0 where there is none.
    clock
        Seconds on a clock that never goes back.
    most
        How many are kept.
    """

    def __init__(
        self,
        load: Callable[[date, int], PlanVersion],
        *,
        published: Callable[[date], int],
        clock: Callable[[], float] = time.monotonic,
        most: int = 6,
    ) -> None:
        self._load = load
        self._ask = published
        self._clock = clock
        self._published: dict[date, tuple[int, float]] = {}
        self._most = most
        self._lock = threading.Lock()
        self._loading: dict[tuple[date, int, Language], threading.Lock] = {}
        self._kept: OrderedDict[tuple[date, int, Language], Readable] = OrderedDict()

    def known(self, day: date) -> int | None:
        """Return the version that a day runs by; None where it must be asked, by `published`."""
        found = self._published.get(day)
        fresh = found is not None and self._clock() - found[1] < _PUBLISHED_SECONDS
        return found[0] if found is not None and fresh else None

    def published(self, day: date) -> int:
        """Return the version that a day runs by, 0 where none is published."""
        found = self.known(day)
        if found is None:
            asked = self._clock()
            found = self._ask(day)
            self._published = {
                **{key: kept for key, kept in self._published.items() if asked - kept[1] < 60},
                day: (found, asked),
            }
        return found

    def forget(self) -> None:
        """Ask again which versions are published: one was, just now."""
        self._published = {}

    def at_hand(self, day: date, version: int, lang: Language) -> Readable | None:
        """Return a version that is kept, without waiting; None where it must be loaded."""
        with self._lock:
            return self._kept.get((day, version, lang))

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
                who: dict[str, set[str]] = {}
                for sheet in sheets:
                    for row in sheet.rows:
                        who.setdefault(row.order, set()).add(sheet.courier)
                found = Readable(
                    version=loaded,
                    sheets={sheet.courier: sheet for sheet in sheets},
                    orders={name: frozenset(couriers) for name, couriers in who.items()},
                )
        with self._lock:
            self._loading.pop(key, None)
            self._kept[key] = found
            while len(self._kept) > self._most:
                self._kept.popitem(last=False)
        return found
