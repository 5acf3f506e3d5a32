"""Rivers, and the bridges, pontoons and ferries that are the only ways across them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from geo.errors import Finding, TableError
from geo.tables import day_or_none, point, read_table, said
from geo.types import LatLon


@dataclass(frozen=True, slots=True, kw_only=True)
class River:
    """
    A river that can be crossed only at its bridges, as a line from its upper end down.

    Parameters
    ----------
    line
        At least two points.
    quality
        "exact" or "approximate".
    """

    id: str
    name: str
    line: tuple[LatLon, ...]
    quality: str
    origin: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Bridge:
    """
    A place where a river can be crossed.

    Parameters
    ----------
    river
        The id of the river it spans.
    kind
        "bridge", "pontoon" or "ferry".
    closed_to
        Profiles that may not use it (motorbikes on a motorway).
    delay_seconds
        Usual wait, 0 for a bridge.
    open_from, open_until
        First and last day it could be used; None where it has no such day.
    quality
        Whether the point is "exact" or "approximate".
    """

    id: str
    name: str
    river: str
    point: LatLon
    kind: str
    closed_to: frozenset[str]
    delay_seconds: int
    open_from: date | None
    open_until: date | None
    quality: str
    origin: str
    note: str

    def open(self, on: date) -> bool:
        """Tell whether it could be crossed on that day."""
        return (self.open_from is None or self.open_from <= on) and (
            self.open_until is None or on <= self.open_until
        )


def rivers_from_geojson(text: str, *, source: str = "rivers.geojson") -> tuple[River, ...]:
    """
    Read rivers from a GeoJSON FeatureCollection of LineStrings with an "id" and a "name".

    Raises
    ------
    TableError
        With everything that is wrong.
    """
    findings: list[Finding] = []
    found: list[River] = []
    try:
        features = json.loads(text)["features"]
    except (ValueError, KeyError, TypeError):
        finding = Finding(
            where=source, problem="not a GeoJSON FeatureCollection", remedy="export it again"
        )
        raise TableError(table=source, findings=[finding]) from None
    for number, feature in enumerate(features, start=1):
        where = f"{source} feature {number}"
        try:
            found.append(_river(feature))
        except (KeyError, TypeError, IndexError, ValueError) as error:
            findings.append(
                Finding(
                    where=where,
                    problem=said(error),
                    remedy="give each river an id and one line of longitude, latitude pairs",
                )
            )
    if findings:
        raise TableError(table=source, findings=findings)
    return tuple(found)


def bridges_from_csv(text: str, *, source: str = "bridges.csv") -> tuple[Bridge, ...]:
    """
    Read a bridge table with the columns of geo/phu_tho/bridges.csv.

    Raises
    ------
    TableError
        With everything that is wrong.
    """
    return read_table(text, source=source, build=_bridge, key=lambda row: row["id"])


def _river(feature: Mapping[str, Any]) -> River:
    properties, geometry = feature["properties"], feature["geometry"]
    if geometry["type"] != "LineString":
        raise ValueError(f"a {geometry['type']}, not a LineString")
    line = tuple(LatLon(lat=c[1], lon=c[0]) for c in geometry["coordinates"])
    if len(line) < 2:
        raise ValueError("a line of fewer than two points")
    return River(
        id=str(properties["id"]),
        name=str(properties.get("name") or properties["id"]),
        line=line,
        quality=str(properties.get("quality", "approximate")),
        origin=str(properties.get("origin", "")),
    )


def _bridge(row: Mapping[str, str]) -> Bridge:
    if row["kind"] not in ("bridge", "pontoon", "ferry"):
        raise ValueError(f"kind {row['kind']!r} is not bridge, pontoon or ferry")
    delay = int(row["delay_seconds"] or 0)
    if delay < 0:
        raise ValueError(f"delay_seconds {delay} is negative")
    return Bridge(
        id=row["id"],
        name=row["name"],
        river=row["river"],
        point=point(row),
        kind=row["kind"],
        closed_to=frozenset(filter(None, (p.strip() for p in row["closed_to"].split(";")))),
        delay_seconds=delay,
        open_from=day_or_none(row["open_from"]),
        open_until=day_or_none(row["open_until"]),
        quality=row["quality"],
        origin=row["origin"],
        note=row["note"],
    )
