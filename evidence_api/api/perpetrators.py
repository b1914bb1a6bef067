"""Perpetrators: `/api/v1/perpetrators`."""

from evidence_api.api.contract import Api
from evidence_api.services import perpetrators
from schemas.common import PageIn, ReasonIn, StepUpReasonIn
from schemas.perpetrators import (
    PerpetratorAddressIn,
    PerpetratorAddressOut,
    PerpetratorChangeIn,
    PerpetratorIn,
    PerpetratorOut,
    PerpetratorsIn,
    TiedVenueOut,
    VictimTieIn,
    VictimTieOut,
)

api = Api("perpetrators", __name__)

ONE = "/perpetrators/<uuid:id>"

api.route(
    "POST",
    "/perpetrators",
    perpetrators.register,
    body=PerpetratorIn,
    out=PerpetratorOut,
    status=201,
    says="Register somebody who is suspected",
)
api.route(
    "GET",
    "/cases/<uuid:id>/perpetrators",
    perpetrators.list_of_case,
    query=PerpetratorsIn,
    out=PerpetratorOut,
    many=True,
    says="Who is suspected in a case, newest first",
)
api.route(
    "GET",
    "/perpetrators",
    perpetrators.list_all,
    query=PerpetratorsIn,
    out=PerpetratorOut,
    many=True,
    says="Who is suspected in any of my cases, newest first",
)
api.route("GET", ONE, perpetrators.read, out=PerpetratorOut, says="One perpetrator")
api.route(
    "PATCH", ONE, perpetrators.edit, body=PerpetratorChangeIn, out=PerpetratorOut, says="Change what is known of one"
)
api.route(
    "GET",
    f"{ONE}/victims",
    perpetrators.victims,
    query=PageIn,
    out=VictimTieOut,
    many=True,
    says="What the perpetrator is, or was, to whom",
)
api.route(
    "POST",
    f"{ONE}/victims",
    perpetrators.tie_victim,
    body=VictimTieIn,
    out=VictimTieOut,
    status=201,
    says="Tie the perpetrator to a victim of the same case",
)
api.route(
    "POST",
    "/victim-ties/<uuid:id>/end",
    perpetrators.end_tie,
    body=ReasonIn,
    out=VictimTieOut,
    says="End a tie to a victim",
)
api.route(
    "GET",
    f"{ONE}/venues",
    perpetrators.venues,
    query=PageIn,
    out=TiedVenueOut,
    many=True,
    says="What the perpetrator was to which venue, and when",
)
api.route(
    "PUT",
    f"{ONE}/address",
    perpetrators.set_address,
    body=PerpetratorAddressIn,
    status=204,
    says="Keep the known addresses in the vault",
    secret=True,
)
api.route(
    "POST",
    f"{ONE}/address/reveal",
    perpetrators.reveal_address,
    body=StepUpReasonIn,
    out=PerpetratorAddressOut,
    says="The known addresses, for a reason, with a fresh code",
    secret=True,
)
