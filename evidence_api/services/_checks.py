"""What several use cases must find in order before they act."""

from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.case import ENDED
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.sentences import sentence
from evidence_api.models import Case, Evidence
from evidence_api.work import Work

CLOCKS_DIFFER = timedelta(days=1)
"""How far ahead the clock of a recording device may be."""

TYPING = timedelta(minutes=5)
"""How far ahead the clock of the person's own computer may be, who says when something happened."""


def not_in_the_future(work: Work, field: str, moment: datetime | None, margin: timedelta) -> None:
    """Raise InvalidInput for a moment that has not come."""
    if moment is not None and moment > work.now + margin:
        raise InvalidInput({field: ["This lies in the future. Give the time at which it happened."]})


def has_ended(work: Work, case_id: UUID) -> bool:
    """Whether the case has ended. Call it under the lock of the case, or of an item of it."""
    return work.session.get_one(Case, case_id).stage in ENDED


def refuse_ended(work: Work, case_id: UUID) -> None:
    """Raise Conflict for a case that has ended. Call it under the lock of the case, or of an item of it."""
    case = work.session.get_one(Case, case_id)
    if has_ended(work, case_id):
        ended = "The case has ended: {stage}. Nothing more is added to it or taken from it."
        raise Conflict(sentence(ended, stage=case.stage))


def refuse_taken_tag(work: Work, case_id: UUID, tag: str | None, but: UUID | None = None) -> None:
    """Raise InvalidInput where another item of the case than `but` has the tag."""
    taken = sa.select(Evidence.id).where(Evidence.case_id == case_id, Evidence.tag == tag, Evidence.id != but)
    if tag is not None and work.session.execute(taken.limit(1)).first() is not None:
        raise InvalidInput({"tag": ["Another item of this case has this tag. Give each thing its own."]})
