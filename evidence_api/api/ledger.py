"""The ledger: `/api/v1/ledger`."""

from evidence_api.api.contract import Api
from evidence_api.services import ledger
from schemas.evidence import ClockFaultIn, ClockFaultOut, LedgerVerdictOut

api = Api("ledger", __name__)

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
    says="Declare an interval in which the server's clock was wrong",
)
