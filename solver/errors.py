"""
The errors of `solver`, each holding its facts as attributes.

    SolverError
    ├── ProblemError        a Problem contradicts itself; `.findings` lists everything at once
    ├── PlanError           a plan or order cannot be read against its problem
    ├── UnsupportedError    an engine cannot honour a feature; `.features` names each
    ├── UnknownEngineError  no engine of that name; `.known` lists those there are
    └── FormatError         a file's text cannot be read; `.findings` gives line, field and remedy
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """One thing that is wrong, where it stands, and what to do about it."""

    where: str
    what: str
    remedy: str = ""

    def __str__(self) -> str:
        return f"{self.where}: {self.what}" + (f" ({self.remedy})" if self.remedy else "")


def _listed(title: str, findings: Sequence[Finding]) -> str:
    return "\n".join([title, *(f"  {finding}" for finding in findings)])


class SolverError(Exception):
    """Anything that `solver` refuses."""


class ProblemError(SolverError):
    """The problem contradicts itself."""

    def __init__(self, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(_listed("the problem cannot be planned as it stands:", self.findings))

    def __reduce__(self) -> tuple[type[ProblemError], tuple[tuple[Finding, ...]]]:
        return type(self), (self.findings,)


class PlanError(SolverError):
    """A plan or an order of visits does not belong to the problem it is given with."""


class UnsupportedError(SolverError):
    """The engine says beforehand what it cannot honour, instead of ignoring it."""

    def __init__(self, engine: str, features: Sequence[str]) -> None:
        self.engine = engine
        self.features = tuple(features)
        super().__init__(
            f"engine {engine!r} cannot honour: {', '.join(self.features)}; choose another engine"
        )

    def __reduce__(self) -> tuple[type[UnsupportedError], tuple[str, tuple[str, ...]]]:
        return type(self), (self.engine, self.features)


class UnknownEngineError(SolverError):
    """There is no engine of that name."""

    def __init__(self, name: str, known: Sequence[str]) -> None:
        self.name = name
        self.known = tuple(known)
        super().__init__(f"there is no engine {name!r}; choose one of: {', '.join(self.known)}")

    def __reduce__(self) -> tuple[type[UnknownEngineError], tuple[str, tuple[str, ...]]]:
        return type(self), (self.name, self.known)


class FormatError(SolverError):
    """A text is not in the format it was read as."""

    def __init__(self, title: str, findings: Sequence[Finding]) -> None:
        self.title = title
        self.findings = tuple(findings)
        super().__init__(_listed(title, self.findings))

    def __reduce__(self) -> tuple[type[FormatError], tuple[str, tuple[Finding, ...]]]:
        return type(self), (self.title, self.findings)
