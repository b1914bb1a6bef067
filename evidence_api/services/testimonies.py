"""Testimony: who is to testify, what is known of that, her readiness and her steps."""

from collections.abc import Mapping
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.roles import Role
from evidence_api.domain.scheduling import ResourceKind, Rule
from evidence_api.domain.testimony import (
    OVER,
    TESTIMONY,
    UNREADY,
    BookingState,
    TestimonyState,
    WitnessKind,
)
from evidence_api.domain.victim import Gender
from evidence_api.ledger.entry import Fact
from evidence_api.models import (
    Booking,
    Case,
    Evidence,
    Measure,
    NeedsAssessment,
    Occupancy,
    Operative,
    PostCourtPlan,
    Resource,
    Testimony,
    Unavailability,
    Victim,
)
from evidence_api.policy import Permission, refusal
from evidence_api.services import _bookings
from evidence_api.services._checks import named_in_case, not_after_today, refuse_ended
from evidence_api.services._knowing import knows
from evidence_api.services._pages import Page, page
from evidence_api.services._plans import known_plans
from evidence_api.services._steps import NextStep, legal_steps
from evidence_api.services._testimony import (
    Readiness,
    is_safe,
    known,
    lock,
    lock_of,
    missing_for_ready,
    move,
    open_points,
    signers,
    unsign,
)
from evidence_api.services._testimony import readiness as checklist
from evidence_api.work import Work, act, act_on

ALWAYS_OPEN = ("withdraw", "debrief")
"""Steps that are taken even after the case has ended: her word holds at any time, and so does care for her."""
CANNOT_COME = "The witness cannot come now."
"""Why what was booked is released in a crisis, for those who are told of the release and not of the crisis."""
SIGNED_IN = frozenset(
    {TestimonyState.PREPARING, TestimonyState.READY, TestimonyState.SCHEDULED, TestimonyState.PART_HEARD}
)
"""While the checklist is signed, or signed anew."""


@act_on(Case, Permission.TESTIMONY_WRITE)
def add(
    work: Work,
    case: Case,
    *,
    witness_kind: WitnessKind,
    witness: str | None = None,
    label: str | None = None,
    language: str | None = None,
    interpreter_gender: Gender | None = None,
) -> Testimony:
    """Name a witness: a victim by her id; anybody else by a text that names nobody, such as `Expert 1`. An operative
    has a pseudonym in court; who it is, somebody adds who knows operatives (`name_operative`).

    Raises InvalidInput for a victim whom the case does not know, Conflict where she is a witness of the case already.
    """
    refuse_ended(work, case.id)
    victim = _victim(work, case, witness or "") if witness_kind is WitnessKind.VICTIM else None
    called = None if victim else _label(witness_kind, label or witness)
    same = Testimony.victim_id == victim.id if victim else Testimony.label == called
    _refuse_second(work, case.id, same & (Testimony.witness_kind == witness_kind))
    made = Testimony(
        case_id=case.id,
        ref=f"{case.ref}-T{work.next_number(f'testimony:{case.id}')}",
        witness_kind=witness_kind,
        victim_id=victim.id if victim else None,
        label=called,
        state=TESTIMONY.initial,
        language=language,
        interpreter_gender=interpreter_gender,
        created_at=work.now,
    )
    work.session.add(made)
    work.session.flush()
    work.record(
        made,
        "testimony:add",
        data={"witness_kind": witness_kind.value},
        facts={
            "ref": made.ref,
            "victim": str(victim.id) if victim else None,
            "label": called,
            "language": language,
            "interpreter_gender": interpreter_gender,
        },
    )
    return known(work, [made])[0]


def _victim(work: Work, case: Case, given: str) -> Victim:
    try:
        victim = work.session.scalars(work.query(Victim).where(Victim.id == UUID(given))).one_or_none()
    except ValueError:
        victim = None
    if victim is None or not knows(work, case.id, victim):
        raise InvalidInput({"witness": ["This case does not know her yet. Register her in it, or share her with it."]})
    return victim


def _label(kind: WitnessKind, given: str | None) -> str:
    if not given:
        raise InvalidInput({"witness": ["Say who it is without a name, such as Expert 1."]})
    try:
        UUID(given)
    except ValueError:
        return given
    told = "Give a text that names nobody, such as Expert 1."
    if kind is WitnessKind.OPERATIVE:
        told = "Give the name that she has in court, such as Witness A. Who knows operatives adds which one it is."
    raise InvalidInput({"witness": [told]})


