"""
How fast the service answers couriers' phones while it plans: `python -m benchmarks.serving`.

A service of its own is started behind a port of this machine; a sample day is imported, planned
and published; every courier signs in by link. Then each phone asks for its route and tells an
event, again and again at its own moment of each period, while another plan of the same day is
searched by the service's worker. At the end the journal is compared with what was sent.

    python -m benchmarks.serving --couriers 200 --seconds 60 --period 4

The same is measured before without any plan being searched: what the machine and the phones'
program, which share the processors, cost by themselves. The machine's load stands beside.

The promise: p99 under 100 ms on two cores, no event lost. A courier's phone asks far less often in
real life; the period is short so that a minute tells something.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import os
import platform
import re
import subprocess
import sys
import tempfile
import time
from collections import Counter
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from typing import IO

import httpx

from api.client import Client
from dispatch.clock import HANOI
from dispatch.samples import sample_day, write_day

DAY = date(2026, 11, 24)
NOW = "2026-11-24T10:00:00+07:00"
PASSWORD = "correct horse battery"  # noqa: S105 - of a service that ends with this program


@dataclass
class Seen:
    """
    What the phones saw: milliseconds of each kind of request, and the events they sent.

    `firsts` are the first requests, when the service reads the plan for all of them.
    """

    polls: list[float] = field(default_factory=list)
    firsts: list[float] = field(default_factory=list)
    tells: list[float] = field(default_factory=list)
    errors: Counter[str] = field(default_factory=Counter)
    sent: list[str] = field(default_factory=list)


def main() -> None:
    """Run the benchmark and print its table."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--couriers", type=int, default=200)
    parser.add_argument("--orders", type=int, default=1_500)
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--period", type=float, default=4.0)
    parser.add_argument("--database", default="")
    parser.add_argument("--json", type=Path, default=None)
    asked = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        process, address, token = started(Path(folder), asked.database)
        try:
            facts = measured(address, token, asked)
        finally:
            process.terminate()
            process.wait(60)
    for name, value in facts.items():
        print(f"{name:<28} {value}")
    if asked.json is not None:
        asked.json.write_text(json.dumps(facts, indent=1) + "\n", encoding="utf-8")


def started(folder: Path, database: str) -> tuple[subprocess.Popen[str], str, str]:
    """Start the service and return it with its address and the token of its set-up."""
    process = subprocess.Popen(
        [Path(sys.executable).with_name("buuta"), "serve", "--port", "0", "--lang", "en"],
        env={
            **os.environ,
            "BUUTA_DATABASE": database or f"sqlite:///{folder}/buuta.sqlite",
            "BUUTA_SECRET_FILE": f"{folder}/buuta.secret",
            "BUUTA_PRETEND_NOW": NOW,
            "BUUTA_LOG_LEVEL": "warning",
            "BUUTA_REQUESTS_A_MINUTE": "10000000",
        },
        stderr=subprocess.PIPE,
        text=True,
        encoding="utf-8",
    )
    assert process.stderr is not None
    address = _found(process.stderr, r"serves at (\S+)")
    token = _found(process.stderr, r"POST /api/setup: (\S+)")
    return process, address, token


def _found(stream: IO[str], wanted: str) -> str:
    for line in stream:
        if match := re.search(wanted, line):
            return match[1]
    raise SystemExit("the service ended before it served")


