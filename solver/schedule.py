"""
From orders of visit to times, in the same way for every engine.

The schedule of a tour is defined, not searched: breaks are placed so that the route finishes as
early as possible (as early in the route as that allows); then the vehicle leaves as late as it can
without finishing later or making any visit later for its due time (forward slack). An order that
cannot be kept in time still gets times: whatever is late is as little late as the earliest
schedule makes it, and the checker reports it.

References
----------
M. W. P. Savelsbergh, "The Vehicle Routing Problem with Time Windows: Minimizing Route Duration",
ORSA Journal on Computing 4(2), 1992 (forward slack; here with several windows, where an earlier
arrival is never worse, so one pass each way stays exact).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

from solver.errors import PlanError
from solver.model import (
    Break,
    Job,
    Plan,
    Problem,
    Reload,
    Route,
    Shipment,
    Step,
    Stop,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Visit,
)

_Key = tuple[int, int]
"""(seconds late in sum, clock): compared in this order, so that clean schedules come first."""


def schedule(problem: Problem, tours: Iterable[Tour]) -> Plan:
    """
    Give times to orders of visit; what no tour visits becomes unassigned.

    Parameters
    ----------
    tours
        At most one for each vehicle; an empty one is dropped.

    Raises
    ------
    PlanError
        A tour names a vehicle, job, shipment or reload that the problem does not have.
    """
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    tasks: dict[str, Job | Shipment] = {job.id: job for job in problem.jobs}
    tasks.update({shipment.id: shipment for shipment in problem.shipments})
    routes = []
    visited: set[str] = set()
    for tour in tours:
        if not tour.steps:
            continue
        vehicle = vehicles.get(tour.vehicle)
        if vehicle is None:
            raise PlanError(f"a tour names vehicle {tour.vehicle!r}, which the problem lacks")
        routes.append(_timed(problem, vehicle, tour.steps, tasks))
        visited.update(step.id for step in tour.steps if step.kind is not StopKind.RELOAD)
    return Plan(
        routes=tuple(routes), unassigned=tuple(name for name in tasks if name not in visited)
    )


@dataclass(slots=True, kw_only=True)
class _Leg:
    """One stop (or the end) as the scheduler sees it, with the drive that leads to it."""

    travel: int
    windows: tuple[TimeWindow, ...] = ()
    work: int = 0
    release: int = 0
    due: int | None = None
    # How many breaks are taken before this stop is begun, counted from the route's first.
    breaks: int = 0
    latest: int = 0


def _timed(
    problem: Problem, vehicle: Vehicle, steps: Sequence[Step], tasks: dict[str, Job | Shipment]
) -> Route:
    legs = _legs(problem, vehicle, steps, tasks)
    release = _trip_release(steps, 0, tasks)
    placed = _place_breaks(vehicle, legs, release)
    departure = _latest_departure(vehicle, legs, release, placed)
    return _drive(problem, vehicle, steps, tasks, legs, departure, placed)


def _legs(
    problem: Problem, vehicle: Vehicle, steps: Sequence[Step], tasks: dict[str, Job | Shipment]
) -> list[_Leg]:
    travel = problem.travel[vehicle.profile]
    reloads = {reload.id: reload for reload in vehicle.reloads}
    here = vehicle.start
    legs = []
    for number, step in enumerate(steps):
        visit = _visit(step, tasks, reloads)
        drive = travel.leg(here, visit.place)[0] if here is not None else 0
        if isinstance(visit, Reload):
            leg = _Leg(
                travel=drive,
                windows=visit.windows,
                work=visit.seconds,
                release=_trip_release(steps, number + 1, tasks),
            )
        else:
            setup = visit.setup_seconds if here != visit.place else 0
            leg = _Leg(
                travel=drive,
                windows=visit.windows,
                work=visit.service_seconds + setup,
                due=visit.due.time if visit.due is not None else None,
            )
        legs.append(leg)
        here = visit.place
    home = here if vehicle.end is None or here is None else vehicle.end
    legs.append(
        _Leg(travel=travel.leg(here, home)[0] if here is not None and home is not None else 0)
    )
    return legs


def _visit(
    step: Step, tasks: dict[str, Job | Shipment], reloads: dict[str, Reload]
) -> Job | Visit | Reload:
    if step.kind is StopKind.RELOAD and step.id in reloads:
        return reloads[step.id]
    task = tasks.get(step.id)
    if isinstance(task, Job) and step.kind is StopKind.JOB:
        return task
    if isinstance(task, Shipment) and step.kind is StopKind.PICKUP:
        return task.pickup
    if isinstance(task, Shipment) and step.kind is StopKind.DELIVERY:
        return task.delivery
    raise PlanError(f"a tour has a {step.kind.value} {step.id!r}, which the problem lacks")


def _trip_release(steps: Sequence[Step], first: int, tasks: dict[str, Job | Shipment]) -> int:
    """Return the latest release of the trip that begins with step number `first`."""
    latest = 0
    for step in steps[first:]:
        if step.kind is StopKind.RELOAD:
            break
        task = tasks.get(step.id)
        latest = max(latest, task.release if task is not None else 0)
    return latest


# ---- windows ------------------------------------------------------------------------------------


def _earliest(windows: Sequence[TimeWindow], clock: int) -> int:
    """Return the first open moment from `clock` on; `clock` itself when all have passed."""
    for window in windows:
        if clock <= window.end:
            return max(clock, window.start)
    return clock


def _overdue(windows: Sequence[TimeWindow], clock: int) -> int:
    """Return how long ago the last window closed, 0 if it has not."""
    return max(clock - windows[-1].end, 0) if windows else 0


def _last_open(windows: Sequence[TimeWindow], earliest: int, cap: int) -> int:
    """Return the last open moment in [earliest, cap]; `earliest` where that is overdue."""
    if not windows:
        return cap
    best = earliest
    for window in windows:
        if window.start <= cap:
            best = max(best, min(window.end, cap))
    return best


# ---- breaks -------------------------------------------------------------------------------------


def _drive_with(breaks: Sequence[Break], clock: int, travel: int) -> tuple[int, list[int], int]:
    """
    Drive for `travel` seconds from `clock` on and take all the breaks on the way, each at once.

    Returns when both are over, the breaks' begins, and the seconds by which breaks are overdue.
    """
    begins = []
    late = 0
    for pause in breaks:
        begin = _earliest(pause.windows, clock)
        late += _overdue(pause.windows, begin)
        travel -= min(travel, begin - clock)
        begins.append(begin)
        clock = begin + pause.seconds
    return clock + travel, begins, late


def _rested_before(breaks: Sequence[Break]) -> int | None:
    """Return when the breaks, taken one after another before leaving, are over; None if never."""
    clock: int | None = None
    for pause in breaks:
        first = pause.windows[0].start
        begin = first if clock is None else _earliest(pause.windows, clock)
        if clock is not None and _overdue(pause.windows, begin):
            return None
        clock = begin + pause.seconds
    return clock


def _missed_after(breaks: Sequence[Break], finish: int) -> int:
    """Return the seconds of the breaks that can no longer begin after the finish."""
    clock, missed = finish, 0
    for pause in breaks:
        begin = _earliest(pause.windows, clock)
        if _overdue(pause.windows, begin):
            missed += max(pause.seconds, 1)
        else:
            clock = begin + pause.seconds
    return missed


def _place_breaks(vehicle: Vehicle, legs: list[_Leg], release: int) -> int:
    """Decide before which stop each break is taken; return how many precede the departure."""
    breaks = vehicle.breaks
    start = max(vehicle.shift.start, release)
    states: list[_Key | None] = [None] * (len(breaks) + 1)
    states[0] = (0, start)
    for taken in range(1, len(breaks) + 1):
        rested = _rested_before(breaks[:taken])
        states[taken] = None if rested is None else (0, max(start, rested))
    choices: list[list[int]] = []
    for leg in legs:
        reached: list[_Key | None] = [None] * len(states)
        chosen = [0] * len(states)
        for taken in range(len(states)):
            # Later sources first: on a tie the earlier breaks lie earlier in the route.
            for before in range(taken, -1, -1):
                state = states[before]
                if state is None:
                    continue
                clock, _, late = _drive_with(breaks[before:taken], state[1], leg.travel)
                begin = _earliest(leg.windows, clock)
                key = (
                    state[0] + late + _overdue(leg.windows, begin),
                    max(begin + leg.work, leg.release),
                )
                best = reached[taken]
                if best is None or key < best:
                    reached[taken], chosen[taken] = key, before
        choices.append(chosen)
        states = reached
    final = -1
    best_end: _Key | None = None
    for taken, state in enumerate(states):
        if state is None:
            continue
        key = (
            state[0]
            + _missed_after(breaks[taken:], state[1])
            + max(state[1] - vehicle.shift.end, 0),
            state[1],
        )
        if best_end is None or key < best_end:
            best_end, final = key, taken
    for leg, chosen in zip(reversed(legs), reversed(choices), strict=True):
        leg.breaks = final
        final = chosen[final]
    return final


# ---- the latest departure and the final times ---------------------------------------------------


def _latest_departure(vehicle: Vehicle, legs: list[_Leg], release: int, placed: int) -> int:
    """Return the last moment to leave that costs nothing, the breaks' places being settled."""
    breaks = vehicle.breaks
    clock = max(vehicle.shift.start, release)
    rested = _rested_before(breaks[:placed])
    if rested is not None:
        clock = max(clock, rested)
    earliest = clock
    begins: list[int] = []
    rests: list[list[int]] = []
    taken = placed
    for leg in legs:
        ready, resting, _ = _drive_with(breaks[taken : leg.breaks], clock, leg.travel)
        taken = leg.breaks
        begin = _earliest(leg.windows, ready)
        begins.append(begin)
        rests.append(resting)
        clock = max(begin + leg.work, leg.release)
    cap = clock
    for number in range(len(legs) - 1, -1, -1):
        leg, begin = legs[number], begins[number]
        latest = cap - leg.work
        if leg.due is not None:
            latest = min(latest, max(leg.due, begin))
        latest = _last_open(leg.windows, begin, latest)
        before = legs[number - 1].breaks if number else placed
        pauses = breaks[before : leg.breaks]
        cap = latest - leg.travel - sum(pause.seconds for pause in pauses)
        for pause, rest in zip(reversed(pauses), reversed(rests[number]), strict=True):
            latest = _last_open(pause.windows, rest, latest - pause.seconds)
        if pauses:
            cap = min(cap, latest)
    return max(cap, earliest)


