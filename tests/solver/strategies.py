"""
Random small problems with every feature of the vocabulary switched on or off.

Times are small (a shift of a few hundred seconds), so that a slow oracle can try every second.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any, TypeVar

import numpy as np
from hypothesis import strategies as st

from geo.types import TravelMatrix
from solver.model import (
    Break,
    Job,
    OvertimeTier,
    Problem,
    Reload,
    Shipment,
    SoftDue,
    Step,
    StopKind,
    TimeWindow,
    Tour,
    Vehicle,
    Visit,
)
from tests.solver.builders import places, travel

FEATURES = frozenset(
    {
        "allowed",  # jobs that only some vehicles may do
        "areas",  # areas that a vehicle knows or does not
        "asymmetric",  # any travel matrix
        "breaks",
        "capacity",  # deliveries, limits on load
        "dimensions",  # two units of load instead of one
        "due",  # soft limits on the begin
        "ends",  # open or different starts and ends
        "limits",  # metres, driving, duty, stops
        "locked",  # prefixes that a route must begin with
        "optional",  # jobs with a skip cost
        "overtime",
        "pickups",  # jobs that bring something back
        "profiles",  # two kinds of travel
        "releases",
        "reloads",
        "setup",  # setup seconds, and several jobs at one place
        "shipments",
        "skills",
        "windows",
    }
)
"""What `problems` can switch on."""

HORIZON = 300
SKILLS = ("fridge", "ladder")
AREAS = ("north", "south")

_T = TypeVar("_T")
Draw = Callable[[st.SearchStrategy[Any]], Any]


@st.composite
def problems(
    draw: Draw,
    max_jobs: int = 7,
    features: Iterable[str] = FEATURES,
    max_vehicles: int = 2,
    always: Iterable[str] = (),
) -> Problem:
    """
    Draw a valid problem with at most `max_jobs` visits, a shipment being two of them.

    Parameters
    ----------
    features
        Each of these is switched on or off; those of `always` are on.
    """
    unknown = (set(features) | set(always)) - FEATURES
    if unknown:
        raise ValueError(f"unknown features: {sorted(unknown)}")
    on = {name for name in sorted(features) if draw(st.booleans())} | set(always)
    return _Maker(draw, on).problem(max_jobs, max_vehicles)


@st.composite
def tours(draw: Draw, problem: Problem) -> tuple[Tour, ...]:
    """Draw orders of visit: any vehicle, any order, some jobs left out, some reloads put in."""
    blocks: list[list[Step]] = [[Step(kind=StopKind.JOB, id=job.id)] for job in problem.jobs]
    blocks += [
        [
            Step(kind=StopKind.PICKUP, id=shipment.id),
            Step(kind=StopKind.DELIVERY, id=shipment.id),
        ]
        for shipment in problem.shipments
    ]
    steps: dict[str, list[Step]] = {vehicle.id: [] for vehicle in problem.vehicles}
    for block in draw(st.permutations(blocks)):
        name = draw(st.sampled_from([None, *steps, *steps]))
        if name is not None:
            steps[name].extend(block)
    for vehicle in problem.vehicles:
        if vehicle.reloads and steps[vehicle.id] and draw(st.booleans()):
            reload = draw(st.sampled_from(vehicle.reloads))
            at = draw(st.integers(0, len(steps[vehicle.id])))
            steps[vehicle.id].insert(at, Step(kind=StopKind.RELOAD, id=reload.id))
    return tuple(Tour(vehicle=name, steps=tuple(order)) for name, order in steps.items() if order)


class _Maker:
    """Draws the parts of one problem, knowing which features are on."""

    def __init__(self, draw: Draw, on: set[str]) -> None:
        self.draw = draw
        self.on = on
        self.size = 2 if "dimensions" in on and on & {"capacity", "pickups", "shipments"} else 1
        self.loads = bool(on & {"capacity", "pickups", "shipments"})

    # ---- small draws ----------------------------------------------------------------------

    def integer(self, low: int, high: int) -> int:
        value = self.draw(st.integers(low, high))
        assert isinstance(value, int)
        return value

    def one_of(self, options: Iterable[_T]) -> _T:
        value: _T = self.draw(st.sampled_from(list(options)))
        return value

    def maybe(self, feature: str) -> bool:
        return feature in self.on and bool(self.draw(st.booleans()))

    def windows(self, feature: str, *, most: int = 2) -> tuple[TimeWindow, ...]:
        if not self.maybe(feature):
            return ()
        count = self.integer(1, most)
        marks = sorted(
            self.draw(
                st.lists(
                    st.integers(0, HORIZON), min_size=2 * count, max_size=2 * count, unique=True
                )
            )
        )
        return tuple(TimeWindow(start=marks[2 * k], end=marks[2 * k + 1]) for k in range(count))

    def amounts(self, high: int) -> tuple[int, ...]:
        return tuple(self.integer(0, high) for _ in range(self.size))

    # ---- parts ----------------------------------------------------------------------------

    def problem(self, max_jobs: int, max_vehicles: int) -> Problem:
        spots = [
            (self.integer(0, 20), self.integer(0, 20)) for _ in range(self.integer(2, max_jobs + 1))
        ]
        self.rows = len(spots)
        matrix = travel(spots)
        if "asymmetric" in self.on:
            matrix = self.matrix()
        profiles = {"default": matrix}
        if "profiles" in self.on:
            profiles["slow"] = TravelMatrix(seconds=matrix.seconds * 3, metres=matrix.metres)
        self.names = [f"v{k}" for k in range(self.integer(1, max_vehicles))]
        budget = self.integer(1, max_jobs)
        shipments: list[Shipment] = []
        if "shipments" in self.on and budget >= 2:
            shipments = [self.shipment(k) for k in range(self.integer(1, min(2, budget // 2)))]
        jobs = [self.job(k) for k in range(budget - 2 * len(shipments))]
        locks = self.locks(jobs, shipments)
        return Problem(
            places=places(spots),
            vehicles=tuple(
                self.vehicle(name, sorted(profiles), locks.get(name, ())) for name in self.names
            ),
            travel=profiles,
            jobs=tuple(jobs),
            shipments=tuple(shipments),
            dimensions=("grams", "items")[: self.size] if self.loads else (),
        )

    def matrix(self) -> TravelMatrix:
        count = self.rows
        entries = st.lists(st.integers(0, 40), min_size=count * count, max_size=count * count)
        seconds = np.array(self.draw(entries), dtype=np.int64).reshape(count, count)
        np.fill_diagonal(seconds, 0)
        return TravelMatrix(seconds=seconds, metres=seconds.T * 10)

    def common(self) -> dict[str, Any]:
        """Draw what jobs and shipments share."""
        allowed: frozenset[str] | None = None
        if self.maybe("allowed"):
            allowed = frozenset({self.one_of(self.names)})
        return {
            "skills": frozenset({self.one_of(SKILLS)} if self.maybe("skills") else ()),
            "release": self.integer(0, 80) if self.maybe("releases") else 0,
            "priority": self.integer(0, 3),
            "skip_cost": self.one_of([0, 100, 1000, 9000]) if self.maybe("optional") else None,
            "vehicles": allowed,
        }

    def spot(self) -> dict[str, Any]:
        """Draw what jobs and the ends of shipments share."""
        due = None
        if self.maybe("due"):
            due = SoftDue(time=self.integer(0, 150), cost_per_second=self.integer(1, 9))
        # Few places in use make it likely that two visits share one.
        highest = min(self.rows - 1, 2) if "setup" in self.on else self.rows - 1
        return {
            "place": self.integer(0, highest),
            "service_seconds": self.integer(0, 15),
            "setup_seconds": self.integer(0, 9) if "setup" in self.on else 0,
            "windows": self.windows("windows"),
            "due": due,
            "area": self.one_of(("", *AREAS)) if "areas" in self.on else "",
        }

    def job(self, number: int) -> Job:
        return Job(
            id=f"j{number}",
            delivery=self.amounts(4) if "capacity" in self.on else (),
            pickup=self.amounts(4) if self.maybe("pickups") else (),
            **self.spot(),
            **self.common(),
        )

    def shipment(self, number: int) -> Shipment:
        return Shipment(
            id=f"s{number}",
            pickup=Visit(**self.spot()),
            delivery=Visit(**self.spot()),
            amount=self.amounts(4),
            **self.common(),
        )

    def locks(self, jobs: list[Job], shipments: list[Shipment]) -> dict[str, tuple[str, ...]]:
        """Draw what the first vehicle's route must begin with."""
        name = self.names[0]
        tasks: list[Job | Shipment] = [*jobs, *shipments]
        free = [task for task in tasks if task.vehicles is None or name in task.vehicles]
        if "locked" not in self.on or not free:
            return {}
        chosen = self.draw(st.permutations(free))[: self.integer(1, 2)]
        locked: list[str] = []
        for task in chosen:
            locked += [task.id] if isinstance(task, Job) else [task.id, task.id]
        return {name: tuple(locked)}

    def vehicle(self, name: str, profiles: list[str], locked: tuple[str, ...]) -> Vehicle:
        start: int | None = 0
        end: int | None = 0
        if "ends" in self.on:
            start = self.one_of([None, *range(self.rows)])
            end = self.one_of([None, *range(self.rows)])
        limits: dict[str, int] = {}
        if "limits" in self.on:
            limits[
                self.one_of(["max_metres", "max_driving_seconds", "max_duty_seconds", "max_stops"])
            ] = 0
            limits = {key: self.limit(key) for key in limits}
        tiers: tuple[OvertimeTier, ...] = ()
        if "overtime" in self.on:
            first = self.integer(0, 60)
            tiers = (
                OvertimeTier(after=first, cost_per_second=self.integer(1, 5)),
                OvertimeTier(after=first + self.integer(1, 60), cost_per_second=7),
            )[: self.integer(1, 2)]
        opening = self.integer(0, 20)
        return Vehicle(
            id=name,
            shift=TimeWindow(start=opening, end=opening + self.integer(HORIZON // 2, HORIZON)),
            start=start,
            end=end,
            profile=self.one_of(profiles),
            capacity=self.capacity(),
            skills=frozenset(self.draw(st.sets(st.sampled_from(SKILLS)))),
            breaks=tuple(self.pause(k) for k in range(self.integer(1, 2)))
            if "breaks" in self.on
            else (),
            reloads=self.reloads(),
            fixed_cost=self.integer(0, 500),
            cost_per_metre=self.integer(0, 3),
            cost_per_second=self.integer(0, 5),
            overtime=tiers,
            known_areas=frozenset(self.draw(st.sets(st.sampled_from(AREAS)))),
            unfamiliar_cost=self.integer(0, 90) if "areas" in self.on else 0,
            locked=locked,
            **limits,
        )

    def limit(self, key: str) -> int:
        return {
            "max_metres": self.integer(300, 1500),
            "max_driving_seconds": self.integer(30, 200),
            "max_duty_seconds": self.integer(50, 250),
            "max_stops": self.integer(1, 5),
        }[key]

    def capacity(self) -> tuple[int, ...]:
        if not self.loads:
            return ()
        return tuple(self.integer(4, 14) for _ in range(self.size)) if self.maybe_limit() else ()

    def maybe_limit(self) -> bool:
        return self.integer(0, 3) > 0

    def pause(self, number: int) -> Break:
        # The second break's windows begin after the first one's, as on a real day.
        base = 20 + 90 * number
        start = base + self.integer(0, 40)
        spans = [TimeWindow(start=start, end=start + self.integer(0, 30))]
        if self.integer(0, 1):
            again = spans[0].end + self.integer(1, 20)
            spans.append(TimeWindow(start=again, end=again + self.integer(0, 30)))
        return Break(
            id=f"b{number}",
            windows=tuple(spans),
            seconds=self.integer(0, 25),
            paid=bool(self.integer(0, 1)),
        )

    def reloads(self) -> tuple[Reload, ...]:
        if "reloads" not in self.on:
            return ()
        required = self.integer(0, 3) == 0
        spans = self.windows("windows")
        if required and not spans:
            spans = (TimeWindow(start=self.integer(30, 60), end=self.integer(70, 140)),)
        return (
            Reload(
                id="noon",
                place=self.integer(0, self.rows - 1),
                seconds=self.integer(0, 10),
                windows=spans,
                most=self.one_of([1, 2]),
                required=required,
            ),
        )
