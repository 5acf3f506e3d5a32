"""What all use cases share: the store, the clock, and what a day is planned with."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from contextlib import AbstractContextManager
from datetime import date, datetime
from typing import Generic, Protocol, TypeVar

from dispatch import learning
from dispatch.clock import Clock
from dispatch.errors import ConflictError, RefusedError, UnknownError
from dispatch.geocoding import Territory
from dispatch.model import Day, Order
from dispatch.records import DayStatus, StoredDay, StoredOrder
from dispatch.repository import Store, UnitOfWork
from dispatch.settings import Settings
from dispatch.workdays import vietnam
from geo.geocode import Geocoder
from geo.travel import TravelProvider

T = TypeVar("T")

_MOST_KEPT = 12
"""Plan versions and looks at running days that stay in memory; the travel is shared by them."""


class Kept(Generic[T]):
    """The last few things that were worked on, by key; many who ask at once wait for one."""

    def __init__(self, most: int) -> None:
        self._most = most
        self._held: OrderedDict[Hashable, T] = OrderedDict()
        self._making: dict[Hashable, threading.Lock] = {}
        self._lock = threading.Lock()

    def get(self, key: Hashable, make: Callable[[], T]) -> T:
        """Return what is kept under a key, made if need be."""
        with self._lock:
            if key in self._held:
                self._held.move_to_end(key)
                return self._held[key]
            making = self._making.setdefault(key, threading.Lock())
        with making:
            with self._lock:
                if key in self._held:
                    return self._held[key]
            made = make()
            self.put(key, made)
        return made

    def put(self, key: Hashable, thing: T) -> None:
        """Keep a thing, and let go of the one that was not asked for the longest."""
        with self._lock:
            self._making.pop(key, None)
            self._held[key] = thing
            while len(self._held) > self._most:
                self._held.popitem(last=False)


class Means(Protocol):
    """What a day is planned with, apart from its data; `dispatch.bootstrap.Providers` is one."""

    @property
    def geocoder(self) -> Geocoder:
        """Who finds addresses."""
        ...

    @property
    def travel(self) -> TravelProvider:
        """Who measures travel."""
        ...

    @property
    def territory(self) -> Territory:
        """The province."""
        ...

    @property
    def said(self) -> Callable[[], str]:
        """Tells how travel was measured."""
        ...


def ordinary_settings(day: date) -> Settings:
    """Return the settings of a day with Vietnam's calendar."""
    return Settings(calendar=vietnam(day))


class Desk:
    """
    The store, the clock and the means behind every use case.

    Parameters
    ----------
    means
        From a day to what it is planned with; asked once for each use.

    Attributes
    ----------
    on_publish
        Called when a plan was published here, for those who keep what is published.
    """

    def __init__(
        self,
        *,
        store: Store,
        clock: Clock,
        means: Callable[[date], Means],
        settings: Callable[[date], Settings] = ordinary_settings,
    ) -> None:
        self.store = store
        self.clock = clock
        self.means = means
        self.settings = settings
        self.kept: Kept[object] = Kept(_MOST_KEPT)
        self.on_publish: Callable[[], None] = lambda: None

    @property
    def now(self) -> datetime:
        """The office's time."""
        return self.clock.now()

    def _writing(self, by: str) -> AbstractContextManager[UnitOfWork]:
        if not by.strip():
            raise RefusedError("no_name")
        return self.store.writing(by=by, at=self.now)


def order_of(uow: UnitOfWork, key: str) -> StoredOrder:
    """
    Return an order.

    Raises
    ------
    UnknownError
        There is none of that id.
    """
    found = uow.orders.get(key)
    if found is None:
        raise UnknownError("unknown", what="order", id=key)
    return found


def day_of(uow: UnitOfWork, day: date) -> StoredDay:
    """
    Return a day.

    Raises
    ------
    UnknownError
        Nothing has been stored for it.
    """
    found = uow.days.get(day)
    if found is None:
        raise UnknownError("unknown", what="day", id=day.isoformat())
    return found


def open_day(uow: UnitOfWork, day: date) -> StoredDay:
    """
    Return a day, made if need be, that nobody else writes to until the unit ends.

    Raises
    ------
    RefusedError
        It is closed.
    """
    found = uow.days.lock(day)
    if found.status is DayStatus.CLOSED:
        raise RefusedError("day_closed", day=f"{day:%d/%m/%Y}", next=_next(uow, day))
    return found


def _next(uow: UnitOfWork, day: date) -> str:
    for entry in uow.audit.page(subject="day", key=day.isoformat(), limit=20):
        if entry.action == "day.closed":
            return f"{date.fromisoformat(entry.facts['next']):%d/%m/%Y}"
    return "?"


def require_version(stored: StoredOrder, read: int | None) -> None:
    """
    Refuse a change of what has moved on since it was read; None does not ask.

    Raises
    ------
    ConflictError
        Somebody changed the order meanwhile.
    """
    stamp = stored.stamp
    if read is not None and read != stamp.version:
        raise ConflictError(
            "changed",
            what="order",
            id=stored.order.id,
            by=stamp.by,
            at=f"{stamp.at:%H:%M:%S %d/%m/%Y}",
            read=read,
            found=stamp.version,
        )


def with_places(uow: UnitOfWork, orders: list[Order]) -> list[Order]:
    """Return the orders with the points that the office has learned of their addresses."""
    places = uow.places.get(learning.keys(orders))
    return [learning.with_learned(order, places) for order in orders] if places else orders


def day_input(uow: UnitOfWork, day: date) -> tuple[Day, frozenset[str]]:
    """Return a day's orders and who is there, with the ids of the offices that are closed."""
    stored = day_of(uow, day)
    couriers = [
        one for one in uow.days.couriers() if one.active and one.courier.id not in stored.absent
    ]
    return (
        Day(
            date=day,
            orders=tuple(with_places(uow, [one.order for one in uow.orders.of_day(day)])),
            couriers=tuple(one.courier for one in couriers if not one.truck),
            offices=tuple(one.office for one in uow.days.offices()),
            trucks=tuple(one.courier for one in couriers if one.truck),
        ),
        frozenset(stored.closed_offices),
    )
