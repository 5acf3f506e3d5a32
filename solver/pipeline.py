"""The one door: from a problem to a plan that is timed, judged and never worse than its start."""

from __future__ import annotations

import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from importlib import import_module

from solver.checker import check
from solver.components import connected
from solver.engine import Budget, Engine, Tours
from solver.errors import UnknownEngineError, UnsupportedError
from solver.evaluation import Evaluator, Score
from solver.model import Plan, Problem, Progress, Result, Tour
from solver.schedule import schedule
from solver.validation import require_valid

AUTO = "auto"

DEFAULT_SECONDS = 10.0
"""How long to search where neither a time nor a number of iterations is given."""

SMALL = 10
"""Up to so many jobs and shipments "auto" takes the engine that weighs every rule in every move."""
LARGE = 8_000
"""From so many visits on "auto" takes the engine that searches by part."""

APART = 1_500
"""It does so from so many visits on where they fall into parts that nothing connects."""

_ENGINES = {
    "search": ("solver.search.engine", "RuinRecreate"),
    "decompose": ("solver.decompose", "Decomposition"),
    "ortools": ("solver.ortools_routing", "OrtoolsRouting"),
}
"""Module and class by name, imported only when asked for."""


def engines() -> tuple[str, ...]:
    """Return the names of the engines that `solve` knows, beside "auto"."""
    return tuple(_ENGINES)


def engine_named(name: str) -> Engine:
    """
    Return a new engine.

    Raises
    ------
    UnknownEngineError
        There is no engine of that name.
    """
    if name not in _ENGINES:
        raise UnknownEngineError(name, (AUTO, *engines()))
    module, maker = _ENGINES[name]
    engine: Engine = getattr(import_module(module), maker)()
    return engine


def solve(
    problem: Problem,
    *,
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 1,
    engine: str = AUTO,
    start: Plan | None = None,
    threads: int = 1,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] | None = None,
    clock: Callable[[], float] = time.monotonic,
) -> Result:
    """
    Plan a problem: search for orders of visit, give them times, and judge them.

    Parameters
    ----------
    seconds, iterations
        Limits of the search, 10 seconds when neither is given. With `iterations` alone the same
        seed gives the same plan.
    engine
        One of `engines()`, or "auto" to choose by the problem.
    start
        A plan to begin with; the result is never worse. Only its orders count, not its times.
    threads
        How many threads the engine may keep busy.
    on_progress
        Called with each better plan's figures.
    stop
        Asked often; when it says True, the best plan found so far is returned.
    clock
        Seconds on a clock that never goes back.

    Returns
    -------
    Result
        Always with a plan. What is wrong with it, such as a required job that nobody can do, its
        report says.

    Raises
    ------
    ProblemError
        The problem contradicts itself.
    UnknownEngineError
        There is no engine of that name.
    UnsupportedError
        The engine cannot honour the problem; nothing has been searched.
    PlanError
        `start` names a vehicle, job or reload that the problem does not have.
    ValueError
        A limit is negative, or `threads` is less than 1.
    """
    if (seconds is not None and not seconds >= 0) or (iterations is not None and iterations < 0):
        raise ValueError("seconds and iterations must not be negative")
    if threads < 1:
        raise ValueError(f"threads must be at least 1, not {threads}")
    began = clock()
    require_valid(problem)
    chosen = _choose(problem, engine)
    if seconds is None and iterations is None:
        seconds = DEFAULT_SECONDS
    asked = _Asked(stop)
    budget = Budget(
        clock=clock,
        seconds=seconds,
        iterations=iterations,
        stop=asked,
        threads=threads,
        began=began,
    )
    best = _Incumbent(problem, budget, on_progress)
    first = None
    if start is not None:
        first = tuple(route.tour for route in start.routes if route.tour.steps)
    best.offer(first or (), 0)
    done = 0
    # The clock alone does not keep a search from beginning: on a machine so busy that the time is
    # over before it can, its first plan is still worth more than none.
    if iterations != 0 and not asked():
        done = chosen.search(problem, budget=budget, seed=seed, start=first, offer=best.offer)
    plan = schedule(problem, best.tours)
    return Result(
        plan=plan,
        report=check(problem, plan),
        engine=chosen.name,
        seed=seed,
        iterations=done,
        seconds=budget.spent(),
        history=tuple(best.history),
        stopped=asked.answered,
    )


def _choose(problem: Problem, name: str) -> Engine:
    if name != AUTO:
        engine = engine_named(name)
        lacking = engine.unsupported(problem)
        if lacking:
            raise UnsupportedError(engine.name, lacking)
        return engine
    refused: list[str] = []
    for known in _preferred(problem):
        engine = engine_named(known)
        lacking = engine.unsupported(problem)
        if not lacking:
            return engine
        refused += [feature for feature in lacking if feature not in refused]
    raise UnsupportedError(AUTO, refused)


def _preferred(problem: Problem) -> list[str]:
    """Return all engines, the best one for the problem's size first."""
    visits = len(problem.jobs) + 2 * len(problem.shipments)
    if len(problem.jobs) + len(problem.shipments) <= SMALL:
        best = "ortools"
    elif visits >= LARGE or (visits >= APART and len(connected(problem)[0]) > 1):
        best = "decompose"
    else:
        best = "search"
    return sorted(engines(), key=lambda name: name != best)


class _Asked:
    """A stop function that remembers having said True, and is not asked again afterwards."""

    def __init__(self, stop: Callable[[], bool] | None) -> None:
        self._stop = stop
        self.answered = False

    def __call__(self) -> bool:
        if not self.answered and self._stop is not None:
            self.answered = bool(self._stop())
        return self.answered


class _Incumbent:
    """The best orders offered so far, and how they came about."""

    def __init__(
        self,
        problem: Problem,
        budget: Budget,
        on_progress: Callable[[Progress], None] | None,
    ) -> None:
        self.tours: Tours = ()
        self.score: Score | None = None
        self.history: list[Progress] = []
        self._evaluator = Evaluator(problem)
        self._budget = budget
        self._on_progress = on_progress

    def offer(self, tours: Sequence[Tour], iterations: int) -> None:
        """Keep the tours if they are better than all before."""
        driven = tuple(tour for tour in tours if tour.steps)
        score = self._evaluator.score(driven)
        if self.score is not None and score >= self.score:
            return
        self.tours, self.score = driven, score
        progress = Progress(
            seconds=self._budget.spent(),
            iterations=iterations,
            cost=score.cost,
            unassigned=len(self._evaluator.unassigned(driven)),
            vehicles=len(driven),
        )
        self.history.append(progress)
        if self._on_progress is not None:
            self._on_progress(replace(progress, tours=driven))
