"""
Who works on the sample day, from where and with what.

About one courier to seven or eight orders, as the province's two hundred couriers have with its
1,500; an office of long ways has more of them. Sums of money are assumptions near 2026 prices.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from random import Random

from dispatch.model import Courier, Office, VehicleKind
from dispatch.samples.places import Home, Map
from dispatch.samples.words import person, phone
from geo import phu_tho
from geo.types import LatLon
from solver.model import TimeWindow

_ORDERS_PER_COURIER = 7.5
_FEWEST = 2
_ELECTRIC = 0.12
_COURIERS_FOR_A_VAN = 10
_COURIERS_FOR_TWO_VANS = 24


@dataclass(frozen=True, slots=True, kw_only=True)
class _Model:
    """
    A kind of vehicle in figures.

    A petrol motorbike burns about 700 đ/km, an electric one a quarter of that; both wear, which is
    200 and 150 đ/km. A van costs 3,500 đ/km with all. The day's sum is what the vehicle loses in
    value, with insurance and, for the van, the parking.
    """

    grams: int
    cubic_cm: int
    per_day: int
    per_km: int
    per_hour: int
    max_metres: int | None = None


_MODELS: Mapping[VehicleKind, _Model] = {
    VehicleKind.MOTORBIKE: _Model(
        grams=40_000, cubic_cm=200_000, per_day=15_000, per_km=900, per_hour=28_000
    ),
    VehicleKind.ELECTRIC_MOTORBIKE: _Model(
        grams=35_000, cubic_cm=180_000, per_day=20_000, per_km=325, per_hour=28_000,
        max_metres=100_000,
    ),
    VehicleKind.VAN: _Model(
        grams=600_000, cubic_cm=3_500_000, per_day=220_000, per_km=3_500, per_hour=32_000
    ),
}  # fmt: skip


def sample_offices() -> list[Office]:
    """Return the hub and the 13 district offices with their hours, rows numbered from 2."""
    return [
        Office(
            id=office.id,
            name=office.name,
            point=office.point,
            level=1 if office.kind == "hub" else 2,
            districts=() if office.kind == "hub" else (office.district_code,),
            hours={
                weekday: tuple(TimeWindow(start=opens, end=closes) for opens, closes in spans)
                for weekday, spans in enumerate(office.hours.spans)
                if spans
            },
            row=row,
        )
        for row, office in enumerate((phu_tho.hub(), *phu_tho.offices()), start=2)
    ]


def crew_sizes(orders: int, offices: Sequence[Office], *, places: Map) -> dict[str, int]:
    """Share the couriers out by the work: people served, and the way to them; by office id."""
    work = {
        office.id: sum(
            home.old.population * (1 + home.km / 12)
            for district in office.districts
            for home in places.homes_of[district]
        )
        for office in offices
        if office.districts
    }
    total = max(round(orders / _ORDERS_PER_COURIER), _FEWEST * len(work))
    free = total - _FEWEST * len(work)
    everything = sum(work.values())
    exact = {office: free * share / everything for office, share in work.items()}
    crews = {office: _FEWEST + math.floor(part) for office, part in exact.items()}
    left = total - sum(crews.values())
    for office in sorted(exact, key=lambda name: exact[name] % 1, reverse=True)[:left]:
        crews[office] += 1
    return crews


def vans_of(crew: int) -> int:
    """Return how many of so many couriers drive a van."""
    return (crew >= _COURIERS_FOR_A_VAN) + (crew >= _COURIERS_FOR_TWO_VANS)


def sample_fleet(
    crews: Mapping[str, int], offices: Sequence[Office], *, places: Map, random: Random
) -> list[Courier]:
    """Return the couriers of every office that has a crew, rows numbered from 2."""
    couriers: list[Courier] = []
    for office in offices:
        crew = crews.get(office.id, 0)
        if not crew:
            continue
        riders = crew - vans_of(crew)
        homes = [home for district in office.districts for home in places.homes_of[district]]
        rounds = _rounds(office.point, homes, riders)
        for number in range(1, crew + 1):
            is_van = number > riders
            couriers.append(
                _courier(
                    f"{office.id}-{number:02d}",
                    office,
                    kind=VehicleKind.VAN if is_van else _bike(random),
                    known=frozenset() if is_van else rounds[number - 1],
                    row=len(couriers) + 2,
                    random=random,
                )
            )
    return couriers


def _rounds(seat: LatLon, homes: Sequence[Home], couriers: int) -> list[frozenset[str]]:
    """Cut the district into sectors of equal population around its office, one for each courier."""

    def bearing(home: Home) -> float:
        point = home.old.point
        return math.atan2(point.lat - seat.lat, point.lon - seat.lon)

    around = sorted(homes, key=lambda home: (bearing(home), home.old.code))
    total = sum(home.old.population for home in around)
    known: list[set[str]] = [set() for _ in range(couriers)]
    passed = 0
    for home in around:
        first = passed * couriers // total
        passed += home.old.population
        last = min((passed * couriers - 1) // total, couriers - 1)
        for courier in range(first, last + 1):
            known[courier] |= _codes(home.old.code, home.now.code)
    return [frozenset(codes) for codes in known]


@cache
def _codes(old: str, now: str) -> frozenset[str]:
    """Return the codes that an address in a commune may come back with, of any period."""
    before = {c.code for c in phu_tho.commune_periods() if c.successor == old}
    return frozenset({old, now} | before)


def _bike(random: Random) -> VehicleKind:
    electric = random.random() < _ELECTRIC
    return VehicleKind.ELECTRIC_MOTORBIKE if electric else VehicleKind.MOTORBIKE


def _courier(
    name: str,
    office: Office,
    *,
    kind: VehicleKind,
    known: frozenset[str],
    row: int,
    random: Random,
) -> Courier:
    model = _MODELS[kind]
    early = random.choice((0, 0, 0, 600))
    lunch = TimeWindow(start=11 * 3600 + 900, end=12 * 3600 + 1800)
    return Courier(
        id=name,
        name=person(random),
        office=office.id,
        vehicle=kind,
        phone=phone(random),
        shift=TimeWindow(start=7 * 3600 + 1200 - early, end=17 * 3600 + 1800),
        lunch=lunch,
        lunch_seconds=3600,
        noon_return=TimeWindow(start=10 * 3600 + 2700, end=12 * 3600 + 900),
        noon_seconds=900,
        capacity_grams=model.grams,
        capacity_cubic_cm=model.cubic_cm,
        max_metres=model.max_metres,
        cost_per_day=model.per_day,
        cost_per_km=model.per_km,
        cost_per_hour=model.per_hour,
        overtime_after=8 * 3600,
        overtime_per_hour=model.per_hour // 2,
        known_communes=known,
        row=row,
    )


_ORDERS_PER_TRUCK = 300
_TRUCK = (1_500_000, 9_000_000)


def sample_trucks(orders: int, hub: str, *, random: Random) -> list[Courier]:
    """
    Return trucks and their drivers: a morning and an evening shift for each, rows numbered from 2.

    A small truck of 1.5 t costs 350,000 đ for half a day and 6,500 đ/km with all (assumptions).
    """
    trucks: list[Courier] = []
    for number in range(1, max(math.ceil(orders / _ORDERS_PER_TRUCK), 2) + 1):
        for mark, start, end in (("S", 4 * 3600 + 1800, 12 * 3600), ("T", 15 * 3600, 22 * 3600)):
            trucks.append(
                Courier(
                    id=f"XT{number:02d}-{mark}",
                    name=person(random),
                    office=hub,
                    vehicle=VehicleKind.TRUCK,
                    phone=phone(random),
                    shift=TimeWindow(start=start, end=end),
                    capacity_grams=_TRUCK[0],
                    capacity_cubic_cm=_TRUCK[1],
                    cost_per_day=350_000,
                    cost_per_km=6_500,
                    cost_per_hour=45_000,
                    row=len(trucks) + 2,
                )
            )
    return trucks
