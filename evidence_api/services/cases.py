"""Cases: opening, assigning people, stages, the timeline."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.case import ENDED, REOPEN_TARGETS, STAGES, CaseKind, Stage
from evidence_api.domain.custody import Custody, TransferState
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.roles import CASE_ROLES, Role
from evidence_api.ledger.chain import disclosures_of, facts_of
from evidence_api.ledger.entry import BadEntry, Fact, decode, timestamp
from evidence_api.ledger.stored import Row, entries
from evidence_api.models import Assignment, Case, CaseActor, Evidence, LedgerEntry, Office, Transfer, User
from evidence_api.policy import Permission, is_assigned
from evidence_api.services._checks import TYPING, not_in_the_future
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on

LEADERS = (Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR)
TAKEN = (Custody.CHECKED_OUT, Custody.AT_COURT)


@act(Permission.CASE_OPEN)
def open_case(work: Work, *, title: str, kind: CaseKind, country: str) -> Case:
    """Open a case. Who opens it leads it and is assigned to it."""
    office = work.session.get_one(Office, work.actor.office_id)
    year = work.now.year
    number = work.next_number(f"case:{office.code}:{year}")
    case = Case(
        ref=f"{office.code}-{year}-{number:04d}",
        title=title,
        kind=kind,
        country=country,
        office_id=office.id,
        lead_id=work.actor.user_id,
        stage=Stage.INTAKE,
        created_at=work.now,
    )
    work.session.add(case)
    work.session.flush()
    work.session.add(Assignment(case_id=case.id, user_id=case.lead_id, role=work.actor.role, assigned_at=work.now))
    work.record(
        case, "case:open", data={"kind": kind.value}, facts={"ref": case.ref, "title": title, "country": country}
    )
    return case


@act(Permission.CASE_READ, read_only=True)
def list_cases(
    work: Work, *, limit: int, cursor: UUID | None, stage: Stage | None = None, kind: CaseKind | None = None
) -> Page[Case]:
    """The cases that the actor is assigned to, newest first."""
    query = work.query(Case)
    if stage is not None:
        query = query.where(Case.stage == stage)
    if kind is not None:
        query = query.where(Case.kind == kind)
    return page(work, query, Case.id, limit, cursor)


@act_on(Case, Permission.CASE_READ, read_only=True)
def read_case(work: Work, case: Case) -> Case:
    """One case."""
    return case


@act_on(Case, Permission.CASE_EDIT)
def edit_case(
    work: Work, case: Case, *, title: str | None = None, country: str | None = None, lead: UUID | None = None
) -> Case:
    """Change what is given. A new lead must be assigned by name already, as one who may lead a case."""
    if title is None and country is None and lead is None:
        raise InvalidInput({"title": ["Give at least one thing to change."]})
    data: dict[str, Fact] = {}
    if country is not None:
        case.country = country
    if lead is not None:
        if not is_assigned(work.session, case.id, lead, LEADERS):
            raise InvalidInput(
                {"lead": ["Only an investigator, lawyer or supervisor who is assigned to the case can lead it."]}
            )
        case.lead_id = lead
        data["lead"] = str(work.known_as(case.id, lead))
    case.title = title or case.title
    work.record(case, "case:edit", data=data, facts={"title": title, "country": country})
    return case


@act_on(Case, Permission.CASE_ASSIGN)
def assign(work: Work, case: Case, *, user: UUID, role: Role) -> Assignment:
    """Put another person of the office to work on the case, in a role that she holds."""
    if user == work.actor.user_id:
        raise work.forbid("Another person must assign you.", Permission.CASE_ASSIGN, case)
    person = work.session.scalars(work.query(User).where(User.id == user)).one_or_none()
    if person is None or person.disabled_at is not None:
        raise InvalidInput({"user": ["There is no such person in this office."]})
    if role not in CASE_ROLES or role not in person.role_names:
        raise InvalidInput({"role": [f"This person does not hold the role of {role.value}."]})
    if _assignment(work, case, user, role) is not None:
        raise Conflict("This person is assigned to the case already, in this role.")
    assignment = Assignment(case_id=case.id, user_id=user, role=role, assigned_at=work.now)
    work.session.add(assignment)
    work.record(case, "case:assign", data={"user": str(work.known_as(case.id, user)), "assigned_role": role.value})
    return assignment


@act_on(Case, Permission.CASE_ASSIGN)
def end_assignment(work: Work, case: Case, assignment_id: UUID, *, reason: str) -> None:
    """Take a person off the case. The lead stays until another leads, and who has an item out until it is settled."""
    found = work.session.get(Assignment, assignment_id)
    if found is None or found.case_id != case.id or found.ended_at is not None:
        raise InvalidInput({"assignment": ["This person is not assigned to the case."]})
    if found.user_id == case.lead_id:
        raise Conflict("She leads the case. Give the lead to another first.")
    _lock_items(work, case)
    if _has_taken(work, case, found.user_id):
        raise Conflict(
            "She has taken an item of this case and not brought it back. She brings it back first, or a supervisor "
            "does, once her account is disabled."
        )
    if _pending(work, case, found.user_id):
        raise Conflict(
            "An item of this case is offered by her or to her. Decide or withdraw the offer first; a supervisor "
            "withdraws it, once the account of the one who offers is disabled."
        )
    found.ended_at = work.now
    data: dict[str, Fact] = {"user": str(work.known_as(case.id, found.user_id)), "assigned_role": found.role.value}
    work.record(case, "case:unassign", data=data, facts={"reason": reason})


@act_on(Case, Permission.CASE_READ, read_only=True)
def list_assignments(work: Work, case: Case) -> Page[Assignment]:
    """Who works on the case now."""
    query = (
        sa.select(Assignment)
        .where(Assignment.case_id == case.id, Assignment.ended_at.is_(None))
        .order_by(Assignment.id)
    )
    return list(work.session.scalars(query)), None


@act_on(Case, Permission.CASE_STAGE)
def transition(
    work: Work, case: Case, *, action: str, reason: str, to: Stage | None = None, occurred_at: datetime | None = None
) -> Case:
    """Take the case a stage on. Raises IllegalTransition with what is legal now."""
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    target = _target(case, action, to)
    row = work.step(STAGES, case.stage, action, Permission.CASE_STAGE, case)
    if row.target in ENDED:
        _lock_items(work, case)
        if _pending(work, case):
            raise Conflict("A hand-over in this case is neither accepted nor refused. Settle it first.")
    if action == "hold":
        case.held_from = case.stage
    work.transition(
        case,
        "stage",
        STAGES,
        action,
        Permission.CASE_STAGE,
        target=target,
        facts={"reason": reason},
        occurred_at=occurred_at,
    )
    return case


def _target(case: Case, action: str, to: Stage | None) -> Stage | None:
    if action == "resume":
        return case.held_from
    if to is None:
        return None
    if action != "reopen" or to not in REOPEN_TARGETS:
        raise InvalidInput({"to": ["Only reopen takes a stage to go to: in_trial or investigating."]})
    return to


def _lock_items(work: Work, case: Case) -> None:
    """Wait for whoever is moving an item of the case, and let nobody begin.

    The case is locked before its items, here as in an admission. Nobody who holds the lock of an item asks for one on
    its case, so that this cannot deadlock.
    """
    items = sa.select(Evidence.id).where(Evidence.case_id == case.id).order_by(Evidence.id)
    work.session.execute(items.with_for_update(key_share=True)).all()


def _has_taken(work: Work, case: Case, user: UUID) -> bool:
    taken = sa.select(Evidence.id).where(
        Evidence.case_id == case.id, Evidence.custodian_id == user, Evidence.state.in_(TAKEN)
    )
    return work.session.execute(taken.limit(1)).first() is not None


def _pending(work: Work, case: Case, user: UUID | None = None) -> bool:
    """Whether a hand-over in the case, of this person's if one is given, is neither accepted nor refused."""
    open_ = sa.select(Transfer.id).where(Transfer.case_id == case.id, Transfer.state == TransferState.OFFERED)
    if user is not None:
        open_ = open_.where((Transfer.from_id == user) | (Transfer.to_id == user))
    return work.session.execute(open_.limit(1)).first() is not None


