"""The index of what can be searched for."""

from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import Mapped, mapped_column

from evidence_api.db import Base, ByValue
from evidence_api.domain.search import Kind


class SearchText(Base):
    """What a row is found by, folded (`domain.search`); the gate keeps it in step with the row.

    The database's own index is made of `tokens`: in SQLite an FTS5 table, in PostgreSQL a tsvector, both
    `search_index`. The newest has the highest `id`.
    """

    __tablename__ = "search_text"
    bookkeeping = True

    id: Mapped[int] = mapped_column(sa.BigInteger().with_variant(sa.Integer, "sqlite"), primary_key=True)
    kind: Mapped[Kind] = mapped_column(ByValue(Kind))
    row_id: Mapped[UUID] = mapped_column(unique=True)
    ref: Mapped[str | None] = mapped_column(sa.String(200), index=True)
    text: Mapped[str] = mapped_column(sa.Text)
    tokens: Mapped[str] = mapped_column(sa.Text)


class SearchSpelling(Base):
    """A word of the index under each of its likely misspellings."""

    __tablename__ = "search_spelling"
    __table_args__ = (sa.Index(None, "word"),)
    bookkeeping = True

    misspelling: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
    word: Mapped[str] = mapped_column(sa.String(20), primary_key=True)
