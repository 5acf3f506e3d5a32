"""A point, a box, and the travel between points: all that `solver` may know of geography."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

IntArray = NDArray[np.int64]


@dataclass(frozen=True, slots=True, kw_only=True)
class LatLon:
    """
    One point on the earth, degrees in WGS 84.

    Raises
    ------
    ValueError
        A coordinate is outside its range (often latitude and longitude exchanged).
    """

    lat: float
    lon: float

    def __post_init__(self) -> None:
        if not -90 <= self.lat <= 90:
            raise ValueError(f"latitude {self.lat} is not between -90 and 90")
        if not -180 <= self.lon <= 180:
            raise ValueError(f"longitude {self.lon} is not between -180 and 180")


@dataclass(frozen=True, slots=True, kw_only=True)
class BoundingBox:
    """The rectangle between two parallels and two meridians, edges included."""

    south: float
    west: float
    north: float
    east: float

    @classmethod
    def around(cls, points: Sequence[LatLon]) -> BoundingBox:
        """Return the smallest box that holds every point; `points` must not be empty."""
        if not points:
            raise ValueError("a bounding box needs at least one point")
        lats = [p.lat for p in points]
        lons = [p.lon for p in points]
        return cls(south=min(lats), west=min(lons), north=max(lats), east=max(lons))

    def contains(self, point: LatLon) -> bool:
        """Tell whether the point lies inside or on the edge."""
        return self.south <= point.lat <= self.north and self.west <= point.lon <= self.east

    def grown(self, degrees: float) -> BoundingBox:
        """Return the box moved outwards by `degrees` on every side."""
        return BoundingBox(
            south=self.south - degrees,
            west=self.west - degrees,
            north=self.north + degrees,
            east=self.east + degrees,
        )


@runtime_checkable
class Travel(Protocol):
    """
    Travel between n places known by row number, dense or computed when asked.

    Every value is a non-negative integer: seconds and metres. From a place to itself both are 0.
    """

    @property
    def size(self) -> int:
        """The number of places, n."""
        ...

    def leg(self, origin: int, destination: int) -> tuple[int, int]:
        """Return (seconds, metres) from one row to another."""
        ...

    def block(
        self, origins: Sequence[int], destinations: Sequence[int]
    ) -> tuple[IntArray, IntArray]:
        """Return (seconds, metres), each of shape (len(origins), len(destinations))."""
        ...


@runtime_checkable
class Squares(Protocol):
    """Travel that measures between all of some places at once for less than a block costs."""

    def square(self, rows: Sequence[int]) -> tuple[NDArray[np.int32], NDArray[np.int32]]:
        """Return (seconds, metres), each of shape (len(rows), len(rows))."""
        ...


def _frozen(values: Any) -> NDArray[Any]:
    given = np.asarray(values)
    if given.dtype.kind not in "iu":
        raise TypeError(f"travel must be whole seconds and metres, not {given.dtype}")
    narrow = given.dtype == np.dtype(np.int32)
    kept = np.ascontiguousarray(given, dtype=np.int32 if narrow else np.int64)
    if kept is values or kept.base is not None:
        kept = kept.copy()
    kept.setflags(write=False)
    return kept


class TravelMatrix:
    """
    Travel between every pair of n places, held as two read-only square arrays.

    Parameters
    ----------
    seconds, metres
        Integer arrays of shape (n, n), row = from, column = to, diagonal 0, nothing negative.
        int32 stays int32 (half the memory); any other integer type becomes int64.

    Raises
    ------
    ValueError
        The shapes differ or are not square, a value is negative, or the diagonal is not 0.
    TypeError
        The values are not integers.
    """

    __slots__ = ("metres", "seconds")

    seconds: NDArray[Any]
    metres: NDArray[Any]

    def __init__(self, *, seconds: Any, metres: Any) -> None:
        time, distance = _frozen(seconds), _frozen(metres)
        if time.ndim != 2 or time.shape[0] != time.shape[1] or time.shape != distance.shape:
            raise ValueError(
                f"travel needs two equal square arrays, not {time.shape} and {distance.shape}"
            )
        for name, array in (("seconds", time), ("metres", distance)):
            if array.size and int(array.min()) < 0:
                row, column = (int(k) for k in np.argwhere(array < 0)[0])
                raise ValueError(f"{name} from row {row} to row {column} are negative")
            if array.size and np.any(np.diagonal(array)):
                row = int(np.flatnonzero(np.diagonal(array))[0])
                raise ValueError(f"{name} from row {row} to itself are not 0")
        object.__setattr__(self, "seconds", time)
        object.__setattr__(self, "metres", distance)

    def __setattr__(self, name: str, value: object) -> None:
        raise AttributeError(f"a TravelMatrix is immutable: {name} cannot be set")

    def __reduce__(self) -> tuple[Callable[..., TravelMatrix], tuple[Any, Any]]:
        # NumPy forgets the read-only flag in a pickle (numpy issue 16726): build it anew.
        return _rebuild, (self.seconds, self.metres)

    def __eq__(self, other: object) -> bool:
        return (
            isinstance(other, TravelMatrix)
            and np.array_equal(self.seconds, other.seconds)
            and np.array_equal(self.metres, other.metres)
        )

    __hash__ = None  # type: ignore[assignment]

    def __repr__(self) -> str:
        return f"TravelMatrix({self.size} places)"

    @property
    def size(self) -> int:
        """The number of places, n."""
        return int(self.seconds.shape[0])

    def leg(self, origin: int, destination: int) -> tuple[int, int]:
        """Return (seconds, metres) from one row to another."""
        return int(self.seconds[origin, destination]), int(self.metres[origin, destination])

    def block(
        self, origins: Sequence[int], destinations: Sequence[int]
    ) -> tuple[IntArray, IntArray]:
        """Return (seconds, metres), each of shape (len(origins), len(destinations))."""
        rows, columns = np.ix_(np.asarray(origins, np.int64), np.asarray(destinations, np.int64))
        return (
            self.seconds[rows, columns].astype(np.int64),
            self.metres[rows, columns].astype(np.int64),
        )


def _rebuild(seconds: Any, metres: Any) -> TravelMatrix:
    return TravelMatrix(seconds=seconds, metres=metres)


class PlanarTravel:
    """
    Straight-line travel on a plane, computed when asked: n numbers instead of n squared.

    Parameters
    ----------
    x, y
        Coordinates, shape (n,).
    scale
        Factor from the plane's unit to metres (and seconds), applied before rounding.
    rounding
        "nearest" (half up, as TSPLIB does), "truncate" or "up".
    """

    __slots__ = ("_x", "_y", "rounding", "scale")

    def __init__(self, *, x: Any, y: Any, scale: float = 1.0, rounding: str = "nearest") -> None:
        if rounding not in ("nearest", "truncate", "up"):
            raise ValueError(f"rounding must be nearest, truncate or up, not {rounding!r}")
        self._x = np.array(x, dtype=np.float64)
        self._y = np.array(y, dtype=np.float64)
        if self._x.ndim != 1 or self._x.shape != self._y.shape:
            raise ValueError("x and y must be two arrays of the same length")
        self._x.setflags(write=False)
        self._y.setflags(write=False)
        self.scale = scale
        self.rounding = rounding

    @property
    def size(self) -> int:
        """The number of places, n."""
        return int(self._x.shape[0])

    @property
    def coordinates(self) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
        """The x and y arrays, read-only, shape (n,)."""
        return self._x, self._y

    def leg(self, origin: int, destination: int) -> tuple[int, int]:
        """Return (seconds, metres) from one row to another; both are the same number."""
        seconds, _ = self.block((origin,), (destination,))
        value = int(seconds[0, 0])
        return value, value

    def block(
        self, origins: Sequence[int], destinations: Sequence[int]
    ) -> tuple[IntArray, IntArray]:
        """Return (seconds, metres), the same array twice, (len(origins), len(destinations))."""
        rows = np.asarray(origins, np.int64)
        columns = np.asarray(destinations, np.int64)
        dx = self._x[rows][:, None] - self._x[columns][None, :]
        dy = self._y[rows][:, None] - self._y[columns][None, :]
        length = np.sqrt(dx * dx + dy * dy) * self.scale
        if self.rounding == "nearest":
            length = np.floor(length + 0.5)
        elif self.rounding == "up":
            length = np.ceil(length)
        whole = length.astype(np.int64)
        return whole, whole

    def matrix(self) -> TravelMatrix:
        """Return the dense matrix of all n places."""
        everywhere = range(self.size)
        seconds, metres = self.block(everywhere, everywhere)
        return TravelMatrix(seconds=seconds, metres=metres)
