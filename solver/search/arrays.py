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
from numpy.typing import NDArray

from geo.types import PlanarTravel, Travel, TravelMatrix
from solver.model import (
    Amounts,
    Job,
    Problem,
    Shipment,
    Step,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Visit,
)

INF = 1 << 60
"""Stands for never and for unlimited; sums of two still fit into 63 bits."""

REQUIRED = 1 << 46
"""The cost of leaving a required job out while searching; far above any real day."""

DENSE_LIMIT = 9_000
"""Up to so many places the kernel reads a full matrix; beyond, planar travel is computed."""

_RELOAD_SLOTS = 6
"""Slots per vehicle for a reload without a limit of its own."""

BROUGHT, TAKEN, CHANGE = range(3)
"""Last index of `Model.amount`: units delivered, picked up, and the change of the load."""

RESTED, ENDCAP = range(2)
"""Last index of `Model.layer`: when so many breaks are over; the latest finish after so many."""

Ints = NDArray[np.int64]
Ints32 = NDArray[np.int32]
Flags = NDArray[np.uint8]
Floats = NDArray[np.float64]
Records = NDArray[Any]

_NODE = np.dtype(
    [
        ("place", np.int64),
        ("service", np.int64),
        ("setup", np.int64),
        ("wset", np.int64),  # window set
        ("due", np.int64),
        ("due_rate", np.int64),
        ("release", np.int64),
        ("mate", np.int64),  # the other end of a shipment, -1 for jobs
        ("is_pickup", np.int64),
        ("skip", np.int64),
        ("area", np.int64),
        ("size", np.int64),  # for ordering: the largest share of a dimension, in thousandths
        ("lock", np.int64),  # belongs to a locked prefix: it stays, and nothing goes before it
    ]
)

_FLEET = np.dtype(
    [
        ("kind", np.int64),
        ("start", np.int64),
        ("end", np.int64),
        ("profile", np.int64),
        ("shift_start", np.int64),
        ("shift_end", np.int64),
        ("max_metres", np.int64),
        ("max_driving", np.int64),
        ("max_duty", np.int64),
        ("max_stops", np.int64),
        ("fixed", np.int64),
        ("per_metre", np.int64),
        ("per_second", np.int64),
        ("incremental", np.int64),  # the cost follows from sums alone, no pass over the route
        ("exact_duty", np.int64),  # segments give the duty: one window each, no breaks
        ("breaks", np.int64),  # where the vehicle's rows begin and end in each table
        ("breaks_end", np.int64),
        ("reloads", np.int64),
        ("reloads_end", np.int64),
        ("tiers", np.int64),
        ("tiers_end", np.int64),
        ("slots", np.int64),
        ("slots_end", np.int64),
        ("in_order_of_kind", np.int64),  # not of this vehicle: the k-th when sorted by kind
    ]
)

