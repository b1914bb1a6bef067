"""Forms: an act of the API as a page. The contract, the checks and their order are the API's own.

A form without script: shown by GET, sent by POST, shown once more with what to mend, or led on with a notice.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import StrEnum
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import flash, g, redirect, render_template, request, url_for
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from marshmallow import Schema
from werkzeug.wrappers import Response

from evidence_api import auth
from evidence_api.api import APIS
from evidence_api.api.contract import Route, acting, authorise, load
from evidence_api.domain.errors import (
    Clash,
    Denied,
    DomainError,
    InvalidInput,
    NotFound,
    NotSignedIn,
    StepUpRequired,
    Unprepared,
)
from evidence_api.domain.scheduling import Window
from evidence_api.services import drafts
from evidence_api.services.drafts import Draft
from evidence_api.work import Work, begin
from web.pages import Page, pages, reading, refused
from web.texts import said, translated, when

Text = Any
"""A text for people: a string, or one that is translated when it is shown."""

SECRET = frozenset({"code", "password"})
"""Kinds of fields that are never shown again and never kept."""
LONG = 4
"""A form of so many fields keeps drafts."""
INSTEAD, SPAN = "instead", ("starts_at", "ends_at")
"""By which name another time is chosen where the one that was typed does not do, and the fields that it takes the place
of: a form that has both offers it."""

Choices = Sequence[tuple[str, Text]]
Path = Mapping[str, UUID]

FIRST: dict[str, tuple[Callable[[Path], str], Text]] = {}
"""Where what is to be done first is done, by its name in `Unprepared`: the address, from the path of the page that says
so, and the words that lead there. Each module of pages adds its own."""


def contract(method: str, rule: str) -> Route:
    """The API's route, by its method and rule. Raises StopIteration, at import, where there is none."""
    return next(r for api in APIS for r in api.routes if (r.method, r.rule) == (method, rule))


@dataclass(frozen=True)
class Field:
    """One field; a name with a dot is one within another, as `scores.leak`. `kind`: text, lines, choice (one of many),
    choices (one of few, all in sight), checks (several of them), check, moment (in the office's zone), date, number,
    list (words with commas between), code, hidden or password.

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
    into: str = ""
    """The field of the body that takes the id in the form's path, where the API's own path has none."""
    danger: bool = False
    clears: bool = False
    """Whether a field that is left empty takes out what stood there; its fields show at first what is known."""
    drafts: bool | None = None
    """Whether what is typed is kept until it is sent; without it, where there is much to type, but never of an act that
    takes a code."""

    @property
    def kept(self) -> bool:
        """Whether what is typed is kept until it is sent."""
        if self.drafts is not None:
            return self.drafts
        kinds = [field.kind for field in self.fields]
        return not SECRET & set(kinds) and ("lines" in kinds or len(kinds) >= LONG)

    def path(self, path: Path) -> Path:
        """The ids that the API's own path takes, of those in the form's."""
        return {name: id for name, id in path.items() if f":{name}>" in self.route.rule}

    def said(self, path: Path) -> dict[str, Any]:
        """What the form's path says in the body: its id under the name of `into`, others under their own."""
        mine = self.path(path)
        return {self.into if name == "id" else name: str(id) for name, id in path.items() if name not in mine}


FORMS: list[Form] = []
"""All of them, in the order in which they were added."""


def add(form: Form) -> Form:
    """Put the form's page, `pages.<name>`, into the blueprint."""
    FORMS.append(form)

    def view(**path: UUID) -> Page:
        if request.method == "POST":
            return _draft(form, path) if form.kept and "draft" in request.form else _send(form, path)
        return _show(form, path, {})

    pages.add_url_rule(form.rule, form.name, view, methods=["GET", "POST"], provide_automatic_options=False)
    return form


def about(
    stem: str, name: str, way: str, method: str, rule: str, title: Text, button: Text, *fields: Field, **more: Any
) -> None:
    """Add a form about one thing: its page at `way` behind `stem`, over the API's route at `rule` behind it."""
    add(Form(name, f"{stem}/{way}", contract(method, f"{stem}{rule}"), title, button, fields, **more))


REASON = Field("reason", _l("Reason"), "lines", _l("It is kept in the ledger for good. Write no name of a person."))
CODE = Field("otp", _l("Code"), "code", always=True)
WHEN = Field("occurred_at", _l("When it happened"), "moment", _l("Leave it empty if it is happening now."))


