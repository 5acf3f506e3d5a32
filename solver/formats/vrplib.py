"""
VRPLIB and TSPLIB files, with the sections that PyVRP's instances add.

Customers keep the numbers that published solutions use: node number in the file less one, so that
depots come first and start at 0. Each class has its own rounding, under which published costs are
exact:

=========  ======================================  ==========================
TYPE       distances (and all times)               published cost is
=========  ======================================  ==========================
CVRP, TSP  rounded to the nearest whole            the distance
VRPTW      times 10, truncated ("DIMACS")          the distance, in units
MTVRPTWR   times 10, truncated                     the distance, in tenths
MDVRPTW    times 1000, rounded ("exact")           the distance, in thousandths
PDPTW      times 1000, rounded                     the distance, in thousandths
HFVRP      in doubles: here times 10^5, rounded    cost / 100, to two decimals
VRPB       rounded to the nearest whole            the distance
=========  ======================================  ==========================

In VRPB a route serves its linehauls before its backhauls and has at least one linehaul. Here that
is said with travel: the ways from the depot to a backhaul, and from a backhaul to a linehaul, take
longer than the shift, so that the checker reports who takes one as too late.

Without VEHICLES the fleet is not limited. It is then given as many vehicles as a best plan can
need: with more than twice the least number, two of the routes fit into one vehicle, and joining
them is no longer by the triangle inequality; with time windows, one for each customer.

References
----------
https://pyvrp.org/dev/supported_vrplib_fields.html;
G. Reinelt, "TSPLIB 95", Universität Heidelberg 1995.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from geo.types import PlanarTravel, Travel, TravelMatrix
from solver.errors import Finding
from solver.formats.instance import OPEN_ENDED, Instance
from solver.formats.sections import Sections, split
from solver.model import (
    Job,
    Place,
    Problem,
    Reload,
    Shipment,
    Step,
    StopKind,
    TimeWindow,
    Vehicle,
    Visit,
)

MOST_NODES = 200_000
_SPARE_VEHICLES = 10
_LONGEST_ROUTE = 10**6

_KNOWN = {
    "specifications": (
        "NAME COMMENT TYPE DIMENSION CAPACITY VEHICLES SERVICE_TIME RELEASE_TIME DISTANCE",
        "EDGE_WEIGHT_TYPE EDGE_WEIGHT_FORMAT NODE_COORD_TYPE DISPLAY_DATA_TYPE",
        "VEHICLES_MAX_DURATION VEHICLES_MAX_DISTANCE VEHICLES_MAX_RELOADS",
    ),
    "sections": (
        "NODE_COORD DEMAND LINEHAUL BACKHAUL DEPOT SERVICE_TIME TIME_WINDOW RELEASE_TIME PRIZE",
        "CAPACITY EDGE_WEIGHT DISPLAY_DATA PICKUP_AND_DELIVERY VEHICLES_DEPOT",
        "VEHICLES_RELOAD_DEPOT VEHICLES_MAX_DURATION VEHICLES_MAX_DISTANCE VEHICLES_MAX_RELOADS",
        "VEHICLES_FIXED_COST VEHICLES_UNIT_DISTANCE_COST VEHICLES_ALLOWED_CLIENTS",
    ),
}
_SPECIFICATIONS = frozenset(" ".join(_KNOWN["specifications"]).split())
_SECTIONS = frozenset(" ".join(_KNOWN["sections"]).split())


@dataclass(frozen=True, slots=True)
class _Rounding:
    scale: int
    rounding: str
    divisor: int = 1
    decimals: int | None = None

    def __call__(self, value: float) -> int:
        scaled = value * self.scale
        return math.floor(scaled + 0.5) if self.rounding == "nearest" else math.floor(scaled)


_WHOLE = _Rounding(1, "nearest")
_ROUNDING = {
    "VRPTW": _Rounding(10, "truncate", 10),
    "MTVRPTWR": _Rounding(10, "truncate"),
    "PCVRPTW": _Rounding(10, "truncate", 10),
    "MDVRPTW": _Rounding(1000, "nearest"),
    "SDVRPTW": _Rounding(1000, "nearest"),
    "PDPTW": _Rounding(1000, "nearest"),
    "HFVRP": _Rounding(100_000, "nearest", 10_000_000, 2),
}
_PLAIN = frozenset({"CVRP", "TSP", "ATSP", "ACVRP", "DCVRP", "VRPB", "PCVRP", "VRP", ""})


def read(text: str) -> Instance:
    """
    Read a VRPLIB text.

    Raises
    ------
    FormatError
        Something is missing, contradicts itself or has no counterpart in the vocabulary; every
        such thing is listed, with its line.
    """
    parts = split(text)
    return _Reader(parts).instance()


class _Reader:
    def __init__(self, parts: Sections) -> None:
        self.parts = parts
        self.kind = parts.text("TYPE").upper().replace("-", "").split(" ")[0]
        self.rounding = _ROUNDING.get(self.kind, _WHOLE)
        self.open_end = max(OPEN_ENDED, _LONGEST_ROUTE * self.rounding.scale)
        self.notes: list[Finding] = []
        self.title = f"the VRPLIB file {parts.text('NAME')!r} cannot be read:"

    def refuse(self) -> None:
        self.parts.refuse(self.title)

    def instance(self) -> Instance:
        parts = self.parts
        self.known()
        size = parts.number("DIMENSION")
        if size is None:
            parts.add(1, "has no DIMENSION", "write DIMENSION : <number of nodes>")
        elif not 1 <= size <= MOST_NODES or size != int(size):
            parts.add(1, f"DIMENSION is {size:g}", f"give a whole number from 1 to {MOST_NODES}")
        self.refuse()
        assert size is not None
        self.nodes = int(size)
        self.depots = self.depot_count()
        coordinates = parts.columns("NODE_COORD_SECTION", self.nodes, 2)
        travel = self.travel(coordinates)
        demands = self.column("DEMAND_SECTION") or self.column("LINEHAUL_SECTION")
        self.demands = demands or [0] * self.nodes
        self.backhauls = self.column("BACKHAUL_SECTION") or [0] * self.nodes
        self.windows = self.read_windows()
        jobs = self.jobs()
        shipments = self.shipments()
        self.refuse()
        vehicles = self.vehicles(len(jobs) + 2 * len(shipments))
        self.refuse()
        assert travel is not None
        spots = coordinates or [(0.0, 0.0)] * self.nodes
        if self.kind == "VRPB":
            travel = self.with_order(travel)
            self.notes.append(
                Finding(
                    where="TYPE VRPB",
                    what="linehauls come before backhauls, and no route has backhauls alone",
                    remedy="ways that would break this take longer than the shift",
                )
            )
        problem = Problem(
            places=tuple(
                Place(id=str(row), x=spot[0], y=spot[1]) for row, spot in enumerate(spots)
            ),
            vehicles=vehicles,
            travel={"default": travel},
            jobs=jobs,
            shipments=shipments,
            dimensions=("units",),
        )
        return Instance(
            problem=problem,
            name=parts.text("NAME"),
            kind=self.kind or "VRP",
            scale=self.rounding.scale,
            cost_divisor=self.rounding.divisor,
            cost_decimals=self.rounding.decimals,
            numbers=self.numbers(jobs, shipments),
            mixed_fleet=len({replace(vehicle, id="") for vehicle in vehicles}) > 1,
            notes=tuple(self.notes),
        )

    # ---- what the file has ----------------------------------------------------------------

    def known(self) -> None:
        parts = self.parts
        for name, (line, _) in parts.specifications.items():
            if name not in _SPECIFICATIONS:
                parts.add(line, f"{name} is not understood", "remove it if it changes nothing")
        for name, rows in parts.sections.items():
            if name.removesuffix("_SECTION") not in _SECTIONS:
                line = rows[0].line - 1 if rows else 0
                parts.add(line, f"{name} has no counterpart here", "choose another instance")
        if self.kind not in _ROUNDING and self.kind not in _PLAIN:
            parts.add(
                parts.specifications["TYPE"][0],
                f"TYPE {self.kind} is not known",
                f"known are {', '.join(sorted(_PLAIN - {''} | _ROUNDING.keys()))}",
            )

    def depot_count(self) -> int:
        rows = self.parts.sections.get("DEPOT_SECTION", [])
        numbers = [value for row in rows for value in row.values if value != -1]
        if not numbers:
            return 1
        if sorted(numbers) != list(range(1, len(numbers) + 1)) or len(numbers) > self.nodes:
            self.parts.add(
                rows[0].line,
                f"the depots are {', '.join(f'{n:g}' for n in numbers[:9])}",
                "let the depots be the first nodes: 1, 2, ...",
            )
        return len(numbers)

    def column(self, name: str) -> list[int] | None:
        """Return a quantity for each node; loads are never scaled."""
        return self.parts.convert(name, self.parts.columns(name, self.nodes, 1), round)

    def scaled(self, name: str) -> list[int] | None:
        return self.parts.convert(name, self.parts.columns(name, self.nodes, 1), self.rounding)

    def per_node(self, name: str) -> list[int]:
        """Return scaled values for each node from a section, or one value for all customers."""
        if f"{name}_SECTION" in self.parts.sections:
            return self.scaled(f"{name}_SECTION") or [0] * self.nodes
        value = self.rounding(self.parts.number(name) or 0)
        return [0] * self.depots + [value] * (self.nodes - self.depots)

    def read_windows(self) -> list[TimeWindow] | None:
        rows = self.parts.columns("TIME_WINDOW_SECTION", self.nodes, 2)
        if rows is None and "PICKUP_AND_DELIVERY_SECTION" in self.parts.sections:
            pairs = self.parts.columns("PICKUP_AND_DELIVERY_SECTION", self.nodes, 6)
            rows = None if pairs is None else [row[1:3] for row in pairs]
        if rows is None:
            return None
        for index, (start, end) in enumerate(rows):
            if end < start:
                self.parts.found.append(
                    Finding(
                        where="TIME_WINDOW_SECTION",
                        what=f"row {index + 1} ends before it starts",
                        remedy="exchange the two numbers",
                    )
                )
        return [TimeWindow(start=self.rounding(a), end=self.rounding(b)) for a, b in rows]

    # ---- travel ---------------------------------------------------------------------------

    def travel(self, coordinates: list[tuple[float, ...]] | None) -> Travel | None:
        parts = self.parts
        form = parts.text("EDGE_WEIGHT_TYPE", "EUC_2D").upper()
        rounding = self.rounding.rounding
        if form == "EXPLICIT":
            return self.explicit()
        if form == "CEIL_2D":
            rounding = "up"
        elif form == "FLOOR_2D":
            rounding = "truncate"
        elif form != "EUC_2D":
            line = parts.specifications["EDGE_WEIGHT_TYPE"][0]
            parts.add(line, f"EDGE_WEIGHT_TYPE {form}", "use EUC_2D, CEIL_2D, FLOOR_2D or EXPLICIT")
            return None
        if coordinates is None:
            if "NODE_COORD_SECTION" not in parts.sections:
                parts.add(1, "has no NODE_COORD_SECTION", "give the coordinates of every node")
            return None
        points = np.array(coordinates, dtype=np.float64)
        return PlanarTravel(
            x=points[:, 0], y=points[:, 1], scale=float(self.rounding.scale), rounding=rounding
        )

    def explicit(self) -> Travel | None:
        parts, size = self.parts, self.nodes
        rows = parts.sections.get("EDGE_WEIGHT_SECTION", [])
        values = [value for row in rows for value in row.values]
        form = parts.text("EDGE_WEIGHT_FORMAT", "FULL_MATRIX").upper()
        everything = np.ones((size, size), dtype=np.bool_)
        shapes: dict[str, Callable[[], tuple[Any, ...]]] = {
            "FULL_MATRIX": lambda: np.nonzero(everything),
            "LOWER_ROW": lambda: np.tril_indices(size, -1),
            "LOWER_DIAG_ROW": lambda: np.tril_indices(size),
            "UPPER_ROW": lambda: np.triu_indices(size, 1),
            "UPPER_DIAG_ROW": lambda: np.triu_indices(size),
            "LOWER_COL": lambda: np.triu_indices(size, 1),
            "LOWER_DIAG_COL": lambda: np.triu_indices(size),
            "UPPER_COL": lambda: np.tril_indices(size, -1),
            "UPPER_DIAG_COL": lambda: np.tril_indices(size),
        }
        if form not in shapes:
            parts.add(1, f"EDGE_WEIGHT_FORMAT {form}", f"use one of {', '.join(shapes)}")
            return None
        expected = {"F": size * size}.get(
            form[0], size * (size + 1) // 2 if "DIAG" in form else size * (size - 1) // 2
        )
        if len(values) != expected:
            parts.add(
                rows[-1].line if rows else 1,
                f"EDGE_WEIGHT_SECTION has {len(values)} numbers, {form} needs {expected}",
                "the file may be cut off: fetch it again",
            )
            return None
        lengths = np.array([self.rounding(value) for value in values], dtype=np.int64)
        matrix = np.zeros((size, size), dtype=np.int64)
        first, second = shapes[form]()
        matrix[first, second] = lengths
        if form != "FULL_MATRIX":
            matrix[second, first] = lengths
        np.fill_diagonal(matrix, 0)
        if (matrix < 0).any():
            parts.add(rows[0].line, "EDGE_WEIGHT_SECTION has a negative number", "give 0 or more")
            return None
        return TravelMatrix(seconds=matrix, metres=matrix)

    def with_order(self, travel: Travel) -> TravelMatrix:
        """Make the ways that VRPB forbids longer than the shift, in time but not in distance."""
        everywhere = range(self.nodes)
        seconds, metres = travel.block(everywhere, everywhere)
        seconds = seconds.copy()
        backhaul = np.array(self.backhauls) > 0
        linehaul = np.array(self.demands) > 0
        seconds[np.ix_(backhaul, linehaul)] = OPEN_ENDED + 1
        seconds[: self.depots, backhaul] = OPEN_ENDED + 1
        return TravelMatrix(seconds=seconds.astype(np.int32), metres=metres.astype(np.int32))

    # ---- the work -------------------------------------------------------------------------

    def jobs(self) -> tuple[Job, ...]:
        if "PICKUP_AND_DELIVERY_SECTION" in self.parts.sections:
            return ()
        service = self.per_node("SERVICE_TIME")
        release = self.per_node("RELEASE_TIME")
        prizes = self.scaled("PRIZE_SECTION") or [0] * self.nodes
        allowed = self.allowed()
        return tuple(
            Job(
                id=str(node),
                place=node,
                service_seconds=service[node],
                windows=(self.windows[node],) if self.windows else (),
                delivery=(self.demands[node],) if self.demands[node] else (),
                pickup=(self.backhauls[node],) if self.backhauls[node] else (),
                release=release[node],
                skip_cost=prizes[node] or None,
                vehicles=allowed.get(node, frozenset()) if allowed is not None else None,
            )
            for node in range(self.depots, self.nodes)
        )

    def shipments(self) -> tuple[Shipment, ...]:
        """Read pairs: each node names its partner as number in published solutions, plus one."""
        rows = self.parts.columns("PICKUP_AND_DELIVERY_SECTION", self.nodes, 6)
        if rows is None:
            return ()
        visits = [
            Visit(
                place=node,
                service_seconds=self.rounding(row[3]),
                windows=(TimeWindow(start=self.rounding(row[1]), end=self.rounding(row[2])),),
            )
            for node, row in enumerate(rows)
        ]
        shipments = []
        for node, row in enumerate(rows):
            partner = int(row[5])
            if node < self.depots or not partner:
                continue
            if not self.depots < partner <= self.nodes or int(rows[partner - 1][4]) != node + 1:
                self.parts.found.append(
                    Finding(
                        where="PICKUP_AND_DELIVERY_SECTION",
                        what=f"node {node + 1} delivers at {partner}, which says otherwise",
                        remedy="let each of the two name the other",
                    )
                )
                continue
            shipments.append(
                Shipment(
                    id=str(node),
                    pickup=visits[node],
                    delivery=visits[partner - 1],
                    amount=(round(row[0]),),
                )
            )
        return tuple(shipments)

    def numbers(self, jobs: Sequence[Job], shipments: Sequence[Shipment]) -> dict[int, Step]:
        numbers = {
            depot: Step(kind=StopKind.RELOAD, id=f"depot{depot}") for depot in range(self.depots)
        }
        numbers |= {job.place: Step(kind=StopKind.JOB, id=job.id) for job in jobs}
        for shipment in shipments:
            numbers[shipment.pickup.place] = Step(kind=StopKind.PICKUP, id=shipment.id)
            numbers[shipment.delivery.place] = Step(kind=StopKind.DELIVERY, id=shipment.id)
        return numbers

    # ---- the fleet ------------------------------------------------------------------------

    def vehicles(self, customers: int) -> tuple[Vehicle, ...]:
        parts = self.parts
        capacity = parts.number("CAPACITY")
        stated = parts.number("VEHICLES")
        if stated is not None and not 1 <= stated <= MOST_NODES:
            parts.add(
                parts.specifications["VEHICLES"][0], f"VEHICLES is {stated:g}", "give 1 or more"
            )
            return ()
        count = int(stated) if stated is not None else self.enough(customers, capacity)
        if "CAPACITY_SECTION" in parts.sections:
            loads = self.per_vehicle("CAPACITY", count, round)
        else:
            loads = [None if capacity is None else round(capacity)] * count
        home = [row or 1 for row in self.per_vehicle("VEHICLES_DEPOT", count, round)]
        longest = self.per_vehicle("VEHICLES_MAX_DISTANCE", count, self.rounding)
        duty = self.per_vehicle("VEHICLES_MAX_DURATION", count, self.rounding)
        if parts.number("DISTANCE") is not None:
            duty = [self.rounding(parts.number("DISTANCE") or 0)] * count
        fixed = self.per_vehicle("VEHICLES_FIXED_COST", count, self.rounding)
        rate = self.per_vehicle("VEHICLES_UNIT_DISTANCE_COST", count, round)
        often = self.per_vehicle("VEHICLES_MAX_RELOADS", count, round)
        again = self.reload_depots(count)
        for depot in sorted({*home, *(d for row in again for d in row)}):
            if not 1 <= depot <= self.depots:
                parts.found.append(
                    Finding(where="VEHICLES", what=f"{depot} is no depot", remedy="use 1, 2, ...")
                )
        if parts.found:
            return ()
        if any(len(row) > 1 for row in again) and any(most is not None for most in often):
            self.notes.append(
                Finding(
                    where="VEHICLES_MAX_RELOADS",
                    what="the limit holds for each depot on its own, not for all together",
                )
            )
        reloads = {
            (depot, most): Reload(
                id=f"depot{depot - 1}", place=depot - 1, windows=self.opening(depot), most=most
            )
            for row, most in zip(again, often, strict=True)
            for depot in row
        }
        return tuple(
            Vehicle(
                id=str(k + 1),
                shift=(self.opening(home[k]) or (TimeWindow(start=0, end=self.open_end),))[0],
                start=home[k] - 1,
                end=home[k] - 1,
                capacity=() if (load := loads[k]) is None else (load,),
                reloads=tuple(reloads[depot, often[k]] for depot in again[k]),
                max_metres=longest[k],
                max_duty_seconds=duty[k],
                fixed_cost=fixed[k] or 0,
                cost_per_metre=1 if (price := rate[k]) is None else price,
            )
            for k in range(count)
        )

    def opening(self, depot: int) -> tuple[TimeWindow, ...]:
        return (self.windows[depot - 1],) if self.windows else ()

    def enough(self, customers: int, capacity: float | None) -> int:
        """Return how many vehicles a best plan can need at most; see the module's text."""
        timed = self.windows is not None or any(
            name.startswith(("VEHICLES_MAX", "DISTANCE")) for name in self.parts.specifications
        )
        if timed or capacity is None or capacity <= 0 or "CAPACITY_SECTION" in self.parts.sections:
            return max(customers, 1)
        least = math.ceil(sum(self.demands) / capacity) + math.ceil(sum(self.backhauls) / capacity)
        return max(min(customers, 2 * least + _SPARE_VEHICLES), 1)

    def per_vehicle(
        self, name: str, count: int, convert: Callable[[float], int]
    ) -> list[int | None]:
        section = f"{name}_SECTION"
        if section in self.parts.sections:
            rows = self.parts.columns(section, count, 1)
            values = self.parts.convert(section, rows, convert)
            return list(values) if values is not None else [None] * count
        value = None if name == "CAPACITY" else self.parts.number(name)
        return [None if value is None else convert(value)] * count

    def reload_depots(self, count: int) -> list[tuple[int, ...]]:
        rows = self.parts.columns("VEHICLES_RELOAD_DEPOT_SECTION", count, 0)
        return [tuple(int(value) for value in row) for row in rows or [()] * count]

    def allowed(self) -> dict[int, frozenset[str]] | None:
        """Return the vehicles that may serve each node, None where every vehicle may."""
        section = self.parts.sections.get("VEHICLES_ALLOWED_CLIENTS_SECTION")
        if section is None:
            return None
        vehicles: dict[int, set[str]] = {}
        for row in section:
            for node in row.values[1:]:
                vehicles.setdefault(int(node) - 1, set()).add(f"{row.values[0]:g}")
        return {node: frozenset(names) for node, names in vehicles.items()}
