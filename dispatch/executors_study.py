"""
A study's work on many processes or machines, through `concurrent.futures.Executor`.

Every piece of work is a pure function of plain values, so what a lost worker had is simply given
out again, and the results are the same whoever computed them, in whatever order and however
often. A pool of processes breaks as a whole when one of them dies: it is replaced, and all that
was not finished is submitted anew. A Dask cluster (`tcp://…`) replaces its own workers; where all
of it goes away, what is known is kept and the caller is told.
"""

from __future__ import annotations

import multiprocessing
import signal
from collections.abc import Callable, Hashable, Mapping
from concurrent.futures import (
    FIRST_COMPLETED,
    BrokenExecutor,
    CancelledError,
    Executor,
    Future,
    ProcessPoolExecutor,
    wait,
)
from contextlib import suppress
from types import TracebackType
from typing import Any, Self, TypeVar

from dispatch.errors import DispatchError
from dispatch.executors_process import interrupts_held_back

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
R = TypeVar("R")

_TICK = 0.2
"""Seconds between two looks at the stop flag."""

_MOST_LOSSES = 5
"""So many pools in a row that break without finishing anything are the work's fault."""

_LOST = (BrokenExecutor, CancelledError, ConnectionError, OSError)
"""What is raised for a piece whose worker went away; the piece itself raises none of these."""

MakeExecutor = Callable[[], Executor]


class WorkersLostError(DispatchError):
    """The machines that compute went away, again and again (`.detail` says what was seen)."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(
            f"the workers were lost ({detail}); what is finished is kept. "
            "Check the machine's memory or the cluster, and run again"
        )


class NoClusterError(DispatchError):
    """No cluster answers at the address, or the extra for it is not installed."""

    def __init__(self, address: str, detail: str) -> None:
        self.address = address
        self.detail = detail
        super().__init__(
            f"no cluster at {address} ({detail}); start one with 'dask scheduler' and "
            "'dask worker', install the extra 'cluster', or leave out --cluster"
        )


def processes(workers: int) -> MakeExecutor:
    """Return what starts so many processes on this machine."""

    def make() -> Executor:
        # Spawned: the caller may hold threads, which do not survive a fork.
        return ProcessPoolExecutor(
            workers, mp_context=multiprocessing.get_context("spawn"), initializer=_deaf
        )

    return make


def _deaf() -> None:
    """Leave Ctrl-C, which the terminal sends to every process, to the one that started this one."""
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    if hasattr(signal, "pthread_sigmask"):
        signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGINT})


def cluster(address: str, *, timeout: float = 10.0) -> MakeExecutor:
    """
    Return what connects to a Dask scheduler.

    Raises
    ------
    NoClusterError
        When called: Dask is not installed, nobody answers, or the cluster has no workers.
    """

    def make() -> Executor:
        try:
            from dispatch.executors_dask import connect
        except ImportError as error:
            raise NoClusterError(address, str(error)) from None
        try:
            return connect(address, timeout=timeout)
        except (OSError, ValueError, TimeoutError) as error:
            detail = str(error) or type(error).__name__
            raise NoClusterError(address, detail.splitlines()[0]) from None

    return make


class Pool:
    """
    Workers that are started when they are first needed, kept from one round of work to the next,
    and replaced when they break.

    Parameters
    ----------
    make
        Starts an executor.
    """

    def __init__(self, make: MakeExecutor) -> None:
        self._make = make
        self._executor: Executor | None = None
        self._own: set[Any] = set()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if isinstance(error, KeyboardInterrupt):
            self.kill()
        self.end()

    def executor(self) -> Executor:
        """Return the executor, started if it is not there."""
        if self._executor is None:
            self._executor = self._make()
        return self._executor

    def submit(self, work: Callable[[T], R], tasks: Mapping[K, T]) -> dict[Future[R], K]:
        """Hand out all tasks."""
        executor = self.executor()
        others = set(multiprocessing.active_children())
        with interrupts_held_back():
            futures = {executor.submit(work, task): key for key, task in tasks.items()}
        self._own |= set(multiprocessing.active_children()) - others
        return futures

    def end(self, futures: Mapping[Future[R], K] | None = None) -> None:
        """
        End the executor; pieces that are under way on this machine come to their end first.

        A pool of processes cancels by itself what it has not begun: a future that the caller
        cancels while the pool breaks ends in an error on the screen (`InvalidStateError`, up to
        Python 3.11).
        """
        executor, self._executor = self._executor, None
        if executor is None:
            return
        if isinstance(executor, ProcessPoolExecutor):
            executor.shutdown(wait=True, cancel_futures=True)
            self._own.clear()
            return
        for future in futures or ():
            future.cancel()
        with suppress(*_LOST):
            executor.shutdown(wait=False)

    def kill(self) -> None:
        """Kill the processes on this machine: nobody waits for what they are at."""
        for process in self._own:
            process.kill()


def run_all(
    tasks: Mapping[K, T],
    work: Callable[[T], R],
    *,
    pool: Pool,
    on_done: Callable[[K, R], None],
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """
    Do all tasks and hand each result over as it comes; return False when stopped before the end.

    After a stop the pieces that are under way come to their end and are handed over too.

    Raises
    ------
    WorkersLostError
        Workers are lost again and again, or a whole cluster is gone. What was handed over stays.
    NoClusterError
        There is no cluster at the beginning.
    """
    left: dict[K, T] = dict(tasks)
    losses = 0
    futures: dict[Future[R], K] = {}
    while left:
        before = len(left)
        try:
            futures = pool.submit(work, left)
            if not _collect(futures, left, on_done, stop):
                pool.end(futures)
                with suppress(*_LOST):
                    _hand_over(futures, left, on_done)
                return False
        except KeyboardInterrupt:
            pool.kill()
            raise
        except NoClusterError as error:
            if not losses:
                raise
            raise WorkersLostError(error.detail) from None
        except _LOST as error:
            pool.end(futures)
            losses = losses + 1 if len(left) == before else 1
            if losses >= _MOST_LOSSES:
                raise WorkersLostError(_said(error)) from None
        except BaseException:
            pool.end(futures)
            raise
    return True


def _said(error: BaseException) -> str:
    return f"{type(error).__name__}: {error}".splitlines()[0]


def _collect(
    futures: Mapping[Future[R], K],
    left: dict[K, T],
    on_done: Callable[[K, R], None],
    stop: Callable[[], bool],
) -> bool:
    waiting: set[Future[Any]] = set(futures)
    while waiting:
        if stop():
            return False
        finished, waiting = wait(waiting, timeout=_TICK, return_when=FIRST_COMPLETED)
        _hand_over({future: futures[future] for future in finished}, left, on_done)
    return True


def _hand_over(
    futures: Mapping[Future[R], K], left: dict[K, T], on_done: Callable[[K, R], None]
) -> None:
    """Hand over what is finished; only then raise what broke the rest."""
    broken: BaseException | None = None
    for future, key in futures.items():
        if key not in left or not future.done():
            continue
        try:
            result = future.result()
        except _LOST as error:
            broken = error
            continue
        del left[key]
        on_done(key, result)
    if broken is not None:
        raise broken
