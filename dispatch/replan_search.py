"""The search for a new rest of the day, at a price for every changed stop; see `replanning`."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch.changes import count_changed, in_order
from solver.components import Part, split
from solver.evaluation import Evaluator, Score
from solver.insertion import Order, Orders, orders_of, tours_of
from solver.model import Job, Problem, Progress, Shipment, Step, StopKind, Tour, Vehicle
from solver.pipeline import solve
from solver.residual import ANCHOR, Residual
from solver.schedule import schedule

_HOME = "home of "

_TOLD_EVERY = 0.5
"""Seconds of a part's search between two better plans that are told."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Pricing:
    """What a changed stop must be worth, thousandths of a đồng, and how many may change at most."""

    price: int
    limit: int | None = None


def visit_steps(orders: Mapping[str, Sequence[Step]]) -> dict[str, list[Step]]:
    """Return the steps at customers, without reloads and anchors."""
    return {
        name: [step for step in steps if not _reload(step) and not step.id.startswith(ANCHOR)]
        for name, steps in orders.items()
    }


def search(
    rest: Residual,
    inserted: Orders,
    pricing: Pricing,
    *,
    touched: frozenset[str] | None = None,
    seconds: float | None = 10.0,
    iterations: int | None = None,
    seed: int = 1,
    stop: Callable[[], bool] | None = None,
    begin: Orders | None = None,
    on_progress: Callable[[Progress], None] | None = None,
) -> Orders:
    """
    Return the best orders found for the rest of a day, `inserted` if nothing is better.

    Parameters
    ----------
    inserted
        Orders of visit to begin with.
    touched
        Orders and couriers that something has happened to: only the independent parts of the rest
        that hold one of them are searched. None, or no part: all.
    seconds, iterations
        Limits, the seconds for all rounds together.
    begin
        What an earlier search of the same rest had found, to go on from if it is better.
    on_progress
        Told each better plan of the whole rest with its tours, `inserted` first; its cost is
        money, without the price of change.
    """
    ask = _Search(rest, pricing, touched, seconds, iterations, seed, stop, on_progress)
    return ask.best(inserted, begin)


