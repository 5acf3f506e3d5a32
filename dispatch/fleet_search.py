"""
Which vehicle to buy next, and where: marginal values, and a greedy search within a budget.

A change at one office is valued by that office's days alone, because offices do not share
couriers; all the others' differences are exactly 0. The search takes the change that is worth
most for each đồng of the budget it uses, makes it, and looks again; only the office that changed
has new days to live. It ends when the budget does, or when no change is surely worth anything.
(Greedy is exact where each further vehicle at an office is worth no more than the one before it;
where two only help together it can miss them, and `step` looks at so many at a time.)

Racing: all candidates live a first part of the blocks; those whose upper end is below the best
one's lower end, or below 0, go no further.
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
    marginal: tuple[Valued, ...] = ()
    complete = True
    for step in range(_MOST_STEPS):
        valued, complete = value_changes(bench, present, search, blocks, search.budget - spent)
        if step == 0:
            marginal = valued
        good = [one for one in valued if one.worth.low > 0]
        if not good or not complete:
            break
        best = max(good, key=lambda one: (one.worth.value / max(one.price, 1), one.worth.value))
        taken.append(best)
        spent += max(best.price, 0)
        present = _with(present, best.change)
    named = replace(present, name=f"{base.name}+") if taken else base
    return Found(
        marginal=marginal, taken=tuple(taken), scenario=named, spent=spent, complete=complete
    )


def value_changes(
    bench: Bench, present: Scenario, search: Search, blocks: Sequence[Block], budget: int
) -> tuple[tuple[Valued, ...], bool]:
    """Return what each possible change is worth, and whether all of them are known."""
    years = len(bench.study.years)
    first = list(blocks[: 2 * years])
    candidates = [one for one in _candidates(present, search) if _price(present, one) <= budget]
    if not bench.ensure(_wanted(present, candidates, first)):
        return (), False
    valued = [_value(bench, present, one, first) for one in candidates]
    floor = max((one.worth.low for one in valued), default=0.0)
    bound = max(floor, 0.0)
    kept = [one.change for one in valued if one.worth.high >= bound]
    out = [one for one in valued if one.change not in kept]
    complete = bench.ensure(_wanted(present, kept, blocks))
    if not complete:
        return tuple(sorted(valued, key=lambda one: -one.worth.value)), False
    final = [_value(bench, present, one, blocks) for one in kept]
    return tuple(sorted([*final, *out], key=lambda one: -one.worth.value)), True


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
