"""
Which vehicle to buy next, and where: marginal values, and a greedy search within a budget.

A change at one office is valued by that office's days alone, because offices do not share
couriers; all the others' differences are exactly 0. The search takes the change that is worth
most for each đồng of the budget it uses, makes it, and looks again. It ends when the budget does,
or when no change is surely worth anything.

A further vehicle at an office is taken to be worth no more than the one before it. So a change that
was valued before its office changed is worth at most what it was; it is valued again only when it
would be the next to be taken. Where two vehicles only help together this can miss them, and `step`
looks at so many at a time.

Racing: all candidates live a first part of the blocks; those whose upper end is below 0 go no
further, nor do those that are surely worth less for each đồng than another at the same office.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from dispatch.investment import Bench, Key, advantage
from dispatch.money import Interval
from dispatch.scenarios import Scenario, Search, changed, setups
from dispatch.simulation import Block

_MOST_STEPS = 30


@dataclass(frozen=True, slots=True, kw_only=True)
class Change:
    """So many vehicles of a type bought for an office, in place of as many of another or none."""

    office: str
    buy: str
    instead_of: str = ""
    count: int = 1

    def counts(self) -> dict[str, int]:
        """Return the change by type."""
        found = {self.buy: self.count}
        if self.instead_of:
            found[self.instead_of] = -self.count
        return found


@dataclass(frozen=True, slots=True, kw_only=True)
class Valued:
    """A change, what it is worth today, and what it takes from the budget; đồng."""

    change: Change
    worth: Interval
    price: int
    blocks: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """
    What the search came to.

    Parameters
    ----------
    marginal
        Every change to the baseline's fleet that was looked at, the best first.
    taken
        The changes made, in order.
    scenario
        The baseline with them.
    """

    marginal: tuple[Valued, ...]
    taken: tuple[Valued, ...]
    scenario: Scenario
    spent: int
    complete: bool


def search_fleet(bench: Bench, base: Scenario, search: Search, blocks: Sequence[Block]) -> Found:
    """Look for the fleet that is worth most within a budget, beginning with a scenario's."""
    present, spent = base, 0
    taken: list[Valued] = []
    marginal, complete = value_changes(bench, base, search, blocks)
    queue = {one.change: (one, 0) for one in marginal}
    while complete and len(taken) < _MOST_STEPS:
        open_ = [
            (one, stamp)
            for one, stamp in queue.values()
            if one.worth.low > 0
            and one.price <= search.budget - spent
            and _possible(present, one.change)
        ]
        if not open_:
            break
        best, stamp = max(open_, key=lambda each: _rank(each[0]))
        changes = sum(one.change.office == best.change.office for one in taken)
        if stamp != changes:
            # Its office has changed since it was valued.
            complete = bench.ensure(_wanted(present, [best.change], blocks))
            if complete:
                queue[best.change] = (_value(bench, present, best.change, blocks), changes)
            continue
        taken.append(best)
        spent += best.price
        present = _with(present, best.change)
    named = replace(present, name=f"{base.name}+") if taken else base
    return Found(
        marginal=marginal, taken=tuple(taken), scenario=named, spent=spent, complete=complete
    )


def _rank(one: Valued) -> tuple[float, float]:
    return (one.worth.value / max(one.price, 1), one.worth.value)


def value_changes(
    bench: Bench, present: Scenario, search: Search, blocks: Sequence[Block]
) -> tuple[tuple[Valued, ...], bool]:
    """Return what each possible change is worth, and whether all of them are known."""
    first = list(blocks[: 2 * len(bench.study.years)])
    candidates = [
        one for one in _candidates(present, search) if _price(present, one) <= search.budget
    ]
    if not bench.ensure(_wanted(present, candidates, first)):
        return (), False
    valued = [_value(bench, present, one, first) for one in candidates]
    kept = [one.change for one in valued if not _beaten(one, valued)]
    out = [one for one in valued if one.change not in kept]
    complete = bench.ensure(_wanted(present, kept, blocks))
    if not complete:
        return tuple(sorted(valued, key=lambda one: -one.worth.value)), False
    final = [_value(bench, present, one, blocks) for one in kept]
    return tuple(sorted([*final, *out], key=lambda one: -one.worth.value)), True


def first_step(present: Scenario, search: Search, blocks: Sequence[Block]) -> list[Key]:
    """Return all that the first look at every change may live, none of them beaten early."""
    candidates = [
        one for one in _candidates(present, search) if _price(present, one) <= search.budget
    ]
    return list(dict.fromkeys(_wanted(present, candidates, blocks)))


def _beaten(one: Valued, all_of_them: Sequence[Valued]) -> bool:
    """Tell whether a change is surely worth nothing, or surely less than another at its office."""
    return one.worth.high < 0 or any(
        other.change.office == one.change.office
        and other.worth.low / max(other.price, 1) > one.worth.high / max(one.price, 1)
        and other.worth.low > one.worth.high
        for other in all_of_them
    )


def _possible(present: Scenario, change: Change) -> bool:
    held = present.fleet.get(change.office, {})
    return not change.instead_of or held.get(change.instead_of, 0) >= change.count


def _candidates(present: Scenario, search: Search) -> list[Change]:
    serving = [setup.office for setup in setups(present)]
    where = [office for office in serving if not search.offices or office in search.offices]
    found = []
    for office in where:
        found += [Change(office=office, buy=kind, count=search.step) for kind in search.add]
        for old, new in search.swap:
            if present.fleet.get(office, {}).get(old, 0) >= search.step:
                found.append(Change(office=office, buy=new, instead_of=old, count=search.step))
    return found


def _price(present: Scenario, change: Change) -> int:
    return present.types[change.buy].price * change.count


def _with(present: Scenario, change: Change) -> Scenario:
    return replace(present, fleet=changed(present.fleet, change.office, change.counts()))


def _wanted(present: Scenario, candidates: Sequence[Change], blocks: Sequence[Block]) -> list[Key]:
    pairs: list[Key] = []
    for change in candidates:
        for scenario in (present, _with(present, change)):
            setup = next(s for s in setups(scenario) if s.office == change.office)
            pairs += [(setup, block) for block in blocks]
    return pairs


def _value(bench: Bench, present: Scenario, change: Change, blocks: Sequence[Block]) -> Valued:
    after = _with(present, change)
    worth = advantage(bench, after, present, blocks, offices=frozenset({change.office}))
    return Valued(change=change, worth=worth, price=_price(present, change), blocks=len(blocks))
