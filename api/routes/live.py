"""A running day: planned against actual, and what a re-planned rest would change."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated

from fastapi import APIRouter, Depends, Path
from pydantic import BaseModel

from api.access import Principal, Right
from api.deps import Needs, Office
from api.once import OnceRoute
from api.problems import Problem
from api.routes.replans import ChangeOut, change_out
from dispatch.watching import FailedStop, WatchedCourier, WatchedStop, WatchState
from geo.types import LatLon

router = APIRouter(prefix="/api", tags=["live"], route_class=OnceRoute)

Reader = Annotated[Principal, Depends(Needs(Right.READ))]
Version = Annotated[int, Path(ge=1, le=2**31 - 1)]


class LiveCourier(BaseModel):
    """
    One courier's round; seconds since midnight.

    `late` open stops will miss their window or due time; `delay_seconds` is by how much the next
    one will be later than planned; `presumed` = nothing was heard, taken to keep to the plan.
    """

    courier: str
    name: str
    office: str
    done: int
    failed: int
    open: int
    cancelled: int
    late: int
    delay_seconds: int
    finish_planned: int | None
    finish_expected: int | None
    presumed: bool
    last_seen: int | None
    place: LatLon | None
    down: int | None
    absent: int | None
    next: WatchedStop | None

    @classmethod
    def of(cls, one: WatchedCourier) -> LiveCourier:
        """Return a courier's round without its stops."""
        waiting = WatchState.OPEN, WatchState.STARTED
        own = {"done", "failed", "open", "cancelled", "next"}
        return cls(
            done=one.count(WatchState.DONE),
            failed=one.count(WatchState.FAILED),
            open=one.count(*waiting),
            cancelled=one.count(WatchState.CANCELLED),
            next=next((stop for stop in one.stops if stop.state in waiting), None),
            **{name: getattr(one, name) for name in cls.model_fields if name not in own},
        )


class LiveOut(BaseModel):
    """
    A running day as of `now`: couriers with late stops first, then the most delayed.

    `homeless` are orders whose courier is gone, `fresh` those that came in the day and are in no
    round yet.
    """

    now: int
    couriers: list[LiveCourier]
    failed: Sequence[FailedStop]
    homeless: Sequence[str]
    fresh: Sequence[str]


class RestOut(BaseModel):
    """What a re-planned rest changes, against the order kept; thousandths of a đồng, counts."""

    changes: list[ChangeOut]
    cost_kept: int
    cost: int
    violations_kept: int
    violations: int


@router.get("/days/{day}/live")
def live(day: date, office: Office, _: Reader) -> LiveOut:
    """Return how a day goes, planned against actual."""
    found = office.live(day)
    return LiveOut(
        now=found.now,
        couriers=[LiveCourier.of(one) for one in found.couriers],
        failed=found.failed,
        homeless=found.homeless,
        fresh=found.fresh,
    )


@router.get("/days/{day}/live/{courier}")
def live_round(day: date, courier: str, office: Office, _: Reader) -> list[WatchedStop]:
    """Return a courier's stops: those over as they were, then the open ones as expected."""
    found = next((one for one in office.live(day).couriers if one.courier == courier), None)
    if found is None:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found")
    return list(found.stops)


@router.get("/days/{day}/plans/{version}/changes")
def changes(day: date, version: Version, office: Office, _: Reader) -> RestOut:
    """Return what a re-planned rest changes, each stop with what that is worth."""
    found = office.rest_changes(day, version)
    return RestOut(
        changes=[change_out(one) for one in found.changes],
        cost_kept=found.cost_kept,
        cost=found.cost,
        violations_kept=found.violations_kept,
        violations=found.violations,
    )
