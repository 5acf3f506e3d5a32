"""Couriers' phones: the day, what they bring in, and what dispatchers see and settle of it."""

from __future__ import annotations

import json
from datetime import date, timedelta
from http import HTTPStatus
from typing import Annotated, Any

from anyio.to_thread import run_sync
from fastapi import APIRouter, Depends, Query, Request, Response
from pydantic import ValidationError

from api.access import Principal, Right
from api.deps import Needs, Office, Parts, Read, Spoken, parts_of, tagged, wrong
from api.once import OnceRoute
from api.phone_day import phone_day
from api.phone_schemas import (
    AnswerOut,
    Handed,
    LinkState,
    OutboxIn,
    OutboxTold,
    PhoneDay,
    ProofKept,
    RefusalOut,
    RulesIn,
    RulesOut,
    SettledIn,
    SettlementOut,
    SettlementsOut,
)
from api.problems import FieldFinding, Problem
from api.routes.events import day_of_courier
from api.schemas import OF_COURIERS, EventIn, LinksIn
from dispatch.clock import today
from dispatch.manifest import PlanMark, sheets_manifest
from dispatch.office.phones import EVERY_OFFICE, MOST_PROOF, Brought, Fate
from dispatch.phone_records import Refusal
from dispatch.records import StoredEvent
from dispatch.settling import Expected, Settled

router = APIRouter(prefix="/api", tags=["phones"])
once = APIRouter(prefix="/api", tags=["phones"], route_class=OnceRoute)
own = APIRouter(prefix="/api/own", tags=["courier"])

Reader = Annotated[Principal, Depends(Needs(Right.READ))]
Writer = Annotated[Principal, Depends(Needs(Right.WRITE))]
Teller = Annotated[Principal, Depends(Needs(Right.EVENTS))]
Linker = Annotated[Principal, Depends(Needs(Right.LINKS))]
Courier = Annotated[Principal, Depends(Needs(Right.OWN))]

_LATE = timedelta(days=7)
"""So long after a day its phones may still bring what they had no signal for."""

_MOST_KEPT = 40_000
"""Letters of a refused event that are kept."""


# ---- the courier's side -------------------------------------------------------------------------


@own.get(
    "/day",
    response_model=PhoneDay,
    responses={
        204: {"description": "It is what `known` names"},
        304: {"description": "Nothing has changed"},
    },
)
def my_day(
    request: Request,
    response: Response,
    courier: Courier,
    lang: Spoken,
    day: date | None = None,
    known: Annotated[str, Query(max_length=64)] = "",
) -> PhoneDay | Response:
    """
    Return the courier's whole day.

    Asking again is cheap with If-None-Match, or with the tag of the day that is known already.
    """
    parts = parts_of(request)
    on = day_of_courier(parts, courier, day)
    found = phone_day(parts, parts.pictures.get(on), courier.courier, lang)
    tag = f'"{found.tag}"'
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=HTTPStatus.NOT_MODIFIED, headers={"ETag": tag})
    if known == found.tag:
        return Response(status_code=HTTPStatus.NO_CONTENT, headers={"ETag": tag})
    response.headers["ETag"] = tag
    return found


@own.post("/outbox")
def bring(
    given: OutboxIn,
    request: Request,
    office: Office,
    courier: Courier,
    lang: Spoken,
    day: date | None = None,
) -> OutboxTold:
    """
    Take what a phone has to tell, in order; each event gets an answer, and none is lost.

    Told again, an event changes nothing. Days of the last week are taken too: a phone may have been
    without signal.
    """
    parts = parts_of(request)
    on = _day_told(parts, courier, day)
    brought = [_brought(one, on, parts, courier) for one in given.events]
    fates = office.take_in(
        on, courier.courier, brought, by=courier.by, kinds=OF_COURIERS, lang=lang
    )
    mine = _orders_of(parts, on, courier.courier)
    return OutboxTold(
        now=parts.clock.now(),
        answers=[
            AnswerOut(
                id=fate.id,
                fate=fate.fate.value,
                reasons=fate.reasons,
                moved=fate.fate is not Fate.REFUSED
                and one.event is not None
                and bool(one.event.order)
                and mine is not None
                and one.event.order not in mine,
                other=fate.other,
                other_at=fate.other_at,
                lacking=fate.lacking,
            )
            for one, fate in zip(brought, fates, strict=True)
        ],
    )


