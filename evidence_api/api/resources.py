"""What an office can book: `/api/v1/resources`."""

from evidence_api.api.contract import Api
from evidence_api.services import resources
from schemas.common import PageIn, ReasonIn
from schemas.resources import (
    EngagementIn,
    EngagementMadeOut,
    EngagementOut,
    ResourceChangeIn,
    ResourceIn,
    ResourceOut,
    ResourcesIn,
    ResourceTieIn,
    ResourceTieMadeOut,
    ResourceTieOut,
)

api = Api("resources", __name__)
ONE = "/resources/<uuid:id>"

api.route(
    "POST", "/resources", resources.add, body=ResourceIn, out=ResourceOut, status=201, says="Add what can be booked"
)
api.route(
    "GET",
    "/resources",
    resources.list_resources,
    query=ResourcesIn,
    out=ResourceOut,
    many=True,
    says="What the office can book, newest first",
)
api.route("GET", ONE, resources.read, out=ResourceOut, says="One of what can be booked")
api.route("PATCH", ONE, resources.edit, body=ResourceChangeIn, out=ResourceOut, says="Change it")
api.route("POST", f"{ONE}/end", resources.end, body=ReasonIn, out=ResourceOut, says="It cannot be booked any more")
api.route(
    "POST",
    f"{ONE}/ties",
    resources.tie,
    body=ResourceTieIn,
    out=ResourceTieMadeOut,
    status=201,
    says="Record that it is tied to a perpetrator; nothing is booked with it any more",
)
api.route(
    "GET",
    f"{ONE}/ties",
    resources.ties,
    query=PageIn,
    out=ResourceTieOut,
    many=True,
    says="To whom it is tied, of perpetrators whom I know, newest first",
)
api.route(
    "POST",
    f"{ONE}/ties/<uuid:tie>/end",
    resources.end_tie,
    body=ReasonIn,
    status=204,
    says="It is not, or no longer, tied to this perpetrator",
)
api.route(
    "POST",
    f"{ONE}/engagements",
    resources.engage,
    body=EngagementIn,
    out=EngagementMadeOut,
    status=201,
    says="Record that a side in a case takes it",
)
api.route(
    "GET",
    f"{ONE}/engagements",
    resources.engagements,
    query=PageIn,
    out=EngagementOut,
    many=True,
    says="What takes it beside our own bookings, in my cases, newest first",
)
api.route(
    "POST",
    f"{ONE}/engagements/<uuid:engagement>/end",
    resources.end_engagement,
    body=ReasonIn,
    status=204,
    says="It is not taken by this after all",
)