_RANGE = np.dtype([("first", np.int64), ("end", np.int64)])
_WINDOW = np.dtype([("start", np.int64), ("end", np.int64)])
_BREAK = np.dtype([("wset", np.int64), ("seconds", np.int64), ("paid", np.int64)])
_TIER = np.dtype([("after", np.int64), ("rate", np.int64)])
_RELOAD = np.dtype(
    [
        ("place", np.int64),
        ("seconds", np.int64),
        ("wset", np.int64),
        ("most", np.int64),
        ("required", np.int64),
        ("last", np.int64),
    ]
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
    any_duty: int
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
    unfamiliar: Ints  # (kinds, areas)
    xy: Floats  # (places, 2), or (1, 2) where travel is dense
    seconds: Ints32  # (profiles, places, places), or (1, 1, 1) where travel is planar
    metres: Ints32
    before: Ints32  # (n, k) good predecessors
    after: Ints32  # (n, k) good successors
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


class _Rows:
    """Collects window lists, equal ones once."""

    def __init__(self) -> None:
        self._known: dict[tuple[TimeWindow, ...], int] = {(): 0}

    def number(self, windows: tuple[TimeWindow, ...]) -> int:
        return self._known.setdefault(windows, len(self._known))

    def tables(self) -> tuple[Records, Records]:
        sets = np.zeros(len(self._known), _RANGE)
        flat: list[tuple[int, int]] = []
        for windows, k in self._known.items():
            sets[k] = (len(flat), len(flat) + len(windows))
            flat.extend((w.start, w.end) for w in windows)
        return sets, _table(_WINDOW, flat)


def _table(dtype: np.dtype[Any], rows: Sequence[tuple[Any, ...]]) -> Records:
    """Return the rows as records; one row of zeros where there are none."""
    return np.array(list(rows), dtype) if rows else np.zeros(1, dtype)


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
    rows = _Rows()
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
    kinds = _kinds(fleet, problem)
    capacity = np.full((len(fleet), max(size, 1)), INF, np.int64)
    layer = np.zeros((len(fleet), layers, 2), np.int64)
    for k, v in enumerate(fleet):
        if v.capacity:
            capacity[k, :size] = v.capacity
        layer[k, :, RESTED], layer[k, :, ENDCAP] = INF, -INF
        layer[k, : len(v.breaks) + 1, RESTED] = _rested(v)
        layer[k, : len(v.breaks) + 1, ENDCAP] = _endcap(v)
    capped = capacity[capacity < INF]
    largest = max(int(capped.max()) if capped.size else 1, 1)
    locked = {name for v in fleet for name in v.locked}
    node = np.zeros(n, _NODE)
    for k, (visit, task, kind) in enumerate(visits):
        mate = -1 if kind is StopKind.JOB else k + (1 if kind is StopKind.PICKUP else -1)
        node[k] = (
            visit.place,
            visit.service_seconds,
            visit.setup_seconds,
            rows.number(visit.windows),
            visit.due.time if visit.due else INF,
            visit.due.cost_per_second if visit.due else 0,
            task.release,
            mate,
            kind is StopKind.PICKUP,
            REQUIRED if task.skip_cost is None else task.skip_cost,
            areas[visit.area],
            int(np.abs(amount[k, :, CHANGE]).max()) * 1000 // largest,
            task.id in locked,
        )
    tables = _fleet_tables(fleet, rows, kinds, visits, profiles)
    allowed, unfamiliar = _compatibility(fleet, kinds, visits, areas)
    one_way = not problem.shipments and (
        not amount[:, :, BROUGHT].any() or not amount[:, :, TAKEN].any()
    )
    sets, windows = rows.tables()
    c_load = 3 * layers
    c_release = c_load + 4 * max(size, 1)
    any_duty = any(_has_duty(v) for v in fleet)
    partial = Model(
        n=n,
        vehicles=len(fleet),
        slots=int(tables["fleet"]["slots_end"].max()) if fleet else 0,
        kind_count=len(kinds.first),
        dimensions=max(size, 1),
        layers=layers,
        flat_load=int(one_way),
        any_release=int(any(task.release > 0 for _, task, _ in visits)),
        any_duty=int(any_duty),
        timed=1,
        c_latest=layers,
        c_leave=2 * layers,
        c_load=c_load,
        c_release=c_release,
        c_segment=c_release + 1,
        width=c_release + (7 if any_duty else 1),
        node=node,
        amount=amount,
        capacity=capacity,
        layer=layer,
        sets=sets,
        windows=windows,
        allowed=allowed,
        unfamiliar=unfamiliar,
        before=_i32(np.zeros((n, 1))),
        after=_i32(np.zeros((n, 1))),
        near=_i32(np.zeros((n, 1))),
        **_travel(problem, profiles),
        **tables,
    )
    from solver.search.neighbours import neighbourhoods

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
    if m.any_duty or m.any_release or m.layers > 1 or len(m.sets) > 1 or paired or not m.vehicles:
        return True
    if m.planar:
        longest = float(np.hypot(*np.ptp(m.xy, axis=0))) * m.scale + 1
    else:
        longest = float(m.seconds.max())
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


# ---- vehicles -----------------------------------------------------------------------------------


_Visits = Sequence[tuple[Job | Visit, Job | Shipment, StopKind]]


class _Kinds(NamedTuple):
    of: list[int]  # by vehicle
    first: list[int]  # by kind: its first vehicle


def _kinds(fleet: Sequence[Vehicle], problem: Problem) -> _Kinds:
    """Put vehicles that differ in nothing but their name into one kind."""
    named: set[str] = set()
    tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
    for task in tasks:
        if task.vehicles is not None:
            named |= task.vehicles
    # Jobs name the same groups of vehicles again and again: a vehicle is told by its groups.
    groups: dict[frozenset[str], int] = {}
    for task in tasks:
        if task.vehicles is not None:
            groups.setdefault(task.vehicles, len(groups))
    member: dict[str, list[int]] = {name: [] for name in named}
    for group, k in groups.items():
        for name in group:
            member[name].append(k)
    known: dict[Any, int] = {}
    of: list[int] = []
    first: list[int] = []
    for k, v in enumerate(fleet):
        key = (
            (v.shift, v.start, v.end, v.profile, v.capacity, v.skills, v.max_metres),
            (v.max_driving_seconds, v.max_duty_seconds, v.max_stops, v.fixed_cost),
            (v.cost_per_metre, v.cost_per_second, v.overtime, v.unfamiliar_cost),
            v.known_areas if v.unfamiliar_cost else None,
            tuple((b.windows, b.seconds, b.paid) for b in v.breaks),
            tuple((r.place, r.seconds, r.windows, r.most, r.required) for r in v.reloads),
            tuple(member.get(v.id, ())),
            v.id if v.locked else "",
        )
        t = known.setdefault(key, len(known))
        if t == len(first):
            first.append(k)
        of.append(t)
    return _Kinds(of=of, first=first)


def _has_duty(vehicle: Vehicle) -> bool:
    """Tell whether the length of the day matters for this vehicle."""
    return bool(vehicle.cost_per_second or vehicle.overtime or vehicle.max_duty_seconds is not None)


def _compatibility(
    fleet: Sequence[Vehicle], kinds: _Kinds, visits: _Visits, areas: dict[str, int]
) -> tuple[Flags, Ints]:
    allowed = np.ones((len(kinds.first), len(visits)), np.uint8)
    unfamiliar = np.zeros((len(kinds.first), len(areas)), np.int64)
    for t, first in enumerate(kinds.first):
        vehicle = fleet[first]
        for k, (_, task, _) in enumerate(visits):
            allowed[t, k] = task.skills <= vehicle.skills and (
                task.vehicles is None or vehicle.id in task.vehicles
            )
        for area, k in areas.items():
            if area and area not in vehicle.known_areas:
                unfamiliar[t, k] = vehicle.unfamiliar_cost
    return allowed, unfamiliar


def _fleet_tables(
    fleet: Sequence[Vehicle],
    rows: _Rows,
    kinds: _Kinds,
    visits: _Visits,
    profiles: dict[str, int],
) -> dict[str, Any]:
    """Return the tables of vehicles, breaks, reloads, overtime tiers and kinds."""
    several = any(len(visit.windows) > 1 for visit, _, _ in visits)
    any_due = any(visit.due is not None for visit, _, _ in visits)
    order = sorted(range(len(fleet)), key=lambda k: (kinds.of[k], k))
    table = np.zeros(len(fleet) + 1, _FLEET)
    breaks: list[tuple[int, int, bool]] = []
    reloads: list[tuple[int, int, int, int, bool, int]] = []
    tiers: list[tuple[int, int]] = []
    slots = 0
    for k, v in enumerate(fleet):
        row = table[k]
        row["breaks"], row["reloads"], row["tiers"] = len(breaks), len(reloads), len(tiers)
        row["slots"] = slots
        breaks.extend((rows.number(b.windows), b.seconds, b.paid) for b in v.breaks)
        tiers.extend((t.after, t.cost_per_second) for t in v.overtime)
        for r in v.reloads:
            last = r.windows[-1].end if r.windows else INF
            most = _slots(r.most)
            wset = rows.number(r.windows)
            reloads.append((r.place, r.seconds, wset, most, r.required, last))
            slots += most
        row["breaks_end"], row["reloads_end"] = len(breaks), len(reloads)
        row["tiers_end"], row["slots_end"] = len(tiers), slots
        row["kind"] = kinds.of[k]
        row["profile"] = profiles[v.profile]
        row["start"] = -1 if v.start is None else v.start
        row["end"] = -1 if v.end is None else v.end
        row["shift_start"], row["shift_end"] = v.shift.start, v.shift.end
        row["max_metres"] = _limit(v.max_metres)
        row["max_driving"] = _limit(v.max_driving_seconds)
        row["max_duty"] = _limit(v.max_duty_seconds)
        row["max_stops"] = _limit(v.max_stops)
        row["fixed"], row["per_metre"] = v.fixed_cost, v.cost_per_metre
        row["per_second"] = v.cost_per_second
        row["incremental"] = not _has_duty(v) and not any_due
        row["exact_duty"] = not v.breaks and not v.reloads and not several and not any_due
        row["in_order_of_kind"] = order[k]
    counts = np.bincount(kinds.of, minlength=len(kinds.first)) if fleet else np.zeros(0, np.int64)
    ends = np.cumsum(counts)
    return {
        "fleet": table,
        "breaks": _table(_BREAK, breaks),
        "reloads": _table(_RELOAD, reloads),
        "tiers": _table(_TIER, tiers),
        "kinds": _table(_RANGE, list(zip(ends - counts, ends, strict=True))),
    }


def _limit(value: int | None) -> int:
    return INF if value is None else value


def _slots(most: int | None) -> int:
    return _RELOAD_SLOTS if most is None else min(most, _RELOAD_SLOTS)


def _rested(vehicle: Vehicle) -> list[int]:
    """When the first k breaks, taken one after another before leaving, are over; INF if never."""
    clock = -INF
    result = [-INF]
    for pause in vehicle.breaks:
        begin = next((max(w.start, clock) for w in pause.windows if clock <= w.end), INF)
        clock = min(begin + pause.seconds, INF)
        result.append(clock)
        if clock >= INF:
            result += [INF] * (len(vehicle.breaks) + 1 - len(result))
            break
    return result


def _endcap(vehicle: Vehicle) -> list[int]:
    """Latest finish, after k breaks, that keeps the shift and lets the others begin afterwards."""
    result = [vehicle.shift.end]
    cap = INF
    for pause in reversed(vehicle.breaks):
        latest = [min(w.end, cap - pause.seconds) for w in pause.windows]
        cap = max(
            (t for t, w in zip(latest, pause.windows, strict=True) if t >= w.start), default=-INF
        )
        result.append(min(vehicle.shift.end, cap))
    return result[::-1]


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
