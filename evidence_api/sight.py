"""Need-to-know: which rows exist at all for an actor, and of which acts a timeline tells her (DESIGN.md section 6).

Default deny: a model without a condition is shown to nobody. What she may do with what she sees, `policy.py` says.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from evidence_api.db import Base
from evidence_api.domain.link import LinkKind
from evidence_api.domain.roles import Actor, Role
from evidence_api.models import (
    Alert,
    Appeal,
    AppealCharge,
    Approval,
    Assessment,
    Assignment,
    Attendance,
    AuthorityRequest,
    AuthSession,
    Booking,
    CalendarFeed,
    CareStep,
    Case,
    Charge,
    Claim,
    ClosureOrder,
    Consent,
    ElementProof,
    Engagement,
    Episode,
    Evidence,
    Exhibit,
    Hearing,
    HearingCharge,
    Inspection,
    KeepApart,
    Link,
    Measure,
    NeedsAssessment,
    Observation,
    Office,
    Operation,
    OperationOperative,
    Operative,
    Partner,
    Payment,
    Perpetrator,
    Placement,
    PlanOffer,
    Plea,
    PostCourtPlan,
    Preparation,
    Reader,
    Referral,
    Resource,
    ResourceTie,
    RosterEntry,
    SafetyAssessment,
    Search,
    Sentence,
    Sighting,
    StandingRecord,
    Testimony,
    TimelineEvent,
    Tip,
    Token,
    Transfer,
    Unavailability,
    Upload,
    User,
    Venue,
    VenueTie,
    Verdict,
    Victim,
    VictimCase,
    VictimTie,
)

Exists = Callable[..., sa.ColumnElement[bool]]
"""That there is a row for which all of these conditions hold."""
_SOME: Exists = sa.exists().where


def visible(model: type[Base], actor: Actor) -> sa.ColumnElement[bool]:
    """Need-to-know as a condition in SQL: which rows of `model` exist at all for this actor."""
    return _VISIBLE[model](actor)


def _cases(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.role is Role.SYSTEM:
        return sa.true()
    if actor.role is Role.SUPERVISOR:
        return Case.office_id == actor.office_id
    if actor.role is Role.ADMINISTRATOR:
        return sa.false()
    assigned = sa.select(Assignment.case_id).where(
        Assignment.user_id == actor.user_id, Assignment.role == actor.role, Assignment.ended_at.is_(None)
    )
    return Case.id.in_(assigned)


def there_is(*where: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """That there is such a row, looked up by its key for each row for which it is asked.

    For what stands within an OR or a CASE: there PostgreSQL would make a list of all such rows beforehand, which grows
    with the tables, did not the OFFSET forbid it.
    """
    return sa.select(sa.literal(1)).where(*where).offset(0).exists()


def _of_case(column: Any, actor: Actor, exists: Exists = _SOME) -> sa.ColumnElement[bool]:
    if actor.role is Role.SYSTEM:
        return sa.true()
    if actor.role is Role.SUPERVISOR:
        # Looked up for each row: a list of all the cases of the office would grow with it.
        within = aliased(Case)
        return exists(within.id == column, within.office_id == actor.office_id)
    condition: sa.ColumnElement[bool] = column.in_(sa.select(Case.id).where(_cases(actor)))
    return condition


def _evidence(actor: Actor) -> sa.ColumnElement[bool]:
    within = _of_case(Evidence.case_id, actor)
    if actor.role is not Role.CASEWORKER:
        return within
    shared = sa.select(Reader.evidence_id).where(Reader.user_id == actor.user_id)
    return within & ((Evidence.collector_id == actor.user_id) | Evidence.id.in_(shared))


def _transfers(actor: Actor) -> sa.ColumnElement[bool]:
    within = _of_case(Transfer.case_id, actor)
    if actor.role is not Role.CASEWORKER:
        return within
    # A hand-over tells that the item is there, and who holds it.
    return within & Transfer.evidence_id.in_(sa.select(Evidence.id).where(_evidence(actor)))


def _users(actor: Actor) -> sa.ColumnElement[bool]:
    return sa.true() if actor.role is Role.SYSTEM else User.office_id == actor.office_id


def _own(column: Any, actor: Actor) -> sa.ColumnElement[bool]:
    condition: sa.ColumnElement[bool] = sa.true() if actor.role is Role.SYSTEM else column == actor.user_id
    return condition


def _victims(column: Any, actor: Actor) -> sa.ColumnElement[bool]:
    """What is about a victim is known wherever a case of the actor's knows her."""
    if actor.role is Role.SYSTEM:
        return sa.true()
    return _knows(column, actor)


