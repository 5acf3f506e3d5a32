"""
One whole day of both echelons: what stays the same, what is chosen, and what it all costs.

The cost that decides is the whole day's: routes of trucks and couriers as the checker finds them,
the wages of couriers who wait for mail, and the price of all that is left for another day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from dispatch import explaining, linehaul
from dispatch.linehaul import Needs
from dispatch.model import (
    Courier,
    Day,
    DayCost,
    Direction,
    LeftOut,
    LeftOutReason,
    Linehaul,
    Load,
    Order,
    OrderKind,
)
from dispatch.settings import Settings
from dispatch.truck_network import Network
from solver.checker import check
from solver.explain import Reason, why_unassigned
from solver.model import Plan, Problem, Result, StopKind, Tour
from solver.schedule import schedule

Solve = Callable[[Problem, Sequence[Tour] | None, float | None], Result]
"""From a problem, tours to begin with and a share of the time (0 to 1) to a checked result."""

_SMALL_DAY = 40

_HOUR = 3600
_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """
    What stays the same while the echelons alternate.

    Parameters
    ----------
    orders, direct, waiting
        What couriers do, what is too big for them and a truck does itself, and what lies at an
        office since it was collected and goes to the hub.
    spare
        What no courier is there for, and a truck does where that costs less than waiting.
    build
        From the orders, and when each of them is sorted, to the couriers' problem and the orders
        that nobody could do.
    measure
        From the orders that trucks may do themselves to the network with their doors in it.
    trucks, couriers
        Search one echelon.
    clock, seconds
        A clock that never goes back, and the time for everything; None counts iterations.
    coupled
        Alternate; otherwise trucks are planned once by their own cost, then couriers.
    """

    day: Day
    orders: tuple[Order, ...]
    net: Network
    settings: Settings
    build: Callable[[Sequence[Order], Mapping[str, int]], tuple[Problem, tuple[LeftOut, ...]]]
    measure: Callable[[Sequence[Order]], Network | None]
    trucks: Solve
    couriers: Solve
    clock: Callable[[], float]
    seconds: float | None
    coupled: bool = True
    direct: tuple[Order, ...] = ()
    waiting: tuple[Order, ...] = ()
    spare: tuple[Order, ...] = ()

    @property
    def small(self) -> bool:
        """True for a day so small that trying everything takes a moment, whatever the clock."""
        return len(self.orders) + len(self.spare) <= _SMALL_DAY

    def asked(self) -> dict[str, Order]:
        """Return every order of the day by its id."""
        every = (*self.orders, *self.direct, *self.waiting, *self.spare)
        return {order.id: order for order in every}


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """
    What is decided between the echelons, beside their routes.

    Parameters
    ----------
    net
        The network that holds the doors of all that trucks do themselves.
    helped
        Ids of the orders that a truck does in a courier's stead, each with what that saves the
        couriers, thousandths of a đồng.
    later
        Ids of the orders that come to their office with a second load, for the trip after noon.
    spill
        What of an office's mail is more than a truck takes may come for that trip too.
    """

    net: Network
    helped: Mapping[str, int] = field(default_factory=dict)
    later: frozenset[str] = frozenset()
    spill: bool = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """
    A whole day of both echelons, judged.

    Parameters
    ----------
    never, left_out
        What nobody could do; with it, what has no truck.
    held
        Items that must be at the hub in the evening and no truck takes.
    """

    choice: Choice
    linehaul: Linehaul
    problem: Problem
    result: Result
    never: tuple[LeftOut, ...]
    left_out: tuple[LeftOut, ...]
    held: int = 0

    @property
    def rank(self) -> tuple[int, int, int]:
        """Less is better: broken rules, items that miss the evening, and money."""
        reports = (self.result.report, self.linehaul.result.report)
        broken = sum(len(report.violations) for report in reports)
        return broken, self.held, self.linehaul.cost.total


def better(one: Both, other: Both) -> bool:
    """Tell whether the first day breaks fewer rules than the second, or costs less."""
    return one.rank < other.rank


# ---- from a choice to a day ---------------------------------------------------------------------


def by_truck(scene: Scene, choice: Choice) -> tuple[Order, ...]:
    """Return the orders that trucks do themselves: what is too big, then what costs less so."""
    asked = scene.asked()
    return (*scene.direct, *(asked[name] for name in choice.helped))


def mornings(scene: Scene, choice: Choice) -> tuple[Load, ...]:
    """Return what trucks carry before the couriers' evening: each office's mail, and doors."""
    mail = [order for order in scene.orders if order.id not in choice.helped]
    return (
        *linehaul.morning_loads(
            mail,
            scene.net.trucks,
            settings=scene.settings,
            day=scene.day,
            later=choice.later,
            spill=choice.spill,
        ),
        *linehaul.direct_loads(by_truck(scene, choice)),
    )


def trucks_problem(
    scene: Scene, choice: Choice, loads: Sequence[Load], needs: Needs, orders: Mapping[str, Order]
) -> Problem:
    """Say the trucks' day in the solver's words."""
    return linehaul.truck_problem(
        scene.day, loads, orders, net=choice.net, needs=needs, settings=scene.settings
    )


def couriers_under(
    scene: Scene,
    choice: Choice,
    loads: Sequence[Load],
    trucks: Plan,
    start: Sequence[Tour] | None,
    share: float,
) -> Both:
    """Plan the couriers for what the trucks bring, then make the evening fit their returns."""
    morning = [load for load in loads if load.direction is not Direction.TO_HUB]
    ready = _released(scene, choice, morning, trucks)
    problem, never = scene.build(_served(scene, choice, morning, trucks), ready)
    given = None if start is None else known_tours(start, problem)
    result = scene.couriers(problem, given, share)
    return judged(scene, choice, morning, trucks, problem, result, never)


def couriers_kept(
    scene: Scene,
    choice: Choice,
    loads: Sequence[Load],
    trucks: Plan,
    best: Both,
    tours: Sequence[Tour] | None = None,
) -> Both:
    """Judge the day with the couriers' routes as they are or given, but for what changes hands."""
    morning = [load for load in loads if load.direction is not Direction.TO_HUB]
    ready = _released(scene, choice, morning, trucks)
    names = {order.id for order in _served(scene, choice, morning, trucks)}
    problem = best.problem
    inside = [job.id for job in problem.jobs] + [s.id for s in problem.shipments]
    problem = explaining.without(problem, (name for name in inside if name not in names))
    problem = replace(
        problem,
        jobs=tuple(replace(job, release=ready.get(job.id, job.release)) for job in problem.jobs),
    )
    if tours is None:
        tours = [route.tour for route in best.result.plan.routes]
    plan = schedule(problem, known_tours(tours, problem))
    result = replace(best.result, plan=plan, report=check(problem, plan))
    never = tuple(left for left in best.never if left.order not in choice.helped)
    return judged(scene, choice, morning, trucks, problem, result, never)


