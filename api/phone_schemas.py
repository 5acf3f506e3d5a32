"""What phones send and get beside the day itself, and what dispatchers see of phones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, field_validator

from api.schemas import Given, Line
from dispatch.day_state import StopState
from dispatch.model import Service, VehicleKind
from dispatch.phone_rules import ORDINARY, Ask, Need
from dispatch.records import CourierLink, Stamp
from dispatch.views import RowKind
from geo.types import LatLon
from solver.model import TimeWindow

MOST_AT_ONCE = 200


class PhoneStop(BaseModel):
    """
    One line of the courier's list; times in seconds since midnight, cash in đồng.

    `key` names it on all plans of the day, `label` is written on the parcel. `state` is what the
    office knows: open, started, done, failed, skipped or cancelled; `by` another courier who did
    it. Breaks and returns to the office are lines without a label.
    """

    key: str
    kind: RowKind
    part: str = ""
    label: str = ""
    order: str = ""
    rule: str = ""
    service: Service | None = None
    customer: str = ""
    phone: str = ""
    address: str = ""
    district: str = ""
    point: LatLon | None = None
    hint: str = ""
    content: str = ""
    note: str = ""
    todo: Sequence[str] = ()
    items: int = 0
    grams: int = 0
    cash: int = 0
    windows: Sequence[TimeWindow] = ()
    due: date | None = None
    attempts: int = 0
    arrival: int
    begin: int
    departure: int
    state: str = StopState.OPEN.value
    by: str = ""
    at: int | None = None


class PhoneSettled(BaseModel):
    """A settlement that the office knows: expected then, and handed in; items and đồng."""

    period: str
    at: int
    expected: dict[str, int]
    cash: int
    collected: int | None
    returned: int | None


class PhoneRefused(BaseModel):
    """An event that was refused, and how the dispatcher settled it; empty before."""

    id: str
    reasons: Sequence[str]
    handled: bool
    note: str


class PhoneDay(BaseModel):
    """All that a courier's phone knows of a day; `now` is the office's time."""

    day: date
    version: int
    tag: str
    now: datetime
    courier: str
    name: str
    office: str
    office_name: str
    vehicle: VehicleKind
    departure: int
    finish: int
    carried_items: int
    cash: int
    most_attempts: int
    rules: dict[str, dict[str, str]]
    stops: Sequence[PhoneStop]
    settled: Sequence[PhoneSettled]
    expected: dict[str, dict[str, int]]
    refused: Sequence[PhoneRefused]


class OutboxIn(Given):
    """What a phone has to tell, in order; each is read by itself: a bad one stops no other."""

    events: Annotated[list[dict[str, Any]], Field(min_length=1, max_length=MOST_AT_ONCE)]


class AnswerOut(BaseModel):
    """
    What became of one event.

    `fate` is accepted, repeated (it was there already) or refused; a refused one is kept for the
    dispatcher. `moved`: the stop is on another courier's route by now. `other`: somebody else told
    that the same stop is done. `lacking`: proofs that it names and that have not come.
    """

    id: str
    fate: str
    reasons: Sequence[str] = ()
    moved: bool = False
    other: str = ""
    other_at: datetime | None = None
    lacking: Sequence[str] = ()


class OutboxTold(BaseModel):
    """One answer for each event, in the order in which they were sent; `now` by the office."""

    now: datetime
    answers: list[AnswerOut]


class ProofKept(BaseModel):
    """A proof is in the office's hands; `new` is false where it was before."""

    hash: str
    new: bool


class LinkState(BaseModel):
    """A courier's link as the dispatcher sees it; `waiting_at` = another phone wants to come in."""

    courier: str
    created_at: datetime
    by: str
    used_at: datetime | None
    revoked_at: datetime | None
    waiting_at: datetime | None

    @classmethod
    def of(cls, link: CourierLink) -> LinkState:
        """Return what may be shown of a link."""
        return cls(**{name: getattr(link, name) for name in cls.model_fields})


class RefusalOut(BaseModel):
    """An event that was refused, whole, and how it was settled."""

    number: int
    id: str
    courier: str
    event: dict[str, Any]
    reasons: Sequence[str]
    received_at: datetime
    handled_by: str
    handled_at: datetime | None
    note: str


class SettledIn(Given):
    """What is said to the courier of a refused event."""

    note: Line = ""


class Handed(BaseModel):
    """What a courier should hand in by the events, items and đồng."""

    delivered: int
    collected: int
    returned: int
    cash: int


class SettlementOut(BaseModel):
    """One settlement: expected against handed in; `missing` is negative where there was more."""

    courier: str
    event: str
    period: str
    at: int
    expected: Handed
    cash: int
    collected: int | None
    returned: int | None
    cash_missing: int
    items_missing: int
    clerk: str
    signature: str
    clerk_signature: str
    note: str


class SettlementsOut(BaseModel):
    """A day's settlements in the order in which they were made, and what each courier has now."""

    settled: list[SettlementOut]
    noon: dict[str, Handed]
    evening: dict[str, Handed]


class RulesIn(Given):
    """What is asked for at stops, by kind and product; what is left out stays ordinary."""

    rules: dict[Annotated[str, StringConstraints(max_length=64)], dict[Ask, Need]]

    @field_validator("rules")
    @classmethod
    def _known(cls, given: dict[str, Any]) -> dict[str, Any]:
        strangers = sorted(given.keys() - ORDINARY.keys())
        if strangers:
            known = ", ".join(ORDINARY)
            raise ValueError(f"no such kind of stop: {', '.join(strangers)}; there are {known}")
        return given


class RulesOut(BaseModel):
    """What an office's couriers are asked for; `version` 0 = nothing was set."""

    office: str
    rules: dict[str, dict[str, str]]
    said: dict[str, dict[str, str]]
    version: int
    changed_by: str = ""
    changed_at: datetime | None = None

    @classmethod
    def of(cls, office: str, rules: Any, said: Any, stamp: Stamp | None) -> RulesOut:
        """Return rules as they hold, and what of them was set here."""
        return cls(
            office=office,
            rules={name: dict(needs) for name, needs in rules.items()},
            said={name: dict(needs) for name, needs in said.items()},
            version=0 if stamp is None else stamp.version,
            changed_by="" if stamp is None else stamp.by,
            changed_at=None if stamp is None else stamp.at,
        )
