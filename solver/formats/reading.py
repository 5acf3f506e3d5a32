"""Which format a text has, told by its content, and the one door to all readers of problems."""

from __future__ import annotations

import re
from collections.abc import Callable
from enum import StrEnum

from solver.errors import Finding, FormatError
from solver.formats import lilim, own, solomon, vroom, vrplib
from solver.formats.instance import Instance


class Format(StrEnum):
    """The formats of problems that can be read."""

    OWN = "buuta"
    VROOM = "vroom"
    VRPLIB = "vrplib"
    SOLOMON = "solomon"
    LILIM = "lilim"


_READERS: dict[Format, Callable[[str], Instance]] = {
    Format.OWN: own.read_problem,
    Format.VROOM: vroom.read,
    Format.VRPLIB: vrplib.read,
    Format.SOLOMON: solomon.read,
    Format.LILIM: lilim.read,
}

_KNOWN = "VRPLIB, Solomon, Li & Lim, VROOM JSON and our own JSON are read"
_KEYWORD = re.compile(
    r"^\s*(NAME|TYPE|COMMENT|DIMENSION|CAPACITY|EDGE_WEIGHT_TYPE)\s*:|^\s*[A-Z_]+_SECTION\b",
    re.MULTILINE,
)
_SOLUTION = re.compile(r"^\s*Route\s*#\s*\d+\s*:", re.IGNORECASE | re.MULTILINE)
_HEAD = 20_000


def read_problem(text: str) -> Instance:
    """
    Read a problem in any known format.

    Raises
    ------
    FormatError
        The format is none of those known, or the text breaks its rules; says what to do.
    """
    return _READERS[sniff(text)](text.removeprefix("\ufeff"))


def sniff(text: str) -> Format:
    """
    Return which format a text has.

    Raises
    ------
    FormatError
        It is none of those known; says what it looks like instead.
    """
    text = text.removeprefix("\ufeff")
    head = text[:_HEAD]
    if not head.strip():
        _refuse("is empty", "give a file with a problem in it")
    if head.startswith("PK") or "\x00" in head:
        _refuse("is a workbook or another binary file", "orders from a workbook go to 'buuta plan'")
    if head.lstrip().startswith(("{", "[")):
        return _json(text)
    if head.lstrip().startswith("<"):
        _refuse("is a web page or XML", "save the file itself, not the page around it")
    if _SOLUTION.search(head):
        _refuse("is a solution, not a problem", "give the instance that it solves")
    if _KEYWORD.search(head):
        return Format.VRPLIB
    lines = [line.split() for line in head.splitlines() if line.strip()][:30]
    words = {row[0].upper() for row in lines}
    if "VEHICLE" in words or "CUSTOMER" in words:
        return Format.SOLOMON
    if len(lines[0]) == 3 and all(_is_number(word) for word in lines[0]):
        return Format.LILIM
    _refuse("has no known format", f"{_KNOWN}; orders in CSV go to 'buuta plan'")
    raise AssertionError


def _json(text: str) -> Format:
    held = own.opened(text)
    if held.get("format") == own.PLAN:
        _refuse("is a plan, not a problem", "give the problem that it belongs to")
    if "format" in held:
        return Format.OWN
    if "vehicles" in held:
        return Format.VROOM
    _refuse("is JSON, but no problem", 'a problem has "format" or "vehicles"')
    raise AssertionError


def _is_number(word: str) -> bool:
    try:
        float(word)
    except ValueError:
        return False
    return True


def _refuse(what: str, remedy: str) -> None:
    raise FormatError(
        "the file cannot be read as a problem:",
        [Finding(where="text", what=what, remedy=remedy)],
    )
