"""The roster of an operation: whom it is to bring out, and what it brought each of them."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

from flask_babel import lazy_gettext as _l

from evidence_api.domain.operation import Outcome
from evidence_api.domain.victim import MissedHow
from evidence_api.models import Operation
from evidence_api.services import operations, rosters
from evidence_api.work import Work
from schemas.common import MAX_PAGE
from web.forms import REASON, WHEN, Choices, Field, one_of
from web.operations import on_operation


def _unlisted(work: Work, operation: Operation) -> Choices:
    return [(str(victim.id), victim.pseudonym) for victim in rosters.not_on_roster(work, operation.id)]


def _open(work: Work, operation: Operation) -> Choices:
    listed, _more = rosters.roster(work, operation.id, limit=MAX_PAGE)
    return [(str(one.victim_id), one.pseudonym) for one in listed if one.outcome is None]


OUTCOME = Field("outcome", _l("What it brought"), "choice", choices=one_of(Outcome), always=True)
HOW = Field("how", _l("If missed, how"), "choice", choices=one_of(MissedHow))
WHY = replace(REASON, label=_l("What happened"))

on_operation(
    "expect",
    "roster/expect",
    "POST",
    "/roster/several",
    _l("Put on the roster"),
    _l("Put them on it"),
    Field(
        "victims",
        _l("Whom it is to bring out"),
        "checks",
        hint=_l("Those of the case who are not on it yet. Register others in the case first."),
        choices=_unlisted,
    ),
    done=_l("They are on the roster."),
)
on_operation(
    "outcome_of_several",
    "roster/outcomes",
    "POST",
    "/roster/several",
    _l("Give several the same outcome"),
    _l("Record it"),
    Field("victims", _l("For whom"), "checks", choices=_open),
    OUTCOME,
    HOW,
    WHY,
    WHEN,
    done=_l("It is recorded what the operation brought them."),
)


def _listed(work: Work, id: UUID, victim: UUID) -> dict[str, Any]:
    found = operations.read(work, id)
    rows, cursor = rosters.roster(work, id, limit=MAX_PAGE)
    while cursor and not any(one.victim_id == victim for one in rows):
        rows, cursor = rosters.roster(work, id, limit=MAX_PAGE, cursor=UUID(cursor))
    return {"operation": found, "listed": next((one for one in rows if one.victim_id == victim), None)}


def _said_of(name: str) -> Callable[[Any], Any]:
    return lambda thing: getattr(thing["listed"], name, None)


on_operation(
    "outcome",
    "roster/<uuid:victim>",
    "POST",
    "/roster",
    _l("What the operation brought her"),
    _l("Record it"),
    replace(OUTCOME, value=_said_of("outcome")),
    replace(HOW, value=_said_of("how")),
    WHY,
    WHEN,
    says=_l(
        "Her whereabouts change with it, unless something later is known of her. Whoever was missed is searched for "
        "until she is found."
    ),
    done=_l("It is recorded what the operation brought her."),
    thing=_listed,
    head="_roster_head.html",
)
on_operation(
    "take_off_roster",
    "roster/<uuid:victim>/end",
    "POST",
    "/roster/<uuid:victim>/end",
    _l("Take her off the roster"),
    _l("Take her off"),
    REASON,
    says=_l("For who was put on it by mistake."),
    done=_l("She is off the roster."),
    thing=_listed,
    head="_roster_head.html",
    danger=True,
)
