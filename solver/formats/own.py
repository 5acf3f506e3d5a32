"""
Our own JSON of problems and plans: versioned, complete, nothing lost.

    {"format": "buuta-problem", "version": 1, "name": "...", "problem": {...}}
    {"format": "buuta-plan", "version": 1, "plan": {...}, "report": {...}}

Fields have the names of `solver.model`; those left out have their default there; a window is
[start, end]; travel is a plane or packed matrices. A plan's report is for people: it is written
from what the checker said and never read back, because a report is derived, not stored.
"""

from __future__ import annotations

import json
from typing import Any

from solver.errors import Finding, FormatError
from solver.formats.codec import (
    BOOLEAN,
    DECIMAL,
    INTEGER,
    TEXT,
    Choice,
    Codec,
    Listed,
    Maybe,
    Mistakes,
    Names,
    Profiles,
    Record,
    Window,
    parse,
)
from solver.formats.instance import Instance
from solver.model import (
    Break,
    Cost,
    Job,
    OvertimeTier,
    Place,
    Plan,
    Problem,
    Reload,
    Report,
    Route,
    Shipment,
    SoftDue,
    Stop,
    StopKind,
    Vehicle,
    Visit,
)

PROBLEM = "buuta-problem"
PLAN = "buuta-plan"
VERSION = 1

_AMOUNTS = Listed(INTEGER)
_WINDOWS = Listed(Window())
_MAYBE_INTEGER = Maybe(INTEGER)
_DUE = Record(SoftDue, {"time": INTEGER, "cost_per_second": INTEGER})

_SPOT: dict[str, Codec] = {
    "place": INTEGER,
    "service_seconds": INTEGER,
    "setup_seconds": INTEGER,
    "windows": _WINDOWS,
    "due": Maybe(_DUE),
    "area": TEXT,
}
_TASK: dict[str, Codec] = {
    "skills": Names(),
    "release": INTEGER,
    "priority": INTEGER,
    "skip_cost": _MAYBE_INTEGER,
    "vehicles": Maybe(Names()),
}
_VISIT = Record(Visit, _SPOT)
_JOB = Record(Job, {"id": TEXT, **_SPOT, "delivery": _AMOUNTS, "pickup": _AMOUNTS, **_TASK})
_SHIPMENT = Record(
    Shipment, {"id": TEXT, "pickup": _VISIT, "delivery": _VISIT, "amount": _AMOUNTS, **_TASK}
)
_BREAK = Record(Break, {"id": TEXT, "windows": _WINDOWS, "seconds": INTEGER, "paid": BOOLEAN})
_RELOAD = Record(
    Reload,
    {
        "id": TEXT,
        "place": INTEGER,
        "seconds": INTEGER,
        "windows": _WINDOWS,
        "most": _MAYBE_INTEGER,
        "required": BOOLEAN,
    },
)
_VEHICLE = Record(
    Vehicle,
    {
        "id": TEXT,
        "shift": Window(),
        "start": _MAYBE_INTEGER,
        "end": _MAYBE_INTEGER,
        "profile": TEXT,
        "capacity": _AMOUNTS,
        "skills": Names(),
        "breaks": Listed(_BREAK),
        "reloads": Listed(_RELOAD),
        "max_metres": _MAYBE_INTEGER,
        "max_driving_seconds": _MAYBE_INTEGER,
        "max_duty_seconds": _MAYBE_INTEGER,
        "max_stops": _MAYBE_INTEGER,
        "fixed_cost": INTEGER,
        "cost_per_metre": INTEGER,
        "cost_per_second": INTEGER,
        "overtime": Listed(Record(OvertimeTier, {"after": INTEGER, "cost_per_second": INTEGER})),
        "known_areas": Names(),
        "unfamiliar_cost": INTEGER,
        "locked": Listed(TEXT),
    },
)
_PROBLEM = Record(
    Problem,
    {
        "dimensions": Listed(TEXT),
        "places": Listed(Record(Place, {"id": TEXT, "x": DECIMAL, "y": DECIMAL})),
        "jobs": Listed(_JOB),
        "shipments": Listed(_SHIPMENT),
        "vehicles": Listed(_VEHICLE),
        "travel": Profiles(),
    },
)
_STOP = Record(
    Stop,
    {
        "kind": Choice(StopKind),
        "id": TEXT,
        "arrival": INTEGER,
        "begin": INTEGER,
        "departure": INTEGER,
        "load": _AMOUNTS,
    },
)
_ROUTE = Record(
    Route,
    {
        "vehicle": TEXT,
        "departure": INTEGER,
        "load": _AMOUNTS,
        "stops": Listed(_STOP),
        "finish": INTEGER,
    },
)
_PLAN = Record(Plan, {"routes": Listed(_ROUTE), "unassigned": Listed(TEXT)})


