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
from typing import Any, TypeVar

from dispatch.errors import DispatchError

K = TypeVar("K", bound=Hashable)
T = TypeVar("T")
R = TypeVar("R")

_TICK = 0.2
"""Seconds between two looks at the stop flag."""

_MOST_LOSSES = 5
"""So many pools in a row that break without finishing anything are the work's fault."""

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
        return ProcessPoolExecutor(workers, mp_context=multiprocessing.get_context("spawn"))

    return make


def cluster(address: str, *, timeout: float = 10.0) -> MakeExecutor:
    """
    Return what connects to a Dask scheduler.

    Raises
    ------
    NoClusterError
        When called: Dask is not installed, or nobody answers.
    """

    def make() -> Executor:
        try:
            from distributed import Client
        except ImportError as error:
            raise NoClusterError(address, str(error)) from None
        try:
            client = Client(address, timeout=timeout, set_as_default=False)
        except (OSError, ValueError, TimeoutError) as error:
            raise NoClusterError(address, str(error)) from None
        # Without `pure=False` equal submissions would be merged into one.
        executor: Executor = client.get_executor(pure=False)
        return executor

    return make


def run_all(
    tasks: Mapping[K, T],
    work: Callable[[T], R],
    *,
    make: MakeExecutor,
    on_done: Callable[[K, R], None],
    stop: Callable[[], bool] = lambda: False,
) -> bool:
    """
    Do all tasks and hand each result over as it comes; return False when stopped before the end.

    Raises
    ------
    WorkersLostError
        Workers are lost again and again, or a whole cluster is gone. What was handed over stays.
    """
    left: dict[K, T] = dict(tasks)
    losses = 0
    while left:
        executor = make()
        futures: dict[Future[R], K] = {}
        before = len(left)
        try:
            futures = {executor.submit(work, task): key for key, task in left.items()}
            if not _collect(futures, left, on_done, stop):
                return False
        except (BrokenExecutor, CancelledError, ConnectionError, OSError) as error:
            losses = losses + 1 if len(left) == before else 0
            if losses >= _MOST_LOSSES:
                raise WorkersLostError(f"{type(error).__name__}: {error}") from None
        finally:
            for future in futures:
                future.cancel()
            _end(executor)
    return True


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
        broken: BaseException | None = None
        for future in finished:
            try:
                result = future.result()
            except (BrokenExecutor, CancelledError, ConnectionError) as error:
                # Others of the same look may be finished: they are kept before the loss is told.
                broken = error
                continue
            key = futures[future]
            del left[key]
            on_done(key, result)
        if broken is not None:
            raise broken
    return True


def _end(executor: Executor) -> None:
    executor.shutdown(wait=False, cancel_futures=True) if isinstance(
        executor, ProcessPoolExecutor
    ) else executor.shutdown(wait=False)
