"""Care of a victim: her first needs, her plan, where she sleeps, what is owed to her; and who needs contact today."""

from collections.abc import Callable, Iterable, Sequence
from decimal import Decimal
from enum import StrEnum
from typing import Any
from uuid import UUID

from babel.numbers import get_currency_precision
from flask import render_template, url_for
from flask_babel import format_currency
from flask_babel import lazy_gettext as _l

from evidence_api.domain.care import (
    STEP,
    WHAT,
    ClaimKind,
    Need,
    PlacementKind,
    ServiceKind,
    Standing,
    StepKind,
    WorkKind,
)
from evidence_api.domain.roles import Role
from evidence_api.domain.victim import Willingness
from evidence_api.models import CareStep, Claim, Placement, Referral, Victim
from evidence_api.policy import Permission
from evidence_api.services import care, partners
from evidence_api.services import placements as placing
from evidence_api.services.care import Due
from evidence_api.services.placements import Revealed
from evidence_api.work import Work
from schemas.care import OF_HER
from schemas.common import MAX_PAGE, PageIn
from web.cases import asked, countries, further
from web.forms import Choices, Field, Form, Path, add, contract
from web.home import FEW, PARTS, Part
from web.pages import SHOWN, Page, may, page, pages, reading
from web.texts import ACTS, said
from web.victims import CODE, REASON, SECTIONS, Section

NAMELESS = _l("Write no name of a person, and no address.")


@pages.app_template_filter("step")
def step_said(step: CareStep | Due) -> str:
    """What a step of care is: its code in words; else its title, which the page shows by itself."""
    return said(WHAT[step.kind](step.what)) if step.what and step.kind in WHAT else said(step.kind)


@pages.app_template_filter("money")
def money(amount: int, currency: str) -> str:
    """An amount in the smallest unit, as the language writes money."""
    return str(format_currency(Decimal(amount).scaleb(-get_currency_precision(currency)), currency))


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
        # Needs stand in the order of the checklist, each time that she came out after the one before.
        order = {need.value: index for index, need in enumerate(Need)}
        steps = sorted(steps, key=lambda step: (step.due_at or victim.created_at, order.get(step.what or "", 0)))
        by_kind = {kind.value: [step for step in steps if step.kind is kind] for kind in StepKind}
        return render_template(
            "care.html",
            victim=victim,
            steps=by_kind,
            older=further("pages.care_of", following, id=id),
            assessments=care.assessments(work, id, limit=MAX_PAGE)[0],
            standings=care.standings(work, id, limit=MAX_PAGE)[0],
            claims=care.claims(work, id, limit=MAX_PAGE)[0],
            referrals=referred,
            names=partners.names(work, ids=_partners(steps) | _partners(referred)),
            writes=may(work, Permission.CARE_WRITE, victim),
            places=may(work, Permission.PLACEMENT, victim),
        )


@page("/victims/<uuid:id>/placements", placing.placements)
def placements(id: UUID) -> Page:
    """From when to when she was placed somewhere; where, each reveals."""
    given = asked(PageIn, SHOWN)
    with reading() as work:
        found, following = placing.placements(work, id, **given)
        return render_template(
            "placements.html",
            victim=care.cared_for(work, id),
            placements=found,
            more=further("pages.placements", following, id=id),
        )


# --- forms ------------------------------------------------------------------------------------------------------------


def _options(members: Iterable[StrEnum]) -> Callable[[Work, Any], Choices]:
    return lambda _work, _thing: [(member.value, said(member)) for member in members]


def partner_choices(work: Work, _thing: Any) -> Choices:
    """The partners of the office, by name."""
    found, cursor = partners.list_partners(work, limit=MAX_PAGE)
    while cursor:
        more, cursor = partners.list_partners(work, limit=MAX_PAGE, cursor=UUID(cursor))
        found += more
    return sorted(((str(one.id), f"{one.name} ({one.region})") for one in found), key=lambda pair: pair[1].casefold())


PARTNER = Field("partner", _l("Partner"), "choice", choices=partner_choices)


