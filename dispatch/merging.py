"""
Two dispatchers change one plan: what of the second one's changes still holds on the first one's.

A change holds where its orders are still with the courier they were with when the second looked,
and all that it names is there. Its place in the round is found again by the stop before it; where
that stop is gone, the order goes where it costs least, and that is told.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatch.editing import Change, Edit, EditTable, Reverse, SetLock, Sketch, Steps
from dispatch.errors import OfficeError
from dispatch.locking import LockKind, is_visit
from solver.model import Step


@dataclass(frozen=True, slots=True, kw_only=True)
class Lost:
    """
    A change that no longer holds, or not as it was meant.

    Parameters
    ----------
    number
        Which of the changes, from 0.
    key
        Why: the texts are `merge.<key>` in both catalogues.
    now
        Who has the order by now; "" = nobody, or not what it is about.
    kept
        It is made all the same, but for its place.
    """

    number: int
    key: str
    order: str = ""
    now: str = ""
    kept: bool = False
    error: OfficeError | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Merged:
    """The changes as they can be made on the other plan, those lost, and the rounds after them."""

    changes: tuple[Change, ...]
    lost: tuple[Lost, ...]
    sketch: Sketch


def merged(mine: EditTable, theirs: EditTable, changes: Sequence[Change]) -> Merged:
    """
    Return what of changes that were made on one plan can be made on another.

    Parameters
    ----------
    mine
        The plan that was looked at.
    theirs
        The plan that is the day's draft by now.

    Raises
    ------
    UnknownError, RefusedError
        The changes do not even fit the plan that they were made on.
    """
    own, other = mine.sketch(), theirs.sketch()
    kept: list[Change] = []
    lost: list[Lost] = []
    for number, change in enumerate(changes):
        before = Sketch(mine)
        before.tours, before.locks = dict(own.tours), own.locks
        own.do(change)
        made, why = _again(change, number, before, other)
        lost += why
        if made is None:
            continue
        trial = Sketch(theirs)
        trial.tours, trial.locks = dict(other.tours), other.locks
        try:
            trial.do(made)
        except OfficeError as error:
            lost.append(Lost(number=number, key="refused", order=_order(change), error=error))
            continue
        other = trial
        kept.append(made)
    return Merged(changes=tuple(kept), lost=tuple(lost), sketch=other)


def _again(
    change: Change, number: int, before: Sketch, other: Sketch
) -> tuple[Change | None, list[Lost]]:
    if isinstance(change, SetLock):
        lock = change.lock
        if lock.kind is not LockKind.ROUTE and other.where().get(lock.order, "") != lock.courier:
            return None, [_moved(number, lock.order, other)]
        return change, []
    if isinstance(change, Reverse):
        was = {step for step in before.tours.get(change.courier, ()) if is_visit(step)}
        now = {step for step in other.tours.get(change.courier, ()) if is_visit(step)}
        if was != now:
            return None, [Lost(number=number, key="round", now=change.courier)]
        return change, []
    return _move_again(change, number, before, other)


def _move_again(
    change: Edit, number: int, before: Sketch, other: Sketch
) -> tuple[Change | None, list[Lost]]:
    was, now = before.where(), other.where()
    lost = []
    orders = []
    for order in change.orders:
        if order not in other.table.tasks:
            lost.append(Lost(number=number, key="gone", order=order))
        elif now.get(order, "") != was.get(order, ""):
            lost.append(_moved(number, order, other))
        else:
            orders.append(order)
    if not orders:
        return None, lost
    made = replace(change, order=orders[0], more=tuple(orders[1:]))
    if change.position is None:
        return made, lost
    moving = frozenset(change.orders)
    place = _found(
        _without(before.tours.get(change.to, ()), moving),
        _without(other.tours.get(change.to, ()), frozenset(orders)),
        change.position,
    )
    if place is None:
        lost.append(Lost(number=number, key="place", order=orders[0], now=change.to, kept=True))
    return replace(made, position=place), lost


def _found(was: Steps, now: Steps, position: int) -> int | None:
    """Return the position in a round that comes behind the same stop as it did in the other."""
    if position == 0:
        return 0
    if not 0 < position <= len(was):
        return None
    anchor = was[position - 1]
    # Of several returns to the office, the same one.
    count = was[:position].count(anchor)
    places = [number for number, step in enumerate(now) if step == anchor]
    return places[count - 1] + 1 if len(places) >= count else None


def _without(steps: Steps, moving: frozenset[str]) -> tuple[Step, ...]:
    return tuple(step for step in steps if not (is_visit(step) and step.id in moving))


def _moved(number: int, order: str, other: Sketch) -> Lost:
    return Lost(number=number, key="moved", order=order, now=other.where().get(order, ""))


def _order(change: Change) -> str:
    if isinstance(change, Edit):
        return change.order
    return change.lock.order if isinstance(change, SetLock) else ""