class _Search:
    """Plans the touched parts of the rest anew, at a price for every stop that changes."""

    def __init__(
        self,
        rest: Residual,
        pricing: Pricing,
        touched: frozenset[str] | None,
        seconds: float | None,
        iterations: int | None,
        seed: int,
        stop: Callable[[], bool] | None,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.rest = rest
        self.problem = rest.problem
        self.pricing = pricing
        self.touched = touched
        self.seconds = seconds
        self.iterations = iterations
        self.seed = seed
        self.stop = stop
        self.before = orders_of(rest.tours)
        self.evaluator = Evaluator(self.problem)
        self.on_progress = on_progress
        self.told: Score | None = None
        self.spent = 0.0
        self.done = 0

    def best(self, inserted: Orders, begin: Orders | None = None) -> Orders:
        candidates = [inserted]
        if begin is not None and not self._too_many(begin):
            candidates.append(begin)
        start = min(candidates, key=self._value)
        self._tell(start, 0.0, 0)
        shares = (1.0,) if self.pricing.limit is None else (0.6, 0.2, 0.2)
        price = self.pricing.price
        for share in shares:
            seconds = None if self.seconds is None else self.seconds * share
            found = self._put_back(self._searched(start, price, seconds))
            candidates.append(found)
            if not self._too_many(found):
                break
            price = max(price, 1) * 2
        allowed = [each for each in candidates if not self._too_many(each)]
        return min(allowed or [inserted], key=self._value)

    def _tell(self, orders: Orders, seconds: float, iterations: int) -> None:
        """Tell a plan of the whole rest that is better than all told before."""
        if self.on_progress is None:
            return
        tours = tours_of(orders)
        score = self.evaluator.score(tours)
        change = self.pricing.price * self._changed(orders)
        worth = score._replace(cost=score.cost + change)
        if self._too_many(orders) or (self.told is not None and worth >= self.told):
            return
        self.told = worth
        self.on_progress(
            Progress(
                seconds=self.spent + seconds,
                iterations=self.done + iterations,
                cost=score.cost,
                unassigned=len(self.evaluator.unassigned(tours)),
                vehicles=len(tours),
                tours=tours,
            )
        )

    def _too_many(self, orders: Orders) -> bool:
        return self.pricing.limit is not None and self._changed(orders) > self.pricing.limit

    def _changed(self, orders: Orders) -> int:
        return count_changed(visit_steps(self.before), visit_steps(orders))

    def _value(self, orders: Orders) -> Score:
        score = self.evaluator.score(tours_of(orders))
        split_up = len(self.rest.split_shipments(schedule(self.problem, tours_of(orders))))
        return Score(
            score.violations + split_up,
            score.amount + split_up,
            score.cost + self.pricing.price * self._changed(orders),
        )

    def _searched(self, begin: Orders, price: int, seconds: float | None) -> Orders:
        priced = _priced(self.problem, self.before, price)
        parts = [part for part in split(priced) if not part.idle and self._concerned(part)]
        parts = parts or [part for part in split(priced) if not part.idle]
        tasks = sum(part.tasks for part in parts)
        orders = dict(begin)
        for part in parts:
            crew = {vehicle.id for vehicle in part.problem.vehicles}
            own = part.tours_of(tours_of(begin))
            result = solve(
                part.problem,
                seconds=None if seconds is None else seconds * part.tasks / tasks,
                iterations=self.iterations,
                seed=self.seed,
                start=schedule(part.problem, own),
                stop=self.stop,
                on_progress=self._teller(orders, crew),
            )
            orders = _with(orders, crew, [route.tour for route in result.plan.routes])
            self.spent += result.seconds
            self.done += result.iterations
            self._tell(orders, 0.0, 0)
        return orders

    def _teller(self, orders: Orders, crew: set[str]) -> Callable[[Progress], None] | None:
        """Return what hears of one part's better plans and tells those of the whole."""
        if self.on_progress is None:
            return None
        last = -_TOLD_EVERY

        def tell(progress: Progress) -> None:
            nonlocal last
            if progress.tours is None or progress.seconds - last < _TOLD_EVERY:
                return
            last = progress.seconds
            self._tell(_with(orders, crew, progress.tours), progress.seconds, progress.iterations)

        return tell

    def _concerned(self, part: Part) -> bool:
        """Tell whether anything has happened in a part of the rest."""
        if self.touched is None:
            return True
        one = part.problem
        ids = {each.id for each in one.jobs} | {each.id for each in one.shipments}
        ids |= {each.id for each in one.vehicles}
        return not ids.isdisjoint(self.touched)

    def _put_back(self, orders: Orders) -> Orders:
        """
        Put changed stops back that are not worth the price, and then those beyond the limit.

        One pass after another, the cheapest to put back first, until every change that is left is
        worth it.
        """
        judge = Worth(self.problem, self.before, self.evaluator)
        known: dict[Step, _Back] = {}
        while True:
            priced: list[tuple[int, str, Step, Orders]] = []
            for step in judge.changed(orders):
                tried = known.get(step)
                if tried is None or not tried.holds(orders):
                    tried = known[step] = self._back(judge, orders, step)
                if tried.extra is not None and tried.fewer > 0:
                    priced.append((tried.extra // tried.fewer, step.id, step, tried.after))
            if not priced:
                return orders
            extra, _, _, after = min(priced, key=lambda each: each[:2])
            if extra >= self.pricing.price and not self._too_many(orders):
                return orders
            orders = {name: steps for name, steps in {**orders, **after}.items() if steps}

    def _back(self, judge: Worth, orders: Orders, step: Step) -> _Back:
        """Return what it comes to when one stop is put back where it was."""
        back = judge.back(orders, step)
        if back is None:
            return _Back(before={}, after={}, fewer=0, extra=None)
        names = [n for n in {**orders, **back} if orders.get(n, ()) is not back.get(n, ())]
        before = {name: orders.get(name, ()) for name in names}
        after = {name: back.get(name, ()) for name in names}
        old = visit_steps({name: self.before.get(name, ()) for name in names})
        fewer = count_changed(old, visit_steps(before)) - count_changed(old, visit_steps(after))
        extra = judge.dearer(orders, back) if fewer > 0 else None
        return _Back(before=before, after=after, fewer=fewer, extra=extra)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Back:
    """
    One stop put back.

    Parameters
    ----------
    before, after
        The steps of the couriers that it concerns; it stays true as long as theirs are the same.
    fewer
        How many stops fewer are then changed.
    extra
        What the plan then costs more, thousandths of a đồng; None where it breaks more rules.
    """

    before: Orders
    after: Orders
    fewer: int
    extra: int | None

    def holds(self, orders: Orders) -> bool:
        """Tell whether the couriers whom it concerns still have the same steps."""
        return bool(self.before) and all(
            orders.get(name, ()) is steps for name, steps in self.before.items()
        )


def _with(orders: Orders, crew: set[str], tours: Sequence[Tour]) -> Orders:
    """Return the orders with those of some couriers replaced."""
    kept = {name: steps for name, steps in orders.items() if name not in crew}
    return {**kept, **orders_of(tours)}


def _priced(problem: Problem, before: Orders, price: int) -> Problem:
    """Return the problem in which everybody but its courier pays a price for a stop."""
    owner = {
        step.id: name
        for name, steps in before.items()
        for step in steps
        if step.kind is not StopKind.RELOAD
    }
    areas = frozenset(job.area for job in problem.jobs if job.area)
    areas |= {v.area for each in problem.shipments for v in (each.pickup, each.delivery) if v.area}

    def known(vehicle: Vehicle) -> frozenset[str]:
        old = vehicle.known_areas if vehicle.unfamiliar_cost else areas
        return old | {_HOME + vehicle.id}

    return replace(
        problem,
        jobs=tuple(
            replace(job, area=_HOME + owner[job.id]) if job.id in owner else job
            for job in problem.jobs
        ),
        shipments=tuple(
            replace(each, delivery=replace(each.delivery, area=_HOME + owner[each.id]))
            if each.id in owner
            else each
            for each in problem.shipments
        ),
        vehicles=tuple(
            replace(
                vehicle,
                known_areas=known(vehicle),
                unfamiliar_cost=max(vehicle.unfamiliar_cost, price),
            )
            for vehicle in problem.vehicles
        ),
    )


class Worth:
    """Asks of single changes what they are worth, by undoing them."""

    def __init__(
        self, problem: Problem, before: Orders, evaluator: Evaluator | None = None
    ) -> None:
        self.problem = problem
        self.before = before
        self.evaluator = evaluator if evaluator is not None else Evaluator(problem)
        self.home = {
            step: name
            for name, steps in before.items()
            for step in steps
            if step.kind is not StopKind.RELOAD and not step.id.startswith(ANCHOR)
        }
        self.tasks: dict[str, Job | Shipment] = {job.id: job for job in problem.jobs}
        self.tasks.update({each.id: each for each in problem.shipments})

    def changed(self, orders: Orders) -> list[Step]:
        """Return the steps that are elsewhere than before."""
        plain, now = visit_steps(self.before), visit_steps(orders)
        found = []
        for name, steps in plain.items():
            stayed = in_order(steps, now.get(name, ()))
            found += [step for step in steps if step not in stayed]
        return found

    def back(self, orders: Orders, step: Step) -> Orders | None:
        """Return the orders with one task put back where it was, None if it has no such place."""
        home = self.home.get(step)
        if home is None:
            return None
        steps = [each for each in self.before[home] if each.id == step.id]
        result = {
            # A route without it stays the very same, which spares judging it again.
            name: tuple(each for each in each_steps if each.id != step.id or _reload(each))
            if any(each.id == step.id for each in each_steps)
            else each_steps
            for name, each_steps in orders.items()
        }
        route = list(result.get(home, ()))
        for one in steps:
            route.insert(self._where(route, home, one), one)
        result[home] = tuple(route)
        return {name: each for name, each in result.items() if each}

    def _where(self, route: Sequence[Step], home: str, step: Step) -> int:
        """Return the place right after the nearest step that lay before it and is still there."""
        old = self.before[home]
        for each in reversed(old[: old.index(step)]):
            if each in route:
                return route.index(each) + 1
        return 1 if route and route[0].id.startswith(ANCHOR) else 0

    def dearer(self, orders: Orders, other: Orders) -> int | None:
        """Return what the other orders cost more; None if they break more rules."""
        here, there = (self._score(each, orders, other) for each in (orders, other))
        if (there.violations, there.amount) > (here.violations, here.amount):
            return None
        if there.violations < here.violations or there.amount < here.amount:
            return -(1 << 60)
        return there.cost - here.cost

    def worth(self, orders: Orders, step: Step) -> int | None:
        """Return what the plan would cost more without one change; for a new order, left out."""
        if step not in self.home:
            return self._left_out(orders, step)
        back = self.back(orders, step)
        return None if back is None else self.dearer(orders, back)

    def _left_out(self, orders: Orders, step: Step) -> int | None:
        task = self.tasks.get(step.id)
        if task is None or task.skip_cost is None:
            return None
        without = {
            name: tuple(each for each in steps if each.id != task.id or _reload(each))
            for name, steps in orders.items()
        }
        return self.dearer(orders, {name: each for name, each in without.items() if each})

    def _score(self, orders: Orders, one: Orders, other: Orders) -> Score:
        """Return the score of the routes in which two orders differ, and of what they leave out."""
        count = amount = cost = 0
        differing = [n for n in {**one, **other} if one.get(n, ()) != other.get(n, ())]
        for name in differing:
            steps: Order = orders.get(name, ())
            if steps:
                verdict = self.evaluator.verdict(tours_of({name: steps})[0])
                count += len(verdict.violations)
                amount += verdict.amount
                cost += verdict.cost
        here = {step.id for name in differing for step in orders.get(name, ())}
        both = {
            step.id for each in (one, other) for name in differing for step in each.get(name, ())
        }
        gone = both - here
        if gone:
            gone -= {step.id for steps in orders.values() for step in steps}
        for name in gone:
            task = self.tasks.get(name)
            if task is None:
                continue
            if task.skip_cost is None:
                count += 1
                amount += 1
            else:
                cost += task.skip_cost
        return Score(count, amount, cost)


def _reload(step: Step) -> bool:
    return step.kind is StopKind.RELOAD
