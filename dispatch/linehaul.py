"""
The first echelon: trucks from the hub supply the offices and bring back what was collected.

    load        the deliveries of an office for its couriers' first trip, and those for the trip
                after the noon return; in the evening all that its couriers collected; and each
                order that is too big for any courier of its office
    job         handing a load over at an office's or customer's door, or taking one on there
    vehicle     a truck with its driver for one shift, from and back to the hub, several tours

What a load's delay costs is told to the trucks as a soft due time with a price by the second; the
price is artificial and no part of the day's cost.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from math import ceil

from dispatch.model import Courier, Day, Direction, Load, Order, OrderKind
from dispatch.planning import DIMENSIONS, due_of, vehicle_of
from dispatch.settings import Settings
from dispatch.truck_network import Network
from solver.model import (
    Job,
    Place,
    Plan,
    Problem,
    Reload,
    SoftDue,
    StopKind,
    TimeWindow,
)

RELOAD = "hub"
"""Id of the return to the hub between two tours."""

_OF_AN_OFFICE = re.compile(r"-(?:S\d+|T\d*)$")
"""How the ids of an office's loads end."""

_THOUSANDTHS = 1000
_REQUIRED_COST = 2_000_000
"""Đồng; a load with a required order is worth at least so much for each of them."""

MUST = 2_000_000 * 1000
"""Thousandths of a đồng; above the cost of any way, so that only what cannot be fetched stays."""


# ---- loads --------------------------------------------------------------------------------------


def morning_loads(
    orders: Sequence[Order],
    trucks: Sequence[Courier],
    *,
    settings: Settings,
    day: Day,
    later: frozenset[str] = frozenset(),
    spill: bool = True,
) -> tuple[Load, ...]:
    """
    Return what each office needs from the hub, the most urgent orders in its first load.

    An office's mail is cut into loads where one would be more than the largest truck takes; where
    its couriers come back at noon, what is not in the first load may wait for their second trip.

    Parameters
    ----------
    later
        Ids of orders that couriers carry on their second trip: they make loads of their own.
    spill
        What is more than a truck takes may come for the second trip; otherwise in the morning.
    """
    most = _largest(trucks)
    noons = noon_returns(day)
    by_office: dict[str, list[Order]] = {}
    for order in orders:
        if order.kind is OrderKind.DELIVERY and not order.at_office:
            by_office.setdefault(order.office, []).append(order)
    loads: list[Load] = []
    for office, wanted in by_office.items():
        urgent = sorted(wanted, key=lambda order: -settings.priority(order, day.date))
        first = _cut([order for order in urgent if order.id not in later], most)
        second = _cut([order for order in urgent if order.id in later], most)
        for number, part in enumerate((*first, *second), start=1):
            load = load_of(f"{office}-S{number}", office, Direction.TO_OFFICE, part)
            waits = number > 1 if spill else number > len(first) > 0
            loads.append(replace(load, wave=2 if waits and office in noons else 1))
    return tuple(loads)


def direct_loads(orders: Sequence[Order]) -> tuple[Load, ...]:
    """Return each order that a truck must do itself as a load of its own, by the order's id."""
    return tuple(
        load_of(
            f"{order.id}-X" if _OF_AN_OFFICE.search(order.id) else order.id,
            order.office,
            Direction.TO_CUSTOMER if order.kind is OrderKind.DELIVERY else Direction.FROM_CUSTOMER,
            [order],
        )
        for order in orders
    )


def noon_returns(day: Day) -> dict[str, TimeWindow]:
    """Return, by office, from the first to the last moment that its couriers come back at noon."""
    spans: dict[str, TimeWindow] = {}
    for courier in day.couriers:
        noon = courier.noon_return
        if noon is not None:
            known = spans.get(courier.office, noon)
            spans[courier.office] = TimeWindow(
                start=min(known.start, noon.start), end=max(known.end, noon.end)
            )
    return spans


def evening_loads(
    orders: Mapping[str, Order],
    plan: Plan,
    trucks: Sequence[Courier],
    waiting: Sequence[Order] = (),
) -> tuple[Load, ...]:
    """
    Return what the couriers of a plan collect, and what waits for the hub already, by office.

    Cut like the morning's, where it is more than the largest truck takes.
    """
    most = _largest(trucks)
    by_office: dict[str, list[Order]] = {}
    for one in waiting:
        by_office.setdefault(one.office, []).append(one)
    for route in plan.routes:
        for stop in route.stops:
            order = orders.get(stop.id)
            if (
                stop.kind is StopKind.JOB
                and order is not None
                and order.kind is OrderKind.COLLECTION
            ):
                by_office.setdefault(order.office, []).append(order)
    return tuple(
        load_of(f"{office}-T{number if number > 1 else ''}", office, Direction.TO_HUB, part)
        for office, orders_here in sorted(by_office.items())
        for number, part in enumerate(_cut(orders_here, most), start=1)
    )


