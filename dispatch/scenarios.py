"""
The planner's words: vehicle types, fleets by office, and scenarios that differ from one another.

A *scenario* says who works where with what; a *study* holds several of them with the days and
the noise that they all share. Money is whole đồng, distances are metres, times are seconds,
weights are grams, rates are shares of 1, unless a name says otherwise.

What a scenario does at one office is an `OfficeSetup`: the offices do not share couriers, so two
scenarios with the same setup at an office have the same days there, to the last đồng.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from dispatch.demand import Demand
from dispatch.model import Courier, Office, VehicleKind
from dispatch.samples.fleet import crew_sizes, sample_offices, vans_of
from dispatch.samples.places import province
from geo.types import LatLon
from solver.model import TimeWindow

_HOUR = 3600
_HOURS = TimeWindow(start=7 * _HOUR + 1200, end=17 * _HOUR + 1800)
_LUNCH = TimeWindow(start=11 * _HOUR + 900, end=12 * _HOUR + 1800)
_NOON = TimeWindow(start=10 * _HOUR + 2700, end=12 * _HOUR + 900)


class Charging(StrEnum):
    """How a vehicle gets its energy: fuel on the way, a charge overnight, or a swap at noon too."""

    FUEL = "fuel"
    OVERNIGHT = "overnight"
    SWAP = "swap"


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleType:
    """
    What one kind of vehicle is worth and costs.

    Parameters
    ----------
    price, residual
        Bought for, and sold for after `life_years`, đồng.
    finance_rate
        Yearly interest on the price, paid over the life in equal sums; 0 = paid at once.
    energy_per_km, energy_per_km_100kg
        Đồng for each km empty, and more for each 100 kg on board.
    maintenance_per_km, per_year
        Wear by distance; insurance, tax, parking by year.
    range_metres
        On one tank or charge; None = refuelled on the way.
    breakdowns
        Expected in a thousand days of work; each costs `breakdown_cost`.
    wage_per_hour
        Of its driver; None takes the crew's.
    """

    name: str
    kind: VehicleKind
    price: int
    life_years: float
    residual: int = 0
    finance_rate: float = 0.0
    energy_per_km: int = 0
    energy_per_km_100kg: int = 0
    maintenance_per_km: int = 0
    per_year: int = 0
    co2_grams_per_km: int = 0
    capacity_grams: int = 40_000
    capacity_cubic_cm: int = 200_000
    range_metres: int | None = None
    charging: Charging = Charging.FUEL
    swap_seconds: int = 120
    breakdowns: float = 0.0
    breakdown_cost: int = 0
    wage_per_hour: int | None = None

    @property
    def per_km(self) -> int:
        """Đồng for each km that a plan counts with: energy when empty, and wear."""
        return self.energy_per_km + self.maintenance_per_km


@dataclass(frozen=True, slots=True, kw_only=True)
class Crew:
    """
    What work costs.

    Parameters
    ----------
    overtime_per_hour
        On top of the wage, beyond `overtime_after` seconds of duty.
    guaranteed_hours
        Paid for each courier who comes to work, whether there is work or not.
    """

    wage_per_hour: int = 28_000
    overtime_per_hour: int = 14_000
    overtime_after: int = 8 * _HOUR
    guaranteed_hours: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Shift:
    """When couriers work; fields as in `Courier`."""

    hours: TimeWindow = _HOURS
    lunch: TimeWindow | None = _LUNCH
    lunch_seconds: int = 3600
    noon_return: TimeWindow | None = _NOON
    noon_seconds: int = 900


@dataclass(frozen=True, slots=True, kw_only=True)
class Noise:
    """
    What happens on the day that no plan knows.

    Parameters
    ----------
    travel_day, travel_place
        Spread (of the logarithm) of all travel on a day, and of the ways to and from one place.
    service
        Spread of the time at a door.
    customer_absent
        Share of the visits to customers that are in vain; desks of agencies are always there.
    absent_seconds
        Spent at a door in vain.
    courier_absent
        Share of the couriers who do not come in the morning.
    """

    travel_day: float = 0.08
    travel_place: float = 0.15
    service: float = 0.35
    customer_absent: float = 0.08
    absent_seconds: int = 60
    courier_absent: float = 0.02
    breakdowns: bool = True

    @classmethod
    def none(cls) -> Noise:
        """Return a day on which everything goes as planned."""
        return cls(
            travel_day=0, travel_place=0, service=0, customer_absent=0, courier_absent=0,
            breakdowns=False,
        )  # fmt: skip


@dataclass(frozen=True, slots=True, kw_only=True)
class ServiceValue:
    """Đồng that an order brought late, and one given up, costs the post beside its own work."""

    late: int = 20_000
    given_up: int = 100_000


Fleet = Mapping[str, Mapping[str, int]]
"""By office id and type name, how many."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Scenario:
    """
    One way to run the post.

    Parameters
    ----------
    types
        By name, as this scenario has them: a scenario may change a price.
    one_off
        Đồng paid at the start beside vehicles (a new office, chargers).
    per_year
        Đồng a year beside vehicles and couriers (rent).
    promise_days
        Working days from acceptance at the centre and elsewhere; None leaves the post's rules.
    """

    name: str
    fleet: Fleet
    offices: tuple[Office, ...]
    types: Mapping[str, VehicleType]
    crew: Crew = Crew()
    shift: Shift = Shift()
    one_off: int = 0
    per_year: int = 0
    promise_days: tuple[int, int] | None = None

    def count(self, kind: str) -> int:
        """Return how many vehicles of a type all offices have."""
        return sum(held.get(kind, 0) for held in self.fleet.values())

    @property
    def vehicles(self) -> int:
        """Vehicles of all types."""
        return sum(sum(held.values()) for held in self.fleet.values())


