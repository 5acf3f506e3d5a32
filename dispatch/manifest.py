"""
The printed sheet of a courier: an ordered stop list with numbers, times, codes and signatures.

Set with Typst from `templates/manifest.typ`. The plan reaches it as JSON only, so nothing that a
customer or a file wrote is ever read as markup; fonts are the ones that Typst brings along, so that
the same plan prints alike on every machine.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from datetime import UTC, date, datetime
from functools import cache
from importlib.resources import files
from io import BytesIO
from multiprocessing import get_context
from types import MappingProxyType
from typing import Any

from dispatch.exports import spans
from dispatch.messages import (
    Language,
    catalogue,
    clock,
    day_name,
    kilograms,
    kilometres,
    minutes,
    money,
    number,
    text,
)
from dispatch.model import DayPlan
from dispatch.views import (
    UNLABELLED,
    CourierSheet,
    Labels,
    RowKind,
    SheetRow,
    courier_sheet,
    courier_sheets,
)
from geo.types import LatLon


@dataclass(frozen=True, slots=True, kw_only=True)
class PlanMark:
    """Which plan a paper shows, and whether it has been published; a draft says so in red."""

    version: str = ""
    published: bool = False


DRAFT = PlanMark()

NO_DOORS: Mapping[str, str] = MappingProxyType({})
"""For sheets of couriers who have no phone, or where no address of the service is known."""


def geo_link(point: LatLon) -> str:
    """Return a link that opens a phone's map at a point, with a pin where the map knows how."""
    where = f"{point.lat:.5f},{point.lon:.5f}"
    return f"geo:{where}?q={where}"


def qr_svg(content: str) -> str:
    """Return a QR code as SVG, error correction L, without a border."""
    import segno  # only printing needs it

    out = BytesIO()
    segno.make(content, error="l", micro=False, boost_error=False).save(
        out, kind="svg", border=0, xmldecl=False, omitsize=True, nl=False
    )
    return out.getvalue().decode("ascii")


def courier_manifest(
    day_plan: DayPlan,
    courier_id: str,
    lang: Language = "vi",
    *,
    mark: PlanMark = DRAFT,
    labels: Labels = UNLABELLED,
    doors: Mapping[str, str] = NO_DOORS,
) -> bytes:
    """
    Return one courier's sheet as PDF.

    Parameters
    ----------
    labels
        What is written on the parcels by now (`PlanVersion.numbers`).
    doors
        By courier, the address that opens the day on a phone; printed as QR at the top.

    Raises
    ------
    UnknownCourierError
        The day has no courier of that id.
    """
    sheet = courier_sheet(day_plan, courier_id, lang, labels=labels)
    return _set(_document((sheet,), lang, mark, day_plan.travel_note, doors))


def sheets_manifest(
    sheets: Sequence[CourierSheet],
    lang: Language = "vi",
    *,
    mark: PlanMark = DRAFT,
    travel_note: str = "",
    doors: Mapping[str, str] = NO_DOORS,
) -> bytes:
    """Return some couriers' sheets as one PDF to print, each beginning on a page of its own."""
    return _set(_document(sheets, lang, mark, travel_note, doors))


def office_manifest(
    day_plan: DayPlan, office_id: str, lang: Language = "vi", *, mark: PlanMark = DRAFT
) -> bytes:
    """Return the sheets of all of an office's couriers that have a route, as one PDF to print."""
    sheets = tuple(s for s in courier_sheets(day_plan, lang) if s.office == office_id)
    return _set(_document(sheets, lang, mark, day_plan.travel_note))


def manifests(
    day_plan: DayPlan,
    lang: Language = "vi",
    *,
    mark: PlanMark = DRAFT,
    processes: int = 1,
    progress: Callable[[int, int], None] | None = None,
) -> Iterator[tuple[str, bytes]]:
    """
    Yield (courier id, PDF) for every courier that has a route, in the order of the fleet.

    Parameters
    ----------
    processes
        How many to set at a time, each in a process of its own; 1 stays in this one.
    progress
        Called with how many are done and how many there are.
    """
    sheets = courier_sheets(day_plan, lang)
    documents = (_document((sheet,), lang, mark, day_plan.travel_note) for sheet in sheets)
    if processes > 1 and len(sheets) > 1:
        # Spawned, not forked: the caller may hold threads, which do not survive a fork.
        with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
            yield from _counted(sheets, pool.map(_set, documents, chunksize=4), progress)
    else:
        yield from _counted(sheets, map(_set, documents), progress)


