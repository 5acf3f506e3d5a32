"""Travel for a day, and the orders that no road leads to: left out, not the whole morning lost."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

from dispatch import planning
from dispatch.errors import NothingToPlan, RowFinding
from dispatch.model import Day, LeftOut, LeftOutReason, Order
from geo.errors import OffRoadError, UnreachableError
from geo.travel import TravelProvider
from geo.types import LatLon, Travel

_LARGE = 5_000
"""Beyond so many places travel is asked for by blocks, where the provider can do that."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Reached:
    """The orders that can be reached, their places, and travel by profile."""

    assigned: planning.Assigned
    index: planning.PlaceIndex
    travel: Mapping[str, Travel]


def measure(day: Day, assigned: planning.Assigned, travel: TravelProvider) -> Reached:
    """
    Measure travel between a day's places.

    Raises
    ------
    OffRoadError
        No place at all is near a road: the graph is another country's.
    NothingToPlan
        Offices have no road; each is named.
    """
    while True:
        index = planning.places(day, assigned.orders)
        try:
            measured = {p: _travel(travel, index, p) for p in planning.profiles(day)}
        except (OffRoadError, UnreachableError) as error:
            lost = {index.points[row] for row in error.rows}
            if not lost or len(error.rows) == len(index.points):
                raise
            _require_offices(day, lost)
            assigned = _without(assigned, lost)
        else:
            return Reached(assigned=assigned, index=index, travel=measured)


def _travel(travel: TravelProvider, index: planning.PlaceIndex, profile: str) -> Travel:
    by_block = getattr(travel, "travel", None)
    if by_block is not None and len(index.points) > _LARGE:
        given: Travel = by_block(index.points, profile=profile)
        return given
    return travel.matrix(index.points, profile=profile)


def _require_offices(day: Day, lost: set[LatLon]) -> None:
    findings = [
        RowFinding(
            file="offices",
            row=office.row,
            field="lat, lon",
            value=f"{office.point.lat:.5f}, {office.point.lon:.5f}",
            what=f"no road leads to the office {office.id}",
            remedy="correct its point, or build the road graph from a file that covers it",
        )
        for office in day.offices
        if office.point in lost
    ]
    if findings:
        raise NothingToPlan(findings)


def _without(assigned: planning.Assigned, lost: set[LatLon]) -> planning.Assigned:
    def off(order: Order) -> bool:
        target = order.to_address
        return order.address.point in lost or (target is not None and target.point in lost)

    gone = [order for order in assigned.orders if off(order)]
    left = [LeftOut(order=order.id, reason=LeftOutReason.NO_ROAD) for order in gone]
    return replace(
        assigned,
        orders=tuple(order for order in assigned.orders if not off(order)),
        left_out=(*assigned.left_out, *left),
        seen=(*assigned.seen, *gone),
    )
