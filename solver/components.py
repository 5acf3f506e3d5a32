"""
A problem taken apart where nothing connects its parts, and plans put together again.

Two vehicles belong together when some job or shipment may be done by either. What no chain of
jobs connects can be planned apart and at the same time, and nothing is lost by it: every cost
belongs to one route or to one skipped job, so the parts' costs add up to the whole's.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.types import IntArray, PlanarTravel, Squares, Travel, TravelMatrix
from solver.model import Job, Plan, Problem, Shipment, StopKind, Tour, Vehicle

_DENSE = 5_000
"""Up to this many places a part gets its own matrix; beyond it, a window on the whole's."""

_VISITS = frozenset({StopKind.JOB, StopKind.PICKUP, StopKind.DELIVERY})


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """
    One independent piece of a problem, itself a problem with the same ids.

    Parameters
    ----------
    rows
        For each of the part's places its row in the whole problem.
    """

    problem: Problem
    rows: tuple[int, ...]

    @property
    def tasks(self) -> int:
        """How many jobs and shipments it holds."""
        return len(self.problem.jobs) + len(self.problem.shipments)

    @property
    def idle(self) -> bool:
        """True when there is nothing to search: no vehicle may do these jobs."""
        return not self.problem.vehicles or not self.tasks

    def tours_of(self, tours: Iterable[Tour]) -> tuple[Tour, ...]:
        """Return those of the whole's tours that this part's vehicles drive."""
        own = {vehicle.id for vehicle in self.problem.vehicles}
        return tuple(tour for tour in tours if tour.vehicle in own)


def split(problem: Problem) -> tuple[Part, ...]:
    """
    Take a problem apart into its independent parts, the largest first.

    Jobs that no vehicle may do come together in one last part without vehicles; vehicles that may
    do no job are in none, as they cost nothing. A problem in one piece comes back as one part.

    Parameters
    ----------
    problem
        Any problem; one that contradicts itself is taken apart just as well.
    """
    groups, orphans = connected(problem)
    parts = [part_of(problem, group.tasks, group.vehicles) for group in groups]
    if orphans:
        parts.append(part_of(problem, orphans, []))
    return tuple(parts)


@dataclass(frozen=True, slots=True, kw_only=True)
class Group:
    """Tasks and the vehicles that chains of them connect, in the problem's order."""

    tasks: Sequence[Job | Shipment]
    vehicles: Sequence[Vehicle]


def connected(problem: Problem) -> tuple[list[Group], list[Job | Shipment]]:
    """Return what belongs together, the largest first, and the tasks that no vehicle may do."""
    vehicles = {vehicle.id: number for number, vehicle in enumerate(problem.vehicles)}
    tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
    locked = _locked_to(problem, vehicles)
    able = Ability(problem.vehicles)
    roots = _Roots(len(problem.vehicles))
    members: list[int | None] = []
    joined: set[int] = set()
    for task in tasks:
        may = able.numbers(task)
        if task.id in locked:
            may = sorted({*may, *locked[task.id]})
        # The same list comes back for all tasks alike; once is enough.
        if id(may) not in joined:
            for other in may[1:]:
                roots.join(may[0], other)
            if task.id not in locked:
                joined.add(id(may))
        members.append(may[0] if may else None)
    groups: dict[int, list[Job | Shipment]] = {}
    orphans: list[Job | Shipment] = []
    for task, member in zip(tasks, members, strict=True):
        if member is None:
            orphans.append(task)
        else:
            groups.setdefault(roots.of(member), []).append(task)
    crews: dict[int, list[Vehicle]] = {root: [] for root in groups}
    for number, vehicle in enumerate(problem.vehicles):
        if roots.of(number) in crews:
            crews[roots.of(number)].append(vehicle)
    # Stable: parts of equal size keep the order of their first job.
    largest = sorted(groups, key=lambda root: -len(groups[root]))
    return [Group(tasks=groups[root], vehicles=crews[root]) for root in largest], orphans


def merge(problem: Problem, plans: Iterable[Plan]) -> Plan:
    """
    Put the parts' plans together into a plan of the whole.

    Routes come in the order of the problem's vehicles, unassigned ids in the order of its jobs and
    shipments; what no plan visits is unassigned.
    """
    rank = {vehicle.id: number for number, vehicle in enumerate(problem.vehicles)}
    routes = [route for plan in plans for route in plan.routes]
    routes.sort(key=lambda route: rank.get(route.vehicle, len(rank)))
    visited = {stop.id for route in routes for stop in route.stops if stop.kind in _VISITS}
    names = [job.id for job in problem.jobs] + [shipment.id for shipment in problem.shipments]
    return Plan(
        routes=tuple(routes), unassigned=tuple(name for name in names if name not in visited)
    )


class _Roots:
    """Which vehicles belong together: union by number, paths halved on the way."""

    def __init__(self, size: int) -> None:
        self._up = list(range(size))

    def of(self, number: int) -> int:
        while self._up[number] != number:
            self._up[number] = self._up[self._up[number]]
            number = self._up[number]
        return number

    def join(self, first: int, second: int) -> None:
        low, high = sorted((self.of(first), self.of(second)))
        self._up[high] = low


