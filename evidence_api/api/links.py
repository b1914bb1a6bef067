"""Links from evidence to what it is about, and the chart of a case: `/api/v1/links`."""

from evidence_api.api.contract import Api
from evidence_api.services import chart, links
from schemas.common import PageIn, ReasonIn
from schemas.links import ChartIn, ChartOut, EvidenceLinkOut, LinkIn, LinksIn

api = Api("links", __name__)

api.route(
    "POST",
    "/evidence/<uuid:id>/links",
    links.link,
    body=LinkIn,
    out=EvidenceLinkOut,
    status=201,
    says="Say what an item is about",
)
api.route(
    "GET",
    "/evidence/<uuid:id>/links",
    links.of_item,
    query=PageIn,
    out=EvidenceLinkOut,
    many=True,
    says="What an item is about, the newest link first",
)
api.route(
    "GET",
    "/links",
    links.of_target,
    query=LinksIn,
    out=EvidenceLinkOut,
    many=True,
    says="The evidence about somebody or something, the newest link first",
)
api.route("GET", "/links/<uuid:id>", links.read, out=EvidenceLinkOut, says="One link")
api.route("POST", "/links/<uuid:id>/end", links.unlink, body=ReasonIn, status=204, says="Take a link away")
api.route(
    "GET",
    "/cases/<uuid:id>/chart",
    chart.chart,
    query=ChartIn,
    out=ChartOut,
    says="The link chart of a case: who and what is tied to whom, and the evidence of it",
)
