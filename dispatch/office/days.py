"""The running day: who is absent, what happened, and the close in the evening."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from typing import Any, Literal

from dispatch import journey, learning
from dispatch.clock import HANOI
from dispatch.errors import ConflictError, RefusedError
from dispatch.events import OrderCancelled, StopDone, StopFailed
from dispatch.model import DayPlan, Order, OrderKind, OrderState
from dispatch.office.desk import Desk, day_of, open_day
from dispatch.office.orders import remember
from dispatch.office.plans import published_of
from dispatch.office.telling import add_orders, read, require_understood
from dispatch.office.together import Together
from dispatch.records import (
    AuditEntry,
    DayStatus,
    Sighting,
    StoredDay,
    StoredEvent,
    StoredOrder,
)
from dispatch.repository import PAGE, Page, UnitOfWork
from geo.types import LatLon

DONE = StopDone.kind
FAILED = StopFailed.kind

_KEYS_DAYS = 2
"""How long a request may be repeated under its idempotency key."""

_MOST_METRES_OFF = 100
"""A phone that is less sure of its place than this tells nothing of the address."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Recorded:
    """
    What became of the events of one message.

    Parameters
    ----------
    stored
        New ones, with their place in the journal.
    repeated
        Ids that were told before, saying the same.
    different
        Ids that were told before, saying something else: the first telling stands.
    """

    stored: tuple[StoredEvent, ...]
    repeated: tuple[str, ...]
    different: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Telling:
    """The events of one message, and who told them."""

    day: date
    events: tuple[StoredEvent, ...]
    by: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Closed:
    """What a day's close did, by order id."""

    day: StoredDay
    next: date
    finished: tuple[str, ...]
    carried: tuple[str, ...]
    held: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Retained:
    """How many rows lost their personal data; kept answers and sessions that were removed."""

    before: date
    orders: int
    events: int
    answers: int
    sessions: int


