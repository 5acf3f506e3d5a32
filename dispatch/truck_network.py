"""Where trucks drive: the hub, the offices, and the doors that they serve themselves."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from dispatch.model import Courier, Day, Office, Order
from dispatch.planning import PlaceIndex
from dispatch.settings import PROFILES
from geo.errors import UnreachableError
from geo.travel import TravelProvider
from geo.types import LatLon, Travel


@dataclass(frozen=True, slots=True, kw_only=True)
class Network:
    """
    The hub, the offices and the customers of big orders as trucks see them.

    Parameters
    ----------
    trucks
        Those that leave from the hub.
    index
        The hub first, then offices, then customers.
    order_rows
        The row of each direct order's customer that a way leads to.
    travel
        By profile, rows as in `index`.
    unreachable
        Ids of the offices that no way leads to.
    """

    hub: Office
    trucks: tuple[Courier, ...]
    index: PlaceIndex
    order_rows: Mapping[str, int]
    travel: Mapping[str, Travel]
    unreachable: frozenset[str]


def hub_of(day: Day) -> Office | None:
    """Return the hub: where most trucks are at home, the higher level where as many are."""
    known = {office.id: office for office in day.offices}
    homes = Counter(truck.office for truck in day.trucks if truck.office in known)
    return max(
        (known[name] for name in homes),
        key=lambda office: (homes[office.id], -office.level),
        default=None,
    )


def fits(order: Order, trucks: Sequence[Courier]) -> bool:
    """Tell whether one of the trucks can carry an order whole."""
    return any(
        order.grams <= truck.capacity_grams and order.cubic_cm <= truck.capacity_cubic_cm
        for truck in trucks
    )


def network(day: Day, travel: TravelProvider, direct: Sequence[Order] = ()) -> Network | None:
    """
    Measure the ways of the trucks; places that no way leads to are named, not fatal.

    None where no truck leaves from an office of the day.

    Raises
    ------
    GeoError
        The travel service failed otherwise.
    """
    hub = hub_of(day)
    if hub is None:
        return None
    known = {office.id for office in day.offices}
    trucks = tuple(truck for truck in day.trucks if truck.office in known)
    offices = [hub, *(office for office in day.offices if office.id != hub.id)]
    # A customer's place is told from an office by its mark, whatever the ids are.
    nodes = [("", office.id, office.point) for office in offices]
    nodes += [("@", o.id, o.address.point) for o in direct if o.address.point is not None]
    lost: set[tuple[str, str]] = set()
    while True:
        kept = [node for node in nodes if node[:2] not in lost]
        points = [point for _, _, point in kept]
        matrices: dict[str, Travel] = {}
        try:
            for profile in sorted({PROFILES[truck.vehicle] for truck in trucks}):
                matrices[profile] = travel.matrix(points, profile=profile)
        except UnreachableError as error:
            cut = {kept[b][:2] for a, b in error.pairs if a == 0}
            lost |= cut or {kept[b][:2] for _, b in error.pairs}
            continue
        index = PlaceIndex(
            ids=tuple(mark + name for mark, name, _ in kept),
            points=tuple(points),
            office_rows={name: row for row, (mark, name, _) in enumerate(kept) if not mark},
            point_rows=_first_rows(points),
        )
        return Network(
            hub=hub,
            trucks=trucks,
            index=index,
            order_rows={name: row for row, (mark, name, _) in enumerate(kept) if mark},
            travel=matrices,
            unreachable=frozenset(name for mark, name in lost if not mark),
        )


def _first_rows(points: Sequence[LatLon]) -> dict[LatLon, int]:
    rows: dict[LatLon, int] = {}
    for row, point in enumerate(points):
        rows.setdefault(point, row)
    return rows
