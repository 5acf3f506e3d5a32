"""The tables and switches of `plan`, read into a day and the settings that it is planned with."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from api.cli_errors import Trouble
from api.cli_files import read_date
from api.cli_screen import Screen
from dispatch.errors import RowFinding
from dispatch.importing import (
    Imported,
    cross_check,
    read_fleet,
    read_holidays,
    read_offices,
    read_orders,
)
from dispatch.model import Courier, Day, Office, Order
from dispatch.settings import Settings
from dispatch.workdays import Holiday, vietnam


@dataclass(frozen=True, slots=True, kw_only=True)
class Inputs:
    """The three tables of a day, that of the trucks if they are to be planned, and the day."""

    orders: Path
    fleet: Path
    offices: Path
    trucks: Path | None
    date: str
    closed: str = ""
    holidays: Path | None = None
    working_days: str = ""
    mail_may_stay: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class ReadDay:
    """What the tables held: the day, and everything that was wrong or odd in them."""

    day: Day
    orders: Imported[Order]
    fleet: Imported[Courier]
    offices: Imported[Office]
    trucks: Imported[Courier]
    holidays: Imported[Holiday]
    rejected: tuple[RowFinding, ...]
    notes: tuple[RowFinding, ...]

    @property
    def rows_rejected(self) -> int:
        """How many rows of all tables could not be taken."""
        tables = (self.orders, self.fleet, self.offices, self.trucks, self.holidays)
        return sum(len(table.rejected) for table in tables)


def read_day(inputs: Inputs, contents: Sequence[bytes], on: date, lang: str) -> ReadDay:
    """Read the tables, and hold them against one another."""
    names = (inputs.orders.name, inputs.fleet.name, inputs.offices.name)
    orders = read_orders(contents[0], file=names[0], day=on, lang=lang)
    fleet = read_fleet(contents[1], file=names[1], lang=lang)
    offices = read_offices(contents[2], file=names[2], lang=lang)
    further = iter(contents[3:])
    trucks: Imported[Courier] = Imported(file="")
    if inputs.trucks is not None:
        trucks = read_fleet(next(further), file=inputs.trucks.name, lang=lang)
    holidays: Imported[Holiday] = Imported(file="")
    if inputs.holidays is not None:
        holidays = read_holidays(next(further), file=inputs.holidays.name, day=on, lang=lang)
    across = cross_check(
        orders.good,
        fleet.good,
        offices.good,
        files=names,
        trucks=trucks.good,
        trucks_file=trucks.file,
        lang=lang,
    )
    return ReadDay(
        day=Day(
            date=on,
            orders=orders.good,
            couriers=fleet.good,
            offices=offices.good,
            trucks=trucks.good,
        ),
        orders=orders,
        fleet=fleet,
        offices=offices,
        trucks=trucks,
        holidays=holidays,
        rejected=tuple(
            each for table in (orders, fleet, offices, trucks, holidays) for each in table.findings
        ),
        notes=(
            *across,
            *(
                each
                for table in (orders, fleet, offices, trucks, holidays)
                for each in table.warnings
            ),
        ),
    )


def settings_for(inputs: Inputs, read: ReadDay, on: date, working: Sequence[date]) -> Settings:
    """Return the settings of the day: its calendar, and what becomes of the evening's mail."""
    own = read.holidays.good
    calendar = vietnam(
        on,
        closed=[one.day for one in own if not one.works],
        working=[*working, *(one.day for one in own if one.works)],
    )
    return Settings(calendar=calendar, evening_mail_must=not inputs.mail_may_stay)


def dates_of(text: str) -> tuple[date, ...]:
    """Return the days of a list such as 2026-09-01,2026-09-02."""
    return tuple(read_date(each) for each in text.split(",") if each.strip())


def closed_of(inputs: Inputs, read: ReadDay, screen: Screen) -> frozenset[str]:
    """Return the offices that are closed today, as the command names them."""
    named = frozenset(name.strip() for name in inputs.closed.split(",") if name.strip())
    known = [office.id for office in read.offices.good]
    unknown = sorted(named - set(known))
    if unknown:
        raise Trouble(
            screen.say(
                "closed.unknown",
                unknown=", ".join(unknown),
                known=", ".join(known),
                file=inputs.offices.name,
            )
        )
    return named
