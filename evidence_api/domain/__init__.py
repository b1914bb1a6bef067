"""The rules of the work, with the standard library alone: no database, no network, no clock."""
