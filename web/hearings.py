"""Hearings of a case: when and where, what became of each, who is heard, how the accused come."""

from collections.abc import Callable
from functools import partial
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import g, render_template, url_for
from flask_babel import lazy_gettext as _l

from evidence_api.domain.case import ENDED
from evidence_api.domain.hearing import AdjournmentCode, HearingKind, HearingState
from evidence_api.domain.scheduling import ResourceKind
from evidence_api.models import Hearing
from evidence_api.policy import Permission
from evidence_api.services import accounts, charges, dockets, hearings, perpetrators
from evidence_api.services import cases as casework
from evidence_api.work import Work
from schemas.common import MAX_PAGE
from schemas.hearings import HearingsIn
from web.cases import ROOMS, Room, asked, case_of, further
from web.forms import REASON, Choices, Field, Form, Path, about, add, conflicting, contract, known, one_of, options
from web.pages import SHOWN, Page, may, page, reading

ROOMS.append(Room("case_hearings", _l("Hearings"), Permission.HEARING_READ))


@page("/cases/<uuid:id>/hearings", hearings.list_of_case)
def case_hearings(id: UUID) -> Page:
    """The hearings of a case, the latest first."""
    given = asked(HearingsIn, SHOWN)
    with reading() as work:
        case = casework.read_case(work, id)
        found, following = hearings.list_of_case(work, id, **given)
        return render_template(
            "case_hearings.html",
            case=case,
            hearings=found,
            more=further("pages.case_hearings", following, id=id),
            given=given,
            states=options(HearingState),
            adds=case.stage not in ENDED and may(work, Permission.HEARING_WRITE, case),
        )


@page("/hearings/<uuid:id>", hearings.read)
def hearing(id: UUID) -> Page:
    """One hearing: when and where, about what, who is heard, how the accused come to it."""
    with reading() as work:
        found = hearings.read(work, id)
        case = casework.read_case(work, found.case_id)
        writes = case.stage not in ENDED and may(work, Permission.HEARING_WRITE, found)
        return render_template(
            "hearing.html",
            hearing=found,
            case=case,
            listed=dockets.of_hearing(work, id),
            names=accounts.names(work, ids=map(UUID, found.people)),
            coming=hearings.attendances(work, id)[0],
            tied=hearings.refs(work, ids=[one for one in (found.follows_id, found.next_id) if one]),
            counts=_refs_of_counts(work, found),
            edits=writes and found.state is HearingState.SCHEDULED,
            prosecutes=may(work, Permission.CHARGE_READ, found),
        )


def _refs_of_counts(work: Work, hearing: Hearing) -> Choices:
    """The counts that it is about, by their references."""
    if not hearing.charges:
        return []
    about = set(map(str, hearing.charges))
    return [(id, ref) for id, ref in _counts(work, hearing) if id in about]


# --- forms ------------------------------------------------------------------------------------------------------------


def _local(name: str) -> Callable[[Any], str | None]:
    """A moment as its field shows it, in the office's zone."""

    def read(thing: Any) -> str | None:
        if not isinstance(thing, Hearing):
            return None
        local = getattr(thing, name).astimezone(ZoneInfo(g.frame.zone))
        return str(local.strftime("%Y-%m-%dT%H:%M:%S"))

    return read


def _people(work: Work, thing: Any) -> Choices:
    """Those who work on the case, by name."""
    found = casework.people(work, case_of(thing))[0]
    return sorted({str(one.user_id): one.username for one in found if not one.disabled}.items(), key=lambda one: one[1])


def _counts(work: Work, thing: Any) -> Choices:
    found, _more = charges.list_of_case(work, case_of(thing), limit=MAX_PAGE)
    return [(str(one.id), one.ref) for one in reversed(found)]


def _about(thing: Any) -> list[str] | None:
    return list(map(str, thing.charges)) if isinstance(thing, Hearing) else None


FIELDS = (
    Field(
        "kind", _l("What it is for"), "choice", choices=one_of(HearingKind), value=known(Hearing, "kind"), always=True
    ),
    Field("court", _l("Court"), value=known(Hearing, "court"), always=True),
    Field("room", _l("Room"), value=known(Hearing, "room")),
    Field(
        "link",
        _l("Link"),
        hint=_l("By which those join who are not in the room."),
        value=known(Hearing, "link"),
    ),
    Field("starts_at", _l("Begins"), "moment", value=_local("starts_at"), always=True),
    Field("ends_at", _l("Ends"), "moment", value=_local("ends_at"), always=True),
    Field(
        "zone",
        _l("Time zone of the court"),
        hint=_l("Its IANA name, such as Asia/Bangkok. Leave it empty where it is that of the office."),
        value=known(Hearing, "zone"),
    ),
    Field("people", _l("Who of us is there"), "checks", choices=_people, value=known(Hearing, "people")),
    Field(
        "charges",
        _l("Counts that it is about"),
        "checks",
        hint=_l("Choose none where it is about all that are before the court."),
        choices=_counts,
        value=_about,
        when=lambda work, thing: bool(_counts(work, thing)),
    ),
)


