"""
Where addresses are, learned from where couriers stood when they handed something over.

Nothing public goes below the commune here, so what phones report at the door is the durable source
of coordinates. One report proves little: a phone may be wrong by a street, a parcel may be handed
over at the market. An address is placed at the median of its sightings; a sighting farther from
the median than 150 m, or three times the median distance where they scatter more (600 m at most),
is refused and kept as evidence. Two that agree are trusted; a pin that a person puts counts for
more than all sightings.

References
----------
P. J. Rousseeuw and C. Croux, "Alternatives to the Median Absolute Deviation", Journal of the
American Statistical Association 88, 1993 (why medians: half of the reports may be wrong).
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import replace
from datetime import datetime
from math import cos, hypot, radians
from statistics import median

from dispatch.model import Address, Order
from dispatch.records import LearnedPlace, Sighting
from geo.text import fold
from geo.types import LatLon

NEAR = 150
"""Metres: two doors of one address, or the error of a phone between houses."""

_SCATTER = 3
_FAR = 600
_METRES_PER_DEGREE = 111_320
MOST_KEPT = 50
"""The latest sightings that count; a shop may move."""


def key(address: Address) -> str:
    """Return an address as it is compared: without case, accents, punctuation; with district."""
    words = re.sub(r"[^\w/]+", " ", fold(address.text)).strip()
    return f"{words}|{fold(address.district)}" if words else ""


def learn(
    address: str, sightings: Sequence[Sighting], *, at: datetime
) -> tuple[LearnedPlace, tuple[Sighting, ...]]:
    """
    Return where an address is and the sightings that count, each judged anew.

    Parameters
    ----------
    sightings
        At least one, the oldest first; only the last 50 count.

    Raises
    ------
    ValueError
        There is no sighting.
    """
    if not sightings:
        raise ValueError("an address cannot be learned without a sighting")
    pins = [one for one in sightings if one.corrected]
    heard = [one for one in sightings if not one.corrected][-MOST_KEPT:]
    centre = pins[-1].point if pins else _middle([one.point for one in heard])
    distances = [metres(centre, one.point) for one in heard]
    limit = NEAR
    if heard and not pins:
        limit = max(NEAR, min(round(_SCATTER * median(distances)), _FAR))
    judged = tuple(
        replace(one, accepted=one.corrected or metres(centre, one.point) <= limit)
        for one in [*pins, *heard]
    )
    accepted = [one for one in judged if one.accepted and not one.corrected]
    point = centre if pins or not accepted else _middle([one.point for one in accepted])
    spread = median([metres(point, one.point) for one in accepted]) if accepted else 0
    place = LearnedPlace(
        address=address,
        point=point,
        seen=len(accepted),
        refused=sum(not one.accepted for one in judged),
        spread=round(spread),
        corrected=bool(pins),
        at=at,
    )
    return place, judged


def trusted(place: LearnedPlace) -> bool:
    """Tell whether an address is planned where it was learned: a pin, or two that agree."""
    return place.corrected or place.seen >= 2


def with_learned(order: Order, places: Mapping[str, LearnedPlace]) -> Order:
    """Return the order with the points of its addresses that it does not say and that are known."""
    to = order.to_address
    return replace(
        order,
        address=_placed(order.address, places),
        to_address=None if to is None else _placed(to, places),
    )


def keys(orders: Sequence[Order]) -> set[str]:
    """Return the keys of all addresses without a point."""
    ends = [end for order in orders for end in (order.address, order.to_address)]
    return {key(end) for end in ends if end is not None and end.point is None} - {""}


def metres(one: LatLon, other: LatLon) -> float:
    """Return the distance of two points that are near each other."""
    shrink = cos(radians((one.lat + other.lat) / 2))
    return _METRES_PER_DEGREE * hypot(one.lat - other.lat, (one.lon - other.lon) * shrink)


def _placed(address: Address, places: Mapping[str, LearnedPlace]) -> Address:
    known = places.get(key(address)) if address.point is None else None
    if known is None or not trusted(known):
        return address
    return replace(address, point=known.point, quality=1.0)


def _middle(points: Sequence[LatLon]) -> LatLon:
    return LatLon(lat=median([p.lat for p in points]), lon=median([p.lon for p in points]))
