"""
Road servers without a network: recorded answers, and a small one that knows straight roads.

`recorded/osrm.json` and `recorded/valhalla.json` are what OSRM 26.10 (its car profile, CH) and
Valhalla 3.9.1 answered on the extract of Andorra, both with their own limits; OSRM's
`intersections` and Valhalla's texts to be spoken were left out. Coordinates and roads:
OpenStreetMap contributors.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import httpx
import numpy as np

RECORDED = Path(__file__).with_name("recorded")

Handler = Callable[[httpx.Request], httpx.Response]


class Recorded(httpx.BaseTransport):
    """Answers exactly the recorded questions; `asked` are those that were put."""

    def __init__(self, name: str) -> None:
        text = (RECORDED / f"{name}.json").read_text(encoding="utf-8")
        self.held = json.loads(text)
        self.asked: list[str] = []

    def answer(self, path: str) -> dict[str, Any]:
        """Return the record of a path."""
        return next(one for one in self.held if one["path"] == path)

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        path = request.url.raw_path.decode()
        question = json.loads(request.content) if request.content else None
        self.asked.append(path)
        for one in self.held:
            if (one["method"], one["path"], one["question"]) == (request.method, path, question):
                return httpx.Response(one["status"], json=one["answer"])
        raise AssertionError(f"never recorded: {request.method} {path} {question}")


class StraightOsrm(httpx.BaseTransport):
    """
    An OSRM whose roads run straight from point to point at 36 km/h.

    Parameters
    ----------
    limit
        It refuses more pairs than the square of this.
    cut_off
        Points from this latitude on have no way to others.
    """

    def __init__(self, *, limit: int = 100, cut_off: float = 90.0) -> None:
        self.limit = limit
        self.cut_off = cut_off
        self.pairs: list[tuple[int, int]] = []

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        task, version, mode, text = request.url.path.strip("/").split("/")
        assert (version, mode) == ("v1", "driving")
        points = np.array([pair.split(",") for pair in text.split(";")], float)[:, ::-1]
        if len(points) < 2:
            return self._refuse("InvalidOptions", "Number of coordinates needs to be at least two.")
        options = {k: v[0] for k, v in parse_qs(request.url.query.decode()).items()}
        if task == "route":
            line = points[:, ::-1].tolist()
            route = {"geometry": {"type": "LineString", "coordinates": line}, "legs": []}
            return httpx.Response(200, json={"code": "Ok", "routes": [route]})
        rows, columns = (
            [int(k) for k in options[name].split(";")] if name in options else range(len(points))
            for name in ("sources", "destinations")
        )
        if len(rows) * len(columns) > self.limit**2:
            return self._refuse("TooBig", "Too many table coordinates")
        self.pairs.append((len(rows), len(columns)))
        metres = straight(points[list(rows)], points[list(columns)])
        north = points[:, 0] >= self.cut_off
        lost = (north[list(rows)][:, None] | north[list(columns)]) & (metres > 0)
        far: Any = np.where(lost, None, np.round(metres, 1).astype(object))
        times: Any = np.where(lost, None, np.round(metres / 10, 1).astype(object))
        held: dict[str, Any] = {"code": "Ok", "durations": times.tolist()}
        if "distance" in options["annotations"]:
            held["distances"] = far.tolist()
        held["destinations"] = [{"location": points[k, ::-1].tolist()} for k in columns]
        return httpx.Response(200, json=held)

    def _refuse(self, code: str, message: str) -> httpx.Response:
        return httpx.Response(400, json={"code": code, "message": message})


def straight(a: Any, b: Any) -> Any:
    """Return the metres between degrees, (a, b), by the spherical law of cosines."""
    x, y = np.radians(a), np.radians(b)
    inner = np.sin(x[:, None, 0]) * np.sin(y[None, :, 0]) + np.cos(x[:, None, 0]) * np.cos(
        y[None, :, 0]
    ) * np.cos(x[:, None, 1] - y[None, :, 1])
    same = (a[:, None] == b[None, :]).all(2)
    return np.where(same, 0, 6_371_008.8 * np.arccos(np.clip(inner, -1, 1)))
