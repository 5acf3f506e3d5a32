"""
One search: rounds in which threads work side by side on different routes.

The cost of a plan is a sum over routes, so threads that own different routes can change them at the
same time and the changes add up. Between rounds the routes are shared out anew along a line in a
new direction, which lets every pair of neighbouring routes meet before long. A round takes a
fraction of a second; between rounds the clock, the stop flag and the callback are looked at. With a
limit on iterations alone every round has the same size, so that a seed gives one plan whatever the
machine does.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
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
from solver.search.arrays import Model, Numbered, sequences_of, tours_of
from solver.search.evaluate import route_cost
from solver.search.fewer import shrink
from solver.search.mixing import Mixer
from solver.search.records import BROUGHT, INF, TAKEN
from solver.search.state import drive_order, empty_state, rest
from solver.search.workshop import ABSENT, BEST, CURRENT, MINE, REBUILDS, Workshop, workshop

_LARGEST_ROUND = 12_000
"""Iterations: a clock that stands still must not make a round endless."""

_DEAR_VEHICLE = 2.0
"""A vehicle that costs so many times what its route does otherwise is worth a search of its own."""

_FIRST_SHARE = 0.2
_SHRINK_SHARE = 0.3
"""The shares of the time for the plan that this search begins with, and for itself."""

_REBUILDS_FIRST, _REBUILDS_LAST = 0.1, 0.005
"""How often whole routes are rebuilt where vehicles differ: in the end, and the more at first."""

_POOL_FROM = 0.4
"""Routes are remembered from this share of the time on; earlier ones are too dear."""

_RECOMBINE_SHARE = 0.06
_LEAST_TO_RECOMBINE = 60
"""The share of the time for set partitioning, and the least visits that it is worth it for."""

Routes = list[tuple[int, list[int]]]
Links = tuple[NDArray[np.int32], ...]


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
    visits_per_thread, visits_alone
        Threads that work side by side have so many visits each at least; up to `visits_alone` in
        all, every thread has a search of its own instead.
    """

    hot: float = 3.0
    cold: float = 0.08
    removals: float = 10.0
    longest: float = 10.0
    round_seconds: float = 0.15
    round_iterations: int = 1_000
    visits_per_thread: int = 60
    visits_alone: int = 500


