"""Any travel provider, with its matrices kept on disk."""

from __future__ import annotations

import hashlib
import logging
import os
import tempfile
import zipfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from geo.travel import TravelProvider
from geo.types import LatLon, TravelMatrix

_log = logging.getLogger(__name__)

# Part of every key: to be raised when what is stored changes its meaning.
_FORMAT = 1


class CachedTravel:
    """
    A travel provider that remembers its matrices in a folder.

    A matrix is found again by the provider's version, the profile and the points in their order;
    so a new bridge or another speed is never answered from the past. Entries are written whole or
    not at all, a damaged one is worked out anew, and several processes may share the folder.

    Parameters
    ----------
    provider
        Who answers what is not in the folder.
    folder
        Where entries are kept; made when first needed. It may be emptied at any time.
    limit_bytes
        The entries used longest ago are removed above this size, in bytes.
    """

    def __init__(
        self, provider: TravelProvider, *, folder: Path, limit_bytes: int = 2_000_000_000
    ) -> None:
        self.provider = provider
        self.folder = folder
        self.limit_bytes = limit_bytes

    @property
    def version(self) -> str:
        """The version of the provider behind it."""
        return self.provider.version

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        """Return the provider's matrix, from the folder where it is there."""
        path = self.folder / f"{self._key(points, profile)}.npz"
        kept = self._read(path, len(points))
        if kept is not None:
            return kept
        fresh = self.provider.matrix(points, profile=profile)
        self._write(path, fresh)
        return fresh

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        """Return the provider's line; lines are not kept."""
        return self.provider.shape(origin, destination, profile=profile)

    def _key(self, points: Sequence[LatLon], profile: str) -> str:
        digest = hashlib.sha256(repr((_FORMAT, self.version, profile, len(points))).encode())
        digest.update(np.array([(p.lat, p.lon) for p in points], "<f8").tobytes())
        return digest.hexdigest()

    def _read(self, path: Path, size: int) -> TravelMatrix | None:
        try:
            with path.open("rb") as file, np.load(file, allow_pickle=False) as stored:
                kept = TravelMatrix(seconds=stored["seconds"], metres=stored["metres"])
            if kept.size != size:
                raise ValueError(f"{kept.size} places, not {size}")  # noqa: TRY301
            os.utime(path)
        except FileNotFoundError:
            return None
        # What a cut or garbled file brings out depends on where the damage is.
        except (OSError, EOFError, KeyError, ValueError, TypeError, zipfile.BadZipFile) as error:
            _log.warning("travel cache entry %s cannot be used (%s); working it out", path, error)
            return None
        return kept

    def _write(self, path: Path, matrix: TravelMatrix) -> None:
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            handle, name = tempfile.mkstemp(dir=self.folder, suffix=".part")
            try:
                with os.fdopen(handle, "wb") as file:
                    np.savez(file, seconds=matrix.seconds, metres=matrix.metres)
                Path(name).replace(path)
            except BaseException:
                Path(name).unlink(missing_ok=True)
                raise
            self._trim(keep=path)
        except OSError as error:
            # A full disk must not cost the morning's plan: the matrix is there all the same.
            _log.warning("travel cache folder %s cannot be written (%s)", self.folder, error)

    def _trim(self, *, keep: Path) -> None:
        entries = []
        for path in self.folder.glob("*.npz"):
            try:
                facts = path.stat()
            except FileNotFoundError:
                continue
            entries.append((facts.st_mtime_ns, path, facts.st_size))
        total = sum(size for _, _, size in entries)
        for _, path, size in sorted(entries):
            if total <= self.limit_bytes:
                return
            if path != keep:
                path.unlink(missing_ok=True)
                total -= size