def _refuse_second(work: Work, case_id: UUID, same: sa.ColumnElement[bool]) -> None:
    there = sa.select(Testimony.id).where(Testimony.case_id == case_id, same, Testimony.state.not_in(OVER))
    if work.session.execute(there.limit(1)).first() is not None:
        raise Conflict("This is a witness of the case already. Go on with her testimony there.")


@act_on(Testimony, Permission.TESTIMONY_READ, read_only=True)
def read(work: Work, testimony: Testimony) -> Testimony:
    """One testimony, with its measures, what is open before she is ready, what is booked, and the plan for after."""
    measures = sa.select(Measure).where(Measure.testimony_id == testimony.id).order_by(Measure.id)
    booked = sa.select(Booking).where(Booking.testimony_id == testimony.id, Booking.state != BookingState.RELEASED)
    plan = sa.select(PostCourtPlan).where(PostCourtPlan.testimony_id == testimony.id)
    testimony.measures = work.session.scalars(measures).all()
    testimony.bookings = work.session.scalars(booked.order_by(Booking.starts_at)).all()
    if refusal(work.session, work.actor, Permission.PLAN_READ, None) is None:
        plans = known_plans(work, work.session.scalars(plan).all())
        testimony.plan = plans[0] if plans else None
    testimony.open = [] if testimony.state in OVER else missing_for_ready(work, testimony)
    return known(work, [testimony])[0]


@act_on(Case, Permission.TESTIMONY_READ, read_only=True)
def list_of_case(
    work: Work,
    case: Case,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    state: TestimonyState | None = None,
    kind: WitnessKind | None = None,
) -> Page[Testimony]:
    """The testimonies of a case, newest first."""
    query = work.query(Testimony).where(Testimony.case_id == case.id)
    wanted = {Testimony.state: state, Testimony.witness_kind: kind}
    query = query.where(*(column == value for column, value in wanted.items() if value is not None))
    found, following = page(work, query, Testimony.id, limit, cursor)
    return known(work, found), following


@act(Permission.TESTIMONY_READ, read_only=True)
def not_ready(work: Work, *, limit: int = 50) -> list[tuple[Testimony, datetime | None]]:
    """Witnesses of all the actor's cases who are to testify and are not ready, or whose time is not confirmed, with the
    time that is booked for each; the soonest first."""
    ahead = (Booking.testimony_id == Testimony.id) & (Booking.starts_at >= work.now)
    when = (
        sa.select(sa.func.min(Booking.starts_at)).where(ahead, Booking.state != BookingState.RELEASED).scalar_subquery()
    )
    unconfirmed = sa.exists().where(ahead, Booking.state == BookingState.PROVISIONAL)
    waiting = work.query(Testimony).where(Testimony.state.in_(UNREADY) | unconfirmed).add_columns(when)
    rows = work.session.execute(waiting.order_by(when.is_(None), when, Testimony.id.desc()).limit(limit)).all()
    known(work, [one for one, _when in rows])
    return [(one, booked_at) for one, booked_at in rows]


@act_on(Testimony, Permission.TESTIMONY_SUPPORT, lock=False)
def edit(work: Work, testimony: Testimony, /, **changes: Any) -> Testimony:
    """Change what is given: `language`, `interpreter_gender`, `guardian` (who comes with a child), and the `label` of
    one who is no victim. Null takes it away."""
    lock(work, testimony, Permission.TESTIMONY_SUPPORT)
    if not changes:
        raise InvalidInput({"language": ["Give at least one thing to change."]})
    _not_over(testimony)
    if "label" in changes:
        if testimony.victim_id is not None:
            raise InvalidInput({"label": ["She is known by her pseudonym alone."]})
        changes["label"] = _label(testimony.witness_kind, changes["label"])
        others = (Testimony.label == changes["label"]) & (Testimony.id != testimony.id)
        _refuse_second(work, testimony.case_id, others & (Testimony.witness_kind == testimony.witness_kind))
    if "guardian" in changes:
        changes["guardian_id"] = _guardian(work, testimony, changes.pop("guardian"))
    for name, value in changes.items():
        setattr(testimony, name, value)
    facts: dict[str, Fact] = {name: None if value is None else str(value) for name, value in changes.items()}
    work.record(testimony, "testimony:edit", facts=facts)
    if "guardian_id" in changes:
        work.session.flush()
        _bookings.take_guardian(work, testimony)
    return known(work, [testimony])[0]


