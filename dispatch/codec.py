"""
Our dataclasses to plain JSON values and strictly back, by their annotations alone.

What was written by one release is read by the next: a field that the text does not have takes its
default, a field that the class no longer has is passed over. Anything else that does not fit is a
`CodecError` with its path, never a value of the wrong kind.
"""

from __future__ import annotations

import types
import typing
from collections.abc import Hashable, Mapping
from dataclasses import MISSING, Field, fields, is_dataclass
from datetime import date, datetime
from enum import Enum
from functools import cache
from typing import Any, TypeVar, cast, get_args, get_origin

from dispatch.errors import DispatchError

T = TypeVar("T")


class CodecError(DispatchError):
    """A stored value does not fit its class (`.path`, `.what`)."""

    def __init__(self, path: str, what: str) -> None:
        self.path = path
        self.what = what
        super().__init__(f"stored data cannot be read at {path}: {what}")


def encode(value: Any) -> Any:
    """Return what JSON shall hold; sets are sorted, so that equal values give equal texts."""
    if isinstance(value, Enum):
        return value.value
    if value is None or isinstance(value, str | bool | int | float):
        return value
    if isinstance(value, datetime | date):
        return value.isoformat()
    if is_dataclass(value):
        return {field.name: encode(getattr(value, field.name)) for field in fields(value)}
    if isinstance(value, Mapping):
        return {str(encode(key)): encode(inner) for key, inner in value.items()}
    if isinstance(value, frozenset | set):
        return sorted(encode(inner) for inner in value)
    if isinstance(value, tuple | list):
        return [encode(inner) for inner in value]
    raise TypeError(f"{type(value).__name__} is not for the store")


def decode(kind: type[T], given: Any, path: str = "$") -> T:
    """
    Return the value of a class.

    Raises
    ------
    CodecError
        Something is missing, or of the wrong kind.
    """
    value: T = _read(kind, given, path)
    return value


@cache
def _hints(kind: Hashable) -> dict[str, Any]:
    return typing.get_type_hints(kind)


def _read(kind: Any, given: Any, path: str) -> Any:
    origin = get_origin(kind)
    if origin in (typing.Union, types.UnionType):
        inner = [one for one in get_args(kind) if one is not type(None)]
        return None if given is None else _read(inner[0], given, path)
    if origin is tuple:
        return _tuple(kind, given, path)
    if origin is frozenset:
        return frozenset(_items(get_args(kind)[0], given, path))
    if origin is not None and issubclass(origin, Mapping):
        return _mapping(kind, given, path)
    if isinstance(kind, type) and is_dataclass(kind):
        return _dataclass(kind, given, path)
    return _plain(kind, given, path)


def _plain(kind: Any, given: Any, path: str) -> Any:
    try:
        if kind is datetime:
            return datetime.fromisoformat(given)
        if kind is date:
            return date.fromisoformat(given)
        if isinstance(kind, type) and issubclass(kind, Enum):
            return kind(given)
    except (TypeError, ValueError) as error:
        raise CodecError(path, str(error)) from None
    if kind is Any:
        return given
    if kind is float and isinstance(given, int) and not isinstance(given, bool):
        return float(given)
    if not isinstance(given, kind) or (isinstance(given, bool) and kind is not bool):
        raise CodecError(path, f"is {type(given).__name__}, not {kind.__name__}")
    return given


def _items(inner: Any, given: Any, path: str) -> tuple[Any, ...]:
    if not isinstance(given, list | tuple):
        raise CodecError(path, f"is {type(given).__name__}, not a list")
    return tuple(_read(inner, one, f"{path}[{k}]") for k, one in enumerate(given))


def _tuple(kind: Any, given: Any, path: str) -> tuple[Any, ...]:
    inner = get_args(kind)
    if len(inner) == 2 and inner[1] is Ellipsis:
        return _items(inner[0], given, path)
    if not isinstance(given, list | tuple):
        raise CodecError(path, f"is {type(given).__name__}, not a list")
    if len(inner) != len(given):
        raise CodecError(path, f"has {len(given)} parts, not {len(inner)}")
    return tuple(
        _read(one, part, f"{path}[{k}]")
        for k, (one, part) in enumerate(zip(inner, given, strict=True))
    )


def _mapping(kind: Any, given: Any, path: str) -> dict[Any, Any]:
    if not isinstance(given, Mapping):
        raise CodecError(path, f"is {type(given).__name__}, not an object")
    key, inner = get_args(kind)
    return {
        (int(name) if key is int else _read(key, name, f"{path}.{name}")): _read(
            inner, value, f"{path}.{name}"
        )
        for name, value in given.items()
    }


def _dataclass(kind: type[Any], given: Any, path: str) -> Any:
    if not isinstance(given, Mapping):
        raise CodecError(path, f"is {type(given).__name__}, not an object")
    hints = _hints(cast("Hashable", kind))
    values = {}
    for field in fields(kind):
        if field.name in given:
            values[field.name] = _read(hints[field.name], given[field.name], f"{path}.{field.name}")
        elif _required(field):
            raise CodecError(f"{path}.{field.name}", "is missing")
    try:
        return kind(**values)
    except ValueError as error:
        raise CodecError(path, str(error)) from None


def _required(field: Field[Any]) -> bool:
    return field.default is MISSING and field.default_factory is MISSING
