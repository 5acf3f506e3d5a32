"""
A day of the post said in words that every peer has, and the way back to the full problem.

A day of the post has features for which peers have no words. All peers get the same reduced day,
said with plain vehicles, windows and matrices, although some could say single features themselves
(VROOM and OR-Tools breaks, vrp-cli breaks and reloads, PyVRP overtime). So a lead on such a day is
one of model and search together, not of search alone. What is lost is told in `differences`, and
our checker prices the answer on the full problem all the same:

* a courier with a noon settlement becomes two half-day vehicles, the morning ending in time for the
  settlement and the afternoon beginning after settlement and lunch, with half of the day's sum and
  half of the range for each;
* set-up time on arrival becomes part of the way there, and windows open later by as much;
* a time after which lateness costs money becomes the end of the window for the peers that do
  better with it (`strict`, tried on 3,000 orders), and has no price for the others;
* an unfamiliar commune becomes extra metres on the way there, worth the same money;
* offices that share no courier are separate problems, with time in proportion to their orders.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace

import numpy as np

from geo.types import Travel, TravelMatrix
from solver.checker import check
from solver.components import split
from solver.engine import Tours
from solver.model import (
    Job,
    Problem,
    Reload,
    Shipment,
    SoftDue,
    Step,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Visit,
)
from solver.schedule import schedule

_AFTERNOON = "\nafternoon"
_MOST_BYTES = 1_500_000_000
_BYTES_A_LEG = 16


@dataclass(frozen=True, slots=True, kw_only=True)
class Piece:
    """
    One independent part, said so that a peer understands it.

    Parameters
    ----------
    share
        Its part of the whole's visits, and so of the time.
    noon
        By vehicle, the reload that joins its two halves.
    """

    problem: Problem
    share: float
    noon: dict[str, str]

    def back(self, tours: Iterable[Tour]) -> Tours:
        """Join half-days into the full problem's tours."""
        steps = {tour.vehicle: tour.steps for tour in tours if tour.steps}
        joined = []
        for name, morning in steps.items():
            if name.endswith(_AFTERNOON):
                continue
            later = steps.get(name + _AFTERNOON, ())
            between = (Step(kind=StopKind.RELOAD, id=self.noon[name]),) if later else ()
            joined.append(Tour(vehicle=name, steps=(*morning, *between, *later)))
        joined += [
            Tour(vehicle=name.removesuffix(_AFTERNOON), steps=later)
            for name, later in steps.items()
            if name.endswith(_AFTERNOON) and name.removesuffix(_AFTERNOON) not in steps
        ]
        return tuple(joined)


def differences(problem: Problem, *, strict: bool) -> list[str]:
    """Name where the closest problem says less, or other, than the full one."""
    late = "a time after which lateness costs is the window's end" if strict else ""
    tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
    vehicles = problem.vehicles
    visits = list(_visits(tasks))
    found = {
        "a day is two half-days around noon, each with half of its sum and range, no overtime": (
            any(_splits(vehicle) for vehicle in vehicles)
        ),
        "set-up time is part of the way": any(visit.setup_seconds for visit in visits),
        "an unfamiliar commune is extra metres, which count against a vehicle's range too": (
            any(v.unfamiliar_cost and v.cost_per_metre for v in vehicles)
        ),
        late or "lateness has no price": any(visit.due is not None for visit in visits),
        "offices are solved one after the other, time by their number of orders": (
            len([part for part in split(problem) if not part.idle]) > 1
        ),
    }
    return [what for what, there in found.items() if there]


def pieces(problem: Problem, *, strict: bool) -> list[Piece]:
    """Return the closest problem, in its independent parts; `strict` closes windows when due."""
    if not _needs(problem):
        return [Piece(problem=problem, share=1.0, noon={})]
    parts = [part.problem for part in split(problem) if not part.idle]
    whole = sum(len(part.jobs) + 2 * len(part.shipments) for part in parts)
    return [
        _piece(part, (len(part.jobs) + 2 * len(part.shipments)) / max(whole, 1), strict=strict)
        for part in parts
    ]


