"""
The judge of a whole day: every item must be where it is carried on from, in time.

It takes the two problems, the two plans and the loads as they are written, shares no code with any
planner, and lets `solver.checker` judge each echelon by itself. The codes (what `amount` counts):

* not_brought: a courier delivers an order whose load no truck brings (1)
* load_repeated: an order is in more than one load of one direction (times too many)
* wrong_office: a courier delivers or collects an order that its load takes to, or from, another
  office than the courier's (1)
* load_understated: a load's job holds less than its orders weigh (grams or cubic centimetres)
* left_hub_early: a truck's tour leaves before the hub has the mail ready (seconds)
* left_before_sorted: a courier's trip leaves before its mail is sorted (seconds)
* hand_over_missed: a truck takes an evening load before its last courier is back (seconds)
* not_collected: an order in an evening load is not collected by anybody (1)
* order_lost: an order is neither done nor listed as left out (1)
* done_twice: an order is done by a courier and by a truck (1)
* wrong_address: a truck that does an order itself stops elsewhere (1)
* not_for_driver: a truck does itself what its driver may not, and a courier could carry (1)
* outside_hours: a truck is served at an office outside its dock's hours (seconds)
* cost_misstated: the stated cost of trucks or couriers is not what the checker finds (thousandths)

References
----------
The idea of checking the synchronisation of echelons apart: M. Drexl, "Synchronization in Vehicle
Routing", Transportation Science 46(3), 2012.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import ceil

from dispatch.model import DayPlan, Direction, Load, Order, OrderKind, OrderState
from dispatch.settings import LinehaulRules
from solver.checker import check
from solver.model import Report, Route, Stop, StopKind


class DayCode(StrEnum):
    """Everything that can be wrong between the echelons; the module's text says what each means."""

    NOT_BROUGHT = "not_brought"
    LOAD_REPEATED = "load_repeated"
    WRONG_OFFICE = "wrong_office"
    LOAD_UNDERSTATED = "load_understated"
    LEFT_HUB_EARLY = "left_hub_early"
    LEFT_BEFORE_SORTED = "left_before_sorted"
    HAND_OVER_MISSED = "hand_over_missed"
    NOT_COLLECTED = "not_collected"
    ORDER_LOST = "order_lost"
    DONE_TWICE = "done_twice"
    WRONG_ADDRESS = "wrong_address"
    NOT_FOR_DRIVER = "not_for_driver"
    OUTSIDE_HOURS = "outside_hours"
    COST_MISSTATED = "cost_misstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayViolation:
    """One thing that is wrong between the echelons: what, by how much, of which order or load."""

    code: DayCode
    amount: int
    id: str

    def __str__(self) -> str:
        return f"{self.code.value} by {self.amount} ({self.id})"


@dataclass(frozen=True, slots=True, kw_only=True)
class DayReport:
    """The verdict on a day: each echelon by itself, and what is wrong between them."""

    couriers: Report
    trucks: Report
    violations: tuple[DayViolation, ...]

    @property
    def feasible(self) -> bool:
        """True when nothing at all is violated."""
        return self.couriers.feasible and self.trucks.feasible and not self.violations


def check_day(plan: DayPlan, rules: LinehaulRules) -> DayReport | None:
    """Judge a planned day as one; None where trucks were not planned."""
    line = plan.linehaul
    if line is None:
        return None
    couriers = check(plan.problem, plan.result.plan)
    trucks = check(line.problem, line.result.plan)
    found: list[DayViolation] = []
    judge = _Judge(plan, rules)
    parts = (judge.loads(), judge.mornings(), judge.evenings(), judge.orders(), judge.places())
    for part in parts:
        found += part
    stated = {"couriers": line.cost.couriers, "trucks": line.cost.trucks}
    actual = {
        "couriers": couriers.cost.total - couriers.cost.skipped,
        "trucks": trucks.cost.total
        - trucks.cost.skipped
        - trucks.cost.lateness
        + judge.late_at_doors(),
    }
    for name, cost in stated.items():
        if cost != actual[name]:
            found.append(
                DayViolation(code=DayCode.COST_MISSTATED, amount=abs(cost - actual[name]), id=name)
            )
    return DayReport(couriers=couriers, trucks=trucks, violations=tuple(found))


