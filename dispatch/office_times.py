"""When each office is supplied, sorts, sends its couriers out, has them back and is emptied."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from dispatch.model import DayPlan, Direction, Load
from solver.explain import Reason, why_unassigned


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeTimes:
    """
    One office's day between the echelons, seconds since midnight; None where it does not happen.

    Parameters
    ----------
    trucks
        Ids of the trucks that bring its mail.
    sorted
        When each of its loads is sorted, in order: the later ones are for the trip after noon.
    evening
        When a truck begins to take on what was collected.
    held
        Items collected that no truck takes: they stay until tomorrow.
    """

    office: str
    name: str
    trucks: tuple[str, ...]
    truck_arrival: int | None
    sorted: tuple[int, ...]
    first_departure: int | None
    last_return: int | None
    evening: int | None
    held: int = 0


def office_times(day_plan: DayPlan) -> tuple[OfficeTimes, ...]:
    """Return the offices that have couriers' routes or loads, in the day's order."""
    line = day_plan.linehaul
    if line is None:
        return ()
    homes = {courier.id: courier.office for courier in day_plan.day.couriers}
    stops = {
        stop.id: (route.vehicle, stop) for route in line.result.plan.routes for stop in route.stops
    }
    rows = []
    for office in day_plan.day.offices:
        routes = [r for r in day_plan.result.plan.routes if homes.get(r.vehicle) == office.id]
        loads = [o for o in line.loads if o.office == office.id and not o.direction.direct]
        taken = [(load, *stops[load.id]) for load in loads if load.id in stops]
        if not routes and not loads:
            continue
        morning = [each for each in taken if each[0].direction is Direction.TO_OFFICE]
        evening = [each for each in taken if each[0].direction is Direction.TO_HUB]
        rows.append(
            OfficeTimes(
                office=office.id,
                name=office.name,
                trucks=tuple(dict.fromkeys(vehicle for _, vehicle, _ in morning)),
                truck_arrival=line.arrivals.get(office.id),
                sorted=line.sorted.get(office.id, ()),
                first_departure=_first(route.departure for route in routes),
                last_return=max((route.finish for route in routes), default=None),
                evening=_first(stop.begin for _, _, stop in evening),
                held=sum(
                    load.items
                    for load in loads
                    if load.direction is Direction.TO_HUB and load.id not in stops
                ),
            )
        )
    return tuple(rows)


def held_loads(day_plan: DayPlan) -> tuple[Load, ...]:
    """Return the evening loads that no truck takes: they stay at their office until tomorrow."""
    line = day_plan.linehaul
    if line is None:
        return ()
    taken = {stop.id for route in line.result.plan.routes for stop in route.stops}
    return tuple(
        load for load in line.loads if load.direction is Direction.TO_HUB and load.id not in taken
    )


def dear_loads(day_plan: DayPlan) -> frozenset[str]:
    """Return the evening loads that a truck could take for more than waiting costs."""
    line = day_plan.linehaul
    held = {load.id for load in held_loads(day_plan)}
    if line is None or not held:
        return frozenset()
    why = why_unassigned(line.problem, line.result.plan)
    return frozenset(one.id for one in why if one.id in held and one.reason is Reason.TOO_DEAR)


def direct_loads(day_plan: DayPlan) -> tuple[Load, ...]:
    """Return the orders that a truck does itself, each a load of its own."""
    line = day_plan.linehaul
    if line is None:
        return ()
    taken = {stop.id for route in line.result.plan.routes for stop in route.stops}
    return tuple(load for load in line.loads if load.direction.direct and load.id in taken)


def _first(moments: Iterable[int]) -> int | None:
    return min(moments, default=None)
