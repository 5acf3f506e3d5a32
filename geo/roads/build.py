"""
From ways to a stored road graph: cut to an area, simplified, connected, ordered.

A node of the graph is where ways meet or end; what lies between is one edge with its line. Of each
profile the largest strongly connected part is kept, so that everything kept reaches everything.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import networkx as nx
import numpy as np
from numpy.typing import NDArray

from geo.banks import great_circle_metres
from geo.roads.kernels import NONE, chordal
from geo.roads.ordering import dissection
from geo.roads.reading import Progress, RawRoads, Way, read_roads, unusable
from geo.roads.rules import PROFILES, Rules, read_rules
from geo.roads.store import write_graph

_DECIMETRES = 28
_NEAR = 0.05
"""Degrees about the roads in which rivers matter."""

_WORTH_NAMING = 1_000.0
"""Metres of road from which a cut off part is an island to be named and not a scrap."""


@dataclass(frozen=True, slots=True, kw_only=True)
class BuildSummary:
    """What was kept and what was cut off: counts, kilometres, by profile where it is a mapping."""

    nodes: int
    edges: int
    kilometres: float
    raw_nodes: int
    raw_ways: int
    shortcuts: int
    cut_edges: dict[str, int]
    cut_parts: dict[str, int]
    cut_kilometres: dict[str, float]


@dataclass(slots=True, kw_only=True)
class _Edges:
    tail: list[int]
    head: list[int]
    way: list[int]
    lines: list[tuple[int, ...]]


def _silent(step: str, done: int) -> None:
    return None


def build(
    source: Path,
    *,
    out: Path,
    area: str | None = None,
    tables: Path | None = None,
    progress: Progress = _silent,
) -> BuildSummary:
    """
    Build the road graph of an OpenStreetMap file and store it in a folder.

    Parameters
    ----------
    area
        GeoJSON text; only roads that touch its polygons are kept. None keeps all.
    tables
        A folder with the office's own speed tables.

    Raises
    ------
    TravelDataError
        The file or the area cannot be used; the finding says what to do.
    """
    rules = read_rules(tables)
    shape = _area(area, source)
    raw = read_roads(source, rules=rules, progress=progress)
    inside = _inside(raw, shape)
    if shape is not None and not inside:
        south, west, north, east = (shape.bounds[k] for k in (1, 0, 3, 2))
        box = raw.box
        assert box is not None
        raise unusable(
            source,
            f"no road of it lies in the area ({south:.2f} to {north:.2f} N, {west:.2f} to"
            f" {east:.2f} E); the file covers {box.south:.2f} to {box.north:.2f} N,"
            f" {box.west:.2f} to {box.east:.2f} E",
            "take the file of the country that the area lies in, or another area",
            "other_country",
            area=f"{south:.2f}-{north:.2f} N, {west:.2f}-{east:.2f} E",
            covers=f"{box.south:.2f}-{box.north:.2f} N, {box.west:.2f}-{box.east:.2f} E",
        )
    progress("simplify", 0)
    edges = _simplified(raw.ways, inside if shape is not None else None)
    if not edges.lines:
        raise unusable(source, "no road is left in the area", "take a larger area", "small_area")
    graph, summary = _connected(raw, edges, rules, progress)
    if not len(graph["tail"]):
        raise unusable(
            source,
            "no roads in it are connected with each other",
            "take a larger area or the whole country's file",
            "small_area",
        )
    progress("order", 0)
    order = dissection(graph["node_lat"], graph["node_lon"], graph["tail"], graph["head"])
    rank = np.empty(len(order), np.int32)
    rank[order] = np.arange(len(order), dtype=np.int32)
    graph["node_lat"], graph["node_lon"] = graph["node_lat"][order], graph["node_lon"][order]
    graph["tail"], graph["head"] = rank[graph["tail"]], rank[graph["head"]]
    start, neighbours = _symmetric(graph["tail"], graph["head"], len(order))
    graph["up_start"], graph["up_head"] = chordal(start, neighbours)
    graph["river"], graph["river_start"] = _rivers(raw, graph["line"])
    summary = BuildSummary(**{**asdict(summary), "shortcuts": len(graph["up_head"])})
    progress("store", 0)
    facts: dict[str, Any] = {
        "summary": asdict(summary),
        "profiles": list(PROFILES),
        "periods": list(rules.periods),
        "hours": [[s.period, s.begins, s.ends] for s in rules.slowings],
        "access_kmh": {v.name: v.access_kmh for v in rules.vehicles},
        "source": source.name,
    }
    write_graph(out, graph, facts)
    return summary


def _area(text: str | None, source: Path) -> Any:
    from shapely.errors import ShapelyError
    from shapely.geometry import shape as read
    from shapely.ops import unary_union

    if text is None:
        return None
    try:
        given = json.loads(text)
        features = given.get("features") or [given]
        parts = [read(f.get("geometry") or f) for f in features]
        whole = unary_union([part for part in parts if part.area > 0])
    except (ValueError, AttributeError, TypeError, KeyError, IndexError, ShapelyError) as error:
        raise unusable(
            source,
            f"the area is not GeoJSON ({' '.join(str(error).split())})",
            "give a GeoJSON file with the polygons of the districts",
            "no_geojson",
        ) from None
    if whole.is_empty:
        remedy = "give a GeoJSON file with polygons"
        raise unusable(source, "the area holds no polygon", remedy, "no_geojson")
    return whole


def _inside(raw: RawRoads, shape: Any) -> set[int]:
    if shape is None:
        return set()
    import shapely

    names = np.fromiter(raw.points, np.int64, len(raw.points))
    places = np.array(list(raw.points.values()))
    shapely.prepare(shape)
    held = shapely.contains_xy(shape, places[:, 1], places[:, 0])
    return set(names[held].tolist())


def _simplified(ways: Sequence[Way], inside: set[int] | None) -> _Edges:
    """Return the edges between nodes where ways meet or end; the rest becomes their line."""
    pieces: list[tuple[int, tuple[int, ...]]] = []
    for number, way in enumerate(ways):
        if inside is None:
            pieces.append((number, way.nodes))
            continue
        run: list[int] = []
        for a, b in zip(way.nodes, way.nodes[1:], strict=False):
            if a in inside or b in inside:
                run = [a, b] if not run else [*run, b]
            elif run:
                pieces.append((number, tuple(run)))
                run = []
        if run:
            pieces.append((number, tuple(run)))
    used: dict[int, int] = {}
    for _, nodes in pieces:
        for node in nodes:
            used[node] = used.get(node, 0) + 1
        used[nodes[0]] += 1
        used[nodes[-1]] += 1
    edges = _Edges(tail=[], head=[], way=[], lines=[])
    for number, nodes in pieces:
        begin = 0
        for k in range(1, len(nodes)):
            # A ring is cut where it would close, so that no edge ends where it began.
            closes = nodes[k] in nodes[begin:k]
            if used[nodes[k]] > 1 or closes:
                line = nodes[begin : k + 1]
                if line[0] == line[-1] and len(line) > 2:
                    half = len(line) // 2
                    parts = [line[: half + 1], line[half:]]
                else:
                    parts = [line]
                for part in parts:
                    edges.tail.append(part[0])
                    edges.head.append(part[-1])
                    edges.way.append(number)
                    edges.lines.append(part)
                begin = k
    return edges


def _connected(
    raw: RawRoads, edges: _Edges, rules: Rules, progress: Progress
) -> tuple[dict[str, Any], BuildSummary]:
    progress("connect", 0)
    names = np.array(sorted({*edges.tail, *edges.head}), np.int64)
    tail = np.searchsorted(names, np.array(edges.tail))
    head = np.searchsorted(names, np.array(edges.head))
    way = np.array(edges.way)
    onwards = np.array([w.onwards for w in raw.ways])[way]
    back = np.array([w.back for w in raw.ways])[way]
    lengths = np.array([len(line) for line in edges.lines])
    coordinates = np.array([raw.points[node] for line in edges.lines for node in line])
    line_start = np.concatenate([[0], np.cumsum(lengths)])
    metres = _lengths(coordinates, line_start)
    main = np.zeros((len(PROFILES), len(tail)), bool)
    island = np.zeros((len(PROFILES), len(tail)), bool)
    cut: dict[str, dict[str, Any]] = {"edges": {}, "parts": {}, "km": {}}
    for p, profile in enumerate(PROFILES):
        usable = (onwards[:, p] > 0) | (back[:, p] > 0)
        part = _parts(tail, head, onwards[:, p] > 0, back[:, p] > 0, len(names))
        within = usable & (part[tail] == part[head])
        sizes = np.bincount(part[tail][within], weights=metres[within], minlength=part.max() + 2)
        largest = int(sizes.argmax())
        main[p] = within & (part[tail] == largest)
        island[p] = within & ~main[p] & (sizes[part[tail]] >= _WORTH_NAMING)
        lost = usable & ~main[p]
        cut["edges"][profile] = int(lost.sum())
        cut["parts"][profile] = int(np.unique(part[tail[lost]]).size)
        cut["km"][profile] = round(float(metres[lost].sum()) / 1000, 1)
        progress("connect", p + 1)
    kept = np.flatnonzero((main | island).any(0))
    nodes = np.unique(np.concatenate([tail[kept], head[kept]]))
    texts: dict[str, int] = {"": 0}
    called = [(raw.ways[w].name, raw.ways[w].ref) for w in way[kept].tolist()]
    numbers = [
        [texts.setdefault(a, len(texts)), texts.setdefault(b, len(texts))] for a, b in called
    ]
    points = np.array([raw.points[k] for k in names[nodes].tolist()]).reshape(-1, 2)
    starts = np.concatenate([[0], np.cumsum(lengths[kept])])
    pick = np.concatenate(
        [np.empty(0, np.int64), *(np.arange(line_start[k], line_start[k + 1]) for k in kept)]
    )
    graph: dict[str, Any] = {
        "node_lat": points[:, 0],
        "node_lon": points[:, 1],
        "tail": np.searchsorted(nodes, tail[kept]).astype(np.int32),
        "head": np.searchsorted(nodes, head[kept]).astype(np.int32),
        "decimetres": np.maximum(np.rint(metres[kept] * 10), 1).astype(np.int64),
        "line_start": starts.astype(np.int64),
        "line": coordinates[pick.astype(np.int64)],
        "main": main[:, kept],
        "island": island[:, kept],
        "names": np.array(numbers, np.int32).reshape(-1, 2),
        "texts": np.array(list(texts), dtype=np.str_),
        "roundabout": np.array([raw.ways[w].roundabout for w in way[kept].tolist()]),
    }
    graph["milliseconds"] = _times(
        rules,
        np.array([raw.ways[w].road_class for w in way[kept].tolist()]),
        np.stack([onwards[kept].T, back[kept].T]),
        metres[kept],
        coordinates[line_start[kept] + lengths[kept] // 2],
        main[:, kept],
    )
    summary = BuildSummary(
        nodes=len(nodes),
        edges=len(kept),
        kilometres=round(float(metres[kept].sum()) / 1000, 1),
        raw_nodes=len(raw.points),
        raw_ways=len(raw.ways),
        shortcuts=0,
        cut_edges=cut["edges"],
        cut_parts=cut["parts"],
        cut_kilometres=cut["km"],
    )
    return graph, summary


def _parts(
    tail: NDArray[Any], head: NDArray[Any], onwards: NDArray[Any], back: NDArray[Any], size: int
) -> NDArray[np.int64]:
    """Return the number of the strongly connected part of each node."""
    graph: nx.DiGraph[int] = nx.DiGraph()
    graph.add_edges_from(zip(tail[onwards].tolist(), head[onwards].tolist(), strict=True))
    graph.add_edges_from(zip(head[back].tolist(), tail[back].tolist(), strict=True))
    part = np.full(size, -1, np.int64)
    groups = sorted(nx.strongly_connected_components(graph), key=lambda g: (-len(g), min(g)))
    for number, group in enumerate(groups):
        part[list(group)] = number
    part[part < 0] = len(groups)
    return part


def _lengths(coordinates: NDArray[Any], start: NDArray[Any]) -> NDArray[np.float64]:
    angles = np.radians(coordinates)
    step = great_circle_metres(angles[:-1, 0], angles[:-1, 1], angles[1:, 0], angles[1:, 1])
    step[start[1:-1] - 1] = 0  # from the end of one line to the beginning of the next
    total = np.concatenate([[0.0], np.cumsum(step)])
    return np.asarray(total[start[1:] - 1] - total[start[:-1]], np.float64)


def _times(
    rules: Rules,
    classes: NDArray[Any],
    kmh: NDArray[Any],
    metres: NDArray[Any],
    middles: NDArray[Any],
    main: NDArray[Any],
) -> NDArray[np.int64]:
    """Return milliseconds of shape (profile, period, way forwards or back, edge); NONE: closed."""
    times = np.full((len(PROFILES), len(rules.periods), 2, len(metres)), NONE, np.int64)
    wait = np.array([rules.classes[c].wait_seconds * 1000 for c in classes.tolist()])
    for q, period in enumerate(rules.periods):
        factor = _factors(rules, period, classes, middles)
        for p in range(len(PROFILES)):
            for way in range(2):
                open_ = (kmh[way, p] > 0) & main[p]
                long = metres[open_] * 3600 / kmh[way, p][open_] * factor[p][open_]
                times[p, q, way, open_] = (
                    np.maximum(np.ceil(long), 1).astype(np.int64) + wait[open_]
                )
    return times


def _factors(
    rules: Rules, period: str, classes: NDArray[Any], middles: NDArray[Any]
) -> NDArray[np.float64]:
    factor = np.ones((len(PROFILES), len(classes)))
    angles = np.radians(middles)
    for slowing in rules.slowings:
        if slowing.period != period:
            continue
        hit = (classes == slowing.road_class) | (slowing.road_class == "*")
        if slowing.centre is not None:
            lat, lon = np.radians([slowing.centre.lat, slowing.centre.lon])
            hit &= great_circle_metres(angles[:, 0], angles[:, 1], lat, lon) <= slowing.metres
        factor[:, hit] = np.maximum(factor[:, hit], np.array(slowing.factor)[:, None])
    return factor


def _rivers(raw: RawRoads, line: NDArray[Any]) -> tuple[NDArray[Any], NDArray[np.int64]]:
    """Return the points (lat, lon) of the rivers near the roads, and where each river begins."""
    low, high = line.min(0) - _NEAR, line.max(0) + _NEAR
    kept = [
        points
        for points in map(np.array, raw.rivers)
        if (points.max(0) >= low).all() and (points.min(0) <= high).all()
    ]
    starts = np.concatenate([[0], np.cumsum([len(points) for points in kept])]).astype(np.int64)
    return np.concatenate([np.empty((0, 2)), *kept]), starts


def _symmetric(
    tail: NDArray[Any], head: NDArray[Any], size: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    pairs = np.unique(
        np.concatenate([np.stack([tail, head], 1), np.stack([head, tail], 1)]), axis=0
    )
    pairs = pairs[pairs[:, 0] != pairs[:, 1]]
    start = np.concatenate([[0], np.cumsum(np.bincount(pairs[:, 0], minlength=size))])
    return start.astype(np.int64), pairs[:, 1].astype(np.int32)
