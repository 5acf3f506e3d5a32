"""What is looked at before planning: what a file says, and whether the day's work fits."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import date

from dispatch import geocoding
from dispatch.import_columns import ORDERS, key_of
from dispatch.import_rows import header_of
from dispatch.kpis import DemandRow, demand_against_capacity
from dispatch.messages import Language
from dispatch.office.desk import Desk, day_input
from dispatch.parsing import text_of
from dispatch.repository import UnitOfWork
from dispatch.sharing import close
from dispatch.tables import read_table

SAMPLE = 5
"""Rows that are shown beside the columns, to tell them by what is in them."""

_SUBJECT = "columns"


@dataclass(frozen=True, slots=True, kw_only=True)
class Source:
    """
    Where a table of orders comes from: files with the same header come from the same.

    Parameters
    ----------
    key
        Names the source in the store.
    header
        As it stands in the file.
    sample
        The first rows below it, as text.
    mapping
        Header by field name as somebody said it before, "" where a field has no column; None where
        nobody did.
    """

    key: str
    header: tuple[str, ...]
    sample: tuple[tuple[str, ...], ...]
    mapping: Mapping[str, str] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Demand:
    """Work against working time by office; `unplaced` orders are in no row."""

    rows: tuple[DemandRow, ...]
    unplaced: int


class LookDesk(Desk):
    """Use cases of the hour before planning."""

    def source(self, data: bytes, *, file: str, lang: Language = "vi") -> Source:
        """
        Tell where a file of orders comes from, and what its columns were said to be.

        Raises
        ------
        TableError
            The file is no table.
        """
        header, below = header_of(read_table(data, file=file, lang=lang), ORDERS)
        shown = tuple(text_of(cell) for cell in header.cells)
        folded = "\n".join(key_of(cell) for cell in shown)
        key = f"orders:{hashlib.sha256(folded.encode()).hexdigest()[:24]}"
        with self.store.reading() as uow:
            mapping = _remembered(uow, key)
        return Source(
            key=key,
            header=shown,
            sample=tuple(tuple(text_of(cell) for cell in row.cells) for row in below[:SAMPLE]),
            mapping=mapping,
        )

    def remember_columns(self, key: str, mapping: Mapping[str, str], *, by: str) -> None:
        """Keep what the columns of a source are; the next file of it is read so from the start."""
        with self._writing(by) as uow:
            if _remembered(uow, key) != dict(mapping):
                uow.audit.add("columns.said", subject=_SUBJECT, key=key, columns=dict(mapping))

    def demand(self, day: date, lang: Language = "vi") -> Demand:
        """
        Estimate for each office whether the day's orders fit into its couriers' day.

        Raises
        ------
        UnknownError
            Nothing has been stored for the day.
        GeocodeError
            The address service failed.
        """
        means = self.means(day)
        with self.store.reading() as uow:
            given, closed = day_input(uow, day)
        given = geocoding.with_codes(given, means.geocoder, territory=means.territory)
        found = geocoding.locate(
            given.orders, means.geocoder, territory=means.territory, on=given.date
        )
        known = replace(close(given, closed), orders=tuple(found.located))
        rows = demand_against_capacity(known, lang, settings=self.settings(day))
        return Demand(rows=rows, unplaced=len(found.doubtful) + len(found.not_found))


def _remembered(uow: UnitOfWork, key: str) -> dict[str, str] | None:
    """Return what was said last; who said it and when stands beside it in the audit trail."""
    for entry in uow.audit.page(subject=_SUBJECT, key=key, limit=1):
        return {str(name): str(header) for name, header in entry.facts["columns"].items()}
    return None