def couriers_refilled(
    scene: Scene, choice: Choice, loads: Sequence[Load], trucks: Plan, best: Both
) -> Both:
    """Judge the day with the couriers' routes as they are, and what is new to them put in."""
    morning = [load for load in loads if load.direction is not Direction.TO_HUB]
    ready = _released(scene, choice, morning, trucks)
    problem, never = scene.build(_served(scene, choice, morning, trucks), ready)
    plan = schedule(problem, begun(best.result.plan, problem))
    result = replace(best.result, plan=plan, report=check(problem, plan))
    return judged(scene, choice, morning, trucks, problem, result, never)


def _released(
    scene: Scene, choice: Choice, morning: Sequence[Load], trucks: Plan
) -> dict[str, int]:
    """Return when couriers may leave with each order; what comes for the trip after noon, then."""
    ready = dict(linehaul.supply(scene.day, morning, trucks, settings=scene.settings).released)
    noons = linehaul.noon_returns(scene.day)
    for load in morning:
        if load.office in noons:
            for name in choice.later & set(load.orders) & ready.keys():
                ready[name] = max(ready[name], noons[load.office].start)
    return ready


def _served(
    scene: Scene, choice: Choice, morning: Sequence[Load], trucks: Plan
) -> tuple[Order, ...]:
    """Return what couriers can do: what needs no truck, or is brought by one."""
    brought = linehaul.carried(trucks)
    here = {name for load in morning if load.id in brought for name in load.orders}
    return tuple(
        order
        for order in scene.orders
        if order.id not in choice.helped
        and (order.kind is not OrderKind.DELIVERY or order.at_office or order.id in here)
    )