def _knows(victim: Any, actor: Actor, exists: Exists = _SOME) -> sa.ColumnElement[bool]:
    """A case of the actor's knows this victim. Looked up for each row: a list of all whom she knows would grow with
    the table."""
    known = aliased(VictimCase)
    return exists(known.victim_id == victim, _of_case(known.case_id, actor))


def _of_office(column: Any, actor: Actor) -> sa.ColumnElement[bool]:
    condition: sa.ColumnElement[bool] = sa.true() if actor.role is Role.SYSTEM else column == actor.office_id
    return condition


def _searches(actor: Actor) -> sa.ColumnElement[bool]:
    if actor.role is Role.SYSTEM:
        return sa.true()
    hers = Search.victim_id.is_not(None) & _knows(Search.victim_id, actor, there_is)
    return _of_case(Search.case_id, actor, there_is) | hers


def _links(actor: Actor) -> sa.ColumnElement[bool]:
    """A link is known to whoever knows both the item and what it is about.

    Each is looked up by its key, row by row: a list of all that the actor knows would grow with the tables. What
    belongs to a case is linked to items of that case alone; a victim can be known to several.
    """
    if actor.role is Role.SYSTEM:
        return sa.true()
    episode = aliased(Episode)
    target = sa.case(
        (Link.target_kind == LinkKind.VICTIM, _knows(Link.target_id, actor, there_is)),
        (
            Link.target_kind == LinkKind.EPISODE,
            there_is(episode.id == Link.target_id, _knows(episode.victim_id, actor)),
        ),
        (Link.target_kind == LinkKind.CHARGE, _said(actor.role is not Role.CASEWORKER)),
        else_=sa.true(),
    )
    # An expression, so that no index on the case is taken: hers have many links, an item or a target has few.
    within = _of_case(sa.func.coalesce(Link.case_id, sa.null()), actor) & target
    if actor.role is not Role.CASEWORKER:
        return within
    return within & shared_item(Link.evidence_id, actor)


def shared_item(column: Any, actor: Actor) -> sa.ColumnElement[bool]:
    """Of the items of a caseworker's case, those that she brought in or that are shared with her; one by one."""
    item, reader = aliased(Evidence), aliased(Reader)
    own = there_is(item.id == column, item.collector_id == actor.user_id)
    shared = there_is(reader.evidence_id == column, reader.user_id == actor.user_id)
    return own | shared


def _of_prosecution(column: Any, actor: Actor) -> sa.ColumnElement[bool]:
    """What is charged, and what courts made of it, is not for caseworkers."""
    return sa.false() if actor.role is Role.CASEWORKER else _of_case(column, actor)


def _testimonies(actor: Actor) -> sa.ColumnElement[bool]:
    """A caseworker knows of the testimony of victims alone: not of officers, nor of operatives."""
    within = _of_case(Testimony.case_id, actor)
    return within & Testimony.victim_id.is_not(None) if actor.role is Role.CASEWORKER else within


def _of_testimony(model: Any, actor: Actor) -> sa.ColumnElement[bool]:
    within = _of_case(model.case_id, actor)
    if actor.role is not Role.CASEWORKER:
        return within
    of = aliased(Testimony)
    return within & sa.exists().where(of.id == model.testimony_id, of.victim_id.is_not(None))


def _events(actor: Actor) -> sa.ColumnElement[bool]:
    """What a timeline tells: acts that are told to the actor's role, about what she knows."""
    if actor.role is Role.SYSTEM:
        return sa.true()
    links = there_is(Link.id == TimelineEvent.link_id, _links(actor))
    conditions = [
        told(TimelineEvent.action, actor),
        sa.case(
            (TimelineEvent.victim_id.is_not(None), _knows(TimelineEvent.victim_id, actor, there_is)),
            else_=_of_case(TimelineEvent.case_id, actor, there_is),
        ),
        TimelineEvent.link_id.is_(None) | links,
    ]
    if actor.role is Role.CASEWORKER:
        conditions.append(TimelineEvent.evidence_id.is_(None) | shared_item(TimelineEvent.evidence_id, actor))
        of = aliased(Testimony)
        hers = there_is(of.id == TimelineEvent.testimony_id, of.victim_id.is_not(None))
        conditions.append(TimelineEvent.testimony_id.is_(None) | hers)
    return sa.and_(*conditions)


