"""
The best plan of a small problem, found by trying every order.

Every cost belongs to one route or to one skipped job, so the best plan is a best choice of one set
of jobs for each vehicle. For each vehicle and set all orders and all places for reloads are timed
by `schedule()` and judged by `check()`; an order is given up early only where its beginning alone
already costs too much or comes too late, by bounds that hold for every way to go on.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import combinations, permutations

from solver.checker import check
from solver.model import (
    Job,
    Problem,
    Reload,
    Shipment,
    Step,
    StopKind,
    Tour,
    Vehicle,
    Visit,
)
from solver.schedule import schedule

Task = Job | Shipment
_Found = tuple[int, Tour | None]


def best(problem: Problem) -> tuple[int, tuple[Tour, ...]] | None:
    """Return the lowest cost of a feasible plan and its tours, None when there is no such plan."""
    tasks: list[Task] = [*problem.jobs, *problem.shipments]
    everything = (1 << len(tasks)) - 1
    # After each vehicle: the cheapest way to have done exactly the tasks of a mask.
    states: dict[int, tuple[int, tuple[Tour, ...]]] = {0: (0, ())}
    memo: dict[tuple[Vehicle, int], _Found | None] = {}
    listed = any(task.vehicles is not None for task in tasks)
    for vehicle in problem.vehicles:
        twin = vehicle if listed else replace(vehicle, id="")
        following: dict[int, tuple[int, tuple[Tour, ...]]] = {}
        for done, (cost, tours) in states.items():
            for mask in _subsets(everything & ~done):
                if (twin, mask) not in memo:
                    chosen = [task for k, task in enumerate(tasks) if mask >> k & 1]
                    memo[twin, mask] = best_route(problem, vehicle, chosen)
                found = memo[twin, mask]
                if found is None:
                    continue
                total = cost + found[0]
                if done | mask not in following or total < following[done | mask][0]:
                    tour = found[1] and replace(found[1], vehicle=vehicle.id)
                    following[done | mask] = (total, (*tours, tour) if tour else tours)
        states = following
    answers = []
    for done, (cost, tours) in states.items():
        skips = [task.skip_cost for k, task in enumerate(tasks) if not done >> k & 1]
        if None not in skips:
            answers.append((cost + sum(skip or 0 for skip in skips), tours))
    return min(answers, key=lambda answer: answer[0], default=None)


def best_route(problem: Problem, vehicle: Vehicle, tasks: list[Task]) -> _Found | None:
    """Return the cheapest feasible route of a vehicle with exactly these tasks, None without."""
    if not tasks:
        return None if vehicle.locked else (0, None)
    if any(_barred(vehicle, task) for task in tasks):
        return None
    alone = replace(
        problem,
        vehicles=(vehicle,),
        jobs=tuple(task for task in tasks if isinstance(task, Job)),
        shipments=tuple(task for task in tasks if isinstance(task, Shipment)),
    )
    search = _RouteSearch(problem=alone, vehicle=vehicle)
    search.start(tasks)
    return None if search.cost is None else (search.cost, search.tour)


def _subsets(mask: int) -> Iterator[int]:
    subset = mask
    while subset:
        yield subset
        subset = (subset - 1) & mask
    yield 0


def _barred(vehicle: Vehicle, task: Task) -> bool:
    if task.vehicles is not None and vehicle.id not in task.vehicles:
        return True
    return not task.skills <= vehicle.skills


@dataclass(slots=True)
class _RouteSearch:
    """Depth first through all orders of one vehicle's tasks."""

    problem: Problem
    vehicle: Vehicle
    cost: int | None = None
    tour: Tour | None = None
    steps: list[Step] = field(default_factory=list)
    visits: dict[Step, Job | Visit] = field(default_factory=dict)

    def start(self, tasks: list[Task]) -> None:
        for task in tasks:
            if isinstance(task, Job):
                self.visits[Step(kind=StopKind.JOB, id=task.id)] = task
            else:
                self.visits[Step(kind=StopKind.PICKUP, id=task.id)] = task.pickup
                self.visits[Step(kind=StopKind.DELIVERY, id=task.id)] = task.delivery
        vehicle = self.vehicle
        if vehicle.max_stops is not None and len(self.visits) > vehicle.max_stops:
            return
        if len(vehicle.locked) > len(self.visits):
            return
        self._go_on(
            set(self.visits), frozenset(), vehicle.start, vehicle.shift.start, 0, 0, reloaded=False
        )

    def _go_on(
        self,
        left: set[Step],
        on_board: frozenset[str],
        here: int | None,
        clock: int,
        metres: int,
        busy: int,
        *,
        reloaded: bool,
    ) -> None:
        if self._too_dear(metres, busy):
            return
        if not left and not on_board:
            self._judge()
        if not on_board and not reloaded:
            for sequence in self._reloads():
                self._reload(sequence, left, here, clock, metres, busy)
        done = len(self.visits) - len(left)
        locked = self.vehicle.locked
        for step in sorted(left, key=lambda s: (s.kind.value, s.id)):
            if done < len(locked) and step.id != locked[done]:
                continue
            if step.kind is StopKind.DELIVERY and step.id not in on_board:
                continue
            visit = self.visits[step]
            seconds, length = self._leg(here, visit.place)
            begin = _open_from(visit, clock + seconds)
            if begin is None or begin > self.vehicle.shift.end:
                continue
            work = visit.service_seconds + (visit.setup_seconds if here != visit.place else 0)
            self.steps.append(step)
            board = on_board
            if step.kind is StopKind.PICKUP:
                board = on_board | {step.id}
            elif step.kind is StopKind.DELIVERY:
                board = on_board - {step.id}
            self._go_on(
                left - {step},
                board,
                visit.place,
                begin + work,
                metres + length,
                busy + seconds + work,
                reloaded=False,
            )
            self.steps.pop()

    def _reloads(self) -> Iterator[tuple[Reload, ...]]:
        """Yield what may be done between two visits: any reloads, none of them twice."""
        made = [step.id for step in self.steps if step.kind is StopKind.RELOAD]
        usable = [r for r in self.vehicle.reloads if r.most is None or made.count(r.id) < r.most]
        for size in range(1, len(usable) + 1):
            for chosen in combinations(usable, size):
                yield from permutations(chosen)

    def _reload(
        self,
        sequence: tuple[Reload, ...],
        left: set[Step],
        here: int | None,
        clock: int,
        metres: int,
        busy: int,
    ) -> None:
        for reload in sequence:
            seconds, length = self._leg(here, reload.place)
            begin = _open_from(reload, clock + seconds)
            if begin is None:
                return
            here, clock = reload.place, begin + reload.seconds
            metres, busy = metres + length, busy + seconds + reload.seconds
        self.steps.extend(Step(kind=StopKind.RELOAD, id=r.id) for r in sequence)
        self._go_on(left, frozenset(), here, clock, metres, busy, reloaded=True)
        del self.steps[-len(sequence) :]

    def _leg(self, here: int | None, there: int) -> tuple[int, int]:
        if here is None:
            return 0, 0
        return self.problem.travel[self.vehicle.profile].leg(here, there)

    def _too_dear(self, metres: int, busy: int) -> bool:
        """Tell whether the beginning of a route is over a limit or cannot become the cheapest."""
        vehicle = self.vehicle
        if vehicle.max_metres is not None and metres > vehicle.max_metres:
            return True
        if vehicle.max_duty_seconds is not None and busy > vehicle.max_duty_seconds:
            return True
        if self.cost is None:
            return False
        sure = vehicle.fixed_cost + metres * vehicle.cost_per_metre + busy * vehicle.cost_per_second
        sure += sum(max(busy - t.after, 0) * t.cost_per_second for t in vehicle.overtime)
        return sure >= self.cost

    def _judge(self) -> None:
        tour = Tour(vehicle=self.vehicle.id, steps=tuple(self.steps))
        report = check(self.problem, schedule(self.problem, [tour]))
        if report.feasible and (self.cost is None or report.cost.total < self.cost):
            self.cost, self.tour = report.cost.total, tour


def _open_from(visit: Job | Visit | Reload, clock: int) -> int | None:
    """Return the first moment from `clock` on at which a visit may begin, None after all."""
    if not visit.windows:
        return clock
    return next((max(clock, w.start) for w in visit.windows if clock <= w.end), None)
