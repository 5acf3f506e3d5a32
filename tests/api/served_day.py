"""
One day of an office, told to a running service over real HTTP by its own client.

Every claim is checked where it is made: what the service says of the day must follow from what was
sent, and from nothing else.
"""

from __future__ import annotations

import re
import time
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from api.client import Client
from api.sheets import RouteOut
from dispatch.clock import HANOI
from dispatch.samples import sample_day, write_day
from tests.api.serving import Served

_UNTIL = 9 * 3600 + 1800
"""Seconds since midnight; the service takes it to be ten when it starts."""

PASSWORD = "correct horse battery"


@dataclass
class Told:
    """What was done to a day, to be compared with what the service says of it."""

    day: date
    orders: int
    published: int = 0
    replanned: int = 0
    couriers: int = 0
    done: set[str] = field(default_factory=set)
    failed: set[str] = field(default_factory=set)
    events: list[str] = field(default_factory=list)
    closed: Any = None


def set_up(service: Served) -> Client:
    """Make the administrator and a dispatcher, and return the dispatcher."""
    end = time.monotonic() + 60
    token = None
    while token is None and time.monotonic() < end:
        found = re.search(r"POST /api/setup: (\S+)", "\n".join(service.said()))
        token = found[1] if found else None
        time.sleep(0.1)
    assert token is not None
    with Client(service.address, lang="en") as admin:
        admin.set_up(token=token, login="admin1", name="", password=PASSWORD)
        admin.add_person(login="lan", role="dispatcher", password=PASSWORD)
        admin.sign_out()
    dispatcher = Client(service.address, lang="en", timeout=300)
    assert dispatcher.sign_in("lan", PASSWORD).role == "dispatcher"
    return dispatcher


def run_day(service: Served, *, orders: int, seconds: float, day: date) -> Told:
    """Import, plan, publish, tell what couriers did, break a vehicle, plan again, and close."""
    told = Told(day=day, orders=orders)
    office = set_up(service)
    tables = write_day(sample_day(orders=orders, seed=1, day=day))
    assert office.import_offices(tables["offices.csv"].encode()).rejected == 0
    assert office.import_vehicles(tables["fleet.csv"].encode()).rejected == 0
    read = office.import_orders(day, tables["orders.csv"].encode())
    assert len(read.added) + read.rejected == orders
    again = office.import_orders(day, tables["orders.csv"].encode())
    assert (again.added, again.changed) == ([], [])
    told.orders = len(read.added)

    run = office.ask_plan(day, seconds=seconds)
    entries = list(office.progress(run.id))
    assert entries[-1].kind == "end"
    assert entries[-1].data["state"] == "done", entries[-1].data
    costs = [entry.data["cost"] for entry in entries if entry.kind == "better"]
    assert costs == sorted(costs, reverse=True)
    version = office.run(run.id).result
    shown = office.plan_version(day, version)
    named = {one.key: "Lan" for one in shown.violations}
    told.published = office.publish(day, version, accepted=named).published
    routes = office.routes(day, version)
    planned = [stop.order for route in routes for stop in route.stops if stop.number]
    assert len(set(planned)) == shown.head.stops or max(Counter(planned).values()) == 2

    phones = _phones(service, office, day)
    told.couriers = len(phones)
    with ThreadPoolExecutor(16) as crowd:
        for done, failed, events in crowd.map(
            lambda pair: _morning(pair[0], pair[1], day), phones.items()
        ):
            told.done |= done
            told.failed |= failed
            told.events += events
    _journal_holds(office, told)

    broken = max(routes, key=lambda route: len(route.stops)).courier
    down = _event(f"down-{broken}", "vehicle_down", day, 10 * 3600, courier=broken)
    office.tell(day, [down])
    told.events.append(down["id"])
    told.replanned = _replan(office, told)
    _journal_holds(office, told)

    told.closed = office.close_day(day)
    assert told.closed.day.status == "closed"
    everything = [*told.closed.finished, *told.closed.carried]
    assert len(everything) == len(set(everything)) == told.orders
    assert told.done <= set(told.closed.finished)
    assert not (told.failed & set(told.closed.finished))
    for phone in phones.values():
        phone.close()
    office.close()
    return told


def _phones(service: Served, office: Client, day: date) -> dict[str, Client]:
    """Sign every courier of the plan in by the link on the manifest."""
    phones = {}
    for link in office.links(day):
        phone = Client(service.address, timeout=300)
        session = phone.come_by_link(link.token)
        assert (session.courier, session.day) == (link.courier, day)
        phones[link.courier] = phone
    return phones


def _morning(courier: str, phone: Client, day: date) -> tuple[set[str], set[str], list[str]]:
    """Drive until half past nine: done, every fifth in vain; some messages are sent twice."""
    route: RouteOut = phone.own_route()
    assert route.courier == courier
    visits = [
        stop
        for stop in route.stops
        if stop.number and stop.other_number is None and stop.departure <= _UNTIL
    ]
    done, failed, events = set(), set(), []
    for number, stop in enumerate(visits):
        key = f"{courier}-{number}"
        start = _event(f"{key}-a", "stop_started", day, stop.arrival, order=stop.order)
        if number % 5 == 4:
            end = _event(f"{key}-b", "stop_failed", day, stop.begin, order=stop.order)
            end["body"] = {"reason": "absent"}
            failed.add(stop.order)
        else:
            end = _event(f"{key}-b", "stop_done", day, stop.departure, order=stop.order)
            end["body"] = {"cash": stop.cash}
            done.add(stop.order)
        told = phone.tell_own([start, end])
        assert told.stored == [start["id"], end["id"]]
        if number % 3 == 0:
            # No signal for the answer: the phone sends it again, the later one first.
            again = phone.tell_own([end, start])
            assert (again.stored, sorted(again.repeated)) == ([], [start["id"], end["id"]])
        events += [start["id"], end["id"]]
    return done, failed, events


def _replan(office: Client, told: Told) -> int:
    """Plan the rest anew and publish it; return its version."""
    answer = office.replan(told.day, action="re_optimise", seconds=5)
    for _ in office.progress(answer.run):
        pass
    run = office.run(answer.run)
    assert run.state == "done", run.error
    shown = office.plan_version(told.day, run.result)
    named = {one.key: "Lan" for one in shown.violations}
    office.publish(told.day, run.result, accepted=named, replacing=told.published)
    rest = {s.order for r in office.routes(told.day, run.result) for s in r.stops if s.number}
    assert not rest & told.done
    return run.result


def _journal_holds(office: Client, told: Told) -> None:
    """Check that every event that was told is there, once, and no other."""
    found: list[str] = []
    after = 0
    while entries := office.events(told.day, after=after):
        found += [entry.id for entry in entries]
        after = entries[-1].seq
    assert Counter(found) == Counter(told.events)


def _event(key: str, kind: str, day: date, second: int, **more: Any) -> dict[str, Any]:
    at = datetime.combine(day, datetime.min.time(), HANOI) + timedelta(seconds=second)
    return {"id": key, "kind": kind, "at": at.isoformat(), **more}
