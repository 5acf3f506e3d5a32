"""
Orders that go from a courier to a truck that passes, where the whole day gets cheaper by it.

    move      orders that could change hands together: one; a short route; all of a small office;
              one that no courier does
    promise   what it saves the couriers, as the judge finds their routes without it, less what
              the truck's shortest detour costs
    trial     the day with the orders in the truck's tour, couriers' routes otherwise as they were

The most promising moves are tried first, on larger days some of them together, then one after the
other, each on the day as the last one left it; then each order on a truck is offered back. Only a
day that costs less is kept. What a driver may not do stays with the couriers: transfers, dossiers,
cash, and mail that lies at the office.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from itertools import pairwise

from dispatch import explaining, linehaul
from dispatch.linehaul import Needs
from dispatch.model import Direction, Load, Order, OrderKind
from dispatch.settings import Settings
from dispatch.truck_network import Network, fits
from dispatch.whole_day import (
    Both,
    Choice,
    Scene,
    better,
    couriers_kept,
    couriers_refilled,
    known,
    mornings,
    returns,
    starts,
    trucks_problem,
    wages_of,
)
from solver.evaluation import Evaluator
from solver.model import Job, Plan, Route, StopKind, Tour, Vehicle
from solver.schedule import schedule

_SMALL_ROUTE = 4
_SMALL_OFFICE = 6
_BATCH = 12
"""So many of the most promising moves of a larger day are tried together."""

_MOST_MOVES = 60
_MOST_JUDGED = 200
"""So many stops with the largest detours are judged without by the checker."""

_THOUSANDTHS = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class _Move:
    """Orders that could go to a truck together, and what that saves the couriers, thousandths."""

    orders: tuple[str, ...]
    saving: int


def may_drive(order: Order, settings: Settings) -> bool:
    """Tell whether a truck's driver may do an order in a courier's stead."""
    return (
        order.kind is not OrderKind.TRANSFER
        and order.service in settings.linehaul.driver_services
        and order.cash == 0
        and not order.at_office
        and order.address.point is not None
    )


def with_help(scene: Scene, best: Both, *, share: float) -> Both:
    """Return the day with the orders on trucks that make it cheaper, tried for a share of time."""
    until = None
    if scene.seconds is not None and not scene.small:
        until = scene.clock() + share * scene.seconds
    able = {
        order.id: order
        for order in (*scene.orders, *scene.spare)
        if may_drive(order, scene.settings) and fits(order, scene.net.trucks)
    }
    days = [_descended(scene, best, able, until, groups_first=False)]
    if scene.small:
        # One by one first; yet orders may pay together where each alone does not.
        days.append(_descended(scene, best, able, until, groups_first=True))
    return min(days, key=lambda day: day.rank)


def _descended(
    scene: Scene,
    best: Both,
    able: Mapping[str, Order],
    until: float | None,
    *,
    groups_first: bool,
) -> Both:
    """Try what could change hands, again and again while some of it makes the day cheaper."""
    accepted = True
    while accepted:
        accepted = False
        worth = _promising(scene, best, able)
        if worth is None:
            return best
        net, moves = worth
        moves.sort(key=lambda move: (len(move.orders) > 1) != groups_first)
        best = replace(best, choice=replace(best.choice, net=net))
        if not scene.small:
            other = _tried_together(scene, best, moves[:_BATCH])
            if other is not None and better(other, best):
                best, accepted = other, True
                moves = moves[_BATCH:]
        for change in _changes(best, moves):
            if until is not None and scene.clock() >= until:
                return best
            other = _tried(scene, best, change(best.choice))
            if other is not None and better(other, best):
                best, accepted = other, True
    return best


def _promising(
    scene: Scene, best: Both, able: Mapping[str, Order]
) -> tuple[Network, list[_Move]] | None:
    """Return the moves that may pay, the most promising first, and the network with their doors."""
    moves = _moves(scene, best, able)
    asked = scene.asked()
    names = {name for move in moves for name in move.orders} | best.choice.helped.keys()
    net = (
        scene.measure((*scene.direct, *(asked[name] for name in sorted(names)))) if names else None
    )
    if net is None:
        return None
    detours = _Detours(best, net)
    worth = []
    for move in moves:
        rows = [net.order_rows[name] for name in move.orders if name in net.order_rows]
        if len(rows) == len(move.orders):
            promise = move.saving - sum(detours.least(row) for row in rows)
            # Orders of one office or route may pay together where each alone does not.
            if promise > 0 or len(rows) > 1:
                worth.append((promise, move))
    worth.sort(key=lambda pair: (-pair[0], pair[1].orders))
    return net, [move for _, move in worth]


_Change = Callable[[Choice], Choice | None]


def _changes(best: Both, moves: Sequence[_Move]) -> Iterator[_Change]:
    """Yield what could change hands: to a truck by promise, then back to the couriers."""
    for move in moves:
        yield partial(_given, move=move)
    for name in sorted(best.choice.helped, key=lambda name: (best.choice.helped[name], name)):
        yield partial(_returned, name=name)


def _given(choice: Choice, *, move: _Move) -> Choice | None:
    # What an earlier move took is no longer there to be taken.
    if any(name in choice.helped for name in move.orders):
        return None
    each = move.saving // len(move.orders)
    helped = {**choice.helped, **dict.fromkeys(move.orders, each)}
    return replace(choice, helped=helped, later=choice.later - set(move.orders))


def _returned(choice: Choice, *, name: str) -> Choice | None:
    if name not in choice.helped:
        return None
    return replace(choice, helped={n: w for n, w in choice.helped.items() if n != name})


def _tried_together(scene: Scene, best: Both, moves: Sequence[_Move]) -> Both | None:
    """Return the day with all of the orders on trucks that cost these less than they save."""
    choice = best.choice
    for move in moves:
        choice = _given(choice, move=move) or choice
    loads, trucks = _driven(scene, best, choice, worth=choice.helped)
    here = linehaul.carried(trucks)
    taken = {load.orders[0] for load in loads if load.direction.direct and load.id in here}
    kept = {name: worth for name, worth in choice.helped.items() if name in taken}
    if kept.keys() <= best.choice.helped.keys():
        return None
    return _tried(scene, best, replace(choice, helped=kept))


def _tried(scene: Scene, best: Both, choice: Choice | None) -> Both | None:
    """Return the day with other orders in the trucks' tours; None where they do not fit."""
    if choice is None:
        return None
    loads, trucks = _driven(scene, best, choice)
    here = linehaul.carried(trucks)
    doors = [load for load in loads if load.direction.direct]
    if any(load.id not in here for load in doors if load.orders[0] in choice.helped):
        return None
    if choice.helped.keys() >= best.choice.helped.keys():
        return couriers_kept(scene, choice, loads, trucks, best)
    return couriers_refilled(scene, choice, loads, trucks, best)


