"""
Search in processes of their own, several parts of a day at the same time.

Why processes: the OR-Tools routing library holds Python's lock for a whole solve, so threads
would wait for one another and a stop would never be heard. Why one pipe for each process and a
bare byte as stop flag: a process that is killed can then leave no lock behind that others wait for.

Time is shared out by size. Parts are dealt to the workers, the largest first and always to the
one with the least work; each part gets the share of its worker's remaining time that its jobs are
of the worker's remaining jobs, so that all workers end together, when the time is up. Where parts
must wait for one another, each is first planned at once, so that the whole has a plan within
seconds however long the search is to go on; then each gets a short look, so that a stop at any
moment, or a process that dies, finds a good plan for every office.

References
----------
R. L. Graham, "Bounds on Multiprocessing Timing Anomalies", SIAM Journal on Applied Mathematics
17(2), 1969 (largest first).
"""

from __future__ import annotations

import multiprocessing
import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from multiprocessing import connection
from multiprocessing.context import SpawnProcess
from typing import Any

from dispatch.errors import DispatchError
from dispatch.executors_process import Runner, Task, interrupts_held_back, run_task, work
from solver.checker import check
from solver.components import Part, merge, split
from solver.model import Plan, Problem, Progress, Result, Tour
from solver.schedule import schedule

_TICK = 0.05
"""Seconds between two looks at the stop flag and the workers."""

_RESERVE = 0.02
"""The share of the time kept for putting the parts together and judging the whole."""

_LOOKS = 0.15
"""The share of the time for the first looks, where parts wait for one another."""

_AT_ONCE = 0.3
"""Seconds for each part's first plan, where its look would come much later."""

_LEAST_SECONDS = 0.05

_LEAST_FIRST_SECONDS = 0.3
"""A part without any plan gets this much, whatever the clock says: no plan is no answer."""

_LOOK_AFTER_STOP = 0.5

_PATIENCE = 3.0
"""Seconds for an engine to hear that it is over; then its process ends, if a plan is at hand."""

_MOST_LOSSES = 2
"""A part whose process dies this often is left as it was."""


class SearchLostError(DispatchError):
    """No part could be searched (`.detail` says what was seen)."""

    def __init__(self, detail: str) -> None:
        self.detail = detail
        super().__init__(
            f"the search was lost ({detail}); check the machine's memory and process limits, "
            "or plan with fewer workers"
        )

    def __reduce__(self) -> tuple[type[SearchLostError], tuple[str]]:
        return type(self), (self.detail,)


