"""Runs: one process each, live progress, stop, and every way of dying."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from datetime import date
from functools import lru_cache
from pathlib import Path

import pytest

from dispatch.bootstrap import Providers, phu_tho_providers
from dispatch.clock import SystemClock
from dispatch.office import Dispatch, Wish
from dispatch.records import PlanVersion, Run, RunState
from dispatch.running import MOST_ATTEMPTS, Limits, LostError, tours_of, work_on
from dispatch.runs import RunManager, Setup
from dispatch.sql import SqlStore
from solver.checker import check
from tests.dispatch.day_plans import tiny_day
from tests.dispatch.offices import DAY, imported

# A search of seconds is waited for by the minute: other tests may need the processor.
PATIENCE = 120.0


@lru_cache(maxsize=1)
def means(on: date) -> Providers:
    return phu_tho_providers(on)


def desk_of(store: SqlStore) -> Dispatch:
    return Dispatch(store=store, clock=SystemClock(), means=means)


def asked(desk: Dispatch, seconds: float = 2.0, **wish: object) -> Run:
    if not desk.offices():
        imported(desk, tiny_day())
    return desk.request_plan(DAY, by="lan", wish=Wish(seconds=seconds, **wish))  # type: ignore[arg-type]


def claimed(desk: Dispatch, lease: float = 30.0, worker: str = "w") -> Run:
    with desk.store.writing(by=worker, at=desk.now) as uow:
        run = uow.runs.claim(worker=worker, lease_seconds=lease)
    assert run is not None
    return run


def until(what: Callable[[], bool], *, most: float = PATIENCE) -> None:
    end = time.monotonic() + most
    while not what():
        assert time.monotonic() < end, "it did not come about"
        time.sleep(0.05)


def told_last(desk: Dispatch, run: Run) -> tuple[int, int]:
    """What a run said last of its best plan: orders left out, then money."""
    last = desk.run_progress(run.id)[1][-1]
    return last.unassigned, last.cost


def judged(version: PlanVersion) -> tuple[int, int]:
    """The same of a stored plan. (Money alone says nothing: a required order left out is free.)"""
    report = version.plan.result.report
    return len(report.unassigned), report.cost.total


ONE = Limits(processes=1)


# ---- in this process ----------------------------------------------------------------------------


def test_a_run_becomes_a_version_that_the_checker_has_judged(store: SqlStore) -> None:
    desk = desk_of(store)
    run = asked(desk, note="sáng")
    assert work_on(desk, claimed(desk), limits=ONE) is RunState.DONE
    done, progress = desk.run_progress(run.id)
    assert (done.state, done.result, done.error) == (RunState.DONE, 1, "")
    version = desk.plan(DAY, 1)
    assert (version.head.run, version.head.by, version.head.note) == (run.id, "lan", "sáng")
    result = version.plan.result
    assert result.report == check(version.plan.problem, result.plan)
    served = {stop.id for route in result.plan.routes for stop in route.stops}
    assert {"HS-0001", "EMS-0003", "GS-0006", "HS-0005"} <= served
    assert progress
    assert [one.seq for one in progress] == list(range(1, len(progress) + 1))
    assert judged(version) <= told_last(desk, run)


def test_a_stop_keeps_the_best(store: SqlStore) -> None:
    desk = desk_of(store)
    run = asked(desk, seconds=40)
    taken = claimed(desk)
    ended: list[RunState] = []
    thread = threading.Thread(target=lambda: ended.append(work_on(desk, taken, limits=ONE)))
    thread.start()
    until(lambda: desk.run(run.id).best_cost is not None)
    best = told_last(desk, run)
    assert desk.stop_run(run.id, by="lan").stop_asked
    thread.join(PATIENCE)
    assert ended == [RunState.DONE]
    assert judged(desk.plan(DAY, 1)) <= best
    assert desk.plan(DAY, 1).plan.result.stopped


def test_a_worker_that_lost_its_lease_stores_nothing(store: SqlStore) -> None:
    desk = desk_of(store)
    asked(desk)
    first = claimed(desk, lease=-1.0, worker="one")
    second = claimed(desk, worker="two")
    assert (first.token, second.token) == (1, 2)
    with pytest.raises(LostError):
        work_on(desk, first, limits=ONE)
    assert desk.plans(DAY) == []
    assert work_on(desk, second, limits=ONE) is RunState.DONE
    assert len(desk.plans(DAY)) == 1


def test_what_is_taken_up_again_begins_from_the_best_plan(store: SqlStore) -> None:
    desk = desk_of(store)
    run = asked(desk, seconds=40)
    taken = claimed(desk)
    leave = threading.Event()
    ended: list[RunState] = []
    thread = threading.Thread(
        target=lambda: ended.append(work_on(desk, taken, limits=ONE, leave=leave.is_set))
    )
    thread.start()
    until(lambda: desk.run(run.id).best_cost is not None)
    leave.set()
    thread.join(PATIENCE)
    assert ended == [RunState.QUEUED]
    waiting = desk.run(run.id)
    assert (waiting.state, waiting.result) == (RunState.QUEUED, 0)
    before = told_last(desk, run)
    with store.reading() as uow:
        best = uow.runs.best(run.id)
    assert best is not None
    assert {step.id for tour in tours_of(best) for step in tour.steps} >= {"HS-0001", "GS-0006"}
    # Two seconds are left of it: the end is no worse than what the first worker had.
    with store.writing(by="w", at=desk.now) as uow:
        again = uow.runs.claim(worker="w", lease_seconds=30)
    assert again is not None
    assert work_on(desk, replace(again, spent=599.0), limits=ONE) is RunState.DONE
    assert judged(desk.plan(DAY, 1)) <= before


def test_an_order_that_was_cancelled_meanwhile_does_not_stop_the_next_worker(
    store: SqlStore,
) -> None:
    desk = desk_of(store)
    run = asked(desk, seconds=2)
    assert work_on(desk, claimed(desk), limits=ONE) is RunState.DONE
    seen = desk.order("EMS-0003")
    with store.writing(by="lan", at=desk.now) as uow:
        uow.orders.put(replace(seen, day=None))
    desk.set_day(DAY, by="lan", absent=["BT-03"])
    again = asked(desk, seconds=2, start=desk.run(run.id).result)
    assert work_on(desk, claimed(desk), limits=ONE) is RunState.DONE
    plan = desk.plan(DAY, desk.run(again.id).result).plan
    assert "EMS-0003" not in {stop.id for r in plan.result.plan.routes for stop in r.stops}
    assert "BT-03" not in {vehicle.id for vehicle in plan.problem.vehicles}


def test_a_run_that_cannot_be_planned_says_why(store: SqlStore) -> None:
    desk = desk_of(store)
    run = asked(desk)
    with store.writing(by="lan", at=desk.now) as uow:
        uow.orders.put_all([replace(one, day=None) for one in uow.orders.of_day(DAY)])
    assert work_on(desk, claimed(desk), limits=ONE) is RunState.FAILED
    assert "orders" in desk.run(run.id).error


def test_a_run_that_kills_its_workers_is_given_up(store: SqlStore) -> None:
    desk = desk_of(store)
    run = asked(desk)
    for _ in range(MOST_ATTEMPTS):
        claimed(desk, lease=-1.0)
    assert work_on(desk, claimed(desk), limits=ONE) is RunState.FAILED
    assert "bộ nhớ" in desk.run(run.id).error


# ---- in processes of their own ------------------------------------------------------------------


@contextmanager
def managed(desk: Dispatch, address: str, **more: object) -> Iterator[RunManager]:
    setup = Setup(address=address, lease_seconds=3.0, processes=1)
    manager = RunManager(desk, setup=setup, **more)  # type: ignore[arg-type]
    manager.start()
    try:
        yield manager
    finally:
        manager.close()


def test_a_killed_process_s_run_is_taken_up_again(store: SqlStore, address: str) -> None:
    desk = desk_of(store)
    run = asked(desk, seconds=6)
    with managed(desk, address) as manager:
        until(lambda: desk.run(run.id).best_cost is not None)
        (victim,) = manager.pids
        os.kill(victim, signal.SIGKILL)
        until(lambda: desk.run(run.id).state.over)
    done = desk.run(run.id)
    assert (done.state, done.attempts, done.result) == (RunState.DONE, 2, 1)
    assert len(desk.plans(DAY)) == 1


def test_a_server_that_stops_in_order_gives_its_runs_back(store: SqlStore, address: str) -> None:
    desk = desk_of(store)
    run = asked(desk, seconds=40)
    with managed(desk, address) as manager:
        until(lambda: desk.run(run.id).best_cost is not None)
        (child,) = manager.pids
    with pytest.raises(ProcessLookupError):
        os.kill(child, 0)
    left = desk.run(run.id)
    assert (left.state, left.result) == (RunState.QUEUED, 0)
    assert left.best_cost is not None


SERVER = """
import sys, time
from datetime import date
from dispatch.clock import SystemClock
from dispatch.office import Dispatch
from dispatch.runs import RunManager, Setup
from dispatch.sql import open_store

