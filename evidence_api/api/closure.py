"""Orders that close a venue: `/api/v1/closure-orders`."""

from evidence_api.api.contract import Api
from evidence_api.services import closure_orders
from schemas.closure import (
    ClosureNextStepOut,
    ClosureOrderChangeIn,
    ClosureOrderIn,
    ClosureOrderOut,
    ClosureOrdersIn,
    ClosureStepIn,
)
from schemas.common import PageIn

api = Api("closure", __name__)
ONE = "/closure-orders/<uuid:id>"
OF_VENUE = "/venues/<uuid:id>/closure-orders"

api.route(
    "POST",
    OF_VENUE,
    closure_orders.draft,
    body=ClosureOrderIn,
    out=ClosureOrderOut,
    status=201,
    says="Draft an order that closes a venue; who drafts it never approves it",
)
api.route(
    "GET",
    OF_VENUE,
    closure_orders.list_of_venue,
    query=PageIn,
    out=ClosureOrderOut,
    many=True,
    says="The orders about a venue, newest first",
)
api.route(
    "GET",
    "/closure-orders",
    closure_orders.list_orders,
    query=ClosureOrdersIn,
    out=ClosureOrderOut,
    many=True,
    says="The orders of my cases, newest first",
)
api.route(
    "GET",
    "/closure-orders/due",
    closure_orders.due,
    out=ClosureOrderOut,
    many=True,
    says="The orders in force that end soon, or whose venue is to be inspected soon; the most pressing first",
)
api.route("GET", ONE, closure_orders.read, out=ClosureOrderOut, says="One order")
api.route("PATCH", ONE, closure_orders.edit, body=ClosureOrderChangeIn, out=ClosureOrderOut, says="Change a draft")
api.route(
    "POST",
    f"{ONE}/transitions",
    closure_orders.transition,
    body=ClosureStepIn,
    out=ClosureOrderOut,
    says="Take an order a step on; enforcing it closes the venue",
)
api.route(
    "GET",
    f"{ONE}/next-steps",
    closure_orders.next_steps,
    out=ClosureNextStepOut,
    many=True,
    says="What the order can do next, who may do it, and what is still missing",
)
