"""Housekeeping in the database, for the worker."""

from datetime import timedelta

import sqlalchemy as sa

from evidence_api.models import Answer
from evidence_api.policy import Permission
from evidence_api.work import Work, act

ANSWERS_KEPT = timedelta(days=7)


@act(Permission.OPERATE)
def forget_answers(work: Work) -> int:
    """Delete the answers to idempotent requests that are older than `ANSWERS_KEPT`; how many."""
    old = sa.delete(Answer).where(Answer.created_at < work.now - ANSWERS_KEPT).returning(Answer.key)
    return len(work.session.scalars(old).all())
