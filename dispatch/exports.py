"""
The plan as files for other programs: CSV for spreadsheets, GeoJSON for maps, GPX for navigators.

Every function returns text; nothing is written here. `shape`, where given, draws the road between
two points (over the bridges, say), both ends included; without it lines are straight.

References
----------
H. Butler et al., "The GeoJSON Format", RFC 7946, 2016 (longitude first).
"GPX 1.1 Schema Documentation", https://www.topografix.com/GPX/1/1/.
"""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Callable, Iterable, Sequence
from io import StringIO
from itertools import pairwise
from typing import Any
from xml.etree import ElementTree as ET

from dispatch.kpis import LeftOutGroup, OfficeRow, left_out_table, office_table
from dispatch.messages import Language, clock, day_name, dong, kilometres, messages, text
from dispatch.model import DayPlan
from dispatch.office_times import dear_loads, direct_loads, held_loads, office_times
from dispatch.views import CourierSheet, RowKind, SheetRow, courier_sheets
from geo.types import LatLon
from solver.model import TimeWindow

Shape = Callable[[LatLon, LatLon], Sequence[LatLon]]
"""The points of the way from one point to another, both included."""

_FORMULA = re.compile(r"^\s*(?:[=@\t\r]|[+-](?![\d.,\s]+$))")


def safe_cell(value: str) -> str:
    """Put an apostrophe before text that a spreadsheet would run as a formula."""
    return f"'{value}" if _FORMULA.match(value) else value


def _table(columns: Sequence[str], rows: Iterable[Sequence[object]], lang: Language) -> str:
    """Write rows as CSV; the byte order mark tells Excel that the text is UTF-8."""
    out = StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow([text(f"column.{name}", lang) for name in columns])
    for row in rows:
        writer.writerow([safe_cell(cell) if isinstance(cell, str) else cell for cell in row])
    return "\ufeff" + out.getvalue()


def spans(windows: Sequence[TimeWindow]) -> str:
    """Write windows as people do: 07:30–11:30, 13:30–16:30."""
    return ", ".join(f"{clock(window.start)}–{clock(window.end)}" for window in windows)


# ---- CSV ----------------------------------------------------------------------------------------

_STOP_COLUMNS = (
    "office",
    "courier",
    "courier_name",
    "number",
    "kind",
    "order",
    "service",
    "customer",
    "phone",
    "address",
    "district",
    "commune",
    "lat",
    "lon",
    "arrival",
    "begin",
    "departure",
    "windows",
    "late_minutes",
    "items",
    "grams",
    "cash",
    "content",
    "note",
    "todo",
    "due",
    "attempts",
)


def stops_csv(day_plan: DayPlan, lang: Language = "vi") -> str:
    """Return one line per stop of all couriers in driving order, breaks and returns included."""
    return _table(
        _STOP_COLUMNS,
        (
            _stop_cells(sheet, row, lang)
            for sheet in courier_sheets(day_plan, lang)
            for row in sheet.rows
        ),
        lang,
    )


