"""
The office's words: what customers ask for, who works, and from where.

`Order` belongs to the customer, `Courier` and `Office` to the post; `solver` never sees them.
Times of day are seconds since midnight, weights are grams, volumes are cubic centimetres, money is
whole đồng; distances are metres.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from geo.types import LatLon
from solver.model import Problem, Result, TimeWindow


class OrderKind(StrEnum):
    """What is to be done: bring (phát), fetch (thu gom), or carry from one address to another."""

    DELIVERY = "delivery"
    COLLECTION = "collection"
    TRANSFER = "transfer"


class Service(StrEnum):
    """The product: dossier (hồ sơ hành chính công), registered (ghi số), EMS, parcel (bưu kiện)."""

    DOSSIER = "dossier"
    REGISTERED = "registered"
    EMS = "ems"
    PARCEL = "parcel"
    ORDINARY = "ordinary"


class OrderState(StrEnum):
    """Where an order is on its journey; `dispatch.journey` says what each means for today."""

    REGISTERED = "registered"
    COLLECTED = "collected"
    AT_HUB = "at_hub"
    AT_OFFICE = "at_office"
    OUT = "out"
    DELIVERED = "delivered"
    FAILED = "failed"
    HELD = "held"
    RETURNED = "returned"


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """
    Where, as written, and as far as it is known on the earth.

    `point` given by the sender (or learned) is trusted; otherwise geocoding fills it.
    `commune` is a code of the commune table; `quality` 0 to 1.
    """

    text: str
    district: str = ""
    point: LatLon | None = None
    commune: str = ""
    quality: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Order:
    """
    One thing a customer asks for.

    Parameters
    ----------
    address
        Where to deliver or collect; for a transfer, where to fetch.
    to_address
        Where a transfer goes; None otherwise.
    windows
        When service may begin, seconds since midnight; empty = whenever the courier works.
    due
        Last day of the service promise.
    cash
        Đồng to take from the customer.
    office
        Id of the office that serves it, if the file says; empty = by the commune's district.
    state
        Where it is; None = where today's plan needs it.
    accepted
        The day it was accepted, from which its promise counts.
    sender
        Where it goes back to when it cannot be delivered; None where nobody wrote it down.
    row
        Row in the file that it came from, for messages; 0 if none.
    """

    id: str
    kind: OrderKind
    service: Service
    address: Address
    to_address: Address | None = None
    content: str = ""
    customer: str = ""
    phone: str = ""
    grams: int = 0
    cubic_cm: int = 0
    items: int = 1
    windows: tuple[TimeWindow, ...] = ()
    due: date | None = None
    attempts: int = 0
    cash: int = 0
    note: str = ""
    office: str = ""
    required: bool = False
    state: OrderState | None = None
    accepted: date | None = None
    sender: Address | None = None
    row: int = 0

    @property
    def for_hub(self) -> bool:
        """True for what lies at its office and has only the truck to the hub before it today."""
        back = self.state is OrderState.RETURNED and self.sender is not None
        return back or self.state is OrderState.COLLECTED

    @property
    def at_office(self) -> bool:
        """True for a delivery that is at its office already and needs no truck."""
        return self.kind is OrderKind.DELIVERY and self.state in (
            OrderState.AT_OFFICE,
            OrderState.OUT,
            OrderState.FAILED,
        )


ORDINARY_SHIFT = TimeWindow(start=7 * 3600 + 20 * 60, end=17 * 3600 + 30 * 60)
"""Couriers leave at 7:20 and are back at 17:30 unless the fleet file says otherwise."""


class VehicleKind(StrEnum):
    """What a courier drives."""

    MOTORBIKE = "motorbike"
    ELECTRIC_MOTORBIKE = "electric_motorbike"
    VAN = "van"
    TRUCK = "truck"


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """
    One courier (bưu tá) or driver with the vehicle of the day: one row of the fleet file.

    Parameters
    ----------
    shift
        First departure and last return, seconds since midnight.
    lunch
        When the lunch break may begin; None = no break. `lunch_seconds` long, unpaid.
    noon_return
        When the half-day settlement at the office may begin; None = none is made.
    overtime_after
        Paid seconds after which `overtime_per_hour` is added.
    known_communes
        Codes of the communes whose streets the courier knows.
    max_metres
        Range of the vehicle; None = no limit.
    """

    id: str
    name: str
    office: str
    vehicle: VehicleKind = VehicleKind.MOTORBIKE
    phone: str = ""
    shift: TimeWindow = ORDINARY_SHIFT
    lunch: TimeWindow | None = None
    lunch_seconds: int = 3600
    noon_return: TimeWindow | None = None
    noon_seconds: int = 900
    capacity_grams: int = 40_000
    capacity_cubic_cm: int = 200_000
    max_stops: int | None = None
    max_metres: int | None = None
    cost_per_day: int = 0
    cost_per_km: int = 0
    cost_per_hour: int = 0
    overtime_after: int = 8 * 3600
    overtime_per_hour: int = 0
    known_communes: frozenset[str] = frozenset()
    skills: frozenset[str] = frozenset()
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Office:
    """
    A post office (bưu cục) that couriers work from; `level` 1 is the hub, 2 a district's office.

    `hours` maps a weekday (Monday = 0) to its opening windows; a missing day is closed.
    `districts` are the codes of the districts that it serves. `dock` says when a truck may be
    served at its back door; empty = at any time.
    """

    id: str
    name: str
    point: LatLon
    level: int = 2
    districts: tuple[str, ...] = ()
    hours: Mapping[int, tuple[TimeWindow, ...]] = field(default_factory=dict)
    dock: tuple[TimeWindow, ...] = ()
    row: int = 0


@dataclass(frozen=True, slots=True, kw_only=True)
class Day:
    """
    One working day's input: what is asked for and who is there.

    `trucks` drive between the hub and the offices: each is a truck or van with its driver for one
    shift, and its `office` is the hub that it leaves from.
    """

    date: date
    orders: tuple[Order, ...]
    couriers: tuple[Courier, ...]
    offices: tuple[Office, ...]
    trucks: tuple[Courier, ...] = ()


class LeftOutReason(StrEnum):
    """Why an order is in no route; texts for people are in the message catalogue."""

    ADDRESS_NOT_FOUND = "address_not_found"
    ADDRESS_DOUBTFUL = "address_doubtful"
    OUTSIDE_PROVINCE = "outside_province"
    NO_OFFICE = "no_office"
    OFFICE_CLOSED = "office_closed"
    NO_COURIER = "no_courier"
    TOO_HEAVY = "too_heavy"
    TOO_LARGE = "too_large"
    SKILL_MISSING = "skill_missing"
    WINDOW_CANNOT_BE_MET = "window_cannot_be_met"
    TOO_FAR = "too_far"
    NO_ROAD = "no_road"
    NO_ROOM = "no_room"
    DEARER_THAN_WAITING = "dearer_than_waiting"
    NO_TRUCK = "no_truck"
    OFFICE_UNREACHABLE = "office_unreachable"
    NO_TRUCK_FOR_BIG = "no_truck_for_big"
    NO_EVENING_TRUCK = "no_evening_truck"
    NOTHING_TODAY = "nothing_today"


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """An order that no route contains: the proved reason, its facts, and what would fix it."""

    order: str
    reason: LeftOutReason
    facts: Mapping[str, str] = field(default_factory=dict)
    remedy: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class HandOver:
    """
    Orders of one commune that another office than on ordinary days serves today.

    Parameters
    ----------
    commune
        Its code.
    home, office
        Ids of the office of ordinary days, and of today's.
    """

    commune: str
    home: str
    office: str
    orders: tuple[str, ...]


class Direction(StrEnum):
    """Where a load of the line-haul goes; the last two are orders that a truck does itself."""

    TO_OFFICE = "to_office"
    TO_HUB = "to_hub"
    TO_CUSTOMER = "to_customer"
    FROM_CUSTOMER = "from_customer"

    @property
    def direct(self) -> bool:
        """True where a truck serves the customer, without an office or a courier."""
        return self in (Direction.TO_CUSTOMER, Direction.FROM_CUSTOMER)


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """
    What a truck hands over or takes on in one stop, at an office or at a customer's door.

    Parameters
    ----------
    id
        Of the job in the trucks' problem.
    office
        The office it is for; of a direct one, the office in whose area the customer is.
    orders
        Ids of the orders in it.
    wave
        1 = for the couriers' first trip, 2 = for the trip after the noon return.
    """

    id: str
    office: str
    direction: Direction
    orders: tuple[str, ...]
    items: int = 0
    grams: int = 0
    cubic_cm: int = 0
    wave: int = 1


@dataclass(frozen=True, slots=True, kw_only=True)
class DayCost:
    """
    What a whole day costs, thousandths of a đồng.

    Parameters
    ----------
    trucks, couriers
        Routes, lateness at customers included.
    waiting
        Wages of couriers whose shift has begun and whose mail is not yet sorted.
    carried_over
        The price of everything that is left for another day.
    """

    trucks: int
    couriers: int
    waiting: int
    carried_over: int

    @property
    def total(self) -> int:
        """The sum of all parts."""
        return self.trucks + self.couriers + self.waiting + self.carried_over


@dataclass(frozen=True, slots=True, kw_only=True)
class Linehaul:
    """
    The trucks' part of a planned day.

    Parameters
    ----------
    problem, result
        The trucks' own problem and its checked plan; ids of vehicles are truck ids.
    loads
        Every load, whether a truck takes it or not.
    arrivals, sorted
        By office, when its first morning load arrives and when each is sorted, in order; seconds.
    """

    problem: Problem
    result: Result
    loads: tuple[Load, ...]
    arrivals: Mapping[str, int]
    sorted: Mapping[str, tuple[int, ...]]
    cost: DayCost


@dataclass(frozen=True, slots=True, kw_only=True)
class DayPlan:
    """
    A planned day: the problem and the checked result, with the office's own things by id.

    Ids of jobs and shipments are order ids, ids of vehicles are courier ids. `located` holds the
    orders that the problem contains, with their points; `left_out` all others and the unassigned;
    `hand_overs` what another office than usual serves.
    """

    day: Day
    located: Mapping[str, Order]
    problem: Problem
    result: Result
    left_out: tuple[LeftOut, ...]
    travel_note: str = ""
    linehaul: Linehaul | None = None
    hand_overs: tuple[HandOver, ...] = ()
