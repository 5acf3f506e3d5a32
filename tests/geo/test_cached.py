"""The cache never answers from the past and never from a damaged file."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from pathlib import Path

import pytest

from geo.cached import CachedTravel
from geo.great_circle import GreatCircle
from geo.types import LatLon, TravelMatrix

A, B, C = (LatLon(lat=21.3 + i / 100, lon=105.2) for i in range(3))


class Counting:
    """A provider that counts how often it is asked."""

    def __init__(self, version: str = "1") -> None:
        self.version = version
        self.asked = 0
        self._inner = GreatCircle()

    def matrix(self, points: Sequence[LatLon], *, profile: str) -> TravelMatrix:
        self.asked += 1
        return self._inner.matrix(points, profile=profile)

    def shape(self, origin: LatLon, destination: LatLon, *, profile: str) -> list[LatLon]:
        return self._inner.shape(origin, destination, profile=profile)


def test_the_second_question_is_answered_from_the_folder(tmp_path: Path) -> None:
    provider = Counting()
    first = CachedTravel(provider, folder=tmp_path).matrix([A, B, C], profile="van")
    again = CachedTravel(provider, folder=tmp_path).matrix([A, B, C], profile="van")
    assert again == first
    assert again.seconds.dtype == first.seconds.dtype
    assert provider.asked == 1


def test_other_points_order_profile_or_version_are_other_questions(tmp_path: Path) -> None:
    provider = Counting()
    cached = CachedTravel(provider, folder=tmp_path)
    cached.matrix([A, B, C], profile="van")
    cached.matrix([B, A, C], profile="van")
    cached.matrix([A, B], profile="van")
    cached.matrix([A, B, C], profile="truck")
    assert provider.asked == 4
    newer = Counting(version="2")
    CachedTravel(newer, folder=tmp_path).matrix([A, B, C], profile="van")
    assert newer.asked == 1


@pytest.mark.parametrize("damage", ["empty", "cut", "garbled", "text", "other size"])
def test_a_damaged_entry_is_worked_out_anew(
    tmp_path: Path, damage: str, caplog: pytest.LogCaptureFixture
) -> None:
    provider = Counting()
    cached = CachedTravel(provider, folder=tmp_path)
    whole = cached.matrix([A, B, C], profile="van")
    (entry,) = tmp_path.glob("*.npz")
    data = entry.read_bytes()
    if damage == "other size":
        cached.matrix([A, B], profile="van")
        (other,) = set(tmp_path.glob("*.npz")) - {entry}
        entry.write_bytes(other.read_bytes())
        provider.asked = 1
    else:
        middle = len(data) // 3
        entry.write_bytes(
            {
                "empty": b"",
                "cut": data[:middle],
                "garbled": data[:200] + bytes(255 - b for b in data[200:280]) + data[280:],
                "text": b"hello",
            }[damage]
        )
    with caplog.at_level(logging.WARNING):
        assert cached.matrix([A, B, C], profile="van") == whole
    assert provider.asked == 2
    assert "working it out" in caplog.text
    # And what was written instead is good again.
    assert cached.matrix([A, B, C], profile="van") == whole
    assert provider.asked == 2


def test_no_half_written_file_is_left_behind(tmp_path: Path) -> None:
    CachedTravel(Counting(), folder=tmp_path / "deep" / "down").matrix([A, B], profile="van")
    assert [p.suffix for p in (tmp_path / "deep" / "down").iterdir()] == [".npz"]


def test_a_folder_that_cannot_be_written_costs_a_warning_and_not_the_answer(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("not a folder")
    with caplog.at_level(logging.WARNING):
        matrix = CachedTravel(Counting(), folder=blocked / "x").matrix([A, B], profile="van")
    assert matrix.size == 2
    assert "cannot be written" in caplog.text


def test_the_entries_used_longest_ago_make_room(tmp_path: Path) -> None:
    provider = Counting()
    big = CachedTravel(provider, folder=tmp_path)
    for points in ([A, B], [A, C], [B, C]):
        big.matrix(points, profile="van")
    one = max(p.stat().st_size for p in tmp_path.glob("*.npz"))
    small = CachedTravel(provider, folder=tmp_path, limit_bytes=2 * one)
    small.matrix([A, B, C], profile="van")
    assert sum(p.stat().st_size for p in tmp_path.glob("*.npz")) <= 2 * one
    asked = provider.asked
    small.matrix([A, B, C], profile="van")
    assert provider.asked == asked
