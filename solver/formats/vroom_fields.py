"""Reading single fields of VROOM's JSON; every mistake is noted with its path."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from solver.formats.codec import INTEGER, Listed, Mistakes, Window
from solver.model import TimeWindow


class Fields:
    """Reads fields of objects and notes what is wrong with them."""

    def __init__(self, held: dict[str, Any], mistakes: Mistakes) -> None:
        self.held = held
        self.mistakes = mistakes

    def only(self, given: Mapping[str, Any], known: set[str], path: str) -> None:
        """Note every key that is not among the known ones."""
        for key in given:
            if key not in known:
                self.mistakes.add(
                    f"{path}.{key}",
                    "cannot be expressed here",
                    f"remove it; understood are {', '.join(sorted(known))}",
                )

    def objects(self, given: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
        """Return each object of a list with its path."""
        if not isinstance(given, list):
            self.mistakes.add(path, "is no list", "give a list of objects")
            return []
        held = []
        for k, item in enumerate(given):
            if isinstance(item, dict):
                held.append((f"{path}[{k}]", item))
            else:
                self.mistakes.add(f"{path}[{k}]", "is no object", "give an object")
        return held

    def integer(self, given: Mapping[str, Any], key: str, path: str, default: int) -> int:
        """Return a whole number."""
        value = INTEGER.read(given.get(key, default), f"{path}.{key}", self.mistakes)
        return value if isinstance(value, int) else default

    def limit(self, given: Mapping[str, Any], key: str, path: str) -> int | None:
        """Return a whole number, None where there is none."""
        return self.integer(given, key, path, 0) if given.get(key) is not None else None

    def name(self, given: Mapping[str, Any], path: str) -> int:
        """Return the number that an object is called by."""
        if "id" not in given:
            self.mistakes.add(f"{path}.id", "is missing", "give a whole number")
        return self.integer(given, "id", path, 0)

    def amounts(self, given: Mapping[str, Any], key: str, path: str) -> tuple[int, ...]:
        """Return one number for each dimension."""
        values: tuple[int, ...] = Listed(INTEGER).read(
            given.get(key, []), f"{path}.{key}", self.mistakes
        )
        return values

    def skills(self, given: Mapping[str, Any], path: str) -> frozenset[str]:
        """Return skills as texts."""
        numbers = Listed(INTEGER).read(given.get("skills", []), f"{path}.skills", self.mistakes)
        return frozenset(str(number) for number in numbers)

    def windows(self, given: Mapping[str, Any], path: str) -> tuple[TimeWindow, ...]:
        """Return windows of time."""
        values: tuple[TimeWindow, ...] = Listed(Window()).read(
            given.get("time_windows", []), f"{path}.time_windows", self.mistakes
        )
        return values
