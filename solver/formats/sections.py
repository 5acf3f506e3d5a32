"""The outer form of a VRPLIB or TSPLIB text: specifications and sections of numbers."""

from __future__ import annotations

import math
import re
from collections.abc import Callable
from dataclasses import dataclass, field

from solver.errors import Finding, FormatError

LARGEST = 10**15

_SPECIFICATION = re.compile(r"^([A-Za-z][A-Za-z0-9_ ]*?)\s*:\s*(.*)$")
_SECTION = re.compile(r"^([A-Z][A-Z0-9_]*_SECTION)\s*:?\s*$")


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One line of a section: its number in the text, and what stands in it."""

    line: int
    values: tuple[float, ...]


@dataclass(slots=True)
class Sections:
    """Specifications by name with their line, sections by name, and what was wrong."""

    specifications: dict[str, tuple[int, str]] = field(default_factory=dict)
    sections: dict[str, list[Row]] = field(default_factory=dict)
    found: list[Finding] = field(default_factory=list)

    def add(self, line: int, what: str, remedy: str = "") -> None:
        """Note something wrong in a line."""
        self.found.append(Finding(where=f"line {line}", what=what, remedy=remedy))

    def text(self, name: str, default: str = "") -> str:
        """Return a specification as it stands."""
        return self.specifications.get(name, (0, default))[1]

    def number(self, name: str) -> float | None:
        """Return a specification as a number, None where it is absent or none."""
        if name not in self.specifications:
            return None
        line, text = self.specifications[name]
        try:
            value = float(text)
        except ValueError:
            self.add(line, f"{name} is {text!r}, not a number", f"write {name} : 100")
            return None
        if not math.isfinite(value) or abs(value) >= LARGEST:
            self.add(line, f"{name} is {text}", "give a number below 10^15")
            return None
        return value

    def columns(self, name: str, rows: int, width: int) -> list[tuple[float, ...]] | None:
        """
        Return a section's rows without their leading index, sorted by it.

        Reports rows that are missing, repeated, too short or out of range; returns None when the
        section is absent or wrong.
        """
        if name not in self.sections:
            return None
        wrong = len(self.found)
        values: dict[int, tuple[float, ...]] = {}
        for row in self.sections[name]:
            if len(row.values) == 1 and row.values[0] == -1:
                continue
            index = int(row.values[0])
            if index != row.values[0] or not 1 <= index <= rows:
                self.add(row.line, f"{name} has index {row.values[0]:g}", f"use 1 to {rows}")
            elif width and len(row.values) != width + 1:
                self.add(
                    row.line,
                    f"{name} has {len(row.values)} numbers",
                    f"give the index and {width} value(s)",
                )
            elif index in values:
                self.add(row.line, f"{name} has index {index} twice", "remove one")
            else:
                values[index] = row.values[1:]
        missing = [index for index in range(1, rows + 1) if index not in values]
        if missing and len(self.found) == wrong:
            self.found.append(
                Finding(
                    where=name,
                    what=f"has {len(values)} of {rows} rows; the first missing is {missing[0]}",
                    remedy="the file may be cut off: fetch it again",
                )
            )
        if missing or len(self.found) > wrong:
            return None
        return [values[index] for index in range(1, rows + 1)]

    def convert(
        self, name: str, rows: list[tuple[float, ...]] | None, scaled: Callable[[float], int]
    ) -> list[int] | None:
        """Return the first column in whole numbers; reports negative ones."""
        if rows is None:
            return None
        for index, row in enumerate(rows):
            if row[0] < 0:
                self.found.append(
                    Finding(
                        where=name, what=f"row {index + 1} is {row[0]:g}", remedy="give 0 or more"
                    )
                )
        return [scaled(row[0]) for row in rows]

    def refuse(self, title: str) -> None:
        """Raise FormatError when anything was found."""
        if self.found:
            raise FormatError(title, self.found)


def split(text: str) -> Sections:
    """Cut a text into specifications and sections; what cannot be read is noted."""
    result = Sections()
    current: list[Row] | None = None
    for number, raw in enumerate(text.splitlines(), start=1):
        line = raw.strip()
        if not line:
            continue
        if line == "EOF":
            break
        section = _SECTION.match(line)
        specification = _SPECIFICATION.match(line)
        if section:
            name = section[1]
            if name in result.sections:
                result.add(number, f"{name} appears twice", "remove one")
            current = result.sections.setdefault(name, [])
        elif specification:
            current = None
            result.specifications[specification[1].strip().upper()] = (
                number,
                specification[2].strip().strip('"').strip(),
            )
        elif current is None:
            result.add(number, f"{line[:40]!r} belongs to no section", "remove it")
        else:
            try:
                values = tuple(float(word) for word in line.split())
            except ValueError:
                result.add(number, f"{line[:40]!r} is not a row of numbers", "give numbers only")
                continue
            if not all(math.isfinite(value) and abs(value) < LARGEST for value in values):
                result.add(number, f"{line[:40]!r} is too large", "give numbers below 10^15")
                continue
            current.append(Row(line=number, values=values))
    return result
