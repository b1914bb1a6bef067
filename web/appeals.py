"""Appeals: what a side brought before the next court, what comes next, what its outcome means; and until when one may
come."""

from collections.abc import Mapping
from dataclasses import replace
from functools import partial, wraps
from typing import Any
from uuid import UUID

from flask import render_template, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import ValidationError, fields, post_load

from evidence_api.domain.appeal import APPEAL, OUTCOMES, TAKEN, AppealState, Side
from evidence_api.domain.charge import Running, SentenceKind
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.roles import Role
from evidence_api.models import Appeal
from evidence_api.policy import Permission
from evidence_api.services import appeals
from evidence_api.services import cases as casework
from evidence_api.work import Work
from schemas.appeals import AppealSentenceIn, AppealsIn, AppealStepIn
from web.cases import ROOMS, Room, asked, further, items_of
from web.forms import REASON, WHEN, Choices, Field, Form, Path, about, add, contract, known, one_of, options
from web.home import FEW, PARTS, Part
from web.pages import SHOWN, Page, may, page, reading
from web.texts import said

ROOMS.append(Room("case_appeals", _l("Appeals"), Permission.CHARGE_READ))

STEPS: Mapping[str, Any] = {
    "refuse": _l("Record that it is not let in"),
    "admit": _l("Record that it is let in"),
    "hear": _l("Record that it was heard"),
    "dismiss": _l("Record that it is dismissed"),
    "vary": _l("Record that the sentence is varied"),
    "substitute": _l("Record another conviction in its place"),
    "quash": _l("Record that the conviction is quashed"),
    "order_retrial": _l("Record that a retrial is ordered"),
    "withdraw": _l("Record that it is withdrawn"),
}
MEANS: Mapping[str, Any] = {
    "refuse": _l("Nothing changes for its counts."),
    "admit": _l("The court of appeal will hear it."),
    "hear": _l("The court of appeal decides next."),
    "dismiss": _l("The verdict and the sentence stand. The time for a further appeal begins anew."),
    "vary": _l(
        "The sentences of the count end, and what you record here stands. Add further ones on the charge's page."
    ),
    "substitute": _l("The verdict and the sentences end, and a conviction of the other offence stands."),
    "quash": _l("The verdict and the sentences of its counts end. Nothing of these counts is left."),
    "order_retrial": _l(
        "The verdict and the sentences of its counts end. These counts are listed for trial anew, and a case that was "
        "judged is in trial again."
    ),
    "withdraw": _l("Nothing changes for its counts."),
}


@page("/cases/<uuid:id>/appeals", appeals.list_of_case)
def case_appeals(id: UUID) -> Page:
    """The appeals of a case, newest first, and until when one may still come."""
    given = asked(AppealsIn, SHOWN)
    with reading() as work:
        case = casework.read_case(work, id)
        found, following = appeals.list_of_case(work, id, **given)
        writes = may(work, Permission.CHARGE_WRITE, case)
        return render_template(
            "case_appeals.html",
            case=case,
            appeals=found,
            more=further("pages.case_appeals", following, id=id),
            given=given,
            states=options(AppealState),
            windows=appeals.deadlines(work, case=id, limit=SHOWN)[0],
            adds=writes and bool(appeals.counts(work, id)),
        )


@page("/appeals/<uuid:id>", appeals.read)
def appeal(id: UUID) -> Page:
    """One appeal: whose, against what, what comes next and what it needs."""
    with reading() as work:
        found = appeals.read(work, id)
        writes = may(work, Permission.CHARGE_WRITE, found)
        return render_template(
            "appeal.html",
            appeal=found,
            case=casework.read_case(work, found.case_id),
            steps=appeals.next_steps(work, id)[0],
            titles=STEPS,
            edits=writes and found.state is AppealState.FILED,
            moves=writes,
        )


PARTS.append(Part("_home_deadlines.html", {Role.LAWYER}, lambda work: appeals.deadlines(work, limit=FEW)[0]))


# --- forms ------------------------------------------------------------------------------------------------------------


def _counts(work: Work, thing: Any) -> Choices:
    return [
        (str(one.id), _("%(ref)s, %(statute)s: %(state)s", ref=one.ref, statute=one.statute, state=said(one.state)))
        for one in appeals.counts(work, thing.id)
    ]


COURT = (
    Field("court", _l("Court of appeal"), value=known(Appeal, "court")),
    Field("court_ref", _l("Its reference"), value=known(Appeal, "court_ref")),
    Field("grounds", _l("Grounds"), "lines", _l("Write no name of a person."), value=known(Appeal, "grounds")),
)

add(
    Form(
        "new_appeal",
        "/cases/<uuid:id>/appeals/new",
        contract("POST", "/cases/<uuid:id>/appeals"),
        _l("Record an appeal"),
        _l("Record it"),
        [
            Field(
                "charges",
                _l("Against which counts"),
                "checks",
                _l(
                    "What the court decides on it, it decides on all of them. Record an appeal of its own for each "
                    "count that may go another way."
                ),
                choices=_counts,
            ),
            Field("side", _l("Whose appeal"), "choice", choices=one_of([Side.PROSECUTION, Side.DEFENCE])),
            Field("filed_on", _l("Filed on"), "date"),
            *COURT,
            Field(
                "late_reason",
                _l("Why it may still come"),
                "lines",
                _l("Only where the time for an appeal was over. Write no name of a person."),
            ),
        ],
        done=_l("The appeal is recorded."),
        thing=casework.read_case,
        head="_case.html",
        back=lambda _thing, path: url_for("pages.case_appeals", id=path["id"]),
        then=lambda appeal, _path: url_for("pages.appeal", id=appeal.id),
    )
)