def means(on):
    raise AssertionError

desk = Dispatch(store=open_store(sys.argv[1]), clock=SystemClock(), means=means)
setup = Setup(address=sys.argv[1], lease_seconds=2.0, processes=1)
RunManager(desk, setup=setup).start()
print("ready", flush=True)
time.sleep(600)
"""


def test_a_killed_server_s_run_ends_once(store: SqlStore, address: str) -> None:
    # The server dies with kill -9, and then its orphaned process too; a second server finishes.
    desk = desk_of(store)
    run = asked(desk, seconds=6)

    def server() -> subprocess.Popen[str]:
        started = subprocess.Popen(
            [sys.executable, "-c", SERVER, address], stdout=subprocess.PIPE, text=True
        )
        assert started.stdout is not None
        assert started.stdout.readline() == "ready\n"
        return started

    first = server()
    until(lambda: desk.run(run.id).best_cost is not None)
    children = [int(pid) for pid in children_of(first.pid)]
    assert children
    first.kill()
    first.communicate()
    for child in children:
        os.kill(child, signal.SIGKILL)
    second = server()
    try:
        until(lambda: desk.run(run.id).state.over)
    finally:
        second.kill()
        second.communicate()
    done = desk.run(run.id)
    assert (done.state, done.result, len(desk.plans(DAY))) == (RunState.DONE, 1, 1)
    assert done.attempts >= 2


def children_of(pid: int) -> list[int]:
    """Processes whose parent is `pid`."""
    found = []
    for entry in Path("/proc").iterdir():
        if entry.name.isdigit():
            try:
                fields = (entry / "stat").read_text(encoding="utf-8").rpartition(")")[2].split()
            except OSError:
                continue
            if int(fields[1]) == pid:
                found.append(int(entry.name))
    return found
