"""
Events as JSON and back, everything wrong with a file told at once.

    {"format": "buuta-events", "version": 1, "events": [
      {"kind": "stop_done", "id": "e1", "day": "2026-11-24", "at": "09:42", "by": "BT01",
       "order": "DH7", "courier": "BT01", "cash": 45000, "recipient": "Nguyễn Văn An"}]}

Times are "09:42" or "09:42:10" of the day, or a moment with its date ("2026-11-24T09:42:10+07:00";
without an offset the province's own time is meant); what is received the next day has a date.
Points are [latitude, longitude]. `received_at` may be left out: then it is `at`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import MISSING, dataclass, fields
from datetime import date, datetime, time, timedelta, timezone
from enum import Enum
from typing import Any

from dispatch.errors import RowFinding
from dispatch.events import KINDS, Event, FailReason, Period
from dispatch.messages import Language, text
from dispatch.model import OrderKind, Service
from geo.types import LatLon
from solver.model import StopKind, TimeWindow

FORMAT = "buuta-events"
VERSION = 1

_LOCAL = timezone(timedelta(hours=7))
_CLOCK = re.compile(r"(\d{1,3}):([0-5]\d)(?::([0-5]\d))?")
_LONGEST_TEXT = 2_000
_MOST_MONEY = 10**12


@dataclass(frozen=True, slots=True, kw_only=True)
class EventsRead:
    """What a file of events holds: the good ones, and what is wrong with the others."""

    events: tuple[Event, ...]
    findings: tuple[RowFinding, ...]


class _BadValueError(Exception):
    """A value that a field cannot take; `key` names the text that says why."""

    def __init__(self, key: str, **values: object) -> None:
        self.key = key
        self.values = values
        super().__init__(key)


def read_events(source: str, *, file: str = "events.json", lang: Language = "vi") -> EventsRead:
    """
    Read a file of events; rows count from 1 in the order of the list.

    Parameters
    ----------
    source
        The file's text.
    file
        Its name, for the findings.
    """

    def whole(key: str, **values: object) -> EventsRead:
        return EventsRead(events=(), findings=(_finding(file, 0, "", key, lang, **values),))

    try:
        held = json.loads(source)
    except ValueError as error:
        return whole("no_json", error=str(error))
    except RecursionError:
        return whole("no_json", error="nesting")
    if not isinstance(held, dict) or held.get("format") != FORMAT:
        return whole("no_events")
    if held.get("version") != VERSION or isinstance(held.get("version"), bool):
        return whole("version", version=held.get("version"), known=VERSION)
    rows = held.get("events")
    if not isinstance(rows, list):
        return whole("no_list")
    events: list[Event] = []
    findings: list[RowFinding] = []
    for number, row in enumerate(rows, start=1):
        event, wrong = read_event(row, file=file, row=number, lang=lang)
        findings += wrong
        if event is not None:
            events.append(event)
    return EventsRead(events=tuple(events), findings=tuple(findings))


def read_event(
    facts: Any, *, file: str = "event", row: int = 0, lang: Language = "vi"
) -> tuple[Event | None, list[RowFinding]]:
    """Return one event from its JSON object, or None and everything that is wrong with it."""
    if not isinstance(facts, dict):
        return None, [_finding(file, row, "", "no_object", lang)]
    kind = next((each for each in KINDS if each.kind == facts.get("kind")), None)
    if kind is None:
        known = ", ".join(each.kind for each in KINDS)
        value = facts.get("kind")
        return None, [_finding(file, row, "kind", "kind", lang, value=value, known=known)]
    findings: list[RowFinding] = []
    values: dict[str, Any] = {}
    day = _day_of(facts)
    for field in fields(kind):
        name = field.name
        if name not in facts or facts[name] is None:
            if name == "received_at":
                continue
            if field.default is MISSING:
                findings.append(_finding(file, row, name, "missing", lang))
            continue
        try:
            values[name] = _READERS[name](facts[name], day)
        except _BadValueError as bad:
            findings.append(
                _finding(file, row, name, bad.key, lang, value=facts[name], **bad.values)
            )
    known_names = {field.name for field in fields(kind)} | {"kind"}
    for name in sorted(str(each) for each in facts.keys() - known_names):
        known = ", ".join(sorted(known_names))
        findings.append(_finding(file, row, name, "unknown_field", lang, known=known))
    if not findings:
        values.setdefault("received_at", values["at"])
        findings += [
            _finding(file, row, name, key, lang, value=facts.get(name))
            for name, key in _contradictions(values, kind.kind)
        ]
    return (None, findings) if findings else (kind(**values), [])


def _contradictions(values: Mapping[str, Any], kind: str) -> Iterable[tuple[str, str]]:
    """Yield fields that are right by themselves and wrong together."""
    if values.get("does") is OrderKind.TRANSFER and values.get("to_point") is None:
        yield "to_point", "no_target"
    if kind == "road_closed" and values["end"] < values["start"]:
        yield "end", "ends_before"


def write_events(events: Iterable[Event]) -> str:
    """Return events as a file's text; reading it gives the same events."""
    held = {
        "format": FORMAT,
        "version": VERSION,
        "events": [event_facts(event) for event in events],
    }
    return json.dumps(held, ensure_ascii=False, indent=1) + "\n"


