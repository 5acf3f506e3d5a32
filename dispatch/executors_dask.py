"""
A Dask cluster as an executor; imported only where a cluster is asked for (extra `cluster`).

Dask gives the work of a lost worker to another one by itself. What it cannot mend is told as
`BrokenExecutor`, as a pool of processes does: a piece whose workers died again and again, or a
scheduler that is gone.
"""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import BrokenExecutor, Executor, Future
from contextlib import suppress
from typing import Any

from distributed import Client
from distributed.scheduler import KilledWorker


def connect(address: str, *, timeout: float) -> ClusterExecutor:
    """
    Return an executor over the cluster at an address.

    Parameters
    ----------
    timeout
        Seconds until somebody must have answered, and until there must be a worker.

    Raises
    ------
    OSError, ValueError, TimeoutError
        Nobody answers, the address is none, or there is no worker.
    """
    client = Client(address, timeout=timeout, set_as_default=False)
    try:
        client.wait_for_workers(1, timeout=timeout)
    except BaseException:
        client.close(timeout=timeout)
        raise
    return ClusterExecutor(client)


class ClusterExecutor(Executor):
    """Work on a cluster; `workers` is how many pieces it works on at the same time."""

    def __init__(self, client: Client) -> None:
        self._client = client
        # Without `pure=False` equal submissions would be merged into one.
        self._inner = client.get_executor(pure=False)
        self.workers = sum(client.ncores().values())

    def submit(self, fn: Callable[..., Any], /, *args: Any, **kwargs: Any) -> Future[Any]:
        """Hand a piece of work to the cluster."""
        if self._client.status != "running":
            raise BrokenExecutor("the scheduler is gone")
        inner: Future[Any] = self._inner.submit(fn, *args, **kwargs)
        outer: Future[Any] = Future()

        def done(_: Future[Any]) -> None:
            if not outer.set_running_or_notify_cancel():
                return
            if inner.cancelled():
                outer.set_exception(BrokenExecutor("the cluster dropped the work"))
                return
            error = inner.exception()
            if isinstance(error, KilledWorker):
                outer.set_exception(BrokenExecutor(f"workers died of it: {error.last_worker}"))
            elif error is not None:
                outer.set_exception(error)
            else:
                outer.set_result(inner.result())

        def drop(_: Future[Any]) -> None:
            if outer.cancelled():
                inner.cancel()

        inner.add_done_callback(done)
        outer.add_done_callback(drop)
        return outer

    def shutdown(self, wait: bool = True, *, cancel_futures: bool = False) -> None:
        """Leave the cluster; what is under way there is cancelled."""
        with suppress(Exception):  # whatever is left of a cluster that is gone
            self._inner.shutdown(wait=wait)
        with suppress(Exception):
            self._client.close(timeout=2)
