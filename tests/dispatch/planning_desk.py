"""Tiny studies for tests: a few orders, one or two offices, short blocks."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from dispatch.demand import from_facts
from dispatch.model import VehicleKind
from dispatch.samples.fleet import sample_offices
from dispatch.scenarios import (
    Charging,
    Fleet,
    Noise,
    OfficeSetup,
    Scenario,
    Study,
    VehicleType,
    setups,
)
from dispatch.simulation import Block, BlockTask, Frame

BIKE = VehicleType(
    name="motorbike",
    kind=VehicleKind.MOTORBIKE,
    price=22_000_000,
    life_years=8,
    energy_per_km=700,
    maintenance_per_km=200,
)
ELECTRIC = VehicleType(
    name="electric",
    kind=VehicleKind.ELECTRIC_MOTORBIKE,
    price=30_000_000,
    life_years=8,
    energy_per_km=175,
    maintenance_per_km=150,
    range_metres=60_000,
    charging=Charging.OVERNIGHT,
)
TYPES = {kind.name: kind for kind in (BIKE, ELECTRIC)}


def scenario(name: str = "base", *, fleet: Fleet | None = None) -> Scenario:
    """Return a scenario with this fleet; other offices have no districts."""
    fleet = fleet or {"BC238": {"motorbike": 3}}
    offices = tuple(
        one if one.id in fleet else replace(one, districts=()) for one in sample_offices()
    )
    return Scenario(name=name, fleet=fleet, offices=offices, types=TYPES)


def study(*scenarios: Scenario, orders: float = 300, **fields: Any) -> Study:
    """Return a study of few and short days."""
    usual: dict[str, Any] = {
        "name": "test",
        "scenarios": scenarios or (scenario(),),
        "baseline": (scenarios[0] if scenarios else scenario()).name,
        "demand": from_facts(orders_per_day=orders, growth=0.1),
        "years": (1,),
        "block_days": 1,
        "warm_up": 1,
        "iterations": 20,
    }
    return Study(**{**usual, **fields})


def task(one: Study, *, block: int = 0, year: int = 1, seed: int = 1) -> BlockTask:
    """Return the work of a study's first scenario at its first office."""
    return BlockTask(
        setup=first_setup(one),
        frame=Frame.of(one),
        block=Block(number=block, year=year),
        seed=seed,
    )


def first_setup(one: Study) -> OfficeSetup:
    """Return the setup of a study's first scenario at its first office."""
    return setups(one.scenarios[0])[0]


def quiet(one: Study) -> Study:
    """Return a study on which everything goes as planned."""
    return replace(one, noise=Noise.none(), demand=replace(one.demand, called_in=0.0), replan_at=())
