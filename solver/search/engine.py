"""
The engine "search": rounds in which threads work side by side on different routes.

The cost of a plan is a sum over routes, so threads that own different routes can change them at the
same time and the changes add up. Between rounds the routes are shared out anew along a line in a
new direction, which lets every pair of neighbouring routes meet before long. A round takes a
fraction of a second; between rounds the clock, the stop flag and the callback are looked at. With a
limit on iterations alone every round has the same size, so that a seed gives one plan whatever the
machine does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from solver.engine import Budget, Tours
from solver.evaluation import Evaluator
from solver.insertion import Insertion
from solver.model import Problem, Tour
from solver.search.anneal import anneal, begin_slice
from solver.search.arrays import Model, number, sequences_of, tours_of
from solver.search.evaluate import route_cost
from solver.search.records import INF
from solver.search.state import State, clear, empty_state, join, retime, take_slot
from solver.search.workshop import ABSENT, BEST, CURRENT, MINE, Workshop, workshop

_LARGEST_ROUND = 6_000
"""Iterations: a clock that stands still must not make a round endless."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Tuning:
    """
    Numbers that steer the search; the defaults are for every family of problems.

    Parameters
    ----------
    hot, cold
        First and last temperature, in multiples of the mean cost between close neighbours.
    removals, longest
        Visits removed on average, and the longest string.
    round_seconds, round_iterations
        Size of a round, by the clock or, without a time limit, by count.
    """

    hot: float = 3.0
    cold: float = 0.08
    removals: float = 10.0
    longest: float = 10.0
    round_seconds: float = 0.15
    round_iterations: int = 1_000
    visits_per_thread: int = 60


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
        run = _Run(problem, self.tuning, budget, seed, offer)
        run.load(start or ())
        return run.go()