@dataclass(frozen=True, slots=True, kw_only=True)
class Search:
    """
    Which fleets to look for beside the given ones.

    Parameters
    ----------
    budget
        Đồng for vehicles.
    add
        Names of types of which one more may be bought.
    swap
        (from, to): a vehicle that may be replaced by another.
    offices
        Where; empty = everywhere.
    step
        How many at a time.
    """

    budget: int
    add: tuple[str, ...] = ()
    swap: tuple[tuple[str, str], ...] = ()
    offices: tuple[str, ...] = ()
    step: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class Study:
    """
    Several scenarios on the same days.

    Parameters
    ----------
    start
        First day of year 1.
    years
        Which years are sampled; those between are taken from their neighbours.
    horizon
        Years that money is counted over.
    block_days, warm_up
        Working days in a row that are counted, and those before them that fill the carry-over.
    iterations
        Of the search, for each office's morning; a re-planning gets a quarter.
    replan_at
        Times of day, seconds, at which the office looks at what happened.
    give_up_after
        Working days after its promise on which an order is given up.
    baseline
        Name of the scenario that the others are compared with.
    """

    name: str
    scenarios: tuple[Scenario, ...]
    baseline: str
    demand: Demand
    start: date = date(2027, 1, 4)
    years: tuple[int, ...] = (1, 5)
    horizon: int = 5
    discount: float = 0.10
    working_days: int = 250
    confidence: float = 0.95
    block_days: int = 5
    warm_up: int = 1
    iterations: int = 300
    replan_at: tuple[int, ...] = (9 * _HOUR + 1800, 14 * _HOUR)
    give_up_after: int = 5
    noise: Noise = Noise()
    value: ServiceValue = ServiceValue()
    search: Search | None = None
    sensitivity: Mapping[str, float] = field(
        default_factory=lambda: {"energy": 0.3, "wage": 0.2, "price": 0.2, "growth": 0.5}
    )

    def scenario(self, name: str) -> Scenario:
        """Return a scenario by its name."""
        return next(one for one in self.scenarios if one.name == name)


