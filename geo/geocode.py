"""What every address service answers: a point, how good it is, and what else it could have been."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Literal, Protocol, runtime_checkable

from geo.types import LatLon

Level = Literal["address", "street", "commune", "district", "province", "outside", "none"]
"""How far down an answer goes; "outside" is known to lie elsewhere, "none" is not understood."""

Doubt = Literal[
    "",
    "ambiguous",
    "conflict",
    "district_only",
    "misspelt",
    "no_district",
    "not_found",
    "outside",
    "street_name",
    "unchecked",
    "unread_words",
    "wrong_kind",
]
"""Why an answer is not confident, as a key for the catalogue of messages; "" where it is."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Candidate:
    """
    One place that an address may mean.

    Parameters
    ----------
    label
        For people: "Phường Gia Cẩm, thành phố Việt Trì".
    point_quality
        "exact" or "approximate".
    quality
        From 0 to 1, only good for putting candidates of one address in order.
    commune_code, district_code
        The province's codes, empty where the place is no commune or in no district.
    unit_code
        The commune-level unit that holds the place on the day asked for: another code where the
        address uses a name from before a reform.
    """

    label: str
    point: LatLon
    point_quality: str
    quality: float
    level: Level
    commune_code: str = ""
    district_code: str = ""
    unit_code: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Match:
    """
    The answer to one address.

    Parameters
    ----------
    query
        The address as it was asked.
    level
        How far down the answer goes. At "outside" and "none" there is no point.
    quality
        From 0 to 1.
    confident
        The answer may be used without a person looking at it.
    doubt
        Why it may not.
    candidates
        All that it may mean, best first; the first is the answer.
    outside
        The province the address lies in, where that is known not to be ours.
    """

    query: str
    level: Level
    quality: float
    confident: bool
    doubt: Doubt
    candidates: tuple[Candidate, ...] = ()
    outside: str = ""

    @property
    def found(self) -> bool:
        """Whether there is a point at all."""
        return bool(self.candidates) and self.level not in ("outside", "none")

    @property
    def best(self) -> Candidate | None:
        """The answer, or None."""
        return self.candidates[0] if self.found else None

    @property
    def point(self) -> LatLon | None:
        """The point of the answer, or None."""
        return self.candidates[0].point if self.found else None

    @property
    def label(self) -> str:
        """The answer for people, or an empty text."""
        return self.candidates[0].label if self.found else ""

    @property
    def commune_code(self) -> str:
        """The code of the commune as it was named, or an empty text."""
        return self.candidates[0].commune_code if self.found else ""

    @property
    def unit_code(self) -> str:
        """The code of the unit that holds the place on the day asked for, or an empty text."""
        return self.candidates[0].unit_code if self.found else ""

    @property
    def district_code(self) -> str:
        """The code of the district, or an empty text."""
        return self.candidates[0].district_code if self.found else ""


@runtime_checkable
class Geocoder(Protocol):
    """Something that finds addresses."""

    def locate(self, text: str, *, on: date | None = None, district: str | None = None) -> Match:
        """
        Return where an address is.

        Parameters
        ----------
        text
            As people write it.
        on
            The day it was written for; names of units that came later are not considered. None
            takes all.
        district
            Code or name of the district where another column tells it.

        Raises
        ------
        GeocodeError
            The service failed; an address that is merely not found is an answer.
        """
        ...

    def locate_many(
        self,
        texts: Sequence[str],
        *,
        on: date | None = None,
        districts: Sequence[str | None] | None = None,
    ) -> list[Match]:
        """Return where many addresses are, in their order."""
        ...