def _stop_cells(sheet: CourierSheet, row: SheetRow, lang: Language) -> list[object]:
    point = row.point
    return [
        sheet.office_name,
        sheet.courier,
        sheet.name,
        row.number if row.number is not None else "",
        text(f"row.{row.kind.value}", lang),
        row.order,
        text(f"service.{row.service.value}", lang) if row.service is not None else "",
        row.customer,
        row.phone,
        row.address,
        row.district,
        row.commune,
        f"{point.lat:.6f}" if point is not None else "",
        f"{point.lon:.6f}" if point is not None else "",
        clock(row.arrival),
        clock(row.begin),
        clock(row.departure),
        spans(row.windows),
        -(-row.late_seconds // 60) or "",
        row.items or "",
        row.grams or "",
        row.cash or "",
        row.content,
        row.note,
        "; ".join(row.todo),
        f"{row.due:%d/%m/%Y}" if row.due is not None else "",
        row.attempts or "",
    ]


def left_out_csv(day_plan: DayPlan, lang: Language = "vi") -> str:
    """Return one line per order that no route contains, with the reason and what would fix it."""
    columns = ("order", "reason", "sentence", "remedy", "office", "address", "lat", "lon", "row")
    return _table(
        columns,
        (
            (
                row.order,
                group.reason.value,
                row.sentence,
                row.remedy,
                row.office,
                row.address,
                f"{row.point.lat:.6f}" if row.point is not None else "",
                f"{row.point.lon:.6f}" if row.point is not None else "",
                row.row or "",
            )
            for group in left_out_table(day_plan, lang)
            for row in group.rows
        ),
        lang,
    )


# ---- lines --------------------------------------------------------------------------------------


def legs(sheet: CourierSheet, shape: Shape | None = None) -> tuple[tuple[LatLon, ...], ...]:
    """
    Return the way of a route, leg by leg; each leg begins where the one before ended.

    A leg leads to a row that has a point, the last one to the end of the route. Breaks have no
    place of their own and so no leg.
    """
    points = [row.point for row in sheet.rows if row.point is not None]
    if sheet.start is not None:
        points.insert(0, sheet.start)
    if sheet.end is not None and sheet.rows:
        points.append(sheet.end)
    drawn = []
    for origin, destination in pairwise(points):
        between = shape(origin, destination) if shape is not None and origin != destination else ()
        inner = between[1:-1] if len(between) > 2 else ()
        drawn.append((origin, *inner, destination))
    return tuple(drawn)


def line(sheet: CourierSheet, shape: Shape | None = None) -> tuple[LatLon, ...]:
    """Return the way of a route as one line, without repeating where legs meet."""
    points: list[LatLon] = []
    for leg in legs(sheet, shape):
        points.extend(leg if not points else leg[1:])
    return tuple(points)


def _position(point: LatLon) -> list[float]:
    return [round(point.lon, 6), round(point.lat, 6)]


# ---- GeoJSON ------------------------------------------------------------------------------------


def routes_geojson(day_plan: DayPlan, lang: Language = "vi", *, shape: Shape | None = None) -> str:
    """
    Return a FeatureCollection that tells its parts apart by the property `type`.

    `office` (Point), `route` (LineString), `stop` (Point, with number and times) and `left_out`
    (Point, with the reason). Times are written HH:MM, distances are metres, money is đồng.
    """
    features: list[dict[str, Any]] = [
        _feature(
            "Point",
            _position(office.point),
            {"type": "office", "office": office.id, "title": office.name, "level": office.level},
        )
        for office in day_plan.day.offices
    ]
    for sheet in courier_sheets(day_plan, lang):
        drawn = line(sheet, shape)
        if len(drawn) > 1:
            features.append(
                _feature("LineString", [_position(p) for p in drawn], _route_facts(sheet))
            )
        features.extend(
            _feature("Point", _position(row.point), _stop_facts(sheet, row, lang))
            for row in sheet.rows
            if row.point is not None
        )
    features.extend(
        _feature(
            "Point",
            _position(row.point),
            {
                "type": "left_out",
                "order": row.order,
                "title": row.order,
                "reason": group.reason.value,
                "sentence": row.sentence,
                "remedy": row.remedy,
                "address": row.address,
            },
        )
        for group in left_out_table(day_plan, lang)
        for row in group.rows
        if row.point is not None
    )
    collection = {
        "type": "FeatureCollection",
        "travel": day_plan.travel_note,
        "features": features,
    }
    return json.dumps(collection, ensure_ascii=False, separators=(",", ":"))


def _feature(kind: str, coordinates: Sequence[Any], properties: dict[str, Any]) -> dict[str, Any]:
    return {
        "type": "Feature",
        "geometry": {"type": kind, "coordinates": coordinates},
        "properties": properties,
    }


def _route_facts(sheet: CourierSheet) -> dict[str, Any]:
    return {
        "type": "route",
        "courier": sheet.courier,
        "title": f"{sheet.courier} {sheet.name}".strip(),
        "office": sheet.office,
        "vehicle": sheet.vehicle.value,
        "departure": clock(sheet.departure),
        "finish": clock(sheet.finish),
        "stops": len(sheet.visits),
        "metres": sheet.metres,
        "duty_seconds": sheet.duty_seconds,
        "cash_dong": sheet.cash,
        "cost_dong": dong(sheet.cost.total),
    }


def _stop_facts(sheet: CourierSheet, row: SheetRow, lang: Language) -> dict[str, Any]:
    kind = text(f"row.{row.kind.value}", lang)
    facts = {
        "type": "stop",
        "courier": sheet.courier,
        "number": row.number,
        "kind": row.kind.value,
        "title": f"{row.number}. {kind} {row.order}" if row.number is not None else kind,
        "order": row.order,
        "service": row.service.value if row.service is not None else None,
        "customer": row.customer,
        "phone": row.phone,
        "address": row.address,
        "arrival": clock(row.arrival),
        "begin": clock(row.begin),
        "departure": clock(row.departure),
        "windows": spans(row.windows),
        "late_seconds": row.late_seconds,
        "items": row.items,
        "grams": row.grams,
        "cash_dong": row.cash,
        "note": row.note,
    }
    return {name: value for name, value in facts.items() if value not in (None, "")}


# ---- GPX ----------------------------------------------------------------------------------------

_GPX = "http://www.topografix.com/GPX/1/1"
_NOT_XML = re.compile(r"[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\U00010000-\U0010ffff]")


def gpx(
    sheet: CourierSheet, lang: Language = "vi", *, shape: Shape | None = None, note: str = ""
) -> str:
    """
    Return one courier's route as GPX 1.1: a way point per stop, the route, and its drawn track.

    Numbers lead the names, so that a navigator that sorts by name keeps the order; `note` is what
    is to be known of it as a whole.
    """
    root = ET.Element("gpx", {"version": "1.1", "creator": "Bưu Tá", "xmlns": _GPX})
    title = _clean(f"{sheet.courier} {sheet.name}".strip())
    about = f"{sheet.office_name}, {day_name(sheet.date, lang)}, {kilometres(sheet.metres, lang)}"
    metadata = _child(root, "metadata")
    _child(metadata, "name", f"{title}: {about}")
    if note:
        _child(metadata, "desc", _clean(note))
    rows = [row for row in sheet.rows if row.point is not None]
    for row in rows:
        if row.number is not None:
            _way_point(root, "wpt", row, lang)
    route = _child(root, "rte")
    _child(route, "name", title)
    if sheet.start is not None:
        start = _point(route, "rtept", sheet.start)
        _child(start, "name", text("manifest.start", lang, office=sheet.office_name))
    for row in rows:
        _way_point(route, "rtept", row, lang)
    if sheet.end is not None and rows:
        end = _point(route, "rtept", sheet.end)
        _child(end, "name", text("manifest.end", lang, office=sheet.office_name))
    drawn = line(sheet, shape)
    if drawn:
        track = _child(root, "trk")
        _child(track, "name", title)
        segment = _child(track, "trkseg")
        for point in drawn:
            _point(segment, "trkpt", point)
    ET.indent(root)
    body = ET.tostring(root, encoding="unicode")
    return f'<?xml version="1.0" encoding="UTF-8"?>\n{body}\n'


def _way_point(parent: ET.Element, tag: str, row: SheetRow, lang: Language) -> None:
    assert row.point is not None
    kind = text(f"row.{row.kind.value}", lang)
    name = f"{row.number:03d} {row.order}" if row.number is not None else kind
    said = [
        f"{clock(row.arrival)} {kind}",
        row.customer,
        row.phone,
        row.address,
        spans(row.windows),
        *row.todo,
        row.note,
    ]
    point = _point(parent, tag, row.point)
    _child(point, "name", name)
    _child(point, "desc", "; ".join(part for part in said if part))
    _child(point, "type", row.kind.value)


def _point(parent: ET.Element, tag: str, point: LatLon) -> ET.Element:
    where = {"lat": f"{point.lat:.6f}", "lon": f"{point.lon:.6f}"}
    return ET.SubElement(parent, tag, where)


def _child(parent: ET.Element, tag: str, words: str = "") -> ET.Element:
    child = ET.SubElement(parent, tag)
    if words:
        child.text = _clean(words)
    return child


def _clean(words: str) -> str:
    """Drop the control characters that no XML file may hold."""
    return _NOT_XML.sub("", words)


# ---- the day in one object ----------------------------------------------------------------------


def summary_json(day_plan: DayPlan, lang: Language = "vi") -> str:
    """Return the day's key figures: in all, by office, by courier, and what is left out."""
    *offices, total = office_table(day_plan, lang)
    report = day_plan.result.report
    left_out = left_out_table(day_plan, lang)
    summary = {
        "date": day_plan.day.date.isoformat(),
        "language": lang,
        "engine": day_plan.result.engine,
        "seed": day_plan.result.seed,
        "iterations": day_plan.result.iterations,
        "seconds": round(day_plan.result.seconds, 3),
        "travel": day_plan.travel_note,
        "feasible": report.feasible,
        "violations": [
            {
                "code": v.code.value,
                "amount": v.amount,
                "courier": v.vehicle,
                "order": v.id,
                "dimension": v.dimension,
            }
            for v in report.violations
        ],
        "total": _office_facts(total),
        "offices": [_office_facts(row) for row in offices],
        "couriers": [
            {
                **{k: v for k, v in _route_facts(sheet).items() if k != "type"},
                "deliveries": sum(row.kind is RowKind.DELIVER for row in sheet.rows),
                "collections": sum(row.kind is RowKind.COLLECT for row in sheet.rows),
                "transfers": sum(row.kind is RowKind.BRING for row in sheet.rows),
                "late_stops": sum(row.late_seconds > 0 for row in sheet.rows),
            }
            for sheet in courier_sheets(day_plan, lang)
        ],
        "left_out": [_group_facts(group) for group in left_out],
        "handed_over": [
            {
                "commune": one.commune,
                "from": one.home,
                "to": one.office,
                "orders": list(one.orders),
            }
            for one in day_plan.hand_overs
        ],
        **_linehaul_facts(day_plan),
    }
    return json.dumps(summary, ensure_ascii=False, indent=2) + "\n"


def _linehaul_facts(day_plan: DayPlan) -> dict[str, Any]:
    line = day_plan.linehaul
    if line is None:
        return {}
    parts = ("trucks", "couriers", "waiting", "carried_over", "total")
    dear = dear_loads(day_plan)
    hand_overs = []
    for times in office_times(day_plan):
        facts = {
            "office": times.office,
            "trucks": list(times.trucks),
            "truck_arrival": times.truck_arrival,
            "first_departure": times.first_departure,
            "last_return": times.last_return,
            "evening_truck": times.evening,
        }
        shown = {k: clock(v) if isinstance(v, int) else v for k, v in facts.items()}
        ends = [clock(end) for end in times.sorted]
        hand_overs.append({**shown, "sorted": ends, "held_items": times.held})
    return {
        "day_cost_dong": {part: dong(getattr(line.cost, part)) for part in parts},
        "hand_overs": hand_overs,
        "done_by_trucks": [name for load in direct_loads(day_plan) for name in load.orders],
        "held_at_offices": [
            {
                "office": load.office,
                "items": load.items,
                "orders": list(load.orders),
                "reason": "dearer_than_waiting" if load.id in dear else "no_evening_truck",
            }
            for load in held_loads(day_plan)
        ],
    }


def _office_facts(row: OfficeRow) -> dict[str, Any]:
    return {
        "office": row.office,
        "name": row.name,
        "orders": row.orders,
        "planned": row.planned,
        "left_out": row.left_out,
        "couriers_used": row.couriers_used,
        "couriers_available": row.couriers_available,
        "stops": row.stops,
        "metres": row.metres,
        "driving_seconds": row.driving_seconds,
        "service_seconds": row.service_seconds,
        "waiting_seconds": row.waiting_seconds,
        "duty_seconds": row.duty_seconds,
        "utilisation": round(row.utilisation, 4),
        "on_time": round(row.on_time, 4),
        "late_stops": row.late_stops,
        "late_seconds": row.late_seconds,
        "items": row.items,
        "grams": row.grams,
        "cash_dong": row.cash,
        "cost_dong": row.cost_dong,
        "cost_by_component_dong": {
            name.removeprefix("cost."): dong(getattr(row.cost, name.removeprefix("cost.")))
            for name in messages("vi")
            if name.startswith("cost.")
        },
    }


def _group_facts(group: LeftOutGroup) -> dict[str, Any]:
    return {
        "reason": group.reason.value,
        "title": group.title,
        "orders": [row.order for row in group.rows],
    }
