"""
The judge: derives every arrival, load and cost of a plan from the problem alone.

It takes from the plan only decisions: which vehicle makes which stops in which order, when it
leaves, how long it waits before each begin and at a reload. Everything else is computed here and
compared with what the plan states. It shares no code with the scheduler or with any engine.

What each violation code means (`amount` in brackets):

* unknown_vehicle: a route names a vehicle that the problem does not have (1)
* vehicle_used_twice: a vehicle has more than one route (routes beyond the first)
* unknown_stop: a stop names no job, shipment, reload or break of this problem and vehicle (1)
* job_repeated: a job or shipment end is done more than once, or done and also listed as left out
  (times too many)
* job_missing: a job or shipment is neither done nor listed as left out (1)
* required_unassigned: a job or shipment without a skip cost is left out (1)
* shipment_incomplete: only one end of a shipment is done (1)
* shipment_order: a shipment is delivered before it is picked up (1)
* shipment_split: the two ends lie on different vehicles or in different trips (1)
* skill_missing: the vehicle lacks skills that a job needs (number of skills)
* vehicle_not_allowed: the job names the vehicles that may do it, and this is none of them (1)
* locked_order_broken: the route does not begin with its locked visits (visits out of place)
* capacity_exceeded: more on board than the capacity (most units over on the route)
* window_missed: service begins outside every window (seconds to the nearest window)
* shift_too_early, shift_too_late: departure before, finish after the shift (seconds)
* release_not_kept: a trip leaves before goods of it are released (seconds before the latest)
* break_missing: a break that falls into the route is not taken (its seconds)
* break_window_missed: a break begins outside its windows (seconds to the nearest window)
* break_repeated: a break is taken more than once (times too many)
* break_order: a break is taken before an earlier one (1)
* reload_window_missed: a reload begins outside its windows (seconds to the nearest window)
* reload_too_often: a reload is used more than `most` times (times too many)
* reload_missing: a required reload that falls into the route is not made (1)
* metres_exceeded, driving_exceeded, duty_exceeded, stops_exceeded: over the vehicle's limit
  (metres, seconds, seconds, stops)
* time_misstated: a stated time is not what follows from the decisions (seconds off)
* load_misstated: a stated load is not what is on board (units off)
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from itertools import pairwise

from geo.types import Travel
from solver.model import (
    Amounts,
    Break,
    Cost,
    Job,
    Plan,
    Problem,
    Reload,
    Report,
    Route,
    RouteReport,
    Shipment,
    Stop,
    StopKind,
    TimeWindow,
    Vehicle,
    Violation,
    Visit,
)
from solver.model import ViolationCode as Code


def check(problem: Problem, plan: Plan) -> Report:
    """
    Judge a plan.

    Returns
    -------
    Report
        Cost by component, figures per route, and every violation with its amount. Any plan gets a
        report, however wrong it is.
    """
    facts = _Facts.of(problem)
    violations: list[Violation] = []
    reports: list[RouteReport] = []
    done: list[tuple[str, StopKind, str, int]] = []
    used: Counter[str] = Counter()
    cost = Cost()
    for route in plan.routes:
        vehicle = facts.vehicles.get(route.vehicle)
        if vehicle is None:
            violations.append(Violation(code=Code.UNKNOWN_VEHICLE, amount=1, vehicle=route.vehicle))
            continue
        used[vehicle.id] += 1
        judged = _RouteJudge(problem=problem, facts=facts, vehicle=vehicle, route=route)
        report = judged.judge()
        violations.extend(judged.violations)
        done.extend((vehicle.id, kind, name, trip) for kind, name, trip in judged.done)
        reports.append(report)
        cost = cost + report.cost
    violations.extend(
        Violation(code=Code.VEHICLE_USED_TWICE, amount=times - 1, vehicle=name)
        for name, times in used.items()
        if times > 1
    )
    violations.extend(
        Violation(code=Code.LOCKED_ORDER_BROKEN, amount=len(vehicle.locked), vehicle=vehicle.id)
        for vehicle in problem.vehicles
        if vehicle.locked and vehicle.id not in used
    )
    violations.extend(_assignment(facts, done, plan.unassigned))
    left_out = sorted(
        {name for name in plan.unassigned if name in facts.tasks},
        key=lambda name: (-facts.tasks[name].priority, facts.rank[name]),
    )
    skipped = sum(facts.tasks[name].skip_cost or 0 for name in left_out)
    return Report(
        cost=cost + Cost(skipped=skipped),
        routes=tuple(reports),
        unassigned=tuple(left_out),
        violations=tuple(violations),
    )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Facts:
    """The problem by id."""

    vehicles: dict[str, Vehicle]
    jobs: dict[str, Job]
    shipments: dict[str, Shipment]
    tasks: dict[str, Job | Shipment]
    rank: dict[str, int]

    @classmethod
    def of(cls, problem: Problem) -> _Facts:
        tasks: dict[str, Job | Shipment] = {job.id: job for job in problem.jobs}
        tasks.update({shipment.id: shipment for shipment in problem.shipments})
        return cls(
            vehicles={vehicle.id: vehicle for vehicle in problem.vehicles},
            jobs={job.id: job for job in problem.jobs},
            shipments={shipment.id: shipment for shipment in problem.shipments},
            tasks=tasks,
            rank={name: number for number, name in enumerate(tasks)},
        )


def _assignment(
    facts: _Facts, done: Sequence[tuple[str, StopKind, str, int]], unassigned: Sequence[str]
) -> Iterable[Violation]:
    """Yield what is wrong with who does what: missing, repeated, split, out of order."""
    visits: dict[str, list[tuple[str, StopKind, int]]] = {}
    for vehicle, kind, name, trip in done:
        visits.setdefault(name, []).append((vehicle, kind, trip))
    left_out = Counter(unassigned)
    for name in left_out:
        if name not in facts.tasks:
            yield Violation(code=Code.UNKNOWN_STOP, amount=1, id=name)
    for name, task in facts.tasks.items():
        seen = visits.get(name, [])
        kinds = Counter(kind for _, kind, _ in seen)
        most = max(kinds.values(), default=0)
        excess = sum(count - 1 for count in kinds.values())
        excess += max(left_out[name] - (0 if seen else 1), 0)
        if excess:
            yield Violation(code=Code.JOB_REPEATED, amount=excess, id=name)
        if not seen:
            if not left_out[name]:
                yield Violation(code=Code.JOB_MISSING, amount=1, id=name)
            elif task.skip_cost is None:
                yield Violation(code=Code.REQUIRED_UNASSIGNED, amount=1, id=name)
            continue
        if isinstance(task, Job):
            continue
        if len(kinds) < 2:
            yield Violation(code=Code.SHIPMENT_INCOMPLETE, amount=1, id=name)
        elif most == 1:
            (first_vehicle, first_kind, first_trip), (vehicle, _, trip) = seen
            if first_vehicle != vehicle or first_trip != trip:
                yield Violation(code=Code.SHIPMENT_SPLIT, amount=1, id=name)
            if first_vehicle == vehicle and first_kind is StopKind.DELIVERY:
                yield Violation(code=Code.SHIPMENT_ORDER, amount=1, vehicle=vehicle, id=name)


def _distance_to(windows: Sequence[TimeWindow], time: int) -> int:
    """Return the seconds between a time and the nearest window, 0 inside one or without any."""
    if not windows:
        return 0
    return min(max(window.start - time, time - window.end, 0) for window in windows)


@dataclass(slots=True, kw_only=True)
class _RouteJudge:
    """One pass along a route, clock and load in hand."""

    problem: Problem
    facts: _Facts
    vehicle: Vehicle
    route: Route
    violations: list[Violation] = field(default_factory=list)
    done: list[tuple[StopKind, str, int]] = field(default_factory=list)
    # The clock: when the vehicle was last free, where, and the breaks taken since.
    free: int = 0
    place: int | None = None
    rests: list[tuple[int, int]] = field(default_factory=list)
    metres: int = 0
    driving: int = 0
    service: int = 0
    resting: int = 0
    unpaid: int = 0
    lateness: int = 0
    unfamiliar: int = 0
    trip: int = 0

    def judge(self) -> RouteReport:
        vehicle, route = self.vehicle, self.route
        travel = self.problem.travel[vehicle.profile]
        loads = self._loads()
        self._state_load(route.load, loads[0], "")
        self.free = route.departure
        self.place = vehicle.start
        if route.departure < vehicle.shift.start and route.stops:
            self._add(Code.SHIFT_TOO_EARLY, vehicle.shift.start - route.departure)
        self._keep_release(0, route.departure, "")
        taken: list[str] = []
        reloads: Counter[str] = Counter()
        for number, stop in enumerate(route.stops):
            if stop.kind is StopKind.BREAK:
                self._rest(stop, taken)
            elif stop.kind is StopKind.RELOAD:
                reloads[stop.id] += 1
                self._reload(stop, travel)
            else:
                self._visit(stop, travel)
            self._state_load(stop.load, loads[number + 1], stop.id)
        home = vehicle.end if vehicle.end is not None and route.stops else self.place
        finish = self._arrive(home, travel)[1]
        self._state(route.finish, finish, "")
        if finish > vehicle.shift.end and route.stops:
            self._add(Code.SHIFT_TOO_LATE, finish - vehicle.shift.end)
        self._breaks(taken, finish)
        self._reloads(reloads, finish)
        self._locked()
        return self._report(finish)

    # ---- time -----------------------------------------------------------------------------

    def _arrive(self, place: int | None, travel: Travel) -> tuple[int, int]:
        """Drive to a place around the pending breaks; return (arrival, when free to begin)."""
        left = 0
        if place is not None and self.place is not None:
            left, metres = travel.leg(self.place, place)
            self.metres += metres
            self.driving += left
        clock = self.free
        arrival = clock + left
        for begin, seconds in self.rests:
            driven = min(left, begin - clock)
            left -= driven
            clock = begin + seconds
            if left:
                arrival = clock + left
        self.rests.clear()
        self.place = place
        return arrival, clock + left

    def _rest(self, stop: Stop, taken: list[str]) -> None:
        known = {pause.id: pause for pause in self.vehicle.breaks}
        pause = known.get(stop.id)
        if pause is None:
            self._add(Code.UNKNOWN_STOP, 1, stop.id)
            return
        taken.append(pause.id)
        earliest = self.free
        if self.rests:
            earliest = self.rests[-1][0] + self.rests[-1][1]
        begin = max(stop.begin, earliest)
        self._state(stop.begin, begin, stop.id)
        self._state(stop.arrival, begin, stop.id)
        self._state(stop.departure, begin + pause.seconds, stop.id)
        missed = _distance_to(pause.windows, begin)
        if missed:
            self._add(Code.BREAK_WINDOW_MISSED, missed, stop.id)
        self.resting += pause.seconds
        if not pause.paid:
            self.unpaid += pause.seconds
        self.rests.append((begin, pause.seconds))

    def _reload(self, stop: Stop, travel: Travel) -> None:
        reload = self._reload_of(stop)
        if reload is None:
            self._add(Code.UNKNOWN_STOP, 1, stop.id)
            return
        arrival, ready = self._arrive(reload.place, travel)
        begin = max(stop.begin, ready)
        self._state(stop.arrival, arrival, stop.id)
        self._state(stop.begin, begin, stop.id)
        missed = _distance_to(reload.windows, begin)
        if missed:
            self._add(Code.RELOAD_WINDOW_MISSED, missed, stop.id)
        leave = max(stop.departure, begin + reload.seconds)
        self._state(stop.departure, leave, stop.id)
        self.service += reload.seconds
        self.free = leave
        self.trip += 1
        self._keep_release(self.trip, leave, stop.id)

    def _visit(self, stop: Stop, travel: Travel) -> None:
        visit = self._visit_of(stop)
        task = self.facts.tasks.get(stop.id)
        if visit is None or task is None:
            self._add(Code.UNKNOWN_STOP, 1, stop.id)
            return
        came_from = self.place
        arrival, ready = self._arrive(visit.place, travel)
        begin = max(stop.begin, ready)
        self._state(stop.arrival, arrival, stop.id)
        self._state(stop.begin, begin, stop.id)
        missed = _distance_to(visit.windows, begin)
        if missed:
            self._add(Code.WINDOW_MISSED, missed, stop.id)
        work = visit.service_seconds
        if came_from != visit.place:
            work += visit.setup_seconds
        self.service += work
        self.free = begin + work
        self._state(stop.departure, self.free, stop.id)
        if visit.due is not None and begin > visit.due.time:
            self.lateness += (begin - visit.due.time) * visit.due.cost_per_second
        if visit.area and visit.area not in self.vehicle.known_areas:
            self.unfamiliar += self.vehicle.unfamiliar_cost
        lacking = task.skills - self.vehicle.skills
        if lacking:
            self._add(Code.SKILL_MISSING, len(lacking), stop.id)
        if task.vehicles is not None and self.vehicle.id not in task.vehicles:
            self._add(Code.VEHICLE_NOT_ALLOWED, 1, stop.id)
        self.done.append((stop.kind, stop.id, self.trip))

    def _keep_release(self, trip: int, leave: int, at: str) -> None:
        latest = max((self._release_of(s) for s in self._trips()[trip]), default=leave)
        if latest > leave:
            self._add(Code.RELEASE_NOT_KEPT, latest - leave, at)

    # ---- load -----------------------------------------------------------------------------

    def _loads(self) -> list[tuple[int, ...]]:
        """Return what is on board at the start and after each stop."""
        size = len(self.problem.dimensions)
        capacity = self.vehicle.capacity
        trips = self._trips()
        board = self._loaded(trips[0])
        loads = [tuple(board)]
        trip = 0
        over: dict[int, tuple[int, str]] = {}

        def weigh(at: str) -> None:
            for k in range(size if capacity else 0):
                if board[k] - capacity[k] > over.get(k, (0, ""))[0]:
                    over[k] = (board[k] - capacity[k], at)

        weigh("")
        for stop in self.route.stops:
            if stop.kind is StopKind.RELOAD and self._reload_of(stop) is not None:
                trip += 1
                board = self._loaded(trips[trip])
            else:
                for k, change in enumerate(self._change(stop)):
                    board[k] += change
            loads.append(tuple(board))
            weigh(stop.id)
        for k, (amount, at) in over.items():
            self._add(Code.CAPACITY_EXCEEDED, amount, at, self.problem.dimensions[k])
        return loads

    def _trips(self) -> list[list[Stop]]:
        trips: list[list[Stop]] = [[]]
        for stop in self.route.stops:
            if stop.kind is StopKind.RELOAD and self._reload_of(stop) is not None:
                trips.append([])
            else:
                trips[-1].append(stop)
        return trips

    def _loaded(self, stops: Sequence[Stop]) -> list[int]:
        board = [0] * len(self.problem.dimensions)
        for stop in stops:
            job = self.facts.jobs.get(stop.id) if stop.kind is StopKind.JOB else None
            for k, units in enumerate(job.delivery if job else ()):
                board[k] += units
        return board

    def _change(self, stop: Stop) -> list[int]:
        change = [0] * len(self.problem.dimensions)
        job = self.facts.jobs.get(stop.id) if stop.kind is StopKind.JOB else None
        shipment = self.facts.shipments.get(stop.id)
        gained: Amounts = ()
        lost: Amounts = ()
        if job is not None:
            gained, lost = job.pickup, job.delivery
        elif shipment is not None and stop.kind is StopKind.PICKUP:
            gained = shipment.amount
        elif shipment is not None and stop.kind is StopKind.DELIVERY:
            lost = shipment.amount
        for k, units in enumerate(gained):
            change[k] += units
        for k, units in enumerate(lost):
            change[k] -= units
        return change

    def _state_load(self, stated: Amounts, load: tuple[int, ...], at: str) -> None:
        given = stated or (0,) * len(load)
        off = abs(len(given) - len(load)) + sum(
            abs(a - b) for a, b in zip(given, load, strict=False)
        )
        if off:
            self._add(Code.LOAD_MISSTATED, off, at)

    # ---- rules of the whole route ---------------------------------------------------------

    def _breaks(self, taken: Sequence[str], finish: int) -> None:
        order = [pause.id for pause in self.vehicle.breaks]
        for name, times in Counter(taken).items():
            if times > 1:
                self._add(Code.BREAK_REPEATED, times - 1, name)
        ranks = [order.index(name) for name in taken]
        for earlier, later in pairwise(ranks):
            if later < earlier:
                self._add(Code.BREAK_ORDER, 1, order[later])
        if not self.route.stops:
            return
        breaks = self.vehicle.breaks
        first, last = (min(ranks), max(ranks)) if ranks else (len(breaks), -1)
        before = _count_before(breaks[:first], self.route.departure)
        after = _first_after(breaks, last + 1, finish)
        for number in range(before, after):
            if number not in ranks:
                self._add(Code.BREAK_MISSING, breaks[number].seconds, breaks[number].id)

    def _reloads(self, made: Counter[str], finish: int) -> None:
        for reload in self.vehicle.reloads:
            if reload.most is not None and made[reload.id] > reload.most:
                self._add(Code.RELOAD_TOO_OFTEN, made[reload.id] - reload.most, reload.id)
            if reload.required and self.route.stops and not made[reload.id]:
                last = reload.windows[-1].end if reload.windows else None
                if last is None or self.route.departure <= last < finish:
                    self._add(Code.RELOAD_MISSING, 1, reload.id)

    def _locked(self) -> None:
        locked = self.vehicle.locked
        visits = [
            stop.id
            for stop in self.route.stops
            if stop.kind not in (StopKind.BREAK, StopKind.RELOAD)
        ]
        begun = visits[: len(locked)]
        wrong = sum(a != b for a, b in zip(locked, begun, strict=False)) + len(locked) - len(begun)
        if wrong:
            self._add(Code.LOCKED_ORDER_BROKEN, wrong)

    def _report(self, finish: int) -> RouteReport:
        vehicle, route = self.vehicle, self.route
        span = finish - route.departure
        duty = span - self.unpaid
        stops = len(self.done)
        trips = len(self._trips())
        for code, amount, limit in (
            (Code.METRES_EXCEEDED, self.metres, vehicle.max_metres),
            (Code.DRIVING_EXCEEDED, self.driving, vehicle.max_driving_seconds),
            (Code.DUTY_EXCEEDED, duty, vehicle.max_duty_seconds),
            (Code.STOPS_EXCEEDED, stops, vehicle.max_stops),
        ):
            if limit is not None and amount > limit:
                self._add(code, amount - limit)
        cost = Cost()
        if route.stops:
            cost = Cost(
                fixed=vehicle.fixed_cost,
                distance=self.metres * vehicle.cost_per_metre,
                duty=duty * vehicle.cost_per_second,
                overtime=sum(
                    max(duty - tier.after, 0) * tier.cost_per_second for tier in vehicle.overtime
                ),
                lateness=self.lateness,
                unfamiliar=self.unfamiliar,
            )
        return RouteReport(
            vehicle=vehicle.id,
            cost=cost,
            metres=self.metres,
            driving_seconds=self.driving,
            service_seconds=self.service,
            waiting_seconds=span - self.driving - self.service - self.resting,
            break_seconds=self.resting,
            duty_seconds=duty,
            stops=stops,
            trips=trips,
        )

    # ---- small things ---------------------------------------------------------------------

    def _visit_of(self, stop: Stop) -> Job | Visit | None:
        if stop.kind is StopKind.JOB:
            return self.facts.jobs.get(stop.id)
        shipment = self.facts.shipments.get(stop.id)
        if shipment is None:
            return None
        return shipment.pickup if stop.kind is StopKind.PICKUP else shipment.delivery

    def _reload_of(self, stop: Stop) -> Reload | None:
        return next((r for r in self.vehicle.reloads if r.id == stop.id), None)

    def _release_of(self, stop: Stop) -> int:
        task = self.facts.tasks.get(stop.id) if stop.kind is not StopKind.BREAK else None
        return task.release if task is not None else 0

    def _state(self, stated: int, derived: int, at: str) -> None:
        if stated != derived:
            self._add(Code.TIME_MISSTATED, abs(stated - derived), at)

    def _add(self, code: Code, amount: int, at: str = "", dimension: str = "") -> None:
        self.violations.append(
            Violation(code=code, amount=amount, vehicle=self.vehicle.id, id=at, dimension=dimension)
        )


def _begin_from(pause: Break, time: int) -> int | None:
    """Return the first moment from `time` on at which the break may begin, None after all."""
    for window in pause.windows:
        if time <= window.end:
            return max(time, window.start)
    return None


def _count_before(breaks: Sequence[Break], departure: int) -> int:
    """Return how many breaks, from the first on, fit one after another before the departure."""
    clock: int | None = None
    for count, pause in enumerate(breaks):
        begin = pause.windows[0].start if clock is None else _begin_from(pause, clock)
        if begin is None or begin + pause.seconds > departure:
            return count
        clock = begin + pause.seconds
    return len(breaks)


def _first_after(breaks: Sequence[Break], lowest: int, finish: int) -> int:
    """Return the smallest number from which on all breaks can be taken after the finish."""
    for number in range(lowest, len(breaks)):
        clock = finish
        for pause in breaks[number:]:
            begin = _begin_from(pause, clock)
            if begin is None:
                break
            clock = begin + pause.seconds
        else:
            return number
    return len(breaks)