class Run:
    """One search from beginning to end."""

    def __init__(
        self,
        numbers: tuple[Model, Numbered],
        tuning: Tuning,
        budget: Budget,
        seed: int,
        offer: Callable[[Tours, int], None],
    ) -> None:
        self.tuning, self.budget, self.offer = tuning, budget, offer
        self.model, self.numbered = numbers
        m = self.model
        problem = self.numbered.problem
        self.state = empty_state(m)
        threads = max(1, min(budget.threads, m.n // tuning.visits_per_thread))
        self.shops = [workshop(m, seed=seed, thread=k) for k in range(threads)]
        self.turns = np.random.default_rng(seed)
        self.spots = _spots(problem, m)
        self.unit = _unit(m)
        self.best = INF
        self.best_links: Links | None = None
        self.seed = seed
        # Set partitioning does not know that a locked beginning must be driven by its vehicle.
        apart = bool(m.node["lock"].any()) or m.n < _LEAST_TO_RECOMBINE
        self.mixer = None if apart else Mixer(m, self.shops)
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
        locks = dict(sequences_of(self.numbered, prefixes))
        given = {**locks, **dict(sequences_of(self.numbered, start))}
        shop = self.shops[0]
        for v, nodes in _each_once(m, given, locks).items():
            for option in _with_reloads(m, v, nodes):
                entries = np.array(option, np.int32)
                cost = route_cost(m, shop.scratch, v, entries, len(option)) if option else INF
                if cost < INF:
                    drive_order(m, s, v, entries, len(option))
                    s.sums[v]["cost"], s.sums[v]["duty"] = cost, shop.scratch.facts[2]
                    break
        self._share_out(1)
        anneal(m, s, shop, 0, 1.0, 1.0, 1.0, 1.0)
        begin_slice(m, s, shop)
        self._keep(int(shop.tally[BEST]))
        self._offer()

    # ---- rounds ---------------------------------------------------------------------------

    def go(self) -> None:
        """Run rounds until the budget is over."""
        if self._vehicles_first():
            # Routes that are good already leave more room to those that must go.
            self._rounds(0.0, _FIRST_SHARE)
            self._shrink(_FIRST_SHARE + _SHRINK_SHARE)
            self._rounds(min(self._progress(), 0.99), 1.0)
        else:
            self._rounds(0.0, 1.0)
        self._offer()

    def finish(self, runs: Sequence[Run]) -> None:
        """Mix the routes of all these runs, this one among them."""
        if self.mixer is not None:
            self._recombine([run.mixer for run in runs if run.mixer is not None])
        self._offer()

    def _rounds(self, begin: float, end: float) -> None:
        """Anneal from one share of the budget to another, from hot to cold."""
        last = end == 1.0 and self.mixer is not None
        if last and self.budget.seconds is not None:
            end -= _RECOMBINE_SHARE
        budget, threads = self.budget, len(self.shops)
        per_second = 0.0
        last_offer = budget.spent()
        with ThreadPoolExecutor(threads) as pool:
            while not budget.over(self.iterations):
                size, progress, after = self._round(per_second, end)
                if progress >= end:
                    break
                overall = progress
                progress = (progress - begin) / (end - begin)
                after = (after - begin) / (end - begin)
                self._share_out(threads)
                hot, cold = self._temperature(progress), self._temperature(after)
                rebuilds = _REBUILDS_LAST + _REBUILDS_FIRST * (1.0 - min(progress, 1.0)) ** 2
                for shop in self.shops:
                    shop.tally[REBUILDS] = int(1e4 * rebuilds)
                began = budget.spent()
                work = partial(self._slice, size=size, hot=hot, cold=cold)
                list(pool.map(work, self.shops))
                took = max(budget.spent() - began, 1e-6)
                per_second = size / took
                self.iterations += size * threads
                best = sum(int(shop.tally[BEST]) for shop in self.shops)
                if best < self.best:
                    self._keep(best)
                if last and self.mixer is not None and overall > _POOL_FROM:
                    self.mixer.note()
                now = budget.spent()
                if self.best < self.offered and now - last_offer > 0.5:
                    self._offer()
                    last_offer = budget.spent()

    def _slice(self, shop: Workshop, size: int, hot: float, cold: float) -> None:
        m, s = self.model, self.state
        if shop.tally[MINE] == 0:
            shop.tally[BEST] = shop.tally[CURRENT]
            return
        begin_slice(m, s, shop)
        longest, removals = self._sizes(shop)
        anneal(m, s, shop, size, hot, cold, removals, longest)

    def _sizes(self, shop: Workshop) -> tuple[float, float]:
        """Return the longest string, and how many visits to remove on average."""
        used = int(np.count_nonzero(self.state.sums["count"]))
        longest = max(1.0, min(self.tuning.longest, self.tasks.size / max(used, 1)))
        return longest, min(self.tuning.removals, max(1.0, float(shop.tally[MINE]) / 2))

    def _round(self, per_second: float, end: float) -> tuple[int, float, float]:
        """Return the round's iterations per thread, and how far the run is before and after it."""
        budget, threads = self.budget, len(self.shops)
        if budget.seconds is None:
            whole = budget.iterations or 1
            rest_of_it = (int(whole * end) - self.iterations) // threads
            size = max(1, min(self.tuning.round_iterations, rest_of_it))
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
        return float(self.unit * hot * (cold / hot) ** min(max(progress, 0.0), 1.0))

    # ---- the best of all routes seen ------------------------------------------------------

    def _priced(self, sequences: Routes) -> list[tuple[int, list[int], int]]:
        """Return kind, nodes and exact cost of each route that has visits."""
        m, scratch = self.model, self.shops[0].scratch
        return [
            (
                int(m.fleet[v]["kind"]),
                nodes,
                int(route_cost(m, scratch, v, np.array(nodes, np.int32), len(nodes))),
            )
            for v, nodes in sequences
            if any(node >= 0 for node in nodes)
        ]

    def _recombine(self, mixers: Sequence[Mixer]) -> None:
        """Put the best plan together from all routes in the pool, in the time that is left."""
        m, budget = self.model, self.budget
        assert self.mixer is not None
        kinds = m.fleet["kind"][:-1]
        left = None if budget.seconds is None else budget.left() * 0.9
        if budget.stop() or (left is not None and left <= 0):
            return
        incumbent = self._priced(self._sequences())
        if not incumbent:
            return
        others = [mixer for mixer in mixers if mixer is not self.mixer]
        chosen = self.mixer.best(incumbent, others, budget=budget, seconds=left, seed=self.seed)
        if chosen is None:
            return
        free = {kind: iter(np.flatnonzero(kinds == kind).tolist()) for kind in range(m.kind_count)}
        routes = {next(free[kind]): list(nodes) for kind, nodes in chosen}
        self._place([(v, routes.get(v, [])) for v in range(m.vehicles)])
        self._keep_all()

    # ---- fewer vehicles -------------------------------------------------------------------

    def _vehicles_first(self) -> bool:
        """Tell whether a vehicle costs more than all that its route could save elsewhere."""
        m, sums = self.model, self.state.sums
        used = sums["count"] > 0
        if used.sum() < 2 or not m.fleet["fixed"][:-1].all():
            return False
        fixed = m.fleet["fixed"][:-1][used]
        moving = sums["cost"][used] - fixed
        return bool(fixed.min() > _DEAR_VEHICLE * moving.mean())

    def _shrink(self, end: float) -> None:
        """Dissolve routes one by one up to a share of the time, then go back to the best plan."""
        self._restore()
        s, budget, threads = self.state, self.budget, len(self.shops)
        least = _fewest_vehicles(self.model)
        size = 200 if budget.seconds else min(200, (budget.iterations or 1) // 10 + 1)
        while not budget.over(self.iterations) and self._progress() < end:
            if not (s.link["route"][self.tasks] < 0).any():
                self._keep_all()
                if np.count_nonzero(s.sums["count"]) <= least or not self._dissolve():
                    break
            self._share_out(threads)
            began = budget.spent()
            with ThreadPoolExecutor(threads) as pool:
                list(pool.map(partial(self._squeeze, size=size), self.shops))
            self.iterations += size * threads
            if budget.seconds is not None:
                took = max(budget.spent() - began, 1e-6)
                size = int(np.clip(size * self.tuning.round_seconds / 3 / took, 20, 2 * size))
                size = min(size, _LARGEST_ROUND)
        self._restore()

    def _progress(self) -> float:
        budget = self.budget
        if budget.seconds is not None:
            return budget.spent() / budget.seconds
        return self.iterations / (budget.iterations or 1)

    def _squeeze(self, shop: Workshop, size: int) -> None:
        if shop.tally[MINE] == 0 or shop.tally[ABSENT] == 0:
            return
        begin_slice(self.model, self.state, shop)
        longest, removals = self._sizes(shop)
        shrink(self.model, self.state, shop, size, self.unit, removals, longest)

    def _dissolve(self) -> bool:
        """Empty the route whose visits have found room most easily; False if none may go."""
        m, s = self.model, self.state
        route = s.link["route"][: m.n]
        hard = np.bincount(route, weights=1.0 + s.absences[: m.n], minlength=m.vehicles)
        fixed = np.bincount(route, weights=m.node["lock"], minlength=m.vehicles) > 0
        open_routes = np.flatnonzero((s.sums["count"] > 0) & ~fixed)
        if open_routes.size < 2:
            return False
        v = int(open_routes[np.argmin(hard[open_routes])])
        gone = np.flatnonzero(route == v)
        rest(m, s, v)
        s.link["route"][gone] = s.link["owner"][gone] = -1
        s.sums[v]["duty"] = 0
        return True

    def _keep_all(self) -> None:
        """Take the present solution, in which nothing is left out, if it is the best."""
        self._share_out(1)
        begin_slice(self.model, self.state, self.shops[0])
        if int(self.shops[0].tally[BEST]) < self.best:
            self._keep(int(self.shops[0].tally[BEST]))
            self._offer()

    def _restore(self) -> None:
        """Make the best plan the present one."""
        self._place(self._sequences())

    def _place(self, sequences: Routes) -> None:
        """Make these routes, one for each vehicle, the present solution."""
        m, s = self.model, self.state
        s.link["route"][: m.n] = s.link["owner"][: m.n] = -1
        for v, nodes in sequences:
            entries = np.array(nodes, np.int32)
            drive_order(m, s, v, entries, len(nodes))
            visits = [node for node in nodes if node >= 0]
            scratch = self.shops[0].scratch
            s.sums[v]["cost"] = route_cost(m, scratch, v, entries, len(nodes)) if visits else 0
            s.sums[v]["duty"] = scratch.facts[2] if visits else 0

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
        self.offer(tours_of(self.numbered, self._sequences()), self.iterations)

    def _sequences(self, links_and_slots: Links | None = None) -> Routes:
        """Return a plan, the best one, as pairs of a vehicle and its nodes, idle vehicles too."""
        m = self.model
        given = links_and_slots or self.best_links
        assert given is not None
        links, slots = given[0].tolist(), given[1].tolist()
        sequences = []
        for v in range(m.vehicles):
            nodes = []
            x = links[m.n + v]
            while x != m.n + m.vehicles + v:
                nodes.append(x if x < m.n else -1 - slots[x - m.n - 2 * m.vehicles])
                x = links[x]
            sequences.append((v, nodes))
        return sequences


def _each_once(
    m: Model, given: Mapping[int, Sequence[int]], locks: Mapping[int, Sequence[int]]
) -> dict[int, list[int]]:
    """Keep every visit on one route only, locked ones at the beginning of their own vehicle's."""
    home = {node: v for v, nodes in locks.items() for node in nodes if node >= 0}
    result: dict[int, list[int]] = {}
    for v, nodes in given.items():
        prefix = list(locks.get(v, ()))
        rest = list(nodes)
        if rest[: len(prefix)] == prefix:
            rest = rest[len(prefix) :]
        strangers = {node for node in rest if home.get(node) is not None}
        strangers |= {int(m.node[node]["mate"]) for node in strangers if home[node] != v}
        result[v] = prefix + [node for node in rest if node < 0 or node not in strangers]
        for node in result[v]:
            if node >= 0:
                home.setdefault(node, v)
    return result


def _with_reloads(m: Model, v: int, nodes: Sequence[int]) -> Iterator[list[int]]:
    """Yield an order as it is, then with one reload of the vehicle put in somewhere."""
    yield list(nodes)
    reloads = int(m.fleet[v]["reloads_end"] - m.fleet[v]["reloads"])
    for r in range(reloads):
        for at in range(len(nodes) + 1):
            yield [*nodes[:at], -1 - r, *nodes[at:]]


def _fewest_vehicles(m: Model) -> int:
    """Return how many vehicles the goods of jobs need at least, by room alone."""
    if m.slots or not m.vehicles:
        return 1
    fewest = 1
    for d in range(m.dimensions):
        goods = max(int(m.amount[:, d, BROUGHT].sum()), int(m.amount[:, d, TAKEN].sum()))
        room = np.cumsum(np.sort(np.minimum(m.capacity[:, d], max(goods, 1)))[::-1])
        fewest = max(fewest, int(np.searchsorted(room, goods)) + 1)
    return fewest


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
