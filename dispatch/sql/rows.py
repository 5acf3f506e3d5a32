"""Records to rows and back, and the one way in which a row is written over."""

from __future__ import annotations

import types
import typing
from collections.abc import Hashable, Mapping, Sequence
from dataclasses import fields, replace
from datetime import datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast

from sqlalchemy import ColumnElement, Connection, RowMapping, Table, and_, select, update
from sqlalchemy.dialects import postgresql, sqlite

from dispatch.errors import ConflictError
from dispatch.records import Stamp
from geo.types import LatLon

T = TypeVar("T")

Row = RowMapping | Mapping[str, Any]


@cache
def _hints(kind: Hashable) -> Mapping[str, Any]:
    return typing.get_type_hints(kind)


@cache
def _enum(kind: Hashable, name: str) -> type[Enum] | None:
    hint = _hints(kind)[name]
    if isinstance(hint, types.UnionType):
        hint = next(one for one in typing.get_args(hint) if one is not type(None))
    return hint if isinstance(hint, type) and issubclass(hint, Enum) else None


def to_row(record: Any) -> dict[str, Any]:
    """Return a flat record's columns; its point is two of them, its stamp three."""
    row: dict[str, Any] = {}
    for field in fields(record):
        value = getattr(record, field.name)
        if field.name == "stamp":
            row |= {"version": value.version, "changed_by": value.by, "changed_at": value.at}
        elif isinstance(value, LatLon):
            row |= {"lat": value.lat, "lon": value.lon}
        elif isinstance(value, Enum):
            row[field.name] = value.value
        elif isinstance(value, tuple):
            row[field.name] = list(value)
        elif isinstance(value, Mapping):
            row[field.name] = dict(value)
        else:
            row[field.name] = value
    return row


def from_row(kind: type[T], row: Row) -> T:
    """Return the record that `to_row` made the row of."""
    values: dict[str, Any] = {}
    for field in fields(kind):  # type: ignore[arg-type]
        if field.name == "stamp":
            values["stamp"] = stamp_of(row)
        elif field.name == "point":
            values["point"] = LatLon(lat=row["lat"], lon=row["lon"])
        else:
            value = row[field.name]
            enum = _enum(cast("Hashable", kind), field.name)
            if enum is not None and value is not None:
                value = enum(value)
            elif isinstance(value, list):
                value = tuple(value)
            values[field.name] = value
    return kind(**values)


def stamp_of(row: Row) -> Stamp:
    """Return the stamp of a row that has one."""
    return Stamp(version=row["version"], by=row["changed_by"], at=row["changed_at"])


def insert(connection: Connection, table: Table) -> postgresql.Insert | sqlite.Insert:
    """Return the store's own INSERT, which knows ON CONFLICT."""
    if connection.dialect.name == "postgresql":
        return postgresql.insert(table)
    return sqlite.insert(table)


def upsert(
    connection: Connection, table: Table, row: Mapping[str, Any], keys: Sequence[str]
) -> None:
    """Insert a row, or write it over the one with the same keys."""
    statement = insert(connection, table).values(**row)
    changed = {name: statement.excluded[name] for name in row if name not in keys}
    connection.execute(statement.on_conflict_do_update(index_elements=list(keys), set_=changed))


def insert_new(
    connection: Connection, table: Table, row: Mapping[str, Any], keys: Sequence[str]
) -> bool:
    """Insert a row; False, and nothing done, where there is one with the same keys."""
    statement = insert(connection, table).values(**row)
    # Told by RETURNING: drivers do not agree on the row count of an INSERT.
    told = statement.on_conflict_do_nothing(index_elements=list(keys)).returning(table.c[keys[0]])
    return connection.execute(told).first() is not None


class Writer:
    """Writes rows that people change, each over the version that was read."""

    def __init__(self, connection: Connection, *, by: str, at: datetime) -> None:
        self.connection = connection
        self.by = by
        self.at = at

    def named(self, by: str) -> Writer:
        """Return a writer in the same transaction for somebody else."""
        return Writer(self.connection, by=by, at=self.at)

    def next(self, stamp: Stamp) -> Stamp:
        """Return the stamp that a row has after this change."""
        return Stamp(version=stamp.version + 1, by=self.by, at=self.at)

    def put(self, table: Table, record: T, *, key: str, what: str) -> T:
        """
        Store a record with a stamp, and return it with its new one.

        Raises
        ------
        ConflictError
            The row is not there any more as it was read, or, for a new one, it is there already.
        """
        before: Stamp = record.stamp  # type: ignore[attr-defined]
        after: T = replace(record, stamp=self.next(before))  # type: ignore[type-var]
        row = to_row(after)
        if before.version == 0:
            written = insert_new(self.connection, table, row, [key])
        else:
            done = self.connection.execute(
                update(table)
                .where(table.c[key] == row[key], table.c.version == before.version)
                .values(**row)
            )
            written = done.rowcount == 1
        if not written:
            self.conflict(table, table.c[key] == row[key], what, str(row[key]), before.version)
        return after

    def conflict(
        self, table: Table, where: ColumnElement[bool], what: str, key: str, read: int
    ) -> None:
        """Raise the ConflictError that names who changed what when."""
        row = self.connection.execute(select(table).where(and_(where))).mappings().one_or_none()
        if row is None:
            raise ConflictError("gone", what=what, id=key)
        stamp = stamp_of(row)
        raise ConflictError(
            "exists" if read == 0 else "changed",
            what=what,
            id=key,
            by=stamp.by,
            at=f"{stamp.at:%H:%M:%S %d/%m/%Y}",
            read=read,
            found=stamp.version,
        )