def _largest(trucks: Sequence[Courier]) -> tuple[int, int]:
    return (
        max((truck.capacity_grams for truck in trucks), default=0),
        max((truck.capacity_cubic_cm for truck in trucks), default=0),
    )


def _cut(orders: Sequence[Order], most: tuple[int, int]) -> list[list[Order]]:
    parts: list[list[Order]] = []
    grams = volume = 0
    for order in orders:
        grams, volume = grams + order.grams, volume + order.cubic_cm
        if not parts or grams > most[0] or volume > most[1]:
            parts.append([])
            grams, volume = order.grams, order.cubic_cm
        parts[-1].append(order)
    return parts


def load_of(name: str, office: str, direction: Direction, orders: Sequence[Order]) -> Load:
    """Return the load that holds these orders."""
    return Load(
        id=name,
        office=office,
        direction=direction,
        orders=tuple(order.id for order in orders),
        items=sum(order.items for order in orders),
        grams=sum(order.grams for order in orders),
        cubic_cm=sum(order.cubic_cm for order in orders),
    )


# ---- the trucks' problem ------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Needs:
    """
    What the offices ask of the trucks.

    Parameters
    ----------
    wanted
        By office, when its couriers' mail for the first trip should be sorted, seconds.
    prices
        By office, what each second after that costs, thousandths of a đồng.
    returned
        By office, when the last courier with collections is back.
    latest
        By load, the latest begin at the office, where it is already promised.
    worth
        By order that a truck does in a courier's stead, what that saves the couriers.
    """

    wanted: Mapping[str, int]
    prices: Mapping[str, int]
    returned: Mapping[str, int]
    latest: Mapping[str, int]
    worth: Mapping[str, int] = field(default_factory=dict)


def sorting_seconds(items: int, crew: int, settings: Settings) -> int:
    """Return how long an office with a crew of so many couriers sorts so many items."""
    rules = settings.linehaul
    sorters = max(ceil(crew / rules.couriers_per_sorter), 1)
    return ceil(items * rules.sort_seconds_per_item / sorters)


def truck_problem(
    day: Day,
    loads: Sequence[Load],
    orders: Mapping[str, Order],
    *,
    net: Network,
    needs: Needs,
    settings: Settings,
) -> Problem:
    """Say the trucks' day in the solver's words; loads of unreachable offices are not in it."""
    made = _Made(day, orders, net, needs, settings)
    jobs = tuple(job for load in loads for job in made.jobs(load))
    reload = Reload(id=RELOAD, place=0, seconds=settings.linehaul.reload_seconds)
    return Problem(
        places=tuple(
            Place(id=name, x=point.lon, y=point.lat)
            for name, point in zip(net.index.ids, net.index.points, strict=True)
        ),
        vehicles=tuple(
            replace(
                vehicle_of(truck, net.hub, day.date, net.index, settings),
                reloads=(reload,),
                known_areas=frozenset(),
                unfamiliar_cost=0,
            )
            for truck in net.trucks
        ),
        travel=net.travel,
        jobs=jobs,
        dimensions=DIMENSIONS,
    )


class _Made:
    """Turns loads into jobs; a load that no way or no hour leads to makes none."""

    def __init__(
        self,
        day: Day,
        orders: Mapping[str, Order],
        net: Network,
        needs: Needs,
        settings: Settings,
    ) -> None:
        self.day = day
        self.orders = orders
        self.net = net
        self.needs = needs
        self.settings = settings
        self.rules = settings.linehaul
        self.crews = crew_sizes(day)
        self.noons = noon_returns(day)
        self.docks = {office.id: office.dock for office in day.offices}

    def jobs(self, load: Load) -> Iterator[Job]:
        if load.direction.direct:
            row = self.net.order_rows.get(load.orders[0])
        else:
            row = self.net.index.office_rows.get(load.office)
        if row is None:
            return
        amounts = (load.grams, load.cubic_cm)
        brings = load.direction in (Direction.TO_OFFICE, Direction.TO_CUSTOMER)
        seconds = self.rules.stop_seconds + self.rules.seconds_per_item * load.items
        windows, due = self._office_hours(load, seconds)
        if load.direction.direct:
            order = self.orders[load.orders[0]]
            seconds += self.settings.seconds_at(order.kind, order.service)
            door = TimeWindow(start=self.rules.door_opens, end=self.rules.door_closes)
            windows, due = order.windows or (door,), due_of(order, self.day.date, self.settings)
        if windows:
            yield Job(
                id=load.id,
                place=row,
                service_seconds=seconds,
                windows=windows,
                delivery=amounts if brings else (),
                pickup=() if brings else amounts,
                release=self.rules.hub_ready if brings else 0,
                skip_cost=self._price(load),
                due=due,
            )

    def _price(self, load: Load) -> int:
        """Return what it costs when no truck takes a load, for the search."""
        price = load_price(load, self.orders, self.day, self.settings)
        if load.direction.direct:
            return self.needs.worth.get(load.orders[0], price)
        if load.direction is Direction.TO_HUB and self.settings.evening_mail_must:
            return price + MUST * load.items
        return price

    def _office_hours(
        self, load: Load, seconds: int
    ) -> tuple[tuple[TimeWindow, ...], SoftDue | None]:
        """Return when a truck may begin at the office, and by when it should."""
        dock = self.docks.get(load.office, ())
        if load.direction is not Direction.TO_OFFICE:
            ready = self.needs.returned.get(load.office, 0) + self.rules.bag_seconds
            span = TimeWindow(start=ready, end=max(self.rules.hub_closes, ready))
            return _within(dock, span), None
        sorting = sorting_seconds(load.items, self.crews.get(load.office, 0), self.settings)
        wanted = self.needs.wanted.get(load.office, self.settings.mail_ready)
        latest = self.rules.latest_arrival
        noon = self.noons.get(load.office)
        if load.wave > 1 and noon is not None:
            wanted = noon.start
            latest = max(noon.end - sorting - seconds, latest)
        due = SoftDue(
            time=max(wanted - sorting - seconds, 0),
            cost_per_second=self.needs.prices.get(load.office, 0),
        )
        span = TimeWindow(start=0, end=self.needs.latest.get(load.id, latest))
        return _within(dock, span), due


