"""Care of a victim: all that is done for her on one page, what she wants, her assessments; who needs contact today."""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any, TypeVar
from uuid import UUID

from flask import render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.care import (
    ANOTHER_PARTNER,
    ASKING,
    ASSESSING,
    BY_HAND,
    OPEN,
    Need,
    ReferralState,
    Standing,
    StepKind,
)
from evidence_api.domain.roles import Role
from evidence_api.domain.victim import Axis, Willingness
from evidence_api.models import Assessment, CareStep, Referral, Victim
from evidence_api.policy import Permission
from evidence_api.services import care, partners
from evidence_api.work import Work
from schemas.care import OF_HER
from schemas.common import MAX_PAGE, PageIn
from web.cases import asked, countries, further
from web.forms import FIRST, REASON, Choices, Field, Path, about, one_of
from web.home import FEW, PARTS, Part
from web.pages import SHOWN, Page, Section, may, page, reading
from web.victims import SECTIONS, next_steps, yes_no

Row = TypeVar("Row")

NAMELESS = _l("Write no name of a person, and no address.")


def _due(work: Work) -> Any:
    found = care.due(work, limit=FEW)
    return found if found[0] else None


PARTS.append(Part("_home_care.html", {Role.CASEWORKER}, _due))


def _open_needs(work: Work, victim: Victim) -> Any:
    needs = care.steps(work, victim.id, limit=MAX_PAGE, kind=StepKind.NEED)[0]
    return {
        "open": sum(need.ended_on is None for need in needs),
        "places": may(work, Permission.PLACEMENT, victim),
    }


SECTIONS.append(Section("_victim_care.html", Permission.CARE_READ, _open_needs))


@page("/care", care.due)
def care_due() -> Page:
    """Whoever needs contact today, the longest due first."""
    given = asked(PageIn, SHOWN)
    with reading() as work:
        found, following = care.due(work, **given)
        return render_template("care_due.html", due=found, more=further("pages.care_due", following))


def _is_due(work: Work, step: CareStep) -> bool:
    return step.state in OPEN and step.due_at is not None and step.due_at <= work.now + care.SOON


def _parted(rows: Sequence[Row], counts: Callable[[Row], bool]) -> tuple[list[Row], list[Row]]:
    """What counts still, and what does no more."""
    return [row for row in rows if counts(row)], [row for row in rows if not counts(row)]


def _newest_of_each_kind(rows: Sequence[Assessment]) -> tuple[list[Assessment], list[Assessment]]:
    """The assessment of each kind that is asked for where something depends on it, and those before it."""
    rows = sorted(rows, key=lambda one: (one.assessed_on, one.id), reverse=True)
    newest = {one.kind: one for one in reversed(rows)}
    return _parted(rows, lambda one: one is newest[one.kind])


def _partners(rows: Sequence[CareStep] | Sequence[Referral]) -> set[UUID]:
    return {row.partner_id for row in rows if row.partner_id}


@page("/victims/<uuid:id>/care", care.cared_for)
def care_of(id: UUID) -> Page:
    """All that is done for her."""
    given = asked(PageIn, MAX_PAGE)
    with reading() as work:
        victim = care.cared_for(work, id)
        steps, following = care.steps(work, id, **given)
        referred = partners.referrals(work, id, limit=MAX_PAGE)[0]
        standings = care.standings(work, id, limit=MAX_PAGE)[0]
        # Needs stand in the order of the checklist, each time that she came out after the one before.
        order = {need.value: index for index, need in enumerate(Need)}
        steps = sorted(steps, key=lambda step: (step.due_at or victim.created_at, order.get(step.what or "", 0)))
        today = [step for step in steps if step.kind in BY_HAND and _is_due(work, step)]
        rest = [step for step in steps if step not in today]
        return render_template(
            "care.html",
            victim=victim,
            today=today,
            plan={kind.value: [step for step in rest if step.kind is kind] for kind in StepKind},
            care=Axis.CARE,
            moves=may(work, Permission.VICTIM_MOVE, victim),
            **next_steps(work, victim),
            older=further("pages.care_of", following, id=id),
            assessments=_newest_of_each_kind(care.assessments(work, id, limit=MAX_PAGE)[0]),
            standings=(standings[:1], standings[1:]),
            claims=_parted(care.claims(work, id, limit=MAX_PAGE)[0], lambda claim: claim.paid < claim.owed),
            referrals=_parted(referred, lambda one: one.state in (ReferralState.WAITING, ReferralState.ACCEPTED)),
            names=partners.names(work, ids=_partners(steps) | _partners(referred)),
            writes=may(work, Permission.CARE_WRITE, victim),
            places=may(work, Permission.PLACEMENT, victim),
        )


