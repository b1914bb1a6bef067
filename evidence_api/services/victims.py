"""Victims: registering them, what is known of them, their three axes, and the cases that know them."""

import secrets
from collections.abc import Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, InvalidInput, Unprepared
from evidence_api.domain.lifecycle import Lifecycle, Step
from evidence_api.domain.pseudonyms import PSEUDONYMS
from evidence_api.domain.roles import Role
from evidence_api.domain.scheduling import Rule
from evidence_api.domain.victim import (
    AXES,
    Axis,
    Care,
    Gender,
    Identification,
    MissedHow,
    Whereabouts,
)
from evidence_api.ledger.chain import disclosures_of, facts_of
from evidence_api.ledger.entry import BadEntry, Fact, decode, moment
from evidence_api.ledger.stored import Row, entries
from evidence_api.models import Case, CaseActor, LedgerEntry, User, Victim, VictimCase
from evidence_api.policy import Permission, refusal
from evidence_api.services._bookings import review
from evidence_api.services._care import guard
from evidence_api.services._checks import running_case
from evidence_api.services._knowing import knows, let_know
from evidence_api.services._moves import move
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on

ADULT = 18
"""Years of age from which a person is no child (Convention on the Rights of the Child, article 1)."""

_TRIES = 50


@act(Permission.VICTIM_REGISTER)
def register(
    work: Work,
    *,
    case: UUID,
    gender: Gender,
    minor: bool | None,
    estimated_age: int | None,
    languages: Sequence[str],
    country: str | None,
    family_members: int | None,
    dependents: int | None,
) -> Victim:
    """Register somebody who is, or may be, a victim, under a pseudonym that is made here.

    Without `minor`, the estimated age decides it.
    """
    home = running_case(work, case, Permission.VICTIM_REGISTER)
    victim = Victim(
        office_id=home.office_id,
        case_id=home.id,
        pseudonym=_pseudonym(work, home.office_id),
        gender=gender,
        minor=_minor(minor, estimated_age),
        estimated_age=estimated_age,
        languages=list(languages),
        country=country,
        family_members=family_members,
        dependents=dependents,
        identification=Identification.POSSIBLE,
        whereabouts=Whereabouts.IN_EXPLOITATION,
        care=Care.NONE,
        created_at=work.now,
    )
    work.session.add(victim)
    work.session.flush()
    work.session.add(VictimCase(victim_id=victim.id, case_id=home.id, since=work.now))
    work.record(victim, "victim:register", facts={"pseudonym": victim.pseudonym, **_facts(victim, _EDITED)})
    victim.cases, victim.home = [home.id], home.id
    return victim


_EDITED = ("gender", "minor", "estimated_age", "languages", "country", "family_members", "dependents")


def _facts(victim: Victim, names: Iterable[str]) -> dict[str, Fact]:
    values = {name: getattr(victim, name) for name in names}
    return {name: " ".join(value) if isinstance(value, list) else value for name, value in values.items()}


def _minor(minor: bool | None, estimated_age: int | None) -> bool | None:
    """Whether she is a child. Who may be one counts as one, so `minor` may stand beside an age of 18 or more."""
    if estimated_age is None:
        return minor
    if minor is False and estimated_age < ADULT:
        raise InvalidInput({"estimated_age": ["Somebody of this age is a minor. Correct one of the two."]})
    return estimated_age < ADULT if minor is None else minor


def _pseudonym(work: Work, office_id: UUID) -> str:
    """One that nobody in the office has. It comes from chance alone, so that it says nothing of her."""
    for _ in range(_TRIES):
        name = f"{secrets.choice(PSEUDONYMS)} {1000 + secrets.randbelow(9000)}"
        taken = sa.select(Victim.id).where(Victim.office_id == office_id, Victim.pseudonym == name)
        if work.session.execute(taken).first() is None:
            return name
    raise Conflict("No free pseudonym was found for her. Send it once more.")


def _known_in(work: Work, victims: Sequence[Victim]) -> Sequence[Victim]:
    """The victims, each with the `cases` that know her and that the actor may know of, the home case where it is among
    them, and `told_willingness` for who may read of her care."""
    tells_care = refusal(work.session, work.actor, Permission.CARE_READ, None) is None
    known = work.query(VictimCase).where(VictimCase.victim_id.in_([victim.id for victim in victims]))
    cases: dict[UUID, list[UUID]] = {victim.id: [] for victim in victims}
    for link in work.session.scalars(known.order_by(VictimCase.since, VictimCase.case_id)):
        cases[link.victim_id].append(link.case_id)
    for victim in victims:
        victim.cases = cases[victim.id]
        victim.home = victim.case_id if victim.case_id in victim.cases else None
        victim.told_willingness = victim.willingness if tells_care else None
    return victims


