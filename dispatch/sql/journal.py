"""What is only ever added to: events, the audit trail, answers to requests."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import replace
from datetime import date, datetime
from typing import Any

from sqlalchemy import delete, func, select, update

from dispatch.records import Answer, AuditEntry, StoredEvent
from dispatch.repository import PAGE, chunks
from dispatch.sql.rows import Writer, from_row, insert, insert_new, to_row
from dispatch.sql.tables import answers, audit, events

PERSONAL = frozenset(
    {
        "recipient",
        "proof",
        "relation",
        "identity",
        "signature",
        "photo",
        "phone",
        "hint",
        "clerk",
        "clerk_signature",
        "name",
        "customer",
        "note",
    }
)
"""Keys of an event's body, at any depth, that tell who somebody is."""


class SqlEvents:
    """`repository.Events` in SQL."""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection

    def add(self, given: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """Store those whose ids are new, and return these with their `seq`."""
        stored = []
        for one in given:
            row = to_row(one)
            del row["seq"]
            seq = self._connection.execute(
                insert(self._connection, events)
                .values(**row)
                .on_conflict_do_nothing(index_elements=["id"])
                .returning(events.c.seq)
            ).scalar_one_or_none()
            if seq is not None:
                stored.append(replace(one, seq=seq))
        return stored

    def known(self, ids: Collection[str]) -> Mapping[str, StoredEvent]:
        """Return those of the ids that there are."""
        found: dict[str, StoredEvent] = {}
        for batch in chunks(ids):
            rows = self._connection.execute(select(events).where(events.c.id.in_(batch)))
            found |= {row["id"]: from_row(StoredEvent, row) for row in rows.mappings()}
        return found

    def of_day(
        self, day: date, *, after: int = 0, limit: int | None = None
    ) -> Sequence[StoredEvent]:
        """Return a day's events in the order in which they were stored."""
        wanted = select(events).where(events.c.day == day, events.c.seq > after)
        rows = self._connection.execute(wanted.order_by(events.c.seq).limit(limit))
        return [from_row(StoredEvent, row) for row in rows.mappings()]

    def last(self, day: date) -> int:
        """Return the `seq` of a day's last entry, 0 where there is none."""
        wanted = select(func.max(events.c.seq)).where(events.c.day == day)
        return self._connection.execute(wanted).scalar_one() or 0

    def of_order(self, order: str) -> Sequence[StoredEvent]:
        """Return what happened to an order, on all days."""
        wanted = select(events).where(events.c.order == order).order_by(events.c.seq)
        rows = self._connection.execute(wanted)
        return [from_row(StoredEvent, row) for row in rows.mappings()]

    def blank(self, *, before: date) -> int:
        """Take from the events of earlier days what tells who somebody is; return how many."""
        wanted = select(events.c.seq, events.c.body).where(events.c.day < before)
        count = 0
        for seq, body in self._connection.execute(wanted).all():
            bare = blanked(body)
            if bare != body:
                self._connection.execute(
                    update(events).where(events.c.seq == seq).values(body=bare)
                )
                count += 1
        return count


def blanked(value: Any) -> Any:
    """Return a JSON value without what tells who somebody is."""
    if isinstance(value, dict):
        return {
            key: "" if key in PERSONAL and isinstance(inner, str) else blanked(inner)
            for key, inner in value.items()
        }
    return [blanked(inner) for inner in value] if isinstance(value, list) else value


class SqlAudit:
    """`repository.Audit` in SQL."""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection
        self._writer = writer

    def add(self, action: str, *, subject: str, key: str, **facts: Any) -> None:
        """Note that whoever writes did something."""
        row = {"action": action, "subject": subject, "id": key, "facts": facts}
        stamp = {"by": self._writer.by, "at": self._writer.at}
        self._connection.execute(audit.insert().values(**row, **stamp))

    def page(
        self, *, subject: str = "", key: str = "", before: int = 0, limit: int = PAGE
    ) -> Sequence[AuditEntry]:
        """Return the newest entries first."""
        wanted = select(audit).order_by(audit.c.seq.desc()).limit(limit)
        if subject:
            wanted = wanted.where(audit.c.subject == subject)
        if key:
            wanted = wanted.where(audit.c.id == key)
        if before:
            wanted = wanted.where(audit.c.seq < before)
        rows = self._connection.execute(wanted)
        return [from_row(AuditEntry, row) for row in rows.mappings()]


class SqlAnswers:
    """`repository.Answers` in SQL."""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection

    def get(self, key: str, by: str) -> Answer | None:
        """Return what a key was answered."""
        wanted = select(answers).where(answers.c.key == key, answers.c.by == by)
        row = self._connection.execute(wanted).mappings().one_or_none()
        return None if row is None else from_row(Answer, row)

    def put(self, answer: Answer) -> bool:
        """Store an answer; False where the key has one already."""
        return insert_new(self._connection, answers, to_row(answer), ["key", "by"])

    def forget(self, *, before: datetime) -> int:
        """Remove old answers; return how many."""
        return self._connection.execute(delete(answers).where(answers.c.at < before)).rowcount
