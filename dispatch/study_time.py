"""
How long a study will take: measured before it begins, and again from all that is done.

Before: a pilot, one day (and the day before it) of every office of every scenario in the last
sampled year, on the very workers that will do the study; what is alike in two scenarios counts
once, as it does in the study. After: what is left, at the pace of what is done on the clock, each
piece weighed by its pilot. So the forecast knows how fast this machine is and how much of it others
use, and is no better than that: it changes when they do.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache

from dispatch.executors_study import run_all
from dispatch.fleet_search import first_step
from dispatch.investment import Bench, Key
from dispatch.scenarios import OfficeSetup, setups
from dispatch.simulation import Block, BlockTask, run_block


@dataclass(frozen=True, slots=True, kw_only=True)
class Forecast:
    """
    How long a study will take on its workers, seconds.

    Parameters
    ----------
    scenarios
        For living all days of all scenarios, none of them beaten early.
    search
        For the search's first look at every change, none of them beaten early; 0 without a search.
        Each purchase that it makes then takes one more office's days.
    """

    scenarios: float
    search: float

    @property
    def whole(self) -> float:
        """Both together."""
        return self.scenarios + self.search


def measure(
    bench: Bench, days: int, *, workers: int, stop: Callable[[], bool] = lambda: False
) -> tuple[Forecast, Pace] | None:
    """
    Live a pilot and return what it promises, and the pace to go on with; None when stopped.

    Raises
    ------
    WorkersLostError, NoClusterError
        As `run_all`.
    """
    study = bench.study
    year = study.years[-1]
    known = {setup for one in study.scenarios for setup in setups(one)}
    frame = replace(bench.frame, block_days=1, warm_up=1)
    tasks = {
        setup: BlockTask(
            setup=setup, frame=frame, block=Block(number=0, year=year), seed=bench.seed
        )
        for setup in sorted(known, key=lambda each: (each.office, repr(each.vehicles)))
    }
    took: dict[OfficeSetup, float] = {}
    if not run_all(tasks, pilot, pool=bench.pool, on_done=took.__setitem__, stop=stop):
        return None
    pace = Pace(bench, {setup: seconds / 2 for setup, seconds in took.items()})
    # One block of each year stands for all of them: a million days are not listed to be told.
    one_each = [Block(number=0, year=year) for year in study.years]
    lived = {(s, b) for one in study.scenarios for s in setups(one) for b in one_each}
    searched: set[Key] = set()
    if study.search is not None:
        base = study.scenario(study.baseline)
        searched = set(first_step(base, study.search, one_each)) - lived
    many = max(days / study.block_days, len(study.years)) / len(study.years)
    compared, looked = (many * sum(map(pace.weigh, keys)) for keys in (lived, searched))
    pace.planned = compared + looked
    share = max(workers, 1)
    return Forecast(scenarios=compared / share, search=looked / share), pace


def pilot(task: BlockTask) -> float:
    """Return the seconds that a block takes here, loading what a first run loads left out."""
    _loaded(replace(task, frame=replace(task.frame, block_days=1, warm_up=0)))
    began = time.perf_counter()
    run_block(task)
    return time.perf_counter() - began


@lru_cache(maxsize=1)
def _ready() -> list[bool]:
    return []


def _loaded(task: BlockTask) -> None:
    """Live a day once in each process, before anything is measured."""
    if not _ready():
        run_block(task)
        _ready().append(True)


@dataclass(slots=True)
class Pace:
    """
    What is asked for and done, weighed by the pilot.

    Parameters
    ----------
    per_day
        Seconds of one day of an office in the last sampled year, by the pilot.
    planned, asked, done
        Seconds of one worker, by the pilot: of all that may be asked for, and of what was so far.
    clock
        Seconds that never go back.
    """

    bench: Bench
    per_day: Mapping[OfficeSetup, float]
    clock: Callable[[], float] = time.monotonic
    planned: float = 0.0
    asked: float = 0.0
    done: float = 0.0
    _began: float | None = field(default=None)

    def weigh(self, key: Key) -> float:
        """Return the seconds of one worker for a piece, by the pilot."""
        setup, block = key
        study = self.bench.study
        day = self.per_day.get(setup)
        if day is None:  # a fleet that only the search looks at: as its office's others
            like = [each for known, each in self.per_day.items() if known.office == setup.office]
            day = sum(like) / len(like) if like else 0.0
        grown = (1 + study.demand.growth) ** (block.year - study.years[-1])
        return day * min(grown, 1.0) * (study.block_days + study.warm_up)

    def heard(self, done: Sequence[Key], asked: Sequence[Key]) -> None:
        """Take note of what is done, and of what is asked for."""
        if self._began is None:
            self._began = self.clock()
        self.done += sum(map(self.weigh, done))
        self.asked += sum(map(self.weigh, asked))

    @property
    def whole(self) -> float:
        """All that is to be done, as far as is known; what is beaten early stays in it."""
        return max(self.planned, self.asked)

    @property
    def left(self) -> float | None:
        """Seconds left on the clock; None while too little is done to tell."""
        if self._began is None or self.done < 0.01 * self.whole or not self.done:
            return None
        spent = self.clock() - self._began
        return spent / self.done * max(self.whole - self.done, 0.0)
