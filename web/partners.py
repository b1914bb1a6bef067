"""Partners: who would take her, what each offers, what nobody offers; and referrals to them."""

from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.care import REFERRAL, ServiceKind
from evidence_api.domain.roles import Role
from evidence_api.domain.victim import Gender
from evidence_api.models import Partner
from evidence_api.policy import Permission
from evidence_api.services import partners
from schemas.partners import PartnersIn
from web.care import on_her_care, partner_choices, to_care_of
from web.cases import asked, countries, further
from web.forms import REASON, Field, Form, Path, add, contract, known, one_of, options
from web.home import FEW, PARTS, Part
from web.pages import SHOWN, Page, may, page, reading
from web.texts import ACTS, country
from web.victims import language

PARTS.append(Part("_home_unmet.html", {Role.SUPERVISOR}, lambda work: partners.unmet(work)[0][:FEW]))


@page("/partners", partners.list_partners)
def partners_list() -> Page:
    """The office's partners; with a filter, who would take her."""
    given = asked(PartnersIn, SHOWN)
    with reading() as work:
        found, following = partners.list_partners(work, **given)
        return render_template(
            "partners.html",
            partners=found,
            more=further("pages.partners_list", following),
            given=given,
            filtered=bool(set(request.args) - {"cursor"}),
            services=options(ServiceKind),
            genders=options(Gender),
            regions=[(region, region) for region in partners.regions(work)],
            kinds=ServiceKind,
            Gender=Gender,
            writes=may(work, Permission.PARTNER_WRITE),
            reads_care=may(work, Permission.CARE_READ),
        )


@page("/partners/<uuid:id>", partners.read_partner)
def partner(id: UUID) -> Page:
    """One partner."""
    with reading() as work:
        found = partners.read_partner(work, id)
        return render_template(
            "partner.html",
            partner=found,
            country=country(found.country),
            spoken=[language(code) for code in found.languages],
            kinds=ServiceKind,
            Gender=Gender,
            writes=found.ended_at is None and may(work, Permission.PARTNER_WRITE, found),
        )


@page("/partners/unmet", partners.unmet)
def unmet() -> Page:
    """What was asked for and nobody has accepted to give, by region."""
    with reading() as work:
        return render_template("unmet.html", unmet=partners.unmet(work)[0])


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_partner(partner: Any, path: Path) -> str:
    return url_for("pages.partner", id=path.get("id") or partner.id)


def _fields() -> list[Field]:
    return [
        Field("name", _l("Name of the organisation"), value=known(Partner, "name"), always=True),
        Field("country", _l("Country"), "choice", choices=countries, value=known(Partner, "country"), always=True),
        Field(
            "region",
            _l("Region"),
            hint=_l("Spelt as on its other partners."),
            value=known(Partner, "region"),
            always=True,
        ),
        Field(
            "offers",
            _l("What it offers"),
            "checks",
            choices=one_of(ServiceKind),
            value=known(Partner, "offers"),
            always=True,
        ),
        Field(
            "languages",
            _l("Languages spoken there"),
            "list",
            _l("Codes with commas between them, such as km, vi, en."),
            value=known(Partner, "languages"),
        ),
        Field(
            "genders",
            _l("Whom it takes"),
            "checks",
            _l("All ticked, or none: all."),
            choices=one_of(Gender),
            value=known(Partner, "genders"),
        ),
        Field("youngest", _l("Youngest age"), "number", value=known(Partner, "youngest")),
        Field("oldest", _l("Oldest age"), "number", value=known(Partner, "oldest")),
        Field("contact", _l("How to reach it"), "lines", value=known(Partner, "contact")),
    ]


CAPACITY = Field("capacity", _l("How many more it can take now"), "number", _l("Leave it empty if it does not say."))

add(
    Form(
        "new_partner",
        "/partners/new",
        contract("POST", "/partners"),
        _l("Add a partner"),
        _l("Add it"),
        [*_fields(), CAPACITY],
        done=_l("The partner is in the directory."),
        back=lambda _thing, _path: url_for("pages.partners_list"),
        then=_to_partner,
    )
)


def _of_partner(name: str, rule: str, method: str, route: str, title: Any, fields: list[Field], **more: Any) -> None:
    """A form about one partner."""
    add(
        Form(
            name,
            f"/partners/<uuid:id>/{rule}",
            contract(method, f"/partners/<uuid:id>{route}"),
            title,
            title,
            fields,
            thing=partners.read_partner,
            head="_partner.html",
            back=_to_partner,
            **more,
        )
    )


_of_partner(
    "edit_partner",
    "edit",
    "PATCH",
    "",
    _l("Change the partner"),
    _fields(),
    done=_l("The partner is changed."),
)
_of_partner(
    "partner_capacity",
    "capacity",
    "PATCH",
    "",
    _l("Record what it can take now"),
    [
        Field(
            "capacity", CAPACITY.label, "number", _l("As it says today."), value=known(Partner, "capacity"), always=True
        )
    ],
    done=_l("What it can take is recorded, with today's date."),
)
_of_partner(
    "end_partner",
    "end",
    "POST",
    "/end",
    _l("End the partnership"),
    [REASON],
    says=_l("Nobody is referred to it any more. What it has done stays."),
    done=_l("The partnership has ended."),
    danger=True,
)

on_her_care(
    "new_referral",
    "referrals/new",
    "POST",
    "/referrals",
    _l("Refer her to a partner"),
    _l("Refer her"),
    Field("service", _l("What she needs"), "choice", choices=one_of(ServiceKind)),
    Field(
        "partner",
        _l("Partner"),
        "choice",
        _l("Leave it empty if nobody offers it: it is then counted as a need unmet."),
        choices=partner_choices,
    ),
    Field("region", _l("Region"), hint=_l("Where she needs it. Left empty: the partner's own.")),
    Field("asked_on", _l("Asked on"), "date", _l("Left empty: today.")),
    done=_l("The referral is recorded."),
)

for _action in REFERRAL.actions:
    add(
        Form(
            f"referral_{_action}",
            f"/referrals/<uuid:id>/{_action}",
            contract("POST", "/referrals/<uuid:id>/transitions"),
            ACTS[_action],
            ACTS[_action],
            [
                REASON,
                *(
                    [Field("answered_on", _l("Answered on"), "date", _l("Left empty: today."))]
                    if _action != "withdraw"
                    else []
                ),
            ],
            fixed={"action": _action},
            done=_l("The referral is settled."),
            thing=partners.read_referral,
            head="_referral.html",
            back=to_care_of,
            then=to_care_of,
        )
    )
