"""Orders as rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date
from typing import Any

from sqlalchemy import ColumnElement, bindparam, func, insert, select, update

from dispatch.codec import decode, encode
from dispatch.errors import ConflictError
from dispatch.journey import state_of
from dispatch.model import Address, Order, OrderKind, OrderState, Service
from dispatch.records import OrderFilter, StoredOrder
from dispatch.repository import PAGE, Page, chunks
from dispatch.sql import words
from dispatch.sql.rows import Row, Writer, stamp_of
from dispatch.sql.tables import orders
from geo.text import fold
from geo.types import LatLon
from solver.model import TimeWindow


def searched(order: Order) -> str:
    """Return what a search of lists looks through."""
    return fold(f"{order.id} {order.address.text} {order.customer} {order.phone}")


def order_row(stored: StoredOrder) -> dict[str, Any]:
    """Return an order's columns; its state is always said."""
    order, address = stored.order, stored.order.address
    return {
        "id": order.id,
        "day": stored.day,
        "state": state_of(order).value,
        "kind": order.kind.value,
        "service": order.service.value,
        "office": order.office,
        "address": address.text,
        "district": address.district,
        "commune": address.commune,
        "lat": None if address.point is None else address.point.lat,
        "lon": None if address.point is None else address.point.lon,
        "quality": address.quality,
        "to_address": None if order.to_address is None else encode(order.to_address),
        "content": order.content,
        "customer": order.customer,
        "phone": order.phone,
        "grams": order.grams,
        "cubic_cm": order.cubic_cm,
        "items": order.items,
        "windows": [[span.start, span.end] for span in order.windows],
        "due": order.due,
        "attempts": order.attempts,
        "cash": order.cash,
        "note": order.note,
        "required": order.required,
        "accepted": order.accepted,
        "search": searched(order),
        "version": stored.stamp.version,
        "changed_by": stored.stamp.by,
        "changed_at": stored.stamp.at,
    }


def stored_order(row: Row) -> StoredOrder:
    """Return the order of a row."""
    point = None if row["lat"] is None else LatLon(lat=row["lat"], lon=row["lon"])
    to = row["to_address"]
    order = Order(
        id=row["id"],
        kind=OrderKind(row["kind"]),
        service=Service(row["service"]),
        address=Address(
            text=row["address"],
            district=row["district"],
            point=point,
            commune=row["commune"],
            quality=row["quality"],
        ),
        to_address=None if to is None else decode(Address, to),
        content=row["content"],
        customer=row["customer"],
        phone=row["phone"],
        grams=row["grams"],
        cubic_cm=row["cubic_cm"],
        items=row["items"],
        windows=tuple(TimeWindow(start=start, end=end) for start, end in row["windows"]),
        due=row["due"],
        attempts=row["attempts"],
        cash=row["cash"],
        note=row["note"],
        office=row["office"],
        required=row["required"],
        state=OrderState(row["state"]),
        accepted=row["accepted"],
    )
    return StoredOrder(order=order, day=row["day"], stamp=stamp_of(row))


