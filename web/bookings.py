"""Booking a witness: the form that says what conflicts and which times would do, what is booked, and what conflicts."""

from collections.abc import Sequence
from typing import Any

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evidence_api.domain.hearing import HearingState
from evidence_api.domain.roles import Role
from evidence_api.domain.scheduling import ResourceKind
from evidence_api.domain.testimony import BOOKABLE, BookingState, MeasureKind, TestimonyState
from evidence_api.models import Testimony
from evidence_api.policy import Permission
from evidence_api.services import bookings, hearings, preparations
from evidence_api.services import cases as casework
from evidence_api.services._bookings import Standing
from evidence_api.services.bookings import Booked
from evidence_api.work import Work
from schemas.bookings import ConflictsIn
from schemas.common import MAX_PAGE
from web.cases import asked, further
from web.forms import REASON, Choices, Field, one_of
from web.home import FEW, PARTS, Part
from web.pages import SHOWN, Page, Section, may, page, reading
from web.testimonies import SECTIONS, on_testimony
from web.texts import translated, when


@page("/testimonies/conflicts", bookings.list_conflicts)
def testimony_conflicts() -> Page:
    """What is booked and conflicts with something now, the soonest first."""
    given = asked(ConflictsIn, SHOWN)
    with reading() as work:
        found, following = bookings.list_conflicts(work, **given)
        return render_template(
            "testimony_conflicts.html",
            standing=found,
            given=given,
            more=further("pages.testimony_conflicts", following),
        )


def _harmful(work: Work) -> list[Standing]:
    """Of the coming days, what blocks, or stands confirmed although something is open."""
    found, _more = bookings.list_conflicts(work)
    return [one for one in found if one.conflicts or one.open][:FEW]


PARTS.append(Part("_home_conflicts.html", {Role.LAWYER}, _harmful))


def _of_testimony(work: Work, testimony: Testimony) -> dict[str, Any]:
    standing = bookings.stands(work, testimony.id)
    writes = may(work, Permission.TESTIMONY_WRITE, testimony)
    return {
        "standing": standing,
        "books": writes and testimony.state in BOOKABLE,
        "releases": bool(standing) and may(work, Permission.TESTIMONY_SUPPORT, testimony),
        "confirms": writes
        and testimony.state is TestimonyState.SCHEDULED
        and any(one.booking and one.booking.state is BookingState.PROVISIONAL for one in standing),
    }


SECTIONS.append(Section("_testimony_bookings.html", Permission.TESTIMONY_READ, _of_testimony))


# --- forms ------------------------------------------------------------------------------------------------------------


def _hearings(work: Work, thing: Testimony) -> Choices:
    found, _more = hearings.list_of_case(work, thing.case_id, limit=MAX_PAGE)
    return [
        (str(one.id), f"{one.ref}, {when(one.starts_at).striptags()} – {when(one.ends_at).striptags()}")
        for one in reversed(found)
        if one.state is HearingState.SCHEDULED and one.ends_at > work.now
    ]


def _resources(work: Work, _thing: Any) -> Choices:
    return [(str(one.id), one.name) for one in preparations.bookable(work, kinds=list(ResourceKind))]


def _people(work: Work, thing: Testimony) -> Choices:
    hers = {one.user_id: one.username for one in casework.people(work, thing.case_id)[0] if not one.disabled}
    return [(str(id), name) for id, name in hers.items()]


def _told(made: Booked) -> Any:
    """What is open still, and what had better be otherwise."""
    told: Sequence[str] = [str(translated(one.message)) for one in (*made.open, *made.warnings)]
    if not told:
        return None
    return _("The time is booked provisionally. Think of this: %(points)s", points=" ".join(told))


on_testimony(
    "book_testimony",
    "book",
    "POST",
    "/book",
    _l("Book a time"),
    _l("Book it"),
    Field("hearing", _l("Hearing"), "choice", choices=_hearings),
    Field("starts_at", _l("The witness is heard from"), "moment"),
    Field("ends_at", _l("Until"), "moment"),
    Field("recesses", _l("How many recesses"), "number"),
    Field(
        "arrives_at",
        _l("Comes to the court at"),
        "moment",
        _l("Leave it empty if the witness comes as the time begins."),
    ),
    Field("leaves_at", _l("Leaves the court at"), "moment", _l("Leave it empty if the witness leaves as it ends.")),
    Field("measures", _l("With which measures"), "checks", choices=one_of(MeasureKind)),
    Field("people", _l("Who of us comes with the witness"), "checks", choices=_people),
    Field("resources", _l("What else it takes"), "checks", _l("Never a shelter."), choices=_resources),
    says=_l("The time is provisional until nothing is open. It takes the place of one that was provisional before."),
    done=_l("The time is booked provisionally. Nothing is open."),
    wrong=_told,
    then=lambda _made, path: url_for("pages.testimony", id=path["id"]),
    drafts=False,
)
on_testimony(
    "confirm_booking",
    "confirm",
    "POST",
    "/confirm",
    _l("Confirm the booked time"),
    _l("Confirm it"),
    says=_l("Every rule is looked at again."),
    done=_l("The time is confirmed."),
)
on_testimony(
    "release_booking",
    "release",
    "POST",
    "/release",
    _l("Release the booked time"),
    _l("Release it"),
    REASON,
    says=_l("A witness who is scheduled is postponed then."),
    done=_l("The time is released."),
    danger=True,
)
