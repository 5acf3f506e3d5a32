"""A served office for browser tests: accounts, offices, couriers and trucks are there."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, datetime

from api.client import Client
from dispatch.bootstrap import phu_tho_providers
from dispatch.office.desk import day_input
from dispatch.office.plans import head_of
from dispatch.records import PlanKind, PlanVersion
from dispatch.samples import sample_day, write_day
from dispatch.service import Search, plan_day
from dispatch.sql import open_store
from tests.api.served_day import PASSWORD, set_up
from tests.api.serving import Served, served

DAY = date(2026, 11, 24)
NOW = "2026-11-24T05:00:00+07:00"


@dataclass(frozen=True)
class OfficeServed:
    """A service with its dispatcher's client; `tables` are the sample day's files by name."""

    service: Served
    client: Client
    tables: Mapping[str, str]
    database: str

    @property
    def address(self) -> str:
        return self.service.address

    def planned(self, day: date, *, orders: str = "", iterations: int = 200) -> int:
        """
        Import orders onto a day, plan it and store the plan as a worker would; return its version.

        Planned here and not by a run: what is tried is the screen, and a run waits for processes.
        """
        self.client.import_orders(day, (orders or self.tables["orders.csv"]).encode())
        store = open_store(self.database)
        try:
            means = phu_tho_providers(day)
            with store.reading() as uow:
                given, closed = day_input(uow, day)
            plan = plan_day(
                given,
                geocoder=means.geocoder,
                travel=means.travel,
                territory=means.territory,
                clock=time.monotonic,
                search=Search(seconds=None, iterations=iterations, workers=1, coupled=False),
                closed=closed,
                travel_note=means.travel_note,
            )
            with store.writing(by="worker", at=datetime.fromisoformat(NOW)) as uow:
                head = head_of(plan, uow=uow, kind=PlanKind.RUN, parent=0)
                return uow.plans.add(PlanVersion(head=head, plan=plan)).head.version
        finally:
            store.close()


@contextmanager
def office_served(
    orders: int = 120, *, environment: Mapping[str, str] | None = None
) -> Iterator[OfficeServed]:
    """Return an office on a port of this machine, at five in the morning of the day."""
    tables = write_day(sample_day(orders=orders, seed=1, day=DAY))
    with tempfile.TemporaryDirectory() as folder:
        database = f"sqlite:///{folder}/office.sqlite"
        own = {
            "BUUTA_DATABASE": database,
            "BUUTA_PRETEND_NOW": NOW,
            "BUUTA_SIGN_INS_A_MINUTE": "1000",
            **(environment or {}),
        }
        with served(environment=own) as service:
            yield from _filled(service, tables, database)


def _filled(service: Served, tables: Mapping[str, str], database: str) -> Iterator[OfficeServed]:
    client = set_up(service)
    assert client.import_offices(tables["offices.csv"].encode()).rejected == 0
    assert client.import_vehicles(tables["fleet.csv"].encode()).rejected == 0
    trucks = tables["trucks.csv"].encode()
    assert client.import_vehicles(trucks, trucks=True, file="trucks.csv").rejected == 0
    try:
        yield OfficeServed(service, client, tables, database)
    finally:
        client.close()


__all__ = ["DAY", "NOW", "PASSWORD", "OfficeServed", "office_served"]
