"""Reading small tables that people edit: every bad line is reported, together."""

from __future__ import annotations

import csv
from collections.abc import Callable, Mapping
from datetime import date
from typing import TypeVar

from geo.errors import Finding, TableError
from geo.types import LatLon

T = TypeVar("T")


def read_table(
    text: str,
    *,
    source: str,
    build: Callable[[Mapping[str, str]], T],
    key: Callable[[Mapping[str, str]], str],
) -> tuple[T, ...]:
    """
    Read a CSV text with a heading line into one value for each line.

    Parameters
    ----------
    source
        The table's name in messages.
    build
        Makes the value of a line; a KeyError is a missing column, a ValueError a wrong cell.
    key
        What must differ from line to line.

    Raises
    ------
    TableError
        With everything that is wrong.
    """
    findings: list[Finding] = []
    found: list[T] = []
    seen: dict[str, int] = {}
    reader = csv.DictReader(text.lstrip("\ufeff").splitlines())
    for number, row in enumerate(reader, start=2):
        where = f"{source} line {number}"
        try:
            found.append(build(row))
            name = key(row)
        except (KeyError, ValueError, TypeError, AttributeError) as error:
            findings.append(
                Finding(where=where, problem=said(error), remedy="correct the line or delete it")
            )
            continue
        if name in seen:
            findings.append(
                Finding(
                    where=where,
                    problem=f"{name} is already in line {seen[name]}",
                    remedy="keep one of the two",
                )
            )
        seen.setdefault(name, number)
    if findings:
        raise TableError(table=source, findings=findings)
    return tuple(found)


def point(row: Mapping[str, str]) -> LatLon:
    """Return the point in the columns "lat" and "lon"."""
    return LatLon(lat=float(row["lat"]), lon=float(row["lon"]))


def day_or_none(text: str) -> date | None:
    """Return the day written as 2026-11-23, or None for an empty cell."""
    return date.fromisoformat(text) if text else None


def said(error: Exception) -> str:
    """Return what went wrong, in words for the person who wrote the table."""
    if isinstance(error, KeyError):
        return f"column or field {error.args[0]!r} is missing"
    if isinstance(error, TypeError | AttributeError):
        return "a cell is missing"
    return str(error)