def judged(
    scene: Scene,
    choice: Choice,
    morning: Sequence[Load],
    trucks: Plan,
    problem: Problem,
    result: Result,
    never: tuple[LeftOut, ...],
) -> Both:
    """Put the evening's loads into the trucks' plan, as the couriers' returns allow, and judge."""
    orders = scene.asked()
    evening = linehaul.evening_loads(orders, result.plan, scene.net.trucks, scene.waiting)
    loads = (*morning, *evening)
    needs = Needs(
        wanted=starts(scene.day),
        prices={},
        returned=returns(orders, result.plan),
        # The couriers count on these times: the trucks may be earlier, never later.
        latest=linehaul.begins(trucks),
    )
    both = trucks_problem(scene, choice, loads, needs, orders)
    plan = explaining.filled(
        both, schedule(both, known(trucks, both)), over=lambda: False, most=len(both.jobs)
    )
    report = check(both, plan)
    supply = linehaul.supply(scene.day, morning, plan, settings=scene.settings)
    inside = {job.id for job in problem.jobs} | {s.id for s in problem.shipments}
    dropped = {left.order for left in never}
    dear = _dear(both, plan, loads)
    late = [o for o in scene.orders if o.id not in inside and o.id not in choice.helped]
    here = linehaul.carried(plan)
    own = by_truck(scene, choice)
    late += [
        order
        for order, load in zip(own, linehaul.direct_loads(own), strict=True)
        if load.id not in here
    ]
    stay = {order.id for order in scene.waiting}
    unserved = [order for order in scene.spare if order.id not in choice.helped]
    own_late = linehaul.late_at_doors(both, plan, loads)
    return Both(
        choice=choice,
        linehaul=Linehaul(
            problem=both,
            result=replace(result, plan=plan, report=report, engine="ortools", history=()),
            loads=loads,
            arrivals=supply.arrivals,
            sorted=supply.sorted,
            cost=DayCost(
                trucks=report.cost.total - report.cost.skipped - report.cost.lateness + own_late,
                couriers=result.report.cost.total - result.report.cost.skipped,
                waiting=_waiting(scene.day, result.plan, supply.released),
                carried_over=result.report.cost.skipped
                + _left(scene, orders, evening, plan, (*late, *unserved)),
            ),
        ),
        problem=problem,
        result=result,
        never=never,
        held=sum(load.items for load in evening if load.id not in here)
        if scene.settings.evening_mail_must
        else 0,
        left_out=(
            *never,
            *(
                _not_brought(order, scene, dear=order.id in dear)
                for order in late
                if order.id not in dropped
            ),
            *(
                LeftOut(
                    order=name,
                    reason=LeftOutReason.DEARER_THAN_WAITING
                    if name in dear
                    else LeftOutReason.NO_EVENING_TRUCK,
                )
                for load in evening
                if load.id not in here
                for name in load.orders
                if name in stay
            ),
        ),
    )


def _dear(problem: Problem, plan: Plan, loads: Sequence[Load]) -> frozenset[str]:
    """Return the orders whose load a truck could bring for more than waiting costs."""
    if not plan.unassigned:
        return frozenset()
    why = {one.id: one.reason for one in why_unassigned(problem, plan)}
    return frozenset(
        name for load in loads if why.get(load.id) is Reason.TOO_DEAR for name in load.orders
    )


