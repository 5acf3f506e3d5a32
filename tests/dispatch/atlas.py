"""A geocoder and a territory that know four places, for tests of everything around them."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from dispatch.geocoding import Unit
from geo.geocode import Candidate, Doubt, Level, Match
from geo.types import LatLon
from tests.dispatch.days import at

UNITS = {
    "07900": Unit(code="07900", now="07900", district="227", point=at(1)),
    "08000": Unit(code="08000", now="08000", district="228", point=at(29)),
    # A commune of before the mergers, now part of 07900.
    "01111": Unit(code="01111", now="07900", district="227", point=at(2)),
}


class Atlas:
    """Territory: up to step 15 in 07900, up to step 40 in 08000, else abroad."""

    def unit_at(self, point: LatLon, *, on: date) -> Unit | None:
        steps = (point.lat - 21.30) * 100
        if not -1 <= steps <= 40:
            return None
        return UNITS["07900" if steps <= 15 else "08000"]

    def unit(self, code: str, *, on: date) -> Unit | None:
        return UNITS.get(code)

    def district(self, text: str) -> str | None:
        return {"Việt Trì": "227", "227": "227", "228": "228"}.get(text)


class Finder:
    """Geocoder: understands "phường A", "phố B" (a street of it), "xã C"; doubts "D"."""

    def __init__(self) -> None:
        self.asked: list[str] = []

    def locate(self, text: str, *, on: date | None = None, district: str | None = None) -> Match:
        self.asked.append(text)
        answers: dict[str, tuple[Level, bool, Doubt, tuple[str, ...]]] = {
            "phường A": ("commune", True, "", ("07900",)),
            "phường A cũ": ("commune", True, "", ("01111",)),
            "phố B": ("street", True, "", ("07900",)),
            "xã C": ("commune", True, "", ("08000",)),
            "D": ("commune", False, "ambiguous", ("07900", "08000")),
            "Hà Nội": ("outside", False, "outside", ()),
        }
        level, confident, doubt, codes = answers.get(text, ("none", False, "not_found", ()))
        return Match(
            query=text,
            level=level,
            quality=0.9 if confident else 0.4,
            confident=confident,
            doubt=doubt,
            candidates=tuple(_candidate(code, level) for code in codes),
            outside="Hà Nội" if level == "outside" else "",
        )

    def locate_many(
        self,
        texts: Sequence[str],
        *,
        on: date | None = None,
        districts: Sequence[str | None] | None = None,
    ) -> list[Match]:
        return [self.locate(text, on=on) for text in texts]


def _candidate(code: str, level: Level) -> Candidate:
    unit = UNITS[code]
    return Candidate(
        label=f"đơn vị {code}",
        point=at(3) if level == "street" else unit.point,
        point_quality="exact",
        quality=0.9,
        level=level,
        commune_code=code,
        district_code=unit.district,
        unit_code=unit.now,
    )
