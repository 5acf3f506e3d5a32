"""
Values to JSON and strictly back: a table of fields says both directions at once.

Reading goes on after a mistake, so that everything wrong in a text is told together, each with the
JSON path where it stands.
"""

from __future__ import annotations

import base64
import binascii
import dataclasses
import json
import math
import zlib
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from geo.types import PlanarTravel, Travel, TravelMatrix
from solver.errors import Finding, FormatError
from solver.model import TimeWindow

MOST_PLACES = 200_000


class Mistakes:
    """Gathers what is wrong with a text."""

    def __init__(self) -> None:
        self.found: list[Finding] = []

    def add(self, path: str, what: str, remedy: str = "") -> None:
        """Note something wrong at a JSON path such as $.jobs[3].place."""
        self.found.append(Finding(where=path, what=what, remedy=remedy))

    def refuse(self, title: str) -> None:
        """Raise FormatError when anything was found."""
        if self.found:
            raise FormatError(title, self.found)


class Codec(Protocol):
    """Both directions for one kind of value; `read` returns anything after noting a mistake."""

    def write(self, value: Any) -> Any:
        """Return what JSON shall hold."""
        ...

    def read(self, given: Any, path: str, mistakes: Mistakes) -> Any:
        """Return the value, or note what is wrong."""
        ...


def parse(text: str, title: str) -> Any:
    """
    Return what a JSON text holds.

    Raises
    ------
    FormatError
        The text is no JSON, has a key twice, or a number that is not finite.
    """
    mistakes = Mistakes()

    def pairs(items: list[tuple[str, Any]]) -> dict[str, Any]:
        held = dict(items)
        if len(held) < len(items):
            names = [name for name, _ in items]
            twice = sorted({name for name in names if names.count(name) > 1})
            mistakes.add("JSON", f"key {twice[0]!r} appears twice in an object", "remove one")
        return held

    def constant(name: str) -> float:
        mistakes.add("JSON", f"{name} is not a number that JSON knows", "give finite numbers")
        return 0.0

    try:
        value = json.loads(text, object_pairs_hook=pairs, parse_constant=constant)
    except json.JSONDecodeError as error:
        where = f"line {error.lineno}, column {error.colno}"
        mistakes.add(where, f"is not JSON: {error.msg}", "the file may be cut off: fetch it again")
        value = None
    except (RecursionError, ValueError):
        mistakes.add("JSON", "is nested too deep or has a number too long", "simplify it")
        value = None
    mistakes.refuse(title)
    return value


# ---- plain values -------------------------------------------------------------------------------


class Plain:
    """A value that JSON has itself."""

    def __init__(self, wanted: str, fits: Callable[[Any], bool]) -> None:
        self.wanted = wanted
        self.fits = fits

    def write(self, value: Any) -> Any:
        """Return the value."""
        return value

    def read(self, given: Any, path: str, mistakes: Mistakes) -> Any:
        """Return the value when it fits."""
        if not self.fits(given):
            mistakes.add(path, f"is {_shown(given)}", f"give {self.wanted}")
        return given


class Decimal(Plain):
    """A finite float."""

    def __init__(self) -> None:
        super().__init__("a number", _is_number)

    def read(self, given: Any, path: str, mistakes: Mistakes) -> float:
        """Return the value as a float."""
        super().read(given, path, mistakes)
        return float(given) if _is_number(given) else 0.0


def _is_number(value: object) -> bool:
    if isinstance(value, bool) or not isinstance(value, int | float):
        return False
    return abs(value) < 1e300 and math.isfinite(value)


def _shown(value: object) -> str:
    if isinstance(value, dict | list):
        return "an object" if isinstance(value, dict) else "a list"
    return json.dumps(value, ensure_ascii=False)[:40]


INTEGER = Plain("a whole number", lambda v: isinstance(v, int) and not isinstance(v, bool))
TEXT = Plain("a text", lambda v: isinstance(v, str))
BOOLEAN = Plain("true or false", lambda v: isinstance(v, bool))
DECIMAL = Decimal()


class Maybe:
    """A value or null."""

    def __init__(self, inner: Codec) -> None:
        self.inner = inner

    def write(self, value: Any) -> Any:
        """Return null for None."""
        return None if value is None else self.inner.write(value)

    def read(self, given: Any, path: str, mistakes: Mistakes) -> Any:
        """Return None for null."""
        return None if given is None else self.inner.read(given, path, mistakes)


class Listed:
    """A tuple as a list."""

    def __init__(self, inner: Codec) -> None:
        self.inner = inner

    def write(self, value: Any) -> Any:
        """Return the list of what the parts become."""
        return [self.inner.write(part) for part in value]

    def read(self, given: Any, path: str, mistakes: Mistakes) -> Any:
        """Return the tuple of the parts."""
        if not isinstance(given, list):
            mistakes.add(path, f"is {_shown(given)}", "give a list")
            return ()
        return tuple(
            self.inner.read(part, f"{path}[{k}]", mistakes) for k, part in enumerate(given)
        )


