"""Addresses found without any service: an offline geocoder over the province's commune table."""

from __future__ import annotations

import csv
from collections.abc import Sequence
from datetime import date
from importlib import resources
from typing import Any

import numpy as np
from geopy.geocoders.base import DEFAULT_SENTINEL, Geocoder
from geopy.location import Location
from geopy.point import Point

from geo import phu_tho
from geo.address import Address, marks, read
from geo.banks import great_circle_metres
from geo.geocode import Candidate, Match
from geo.matching import (
    HOPELESS,
    PROVINCE,
    PROVINCE_SHORT,
    Atlas,
    Mention,
    Reading,
    Scene,
    settled,
)
from geo.names import Entry, Lineage, Names, entries, key, short_forms

_MOST_CANDIDATES = 5
_FARTHEST_METRES = 25_000.0


class Gazetteer(Geocoder):  # type: ignore[misc]
    """
    A geopy geocoder that knows the communes of Phú Thọ, under all names they had since 2019.

    It reads addresses with and without accents, abbreviated, misspelt, without their district or in
    another order, and gives the point of the commune: nothing public goes below that. It never asks
    any service, so `timeout` and the rest of geopy's options are accepted and mean nothing.

    Parameters
    ----------
    on
        The day addresses are written for, unless a call says another; None takes all names there
        ever were and prefers today's.
    """

    def __init__(self, *, on: date | None = None) -> None:
        super().__init__(scheme="https", timeout=None, user_agent="buuta")
        self.on = on
        rows = phu_tho.commune_periods()
        self._lineage = Lineage(rows)
        self._districts = {d.code: d for d in phu_tho.districts()}
        self._entries = entries(rows)
        self._atlas = _atlas(self._entries)

    def locate(self, text: str, *, on: date | None = None, district: str | None = None) -> Match:
        """
        Return where an address is.

        Parameters
        ----------
        text
            As people write it; NFC, NFD or half of each.
        on
            The day it was written for; None takes the gazetteer's own day.
        district
            Code or name of the district where another column tells it. One that is not known is
            left out of account, and so is one of another province in `text`.
        """
        day = self.on if on is None else on
        code = self._district_code(district)
        address = read(text)
        # Most addresses are written rightly; only the others pay for the search among near names.
        match = self._match(text, address, day, code, fuzzy=False)
        if match.confident or (match.level == "outside" and not match.candidates):
            return match
        return self._match(text, address, day, code, fuzzy=True)

    def locate_many(
        self,
        texts: Sequence[str],
        *,
        on: date | None = None,
        districts: Sequence[str | None] | None = None,
    ) -> list[Match]:
        """
        Return where many addresses are, in their order.

        Raises
        ------
        ValueError
            `districts` has another length than `texts`.
        """
        given = [None] * len(texts) if districts is None else districts
        return [
            self.locate(text, on=on, district=district)
            for text, district in zip(texts, given, strict=True)
        ]

    def geocode(
        self, query: str, *, exactly_one: bool = True, timeout: Any = DEFAULT_SENTINEL
    ) -> Location | list[Location] | None:
        """
        Return the place of an address, as geopy's geocoders do.

        Parameters
        ----------
        exactly_one
            Return the best place only, else a list of all that the address may mean.
        timeout
            Means nothing here.

        Returns
        -------
        geopy.location.Location
            Or a list of them; None if nothing is found. `.raw` tells quality, level, codes and
            whether the answer may be used without a person looking at it.
        """
        del timeout
        match = self.locate(query)
        if not match.found:
            return None
        places = [_location(candidate, match) for candidate in match.candidates]
        return places[0] if exactly_one else places

    def reverse(
        self, query: Any, *, exactly_one: bool = True, timeout: Any = DEFAULT_SENTINEL
    ) -> Location | list[Location] | None:
        """
        Return the commune nearest to a point, as geopy's geocoders do.

        Parameters
        ----------
        query
            A geopy point, a (latitude, longitude) pair or a text of both.
        exactly_one
            Return the nearest only, else the nearest five.
        timeout
            Means nothing here.

        Returns
        -------
        geopy.location.Location
            Or a list of them; None further than 25 km from every commune.
        """
        del timeout
        point = Point(query)
        rows = [entry.at(self.on) for entry in self._entries if entry.valid(self.on or date.max)]
        known = [row for row in rows if row is not None]
        angles = np.radians(np.array([(r.point.lat, r.point.lon) for r in known]))
        here = np.radians(np.array([[point.latitude, point.longitude]]))
        metres = great_circle_metres(here[:, 0], here[:, 1], angles[:, 0], angles[:, 1])
        order = [int(k) for k in np.argsort(metres, kind="stable") if metres[k] <= _FARTHEST_METRES]
        if not order:
            return None
        places = []
        for k in order[: 1 if exactly_one else _MOST_CANDIDATES]:
            row = known[k]
            quality = 1.0 - float(metres[k]) / _FARTHEST_METRES
            places.append(
                _location(
                    Candidate(
                        label=self._label(row),
                        point=row.point,
                        point_quality=row.point_quality,
                        quality=round(quality, 3),
                        level="commune",
                        commune_code=row.code,
                        district_code=row.district_code,
                        unit_code=row.code,
                    ),
                    None,
                )
            )
        return places[0] if exactly_one else places

    def _match(
        self, text: str, address: Address, on: date | None, district: str | None, *, fuzzy: bool
    ) -> Match:
        scene = Scene(address, self._atlas, on=on, district=district, fuzzy=fuzzy)
        province = scene.outside()
        if province is not None:
            return Match(
                query=text,
                level="outside",
                quality=0.0,
                confident=False,
                doubt="outside",
                outside=province,
            )
        weighed = [r for r in scene.readings() if r.cost <= HOPELESS]
        whole = self._district_candidates(scene.districts, district)
        if not weighed or (whole and _district_rather(weighed[0], scene.districts, district)):
            return self._coarse(text, whole, weighed, on)
        best, rest = weighed[0], weighed[1:]
        row = best.entry.at(on)
        assert row is not None  # `readings` leaves out what did not exist yet
        unit = self._lineage.unit(row, on)
        same = [self._unit(other.entry, on) == unit for other in rest]
        doubt = best.doubt
        if not doubt and not settled(best, rest, same):
            doubt = "ambiguous"
        if not doubt and scene.unknown_unit(best.found, ("huyện", "quận", "tỉnh")):
            doubt = "unread_words"
        candidates = [self._candidate(r, on) for r in weighed[:_MOST_CANDIDATES]]
        return Match(
            query=text,
            level="commune",
            quality=candidates[0].quality,
            confident=not doubt,
            doubt=doubt,
            candidates=tuple(candidates + whole)[:_MOST_CANDIDATES],
        )

    def _coarse(
        self,
        text: str,
        whole: list[Candidate],
        weighed: Sequence[Reading],
        on: date | None,
    ) -> Match:
        fine = [self._candidate(r, on) for r in weighed[:_MOST_CANDIDATES]]
        if not whole:
            return Match(query=text, level="none", quality=0.0, confident=False, doubt="not_found")
        return Match(
            query=text,
            level="district",
            quality=whole[0].quality,
            confident=False,
            doubt="ambiguous" if len(whole) > 1 else "district_only",
            candidates=tuple(whole + fine)[:_MOST_CANDIDATES],
        )

    def _district_candidates(
        self, named: Sequence[Mention], district: str | None
    ) -> list[Candidate]:
        codes = [district] if district else []
        sure = sorted(named, key=lambda m: (m.found.typos, m.short, -m.found.first))
        codes += [m.code for m in sure if m.found.typos < 2]
        found = []
        for code in dict.fromkeys(codes):
            known = self._districts[code]
            found.append(
                Candidate(
                    label=f"{known.kind} {known.name}, tỉnh Phú Thọ",
                    point=known.point,
                    point_quality="approximate",
                    quality=0.4,
                    level="district",
                    district_code=code,
                )
            )
        return found

    def _candidate(self, reading: Reading, on: date | None) -> Candidate:
        row = reading.entry.at(on)
        assert row is not None
        return Candidate(
            label=self._label(row),
            point=row.point,
            point_quality=row.point_quality,
            quality=round(min(1.0, max(0.05, 0.72 - 0.33 * reading.cost)), 3),
            level="commune",
            commune_code=row.code,
            district_code=row.district_code,
            unit_code=self._lineage.unit(row, on),
        )

    def _unit(self, entry: Entry, on: date | None) -> str:
        row = entry.at(on)
        return "" if row is None else self._lineage.unit(row, on)

    def _label(self, row: phu_tho.Commune) -> str:
        district = self._districts[row.district_code]
        return f"{row.full_name}, {district.kind} {district.name}"

    def _district_code(self, text: str | None) -> str | None:
        if text is None or not text.strip():
            return None
        if text.strip() in self._districts:
            return text.strip()
        address = read(text)
        scene = Scene(address, self._atlas, on=None, district=None, fuzzy=True)
        codes = [m for m in scene.mentions if m.code and m.found.typos < 2]
        best = min(codes, key=lambda m: (m.found.typos, m.short), default=None)
        return None if best is None else best.code


