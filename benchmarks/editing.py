"""
How fast a change by hand is shown before letting go: a day of many orders, previews over HTTP.

    python -m benchmarks.editing                1,500 orders
    python -m benchmarks.editing --orders 3000

A sample day is planned for a few seconds and stored; then single moves, moves of ten orders at
once, reversed rounds and lists of who could take an order are asked for, each at another place of
the plan, by one dispatcher after another's request, as dragging does. The first request, which
reads the version into memory, stands by itself. Written: milliseconds, middle and slowest of 20.
"""

from __future__ import annotations

import argparse
import io
import random
import statistics
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from starlette.testclient import TestClient

from api.app import create_app
from api.logs import service_log
from api.settings import Settings
from dispatch.office.desk import day_input
from dispatch.office.plans import head_of
from dispatch.records import PlanKind, PlanVersion
from dispatch.samples import sample_day, write_day
from dispatch.service import Search, plan_day

DAY = date(2026, 11, 24)
ON = f"/api/days/{DAY}"
FEW_TO_MANY = 10
WANTED = 100.0
"""Milliseconds: what a person still feels as at once."""


@dataclass(frozen=True, kw_only=True)
class Desk:
    """A service with a planned day, and somebody signed in."""

    client: TestClient
    headers: dict[str, str]

    def post(self, path: str, given: Any) -> Any:
        """Send something to the day."""
        answer = self.client.post(ON + path, json=given, headers=self.headers)
        answer.raise_for_status()
        return answer.json()

    def get(self, path: str) -> Any:
        """Ask something of the day."""
        answer = self.client.get(ON + path, headers=self.headers)
        answer.raise_for_status()
        return answer.json()


@contextmanager
def planned_day(orders: int, seconds: float) -> Iterator[Desk]:
    """Return a service whose day is planned."""
    password = "long enough for a benchmark"  # noqa: S105 - of a store that is thrown away
    with tempfile.TemporaryDirectory() as folder:
        settings = Settings(
            language="en",
            database=f"sqlite:///{folder}/buuta.sqlite",
            secret_file=str(Path(folder) / "buuta.secret"),
            workers=0,
        )
        app = create_app(settings, log=service_log("error", stream=io.StringIO()))
        with TestClient(app) as client:
            parts: Any = app.state.parts
            token = parts.accounts.setup_token()
            client.post(
                "/api/setup",
                json={"token": token, "login": "lan1", "name": "Lan", "password": password},
            ).raise_for_status()
            session = client.post("/api/session", json={"login": "lan1", "password": password})
            session.raise_for_status()
            desk = Desk(client=client, headers={"x-csrf-token": session.json()["csrf"]})
            tables = write_day(sample_day(orders=orders, seed=1, day=DAY))
            for path, name in (
                ("/api/offices/import", "offices.csv"),
                ("/api/vehicles/import", "fleet.csv"),
                (f"{ON}/orders/import", "orders.csv"),
            ):
                client.post(
                    path, content=tables[name].encode(), headers=desk.headers
                ).raise_for_status()
            store_plan(parts.office, seconds)
            yield desk


def store_plan(office: Any, seconds: float) -> None:
    """Plan the day as a worker would, and store the plan."""
    means = office.means(DAY)
    with office.store.reading() as uow:
        day, closed = day_input(uow, DAY)
    plan = plan_day(
        day,
        geocoder=means.geocoder,
        travel=means.travel,
        territory=means.territory,
        clock=time.monotonic,
        search=Search(seconds=seconds),
        closed=closed,
    )
    with office.store.writing(by="worker", at=office.now) as uow:
        uow.plans.add(
            PlanVersion(head=head_of(plan, uow=uow, kind=PlanKind.RUN, parent=0), plan=plan)
        )


def measured(what: str, times: int, ask: Callable[[], object]) -> bool:
    """Ask again and again, write how long that took, and tell whether it was quick enough."""
    took = []
    for _ in range(times):
        began = time.perf_counter()
        ask()
        took.append(1000 * (time.perf_counter() - began))
    middle, slowest = statistics.median(took), max(took)
    print(f"{what:<46}{middle:>10.1f}{slowest:>10.1f}")
    return middle < WANTED


def main() -> int:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--orders", type=int, default=1500)
    parser.add_argument("--seconds", type=float, default=10.0, help="to plan the day")
    given = parser.parse_args()
    chance = random.Random(1)
    with planned_day(given.orders, given.seconds) as desk:
        routes = [r for r in desk.get("/plans/1/routes") if not r["truck"]]
        # Orders by courier; both ends of a transfer are one order.
        rounds = {
            r["courier"]: list(dict.fromkeys(s["order"] for s in r["stops"] if s["number"]))
            for r in routes
        }
        stops = sum(len(orders) for orders in rounds.values())
        print(f"{given.orders} orders, {len(rounds)} couriers, {stops} orders in rounds")
        print(f"{'milliseconds over HTTP':<46}{'middle':>10}{'slowest':>10}")

        def move(size: int, *, place: bool) -> None:
            giver, taker = chance.sample([n for n in rounds if len(rounds[n]) >= size], 2)
            orders = chance.sample(rounds[giver], size)
            to = 1 if place else None
            change = {"order": orders[0], "more": orders[1:], "to": taker, "position": to}
            desk.post("/plans/1/preview", {"edits": [change]})

        def reverse() -> None:
            change = {"do": "reverse", "courier": chance.choice(list(rounds))}
            desk.post("/plans/1/preview", {"edits": [change]})

        def choose() -> None:
            order = chance.choice(rounds[chance.choice(list(rounds))])
            desk.get(f"/plans/1/choices?order={order}")

        measured("first look at a version", 1, lambda: move(1, place=True))
        quick = [
            measured("one order to a place of another round", 20, lambda: move(1, place=True)),
            measured("one order where it costs least", 20, lambda: move(1, place=False)),
            measured("ten orders to a place", 20, lambda: move(FEW_TO_MANY, place=True)),
            measured("a round reversed", 20, reverse),
        ]
        measured("who could take an order", 20, choose)
    return 0 if all(quick) else 1


if __name__ == "__main__":
    sys.exit(main())
