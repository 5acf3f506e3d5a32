"""
A first plan by cheapest insertion, every insertion timed and judged as the final plan will be.

Where a task may go is ranked by the detour in money; the best ranked places are then judged for
what they really cost. Slow for each place, and therefore frugal with them; but whatever feature a
problem has, what it accepts is what the checker accepts.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from random import Random

from solver.evaluation import Evaluator
from solver.model import Job, Problem, Shipment, Step, StopKind, Tour, Vehicle, ViolationCode, Visit

Order = tuple[Step, ...]
Orders = dict[str, Order]
"""Steps by vehicle id."""

_SMALL = 12
"""Up to so many tasks, every place for a task is judged."""


_MENDED_BY_RELOAD = frozenset(
    {
        ViolationCode.CAPACITY_EXCEEDED,
        ViolationCode.RELOAD_MISSING,
        # The goods of a later trip no longer hold back the earlier one.
        ViolationCode.WINDOW_MISSED,
        ViolationCode.SHIFT_TOO_LATE,
        ViolationCode.RELOAD_WINDOW_MISSED,
        ViolationCode.BREAK_WINDOW_MISSED,
    }
)


@dataclass(frozen=True, slots=True)
class _Place:
    """Where a task may go, and what the detour costs at least."""

    detour: int
    vehicle: int
    steps: Order


class Insertion:
    """Puts tasks into routes, and takes them out again."""

    def __init__(self, problem: Problem, evaluator: Evaluator) -> None:
        self._problem = problem
        self._evaluator = evaluator
        self._tasks: dict[str, Job | Shipment] = {job.id: job for job in problem.jobs}
        self._tasks.update({shipment.id: shipment for shipment in problem.shipments})
        self._locked = {name for vehicle in problem.vehicles for name in vehicle.locked}
        small = len(self._tasks) <= _SMALL
        self._small = small
        self._good_enough = 1_000 if small else 3
        self._most_tries = 1_000 if small else 12
        self._twin = [_twin_key(vehicle) for vehicle in problem.vehicles]

    def locked(self) -> Orders:
        """Return the routes that consist of nothing but what they must begin with."""
        orders: Orders = {}
        for vehicle in self._problem.vehicles:
            steps: list[Step] = []
            seen: set[str] = set()
            for name in vehicle.locked:
                if isinstance(self._tasks.get(name), Job):
                    kind = StopKind.JOB
                else:
                    kind = StopKind.DELIVERY if name in seen else StopKind.PICKUP
                seen.add(name)
                steps.append(Step(kind=kind, id=name))
            if steps:
                orders[vehicle.id] = tuple(steps)
        return orders

    def fill(
        self,
        orders: Orders,
        random: Random,
        over: Callable[[], bool],
        inserted: Callable[[Orders], None] | None = None,
        *,
        hardest_first: bool = True,
    ) -> Orders:
        """
        Insert what the orders leave out.

        Parameters
        ----------
        over
            Asked before each task; True leaves the rest out.
        inserted
            Told the orders after each task.
        hardest_first
            Begin with the tasks that fit nearly nowhere; otherwise in any order.
        """
        orders = dict(orders)
        left = [self._tasks[name] for name in self._evaluator.unassigned(tours_of(orders))]
        random.shuffle(left)
        if hardest_first:
            left.sort(key=self._ease)
        for task in left:
            if over():
                break
            self._insert(orders, task)
            if inserted is not None:
                inserted(orders)
        return orders

    def loosen(self, orders: Orders, random: Random, count: int) -> Orders:
        """Take out `count` tasks that are not locked, and reloads that are no longer needed."""
        free = sorted(
            {s.id for steps in orders.values() for s in steps if s.kind is not StopKind.RELOAD}
            - self._locked
        )
        gone = set(random.sample(free, min(count, len(free))))
        loosened: Orders = {}
        for name, steps in orders.items():
            kept = tuple(s for s in steps if s.kind is StopKind.RELOAD or s.id not in gone)
            if kept != steps:
                kept = self._without_reloads(name, kept, random)
            if kept:
                loosened[name] = kept
        return loosened

    def _without_reloads(self, name: str, steps: Order, random: Random) -> Order:
        if all(step.kind is StopKind.RELOAD for step in steps):
            return ()
        if random.random() < 0.5:
            return steps
        for number in reversed(range(len(steps))):
            if steps[number].kind is StopKind.RELOAD:
                fewer = steps[:number] + steps[number + 1 :]
                if not self._evaluator.verdict(Tour(vehicle=name, steps=fewer)).violations:
                    steps = fewer
        return steps

    def _ease(self, task: Job | Shipment) -> tuple[bool, int, int, int]:
        """Return a key that is small for tasks that are hard to place, or dear to leave out."""
        vehicles = sum(self._may(vehicle, task) for vehicle in self._problem.vehicles)
        ends = (task,) if isinstance(task, Job) else (task.pickup, task.delivery)
        width = min(
            (sum(w.end - w.start for w in end.windows) for end in ends if end.windows),
            default=1 << 60,
        )
        return (task.skip_cost is not None, vehicles, width, -(task.skip_cost or 0))

    def _insert(self, orders: Orders, task: Job | Shipment) -> None:
        """Put the task where it costs least, unless leaving it out costs less."""
        price = task.skip_cost
        best: tuple[int, str, Order] | None = None
        good = 0
        places = sorted(self._places(orders, task), key=lambda place: place.detour)
        for tries, place in enumerate(places):
            if good >= self._good_enough:
                break
            # Once the promising places are tried, only a vehicle that stands idle still helps.
            idle = self._problem.vehicles[place.vehicle].id not in orders
            if tries >= self._most_tries and not idle:
                continue
            if price is not None and place.detour >= price:
                break
            if best is not None and place.detour >= best[0]:
                break
            name = self._problem.vehicles[place.vehicle].id
            for steps in self._variants(place):
                extra = self._extra(name, orders.get(name, ()), steps)
                if extra is None:
                    continue
                good += 1
                if (price is None or extra < price) and (best is None or extra < best[0]):
                    best = (extra, name, steps)
                break
        if best is not None:
            orders[best[1]] = best[2]

    def _extra(self, name: str, before: Order, after: Order) -> int | None:
        """Return what a route costs more than before, None when it breaks more rules."""
        cost, count, amount = 0, 0, 0
        if before:
            verdict = self._evaluator.verdict(Tour(vehicle=name, steps=before))
            cost, count, amount = verdict.cost, len(verdict.violations), verdict.amount
        verdict = self._evaluator.verdict(Tour(vehicle=name, steps=after))
        if len(verdict.violations) > count or verdict.amount > amount:
            return None
        return verdict.cost - cost

    def _variants(self, place: _Place) -> Iterator[Order]:
        """Yield the steps as they are, then with one reload more, at each point of the route."""
        steps = place.steps
        yield steps
        vehicle = self._problem.vehicles[place.vehicle]
        if not vehicle.reloads:
            return
        verdict = self._evaluator.verdict(Tour(vehicle=vehicle.id, steps=steps))
        if not any(violation.code in _MENDED_BY_RELOAD for violation in verdict.violations):
            return
        for reload in vehicle.reloads:
            step = Step(kind=StopKind.RELOAD, id=reload.id)
            if reload.most is None or steps.count(step) < reload.most:
                last = len(steps) if self._small else len(steps) - 1
                first = 0 if self._small else max(last - 2, 0)
                for at in range(last, first - 1, -1):
                    yield (*steps[:at], step, *steps[at:])

    def _places(self, orders: Orders, task: Job | Shipment) -> Iterator[_Place]:
        tried: set[object] = set()
        for number, vehicle in enumerate(self._problem.vehicles):
            steps = orders.get(vehicle.id, ())
            if not self._may(vehicle, task) or self._full(vehicle, steps, task):
                continue
            if not steps and task.vehicles is None:
                # Of equal vehicles that stand idle, one is enough.
                if self._twin[number] in tried:
                    continue
                tried.add(self._twin[number])
            first = self._first_free(vehicle, steps)
            fixed = 0 if steps else vehicle.fixed_cost
            if isinstance(task, Job):
                step = Step(kind=StopKind.JOB, id=task.id)
                for at in range(first, len(steps) + 1):
                    detour = fixed + self._detour(vehicle, steps, at, task)
                    yield _Place(detour, number, (*steps[:at], step, *steps[at:]))
            else:
                yield from self._pair_places(vehicle, number, steps, first, fixed, task)

    def _pair_places(
        self,
        vehicle: Vehicle,
        number: int,
        steps: Order,
        first: int,
        fixed: int,
        task: Shipment,
    ) -> Iterator[_Place]:
        pickup = Step(kind=StopKind.PICKUP, id=task.id)
        delivery = Step(kind=StopKind.DELIVERY, id=task.id)
        for start in range(first, len(steps) + 1):
            begun = (*steps[:start], pickup, *steps[start:])
            there = self._detour(vehicle, steps, start, task.pickup)
            for end in range(start + 1, len(begun) + 1):
                detour = there + self._detour(vehicle, begun, end, task.delivery)
                yield _Place(fixed + detour, number, (*begun[:end], delivery, *begun[end:]))
                if end < len(begun) and begun[end].kind is StopKind.RELOAD:
                    break

    def _may(self, vehicle: Vehicle, task: Job | Shipment) -> bool:
        if task.vehicles is not None and vehicle.id not in task.vehicles:
            return False
        return task.skills <= vehicle.skills

    def _full(self, vehicle: Vehicle, steps: Order, task: Job | Shipment) -> bool:
        """Tell, without judging, of some routes that nothing like the task fits any more."""
        if vehicle.max_stops is not None:
            visits = sum(step.kind is not StopKind.RELOAD for step in steps)
            if visits + (1 if isinstance(task, Job) else 2) > vehicle.max_stops:
                return True
        if vehicle.reloads or not isinstance(task, Job):
            return False
        jobs = [other for step in steps if isinstance(other := self._tasks[step.id], Job)]
        for k, room in enumerate(vehicle.capacity):
            for side in ("delivery", "pickup"):
                if sum((getattr(job, side) or (0,) * (k + 1))[k] for job in (*jobs, task)) > room:
                    return True
        return False

    def _first_free(self, vehicle: Vehicle, steps: Order) -> int:
        left = len(vehicle.locked)
        for number, step in enumerate(steps):
            if not left:
                return number
            left -= step.kind is not StopKind.RELOAD
        return len(steps)

    def _detour(self, vehicle: Vehicle, steps: Order, at: int, visit: Job | Visit) -> int:
        """Return what the way to a visit costs more, in driving and distance; never too much."""
        travel = self._problem.travel[vehicle.profile]
        here = self._row(vehicle, steps[at - 1]) if at else vehicle.start
        there = self._row(vehicle, steps[at]) if at < len(steps) else vehicle.end
        seconds = metres = 0
        for a, b, sign in ((here, visit.place, 1), (visit.place, there, 1), (here, there, -1)):
            if a is not None and b is not None and (steps or sign > 0):
                time, length = travel.leg(a, b)
                seconds += sign * time
                metres += sign * length
        return seconds * vehicle.cost_per_second + metres * vehicle.cost_per_metre

    def _row(self, vehicle: Vehicle, step: Step) -> int:
        if step.kind is StopKind.RELOAD:
            return next(r.place for r in vehicle.reloads if r.id == step.id)
        task = self._tasks[step.id]
        if isinstance(task, Job):
            return task.place
        return (task.pickup if step.kind is StopKind.PICKUP else task.delivery).place


def _twin_key(vehicle: Vehicle) -> object:
    """Return what two vehicles share when no route could tell them apart."""
    return tuple(getattr(vehicle, name) for name in Vehicle.__slots__ if name != "id")


def tours_of(orders: Orders) -> tuple[Tour, ...]:
    """Return the tours of orders, without the empty ones."""
    return tuple(Tour(vehicle=name, steps=steps) for name, steps in orders.items() if steps)


def orders_of(tours: Iterable[Tour] | Sequence[Tour]) -> Orders:
    """Return the orders of tours."""
    return {tour.vehicle: tour.steps for tour in tours if tour.steps}
