from __future__ import annotations

import os
import signal
from concurrent.futures import Executor, ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest

from dispatch.executors_study import Pool, WorkersLostError, processes, run_all
from dispatch.fleet_search import search_fleet
from dispatch.investment import Bench, advantage, blocks_of, compare
from dispatch.money import (
    student,
    switch_worth,
    vehicle_flows,
    weighted_mean,
    year_shares,
    year_weights,
)
from dispatch.scenarios import Scenario, Search, Study, changed
from dispatch.study_words import as_text, choose, story, study_json
from tests.dispatch.planning_desk import BIKE, ELECTRIC, quiet, scenario, study

TWO = {"BC238": {"motorbike": 2}, "BC240": {"motorbike": 2}}


def alone() -> Executor:
    return ThreadPoolExecutor(1)


def electric(base: Scenario) -> Scenario:
    return replace(
        base,
        name="electric",
        fleet={o: {"electric": sum(n.values())} for o, n in base.fleet.items()},
    )


def two_scenarios(**fields: object) -> Study:
    base = scenario(fleet=TWO)
    return study(base, electric(base), orders=150, **fields)


# ---- money ------------------------------------------------------------------------------


def test_a_vehicle_is_bought_sold_and_bought_again() -> None:
    # 22 million, worth 0 after 8 years; at a horizon of 10 the second one is worth 6/8 of it.
    assert vehicle_flows(BIKE, horizon=10) == [
        (0.0, -22_000_000.0),
        (8.0, 0.0),
        (8.0, -22_000_000.0),
        (10.0, 16_500_000.0),
    ]


def test_finance_without_a_gain_costs_what_the_price_costs() -> None:
    # Paid in equal sums at 10 %, discounted at 10 %: worth the price today.
    lent = replace(BIKE, finance_rate=0.10, life_years=5, residual=0)
    worth = sum(amount * 1.1**-when for when, amount in vehicle_flows(lent, horizon=5))
    assert worth == pytest.approx(-22_000_000, rel=1e-9)


def test_a_day_s_saving_is_worth_its_discounted_days() -> None:
    # One year, 250 days, middle of the year at 10 %: 250 / 1.1^0.5 = 238.37.
    assert year_weights([1], horizon=1, discount=0.1, working_days=250) == {
        1: pytest.approx(238.366, abs=0.01)
    }
    assert year_shares([1, 5], 2) == {1: 0.75, 5: 0.25}
    assert year_shares([1, 5], 9) == {5: 1.0}


def test_the_interval_is_student_s() -> None:
    # 1, 2, 3: mean 2, s² = 1, t(0.975; 2) = 4.3027, half = 4.3027 / sqrt(3) = 2.4841.
    found = weighted_mean({1: [1.0, 2.0, 3.0]}, {1: 1.0}, confidence=0.95)
    assert found.value == 2
    assert found.half == pytest.approx(2.4841, abs=1e-3)
    assert student(0.95, 1e9) == pytest.approx(1.96, abs=1e-3)
    assert weighted_mean({1: [1.0]}, {1: 1.0}, confidence=0.95).half is None


def test_capital_counts_what_a_scenario_has_more_and_less() -> None:
    base = scenario(fleet=TWO)
    one = replace(electric(base), one_off=1_000_000)
    # Four electric ones: 30 million, worth 3/8 of it after five years; and four motorbikes that
    # are not bought: 22 million, worth 3/8 of it. No discount.
    assert switch_worth(one, base, horizon=5, discount=0.0) == pytest.approx(
        -1_000_000 - 4 * 30_000_000 * 5 / 8 + 4 * 22_000_000 * 5 / 8
    )


def test_what_is_bought_later_is_paid_later_and_worn_less() -> None:
    base = scenario(fleet=TWO)
    one = electric(base)
    # Begun in year 3, over five years: the electric ones wear 3/8 of their price, discounted; the
    # motorbikes are sold at the age of 2 for 6/8 instead of at 5 for 3/8.
    paid = 4 * 30_000_000 * (-(1.1**-2) + 5 / 8 * 1.1**-5)
    got = 4 * 22_000_000 * (6 / 8 * 1.1**-2 - 3 / 8 * 1.1**-5)
    assert switch_worth(one, base, horizon=5, discount=0.1, bought=3) == pytest.approx(paid + got)
    # What both have is neither sold nor bought.
    more = replace(base, name="more", fleet=changed(base.fleet, "BC240", {"motorbike": 1}))
    single = 22_000_000 * (-(1.1**-2) + 5 / 8 * 1.1**-5)
    assert switch_worth(more, base, horizon=5, discount=0.1, bought=3) == pytest.approx(single)


# ---- comparing --------------------------------------------------------------------------


