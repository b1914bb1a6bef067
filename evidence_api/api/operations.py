"""Operations, operatives and requests to authorities: `/api/v1/operations`, `/operatives`, `/requests`."""

from evidence_api.api.contract import Api
from evidence_api.services import authority_requests, operations, operatives, rosters
from schemas.common import PageIn, ReasonIn
from schemas.operations import (
    AuthorisationIn,
    FiguresOut,
    IdentityOfOperativeIn,
    OperationChangeIn,
    OperationIn,
    OperationOut,
    OperationsIn,
    OperationStepIn,
    OperationStepOut,
    OperativeIn,
    OperativeOut,
    ReplyIn,
    RequestIn,
    RequestOut,
    RequestsIn,
    RevealedOut,
    RevealIn,
    RosterIn,
    RosterOut,
    RosterSeveralIn,
    SafetyIn,
    SafetyOut,
    TakesPartIn,
)

api = Api("operations", __name__)
ONE = "/operations/<uuid:id>"

api.route(
    "POST",
    "/operations",
    operations.plan,
    body=OperationIn,
    out=OperationOut,
    status=201,
    says="Plan an operation of a case; who plans it never decides on it",
)
api.route(
    "GET",
    "/operations",
    operations.list_operations,
    query=OperationsIn,
    out=OperationOut,
    many=True,
    says="The operations of my cases, newest first",
)
api.route(
    "GET",
    "/cases/<uuid:id>/operations",
    operations.list_of_case,
    query=OperationsIn,
    out=OperationOut,
    many=True,
    says="The operations of a case, newest first",
)
api.route("GET", ONE, operations.read, out=OperationOut, says="One operation")
api.route("PATCH", ONE, operations.edit, body=OperationChangeIn, out=OperationOut, says="Change an operation")
api.route(
    "POST",
    f"{ONE}/authorisation",
    operations.authorise,
    body=AuthorisationIn,
    out=OperationOut,
    says="Record the authority partner's written go",
)
api.route(
    "POST",
    f"{ONE}/assessments",
    operations.assess,
    body=SafetyIn,
    out=SafetyOut,
    status=201,
    says="Assess the dangers; it holds for 30 days at most",
)
api.route(
    "GET",
    f"{ONE}/assessments",
    operations.assessments,
    query=PageIn,
    out=SafetyOut,
    many=True,
    says="Its safety assessments, newest first",
)
api.route(
    "POST",
    f"{ONE}/transitions",
    operations.transition,
    body=OperationStepIn,
    out=OperationOut,
    says="Decide on it, conclude or abort it; 409 names what is allowed",
)
api.route(
    "GET",
    f"{ONE}/next-steps",
    operations.next_steps,
    out=OperationStepOut,
    many=True,
    says="The steps that are legal now: who may take each, and what is still missing for it",
)
api.route(
    "POST",
    f"{ONE}/roster",
    rosters.put_on_roster,
    body=RosterIn,
    out=RosterOut,
    says="Put somebody on the roster, or say what the operation brought her",
)
api.route(
    "POST",
    f"{ONE}/roster/several",
    rosters.put_several_on_roster,
    body=RosterSeveralIn,
    out=RosterOut,
    many=True,
    says="The same for several people at once: all of them or none",
)
api.route(
    "GET",
    f"{ONE}/roster",
    rosters.roster,
    query=PageIn,
    out=RosterOut,
    many=True,
    says="Who is on the roster, and what the operation brought them",
)
api.route(
    "POST",
    f"{ONE}/roster/<uuid:victim>/end",
    rosters.take_off_roster,
    body=ReasonIn,
    status=204,
    says="Take somebody off who was put on the roster by mistake",
)
api.route("GET", f"{ONE}/figures", rosters.figures, out=FiguresOut, says="The roster in figures")
api.route(
    "POST",
    f"{ONE}/operatives",
    operatives.add_to_operation,
    body=TakesPartIn,
    out=OperativeOut,
    status=201,
    says="Let an operative take part",
)
api.route(
    "GET", f"{ONE}/operatives", operatives.of_operation, out=OperativeOut, many=True, says="Who takes part, by code"
)
api.route(
    "POST",
    f"{ONE}/operatives/<uuid:operative>/end",
    operatives.take_off_operation,
    body=ReasonIn,
    status=204,
    says="Take an operative off",
)

api.route(
    "POST",
    "/operatives",
    operatives.add,
    body=OperativeIn,
    out=OperativeOut,
    status=201,
    says="Give somebody who works covertly a code, drawn by lot",
)
api.route(
    "GET",
    "/operatives",
    operatives.list_operatives,
    query=PageIn,
    out=OperativeOut,
    many=True,
    says="The operatives of the office by their codes, newest first",
)
api.route("GET", "/operatives/<uuid:id>", operatives.read, out=OperativeOut, says="One operative, by code")
api.route(
    "PUT",
    "/operatives/<uuid:id>/identity",
    operatives.set_identity,
    body=IdentityOfOperativeIn,
    out=OperativeOut,
    says="Seal who is behind the code",
)
api.route(
    "POST",
    "/operatives/<uuid:id>/end",
    operatives.end,
    body=ReasonIn,
    out=OperativeOut,
    says="She works covertly no more",
)
api.route(
    "POST",
    "/operatives/<uuid:id>/reveal",
    operatives.reveal,
    body=RevealIn,
    out=RevealedOut,
    secret=True,
    says="Open who is behind the code: once, with a fresh code, within 15 minutes of another person's yes",
)

api.route(
    "POST",
    "/cases/<uuid:id>/requests",
    authority_requests.send,
    body=RequestIn,
    out=RequestOut,
    status=201,
    says="Record what an authority was asked for",
)
api.route(
    "GET",
    "/cases/<uuid:id>/requests",
    authority_requests.list_of_case,
    query=RequestsIn,
    out=RequestOut,
    many=True,
    says="The requests of a case, newest first",
)
api.route(
    "GET",
    "/requests",
    authority_requests.list_requests,
    query=RequestsIn,
    out=RequestOut,
    many=True,
    says="The requests of my cases, newest first",
)
api.route("GET", "/requests/<uuid:id>", authority_requests.read, out=RequestOut, says="One request")
api.route(
    "POST",
    "/requests/<uuid:id>/reply",
    authority_requests.reply,
    body=ReplyIn,
    out=RequestOut,
    says="Record what the authority said",
)
api.route(
    "POST",
    "/requests/<uuid:id>/withdraw",
    authority_requests.withdraw,
    body=ReasonIn,
    out=RequestOut,
    says="The request is not pursued any more",
)
