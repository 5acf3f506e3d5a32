"""A served office for browser tests: accounts, offices, couriers and trucks are there."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date

from api.client import Client
from dispatch.samples import sample_day, write_day
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

    @property
    def address(self) -> str:
        return self.service.address

    def planned(self, day: date, *, orders: str = "", seconds: float = 2) -> int:
        """Import orders onto a day, plan it, and return the version."""
        self.client.import_orders(day, (orders or self.tables["orders.csv"]).encode())
        run = self.client.ask_plan(day, seconds=seconds)
        for _ in self.client.progress(run.id):
            pass
        done = self.client.run(run.id)
        assert done.state == "done", done.error
        return done.result


@contextmanager
def office_served(
    orders: int = 120, *, environment: Mapping[str, str] | None = None
) -> Iterator[OfficeServed]:
    """Return an office on a port of this machine, at five in the morning of the day."""
    own = {"BUUTA_PRETEND_NOW": NOW, "BUUTA_SIGN_INS_A_MINUTE": "1000", **(environment or {})}
    tables = write_day(sample_day(orders=orders, seed=1, day=DAY))
    with served(environment=own) as service:
        client = set_up(service)
        assert client.import_offices(tables["offices.csv"].encode()).rejected == 0
        assert client.import_vehicles(tables["fleet.csv"].encode()).rejected == 0
        trucks = tables["trucks.csv"].encode()
        assert client.import_vehicles(trucks, trucks=True, file="trucks.csv").rejected == 0
        try:
            yield OfficeServed(service, client, tables)
        finally:
            client.close()


__all__ = ["DAY", "NOW", "PASSWORD", "OfficeServed", "office_served"]
