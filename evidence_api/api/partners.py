"""Partners and referrals: `/api/v1/partners`, `/victims/{id}/referrals`, `/referrals`."""

from evidence_api.api.contract import Api
from evidence_api.services import partners
from schemas.common import PageIn, ReasonIn
from schemas.partners import (
    PartnerChangeIn,
    PartnerIn,
    PartnerOut,
    PartnersIn,
    ReferralIn,
    ReferralMoveIn,
    ReferralOut,
    UnmetOut,
)

api = Api("partners", __name__)

api.route("POST", "/partners", partners.add_partner, body=PartnerIn, out=PartnerOut, status=201, says="Add a partner")
api.route(
    "GET",
    "/partners",
    partners.list_partners,
    query=PartnersIn,
    out=PartnerOut,
    many=True,
    says="Partners, or who would take her; newest first",
)
api.route(
    "GET",
    "/partners/unmet",
    partners.unmet,
    out=UnmetOut,
    many=True,
    says="Services that nobody has accepted to give, by region",
)
api.route("GET", "/partners/<uuid:id>", partners.read_partner, out=PartnerOut, says="One partner")
api.route(
    "PATCH",
    "/partners/<uuid:id>",
    partners.edit_partner,
    body=PartnerChangeIn,
    out=PartnerOut,
    says="Change a partner, or what it can take now",
)
api.route(
    "POST", "/partners/<uuid:id>/end", partners.end_partner, body=ReasonIn, out=PartnerOut, says="End the partnership"
)
api.route(
    "POST",
    "/victims/<uuid:id>/referrals",
    partners.refer,
    body=ReferralIn,
    out=ReferralOut,
    status=201,
    says="Refer her to a partner, or record that nobody offers it",
)
api.route(
    "GET",
    "/victims/<uuid:id>/referrals",
    partners.referrals,
    query=PageIn,
    out=ReferralOut,
    many=True,
    says="Her referrals, newest first",
)
api.route("GET", "/referrals/<uuid:id>", partners.read_referral, out=ReferralOut, says="One referral")
api.route(
    "POST",
    "/referrals/<uuid:id>/transitions",
    partners.move_referral,
    body=ReferralMoveIn,
    out=ReferralOut,
    says="Accept, refuse or withdraw it; 409 names what is allowed",
)