def _to_hearing(_thing: Any, path: Path) -> str:
    return url_for("pages.hearing", id=path["id"])


add(
    Form(
        "new_hearing",
        "/cases/<uuid:id>/hearings/new",
        contract("POST", "/cases/<uuid:id>/hearings"),
        _l("Set down a hearing"),
        _l("Set it down"),
        FIELDS,
        says=_l("It is refused where the room, the link or one of us is taken at that time."),
        done=_l("The hearing is set down."),
        thing=casework.read_case,
        head="_case.html",
        back=lambda _thing, path: url_for("pages.case_hearings", id=path["id"]),
        then=lambda hearing, _path: url_for("pages.hearing", id=hearing.id),
    )
)


def _read(work: Work, id: UUID, *_more: UUID) -> Hearing:
    return hearings.read(work, id)


on_hearing = partial(
    about, "/hearings/<uuid:id>", thing=_read, head="_hearing_head.html", back=_to_hearing, then=_to_hearing
)

on_hearing(
    "edit_hearing",
    "edit",
    "PATCH",
    "",
    _l("Change or move the hearing"),
    _l("Save"),
    *FIELDS,
    says=_l("It does not move away from witnesses who are booked for it."),
    done=_l("The hearing is changed."),
    clears=True,
)

OUTCOME = Field("outcome", _l("What came of it"), "lines", _l("Write no name of a person."))

on_hearing(
    "hearing_do_hold",
    "do/hold",
    "POST",
    "/transitions",
    _l("Record that the hearing was held"),
    _l("Record it"),
    OUTCOME,
    REASON,
    fixed={"action": "hold"},
    done=_l("The hearing was held."),
)
on_hearing(
    "hearing_do_adjourn",
    "do/adjourn",
    "POST",
    "/transitions",
    _l("Adjourn the hearing"),
    _l("Adjourn it"),
    Field("code", _l("Why"), "choice", choices=one_of(AdjournmentCode), always=True),
    Field("next.starts_at", _l("The next one begins"), "moment", _l("Leave it empty where that is not known yet.")),
    Field("next.ends_at", _l("The next one ends"), "moment"),
    Field("next.room", _l("Room of the next one"), hint=_l("Leave it empty where it is the same.")),
    OUTCOME,
    REASON,
    says=_l(
        "Whoever is booked for it is postponed. The next one is set down in the same act, where its time is given."
    ),
    fixed={"action": "adjourn"},
    done=_l("The hearing is adjourned."),
    danger=True,
)
on_hearing(
    "hearing_do_cancel",
    "do/cancel",
    "POST",
    "/transitions",
    _l("Cancel the hearing"),
    _l("Cancel it"),
    REASON,
    says=_l("Whoever is booked for it is postponed."),
    fixed={"action": "cancel"},
    done=_l("The hearing is cancelled."),
    danger=True,
)


def _perpetrators(work: Work, hearing: Hearing) -> Choices:
    found, _more = perpetrators.list_of_case(work, hearing.case_id, limit=MAX_PAGE)
    return [(str(one.id), f"{one.ref} {one.alias}") for one in found]


def _bookable(kind: ResourceKind) -> Callable[[Work, Any], Choices]:
    def offer(work: Work, _thing: Any) -> Choices:
        return [(str(id), name) for id, name in hearings.bookable(work, kind=kind)]

    return offer


on_hearing(
    "attend",
    "attendances/new",
    "POST",
    "/attendances",
    _l("Record how an accused comes"),
    _l("Record it"),
    Field("perpetrator", _l("Who comes"), "choice", choices=_perpetrators),
    Field("arrives_at", _l("Arrives"), "moment"),
    Field("leaves_at", _l("Leaves"), "moment"),
    Field("waiting_area", _l("Waiting area"), "choice", choices=_bookable(ResourceKind.WAITING_AREA)),
    Field("vehicle", _l("Vehicle"), "choice", choices=_bookable(ResourceKind.VEHICLE)),
    says=_l("Witnesses are then kept apart from them: no shared vehicle, waiting area or arrival."),
    done=_l("It is recorded."),
    wrong=conflicting,
)
on_hearing(
    "end_attendance",
    "attendances/<uuid:attendance>/end",
    "POST",
    "/attendances/<uuid:attendance>/end",
    _l("They do not come, or not so"),
    _l("Take it off"),
    REASON,
    done=_l("It is taken off."),
    danger=True,
)
