"""What every peer's adapter needs: a peer's contract, and a problem's shape in plain arrays."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from solver.engine import Tours
from solver.formats.instance import OPEN_ENDED
from solver.model import Job, Problem, Shipment, Vehicle

Whole = NDArray[np.int64]

_SPARE = 10
_FAR = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """
    What an engine gives back.

    Parameters
    ----------
    history
        (seconds since the start, money, vehicles or 0 where not told) for each better plan.
    note
        Anything a reader ought to know of this run.
    """

    tours: Tours
    history: tuple[tuple[float, int, int], ...] = ()
    iterations: int = 0
    note: str = ""


class Peer(Protocol):
    """
    One engine under test.

    `threads` is how many cores one run keeps busy; with 1, two seeds run side by side. `package` is
    the distribution whose version is reported. `lacking` names what the peer cannot express at all,
    and the case is then skipped with that reason. `full` says that it honours the whole vocabulary
    and gets the problem as it is, else it gets the closest model (`benchmarks.closest`), `strict`
    where it does better when windows close as lateness begins to cost.
    """

    name: str
    package: str
    threads: int
    full: bool
    strict: bool

    def warm(self) -> None:
        """Import and compile whatever must not count."""
        ...

    def lacking(self, problem: Problem) -> list[str]:
        """Name what cannot be expressed."""
        ...

    def solve(self, problem: Problem, *, seconds: float, seed: int) -> Answer:
        """Search for so long, building the model included."""
        ...


@dataclass(slots=True, kw_only=True)
class Kind:
    """Vehicles that are the same but for their ids."""

    vehicle: Vehicle
    ids: list[str] = field(default_factory=list)


def kinds(problem: Problem) -> list[Kind]:
    """Return the kinds of vehicle, in the order of the fleet."""
    found: dict[Vehicle, Kind] = {}
    for vehicle in problem.vehicles:
        plain = replace(vehicle, id="")
        found.setdefault(plain, Kind(vehicle=plain)).ids.append(vehicle.id)
    return list(found.values())


def useful(problem: Problem, kind: Kind) -> int:
    """
    Return how many vehicles of a kind a best plan can need.

    Without time, more than twice the least number means that two routes fit into one vehicle, and
    joining them is no longer by the triangle inequality. Adapters that copy every vehicle into
    their model would choke on a fleet of thousands.
    """
    tasks = len(problem.jobs) + len(problem.shipments)
    most = min(len(kind.ids), tasks)
    if timed(problem) or not kind.vehicle.capacity or problem.shipments:
        return most
    least = sum(
        math.ceil(sum(amounts) / max(kind.vehicle.capacity[0], 1))
        for amounts in (
            [job.delivery[0] for job in problem.jobs if job.delivery],
            [job.pickup[0] for job in problem.jobs if job.pickup],
        )
    )
    return min(most, 2 * least + _SPARE)


def vehicles_first(problem: Problem) -> bool:
    """Tell whether a vehicle costs more than any sensible plan is long."""
    longest = max(place.x for place in problem.places) - min(place.x for place in problem.places)
    dear = min(vehicle.fixed_cost for vehicle in problem.vehicles)
    optional = any(job.skip_cost is not None for job in problem.jobs)
    return not optional and dear > longest * len(problem.places) > 0


def timed(problem: Problem) -> bool:
    """Tell whether time limits or costs anything."""
    return (
        any(job.windows or job.release for job in problem.jobs)
        or bool(problem.shipments)
        or any(
            v.max_duty_seconds is not None
            or v.max_driving_seconds is not None
            or v.cost_per_second
            or v.shift.end < OPEN_ENDED
            for v in problem.vehicles
        )
    )


def arrays(problem: Problem, profile: str) -> tuple[Whole, Whole]:
    """
    Return (seconds, metres) between all places, with ways that outlast every shift made far.

    The far ways say in distance what such a way says in time, so that a peer that looks at distance
    alone avoids it as well.
    """
    everywhere = range(len(problem.places))
    seconds, metres = problem.travel[profile].block(everywhere, everywhere)
    horizon = max(vehicle.shift.end for vehicle in problem.vehicles)
    barred = seconds > horizon
    if barred.any():
        metres = metres.copy()
        metres[barred] = _FAR * int(np.max(metres[~barred], initial=1))
        seconds = np.where(barred, metres, seconds) if not timed(problem) else seconds
    return seconds, metres


def ordered(problem: Problem) -> bool:
    """Tell whether some ways are barred by time, as from backhauls to linehauls."""
    horizon = max(vehicle.shift.end for vehicle in problem.vehicles)
    everywhere = range(len(problem.places))
    return any(
        bool((travel.block(everywhere, everywhere)[0] > horizon).any())
        for travel in problem.travel.values()
    )


def amounts(given: Sequence[int], width: int) -> list[int]:
    """Return a load with all its dimensions."""
    return [*given, *[0] * (width - len(given))]


def common_lacks(problem: Problem, *, allowed: frozenset[str] = frozenset()) -> list[str]:
    """Name the features of a (closest) problem that peers generally have no words for."""
    tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
    found = {
        "release times": any(j.release for j in tasks),
        "trips with reloads": any(v.reloads for v in problem.vehicles),
        "breaks": any(v.breaks for v in problem.vehicles),
        "route duration limit": any(v.max_duty_seconds is not None for v in problem.vehicles),
        "jobs bound to vehicles": any(j.vehicles is not None for j in tasks),
        "skills": any(j.skills for j in tasks),
        "optional jobs": any(j.skip_cost is not None for j in tasks),
        "several depots": len({(v.start, v.end) for v in problem.vehicles}) > 1,
        "a mixed fleet": len(kinds(problem)) > 1,
        "time": timed(problem),
        "shipments": bool(problem.shipments),
        "backhauls": any(j.pickup for j in problem.jobs),
    }
    return [name for name, there in found.items() if there and name not in allowed]


def money_divisor(problem: Problem) -> int:
    """Return 1000 where rates are in thousandths of đồng, 1 for published instances."""
    rates = [v.cost_per_metre for v in problem.vehicles] + [
        v.cost_per_second for v in problem.vehicles
    ]
    return 1_000 if max(rates, default=0) >= 5_000 else 1
