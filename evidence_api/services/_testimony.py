"""What a witness still needs before she testifies, her steps and what follows from each (DESIGN.md section 5)."""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, StaleVersion
from evidence_api.domain.roles import Role
from evidence_api.domain.scheduling import ResourceKind, Rule
from evidence_api.domain.sentences import sentence
from evidence_api.domain.testimony import (
    BEFORE_COURT,
    SETTLED,
    TESTIFIED,
    TESTIMONY,
    BookingState,
    MeasureKind,
    MeasureState,
    PreparationKind,
    Requirement,
    SessionState,
)
from evidence_api.domain.victim import SOUGHT, Purpose
from evidence_api.models import (
    Booking,
    Case,
    Consent,
    Evidence,
    Measure,
    NeedsAssessment,
    Operative,
    Preparation,
    Resource,
    ResourceTie,
    Testimony,
    Unavailability,
    Victim,
)
from evidence_api.policy import Permission, refusal
from evidence_api.services import _bookings, _plans
from evidence_api.services._checks import TYPING, not_in_the_future, office_day, refuse_ended
from evidence_api.work import Work

RELEASING = frozenset({"decline", "excuse", "withdraw"})
"""Steps after which nothing stays booked or planned for her."""
ANEW = frozenset({"agree", "prepare", "decline", "withdraw"})
"""Steps after which the checklist is signed anew."""


def lock(work: Work, testimony: Testimony, permission: Permission, *, ended: bool = False) -> None:
    """Lock the case, then the testimony, for a use case that the gate lets in without a lock.

    Raises Conflict once the case has ended, unless the act may be done even then (`ended`); StaleVersion where another
    act on the testimony came between.
    """
    _lock(work, testimony, permission, ended=ended)
    if work.if_match not in (None, testimony.version):
        raise StaleVersion


def lock_of(work: Work, thing: Measure | Preparation | Unavailability, permission: Permission) -> Testimony:
    """Lock the case, the testimony, and then what hangs on it; the testimony. Raises as `lock` does, StaleVersion where
    another act on the thing itself came between."""
    testimony = work.get(Testimony, thing.testimony_id, permission)
    _lock(work, testimony, permission, ended=False)
    work.get(type(thing), thing.id, permission, lock=True)
    if work.if_match not in (None, getattr(thing, "version", None)):
        raise StaleVersion
    return testimony


def _lock(work: Work, testimony: Testimony, permission: Permission, *, ended: bool) -> None:
    work.get(Case, testimony.case_id, permission, lock=True)
    if not ended:
        refuse_ended(work, testimony.case_id)
    work.get(Testimony, testimony.id, permission, lock=True)


def is_child(victim: Victim) -> bool:
    """Whether she is treated as a child. Where her age is not known, she is presumed to be one (Council of Europe
    Convention on Action against Trafficking in Human Beings, article 10, paragraph 3)."""
    return victim.minor is not False


def standing_consent(work: Work, victim_id: UUID, purpose: Purpose, day: date) -> Consent | Rule:
    """The consent that holds on a day, or why there is none. What she has taken back is not made good by an older
    consent."""
    find = sa.select(Consent).where(Consent.victim_id == victim_id, Consent.purpose == purpose)
    rows = list(work.session.scalars(find.order_by(Consent.given_at.desc(), Consent.id.desc())))
    taken_back = max((row.withdrawn_at for row in rows if row.withdrawn_at), default=None)
    given = [row for row in rows if row.withdrawn_at is None and not (taken_back and row.given_at <= taken_back)]
    standing = next((row for row in given if row.expires_on is None or row.expires_on >= day), None)
    if standing is not None:
        return standing
    if given:
        return Rule.CONSENT_EXPIRED
    return Rule.CONSENT_WITHDRAWN if taken_back else Rule.CONSENT_MISSING


def is_safe(work: Work, guardian_id: UUID) -> bool:
    """Whether somebody can come with a child as her guardian: still there, and tied to no perpetrator. That is looked
    up for the child's safety, whether the actor knows of the perpetrator or not."""
    tied = sa.exists().where(ResourceTie.resource_id == Resource.id, ResourceTie.ended_at.is_(None))
    find = sa.select(Resource.id).where(
        Resource.id == guardian_id, Resource.kind == ResourceKind.GUARDIAN, Resource.ended_at.is_(None), ~tied
    )
    return work.session.execute(find).first() is not None


# --- the checklist ----------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Point:
    """One line of the checklist, and what is lacking of it, in sentences; nothing where it is met."""

    requirement: Requirement
    lacking: list[str]

    @property
    def met(self) -> bool:
        return not self.lacking


