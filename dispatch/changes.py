"""
What a new plan changes: every stop that goes elsewhere, and the numbers on the parcels.

A parcel carries the number of its stop, written when the vehicle was loaded. A stop that stays with
its courier keeps its number, wherever it now lies in the order; a stop that comes to a courier gets
the number of the one before it with a letter, such as 12a, and no number is ever given twice in one
route. The order within a route has changed for a stop that is not part of the longest sequence of
stops that kept their order.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum

from solver.model import Plan, Route, Step, Stop, StopKind
from solver.residual import ANCHOR

Numbers = Mapping[str, Mapping[Step, str]]
"""By courier and stop, what is written on the parcel."""


class ChangeKind(StrEnum):
    """What happens to a stop."""

    MOVED = "moved"
    REORDERED = "reordered"
    ADDED = "added"
    DROPPED = "dropped"


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """
    One stop that changes.

    Parameters
    ----------
    place, new_place
        Its place among the courier's remaining stops, from 1; 0 where it has none.
    number
        What the parcel is to be numbered in the new plan.
    later
        Seconds by which service begins later than by the order kept; negative = earlier; None
        where there is no time before or after.
    worth
        Thousandths of a đồng that the plan would cost more without this one change; None where it
        cannot be undone by itself, as its courier is gone or a rule would break.
    """

    kind: ChangeKind
    step: Step
    courier: str
    place: int
    new_courier: str
    new_place: int
    number: str = ""
    later: int | None = None
    worth: int | None = None


def visits(route: Route | None) -> list[Stop]:
    """Return the stops of a route at customers, without anchors."""
    return [
        stop
        for stop in (route.stops if route is not None else ())
        if stop.kind not in (StopKind.BREAK, StopKind.RELOAD) and not stop.id.startswith(ANCHOR)
    ]


def step_of(stop: Stop) -> Step:
    """Return a stop's step."""
    return Step(kind=stop.kind, id=stop.id)


def first_numbers(plan: Plan) -> dict[str, dict[Step, str]]:
    """Return the numbers of a morning's plan: each stop's place in its route, as it is printed."""
    return {
        route.vehicle: {step_of(stop): str(n) for n, stop in enumerate(visits(route), start=1)}
        for route in plan.routes
    }


def numbers_after(old: Numbers, plan: Plan) -> dict[str, dict[Step, str]]:
    """
    Return the numbers after a new plan: old ones kept, new ones with letters.

    Numbers of stops that have gone stay known, so that they are never given again.
    """
    result = {courier: dict(given) for courier, given in old.items()}
    for route in plan.routes:
        given = result.setdefault(route.vehicle, {})
        if given and all(step_of(stop) in given for stop in visits(route)):
            continue
        taken = set(given.values())
        kept = [_whole(number) for number in given.values()]
        base = 0
        if not kept:
            # Nothing of this courier is numbered yet: count as in the morning.
            given.update((step_of(s), str(n)) for n, s in enumerate(visits(route), start=1))
            continue
        present = [_whole(given[step_of(s)]) for s in visits(route) if step_of(s) in given]
        # What was done before the first one that is left has the numbers before it.
        base = min(present, default=max(kept) + 1) - 1
        for stop in visits(route):
            step = step_of(stop)
            if step in given:
                base = _whole(given[step])
                continue
            given[step] = number = _next_free(base, taken)
            taken.add(number)
    return result


def _whole(number: str) -> int:
    digits = number.rstrip("abcdefghijklmnopqrstuvwxyz")
    return int(digits) if digits else 0


def _next_free(base: int, taken: set[str]) -> str:
    count = 0
    while True:
        count += 1
        letters, rest = "", count
        while rest:
            rest, letter = divmod(rest - 1, 26)
            letters = chr(ord("a") + letter) + letters
        if f"{base}{letters}" not in taken:
            return f"{base}{letters}"


def compare(
    before: Plan, after: Plan, numbers: Numbers, gone: Mapping[str, str] | None = None
) -> list[Change]:
    """
    Return every stop that changes from one plan of the rest to another, in the new order.

    Parameters
    ----------
    gone
        By order, the courier who had it and works no further: his stops are in neither plan.
    """
    gone = gone or {}
    old = {route.vehicle: visits(route) for route in before.routes}
    new = {route.vehicle: visits(route) for route in after.routes}
    had = {
        step_of(stop): (courier, place, stop)
        for courier, stops in old.items()
        for place, stop in enumerate(stops, start=1)
    }
    changes: list[Change] = []
    seen: set[Step] = set()
    for courier, stops in new.items():
        steps = [step_of(stop) for stop in stops]
        earlier = [step_of(stop) for stop in old.get(courier, ())]
        if steps == earlier:
            seen.update(steps)
            continue
        stayed = in_order(earlier, steps)
        for place, stop in enumerate(stops, start=1):
            step = steps[place - 1]
            seen.add(step)
            was = had.get(step)
            if was is not None and was[0] == courier and step in stayed:
                continue
            kind = ChangeKind.ADDED
            if was is not None:
                kind = ChangeKind.MOVED if was[0] != courier else ChangeKind.REORDERED
            elif step.id in gone:
                kind = ChangeKind.MOVED
            changes.append(
                Change(
                    kind=kind,
                    step=step,
                    courier=was[0] if was is not None else gone.get(step.id, ""),
                    place=was[1] if was is not None else 0,
                    new_courier=courier,
                    new_place=place,
                    number=numbers.get(courier, {}).get(step, ""),
                    later=stop.begin - was[2].begin if was is not None else None,
                )
            )
    for step, (courier, place, _) in had.items():
        if step not in seen:
            changes.append(
                Change(
                    kind=ChangeKind.DROPPED,
                    step=step,
                    courier=courier,
                    place=place,
                    new_courier="",
                    new_place=0,
                )
            )
    return changes


def count_changed(before: Mapping[str, Sequence[Step]], after: Mapping[str, Sequence[Step]]) -> int:
    """
    Return how many stops of the orders before go elsewhere: to another courier, place or nobody.

    Stops that the orders before do not have are not counted.
    """
    count = 0
    for courier, steps in before.items():
        rest = after.get(courier, ())
        if steps == rest:
            continue
        rank = {step: number for number, step in enumerate(steps)}
        tails: list[int] = []
        for place in (rank[step] for step in rest if step in rank):
            at = bisect_left(tails, place)
            tails[at : at + 1] = [place]
        count += len(steps) - len(tails)
    return count


def in_order(old: Iterable[Step], new: Sequence[Step]) -> set[Step]:
    """Return the largest set of steps that both have, in the same order."""
    steps = list(old)
    rank = {step: number for number, step in enumerate(steps)}
    common = [rank[step] for step in new if step in rank]
    # Longest increasing subsequence by patience: tails[k] ends the best one of length k + 1.
    tails: list[int] = []
    before: dict[int, int | None] = {}
    for place in common:
        at = bisect_left(tails, place)
        before[place] = tails[at - 1] if at else None
        tails[at : at + 1] = [place]
    stayed: set[Step] = set()
    last = tails[-1] if tails else None
    while last is not None:
        stayed.add(steps[last])
        last = before[last]
    return stayed
