"""
The errors of `dispatch`, each holding its facts as attributes.

    DispatchError
    ├── TableError      a file cannot be read as a table at all (`.file`, `.findings`)
    ├── NothingToPlan   a day without orders, couriers or offices (`.findings`)
    └── UnknownCourierError   no courier of that id (`.courier`, `.known`); in `dispatch.views`

Wrong rows in a readable table are not errors: they are findings, returned with the good rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFinding:
    """One thing wrong in a table: file, row as a person counts (header = 1), field, remedy."""

    file: str
    row: int
    field: str
    what: str
    remedy: str
    value: str = ""

    def __str__(self) -> str:
        at = f"{self.file}, row {self.row}" if self.row else self.file
        named = f", {self.field}" if self.field else ""
        shown = f" ({self.value!r})" if self.value else ""
        return f"{at}{named}: {self.what}{shown}; {self.remedy}"


class DispatchError(Exception):
    """Anything that `dispatch` refuses."""


class TableError(DispatchError):
    """A file cannot be read as a table at all."""

    def __init__(self, file: str, findings: Sequence[RowFinding]) -> None:
        self.file = file
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))


class NothingToPlan(DispatchError):  # noqa: N818 - reads as what it says to the dispatcher
    """The day lacks what a plan needs."""

    def __init__(self, findings: Sequence[RowFinding]) -> None:
        self.findings = tuple(findings)
        super().__init__("\n".join(str(finding) for finding in self.findings))
