"""
The links that couriers come by: signed tokens that name a person and a day.

A link's number stands in the store, where it can be used once and revoked.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from datetime import date, datetime, time, timedelta
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from api.account_values import NewLink, SignedIn, SignInError, digest_of, of_link
from api.remembered import Remembered
from dispatch.clock import HANOI, Clock
from dispatch.records import CourierLink, Role, Session
from dispatch.repository import Store

_LINK_GRACE = timedelta(hours=6)
"""A courier's link and session are good until so long after the midnight that ends the day."""


class CourierLinks:
    """
    Use cases around couriers' links.

    Parameters
    ----------
    secret
        Signs the links; 32 bytes or more.
    """

    def __init__(self, *, store: Store, clock: Clock, secret: bytes) -> None:
        if len(secret) < 32:
            raise ValueError("the secret needs 32 bytes")
        self._store = store
        self._clock = clock
        self._signing = OctKey.import_key(secret)
        self._remembered = Remembered()

    def link(self, couriers: Sequence[str], *, day: date, by: str) -> Sequence[NewLink]:
        """Make a link for each courier of a day; links that were made before stay good."""
        expires = over_at(day)
        made = []
        with self._store.writing(by=by, at=self._clock.now()) as uow:
            for courier in couriers:
                link = CourierLink(
                    id=uuid4().hex,
                    courier=courier,
                    day=day,
                    by=by,
                    created_at=uow.at,
                    expires_at=expires,
                )
                uow.people.put_link(link)
                claims = {
                    "sub": courier,
                    "day": day.isoformat(),
                    "jti": link.id,
                    "exp": int(expires.timestamp()),
                }
                token = jwt.encode({"alg": "HS256"}, claims, self._signing)
                made.append(NewLink(token=token, link=link))
            uow.audit.add("links.made", subject="day", key=day.isoformat(), couriers=list(couriers))
        return made

    def revoke_links(self, courier: str, *, day: date, by: str) -> int:
        """Revoke a courier's links of a day, and end the sessions that came of them."""
        with self._store.writing(by=by, at=self._clock.now()) as uow:
            count = uow.people.revoke_links(courier=courier, day=day, at=uow.at)
            uow.people.end_sessions(courier=courier)
            uow.audit.add(
                "links.revoked", subject="day", key=day.isoformat(), courier=courier, count=count
            )
        self._remembered.forget()
        return count

    def come_by_link(self, token: str) -> SignedIn:
        """
        Exchange a courier's link for a session, once.

        Raises
        ------
        SignInError
            The link is forged, over, revoked, or was used before.
        """
        try:
            claims = jwt.decode(token, self._signing, algorithms=["HS256"]).claims
            key, courier = str(claims["jti"]), str(claims["sub"])
            day = date.fromisoformat(str(claims["day"]))
        except (JoseError, KeyError, ValueError, UnicodeError):
            raise SignInError from None
        now = self._clock.now()
        with self._store.writing(by=f"courier:{courier}", at=now) as uow:
            link = uow.people.link(key)
            if link is None or (link.courier, link.day) != (courier, day):
                raise SignInError
            if not uow.people.use_link(key, now):
                raise SignInError
            cookie = secrets.token_urlsafe(32)
            session = Session(
                token_hash=digest_of(cookie),
                role=Role.COURIER,
                csrf=secrets.token_urlsafe(24),
                courier=courier,
                day=day,
                created_at=now,
                expires_at=link.expires_at,
                last_seen=now,
            )
            uow.people.put_session(session)
            uow.audit.add("link.used", subject="day", key=day.isoformat(), courier=courier)
        return SignedIn(cookie=cookie, session=session, principal=of_link(session))


def over_at(day: date) -> datetime:
    """Return when a courier's link of a day is over."""
    return datetime.combine(day + timedelta(days=1), time(), HANOI) + _LINK_GRACE
