"""
The planned day as one HTML file that needs no network: a map, the lists, and nothing to install.

The page is `templates/map.html` with its style, scripts and data put in. Everything that comes from
files or customers reaches it as JSON inside a data block and is shown as text, never as markup; a
content security policy allows only the page's own two scripts' text and style, by their hashes.
"""

from __future__ import annotations

import base64
import hashlib
import html
import json
import re
from collections.abc import Iterable, Mapping, Sequence
from importlib.resources import files
from math import atan2, cos, radians
from typing import Any

from dispatch.exports import Shape, line, spans
from dispatch.kpis import LeftOutRow, OfficeRow, left_out_table, office_table
from dispatch.manifest import DRAFT, PlanMark
from dispatch.messages import LANGUAGES, Language, day_name, dong, messages, text
from dispatch.model import DayPlan, Office
from dispatch.views import CourierSheet, SheetRow, courier_sheets
from geo.types import LatLon

GeoJson = Mapping[str, Any]

_WORDS = (
    "map.",
    "row.",
    "service.",
    "vehicle.",
    "kpi.",
    "cost.",
    "left_out.",
    "remedy.",
    "post",
    "manifest.cash",
    "column.address",
)

PALETTE = ("#0072b2", "#d55e00", "#009e73", "#b5487f", "#8a6d00", "#5b4fb3", "#00828f", "#6b6b6b")
"""
Hues of the offices, told apart by people with any common colour vision.

After M. Okabe and K. Ito, "Color Universal Design", 2008, darkened for thin lines on paper.
"""

_SHADES = (0.0, -0.42, 0.34, -0.22, 0.18)
"""Towards black (below 0) or white; neighbours in this order differ most."""


def day_map(
    day_plan: DayPlan,
    lang: Language = "vi",
    *,
    zones: GeoJson | None = None,
    rivers: GeoJson | None = None,
    shape: Shape | None = None,
    mark: PlanMark = DRAFT,
) -> str:
    """
    Return the day's map as one self-contained HTML page.

    Parameters
    ----------
    lang
        The language that the page opens in; the other one is a click away.
    zones
        A GeoJSON FeatureCollection of (multi)polygons, with a name in the property `name`.
    rivers
        A GeoJSON FeatureCollection of (multi)lines.
    shape
        Draws a leg along the road; straight lines without it.
    """
    template = files("dispatch").joinpath("templates")

    def part(name: str) -> str:
        return template.joinpath(name).read_text(encoding="utf-8")

    style = part("map.css")
    script = part("map_view.js") + part("map_panel.js").replace('"use strict";\n', "", 1)
    policy = (
        f"default-src 'none'; base-uri 'none'; form-action 'none'; img-src data:; "
        f"script-src {_hash(script)}; style-src {_hash(style)}"
    )
    title = f"{text('map.title', lang)} {day_plan.day.date.isoformat()}"
    parts = {
        "lang": lang,
        "policy": html.escape(policy),
        "title": html.escape(title),
        "style": style,
        "script": script,
        "data": embedded(_data(day_plan, lang, zones, rivers, shape, mark)),
    }
    # One pass: a marker that somebody wrote into an address stays what it is.
    return re.sub(r"\{\{(\w+)\}\}", lambda found: parts[found[1]], part("map.html"))


def embedded(value: Any) -> str:
    """Return JSON that is safe between script tags: it holds neither `<` nor a line separator."""
    written = json.dumps(value, ensure_ascii=False, separators=(",", ":"))
    for sign in "<>&\u2028\u2029":
        written = written.replace(sign, f"\\u{ord(sign):04x}")
    return written


def _hash(content: str) -> str:
    digest = hashlib.sha256(content.encode()).digest()
    return f"'sha256-{base64.b64encode(digest).decode('ascii')}'"


# ---- data ---------------------------------------------------------------------------------------


class _Phrases:
    """Sentences in both languages, each stored once and named by its number."""

    def __init__(self) -> None:
        self.pairs: list[tuple[str, str]] = []
        self._numbers: dict[tuple[str, str], int] = {}

    def numbers(self, vi: Sequence[str], en: Sequence[str]) -> list[int]:
        found = []
        for pair in zip(vi, en, strict=True):
            if pair not in self._numbers:
                self._numbers[pair] = len(self.pairs)
                self.pairs.append(pair)
            found.append(self._numbers[pair])
        return found


