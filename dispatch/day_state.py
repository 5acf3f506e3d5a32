"""
Where a day stands: a set of events, and what follows from it.

`apply` puts an event into the set and nothing else. The set has no order of arrival, so events that
come late, twice or in any order end in the same state. `standing` reads the set in the order in
which things happened (then by kind and id) and says what is true now. It is total: no event is
refused, and whatever contradicts another one is told as a finding, never dropped.

The rules, each with the finding that tells of it:

* clock_ahead: a device's clock that runs ahead of the office's is set to the moment of receipt
* id_reused: of different events under one id the one received first counts
* other_day, unknown_stop, unknown_courier: kept, and without effect
* done_twice: a stop done on two phones was done by the one who was there first; the other's cash
  and proof are in the finding
* done_after_failed: a stop that was failed and is done later is done
* failed_after_done, skipped_after_done: there is a proof: it stays done
* done_after_cancelled, cancelled_after_done: what was done was done
* changed_after_done: too late, the change has no effect
* done_by_other: a stop that another courier has by the plan in force was done by this one: it is
  done by whom it was done by, and leaves the other's list
* started_elsewhere: two couriers have set out for one stop; the first one has it
* added_twice: of different orders under one number the first counts
* absent_at_work: an absent courier who does a stop later is at work from then on
* down_at_work: the same with a vehicle that is down; until it is said to go again it stays down
* cash_differs: a settlement does not bring what was taken since the one before
* unknown_office: a new order names an office that nobody drives from: any courier may do it
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import date
from enum import StrEnum

from dispatch.event_files import event_facts
from dispatch.events import (
    KINDS,
    CourierAbsent,
    CourierLate,
    Event,
    OrderAdded,
    OrderCancelled,
    OrderChanged,
    RoadClosed,
    Settlement,
    StopDone,
    StopEvent,
    StopFailed,
    StopSkipped,
    StopStarted,
    VehicleDown,
    VehicleUp,
)
from dispatch.model import OrderKind
from geo.types import LatLon
from solver.model import Plan, Problem, Step, StopKind

_Key = tuple[int, int, str, int, str]


class FindingCode(StrEnum):
    """What can be odd about a day's events; the module's text says how each is settled."""

    CLOCK_AHEAD = "clock_ahead"
    ID_REUSED = "id_reused"
    OTHER_DAY = "other_day"
    UNKNOWN_STOP = "unknown_stop"
    UNKNOWN_COURIER = "unknown_courier"
    DONE_TWICE = "done_twice"
    DONE_AFTER_FAILED = "done_after_failed"
    FAILED_AFTER_DONE = "failed_after_done"
    SKIPPED_AFTER_DONE = "skipped_after_done"
    DONE_AFTER_CANCELLED = "done_after_cancelled"
    CANCELLED_AFTER_DONE = "cancelled_after_done"
    CHANGED_AFTER_DONE = "changed_after_done"
    DONE_BY_OTHER = "done_by_other"
    STARTED_ELSEWHERE = "started_elsewhere"
    ADDED_TWICE = "added_twice"
    ABSENT_AT_WORK = "absent_at_work"
    DOWN_AT_WORK = "down_at_work"
    CASH_DIFFERS = "cash_differs"
    UNKNOWN_OFFICE = "unknown_office"


@dataclass(frozen=True, slots=True, kw_only=True)
class EventFinding:
    """One odd thing: what, which event tells it, whom and what it concerns, and the facts."""

    code: FindingCode
    event: str
    courier: str = ""
    order: str = ""
    facts: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Assignment:
    """
    Who has which stop from a moment on: one published plan.

    Parameters
    ----------
    since
        Seconds since the day's midnight from which it is in force.
    couriers
        By order, whose route it is in; an order that is left out has none.
    """

    since: int
    couriers: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class DayState:
    """
    All that is known of a day.

    Parameters
    ----------
    crew
        Ids of the couriers who may report.
    stops
        The stops of the day's orders; those of added orders come from their events.
    plans
        The published plans, in the order in which they came into force.
    events
        Each once, in the order in which things happened.
    """

    day: date
    crew: frozenset[str]
    stops: frozenset[Step]
    plans: tuple[Assignment, ...]
    events: tuple[Event, ...] = ()


class StopState(StrEnum):
    """How far a stop is."""

    OPEN = "open"
    STARTED = "started"
    DONE = "done"
    FAILED = "failed"
    SKIPPED = "skipped"


@dataclass(frozen=True, slots=True, kw_only=True)
class StopStanding:
    """One stop that something is known of: state, since when, by whom, and the event that says."""

    state: StopState
    at: int
    courier: str
    event: str
    began: int | None = None
    place: LatLon | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CourierStanding:
    """
    What is known of one courier.

    Parameters
    ----------
    last
        When anything was last heard; None = nothing yet.
    down, absent
        Since when, None if not.
    place
        Where the vehicle stands that is down.
    until
        A late courier will not leave before; 0 if not late.
    settled
        When cash was handed in, each time.
    """

    last: int | None = None
    down: int | None = None
    place: LatLon | None = None
    absent: int | None = None
    until: int = 0
    settled: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What follows from a day's events, by stop, courier and order."""

    stops: Mapping[Step, StopStanding]
    couriers: Mapping[str, CourierStanding]
    cancelled: Mapping[str, int]
    added: Mapping[str, OrderAdded]
    changed: Mapping[str, tuple[OrderChanged, ...]]
    closures: tuple[RoadClosed, ...]
    findings: tuple[EventFinding, ...]

    def of(self, courier: str) -> CourierStanding:
        """Return what is known of a courier."""
        return self.couriers.get(courier, CourierStanding())


