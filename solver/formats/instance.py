"""A problem as it was read from a file, with what the file's format says beside it."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from itertools import pairwise

from solver.errors import Finding
from solver.model import Plan, Problem, Step, StopKind, Tour

OPEN_ENDED = 2 * 10**9
"""End of the shift where a file sets no time limit, in seconds; fits 32 bits."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Rates:
    """
    Prices of one vehicle in a file's own units, where the vocabulary prices it otherwise.

    Parameters
    ----------
    fixed
        For using it.
    travel
        For an hour of driving and for a kilometre; None where the plan's own cost stands for both.
    per_task_hour
        For an hour of setup and service.
    """

    fixed: int
    travel: tuple[int, int] | None = None
    per_task_hour: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """
    What a file holds.

    Parameters
    ----------
    kind
        The class of problem as the file states it, such as "CVRP", or the format's name.
    scale
        Metres and seconds in `problem` for one unit of length or time in the file.
    cost_divisor
        Money in `problem` for one unit of the costs that are published for this class.
    cost_decimals
        To how many decimals costs are published; None means as they come.
    vehicle_cost
        The part of each vehicle's fixed cost that only makes "fewer vehicles first" hold; it is
        no part of a published cost.
    numbers
        What a number in a published solution stands for: a job, one end of a shipment, a reload.
    mixed_fleet
        The n-th published route belongs to the n-th vehicle, so that empty routes count too.
    start
        An order of visits that the file gives to start from.
    rates
        By vehicle, where a plan's cost in the file's own terms is to be told from its hours and
        kilometres: the search only came near it.
    notes
        What a reader ought to know: parts of the file that the vocabulary says in another way.
    """

    problem: Problem
    name: str
    kind: str
    scale: int = 1
    cost_divisor: int = 1
    cost_decimals: int | None = None
    vehicle_cost: int = 0
    numbers: Mapping[int, Step] = field(default_factory=dict)
    mixed_fleet: bool = False
    start: tuple[Tour, ...] = ()
    rates: Mapping[str, Rates] = field(default_factory=dict)
    notes: tuple[Finding, ...] = ()

    def published_cost(self, total: int, vehicles: int = 0) -> Decimal:
        """Return a plan's total cost, with so many vehicles used, as publications state it."""
        cost = Decimal(total - vehicles * self.vehicle_cost) / Decimal(self.cost_divisor)
        return cost if self.cost_decimals is None else round(cost, self.cost_decimals)

    def straight_metres(self, plan: Plan) -> float:
        """Return the length of a plan in the file's own unit, in doubles, from the coordinates."""
        places = self.problem.places
        jobs = {job.id: job for job in self.problem.jobs}
        shipments = {shipment.id: shipment for shipment in self.problem.shipments}
        vehicles = {vehicle.id: vehicle for vehicle in self.problem.vehicles}
        length = 0.0
        for route in plan.routes:
            vehicle = vehicles[route.vehicle]
            reloads = {reload.id: reload for reload in vehicle.reloads}
            rows = [vehicle.start]
            for step in route.tour.steps:
                if step.kind is StopKind.JOB:
                    rows.append(jobs[step.id].place)
                elif step.kind is StopKind.PICKUP:
                    rows.append(shipments[step.id].pickup.place)
                elif step.kind is StopKind.DELIVERY:
                    rows.append(shipments[step.id].delivery.place)
                else:
                    rows.append(reloads[step.id].place)
            rows.append(vehicle.end)
            spots = [places[row] for row in rows if row is not None]
            length += sum(math.hypot(a.x - b.x, a.y - b.y) for a, b in pairwise(spots))
        return length
