"""The tables, the same in SQLite and PostgreSQL; `dispatch.sql.migrations` makes them."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Date,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    PrimaryKeyConstraint,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
)

from dispatch.clock import HANOI

_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(column_0_label)s",
        "uq": "uq_%(table_name)s_%(column_0_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Moment(TypeDecorator[datetime]):
    """A time as microseconds since 1970, the same and in the same order in every store."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Any) -> int | None:
        """Return the microseconds."""
        if value is None:
            return None
        return (value - _EPOCH) // timedelta(microseconds=1)

    def process_result_value(self, value: int | None, dialect: Any) -> datetime | None:
        """Return the time in the office's zone."""
        if value is None:
            return None
        return (_EPOCH + timedelta(microseconds=value)).astimezone(HANOI)


def _json() -> JSON:
    return JSON(none_as_null=True)


def _serial() -> Any:
    return BigInteger().with_variant(Integer(), "sqlite")


def _stamp() -> list[Column[Any]]:
    return [
        Column("version", Integer, nullable=False),
        Column("changed_by", String, nullable=False),
        Column("changed_at", Moment, nullable=False),
    ]


orders = Table(
    "orders",
    metadata,
    Column("id", String, primary_key=True),
    Column("day", Date),
    Column("state", String, nullable=False),
    Column("kind", String, nullable=False),
    Column("service", String, nullable=False),
    Column("office", String, nullable=False),
    Column("address", Text, nullable=False),
    Column("district", String, nullable=False),
    Column("commune", String, nullable=False),
    Column("lat", Float),
    Column("lon", Float),
    Column("quality", Float, nullable=False),
    Column("to_address", _json()),
    Column("content", Text, nullable=False),
    Column("customer", Text, nullable=False),
    Column("phone", String, nullable=False),
    Column("grams", Integer, nullable=False),
    Column("cubic_cm", Integer, nullable=False),
    Column("items", Integer, nullable=False),
    Column("windows", _json(), nullable=False),
    Column("due", Date),
    Column("attempts", Integer, nullable=False),
    Column("cash", BigInteger, nullable=False),
    Column("note", Text, nullable=False),
    Column("required", Boolean, nullable=False),
    Column("accepted", Date),
    Column("search", Text, nullable=False),
    *_stamp(),
    Index("ix_orders_day_id", "day", "id"),
    Index("ix_orders_day_state_id", "day", "state", "id"),
    Index("ix_orders_day_office_id", "day", "office", "id"),
    Index("ix_orders_state_id", "state", "id"),
    Index("ix_orders_office_id", "office", "id"),
)

