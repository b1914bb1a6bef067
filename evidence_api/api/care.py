"""Care of a victim: `/api/v1/victims/{id}/...`, `/steps`, `/placements`, `/claims`, `/care`."""

from evidence_api.api.contract import Api
from evidence_api.services import care, placements
from schemas.care import (
    AssessmentIn,
    AssessmentOut,
    ClaimIn,
    ClaimOut,
    DueOut,
    PaymentIn,
    PaymentOut,
    PlacementEndIn,
    PlacementIn,
    PlacementOut,
    PlacementRevealedOut,
    StandingIn,
    StandingOut,
    StepIn,
    StepMoveIn,
    StepOut,
    StepsIn,
    WillingnessIn,
    WillingnessOut,
)
from schemas.common import PageIn, StepUpReasonIn

api = Api("care", __name__)

api.route(
    "GET",
    "/care/due",
    care.due,
    query=PageIn,
    out=DueOut,
    many=True,
    says="Needs, follow-ups and steps that are due or overdue, the longest due first",
)
api.route(
    "POST",
    "/victims/<uuid:id>/assessments",
    care.assess,
    body=AssessmentIn,
    out=AssessmentOut,
    status=201,
    says="Record an assessment",
)
api.route(
    "GET",
    "/victims/<uuid:id>/assessments",
    care.assessments,
    query=PageIn,
    out=AssessmentOut,
    many=True,
    says="Her assessments, newest first",
)
api.route(
    "POST",
    "/victims/<uuid:id>/willingness",
    care.ask,
    body=WillingnessIn,
    out=WillingnessOut,
    says="Record whether she wants to go on with care",
)
api.route(
    "POST",
    "/victims/<uuid:id>/steps",
    care.plan,
    body=StepIn,
    out=StepOut,
    status=201,
    says="Add a step to her plan",
)
api.route(
    "GET",
    "/victims/<uuid:id>/steps",
    care.steps,
    query=StepsIn,
    out=StepOut,
    many=True,
    says="The steps of her care, newest first",
)
api.route("GET", "/steps/<uuid:id>", care.read_step, out=StepOut, says="One step of her care")
api.route(
    "POST",
    "/steps/<uuid:id>/transitions",
    care.move_step,
    body=StepMoveIn,
    out=StepOut,
    says="Begin, finish, stop or resume it; 409 names what is allowed",
)
api.route(
    "POST",
    "/victims/<uuid:id>/placements",
    placements.place,
    body=PlacementIn,
    out=PlacementOut,
    status=201,
    says="Record where she sleeps; the one before ends",
)
api.route(
    "GET",
    "/victims/<uuid:id>/placements",
    placements.placements,
    query=PageIn,
    out=PlacementOut,
    many=True,
    says="From when to when she was placed somewhere, newest first; where, is sealed",
)
api.route(
    "POST",
    "/placements/<uuid:id>/end",
    placements.end_placement,
    body=PlacementEndIn,
    out=PlacementOut,
    says="She sleeps there no longer",
)
api.route(
    "POST",
    "/placements/<uuid:id>/address/reveal",
    placements.reveal,
    body=StepUpReasonIn,
    out=PlacementRevealedOut,
    secret=True,
    says="Where a placement is, of what kind and with which partner, with a reason and a fresh code",
)
api.route(
    "POST",
    "/victims/<uuid:id>/standings",
    care.set_standing,
    body=StandingIn,
    out=StandingOut,
    status=201,
    says="Record her immigration status",
)
api.route(
    "GET",
    "/victims/<uuid:id>/standings",
    care.standings,
    query=PageIn,
    out=StandingOut,
    many=True,
    says="Her immigration status over time, newest first",
)
api.route(
    "POST",
    "/victims/<uuid:id>/claims",
    care.claim,
    body=ClaimIn,
    out=ClaimOut,
    status=201,
    says="Record money that is owed to her",
)
api.route(
    "GET",
    "/victims/<uuid:id>/claims",
    care.claims,
    query=PageIn,
    out=ClaimOut,
    many=True,
    says="What is owed to her and what was paid, newest first",
)
api.route(
    "POST",
    "/claims/<uuid:id>/payments",
    care.pay,
    body=PaymentIn,
    out=ClaimOut,
    status=201,
    says="Record a payment; the claim as it then stands",
)
api.route(
    "GET",
    "/claims/<uuid:id>/payments",
    care.payments,
    query=PageIn,
    out=PaymentOut,
    many=True,
    says="What was paid of a claim, newest first",
)
