"""Couriers' phones: proofs, refused events, hints, office rules; links are bound to a phone."""

from __future__ import annotations

import sqlalchemy as sa
from alembic import op

revision = "0002_phones"
down_revision = "0001"


def upgrade() -> None:
    """Make the tables, and add to the links which phone came by them."""
    op.create_table(
        "hints",
        sa.Column("address", sa.Text(), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("by", sa.String(), nullable=False),
        sa.Column("at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("address", name=op.f("pk_hints")),
    )
    op.create_table(
        "phone_rules",
        sa.Column("office", sa.String(), nullable=False),
        sa.Column("rules", sa.JSON(), nullable=False),
        sa.Column("version", sa.Integer(), nullable=False),
        sa.Column("changed_by", sa.String(), nullable=False),
        sa.Column("changed_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("office", name=op.f("pk_phone_rules")),
    )
    op.create_table(
        "proofs",
        sa.Column("hash", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("courier", sa.String(), nullable=False),
        sa.Column("media", sa.String(), nullable=False),
        sa.Column("data", sa.LargeBinary(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.PrimaryKeyConstraint("day", "courier", "hash", name=op.f("pk_proofs")),
    )
    op.create_table(
        "refusals",
        sa.Column(
            "seq",
            sa.BigInteger().with_variant(sa.Integer(), "sqlite"),
            autoincrement=True,
            nullable=False,
        ),
        sa.Column("id", sa.String(), nullable=False),
        sa.Column("day", sa.Date(), nullable=False),
        sa.Column("courier", sa.String(), nullable=False),
        sa.Column("print", sa.String(), nullable=False),
        sa.Column("event", sa.JSON(), nullable=False),
        sa.Column("reasons", sa.JSON(), nullable=False),
        sa.Column("received_at", sa.BigInteger(), nullable=False),
        sa.Column("handled_by", sa.String(), nullable=False),
        sa.Column("handled_at", sa.BigInteger(), nullable=True),
        sa.Column("note", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("seq", name=op.f("pk_refusals")),
        sa.UniqueConstraint("day", "courier", "print", name=op.f("uq_refusals_day")),
        sqlite_autoincrement=True,
    )
    op.add_column(
        "courier_links", sa.Column("device", sa.String(), server_default="", nullable=False)
    )
    op.add_column(
        "courier_links", sa.Column("waiting", sa.String(), server_default="", nullable=False)
    )
    op.add_column("courier_links", sa.Column("waiting_at", sa.BigInteger(), nullable=True))
    op.create_index("ix_courier_links_day", "courier_links", ["day"], unique=False)