def _assignment(work: Work, case: Case, user: UUID, role: Role) -> Assignment | None:
    query = sa.select(Assignment).where(
        Assignment.case_id == case.id,
        Assignment.user_id == user,
        Assignment.role == role,
        Assignment.ended_at.is_(None),
    )
    return work.session.scalars(query.limit(1)).one_or_none()


@dataclass(frozen=True, slots=True)
class Event:
    """One act in the life of a case. `actor` is an account of this office, null for the system."""

    id: int
    subject: str
    seq: int
    action: str
    actor: UUID | None
    role: str
    recorded_at: datetime | None
    occurred_at: str
    hash: str
    data: dict[str, Fact]
    facts: dict[str, Fact | float]


@act_on(Case, Permission.CASE_READ, read_only=True)
def timeline(work: Work, case: Case, *, limit: int, before: int | None = None) -> tuple[list[Event], str | None]:
    """Every act on the case and on what hangs on it, newest first. A caseworker sees those on the case itself."""
    query = entries(work.session).where(LedgerEntry.case_id == case.id).order_by(LedgerEntry.id.desc()).limit(limit + 1)
    if work.actor.role is Role.CASEWORKER:
        query = query.where(LedgerEntry.subject == case.subject)
    if before is not None:
        query = query.where(LedgerEntry.id < before)
    rows = [Row.of(r) for r in work.session.execute(query)]
    people = {
        a.actor: a.user_id for a in work.session.scalars(sa.select(CaseActor).where(CaseActor.case_id == case.id))
    }
    more = len(rows) > limit
    events = _events(work, rows[:limit], people)
    return events, str(events[-1].id) if more else None


def _events(work: Work, rows: Sequence[Row], people: dict[UUID, UUID]) -> list[Event]:
    opened = disclosures_of(work.session, work.keys, [row.hash for row in rows])
    return [_event(row, opened.get(row.hash, {}), people) for row in rows]


def _event(row: Row, disclosures: Mapping[str, str], people: Mapping[UUID, UUID]) -> Event:
    """As the entry says; of one that was altered and cannot be read, what the columns say."""
    columns = (row.id, row.subject, row.seq, row.action)
    try:
        entry = decode(row.body)
    except BadEntry:
        return Event(*columns, None, "", row.at, "" if row.at is None else timestamp(row.at), row.hash, {}, {})
    actor = None if entry.actor is None else people.get(UUID(entry.actor))
    facts = facts_of(entry, disclosures)
    return Event(*columns, actor, entry.role, row.at, entry.occurred_at, row.hash, dict(entry.data), facts)
