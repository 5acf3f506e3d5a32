"""
From lived days to money: which scenario is worth more, by how much, and how surely.

All scenarios live the same blocks of days, so what is compared is the difference on each block;
most of what chance does to one scenario it does to the others, and falls out. A block's difference
is summed over all offices and averaged over its days. Over the sampled years these differences
are added with what a day of each year is worth today (`dispatch.money`), and the interval is
Student's over blocks: it says how well the sampled days represent all days under the study's
assumptions, not how well the assumptions hold. The sensitivities are for those.

A scenario that is clearly beaten is not carried to the end: after each round of blocks it is left
out when even the upper end of its advantage over the leading one, at a confidence shared out over
all such tests, is below 0.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from statistics import fmean, quantiles

from dispatch.executors_study import Pool, run_all
from dispatch.money import (
    Interval,
    capital_by_year,
    price_worth,
    switch_worth,
    weighted_mean,
    year_shares,
    year_weights,
)
from dispatch.scenarios import OfficeSetup, Scenario, Study, setups
from dispatch.simulation import Block, BlockTask, DayFigures, Frame, run_block

Key = tuple[OfficeSetup, Block]


class Bench:
    """
    Lived blocks of offices, each computed once.

    Parameters
    ----------
    pool
        Does the work.
    on_progress
        Called with the blocks of offices that are done now, and those that are asked for now.
    stop
        Asked often; True ends the work, and what is done is kept.
    """

    def __init__(
        self,
        study: Study,
        *,
        seed: int,
        pool: Pool,
        on_progress: Callable[[Sequence[Key], Sequence[Key]], None] = lambda done, asked: None,
        stop: Callable[[], bool] = lambda: False,
    ) -> None:
        self.study = study
        self.seed = seed
        self.frame = Frame.of(study)
        self.known: dict[Key, tuple[DayFigures, ...]] = {}
        self.stopped = False
        self.lost = ""
        self.pool = pool
        self._stop = stop
        self._tell = on_progress

    def ensure(self, wanted: Sequence[Key]) -> bool:
        """Live what is not known yet; return whether all of it is known now."""
        missing = [key for key in dict.fromkeys(wanted) if key not in self.known]
        if not missing:
            return True
        if self.stopped:
            return False
        self._tell((), missing)
        # Block by block, so that a stop finds whole days; the largest first, so that the end is
        # not one long piece of work.
        missing.sort(
            key=lambda key: (key[1].number, key[1].year, -sum(n for _, n in key[0].vehicles))
        )
        tasks = {
            key: BlockTask(setup=key[0], frame=self.frame, block=key[1], seed=self.seed)
            for key in missing
        }
        self.stopped = not run_all(
            tasks, run_block, pool=self.pool, on_done=self._keep, stop=self._stop
        )
        return not self.stopped

    def _keep(self, key: Key, days: tuple[DayFigures, ...]) -> None:
        self.known[key] = days
        self._tell((key,), ())

    def has(self, scenario: Scenario, block: Block) -> bool:
        """Tell whether a block is known at every office of a scenario."""
        return all((setup, block) in self.known for setup in setups(scenario))

    def days(self, scenario: Scenario, block: Block) -> list[DayFigures]:
        """Return a block's days, all offices together."""
        parts = [self.known[setup, block] for setup in setups(scenario)]
        return [sum(day, DayFigures()) for day in zip(*parts, strict=True)]


