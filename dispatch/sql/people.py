"""Accounts, sessions, keys and courier links as rows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, datetime

from sqlalchemy import delete, or_, select, update

from dispatch.errors import ConflictError
from dispatch.records import ApiKey, CourierLink, Person, Session
from dispatch.sql.rows import Writer, from_row, to_row, upsert
from dispatch.sql.tables import api_keys, courier_links, people, sessions


class SqlPeople:
    """`repository.People` in SQL."""

    def __init__(self, writer: Writer) -> None:
        self._connection = writer.connection
        self._writer = writer

    # ---- accounts -------------------------------------------------------------------------------

    def get(self, key: str) -> Person | None:
        """Return an account."""
        row = self._connection.execute(select(people).where(people.c.id == key)).mappings()
        found = row.one_or_none()
        return None if found is None else from_row(Person, found)

    def by_login(self, login: str) -> Person | None:
        """Return the account with a login, whatever its case."""
        wanted = select(people).where(people.c.login == login.strip().lower())
        found = self._connection.execute(wanted).mappings().one_or_none()
        return None if found is None else from_row(Person, found)

    def all(self) -> Sequence[Person]:
        """Return all accounts by login."""
        rows = self._connection.execute(select(people).order_by(people.c.login))
        return [from_row(Person, row) for row in rows.mappings()]

    def put(self, person: Person) -> Person:
        """Store an account over the version that was read."""
        person = replace(person, login=person.login.strip().lower())
        other = self.by_login(person.login)
        if other is not None and other.id != person.id:
            raise ConflictError("login_taken", login=person.login)
        return self._writer.put(people, person, key="id", what="person")

    # ---- sessions -------------------------------------------------------------------------------

    def session(self, token_hash: str) -> Session | None:
        """Return a session."""
        wanted = select(sessions).where(sessions.c.token_hash == token_hash)
        found = self._connection.execute(wanted).mappings().one_or_none()
        return None if found is None else from_row(Session, found)

    def put_session(self, session: Session) -> None:
        """Store a session, new or seen again."""
        upsert(self._connection, sessions, to_row(session), ["token_hash"])

    def end_sessions(
        self,
        *,
        token_hash: str = "",
        person: str = "",
        courier: str = "",
        expired_at: datetime | None = None,
    ) -> int:
        """End the sessions that match any of what is given; return how many."""
        which = [
            sessions.c[name] == value
            for name, value in (("token_hash", token_hash), ("person", person))
            if value
        ]
        if courier:
            which.append(sessions.c.courier == courier)
        if expired_at is not None:
            which.append(sessions.c.expires_at <= expired_at)
        if not which:
            return 0
        return self._connection.execute(delete(sessions).where(or_(*which))).rowcount

    # ---- keys -----------------------------------------------------------------------------------

    def key(self, key_hash: str) -> ApiKey | None:
        """Return a key by its hash, revoked or not."""
        wanted = select(api_keys).where(api_keys.c.key_hash == key_hash)
        found = self._connection.execute(wanted).mappings().one_or_none()
        return None if found is None else from_row(ApiKey, found)

    def keys(self) -> Sequence[ApiKey]:
        """Return all keys, the oldest first."""
        rows = self._connection.execute(select(api_keys).order_by(api_keys.c.created_at))
        return [from_row(ApiKey, row) for row in rows.mappings()]

    def put_key(self, key: ApiKey) -> None:
        """Store a key, new or changed."""
        upsert(self._connection, api_keys, to_row(key), ["id"])

    # ---- courier links --------------------------------------------------------------------------

    def link(self, key: str) -> CourierLink | None:
        """Return a link."""
        wanted = select(courier_links).where(courier_links.c.id == key)
        found = self._connection.execute(wanted).mappings().one_or_none()
        return None if found is None else from_row(CourierLink, found)

    def links_of(self, day: date) -> Sequence[CourierLink]:
        """Return a day's links, the oldest first."""
        wanted = select(courier_links).where(courier_links.c.day == day)
        rows = self._connection.execute(wanted.order_by(courier_links.c.created_at))
        return [from_row(CourierLink, row) for row in rows.mappings()]

    def put_link(self, link: CourierLink) -> None:
        """Store a link, new or changed."""
        upsert(self._connection, courier_links, to_row(link), ["id"])

    def use_link(self, key: str, at: datetime, device: str = "") -> bool:
        """Mark a link as used; exactly one caller is told True."""
        done = self._connection.execute(
            update(courier_links)
            .where(
                courier_links.c.id == key,
                courier_links.c.used_at.is_(None),
                courier_links.c.revoked_at.is_(None),
                courier_links.c.expires_at > at,
            )
            .values(used_at=at, device=device)
        )
        return done.rowcount == 1

    def revoke_links(self, *, courier: str, day: date, at: datetime) -> int:
        """Revoke a courier's links of a day; return how many."""
        return self._connection.execute(
            update(courier_links)
            .where(
                courier_links.c.courier == courier,
                courier_links.c.day == day,
                courier_links.c.revoked_at.is_(None),
            )
            .values(revoked_at=at)
        ).rowcount
