"""
Couriers' phones: what they bring in, what of it is refused and kept, and what they are asked for.

Nothing that a phone tells is lost. An event that can be understood goes into the journal; one that
cannot is kept whole with the reason, the phone is told, and a dispatcher settles it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as clock_time
from enum import StrEnum
from typing import Any

from dispatch import learning, phone_rules, settling
from dispatch.clock import HANOI
from dispatch.day_state import DayState, Standing, apply_all, begin, publish, standing
from dispatch.errors import OfficeError, RefusedError, UnknownError
from dispatch.events import Event, OrderAdded, StopDone
from dispatch.messages import Language
from dispatch.model import Order
from dispatch.office.days import DayDesk
from dispatch.office.desk import day_of
from dispatch.office.replans import in_force, seconds_of
from dispatch.office.telling import read
from dispatch.phone_records import Hint, Proof, Refusal, StoredRules
from dispatch.phone_rules import Rules
from dispatch.records import PlanVersion, Stamp, StoredDay, StoredEvent
from dispatch.repository import UnitOfWork
from solver.model import Step, StopKind

MOST_PROOF = 1_500_000
"""Bytes of one picture: a photo of 1,600 pixels has a third of it."""

_LONGEST_HINT = 200

_SIGNS = {"image/jpeg": b"\xff\xd8\xff", "image/png": b"\x89PNG\r\n\x1a\n"}

EVERY_OFFICE = ""
"""The key of the rules that hold where an office has none of its own."""


class Fate(StrEnum):
    """What became of an event that a phone brought."""

    ACCEPTED = "accepted"
    REPEATED = "repeated"
    REFUSED = "refused"


@dataclass(frozen=True, slots=True, kw_only=True)
class Brought:
    """
    An event as a phone brought it.

    Parameters
    ----------
    raw
        All of it, to be kept where it is refused.
    event
        What it says; None where it cannot even be read.
    wrong
        Why it cannot be read, in words.
    """

    raw: Mapping[str, Any]
    event: StoredEvent | None = None
    wrong: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Fated:
    """
    What became of one event, and what its courier should know.

    Parameters
    ----------
    reasons
        Why it was refused, in words.
    other, other_at
        Who else told that the same stop is done, and when; empty where nobody did.
    lacking
        Hashes of proofs that it names and that have not come.
    """

    id: str
    fate: Fate
    reasons: tuple[str, ...] = ()
    other: str = ""
    other_at: datetime | None = None
    lacking: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Picture:
    """
    Where a day stands, read once for all phones that ask.

    Parameters
    ----------
    versions
        The versions that were published, in order, each with when.
    last
        The last entry of the journal that it knows of.
    """

    day: StoredDay
    versions: tuple[tuple[int, datetime], ...]
    last: int
    standing: Standing
    accounts: settling.Accounts
    orders: Mapping[str, Order]

    def address_key(self, order: str, part: StopKind) -> str:
        """Return the address of a stop as it is compared, empty where it is not known."""
        found = self.orders.get(order)
        if found is None:
            return ""
        there = found.to_address if part is StopKind.DELIVERY else None
        return learning.key(there or found.address)


class PhoneDesk(DayDesk):
    """Use cases of couriers' phones."""

    # ---- what phones bring ----------------------------------------------------------------------

    def take_in(
        self,
        day: date,
        courier: str,
        brought: Sequence[Brought],
        *,
        by: str,
        kinds: frozenset[str],
        lang: Language = "vi",
    ) -> tuple[Fated, ...]:
        """
        Take what a courier's phone tells, each by itself and in order; a bad one stops no other.

        Parameters
        ----------
        kinds
            What a phone may tell.

        Returns
        -------
        tuple
            One for each that was brought, in the same order.
        """
        with self._writing(by) as uow:
            locked = uow.days.lock(day)
            good: list[StoredEvent] = []
            refused: dict[int, tuple[str, ...]] = {}
            names = [one.event.order for one in brought if one.event is not None]
            orders = uow.orders.many([name for name in names if name])
            added = {one.event.order for one in brought if one.event is not None
                     and one.event.kind == OrderAdded.kind}  # fmt: skip
            for number, one in enumerate(brought):
                event = one.event
                if event is None:
                    refused[number] = one.wrong
                    continue
                wrong = _objections(event, courier, kinds, orders.keys() | added, lang)
                if wrong:
                    refused[number] = wrong
                else:
                    good.append(event)
            recorded = self.write_down(uow, locked, good)
            stored = {one.id for one in recorded.stored}
            different = set(recorded.different)
            bag = uow.phones.proofs(day, courier)
            others = _others(uow, good, courier)
            self._hints(uow, recorded.stored)
            self._taken_after_all(uow, day, courier, stored)
            fates: list[Fated] = []
            for number, one in enumerate(brought):
                event = one.event
                if event is not None and event.id in different and number not in refused:
                    refused[number] = (OfficeError("told_otherwise").said(lang),)
                if number in refused or event is None:
                    self._refuse(uow, day, courier, one, refused[number])
                    fates.append(Fated(id=_id_of(one), fate=Fate.REFUSED, reasons=refused[number]))
                    continue
                other = others.get(event.id)
                fates.append(
                    Fated(
                        id=event.id,
                        fate=Fate.ACCEPTED if event.id in stored else Fate.REPEATED,
                        other="" if other is None else other.courier,
                        other_at=None if other is None else other.at,
                        lacking=tuple(sorted(_proofs_of(event) - bag)),
                    )
                )
                stored.discard(event.id)
        return tuple(fates)

    def keep_proof(
        self, day: date, courier: str, key: str, *, media: str, data: bytes, by: str
    ) -> bool:
        """
        Keep a photo or signature; True where it is new, and the same again changes nothing.

        Raises
        ------
        RefusedError
            It is no picture of a kind that is kept, too large, or not the one announced.
        """
        if media not in _SIGNS or not data.startswith(_SIGNS[media]):
            raise RefusedError("proof_media", media=media or "?")
        if len(data) > MOST_PROOF:
            raise RefusedError("proof_large", bytes=len(data), most=MOST_PROOF)
        if hashlib.sha256(data).hexdigest() != key:
            raise RefusedError("proof_hash")
        with self._writing(by) as uow:
            return uow.phones.put_proof(
                Proof(
                    hash=key, day=day, courier=courier, media=media, data=data, received_at=uow.at
                )
            )

    def proof(self, day: date, courier: str, key: str) -> Proof:
        """Return a proof; UnknownError where there is none."""
        with self.store.reading() as uow:
            found = uow.phones.proof(day, courier, key)
        if found is None:
            raise UnknownError("unknown", what="proof", id=key[:12])
        return found

    # ---- what was refused -----------------------------------------------------------------------

    def refusals(self, day: date, *, courier: str = "") -> Sequence[Refusal]:
        """Return the events of a day that were refused, settled ones too."""
        with self.store.reading() as uow:
            return uow.phones.refusals(day, courier=courier)

    def settle_refusal(self, day: date, seq: int, *, by: str, note: str) -> Refusal:
        """Say how a refused event was settled; the courier's phone shows it."""
        with self._writing(by) as uow:
            found = next((one for one in uow.phones.refusals(day) if one.seq == seq), None)
            if found is None:
                raise UnknownError("unknown", what="refusal", id=str(seq))
            settled = replace(found, handled_by=by, handled_at=uow.at, note=note)
            uow.phones.put_refusal(settled)
            uow.audit.add("refusal.settled", subject="day", key=day.isoformat(), seq=seq)
        return settled

    def _refuse(
        self, uow: UnitOfWork, day: date, courier: str, one: Brought, reasons: tuple[str, ...]
    ) -> None:
        kept = uow.phones.refuse(
            Refusal(
                id=_id_of(one),
                day=day,
                courier=courier,
                event=one.raw,
                reasons=reasons,
                received_at=uow.at,
            )
        )
        if kept.received_at == uow.at:
            uow.audit.add("event.refused", subject="day", key=day.isoformat(), seq=kept.seq)

    def _taken_after_all(self, uow: UnitOfWork, day: date, courier: str, stored: set[str]) -> None:
        """Settle refusals of what has been taken since: an order may have come later."""
        for one in uow.phones.refusals(day, courier=courier) if stored else ():
            if one.id in stored and one.handled_at is None:
                uow.phones.put_refusal(replace(one, handled_by=uow.by, handled_at=uow.at, note=""))

    def _hints(self, uow: UnitOfWork, events: Sequence[StoredEvent]) -> None:
        said = {
            one.order: (told.hint.strip()[:_LONGEST_HINT], told.part)
            for one in events
            if isinstance(told := read(one)[0], StopDone) and told.hint.strip()
        }
        for name, stored in uow.orders.many(list(said)).items():
            hint, part = said[name]
            there = stored.order.to_address if part is StopKind.DELIVERY else None
            address = learning.key(there or stored.order.address)
            if address:
                uow.phones.put_hint(Hint(address=address, text=hint, by=uow.by, at=uow.at))

    # ---- what phones are asked for --------------------------------------------------------------

    def phone_rules(self) -> Sequence[StoredRules]:
        """Return the rules that were set; "" is the key of those for every office."""
        with self.store.reading() as uow:
            return uow.phones.rules()

    def rules_for(self, office: str) -> Rules:
        """Return what couriers of an office are asked for at each kind of stop."""
        said = {one.office: one.rules for one in self.phone_rules()}
        return phone_rules.rules_of(said.get(EVERY_OFFICE), said.get(office))

    def set_phone_rules(
        self, office: str, rules: Mapping[str, Any], *, by: str, read: int
    ) -> StoredRules:
        """
        Set an office's rules over the version that was read, 0 for the first ones.

        Raises
        ------
        ConflictError
            Somebody changed them meanwhile.
        """
        with self._writing(by) as uow:
            stored = uow.phones.put_rules(
                StoredRules(office=office, rules=rules, stamp=Stamp(version=read, by=by, at=uow.at))
            )
            uow.audit.add("phone_rules.set", subject="office", key=office or "*")
        return stored

    def hints(self, addresses: Mapping[str, str]) -> Mapping[str, str]:
        """Return what is known of how addresses are found, by the same names."""
        with self.store.reading() as uow:
            found = uow.phones.hints(set(addresses.values()) - {""})
        return {name: found[key].text for name, key in addresses.items() if key in found}

    # ---- the day as phones see it ---------------------------------------------------------------

    def journal_end(self, day: date) -> tuple[StoredDay, int]:
        """Return a day and the number of the last entry of its journal; cheap."""
        with self.store.reading() as uow:
            return day_of(uow, day), uow.events.last(day)

    def picture(self, day: date, load: Callable[[int], PlanVersion]) -> Picture:
        """
        Return where a day stands.

        Parameters
        ----------
        load
            Returns a version of the day's plans.
        """
        with self.store.reading() as uow:
            stored = day_of(uow, day)
            # The one that is published is the last one, even where a clock was set back.
            forced = sorted(in_force(uow, day), key=lambda one: one[0] == stored.published)
            rows = uow.events.of_day(day)
            orders = {one.order.id: one.order for one in uow.orders.of_day(day)}
        told = [event for event in (read(row)[0] for row in rows) if event is not None]
        state = DayState(day=day, crew=frozenset(), stops=frozenset(), plans=())
        planned: dict[str, list[Step]] = {}
        for number, (version, since) in enumerate(forced):
            plan = load(version).plan
            drives = plan.result.plan
            if number == 0:
                state = begin(day, plan.problem, drives)
            else:
                fresh = begin(day, plan.problem, drives)
                known = (state.stops | fresh.stops, state.crew | fresh.crew)
                state = replace(state, stops=known[0], crew=known[1])
                state = publish(state, drives, since=seconds_of(day, since))
            planned = {
                route.vehicle: [
                    *planned.get(route.vehicle, []),
                    *(
                        Step(kind=stop.kind, id=stop.id)
                        for stop in route.stops
                        if stop.kind in (StopKind.JOB, StopKind.DELIVERY) and stop.id in orders
                    ),
                ]
                for route in drives.routes
            }
        names = {step.id for step in state.stops}
        state = apply_all(
            state, (e for e in told if not (isinstance(e, OrderAdded) and e.order in names))
        )
        return Picture(
            day=stored,
            versions=tuple((version, since) for version, since in forced),
            last=rows[-1].seq if rows else 0,
            standing=standing(state),
            accounts=settling.accounts(_once(state.events), orders, planned),
            orders=orders,
        )


