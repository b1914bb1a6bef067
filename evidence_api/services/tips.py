"""Tips: a suspicion that somebody reports, and what a supervisor makes of it.

What was told is in the vault, since it may name people. Who reported it learns only where it stands; what it says is
for the supervisors, and for those of the case to which it led.
"""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.case import CaseKind
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.roles import Role
from evidence_api.domain.tip import TIP, TipState
from evidence_api.models import Case, Tip
from evidence_api.policy import Permission, refusal
from evidence_api.services import _vault, cases
from evidence_api.services._checks import running_case
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on


@act(Permission.TIP_REPORT)
def report(work: Work, *, text: str, about: str | None = None) -> Tip:
    """Report a suspicion; `about` is the place that it is about, in words."""
    tip = Tip(office_id=work.actor.office_id, reporter_id=work.actor.user_id, state=TipState.NEW, reported_at=work.now)
    work.session.add(tip)
    work.session.flush()
    _vault.put(work, tip.subject, {"text": text, "about": about})
    work.record(tip, "tip:report")
    return tip


@act(Permission.TIP_REPORT, read_only=True)
def list_tips(work: Work, *, limit: int = 50, cursor: UUID | None = None, state: TipState | None = None) -> Page[Tip]:
    """A supervisor: those of the office; anybody else: her own, and those that led to a case of hers. Newest first,
    without what they say."""
    query = work.query(Tip)
    if state is not None:
        query = query.where(Tip.state == state)
    return page(work, query, Tip.id, limit, cursor)


@act(Permission.TIP_REPORT, read_only=True)
def readable(work: Work, *, tips: Collection[Tip]) -> set[UUID]:
    """Those of these tips that the actor may read: all of them a supervisor, others what led to a case of theirs."""
    if work.actor.role is Role.SUPERVISOR:
        return {tip.id for tip in tips}
    led = work.query(Case).where(Case.id.in_({tip.led_to_id for tip in tips})).with_only_columns(Case.id)
    mine = set(work.session.scalars(led))
    return {tip.id for tip in tips if tip.led_to_id in mine}


@act(Permission.TIP_TRIAGE, read_only=True)
def count_new(work: Work) -> int:
    """How many tips of the office nobody has decided on."""
    counted = work.query(Tip).where(Tip.state == TipState.NEW).with_only_columns(sa.func.count())
    return work.session.execute(counted).scalar_one()


@act_on(Tip, Permission.TIP_TRIAGE, read_only=True)
def read_state(work: Work, tip: Tip) -> Tip:
    """Where it stands, without what it says."""
    return tip


@dataclass(frozen=True, slots=True)
class Told:
    """A tip with what it says. `text` is null once it was erased; `case_id` is where it led. Who
    reported it is told to those alone who decide on it."""

    id: UUID
    state: TipState
    reported_at: datetime
    reporter_id: UUID | None
    case_id: UUID | None
    text: str | None
    about: str | None
    version: int


@act_on(Tip, Permission.TIP_READ)
def read(work: Work, tip: Tip) -> Told:
    """What it says. Each reading is recorded."""
    said = _vault.open_all(work, tip.subject)
    work.record(tip, "tip:read")
    decides = refusal(work.session, work.actor, Permission.TIP_TRIAGE, tip) is None
    return Told(
        tip.id,
        tip.state,
        tip.reported_at,
        tip.reporter_id if decides else None,
        tip.led_to_id,
        said.get("text"),
        said.get("about"),
        tip.version,
    )


@act_on(Tip, Permission.TIP_TRIAGE)
def triage(
    work: Work,
    tip: Tip,
    *,
    action: str,
    reason: str,
    case: UUID | None = None,
    title: str | None = None,
    kind: CaseKind | None = None,
    country: str | None = None,
) -> Tip:
    """Take it up, into a case that is there or into a new one, or dismiss it. Raises IllegalTransition."""
    work.step(TIP, tip.state, action, Permission.TIP_TRIAGE, tip)
    new = {"title": title, "kind": kind, "country": country}
    if action == "take_up":
        led_to = _case(work, case, title, kind, country)
        tip.led_to_id = led_to.id
        work.record(led_to, "case:tip", data={"tip": str(tip.id)})
    elif case is not None or any(new.values()):
        given = [name for name, value in {"case": case, **new}.items() if value is not None]
        raise InvalidInput({name: ["A tip that is dismissed leads to no case. Leave this out."] for name in given})
    data = {"case": str(tip.led_to_id)} if tip.led_to_id else {}
    work.transition(tip, "state", TIP, action, Permission.TIP_TRIAGE, data=data, facts={"reason": reason})
    return tip


def _case(work: Work, case: UUID | None, title: str | None, kind: CaseKind | None, country: str | None) -> Case:
    """The case that a tip leads to."""
    if case is not None:
        if title or kind or country:
            raise InvalidInput({"case": ["Name a case that is there, or give a new one its title: not both."]})
        return running_case(work, case, Permission.TIP_TRIAGE)
    if title is None and kind is None and country is None:
        raise InvalidInput({"case": ["Name the case that it leads to, or open one with title, kind and country."]})
    if title is None or kind is None or country is None:
        there = {"title": title, "kind": kind, "country": country}
        raise InvalidInput({name: ["Fill this in."] for name, value in there.items() if value is None})
    return cases.open_case(work, title=title, kind=kind, country=country)