def _within(dock: Sequence[TimeWindow], span: TimeWindow) -> tuple[TimeWindow, ...]:
    """Return when both hold; without hours of its own an office takes trucks at any time."""
    if not dock:
        return (span,)
    return tuple(
        TimeWindow(start=max(one.start, span.start), end=min(one.end, span.end))
        for one in dock
        if max(one.start, span.start) <= min(one.end, span.end)
    )


def load_price(load: Load, orders: Mapping[str, Order], day: Day, settings: Settings) -> int:
    """Return what it costs when no truck takes a load, thousandths of a đồng."""
    return sum(_price(orders[name], day, settings) for name in load.orders)


def _price(order: Order, day: Day, settings: Settings) -> int:
    cost = settings.skip_cost(order, day.date)
    return (_REQUIRED_COST if cost is None else cost) * _THOUSANDTHS


def crew_sizes(day: Day) -> dict[str, int]:
    """Return how many couriers each office has."""
    crews: dict[str, int] = {}
    for courier in day.couriers:
        crews[courier.office] = crews.get(courier.office, 0) + 1
    return crews


# ---- what follows from a plan -------------------------------------------------------------------


def carried(plan: Plan) -> frozenset[str]:
    """Return the ids of the loads that a truck takes."""
    return frozenset(
        stop.id for route in plan.routes for stop in route.stops if stop.kind is StopKind.JOB
    )


def begins(plan: Plan) -> dict[str, int]:
    """Return when each load that a truck takes is begun at its office."""
    return {
        stop.id: stop.begin
        for route in plan.routes
        for stop in route.stops
        if stop.kind is StopKind.JOB
    }


def late_at_doors(problem: Problem, plan: Plan, loads: Sequence[Load]) -> int:
    """Return what lateness costs at the customers that trucks serve themselves, thousandths."""
    doors = {load.id for load in loads if load.direction.direct}
    dues = {job.id: job.due for job in problem.jobs if job.id in doors and job.due is not None}
    return sum(
        max(stop.begin - due.time, 0) * due.cost_per_second
        for route in plan.routes
        for stop in route.stops
        if (due := dues.get(stop.id)) is not None
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class Supply:
    """
    What the trucks' morning means for the couriers; seconds since midnight.

    Parameters
    ----------
    arrivals
        By office, when its first load arrives.
    sorted
        By office, when each of its loads is sorted, in order.
    released
        By order, when it is sorted.
    """

    arrivals: Mapping[str, int]
    sorted: Mapping[str, tuple[int, ...]]
    released: Mapping[str, int]


def supply(day: Day, loads: Sequence[Load], plan: Plan, *, settings: Settings) -> Supply:
    """Return when what the trucks bring arrives and is sorted, load after load as they come."""
    crews = crew_sizes(day)
    stops = {stop.id: stop for route in plan.routes for stop in route.stops}
    arrivals: dict[str, int] = {}
    ends: dict[str, tuple[int, ...]] = {}
    released: dict[str, int] = {}
    morning = [load for load in loads if load.direction is Direction.TO_OFFICE and load.id in stops]
    for load in sorted(morning, key=lambda load: stops[load.id].departure):
        stop, before = stops[load.id], ends.get(load.office, ())
        arrivals.setdefault(load.office, stop.arrival)
        start = max((stop.departure, *before))
        end = start + sorting_seconds(load.items, crews.get(load.office, 0), settings)
        ends[load.office] = (*before, end)
        released.update(dict.fromkeys(load.orders, end))
    return Supply(arrivals=arrivals, sorted=ends, released=released)
