from __future__ import annotations

import pytest

from dispatch.executors_study import Pool
from dispatch.investment import Bench
from dispatch.scenarios import Search, setups
from dispatch.simulation import Block
from dispatch.study_time import Pace, measure
from tests.dispatch.planning_desk import scenario, study
from tests.dispatch.test_investment import TWO, alone, electric


def test_what_is_left_follows_the_pace_on_the_clock() -> None:
    base = scenario(fleet=TWO)
    one = study(base, electric(base), years=(1, 5), block_days=4, warm_up=1)
    bench = Bench(one, seed=1, pool=Pool(alone))
    small, large = setups(base)
    now = [100.0]
    pace = Pace(bench, {small: 1.0, large: 3.0}, planned=80.0, clock=lambda: now[0])
    first, second = Block(number=0, year=5), Block(number=0, year=1)
    # Five days of 1 and 3 seconds; in year 1 the demand is 1.1^-4 of what it is in year 5.
    assert pace.weigh((small, first)) == 5
    assert pace.weigh((large, second)) == pytest.approx(15 * 1.1**-4)
    # A fleet that only the search looks at: as its office's others.
    assert pace.weigh((setups(electric(base))[1], first)) == 15
    pace.heard((), [(small, first), (large, first)])
    assert pace.left is None
    now[0] += 40
    pace.heard([(large, first), (small, first)], ())
    # 20 of 80 in 40 seconds: 120 more.
    assert pace.left == pytest.approx(120)


def test_a_pilot_measures_every_office_once_and_grows_with_the_days() -> None:
    base = scenario(fleet=TWO)
    one = study(base, electric(base), orders=60, search=Search(budget=10**9, add=("motorbike",)))
    bench = Bench(one, seed=1, pool=Pool(alone))
    measured = measure(bench, 10, workers=2)
    assert measured is not None
    forecast, pace = measured
    # Two offices with two fleets each; the search adds a third one.
    assert set(pace.per_day) == {*setups(base), *setups(electric(base))}
    per_day = sum(pace.per_day.values())
    # Ten blocks of one day and the day before it, on two workers.
    assert forecast.scenarios == pytest.approx(10 * 2 * per_day / 2)
    assert forecast.search == pytest.approx(10 * 2 * per_day / 2 / 2, rel=1.0)
    assert forecast.whole == forecast.scenarios + forecast.search > 0
    # A million days are told as quickly; nothing of the study itself was lived.
    again = measure(bench, 1_000_000, workers=2)
    assert again is not None
    assert again[0].scenarios > 1000 * forecast.scenarios
    assert not bench.known


def test_a_stop_in_the_pilot_leaves_nothing_to_tell() -> None:
    bench = Bench(study(), seed=1, pool=Pool(alone))
    assert measure(bench, 10, workers=1, stop=lambda: True) is None