def options(members: Iterable[StrEnum]) -> Choices:
    """What a choice among these offers."""
    return [(member.value, said(member)) for member in members]


def one_of(members: Iterable[StrEnum]) -> Callable[[Work, Any], Choices]:
    """The same, as a field takes it."""
    return lambda _work, _thing: options(members)


def known(model: type[Any], name: str) -> Callable[[Any], Any]:
    """What stands in a field at first: what is known of one that is edited, nothing of one that is new."""
    return lambda thing: getattr(thing, name) if isinstance(thing, model) else None


def way(first: str, path: Path) -> tuple[str, Text]:
    """The way to what is to be done first: address and words."""
    address, words = FIRST[first]
    return address(path), words


def _show(
    form: Form,
    path: Path,
    errors: Mapping[str, Sequence[str]],
    wrong: str = "",
    status: int = 200,
    first: str = "",
    nearest: Sequence[Window] = (),
) -> tuple[str, int]:
    actor = auth.session_actor()
    if request.method == "GET":
        authorise(form.route.act, actor, form.path(path))
    with reading() as work:
        thing = form.thing(work, *path.values())
        asked = [f for f in form.fields if f.when is None or f.when(work, thing)]
        choices = {f.name: f.choices(work, thing) for f in asked if f.choices}
        values: dict[str, str | list[str]] = {f.name: _at_first(f, thing) for f in asked}
        draft = None
        if request.method == "POST":
            values = {f.name: _typed(f) for f in asked if f.kind not in SECRET}
        elif form.kept:
            draft = drafts.find(work, place=request.path)
            values |= {f.name: _in_draft(f, draft) for f in asked if draft and f.kind not in SECRET}
        schema = form.route.body() if form.route.body else None
        required = {f.name for f in asked if f.always or _is_required(schema, f.name)}
        about = form.route.act.on
        version = getattr(thing, "version", None) if about is not None and isinstance(thing, about) else None
        # If it was changed since she began to type, she is told so when she sends it.
        version = next(iter(draft.typed.get("version", [])), version) if draft else version
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
            way=way(first, path) if first else None,
            nearest=nearest,
            version=version,
            draft=draft,
            back=form.back(thing, path),
        )
    return html, status


def _is_required(schema: Schema | None, name: str) -> bool:
    """Of a field within another, the form itself says whether it is."""
    return schema is not None and name in schema.fields and schema.fields[name].required


def _typed(field: Field) -> str | list[str]:
    if field.kind == "checks":
        return request.form.getlist(field.name)
    typed = request.form.get(field.name, "").strip()
    if field.kind == "moment" and typed and INSTEAD in request.form:
        # Nobody types these: whoever sends nonsense keeps what was typed.
        with suppress(ValueError, OverflowError):
            return _instead(field.name, typed)
    return typed


def _instead(name: str, typed: str) -> str:
    """A time of the form, once one of the nearest times was chosen: what lies before or after it is moved with it."""
    chosen = dict(zip(SPAN, map(datetime.fromisoformat, request.form[INSTEAD].split()), strict=True))
    moved = chosen["starts_at"] - datetime.fromisoformat(moment(request.form["starts_at"]))
    at = chosen.get(name) or datetime.fromisoformat(moment(typed)) + moved
    return at.astimezone(ZoneInfo(g.frame.zone)).strftime("%Y-%m-%dT%H:%M")


def _in_draft(field: Field, draft: Draft) -> str | list[str]:
    typed = list(draft.typed.get(field.name, []))
    return typed if field.kind == "checks" else next(iter(typed), "")


def _draft(form: Form, path: Path) -> Page:
    """Keep what is typed, or forget it. The page's own script keeps it `quietly`."""
    actor = auth.session_actor()
    authorise(form.route.act, actor, form.path(path))
    wish = request.form["draft"]
    with begin(auth.current_site(), actor) as work:
        if wish == "discard":
            drafts.drop(work, place=request.path)
        else:
            names = {"version", *(field.name for field in form.fields if field.kind not in SECRET)}
            typed = {name: request.form.getlist(name) for name in names if name in request.form}
            drafts.keep(work, place=request.path, typed=typed)
    if wish == "quietly":
        return Response(status=204)
    if wish != "discard":
        flash(str(_("It is kept for you for 14 days. Nothing is sent yet.")), "good")
    return redirect(request.path, 303)


def _at_first(field: Field, thing: Any) -> str | list[str]:
    value = field.value(thing) if field.value else None
    if isinstance(value, list):
        return value if field.kind == "checks" else ", ".join(value)
    return "" if value is None else str(value)


