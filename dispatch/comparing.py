"""Two plans of a day side by side: what each order's way changes, and what all of it is worth."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, fields

from dispatch.model import DayPlan
from solver.model import Cost, StopKind


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a plan has an order: by whom, as which visit (from 1), when it begins; seconds."""

    courier: str
    number: int
    begin: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """An order that two plans do differently; None = left out. For a transfer, its pickup."""

    order: str
    before: Spot | None
    after: Spot | None

    @property
    def minutes(self) -> int | None:
        """How much later it is done, whole minutes; None where one plan leaves it out."""
        if self.before is None or self.after is None:
            return None
        return round((self.after.begin - self.before.begin) / 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    What the second plan changes.

    Parameters
    ----------
    cost
        Total and by component, second less first, thousandths of a đồng.
    moves
        Orders with another courier, place in the round, or begin; those that changed courier, or
        came or went, first.
    untouched
        How many orders are done by the same courier, in the same place of the round, at the same
        minute.
    """

    cost: Mapping[str, int]
    metres: int
    violations: int
    moves: tuple[Move, ...]
    untouched: int


def total_cost(plan: DayPlan) -> int:
    """Return what a day costs by the checker, trucks and waiting included."""
    line = plan.linehaul
    return plan.result.report.cost.total if line is None else line.cost.total


def total_violations(plan: DayPlan) -> int:
    """Return how many rules a plan breaks, those of the trucks included."""
    line = plan.linehaul
    trucks = () if line is None else line.result.report.violations
    return len(plan.result.report.violations) + len(trucks)


def compare(first: DayPlan, second: DayPlan) -> Comparison:
    """Return what the second plan changes."""
    one, two = spots(first), spots(second)
    moves = []
    untouched = 0
    for name in dict.fromkeys([*one, *two]):
        before, after = one.get(name), two.get(name)
        if before is not None and after is not None and _same(before, after):
            untouched += 1
        else:
            moves.append(Move(order=name, before=before, after=after))
    moves.sort(key=lambda move: (_courier(move.before) == _courier(move.after), move.order))
    costs = first.result.report.cost, second.result.report.cost
    return Comparison(
        cost={
            "total": total_cost(second) - total_cost(first),
            **{
                field.name: getattr(costs[1], field.name) - getattr(costs[0], field.name)
                for field in fields(Cost)
            },
        },
        metres=total_metres(second) - total_metres(first),
        violations=total_violations(second) - total_violations(first),
        moves=tuple(moves),
        untouched=untouched,
    )


def total_metres(plan: DayPlan) -> int:
    """Return the distance of all routes, the trucks' included."""
    line = plan.linehaul
    return plan.result.report.metres + (0 if line is None else line.result.report.metres)


def spots(plan: DayPlan) -> dict[str, Spot]:
    """Return where a plan has each order that it does."""
    found: dict[str, Spot] = {}
    for route in plan.result.plan.routes:
        number = 0
        for stop in route.stops:
            if stop.kind in (StopKind.BREAK, StopKind.RELOAD):
                continue
            number += 1
            if stop.id not in found:
                found[stop.id] = Spot(courier=route.vehicle, number=number, begin=stop.begin)
    return found


def _same(before: Spot, after: Spot) -> bool:
    return (before.courier, before.number, before.begin // 60) == (
        after.courier,
        after.number,
        after.begin // 60,
    )


def _courier(spot: Spot | None) -> str:
    return "" if spot is None else spot.courier
