"""
How fast many-to-many road times are, against SciPy's Dijkstra on the same graph.

    python -m benchmarks.roads GRAPH.osm.pbf --points 3000 --tiles 1

`--tiles k` puts k x k copies of the extract side by side, joined at their borders, to reach the
size of a province. SciPy is given the same weights, from `--scipy-sources` of the points, and the
two are compared pair by pair.

    python -m benchmarks.roads GRAPH.osm.pbf --osrm http://127.0.0.1:5000

compares our van's quiet times instead with those of an OSRM server on the same extract. The wheel
`osrm-bindings` (Python 3.12 or newer, in an environment of its own) brings all that is needed; in
its folder `osrm`: `bin/osrm-extract -p share/profiles/car.lua X.osm.pbf`,
`bin/osrm-contract X.osrm`, `bin/osrm-routed X.osrm`.
"""

from __future__ import annotations

import argparse
import tempfile
import time
from pathlib import Path

import numpy as np
from scipy.sparse import csr_matrix
from scipy.sparse.csgraph import dijkstra
from scipy.spatial import cKDTree

from geo.osrm import OsrmTravel
from geo.roads import RoadProvider, build, kernels
from geo.roads.kernels import NONE
from geo.roads.network import SHIFT, Network
from geo.roads.ordering import dissection
from geo.types import LatLon


def main() -> None:
    parser = argparse.ArgumentParser(description="Road times many to many.")
    parser.add_argument("file", type=Path)
    parser.add_argument("--points", type=int, default=3_000)
    parser.add_argument("--tiles", type=int, default=1)
    parser.add_argument("--scipy-sources", type=int, default=20)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--osrm", help="address of an OSRM server with the same extract")
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        build(given.file, out=Path(folder) / "roads")
        if given.osrm:
            compare(Path(folder) / "roads", given.osrm, count=min(given.points, 500))
            return
        network = Network(Path(folder) / "roads")
    a = network.arrays
    lat, lon, tail, head, weight = tiled(network, given.tiles)
    size = len(lat)
    kernels.warm()
    began = time.perf_counter()
    order = dissection(lat, lon, tail, head)
    rank = np.empty(size, np.int64)
    rank[order] = np.arange(size)
    tail, head = rank[tail].astype(np.int32), rank[head].astype(np.int32)
    pairs = np.unique(np.stack([np.r_[tail, head], np.r_[head, tail]], 1), axis=0)
    start = np.r_[0, np.cumsum(np.bincount(pairs[:, 0], minlength=size))].astype(np.int64)
    up_start, up_head = kernels.chordal(start, pairs[:, 1].astype(np.int32))
    ordered = time.perf_counter() - began
    began = time.perf_counter()
    arcs = len(up_head)
    up, down = np.full(arcs, NONE), np.full(arcs, NONE)
    by = np.zeros(arcs, np.int32), np.zeros(arcs, np.int32)
    kernels.seed(up_start, up_head, tail, head, weight, up, down, *by)
    kernels.customise(up_start, up_head, up, down, *by)
    customised = time.perf_counter() - began
    network.arrays = {**a, "up_start": up_start, "up_head": up_head}
    print(f"{size:,} nodes, {len(tail):,} directed roads, {arcs:,} arcs of the hierarchy")
    print(f"order {ordered:.1f} s (once), weights of one profile and period {customised:.1f} s")
    points = np.random.default_rng(1).choice(size, given.points)
    nodes = np.stack([points, np.full(len(points), -1)], 1).astype(np.int64)
    costs = np.zeros(nodes.shape, np.int64)
    began = time.perf_counter()
    out = network.sweep(up, down, nodes, costs, nodes, costs, threads=given.threads)
    print(f"{given.points:,} x {given.points:,}: {time.perf_counter() - began:.2f} s")
    # SciPy adds floats: whole milliseconds stay exact, the packed weight would not.
    least: dict[tuple[int, int], int] = {}
    for x, y, w in zip(tail.tolist(), head.tolist(), (weight >> SHIFT).tolist(), strict=True):
        if w < NONE >> SHIFT:
            least[x, y] = min(w, least.get((x, y), w))
    keys = np.array(list(least))
    graph = csr_matrix((np.array(list(least.values()), float), keys.T), shape=(size, size))
    some = points[: given.scipy_sources]
    began = time.perf_counter()
    plain = dijkstra(graph, indices=some)[:, points]
    spent = time.perf_counter() - began
    whole = spent * given.points / len(some)
    print(f"scipy, {len(some)} sources: {spent:.2f} s, so {whole:.0f} s for all (one core)")
    ours = np.where(out[: len(some)] < NONE, out[: len(some)] >> SHIFT, np.inf)
    print(f"pairs that differ: {int((ours != plain).sum())} of {plain.size}")


