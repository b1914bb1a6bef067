"""Cases: opening, assigning people, stages."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.case import ENDED, REOPEN_TARGETS, CaseKind, Stage
from evidence_api.domain.custody import TAKEN, Custody, TransferState
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.lifecycle import Step
from evidence_api.domain.roles import CASE_ROLES, PERSONAL_ROLES, Role
from evidence_api.domain.sentences import sentence
from evidence_api.domain.victim import SOUGHT, SearchKind
from evidence_api.ledger.entry import Fact
from evidence_api.models import (
    Assignment,
    Case,
    Evidence,
    LedgerEntry,
    Office,
    Search,
    Transfer,
    User,
    Victim,
    VictimCase,
)
from evidence_api.policy import Permission, is_assigned
from evidence_api.services._appeals import open_windows
from evidence_api.services._charges import has_charges, uncharged, undecided
from evidence_api.services._checks import TYPING, not_in_the_future
from evidence_api.services._operations import unfinished, unplanned
from evidence_api.services._pages import Page, page
from evidence_api.services._plans import unplanned as without_plan
from evidence_api.work import Work, act, act_on

LEADERS = (Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR)
ASIDE = (Stage.DECLINED, Stage.RESOLVED, Stage.ON_HOLD)
"""Stages beside the course from intake to the close."""
EARLY = (Stage.INTAKE, Stage.INVESTIGATING, Stage.INTERVENTION_PLANNED, Stage.INTERVENED)
"""Stages from which an intervention may come yet, or has come."""


@act(Permission.CASE_OPEN)
def open_case(work: Work, *, title: str, kind: CaseKind, country: str, jurisdiction: str | None = None) -> Case:
    """Open a case. Who opens it leads it and is assigned to it. Its kind must be one that is in use, and so must be the
    jurisdiction, where one is named."""
    _in_use(work, jurisdiction)
    kinds = work.site.settings.kinds
    if kind not in kinds.on:
        raise InvalidInput({"kind": [sentence("Give one of: {choices}.", choices=kinds.on)]})
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
        jurisdiction=jurisdiction,
        stage=Stage.INTAKE,
        created_at=work.now,
    )
    work.session.add(case)
    work.session.flush()
    work.session.add(Assignment(case_id=case.id, user_id=case.lead_id, role=work.actor.role, assigned_at=work.now))
    data: dict[str, Fact] = {"kind": kind.value, **({"jurisdiction": jurisdiction} if jurisdiction else {})}
    work.record(case, "case:open", data=data, facts={"ref": case.ref, "title": title, "country": country})
    return _with_course(work, case)


def _in_use(work: Work, jurisdiction: str | None) -> None:
    known = list(work.site.settings.jurisdictions.all)
    if jurisdiction is not None and jurisdiction not in known:
        raise InvalidInput({"jurisdiction": [sentence("Give one of: {choices}.", choices=known)]})


@act(Permission.CASE_READ, read_only=True)
def list_cases(
    work: Work,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    stage: Stage | None = None,
    kind: CaseKind | None = None,
    lead: bool = False,
    ended: bool | None = None,
) -> Page[Case]:
    """The cases that the actor is assigned to, newest first; with `lead`, only those that she leads."""
    query = work.query(Case)
    if lead:
        query = query.where(Case.lead_id == work.actor.user_id)
    if ended is not None:
        query = query.where(Case.stage.in_(ENDED) if ended else Case.stage.not_in(ENDED))
    if stage is not None:
        query = query.where(Case.stage == stage)
    if kind is not None:
        query = query.where(Case.kind == kind)
    found, following = page(work, query, Case.id, limit, cursor)
    return [_with_course(work, case) for case in found], following


def _with_course(work: Work, case: Case) -> Case:
    """The case, with the steps that its kind has in this installation."""
    case.course = work.site.settings.kinds.course(case.kind, case.stage)
    return case


@act(Permission.CASE_OPEN, read_only=True)
def kinds(work: Work) -> list[CaseKind]:
    """The kinds in which a new case may be opened."""
    return work.site.settings.kinds.on


@act_on(Case, Permission.CASE_READ, read_only=True)
def read_case(work: Work, case: Case) -> Case:
    """One case."""
    return _with_course(work, case)


@act_on(Case, Permission.CASE_EDIT)
def edit_case(
    work: Work,
    case: Case,
    *,
    title: str | None = None,
    country: str | None = None,
    lead: UUID | None = None,
    jurisdiction: str | None = None,
) -> Case:
    """Change what is given. A new lead must be assigned by name already, as one who may lead a case.

    Raises Conflict for another jurisdiction than that whose statutes the charges of the case name.
    """
    if title is None and country is None and lead is None and jurisdiction is None:
        raise InvalidInput({"title": ["Give at least one thing to change."]})
    data: dict[str, Fact] = {}
    if jurisdiction is not None:
        _in_use(work, jurisdiction)
        law = work.site.settings.jurisdictions
        if law.of(jurisdiction) is not law.of(case.jurisdiction) and has_charges(work, case):
            raise Conflict("The charges of the case name statutes of its jurisdiction. It stays.")
        case.jurisdiction = data["jurisdiction"] = jurisdiction
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
    return _with_course(work, case)


@act_on(Case, Permission.CASE_ASSIGN)
def assign(work: Work, case: Case, *, user: UUID, role: Role) -> Assignment:
    """Put another person of the office to work on the case, in a role that she holds."""
    if user == work.actor.user_id:
        raise work.forbid("Another person must assign you.", Permission.CASE_ASSIGN, case)
    person = work.session.scalars(work.query(User).where(User.id == user)).one_or_none()
    if person is None or person.disabled_at is not None:
        raise InvalidInput({"user": ["There is no such person in this office."]})
    if role not in CASE_ROLES or role not in person.role_names:
        raise InvalidInput({"role": [sentence("This person does not hold this role: {role}.", role=role)]})
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


@dataclass(frozen=True, slots=True)
class Assigned:
    """A person who works on the case in one role. `lead`: she leads it; `disabled`: her account is shut."""

    id: UUID
    user_id: UUID
    username: str
    role: Role
    assigned_at: datetime
    lead: bool
    disabled: bool


@act_on(Case, Permission.CASE_READ, read_only=True)
def people(work: Work, case: Case) -> tuple[list[Assigned], None]:
    """Who works on the case now, the one who was assigned first at the top."""
    query = (
        sa.select(
            Assignment.id,
            Assignment.user_id,
            User.username,
            Assignment.role,
            Assignment.assigned_at,
            User.id == case.lead_id,
            User.disabled_at.is_not(None),
        )
        .join(User, User.id == Assignment.user_id)
        .where(Assignment.case_id == case.id, Assignment.ended_at.is_(None))
        .order_by(Assignment.id)
    )
    return [Assigned(*row) for row in work.session.execute(query)], None


@act_on(Case, Permission.EVIDENCE_LIST, read_only=True)
def open_items(work: Work, case: Case) -> dict[Custody, int]:
    """How many items of the case the actor may know of, by their state; every state is there."""
    items = work.query(Evidence).where(Evidence.case_id == case.id).group_by(Evidence.state)
    counted = items.with_only_columns(Evidence.state, sa.func.count().label("items"))
    return dict.fromkeys(Custody, 0) | {row.state: row.items for row in work.session.execute(counted)}


@act_on(Case, Permission.CASE_STAGE)
def transition(
    work: Work, case: Case, *, action: str, reason: str, to: Stage | None = None, occurred_at: datetime | None = None
) -> Case:
    """Take the case a stage on. Raises IllegalTransition with what is legal now.

    Closing takes a lawyer and a supervisor: who comes first is kept, and the stage stays until the other comes too, or
    until any other step takes back what the first had said.
    """
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    course = _with_course(work, case).course
    target = _target(work, case, action, to)
    row = work.step(course, case.stage, action, Permission.CASE_STAGE, case)
    if action == "close" and case.closing_id == work.actor.user_id:
        raise work.forbid("You have agreed to it already. Another person closes the case.", Permission.CASE_STAGE, case)
    if row.target in ENDED:
        _lock_items(work, case)
    open_points = _open_points(work, case, row)
    if open_points:
        raise Conflict(open_points[0])
    if action == "close" and not _both_agree(work, case, reason, occurred_at):
        return _with_course(work, case)
    case.closing_id = case.closing_role = None
    if action == "hold":
        case.held_from = case.stage
    work.transition(
        case,
        "stage",
        course,
        action,
        Permission.CASE_STAGE,
        target=target,
        facts={"reason": reason},
        occurred_at=occurred_at,
    )
    return _with_course(work, case)


def _both_agree(work: Work, case: Case, reason: str, occurred_at: datetime | None) -> bool:
    """Whether the other of the two has agreed before; if nobody has, the actor's word is kept."""
    if case.closing_role is work.actor.role:
        told = "Somebody who acts in the same role has agreed already: {role}. The other role closes the case."
        raise Conflict(sentence(told, role=work.actor.role))
    if case.closing_id is None:
        case.closing_id, case.closing_role = work.actor.user_id, work.actor.role
        work.record(case, "case:close_agreed", facts={"reason": reason}, occurred_at=occurred_at)
        return False
    return True


