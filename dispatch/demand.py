"""
How many orders come, where, of which kind: days drawn from a seed, never guessed once.

One day of one district is drawn from four things that multiply: the district's mean, the weekday,
the month, and chance. Chance has a factor that all districts share on a day (a delivery of health
insurance cards to the whole province), one of the district's own, both lognormal with mean 1, and
the Poisson noise of single customers. Growth multiplies all of it from year to year.

Common random numbers
    Every draw has a generator of its own, named by the seed, the day, the district and the number
    of the order. A scenario changes none of these names, so all scenarios see the same days; and
    because counts are drawn by the inverse of their distribution, a day under stronger growth is
    the same day with more orders, never another one.

Where the default comes from
    71,132 dossiers in the first half of 2018 (the post's own report) over its 125 working days are
    569 a day; dossiers being 38 % of a day's orders (`dispatch.samples.orders`) makes 1,500 orders.
    Districts have them by population. The weekday and month factors and the spreads are
    assumptions, to be replaced by `fit` on the office's own past days.

References
----------
A. M. Law, "Simulation Modeling and Analysis", 5th edition, McGraw-Hill 2015, chapter 11 (common
random numbers).
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import date
from functools import lru_cache
from random import Random
from statistics import fmean

import numpy as np

from dispatch.model import Order, OrderKind, Service
from dispatch.samples.orders import Scene, customer_order, working_days
from dispatch.samples.places import Desk, Home, Map, address_at, province
from dispatch.settings import PromiseRules
from dispatch.workdays import Calendar
from solver.model import TimeWindow

DOSSIERS_2018 = 71_132
"""Dossiers of the first half of 2018, the post's own report."""

WORKING_DAYS_2018 = 125
"""Working days of that half year: Mondays to Fridays without the public holidays."""

DOSSIER_SHARE = 0.38
"""Share of dossiers among a day's orders, an assumption of the sample days."""

ORDERS_PER_DAY = round(DOSSIERS_2018 / WORKING_DAYS_2018 / DOSSIER_SHARE)
"""Orders of an average working day: 1,497."""

SERVICE_SHARES: Mapping[Service, float] = {
    Service.DOSSIER: DOSSIER_SHARE,
    Service.REGISTERED: 0.22,
    Service.EMS: 0.15,
    Service.PARCEL: 0.20,
    Service.ORDINARY: 0.05,
}

WEEKDAYS = (1.15, 1.05, 1.0, 0.95, 0.85)
"""Monday to Friday, mean 1: what came in over the weekend is delivered first (assumption)."""

MONTHS = (1.15, 0.75, 0.95, 0.95, 1.0, 1.05, 1.0, 1.05, 1.05, 1.0, 1.0, 1.05)
"""January to December, mean 1: full before Tết, quiet after it (assumption)."""

