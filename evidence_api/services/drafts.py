"""What somebody has typed into a form and not sent yet, kept under the key of her own account.

Bookkeeping: a draft is nothing done yet, so the ledger has no entry of it.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import sqlalchemy as sa

from evidence_api.keys import KeyMissing
from evidence_api.models import FormDraft, ImportDraft
from evidence_api.policy import Permission
from evidence_api.work import Work, act

KEPT = timedelta(days=14)
MOST = 50
"""Drafts of one person; a further one takes the place of the oldest."""
TABLE_KEPT = timedelta(hours=1)
"""A table that was uploaded to be imported is kept no longer."""

Typed = Mapping[str, Sequence[str]]


@dataclass(frozen=True, slots=True)
class Draft:
    """What was typed, by the names of the fields, and when."""

    typed: Typed
    saved_at: datetime


def _context(place: str) -> str:
    return f"draft:{place}"


@act(Permission.ACCOUNT_OWN)
def keep(work: Work, *, place: str, typed: Typed) -> None:
    """Keep what is typed into the form at `place`, in the place of what was kept of it."""
    assert work.actor.user_id is not None
    key = (work.actor.user_id, place)
    sealed = work.keys.seal(work.session, work.actor.subject, json.dumps(typed).encode(), _context(place))
    found = work.session.get(FormDraft, key, with_for_update=True)
    if found is not None:
        found.sealed, found.saved_at = sealed, work.now
        return
    work.session.add(FormDraft(user_id=key[0], place=place, sealed=sealed, saved_at=work.now))
    work.session.flush()
    mine = sa.select(FormDraft.place).where(FormDraft.user_id == key[0])
    surplus = work.session.scalars(mine.order_by(FormDraft.saved_at.desc()).offset(MOST)).all()
    work.session.execute(sa.delete(FormDraft).where(FormDraft.user_id == key[0], FormDraft.place.in_(surplus)))


@act(Permission.ACCOUNT_OWN, read_only=True)
def find(work: Work, *, place: str) -> Draft | None:
    """What the actor has typed into the form at `place`; None where nothing is kept, or it cannot be opened."""
    found = work.session.get(FormDraft, (work.actor.user_id, place))
    if found is None or found.saved_at < work.now - KEPT:
        return None
    try:
        opened = work.keys.open(work.session, work.actor.subject, found.sealed, _context(place))
    except KeyMissing:
        return None
    return Draft(json.loads(opened), found.saved_at)


@act(Permission.ACCOUNT_OWN)
def drop(work: Work, *, place: str) -> None:
    """Forget it."""
    work.session.execute(sa.delete(FormDraft).where(FormDraft.user_id == work.actor.user_id, FormDraft.place == place))


@act(Permission.OPERATE)
def forget_old(work: Work) -> int:
    """Delete the drafts of forms after 14 days, and uploaded tables after an hour; how many."""
    forms = sa.delete(FormDraft).where(FormDraft.saved_at < work.now - KEPT).returning(FormDraft.place)
    tables = sa.delete(ImportDraft).where(ImportDraft.saved_at < work.now - TABLE_KEPT).returning(ImportDraft.id)
    return len(work.session.scalars(forms).all()) + len(work.session.scalars(tables).all())
