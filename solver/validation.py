"""
What is wrong with a problem, all of it at once.

A problem that passes is free of contradictions in itself; it may still have no plan in which every
required job is done. Why a job cannot be done is told by `solver.explain`.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterable, Sequence

import numpy as np

from geo.types import PlanarTravel, Travel, TravelMatrix
from solver.errors import Finding, ProblemError
from solver.model import (
    Job,
    OvertimeTier,
    Problem,
    Shipment,
    TimeWindow,
    Vehicle,
    Visit,
)

LARGEST = 2**62
"""No sum of times, metres, units or money may reach this: engines count in 64 bits."""

_LARGE_UNKNOWN_TRAVEL = 500


def require_valid(problem: Problem) -> None:
    """
    Refuse a problem that contradicts itself.

    Raises
    ------
    ProblemError
        `.findings` lists everything that is wrong.
    """
    found = findings(problem)
    if found:
        raise ProblemError(found)


def findings(problem: Problem) -> list[Finding]:
    """Return everything that is wrong with a problem, in the order of its parts."""
    inspection = _Inspection(problem)
    inspection.places_and_travel()
    for job in problem.jobs:
        inspection.job(job)
    for shipment in problem.shipments:
        inspection.shipment(shipment)
    for vehicle in problem.vehicles:
        inspection.vehicle(vehicle)
    inspection.ids()
    inspection.locks()
    if not inspection.found:
        inspection.size()
    return inspection.found


class _Inspection:
    """One look at one problem; gathers findings."""

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.found: list[Finding] = []
        self.tasks: dict[str, Job | Shipment] = {job.id: job for job in problem.jobs}
        self.tasks.update({shipment.id: shipment for shipment in problem.shipments})
        self.names = {vehicle.id for vehicle in problem.vehicles}

    def add(self, where: str, what: str, remedy: str = "") -> None:
        self.found.append(Finding(where=where, what=what, remedy=remedy))

    # ---- the parts ------------------------------------------------------------------------

    def ids(self) -> None:
        problem = self.problem
        groups: list[tuple[str, list[str]]] = [
            ("place", [place.id for place in problem.places]),
            ("job or shipment", list(self.named())),
            ("vehicle", [vehicle.id for vehicle in problem.vehicles]),
            ("dimension", list(problem.dimensions)),
        ]
        for vehicle in problem.vehicles:
            groups.append((f"{_name(vehicle)}, break", [pause.id for pause in vehicle.breaks]))
            groups.append((f"{_name(vehicle)}, reload", [r.id for r in vehicle.reloads]))
        for kind, names in groups:
            for name, times in Counter(names).items():
                if times > 1:
                    self.add(
                        f"{kind} {name!r}",
                        f"the id is used {times} times",
                        "give each its own id",
                    )
                if not name:
                    self.add(kind, "the id is empty", "give it an id")

    def named(self) -> Iterable[str]:
        yield from (job.id for job in self.problem.jobs)
        yield from (shipment.id for shipment in self.problem.shipments)

    def places_and_travel(self) -> None:
        count = len(self.problem.places)
        for profile, travel in self.problem.travel.items():
            where = f"travel {profile!r}"
            if travel.size != count:
                self.add(
                    where,
                    f"has {travel.size} rows for {count} places",
                    "give every place one row, in the order of the places",
                )
            elif isinstance(travel, PlanarTravel) and not _finite(travel):
                self.add(where, "a coordinate is not a number", "give finite coordinates")
            elif isinstance(travel, PlanarTravel) and not 0 <= travel.scale < LARGEST:
                self.add(where, f"the scale is {travel.scale}", "give 0 or more metres per unit")
        for place in self.problem.places:
            if not (math.isfinite(place.x) and math.isfinite(place.y)):
                self.add(f"place {place.id!r}", "x or y is not a number", "give finite numbers")

    def job(self, job: Job) -> None:
        where = _name(job)
        self.visit(where, job)
        self.task(where, job)
        self.amounts(where, "delivery", job.delivery)
        self.amounts(where, "pickup", job.pickup)

    def shipment(self, shipment: Shipment) -> None:
        where = _name(shipment)
        self.visit(f"{where}, pickup", shipment.pickup)
        self.visit(f"{where}, delivery", shipment.delivery)
        self.task(where, shipment)
        self.amounts(where, "amount", shipment.amount)

    def task(self, where: str, task: Job | Shipment) -> None:
        self.not_negative(where, release=task.release, skip_cost=task.skip_cost)
        self.whole(where, priority=task.priority)
        for name in sorted((task.vehicles or frozenset()) - self.names):
            self.add(
                where,
                f"allows vehicle {name!r}, which the problem does not have",
                "add the vehicle or take it from the list",
            )

    def visit(self, where: str, visit: Job | Visit) -> None:
        self.row(where, "place", visit.place)
        self.windows(where, visit.windows)
        self.not_negative(
            where, service_seconds=visit.service_seconds, setup_seconds=visit.setup_seconds
        )
        if visit.due is not None:
            self.whole(where, due=visit.due.time)
            self.not_negative(where, due_cost_per_second=visit.due.cost_per_second)

    def vehicle(self, vehicle: Vehicle) -> None:
        where = _name(vehicle)
        if vehicle.profile not in self.problem.travel:
            known = ", ".join(sorted(self.problem.travel)) or "none"
            self.add(
                where,
                f"travel profile {vehicle.profile!r} is unknown",
                f"choose one of: {known}",
            )
        self.windows(f"{where}, shift", (vehicle.shift,))
        for end, row in (("start", vehicle.start), ("end", vehicle.end)):
            if row is not None:
                self.row(where, end, row)
        self.amounts(where, "capacity", vehicle.capacity)
        self.not_negative(
            where,
            max_metres=vehicle.max_metres,
            max_driving_seconds=vehicle.max_driving_seconds,
            max_duty_seconds=vehicle.max_duty_seconds,
            max_stops=vehicle.max_stops,
            fixed_cost=vehicle.fixed_cost,
            cost_per_metre=vehicle.cost_per_metre,
            cost_per_second=vehicle.cost_per_second,
            unfamiliar_cost=vehicle.unfamiliar_cost,
        )
        self.overtime(where, vehicle.overtime)
        for pause in vehicle.breaks:
            inner = f"{where}, break {pause.id!r}"
            self.not_negative(inner, seconds=pause.seconds)
            self.windows(inner, pause.windows)
            if not pause.windows:
                self.add(inner, "has no window to begin in", "say when the break may begin")
        for reload in vehicle.reloads:
            inner = f"{where}, reload {reload.id!r}"
            self.row(inner, "place", reload.place)
            self.not_negative(inner, seconds=reload.seconds, most=reload.most)
            self.windows(inner, reload.windows)
            if reload.required and not reload.windows:
                self.add(
                    inner, "is required but has no window", "say until when it must have begun"
                )
            if reload.required and reload.most == 0:
                self.add(inner, "is required but may be used 0 times", "raise the most")

    def overtime(self, where: str, tiers: Sequence[OvertimeTier]) -> None:
        before = -1
        for tier in tiers:
            self.not_negative(
                where, overtime_after=tier.after, overtime_cost_per_second=tier.cost_per_second
            )
            if tier.after <= before:
                self.add(
                    where,
                    f"the overtime tier after {tier.after} s does not lie beyond the one before",
                    "sort the tiers and give each its own start",
                )
            before = tier.after

    def locks(self) -> None:
        owner: dict[str, str] = {}
        for vehicle in self.problem.vehicles:
            where = f"{_name(vehicle)}, locked"
            for name, times in Counter(vehicle.locked).items():
                task = self.tasks.get(name)
                if task is None:
                    self.add(
                        where, f"{name!r} is no job or shipment", "take it from the locked list"
                    )
                    continue
                ends = 1 if isinstance(task, Job) else 2
                if times > ends:
                    self.add(
                        where,
                        f"{name!r} stands {times} times in the list, it has {ends} visit(s)",
                        "name each visit once",
                    )
                if name in owner:
                    self.add(
                        where,
                        f"{name!r} is also locked on vehicle {owner[name]!r}",
                        "lock it on one vehicle only",
                    )
                owner[name] = vehicle.id
                if task.vehicles is not None and vehicle.id not in task.vehicles:
                    self.add(
                        where,
                        f"{name!r} may not be done by this vehicle",
                        "lock it on an allowed vehicle or allow this one",
                    )

    # ---- kinds of value -------------------------------------------------------------------

    def whole(self, where: str, **values: object) -> bool:
        good = True
        for name, value in values.items():
            if isinstance(value, bool) or not isinstance(value, int):
                self.add(where, f"{name} is {value!r}, not a whole number", "round it")
                good = False
        return good

    def not_negative(self, where: str, **values: int | None) -> None:
        for name, value in values.items():
            if value is not None and self.whole(where, **{name: value}) and value < 0:
                self.add(where, f"{name} is {value}", "give 0 or more")

    def row(self, where: str, name: str, row: int) -> None:
        if self.whole(where, **{name: row}) and not 0 <= row < len(self.problem.places):
            self.add(
                where,
                f"{name} is row {row} of {len(self.problem.places)} places",
                "give the number of a place, counted from 0",
            )

    def amounts(self, where: str, name: str, amounts: Sequence[int]) -> None:
        size = len(self.problem.dimensions)
        if amounts and len(amounts) != size:
            self.add(
                where,
                f"{name} has {len(amounts)} numbers for {size} dimensions",
                "give one number for each dimension",
            )
        for k, units in enumerate(amounts):
            label = self.problem.dimensions[k] if k < size else str(k)
            self.not_negative(where, **{f"{name} in {label}": units})

    def windows(self, where: str, windows: Sequence[TimeWindow]) -> None:
        before: TimeWindow | None = None
        for window in windows:
            if not self.whole(where, window_start=window.start, window_end=window.end):
                return
            span = f"the window from {window.start} to {window.end} s"
            if window.end < window.start:
                self.add(where, f"{span} ends before it starts", "exchange start and end")
            if before is not None and window.start < before.start:
                self.add(where, f"{span} stands after a later one", "sort the windows")
            elif before is not None and window.start <= before.end:
                self.add(where, f"{span} overlaps the one before", "join the two")
            before = window

    # ---- the size of sums -----------------------------------------------------------------

    def size(self) -> None:
        """Bound every sum that an engine may form, generously, in whole numbers of any size."""
        problem = self.problem
        visits: list[Job | Visit] = [*problem.jobs]
        visits += [end for s in problem.shipments for end in (s.pickup, s.delivery)]
        tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
        longest_seconds, longest_metres = _longest_leg(problem.travel.values())
        legs = 2 * (len(visits) + len(problem.vehicles) + 1)
        metres = legs * longest_metres
        seconds = legs * longest_seconds + sum(v.service_seconds + v.setup_seconds for v in visits)
        seconds += sum(
            pause.seconds for vehicle in problem.vehicles for pause in vehicle.breaks
        ) + legs * max((r.seconds for v in problem.vehicles for r in v.reloads), default=0)
        seconds += max((abs(time) for time in _moments(problem, visits)), default=0) * 2
        money = sum(task.skip_cost or 0 for task in tasks)
        money += seconds * sum(visit.due.cost_per_second for visit in visits if visit.due)
        for vehicle in problem.vehicles:
            rate = vehicle.cost_per_second + sum(t.cost_per_second for t in vehicle.overtime)
            money += vehicle.fixed_cost + seconds * rate + metres * vehicle.cost_per_metre
            money += len(visits) * vehicle.unfamiliar_cost
        units = sum(sum(j.delivery) + sum(j.pickup) for j in problem.jobs)
        units += sum(sum(s.amount) for s in problem.shipments)
        units = max(units, *(max(v.capacity, default=0) for v in problem.vehicles), 0)
        for what, most in (
            ("times", seconds),
            ("distances", metres),
            ("loads", units),
            ("costs", money),
        ):
            if most >= LARGEST:
                self.add(
                    "problem",
                    f"{what} could add up to {most}, which is too large to count",
                    "use a coarser unit or smaller values",
                )


def _name(part: Job | Shipment | Vehicle) -> str:
    return f"{type(part).__name__.lower()} {part.id!r}"


def _finite(travel: PlanarTravel) -> bool:
    return all(bool(np.isfinite(axis).all()) for axis in travel.coordinates)


def _moments(problem: Problem, visits: Iterable[Job | Visit]) -> Iterable[int]:
    spans: list[TimeWindow] = []
    for visit in visits:
        spans += visit.windows
        if visit.due is not None:
            yield visit.due.time
    for vehicle in problem.vehicles:
        spans.append(vehicle.shift)
        spans += [window for pause in vehicle.breaks for window in pause.windows]
        spans += [window for reload in vehicle.reloads for window in reload.windows]
    for span in spans:
        yield span.start
        yield span.end
    yield from (job.release for job in problem.jobs)
    yield from (shipment.release for shipment in problem.shipments)


def _longest_leg(travels: Iterable[Travel]) -> tuple[int, int]:
    """Return the most seconds and metres of one leg, or a bound on them."""
    seconds = metres = 0
    for travel in travels:
        if isinstance(travel, TravelMatrix):
            if travel.size:
                seconds = max(seconds, int(travel.seconds.max()))
                metres = max(metres, int(travel.metres.max()))
        elif isinstance(travel, PlanarTravel):
            if travel.size:
                spread: Callable[..., float] = np.ptp
                across = sum(float(spread(axis)) for axis in travel.coordinates)
                seconds = max(seconds, int(across * abs(travel.scale)) + 1)
                metres = max(metres, int(across * abs(travel.scale)) + 1)
        elif travel.size <= _LARGE_UNKNOWN_TRAVEL:
            rows = range(travel.size)
            times, lengths = travel.block(rows, rows)
            seconds = max(seconds, int(np.max(times, initial=0)))
            metres = max(metres, int(np.max(lengths, initial=0)))
    return seconds, metres