@own.put(
    "/proofs/{key}",
    openapi_extra={
        "requestBody": {
            "content": {
                kind: {"schema": {"type": "string", "format": "binary"}}
                for kind in ("image/jpeg", "image/png")
            },
            "required": True,
        }
    },
)
async def bring_proof(
    key: str, request: Request, courier: Courier, response: Response, day: date | None = None
) -> ProofKept:
    """Keep a photo or signature under the SHA-256 of its bytes; again, it is there already."""
    parts = parts_of(request)
    on = _day_told(parts, courier, day)
    if len(key) != 64 or not all(sign in "0123456789abcdef" for sign in key):
        raise wrong("path.key", "SHA-256")
    taken = bytearray()
    async for part in request.stream():
        taken += part
        if len(taken) > MOST_PROOF:
            raise Problem(HTTPStatus.REQUEST_ENTITY_TOO_LARGE, "too_large", most=MOST_PROOF)
    media = request.headers.get("content-type", "").partition(";")[0].strip()
    new = await run_sync(
        lambda: parts.office.keep_proof(
            on, courier.courier, key, media=media, data=bytes(taken), by=courier.by
        )
    )
    response.status_code = HTTPStatus.CREATED if new else HTTPStatus.OK
    return ProofKept(hash=key, new=new)


# ---- the office's side: links and papers --------------------------------------------------------


@router.get("/days/{day}/links")
def links(day: date, request: Request, _: Linker) -> list[LinkState]:
    """Return a day's links: which were used, and where another phone waits to be let in."""
    return [LinkState.of(one) for one in parts_of(request).accounts.links_of(day)]


@router.post("/days/{day}/links/{courier}/admit")
def admit(day: date, courier: str, request: Request, linker: Linker) -> LinkState:
    """Let the phone in that waits; the one that came first is signed out."""
    admitted = parts_of(request).accounts.admit_phone(courier, day=day, by=linker.by)
    return LinkState.of(admitted)


@router.post(
    "/days/{day}/manifests",
    response_class=Response,
    responses={200: {"content": {"application/pdf": {}}}},
)
def papers(
    day: date, given: LinksIn, request: Request, office: Office, linker: Linker, lang: Spoken
) -> Response:
    """Print the published sheets, each with a new link as QR and the numbers of the parcels."""
    parts = parts_of(request)
    version = office.day(day).published
    if not version:
        office.published(day)
    found = parts.plans.get(day, version, lang)
    strangers = [key for key in given.couriers if key not in found.sheets]
    if strangers:
        findings = [FieldFinding(where="body.couriers", what=key) for key in strangers]
        raise Problem(
            HTTPStatus.UNPROCESSABLE_ENTITY, "invalid", errors=findings, count=len(findings)
        )
    wanted = [sheet for key, sheet in found.sheets.items() if key in given.couriers]
    sheets = wanted or list(found.sheets.values())
    made = parts.accounts.link([one.courier for one in sheets], day=day, by=linker.by)
    doors = {one.link.courier: f"{parts.settings.address}/phone#{one.token}" for one in made}
    paper = sheets_manifest(
        sheets,
        lang,
        mark=PlanMark(version=str(version), published=True),
        travel_note=found.version.plan.travel_note,
        doors=doors,
    )
    return Response(
        paper,
        media_type="application/pdf",
        headers={"Content-Disposition": f'inline; filename="{day}-{version}-manifests.pdf"'},
    )


# ---- the office's side: what phones brought -----------------------------------------------------


@router.get("/days/{day}/refusals")
def refusals(day: date, office: Office, _: Reader) -> list[RefusalOut]:
    """Return the events of phones that were refused, settled ones too."""
    return [_refusal(one) for one in office.refusals(day)]


@once.post("/days/{day}/refusals/{number}")
def settle_refusal(
    day: date, number: int, given: SettledIn, office: Office, teller: Teller
) -> RefusalOut:
    """Say how a refused event was settled; the courier's phone shows it."""
    return _refusal(office.settle_refusal(day, number, by=teller.by, note=given.note))


@router.get(
    "/days/{day}/proofs/{courier}/{key}",
    response_class=Response,
    responses={200: {"content": {"image/jpeg": {}, "image/png": {}}}},
)
def proof(day: date, courier: str, key: str, office: Office, _: Reader) -> Response:
    """Return a photo or signature that an event refers to."""
    found = office.proof(day, courier, key)
    return Response(
        found.data,
        media_type=found.media,
        headers={
            "Content-Disposition": "inline",
            "Cache-Control": "private, max-age=86400",
            "ETag": f'"{found.hash}"',
        },
    )


