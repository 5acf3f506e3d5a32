"""
The links that couriers come by: signed, for one person and one day, good for one phone.

The token names a person and a day; its number stands in the store, where it is bound to the phone
that comes by it first, and can be revoked. The same phone may come again, after its browser forgot
it, say. Another one is refused and told so plainly; it waits until the dispatcher lets it in, which
signs the first phone out. A phone calls itself by a random name that it made; the store has its
hash.
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import date
from uuid import uuid4

from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey

from api.account_values import (
    LinkElsewhereError,
    LinkOverError,
    NewLink,
    SignedIn,
    SignInError,
    digest_of,
    of_link,
)
from api.remembered import Remembered
from dispatch.clock import Clock
from dispatch.errors import RefusedError
from dispatch.office.phones import over_at
from dispatch.records import CourierLink, Role, Session
from dispatch.repository import Store, UnitOfWork


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

    def links_of(self, day: date) -> Sequence[CourierLink]:
        """Return a day's links: which were used, and where another phone waits."""
        with self._store.reading() as uow:
            return uow.people.links_of(day)

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

    def admit_phone(self, courier: str, *, day: date, by: str) -> CourierLink:
        """
        Let the phone in that waits, instead of the one that came first, which is signed out.

        Raises
        ------
        RefusedError
            None waits.
        """
        with self._store.writing(by=by, at=self._clock.now()) as uow:
            waiting = [
                one
                for one in uow.people.links_of(day)
                if one.courier == courier and one.waiting and one.revoked_at is None
            ]
            if not waiting:
                raise RefusedError("no_waiting", courier=courier)
            latest = max(waiting, key=lambda one: one.waiting_at or one.created_at)
            admitted = replace(latest, device=latest.waiting, waiting="", waiting_at=None)
            uow.people.put_link(admitted)
            uow.people.end_sessions(courier=courier)
            uow.audit.add("link.phone_changed", subject="day", key=day.isoformat(), courier=courier)
        self._remembered.forget()
        return admitted

    def come_by_link(self, token: str, *, device: str = "") -> SignedIn:
        """
        Exchange a courier's link for a session; again only on the phone that did it first.

        Parameters
        ----------
        device
            What the phone calls itself; empty for a client that says nothing, which comes once.

        Raises
        ------
        LinkElsewhereError
            Another phone came by it. This one is noted as waiting.
        LinkOverError
            Its day is over, or it was revoked.
        SignInError
            It is forged.
        """
        try:
            claims = jwt.decode(token, self._signing, algorithms=["HS256"]).claims
            key, courier = str(claims["jti"]), str(claims["sub"])
            day = date.fromisoformat(str(claims["day"]))
        except (JoseError, KeyError, ValueError, UnicodeError):
            raise SignInError from None
        named = digest_of(device) if device else ""
        with self._store.writing(by=f"courier:{courier}", at=self._clock.now()) as uow:
            link = uow.people.link(key)
            if link is None or (link.courier, link.day) != (courier, day):
                raise SignInError
            if link.revoked_at is not None or link.expires_at <= uow.at:
                raise LinkOverError(revoked=link.revoked_at is not None)
            fresh = uow.people.use_link(key, uow.at, named)
            if fresh or (named and link.device == named):
                if link.waiting:
                    uow.people.put_link(
                        replace(link, used_at=link.used_at or uow.at, device=named, waiting="")
                    )
                return self._of_courier(uow, link)
            since = link.used_at or uow.at
            if named and link.waiting != named:
                uow.people.put_link(replace(link, waiting=named, waiting_at=uow.at))
                uow.audit.add("link.elsewhere", subject="day", key=day.isoformat(), courier=courier)
        # After the unit: that it waits is stored.
        raise LinkElsewhereError(since)

    def _of_courier(self, uow: UnitOfWork, link: CourierLink) -> SignedIn:
        cookie = secrets.token_urlsafe(32)
        session = Session(
            token_hash=digest_of(cookie),
            role=Role.COURIER,
            csrf=secrets.token_urlsafe(24),
            courier=link.courier,
            day=link.day,
            created_at=uow.at,
            expires_at=link.expires_at,
            last_seen=uow.at,
        )
        uow.people.put_session(session)
        uow.audit.add("link.used", subject="day", key=link.day.isoformat(), courier=link.courier)
        return SignedIn(cookie=cookie, session=session, principal=of_link(session))