def _guardian(work: Work, testimony: Testimony, id: UUID | None) -> UUID | None:
    if id is None:
        return None
    if testimony.victim_id is None:
        raise InvalidInput({"guardian": ["A guardian comes with a child who is a victim."]})
    there = work.query(Resource).where(Resource.id == id, Resource.kind == ResourceKind.GUARDIAN)
    if work.session.scalars(there).one_or_none() is None:
        raise InvalidInput({"guardian": ["There is no such guardian in this office."]})
    if not is_safe(work, id):
        raise InvalidInput({"guardian": ["This person cannot come with her. Name another."]})
    return id


def _not_over(testimony: Testimony) -> None:
    if testimony.state in OVER:
        raise Conflict("The testimony is over. Nothing more is changed in it.")


@act_on(Testimony, Permission.TESTIMONY_OPERATIVE, lock=False)
def name_operative(work: Work, testimony: Testimony, *, operative: UUID) -> Testimony:
    """Say which operative testifies under the pseudonym. Only a commitment to her id stands in the ledger.

    Raises Conflict while something is booked or planned for the witness: it would not be known as hers.
    """
    lock(work, testimony, Permission.TESTIMONY_OPERATIVE)
    if testimony.witness_kind is not WitnessKind.OPERATIVE:
        raise Conflict("This witness is no operative.")
    there = work.query(Operative).where(Operative.id == operative, Operative.ended_at.is_(None))
    if work.session.scalars(there).one_or_none() is None:
        raise InvalidInput({"operative": ["There is no such operative in this office."]})
    _refuse_second(work, testimony.case_id, (Testimony.operative_id == operative) & (Testimony.id != testimony.id))
    taken = sa.select(Occupancy.id).where(Occupancy.key == testimony.who, Occupancy.until_at > work.now)
    if work.session.execute(taken.limit(1)).first() is not None:
        raise Conflict("Something is booked for this witness. Release it first, and book it again afterwards.")
    testimony.operative_id = operative
    kept = sa.select(Unavailability).where(Unavailability.testimony_id == testimony.id)
    for one in work.session.scalars(kept):
        one.who = testimony.who
    work.record(testimony, "testimony:operative", facts={"operative": str(operative)})
    return known(work, [testimony])[0]


# --- her steps --------------------------------------------------------------------------------------------------------


@act_on(Testimony, Permission.TESTIMONY_MOVE, lock=False)
def transition(
    work: Work, testimony: Testimony, *, action: str, reason: str, occurred_at: datetime | None = None
) -> Testimony:
    """Take a testimony a step. That she is not willing any more takes effect at once, and releases what was booked.

    Raises IllegalTransition with what is legal now, and Conflict for what the step still needs.
    """
    work.require_role(TESTIMONY, action, Permission.TESTIMONY_MOVE, testimony)
    lock(work, testimony, Permission.TESTIMONY_MOVE, ended=action in ALWAYS_OPEN)
    move(work, testimony, action, reason=reason, permission=Permission.TESTIMONY_MOVE, occurred_at=occurred_at)
    return known(work, [testimony])[0]


@act_on(Testimony, Permission.TESTIMONY_READ, read_only=True)
def next_steps(work: Work, testimony: Testimony) -> tuple[list[NextStep[TestimonyState]], None]:
    """Every step that is legal from where the testimony is, in the order of the table."""
    found = legal_steps(work, TESTIMONY, testimony.state, lambda action: open_points(work, testimony, action))
    return found, None


@act_on(Testimony, Permission.TESTIMONY_READ, read_only=True)
def readiness(work: Work, testimony: Testimony) -> Readiness:
    """The whole checklist, each line met or with what is lacking; and who has signed it."""
    return checklist(work, testimony)


