"""
One run from its claim to its plan, in the process that holds its lease.

    lease       prolonged every third of its length; a run whose worker is silent is taken up again
    token       counts the claims: a worker that was thought dead and wakes can write nothing
    best        the best orders of visit so far, stored as they improve: where the next one begins
    the end     the plan version and the run's end are one unit of work: both or none

Whatever dies, and whenever, a run ends once, with one plan.
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Self

from dispatch.codec import decode, encode
from dispatch.errors import DispatchError, OfficeError, StoreError
from dispatch.messages import text
from dispatch.model import DayPlan
from dispatch.office.desk import day_input, open_day
from dispatch.office.dispatch import Dispatch
from dispatch.office.plans import head_of
from dispatch.records import PlanKind, PlanVersion, Run, RunKind, RunProgress, RunState
from dispatch.repository import UnitOfWork
from dispatch.service import Search, Watch, plan_day
from geo.errors import GeoError
from solver.errors import SolverError
from solver.model import Plan, Progress, Report, Tour

LEASE_SECONDS = 15.0

MOST_ATTEMPTS = 5
"""A run whose workers die this often is given up; something in it kills them."""

_BETTER_EVERY = 1.0
"""Seconds between two plans that are stored while the search goes on."""

_LEAST_SECONDS = 2.0
"""What a run that is taken up again gets at least."""

_WORKER = "buuta"

logger = logging.getLogger(__name__)


class LostError(DispatchError):
    """The run belongs to another worker by now; nothing of ours was stored."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Limits:
    """
    How a run is worked on: the lease in seconds, and processes at the same time.

    Parameters
    ----------
    nice
        How far the search processes stand behind the run's own, which holds the store's lock now
        and then and must not be kept from the processor by them.
    """

    lease_seconds: float = LEASE_SECONDS
    processes: int | None = None
    nice: int = 0


def work_on(
    desk: Dispatch,
    run: Run,
    *,
    limits: Limits = Limits(),
    leave: Callable[[], bool] = lambda: False,
) -> RunState:
    """
    Search a claimed run and store what comes of it; return the state that it was left in.

    Parameters
    ----------
    leave
        Asked often: True gives the run back to the queue with its best plan (a server that is
        stopped in good order).

    Raises
    ------
    LostError
        The lease was lost meanwhile.
    """
    if run.attempts > MOST_ATTEMPTS:
        return _fail(desk, run, text("office.run_given_up", "vi", attempts=MOST_ATTEMPTS))
    with _Lease(desk, run, limits.lease_seconds) as lease:
        try:
            if run.kind is RunKind.REPLAN:
                return _rest(desk, run, lease, leave)
            plan = _planned(desk, run, limits, lease, leave)
            if leave() and not lease.stop_asked:
                return _leave(desk, run, plan.result.plan, plan.result.report, lease.spent())
            return _patiently(lambda: _store(desk, run, plan, lease.spent()), lease)
        except (LostError, StoreError):
            raise
        except OfficeError as error:
            return _fail(desk, run, error.said("vi"))
        except (DispatchError, GeoError, SolverError) as error:
            return _fail(desk, run, str(error))


def _rest(desk: Dispatch, run: Run, lease: _Lease, leave: Callable[[], bool]) -> RunState:
    """Search the rest of a running day as it was when somebody asked."""
    with desk.store.reading() as uow:
        best = uow.runs.best(run.id)
    found, answer = desk.search_rest(
        run,
        seconds=_time_left(run),
        stop=lambda: lease.stop_asked or lease.lost or leave(),
        begin=None if best is None else tours_of(best),
        on_progress=_Keeper(desk, run, lease).keep,
    )
    if leave() and not lease.stop_asked:
        return _leave(desk, run, answer.plan, answer.report, lease.spent())

    why = desk.why_left(found, answer)

    def store() -> RunState:
        with desk.store.writing(by=run.by, at=desk.now) as uow:
            kept = _held(uow, run, lease.spent())
            open_day(uow, run.day)
            version = desk.keep_rest(uow, found, answer, note=run.note, run=run.id, why=why)
            _end(uow, kept, run, version.head.version)
        return RunState.DONE

    return _patiently(store, lease)


