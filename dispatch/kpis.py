"""
The day in figures, by office: what is done, by whom, how far, how long, at what cost.

Every figure of a plan is the checker's (`Result.report`) or a time of the checked plan; nothing is
estimated here but `demand_against_capacity`, which says so.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, fields
from math import cos, hypot, pi, radians, sqrt

from dispatch.messages import (
    Language,
    dong,
    kilograms,
    kilometres,
    known,
    money,
    number,
    text,
)
from dispatch.model import (
    Courier,
    Day,
    DayPlan,
    LeftOut,
    LeftOutReason,
    Office,
    Order,
    OrderKind,
    VehicleKind,
)
from dispatch.office_times import direct_loads
from dispatch.settings import Settings
from geo.types import LatLon
from solver.model import (
    Cost,
    Job,
    Route,
    RouteReport,
    Shipment,
    SoftDue,
    Stop,
    StopKind,
    TimeWindow,
    Vehicle,
    Visit,
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFacts:
    """A day plan looked up by id: built once, read by every table, sheet, file and map."""

    plan: DayPlan
    orders: Mapping[str, Order]
    couriers: Mapping[str, Courier]
    offices: Mapping[str, Office]
    vehicles: Mapping[str, Vehicle]
    tasks: Mapping[str, Job | Shipment]
    routes: Mapping[str, Route]
    reports: Mapping[str, RouteReport]

    @classmethod
    def of(cls, plan: DayPlan) -> DayFacts:
        """Look up everything in a day plan; located orders replace those of the file."""
        tasks: dict[str, Job | Shipment] = {job.id: job for job in plan.problem.jobs}
        tasks.update({shipment.id: shipment for shipment in plan.problem.shipments})
        orders = {order.id: order for order in plan.day.orders}
        orders.update(plan.located)
        return cls(
            plan=plan,
            orders=orders,
            couriers={courier.id: courier for courier in plan.day.couriers},
            offices={office.id: office for office in plan.day.offices},
            vehicles={vehicle.id: vehicle for vehicle in plan.problem.vehicles},
            tasks=tasks,
            routes={route.vehicle: route for route in plan.result.plan.routes},
            reports={report.vehicle: report for report in plan.result.report.routes},
        )

    def visit(self, stop: Stop) -> Job | Visit | None:
        """Return what the problem asks for at a stop; None for breaks and reloads."""
        task = self.tasks.get(stop.id)
        if isinstance(task, Job):
            return task if stop.kind is StopKind.JOB else None
        if task is None:
            return None
        if stop.kind is StopKind.PICKUP:
            return task.pickup
        return task.delivery if stop.kind is StopKind.DELIVERY else None

    def late_seconds(self, stop: Stop) -> int:
        """Return how long after its due time, or outside its windows, service begins."""
        visit = self.visit(stop)
        if visit is None:
            return 0
        late = max(stop.begin - visit.due.time, 0) if isinstance(visit.due, SoftDue) else 0
        if visit.windows:
            late = max(late, min(_outside(window, stop.begin) for window in visit.windows))
        return late

    def office_of(self, order: str) -> str:
        """Return the id of the office that an order counts for, empty if none can be told."""
        found = self.orders.get(order)
        if found is None:
            return ""
        if found.office in self.offices:
            return found.office
        return next(
            (
                office.id
                for office in self.plan.day.offices
                if found.address.district and found.address.district in office.districts
            ),
            "",
        )


def _outside(window: TimeWindow, time: int) -> int:
    return max(window.start - time, time - window.end, 0)


# ---- the office table ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeRow:
    """
    One office's day; the row of the whole province has an empty id.

    Parameters
    ----------
    stops
        Visits; a transfer within a route counts twice.
    available_seconds
        Length of all its couriers' shifts less their lunch, whether they drive or not.
    cost
        By component, thousandths of a đồng; `skipped` is what its orders left out cost.
    late_stops, late_seconds
        Visits that begin after their due time or outside their windows, and by how much in sum.
    cash
        Đồng that its routes take from customers.
    """

    office: str
    name: str
    orders: int = 0
    planned: int = 0
    left_out: int = 0
    couriers_used: int = 0
    couriers_available: int = 0
    stops: int = 0
    metres: int = 0
    driving_seconds: int = 0
    service_seconds: int = 0
    waiting_seconds: int = 0
    duty_seconds: int = 0
    available_seconds: int = 0
    cost: Cost = field(default_factory=Cost)
    late_stops: int = 0
    late_seconds: int = 0
    items: int = 0
    grams: int = 0
    cash: int = 0

    @property
    def on_time(self) -> float:
        """The share of visits that are not late, 0 to 1; 1 where there are none."""
        return 1 - self.late_stops / self.stops if self.stops else 1.0

    @property
    def utilisation(self) -> float:
        """Paid hours as a share of the hours that all its couriers have, 0 where there are none."""
        return self.duty_seconds / self.available_seconds if self.available_seconds else 0.0

    @property
    def cost_dong(self) -> int:
        """Cost of the routes in whole đồng, without what is left out."""
        return dong(self.cost.total - self.cost.skipped)

    @property
    def dong_per_stop(self) -> int:
        """Cost of the routes for each visit, whole đồng; 0 without visits."""
        return dong((self.cost.total - self.cost.skipped) // self.stops) if self.stops else 0


_SUMMED = tuple(f.name for f in fields(OfficeRow) if f.name not in ("office", "name", "cost"))


def _added(rows: Iterable[OfficeRow], *, office: str, name: str) -> OfficeRow:
    listed = tuple(rows)
    sums = {name: sum(getattr(row, name) for row in listed) for name in _SUMMED}
    cost = sum((row.cost for row in listed), Cost())
    return OfficeRow(office=office, name=name, cost=cost, **sums)


def office_table(day_plan: DayPlan, lang: Language = "vi") -> tuple[OfficeRow, ...]:
    """
    Return one row per office in the day's order, and last the row of the whole province.

    An order counts for the office of the courier who does it; one that is left out, for the office
    that it names or whose district it lies in. Where neither is known it stands in a row of its
    own, so that the last row always counts every order of the day.
    """
    facts = DayFacts.of(day_plan)
    parts: dict[str, list[OfficeRow]] = {office.id: [] for office in day_plan.day.offices}
    for courier in day_plan.day.couriers:
        parts.setdefault(courier.office, []).append(_courier_part(facts, courier))
    done: set[str] = set()
    for route in facts.routes.values():
        done.update(stop.id for stop in route.stops if stop.id in facts.tasks)
    for order in (name for load in direct_loads(day_plan) for name in load.orders):
        done.add(order)
        parts.setdefault(facts.office_of(order), []).append(
            OfficeRow(office="", name="", orders=1, planned=1)
        )
    for order in facts.orders:
        if order not in done:
            task = facts.tasks.get(order)
            skipped = (task.skip_cost or 0) if task is not None else 0
            parts.setdefault(facts.office_of(order), []).append(
                OfficeRow(office="", name="", orders=1, left_out=1, cost=Cost(skipped=skipped))
            )
    rows = [
        _added(listed, office=office, name=_office_name(facts, office, lang))
        for office, listed in parts.items()
    ]
    return (*rows, _added(rows, office="", name=text("kpi.total", lang)))


def _office_name(facts: DayFacts, office: str, lang: Language) -> str:
    if office in facts.offices:
        return facts.offices[office].name
    return office or text("kpi.no_office", lang)


def _courier_part(facts: DayFacts, courier: Courier) -> OfficeRow:
    available = max(
        courier.shift.end
        - courier.shift.start
        - (courier.lunch_seconds if courier.lunch is not None else 0),
        0,
    )
    route, report = facts.routes.get(courier.id), facts.reports.get(courier.id)
    if route is None or report is None or not route.stops:
        return OfficeRow(office="", name="", couriers_available=1, available_seconds=available)
    late = [facts.late_seconds(stop) for stop in route.stops]
    done = {stop.id for stop in route.stops if stop.id in facts.tasks}
    orders = [facts.orders[order] for order in done if order in facts.orders]
    return OfficeRow(
        office="",
        name="",
        orders=len(done),
        planned=len(done),
        couriers_used=1,
        couriers_available=1,
        stops=report.stops,
        metres=report.metres,
        driving_seconds=report.driving_seconds,
        service_seconds=report.service_seconds,
        waiting_seconds=report.waiting_seconds,
        duty_seconds=report.duty_seconds,
        available_seconds=available,
        cost=report.cost,
        late_stops=sum(seconds > 0 for seconds in late),
        late_seconds=sum(late),
        items=sum(order.items for order in orders),
        grams=sum(order.grams for order in orders),
        cash=sum(order.cash for order in orders),
    )


# ---- what is left out ---------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutRow:
    """One order that no route contains, said in words."""

    order: str
    sentence: str
    remedy: str
    office: str
    address: str
    point: LatLon | None
    row: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOutGroup:
    """All orders left out for one reason."""

    reason: LeftOutReason
    title: str
    remedy: str
    rows: tuple[LeftOutRow, ...]


def left_out_table(day_plan: DayPlan, lang: Language = "vi") -> tuple[LeftOutGroup, ...]:
    """Return the orders left out, grouped by reason, the most frequent reason first."""
    facts = DayFacts.of(day_plan)
    groups: dict[LeftOutReason, list[LeftOutRow]] = {}
    for left in day_plan.left_out:
        order = facts.orders.get(left.order)
        groups.setdefault(left.reason, []).append(
            LeftOutRow(
                order=left.order,
                sentence=left_out_sentence(left, lang),
                remedy=_remedy(left, lang),
                office=facts.office_of(left.order),
                address=order.address.text if order is not None else "",
                point=order.address.point if order is not None else None,
                row=order.row if order is not None else 0,
            )
        )
    order_of_reasons = list(LeftOutReason)
    return tuple(
        LeftOutGroup(
            reason=reason,
            title=text(f"left_out.{reason.value}", lang),
            remedy=text(f"remedy.{reason.value}", lang),
            rows=tuple(groups[reason]),
        )
        for reason in sorted(
            groups, key=lambda reason: (-len(groups[reason]), order_of_reasons.index(reason))
        )
    )


def left_out_sentence(left: LeftOut, lang: Language = "vi") -> str:
    """Say why an order is left out, with the facts that were proved in brackets."""
    named = "; ".join(
        f"{_fact_name(name, lang)}: {_fact_value(name, value, lang)}"
        for name, value in left.facts.items()
        if value and name != "address"  # every list shows the address beside the sentence
    )
    sentence = text(f"left_out.{left.reason.value}", lang)
    return f"{sentence} ({named})" if named else sentence


def _fact_name(name: str, lang: Language) -> str:
    key = f"fact.{name}"
    return text(key, lang) if known(key) else name


def _fact_value(name: str, value: str, lang: Language) -> str:
    """Write a fact that is a bare number with its unit; leave anything else as it is."""
    if name == "state" and known(f"state.{value}"):
        return text(f"state.{value}", lang)
    if not value.isdecimal():
        return value
    amount = int(value)
    if name.endswith("grams"):
        return kilograms(amount, lang)
    if name.endswith("metres"):
        return kilometres(amount, lang)
    if name.endswith("cubic_cm"):
        return f"{number(amount / 1000, lang, decimals=1)} l"
    if name.endswith("cost"):
        return money(amount, lang)
    return value


def _remedy(left: LeftOut, lang: Language) -> str:
    """Return the planner's own remedy (a key of the catalogue or words), else the usual one."""
    if known(left.remedy):
        return text(left.remedy, lang)
    if known(f"remedy.{left.remedy}"):
        return text(f"remedy.{left.remedy}", lang)
    return left.remedy or text(f"remedy.{left.reason.value}", lang)