@dataclass(frozen=True, slots=True)
class Signature:
    """Who has signed the checklist in a role, and whether it still is what she signed."""

    role: Role
    user_id: UUID | None
    signed_at: datetime | None
    stands: bool


@dataclass(frozen=True, slots=True)
class Readiness:
    """The whole checklist, and who has signed it. `digest` is of all that is signed for."""

    points: list[Point]
    signatures: list[Signature]
    digest: str

    @property
    def lacking(self) -> list[str]:
        """What the checklist lacks, in sentences; signatures apart."""
        return [told for point in self.points for told in point.lacking]

    @property
    def open(self) -> list[str]:
        """All that is lacking, signatures too."""
        unsigned = [_UNSIGNED[one.role] for one in self.signatures if not one.stands]
        return self.lacking + unsigned

    @property
    def ready(self) -> bool:
        return not self.open


_UNSIGNED = {
    Role.LAWYER: "The lawyer has not signed the checklist as it is now.",
    Role.CASEWORKER: "The caseworker has not signed the checklist as it is now.",
}

_CONSENT = {
    Rule.CONSENT_MISSING: "Consent to testify is missing.",
    Rule.CONSENT_EXPIRED: "Consent to testify has expired.",
    Rule.CONSENT_WITHDRAWN: "Consent to testify was withdrawn.",
}
_ASSENT = {
    Rule.CONSENT_MISSING: "A child assents herself, beside her guardian's consent: that is missing.",
    Rule.CONSENT_EXPIRED: "A child assents herself, beside her guardian's consent: that has expired.",
    Rule.CONSENT_WITHDRAWN: "A child assents herself, beside her guardian's consent: she has taken it back.",
}


def readiness(work: Work, testimony: Testimony) -> Readiness:
    """The checklist of a witness as it is now. Consent, whereabouts and preparation are asked of victims alone; assent
    and guardian of children."""
    victim = None if testimony.victim_id is None else work.session.get_one(Victim, testimony.victim_id)
    needs_of = sa.select(NeedsAssessment.id).where(NeedsAssessment.testimony_id == testimony.id)
    needs = work.session.scalars(needs_of.order_by(NeedsAssessment.id.desc()).limit(1)).first()
    measures_of = sa.select(Measure).where(Measure.testimony_id == testimony.id).order_by(Measure.kind)
    measures = list(work.session.scalars(measures_of))
    held = sa.select(Preparation.kind, Preparation.id).where(
        Preparation.testimony_id == testimony.id, Preparation.state == SessionState.HELD
    )
    sessions = sorted((kind, id) for kind, id in work.session.execute(held))
    points, signed_for = [], {}
    if victim is not None:
        found = _of_victim(work, testimony, victim, {kind for kind, _id in sessions})
        points, signed_for = found.points, found.signed_for
    points += [
        Point(Requirement.NEEDS, [] if needs else ["It is not assessed yet what the witness needs."]),
        Point(Requirement.MEASURES, _unsettled(measures)),
        Point(Requirement.STATEMENT, _undisclosed(testimony)),
        Point(Requirement.LANGUAGE, _unspoken(testimony, measures)),
    ]
    # That a measure was used in court is no change of what is arranged.
    settled = {MeasureState.USED: MeasureState.ARRANGED}
    signed_for |= {
        "needs": needs,
        "measures": [[one.kind, one.required, settled.get(one.state, one.state), one.plan] for one in measures],
        "sessions": [id for _kind, id in sessions],
        "statement": [testimony.statement_id, testimony.statement_disclosed_on],
        "language": [testimony.language, testimony.interpreter_gender],
    }
    digest = hashlib.sha256(json.dumps(signed_for, default=str, sort_keys=True).encode()).hexdigest()
    if not tells(work):
        points = [point for point in points if point.requirement is not Requirement.WELL]
    order = list(Requirement)
    points.sort(key=lambda point: order.index(point.requirement))
    return Readiness(points, _signatures(testimony, digest), digest)


def missing_for_ready(work: Work, testimony: Testimony) -> list[str]:
    """What a witness still lacks before she is ready, in sentences, signatures too."""
    return readiness(work, testimony).open


def signers(testimony: Testimony) -> tuple[Role, ...]:
    """Who signs the checklist. A caseworker knows of victims alone; for anybody else the lawyer signs."""
    return (Role.LAWYER, Role.CASEWORKER) if testimony.victim_id else (Role.LAWYER,)