def mended(problem: Problem, tours: Iterable[Tour]) -> Tours:
    """
    Put a noon settlement that a peer had no word for into the tours that lack it, where best.

    A courier who is used in one half of the day only may, timed anew, be out over noon.
    """
    vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
    return tuple(_mended(problem, vehicles[tour.vehicle], tour) for tour in tours)


def _mended(problem: Problem, vehicle: Vehicle, tour: Tour) -> Tour:
    if not _splits(vehicle) or any(step.kind is StopKind.RELOAD for step in tour.steps):
        return tour
    names = {step.id for step in tour.steps}
    alone = replace(
        problem,
        vehicles=(vehicle,),
        jobs=tuple(job for job in problem.jobs if job.id in names),
        shipments=tuple(each for each in problem.shipments if each.id in names),
    )

    def rank(steps: tuple[Step, ...]) -> tuple[int, int]:
        option = replace(tour, steps=steps)
        report = check(alone, schedule(alone, (option,)))
        return len(report.violations), report.cost.total

    best = (rank(tour.steps), tour.steps)
    if best[0][0]:
        noon = Step(kind=StopKind.RELOAD, id=vehicle.reloads[0].id)
        for at in range(len(tour.steps) + 1):
            steps = (*tour.steps[:at], noon, *tour.steps[at:])
            best = min(best, (rank(steps), steps), key=lambda pair: pair[0])
    return replace(tour, steps=best[1])


def _needs(problem: Problem) -> bool:
    tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
    return (
        any(_splits(v) or v.unfamiliar_cost or v.breaks for v in problem.vehicles)
        or any(visit.setup_seconds for visit in _visits(tasks))
        or any(task.vehicles is not None for task in tasks)
    )


def _piece(problem: Problem, share: float, *, strict: bool) -> Piece:
    areas = _areas(problem)
    vehicles: list[Vehicle] = []
    noon: dict[str, str] = {}
    travel: dict[str, Travel] = {}
    names: dict[tuple[str, frozenset[str], int], str] = {}
    distinct = {(v.profile, v.known_areas, _extra(v)) for v in problem.vehicles}
    fits = len(distinct) * len(problem.places) ** 2 * _BYTES_A_LEG <= _MOST_BYTES
    for vehicle in problem.vehicles:
        key = (vehicle.profile, vehicle.known_areas, _extra(vehicle))
        if not fits:
            key = (vehicle.profile, frozenset(), 0)
        if key not in names:
            names[key] = f"{vehicle.profile}/{len(names)}"
            travel[names[key]] = _travel(problem, vehicle.profile, key[1], key[2], areas)
        plain = replace(
            vehicle,
            profile=names[key],
            known_areas=frozenset(),
            unfamiliar_cost=0,
        )
        if _splits(vehicle):
            noon[vehicle.id] = vehicle.reloads[0].id
            vehicles += _halves(plain)
        else:
            vehicles.append(plain)
    everyone = {vehicle.id for vehicle in problem.vehicles}
    simple = replace(
        problem,
        vehicles=tuple(vehicles),
        travel=travel,
        jobs=tuple(_plain_job(job, everyone, strict=strict) for job in problem.jobs),
        shipments=tuple(
            _plain_shipment(each, everyone, strict=strict) for each in problem.shipments
        ),
    )
    return Piece(problem=simple, share=share, noon=noon)


def _splits(vehicle: Vehicle) -> bool:
    """Tell whether the day falls into two halves: one noon settlement, at most one break."""
    return (
        len(vehicle.reloads) == 1
        and vehicle.reloads[0].required
        and bool(vehicle.reloads[0].windows)
        and len(vehicle.breaks) <= 1
    )