def _held(uow: UnitOfWork, run: Run, spent: float) -> Run:
    """Make sure that the run is still ours: then nobody else can end it before we have."""
    kept = uow.runs.beat(run.id, token=run.token, lease_seconds=LEASE_SECONDS, spent=spent)
    if kept is None:
        raise LostError(run.id)
    return kept


def _end(uow: UnitOfWork, kept: Run, run: Run, version: int) -> None:
    ended = replace(kept, state=RunState.DONE, result=version, error="")
    if not uow.runs.end(ended, token=run.token):
        raise LostError(run.id)


def _planned(
    desk: Dispatch, run: Run, limits: Limits, lease: _Lease, leave: Callable[[], bool]
) -> DayPlan:
    means = desk.means(run.day)
    with desk.store.reading() as uow:
        day, closed = day_input(uow, run.day)
        start = _start(uow, run)
    keeper = _Keeper(desk, run, lease)
    search = Search(
        seconds=_time_left(run), seed=run.seed, workers=limits.processes, nice=limits.nice
    )
    watch = Watch(
        on_progress=keeper.keep,
        stop=lambda: lease.stop_asked or lease.lost or leave(),
    )
    if run.kind is RunKind.AROUND:
        return desk.plan_around(run, start=start, search=search, watch=watch)
    return plan_day(
        day,
        geocoder=means.geocoder,
        travel=means.travel,
        territory=means.territory,
        clock=time.monotonic,
        search=search,
        settings=desk.settings(run.day),
        watch=watch,
        start=start,
        travel_note=means.said,
        closed=closed,
    )


def _time_left(run: Run) -> float:
    """Return the seconds that a run may still search; one that is taken up again gets some."""
    seconds = run.seconds - run.spent
    return max(seconds, min(_LEAST_SECONDS, run.seconds)) if run.attempts > 1 else seconds


def _start(uow: UnitOfWork, run: Run) -> tuple[Tour, ...] | None:
    """Return where the search begins: its own best plan, else the version that was asked for."""
    best = uow.runs.best(run.id)
    if best is not None:
        return tours_of(best)
    if run.start:
        found = uow.plans.get(run.day, run.start)
        if found is not None:
            return tuple(route.tour for route in found.plan.result.plan.routes)
    return None


def tours_json(tours: Sequence[Tour]) -> Mapping[str, Any]:
    """Return orders of visit as a run's row keeps them."""
    return {"tours": [encode(tour) for tour in tours]}


def tours_of(kept: Mapping[str, Any]) -> tuple[Tour, ...]:
    """Return the orders of visit of a run's row."""
    return tuple(decode(Tour, tour) for tour in kept["tours"])


def _store(desk: Dispatch, run: Run, plan: DayPlan, spent: float) -> RunState:
    with desk.store.writing(by=run.by, at=desk.now) as uow:
        kept = _held(uow, run, spent)
        open_day(uow, run.day)
        head = head_of(
            plan, uow=uow, kind=PlanKind.RUN, parent=run.start, run=run.id, note=run.note
        )
        # What was searched around is as locked in what came of it.
        around = uow.plans.get(run.day, run.start) if run.kind is RunKind.AROUND else None
        locks = () if around is None else around.locks
        stored = uow.plans.add(PlanVersion(head=head, plan=plan, locks=locks))
        _end(uow, kept, run, stored.head.version)
        uow.audit.add(
            "plan.made",
            subject="plan",
            key=f"{run.day.isoformat()}/{stored.head.version}",
            run=run.id,
            cost=stored.head.cost,
            stopped=plan.result.stopped,
        )
    return RunState.DONE


def _leave(desk: Dispatch, run: Run, plan: Plan, report: Report, spent: float) -> RunState:
    """Give the run back to the queue with the plan that it has."""
    at = desk.now
    progress = RunProgress(
        run=run.id,
        seq=0,
        at=at,
        seconds=round(spent, 3),
        cost=report.cost.total,
        unassigned=len(report.unassigned),
        vehicles=len(plan.routes),
    )
    tours = tours_json([route.tour for route in plan.routes])
    with desk.store.writing(by=_WORKER, at=at) as uow:
        kept = uow.runs.better(run.id, token=run.token, tours=tours, progress=progress)
        if not kept or not uow.runs.release(run.id, token=run.token):
            raise LostError(run.id)
    return RunState.QUEUED