_DESK_SHARE = 0.035
_TRANSFER_SHARE = 0.02
_WORKDAYS = 5
_LEAST_DAYS = 5
_UNKNOWN_SIGMA = 0.12


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """
    What a day's orders are drawn from.

    Parameters
    ----------
    per_day
        Mean orders of a working day in year 1, by the code of the district.
    services
        Shares of the products; they sum to 1.
    weekdays, months
        Factors, mean 1.
    day_sigma, district_sigma
        Spread (of the logarithm) of the factor that all districts share, and of a district's own.
    growth
        Yearly growth as a share: 0.08 makes 8 % more each year.
    called_in
        Share of the customers' collections that are called in during the day.
    past
        By district, orders of past days that new ones are copied from; empty draws them from the
        province's communes.
    origin
        Where the figures come from, for the report.
    """

    per_day: Mapping[str, float]
    services: Mapping[Service, float] = field(default_factory=lambda: dict(SERVICE_SHARES))
    weekdays: tuple[float, ...] = WEEKDAYS
    months: tuple[float, ...] = MONTHS
    day_sigma: float = _UNKNOWN_SIGMA
    district_sigma: float = 0.08
    growth: float = 0.0
    called_in: float = 0.5
    past: Mapping[str, tuple[Order, ...]] = field(default_factory=dict)
    origin: str = "facts"

    @property
    def orders_per_day(self) -> float:
        """Mean orders of a working day of the whole province in year 1."""
        return sum(self.per_day.values())

    def mean(self, district: str, on: date, *, year: int) -> float:
        """Return the mean number of orders of a district on a day of the study's year 1, 2, …."""
        weekday = self.weekdays[on.weekday()] if on.weekday() < len(self.weekdays) else 0.0
        base = self.per_day.get(district, 0.0) * weekday * self.months[on.month - 1]
        return base * (1 + self.growth) ** (year - 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Incoming:
    """An order of a drawn day, and when it is called in; 0 = known in the morning."""

    order: Order
    called_at: int = 0


def from_facts(*, orders_per_day: float = ORDERS_PER_DAY, growth: float = 0.0) -> Demand:
    """Return the demand that DOMAIN's facts give, by district in the proportion of its people."""
    homes = province(date(2026, 1, 1)).homes_of
    people = {code: sum(h.old.population for h in known) for code, known in homes.items()}
    everybody = sum(people.values())
    return Demand(
        per_day={code: orders_per_day * count / everybody for code, count in people.items()},
        growth=growth,
    )


def fit(days: Mapping[date, Sequence[Order]], *, growth: float = 0.0) -> Demand:
    """
    Return the demand that past days show.

    Parameters
    ----------
    days
        Located orders (with district and point) of each past working day.

    Notes
    -----
    Weekday factors need each weekday at least twice, else the default's stand; months are never
    fitted on less than a year and stay the default's, by which the means are cleared first. The
    shared spread is the variation of the daily totals beyond Poisson noise; the districts' own is
    what their counts vary beyond that.

    Raises
    ------
    ValueError
        Fewer than five days are given, or none has a located order.
    """
    if len(days) < _LEAST_DAYS:
        raise ValueError(f"{len(days)} past days are too few to fit a demand: give five or more")
    used = {day: [o for o in orders if _placed(o)] for day, orders in days.items()}
    if not any(used.values()):
        raise ValueError("no past order has a place: locate them first")
    listed = Counter(day.weekday() for day in used)
    totals = {day: len(orders) / MONTHS[day.month - 1] for day, orders in used.items()}
    weekdays: tuple[float, ...] = WEEKDAYS
    if all(listed[number] > 1 for number in range(_WORKDAYS)):
        means = [fmean(totals[d] for d in used if d.weekday() == n) for n in range(_WORKDAYS)]
        weekdays = tuple(mean / fmean(means) for mean in means)
    factor = {
        day: MONTHS[day.month - 1] * (weekdays[day.weekday()] if day.weekday() < _WORKDAYS else 1.0)
        for day in used
    }
    past: dict[str, list[Order]] = {}
    for orders in used.values():
        for order in orders:
            past.setdefault(order.address.district, []).append(order)
    per_day = {code: len(orders) / sum(factor.values()) for code, orders in past.items()}
    shared = _excess([len(used[d]) / factor[d] for d in used])
    own = [
        _excess([sum(o.address.district == code for o in used[d]) / factor[d] for d in used])
        for code in per_day
    ]
    services = Counter(order.service for orders in used.values() for order in orders)
    count = sum(services.values())
    return Demand(
        per_day=dict(sorted(per_day.items())),
        services={service: services[service] / count for service in Service},
        weekdays=weekdays,
        day_sigma=shared,
        district_sigma=math.sqrt(max(fmean(s * s for s in own) - shared * shared, 0.0)),
        growth=growth,
        past={code: tuple(orders) for code, orders in sorted(past.items())},
        origin="past",
    )


def _placed(order: Order) -> bool:
    return order.address.point is not None and bool(order.address.district)


def _excess(counts: Sequence[float]) -> float:
    """Return the spread of the logarithm that counts show beyond Poisson noise."""
    mean = fmean(counts)
    if mean <= 0:
        return 0.0
    variance = sum((c - mean) ** 2 for c in counts) / (len(counts) - 1)
    return math.sqrt(math.log1p(max(variance - mean, 0.0) / mean**2))


# ---- drawing ------------------------------------------------------------------------------------


def draw(
    demand: Demand,
    district: str,
    on: date,
    *,
    year: int,
    seed: int,
    name: str,
    promise: PromiseRules,
    calendar: Calendar,
) -> tuple[Incoming, ...]:
    """
    Return the orders of one district that are new on one day.

    Parameters
    ----------
    name
        Which replication of the day this is; the same name and seed give the same orders.
    """
    key = f"{seed}/{name}/{on.isoformat()}"
    common = _lognormal(Random(f"{key}/day"), demand.day_sigma)
    own = Random(f"{key}/{district}")
    factor = common * _lognormal(own, demand.district_sigma)
    mean = demand.mean(district, on, year=year)
    if not demand.past:
        mean *= 1 - _DESK_SHARE - _TRANSFER_SHARE
    count = poisson(mean * factor, own.random())
    drawn = [
        _order(demand, district, on, Random(f"{key}/{district}/{number}"))
        for number in range(count)
    ]
    made = [(order, Random(f"{key}/{district}/{n}/call")) for n, order in enumerate(drawn)]
    result = []
    for number, (order, random) in enumerate(made):
        known = _promised(order, on, promise, calendar)
        known = replace(known, id=f"{on:%y%m%d}-{district}-{number:04d}")
        called = 0
        if known.kind is OrderKind.COLLECTION and not known.windows:
            late = random.random() < demand.called_in
            hour = random.uniform(7.75, 14.5)
            called = round(hour * 3600) if late else 0
        result.append(Incoming(order=known, called_at=called))
    if not demand.past:
        result += _desk_work(demand, district, on, key)
    return tuple(result)


def _lognormal(random: Random, sigma: float) -> float:
    return math.exp(random.gauss(0.0, 1.0) * sigma - sigma * sigma / 2)


def poisson(mean: float, uniform: float) -> int:
    """Return the Poisson quantile of `uniform`; it never falls when the mean rises."""
    if mean <= 0:
        return 0
    most = math.ceil(mean + 12 * math.sqrt(mean) + 30)
    steps = np.log(mean) - np.log(np.arange(1, most + 1))
    logs = np.concatenate(([0.0], np.cumsum(steps))) - mean
    return int(np.searchsorted(np.cumsum(np.exp(logs)), uniform))


@lru_cache(maxsize=64)
def _scene(on: date) -> Scene:
    return Scene(
        places=_places(on),
        day=on,
        random=Random(0),
        workdays=working_days(on, before=12, after=6),
    )


@lru_cache(maxsize=4)
def _province_of(year: int, month: int) -> Map:
    return province(date(year, month, 1))


def _places(on: date) -> Map:
    return _province_of(on.year, on.month)


@lru_cache(maxsize=64)
def _weights(
    district: str, on: date
) -> tuple[tuple[Home, ...], tuple[int, ...], tuple[float, ...]]:
    homes = _places(on).homes_of.get(district, ())
    calm = tuple(home.old.population for home in homes)
    # Firms and shops are in the towns, and so is most of what is sent besides dossiers.
    busy = tuple(home.old.population * (2.0 if home.town else 0.9) for home in homes)
    return homes, calm, busy


def _order(demand: Demand, district: str, on: date, random: Random) -> Order:
    known = demand.past.get(district, ())
    if known:
        return replace(random.choice(known), required=False, state=None, office="", row=0)
    services, shares = list(demand.services), list(demand.services.values())
    service = random.choices(services, shares)[0]
    homes, calm, busy = _weights(district, on)
    home = random.choices(homes, calm if service is Service.DOSSIER else busy)[0]
    order = customer_order(replace(_scene(on), random=random), service, home, van=True)
    # Where a door is does not depend on how well its address is written.
    return replace(order, address=address_at(home, random, learned=1.0), required=False)


def _promised(order: Order, on: date, promise: PromiseRules, calendar: Calendar) -> Order:
    """Return an order as accepted on the working day before, with its promise."""
    accepted = on
    while True:
        accepted = date.fromordinal(accepted.toordinal() - 1)
        if calendar.works(accepted):
            break
    centre, outlying = promise.days.get(order.service, promise.other_days)
    days = centre if order.address.district in promise.centre else outlying
    return replace(order, attempts=0, accepted=accepted, due=calendar.after(accepted, max(days, 1)))


def _desk_work(demand: Demand, district: str, on: date, key: str) -> list[Incoming]:
    """Return what one-stop desks (một cửa) hand over, and papers from one desk to another."""
    desks = [desk for desk in _places(on).desks if desk.district == district]
    random = Random(f"{key}/{district}/desks")
    # Of 1,500 orders 52 are desks', which is three of four desks on a day.
    visited = min(_DESK_SHARE * demand.orders_per_day / len(_places(on).desks), 1.0)
    found = []
    for number, desk in enumerate(desks):
        items = random.randint(4, 35)
        if random.random() < visited:
            found.append(_desk_order(f"{on:%y%m%d}-{district}-D{number:02d}", desk, on, items))
    mean = demand.per_day.get(district, 0.0) * _TRANSFER_SHARE if len(desks) > 1 else 0.0
    for number in range(poisson(mean, random.random())):
        first, second = random.sample(desks, 2)
        order = _desk_order(f"{on:%y%m%d}-{district}-T{number:02d}", first, on, 3)
        found.append(replace(order, kind=OrderKind.TRANSFER, to_address=second.address))
    return [Incoming(order=order) for order in found]


def _desk_order(name: str, desk: Desk, on: date, items: int) -> Order:
    windows: tuple[TimeWindow, ...] = desk.hours
    return Order(
        id=name,
        kind=OrderKind.COLLECTION,
        service=Service.DOSSIER,
        address=desk.address,
        customer=desk.name,
        grams=items * 150,
        cubic_cm=items * 500,
        items=items,
        windows=windows,
        due=on,
        accepted=on,
    )