def compare(folder: Path, url: str, *, count: int) -> None:
    """Print how our van's times and distances relate to OSRM's between points beside roads."""
    ours = RoadProvider(folder, traffic="quiet")
    a = ours.network.arrays
    rng = np.random.default_rng(1)
    edges = rng.choice(np.flatnonzero(a["main"].all(0)), count)
    places = a["line"][a["line_start"][edges]] + rng.normal(0, 2e-4, (count, 2))
    points = [LatLon(lat=float(lat), lon=float(lon)) for lat, lon in places]
    theirs = OsrmTravel(urls={"van": url})
    began = time.perf_counter()
    one = ours.matrix(points, profile="van")
    middle = time.perf_counter()
    two = theirs.matrix(points, profile="van")
    spent = time.perf_counter() - middle
    print(
        f"{count} x {count}: ours {middle - began:.2f} s with loading, OSRM by HTTP {spent:.2f} s"
    )
    far = two.metres > 1_000
    for name, mine, other in (
        ("time", one.seconds, two.seconds),
        ("distance", one.metres, two.metres),
    ):
        ratio = mine[far] / other[far]
        low, median, high = np.percentile(ratio, [5, 50, 95])
        print(
            f"{name}: ours / OSRM's median {median:.3f}, 5th percentile {low:.3f}, 95th percentile"
            f" {high:.3f}, {ratio.size:,} pairs more than 1 km apart"
        )


def tiled(network: Network, tiles: int) -> tuple[np.ndarray, ...]:
    """Return (lat, lon, tail, head, weight) of k x k copies joined where their borders are near."""
    a = network.arrays
    edges = network.metric("van", "quiet").edges
    lat, lon = a["node_lat"], a["node_lon"]
    high, wide = np.ptp(lat) * 1.002, np.ptp(lon) * 1.002
    size = len(lat)
    copies = [(i, j) for i in range(tiles) for j in range(tiles)]
    all_lat = np.concatenate([lat + i * high for i, _ in copies])
    all_lon = np.concatenate([lon + j * wide for _, j in copies])
    tails = [np.r_[a["tail"], a["head"]].astype(np.int64) + k * size for k in range(len(copies))]
    heads = [np.r_[a["head"], a["tail"]].astype(np.int64) + k * size for k in range(len(copies))]
    weights = [edges.reshape(-1)] * len(copies)
    for i, j in copies:
        for x, y in ((i + 1, j), (i, j + 1)):
            if (x, y) not in copies:
                continue
            one, two = copies.index((i, j)) * size, copies.index((x, y)) * size
            here = np.stack([all_lat, all_lon], 1)[one : one + size]
            there = np.stack([all_lat, all_lon], 1)[two : two + size]
            apart, near = map(np.asarray, cKDTree(here).query(there))
            joined = np.argsort(apart)[:20]
            tails += [near[joined] + one, joined + two]
            heads += [joined + two, near[joined] + one]
            weights += [np.full(20, (60_000 << SHIFT) + 5_000)] * 2
    return all_lat, all_lon, np.concatenate(tails), np.concatenate(heads), np.concatenate(weights)


if __name__ == "__main__":
    main()
