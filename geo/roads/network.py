"""A loaded road graph: points onto roads, times over the hierarchy, the roads of one way."""

from __future__ import annotations

import math
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.errors import OffRoadError, UnknownProfileError
from geo.roads import kernels
from geo.roads.kernels import NONE
from geo.roads.store import read_facts, read_graph
from geo.types import LatLon

SHIFT = 28
DISTANCE = (1 << SHIFT) - 1
"""The low bits of a weight are decimetres, the high ones milliseconds."""

_DEGREE = math.radians(1) * 6_371_008.8
_BEHIND = 200.0
"""An island's road must be so many metres nearer than the main network's to claim a point."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Snapped:
    """
    Points on roads; n of each.

    Parameters
    ----------
    edge, share
        The edge, and how far along it (0 to 1) the point's road place lies.
    metres
        From the point to the road.
    """

    edge: NDArray[np.int64]
    share: NDArray[np.float64]
    metres: NDArray[np.float64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Metric:
    """One profile in one period: arc weights, the edge or node behind each, edge weights."""

    up: NDArray[np.int64]
    down: NDArray[np.int64]
    by_up: NDArray[np.int32]
    by_down: NDArray[np.int32]
    edges: NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class Ends:
    """Up to two (node, weight) for each point, to begin from or to end at."""

    nodes: NDArray[np.int64]
    costs: NDArray[np.int64]


class Network:
    """
    The road graph of a folder, ready to be asked.

    Parameters
    ----------
    folder
        As `geo.roads.build` wrote it.
    """

    def __init__(self, folder: Path) -> None:
        stored = read_graph(folder)
        self.folder = folder
        self.fingerprint = stored.fingerprint
        self.facts = stored.facts
        self.arrays = stored.arrays
        self.profiles: tuple[str, ...] = tuple(stored.facts["profiles"])
        self.periods: tuple[str, ...] = tuple(stored.facts["periods"])
        self._metrics: dict[tuple[str, str], Metric] = {}
        self._trees: dict[str, tuple[Any, Any, Any, Any]] = {}
        self._degrees: NDArray[np.int64] | None = None
        line = stored.arrays["line"]
        self._flat = math.cos(math.radians(float(line[:, 0].mean())))
        self._plane = np.stack([line[:, 1] * _DEGREE * self._flat, line[:, 0] * _DEGREE], 1)
        self._rivers = self._river_tree()

    def number(self, profile: str) -> int:
        """Return the number of a profile."""
        if profile not in self.profiles:
            raise UnknownProfileError(profile=profile, known=self.profiles)
        return self.profiles.index(profile)

    def metric(self, profile: str, period: str) -> Metric:
        """Return the weights of a profile in a period; worked out when first asked for."""
        key = (profile, period)
        if key not in self._metrics:
            a = self.arrays
            times = a["milliseconds"][self.number(profile), self.periods.index(period)]
            edges = np.where(times < NONE, (times << SHIFT) + a["decimetres"][None, :], NONE)
            size = len(a["up_head"])
            up, down = np.full(size, NONE, np.int64), np.full(size, NONE, np.int64)
            by_up, by_down = np.zeros(size, np.int32), np.zeros(size, np.int32)
            tails = np.concatenate([a["tail"], a["head"]])
            heads = np.concatenate([a["head"], a["tail"]])
            starts, highs = a["up_start"], a["up_head"]
            kernels.seed(starts, highs, tails, heads, edges.reshape(-1), up, down, by_up, by_down)
            kernels.customise(starts, highs, up, down, by_up, by_down)
            self._metrics[key] = Metric(up=up, down=down, by_up=by_up, by_down=by_down, edges=edges)
        return self._metrics[key]

    # ---- points onto roads ----------------------------------------------------------------------

    def snap(self, points: Sequence[LatLon], profile: str, *, farthest: float) -> Snapped:
        """
        Put points onto the nearest road that a profile may use.

        Raises
        ------
        OffRoadError
            Some points have no road within `farthest` metres, or only one that is cut off from
            all others; `.rows` lists them.
        """
        import shapely

        size = len(points)
        edge, metres = np.full(size, -1), np.full(size, np.inf)
        share = np.zeros(size)
        across: list[int] = []
        cut_off = np.full(size, np.inf)
        if size:
            main, lines, island, island_tree = self._tree(profile)
            tree, numbers = main
            flat = np.array([(p.lon * self._flat, p.lat) for p in points]) * _DEGREE
            dots: Any = shapely.points(flat)
            pairs, apart = tree.query_nearest(
                dots, max_distance=farthest, return_distance=True, all_matches=True
            )
            # Of equally near roads the first, whatever order the tree holds them in.
            for k in np.lexsort((pairs[1], pairs[0]))[::-1]:
                row = pairs[0, k]
                edge[row], metres[row] = numbers[pairs[1, k]], apart[k]
                share[row] = pairs[1, k]
            held = np.flatnonzero(edge >= 0)
            own = lines[share[held].astype(np.int64)]
            along = shapely.line_locate_point(own, dots[held], normalized=True)
            share[held] = np.clip(np.nan_to_num(along), 0, 1)
            across = self._bridge_needed(
                np.flatnonzero(edge >= 0), dots, tree, lines, numbers, edge, share, metres, farthest
            )
            if island_tree is not None and len(island):
                pairs, apart = island_tree.query_nearest(
                    dots, max_distance=farthest, return_distance=True, all_matches=False
                )
                cut_off[pairs[0]] = apart
        lost = np.flatnonzero((edge < 0) | (cut_off + _BEHIND < metres))
        if len(lost):
            raise OffRoadError(
                rows=lost.tolist(),
                points=[points[k] for k in lost[:3]],
                islands=[k for k in lost.tolist() if np.isfinite(cut_off[k])],
                across=across,
                asked=size,
                profile=profile,
                farthest=farthest,
                covers=self.covers(),
            )
        return Snapped(edge=edge, share=share, metres=metres)

    def _bridge_needed(
        self,
        held: NDArray[np.int64],
        dots: Any,
        tree: Any,
        lines: Any,
        numbers: NDArray[np.int64],
        edge: NDArray[np.int64],
        share: NDArray[np.float64],
        metres: NDArray[np.float64],
        farthest: float,
    ) -> list[int]:
        """
        Move points whose road lies across a river to the nearest one on their own bank.

        Returns the rows of those that have none there; their edge becomes -1.
        """
        import shapely

        if self._rivers is None or not len(held):
            return []
        row_of = {int(number): k for k, number in enumerate(numbers.tolist())}
        own = lines[[row_of[int(e)] for e in edge[held]]]
        wet = held[self._wet(shapely.shortest_line(dots[held], own))]
        lost: list[int] = []
        for row in wet.tolist():
            near = tree.query(dots[row], predicate="dwithin", distance=farthest)
            apart = shapely.distance(dots[row], lines[near])
            near, apart = near[np.argsort(apart, kind="stable")], np.sort(apart)
            dry = np.flatnonzero(~self._wet(shapely.shortest_line(dots[row], lines[near])))
            if not len(dry):
                edge[row] = -1
                lost.append(row)
                continue
            chosen = int(near[dry[0]])
            edge[row], metres[row] = numbers[chosen], apart[dry[0]]
            along = shapely.line_locate_point(lines[chosen], dots[row], normalized=True)
            share[row] = float(np.clip(np.nan_to_num(along), 0, 1))
        return lost

    def _wet(self, ways: Any) -> NDArray[np.bool_]:
        """
        Tell which ways from points to roads cross a river.

        Their very ends do not count: a road on a bridge is dry, and a point in the middle of the
        water is on neither side.
        """
        import shapely

        ends = shapely.get_point(ways, 0), shapely.get_point(ways, -1)
        (x, y), (u, v) = ((shapely.get_x(end), shapely.get_y(end)) for end in ends)
        inner = [x + (u - x) * 0.01, y + (v - y) * 0.01, u + (x - u) * 0.01, v + (y - v) * 0.01]
        shorter = np.stack(inner, -1).reshape(-1, 2, 2)
        wet = np.zeros(len(shorter), bool)
        assert self._rivers is not None
        wet[self._rivers.query(shapely.linestrings(shorter), predicate="intersects")[0]] = True
        return wet

    def covers(self) -> str:
        """Return the box of the graph in words."""
        low, high = self.arrays["line"].min(0), self.arrays["line"].max(0)
        return f"{low[0]:.2f} to {high[0]:.2f} N, {low[1]:.2f} to {high[1]:.2f} E"

    def _tree(self, profile: str) -> tuple[Any, Any, Any, Any]:
        if profile not in self._trees:
            import shapely

            p = self.number(profile)
            made = []
            for name in ("main", "island"):
                numbers = np.flatnonzero(self.arrays[name][p])
                lines = self._lines(numbers)
                made.append((numbers, lines, shapely.STRtree(lines) if len(numbers) else None))
            (numbers, lines, tree), (island, _, island_tree) = made
            if tree is None:
                tree = shapely.STRtree([])
            self._trees[profile] = ((tree, numbers), lines, island, island_tree)
        return self._trees[profile]

    def _river_tree(self) -> Any:
        """Return a tree of the rivers, or None where there is none."""
        import shapely

        start, points = self.arrays["river_start"], self.arrays["river"]
        if len(start) < 2:
            return None
        which = np.repeat(np.arange(len(start) - 1), np.diff(start))
        flat = np.stack([points[:, 1] * self._flat, points[:, 0]], 1) * _DEGREE
        rivers: Any = shapely.linestrings(flat, indices=which)
        return shapely.STRtree(rivers)

    def _lines(self, numbers: NDArray[Any]) -> Any:
        import shapely

        start = self.arrays["line_start"]
        counts = start[numbers + 1] - start[numbers]
        which = np.repeat(np.arange(len(numbers)), counts)
        first = np.repeat(start[numbers] - np.cumsum(counts) + counts, counts)
        points = self._plane[first + np.arange(int(counts.sum()))]
        return shapely.linestrings(points, indices=which)

    # ---- many to many ---------------------------------------------------------------------------

    def ends(self, spots: Snapped, metric: Metric, profile: str, *, leaving: bool) -> Ends:
        """Return where ways from (or to) the points begin, with what lies before."""
        a = self.arrays
        tail, head = a["tail"][spots.edge], a["head"][spots.edge]
        before, after = self._split(spots, metric)
        access = self.access(spots, profile)
        # Onwards one leaves over the head and arrives over the tail; backwards the reverse.
        onwards = (after if leaving else before)[0]
        back = (before if leaving else after)[1]
        nodes = np.stack([head, tail] if leaving else [tail, head], 1).astype(np.int64)
        costs = np.stack([onwards, back], 1)
        nodes[costs >= NONE] = -1
        return Ends(nodes=nodes, costs=costs + access[:, None])

    def access(self, spots: Snapped, profile: str) -> NDArray[np.int64]:
        """Return the weight from the points to their roads."""
        kmh = float(self.facts["access_kmh"][profile])
        long = np.ceil(spots.metres * 3600 / kmh).astype(np.int64)
        return (long << SHIFT) + np.ceil(spots.metres * 10).astype(np.int64)

    def _split(self, spots: Snapped, metric: Metric) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Return weights (2, n), forwards and backwards, of an edge before and after a point."""
        whole = metric.edges[:, spots.edge]
        time, far = whole >> SHIFT, whole & DISTANCE
        first = np.floor(time * spots.share).astype(np.int64)
        near = np.floor(far * spots.share).astype(np.int64)
        before = (first << SHIFT) + near
        after = ((time - first) << SHIFT) + far - near
        closed = whole >= NONE
        return np.where(closed, NONE, before), np.where(closed, NONE, after)

    def weights(
        self, origins: Snapped, targets: Snapped, profile: str, period: str, *, threads: int
    ) -> NDArray[np.int64]:
        """Return the least weight from each origin to each target, (origins, targets)."""
        metric = self.metric(profile, period)
        s = self.ends(origins, metric, profile, leaving=True)
        t = self.ends(targets, metric, profile, leaving=False)
        out = self.sweep(
            metric.up, metric.down, s.nodes, s.costs, t.nodes, t.costs, threads=threads
        )
        self._along(origins, targets, metric, profile, out)
        return out

    def sweep(
        self,
        up: NDArray[np.int64],
        down: NDArray[np.int64],
        sources: NDArray[np.int64],
        source_costs: NDArray[np.int64],
        targets: NDArray[np.int64],
        target_costs: NDArray[np.int64],
        *,
        threads: int,
    ) -> NDArray[np.int64]:
        """Return the least weights between nodes, (sources, targets); see `kernels.sweep`."""
        a = self.arrays
        chosen = kernels.needed(a["up_start"], a["up_head"], targets.reshape(-1))
        part = kernels.restricted(a["up_start"], a["up_head"], down, chosen)
        out = np.empty((len(sources), len(targets)), np.int64)

        def run(low: int, high: int) -> None:
            kernels.sweep(
                a["up_start"], a["up_head"], up, *part,  # type: ignore[call-arg]
                sources[low:high], source_costs[low:high], targets, target_costs, out[low:high],
            )  # fmt: skip

        share = -(-len(sources) // max(threads, 1))
        cuts = [(k, min(k + share, len(sources))) for k in range(0, len(sources), max(share, 1))]
        with ThreadPoolExecutor(max(threads, 1)) as pool:
            for done in [pool.submit(run, low, high) for low, high in cuts]:
                done.result()
        return out

    def _along(
        self, origins: Snapped, targets: Snapped, metric: Metric, profile: str, out: NDArray[Any]
    ) -> None:
        """Where both ends lie on one edge, let the way between them along it count."""
        order = np.argsort(targets.edge, kind="stable")
        sorted_edges = targets.edge[order]
        low = np.searchsorted(sorted_edges, origins.edge, "left")
        high = np.searchsorted(sorted_edges, origins.edge, "right")
        before_s, _ = self._split(origins, metric)
        before_t, _ = self._split(targets, metric)
        leave, arrive = self.access(origins, profile), self.access(targets, profile)
        for i in np.flatnonzero(high > low):
            for j in order[low[i] : high[i]]:
                if before_s[0, i] < NONE and before_t[0, j] >= before_s[0, i]:
                    way = before_t[0, j] - before_s[0, i] + leave[i] + arrive[j]
                    out[i, j] = min(out[i, j], way)
                if before_s[1, i] < NONE and before_s[1, i] >= before_t[1, j]:
                    way = before_s[1, i] - before_t[1, j] + leave[i] + arrive[j]
                    out[i, j] = min(out[i, j], way)

    # ---- one way --------------------------------------------------------------------------------

    def way(
        self, origin: Snapped, target: Snapped, profile: str, period: str
    ) -> tuple[int, list[tuple[int, bool, float, float]]]:
        """Return a way's weight and its pieces: edge, forwards or not, from and to which share."""
        metric = self.metric(profile, period)
        best = int(self.weights(origin, target, profile, period, threads=1)[0, 0])
        e, f, g = int(origin.edge[0]), float(origin.share[0]), float(target.share[0])
        s = self.ends(origin, metric, profile, leaving=True)
        t = self.ends(target, metric, profile, leaving=False)
        up, up_by = self._climb(metric.up, s)
        down, down_by = self._climb(metric.down, t)
        met = [v for v in up if v in down]
        top = min(met, key=lambda v: (up[v] + down[v], v), default=-1)
        if top < 0 or up[top] + down[top] > best:
            return best, [(e, g >= f, f, g)]
        steps: list[tuple[int, bool]] = []
        first = self._trace(top, up_by, metric, steps, upwards=True)
        tail_steps: list[tuple[int, bool]] = []
        last = self._trace(top, down_by, metric, tail_steps, upwards=False)
        steps += tail_steps
        pieces = [(n, way, 0.0 if way else 1.0, 1.0 if way else 0.0) for n, way in steps]
        onwards = bool(s.nodes[0, 0] == first and up[first] == s.costs[0, 0])
        begin = (e, onwards, f, 1.0 if onwards else 0.0)
        onwards = bool(t.nodes[0, 0] == last and down[last] == t.costs[0, 0])
        finish = (int(target.edge[0]), onwards, 0.0 if onwards else 1.0, g)
        return best, [begin, *pieces, finish]

    def _climb(self, weight: Any, ends: Ends) -> tuple[dict[int, int], dict[int, int]]:
        a = self.arrays
        n = len(a["up_start"]) - 1
        reach, through = np.full(n, NONE, np.int64), np.full(n, -1, np.int64)
        chain = np.empty(n, np.int64)
        count = kernels.climb(
            a["up_start"], a["up_head"], weight, ends.nodes[0], ends.costs[0], reach, through, chain
        )
        nodes = [int(v) for v in chain[:count] if reach[v] < NONE]
        return {v: int(reach[v]) for v in nodes}, {v: int(through[v]) for v in nodes}

    def _trace(
        self,
        top: int,
        by: dict[int, int],
        metric: Metric,
        steps: list[tuple[int, bool]],
        *,
        upwards: bool,
    ) -> int:
        """Add the edges between the beginning and the top; return the node it began at."""
        arcs = []
        node = top
        while by[node] >= 0:
            arcs.append(by[node])
            node = int(np.searchsorted(self.arrays["up_start"], by[node], "right")) - 1
        for arc in reversed(arcs) if upwards else arcs:
            self._unpack(arc, upwards, metric, steps)
        return node

    def _unpack(
        self, arc: int, upwards: bool, metric: Metric, steps: list[tuple[int, bool]]
    ) -> None:
        a = self.arrays
        size = metric.edges.shape[1]
        stack = [(arc, upwards)]
        while stack:
            arc, upwards = stack.pop()
            by = int((metric.by_up if upwards else metric.by_down)[arc])
            if by < 0:
                e = -1 - by
                steps.append((e % size, e < size))
                continue
            low = int(np.searchsorted(a["up_start"], arc, "right")) - 1
            high = int(a["up_head"][arc])
            one = int(kernels.arc_of(a["up_start"], a["up_head"], by, low))
            two = int(kernels.arc_of(a["up_start"], a["up_head"], by, high))
            # Upwards: low -> middle -> high; the second half waits below the first.
            first, second = ((one, False), (two, True)) if upwards else ((two, False), (one, True))
            stack += [second, first]

    def piece_line(self, piece: tuple[int, bool, float, float]) -> list[LatLon]:
        """Return the points of a piece of a way, in driving order."""
        edge, _, begin, end = piece
        start = self.arrays["line_start"]
        rows = slice(int(start[edge]), int(start[edge + 1]))
        line, flat = self.arrays["line"][rows], self._plane[rows]
        steps = np.hypot(*np.diff(flat, axis=0).T)
        along = np.concatenate([[0.0], np.cumsum(steps)])
        share = along / along[-1] if along[-1] > 0 else along
        low, high = min(begin, end), max(begin, end)
        cuts = [low, *share[(share > low) & (share < high)].tolist(), high]
        lat, lon = np.interp(cuts, share, line[:, 0]), np.interp(cuts, share, line[:, 1])
        points = [LatLon(lat=float(y), lon=float(x)) for y, x in zip(lat, lon, strict=True)]
        return points if end >= begin else points[::-1]

    def piece_metres(self, piece: tuple[int, bool, float, float]) -> float:
        """Return the length of a piece of a way."""
        return float(self.arrays["decimetres"][piece[0]]) / 10 * abs(piece[3] - piece[2])

    def choice(self, piece: tuple[int, bool, float, float]) -> bool:
        """Tell whether more than one road goes on where a piece begins, for any profile."""
        edge, onwards, begin, _ = piece
        if begin not in (0.0, 1.0):
            return True
        if self._degrees is None:
            ends = np.concatenate([self.arrays["tail"], self.arrays["head"]])
            self._degrees = np.bincount(ends, minlength=len(self.arrays["node_lat"]))
        node = self.arrays["tail" if onwards else "head"][edge]
        return int(self._degrees[node]) > 2

    def called(self, edge: int) -> str:
        """Return the name of a road, else its number, else nothing."""
        name, ref = (str(self.arrays["texts"][k]) for k in self.arrays["names"][edge])
        return name or ref


@lru_cache(maxsize=4)
def _loaded(folder: Path, fingerprint: str) -> Network:
    return Network(folder)


def load(folder: Path) -> Network:
    """Return the network of a folder, loaded once for each process and each state of it."""
    return _loaded(folder.resolve(), str(read_facts(folder)["fingerprint"]))
