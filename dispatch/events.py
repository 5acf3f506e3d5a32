"""
What happens in the course of a day, in typed words.

Every event has an id of its own (the phone gives it, so that sending twice does no harm), the day
that it belongs to, when it happened by the clock of the device that tells it, when it was received,
by whom it is told, and what it concerns. Times are seconds since the day's midnight; an event that
a phone sends the next morning has more than 86,400.

    stop       StopStarted, StopDone, StopFailed, StopSkipped
    order      OrderAdded, OrderCancelled, OrderChanged
    vehicle    VehicleDown, VehicleUp
    courier    CourierLate, CourierAbsent, RouteAccepted, RouteReordered, Settlement
    road       RoadClosed

What follows from them `dispatch.day_state` says; files of them `dispatch.event_files` reads.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import ClassVar

from dispatch.model import OrderKind, Service
from geo.types import LatLon
from solver.model import StopKind, TimeWindow


class FailReason(StrEnum):
    """Why a visit was in vain, in the words that couriers use."""

    ABSENT = "absent"
    MOVED = "moved"
    WRONG_ADDRESS = "wrong_address"
    REFUSED = "refused"
    OFFICE_CLOSED = "office_closed"
    APPOINTMENT = "appointment"
    UNPAID = "unpaid"
    OTHER = "other"


class Period(StrEnum):
    """Which settlement of a day."""

    NOON = "noon"
    EVENING = "evening"


@dataclass(frozen=True, slots=True, kw_only=True)
class Event:
    """
    Anything that happens.

    Parameters
    ----------
    at
        When it happened, by the clock of the device; seconds since the day's midnight.
    received_at
        When the office received it, likewise.
    by
        Who tells it: a courier's or a dispatcher's id.
    """

    kind: ClassVar[str] = ""

    id: str
    day: date
    at: int
    received_at: int
    by: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopEvent(Event):
    """
    Anything that happens at a stop.

    Parameters
    ----------
    order
        The order that the stop is for.
    courier
        Who was there.
    part
        `job` for a delivery or a collection; `pickup` or `delivery` for the ends of a transfer.
    place
        Where the phone was.
    """

    order: str
    courier: str
    part: StopKind = StopKind.JOB
    place: LatLon | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStarted(StopEvent):
    """The courier is at the stop, or has set out for it and is bound to finish it."""

    kind: ClassVar[str] = "stop_started"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopDone(StopEvent):
    """
    The visit is done.

    Parameters
    ----------
    recipient
        Who signed.
    cash
        Đồng taken.
    proof
        Reference of the signature or photo, for those who tell but one.
    signature, photo
        References of each: SHA-256 of the picture that the phone brought.
    identity_checked
        The recipient's papers were seen.
    hint
        How the address is found, for who comes next.
    """

    kind: ClassVar[str] = "stop_done"

    recipient: str = ""
    cash: int = 0
    proof: str = ""
    signature: str = ""
    photo: str = ""
    identity_checked: bool = False
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class StopFailed(StopEvent):
    """
    The courier was there in vain; the goods of a delivery are still on board.

    Parameters
    ----------
    next_attempt
        When it is to be tried again, as proposed or agreed at the door; None = as usual.
    """

    kind: ClassVar[str] = "stop_failed"

    reason: FailReason
    note: str = ""
    photo: str = ""
    next_attempt: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class StopSkipped(StopEvent):
    """The courier passed the stop by; `again` says that it is still to be done today."""

    kind: ClassVar[str] = "stop_skipped"

    again: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderAdded(Event):
    """
    An order that the morning's plan does not know.

    Parameters
    ----------
    point, to_point
        Where it is done; where a transfer goes.
    office
        Whose couriers may do it; empty = any courier's.
    required
        It must be done today, whatever it costs.
    """

    kind: ClassVar[str] = "order_added"

    order: str
    does: OrderKind
    point: LatLon
    to_point: LatLon | None = None
    service: Service = Service.ORDINARY
    office: str = ""
    grams: int = 0
    cubic_cm: int = 0
    windows: tuple[TimeWindow, ...] = ()
    required: bool = False
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderCancelled(Event):
    """Nobody is to do the order any more; what is on board for it is brought back."""

    kind: ClassVar[str] = "order_cancelled"

    order: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class OrderChanged(Event):
    """
    The customer wants it otherwise; what is None stays as it was.

    Parameters
    ----------
    windows
        When service may begin; empty = at any time.
    """

    kind: ClassVar[str] = "order_changed"

    order: str
    windows: tuple[TimeWindow, ...] | None = None
    point: LatLon | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleDown(Event):
    """The vehicle goes no further; `place` is where it stands, the last stop if unknown."""

    kind: ClassVar[str] = "vehicle_down"

    courier: str
    place: LatLon | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class VehicleUp(Event):
    """The vehicle goes again."""

    kind: ClassVar[str] = "vehicle_up"

    courier: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierLate(Event):
    """The courier will not be able to leave before `until`, seconds since midnight."""

    kind: ClassVar[str] = "courier_late"

    courier: str
    until: int
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierAbsent(Event):
    """The courier does not work, or works no further, today."""

    kind: ClassVar[str] = "courier_absent"

    courier: str
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement(Event):
    """
    The courier has handed in cash and papers at the office: `cash` đồng.

    Parameters
    ----------
    period
        Which of the two of a day.
    collected, returned
        Items handed in: what was collected, and what could not be delivered; None = not counted.
    clerk
        Who took them in.
    signature, clerk_signature
        References of the courier's and the clerk's signatures.
    """

    kind: ClassVar[str] = "settlement"

    courier: str
    cash: int = 0
    period: Period = Period.EVENING
    collected: int | None = None
    returned: int | None = None
    clerk: str = ""
    signature: str = ""
    clerk_signature: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteAccepted(Event):
    """The courier has read what a new plan changes, and goes by `version` from now on."""

    kind: ClassVar[str] = "route_accepted"

    courier: str
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RouteReordered(Event):
    """
    The courier visits the open stops in another order than planned, and says why.

    Parameters
    ----------
    stops
        What is left, in the courier's order, each as "job:DH-7".
    """

    kind: ClassVar[str] = "route_reordered"

    courier: str
    stops: tuple[str, ...]
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class RoadClosed(Event):
    """
    No way through.

    Parameters
    ----------
    line
        Two points: a bar across the road, round which all must go. Three and more: an area that
        nobody may enter or cross.
    start, end
        From when until when, seconds since midnight.
    """

    kind: ClassVar[str] = "road_closed"

    line: tuple[LatLon, ...]
    start: int
    end: int
    note: str = ""


KINDS: tuple[type[Event], ...] = (
    StopStarted,
    StopDone,
    StopFailed,
    StopSkipped,
    OrderAdded,
    OrderCancelled,
    OrderChanged,
    VehicleDown,
    VehicleUp,
    CourierLate,
    CourierAbsent,
    RouteAccepted,
    RouteReordered,
    Settlement,
    RoadClosed,
)
"""Every kind of event, in the order in which they are told apart when they happen at once."""