def event_facts(event: Event) -> dict[str, Any]:
    """Return one event as the JSON object that `read_event` reads; defaults are left out."""
    facts: dict[str, Any] = {"kind": event.kind}
    for field in fields(event):
        value = getattr(event, field.name)
        if value != field.default or field.default is MISSING:
            facts[field.name] = _plain(field.name, value)
    return facts


# ---- kinds of value -----------------------------------------------------------------------------

_TIMES = frozenset({"at", "received_at", "until", "start", "end"})


def _plain(name: str, value: Any) -> Any:
    if isinstance(value, Enum):
        return value.value
    if isinstance(value, date):
        return value.isoformat()
    if isinstance(value, LatLon):
        return [value.lat, value.lon]
    if isinstance(value, TimeWindow):
        return [_clock(value.start), _clock(value.end)]
    if isinstance(value, tuple):
        return [_plain(name, each) for each in value]
    if name in _TIMES and isinstance(value, int):
        return _clock(value)
    return value


def _clock(seconds: int) -> str | int:
    if seconds < 0:
        return seconds
    written = f"{seconds // 3600:02d}:{seconds % 3600 // 60:02d}"
    return written if seconds % 60 == 0 else f"{written}:{seconds % 60:02d}"


def _day_of(facts: Mapping[str, Any]) -> date | None:
    try:
        return date.fromisoformat(str(facts.get("day")))
    except ValueError:
        return None


def _a_day(value: Any, _: date | None) -> date:
    try:
        return date.fromisoformat(value)
    except (TypeError, ValueError):
        raise _BadValueError("day") from None


def _a_time(value: Any, day: date | None) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    if isinstance(value, str):
        clock = _CLOCK.fullmatch(value.strip())
        if clock is not None:
            hours, minutes, seconds = (int(part or 0) for part in clock.groups())
            return hours * 3600 + minutes * 60 + seconds
        try:
            moment = datetime.fromisoformat(value.strip())
        except ValueError:
            raise _BadValueError("time") from None
        if day is not None:
            if moment.tzinfo is None:
                moment = moment.replace(tzinfo=_LOCAL)
            midnight = datetime.combine(day, time(), tzinfo=_LOCAL)
            return int((moment - midnight).total_seconds())
    raise _BadValueError("time")


def _a_text(value: Any, _: date | None) -> str:
    if not isinstance(value, str):
        raise _BadValueError("text")
    if len(value) > _LONGEST_TEXT:
        raise _BadValueError("too_long", most=_LONGEST_TEXT)
    return value


