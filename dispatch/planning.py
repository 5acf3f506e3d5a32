"""
From a day's orders and couriers to a problem the solver understands.

    place       every office, then every different point of the located orders
    job         one delivery or collection; a transfer becomes a shipment
    vehicle     one courier with the vehicle of the day, from and back to the office
    allowed     an order belongs to the office that it names, else to the one that serves its
                commune's district, and only that office's couriers may do it

What can be seen not to work before any search is left out here, with its facts: no office, an
office that is closed, no courier, a load that no vehicle of the office can carry. Everything else
goes into the problem; whether it is worth driving is the search's decision.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date

from dispatch.model import (
    Address,
    Courier,
    Day,
    LeftOut,
    LeftOutReason,
    Office,
    Order,
    OrderKind,
    VehicleKind,
)
from dispatch.settings import PROFILES, Settings
from geo.types import LatLon, Travel
from solver.model import (
    Break,
    Job,
    OvertimeTier,
    Place,
    Problem,
    Reload,
    Shipment,
    SoftDue,
    TimeWindow,
    Vehicle,
    Visit,
)

DIMENSIONS = ("grams", "cubic_cm")
"""The units of load, in this order."""

LUNCH = "lunch"
NOON = "noon"
"""Ids of the lunch break and of the noon return in every courier's route."""

_SECONDS_PER_HOUR = 3600
_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class PlaceIndex:
    """
    The places of a day: offices first, then each different point once.

    Parameters
    ----------
    ids, points
        One for each row of the travel matrices.
    office_rows, point_rows
        The row of an office by its id, and of a point.
    """

    ids: tuple[str, ...]
    points: tuple[LatLon, ...]
    office_rows: Mapping[str, int]
    point_rows: Mapping[LatLon, int]

    def row(self, address: Address) -> int:
        """Return the row of an address that has a point."""
        if address.point is None:
            raise ValueError(f"the address {address.text!r} has no point: locate it first")
        return self.point_rows[address.point]