@act_on(Case, Permission.VICTIM_READ, read_only=True)
def list_of_case(
    work: Work,
    case: Case,
    *,
    limit: int,
    cursor: UUID | None,
    identification: Identification | None = None,
    whereabouts: Whereabouts | None = None,
    care: Care | None = None,
) -> Page[Victim]:
    """The victims whom the case knows, those registered last first."""
    known = work.query(VictimCase).join(Victim, Victim.id == VictimCase.victim_id)
    query: sa.Select[Any] = known.where(VictimCase.case_id == case.id).with_only_columns(Victim)
    query = query.where(*_standing(identification, whereabouts, care))
    # By the key of the link, which the database walks in this order; by the victim's own it would sort them all.
    if cursor is not None:
        query = query.where(VictimCase.victim_id < cursor)
    rows = list(work.session.scalars(query.order_by(VictimCase.victim_id.desc()).limit(limit + 1)))
    _known_in(work, rows[:limit])
    return rows[:limit], str(rows[limit - 1].id) if len(rows) > limit else None


@act(Permission.VICTIM_READ, read_only=True)
def list_all(
    work: Work,
    *,
    limit: int,
    cursor: UUID | None,
    identification: Identification | None = None,
    whereabouts: Whereabouts | None = None,
    care: Care | None = None,
) -> Page[Victim]:
    """The victims whom any case of the actor's knows, those registered last first."""
    query = work.query(Victim).where(*_standing(identification, whereabouts, care))
    if work.actor.role is not Role.SUPERVISOR:
        # Hers are few: found by her cases, not among all that there are.
        mine = work.query(Case).with_only_columns(Case.id)
        query = query.where(Victim.id.in_(sa.select(VictimCase.victim_id).where(VictimCase.case_id.in_(mine))))
    found, following = page(work, query, Victim.id, limit, cursor)
    _known_in(work, found)
    return found, following


def _standing(
    identification: Identification | None, whereabouts: Whereabouts | None, care: Care | None
) -> list[sa.ColumnElement[bool]]:
    wanted = {Victim.identification: identification, Victim.whereabouts: whereabouts, Victim.care: care}
    return [column == value for column, value in wanted.items() if value is not None]


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def read(work: Work, victim: Victim) -> Victim:
    """One victim, as far as everybody on a case that knows her may know her."""
    return _known_in(work, [victim])[0]


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def cases_of(work: Work, victim: Victim) -> list[Case]:
    """The cases that know her, as far as the actor may know of them; the one that knew her first at the top."""
    known = work.query(Case).join(VictimCase, VictimCase.case_id == Case.id).where(VictimCase.victim_id == victim.id)
    return list(work.session.scalars(known.order_by(VictimCase.since, Case.id)))


@act_on(Victim, Permission.VICTIM_EDIT)
def edit(work: Work, victim: Victim, /, **changes: Any) -> Victim:
    """Change what is given of what is known of her; null where something turns out not to be known."""
    if not changes:
        raise InvalidInput({"gender": ["Give at least one thing to change."]})
    for name, value in changes.items():
        setattr(victim, name, value)
    victim.minor = _minor(victim.minor, victim.estimated_age)
    work.record(victim, "victim:edit", facts=_facts(victim, sorted({*changes, "minor"})))
    work.session.flush()
    # Whoever turns out to be a child comes with a guardian, and assents herself.
    review(work, [victim.subject], {Rule.NO_ASSENT, Rule.NO_SAFE_GUARDIAN})
    return _known_in(work, [victim])[0]


@act_on(Victim, Permission.VICTIM_MOVE)
def transition(
    work: Work,
    victim: Victim,
    *,
    axis: Axis,
    action: str,
    reason: str,
    how: MissedHow | None = None,
    occurred_at: datetime | None = None,
) -> Victim:
    """Take her a step on one axis. Raises IllegalTransition with what is legal now.

    How she was missed may also be the whole of the reason, as its code.
    """
    if action not in AXES[axis].actions:
        raise InvalidInput({"action": ["This is no step of the axis. Choose one of its own."]})
    misses = axis is Axis.WHEREABOUTS and action == "miss"
    if how is not None and not misses:
        raise InvalidInput({"how": ["This is said of somebody who was missed. Leave it out."]})
    if misses and how is None and reason in set(MissedHow):
        how = MissedHow(reason)
    move(
        work,
        victim,
        axis,
        action,
        reason=reason,
        permission=Permission.VICTIM_MOVE,
        how=how,
        occurred_at=occurred_at,
    )
    return _known_in(work, [victim])[0]


