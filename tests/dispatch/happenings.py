"""Small running days in few words: one office, couriers on a line, and what happens to them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import numpy as np

from dispatch.day_state import DayState, apply_all, begin
from dispatch.events import Event, FailReason, StopDone, StopFailed, StopSkipped, StopStarted
from geo.types import LatLon, TravelMatrix
from solver.model import Job, Place, Plan, Problem, Shipment, TimeWindow, Vehicle
from solver.schedule import schedule
from tests.solver.builders import tour

DAY = date(2026, 11, 24)
OFFICE = "BC1"
MINUTE = 60
HOUR = 3600


def at(clock: str) -> int:
    """Return seconds since midnight of "09:30"."""
    hours, minutes = clock.split(":")
    return int(hours) * HOUR + int(minutes) * MINUTE


def point(position: float) -> LatLon:
    """Return the point at so many minutes of ride east of the office; 0.01 degrees for each."""
    return LatLon(lat=21.0, lon=105.0 + position / 100)


def ride(positions: Sequence[tuple[float, float]]) -> TravelMatrix:
    """Return travel of one minute, and 500 metres, for each unit of |dx| + |dy|."""
    spots = np.array(positions, dtype=float)
    units = np.abs(spots[:, None, :] - spots[None, :, :]).sum(axis=2)
    return TravelMatrix(
        seconds=np.rint(units * MINUTE).astype(int), metres=np.rint(units * 500).astype(int)
    )


class LineTravel:
    """Travel over the same country as the days of this module, from coordinates."""

    version = "line-1"

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        return ride([((p.lon - 105.0) * 100, (p.lat - 21.0) * 100) for p in points])

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        return [origin, destination]


def running_day(
    positions: Mapping[str, float],
    crews: Mapping[str, Sequence[str]],
    *,
    jobs: dict[str, dict[str, Any]] | None = None,
    transfers: Sequence[Shipment] = (),
    **vehicle: Any,
) -> tuple[Problem, Plan]:
    """
    Return a day from 7:20 on and its plan.

    Parameters
    ----------
    positions
        Where each delivery is, in minutes from the office.
    crews
        Each courier's order of visit.
    jobs
        Fields of single jobs that differ.
    """
    names = list(positions)
    spots = [(0.0, 0.0), *((positions[name], 0.0) for name in names)]
    places = [Place(id=OFFICE, x=105.0, y=21.0)]
    places += [
        Place(id=name, x=point(positions[name]).lon, y=point(positions[name]).lat) for name in names
    ]
    everybody = frozenset(crews)
    made = Problem(
        places=tuple(places),
        travel={"default": ride(spots)},
        jobs=tuple(
            Job(
                **{
                    "id": name,
                    "place": row,
                    "service_seconds": 5 * MINUTE,
                    "delivery": (1_000, 1_000),
                    "skip_cost": 90_000_000,
                    "vehicles": everybody,
                    **(jobs or {}).get(name, {}),
                }
            )
            for row, name in enumerate(names, start=1)
            if name not in {end for each in transfers for end in (each.id,)}
        ),
        shipments=tuple(transfers),
        vehicles=tuple(
            Vehicle(
                **{
                    "id": name,
                    "start": 0,
                    "end": 0,
                    "shift": TimeWindow(start=at("07:20"), end=at("17:30")),
                    "capacity": (40_000, 200_000),
                    "cost_per_metre": 1_000,
                    "cost_per_second": 10_000,
                    "max_stops": 40,
                    **vehicle,
                }
            )
            for name in crews
        ),
        dimensions=("grams", "cubic_cm"),
    )
    return made, schedule(made, [tour(name, *steps) for name, steps in crews.items()])


def state_of(problem: Problem, plan: Plan, *events: Event) -> DayState:
    """Return the day's state after events."""
    return apply_all(begin(DAY, problem, plan), events)


_COUNT = iter(range(1, 1_000_000))


def _base(clock: str, fields: dict[str, Any]) -> dict[str, Any]:
    moment = at(clock)
    return {"id": f"n{next(_COUNT)}", "day": DAY, "at": moment, "received_at": moment, **fields}


def done(courier: str, order: str, clock: str, **fields: Any) -> StopDone:
    return StopDone(courier=courier, order=order, **_base(clock, fields))


def started(courier: str, order: str, clock: str, **fields: Any) -> StopStarted:
    return StopStarted(courier=courier, order=order, **_base(clock, fields))


def failed(courier: str, order: str, clock: str, **fields: Any) -> StopFailed:
    return StopFailed(
        courier=courier, order=order, reason=FailReason.ABSENT, **_base(clock, fields)
    )


def skipped(courier: str, order: str, clock: str, **fields: Any) -> StopSkipped:
    return StopSkipped(courier=courier, order=order, **_base(clock, fields))


def other(kind: type[Event], clock: str, **fields: Any) -> Event:
    """Return an event of any other kind."""
    return kind(**_base(clock, fields))
