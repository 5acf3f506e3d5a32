"""Plain values of a scenario file, each checked, with everything that is wrong kept."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from solver.model import TimeWindow

_CLOCK = re.compile(r"(\d{1,2}):([0-5]\d)")
_HOUR = 3600


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFinding:
    """One thing wrong in a scenario file: where, what (a key of the catalogue), and the facts."""

    path: str
    code: str
    value: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


class Values:
    """Takes values out of tables and lists, and keeps what is wrong."""

    def __init__(self) -> None:
        self.findings: list[StudyFinding] = []

    def wrong(self, path: str, code: str, value: object = "", **facts: object) -> None:
        """Keep one thing that is wrong."""
        shown = "" if value is None or value == "" else str(value)
        self.findings.append(
            StudyFinding(
                path=path, code=code, value=shown, facts={k: str(v) for k, v in facts.items()}
            )
        )

    # ---- plain values -----------------------------------------------------------------------

    def table(self, held: object, path: str, keys: Sequence[str] | None = None) -> dict[str, Any]:
        """Return a table by the names of its fields; None is an empty one."""
        if held is None:
            return {}
        if not isinstance(held, dict):
            self.wrong(path, "not_map", held)
            return {}
        named = {str(key): value for key, value in held.items()}
        for key in named if keys is not None else ():
            if key not in (keys or ()):
                self.wrong(at(path, key), "unknown_key", "", known=", ".join(sorted(keys or ())))
        return named

    def rows(self, held: object, path: str) -> list[Any]:
        """Return a list; None is an empty one."""
        if held is None:
            return []
        if not isinstance(held, list):
            self.wrong(path, "not_list", held)
            return []
        return held

    def number(
        self,
        held: Mapping[str, Any],
        key: str,
        path: str,
        default: float | None,
        *,
        least: float = 0,
        most: float = 1e12,
    ) -> float:
        """Return a number between two bounds; a default of None makes it required."""
        if held.get(key) is None:
            if default is None:
                self.wrong(at(path, key), "missing")
            return least if default is None else default
        value = held[key]
        if isinstance(value, bool) or not isinstance(value, int | float) or value != value:
            self.wrong(at(path, key), "not_number", value)
        elif not least <= value <= most:
            self.wrong(at(path, key), "out_of_range", value, least=f"{least:g}", most=f"{most:g}")
        else:
            return value
        return least if default is None else default

    def whole(
        self,
        held: Mapping[str, Any],
        key: str,
        path: str,
        default: float | None,
        *,
        least: float = 0,
        most: float = 1e12,
    ) -> int:
        """Return a number rounded to a whole one."""
        return round(self.number(held, key, path, default, least=least, most=most))

    def time(self, held: object, path: str) -> int:
        """Return seconds since midnight of "07:20"."""
        found = _CLOCK.fullmatch(held.strip()) if isinstance(held, str) else None
        if found is None or int(found[1]) > 23:
            self.wrong(path, "not_time", held)
            return 0
        return int(found[1]) * _HOUR + int(found[2]) * 60

    def window(self, held: object, path: str) -> TimeWindow | None:
        """Return two times as a window."""
        if held is None:
            return None
        ends = self.rows(held, path)
        if len(ends) != 2:
            self.wrong(path, "not_window", held)
            return None
        start, end = (self.time(each, f"{path}[{n}]") for n, each in enumerate(ends))
        if end <= start:
            self.wrong(path, "not_window", f"{ends[0]} {ends[1]}")
        return TimeWindow(start=start, end=end)

    def names(self, held: object, path: str, known: Sequence[str], code: str) -> tuple[str, ...]:
        """Return those of a list of names that are known."""
        found = [str(each) for each in self.rows(held, path)]
        for number, name in enumerate(found):
            self.known(name, f"{path}[{number}]", known, code)
        return tuple(name for name in found if name in known)

    def known(self, name: str, path: str, known: Sequence[str], code: str) -> bool:
        """Tell whether a name is known, and keep it as wrong if not."""
        if name in known:
            return True
        self.wrong(path, code, name, known=", ".join(sorted(known)))
        return False


def at(path: str, key: str) -> str:
    """Return the path of a field in a table."""
    return f"{path}.{key}" if path else key
