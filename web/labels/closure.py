"""Orders that close a venue."""

from collections.abc import Mapping
from typing import Any

from flask_babel import lazy_gettext as _l
from flask_babel import lazy_pgettext

from evidence_api.domain.closure import ClosureState

LABELS: Mapping[type, Mapping[str, Any]] = {
    ClosureState: {
        "drafted": _l("Drafted"),
        "approved": _l("Approved"),
        "applied": _l("Applied for"),
        "granted_temporary": _l("Granted for a time"),
        "granted_permanent": _l("Granted for good"),
        "refused": _l("Refused"),
        "served": lazy_pgettext("order", "Served"),
        "enforced": _l("Enforced"),
        "extended": _l("Extended"),
        "breached": _l("Breached"),
        "discharged": _l("Discharged"),
        "expired": _l("Expired"),
        "overturned": _l("Overturned"),
        "withdrawn": _l("Withdrawn"),
    },
}

ACTS: Mapping[str, Any] = {
    "apply": _l("Apply for it"),
    "grant_temporary": _l("Record that it is granted for a time"),
    "grant_permanent": _l("Record that it is granted for good"),
    "serve": _l("Record that it is served"),
    "enforce": _l("Record that it is enforced"),
    "extend": _l("Record an extension"),
    "breach": _l("Record a breach"),
    "discharge": _l("Record that it is discharged"),
    "expire": _l("Record that it has expired"),
    "overturn": _l("Record that it is overturned"),
    "order:draft": _l("Closure order drafted"),
    "order:edit": _l("Closure order edited"),
    "order:approve": _l("Closure order approved"),
    "order:apply": _l("Closure order applied for"),
    "order:grant_temporary": _l("Closure order granted for a time"),
    "order:grant_permanent": _l("Closure order granted for good"),
    "order:refuse": _l("Closure order refused"),
    "order:serve": _l("Closure order served"),
    "order:enforce": _l("Closure order enforced"),
    "order:extend": _l("Closure order extended"),
    "order:breach": _l("Closure order breached"),
    "order:discharge": _l("Closure order discharged"),
    "order:expire": _l("Closure order expired"),
    "order:overturn": _l("Closure order overturned"),
    "order:withdraw": _l("Closure order withdrawn"),
    "order:inspected": _l("Venue under a closure order inspected"),
}
