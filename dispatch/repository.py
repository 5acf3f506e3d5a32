"""
What the use cases ask of a store: one unit of work, and in it one repository for each kind of row.

    with store.writing(by="lan", at=now) as uow:
        stored = uow.orders.get("DH-17")
        uow.orders.put(replace(stored, order=...))     # ConflictError if it has moved on
        uow.audit.add("order.changed", subject="order", key="DH-17")
    # here all of it is stored, or, after an exception, none

`put` writes over the version that was read (`stamp.version`); 0 there means that the row is new.
All implementations pass one suite, `tests/dispatch/test_repository.py`.
"""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any, Generic, Protocol, TypeVar

from dispatch.model import OrderState
from dispatch.phone_records import Hint, Proof, Refusal, StoredRules
from dispatch.records import (
    Answer,
    ApiKey,
    AuditEntry,
    CourierLink,
    LearnedPlace,
    OrderFilter,
    Person,
    PlanHead,
    PlanVersion,
    Run,
    RunProgress,
    Session,
    Sighting,
    StoredCourier,
    StoredDay,
    StoredEvent,
    StoredOffice,
    StoredOrder,
)

T = TypeVar("T")

PAGE = 100
"""Rows of a list where nobody says how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Page(Generic[T]):
    """Some rows of a list, and the key after which the next ones come; "" at the end."""

    items: tuple[T, ...]
    after: str = ""


class Orders(Protocol):
    """Every order of every day."""

    def get(self, key: str) -> StoredOrder | None: ...
    def many(self, ids: Collection[str]) -> Mapping[str, StoredOrder]: ...
    def of_day(self, day: date) -> Sequence[StoredOrder]: ...
    def page(
        self, which: OrderFilter, *, after: str = "", limit: int = PAGE
    ) -> Page[StoredOrder]: ...
    def count(self, which: OrderFilter) -> Mapping[OrderState, int]: ...
    def put(self, stored: StoredOrder) -> StoredOrder: ...
    def put_all(self, stored: Sequence[StoredOrder]) -> None: ...
    def blank(self, *, before: date) -> int: ...


class Events(Protocol):
    """The journal of each day."""

    def add(self, events: Sequence[StoredEvent]) -> Sequence[StoredEvent]:
        """Store those whose ids are new, and return these with their `seq`."""
        ...

    def known(self, ids: Collection[str]) -> Mapping[str, StoredEvent]: ...
    def of_day(
        self, day: date, *, after: int = 0, limit: int | None = None
    ) -> Sequence[StoredEvent]: ...
    def last(self, day: date) -> int:
        """Return the `seq` of the last entry of a day, 0 where there is none."""
        ...

    def of_order(self, order: str) -> Sequence[StoredEvent]: ...
    def blank(self, *, before: date) -> int: ...


class Places(Protocol):
    """Learned coordinates and their evidence."""

    def get(self, addresses: Collection[str]) -> Mapping[str, LearnedPlace]: ...
    def sightings(self, address: str) -> Sequence[Sighting]: ...
    def page(self, *, after: str = "", limit: int = PAGE) -> Page[LearnedPlace]: ...
    def put(self, place: LearnedPlace, sightings: Sequence[Sighting]) -> None: ...


class Days(Protocol):
    """The days, and the master data that they are made of."""

    def get(self, day: date) -> StoredDay | None: ...
    def lock(self, day: date) -> StoredDay:
        """Return the day, made if need be; nobody else writes to it until this unit ends."""
        ...

    def page(self, *, after: str = "", limit: int = PAGE) -> Page[StoredDay]: ...
    def put(self, stored: StoredDay) -> StoredDay: ...
    def offices(self) -> Sequence[StoredOffice]: ...
    def put_office(self, stored: StoredOffice) -> StoredOffice: ...
    def couriers(self) -> Sequence[StoredCourier]: ...
    def put_courier(self, stored: StoredCourier) -> StoredCourier: ...


class Plans(Protocol):
    """Plan versions; stored once, never changed."""

    def add(self, version: PlanVersion) -> PlanVersion:
        """Store a plan as the day's next version; `head.version` is given by the store."""
        ...

    def get(self, day: date, version: int) -> PlanVersion | None: ...
    def head(self, day: date, version: int) -> PlanHead | None: ...
    def heads(self, day: date) -> Sequence[PlanHead]: ...


class Runs(Protocol):
    """The queue of searches."""

    def add(self, run: Run) -> Run: ...
    def get(self, key: str) -> Run | None: ...
    def of_day(self, day: date) -> Sequence[Run]: ...
    def waits(self, at: datetime) -> bool:
        """Tell whether there is a run to claim."""
        ...

    def claim(self, *, worker: str, lease_seconds: float) -> Run | None:
        """Take the oldest run that waits or whose worker is silent; None when there is none."""
        ...

    def beat(self, key: str, *, token: int, lease_seconds: float, spent: float) -> Run | None:
        """Prolong the lease and return the run; None for a worker that has lost it."""
        ...

    def better(
        self, key: str, *, token: int, tours: Mapping[str, Any], progress: RunProgress
    ) -> bool:
        """Keep the best plan so far and its figures; False for a worker that has lost it."""
        ...

    def release(self, key: str, *, token: int) -> bool:
        """Give a run back to the queue, its best plan kept; False for who has lost it."""
        ...

    def best(self, key: str) -> Mapping[str, Any] | None: ...
    def end(self, run: Run, *, token: int) -> bool:
        """Store the end of a run (state, result, error); False for a worker that has lost it."""
        ...

    def ask_stop(self, key: str) -> Run | None: ...
    def progress(self, key: str, *, after: int = 0) -> Sequence[RunProgress]: ...


