"""
Answers in VROOM's JSON.

Costs are whole units, rounded down from thousandths; `violations` holds the checker's in VROOM's
words, with our code as `cause` where VROOM has none, so that a plan is never shown cleaner than it
is. Given the request itself, descriptions and places are told as they stood there, and distances
where its matrices have them.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any

from solver.formats.instance import Instance
from solver.model import (
    Job,
    Result,
    Route,
    RouteReport,
    Shipment,
    Stop,
    StopKind,
    Vehicle,
    Violation,
    ViolationCode,
    Visit,
)

CAUSES: Mapping[ViolationCode, str] = MappingProxyType(
    {
        ViolationCode.WINDOW_MISSED: "delay",
        ViolationCode.BREAK_WINDOW_MISSED: "delay",
        ViolationCode.SHIFT_TOO_LATE: "delay",
        ViolationCode.SHIFT_TOO_EARLY: "lead_time",
        ViolationCode.CAPACITY_EXCEEDED: "load",
        ViolationCode.SKILL_MISSING: "skills",
        ViolationCode.STOPS_EXCEEDED: "max_tasks",
        ViolationCode.DRIVING_EXCEEDED: "max_travel_time",
        ViolationCode.METRES_EXCEEDED: "max_distance",
        ViolationCode.SHIPMENT_ORDER: "precedence",
        ViolationCode.SHIPMENT_INCOMPLETE: "precedence",
        ViolationCode.SHIPMENT_SPLIT: "precedence",
        ViolationCode.BREAK_MISSING: "missing_break",
    }
)
"""VROOM's word for each rule that its problems can break."""

_TIMED = ("delay", "lead_time")


def write(result: Result, instance: Instance) -> str:
    """Return a result as VROOM would answer; ids that are numbers are written as numbers."""
    return json.dumps(answer(result, instance), ensure_ascii=False, indent=1) + "\n"


def answer(
    result: Result,
    instance: Instance,
    *,
    given: Mapping[str, Any] | None = None,
    plan_mode: bool = False,
) -> dict[str, Any]:
    """
    Return a result as VROOM would answer, ready to be written as JSON.

    Parameters
    ----------
    given
        The request that `instance` was read from.
    plan_mode
        Breaks of a vehicle that its steps do not name are told as missing.
    """
    return _Answer(result, instance, given, plan_mode=plan_mode).answer()


