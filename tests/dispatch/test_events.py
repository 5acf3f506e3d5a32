"""Events as JSON: what is written is read back, and everything wrong is told at once."""

from __future__ import annotations

import json
from dataclasses import fields
from datetime import date
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dispatch.event_files import read_event, read_events, write_events
from dispatch.events import (
    KINDS,
    CourierLate,
    Event,
    FailReason,
    OrderAdded,
    Period,
    RoadClosed,
    StopDone,
)
from dispatch.model import OrderKind, Service
from geo.types import LatLon
from solver.model import StopKind, TimeWindow

_TEXT = st.text(max_size=12)
_ID = st.text(min_size=1, max_size=8).map(str.strip).filter(bool)
_TIME = st.integers(0, 200_000)
_POINT = st.builds(LatLon, lat=st.floats(-90, 90), lon=st.floats(-180, 180))
_WINDOWS = st.lists(st.integers(0, 86_400), min_size=2, max_size=4, unique=True).map(
    lambda marks: tuple(
        TimeWindow(start=a, end=b)
        for a, b in zip(sorted(marks)[0::2], sorted(marks)[1::2], strict=False)
    )
)
_VALUES: dict[str, st.SearchStrategy[Any]] = {
    "id": _ID,
    "day": st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    "at": _TIME,
    "received_at": _TIME,
    "by": _TEXT,
    "order": _ID,
    "courier": _ID,
    "part": st.sampled_from((StopKind.JOB, StopKind.PICKUP, StopKind.DELIVERY)),
    "place": st.none() | _POINT,
    "recipient": _TEXT,
    "cash": st.integers(0, 10**9),
    "proof": _TEXT,
    "reason": st.sampled_from(list(FailReason)),
    "note": _TEXT,
    "again": st.booleans(),
    "does": st.sampled_from((OrderKind.DELIVERY, OrderKind.COLLECTION)),
    "point": _POINT,
    "to_point": _POINT,
    "service": st.sampled_from(list(Service)),
    "office": _TEXT,
    "grams": st.integers(0, 10**6),
    "cubic_cm": st.integers(0, 10**6),
    "windows": _WINDOWS,
    "required": st.booleans(),
    "until": _TIME,
    "line": st.lists(_POINT, min_size=2, max_size=5).map(tuple),
    "signature": _TEXT,
    "photo": _TEXT,
    "identity_checked": st.booleans(),
    "hint": _TEXT,
    "next_attempt": st.none() | st.dates(date(2020, 1, 1), date(2040, 1, 1)),
    "period": st.sampled_from(list(Period)),
    "collected": st.none() | st.integers(0, 1_000),
    "returned": st.none() | st.integers(0, 1_000),
    "clerk": _TEXT,
    "clerk_signature": _TEXT,
    "version": st.integers(0, 1_000),
    "stops": st.lists(_ID, max_size=4).map(tuple),
    "start": st.integers(0, 1000),
    "end": st.integers(1000, 90_000),
}


@st.composite
def any_event(draw: st.DrawFn) -> Event:
    """Draw an event of any kind, every field filled."""
    kind = draw(st.sampled_from(KINDS))
    return kind(**{field.name: draw(_VALUES[field.name]) for field in fields(kind)})


@settings(deadline=None)
@given(st.lists(any_event(), max_size=4))
def test_events_that_are_written_are_read_back_the_same(events: list[Event]) -> None:
    read = read_events(write_events(events))
    assert read.findings == ()
    assert list(read.events) == events


def test_every_kind_of_event_has_a_name_of_its_own() -> None:
    assert len({kind.kind for kind in KINDS}) == len(KINDS) == 15


BASE = {"id": "e1", "day": "2026-11-24", "at": "09:42", "by": "x"}


def _of(named: str, **fields_: Any) -> Event:
    event, findings = read_event({**BASE, **fields_, "kind": named})
    assert findings == []
    assert event is not None
    return event


def test_a_moment_with_its_date_is_the_same_as_the_time_of_the_day() -> None:
    by_clock = _of("courier_absent", courier="c", at="09:42:10")
    assert by_clock.at == 9 * 3600 + 42 * 60 + 10
    assert _of("courier_absent", courier="c", at="2026-11-24T09:42:10+07:00") == by_clock
    assert _of("courier_absent", courier="c", at="2026-11-24T02:42:10+00:00") == by_clock
    assert _of("courier_absent", courier="c", at="2026-11-24T09:42:10") == by_clock


def test_what_a_phone_sends_the_next_day_is_received_after_the_day() -> None:
    event = _of("courier_absent", courier="c", received_at="2026-11-25T00:10")
    assert event.received_at == 24 * 3600 + 600


