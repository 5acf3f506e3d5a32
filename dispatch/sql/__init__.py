"""The store in SQLite or PostgreSQL: the only package that knows SQLAlchemy."""

from dispatch.sql.backup import backup as backup
from dispatch.sql.backup import restore as restore
from dispatch.sql.database import Database as Database
from dispatch.sql.migrate import upgrade as upgrade
from dispatch.sql.store import SqlStore as SqlStore
from dispatch.sql.store import open_store as open_store
