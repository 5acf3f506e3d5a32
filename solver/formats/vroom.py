"""
Problems in VROOM's JSON; `solver.formats.vroom_answer` writes the answers.

What VROOM means, said in our words:

* its cost counts travel alone (per hour and per kilometre), ours counts distance and duty. So each
  pair of profile and rates becomes a profile here whose "metres" are thousandths of VROOM's cost.
  Where a vehicle limits its distance the metres must stay metres: its hours are then priced as
  duty, so that the search counts waiting and service as well, and `Instance.rates` says the prices
  that the answer is told in;
* every task may be left out, and as few as possible are, those of high priority last: leaving one
  out costs more than a vehicle and four of the longest legs, times 1 + its priority;
* times by vehicle type, and a price for hours of work, are taken where all vehicles agree, so that
  they change no choice;
* steps of a vehicle are an order to start from: `Instance.start`. In plan mode they are the routes
  themselves, breaks that they do not name are not taken, and a step's own times narrow its windows.

What has no counterpart (a load limit during breaks, times and prices of work that differ between
vehicles, a cost matrix together with a limit of distance, coordinates without matrices) is refused
with its JSON path.

References
----------
https://github.com/VROOM-Project/vroom/blob/master/docs/API.md
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, TypeVar

from solver.errors import Finding
from solver.formats.codec import Mistakes, Window, parse
from solver.formats.instance import OPEN_ENDED, Instance, Rates
from solver.formats.vroom_travel import COST_SCALE, Travels
from solver.model import (
    Break,
    Job,
    Problem,
    Shipment,
    Step,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Visit,
)

_Task = TypeVar("_Task", Job, Shipment)
_TITLE = "the VROOM file cannot be read:"
_FOREVER = OPEN_ENDED

_TASK_KEYS = {
    *("id", "description", "location", "location_index", "setup", "service"),
    *("setup_per_type", "service_per_type"),
}
_JOB_KEYS = _TASK_KEYS | {"delivery", "pickup", "amount", "skills", "priority", "time_windows"}
_VISIT_KEYS = _TASK_KEYS | {"time_windows"}
_SHIPMENT_KEYS = {"pickup", "delivery", "amount", "skills", "priority"}
_VEHICLE_KEYS = {
    *("id", "profile", "description", "start", "start_index", "end", "end_index", "capacity"),
    *("costs", "skills", "time_window", "breaks", "speed_factor", "max_tasks", "max_travel_time"),
    *("max_distance", "steps", "type"),
}
_BREAK_KEYS = {"id", "time_windows", "service", "description"}
_STEP_KEYS = {"type", "id", "description", "service_at", "service_after", "service_before"}


def read(text: str) -> Instance:
    """
    Read a problem in VROOM's JSON.

    Raises
    ------
    FormatError
        Lists everything that is wrong or cannot be expressed, each with its JSON path.
    """
    return read_held(parse(text, _TITLE))


def parsed(text: str) -> Any:
    """
    Return what a JSON text holds, without judging it yet.

    Raises
    ------
    FormatError
        It is no JSON.
    """
    return parse(text, _TITLE)


def read_held(held: Any, *, plan_mode: bool = False) -> Instance:
    """
    Read a problem in VROOM's words that has been parsed already.

    Parameters
    ----------
    plan_mode
        The vehicles' steps are the routes; `Instance.start` holds them.

    Raises
    ------
    FormatError
        Lists everything that is wrong or cannot be expressed, each with its JSON path.
    """
    mistakes = Mistakes()
    if not isinstance(held, dict):
        mistakes.add("$", "is no object", "give jobs, vehicles and matrices")
        mistakes.refuse(_TITLE)
    return _Reader(held, mistakes, plan_mode=plan_mode).instance()


class _Reader(Travels):
    def __init__(self, held: dict[str, Any], mistakes: Mistakes, *, plan_mode: bool) -> None:
        super().__init__(held, mistakes)
        self.plan_mode = plan_mode
        self.types: list[Any] = []
        self.rates: dict[str, Rates] = {}
        self.fixed_times: dict[tuple[str, int], list[TimeWindow]] = {}
        self.steps: dict[tuple[str, int], Step] = {}

    def instance(self) -> Instance:
        held, mistakes = self.held, self.mistakes
        self.only(held, {"jobs", "shipments", "vehicles", "matrices", "matrix", "options"}, "$")
        self.read_matrices()
        raw_jobs = self.objects(held.get("jobs", []), "$.jobs")
        raw_shipments = self.objects(held.get("shipments", []), "$.shipments")
        raw_vehicles = self.objects(held.get("vehicles", []), "$.vehicles")
        self.types = [given.get("type") for _, given in raw_vehicles]
        self.task_rate = self.one_task_rate(raw_vehicles)
        if self.plan_mode:
            self.read_fixed_times(raw_vehicles)
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
            rates=self.rates,
        )

    # ---- tasks and vehicles ---------------------------------------------------------------

    def one_task_rate(self, vehicles: list[tuple[str, dict[str, Any]]]) -> int:
        """Return what an hour of setup and service costs every vehicle, 0 where they differ."""
        rates = set()
        for path, given in vehicles:
            costs = given.get("costs")
            costs = costs if isinstance(costs, dict) else {}
            rates.add(self.integer(costs, "per_task_hour", f"{path}.costs", 0))
        if len(rates) > 1:
            self.mistakes.add(
                "$.vehicles",
                "have different costs.per_task_hour, which cannot be expressed",
                "give all vehicles the same",
            )
            return 0
        return max(rates, default=0)

    def read_fixed_times(self, vehicles: list[tuple[str, dict[str, Any]]]) -> None:
        for path, given in vehicles:
            for inner, step in self.objects(given.get("steps", []), f"{path}.steps"):
                bounds = [0, _FOREVER]
                if "service_after" in step:
                    bounds[0] = self.integer(step, "service_after", inner, 0)
                if "service_before" in step:
                    bounds[1] = self.integer(step, "service_before", inner, _FOREVER)
                if "service_at" in step:
                    bounds = [self.integer(step, "service_at", inner, 0)] * 2
                if bounds[0] > bounds[1]:
                    self.mistakes.add(inner, "has times that exclude each other", "mend them")
                number = step.get("id")
                if bounds != [0, _FOREVER] and isinstance(number, int):
                    window = TimeWindow(start=bounds[0], end=bounds[1])
                    self.fixed_times.setdefault((str(step.get("type")), number), []).append(window)

    def narrowed(
        self, kind: str, number: int, windows: tuple[TimeWindow, ...]
    ) -> tuple[TimeWindow, ...]:
        """Return the windows within a step's own times; its times alone where none is left."""
        for fixed in self.fixed_times.get((kind, number), ()):
            inside = [
                TimeWindow(start=max(w.start, fixed.start), end=min(w.end, fixed.end))
                for w in windows or (TimeWindow(start=0, end=_FOREVER),)
            ]
            windows = tuple(w for w in inside if w.start <= w.end) or (fixed,)
        return windows

    def per_type(self, given: Mapping[str, Any], key: str, path: str) -> int:
        """Return a task's seconds; by type only where all vehicles come to the same."""
        usual = self.integer(given, key, path, 0)
        by_type = given.get(f"{key}_per_type", {})
        if not isinstance(by_type, dict):
            self.mistakes.add(f"{path}.{key}_per_type", "is no object", "give seconds by type")
            return usual
        seconds = {
            self.integer(by_type, kind, f"{path}.{key}_per_type", usual)
            if isinstance(kind, str)
            else usual
            for kind in self.types
        }
        if len(seconds) > 1:
            self.mistakes.add(
                f"{path}.{key}_per_type",
                "differs between the vehicles, which cannot be expressed",
                f"give one {key} for all",
            )
        return max(seconds, default=usual)

    def visit(self, given: Mapping[str, Any], path: str, kind: str) -> dict[str, Any]:
        row = self.row(given, path, "location_index", "location")
        if "location_index" not in given and "location" not in given:
            self.mistakes.add(f"{path}.location_index", "is missing", "give a row of the matrices")
        return {
            "place": row or 0,
            "service_seconds": self.per_type(given, "service", path),
            "setup_seconds": self.per_type(given, "setup", path),
            "windows": self.narrowed(
                kind, self.integer(given, "id", path, 0), self.windows(given, path)
            ),
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
            **self.visit(given, path, "job"),
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
            ends[key] = Visit(**self.visit(end, f"{path}.{key}", key))
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
        fixed = self.integer(costs, "fixed", f"{path}.costs", 0)
        hour = self.integer(costs, "per_hour", f"{path}.costs", 3600)
        kilometre = self.integer(costs, "per_km", f"{path}.costs", 0)
        shift = TimeWindow(start=0, end=_FOREVER)
        if "time_window" in given:
            shift = Window().read(given["time_window"], f"{path}.time_window", self.mistakes)
        limited = given.get("max_distance") is not None
        capacity = self.amounts(given, "capacity", path)
        if self.dimensions and not capacity:
            self.mistakes.add(f"{path}.capacity", "is missing", "tasks have amounts: say the most")
        name = str(self.name(given, path))
        if limited or self.task_rate:
            self.rates[name] = Rates(
                fixed=fixed,
                travel=(hour, kilometre) if limited else None,
                per_task_hour=self.task_rate,
            )
        planned = {
            step.get("id")
            for _, step in self.objects(given.get("steps", []), f"{path}.steps")
            if step.get("type") == "break"
        }
        return Vehicle(
            id=name,
            shift=shift,
            start=self.row(given, path, "start_index", "start"),
            end=self.row(given, path, "end_index", "end"),
            profile=profile,
            capacity=capacity,
            skills=self.skills(given, path),
            breaks=tuple(
                self.pause(pause, inner)
                for inner, pause in self.objects(given.get("breaks", []), f"{path}.breaks")
                if not self.plan_mode or pause.get("id") in planned
            ),
            max_metres=self.limit(given, "max_distance", path),
            max_driving_seconds=self.limit(given, "max_travel_time", path),
            max_stops=self.limit(given, "max_tasks", path),
            fixed_cost=fixed * COST_SCALE,
            cost_per_metre=kilometre if limited else 1,
            cost_per_second=round(hour * COST_SCALE / 3600) if limited else 0,
        )

    def pause(self, given: Mapping[str, Any], path: str) -> Break:
        self.only(given, _BREAK_KEYS, path)
        windows = self.narrowed(
            "break", self.integer(given, "id", path, 0), self.windows(given, path)
        ) or (TimeWindow(start=0, end=_FOREVER),)
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
            self.only(step, _STEP_KEYS, inner)
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
            leg = longest * vehicle.cost_per_metre
            if vehicle.cost_per_second:
                travel = self.profiles[vehicle.profile]
                leg += int(travel.seconds.max(initial=0)) * vehicle.cost_per_second
                # Work and waiting are priced too, where hours are.
                leg += 86_400 * vehicle.cost_per_second
            most = max(most, vehicle.fixed_cost + 4 * leg)
        return most + 1


def _optional(task: _Task, worth: int) -> _Task:
    return replace(task, skip_cost=worth * (1 + max(task.priority, 0)))
