"""
What the store keeps, one class for each kind of row.

Times carry their zone; money is whole đồng where the office writes it and thousandths where the
checker does (`PlanHead.cost`). Nothing here knows of tables: `dispatch.sql` turns each into its
row and back.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from enum import StrEnum
from typing import Any

from dispatch.locking import Lock
from dispatch.model import Courier, DayPlan, Office, Order, OrderState
from geo.types import LatLon


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """
    The state of a row that people change: which version, by whom, when.

    A writer names the version that was read; a row that has moved on since refuses the change.
    """

    version: int
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOrder:
    """An order, and the day on whose plan it stands; None is none yet."""

    order: Order
    day: date | None
    stamp: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderFilter:
    """
    Which orders a list shows; None and "" do not restrict.

    `text` is looked for in ids, addresses, names and phones, whatever its case and accents.
    """

    day: date | None = None
    state: OrderState | None = None
    office: str = ""
    text: str = ""
    unplaced: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredEvent:
    """
    One thing that happened on a day, as a phone or a person told it.

    Parameters
    ----------
    seq
        Its place in the day's journal; 0 before it is stored. Grows, and none comes later with a
        smaller one.
    id
        Given by who tells it; telling it again changes nothing.
    at, received_at
        When it happened by the teller's clock, and when the office heard.
    body
        All else that it says, JSON.
    """

    seq: int = 0
    id: str
    day: date
    kind: str
    at: datetime
    received_at: datetime
    by: str
    order: str = ""
    courier: str = ""
    body: Mapping[str, Any] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sighting:
    """
    Where a courier stood when a stop was done, or a person put the pin: evidence for an address.

    `accepted` is False for one too far from the others to be the same door.
    """

    id: str
    address: str
    point: LatLon
    at: datetime
    by: str
    corrected: bool = False
    accepted: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class LearnedPlace:
    """
    Where an address is, from its evidence.

    Parameters
    ----------
    address
        The address as it is compared (`dispatch.learning.key`).
    seen, refused
        How many sightings it rests on, and how many were too far off.
    spread
        The median distance of the sightings it rests on, metres.
    corrected
        A person put it there; sightings do not move it.
    """

    address: str
    point: LatLon
    seen: int
    refused: int
    spread: int
    corrected: bool
    at: datetime


class DayStatus(StrEnum):
    """How far a day has come."""

    OPEN = "open"
    PUBLISHED = "published"
    CLOSED = "closed"


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredDay:
    """
    A working day: who is absent, which offices are closed, which plan is accepted and published.

    `accepted` and `published` are plan versions, 0 for none.
    """

    date: date
    status: DayStatus = DayStatus.OPEN
    absent: tuple[str, ...] = ()
    closed_offices: tuple[str, ...] = ()
    accepted: int = 0
    published: int = 0
    stamp: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredOffice:
    """A post office of the master data."""

    office: Office
    stamp: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredCourier:
    """A courier or, with `truck`, a truck of the hub; one that is not active is not planned."""

    courier: Courier
    truck: bool = False
    active: bool = True
    stamp: Stamp


class PlanKind(StrEnum):
    """How a plan version came about."""

    RUN = "run"
    EDIT = "edit"
    REPLAN = "replan"


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanHead:
    """
    A plan version without its routes; never changed once stored.

    Parameters
    ----------
    version
        1, 2, 3, … within its day.
    parent
        The version that it was made from, 0 for none.
    cost
        The checker's, thousandths of a đồng, trucks and waiting included.
    violations
        How many rules it breaks, trucks included.
    note
        What was done to the parent, for people.
    """

    day: date
    version: int
    parent: int
    kind: PlanKind
    by: str
    at: datetime
    run: str = ""
    cost: int
    metres: int
    stops: int
    unassigned: int
    violations: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanVersion:
    """
    A plan version with all that it says.

    A version of kind `replan` holds the rest of the day from its moment on. `numbers` are what is
    written on the parcels by then: by courier and stop ("job:DH-7"); empty = places in the round.
    `locks` say what of it must stay.
    """

    head: PlanHead
    plan: DayPlan
    numbers: Mapping[str, Mapping[str, str]] = field(default_factory=dict)
    locks: tuple[Lock, ...] = ()


class RunState(StrEnum):
    """Where a run is."""

    QUEUED = "queued"
    RUNNING = "running"
    DONE = "done"
    FAILED = "failed"
    CANCELLED = "cancelled"

    @property
    def over(self) -> bool:
        """True where nothing more will happen."""
        return self not in (RunState.QUEUED, RunState.RUNNING)


class RunKind(StrEnum):
    """
    What a run searches.

    A whole day; the rest of a running one as of when it was asked; or a plan version around what
    is locked in it, its trucks and orders staying what they are.
    """

    PLAN = "plan"
    REPLAN = "replan"
    AROUND = "around"


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """
    A search that was asked for.

    Parameters
    ----------
    start
        The plan version it begins from, 0 for none.
    token
        Counts the claims; a worker writes only under the token that it was given.
    lease_until
        Until when its worker is believed to live.
    best_cost
        Of the best plan so far, thousandths of a đồng; None before there is one.
    result
        The plan version that came of it, 0 before.
    error
        Why it failed, for people.
    """

    id: str
    day: date
    kind: RunKind = RunKind.PLAN
    state: RunState
    seconds: float
    seed: int
    start: int = 0
    note: str = ""
    by: str
    asked_at: datetime
    stop_asked: bool = False
    worker: str = ""
    token: int = 0
    attempts: int = 0
    spent: float = 0.0
    lease_until: datetime | None = None
    best_cost: int | None = None
    best_at: datetime | None = None
    result: int = 0
    error: str = ""
    ended_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class RunProgress:
    """A better plan that a run found: seconds of searching, cost in thousandths of a đồng."""

    run: str
    seq: int
    at: datetime
    seconds: float
    cost: int
    unassigned: int
    vehicles: int


@dataclass(frozen=True, slots=True, kw_only=True)
class AuditEntry:
    """Who did what, when, to which thing; `facts` hold no names, phones or addresses."""

    seq: int = 0
    at: datetime
    by: str
    action: str
    subject: str
    id: str
    facts: Mapping[str, Any] = field(default_factory=dict)


# ---- people -------------------------------------------------------------------------------------


class Role(StrEnum):
    """What a person may do; who may what is said in `api`."""

    DISPATCHER = "dispatcher"
    PLANNER = "planner"
    COURIER = "courier"
    ADMIN = "admin"


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """
    An account; `login` is compared without case.

    `password` is a hash, "" for nobody who signs in with one; `courier` is the id of the courier
    that this person is, "" for none.
    """

    id: str
    login: str
    name: str
    role: Role
    password: str = ""
    courier: str = ""
    active: bool = True
    stamp: Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Session:
    """
    A signed-in browser or phone, found by the hash of its cookie.

    `person` is empty for a courier who came by a link: then `courier` and `day` bind it.
    """

    token_hash: str
    person: str = ""
    role: Role
    csrf: str = ""
    courier: str = ""
    day: date | None = None
    created_at: datetime
    expires_at: datetime
    last_seen: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class ApiKey:
    """A key for machines, found by its hash."""

    id: str
    key_hash: str
    name: str
    scopes: tuple[str, ...]
    by: str
    created_at: datetime
    expires_at: datetime | None = None
    revoked_at: datetime | None = None
    last_used: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierLink:
    """
    A signed link of a manifest: for one courier and day, good for one phone.

    Parameters
    ----------
    device
        Hash of what the phone that came by it calls itself; empty before, or for a client that
        does not say.
    waiting, waiting_at
        The same of another phone that tried since, and when: the dispatcher may let it in.
    """

    id: str
    courier: str
    day: date
    by: str
    created_at: datetime
    expires_at: datetime
    used_at: datetime | None = None
    revoked_at: datetime | None = None
    device: str = ""
    waiting: str = ""
    waiting_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What a request with an idempotency key was answered; `fingerprint` is of what it asked."""

    key: str
    by: str
    fingerprint: str
    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: str = ""
    at: datetime
