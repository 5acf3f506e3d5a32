"""What an engine is: it proposes orders of visit, and says beforehand what it cannot honour."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Protocol

from solver.model import Problem, Tour

Tours = tuple[Tour, ...]


def _never() -> bool:
    return False


@dataclass(frozen=True, slots=True, kw_only=True)
class Budget:
    """
    How long a search may go on.

    Parameters
    ----------
    clock
        Seconds on a clock that never goes back; the core itself reads none.
    seconds, iterations
        Limits; at least one is given. With `iterations` alone the same seed gives the same plan.
    stop
        Asked often; True ends the search, which then returns the best found so far.
    threads
        How many threads the engine may keep busy.
    """

    clock: Callable[[], float]
    seconds: float | None = None
    iterations: int | None = None
    stop: Callable[[], bool] = _never
    threads: int = 1
    began: float = field(default=0.0)

    def spent(self) -> float:
        """Return the seconds since the run began."""
        return self.clock() - self.began

    def left(self) -> float:
        """Return the seconds that remain, infinite without a time limit."""
        return float("inf") if self.seconds is None else self.seconds - self.spent()

    def over(self, iterations: int = 0) -> bool:
        """Tell whether time or iterations are used up, or a stop was asked for."""
        if self.iterations is not None and iterations >= self.iterations:
            return True
        return self.left() <= 0 or self.stop()


class Engine(Protocol):
    """
    One way of searching.

    `unsupported` names, in words for people, each feature of the problem that the engine cannot
    honour; empty means that it honours the whole problem. `search` calls `offer(tours, iterations)`
    for every order of visits that may be the best so far, `start` included, and returns the number
    of iterations done. It keeps the budget's limits within 5 %, but for a first plan by insertion,
    which comes before the clock; and raises nothing for a problem that has no plan: what it cannot
    place it leaves out.
    """

    name: str

    def unsupported(self, problem: Problem) -> list[str]:
        """Name the features of the problem that this engine cannot honour."""
        ...

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
        ...
