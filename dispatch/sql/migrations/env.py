"""Run by Alembic, inside the transaction that `dispatch.sql.migrate` has opened."""

from alembic import context

context.configure(
    connection=context.config.attributes["connection"],
    transactional_ddl=True,
    transaction_per_migration=False,
)
context.run_migrations()
