"""
Solutions in the VRPLIB form: one line for each route, then the cost.

    Route #1: 12 7 0 3
    Route #2:
    Cost: 4711

Numbers are the customers' own; a depot's number inside a route is a reload there. In a mixed fleet
the n-th route belongs to the n-th vehicle, and empty routes are written out to keep that count.
"""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import Decimal, InvalidOperation

from solver.errors import Finding, FormatError
from solver.formats.instance import Instance
from solver.model import Plan, Step, StopKind, Tour

_ROUTE = re.compile(r"^\s*Route\s*#?\s*(\d+)\s*:?(.*)$", re.IGNORECASE)
_COST = re.compile(r"^\s*Cost\s*:?\s*(\S+)\s*$", re.IGNORECASE)
_REMARK = re.compile(r"^\s*[A-Za-z][\w .&-]*\s*:?.*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Solution:
    """Tours as a file states them, and the cost that it claims, None where it claims none."""

    tours: tuple[Tour, ...]
    cost: Decimal | None = None


def read(text: str, instance: Instance) -> Solution:
    """
    Read a solution of an instance.

    Raises
    ------
    FormatError
        A line is not understood, a number is unknown, or there are more routes than vehicles.
    """
    found: list[Finding] = []
    routes: list[tuple[int, int, list[Step]]] = []
    cost: Decimal | None = None
    for line, raw in enumerate(text.splitlines(), start=1):
        route, stated = _ROUTE.match(raw), _COST.match(raw)
        if route:
            steps = _steps(route[2], line, instance, found)
            routes.append((line, int(route[1]), steps))
        elif stated:
            try:
                cost = Decimal(stated[1])
            except InvalidOperation:
                found.append(Finding(where=f"line {line}", what=f"cost {stated[1]!r}"))
        elif raw.strip() and not _REMARK.match(raw):
            found.append(
                Finding(
                    where=f"line {line}",
                    what=f"{raw.strip()[:40]!r} is neither a route nor the cost",
                    remedy="write Route #1: 12 7 3",
                )
            )
    tours = _tours(routes, instance, found)
    if not routes:
        found.append(Finding(where="text", what="has no route", remedy="write Route #1: 12 7 3"))
    if found:
        raise FormatError(f"the solution of {instance.name!r} cannot be read:", found)
    return Solution(tours=tours, cost=cost)


def write(plan: Plan, instance: Instance, cost: int) -> str:
    """
    Write a plan in the numbers of its instance.

    Parameters
    ----------
    cost
        The plan's total, as the checker states it.

    Raises
    ------
    FormatError
        The instance comes from a format whose jobs have no numbers.
    """
    numbers = {step: number for number, step in instance.numbers.items()}
    lines = {}
    for route in plan.routes:
        steps = route.tour.steps
        unknown = [step.id for step in steps if step not in numbers]
        if unknown:
            raise FormatError(
                "the plan cannot be written as a VRPLIB solution:",
                [
                    Finding(
                        where=f"job {name!r}", what="has no number", remedy="write JSON instead"
                    )
                    for name in unknown
                ],
            )
        lines[route.vehicle] = " ".join(str(numbers[step]) for step in steps)
    if instance.mixed_fleet:
        rows = [lines.get(vehicle.id, "") for vehicle in instance.problem.vehicles]
    else:
        rows = list(lines.values())
    text = [f"Route #{number}: {row}".rstrip() for number, row in enumerate(rows, start=1)]
    used = sum(bool(row) for row in rows)
    return "\n".join([*text, f"Cost: {_plain(instance.published_cost(cost, used))}", ""])


def _plain(cost: Decimal) -> str:
    return f"{cost.normalize():f}"


def _steps(words: str, line: int, instance: Instance, found: list[Finding]) -> list[Step]:
    steps = []
    for word in words.split():
        step = instance.numbers.get(int(word)) if word.isdecimal() else None
        if step is None:
            found.append(
                Finding(
                    where=f"line {line}",
                    what=f"{word!r} is no number of {instance.name!r}",
                    remedy="check that the solution belongs to this instance",
                )
            )
        else:
            steps.append(step)
    return steps


def _tours(
    routes: Iterable[tuple[int, int, list[Step]]], instance: Instance, found: list[Finding]
) -> tuple[Tour, ...]:
    vehicles = instance.problem.vehicles
    tours: list[Tour] = []
    used: set[int] = set()
    for line, number, steps in routes:
        if not any(step.kind is not StopKind.RELOAD for step in steps):
            continue
        position = number - 1 if instance.mixed_fleet else len(tours)
        if not 0 <= position < len(vehicles) or position in used:
            found.append(
                Finding(
                    where=f"line {line}",
                    what=f"there is no vehicle for route {number}: the fleet has {len(vehicles)}",
                    remedy="check that the solution belongs to this instance",
                )
            )
            continue
        used.add(position)
        tours.append(Tour(vehicle=vehicles[position].id, steps=tuple(steps)))
    return tuple(tours)
