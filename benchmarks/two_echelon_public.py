"""
Public instances of the two-echelon vehicle routing problem (2E-VRP), both echelons together.

    python -m benchmarks.two_echelon_public --instances FOLDER --seconds 20

One depot supplies satellites with large vehicles, satellites supply customers with small ones; a
satellite may be supplied by several large vehicles. Our own day has offices with areas of their
own; here the satellite of a customer is part of the question:

    couriers    for each set of open satellites, all customers in one search with the small vehicles
                of these satellites; a price on each vehicle keeps their number within the fleet's
    trucks      what the open satellites then need, cut into whole truckloads and a rest
    together    the set whose whole is cheapest, with the time shared out anew to the best few
    separate    all satellites open, couriers first by their own cost, then trucks

Every plan is judged here from its visits alone, with unrounded distances. The files are those of
U. Breunig, V. Schmid, R. F. Hartl and T. Vidal, "A large neighbourhood based heuristic for
two-echelon routing problems", Computers & Operations Research 76, 2016, in the authors' text form;
none is part of this repository. Best known costs are as that paper quotes them, without those that
we were not sure of.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import chain, combinations, pairwise
from math import ceil, hypot
from pathlib import Path

import numpy as np

from geo.types import TravelMatrix
from solver import model
from solver.model import Job, Place, Problem, Step, StopKind, TimeWindow, Tour, Vehicle
from solver.pipeline import solve
from solver.schedule import schedule

BEST_KNOWN = {
    "2a_E-n22-k4-s6-17": 417.07,
    "2b_E-n51-k5-s2-17": 597.49,
    "2b_E-n51-k5-s2-4-17-46": 530.76,
    "2c_E-n51-k5-s2-17": 601.39,
    "2c_E-n51-k5-s2-4-17-46": 601.39,
}

_MOST_SATELLITES = 6
_LONG = 10**9
_DIGITS = 10**6
"""The longest way between two points has about so many units of length inside the solver."""

_AGAIN = 3
"""So many of the best sets of satellites share the second half of the time."""

Spot = tuple[float, float]


@dataclass(frozen=True, slots=True, kw_only=True)
class Instance:
    """
    One instance as its file says it.

    Parameters
    ----------
    trucks, freighters
        (how many, capacity) of the large and the small vehicles.
    most
        Small vehicles at one satellite.
    truck_rates, freighter_rates
        (cost of a unit of distance, cost of a vehicle).
    customers
        (x, y, demand) of each.
    """

    name: str
    trucks: tuple[int, int]
    truck_rates: tuple[float, float]
    freighters: tuple[int, int]
    freighter_rates: tuple[float, float]
    most: int
    depot: Spot
    satellites: tuple[Spot, ...]
    customers: tuple[tuple[float, float, int], ...]


def read_instance(text: str, name: str) -> Instance:
    """
    Read an instance in the text form of Breunig et al.

    Raises
    ------
    ValueError
        The text is no such instance; the message says which part is missing or wrong.
    """
    lines = [line.strip() for line in text.splitlines()]
    body = [line for line in lines if line and not line.startswith("!")]
    if len(body) != 4:
        raise ValueError(f"{name}: four lines of figures are expected, there are {len(body)}")
    try:
        trucks = [float(each) for each in body[0].split(",")]
        freighters = [float(each) for each in body[1].split(",")]
        stores = [tuple(float(v) for v in each.split(",")) for each in body[2].split()]
        customers = [tuple(float(v) for v in each.split(",")) for each in body[3].split()]
    except ValueError as error:
        raise ValueError(f"{name}: {error}") from None
    if len(trucks) != 4 or len(freighters) != 5:
        raise ValueError(f"{name}: four figures for trucks and five for freighters are expected")
    if len(stores) < 2 or any(len(store) != 2 for store in stores):
        raise ValueError(f"{name}: a depot and at least one satellite, each x,y, are expected")
    if not customers or any(len(customer) != 3 for customer in customers):
        raise ValueError(f"{name}: customers are expected, each x,y,demand")
    return Instance(
        name=name,
        trucks=(int(trucks[0]), int(trucks[1])),
        truck_rates=(trucks[2], trucks[3]),
        freighters=(int(freighters[1]), int(freighters[2])),
        freighter_rates=(freighters[3], freighters[4]),
        most=int(freighters[0]),
        depot=(stores[0][0], stores[0][1]),
        satellites=tuple((x, y) for x, y in stores[1:]),
        customers=tuple((x, y, int(demand)) for x, y, demand in customers),
    )


# ---- plans --------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """
    A plan of both echelons: visits without depots.

    Parameters
    ----------
    trucks
        Of each truck (satellite, amount) in order.
    freighters
        Of each small vehicle its satellite and its customers in order.
    """

    trucks: tuple[tuple[tuple[int, int], ...], ...]
    freighters: tuple[tuple[int, tuple[int, ...]], ...]


def judge(instance: Instance, plan: Plan) -> tuple[float, list[str]]:
    """Return what a plan costs with unrounded distances, and every rule that it breaks."""
    wrong = []
    cost = 0.0
    needed = [0] * len(instance.satellites)
    seen: list[int] = []
    at_one = [0] * len(instance.satellites)
    for satellite, customers in plan.freighters:
        load = sum(instance.customers[c][2] for c in customers)
        needed[satellite] += load
        at_one[satellite] += 1
        seen += customers
        if load > instance.freighters[1]:
            wrong.append(f"a small vehicle carries {load}")
        spots = [instance.customers[c][:2] for c in customers]
        home = instance.satellites[satellite]
        rate, fixed = instance.freighter_rates
        cost += rate * _length([home, *spots, home]) + fixed
    brought = [0] * len(instance.satellites)
    for stops in plan.trucks:
        if sum(amount for _, amount in stops) > instance.trucks[1]:
            wrong.append(f"a truck carries {sum(amount for _, amount in stops)}")
        for satellite, amount in stops:
            brought[satellite] += amount
        spots = [instance.satellites[satellite] for satellite, _ in stops]
        rate, fixed = instance.truck_rates
        cost += rate * _length([instance.depot, *spots, instance.depot]) + fixed
    if sorted(seen) != list(range(len(instance.customers))):
        wrong.append("not every customer is served once")
    if brought != needed:
        wrong.append(f"the satellites need {needed} and get {brought}")
    if len(plan.freighters) > instance.freighters[0]:
        wrong.append(f"{len(plan.freighters)} small vehicles of {instance.freighters[0]}")
    if max(at_one) > instance.most:
        wrong.append(f"{max(at_one)} small vehicles at one satellite, {instance.most} may be")
    if len(plan.trucks) > instance.trucks[0]:
        wrong.append(f"{len(plan.trucks)} trucks of {instance.trucks[0]}")
    return cost, wrong


def _length(spots: Sequence[Spot]) -> float:
    return sum(hypot(a[0] - b[0], a[1] - b[1]) for a, b in pairwise(spots))


# ---- search -------------------------------------------------------------------------------------


def together(instance: Instance, seconds: float, seed: int) -> Plan:
    """Plan both echelons for every set of satellites, the best few longer."""
    everything = range(len(instance.satellites))
    sizes = range(1, len(instance.satellites) + 1)
    sets = [s for s in chain.from_iterable(combinations(everything, n) for n in sizes)
            if _enough(instance, s)]  # fmt: skip
    each = seconds / 2 / len(sets)
    ranked = sorted(
        (_planned(instance, s, each, seed) for s in sets), key=lambda plan: _rank(instance, plan)
    )
    chosen = ranked[:_AGAIN]
    each = seconds / 2 / len(chosen)
    longer = [
        _planned(instance, sorted({s for s, _ in plan.freighters}), each, seed + 1, start=plan)
        for plan in chosen
    ]
    return min((*longer, *chosen), key=lambda plan: _rank(instance, plan))


def separate(instance: Instance, seconds: float, seed: int) -> Plan:
    """Plan the second echelon by its own cost, then the first for what follows."""
    return _planned(instance, range(len(instance.satellites)), seconds, seed)


def _rank(instance: Instance, plan: Plan) -> tuple[int, float]:
    cost, wrong = judge(instance, plan)
    return len(wrong), cost


def _enough(instance: Instance, satellites: Sequence[int]) -> bool:
    vehicles = min(instance.most * len(satellites), instance.freighters[0])
    return vehicles * instance.freighters[1] >= sum(demand for *_, demand in instance.customers)


def _planned(
    instance: Instance,
    satellites: Sequence[int],
    seconds: float,
    seed: int,
    start: Plan | None = None,
) -> Plan:
    """Plan with some satellites open; a dearer vehicle is tried where too many were used."""
    # Half a way across the map is a first price, if a vehicle is scarce at all.
    across = _DIGITS // 2
    best: Plan | None = None
    prices = (0, across) if start is None else (across,)
    for price in prices:
        given = best if best is not None else start
        plan = _with_trucks(
            instance, _freighters(instance, satellites, price, seconds / len(prices), seed, given)
        )
        if best is None or _rank(instance, plan) < _rank(instance, best):
            best = plan
    assert best is not None
    return best


def _freighters(
    instance: Instance,
    satellites: Sequence[int],
    price: int,
    seconds: float,
    seed: int,
    start: Plan | None,
) -> tuple[tuple[int, tuple[int, ...]], ...]:
    spots = [*instance.satellites, *((x, y) for x, y, _ in instance.customers)]
    first = len(instance.satellites)
    travel, unit = _travel(spots)
    many = min(instance.most, instance.freighters[0])
    rate, fixed = instance.freighter_rates
    problem = Problem(
        places=tuple(Place(id=str(n), x=x, y=y) for n, (x, y) in enumerate(spots)),
        vehicles=tuple(
            Vehicle(
                id=f"{s}/{n}",
                shift=TimeWindow(start=0, end=_LONG),
                start=s,
                end=s,
                capacity=(instance.freighters[1],),
                cost_per_metre=max(round(rate), 1),
                fixed_cost=round(fixed * unit) + price,
            )
            for s in satellites
            for n in range(many)
        ),
        travel={"default": travel},
        jobs=tuple(
            Job(id=str(n), place=first + n, delivery=(demand,))
            for n, (_, _, demand) in enumerate(instance.customers)
        ),
        dimensions=("units",),
    )
    begin = None
    if start is not None:
        begin = _scheduled(problem, start)
    result = solve(problem, seconds=seconds, seed=seed, start=begin, engine="search")
    return tuple(
        (int(route.vehicle.split("/")[0]), tuple(int(stop.id) for stop in route.stops))
        for route in result.plan.routes
        if route.stops
    )


def _scheduled(problem: Problem, start: Plan) -> model.Plan:
    used: dict[int, int] = {}
    known = {vehicle.id for vehicle in problem.vehicles}
    tours = []
    for satellite, customers in start.freighters:
        name = f"{satellite}/{used.get(satellite, 0)}"
        used[satellite] = used.get(satellite, 0) + 1
        if name in known:
            steps = tuple(Step(kind=StopKind.JOB, id=str(c)) for c in customers)
            tours.append(Tour(vehicle=name, steps=steps))
    return schedule(problem, tours)


def _with_trucks(instance: Instance, freighters: tuple[tuple[int, tuple[int, ...]], ...]) -> Plan:
    """Supply the satellites: whole truckloads go alone, the rests together."""
    needed: dict[int, int] = {}
    for satellite, customers in freighters:
        load = sum(instance.customers[c][2] for c in customers)
        needed[satellite] = needed.get(satellite, 0) + load
    most = instance.trucks[1]
    pieces: dict[str, tuple[int, int]] = {}
    for satellite, load in needed.items():
        for number in range(ceil(load / most)):
            pieces[f"{satellite}/{number}"] = (satellite, min(most, load - number * most))
    travel, unit = _travel([instance.depot, *instance.satellites])
    rate, fixed = instance.truck_rates
    problem = Problem(
        places=tuple(Place(id=str(n)) for n in range(len(instance.satellites) + 1)),
        vehicles=tuple(
            Vehicle(
                id=f"t{n}",
                shift=TimeWindow(start=0, end=_LONG),
                start=0,
                end=0,
                capacity=(most,),
                cost_per_metre=max(round(rate), 1),
                fixed_cost=round(fixed * unit),
            )
            for n in range(instance.trucks[0])
        ),
        travel={"default": travel},
        jobs=tuple(
            Job(id=name, place=satellite + 1, delivery=(amount,))
            for name, (satellite, amount) in pieces.items()
        ),
        dimensions=("units",),
    )
    result = solve(problem, iterations=400, engine="ortools")
    return Plan(
        trucks=tuple(
            tuple(pieces[stop.id] for stop in route.stops)
            for route in result.plan.routes
            if route.stops
        ),
        freighters=freighters,
    )


def _travel(spots: Sequence[Spot]) -> tuple[TravelMatrix, float]:
    """Return the ways between spots in fine units, and how many units one of the file's has."""
    x = np.array([spot[0] for spot in spots])
    y = np.array([spot[1] for spot in spots])
    ways = np.hypot(x[:, None] - x[None, :], y[:, None] - y[None, :])
    unit = _DIGITS / max(float(ways.max()), 1e-9)
    units = np.rint(ways * unit).astype(np.int64)
    return TravelMatrix(seconds=units, metres=units), unit


