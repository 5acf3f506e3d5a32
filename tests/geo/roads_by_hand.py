"""Small road files written by hand, and the shortest way by a plain graph."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any
from xml.sax.saxutils import quoteattr

import networkx as nx

from geo.roads.kernels import NONE
from geo.roads.network import Network
from geo.types import LatLon

Ways = Sequence[tuple[Sequence[int], Mapping[str, str]]]


def osm_file(path: Path, points: Mapping[int, LatLon], ways: Ways) -> Path:
    """Write an .osm file of ways over numbered points."""
    lines = ['<?xml version="1.0"?><osm version="0.6">']
    for name, point in sorted(points.items()):
        lines.append(f'<node id="{name}" version="1" lat="{point.lat}" lon="{point.lon}"/>')
    for number, (nodes, tags) in enumerate(ways, start=1):
        lines.append(f'<way id="{number}" version="1">')
        lines += [f'<nd ref="{node}"/>' for node in nodes]
        lines += [f"<tag k={quoteattr(k)} v={quoteattr(v)}/>" for k, v in tags.items()]
        lines.append("</way>")
    path.write_text("\n".join([*lines, "</osm>"]), encoding="utf-8")
    return path


def plain_graph(network: Network, profile: str, period: str) -> nx.DiGraph[Any]:
    """Return the same roads as a graph without any hierarchy, `weight` on its edges."""
    graph: nx.DiGraph[Any] = nx.DiGraph()
    weights = network.metric(profile, period).edges
    tail, head = network.arrays["tail"].tolist(), network.arrays["head"].tolist()
    for e, (a, b) in enumerate(zip(tail, head, strict=True)):
        for begin, end, weight in ((a, b, int(weights[0, e])), (b, a, int(weights[1, e]))):
            old = graph.get_edge_data(begin, end)
            if weight < NONE and (old is None or weight < old["weight"]):
                graph.add_edge(begin, end, weight=weight)
    return graph
