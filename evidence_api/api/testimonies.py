"""Routes of testimony, of what protects and prepares witnesses, and of the plans for the time after court."""

from evidence_api.api.contract import Api
from evidence_api.services import measures, plans, preparations, testimonies
from schemas.common import PageIn, ReasonIn
from schemas.partners import PartnerOut
from schemas.testimonies import (
    InterviewIn,
    MeasureChangeIn,
    MeasureIn,
    MeasureOut,
    MeasureStepIn,
    NeedsIn,
    NeedsOut,
    PlanNextOut,
    PlanOfferIn,
    PlanOfferOut,
    PlanOut,
    PlanStepIn,
    PreparationIn,
    PreparationOut,
    PreparationStepIn,
    ReadinessOut,
    RoomForHerIn,
    StatementIn,
    TestimoniesIn,
    TestimonyChangeIn,
    TestimonyIn,
    TestimonyNextOut,
    TestimonyOut,
    TestimonyStepIn,
    TestimonyWholeOut,
    UnavailabilityIn,
    UnavailabilityOut,
    WitnessOperativeIn,
)

api = Api("testimonies", __name__)
ONE = "/testimonies/<uuid:id>"
PLAN = "/plans/<uuid:id>"

api.route(
    "POST",
    "/cases/<uuid:id>/testimonies",
    testimonies.add,
    body=TestimonyIn,
    out=TestimonyOut,
    status=201,
    says="Name a witness: a victim by her id, anybody else by a text that names nobody",
)
api.route(
    "GET",
    "/cases/<uuid:id>/testimonies",
    testimonies.list_of_case,
    query=TestimoniesIn,
    out=TestimonyOut,
    many=True,
    says="The testimonies of a case, newest first",
)
api.route(
    "GET",
    ONE,
    testimonies.read,
    out=TestimonyWholeOut,
    says="One testimony: its measures, what is open, what is booked, the plan for afterwards",
)
api.route("PATCH", ONE, testimonies.edit, body=TestimonyChangeIn, out=TestimonyOut, says="Change a testimony")
api.route(
    "POST",
    f"{ONE}/operative",
    testimonies.name_operative,
    body=WitnessOperativeIn,
    out=TestimonyOut,
    says="Say which operative testifies under a pseudonym",
)
api.route(
    "POST",
    f"{ONE}/transitions",
    testimonies.transition,
    body=TestimonyStepIn,
    out=TestimonyOut,
    says="Take it a step; 409 names what is allowed, or what is missing",
)
api.route(
    "GET",
    f"{ONE}/next-steps",
    testimonies.next_steps,
    out=TestimonyNextOut,
    many=True,
    says="The steps that are legal now: who may take each, and what is still missing for it",
)
api.route("GET", f"{ONE}/readiness", testimonies.readiness, out=ReadinessOut, says="The whole checklist")
api.route(
    "POST",
    f"{ONE}/sign",
    testimonies.sign,
    out=ReadinessOut,
    says="Sign the checklist in my role; it lapses when anything changes that was signed for",
)
api.route(
    "POST",
    f"{ONE}/needs",
    testimonies.assess_needs,
    body=NeedsIn,
    out=NeedsOut,
    status=201,
    says="Assess what the witness needs to testify",
)
api.route(
    "GET",
    f"{ONE}/needs",
    testimonies.needs_of,
    query=PageIn,
    out=NeedsOut,
    many=True,
    says="What the witness needs, the newest assessment first",
)
api.route(
    "POST",
    f"{ONE}/statement",
    testimonies.name_statement,
    body=StatementIn,
    out=TestimonyOut,
    says="Say which item is the statement of the witness, and when it was disclosed",
)
api.route(
    "POST",
    f"{ONE}/interviews",
    testimonies.count_interview,
    body=InterviewIn,
    out=TestimonyOut,
    says="Record that the witness was interviewed once more",
)
api.route(
    "POST",
    f"{ONE}/crisis",
    testimonies.begin_crisis,
    body=ReasonIn,
    out=TestimonyOut,
    says="She is in a crisis: what is booked is released, and nothing is booked until it is over",
)
api.route(
    "POST", f"{ONE}/crisis/end", testimonies.end_crisis, body=ReasonIn, out=TestimonyOut, says="The crisis is over"
)
api.route(
    "POST",
    f"{ONE}/unavailabilities",
    testimonies.add_unavailability,
    body=UnavailabilityIn,
    out=UnavailabilityOut,
    status=201,
    says="Record when the witness cannot come; why is not asked",
)
api.route(
    "GET",
    f"{ONE}/unavailabilities",
    testimonies.unavailabilities,
    query=PageIn,
    out=UnavailabilityOut,
    many=True,
    says="When the witness cannot come, newest first",
)
api.route(
    "POST",
    "/unavailabilities/<uuid:id>/end",
    testimonies.end_unavailability,
    out=UnavailabilityOut,
    says="The witness can come then after all",
)