class Names:
    """A frozenset of texts as a sorted list."""

    def write(self, value: Any) -> Any:
        """Return the sorted names."""
        return sorted(value)

    def read(self, given: Any, path: str, mistakes: Mistakes) -> Any:
        """Return the set; a name that appears twice is a mistake."""
        before = len(mistakes.found)
        names = Listed(TEXT).read(given, path, mistakes)
        if len(mistakes.found) > before:
            return frozenset()
        if len(set(names)) < len(names):
            mistakes.add(path, "has a name twice", "remove one")
        return frozenset(names)


class Window:
    """A time window as [start, end]."""

    def write(self, value: Any) -> Any:
        """Return [start, end]."""
        return [value.start, value.end]

    def read(self, given: Any, path: str, mistakes: Mistakes) -> Any:
        """Return the window."""
        before = len(mistakes.found)
        pair = Listed(INTEGER).read(given, path, mistakes)
        if len(mistakes.found) == before and len(pair) != 2:
            mistakes.add(path, f"has {len(pair)} numbers", "give [start, end] in seconds")
        if len(mistakes.found) > before:
            return TimeWindow(start=0, end=0)
        return TimeWindow(start=pair[0], end=pair[1])


class Choice:
    """A member of a StrEnum by its value."""

    def __init__(self, members: type[StrEnum]) -> None:
        self.members = members

    def write(self, value: Any) -> Any:
        """Return the member's value."""
        return value.value

    def read(self, given: Any, path: str, mistakes: Mistakes) -> Any:
        """Return the member."""
        values = [member.value for member in self.members]
        if given not in values:
            mistakes.add(path, f"is {_shown(given)}", f"give one of {', '.join(values)}")
            return None
        return self.members(given)


# ---- records ------------------------------------------------------------------------------------


class Record:
    """A dataclass as an object; fields that have their default are left out."""

    def __init__(self, kind: type[Any], fields: Mapping[str, Codec]) -> None:
        self.kind = kind
        self.fields = fields
        self.defaults = {
            field.name: field.default
            for field in dataclasses.fields(kind)
            if field.default is not dataclasses.MISSING
        }
        missing = {field.name for field in dataclasses.fields(kind)} - fields.keys()
        if missing:
            raise TypeError(f"{kind.__name__} has fields that are not written: {sorted(missing)}")

    def write(self, value: Any) -> Any:
        """Return an object of the fields that differ from their default."""
        held = {name: getattr(value, name) for name in self.fields}
        return {
            name: self.fields[name].write(part)
            for name, part in held.items()
            if name not in self.defaults or part != self.defaults[name]
        }

    def read(self, given: Any, path: str, mistakes: Mistakes) -> Any:
        """Return the dataclass; None after a mistake that leaves nothing to build."""
        if not isinstance(given, dict):
            mistakes.add(path, f"is {_shown(given)}", f"give a {self.kind.__name__} object")
            return None
        for name in given:
            if name not in self.fields:
                mistakes.add(f"{path}.{name}", "is not known", f"known: {', '.join(self.fields)}")
        values = {}
        for name, codec in self.fields.items():
            if name in given:
                values[name] = codec.read(given[name], f"{path}.{name}", mistakes)
            elif name not in self.defaults:
                mistakes.add(f"{path}.{name}", "is missing", "add it")
                values[name] = None
        return self.kind(**values)


_STRIP = 256
"""Rows of computed travel that are written at a time."""

# ---- travel -------------------------------------------------------------------------------------


class TravelCodec:
    """Matrices as base64 of zlib of little-endian integers, planes by their coordinates."""

    def write(self, value: Travel) -> Any:
        """Return the travel as an object; other kinds become matrices."""
        if isinstance(value, PlanarTravel):
            x, y = value.coordinates
            return {
                "kind": "planar",
                "x": x.tolist(),
                "y": y.tolist(),
                "scale": value.scale,
                "rounding": value.rounding,
            }
        if isinstance(value, TravelMatrix):
            seconds, metres = value.seconds, value.metres
        else:
            return _in_strips(value)
        held = {"kind": "matrix", "size": int(seconds.shape[0]), "seconds": _packed(seconds)}
        if seconds.dtype != metres.dtype or not np.array_equal(seconds, metres):
            held["metres"] = _packed(metres)
        return held

    def read(self, given: Any, path: str, mistakes: Mistakes) -> Travel:
        """Return the travel; an empty one after a mistake."""
        empty = TravelMatrix(seconds=np.zeros((0, 0), np.int64), metres=np.zeros((0, 0), np.int64))
        kind = str(given.get("kind")) if isinstance(given, dict) else ""
        keys = {
            "planar": {"kind", "x", "y", "scale", "rounding"},
            "matrix": {"kind", "size", "seconds", "metres"},
        }
        if kind not in keys:
            mistakes.add(path, "is no travel", 'give "kind": "matrix" or "planar"')
            return empty
        for name in sorted(given.keys() - keys[kind]):
            mistakes.add(
                f"{path}.{name}", "is not known", f"known: {', '.join(sorted(keys[kind]))}"
            )
        before = len(mistakes.found)
        try:
            found = _plane(given, path, mistakes) if kind == "planar" else None
            if kind == "matrix":
                found = _matrix(given, path, mistakes)
        except (ValueError, TypeError) as error:
            mistakes.add(path, str(error), "write the file anew")
            found = None
        if found is None and len(mistakes.found) == before:
            mistakes.add(path, "is incomplete", "write the file anew")
        return found if found is not None else empty