def _an_id(value: Any, day: date | None) -> str:
    given = _a_text(value, day).strip()
    if not given:
        raise _BadValueError("empty")
    return given


def _a_point(value: Any, _: date | None) -> LatLon:
    numbers = isinstance(value, list) and all(
        isinstance(each, int | float) and not isinstance(each, bool) for each in value
    )
    if not numbers or len(value) != 2:
        raise _BadValueError("point")
    try:
        return LatLon(lat=float(value[0]), lon=float(value[1]))
    except (ValueError, OverflowError):
        raise _BadValueError("point") from None


def _a_line(value: Any, day: date | None) -> tuple[LatLon, ...]:
    if not isinstance(value, list) or not 2 <= len(value) <= 1_000:
        raise _BadValueError("line")
    return tuple(_a_point(each, day) for each in value)


def _windows(value: Any, day: date | None) -> tuple[TimeWindow, ...]:
    if not isinstance(value, list):
        raise _BadValueError("windows")
    found = []
    for pair in value:
        if not isinstance(pair, list) or len(pair) != 2:
            raise _BadValueError("windows")
        found.append(TimeWindow(start=_a_time(pair[0], day), end=_a_time(pair[1], day)))
    ends = -1
    for window in found:
        if window.start <= ends or window.end < window.start:
            raise _BadValueError("windows")
        ends = window.end
    return tuple(found)


def _stops(value: Any, day: date | None) -> tuple[str, ...]:
    if not isinstance(value, list) or len(value) > 1_000:
        raise _BadValueError("stops")
    return tuple(_an_id(each, day) for each in value)


def _amount(value: Any, _: date | None) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= _MOST_MONEY:
        raise _BadValueError("amount")
    return value


def _a_flag(value: Any, _: date | None) -> bool:
    if not isinstance(value, bool):
        raise _BadValueError("flag")
    return value


def _one_of(options: Sequence[Any]) -> Callable[[Any, date | None], Any]:
    def read(value: Any, _: date | None) -> Any:
        for option in options:
            if option.value == value:
                return option
        raise _BadValueError("choice", known=", ".join(each.value for each in options))

    return read


_READERS: dict[str, Callable[[Any, date | None], Any]] = {
    "id": _an_id,
    "day": _a_day,
    "at": _a_time,
    "received_at": _a_time,
    "by": _a_text,
    "order": _an_id,
    "courier": _an_id,
    "part": _one_of((StopKind.JOB, StopKind.PICKUP, StopKind.DELIVERY)),
    "end": _a_time,
    "place": _a_point,
    "recipient": _a_text,
    "cash": _amount,
    "proof": _a_text,
    "signature": _a_text,
    "photo": _a_text,
    "identity_checked": _a_flag,
    "hint": _a_text,
    "next_attempt": _a_day,
    "period": _one_of(tuple(Period)),
    "collected": _amount,
    "returned": _amount,
    "clerk": _a_text,
    "clerk_signature": _a_text,
    "version": _amount,
    "stops": _stops,
    "reason": _one_of(tuple(FailReason)),
    "note": _a_text,
    "again": _a_flag,
    "does": _one_of(tuple(OrderKind)),
    "point": _a_point,
    "to_point": _a_point,
    "service": _one_of(tuple(Service)),
    "office": _a_text,
    "grams": _amount,
    "cubic_cm": _amount,
    "windows": _windows,
    "required": _a_flag,
    "until": _a_time,
    "line": _a_line,
    "start": _a_time,
}


def _finding(
    file: str, row: int, field: str, key: str, lang: Language, value: object = "", **values: object
) -> RowFinding:
    shown = "" if value in ("", None) else str(value)
    return RowFinding(
        file=file,
        row=row,
        field=field,
        what=text(f"event.bad.{key}", lang, **values),
        remedy=text(f"event.fix.{key}", lang, **values),
        value=shown if len(shown) <= 60 else shown[:59] + "…",
    )