class Audit(Protocol):
    """Who did what; only ever added to."""

    def add(self, action: str, *, subject: str, key: str, **facts: Any) -> None: ...
    def page(
        self, *, subject: str = "", key: str = "", before: int = 0, limit: int = PAGE
    ) -> Sequence[AuditEntry]:
        """Return the newest entries first, those with a smaller `seq` than `before`."""
        ...


class People(Protocol):
    """Accounts, sessions, keys and links; secrets only as hashes."""

    def get(self, key: str) -> Person | None: ...
    def by_login(self, login: str) -> Person | None: ...
    def all(self) -> Sequence[Person]: ...
    def put(self, person: Person) -> Person: ...

    def session(self, token_hash: str) -> Session | None: ...
    def put_session(self, session: Session) -> None: ...
    def end_sessions(
        self,
        *,
        token_hash: str = "",
        person: str = "",
        courier: str = "",
        expired_at: datetime | None = None,
    ) -> int: ...

    def key(self, key_hash: str) -> ApiKey | None: ...
    def keys(self) -> Sequence[ApiKey]: ...
    def put_key(self, key: ApiKey) -> None: ...

    def link(self, key: str) -> CourierLink | None: ...
    def links_of(self, day: date) -> Sequence[CourierLink]: ...
    def put_link(self, link: CourierLink) -> None: ...
    def use_link(self, key: str, at: datetime, device: str = "") -> bool:
        """Mark a link as used; False when it was used, revoked or is over: exactly one may win."""
        ...

    def revoke_links(self, *, courier: str, day: date, at: datetime) -> int: ...


class Phones(Protocol):
    """What couriers' phones bring beside events, and what offices ask of them."""

    def proof(self, day: date, courier: str, key: str) -> Proof | None: ...
    def proofs(self, day: date, courier: str) -> frozenset[str]:
        """Return the hashes of what a courier has brought on a day."""
        ...

    def put_proof(self, proof: Proof) -> bool:
        """Store a proof; False where it is there already."""
        ...

    def refuse(self, refusal: Refusal) -> Refusal:
        """Keep a refused event; the same one again is the one that is there already."""
        ...

    def refusals(self, day: date, *, courier: str = "") -> Sequence[Refusal]: ...
    def put_refusal(self, refusal: Refusal) -> None: ...
    def hints(self, addresses: Collection[str]) -> Mapping[str, Hint]: ...
    def put_hint(self, hint: Hint) -> None: ...
    def rules(self) -> Sequence[StoredRules]: ...
    def put_rules(self, stored: StoredRules) -> StoredRules: ...
    def blank(self, *, before: date) -> int:
        """Remove proofs of earlier days, and blank who is named in refused events."""
        ...


class Answers(Protocol):
    """What requests with an idempotency key were answered."""

    def get(self, key: str, by: str) -> Answer | None: ...
    def put(self, answer: Answer) -> bool:
        """Store an answer; False where the key has one already."""
        ...

    def forget(self, *, before: datetime) -> int: ...


class UnitOfWork(Protocol):
    """Everything that is read and written together."""

    @property
    def by(self) -> str: ...
    @property
    def at(self) -> datetime: ...
    def named(self, by: str) -> UnitOfWork: ...
    @property
    def orders(self) -> Orders: ...
    @property
    def events(self) -> Events: ...
    @property
    def places(self) -> Places: ...
    @property
    def days(self) -> Days: ...
    @property
    def plans(self) -> Plans: ...
    @property
    def runs(self) -> Runs: ...
    @property
    def audit(self) -> Audit: ...
    @property
    def people(self) -> People: ...
    @property
    def phones(self) -> Phones: ...
    @property
    def answers(self) -> Answers: ...


class Joined(Protocol):
    """
    Units of work that are stored as one: none before `keep`, and all of them by it.

    The first unit that writes holds the store's writer until the end; `close` is always called.
    """

    def keep(self) -> None:
        """Store everything."""
        ...

    def close(self) -> None:
        """Undo everything that was not kept."""
        ...


class Store(Protocol):
    """Where units of work come from."""

    def joined(self) -> AbstractContextManager[Joined]:
        """Make all units that are opened within, in this context and its threads, one."""
        ...

    @property
    def is_joined(self) -> bool:
        """Whether units that are opened here are part of a larger one."""
        ...

    def reading(self) -> AbstractContextManager[UnitOfWork]:
        """Open a unit that sees one moment of the store and writes nothing."""
        ...

    def writing(self, *, by: str, at: datetime) -> AbstractContextManager[UnitOfWork]:
        """Open a unit that is stored whole at its end, or not at all after an exception."""
        ...

    def ready(self) -> None:
        """Raise StoreError unless the store answers and has this release's tables."""
        ...


def chunks(items: Iterable[T], size: int = 500) -> Iterable[list[T]]:
    """Return the items in lists of at most `size`; stores limit the values of one question."""
    batch: list[T] = []
    for item in items:
        batch.append(item)
        if len(batch) == size:
            yield batch
            batch = []
    if batch:
        yield batch