_VISIBLE: Mapping[type[Base], Callable[[Actor], sa.ColumnElement[bool]]] = {
    Case: _cases,
    Evidence: _evidence,
    Transfer: _transfers,
    Assignment: lambda actor: _of_case(Assignment.case_id, actor),
    Upload: lambda actor: _own(Upload.user_id, actor) & _of_case(Upload.case_id, actor),
    Victim: lambda actor: _victims(Victim.id, actor),
    VictimCase: lambda actor: _of_case(VictimCase.case_id, actor),
    **{
        model: partial(_victims, model.victim_id)
        for model in (
            Assessment,
            CareStep,
            Claim,
            Consent,
            Episode,
            KeepApart,
            Payment,
            Placement,
            PlanOffer,
            PostCourtPlan,
            Referral,
            StandingRecord,
        )
    },
    Search: _searches,
    Sighting: lambda actor: Sighting.search_id.in_(sa.select(Search.id).where(_searches(actor))),
    **{
        model: partial(_of_case, model.case_id)
        for model in (
            Alert,
            Attendance,
            AuthorityRequest,
            ClosureOrder,
            Engagement,
            Hearing,
            HearingCharge,
            Inspection,
            Observation,
            Operation,
            OperationOperative,
            Perpetrator,
            RosterEntry,
            SafetyAssessment,
            Venue,
            VenueTie,
            VictimTie,
        )
    },
    **{
        model: partial(_of_prosecution, model.case_id)
        for model in (Appeal, AppealCharge, Charge, ElementProof, Exhibit, Plea, ResourceTie, Sentence, Verdict)
    },
    Testimony: _testimonies,
    **{
        model: partial(_of_testimony, model)
        for model in (Booking, Measure, NeedsAssessment, Preparation, Unavailability)
    },
    CalendarFeed: lambda actor: _own(CalendarFeed.user_id, actor),
    Link: _links,
    TimelineEvent: _events,
    **{model: partial(_of_office, model.office_id) for model in (Approval, Operative, Partner, Resource)},
    Tip: lambda actor: (
        _of_office(Tip.office_id, actor)
        & (
            sa.true()
            if actor.role in (Role.SUPERVISOR, Role.SYSTEM)
            else (Tip.reporter_id == actor.user_id) | _of_case(Tip.led_to_id, actor)
        )
    ),
    User: _users,
    Token: lambda actor: _own(Token.user_id, actor),
    AuthSession: lambda actor: _own(AuthSession.user_id, actor),
    Office: lambda actor: sa.true() if actor.role is Role.SYSTEM else Office.id == actor.office_id,
}


_I, _L, _S, _C = Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR, Role.CASEWORKER
_EVERYBODY, _PROSECUTING = frozenset({_I, _L, _S, _C}), frozenset({_I, _L, _S})
_SECRET, _CARING = frozenset({_S, _C}), frozenset({_L, _S, _C})

TOLD: Mapping[str, frozenset[Role]] = {
    "case:": _EVERYBODY,
    "evidence:": _EVERYBODY,
    "victim:": _EVERYBODY,
    "victim:care": _CARING,
    "victim:identity": _CARING,
    "victim:address": _SECRET,
    "care:": _CARING,
    "care:placement": frozenset({_C}),
    "care:placement_reveal": _SECRET,
    "search:": _EVERYBODY,
    "search:identity": _CARING,
    "perpetrator:": _EVERYBODY,
    "perpetrator:address": _PROSECUTING,
    "venue:": _EVERYBODY,
    "operation:": _EVERYBODY,
    "operation:operative": frozenset({_I, _S}),
    "request:": _EVERYBODY,
    "charge:": _PROSECUTING,
    "appeal:": _PROSECUTING,
    "exhibit:": _PROSECUTING,
    "hearing:": _EVERYBODY,
    "testimony:": _EVERYBODY,
    "testimony:edit": _CARING,
    "testimony:statement": _PROSECUTING,
    "testimony:needs": _CARING,
    "testimony:crisis": _CARING,
    "testimony:preparation": _CARING,
    "testimony:operative": frozenset({_I, _S}),
    "plan:": _CARING,
    "plan:offer": frozenset({_C}),
    "order:": _EVERYBODY,
}
"""To whom a timeline tells an act of a case that she knows, by what its name begins with; the longest that fits
decides, and what nothing fits is told to nobody."""


def told(action: Any, actor: Actor) -> sa.ColumnElement[bool]:
    """Whether the actor's role is told acts of this name, as a condition in SQL on a column."""
    if actor.role is Role.SYSTEM:
        return sa.true()
    longest_first = sorted(TOLD, key=len, reverse=True)
    rows = [(action.startswith(prefix, autoescape=True), _said(actor.role in TOLD[prefix])) for prefix in longest_first]
    return sa.case(*rows, else_=sa.false())


def _said(yes: bool) -> sa.ColumnElement[bool]:
    return sa.true() if yes else sa.false()
