"""What is left of a vehicle's limits after a part of its route, and what is broken for good."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace

from solver.evaluation import Evaluator
from solver.model import (
    Break,
    Job,
    OvertimeTier,
    Problem,
    Reload,
    Step,
    Stop,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Violation,
    ViolationCode,
)
from solver.residual_past import Ledger, Past

Allowed = Mapping[str, frozenset[str] | None]
"""By task that is left, the vehicles that may do it; None means any."""


class Limits:
    """Cuts vehicles down to what they have left, and notes in `overrun` what they have not."""

    def __init__(self, ledger: Ledger) -> None:
        self.overrun: list[Violation] = []
        self._ledger = ledger
        self._now = ledger.now
        shifts = (vehicle.shift.end for vehicle in ledger.problem.vehicles)
        self._end = max(shifts, default=ledger.now)

    def on_the_road(self, one: Past, anchor: str, kept: Allowed) -> Vehicle:
        """Return a vehicle that has left, from its anchor on."""
        vehicle = self._ledger.vehicles[one.vehicle]
        metres, driving = self._ledger.driven(one)
        duty = self._ledger.duty(one)
        made = [stop.id for stop in one.stops if stop.kind is StopKind.RELOAD]
        visits = sum(stop.kind not in (StopKind.BREAK, StopKind.RELOAD) for stop in one.stops)
        # The anchor counts as one stop.
        stops = None if vehicle.max_stops is None else max(vehicle.max_stops - visits, 0) + 1
        return replace(
            vehicle,
            start=None,
            shift=TimeWindow(start=self._now, end=max(vehicle.shift.end, self._now)),
            breaks=self._breaks_left(vehicle, one),
            reloads=tuple(self._reloads_left(vehicle, made)),
            max_metres=_less(vehicle.max_metres, metres),
            max_driving_seconds=_less(vehicle.max_driving_seconds, driving),
            max_duty_seconds=_less(vehicle.max_duty_seconds, duty),
            max_stops=stops,
            fixed_cost=0,
            overtime=_tiers_left(vehicle.overtime, duty),
            locked=(anchor, *_locks_left(vehicle, one.stops, kept)),
        )

    def not_left(self, vehicle: Vehicle, kept: Allowed) -> Vehicle:
        """Return a vehicle that has not left yet, from now on."""
        shift = TimeWindow(start=max(vehicle.shift.start, self._now), end=vehicle.shift.end)
        return replace(vehicle, shift=shift, locked=tuple(_locks_left(vehicle, (), kept)))

    def _breaks_left(self, vehicle: Vehicle, one: Past) -> tuple[Break, ...]:
        order = [pause.id for pause in vehicle.breaks]
        taken = [order.index(s.id) for s in one.stops if s.kind is StopKind.BREAK and s.id in order]
        first = max(taken) + 1 if taken else _rested_before(vehicle.breaks, one.departure)
        left: list[Break] = []
        for pause in vehicle.breaks[first:]:
            windows = tuple(
                TimeWindow(start=max(window.start, self._now), end=window.end)
                for window in pause.windows
                if window.end >= self._now
            )
            if windows:
                left.append(replace(pause, windows=windows))
            else:
                self._broken_already(
                    ViolationCode.BREAK_MISSING, pause.seconds, vehicle.id, pause.id
                )
        return tuple(left)

    def _reloads_left(self, vehicle: Vehicle, made: Sequence[str]) -> Iterable[Reload]:
        for reload in vehicle.reloads:
            times = made.count(reload.id)
            most = None if reload.most is None else reload.most - times
            required = reload.required and not times
            last = reload.windows[-1].end if reload.windows else self._end
            if required and last < self._now:
                self._broken_already(ViolationCode.RELOAD_MISSING, 1, vehicle.id, reload.id)
            if most is None or most > 0:
                yield replace(reload, most=most, required=required)

    def _broken_already(self, code: ViolationCode, amount: int, vehicle: str, at: str = "") -> None:
        self.overrun.append(Violation(code=code, amount=amount, vehicle=vehicle, id=at))

    def widened(self, rest: Problem, anchors: Mapping[str, Job], tours: Sequence[Tour]) -> Problem:
        """
        Widen the limits that a vehicle breaks already by finishing its visit and going home.

        A rest that begins with a broken rule cannot be told from one that the search breaks, and
        some engines refuse it; so what is broken for good is noted once and leaves the problem.
        What the plan keeps is not broken for good: by way of another stop it may be less far home.
        """
        evaluator = Evaluator(rest)
        planned = {tour.vehicle: tour for tour in tours}
        vehicles = []
        for vehicle in rest.vehicles:
            anchor = anchors.get(vehicle.id)
            if anchor is not None:
                step = Step(kind=StopKind.JOB, id=anchor.id)
                alone = Tour(vehicle=vehicle.id, steps=(step,))
                found = evaluator.verdict(alone).violations
                tour = planned.get(vehicle.id, alone)
                still = {v.code for v in evaluator.verdict(tour).violations} if found else set()
                for violation in found:
                    if violation.code not in still:
                        continue
                    wider = _wider(vehicle, violation, rest.dimensions)
                    if wider is not vehicle:
                        vehicle = wider
                        self.overrun.append(violation)
            vehicles.append(vehicle)
        return replace(rest, vehicles=tuple(vehicles))


def _locks_left(vehicle: Vehicle, done: Sequence[Stop], kept: Allowed) -> Iterable[str]:
    """Yield the visits that the rest must begin with: not done, and still this vehicle's."""
    left = list(vehicle.locked)
    for stop in done:
        if stop.id in left and stop.kind is not StopKind.RELOAD:
            left.remove(stop.id)
    for name in left:
        if name in kept and vehicle.id in (kept[name] or {vehicle.id}):
            yield name


