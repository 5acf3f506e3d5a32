"""
Days of one office in a row: what comes in, the plan, the day, what is left for tomorrow.

A *block* is a few working days in a row, begun some days earlier so that the first counted day
has a yesterday. Blocks have different days and are drawn independently of one another, which is
what the intervals of a study rest on. A block of an office is a function of the office's setup,
the study's frame, the block's number and the seed, and of nothing else: it may be computed
anywhere, in any order, and again.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, fields, replace
from datetime import date, timedelta
from functools import lru_cache
from random import Random

from dispatch.demand import Demand, Incoming, draw
from dispatch.living import live
from dispatch.living_day import Lived, Truth
from dispatch.messages import dong
from dispatch.model import Courier, Day, Order, OrderKind, OrderState
from dispatch.planning import assign_offices, build_problem, places, profiles
from dispatch.ranges import held_to_plan, loaded_kilometres, plan_within_range, trip_metres
from dispatch.scenarios import Noise, OfficeSetup, Study, VehicleType
from dispatch.settings import PromiseRules, Settings
from dispatch.workdays import Calendar, vietnam
from geo.great_circle import GreatCircle
from geo.travel import TravelProvider
from geo.types import LatLon
from solver.model import Problem, Result, ViolationCode


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """What all blocks of a study share."""

    demand: Demand
    noise: Noise
    start: date
    block_days: int
    warm_up: int
    iterations: int
    replan_at: tuple[int, ...]
    give_up_after: int

    @classmethod
    def of(cls, study: Study) -> Frame:
        """Return the frame of a study."""
        return cls(
            demand=study.demand,
            noise=study.noise,
            start=study.start,
            block_days=study.block_days,
            warm_up=study.warm_up,
            iterations=study.iterations,
            replan_at=study.replan_at,
            give_up_after=study.give_up_after,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class DayFigures:
    """
    One counted day of one office: đồng, metres, seconds, grams and counts.

    Parameters
    ----------
    distance, duty, overtime
        By the judge. `fixed` is not there: what a vehicle costs whether it drives or not is the
        study's own account.
    load_energy
        Energy for what was on board, beyond that of the empty vehicle.
    guaranteed
        Wages for hours that were guaranteed and not worked.
    planned
        What the morning's plan would have cost (distance, duty, overtime).
    first_on_time, first_late
        Orders whose first visit was made today, in time or after the promised day.
    given_up
        Orders that are so late that they are sent back.
    waiting
        Orders at the end of the day that were not tried.
    impossible
        Orders that no vehicle of the office could ever take.
    beyond_range
        Trips that were longer than the vehicle's range.
    rules_broken
        Rules broken on the road (windows missed, shifts overrun), by the judge.
    """

    distance: int = 0
    duty: int = 0
    overtime: int = 0
    load_energy: int = 0
    guaranteed: int = 0
    breakdowns: int = 0
    planned: int = 0
    metres: int = 0
    energy: int = 0
    wages: int = 0
    co2_grams: int = 0
    duty_seconds: int = 0
    overtime_seconds: int = 0
    available_seconds: int = 0
    new: int = 0
    stops: int = 0
    done: int = 0
    failed: int = 0
    first_on_time: int = 0
    first_late: int = 0
    given_up: int = 0
    waiting: int = 0
    impossible: int = 0
    vehicles_used: int = 0
    vehicles: int = 0
    absent: int = 0
    broken: int = 0
    replans: int = 0
    beyond_range: int = 0
    rules_broken: int = 0

    @property
    def running(self) -> int:
        """All that the day cost, đồng."""
        return (
            self.distance
            + self.duty
            + self.overtime
            + self.load_energy
            + self.guaranteed
            + self.breakdowns
        )

    def __add__(self, other: DayFigures) -> DayFigures:
        return DayFigures(**{name: getattr(self, name) + getattr(other, name) for name in FIGURES})


FIGURES = tuple(field.name for field in fields(DayFigures))


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """Which days: the block's number, and the study's year (1, 2, …) that they lie in."""

    number: int
    year: int


@dataclass(frozen=True, slots=True, kw_only=True)
class BlockTask:
    """One piece of work for any machine."""

    setup: OfficeSetup
    frame: Frame
    block: Block
    seed: int


@lru_cache(maxsize=8)
def calendar_of(year: int) -> Calendar:
    """Return the working days around a year."""
    return vietnam(date(year, 6, 15))


def days_of(frame: Frame, block: Block, *, seed: int) -> tuple[date, ...]:
    """Return the working days of a block, those that are not counted first."""
    first = date(frame.start.year + block.year - 1, frame.start.month, 1)
    calendar = calendar_of(first.year)
    # A block begins on any working day of its year with the same chance.
    random = Random(f"{seed}/block/{block.number}")
    begin = first + timedelta(days=random.randrange(330))
    found: list[date] = []
    while len(found) < frame.warm_up + frame.block_days:
        begin += timedelta(days=1)
        known = calendar if begin.year == first.year else calendar_of(begin.year)
        if known.works(begin) and begin.weekday() < 5:
            found.append(begin)
    return tuple(found)


def run_block(task: BlockTask) -> tuple[DayFigures, ...]:
    """Live one block at one office and return its counted days."""
    days = days_of(task.frame, task.block, seed=task.seed)
    return tuple(run_days(task, days)[task.frame.warm_up :])


def run_days(task: BlockTask, days: Sequence[date]) -> list[DayFigures]:
    """Live days one after the other, each beginning with what the one before left."""
    office = OfficeDays(task)
    left: list[_Held] = []
    figures = []
    for on in days:
        one, left = office.live(on, left)
        figures.append(one)
    return figures


@dataclass(frozen=True, slots=True, kw_only=True)
class _Held:
    """An order that is not finished; `tried` says that its first visit is behind it."""

    order: Order
    tried: bool = False


@lru_cache(maxsize=2)
def _travel(on: date) -> TravelProvider:
    return GreatCircle.phu_tho(on=on)


class OfficeDays:
    """One office under one setup."""

    def __init__(self, task: BlockTask, travel: TravelProvider | None = None) -> None:
        self.task = task
        self.setup = task.setup
        self.frame = task.frame
        self.name = f"{task.block.year}.{task.block.number}"
        self.office = task.setup.as_office()
        self.travel = travel or _travel(date(task.frame.start.year, 1, 1))
        self.types: dict[str, VehicleType] = {}

    def live(self, on: date, left: Sequence[_Held]) -> tuple[DayFigures, list[_Held]]:
        """Live a day that begins with what is left, and return what it leaves."""
        settings = self.settings_on(on)
        fresh = self.fresh(on, settings)
        held = {each.order.id: each for each in left}
        crew = self.crew(on)
        self.types = {courier.id: kind for courier, kind in crew}
        morning = [
            *(each.order for each in left),
            *(one.order for one in fresh if not one.called_at),
        ]
        called = tuple((one.called_at, one.order) for one in fresh if one.called_at)
        day = Day(
            date=on,
            orders=tuple(morning),
            couriers=tuple(courier for courier, _ in crew),
            offices=(self.office,),
        )
        assigned = assign_offices(day, morning)
        orders = {order.id: order for order in (*morning, *(order for _, order in called))}
        # Nobody at work is no proof that an order could never be taken.
        impossible = frozenset(each.order for each in assigned.left_out if crew)
        if not assigned.orders or not crew:
            after, rest = self._tomorrow(
                on, orders, held, frozenset(), frozenset(), impossible, settings
            )
            count = sum(number for _, number in self.setup.vehicles)
            idle = DayFigures(new=len(fresh), vehicles=count, absent=count - len(crew))
            return replace(idle, **after), rest
        problem, result = self.morning(day, assigned.orders, settings)
        known = [*assigned.orders, *(order for _, order in called)]
        truth = self._truth(on, problem, known, called, settings)
        lived = live(
            held_to_plan(problem, result.plan, self.types),
            result.plan,
            truth,
            day=on,
            travel=self.travel,
            settings=settings,
            replan_at=self.frame.replan_at,
            iterations=max(self.frame.iterations // 4, 1),
            seed=self.task.seed,
        )
        after, rest = self._tomorrow(
            on, orders, held, lived.done, lived.failed, impossible, settings
        )
        figures = self._account(lived, result, crew, len(fresh))
        return replace(figures, **after), rest

    # ---- the morning ------------------------------------------------------------------------

    def settings_on(self, on: date) -> Settings:
        """Return the office's rules on a day."""
        promise = PromiseRules()
        if self.setup.promise_days is not None:
            promise = replace(promise, other_days=self.setup.promise_days)
        return Settings(calendar=calendar_of(on.year), promise=promise)

    def fresh(self, on: date, settings: Settings) -> list[Incoming]:
        """Return the orders that are new on a day and this office's."""
        found: list[Incoming] = []
        for district in self.setup.districts:
            drawn = draw(
                self.frame.demand,
                district,
                on,
                year=self.task.block.year,
                seed=self.task.seed,
                name=self.name,
                promise=settings.promise,
                calendar=settings.calendar,
            )
            found += [one for one in drawn if self._ours(one.order)]
        return found

    def _ours(self, order: Order) -> bool:
        point = order.address.point
        if point is None:
            return False
        mine = (_apart(point, self.setup.point), self.setup.office)
        return all(mine <= (_apart(point, there), name) for name, there in self.setup.rivals)

    def crew(self, on: date) -> list[tuple[Courier, VehicleType]]:
        """Return who came to work: whether one does depends on his number and the day alone."""
        share = self.frame.noise.courier_absent
        return [
            (courier, kind)
            for courier, kind in self.setup.couriers()
            if self._random(on, courier.id, "absent").random() >= share
        ]

    def _random(self, on: date, *names: str) -> Random:
        return Random("/".join((str(self.task.seed), self.name, on.isoformat(), *names)))

    def morning(
        self, day: Day, orders: Sequence[Order], settings: Settings
    ) -> tuple[Problem, Result]:
        """Return the day's problem and plan: those that the office's own morning would have."""
        index = places(day, orders)
        matrices = {
            profile: self.travel.matrix(index.points, profile=profile) for profile in profiles(day)
        }
        problem = build_problem(day, orders, index=index, travel=matrices, settings=settings)
        return problem, plan_within_range(
            problem, self.types, iterations=self.frame.iterations, seed=self.task.seed
        )

    # ---- the world --------------------------------------------------------------------------

    def _truth(
        self,
        on: date,
        problem: Problem,
        orders: Sequence[Order],
        called: tuple[tuple[int, Order], ...],
        settings: Settings,
    ) -> Truth:
        noise = self.frame.noise
        if noise == Noise.none():
            return Truth(called=called)
        seconds, in_vain = {}, set()
        for order in orders:
            random = self._random(on, order.id, "door")
            kind = (
                OrderKind.COLLECTION if order.kind is OrderKind.COLLECTION else OrderKind.DELIVERY
            )
            usual = settings.seconds_at(kind, order.service)
            factor = math.exp(random.gauss(0, 1) * noise.service - noise.service**2 / 2)
            seconds[order.id] = max(round(usual * factor), 5)
            # Agencies keep their hours; everybody else may be out.
            if random.random() < noise.customer_absent and not _at_desk(order):
                in_vain.add(order.id)
                seconds[order.id] = noise.absent_seconds
        down = {}
        for courier, driven in self.setup.couriers():
            random = self._random(on, courier.id, "breakdown")
            broken, moment = random.random(), random.random()
            if noise.breakdowns and broken < driven.breakdowns / 1000:
                hours = courier.shift
                down[courier.id] = round(hours.start + moment * (hours.end - hours.start))
        sigma = noise.travel_place
        day = self._random(on, "travel").gauss(0, 1) * noise.travel_day - noise.travel_day**2 / 2
        return Truth(
            day_factor=math.exp(day),
            place_factors={
                place.id: math.exp(
                    self._random(on, place.id, "way").gauss(0, 1) * sigma - sigma**2 / 4
                )
                for place in problem.places
            },
            seconds_at=seconds,
            in_vain=frozenset(in_vain),
            down=down,
            called=called,
        )

    # ---- the evening ------------------------------------------------------------------------

    def _tomorrow(
        self,
        on: date,
        orders: Mapping[str, Order],
        held: Mapping[str, _Held],
        done: frozenset[str],
        failed: frozenset[str],
        impossible: frozenset[str],
        settings: Settings,
    ) -> tuple[dict[str, int], list[_Held]]:
        """Return the day's counts of orders, and what is left for tomorrow."""
        counts = Counter[str]()
        rest: list[_Held] = []
        for name, order in orders.items():
            tried = name in held and held[name].tried
            if name in impossible:
                counts["impossible"] += 1
                continue
            if name in done or name in failed:
                if not tried:
                    late = order.due is not None and order.due < on
                    counts["first_late" if late else "first_on_time"] += 1
                if name in done:
                    counts["done"] += 1
                    continue
                counts["failed"] += 1
                if order.attempts + 1 >= settings.most_attempts:
                    # Held at the office for its customer to fetch: the post has kept its promise.
                    continue
                rest.append(_Held(order=_next_attempt(order), tried=True))
                continue
            counts["waiting"] += 1
            overdue = settings.days_overdue(order, on)
            if overdue >= self.frame.give_up_after:
                counts["given_up"] += 1
                counts["first_late"] += not tried
                continue
            windows = () if order.kind is OrderKind.DELIVERY else order.windows
            rest.append(_Held(order=replace(order, windows=windows), tried=tried))
        return dict(counts), rest

    def _account(
        self,
        lived: Lived,
        planned: Result,
        crew: Sequence[tuple[Courier, VehicleType]],
        fresh: int,
    ) -> DayFigures:
        routes = {route.vehicle: route for route in lived.plan.routes}
        reports = {report.vehicle: report for report in lived.report.routes}
        loads = loaded_kilometres(lived.problem, lived.plan)
        distance = duty = overtime = load_energy = guaranteed = energy = co2 = 0
        overtime_seconds = available = beyond = breakdowns = 0
        crew_terms = self.setup.crew
        for courier, kind in crew:
            report = reports.get(courier.id)
            worked = report.duty_seconds if report else 0
            lunch = courier.lunch_seconds if courier.lunch else 0
            available += courier.shift.end - courier.shift.start - lunch
            short = max(round(crew_terms.guaranteed_hours * 3600) - worked, 0)
            guaranteed += round(short * courier.cost_per_hour / 3600)
            if report is None:
                continue
            distance += report.cost.distance
            duty += report.cost.duty
            overtime += report.cost.overtime
            overtime_seconds += max(worked - courier.overtime_after, 0)
            extra = round(loads.get(courier.id, 0.0) * kind.energy_per_km_100kg / 100)
            load_energy += extra
            energy += round(report.metres * kind.energy_per_km / 1000) + extra
            co2 += round(report.metres * kind.co2_grams_per_km / 1000)
            breakdowns += kind.breakdown_cost * (courier.id in lived.broken)
            if kind.range_metres is not None:
                trips = trip_metres(lived.problem, routes[courier.id], kind)
                beyond += sum(metres > kind.range_metres for metres in trips)
        cost = planned.report.cost
        return DayFigures(
            distance=dong(distance),
            duty=dong(duty),
            overtime=dong(overtime),
            load_energy=load_energy,
            guaranteed=guaranteed,
            breakdowns=breakdowns,
            planned=dong(cost.distance + cost.duty + cost.overtime),
            metres=lived.report.metres,
            energy=energy,
            wages=dong(duty + overtime) + guaranteed,
            co2_grams=co2,
            duty_seconds=lived.report.duty_seconds,
            overtime_seconds=overtime_seconds,
            available_seconds=available,
            new=fresh,
            stops=lived.report.stops,
            vehicles_used=len(routes),
            vehicles=sum(count for _, count in self.setup.vehicles),
            absent=sum(count for _, count in self.setup.vehicles) - len(crew),
            broken=len(lived.broken),
            replans=lived.replans,
            beyond_range=beyond,
            rules_broken=sum(v.code in _ON_THE_ROAD for v in lived.report.violations),
        )


_ON_THE_ROAD = (ViolationCode.WINDOW_MISSED, ViolationCode.SHIFT_TOO_LATE)


def _at_desk(order: Order) -> bool:
    """Tell whether an order is an agency's: a desk keeps its hours."""
    return order.kind is OrderKind.TRANSFER or (
        order.kind is OrderKind.COLLECTION and order.items > 1
    )


def _next_attempt(order: Order) -> Order:
    """Return an order for its next visit: at the office, and at any time of the day."""
    state = OrderState.FAILED if order.kind is OrderKind.DELIVERY else None
    return replace(order, attempts=order.attempts + 1, state=state, windows=())


def _apart(a: LatLon, b: LatLon) -> float:
    return (a.lat - b.lat) ** 2 + ((a.lon - b.lon) * 0.93) ** 2  # cos 21.4°
