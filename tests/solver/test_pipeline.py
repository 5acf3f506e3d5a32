from __future__ import annotations

import itertools
import sys
from collections.abc import Callable, Sequence
from types import ModuleType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from solver import evaluation, pipeline
from solver.checker import check
from solver.engine import Budget, Tours
from solver.errors import PlanError, ProblemError, UnknownEngineError, UnsupportedError
from solver.evaluation import Evaluator, score_of
from solver.model import Plan, Problem, Route, Tour
from solver.pipeline import AUTO, engine_named, engines, solve
from solver.schedule import schedule
from tests.solver.builders import job, problem, tour, vehicle
from tests.solver.strategies import problems, tours


class Scripted:
    """An engine that offers what it is told to, one iteration for each."""

    script: Sequence[Tours] = ()
    lacking: Sequence[str] = ()
    calls = 0

    def __init__(self, name: str = "scripted") -> None:
        self.name = name

    def unsupported(self, problem: Problem) -> list[str]:
        return list(self.lacking)

    def search(
        self,
        problem: Problem,
        *,
        budget: Budget,
        seed: int,
        start: Sequence[Tour] | None,
        offer: Callable[[Tours, int], None],
    ) -> int:
        type(self).calls += 1
        for number, orders in enumerate(self.script):
            if budget.over(number):
                return number
            offer(orders, number)
        return len(self.script)


@pytest.fixture
def scripted(monkeypatch: pytest.MonkeyPatch) -> type[Scripted]:
    class Fresh(Scripted):
        pass

    module = ModuleType("scripted_engine")
    module.Fresh = Fresh  # type: ignore[attr-defined]
    monkeypatch.setitem(sys.modules, "scripted_engine", module)
    monkeypatch.setattr(pipeline, "_ENGINES", {"scripted": ("scripted_engine", "Fresh")})
    return Fresh


LINE = problem([0, 5, 9], jobs=[job("a", 1, skip_cost=1000), job("b", 2, skip_cost=1000)])
NEAR, BOTH, BACK = (tour("v", "a"),), (tour("v", "a", "b"),), (tour("v", "b", "a"),)


def test_the_best_of_all_offers_is_kept(scripted: type[Scripted]) -> None:
    # Near only: 100 + 1000. Both: 180 either way, and the first of equals stays.
    scripted.script = [NEAR, BOTH, BACK, NEAR]
    result = solve(LINE, iterations=10)
    assert result.plan.routes[0].tour == BOTH[0]
    assert [p.cost for p in result.history] == [2000, 1100, 180]
    assert [p.unassigned for p in result.history] == [2, 1, 0]
    assert result.iterations == 4
    assert not result.stopped


def test_a_plan_without_violations_beats_a_cheaper_one_with(scripted: type[Scripted]) -> None:
    timed = problem([0, 5], jobs=[job("a", 1, windows=[(0, 2)], skip_cost=9999)])
    scripted.script = [(tour("v", "a"),)]
    result = solve(timed, iterations=10)
    assert result.plan == Plan(unassigned=("a",))
    assert result.report.cost.total == 9999


def test_offers_that_do_a_job_twice_are_judged_as_such(scripted: type[Scripted]) -> None:
    twice = problem([0, 5], jobs=[job("a", 1)], vehicles=[vehicle("v"), vehicle("w")])
    scripted.script = [(tour("v", "a"), tour("w", "a")), (tour("v", "a"),)]
    result = solve(twice, iterations=10)
    assert result.report.feasible
    assert len(result.plan.routes) == 1


def test_the_start_is_only_left_for_something_better(scripted: type[Scripted]) -> None:
    scripted.script = [NEAR]
    start = schedule(LINE, BOTH)
    assert solve(LINE, iterations=10, start=start).plan == start


def test_times_of_the_start_are_made_anew(scripted: type[Scripted]) -> None:
    timed = schedule(LINE, BOTH)
    slow = timed.routes[0]
    start = Plan(
        routes=(
            Route(vehicle="v", departure=slow.departure + 5, stops=slow.stops, finish=slow.finish),
        )
    )
    assert solve(LINE, iterations=0, start=start).plan == timed