class SqlOrders:
    """`repository.Orders` in SQL."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def get(self, key: str) -> StoredOrder | None:
        """Return one order."""
        rows = self._connection.execute(select(orders).where(orders.c.id == key)).mappings()
        row = rows.one_or_none()
        return None if row is None else stored_order(row)

    def many(self, ids: Collection[str]) -> Mapping[str, StoredOrder]:
        """Return those of the ids that there are."""
        found: dict[str, StoredOrder] = {}
        for batch in chunks(ids):
            rows = self._connection.execute(select(orders).where(orders.c.id.in_(batch)))
            found |= {row["id"]: stored_order(row) for row in rows.mappings()}
        return found

    def of_day(self, day: date) -> Sequence[StoredOrder]:
        """Return the orders of a day by id."""
        rows = self._connection.execute(
            select(orders).where(orders.c.day == day).order_by(orders.c.id)
        )
        return [stored_order(row) for row in rows.mappings()]

    def page(self, which: OrderFilter, *, after: str = "", limit: int = PAGE) -> Page[StoredOrder]:
        """Return the next orders by id."""
        ids = words.found(self._connection, fold(which.text)) if which.text else None
        if ids is not None and not ids:
            return Page(items=(), after="")
        wanted = select(orders).where(*_where(which)).order_by(orders.c.id).limit(limit + 1)
        if ids is not None:
            wanted = wanted.where(orders.c.id.in_(ids))
        if after:
            wanted = wanted.where(orders.c.id > after)
        rows = self._connection.execute(wanted).mappings().all()
        items = tuple(stored_order(row) for row in rows[:limit])
        return Page(items=items, after=items[-1].order.id if len(rows) > limit else "")

    def count(self, which: OrderFilter) -> Mapping[OrderState, int]:
        """Return how many there are in each state."""
        wanted = select(orders.c.state, func.count()).where(*_where(which))
        if which.text and which.day is None:
            by_index = words.all_with(self._connection, fold(which.text))
            wanted = wanted if by_index is None else wanted.where(by_index)
        rows = self._connection.execute(wanted.group_by(orders.c.state))
        return {OrderState(state): count for state, count in rows}

    def put(self, stored: StoredOrder) -> StoredOrder:
        """Store one order over the version that was read."""
        self.put_all([stored])
        state = state_of(stored.order)
        return replace(
            stored,
            order=replace(stored.order, state=state),
            stamp=self._writer.next(stored.stamp),
        )

    def put_all(self, stored: Sequence[StoredOrder]) -> None:
        """Store many orders, all or none."""
        fresh, known = [], []
        for one in stored:
            row = order_row(replace(one, stamp=self._writer.next(one.stamp)))
            if one.stamp.version == 0:
                fresh.append(row)
            else:
                known.append({**row, "was_id": row["id"], "was_version": one.stamp.version})
        if fresh:
            there = self.many([row["id"] for row in fresh])
            for one in there.values():
                self._writer.conflict(orders, orders.c.id == one.order.id, "order", one.order.id, 0)
            self._connection.execute(insert(orders), fresh)
        if known:
            statement = update(orders).where(
                orders.c.id == bindparam("was_id"), orders.c.version == bindparam("was_version")
            )
            names = [name for name in known[0] if not name.startswith("was_")]
            done = self._connection.execute(
                statement.values({name: bindparam(name) for name in names}), known
            )
            if done.rowcount != len(known):
                self._stale(known)

    def _stale(self, known: Sequence[Mapping[str, Any]]) -> None:
        there = self.many([row["id"] for row in known])
        for row in known:
            one = there.get(row["id"])
            # What was written just now carries our own next version; anything else was overtaken.
            if (
                one is None
                or one.stamp.version != row["was_version"] + 1
                or (one.stamp.by != self._writer.by or one.stamp.at != self._writer.at)
            ):
                where = orders.c.id == row["id"]
                self._writer.conflict(orders, where, "order", row["id"], row["was_version"])
        raise ConflictError("gone", what="order", id=known[0]["id"])

    def blank(self, *, before: date) -> int:
        """Take names, phones and notes from finished orders of earlier days; return how many."""
        over = (OrderState.DELIVERED, OrderState.RETURNED, OrderState.COLLECTED, OrderState.AT_HUB)
        rows = self._connection.execute(
            select(orders.c.id, orders.c.address).where(
                orders.c.day < before,
                orders.c.state.in_([state.value for state in over]),
                (orders.c.customer != "") | (orders.c.phone != "") | (orders.c.note != ""),
            )
        ).all()
        if rows:
            self._connection.execute(
                update(orders)
                .where(orders.c.id == bindparam("was_id"))
                .values(
                    customer="",
                    phone="",
                    note="",
                    search=bindparam("kept"),
                    version=orders.c.version + 1,
                    changed_by=self._writer.by,
                    changed_at=self._writer.at,
                ),
                [{"was_id": one, "kept": fold(f"{one} {address}")} for one, address in rows],
            )
        return len(rows)


def _where(which: OrderFilter) -> list[ColumnElement[bool]]:
    wanted: list[ColumnElement[bool]] = []
    if which.day is not None:
        wanted.append(orders.c.day == which.day)
    if which.state is not None:
        wanted.append(orders.c.state == which.state.value)
    if which.office:
        wanted.append(orders.c.office == which.office)
    if which.unplaced:
        wanted.append(orders.c.lat.is_(None))
    if which.text:
        wanted.append(orders.c.search.contains(fold(which.text), autoescape=True))
    return wanted
