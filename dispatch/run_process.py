"""The process of one run; `dispatch.runs` starts it and tells it through its input what to do."""

from __future__ import annotations

import json
import logging
import os
import signal
import sys
from datetime import date
from functools import lru_cache
from pathlib import Path
from typing import Any

from dispatch.bootstrap import Providers, TravelChoice, phu_tho_providers
from dispatch.clock import SystemClock
from dispatch.office.dispatch import Dispatch
from dispatch.running import Limits, LostError, work_on
from dispatch.sql import open_store

LOST = 3
"""The exit code of a process whose run was taken over by another."""


_NICE = 5
_SEARCH_NICE = 10
"""How far a run stands behind the server, and its search processes behind the run."""


def main() -> int:
    """Work on the run that the input names."""
    told: dict[str, Any] = json.loads(sys.stdin.read())
    logging.basicConfig(level=logging.WARNING, format="%(name)s: %(message)s")
    asked_to_leave = False

    def leave(*_: object) -> None:
        nonlocal asked_to_leave
        asked_to_leave = True

    signal.signal(signal.SIGTERM, leave)
    # The dispatcher's screens and phones come first.
    os.nice(_NICE)
    travel = told["travel"]
    choice = TravelChoice(
        roads=None if travel["roads"] is None else Path(travel["roads"]),
        traffic=travel["traffic"],
        osrm=tuple(travel["osrm"]),
        valhalla=travel["valhalla"],
    )

    @lru_cache(maxsize=2)
    def means(on: date) -> Providers:
        return phu_tho_providers(on, choice=choice)

    store = open_store(told["address"], busy_seconds=30)
    desk = Dispatch(store=store, clock=SystemClock(), means=means)
    try:
        run = desk.run(told["run"])
        if run.token != told["token"] or run.state.over:
            return LOST
        work_on(
            desk,
            run,
            limits=Limits(
                lease_seconds=told["lease_seconds"],
                processes=told["processes"],
                nice=_SEARCH_NICE,
            ),
            leave=lambda: asked_to_leave,
        )
    except LostError:
        return LOST
    finally:
        store.close()
    return 0


if __name__ == "__main__":
    sys.exit(main())