class DayDesk(Desk):
    """Use cases of the running day."""

    def __init__(self, **means: Any) -> None:
        super().__init__(**means)
        self._together: Together[Telling, Recorded] = Together(self._written)

    def day(self, day: date) -> StoredDay:
        """Return a day; UnknownError where nothing is stored for it."""
        with self.store.reading() as uow:
            return day_of(uow, day)

    def days(self, *, after: str = "", limit: int = PAGE) -> Page[StoredDay]:
        """Return the days, the latest first."""
        with self.store.reading() as uow:
            return uow.days.page(after=after, limit=limit)

    def set_day(
        self,
        day: date,
        *,
        by: str,
        read: int | None = None,
        absent: Sequence[str] | None = None,
        closed_offices: Sequence[str] | None = None,
    ) -> StoredDay:
        """
        Say who is absent and which offices are closed on a day; None leaves it as it is.

        Raises
        ------
        ConflictError
            Somebody changed the day meanwhile.
        RefusedError
            It is closed.
        """
        with self._writing(by) as uow:
            before = open_day(uow, day)
            if read is not None and read != before.stamp.version:
                before = replace(before, stamp=replace(before.stamp, version=read))
            after = uow.days.put(
                replace(
                    before,
                    absent=before.absent if absent is None else tuple(sorted(set(absent))),
                    closed_offices=before.closed_offices
                    if closed_offices is None
                    else tuple(sorted(set(closed_offices))),
                )
            )
            uow.audit.add(
                "day.set",
                subject="day",
                key=day.isoformat(),
                version=after.stamp.version,
                absent=list(after.absent),
                closed_offices=list(after.closed_offices),
            )
        return after

    def audit(
        self, *, subject: str = "", key: str = "", before: int = 0, limit: int = PAGE
    ) -> Sequence[AuditEntry]:
        """Return who did what, the newest first."""
        with self.store.reading() as uow:
            return uow.audit.page(subject=subject, key=key, before=before, limit=limit)

    # ---- events ---------------------------------------------------------------------------------

    def record_events(self, day: date, events: Sequence[StoredEvent], *, by: str) -> Recorded:
        """
        Write down what happened; telling it again changes nothing.

        Events of a closed day are written down too: a phone that was without signal until the next
        morning must not lose what its courier did. They change no order any more.

        Raises
        ------
        RefusedError
            An event says another day.
        TableError
            Some events cannot be understood; none was written down, all findings are told.
        """
        require_understood(events)
        for one in events:
            if one.day != day:
                raise RefusedError(
                    "event_day",
                    id=one.id,
                    day=f"{one.day:%d/%m/%Y}",
                    asked=f"{day:%d/%m/%Y}",
                )
        if not by.strip():
            raise RefusedError("no_name")
        telling = Telling(day=day, events=tuple(events), by=by)
        if self.store.is_joined:
            return self._written([telling])[0]
        return self._together.written(telling)

    def _written(self, tellings: Sequence[Telling]) -> list[Recorded]:
        """Store what several told, in their order, as one unit."""
        with self._writing(tellings[0].by) as uow:
            days = {day: uow.days.lock(day) for day in sorted({t.day for t in tellings})}
            return [
                self.write_down(uow.named(one.by), days[one.day], one.events) for one in tellings
            ]

    def write_down(
        self, uow: UnitOfWork, day: StoredDay, events: Sequence[StoredEvent]
    ) -> Recorded:
        """Write events of a locked day, each understood, into the journal; learn from them."""
        known = dict(uow.events.known([one.id for one in events]))
        fresh: list[StoredEvent] = []
        repeated: list[str] = []
        different: list[str] = []
        for one in events:
            before = known.get(one.id)
            if before is None:
                fresh.append(one)
                known[one.id] = one
            elif _says(before) == _says(one):
                repeated.append(one.id)
            else:
                different.append(one.id)
        stored = uow.events.add(fresh)
        self._learn(uow, stored)
        add_orders(uow, stored)
        key = day.date.isoformat()
        if stored:
            kinds = Counter(one.kind for one in stored)
            uow.audit.add(
                "events.recorded",
                subject="day",
                key=key,
                kinds=dict(kinds),
                last=stored[-1].seq,
                late=day.status is DayStatus.CLOSED,
            )
        if different:
            uow.audit.add("events.different", subject="day", key=key, ids=different)
        return Recorded(stored=tuple(stored), repeated=tuple(repeated), different=tuple(different))

    def events(
        self, day: date, *, after: int = 0, limit: int | None = PAGE
    ) -> Sequence[StoredEvent]:
        """Return a day's journal after an entry, in the order in which it was stored."""
        with self.store.reading() as uow:
            return uow.events.of_day(day, after=after, limit=limit)

    def _learn(self, uow: UnitOfWork, events: Sequence[StoredEvent]) -> None:
        """Take the places of deliveries as evidence of where their addresses are."""
        seen = [(one, point) for one in events if (point := _place_of(one)) is not None]
        orders = uow.orders.many([one.order for one, _ in seen])
        remember(
            uow,
            [
                Sighting(
                    id=one.id,
                    address=learning.key(orders[one.order].order.address),
                    point=point,
                    at=one.at,
                    by=one.by,
                )
                for one, point in seen
                # Which end of a transfer a phone stood at, its event does not say.
                if one.order in orders and orders[one.order].order.kind is not OrderKind.TRANSFER
            ],
        )

    # ---- personal data --------------------------------------------------------------------------

    def retain(self, *, days: int, by: str) -> Retained:
        """
        Blank names, phones and notes of what was finished more than so many days ago.

        Orders that are still under way keep theirs, however old they are. The journal keeps what
        happened, when and by which courier, but not who signed. Plans hold no names of their own.
        """
        today = self.now.astimezone(HANOI).date()
        before = today - timedelta(days=days)
        with self._writing(by) as uow:
            orders = uow.orders.blank(before=before)
            events = uow.events.blank(before=before)
            uow.phones.blank(before=before)
            answers = uow.answers.forget(before=uow.at - timedelta(days=_KEYS_DAYS))
            sessions = uow.people.end_sessions(expired_at=uow.at)
            uow.audit.add(
                "personal_data.blanked",
                subject="store",
                key="",
                before=before.isoformat(),
                orders=orders,
                events=events,
            )
        return Retained(
            before=before, orders=orders, events=events, answers=answers, sessions=sessions
        )

    # ---- the close ------------------------------------------------------------------------------

    def close_day(
        self,
        day: date,
        *,
        by: str,
        next_day: date | None = None,
        unreported: Literal["open", "done"] = "open",
    ) -> Closed:
        """
        End a day: what is done is finished, all else goes to the next one with where it is.

        Parameters
        ----------
        next_day
            Where the rest goes; None = the next working day.
        unreported
            What a planned stop was of which no event tells: "open" carries it over; "done" is for
            an office that works on paper and notes failures only.

        Raises
        ------
        ConflictError
            The day is closed already.
        RefusedError
            No plan of it is published, or the next day is closed or not later.
        """
        settings = self.settings(day)
        after_it = next_day or settings.calendar.after(day, 1)
        if after_it <= day:
            raise RefusedError("next_day", next=f"{after_it:%d/%m/%Y}", day=f"{day:%d/%m/%Y}")
        with self._writing(by) as uow:
            before = uow.days.lock(day)
            if before.status is DayStatus.CLOSED:
                raise ConflictError(
                    "changed",
                    what="day",
                    id=day.isoformat(),
                    by=before.stamp.by,
                    at=f"{before.stamp.at:%H:%M:%S %d/%m/%Y}",
                    read=before.stamp.version - 1,
                    found=before.stamp.version,
                )
            if uow.days.lock(after_it).status is DayStatus.CLOSED:
                raise RefusedError(
                    "earlier_open", next=f"{after_it:%d/%m/%Y}", day=f"{day:%d/%m/%Y}"
                )
            plan = published_of(uow, day).plan
            outcome = outcomes(uow.events.of_day(day))
            now = {one.order.id: one for one in uow.orders.of_day(day)}
            real = _as_it_was(plan, now, outcome, unreported)
            gone = cancelled(uow.events.of_day(day)) - {k for k, done in outcome.items() if done}
            failed = [
                key for key, done in outcome.items() if not done and key in now and key not in gone
            ]
            carried = {one.id: one for one in journey.carry_over(real, settings, failed=failed)}
            put: list[StoredOrder] = []
            finished: list[str] = []
            held: list[str] = []
            for key, stored in now.items():
                if key in gone:
                    back = replace(stored.order, state=OrderState.RETURNED)
                    put.append(replace(stored, order=back))
                    finished.append(key)
                elif key in carried:
                    tomorrow = carried[key]
                    kept = replace(
                        stored.order,
                        state=tomorrow.state,
                        attempts=tomorrow.attempts,
                        due=tomorrow.due,
                    )
                    put.append(replace(stored, order=kept, day=after_it))
                    if tomorrow.state is OrderState.HELD:
                        held.append(key)
                else:
                    put.append(
                        replace(stored, order=replace(stored.order, state=_finished(stored.order)))
                    )
                    finished.append(key)
            uow.orders.put_all(put)
            closed = uow.days.put(replace(before, status=DayStatus.CLOSED))
            uow.audit.add(
                "day.closed",
                subject="day",
                key=day.isoformat(),
                next=after_it.isoformat(),
                finished=len(finished),
                carried=len(carried.keys() - gone),
                held=len(held),
                unreported=unreported,
            )
        return Closed(
            day=closed,
            next=after_it,
            finished=tuple(finished),
            carried=tuple(key for key in carried if key not in gone),
            held=tuple(held),
        )


