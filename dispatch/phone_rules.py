"""
What a courier must bring back from a stop: by kind of stop and product, as the office set it.

Five things can be asked for: the recipient's name, a signature, a photo, that identity was checked,
and the cash taken. Each is required, optional or off. What no office has set:

    stop                 recipient  signature  photo     identity  cash
    deliver dossier      required   required   optional  required  required
    deliver registered   required   required   optional  optional  required
    deliver EMS, parcel  required   optional   optional  off       required
    deliver ordinary     optional   off        optional  off       required
    collect dossier      required   required   optional  optional  required
    collect others       required   optional   optional  off       required

The two ends of a transfer are a collection and a delivery. Cash is asked for only where the order
has any. A dossier goes to the named person on proof of identity; a registered item needs a
signature (báo phát).
"""

from __future__ import annotations

from collections.abc import Mapping
from enum import StrEnum
from types import MappingProxyType
from typing import Any

from dispatch.model import Service
from dispatch.views import RowKind


class Need(StrEnum):
    """How much something is asked for."""

    REQUIRED = "required"
    OPTIONAL = "optional"
    OFF = "off"


class Ask(StrEnum):
    """What can be asked for at a stop."""

    RECIPIENT = "recipient"
    SIGNATURE = "signature"
    PHOTO = "photo"
    IDENTITY = "identity"
    CASH = "cash"


Needs = Mapping[Ask, Need]
Rules = Mapping[str, Needs]
"""By kind of stop and product, such as "deliver.dossier"."""

VISITS = (RowKind.DELIVER, RowKind.COLLECT, RowKind.FETCH, RowKind.BRING)

_LETTERS = {"r": Need.REQUIRED, "o": Need.OPTIONAL, "-": Need.OFF}

_HANDED_OVER = {
    Service.DOSSIER: "rrorr",
    Service.REGISTERED: "rroor",
    Service.EMS: "roo-r",
    Service.PARCEL: "roo-r",
    Service.ORDINARY: "o-o-r",
}
_TAKEN = {service: "rroor" if service is Service.DOSSIER else "roo-r" for service in Service}


def job_type(kind: RowKind, service: Service | None) -> str:
    """Return the name under which the rules of a stop are found."""
    return f"{kind.value}.{(service or Service.ORDINARY).value}"


def _needs(letters: str) -> Needs:
    return MappingProxyType({ask: _LETTERS[sign] for ask, sign in zip(Ask, letters, strict=True)})


ORDINARY: Rules = MappingProxyType(
    {
        job_type(kind, service): _needs(letters[service])
        for kind, letters in (
            (RowKind.DELIVER, _HANDED_OVER),
            (RowKind.COLLECT, _TAKEN),
            (RowKind.FETCH, _TAKEN),
            (RowKind.BRING, _HANDED_OVER),
        )
        for service in Service
    }
)
"""The rules where no office has set any; the module's text has the table."""


def rules_of(*said: Mapping[str, Any] | None) -> Rules:
    """
    Return the ordinary rules with what was said over them, the later one winning.

    What was stored by another release and is not understood is passed over: the ordinary rule
    stands there.
    """
    found = {name: dict(needs) for name, needs in ORDINARY.items()}
    for one in said:
        for name, needs in (one or {}).items():
            for ask, need in needs.items() if isinstance(needs, Mapping) else ():
                if name in found and ask in set(Ask) and need in set(Need):
                    found[name][Ask(ask)] = Need(need)
    return found
