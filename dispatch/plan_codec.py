"""
A planned day as two texts and back: what was planned with (large, shared), and what came of it.

The problem, with its travel, is the same for all versions that people make by hand: it is kept
apart, so that moving one stop stores kilobytes. Names, phones and notes are in neither: they are
looked up in the orders when a plan is read, so that there is one place to blank them. Reports are
not kept either: the checker judges every plan anew when it is read, and only what it says counts.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from dispatch.codec import CodecError, decode, encode
from dispatch.locking import Lock
from dispatch.model import (
    Day,
    DayCost,
    DayPlan,
    HandOver,
    LeftOut,
    Linehaul,
    Load,
    Order,
)
from solver.checker import check
from solver.model import Plan, Problem, Progress, Result

FORMAT = "buuta-stored-plan"
Numbers = Mapping[str, Mapping[str, str]]
"""By courier and stop, what is written on the parcel."""

VERSION = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class _Came:
    """A result without its report."""

    plan: Plan
    engine: str
    seed: int
    iterations: int
    seconds: float
    stopped: bool
    history: tuple[Progress, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class _Trucks:
    came: _Came
    loads: tuple[Load, ...]
    arrivals: Mapping[str, int]
    sorted: Mapping[str, tuple[int, ...]]
    cost: DayCost


@dataclass(frozen=True, slots=True, kw_only=True)
class _Content:
    day: Day
    located: tuple[Order, ...]
    came: _Came
    left_out: tuple[LeftOut, ...]
    travel_note: str
    linehaul: _Trucks | None
    hand_overs: tuple[HandOver, ...]
    numbers: Numbers = field(default_factory=dict)
    locks: tuple[Lock, ...] = ()


def write_content(
    plan: DayPlan, numbers: Numbers = MappingProxyType({}), locks: tuple[Lock, ...] = ()
) -> str:
    """Return all of a planned day but its problems and what is personal, as JSON."""
    line = plan.linehaul
    content = _Content(
        day=replace(plan.day, orders=tuple(_nameless(order) for order in plan.day.orders)),
        located=tuple(_nameless(order) for order in plan.located.values()),
        came=_came(plan.result),
        left_out=plan.left_out,
        travel_note=plan.travel_note,
        linehaul=None
        if line is None
        else _Trucks(
            came=_came(line.result),
            loads=line.loads,
            arrivals=line.arrivals,
            sorted=line.sorted,
            cost=line.cost,
        ),
        hand_overs=plan.hand_overs,
        numbers=numbers,
        locks=locks,
    )
    held = {"format": FORMAT, "version": VERSION, "content": encode(content)}
    return json.dumps(held, ensure_ascii=False, separators=(",", ":"))


def read_content(
    text: str, *, problem: Problem, trucks: Problem | None
) -> tuple[DayPlan, Numbers, tuple[Lock, ...]]:
    """
    Return the planned day without names, judged by the checker of today, its numbers and locks.

    Raises
    ------
    CodecError
        The text is of another kind, or damaged.
    """
    held: Any = json.loads(text)
    if held.get("format") != FORMAT or held.get("version") != VERSION:
        raise CodecError("$", f"is {held.get('format')!r} {held.get('version')!r}")
    content = decode(_Content, held["content"])
    line = content.linehaul
    assert (line is None) == (trucks is None)

    plan = DayPlan(
        day=content.day,
        located={order.id: order for order in content.located},
        problem=problem,
        result=_result(content.came, problem),
        left_out=content.left_out,
        travel_note=content.travel_note,
        linehaul=None
        if line is None or trucks is None
        else Linehaul(
            problem=trucks,
            result=_result(line.came, trucks),
            loads=line.loads,
            arrivals=line.arrivals,
            sorted=line.sorted,
            cost=line.cost,
        ),
        hand_overs=content.hand_overs,
    )
    return plan, content.numbers, content.locks


def _nameless(order: Order) -> Order:
    return replace(order, customer="", phone="", note="")


def _came(result: Result) -> _Came:
    return _Came(
        plan=result.plan,
        engine=result.engine,
        seed=result.seed,
        iterations=result.iterations,
        seconds=result.seconds,
        stopped=result.stopped,
        history=result.history,
    )


def _result(came: _Came, problem: Problem) -> Result:
    return Result(
        plan=came.plan,
        report=check(problem, came.plan),
        engine=came.engine,
        seed=came.seed,
        iterations=came.iterations,
        seconds=came.seconds,
        history=came.history,
        stopped=came.stopped,
    )
