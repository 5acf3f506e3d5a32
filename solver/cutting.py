"""
Cutting a large day in space: which tasks and which vehicles are searched together.

A first cut has no routes to go by: tasks go to the side of their nearest base, and where all
vehicles have one base, a disc around it is halved by angle or by distance, whichever is longer.
Later cuts keep routes whole and halve them by their middles along lines that turn from one cut to
the next, so that what a border kept apart meets before long.

References
----------
E. D. Taillard, S. Voss, "POPMUSIC - Partial Optimization Metaheuristic under Special
Intensification Conditions", in: Essays and Surveys in Metaheuristics, Kluwer 2002.
C. Faloutsos, K.-I. Lin, "FastMap", ACM SIGMOD 1995 (coordinates from distances alone).
"""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from geo.types import IntArray, Travel
from solver.components import Ability
from solver.model import Job, Problem, Shipment, StopKind, Tour, Vehicle

Points = NDArray[np.float64]

_TURN = math.pi * (3 - math.sqrt(5))
"""The golden angle: directions that never come near one another for long."""

_NEAREST = 4
"""So many pieces a task that is left out is offered to, one a turn."""

_FULL = 0.97
"""A side takes no more than this share of its vehicles' capacity while the other has room."""


@dataclass(slots=True, kw_only=True)
class Piece:
    """Numbers of tasks and vehicles that are searched together, and the routes they begin with."""

    tasks: list[int]
    vehicles: list[int]
    tours: list[Tour] = field(default_factory=list)


class Ground:
    """
    A problem's tasks and vehicles as points.

    Parameters
    ----------
    problem
        Its places' x and y are used; where all lie on one spot, points are made from its travel.
    """

    def __init__(self, problem: Problem) -> None:
        self.problem = problem
        self.tasks: list[Job | Shipment] = [*problem.jobs, *problem.shipments]
        spots = _spots(problem)
        self.points = np.array([_middle(spots, task) for task in self.tasks]).reshape(-1, 2)
        self.visits = np.array([1 if isinstance(t, Job) else 2 for t in self.tasks], np.int64)
        self.task_of = {task.id: number for number, task in enumerate(self.tasks)}
        self.vehicle_of = {v.id: number for number, v in enumerate(problem.vehicles)}
        self.bases = self._bases(spots)
        self.loads = self._loads()
        self.capacity = self._capacity()
        self.able = Ability(problem.vehicles)
        self.holder: dict[int, int] = {}
        self.release()
        kinds: dict[tuple[object, ...], int] = {}
        self.kind = [kinds.setdefault(_kind(v), len(kinds)) for v in problem.vehicles]

    def may(self, task: int) -> list[int]:
        """Return the numbers of the vehicles that may do a task; the one that holds it locked."""
        if task in self.holder:
            return [self.holder[task]]
        return self.able.numbers(self.tasks[task])

    def hold(self, tours: Iterable[Tour]) -> None:
        """Keep the visits of these tours with their vehicles, as if they were locked."""
        for tour in tours:
            number = self.vehicle_of[tour.vehicle]
            self.holder |= {self.task_of[name]: number for name in visited(tour)}

    def release(self) -> None:
        """Keep with their vehicles only the visits that are locked."""
        self.holder = {
            self.task_of[name]: number
            for number, vehicle in enumerate(self.problem.vehicles)
            for name in vehicle.locked
        }

    def weight(self, tasks: Sequence[int]) -> int:
        """Return how many visits some tasks have."""
        return int(self.visits[np.asarray(tasks, np.int64)].sum())

    def _bases(self, spots: Points) -> Points:
        middle = self.points.mean(axis=0) if len(self.points) else np.zeros(2)
        found = []
        for vehicle in self.problem.vehicles:
            row = vehicle.start if vehicle.start is not None else vehicle.end
            found.append(middle if row is None else spots[row])
        return np.array(found).reshape(-1, 2)

    def _loads(self) -> NDArray[np.int64]:
        """Return the units that each task loads, per dimension: the larger of both directions."""
        size = len(self.problem.dimensions)
        loads = np.zeros((len(self.tasks), size), np.int64)
        for number, task in enumerate(self.tasks):
            given = (task.delivery, task.pickup) if isinstance(task, Job) else (task.amount,)
            for amounts in given:
                if amounts:
                    loads[number] = np.maximum(loads[number], amounts)
        return loads

    def _capacity(self) -> NDArray[np.float64]:
        """Return what each vehicle carries, infinite where it may come back for more."""
        size = len(self.problem.dimensions)
        return np.array(
            [
                v.capacity if v.capacity and not v.reloads else (np.inf,) * size
                for v in self.problem.vehicles
            ],
            np.float64,
        ).reshape(len(self.problem.vehicles), size)