def _rested_before(breaks: Sequence[Break], departure: int) -> int:
    """Return how many breaks, from the first on, were over before the departure."""
    clock: int | None = None
    for count, pause in enumerate(breaks):
        begin = pause.windows[0].start
        if clock is not None:
            later = [max(clock, w.start) for w in pause.windows if clock <= w.end]
            if not later:
                return count
            begin = later[0]
        if begin + pause.seconds > departure:
            return count
        clock = begin + pause.seconds
    return len(breaks)


def _tiers_left(tiers: Sequence[OvertimeTier], duty: int) -> tuple[OvertimeTier, ...]:
    """Return the tiers that begin earlier by the duty done; equal beginnings become one tier."""
    prices: dict[int, int] = {}
    for tier in tiers:
        after = max(tier.after - duty, 0)
        prices[after] = prices.get(after, 0) + tier.cost_per_second
    return tuple(OvertimeTier(after=after, cost_per_second=prices[after]) for after in prices)


_LIMITS = {
    ViolationCode.METRES_EXCEEDED: "max_metres",
    ViolationCode.DRIVING_EXCEEDED: "max_driving_seconds",
    ViolationCode.DUTY_EXCEEDED: "max_duty_seconds",
    ViolationCode.STOPS_EXCEEDED: "max_stops",
}


def _wider(vehicle: Vehicle, violation: Violation, dimensions: Sequence[str]) -> Vehicle:
    """Return the vehicle without the limit's being broken, or itself if that cannot be."""
    amount = violation.amount
    if violation.code is ViolationCode.SHIFT_TOO_LATE:
        end = vehicle.shift.end + amount
        return replace(vehicle, shift=TimeWindow(start=vehicle.shift.start, end=end))
    if violation.code in _LIMITS:
        name = _LIMITS[violation.code]
        return replace(vehicle, **{name: getattr(vehicle, name) + amount})
    if violation.code is ViolationCode.CAPACITY_EXCEEDED:
        number = list(dimensions).index(violation.dimension)
        capacity = list(vehicle.capacity)
        capacity[number] += amount
        return replace(vehicle, capacity=tuple(capacity))
    if violation.code in (ViolationCode.BREAK_MISSING, ViolationCode.BREAK_WINDOW_MISSED):
        return replace(
            vehicle, breaks=tuple(pause for pause in vehicle.breaks if pause.id != violation.id)
        )
    return vehicle


def _less(limit: int | None, used: int) -> int | None:
    return None if limit is None else max(limit - used, 0)
