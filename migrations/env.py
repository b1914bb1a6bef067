"""Runs the migrations in the transaction of the connection that `evidence_api.setup` hands over."""

from alembic import context

from evidence_api.models.ledger import LedgerEntry

context.configure(
    connection=context.config.attributes["connection"], target_metadata=LedgerEntry.metadata, render_as_batch=False
)
with context.begin_transaction():
    context.run_migrations()
