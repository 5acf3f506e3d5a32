"""
Both echelons together: trucks and couriers planned in turn until nothing improves.

    1   trucks    all mail, each minute's delay priced by the wages of the crews that wait
    2   couriers  no trip with mail leaves before its office has sorted it
    3   trucks    again: only what couriers take, each delay at what it would cost their routes
    4   couriers  again, from their routes; the whole day is kept if it costs less; back to 3

The cost that decides is the whole day's: routes of trucks and couriers as the checker finds them,
the wages of couriers who wait for mail, and the price of all that is left for another day.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch import explaining, linehaul
from dispatch.linehaul import Needs, Network
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
from solver.checker import check
from solver.explain import Reason, why_unassigned
from solver.model import Plan, Problem, Result, StopKind, Tour
from solver.schedule import schedule

Solve = Callable[[Problem, Sequence[Tour] | None, float | None], Result]
"""From a problem, tours to begin with and a share of the time (0 to 1) to a checked result."""

_TRUCKS_FIRST = 0.08
_COURIERS_FIRST = 0.52
_TRUCKS_AGAIN = 0.05
_COURIERS_AGAIN = 0.15
_ROUNDS = 2
_PROBE = 600
"""Seconds of delay by which an office's price of waiting is measured."""

_HOUR = 3600
_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class Both:
    """A whole day of both echelons, judged; `left_out` has no truck, or nobody who could."""

    linehaul: Linehaul
    problem: Problem
    result: Result
    left_out: tuple[LeftOut, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Scene:
    """
    What stays the same while the echelons alternate.

    Parameters
    ----------
    orders, direct, waiting
        What couriers do, what is too big for them and a truck does itself, and what lies at an
        office since it was collected and goes to the hub.
    build
        From the orders, and when each of them is sorted, to the couriers' problem and the orders
        that nobody could do.
    trucks, couriers
        Search one echelon.
    coupled
        Alternate; otherwise trucks are planned once by their own cost, then couriers.
    """

    day: Day
    orders: tuple[Order, ...]
    net: Network
    settings: Settings
    build: Callable[[Sequence[Order], Mapping[str, int]], tuple[Problem, tuple[LeftOut, ...]]]
    trucks: Solve
    couriers: Solve
    coupled: bool = True
    direct: tuple[Order, ...] = ()
    waiting: tuple[Order, ...] = ()


def plan_both(scene: Scene) -> Both:
    """Plan the trucks and the couriers of a day in turn and return the best whole day."""
    orders = {order.id: order for order in (*scene.orders, *scene.direct, *scene.waiting)}
    morning = _mornings(scene)
    wages = _wages(scene.day)
    prices = wages if scene.coupled else {}
    needs = Needs(wanted=_starts(scene.day), prices=prices, returned={}, latest={})
    problem = _trucks_problem(scene, morning, orders, needs)
    first = scene.trucks(problem, None, _TRUCKS_FIRST)
    # Planned once, the couriers get the time that alternating would have used.
    share = _COURIERS_FIRST if scene.coupled else 1 - _TRUCKS_FIRST
    best = _couriers_under(scene, orders, morning, first.plan, None, share)
    if not scene.coupled:
        return best
    for _ in range(_ROUNDS):
        if best.result.stopped:
            break
        loads = _taken(scene, orders, best)
        needs = Needs(
            wanted=_starts(scene.day),
            prices=_delays(scene, best, wages),
            returned=_returns(orders, best.result.plan),
            latest={},
        )
        problem = _trucks_problem(scene, loads, orders, needs)
        tours = _begun(best.linehaul.result.plan, problem)
        again = scene.trucks(problem, tours, _TRUCKS_AGAIN)
        routes = [route.tour for route in best.result.plan.routes]
        other = _couriers_under(scene, orders, loads, again.plan, routes, _COURIERS_AGAIN)
        if not _better(other, best):
            break
        best = other
    return best


def _better(one: Both, other: Both) -> bool:
    def key(both: Both) -> tuple[int, int]:
        reports = (both.result.report, both.linehaul.result.report)
        return sum(len(r.violations) for r in reports), both.linehaul.cost.total

    return key(one) < key(other)


def _trucks_problem(
    scene: Scene, loads: Sequence[Load], orders: Mapping[str, Order], needs: Needs
) -> Problem:
    return linehaul.truck_problem(
        scene.day, loads, orders, net=scene.net, needs=needs, settings=scene.settings
    )


def _couriers_under(
    scene: Scene,
    orders: Mapping[str, Order],
    loads: Sequence[Load],
    trucks: Plan,
    start: Sequence[Tour] | None,
    share: float,
) -> Both:
    """Plan the couriers for what the trucks bring, then make the evening fit their returns."""
    morning = [load for load in loads if load.direction is not Direction.TO_HUB]
    ready = linehaul.supply(scene.day, morning, trucks, settings=scene.settings).released
    brought = linehaul.carried(trucks)
    here = {name for load in morning if load.id in brought for name in load.orders}
    served = [
        order
        for order in scene.orders
        if order.kind is not OrderKind.DELIVERY or order.at_office or order.id in here
    ]
    problem, never = scene.build(served, ready)
    given = None if start is None else _known_tours(start, problem)
    result = scene.couriers(problem, given, share)
    return _whole(scene, orders, morning, trucks, problem, result, never)


def _whole(
    scene: Scene,
    orders: Mapping[str, Order],
    morning: Sequence[Load],
    trucks: Plan,
    problem: Problem,
    result: Result,
    never: tuple[LeftOut, ...],
) -> Both:
    """Put the evening's loads into the trucks' plan, as the couriers' returns allow, and judge."""
    evening = linehaul.evening_loads(orders, result.plan, scene.net.trucks, scene.waiting)
    loads = (*morning, *evening)
    needs = Needs(
        wanted=_starts(scene.day),
        prices={},
        returned=_returns(orders, result.plan),
        # The couriers count on these times: the trucks may be earlier, never later.
        latest=linehaul.begins(trucks),
    )
    both = _trucks_problem(scene, loads, orders, needs)
    plan = explaining.filled(
        both, schedule(both, _known(trucks, both)), over=lambda: False, most=len(both.jobs)
    )
    report = check(both, plan)
    supply = linehaul.supply(scene.day, morning, plan, settings=scene.settings)
    known = {job.id for job in problem.jobs} | {s.id for s in problem.shipments}
    dropped = {left.order for left in never}
    dear = _dear(both, plan, morning)
    late = [order for order in scene.orders if order.id not in known]
    here = linehaul.carried(plan)
    stay = {order.id for order in scene.waiting}
    late += [
        o
        for o, load in zip(scene.direct, linehaul.direct_loads(scene.direct), strict=True)
        if load.id not in here
    ]
    return Both(
        linehaul=Linehaul(
            problem=both,
            result=replace(result, plan=plan, report=report, engine="ortools", history=()),
            loads=loads,
            arrivals=supply.arrivals,
            sorted=supply.sorted,
            cost=DayCost(
                trucks=report.cost.total - report.cost.skipped - report.cost.lateness,
                couriers=result.report.cost.total - result.report.cost.skipped,
                waiting=_waiting(scene.day, result.plan, supply.released),
                carried_over=result.report.cost.skipped + _left(scene, orders, evening, plan, late),
            ),
        ),
        problem=problem,
        result=result,
        left_out=(
            *never,
            *(
                _not_brought(order, scene, dear=order.id in dear)
                for order in late
                if order.id not in dropped
            ),
            *(
                LeftOut(order=name, reason=LeftOutReason.NO_EVENING_TRUCK)
                for load in evening
                if load.id not in here
                for name in load.orders
                if name in stay
            ),
        ),
    )


def _dear(problem: Problem, plan: Plan, morning: Sequence[Load]) -> frozenset[str]:
    """Return the orders whose load a truck could bring for more than waiting costs."""
    if not plan.unassigned:
        return frozenset()
    why = {one.id: one.reason for one in why_unassigned(problem, plan)}
    return frozenset(
        name for load in morning if why.get(load.id) is Reason.TOO_DEAR for name in load.orders
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
        total += max(min(first, route.departure) - courier.shift.start, 0) * _wage(courier)
    return total


def _wage(courier: Courier) -> int:
    return round(courier.cost_per_hour * _THOUSANDTHS / _HOUR)


def _wages(day: Day) -> dict[str, int]:
    """Return what a second of waiting of each office's whole crew costs."""
    wages: dict[str, int] = {}
    for courier in day.couriers:
        wages[courier.office] = wages.get(courier.office, 0) + _wage(courier)
    return wages


def _starts(day: Day) -> dict[str, int]:
    """Return when each office's first shift begins."""
    starts: dict[str, int] = {}
    for courier in day.couriers:
        starts[courier.office] = min(starts.get(courier.office, 10**9), courier.shift.start)
    return starts


def _returns(orders: Mapping[str, Order], plan: Plan) -> dict[str, int]:
    """Return when the last courier of each office is back who brings something collected."""
    back: dict[str, int] = {}
    for route in plan.routes:
        for stop in route.stops:
            order = orders.get(stop.id)
            if order is not None and order.kind is OrderKind.COLLECTION:
                back[order.office] = max(back.get(order.office, 0), route.finish)
    return back


def _delays(scene: Scene, both: Both, wages: Mapping[str, int]) -> dict[str, int]:
    """Return what a second's delay of each office's mail costs, its routes staying as they are."""
    homes = {courier.id: courier.office for courier in scene.day.couriers}
    later = replace(
        both.problem,
        jobs=tuple(
            replace(job, release=job.release + _PROBE) if job.release else job
            for job in both.problem.jobs
        ),
    )
    plan = schedule(later, [route.tour for route in both.result.plan.routes])
    before = {route.vehicle: route.cost.total for route in both.result.report.routes}
    prices = dict(wages)
    report = check(later, plan)
    for route in report.routes:
        office = homes[route.vehicle]
        more = max(route.cost.total - before.get(route.vehicle, 0), 0)
        prices[office] = prices.get(office, 0) + more // _PROBE
    for violation in report.violations:
        office = homes.get(violation.vehicle, "")
        if office:
            left = scene.settings.skip.due_today * _THOUSANDTHS
            prices[office] = prices.get(office, 0) + left // _PROBE
    return prices


# ---- from one round to the next -----------------------------------------------------------------


def _taken(scene: Scene, orders: Mapping[str, Order], both: Both) -> tuple[Load, ...]:
    """Return the next round's loads: the morning's in two waves, and what is collected."""
    return (
        *_mornings(scene, _for_noon(scene, both)),
        *linehaul.evening_loads(orders, both.result.plan, scene.net.trucks, scene.waiting),
    )


def _mornings(scene: Scene, later: frozenset[str] = frozenset()) -> tuple[Load, ...]:
    return (
        *linehaul.morning_loads(
            scene.orders, scene.net.trucks, settings=scene.settings, day=scene.day, later=later
        ),
        *linehaul.direct_loads(scene.direct),
    )


def _for_noon(scene: Scene, both: Both) -> frozenset[str]:
    """
    Return the orders that need not come with the first load.

    Those are what couriers carry on the trip after the noon return, at the offices where somebody
    waits for the mail in the morning: the rest may then be unloaded and sorted before it.
    """
    starts = _starts(scene.day)
    waiting = {
        office
        for office, ends in both.linehaul.sorted.items()
        if ends and ends[0] > starts.get(office, ends[0])
    }
    homes = {courier.id: courier.office for courier in scene.day.couriers}
    second: set[str] = set()
    for route in both.result.plan.routes:
        if homes[route.vehicle] in waiting:
            trips = [step.kind for step in route.stops]
            if StopKind.RELOAD in trips:
                second.update(stop.id for stop in route.stops[trips.index(StopKind.RELOAD) + 1 :])
    return frozenset(second)


def _begun(plan: Plan, problem: Problem) -> tuple[Tour, ...]:
    """Return the tours as they were, with every new load where it fits at the least cost."""
    start = schedule(problem, _known(plan, problem))
    full = explaining.filled(problem, start, over=lambda: False, most=len(problem.jobs))
    return tuple(route.tour for route in full.routes)


def _known(plan: Plan, problem: Problem) -> tuple[Tour, ...]:
    return _known_tours([route.tour for route in plan.routes], problem)


def _known_tours(tours: Sequence[Tour], problem: Problem) -> tuple[Tour, ...]:
    """Return the tours without what the problem does not have."""
    names = {job.id for job in problem.jobs} | {s.id for s in problem.shipments}
    kept = []
    for tour in tours:
        steps = tuple(s for s in tour.steps if s.kind is StopKind.RELOAD or s.id in names)
        if any(step.kind is not StopKind.RELOAD for step in steps):
            kept.append(Tour(vehicle=tour.vehicle, steps=steps))
    return tuple(kept)