def _driven(
    scene: Scene, best: Both, choice: Choice, *, worth: Mapping[str, int] | None = None
) -> tuple[tuple[Load, ...], Plan]:
    """Put what is new to the trucks into their tours; what is not worth its detour is left."""
    orders = scene.asked()
    evening = []
    for load in best.linehaul.loads:
        kept = [orders[name] for name in load.orders if name not in choice.helped]
        if kept and load.direction is Direction.TO_HUB:
            evening.append(linehaul.load_of(load.id, load.office, load.direction, kept))
    loads = (*mornings(scene, choice), *evening)
    plan = best.linehaul.result.plan
    needs = Needs(
        wanted=starts(scene.day),
        prices=wages_of(scene.day),
        returned=returns(orders, best.result.plan),
        # No courier waits longer than before.
        latest=linehaul.begins(plan),
        worth=worth or {},
    )
    problem = trucks_problem(scene, choice, loads, needs, orders)
    trucks = explaining.filled(
        problem, schedule(problem, known(plan, problem)), over=lambda: False, most=len(loads)
    )
    return loads, trucks


# ---- moves --------------------------------------------------------------------------------------


def _moves(scene: Scene, best: Both, able: Mapping[str, Order]) -> list[_Move]:
    done = {stop.id for route in best.result.plan.routes for stop in route.stops}
    free = [
        _Move(orders=(name,), saving=_skipped(order, scene))
        for name, order in able.items()
        if name not in done and name not in best.choice.helped
    ]
    moves = [*free, *_groups(scene, best, able), *_singles(best, able)]
    moves.sort(key=lambda move: (-move.saving / len(move.orders), move.orders))
    return moves[:_MOST_MOVES]


def _skipped(order: Order, scene: Scene) -> int:
    cost = scene.settings.skip_cost(order, scene.day.date)
    return linehaul.MUST if cost is None else cost * _THOUSANDTHS