class _Run:
    """One search from beginning to end."""

    def __init__(
        self,
        problem: Problem,
        tuning: Tuning,
        budget: Budget,
        seed: int,
        offer: Callable[[Tours, int], None],
    ) -> None:
        self.tuning, self.budget, self.offer = tuning, budget, offer
        self.model, self.numbered = number(problem)
        m = self.model
        self.state = empty_state(m)
        threads = max(1, min(budget.threads, m.n // tuning.visits_per_thread))
        self.shops = [workshop(m, seed=seed, thread=k) for k in range(threads)]
        self.turns = np.random.default_rng(seed)
        self.spots = _spots(problem, m)
        self.unit = _unit(m)
        self.best = INF
        self.best_links: tuple[NDArray[np.int32], ...] | None = None
        self.offered = INF
        self.iterations = 0
        self.tasks = np.flatnonzero((m.node["mate"] < 0) | (m.node["is_pickup"] > 0)).astype(
            np.int32
        )

    # ---- the beginning --------------------------------------------------------------------

    def load(self, start: Sequence[Tour]) -> None:
        """Take over the start, then insert whatever is left out."""
        m, s = self.model, self.state
        problem = self.numbered.problem
        locked = Insertion(problem, Evaluator(problem)).locked()
        prefixes = [Tour(vehicle=name, steps=steps) for name, steps in locked.items()]
        given = dict(sequences_of(self.numbered, [*prefixes, *start]))
        shop = self.shops[0]
        for v, nodes in given.items():
            for option in _with_reloads(m, v, nodes):
                entries = np.array(option, np.int32)
                cost = route_cost(m, shop.scratch, v, entries, len(option)) if option else INF
                if cost < INF:
                    _put(m, s, v, option)
                    s.sums[v]["cost"], s.sums[v]["duty"] = cost, shop.scratch.facts[2]
                    break
        self._share_out(1)
        anneal(m, s, shop, 0, 1.0, 1.0, 1.0, 1.0)
        begin_slice(m, s, shop)
        self._keep(int(shop.tally[BEST]))
        self._offer()

    # ---- rounds ---------------------------------------------------------------------------

    def go(self) -> int:
        """Run rounds until the budget is over; return the iterations done."""
        budget, threads = self.budget, len(self.shops)
        per_second = 0.0
        last_offer = budget.spent()
        with ThreadPoolExecutor(threads) as pool:
            while not budget.over(self.iterations):
                size, progress, after = self._round(per_second)
                self._share_out(threads)
                hot, cold = self._temperature(progress), self._temperature(after)
                began = budget.spent()
                work = partial(self._slice, size=size, hot=hot, cold=cold)
                list(pool.map(work, self.shops))
                took = max(budget.spent() - began, 1e-6)
                per_second = size / took
                self.iterations += size * threads
                best = sum(int(shop.tally[BEST]) for shop in self.shops)
                if best < self.best:
                    self._keep(best)
                now = budget.spent()
                if self.best < self.offered and now - last_offer > 0.5:
                    self._offer()
                    last_offer = budget.spent()
        self._offer()
        return self.iterations

    def _slice(self, shop: Workshop, size: int, hot: float, cold: float) -> None:
        m, s = self.model, self.state
        if shop.tally[MINE] == 0:
            shop.tally[BEST] = shop.tally[CURRENT]
            return
        begin_slice(m, s, shop)
        used = int(np.count_nonzero(s.sums["count"]))
        mean = self.tasks.size / max(used, 1)
        longest = max(1.0, min(self.tuning.longest, mean))
        removals = min(self.tuning.removals, max(1.0, float(shop.tally[MINE]) / 2))
        anneal(m, s, shop, size, hot, cold, removals, longest)

    def _round(self, per_second: float) -> tuple[int, float, float]:
        """Return the round's iterations per thread, and how far the run is before and after it."""
        budget, threads = self.budget, len(self.shops)
        if budget.seconds is None:
            whole = budget.iterations or 1
            size = max(1, min(self.tuning.round_iterations, (whole - self.iterations) // threads))
            return size, self.iterations / whole, (self.iterations + size * threads) / whole
        left = budget.left()
        seconds = min(self.tuning.round_seconds, left)
        size = max(10, min(int(per_second * seconds), _LARGEST_ROUND)) if per_second else 200
        if budget.iterations is not None:
            size = max(1, min(size, (budget.iterations - self.iterations) // threads))
        before = min(budget.spent() / budget.seconds, 1.0)
        return size, before, min((budget.spent() + seconds) / budget.seconds, 1.0)

    def _temperature(self, progress: float) -> float:
        hot, cold = self.tuning.hot, self.tuning.cold
        return float(self.unit * hot * (cold / hot) ** min(progress, 1.0))

    # ---- who works on what ----------------------------------------------------------------

    def _share_out(self, threads: int) -> None:
        """Give every route and every visit that is left out to one thread."""
        m, s = self.model, self.state
        if threads == 1:
            s.sums["owner"] = 0
        else:
            self._split_routes(threads)
        route = s.link["route"][: m.n]
        routed = route >= 0
        angle = self.turns.random() * 2 * np.pi
        lost = self.tasks[~routed[self.tasks]]
        order = np.argsort(self._along(lost, angle), kind="stable")
        parts = np.array_split(lost[order], threads)
        owner_of = np.where(routed, s.sums["owner"][np.maximum(route, 0)], -1)
        every = s.link["route"]
        s.link["owner"] = np.where(every >= 0, s.sums["owner"][np.maximum(every, 0)], -1)
        for shop, absent in zip(self.shops[:threads], parts, strict=True):
            mine = np.flatnonzero(owner_of == shop.me)
            everything = np.concatenate([mine, absent])
            shop.tally[MINE] = everything.size
            shop.visits["mine"][: everything.size] = everything
            shop.tally[ABSENT] = absent.size
            shop.visits["absent"][: absent.size] = absent
            shop.hint[:] = 0
            own = s.sums["owner"] == shop.me
            shop.tally[CURRENT] = s.sums["cost"][own].sum() + m.node["skip"][absent].sum()

    def _along(self, nodes: NDArray[np.int32], angle: float) -> NDArray[np.float64]:
        x, y = self.spots
        along: NDArray[np.float64] = x[nodes] * np.cos(angle) + y[nodes] * np.sin(angle)
        return along

    def _split_routes(self, threads: int) -> None:
        m, s = self.model, self.state
        x, y = self.spots
        route = s.link["route"][: m.n]
        some = np.flatnonzero(route >= 0)
        count = np.bincount(route[some], minlength=m.vehicles)
        safe = np.maximum(count, 1)
        cx = np.bincount(route[some], weights=x[some], minlength=m.vehicles) / safe
        cy = np.bincount(route[some], weights=y[some], minlength=m.vehicles) / safe
        angle = self.turns.random() * 2 * np.pi
        used = np.flatnonzero(count)
        if self.turns.random() < 0.5 and used.size:
            # By angle around the middle, as the petals of routes lie; else in parallel strips.
            key = (np.arctan2(cy - cy[used].mean(), cx - cx[used].mean()) + angle) % (2 * np.pi)
        else:
            key = cx * np.cos(angle) + cy * np.sin(angle)
        order = used[np.argsort(key[used], kind="stable")]
        done = np.cumsum(count[order]) - count[order] / 2
        s.sums["owner"][order] = np.minimum(done * threads // max(some.size, 1), threads - 1)
        by_kind = m.fleet["in_order_of_kind"][:-1]
        idle = by_kind[count[by_kind] == 0]
        s.sums["owner"][idle] = (np.arange(idle.size) + int(self.turns.integers(threads))) % threads

    # ---- the best -------------------------------------------------------------------------

    def _keep(self, cost: int) -> None:
        s = self.state
        self.best = cost
        self.best_links = (s.best.copy(), s.slots["best"].copy())

    def _offer(self) -> None:
        if self.best_links is None or self.best >= self.offered:
            return
        self.offered = self.best
        m = self.model
        links, slots = self.best_links
        sequences = []
        for v in range(m.vehicles):
            nodes = []
            x = int(links[m.n + v])
            while x != m.n + m.vehicles + v:
                nodes.append(x if x < m.n else -1 - int(slots[x - m.n - 2 * m.vehicles]))
                x = int(links[x])
            sequences.append((v, nodes))
        self.offer(tours_of(self.numbered, sequences), self.iterations)


def _put(m: Model, s: State, v: int, nodes: Sequence[int]) -> None:
    """Link a given order of nodes into an idle vehicle's route."""
    clear(m, s, v)
    x = m.n + v
    for node in nodes:
        if node < 0:
            x = take_slot(m, s, v, x, -1 - node)
        else:
            join(s, x, node)
            s.link[node]["route"] = v
            x = node
    retime(m, s, v)


def _with_reloads(m: Model, v: int, nodes: Sequence[int]) -> Iterator[list[int]]:
    """Yield an order as it is, then with one reload of the vehicle put in somewhere."""
    yield list(nodes)
    reloads = int(m.fleet[v]["reloads_end"] - m.fleet[v]["reloads"])
    for r in range(reloads):
        for at in range(len(nodes) + 1):
            yield [*nodes[:at], -1 - r, *nodes[at:]]


def _spots(problem: Problem, m: Model) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Return a point for each visit, for sharing out the work only."""
    x = np.array([place.x for place in problem.places], np.float64)
    y = np.array([place.y for place in problem.places], np.float64)
    place = m.node["place"]
    return x[place], y[place]


def _unit(m: Model) -> float:
    """Return the mean cost between a visit and its close neighbours: the scale of temperature."""
    metre = float(m.fleet["per_metre"][:-1].mean())
    second = float(m.fleet["per_second"][:-1].mean())
    some = np.arange(m.n) if m.n <= 2_000 else np.linspace(0, m.n - 1, 2_000).astype(np.int64)
    close = m.near[some, 1 : min(11, m.near.shape[1])]
    rows = np.repeat(some, close.shape[1])[close.ravel() >= 0]
    columns = close.ravel()[close.ravel() >= 0]
    if rows.size == 0:
        return 1.0
    a, b = m.node["place"][rows], m.node["place"][columns]
    if m.planar:
        cost = np.hypot(*(m.xy[a] - m.xy[b]).T) * m.scale * (metre + second)
    else:
        cost = m.metres[0][a, b] * metre + m.seconds[0][a, b] * second
    return max(float(cost.mean()), 1.0)
