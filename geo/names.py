"""Names of places in a form that misspelt ones can be looked up in."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import lru_cache

from rapidfuzz import process
from rapidfuzz.distance import OSA

from geo.address import marks
from geo.phu_tho.tables import Commune, District
from geo.text import fold


def key(name: str) -> str:
    """Return a name folded, without blanks and hyphens: "Gia Cẩm" as "giacam"."""
    return "".join(c for c in fold(name) if c.isalnum())


def tolerated(length: int) -> int:
    """Return how many wrong letters a name of so many letters may have to be considered."""
    if length < 3:
        return 0
    if length < 5:
        return 1
    return 2 if length < 10 else 3


def apart(first: str, second: str) -> int:
    """Return how many letters are wrong, missing, extra or swapped with their neighbour."""
    return int(OSA.distance(first, second))


class Names:
    """
    A set of names, found exactly or with some wrong letters.

    Parameters
    ----------
    names
        In the form of `key`.
    """

    def __init__(self, names: Iterable[str]) -> None:
        self._names = sorted(set(names))
        self._known = frozenset(self._names)
        self._near = lru_cache(maxsize=100_000)(self._search)

    def __contains__(self, name: str) -> bool:
        return name in self._known

    def near(self, name: str, *, within: int | None = None) -> tuple[tuple[str, int], ...]:
        """Return the names within so many wrong letters and how many those are, nearest first."""
        return self._near(name, tolerated(len(name)) if within is None else within)

    def _search(self, name: str, within: int) -> tuple[tuple[str, int], ...]:
        found = process.extract(
            name, self._names, scorer=OSA.distance, score_cutoff=within, limit=None
        )
        return tuple((known, int(typos)) for known, typos, _ in found)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """
    One commune under one name, over all periods in which its code bore it.

    Parameters
    ----------
    key, marked
        The name folded, and with its accents, both without blanks.
    rows
        One for each period, earliest first.
    """

    code: str
    key: str
    marked: str
    district_code: str
    rows: tuple[Commune, ...]

    def at(self, on: date | None) -> Commune | None:
        """Return the row valid on a day, else the last one before it, else None."""
        if on is None:
            return self.rows[-1]
        if on < self.rows[0].valid_from:
            # Before the tables begin, the first period speaks for all that was.
            return self.rows[0] if self.rows[0].valid_from <= _FIRST_DAY else None
        return [row for row in self.rows if row.valid_from <= on][-1]

    def valid(self, on: date | None) -> bool:
        """Tell whether the name was in use on that day (None: in use today)."""
        row = self.at(on)
        if row is None:
            return False
        if on is None:
            return row.valid_until is None
        return row.valid(max(on, self.rows[0].valid_from))

    def kinds(self, on: date | None) -> frozenset[str]:
        """Return the kinds it had until that day."""
        return frozenset(
            r.kind for r in self.rows if on is None or r.valid_from <= max(on, _FIRST_DAY)
        )


# The first day of the first period of the commune table.
_FIRST_DAY = date(2019, 1, 1)


def entries(rows: Iterable[Commune]) -> tuple[Entry, ...]:
    """Return communes put together by code and name."""
    grouped: dict[tuple[str, str], list[Commune]] = {}
    for row in rows:
        grouped.setdefault((row.code, marks(row.name)), []).append(row)
    return tuple(
        Entry(
            code=code,
            key=key(mine[0].name),
            marked=marked,
            district_code=mine[0].district_code,
            rows=tuple(sorted(mine, key=lambda r: r.valid_from)),
        )
        for (code, marked), mine in grouped.items()
    )


class Lineage:
    """
    Which unit holds the territory of an earlier one.

    Parameters
    ----------
    rows
        Every commune in every period.
    """

    def __init__(self, rows: Iterable[Commune]) -> None:
        self._rows = {(row.valid_from, row.code): row for row in rows}
        self._starts = sorted({start for start, _ in self._rows})

    def unit(self, row: Commune, on: date | None) -> str:
        """Return the code of the unit that holds a commune's territory on a later day."""
        code = row.code
        last = self._starts[-1] if on is None else on
        for start in self._starts[self._starts.index(row.valid_from) :]:
            held = self._rows[start, code]
            if held.valid_until is None or last <= held.valid_until:
                return code
            code = held.successor
        return code


def short_forms(districts: Iterable[District]) -> Mapping[str, str]:
    """
    Return usual short forms of district names with their codes: "vtri" for Việt Trì.

    Forms that two districts share ("tson") are left out.
    """
    found: dict[str, set[str]] = {}
    for district in districts:
        syllables = fold(district.name).split()
        found.setdefault(syllables[0][0] + syllables[-1], set()).add(district.code)
    return {form: codes.pop() for form, codes in found.items() if len(codes) == 1}
