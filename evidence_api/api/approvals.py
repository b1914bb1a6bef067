"""Acts that take two people: `/api/v1/approvals`."""

from evidence_api.api.contract import Api
from evidence_api.services import approvals
from schemas.approvals import ApprovalOut, ApproveIn, AskIn, RefuseIn
from schemas.common import PageIn, ReasonIn

api = Api("approvals", __name__)
ONE = "/approvals/<uuid:id>"

api.route(
    "POST",
    "/approvals",
    approvals.ask,
    body=AskIn,
    out=ApprovalOut,
    status=201,
    says="Ask for an act that takes two people; another decides within a day",
)
api.route(
    "GET",
    "/approvals",
    approvals.waiting,
    query=PageIn,
    out=ApprovalOut,
    many=True,
    says="What others have asked for and I may decide, newest first",
)
api.route(
    "GET", "/approvals/mine", approvals.asked, query=PageIn, out=ApprovalOut, many=True, says="What I have asked for"
)
api.route("GET", ONE, approvals.read, out=ApprovalOut, says="One question")
api.route(
    "POST",
    f"{ONE}/approve",
    approvals.approve,
    body=ApproveIn,
    out=ApprovalOut,
    says="Say yes, with a fresh code; it is good once, for 15 minutes",
)
api.route("POST", f"{ONE}/refuse", approvals.refuse, body=RefuseIn, out=ApprovalOut, says="Say no, with a fresh code")
api.route("POST", f"{ONE}/withdraw", approvals.withdraw, body=ReasonIn, out=ApprovalOut, says="Take my question back")
