"""A small day in Việt Trì and Phù Ninh with real points and addresses."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dispatch.model import Address, Courier, Office, Order, OrderKind, Service
from geo.types import LatLon
from tests.dispatch.days import DAYTIME

VIET_TRI = LatLon(lat=21.3227, lon=105.4020)


def office() -> Office:
    """Return the office of Việt Trì, open from Monday to Saturday."""
    return Office(
        id="BC227", name="Bưu điện Việt Trì", point=VIET_TRI, districts=("227",), hours=DAYTIME
    )


def courier(id: str = "vt1", **fields: Any) -> Courier:  # noqa: A002
    """Return a courier of Việt Trì."""
    fields.setdefault("office", "BC227")
    return Courier(id=id, name=f"Bưu tá {id}", cost_per_km=900, cost_per_hour=28_000, **fields)


def order(id: str, step: int = 1, **fields: Any) -> Order:  # noqa: A002
    """Return a registered delivery some hundred metres north of the office, or at an address."""
    address = Address(
        text=f"số {step} đường Hùng Vương",
        point=LatLon(lat=VIET_TRI.lat + step / 1000, lon=VIET_TRI.lon),
    )
    base = Order(id=id, kind=OrderKind.DELIVERY, service=Service.REGISTERED, address=address)
    return replace(base, **{"grams": 200, **fields})


def addressed(id: str, text: str, **fields: Any) -> Order:  # noqa: A002
    """Return an order that is known only by its address."""
    return order(id, address=Address(text=text), **fields)
