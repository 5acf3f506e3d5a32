"""
Searches for callers that wait for the answer: a few processes, kept warm, one search each.

`executors` starts processes for one day's plan and ends them with it; here a caller is answered
within a second or two, so that starting a process each time would be most of the wait. No more
searches run at once than there are processes; some more callers wait their turn, and the next one
is told at once that all is busy. A process that dies costs its own caller's search alone.
"""

from __future__ import annotations

import multiprocessing
import os
import threading
from collections.abc import Callable
from contextlib import contextmanager
from dataclasses import dataclass
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from typing import TYPE_CHECKING, Any

from dispatch.errors import DispatchError
from dispatch.executors import SearchLostError
from dispatch.executors_process import Runner, Task, interrupts_held_back, run_task, work
from solver.model import Result

if TYPE_CHECKING:
    from collections.abc import Iterator

_TICK = 0.05
"""Seconds between two looks at the caller's stop."""

_PATIENCE = 20.0
"""Seconds beyond its time after which a search is taken for deaf and its process ended."""

_CLOSE_SECONDS = 5.0
"""Seconds for searches to hear that the pool closes."""

_NICE = 5
"""By how much searches give way to the server that answers everybody else meanwhile."""

_START_SECONDS = 120.0
"""Seconds within which a process must have started."""


class PoolBusyError(DispatchError):
    """All processes search and enough callers wait (`.running`, `.waiting`)."""

    def __init__(self, *, running: int, waiting: int) -> None:
        self.running = running
        self.waiting = waiting
        super().__init__(
            f"{running} searches are running and {waiting} are waiting; ask again in a few seconds"
        )


@dataclass(slots=True, eq=False)
class _Worker:
    process: SpawnProcess
    pipe: connection.Connection
    flag: Any
    ready: bool = False

    def end(self) -> None:
        self.process.kill()
        self.process.join()
        self.process.close()
        self.pipe.close()


def _never() -> bool:
    return False


class SearchPool:
    """
    A bounded number of search processes, for use from many threads.

    Parameters
    ----------
    size
        Searches at the same time.
    waiting
        Callers that may wait for their turn.
    clock
        Seconds on a clock that never goes back.
    runner
        What a process does with a task.
    """

    def __init__(
        self,
        *,
        size: int,
        waiting: int,
        clock: Callable[[], float],
        runner: Runner = run_task,
    ) -> None:
        if size < 1 or waiting < 0:
            raise ValueError("a pool needs at least one process and no negative queue")
        self._size = size
        self._most_waiting = waiting
        self._clock = clock
        self._runner = runner
        self._context = multiprocessing.get_context("spawn")
        self._turn = threading.Condition()
        self._idle: list[_Worker] = []
        self._busy: set[_Worker] = set()
        self._running = 0
        self._waiting = 0
        self._closed = False

    @property
    def running(self) -> int:
        """How many searches are on."""
        return self._running

    @property
    def waiting(self) -> int:
        """How many callers wait for their turn."""
        return self._waiting

    def solve(self, task: Task, *, stop: Callable[[], bool] = _never) -> Result:
        """
        Search one task in one of the processes and return what it found.

        Parameters
        ----------
        task
            With a limit of seconds; a search that does not end soon after it is ended.
        stop
            Asked often; True ends the search, which answers with its best plan so far.

        Raises
        ------
        PoolBusyError
            Too many callers wait already, or the pool is closing.
        SolverError
            The problem contradicts itself, or the engine cannot honour it.
        SearchLostError
            The process died, or did not end in time.
        """
        with self._my_turn():
            worker = self._take()
            try:
                content = self._ask(worker, task, stop)
            except BaseException:
                self._drop(worker)
                raise
            self._give_back(worker)
        if isinstance(content, Result):
            return content
        if isinstance(content, Exception):
            raise content
        raise SearchLostError(str(content))

    def close(self) -> None:
        """Stop all searches with their best plan so far, take no more, and end the processes."""
        with self._turn:
            self._closed = True
            for worker in self._busy:
                worker.flag.value = 1
            self._turn.notify_all()
            self._turn.wait_for(lambda: not self._running, timeout=_CLOSE_SECONDS)
            idle, self._idle = self._idle, []
            for worker in (*idle, *self._busy):
                worker.process.kill()
        for worker in idle:
            worker.end()

    # ---- turns --------------------------------------------------------------------------------

    @contextmanager
    def _my_turn(self) -> Iterator[None]:
        with self._turn:
            full = self._running >= self._size and self._waiting >= self._most_waiting
            if self._closed or full:
                raise PoolBusyError(running=self._running, waiting=self._waiting)
            self._waiting += 1
            self._turn.wait_for(lambda: self._closed or self._running < self._size)
            self._waiting -= 1
            if self._closed:
                raise PoolBusyError(running=self._running, waiting=self._waiting)
            self._running += 1
        try:
            yield
        finally:
            with self._turn:
                self._running -= 1
                self._turn.notify_all()

    # ---- processes ----------------------------------------------------------------------------

    def _take(self) -> _Worker:
        with self._turn:
            while self._idle:
                worker = self._idle.pop()
                if worker.process.is_alive():
                    break
                worker.end()
            else:
                worker = self._start()
            worker.flag.value = 0
            self._busy.add(worker)
        return worker

    def _start(self) -> _Worker:
        ours, theirs = self._context.Pipe()
        flag = self._context.RawValue("b", 0)
        process = self._context.Process(
            target=work, args=(theirs, flag, os.getpid(), self._runner, _NICE), daemon=True
        )
        with interrupts_held_back():
            process.start()
        theirs.close()
        return _Worker(process, ours, flag)

    def _give_back(self, worker: _Worker) -> None:
        with self._turn:
            self._busy.discard(worker)
            if not self._closed:
                self._idle.append(worker)
                return
        worker.end()

    def _drop(self, worker: _Worker) -> None:
        with self._turn:
            self._busy.discard(worker)
        worker.end()

    # ---- the talk with one --------------------------------------------------------------------

    def _until_ready(self, worker: _Worker) -> None:
        if not worker.ready:
            self._hear(worker, self._clock() + _START_SECONDS, _never, "ready")
            worker.ready = True

    def _ask(self, worker: _Worker, task: Task, stop: Callable[[], bool]) -> Any:
        self._until_ready(worker)
        deadline = None
        if task.seconds is not None:
            deadline = self._clock() + task.seconds + _PATIENCE
        try:
            worker.pipe.send((task, False))
        except OSError:
            raise SearchLostError("a search process ended") from None
        return self._hear(worker, deadline, stop, "result", "refused", "failed")

    def _hear(
        self, worker: _Worker, deadline: float | None, stop: Callable[[], bool], *wanted: str
    ) -> Any:
        """Return the content of the first message of a wanted kind."""
        while deadline is None or self._clock() < deadline:
            if not worker.flag.value and stop():
                worker.flag.value = 1
            if not worker.pipe.poll(_TICK):
                continue
            try:
                kind, content = worker.pipe.recv()
            except (EOFError, OSError):
                raise SearchLostError("a search process ended") from None
            if kind in wanted:
                return content
        raise SearchLostError("a search did not end in its time")
