"""Tips: `/api/v1/tips`."""

from evidence_api.api.contract import Api
from evidence_api.services import tips
from schemas.tips import TipIn, TipOut, TipsIn, ToldOut, TriageIn

api = Api("tips", __name__)

api.route("POST", "/tips", tips.report, body=TipIn, out=TipOut, status=201, says="Report a suspicion")
api.route(
    "GET",
    "/tips",
    tips.list_tips,
    query=TipsIn,
    out=TipOut,
    many=True,
    says="The tips that I reported or that led to a case of mine; as a supervisor, those of the office. Newest first",
)
api.route("GET", "/tips/<uuid:id>", tips.read, out=ToldOut, says="What a tip says; the reading is recorded")
api.route(
    "POST",
    "/tips/<uuid:id>/transitions",
    tips.triage,
    body=TriageIn,
    out=TipOut,
    says="Take a tip up, into a case or a new one, or dismiss it",
)
