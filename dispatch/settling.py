"""
Noon and evening settlement: what a courier should hand in, against what was handed in.

What is expected follows from the courier's own events since the settlement before: cash taken at
the doors, items collected, and items that could not be delivered. In the evening what is still open
comes back too; at noon it stays on board. Nothing is presumed done that nobody told.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

from dispatch.events import (
    Event,
    Period,
    Settlement,
    StopDone,
    StopEvent,
    StopFailed,
    StopSkipped,
)
from dispatch.model import Order, OrderKind
from solver.model import Step, StopKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Expected:
    """
    What is to be handed in, by what the courier told.

    Parameters
    ----------
    delivered
        Items handed over since the settlement before; nothing of them is handed in.
    collected, returned
        Items to hand in: collected ones, and ones that were tried in vain.
    cash
        Đồng.
    """

    delivered: int = 0
    collected: int = 0
    returned: int = 0
    cash: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """One settlement: what was expected at that moment, and what was handed in."""

    courier: str
    event: Settlement
    expected: Expected

    @property
    def cash_missing(self) -> int:
        """Đồng that were taken and not handed in; negative where there was more."""
        return self.expected.cash - self.event.cash

    @property
    def items_missing(self) -> int:
        """Items that should have been handed in and were not; what was not counted is not told."""
        pairs = (
            (self.expected.collected, self.event.collected),
            (self.expected.returned, self.event.returned),
        )
        return sum(wanted - given for wanted, given in pairs if given is not None)


_Key = tuple[str, StopKind]


class _Bag:
    """What a courier carries and has taken, as the day goes on."""

    def __init__(self, orders: Mapping[str, Order], planned: Iterable[Step]) -> None:
        self.orders = orders
        self.open = {key for step in planned if self._hands_over(key := (step.id, step.kind))}
        self.done: set[_Key] = set()
        self.since: set[_Key] = set()
        self.vain: set[_Key] = set()
        self.cash = 0

    def take(self, event: Event) -> None:
        if not isinstance(event, StopEvent):
            return
        key = (event.order, event.part)
        if isinstance(event, StopDone):
            self.cash += event.cash
            if key not in self.done:
                self.done.add(key)
                self.since.add(key)
            self.open.discard(key)
            self.vain.discard(key)
        elif isinstance(event, StopFailed) or (isinstance(event, StopSkipped) and not event.again):
            if key not in self.done:
                self.vain.add(key)
        elif isinstance(event, StopSkipped):
            self.vain.discard(key)

    def settle(self, event: Settlement) -> None:
        self.cash = 0
        self.since = set()
        if event.returned is not None or event.period is Period.EVENING:
            self.open -= self.vain
            self.vain = set()
        if event.period is Period.EVENING:
            self.open = set()

    def expected(self, period: Period) -> Expected:
        back = self.vain | self.open if period is Period.EVENING else self.vain
        return Expected(
            delivered=self._items(key for key in self.since if self._hands_over(key)),
            collected=self._items(key for key in self.since if self._collects(key)),
            returned=self._items(key for key in back if self._hands_over(key)),
            cash=self.cash,
        )

    def _items(self, keys: Iterable[_Key]) -> int:
        return sum(self.orders[name].items if name in self.orders else 1 for name, _ in keys)

    def _hands_over(self, key: _Key) -> bool:
        if key[1] is not StopKind.JOB:
            return key[1] is StopKind.DELIVERY
        order = self.orders.get(key[0])
        return order is None or order.kind is not OrderKind.COLLECTION

    def _collects(self, key: _Key) -> bool:
        return key[1] is StopKind.JOB and not self._hands_over(key)


@dataclass(frozen=True, slots=True, kw_only=True)
class Accounts:
    """
    Every settlement of a day, and what each courier would have to hand in by now.

    Parameters
    ----------
    noon, evening
        By courier: at noon what is still open stays on board, in the evening it comes back.
    """

    settled: tuple[Settled, ...]
    noon: Mapping[str, Expected]
    evening: Mapping[str, Expected]


def accounts(
    events: Iterable[Event], orders: Mapping[str, Order], planned: Mapping[str, Iterable[Step]]
) -> Accounts:
    """
    Return what couriers should hand in and did.

    Parameters
    ----------
    events
        Each once, in the order in which they happened.
    orders
        The orders that they concern, by id.
    planned
        By courier, the stops of the plans that are or were in force.
    """
    bags = {courier: _Bag(orders, steps) for courier, steps in planned.items()}
    settled = []
    for event in events:
        courier = getattr(event, "courier", "")
        if not courier:
            continue
        bag = bags.setdefault(courier, _Bag(orders, ()))
        if isinstance(event, Settlement):
            settled.append(
                Settled(courier=courier, event=event, expected=bag.expected(event.period))
            )
            bag.settle(event)
        else:
            bag.take(event)
    return Accounts(
        settled=tuple(settled),
        noon={courier: bag.expected(Period.NOON) for courier, bag in bags.items()},
        evening={courier: bag.expected(Period.EVENING) for courier, bag in bags.items()},
    )