api.route(
    "POST",
    f"{ONE}/measures",
    measures.add,
    body=MeasureIn,
    out=MeasureOut,
    status=201,
    says="Record that the witness needs a protective measure",
)
api.route(
    "GET",
    f"{ONE}/measures",
    measures.list_of_testimony,
    query=PageIn,
    out=MeasureOut,
    many=True,
    says="The measures of the witness, newest first",
)
api.route("GET", "/measures/<uuid:id>", measures.read, out=MeasureOut, says="One measure")
api.route(
    "PATCH",
    "/measures/<uuid:id>",
    measures.edit,
    body=MeasureChangeIn,
    out=MeasureOut,
    says="Change whether it is required, or what is done instead",
)
api.route(
    "POST",
    "/measures/<uuid:id>/transitions",
    measures.transition,
    body=MeasureStepIn,
    out=MeasureOut,
    says="Take it a step; 409 names what is allowed",
)

api.route(
    "POST",
    f"{ONE}/preparations",
    preparations.add,
    body=PreparationIn,
    out=PreparationOut,
    status=201,
    says="Plan a session with one witness; 409 names each rule that forbids the time",
)
api.route(
    "GET",
    f"{ONE}/preparations",
    preparations.list_of_testimony,
    query=PageIn,
    out=PreparationOut,
    many=True,
    says="The sessions of the witness, the one planned last first",
)
api.route("GET", "/preparations/<uuid:id>", preparations.read, out=PreparationOut, says="One session")
api.route(
    "POST",
    "/preparations/<uuid:id>/transitions",
    preparations.transition,
    body=PreparationStepIn,
    out=PreparationOut,
    says="It was held, or is cancelled",
)

api.route(
    "GET",
    "/victims/<uuid:id>/plans",
    plans.list_of_victim,
    query=PageIn,
    out=PlanOut,
    many=True,
    says="Her plans for the time after court, newest first",
)
api.route("GET", PLAN, plans.read, out=PlanOut, says="One plan")
api.route(
    "GET",
    f"{PLAN}/partners",
    plans.partners,
    query=RoomForHerIn,
    out=PartnerOut,
    many=True,
    says="Partners that offer a service, take her and have room",
)
api.route("GET", f"{PLAN}/offers", plans.offers, out=PlanOfferOut, many=True, says="What is offered in a plan")
api.route(
    "POST",
    f"{PLAN}/offers",
    plans.offer,
    body=PlanOfferIn,
    out=PlanOfferOut,
    status=201,
    says="Put into her plan what a partner, or the office itself, offers",
)
api.route(
    "POST",
    "/offers/<uuid:id>/withdraw",
    plans.withdraw_offer,
    body=ReasonIn,
    status=204,
    says="Take an offer out of her plan",
)
api.route(
    "POST",
    f"{PLAN}/transitions",
    plans.transition,
    body=PlanStepIn,
    out=PlanOut,
    says="Agree on a plan with her, carry it out, or revise it",
)
api.route(
    "GET",
    f"{PLAN}/next-steps",
    plans.next_steps,
    out=PlanNextOut,
    many=True,
    says="The steps that are legal now, and what is still missing for each",
)
