"""
The errors of `dispatch`, each holding its facts as attributes.

    DispatchError
    ├── TableError      a file cannot be read as a table at all (`.file`, `.findings`)
    ├── NothingToPlan   a day without orders, couriers or offices (`.findings`)
    ├── UnknownCourierError   no courier of that id (`.courier`, `.known`); in `dispatch.views`
    ├── CodecError      stored data does not fit its class (`.path`); in `dispatch.codec`
    └── OfficeError     not as things stand (`.key`, `.facts`, `.said(lang)`)
        ├── UnknownError    there is no such order, day, plan, run, …
        ├── ConflictError   somebody was faster, or it has been done already
        ├── RefusedError    the day does not allow it
        └── StoreError      busy, full, out of reach, or of another release

Wrong rows in a readable table are not errors: they are findings, returned with the good rows.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import cast

from dispatch.messages import Language, text


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


class OfficeError(DispatchError):
    """
    The office's day does not allow what was asked, or the store cannot do it now.

    Parameters
    ----------
    key
        Which: the texts are `office.<key>` in both catalogues.
    facts
        What they tell.
    """

    def __init__(self, key: str, **facts: object) -> None:
        self.key = key
        self.facts = facts
        super().__init__(self.said("en"))

    def said(self, lang: Language) -> str:
        """Return the message in a language."""
        facts = dict(self.facts)
        if "what" in facts:
            facts["what"] = text(f"thing.{facts['what']}", lang)
        if "missing" in facts:
            named = cast("Sequence[str]", facts["missing"])
            facts["missing"] = ", ".join(text(f"office.missing.{name}", lang) for name in named)
        return text(f"office.{self.key}", lang, **facts)


class UnknownError(OfficeError):
    """There is no such thing (`facts`: what, id)."""


class ConflictError(OfficeError):
    """Somebody was faster, or it has been done already; nothing was changed."""


class RefusedError(OfficeError):
    """What was asked is not allowed as things stand; nothing was changed."""


class StoreError(OfficeError):
    """The store itself is in trouble: busy, full, out of reach, or of another release."""
