"""Routes and stops as they go out: a courier's sheet."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel

from dispatch.model import Service, VehicleKind
from dispatch.views import CourierSheet, RowKind, SheetRow
from geo.types import LatLon
from solver.model import TimeWindow


class StopOut(BaseModel):
    """
    One line of a courier's list; times in seconds since midnight, cash in đồng.

    `number` is the place among the visits, null for breaks and returns, `label` what is written on
    the parcel; `other_number` is the place of a transfer's other end.
    """

    kind: RowKind
    number: int | None
    label: str
    order: str
    service: Service | None
    arrival: int
    begin: int
    departure: int
    customer: str
    phone: str
    address: str
    district: str
    commune: str
    point: LatLon | None
    content: str
    note: str
    todo: Sequence[str]
    items: int
    grams: int
    cash: int
    windows: Sequence[TimeWindow]
    due: date | None
    attempts: int
    other_number: int | None
    late_seconds: int

    @classmethod
    def of(cls, row: SheetRow) -> StopOut:
        """Return one row."""
        return cls(**{name: getattr(row, name) for name in cls.model_fields})


class RouteOut(BaseModel):
    """What one courier does today, in order; metres, and cost in thousandths of a đồng."""

    day: date
    courier: str
    name: str
    phone: str
    office: str
    office_name: str
    vehicle: VehicleKind
    truck: bool
    departure: int
    finish: int
    start: LatLon | None
    end: LatLon | None
    metres: int
    driving_seconds: int
    duty_seconds: int
    cost: int
    carried_items: int
    carried_grams: int
    collected_items: int
    collected_grams: int
    transferred_items: int
    cash: int
    warnings: Sequence[str]
    stops: Sequence[StopOut]

    @classmethod
    def of(cls, sheet: CourierSheet) -> RouteOut:
        """Return one sheet."""
        own = {"day", "cost", "stops"}
        return cls(
            day=sheet.date,
            cost=sheet.cost.total,
            stops=[StopOut.of(row) for row in sheet.rows],
            **{name: getattr(sheet, name) for name in cls.model_fields if name not in own},
        )
