"""
The travel of VROOM's JSON: its matrices and what they cost, as profiles of ours.

Each pair of profile and rates becomes a profile whose "metres" are thousandths of VROOM's cost;
where a vehicle limits its distance they stay metres.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo.types import TravelMatrix
from solver.formats.codec import DECIMAL, TEXT, Listed, Mistakes
from solver.formats.vroom_fields import Fields
from solver.model import Place

COST_SCALE = 1000
COST_KEYS = {"fixed", "per_hour", "per_km", "per_task_hour"}


class Travels(Fields):
    """Reads matrices, the rows that places have in them, and what travel costs each vehicle."""

    def __init__(self, held: dict[str, Any], mistakes: Mistakes) -> None:
        super().__init__(held, mistakes)
        self.size = 0
        self.coordinates: dict[int, tuple[float, float]] = {}
        self.profiles: dict[str, TravelMatrix] = {}
        self.matrices: dict[str, dict[str, NDArray[np.int64]]] = {}

    def row(self, given: Mapping[str, Any], path: str, index: str, place: str) -> int | None:
        """Return the row of a place, None where it is open."""
        if index not in given:
            if place in given:
                self.mistakes.add(
                    f"{path}.{place}", "has no travel times", f"add {index} and matrices"
                )
            return None
        row = self.integer(given, index, path, 0)
        if not 0 <= row < self.size:
            self.mistakes.add(f"{path}.{index}", f"is {row}", f"the matrices have {self.size} rows")
            return None
        if place in given:
            pair = Listed(DECIMAL).read(given[place], f"{path}.{place}", self.mistakes)
            if len(pair) == 2:
                self.coordinates[row] = (pair[0], pair[1])
            else:
                self.mistakes.add(f"{path}.{place}", "is no point", "give [longitude, latitude]")
        return row

    def place(self, row: int) -> Place:
        """Return the place of a row, with its coordinates where they are known."""
        x, y = self.coordinates.get(row, (0.0, 0.0))
        return Place(id=str(row), x=x, y=y)

    def read_matrices(self) -> None:
        """Read the matrices of all profiles."""
        matrices = self.held.get("matrices")
        if matrices is None and "matrix" in self.held:
            matrices = {"car": {"durations": self.held["matrix"]}}
        if not isinstance(matrices, dict) or not matrices:
            self.mistakes.add(
                "$.matrices",
                "is missing",
                "add the durations of each profile: coordinates alone say no travel times",
            )
            return
        for profile, given in matrices.items():
            path = f"$.matrices.{profile}"
            if not isinstance(given, dict) or "durations" not in given:
                self.mistakes.add(path, "has no durations", "add them, in seconds")
                continue
            self.only(given, {"durations", "distances", "costs"}, path)
            self.matrices[profile] = {
                key: matrix
                for key in ("durations", "distances", "costs")
                if key in given and (matrix := self.matrix(given[key], f"{path}.{key}")) is not None
            }
        sizes = {len(matrix) for kinds in self.matrices.values() for matrix in kinds.values()}
        if len(sizes) > 1:
            self.mistakes.add("$.matrices", f"have {sorted(sizes)} rows", "give all the same size")
        self.size = max(sizes, default=0)

    def matrix(self, given: Any, path: str) -> NDArray[np.int64] | None:
        """Return one square matrix."""
        if isinstance(given, np.ndarray):
            # Measured here, not read: whole numbers already.
            return np.array(given, dtype=np.int64)
        rows = given if isinstance(given, list) else []
        for row in rows:
            if not isinstance(row, list) or len(row) != len(rows):
                self.mistakes.add(path, "is not square", "give as many rows as columns")
                return None
            if not all(type(value) is int and 0 <= value < 2**32 for value in row):
                self.mistakes.add(path, "has a value that is no whole number from 0", "mend it")
                return None
        matrix = np.array(rows, dtype=np.int64).reshape(len(rows), len(rows))
        np.fill_diagonal(matrix, 0)
        return matrix

    def profile(self, given: Mapping[str, Any], path: str) -> str:
        """Return a profile in whose matrix a metre is a thousandth of the vehicle's cost."""
        name = TEXT.read(given.get("profile", "car"), f"{path}.profile", self.mistakes)
        costs = given.get("costs", {})
        if not isinstance(costs, dict):
            self.mistakes.add(f"{path}.costs", "is no object", "give fixed, per_hour, per_km")
            costs = {}
        self.only(costs, COST_KEYS, f"{path}.costs")
        hour = self.integer(costs, "per_hour", f"{path}.costs", 3600)
        kilometre = self.integer(costs, "per_km", f"{path}.costs", 0)
        factor = DECIMAL.read(given.get("speed_factor", 1), f"{path}.speed_factor", self.mistakes)
        kinds = self.matrices.get(name, {})
        if "durations" not in kinds:
            self.mistakes.add(f"{path}.profile", f"{name!r} has no durations", "add its matrix")
            return "none"
        if factor <= 0:
            self.mistakes.add(f"{path}.speed_factor", f"is {factor}", "give more than 0")
            return "none"
        limited = given.get("max_distance") is not None
        if hour != 3600 and "costs" in kinds:
            self.mistakes.add(
                f"{path}.costs.per_hour", "contradicts the cost matrix", "remove one of them"
            )
        if (limited or kilometre) and "distances" not in kinds:
            self.mistakes.add(f"{path}.profile", f"{name!r} has no distances", "add its matrix")
            return "none"
        if limited and "costs" in kinds:
            self.mistakes.add(
                f"{path}.max_distance",
                "cannot be expressed together with a cost matrix",
                "give per_hour and per_km instead of the matrix, or remove the limit",
            )
        key = f"{name}/{hour}/{kilometre}/{factor:g}" + ("/metres" if limited else "")
        if key not in self.profiles:
            seconds = np.floor(kinds["durations"] / factor + 0.5).astype(np.int64)
            if limited:
                metres = kinds["distances"]
            elif "costs" in kinds:
                metres = kinds["costs"] * COST_SCALE
            else:
                metres = seconds * hour * COST_SCALE // 3600
                if kilometre:
                    metres = metres + kinds["distances"] * kilometre * COST_SCALE // 1000
            self.profiles[key] = TravelMatrix(seconds=seconds, metres=metres)
        return key
