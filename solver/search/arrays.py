"""
A Problem as flat arrays, the only form that the compiled kernel reads.

Nodes are numbered: visits first (a job is one, a shipment two), then one start and one end per
vehicle, then slots for reloads. Windows, breaks, reloads and overtime tiers lie end to end in one
array each, with pointers (compressed rows). A window set number 0 means "at any time".
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np

from geo.types import PlanarTravel, Travel, TravelMatrix
from solver.model import (
    Amounts,
    Job,
    Problem,
    Shipment,
    Step,
    StopKind,
    Tour,
    Visit,
)
from solver.search.fleet import (
    compatibility,
    endcap,
    fleet_tables,
    groups_of,
    has_duty,
    kinds_of,
    rested,
)
from solver.search.records import (
    ALWAYS,
    BROUGHT,
    CHANGE,
    DENSE_LIMIT,
    ENDCAP,
    INF,
    NEAR,
    NODE,
    REQUIRED,
    RESTED,
    TAKEN,
    Flags,
    Floats,
    Ints,
    Ints32,
    Records,
    WindowSets,
)


class Model(NamedTuple):
    """What never changes during a search; comments give shapes, the module's text the numbers."""

    n: int  # visits
    vehicles: int
    slots: int  # reload slots
    kind_count: int  # kinds of vehicles: those that differ in nothing but their name
    dimensions: int
    layers: int  # most breaks of a vehicle, plus one
    planar: int
    rounding: int  # 0 nearest, 1 truncate, 2 up
    scale: float
    flat_load: int  # one look at the trip's sum settles the capacity
    any_release: int
    segments: int  # the duty of some vehicle follows from segments
    summed: int  # that of some vehicle is estimated from sums
    one_rate: int  # the cost of a metre where all vehicles share it, else -1
    all_allowed: int
    mixed: int  # kinds of vehicle differ in price or room
    plain: int  # one clock says all: no breaks, reloads, releases, and one window a visit at most
    timed: int  # 0: nothing about time can ever bind or cost
    # columns of a node's row in State.rows (see solver.search.state)
    c_latest: int
    c_leave: int
    c_load: int
    c_release: int
    c_segment: int
    width: int
    node: Records  # (n,)
    amount: Ints  # (n, dimensions, 3)
    fleet: Records  # (vehicles + 1,)
    capacity: Ints  # (vehicles, dimensions)
    layer: Ints  # (vehicles, layers, 2)
    sets: Records  # (window sets,)
    windows: Records
    breaks: Records
    reloads: Records
    tiers: Records
    kinds: Records  # (kinds,) ranges in `in_order_of_kind`
    allowed: Flags  # (kinds, n)
    groups: Records  # (groups,) ranges in `group_kinds`
    group_kinds: Ints32
    unfamiliar: Ints  # (kinds, areas)
    xy: Floats  # (places, 2), or (1, 2) where travel is dense
    seconds: Ints32  # (profiles, places, places), or (1, 1, 1) where travel is planar
    metres: Ints32
    before: Records  # (n, k) good predecessors, with the least metres from there
    after: Records  # (n, k) good successors, with the least metres to there
    near: Ints32  # (n, k) nearest, itself first


class SearchLimits(NamedTuple):
    """Sizes of the neighbourhood lists."""

    insertion: int = 40
    ruin: int = 120


@dataclass(frozen=True, slots=True, kw_only=True)
class Numbered:
    """The way back from numbers to ids."""

    problem: Problem
    steps: tuple[Step, ...]
    node_of: dict[tuple[StopKind, str], int]
    vehicle_ids: tuple[str, ...]


def _i32(values: Any) -> Ints32:
    return np.ascontiguousarray(values, dtype=np.int32)


def _amounts(amounts: Amounts, dimensions: int) -> Amounts:
    return amounts or (0,) * dimensions


