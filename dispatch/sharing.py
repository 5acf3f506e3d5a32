"""
Which office serves which commune today, where one is closed or has more work than its couriers.

    area        the orders of one commune that one office serves on ordinary days
    work        minutes of service, parking and the way from door to door; the ride out is not in it
    capacity    minutes that an office's couriers are there, breaks and noon returns taken off

As the ride out is left aside, an office hands work over only where it surely has too much. On days
when no office is closed and none has too much, nothing is touched.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from math import hypot

from dispatch.model import Address, Courier, Day, HandOver, Order, OrderKind
from dispatch.planning import home_offices, open_on, profiles
from dispatch.settings import Settings
from geo.errors import UnreachableError
from geo.travel import TravelProvider
from geo.types import LatLon
from solver.territory import Area, assign

_MINUTE = 60
_NOBODY = 10**6
"""Seconds; no way in a province takes so long."""

_METRES_PER_SECOND = 8
"""Straight on, where the travel service knows no way between some of the places."""

_METRES_PER_DEGREE = 111_195


@dataclass(frozen=True, slots=True, kw_only=True)
class Shared:
    """Every order as it came, those handed over with the id of their office of today."""

    orders: tuple[Order, ...]
    hand_overs: tuple[HandOver, ...] = ()


def close(day: Day, offices: frozenset[str]) -> Day:
    """Return the day with some offices closed: nobody works from there."""
    if not offices:
        return day
    return replace(
        day,
        offices=tuple(
            replace(o, hours={**o.hours, day.date.weekday(): ()}) if o.id in offices else o
            for o in day.offices
        ),
        couriers=tuple(c for c in day.couriers if c.office not in offices),
    )


def share(
    day: Day,
    orders: Sequence[Order],
    *,
    closed: frozenset[str],
    travel: TravelProvider,
    settings: Settings,
) -> Shared:
    """
    Give communes of closed and overfull offices to those that can take them at the least ride.

    Parameters
    ----------
    day
        As `close` returns it.
    orders
        Located; those that name their office stay there unless it is closed.
    closed
        Ids of the offices whose orders must go elsewhere.

    Raises
    ------
    GeoError
        The travel service failed.
    """
    homes = home_offices(day, orders)
    crews: dict[str, list[Courier]] = {}
    for courier in day.couriers:
        crews.setdefault(courier.office, []).append(courier)
    able = [o for o in day.offices if o.id in crews and open_on(o, day.date)]
    room = {o.id: sum(map(_minutes, crews[o.id])) for o in able}
    bound: dict[str, int] = {}
    areas: dict[tuple[str, str], list[Order]] = {}
    wanted: dict[str, int] = {}
    for order in orders:
        home = homes.get(order.id, "")
        if home not in closed and home not in room:
            continue
        wanted[home] = wanted.get(home, 0) + _work(order, settings)
        if order.office and home not in closed:
            bound[home] = bound.get(home, 0) + _work(order, settings)
        else:
            areas.setdefault((home, order.address.commune), []).append(order)
    full = {home for home, minutes in wanted.items() if minutes > room.get(home, 0)}
    if not full or not able:
        return Shared(orders=tuple(orders))
    for home, minutes in bound.items():
        room[home] = max(room[home] - minutes, 0)
    keys = list(areas)
    rides = _rides(day, [o.id for o in able], [_middle(areas[key]) for key in keys], travel=travel)
    shares = assign(
        [
            Area(
                id=str(number),
                demand=sum(_work(order, settings) for order in areas[key]),
                home=key[0],
                costs=rides[number],
            )
            for number, key in enumerate(keys)
        ],
        room,
        change_cost=settings.hand_over_seconds,
        skip_cost=_NOBODY,
    )
    given: dict[str, str] = {}
    for number, key in enumerate(keys):
        parts = {s.depot or key[0]: 0 for s in shares if s.area == str(number)}
        for one in shares:
            if one.area == str(number):
                parts[one.depot or key[0]] += one.units
        given.update(_split(areas[key], parts, key[0], settings))
    return _handed(orders, homes, given)


def _handed(orders: Sequence[Order], homes: Mapping[str, str], given: Mapping[str, str]) -> Shared:
    moved: dict[tuple[str, str, str], list[str]] = {}
    now = []
    for order in orders:
        office = given.get(order.id, homes.get(order.id, ""))
        if office == homes.get(order.id, ""):
            now.append(order)
            continue
        moved.setdefault((order.address.commune, homes[order.id], office), []).append(order.id)
        now.append(replace(order, office=office))
    return Shared(
        orders=tuple(now),
        hand_overs=tuple(
            HandOver(commune=commune, home=home, office=office, orders=tuple(names))
            for (commune, home, office), names in sorted(moved.items())
        ),
    )


def _split(
    orders: Sequence[Order], parts: Mapping[str, int], home: str, settings: Settings
) -> dict[str, str]:
    """Give each order of an area to an office, as near to the shares as whole orders allow."""
    left = dict(parts)
    given = {}
    # The longest first: what remains is then small enough to fill the shares up.
    for order in sorted(orders, key=lambda order: -_work(order, settings)):
        office = max(left, key=lambda name: (left[name], name != home))
        left[office] -= _work(order, settings)
        given[order.id] = office
    return given


def _work(order: Order, settings: Settings) -> int:
    if order.kind is OrderKind.TRANSFER:
        seconds = sum(
            settings.seconds_at(kind, order.service)
            for kind in (OrderKind.COLLECTION, OrderKind.DELIVERY)
        )
    else:
        seconds = settings.seconds_at(order.kind, order.service)
    return -(-(seconds + settings.setup_seconds + settings.between_doors_seconds) // _MINUTE)


def _minutes(courier: Courier) -> int:
    seconds = courier.shift.end - courier.shift.start
    seconds -= courier.lunch_seconds if courier.lunch is not None else 0
    seconds -= courier.noon_seconds if courier.noon_return is not None else 0
    return max(seconds, 0) // _MINUTE


def _middle(orders: Sequence[Order]) -> LatLon:
    """Return the place of the order that lies nearest to the middle of them all."""
    points = [point for point in map(_point, orders) if point is not None]
    lat = sum(point.lat for point in points) / len(points)
    lon = sum(point.lon for point in points) / len(points)
    return min(points, key=lambda point: (point.lat - lat) ** 2 + (point.lon - lon) ** 2)


def _point(order: Order) -> LatLon | None:
    address: Address = order.address
    return address.point


def _rides(
    day: Day, offices: Sequence[str], middles: Sequence[LatLon], *, travel: TravelProvider
) -> list[dict[str, int]]:
    """Return, by area, the seconds of the ride from each office that a way leads from."""
    known = {office.id: office.point for office in day.offices}
    points = [*(known[name] for name in offices), *middles]
    names = profiles(day)
    profile = "motorbike" if "motorbike" in names else names[0]
    cut: frozenset[tuple[int, int]] = frozenset()
    try:
        seconds = travel.matrix(points, profile=profile).seconds
    except UnreachableError as error:
        cut = frozenset((min(pair), max(pair)) for pair in error.pairs)
        seconds = None
    rides = []
    for number, middle in enumerate(middles, start=len(offices)):
        ways = {}
        for row, name in enumerate(offices):
            if (row, number) not in cut:
                straight = _metres(points[row], middle) // _METRES_PER_SECOND
                ways[name] = straight if seconds is None else int(seconds[row, number])
        rides.append(ways)
    return rides


def _metres(a: LatLon, b: LatLon) -> int:
    return round(_METRES_PER_DEGREE * hypot(a.lat - b.lat, (a.lon - b.lon) * 0.93))
