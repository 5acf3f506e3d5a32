"""What happens in a day, told by phones and dispatchers; and what a courier sees of it."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from http import HTTPStatus
from typing import Annotated

import anyio.to_thread
from fastapi import APIRouter, Depends, Query, Request, Response

from api.access import Principal, Right
from api.account_values import NewLink
from api.deps import Needs, Office, Parts, Spoken, parts_of
from api.once import OnceRoute
from api.problems import FieldFinding, Problem
from api.schemas import OF_COURIERS, EventIn, EventsIn, EventsTold, LinkOut, LinksIn
from api.sheets import RouteOut
from api.stream import Entry, LastEventId, after_of, streamed
from dispatch.clock import today
from dispatch.errors import UnknownError
from dispatch.manifest import qr_svg
from dispatch.office import Dispatch
from dispatch.office.days import Recorded
from dispatch.records import StoredEvent
from dispatch.repository import PAGE

router = APIRouter(prefix="/api", tags=["events"], route_class=OnceRoute)
own = APIRouter(prefix="/api/own", tags=["courier"], route_class=OnceRoute)

Reader = Annotated[Principal, Depends(Needs(Right.READ))]
Teller = Annotated[Principal, Depends(Needs(Right.EVENTS))]
Courier = Annotated[Principal, Depends(Needs(Right.OWN))]
Linker = Annotated[Principal, Depends(Needs(Right.LINKS))]
After = Annotated[int, Query(ge=0, le=2**53)]


# ---- the office's side --------------------------------------------------------------------------


@router.post("/days/{day}/events")
def tell(
    day: date, given: EventsIn, request: Request, office: Office, teller: Teller
) -> EventsTold:
    """Write down what happened; telling it again changes nothing."""
    parts = parts_of(request)
    nameless = [
        FieldFinding(where=f"body.events[{number}].courier", what=one.kind)
        for number, one in enumerate(given.events)
        if one.kind.startswith(("stop_", "vehicle_", "courier_")) and not one.courier
    ]
    if nameless:
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=nameless, count=len(nameless)
        )
    events = [_event(one, day, parts, teller, one.courier) for one in given.events]
    return _told(office.record_events(day, events, by=teller.by))


@router.get("/days/{day}/events")
def events(
    day: date,
    office: Office,
    _: Reader,
    after: After = 0,
    limit: Annotated[int, Query(ge=1, le=1_000)] = PAGE,
) -> list[StoredEvent]:
    """Return a day's journal after an entry, in the order in which it was stored."""
    return list(office.events(day, after=after, limit=limit))


@router.get(
    "/days/{day}/events/stream",
    response_class=Response,
    responses={200: {"content": {"text/event-stream": {}}}},
)
def follow(
    day: date, request: Request, office: Office, _: Reader, last: LastEventId = "", after: After = 0
) -> Response:
    """Tell what happens as it is stored; `Last-Event-ID` goes on where a connection broke."""

    def look(seen: int) -> Sequence[Entry]:
        return [
            Entry(
                id=one.seq,
                kind=one.kind,
                data={
                    "id": one.id,
                    "at": one.at.isoformat(),
                    "order": one.order,
                    "courier": one.courier,
                    "body": dict(one.body),
                },
            )
            for one in office.events(day, after=seen)
        ]

    return streamed(request, look, after=max(after_of(last), after))


@router.post("/days/{day}/links", status_code=HTTPStatus.CREATED)
def links(
    day: date, given: LinksIn, request: Request, office: Office, linker: Linker, lang: Spoken
) -> list[LinkOut]:
    """Make links by which couriers sign in for a day, to be printed as QR on their manifests."""
    parts = parts_of(request)
    wanted = list(dict.fromkeys(given.couriers))
    if not wanted:
        version = office.day(day).published
        if not version:
            office.published(day)
        wanted = sorted(parts.plans.get(day, version, lang).sheets)
    known = {one.courier.id for one in office.couriers()}
    strangers = [key for key in wanted if key not in known]
    if strangers:
        found = [FieldFinding(where="body.couriers", what=key) for key in strangers]
        raise Problem(HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=found, count=len(found))
    made = parts.accounts.link(wanted, day=day, by=linker.by)
    return [_link(parts, one) for one in made]


@router.delete("/days/{day}/links/{courier}", status_code=HTTPStatus.NO_CONTENT)
def revoke(day: date, courier: str, request: Request, linker: Linker) -> None:
    """Revoke a courier's links of a day, and end the sessions that came of them."""
    parts_of(request).accounts.revoke_links(courier, day=day, by=linker.by)


