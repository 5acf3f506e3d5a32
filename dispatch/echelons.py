"""
Both echelons together: trucks and couriers planned in turn until nothing improves.

    0   both      where the time is long, a first day within seconds
    1   trucks    all mail, each minute's delay priced by the wages of the crews that wait
    2   couriers  no trip with mail leaves before its office has sorted it
    3   help      orders go from couriers to a truck that passes, one by one, where the day gets
                  cheaper by it (`dispatch.helping`)
    4   trucks    again: only what couriers take, each delay at what it would cost their routes;
                  with all mail in one load for each office, with second loads for the trips after
                  noon, and with mail that waits for noon lest couriers wait for it; the way to cut
                  the mail that makes the day cheapest goes on
    5   couriers  again, from their routes; the whole day is kept if it costs less; back to 3
    6   couriers  the time that is left

What the whole day costs (`dispatch.whole_day`) decides every step.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace

from dispatch import linehaul
from dispatch.helping import with_help
from dispatch.linehaul import Needs
from dispatch.model import Direction, Load
from dispatch.planning import NOON
from dispatch.whole_day import (
    Both,
    Choice,
    Scene,
    begun,
    better,
    couriers_kept,
    couriers_under,
    mornings,
    returns,
    starts,
    trucks_problem,
    wages_of,
)
from solver.checker import check
from solver.model import Plan, Problem, Step, StopKind, Tour
from solver.schedule import schedule

_AT_ONCE = 2.0
"""Seconds of each echelon for a first day, where the trucks' first search is much longer."""

_TRUCKS_FIRST = 0.08
_COURIERS_FIRST = 0.46
_HELP = 0.04
_TRUCKS_AGAIN = 0.08
_COURIERS_AGAIN = 0.11
_ROUNDS = 2
_LEAST_FOR_A_ROUND = 0.1
_WORTH_A_LAST_SEARCH = 0.05
_PROBE = 600
"""Seconds of delay by which an office's price of waiting is measured."""

_THOUSANDTHS = 1000


def plan_both(scene: Scene) -> Both:
    """Plan the trucks and the couriers of a day in turn and return the best whole day."""
    time = _Time(scene)
    choice = Choice(net=scene.net)
    morning = mornings(scene, choice)
    wages = wages_of(scene.day)
    prices = wages if scene.coupled else {}
    needs = Needs(wanted=starts(scene.day), prices=prices, returned={}, latest={})
    problem = trucks_problem(scene, choice, morning, needs, scene.asked())
    quick = _at_once(scene, choice, morning, problem)
    if quick is not None and quick.result.stopped:
        return quick
    trucks_begin = None if quick is None else begun(quick.linehaul.result.plan, problem)
    tours = None if quick is None else [route.tour for route in quick.result.plan.routes]
    first = scene.trucks(problem, trucks_begin, _TRUCKS_FIRST)
    # Planned once, the couriers get the time that alternating would have used.
    alone = 1 - _TRUCKS_FIRST if quick is None else time.left()
    share = _COURIERS_FIRST if scene.coupled else max(alone, 0.0)
    best = couriers_under(scene, choice, morning, first.plan, tours, share)
    if quick is not None:
        best = min(best, quick, key=lambda day: day.rank)
    if not scene.coupled:
        return best
    for _ in range(_ROUNDS):
        if best.result.stopped or (time.left() < _LEAST_FOR_A_ROUND and not scene.small):
            break
        best = with_help(scene, best, share=_HELP)
        chosen = min(_variants(scene, best, wages, time), key=lambda variant: variant.day.rank)
        other = couriers_under(
            scene,
            chosen.day.choice,
            chosen.loads,
            chosen.trucks,
            [route.tour for route in chosen.day.result.plan.routes],
            min(_COURIERS_AGAIN, max(time.left(), 0.0)),
        )
        # The routes as they were, under the new trucks, may already be the better day.
        other = min(other, chosen.day, key=lambda day: day.rank)
        if not better(other, best):
            break
        best = other
    return _rested(scene, best, time.left())


