"""The tables of this release, made or renewed; the steps are in `dispatch.sql.migrations`."""

from __future__ import annotations

import logging

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, text

from dispatch.errors import StoreError
from dispatch.sql import words
from dispatch.sql.database import Database

_LOCK = 7_240_117
"""An arbitrary number that all of our releases agree on."""


def _config(connection: Connection | None = None) -> Config:
    config = Config()
    config.set_main_option("script_location", "dispatch.sql:migrations")
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def at_head(connection: Connection) -> bool:
    """Tell whether the tables are this release's."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    return MigrationContext.configure(connection).get_current_revision() == head


def upgrade(database: Database) -> bool:
    """
    Make or renew the tables in one transaction; return whether there was anything to do.

    Raises
    ------
    StoreError
        The database cannot be written, or was written by a later release.
    """
    if database.path is not None:
        try:
            database.path.parent.mkdir(parents=True, exist_ok=True)
        except OSError as error:
            raise StoreError("away", where=database.shown, said=str(error)) from error
    # Alembic tells of itself at level INFO to whoever listens to the root logger.
    logging.getLogger("alembic").setLevel(logging.WARNING)
    with database.begin(writes=True) as connection:
        if not database.sqlite:
            connection.execute(text("SELECT pg_advisory_xact_lock(:lock)"), {"lock": _LOCK})
        if at_head(connection):
            return words.make(connection)
        found = MigrationContext.configure(connection).get_current_revision()
        known = {one.revision for one in ScriptDirectory.from_config(_config()).walk_revisions()}
        if found is not None and found not in known:
            raise StoreError("newer", where=database.shown, found=found)
        command.upgrade(_config(connection), "head")
        words.make(connection)
    return True
