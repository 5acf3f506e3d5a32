"""
The engine "decompose": a large day by part, for days that no full matrix has room for.

Tasks that no chain of vehicles connects are apart anyway; what is still too large is cut in space
(`solver.cutting`). Every part is a problem of its own with a small matrix of its own, searched by
the engine "search" on one thread while other threads search other parts. First all parts get a
plan, then each is searched from hot to cold; in later rounds neighbouring routes are regrouped
along other borders and searched again, less hot. A part's new routes are taken only where the
checker finds them no worse, so that no round makes the plan worse. Memory: two parts' matrices,
whatever the day's size.

With a limit on iterations alone each part's share depends on nothing but the problem, so that a
seed gives one plan whatever the threads do.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ThreadPoolExecutor, wait
from dataclasses import dataclass, replace

from solver.components import connected, part_of
from solver.cutting import Ground, Piece, cut_routes, first_cut, visited
from solver.engine import Budget, Tours
from solver.evaluation import Evaluator
from solver.insertion import Insertion
from solver.model import Problem, StopKind, Tour
from solver.search.engine import RuinRecreate

_TICK = 0.05
"""Seconds between two looks at the stop flag while parts are searched."""

_INSTANT = 1e-6
"""The time limit of a search that shall only insert, seconds."""

_AFTERWARDS = 3.5
"""The time kept for the end, in times of what judging the first whole plan took."""

_MOST_AFTERWARDS = 0.25

_PREPARATION = 2.0
"""A part is worth searching again for at least so many times what its first plan took."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Cutting:
    """
    Numbers that steer the decomposition.

    Parameters
    ----------
    visits
        How large a part is that has been cut from a larger one.
    whole
        How large a part may be that nothing connects with the others.
    least_visits
        No part is cut smaller only to keep more threads busy.
    first_share
        The first round's share of the time where parts are regrouped afterwards.
    rounds
        How many rounds there are at most.
    least_seconds
        A thread's seconds for a part below which a round is not worth its preparation.
    warmth
        The first temperature of later rounds, as a share of the first round's.
    """

    visits: int = 1_200
    whole: int = 2_000
    least_visits: int = 400
    first_share: float = 0.7
    rounds: int = 3
    least_seconds: float = 2.5
    warmth: float = 0.06


class Decomposition:
    """Parts of a day searched side by side, regrouped and searched again."""

    name = "decompose"

    def __init__(self, cutting: Cutting | None = None) -> None:
        self.cutting = cutting or Cutting()

    def unsupported(self, problem: Problem) -> list[str]:
        """Name what this engine cannot honour: what the engine of its parts cannot."""
        return RuinRecreate().unsupported(problem)

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
        visits = len(problem.jobs) + 2 * len(problem.shipments)
        if visits <= self.cutting.visits:
            return RuinRecreate().search(
                problem, budget=budget, seed=seed, start=start, offer=offer
            )
        return _Rounds(self, problem, budget, seed, offer).go(start)


@dataclass(slots=True, kw_only=True)
class _Work:
    """One part to be searched, its share of the budget, and what came of it."""

    piece: Piece
    share: float
    seed: int
    hot: float = 1.0
    iterations: int = 0
    result: Tours | None = None