def _data(
    day_plan: DayPlan,
    lang: Language,
    zones: GeoJson | None,
    rivers: GeoJson | None,
    shape: Shape | None,
    mark: PlanMark,
) -> dict[str, Any]:
    phrases = _Phrases()
    offices = day_plan.day.offices
    sheets = courier_sheets(day_plan, "vi")
    english = courier_sheets(day_plan, "en")
    colours = office_colours(offices)
    shades = courier_colours(sheets, colours)
    numbers = {office.id: number for number, office in enumerate(offices)}
    *rows, total = (
        _office_facts(vi, en)
        for vi, en in zip(office_table(day_plan, "vi"), office_table(day_plan, "en"), strict=True)
    )
    working = {sheet.courier for sheet in sheets}
    return {
        "lang": lang,
        "date": day_plan.day.date.isoformat(),
        "day": [day_name(day_plan.day.date, each) for each in LANGUAGES],
        "version": mark.version,
        "published": mark.published,
        "travel": day_plan.travel_note,
        "words": {
            each: {key: words for key, words in messages(each).items() if key.startswith(_WORDS)}
            for each in LANGUAGES
        },
        "offices": [
            {
                "id": office.id,
                "name": office.name,
                "lat": round(office.point.lat, 5),
                "lon": round(office.point.lon, 5),
                "color": colours[office.id],
                "row": row,
            }
            for office, row in zip(offices, rows, strict=False)
        ],
        "others": rows[len(offices) :],
        "total": total,
        "trucks": _trucks_facts(day_plan),
        "couriers": [
            _courier(
                sheet,
                other,
                office=numbers.get(sheet.office, -1),
                color=shades[sheet.courier],
                shape=shape,
                phrases=phrases,
            )
            for sheet, other in zip(sheets, english, strict=True)
        ],
        "idle": [
            {"id": c.id, "name": c.name, "office": numbers.get(c.office, -1)}
            for c in day_plan.day.couriers
            if c.id not in working
        ],
        "left": [
            _left_out(group.reason.value, vi, en)
            for group, other in zip(
                left_out_table(day_plan, "vi"), left_out_table(day_plan, "en"), strict=True
            )
            for vi, en in zip(group.rows, other.rows, strict=True)
        ],
        "zones": _zones(zones),
        "rivers": _lines(rivers),
        "phrases": phrases.pairs,
    }


def _office_facts(vi: OfficeRow, en: OfficeRow) -> dict[str, Any]:
    return {
        "name": [vi.name, en.name],
        "orders": vi.orders,
        "planned": vi.planned,
        "used": vi.couriers_used,
        "available": vi.couriers_available,
        "stops": vi.stops,
        "metres": vi.metres,
        "duty": vi.duty_seconds,
        "cost": vi.cost_dong,
        "per_stop": vi.dong_per_stop,
        "on_time": round(vi.on_time, 4),
        "utilisation": round(vi.utilisation, 4),
        "parts": {
            name: dong(getattr(vi.cost, name))
            for name in ("fixed", "distance", "duty", "overtime", "lateness", "unfamiliar")
        },
    }


def _trucks_facts(day_plan: DayPlan) -> dict[str, int]:
    """Return what trucks add to the figures of the whole day."""
    line = day_plan.linehaul
    if line is None:
        return {"metres": 0, "duty": 0, "cost": 0}
    report = line.result.report
    return {
        "metres": report.metres,
        "duty": report.duty_seconds,
        "cost": dong(line.cost.trucks),
    }


def _point(point: LatLon) -> list[int]:
    """Return hundred-thousandths of a degree, longitude first: about a metre."""
    return [round(point.lon * 1e5), round(point.lat * 1e5)]


def _flat(points: Iterable[LatLon]) -> list[int]:
    return [number for point in points for number in _point(point)]


def _courier(
    sheet: CourierSheet,
    other: CourierSheet,
    *,
    office: int,
    color: str,
    shape: Shape | None,
    phrases: _Phrases,
) -> dict[str, Any]:
    return {
        "id": sheet.courier,
        "name": sheet.name,
        "office": office,
        "vehicle": sheet.vehicle.value,
        "color": color,
        "departure": sheet.departure,
        "finish": sheet.finish,
        "stops": len(sheet.visits),
        "metres": sheet.metres,
        "cash": sheet.cash,
        "warnings": phrases.numbers(sheet.warnings, other.warnings),
        "line": _flat(line(sheet, shape)),
        "rows": [
            _row(row, phrases.numbers(row.todo, english.todo))
            for row, english in zip(sheet.rows, other.rows, strict=True)
        ],
    }


def _row(row: SheetRow, todo: list[int]) -> dict[str, Any]:
    """Return a stop under one-letter names, as there are thousands; what is empty is left out."""
    facts = {
        "k": row.kind.value,
        "n": row.number,
        "o": row.order,
        "s": row.service.value if row.service is not None else None,
        "c": row.customer,
        "t": row.phone,
        "a": row.address,
        "p": _point(row.point) if row.point is not None else None,
        "x": row.content,
        "i": row.note,
        "m": row.cash,
        "w": spans(row.windows),
        "late": row.late_seconds,
    }
    times = {"r": row.arrival, "b": row.begin, "d": row.departure, "todo": todo}
    return {**{name: value for name, value in facts.items() if value}, **times}