def _signatures(testimony: Testimony, digest: str) -> list[Signature]:
    hers = {
        Role.LAWYER: (testimony.lawyer_id, testimony.lawyer_signed_at, testimony.lawyer_signed_for),
        Role.CASEWORKER: (testimony.caseworker_id, testimony.caseworker_signed_at, testimony.caseworker_signed_for),
    }
    return [
        Signature(role, user_id, signed_at, user_id is not None and signed_for == digest)
        for role, (user_id, signed_at, signed_for) in hers.items()
        if role in signers(testimony)
    ]


@dataclass(frozen=True, slots=True)
class _OfVictim:
    points: list[Point]
    signed_for: dict[str, Any]


def _of_victim(work: Work, testimony: Testimony, victim: Victim, held: set[PreparationKind]) -> _OfVictim:
    today, child = office_day(work), is_child(victim)
    consent = standing_consent(work, victim.id, Purpose.TESTIMONY, today)
    points = [Point(Requirement.CONSENT, [_CONSENT[consent]] if isinstance(consent, Rule) else [])]
    signed_for: dict[str, Any] = {
        "consent": _id(consent),
        "child": child,
        "whereabouts": victim.whereabouts,
        "guardian": testimony.guardian_id,
    }
    if child:
        assent = standing_consent(work, victim.id, Purpose.TESTIMONY_ASSENT, today)
        signed_for["assent"] = _id(assent)
        points += [
            Point(Requirement.ASSENT, [_ASSENT[assent]] if isinstance(assent, Rule) else []),
            Point(Requirement.GUARDIAN, _unguarded(work, testimony)),
        ]
    lacking = [kind for kind in PreparationKind if kind in BEFORE_COURT - held]
    told = sentence("These sessions of preparation were not held yet: {kinds}.", kinds=lacking)
    points += [
        Point(Requirement.PREPARATION, [told] if lacking else []),
        Point(Requirement.FOUND, ["She is missing."] if victim.whereabouts in SOUGHT else []),
        Point(Requirement.WELL, ["She is in a crisis."] if testimony.in_crisis_since else []),
    ]
    return _OfVictim(points, signed_for)


def _id(consent: Consent | Rule) -> UUID | None:
    return None if isinstance(consent, Rule) else consent.id


def _unguarded(work: Work, testimony: Testimony) -> list[str]:
    if testimony.guardian_id is None:
        return ["A child comes with a guardian: none is named."]
    if not is_safe(work, testimony.guardian_id):
        return ["The guardian who is named cannot come with her. Name another."]
    return []


def _unsettled(measures: Sequence[Measure]) -> list[str]:
    open_ = [one for one in measures if one.required and one.state not in SETTLED]
    refused = [one.kind for one in open_ if one.state is MeasureState.REFUSED and not one.plan]
    waiting = [one.kind for one in open_ if one.state is not MeasureState.REFUSED]
    told: list[str] = []
    if waiting:
        told.append(sentence("These measures are needed and not arranged yet: {kinds}.", kinds=waiting))
    if refused:
        told.append(sentence("These measures were refused, and there is no new plan: {kinds}.", kinds=refused))
    return told


def _undisclosed(testimony: Testimony) -> list[str]:
    if testimony.statement_id is None:
        return ["It is not said which item is the statement of the witness."]
    if testimony.statement_disclosed_on is None:
        return ["The statement of the witness is not disclosed yet."]
    return []


def _unspoken(testimony: Testimony, measures: Sequence[Measure]) -> list[str]:
    told = []
    if testimony.language is None:
        told.append("It is not said in which language the witness testifies.")
    interpreted = any(one.kind is MeasureKind.INTERPRETER for one in measures)
    if testimony.interpreter_gender is not None and not interpreted:
        told.append("An interpreter is asked for, and is not among the measures yet.")
    return told


# --- steps ------------------------------------------------------------------------------------------------------------


def open_points(work: Work, testimony: Testimony, action: str) -> list[str]:
    """What is still missing for a step, in sentences. `move` refuses for the first."""
    if action == "assess":
        assessed = sa.select(NeedsAssessment.id).where(NeedsAssessment.testimony_id == testimony.id).limit(1)
        done = work.session.execute(assessed).first() is not None
        return [] if done else ["Assess first what the witness needs."]
    if action == "make_ready":
        return missing_for_ready(work, testimony)
    if action == "schedule":
        booked = sa.select(Booking.id).where(
            Booking.testimony_id == testimony.id, Booking.state == BookingState.PROVISIONAL
        )
        found = work.session.execute(booked.limit(1)).first() is not None
        return missing_for_ready(work, testimony) + ([] if found else ["No time is booked for the witness."])
    return []