class _Rounds:
    """One search from beginning to end."""

    def __init__(
        self,
        engine: Decomposition,
        problem: Problem,
        budget: Budget,
        seed: int,
        offer: Callable[[Tours, int], None],
    ) -> None:
        self.cutting, self.tuning = engine.cutting, RuinRecreate().tuning
        self.problem, self.budget, self.seed, self.offer = problem, budget, seed, offer
        self.ground = Ground(problem)
        self.total = max(int(self.ground.visits.sum()), 1)
        self.tours: dict[str, Tour] = {}
        self.done = 0
        self.seeds = 0
        self.reserve = 0.0
        self.pace = 0.0
        self.stopped = False

    def go(self, start: Sequence[Tour] | None) -> int:
        """Run all rounds; return the iterations done."""
        self._begin(start or ())
        groups, _ = connected(self.problem)
        numbers = self.ground.task_of, self.ground.vehicle_of
        regions = [
            Piece(
                tasks=[numbers[0][task.id] for task in group.tasks],
                vehicles=[numbers[1][vehicle.id] for vehicle in group.vehicles],
            )
            for group in groups
        ]
        pieces = [self._cut(region, 0) for region in regions]
        began = self.budget.spent()
        self._round(list(_works(pieces)), seconds=_INSTANT)
        took = (self.budget.spent() - began) * min(self.budget.threads, sum(map(len, pieces)))
        self.pace = _PREPARATION * took / max(len(self.ground.tasks), 1)
        self.ground.release()
        began = self.budget.spent()
        self._tell()
        if self.budget.seconds is not None:
            least = self.budget.seconds * _MOST_AFTERWARDS
            self.reserve = min((self.budget.spent() - began) * _AFTERWARDS, least)
        if not self._over():
            self._improve(regions, pieces)
        return self.done

    def _begin(self, start: Sequence[Tour]) -> None:
        locked = Insertion(self.problem, Evaluator(self.problem)).locked()
        self.tours = {name: Tour(vehicle=name, steps=steps) for name, steps in locked.items()}
        self.tours |= {tour.vehicle: tour for tour in start if tour.steps}
        self.offer(tuple(self.tours.values()), 0)
        self.tours = {name: self._possible(tour) for name, tour in self.tours.items()}

    def _possible(self, tour: Tour) -> Tour:
        """Return a tour without visits that its vehicle may not make: no part has both."""
        ground, number = self.ground, self.ground.vehicle_of[tour.vehicle]
        return replace(
            tour,
            steps=tuple(
                step
                for step in tour.steps
                if step.kind is StopKind.RELOAD or number in ground.may(ground.task_of[step.id])
            ),
        )

    def _cut(self, region: Piece, turn: int) -> list[Piece]:
        """Return a region in pieces; routes that are there stay whole."""
        whole = self._with_tours(region)
        visits = self.ground.weight(region.tasks)
        if visits <= self.cutting.whole and visits < self.total:
            return [whole]
        size = max(
            min(self.cutting.visits, -(-visits // self.budget.threads)),
            min(self.cutting.least_visits, self.cutting.visits),
        )
        routed = {name for tour in whole.tours for name in visited(tour)}
        if turn or 2 * len(routed) > len(region.tasks):
            return cut_routes(self.ground, whole, size=size, turn=turn)
        # Nothing yet, or little, such as locked beginnings: that stays with its vehicles.
        self.ground.hold(whole.tours)
        pieces = first_cut(self.ground, region, size=size)
        return [self._with_tours(piece) for piece in pieces]

    # ---- rounds ---------------------------------------------------------------------------

    def _improve(self, regions: list[Piece], pieces: list[list[Piece]]) -> None:
        """Search every piece, then regroup those of regions in several pieces and go on."""
        rounds = self._count()
        later = (1 - self.cutting.first_share) / max(rounds - 1, 1)
        large = [number for number, some in enumerate(pieces) if len(some) > 1]
        shares = dict.fromkeys(large, self.cutting.first_share if rounds > 1 else 1.0)
        works = [
            _Work(
                piece=self._with_tours(piece),
                share=shares.get(number, 1.0) * self.ground.weight(piece.tasks),
                seed=self._seed(),
            )
            for number, some in enumerate(pieces)
            for piece in some
        ]
        self._round(
            works, left=sum(work.share for work in works) + self._rest(regions, large, shares)
        )
        for turn in range(1, rounds):
            if self._over() or not large:
                break
            self._tell()
            works = [
                _Work(
                    piece=piece,
                    share=later * self.ground.weight(piece.tasks),
                    seed=self._seed(),
                    hot=self.cutting.warmth,
                )
                for number in large
                for piece in self._cut(regions[number], turn)
            ]
            self._round(works, left=sum(work.share for work in works) * (rounds - turn))
        self._tell()

    def _rest(self, regions: list[Piece], large: list[int], shares: dict[int, float]) -> float:
        """Return the shares of the rounds after the first."""
        return sum(
            (1 - shares[number]) * self.ground.weight(regions[number].tasks) for number in large
        )

    def _count(self) -> int:
        """Return how many rounds the time is enough for."""
        if self.budget.seconds is None:
            return self.cutting.rounds
        each = self._left() * self.budget.threads * min(self.cutting.visits / self.total, 1.0)
        return max(1, min(self.cutting.rounds, int(each / self.cutting.least_seconds)))

    def _round(
        self, works: list[_Work], *, left: float = 1.0, seconds: float | None = None
    ) -> None:
        """
        Search some parts side by side, the largest first, and take what is no worse.

        Parameters
        ----------
        left
            The shares of everything that is still to come, this round included.
        seconds
            For each part, instead of its share of the time.
        """
        works = sorted(works, key=lambda work: -work.share)
        self._grant(works, left, seconds)
        threads = min(self.budget.threads, len(works))
        if not works:
            return
        end = self.budget.spent() + self._left() * min(
            sum(work.share for work in works) / max(left, 1e-9), 1.0
        )
        lanes: list[list[_Work]] = [[] for _ in range(threads)]
        for work in works:
            min(lanes, key=lambda lane: sum(w.share for w in lane)).append(work)
        # Threads that would have nothing to do help within the parts.
        inner = max(1, self.budget.threads // len(works))
        with ThreadPoolExecutor(threads) as pool:
            waiting: set[Future[None]] = {
                pool.submit(self._lane, lane, end, seconds, inner) for lane in lanes
            }
            try:
                while waiting:
                    ended, waiting = wait(waiting, timeout=_TICK, return_when=FIRST_COMPLETED)
                    for future in ended:
                        future.result()
                    self.stopped = self.stopped or self.budget.stop()
            finally:
                self.stopped = self.stopped or bool(waiting)
        for work in works:
            if work.result is not None:
                for number in work.piece.vehicles:
                    self.tours.pop(self.problem.vehicles[number].id, None)
                self.tours |= {tour.vehicle: tour for tour in work.result}
            self.done += work.iterations

    def _grant(self, works: list[_Work], left: float, seconds: float | None) -> None:
        """Give every part its whole number of iterations; the fractions are carried on."""
        if self.budget.iterations is None or seconds is not None:
            return
        rest, owed = self.budget.iterations - self.done, 0.0
        for work in works:
            owed += rest * work.share / max(left, 1e-9)
            work.iterations = int(owed + 1e-6)
            owed -= work.iterations

    def _lane(self, lane: list[_Work], end: float, seconds: float | None, threads: int) -> None:
        """Search one thread's parts one after the other, so that the last ends at `end`."""
        for position, work in enumerate(lane):
            mine = seconds
            if mine is None and self.budget.seconds is not None:
                left = end - self.budget.spent()
                rest = sum(w.share for w in lane[position:])
                least = self.pace * len(work.piece.tasks)
                mine = max(left * work.share / max(rest, 1e-9), least) if left >= least else 0.0
            nothing = self.budget.iterations is not None and not work.iterations
            if self.stopped or self.budget.left() <= 0 or mine == 0.0:
                work.iterations = 0
            elif seconds is not None or not nothing:
                self._search(work, mine, threads)

    def _search(self, work: _Work, seconds: float | None, threads: int) -> None:
        """Search one part and keep its routes if they are no worse than those it began with."""
        ground, piece = self.ground, work.piece
        own = {ground.tasks[number].id for number in piece.tasks}
        problem = part_of(
            self.problem,
            [ground.tasks[number] for number in piece.tasks],
            [
                # A beginning that could not be kept may have gone to vehicles of other parts.
                vehicle if own.issuperset(vehicle.locked) else replace(vehicle, locked=())
                for vehicle in (self.problem.vehicles[number] for number in piece.vehicles)
            ],
        ).problem
        latest: list[Tours] = []
        budget = self.budget
        tuning = replace(self.tuning, hot=self.tuning.hot * work.hot)
        work.iterations = RuinRecreate(tuning).search(
            problem,
            budget=Budget(
                clock=budget.clock,
                seconds=seconds,
                iterations=None if budget.iterations is None else work.iterations,
                # Asked by many threads; only the one that looks after them asks the caller.
                stop=lambda: self.stopped,
                threads=threads,
                began=budget.clock(),
            ),
            seed=work.seed,
            start=piece.tours,
            offer=lambda tours, _: latest.append(tours),
        )
        if not latest:
            return
        evaluator = Evaluator(problem)
        # Threads that search a part each by itself do not wait for one another to offer.
        best = min(latest, key=evaluator.score) if threads > 1 else latest[-1]
        if evaluator.score(best) <= evaluator.score(piece.tours):
            work.result = tuple(tour for tour in best if tour.steps)

    def _with_tours(self, piece: Piece) -> Piece:
        own = [self.problem.vehicles[number].id for number in piece.vehicles]
        return replace(piece, tours=[self.tours[name] for name in own if name in self.tours])

    # ---- limits ---------------------------------------------------------------------------

    def _left(self) -> float:
        return max(self.budget.left() - self.reserve, 0.0)

    def _over(self) -> bool:
        self.stopped = self.stopped or self.budget.stop()
        if self.stopped or self._left() <= 0:
            return True
        return self.budget.iterations is not None and self.done >= self.budget.iterations

    def _seed(self) -> int:
        self.seeds += 1
        return self.seed * 1_000_003 + self.seeds

    def _tell(self) -> None:
        self.offer(tuple(self.tours.values()), self.done)


def _works(pieces: list[list[Piece]]) -> Iterator[_Work]:
    """Yield the works that only insert: no share of the time, no chance."""
    for some in pieces:
        for piece in some:
            yield _Work(piece=piece, share=float(len(piece.tasks)), seed=0)
