"""Keyset pages: the same short time at any depth, and nothing skipped when rows are added meanwhile."""

from typing import TypeVar
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import InstrumentedAttribute

from evidence_api.db import Base
from evidence_api.work import Work

M = TypeVar("M", bound=Base)
Page = tuple[list[M], str | None]


def page(work: Work, query: sa.Select[M], key: InstrumentedAttribute[UUID], limit: int, cursor: UUID | None) -> Page[M]:
    """The next `limit` rows after `cursor`, newest first, and the cursor to go on from, if there is more."""
    if cursor is not None:
        query = query.where(key < cursor)
    rows = list(work.session.scalars(query.order_by(key.desc()).limit(limit + 1)))
    if len(rows) <= limit:
        return rows, None
    return rows[:limit], str(getattr(rows[limit - 1], key.key))
