"""What the console needs beside the office's data: the hour, the map behind, the day's demand."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from importlib.metadata import version
from typing import Annotated, Any

from fastapi import APIRouter, Depends, Request, Response
from pydantic import BaseModel

from api.access import Principal, Right
from api.deps import Needs, Office, Spoken, parts_of
from dispatch.clock import today
from geo.types import LatLon

router = APIRouter(prefix="/api", tags=["console"])

Reader = Annotated[Principal, Depends(Needs(Right.READ))]


class ConsoleOut(BaseModel):
    """How the service is set up; `now` is the office's time."""

    now: datetime
    version: str
    language: str
    tiles: str
    tiles_credit: str


class PlaceOut(BaseModel):
    """A post office on the map."""

    id: str
    name: str
    point: LatLon


class MapOut(BaseModel):
    """What lies behind routes: outlines, rivers and larger roads as GeoJSON, and the offices."""

    districts: dict[str, Any]
    rivers: dict[str, Any]
    roads: dict[str, Any]
    offices: list[PlaceOut]


class DemandOut(BaseModel):
    """
    An office's work against its couriers' time, before solving; an estimate.

    Seconds and grams; shares are null where there is work and nobody to do it.
    """

    office: str
    name: str
    orders: int
    couriers: int
    needed_seconds: int
    shift_seconds: int
    grams: int
    capacity_grams: int
    time_share: float | None
    weight_share: float | None


class DemandsOut(BaseModel):
    """All offices; `unplaced` orders have no certain address and are in no row."""

    offices: Sequence[DemandOut]
    unplaced: int


@router.get("/console")
def console(request: Request, _: Reader) -> ConsoleOut:
    """Return how the service is set up."""
    parts = parts_of(request)
    return ConsoleOut(
        now=parts.clock.now(),
        version=version("buuta"),
        language=parts.settings.language,
        tiles=parts.settings.tiles,
        tiles_credit=parts.settings.tiles_credit,
    )


@router.get("/map")
def background(request: Request, response: Response, office: Office, _: Reader) -> MapOut:
    """Return what maps draw behind the routes."""
    parts = parts_of(request)
    means = parts.means(today(parts.clock))
    response.headers["cache-control"] = "private, max-age=300"
    return MapOut(
        districts=dict(means.zones),
        rivers=dict(means.rivers),
        roads=_lines(means.big_roads()),
        offices=[
            PlaceOut(id=one.office.id, name=one.office.name, point=one.office.point)
            for one in office.offices()
        ],
    )


@router.get("/days/{day}/demand")
def demand(day: date, office: Office, _: Reader, lang: Spoken) -> DemandsOut:
    """Estimate for each office whether the day's orders fit into its couriers' day."""
    found = office.demand(day, lang)
    return DemandsOut(
        offices=[
            DemandOut(
                **{name: getattr(row, name) for name in _COPIED},
                time_share=_finite(row.time_share),
                weight_share=_finite(row.weight_share),
            )
            for row in found.rows
        ],
        unplaced=found.unplaced,
    )


def _lines(lines: Sequence[Sequence[LatLon]]) -> dict[str, Any]:
    """Return lines as one feature; a metre is exact enough behind a plan."""
    drawn = [[[round(p.lon, 5), round(p.lat, 5)] for p in line] for line in lines]
    geometry = {"type": "MultiLineString", "coordinates": drawn}
    feature = {"type": "Feature", "properties": {}, "geometry": geometry}
    return {"type": "FeatureCollection", "features": [feature] if drawn else []}


_COPIED = (
    *("office", "name", "orders", "couriers", "needed_seconds", "shift_seconds"),
    *("grams", "capacity_grams"),
)


def _finite(share: float) -> float | None:
    return share if share != float("inf") else None
