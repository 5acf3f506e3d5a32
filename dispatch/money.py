"""
What vehicles and years are worth today: capital, discounting, and intervals of paired differences.

Cash flows of a fleet, at the start of year 1 and later: each vehicle is bought at the start,
sold for its residual value when its life is over and bought again; at the horizon what it is
still worth is counted back, falling in a straight line from price to residual value. With a
finance rate the price is paid in equal yearly sums over the life instead, and at the horizon the
debt is paid off. All scenarios begin with new vehicles, so the ages of those that the post has
do not favour one of them.

Running costs fall in the middle of each year.

References
----------
B. L. Welch, "The Generalization of Student's Problem when Several Different Population Variances
are Involved", Biometrika 34, 1947 (degrees of freedom of a sum of means).
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from statistics import fmean, variance

from dispatch.scenarios import Fleet, Scenario, VehicleType


@dataclass(frozen=True, slots=True, kw_only=True)
class Interval:
    """An estimate with its interval; `half` is None where there are too few blocks for one."""

    value: float
    half: float | None = None

    @property
    def low(self) -> float:
        """The lower end; minus infinity where nothing is known."""
        return -math.inf if self.half is None else self.value - self.half

    @property
    def high(self) -> float:
        """The upper end; infinity where nothing is known."""
        return math.inf if self.half is None else self.value + self.half

    @property
    def clear(self) -> bool:
        """Whether the interval does not hold 0."""
        return self.low > 0 or self.high < 0


def student(confidence: float, freedom: float) -> float:
    """Return the two-sided quantile of Student's t."""
    from scipy.special import stdtrit  # only studies need it

    return float(stdtrit(max(freedom, 1.0), 0.5 + confidence / 2))


def weighted_mean(
    samples: Mapping[int, Sequence[float]], weights: Mapping[int, float], *, confidence: float
) -> Interval:
    """
    Return the weighted sum of the means of several samples, with a t interval after Welch.

    Parameters
    ----------
    samples
        By stratum (a sampled year), one value for each block. Blocks are taken to be independent
        and their means near normal, which is what averaging over a week of all offices is for.
    """
    value = sum(weights[key] * fmean(found) for key, found in samples.items() if found)
    parts = []
    for key, found in samples.items():
        if weights[key] == 0:
            continue
        if len(found) < 2:
            return Interval(value=value)
        parts.append((weights[key] ** 2 * variance(found) / len(found), len(found) - 1))
    spread = sum(part for part, _ in parts)
    if spread == 0:
        return Interval(value=value, half=0.0)
    freedom = spread**2 / sum(part**2 / n for part, n in parts)
    return Interval(value=value, half=student(confidence, freedom) * math.sqrt(spread))


# ---- years ---------------------------------------------------------------------------------------


def year_weights(
    years: Sequence[int],
    *,
    horizon: int,
    discount: float,
    working_days: float,
    stretch: float = 1.0,
    first: int = 1,
) -> dict[int, float]:
    """
    Return what a đồng more on each day of a sampled year is worth today, over all years.

    Years between two sampled ones are taken from both, by distance; those outside from the
    nearest.

    Parameters
    ----------
    stretch
        How much faster the years pass: 1.5 is growth that is half as strong again, roughly. Years
        beyond the last sampled one are taken as that one.
    first
        The first year that counts.
    """
    weights = dict.fromkeys(years, 0.0)
    for year in range(first, horizon + 1):
        worth = working_days * (1 + discount) ** -(year - 0.5)
        for key, share in year_shares(years, 1 + (year - 1) * stretch).items():
            weights[key] += worth * share
    return weights


def year_shares(years: Sequence[int], year: float) -> dict[int, float]:
    """Return how much of a year each sampled year stands for."""
    if year <= years[0]:
        return {years[0]: 1.0}
    for before, after in pairwise(years):
        if before <= year <= after:
            share = (year - before) / (after - before)
            return {before: 1 - share, after: share}
    return {years[-1]: 1.0}


# ---- vehicles ------------------------------------------------------------------------------------


def vehicle_flows(kind: VehicleType, *, horizon: int) -> list[tuple[float, float]]:
    """Return (year, đồng) of one vehicle; what is paid is negative."""
    flows: list[tuple[float, float]] = []
    bought, life, rate = 0.0, kind.life_years, kind.finance_rate
    while bought < horizon:
        end = min(bought + life, float(horizon))
        age = end - bought
        worth = kind.price - (kind.price - kind.residual) * age / life
        if rate > 0:
            yearly = kind.price * rate / (1 - (1 + rate) ** -life)
            whole = math.floor(age + 1e-9)
            flows += [(bought + year, -yearly) for year in range(1, whole + 1)]
            paid = life - age
            debt = yearly * (1 - (1 + rate) ** -paid) / rate if paid > 1e-9 else 0.0
            broken = age - whole
            flows.append((end, worth - debt - (yearly * broken if broken > 1e-9 else 0.0)))
        else:
            flows += [(bought, -float(kind.price)), (end, worth)]
        bought += life
    return flows


def capital_by_year(scenario: Scenario, *, horizon: int) -> list[float]:
    """Return the đồng paid for vehicles and once, by year from 0 (the start), net of sales."""
    sums = [0.0] * (horizon + 1)
    sums[0] -= scenario.one_off
    for name, kind in scenario.types.items():
        count = scenario.count(name)
        for when, amount in vehicle_flows(kind, horizon=horizon) if count else ():
            sums[math.ceil(when - 1e-9)] += count * amount
    return sums


def switch_worth(
    one: Scenario,
    base: Scenario,
    *,
    horizon: int,
    discount: float,
    bought: int = 1,
    price: float = 1.0,
) -> float:
    """
    Return today's worth of what the first scenario pays less than the base beside its days, đồng.

    What both have goes on as it is. What the first one has more is bought at the start of year
    `bought`; what it has less is sold then for what it is worth at its age, or never bought where
    that is the first year.

    Parameters
    ----------
    price
        Factor on the prices of all vehicles.
    """
    at = bought - 1
    total = (base.one_off - one.one_off) * (1 + discount) ** -at
    yearly = float(base.per_year - one.per_year)
    for name in sorted({*one.types, *base.types}):
        new, old = one.types.get(name), base.types.get(name)
        more, less = one.count(name), base.count(name)
        if new == old:
            both = min(more, less)
            more, less = more - both, less - both
        if new is not None and more:
            flows = [(at + when, paid) for when, paid in vehicle_flows(new, horizon=horizon - at)]
            total += more * price * _today(flows, discount)
            yearly -= more * new.per_year
        if old is not None and less:
            kept = _today(vehicle_flows(old, horizon=horizon), discount)
            sold = _today(vehicle_flows(old, horizon=at), discount)
            total += less * price * (sold - kept)
            yearly += less * old.per_year
    years: float = sum((1 + discount) ** -(year - 0.5) for year in range(bought, horizon + 1))
    return total + yearly * years


def _today(flows: Sequence[tuple[float, float]], discount: float) -> float:
    worth: float = sum(amount * (1 + discount) ** -when for when, amount in flows)
    return worth


def price_worth(
    types: Mapping[str, VehicleType], fleet: Fleet, *, horizon: int, discount: float
) -> dict[str, float]:
    """Return, by type, today's worth of the vehicles alone, đồng (negative)."""
    found = {}
    for name, kind in types.items():
        count = sum(held.get(name, 0) for held in fleet.values())
        found[name] = count * sum(
            amount * (1 + discount) ** -when
            for when, amount in vehicle_flows(kind, horizon=horizon)
        )
    return found