def measured(address: str, token: str, asked: argparse.Namespace) -> dict[str, object]:
    """Play a morning and return what was measured."""
    office = Client(address, lang="en", timeout=600)
    office.set_up(token=token, login="bench", name="", password=PASSWORD)
    tables = write_day(sample_day(orders=asked.orders, seed=1, day=DAY))
    office.import_offices(tables["offices.csv"].encode())
    office.import_vehicles(tables["fleet.csv"].encode())
    office.import_orders(DAY, tables["orders.csv"].encode())
    run = office.plan(DAY, seconds=20)
    shown = office.plan_version(DAY, run.result)
    office.publish(
        DAY, run.result, accepted={violation.key: "bench" for violation in shown.violations}
    )
    # One link lets one phone in: more phones than routes are second phones of the same couriers.
    secrets: list[str] = []
    while len(secrets) < asked.couriers:
        secrets += [link.token for link in office.links(DAY)]
    secrets = secrets[: asked.couriers]
    phones = asyncio.run(_signed_in(address, secrets))
    loads = [os.getloadavg()[0]]
    control = asyncio.run(_crowd(address, phones, asked, "control"))
    loads.append(os.getloadavg()[0])
    searching = office.ask_plan(DAY, seconds=2 * asked.seconds + 60)
    while office.run(searching.id).best_cost is None:
        time.sleep(0.5)
    seen = asyncio.run(_crowd(address, phones, asked, "run"))
    loads.append(os.getloadavg()[0])
    state = office.run(searching.id).state
    office.stop_run(searching.id)
    stored: list[str] = []
    after = 0
    while entries := office.events(DAY, after=after):
        stored += [entry.id for entry in entries]
        after = entries[-1].seq
    sent = Counter(control.sent + seen.sent)
    lost = sent - Counter(stored)
    doubled = Counter(stored) - sent
    office.close()
    return {
        "machine": f"{platform.machine()}, {os.cpu_count()} cores, Python "
        f"{platform.python_version()}",
        "couriers": asked.couriers,
        "orders": asked.orders,
        "seconds": asked.seconds,
        "period": asked.period,
        "run while measured": state,
        "load before, between, after": " ".join(f"{load:.1f}" for load in loads),
        **_figures("first route", control.firsts),
        **_figures("idle: route", control.polls),
        **_figures("idle: event", control.tells),
        **_figures("route", seen.polls),
        **_figures("event", seen.tells),
        "errors": dict(control.errors + seen.errors),
        "events sent": sent.total(),
        "events lost": sum(lost.values()),
        "events doubled": sum(doubled.values()),
    }


def _figures(name: str, times: list[float]) -> dict[str, object]:
    if not times:
        return {f"{name} requests": 0}
    ordered = sorted(times)

    def at(share: float) -> float:
        return round(ordered[min(int(share * len(ordered)), len(ordered) - 1)], 1)

    return {
        f"{name} requests": len(ordered),
        f"{name} p50 ms": at(0.5),
        f"{name} p99 ms": at(0.99),
        f"{name} max ms": at(1.0),
    }


Phone = tuple[int, dict[str, str]]
"""A phone's number and the headers of its session."""


async def _signed_in(address: str, tokens: list[str]) -> list[Phone]:
    phones: list[Phone] = []
    async with httpx.AsyncClient(base_url=address, timeout=60) as http:
        for number, token in enumerate(tokens):
            answer = await http.post("/api/session/link", json={"token": token})
            answer.raise_for_status()
            phones.append(
                (
                    number,
                    {
                        "Cookie": answer.headers["set-cookie"].partition(";")[0],
                        "X-CSRF-Token": answer.json()["csrf"],
                    },
                )
            )
            http.cookies.clear()
    return phones


async def _crowd(address: str, phones: list[Phone], asked: argparse.Namespace, name: str) -> Seen:
    seen = Seen()
    limits = httpx.Limits(max_connections=None, max_keepalive_connections=len(phones))
    async with httpx.AsyncClient(base_url=address, timeout=60, limits=limits) as http:
        end = time.perf_counter() + asked.seconds
        await asyncio.gather(
            *(
                _phone(http, f"{name}-{number}", number, own, seen, end, asked)
                for number, own in phones
            )
        )
    return seen


async def _phone(
    http: httpx.AsyncClient,
    name: str,
    number: int,
    own: dict[str, str],
    seen: Seen,
    end: float,
    asked: argparse.Namespace,
) -> None:
    tag = ""
    turn = 0
    await asyncio.sleep(asked.period * number / asked.couriers)
    while time.perf_counter() < end:
        began = time.perf_counter()
        answer = await http.get("/api/own/route", headers={**own, "If-None-Match": tag})
        (seen.polls if turn else seen.firsts).append((time.perf_counter() - began) * 1000)
        tag = answer.headers.get("etag", tag)
        if answer.status_code not in (200, 304):
            seen.errors[f"route {answer.status_code}"] += 1
        key = f"{name}-{turn}"
        at = datetime.combine(DAY, datetime.min.time(), HANOI) + timedelta(hours=10, seconds=turn)
        event = {"id": key, "kind": "settlement", "at": at.isoformat(), "body": {"cash": turn}}
        began = time.perf_counter()
        answer = await http.post("/api/own/events", json={"events": [event]}, headers=own)
        seen.tells.append((time.perf_counter() - began) * 1000)
        if answer.status_code == 200:
            seen.sent.append(key)
        else:
            seen.errors[f"event {answer.status_code}"] += 1
        turn += 1
        await asyncio.sleep(max(asked.period - (time.perf_counter() - began), 0))


if __name__ == "__main__":
    main()