def _drive(
    problem: Problem,
    vehicle: Vehicle,
    steps: Sequence[Step],
    tasks: dict[str, Job | Shipment],
    legs: Sequence[_Leg],
    departure: int,
    placed: int,
) -> Route:
    """Follow the order from the departure on, as early as possible, and write down each stop."""
    size = len(problem.dimensions)
    board = _trip_load(steps, 0, tasks, size)
    load = tuple(board)
    stops: list[Stop] = []
    clock, taken = departure, placed
    for number, leg in enumerate(legs):
        pauses = vehicle.breaks[taken : leg.breaks]
        ready, rests, _ = _drive_with(pauses, clock, leg.travel)
        arrival = _arrival(clock, leg.travel, pauses, rests)
        taken = leg.breaks
        stops.extend(
            Stop(
                kind=StopKind.BREAK,
                id=pause.id,
                arrival=rest,
                begin=rest,
                departure=rest + pause.seconds,
                load=tuple(board),
            )
            for pause, rest in zip(pauses, rests, strict=True)
        )
        if number == len(steps):
            clock = ready
            break
        step = steps[number]
        begin = _earliest(leg.windows, ready)
        clock = max(begin + leg.work, leg.release)
        if step.kind is StopKind.RELOAD:
            board = _trip_load(steps, number + 1, tasks, size)
        else:
            _carry(board, step, tasks[step.id])
        stops.append(
            Stop(
                kind=step.kind,
                id=step.id,
                arrival=arrival,
                begin=begin,
                departure=clock,
                load=tuple(board),
            )
        )
    return Route(
        vehicle=vehicle.id, departure=departure, stops=tuple(stops), finish=clock, load=load
    )


def _arrival(clock: int, travel: int, pauses: Sequence[Break], rests: Sequence[int]) -> int:
    """Return when the drive itself is over; breaks that begin later are taken on the spot."""
    for pause, rest in zip(pauses, rests, strict=True):
        if clock + travel <= rest:
            break
        travel -= rest - clock
        clock = rest + pause.seconds
    return clock + travel


def _trip_load(
    steps: Sequence[Step], first: int, tasks: dict[str, Job | Shipment], size: int
) -> list[int]:
    board = [0] * size
    for step in steps[first:]:
        if step.kind is StopKind.RELOAD:
            break
        task = tasks[step.id]
        if isinstance(task, Job):
            for k, units in enumerate(task.delivery):
                board[k] += units
    return board


def _carry(board: list[int], step: Step, task: Job | Shipment) -> None:
    if isinstance(task, Job):
        for k, units in enumerate(task.delivery):
            board[k] -= units
        for k, units in enumerate(task.pickup):
            board[k] += units
    else:
        sign = 1 if step.kind is StopKind.PICKUP else -1
        for k, units in enumerate(task.amount):
            board[k] += sign * units
