"""
The Phú Thọ day: a made-up morning of the provincial post, planned as the product plans it.

Orders, couriers, motorbikes and vans, lunch gaps, office hours, noon settlements, familiar communes
and skip costs come from `dispatch.samples`; `dispatch.planning` says them in the solver's words.
There is no best known cost: engines are compared with the best answer that any of them found.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date

import numpy as np

from dispatch import explaining, geocoding, planning, reaching
from dispatch.bootstrap import phu_tho_providers
from dispatch.model import Order
from dispatch.samples import sample_day
from dispatch.settings import Settings
from geo.types import LatLon
from solver.formats import Instance

SIZES = (500, 1_500, 3_000, 10_000)
"""Orders in a day."""

DAY = date(2026, 11, 24)
_THOUSANDTHS = 1_000

_SCATTER = 0.006
"""Degrees, some 600 m: how far the houses of a hamlet lie from its point."""


def instance(orders: int, *, seed: int = 1, scattered: bool = False) -> Instance:
    """
    Return a day of so many orders as one problem; costs are published in đồng.

    Parameters
    ----------
    scattered
        Every address has a point of its own around its commune's, as an office has after a year of
        its couriers' reports; otherwise those of a hamlet share one.
    """
    made = sample_day(orders=orders, seed=seed, day=DAY)
    providers = phu_tho_providers(DAY)
    day = geocoding.with_codes(made, providers.geocoder, territory=providers.territory)
    located = geocoding.locate(
        day.orders, providers.geocoder, territory=providers.territory, on=DAY
    )
    found = _scattered(located.located, seed) if scattered else located.located
    assigned = planning.assign_offices(day, found)
    reached = reaching.measure(day, assigned, providers.travel)
    orders_of_day = reached.assigned.orders
    problem = planning.build_problem(
        day,
        orders_of_day,
        index=reached.index,
        travel=reached.travel,
        settings=Settings(),
        approximate=located.approximate,
    )
    never = explaining.impossible(problem, day, orders_of_day)
    problem = explaining.without(problem, (left.order for left in never))
    return Instance(
        problem=problem,
        name=f"phutho-{orders}" + ("-scattered" if scattered else ""),
        kind="Phú Thọ day",
        cost_divisor=_THOUSANDTHS,
        cost_decimals=0,
    )


def _scattered(orders: Sequence[Order], seed: int) -> list[Order]:
    chance = np.random.default_rng(seed)
    moved = []
    for order in orders:
        point = order.address.point
        north, east = chance.normal(0.0, _SCATTER, 2)
        if point is not None:
            spot = LatLon(lat=point.lat + float(north), lon=point.lon + float(east))
            order = replace(order, address=replace(order.address, point=spot))
        moved.append(order)
    return moved
