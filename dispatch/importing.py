"""
The office's files read into orders, couriers and offices: every bad row reported, good rows kept.

A reader takes bytes and returns `Imported`: good values, findings about rejected rows, warnings.
It raises `TableError` only where the file is no table at all. Rows are never lost: each is either
good or rejected, and each rejected row has at least one finding with its remedy.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

from dispatch.errors import RowFinding
from dispatch.import_columns import FLEET, HOLIDAYS, OFFICES, ORDERS
from dispatch.import_messages import finding
from dispatch.import_rows import Imported, RejectedRow, RowReader, header_test, read_rows
from dispatch.import_writers import write_fleet, write_offices, write_orders, write_rejected
from dispatch.model import (
    ORDINARY_SHIFT,
    Address,
    Courier,
    Office,
    Order,
    OrderKind,
    Service,
)
from dispatch.parsing import Bad
from dispatch.parsing_times import DAY, MORNING, merged, window_between
from dispatch.tables import read_table
from dispatch.workdays import Holiday
from geo.text import fold
from geo.types import LatLon
from solver.model import TimeWindow

__all__ = [
    "FindingGroup",
    "Imported",
    "RejectedRow",
    "cross_check",
    "read_fleet",
    "read_holidays",
    "read_offices",
    "read_orders",
    "summarise",
    "write_fleet",
    "write_offices",
    "write_orders",
    "write_rejected",
]

_NO_DAY = date(2000, 1, 1)  # these tables hold no dates
_AFTERNOON = TimeWindow(start=13 * 3600, end=17 * 3600)


def read_orders(
    data: bytes, *, file: str, day: date, mapping: Mapping[str, str] | None = None, lang: str = "vi"
) -> Imported[Order]:
    """
    Read the orders of a day from a CSV or spreadsheet file.

    Parameters
    ----------
    file
        Its name, for messages.
    day
        The day that is planned: dates without a year lie near it, earlier due dates are warned of.
    mapping
        Header as written by field name (`id`, `address`, `grams` and so on; all of them are the
        keys of `dispatch.import_columns.ORDERS`), where the header alone does not say it.
    lang
        "vi" or "en", the language of the findings.

    Raises
    ------
    TableError
        The file is no table, or is empty.
    """
    seen: dict[str, int] = {}

    def build(row: RowReader) -> Order | None:
        return _order(row, seen, day)

    table = read_table(data, file=file, is_header=header_test(ORDERS, mapping), lang=lang)
    return read_rows(table, columns=ORDERS, build=build, near=day, mapping=mapping, lang=lang)


def read_fleet(
    data: bytes, *, file: str, mapping: Mapping[str, str] | None = None, lang: str = "vi"
) -> Imported[Courier]:
    """
    Read who works and what they drive; parameters as of `read_orders`.

    Raises
    ------
    TableError
        The file is no table, or is empty.
    """
    seen: dict[str, int] = {}

    def build(row: RowReader) -> Courier | None:
        return _courier(row, seen)

    table = read_table(data, file=file, is_header=header_test(FLEET, mapping), lang=lang)
    return read_rows(table, columns=FLEET, build=build, near=_NO_DAY, mapping=mapping, lang=lang)


def read_offices(
    data: bytes, *, file: str, mapping: Mapping[str, str] | None = None, lang: str = "vi"
) -> Imported[Office]:
    """
    Read the post offices with their places and hours; parameters as of `read_orders`.

    Raises
    ------
    TableError
        The file is no table, or is empty.
    """
    seen: dict[str, int] = {}

    def build(row: RowReader) -> Office | None:
        return _office(row, seen)

    table = read_table(data, file=file, is_header=header_test(OFFICES, mapping), lang=lang)
    return read_rows(table, columns=OFFICES, build=build, near=_NO_DAY, mapping=mapping, lang=lang)


def read_holidays(
    data: bytes, *, file: str, day: date, mapping: Mapping[str, str] | None = None, lang: str = "vi"
) -> Imported[Holiday]:
    """
    Read the days that the office itself takes off, or works on; parameters as of `read_orders`.

    A day is off unless its row says that it is worked on.

    Raises
    ------
    TableError
        The file is no table, or is empty.
    """
    seen: dict[date, int] = {}

    def build(row: RowReader) -> Holiday | None:
        given = row.values.get("date")
        if given in seen:
            row.reject("date", Bad(key="duplicate", facts={"first": str(seen[given])}))
        if row.wrong or given is None:
            return None
        seen[given] = row.number
        return Holiday(day=given, works=row.values.get("works", False))

    table = read_table(data, file=file, is_header=header_test(HOLIDAYS, mapping), lang=lang)
    return read_rows(table, columns=HOLIDAYS, build=build, near=day, mapping=mapping, lang=lang)


def _first_of_its_id(row: RowReader, seen: dict[str, int]) -> None:
    """Reject a row whose id an earlier row has, even if that one is itself rejected."""
    name = row.values.get("id")
    if name is None:
        return
    first = seen.setdefault(name.casefold(), row.number)
    if first != row.number:
        row.reject("id", Bad(key="duplicate", facts={"first": str(first)}))


def _order(row: RowReader, seen: dict[str, int], day: date) -> Order | None:
    _first_of_its_id(row, seen)
    get = row.values.get
    kind = get("kind", OrderKind.DELIVERY)
    address = _address(row, "")
    to_address = _address(row, "_to")
    if not address.text and "address" not in row.raw:
        row.reject("address", Bad(key="missing", facts={"column": row.labels["address"]}))
    if kind is OrderKind.TRANSFER and not to_address.text:
        row.reject(
            "address_to", Bad(key="no_destination", facts={"column": row.labels["address_to"]})
        )
    windows = get("windows", ())
    if "from" in row.values or "until" in row.values:
        window = window_between(get("from", 0), get("until", DAY))
        if isinstance(window, Bad):
            row.reject("from", window)
        elif not windows:
            windows = merged([window])
    due = get("due")
    if due is not None and due < day:
        row.warn("due", Bad(key="past_due"))
    if row.wrong:
        return None
    return Order(
        id=row.values["id"],
        kind=kind,
        service=get("service", Service.ORDINARY),
        address=address,
        to_address=to_address if to_address.text else None,
        sender=Address(text=row.values["address_sender"])
        if row.values.get("address_sender")
        else None,
        windows=windows,
        row=row.number,
        **_given(
            row, "content", "customer", "phone", "grams", "cubic_cm", "items", "due", "attempts",
            "cash", "note", "office", "required", "state", "accepted",
        ),
    )  # fmt: skip


def _given(row: RowReader, *keys: str) -> dict[str, Any]:
    return {key: row.values[key] for key in keys if key in row.values}


def _address(row: RowReader, suffix: str) -> Address:
    get = row.values.get
    text, commune, district = (
        get(f"address{suffix}", ""),
        get(f"commune_name{suffix}", ""),
        get(f"district{suffix}", ""),
    )
    code = get(f"commune{suffix}", "")
    if commune.isdecimal():
        code, commune = code or commune.zfill(5), ""
    if commune and fold(commune) not in fold(text):
        # A column for the commune means that the address itself stops at the street.
        text = f"{text}, {commune}" if text else commune
    return Address(
        text=text,
        district=district,
        point=_point(row, suffix),
        commune=code,
        quality=get(f"quality{suffix}", 0.0),
    )


def _point(row: RowReader, suffix: str = "") -> LatLon | None:
    get = row.values.get
    lat, lon = get(f"lat{suffix}"), get(f"lon{suffix}")
    if lat is None and lon is None:
        both = get(f"point{suffix}")
        return LatLon(lat=both[0], lon=both[1]) if both else None
    if lat is not None and lon is not None:
        return LatLon(lat=lat, lon=lon)
    absent = f"lat{suffix}" if lat is None else f"lon{suffix}"
    if absent not in row.raw:
        row.reject(absent, Bad(key="half_a_point"))
    return None


def _courier(row: RowReader, seen: dict[str, int]) -> Courier | None:
    _first_of_its_id(row, seen)
    get = row.values.get
    shift = get("shift", ORDINARY_SHIFT)
    own = window_between(get("from", shift.start), get("until", shift.end))
    if isinstance(own, Bad):
        row.reject("from" if "from" in row.raw else "until", own)
    if isinstance(own, Bad) or row.wrong:
        return None
    return Courier(
        id=row.values["id"],
        name=get("name", row.values["id"]),
        office=row.values["office"],
        shift=own,
        known_communes=frozenset(get("known_communes", ())),
        skills=frozenset(get("skills", ())),
        row=row.number,
        **_given(
            row, "vehicle", "phone", "lunch", "lunch_seconds", "noon_return", "noon_seconds",
            "capacity_grams", "capacity_cubic_cm", "max_stops", "max_metres", "cost_per_day",
            "cost_per_km", "cost_per_hour", "overtime_after", "overtime_per_hour",
        ),
    )  # fmt: skip


def _office(row: RowReader, seen: dict[str, int]) -> Office | None:
    _first_of_its_id(row, seen)
    get = row.values.get
    point = _point(row)
    if point is None and not row.raw.keys() & {"lat", "lon", "point"}:
        row.reject(
            "lat", Bad(key="missing", facts={"column": f"{row.labels['lat']}, {row.labels['lon']}"})
        )
    hours: dict[int, tuple[TimeWindow, ...]] = {}
    if not any(key == "hours" or key.startswith("day") for key in row.raw):
        row.warn("hours", Bad(key="no_hours"))
        hours = dict.fromkeys(range(6), (MORNING, _AFTERNOON))
    for weekday in range(7):
        # One column of hours for all days means working days; the weekend has to be said.
        common = get("hours", ()) if weekday < 5 else ()
        if windows := get(f"day{weekday}", common):
            hours[weekday] = windows
    if point is None or row.wrong:
        return None
    return Office(
        id=row.values["id"],
        name=get("name", row.values["id"]),
        point=point,
        level=get("level", 2),
        districts=get("districts", ()),
        hours=hours,
        dock=get("dock", ()),
        row=row.number,
    )


def cross_check(
    orders: Sequence[Order],
    couriers: Sequence[Courier],
    offices: Sequence[Office],
    *,
    files: tuple[str, str, str] = ("orders.csv", "fleet.csv", "offices.csv"),
    trucks: Sequence[Courier] = (),
    trucks_file: str = "trucks.csv",
    lang: str = "vi",
) -> tuple[RowFinding, ...]:
    """
    Return what is wrong between the files, where each alone is right.

    Parameters
    ----------
    files
        Names of the files of orders, couriers and offices, for messages.
    trucks, trucks_file
        Trucks with their drivers, and the name of their file.
    """
    found: list[RowFinding] = []

    def tell(where: int, key: str, *, row: int = 0, at: str = "", value: str = "") -> None:
        bad = Bad(key=key)
        found.append(finding(bad, file=files[where], row=row, field=at, value=value, lang=lang))

    for where, key, items in (
        (0, "no_orders", orders),
        (1, "no_couriers", couriers),
        (2, "no_offices", offices),
    ):
        if not items:
            tell(where, key)
    for where, key, ids in (
        (0, "order_twice", [order.id for order in orders]),
        (1, "courier_twice", [courier.id for courier in couriers]),
        (2, "office_twice", [office.id for office in offices]),
    ):
        for name, count in Counter(ids).items():
            if count > 1:
                bad = Bad(key=key, facts={"count": str(count)})
                found.append(finding(bad, file=files[where], value=name, lang=lang))
    known = {office.id for office in offices}
    for courier in couriers:
        if not courier.office:
            tell(1, "courier_office_missing", row=courier.row, at="Bưu cục", value=courier.id)
        elif known and courier.office not in known:
            tell(1, "courier_office_unknown", row=courier.row, at="Bưu cục", value=courier.office)
    for truck in trucks:
        if known and truck.office not in known:
            bad = Bad(key="truck_office_unknown")
            found.append(
                finding(
                    bad,
                    file=trucks_file,
                    row=truck.row,
                    field="Bưu cục",
                    value=truck.office,
                    lang=lang,
                )
            )
    for name, count in Counter(truck.id for truck in trucks).items():
        if count > 1:
            bad = Bad(key="truck_twice", facts={"count": str(count)})
            found.append(finding(bad, file=trucks_file, value=name, lang=lang))
    found += [
        finding(Bad(key="truck_is_courier"), file=trucks_file, value=name, lang=lang)
        for name in sorted({c.id for c in couriers} & {truck.id for truck in trucks})
    ]
    staffed = {courier.office for courier in couriers}
    for office in offices:
        # The hub sorts and sends trucks; its couriers, if any, are the district office's.
        if couriers and office.level > 1 and office.id not in staffed:
            tell(2, "office_without_couriers", row=office.row, value=office.id)
    for order in orders:
        if known and order.office and order.office not in known:
            tell(0, "order_office_unknown", row=order.row, at="Bưu cục", value=order.office)
    return tuple(found)


@dataclass(frozen=True, slots=True, kw_only=True)
class FindingGroup:
    """Findings that say the same of the same field: how many, and the first rows."""

    field: str
    what: str
    remedy: str
    count: int
    rows: tuple[int, ...]
    values: tuple[str, ...]


def summarise(findings: Sequence[RowFinding], *, examples: int = 5) -> tuple[FindingGroup, ...]:
    """
    Return the findings grouped by field and fault, the most frequent first.

    Ten thousand rows of rubbish are then a handful of lines; the full list stays in `findings`.

    Parameters
    ----------
    examples
        How many rows and values each group shows.
    """
    groups: dict[tuple[str, str], list[RowFinding]] = {}
    for one in findings:
        groups.setdefault((one.field, one.what), []).append(one)
    ordered = sorted(groups.items(), key=lambda item: -len(item[1]))
    return tuple(
        FindingGroup(
            field=at,
            what=what,
            remedy=same[0].remedy,
            count=len(same),
            rows=tuple(one.row for one in same[:examples]),
            values=tuple(dict.fromkeys(one.value for one in same if one.value))[:examples],
        )
        for (at, what), same in ordered
    )
