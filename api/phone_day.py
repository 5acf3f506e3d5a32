"""
The courier's own day as one document for the phone: what to do where, and how far it is.

The document is whole: a phone that has it needs no other. Its `tag` is a hash of all of it but the
time, so that a phone which asks again learns in a few bytes that nothing has changed. Stops that
were done by an earlier plan of the day stay in it, before the others, so that the courier's list
and the settlement hold the whole day. Nothing of other couriers is in it, but that a stop
of one's own was done by somebody else.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from api.deps import Parts
from api.phone_schemas import PhoneDay, PhoneRefused, PhoneSettled, PhoneStop
from api.problems import Problem
from dispatch.day_state import StopState
from dispatch.messages import Language
from dispatch.office.phones import Picture
from dispatch.phone_rules import VISITS, job_type
from dispatch.settling import Expected
from dispatch.views import CourierSheet, RowKind, SheetRow
from solver.model import Step, StopKind

_PARTS = {RowKind.FETCH: StopKind.PICKUP, RowKind.BRING: StopKind.DELIVERY}


def phone_day(parts: Parts, picture: Picture, courier: str, lang: Language) -> PhoneDay:
    """
    Return a courier's day.

    Raises
    ------
    Problem
        The courier has no route on it.
    """
    day = picture.day.date
    sheets = [
        sheet
        for version, _ in picture.versions
        if (sheet := parts.plans.get(day, version, lang).sheets.get(courier)) is not None
    ]
    newest = picture.versions[-1][0] if picture.versions else 0
    current = parts.plans.get(day, newest, lang).sheets.get(courier) if newest else None
    if not sheets:
        raise Problem(404, "no_route")
    stops = _stops(parts, sheets, current, picture, courier)
    latest = current or sheets[-1]
    held = PhoneDay(
        day=day,
        version=newest,
        tag="",
        now=datetime(2000, 1, 1, tzinfo=parts.clock.now().tzinfo),
        courier=courier,
        name=latest.name,
        office=latest.office,
        office_name=latest.office_name,
        vehicle=latest.vehicle,
        departure=latest.departure,
        finish=latest.finish,
        carried_items=sum(s.items for s in stops if s.kind is RowKind.DELIVER),
        cash=sum(s.cash for s in stops if s.kind in VISITS),
        most_attempts=parts.office.settings(day).most_attempts,
        rules={
            name: {ask.value: need.value for ask, need in needs.items()}
            for name, needs in parts.office.rules_for(latest.office).items()
        },
        stops=stops,
        settled=[
            PhoneSettled(
                period=one.event.period.value,
                at=one.event.at,
                expected=_figures(one.expected),
                cash=one.event.cash,
                collected=one.event.collected,
                returned=one.event.returned,
            )
            for one in picture.accounts.settled
            if one.courier == courier
        ],
        expected={
            "noon": _figures(picture.accounts.noon.get(courier, Expected())),
            "evening": _figures(picture.accounts.evening.get(courier, Expected())),
        },
        refused=[
            PhoneRefused(
                id=one.id,
                reasons=one.reasons,
                handled=one.handled_at is not None,
                note=one.note,
            )
            for one in parts.office.refusals(day, courier=courier)
        ],
    )
    tag = hashlib.sha256(held.model_dump_json().encode()).hexdigest()[:24]
    return held.model_copy(update={"tag": tag, "now": parts.clock.now()})


def _figures(expected: Expected) -> dict[str, int]:
    names = ("delivered", "collected", "returned", "cash")
    return {name: getattr(expected, name) for name in names}


def _stops(
    parts: Parts,
    sheets: Sequence[CourierSheet],
    current: CourierSheet | None,
    picture: Picture,
    courier: str,
) -> list[PhoneStop]:
    """Return the lines of the plan in force, after those of earlier plans that were dealt with."""
    rows: dict[str, SheetRow] = {}
    now: dict[str, SheetRow] = {}
    for sheet in sheets:
        for row in sheet.rows:
            if row.kind.is_visit:
                rows[_key(row)] = row
    for row in current.rows if current is not None else ():
        if row.kind.is_visit:
            now[_key(row)] = row
    states = {key: _state(picture, row) for key, row in rows.items()}
    elsewhere = _elsewhere(parts, picture)
    before = [
        key
        for key in rows
        if key not in now
        and states[key][1] in ("", courier)
        and states[key][0] != "cancelled"
        and (states[key][0] != "open" or key not in elsewhere)
    ]
    before.sort(key=lambda key: states[key][2] or 0)
    addresses = {
        key: picture.address_key(row.order, _part(row))
        for key, row in rows.items()
        if key in now or key in before
    }
    hints = parts.office.hints(addresses)
    found = [_stop(key, rows[key], states[key], hints, courier) for key in before]
    for number, row in enumerate(current.rows if current is not None else ()):
        if row.kind.is_visit:
            key = _key(row)
            found.append(_stop(key, row, states[key], hints, courier))
        else:
            found.append(
                PhoneStop(
                    key=f"{row.kind.value}:{number}",
                    kind=row.kind,
                    address=row.address,
                    point=row.point,
                    todo=row.todo,
                    items=row.items,
                    cash=row.cash,
                    windows=row.windows,
                    arrival=row.arrival,
                    begin=row.begin,
                    departure=row.departure,
                )
            )
    return found


def _elsewhere(parts: Parts, picture: Picture) -> frozenset[str]:
    """
    Return the stops that the plan in force gives to somebody, or leaves for another day.

    What it does neither with was under way when it was made: its courier still has it.
    """
    if not picture.versions:
        return frozenset()
    plan = parts.plans.get(picture.day.date, picture.versions[-1][0], "vi").version.plan
    given = {f"{s.kind.value}:{s.id}" for r in plan.result.plan.routes for s in r.stops}
    left = {one.order for one in plan.left_out}
    kinds = (StopKind.JOB, StopKind.PICKUP, StopKind.DELIVERY)
    return frozenset(given | {f"{kind.value}:{order}" for kind in kinds for order in left})


def _key(row: SheetRow) -> str:
    return f"{_part(row).value}:{row.order}"


def _part(row: SheetRow) -> StopKind:
    return _PARTS.get(row.kind, StopKind.JOB)


def _state(picture: Picture, row: SheetRow) -> tuple[str, str, int | None]:
    """Return how far a stop is, by whom, and since when."""
    known = picture.standing.stops.get(Step(kind=_part(row), id=row.order))
    if known is not None and known.state is StopState.DONE:
        return known.state.value, known.courier, known.at
    if row.order in picture.standing.cancelled:
        return "cancelled", "", picture.standing.cancelled[row.order]
    if known is None:
        return StopState.OPEN.value, "", None
    return known.state.value, known.courier, known.at


def _stop(
    key: str,
    row: SheetRow,
    state: tuple[str, str, int | None],
    hints: Mapping[str, str],
    courier: str,
) -> PhoneStop:
    own: dict[str, Any] = {
        name: getattr(row, name) for name in PhoneStop.model_fields if hasattr(row, name)
    }
    return PhoneStop(
        **{
            **own,
            "key": key,
            "part": _part(row).value,
            "rule": job_type(row.kind, row.service),
            "hint": hints.get(key, ""),
            "state": state[0],
            "by": state[1] if state[1] != courier else "",
            "at": state[2],
        }
    )