class _Answer:
    def __init__(
        self,
        result: Result,
        instance: Instance,
        given: Mapping[str, Any] | None,
        *,
        plan_mode: bool,
    ) -> None:
        problem = instance.problem
        self.result = result
        self.instance = instance
        self.problem = problem
        self.tasks: dict[str, Job | Shipment] = {job.id: job for job in problem.jobs}
        self.tasks.update({shipment.id: shipment for shipment in problem.shipments})
        self.vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}
        self.given = given
        self.raw = _raw_tasks(given or {})
        self.raw_vehicles = {str(v["id"]): v for v in (given or {}).get("vehicles", ())}
        self.plan_mode = plan_mode

    def answer(self) -> dict[str, Any]:
        report = self.result.report
        reports = {route.vehicle: route for route in report.routes}
        routes = [
            self.route(route, reports[route.vehicle])
            for route in self.result.plan.routes
            if route.vehicle in self.vehicles
        ]
        unassigned = [part for name in report.unassigned for part in self.unassigned(name)]
        keys: tuple[str, ...] = ("cost", "setup", "service", "duration", "waiting_time", "priority")
        if routes and all("distance" in route for route in routes):
            keys = (*keys, "distance")
        loads = [self.sums(route[key] for route in routes) for key in ("delivery", "pickup")]
        summary: dict[str, Any] = {key: sum(route[key] for route in routes) for key in keys}
        summary |= {
            "routes": len(routes),
            "unassigned": len(unassigned),
            "delivery": loads[0],
            "amount": loads[0],
            "pickup": loads[1],
            "violations": [violation for route in routes for violation in route["violations"]],
            "computing_times": {"solving": round(self.result.seconds * 1000)},
        }
        return {"code": 0, "summary": summary, "unassigned": unassigned, "routes": routes}

    def sums(self, rows: Any) -> list[int]:
        totals = [0] * len(self.problem.dimensions)
        for row in rows:
            for k, units in enumerate(row):
                totals[k] += units
        return totals

    def unassigned(self, name: str) -> list[dict[str, Any]]:
        task = self.tasks[name]
        if isinstance(task, Job):
            return [self.left_out("job", name, task.place)]
        numbers = name.split("->") if "->" in name else [name, name]
        return [
            self.left_out("pickup", numbers[0], task.pickup.place),
            self.left_out("delivery", numbers[1], task.delivery.place),
        ]

    def left_out(self, kind: str, number: str, row: int) -> dict[str, Any]:
        return {"id": _number(number), "type": kind, **self.told(kind, number, row)}

    def told(self, kind: str, number: str, row: int | None) -> dict[str, Any]:
        """Return description and place of a task or break as the request has them."""
        raw = self.raw.get((kind, number))
        if raw is not None:
            keys = ("description", "location", "location_index")
            return {key: raw[key] for key in keys if key in raw}
        return {} if row is None or self.given is not None else self.where(row)

    def end_of(self, vehicle: str, key: str, row: int) -> dict[str, Any]:
        """Return the place that a vehicle starts or ends at as the request has it."""
        if self.given is None:
            return self.where(row)
        raw = self.raw_vehicles[vehicle]
        held = {"location": raw.get(key), "location_index": raw.get(f"{key}_index")}
        return {name: value for name, value in held.items() if value is not None}

    def metres(self, vehicle: str) -> Sequence[Sequence[int]] | None:
        """Return the distances of a vehicle's profile, None where the request has none."""
        matrices = (self.given or {}).get("matrices") or {}
        profile = self.raw_vehicles.get(vehicle, {}).get("profile", "car")
        held: Sequence[Sequence[int]] | None = matrices.get(profile, {}).get("distances")
        return held

    def where(self, row: int) -> dict[str, Any]:
        place = self.problem.places[row]
        return {"location_index": row, "location": [place.x, place.y]}

    def route(self, route: Route, report: RouteReport) -> dict[str, Any]:
        vehicle = self.vehicles[route.vehicle]
        steps = self.steps(route, vehicle)
        visits = [
            self.tasks[stop.id]
            for stop in route.stops
            if stop.kind in (StopKind.JOB, StopKind.PICKUP) and stop.id in self.tasks
        ]
        brought = [v.delivery if isinstance(v, Job) else v.amount for v in visits]
        taken = [v.pickup if isinstance(v, Job) else v.amount for v in visits]
        setup = sum(step["setup"] for step in steps)
        service = sum(step["service"] for step in steps)
        raw = self.raw_vehicles.get(route.vehicle, {})
        told = {key: raw[key] for key in ("description",) if key in raw}
        if steps and "distance" in steps[-1]:
            told["distance"] = steps[-1]["distance"]
        return {
            "vehicle": _number(route.vehicle),
            "cost": self.cost(report, setup + service),
            "setup": setup,
            "service": service,
            "duration": report.driving_seconds,
            "waiting_time": report.waiting_seconds,
            "priority": sum(task.priority for task in visits),
            "delivery": self.sums(brought),
            "amount": self.sums(brought),
            "pickup": self.sums(taken),
            "steps": steps,
            "violations": self.violations(route.vehicle),
            **told,
        }

    def cost(self, report: RouteReport, task_seconds: int) -> int:
        """Return a route's cost in VROOM's units, from the checker's figures."""
        rates = self.instance.rates.get(report.vehicle)
        if rates is None:
            return report.cost.total // self.instance.cost_divisor
        tasks = task_seconds * rates.per_task_hour
        if rates.travel is None:
            return report.cost.total // self.instance.cost_divisor + tasks // 3600
        hour, kilometre = rates.travel
        hours = report.driving_seconds * hour + tasks
        return rates.fixed + (hours * 1000 + report.metres * kilometre * 3600) // 3_600_000

    def violations(self, vehicle: str) -> list[dict[str, Any]]:
        """Return what a vehicle's route breaks, the breaks that its steps leave out too."""
        found = [
            _violation(violation)
            for violation in self.result.report.violations
            if violation.vehicle == vehicle
        ]
        if self.plan_mode:
            raw = self.raw_vehicles.get(vehicle, {})
            named = {s.get("id") for s in raw.get("steps", ()) if s.get("type") == "break"}
            found += [
                {"cause": "missing_break", "id": pause["id"]}
                for pause in raw.get("breaks", ())
                if pause["id"] not in named
            ]
        return found

    def broken_at(self, vehicle: str, stop: Stop) -> list[dict[str, Any]]:
        """Return what is broken at one stop."""
        return [
            _violation(violation)
            for violation in self.result.report.violations
            if violation.vehicle == vehicle
            and violation.id == stop.id
            and (violation.code is not ViolationCode.WINDOW_MISSED or self.is_late(stop))
        ]

    def is_late(self, stop: Stop) -> bool:
        """Tell whether a stop begins outside its windows; a shipment's ends share one id."""
        visit = self.visit(stop)
        windows = () if visit is None else visit.windows
        return bool(windows) and not any(w.start <= stop.begin <= w.end for w in windows)

    def broken_at_end(self, vehicle: str, code: ViolationCode) -> list[dict[str, Any]]:
        """Return what is wrong with the time of leaving or coming back."""
        return [
            _violation(violation)
            for violation in self.result.report.violations
            if violation.vehicle == vehicle and violation.code is code
        ]

    def steps(self, route: Route, vehicle: Vehicle) -> list[dict[str, Any]]:
        travel = self.problem.travel[vehicle.profile]
        metres = self.metres(route.vehicle)
        here = vehicle.start
        driven = ridden = 0
        steps = []

        def ride(row: int) -> None:
            nonlocal driven, ridden
            if here is not None:
                driven += travel.leg(here, row)[0]
                ridden += int(metres[here][row]) if metres is not None and here != row else 0

        if here is not None:
            steps.append(_step("start", route.departure, 0, load=list(route.load)))
            steps[0] |= self.end_of(route.vehicle, "start", here)
            steps[0]["violations"] = self.broken_at_end(
                route.vehicle, ViolationCode.SHIFT_TOO_EARLY
            )
            if metres is not None:
                steps[0]["distance"] = 0
        for stop in route.stops:
            visit = self.visit(stop)
            row = None
            if visit is not None:
                row = visit.place
            elif stop.kind is StopKind.RELOAD:
                row = next((r.place for r in vehicle.reloads if r.id == stop.id), None)
            if row is not None:
                ride(row)
            setup = visit.setup_seconds if visit is not None and here != row else 0
            step = _step(stop.kind.value, stop.arrival, driven, load=list(stop.load))
            step |= {
                "id": _number(self.number(stop)),
                "setup": setup,
                "service": stop.departure - stop.begin - setup,
                "waiting_time": stop.begin - stop.arrival,
                "violations": self.broken_at(route.vehicle, stop),
            }
            if stop.kind is StopKind.JOB:
                step["job"] = step["id"]
            if metres is not None:
                step["distance"] = ridden
            if stop.kind is StopKind.BREAK:
                step |= self.pause(route.vehicle, stop.id)
            else:
                step |= self.told(stop.kind.value, self.number(stop), row)
            here = here if row is None else row
            steps.append(step)
        if vehicle.end is not None and here is not None:
            ride(vehicle.end)
            load = list(route.stops[-1].load) if route.stops else list(route.load)
            last = _step("end", route.finish, driven, load=load)
            last |= self.end_of(route.vehicle, "end", vehicle.end)
            last["violations"] = self.broken_at_end(route.vehicle, ViolationCode.SHIFT_TOO_LATE)
            if metres is not None:
                last["distance"] = ridden
            steps.append(last)
        return steps

    def pause(self, vehicle: str, number: str) -> dict[str, Any]:
        """Return a break's description."""
        for raw in self.raw_vehicles.get(vehicle, {}).get("breaks", ()):
            if str(raw["id"]) == number and "description" in raw:
                return {"description": raw["description"]}
        return {}

    def visit(self, stop: Stop) -> Job | Visit | None:
        task = self.tasks.get(stop.id)
        if isinstance(task, Job):
            return task if stop.kind is StopKind.JOB else None
        if task is None or stop.kind not in (StopKind.PICKUP, StopKind.DELIVERY):
            return None
        return task.pickup if stop.kind is StopKind.PICKUP else task.delivery

    def number(self, stop: Stop) -> str:
        """Return the id of a stop; a shipment read from VROOM has one for each end."""
        if stop.kind not in (StopKind.PICKUP, StopKind.DELIVERY) or "->" not in stop.id:
            return stop.id
        first, _, last = stop.id.partition("->")
        return first if stop.kind is StopKind.PICKUP else last


def _step(kind: str, arrival: int, driven: int, *, load: list[int]) -> dict[str, Any]:
    return {
        "type": kind,
        "arrival": arrival,
        "duration": driven,
        "setup": 0,
        "service": 0,
        "waiting_time": 0,
        "load": load,
        "violations": [],
    }


def _violation(violation: Violation) -> dict[str, Any]:
    cause = CAUSES.get(violation.code, violation.code.value)
    told: dict[str, Any] = {"cause": cause}
    if cause in _TIMED:
        told["duration"] = violation.amount
    elif cause not in ("skills", "precedence", "missing_break"):
        told["amount"] = violation.amount
    if violation.id:
        told["id"] = _number(violation.id)
    return told


def _raw_tasks(given: Mapping[str, Any]) -> dict[tuple[str, str], Mapping[str, Any]]:
    raw = {("job", str(job["id"])): job for job in given.get("jobs", ())}
    for shipment in given.get("shipments", ()):
        for kind in ("pickup", "delivery"):
            raw[kind, str(shipment[kind]["id"])] = shipment[kind]
    return raw


def _number(name: str) -> int | str:
    return int(name) if name.isdecimal() and str(int(name)) == name else name