def _open_points(work: Work, case: Case, row: Step[Stage]) -> list[str]:
    """What is still missing for a step taken now, in sentences. `transition` refuses for the first; each guard adds its
    own."""
    points: list[str] = []
    if row.action == "plan_intervention":
        points += unplanned(work, case)
    if row.action == "intervene":
        points += unfinished(work, case)
    if row.action == "charge":
        points += uncharged(work, case)
    if row.action == "judge" or row.target in ENDED:
        points += undecided(work, case)
    if row.target in ENDED and _pending(work, case):
        points.append("A hand-over in this case is neither accepted nor refused. Settle it first.")
    if row.action in ("close", "resolve"):
        points += _sought(work, case)
    if row.action == "close":
        points += open_windows(work, case) + without_plan(work, case)
    return points


def _sought(work: Work, case: Case) -> list[str]:
    points = []
    known = sa.select(VictimCase.victim_id).where(VictimCase.case_id == case.id)
    hers = sa.select(Victim.id).where(Victim.id.in_(known), Victim.whereabouts.in_(SOUGHT))
    if work.session.execute(hers.limit(1)).first() is not None:
        points.append("A victim whom this case knows is missed or missing. It is closed once she is found.")
    reported = sa.select(Search.id).where(
        Search.case_id == case.id, Search.kind == SearchKind.REPORTED, Search.ended_at.is_(None)
    )
    if work.session.execute(reported.limit(1)).first() is not None:
        points.append(
            "Somebody who was reported missing in this case is still sought. Match her to a victim, or end the search."
        )
    return points


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that the case can take from its stage: by whom, whether by the actor, and what is still missing for it.

    `choices` are the stages that may be named instead of `target`, where there are any.
    """

    action: str
    target: Stage | None
    choices: list[Stage]
    roles: list[Role]
    mine: bool
    open: list[str]


@act_on(Case, Permission.CASE_READ, read_only=True)
def next_steps(work: Work, case: Case) -> tuple[list[NextStep], None]:
    """Every step that is legal from the stage of the case, in the order of the table."""
    rows = [row for row in _with_course(work, case).course.steps if case.stage in row.sources]
    return [
        NextStep(
            row.action,
            case.held_from if row.action == "resume" else row.target,
            _reopen_targets(work, case) if row.action == "reopen" else [],
            [role for role in PERSONAL_ROLES if role in _left(case, row)],
            work.actor.role in _left(case, row)
            and not (row.action == "close" and case.closing_id == work.actor.user_id),
            _open_points(work, case, row),
        )
        for row in rows
    ], None


def _left(case: Case, row: Step[Stage]) -> Collection[Role]:
    """Whose step it is; of a case to whose closing one has agreed, the other's."""
    return row.roles - {case.closing_role} if row.action == "close" else row.roles


