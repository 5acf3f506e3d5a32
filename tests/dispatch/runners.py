"""Stand-ins for a search, to be run in processes of their own: quick, slow, failing, dying."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from pathlib import Path

from dispatch.executors_process import Task
from solver.checker import check
from solver.errors import UnsupportedError
from solver.model import Job, Problem, Progress, Result, Step, StopKind, Tour
from solver.schedule import schedule

Tell = Callable[[Progress], None]
Stop = Callable[[], bool]


def quick(task: Task, tell: Tell, stop: Stop) -> Result:
    """Give every job to the first vehicle that may do it, in the order of the problem."""
    result = _result(task, _in_order(task.problem), 1)
    tell(_progress(result))
    return result


def patient(task: Task, tell: Tell, stop: Stop) -> Result:
    """Use all of the time, as an engine does; leave one job of each part out until the end."""
    began = time.monotonic()
    tours = _in_order(task.problem)
    short = tuple(Tour(vehicle=t.vehicle, steps=t.steps[:-1]) for t in tours)
    tell(_progress(_result(task, short, 0)))
    assert task.seconds is not None
    count = 0
    while time.monotonic() - began < task.seconds and not stop():
        time.sleep(0.005)
        count += 1
    result = _result(task, tours, count)
    tell(_progress(result))
    return result


def dies_once(task: Task, tell: Tell, stop: Stop) -> Result:
    """Kill the process at the first part that has a job 'fatal', once for each marker file."""
    if any(job.id.startswith("fatal") for job in task.problem.jobs):
        marker = Path(task.engine)
        if not marker.exists():
            marker.touch()
            os.kill(os.getpid(), signal.SIGKILL)
    return quick(task, tell, stop)


def dies_always(task: Task, tell: Tell, stop: Stop) -> Result:
    """Kill the process whenever a part has a job 'fatal'."""
    if any(job.id.startswith("fatal") for job in task.problem.jobs):
        os.kill(os.getpid(), signal.SIGKILL)
    return quick(task, tell, stop)


def fails(task: Task, tell: Tell, stop: Stop) -> Result:
    """Raise what no engine should raise where a part has a job 'fatal'."""
    if any(job.id.startswith("fatal") for job in task.problem.jobs):
        raise RuntimeError("the engine broke")
    return quick(task, tell, stop)


def refuses(task: Task, tell: Tell, stop: Stop) -> Result:
    """Refuse the problem, as an engine does that lacks a feature."""
    raise UnsupportedError("toy", ["shipments"])


def deaf(task: Task, tell: Tell, stop: Stop) -> Result:
    """Hear nothing once a plan is at hand, as a library in a long call does."""
    if task.start is not None:
        time.sleep(600)
    return quick(task, tell, stop)


def notes_seconds(task: Task, tell: Tell, stop: Stop) -> Result:
    """Append the jobs and seconds of each task to the file that the engine's name is."""
    with Path(task.engine).open("a") as log:
        log.write(f"{len(task.problem.jobs)} {task.seconds}\n")
    return patient(task, tell, stop)


def _in_order(problem: Problem) -> tuple[Tour, ...]:
    steps: dict[str, list[Step]] = {vehicle.id: [] for vehicle in problem.vehicles}
    for job in problem.jobs:
        steps[_first(problem, job)].append(Step(kind=StopKind.JOB, id=job.id))
    return tuple(Tour(vehicle=name, steps=tuple(order)) for name, order in steps.items())


def _first(problem: Problem, job: Job) -> str:
    for vehicle in problem.vehicles:
        if job.vehicles is None or vehicle.id in job.vehicles:
            return vehicle.id
    raise AssertionError(job)


def _result(task: Task, tours: tuple[Tour, ...], iterations: int) -> Result:
    plan = schedule(task.problem, tours)
    return Result(
        plan=plan,
        report=check(task.problem, plan),
        engine=task.engine,
        seed=task.seed,
        iterations=iterations,
        seconds=0.0,
    )


def _progress(result: Result) -> Progress:
    return Progress(
        seconds=0.0,
        iterations=result.iterations,
        cost=result.report.cost.total,
        unassigned=len(result.plan.unassigned),
        vehicles=len(result.plan.routes),
        tours=tuple(route.tour for route in result.plan.routes),
    )
