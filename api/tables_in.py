"""Tables that are sent to be imported: the body is the file itself, CSV or XLSX."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

from fastapi import Depends, Query, Request
from pydantic import BaseModel, StringConstraints

from dispatch.import_rows import Imported

MEDIA = (
    "text/csv",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
    "application/octet-stream",
)

OPENAPI: dict[str, Any] = {
    "requestBody": {
        "required": True,
        "content": {kind: {"schema": {"type": "string", "format": "binary"}} for kind in MEDIA},
    }
}


async def _body(request: Request) -> bytes:
    return await request.body()


Table = Annotated[bytes, Depends(_body)]
FileName = Annotated[
    str, Query(max_length=200, pattern=r"^[^\x00-\x1f\x7f]*$", description="For messages.")
]


Columns = Annotated[
    Sequence[
        Annotated[
            str, StringConstraints(max_length=400, pattern=r"^[a-z_]{1,40}=[^\x00-\x1f\x7f]*$")
        ]
    ],
    Query(max_length=100, description="field=Header, for each column that is not to be guessed."),
]

MOST_CELLS = 500
"""Rejected rows that are shown as they stand; all of them have their findings."""


def mapping_of(columns: Sequence[str]) -> dict[str, str] | None:
    """Return header by field name, None where nothing was said."""
    return dict(one.split("=", 1) for one in columns) or None


class RowOut(BaseModel):
    """A row as it stands in the file."""

    row: int
    cells: Sequence[str]


class RowFindingOut(BaseModel):
    """One thing wrong in a table, or odd in a row that was taken."""

    row: int
    field: str
    what: str
    remedy: str


class TableOut(BaseModel):
    """
    What an import found and did; ids in lists.

    Of orders also: the file's `header` and first rows, what was said of its columns (`mapping`, by
    field), whether that was `remembered` from an earlier file, and the rejected rows' cells.
    """

    stored: bool
    good: int
    rejected: int
    findings: list[RowFindingOut]
    warnings: list[RowFindingOut]
    columns: dict[str, str]
    added: Sequence[str]
    changed: Sequence[str]
    unchanged: Sequence[str] = ()
    over: Sequence[str] = ()
    retired: Sequence[str] = ()
    header: Sequence[str] = ()
    sample: Sequence[Sequence[str]] = ()
    mapping: dict[str, str] = {}
    remembered: bool = False
    cells: Sequence[RowOut] = ()


def told(table: Imported[Any], **more: Any) -> TableOut:
    """Return what came out of a table."""
    return TableOut(
        good=len(table.good),
        rejected=len(table.rejected),
        findings=[_row(finding) for finding in table.findings],
        warnings=[_row(finding) for finding in table.warnings],
        columns=dict(table.columns),
        **more,
    )


def _row(finding: Any) -> RowFindingOut:
    return RowFindingOut(
        row=finding.row, field=finding.field, what=finding.what, remedy=finding.remedy
    )
