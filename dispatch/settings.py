"""
What a post decides for itself: how long work takes and what waiting costs.

Every figure has a default that a new office can start with, and can be replaced by its own
measurements: `Settings(service_seconds={...})`. Figures marked (general) are common knowledge in
the trade; the others are DOMAIN facts of the province. Times are seconds, money is whole đồng,
distances are metres.

Service seconds, by kind and product (spent at each order):

    kind        dossier  registered   ems  parcel  ordinary
    delivery        150          60    60      90        25
    collection      420         120   120     180        60

A dossier's result is handed over on proof of identity (two to three minutes); a dossier collected
is checked against a list, signed and sealed before the sender (five to ten minutes); a registered
item needs a signature (about a minute); an ordinary item goes through the door (20 to 30 s). At a
one-stop desk several dossiers wait in one packet: the desk's own time is in `setup_seconds`.

What it costs to leave an order for tomorrow (`skip_cost`), in đồng:

    promised for later than today, or no promise          60,000
    promised for today                                   250,000
    for each working day overdue (at most ten)          +100,000
    for each failed visit before (at most three)        +100,000
    EMS                                                  twice

A far order that is promised for later may thus wait when the drive costs more; one that is due is
left out only where there is no room.

Soft due times (a courier should be there by then; each hour later costs so much):

    EMS                                  by 11:30     15,000 an hour
    overdue, or failed twice or more     by 15:00      6,000 an hour
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from types import MappingProxyType

from dispatch.model import Order, OrderKind, Service, VehicleKind
from dispatch.workdays import Calendar

_HOUR = 3600

SERVICE_SECONDS: Mapping[tuple[OrderKind, Service], int] = MappingProxyType(
    {
        (OrderKind.DELIVERY, Service.DOSSIER): 150,
        (OrderKind.DELIVERY, Service.REGISTERED): 60,
        (OrderKind.DELIVERY, Service.EMS): 60,
        (OrderKind.DELIVERY, Service.PARCEL): 90,
        (OrderKind.DELIVERY, Service.ORDINARY): 25,
        (OrderKind.COLLECTION, Service.DOSSIER): 420,
        (OrderKind.COLLECTION, Service.REGISTERED): 120,
        (OrderKind.COLLECTION, Service.EMS): 120,
        (OrderKind.COLLECTION, Service.PARCEL): 180,
        (OrderKind.COLLECTION, Service.ORDINARY): 60,
    }
)
"""Seconds at one order; a transfer takes a collection's at one end, a delivery's at the other."""

PROFILES: Mapping[VehicleKind, str] = MappingProxyType(
    {
        VehicleKind.MOTORBIKE: "motorbike",
        VehicleKind.ELECTRIC_MOTORBIKE: "motorbike",
        VehicleKind.VAN: "van",
        VehicleKind.TRUCK: "truck",
    }
)
"""The travel profile of each kind of vehicle."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SkipRules:
    """What leaving an order out costs, đồng; the module's text has the table."""

    not_yet_due: int = 60_000
    due_today: int = 250_000
    per_day_overdue: int = 100_000
    most_days_overdue: int = 10
    per_attempt: int = 100_000
    most_attempts: int = 3
    ems_factor: int = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class SoftDueRule:
    """Being there after `time` (seconds since midnight) costs `cost_per_hour` đồng an hour."""

    time: int
    cost_per_hour: int


@dataclass(frozen=True, slots=True, kw_only=True)
class PromiseRules:
    """
    Working days from acceptance to delivery, at the provincial centre and in outlying districts.

    Parameters
    ----------
    centre
        Codes of the centre's districts (227 = Việt Trì).
    days, other_days
        By service (centre, outlying), and for every other one.
    """

    centre: frozenset[str] = frozenset({"227"})
    days: Mapping[Service, tuple[int, int]] = field(default_factory=lambda: {Service.EMS: (1, 1)})
    other_days: tuple[int, int] = (1, 2)


