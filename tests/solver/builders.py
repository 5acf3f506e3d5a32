"""
Small problems in few words.

Places lie on a line or a grid. Travel between two of them takes one second for each unit of
|dx| + |dy| and is ten metres long, so that seconds and metres can never be mistaken for each other
in an expected figure: from 0 to 7 on a line it is 7 seconds and 70 metres.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from geo.types import Travel, TravelMatrix
from solver.model import (
    Break,
    Job,
    Place,
    Plan,
    Problem,
    Reload,
    Route,
    Shipment,
    Step,
    Stop,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Visit,
)

Spot = int | tuple[int, int]
"""A position on the line, or on the grid."""

METRES_PER_SECOND = 10
DAY = (0, 1000)

_SIGNS = {
    "+": StopKind.PICKUP,
    "-": StopKind.DELIVERY,
    "@": StopKind.RELOAD,
}


def windows(*pairs: tuple[int, int]) -> tuple[TimeWindow, ...]:
    """Return time windows from (start, end) pairs."""
    return tuple(TimeWindow(start=start, end=end) for start, end in pairs)


def places(spots: Sequence[Spot]) -> tuple[Place, ...]:
    """Return one place for each spot, named p0, p1, ..."""
    points = [_point(spot) for spot in spots]
    return tuple(Place(id=f"p{row}", x=x, y=y) for row, (x, y) in enumerate(points))


def travel(spots: Sequence[Spot], *, pace: int = 1) -> TravelMatrix:
    """Return travel between spots: `pace` seconds and 10 metres for each unit of |dx| + |dy|."""
    points = np.array([_point(spot) for spot in spots], dtype=np.int64).reshape(-1, 2)
    units = np.abs(points[:, None, :] - points[None, :, :]).sum(axis=2)
    return TravelMatrix(seconds=units * pace, metres=units * METRES_PER_SECOND)


def job(id: str, place: int, **fields: Any) -> Job:  # noqa: A002
    """Return a job; `windows` may be given as (start, end) pairs."""
    return Job(id=id, place=place, **_with_windows(fields))


def visit(place: int, **fields: Any) -> Visit:
    """Return one end of a shipment; `windows` may be given as (start, end) pairs."""
    return Visit(place=place, **_with_windows(fields))


def shipment(id: str, pickup: int | Visit, delivery: int | Visit, **fields: Any) -> Shipment:  # noqa: A002
    """Return a shipment between two places, or two visits."""
    ends = [Visit(place=end) if isinstance(end, int) else end for end in (pickup, delivery)]
    return Shipment(id=id, pickup=ends[0], delivery=ends[1], **fields)


def pause(id: str, seconds: int, *pairs: tuple[int, int], paid: bool = False) -> Break:  # noqa: A002
    """Return a break that begins in one of the (start, end) pairs."""
    return Break(id=id, seconds=seconds, windows=windows(*pairs), paid=paid)


def reload(id: str, place: int, **fields: Any) -> Reload:  # noqa: A002
    """Return a reload; `windows` may be given as (start, end) pairs."""
    return Reload(id=id, place=place, **_with_windows(fields))


def vehicle(
    id: str = "v",  # noqa: A002
    *,
    start: int | None = 0,
    end: int | None = 0,
    shift: tuple[int, int] = DAY,
    **fields: Any,
) -> Vehicle:
    """Return a vehicle that starts and ends at place 0; 1 thousandth of money for each metre."""
    fields.setdefault("cost_per_metre", 1)
    return Vehicle(
        id=id, start=start, end=end, shift=TimeWindow(start=shift[0], end=shift[1]), **fields
    )


def problem(
    spots: Sequence[Spot],
    *,
    jobs: Sequence[Job] = (),
    shipments: Sequence[Shipment] = (),
    vehicles: Sequence[Vehicle] | Vehicle = (),
    dimensions: Sequence[str] | None = None,
    profiles: Mapping[str, Travel] | None = None,
) -> Problem:
    """
    Return a problem over spots; by default one vehicle from place 0.

    `dimensions` default to as many letters as the longest amount needs.
    """
    if isinstance(vehicles, Vehicle):
        vehicles = (vehicles,)
    vehicles = tuple(vehicles) or (vehicle(),)
    if dimensions is None:
        amounts = [a for j in jobs for a in (j.delivery, j.pickup)]
        amounts += [s.amount for s in shipments]
        amounts += [v.capacity for v in vehicles]
        dimensions = "abcdefgh"[: max((len(a) for a in amounts), default=0)]
    return Problem(
        places=places(spots),
        vehicles=tuple(vehicles),
        travel=dict(profiles or {"default": travel(spots)}),
        jobs=tuple(jobs),
        shipments=tuple(shipments),
        dimensions=tuple(dimensions),
    )


def tour(vehicle_id: str, *names: str) -> Tour:
    """Return a tour: "a" is a job, "+s" a pickup, "-s" a delivery, "@r" a reload."""
    return Tour(vehicle=vehicle_id, steps=tuple(step(name) for name in names))


def step(name: str) -> Step:
    """Return one step of a tour, written as in `tour`."""
    kind = _SIGNS.get(name[0])
    return Step(kind=StopKind.JOB, id=name) if kind is None else Step(kind=kind, id=name[1:])


def stop(kind: StopKind, id: str, *times: int, load: tuple[int, ...] = ()) -> Stop:  # noqa: A002
    """Return a stop from (arrival, begin, departure)."""
    arrival, begin, departure = times
    return Stop(kind=kind, id=id, arrival=arrival, begin=begin, departure=departure, load=load)


def plan(*routes: Route, unassigned: Sequence[str] = ()) -> Plan:
    """Return a plan of routes."""
    return Plan(routes=routes, unassigned=tuple(unassigned))


def _point(spot: Spot) -> tuple[int, int]:
    return (spot, 0) if isinstance(spot, int) else spot


def _with_windows(fields: dict[str, Any]) -> dict[str, Any]:
    pairs = fields.get("windows", ())
    if pairs and not isinstance(pairs[0], TimeWindow):
        return {**fields, "windows": windows(*pairs)}
    return fields
