"""What the office can book for sessions with witnesses, whom it is tied to, what else takes it."""

from collections.abc import Sequence
from functools import partial
from typing import Any
from uuid import UUID

from flask import render_template, request, url_for
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext

from evidence_api.domain.appeal import Side
from evidence_api.domain.scheduling import PEOPLE, ResourceKind
from evidence_api.domain.victim import Gender
from evidence_api.models import Resource
from evidence_api.policy import Permission
from evidence_api.services import cases as casework
from evidence_api.services import perpetrators, resources
from evidence_api.services._bookings import Standing
from evidence_api.work import Work
from schemas.common import MAX_PAGE
from schemas.resources import ResourcesIn
from web.cases import asked, further
from web.forms import REASON, Choices, Field, Form, Path, about, add, contract, known, one_of, options
from web.pages import SHOWN, Page, may, page, reading
from web.victims import language


@page("/resources", resources.list_resources)
def resources_list() -> Page:
    """What the office can book, newest first."""
    given = asked(ResourcesIn, SHOWN)
    with reading() as work:
        found, following = resources.list_resources(work, **given)
        return render_template(
            "resources.html",
            resources=found,
            more=further("pages.resources_list", following),
            given=given,
            filtered=bool(set(request.args) - {"cursor"}),
            kinds=options(ResourceKind),
            spoken=language,
            writes=may(work, Permission.RESOURCE_WRITE),
        )


@page("/resources/<uuid:id>", resources.read)
def resource(id: UUID) -> Page:
    """One of what can be booked: whom it is tied to, what else takes it."""
    with reading() as work:
        found = resources.read(work, id)
        ties, _more = resources.ties(work, id, limit=MAX_PAGE)
        taken, _later = resources.engagements(work, id, limit=MAX_PAGE)
        return render_template(
            "resource.html",
            resource=found,
            spoken=[language(code) for code in found.languages],
            ties=ties,
            engagements=taken,
            refs=resources.refs(work, ids={one.perpetrator_id for one in ties} | {one.case_id for one in taken}),
            ties_shown=may(work, Permission.CHARGE_READ),
            can_be_tied=found.kind in resources.TIED,
            is_person=found.kind in PEOPLE,
            writes=found.ended_at is None and may(work, Permission.RESOURCE_WRITE, found),
        )


# --- forms ------------------------------------------------------------------------------------------------------------


def _to_resource(thing: Any, path: Path) -> str:
    return url_for("pages.resource", id=path.get("id") or thing.id)


FIELDS: Sequence[Field] = (
    Field(
        "name",
        _l("What it is called"),
        hint=_l("Never the name of a shelter, and nothing of where somebody sleeps."),
        value=known(Resource, "name"),
        always=True,
    ),
    Field(
        "languages",
        _l("An interpreter: which languages"),
        "list",
        _l("Codes with commas between them, such as km, vi, en."),
        value=known(Resource, "languages"),
    ),
    Field(
        "gender",
        _l("A person: gender"),
        "choice",
        choices=one_of(Gender),
        value=known(Resource, "gender"),
    ),
    Field(
        "buffer",
        _l("Minutes until it can be used again"),
        "number",
        _l("Beside the way from one place to another, which is added."),
        value=known(Resource, "buffer"),
    ),
)

add(
    Form(
        "new_resource",
        "/resources/new",
        contract("POST", "/resources"),
        _l("Add what can be booked"),
        _l("Add it"),
        [Field("kind", _l("What it is"), "choice", choices=one_of(ResourceKind)), *FIELDS],
        done=_l("It can be booked now."),
        back=lambda _thing, _path: url_for("pages.resources_list"),
        then=_to_resource,
        drafts=False,
    )
)


def _read(work: Work, id: UUID, *_more: UUID) -> Resource:
    return resources.read(work, id)


on_resource = partial(
    about,
    "/resources/<uuid:id>",
    thing=_read,
    head="_resource_head.html",
    back=_to_resource,
    drafts=False,
)

on_resource(
    "edit_resource",
    "edit",
    "PATCH",
    "",
    _l("Change it"),
    _l("Save"),
    *FIELDS,
    done=_l("It is changed."),
    clears=True,
)
on_resource(
    "end_resource",
    "end",
    "POST",
    "/end",
    _l("It can be booked no more"),
    _l("End it"),
    REASON,
    done=_l("It can be booked no more."),
    danger=True,
)


def _suspects(work: Work, _thing: Any) -> Choices:
    found, _more = perpetrators.list_all(work, limit=MAX_PAGE)
    return [(str(one.id), f"{one.ref} {one.alias}") for one in found]


def _cases(work: Work, _thing: Any) -> Choices:
    found, _more = casework.list_cases(work, limit=MAX_PAGE, cursor=None, ended=False)
    return [(str(one.id), one.ref) for one in found]


def _fallen(result: Any) -> Any:
    """How many bookings it makes impossible, if any."""
    affected: Sequence[Standing] = result.affected
    if not affected:
        return None
    return ngettext(
        "It is recorded. One booking conflicts with it now and is not confirmed any more: see what conflicts.",
        "It is recorded. %(num)s bookings conflict with it now and are not confirmed any more: see what conflicts.",
        len(affected),
    )


on_resource(
    "tie_resource",
    "tie",
    "POST",
    "/ties",
    _l("Record a tie to a perpetrator"),
    _l("Record it"),
    Field("perpetrator", _l("To whom"), "choice", choices=_suspects),
    REASON,
    says=_l("Nobody is booked with it any more. Whoever books is not told why."),
    done=_l("The tie is recorded."),
    wrong=_fallen,
    then=lambda made, _path: url_for("pages.resource", id=made.resource_id),
)
on_resource(
    "end_resource_tie",
    "ties/<uuid:tie>/end",
    "POST",
    "/ties/<uuid:tie>/end",
    _l("This tie does not hold"),
    _l("End it"),
    REASON,
    done=_l("The tie has ended."),
)
on_resource(
    "engage_resource",
    "engage",
    "POST",
    "/engagements",
    _l("Record that a side takes it"),
    _l("Record it"),
    Field("case", _l("In which case"), "choice", choices=_cases),
    Field("side", _l("Which side"), "choice", choices=one_of(Side)),
    Field("from_at", _l("From"), "moment"),
    Field("until_at", _l("Until"), "moment"),
    says=_l("Who serves the defence is not booked with a witness of ours in the same case."),
    done=_l("It is recorded that a side takes it."),
    wrong=_fallen,
    then=lambda made, _path: url_for("pages.resource", id=made.resource_id),
)
on_resource(
    "end_engagement",
    "engagements/<uuid:engagement>/end",
    "POST",
    "/engagements/<uuid:engagement>/end",
    _l("It is not taken by this side"),
    _l("End it"),
    REASON,
    done=_l("It is free then."),
)
