"""Alembic's entry: runs on the connection that migrate.py hands over, or makes one for `make migration`."""

from alembic import context

from sextant.store.tables import metadata

connection = context.config.attributes["connection"]
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
