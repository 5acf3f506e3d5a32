"""
One morning in one call: from a day's tables to a checked plan with reasons for all it leaves out.

    addresses   geocoding.locate          -> located, doubtful, not found
    territory   sharing.share             -> communes of closed and overfull offices, to others
    offices     planning.assign_offices   -> who serves what, and what nobody can
    travel      provider.matrix           -> times and distances by profile
    problem     planning.build_problem    -> the day in the solver's words
    search      executors.solve_parts     -> the offices side by side, judged as a whole
    reasons     explaining                -> every order left out, with what was proved

The command line, HTTP and the simulator all call `plan_day`; it reads no file and writes none.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch import (
    echelons,
    explaining,
    geocoding,
    journey,
    planning,
    reaching,
    sharing,
)
from dispatch.errors import NothingToPlan, RowFinding
from dispatch.executors import solve_parts
from dispatch.executors_process import Runner, run_task
from dispatch.geocoding import Territory
from dispatch.model import Day, DayPlan, LeftOut, LeftOutReason, Order, OrderKind
from dispatch.settings import Settings
from dispatch.truck_network import fits, network
from dispatch.whole_day import Both, Scene
from dispatch.workdays import vietnam
from geo.geocode import Geocoder
from geo.travel import TravelProvider
from solver.checker import check
from solver.model import Problem, Progress, Result, StopKind, Tour
from solver.pipeline import solve
from solver.schedule import schedule

STEPS = ("locate", "travel", "problem", "search", "explain")
"""What `on_step` is told, in this order."""


_MOMENT = 1.5
"""Seconds to add what fits after a stop."""


_GRACE = 0.03
"""The share of the time by which adding what fits may run over."""

_FEW = 10
"""Up to so many orders left open are tried once more whatever the clock says."""


def _never() -> bool:
    return False


def _nothing(_: str) -> None:
    return None


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """
    How long and in what way to search.

    Parameters
    ----------
    seconds
        Wall time of the search, starting processes included.
    iterations
        For each office instead of time: the same seed then gives the same plan.
    workers
        Processes at the same time; None takes the machine's cores.
    whole
        One search over all offices instead of one for each; costs nothing in quality where an
        order belongs to one office only, and is for engines that use many threads themselves.
    coupled
        Where the day has trucks: alternate between trucks and couriers, instead of planning the
        trucks once by their own cost and then the couriers.
    nice
        By how much the search processes give way to others.
    """

    seconds: float | None = 30.0
    iterations: int | None = None
    seed: int = 1
    engine: str = "auto"
    workers: int | None = None
    whole: bool = False
    coupled: bool = True
    nice: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Watch:
    """What the caller hears meanwhile, and how it stops the search early."""

    on_step: Callable[[str], None] = _nothing
    on_progress: Callable[[Progress], None] | None = None
    stop: Callable[[], bool] = _never


def plan_day(
    day: Day,
    *,
    geocoder: Geocoder,
    travel: TravelProvider,
    territory: Territory,
    clock: Callable[[], float],
    search: Search = Search(),
    settings: Settings | None = None,
    watch: Watch = Watch(),
    start: Sequence[Tour] | None = None,
    travel_note: str | Callable[[], str] = "",
    closed: frozenset[str] = frozenset(),
    runner: Runner = run_task,
) -> DayPlan:
    """
    Plan a day.

    Parameters
    ----------
    clock
        Seconds on a clock that never goes back.
    travel_note
        How travel was measured, or who tells it; asked when all is measured.
    start
        Orders of visit to begin with, such as yesterday's round; the result is never worse.
    closed
        Ids of offices that nobody can work from today; their communes go to others.

    Returns
    -------
    DayPlan
        With every order of the day in a route or in `left_out`. Its result may break rules, such
        as a required order that has no room: the report says so.

    Raises
    ------
    NothingToPlan
        The day has no orders, or no offices.
    GeoError
        The address or travel service failed.
    SolverError
        The engine refuses the problem.
    SearchLostError
        The search processes could not be kept alive.
    """
    settings = settings or Settings(calendar=vietnam(day.date))
    _require_a_day(day)
    watch.on_step("locate")
    day = geocoding.with_codes(day, geocoder, territory=territory)
    places = geocoding.locate(day.orders, geocoder, territory=territory, on=day.date)
    places, idle = _todays(places, settings)
    homes = planning.home_offices(day, places.located)
    day = sharing.close(day, closed)
    # What lies at an office for the hub goes from there, whoever serves its commune today.
    waiting = tuple(
        replace(order, office=homes[order.id])
        for order in places.located
        if order.for_hub and order.id in homes
    )
    lying = {order.id for order in waiting}
    shared = sharing.share(
        day,
        [
            replace(order, office=homes[order.id]) if homes.get(order.id) in closed else order
            for order in places.located
            if order.id not in lying
        ],
        closed=closed,
        travel=travel,
        settings=settings,
    )
    assigned = planning.assign_offices(day, shared.orders)
    watch.on_step("travel")
    reached = reaching.measure(day, assigned, travel)
    assigned, index, matrices = reached.assigned, reached.index, reached.travel
    watch.on_step("problem")

    def build(
        orders: Sequence[Order], ready: Mapping[str, int] | None
    ) -> tuple[Problem, tuple[LeftOut, ...]]:
        made = planning.build_problem(
            day,
            orders,
            index=index,
            travel=matrices,
            settings=settings,
            approximate=places.approximate,
            sorted_at=ready,
        )
        dropped = explaining.impossible(made, day, orders)
        return explaining.without(made, (left.order for left in dropped)), dropped

    big = _too_big(day, assigned)
    spare = _without_courier(assigned)
    net = network(day, travel, big)
    both: Both | None = None
    if net is None:
        problem, never = build(assigned.orders, None)
        never += tuple(LeftOut(order=o.id, reason=LeftOutReason.NO_EVENING_TRUCK) for o in waiting)
        watch.on_step("search")
        result = searched(problem, search, watch, start, clock, runner)
    else:
        watch.on_step("search")

        def couriers(made: Problem, begin: Sequence[Tour] | None, share: float | None) -> Result:
            own = _part_of(search, share)
            return searched(made, own, watch, begin or start, clock, runner)

        both = echelons.plan_both(
            Scene(
                day=day,
                orders=assigned.orders,
                direct=tuple(order for order in big if order.id in net.order_rows),
                waiting=waiting,
                spare=spare,
                measure=lambda orders: network(day, travel, orders),
                clock=clock,
                seconds=search.seconds,
                net=net,
                settings=settings,
                build=build,
                trucks=lambda made, begin, share: _trucks(
                    made, _part_of(search, share), watch, begin, clock
                ),
                couriers=couriers,
                coupled=search.coupled,
            )
        )
        problem, result = both.problem, both.result
        never = both.left_out
        direct = {order.id for order in big if order.id in net.order_rows}
        direct |= both.choice.helped.keys()
        assigned = replace(
            assigned, left_out=tuple(o for o in assigned.left_out if o.order not in direct)
        )
    watch.on_step("explain")
    open_orders = explaining.unassigned(problem, result.plan, day, assigned.orders)
    inside = _tasks(problem)
    return DayPlan(
        day=_day_with(day, (*places.located, *assigned.seen, *assigned.orders, *waiting)),
        located={order.id: order for order in assigned.orders if order.id in inside},
        problem=problem,
        result=result,
        left_out=_sorted((*places.left_out, *assigned.left_out, *never, *idle), open_orders),
        travel_note=travel_note() if callable(travel_note) else travel_note,
        linehaul=None if both is None else both.linehaul,
        hand_overs=shared.hand_overs,
    )


def _todays(
    places: geocoding.Located, settings: Settings
) -> tuple[geocoding.Located, tuple[LeftOut, ...]]:
    """Return what is to be done today, with its promise, and what has no leg of today."""
    kept, idle = [], []
    for order in places.located:
        if journey.legs_today(order, settings):
            kept.append(replace(order, due=journey.promised(order, settings)))
        else:
            state = journey.state_of(order).value
            idle.append(
                LeftOut(order=order.id, reason=LeftOutReason.NOTHING_TODAY, facts={"state": state})
            )
    return replace(places, located=tuple(kept)), tuple(idle)


def _too_big(day: Day, assigned: planning.Assigned) -> tuple[Order, ...]:
    """Return the orders that no courier of their office can carry and a truck can."""
    big = {
        left.order
        for left in assigned.left_out
        if left.reason in (LeftOutReason.TOO_HEAVY, LeftOutReason.TOO_LARGE)
    }
    return tuple(
        order
        for order in assigned.seen
        if order.id in big and order.kind is not OrderKind.TRANSFER and fits(order, day.trucks)
    )


def _without_courier(assigned: planning.Assigned) -> tuple[Order, ...]:
    """Return the orders whose office has nobody today, for trucks that pass."""
    alone = {left.order for left in assigned.left_out if left.reason is LeftOutReason.NO_COURIER}
    return tuple(order for order in assigned.seen if order.id in alone)


def searched(
    problem: Problem,
    search: Search,
    watch: Watch,
    start: Sequence[Tour] | None,
    clock: Callable[[], float],
    runner: Runner,
) -> Result:
    """Search a problem, and add what still fits when the search was stopped early."""
    began = clock()
    result = solve_parts(
        problem,
        clock=clock,
        seconds=search.seconds,
        iterations=search.iterations,
        seed=search.seed,
        engine=search.engine,
        start=None if start is None else fitting(problem, start),
        workers=search.workers,
        whole=search.whole,
        on_progress=watch.on_progress,
        stop=watch.stop,
        runner=runner,
        nice=search.nice,
    )
    # Somebody who stopped the search is waiting; a plan's missing pieces are worth a moment.
    end = clock() + _MOMENT if result.stopped else began + (search.seconds or 0.0) * (1 + _GRACE)

    few = len(result.plan.unassigned) <= _FEW and not result.stopped

    def over() -> bool:
        return not few and (search.seconds is not None or result.stopped) and clock() >= end

    plan = explaining.filled(problem, result.plan, over=over)
    if plan is result.plan:
        return result
    report = check(problem, plan)
    return replace(result, plan=plan, report=report, seconds=clock() - began)


def fitting(problem: Problem, tours: Sequence[Tour]) -> tuple[Tour, ...]:
    """
    Return tours of another moment as far as a problem knows their vehicles, visits and reloads.

    Since they were found, an order may have been cancelled, or a courier reported sick.
    """
    jobs = {job.id for job in problem.jobs}
    shipments = {shipment.id for shipment in problem.shipments}
    reloads = {vehicle.id: {one.id for one in vehicle.reloads} for vehicle in problem.vehicles}
    kept = []
    for tour in tours:
        if tour.vehicle not in reloads:
            continue
        known = {StopKind.JOB: jobs, StopKind.RELOAD: reloads[tour.vehicle]}
        steps = tuple(s for s in tour.steps if s.id in known.get(s.kind, shipments))
        kept.append(replace(tour, steps=steps))
    return tuple(kept)


def _part_of(search: Search, share: float | None) -> Search:
    if search.seconds is None or share is None:
        return search
    return replace(search, seconds=search.seconds * share)


def _trucks(
    problem: Problem,
    search: Search,
    watch: Watch,
    start: Sequence[Tour] | None,
    clock: Callable[[], float],
) -> Result:
    """Search the trucks' few stops with the engine that weighs every rule in every move."""
    return solve(
        problem,
        seconds=search.seconds,
        iterations=search.iterations,
        seed=search.seed,
        engine="ortools",
        start=None if not start else schedule(problem, start),
        stop=watch.stop,
        clock=clock,
    )


def _tasks(problem: Problem) -> frozenset[str]:
    jobs = frozenset(job.id for job in problem.jobs)
    return jobs | frozenset(shipment.id for shipment in problem.shipments)


def _day_with(day: Day, known: Sequence[Order]) -> Day:
    """Return the day with what is now known of its orders; their number and order stay."""
    latest = {order.id: order for order in known}
    return replace(day, orders=tuple(latest.get(order.id, order) for order in day.orders))


def _sorted(proved: Sequence[LeftOut], unassigned: Sequence[LeftOut]) -> tuple[LeftOut, ...]:
    """Return first what somebody must correct, then what only waits."""
    return (*proved, *unassigned)


def _require_a_day(day: Day) -> None:
    missing = [
        (day.orders, "orders", "the day has no orders", "check the date and the file of orders"),
        (day.offices, "offices", "the day has no offices", "check the file of offices"),
    ]
    found = [
        RowFinding(file=name, row=0, field="", what=what, remedy=remedy)
        for items, name, what, remedy in missing
        if not items
    ]
    if found:
        raise NothingToPlan(found)