def test_what_is_left_out_has_its_default() -> None:
    event = _of("stop_done", order="o", courier="c")
    assert isinstance(event, StopDone)
    assert (event.part, event.cash, event.place) == (StopKind.JOB, 0, None)
    assert event.received_at == event.at


def test_a_transfer_needs_where_it_goes() -> None:
    facts = {"kind": "order_added", **BASE, "order": "o", "does": "transfer", "point": [21, 105]}
    event, findings = read_event(facts)
    assert event is None
    assert [each.field for each in findings] == ["to_point"]
    assert isinstance(_of("order_added", **{**facts, "to_point": [21.1, 105.1]}), OrderAdded)


def test_a_closure_cannot_end_before_it_starts() -> None:
    line = [[21.0, 105.0], [21.0, 105.1]]
    facts = {"kind": "road_closed", **BASE, "line": line, "start": "10:00", "end": "09:00"}
    _, findings = read_event(facts)
    assert [each.field for each in findings] == ["end"]
    assert isinstance(_of("road_closed", **{**facts, "end": "11:00"}), RoadClosed)


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("at", "25h"),
        ("at", True),
        ("at", None),
        ("day", "24/13/2026"),
        ("day", 7),
        ("id", "  "),
        ("id", 5),
        ("courier", []),
        ("until", "soon"),
        ("note", "x" * 3000),
        ("unknown", 1),
    ],
)
def test_a_wrong_value_is_told_with_its_field_and_what_to_do(field: str, value: Any) -> None:
    facts = {"kind": "courier_late", **BASE, "courier": "c", "until": "08:00", field: value}
    event, findings = read_event(facts, row=4, file="e.json", lang="en")
    assert event is None
    assert [(each.row, each.field) for each in findings] == [(4, field)]
    assert findings[0].remedy


@pytest.mark.parametrize("value", ["x", [1], [1, 2, 3], [True, 2], [91, 105], ["a", 2], {}])
def test_a_wrong_point_is_told(value: Any) -> None:
    facts = {"kind": "vehicle_down", **BASE, "courier": "c", "place": value}
    assert [each.field for each in read_event(facts)[1]] == ["place"]


@pytest.mark.parametrize("value", ["x", [["08:00"]], [["09:00", "08:00"]], [8], [["x", "y"]]])
def test_wrong_windows_are_told(value: Any) -> None:
    facts = {"kind": "order_changed", **BASE, "order": "o", "windows": value}
    assert [each.field for each in read_event(facts)[1]] == ["windows"]


@pytest.mark.parametrize("value", [-1, 1.5, "7", True, 10**15])
def test_a_wrong_amount_is_told(value: Any) -> None:
    facts = {"kind": "settlement", **BASE, "courier": "c", "cash": value}
    assert [each.field for each in read_event(facts)[1]] == ["cash"]


def test_all_faults_of_a_file_are_told_at_once_and_the_good_events_are_kept() -> None:
    rows = [
        {"kind": "stop_dnoe", **BASE},
        {"kind": "stop_failed", **BASE, "order": "o"},
        {"kind": "courier_late", **BASE, "courier": "c", "until": "08:00"},
        7,
    ]
    text = json.dumps({"format": "buuta-events", "version": 1, "events": rows})
    read = read_events(text, lang="en")
    assert [type(event) for event in read.events] == [CourierLate]
    assert [(each.row, each.field) for each in read.findings] == [
        (1, "kind"),
        (2, "courier"),
        (2, "reason"),
        (4, ""),
    ]
    assert "stop_done" in read.findings[0].remedy


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{",
        "[]",
        "null",
        '{"format": "buuta-plan", "version": 1}',
        '{"format": "buuta-events", "version": 2, "events": []}',
        '{"format": "buuta-events", "version": true, "events": []}',
        '{"format": "buuta-events", "version": 1, "events": {}}',
        "[" * 100_000,
    ],
)
def test_what_is_no_file_of_events_is_told_in_one_finding(text: str) -> None:
    read = read_events(text, file="e.json", lang="en")
    assert read.events == ()
    assert [each.file for each in read.findings] == ["e.json"]


def test_findings_speak_vietnamese_by_default() -> None:
    _, findings = read_event({"kind": "courier_late", **BASE, "until": "08:00"})
    assert findings[0].what == "bị thiếu"


@settings(deadline=None)
@given(st.recursive(st.none() | st.booleans() | st.integers() | st.text(), st.lists, max_leaves=9))
def test_no_json_whatever_makes_the_reader_fail(value: Any) -> None:
    event, findings = read_event({"kind": "order_added", **dict.fromkeys(_VALUES, value)})
    assert event is None
    assert findings
