"""The rows of OR-Tools' matrices: visits, uses of reloads, starts, ends; when each is open."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass

from solver.model import (
    Amounts,
    Job,
    Problem,
    Reload,
    Shipment,
    Step,
    StopKind,
    TimeWindow,
    Vehicle,
    Visit,
)

_MOST_COPIES = 8
"""Of one reload in one route, where nothing else bounds them and tasks are many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Node:
    """One row of the library's matrices: a visit, one possible use of a reload, a route's end."""

    place: int | None
    step: Step | None = None
    visit: Job | Visit | None = None
    task: Job | Shipment | None = None
    reload: Reload | None = None
    vehicle: int | None = None


def visits_of(problem: Problem) -> list[Node]:
    """Return a node for each visit that some vehicle may do, and for each use of a reload."""
    nodes: list[Node] = []
    for job in problem.jobs:
        if able(problem, job):
            step = Step(kind=StopKind.JOB, id=job.id)
            nodes.append(Node(place=job.place, step=step, visit=job, task=job))
    for shipment in problem.shipments:
        if able(problem, shipment):
            for kind, visit in (
                (StopKind.PICKUP, shipment.pickup),
                (StopKind.DELIVERY, shipment.delivery),
            ):
                step = Step(kind=kind, id=shipment.id)
                nodes.append(Node(place=visit.place, step=step, visit=visit, task=shipment))
    for number, vehicle in enumerate(problem.vehicles):
        for reload in vehicle.reloads:
            step = Step(kind=StopKind.RELOAD, id=reload.id)
            nodes += [Node(place=reload.place, step=step, reload=reload, vehicle=number)] * _copies(
                problem, vehicle, reload
            )
    return nodes


def ends_of(problem: Problem) -> list[Node]:
    """Return all starts, then all ends."""
    starts = [Node(place=v.start, vehicle=k) for k, v in enumerate(problem.vehicles)]
    return starts + [Node(place=v.end, vehicle=k) for k, v in enumerate(problem.vehicles)]


class Clocks:
    """When a node's clock, which shows the end of a visit's setup, may stand."""

    def __init__(self, problem: Problem, forced: frozenset[int]) -> None:
        vehicles = problem.vehicles
        self.opens = min(vehicle.shift.start for vehicle in vehicles)
        self.closes = max(vehicle.shift.end for vehicle in vehicles)
        self._free = {name for k in forced for name in vehicles[k].locked}
        places = Counter([vehicle.start for vehicle in vehicles])
        places.update(job.place for job in problem.jobs)
        for shipment in problem.shipments:
            places.update((shipment.pickup.place, shipment.delivery.place))
        # One is enough: the tally knows not whether the node's own reload is counted.
        places.update(r.place for v in vehicles for r in v.reloads)
        self._shared = {place for place, count in places.items() if count > 1}

    def of(self, node: Node) -> list[tuple[int, int]]:
        """Return the spans of time, in order, within the day."""
        if node.task is not None and node.task.id in self._free:
            return [(self.opens, 1 << 62)]
        windows = node.reload.windows if node.reload is not None else ()
        setups = [0]
        earliest = self.opens
        if node.visit is not None and node.task is not None:
            windows = node.visit.windows
            # Where another node has the same place, the setup may fall away.
            setups = [node.visit.setup_seconds]
            if node.place in self._shared:
                setups = [0, *setups]
            earliest = max(earliest, node.task.release)
        spans = [
            (max(window.start + setup, earliest), min(window.end + setup, self.closes))
            for window in windows or (TimeWindow(start=self.opens, end=self.closes),)
            for setup in setups
        ]
        return sorted(span for span in spans if span[0] <= span[1])

    def usable(self, nodes: Sequence[Node]) -> list[Node]:
        """Leave out the nodes that can be visited at no time, and with one end the other."""
        never = {node.step.id for node in nodes if node.task and node.step and not self.of(node)}
        return [
            node
            for node in nodes
            if (node.task.id not in never if node.task is not None else self.of(node))
        ]


def able(problem: Problem, task: Job | Shipment) -> list[int]:
    """Return the numbers of the vehicles that may do a task."""
    locked = [k for k, vehicle in enumerate(problem.vehicles) if task.id in vehicle.locked]
    return locked or [
        number
        for number, vehicle in enumerate(problem.vehicles)
        if task.skills <= vehicle.skills and (task.vehicles is None or vehicle.id in task.vehicles)
    ]


def _copies(problem: Problem, vehicle: Vehicle, reload: Reload) -> int:
    """Return how often a route may use a reload at most, as far as it can make sense."""
    tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
    most = len(tasks) if reload.most is None else min(reload.most, len(tasks))
    if len(tasks) <= _MOST_COPIES:
        return most
    needed = 1
    for k, room in enumerate(vehicle.capacity):
        for side in ("delivery", "pickup"):
            total = sum(units_of(getattr(job, side), k) for job in problem.jobs)
            # Two trips that follow each other hold more than one load, or they would be one.
            needed = max(needed, 2 * total // max(room, 1))
        total = sum(units_of(shipment.amount, k) for shipment in problem.shipments)
        needed = max(needed, total // max(room, 1))
    releases = {task.release for task in tasks}
    return min(most, max(needed, len(releases) - 1), _MOST_COPIES)


def units_of(amounts: Amounts, dimension: int) -> int:
    """Return the units of one dimension; the empty tuple means all 0."""
    return amounts[dimension] if amounts else 0