class _Judge:
    """The facts of one day looked up by id, and what is wrong with each."""

    def __init__(self, plan: DayPlan, rules: LinehaulRules) -> None:
        assert plan.linehaul is not None
        self.plan = plan
        self.rules = rules
        self.line = plan.linehaul
        self.known: Mapping[str, Order] = {
            **{order.id: order for order in plan.day.orders},
            **plan.located,
        }
        self.homes = {courier.id: courier.office for courier in plan.day.couriers}
        self.crews = Counter(self.homes.values())
        self.hand_overs: dict[str, Stop] = {
            stop.id: stop
            for route in self.line.result.plan.routes
            for stop in route.stops
            if stop.kind is StopKind.JOB
        }
        self.driven = {
            name
            for load in self.line.loads
            if load.direction.direct and load.id in self.hand_overs
            for name in load.orders
        }
        self.bring = self._by_order(Direction.TO_OFFICE)
        self.take = self._by_order(Direction.TO_HUB)

    def _by_order(self, direction: Direction) -> dict[str, Load]:
        return {
            name: load
            for load in self.line.loads
            if load.direction is direction
            for name in load.orders
        }

    def loads(self) -> Iterator[DayViolation]:
        for direction in Direction:
            counted = Counter(
                name
                for load in self.line.loads
                if load.direction is direction
                for name in load.orders
            )
            for name, times in counted.items():
                if times > 1:
                    yield DayViolation(code=DayCode.LOAD_REPEATED, amount=times - 1, id=name)
        jobs = {job.id: job for job in self.line.problem.jobs}
        for load in self.line.loads:
            job = jobs.get(load.id)
            if job is None:
                continue
            orders = [self.known[name] for name in load.orders if name in self.known]
            real = (sum(o.grams for o in orders), sum(o.cubic_cm for o in orders))
            brings = load.direction in (Direction.TO_OFFICE, Direction.TO_CUSTOMER)
            told = job.delivery if brings else job.pickup
            told = told or (0,) * len(real)
            short = max(weight - stated for weight, stated in zip(real, told, strict=True))
            if short > 0:
                yield DayViolation(code=DayCode.LOAD_UNDERSTATED, amount=short, id=load.id)
        for route in self.line.result.plan.routes:
            for leaves, stops in _trips(route):
                morning = [s.id for s in stops if s.id in jobs and any(jobs[s.id].delivery)]
                early = self.rules.hub_ready - leaves
                if morning and early > 0:
                    yield DayViolation(code=DayCode.LEFT_HUB_EARLY, amount=early, id=morning[0])

    def _sorted(self) -> dict[str, int]:
        """Return when each load is sorted: one after the other as they come to an office."""
        free: dict[str, int] = {}
        done: dict[str, int] = {}
        brought = [
            load
            for load in self.line.loads
            if load.direction is Direction.TO_OFFICE and load.id in self.hand_overs
        ]
        for load in sorted(brought, key=lambda load: self.hand_overs[load.id].departure):
            items = sum(self.known[name].items for name in load.orders if name in self.known)
            sorters = max(1, -(-self.crews[load.office] // self.rules.couriers_per_sorter))
            begin = max(self.hand_overs[load.id].departure, free.get(load.office, 0))
            end = begin + ceil(items * self.rules.sort_seconds_per_item / sorters)
            free[load.office] = done[load.id] = end
        return done

    def mornings(self) -> Iterator[DayViolation]:
        done = self._sorted()
        for route in self.plan.result.plan.routes:
            home = self.homes.get(route.vehicle, "")
            for leaves, stops in _trips(route):
                for stop in stops:
                    order = self.known.get(stop.id)
                    if stop.kind is not StopKind.JOB or order is None:
                        continue
                    if order.kind is not OrderKind.DELIVERY or order.at_office:
                        continue
                    load = self.bring.get(order.id)
                    if load is None or load.id not in done:
                        yield DayViolation(code=DayCode.NOT_BROUGHT, amount=1, id=order.id)
                        continue
                    if load.office != home:
                        yield DayViolation(code=DayCode.WRONG_OFFICE, amount=1, id=order.id)
                    early = done[load.id] - leaves
                    if early > 0:
                        yield DayViolation(
                            code=DayCode.LEFT_BEFORE_SORTED, amount=early, id=order.id
                        )

    def evenings(self) -> Iterator[DayViolation]:
        collected: dict[str, tuple[str, int]] = {}
        for route in self.plan.result.plan.routes:
            for stop in route.stops:
                collected[stop.id] = (route.vehicle, route.finish)
        for load in self.line.loads:
            if load.direction is not Direction.TO_HUB:
                continue
            back = 0
            for name in load.orders:
                if self._waits(name):
                    continue
                if name not in collected:
                    yield DayViolation(code=DayCode.NOT_COLLECTED, amount=1, id=name)
                    continue
                vehicle, finish = collected[name]
                back = max(back, finish)
                if self.homes.get(vehicle, "") != load.office:
                    yield DayViolation(code=DayCode.WRONG_OFFICE, amount=1, id=name)
            if load.id in self.hand_overs:
                missed = back + self.rules.bag_seconds - self.hand_overs[load.id].begin
                if missed > 0:
                    yield DayViolation(code=DayCode.HAND_OVER_MISSED, amount=missed, id=load.id)

    def _waits(self, name: str) -> bool:
        """Tell whether an order lies at its office since an earlier day, and goes to the hub."""
        going = (OrderState.COLLECTED, OrderState.RETURNED)
        return name in self.known and self.known[name].state in going

    def orders(self) -> Iterator[DayViolation]:
        done = {stop.id for route in self.plan.result.plan.routes for stop in route.stops}
        for name in self.driven:
            if name in done:
                yield DayViolation(code=DayCode.DONE_TWICE, amount=1, id=name)
        done |= self.driven
        done |= {
            name
            for name, load in self.take.items()
            if load.id in self.hand_overs and self._waits(name)
        }
        said = {left.order for left in self.plan.left_out}
        for order in self.plan.day.orders:
            if order.id not in done and order.id not in said:
                yield DayViolation(code=DayCode.ORDER_LOST, amount=1, id=order.id)

    def places(self) -> Iterator[DayViolation]:
        rows = {job.id: job.place for job in self.line.problem.jobs}
        offices = {office.id: office for office in self.plan.day.offices}
        for load in self.line.loads:
            stop = self.hand_overs.get(load.id)
            if stop is None:
                continue
            there = self.line.problem.places[rows[load.id]]
            if load.direction.direct:
                points = [self.known[name].address.point for name in load.orders]
                if any(p is None or (p.lon, p.lat) != (there.x, there.y) for p in points):
                    yield DayViolation(code=DayCode.WRONG_ADDRESS, amount=1, id=load.id)
                if not all(self._may_drive(self.known[name]) for name in load.orders):
                    yield DayViolation(code=DayCode.NOT_FOR_DRIVER, amount=1, id=load.id)
            elif load.office not in offices or there.id != load.office:
                yield DayViolation(code=DayCode.WRONG_OFFICE, amount=1, id=load.id)
            elif offices[load.office].dock:
                outside = min(
                    max(span.start - stop.begin, stop.begin - span.end, 0)
                    for span in offices[load.office].dock
                )
                if outside > 0:
                    yield DayViolation(code=DayCode.OUTSIDE_HOURS, amount=outside, id=load.id)

    def _may_drive(self, order: Order) -> bool:
        if order.service in self.rules.driver_services and not order.cash:
            return True
        # What is too big for every courier of its office is the driver's, whatever it is.
        crew = [v for v in self.plan.problem.vehicles if self.homes.get(v.id) == order.office]
        carries = [v for v in crew if order.grams <= v.capacity[0]]
        return bool(crew) and not any(order.cubic_cm <= v.capacity[1] for v in carries)

    def late_at_doors(self) -> int:
        """Return what lateness at the customers that trucks serve themselves costs."""
        jobs = {job.id: job for job in self.line.problem.jobs}
        total = 0
        for load in self.line.loads:
            stop, job = self.hand_overs.get(load.id), jobs.get(load.id)
            if load.direction.direct and stop is not None and job is not None:
                due = job.due
                if due is not None and stop.begin > due.time:
                    total += (stop.begin - due.time) * due.cost_per_second
        return total


def _trips(route: Route) -> Iterator[tuple[int, list[Stop]]]:
    """Yield when each trip of a route leaves, and its stops."""
    leaves, stops = route.departure, list[Stop]()
    for stop in route.stops:
        if stop.kind is StopKind.RELOAD:
            yield leaves, stops
            leaves, stops = stop.departure, []
        else:
            stops.append(stop)
    yield leaves, stops