def cores_here() -> int:
    """Return how many cores this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def _never() -> bool:
    return False


def solve_parts(
    problem: Problem,
    *,
    clock: Callable[[], float],
    seconds: float | None = None,
    iterations: int | None = None,
    seed: int = 0,
    engine: str = "auto",
    start: Sequence[Tour] | None = None,
    workers: int | None = None,
    whole: bool = False,
    on_progress: Callable[[Progress], None] | None = None,
    stop: Callable[[], bool] = _never,
    runner: Runner = run_task,
    nice: int = 0,
) -> Result:
    """
    Search the independent parts of a problem side by side and return one checked result.

    Parameters
    ----------
    clock
        Seconds on a clock that never goes back.
    seconds
        Wall time for everything, starting processes and the final check included.
    iterations
        For each part; without `seconds` the result depends on the seed alone.
    workers
        Processes at the same time; None takes the machine's cores.
    whole
        Do not take the problem apart: one process gets all of it and all the threads.
    stop
        Asked many times a second; True ends the search, the best found so far is returned.
    nice
        By how much the processes give way to others.

    Raises
    ------
    SolverError
        The problem contradicts itself, or the engine cannot honour it.
    SearchLostError
        Processes cannot be started, or die before they are ready.
    """
    began = clock()
    cores = max(workers or cores_here(), 1)
    parts = _parts(problem, whole=whole)
    searched = [part for part in parts if not part.idle]
    plans = {id(part): schedule(part.problem, ()) for part in parts if part.idle}
    history: list[Progress] = []
    used: set[str] = set()
    count = 0
    stopped = False
    if searched:
        threads = max(cores // len(searched), 1)
        jobs = [
            _Share(
                number=number,
                part=part,
                task=Task(
                    problem=part.problem,
                    seconds=seconds,
                    iterations=iterations,
                    seed=seed + number,
                    engine=engine,
                    start=None if start is None else part.tours_of(start),
                    threads=threads,
                ),
            )
            for number, part in enumerate(searched)
        ]
        team = _Team(
            jobs,
            size=min(cores, len(searched)),
            deadline=None if seconds is None else began + seconds * (1 - _RESERVE),
            began=began,
            clock=clock,
            on_progress=on_progress,
            stop=stop,
            runner=runner,
            nice=nice,
        )
        stopped = team.run()
        history = team.history
        for share in jobs:
            plans[id(share.part)] = share.plan()
            count += share.iterations
            used.update({share.result.engine} if share.result is not None else ())
        lost = [share for share in jobs if share.result is None]
        if len(lost) == len(jobs):
            raise SearchLostError(lost[0].error or "no part returned a plan")
    plan = merge(problem, [plans[id(part)] for part in parts])
    return Result(
        plan=plan,
        report=check(problem, plan),
        engine="+".join(sorted(used)) or engine,
        seed=seed,
        iterations=count,
        seconds=clock() - began,
        history=tuple(history),
        stopped=stopped,
    )


def _parts(problem: Problem, *, whole: bool) -> tuple[Part, ...]:
    if whole and problem.vehicles and (problem.jobs or problem.shipments):
        return (Part(problem=problem, rows=tuple(range(len(problem.places)))),)
    return split(problem)


@dataclass(slots=True, kw_only=True)
class _Share:
    """One part on its way: its task, its latest figures, and its best result so far."""

    number: int
    part: Part
    task: Task
    result: Result | None = None
    latest: Progress | None = None
    tours: tuple[Tour, ...] = ()
    behind: bool = False
    iterations: int = 0
    losses: int = 0
    error: str = ""
    done: bool = False

    @property
    def size(self) -> int:
        return self.part.tasks

    def keep(self, result: Result) -> None:
        self.iterations += result.iterations
        if self.result is None or _verdict(result) <= _verdict(self.result):
            self.result = result
            self.tours = tuple(route.tour for route in result.plan.routes)

    def plan(self) -> Plan:
        if self.result is not None:
            return self.result.plan
        # Lost for good: what it started from is all that is known of it.
        return schedule(self.part.problem, self.task.start or ())


def _verdict(result: Result) -> tuple[int, int]:
    return len(result.report.violations), result.report.cost.total


@dataclass(slots=True, eq=False)
class _Worker:
    """One process, our end of its pipe, and the parts that wait for it."""

    process: SpawnProcess
    pipe: connection.Connection
    at_once: list[_Share] = field(default_factory=list)
    first: list[_Share] = field(default_factory=list)
    later: list[_Share] = field(default_factory=list)
    busy: _Share | None = None
    ready: bool = False


def _load(shares: Sequence[_Share]) -> int:
    return sum(share.size for share in shares)


class _Team:
    """The workers of one run and the loop that feeds and hears them."""

    def __init__(
        self,
        shares: Sequence[_Share],
        *,
        size: int,
        deadline: float | None,
        began: float,
        clock: Callable[[], float],
        on_progress: Callable[[Progress], None] | None,
        stop: Callable[[], bool],
        runner: Runner,
        nice: int,
    ) -> None:
        self.shares = shares
        self.deadline = deadline
        self.began = began
        self.clock = clock
        self.on_progress = on_progress
        self.stop = stop
        self.runner = runner
        self.nice = nice
        self.history: list[Progress] = []
        self.context = multiprocessing.get_context("spawn")
        # A bare byte, no lock: a worker killed while it looks cannot block the others.
        self.flag = self.context.RawValue("b", 0)
        self.size = size
        self.workers: list[_Worker] = []
        self.false_starts = 0
        # With a worker for each part all begin at once, and a first look would only cost time.
        self.looks = deadline is not None and len(shares) > size

    def run(self) -> bool:
        """Search all parts; return whether a stop was asked for."""
        stopped = False
        try:
            self._hire()
            while not all(share.done for share in self.shares):
                if not stopped and self.stop():
                    stopped = True
                    self._stop()
                self._listen()
                self._end_the_deaf()
        finally:
            self.flag.value = 1
            self._dismiss()
        return stopped

    # ---- workers ------------------------------------------------------------------------------

    def _hire(self) -> None:
        self.workers = [self._start() for _ in range(self.size)]
        for share in sorted(self.shares, key=lambda share: -share.size):
            idlest = min(self.workers, key=lambda worker: _load(worker.later))
            idlest.later.append(share)
        if self.looks:
            for worker in self.workers:
                worker.first = list(worker.later)
                if self._look_seconds(worker) > 2 * _AT_ONCE * len(worker.later):
                    worker.at_once = list(worker.later)

    def _look_seconds(self, worker: _Worker) -> float:
        """Return what is left for looks at a worker's parts, those looked at already left out."""
        if self.deadline is None:
            return 0.0
        left = max(self.deadline - self.clock(), 0.0)
        # Those looked at already have used their share of the looks' time, so what is
        # left of it is told by what is left of the work.
        done = 1 - _load(worker.first) / max(_load(worker.later), 1)
        return _LOOKS * left / max(1 - _LOOKS * done, 0.01)

    def _start(self) -> _Worker:
        ours, theirs = self.context.Pipe()
        process = self.context.Process(
            target=work, args=(theirs, self.flag, os.getpid(), self.runner, self.nice), daemon=True
        )
        with interrupts_held_back():
            process.start()
        theirs.close()
        return _Worker(process, ours)

    def _dismiss(self) -> None:
        # Everything that a worker had to say has been heard, and it holds nothing that others
        # need: waiting for its orderly end would only cost the plan's time.
        for worker in self.workers:
            worker.process.kill()
        for worker in self.workers:
            worker.process.join()
            worker.process.close()
            worker.pipe.close()

    # ---- the loop -----------------------------------------------------------------------------

    def _stop(self) -> None:
        self.flag.value = 1
        self.deadline = self.clock()
        for worker in self.workers:
            # What was looked at once keeps that plan; what was not still gets its short look.
            for share in worker.later:
                share.done = share.result is not None
            worker.first = [s for s in worker.later if not s.done and s is not worker.busy]
            worker.at_once, worker.later = [], []
            if worker.busy is not None:
                worker.busy.done = False
            if worker.ready and worker.busy is None:
                self._feed(worker)

    def _end_the_deaf(self) -> None:
        """End processes whose engine does not hear that it is over and whose part has a plan."""
        if self.deadline is None or self.clock() < self.deadline + _PATIENCE:
            return
        for worker in list(self.workers):
            if worker.busy is not None and worker.busy.result is not None:
                worker.process.kill()
                self._lost(worker)

    def _listen(self) -> None:
        pipes = {worker.pipe: worker for worker in self.workers}
        for pipe in connection.wait(list(pipes), timeout=_TICK):
            worker = pipes[pipe]  # type: ignore[index]
            try:
                message = worker.pipe.recv()
            except (EOFError, OSError):
                self._lost(worker)
                continue
            self._heard(worker, message)

    def _heard(self, worker: _Worker, message: tuple[str, Any]) -> None:
        kind, content = message
        share = worker.busy
        if kind == "refused":
            raise content
        if kind == "ready":
            worker.ready = True
            self._feed(worker)
        elif share is not None and kind == "progress":
            share.latest = replace(content, tours=None)
            # The latest figures may come without their tours, which then lag behind.
            share.behind = content.tours is None and bool(share.tours)
            share.tours = content.tours or share.tours
            self._tell(better=content.tours is not None)
        elif share is not None and kind == "result":
            share.keep(content)
            if share.behind:
                share.behind = False
                self._tell(better=True)
            self._free(worker)
        elif share is not None and kind == "failed":
            share.error = content
            share.losses += 1
            self._again(worker.later, share)
            self._free(worker)

    def _free(self, worker: _Worker) -> None:
        share, worker.busy = worker.busy, None
        if share is not None and share not in worker.later:
            share.done = True
        self._feed(worker)

    def _feed(self, worker: _Worker) -> None:
        queue = worker.at_once or worker.first or worker.later
        if not queue:
            return
        share = queue[0]
        seconds = None
        if self.deadline is not None:
            left = max(self.deadline - self.clock(), 0.0)
            if self.flag.value:
                seconds = _LOOK_AFTER_STOP
            elif queue is worker.at_once:
                seconds = _AT_ONCE
            elif queue is worker.first:
                seconds = self._look_seconds(worker) * share.size / max(_load(worker.later), 1)
            else:
                seconds = left * share.size / _load(queue)
            least = _LEAST_SECONDS if share.result is not None else _LEAST_FIRST_SECONDS
            seconds = max(seconds, least)
        queue.pop(0)
        worker.busy = share
        begin = share.task.start
        if share.result is not None:
            begin = tuple(route.tour for route in share.result.plan.routes)
        try:
            worker.pipe.send(
                (replace(share.task, seconds=seconds, start=begin), bool(self.flag.value))
            )
        except OSError:
            self._lost(worker)

    def _lost(self, worker: _Worker) -> None:
        """Replace a dead worker; the part it was at is searched again, once."""
        if worker not in self.workers:
            return
        self.workers.remove(worker)
        worker.process.join()
        code = worker.process.exitcode
        worker.pipe.close()
        worker.process.close()
        share = worker.busy
        if share is not None:
            share.losses += 1
            share.error = f"its process ended with code {code}"
            self._again(worker.later, share)
            share.done = share not in worker.later
        elif not worker.ready:
            self.false_starts += 1
            if self.false_starts > self.size:
                raise SearchLostError(f"a process ended with code {code} before it was ready")
        if worker.first or worker.later:
            replacement = self._start()
            replacement.at_once = worker.at_once
            replacement.first, replacement.later = worker.first, worker.later
            self.workers.append(replacement)

    def _again(self, later: list[_Share], share: _Share) -> None:
        if share.losses >= _MOST_LOSSES or self.flag.value:
            if share in later:
                later.remove(share)
        elif share not in later:
            later.insert(0, share)

    # ---- figures ------------------------------------------------------------------------------

    def _tell(self, *, better: bool) -> None:
        now = self.clock() - self.began
        cost = iterations = unassigned = vehicles = 0
        for share in self.shares:
            latest = share.latest
            if latest is not None:
                cost += latest.cost
                iterations += latest.iterations
                unassigned += latest.unassigned
                vehicles += latest.vehicles
            else:
                problem = share.part.problem
                cost += sum(job.skip_cost or 0 for job in problem.jobs)
                cost += sum(shipment.skip_cost or 0 for shipment in problem.shipments)
                unassigned += share.size
        progress = Progress(
            seconds=now, iterations=iterations, cost=cost, unassigned=unassigned, vehicles=vehicles
        )
        if self.history and now - self.history[-1].seconds < _TICK:
            self.history[-1] = progress
        else:
            self.history.append(progress)
        if self.on_progress is not None:
            # Before every part has been looked at, there is no plan of the whole.
            whole = better and all(share.latest is not None for share in self.shares)
            tours = tuple(tour for share in self.shares for tour in share.tours)
            self.on_progress(replace(progress, tours=tours if whole else None))
