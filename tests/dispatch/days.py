"""Small days: two offices on one meridian, couriers and orders in few words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from dispatch.model import Address, Courier, Day, Office, Order, OrderKind, Service
from dispatch.planning import PlaceIndex
from geo.types import LatLon, Travel, TravelMatrix
from solver.model import TimeWindow

TUESDAY = date(2026, 11, 24)
SUNDAY = date(2026, 11, 29)

H = 3600
DAYTIME = {
    weekday: (
        TimeWindow(start=7 * H + 1800, end=11 * H + 1800),
        TimeWindow(start=13 * H, end=17 * H),
    )
    for weekday in range(6)
}


def at(steps: int) -> LatLon:
    """Return a point so many hundredths of a degree (1.1 km) north of the first office."""
    return LatLon(lat=21.30 + steps / 100, lon=105.40)


def office(id: str = "A", steps: int = 0, **fields: Any) -> Office:  # noqa: A002
    """Return a district office; A serves district 227, B serves 228."""
    fields.setdefault("districts", {"A": ("227",), "B": ("228",)}.get(id, ()))
    fields.setdefault("hours", DAYTIME)
    return Office(id=id, name=f"Bưu cục {id}", point=at(steps), **fields)


def courier(id: str = "a1", office: str = "A", **fields: Any) -> Courier:  # noqa: A002
    """Return a courier with a motorbike, 2,000 đồng a km and 36,000 an hour."""
    fields.setdefault("cost_per_km", 2_000)
    fields.setdefault("cost_per_hour", 36_000)
    return Courier(id=id, name=f"Bưu tá {id}", office=office, **fields)


def order(id: str, steps: int | None = 1, *, district: str = "227", **fields: Any) -> Order:  # noqa: A002
    """Return a registered delivery at a known point of a district."""
    fields.setdefault("kind", OrderKind.DELIVERY)
    fields.setdefault("service", Service.REGISTERED)
    fields.setdefault("grams", 100)
    fields.setdefault(
        "address",
        Address(
            text=f"số {steps}",
            district=district,
            commune={"227": "07900", "228": "08000"}.get(district, ""),
            point=None if steps is None else at(steps),
        ),
    )
    return Order(id=id, **fields)


def day(
    orders: Sequence[Order] = (),
    couriers: Sequence[Courier] | None = None,
    offices: Sequence[Office] | None = None,
    on: date = TUESDAY,
) -> Day:
    """Return a day with one courier at each of the offices A and B, unless said otherwise."""
    return Day(
        date=on,
        orders=tuple(orders),
        couriers=tuple((courier(), courier("b1", "B")) if couriers is None else couriers),
        offices=tuple((office(), office("B", 30)) if offices is None else offices),
    )


def straight(index: PlaceIndex, profile: str = "motorbike") -> Mapping[str, Travel]:
    """Return travel along the meridian: 100 seconds and 1,000 metres for each step."""
    norths = np.array([round((p.lat - 21.30) * 100) for p in index.points], dtype=np.int64)
    steps = np.abs(norths[:, None] - norths[None, :])
    return {profile: TravelMatrix(seconds=steps * 100, metres=steps * 1_000)}