# ---- the table ----------------------------------------------------------------------------------


def rows(
    instances: Mapping[str, Instance], *, seconds: float, seed: int
) -> list[tuple[str, float, float, float | None]]:
    """Return (name, separate, together, best known) of each instance that can be planned."""
    found = []
    for name, instance in instances.items():
        if len(instance.satellites) > _MOST_SATELLITES:
            print(f"{name}: {len(instance.satellites)} satellites, left out (at most 6)")
            continue
        costs = []
        for planner in (separate, together):
            cost, wrong = judge(instance, planner(instance, seconds, seed))
            costs.append(float("inf") if wrong else cost)
        found.append((name, costs[0], costs[1], BEST_KNOWN.get(name)))
        print(_line(*found[-1]), flush=True)
    return found


def _line(name: str, alone: float, both: float, known: float | None) -> str:
    # Best known costs are rounded to cents: a plan of the same cost may look a shade better.
    gap = "" if known is None else f"{max(100 * (round(both, 2) / known - 1), 0):6.2f} %"
    if known is not None and round(both, 2) < known:
        gap = "BETTER"
    best = "" if known is None else f"{known:9.2f}"
    return f"{name:26s} {alone:9.2f} {both:9.2f} {best:>9s} {gap}"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--instances", type=Path, default=Path("../shared/instances/2evrp"))
    parser.add_argument("--seconds", type=float, default=20.0)
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    files = sorted(given.instances.glob("*.txt"))
    if not files:
        raise SystemExit(f"no instances (*.txt) in {given.instances}")
    print(f"{'instance':26s}  separate  together best known    gap   ({given.seconds:g} s each)")
    rows(
        {file.stem: read_instance(file.read_text(), file.stem) for file in files},
        seconds=given.seconds,
        seed=given.seed,
    )


if __name__ == "__main__":
    main()
