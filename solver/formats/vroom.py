"""
Problems in VROOM's JSON; `solver.formats.vroom_answer` writes the answers.

What VROOM means, said in our words:

* its cost counts travel alone (per hour and per kilometre), ours counts distance and duty. So each
  pair of profile and rates becomes a profile here whose "metres" are thousandths of VROOM's cost;
  where a vehicle limits its distance the metres must stay metres, and a rate per hour is refused;
* every task may be left out, and as few as possible are, those of high priority last: leaving one
  out costs more than a vehicle and four of the longest legs, times 1 + its priority;
* steps of a vehicle are an order to start from: `Instance.start`.

What has no counterpart (times fixed for a step, a load limit during breaks, times by vehicle type,
cost per hour of work, coordinates without matrices) is refused with its JSON path.

References
----------
https://github.com/VROOM-Project/vroom/blob/master/docs/API.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

import numpy as np
from numpy.typing import NDArray

from geo.types import TravelMatrix
from solver.errors import Finding
from solver.formats.codec import DECIMAL, INTEGER, TEXT, Listed, Mistakes, Window, parse
from solver.formats.instance import OPEN_ENDED, Instance
from solver.model import (
    Break,
    Job,
    Place,
    Problem,
    Shipment,
    Step,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Visit,
)

COST_SCALE = 1000
_Task = TypeVar("_Task", Job, Shipment)
_TITLE = "the VROOM file cannot be read:"
_FOREVER = OPEN_ENDED

_TASK_KEYS = {"id", "description", "location", "location_index", "setup", "service"}
_JOB_KEYS = _TASK_KEYS | {"delivery", "pickup", "amount", "skills", "priority", "time_windows"}
_VISIT_KEYS = _TASK_KEYS | {"time_windows"}
_SHIPMENT_KEYS = {"pickup", "delivery", "amount", "skills", "priority"}
_VEHICLE_KEYS = {
    *("id", "profile", "description", "start", "start_index", "end", "end_index", "capacity"),
    *("costs", "skills", "time_window", "breaks", "speed_factor", "max_tasks", "max_travel_time"),
    *("max_distance", "steps", "type"),
}
_BREAK_KEYS = {"id", "time_windows", "service", "description"}
_COST_KEYS = {"fixed", "per_hour", "per_km"}


def read(text: str) -> Instance:
    """
    Read a problem in VROOM's JSON.

    Raises
    ------
    FormatError
        Lists everything that is wrong or cannot be expressed, each with its JSON path.
    """
    held = parse(text, _TITLE)
    mistakes = Mistakes()
    if not isinstance(held, dict):
        mistakes.add("$", "is no object", "give jobs, vehicles and matrices")
        mistakes.refuse(_TITLE)
    return _Reader(held, mistakes).instance()


class _Reader:
    def __init__(self, held: dict[str, Any], mistakes: Mistakes) -> None:
        self.held = held
        self.mistakes = mistakes
        self.size = 0
        self.coordinates: dict[int, tuple[float, float]] = {}
        self.profiles: dict[str, TravelMatrix] = {}
        self.matrices: dict[str, dict[str, NDArray[np.int64]]] = {}
        self.steps: dict[tuple[str, int], Step] = {}

    def instance(self) -> Instance:
        held, mistakes = self.held, self.mistakes
        self.only(held, {"jobs", "shipments", "vehicles", "matrices", "matrix"}, "$")
        self.read_matrices()
        raw_jobs = self.objects(held.get("jobs", []), "$.jobs")
        raw_shipments = self.objects(held.get("shipments", []), "$.shipments")
        raw_vehicles = self.objects(held.get("vehicles", []), "$.vehicles")
        amounts = [
            (path, key, given[key])
            for items, keys in (
                (raw_jobs, ("delivery", "pickup", "amount")),
                (raw_shipments, ("amount",)),
                (raw_vehicles, ("capacity",)),
            )
            for path, given in items
            for key in keys
            if key in given
        ]
        lengths = {len(value) for _, _, value in amounts if isinstance(value, list)}
        if len(lengths) > 1:
            mistakes.add("$", f"amounts have {sorted(lengths)} numbers", "give all the same length")
        self.dimensions = max(lengths, default=0)
        jobs = [self.job(given, path) for path, given in raw_jobs]
        shipments = [self.shipment(given, path) for path, given in raw_shipments]
        vehicles = [self.vehicle(given, path) for path, given in raw_vehicles]
        start = tuple(
            tour
            for (path, given), vehicle in zip(raw_vehicles, vehicles, strict=True)
            if (tour := self.tour(given, path, vehicle)) is not None
        )
        mistakes.refuse(_TITLE)
        worth = self.worth(vehicles)
        problem = Problem(
            places=tuple(self.place(row) for row in range(self.size)),
            vehicles=tuple(vehicles),
            travel=dict(self.profiles),
            jobs=tuple(_optional(job, worth) for job in jobs),
            shipments=tuple(_optional(shipment, worth) for shipment in shipments),
            dimensions=tuple(str(k) for k in range(self.dimensions)),
        )
        return Instance(
            problem=problem,
            name="",
            kind="vroom",
            cost_divisor=COST_SCALE,
            notes=(
                Finding(
                    where="$",
                    what="metres are thousandths of VROOM's cost of travel, unless a vehicle "
                    "has max_distance",
                ),
            ),
            start=start,
        )

    # ---- small things ---------------------------------------------------------------------

    def only(self, given: Mapping[str, Any], known: set[str], path: str) -> None:
        for key in given:
            if key not in known:
                self.mistakes.add(
                    f"{path}.{key}",
                    "cannot be expressed here",
                    f"remove it; understood are {', '.join(sorted(known))}",
                )

    def objects(self, given: Any, path: str) -> list[tuple[str, dict[str, Any]]]:
        if not isinstance(given, list):
            self.mistakes.add(path, "is no list", "give a list of objects")
            return []
        held = []
        for k, item in enumerate(given):
            if isinstance(item, dict):
                held.append((f"{path}[{k}]", item))
            else:
                self.mistakes.add(f"{path}[{k}]", "is no object", "give an object")
        return held

    def integer(self, given: Mapping[str, Any], key: str, path: str, default: int) -> int:
        value = INTEGER.read(given.get(key, default), f"{path}.{key}", self.mistakes)
        return value if isinstance(value, int) else default

    def limit(self, given: Mapping[str, Any], key: str, path: str) -> int | None:
        return self.integer(given, key, path, 0) if given.get(key) is not None else None

    def name(self, given: Mapping[str, Any], path: str) -> int:
        if "id" not in given:
            self.mistakes.add(f"{path}.id", "is missing", "give a whole number")
        return self.integer(given, "id", path, 0)

    def amounts(self, given: Mapping[str, Any], key: str, path: str) -> tuple[int, ...]:
        values: tuple[int, ...] = Listed(INTEGER).read(
            given.get(key, []), f"{path}.{key}", self.mistakes
        )
        return values

    def skills(self, given: Mapping[str, Any], path: str) -> frozenset[str]:
        numbers = Listed(INTEGER).read(given.get("skills", []), f"{path}.skills", self.mistakes)
        return frozenset(str(number) for number in numbers)

    def windows(self, given: Mapping[str, Any], path: str) -> tuple[TimeWindow, ...]:
        values: tuple[TimeWindow, ...] = Listed(Window()).read(
            given.get("time_windows", []), f"{path}.time_windows", self.mistakes
        )
        return values

    def row(self, given: Mapping[str, Any], path: str, index: str, place: str) -> int | None:
        if index not in given:
            if place in given:
                self.mistakes.add(
                    f"{path}.{place}", "has no travel times", f"add {index} and matrices"
                )
            return None
        row = self.integer(given, index, path, 0)
        if not 0 <= row < self.size:
            self.mistakes.add(f"{path}.{index}", f"is {row}", f"the matrices have {self.size} rows")
            return None
        if place in given:
            pair = Listed(DECIMAL).read(given[place], f"{path}.{place}", self.mistakes)
            if len(pair) == 2:
                self.coordinates[row] = (pair[0], pair[1])
            else:
                self.mistakes.add(f"{path}.{place}", "is no point", "give [longitude, latitude]")
        return row

    def place(self, row: int) -> Place:
        x, y = self.coordinates.get(row, (0.0, 0.0))
        return Place(id=str(row), x=x, y=y)

    # ---- travel ---------------------------------------------------------------------------

    def read_matrices(self) -> None:
        matrices = self.held.get("matrices")
        if matrices is None and "matrix" in self.held:
            matrices = {"car": {"durations": self.held["matrix"]}}
        if not isinstance(matrices, dict) or not matrices:
            self.mistakes.add(
                "$.matrices",
                "is missing",
                "add the durations of each profile: coordinates alone say no travel times",
            )
            return
        for profile, given in matrices.items():
            path = f"$.matrices.{profile}"
            if not isinstance(given, dict) or "durations" not in given:
                self.mistakes.add(path, "has no durations", "add them, in seconds")
                continue
            self.only(given, {"durations", "distances", "costs"}, path)
            self.matrices[profile] = {
                key: matrix
                for key in ("durations", "distances", "costs")
                if key in given and (matrix := self.matrix(given[key], f"{path}.{key}")) is not None
            }
        sizes = {len(matrix) for kinds in self.matrices.values() for matrix in kinds.values()}
        if len(sizes) > 1:
            self.mistakes.add("$.matrices", f"have {sorted(sizes)} rows", "give all the same size")
        self.size = max(sizes, default=0)

    def matrix(self, given: Any, path: str) -> NDArray[np.int64] | None:
        rows = given if isinstance(given, list) else []
        for row in rows:
            if not isinstance(row, list) or len(row) != len(rows):
                self.mistakes.add(path, "is not square", "give as many rows as columns")
                return None
            if not all(type(value) is int and 0 <= value < 2**32 for value in row):
                self.mistakes.add(path, "has a value that is no whole number from 0", "mend it")
                return None
        matrix = np.array(rows, dtype=np.int64).reshape(len(rows), len(rows))
        np.fill_diagonal(matrix, 0)
        return matrix

    def profile(self, given: Mapping[str, Any], path: str) -> str:
        """Return a profile in whose matrix a metre is a thousandth of the vehicle's cost."""
        name = TEXT.read(given.get("profile", "car"), f"{path}.profile", self.mistakes)
        costs = given.get("costs", {})
        if not isinstance(costs, dict):
            self.mistakes.add(f"{path}.costs", "is no object", "give fixed, per_hour, per_km")
            costs = {}
        self.only(costs, _COST_KEYS, f"{path}.costs")
        hour = self.integer(costs, "per_hour", f"{path}.costs", 3600)
        kilometre = self.integer(costs, "per_km", f"{path}.costs", 0)
        factor = DECIMAL.read(given.get("speed_factor", 1), f"{path}.speed_factor", self.mistakes)
        kinds = self.matrices.get(name, {})
        if "durations" not in kinds:
            self.mistakes.add(f"{path}.profile", f"{name!r} has no durations", "add its matrix")
            return "none"
        if factor <= 0:
            self.mistakes.add(f"{path}.speed_factor", f"is {factor}", "give more than 0")
            return "none"
        limited = given.get("max_distance") is not None
        if (limited or kilometre) and "distances" not in kinds:
            self.mistakes.add(f"{path}.profile", f"{name!r} has no distances", "add its matrix")
            return "none"
        if limited and (hour or "costs" in kinds):
            self.mistakes.add(
                f"{path}.max_distance",
                "cannot be expressed together with a cost of travel time",
                "set per_hour to 0 and per_km, or remove the limit",
            )
        key = f"{name}/{hour}/{kilometre}/{factor:g}" + ("/metres" if limited else "")
        if key not in self.profiles:
            seconds = np.floor(kinds["durations"] / factor + 0.5).astype(np.int64)
            if limited:
                metres = kinds["distances"]
            elif "costs" in kinds:
                metres = kinds["costs"] * COST_SCALE
            else:
                metres = seconds * hour * COST_SCALE // 3600
                if kilometre:
                    metres = metres + kinds["distances"] * kilometre * COST_SCALE // 1000
            self.profiles[key] = TravelMatrix(seconds=seconds, metres=metres)
        return key

    # ---- tasks and vehicles ---------------------------------------------------------------

    def visit(self, given: Mapping[str, Any], path: str) -> dict[str, Any]:
        row = self.row(given, path, "location_index", "location")
        if "location_index" not in given and "location" not in given:
            self.mistakes.add(f"{path}.location_index", "is missing", "give a row of the matrices")
        return {
            "place": row or 0,
            "service_seconds": self.integer(given, "service", path, 0),
            "setup_seconds": self.integer(given, "setup", path, 0),
            "windows": self.windows(given, path),
        }

    def job(self, given: Mapping[str, Any], path: str) -> Job:
        self.only(given, _JOB_KEYS, path)
        number = self.name(given, path)
        self.remember("job", number, Step(kind=StopKind.JOB, id=str(number)), path)
        return Job(
            id=str(number),
            delivery=self.amounts(given, "delivery" if "delivery" in given else "amount", path),
            pickup=self.amounts(given, "pickup", path),
            skills=self.skills(given, path),
            priority=self.integer(given, "priority", path, 0),
            **self.visit(given, path),
        )

    def shipment(self, given: Mapping[str, Any], path: str) -> Shipment:
        self.only(given, _SHIPMENT_KEYS, path)
        ends = {}
        numbers = {}
        for key in ("pickup", "delivery"):
            end = given.get(key)
            if not isinstance(end, dict):
                self.mistakes.add(f"{path}.{key}", "is missing", "give an object")
                end = {"id": 0, "location_index": 0}
            self.only(end, _VISIT_KEYS, f"{path}.{key}")
            numbers[key] = self.name(end, f"{path}.{key}")
            ends[key] = Visit(**self.visit(end, f"{path}.{key}"))
        name = f"{numbers['pickup']}->{numbers['delivery']}"
        for key, kind in (("pickup", StopKind.PICKUP), ("delivery", StopKind.DELIVERY)):
            self.remember(key, numbers[key], Step(kind=kind, id=name), f"{path}.{key}")
        return Shipment(
            id=name,
            pickup=ends["pickup"],
            delivery=ends["delivery"],
            amount=self.amounts(given, "amount", path),
            skills=self.skills(given, path),
            priority=self.integer(given, "priority", path, 0),
        )

    def remember(self, kind: str, number: int, step: Step, path: str) -> None:
        if (kind, number) in self.steps:
            self.mistakes.add(f"{path}.id", f"{number} is used twice", "give each its own")
        self.steps[kind, number] = step

    def vehicle(self, given: Mapping[str, Any], path: str) -> Vehicle:
        self.only(given, _VEHICLE_KEYS, path)
        profile = self.profile(given, path)
        costs = given.get("costs")
        costs = costs if isinstance(costs, dict) else {}
        kilometre = self.integer(costs, "per_km", f"{path}.costs", 0)
        shift = TimeWindow(start=0, end=_FOREVER)
        if "time_window" in given:
            shift = Window().read(given["time_window"], f"{path}.time_window", self.mistakes)
        limited = given.get("max_distance") is not None
        capacity = self.amounts(given, "capacity", path)
        if self.dimensions and not capacity:
            self.mistakes.add(f"{path}.capacity", "is missing", "tasks have amounts: say the most")
        return Vehicle(
            id=str(self.name(given, path)),
            shift=shift,
            start=self.row(given, path, "start_index", "start"),
            end=self.row(given, path, "end_index", "end"),
            profile=profile,
            capacity=capacity,
            skills=self.skills(given, path),
            breaks=tuple(
                self.pause(pause, inner)
                for inner, pause in self.objects(given.get("breaks", []), f"{path}.breaks")
            ),
            max_metres=self.limit(given, "max_distance", path),
            max_driving_seconds=self.limit(given, "max_travel_time", path),
            max_stops=self.limit(given, "max_tasks", path),
            fixed_cost=self.integer(costs, "fixed", f"{path}.costs", 0) * COST_SCALE,
            cost_per_metre=kilometre if limited else 1,
        )

    def pause(self, given: Mapping[str, Any], path: str) -> Break:
        self.only(given, _BREAK_KEYS, path)
        windows = self.windows(given, path) or (TimeWindow(start=0, end=_FOREVER),)
        return Break(
            id=str(self.name(given, path)),
            windows=windows,
            seconds=self.integer(given, "service", path, 0),
            paid=True,
        )

    def tour(self, given: Mapping[str, Any], path: str, vehicle: Vehicle) -> Tour | None:
        """Return the order that a vehicle's steps give, None without visits."""
        order = []
        for inner, step in self.objects(given.get("steps", []), f"{path}.steps"):
            self.only(step, {"type", "id", "description"}, inner)
            kind = step.get("type")
            if kind in ("start", "end", "break"):
                continue
            number = step.get("id")
            known = self.steps.get((str(kind), number)) if isinstance(number, int) else None
            if known is None:
                self.mistakes.add(inner, "names no task of this file", "mend its type and id")
            else:
                order.append(known)
        return Tour(vehicle=vehicle.id, steps=tuple(order)) if order else None

    def worth(self, vehicles: list[Vehicle]) -> int:
        """Return what a task is worth so that leaving it out never pays."""
        most = 0
        for vehicle in vehicles:
            longest = int(self.profiles[vehicle.profile].metres.max(initial=0))
            most = max(most, vehicle.fixed_cost + 4 * longest * vehicle.cost_per_metre)
        return most + 1


def _optional(task: _Task, worth: int) -> _Task:
    return replace(task, skip_cost=worth * (1 + max(task.priority, 0)))
