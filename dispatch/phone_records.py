"""
What the store keeps of couriers' phones: proofs, events that were refused, hints, office rules.

Times carry their zone. Nothing here knows of tables.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Any

from dispatch.records import Stamp


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """
    A photo or signature, found by what it holds: the same picture again is the same proof.

    Parameters
    ----------
    hash
        SHA-256 of `data`, hexadecimal; events refer to it.
    media
        "image/jpeg" or "image/png".
    """

    hash: str
    day: date
    courier: str
    media: str
    data: bytes
    received_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Refusal:
    """
    An event of a phone that could not be taken: kept whole, for the dispatcher to see.

    Parameters
    ----------
    seq
        Its place in the list; 0 before it is stored.
    id
        The event's own; empty where it had none.
    event
        All of it as the phone sent it, JSON.
    reasons
        Why, in the language of the phone.
    handled_by, handled_at, note
        Who settled it, when, and what was said to the courier; None and empty before.
    """

    seq: int = 0
    id: str
    day: date
    courier: str
    event: Mapping[str, Any] = field(default_factory=dict)
    reasons: tuple[str, ...] = ()
    received_at: datetime
    handled_by: str = ""
    handled_at: datetime | None = None
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Hint:
    """How an address is found, in a courier's words; `address` is `dispatch.learning.key`."""

    address: str
    text: str
    by: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class StoredRules:
    """What an office asks at each kind of stop (`dispatch.phone_rules`); "" is every office's."""

    office: str
    rules: Mapping[str, Any]
    stamp: Stamp