def _plane(given: dict[str, Any], path: str, mistakes: Mistakes) -> Travel | None:
    before = len(mistakes.found)
    x = Listed(DECIMAL).read(given.get("x"), f"{path}.x", mistakes)
    y = Listed(DECIMAL).read(given.get("y"), f"{path}.y", mistakes)
    scale = DECIMAL.read(given.get("scale"), f"{path}.scale", mistakes)
    rounding = TEXT.read(given.get("rounding"), f"{path}.rounding", mistakes)
    if len(mistakes.found) > before:
        return None
    return PlanarTravel(x=x, y=y, scale=scale, rounding=rounding)


def _matrix(given: dict[str, Any], path: str, mistakes: Mistakes) -> Travel | None:
    size = given.get("size")
    if isinstance(size, bool) or not isinstance(size, int) or not 0 <= size <= MOST_PLACES:
        mistakes.add(f"{path}.size", f"is {_shown(size)}", "give the number of places")
        return None
    seconds = _unpacked(given.get("seconds"), size, f"{path}.seconds", mistakes)
    metres = seconds
    if "metres" in given:
        metres = _unpacked(given["metres"], size, f"{path}.metres", mistakes)
    if seconds is None or metres is None:
        return None
    return TravelMatrix(seconds=seconds, metres=metres)


def _packed(values: NDArray[Any]) -> str:
    kind = "i4" if values.dtype == np.int32 else "i8"
    raw = np.ascontiguousarray(values, dtype=f"<{kind}").tobytes()
    return f"{kind}:{base64.b64encode(zlib.compress(raw, 3)).decode('ascii')}"


def _in_strips(travel: Travel) -> dict[str, Any]:
    """Write travel that is computed when asked some rows at a time: it has no room for all."""
    everywhere = range(travel.size)
    packers = zlib.compressobj(3), zlib.compressobj(3)
    packed: tuple[list[bytes], list[bytes]] = ([], [])
    same = True
    for low in range(0, travel.size, _STRIP):
        strip = travel.block(range(low, min(low + _STRIP, travel.size)), everywhere)
        same = same and np.array_equal(*strip)
        for values, packer, parts in zip(strip, packers, packed, strict=True):
            parts.append(packer.compress(np.ascontiguousarray(values, "<i8").tobytes()))
    texts = [
        f"i8:{base64.b64encode(b''.join([*parts, packer.flush()])).decode('ascii')}"
        for packer, parts in zip(packers, packed, strict=True)
    ]
    held = {"kind": "matrix", "size": travel.size, "seconds": texts[0]}
    return held if same else {**held, "metres": texts[1]}


def _unpacked(given: Any, size: int, path: str, mistakes: Mistakes) -> NDArray[Any] | None:
    kind, _, packed = given.partition(":") if isinstance(given, str) else ("", "", "")
    if kind not in ("i4", "i8"):
        mistakes.add(path, "is no packed matrix", 'give "i4:" or "i8:" and base64 text')
        return None
    wanted = size * size * int(kind[1])
    try:
        squeezed = base64.b64decode(packed, validate=True)
        # Never more than the matrix needs: a small file must not become a large memory.
        opener = zlib.decompressobj()
        raw = opener.decompress(squeezed, wanted + 1)
    except (binascii.Error, zlib.error):
        mistakes.add(path, "cannot be unpacked", "the file may be damaged: write it anew")
        return None
    if len(raw) != wanted:
        mistakes.add(path, f"does not hold {size} times {size} numbers", "write the file anew")
        return None
    return np.frombuffer(raw, dtype=f"<{kind}").reshape(size, size)


class Profiles:
    """A mapping from profile to travel."""

    def write(self, value: Mapping[str, Travel]) -> Any:
        """Return an object by profile."""
        return {name: TravelCodec().write(travel) for name, travel in value.items()}

    def read(self, given: Any, path: str, mistakes: Mistakes) -> Any:
        """Return the mapping."""
        if not isinstance(given, dict):
            mistakes.add(path, f"is {_shown(given)}", "give an object, a profile for each key")
            return {}
        return {
            name: TravelCodec().read(part, f"{path}.{name}", mistakes)
            for name, part in given.items()
        }
