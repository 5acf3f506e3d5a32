"""
What of a plan must stay as it is: a stop with its courier, the beginning of a round, or all of it.

A lock is kept with the plan version that it was made in, and with those that are made from it. A
change by hand that would break one is refused; a search around the locks moves everything else.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

from dispatch.errors import RefusedError
from solver.model import Job, Problem, Shipment, Step, StopKind, Tour, Vehicle

Tours = Mapping[str, tuple[Step, ...]]
"""By courier, the visits and returns in order."""


class LockKind(StrEnum):
    """What stays: a stop with its courier, the order of a round up to a stop, a whole round."""

    STOP = "stop"
    PREFIX = "prefix"
    ROUTE = "route"


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """One thing that stays; `order` is empty for a whole round."""

    kind: LockKind
    courier: str
    order: str = ""


def is_visit(step: Step) -> bool:
    """Tell a visit from a return to the office."""
    return step.kind is not StopKind.RELOAD


def held(lock: Lock, tours: Tours) -> tuple[Step, ...]:
    """Return the visits that a lock keeps in their order; for a stop, its own."""
    visits = tuple(step for step in tours.get(lock.courier, ()) if is_visit(step))
    if lock.kind is LockKind.ROUTE:
        return visits
    own = [number for number, step in enumerate(visits) if step.id == lock.order]
    if lock.kind is LockKind.STOP:
        return tuple(visits[number] for number in own)
    return visits[: own[-1] + 1] if own else ()


def require_lockable(lock: Lock, tours: Tours) -> None:
    """
    Refuse a lock on what is not there.

    Raises
    ------
    RefusedError
        The courier has no round, or not this stop.
    """
    if not held(lock, tours):
        raise RefusedError("lock_nothing", courier=lock.courier, order=lock.order or "–")


def broken(locks: Iterable[Lock], before: Tours, after: Tours) -> tuple[Lock, ...]:
    """Return the locks that are not kept by what became of the rounds."""
    return tuple(lock for lock in locks if not _kept(lock, before, after))


def _kept(lock: Lock, before: Tours, after: Tours) -> bool:
    if lock.kind is LockKind.ROUTE:
        return before.get(lock.courier, ()) == after.get(lock.courier, ())
    wanted = held(lock, before)
    visits = tuple(step for step in after.get(lock.courier, ()) if is_visit(step))
    if lock.kind is LockKind.STOP:
        return set(wanted) <= set(visits)
    return visits[: len(wanted)] == wanted


def require_kept(locks: Sequence[Lock], before: Tours, after: Tours) -> None:
    """
    Refuse a change that breaks a lock.

    Raises
    ------
    RefusedError
        It names the first lock that stands against it.
    """
    for lock in broken(locks, before, after):
        raise RefusedError(f"locked_{lock.kind.value}", courier=lock.courier, order=lock.order)


def with_locks(problem: Problem, tours: Tours, locks: Iterable[Lock]) -> Problem:
    """
    Return the problem whose solutions keep the locks, for a search that begins with these rounds.

    Its vehicles and allowed vehicles are narrowed; what the office allows itself is not in it any
    more, so plans are judged by the problem as it was.
    """
    first: dict[str, tuple[str, ...]] = {}
    whole: set[str] = set()
    owner: dict[str, str] = {}
    for lock in locks:
        kept = held(lock, tours)
        owner.update((step.id, lock.courier) for step in kept)
        if lock.kind is LockKind.STOP:
            continue
        names = tuple(step.id for step in kept)
        if len(names) > len(first.get(lock.courier, ())):
            first[lock.courier] = names
        if lock.kind is LockKind.ROUTE:
            whole.add(lock.courier)

    def vehicle(one: Vehicle) -> Vehicle:
        names = first.get(one.id, ())
        made = replace(one, locked=names) if len(names) > len(one.locked) else one
        return replace(made, max_stops=len(names)) if one.id in whole else made

    # Locked is also required: to leave it out may cost less than to keep it.
    def job(one: Job) -> Job:
        if one.id not in owner:
            return one
        return replace(one, vehicles=frozenset({owner[one.id]}), skip_cost=None)

    def shipment(one: Shipment) -> Shipment:
        if one.id not in owner:
            return one
        return replace(one, vehicles=frozenset({owner[one.id]}), skip_cost=None)

    return replace(
        problem,
        vehicles=tuple(vehicle(one) for one in problem.vehicles),
        jobs=tuple(job(one) for one in problem.jobs),
        shipments=tuple(shipment(one) for one in problem.shipments),
    )


def put_back(found: Iterable[Tour], before: Tours, locks: Iterable[Lock]) -> tuple[Tour, ...]:
    """
    Return the rounds of a search with those that are locked as a whole exactly as they were.

    A search keeps their visits in order, but may leave out a return to the office.
    """
    whole = {lock.courier for lock in locks if lock.kind is LockKind.ROUTE}
    return tuple(
        replace(tour, steps=before[tour.vehicle])
        if tour.vehicle in whole and tour.vehicle in before
        else tour
        for tour in found
    )
