"""Jurisdictions and charges: `/api/v1/jurisdictions`, `/charges`, `/sentences`, `/proofs`."""

from evidence_api.api.contract import Api
from evidence_api.services import charges, jurisdictions, proofs, verdicts
from schemas.charges import (
    AmendIn,
    ChargeChangeIn,
    ChargeIn,
    ChargeNextStepOut,
    ChargeOut,
    ChargesIn,
    ChargeStepIn,
    CourtRecordOut,
    ElementsOut,
    JurisdictionOut,
    JurisdictionsOut,
    MatrixOut,
    PleaIn,
    PleaOut,
    ProofIn,
    ProofOut,
    SentenceIn,
    SentenceOut,
)
from schemas.common import ReasonIn

api = Api("charges", __name__)
ONE = "/charges/<uuid:id>"
OF_CASE = "/cases/<uuid:id>/charges"

api.route(
    "GET",
    "/jurisdictions",
    jurisdictions.list_jurisdictions,
    out=JurisdictionsOut,
    many=True,
    says="Whose law is in use; the first is that of a case that names none",
)
api.route(
    "GET",
    "/jurisdictions/<string:code>",
    jurisdictions.read,
    out=JurisdictionOut,
    says="One jurisdiction: its statutes with their elements, its deadlines, when courts sit",
)
api.route(
    "POST",
    OF_CASE,
    charges.propose,
    body=ChargeIn,
    out=ChargeOut,
    status=201,
    says="Propose a count against somebody; who proposes it never approves it",
)
api.route(
    "GET",
    OF_CASE,
    charges.list_of_case,
    query=ChargesIn,
    out=ChargeOut,
    many=True,
    says="The charges of a case, every edition, newest first",
)
api.route(
    "GET",
    f"{OF_CASE}/matrix",
    charges.matrix,
    out=MatrixOut,
    says="Defendants by counts: state, plea, verdict and sentences of the standing editions",
)
api.route(
    "GET",
    "/charges",
    charges.list_charges,
    query=ChargesIn,
    out=ChargeOut,
    many=True,
    says="The charges of my cases, newest first",
)
api.route("GET", ONE, charges.read, out=ChargeOut, says="One charge")
api.route("PATCH", ONE, charges.edit, body=ChargeChangeIn, out=ChargeOut, says="Change a charge while it is proposed")
api.route(
    "POST",
    f"{ONE}/amend",
    charges.amend,
    body=AmendIn,
    out=ChargeOut,
    status=201,
    says="Put a next edition in its place, which is approved anew",
)
api.route(
    "GET",
    f"{ONE}/editions",
    charges.editions,
    out=ChargeOut,
    many=True,
    says="Every edition of the count, newest first",
)
api.route(
    "POST",
    f"{ONE}/transitions",
    charges.transition,
    body=ChargeStepIn,
    out=ChargeOut,
    says="Take a charge a step on; 409 names what is allowed",
)
api.route(
    "GET",
    f"{ONE}/next-steps",
    charges.next_steps,
    out=ChargeNextStepOut,
    many=True,
    says="The steps that are legal now: who may take each, and what is still missing for it",
)
api.route(
    "GET",
    f"{ONE}/record",
    verdicts.record,
    out=CourtRecordOut,
    says="Its pleas, verdicts and sentences, also those that do not stand any more",
)
api.route(
    "POST",
    f"{ONE}/pleas",
    verdicts.replead,
    body=PleaIn,
    out=PleaOut,
    status=201,
    says="The defendant answers otherwise than before",
)
api.route(
    "POST",
    f"{ONE}/sentences",
    verdicts.impose,
    body=SentenceIn,
    out=SentenceOut,
    status=201,
    says="Record what the court imposed",
)
api.route(
    "POST",
    "/sentences/<uuid:id>/strike",
    verdicts.strike,
    body=ReasonIn,
    out=SentenceOut,
    says="Strike a sentence that was recorded wrongly",
)
api.route(
    "GET",
    f"{ONE}/elements",
    proofs.elements,
    out=ElementsOut,
    says="Each element of the offence with what proves it, and what is still unproven",
)
api.route(
    "POST",
    f"{ONE}/proofs",
    proofs.prove,
    body=ProofIn,
    out=ProofOut,
    status=201,
    says="Say that an item proves an element",
)
api.route(
    "POST", "/proofs/<uuid:id>/end", proofs.end, body=ReasonIn, status=204, says="Take back that an item proves it"
)