def places(day: Day, located: Iterable[Order]) -> PlaceIndex:
    """
    Number the places of a day.

    Orders at the same point share a row, so that a courier who is there has no way between them.
    """
    ids: list[str] = []
    points: list[LatLon] = []
    office_rows: dict[str, int] = {}
    point_rows: dict[LatLon, int] = {}
    for office in day.offices:
        office_rows[office.id] = len(ids)
        point_rows.setdefault(office.point, len(ids))
        ids.append(office.id)
        points.append(office.point)
    taken = set(ids)
    for order in located:
        for address in _addresses(order):
            if address.point is not None and address.point not in point_rows:
                point_rows[address.point] = len(ids)
                name = f"{address.point.lat:.6f},{address.point.lon:.6f}"
                # Two points may differ beyond the sixth decimal; an id names one place only.
                ids.append(name if name not in taken else f"{name}#{len(ids)}")
                taken.add(ids[-1])
                points.append(address.point)
    return PlaceIndex(
        ids=tuple(ids), points=tuple(points), office_rows=office_rows, point_rows=point_rows
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Assigned:
    """
    Which office does what: `orders` carry their office's id; `left_out` have a proved reason.

    `seen` holds the left out ones that an office is known for, with its id filled in.
    """

    orders: tuple[Order, ...]
    left_out: tuple[LeftOut, ...]
    seen: tuple[Order, ...] = ()


def assign_offices(day: Day, located: Iterable[Order]) -> Assigned:
    """
    Give every located order to its office and leave out what no courier of it could ever do.

    An order without an office belongs to the one that serves its district; where several do, to
    the nearest as the crow flies, which is also what couriers of one district can be expected
    to agree on.
    """
    book = _Offices(day)
    kept: list[Order] = []
    left: list[LeftOut] = []
    seen: list[Order] = []
    for order in located:
        office = book.office_of(order)
        if office is None:
            left.append(_without_office(order))
            continue
        named = _with_office(order, office.id)
        reason = book.refuses(order, office)
        if reason is None:
            kept.append(named)
        else:
            left.append(reason)
            seen.append(named)
    return Assigned(orders=tuple(kept), left_out=tuple(left), seen=tuple(seen))


def home_offices(day: Day, located: Iterable[Order]) -> dict[str, str]:
    """Return, by order, the id of the office that serves it on ordinary days, if there is one."""
    book = _Offices(day)
    found = ((order.id, book.office_of(order)) for order in located)
    return {name: office.id for name, office in found if office is not None}


def build_problem(
    day: Day,
    orders: Sequence[Order],
    *,
    index: PlaceIndex,
    travel: Mapping[str, Travel],
    settings: Settings,
    approximate: frozenset[str] = frozenset(),
    sorted_at: Mapping[str, int] | None = None,
) -> Problem:
    """
    Say a day in the solver's words.

    Parameters
    ----------
    orders
        Located and given to an office (`assign_offices`).
    travel
        By profile, rows as in `index`.
    approximate
        Ids of the orders whose point is only their commune's: they get `between_doors_seconds`.
    sorted_at
        By order, when it is sorted after a truck has brought it: no trip with it leaves before.
        None where trucks are not planned: `Settings.mail_ready` holds then.
    """
    crews: dict[str, list[Courier]] = {}
    offices = {office.id: office for office in day.offices}
    for courier in day.couriers:
        if courier.office in offices:
            crews.setdefault(courier.office, []).append(courier)
    allowed = {office: frozenset(c.id for c in crew) for office, crew in crews.items()}
    early = {
        office: any(c.shift.start < settings.mail_ready for c in crew)
        for office, crew in crews.items()
    }
    maker = _Maker(day.date, index, settings, approximate)
    jobs: list[Job] = []
    shipments: list[Shipment] = []
    for order in orders:
        if sorted_at is not None:
            # What lay at the office overnight was sorted then.
            release = 0 if order.at_office else sorted_at.get(order.id, settings.mail_ready)
        else:
            release = settings.mail_ready if early.get(order.office) else 0
        if order.kind is OrderKind.TRANSFER:
            shipments.append(maker.shipment(order, allowed[order.office]))
        else:
            jobs.append(maker.job(order, allowed[order.office], release))
    return Problem(
        places=tuple(
            # x, y as longitude and latitude: any screen can draw the problem as it stands.
            Place(id=name, x=point.lon, y=point.lat)
            for name, point in zip(index.ids, index.points, strict=True)
        ),
        vehicles=tuple(
            vehicle_of(courier, offices[courier.office], day.date, index, settings)
            for courier in day.couriers
            if courier.office in offices
        ),
        travel=travel,
        jobs=tuple(jobs),
        shipments=tuple(shipments),
        dimensions=DIMENSIONS,
    )


def profiles(day: Day) -> tuple[str, ...]:
    """Return the travel profiles that the day's couriers need, sorted."""
    return tuple(sorted({PROFILES[courier.vehicle] for courier in day.couriers}))


def _addresses(order: Order) -> tuple[Address, ...]:
    return (order.address,) if order.to_address is None else (order.address, order.to_address)


# ---- offices ------------------------------------------------------------------------------------


class _Offices:
    """The day's offices looked up by id and district, with the most that their couriers carry."""

    def __init__(self, day: Day) -> None:
        self.day = day
        self.by_id = {office.id: office for office in day.offices}
        self.by_district: dict[str, list[Office]] = {}
        for office in day.offices:
            for district in office.districts:
                self.by_district.setdefault(district, []).append(office)
        self.crews: dict[str, list[Courier]] = {}
        for courier in day.couriers:
            self.crews.setdefault(courier.office, []).append(courier)

    def office_of(self, order: Order) -> Office | None:
        if order.office:
            return self.by_id.get(order.office)
        serving = self.by_district.get(order.address.district, [])
        # Offices with couriers first: a district's counter without any cannot take its orders.
        able = [office for office in serving if office.id in self.crews] or serving
        point = order.address.point
        if not able or point is None:
            return able[0] if able else None
        return min(able, key=lambda office: _apart(office.point, point))

    def refuses(self, order: Order, office: Office) -> LeftOut | None:
        if not open_on(office, self.day.date):
            return _left(order, LeftOutReason.OFFICE_CLOSED, office=office.name)
        crew = self.crews.get(office.id, [])
        if not crew:
            return _left(order, LeftOutReason.NO_COURIER, office=office.name)
        most_grams = max(courier.capacity_grams for courier in crew)
        if order.grams > most_grams:
            return _left(
                order,
                LeftOutReason.TOO_HEAVY,
                grams=str(order.grams),
                most_grams=str(most_grams),
                office=office.name,
            )
        most_cubic_cm = max(courier.capacity_cubic_cm for courier in crew)
        if order.cubic_cm > most_cubic_cm:
            return _left(
                order,
                LeftOutReason.TOO_LARGE,
                cubic_cm=str(order.cubic_cm),
                most_cubic_cm=str(most_cubic_cm),
                office=office.name,
            )
        return None


def open_on(office: Office, day: date) -> bool:
    """Tell whether an office opens on a day; one without any hours given is taken as open."""
    return not office.hours or bool(office.hours.get(day.weekday()))


def _apart(a: LatLon, b: LatLon) -> float:
    return (a.lat - b.lat) ** 2 + ((a.lon - b.lon) * 0.93) ** 2  # cos 21.4°


def _without_office(order: Order) -> LeftOut:
    facts = {"district": order.address.district, "commune": order.address.commune}
    if order.office:
        facts = {"office": order.office, **facts}
    return _left(order, LeftOutReason.NO_OFFICE, **facts)


def _left(order: Order, reason: LeftOutReason, **facts: str) -> LeftOut:
    return LeftOut(order=order.id, reason=reason, facts={k: v for k, v in facts.items() if v})


def _with_office(order: Order, office: str) -> Order:
    return order if order.office == office else replace(order, office=office)


# ---- jobs ---------------------------------------------------------------------------------------


class _Maker:
    """Turns orders into jobs and shipments under one office's settings."""

    def __init__(
        self, on: date, index: PlaceIndex, settings: Settings, approximate: frozenset[str]
    ) -> None:
        self.on = on
        self.index = index
        self.settings = settings
        self.approximate = approximate

    def job(self, order: Order, allowed: frozenset[str], release: int) -> Job:
        load = (order.grams, order.cubic_cm)
        brings = order.kind is OrderKind.DELIVERY
        return Job(
            id=order.id,
            place=self.index.row(order.address),
            service_seconds=self._seconds(order, order.kind),
            setup_seconds=self.settings.setup_seconds,
            windows=order.windows,
            delivery=load if brings else (),
            pickup=() if brings else load,
            release=release if brings else 0,
            priority=self.settings.priority(order, self.on),
            skip_cost=self._skip_cost(order),
            due=due_of(order, self.on, self.settings),
            area=order.address.commune,
            vehicles=allowed,
        )

    def shipment(self, order: Order, allowed: frozenset[str]) -> Shipment:
        target = order.to_address if order.to_address is not None else order.address
        return Shipment(
            id=order.id,
            pickup=Visit(
                place=self.index.row(order.address),
                service_seconds=self._seconds(order, OrderKind.COLLECTION),
                setup_seconds=self.settings.setup_seconds,
                windows=order.windows,
                area=order.address.commune,
            ),
            delivery=Visit(
                place=self.index.row(target),
                service_seconds=self._seconds(order, OrderKind.DELIVERY),
                setup_seconds=self.settings.setup_seconds,
                due=due_of(order, self.on, self.settings),
                area=target.commune,
            ),
            amount=(order.grams, order.cubic_cm),
            priority=self.settings.priority(order, self.on),
            skip_cost=self._skip_cost(order),
            vehicles=allowed,
        )

    def _seconds(self, order: Order, kind: OrderKind) -> int:
        extra = self.settings.between_doors_seconds if order.id in self.approximate else 0
        return self.settings.seconds_at(kind, order.service) + extra

    def _skip_cost(self, order: Order) -> int | None:
        cost = self.settings.skip_cost(order, self.on)
        return None if cost is None else cost * _THOUSANDTHS


def due_of(order: Order, on: date, settings: Settings) -> SoftDue | None:
    """Return by when somebody should be there, and what each second later costs."""
    rule = settings.soft_due(order, on)
    if rule is None:
        return None
    # An agreed window that opens after the due time would be late however early one comes.
    opens = min((window.start for window in order.windows), default=0)
    return SoftDue(
        time=max(rule.time, opens),
        cost_per_second=round(rule.cost_per_hour * _THOUSANDTHS / _SECONDS_PER_HOUR),
    )


# ---- couriers -----------------------------------------------------------------------------------


def vehicle_of(
    courier: Courier, office: Office, on: date, index: PlaceIndex, settings: Settings
) -> Vehicle:
    """Say a courier, or a truck with its driver, in the solver's words."""
    home = index.office_rows[office.id]
    max_metres = courier.max_metres
    if max_metres is None and courier.vehicle is VehicleKind.ELECTRIC_MOTORBIKE:
        max_metres = settings.electric_range_metres
    tiers: tuple[OvertimeTier, ...] = ()
    if courier.overtime_per_hour > 0:
        tiers = (
            OvertimeTier(
                after=courier.overtime_after, cost_per_second=_per_second(courier.overtime_per_hour)
            ),
        )
    return Vehicle(
        id=courier.id,
        shift=courier.shift,
        start=home,
        end=home,
        profile=PROFILES[courier.vehicle],
        capacity=(courier.capacity_grams, courier.capacity_cubic_cm),
        skills=courier.skills,
        breaks=(
            (Break(id=LUNCH, windows=(courier.lunch,), seconds=courier.lunch_seconds),)
            if courier.lunch is not None
            else ()
        ),
        reloads=(
            (
                Reload(
                    id=NOON,
                    place=home,
                    seconds=courier.noon_seconds,
                    windows=_while_open(courier.noon_return, office, on),
                    most=1,
                    required=True,
                ),
            )
            if courier.noon_return is not None
            else ()
        ),
        max_metres=max_metres,
        max_stops=courier.max_stops,
        fixed_cost=courier.cost_per_day * _THOUSANDTHS,
        # Đồng for each km are thousandths for each metre: the two thousands cancel.
        cost_per_metre=courier.cost_per_km,
        cost_per_second=_per_second(courier.cost_per_hour),
        overtime=tiers,
        known_areas=courier.known_communes,
        unfamiliar_cost=(settings.unfamiliar_cost * _THOUSANDTHS if courier.known_communes else 0),
    )


def _per_second(dong_per_hour: int) -> int:
    return round(dong_per_hour * _THOUSANDTHS / _SECONDS_PER_HOUR)


def _while_open(wanted: TimeWindow, office: Office, on: date) -> tuple[TimeWindow, ...]:
    """Return when the noon settlement may begin: as agreed, and while the office is open."""
    spans = office.hours.get(on.weekday(), ()) if office.hours else ()
    both = tuple(
        TimeWindow(start=max(span.start, wanted.start), end=min(span.end, wanted.end))
        for span in spans
        if max(span.start, wanted.start) <= min(span.end, wanted.end)
    )
    # Hours that leave no moment of the agreed return are the counter's, not the back door's.
    return both or (wanted,)