# ---- before solving -----------------------------------------------------------------------------

SPEED: Mapping[VehicleKind, float] = {
    VehicleKind.MOTORBIKE: 7.0,
    VehicleKind.ELECTRIC_MOTORBIKE: 7.0,
    VehicleKind.VAN: 8.0,
    VehicleKind.TRUCK: 9.0,
}
"""Rough metres per second between stops, by vehicle, for the same estimate."""

DETOUR = 1.35
"""Road metres for each straight metre."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DemandRow:
    """
    What an office is asked for against what it has: an estimate made before solving.

    Parameters
    ----------
    needed_seconds
        Work at the doors and, roughly, on the road.
    shift_seconds
        Shifts of its couriers less lunch and noon settlement.
    grams, capacity_grams
        Weight of the day's orders; what its vehicles hold in one trip.
    """

    office: str
    name: str
    orders: int
    couriers: int
    needed_seconds: int
    shift_seconds: int
    grams: int
    capacity_grams: int

    @property
    def time_share(self) -> float:
        """Work as a share of the shifts; above about 0.9 some orders will be left out."""
        if self.shift_seconds:
            return self.needed_seconds / self.shift_seconds
        return float("inf") if self.needed_seconds else 0.0

    @property
    def weight_share(self) -> float:
        """Weight as a share of one trip of all vehicles; above 1, couriers must reload."""
        if self.capacity_grams:
            return self.grams / self.capacity_grams
        return float("inf") if self.grams else 0.0


def demand_against_capacity(
    day: Day | DayPlan, lang: Language = "vi", *, settings: Settings | None = None
) -> tuple[DemandRow, ...]:
    """
    Estimate per office whether the day's orders fit into the day's shifts.

    Parameters
    ----------
    day
        Orders should be located; those without a point count with their time at the door only.
    settings
        Gives the seconds at the door; the province's own when None.

    References
    ----------
    The length of a tour through n points in an area A is near 0.7124 sqrt(n A): J. Beardwood,
    J. H. Halton and J. M. Hammersley, "The shortest path through many points", 1959. On each trip
    a courier also rides out to the middle of the work and back.
    """
    orders: Iterable[Order] = day.orders if isinstance(day, Day) else day.day.orders
    given = day if isinstance(day, Day) else day.day
    if isinstance(day, DayPlan):
        orders = [day.located.get(order.id, order) for order in orders]
    served = {district: office.id for office in given.offices for district in office.districts}
    by_office: dict[str, list[Order]] = {office.id: [] for office in given.offices}
    for order in orders:
        office = order.office or served.get(order.address.district, "")
        by_office.setdefault(office if office in by_office else "", []).append(order)
    offices = {office.id: office for office in given.offices}
    rules = settings if settings is not None else Settings()
    rows = []
    for name, asked in by_office.items():
        staff = [courier for courier in given.couriers if courier.office == name]
        at_doors = sum(_door_seconds(order, rules) for order in asked)
        home = offices[name].point if name in offices else None
        rows.append(
            DemandRow(
                office=name,
                name=offices[name].name if name in offices else text("kpi.no_office", lang),
                orders=len(asked),
                couriers=len(staff),
                needed_seconds=at_doors + _road_seconds(asked, staff, home),
                shift_seconds=sum(_workable(courier) for courier in staff),
                grams=sum(order.grams for order in asked),
                capacity_grams=sum(courier.capacity_grams for courier in staff),
            )
        )
    return tuple(rows)


def _door_seconds(order: Order, settings: Settings) -> int:
    if order.kind is not OrderKind.TRANSFER:
        return settings.seconds_at(order.kind, order.service)
    ends = (OrderKind.COLLECTION, OrderKind.DELIVERY)
    return sum(settings.seconds_at(kind, order.service) for kind in ends)


def _workable(courier: Courier) -> int:
    pauses = courier.lunch_seconds if courier.lunch is not None else 0
    pauses += courier.noon_seconds if courier.noon_return is not None else 0
    return max(courier.shift.end - courier.shift.start - pauses, 0)


def _road_seconds(asked: Sequence[Order], staff: Sequence[Courier], home: LatLon | None) -> int:
    points = [
        address.point
        for order in asked
        for address in (order.address, order.to_address)
        if address is not None and address.point is not None
    ]
    if not points or home is None:
        return 0
    flat = [_metres_from(home, point) for point in points]
    middle = (_mean([x for x, _ in flat]), _mean([y for _, y in flat]))
    # The disc whose points lie, in the mean square, as far from its middle as these do.
    spread = 2 * pi * _mean([(x - middle[0]) ** 2 + (y - middle[1]) ** 2 for x, y in flat])
    out = _mean([hypot(x, y) for x, y in flat])
    trips = sum(1 if courier.noon_return is None else 2 for courier in staff)
    tours = min(max(trips, 1), len(points))
    metres = DETOUR * (0.7124 * sqrt(len(points) * spread) + 2 * tours * out)
    speed = _mean([SPEED[courier.vehicle] for courier in staff] or [SPEED[VehicleKind.MOTORBIKE]])
    return round(metres / speed)


def _metres_from(home: LatLon, point: LatLon) -> tuple[float, float]:
    return (
        (point.lon - home.lon) * 111_320 * cos(radians(home.lat)),
        (point.lat - home.lat) * 111_320,
    )


def _mean(values: Sequence[float]) -> float:
    return sum(values) / len(values)