def _send(form: Form, path: Path) -> Page:
    actor = auth.session_actor()
    try:
        given = sent(form, path)
        version = request.form.get("version", "")
        # No version has so many digits, and Python refuses to read thousands of them.
        if_match = int(version[:18]) if version.isdecimal() else None
    except InvalidInput as error:
        authorise(form.route.act, actor, form.path(path))
        return _show(form, path, error.errors, status=422)
    try:
        with acting(form.route, actor, form.path(path), given, if_match) as (work, use):
            result = use()
            if form.kept:
                drafts.drop(work, place=request.path)
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
    except Clash as error:
        offers = {field.name for field in form.fields} >= set(SPAN)
        return _show(form, path, clashes(error, not offers), *refused(error), nearest=error.nearest if offers else ())
    except DomainError as error:
        return _show(form, path, {}, *refused(error), first=error.first if isinstance(error, Unprepared) else "")
    if wrong or form.done:
        flash(str(wrong or form.done), "broken" if wrong else "good")
    return redirect(follows, 303)


def clashes(error: Clash, nearest: bool = True) -> Mapping[str, Sequence[Text]]:
    """Why a time does not do, in sentences; and the nearest that would, unless they are offered to be chosen."""
    found = error.nearest if nearest else ()
    spans = [(when(at.from_at).striptags(), when(at.until_at).striptags()) for at in found]
    free = [_("Free from %(start)s to %(end)s.", start=start, end=end) for start, end in spans]
    return {"conflicts": [*(one.message for one in error.conflicts), *free]}


def conflicting(made: Any) -> Text | None:
    """What is booked and does not do any more, as something is recorded."""
    if not made.conflicts:
        return None
    told = " ".join(translated(one.message) for one in made.conflicts)
    return _("It is recorded. What is booked does not do any more and is not confirmed: %(conflicts)s", conflicts=told)


def code_wrong() -> str:
    """What to say where an act wants a fresh code: there was none, or it was no good."""
    if request.form.get("otp"):
        return str(_("This code is not right, or was used before. Wait for the next one."))
    return str(_("This takes a fresh code. Type the six digits that your authenticator shows now."))


def sent(form: Form, path: Path) -> dict[str, Any]:
    """What was typed, checked as the API checks it; what was left empty is left out. Raises InvalidInput."""
    found: dict[str, Any] = dict(form.fixed or {})
    found |= form.said(path)
    errors: dict[str, list[str]] = {}
    for field in form.fields:
        if field.kind == "check":
            found[field.name] = field.name in request.form
            continue
        typed = _typed(field)
        if not typed:
            if field.always:
                errors[field.name] = ["Fill this in."]
            elif form.clears and field.kind in ("list", "checks"):
                found[field.name] = []
            elif form.clears and form.route.body and form.route.body().fields[field.name].allow_none:
                found[field.name] = None
            continue
        outer, _dot, inner = field.name.partition(".")
        within = found.setdefault(outer, {}) if inner else found
        try:
            within[inner or outer] = _read(field.kind, typed)
        except (ValueError, OverflowError):
            errors[field.name] = ["Give a date and a time."]
    try:
        given = load(form.route.body, found) if form.route.body else {}
    except InvalidInput as error:
        raise InvalidInput({**error.errors, **errors}) from error
    if errors:
        raise InvalidInput(errors)
    return given


def _read(kind: str, typed: str | list[str]) -> Any:
    if kind == "moment":
        return moment(str(typed))
    if kind == "list":
        words = str(typed).replace("،", ",").split(",")
        return [word.strip() for word in words if word.strip()]
    if kind == "lines":
        # A form ends its lines as mail does.
        return str(typed).replace("\r\n", "\n")
    return typed


def moment(typed: str) -> str:
    """What a date-and-time field says, in the office's zone, as RFC 3339 in UTC.

    Raises ValueError, or OverflowError where time begins or ends.
    """
    local = datetime.fromisoformat(typed)
    if local.tzinfo is None:
        local = local.replace(tzinfo=ZoneInfo(g.frame.zone))
    return local.astimezone(UTC).isoformat()


__all__ = [
    "CODE",
    "FIRST",
    "REASON",
    "WHEN",
    "Choices",
    "Field",
    "Form",
    "Path",
    "about",
    "add",
    "code_wrong",
    "conflicting",
    "contract",
    "known",
    "moment",
    "one_of",
    "options",
    "sent",
    "way",
]
