"""
Who may do what: the rights, which roles and scopes have them, and who is behind a request.

    read      orders, offices, vehicles, days, plans, runs, events
    write     orders, addresses, offices, vehicles, who is absent
    plan      runs and changes of plans
    publish   accept, publish, close a day
    events    tell what happened, of anybody
    own       a courier's own route and stops, and nothing else
    links     make and revoke couriers' links
    vroom     the VROOM door, where it needs a key
    audit     who did what
    accounts  people and keys
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from types import MappingProxyType

from dispatch.records import Role


class Right(StrEnum):
    """Something that a person, courier or key may be allowed; the module's text explains each."""

    READ = "read"
    WRITE = "write"
    PLAN = "plan"
    PUBLISH = "publish"
    EVENTS = "events"
    OWN = "own"
    LINKS = "links"
    VROOM = "vroom"
    AUDIT = "audit"
    ACCOUNTS = "accounts"


RIGHTS: Mapping[Role, frozenset[Right]] = MappingProxyType(
    {
        Role.DISPATCHER: frozenset(Right) - {Right.OWN, Right.ACCOUNTS},
        Role.PLANNER: frozenset({Right.READ, Right.PLAN, Right.VROOM}),
        Role.COURIER: frozenset({Right.OWN}),
        Role.ADMIN: frozenset(Right) - {Right.OWN},
    }
)
"""What each role may do."""

SCOPES = frozenset(Right) - {Right.OWN, Right.ACCOUNTS}
"""What a key may be given: no key can make people or other keys."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Principal:
    """
    Who is behind a request.

    Parameters
    ----------
    id
        Of the person, key or courier; stands in logs.
    by
        What the audit trail calls it.
    courier, day
        Whose stops it may see, where it may only see those; `day` None = of any day.
    csrf
        What a change by cookie must bring along; empty for keys, which no browser sends by itself.
    session
        The hash of its cookie; empty for keys.
    """

    id: str
    by: str
    role: Role | None
    rights: frozenset[Right]
    courier: str = ""
    day: date | None = None
    csrf: str = ""
    session: str = ""
