"""
Answers in VROOM's JSON.

Costs are whole units, rounded down from thousandths; `violations` holds the checker's, with our
code as `cause`, so that a plan is never shown cleaner than it is.
"""

from __future__ import annotations

import json
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
    Visit,
)


def write(result: Result, instance: Instance) -> str:
    """Return a result as VROOM would answer; ids that are numbers are written as numbers."""
    return json.dumps(_Answer(result, instance).answer(), ensure_ascii=False, indent=1) + "\n"


class _Answer:
    def __init__(self, result: Result, instance: Instance) -> None:
        problem = instance.problem
        self.result = result
        self.instance = instance
        self.problem = problem
        self.tasks: dict[str, Job | Shipment] = {job.id: job for job in problem.jobs}
        self.tasks.update({shipment.id: shipment for shipment in problem.shipments})
        self.vehicles = {vehicle.id: vehicle for vehicle in problem.vehicles}

    def answer(self) -> dict[str, Any]:
        report = self.result.report
        reports = {route.vehicle: route for route in report.routes}
        routes = [
            self.route(route, reports[route.vehicle])
            for route in self.result.plan.routes
            if route.vehicle in self.vehicles
        ]
        unassigned = [part for name in report.unassigned for part in self.unassigned(name)]
        keys = ("cost", "setup", "service", "duration", "waiting_time", "priority")
        loads = [self.sums(route[key] for route in routes) for key in ("delivery", "pickup")]
        summary: dict[str, Any] = {key: sum(route[key] for route in routes) for key in keys}
        summary |= {
            "routes": len(routes),
            "unassigned": len(unassigned),
            "delivery": loads[0],
            "amount": loads[0],
            "pickup": loads[1],
            "violations": [_violation(violation) for violation in report.violations],
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
            return [{"id": _number(name), "type": "job", **self.where(task.place)}]
        numbers = name.split("->") if "->" in name else [name, name]
        return [
            {"id": _number(numbers[0]), "type": "pickup", **self.where(task.pickup.place)},
            {"id": _number(numbers[1]), "type": "delivery", **self.where(task.delivery.place)},
        ]

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
        return {
            "vehicle": _number(route.vehicle),
            "cost": report.cost.total // self.instance.cost_divisor,
            "setup": sum(step["setup"] for step in steps),
            "service": sum(step["service"] for step in steps),
            "duration": report.driving_seconds,
            "waiting_time": report.waiting_seconds,
            "priority": sum(task.priority for task in visits),
            "delivery": self.sums(brought),
            "amount": self.sums(brought),
            "pickup": self.sums(taken),
            "steps": steps,
            "violations": [
                _violation(violation)
                for violation in self.result.report.violations
                if violation.vehicle == route.vehicle
            ],
        }

    def steps(self, route: Route, vehicle: Vehicle) -> list[dict[str, Any]]:
        travel = self.problem.travel[vehicle.profile]
        here = vehicle.start
        driven = 0
        steps = []
        if here is not None:
            steps.append(_step("start", route.departure, 0, load=list(route.load)))
            steps[0] |= self.where(here)
        for stop in route.stops:
            visit = self.visit(stop)
            row = None
            if visit is not None:
                row = visit.place
            elif stop.kind is StopKind.RELOAD:
                row = next((r.place for r in vehicle.reloads if r.id == stop.id), None)
            if row is not None and here is not None:
                driven += travel.leg(here, row)[0]
            setup = visit.setup_seconds if visit is not None and here != row else 0
            step = _step(stop.kind.value, stop.arrival, driven, load=list(stop.load))
            step |= {
                "id": _number(self.number(stop)),
                "setup": setup,
                "service": stop.departure - stop.begin - setup,
                "waiting_time": stop.begin - stop.arrival,
            }
            if row is not None:
                step |= self.where(row)
                here = row
            steps.append(step)
        if vehicle.end is not None and here is not None:
            driven += travel.leg(here, vehicle.end)[0]
            load = list(route.stops[-1].load) if route.stops else list(route.load)
            steps.append(_step("end", route.finish, driven, load=load) | self.where(vehicle.end))
        return steps

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
    return {"cause": violation.code.value, "amount": violation.amount, "id": violation.id}


def _number(name: str) -> int | str:
    return int(name) if name.isdecimal() and str(int(name)) == name else name
