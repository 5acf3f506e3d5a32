"""Days: who is absent, how far they have come, their close; and who did what."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response
from pydantic import BaseModel

from api.access import Principal, Right
from api.deps import Needs, Office, Read, tagged
from api.once import OnceRoute
from api.schemas import CloseIn, DayChange, PageOut
from dispatch.records import AuditEntry, DayStatus, StoredDay
from dispatch.repository import PAGE

router = APIRouter(prefix="/api", tags=["days"], route_class=OnceRoute)

Reader = Annotated[Principal, Depends(Needs(Right.READ))]
Writer = Annotated[Principal, Depends(Needs(Right.WRITE))]
Publisher = Annotated[Principal, Depends(Needs(Right.PUBLISH))]
Auditor = Annotated[Principal, Depends(Needs(Right.AUDIT))]
Words = Annotated[str, Query(max_length=100, pattern=r"^[^\x00-\x1f\x7f]*$")]


class DayOut(BaseModel):
    """A day; `accepted` and `published` are plan versions, 0 for none."""

    date: date
    status: DayStatus
    absent: Sequence[str]
    closed_offices: Sequence[str]
    accepted: int
    published: int
    version: int

    @classmethod
    def of(cls, stored: StoredDay) -> DayOut:
        """Return a stored day."""
        return cls(
            date=stored.date,
            status=stored.status,
            absent=stored.absent,
            closed_offices=stored.closed_offices,
            accepted=stored.accepted,
            published=stored.published,
            version=stored.stamp.version,
        )


class ClosedOut(BaseModel):
    """What the close of a day did, by order id."""

    day: DayOut
    next: date
    finished: Sequence[str]
    carried: Sequence[str]
    held: Sequence[str]


@router.get("/days")
def days(
    office: Office,
    _: Reader,
    after: Annotated[str, Query(pattern=r"^(\d{4}-\d{2}-\d{2})?$", max_length=10)] = "",
    limit: Annotated[int, Query(ge=1, le=1_000)] = PAGE,
) -> PageOut[DayOut]:
    """Return the days, the latest first."""
    page = office.days(after=after, limit=limit)
    return PageOut(items=[DayOut.of(one) for one in page.items], after=page.after)


@router.get("/days/{day}")
def one(day: date, office: Office, _: Reader, response: Response) -> DayOut:
    """Return a day; its version is the ETag."""
    stored = office.day(day)
    tagged(response, stored.stamp.version)
    return DayOut.of(stored)


@router.patch("/days/{day}")
def change(
    day: date, given: DayChange, office: Office, writer: Writer, read: Read, response: Response
) -> DayOut:
    """Say who is absent and which offices are closed (If-Match)."""
    stored = office.set_day(
        day, by=writer.by, read=read, absent=given.absent, closed_offices=given.closed_offices
    )
    tagged(response, stored.stamp.version)
    return DayOut.of(stored)


@router.post("/days/{day}/close")
def close(day: date, given: CloseIn, office: Office, publisher: Publisher) -> ClosedOut:
    """End a day: what is done is finished, the rest goes to the next one."""
    closed = office.close_day(
        day, by=publisher.by, next_day=given.next_day, unreported=given.unreported
    )
    return ClosedOut(
        day=DayOut.of(closed.day),
        next=closed.next,
        finished=closed.finished,
        carried=closed.carried,
        held=closed.held,
    )


@router.get("/audit")
def audit(
    office: Office,
    _: Auditor,
    subject: Words = "",
    key: Words = "",
    before: Annotated[int, Query(ge=0, le=2**53)] = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = PAGE,
) -> list[AuditEntry]:
    """Return who did what, the newest first, those before an entry."""
    return list(office.audit(subject=subject, key=key, before=before, limit=limit))