@dataclass(frozen=True, slots=True, kw_only=True)
class OfficeSetup:
    """
    Everything that decides what one office's days are like; equal setups have equal days.

    Parameters
    ----------
    rivals
        Other offices of the same districts (id and point): each order goes to the nearest.
    vehicles
        (type, how many), sorted by name; none of them is 0.
    """

    office: str
    name: str
    point: LatLon
    districts: tuple[str, ...]
    hours: tuple[tuple[int, tuple[TimeWindow, ...]], ...]
    rivals: tuple[tuple[str, LatLon], ...]
    vehicles: tuple[tuple[VehicleType, int], ...]
    crew: Crew
    shift: Shift
    promise_days: tuple[int, int] | None = None

    def as_office(self) -> Office:
        """Return the office in the words of a day."""
        return Office(
            id=self.office,
            name=self.name,
            point=self.point,
            districts=self.districts,
            hours=dict(self.hours),
        )

    def couriers(self) -> tuple[tuple[Courier, VehicleType], ...]:
        """
        Return the office's couriers with their vehicles.

        Places are numbered over all types, the type with the smallest load first, so that a
        courier's absence is the same event in scenarios that give him another vehicle.
        """
        made: list[tuple[Courier, VehicleType]] = []
        for kind, count in sorted(
            self.vehicles, key=lambda each: (each[0].capacity_grams, each[0].name)
        ):
            for _ in range(count):
                made.append((self._courier(kind, len(made) + 1), kind))
        return tuple(made)

    def _courier(self, kind: VehicleType, number: int) -> Courier:
        wage = self.crew.wage_per_hour if kind.wage_per_hour is None else kind.wage_per_hour
        limit = kind.range_metres
        noon = self.shift.noon_seconds
        if limit is not None and kind.charging is Charging.SWAP and self.shift.noon_return:
            limit, noon = 2 * limit, noon + kind.swap_seconds
        return Courier(
            id=f"{self.office}-{number:02d}",
            name=f"{self.office}-{number:02d}",
            office=self.office,
            vehicle=kind.kind,
            shift=self.shift.hours,
            lunch=self.shift.lunch,
            lunch_seconds=self.shift.lunch_seconds,
            noon_return=self.shift.noon_return,
            noon_seconds=noon,
            capacity_grams=kind.capacity_grams,
            capacity_cubic_cm=kind.capacity_cubic_cm,
            max_metres=limit if limit is not None else 10_000_000,
            cost_per_km=kind.per_km,
            cost_per_hour=wage,
            overtime_after=self.crew.overtime_after,
            overtime_per_hour=self.crew.overtime_per_hour,
        )


def setups(scenario: Scenario) -> tuple[OfficeSetup, ...]:
    """Return what each office that serves customers is like in a scenario."""
    serving = [office for office in scenario.offices if office.districts]
    made = []
    for office in serving:
        shared = {
            other.id: other.point
            for other in serving
            if other is not office and set(other.districts) & set(office.districts)
        }
        held = scenario.fleet.get(office.id, {})
        made.append(
            OfficeSetup(
                office=office.id,
                name=office.name,
                point=office.point,
                districts=tuple(sorted(office.districts)),
                hours=tuple(sorted((day, tuple(spans)) for day, spans in office.hours.items())),
                rivals=tuple(sorted(shared.items())),
                vehicles=tuple(
                    (scenario.types[name], count) for name, count in sorted(held.items()) if count
                ),
                crew=scenario.crew,
                shift=scenario.shift,
                promise_days=scenario.promise_days,
            )
        )
    return tuple(made)


def capital(types: Mapping[str, VehicleType], fleet: Fleet) -> int:
    """Return the đồng that a fleet costs when new."""
    return sum(types[name].price * n for held in fleet.values() for name, n in held.items())


def changed(fleet: Fleet, office: str, change: Mapping[str, int]) -> dict[str, dict[str, int]]:
    """Return a fleet with so many vehicles more (or fewer) at one office."""
    new = {name: dict(held) for name, held in fleet.items()}
    held = new.setdefault(office, {})
    for kind, count in change.items():
        held[kind] = held.get(kind, 0) + count
    return new


def with_office(offices: Sequence[Office], opened: Office) -> tuple[Office, ...]:
    """Return the offices with one more; it shares its districts with those that have them."""
    return (*offices, opened)


def without_office(offices: Sequence[Office], closed: str) -> tuple[Office, ...]:
    """Return the offices without one, whose districts go to the nearest that is left."""
    gone = next(office for office in offices if office.id == closed)
    left = [office for office in offices if office.id != closed]
    covered = {code for office in left for code in office.districts}
    lost = tuple(code for code in gone.districts if code not in covered)
    heirs = [office for office in left if office.districts]
    heir = min(heirs, key=lambda office: _apart(office.point, gone.point))
    return tuple(
        replace(office, districts=(*office.districts, *lost)) if office is heir else office
        for office in left
    )


def _apart(a: LatLon, b: LatLon) -> float:
    return math.hypot(a.lat - b.lat, (a.lon - b.lon) * 0.93)  # cos 21.4°


def default_fleet(
    orders_per_day: float, *, bike: str, van: str, on: date
) -> dict[str, dict[str, int]]:
    """Return the fleet that a province of so many orders has, as in the sample days."""
    offices = sample_offices()
    crews = crew_sizes(round(orders_per_day), offices, places=province(on.replace(day=1)))
    return {
        office: {bike: crew - vans_of(crew), **({van: vans_of(crew)} if vans_of(crew) else {})}
        for office, crew in sorted(crews.items())
    }
