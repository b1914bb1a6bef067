"""Forms: an act of the API as a page. The contract, the checks and their order are the API's own.

A form without script: shown by GET, sent by POST, shown once more with what to mend, or led on with a notice.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _

from evidence_api import auth
from evidence_api.api import APIS
from evidence_api.api.contract import Route, acting, authorise, load
from evidence_api.domain.errors import Denied, DomainError, InvalidInput, NotFound, NotSignedIn, StepUpRequired
from evidence_api.work import Work
from web.pages import Page, pages, reading, refused

Text = Any
"""A text for people: a string, or one that is translated when it is shown."""

Choices = Sequence[tuple[str, Text]]
Path = Mapping[str, UUID]


def contract(method: str, rule: str) -> Route:
    """The API's route, by its method and rule. Raises StopIteration, at import, where there is none."""
    return next(r for api in APIS for r in api.routes if (r.method, r.rule) == (method, rule))


@dataclass(frozen=True)
class Field:
    """One field. `kind`: text, lines, choice (one of many), choices (one of few, all in sight), checks (several of
    them), check, moment (in the office's zone), number, code, hidden or password.

    `choices(work, thing)` gives what a choice offers; `value(thing)` what stands in the field at first.
    """

    name: str
    label: Text
    kind: str = "text"
    hint: Text = ""
    choices: Callable[[Work, Any], Choices] | None = None
    value: Callable[[Any], Any] | None = None
    when: Callable[[Work, Any], bool] | None = None
    """Whether this person is asked for it, of this thing; without it, everybody is."""
    always: bool = False
    """Whether the form asks for it although programs may leave it out."""


@dataclass(frozen=True)
class Form:
    """An act as a page. `thing(work, *path)` is what it is about, shown above; `says` what will happen."""

    name: str
    rule: str
    route: Route
    title: Text
    button: Text
    fields: Sequence[Field]
    done: Text = ""
    says: Text = ""
    thing: Callable[..., Any] = lambda _work, *_path: None
    head: str = ""
    """The template that shows the thing above the form."""
    back: Callable[[Any, Path], str] = lambda _thing, _path: url_for("pages.home")
    """Where the form leads back to, and on to where `then` does not say otherwise."""
    then: Callable[[Any, Path], str] | None = None
    """The address that the act leads on to, from its result."""
    shows: Callable[[Any, Path], Page] | None = None
    """Instead of leading on: a page with the act's result, which is shown once."""
    wrong: Callable[[Any], Text | None] | None = None
    """What is said in the place of `done` where the result says that something is wrong."""
    fixed: Mapping[str, Any] | None = None
    danger: bool = False


def add(form: Form) -> Form:
    """Put the form's page, `pages.<name>`, into the blueprint."""

    def view(**path: UUID) -> Page:
        return _send(form, path) if request.method == "POST" else _show(form, path, {})

    pages.add_url_rule(form.rule, form.name, view, methods=["GET", "POST"], provide_automatic_options=False)
    return form


def _show(
    form: Form, path: Path, errors: Mapping[str, Sequence[str]], wrong: str = "", status: int = 200
) -> tuple[str, int]:
    actor = auth.session_actor()
    if request.method == "GET":
        authorise(form.route.act, actor, path)
    with reading() as work:
        thing = form.thing(work, *path.values())
        asked = [f for f in form.fields if f.when is None or f.when(work, thing)]
        choices = {f.name: f.choices(work, thing) for f in asked if f.choices}
        values: dict[str, str | list[str]] = {f.name: _at_first(f, thing) for f in asked}
        if request.method == "POST":
            values = {f.name: _typed(f) for f in asked if f.kind not in {"code", "password"}}
        schema = form.route.body() if form.route.body else None
        required = {f.name for f in asked if f.always or (schema and schema.fields[f.name].required)}
        about = form.route.act.on
        version = getattr(thing, "version", None) if about is not None and isinstance(thing, about) else None
        html = render_template(
            "form.html",
            form=form,
            fields=asked,
            thing=thing,
            choices=choices,
            values=values,
            required=required,
            errors=errors,
            wrong=wrong,
            version=version,
            back=form.back(thing, path),
        )
    return html, status


def _typed(field: Field) -> str | list[str]:
    if field.kind == "checks":
        return request.form.getlist(field.name)
    return request.form.get(field.name, "").strip()


def _at_first(field: Field, thing: Any) -> str:
    value = field.value(thing) if field.value else None
    return "" if value is None else str(value)


def _send(form: Form, path: Path) -> Page:
    actor = auth.session_actor()
    try:
        given = sent(form)
        version = request.form.get("version", "")
        # No version has so many digits, and Python refuses to read thousands of them.
        if_match = int(version[:18]) if version.isdecimal() else None
    except InvalidInput as error:
        authorise(form.route.act, actor, path)
        return _show(form, path, error.errors, status=422)
    try:
        with acting(form.route, actor, path, given, if_match) as (work, use):
            result = use()
            work.finish()
            # What is read for the way on is newer than what she had read.
            work.if_match = None
            if form.shows:
                return form.shows(result, path)
            follows = (form.then or form.back)(result if form.then else form.thing(work, *path.values()), path)
            wrong = form.wrong(result) if form.wrong else None
    except InvalidInput as error:
        return _show(form, path, error.errors, status=422)
    except StepUpRequired:
        return _show(form, path, {"otp": [code_wrong()]}, status=403)
    except (Denied, NotFound, NotSignedIn):
        raise
    except DomainError as error:
        return _show(form, path, {}, *refused(error))
    if wrong or form.done:
        flash(str(wrong or form.done), "broken" if wrong else "good")
    return redirect(follows, 303)


def code_wrong() -> str:
    """What to say where an act wants a fresh code: there was none, or it was no good."""
    if request.form.get("otp"):
        return str(_("This code is not right, or was used before. Wait for the next one."))
    return str(_("This takes a fresh code. Type the six digits that your authenticator shows now."))


def sent(form: Form) -> dict[str, Any]:
    """What was typed, checked as the API checks it; what was left empty is left out. Raises InvalidInput."""
    found: dict[str, Any] = dict(form.fixed or {})
    errors: dict[str, list[str]] = {}
    for field in form.fields:
        if field.kind == "check":
            found[field.name] = field.name in request.form
            continue
        typed = _typed(field)
        if not typed:
            if field.always:
                errors[field.name] = ["Fill this in."]
            continue
        try:
            found[field.name] = moment(str(typed)) if field.kind == "moment" else typed
        except (ValueError, OverflowError):
            errors[field.name] = ["Give a date and a time."]
    try:
        given = load(form.route.body, found) if form.route.body else {}
    except InvalidInput as error:
        raise InvalidInput({**error.errors, **errors}) from error
    if errors:
        raise InvalidInput(errors)
    return given


def moment(typed: str) -> str:
    """What a date-and-time field says, in the office's zone, as RFC 3339 in UTC.

    Raises ValueError, or OverflowError where time begins or ends.
    """
    local = datetime.fromisoformat(typed)
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(g.frame.zone))
    return local.astimezone(UTC).isoformat()


__all__ = ["Choices", "Field", "Form", "Path", "add", "code_wrong", "contract", "moment", "sent"]