def number(problem: Problem, limits: SearchLimits | None = None) -> tuple[Model, Numbered]:
    """
    Turn a valid problem into arrays.

    Returns
    -------
    tuple[Model, Numbered]
        The arrays, and what is needed to read node numbers back.
    """
    limits = limits or SearchLimits()
    rows = WindowSets()
    size = len(problem.dimensions)
    visits: list[tuple[Job | Visit, Job | Shipment, StopKind]] = [
        (job, job, StopKind.JOB) for job in problem.jobs
    ]
    for shipment in problem.shipments:
        visits.append((shipment.pickup, shipment, StopKind.PICKUP))
        visits.append((shipment.delivery, shipment, StopKind.DELIVERY))
    n = len(visits)
    profiles = {name: k for k, name in enumerate(problem.travel)}
    areas = {"": 0}
    for visit, _, _ in visits:
        areas.setdefault(visit.area, len(areas))
    amount = np.zeros((n, max(size, 1), 3), np.int64)
    for k, (_, task, kind) in enumerate(visits):
        if isinstance(task, Job):
            amount[k, :size, BROUGHT] = _amounts(task.delivery, size)
            amount[k, :size, TAKEN] = _amounts(task.pickup, size)
            amount[k, :, CHANGE] = amount[k, :, TAKEN] - amount[k, :, BROUGHT]
        else:
            sign = 1 if kind is StopKind.PICKUP else -1
            amount[k, :size, CHANGE] = [sign * units for units in _amounts(task.amount, size)]
    fleet = problem.vehicles
    layers = max((len(v.breaks) for v in fleet), default=0) + 1
    kinds = kinds_of(fleet, problem)
    capacity = np.full((len(fleet), max(size, 1)), INF, np.int64)
    layer = np.zeros((len(fleet), layers, 2), np.int64)
    for k, v in enumerate(fleet):
        if v.capacity:
            capacity[k, :size] = v.capacity
        layer[k, :, RESTED], layer[k, :, ENDCAP] = INF, -INF
        layer[k, : len(v.breaks) + 1, RESTED] = rested(v)
        layer[k, : len(v.breaks) + 1, ENDCAP] = endcap(v)
    capped = capacity[capacity < INF]
    largest = max(int(np.max(capped)) if capped.size else 1, 1)
    locked = {name for v in fleet for name in v.locked}
    node = np.zeros(n, NODE)
    for k, (visit, task, kind) in enumerate(visits):
        mate = -1 if kind is StopKind.JOB else k + (1 if kind is StopKind.PICKUP else -1)
        only = visit.windows[0] if len(visit.windows) == 1 else ALWAYS
        node[k] = (
            visit.place,
            visit.service_seconds,
            visit.setup_seconds,
            only.start,
            only.end,
            len(visit.windows) > 1,
            task.id in locked,
            mate,
            rows.number(visit.windows),
            visit.due.time if visit.due else INF,
            visit.due.cost_per_second if visit.due else 0,
            task.release,
            0,
            kind is StopKind.PICKUP,
            REQUIRED if task.skip_cost is None else task.skip_cost,
            areas[visit.area],
            0,
            int(np.abs(amount[k, :, CHANGE]).max()) * 1000 // largest,
        )
    tables = fleet_tables(fleet, rows, kinds, visits, profiles)
    allowed, unfamiliar = compatibility(fleet, kinds, visits, areas)
    one_way = not problem.shipments and (
        not amount[:, :, BROUGHT].any() or not amount[:, :, TAKEN].any()
    )
    node["group"], groups, group_kinds = groups_of(allowed)
    sets, windows = rows.tables()
    c_load = 3 * layers
    c_release = c_load + 4 * max(size, 1)
    exact = tables["fleet"]["exact_duty"][:-1] > 0
    paid = np.array([has_duty(v) for v in fleet], bool)
    segments = bool((paid & exact).any())
    partial = Model(
        n=n,
        vehicles=len(fleet),
        slots=int(tables["fleet"]["slots_end"].max()) if fleet else 0,
        kind_count=len(kinds.first),
        dimensions=max(size, 1),
        layers=layers,
        flat_load=int(one_way),
        any_release=int(any(task.release > 0 for _, task, _ in visits)),
        segments=int(segments),
        summed=int((paid & ~exact).any()),
        one_rate=fleet[0].cost_per_metre if len({v.cost_per_metre for v in fleet}) == 1 else -1,
        all_allowed=int(allowed.all()),
        mixed=int(len({(v.capacity, v.fixed_cost, v.cost_per_metre) for v in fleet}) > 1),
        plain=int(
            layers == 1
            and not any(v.reloads for v in fleet)
            and not any(task.release > 0 for _, task, _ in visits)
            and not node["several"].any()
        ),
        timed=1,
        c_latest=layers,
        c_leave=2 * layers,
        c_load=c_load,
        c_release=c_release,
        c_segment=c_release + 1,
        width=c_release + (7 if segments else 1),
        node=node,
        amount=amount,
        capacity=capacity,
        layer=layer,
        sets=sets,
        windows=windows,
        allowed=allowed,
        groups=groups,
        group_kinds=group_kinds,
        unfamiliar=unfamiliar,
        before=np.zeros((n, 1), NEAR),
        after=np.zeros((n, 1), NEAR),
        near=_i32(np.zeros((n, 1))),
        **_travel(problem, profiles),
        **tables,
    )
    from solver.search.neighbours import metres_from_home, neighbourhoods

    node["home"] = metres_from_home(partial)
    partial = partial._replace(timed=int(_timed(partial)))
    before, after, near = neighbourhoods(problem, partial, limits.insertion, limits.ruin)
    steps = tuple(Step(kind=kind, id=task.id) for _, task, kind in visits)
    numbered = Numbered(
        problem=problem,
        steps=steps,
        node_of={(step.kind, step.id): k for k, step in enumerate(steps)},
        vehicle_ids=tuple(vehicle.id for vehicle in fleet),
    )
    return partial._replace(before=before, after=after, near=near), numbered