def _left_out(reason: str, vi: LeftOutRow, en: LeftOutRow) -> dict[str, Any]:
    return {
        "order": vi.order,
        "reason": reason,
        "sentence": [vi.sentence, en.sentence],
        "remedy": [vi.remedy, en.remedy],
        "address": vi.address,
        "p": _point(vi.point) if vi.point is not None else None,
    }


# ---- colours ------------------------------------------------------------------------------------


def office_colours(offices: Sequence[Office]) -> dict[str, str]:
    """Give each office a hue; one is used again only far from where it was used before."""
    chosen: dict[str, str] = {}
    for office in offices:
        nearest = {
            colour: min(
                (
                    _apart(office.point, other.point)
                    for other in offices
                    if chosen.get(other.id) == colour
                ),
                default=float("inf"),
            )
            for colour in PALETTE
        }
        chosen[office.id] = max(PALETTE, key=lambda colour: nearest[colour])
    return chosen


def courier_colours(sheets: Sequence[CourierSheet], offices: Mapping[str, str]) -> dict[str, str]:
    """Give each courier a shade of the office's hue, unlike that of the next sector's courier."""
    by_office: dict[str, list[tuple[float, str]]] = {}
    for sheet in sheets:
        points = [row.point for row in sheet.visits if row.point is not None]
        bearing = 0.0
        if points and sheet.start is not None:
            north = sum(point.lat for point in points) / len(points) - sheet.start.lat
            east = sum(point.lon for point in points) / len(points) - sheet.start.lon
            bearing = atan2(north, east * cos(radians(sheet.start.lat)))
        by_office.setdefault(sheet.office, []).append((bearing, sheet.courier))
    return {
        courier: shaded(offices.get(office, PALETTE[-1]), _SHADES[number % len(_SHADES)])
        for office, listed in by_office.items()
        for number, (_, courier) in enumerate(sorted(listed))
    }


def shaded(colour: str, share: float) -> str:
    """Return a colour moved by a share towards white, or towards black if negative."""
    target = 255 if share > 0 else 0
    parts = (int(colour[k : k + 2], 16) for k in (1, 3, 5))
    return "#" + "".join(f"{round(part + (target - part) * abs(share)):02x}" for part in parts)


def _apart(one: LatLon, other: LatLon) -> float:
    east = (one.lon - other.lon) * cos(radians(one.lat))
    return (one.lat - other.lat) ** 2 + east**2


# ---- outlines -----------------------------------------------------------------------------------


def _geometries(collection: GeoJson | None) -> Iterable[tuple[GeoJson, GeoJson]]:
    """Yield (geometry, properties) of a FeatureCollection, a Feature or a bare geometry."""
    if collection is None:
        return
    if collection.get("type") == "FeatureCollection":
        features = collection.get("features", ())
    else:
        bare = collection.get("type") != "Feature"
        features = ({"geometry": collection},) if bare else (collection,)
    for feature in features:
        geometry = feature.get("geometry")
        if geometry:
            yield geometry, feature.get("properties") or {}


def _simple(geometry: GeoJson) -> Any:
    from shapely.geometry import shape as read  # a heavy library that only maps need

    # About 30 metres: finer than a pixel on the whole province, and a fifth of the points.
    return read(dict(geometry)).simplify(0.0003, preserve_topology=True)


def _zones(zones: GeoJson | None) -> list[dict[str, Any]]:
    drawn = []
    for geometry, properties in _geometries(zones):
        outline = _simple(geometry)
        if outline.is_empty or outline.geom_type not in ("Polygon", "MultiPolygon"):
            continue
        polygons = getattr(outline, "geoms", (outline,))
        inside = outline.representative_point()
        drawn.append(
            {
                "name": str(properties.get("name", "")),
                "label": [round(inside.x * 1e5), round(inside.y * 1e5)],
                "rings": [
                    _rounded(ring.coords)
                    for polygon in polygons
                    for ring in (polygon.exterior, *polygon.interiors)
                ],
            }
        )
    return drawn


def _lines(rivers: GeoJson | None) -> list[list[int]]:
    drawn = []
    for geometry, _ in _geometries(rivers):
        course = _simple(geometry)
        drawn += [
            _rounded(part.coords)
            for part in getattr(course, "geoms", (course,))
            if part.geom_type == "LineString" and not part.is_empty
        ]
    return drawn


def _rounded(coordinates: Iterable[Sequence[float]]) -> list[int]:
    return [round(value * 1e5) for position in coordinates for value in position[:2]]
