"""
The whole journey of an order: where it is, what of it is today's work, what waits for tomorrow.

    registered        told of, still with the sender
    collected         with the office that fetched it, on its way to the hub
    at_hub            sorted at the hub
    at_office         at the office that delivers it
    out               with a courier (who brings back in the evening what was not delivered)
    delivered         done
    failed            tried and brought back to the office; `attempts` counts how often
    held              tried as often as is allowed: waits at the office to be fetched
    returned          at the office, on its way back to the sender: refused, or held long enough

The way back has legs and a promise of its own: with the evening truck to the hub; from there it is
a delivery to the sender, at the hub, accepted on the day that it came there, tried anew.

An order without a state is where the plan needs it: a delivery at the hub this morning, everything
else registered.
"""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import replace
from datetime import date
from enum import StrEnum

from dispatch.model import DayPlan, Direction, Order, OrderKind, OrderState
from dispatch.settings import Settings
from solver.model import StopKind

_WAY_BACK = "Chuyển hoàn"
"""What the note of an order on its way back says: courier and sender read it."""


class Leg(StrEnum):
    """A piece of the way: by courier from the sender, by truck, by courier to the recipient."""

    COLLECTION = "collection"
    TO_HUB = "to_hub"
    TO_OFFICE = "to_office"
    DELIVERY = "delivery"


def state_of(order: Order) -> OrderState:
    """Return where an order is, as far as it says so itself."""
    if order.state is not None:
        return order.state
    return OrderState.AT_HUB if order.kind is OrderKind.DELIVERY else OrderState.REGISTERED


def legs_today(order: Order, settings: Settings) -> tuple[Leg, ...]:
    """Return the legs that can be done today, in order; none where nothing is to be done."""
    state = state_of(order)
    tried_out = order.attempts >= settings.most_attempts
    if order.for_hub:
        return (Leg.TO_HUB,)
    if order.kind is OrderKind.DELIVERY:
        if state is OrderState.AT_HUB:
            return (Leg.TO_OFFICE, Leg.DELIVERY)
        if state in (OrderState.AT_OFFICE, OrderState.OUT):
            return (Leg.DELIVERY,)
        if state is OrderState.FAILED and not tried_out:
            return (Leg.DELIVERY,)
        return ()
    if state is OrderState.REGISTERED or (state is OrderState.FAILED and not tried_out):
        last = Leg.DELIVERY if order.kind is OrderKind.TRANSFER else Leg.TO_HUB
        return (Leg.COLLECTION, last)
    return ()


def promised(order: Order, settings: Settings) -> date | None:
    """
    Return the last day of the service promise.

    The file's own date comes first; else it is counted in working days from the day the order was
    accepted, by service and zone (J+1 at the provincial centre, J+2 in outlying districts). None
    where neither is known.
    """
    if order.due is not None or order.accepted is None:
        return order.due
    rules = settings.promise
    centre, outlying = rules.days.get(order.service, rules.other_days)
    days = centre if order.address.district in rules.centre else outlying
    return settings.calendar.after(order.accepted, days)


def carry_over(
    plan: DayPlan,
    settings: Settings,
    *,
    failed: Collection[str] = (),
    refused: Collection[str] = (),
) -> tuple[Order, ...]:
    """
    Return tomorrow's orders out of today's: what was not done, with where it is by then.

    Parameters
    ----------
    plan
        The day as it was planned.
    failed
        Ids of the orders that a courier or driver tried in vain.
    refused
        Ids of those that the recipient does not want: they go back to their senders.
    """
    tried = frozenset(failed)
    unwanted = frozenset(refused)
    done = {
        stop.id
        for route in plan.result.plan.routes
        for stop in route.stops
        if stop.kind not in (StopKind.BREAK, StopKind.RELOAD)
    }
    brought: set[str] = set()
    taken: set[str] = set()
    driven: set[str] = set()
    line = plan.linehaul
    if line is not None:
        carried = {stop.id for route in line.result.plan.routes for stop in route.stops}
        kinds = {
            Direction.TO_OFFICE: brought,
            Direction.TO_HUB: taken,
            Direction.TO_CUSTOMER: driven,
            Direction.FROM_CUSTOMER: driven,
        }
        for load in line.loads:
            if load.id in carried:
                kinds[load.direction].update(load.orders)
    tomorrow: list[Order] = []
    for given in plan.day.orders:
        order = replace(given, due=promised(given, settings))
        if order.id in unwanted:
            tomorrow.append(_back(replace(order, attempts=order.attempts + 1)))
        elif order.id in tried:
            tomorrow.append(_failed(order, settings))
        elif state_of(order) is OrderState.DELIVERED or order.id in driven:
            continue
        elif state_of(order) is OrderState.RETURNED:
            tomorrow.append(_at_hub_for_sender(order, plan.day.date, taken))
        elif state_of(order) is OrderState.HELD:
            tomorrow.append(_held(order, plan.day.date, settings))
        elif order.id in done:
            if order.kind is OrderKind.COLLECTION and line is not None and order.id not in taken:
                tomorrow.append(replace(order, state=OrderState.COLLECTED))
        elif order.id in taken:
            continue
        elif order.id in brought or state_of(order) is OrderState.OUT:
            tomorrow.append(replace(order, state=OrderState.AT_OFFICE))
        else:
            tomorrow.append(replace(order, state=state_of(order)))
    return tuple(tomorrow)


def _back(order: Order) -> Order:
    """Return an order that lies at its office and goes back; held where no sender is known."""
    goes = order.sender is not None and order.kind is OrderKind.DELIVERY
    return replace(order, state=OrderState.RETURNED if goes else OrderState.HELD)


def _held(order: Order, on: date, settings: Settings) -> Order:
    """Return a held order as it is tomorrow: back to its sender when nobody came in time."""
    if order.due is None or order.due >= on:
        return order
    waited = settings.calendar.between(order.due, on)
    return _back(order) if waited >= settings.hold_days else order


def _at_hub_for_sender(order: Order, on: date, taken: Collection[str]) -> Order:
    """Return an order on its way back as it is tomorrow: a new delivery, once it is at the hub."""
    if order.id not in taken or order.sender is None:
        return order
    # Its promise is counted tomorrow, when the zone of the sender's address is known.
    return replace(
        order,
        address=order.sender,
        sender=None,
        state=OrderState.AT_HUB,
        accepted=on,
        due=None,
        attempts=0,
        cash=0,
        windows=(),
        office="",
        customer="",
        phone="",
        note="; ".join(part for part in (_WAY_BACK, order.note) if part),
    )


def _failed(order: Order, settings: Settings) -> Order:
    attempts = order.attempts + 1
    held = order.kind is OrderKind.DELIVERY and attempts >= settings.most_attempts
    return replace(order, attempts=attempts, state=OrderState.HELD if held else OrderState.FAILED)