@dataclass(frozen=True, slots=True)
class NextStep:
    """A step that she can take on an axis from where she is; `mine`: the actor's role may take it.

    `open` is what is still missing for it, in sentences, and `first` what to do about that. Null for whom the step is
    not: what is missing tells of her care.
    """

    axis: Axis
    action: str
    target: Identification | Whereabouts | Care | None
    mine: bool
    open: list[str] | None = None
    first: str | None = None


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def next_steps(work: Work, victim: Victim) -> tuple[list[NextStep], None]:
    """Every step that is legal from where she is, axis by axis."""
    found: list[NextStep] = []
    for axis, lifecycle in AXES.items():
        table: Lifecycle[Any] = lifecycle
        state = getattr(victim, axis.value)
        found += [_next_step(work, victim, axis, row) for row in table.steps if state in row.sources]
    return found, None


def _next_step(work: Work, victim: Victim, axis: Axis, row: Step[Any]) -> NextStep:
    if work.actor.role not in row.roles:
        return NextStep(axis, row.action, row.target, mine=False)
    try:
        if axis is Axis.CARE:
            guard(work, victim, row.action)
    except Unprepared as error:
        return NextStep(axis, row.action, row.target, mine=True, open=[error.detail], first=error.first)
    return NextStep(axis, row.action, row.target, mine=True, open=[])


@dataclass(frozen=True, slots=True)
class Move:
    """A step that she took on an axis, as her chain has it. `by` is a user name, null where her home case is not the
    reader's."""

    axis: Axis
    action: str
    target: Identification | Whereabouts | Care
    how: MissedHow | None
    reason: str
    by: str | None
    occurred_at: datetime


_STATES: dict[Axis, type[Identification] | type[Whereabouts] | type[Care]] = {
    Axis.IDENTIFICATION: Identification,
    Axis.WHEREABOUTS: Whereabouts,
    Axis.CARE: Care,
}


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def course(work: Work, victim: Victim) -> tuple[list[Move], None]:
    """Every step that she took, oldest first. Why in her care is told to those alone who may read of her care."""
    tells_care = refusal(work.session, work.actor, Permission.CARE_READ, victim) is None
    moves = {f"victim:{axis.value}": axis for axis in Axis}
    query = entries(work.session).where(
        LedgerEntry.subject == victim.subject, LedgerEntry.action.in_(moves), LedgerEntry.seq > 0
    )
    rows = [Row.of(r) for r in work.session.execute(query.order_by(LedgerEntry.seq))]
    opened = disclosures_of(work.session, work.keys, [row.hash for row in rows])
    names = _names(work, victim)
    found = []
    for row in rows:
        axis = moves[row.action]
        with suppress(BadEntry, ValueError, KeyError):
            entry = decode(row.body)
            facts = facts_of(entry, opened.get(row.hash, {}))
            found.append(
                Move(
                    axis,
                    str(facts["action"]),
                    _STATES[axis](str(facts["to"])),
                    MissedHow(str(facts["how"])) if "how" in facts else None,
                    str(facts.get("reason", "")) if tells_care or axis is not Axis.CARE else "",
                    names.get(entry.actor or ""),
                    moment(entry.occurred_at),
                )
            )
    return found, None


def _names(work: Work, victim: Victim) -> dict[str, str]:
    """Who acted on her, by the names of her home case; nobody's where that is not the actor's."""
    home = work.query(Case).where(Case.id == victim.case_id).with_only_columns(Case.id)
    acted = sa.select(CaseActor.actor, User.username).join(User, User.id == CaseActor.user_id)
    found = work.session.execute(acted.where(CaseActor.case_id.in_(home)))
    return {str(actor): name for actor, name in found}


@act_on(Victim, Permission.VICTIM_SHARE, lock=False)
def share(work: Work, victim: Victim, *, case: UUID) -> Victim:
    """Let another case of the actor's know her: those assigned to it may then know of her too."""
    other = running_case(work, case, Permission.VICTIM_SHARE)
    victim = work.get(Victim, victim.id, Permission.VICTIM_SHARE, lock=True)
    if knows(work, other.id, victim):
        raise Conflict("This case knows her already.")
    let_know(work, other.id, victim)
    return _known_in(work, [victim])[0]
