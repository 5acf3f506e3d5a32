"""
Everything that can go wrong in `geo`.

    GeoError
    ├── TravelError                travel between points
    │   ├── UnknownProfileError    no such speed profile
    │   ├── UnreachableError       pairs of points with no way between them
    │   ├── OffRoadError           points with no road near them, or on an island
    │   ├── TravelServiceError     a road server did not answer, or not what it should
    │   └── TravelDataError        the provider's own tables (rivers, bridges, speeds) are wrong
    ├── GeocodeError               from an address to a point
    │   ├── UnavailableError       the service did not answer in time, however often asked
    │   └── RefusedError           the service answered that it will not serve us
    ├── ZoneError                  service areas that contradict each other or are not areas
    └── TableError                 a table of the province's facts is wrong

An address that is not found, or found twice, is no error: it is a result (`geo.geocode.Match`).
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from types import MappingProxyType
from typing import Literal

from geo.types import LatLon


@dataclass(frozen=True, slots=True, kw_only=True)
class Finding:
    """
    One thing wrong in something a person wrote.

    Parameters
    ----------
    where
        Which part: the id of a zone, a bridge or a row.
    problem
        What is wrong with it.
    remedy
        What the person can do about it.
    key, facts
        What it is and its figures, for who says it in another language; "" where nobody does.
    """

    where: str
    problem: str
    remedy: str
    key: str = ""
    facts: tuple[tuple[str, str], ...] = ()

    def __str__(self) -> str:
        return f"{self.where}: {self.problem}; {self.remedy}"


class GeoError(Exception):
    """Anything that `geo` could not do."""


class TravelError(GeoError):
    """Travel between points could not be computed."""


class UnknownProfileError(TravelError):
    """
    No speed profile has this name.

    Attributes
    ----------
    profile
        The name asked for.
    known
        The names there are.
    """

    def __init__(self, *, profile: str, known: Sequence[str]) -> None:
        self.profile = profile
        self.known = tuple(known)
        names = ", ".join(self.known) or "none"
        super().__init__(
            f"no speed profile is called {profile!r}: use one of {names}, or add a row to the"
            " speed table"
        )


_MORE_BRIDGES = (
    "add the bridge or ferry that people use there to the bridge table, or move the points to the"
    " right bank"
)


class UnreachableError(TravelError):
    """
    Some pairs of points have no way between them.

    Attributes
    ----------
    pairs
        (from, to) row numbers of the points asked for, each pair once with from < to where travel
        is the same both ways.
    count
        How many pairs there are; `pairs` holds the first thousand.
    rows
        The fewest points, or nearly, without which no pair is left: those that are cut off.
    profile
        The speed profile asked for.
    """

    def __init__(
        self,
        *,
        pairs: Sequence[tuple[int, int]],
        profile: str,
        count: int | None = None,
        names: Sequence[str] = (),
        remedy: str = _MORE_BRIDGES,
        rows: Sequence[int] | None = None,
    ) -> None:
        self.pairs = tuple(pairs)
        self.profile = profile
        self.rows = _fewest(self.pairs) if rows is None else tuple(rows)
        self.count = len(self.pairs) if count is None else count

        def called(row: int) -> str:
            return f"{row} ({names[row]})" if row < len(names) else str(row)

        shown = "; ".join(f"{called(a)} to {called(b)}" for a, b in self.pairs[:3])
        more = f"; and {self.count - 3} more" if self.count > 3 else ""
        super().__init__(
            f"no way for a {profile} between {self.count} pairs of points: {shown}{more}; {remedy}"
        )


class OffRoadError(TravelError):
    """
    Some points have no road of their profile near them that leads anywhere else.

    Attributes
    ----------
    rows
        Their numbers among the points asked for.
    islands
        Those of them that lie at roads which are cut off from all others.
    across
        Those of them whose only road is across a river.
    profile
        The profile asked for.
    asked, points, farthest, covers
        How many points there were, the first of the rows' points, the metres allowed, and the box
        of the graph in words ("" where it is not known).
    """

    def __init__(
        self,
        *,
        rows: Sequence[int],
        points: Sequence[LatLon],
        islands: Sequence[int],
        asked: int,
        profile: str,
        farthest: float,
        covers: str,
        across: Sequence[int] = (),
    ) -> None:
        self.rows = tuple(rows)
        self.islands = tuple(islands)
        self.across = tuple(across)
        self.profile = profile
        self.points = tuple(points)
        self.asked = asked
        self.farthest = farthest
        self.covers = covers
        shown = "; ".join(
            f"{row} ({p.lat:.5f} {p.lon:.5f})" for row, p in zip(self.rows, points, strict=False)
        )
        more = f"; and {len(self.rows) - 3} more" if len(self.rows) > 3 else ""
        if len(self.rows) == asked:
            remedy = (
                f"the road graph covers {covers}: build it from the file of the country that the"
                " points lie in"
                if covers
                else "give the road server the file of the country that the points lie in"
            )
            what = (
                f"none of {asked} points lies within {farthest:.0f} m of a road for a {profile}:"
                f" {shown}{more}; {remedy}"
            )
        else:
            what = (
                f"{len(self.rows)} points have no road for a {profile} within {farthest:.0f} m"
                f" that leads anywhere else ({len(self.islands)} of them on roads cut off from all"
                f" others, {len(self.across)} with a river between): {shown}{more}; correct the"
                " points, or add the missing bridge, ferry or road to OpenStreetMap and build the"
                " graph again"
            )
        super().__init__(what)


Failure = Literal["no_connection", "no_answer", "busy", "refused", "cut_short", "odd"]

FAILURES: Mapping[Failure, str] = MappingProxyType(
    {
        "no_connection": "no connection",
        "no_answer": "no answer in time",
        "busy": "it is busy or broken",
        "refused": "it refused the question",
        "cut_short": "its answer is cut short or no JSON",
        "odd": "its answer has no known shape",
    }
)
"""In what ways a road server fails."""


class TravelServiceError(TravelError):
    """
    A road server gave no travel times.

    Attributes
    ----------
    service, url
        Its name, and its address without a password.
    attempts
        How often it was asked.
    kind
        What happened: see `FAILURES`.
    said
        What the server or the network said about it, or "".
    """

    def __init__(
        self, *, service: str, url: str, attempts: int, kind: Failure, said: str = ""
    ) -> None:
        self.service = service
        self.url = url
        self.attempts = attempts
        self.kind = kind
        self.said = said
        reason = f"{FAILURES[kind]}: {said}" if said else FAILURES[kind]
        super().__init__(
            f"the road server {service} at {url} gave no travel times, asked {attempts} times"
            f" ({reason}): start it, or correct its address"
        )


class TravelDataError(TravelError):
    """
    The rivers, bridges, speeds or roads of a travel provider are wrong.

    Attributes
    ----------
    findings
        Everything that is wrong, together.
    """

    def __init__(self, *, table: str, findings: Sequence[Finding]) -> None:
        self.table = table
        self.findings = tuple(findings)
        super().__init__(_listed(f"the table of {table} cannot be used", self.findings))


class GeocodeError(GeoError):
    """An address service failed; an address that is merely not found is no error."""


class UnavailableError(GeocodeError):
    """
    The address service did not answer.

    Attributes
    ----------
    service
        Its name.
    attempts
        How often it was asked.
    """

    def __init__(self, *, service: str, attempts: int, reason: str) -> None:
        self.service = service
        self.attempts = attempts
        self.reason = reason
        super().__init__(
            f"the address service {service} did not answer in {attempts} attempts ({reason}): see"
            " that it runs and is reachable, or go on with the offline gazetteer"
        )


class RefusedError(GeocodeError):
    """
    The address service answered that it will not serve this request.

    Attributes
    ----------
    service
        Its name.
    """

    def __init__(self, *, service: str, reason: str) -> None:
        self.service = service
        self.reason = reason
        super().__init__(
            f"the address service {service} refused ({reason}): check its address, key and limits"
        )


class ZoneError(GeoError):
    """
    Service areas that cannot be used.

    Attributes
    ----------
    findings
        Every problem of every zone, together.
    """

    def __init__(self, *, findings: Sequence[Finding]) -> None:
        self.findings = tuple(findings)
        super().__init__(_listed("these service areas cannot be used", self.findings))


class TableError(GeoError):
    """
    A table of facts about the province is wrong.

    Attributes
    ----------
    table
        The file's name.
    findings
        Everything that is wrong in it, together.
    """

    def __init__(self, *, table: str, findings: Sequence[Finding]) -> None:
        self.table = table
        self.findings = tuple(findings)
        super().__init__(_listed(f"the table {table} cannot be used", self.findings))


def _fewest(pairs: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """Return rows that touch every pair, the busiest first and the last of equals."""
    left = [pair for pair in pairs if pair[0] != pair[1]]
    rows: list[int] = []
    while left:
        count: dict[int, int] = {}
        for pair in left:
            for row in pair:
                count[row] = count.get(row, 0) + 1
        rows.append(max(count, key=lambda row: (count[row], row)))
        left = [pair for pair in left if rows[-1] not in pair]
    return tuple(sorted(rows))


def _listed(opening: str, findings: Sequence[Finding]) -> str:
    lines = [f"  - {finding}" for finding in findings[:20]]
    if len(findings) > 20:
        lines.append(f"  - and {len(findings) - 20} more")
    return f"{opening}:\n" + "\n".join(lines)