def _groups(scene: Scene, best: Both, able: Mapping[str, Order]) -> Iterator[_Move]:
    """Yield short routes, and all of offices that have little to do, where a driver may do all."""
    homes = {courier.id: courier.office for courier in scene.day.couriers}
    costs = {report.vehicle: report.cost.total for report in best.result.report.routes}
    offices: dict[str, list[Route]] = {}
    for route in best.result.plan.routes:
        offices.setdefault(homes[route.vehicle], []).append(route)
        names = _visits(route)
        if 1 < len(names) <= _SMALL_ROUTE and all(name in able for name in names):
            yield _Move(orders=names, saving=costs[route.vehicle])
    for routes in offices.values():
        names = tuple(name for route in routes for name in _visits(route))
        if len(routes) > 1 and len(names) <= _SMALL_OFFICE and all(name in able for name in names):
            yield _Move(orders=names, saving=sum(costs[route.vehicle] for route in routes))


def _singles(best: Both, able: Mapping[str, Order]) -> list[_Move]:
    """Return each order of a route by what the judge finds the route to cost less without it."""
    problem = best.problem
    jobs = {job.id: job for job in problem.jobs}
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    guesses = []
    for route in best.result.plan.routes:
        vehicle = vehicles[route.vehicle]
        travel = problem.travel[vehicle.profile]
        rows = [vehicle.start, *(_row(vehicle, jobs, s.id) for s in route.stops), vehicle.end]
        for number, stop in enumerate(route.stops, start=1):
            here = rows[number]
            if stop.id not in able or stop.id not in jobs or here is None:
                continue
            before = next((r for r in reversed(rows[:number]) if r is not None), None)
            after = next((r for r in rows[number + 1 :] if r is not None), None)
            if before is None or after is None:
                continue
            legs = (travel.leg(before, here), travel.leg(here, after), travel.leg(before, after))
            metres = legs[0][1] + legs[1][1] - legs[2][1]
            seconds = legs[0][0] + legs[1][0] - legs[2][0] + jobs[stop.id].service_seconds
            cost = metres * vehicle.cost_per_metre + seconds * vehicle.cost_per_second
            guesses.append((cost, stop.id, route))
    guesses.sort(key=lambda guess: (-guess[0], guess[1]))
    evaluator = Evaluator(problem)
    found = []
    for _, name, route in guesses[:_MOST_JUDGED]:
        tour = route.tour
        steps = tuple(step for step in tour.steps if step.id != name)
        now = evaluator.verdict(tour).cost
        if any(step.kind is not StopKind.RELOAD for step in steps):
            now -= evaluator.verdict(Tour(vehicle=tour.vehicle, steps=steps)).cost
        found.append(_Move(orders=(name,), saving=now))
    return found


def _visits(route: Route) -> tuple[str, ...]:
    kinds = (StopKind.RELOAD, StopKind.BREAK)
    return tuple(dict.fromkeys(stop.id for stop in route.stops if stop.kind not in kinds))


def _row(vehicle: Vehicle, jobs: Mapping[str, Job], name: str) -> int | None:
    if name in jobs:
        return jobs[name].place
    return next((reload.place for reload in vehicle.reloads if reload.id == name), None)


class _Detours:
    """What the least detour of any truck to a door costs, from the tours as they are."""

    def __init__(self, best: Both, net: Network) -> None:
        self.net = net
        problem = best.linehaul.problem
        offices = net.index.office_rows
        names = {job.id: problem.places[job.place].id for job in problem.jobs}
        doors = {f"@{name}": row for name, row in net.order_rows.items()}
        self.legs: list[tuple[Vehicle, int, int]] = []
        routes = {route.vehicle: route for route in best.linehaul.result.plan.routes}
        for vehicle in problem.vehicles:
            rows = [0]
            route = routes.get(vehicle.id)
            for stop in () if route is None else route.stops:
                place = names.get(stop.id)
                row = 0 if place is None else offices.get(place, doors.get(place, 0))
                rows.append(row)
            self.legs += [(vehicle, a, b) for a, b in pairwise((*rows, 0))]

    def least(self, row: int) -> int:
        """Return the least cost of a way by a door, thousandths; driving only."""
        costs = []
        for vehicle, a, b in self.legs:
            travel = self.net.travel[vehicle.profile]
            there, on, straight = travel.leg(a, row), travel.leg(row, b), travel.leg(a, b)
            seconds = there[0] + on[0] - straight[0]
            metres = there[1] + on[1] - straight[1]
            costs.append(seconds * vehicle.cost_per_second + metres * vehicle.cost_per_metre)
        return max(min(costs, default=0), 0)