def cancelled(events: Sequence[StoredEvent]) -> frozenset[str]:
    """Return the orders that nobody is to do any more."""
    return frozenset(one.order for one in events if one.kind == OrderCancelled.kind and one.order)


def outcomes(events: Sequence[StoredEvent]) -> dict[str, bool]:
    """
    Return for each order that was tried whether it was done, by the day's events in any order.

    Done stands against failed, whichever came later: a courier who failed at eight and delivered
    at ten has delivered, and no phone reports a delivery that was none.
    """
    found: dict[str, bool] = {}
    for one in events:
        if one.order and one.kind in (DONE, FAILED):
            found[one.order] = found.get(one.order, False) or one.kind == DONE
    return found


def _says(event: StoredEvent) -> tuple[object, ...]:
    return (event.day, event.kind, _micro(event.at), event.order, event.courier, dict(event.body))


def _micro(at: datetime) -> float:
    return at.timestamp()


def _place_of(event: StoredEvent) -> LatLon | None:
    if event.kind != DONE or not event.order:
        return None
    told, _ = read(event)
    sure = event.body.get("accuracy")
    off = float(sure) if isinstance(sure, int | float) else 0.0
    return told.place if isinstance(told, StopDone) and off <= _MOST_METRES_OFF else None


def _as_it_was(
    plan: DayPlan,
    now: dict[str, StoredOrder],
    outcome: dict[str, bool],
    unreported: Literal["open", "done"],
) -> DayPlan:
    """Return the plan with the stops that were really done, over the orders of the day."""

    def done(key: str) -> bool:
        return outcome.get(key, unreported == "done")

    driven = {stop.id for route in plan.result.plan.routes for stop in route.stops}
    routes = tuple(
        replace(
            route,
            stops=tuple(stop for stop in route.stops if stop.id not in now or done(stop.id)),
        )
        for route in plan.result.plan.routes
    )
    # What was added during the day and is done stands in no route of the plan.
    extra = [key for key, was in outcome.items() if was and key in now and key not in driven]
    if extra and routes:
        first = routes[0]
        pattern = next((stop for route in routes for stop in route.stops), None)
        if pattern is not None:
            added = tuple(replace(pattern, id=key) for key in extra)
            routes = (replace(first, stops=(*first.stops, *added)), *routes[1:])
    orders: list[Order] = [one.order for one in now.values()]
    return replace(
        plan,
        day=replace(plan.day, orders=tuple(orders)),
        result=replace(plan.result, plan=replace(plan.result.plan, routes=routes)),
    )


def _finished(order: Order) -> OrderState:
    if order.state in (OrderState.RETURNED, OrderState.DELIVERED):
        return order.state
    return OrderState.AT_HUB if order.kind is OrderKind.COLLECTION else OrderState.DELIVERED
