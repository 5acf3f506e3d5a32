"""The day's problem with all that its events change: new orders, other wishes, closed roads."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from dispatch.day_state import EventFinding, FindingCode, Standing
from dispatch.events import OrderAdded, OrderChanged
from dispatch.model import Address, Courier, Day, Office, Order
from dispatch.planning import PlaceIndex, build_problem
from dispatch.settings import Settings
from dispatch.widening import points_of, with_closures, with_points
from geo.travel import TravelProvider
from geo.types import LatLon
from solver.model import Job, Problem, Shipment

_ANYWHERE = "\0anywhere"


@dataclass(frozen=True, slots=True, kw_only=True)
class Prepared:
    """
    A problem brought up to date.

    Parameters
    ----------
    rows
        Row of each point that an event names.
    findings
        Orders that could not be taken as they were told.
    legs_closed
        How many legs between places go another way because of closed roads.
    """

    problem: Problem
    rows: Mapping[LatLon, int]
    findings: tuple[EventFinding, ...]
    legs_closed: int


def prepared(
    problem: Problem,
    standing: Standing,
    *,
    now: int,
    travel: TravelProvider,
    settings: Settings,
    on: date,
) -> Prepared:
    """
    Return the problem with the day's events in it.

    Raises
    ------
    GeoError
        The travel service failed at a new point.
    """
    changed = standing.changed
    points: list[LatLon] = []
    for added in standing.added.values():
        points += [added.point, *([added.to_point] if added.to_point is not None else [])]
    points += [c.point for each in changed.values() for c in each if c.point is not None]
    points += [c.place for c in standing.couriers.values() if c.place is not None]
    problem, rows = with_points(problem, points, travel)
    offices = _offices(problem)
    findings: list[EventFinding] = []
    known = {job.id for job in problem.jobs} | {each.id for each in problem.shipments}
    jobs, shipments = list(problem.jobs), list(problem.shipments)
    for added in standing.added.values():
        if added.order in known:
            continue
        if added.office and added.office not in offices:
            findings.append(
                EventFinding(
                    code=FindingCode.UNKNOWN_OFFICE,
                    event=added.id,
                    order=added.order,
                    facts={"office": added.office, "known": ", ".join(sorted(offices))},
                )
            )
        task = _task(added, problem, rows, offices, settings, on)
        if isinstance(task, Job):
            jobs.append(task)
        else:
            shipments.append(task)
    problem = replace(
        problem,
        jobs=tuple(_as_wished(job, changed.get(job.id, ()), rows) for job in jobs),
        shipments=tuple(_with_pickup(each, changed.get(each.id, ()), rows) for each in shipments),
    )
    problem, legs = with_closures(problem, standing.closures, now=now)
    return Prepared(problem=problem, rows=rows, findings=tuple(findings), legs_closed=legs)


def _offices(problem: Problem) -> dict[str, frozenset[str]]:
    """Return the vehicles of each office: those that end (or start) at its place."""
    crews: dict[str, set[str]] = {}
    for vehicle in problem.vehicles:
        row = vehicle.end if vehicle.end is not None else vehicle.start
        if row is not None:
            crews.setdefault(problem.places[row].id, set()).add(vehicle.id)
    return {office: frozenset(crew) for office, crew in crews.items()}


def _task(
    added: OrderAdded,
    problem: Problem,
    rows: Mapping[LatLon, int],
    offices: Mapping[str, frozenset[str]],
    settings: Settings,
    on: date,
) -> Job | Shipment:
    """Return a new order in the solver's words, by the same rules as in the morning."""
    order = Order(
        id=added.order,
        kind=added.does,
        service=added.service,
        address=Address(text="", point=added.point),
        to_address=None if added.to_point is None else Address(text="", point=added.to_point),
        office=_ANYWHERE,
        grams=added.grams,
        cubic_cm=added.cubic_cm,
        windows=added.windows,
        due=on,
        required=added.required,
    )
    # One office that stands for any: who may do it is set below.
    here = Office(id=_ANYWHERE, name="", point=added.point)
    anybody = Courier(id=_ANYWHERE, name="", office=_ANYWHERE)
    index = PlaceIndex(
        ids=tuple(place.id for place in problem.places),
        points=tuple(points_of(problem)),
        office_rows={_ANYWHERE: rows[added.point]},
        point_rows=rows,
    )
    made = build_problem(
        Day(date=on, orders=(order,), couriers=(anybody,), offices=(here,)),
        [order],
        index=index,
        travel=problem.travel,
        settings=settings,
    )
    task: Job | Shipment = made.jobs[0] if made.jobs else made.shipments[0]
    size = len(problem.dimensions)
    allowed = offices.get(added.office)
    if isinstance(task, Job):
        return replace(
            task,
            vehicles=allowed,
            release=0,
            delivery=task.delivery[:size],
            pickup=task.pickup[:size],
        )
    return replace(task, vehicles=allowed, release=0, amount=task.amount[:size])


def _as_wished(job: Job, changes: tuple[OrderChanged, ...], rows: Mapping[LatLon, int]) -> Job:
    for change in changes:
        job = replace(
            job,
            windows=job.windows if change.windows is None else change.windows,
            place=job.place if change.point is None else rows[change.point],
        )
    return job


def _with_pickup(
    shipment: Shipment, changes: tuple[OrderChanged, ...], rows: Mapping[LatLon, int]
) -> Shipment:
    """Return a transfer with its first end as the customer wishes."""
    visit = shipment.pickup
    for change in changes:
        visit = replace(
            visit,
            windows=visit.windows if change.windows is None else change.windows,
            place=visit.place if change.point is None else rows[change.point],
        )
    return replace(shipment, pickup=visit) if changes else shipment
