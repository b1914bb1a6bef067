"""The ledger: `/api/v1/ledger`."""

from flask import Response, request

from evidence_api import auth
from evidence_api.api.contract import Api, answer, authorise, read_json
from evidence_api.domain.errors import DomainError, StepUpRequired
from evidence_api.services import ledger
from evidence_api.work import act_of, begin
from schemas.evidence import ClockFaultIn, ClockFaultOut, LedgerVerdictOut

api = Api("ledger", __name__)


def declare_clock_fault() -> Response:
    """The code is used within the act and not before it: until then her own chain takes no entry."""
    site, actor = auth.current_site(), auth.current_actor()
    authorise(act_of(ledger.declare_clock_fault), actor, {})
    given = read_json(ClockFaultIn)
    otp = given.pop("otp", None) or request.headers.get("X-OTP")
    if otp is None:
        raise StepUpRequired
    with begin(site, actor) as work:
        declared = ledger.declare_clock_fault(work, **given, otp=otp)
        if not isinstance(declared, DomainError):
            return answer(DECLARE, declared, work)
    raise declared


api.route(
    "POST",
    "/ledger/verify",
    ledger.summary,
    out=LedgerVerdictOut,
    says="Verify every chain, and the register against them",
)
api.route(
    "POST",
    "/ledger/clock-faults",
    ledger.declare_clock_fault,
    body=ClockFaultIn,
    out=ClockFaultOut,
    status=201,
    own=declare_clock_fault,
    says="Declare an interval in which the server's clock was ahead",
)
DECLARE = api.routes[-1]
