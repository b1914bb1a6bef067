"""Hearings, dockets and the calendar."""

from evidence_api.api.contract import Api
from evidence_api.services import calendar, dockets, hearings
from schemas.common import ReasonIn
from schemas.hearings import (
    AllHearingsIn,
    AttendanceIn,
    AttendanceOut,
    CalendarIn,
    DocketIn,
    EntryOut,
    HearingChangeIn,
    HearingIn,
    HearingOut,
    HearingsIn,
    HearingStepIn,
    ListedOut,
)

api = Api("hearings", __name__)
ONE = "/hearings/<uuid:id>"

api.route(
    "POST",
    "/cases/<uuid:id>/hearings",
    hearings.plan,
    body=HearingIn,
    out=HearingOut,
    status=201,
    says="Set down a hearing; 409 says what is taken at that time, and the nearest times that would do",
)
api.route(
    "GET",
    "/cases/<uuid:id>/hearings",
    hearings.list_of_case,
    query=HearingsIn,
    out=HearingOut,
    many=True,
    says="The hearings of a case, the latest first",
)
api.route(
    "GET",
    "/hearings",
    hearings.list_hearings,
    query=AllHearingsIn,
    out=HearingOut,
    many=True,
    says="The hearings of my cases in the order of time",
)
api.route("GET", ONE, hearings.read, out=HearingOut, says="One hearing")
api.route(
    "PATCH",
    ONE,
    hearings.edit,
    body=HearingChangeIn,
    out=HearingOut,
    says="Change or move a hearing, but not away from witnesses who are booked for it",
)
api.route(
    "POST",
    f"{ONE}/transitions",
    hearings.transition,
    body=HearingStepIn,
    out=HearingOut,
    says="Record that it was held, adjourned or cancelled; 409 names what is allowed",
)
api.route(
    "POST",
    f"{ONE}/attendances",
    hearings.attend,
    body=AttendanceIn,
    out=AttendanceOut,
    status=201,
    says="Record how an accused, or one of theirs, comes to it",
)
api.route(
    "GET",
    f"{ONE}/attendances",
    hearings.attendances,
    out=AttendanceOut,
    many=True,
    says="How the accused and theirs come to it",
)
api.route(
    "POST",
    f"{ONE}/attendances/<uuid:attendance>/end",
    hearings.end_attendance,
    body=ReasonIn,
    status=204,
    says="They do not come, or not so",
)
api.route(
    "GET",
    "/dockets",
    dockets.docket,
    query=DocketIn,
    out=ListedOut,
    many=True,
    says="What is before the courts on a day, court by court in the order of time",
)
api.route(
    "GET",
    "/calendar",
    calendar.entries,
    query=CalendarIn,
    out=EntryOut,
    many=True,
    says="All that stands in my calendar from a day to another",
)