def _read(work: Work, id: UUID) -> Appeal:
    return appeals.read(work, id)


def _to_appeal(_thing: Any, path: Path) -> str:
    return url_for("pages.appeal", id=path["id"])


on_appeal = partial(
    about, "/appeals/<uuid:id>", thing=_read, head="_appeal_head.html", back=_to_appeal, then=_to_appeal
)
on_appeal(
    "edit_appeal",
    "edit",
    "PATCH",
    "",
    _l("Edit the appeal"),
    _l("Save"),
    *COURT,
    clears=True,
    done=_l("The appeal is changed."),
)


class _OneSentence(AppealStepIn, AppealSentenceIn):
    """The step, with its first sentence among its own fields: a page asks for one."""

    class Meta(AppealStepIn.Meta):
        exclude = ("sentences",)

    @post_load
    def together(self, data: dict[str, Any], **_more: Any) -> dict[str, Any]:
        """As the use case takes it. Raises ValidationError where a sentence has no kind."""
        imposed = {name: data.pop(name) for name in AppealSentenceIn().fields if name in data}
        if "kind" in imposed:
            return data | {"sentences": [imposed]}
        if any(imposed.values()):
            raise ValidationError("Fill this in.", "kind")
        return data


class _OneSentenceOrNone(_OneSentence):
    """The same, where the count may be sentenced later."""

    kind = fields.Enum(SentenceKind, by_value=True)


@wraps(appeals.transition)
def _decided(work: Work, id: UUID, **given: Any) -> Appeal:
    try:
        return appeals.transition(work, id, **given)
    except InvalidInput as error:
        named = {name.removeprefix("sentences.0."): found for name, found in error.errors.items()}
        raise InvalidInput(named) from error


def _of_appeal(_work: Work, appeal: Appeal) -> Choices:
    return [(str(one.id), one.ref) for one in appeal.counts]


def _offences(work: Work, appeal: Appeal) -> Choices:
    case = casework.read_case(work, appeal.case_id)
    law = work.site.settings.jurisdictions.of(case.jurisdiction)
    return [(one.code, _("%(code)s, %(title)s", code=one.code, title=one.title)) for one in law.statutes.values()]


def _several(_work: Work, appeal: Appeal) -> bool:
    return len(appeal.counts) > 1


JUDGMENT = Field("document", _l("The judgment, an item of the case"), "choice", choices=items_of, always=True)
DECIDED = Field("decided_on", _l("Decided on"), "date", _l("Leave it empty if it was today."))
OFFENCE = Field("statute", _l("Convicted of"), "choice", choices=_offences, always=True)


def _sentence(always: bool) -> tuple[Field, ...]:
    return (
        Field(
            "charge",
            _l("On which count"),
            "choice",
            _l("The sentences of the others stay as they are."),
            choices=_of_appeal,
            when=_several,
        ),
        Field("kind", _l("What is imposed"), "choice", choices=one_of(SentenceKind), always=always),
        Field("days", _l("Days"), "number", _l("Of what has a time.")),
        Field("for_life", _l("For life"), "check"),
        Field("amount", _l("Amount"), "number", _l("In the smallest unit of the currency, such as cents.")),
        Field("currency", _l("Currency"), hint=_l("Three capital letters, such as USD.")),
        Field("running", _l("Beside the others of the defendant"), "choice", choices=one_of(Running)),
        Field("suspended", _l("Suspended"), "check"),
        Field("note", _l("Note"), "lines", _l("Write no name of a person.")),
    )


STEP = contract("POST", "/appeals/<uuid:id>/transitions")
ROUTES = {
    "vary": replace(STEP, body=_OneSentence, use=_decided),
    "substitute": replace(STEP, body=_OneSentenceOrNone, use=_decided),
}

for _action in APPEAL.actions:
    add(
        Form(
            f"appeal_do_{_action}",
            f"/appeals/<uuid:id>/do/{_action}",
            ROUTES.get(_action, STEP),
            STEPS[_action],
            STEPS[_action],
            [
                *([OFFENCE] if _action in TAKEN["statute"] else []),
                *(_sentence(_action == "vary") if _action in TAKEN["sentences"] else []),
                *([JUDGMENT] if _action in OUTCOMES else []),
                *([DECIDED] if _action in TAKEN["decided_on"] else []),
                REASON,
                *([] if _action in TAKEN["decided_on"] else [WHEN]),
            ],
            says=MEANS[_action],
            fixed={"action": _action},
            done=_l("The state of the appeal has changed."),
            thing=_read,
            head="_appeal_head.html",
            back=_to_appeal,
            danger=_action in {"quash", "order_retrial"},
        )
    )
