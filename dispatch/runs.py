"""
Who takes runs up: a thread that claims them, and a process of its own for each.

The process is a new interpreter, not a fork: it shares no lock and no connection with the server,
so that it can be killed without harm, and its search cannot hold the server's lock. It is told what
to do through its input; an address with a password is so in no list of processes.
"""

from __future__ import annotations

import json
import logging
import os
import socket
import subprocess
import sys
import threading
from collections.abc import Callable
from dataclasses import dataclass, field
from uuid import uuid4

from dispatch.bootstrap import TravelChoice
from dispatch.errors import StoreError
from dispatch.office.dispatch import Dispatch
from dispatch.records import Run
from dispatch.running import LEASE_SECONDS

_TICK = 0.3
"""Seconds between two looks at the queue and the processes."""

_STARTUP = 60.0
"""The first lease: a new interpreter compiles, reads and imports before it can prolong it."""

_GRACE = 8.0
"""Seconds that a process has to give its run back when the server stops."""

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Setup:
    """
    What a process needs to know: where the store is and how travel is measured.

    Parameters
    ----------
    processes
        Of one search at the same time; None takes the machine's cores.
    """

    address: str
    travel: TravelChoice = field(default_factory=TravelChoice)
    lease_seconds: float = LEASE_SECONDS
    processes: int | None = None

    def message(self, run: Run) -> str:
        """Return what the process of a run is told."""
        travel = self.travel
        return json.dumps(
            {
                "address": self.address,
                "run": run.id,
                "token": run.token,
                "lease_seconds": self.lease_seconds,
                "processes": self.processes,
                "travel": {
                    "roads": None if travel.roads is None else str(travel.roads),
                    "traffic": travel.traffic,
                    "osrm": list(travel.osrm),
                    "valhalla": travel.valhalla,
                },
            }
        )


class RunManager:
    """
    Claims runs and gives each a process, as many at the same time as it may.

    Several managers, on several machines, may work on one store.

    Parameters
    ----------
    workers
        Runs at the same time; 0 claims none.
    """

    def __init__(self, desk: Dispatch, *, setup: Setup, workers: int = 1) -> None:
        self._desk = desk
        self._setup = setup
        self._workers = workers
        self._name = f"{socket.gethostname()}:{os.getpid()}:{uuid4().hex[:8]}"
        self._children: dict[str, tuple[Run, subprocess.Popen[str]]] = {}
        self._end = threading.Event()
        self._wake = threading.Event()
        self._thread = threading.Thread(target=self._loop, name="runs", daemon=True)

    def start(self) -> None:
        """Begin to take runs up."""
        if self._workers > 0:
            self._thread.start()

    def wake(self) -> None:
        """Look at the queue now: a run has just been asked for."""
        self._wake.set()

    @property
    def busy(self) -> int:
        """How many runs are being worked on."""
        return len(self._children)

    @property
    def pids(self) -> tuple[int, ...]:
        """The processes that work."""
        return tuple(process.pid for _, process in self._children.values())

    def close(self) -> None:
        """Stop taking runs up, and let those that run go back to the queue with what they have."""
        self._end.set()
        self._wake.set()
        if self._thread.is_alive():
            self._thread.join()
        for _, process in self._children.values():
            process.terminate()
        for run, process in self._children.values():
            try:
                process.wait(timeout=_GRACE)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
            self._patient(lambda run=run: self._give_back(run))  # type: ignore[misc]
        self._children.clear()

    def _loop(self) -> None:
        while not self._end.is_set():
            self._reap()
            while len(self._children) < self._workers and not self._end.is_set():
                if not self._patient(self._take):
                    break
            self._wake.wait(_TICK)
            self._wake.clear()

    def _take(self) -> bool:
        at = self._desk.now
        with self._desk.store.reading() as uow:
            if not uow.runs.waits(at):
                return False
        with self._desk.store.writing(by=self._name, at=at) as uow:
            run = uow.runs.claim(worker=self._name, lease_seconds=_STARTUP)
        if run is None:
            return False
        process = subprocess.Popen(
            [sys.executable, "-m", "dispatch.run_process"],
            stdin=subprocess.PIPE,
            stdout=subprocess.DEVNULL,
            text=True,
            # Ctrl-C at the terminal is for the server; it then tells its processes.
            start_new_session=True,
        )
        self._children[run.id] = (run, process)
        assert process.stdin is not None
        try:
            process.stdin.write(self._setup.message(run))
            process.stdin.close()
        except BrokenPipeError:
            logger.warning("the process of run %s died at once", run.id)
        return True

    def _reap(self) -> None:
        for key, (run, process) in list(self._children.items()):
            if process.poll() is None:
                continue
            del self._children[key]
            if process.returncode != 0:
                logger.warning("the process of run %s ended with %d", key, process.returncode)
            self._patient(lambda run=run: self._give_back(run))  # type: ignore[misc]

    def _give_back(self, run: Run) -> bool:
        """Put a run whose process is dead back into the queue, unless it is over or another's."""
        with self._desk.store.writing(by=self._name, at=self._desk.now) as uow:
            return uow.runs.release(run.id, token=run.token)

    def _patient(self, do: Callable[[], bool]) -> bool:
        try:
            return do()
        except StoreError as error:
            # What is not given back now is free when its lease ends.
            logger.warning("the queue of runs cannot be used now: %s", error.key)
            return False
