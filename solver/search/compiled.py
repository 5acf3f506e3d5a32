"""
Three decorators for all compiled functions: they release the interpreter and are kept on disk.

The kernel asks for no memory, so reference counts are switched off; and only the few functions that
Python calls get the glue for that. Both keep compilation short.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, TypeVar, cast

from numba import njit

Whole = Any
"""A number of the machine: what compiled functions take and return instead of Python's own."""

Truth = Any
"""A truth value of the machine."""

Function = TypeVar("Function", bound=Callable[..., Any])

_njit: Any = njit
_OPTIONS = {"cache": True, "nogil": True, "error_model": "numpy", "_nrt": False}


def compiled(function: Function) -> Function:
    """Compile a function that only other compiled functions call."""
    inner = _njit(**_OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True)
    return cast("Function", inner(function))


def inlined(function: Function) -> Function:
    """
    Compile a small function into each place that calls it.

    A call hands over every array of the model one by one, some hundreds of words: in the innermost
    loops that costs more than the work itself.
    """
    inner = _njit(**_OPTIONS, no_cpython_wrapper=True, no_cfunc_wrapper=True, forceinline=True)
    return cast("Function", inner(function))


def entry(function: Function) -> Function:
    """Compile a function that Python calls."""
    return cast("Function", _njit(**_OPTIONS, no_cfunc_wrapper=True)(function))
