"""Victims: registering them, their three axes, who they are, what they consent to, whom to keep away."""

import re
import secrets
from collections.abc import Collection, Iterable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm.attributes import flag_modified

from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.lifecycle import Lifecycle
from evidence_api.domain.pseudonyms import PSEUDONYMS
from evidence_api.domain.roles import Role
from evidence_api.domain.victim import (
    AXES,
    Axis,
    Barrier,
    Care,
    Gender,
    Identification,
    MissedHow,
    Purpose,
    Whereabouts,
)
from evidence_api.ledger.chain import disclosures_of, facts_of
from evidence_api.ledger.entry import BadEntry, Fact, decode, moment
from evidence_api.ledger.stored import Row, entries
from evidence_api.models import (
    Case,
    CaseActor,
    Consent,
    KeepApart,
    LedgerEntry,
    Perpetrator,
    User,
    Victim,
    VictimCase,
)
from evidence_api.policy import Permission, refusal
from evidence_api.services import _vault
from evidence_api.services._care import flag_conflict
from evidence_api.services._checks import TYPING, not_after_today, not_in_the_future, office_day, running_case
from evidence_api.services._knowing import knows, let_know
from evidence_api.services._moves import move
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act_on
from evidence_api.work import act as declare

ADULT = 18
"""Years of age from which a person is no child (Convention on the Rights of the Child, article 1)."""

IDENTITY = ("name", "born", "nationality", "contact")
ADDRESS = ("address",)

MOST_NEAR = 200

_TRIES = 50


@declare(Permission.VICTIM_REGISTER)
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
    return _known_in(work, [victim])[0]


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
    tried = [f"{secrets.choice(PSEUDONYMS)} {1000 + secrets.randbelow(9000)}" for _ in range(_TRIES)]
    found = sa.select(Victim.pseudonym).where(Victim.office_id == office_id, Victim.pseudonym.in_(tried))
    taken = set(work.session.scalars(found))
    for name in tried:
        if name not in taken:
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


@declare(Permission.VICTIM_READ, read_only=True)
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
    """A step that she can take on an axis from where she is; `mine`: the actor's role may take it."""

    axis: Axis
    action: str
    target: Identification | Whereabouts | Care | None
    mine: bool


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def next_steps(work: Work, victim: Victim) -> tuple[list[NextStep], None]:
    """Every step that is legal from where she is, axis by axis."""
    found: list[NextStep] = []
    for axis, lifecycle in AXES.items():
        table: Lifecycle[Any] = lifecycle
        state = getattr(victim, axis.value)
        found += [
            NextStep(axis, row.action, row.target, work.actor.role in row.roles)
            for row in table.steps
            if state in row.sources
        ]
    return found, None


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
    tells_care = _may(work, Permission.CARE_READ, victim)
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


def _may(work: Work, permission: Permission, victim: Victim) -> bool:
    return refusal(work.session, work.actor, permission, victim) is None


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


# --- who she is, and where she lives ----------------------------------------------------------------------------------


@act_on(Victim, Permission.IDENTITY_WRITE)
def set_identity(work: Work, victim: Victim, /, **values: str | None) -> Victim:
    """Put what is given of her identity into the vault; null takes it out."""
    born = values.get("born")
    if born is not None:
        not_after_today(work, born=_earliest(born))
    return _put(work, victim, "victim:identity_set", values)


def _earliest(born: str) -> date:
    """The first day that a date means of which the month or the day may be unknown. Raises InvalidInput."""
    if not re.fullmatch(r"\d{4}(-\d\d){0,2}", born):
        raise InvalidInput({"born": ["Give a date such as 2009-03-14, or 2009-03, or 2009."]})
    try:
        return date.fromisoformat((born + "-01-01")[:10])
    except ValueError:
        raise InvalidInput({"born": ["No calendar has this date. Look it over."]}) from None


@act_on(Victim, Permission.ADDRESS)
def set_address(work: Work, victim: Victim, /, **values: str | None) -> Victim:
    """Put her address into the vault; null takes it out."""
    return _put(work, victim, "victim:address_set", values)


def _put(work: Work, victim: Victim, action: str, values: dict[str, str | None]) -> Victim:
    if not values:
        raise InvalidInput({"name" if "identity" in action else "address": ["Give at least one thing to keep."]})
    _vault.put(work, victim.subject, values)
    # Her row is otherwise as it was, but its version must tell whoever read it before that something has changed.
    flag_modified(victim, "pseudonym")
    work.record(victim, action, data={"fields": " ".join(sorted(values))})
    work.session.flush()
    return victim


