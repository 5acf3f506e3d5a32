"""The rest of a running day planned anew."""

from __future__ import annotations

from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Request
from pydantic import BaseModel, Field

from api.access import Principal, Right
from api.deps import Needs, Office, Spoken, parts_of
from api.once import OnceRoute
from api.schemas import Given, Line
from dispatch.changes import Change
from dispatch.messages import text
from dispatch.replan_words import reason_sentence
from dispatch.replanning import Action

router = APIRouter(prefix="/api", tags=["plans"], route_class=OnceRoute)

Planner = Annotated[Principal, Depends(Needs(Right.PLAN))]


class ReplanIn(Given):
    """What to do about the rest of a day; without an action the day's events decide."""

    action: Action | None = None
    seconds: float = Field(default=10.0, gt=0, le=600, allow_inf_nan=False)
    note: Line = ""


class ChangeOut(BaseModel):
    """One stop that changes: from whom and where to whom and where, and what that is worth."""

    kind: str
    order: str
    part: str
    courier: str
    place: int
    new_courier: str
    new_place: int
    number: str
    later: int | None
    worth: int | None


def change_out(one: Change) -> ChangeOut:
    """Return one stop that changes."""
    return ChangeOut(
        kind=one.kind.value,
        order=one.step.id,
        part=one.step.kind.value,
        courier=one.courier,
        place=one.place,
        new_courier=one.new_courier,
        new_place=one.new_place,
        number=one.number,
        later=one.later,
        worth=one.worth,
    )


class ReplanOut(BaseModel):
    """
    What was decided and why; `run` searches, or `version` is the new draft, or nothing changes.

    `trucks` says what of trucks is unchanged and why, empty where the day has none.

    Costs are thousandths of a đồng, `later` is seconds.
    """

    action: Action
    reasons: list[str]
    run: str = ""
    version: int = 0
    changes: list[ChangeOut] = []
    trucks: str = ""


@router.post("/days/{day}/replan")
def replan(
    day: date, given: ReplanIn, request: Request, office: Office, planner: Planner, lang: Spoken
) -> ReplanOut:
    """Leave the rest of a day as it is, insert what is new at once, or search it anew."""
    made = office.replan(
        day, by=planner.by, action=given.action, seconds=given.seconds, note=given.note
    )
    if made.run is not None:
        parts_of(request).runs.wake()
    changes = () if made.answer is None else made.answer.changes
    return ReplanOut(
        action=made.decision.action,
        reasons=[reason_sentence(reason, lang) for reason in made.decision.reasons],
        run="" if made.run is None else made.run.id,
        version=0 if made.version is None else made.version.head.version,
        changes=[change_out(one) for one in changes],
        trucks=text("replan.trucks", lang) if made.trucks else "",
    )
