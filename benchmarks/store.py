"""
How fast lists, events and units of work are in a store with a year of orders.

    python -m benchmarks.store [--orders 100000] [--rounds 200] [--store ADDRESS] [--out DIR]

Fills an empty store (SQLite in a temporary folder unless an address is given; it must be empty),
then measures what screens and phones ask for, each `--rounds` times with other values: the first
and a middle page of a day's list, pages filtered by state, office and words, counts by state, one
order, a courier's event, an order changed. Prints p50, p99 and the largest, milliseconds, and
writes them as store.json to `--out`.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import random
import sys
import tempfile
import time
from collections.abc import Callable
from dataclasses import replace
from datetime import date, datetime, timedelta
from pathlib import Path

from dispatch.clock import HANOI
from dispatch.model import Address, Order, OrderKind, OrderState, Service
from dispatch.records import OrderFilter, Stamp, StoredEvent, StoredOrder
from dispatch.repository import chunks
from dispatch.sql import SqlStore, open_store

LAST = date(2026, 11, 24)
NOW = datetime(2026, 11, 24, 9, 0, tzinfo=HANOI)
A_DAY = 1_500
OFFICES = ("VT", "TXPT", "DH", "HH", "TB", "PN", "YL", "CK", "TN", "LT", "TS", "TT", "TSN")
_NEW = Stamp(version=0, by="", at=NOW)
_GOAL_MS = 100.0


def order(number: int, chance: random.Random) -> StoredOrder:
    """Invent an order; the last 1,500 numbers are today's, those before are finished."""
    back = number // A_DAY
    return StoredOrder(
        order=Order(
            id=f"DH-{number:07d}",
            kind=OrderKind.DELIVERY,
            service=chance.choice(list(Service)),
            address=Address(
                text=f"Số {chance.randint(1, 2000)}, khu {chance.randint(1, 12)}, phường Gia Cẩm",
                district="227",
            ),
            customer=f"Nguyễn Văn {chance.randint(1, 99_999)}",
            phone=f"+849{chance.randint(10**7, 10**8 - 1)}",
            grams=chance.randint(50, 3_000),
            office=chance.choice(OFFICES),
            state=chance.choice([OrderState.AT_HUB, OrderState.AT_OFFICE, OrderState.FAILED])
            if back == 0
            else OrderState.DELIVERED,
        ),
        day=LAST - timedelta(days=back),
        stamp=_NEW,
    )


def fill(store: SqlStore, count: int) -> float:
    """Store the orders, 5,000 in a unit of work; return the seconds."""
    chance = random.Random(1)
    began = time.perf_counter()
    for batch in chunks((order(number, chance) for number in range(count)), 5_000):
        with store.writing(by="benchmark", at=NOW) as uow:
            uow.orders.put_all(batch)
    with store.writing(by="benchmark", at=NOW) as uow:
        uow.days.lock(LAST)
    return time.perf_counter() - began


def questions(store: SqlStore, count: int) -> dict[str, Callable[[int, random.Random], None]]:
    """Return what is measured, by name."""

    def page(which: OrderFilter, after: str = "") -> None:
        with store.reading() as uow:
            assert uow.orders.page(which, after=after).items or which.text or after

    def any_id(chance: random.Random, most: int = count) -> str:
        return f"DH-{chance.randrange(most):07d}"

    def event(number: int, chance: random.Random) -> None:
        with store.writing(by="BT-1", at=NOW) as uow:
            uow.days.lock(LAST)
            uow.events.add(
                [
                    StoredEvent(
                        id=f"e{number}-{chance.random()}",
                        day=LAST,
                        kind="stop_done",
                        at=NOW,
                        received_at=NOW,
                        by="BT-1",
                        order=any_id(chance, min(A_DAY, count)),
                        courier="BT-1",
                    )
                ]
            )
            uow.audit.add("events.recorded", subject="day", key=LAST.isoformat())

    def change(_: int, chance: random.Random) -> None:
        with store.writing(by="lan", at=NOW) as uow:
            seen = uow.orders.get(any_id(chance))
            assert seen is not None
            uow.orders.put(replace(seen, order=replace(seen.order, note="đổi")))
            uow.audit.add("order.changed", subject="order", key=seen.order.id)

    def one(_: int, chance: random.Random) -> None:
        with store.reading() as uow:
            assert uow.orders.get(any_id(chance)) is not None

    def counts(which: OrderFilter) -> None:
        with store.reading() as uow:
            assert uow.orders.count(which)

    return {
        "first page of a day": lambda _, __: page(OrderFilter(day=LAST)),
        "a page in the middle of all": lambda _, c: page(OrderFilter(), any_id(c)),
        "a day's failed": lambda _, __: page(OrderFilter(day=LAST, state=OrderState.FAILED)),
        "all of an office": lambda _, c: page(OrderFilter(office=c.choice(OFFICES))),
        "words within a day": lambda _, c: page(
            OrderFilter(day=LAST, text=f"so {c.randint(1, 2000)}, khu")
        ),
        "words among all, found": lambda _, c: page(OrderFilter(text=f"khu {c.randint(1, 12)}")),
        "words among all, nowhere": lambda _, __: page(OrderFilter(text="không có ở đâu")),
        "counts of a day": lambda _, __: counts(OrderFilter(day=LAST)),
        "counts of all": lambda _, __: counts(OrderFilter()),
        "one order": one,
        "a courier's event": event,
        "an order changed": change,
    }


def measure(
    question: Callable[[int, random.Random], None], rounds: int, chance: random.Random
) -> list[float]:
    """Return the milliseconds of each round, sorted."""
    took = []
    for number in range(rounds):
        began = time.perf_counter()
        question(number, chance)
        took.append((time.perf_counter() - began) * 1000)
    return sorted(took)


def main() -> int:
    """Fill, measure, print."""
    parser = argparse.ArgumentParser(description="Latencies of the store.")
    parser.add_argument("--orders", type=int, default=100_000)
    parser.add_argument("--rounds", type=int, default=200)
    parser.add_argument("--store", default="")
    parser.add_argument("--out", type=Path)
    given = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        store = open_store(given.store or Path(folder) / "buuta.db", migrate=True)
        with store.reading() as uow:
            if uow.orders.page(OrderFilter(), limit=1).items:
                print(f"{store.database.shown} holds orders; name an empty store", file=sys.stderr)
                return 2
        filled = fill(store, given.orders)
        print(f"{given.orders} orders stored in {filled:.1f} s ({store.database.shown})")
        figures = {}
        chance = random.Random(2)
        for name, question in questions(store, given.orders).items():
            took = measure(question, given.rounds, chance)
            p50, p99, most = took[len(took) // 2], took[int(len(took) * 0.99)], took[-1]
            figures[name] = {"p50": round(p50, 2), "p99": round(p99, 2), "max": round(most, 2)}
            late = "" if p99 < _GOAL_MS else "   over 100 ms"
            print(f"{name:28s} p50 {p50:7.2f}  p99 {p99:7.2f}  max {most:7.2f} ms{late}")
        store.close()
    if given.out is not None:
        given.out.mkdir(parents=True, exist_ok=True)
        facts = {
            "orders": given.orders,
            "rounds": given.rounds,
            "store": store.database.url.get_backend_name(),
            "machine": f"{platform.machine()}, {os.cpu_count()} cores",
            "fill_seconds": round(filled, 1),
            "milliseconds": figures,
        }
        text = json.dumps(facts, ensure_ascii=False, indent=1) + "\n"
        (given.out / "store.json").write_text(text, encoding="utf-8")
    return 0


if __name__ == "__main__":
    sys.exit(main())
