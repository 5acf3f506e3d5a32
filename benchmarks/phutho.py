"""
The Phú Thọ day: a made-up morning of the provincial post, planned as the product plans it.

Orders, couriers, motorbikes and vans, lunch gaps, office hours, noon settlements, familiar communes
and skip costs come from `dispatch.samples`; `dispatch.planning` says them in the solver's words.
There is no best known cost: engines are compared with the best answer that any of them found.
"""

from __future__ import annotations

from datetime import date

from dispatch import explaining, geocoding, planning
from dispatch.bootstrap import phu_tho_providers
from dispatch.samples import sample_day
from dispatch.settings import Settings
from solver.formats import Instance

SIZES = (500, 1_500, 3_000, 10_000)
"""Orders in a day."""

DAY = date(2026, 11, 24)
_THOUSANDTHS = 1_000


def instance(orders: int, *, seed: int = 1) -> Instance:
    """Return a day of so many orders as one problem; costs are published in đồng."""
    made = sample_day(orders=orders, seed=seed, day=DAY)
    providers = phu_tho_providers(DAY)
    day = geocoding.with_codes(made, providers.geocoder, territory=providers.territory)
    located = geocoding.locate(
        day.orders, providers.geocoder, territory=providers.territory, on=DAY
    )
    assigned = planning.assign_offices(day, located.located)
    index = planning.places(day, assigned.orders)
    problem = planning.build_problem(
        day,
        assigned.orders,
        index=index,
        travel={
            profile: providers.travel.matrix(index.points, profile=profile)
            for profile in planning.profiles(day)
        },
        settings=Settings(),
        approximate=located.approximate,
    )
    never = explaining.impossible(problem, day, assigned.orders)
    problem = explaining.without(problem, (left.order for left in never))
    return Instance(
        problem=problem,
        name=f"phutho-{orders}",
        kind="Phú Thọ day",
        cost_divisor=_THOUSANDTHS,
        cost_decimals=0,
    )
