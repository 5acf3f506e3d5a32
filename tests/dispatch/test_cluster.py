"""A Dask cluster on this machine: the same results, whatever dies."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest

from dispatch.executors_study import NoClusterError, Pool, WorkersLostError, cluster, run_all
from dispatch.investment import Bench, Key, compare
from dispatch.study_words import as_text, study_json
from tests.dispatch.test_investment import alone, two_scenarios

pytest.importorskip("distributed", reason="the extra 'cluster' is not installed")


class Machines:
    """A scheduler and two workers, each a process of its own."""

    def __init__(self, folder: Path) -> None:
        self._file = folder / "scheduler.json"
        self.running: list[subprocess.Popen[bytes]] = []
        self.scheduler = self._start(
            "dask_scheduler", "--host", "127.0.0.1", "--port", "0", "--no-dashboard"
        )
        self.workers = [
            self._start(
                "dask_worker", "--nthreads", "1", "--no-nanny", "--no-dashboard",
                "--local-directory", folder,
            )
            for _ in range(2)
        ]  # fmt: skip

    def _start(self, program: str, *arguments: object) -> subprocess.Popen[bytes]:
        command = [sys.executable, "-m", f"distributed.cli.{program}", *map(str, arguments)]
        process = subprocess.Popen(
            [*command, "--scheduler-file", str(self._file)],
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self.running.append(process)
        return process

    def address(self) -> str:
        """Return the scheduler's address, as soon as it says it."""
        for _ in range(600):
            if self._file.exists() and (text := self._file.read_text(encoding="utf-8")):
                return str(json.loads(text)["address"])
            time.sleep(0.1)
        raise AssertionError("the scheduler did not start")

    def kill(self, process: subprocess.Popen[bytes]) -> None:
        process.kill()
        process.wait()


@pytest.fixture(scope="module")
def machines(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Machines]:
    """A cluster which the tests harm, in the order in which they are written here."""
    made = Machines(tmp_path_factory.mktemp("cluster"))
    yield made
    for process in made.running:
        made.kill(process)


def test_a_worker_killed_half_way_changes_nothing_in_the_result(machines: Machines) -> None:
    one = two_scenarios()
    killed: list[int] = []
    victim = machines.workers[0]

    def kill_one(done: Sequence[Key], asked: Sequence[Key]) -> None:
        if done and not killed:
            killed.append(victim.pid)
            machines.kill(victim)

    with Pool(cluster(machines.address(), timeout=60)) as pool:
        there = Bench(one, seed=3, pool=pool, on_progress=kill_one)
        found = as_text(study_json(compare(there, 1)))
    assert killed
    assert found == as_text(study_json(compare(Bench(one, seed=3, pool=Pool(alone)), 1)))


def test_a_cluster_that_goes_away_is_told_and_what_is_done_is_kept(machines: Machines) -> None:
    done: dict[int, int] = {}

    def keep(key: int, value: int) -> None:
        done[key] = value
        if len(done) == 2:
            machines.kill(machines.scheduler)

    tasks = {n: n for n in range(200)}
    with (
        Pool(cluster(machines.address(), timeout=2)) as pool,
        pytest.raises(WorkersLostError, match="kept"),
    ):
        run_all(tasks, _slow_square, pool=pool, on_done=keep)
    assert 2 <= len(done) < 200
    assert all(value == key * key for key, value in done.items())


def _slow_square(number: int) -> int:
    # Long enough that the cluster is gone before all are done.
    signal.sigtimedwait([], 0.05)
    return number * number


def test_no_cluster_at_the_address_is_told_at_once() -> None:
    with (
        Pool(cluster("tcp://127.0.0.1:9", timeout=1)) as pool,
        pytest.raises(NoClusterError, match="dask scheduler"),
    ):
        pool.executor()