def test_a_scenario_against_itself_is_worth_exactly_nothing() -> None:
    base = scenario(fleet=TWO)
    twin = replace(base, name="twin")
    bench = Bench(study(base, twin, orders=150), seed=1, pool=Pool(alone))
    found = compare(bench, 2).outcome("twin").npv
    assert (found.value, found.half) == (0.0, 0.0)
    # Equal setups are lived once: two offices, two blocks.
    assert len(bench.known) == 4


def test_the_worth_of_electric_motorbikes_is_what_a_person_can_add_up() -> None:
    one = two_scenarios(years=(1,), horizon=1, discount=0.0, working_days=250)
    bench = Bench(one, seed=1, pool=Pool(alone))
    compared = compare(bench, 2)
    base, other = compared.outcomes
    assert compared.complete
    saved = [
        x.running + 20_000 * x.first_late + 100_000 * x.given_up
        - (y.running + 20_000 * y.first_late + 100_000 * y.given_up)
        for x, y in zip(base.days[1], other.days[1], strict=True)
    ]  # fmt: skip
    vehicles = 4 * ((BIKE.price - ELECTRIC.price) / 8)
    assert other.npv.value == pytest.approx(250 * sum(saved) / len(saved) + vehicles, rel=1e-9)
    # The same roads at a quarter of the energy: running must be cheaper.
    assert other.figures[1]["running"].mean < base.figures[1]["running"].mean


def test_the_price_at_par_is_where_the_worth_is_nothing() -> None:
    one = two_scenarios()
    bench = Bench(one, seed=1, pool=Pool(alone))
    other = compare(bench, 2).outcome("electric")
    at_par = replace(ELECTRIC, price=round(other.price_at_par["electric"]))
    moved = replace(other.scenario, types={**other.scenario.types, "electric": at_par})
    bench.known.update(
        {
            (replace(setup, vehicles=((at_par, setup.vehicles[0][1]),)), block): days
            for (setup, block), days in bench.known.items()
            if setup.vehicles[0][0] == ELECTRIC
        }
    )
    found = advantage(bench, moved, one.scenarios[0], blocks_of(one, 2))
    assert found.value == pytest.approx(0, abs=100)


def test_a_scenario_that_throws_money_away_is_stopped_early() -> None:
    base = scenario(fleet=TWO)
    # Its fleet differs: a scenario whose days others live too has them for nothing.
    more = changed(base.fleet, "BC240", {"motorbike": 1})
    waste = replace(base, name="waste", fleet=more, one_off=50_000_000_000)
    bench = Bench(study(base, waste, electric(base), orders=80), seed=1, pool=Pool(alone))
    compared = compare(bench, 6)
    waste_, electric_ = compared.outcome("waste"), compared.outcome("electric")
    assert waste_.beaten
    assert not electric_.beaten
    # It lived the first round of three blocks and no more; the others all six.
    assert (len(waste_.blocks), len(electric_.blocks)) == (3, 6)
    assert choose(compared)[1].scenario.name != "waste"


def test_a_stop_keeps_what_is_done_and_marks_it() -> None:
    bench = Bench(two_scenarios(), seed=1, pool=Pool(alone), stop=lambda: len(bench.known) >= 8)
    compared = compare(bench, 12)
    assert not compared.complete
    assert any("MỘT PHẦN" in line for line in story(compared, "vi").warnings)
    assert not study_json(compared)["complete"]


def test_the_search_takes_what_is_surely_worth_its_money_within_the_budget() -> None:
    base = scenario(fleet=TWO)
    # Motorbikes so thirsty that electric ones pay for themselves at once.
    types = {**base.types, "motorbike": replace(BIKE, energy_per_km=20_000)}
    base = replace(base, types=types)
    one = quiet(study(base, orders=150))
    bench = Bench(one, seed=1, pool=Pool(alone))
    search = Search(budget=61_000_000, swap=(("motorbike", "electric"),), add=("motorbike",))
    found = search_fleet(bench, base, search, blocks_of(one, 5))
    assert found.taken
    assert found.spent <= 61_000_000
    assert all(step.change.instead_of == "motorbike" for step in found.taken)
    assert all(step.worth.low > 0 for step in found.taken)
    assert found.scenario.vehicles == base.vehicles
    assert {v.change.office for v in found.marginal} == {"BC238", "BC240"}


def test_a_search_that_is_stopped_says_so_and_not_that_nothing_is_worth_buying() -> None:
    base = scenario(fleet=TWO)
    search = Search(budget=10**9, add=("motorbike",))
    one = study(base, electric(base), orders=80, search=search)
    bench = Bench(one, seed=1, pool=Pool(alone))
    compared = compare(bench, 2)
    bench.stopped = True
    found = search_fleet(bench, base, search, blocks_of(one, 2))
    assert compared.complete
    assert not found.complete
    told = story(compared, "en", found)
    assert any(line.startswith("PARTIAL: the search") for line in told.warnings)
    assert not any("no change is surely" in line for line in told.why)


