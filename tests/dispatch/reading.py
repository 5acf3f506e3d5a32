"""Short cuts for the tests of the readers: text in, what was read out, messages in English."""

from __future__ import annotations

from datetime import date

from hypothesis import strategies as st

from dispatch.errors import RowFinding
from dispatch.importing import Imported, read_fleet, read_offices, read_orders
from dispatch.model import Courier, Office, Order

DAY = date(2026, 11, 24)


def orders(text: str | bytes, **options: object) -> Imported[Order]:
    data = text.encode() if isinstance(text, str) else text
    return read_orders(data, file="orders.csv", day=DAY, **{"lang": "en", **options})  # type: ignore[arg-type]


def fleet(text: str) -> Imported[Courier]:
    return read_fleet(text.encode(), file="fleet.csv", lang="en")


def offices(text: str) -> Imported[Office]:
    return read_offices(text.encode(), file="offices.csv", lang="en")


def said(findings: tuple[RowFinding, ...]) -> list[tuple[int, str, str]]:
    return [(one.row, one.field, one.what) for one in findings]


# Control characters make a file a binary one, and lone surrogates have no bytes at all.
LETTERS = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=16)