@act_on(Victim, Permission.IDENTITY_REVEAL)
def reveal_identity(work: Work, victim: Victim, *, reason: str) -> dict[str, str | None]:
    """Who she is. It takes a fresh code, and is recorded with the reason."""
    return _reveal(work, victim, "victim:identity_reveal", IDENTITY, reason)


@act_on(Victim, Permission.ADDRESS)
def reveal_address(work: Work, victim: Victim, *, reason: str) -> dict[str, str | None]:
    """Where she lives. It takes a fresh code, and is recorded with the reason."""
    return _reveal(work, victim, "victim:address_reveal", ADDRESS, reason)


def _reveal(work: Work, victim: Victim, action: str, fields: Collection[str], reason: str) -> dict[str, str | None]:
    work.step_up()
    known = _vault.open_all(work, victim.subject, fields)
    work.record(victim, action, facts={"reason": reason})
    return {name: known.get(name) for name in fields}


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def kept(work: Work, victim: Victim) -> list[str]:
    """Which fields of her identity, and whether her address, are in the vault; as far as the actor may open them."""
    may: dict[str, Permission] = {
        **dict.fromkeys(IDENTITY, Permission.IDENTITY_REVEAL),
        **dict.fromkeys(ADDRESS, Permission.ADDRESS),
    }
    held = _vault.fields_of(work, victim.subject)
    return [name for name, permission in may.items() if name in held and _may(work, permission, victim)]


# --- what she consents to ---------------------------------------------------------------------------------------------


@act_on(Victim, Permission.VICTIM_EDIT)
def add_consent(
    work: Work,
    victim: Victim,
    *,
    purpose: Purpose,
    scope: str,
    given_at: datetime | None = None,
    expires_on: date | None = None,
) -> Consent:
    """Record that she consents: to what, how far, until when."""
    not_in_the_future(work, "given_at", given_at, TYPING)
    given = given_at or work.now
    if expires_on is not None and expires_on < office_day(work, given):
        raise InvalidInput({"expires_on": ["It would end before it was given. Look it over."]})
    consent = Consent(victim_id=victim.id, purpose=purpose, scope=scope, given_at=given, expires_on=expires_on)
    work.session.add(consent)
    work.session.flush()
    facts: dict[str, Fact] = {
        "purpose": purpose.value,
        "scope": scope,
        "expires_on": expires_on.isoformat() if expires_on else None,
    }
    work.record(victim, "victim:consent", data={"consent": str(consent.id)}, facts=facts, occurred_at=given)
    return consent


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def consents(work: Work, victim: Victim, *, limit: int = 50, cursor: UUID | None = None) -> Page[Consent]:
    """What she has consented to, the newest first; also what is withdrawn or over."""
    return page(work, work.query(Consent).where(Consent.victim_id == victim.id), Consent.id, limit, cursor)


@act_on(Consent, Permission.VICTIM_READ, read_only=True)
def read_consent(work: Work, consent: Consent) -> Consent:
    """One consent."""
    return consent


@act_on(Consent, Permission.VICTIM_EDIT)
def withdraw_consent(work: Work, consent: Consent, *, reason: str) -> Consent:
    """Record that she takes a consent back. Nobody has to approve it."""
    if consent.withdrawn_at is not None:
        raise Conflict("She has withdrawn this consent already.")
    consent.withdrawn_at = work.now
    victim = work.session.get_one(Victim, consent.victim_id)
    data: dict[str, Fact] = {"consent": str(consent.id)}
    work.record(victim, "victim:consent_withdraw", data=data, facts={"reason": reason})
    return consent


# --- whom to keep away from her ---------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Apart:
    """Whom to keep away from her. `perpetrator` or `victim`; none where the actor may not know of that person."""

    id: UUID
    barrier: Barrier
    since: datetime
    ended_at: datetime | None
    perpetrator: Perpetrator | None
    victim: Victim | None
    placement_conflict: bool = False
    """Whether, as it was recorded, she slept where it says that she must not."""


