"""Cases: `/api/v1/cases`."""

from evidence_api.api.contract import Api
from evidence_api.services import cases, timeline
from schemas.cases import (
    AssignedOut,
    AssignmentIn,
    AssignmentOut,
    CaseChangeIn,
    CaseIn,
    CaseOut,
    CasesIn,
    EventOut,
    NextStepOut,
    StageIn,
    TimelineIn,
)
from schemas.common import ReasonIn

api = Api("cases", __name__)

api.route("POST", "/cases", cases.open_case, body=CaseIn, out=CaseOut, status=201, says="Open a case and lead it")
api.route("GET", "/cases", cases.list_cases, query=CasesIn, out=CaseOut, many=True, says="My cases, newest first")
api.route("GET", "/cases/<uuid:id>", cases.read_case, out=CaseOut, says="One case")
api.route(
    "PATCH", "/cases/<uuid:id>", cases.edit_case, body=CaseChangeIn, out=CaseOut, says="Change a case, or its lead"
)
api.route(
    "POST",
    "/cases/<uuid:id>/transitions",
    cases.transition,
    body=StageIn,
    out=CaseOut,
    says="Take the case a stage on; 409 names what is allowed",
)
api.route(
    "GET",
    "/cases/<uuid:id>/next-steps",
    cases.next_steps,
    out=NextStepOut,
    many=True,
    says="The steps that are legal now: who may take each, and what is still missing for it",
)
api.route("GET", "/cases/<uuid:id>/assignments", cases.people, out=AssignedOut, many=True, says="Who works on it")
api.route(
    "POST",
    "/cases/<uuid:id>/assignments",
    cases.assign,
    body=AssignmentIn,
    out=AssignmentOut,
    status=201,
    says="Assign a person in one of her roles",
)
api.route(
    "POST",
    "/cases/<uuid:id>/assignments/<uuid:assignment>/end",
    cases.end_assignment,
    body=ReasonIn,
    status=204,
    says="Take a person off",
)
api.route(
    "GET",
    "/cases/<uuid:id>/timeline",
    timeline.timeline,
    query=TimelineIn,
    out=EventOut,
    many=True,
    says="What happened in the case and when its evidence came to be, the latest first, as far as I am told",
)