@router.get("/days/{day}/settlements")
def settlements(day: date, request: Request, _: Reader) -> SettlementsOut:
    """Return what was expected and handed in, and what each courier would hand in by now."""
    parts = parts_of(request)
    found = parts.pictures.get(day).accounts
    return SettlementsOut(
        settled=[_settlement(one) for one in found.settled],
        noon={courier: _handed(one) for courier, one in found.noon.items()},
        evening={courier: _handed(one) for courier, one in found.evening.items()},
    )


# ---- the office's side: rules -------------------------------------------------------------------


@router.get("/phone-rules/{office_id}")
def rules(office_id: str, office: Office, _: Reader, response: Response) -> RulesOut:
    """Return what an office's couriers are asked for at each kind of stop; `all` for every one."""
    key = _office_of(office_id)
    found = {one.office: one for one in office.phone_rules()}
    stored = found.get(key)
    tagged(response, 0 if stored is None else stored.stamp.version)
    return RulesOut.of(
        office_id,
        office.rules_for(key),
        {} if stored is None else stored.rules,
        None if stored is None else stored.stamp,
    )


@router.put("/phone-rules/{office_id}")
def set_rules(
    office_id: str, given: RulesIn, office: Office, writer: Writer, read: Read, response: Response
) -> RulesOut:
    """Set an office's rules over the version that was read; `"0"` for the first ones."""
    key = _office_of(office_id)
    if key and key not in {one.office.id for one in office.offices()}:
        raise Problem(HTTPStatus.NOT_FOUND, "not_found", detail=office_id)
    said = {
        name: {ask.value: need.value for ask, need in needs.items()}
        for name, needs in given.rules.items()
    }
    stored = office.set_phone_rules(key, said, by=writer.by, read=read)
    tagged(response, stored.stamp.version)
    return RulesOut.of(office_id, office.rules_for(key), stored.rules, stored.stamp)


# ---- helpers ------------------------------------------------------------------------------------


def _office_of(named: str) -> str:
    return EVERY_OFFICE if named == "all" else named


def _day_told(parts: Parts, courier: Principal, asked: date | None) -> date:
    """Return the day that a phone tells of: its own, or one of the last week."""
    latest = courier.day or today(parts.clock)
    if courier.courier and asked is not None and latest - _LATE <= asked <= latest:
        return asked
    return day_of_courier(parts, courier, asked)


def _orders_of(parts: Parts, day: date, courier: str) -> set[str] | None:
    """Return the orders of a courier's routes of the day; None where no plan is published."""
    picture = parts.pictures.get(day)
    if not picture.versions:
        return None
    return {
        row.order
        for version, _ in picture.versions
        if (sheet := parts.plans.get(day, version, "vi").sheets.get(courier)) is not None
        for row in sheet.rows
    }


def _brought(raw: dict[str, Any], day: date, parts: Parts, courier: Principal) -> Brought:
    try:
        one = EventIn.model_validate(raw)
    except ValidationError as error:
        told = [
            f"{'.'.join(str(part) for part in found['loc'])}: {found['msg']}"
            for found in error.errors(include_url=False, include_context=False)
        ]
        return Brought(raw=_kept(raw), wrong=tuple(told))
    event = StoredEvent(
        id=one.id,
        day=day,
        kind=one.kind,
        at=one.at,
        received_at=parts.clock.now(),
        by=courier.by,
        order=one.order,
        courier=one.courier or courier.courier,
        body=one.body,
    )
    return Brought(raw=_kept(raw), event=event)


def _kept(raw: dict[str, Any]) -> dict[str, Any]:
    """Return what is kept of an event that may be anything: what a text can hold."""
    written = json.dumps(raw, ensure_ascii=True, default=str)
    if len(written) > _MOST_KEPT or "\\u0000" in written or "\\ud8" in written.lower():
        return {"id": str(raw.get("id", ""))[:64].encode("ascii", "replace").decode(),
                "text": written[:_MOST_KEPT]}  # fmt: skip
    return raw


def _refusal(one: Refusal) -> RefusalOut:
    own = {name: getattr(one, name) for name in RefusalOut.model_fields if name != "number"}
    return RefusalOut(number=one.seq, **{**own, "event": dict(one.event)})


def _handed(one: Expected) -> Handed:
    return Handed(**{name: getattr(one, name) for name in Handed.model_fields})


def _settlement(one: Settled) -> SettlementOut:
    event = one.event
    return SettlementOut(
        courier=one.courier,
        event=event.id,
        period=event.period.value,
        at=event.at,
        expected=_handed(one.expected),
        cash=event.cash,
        collected=event.collected,
        returned=event.returned,
        cash_missing=one.cash_missing,
        items_missing=one.items_missing,
        clerk=event.clerk,
        signature=event.signature,
        clerk_signature=event.clerk_signature,
        note=event.note,
    )
