"""
The engine built on OR-Tools' routing library: the reference for every feature.

It begins with the start plan, or with a plan by cheapest insertion, and lets the library's guided
local search improve it; an order counts as the checker judges it, see `solver.ortools_model`. When
nothing better has come for a while, a few tasks of the best plan are taken out, inserted anew, and
the search goes on from there.

One iteration is one neighbouring plan that is weighed, or one time that the library asks whether
to go on with those that it dismissed by itself. The library searches with one thread and holds
Python's global lock: a caller with other things to do runs it in a process of its own.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from random import Random

from solver.engine import Budget, Tours
from solver.evaluation import Evaluator, Score
from solver.insertion import Insertion, Order, Orders, orders_of, tours_of
from solver.model import Problem, Tour

MOST_VISITS = 2_500
"""The library keeps square matrices of all visits, several of them."""

_FIRST_WHATEVER = 150
"""Up to so many visits the first plan is made whatever the clock says: it takes seconds."""

_LONGEST_ROUND = 3.0
_MOST_REFUSED = 5
"""So often in a row may the library refuse orders that the judge accepts before it is left."""


class OrtoolsRouting:
    """Searches with OR-Tools' routing library."""

    name = "ortools"

    def unsupported(self, problem: Problem) -> list[str]:
        """Name the features of the problem that this engine cannot honour."""
        visits = len(problem.jobs) + 2 * len(problem.shipments)
        if visits > MOST_VISITS:
            return [f"more than {MOST_VISITS} visits in one problem (here {visits})"]
        return []

    def search(
        self,
        problem: Problem,
        *,
        budget: Budget,
        seed: int,
        start: Sequence[Tour] | None,
        offer: Callable[[Tours, int], None],
    ) -> int:
        """Look for better orders of visit until the budget is over; return the iterations done."""
        if not problem.vehicles or not (problem.jobs or problem.shipments):
            offer(tuple(start or ()), 0)
            return 0
        return _Search(problem, budget, seed, offer).run(start)


class _Search:
    """One run on one problem."""

    def __init__(
        self,
        problem: Problem,
        budget: Budget,
        seed: int,
        offer: Callable[[Tours, int], None],
    ) -> None:
        self._problem = problem
        self._budget = budget
        self._random = Random(seed)
        self._offer = offer
        self._evaluator = Evaluator(problem)
        self._insertion = Insertion(problem, self._evaluator)
        self._score: Score | None = None
        # The best orders that the model takes for possible: a start plan need not be.
        self._base: Orders = {}
        self._base_score: Score | None = None
        self._next_shown = 1.0
        self._iterations = 0
        self._improved = 0
        visits = len(problem.jobs) + 2 * len(problem.shipments)
        self._small = visits <= _FIRST_WHATEVER
        self._patience = 300 + 70 * visits

    def run(self, start: Sequence[Tour] | None) -> int:
        locked = self._insertion.locked()
        given = orders_of(start) if start else locked
        self._offer_if_better(given)
        clean = {name: steps for name, steps in given.items() if self._is_clean(name, steps)}
        self._keep(
            self._insertion.fill({**locked, **clean}, self._random, self._no_more, self._show)
        )
        if self._budget.over():
            return 0
        # Imported here: loading the library takes a while, and not every caller searches.
        from solver.ortools_model import RoutingModel

        refused = 0
        orders = self._base
        while refused < _MOST_REFUSED:
            self._improved = self._iterations
            # A new model for each round: the library does not always take up a second search.
            longest = None
            if self._budget.seconds is not None:
                longest = min(self._budget.left(), _LONGEST_ROUND)
            model = RoutingModel(self._problem, self._evaluator, self._keep, self._limited, longest)
            if not model.visits:
                break
            refused = 0 if model.search(orders) else refused + 1
            if self._budget.over(self._iterations):
                break
            orders = self._shaken()
            self._keep(orders)
        return self._iterations

    def _no_more(self) -> bool:
        """Tell whether the first plan is to end unfinished; a small one is finished in any case."""
        if self._small:
            return self._budget.stop()
        return self._budget.over()

    def _show(self, orders: Orders) -> None:
        """Offer what is inserted so far once a second, so that a plan is there early."""
        if self._budget.seconds is not None and self._budget.spent() >= self._next_shown:
            self._offer_if_better(dict(orders))
            self._next_shown = self._budget.spent() + 1

    def _is_clean(self, name: str, steps: Order) -> bool:
        return not self._evaluator.verdict(Tour(vehicle=name, steps=steps)).violations

    def _shaken(self) -> Orders:
        """Return the best orders with some tasks taken out and inserted anew."""
        tasks = len(self._problem.jobs) + len(self._problem.shipments)
        # Of few tasks nearly all may have to move for a better plan, of many only a part.
        count = self._random.randint(1, 5 + tasks // 10)
        loosened = self._insertion.loosen(self._base, self._random, count)
        return self._insertion.fill(
            loosened,
            self._random,
            self._budget.over,
            hardest_first=self._random.random() < 0.5,
        )

    def _keep(self, orders: Orders) -> None:
        """Keep orders that the model takes for possible if they are better than those before."""
        score = self._evaluator.score(tours_of(orders))
        if self._base_score is None or score < self._base_score:
            self._base, self._base_score = orders, score
            self._improved = self._iterations
            self._offer_if_better(orders)

    def _offer_if_better(self, orders: Orders) -> None:
        tours = tours_of(orders)
        score = self._evaluator.score(tours)
        if self._score is None or score < self._score:
            self._score = score
            self._offer(tours, self._iterations)

    def _limited(self) -> bool:
        """Tell whether the library's search is to end, for good or for this round."""
        self._iterations += 1
        return self._iterations - self._improved > self._patience or self._budget.over(
            self._iterations
        )