def _fail(desk: Dispatch, run: Run, why: str) -> RunState:
    with desk.store.writing(by=_WORKER, at=desk.now) as uow:
        failed = replace(run, state=RunState.FAILED, error=why)
        if not uow.runs.end(failed, token=run.token):
            raise LostError(run.id)
        uow.audit.add("run.failed", subject="run", key=run.id, attempts=run.attempts)
    return RunState.FAILED


def _patiently(store: Callable[[], RunState], lease: _Lease) -> RunState:
    """Store a plan in spite of a store that is busy or full, as long as the lease can be kept."""
    while True:
        try:
            return store()
        except StoreError as error:
            logger.warning("a finished plan cannot be stored yet: %s", error.key)
            if lease.lost:
                raise LostError(lease.run.id) from error
            time.sleep(1.0)


class _Lease:
    """Prolongs the lease in a thread of its own, and hears there what is asked of the run."""

    def __init__(self, desk: Dispatch, run: Run, seconds: float) -> None:
        self.run = run
        self.stop_asked = run.stop_asked
        self.lost = False
        self.on_beat: Callable[[], None] = lambda: None
        self._desk = desk
        self._seconds = seconds
        self._began = time.monotonic()
        self._heard = time.monotonic()
        self._end = threading.Event()
        self._thread = threading.Thread(target=self._beat, name="lease", daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._end.set()
        self._thread.join()

    def spent(self) -> float:
        """Return the seconds that were searched, those of earlier workers included."""
        return self.run.spent + time.monotonic() - self._began

    def _beat(self) -> None:
        while True:
            try:
                with self._desk.store.writing(by=_WORKER, at=self._desk.now) as uow:
                    found = uow.runs.beat(
                        self.run.id,
                        token=self.run.token,
                        lease_seconds=self._seconds,
                        spent=self.spent(),
                    )
            except StoreError as error:
                logger.warning("the lease cannot be prolonged now: %s", error.key)
                # Another may have the run by now. If not, the token lets us write nevertheless.
                if time.monotonic() - self._heard > 10 * self._seconds:
                    self.lost = True
                    return
            else:
                if found is None:
                    self.lost = True
                    return
                self._heard = time.monotonic()
                self.stop_asked = found.stop_asked
                self.on_beat()
            if self._end.wait(min(self._seconds / 3, 1.0)):
                return


class _Keeper:
    """Stores the best plan so far, at most once a second, the last one too."""

    def __init__(self, desk: Dispatch, run: Run, lease: _Lease) -> None:
        self._desk = desk
        self._run = run
        self._lease = lease
        self._last = -_BETTER_EVERY
        self._waiting: Progress | None = None
        self._lock = threading.Lock()
        lease.on_beat = self.flush

    def keep(self, progress: Progress) -> None:
        """Take a better plan, and store it unless one was stored a moment ago."""
        if progress.tours is not None:
            self._waiting = progress
            self.flush()

    def flush(self) -> None:
        """Store what was held back."""
        with self._lock:
            now = time.monotonic()
            progress = self._waiting
            if progress is None or self._lease.lost or now - self._last < _BETTER_EVERY:
                return
            self._last, self._waiting = now, None
            self._store(progress)

    def _store(self, progress: Progress) -> None:
        at = self._desk.now
        row = RunProgress(
            run=self._run.id,
            seq=0,
            at=at,
            seconds=round(self._lease.spent(), 3),
            cost=progress.cost,
            unassigned=progress.unassigned,
            vehicles=progress.vehicles,
        )
        # Made before the store is locked: this process is the least hurried of all.
        tours = tours_json(progress.tours or ())
        try:
            with self._desk.store.writing(by=_WORKER, at=at) as uow:
                kept = uow.runs.better(
                    self._run.id, token=self._run.token, tours=tours, progress=row
                )
        except StoreError as error:
            # The search goes on; the next better plan is tried again.
            logger.warning("a better plan cannot be kept now: %s", error.key)
            return
        if not kept:
            self._lease.lost = True
