"""
An index for the words that lists of orders are searched for, where the database has one to offer.

A search looks for a part of a text, wherever it stands: an index of words would not find "0912" in
a phone number. Both databases know one of all groups of three letters. SQLite's (FTS5, "trigram")
is a table beside the orders, kept by triggers; PostgreSQL's (pg_trgm) is an index like any other.
Both are made when the tables are, hold nothing of their own, and may be missing: searches then read
all rows.

References
----------
https://www.sqlite.org/fts5.html#the_trigram_tokenizer
https://www.postgresql.org/docs/current/pgtrgm.html
"""

from __future__ import annotations

from sqlalchemy import (
    ColumnElement,
    Connection,
    Select,
    column,
    literal_column,
    select,
    table,
    text,
)
from sqlalchemy.exc import DBAPIError

from dispatch.sql.tables import orders

PREFIX = "order_words"
"""What the names of everything here begin with."""

MOST = 1_000
"""Orders found are fetched one by one; beyond so many, reading the list in its order is faster."""

_LEAST = 3
"""Letters that the index needs."""

_WORDS = table(PREFIX, column("number"), column("id"), column("search"))
_INDEX = table("order_words_index", column("rowid"), column("search"))

_SQLITE = (
    # Rows keep their number here for good; those of a table without a number of its own do not.
    (
        "CREATE TABLE order_words (number INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, "
        "search TEXT NOT NULL)"
    ),
    "INSERT INTO order_words (id, search) SELECT id, search FROM orders",
    (
        "CREATE VIRTUAL TABLE order_words_index USING fts5(search, content='order_words', "
        "content_rowid='number', tokenize='trigram')"
    ),
    "INSERT INTO order_words_index (order_words_index) VALUES ('rebuild')",
    (
        "CREATE TRIGGER order_words_added AFTER INSERT ON orders BEGIN "
        "INSERT INTO order_words (id, search) VALUES (new.id, new.search); "
        "INSERT INTO order_words_index (rowid, search) "
        "SELECT number, search FROM order_words WHERE id = new.id; END"
    ),
    (
        "CREATE TRIGGER order_words_changed AFTER UPDATE OF search ON orders "
        "WHEN old.search <> new.search BEGIN "
        "INSERT INTO order_words_index (order_words_index, rowid, search) "
        "SELECT 'delete', number, search FROM order_words WHERE id = old.id; "
        "UPDATE order_words SET search = new.search WHERE id = old.id; "
        "INSERT INTO order_words_index (rowid, search) "
        "SELECT number, search FROM order_words WHERE id = old.id; END"
    ),
    (
        "CREATE TRIGGER order_words_gone AFTER DELETE ON orders BEGIN "
        "INSERT INTO order_words_index (order_words_index, rowid, search) "
        "SELECT 'delete', number, search FROM order_words WHERE id = old.id; "
        "DELETE FROM order_words WHERE id = old.id; END"
    ),
)

_POSTGRESQL = (
    "CREATE EXTENSION IF NOT EXISTS pg_trgm",
    "CREATE INDEX order_words_index ON orders USING gin (search gin_trgm_ops)",
)


def there(connection: Connection) -> bool:
    """Tell whether the database has the index."""
    if connection.dialect.name == "sqlite":
        asked = text("SELECT 1 FROM sqlite_master WHERE name = :name")
    else:
        asked = text("SELECT 1 WHERE to_regclass(:name) IS NOT NULL")
    return connection.execute(asked, {"name": "order_words_index"}).first() is not None


def make(connection: Connection) -> bool:
    """Make the index unless it is there, or the database has none; return whether it was made."""
    if there(connection):
        return False
    steps = _SQLITE if connection.dialect.name == "sqlite" else _POSTGRESQL
    try:
        with connection.begin_nested():
            for step in steps:
                connection.exec_driver_sql(step)
    except DBAPIError as error:
        if not _lacking(error):
            raise
        return False
    return True


def _lacking(error: DBAPIError) -> bool:
    """Tell whether the database lacks the kind of index, or will not let us have it."""
    said = f"{type(error.orig).__name__} {error.orig}".lower()
    signs = ("no such module", "no such tokenizer", "privilege", "permission", "extension")
    return any(sign in said for sign in signs)


def found(connection: Connection, words: str) -> list[str] | None:
    """
    Return the ids of the orders that have the words, folded, in what is searched.

    None where they are too many, or the database must look for them itself: PostgreSQL does so with
    its index.
    """
    if connection.dialect.name != "sqlite" or len(words) < _LEAST or not there(connection):
        return None
    ids = [str(key) for (key,) in connection.execute(_ids(words).limit(MOST + 1))]
    return None if len(ids) > MOST else ids


def all_with(connection: Connection, words: str) -> ColumnElement[bool] | None:
    """Return the condition that an order has the words, by the index; None without one."""
    if connection.dialect.name != "sqlite" or len(words) < _LEAST or not there(connection):
        return None
    return orders.c.id.in_(_ids(words))


def _ids(words: str) -> Select[str]:
    phrase = '"' + words.replace('"', '""') + '"'
    return (
        select(_WORDS.c.id)
        .select_from(_INDEX.join(_WORDS, _WORDS.c.number == _INDEX.c.rowid))
        .where(literal_column("order_words_index").op("MATCH")(phrase))
    )
