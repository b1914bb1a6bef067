"""Plans for the time after court: what there is at the end of it all that she can be offered, and by whom."""

from dataclasses import dataclass
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.api.contract import load
from evidence_api.domain.care import ServiceKind
from evidence_api.domain.roles import Role
from evidence_api.domain.testimony import PLAN, PlanState
from evidence_api.models import Partner, PostCourtPlan, Victim
from evidence_api.policy import Permission
from evidence_api.services import partners, plans, victims
from evidence_api.work import Work
from schemas.testimonies import RoomForHerIn
from web.forms import REASON, Choices, Field, Form, Path, about, add, contract, one_of, options
from web.home import FEW, PARTS, Part
from web.labels.testimony import PLANS
from web.pages import Page, Section, may, page, reading
from web.texts import said
from web.victims import SECTIONS

PARTS.append(Part("_home_plans.html", {Role.CASEWORKER, Role.SUPERVISOR}, lambda work: plans.unagreed(work, limit=FEW)))


def _plans_of(work: Work, victim: Victim) -> list[PostCourtPlan]:
    return plans.list_of_victim(work, victim.id)[0]


SECTIONS.append(Section("_victim_plans.html", Permission.PLAN_READ, _plans_of))


@page("/plans/<uuid:id>", plans.read)
def plan(id: UUID) -> Page:
    """One plan: what is offered to her, who has room for her, what comes next."""
    with reading() as work:
        found = plans.read(work, id)
        offers = plans.offers(work, id)[0]
        writes = may(work, Permission.PLAN_WRITE, found)
        given = load(RoomForHerIn, request.args.to_dict()) if writes and request.args.get("service") else {}
        roomy = plans.partners(work, id, **given)[0] if given else []
        return render_template(
            "plan.html",
            plan=found,
            victim=victims.read(work, found.victim_id),
            offers=offers,
            names=partners.names(work, ids={one.partner_id for one in offers if one.partner_id}),
            steps=plans.next_steps(work, id)[0],
            step_labels=PLANS,
            writes=writes,
            offering=writes and found.state is PlanState.OPEN,
            services=options(ServiceKind),
            service=given.get("service"),
            partners=roomy,
            kinds=ServiceKind,
        )


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_plan(_thing: Any, path: Path) -> str:
    return url_for("pages.plan", id=path["id"])


@dataclass(frozen=True, slots=True)
class _Offering:
    """Above a form: the plan, and whose offer it is, if it is a partner's."""

    plan: PostCourtPlan
    victim: Victim
    partner: Partner | None = None


def _offering(work: Work, id: UUID, partner: UUID | None = None) -> _Offering:
    found = plans.read(work, id)
    by = partners.read_partner(work, partner) if partner else None
    return _Offering(found, victims.read(work, found.victim_id), by)


def _offered(_work: Work, thing: _Offering) -> Choices:
    return [(code, said(ServiceKind(code))) for code in thing.partner.offers] if thing.partner else []


NOTE = Field("note", _l("What exactly, and from when"), "lines", _l("Write no name of a person, and no address."))

on_plan = partial(
    about,
    "/plans/<uuid:id>",
    thing=_offering,
    head="_plan_head.html",
    back=_to_plan,
    then=_to_plan,
)

on_plan(
    "own_offer",
    "offers/own",
    "POST",
    "/offers",
    _l("Add what the office itself offers"),
    _l("Add it"),
    Field("service", _l("What is offered"), "choice", choices=one_of(ServiceKind)),
    NOTE,
    done=_l("The offer is in her plan."),
)
add(
    Form(
        "partner_offer",
        "/plans/<uuid:id>/offers/<uuid:partner>",
        contract("POST", "/plans/<uuid:id>/offers"),
        _l("Add what a partner offers"),
        _l("Add it"),
        [Field("service", _l("What is offered"), "choice", choices=_offered), NOTE],
        thing=_offering,
        head="_plan_head.html",
        back=_to_plan,
        done=_l("The offer is in her plan."),
    )
)
add(
    Form(
        "withdraw_offer",
        "/offers/<uuid:id>/withdraw",
        contract("POST", "/offers/<uuid:id>/withdraw"),
        _l("Take an offer out of the plan"),
        _l("Take it out"),
        [REASON],
        thing=plans.read_offer,
        head="_offer_head.html",
        back=lambda thing, _path: url_for("pages.plan", id=thing.plan_id),
        done=_l("The offer is taken out of her plan."),
        danger=True,
    )
)

for _action in PLAN.actions:
    on_plan(
        f"plan_do_{_action}",
        f"do/{_action}",
        "POST",
        "/transitions",
        PLANS[_action],
        PLANS[_action],
        REASON,
        fixed={"action": _action},
        done=_l("The state of the plan has changed."),
    )
on_plan(
    "plan_wants_nothing",
    "do/wants-nothing",
    "POST",
    "/transitions",
    _l("She wants nothing"),
    _l("Record it"),
    REASON,
    says=_l("It is her own word. The plan is agreed then, and can be revised at any time."),
    fixed={"action": "agree", "wants_nothing": True},
    done=_l("It is recorded that she wants nothing now."),
)
