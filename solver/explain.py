"""
Why a job is left out, each reason proven by the judge.

For every vehicle a job is first tried alone: a route with nothing but the job, timed by the
scheduler and judged by the checker. What the checker then reports is what that vehicle lacks,
whatever the rest of the plan looks like. Where a vehicle could do it alone, the job is put into the
plan's own route of that vehicle at every position (or the nearest ones, where there are many), and
the insertion that breaks least is reported: by how much which rule, or what it costs against what
leaving the job out costs.

Vehicles are tried from the nearest route on, until some are able to do the job alone; all of them
are tried where none is able, so that "no vehicle" is never said of vehicles not looked at. Where a
way round by another stop is quicker than the direct one, "alone" proves nothing about the rest.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum
from itertools import pairwise

import numpy as np

from solver.checker import check
from solver.model import (
    Job,
    Plan,
    Problem,
    Report,
    Route,
    Shipment,
    Step,
    StopKind,
    Tour,
    Vehicle,
    Violation,
    ViolationCode,
)
from solver.schedule import schedule

Task = Job | Shipment


class Reason(StrEnum):
    """What stands in the way of a job."""

    NO_VEHICLE = "no_vehicle"
    NOT_ALLOWED = "not_allowed"
    SKILL = "skill"
    TOO_HEAVY = "too_heavy"
    WINDOW = "window"
    SHIFT = "shift"
    RELEASE = "release"
    TOO_FAR = "too_far"
    DUTY = "duty"
    STOPS = "stops"
    BREAK = "break"
    RELOAD = "reload"
    LOCKED = "locked"
    NO_ROOM = "no_room"
    TOO_DEAR = "too_dear"
    COULD_BE_ADDED = "could_be_added"


_REASONS: Mapping[ViolationCode, Reason] = {
    ViolationCode.VEHICLE_NOT_ALLOWED: Reason.NOT_ALLOWED,
    ViolationCode.SKILL_MISSING: Reason.SKILL,
    ViolationCode.CAPACITY_EXCEEDED: Reason.TOO_HEAVY,
    ViolationCode.WINDOW_MISSED: Reason.WINDOW,
    ViolationCode.SHIFT_TOO_EARLY: Reason.SHIFT,
    ViolationCode.SHIFT_TOO_LATE: Reason.SHIFT,
    ViolationCode.RELEASE_NOT_KEPT: Reason.RELEASE,
    ViolationCode.METRES_EXCEEDED: Reason.TOO_FAR,
    ViolationCode.DRIVING_EXCEEDED: Reason.TOO_FAR,
    ViolationCode.DUTY_EXCEEDED: Reason.DUTY,
    ViolationCode.STOPS_EXCEEDED: Reason.STOPS,
    ViolationCode.BREAK_MISSING: Reason.BREAK,
    ViolationCode.BREAK_WINDOW_MISSED: Reason.BREAK,
    ViolationCode.RELOAD_MISSING: Reason.RELOAD,
    ViolationCode.RELOAD_WINDOW_MISSED: Reason.RELOAD,
    ViolationCode.LOCKED_ORDER_BROKEN: Reason.LOCKED,
}

_MOST_USED, _MOST_IDLE = 4, 2
"""So many vehicles with, and without, a route are tried for an insertion, the nearest first."""

_MOST_POSITIONS = 12
"""So many positions are tried in one route, the cheapest in distance first."""

_MOST_TRIALS = 6000
"""So many schedules are judged for insertions in all; the jobs share them."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Blocked:
    """What keeps one vehicle from doing a job even alone, as the checker reported it."""

    vehicle: str
    violations: tuple[Violation, ...]

    @property
    def reasons(self) -> tuple[Reason, ...]:
        """The reasons behind the violations, each once."""
        return _reasons(self.violations)