def begin(day: date, problem: Problem, plan: Plan) -> DayState:
    """Return the state of a day whose plan has just been published: no events yet."""
    stops = {Step(kind=StopKind.JOB, id=job.id) for job in problem.jobs}
    for shipment in problem.shipments:
        stops.add(Step(kind=StopKind.PICKUP, id=shipment.id))
        stops.add(Step(kind=StopKind.DELIVERY, id=shipment.id))
    return DayState(
        day=day,
        crew=frozenset(vehicle.id for vehicle in problem.vehicles),
        stops=frozenset(stops),
        plans=(assignment(plan, since=0),),
    )


def assignment(plan: Plan, *, since: int) -> Assignment:
    """Return who has which stop by a plan."""
    return Assignment(
        since=since,
        couriers={stop.id: route.vehicle for route in plan.routes for stop in route.stops},
    )


def publish(state: DayState, plan: Plan, *, since: int) -> DayState:
    """Return the state with another plan in force from `since` on."""
    plans = (*state.plans, assignment(plan, since=since))
    return replace(state, plans=tuple(sorted(plans, key=lambda each: each.since)))


def apply(state: DayState, event: Event) -> DayState:
    """
    Return the state with one event more.

    Pure and total. The same event again changes nothing; if only the moment of receipt differs, the
    earlier one is kept. A different event under a known id is kept beside it.
    """
    key = _key(event)
    number = bisect_left(state.events, key, key=_key)
    events = state.events
    same = number < len(events) and _key(events[number]) == key
    if same and events[number].received_at <= event.received_at:
        return state
    after = number + 1 if same else number
    return replace(state, events=(*events[:number], event, *events[after:]))


def apply_all(state: DayState, events: Iterable[Event]) -> DayState:
    """Return the state with many events more; as `apply` one after the other, only quicker."""
    known: dict[_Key, Event] = {}
    for event in (*state.events, *events):
        key = _key(event)
        if key not in known or event.received_at < known[key].received_at:
            known[key] = event
    return replace(state, events=tuple(known[key] for key in sorted(known)))


_RANK = {kind: number for number, kind in enumerate(KINDS)}


def _key(event: Event) -> _Key:
    """Return what events are put in order by; equal only for the same event."""
    facts = event_facts(replace(event, received_at=0))
    return (event.at, _RANK[type(event)], event.id, event.day.toordinal(), repr(facts))


def standing(state: DayState) -> Standing:
    """Say what follows from the events of a day, and what is odd about them."""
    return _Reading(state).standing()


