"""A few warm processes answer many callers: bounded, stoppable, and one death costs one search."""

from __future__ import annotations

import os
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager

import pytest

from dispatch.executors import SearchLostError
from dispatch.executors_process import Task
from dispatch.search_pool import PoolBusyError, SearchPool
from solver.errors import ProblemError
from solver.model import Cost, Plan, Problem, Progress, Report, Result

Tell = Callable[[Progress], None]


def answer(detail: str, *, stopped: bool = False) -> Result:
    report = Report(cost=Cost(), routes=(), unassigned=(), violations=())
    return Result(
        plan=Plan(), report=report, engine=detail, seed=1, iterations=0, seconds=0, stopped=stopped
    )


def puppet(task: Task, on_progress: Tell, stop: Callable[[], bool]) -> Result:
    """Do as the task's engine says: answer with the process' number, wait, die or refuse."""
    if task.engine == "die":
        os._exit(9)
    if task.engine == "refuse":
        raise ProblemError([])
    if task.engine == "wait":
        until = time.monotonic() + 60
        while not stop() and time.monotonic() < until:
            time.sleep(0.01)
        return answer("waited", stopped=True)
    return answer(str(os.getpid()))


def task(engine: str, seconds: float = 60) -> Task:
    return Task(
        problem=Problem(places=(), vehicles=(), travel={}),
        seconds=seconds,
        iterations=None,
        seed=1,
        engine=engine,
        start=None,
        threads=1,
    )


@contextmanager
def pool(size: int = 1, waiting: int = 0) -> Iterator[SearchPool]:
    made = SearchPool(size=size, waiting=waiting, clock=time.monotonic, runner=puppet)
    try:
        yield made
    finally:
        made.close()


def until(said: Callable[[], bool]) -> None:
    end = time.monotonic() + 30
    while not said():
        assert time.monotonic() < end
        time.sleep(0.01)


def test_one_process_answers_one_caller_after_the_other() -> None:
    with pool() as searches:
        first, second = (searches.solve(task("pid")).engine for _ in range(2))
        assert first == second != str(os.getpid())


def test_who_finds_all_busy_is_told_at_once_and_a_stop_keeps_the_best() -> None:
    with pool() as searches:
        stopped = threading.Event()
        found: list[Result] = []
        caller = threading.Thread(
            target=lambda: found.append(searches.solve(task("wait"), stop=stopped.is_set))
        )
        caller.start()
        until(lambda: searches.running == 1)
        with pytest.raises(PoolBusyError) as caught:
            searches.solve(task("pid"))
        assert (caught.value.running, caught.value.waiting) == (1, 0)
        stopped.set()
        caller.join(30)
        assert found[0].stopped
        assert searches.solve(task("pid")).engine.isdecimal()


def test_a_dead_process_costs_its_own_search_and_the_next_one_is_answered() -> None:
    with pool() as searches:
        with pytest.raises(SearchLostError):
            searches.solve(task("die"))
        assert searches.solve(task("pid")).engine.isdecimal()


def test_a_refused_problem_is_refused_and_the_process_lives_on() -> None:
    with pool() as searches:
        before = searches.solve(task("pid")).engine
        with pytest.raises(ProblemError):
            searches.solve(task("refuse"))
        assert searches.solve(task("pid")).engine == before


def test_closing_stops_searches_with_their_best_plan_and_sends_those_who_wait_away() -> None:
    searches = SearchPool(size=1, waiting=1, clock=time.monotonic, runner=puppet)
    ends: list[str] = []

    def call(engine: str) -> None:
        try:
            ends.append(searches.solve(task(engine)).engine)
        except PoolBusyError:
            ends.append("sent away")

    callers = [threading.Thread(target=call, args=(engine,)) for engine in ("wait", "pid")]
    callers[0].start()
    until(lambda: searches.running == 1)
    callers[1].start()
    until(lambda: searches.waiting == 1)
    searches.close()
    for caller in callers:
        caller.join(30)
    assert sorted(ends) == ["sent away", "waited"]
    with pytest.raises(PoolBusyError):
        searches.solve(task("pid"))
