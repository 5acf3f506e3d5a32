"""What `plan` shows of trucks and territory: hand-overs, the day's cost, the day's verdict."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from api.cli_screen import Screen
from dispatch import messages
from dispatch.day_check import DayReport
from dispatch.model import DayPlan
from dispatch.office_times import (
    OfficeTimes,
    dear_loads,
    direct_loads,
    held_loads,
    office_times,
)

_MOST_NAMED = 12


def show_trucks(day_plan: DayPlan, verdict: DayReport | None, screen: Screen) -> None:
    """Show when each office is supplied and emptied, and whether the echelons fit."""
    line = day_plan.linehaul
    if line is None or verdict is None:
        screen.show(screen.say("trucks.none"), style="yellow")
        return
    screen.table(
        screen.say("table.trucks"),
        [
            (screen.say("column.office"), "left"),
            (screen.say("column.truck"), "left"),
            (screen.say("column.truck_arrival"), "right"),
            (screen.say("column.sorted"), "right"),
            (screen.say("column.first_departure"), "right"),
            (screen.say("column.last_return"), "right"),
            (screen.say("column.evening"), "right"),
        ],
        [_cells(times, screen) for times in office_times(day_plan)],
    )
    cost = line.cost
    parts = {
        "total": cost.total,
        "trucks": cost.trucks,
        "couriers": cost.couriers,
        "waiting": cost.waiting,
        "carried": cost.carried_over,
    }
    lang: Any = screen.lang
    said = {k: messages.money(messages.dong(v), lang) for k, v in parts.items()}
    screen.show(screen.say("trucks.cost", **said))
    direct = [name for load in direct_loads(day_plan) for name in load.orders]
    if direct:
        named = ", ".join(direct[:_MOST_NAMED]) + (", …" if len(direct) > _MOST_NAMED else "")
        screen.show(screen.say("trucks.direct", count=len(direct), orders=named))
    dear = dear_loads(day_plan)
    names = {office.id: office.name for office in day_plan.day.offices}
    for key, loads in (
        ("trucks.held", [load for load in held_loads(day_plan) if load.id not in dear]),
        ("trucks.held_dear", [load for load in held_loads(day_plan) if load.id in dear]),
    ):
        if loads:
            offices = ", ".join(dict.fromkeys(names[load.office] for load in loads))
            items = sum(load.items for load in loads)
            screen.show(screen.say(key, items=items, offices=offices), style="yellow")
    if verdict.trucks.feasible and not verdict.violations:
        screen.show(screen.say("trucks.clean"), style="green")
        return
    screen.show(screen.say("trucks.broken"), style="bold red")
    for violation in (*verdict.trucks.violations, *verdict.violations):
        screen.show(f"  {violation}")


def show_handed_over(day_plan: DayPlan, screen: Screen, name_of: Callable[[str], str]) -> None:
    """Show which communes another office than usual serves today."""
    if not day_plan.hand_overs:
        return
    offices = {office.id: office.name for office in day_plan.day.offices}
    screen.table(
        screen.say("table.handed_over"),
        [
            (screen.say("column.commune"), "left"),
            (screen.say("column.from_office"), "left"),
            (screen.say("column.to_office"), "left"),
            (screen.say("column.count"), "right"),
        ],
        [
            (
                f"{name_of(one.commune)} ({one.commune})",
                offices.get(one.home, one.home),
                offices.get(one.office, one.office),
                str(len(one.orders)),
            )
            for one in day_plan.hand_overs
        ],
    )


def _cells(times: OfficeTimes, screen: Screen) -> tuple[str, ...]:
    def at(moment: int | None) -> str:
        return "–" if moment is None else messages.clock(moment)

    return (
        times.name,
        ", ".join(times.trucks),
        at(times.truck_arrival),
        ", ".join(at(end) for end in times.sorted) or "–",
        at(times.first_departure),
        at(times.last_return),
        _evening(at(times.evening), times.held, screen),
    )


def _evening(taken: str, held: int, screen: Screen) -> str:
    if not held:
        return taken
    stay = screen.say("trucks.stay", items=held)
    return stay if taken == "–" else f"{taken}; {stay}"