@act_on(Case, Permission.CASE_READ, read_only=True)
def course(work: Work, case: Case) -> list[Stage]:
    """The stages from intake to the end, as this case goes through them: those of its kind. One that was charged
    without an intervention does not show any; a kind that is never closed ends with being resolved."""
    apply = work.site.settings.kinds.stages(case.kind)
    now = case.held_from if case.stage is Stage.ON_HOLD else case.stage
    aside = ASIDE if Stage.CLOSED in apply else (Stage.DECLINED, Stage.ON_HOLD)
    stages = [stage for stage in Stage if stage not in aside and (stage in apply or stage is now)]
    if now in EARLY or Stage.INTERVENED not in apply:
        return stages
    intervened = sa.select(LedgerEntry.id).where(
        LedgerEntry.subject == case.subject, LedgerEntry.action == "case:intervene"
    )
    if work.session.execute(intervened.limit(1)).first() is not None:
        return stages
    return [stage for stage in stages if stage not in (Stage.INTERVENTION_PLANNED, Stage.INTERVENED)]


def _target(work: Work, case: Case, action: str, to: Stage | None) -> Stage | None:
    if action == "resume":
        return case.held_from
    if to is None:
        return None
    if action != "reopen" or to not in _reopen_targets(work, case):
        raise InvalidInput({"to": ["Only reopen takes a stage to go to: in_trial or investigating."]})
    return to


def _reopen_targets(work: Work, case: Case) -> list[Stage]:
    apply = work.site.settings.kinds.stages(case.kind)
    return [stage for stage in REOPEN_TARGETS if stage in apply]


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
