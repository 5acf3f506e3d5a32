"""Days, offices, couriers, and learned places as rows."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date
from typing import Any

from sqlalchemy import Table, select

from dispatch.codec import decode, encode
from dispatch.model import Courier, Office
from dispatch.records import (
    LearnedPlace,
    Sighting,
    Stamp,
    StoredCourier,
    StoredDay,
    StoredOffice,
)
from dispatch.repository import PAGE, Page, chunks
from dispatch.sql.rows import Writer, from_row, insert_new, stamp_of, to_row, upsert
from dispatch.sql.tables import couriers, days, offices, places, sightings


class SqlDays:
    """`repository.Days` in SQL."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    def get(self, day: date) -> StoredDay | None:
        """Return a day that somebody has written to."""
        row = self._connection.execute(select(days).where(days.c.date == day)).mappings()
        found = row.one_or_none()
        return None if found is None else from_row(StoredDay, found)

    def lock(self, day: date) -> StoredDay:
        """Return the day, made if need be; nobody else writes to it until this unit ends."""
        first = Stamp(version=1, by=self._writer.by, at=self._writer.at)
        row = to_row(StoredDay(date=day, stamp=first))
        insert_new(self._connection, days, row, ["date"])
        wanted = select(days).where(days.c.date == day).with_for_update()
        return from_row(StoredDay, self._connection.execute(wanted).mappings().one())

    def page(self, *, after: str = "", limit: int = PAGE) -> Page[StoredDay]:
        """Return days, the latest first; `after` is the last date of the page before."""
        wanted = select(days).order_by(days.c.date.desc()).limit(limit + 1)
        if after:
            wanted = wanted.where(days.c.date < date.fromisoformat(after))
        rows = self._connection.execute(wanted).mappings().all()
        items = tuple(from_row(StoredDay, row) for row in rows[:limit])
        return Page(items=items, after=items[-1].date.isoformat() if len(rows) > limit else "")

    def put(self, stored: StoredDay) -> StoredDay:
        """Store a day over the version that was read."""
        return self._writer.put(days, stored, key="date", what="day")

    def offices(self) -> Sequence[StoredOffice]:
        """Return all offices by id."""
        rows = self._connection.execute(select(offices).order_by(offices.c.id))
        return [
            StoredOffice(office=decode(Office, row["body"]), stamp=stamp_of(row))
            for row in rows.mappings()
        ]

    def put_office(self, stored: StoredOffice) -> StoredOffice:
        """Store an office over the version that was read."""
        row = {"id": stored.office.id, "body": encode(stored.office)}
        stamp = self._put(offices, row, stored.stamp, "office")
        return StoredOffice(office=stored.office, stamp=stamp)

    def couriers(self) -> Sequence[StoredCourier]:
        """Return all couriers and trucks by id."""
        rows = self._connection.execute(select(couriers).order_by(couriers.c.id))
        return [
            StoredCourier(
                courier=decode(Courier, row["body"]),
                truck=row["truck"],
                active=row["active"],
                stamp=stamp_of(row),
            )
            for row in rows.mappings()
        ]

    def put_courier(self, stored: StoredCourier) -> StoredCourier:
        """Store a courier over the version that was read."""
        courier = stored.courier
        row = {
            "id": courier.id,
            "truck": stored.truck,
            "active": stored.active,
            "body": encode(courier),
        }
        stamp = self._put(couriers, row, stored.stamp, "courier")
        return StoredCourier(courier=courier, truck=stored.truck, active=stored.active, stamp=stamp)

    def _put(self, table: Table, row: Mapping[str, Any], before: Stamp, what: str) -> Stamp:
        stamp = self._writer.next(before)
        full = {
            **row,
            "version": stamp.version,
            "changed_by": stamp.by,
            "changed_at": stamp.at,
        }
        if before.version == 0:
            written = insert_new(self._connection, table, full, ["id"])
        else:
            where = (table.c.id == row["id"], table.c.version == before.version)
            done = self._connection.execute(table.update().where(*where).values(**full))
            written = done.rowcount == 1
        if not written:
            where_id = table.c.id == row["id"]
            self._writer.conflict(table, where_id, what, str(row["id"]), before.version)
        return stamp


class SqlPlaces:
    """`repository.Places` in SQL."""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection

    def get(self, addresses: Collection[str]) -> Mapping[str, LearnedPlace]:
        """Return what is known of addresses."""
        found: dict[str, LearnedPlace] = {}
        for batch in chunks(addresses):
            rows = self._connection.execute(select(places).where(places.c.address.in_(batch)))
            found |= {row["address"]: from_row(LearnedPlace, row) for row in rows.mappings()}
        return found

    def sightings(self, address: str) -> Sequence[Sighting]:
        """Return the evidence for an address, the oldest first."""
        wanted = select(sightings).where(sightings.c.address == address)
        rows = self._connection.execute(wanted.order_by(sightings.c.at, sightings.c.id))
        return [from_row(Sighting, row) for row in rows.mappings()]

    def page(self, *, after: str = "", limit: int = PAGE) -> Page[LearnedPlace]:
        """Return learned places by address."""
        wanted = select(places).order_by(places.c.address).limit(limit + 1)
        if after:
            wanted = wanted.where(places.c.address > after)
        rows = self._connection.execute(wanted).mappings().all()
        items = tuple(from_row(LearnedPlace, row) for row in rows[:limit])
        return Page(items=items, after=items[-1].address if len(rows) > limit else "")

    def put(self, place: LearnedPlace, evidence: Sequence[Sighting]) -> None:
        """Store where an address is, with the evidence that is new or judged anew."""
        upsert(self._connection, places, to_row(place), ["address"])
        for one in evidence:
            upsert(self._connection, sightings, to_row(one), ["id"])
