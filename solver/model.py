"""
The vocabulary that every engine, the checker and every screen share.

All quantities are whole numbers: seconds since the day's origin (midnight, local time), metres,
units of load, money in thousandths of the currency unit. Equality is therefore exact. All values
are immutable; ids are the office's own strings, and the row numbers in `Place` order are the only
integers that point. `concepts` that need more than a line:

Time at a visit
    The vehicle *arrives*, waits until a window is open, *begins*, spends `setup_seconds` (only when
    it came from another place) and `service_seconds`, and *departs*. A window limits the begin.

Trips, releases and reloads
    A route is one or more trips. A trip starts at the vehicle's start or at a reload. Everything
    that the trip delivers is on board from there, everything that it picks up stays on board until
    the next reload or the end. A trip leaves no earlier than the latest `release` of its jobs.
    A shipment is picked up and delivered within one trip.

Breaks
    A break begins inside one of its windows, anywhere between two visits: while the vehicle waits,
    or interrupting the travel. Breaks keep their order. A break that fits wholly before the
    departure, or that can still begin after the finish, need not be in the route.

Duty
    From departure to finish, less the unpaid breaks in between.

References
----------
Terms follow P. Toth and D. Vigo (eds.), "Vehicle Routing: Problems, Methods, and Applications",
2nd edition, SIAM 2014.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum

from geo.types import Travel

Amounts = tuple[int, ...]
"""One number of units for each of `Problem.dimensions`; the empty tuple means all 0."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeWindow:
    """From `start` to `end`, both included, in seconds since the day's origin."""

    start: int
    end: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """A spot with a row in the travel matrices; x, y serve drawing and clustering, never cost."""

    id: str
    x: float = 0.0
    y: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftDue:
    """Beginning after `time` is allowed and costs `cost_per_second` for each second late."""

    time: int
    cost_per_second: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Job:
    """
    One visit to one place.

    Parameters
    ----------
    place
        Row of the place in `Problem.places`.
    service_seconds, setup_seconds
        Time at the place; setup is spent only when the vehicle comes from another place.
    windows
        When service may begin; sorted, not overlapping; empty means at any time.
    delivery, pickup
        Units brought from, and taken back to, the start of the trip.
    skills
        What the vehicle must have.
    release
        The trip may not leave before; 0 means at once.
    priority
        For people: the order in which jobs that are left out are listed. It has no cost.
    skip_cost
        Money for leaving the job out; None makes it required.
    due
        A soft limit on the begin.
    area
        The street or hamlet, matched with `Vehicle.known_areas`; empty means known to all.
    vehicles
        Ids of the only vehicles that may do it; None means any.
    """

    id: str
    place: int
    service_seconds: int = 0
    setup_seconds: int = 0
    windows: tuple[TimeWindow, ...] = ()
    delivery: Amounts = ()
    pickup: Amounts = ()
    skills: frozenset[str] = frozenset()
    release: int = 0
    priority: int = 0
    skip_cost: int | None = None
    due: SoftDue | None = None
    area: str = ""
    vehicles: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One end of a shipment: where, how long, when; fields as in `Job`."""

    place: int
    service_seconds: int = 0
    setup_seconds: int = 0
    windows: tuple[TimeWindow, ...] = ()
    due: SoftDue | None = None
    area: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Shipment:
    """
    A pickup and a delivery of the same goods, by the same vehicle, in that order, in one trip.

    `amount` is on board from the pickup to the delivery. Other fields as in `Job`; `release`
    holds for the trip, as with jobs.
    """

    id: str
    pickup: Visit
    delivery: Visit
    amount: Amounts = ()
    skills: frozenset[str] = frozenset()
    release: int = 0
    priority: int = 0
    skip_cost: int | None = None
    vehicles: frozenset[str] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Break:
    """A rest of `seconds` that begins inside one of `windows`; see the module's text."""

    id: str
    windows: tuple[TimeWindow, ...]
    seconds: int
    paid: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Reload:
    """
    A return during the route: hands in what was collected, takes on the next trip's goods.

    Parameters
    ----------
    place
        Row of the place in `Problem.places`.
    seconds
        Time it takes, after any wait for a window.
    windows
        When it may begin; empty means at any time.
    most
        How often one route may use it; None means without limit.
    required
        The noon settlement: a route that departs no later than the end of the last window, and
        finishes after it, must contain this reload.
    """

    id: str
    place: int
    seconds: int = 0
    windows: tuple[TimeWindow, ...] = ()
    most: int | None = None
    required: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class OvertimeTier:
    """Each second of duty beyond `after` costs `cost_per_second` more; tiers add up."""

    after: int
    cost_per_second: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Vehicle:
    """
    One vehicle with its driver, for one shift: at most one route.

    Parameters
    ----------
    shift
        Departure no earlier than its start, finish no later than its end.
    start, end
        Rows of places; None leaves that end open: the route begins at its first visit (ends at
        its last) without travel.
    profile
        Key of `Problem.travel`.
    capacity
        Units per dimension; the empty tuple means no limit.
    max_metres, max_driving_seconds, max_duty_seconds, max_stops
        Hard limits on the route; None means none. Breaks and reloads are not stops.
    fixed_cost, cost_per_metre, cost_per_second, overtime
        Money for using it, for distance, for duty, and on top for long duty.
    known_areas, unfamiliar_cost
        A visit in an area that it does not know costs `unfamiliar_cost`.
    locked
        Ids of visits that the route must begin with, in this order: jobs by their id, shipments
        once for the pickup and once for the delivery; breaks and reloads may lie between.
    """

    id: str
    shift: TimeWindow
    start: int | None = None
    end: int | None = None
    profile: str = "default"
    capacity: Amounts = ()
    skills: frozenset[str] = frozenset()
    breaks: tuple[Break, ...] = ()
    reloads: tuple[Reload, ...] = ()
    max_metres: int | None = None
    max_driving_seconds: int | None = None
    max_duty_seconds: int | None = None
    max_stops: int | None = None
    fixed_cost: int = 0
    cost_per_metre: int = 0
    cost_per_second: int = 0
    overtime: tuple[OvertimeTier, ...] = ()
    known_areas: frozenset[str] = frozenset()
    unfamiliar_cost: int = 0
    locked: tuple[str, ...] = ()


