"""
Orders, couriers and offices as CSV text that the readers take back without loss.

The text begins with a byte order mark, so that a spreadsheet knows it is UTF-8.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Sequence
from decimal import Decimal
from fractions import Fraction
from typing import TypeVar

import phonenumbers

from dispatch.import_columns import (
    FLEET,
    KINDS,
    OFFICES,
    ORDERS,
    SERVICES,
    STATES,
    VEHICLES,
    Column,
)
from dispatch.import_rows import Imported
from dispatch.model import Address, Courier, Office, Order
from dispatch.parsing import clock, is_mobile
from geo.types import LatLon
from solver.model import TimeWindow

T = TypeVar("T")

_ONLY_READ = frozenset(("commune_name", "commune_name_to", "point", "point_to", "shift", "hours"))
_BEYOND = frozenset(("from", "until"))


def write_orders(orders: Iterable[Order]) -> str:
    """Return the orders as CSV text; `read_orders` gives them back, numbered by their rows."""
    return _written(
        [c for c in ORDERS if c.key not in _ONLY_READ | _BEYOND],
        ({**_order(order)} for order in orders),
    )


def write_fleet(couriers: Iterable[Courier]) -> str:
    """Return the couriers as CSV text; `read_fleet` gives them back."""
    return _written(
        [c for c in FLEET if c.key not in _ONLY_READ], (_courier(courier) for courier in couriers)
    )


def write_offices(offices: Iterable[Office]) -> str:
    """Return the offices as CSV text; `read_offices` gives them back."""
    return _written(
        [c for c in OFFICES if c.key not in _ONLY_READ], (_office(office) for office in offices)
    )


def write_rejected(imported: Imported[T]) -> str:
    """Return the rejected rows as they stood, under their header, for a person to correct."""
    return _csv([imported.header, *(row.cells for row in imported.rejected)])


def _written(columns: Sequence[Column], rows: Iterable[dict[str, str]]) -> str:
    return _csv(
        [
            [column.vi for column in columns],
            *([row.get(column.key, "") for column in columns] for row in rows),
        ]
    )


def _csv(rows: Iterable[Sequence[str]]) -> str:
    out = io.StringIO()
    writer = csv.writer(out)
    for row in rows:
        writer.writerow([_plain(cell) for cell in row])
    return "\ufeff" + out.getvalue()


def _plain(cell: str) -> str:
    # A spreadsheet would run a cell that begins like a formula; the apostrophe makes it a text.
    begins_like_formula = cell[:1] in ("=", "+", "@") or (cell[:1] == "-" and len(cell) > 1)
    doubled = cell[:1] == "'" and cell[1:2] in ("'", "=", "+", "-", "@") and len(cell) > 1
    return f"'{cell}" if begins_like_formula or doubled else cell


def _order(order: Order) -> dict[str, str]:
    return {
        "id": order.id,
        "kind": KINDS[order.kind][0],
        "service": SERVICES[order.service][0],
        **_address(order.address, ""),
        **(_address(order.to_address, "_to") if order.to_address else {}),
        "address_sender": order.sender.text if order.sender else "",
        "content": order.content,
        "customer": order.customer,
        "phone": _phone(order.phone),
        "grams": str(order.grams),
        "cubic_cm": str(order.cubic_cm),
        "items": str(order.items),
        "windows": _windows(order.windows),
        "due": f"{order.due:%d/%m/%Y}" if order.due else "",
        "attempts": str(order.attempts),
        "cash": str(order.cash),
        "note": order.note,
        "office": order.office,
        "required": "có" if order.required else "",
        "state": STATES[order.state][0] if order.state else "",
        "accepted": f"{order.accepted:%d/%m/%Y}" if order.accepted else "",
    }


def _address(address: Address, suffix: str) -> dict[str, str]:
    return {
        f"address{suffix}": address.text,
        f"district{suffix}": address.district,
        f"commune{suffix}": address.commune,
        f"quality{suffix}": _decimal(address.quality) if address.quality else "",
        **_point(address.point, suffix),
    }


def _point(point: LatLon | None, suffix: str = "") -> dict[str, str]:
    if point is None:
        return {}
    return {f"lat{suffix}": _decimal(point.lat), f"lon{suffix}": _decimal(point.lon)}


def _decimal(value: float) -> str:
    """Return the shortest digits that give the same number back, never with an exponent."""
    return format(Decimal(repr(value)), "f")


def _phone(phone: str) -> str:
    if not phone:
        return ""
    # Written with blanks, so that a spreadsheet does not make it a number without its 0.
    if is_mobile(phone):
        return f"0{phone[3:6]} {phone[6:9]} {phone[9:]}"
    number = phonenumbers.parse(phone, "VN")
    style = phonenumbers.PhoneNumberFormat
    home = number.country_code == 84
    return phonenumbers.format_number(number, style.NATIONAL if home else style.INTERNATIONAL)


def _windows(windows: Sequence[TimeWindow]) -> str:
    return "; ".join(f"{clock(w.start)}-{clock(w.end)}" for w in windows)


def _in_unit(amount: int, factor: int, smallest: str) -> str:
    """Return an amount in the column's unit, or in the smallest one where decimals would run on."""
    share = Fraction(amount, factor)
    if share.denominator == 1:
        return str(share.numerator)
    digits = Decimal(amount) / factor
    short = format(digits.normalize(), "f")
    return short if Fraction(short) == share and len(short) < 15 else f"{amount} {smallest}"


def _courier(courier: Courier) -> dict[str, str]:
    return {
        "id": courier.id,
        "name": courier.name,
        "office": courier.office,
        "vehicle": VEHICLES[courier.vehicle][0],
        "phone": _phone(courier.phone),
        "from": clock(courier.shift.start),
        "until": clock(courier.shift.end),
        "lunch": _windows((courier.lunch,)) if courier.lunch else "",
        "lunch_seconds": _in_unit(courier.lunch_seconds, 60, "giây"),
        "noon_return": _windows((courier.noon_return,)) if courier.noon_return else "",
        "noon_seconds": _in_unit(courier.noon_seconds, 60, "giây"),
        "capacity_grams": _in_unit(courier.capacity_grams, 1000, "g"),
        "capacity_cubic_cm": _in_unit(courier.capacity_cubic_cm, 1000, "cm3"),
        "max_stops": "" if courier.max_stops is None else str(courier.max_stops),
        "max_metres": "" if courier.max_metres is None else _in_unit(courier.max_metres, 1000, "m"),
        "cost_per_day": str(courier.cost_per_day),
        "cost_per_km": str(courier.cost_per_km),
        "cost_per_hour": str(courier.cost_per_hour),
        "overtime_after": _in_unit(courier.overtime_after, 3600, "giây"),
        "overtime_per_hour": str(courier.overtime_per_hour),
        "known_communes": "; ".join(sorted(courier.known_communes)),
        "skills": "; ".join(sorted(courier.skills)),
    }


def _office(office: Office) -> dict[str, str]:
    return {
        "id": office.id,
        "name": office.name,
        **_point(office.point),
        "level": str(office.level),
        "districts": "; ".join(office.districts),
        **{
            f"day{weekday}": _windows(office.hours.get(weekday, ())) or "nghỉ"
            for weekday in range(7)
        },
        "dock": _windows(office.dock),
    }
