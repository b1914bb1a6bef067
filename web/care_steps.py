"""The plan of her care: the forms that add a step to it, and those that take a step on."""

from dataclasses import replace
from typing import Any

from flask_babel import lazy_gettext as _l

from evidence_api.domain.care import STEP, WHAT, ServiceKind, StepKind, WorkKind
from evidence_api.models import CareStep
from evidence_api.services import care
from evidence_api.services.care import Due
from web.care import NAMELESS, PARTNER, on_her_care, to_care_of
from web.forms import REASON, Field, Form, add, contract, one_of
from web.labels.care import ACTS as OF_CARE
from web.pages import pages
from web.texts import ACTS, said


@pages.app_template_filter("step")
def step_said(step: CareStep | Due) -> str:
    """What a step of care is: its code in words; else its title, which the page shows by itself."""
    return said(WHAT[step.kind](step.what)) if step.what and step.kind in WHAT else said(step.kind)


_DUE = Field("due_at", _l("By when"), "moment")


def _step_form(kind: StepKind, rule: str, title: Any, *fields: Field) -> None:
    on_her_care(
        f"new_{kind.value}",
        f"{rule}/new",
        "POST",
        "/steps",
        title,
        _l("Add it to the plan"),
        *fields,
        fixed={"kind": kind.value},
        done=_l("It stands in her plan."),
    )


_step_form(
    StepKind.SERVICE,
    "services",
    _l("Add a service"),
    Field("what", _l("Service"), "choice", choices=one_of(ServiceKind), always=True),
    Field("title", _l("In words"), hint=NAMELESS),
    PARTNER,
    _DUE,
)
_step_form(
    StepKind.FIRST,
    "firsts",
    _l("Add a small first"),
    Field(
        "title", _l("What it is"), hint=_l("Such as the first night without a lamp, or the first letter."), always=True
    ),
    _DUE,
)
_step_form(
    StepKind.SKILL,
    "skills",
    _l("Add a skill"),
    Field("title", _l("What she learns"), hint=_l("Such as tailoring."), always=True),
    PARTNER,
    _DUE,
)
_step_form(
    StepKind.WORK,
    "work",
    _l("Add work"),
    Field("what", _l("What kind of work"), "choice", choices=one_of(WorkKind), always=True),
    Field("title", _l("In words"), hint=NAMELESS),
    PARTNER,
    _DUE,
)
_step_form(
    StepKind.FOLLOW_UP,
    "follow-ups",
    _l("Schedule a follow-up"),
    Field("due_at", _l("When she is to be asked"), "moment", always=True),
    Field("title", _l("In words"), hint=NAMELESS),
)

STEPS = {**ACTS, **OF_CARE}
"""What a step is called here: another room may call one of the same name otherwise."""

for _action in STEP.actions:
    add(
        Form(
            f"step_{_action}",
            f"/steps/<uuid:id>/{_action}",
            contract("POST", "/steps/<uuid:id>/transitions"),
            STEPS[_action],
            STEPS[_action],
            [
                *([Field("outcome", _l("What came of it"), "lines", NAMELESS)] if _action == "finish" else []),
                *([replace(REASON, always=_action == "stop")] if _action in {"stop", "resume"} else []),
            ],
            fixed={"action": _action},
            done=_l("It is recorded."),
            thing=care.read_step,
            head="_step.html",
            back=to_care_of,
            then=to_care_of,
        )
    )
