"""What phones send and get beside the day itself, and what dispatchers see of phones."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Annotated, Any

from pydantic import BaseModel, Field, StringConstraints, field_validator

from api.schemas import Given, Line
from dispatch.phone_rules import ORDINARY, Ask, Need
from dispatch.records import CourierLink, Stamp

MOST_AT_ONCE = 200


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
