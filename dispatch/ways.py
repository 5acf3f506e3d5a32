"""The ways that a plan's routes take on a map: along roads, or over the bridges at least."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Protocol

from dispatch.exports import line
from dispatch.settings import PROFILES
from dispatch.views import CourierSheet
from geo.errors import GeoError
from geo.types import LatLon


class Drawn(Protocol):
    """Whoever knows the line of a way; every travel provider does."""

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> Sequence[LatLon]:
        """Return the line of a way, both ends included."""
        ...


def ways(sheets: Iterable[CourierSheet], travel: Drawn) -> Mapping[str, tuple[LatLon, ...]]:
    """
    Return the line of each route by courier; a leg whose way is not known is straight.

    A map is still a map where a road server has failed since the plan was made.
    """
    return {sheet.courier: line(sheet, _Shape(travel, sheet)) for sheet in sheets}


class _Shape:
    def __init__(self, travel: Drawn, sheet: CourierSheet) -> None:
        self._travel = travel
        self._profile = PROFILES[sheet.vehicle]

    def __call__(self, origin: LatLon, destination: LatLon) -> Sequence[LatLon]:
        try:
            return self._travel.shape(origin, destination, profile=self._profile)
        except GeoError:
            return (origin, destination)