def test_the_search_does_not_carry_a_beaten_change_to_the_end() -> None:
    base = scenario(fleet=TWO)
    # A motorbike nobody needs, for a fortune; an electric one in place of a thirsty one.
    types = {
        **base.types,
        "motorbike": replace(BIKE, energy_per_km=20_000),
        "gold": replace(BIKE, name="gold", price=900_000_000, energy_per_km=20_000),
    }
    base = replace(base, types=types)
    one = quiet(study(base, orders=80))
    bench = Bench(one, seed=1, pool=Pool(alone))
    search = Search(
        budget=10**9, swap=(("motorbike", "electric"),), add=("gold",), offices=("BC240",)
    )
    valued = {
        v.change.buy: v for v in search_fleet(bench, base, search, blocks_of(one, 5)).marginal
    }
    assert valued["gold"].worth.high < 0
    assert (valued["gold"].blocks, valued["electric"].blocks) == (2, 5)
    lived = {
        block.number
        for setup, block in bench.known
        if len(setup.vehicles) == 2 and any(kind.name == "gold" for kind, _ in setup.vehicles)
    }
    assert lived == {0, 1}


def test_a_vehicle_more_is_worth_the_difference_of_two_scenarios() -> None:
    base = scenario(fleet=TWO)
    more = replace(base, name="more", fleet=changed(base.fleet, "BC240", {"motorbike": 1}))
    one = study(base, more, orders=150)
    bench = Bench(one, seed=1, pool=Pool(alone))
    whole = compare(bench, 2).outcome("more").npv
    found = search_fleet(
        bench, base, Search(budget=10**9, add=("motorbike",), offices=("BC240",)), blocks_of(one, 2)
    )
    assert found.marginal[0].worth == whole


def test_the_year_of_purchase_is_valued_from_its_beginning_on() -> None:
    one = two_scenarios(years=(1,), horizon=2, discount=0.0, working_days=250)
    bench = Bench(one, seed=1, pool=Pool(alone))
    base, other = compare(bench, 2).outcomes
    saved = [
        x.running + 20_000 * x.first_late + 100_000 * x.given_up
        - (y.running + 20_000 * y.first_late + 100_000 * y.given_up)
        for x, y in zip(base.days[1], other.days[1], strict=True)
    ]  # fmt: skip
    mean = sum(saved) / len(saved)
    at_once, later = other.timing[1.0]
    assert at_once.npv == other.npv
    assert (at_once.waiting.value, at_once.waiting.half) == (0.0, 0.0)
    # One year of savings instead of two, and half of the wear: 8 and 22 million over 8 years.
    assert later.npv.value == pytest.approx(250 * mean - 4 * 8_000_000 / 8, rel=1e-9)
    assert later.waiting.value == pytest.approx(-(250 * mean - 4 * 8_000_000 / 8), rel=1e-9)
    assert later.waiting.half == pytest.approx(later.npv.half, rel=1e-9)
    assert other.best_year in other.timing[1.0]


# ---- machines ---------------------------------------------------------------------------


@pytest.mark.parametrize("workers", [1, 2])
def test_the_result_does_not_depend_on_the_number_of_workers(workers: int) -> None:
    one = two_scenarios()
    here = Bench(one, seed=3, pool=Pool(alone))
    with Pool(processes(workers)) as pool:
        there = Bench(one, seed=3, pool=pool)
        assert as_text(study_json(compare(there, 1))) == as_text(study_json(compare(here, 1)))


def _dies_once(task: tuple[str, int]) -> int:
    mark = Path(task[0])
    if task[1] == 3 and not mark.exists():
        mark.touch()
        os.kill(os.getpid(), signal.SIGKILL)
    return task[1] * task[1]


def test_a_killed_worker_s_work_is_done_again(tmp_path: Path) -> None:
    mark = str(tmp_path / "died")
    found: dict[int, int] = {}
    tasks = {n: (mark, n) for n in range(8)}
    with Pool(processes(2)) as pool:
        whole = run_all(tasks, _dies_once, pool=pool, on_done=found.__setitem__)
    assert whole
    assert Path(mark).exists()
    assert found == {n: n * n for n in range(8)}


def _always_dies(task: int) -> int:
    os.kill(os.getpid(), signal.SIGKILL)
    return task


def test_work_that_kills_every_worker_is_given_up_with_a_word() -> None:
    found: dict[int, int] = {}
    with Pool(processes(1)) as pool, pytest.raises(WorkersLostError, match="kept"):
        run_all({1: 1}, _always_dies, pool=pool, on_done=found.__setitem__)
