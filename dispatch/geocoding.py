"""
Where the day's orders are: what is known, what is doubtful, what is not found.

Nothing doubtful is planned silently. A point in the file is trusted if it lies in the province. An
address that only names its commune goes to the commune's point, for all its orders alike: that is
all that is known, and a scattered guess would look better without being better.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Protocol

from dispatch.model import Address, Courier, Day, LeftOut, LeftOutReason, Office, Order
from geo.geocode import Geocoder, Match
from geo.types import LatLon

_MOST_CANDIDATES = 3
"""Candidates named in a sentence; all are in `Doubtful.match`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Unit:
    """
    A commune-level unit, of today or of old.

    Parameters
    ----------
    code
        As it was asked for, or the present one for a point.
    now
        The code of the unit that holds its territory on the day that was asked for.
    district
        Code of the district that serves it.
    """

    code: str
    now: str
    district: str
    point: LatLon


class Territory(Protocol):
    """What the geography of a province has to tell about points and codes."""

    def unit_at(self, point: LatLon, *, on: date) -> Unit | None:
        """Return the unit that holds a point, None outside the province."""
        ...

    def unit(self, code: str, *, on: date) -> Unit | None:
        """Return the unit with a code of that day or an earlier one, None if there never was."""
        ...

    def district(self, text: str) -> str | None:
        """Return the code of a district given by code or name, None if it is not known."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class Unplaced:
    """An order whose address (for a transfer: one of the two) a person must look at."""

    order: Order
    address: Address
    reason: LeftOutReason
    match: Match | None = None

    @property
    def left_out(self) -> LeftOut:
        """The same as an order left out, with its facts."""
        facts = {"address": self.address.text, "district": self.address.district}
        if self.match is not None:
            labels = [candidate.label for candidate in self.match.candidates[:_MOST_CANDIDATES]]
            facts["candidates"] = "; ".join(labels) or self.match.outside
        return LeftOut(
            order=self.order.id,
            reason=self.reason,
            facts={name: value for name, value in facts.items() if value},
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Located:
    """
    The orders of a day, sorted by what is known of their places; each is in exactly one of three.

    Parameters
    ----------
    located
        With point, commune, district and quality filled in.
    doubtful
        Found, but not surely: a person chooses among the candidates.
    not_found
        Not understood, or outside the province.
    approximate
        Ids of the located ones whose point is only their commune's.
    """

    located: tuple[Order, ...]
    doubtful: tuple[Unplaced, ...]
    not_found: tuple[Unplaced, ...]
    approximate: frozenset[str]

    @property
    def left_out(self) -> tuple[LeftOut, ...]:
        """The doubtful and the not found as orders left out."""
        return tuple(unplaced.left_out for unplaced in (*self.doubtful, *self.not_found))


def locate(
    orders: Iterable[Order], geocoder: Geocoder, *, territory: Territory, on: date
) -> Located:
    """
    Find the places of orders.

    Parameters
    ----------
    on
        The day that is planned: units count as they stand on it.

    Raises
    ------
    GeocodeError
        The address service failed.
    """
    given = tuple(orders)
    matches = _asked(given, geocoder, on)
    located: list[Order] = []
    unplaced: list[Unplaced] = []
    approximate: set[str] = set()
    for order in given:
        ends: list[Address] = []
        for address in _ends(order):
            found = _place(order, address, matches.get(_question(address)), territory, on)
            if isinstance(found, Unplaced):
                unplaced.append(found)
                break
            ends.append(found.address)
            if found.approximate:
                approximate.add(order.id)
        else:
            located.append(
                replace(order, address=ends[0], to_address=ends[1] if len(ends) > 1 else None)
            )
    kept = {order.id for order in located}
    return Located(
        located=tuple(located),
        doubtful=tuple(u for u in unplaced if u.reason is LeftOutReason.ADDRESS_DOUBTFUL),
        not_found=tuple(u for u in unplaced if u.reason is not LeftOutReason.ADDRESS_DOUBTFUL),
        approximate=frozenset(approximate & kept),
    )


def with_codes(day: Day, geocoder: Geocoder, *, territory: Territory) -> Day:
    """
    Return the day with districts and communes that its tables give by name told by their codes.

    A name that is not known stays as it is: it then serves nothing, and harms nothing.
    """
    offices = tuple(_office_with_codes(office, territory) for office in day.offices)
    homes = {office.id: office for office in offices}
    couriers = tuple(
        _courier_with_codes(courier, homes.get(courier.office), geocoder, territory, day.date)
        for courier in day.couriers
    )
    return replace(day, offices=offices, couriers=couriers)


# ---- asking -------------------------------------------------------------------------------------

_Question = tuple[str, str]
"""Address and district as written: what is asked once for all orders that share it."""


def _ends(order: Order) -> tuple[Address, ...]:
    return (order.address,) if order.to_address is None else (order.address, order.to_address)


def _question(address: Address) -> _Question:
    return address.text, address.district


def _asked(orders: Sequence[Order], geocoder: Geocoder, on: date) -> Mapping[_Question, Match]:
    questions = list(
        dict.fromkeys(
            _question(address)
            for order in orders
            for address in _ends(order)
            if address.text.strip()
        )
    )
    answers = geocoder.locate_many(
        [text for text, _ in questions],
        on=on,
        districts=[district or None for _, district in questions],
    )
    return dict(zip(questions, answers, strict=True))


# ---- judging ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True, kw_only=True)
class _Placed:
    address: Address
    approximate: bool


def _place(
    order: Order, address: Address, match: Match | None, territory: Territory, on: date
) -> _Placed | Unplaced:
    if address.point is not None:
        return _trusted(order, address, address.point, match, territory, on)
    sure = match is not None and match.confident and match.found
    named = territory.unit(address.commune, on=on) if address.commune else None
    if named is not None and not (
        sure and match is not None and match.unit_code not in ("", named.now)
    ):
        better = match if sure and match is not None and match.level != "commune" else None
        point = better.point if better is not None else None
        return _Placed(
            address=replace(
                address,
                point=point or named.point,
                commune=named.code,
                district=named.district,
                quality=better.quality if better is not None else 1.0,
            ),
            approximate=point is None,
        )
    if match is None or match.level == "none":
        return _unplaced(order, address, LeftOutReason.ADDRESS_NOT_FOUND, match)
    if match.level == "outside":
        return _unplaced(order, address, LeftOutReason.OUTSIDE_PROVINCE, match)
    if not sure or named is not None or match.point is None:
        return _unplaced(order, address, LeftOutReason.ADDRESS_DOUBTFUL, match)
    unit = territory.unit(match.unit_code, on=on) or territory.unit_at(match.point, on=on)
    if unit is None:
        return _unplaced(order, address, LeftOutReason.OUTSIDE_PROVINCE, match)
    return _Placed(
        address=replace(
            address,
            point=match.point,
            # As named: a commune of before the mergers is a finer area than the one of today.
            commune=match.commune_code or unit.code,
            district=match.district_code or unit.district,
            quality=match.quality,
        ),
        approximate=match.level not in ("address", "street"),
    )


def _trusted(
    order: Order,
    address: Address,
    point: LatLon,
    match: Match | None,
    territory: Territory,
    on: date,
) -> _Placed | Unplaced:
    unit = territory.unit_at(point, on=on)
    if unit is None:
        # A point abroad with an address at home is a slip of the pen; which of the two, a person
        # must say.
        home = match is not None and match.confident and match.found
        reason = LeftOutReason.ADDRESS_DOUBTFUL if home else LeftOutReason.OUTSIDE_PROVINCE
        return _unplaced(order, address, reason, match if home else None)
    named = territory.unit(address.commune, on=on) if address.commune else None
    return _Placed(
        address=replace(
            address,
            commune=(named or unit).code,
            district=(named or unit).district,
            quality=address.quality or 1.0,
        ),
        approximate=False,
    )


def _unplaced(
    order: Order, address: Address, reason: LeftOutReason, match: Match | None
) -> Unplaced:
    return Unplaced(order=order, address=address, reason=reason, match=match)


# ---- codes --------------------------------------------------------------------------------------


def _office_with_codes(office: Office, territory: Territory) -> Office:
    codes = tuple(dict.fromkeys(territory.district(name) or name for name in office.districts))
    return office if codes == office.districts else replace(office, districts=codes)


def _courier_with_codes(
    courier: Courier,
    home: Office | None,
    geocoder: Geocoder,
    territory: Territory,
    on: date,
) -> Courier:
    district = home.districts[0] if home is not None and home.districts else None
    codes = set()
    for name in courier.known_communes:
        if territory.unit(name, on=on) is None and not name.isdecimal():
            match = geocoder.locate(name, on=on, district=district)
            codes.add(match.unit_code if match.confident and match.unit_code else name)
        else:
            codes.add(name)
    known = frozenset(codes)
    return courier if known == courier.known_communes else replace(courier, known_communes=known)