def _once(events: Sequence[Event]) -> list[Event]:
    """Return the events with the first of those that share an id."""
    first: dict[str, Event] = {}
    for event in events:
        known = first.get(event.id)
        if known is None or event.received_at < known.received_at:
            first[event.id] = event
    return [event for event in events if first[event.id] is event]


def _objections(
    event: StoredEvent,
    courier: str,
    kinds: frozenset[str],
    known: frozenset[str] | set[str],
    lang: Language,
) -> tuple[str, ...]:
    """Return everything that stands against an event, in words."""
    found: list[OfficeError] = []
    if event.kind not in kinds:
        found.append(RefusedError("not_courier", kind=event.kind))
    if event.courier != courier:
        found.append(RefusedError("other_courier", courier=event.courier))
    if event.order and event.order not in known:
        found.append(RefusedError("unknown_order", order=event.order))
    said = [one.said(lang) for one in found]
    said += [
        OfficeError("not_understood", field=wrong.field, why=wrong.what, remedy=wrong.remedy).said(
            lang
        )
        for wrong in read(event, lang=lang)[1]
    ]
    return tuple(said)


def _others(
    uow: UnitOfWork, events: Sequence[StoredEvent], courier: str
) -> Mapping[str, StoredEvent]:
    """Return for each event that tells that a stop is done who else told the same."""
    found = {}
    for one in events:
        if one.kind != StopDone.kind:
            continue
        for before in uow.events.of_order(one.order):
            same = before.body.get("part", "job") == one.body.get("part", "job")
            if (before.kind, before.day) == (one.kind, one.day) and same:
                if before.courier == courier:
                    continue
                found[one.id] = before
                break
    return found


def _proofs_of(event: StoredEvent) -> frozenset[str]:
    names = ("signature", "photo", "clerk_signature")
    told = (event.body.get(name) for name in names)
    return frozenset(value for value in told if isinstance(value, str) and value)


def _id_of(one: Brought) -> str:
    if one.event is not None:
        return one.event.id
    given = one.raw.get("id", "")
    return given[:64] if isinstance(given, str) else ""


def over_at(day: date) -> datetime:
    """Return when a day's phones are signed out: six in the next morning."""
    return datetime.combine(day + timedelta(days=1), clock_time(6), HANOI)
