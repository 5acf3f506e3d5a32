"""
The first echelon: trucks from the hub supply the offices and bring back what was collected.

    load        all deliveries of an office, cut where no truck could take them at once; and in the
                evening all that its couriers collected
    job         handing a load over at an office's door, or taking one on there
    vehicle     a truck with its driver for one shift, from and back to the hub, several tours

What a load's delay costs is told to the trucks as a soft due time with a price by the second; the
price is artificial and no part of the day's cost.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import ceil

from dispatch.model import Courier, Day, Direction, Load, Office, Order, OrderKind
from dispatch.planning import DIMENSIONS, PlaceIndex, vehicle_of
from dispatch.settings import PROFILES, Settings
from geo.errors import UnreachableError
from geo.travel import TravelProvider
from geo.types import LatLon, Travel
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

_THOUSANDTHS = 1000
_REQUIRED_COST = 2_000_000
"""Đồng; a load with a required order is worth at least so much for each of them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """
    The hub and the offices as trucks see them.

    Parameters
    ----------
    travel
        By profile, rows as in `index`.
    unreachable
        Ids of the offices that no way leads to.
    """

    hub: Office
    index: PlaceIndex
    travel: Mapping[str, Travel]
    unreachable: frozenset[str]


def hub_of(day: Day) -> Office | None:
    """Return the hub: the office that the trucks leave from, else the first of level 1."""
    homes = {truck.office for truck in day.trucks}
    named = [office for office in day.offices if office.id in homes]
    return next(iter(named or [office for office in day.offices if office.level == 1]), None)


def network(day: Day, travel: TravelProvider) -> Network | None:
    """
    Measure the ways of the trucks; offices that no way leads to are named, not fatal.

    Raises
    ------
    GeoError
        The travel service failed otherwise.
    """
    hub = hub_of(day)
    if hub is None or not day.trucks:
        return None
    offices = [hub, *(office for office in day.offices if office.id != hub.id)]
    lost: set[str] = set()
    while True:
        kept = [office for office in offices if office.id not in lost]
        points = [office.point for office in kept]
        matrices: dict[str, Travel] = {}
        try:
            for profile in sorted({PROFILES[truck.vehicle] for truck in day.trucks}):
                matrices[profile] = travel.matrix(points, profile=profile)
        except UnreachableError as error:
            cut = {kept[b].id for a, b in error.pairs if a == 0}
            cut = cut or {kept[b].id for _, b in error.pairs}
            lost |= cut
            continue
        index = PlaceIndex(
            ids=tuple(office.id for office in kept),
            points=tuple(points),
            office_rows={office.id: row for row, office in enumerate(kept)},
            point_rows=_first_rows(points),
        )
        return Network(hub=hub, index=index, travel=matrices, unreachable=frozenset(lost))


def _first_rows(points: Sequence[LatLon]) -> dict[LatLon, int]:
    rows: dict[LatLon, int] = {}
    for row, point in enumerate(points):
        rows.setdefault(point, row)
    return rows


# ---- loads --------------------------------------------------------------------------------------


def morning_loads(
    orders: Sequence[Order], trucks: Sequence[Courier], *, settings: Settings, day: Day
) -> tuple[Load, ...]:
    """
    Return what each office needs from the hub, the most urgent orders in its first load.

    An office's mail is cut into loads where one would be more than the largest truck takes.
    """
    most = _largest(trucks)
    by_office: dict[str, list[Order]] = {}
    for order in orders:
        if order.kind is OrderKind.DELIVERY:
            by_office.setdefault(order.office, []).append(order)
    loads: list[Load] = []
    for office, wanted in by_office.items():
        urgent = sorted(wanted, key=lambda order: -settings.priority(order, day.date))
        for number, part in enumerate(_cut(urgent, most), start=1):
            loads.append(_load(f"{office}-S{number}", office, Direction.TO_OFFICE, part))
    return tuple(loads)


def evening_loads(orders: Mapping[str, Order], plan: Plan) -> tuple[Load, ...]:
    """Return what the couriers of a plan collect, by office."""
    by_office: dict[str, list[Order]] = {}
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
        _load(f"{office}-T", office, Direction.TO_HUB, part)
        for office, part in sorted(by_office.items())
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


def _load(name: str, office: str, direction: Direction, orders: Sequence[Order]) -> Load:
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
        By office, when its couriers' mail should be sorted, seconds.
    prices
        By office, what each second after that costs, thousandths of a đồng.
    returned
        By office, when the last courier with collections is back.
    latest
        By load, the latest begin at the office, where it is already promised.
    """

    wanted: Mapping[str, int]
    prices: Mapping[str, int]
    returned: Mapping[str, int]
    latest: Mapping[str, int]


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
    crews = crew_sizes(day)
    rules = settings.linehaul
    jobs = []
    for load in loads:
        row = net.index.office_rows.get(load.office)
        if row is None:
            continue
        amounts = (load.grams, load.cubic_cm)
        seconds = rules.stop_seconds + rules.seconds_per_item * load.items
        cost = sum(_price(orders[name], day, settings) for name in load.orders)
        if load.direction is Direction.TO_OFFICE:
            sorting = sorting_seconds(load.items, crews.get(load.office, 0), settings)
            due = needs.wanted.get(load.office, settings.mail_ready) - sorting - seconds
            jobs.append(
                Job(
                    id=load.id,
                    place=row,
                    service_seconds=seconds,
                    windows=(
                        TimeWindow(start=0, end=needs.latest.get(load.id, rules.latest_arrival)),
                    ),
                    delivery=amounts,
                    release=rules.hub_ready,
                    skip_cost=cost,
                    due=SoftDue(time=max(due, 0), cost_per_second=needs.prices.get(load.office, 0)),
                )
            )
        else:
            ready = needs.returned.get(load.office, 0) + rules.bag_seconds
            jobs.append(
                Job(
                    id=load.id,
                    place=row,
                    service_seconds=seconds,
                    windows=(TimeWindow(start=ready, end=max(rules.hub_closes, ready)),),
                    pickup=amounts,
                    skip_cost=cost,
                )
            )
    reload = Reload(id=RELOAD, place=0, seconds=rules.reload_seconds)
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
            for truck in day.trucks
        ),
        travel=net.travel,
        jobs=tuple(jobs),
        dimensions=DIMENSIONS,
    )


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


def supply(
    day: Day, loads: Sequence[Load], plan: Plan, *, settings: Settings
) -> tuple[dict[str, int], dict[str, int]]:
    """Return, by office, when its last morning load arrives and when everything is sorted."""
    crews = crew_sizes(day)
    stops = {stop.id: stop for route in plan.routes for stop in route.stops}
    arrivals: dict[str, int] = {}
    ready: dict[str, int] = {}
    morning = [load for load in loads if load.direction is Direction.TO_OFFICE and load.id in stops]
    # One load is sorted after the other, in the order in which they come.
    for load in sorted(morning, key=lambda load: stops[load.id].departure):
        stop = stops[load.id]
        arrivals[load.office] = max(arrivals.get(load.office, 0), stop.arrival)
        start = max(stop.departure, ready.get(load.office, 0))
        ready[load.office] = start + sorting_seconds(
            load.items, crews.get(load.office, 0), settings
        )
    return arrivals, ready