# ---- the first cut: no routes yet ---------------------------------------------------------------


def first_cut(ground: Ground, piece: Piece, *, size: int) -> list[Piece]:
    """
    Cut tasks and vehicles into pieces of at most about `size` visits.

    Every task comes into a piece with a vehicle that may do it; locked visits stay with theirs.
    """
    done: list[Piece] = []
    waiting = [piece]
    while waiting:
        whole = waiting.pop()
        halves = (
            _halved(ground, whole, size)
            if ground.weight(whole.tasks) > size and len(whole.vehicles) > 1
            else None
        )
        if halves is None:
            done.append(whole)
        else:
            waiting += reversed(halves)
    return done


def _halved(ground: Ground, piece: Piece, size: int) -> tuple[Piece, Piece] | None:
    tasks = np.array(piece.tasks, np.int64)
    vehicles = np.array(piece.vehicles, np.int64)
    bases = ground.bases[vehicles]
    count = -(-ground.weight(piece.tasks) // size)
    share = (count // 2) / count
    if len(np.unique(bases, axis=0)) > 1:
        left, left_vehicles = _by_base(ground, tasks, vehicles)
    else:
        left = _around(ground, tasks, bases[0], share)
        done = ground.visits[tasks[left]].sum() / ground.visits[tasks].sum()
        left_vehicles = _dealt(ground, vehicles, float(done))
    _keep_able(ground, tasks, left, vehicles, left_vehicles)
    if not left_vehicles.any() or left_vehicles.all() or not left.any() or left.all():
        return None
    return (
        Piece(tasks=tasks[left].tolist(), vehicles=vehicles[left_vehicles].tolist()),
        Piece(tasks=tasks[~left].tolist(), vehicles=vehicles[~left_vehicles].tolist()),
    )


def _by_base(
    ground: Ground, tasks: IntArray, vehicles: IntArray
) -> tuple[NDArray[np.bool_], NDArray[np.bool_]]:
    """Halve the bases by their visits; tasks go to the nearer side as long as it can carry them."""
    spots, at = np.unique(ground.bases[vehicles], axis=0, return_inverse=True)
    at = at.reshape(-1)
    points = ground.points[tasks]
    nearest = np.argmin(_squared(points, spots), axis=1)
    along = _longest_axis(np.concatenate([spots, points[:: max(len(points) // 1_000, 1)]]))
    order = np.argsort(spots @ along, kind="stable")
    visits = np.bincount(nearest, weights=ground.visits[tasks], minlength=len(spots))[order]
    after = np.cumsum(visits)
    cut = int(np.argmin(np.abs(after[:-1] - after[-1] / 2))) + 1
    on_left = np.zeros(len(spots), np.bool_)
    on_left[order[:cut]] = True
    left_vehicles = on_left[at]
    left_spots, right_spots = spots[on_left], spots[~on_left]
    nearer = np.sqrt(_squared(points, left_spots).min(axis=1)) - np.sqrt(
        _squared(points, right_spots).min(axis=1)
    )
    left = nearer < 0
    loads = ground.loads[tasks]
    for to_left, own in ((False, left_vehicles), (True, ~left_vehicles)):
        # The side that is too full hands over what lies nearest to the border.
        mine = left != to_left
        room = ground.capacity[vehicles[own]].sum(axis=0) * _FULL
        need = loads[mine].sum(axis=0)
        if not loads.shape[1] or not (need > room).any():
            continue
        others = ground.capacity[vehicles[~own]].sum(axis=0) * _FULL - loads[~mine].sum(axis=0)
        for number in np.flatnonzero(mine)[np.argsort(np.abs(nearer[mine]), kind="stable")]:
            if not (need > room).any() or (loads[number] > others).any():
                break
            left[number] = to_left
            need, others = need - loads[number], others - loads[number]
    return left, left_vehicles


def _around(ground: Ground, tasks: IntArray, base: Points, share: float) -> NDArray[np.bool_]:
    """Halve the tasks around one base by angle or by distance, whichever stretches further."""
    away = ground.points[tasks] - base
    radius = np.hypot(away[:, 0], away[:, 1])
    angle = np.arctan2(away[:, 1], away[:, 0])
    turned = np.sort(angle)
    gaps = np.diff(np.append(turned, turned[0] + 2 * math.pi))
    # Begin behind the widest gap, so that a sector is one stretch of angles.
    angle = (angle - turned[(int(np.argmax(gaps)) + 1) % len(turned)]) % (2 * math.pi)
    wide = float(np.quantile(angle, 0.95) - np.quantile(angle, 0.05)) * float(np.median(radius))
    deep = float(np.quantile(radius, 0.95) - np.quantile(radius, 0.05))
    key = angle if wide >= deep else radius
    order = np.argsort(key, kind="stable")
    after = np.cumsum(ground.visits[tasks[order]])
    left = np.zeros(len(tasks), np.bool_)
    left[order[after <= after[-1] * share]] = True
    return left


def _dealt(ground: Ground, vehicles: IntArray, share: float) -> NDArray[np.bool_]:
    """Give a share of every kind of vehicle to the left; halves are carried from kind to kind."""
    left = np.zeros(len(vehicles), np.bool_)
    by_kind: dict[int, list[int]] = {}
    for position, vehicle in enumerate(vehicles.tolist()):
        by_kind.setdefault(ground.kind[vehicle], []).append(position)
    owed = 0.0
    for positions in by_kind.values():
        wanted = share * len(positions) + owed
        given = min(max(round(wanted), 0), len(positions))
        owed = wanted - given
        left[positions[:given]] = True
    return left


def _keep_able(
    ground: Ground,
    tasks: IntArray,
    left: NDArray[np.bool_],
    vehicles: IntArray,
    left_vehicles: NDArray[np.bool_],
) -> None:
    """Move tasks to the side where a vehicle may do them."""
    side = dict(zip(vehicles.tolist(), left_vehicles.tolist(), strict=True))
    known: dict[int, tuple[bool, bool]] = {}
    for position, task in enumerate(tasks.tolist()):
        may = ground.may(task)
        sides = known.get(id(may))
        if sides is None:
            found = {side[number] for number in may if number in side}
            sides = (True in found, False in found)
            if task not in ground.holder:
                known[id(may)] = sides
        if not sides[0 if left[position] else 1]:
            left[position] = sides[0]


# ---- later cuts: whole routes -------------------------------------------------------------------


def cut_routes(ground: Ground, piece: Piece, *, size: int, turn: int) -> list[Piece]:
    """
    Cut routes into pieces of at most about `size` visits by their middles.

    Parameters
    ----------
    piece
        Its tours are kept whole; its other vehicles and the tasks left out are shared out.
    turn
        The number of the cut: each takes other directions.
    """
    tours = [tour for tour in piece.tours if any(True for _ in visited(tour))]
    if len(tours) < 2:
        return [piece]
    held = [sorted({ground.task_of[name] for name in visited(tour)}) for tour in tours]
    middles = np.array([ground.points[tasks].mean(axis=0) for tasks in held])
    weights = np.array([ground.weight(tasks) for tasks in held], np.int64)
    used = {ground.vehicle_of[tour.vehicle] for tour in tours}
    leaves = _leaves(middles, weights, size, turn)
    pieces = [
        Piece(
            tasks=[task for number in leaf for task in held[number]],
            vehicles=[ground.vehicle_of[tours[number].vehicle] for number in leaf],
            tours=[tours[number] for number in leaf],
        )
        for leaf in leaves
    ]
    centres = np.array(
        [np.average(middles[leaf], axis=0, weights=weights[leaf]) for leaf in leaves]
    )
    idle = [number for number in piece.vehicles if number not in used]
    _share_idle(ground, pieces, centres, idle, turn)
    inside = {task for tasks in held for task in tasks}
    _share_lost(ground, pieces, [task for task in piece.tasks if task not in inside], turn)
    return pieces


def visited(tour: Tour) -> Iterable[str]:
    """Yield the id of every visit of a tour; a shipment's twice."""
    return (step.id for step in tour.steps if step.kind is not StopKind.RELOAD)


def _leaves(middles: Points, weights: IntArray, size: int, turn: int) -> list[list[int]]:
    """Halve by lines, the first in a direction of the turn's, each next across the longer side."""
    angle = turn * _TURN
    spin = np.array([[math.cos(angle), -math.sin(angle)], [math.sin(angle), math.cos(angle)]])
    turned = middles @ spin
    if turn % 2:
        # By angle and distance around the middle, as the petals of routes lie.
        away = middles - np.average(middles, axis=0, weights=weights)
        radius = np.hypot(away[:, 0], away[:, 1])
        around = (np.arctan2(away[:, 1], away[:, 0]) + angle) % (2 * math.pi)
        turned = np.column_stack([around * max(float(np.median(radius)), 1e-9), radius])
    done: list[list[int]] = []
    waiting = [np.arange(len(middles))]
    while waiting:
        some = waiting.pop()
        total = int(weights[some].sum())
        if total <= size or len(some) < 2:
            done.append(some.tolist())
            continue
        count = -(-total // size)
        axis = int(np.argmax(np.ptp(turned[some], axis=0)))
        order = some[np.argsort(turned[some, axis], kind="stable")]
        after = np.cumsum(weights[order])
        cut = int(np.searchsorted(after, total * (count // 2) / count))
        cut = min(max(cut, 1), len(order) - 1)
        waiting += [order[cut:], order[:cut]]
    return done


def _share_idle(
    ground: Ground, pieces: list[Piece], centres: Points, idle: Sequence[int], turn: int
) -> None:
    """Deal vehicles without work, kind by kind, to the pieces nearest to their base in turn."""
    by_kind: dict[int, list[int]] = {}
    for number in idle:
        by_kind.setdefault(ground.kind[number], []).append(number)
    for numbers in by_kind.values():
        order = np.argsort(_squared(ground.bases[numbers[:1]], centres)[0], kind="stable")
        for position, number in enumerate(numbers):
            which = position if len(numbers) >= len(pieces) else position + turn
            pieces[order[which % len(order)]].vehicles.append(number)


def _share_lost(ground: Ground, pieces: list[Piece], lost: Sequence[int], turn: int) -> None:
    """
    Offer each task that is left out to a piece with a near task among those able.

    The nearest may have no room, so each turn offers it to the next.
    """
    owner = {number: k for k, piece in enumerate(pieces) for number in piece.vehicles}
    known: dict[int, list[int]] = {}
    centres = [ground.points[piece.tasks] for piece in pieces]
    for task in lost:
        may = ground.may(task)
        able = known.get(id(may)) if task not in ground.holder else None
        if able is None:
            able = sorted({owner[number] for number in may if number in owner})
            if task not in ground.holder:
                known[id(may)] = able
        if able:
            spot = ground.points[task : task + 1]
            nearest = sorted(
                able,
                key=lambda k: float(_squared(spot, centres[k]).min(initial=np.inf)),
            )
            pieces[nearest[turn % min(len(nearest), _NEAREST)]].tasks.append(task)


# ---- points -------------------------------------------------------------------------------------


def _squared(a: Points, b: Points) -> Points:
    difference = a[:, None, :] - b[None, :, :]
    return np.asarray((difference * difference).sum(axis=2), np.float64)


def _longest_axis(points: Points) -> Points:
    """Return the direction in which points spread furthest, of length 1."""
    away = points - points.mean(axis=0)
    _, vectors = np.linalg.eigh(away.T @ away)
    axis = vectors[:, -1]
    # Either sign is right; one of them must be chosen for a plan to be the same everywhere.
    return np.asarray(axis * (1.0 if axis[np.argmax(np.abs(axis))] > 0 else -1.0))


def _middle(spots: Points, task: Job | Shipment) -> Points:
    if isinstance(task, Job):
        return np.asarray(spots[task.place], np.float64)
    return np.asarray((spots[task.pickup.place] + spots[task.delivery.place]) / 2)


def _spots(problem: Problem) -> Points:
    spots = np.array([(place.x, place.y) for place in problem.places], np.float64).reshape(-1, 2)
    if len(spots) > 2 and not np.ptp(spots, axis=0).any() and problem.travel:
        return _from_travel(next(iter(problem.travel.values())))
    return spots


def _from_travel(travel: Travel) -> Points:
    """Make points from distances to four far places, as FastMap does."""
    everywhere = range(travel.size)
    spots = np.zeros((travel.size, 2))
    for axis in range(2):
        pivot = 0
        for _ in range(2):
            first, pivot = pivot, int(np.argmax(_apart(travel, spots[:, :axis], pivot, everywhere)))
        from_first = _apart(travel, spots[:, :axis], first, everywhere)
        from_pivot = _apart(travel, spots[:, :axis], pivot, everywhere)
        across = float(from_first[pivot])
        if across > 0:
            spots[:, axis] = (from_first + across - from_pivot) / (2 * math.sqrt(across))
    return spots


def _apart(travel: Travel, known: Points, origin: int, everywhere: Sequence[int]) -> Points:
    """Return the squared metres from one place to all, less what earlier axes explain."""
    _, metres = travel.block([origin], everywhere)
    explained = ((known - known[origin]) ** 2).sum(axis=1)
    return np.asarray(np.maximum(metres[0].astype(np.float64) ** 2 - explained, 0.0))


def _kind(vehicle: Vehicle) -> tuple[object, ...]:
    """Return what vehicles have in common that may stand in for one another."""
    return (
        vehicle.start,
        vehicle.end,
        vehicle.profile,
        vehicle.capacity,
        vehicle.skills,
        vehicle.shift,
        vehicle.fixed_cost,
        vehicle.cost_per_metre,
        vehicle.max_metres,
    )
