"""
The plan as people work with it: each courier's ordered list, and the board of the whole day.

    DispatchError
    └── UnknownCourierError     the day has no courier of that id (`.courier`, `.known`)

The number of a stop is its place among the visits of its route. It is written on the parcel when
the bag is packed, so it counts neither breaks nor returns to the office. A plan that was changed
after that says what is written on the parcels (`PlanVersion.numbers`, such as 12a): then the label
of a stop is that, wherever it now lies in the order.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from dispatch.errors import DispatchError
from dispatch.kpis import DayFacts, LeftOutGroup, OfficeRow, left_out_table, office_table
from dispatch.messages import Language, kilograms, kilometres, minutes, money, number, text
from dispatch.model import (
    Address,
    Courier,
    DayPlan,
    Direction,
    Order,
    OrderKind,
    Service,
    VehicleKind,
)
from dispatch.office_times import direct_loads
from geo.types import LatLon
from solver.model import Cost, Reload, Route, Stop, StopKind, TimeWindow, Violation, ViolationCode
from solver.residual import ANCHOR


class UnknownCourierError(DispatchError):
    """The day has no courier of that id."""

    def __init__(self, courier: str, known: Sequence[str]) -> None:
        self.courier = courier
        self.known = tuple(known)
        super().__init__(
            f"the day has no courier {courier!r}; use an id of the fleet file, "
            f"such as {', '.join(self.known[:5]) or 'none: the fleet is empty'}"
        )


class RowKind(StrEnum):
    """What a row of the sheet asks for; `fetch` and `bring` are the two ends of a transfer."""

    DELIVER = "deliver"
    COLLECT = "collect"
    FETCH = "fetch"
    BRING = "bring"
    BREAK = "break"
    NOON_RETURN = "noon_return"
    RELOAD = "reload"

    @property
    def is_visit(self) -> bool:
        """True for stops at a customer, which carry a number."""
        return self in (RowKind.DELIVER, RowKind.COLLECT, RowKind.FETCH, RowKind.BRING)


@dataclass(frozen=True, slots=True, kw_only=True)
class SheetRow:
    """
    One line of the courier's list.

    Parameters
    ----------
    number
        Place among the visits, from 1; None for breaks and returns.
    label
        What is written on the parcel; empty for breaks and returns.
    other_number
        For a transfer, the number of its other end.
    todo
        What to do, bring and collect there, in words.
    items, grams
        What is handed over or taken in; for a return, what is taken on for the next trip.
    cash
        Đồng to take from the customer; for a return, to hand in.
    windows
        When service may begin, empty if at any time.
    arrival, begin, departure
        Seconds since midnight, as checked.
    late_seconds
        How long after its due time, or outside its windows, service begins.
    """

    kind: RowKind
    number: int | None
    arrival: int
    begin: int
    departure: int
    label: str = ""
    order: str = ""
    service: Service | None = None
    customer: str = ""
    phone: str = ""
    address: str = ""
    district: str = ""
    commune: str = ""
    point: LatLon | None = None
    content: str = ""
    note: str = ""
    todo: tuple[str, ...] = ()
    items: int = 0
    grams: int = 0
    cash: int = 0
    windows: tuple[TimeWindow, ...] = ()
    due: date | None = None
    attempts: int = 0
    other_number: int | None = None
    late_seconds: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierSheet:
    """
    What one courier does today, in order.

    Parameters
    ----------
    start, end
        Where the route begins and ends; None for an open end.
    carried_items, carried_grams
        What leaves an office with the courier, over all trips: without collections and transfers.
    collected_items, collected_grams
        What is brought to the office.
    transferred_items
        What is fetched and brought on the way, at no time in an office.
    cash
        Đồng to take in the whole day.
    metres, driving_seconds, duty_seconds, cost
        As the checker found them; cost in thousandths of a đồng.
    warnings
        What the route breaks, in words.
    truck
        True for a tour from the hub: loads are handed over, nothing is settled.
    """

    date: date
    courier: str
    name: str
    phone: str
    office: str
    office_name: str
    vehicle: VehicleKind
    departure: int
    finish: int
    rows: tuple[SheetRow, ...] = ()
    start: LatLon | None = None
    end: LatLon | None = None
    carried_items: int = 0
    carried_grams: int = 0
    collected_items: int = 0
    collected_grams: int = 0
    transferred_items: int = 0
    cash: int = 0
    metres: int = 0
    driving_seconds: int = 0
    duty_seconds: int = 0
    cost: Cost
    warnings: tuple[str, ...] = ()
    truck: bool = False

    @property
    def visits(self) -> tuple[SheetRow, ...]:
        """The stops at customers, in order of their numbers."""
        return tuple(row for row in self.rows if row.number is not None)


Labels = Mapping[str, Mapping[str, str]]
"""What is written on parcels, by courier and stop ("job:DH-7"), as `PlanVersion.numbers`."""

UNLABELLED: Labels = MappingProxyType({})
"""For a plan whose parcels carry the places of its stops."""


def courier_sheet(
    day_plan: DayPlan, courier_id: str, lang: Language = "vi", *, labels: Labels = UNLABELLED
) -> CourierSheet:
    """
    Return one courier's ordered list; one without a route has an empty one.

    Parameters
    ----------
    labels
        What is written on the parcels by now; a stop without a label has its place.

    Raises
    ------
    UnknownCourierError
        The day has no courier of that id.
    """
    trucks = truck_day(day_plan, lang)
    drives = trucks is not None and any(t.id == courier_id for t in trucks.day.couriers)
    facts = DayFacts.of(trucks if trucks is not None and drives else day_plan)
    if courier_id not in facts.couriers:
        raise UnknownCourierError(courier_id, tuple(facts.couriers))
    sheet = _sheet(facts, facts.couriers[courier_id], lang, labels)
    return _of_truck(sheet, day_plan) if drives else sheet


def courier_sheets(
    day_plan: DayPlan, lang: Language = "vi", *, labels: Labels = UNLABELLED
) -> tuple[CourierSheet, ...]:
    """Return the sheets of all trucks, then couriers, that have a route, each in file order."""
    return tuple(
        (sheet if part is day_plan else _of_truck(sheet, day_plan))
        for part in (truck_day(day_plan, lang), day_plan)
        if part is not None
        for facts in (DayFacts.of(part),)
        for driver in part.day.couriers
        if driver.id in facts.routes and facts.routes[driver.id].stops
        for sheet in (_sheet(facts, driver, lang, labels),)
    )


def _of_truck(sheet: CourierSheet, day_plan: DayPlan) -> CourierSheet:
    """
    Return a driver's sheet without what was said to the search only.

    By when an office would like its mail, and until when couriers count on it, are no promises to
    anybody; a customer's agreed hours are, and stay.
    """
    agreed = {load.orders[0] for load in direct_loads(day_plan)}
    rows = tuple(
        row if row.order in agreed else replace(row, windows=(), late_seconds=0)
        for row in sheet.rows
    )
    return replace(sheet, rows=rows, truck=True)


def truck_day(day_plan: DayPlan, lang: Language = "vi") -> DayPlan | None:
    """Return the trucks' part as a day of its own: drivers as couriers, loads as orders."""
    line = day_plan.linehaul
    if line is None:
        return None
    offices = {office.id: office for office in day_plan.day.offices}
    asked = {order.id: order for order in day_plan.day.orders}
    orders = {}
    for load in line.loads:
        if load.direction.direct:
            orders[load.id] = asked[load.orders[0]]
            continue
        office = offices[load.office]
        brings = load.direction is Direction.TO_OFFICE
        orders[load.id] = Order(
            id=load.id,
            kind=OrderKind.DELIVERY if brings else OrderKind.COLLECTION,
            service=Service.ORDINARY,
            address=Address(text=office.name, point=office.point),
            customer=office.name,
            content=text(f"linehaul.{load.direction.value}", lang, office=office.name),
            grams=load.grams,
            cubic_cm=load.cubic_cm,
            items=load.items,
        )
    return DayPlan(
        day=replace(
            day_plan.day,
            orders=tuple(orders.values()),
            couriers=day_plan.day.trucks,
            trucks=(),
        ),
        located=orders,
        problem=line.problem,
        result=line.result,
        left_out=(),
        travel_note=day_plan.travel_note,
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Board:
    """The whole day for a screen; `idle` are the ids of couriers without a route."""

    date: date
    offices: tuple[OfficeRow, ...]
    total: OfficeRow
    sheets: tuple[CourierSheet, ...]
    idle: tuple[str, ...]
    left_out: tuple[LeftOutGroup, ...]
    warnings: tuple[str, ...]
    travel_note: str


def board(day_plan: DayPlan, lang: Language = "vi") -> Board:
    """Return everything that the screen of a day shows, from one checked plan."""
    *offices, total = office_table(day_plan, lang)
    sheets = courier_sheets(day_plan, lang)
    working = {sheet.courier for sheet in sheets}
    return Board(
        date=day_plan.day.date,
        offices=tuple(offices),
        total=total,
        sheets=sheets,
        idle=tuple(c.id for c in day_plan.day.couriers if c.id not in working),
        left_out=left_out_table(day_plan, lang),
        warnings=tuple(
            violation_sentence(violation, lang) for violation in day_plan.result.report.violations
        ),
        travel_note=day_plan.travel_note,
    )


_TIMED = {
    ViolationCode.WINDOW_MISSED,
    ViolationCode.SHIFT_TOO_EARLY,
    ViolationCode.SHIFT_TOO_LATE,
    ViolationCode.RELEASE_NOT_KEPT,
    ViolationCode.BREAK_MISSING,
    ViolationCode.BREAK_WINDOW_MISSED,
    ViolationCode.RELOAD_WINDOW_MISSED,
    ViolationCode.DRIVING_EXCEEDED,
    ViolationCode.DUTY_EXCEEDED,
    ViolationCode.TIME_MISSTATED,
}


def violation_sentence(violation: Violation, lang: Language = "vi") -> str:
    """Say in words what a plan breaks, by how much and where."""
    if violation.code in _TIMED:
        amount = minutes(violation.amount, lang)
    elif violation.code is ViolationCode.METRES_EXCEEDED:
        amount = kilometres(violation.amount, lang)
    elif violation.dimension == "grams":
        amount = kilograms(violation.amount, lang)
    else:
        amount = f"{number(violation.amount, lang)} {violation.dimension}".rstrip()
    said = text(f"violation.{violation.code.value}", lang, amount=amount)
    where = ", ".join(part for part in (violation.vehicle, violation.id) if part)
    return f"{said} ({where})" if where else said


# ---- rows ---------------------------------------------------------------------------------------


def _sheet(facts: DayFacts, courier: Courier, lang: Language, labels: Labels) -> CourierSheet:
    office = facts.offices.get(courier.office)
    route = facts.routes.get(courier.id)
    report = facts.reports.get(courier.id)
    vehicle = facts.vehicles.get(courier.id)
    home = office.point if office is not None else None
    written = labels.get(courier.id, {})
    rows = tuple(_rows(facts, courier, route, lang, written)) if route is not None else ()

    def total(what: str, *kinds: RowKind) -> int:
        return sum(getattr(row, what) for row in rows if row.kind in kinds)

    return CourierSheet(
        date=facts.plan.day.date,
        courier=courier.id,
        name=courier.name,
        phone=courier.phone,
        office=courier.office,
        office_name=office.name if office is not None else courier.office,
        vehicle=courier.vehicle,
        departure=route.departure if route is not None else courier.shift.start,
        finish=route.finish if route is not None else courier.shift.start,
        rows=rows,
        start=home if vehicle is not None and vehicle.start is not None else None,
        end=home if vehicle is not None and vehicle.end is not None else None,
        carried_items=total("items", RowKind.DELIVER),
        carried_grams=total("grams", RowKind.DELIVER),
        collected_items=total("items", RowKind.COLLECT),
        collected_grams=total("grams", RowKind.COLLECT),
        transferred_items=total("items", RowKind.BRING),
        cash=sum(row.cash for row in rows if row.kind.is_visit),
        metres=report.metres if report is not None else 0,
        driving_seconds=report.driving_seconds if report is not None else 0,
        duty_seconds=report.duty_seconds if report is not None else 0,
        cost=report.cost if report is not None else Cost(),
        warnings=tuple(
            violation_sentence(violation, lang)
            for violation in facts.plan.result.report.violations
            if violation.vehicle == courier.id
        ),
    )


def _rows(
    facts: DayFacts, courier: Courier, route: Route, lang: Language, written: Mapping[str, str]
) -> Iterator[SheetRow]:
    numbers: dict[tuple[StopKind, str], int] = {}
    for stop in route.stops:
        if stop.kind not in (StopKind.BREAK, StopKind.RELOAD) and not stop.id.startswith(ANCHOR):
            numbers[stop.kind, stop.id] = len(numbers) + 1
    labels = {key: written.get(f"{key[0].value}:{key[1]}", str(n)) for key, n in numbers.items()}
    taken_items = taken_cash = 0
    for place, stop in enumerate(route.stops):
        if stop.id.startswith(ANCHOR):
            continue  # where the vehicle stands when the rest is planned: nobody's stop
        if stop.kind is StopKind.BREAK:
            length = minutes(stop.departure - stop.begin, lang)
            yield _plain(stop, RowKind.BREAK, (text("todo.break", lang, minutes=length),))
        elif stop.kind is StopKind.RELOAD:
            yield _return(facts, courier, route, place, taken_items, taken_cash, lang)
            taken_items = taken_cash = 0
        else:
            row = _visit(facts, stop, numbers, labels, lang)
            taken_items += row.items if row.kind is RowKind.COLLECT else 0
            taken_cash += row.cash
            yield row


def _plain(stop: Stop, kind: RowKind, todo: tuple[str, ...]) -> SheetRow:
    return SheetRow(
        kind=kind,
        number=None,
        arrival=stop.arrival,
        begin=stop.begin,
        departure=stop.departure,
        todo=todo,
    )


def _return(
    facts: DayFacts,
    courier: Courier,
    route: Route,
    place: int,
    taken_items: int,
    taken_cash: int,
    lang: Language,
) -> SheetRow:
    stop = route.stops[place]
    vehicle = facts.vehicles.get(route.vehicle)
    reload = next((r for r in vehicle.reloads if r.id == stop.id), None) if vehicle else None
    noon = reload is not None and reload.required
    items = grams = 0
    for later in route.stops[place + 1 :]:
        if later.kind is StopKind.RELOAD:
            break
        order = facts.orders.get(later.id)
        if later.kind is StopKind.JOB and order is not None and order.kind is OrderKind.DELIVERY:
            items += order.items
            grams += order.grams
    todo = []
    if noon or taken_items or taken_cash:
        handed = money(taken_cash, lang)
        todo.append(text("todo.settle", lang, items=taken_items, cash=handed))
    if items:
        weight = kilograms(grams, lang)
        todo.append(text("todo.take_on", lang, items=items, weight=weight))
    office = facts.offices.get(courier.office)
    return SheetRow(
        kind=RowKind.NOON_RETURN if noon else RowKind.RELOAD,
        number=None,
        arrival=stop.arrival,
        begin=stop.begin,
        departure=stop.departure,
        address=office.name if office is not None else courier.office,
        point=_reload_point(facts, courier, reload),
        todo=tuple(todo),
        items=items,
        grams=grams,
        cash=taken_cash,
        windows=reload.windows if reload is not None else (),
    )


def _reload_point(facts: DayFacts, courier: Courier, reload: Reload | None) -> LatLon | None:
    """Return the office whose id the reload's place has, else the courier's own."""
    if reload is not None:
        named = facts.offices.get(facts.plan.problem.places[reload.place].id)
        if named is not None:
            return named.point
    own = facts.offices.get(courier.office)
    return own.point if own is not None else None


_OTHER_END = {StopKind.PICKUP: StopKind.DELIVERY, StopKind.DELIVERY: StopKind.PICKUP}


def _visit(
    facts: DayFacts,
    stop: Stop,
    numbers: Mapping[tuple[StopKind, str], int],
    labels: Mapping[tuple[StopKind, str], str],
    lang: Language,
) -> SheetRow:
    order = facts.orders.get(stop.id)
    number_here = numbers[stop.kind, stop.id]
    label = labels[stop.kind, stop.id]
    if order is None:
        # A stop that belongs to no order: the checker reports it, the sheet still shows it.
        return SheetRow(
            kind=RowKind.DELIVER,
            number=number_here,
            label=label,
            order=stop.id,
            arrival=stop.arrival,
            begin=stop.begin,
            departure=stop.departure,
        )
    if stop.kind is StopKind.PICKUP:
        kind = RowKind.FETCH
    elif stop.kind is StopKind.DELIVERY:
        kind = RowKind.BRING
    else:
        collected = order.kind is OrderKind.COLLECTION
        kind = RowKind.COLLECT if collected else RowKind.DELIVER
    address = order.address
    if kind is RowKind.BRING and order.to_address is not None:
        address = order.to_address
    visit = facts.visit(stop)
    other_end = (_OTHER_END.get(stop.kind, stop.kind), stop.id)
    transfer = stop.kind in _OTHER_END
    return SheetRow(
        kind=kind,
        number=number_here,
        label=label,
        arrival=stop.arrival,
        begin=stop.begin,
        departure=stop.departure,
        order=order.id,
        service=order.service,
        customer=order.customer,
        phone=order.phone,
        address=address.text,
        district=address.district,
        commune=address.commune,
        point=address.point,
        content=order.content,
        note=order.note,
        todo=_todo(order, kind, labels.get(other_end, "") if transfer else "", lang),
        items=order.items,
        grams=order.grams,
        # A transfer is paid where it is fetched, before the papers leave the sender's hands.
        cash=0 if kind is RowKind.BRING else order.cash,
        windows=visit.windows if visit is not None else order.windows,
        due=order.due,
        attempts=order.attempts,
        other_number=numbers.get(other_end) if transfer else None,
        late_seconds=facts.late_seconds(stop),
    )


def _todo(order: Order, kind: RowKind, other: str, lang: Language) -> tuple[str, ...]:
    said = []
    if kind is RowKind.FETCH and other:
        said.append(text("todo.bring_to", lang, number=other))
    if kind is RowKind.BRING and other:
        said.append(text("todo.fetched_at", lang, number=other))
    handed_over = kind in (RowKind.DELIVER, RowKind.BRING)
    if order.service is Service.DOSSIER:
        said.append(text("todo.identity" if handed_over else "todo.checklist", lang))
    elif handed_over and order.service in (Service.REGISTERED, Service.EMS, Service.PARCEL):
        said.append(text("todo.signature", lang))
    if order.attempts and handed_over:
        said.append(text("todo.attempt", lang, number=order.attempts + 1))
    if order.required:
        said.append(text("todo.required", lang))
    return tuple(said)