def move(
    work: Work,
    testimony: Testimony,
    action: str,
    *,
    reason: str,
    permission: Permission,
    occurred_at: datetime | None = None,
) -> None:
    """Take a testimony a step, with all that follows from it. The caller has passed the gate and holds it locked.

    Raises Forbidden, IllegalTransition, Conflict with what the step still needs, or InvalidInput for a time that has
    not come.
    """
    not_in_the_future(work, "occurred_at", occurred_at, TYPING)
    work.step(TESTIMONY, testimony.state, action, permission, testimony)
    points = open_points(work, testimony, action)
    if points:
        raise Conflict(points[0])
    if action == "schedule":
        _bookings.confirm(work, testimony)
    if action in RELEASING:
        _bookings.release_all(work, testimony, reason)
    elif action == "postpone":
        _bookings.release_booked(work, testimony, reason)
    if action in ANEW:
        unsign(testimony)
    if action == "conclude":
        testimony.concluded_on = office_day(work, occurred_at)
    testified = testimony.state in TESTIFIED and action in ("conclude", "withdraw")
    work.transition(
        testimony, "state", TESTIMONY, action, permission, facts={"reason": reason}, occurred_at=occurred_at
    )
    if testified and testimony.victim_id is not None:
        _plans.open_plan(work, testimony)


def take_back(work: Work, victim: Victim, purpose: Purpose, reason: str) -> None:
    """A consent of hers was taken back. Where none of the purpose holds any more, she testifies nowhere, in whatever
    case: her word counts beyond what this actor may know of. The caller has passed the gate."""
    if isinstance(standing_consent(work, victim.id, purpose, office_day(work)), Consent):
        return
    row = next(row for row in TESTIMONY.steps if row.action == "withdraw")
    hers = sa.select(Testimony).where(Testimony.victim_id == victim.id, Testimony.state.in_(row.sources))
    cases = sorted({one.case_id for one in work.session.scalars(hers)})
    locked = sa.select(Case.id).where(Case.id.in_(cases)).order_by(Case.id).with_for_update(key_share=True)
    work.session.execute(locked).all()
    hers = hers.order_by(Testimony.id).with_for_update(key_share=True)
    for testimony in work.session.scalars(hers.execution_options(populate_existing=True)).all():
        move(work, testimony, "withdraw", reason=reason, permission=Permission.VICTIM_EDIT)


def unsign(testimony: Testimony) -> None:
    """Both signatures lapse."""
    testimony.lawyer_id = testimony.lawyer_signed_at = testimony.lawyer_signed_for = None
    testimony.caseworker_id = testimony.caseworker_signed_at = testimony.caseworker_signed_for = None


def tells(work: Work) -> bool:
    """Whether the actor is told how a witness is, and who comes with her: that is part of her care."""
    return refusal(work.session, work.actor, Permission.CARE_READ, None) is None


def known(work: Work, found: Sequence[Testimony]) -> list[Testimony]:
    """The testimonies with what this actor calls the witnesses and may know of them, with one query each."""
    hers, careful = names(work, found), tells(work)
    codes = {}
    operatives = {one.operative_id for one in found if one.operative_id}
    if operatives and refusal(work.session, work.actor, Permission.OPERATIVE_READ, None) is None:
        query = work.query(Operative).where(Operative.id.in_(operatives))
        codes = {one.id: one.code for one in work.session.scalars(query)}
    stated = {one.statement_id for one in found if one.statement_id}
    items = work.query(Evidence).where(Evidence.id.in_(stated)).with_only_columns(Evidence.id)
    there = set(work.session.scalars(items)) if stated else set()
    for one in found:
        one.pseudonym = hers.get(one.victim_id) if one.victim_id else None
        one.code = codes.get(one.operative_id) if one.operative_id else None
        one.statement = one.statement_id if one.statement_id in there else None
        one.guardian = one.guardian_id if careful else None
        one.crisis_since = one.in_crisis_since if careful else None
    return list(found)


def names(work: Work, testimonies: Sequence[Testimony]) -> Mapping[UUID, str]:
    """The pseudonyms of the victims among these witnesses, by the victim's id, with one query."""
    ids = {one.victim_id for one in testimonies if one.victim_id}
    query = work.query(Victim).where(Victim.id.in_(ids)).with_only_columns(Victim.id, Victim.pseudonym)
    return {row.id: row.pseudonym for row in work.session.execute(query)} if ids else {}