class _Reading:
    """One reading of the events in order."""

    def __init__(self, state: DayState) -> None:
        self.state = state
        self.stops: dict[Step, StopStanding] = {}
        self.couriers: dict[str, CourierStanding] = {}
        self.cancelled: dict[str, int] = {}
        self.added: dict[str, OrderAdded] = {}
        self.changed: dict[str, tuple[OrderChanged, ...]] = {}
        self.closures: list[RoadClosed] = []
        self.findings: list[EventFinding] = []
        self.cash: dict[str, int] = {}
        self.known = set(state.stops)

    def standing(self) -> Standing:
        events = self._counting()
        # An order may be added by an event that happened, by its clock, after its first stop.
        for event in events:
            if isinstance(event, OrderAdded):
                self._add(event)
        for event in events:
            self._read(event)
        return Standing(
            stops=self.stops,
            couriers=self.couriers,
            cancelled=self.cancelled,
            added=self.added,
            changed=self.changed,
            closures=tuple(self.closures),
            findings=tuple(self.findings),
        )

    def _counting(self) -> list[Event]:
        """Return the events that count, at the times that count, in order."""
        first: dict[str, Event] = {}
        for event in self.state.events:
            known = first.get(event.id)
            if known is None or event.received_at < known.received_at:
                first[event.id] = event
        counting = []
        for event in self.state.events:
            if first[event.id] is not event:
                self._find(FindingCode.ID_REUSED, event, kind=event.kind)
            elif event.day != self.state.day:
                self._find(FindingCode.OTHER_DAY, event, day=event.day.isoformat())
            elif event.at > event.received_at:
                self._find(
                    FindingCode.CLOCK_AHEAD, event, seconds=str(event.at - event.received_at)
                )
                counting.append(replace(event, at=event.received_at))
            else:
                counting.append(event)
        # Ids are unique by now.
        return sorted(counting, key=lambda each: (each.at, _RANK[type(each)], each.id))

    def _read(self, event: Event) -> None:
        courier = getattr(event, "courier", "")
        if courier and courier not in self.state.crew:
            self._find(FindingCode.UNKNOWN_COURIER, event)
            return
        if isinstance(event, StopEvent):
            self._stop(event)
        elif isinstance(event, OrderCancelled):
            self._cancel(event)
        elif isinstance(event, OrderChanged):
            self._change(event)
        elif isinstance(event, RoadClosed):
            self.closures.append(event)
        elif courier:
            self._courier(event, courier)

    # ---- orders ---------------------------------------------------------------------------

    def _add(self, event: OrderAdded) -> None:
        if event.order in self.added or any(step.id == event.order for step in self.known):
            self._find(FindingCode.ADDED_TWICE, event)
            return
        self.added[event.order] = event
        kinds = (
            (StopKind.PICKUP, StopKind.DELIVERY)
            if event.does is OrderKind.TRANSFER
            else (StopKind.JOB,)
        )
        self.known.update(Step(kind=kind, id=event.order) for kind in kinds)

    def _steps(self, order: str) -> list[Step]:
        kinds = (StopKind.JOB, StopKind.PICKUP, StopKind.DELIVERY)
        return [s for kind in kinds if (s := Step(kind=kind, id=order)) in self.known]

    def _finished(self, order: str) -> StopStanding | None:
        """Return what says that an order is done, if it is."""
        steps = self._steps(order)
        last = self.stops.get(steps[-1]) if steps else None
        return last if last is not None and last.state is StopState.DONE else None

    def _cancel(self, event: OrderCancelled) -> None:
        if not self._steps(event.order):
            self._find(FindingCode.UNKNOWN_STOP, event)
        elif self._finished(event.order) is not None:
            self._find(FindingCode.CANCELLED_AFTER_DONE, event)
        else:
            self.cancelled.setdefault(event.order, event.at)

    def _change(self, event: OrderChanged) -> None:
        if not self._steps(event.order):
            self._find(FindingCode.UNKNOWN_STOP, event)
        elif self._finished(event.order) is not None:
            self._find(FindingCode.CHANGED_AFTER_DONE, event)
        else:
            self.changed[event.order] = (*self.changed.get(event.order, ()), event)

    # ---- stops ----------------------------------------------------------------------------

    def _stop(self, event: StopEvent) -> None:
        step = Step(kind=event.part, id=event.order)
        self._heard(event)
        if step not in self.known:
            self._find(FindingCode.UNKNOWN_STOP, event)
            return
        before = self.stops.get(step)
        if isinstance(event, StopDone):
            self._done(event, step, before)
        elif before is not None and before.state is StopState.DONE:
            if isinstance(event, StopFailed):
                self._find(FindingCode.FAILED_AFTER_DONE, event, reason=event.reason.value)
            elif isinstance(event, StopSkipped):
                self._find(FindingCode.SKIPPED_AFTER_DONE, event)
        elif isinstance(event, StopFailed):
            self._set(step, StopState.FAILED, event, before)
        elif isinstance(event, StopSkipped):
            state = StopState.OPEN if event.again else StopState.SKIPPED
            self._set(step, state, event, before)
        elif isinstance(event, StopStarted):
            if before is not None and before.state is StopState.STARTED:
                if before.courier != event.courier:
                    self._find(FindingCode.STARTED_ELSEWHERE, event, other=before.courier)
            else:
                self._set(step, StopState.STARTED, event, before)

    def _done(self, event: StopDone, step: Step, before: StopStanding | None) -> None:
        self.cash[event.courier] = self.cash.get(event.courier, 0) + event.cash
        if before is not None and before.state is StopState.DONE:
            self._find(
                FindingCode.DONE_TWICE,
                event,
                other=before.courier,
                other_event=before.event,
                cash=str(event.cash),
                proof=event.proof,
                recipient=event.recipient,
            )
            return
        if before is not None and before.state is StopState.FAILED:
            self._find(FindingCode.DONE_AFTER_FAILED, event, other_event=before.event)
        if event.order in self.cancelled:
            self._find(FindingCode.DONE_AFTER_CANCELLED, event)
        planned = self._planned(event.order, event.at)
        if planned not in ("", event.courier):
            self._find(FindingCode.DONE_BY_OTHER, event, other=planned)
        self._set(step, StopState.DONE, event, before)

    def _set(
        self, step: Step, state: StopState, event: StopEvent, before: StopStanding | None
    ) -> None:
        began = event.at if isinstance(event, StopStarted) else None
        if before is not None and before.courier == event.courier:
            began = before.began if before.began is not None else began
        self.stops[step] = StopStanding(
            state=state,
            at=event.at,
            courier=event.courier,
            event=event.id,
            began=began,
            place=event.place,
        )

    def _planned(self, order: str, at: int) -> str:
        """Return who had an order by the plan that was in force; empty if nobody."""
        couriers: Mapping[str, str] = {}
        for plan in self.state.plans:
            if plan.since <= at:
                couriers = plan.couriers
        return couriers.get(order, "")

    # ---- couriers -------------------------------------------------------------------------

    def _heard(self, event: StopEvent) -> None:
        known = self.couriers.get(event.courier, CourierStanding())
        absent = known.absent
        if absent is not None and isinstance(event, StopStarted | StopDone | StopFailed):
            self._find(FindingCode.ABSENT_AT_WORK, event)
            absent = None
        if known.down is not None and event.at > known.down:
            self._find(FindingCode.DOWN_AT_WORK, event)
        self.couriers[event.courier] = replace(known, last=event.at, absent=absent)

    def _courier(self, event: Event, courier: str) -> None:
        known = self.couriers.get(courier, CourierStanding())
        if isinstance(event, VehicleDown):
            known = replace(known, down=event.at, place=event.place)
        elif isinstance(event, VehicleUp):
            known = replace(known, down=None, place=None)
        elif isinstance(event, CourierLate):
            known = replace(known, until=event.until)
        elif isinstance(event, CourierAbsent):
            known = replace(known, absent=event.at)
        elif isinstance(event, Settlement):
            taken = self.cash.pop(courier, 0)
            if taken != event.cash:
                self._find(
                    FindingCode.CASH_DIFFERS, event, taken=str(taken), handed=str(event.cash)
                )
            known = replace(known, settled=(*known.settled, event.at))
        self.couriers[courier] = known

    def _find(self, code: FindingCode, event: Event, **facts: str) -> None:
        self.findings.append(
            EventFinding(
                code=code,
                event=event.id,
                courier=getattr(event, "courier", ""),
                order=getattr(event, "order", ""),
                facts={key: value for key, value in facts.items() if value},
            )
        )
