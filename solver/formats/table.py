"""Tables of numbers, as Solomon's and Li & Lim's files hold, and how their doubles become whole."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from geo.types import PlanarTravel
from solver.errors import Finding
from solver.model import TimeWindow, Vehicle

SCALE = 1000
"""
Metres and seconds for one unit of the file. Distances are rounded up: a plan that keeps every
window here keeps it in doubles too, and each leg is stated at most 0.001 too long.
"""

LARGEST = 10**9
MOST_ROWS = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Customer:
    """One row: numbers as in the file, times in units of the file."""

    line: int
    number: int
    x: float
    y: float
    demand: int
    ready: float
    due: float
    service: float
    pickup: int = 0
    delivery: int = 0

    @property
    def window(self) -> TimeWindow:
        """When service may begin, in scaled seconds, never wider than in the file."""
        return TimeWindow(start=math.ceil(self.ready * SCALE), end=math.floor(self.due * SCALE))

    @property
    def service_seconds(self) -> int:
        """The service time in scaled seconds."""
        return math.ceil(self.service * SCALE)


@dataclass(slots=True)
class Table:
    """The rows that could be read, and what was wrong with the others."""

    customers: list[Customer] = field(default_factory=list)
    found: list[Finding] = field(default_factory=list)
    rows: int = 0

    def add(self, line: int, what: str, remedy: str = "") -> None:
        """Note something wrong in a line."""
        self.found.append(Finding(where=f"line {line}", what=what, remedy=remedy))

    def numbers(self, line: int, text: str, width: int) -> list[float] | None:
        """Return a line's numbers, None (and a finding) when there are not `width` of them."""
        words = text.split()
        try:
            values = [float(word) for word in words]
        except ValueError:
            self.add(line, f"{text.strip()[:40]!r} is not a row of numbers", "give numbers only")
            return None
        if len(values) != width:
            self.add(line, f"has {len(values)} numbers", f"give {width}; the file may be cut off")
            return None
        if not all(math.isfinite(value) and abs(value) < LARGEST for value in values):
            self.add(line, "has a number that is too large", "give numbers below 10^9")
            return None
        return values

    def row(self, line: int, text: str, width: int) -> None:
        """Read one customer; a row that cannot be read still counts."""
        expected, self.rows = self.rows, self.rows + 1
        values = self.numbers(line, text, width)
        if values is None:
            return
        number, x, y, demand, ready, due, service, *pair = values
        whole = [number, demand, *pair]
        if any(value != int(value) for value in whole):
            self.add(line, "has a fraction where a number or load stands", "give whole numbers")
        elif int(number) != expected:
            self.add(line, f"is number {number:g}, expected {expected}", "count 0, 1, ...")
        elif due < ready or service < 0:
            self.add(line, "the window ends before it starts, or service is below 0", "mend it")
        else:
            pickup, delivery = (int(value) for value in pair) if pair else (0, 0)
            self.customers.append(
                Customer(
                    line=line,
                    number=int(number),
                    x=x,
                    y=y,
                    demand=int(demand),
                    ready=ready,
                    due=due,
                    service=service,
                    pickup=pickup,
                    delivery=delivery,
                )
            )

    def fleet(self, line: int, count: float, capacity: float) -> None:
        """Check the number of vehicles and their capacity."""
        if count != int(count) or not 1 <= count <= MOST_ROWS:
            self.add(line, f"the fleet has {count:g} vehicles", "give a whole number from 1")
        if capacity != int(capacity) or capacity < 0:
            self.add(line, f"the capacity is {capacity:g}", "give a whole number of units")


def travel(customers: Sequence[Customer]) -> PlanarTravel:
    """Return straight-line travel, rounded up to thousandths of a unit."""
    return PlanarTravel(
        x=np.array([customer.x for customer in customers]),
        y=np.array([customer.y for customer in customers]),
        scale=float(SCALE),
        rounding="up",
    )


def vehicle_cost(customers: Sequence[Customer]) -> int:
    """
    Return what a vehicle must cost so that fewer vehicles always come first.

    No plan that is worth anything is longer than a trip out and back for every customer, by the
    triangle inequality; one vehicle costs more than that.
    """
    depot = customers[0]
    out = sum(math.dist((depot.x, depot.y), (c.x, c.y)) for c in customers[1:])
    return 2 * SCALE * (math.ceil(out) + len(customers)) + 1


def fleet(customers: Sequence[Customer], count: int, capacity: int) -> tuple[Vehicle, ...]:
    """Return equal vehicles at customer 0, numbered from 1, each worth more than any distance."""
    cost = vehicle_cost(customers)
    return tuple(
        Vehicle(
            id=str(number),
            shift=customers[0].window,
            start=0,
            end=0,
            capacity=(capacity,),
            fixed_cost=cost,
            cost_per_metre=1,
        )
        for number in range(1, count + 1)
    )
