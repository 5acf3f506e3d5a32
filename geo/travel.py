"""What every travel provider offers, and how fast each kind of vehicle goes."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any, Protocol, runtime_checkable

import numpy as np
from numpy.typing import NDArray

from geo.errors import UnknownProfileError
from geo.tables import read_table
from geo.types import LatLon, TravelMatrix


@dataclass(frozen=True, slots=True, kw_only=True)
class SpeedProfile:
    """
    How one kind of vehicle gets about.

    The first `town_metres` of every leg go at town speed, the rest at country speed: a leg starts
    in a lane among houses and ends in one. Longer legs are thus faster on average, and two legs are
    never faster than one through the same place.

    Parameters
    ----------
    name
        "motorbike", "van", "truck", or the office's own.
    town_kmh, country_kmh
        Kilometres per hour on the move, stops at lights and corners included; the country speed is
        the higher one.
    detour_factor
        Metres of road for each metre of straight line, at least 1.
    town_metres
        Metres of road at the two ends of a leg together that go at town speed.

    Raises
    ------
    ValueError
        A speed is not positive, the country is slower than the town, or the factor is below 1.
    """

    name: str
    town_kmh: float
    country_kmh: float
    detour_factor: float
    town_metres: float = 2_000.0

    def __post_init__(self) -> None:
        values = (self.town_kmh, self.country_kmh, self.detour_factor, self.town_metres)
        if not all(math.isfinite(v) for v in values):
            raise ValueError(f"profile {self.name!r} has a value that is not a number")
        if self.town_kmh <= 0 or self.country_kmh < self.town_kmh:
            raise ValueError(
                f"profile {self.name!r} needs 0 < town_kmh <= country_kmh,"
                f" not {self.town_kmh:g} and {self.country_kmh:g}"
            )
        if self.detour_factor < 1:
            raise ValueError(
                f"profile {self.name!r} has a detour factor of {self.detour_factor:g}: no road is"
                " shorter than the straight line"
            )
        if self.town_metres < 0:
            raise ValueError(f"profile {self.name!r} has negative town_metres")

    def seconds(self, road_metres: NDArray[Any]) -> NDArray[np.float64]:
        """Return the seconds that legs of so many metres of road take, unrounded."""
        metres = np.asarray(road_metres, np.float64)
        slow = np.minimum(metres, self.town_metres)
        seconds = slow * (3.6 / self.town_kmh) + (metres - slow) * (3.6 / self.country_kmh)
        return np.asarray(seconds, np.float64)


# What the figures rest on. Law: 50 km/h among houses (60 on divided roads), outside 60 to 70 for
# motorbikes and lorries, 80 for vans. A midland province has few lights but narrow, winding,
# crowded roads: door to door averages of about half the limit. A motorbike takes the lanes between
# the rice fields and the hamlet paths, so its way is the straightest; a truck keeps to province
# roads. The factors lie in the usual range of 1.2 to 1.5 for rural roads in hills. The office's own
# records should replace all of them.
DEFAULT_PROFILES: Mapping[str, SpeedProfile] = MappingProxyType(
    {
        p.name: p
        for p in (
            SpeedProfile(name="motorbike", town_kmh=24, country_kmh=36, detour_factor=1.30),
            SpeedProfile(name="van", town_kmh=22, country_kmh=42, detour_factor=1.38),
            SpeedProfile(name="truck", town_kmh=18, country_kmh=38, detour_factor=1.42),
        )
    }
)
"""Speeds of a motorbike, a van and a truck in a province of plains and hills, by name."""

_COLUMNS = ("name", "town_kmh", "country_kmh", "detour_factor", "town_metres")


def profiles_from_csv(text: str, *, source: str = "speeds.csv") -> Mapping[str, SpeedProfile]:
    """
    Read the office's own speed table, as `profiles_to_csv` writes it.

    Raises
    ------
    TableError
        With everything that is wrong.
    """
    rows = read_table(text, source=source, build=_profile, key=lambda row: row["name"])
    return MappingProxyType({p.name: p for p in rows})


def profiles_to_csv(profiles: Mapping[str, SpeedProfile]) -> str:
    """Return the speed table as CSV with the columns name, speeds, factor and town metres."""
    lines = [",".join(_COLUMNS)]
    lines += [
        f"{p.name},{p.town_kmh:g},{p.country_kmh:g},{p.detour_factor:g},{p.town_metres:g}"
        for p in profiles.values()
    ]
    return "\n".join(lines) + "\n"


def pick(profiles: Mapping[str, SpeedProfile], name: str) -> SpeedProfile:
    """
    Return the profile of this name.

    Raises
    ------
    UnknownProfileError
        There is none.
    """
    try:
        return profiles[name]
    except KeyError:
        raise UnknownProfileError(profile=name, known=tuple(profiles)) from None


@runtime_checkable
class TravelProvider(Protocol):
    """Something that knows how long it takes from place to place."""

    @property
    def version(self) -> str:
        """A short text that changes whenever the same question could get another answer."""
        ...

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        """
        Return travel time and distance between every pair of points.

        Parameters
        ----------
        points
            n places, in the order the rows and columns of the result will have.
        profile
            The name of a speed profile.

        Returns
        -------
        TravelMatrix
            Whole seconds and metres of shape (n, n), row = from, column = to; the diagonal is 0.

        Raises
        ------
        UnknownProfileError
            No profile has this name.
        UnreachableError
            Some pairs have no way between them; `.pairs` lists them.
        """
        ...

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        """
        Return the line of the way from one point to another, both ends included, for drawing.

        Raises
        ------
        UnknownProfileError
            No profile has this name.
        UnreachableError
            There is no way.
        """
        ...


def _profile(row: Mapping[str, str]) -> SpeedProfile:
    return SpeedProfile(
        name=row["name"],
        town_kmh=float(row["town_kmh"]),
        country_kmh=float(row["country_kmh"]),
        detour_factor=float(row["detour_factor"]),
        town_metres=float(row.get("town_metres") or 2_000),
    )
