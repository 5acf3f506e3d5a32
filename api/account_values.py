"""What signing in and out deals in: new sessions, keys and links, and what refuses them."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from datetime import datetime

from api.access import RIGHTS, Principal
from dispatch.errors import DispatchError
from dispatch.records import ApiKey, CourierLink, Role, Session

LEAST_PASSWORD = 12
"""Letters of a password at least; length is what counts."""


class SignInError(DispatchError):
    """The name and password, the link, or the token do not let anybody in."""


class LinkOverError(SignInError):
    """The link's day is over, or it was revoked (`.revoked`)."""

    def __init__(self, *, revoked: bool) -> None:
        self.revoked = revoked
        super().__init__("revoked" if revoked else "over")


class LinkElsewhereError(SignInError):
    """Another phone came by this link (`.since`); this one waits for the dispatcher."""

    def __init__(self, since: datetime) -> None:
        self.since = since
        super().__init__(f"used on another phone since {since:%H:%M}")


class WeakPasswordError(DispatchError):
    """The password is too short (`.least`), or the name itself."""

    def __init__(self) -> None:
        self.least = LEAST_PASSWORD
        super().__init__(f"a password needs {LEAST_PASSWORD} letters and must not hold the login")


class LastAdminError(DispatchError):
    """Nobody would be left who may manage accounts."""


class AlreadySetUpError(DispatchError):
    """There is an administrator already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignedIn:
    """A new session: the cookie's value, and what belongs to it."""

    cookie: str
    session: Session
    principal: Principal


@dataclass(frozen=True, slots=True, kw_only=True)
class NewKey:
    """A new key: its secret is shown this once."""

    secret: str
    key: ApiKey


@dataclass(frozen=True, slots=True, kw_only=True)
class NewLink:
    """A new link: its token is shown this once."""

    token: str
    link: CourierLink


def digest_of(secret: str) -> str:
    """Return what is kept of a cookie, a key, or the name a phone gave itself."""
    return hashlib.sha256(secret.encode()).hexdigest()


def of_link(session: Session) -> Principal:
    """Return who a courier's session stands for."""
    return Principal(
        id=f"courier:{session.courier}",
        by=f"courier:{session.courier}",
        role=Role.COURIER,
        rights=RIGHTS[Role.COURIER],
        courier=session.courier,
        day=session.day,
        csrf=session.csrf,
        session=session.token_hash,
    )
