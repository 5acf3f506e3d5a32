"""
How a study gets faster with more workers, and that its result stays the same.

    python -m benchmarks.simulation [--days 10] [--workers 1,2] [--cluster tcp://host:8786]

Prints wall seconds, speed-up against the first number of workers, and whether the result is equal
to the last sign; workers are started before the clock. Then what a larger cluster depends on: bytes
of a piece, seconds of the shortest, mean and longest one, and how many empty pieces a second go
through each executor.
"""

from __future__ import annotations

import argparse
import pickle
import time
from pathlib import Path
from statistics import fmean

from dispatch.executors_study import MakeExecutor, Pool, cluster, processes, run_all
from dispatch.investment import Bench, compare
from dispatch.scenario_files import read_study
from dispatch.scenarios import Study, setups
from dispatch.simulation import Block, BlockTask, run_block
from dispatch.study_time import pilot
from dispatch.study_words import as_text, study_json

_STUDY = Path(__file__).resolve().parent.parent / "dispatch" / "samples" / "phu_tho_study.yaml"
_EMPTY = 2000


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--cluster", default="")
    given = parser.parse_args()
    study = read_study(_STUDY.read_text(encoding="utf-8")).study
    assert study is not None
    runs = [(name, processes(int(name))) for name in given.workers.split(",") if name]
    if given.cluster:
        runs.append((given.cluster, cluster(given.cluster)))
    first = ""
    base = 0.0
    for name, make in runs:
        with Pool(make) as pool:
            bench = Bench(study, seed=1, pool=pool)
            _warm(bench)
            began = time.perf_counter()
            result = as_text(study_json(compare(bench, given.days)))
            took = time.perf_counter() - began
        first, base = first or result, base or took
        same = "same result" if result == first else "DIFFERENT RESULT"
        pieces = len(bench.known)
        print(f"{name:>24}  {took:8.1f} s  x{base / took:.2f}  {pieces} pieces  {same}", flush=True)
    for name, make in runs:
        print(f"{name:>24}  {_rate(make):8.0f} empty pieces a second", flush=True)
    _pieces(study)


def _warm(bench: Bench) -> None:
    """Let every worker load what its first piece must load."""
    one = bench.study.scenarios[0]
    tasks = {
        number: BlockTask(
            setup=setups(one)[0], frame=bench.frame, block=Block(number=900, year=1), seed=number
        )
        for number in range(8)
    }
    run_all(tasks, pilot, pool=bench.pool, on_done=lambda key, value: None)


def _rate(make: MakeExecutor) -> float:
    """Return how many pieces a second go through when there is nothing to do."""
    tasks = {number: number for number in range(_EMPTY)}
    with Pool(make) as pool:
        run_all({0: 0}, abs, pool=pool, on_done=lambda key, value: None)
        began = time.perf_counter()
        run_all(tasks, abs, pool=pool, on_done=lambda key, value: None)
        return _EMPTY / (time.perf_counter() - began)


def _pieces(study: Study) -> None:
    """Say how large and long the pieces of a first block are, on one core."""
    bench = Bench(study, seed=1, pool=Pool(processes(1)))
    tasks = [
        BlockTask(setup=setup, frame=bench.frame, block=Block(number=0, year=year), seed=1)
        for year in study.years
        for setup in setups(study.scenarios[0])
    ]
    run_block(tasks[0])
    sent = max(len(pickle.dumps(task)) for task in tasks)
    lengths, back = [], 0
    for task in tasks:
        began = time.process_time()
        days = run_block(task)
        lengths.append(time.process_time() - began)
        back = max(back, len(pickle.dumps(days)))
    print(
        f"pieces: {len(tasks)}, at most {sent} bytes sent and {back} back; processor seconds: "
        f"{min(lengths):.2f} shortest, {fmean(lengths):.2f} mean, {max(lengths):.2f} longest"
    )


if __name__ == "__main__":
    main()