class StopKind(StrEnum):
    """What a vehicle does at a stop."""

    JOB = "job"
    PICKUP = "pickup"
    DELIVERY = "delivery"
    RELOAD = "reload"
    BREAK = "break"


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """
    Everything a day's plan depends on.

    Jobs and shipments share one name space of ids. Construction does not validate: `findings()` in
    `solver.validation` says all that is wrong, and `solve()` refuses a problem that has any.

    Parameters
    ----------
    travel
        By profile; every matrix has one row per place.
    dimensions
        Names of the units of load, such as ("grams", "items").
    """

    places: tuple[Place, ...]
    vehicles: tuple[Vehicle, ...]
    travel: Mapping[str, Travel]
    jobs: tuple[Job, ...] = ()
    shipments: tuple[Shipment, ...] = ()
    dimensions: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Step:
    """One entry of an order of visits: what to do and the id of the job, shipment or reload."""

    kind: StopKind
    id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Tour:
    """What an engine returns for one vehicle: its visits and reloads in order, no times."""

    vehicle: str
    steps: tuple[Step, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Stop:
    """
    One entry of a route, in time.

    `load` is what is on board at the departure, per dimension. For a break, `arrival` equals
    `begin`; for a reload, `departure` may lie after the work is done, waiting for a release.
    """

    kind: StopKind
    id: str
    arrival: int
    begin: int
    departure: int
    load: Amounts = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Route:
    """What a vehicle does: leaves at `departure` with `load`, makes its stops, ends at `finish`."""

    vehicle: str
    departure: int
    stops: tuple[Stop, ...]
    finish: int
    load: Amounts = ()

    @property
    def tour(self) -> Tour:
        """The order of visits without times; breaks are left out, the scheduler places them."""
        return Tour(
            vehicle=self.vehicle,
            steps=tuple(
                Step(kind=s.kind, id=s.id) for s in self.stops if s.kind is not StopKind.BREAK
            ),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """The routes that are driven, and the ids of the jobs and shipments that are left out."""

    routes: tuple[Route, ...] = ()
    unassigned: tuple[str, ...] = ()


class ViolationCode(StrEnum):
    """Everything that can be wrong with a plan; what each means stands in `solver.checker`."""

    UNKNOWN_VEHICLE = "unknown_vehicle"
    VEHICLE_USED_TWICE = "vehicle_used_twice"
    UNKNOWN_STOP = "unknown_stop"
    JOB_REPEATED = "job_repeated"
    JOB_MISSING = "job_missing"
    REQUIRED_UNASSIGNED = "required_unassigned"
    SHIPMENT_INCOMPLETE = "shipment_incomplete"
    SHIPMENT_ORDER = "shipment_order"
    SHIPMENT_SPLIT = "shipment_split"
    SKILL_MISSING = "skill_missing"
    VEHICLE_NOT_ALLOWED = "vehicle_not_allowed"
    LOCKED_ORDER_BROKEN = "locked_order_broken"
    CAPACITY_EXCEEDED = "capacity_exceeded"
    WINDOW_MISSED = "window_missed"
    SHIFT_TOO_EARLY = "shift_too_early"
    SHIFT_TOO_LATE = "shift_too_late"
    RELEASE_NOT_KEPT = "release_not_kept"
    BREAK_MISSING = "break_missing"
    BREAK_WINDOW_MISSED = "break_window_missed"
    BREAK_REPEATED = "break_repeated"
    BREAK_ORDER = "break_order"
    RELOAD_WINDOW_MISSED = "reload_window_missed"
    RELOAD_TOO_OFTEN = "reload_too_often"
    RELOAD_MISSING = "reload_missing"
    METRES_EXCEEDED = "metres_exceeded"
    DRIVING_EXCEEDED = "driving_exceeded"
    DUTY_EXCEEDED = "duty_exceeded"
    STOPS_EXCEEDED = "stops_exceeded"
    TIME_MISSTATED = "time_misstated"
    LOAD_MISSTATED = "load_misstated"


@dataclass(frozen=True, slots=True, kw_only=True)
class Violation:
    """One rule that a plan breaks, by how much (seconds, metres, units or a count), and where."""

    code: ViolationCode
    amount: int
    vehicle: str = ""
    id: str = ""
    dimension: str = ""

    def __str__(self) -> str:
        named = [self.vehicle and f"vehicle {self.vehicle}", self.id, self.dimension]
        where = ", ".join(part for part in named if part)
        return f"{self.code.value} by {self.amount}" + (f" ({where})" if where else "")


@dataclass(frozen=True, slots=True, kw_only=True)
class Cost:
    """Money by component, in thousandths of the currency unit."""

    fixed: int = 0
    distance: int = 0
    duty: int = 0
    overtime: int = 0
    lateness: int = 0
    unfamiliar: int = 0
    skipped: int = 0

    @property
    def total(self) -> int:
        """The sum of all components."""
        return (
            self.fixed
            + self.distance
            + self.duty
            + self.overtime
            + self.lateness
            + self.unfamiliar
            + self.skipped
        )

    def __add__(self, other: Cost) -> Cost:
        return Cost(
            fixed=self.fixed + other.fixed,
            distance=self.distance + other.distance,
            duty=self.duty + other.duty,
            overtime=self.overtime + other.overtime,
            lateness=self.lateness + other.lateness,
            unfamiliar=self.unfamiliar + other.unfamiliar,
            skipped=self.skipped + other.skipped,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteReport:
    """What the checker found of one route; seconds and metres, `stops` counts visits only."""

    vehicle: str
    cost: Cost
    metres: int
    driving_seconds: int
    service_seconds: int
    waiting_seconds: int
    break_seconds: int
    duty_seconds: int
    stops: int
    trips: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """The judge's verdict on a plan; `cost` is the sum of the routes' and the skipped jobs'."""

    cost: Cost
    routes: tuple[RouteReport, ...]
    unassigned: tuple[str, ...]
    violations: tuple[Violation, ...]

    @property
    def feasible(self) -> bool:
        """True when nothing is violated."""
        return not self.violations

    @property
    def metres(self) -> int:
        """Distance of all routes."""
        return sum(route.metres for route in self.routes)

    @property
    def driving_seconds(self) -> int:
        """Travel time of all routes."""
        return sum(route.driving_seconds for route in self.routes)

    @property
    def duty_seconds(self) -> int:
        """Paid time of all routes."""
        return sum(route.duty_seconds for route in self.routes)

    @property
    def stops(self) -> int:
        """Visits of all routes."""
        return sum(route.stops for route in self.routes)


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """
    A better plan was found: `cost` in money, `seconds` since the run began.

    `tours` are its orders of visit where the teller has them at hand; a result's history has none.
    """

    seconds: float
    iterations: int
    cost: int
    unassigned: int
    vehicles: int
    tours: tuple[Tour, ...] | None = field(default=None, compare=False, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Result:
    """A plan, the checker's report on it, and how the run went."""

    plan: Plan
    report: Report
    engine: str
    seed: int
    iterations: int
    seconds: float
    history: tuple[Progress, ...] = field(default=())
    stopped: bool = False
