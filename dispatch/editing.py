"""
A plan changed by hand: orders moved or left out, a round reversed, something locked.

    table     a plan version as it is worked on: every round with what it costs by itself
    sketch    the rounds after some changes; only those that were touched are timed and judged
    preview   what the changes make of the day, exact and at once, because every cost belongs to one
              round or to one order that is left out
    edited    the whole plan after them, judged as a whole, with reasons for all that it leaves out

Nothing is refused because it breaks a rule: the dispatcher sees it before letting go, and
publishing asks for a name behind each. What is locked is refused.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch import explaining
from dispatch.errors import RefusedError, UnknownError
from dispatch.locking import (
    Lock,
    LockKind,
    is_visit,
    require_kept,
    require_lockable,
)
from dispatch.model import DayPlan, LeftOut, Linehaul
from solver.checker import check
from solver.evaluation import Evaluator, Verdict
from solver.model import (
    Cost,
    Job,
    Plan,
    Route,
    RouteReport,
    Shipment,
    Step,
    StopKind,
    Tour,
    Violation,
    ViolationCode,
)

_ALL_PAIRS = 15
"""Up to so many stops every pair of places is tried for the two ends of a transfer."""

Steps = tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Edit:
    """
    Orders go to a courier, to a place of a round, or out of the plan.

    Parameters
    ----------
    order, more
        Its id, and those that go with it: with a position they become one block, in this order.
    to
        The courier who is to do it; "" = nobody, it is left out.
    position
        How many visits of that courier come before it (breaks do not count, returns to the office
        do), the moved ones not counted; None = where each costs least. A transfer's delivery then
        comes where it costs least.
    """

    order: str
    more: tuple[str, ...] = ()
    to: str = ""
    position: int | None = None

    @property
    def orders(self) -> tuple[str, ...]:
        """All orders that move, each once."""
        return tuple(dict.fromkeys((self.order, *self.more)))


@dataclass(frozen=True, slots=True, kw_only=True)
class Reverse:
    """
    A courier's visits the other way round, from the first of two orders to the last, both included.

    Empty ends mean the whole round. Each trip is reversed by itself: goods of the afternoon cannot
    be brought in the morning.
    """

    courier: str
    first: str = ""
    last: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class SetLock:
    """Something is locked, or no longer."""

    lock: Lock
    on: bool = True


Change = Edit | Reverse | SetLock


@dataclass(frozen=True, slots=True, kw_only=True)
class Touched:
    """One round that changes; None where there was, or will be, none."""

    courier: str
    before: Route | None
    after: Route | None
    report_before: RouteReport | None
    report: RouteReport | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """
    What changes would make of a plan; nothing is stored.

    Parameters
    ----------
    before, after
        Cost of all couriers by component, thousandths of a đồng; trucks stay as they are.
    broken, mended
        Rules that are broken after and were not before (or by less), and the other way round.
    dropped, taken
        Orders that are left out only after, and those that were only before.
    """

    routes: tuple[Touched, ...]
    before: Cost
    after: Cost
    broken: tuple[Violation, ...]
    mended: tuple[Violation, ...]
    dropped: tuple[str, ...]
    taken: tuple[str, ...]
    locks: tuple[Lock, ...]


class EditTable:
    """
    A plan version as people work on it; it is kept in memory while they do.

    Parameters
    ----------
    locks
        What of it must stay.
    evaluator
        Of the same problem, with the rounds that it has judged; None makes a new one.
    """

    def __init__(
        self, plan: DayPlan, locks: Sequence[Lock] = (), *, evaluator: Evaluator | None = None
    ) -> None:
        self.plan = plan
        self.locks = tuple(locks)
        problem = plan.problem
        self.tours: dict[str, Steps] = {
            route.vehicle: route.tour.steps for route in plan.result.plan.routes
        }
        self.vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
        self.shipments = {shipment.id: shipment for shipment in problem.shipments}
        self.tasks: dict[str, Job | Shipment] = {job.id: job for job in problem.jobs}
        self.tasks.update(self.shipments)
        self.evaluator = evaluator or Evaluator(problem)
        self.routes = {route.vehicle: route for route in plan.result.plan.routes}
        self.reports = {report.vehicle: report for report in plan.result.report.routes}
        self.ordered = frozenset(order.id for order in plan.day.orders)
        self.unassigned = frozenset(plan.result.plan.unassigned)

    def sketch(self, changes: Iterable[Change] = ()) -> Sketch:
        """
        Return the rounds after changes, made one after another.

        Raises
        ------
        UnknownError
            The plan has no such order or courier.
        RefusedError
            A position is beyond the end of the round, an order has no place to drive to, or what
            would change is locked.
        """
        made = Sketch(self)
        for change in changes:
            made.do(change)
        return made


class Sketch:
    """The rounds of a plan after some changes."""

    def __init__(self, table: EditTable) -> None:
        self.table = table
        self.tours: dict[str, Steps] = dict(table.tours)
        self.locks = table.locks

    def do(self, change: Change) -> None:
        """Make one change more; raises as `EditTable.sketch`."""
        before = dict(self.tours)
        if isinstance(change, SetLock):
            self._lock(change)
        elif isinstance(change, Reverse):
            self._reverse(change)
        else:
            self._move(change)
        require_kept(self.locks, before, self.tours)

    def where(self) -> dict[str, str]:
        """Return the courier of each order that is in a round."""
        return {
            step.id: courier
            for courier, steps in self.tours.items()
            for step in steps
            if is_visit(step)
        }

    def touched(self) -> list[str]:
        """Return the couriers whose round has changed."""
        names = dict.fromkeys([*self.table.tours, *self.tours])
        return [name for name in names if self._steps(name) != _real(self.table.tours.get(name))]

    def verdict(self, courier: str) -> Verdict | None:
        """Return a round as it is now, timed and judged; None where there is none."""
        steps = self._steps(courier)
        return self.table.evaluator.verdict(Tour(vehicle=courier, steps=steps)) if steps else None

    # ---- changes --------------------------------------------------------------------------------

    def _move(self, edit: Edit) -> None:
        for order in edit.orders:
            self._require(order)
        if edit.to:
            self._require_courier(edit.to)
        moving = frozenset(edit.orders)
        for name, steps in self.tours.items():
            if any(step.id in moving for step in steps):
                self.tours[name] = tuple(s for s in steps if not (is_visit(s) and s.id in moving))
        if not edit.to:
            return
        steps = self.tours.get(edit.to, ())
        at = edit.position
        if at is not None and not 0 <= at <= len(steps):
            raise RefusedError("position", position=at, courier=edit.to, most=len(steps))
        for order in edit.orders:
            steps, last = self._placed(edit.to, steps, order, at)
            at = None if at is None else last
        self.tours[edit.to] = steps

    def _placed(
        self, courier: str, steps: Steps, order: str, position: int | None
    ) -> tuple[Steps, int]:
        """Return the round with an order in it, and the position behind it."""
        shipment = self.table.shipments.get(order)
        if shipment is None:
            step = Step(kind=StopKind.JOB, id=order)
            if position is not None:
                return (*steps[:position], step, *steps[position:]), position + 1
            choices: Iterable[Steps] = (
                (*steps[:at], step, *steps[at:]) for at in range(len(steps) + 1)
            )
            return self._best(courier, choices), 0
        pickup = Step(kind=StopKind.PICKUP, id=order)
        delivery = Step(kind=StopKind.DELIVERY, id=order)
        if position is None:
            if len(steps) <= _ALL_PAIRS:
                pairs = (
                    choice
                    for at in range(len(steps) + 1)
                    for choice in _ended(steps, at, pickup, delivery)
                )
                return self._best(courier, pairs), 0
            nearby = ((*steps[:at], pickup, delivery, *steps[at:]) for at in range(len(steps) + 1))
            position = self._best(courier, nearby).index(pickup)
        made = self._best(courier, _ended(steps, position, pickup, delivery))
        return made, made.index(pickup) + 1

    def _best(self, courier: str, choices: Iterable[Steps]) -> Steps:
        def rank(steps: Steps) -> tuple[int, int, int]:
            verdict = self.table.evaluator.verdict(Tour(vehicle=courier, steps=steps))
            return len(verdict.violations), verdict.amount, verdict.cost

        return min(choices, key=rank)

    def _reverse(self, change: Reverse) -> None:
        self._require_courier(change.courier)
        steps = self.tours.get(change.courier, ())
        ends = []
        for name, usual in ((change.first, 0), (change.last, len(steps) - 1)):
            at = [number for number, step in enumerate(steps) if step.id == name]
            if name and not at:
                raise RefusedError("not_in_round", order=name, courier=change.courier)
            ends.append(at[0] if at else usual)
        low, high = min(ends), max(ends)
        made: list[Step] = list(steps[:low])
        trip: list[Step] = []
        for step in steps[low : high + 1]:
            if is_visit(step):
                trip.append(step)
            else:
                made += [*reversed(trip), step]
                trip = []
        turned = (*made, *reversed(trip), *steps[high + 1 :])
        self.tours[change.courier] = _fetched_first(turned)

    def _lock(self, change: SetLock) -> None:
        lock = change.lock
        self._require_courier(lock.courier)
        if lock.kind is LockKind.ROUTE:
            lock = replace(lock, order="")
        rest = tuple(one for one in self.locks if one != lock)
        if change.on:
            require_lockable(lock, self.tours)
            rest = (*rest, lock)
        self.locks = rest

    # ---- what became of it ----------------------------------------------------------------------

    def preview(self) -> Preview:
        """Return what the changes make of the day, by the checker, round by round."""
        table = self.table
        touched = self.touched()
        names = self._concerned(touched)
        before, after = Cost(), Cost()
        routes = []
        now: list[Violation] = []
        for courier in touched:
            old, verdict = table.reports.get(courier), self.verdict(courier)
            before = before + (old.cost if old is not None else Cost())
            if verdict is not None:
                after = after + verdict.report.cost
                now += verdict.violations
            elif table.vehicles[courier].locked:
                now.append(
                    Violation(
                        code=ViolationCode.LOCKED_ORDER_BROKEN,
                        amount=len(table.vehicles[courier].locked),
                        vehicle=courier,
                    )
                )
            routes.append(
                Touched(
                    courier=courier,
                    before=table.routes.get(courier),
                    after=None if verdict is None else verdict.route,
                    report_before=old,
                    report=None if verdict is None else verdict.report,
                )
            )
        inside = self.where()
        dropped = [name for name in names if name not in inside and name not in table.unassigned]
        taken = [name for name in names if name in inside and name in table.unassigned]
        now += [
            Violation(code=ViolationCode.REQUIRED_UNASSIGNED, amount=1, id=name)
            for name in names
            if name not in inside and table.tasks[name].skip_cost is None
        ]
        fleet = set(touched)
        was = [
            one
            for one in table.plan.result.report.violations
            if (one.vehicle in fleet) or (not one.vehicle and one.id in names)
        ]
        whole = table.plan.result.report.cost
        change = Cost(skipped=self._price(dropped) - self._price(taken))
        return Preview(
            routes=tuple(routes),
            before=whole,
            after=_difference(whole + after + change, before),
            broken=_more(now, was),
            mended=_more(was, now),
            dropped=tuple(dropped),
            taken=tuple(taken),
            locks=self.locks,
        )

    def planned(self) -> DayPlan:
        """Return the whole plan after the changes; rounds that nobody touched stay as they are."""
        table = self.table
        plan = table.plan
        judged = {courier: self.verdict(courier) for courier in self.touched()}
        kept = {route.vehicle: route for route in plan.result.plan.routes}
        routes = []
        for courier in dict.fromkeys([*kept, *judged]):
            verdict = judged.get(courier)
            if courier not in judged:
                routes.append(kept[courier])
            elif verdict is not None:
                routes.append(verdict.route)
        inside = self.where()
        made = Plan(
            routes=tuple(routes),
            unassigned=tuple(name for name in table.tasks if name not in inside),
        )
        report = check(plan.problem, made)
        result = replace(plan.result, plan=made, report=report, history=(), stopped=False)
        return replace(
            plan,
            result=result,
            left_out=self._left_out(made),
            linehaul=priced(plan, report.cost),
        )

    def _left_out(self, made: Plan) -> tuple[LeftOut, ...]:
        plan = self.table.plan
        kept = tuple(left for left in plan.left_out if left.order not in self.table.tasks)
        orders = plan.located.values()
        return (*kept, *explaining.unassigned(plan.problem, made, plan.day, orders))

    def _concerned(self, touched: Sequence[str]) -> dict[str, None]:
        """Return the orders of the touched rounds, before and after, and what came or went."""
        found: dict[str, None] = {}
        for courier in touched:
            for steps in (self.table.tours.get(courier, ()), self.tours.get(courier, ())):
                found.update((step.id, None) for step in steps if is_visit(step))
        return found

    def _price(self, names: Iterable[str]) -> int:
        return sum(self.table.tasks[name].skip_cost or 0 for name in names)

    def _steps(self, courier: str) -> Steps:
        return _real(self.tours.get(courier))

    def _require(self, order: str) -> None:
        if order not in self.table.tasks:
            if order in self.table.ordered:
                raise RefusedError("not_in_plan", order=order)
            raise UnknownError("unknown", what="order", id=order)

    def _require_courier(self, courier: str) -> None:
        if courier not in self.table.vehicles:
            raise UnknownError("unknown", what="courier", id=courier)


def edited(plan: DayPlan, changes: Iterable[Change]) -> DayPlan:
    """Return the plan after the changes; trucks stay as they are. Raises as `EditTable.sketch`."""
    return EditTable(plan).sketch(changes).planned()


def priced(plan: DayPlan, cost: Cost) -> Linehaul | None:
    """Return a plan's trucks with what the day costs when the couriers cost this."""
    line = plan.linehaul
    if line is None:
        return None
    before = plan.result.report.cost.skipped
    return replace(
        line,
        cost=replace(
            line.cost,
            couriers=cost.total - cost.skipped,
            carried_over=line.cost.carried_over - before + cost.skipped,
        ),
    )


