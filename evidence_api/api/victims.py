"""Victims: `/api/v1/victims`."""

from evidence_api.api.contract import Api
from evidence_api.services import consents, identities, keep_apart, victims
from schemas.common import PageIn, ReasonIn, StepUpReasonIn
from schemas.victims import (
    AddressIn,
    AddressOut,
    ConsentIn,
    ConsentOut,
    IdentityIn,
    IdentityOut,
    KeepApartIn,
    KeepApartOut,
    ShareIn,
    VictimChangeIn,
    VictimIn,
    VictimMoveIn,
    VictimMoveOut,
    VictimOut,
    VictimsIn,
    VictimStepOut,
)

api = Api("victims", __name__)

api.route(
    "POST",
    "/victims",
    victims.register,
    body=VictimIn,
    out=VictimOut,
    status=201,
    says="Register a victim; her pseudonym is made here",
)
api.route(
    "GET",
    "/cases/<uuid:id>/victims",
    victims.list_of_case,
    query=VictimsIn,
    out=VictimOut,
    many=True,
    says="The victims whom a case knows, newest first",
)
api.route(
    "GET",
    "/victims",
    victims.list_all,
    query=VictimsIn,
    out=VictimOut,
    many=True,
    says="The victims whom my cases know, newest first",
)
api.route("GET", "/victims/<uuid:id>", victims.read, out=VictimOut, says="One victim")
api.route(
    "PATCH",
    "/victims/<uuid:id>",
    victims.edit,
    body=VictimChangeIn,
    out=VictimOut,
    says="Change what is known of her apart from her identity",
)
api.route(
    "POST",
    "/victims/<uuid:id>/transitions",
    victims.transition,
    body=VictimMoveIn,
    out=VictimOut,
    says="Take her a step on one of her three axes; 409 names what is allowed",
)
api.route(
    "GET",
    "/victims/<uuid:id>/next-steps",
    victims.next_steps,
    out=VictimStepOut,
    many=True,
    says="The steps that are legal now, axis by axis",
)
api.route(
    "GET",
    "/victims/<uuid:id>/course",
    victims.course,
    out=VictimMoveOut,
    many=True,
    says="Every step that she took, oldest first",
)
api.route(
    "POST",
    "/victims/<uuid:id>/cases",
    victims.share,
    body=ShareIn,
    out=VictimOut,
    says="Let another of my cases know her",
)
api.route(
    "PUT",
    "/victims/<uuid:id>/identity",
    identities.set_identity,
    body=IdentityIn,
    status=204,
    says="Put her identity into the vault",
    secret=True,
)
api.route(
    "POST",
    "/victims/<uuid:id>/identity/reveal",
    identities.reveal_identity,
    body=StepUpReasonIn,
    out=IdentityOut,
    says="Open her identity, with a fresh code; it is recorded",
    secret=True,
)
api.route(
    "PUT",
    "/victims/<uuid:id>/address",
    identities.set_address,
    body=AddressIn,
    status=204,
    says="Put her address into the vault",
    secret=True,
)
api.route(
    "POST",
    "/victims/<uuid:id>/address/reveal",
    identities.reveal_address,
    body=StepUpReasonIn,
    out=AddressOut,
    says="Open her address, with a fresh code; it is recorded",
    secret=True,
)
api.route(
    "GET",
    "/victims/<uuid:id>/consents",
    consents.list_of_victim,
    query=PageIn,
    out=ConsentOut,
    many=True,
    says="What she has consented to, newest first",
)
api.route(
    "POST",
    "/victims/<uuid:id>/consents",
    consents.add,
    body=ConsentIn,
    out=ConsentOut,
    status=201,
    says="Record a consent of hers",
)
api.route(
    "POST",
    "/consents/<uuid:id>/withdraw",
    consents.withdraw,
    body=ReasonIn,
    out=ConsentOut,
    says="Record that she takes a consent back",
)
api.route(
    "GET",
    "/victims/<uuid:id>/keep-apart",
    keep_apart.list_of_victim,
    out=KeepApartOut,
    many=True,
    says="Whom to keep away from her",
)
api.route(
    "POST",
    "/victims/<uuid:id>/keep-apart",
    keep_apart.add,
    body=KeepApartIn,
    out=KeepApartOut,
    status=201,
    says="Record whom to keep away from her",
)
api.route(
    "POST",
    "/keep-apart/<uuid:id>/end",
    keep_apart.end,
    body=ReasonIn,
    status=204,
    says="Record that the person need not be kept away any more",
)