# --- forms ------------------------------------------------------------------------------------------------------------


def partner_choices(work: Work, _thing: Any) -> Choices:
    """The partners of the office, by name."""
    found, cursor = partners.list_partners(work, limit=MAX_PAGE)
    while cursor:
        more, cursor = partners.list_partners(work, limit=MAX_PAGE, cursor=UUID(cursor))
        found += more
    return sorted(((str(one.id), f"{one.name} ({one.region})") for one in found), key=lambda pair: pair[1].casefold())


FIRST |= {
    ASSESSING: (lambda path: url_for("pages.new_assessment", id=path["id"]), _l("Record an assessment")),
    ASKING: (lambda path: url_for("pages.ask_willingness", id=path["id"]), _l("Ask whether she wants care")),
    ANOTHER_PARTNER: (lambda _path: url_for("pages.partners_list"), _l("Look for another partner")),
}

PARTNER = Field("partner", _l("Partner"), "choice", choices=partner_choices)


def to_care(_thing: Any, path: Path) -> str:
    """Back to the page of her care."""
    return url_for("pages.care_of", id=path["id"])


def to_care_of(thing: Any, _path: Path) -> str:
    """Back to the care of her whom a thing of it is about."""
    return url_for("pages.care_of", id=thing.victim_id)


on_her_care = partial(
    about, "/victims/<uuid:id>", thing=care.cared_for, head="_cared_for.html", back=to_care, then=to_care
)

on_her_care(
    "new_assessment",
    "assessments/new",
    "POST",
    "/assessments",
    _l("Record an assessment"),
    _l("Record it"),
    Field("kind", _l("What was assessed"), "choice", choices=one_of(OF_HER)),
    Field("assessed_on", _l("Day of the assessment"), "date"),
    Field("summary", _l("What it came to"), "lines", NAMELESS),
    Field(
        "favourable",
        _l("Is it in her favour?"),
        "choices",
        _l("Going home needs an answer for the safety and the economy of the household."),
        choices=yes_no,
    ),
    Field("score", _l("Score"), "number", _l("As the form that was used counts it.")),
    Field(
        "expires_on",
        _l("Counts until"),
        "date",
        _l("Leave it empty if it does not expire. One of the household counts 180 days at most."),
    ),
    done=_l("The assessment is recorded."),
)
on_her_care(
    "ask_willingness",
    "willingness",
    "POST",
    "/willingness",
    _l("Ask whether she wants care"),
    _l("Record what she said"),
    Field("willingness", _l("What she said"), "choices", choices=one_of(Willingness)),
    Field("note", _l("Note"), "lines", REASON.hint),
    says=_l("She may change her mind at any time."),
    done=_l("What she said is recorded."),
)

on_her_care(
    "new_standing",
    "standings/new",
    "POST",
    "/standings",
    _l("Record her immigration status"),
    _l("Record it"),
    Field("standing", _l("Status"), "choice", choices=one_of(Standing)),
    Field("country", _l("Country"), "choice", choices=countries),
    Field("from_on", _l("From"), "date"),
    Field("expires_on", _l("Until"), "date"),
    done=_l("Her status is recorded."),
)
