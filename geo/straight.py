"""Great-circle travel between many places, computed when asked and in proportion to the places."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from geo import straight_kernels
from geo.banks import near_each_other
from geo.straight_kernels import Ends, Pace
from geo.types import IntArray, TravelMatrix


class StraightTravel:
    """
    Travel between n places over bridges; satisfies `geo.types.Travel` without a matrix.

    It holds some hundreds of numbers for each place. A leg takes about a microsecond and is the
    same number whether asked for alone, in a block or in a matrix, and the same both ways.

    Parameters
    ----------
    ends
        What each place knows by itself; see `GreatCircle.travel`, which makes it.
    pace
        How lengths become times.
    """

    __slots__ = ("_ends", "_order", "_pace")

    def __init__(self, *, ends: Ends, pace: Pace) -> None:
        for array in ends:
            array.setflags(write=False)
        self._ends = ends
        self._pace = pace
        # Where each place stands on a curve that keeps neighbours together.
        self._order = np.empty(len(ends.flat), np.int64)
        self._order[near_each_other(ends.flat)] = np.arange(len(ends.flat))

    def __reduce__(self) -> tuple[Callable[..., StraightTravel], tuple[Any, ...]]:
        # NumPy forgets the read-only flag in a pickle (numpy issue 16726): build it anew.
        return _again, (tuple(self._ends), tuple(self._pace))

    @property
    def size(self) -> int:
        """The number of places, n."""
        return len(self._ends.flat)

    def leg(self, origin: int, destination: int) -> tuple[int, int]:
        """Return (seconds, metres) from one row to another."""
        size = self.size
        # Compiled code looks at no bounds.
        if not (-size <= origin < size and -size <= destination < size):
            raise IndexError(f"rows {origin} and {destination} are not both among {size} places")
        seconds, metres = straight_kernels.one(
            self._ends, self._pace, origin % size, destination % size
        )
        return int(seconds), int(metres)

    def block(
        self, origins: Sequence[int], destinations: Sequence[int]
    ) -> tuple[IntArray, IntArray]:
        """Return (seconds, metres), each of shape (len(origins), len(destinations))."""
        shape = (len(origins), len(destinations))
        seconds, metres = np.zeros(shape, np.int64), np.zeros(shape, np.int64)
        rows, row_at = self._along(origins)
        columns, column_at = self._along(destinations)
        straight_kernels.fill(
            self._ends, self._pace, rows, columns, row_at, column_at, seconds, metres
        )
        return seconds, metres

    def square(self, rows: Sequence[int]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return (seconds, metres) between all of some rows; each pair is worked out once."""
        shape = (len(rows), len(rows))
        seconds, metres = np.zeros(shape, np.int32), np.zeros(shape, np.int32)
        some, at = self._along(rows)
        straight_kernels.fill_square(self._ends, self._pace, some, at, seconds, metres)
        return seconds, metres

    def matrix(self) -> TravelMatrix:
        """Return the dense matrix of all n places."""
        seconds, metres = self.square(range(self.size))
        return TravelMatrix(seconds=seconds, metres=metres)

    def shores(self) -> list[IntArray]:
        """
        Return the rows grouped by the nodes they reach.

        Between rows of one group there is a way, as between any that see each other; the group of
        those that reach no node comes row by row.
        """
        if not self._ends.through.shape[1]:
            # No bridge, no bend: without a river all is one, else who can tell.
            one = [np.arange(self.size)]
            return one if not len(self._ends.segment) else [np.array([k]) for k in one[0]]
        found = np.isfinite(self._ends.through)
        first = np.where(found.any(axis=1), found.argmax(axis=1), -1)
        groups = [np.flatnonzero(first == k) for k in np.unique(first[first >= 0])]
        return [*groups, *(np.array([k]) for k in np.flatnonzero(first < 0))]

    def _along(self, rows: Sequence[int]) -> tuple[IntArray, IntArray]:
        """Return the rows in an order that keeps neighbours together, and where each stood."""
        given = np.arange(self.size)[np.asarray(rows, np.int64)]
        at = np.argsort(self._order[given], kind="stable")
        return given[at], at


def _again(ends: tuple[Any, ...], pace: tuple[Any, ...]) -> StraightTravel:
    return StraightTravel(ends=Ends(*ends), pace=Pace(*pace))