@dataclass(frozen=True, slots=True, kw_only=True)
class LinehaulRules:
    """
    How mail gets from the hub to the offices and back; times are seconds.

    Parameters
    ----------
    hub_ready
        When the hub has counted the night's mail and trucks may leave (from 5:00).
    reload_seconds
        Loading for another tour at the hub.
    stop_seconds, seconds_per_item
        At an office: backing up and papers, and each item.
    sort_seconds_per_item, couriers_per_sorter
        One sorter for so many couriers of an office, at least one; each item takes so long.
    latest_arrival
        A truck that comes later to an office in the morning is of no use to its couriers, but for
        what may wait for their trip after the noon return.
    bag_seconds
        From the last courier's return until what was collected is ready for the truck.
    hub_closes
        When the evening's mail must have left the last office.
    door_opens, door_closes
        When a truck may come to a customer who named no hours.
    driver_services
        What a truck's driver may do in a courier's stead. A dossier needs the proof of identity,
        the checked list and the receipt that a courier is trained and settled for.
    """

    hub_ready: int = 5 * _HOUR
    reload_seconds: int = 900
    stop_seconds: int = 300
    seconds_per_item: int = 2
    sort_seconds_per_item: int = 8
    couriers_per_sorter: int = 6
    latest_arrival: int = 11 * _HOUR
    bag_seconds: int = 600
    hub_closes: int = 20 * _HOUR + _HOUR // 2
    door_opens: int = 7 * _HOUR + _HOUR // 2
    door_closes: int = 17 * _HOUR
    driver_services: frozenset[Service] = frozenset(Service) - {Service.DOSSIER}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settings:
    """
    The figures that turn a day's orders into a problem.

    Parameters
    ----------
    service_seconds
        By kind and product.
    setup_seconds
        Stopping, parking, finding the door; once for each place and visit.
    between_doors_seconds
        Added to each order whose point is only its commune's: the ride from one door to the next
        that the shared point hides. With n doors on A km² the shortest round has about
        0.71·sqrt(A·n) km (Beardwood, Halton and Hammersley 1959); a commune of 12 km² with six
        orders gives 1 km to each, two to three minutes on its lanes.
    mail_ready
        When the truck has come and the mail is sorted; no trip with deliveries leaves before.
    unfamiliar_cost
        Đồng for a visit in a commune that the courier does not know, to one who knows some.
    calendar
        Which days count; without one of its own a day is planned with Vietnam's public holidays.
    most_attempts
        Failed visits after which an order is held at its office.
    evening_mail_must
        What was collected must be at the hub in the evening whatever the truck's way costs;
        otherwise it stays overnight where fetching costs more than waiting.
    hold_days
        Working days after its promise that an order is held for the recipient to fetch, before it
        goes back to its sender.
    hand_over_seconds
        A longer ride than this to a commune's own office is borne rather than hand it to another.
    electric_range_metres
        Range of an electric motorbike whose row in the fleet file names none: 80 % of the lowest
        range that makers claim (100 km).
    """

    service_seconds: Mapping[tuple[OrderKind, Service], int] = field(
        default_factory=lambda: dict(SERVICE_SECONDS)
    )
    setup_seconds: int = 60
    between_doors_seconds: int = 120
    mail_ready: int = 7 * _HOUR
    unfamiliar_cost: int = 3_000
    hand_over_seconds: int = 1_800
    electric_range_metres: int = 80_000
    evening_mail_must: bool = True
    linehaul: LinehaulRules = field(default_factory=LinehaulRules)
    skip: SkipRules = field(default_factory=SkipRules)
    promise: PromiseRules = field(default_factory=PromiseRules)
    calendar: Calendar = field(default_factory=Calendar)
    most_attempts: int = 3
    hold_days: int = 5
    soft_due_ems: SoftDueRule = field(
        default_factory=lambda: SoftDueRule(time=11 * _HOUR + _HOUR // 2, cost_per_hour=15_000)
    )
    soft_due_urgent: SoftDueRule = field(
        default_factory=lambda: SoftDueRule(time=15 * _HOUR, cost_per_hour=6_000)
    )

    def seconds_at(self, kind: OrderKind, service: Service) -> int:
        """Return the seconds at one order; `kind` is delivery or collection."""
        return self.service_seconds[kind, service]

    def days_overdue(self, order: Order, on: date) -> int:
        """Return the working days since the promise ended, 0 if it has not."""
        if order.due is None or order.due >= on:
            return 0
        if (on - order.due).days > 7 * self.skip.most_days_overdue:
            return self.skip.most_days_overdue
        return max(self.calendar.between(order.due, on), 1)

    def skip_cost(self, order: Order, on: date) -> int | None:
        """Return the đồng that leaving the order out costs, None for one that must be done."""
        if order.required:
            return None
        rules = self.skip
        cost = rules.not_yet_due
        if order.due is not None and order.due <= on:
            late = min(self.days_overdue(order, on), rules.most_days_overdue)
            cost = rules.due_today + late * rules.per_day_overdue
        cost += min(order.attempts, rules.most_attempts) * rules.per_attempt
        return cost * rules.ems_factor if order.service is Service.EMS else cost

    def priority(self, order: Order, on: date) -> int:
        """Return how urgent the order is, for lists that people read: larger comes first."""
        due_now = order.due is not None and order.due <= on
        return (
            1_000 * order.required
            + 10 * self.days_overdue(order, on)
            + 5 * order.attempts
            + 5 * due_now
            + 3 * (order.service is Service.EMS)
        )

    def soft_due(self, order: Order, on: date) -> SoftDueRule | None:
        """Return by when a courier should be there, None when any time will do."""
        if order.service is Service.EMS:
            return self.soft_due_ems
        if self.days_overdue(order, on) or order.attempts >= 2:
            return self.soft_due_urgent
        return None
