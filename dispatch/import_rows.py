"""
From the rows of a table to values by field: finding the header, binding columns, reading cells.

Nothing here knows orders from couriers; `dispatch.importing` builds those from the values.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Generic, TypeVar

from dispatch.errors import RowFinding
from dispatch.import_columns import Column, Reading, key_of, recognised, unit_and_column
from dispatch.import_messages import finding
from dispatch.parsing import Bad, Cell, is_blank, names_no_unit, text_of
from dispatch.tables import Table, TableRow

T = TypeVar("T")

_HEADER_WITHIN = 15
_LONGEST_HEADER = 80
_ONLY_WARN = frozenset(("not_a_phone",))
_SUBSTITUTED = frozenset(("address",))  # a commune column may stand for it


@dataclass(frozen=True, slots=True, kw_only=True)
class RejectedRow:
    """A row that could not be taken: its number in the file and its cells as text."""

    row: int
    cells: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported(Generic[T]):
    """
    What came out of a table; every row that was read is in `good` or in `rejected`.

    Parameters
    ----------
    good
        In the order of the file.
    findings
        All that is wrong with the rejected rows, or with the table as a whole (row of the header).
    warnings
        What was odd in rows that were taken, or guessed for a whole column.
    rejected
        The rows as they stand in the file, for a person to correct.
    header
        The header's cells, to go with `rejected`.
    columns
        Header as written by field name: what was recognised, to be shown and remembered.
    """

    file: str
    good: tuple[T, ...] = ()
    findings: tuple[RowFinding, ...] = ()
    warnings: tuple[RowFinding, ...] = ()
    rejected: tuple[RejectedRow, ...] = ()
    header: tuple[str, ...] = ()
    columns: Mapping[str, str] = field(default_factory=dict)

    @property
    def rows_read(self) -> int:
        """Rows below the header that were not blank."""
        return len(self.good) + len(self.rejected)


@dataclass(frozen=True, slots=True, kw_only=True)
class Bound:
    """A column of the file that was recognised: where it stands and in which unit."""

    index: int
    header: str
    column: Column
    unit: str


@dataclass(slots=True, kw_only=True)
class RowReader:
    """One row while it is read: values, texts and headers by field, and what was found wrong."""

    number: int
    values: dict[str, Any]
    raw: dict[str, Cell]
    labels: Mapping[str, str]
    wrong: list[tuple[str, Bad]] = field(default_factory=list)
    odd: list[tuple[str, Bad]] = field(default_factory=list)

    def reject(self, key: str, bad: Bad) -> None:
        """Note what is wrong with a field; the row will not be taken."""
        self.wrong.append((key, bad))

    def warn(self, key: str, bad: Bad) -> None:
        """Note what is odd about a field; the row is taken all the same."""
        self.odd.append((key, bad))


Build = Callable[[RowReader], T | None]
"""Builds one value of a row, or notes on the row why it cannot."""


def read_rows(
    table: Table,
    *,
    columns: Sequence[Column],
    build: Build[T],
    near: date,
    mapping: Mapping[str, str] | None,
    lang: str,
) -> Imported[T]:
    """
    Read every row of a table.

    Parameters
    ----------
    build
        Called for each row with all its values, also when some are wrong, so that everything wrong
        with a row is found at once.
    near
        The day that is planned, to complete dates without a year.
    mapping
        Header as written by field name, for columns that are not to be recognised by name.
    """
    names = recognised(columns)
    top = _header_row(table.rows, header_test(columns, mapping))
    header, body = table.rows[top], table.rows[top + 1 :]
    shown = tuple(text_of(cell) for cell in header.cells)

    def told(bad: Bad, *, row: int = header.number, at: str = "", value: str = "") -> RowFinding:
        return finding(bad, file=table.file, row=row, field=at, value=value, lang=lang)

    bound, warnings, findings = _bind(header, columns, names, mapping or {}, told, lang)
    warnings = [*table.warnings, *warnings]
    headers = {b.column.key: b.header for b in bound}
    missing = [column for column in columns if column.required and column.key not in headers]
    if "address" not in headers and headers.keys() & {"commune_name"}:
        missing = [column for column in missing if column.key != "address"]
    if missing:
        findings += [told(_missing(column, lang), at=column.header(lang)) for column in missing]
        return Imported(
            file=table.file,
            findings=tuple(findings),
            warnings=tuple(warnings),
            rejected=tuple(_rejected(row) for row in body),
            header=shown,
            columns=headers,
        )
    if not body:
        findings.append(told(Bad(key="no_rows")))
    bound = [_with_unit(b, body, warnings, told) for b in bound]
    labels = {column.key: headers.get(column.key, column.header(lang)) for column in columns}
    good: list[T] = []
    rejected: list[RejectedRow] = []
    for row, reader in _read_cells(body, bound, labels, near):
        value = build(reader)
        if any(not is_blank(cell) for cell in row.cells[len(header.cells) :]):
            reader.warn("", Bad(key="extra_cells"))
        for notes, kept in ((reader.odd, warnings), (reader.wrong, findings)):
            for key, bad in notes:
                at, cell = labels.get(key, key), text_of(reader.raw.get(key))
                kept.append(told(bad, row=row.number, at=at, value=cell))
        if value is None or reader.wrong:
            rejected.append(_rejected(row))
        else:
            good.append(value)
    return Imported(
        file=table.file,
        good=tuple(good),
        findings=tuple(findings),
        warnings=tuple(warnings),
        rejected=tuple(rejected),
        header=shown,
        columns=headers,
    )


def header_of(table: Table, columns: Sequence[Column]) -> tuple[TableRow, Sequence[TableRow]]:
    """Return the row of the header, and those below it."""
    top = _header_row(table.rows, header_test(columns, None))
    return table.rows[top], table.rows[top + 1 :]


def header_test(
    columns: Sequence[Column], mapping: Mapping[str, str] | None
) -> Callable[[str], bool]:
    """Return what tells whether a text is the header of a column, known or mapped."""
    names = recognised(columns)
    mapped = {key_of(header) for header in (mapping or {}).values()}

    def is_header(text: str) -> bool:
        if len(text) > _LONGEST_HEADER:
            return False
        return key_of(text) in mapped or unit_and_column(text, names)[1] is not None

    return is_header


def _rejected(row: TableRow) -> RejectedRow:
    return RejectedRow(row=row.number, cells=tuple(text_of(cell) for cell in row.cells))


def _missing(column: Column, lang: str) -> Bad:
    accepted = list(dict.fromkeys((column.vi, column.en, *column.names)))[:8]
    facts = {"column": column.header(lang), "accepted": ", ".join(accepted)}
    return Bad(key="missing_column", facts=facts)


def _header_row(rows: Sequence[TableRow], is_header: Callable[[str], bool]) -> int:
    """Return which of the first rows names most columns; titles and dates may stand above it."""

    def filled(row: TableRow) -> int:
        return sum(not is_blank(cell) for cell in row.cells)

    def known(row: TableRow) -> int:
        count = sum(isinstance(cell, str) and is_header(cell) for cell in row.cells)
        # One known word below a row that is as full is chance: Lan is a name, and "lần" a column.
        chance = count == 1 and row is not rows[0] and filled(row) <= filled(rows[0])
        return 0 if chance else count

    best = max(range(min(len(rows), _HEADER_WITHIN)), key=lambda k: (known(rows[k]), -k))
    return best if known(rows[best]) else 0


def _bind(
    header: TableRow,
    columns: Sequence[Column],
    names: Mapping[str, Column],
    mapping: Mapping[str, str],
    told: Callable[..., RowFinding],
    lang: str,
) -> tuple[list[Bound], list[RowFinding], list[RowFinding]]:
    """Return the recognised columns, warnings, and findings about the mapping."""
    by_key = {column.key: column for column in columns}
    written = [text_of(cell) for cell in header.cells]
    warnings: list[RowFinding] = []
    findings: list[RowFinding] = []
    bound: dict[str, Bound] = {}
    used: set[int] = set()
    # A field that was said to have no column takes none by its name either.
    without = {key for key, wanted in mapping.items() if not wanted}
    for key, wanted in mapping.items():
        if not wanted:
            continue
        if key not in by_key:
            facts = {"name": key, "accepted": ", ".join(by_key)}
            findings.append(told(Bad(key="mapped_field_unknown", facts=facts), at=key))
            continue
        same = [k for k, cell in enumerate(written) if key_of(cell) == key_of(wanted)]
        if not same:
            facts = {"header": wanted}
            findings.append(
                told(Bad(key="mapped_column_absent", facts=facts), at=by_key[key].header(lang))
            )
            continue
        used.add(same[0])
        unit = _unit_of(wanted, by_key[key])
        bound[key] = Bound(index=same[0], header=written[same[0]], column=by_key[key], unit=unit)
    unknown = []
    for index, cell in enumerate(written):
        if not cell or index in used:
            continue
        unit, column = unit_and_column(cell, names)
        if column is None or column.key in without:
            unknown.append(cell)
        elif column.key in bound:
            facts = {"first": bound[column.key].header}
            warnings.append(told(Bad(key="column_twice", facts=facts), at=cell))
        else:
            bound[column.key] = Bound(index=index, header=cell, column=column, unit=unit)
    if unknown:
        facts = {"columns": ", ".join(f"“{name}”" for name in unknown)}
        warnings.append(told(Bad(key="unknown_columns", facts=facts)))
    return list(bound.values()), warnings, findings


def _unit_of(header: str, column: Column) -> str:
    words = key_of(header).split()
    tails = (" ".join(words[-2:]), words[-1] if words else "")
    return next((unit for unit in tails if unit and unit in (column.units or ())), "")


def _with_unit(
    bound: Bound,
    body: Sequence[TableRow],
    warnings: list[RowFinding],
    told: Callable[..., RowFinding],
) -> Bound:
    """Return the column with the unit of its bare numbers settled."""
    column = bound.column
    if bound.unit or not column.units:
        return bound
    unit = column.unit
    cells = (row.cells[bound.index] for row in body if bound.index < len(row.cells))
    # A weight of 0.8 without a word can only be kilograms, and then the 2 below it is as well.
    if column.guess and any(names_no_unit(cell) for cell in cells if not is_blank(cell)):
        unit = column.guess
        facts = {"unit": unit, "example": f"{bound.header} ({unit})"}
        warnings.append(told(Bad(key="unit_guessed", facts=facts), at=bound.header))
    return Bound(index=bound.index, header=bound.header, column=column, unit=unit)


def _read_cells(
    body: Sequence[TableRow],
    bound: Sequence[Bound],
    labels: Mapping[str, str],
    near: date,
) -> Iterator[tuple[TableRow, RowReader]]:
    plan = [(b.index, b.column, Reading(unit=b.unit, near=near)) for b in bound]
    for row in body:
        reader = RowReader(number=row.number, values={}, raw={}, labels=labels)
        cells, width = row.cells, len(row.cells)
        for index, column, reading in plan:
            cell: Cell = cells[index] if index < width else None
            if cell is None or cell == "" or is_blank(cell):
                if column.required and column.key not in _SUBSTITUTED:
                    facts = {"column": labels[column.key]}
                    reader.reject(column.key, Bad(key="missing", facts=facts))
                continue
            value = column.read(cell, reading)
            reader.raw[column.key] = cell
            if not isinstance(value, Bad):
                reader.values[column.key] = value
            elif value.key in _ONLY_WARN:
                reader.warn(column.key, value)
            else:
                reader.reject(column.key, value)
        yield row, reader
