"""The kernel's tables of vehicles: kinds, breaks, reloads, overtime, and who may do what."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from solver.model import Job, Problem, Shipment, StopKind, Vehicle, Visit
from solver.search.records import (
    BREAK,
    FLEET,
    INF,
    RANGE,
    RELOAD,
    RELOAD_SLOTS,
    TIER,
    Flags,
    Ints,
    Records,
    WindowSets,
    table_of,
)

Visits = Sequence[tuple[Job | Visit, Job | Shipment, StopKind]]


class Kinds(NamedTuple):
    """Which vehicles are of one kind."""

    of: list[int]  # by vehicle
    first: list[int]  # by kind: its first vehicle


def kinds_of(fleet: Sequence[Vehicle], problem: Problem) -> Kinds:
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
    return Kinds(of=of, first=first)


def has_duty(vehicle: Vehicle) -> bool:
    """Tell whether the length of the day matters for this vehicle."""
    return bool(vehicle.cost_per_second or vehicle.overtime or vehicle.max_duty_seconds is not None)


def compatibility(
    fleet: Sequence[Vehicle], kinds: Kinds, visits: Visits, areas: dict[str, int]
) -> tuple[Flags, Ints]:
    """Return who may do what (kinds, n) and what an area costs (kinds, areas)."""
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


def groups_of(allowed: Flags) -> tuple[NDArray[np.int64], Records, NDArray[np.int32]]:
    """
    Put visits that the same kinds of vehicle may do into one group.

    Returns
    -------
    tuple of arrays
        The group of each visit; per group the range of its kinds in the last array.
    """
    patterns, group = np.unique(allowed.T, axis=0, return_inverse=True)
    lists = [np.flatnonzero(pattern) for pattern in patterns]
    ends = np.cumsum([kinds.size for kinds in lists], dtype=np.int64)
    ranges = [(int(end) - kinds.size, int(end)) for kinds, end in zip(lists, ends, strict=True)]
    flat = np.concatenate([*lists, np.zeros(1, np.int64)]).astype(np.int32)
    return group.reshape(-1), table_of(RANGE, ranges), flat


def fleet_tables(
    fleet: Sequence[Vehicle],
    rows: WindowSets,
    kinds: Kinds,
    visits: Visits,
    profiles: dict[str, int],
) -> dict[str, Any]:
    """Return the tables of vehicles, breaks, reloads, overtime tiers and kinds."""
    several = any(len(visit.windows) > 1 for visit, _, _ in visits)
    any_due = any(visit.due is not None for visit, _, _ in visits)
    order = sorted(range(len(fleet)), key=lambda k: (kinds.of[k], k))
    table = np.zeros(len(fleet) + 1, FLEET)
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
        # Reloads are moved about freely, so their routes are always costed, and checked, in full.
        row["incremental"] = not has_duty(v) and not any_due and not v.reloads
        row["exact_duty"] = not v.breaks and not v.reloads and not several and not any_due
        estimated = has_duty(v) and not row["incremental"] and not row["exact_duty"]
        row["summed_rate"] = v.cost_per_second if estimated else 0
        row["in_order_of_kind"] = order[k]
    counts = np.bincount(kinds.of, minlength=len(kinds.first)) if fleet else np.zeros(0, np.int64)
    ends = np.cumsum(counts)
    return {
        "fleet": table,
        "breaks": table_of(BREAK, breaks),
        "reloads": table_of(RELOAD, reloads),
        "tiers": table_of(TIER, tiers),
        "kinds": table_of(RANGE, list(zip(ends - counts, ends, strict=True))),
    }


def _limit(value: int | None) -> int:
    return INF if value is None else value


def _slots(most: int | None) -> int:
    return RELOAD_SLOTS if most is None else min(most, RELOAD_SLOTS)


def rested(vehicle: Vehicle) -> list[int]:
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


def endcap(vehicle: Vehicle) -> list[int]:
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
