"""
Accounts: signing in and out, people, keys for machines, and the links that couriers come by.

Secrets are kept as hashes only: passwords by argon2, cookies and keys by SHA-256 (they are random
and long, so that guessing is hopeless and a slow hash would only slow every request). A courier's
link is a signed token that names a person and a day (`api.courier_links`).
"""

from __future__ import annotations

import secrets
from collections.abc import Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

from pwdlib import PasswordHash
from pwdlib.hashers.argon2 import Argon2Hasher

from api.access import RIGHTS, SCOPES, Principal, Right
from api.account_values import (
    LEAST_PASSWORD,
    AlreadySetUpError,
    LastAdminError,
    NewKey,
    SignedIn,
    SignInError,
    WeakPasswordError,
    digest_of,
    of_link,
)
from api.courier_links import CourierLinks
from dispatch.clock import Clock
from dispatch.records import ApiKey, Person, Role, Session, Stamp
from dispatch.repository import Store, UnitOfWork

SESSION = timedelta(hours=12)
"""A person's session ends so long after it was last used."""

_SEEN_EVERY = timedelta(minutes=5)
"""How exactly it is known when a session was last used: every request would be a write."""

_KEY_PREFIX = "buuta_"


class Accounts(CourierLinks):
    """
    Use cases around accounts.

    Parameters
    ----------
    secret
        Signs the couriers' links; 32 bytes or more.
    """

    def __init__(self, *, store: Store, clock: Clock, secret: bytes) -> None:
        super().__init__(store=store, clock=clock, secret=secret)
        self._hasher = PasswordHash((Argon2Hasher(),))
        # Checked where a login is not known, so that both take equally long.
        self._nobody = self._hasher.hash(secrets.token_urlsafe())
        self._setup = secrets.token_urlsafe(24)

    # ---- first run ----------------------------------------------------------------------------

    def setup_token(self) -> str | None:
        """Return the token that makes the first administrator, None where there is one."""
        with self._store.reading() as uow:
            return None if _has_admin(uow) else self._setup

    def set_up(self, *, token: str, login: str, name: str, password: str) -> SignedIn:
        """
        Make the first administrator and sign in.

        Raises
        ------
        AlreadySetUpError
            There is one.
        SignInError
            The token is not the one that was shown when the service started.
        WeakPasswordError
            The password is too short.
        """
        if not secrets.compare_digest(token.encode(), self._setup.encode()):
            raise SignInError
        self._require_strong(password, login)
        hashed = self._hasher.hash(password)
        with self._store.writing(by=login.strip().lower(), at=self._clock.now()) as uow:
            if _has_admin(uow):
                raise AlreadySetUpError
            person = self._new_person(
                uow, login=login, name=name, role=Role.ADMIN, hashed=hashed, courier=""
            )
            return self._session_of(uow, person)

    # ---- sessions -----------------------------------------------------------------------------

    def sign_in(self, *, login: str, password: str) -> SignedIn:
        """
        Sign a person in.

        Raises
        ------
        SignInError
            There is no active person of that name and password; which was wrong is not said.
        """
        with self._store.reading() as uow:
            person = uow.people.by_login(login)
        usable = person is not None and person.active and person.password
        hashed = person.password if person is not None and usable else self._nobody
        fits, renewed = self._hasher.verify_and_update(password, hashed)
        if person is None or not usable or not fits:
            raise SignInError
        with self._store.writing(by=person.login, at=self._clock.now()) as uow:
            if renewed is not None:
                person = uow.people.put(replace(person, password=renewed))
            uow.people.end_sessions(expired_at=uow.at)
            signed_in = self._session_of(uow, person)
            uow.audit.add("person.signed_in", subject="person", key=person.id)
        return signed_in

    def sign_out(self, principal: Principal) -> None:
        """End the session behind a request."""
        with self._store.writing(by=principal.by, at=self._clock.now()) as uow:
            uow.people.end_sessions(token_hash=principal.session)
        self._remembered.forget()

    def remembered(self, secret: str, *, key: bool) -> Principal | None:
        """Return who a cookie or key stood for a moment ago, None where the store must be asked."""
        return self._remembered.get(_remembered_as(secret, key=key), self._clock.now())

    def by_cookie(self, cookie: str) -> Principal | None:
        """Return who a cookie stands for, None where its session is over."""
        now = self._clock.now()
        turn = self._remembered.turn
        found = self._by_cookie(cookie, now)
        if found is None:
            return None
        principal, until = found
        name = _remembered_as(cookie, key=False)
        self._remembered.put(name, principal, now=now, until=until, turn=turn)
        return principal

    def _by_cookie(self, cookie: str, now: datetime) -> tuple[Principal, datetime] | None:
        with self._store.reading() as uow:
            session = uow.people.session(digest_of(cookie))
            if session is None or session.expires_at <= now:
                return None
            if not session.person:
                return of_link(session), session.expires_at
            person = uow.people.get(session.person)
        if person is None or not person.active:
            return None
        if now - session.last_seen >= _SEEN_EVERY:
            with self._store.writing(by=person.login, at=now) as uow:
                if uow.people.session(session.token_hash) is not None:
                    uow.people.put_session(
                        replace(session, last_seen=now, expires_at=now + SESSION)
                    )
        return _of_person(person, session), session.expires_at

    def _session_of(self, uow: UnitOfWork, person: Person) -> SignedIn:
        cookie = secrets.token_urlsafe(32)
        session = Session(
            token_hash=digest_of(cookie),
            person=person.id,
            role=person.role,
            csrf=secrets.token_urlsafe(24),
            courier=person.courier,
            created_at=uow.at,
            expires_at=uow.at + SESSION,
            last_seen=uow.at,
        )
        uow.people.put_session(session)
        return SignedIn(cookie=cookie, session=session, principal=_of_person(person, session))

    # ---- people -------------------------------------------------------------------------------

    def people(self) -> Sequence[Person]:
        """Return all accounts, by login."""
        with self._store.reading() as uow:
            return uow.people.all()

    def add_person(
        self, *, login: str, name: str, role: Role, password: str, courier: str, by: str
    ) -> Person:
        """
        Make an account.

        Raises
        ------
        WeakPasswordError
            The password is too short.
        ConflictError
            The login is taken.
        """
        self._require_strong(password, login)
        hashed = self._hasher.hash(password)
        with self._store.writing(by=by, at=self._clock.now()) as uow:
            return self._new_person(
                uow, login=login, name=name, role=role, hashed=hashed, courier=courier
            )

    def change_person(
        self,
        key: str,
        *,
        read: int,
        by: str,
        name: str | None = None,
        role: Role | None = None,
        active: bool | None = None,
        password: str | None = None,
        courier: str | None = None,
    ) -> Person | None:
        """
        Change an account over the version that was read; None leaves a field as it is.

        A new password, role or end of activity ends the person's sessions.

        Returns
        -------
        Person or None
            None where there is none of that id.

        Raises
        ------
        ConflictError
            Somebody changed it meanwhile.
        LastAdminError
            It is the only administrator.
        WeakPasswordError
            The password is too short.
        """
        digest = None if password is None else self._hasher.hash(password)
        with self._store.writing(by=by, at=self._clock.now()) as uow:
            before = uow.people.get(key)
            if before is None:
                return None
            if password is not None:
                self._require_strong(password, before.login)
            wanted = replace(
                before,
                name=before.name if name is None else name,
                role=before.role if role is None else role,
                active=before.active if active is None else active,
                password=before.password if digest is None else digest,
                courier=before.courier if courier is None else courier,
                stamp=replace(before.stamp, version=read),
            )
            after = uow.people.put(wanted)
            if not _has_admin(uow):
                raise LastAdminError
            if (before.role, before.active, before.password) != (
                after.role,
                after.active,
                after.password,
            ):
                uow.people.end_sessions(person=key)
            uow.audit.add(
                "person.changed",
                subject="person",
                key=key,
                role=after.role.value,
                active=after.active,
                password=digest is not None,
            )
        self._remembered.forget()
        return after

    def change_own_password(self, principal: Principal, *, old: str, new: str) -> SignedIn:
        """
        Change the password of who is signed in; all other sessions end.

        Raises
        ------
        SignInError
            The old password is not right.
        WeakPasswordError
            The new one is too short.
        """
        with self._store.reading() as uow:
            person = uow.people.get(principal.id)
        if person is None or not self._hasher.verify(old, person.password or self._nobody):
            raise SignInError
        self._require_strong(new, person.login)
        hashed = self._hasher.hash(new)
        with self._store.writing(by=person.login, at=self._clock.now()) as uow:
            person = uow.people.put(replace(person, password=hashed))
            uow.people.end_sessions(person=person.id)
            uow.audit.add("person.password_changed", subject="person", key=person.id)
            signed_in = self._session_of(uow, person)
        self._remembered.forget()
        return signed_in

    def _new_person(
        self, uow: UnitOfWork, *, login: str, name: str, role: Role, hashed: str, courier: str
    ) -> Person:
        person = uow.people.put(
            Person(
                id=uuid4().hex,
                login=login,
                name=name,
                role=role,
                password=hashed,
                courier=courier,
                stamp=Stamp(version=0, by=uow.by, at=uow.at),
            )
        )
        uow.audit.add("person.added", subject="person", key=person.id, role=role.value)
        return person

    def _require_strong(self, password: str, login: str) -> None:
        if len(password) < LEAST_PASSWORD or login.strip().lower() in password.lower():
            raise WeakPasswordError

    # ---- keys ---------------------------------------------------------------------------------

    def all_keys(self) -> Sequence[ApiKey]:
        """Return all keys, revoked ones too, without their secrets."""
        with self._store.reading() as uow:
            return uow.people.keys()

    def add_key(
        self, *, name: str, scopes: Sequence[Right], expires_at: datetime | None, by: str
    ) -> NewKey:
        """Make a key for a machine."""
        secret = _KEY_PREFIX + secrets.token_urlsafe(32)
        allowed = sorted({scope.value for scope in scopes} & {right.value for right in SCOPES})
        with self._store.writing(by=by, at=self._clock.now()) as uow:
            key = ApiKey(
                id=uuid4().hex,
                key_hash=digest_of(secret),
                name=name,
                scopes=tuple(allowed),
                by=by,
                created_at=uow.at,
                expires_at=expires_at,
            )
            uow.people.put_key(key)
            uow.audit.add("key.added", subject="key", key=key.id, scopes=allowed)
        return NewKey(secret=secret, key=key)

    def revoke_key(self, key: str, *, by: str) -> bool:
        """Revoke a key; False where there is none of that id."""
        with self._store.writing(by=by, at=self._clock.now()) as uow:
            known = uow.people.keys()
            found = next((one for one in known if one.id == key), None)
            if found is None:
                return False
            if found.revoked_at is None:
                uow.people.put_key(replace(found, revoked_at=uow.at))
                uow.audit.add("key.revoked", subject="key", key=key)
        self._remembered.forget()
        return True

    def by_key(self, secret: str) -> Principal | None:
        """Return what a key stands for, None where it is not known, over or revoked."""
        now = self._clock.now()
        turn = self._remembered.turn
        with self._store.reading() as uow:
            key = uow.people.key(digest_of(secret))
        if key is None or key.revoked_at is not None:
            return None
        if key.expires_at is not None and key.expires_at <= now:
            return None
        if key.last_used is None or now - key.last_used >= _SEEN_EVERY:
            with self._store.writing(by=f"key:{key.name}", at=now) as uow:
                # Read again: it may have been revoked meanwhile, which must not be written over.
                again = uow.people.key(key.key_hash)
                if again is None or again.revoked_at is not None:
                    return None
                uow.people.put_key(replace(again, last_used=now))
        principal = Principal(
            id=key.id,
            by=f"key:{key.name}",
            role=None,
            rights=frozenset(Right(scope) for scope in key.scopes) & SCOPES,
        )
        name = _remembered_as(secret, key=True)
        self._remembered.put(name, principal, now=now, until=key.expires_at, turn=turn)
        return principal


def _has_admin(uow: UnitOfWork) -> bool:
    return any(one.active and one.role is Role.ADMIN for one in uow.people.all())


def _of_person(person: Person, session: Session) -> Principal:
    return Principal(
        id=person.id,
        by=person.login,
        role=person.role,
        rights=RIGHTS[person.role],
        courier=person.courier,
        csrf=session.csrf,
        session=session.token_hash,
    )


def _remembered_as(secret: str, *, key: bool) -> str:
    return f"{'key' if key else 'cookie'} {digest_of(secret)}"
