"""
How a study gets faster with more workers, and that its result stays the same.

    python -m benchmarks.simulation [--days 10] [--workers 1,2] [--cluster tcp://host:8786]

Prints wall seconds, speed-up against the first number of workers, and whether the result is equal
to the last sign. Processes start once for each round; their start is part of the time.
"""

from __future__ import annotations

import argparse
import time
from pathlib import Path

from dispatch.executors_study import Pool, cluster, processes
from dispatch.investment import Bench, compare
from dispatch.scenario_files import read_study
from dispatch.study_words import as_text, study_json

_STUDY = Path(__file__).resolve().parent.parent / "dispatch" / "samples" / "phu_tho_study.yaml"


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--days", type=int, default=10)
    parser.add_argument("--workers", default="1,2")
    parser.add_argument("--cluster", default="")
    given = parser.parse_args()
    study = read_study(_STUDY.read_text(encoding="utf-8")).study
    assert study is not None
    runs = [(name, processes(int(name))) for name in given.workers.split(",")]
    if given.cluster:
        runs.append((given.cluster, cluster(given.cluster)))
    first = ""
    base = 0.0
    for name, make in runs:
        with Pool(make) as pool:
            bench = Bench(study, seed=1, pool=pool)
            began = time.perf_counter()
            result = as_text(study_json(compare(bench, given.days)))
            took = time.perf_counter() - began
        first, base = first or result, base or took
        same = "same result" if result == first else "DIFFERENT RESULT"
        pieces = len(bench.known)
        print(f"{name:>24}  {took:8.1f} s  x{base / took:.2f}  {pieces} pieces  {same}")


if __name__ == "__main__":
    main()