def _not_brought(order: Order, scene: Scene, *, dear: bool) -> LeftOut:
    reason = LeftOutReason.NO_TRUCK
    if any(order is big for big in scene.direct):
        reason = LeftOutReason.DEARER_THAN_WAITING if dear else LeftOutReason.NO_TRUCK_FOR_BIG
    elif order.office in scene.net.unreachable:
        reason = LeftOutReason.OFFICE_UNREACHABLE
    elif dear:
        reason = LeftOutReason.DEARER_THAN_WAITING
    name = next((o.name for o in scene.day.offices if o.id == order.office), order.office)
    return LeftOut(order=order.id, reason=reason, facts={"office": name})


# ---- costs --------------------------------------------------------------------------------------


def _left(
    scene: Scene,
    orders: Mapping[str, Order],
    evening: Sequence[Load],
    plan: Plan,
    late: Sequence[Order],
) -> int:
    """Return the price of what the trucks leave: at the hub by order, at an office by load."""
    taken = linehaul.carried(plan)
    held = sum(
        linehaul.load_price(load, orders, scene.day, scene.settings)
        for load in evening
        if load.id not in taken
    )
    unsent = sum(scene.settings.skip_cost(order, scene.day.date) or 0 for order in late)
    return held + unsent * _THOUSANDTHS


def _waiting(day: Day, plan: Plan, released: Mapping[str, int]) -> int:
    """Return the wages of couriers who are there and cannot leave, as their mail is not sorted."""
    couriers = {courier.id: courier for courier in day.couriers}
    total = 0
    for route in plan.routes:
        first = 0
        for stop in route.stops:
            if stop.kind is StopKind.RELOAD:
                break
            first = max(first, released.get(stop.id, 0))
        courier = couriers[route.vehicle]
        total += max(min(first, route.departure) - courier.shift.start, 0) * wage(courier)
    return total


def wage(courier: Courier) -> int:
    """Return what a second of a courier costs, thousandths of a đồng."""
    return round(courier.cost_per_hour * _THOUSANDTHS / _HOUR)


def wages_of(day: Day) -> dict[str, int]:
    """Return what a second of waiting of each office's whole crew costs."""
    wages: dict[str, int] = {}
    for courier in day.couriers:
        wages[courier.office] = wages.get(courier.office, 0) + wage(courier)
    return wages


def starts(day: Day) -> dict[str, int]:
    """Return when each office's first shift begins."""
    found: dict[str, int] = {}
    for courier in day.couriers:
        found[courier.office] = min(found.get(courier.office, 10**9), courier.shift.start)
    return found


def returns(orders: Mapping[str, Order], plan: Plan) -> dict[str, int]:
    """Return when the last courier of each office is back who brings something collected."""
    back: dict[str, int] = {}
    for route in plan.routes:
        for stop in route.stops:
            order = orders.get(stop.id)
            if order is not None and order.kind is OrderKind.COLLECTION:
                back[order.office] = max(back.get(order.office, 0), route.finish)
    return back


# ---- tours from one problem to the next ---------------------------------------------------------


def known(plan: Plan, problem: Problem) -> tuple[Tour, ...]:
    """Return a plan's tours without what another problem does not have."""
    return known_tours([route.tour for route in plan.routes], problem)


def known_tours(tours: Sequence[Tour], problem: Problem) -> tuple[Tour, ...]:
    """Return the tours without what the problem does not have."""
    names = {job.id for job in problem.jobs} | {s.id for s in problem.shipments}
    kept = []
    for tour in tours:
        steps = tuple(s for s in tour.steps if s.kind is StopKind.RELOAD or s.id in names)
        if any(step.kind is not StopKind.RELOAD for step in steps):
            kept.append(Tour(vehicle=tour.vehicle, steps=steps))
    return tuple(kept)


def begun(plan: Plan, problem: Problem) -> tuple[Tour, ...]:
    """Return the tours as they were, with every new load where it fits at the least cost."""
    start = schedule(problem, known(plan, problem))
    full = explaining.filled(problem, start, over=lambda: False, most=len(problem.jobs))
    return tuple(route.tour for route in full.routes)
