"""
What many want to store at the same moment, stored as one.

A store's write ends with the disk's word that it is there, which takes the same time for one
message as for twenty. Whoever has the turn takes along all who wait by then; they find their work
done.
"""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

from dispatch.errors import StoreError

T = TypeVar("T")
R = TypeVar("R")

_MOST = 64
"""So many are stored as one at most: others write too."""


@dataclass(slots=True, eq=False)
class _One(Generic[T, R]):
    item: T
    result: R | None = None
    error: BaseException | None = None
    done: bool = False


class Together(Generic[T, R]):
    """
    Stores the items of concurrent callers together.

    Parameters
    ----------
    store
        Stores all items given as one unit, or none and raises; returns a result for each.
    """

    def __init__(self, store: Callable[[Sequence[T]], Sequence[R]]) -> None:
        self._store = store
        self._lock = threading.Lock()
        self._turn = threading.Lock()
        self._waiting: list[_One[T, R]] = []

    def written(self, item: T) -> R:
        """Return the result of one item once it is stored; raises what its storing raised."""
        mine: _One[T, R] = _One(item)
        with self._lock:
            self._waiting.append(mine)
        with self._turn:
            # Of more than one unit takes, it may be the turn after the next.
            while not mine.done:
                with self._lock:
                    batch, self._waiting = self._waiting[:_MOST], self._waiting[_MOST:]
                self._write(batch)
        if mine.error is not None:
            raise mine.error
        assert mine.result is not None
        return mine.result

    def _write(self, batch: Sequence[_One[T, R]]) -> None:
        try:
            results = self._store([one.item for one in batch])
        except Exception as error:  # noqa: BLE001 - handed to whose it is
            if len(batch) == 1 or isinstance(error, StoreError):
                for one in batch:
                    one.error, one.done = error, True
                return
            # One of them is to blame for all: each by itself.
            for one in batch:
                self._write([one])
            return
        for one, result in zip(batch, results, strict=True):
            one.result, one.done = result, True
