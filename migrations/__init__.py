"""The database's history (Alembic). Run by `unbroken init`; safe to run again."""