# ---- the courier's side -------------------------------------------------------------------------


@own.get(
    "/route",
    response_model=RouteOut,
    responses={304: {"description": "Nothing has changed"}},
)
async def route(
    request: Request,
    office: Office,
    courier: Courier,
    lang: Spoken,
    day: date | None = None,
) -> Response:
    """Return the courier's own stops by the published plan; If-None-Match makes asking cheap."""
    parts = parts_of(request)
    on = day_of_courier(parts, courier, day)
    # Phones ask all the time: what is at hand is answered at once, without a thread.
    version = parts.plans.known(on)
    if version is None:
        version = await anyio.to_thread.run_sync(parts.plans.published, on)
    if not version:
        await anyio.to_thread.run_sync(office.published, on)
    tag = f'"{on}/{version}/{lang}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    plan = parts.plans.at_hand(on, version, lang)
    if plan is None:
        plan = await anyio.to_thread.run_sync(parts.plans.get, on, version, lang)
    body = plan.route(courier.courier)
    if body is None:
        raise Problem(HTTPStatus.NOT_FOUND, "no_route")
    return Response(body, media_type="application/json", headers={"ETag": tag})


@own.post("/events")
def tell_own(
    given: EventsIn,
    request: Request,
    office: Office,
    courier: Courier,
    lang: Spoken,
    day: date | None = None,
) -> EventsTold:
    """
    Tell what happened on the courier's own round; telling it again changes nothing.

    A stop that is on another courier's route by now, or was done before the plan was changed, is
    written down all the same; the first is said.
    """
    parts = parts_of(request)
    on = day_of_courier(parts, courier, day)
    version = parts.plans.published(on)
    who = parts.plans.get(on, version, lang).orders if version else {}
    found = []
    moved = []
    for number, one in enumerate(given.events):
        where = f"body.events[{number}]"
        if one.kind not in OF_COURIERS:
            found.append(FieldFinding(where=f"{where}.kind", what=one.kind))
        elif one.courier not in ("", courier.courier):
            found.append(FieldFinding(where=f"{where}.courier", what=one.courier))
        elif one.order and courier.courier not in who.get(one.order, ()):
            # Done before the plan was changed, or handed over on the road: it is not lost.
            if one.order in who:
                moved.append(one.id)
            elif not _is_known(office, one.order):
                found.append(FieldFinding(where=f"{where}.order", what=one.order))
    if found:
        raise Problem(HTTPStatus.FORBIDDEN, "not_own", errors=found)
    events = [_event(one, on, parts, courier, courier.courier) for one in given.events]
    return _told(office.record_events(on, events, by=courier.by), moved)


def _is_known(office: Dispatch, order: str) -> bool:
    try:
        office.order(order)
    except UnknownError:
        return False
    return True


def day_of_courier(parts: Parts, courier: Principal, asked: date | None) -> date:
    """Return the day that a courier asks of; who came by a link sees the link's day only."""
    if not courier.courier:
        raise Problem(HTTPStatus.FORBIDDEN, "no_courier")
    if courier.day is not None:
        if asked not in (None, courier.day):
            raise Problem(HTTPStatus.FORBIDDEN, "forbidden")
        return courier.day
    return asked or today(parts.clock)


def _event(one: EventIn, day: date, parts: Parts, teller: Principal, courier: str) -> StoredEvent:
    return StoredEvent(
        id=one.id,
        day=day,
        kind=one.kind,
        at=one.at,
        received_at=parts.clock.now(),
        by=teller.by,
        order=one.order,
        courier=courier,
        body=one.body,
    )


def _told(recorded: Recorded, moved: Sequence[str] = ()) -> EventsTold:
    return EventsTold(
        stored=[one.id for one in recorded.stored],
        repeated=list(recorded.repeated),
        different=list(recorded.different),
        moved=list(moved),
        last=max((one.seq for one in recorded.stored), default=0),
    )


def _link(parts: Parts, made: NewLink) -> LinkOut:
    # Behind the hash: it is not sent to servers, and so stands in no log.
    url = f"{parts.settings.address}/phone#{made.token}"
    return LinkOut(
        courier=made.link.courier,
        url=url,
        token=made.token,
        expires_at=made.link.expires_at,
        qr_svg=qr_svg(url),
    )