class Ability:
    """Which vehicles may do a task; asked once for each pair of allowed vehicles and skills."""

    def __init__(self, vehicles: Sequence[Vehicle]) -> None:
        self._vehicles = vehicles
        self._known: dict[tuple[frozenset[str] | None, frozenset[str]], list[int]] = {}

    def numbers(self, task: Job | Shipment) -> list[int]:
        """Return the vehicles' numbers, rising; the same list for all tasks that ask alike."""
        key = (task.vehicles, task.skills)
        if key not in self._known:
            self._known[key] = [
                number
                for number, vehicle in enumerate(self._vehicles)
                if (task.vehicles is None or vehicle.id in task.vehicles)
                and task.skills <= vehicle.skills
            ]
        return self._known[key]


def _locked_to(problem: Problem, vehicles: dict[str, int]) -> dict[str, list[int]]:
    locked: dict[str, list[int]] = {}
    for vehicle in problem.vehicles:
        for name in vehicle.locked:
            locked.setdefault(name, []).append(vehicles[vehicle.id])
    return locked


def part_of(problem: Problem, tasks: Sequence[Job | Shipment], crew: Sequence[Vehicle]) -> Part:
    """
    Return some tasks and vehicles of a problem as a problem of their own.

    Ids stay; a task that any of these vehicles may do names none. Travel becomes a matrix of the
    part's own up to some thousand places.
    """
    rows = tuple(sorted(_rows_of(tasks, crew)))
    new = {row: number for number, row in enumerate(rows)}
    own = frozenset(vehicle.id for vehicle in crew)
    profiles = {vehicle.profile for vehicle in crew}
    return Part(
        problem=Problem(
            places=tuple(problem.places[row] for row in rows),
            vehicles=tuple(_moved_vehicle(vehicle, new) for vehicle in crew),
            travel={
                name: _narrowed(travel, rows)
                for name, travel in problem.travel.items()
                if name in profiles or not profiles
            },
            jobs=tuple(
                replace(task, place=new[task.place], vehicles=_allowed(task, own))
                for task in tasks
                if isinstance(task, Job)
            ),
            shipments=tuple(
                replace(
                    task,
                    pickup=replace(task.pickup, place=new[task.pickup.place]),
                    delivery=replace(task.delivery, place=new[task.delivery.place]),
                    vehicles=_allowed(task, own),
                )
                for task in tasks
                if isinstance(task, Shipment)
            ),
            dimensions=problem.dimensions,
        ),
        rows=rows,
    )


def _allowed(task: Job | Shipment, own: frozenset[str]) -> frozenset[str] | None:
    # "Any of the part" said as None spares an engine one list of vehicles for each job.
    if task.vehicles is None or own <= task.vehicles:
        return None if own else task.vehicles
    return task.vehicles & own


def _rows_of(tasks: Sequence[Job | Shipment], crew: Sequence[Vehicle]) -> set[int]:
    rows: set[int] = set()
    for task in tasks:
        if isinstance(task, Job):
            rows.add(task.place)
        else:
            rows.update((task.pickup.place, task.delivery.place))
    for vehicle in crew:
        rows.update(row for row in (vehicle.start, vehicle.end) if row is not None)
        rows.update(reload.place for reload in vehicle.reloads)
    return rows


def _moved_vehicle(vehicle: Vehicle, new: dict[int, int]) -> Vehicle:
    return replace(
        vehicle,
        start=None if vehicle.start is None else new[vehicle.start],
        end=None if vehicle.end is None else new[vehicle.end],
        reloads=tuple(replace(reload, place=new[reload.place]) for reload in vehicle.reloads),
    )


def _narrowed(travel: Travel, rows: tuple[int, ...]) -> Travel:
    if len(rows) == travel.size:
        return travel
    if isinstance(travel, TravelMatrix):
        pick = np.ix_(rows, rows)
        return TravelMatrix(seconds=travel.seconds[pick], metres=travel.metres[pick])
    if len(rows) <= _DENSE:
        if isinstance(travel, Squares):
            short = travel.square(rows)
            return TravelMatrix(seconds=short[0], metres=short[1])
        seconds, metres = travel.block(rows, rows)
        if isinstance(travel, PlanarTravel):
            metres = seconds
        return TravelMatrix(seconds=seconds, metres=metres)
    return TravelWindow(travel, rows)


class TravelWindow:
    """Some rows of another travel, renumbered from 0, computed when asked."""

    __slots__ = ("_rows", "_travel")

    def __init__(self, travel: Travel, rows: Sequence[int]) -> None:
        self._travel = travel
        self._rows = np.asarray(rows, dtype=np.int64)

    @property
    def size(self) -> int:
        """The number of places."""
        return int(self._rows.shape[0])

    def leg(self, origin: int, destination: int) -> tuple[int, int]:
        """Return (seconds, metres) from one row to another."""
        return self._travel.leg(int(self._rows[origin]), int(self._rows[destination]))

    def block(
        self, origins: Sequence[int], destinations: Sequence[int]
    ) -> tuple[IntArray, IntArray]:
        """Return (seconds, metres), each of shape (len(origins), len(destinations))."""
        return self._travel.block(
            [int(row) for row in self._rows[np.asarray(origins, np.int64)]],
            [int(row) for row in self._rows[np.asarray(destinations, np.int64)]],
        )
