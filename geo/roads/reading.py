"""From an OpenStreetMap file to the ways that somebody may drive on."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from geo.errors import Finding, TravelDataError
from geo.roads.rules import Rules, speeds
from geo.types import BoundingBox

Progress = Callable[[str, int], None]
"""Called with a step ("read", "simplify", "connect", "order", "store") and how much is done."""

_GET = "download your country's .osm.pbf from an OpenStreetMap mirror (for Vietnam: vietnam-latest)"

_RIVERS = frozenset({"river", "canal"})
"""What nobody wades through to get to a road; a ditch or a stream is none."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Way:
    """One way: OpenStreetMap's node numbers in order, class, names, and km/h by profile."""

    nodes: tuple[int, ...]
    road_class: str
    name: str
    ref: str
    onwards: tuple[float, ...]
    back: tuple[float, ...]
    roundabout: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RawRoads:
    """Ways, the coordinates of their nodes, lines of rivers (lat, lon), and the roads' box."""

    ways: list[Way]
    rivers: list[list[tuple[float, float]]]
    points: dict[int, tuple[float, float]]
    box: BoundingBox | None


def unusable(path: Path, problem: str, remedy: str, key: str, **facts: str) -> TravelDataError:
    """Return the error of a file that gives no roads; `key` as in `Finding`."""
    finding = Finding(
        where=str(path), problem=problem, remedy=remedy, key=key, facts=tuple(facts.items())
    )
    return TravelDataError(table="roads", findings=[finding])


def read_roads(path: Path, *, rules: Rules, progress: Progress) -> RawRoads:
    """
    Read .osm.pbf, .osm, .osm.gz or .osm.bz2.

    Raises
    ------
    TravelDataError
        There is no such file, it is cut short, or it is not OpenStreetMap's.
    """
    import osmium  # a heavy library that only building needs

    if not path.is_file():
        raise unusable(path, "there is no such file", _GET, "no_file")
    if path.stat().st_size == 0:
        raise unusable(path, "the file is empty", f"{_GET} again", "cut_short", said="0 byte")
    ways: list[Way] = []
    rivers: list[list[tuple[float, float]]] = []
    points: dict[int, tuple[float, float]] = {}
    seen = 0
    try:
        source = osmium.FileProcessor(str(path), osmium.osm.NODE | osmium.osm.WAY)
        chosen: Any = source.with_locations().with_filter(
            osmium.filter.EntityFilter(osmium.osm.WAY)
        )
        chosen = chosen.with_filter(osmium.filter.KeyFilter("highway", "route", "waterway"))
        for way in chosen:
            seen += 1
            if seen % 20_000 == 0:
                progress("read", seen)
            tags = dict(way.tags)
            if tags.get("waterway") in _RIVERS and tags.get("tunnel") is None:
                water = [(n.lat, n.lon) for n in way.nodes if n.location.valid()]
                if len(water) > 1:
                    rivers.append(water)
            found = speeds(tags, rules)
            if found is None:
                continue
            kept: list[int] = []
            for node in way.nodes:
                if node.location.valid():
                    points[node.ref] = (node.location.lat, node.location.lon)
                    if not kept or kept[-1] != node.ref:
                        kept.append(node.ref)
            if len(kept) > 1:
                ways.append(
                    Way(
                        nodes=tuple(kept),
                        road_class=found[0],
                        name=tags.get("name", ""),
                        ref=tags.get("ref", ""),
                        onwards=found[1],
                        back=found[2],
                        roundabout=tags.get("junction") in ("roundabout", "circular"),
                    )
                )
    except (RuntimeError, ValueError, OSError) as error:
        raise unusable(
            path,
            f"it is cut short or not an OpenStreetMap file ({' '.join(str(error).split())})",
            f"{_GET} again and compare its size with the one stated there; the name must end in"
            " .osm.pbf, .osm, .osm.gz or .osm.bz2",
            "cut_short",
            said=" ".join(str(error).split()),
        ) from None
    progress("read", seen)
    if not points:
        raise unusable(
            path,
            f"it holds no road for any vehicle ({seen} ways looked at)",
            "take an extract with all ways, not one of borders, places or addresses only",
            "no_roads",
            ways=str(seen),
        )
    places = np.array(list(points.values()))
    low, high = places.min(0), places.max(0)
    box = BoundingBox(south=low[0], west=low[1], north=high[0], east=high[1])
    return RawRoads(ways=ways, rivers=rivers, points=points, box=box)