def test_no_iterations_means_no_search(scripted: type[Scripted]) -> None:
    assert solve(LINE, iterations=0).iterations == 0
    assert scripted.calls == 0


def test_a_stop_is_remembered_and_not_asked_again(scripted: type[Scripted]) -> None:
    answers = iter([False, False, True])
    scripted.script = [NEAR, BOTH, BACK]
    result = solve(LINE, seconds=5, stop=lambda: next(answers))
    assert result.stopped
    assert [p.cost for p in result.history] == [2000, 1100]


def test_what_an_engine_cannot_honour_is_said_before_it_starts(scripted: type[Scripted]) -> None:
    scripted.lacking = ["tides", "moons"]
    for name in ("scripted", AUTO):
        with pytest.raises(UnsupportedError, match="tides, moons") as caught:
            solve(LINE, iterations=1, engine=name)
        assert caught.value.features == ("tides", "moons")
    assert scripted.calls == 0


def test_an_unknown_engine_names_those_there_are() -> None:
    with pytest.raises(UnknownEngineError, match="ortools") as caught:
        solve(LINE, iterations=1, engine="abacus")
    assert caught.value.known == (AUTO, *engines())


def test_a_problem_that_contradicts_itself_is_refused() -> None:
    with pytest.raises(ProblemError):
        solve(problem([0], jobs=[job("a", 7)]), iterations=1)


def test_a_start_from_another_problem_is_refused() -> None:
    other = problem([0, 5], jobs=[job("x", 1)])
    with pytest.raises(PlanError, match="'x'"):
        solve(LINE, iterations=1, start=schedule(other, [tour("v", "x")]))


@pytest.mark.parametrize(
    "limits",
    [{"seconds": -1.0}, {"seconds": float("nan")}, {"iterations": -1}, {"threads": 0}],
    ids=str,
)
def test_limits_that_make_no_sense_are_refused(limits: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="must"):
        solve(LINE, **limits)  # type: ignore[arg-type]


def test_every_engine_can_be_made_and_bears_its_name() -> None:
    assert [engine_named(name).name for name in engines()] == list(engines())


@settings(
    derandomize=True,
    deadline=None,
    max_examples=100,
    suppress_health_check=list(HealthCheck),
)
@given(data=st.data())
def test_judging_route_by_route_says_what_the_checker_says(data: st.DataObject) -> None:
    given_problem = data.draw(problems())
    orders = data.draw(tours(given_problem))
    whole = check(given_problem, schedule(given_problem, orders))
    evaluator = Evaluator(given_problem)
    for _ in range(2):  # the second time from memory
        assert evaluator.score(orders) == score_of(whole)


def test_more_visits_than_a_full_list_of_neighbours_has_room_for_at_places_in_a_matrix() -> None:
    # Above some thousand visits neighbours are looked for around each place only.
    spots = [0, *range(10, 310)]
    many = problem(
        spots,
        jobs=[job(f"j{k}", 1 + k % 300, skip_cost=10**6) for k in range(4_200)],
        vehicles=[vehicle(f"v{k}", shift=(0, 10**6)) for k in range(3)],
    )
    result = solve(many, iterations=1, engine="search")
    # One vehicle to the last place and back is all it takes.
    assert result.report.violations == ()
    assert result.report.unassigned == ()


def test_the_evaluator_forgets_rather_than_grow(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation, "_MOST_KEPT", 3)
    line = problem([0, 1, 2, 3], jobs=[job(name, k) for k, name in enumerate("abc", 1)])
    evaluator = Evaluator(line)
    orders = [tour("v", *names) for names in itertools.permutations("abc")]
    costs = [evaluator.verdict(order).cost for order in orders]
    assert len(evaluator._verdicts) <= 4
    assert [evaluator.verdict(order).cost for order in orders] == costs