@dataclass(frozen=True, slots=True, kw_only=True)
class Insertion:
    """
    The best way found to add a job to the plan as it is.

    Parameters
    ----------
    violations
        What the plan would break that it does not break now; empty when it would break nothing.
    cost
        Money that the route would cost more, the job's skip cost not counted.
    tour
        The vehicle's visits with the job among them.
    """

    vehicle: str
    violations: tuple[Violation, ...]
    cost: int
    tour: Tour


@dataclass(frozen=True, slots=True, kw_only=True)
class Explanation:
    """
    Why one job is left out.

    Parameters
    ----------
    reason
        The main reason: what blocks the most vehicles, or what the best insertion says.
    blocked
        Each vehicle tried that could not do the job even alone; all, when `able` is empty.
    able
        Ids of the vehicles tried that could do it alone, those nearest to the job first.
    insertion
        The best insertion into the plan; None when no vehicle could do it alone.
    skip_cost
        Money for leaving it out; None when it is required.
    """

    id: str
    reason: Reason
    blocked: tuple[Blocked, ...] = ()
    able: tuple[str, ...] = ()
    insertion: Insertion | None = None
    skip_cost: int | None = None

    @property
    def impossible(self) -> bool:
        """True when no vehicle could do the job even alone: planning longer cannot help."""
        return not self.able


def impossible_jobs(problem: Problem) -> dict[str, tuple[Blocked, ...]]:
    """
    Return the jobs that no vehicle could do even alone, each with what blocks every vehicle.

    A vehicle whose route must begin with other, locked visits counts by what it could do without
    them: only lasting reasons are given.
    """
    trials = _Alone(problem)
    nearness = _Nearness(problem, {})
    found = {}
    for task in trials.tasks.values():
        blocked, able = trials.judge(task, nearness.order(task), most=1)
        if not able:
            found[task.id] = blocked
    return found


