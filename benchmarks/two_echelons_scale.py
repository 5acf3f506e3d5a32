"""
The whole province of issue size: 3,000 orders, 13 offices, 150 couriers, 15 trucks, both echelons.

    python -m benchmarks.two_echelons_scale --seconds 45

Prints the wall time from the day's orders to the judged plan, and the peak memory of this process
with all its search processes: the sum of what each has resident, so that pages which they share
count more than once. Linux only, as it reads /proc.
"""

from __future__ import annotations

import argparse
import os
import threading
import time
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Self

from dispatch.bootstrap import phu_tho_providers
from dispatch.day_check import check_day
from dispatch.executors import cores_here
from dispatch.model import Day
from dispatch.office_times import direct_loads, held_loads
from dispatch.samples import sample_day
from dispatch.service import Search, plan_day
from dispatch.settings import LinehaulRules

_DAY = date(2026, 11, 24)
_ORDERS, _COURIERS, _TRUCKS = 3_000, 150, 15
_ORDERS_PER_COURIER, _ORDERS_PER_TRUCK = 7.5, 300
_TICK = 0.1


def province(seed: int) -> Day:
    """Return the sample day with the fleet of the issue: fewer couriers and more trucks."""
    day = sample_day(orders=_ORDERS, seed=seed, day=_DAY)
    crews = sample_day(orders=round(_COURIERS * _ORDERS_PER_COURIER), seed=seed, day=_DAY)
    trucks = sample_day(orders=_TRUCKS * _ORDERS_PER_TRUCK, seed=seed, day=_DAY)
    day = replace(day, couriers=crews.couriers, trucks=trucks.trucks)
    # A truck has a driver in the morning and another in the evening: two rows.
    assert (len(day.couriers), len(day.trucks)) == (_COURIERS, 2 * _TRUCKS)
    return day


class Memory:
    """Watches what this process and all that it started have resident, bytes."""

    def __init__(self) -> None:
        self.peak = 0
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self._over.wait(_TICK):
            self.peak = max(self.peak, sum(map(_resident, _tree(os.getpid()))))


def _tree(root: int) -> list[int]:
    parents: dict[int, list[int]] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            # The name, in brackets, may hold blanks; the parent is the second field behind it.
            parent = int((folder / "stat").read_text().rpartition(")")[2].split()[1])
        except (OSError, ValueError):
            continue
        parents.setdefault(parent, []).append(int(folder.name))
    found, left = [], [root]
    while left:
        process = left.pop()
        found.append(process)
        left += parents.get(process, ())
    return found


def _resident(process: int) -> int:
    try:
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
    except (OSError, ValueError):
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[1])
    parser.add_argument("--seconds", type=float, default=45.0, help="time for the search")
    parser.add_argument("--seed", type=int, default=1)
    given = parser.parse_args()
    day = province(given.seed)
    providers = phu_tho_providers(_DAY)
    with Memory() as memory:
        began = time.monotonic()
        plan = plan_day(
            day,
            geocoder=providers.geocoder,
            travel=providers.travel,
            territory=providers.territory,
            clock=time.monotonic,
            search=Search(seconds=given.seconds, seed=given.seed),
        )
        verdict = check_day(plan, LinehaulRules())
        took = time.monotonic() - began
    assert plan.linehaul is not None
    assert verdict is not None
    cost = plan.linehaul.cost
    print(f"{len(day.orders)} orders, {len(day.couriers)} couriers, {len(day.trucks)} truck shifts")
    print(f"cores {cores_here()}, load {os.getloadavg()[0]:.1f}, search {given.seconds:g} s")
    print(f"wall  {took:.1f} s    peak memory {memory.peak / 2**20:.0f} MiB")
    print(f"clean {'yes' if verdict.feasible else 'NO'}    left out {len(plan.left_out)}")
    print(f"on trucks {len(direct_loads(plan))}    held at offices {len(held_loads(plan))}")
    print(
        f"cost {cost.total / 1e6:.0f} thousand đồng: trucks {cost.trucks / 1e6:.0f}, couriers "
        f"{cost.couriers / 1e6:.0f}, waiting {cost.waiting / 1e6:.0f}, "
        f"left {cost.carried_over / 1e6:.0f}"
    )


if __name__ == "__main__":
    main()