def _timed(m: Model) -> bool:
    """Tell whether windows, breaks, releases, duty or the shift can ever matter."""
    paired = bool((m.node["mate"] >= 0).any())
    if (
        m.segments
        or m.summed
        or m.any_release
        or m.layers > 1
        or len(m.sets) > 1
        or paired
        or not m.vehicles
    ):
        return True
    if m.planar:
        longest = float(np.hypot(*np.ptp(m.xy, axis=0))) * m.scale + 1
    else:
        longest = float(np.max(m.seconds))
    work = float(m.node["service"].sum() + m.node["setup"].sum())
    work += float(m.slots) * float(m.reloads["seconds"].max())
    fleet = m.fleet[:-1]
    limited = bool((fleet["max_driving"] < INF).any())
    shortest = float((fleet["shift_end"] - fleet["shift_start"]).min())
    return limited or shortest < work + longest * (m.n + m.slots + 1)


# ---- travel -------------------------------------------------------------------------------------


def _travel(problem: Problem, profiles: dict[str, int]) -> dict[str, Any]:
    size = len(problem.places)
    given: list[Travel] = [problem.travel[name] for name in profiles]
    first = given[0] if given else None
    empty = np.zeros((1, 1, 1), np.int32)
    if len(given) == 1 and isinstance(first, PlanarTravel) and size > DENSE_LIMIT:
        x, y = first.coordinates
        roundings = {"nearest": 0, "truncate": 1, "up": 2}
        return {
            "planar": 1,
            "rounding": roundings[first.rounding],
            "scale": float(first.scale),
            "xy": np.ascontiguousarray(np.column_stack([x, y])),
            "seconds": empty,
            "metres": empty,
        }
    matrices = [_dense(travel, size) for travel in given]
    seconds = np.stack([m[0] for m in matrices]) if matrices else empty
    same = all(m[0] is m[1] for m in matrices)
    metres = seconds if same or not matrices else np.stack([m[1] for m in matrices])
    return {
        "planar": 0,
        "rounding": 0,
        "scale": 1.0,
        "xy": np.zeros((1, 2)),
        "seconds": seconds,
        "metres": metres,
    }


def _dense(travel: Travel, size: int) -> tuple[Ints32, Ints32]:
    if isinstance(travel, TravelMatrix):
        seconds, metres = travel.seconds, travel.metres
        one = bool(np.array_equal(seconds, metres))
    else:
        everywhere = range(size)
        seconds = np.zeros((size, size), np.int32)
        metres = np.zeros((size, size), np.int32)
        for low in range(0, size, 512):
            some = range(low, min(low + 512, size))
            seconds[low : low + 512], metres[low : low + 512] = travel.block(some, everywhere)
        one = isinstance(travel, PlanarTravel)
    narrow = np.ascontiguousarray(seconds, np.int32)
    return narrow, narrow if one else np.ascontiguousarray(metres, np.int32)


# ---- tours --------------------------------------------------------------------------------------


def tours_of(
    numbered: Numbered, sequences: Sequence[tuple[int, Sequence[int]]]
) -> tuple[Tour, ...]:
    """
    Read routes back: pairs of a vehicle number and its nodes; -1 - k stands for its reload k.

    Vehicles without visits are left out.
    """
    tours = []
    for vehicle, nodes in sequences:
        if not any(node >= 0 for node in nodes):
            continue
        reloads = numbered.problem.vehicles[vehicle].reloads
        steps = tuple(
            numbered.steps[node]
            if node >= 0
            else Step(kind=StopKind.RELOAD, id=reloads[-1 - node].id)
            for node in nodes
        )
        tours.append(Tour(vehicle=numbered.vehicle_ids[vehicle], steps=steps))
    return tuple(tours)


def sequences_of(numbered: Numbered, tours: Sequence[Tour]) -> list[tuple[int, list[int]]]:
    """Turn tours into pairs of a vehicle number and its nodes; the inverse of `tours_of`."""
    rank = {name: k for k, name in enumerate(numbered.vehicle_ids)}
    result = []
    for tour in tours:
        vehicle = rank[tour.vehicle]
        reloads = {r.id: -1 - k for k, r in enumerate(numbered.problem.vehicles[vehicle].reloads)}
        nodes = [
            reloads[step.id]
            if step.kind is StopKind.RELOAD
            else numbered.node_of[step.kind, step.id]
            for step in tour.steps
        ]
        result.append((vehicle, nodes))
    return result