def why_unassigned(problem: Problem, plan: Plan) -> tuple[Explanation, ...]:
    """Explain every job that a plan leaves out, in the order in which the checker lists them."""
    trials = _Alone(problem)
    report = check(problem, plan)
    left_out = [trials.tasks[name] for name in report.unassigned]
    if not left_out:
        return ()
    inserter = _Inserter(problem, plan, trials, _MOST_TRIALS // len(left_out))
    nearness = _Nearness(problem, inserter.spots())
    explanations = []
    for task in left_out:
        order = nearness.order(task)
        used = [name for name in order if name in inserter.routes]
        idle = [name for name in order if name not in inserter.routes]
        blocked, able = trials.judge(task, used, most=_MOST_USED)
        more_blocked, more_able = trials.judge(task, idle, most=_MOST_IDLE)
        # An idle vehicle first: what it cannot take alone has been ruled out already.
        able = (*more_able, *able)
        best = inserter.best(task, able) if able else None
        blocked = (*blocked, *more_blocked)
        explanations.append(
            Explanation(
                id=task.id,
                reason=_main_reason(task, blocked, best),
                blocked=blocked,
                able=able,
                insertion=best,
                skip_cost=task.skip_cost,
            )
        )
    return tuple(explanations)


def _main_reason(task: Task, blocked: Sequence[Blocked], best: Insertion | None) -> Reason:
    if best is None:
        counted: dict[Reason, int] = {}
        for one in blocked:
            for reason in one.reasons[:1]:
                counted[reason] = counted.get(reason, 0) + 1
        return max(counted, key=lambda reason: counted[reason], default=Reason.NO_VEHICLE)
    if best.violations:
        return Reason.NO_ROOM
    if task.skip_cost is not None and best.cost >= task.skip_cost:
        return Reason.TOO_DEAR
    return Reason.COULD_BE_ADDED


def _reasons(violations: Iterable[Violation]) -> tuple[Reason, ...]:
    found = dict.fromkeys(
        _REASONS[violation.code] for violation in violations if violation.code in _REASONS
    )
    # In the order of the enum: what the vehicle is comes before what the day allows.
    return tuple(reason for reason in Reason if reason in found)


# ---- alone ------------------------------------------------------------------------------------


class _Alone:
    """Judges jobs alone on vehicles; vehicles that differ in nothing that matters, once."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.tasks: dict[str, Task] = {job.id: job for job in problem.jobs}
        self.tasks.update({shipment.id: shipment for shipment in problem.shipments})
        self.kinds = {
            vehicle.id: replace(
                vehicle,
                id="",
                locked=(),
                known_areas=frozenset(),
                fixed_cost=0,
                cost_per_metre=0,
                cost_per_second=0,
                overtime=(),
                unfamiliar_cost=0,
            )
            for vehicle in problem.vehicles
        }

    def judge(
        self, task: Task, names: Sequence[str], *, most: int
    ) -> tuple[tuple[Blocked, ...], tuple[str, ...]]:
        """Try vehicles until `most` are able; return what blocks those before, and the able."""
        blocked = []
        able: list[str] = []
        judged: dict[Vehicle, tuple[Violation, ...]] = {}
        for name in names:
            if len(able) >= most:
                break
            kind = self.kinds[name]
            found = self.evident(task, kind, name)
            if not found:
                if kind not in judged:
                    judged[kind] = self.violations(task, kind)
                found = judged[kind]
            if found:
                named = tuple(replace(violation, vehicle=name) for violation in found)
                blocked.append(Blocked(vehicle=name, violations=named))
            else:
                able.append(name)
        return tuple(blocked), tuple(able)

    def evident(self, task: Task, vehicle: Vehicle, name: str) -> tuple[Violation, ...]:
        """Return what needs no route to be seen, as the checker would say it of one."""
        found = []
        lacking = len(task.skills - vehicle.skills)
        if task.vehicles is not None and name not in task.vehicles:
            found.append(Violation(code=ViolationCode.VEHICLE_NOT_ALLOWED, amount=1, id=task.id))
        if lacking:
            found.append(Violation(code=ViolationCode.SKILL_MISSING, amount=lacking, id=task.id))
        return tuple(found)

    def violations(self, task: Task, vehicle: Vehicle) -> tuple[Violation, ...]:
        """Return what the checker says of a route of this vehicle with this job alone."""
        problem = reduced(self.problem, vehicle, [replace(task, vehicles=None, skip_cost=None)])
        least: tuple[Violation, ...] | None = None
        for steps in _orders_alone(task, vehicle):
            tour = Tour(vehicle=vehicle.id, steps=steps)
            found = check(problem, schedule(problem, [tour])).violations
            if not found:
                return ()
            if least is None or _badness(found) < _badness(least):
                least = found
        assert least is not None
        return least


def _orders_alone(task: Task, vehicle: Vehicle) -> Iterator[tuple[Step, ...]]:
    """Yield the job by itself, then with each reload before, after, and around it."""
    steps = _steps(task)
    yield steps
    for reload in vehicle.reloads:
        if reload.most == 0:
            continue
        again = Step(kind=StopKind.RELOAD, id=reload.id)
        yield (again, *steps)
        yield (*steps, again)
        if reload.most is None or reload.most > 1:
            yield (again, *steps, again)
    if sum(reload.required for reload in vehicle.reloads) > 1:
        required = tuple(Step(kind=StopKind.RELOAD, id=r.id) for r in vehicle.reloads if r.required)
        yield (*steps, *required)
        yield (*required, *steps)


def _steps(task: Task) -> tuple[Step, ...]:
    if isinstance(task, Job):
        return (Step(kind=StopKind.JOB, id=task.id),)
    return (
        Step(kind=StopKind.PICKUP, id=task.id),
        Step(kind=StopKind.DELIVERY, id=task.id),
    )


def _badness(violations: Sequence[Violation]) -> tuple[int, int]:
    return len(violations), sum(violation.amount for violation in violations)


def reduced(problem: Problem, vehicle: Vehicle, tasks: Sequence[Task]) -> Problem:
    """Return the problem of one vehicle and some of the jobs; places and travel stay whole."""
    return replace(
        problem,
        vehicles=(vehicle,),
        jobs=tuple(task for task in tasks if isinstance(task, Job)),
        shipments=tuple(task for task in tasks if isinstance(task, Shipment)),
    )


class _Nearness:
    """Orders vehicles by how near their routes (or their start) come to a job."""

    def __init__(self, problem: Problem, spots: Mapping[str, Sequence[int]]) -> None:
        self.problem = problem
        self.rows: dict[str, list[int]] = {}
        self.owners: dict[str, list[int]] = {}
        self.names = [vehicle.id for vehicle in problem.vehicles]
        for rank, vehicle in enumerate(problem.vehicles):
            ends = [row for row in (vehicle.start, vehicle.end) if row is not None]
            rows = list(dict.fromkeys([*ends, *spots.get(vehicle.id, ())]))
            self.rows.setdefault(vehicle.profile, []).extend(rows)
            self.owners.setdefault(vehicle.profile, []).extend([rank] * len(rows))

    def order(self, task: Task) -> list[str]:
        """Return all vehicles' ids, the nearest first; those with no place at all count as near."""
        place = task.place if isinstance(task, Job) else task.pickup.place
        nearest = np.full(len(self.names), np.iinfo(np.int64).max)
        for profile, rows in self.rows.items():
            if rows:
                _, metres = self.problem.travel[profile].block(rows, [place])
                np.minimum.at(nearest, self.owners[profile], metres[:, 0])
        nearest[nearest == np.iinfo(np.int64).max] = 0
        return [self.names[rank] for rank in np.argsort(nearest, kind="stable")]


# ---- into the plan ----------------------------------------------------------------------------


@dataclass(slots=True)
class _Current:
    """One vehicle's route as it is: its jobs, its steps and what the checker says of it."""

    vehicle: Vehicle
    tasks: list[Task]
    steps: tuple[Step, ...]
    report: Report


class _Inserter:
    """Tries jobs in the routes of a plan, nearest vehicles and cheapest positions first."""

    def __init__(self, problem: Problem, plan: Plan, trials: _Alone, most: int) -> None:
        self.problem = problem
        self.tasks = trials.tasks
        self.vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
        self.routes = {route.vehicle: route for route in plan.routes}
        self.most = max(most, _MOST_POSITIONS)
        self.current: dict[str, _Current] = {}

    def best(self, task: Task, able: Sequence[str]) -> Insertion:
        """Return the insertion that breaks least, and among those the cheapest."""
        best: Insertion | None = None
        key: tuple[int, int, int] | None = None
        trials = 0
        for name in able:
            current = self.route(name)
            problem = reduced(self.problem, current.vehicle, [*current.tasks, task])
            for steps in self.orders(task, current):
                if best is not None and trials >= self.most:
                    return best
                trials += 1
                tour = Tour(vehicle=name, steps=steps)
                report = check(problem, schedule(problem, [tour]))
                new = _added(current.report, report.violations)
                cost = report.cost.total - current.report.cost.total
                found = (*_badness(new), cost)
                if key is None or found < key:
                    key = found
                    best = Insertion(vehicle=name, violations=new, cost=cost, tour=tour)
        assert best is not None
        return best

    def spots(self) -> dict[str, list[int]]:
        """Return the rows that each vehicle's route touches."""
        found = {}
        for name, route in self.routes.items():
            vehicle = self.vehicles.get(name)
            if vehicle is not None:
                steps = self.known_steps(vehicle, route)
                found[name] = [self.row(vehicle, step) for step in steps]
        return found

    def route(self, name: str) -> _Current:
        if name not in self.current:
            vehicle = self.vehicles[name]
            route = self.routes.get(name)
            steps = self.known_steps(vehicle, route)
            visited = {step.id for step in steps if step.kind is not StopKind.RELOAD}
            tasks = [self.tasks[key] for key in visited]
            problem = reduced(self.problem, vehicle, tasks)
            tour = Tour(vehicle=name, steps=steps)
            self.current[name] = _Current(
                vehicle=vehicle,
                tasks=tasks,
                steps=steps,
                report=check(problem, schedule(problem, [tour])),
            )
        return self.current[name]

    def known_steps(self, vehicle: Vehicle, route: Route | None) -> tuple[Step, ...]:
        """Return the visits of a route that the problem knows; a plan may name others."""
        reloads = {reload.id for reload in vehicle.reloads}
        steps = []
        for step in route.tour.steps if route is not None else ():
            task = self.tasks.get(step.id)
            if step.kind is StopKind.RELOAD:
                known = step.id in reloads
            else:
                known = task is not None and isinstance(task, Job) == (step.kind is StopKind.JOB)
            if known:
                steps.append(step)
        return tuple(steps)

    def row(self, vehicle: Vehicle, step: Step) -> int:
        if step.kind is StopKind.RELOAD:
            return next(r.place for r in vehicle.reloads if r.id == step.id)
        task = self.tasks[step.id]
        if isinstance(task, Job):
            return task.place
        return (task.pickup if step.kind is StopKind.PICKUP else task.delivery).place

    def orders(self, task: Task, current: _Current) -> Iterator[tuple[Step, ...]]:
        """Yield the route with the job at its cheapest positions, then with a reload beside it."""
        steps = current.steps
        own = _steps(task)
        if not steps:
            yield from _orders_alone(task, current.vehicle)
            return
        positions = self.positions(task, current)
        if len(own) == 1:
            for at in positions:
                yield (*steps[:at], *own, *steps[at:])
        else:
            pairs = sorted((abs(i - j), i, j) for i in positions for j in positions if i <= j)[
                : 2 * _MOST_POSITIONS
            ]
            for _, i, j in pairs:
                yield (*steps[:i], own[0], *steps[i:j], own[1], *steps[j:])
        made = [step.id for step in steps if step.kind is StopKind.RELOAD]
        for reload in current.vehicle.reloads:
            if reload.most is None or made.count(reload.id) < reload.most:
                yield (*steps, Step(kind=StopKind.RELOAD, id=reload.id), *own)

    def positions(self, task: Task, current: _Current) -> list[int]:
        """Return the places for a job in a route, by the distance that it would add."""
        place = task.place if isinstance(task, Job) else task.pickup.place
        vehicle, steps = current.vehicle, current.steps
        travel = self.problem.travel[vehicle.profile]
        rows = [vehicle.start, *(self.row(vehicle, step) for step in steps), vehicle.end]
        added = []
        visits = 0
        for at, (before, after) in enumerate(pairwise(rows)):
            if visits >= len(vehicle.locked):
                more = 0 if before is None else travel.leg(before, place)[1]
                more += 0 if after is None else travel.leg(place, after)[1]
                if before is not None and after is not None:
                    more -= travel.leg(before, after)[1]
                added.append((more, at))
            if at < len(steps) and steps[at].kind is not StopKind.RELOAD:
                visits += 1
        # A route that lacks locked visits has no place behind them: its end is as good as any.
        return [at for _, at in sorted(added)[:_MOST_POSITIONS]] or [len(steps)]


def _added(before: Report, now: Sequence[Violation]) -> tuple[Violation, ...]:
    """Return what is violated now and was not before, or more than before, by the difference."""
    held: dict[tuple[ViolationCode, str, str], int] = {}
    for violation in before.violations:
        key = (violation.code, violation.id, violation.dimension)
        held[key] = held.get(key, 0) + violation.amount
    added = []
    for violation in now:
        key = (violation.code, violation.id, violation.dimension)
        more = violation.amount - held.get(key, 0)
        if more > 0:
            added.append(replace(violation, amount=more))
    return tuple(added)