def _counted(
    sheets: Sequence[CourierSheet],
    papers: Iterator[bytes],
    progress: Callable[[int, int], None] | None,
) -> Iterator[tuple[str, bytes]]:
    for done, (sheet, paper) in enumerate(zip(sheets, papers, strict=True), start=1):
        if progress is not None:
            progress(done, len(sheets))
        yield sheet.courier, paper


# ---- setting ------------------------------------------------------------------------------------


@cache
def _compiler() -> tuple[Any, bytes]:
    """Return the compiler, fonts loaded once for all papers, and the template."""
    import typst  # a heavy library that only printing needs

    template = files("dispatch").joinpath("templates", "manifest.typ").read_bytes()
    return typst.Compiler(ignore_system_fonts=True), template


def _set(document: dict[str, Any]) -> bytes:
    compiler, template = _compiler()
    when = date.fromisoformat(document["day"])
    paper = compiler.compile(
        template,
        format="pdf",
        sys_inputs={"data": json.dumps(document, ensure_ascii=False)},
        pdf_tags=False,  # half the size: these are for the printer
        # The day itself, not the clock: the same plan gives the same bytes.
        timestamp=datetime(when.year, when.month, when.day, tzinfo=UTC),
    )
    assert isinstance(paper, bytes)
    return paper


def _document(
    sheets: Sequence[CourierSheet],
    lang: Language,
    mark: PlanMark,
    travel_note: str,
    doors: Mapping[str, str] = NO_DOORS,
) -> dict[str, Any]:
    """Return everything that the template shows, every figure already written."""
    said = catalogue("manifest.", lang)
    day = sheets[0].date if sheets else date.min
    return {
        "lang": lang,
        "day": day.isoformat(),
        "title": f"{said['title']} {day.isoformat()}",
        "date": day_name(day, lang) if sheets else "",
        "published": mark.published,
        "version": text("manifest.version", lang, version=mark.version) if mark.version else "",
        "words": {
            **{name: words for name, words in said.items() if "." not in name},
            "post": text("post", lang),
            "hint": " ".join(part for part in (said["number_hint"], travel_note) if part),
            "columns": [
                said[f"column.{name}"]
                for name in ("number", "time", "order", "customer", "todo", "cash", "map")
            ]
            + [said["column.signature"]],
            "settlement_columns": [
                said[f"settlement.{name}"] for name in ("item", "expected", "actual", "note")
            ],
            "signers": [said[f"sign.{name}"] for name in ("courier", "cashier", "dispatcher")],
            "sign_hint": said["sign.hint"],
            "hand_over_columns": [
                said[f"hand_over.{name}"]
                for name in ("place", "planned", "what", "amount", "actual", "signature")
            ],
            "door": said["door"],
            "truck_signers": [said[f"sign.{name}"] for name in ("driver", "hub", "dispatcher")],
        },
        "couriers": [
            {**_courier(sheet, lang, mark), "door": _door(doors.get(sheet.courier, ""))}
            for sheet in sheets
        ],
    }


def _door(address: str) -> str:
    return qr_svg(address) if address else ""


