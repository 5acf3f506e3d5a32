"""
The inside of a search process: what it is sent, how it starts, what it answers.

A process is spawned, never forked (a fork would copy the locks of the parent's threads), and hears
and answers through one pipe: `("ready", None)` once, then for each task any number of
`("progress", Progress)` and one of `("result", Result)`, `("failed", text)` or
`("refused", SolverError)`.
"""

from __future__ import annotations

import contextlib
import os
import signal
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from multiprocessing import connection, resource_tracker
from typing import Any

from solver.errors import SolverError
from solver.model import Problem, Progress, Result, Tour
from solver.schedule import schedule

_TOURS_EVERY = 0.5
"""Seconds between two plans that are sent while the search goes on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Task:
    """What one process is to search: plain values, so that it can be sent anywhere."""

    problem: Problem
    seconds: float | None
    iterations: int | None
    seed: int
    engine: str
    start: tuple[Tour, ...] | None
    threads: int


Runner = Callable[[Task, Callable[[Progress], None], Callable[[], bool]], Result]
"""
What a process does with a task: (task, on_progress, stop) to a checked result.

A function at the top of a module, so that a spawned process finds it by name.
"""


def run_task(
    task: Task, on_progress: Callable[[Progress], None], stop: Callable[[], bool]
) -> Result:
    """Solve one task through the solver's one door."""
    from solver.pipeline import solve

    return solve(
        task.problem,
        seconds=task.seconds,
        iterations=task.iterations,
        seed=task.seed,
        engine=task.engine,
        start=None if task.start is None else schedule(task.problem, task.start),
        threads=task.threads,
        on_progress=on_progress,
        stop=stop,
        clock=time.monotonic,
    )


@contextlib.contextmanager
def interrupts_held_back() -> Iterator[None]:
    """
    Hold Ctrl-C back while a process starts.

    A child inherits the mask: until it has set its own handling it would end with a stack trace
    on the screen, as the terminal sends Ctrl-C to every process.
    """
    if not hasattr(signal, "pthread_sigmask"):
        yield
        return
    # Starting the tracker lets signals through again, so it must be running before.
    resource_tracker.ensure_running()
    before = signal.pthread_sigmask(signal.SIG_BLOCK, {signal.SIGINT})
    try:
        yield
    finally:
        signal.pthread_sigmask(signal.SIG_SETMASK, before)


def work(
    pipe: connection.Connection, flag: Any, parent: int, runner: Runner, nice: int = 0
) -> None:
    """Search what comes through the pipe until it is closed; runs in a process of its own."""
    if nice and hasattr(os, "nice"):
        os.nice(nice)
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})
    if runner is run_task:
        # The slow imports, before the clock of the first part starts.
        import solver.pipeline  # noqa: F401

    hurried = False

    def stop() -> bool:
        tell_waiting()
        # A parent that was killed leaves its children to another process: nobody waits any more.
        return (bool(flag.value) and not hurried) or os.getppid() != parent

    last = float("-inf")
    waiting: Progress | None = None

    def tell(progress: Progress) -> None:
        nonlocal last, waiting
        now = time.monotonic()
        # Tours are some fifty kilobytes for a province, and plans improve many times a second.
        if progress.tours is not None and now - last < _TOURS_EVERY:
            waiting = progress
            progress = replace(progress, tours=None)
        elif progress.tours is not None:
            last, waiting = now, None
        pipe.send(("progress", progress))

    def tell_waiting() -> None:
        # What was held back is the best by now, if nothing better has come.
        if waiting is not None and time.monotonic() - last >= _TOURS_EVERY:
            tell(waiting)

    try:
        pipe.send(("ready", None))
        while True:
            # A hurried task is a first look after a stop: it has seconds instead of the flag.
            task, hurried = pipe.recv()
            last, waiting = float("-inf"), None
            pipe.send(_answer(task, runner, tell, stop))
    except (OSError, EOFError):
        sys.exit(0)


def _answer(
    task: Task,
    runner: Runner,
    tell: Callable[[Progress], None],
    stop: Callable[[], bool],
) -> tuple[str, Any]:
    try:
        return "result", runner(task, tell, stop)
    except (BrokenPipeError, ConnectionError):
        raise
    except SolverError as error:
        # The problem itself is refused, and would be everywhere.
        return "refused", error
    except Exception as error:  # noqa: BLE001 - this part's loss, not the day's
        return "failed", f"{type(error).__name__}: {error}"
