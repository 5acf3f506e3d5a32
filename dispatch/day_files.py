"""
What the judge of a whole day needs besides the two problems and plans, as a file and back.

    {"format": "buuta-day", "version": 1, "date": ..., "orders": [...], "loads": [...], ...}

    DispatchError
    └── DayFileError    the file is not what the judge can read (`.what`)

A day that was written can so be judged again later, by another machine, without its tables.
"""

from __future__ import annotations

import json
from dataclasses import asdict, fields
from datetime import date
from typing import Any

from dispatch.errors import DispatchError
from dispatch.model import (
    Address,
    Courier,
    Day,
    DayCost,
    DayPlan,
    Direction,
    LeftOut,
    LeftOutReason,
    Linehaul,
    Load,
    Office,
    Order,
    OrderKind,
    OrderState,
    Service,
)
from dispatch.settings import LinehaulRules
from geo.types import LatLon
from solver.checker import check
from solver.model import Plan, Problem, Result, TimeWindow

FORMAT = "buuta-day"
VERSION = 1

_SERVICES = "driver_services"


class DayFileError(DispatchError):
    """The file is not what the judge can read."""

    def __init__(self, what: str) -> None:
        self.what = what
        super().__init__(f"day.json: {what}; write the folder again with 'buuta plan'")


def write_day_file(plan: DayPlan, rules: LinehaulRules) -> str:
    """Return the facts of a planned day as JSON; the plan must have trucks."""
    line = plan.linehaul
    assert line is not None
    known = {**{order.id: order for order in plan.day.orders}, **plan.located}
    facts = {
        "format": FORMAT,
        "version": VERSION,
        "date": plan.day.date.isoformat(),
        "rules": {**asdict(rules), _SERVICES: sorted(rules.driver_services)},
        "orders": [_order_facts(known[order.id]) for order in plan.day.orders],
        "couriers": [{"id": c.id, "office": c.office} for c in plan.day.couriers],
        "offices": [
            {"id": o.id, "dock": [[span.start, span.end] for span in o.dock]}
            for o in plan.day.offices
        ],
        "left_out": [{"order": o.order, "reason": o.reason.value} for o in plan.left_out],
        "loads": [
            {**asdict(load), "direction": load.direction.value, "orders": list(load.orders)}
            for load in line.loads
        ],
        "cost": asdict(line.cost),
    }
    return json.dumps(facts, ensure_ascii=False, separators=(",", ":")) + "\n"


def _order_facts(order: Order) -> dict[str, Any]:
    point = order.address.point
    return {
        "id": order.id,
        "kind": order.kind.value,
        "service": order.service.value,
        "cash": order.cash,
        "office": order.office,
        "grams": order.grams,
        "cubic_cm": order.cubic_cm,
        "items": order.items,
        "state": None if order.state is None else order.state.value,
        "at": None if point is None else [point.lat, point.lon],
    }


def read_day_file(
    text: str, *, couriers: tuple[Problem, Plan], trucks: tuple[Problem, Plan]
) -> tuple[DayPlan, LinehaulRules]:
    """
    Return a written day, with the two problems and plans that belong to it, and its rules.

    Raises
    ------
    DayFileError
        The text is no file of a day, or something in it is missing or of the wrong kind.
    """
    try:
        facts = json.loads(text)
    except ValueError as error:
        raise DayFileError(f"is no JSON ({error})") from None
    if not isinstance(facts, dict) or facts.get("format") != FORMAT:
        raise DayFileError("is no file of a day")
    if facts.get("version") != VERSION:
        raise DayFileError(f"has version {facts.get('version')!r}, not {VERSION}")
    try:
        return _read(facts, couriers, trucks)
    except (KeyError, TypeError, ValueError) as error:
        raise DayFileError(f"cannot be understood at {error}") from None


def _read(
    facts: dict[str, Any], couriers: tuple[Problem, Plan], trucks: tuple[Problem, Plan]
) -> tuple[DayPlan, LinehaulRules]:
    given = facts["rules"]
    rules = LinehaulRules(
        **{f.name: int(given[f.name]) for f in fields(LinehaulRules) if f.name != _SERVICES},
        driver_services=frozenset(Service(name) for name in given[_SERVICES])
        if _SERVICES in given
        else LinehaulRules().driver_services,
    )
    orders = tuple(_order(each) for each in facts["orders"])
    day = Day(
        date=date.fromisoformat(facts["date"]),
        orders=orders,
        couriers=tuple(
            Courier(id=str(c["id"]), name=str(c["id"]), office=str(c["office"]))
            for c in facts["couriers"]
        ),
        offices=tuple(
            Office(
                id=str(o["id"]),
                name=str(o["id"]),
                point=LatLon(lat=0.0, lon=0.0),
                dock=tuple(TimeWindow(start=a, end=b) for a, b in o["dock"]),
            )
            for o in facts["offices"]
        ),
    )
    loads = tuple(
        Load(
            **{
                **load,
                "direction": Direction(load["direction"]),
                "orders": tuple(load["orders"]),
            }
        )
        for load in facts["loads"]
    )
    return (
        DayPlan(
            day=day,
            located={},
            problem=couriers[0],
            result=_result(*couriers),
            left_out=tuple(
                LeftOut(order=str(one["order"]), reason=LeftOutReason(one["reason"]))
                for one in facts["left_out"]
            ),
            linehaul=Linehaul(
                problem=trucks[0],
                result=_result(*trucks),
                loads=loads,
                arrivals={},
                sorted={},
                cost=DayCost(**facts["cost"]),
            ),
        ),
        rules,
    )


def _result(problem: Problem, plan: Plan) -> Result:
    return Result(
        plan=plan, report=check(problem, plan), engine="", seed=0, iterations=0, seconds=0.0
    )


def _order(facts: dict[str, Any]) -> Order:
    at = facts["at"]
    return Order(
        id=str(facts["id"]),
        kind=OrderKind(facts["kind"]),
        service=Service(facts.get("service", Service.ORDINARY)),
        cash=int(facts.get("cash", 0)),
        address=Address(text="", point=None if at is None else LatLon(lat=at[0], lon=at[1])),
        office=str(facts["office"]),
        grams=int(facts["grams"]),
        cubic_cm=int(facts["cubic_cm"]),
        items=int(facts["items"]),
        state=None if facts["state"] is None else OrderState(facts["state"]),
    )