def _at_once(
    scene: Scene, choice: Choice, morning: Sequence[Load], problem: Problem
) -> Both | None:
    """
    Return a first day within seconds, so that a long search can be looked at, and stopped, soon.

    None where the first searches are short themselves, or are counted in iterations.
    """
    if scene.seconds is None or scene.seconds * _TRUCKS_FIRST < 2 * _AT_ONCE:
        return None
    share = _AT_ONCE / scene.seconds
    trucks = scene.trucks(problem, None, share)
    return couriers_under(scene, choice, morning, trucks.plan, None, share)


class _Time:
    """How much of the time for everything is left, as a share; all of it where none is given."""

    def __init__(self, scene: Scene) -> None:
        self._scene = scene
        self._began = scene.clock()

    def left(self) -> float:
        """Return the share of the time that is left; less than nothing when it is over."""
        if self._scene.seconds is None:
            return 1.0
        return 1 - (self._scene.clock() - self._began) / max(self._scene.seconds, 1e-9)


def _rested(scene: Scene, best: Both, share: float) -> Both:
    """Give the couriers the time that is left."""
    if best.result.stopped or share < _WORTH_A_LAST_SEARCH or scene.seconds is None:
        return best
    tours = [route.tour for route in best.result.plan.routes]
    line = best.linehaul
    last = couriers_under(scene, best.choice, line.loads, line.result.plan, tours, share)
    return last if better(last, best) else best


# ---- variants -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Variant:
    """The trucks planned anew for one way to cut the mail, and the day with old routes under it."""

    loads: tuple[Load, ...]
    trucks: Plan
    day: Both


def _variants(scene: Scene, best: Both, wages: Mapping[str, int], time: _Time) -> list[_Variant]:
    """
    Plan the trucks for each way to cut the mail into a morning's and a noon's load.

    On a large day, where each takes long, the first ways must do.
    """
    until = time.left() - _TRUCKS_AGAIN
    choices = list(_cuts(scene, best))
    prices = _delays(scene, best, wages)
    orders = scene.asked()
    found: list[_Variant] = []
    for choice, tours in choices:
        if found and time.left() < until and not scene.small:
            break
        loads = (
            *mornings(scene, choice),
            *linehaul.evening_loads(orders, best.result.plan, scene.net.trucks, scene.waiting),
        )
        needs = Needs(
            wanted=starts(scene.day),
            prices=prices,
            returned=returns(orders, best.result.plan),
            latest={},
            worth=best.choice.helped,
        )
        problem = trucks_problem(scene, choice, loads, needs, orders)
        start = begun(best.linehaul.result.plan, problem)
        trucks = scene.trucks(problem, start, _TRUCKS_AGAIN / len(choices)).plan
        kept = _still_helped(choice, loads, trucks)
        if kept is not choice:
            choice, loads = kept, (*mornings(scene, kept), *_evening(loads))
            problem = trucks_problem(scene, choice, loads, needs, orders)
            trucks = schedule(problem, begun(trucks, problem))
        day = couriers_kept(scene, choice, loads, trucks, best, tours)
        found.append(_Variant(loads=loads, trucks=trucks, day=day))
    return found


def _cuts(scene: Scene, best: Both) -> Iterator[tuple[Choice, tuple[Tour, ...]]]:
    """Yield each way to cut the mail that may be worth it, with couriers' tours that suit it."""
    tours = tuple(route.tour for route in best.result.plan.routes)
    late = _late_offices(scene, best)
    every = _second_trips(best, _supplied(best))
    now = best.choice.later & every
    yield replace(best.choice, later=now), tours
    if any(load.wave > 1 for load in best.linehaul.loads) or not best.choice.spill:
        spill = not best.choice.spill
        yield replace(best.choice, later=frozenset(), spill=spill), tours
    # Where couriers wait in the morning, some of the mail may wait for noon in their stead.
    noons = linehaul.noon_returns(scene.day)
    returning = frozenset(office for office in late if office in noons)
    latest = frozenset(sorted(returning, key=_lateness(scene, best))[-1:])
    for offices in dict.fromkeys((returning, latest)):
        for held in (_behind_first(best, offices), _tails(scene, best, offices)):
            if held - best.choice.later:
                later = best.choice.later | held
                yield replace(best.choice, later=later), tuple(_split(scene, tours, held))
    # All in one, and a second load for those who already make a second trip.
    for later in dict.fromkeys((_second_trips(best, late), frozenset[str](), every)):
        if later != now:
            yield replace(best.choice, later=later), tours


