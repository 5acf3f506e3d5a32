"""Proofs, refused events, hints and office rules as rows."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from datetime import date

from sqlalchemy import delete, select, update

from dispatch.phone_records import Hint, Proof, Refusal, StoredRules
from dispatch.repository import chunks
from dispatch.sql.journal import blanked
from dispatch.sql.rows import Writer, from_row, insert, insert_new, to_row, upsert
from dispatch.sql.tables import hints, phone_rules, proofs, refusals


class SqlPhones:
    """`repository.Phones` in SQL."""

    def __init__(self, writer: Writer) -> None:
        self._writer = writer
        self._connection = writer.connection

    # ---- proofs ---------------------------------------------------------------------------------

    def proof(self, day: date, courier: str, key: str) -> Proof | None:
        """Return a photo or signature."""
        wanted = select(proofs).where(
            proofs.c.day == day, proofs.c.courier == courier, proofs.c.hash == key
        )
        row = self._connection.execute(wanted).mappings().one_or_none()
        return None if row is None else from_row(Proof, row)

    def proofs(self, day: date, courier: str) -> frozenset[str]:
        """Return the hashes of what a courier has brought on a day."""
        wanted = select(proofs.c.hash).where(proofs.c.day == day, proofs.c.courier == courier)
        return frozenset(self._connection.execute(wanted).scalars())

    def put_proof(self, proof: Proof) -> bool:
        """Store a proof; False where it is there already."""
        return insert_new(self._connection, proofs, to_row(proof), ["day", "courier", "hash"])

    # ---- refused events -------------------------------------------------------------------------

    def refuse(self, refusal: Refusal) -> Refusal:
        """Keep a refused event; the same one again is the one that is there already."""
        said = json.dumps(dict(refusal.event), sort_keys=True, ensure_ascii=False)
        shown = hashlib.sha256(said.encode()).hexdigest()
        row = to_row(refusal)
        del row["seq"]
        self._connection.execute(
            insert(self._connection, refusals)
            .values(**row, print=shown)
            .on_conflict_do_nothing(index_elements=["day", "courier", "print"])
        )
        wanted = select(refusals).where(
            refusals.c.day == refusal.day,
            refusals.c.courier == refusal.courier,
            refusals.c.print == shown,
        )
        return from_row(Refusal, self._connection.execute(wanted).mappings().one())

    def refusals(self, day: date, *, courier: str = "") -> Sequence[Refusal]:
        """Return a day's refused events, the oldest first."""
        wanted = select(refusals).where(refusals.c.day == day).order_by(refusals.c.seq)
        if courier:
            wanted = wanted.where(refusals.c.courier == courier)
        return [from_row(Refusal, row) for row in self._connection.execute(wanted).mappings()]

    def put_refusal(self, refusal: Refusal) -> None:
        """Store that a refused event was settled."""
        self._connection.execute(
            update(refusals)
            .where(refusals.c.seq == refusal.seq)
            .values(handled_by=refusal.handled_by, handled_at=refusal.handled_at, note=refusal.note)
        )

    # ---- hints and rules ------------------------------------------------------------------------

    def hints(self, addresses: Collection[str]) -> Mapping[str, Hint]:
        """Return what is known of how addresses are found."""
        found: dict[str, Hint] = {}
        for batch in chunks(sorted(addresses)):
            rows = self._connection.execute(select(hints).where(hints.c.address.in_(batch)))
            found |= {row["address"]: from_row(Hint, row) for row in rows.mappings()}
        return found

    def put_hint(self, hint: Hint) -> None:
        """Store a hint over the one that there was."""
        upsert(self._connection, hints, to_row(hint), ["address"])

    def rules(self) -> Sequence[StoredRules]:
        """Return what offices ask at stops."""
        rows = self._connection.execute(select(phone_rules).order_by(phone_rules.c.office))
        return [from_row(StoredRules, row) for row in rows.mappings()]

    def put_rules(self, stored: StoredRules) -> StoredRules:
        """Store an office's rules over the version that was read."""
        return self._writer.put(phone_rules, stored, key="office", what="phone_rules")

    # ---- personal data --------------------------------------------------------------------------

    def blank(self, *, before: date) -> int:
        """Remove proofs of earlier days, and blank who is named in refused events."""
        gone = self._connection.execute(delete(proofs).where(proofs.c.day < before)).rowcount
        old = select(refusals.c.seq, refusals.c.event).where(refusals.c.day < before)
        for seq, event in self._connection.execute(old).all():
            self._connection.execute(
                update(refusals).where(refusals.c.seq == seq).values(event=blanked(event))
            )
        return gone
