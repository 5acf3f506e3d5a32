"""A whole sample day, and its four files."""

from __future__ import annotations

from datetime import date
from random import Random

from dispatch.import_writers import write_fleet, write_offices, write_orders
from dispatch.model import Day
from dispatch.samples.fleet import crew_sizes, sample_fleet, sample_offices, sample_trucks, vans_of
from dispatch.samples.orders import sample_orders
from dispatch.samples.places import province


def sample_day(*, orders: int = 1500, seed: int = 1, day: date) -> Day:
    """
    Return a made-up day: the same for the same arguments, on every machine.

    Parameters
    ----------
    orders
        How many; couriers are in proportion, at least two at every office.
    day
        The day that is planned; names and codes of communes are those of that day or older.

    Raises
    ------
    ValueError
        Fewer than one order was asked for.
    """
    if orders < 1:
        raise ValueError(f"a day needs at least one order, not {orders}")
    random = Random(f"{seed}/{orders}/{day.isoformat()}")
    places = province(day)
    offices = sample_offices()
    crews = crew_sizes(orders, offices, places=places)
    vans = {code for o in offices if vans_of(crews.get(o.id, 0)) for code in o.districts}
    asked = sample_orders(orders, places=places, vans=vans, day=day, random=random)
    couriers = sample_fleet(crews, offices, places=places, random=random)
    hub = next(office.id for office in offices if office.level == 1)
    trucks = sample_trucks(orders, hub, random=random)
    return Day(
        date=day,
        orders=tuple(asked),
        couriers=tuple(couriers),
        offices=tuple(offices),
        trucks=tuple(trucks),
    )


def write_day(day: Day) -> dict[str, str]:
    """Return the texts of orders.csv, fleet.csv, offices.csv and trucks.csv, by file name."""
    return {
        "orders.csv": write_orders(day.orders),
        "fleet.csv": write_fleet(day.couriers),
        "offices.csv": write_offices(day.offices),
        "trucks.csv": write_fleet(day.trucks),
    }