def _split(scene: Scene, tours: Sequence[Tour], held: frozenset[str]) -> Iterator[Tour]:
    """Yield the tours with what is held carried after the noon return."""
    returning = {courier.id for courier in scene.day.couriers if courier.noon_return is not None}
    noon = Step(kind=StopKind.RELOAD, id=NOON)
    for tour in tours:
        moved = [step for step in tour.steps if step.id in held]
        if not moved or tour.vehicle not in returning:
            yield tour
            continue
        at = tour.steps.index(noon) if noon in tour.steps else len(tour.steps)
        first = [step for step in tour.steps[:at] if step.id not in held]
        second = [step for step in tour.steps[at + 1 :] if step.id not in held]
        yield Tour(vehicle=tour.vehicle, steps=(*first, noon, *moved, *second))


def _behind_first(best: Both, offices: frozenset[str]) -> frozenset[str]:
    """Return what comes to the offices with any load but the first, as it is sorted later."""
    begins = linehaul.begins(best.linehaul.result.plan)
    loads: dict[str, list[Load]] = {}
    for load in best.linehaul.loads:
        if load.direction is Direction.TO_OFFICE and load.id in begins and load.office in offices:
            loads.setdefault(load.office, []).append(load)
    behind = [sorted(each, key=lambda load: begins[load.id])[1:] for each in loads.values()]
    return frozenset(name for each in behind for load in each for name in load.orders)


def _tails(scene: Scene, best: Both, offices: frozenset[str]) -> frozenset[str]:
    """Return the last half of each first trip from the offices, of what trucks bring."""
    homes = {courier.id: courier.office for courier in scene.day.couriers}
    brought = {
        name
        for load in best.linehaul.loads
        if load.direction is Direction.TO_OFFICE
        for name in load.orders
    }
    tails: set[str] = set()
    for route in best.result.plan.routes:
        if homes[route.vehicle] in offices:
            kinds = [stop.kind for stop in route.stops]
            end = kinds.index(StopKind.RELOAD) if StopKind.RELOAD in kinds else len(kinds)
            names = [stop.id for stop in route.stops[:end] if stop.id in brought]
            tails.update(names[(len(names) + 1) // 2 :])
    return frozenset(tails)


def _lateness(scene: Scene, best: Both) -> Callable[[str], int]:
    """Return what tells how long after its first shift an office's last mail is sorted."""
    begin = starts(scene.day)
    return lambda office: best.linehaul.sorted[office][-1] - begin[office]


def _still_helped(choice: Choice, loads: tuple[Load, ...], trucks: Plan) -> Choice:
    """Return the choice without what the trucks gave back, as it costs them more than it saves."""
    taken = linehaul.carried(trucks)
    back = {
        load.orders[0] for load in loads if load.direction.direct and load.id not in taken
    } & choice.helped.keys()
    if not back:
        return choice
    kept = {name: worth for name, worth in choice.helped.items() if name not in back}
    return replace(choice, helped=kept)


def _evening(loads: tuple[Load, ...]) -> tuple[Load, ...]:
    return tuple(load for load in loads if load.direction is Direction.TO_HUB)


def _supplied(best: Both) -> frozenset[str]:
    """Return the offices that mail is brought to."""
    return frozenset(
        load.office for load in best.linehaul.loads if load.direction is Direction.TO_OFFICE
    )


def _late_offices(scene: Scene, best: Both) -> frozenset[str]:
    """Return the offices where somebody waits for the mail in the morning."""
    begin = starts(scene.day)
    return frozenset(
        office
        for office, ends in best.linehaul.sorted.items()
        if ends and ends[-1] > begin.get(office, ends[-1])
    )


def _second_trips(best: Both, offices: frozenset[str]) -> frozenset[str]:
    """Return the orders that couriers of some offices carry on the trip after the noon return."""
    brought = {
        name: load.office
        for load in best.linehaul.loads
        if load.direction is Direction.TO_OFFICE
        for name in load.orders
    }
    second: set[str] = set()
    for route in best.result.plan.routes:
        trips = [step.kind for step in route.stops]
        if StopKind.RELOAD in trips:
            after = route.stops[trips.index(StopKind.RELOAD) + 1 :]
            second.update(stop.id for stop in after if brought.get(stop.id) in offices)
    return frozenset(second)


# ---- prices -------------------------------------------------------------------------------------


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