def _real(steps: Steps | None) -> Steps:
    """Return a round; one that consists of returns to the office alone is none."""
    return steps if steps and any(is_visit(step) for step in steps) else ()


def _difference(one: Cost, other: Cost) -> Cost:
    return Cost(
        fixed=one.fixed - other.fixed,
        distance=one.distance - other.distance,
        duty=one.duty - other.duty,
        overtime=one.overtime - other.overtime,
        lateness=one.lateness - other.lateness,
        unfamiliar=one.unfamiliar - other.unfamiliar,
        skipped=one.skipped - other.skipped,
    )


def _more(now: Sequence[Violation], was: Sequence[Violation]) -> tuple[Violation, ...]:
    """Return what is broken now and was not, or by less."""

    def sums(found: Iterable[Violation]) -> Mapping[tuple[str, str, str, str], int]:
        total: Counter[tuple[str, str, str, str]] = Counter()
        for one in found:
            total[_place(one)] += one.amount
        return total

    before, after = sums(was), sums(now)
    return tuple(one for one in now if after[_place(one)] > before.get(_place(one), 0))


def _place(one: Violation) -> tuple[str, str, str, str]:
    return one.code.value, one.vehicle, one.id, one.dimension


def _fetched_first(steps: Steps) -> Steps:
    """Return a round in which every transfer is fetched before it is brought."""
    made: list[Step] = []
    seen: set[str] = set()
    for step in steps:
        if step.kind in (StopKind.PICKUP, StopKind.DELIVERY):
            kind = StopKind.DELIVERY if step.id in seen else StopKind.PICKUP
            # Where only one end is in the round, such as what is on board already, it stays one.
            both = sum(other.id == step.id for other in steps) == 2
            made.append(replace(step, kind=kind) if both else step)
            seen.add(step.id)
        else:
            made.append(step)
    return tuple(made)


def _ended(steps: Steps, at: int, pickup: Step, delivery: Step) -> Iterator[Steps]:
    for end in range(at, len(steps) + 1):
        yield (*steps[:at], pickup, *steps[at:end], delivery, *steps[end:])