def to_care(_thing: Any, path: Path) -> str:
    """Back to the page of her care."""
    return url_for("pages.care_of", id=path["id"])


def to_care_of(thing: Any, _path: Path) -> str:
    """Back to the care of her whom a thing of it is about."""
    return url_for("pages.care_of", id=thing.victim_id)


def _of_victim(name: str, rule: str, route: str, title: Any, button: Any, *fields: Field, **more: Any) -> None:
    """A form about one victim."""
    add(
        Form(
            name,
            f"/victims/<uuid:id>/{rule}",
            contract("POST", f"/victims/<uuid:id>/{route}"),
            title,
            button,
            fields,
            **{"thing": care.cared_for, "head": "_cared_for.html", "back": to_care, "then": to_care, **more},
        )
    )


_of_victim(
    "new_assessment",
    "assessments/new",
    "assessments",
    _l("Record an assessment"),
    _l("Record it"),
    Field("kind", _l("What was assessed"), "choice", choices=_options(OF_HER)),
    Field("assessed_on", _l("Day of the assessment"), "date"),
    Field("summary", _l("What it came to"), "lines", NAMELESS),
    Field(
        "favourable",
        _l("Is it in her favour?"),
        "choices",
        _l("Going home needs an answer for the safety and the economy of the household."),
        choices=lambda _work, _thing: [("true", _l("Yes")), ("false", _l("No"))],
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
_of_victim(
    "ask_willingness",
    "willingness",
    "willingness",
    _l("Ask whether she wants care"),
    _l("Record what she said"),
    Field("willingness", _l("What she said"), "choices", choices=_options(list(Willingness))),
    Field("note", _l("Note"), "lines", _l("It is kept in the ledger for good. Write no name of a person.")),
    says=_l("She may change her mind at any time."),
    done=_l("What she said is recorded."),
)

_DUE = Field("due_at", _l("By when"), "moment")


def _step_form(kind: StepKind, rule: str, title: Any, *fields: Field) -> None:
    _of_victim(
        f"new_{kind.value}",
        f"{rule}/new",
        "steps",
        title,
        _l("Add it to the plan"),
        *fields,
        fixed={"kind": kind.value},
        done=_l("It stands in her plan."),
    )


_step_form(
    StepKind.SERVICE,
    "services",
    _l("Add a service"),
    Field("what", _l("Service"), "choice", choices=_options(list(ServiceKind)), always=True),
    Field("title", _l("In words"), hint=NAMELESS),
    PARTNER,
    _DUE,
)
_step_form(
    StepKind.FIRST,
    "firsts",
    _l("Add a small first"),
    Field(
        "title", _l("What it is"), hint=_l("Such as the first night without a lamp, or the first letter."), always=True
    ),
    _DUE,
)
_step_form(
    StepKind.SKILL,
    "skills",
    _l("Add a skill"),
    Field("title", _l("What she learns"), hint=_l("Such as tailoring."), always=True),
    PARTNER,
    _DUE,
)
_step_form(
    StepKind.WORK,
    "work",
    _l("Add work"),
    Field("what", _l("What kind of work"), "choice", choices=_options(list(WorkKind)), always=True),
    Field("title", _l("In words"), hint=NAMELESS),
    PARTNER,
    _DUE,
)
_step_form(
    StepKind.FOLLOW_UP,
    "follow-ups",
    _l("Schedule a follow-up"),
    Field("due_at", _l("When she is to be asked"), "moment", always=True),
    Field("title", _l("In words"), hint=NAMELESS),
)

for _action in STEP.actions:
    add(
        Form(
            f"step_{_action}",
            f"/steps/<uuid:id>/{_action}",
            contract("POST", "/steps/<uuid:id>/transitions"),
            ACTS[_action],
            ACTS[_action],
            [
                *([Field("outcome", _l("What came of it"), "lines", NAMELESS)] if _action == "finish" else []),
                *(
                    [Field("reason", REASON.label, "lines", REASON.hint, always=_action == "stop")]
                    if _action in {"stop", "resume"}
                    else []
                ),
            ],
            fixed={"action": _action},
            done=_l("It is recorded."),
            thing=care.read_step,
            head="_step.html",
            back=to_care_of,
            then=to_care_of,
        )
    )

_of_victim(
    "new_standing",
    "standings/new",
    "standings",
    _l("Record her immigration status"),
    _l("Record it"),
    Field("standing", _l("Status"), "choice", choices=_options(list(Standing))),
    Field("country", _l("Country"), "choice", choices=countries),
    Field("from_on", _l("From"), "date"),
    Field("expires_on", _l("Until"), "date"),
    done=_l("Her status is recorded."),
)

_MINOR_UNIT = _l("In the smallest unit of the currency, such as cents: 12.50 US dollars are 1250.")

_of_victim(
    "new_claim",
    "claims/new",
    "claims",
    _l("Record money that is owed to her"),
    _l("Record it"),
    Field("kind", _l("For what"), "choice", choices=_options(list(ClaimKind))),
    Field("currency", _l("Currency"), hint=_l("Three capital letters (ISO 4217), such as USD.")),
    Field("owed", _l("How much is owed"), "number", _MINOR_UNIT),
    Field("ordered_on", _l("Ordered on"), "date"),
    done=_l("What is owed to her is recorded."),
)


def _claim(work: Work, id: UUID) -> Claim:
    return care.read_claim(work, id)


add(
    Form(
        "new_payment",
        "/claims/<uuid:id>/payments/new",
        contract("POST", "/claims/<uuid:id>/payments"),
        _l("Record a payment"),
        _l("Record it"),
        [Field("amount", _l("How much was paid"), "number", _MINOR_UNIT), Field("paid_on", _l("Paid on"), "date")],
        done=_l("The payment is recorded."),
        thing=_claim,
        head="_claim.html",
        back=to_care_of,
        then=to_care_of,
    )
)


def _to_placements(_thing: Any, path: Path) -> str:
    return url_for("pages.placements", id=path["id"])


def _to_placements_of(placement: Placement, _path: Path) -> str:
    return url_for("pages.placements", id=placement.victim_id)


_of_victim(
    "new_placement",
    "placements/new",
    "placements",
    _l("Place her"),
    _l("Place her"),
    Field("kind", _l("Where she sleeps"), "choice", choices=_options(list(PlacementKind))),
    Field("from_on", _l("From"), "date"),
    PARTNER,
    Field("address", _l("Address"), "lines"),
    says=_l("It is sealed: only a caseworker reveals it, for a reason. Where she slept until then ends on that day."),
    done=_l("Her placement is recorded."),
    back=_to_placements,
    then=_to_placements,
    drafts=False,
)


def _address(found: Revealed, _path: Path) -> Page:
    back = url_for("pages.placements", id=found.victim_id)
    with reading() as work:
        names = partners.names(work, ids=[found.partner_id] if found.partner_id else [])
        return render_template("placement_address.html", found=found, names=names, back=back)


def _of_placement(name: str, rule: str, title: Any, *fields: Field, **more: Any) -> None:
    """A form about one placement."""
    add(
        Form(
            name,
            f"/placements/<uuid:id>/{rule}",
            contract("POST", f"/placements/<uuid:id>/{rule}"),
            title,
            title,
            fields,
            thing=placing.read_placement,
            head="_placement.html",
            back=_to_placements_of,
            **more,
        )
    )


_of_placement(
    "end_placement",
    "end",
    _l("End the placement"),
    Field("until_on", _l("Until"), "date"),
    REASON,
    says=_l("If she sleeps elsewhere now, place her there instead: this one then ends by itself."),
    done=_l("The placement has ended."),
    then=_to_placements_of,
)
_of_placement(
    "reveal_placement",
    "address/reveal",
    _l("Reveal where she sleeps"),
    REASON,
    CODE,
    says=_l("It is shown once. That you have seen it, and why, is in the ledger."),
    shows=_address,
)