def _halves(vehicle: Vehicle) -> list[Vehicle]:
    noon: Reload = vehicle.reloads[0]
    last = noon.windows[-1].end
    begin, rest = last + noon.seconds, 0
    if vehicle.breaks:
        pause = vehicle.breaks[0]
        last = min(last, pause.windows[-1].end - noon.seconds)
        begin, rest = max(last + noon.seconds, pause.windows[0].start), pause.seconds
    plain = replace(
        vehicle,
        breaks=(),
        reloads=(),
        overtime=(),
        fixed_cost=vehicle.fixed_cost // 2,
        max_metres=None if vehicle.max_metres is None else vehicle.max_metres // 2,
    )
    return [
        replace(plain, shift=TimeWindow(start=vehicle.shift.start, end=last)),
        replace(
            plain,
            id=vehicle.id + _AFTERNOON,
            shift=TimeWindow(start=begin + rest, end=vehicle.shift.end),
        ),
    ]


def _extra(vehicle: Vehicle) -> int:
    """Return what an unfamiliar visit is worth in metres."""
    if not vehicle.unfamiliar_cost or not vehicle.cost_per_metre:
        return 0
    return round(vehicle.unfamiliar_cost / vehicle.cost_per_metre)


def _travel(
    problem: Problem,
    profile: str,
    known: frozenset[str],
    extra: int,
    areas: Sequence[tuple[int, str, int]],
) -> Travel:
    everywhere = range(len(problem.places))
    seconds, metres = problem.travel[profile].block(everywhere, everywhere)
    seconds, metres = seconds.copy(), metres.copy()
    setup = np.zeros(len(problem.places), np.int64)
    strange = np.zeros(len(problem.places), np.int64)
    for place, area, setup_seconds in areas:
        setup[place] = max(setup[place], setup_seconds)
        if extra and area and area not in known:
            strange[place] = extra
    seconds += setup[None, :]
    metres += strange[None, :]
    np.fill_diagonal(seconds, 0)
    np.fill_diagonal(metres, 0)
    return TravelMatrix(seconds=seconds.astype(np.int32), metres=metres.astype(np.int32))


def _areas(problem: Problem) -> list[tuple[int, str, int]]:
    tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
    return [(visit.place, visit.area, visit.setup_seconds) for visit in _visits(tasks)]


def _visits(tasks: Iterable[Job | Shipment]) -> Iterable[Job | Visit]:
    for task in tasks:
        if isinstance(task, Shipment):
            yield task.pickup
            yield task.delivery
        else:
            yield task


def _later(windows: Sequence[TimeWindow], by: int) -> tuple[TimeWindow, ...]:
    # The end stays: a second visit at the same place has no set-up that could be taken off it.
    return tuple(TimeWindow(start=min(w.start + by, w.end), end=w.end) for w in windows)


def _in_time(windows: Sequence[TimeWindow], due: SoftDue | None) -> tuple[TimeWindow, ...]:
    """Close the windows where lateness would begin to cost, unless nothing would stay open."""
    if due is None:
        return tuple(windows)
    if not windows:
        return (TimeWindow(start=0, end=due.time),) if due.time > 0 else ()
    kept = tuple(
        TimeWindow(start=w.start, end=min(w.end, due.time)) for w in windows if w.start <= due.time
    )
    return kept or tuple(windows)


def _plain_job(job: Job, everyone: set[str], *, strict: bool) -> Job:
    return replace(
        job,
        windows=_later(_in_time(job.windows, job.due if strict else None), job.setup_seconds),
        setup_seconds=0,
        due=None,
        area="",
        vehicles=_bound(job.vehicles, everyone),
    )


def _plain_shipment(shipment: Shipment, everyone: set[str], *, strict: bool) -> Shipment:
    return replace(
        shipment,
        pickup=_plain_visit(shipment.pickup, strict=strict),
        delivery=_plain_visit(shipment.delivery, strict=strict),
        vehicles=_bound(shipment.vehicles, everyone),
    )


def _plain_visit(visit: Visit, *, strict: bool) -> Visit:
    return replace(
        visit,
        windows=_later(_in_time(visit.windows, visit.due if strict else None), visit.setup_seconds),
        setup_seconds=0,
        due=None,
        area="",
    )


def _bound(allowed: frozenset[str] | None, everyone: set[str]) -> frozenset[str] | None:
    return None if allowed is None or allowed >= everyone else allowed