def write_problem(problem: Problem, name: str = "") -> str:
    """Return a problem as JSON text."""
    head: dict[str, Any] = {"format": PROBLEM, "version": VERSION}
    if name:
        head["name"] = name
    return _text({**head, "problem": _PROBLEM.write(problem)})


def read_problem(text: str) -> Instance:
    """
    Read a problem; `solver.validation` judges what it says.

    Raises
    ------
    FormatError
        Lists everything that is wrong, each with its JSON path.
    """
    title = "the problem file cannot be read:"
    held = _opened(text, PROBLEM, {"name", "problem"}, title)
    mistakes = Mistakes()
    name = TEXT.read(held.get("name", ""), "$.name", mistakes)
    problem = _PROBLEM.read(held.get("problem"), "$.problem", mistakes)
    mistakes.refuse(title)
    return Instance(problem=problem, name=name, kind=PROBLEM)


def write_plan(plan: Plan, report: Report | None = None) -> str:
    """Return a plan as JSON text, with what the checker said about it for people to read."""
    held: dict[str, Any] = {"format": PLAN, "version": VERSION, "plan": _PLAN.write(plan)}
    if report is not None:
        held["report"] = _report(report)
    return _text(held)


def read_plan(text: str) -> Plan:
    """
    Read a plan; its report, if any, is passed over.

    Raises
    ------
    FormatError
        Lists everything that is wrong, each with its JSON path.
    """
    title = "the plan file cannot be read:"
    held = _opened(text, PLAN, {"plan", "report"}, title)
    mistakes = Mistakes()
    plan = _PLAN.read(held.get("plan"), "$.plan", mistakes)
    mistakes.refuse(title)
    assert isinstance(plan, Plan)
    return plan


def opened(text: str) -> dict[str, Any]:
    """Return the object that a JSON text holds, to tell its format by; FormatError otherwise."""
    title = "the JSON file cannot be read:"
    held = parse(text, title)
    if not isinstance(held, dict):
        raise FormatError(
            title, [Finding(where="$", what="is a list", remedy="give an object with a format")]
        )
    return held


def _text(held: dict[str, Any]) -> str:
    return json.dumps(held, ensure_ascii=False, allow_nan=False, separators=(",", ":")) + "\n"


def _opened(text: str, wanted: str, keys: set[str], title: str) -> dict[str, Any]:
    held = parse(text, title)
    if not isinstance(held, dict) or held.get("format") != wanted:
        stated = held.get("format") if isinstance(held, dict) else None
        raise FormatError(
            title,
            [
                Finding(
                    where="$.format",
                    what=f"is {stated!r}" if stated is not None else "is missing",
                    remedy=f"this reader needs {wanted!r}",
                )
            ],
        )
    version = held.get("version")
    if version != VERSION or isinstance(version, bool):
        raise FormatError(
            title,
            [
                Finding(
                    where="$.version",
                    what=f"is {version!r}",
                    remedy=f"this release reads version {VERSION}; upgrade to read newer files",
                )
            ],
        )
    unknown = sorted(held.keys() - keys - {"format", "version"})
    if unknown:
        raise FormatError(
            title,
            [
                Finding(where=f"$.{key}", what="is not known", remedy=f"known: {sorted(keys)}")
                for key in unknown
            ],
        )
    return held


def _report(report: Report) -> dict[str, Any]:
    return {
        "feasible": report.feasible,
        "cost": _cost(report.cost),
        "metres": report.metres,
        "driving_seconds": report.driving_seconds,
        "duty_seconds": report.duty_seconds,
        "stops": report.stops,
        "unassigned": list(report.unassigned),
        "violations": [
            {
                "code": violation.code.value,
                "amount": violation.amount,
                "vehicle": violation.vehicle,
                "id": violation.id,
                "dimension": violation.dimension,
            }
            for violation in report.violations
        ],
        "routes": [
            {
                "vehicle": route.vehicle,
                "cost": _cost(route.cost),
                "metres": route.metres,
                "driving_seconds": route.driving_seconds,
                "service_seconds": route.service_seconds,
                "waiting_seconds": route.waiting_seconds,
                "break_seconds": route.break_seconds,
                "duty_seconds": route.duty_seconds,
                "stops": route.stops,
                "trips": route.trips,
            }
            for route in report.routes
        ],
    }


def _cost(cost: Cost) -> dict[str, int]:
    return {
        "total": cost.total,
        "fixed": cost.fixed,
        "distance": cost.distance,
        "duty": cost.duty,
        "overtime": cost.overtime,
        "lateness": cost.lateness,
        "unfamiliar": cost.unfamiliar,
        "skipped": cost.skipped,
    }
