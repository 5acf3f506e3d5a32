"""A travel provider that another one stands in for when its server fails."""

from __future__ import annotations

import logging
from collections.abc import Sequence

from geo.errors import TravelServiceError
from geo.travel import TravelProvider
from geo.types import LatLon, TravelMatrix

_log = logging.getLogger(__name__)


class FallbackTravel:
    """
    Asks one provider, and after its first failure only the other: the morning must be planned.

    Only a server that fails is stood in for. Points without a road and pairs without a way are
    facts, and remain errors.

    Parameters
    ----------
    provider
        Who is asked first.
    backup
        Who needs no server.

    Attributes
    ----------
    failure
        Why the first one is not asked any more; None while it answers.
    estimated
        Profiles whose matrices came from the backup.
    """

    def __init__(self, provider: TravelProvider, *, backup: TravelProvider) -> None:
        self.provider = provider
        self.backup = backup
        self.failure: TravelServiceError | None = None
        self.estimated: tuple[str, ...] = ()

    @property
    def version(self) -> str:
        """Of whoever is asked now."""
        return self.provider.version if self.failure is None else self.backup.version

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        """Return the provider's matrix, or the backup's when it fails or has failed."""
        if self.failure is None:
            try:
                return self.provider.matrix(points, profile=profile)
            except TravelServiceError as failure:
                self.give_up(failure)
        self.estimated = tuple(dict.fromkeys([*self.estimated, profile]))
        return self.backup.matrix(points, profile=profile)

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        """Return the provider's line, or the backup's when it fails or has failed."""
        if self.failure is None:
            try:
                return self.provider.shape(origin, destination, profile=profile)
            except TravelServiceError as failure:
                self.give_up(failure)
        return self.backup.shape(origin, destination, profile=profile)

    def give_up(self, failure: TravelServiceError) -> None:
        """Ask the first one no more."""
        _log.info("%s; going on without it", failure)
        self.failure = failure
