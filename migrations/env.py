"""Alembic's entry: run the migrations on the connection that `wuma.kernel.migrate` hands over."""

from alembic import context

connection = context.config.attributes["connection"]
context.configure(connection=connection, version_table="wuma_migration", transaction_per_migration=True)
with context.begin_transaction():
    context.run_migrations()