@act_on(Testimony, Permission.TESTIMONY_MOVE, lock=False)
def sign(work: Work, testimony: Testimony) -> Readiness:
    """Sign the checklist, in the role of the actor. It lapses as soon as something changes that was signed for.

    Raises Conflict while something is lacking, Forbidden to whoever has signed in the other role.
    """
    lock(work, testimony, Permission.TESTIMONY_MOVE)
    if testimony.state not in SIGNED_IN:
        raise Conflict("The checklist is signed while the witness is prepared.")
    found = checklist(work, testimony)
    if any(one.stands and one.user_id == work.actor.user_id for one in found.signatures):
        told = "Another person must sign: you have signed the checklist already."
        raise work.forbid(told, Permission.TESTIMONY_MOVE, testimony)
    if found.lacking:
        raise Conflict(found.lacking[0])
    assert work.actor.role in signers(testimony)
    if work.actor.role is Role.LAWYER:
        testimony.lawyer_id, testimony.lawyer_signed_at = work.actor.user_id, work.now
        testimony.lawyer_signed_for = found.digest
    else:
        testimony.caseworker_id, testimony.caseworker_signed_at = work.actor.user_id, work.now
        testimony.caseworker_signed_for = found.digest
    work.record(testimony, "testimony:sign", facts={"checklist": found.digest})
    return checklist(work, testimony)


# --- what is known of her testimony -----------------------------------------------------------------------------------


@act_on(Testimony, Permission.TESTIMONY_SUPPORT, lock=False)
def assess_needs(work: Work, testimony: Testimony, *, needs: Mapping[str, str], assessed_on: date) -> NeedsAssessment:
    """Record what a witness needs to testify, by the codes of the needs; none where none was found. The newest
    assessment counts."""
    not_after_today(work, assessed_on=assessed_on)
    lock(work, testimony, Permission.TESTIMONY_SUPPORT)
    _not_over(testimony)
    assessor = work.actor.user_id
    assert assessor is not None
    made = NeedsAssessment(
        testimony_id=testimony.id,
        case_id=testimony.case_id,
        needs=dict(needs),
        assessed_on=assessed_on,
        assessor_id=assessor,
    )
    work.session.add(made)
    work.session.flush()
    facts: dict[str, Fact] = {**made.needs, "assessed_on": assessed_on.isoformat()}
    work.record(testimony, "testimony:needs", data={"assessment": str(made.id)}, facts=facts)
    return made


@act_on(Testimony, Permission.CARE_READ, read_only=True)
def needs_of(work: Work, testimony: Testimony, *, limit: int = 50, cursor: UUID | None = None) -> Page[NeedsAssessment]:
    """What a witness needs to testify, the newest assessment first."""
    query = work.query(NeedsAssessment).where(NeedsAssessment.testimony_id == testimony.id)
    return page(work, query, NeedsAssessment.id, limit, cursor)


@act_on(Testimony, Permission.TESTIMONY_WRITE, lock=False)
def name_statement(work: Work, testimony: Testimony, *, statement: UUID, disclosed_on: date | None = None) -> Testimony:
    """Say which item of the case is the statement of the witness, and on which day it was disclosed, if it was."""
    not_after_today(work, disclosed_on=disclosed_on)
    lock(work, testimony, Permission.TESTIMONY_WRITE)
    named_in_case(work, Evidence, testimony.case_id, "statement", statement)
    _not_over(testimony)
    testimony.statement_id, testimony.statement_disclosed_on = statement, disclosed_on
    disclosed = disclosed_on.isoformat() if disclosed_on else None
    work.record(testimony, "testimony:statement", data={"statement": str(statement)}, facts={"disclosed_on": disclosed})
    work.session.flush()
    _bookings.review(work, [testimony.who], {Rule.STATEMENT_UNDISCLOSED})
    return known(work, [testimony])[0]


@act_on(Testimony, Permission.TESTIMONY_SUPPORT, lock=False)
def count_interview(work: Work, testimony: Testimony, *, held_on: date) -> Testimony:
    """Record that the witness was interviewed once more. Each time costs her something."""
    not_after_today(work, held_on=held_on)
    lock(work, testimony, Permission.TESTIMONY_SUPPORT)
    _not_over(testimony)
    testimony.interviews += 1
    interviews = testimony.interviews
    work.record(
        testimony, "testimony:interview", data={"interviews": interviews}, facts={"held_on": held_on.isoformat()}
    )
    return known(work, [testimony])[0]