def blocks_of(study: Study, days: int) -> list[Block]:
    """Return the blocks of so many days, the sampled years in turn."""
    count = max(math.ceil(days / study.block_days), len(study.years))
    return [
        Block(number=number // len(study.years), year=study.years[number % len(study.years)])
        for number in range(count)
    ]


def worth_of_day(study: Study, day: DayFigures) -> float:
    """Return what a day costs, with what late and given up orders cost the post, đồng."""
    return day.running + study.value.late * day.first_late + study.value.given_up * day.given_up


# ---- one scenario --------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Spread:
    """A figure over the days: mean, and the 5th, 50th and 95th of a hundred days."""

    mean: float
    low: float
    middle: float
    high: float


@dataclass(frozen=True, slots=True, kw_only=True)
class PurchaseYear:
    """A scenario begun at the start of a year: its NPV, and what it is worth more than at once."""

    year: int
    npv: Interval
    waiting: Interval


@dataclass(frozen=True, slots=True, kw_only=True)
class Outcome:
    """
    What came of a scenario.

    Parameters
    ----------
    blocks
        Which were lived to the end.
    days
        By sampled year, every counted day.
    figures
        By sampled year and name (`FIGURE_NAMES`).
    npv
        Against the baseline: what it saves, less what it costs more, today's đồng; 0 for itself.
    money_only
        The same without the value of late and given up orders.
    beaten
        Left out of later rounds, because it is clearly worse than the best one.
    payback
        Years until it has paid; None = not within the horizon.
    timing
        By growth (0.5 = half as strong, 1 as assumed), its NPV when bought at the start of year
        1, 2, …, and what each of these is worth more than buying at once.
    price_at_par
        By type that it has more of than the baseline, the price at which its NPV is 0.
    """

    scenario: Scenario
    blocks: tuple[Block, ...]
    days: Mapping[int, tuple[DayFigures, ...]]
    figures: Mapping[int, Mapping[str, Spread]]
    npv: Interval
    money_only: Interval
    capital: tuple[float, ...]
    running: tuple[float, ...]
    beaten: bool = False
    payback: float | None = None
    price_at_par: Mapping[str, float] = field(default_factory=dict)
    sensitivity: Mapping[str, tuple[Interval, Interval]] = field(default_factory=dict)
    timing: Mapping[float, tuple[PurchaseYear, ...]] = field(default_factory=dict)

    @property
    def best_year(self) -> PurchaseYear | None:
        """The year of purchase that is worth most under the growth that is assumed."""
        return max(self.timing.get(1.0, ()), key=lambda one: one.npv.value, default=None)


FIGURE_NAMES = (
    "cost_per_stop", "running", "on_time", "late", "given_up", "waiting", "failed", "stops",
    "hours", "overtime_hours", "utilisation", "km", "co2_kg", "vehicles_used", "replans",
    "beyond_range", "rules_broken", "impossible", "broken", "plan_error",
)  # fmt: skip


def figure(name: str, day: DayFigures) -> float:
    """Return one of `FIGURE_NAMES` of a day."""
    first = day.first_on_time + day.first_late
    shown = {
        "cost_per_stop": day.running / max(day.stops, 1),
        "on_time": day.first_on_time / first if first else 1.0,
        "late": day.first_late,
        "hours": day.duty_seconds / 3600,
        "overtime_hours": day.overtime_seconds / 3600,
        "utilisation": day.duty_seconds / max(day.available_seconds, 1),
        "km": day.metres / 1000,
        "co2_kg": day.co2_grams / 1000,
        "plan_error": (day.distance + day.duty + day.overtime) / day.planned - 1
        if day.planned
        else 0.0,
    }
    return float(shown[name] if name in shown else getattr(day, name))


def spread(values: Sequence[float]) -> Spread:
    """Return the spread of a figure; a single day has none."""
    if len(values) < 2:
        return Spread(mean=values[0], low=values[0], middle=values[0], high=values[0])
    cuts = quantiles(values, n=20, method="inclusive")
    return Spread(mean=fmean(values), low=cuts[0], middle=cuts[9], high=cuts[18])


# ---- comparing -----------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """Assumptions under which a difference is valued; the study's own unless one is varied."""

    energy: float = 1.0
    wage: float = 1.0
    price: float = 1.0
    growth: float = 1.0
    service: bool = True


def advantage(
    bench: Bench,
    one: Scenario,
    other: Scenario,
    blocks: Sequence[Block],
    *,
    terms: Terms = Terms(),
    confidence: float | None = None,
    offices: frozenset[str] | None = None,
    horizon: int | None = None,
    bought: int = 1,
    rather_than: int | None = None,
) -> Interval:
    """
    Return what the first scenario is worth more than the second, today's đồng.

    Parameters
    ----------
    offices
        The only ones at which the two differ; None looks at all.
    horizon
        Years that money is counted over; None takes the study's.
    bought
        At the start of which year the first one begins; until then the second one is run.
    rather_than
        Instead of comparing with the second for ever: with beginning in this year.
    """
    study = bench.study
    years = study.horizon if horizon is None else horizon
    samples: dict[int, list[float]] = {year: [] for year in study.years}
    mine, theirs = _setups(one, offices), _setups(other, offices)
    for block in blocks:
        saved = _sum(bench, theirs, block, terms) - _sum(bench, mine, block, terms)
        samples[block.year].append(saved / study.block_days)
    samples = {year: found for year, found in samples.items() if found}

    def worth_of_days(first: int) -> dict[int, float]:
        return year_weights(
            sorted(samples),
            horizon=years,
            discount=study.discount,
            working_days=study.working_days,
            stretch=terms.growth,
            first=first,
        )

    def more(first: int) -> float:
        return switch_worth(
            one, other, horizon=years, discount=study.discount, bought=first, price=terms.price
        )

    weights, capital = worth_of_days(bought), more(bought)
    if rather_than is not None:
        # Differences of the same days again: what chance does to both ways falls out.
        instead = worth_of_days(rather_than)
        weights = {year: weights[year] - instead[year] for year in weights}
        capital -= more(rather_than)
    mean = weighted_mean(
        samples, weights, confidence=study.confidence if confidence is None else confidence
    )
    return replace(mean, value=mean.value + capital)


def _setups(scenario: Scenario, offices: frozenset[str] | None) -> list[OfficeSetup]:
    return [one for one in setups(scenario) if offices is None or one.office in offices]


def _sum(bench: Bench, places: Sequence[OfficeSetup], block: Block, terms: Terms) -> float:
    total = 0.0
    for setup in places:
        for day in bench.known[setup, block]:
            cost = worth_of_day(bench.study, day) if terms.service else float(day.running)
            cost += day.energy * (terms.energy - 1) + day.wages * (terms.wage - 1)
            total += cost
    return total


@dataclass(frozen=True, slots=True, kw_only=True)
class Compared:
    """All scenarios of a study; `complete` is False where it was stopped before the end."""

    study: Study
    outcomes: tuple[Outcome, ...]
    days: int
    complete: bool
    seed: int

    def outcome(self, name: str) -> Outcome:
        """Return the outcome of a scenario."""
        return next(one for one in self.outcomes if one.scenario.name == name)

    @property
    def best(self) -> Outcome:
        """The scenario that is worth most."""
        return max(self.outcomes, key=lambda one: one.npv.value)


def compare(bench: Bench, days: int) -> Compared:
    """Live all scenarios of a study and value each against the baseline."""
    study = bench.study
    blocks = blocks_of(study, days)
    base = study.scenario(study.baseline)
    alive = list(study.scenarios)
    beaten: set[str] = set()
    lived: list[Block] = []
    rounds = _rounds(blocks, len(study.years))
    tests = max(len(rounds) * (len(study.scenarios) - 1), 1)
    for batch in rounds:
        wanted = [(setup, block) for block in batch for one in alive for setup in setups(one)]
        done = bench.ensure(wanted)
        lived += [block for block in batch if all(bench.has(one, block) for one in alive)]
        if not done:
            break
        leader = max(
            alive, key=lambda one: advantage(bench, one, base, _common(bench, one, lived)).value
        )
        sure = 1 - 2 * (1 - study.confidence) / tests
        for one in list(alive):
            if one is leader or one.name == base.name:
                continue
            if advantage(bench, one, leader, lived, confidence=max(sure, 0.5)).high < 0:
                alive.remove(one)
                beaten.add(one.name)
    outcomes = tuple(
        outcome_of(bench, one, base, blocks, beaten=one.name in beaten)
        for one in study.scenarios
        if any(bench.has(one, block) and bench.has(base, block) for block in blocks)
    )
    complete = len(lived) == len(blocks) and len(outcomes) == len(study.scenarios)
    return Compared(study=study, outcomes=outcomes, days=days, complete=complete, seed=bench.seed)


def _rounds(blocks: Sequence[Block], years: int) -> list[list[Block]]:
    """Cut the blocks into rounds: three for each sampled year at first, then two."""
    first = 3 * years
    later = range(first, len(blocks), 2 * years)
    return [
        list(blocks[:first]),
        *(list(blocks[start : start + 2 * years]) for start in later),
    ]


def _common(bench: Bench, one: Scenario, lived: Sequence[Block]) -> list[Block]:
    return [block for block in lived if bench.has(one, block)]


def outcome_of(
    bench: Bench, one: Scenario, base: Scenario, blocks: Sequence[Block], *, beaten: bool = False
) -> Outcome:
    """Return all that is known of a scenario."""
    study = bench.study
    lived = [b for b in blocks if bench.has(one, b) and bench.has(base, b)]
    days: dict[int, list[DayFigures]] = {}
    for block in lived:
        days.setdefault(block.year, []).extend(bench.days(one, block))
    figures = {
        year: {name: spread([figure(name, day) for day in found]) for name in FIGURE_NAMES}
        for year, found in sorted(days.items())
    }
    npv = advantage(bench, one, base, lived)
    varied = {
        name: (
            advantage(bench, one, base, lived, terms=_terms(name, 1 - by)),
            advantage(bench, one, base, lived, terms=_terms(name, 1 + by)),
        )
        for name, by in study.sensitivity.items()
        if one.name != base.name
    }
    running = tuple(_running(study, days, year) for year in range(1, study.horizon + 1))
    return Outcome(
        scenario=one,
        blocks=tuple(lived),
        days={year: tuple(found) for year, found in sorted(days.items())},
        figures=figures,
        npv=npv,
        money_only=advantage(bench, one, base, lived, terms=Terms(service=False)),
        capital=tuple(capital_by_year(one, horizon=study.horizon)),
        running=running,
        beaten=beaten,
        payback=_payback(bench, one, base, lived) if one.name != base.name else None,
        price_at_par=_price_at_par(study, one, base, npv.value),
        sensitivity=varied,
        timing=_timing(bench, one, base, lived) if one.name != base.name else {},
    )


def _timing(
    bench: Bench, one: Scenario, base: Scenario, lived: Sequence[Block]
) -> dict[float, tuple[PurchaseYear, ...]]:
    by = bench.study.sensitivity.get("growth", 0.0)
    return {
        growth: tuple(
            PurchaseYear(
                year=year,
                npv=advantage(bench, one, base, lived, terms=Terms(growth=growth), bought=year),
                waiting=advantage(
                    bench, one, base, lived,
                    terms=Terms(growth=growth), bought=year, rather_than=1,
                ),
            )
            for year in range(1, bench.study.horizon + 1)
        )
        for growth in dict.fromkeys((1 - by, 1.0, 1 + by))
    }  # fmt: skip


def _terms(name: str, factor: float) -> Terms:
    return {
        "energy": Terms(energy=factor),
        "wage": Terms(wage=factor),
        "price": Terms(price=factor),
        "growth": Terms(growth=factor),
    }[name]


def _running(study: Study, days: Mapping[int, Sequence[DayFigures]], year: int) -> float:
    shares = year_shares(sorted(days), year)
    return study.working_days * sum(
        share * fmean(day.running for day in days[key]) for key, share in shares.items()
    )


def _payback(bench: Bench, one: Scenario, base: Scenario, lived: Sequence[Block]) -> float | None:
    """
    Return the first year after whose end the scenario is ahead, what its vehicles are then worth
    counted; None where it never is.
    """
    for horizon in range(1, bench.study.horizon + 1):
        if advantage(bench, one, base, lived, horizon=horizon).value > 0:
            return float(horizon)
    return None


def _price_at_par(study: Study, one: Scenario, base: Scenario, npv: float) -> dict[str, float]:
    """Return, by type, the price at which the scenario is worth as much as the baseline."""
    found = {}
    for name, kind in one.types.items():
        more = one.count(name) - base.count(name)
        if more <= 0 or kind.price <= 0:
            continue
        each = price_worth(
            {name: kind}, {"": {name: 1}}, horizon=study.horizon, discount=study.discount
        )[name]
        dearer = price_worth(
            {name: replace(kind, price=kind.price + 1_000_000)},
            {"": {name: 1}},
            horizon=study.horizon,
            discount=study.discount,
        )[name]
        slope = (dearer - each) / 1_000_000
        if slope < 0:
            found[name] = max(kind.price - npv / (more * slope), 0.0)
    return found
