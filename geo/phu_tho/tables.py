"""
The province's own facts, read from the tables beside this file.

Where each column comes from is told in ORIGINS.md. A unit is known by its code *and* a date: names
were used again after every reform, and codes went on with another territory.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import date
from functools import cache
from importlib import resources
from typing import TypeVar

from geo.hours import WeeklyHours
from geo.tables import day_or_none, point, read_table
from geo.types import LatLon
from geo.waterways import Bridge, River, bridges_from_csv, rivers_from_geojson

T = TypeVar("T")

_FILES = ("districts.csv", "communes.csv", "offices.csv", "rivers.geojson", "bridges.csv")


@dataclass(frozen=True, slots=True, kw_only=True)
class District:
    """
    One of the 13 districts (huyện, thị xã, thành phố) as they stood until July 2025.

    Parameters
    ----------
    code
        Three digits of the General Statistics Office.
    kind
        "thành phố", "thị xã" or "huyện".
    capital, point, point_quality
        The seat, where it is, and whether that is "exact" or "approximate".
    population
        People in July 2025.
    area_km2
        Square kilometres.
    postcode_prefix
        The first three digits of its communes' postcodes.
    """

    code: str
    name: str
    kind: str
    capital: str
    point: LatLon
    point_quality: str
    population: int
    area_km2: float
    postcode_prefix: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Commune:
    """
    A commune-level unit (xã, phường, thị trấn) during one period.

    Parameters
    ----------
    code
        Five digits of the General Statistics Office. The same code in another period may have
        another name and another territory.
    name, kind
        "Gia Cẩm" and "phường".
    valid_from, valid_until
        First and last day of the period; None where it has not ended.
    point, point_quality
        A point inside, and whether it is "exact" (a published point of the whole unit) or
        "approximate" (placed by us, usually within 2 to 4 km).
    population, population_quality
        People in July 2025: "official", "reported", or an "estimate" from the whole unit's figure.
    postcode
        Five digits, only for the period 2020-2024; else empty.
    successor, successor_origin
        The code that holds its territory in the next period (empty in the last one), and whether
        that is "listed" (by code), "reported" (in the press) or "assumed".
    """

    code: str
    name: str
    kind: str
    district_code: str
    valid_from: date
    valid_until: date | None
    point: LatLon
    point_quality: str
    population: int
    population_quality: str
    postcode: str
    successor: str
    successor_origin: str

    @property
    def full_name(self) -> str:
        """The kind and the name, as on an envelope: "Phường Gia Cẩm"."""
        return f"{self.kind[:1].upper()}{self.kind[1:]} {self.name}"

    def valid(self, on: date) -> bool:
        """Tell whether the unit existed in this form on that day."""
        return self.valid_from <= on and (self.valid_until is None or on <= self.valid_until)


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """
    A post office or the provincial hub.

    Parameters
    ----------
    id
        Our own short name, such as "BC227".
    kind
        "office" (cấp 2, of a district) or "hub" (cấp 1, the provincial exploitation centre).
    point_quality
        "exact" or "approximate".
    hours
        When its counter is open.
    hours_quality
        "official" or "assumed".
    """

    id: str
    kind: str
    name: str
    district_code: str
    point: LatLon
    point_quality: str
    hours: WeeklyHours
    hours_quality: str


@cache
def data_version() -> str:
    """Return a short text that changes whenever one of the tables does."""
    digest = hashlib.sha256()
    for name in _FILES:
        digest.update(_text(name).encode())
    return digest.hexdigest()[:12]


@cache
def districts() -> tuple[District, ...]:
    """Return the 13 districts, by code."""
    return _rows("districts.csv", _district)


@cache
def district(code: str) -> District:
    """
    Return the district with this code.

    Raises
    ------
    KeyError
        There is none.
    """
    return {d.code: d for d in districts()}[code]


@cache
def commune_periods() -> tuple[Commune, ...]:
    """Return every commune in every period, 775 rows, by period and code."""
    return _rows("communes.csv", _commune)


@cache
def communes(on: date) -> tuple[Commune, ...]:
    """
    Return the communes that existed on a day, by code.

    A day before the first period gives the first period: 277 communes until 2019, 225 until 2024,
    207 in the first half of 2025, 66 since.
    """
    first = min(c.valid_from for c in commune_periods())
    day = max(on, first)
    return tuple(c for c in commune_periods() if c.valid(day))


@cache
def offices() -> tuple[Office, ...]:
    """Return the 13 district post offices, by district code, without the hub."""
    return tuple(o for o in _rows("offices.csv", _office) if o.kind == "office")


@cache
def hub() -> Office:
    """Return the provincial exploitation centre in Việt Trì, where the mail is sorted."""
    return next(o for o in _rows("offices.csv", _office) if o.kind == "hub")


@cache
def rivers() -> tuple[River, ...]:
    """Return the rivers that cut the province: Thao (Hồng), Lô and Đà."""
    return rivers_from_geojson(_text("rivers.geojson"))


@cache
def bridges() -> tuple[Bridge, ...]:
    """Return every bridge, pontoon and ferry of the table, those no longer in use too."""
    return bridges_from_csv(_text("bridges.csv"))


def _district(row: Mapping[str, str]) -> District:
    return District(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        capital=row["capital"],
        point=point(row),
        point_quality=row["point_quality"],
        population=int(row["population"]),
        area_km2=float(row["area_km2"]),
        postcode_prefix=row["postcode_prefix"],
    )


def _commune(row: Mapping[str, str]) -> Commune:
    return Commune(
        code=row["code"],
        name=row["name"],
        kind=row["kind"],
        district_code=row["district_code"],
        valid_from=date.fromisoformat(row["valid_from"]),
        valid_until=day_or_none(row["valid_until"]),
        point=point(row),
        point_quality=row["point_quality"],
        population=int(row["population"]),
        population_quality=row["population_quality"],
        postcode=row["postcode"],
        successor=row["successor"],
        successor_origin=row["successor_origin"],
    )


def _office(row: Mapping[str, str]) -> Office:
    return Office(
        id=row["id"],
        kind=row["kind"],
        name=row["name"],
        district_code=row["district_code"],
        point=point(row),
        point_quality=row["point_quality"],
        hours=WeeklyHours.parse(row["hours"]),
        hours_quality=row["hours_quality"],
    )


def _text(name: str) -> str:
    return resources.files(__package__).joinpath(name).read_text(encoding="utf-8")


def _rows(name: str, build: Callable[[Mapping[str, str]], T]) -> tuple[T, ...]:
    return read_table(_text(name), source=name, build=build, key=_key)


def _key(row: Mapping[str, str]) -> str:
    return f"{row.get('code') or row.get('id')} {row.get('valid_from') or ''}".strip()