def _courier(sheet: CourierSheet, lang: Language, mark: PlanMark) -> dict[str, Any]:
    items = text("manifest.items_value", lang, items=number(sheet.carried_items, lang))
    named = f"{sheet.name} ({sheet.courier})" if sheet.name else sheet.courier
    state = text("manifest.published" if mark.published else "manifest.draft", lang)
    version = text("manifest.version", lang, version=mark.version) if mark.version else ""
    footer = [text("post", lang), sheet.office_name, day_name(sheet.date, lang), named]
    return {
        "office": sheet.office_name,
        "courier": named,
        "vehicle": text(f"vehicle.{sheet.vehicle.value}", lang)
        + f", {kilometres(sheet.metres, lang)}",
        "departure": clock(sheet.departure),
        "finish": clock(sheet.finish),
        "stops": number(len(sheet.visits), lang),
        "items": items,
        "load": kilograms(sheet.carried_grams, lang),
        "cash": money(sheet.cash, lang),
        "leave": text("manifest.start", lang, office=sheet.office_name),
        "home": text("manifest.end", lang, office=sheet.office_name),
        "footer": " · ".join(part for part in (*footer, version, state) if part),
        "warnings": list(sheet.warnings),
        "rows": [_row(row, lang) for row in sheet.rows],
        "settlement": [] if sheet.truck else _settlement(sheet, lang),
        "hand_overs": _hand_overs(sheet, lang) if sheet.truck else [],
    }


def _hand_overs(sheet: CourierSheet, lang: Language) -> list[tuple[str, str, str, str]]:
    """Return place, planned time, what is done, and how much, of each stop of a truck."""
    return [
        (
            wrappable(row.customer or row.address),
            f"{clock(row.begin)} – {clock(row.departure)}",
            text(f"row.{row.kind.value}", lang),
            ", ".join(
                (
                    text("manifest.items_value", lang, items=number(row.items, lang)),
                    kilograms(row.grams, lang),
                )
            ),
        )
        for row in sheet.visits
    ]


def _settlement(sheet: CourierSheet, lang: Language) -> list[tuple[str, str]]:
    expected = {
        "delivered": number(sheet.carried_items + sheet.transferred_items, lang),
        "collected": number(sheet.collected_items, lang),
        "returned": "",
        "cash": number(sheet.cash, lang),
        "km": number(sheet.metres / 1000, lang, decimals=1),
    }
    return [(text(f"manifest.settlement.{name}", lang), value) for name, value in expected.items()]


_SIGNS = {RowKind.BREAK: "◔", RowKind.NOON_RETURN: "↺", RowKind.RELOAD: "↺"}


def _row(row: SheetRow, lang: Language) -> dict[str, Any]:
    shown: dict[str, Any] = {
        "visit": row.number is not None,
        "kind": row.kind.value,
        "what": text(f"row.{row.kind.value}", lang),
        "time": clock(row.begin),
        "todo": list(row.todo),
        "address": wrappable(row.address),
    }
    if row.number is None:
        return {**shown, "sign": _SIGNS[row.kind], "until": f"– {clock(row.departure)}"}
    waits = clock(row.arrival) != clock(row.begin)
    bulk = ""
    if row.items > 1 or row.grams >= 1000:
        items = text("manifest.items_value", lang, items=row.items)
        bulk = f"{items}, {kilograms(row.grams, lang)}"
    late = minutes(row.late_seconds, lang)
    return {
        **shown,
        "number": row.label,
        "arrives": text("manifest.arrives", lang, time=clock(row.arrival)) if waits else "",
        "windows": [spans((window,)) for window in row.windows],
        "late": text("manifest.late", lang, minutes=late) if row.late_seconds else "",
        "order": wrappable(row.order, 13),
        "service": text(f"service_short.{row.service.value}", lang) if row.service else "",
        "customer": wrappable(row.customer) or text("manifest.no_name", lang),
        "phone": wrappable(phone(row.phone)),
        "note": wrappable(row.note),
        "todo": [part for part in (wrappable(row.content), bulk, *row.todo) if part],
        "cash": number(row.cash, lang) if row.cash else "",
        "qr": qr_svg(geo_link(row.point)) if row.point is not None else "",
    }


def phone(given: str) -> str:
    """Write a Vietnamese number as it is dialled and read at home: 0912 345 678."""
    digits = f"0{given[3:]}" if given.startswith("+84") else given
    if len(digits) == 10 and digits.isdecimal():
        return f"{digits[:4]} {digits[4:7]} {digits[7:]}"
    return digits


def wrappable(words: str, run: int = 24) -> str:
    """Let an unbroken run of more than `run` signs break, so that it never leaves its column."""
    return re.sub(rf"(\S{{{run}}})(?=\S)", "\\1\u200b", words)