@act_on(Testimony, Permission.TESTIMONY_SUPPORT, lock=False)
def begin_crisis(work: Work, testimony: Testimony, *, reason: str) -> Testimony:
    """Record that she is in a crisis: what is booked for her is released at once, and nothing is booked until it is
    over. The caseworker says so."""
    _by_caseworker(work, testimony)
    lock(work, testimony, Permission.TESTIMONY_SUPPORT)
    _not_over(testimony)
    if testimony.in_crisis_since is not None:
        raise Conflict("This is recorded already.")
    testimony.in_crisis_since = work.now
    unsign(testimony)
    work.record(testimony, "testimony:crisis", facts={"reason": reason})
    if testimony.state is TestimonyState.SCHEDULED:
        move(work, testimony, "postpone", reason=CANNOT_COME, permission=Permission.TESTIMONY_SUPPORT)
    _bookings.release_all(work, testimony, CANNOT_COME)
    return known(work, [testimony])[0]


@act_on(Testimony, Permission.TESTIMONY_SUPPORT, lock=False)
def end_crisis(work: Work, testimony: Testimony, *, reason: str) -> Testimony:
    """Record that the crisis is over. The caseworker says so; the checklist is signed anew."""
    _by_caseworker(work, testimony)
    lock(work, testimony, Permission.TESTIMONY_SUPPORT)
    if testimony.in_crisis_since is None:
        raise Conflict("No crisis is recorded.")
    testimony.in_crisis_since = None
    work.record(testimony, "testimony:crisis_over", facts={"reason": reason})
    return known(work, [testimony])[0]


def _by_caseworker(work: Work, testimony: Testimony) -> None:
    if work.actor.role is not Role.CASEWORKER:
        raise work.forbid("Her caseworker says how she is.", Permission.TESTIMONY_SUPPORT, testimony)


# --- when she cannot come ---------------------------------------------------------------------------------------------


@act_on(Testimony, Permission.TESTIMONY_SUPPORT, lock=False)
def add_unavailability(
    work: Work, testimony: Testimony, *, from_at: datetime, until_at: datetime, hard: bool = True
) -> Unavailability:
    """Record that a witness cannot come from a moment to another; or, not `hard`, had better not. Why is not asked.

    What is booked for her then, in whatever case, is answered in `conflicts`, and not confirmed any more.
    """
    if until_at <= from_at:
        raise InvalidInput({"until_at": ["This is not after the beginning. Look over both times."]})
    lock(work, testimony, Permission.TESTIMONY_SUPPORT)
    _not_over(testimony)
    made = Unavailability(
        testimony_id=testimony.id,
        case_id=testimony.case_id,
        who=testimony.who,
        from_at=from_at,
        until_at=until_at,
        hard=hard,
    )
    work.session.add(made)
    work.session.flush()
    facts: dict[str, Fact] = {"from_at": from_at.isoformat(), "until_at": until_at.isoformat(), "hard": hard}
    work.record(testimony, "testimony:unavailable", data={"unavailability": str(made.id)}, facts=facts)
    if hard:
        made.conflicts = _bookings.made_by(_bookings.review(work, [made.who], {Rule.WITNESS_UNAVAILABLE}))
    return made


@act_on(Testimony, Permission.TESTIMONY_READ, read_only=True)
def unavailabilities(
    work: Work, testimony: Testimony, *, limit: int = 50, cursor: UUID | None = None
) -> Page[Unavailability]:
    """When a witness cannot come, as recorded with this testimony, the newest first; without what has ended."""
    query = work.query(Unavailability).where(
        Unavailability.testimony_id == testimony.id, Unavailability.ended_at.is_(None)
    )
    return page(work, query, Unavailability.id, limit, cursor)


@act_on(Unavailability, Permission.TESTIMONY_READ, read_only=True)
def read_unavailability(work: Work, one: Unavailability) -> Unavailability:
    """One time at which a witness cannot come."""
    return one


@act_on(Unavailability, Permission.TESTIMONY_SUPPORT, lock=False)
def end_unavailability(work: Work, one: Unavailability) -> Unavailability:
    """Record that the witness can come then after all."""
    testimony = lock_of(work, one, Permission.TESTIMONY_SUPPORT)
    if one.ended_at is not None:
        raise Conflict("This has ended already.")
    one.ended_at = work.now
    work.record(testimony, "testimony:unavailable_end", data={"unavailability": str(one.id)})
    return one
