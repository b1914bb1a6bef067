"""Whom to keep away from a victim: the forms that record it, and that it has ended."""

from flask_babel import lazy_gettext as _l

from evidence_api.domain.victim import Barrier
from evidence_api.models import Victim
from evidence_api.services import keep_apart
from evidence_api.work import Work
from web.forms import REASON, Choices, Field, Form, add, contract, one_of
from web.victims import on_victim, to_her


def _perpetrators(work: Work, victim: Victim) -> Choices:
    return [(str(one.id), f"{one.ref} {one.alias}") for one in keep_apart.near(work, victim.id).perpetrators]


def _others(work: Work, victim: Victim) -> Choices:
    return [(str(one.id), one.pseudonym) for one in keep_apart.near(work, victim.id).victims]


on_victim(
    "keep_apart",
    "keep-apart/new",
    "POST",
    "/keep-apart",
    _l("Keep somebody away from her"),
    _l("Record it"),
    Field("barrier", _l("How"), "choices", choices=one_of(Barrier)),
    Field("perpetrator", _l("A perpetrator"), "choice", choices=_perpetrators),
    Field("victim", _l("Or another victim"), "choice", choices=_others),
    says=_l("Choose one of the two. Those who place her are held to it."),
    done=_l("It is recorded."),
    wrong=lambda apart: (
        _l("It is recorded. Her placement is in conflict with it: place her elsewhere. A step of her care is due now.")
        if apart.placement_conflict
        else None
    ),
)


add(
    Form(
        "end_keep_apart",
        "/keep-apart/<uuid:id>/end",
        contract("POST", "/keep-apart/<uuid:id>/end"),
        _l("Somebody need not be kept away any more"),
        _l("Record it"),
        [REASON],
        says=_l("From now on nobody is held to it."),
        done=_l("It is recorded."),
        thing=keep_apart.read,
        back=to_her,
        danger=True,
    )
)
