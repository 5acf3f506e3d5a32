"""Stored events and those of `dispatch.events`: the same things as a row and as a typed word."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import fields
from datetime import datetime, time, timedelta
from typing import Any

from dispatch.clock import HANOI
from dispatch.errors import RowFinding, TableError
from dispatch.event_files import event_facts, read_event
from dispatch.events import KINDS, Event, OrderAdded
from dispatch.messages import Language
from dispatch.model import Address, Order
from dispatch.records import Stamp, StoredEvent, StoredOrder
from dispatch.repository import UnitOfWork

_ROW = frozenset({"id", "day", "kind", "at", "received_at", "by", "order", "courier"})


def read(
    stored: StoredEvent, row: int = 0, *, lang: Language = "vi"
) -> tuple[Event | None, list[RowFinding]]:
    """
    Return what a stored event says, or all that is wrong with it.

    What its kind does not know is passed over: a newer phone may tell more than the office asks.
    """
    kind = next((one for one in KINDS if one.kind == stored.kind), None)
    names = frozenset() if kind is None else {field.name for field in fields(kind)}
    facts: dict[str, Any] = {
        "kind": stored.kind,
        "id": stored.id,
        "day": stored.day.isoformat(),
        "at": stored.at.astimezone(HANOI).isoformat(timespec="seconds"),
        "received_at": stored.received_at.astimezone(HANOI).isoformat(timespec="seconds"),
        "by": stored.by,
        "order": stored.order,
        "courier": stored.courier,
        **{name: value for name, value in stored.body.items() if name not in _ROW},
    }
    facts = {
        name: _point(value)
        for name, value in facts.items()
        if (name in names or name == "kind") and value not in ("", None)
    }
    return read_event(facts, file="events", row=row, lang=lang)


def require_understood(events: Sequence[StoredEvent]) -> None:
    """
    Refuse events that cannot be understood.

    Raises
    ------
    TableError
        With every finding; rows count from 1.
    """
    findings = [found for row, one in enumerate(events, start=1) for found in read(one, row)[1]]
    if findings:
        raise TableError("events", findings)


def stored_event(event: Event) -> StoredEvent:
    """Return an event as it is stored."""
    facts = event_facts(event)
    midnight = datetime.combine(event.day, time(), HANOI)
    return StoredEvent(
        id=event.id,
        day=event.day,
        kind=event.kind,
        at=midnight + timedelta(seconds=event.at),
        received_at=midnight + timedelta(seconds=event.received_at),
        by=event.by,
        order=str(facts.get("order", "")),
        courier=str(facts.get("courier", "")),
        body={name: value for name, value in facts.items() if name not in _ROW},
    )


def add_orders(uow: UnitOfWork, events: Sequence[StoredEvent]) -> None:
    """Put the orders that came in the course of the day among the others, unless they are there."""
    added = [told for one in events if isinstance(told := read(one)[0], OrderAdded)]
    known = uow.orders.many([one.order for one in added])
    fresh = {one.order: one for one in added if one.order not in known}
    uow.orders.put_all(
        [
            StoredOrder(
                order=Order(
                    id=one.order,
                    kind=one.does,
                    service=one.service,
                    address=Address(text="", point=one.point),
                    to_address=None
                    if one.to_point is None
                    else Address(text="", point=one.to_point),
                    grams=one.grams,
                    cubic_cm=one.cubic_cm,
                    windows=one.windows,
                    office=one.office,
                    required=one.required,
                    note=one.note,
                ),
                day=one.day,
                stamp=Stamp(version=0, by=uow.by, at=uow.at),
            )
            for one in fresh.values()
        ]
    )


def _point(value: Any) -> Any:
    """Return a point as the files write it: phones say {"lat": …, "lon": …}."""
    if isinstance(value, dict) and {"lat", "lon"} <= value.keys():
        return [value["lat"], value["lon"]]
    return value