events = Table(
    "events",
    metadata,
    Column("seq", _serial(), primary_key=True, autoincrement=True),
    Column("id", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("kind", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("order", String, nullable=False),
    Column("courier", String, nullable=False),
    Column("body", _json(), nullable=False),
    UniqueConstraint("id"),
    Index("ix_events_day_seq", "day", "seq"),
    Index("ix_events_order_seq", "order", "seq"),
    sqlite_autoincrement=True,
)

places = Table(
    "places",
    metadata,
    Column("address", Text, primary_key=True),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("seen", Integer, nullable=False),
    Column("refused", Integer, nullable=False),
    Column("spread", Integer, nullable=False),
    Column("corrected", Boolean, nullable=False),
    Column("at", Moment, nullable=False),
)

sightings = Table(
    "sightings",
    metadata,
    Column("id", String, primary_key=True),
    Column("address", Text, ForeignKey("places.address"), nullable=False),
    Column("lat", Float, nullable=False),
    Column("lon", Float, nullable=False),
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("corrected", Boolean, nullable=False),
    Column("accepted", Boolean, nullable=False),
    Index("ix_sightings_address_at", "address", "at"),
)

days = Table(
    "days",
    metadata,
    Column("date", Date, primary_key=True),
    Column("status", String, nullable=False),
    Column("absent", _json(), nullable=False),
    Column("closed_offices", _json(), nullable=False),
    Column("accepted", Integer, nullable=False),
    Column("published", Integer, nullable=False),
    Column("last_plan", Integer, nullable=False, server_default="0"),
    *_stamp(),
)

offices = Table(
    "offices",
    metadata,
    Column("id", String, primary_key=True),
    Column("body", _json(), nullable=False),
    *_stamp(),
)

couriers = Table(
    "couriers",
    metadata,
    Column("id", String, primary_key=True),
    Column("truck", Boolean, nullable=False),
    Column("active", Boolean, nullable=False),
    Column("body", _json(), nullable=False),
    *_stamp(),
)

blobs = Table(
    "blobs",
    metadata,
    Column("hash", String, primary_key=True),
    Column("data", LargeBinary, nullable=False),
)

plans = Table(
    "plans",
    metadata,
    Column("day", Date, ForeignKey("days.date"), nullable=False),
    Column("version", Integer, nullable=False),
    Column("parent", Integer, nullable=False),
    Column("kind", String, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
    Column("run", String, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("metres", BigInteger, nullable=False),
    Column("stops", Integer, nullable=False),
    Column("unassigned", Integer, nullable=False),
    Column("violations", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("content", String, ForeignKey("blobs.hash"), nullable=False),
    Column("problem", String, ForeignKey("blobs.hash"), nullable=False),
    Column("trucks_problem", String, ForeignKey("blobs.hash")),
    PrimaryKeyConstraint("day", "version"),
)

runs = Table(
    "runs",
    metadata,
    Column("id", String, primary_key=True),
    Column("day", Date, ForeignKey("days.date"), nullable=False),
    Column("kind", String, nullable=False),
    Column("state", String, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("seed", Integer, nullable=False),
    Column("start", Integer, nullable=False),
    Column("note", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("asked_at", Moment, nullable=False),
    Column("stop_asked", Boolean, nullable=False),
    Column("worker", String, nullable=False),
    Column("token", Integer, nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("spent", Float, nullable=False),
    Column("lease_until", Moment),
    Column("best_cost", BigInteger),
    Column("best_at", Moment),
    Column("best", _json()),
    Column("result", Integer, nullable=False),
    Column("error", Text, nullable=False),
    Column("ended_at", Moment),
    Index("ix_runs_state_asked_at", "state", "asked_at"),
    Index("ix_runs_day_asked_at", "day", "asked_at"),
)

run_progress = Table(
    "run_progress",
    metadata,
    Column("run", String, ForeignKey("runs.id"), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Moment, nullable=False),
    Column("seconds", Float, nullable=False),
    Column("cost", BigInteger, nullable=False),
    Column("unassigned", Integer, nullable=False),
    Column("vehicles", Integer, nullable=False),
    PrimaryKeyConstraint("run", "seq"),
)

audit = Table(
    "audit",
    metadata,
    Column("seq", _serial(), primary_key=True, autoincrement=True),
    Column("at", Moment, nullable=False),
    Column("by", String, nullable=False),
    Column("action", String, nullable=False),
    Column("subject", String, nullable=False),
    Column("id", String, nullable=False),
    Column("facts", _json(), nullable=False),
    Index("ix_audit_subject_id_seq", "subject", "id", "seq"),
    sqlite_autoincrement=True,
)

people = Table(
    "people",
    metadata,
    Column("id", String, primary_key=True),
    Column("login", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("role", String, nullable=False),
    Column("password", Text, nullable=False),
    Column("courier", String, nullable=False),
    Column("active", Boolean, nullable=False),
    *_stamp(),
    UniqueConstraint("login"),
)

sessions = Table(
    "sessions",
    metadata,
    Column("token_hash", String, primary_key=True),
    Column("person", String, nullable=False),
    Column("role", String, nullable=False),
    Column("csrf", String, nullable=False),
    Column("courier", String, nullable=False),
    Column("day", Date),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("last_seen", Moment, nullable=False),
    Index("ix_sessions_person", "person"),
    Index("ix_sessions_courier", "courier"),
)

api_keys = Table(
    "api_keys",
    metadata,
    Column("id", String, primary_key=True),
    Column("key_hash", String, nullable=False),
    Column("name", Text, nullable=False),
    Column("scopes", _json(), nullable=False),
    Column("by", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment),
    Column("revoked_at", Moment),
    Column("last_used", Moment),
    UniqueConstraint("key_hash"),
)

courier_links = Table(
    "courier_links",
    metadata,
    Column("id", String, primary_key=True),
    Column("courier", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("by", String, nullable=False),
    Column("created_at", Moment, nullable=False),
    Column("expires_at", Moment, nullable=False),
    Column("used_at", Moment),
    Column("revoked_at", Moment),
    Column("device", String, nullable=False, server_default=""),
    Column("waiting", String, nullable=False, server_default=""),
    Column("waiting_at", Moment),
    Index("ix_courier_links_courier_day", "courier", "day"),
    Index("ix_courier_links_day", "day"),
)

proofs = Table(
    "proofs",
    metadata,
    Column("hash", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("courier", String, nullable=False),
    Column("media", String, nullable=False),
    Column("data", LargeBinary, nullable=False),
    Column("received_at", Moment, nullable=False),
    PrimaryKeyConstraint("day", "courier", "hash"),
)

refusals = Table(
    "refusals",
    metadata,
    Column("seq", _serial(), primary_key=True, autoincrement=True),
    Column("id", String, nullable=False),
    Column("day", Date, nullable=False),
    Column("courier", String, nullable=False),
    Column("print", String, nullable=False),
    Column("event", _json(), nullable=False),
    Column("reasons", _json(), nullable=False),
    Column("received_at", Moment, nullable=False),
    Column("handled_by", String, nullable=False),
    Column("handled_at", Moment),
    Column("note", Text, nullable=False),
    UniqueConstraint("day", "courier", "print"),
    sqlite_autoincrement=True,
)

hints = Table(
    "hints",
    metadata,
    Column("address", Text, primary_key=True),
    Column("text", Text, nullable=False),
    Column("by", String, nullable=False),
    Column("at", Moment, nullable=False),
)

phone_rules = Table(
    "phone_rules",
    metadata,
    Column("office", String, primary_key=True),
    Column("rules", _json(), nullable=False),
    *_stamp(),
)

answers = Table(
    "answers",
    metadata,
    Column("key", String, nullable=False),
    Column("by", String, nullable=False),
    Column("fingerprint", String, nullable=False),
    Column("status", Integer, nullable=False),
    Column("headers", _json(), nullable=False),
    Column("body", Text, nullable=False),
    Column("at", Moment, nullable=False),
    PrimaryKeyConstraint("key", "by"),
    Index("ix_answers_at", "at"),
)
