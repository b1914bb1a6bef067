"""Who may open an item: its sensitivity, and the people named."""

from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.custody import Sensitivity
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.roles import Role
from evidence_api.domain.sentences import sentence
from evidence_api.models import Assignment, Case, Evidence, Reader, User, UserRole
from evidence_api.policy import Permission, is_assigned
from evidence_api.services._custody import second_person
from evidence_api.services._pages import Page
from evidence_api.services._restriction import restrict
from evidence_api.work import Work, act_on


@act_on(Evidence, Permission.EVIDENCE_SHARE, read_only=True)
def readers(work: Work, item: Evidence) -> Page[Reader]:
    """Who is named to open the item."""
    query = sa.select(Reader).where(Reader.evidence_id == item.id).order_by(Reader.user_id)
    return list(work.session.scalars(query)), None


@act_on(Evidence, Permission.EVIDENCE_SHARE, read_only=True)
def named(work: Work, item: Evidence) -> list[User]:
    """Who is named to open the item, by user name."""
    find = sa.select(User).join(Reader, Reader.user_id == User.id).where(Reader.evidence_id == item.id)
    return list(work.session.scalars(find.order_by(User.username)))


@act_on(Evidence, Permission.EVIDENCE_SHARE, read_only=True)
def namable(work: Work, item: Evidence) -> list[User]:
    """Who can be named to open the item: who is assigned to its case, and is not named yet."""
    assigned = sa.select(Assignment.user_id).where(
        Assignment.case_id == item.case_id, Assignment.ended_at.is_(None), Assignment.user_id != work.actor.user_id
    )
    named = sa.select(Reader.user_id).where(Reader.evidence_id == item.id)
    find = work.query(User).where(User.id.in_(assigned), User.id.not_in(named), User.disabled_at.is_(None))
    return list(work.session.scalars(find.order_by(User.username)))


@act_on(Evidence, Permission.EVIDENCE_SHARE)
def name_reader(work: Work, item: Evidence, *, user: UUID) -> Reader:
    """Name a person who may open the item: a restricted one, or one shared with a caseworker. Never oneself."""
    if user == work.actor.user_id:
        raise work.forbid("Another person must name you.", Permission.EVIDENCE_SHARE, item)
    if not (is_assigned(work.session, item.case_id, user) or _supervises(work, item.case_id, user)):
        raise InvalidInput({"user": ["This person is not assigned to the case."]})
    if work.session.get(Reader, (item.id, user)) is not None:
        raise Conflict("This person is named already.")
    reader = Reader(evidence_id=item.id, user_id=user)
    work.session.add(reader)
    work.record(item, "evidence:name_reader", data={"reader": str(work.known_as(item.case_id, user))})
    return reader


@act_on(Evidence, Permission.EVIDENCE_SHARE)
def drop_reader(work: Work, item: Evidence, user: UUID, *, reason: str) -> None:
    """End a person's being named."""
    reader = work.session.get(Reader, (item.id, user))
    if reader is None:
        raise Conflict("This person is not named.")
    work.session.delete(reader)
    work.record(
        item, "evidence:drop_reader", data={"reader": str(work.known_as(item.case_id, user))}, facts={"reason": reason}
    )


@act_on(Evidence, Permission.EVIDENCE_SHARE)
def set_sensitivity(work: Work, item: Evidence, *, sensitivity: Sensitivity, reason: str) -> Evidence:
    """Mark the item restricted (imagery of abuse), or ordinary again.

    Who was named before is named no longer once it is restricted: to be shown an ordinary item is another thing. A
    restriction is lifted by a supervisor, with a fresh code, who did not set it and to whom the item is foreign.
    """
    if sensitivity is Sensitivity.ORDINARY:
        if work.actor.role is not Role.SUPERVISOR:
            raise work.forbid("Only a supervisor may lift a restriction.", Permission.EVIDENCE_SHARE, item)
        second_person(work, item, "evidence:restrict", Permission.EVIDENCE_SHARE)
        work.step_up()
    if sensitivity is item.sensitivity:
        raise Conflict(sentence("The item is this already: {sensitivity}.", sensitivity=sensitivity))
    if sensitivity is Sensitivity.RESTRICTED:
        restrict(work, item, reason)
    else:
        item.sensitivity = sensitivity
        work.record(item, "evidence:unrestrict", facts={"reason": reason})
    return item


def _supervises(work: Work, case_id: UUID, user: UUID) -> bool:
    found = (
        sa.select(User.id)
        .join(UserRole, UserRole.user_id == User.id)
        .join(Case, Case.office_id == User.office_id)
        .where(Case.id == case_id, User.id == user, UserRole.role == Role.SUPERVISOR, User.disabled_at.is_(None))
    )
    return work.session.execute(found).first() is not None