@act_on(Victim, Permission.VICTIM_EDIT, lock=False)
def keep_apart(
    work: Work, her: Victim, /, *, barrier: Barrier, perpetrator: UUID | None = None, victim: UUID | None = None
) -> Apart:
    """Record that somebody must be kept away from her: a perpetrator, or another victim, who is then kept away from
    each other. Where she sleeps in conflict with it, a step of her care is due at once."""
    if (perpetrator is None) == (victim is None):
        raise InvalidInput({"perpetrator": ["Give a perpetrator or another victim, one of the two."]})
    if victim == her.id:
        raise InvalidInput({"victim": ["This is herself. Give another victim."]})
    who = None if perpetrator is None else work.get(Perpetrator, perpetrator, Permission.CASEWORK_READ)
    # In one order, so that two who record it from both sides do not wait for each other.
    both = {id: work.get(Victim, id, Permission.VICTIM_READ, lock=True) for id in sorted({her.id, victim or her.id})}
    whom = None if victim is None else both[victim]
    so = (KeepApart.victim_id == her.id) & (KeepApart.other_victim_id == victim)
    if victim is None:
        so = (KeepApart.victim_id == her.id) & (KeepApart.perpetrator_id == perpetrator)
    else:
        so |= (KeepApart.victim_id == victim) & (KeepApart.other_victim_id == her.id)
    same = sa.select(KeepApart.id).where(so, KeepApart.barrier == barrier, KeepApart.ended_at.is_(None))
    if work.session.execute(same.limit(1)).first() is not None:
        raise Conflict("This is recorded already.")
    row = KeepApart(
        victim_id=her.id, barrier=barrier, perpetrator_id=perpetrator, other_victim_id=victim, since=work.now
    )
    work.session.add(row)
    work.session.flush()
    facts: dict[str, Fact] = {
        "barrier": barrier.value,
        "perpetrator": str(perpetrator) if perpetrator else None,
        "victim": str(victim) if victim else None,
    }
    work.record(her, "victim:keep_apart", data={"keep_apart": str(row.id)}, facts=facts)
    conflict = flag_conflict(work, her, other=victim, perpetrator=perpetrator)
    return Apart(row.id, barrier, row.since, None, who, whom, conflict)


@dataclass(frozen=True, slots=True)
class Near:
    """Who might have to be kept away from her: those of the actor's cases that know her, the newest first."""

    perpetrators: Sequence[Perpetrator]
    victims: Sequence[Victim]


@act_on(Victim, Permission.VICTIM_EDIT, read_only=True)
def near(work: Work, victim: Victim) -> Near:
    """Whom `keep_apart` may name, of the cases that know her; up to `MOST_NEAR` of each."""
    hers = work.query(VictimCase).where(VictimCase.victim_id == victim.id).with_only_columns(VictimCase.case_id)
    suspects = work.query(Perpetrator).where(Perpetrator.case_id.in_(hers))
    known = sa.select(VictimCase.victim_id).where(VictimCase.case_id.in_(hers))
    others = work.query(Victim).where(Victim.id.in_(known), Victim.id != victim.id)
    return Near(
        work.session.scalars(suspects.order_by(Perpetrator.id.desc()).limit(MOST_NEAR)).all(),
        work.session.scalars(others.order_by(Victim.id.desc()).limit(MOST_NEAR)).all(),
    )


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def kept_apart(work: Work, victim: Victim) -> tuple[list[Apart], None]:
    """Whom to keep away from her, from whichever side it was recorded; what has ended stands last."""
    hers = (KeepApart.victim_id == victim.id) | (KeepApart.other_victim_id == victim.id)
    rows = list(work.session.scalars(sa.select(KeepApart).where(hers).order_by(KeepApart.id.desc())))
    ids = {id for row in rows for id in (row.victim_id, row.other_victim_id)} - {victim.id}
    others = work.session.scalars(work.query(Victim).where(Victim.id.in_(ids)))
    people: dict[UUID | None, Victim] = {one.id: one for one in others}
    suspects = work.query(Perpetrator).where(Perpetrator.id.in_({row.perpetrator_id for row in rows}))
    known: dict[UUID | None, Perpetrator] = {one.id: one for one in work.session.scalars(suspects)}
    found = []
    for row in rows:
        other = row.other_victim_id if row.victim_id == victim.id else row.victim_id
        who, whom = known.get(row.perpetrator_id), people.get(other)
        found.append(Apart(row.id, row.barrier, row.since, row.ended_at, who, whom))
    return sorted(found, key=lambda one: one.ended_at is not None), None


@act_on(KeepApart, Permission.VICTIM_READ, read_only=True)
def read_keep_apart(work: Work, row: KeepApart) -> KeepApart:
    """One record of whom to keep away."""
    return row


@act_on(KeepApart, Permission.VICTIM_EDIT)
def end_keep_apart(work: Work, row: KeepApart, *, reason: str) -> None:
    """Record that this person need not be kept away any more."""
    if row.ended_at is not None:
        raise Conflict("This has ended already.")
    row.ended_at = work.now
    victim = work.session.get_one(Victim, row.victim_id)
    data: dict[str, Fact] = {"keep_apart": str(row.id)}
    work.record(victim, "victim:keep_apart_end", data=data, facts={"reason": reason})
