"""Care, partners and referrals."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l

from evidence_api.domain.care import (
    AssessmentKind,
    ClaimKind,
    Need,
    PlacementKind,
    ReferralState,
    ServiceKind,
    Standing,
    StepKind,
    StepState,
    WorkKind,
)

LABELS: Mapping[type, Mapping[str, Any]] = {
    AssessmentKind: {
        "safety": _l("Safety of an operation"),
        "initial": _l("Initial assessment"),
        "risk": _l("Risk"),
        "health": _l("Health"),
        "household_safety": _l("Safety of the household"),
        "economic": _l("Economy of the household"),
    },
    StepKind: {
        "need": _l("Need of the first hours"),
        "service": _l("Service"),
        "first": _l("Small first"),
        "skill": _l("Skill"),
        "work": _l("Work"),
        "follow_up": _l("Follow-up"),
        "placement_conflict": _l("Placement in conflict"),
    },
    Need: {
        "safety": _l("Safe, and away from those who exploited her"),
        "medical": _l("Seen by a doctor"),
        "food": _l("Food and water"),
        "clothing": _l("Clean clothes"),
        "shelter": _l("A safe place to sleep"),
        "interpreter": _l("Somebody who speaks her language"),
        "rights": _l("Told of her rights"),
        "contact": _l("Contact with whom she trusts"),
    },
    ServiceKind: {
        "shelter": _l("Shelter"),
        "counselling": _l("Counselling"),
        "medical": _l("Medical care"),
        "education": _l("Education"),
        "vocational": _l("Vocational training"),
        "legal": _l("Legal help"),
        "spiritual": _l("Spiritual care, if she wants it"),
        "employment": _l("Employment"),
        "interpreting": _l("Interpreting"),
        "return": _l("Return and reintegration"),
    },
    WorkKind: {
        "job": _l("Job"),
        "freedom_business": _l("Freedom business"),
        "own_business": _l("Business of her own"),
    },
    StepState: {
        "planned": _l("Planned"),
        "active": _l("Under way"),
        "done": _l("Done"),
        "stopped": _l("Stopped"),
    },
    PlacementKind: {
        "shelter": _l("Shelter"),
        "foster": _l("Foster family"),
        "home": _l("At home"),
        "relatives": _l("With relatives"),
        "independent": _l("A place of her own"),
        "hospital": _l("Hospital"),
    },
    Standing: {
        "national": _l("National of the country"),
        "reflection_period": _l("Reflection period"),
        "temporary": _l("Temporary permit"),
        "permanent": _l("Permanent permit"),
        "asylum": _l("Asylum"),
        "irregular": _l("Without a permit"),
        "returned": _l("Returned to her country"),
        "unknown": _l("Not known"),
    },
    ClaimKind: {
        "wages": _l("Wages not paid"),
        "damages": _l("Damages"),
        "restitution": _l("Restitution"),
        "state_fund": _l("State compensation fund"),
    },
    ReferralState: {
        "waiting": _l("Waiting for an answer"),
        "accepted": _l("Accepted"),
        "refused": _l("Refused"),
        "withdrawn": _l("Withdrawn"),
    },
}

ACTS: Mapping[str, Any] = {
    "begin": _l("Begin"),
    "finish": _l("Finish"),
    "stop": _l("Stop"),
    "care:assessment": _l("Assessment recorded"),
    "care:willingness": _l("Asked whether she wants care"),
    "care:step": _l("Step of care planned"),
    "care:step_moved": _l("Step of care taken on"),
    "care:placement": _l("Placed"),
    "care:placement_end": _l("Placement ended"),
    "care:placement_reveal": _l("Revealed where she sleeps"),
    "care:standing": _l("Immigration status recorded"),
    "care:claim": _l("Claim recorded"),
    "care:payment": _l("Payment recorded"),
    "care:referral": _l("Referred"),
    "care:referral_moved": _l("Referral answered or withdrawn"),
    "partner:add": _l("Partner added"),
    "partner:edit": _l("Partner changed"),
    "partner:end": _l("Partnership ended"),
}