def _district_rather(best: Reading, districts: Sequence[Mention], district: str | None) -> bool:
    """Tell whether a district is better attested than the best commune."""
    if best.cost <= 0:
        return False
    announced = best.found.kind and not best.found.typos and best.doubt != "conflict"
    firm = any(m.found.typos <= best.found.typos for m in districts)
    return not announced and (firm or district is not None)


def _location(candidate: Candidate, match: Match | None) -> Location:
    raw = {
        "quality": candidate.quality,
        "level": candidate.level,
        "commune_code": candidate.commune_code,
        "district_code": candidate.district_code,
        "unit_code": candidate.unit_code,
        "point_quality": candidate.point_quality,
    }
    if match is not None:
        raw |= {"confident": match.confident, "doubt": match.doubt}
    return Location(candidate.label, (candidate.point.lat, candidate.point.lon), raw)


def _atlas(known: Sequence[Entry]) -> Atlas:
    communes: dict[str, list[Entry]] = {}
    for entry in known:
        communes.setdefault(entry.key, []).append(entry)
    districts = {key(d.name): d.code for d in phu_tho.districts()}
    short = {
        form: code
        for form, code in short_forms(phu_tho.districts()).items()
        if form not in communes
    }
    elsewhere = _outside_names()
    return Atlas(
        communes=communes,
        districts=districts,
        short_districts=short,
        outside=elsewhere,
        names=Names([*communes, *districts, *short, *elsewhere, PROVINCE, *PROVINCE_SHORT]),
    )


def _outside_names() -> dict[str, list[tuple[str, str, str]]]:
    text = resources.files("geo.phu_tho").joinpath("outside.csv").read_text(encoding="utf-8")
    found: dict[str, list[tuple[str, str, str]]] = {}
    for row in csv.DictReader(text.splitlines()):
        found.setdefault(key(row["name"]), []).append(
            (row["level"], row["province"], marks(row["name"]))
        )
    return found
