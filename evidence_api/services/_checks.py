"""What several use cases must find in order before they act."""

from collections.abc import Mapping
from datetime import date, datetime, timedelta
from typing import TypeVar
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from evidence_api.db import Base
from evidence_api.domain.case import ENDED
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.sentences import sentence
from evidence_api.models import Case, Evidence, Hearing, Office, Operation, Perpetrator, Venue
from evidence_api.policy import Permission
from evidence_api.work import Work

InCase = TypeVar("InCase", Evidence, Hearing, Operation, Perpetrator, Venue)

CLOCKS_DIFFER = timedelta(days=1)
"""How far ahead the clock of a recording device may be."""

TYPING = timedelta(minutes=5)
"""How far ahead the clock of the person's own computer may be, who says when something happened."""


def not_in_the_future(work: Work, field: str, moment: datetime | None, margin: timedelta) -> None:
    """Raise InvalidInput for a moment that has not come."""
    if moment is not None and moment > work.now + margin:
        raise InvalidInput({field: ["This lies in the future. Give the time at which it happened."]})


def not_after_today(work: Work, **days: date | None) -> None:
    """Raise InvalidInput for a day that has not come, anywhere on earth."""
    latest = (work.now + timedelta(hours=14)).date()
    wrong = [name for name, day in days.items() if day is not None and day > latest]
    if wrong:
        raise InvalidInput({name: ["This lies in the future. Give the day on which it happened."] for name in wrong})


def in_order(field: str, first: date, then: date | None) -> None:
    """Raise InvalidInput at `field` where the second day lies before the first."""
    if then is not None and then < first:
        raise InvalidInput({field: [sentence("This lies before {day}. Look over both days.", day=first.isoformat())]})


def office_zone(work: Work) -> ZoneInfo:
    """The zone of the actor's office, which is that of every case of hers."""
    return ZoneInfo(work.session.get_one(Office, work.actor.office_id).zone)


def office_day(work: Work, moment: datetime | None = None) -> date:
    """The day in the zone of the actor's office: of that moment, else of this act."""
    return (moment or work.now).astimezone(office_zone(work)).date()


def running_case(work: Work, id: UUID, permission: Permission) -> Case:
    """The case into which something is written, locked. Raises NotFound where it is none of hers, Conflict once
    ended."""
    entered = work.entered
    # Into a case that the act is about already, many may be written.
    case = entered if isinstance(entered, Case) and entered.id == id else work.get(Case, id, permission, lock=True)
    refuse_ended(work, case.id)
    return case


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


_NONE_SUCH: Mapping[type[Base], str] = {
    Evidence: "There is no such item in this case.",
    Hearing: "There is no such hearing in this case.",
    Operation: "There is no such operation in this case.",
    Perpetrator: "There is no such perpetrator in this case.",
    Venue: "There is no such venue in this case.",
}


def named_in_case(work: Work, model: type[InCase], case_id: UUID, field: str, id: UUID | None) -> InCase | None:
    """What is named at `field`, if anything is. Raises InvalidInput where the actor knows none such in the case."""
    if id is None:
        return None
    found = work.session.scalars(work.query(model).where(model.id == id, model.case_id == case_id)).one_or_none()
    if found is None:
        raise InvalidInput({field: [_NONE_SUCH[model]]})
    return found
