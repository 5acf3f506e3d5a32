"""
The engine "search": one search by all threads together, or one by each where the problem is small.

Either way the best mix of all routes that were driven is looked for at last; see
`solver.search.mixing`.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from functools import partial
from threading import Lock

from solver.engine import Budget, Tours
from solver.evaluation import Evaluator
from solver.insertion import Insertion
from solver.model import Problem, Tour
from solver.search.arrays import Model, Numbered, number
from solver.search.run import Run, Tuning

_ALONE_FROM = 20
_NEXT_SEED = 1_000_003
"""The fewest visits that are worth a search per thread, and what sets their seeds apart."""


class RuinRecreate:
    """Slack induction by string removals for the whole vocabulary, on several threads."""

    name = "search"

    def __init__(self, tuning: Tuning | None = None) -> None:
        self.tuning = tuning or Tuning()

    def unsupported(self, problem: Problem) -> list[str]:
        """Name what this engine cannot honour: a locked beginning that breaks a rule already."""
        evaluator = Evaluator(problem)
        late = [
            vehicle
            for vehicle, steps in Insertion(problem, evaluator).locked().items()
            if not next(v for v in problem.vehicles if v.id == vehicle).reloads
            and evaluator.verdict(Tour(vehicle=vehicle, steps=steps)).violations
        ]
        return [f"the locked beginning of vehicle {name}, which breaks a rule" for name in late]

    def search(
        self,
        problem: Problem,
        *,
        budget: Budget,
        seed: int,
        start: Sequence[Tour] | None,
        offer: Callable[[Tours, int], None],
    ) -> int:
        """Search until the budget is over; see `Engine`."""
        if not problem.vehicles or not (problem.jobs or problem.shipments):
            offer((), 0)
            return 0
        numbers = number(problem)
        apart = _ALONE_FROM <= numbers[0].n <= self.tuning.visits_alone
        if not apart or budget.threads == 1:
            run = Run(numbers, self.tuning, budget, seed, offer)
            run.load(start or ())
            run.go()
            run.finish([run])
            return run.iterations
        return self._several(numbers, budget, seed, start or (), offer)

    def _several(
        self,
        numbers: tuple[Model, Numbered],
        budget: Budget,
        seed: int,
        start: Sequence[Tour],
        offer: Callable[[Tours, int], None],
    ) -> int:
        """Let every thread search by itself: there is too little to share out; then mix."""
        count = budget.threads
        share = None if budget.iterations is None else budget.iterations // count
        part = replace(budget, threads=1, iterations=share)
        # Without a clock what is offered must not depend on which thread was faster.
        offers: list[list[tuple[Tours, int]]] = [[] for _ in range(count)]
        lock = Lock()

        def hand_on(number: int, tours: Tours, iterations: int) -> None:
            if budget.seconds is None:
                offers[number].append((tours, iterations))
                return
            with lock:
                offer(tours, iterations)

        runs = [
            Run(numbers, self.tuning, part, seed + k * _NEXT_SEED, partial(hand_on, k))
            for k in range(count)
        ]

        def whole(run: Run) -> None:
            run.load(start)
            run.go()

        with ThreadPoolExecutor(count) as pool:
            list(pool.map(whole, runs))
        for made in offers:
            for tours, iterations in made:
                offer(tours, iterations)
        best = min(runs, key=lambda run: run.best)
        best.offer, best.budget = offer, replace(budget, iterations=None)
        best.finish(runs)
        return sum(run.iterations for run in runs)
