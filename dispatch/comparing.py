"""Two plans of a day side by side: what each order's way changes, and what all of it is worth."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, fields

from dispatch.model import DayPlan
from solver.evaluation import Evaluator
from solver.model import Cost, StopKind, Tour


@dataclass(frozen=True, slots=True, kw_only=True)
class Spot:
    """Where a plan has an order: by whom, as which visit (from 1), when it begins; seconds."""

    courier: str
    number: int
    begin: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Move:
    """
    An order that two plans do differently; None = left out. For a transfer, its pickup.

    Parameters
    ----------
    worth
        What the order costs in the second plan less what it costs in the first: with it and without
        it, its round judged both times; left out, its price of waiting. Thousandths of a đồng; None
        where its courier has not changed, or a plan does not know it.
    """

    order: str
    before: Spot | None
    after: Spot | None
    worth: int | None = None

    @property
    def minutes(self) -> int | None:
        """How much later it is done, whole minutes; None where one plan leaves it out."""
        if self.before is None or self.after is None:
            return None
        return round((self.after.begin - self.before.begin) / 60)


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """A plan in figures: cost in thousandths of a đồng, trucks and waiting in `total` only."""

    cost: Mapping[str, int]
    metres: int
    duty_seconds: int
    stops: int
    couriers: int
    left_out: int
    violations: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RoundChange:
    """What of one courier's round changes, second less first; `moved` came to it or left it."""

    courier: str
    cost: int
    metres: int
    duty_seconds: int
    stops: int
    moved: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """
    What the second plan changes.

    Parameters
    ----------
    first, second
        Both in figures.
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
    first: Totals
    second: Totals
    rounds: tuple[RoundChange, ...]


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
    worth = _worths(first), _worths(second)
    moves = []
    untouched = 0
    for name in dict.fromkeys([*one, *two]):
        before, after = one.get(name), two.get(name)
        if before is not None and after is not None and _same(before, after):
            untouched += 1
        else:
            there = _courier(before) != _courier(after)
            prices = [price(name) for price in worth] if there else [None]
            known = [price for price in prices if price is not None]
            moves.append(
                Move(
                    order=name,
                    before=before,
                    after=after,
                    worth=known[1] - known[0] if len(known) > 1 else None,
                )
            )
    moves.sort(key=lambda move: (_courier(move.before) == _courier(move.after), move.order))
    totals = totals_of(first), totals_of(second)
    return Comparison(
        cost={name: totals[1].cost[name] - cost for name, cost in totals[0].cost.items()},
        metres=totals[1].metres - totals[0].metres,
        violations=totals[1].violations - totals[0].violations,
        moves=tuple(moves),
        untouched=untouched,
        first=totals[0],
        second=totals[1],
        rounds=_rounds(first, second, moves),
    )


def totals_of(plan: DayPlan) -> Totals:
    """Return a plan in figures."""
    report = plan.result.report
    return Totals(
        cost={
            "total": total_cost(plan),
            **{field.name: getattr(report.cost, field.name) for field in fields(Cost)},
        },
        metres=total_metres(plan),
        duty_seconds=report.duty_seconds,
        stops=report.stops,
        couriers=len(report.routes),
        left_out=len(plan.left_out),
        violations=total_violations(plan),
    )


def _rounds(first: DayPlan, second: DayPlan, moves: list[Move]) -> tuple[RoundChange, ...]:
    """Return what changes by courier, the largest difference of cost first."""
    before = {report.vehicle: report for report in first.result.report.routes}
    after = {report.vehicle: report for report in second.result.report.routes}
    moved: dict[str, int] = {}
    for move in moves:
        ends = {_courier(move.before), _courier(move.after)}
        if len(ends) > 1:
            for courier in ends:
                moved[courier] = moved.get(courier, 0) + 1
    found = []
    for name in dict.fromkeys([*before, *after]):
        one, two = before.get(name), after.get(name)
        if one == two and not moved.get(name):
            continue
        found.append(
            RoundChange(
                courier=name,
                cost=(two.cost.total if two else 0) - (one.cost.total if one else 0),
                metres=(two.metres if two else 0) - (one.metres if one else 0),
                duty_seconds=(two.duty_seconds if two else 0) - (one.duty_seconds if one else 0),
                stops=(two.stops if two else 0) - (one.stops if one else 0),
                moved=moved.get(name, 0),
            )
        )
    return tuple(sorted(found, key=lambda one: (-abs(one.cost), one.courier)))


def _worths(plan: DayPlan) -> Callable[[str], int | None]:
    """Return what tells how much an order costs in a plan; None for one that it does not know."""
    problem = plan.problem
    tasks = {job.id: job.skip_cost for job in problem.jobs}
    tasks.update({shipment.id: shipment.skip_cost for shipment in problem.shipments})
    tours = {route.vehicle: route.tour for route in plan.result.plan.routes}
    owner = {step.id: name for name, tour in tours.items() for step in tour.steps}
    costs = {report.vehicle: report.cost.total for report in plan.result.report.routes}
    evaluator = Evaluator(problem)

    def worth(order: str) -> int | None:
        courier = owner.get(order)
        if courier is None:
            return tasks.get(order)
        rest = tuple(step for step in tours[courier].steps if step.id != order)
        if all(step.kind is StopKind.RELOAD for step in rest):
            return costs[courier]
        return costs[courier] - evaluator.verdict(Tour(vehicle=courier, steps=rest)).cost

    return worth


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
