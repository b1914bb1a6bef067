"""Texts in the reader's language: which language, the labels of what has a name in the program, times, sizes.

Digits are Latin in every language: refs, digests and times are compared by eye with papers and labels, and read out in
court. Babel writes numbers and times so unless told otherwise. A further language needs its line in
`domain.languages` and its catalogue.
"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from typing import Any, Literal
from zoneinfo import ZoneInfo

from babel import Locale, dates, numbers, units
from flask import Flask, g, has_request_context, request, session
from flask_babel import Babel, get_locale, get_timezone, gettext
from flask_babel import lazy_gettext as _l
from markupsafe import Markup

from evidence_api.domain.case import CaseKind, Stage
from evidence_api.domain.chronicle import Verdict
from evidence_api.domain.custody import Custody, Derivation, Sensitivity, TransferState
from evidence_api.domain.languages import LANGUAGES, SOURCE
from evidence_api.domain.roles import Role, Scope
from evidence_api.domain.search import Kind
from evidence_api.domain.sentences import Sentence, Term, Value
from web import labels

TRANSLATIONS = Path(__file__).with_name("translations")

LOCALES = {"en": "en_GB"}
"""Where the language alone would bring the dates of another country."""

STEPS = (1, 1000, "byte"), (1000, 1000**2, "kilobyte"), (1000**2, 1000**3, "megabyte"), (1000**3, 1000**5, "gigabyte")


def register(app: Flask) -> None:
    """Texts for every page of the application."""
    babel = Babel()
    babel.init_app(
        app,
        default_locale=LOCALES[SOURCE],
        default_translation_directories=str(TRANSLATIONS),
        locale_selector=_chosen,
        timezone_selector=_zone,
    )
    app.jinja_env.filters.update(
        said=said,
        translated=translated,
        when=when,
        day=day,
        clock=clock,
        there=there,
        weekday=weekday,
        ago=ago,
        bytes=size,
        number=number,
        country=country,
    )
    app.jinja_env.globals.update(direction=direction, language=language, zone=zone, languages=LANGUAGES)


def _frame() -> Any:
    return g.get("frame")


def _chosen() -> str:
    chosen: str = getattr(_frame(), "language", None) or (session.get("language", "") if has_request_context() else "")
    if chosen not in LANGUAGES:
        chosen = _accepted() if has_request_context() else SOURCE
    return LOCALES.get(chosen, chosen)


def _accepted() -> str:
    """The first that the browser asks for. Werkzeug's own match would take `en` before the `ar` of `ar-EG`."""
    asked = (tag.partition("-")[0].lower() for tag in request.accept_languages.values())
    return next((tag for tag in asked if tag in LANGUAGES), SOURCE)


def _zone() -> str:
    return getattr(_frame(), "zone", None) or "UTC"


def _locale() -> Locale:
    """The locale of who is asking; outside a request, that of the texts' source."""
    return get_locale() or Locale.parse(LOCALES[SOURCE])


def language() -> str:
    """The language of the page, for `<html lang>`."""
    return str(_locale().language)


def direction() -> str:
    """The way the page's language is written: `rtl` or `ltr`."""
    return str(_locale().text_direction)


def zone() -> str:
    """The zone in which the page shows times, by its city, to be said once."""
    return str(dates.get_timezone_location(get_timezone(), locale=_locale(), return_city=True))


def when(moment: datetime | None) -> Markup:
    """A moment in the office's zone, to the minute; with UTC, to the second, for who points at it."""
    if moment is None:
        return Markup("")
    return _time(moment, _written(_local(moment), "Hm"))


def ago(moment: datetime | None) -> Markup:
    """How long ago, or how long still; with the moment itself for who points at it."""
    if moment is None:
        return Markup("")
    passed = _aware(moment) - datetime.now(UTC)
    said_so = dates.format_timedelta(passed, threshold=0.95, add_direction=True, locale=_locale())
    return _time(moment, said_so, _written(_local(moment), "Hm"))


def day(moment: datetime | date | None) -> Markup:
    """A date; of a moment, the date in the office's zone."""
    if moment is None:
        return Markup("")
    if isinstance(moment, datetime):
        return _time(moment, _day(_local(moment)))
    return Markup('<time datetime="{}">{}</time>').format(moment.isoformat(), _day(moment))


def clock(moment: datetime) -> Markup:
    """The time of day of a moment, in the office's zone."""
    return _time(moment, _clock(_local(moment)), _written(_local(moment), "Hm"))


def weekday(on: date) -> Markup:
    """A date with its day of the week."""
    said_so = dates.format_skeleton("yMMMEd", on, locale=_locale())
    return Markup('<time datetime="{}">{}</time>').format(on.isoformat(), said_so)


def there(moment: datetime, zone: str) -> Markup:
    """The same where clocks show another time than those of the office, with the city; else nothing."""
    local = _aware(moment).astimezone(ZoneInfo(zone))
    if local.utcoffset() == _local(moment).utcoffset():
        return Markup("")
    city = dates.get_timezone_location(local.tzinfo, locale=_locale(), return_city=True)
    return Markup("{}").format(gettext("%(time)s in %(city)s", time=_clock(local), city=city))


def _clock(local: datetime) -> str:
    return dates.format_skeleton("Hm", local, local.tzinfo, locale=_locale())


def _time(moment: datetime, text: str, title: str | None = None) -> Markup:
    utc = _aware(moment).astimezone(UTC)
    machine = utc.strftime("%Y-%m-%dT%H:%M:%SZ")
    shown = title or f"{_written(utc, 'Hms')} UTC"
    return Markup('<time datetime="{}" title="{}">{}</time>').format(machine, shown, text)


def _aware(moment: datetime) -> datetime:
    return moment if moment.tzinfo else moment.replace(tzinfo=UTC)


def _local(moment: datetime) -> datetime:
    return _aware(moment).astimezone(get_timezone() or UTC)


def _day(moment: datetime | date) -> str:
    return dates.format_skeleton("yMMMd", moment, locale=_locale())


def _written(moment: datetime, clock: str) -> str:
    """Date and time, put together as the language does."""
    form = str(dates.get_datetime_format("medium", locale=_locale()))
    time = dates.format_skeleton(clock, moment, moment.tzinfo, locale=_locale())
    return form.replace("{1}", _day(moment)).replace("{0}", time)


def number(count: float) -> str:
    """A number as the language writes it."""
    return numbers.format_decimal(count, locale=_locale())


def country(code: str) -> str:
    """A country's name; the code itself where there is no such country."""
    return territories().get(code, code)


def territories() -> Mapping[str, str]:
    """The names of countries and regions, by code."""
    return dict(_locale().territories)


def size(count: int | None) -> Markup:
    """A size, short, in decimal units; with the exact number of bytes for who points at it."""
    if count is None:
        return Markup("")
    least, _, unit = next((step for step in STEPS if count < step[1]), STEPS[-1])
    places = "#,##0" if least == 1 else "#,##0.#"
    length: Literal["long", "short"] = "long" if least == 1 else "short"
    short = units.format_unit(count / least, f"digital-{unit}", length, format=places, locale=_locale())
    exact = units.format_unit(count, "digital-byte", "long", locale=_locale())
    return Markup('<data value="{}" title="{}">{}</data>').format(count, exact, short)


def translated(text: Any) -> str:
    """What the service says, in the reader's language; what is not in the catalogue stays as it is."""
    if isinstance(text, Sentence):
        return str(gettext(text.template)).format(**{name: _value(value) for name, value in text.values.items()})
    return str(gettext(text)) if isinstance(text, str) and text else str(text)


def _value(value: Value) -> str:
    if isinstance(value, StrEnum | Term):
        return said(value)
    if isinstance(value, str):
        return value
    # Translators: this stands between the members of a list.
    return str(value) if isinstance(value, int) else str(gettext(", ")).join(map(_value, value))


def said(name: str) -> str:
    """The label of an enum's member; of an act, as what is to be done (`check_out`) or, by its full name in the
    ledger, what was done (`evidence:check_out`). A name that is not known stays as it is."""
    known = LABELS.get(type(name), ACTS)
    return str(known.get(str(name), name))


LABELS: Mapping[type, Mapping[str, Any]] = {
    **labels.LABELS,
    Stage: {
        "intake": _l("Intake"),
        "investigating": _l("Under investigation"),
        "intervention_planned": _l("Intervention planned"),
        "intervened": _l("Intervention carried out"),
        "charged": _l("Charged"),
        "in_trial": _l("In trial"),
        "judged": _l("Judgment given"),
        "monitoring": _l("Monitoring"),
        "closed": _l("Closed"),
        "declined": _l("Declined"),
        "resolved": _l("Resolved"),
        "on_hold": _l("On hold"),
    },
    CaseKind: {
        "sex_trafficking": _l("Sex trafficking"),
        "forced_labour": _l("Forced labour"),
        "bonded_labour": _l("Bonded labour"),
        "child_labour": _l("Child labour"),
        "family_violence": _l("Family violence"),
        "land_seizure": _l("Land seizure"),
        "police_abuse": _l("Police abuse"),
        "illegal_detention": _l("Illegal detention"),
        "missing_person": _l("Missing person"),
    },
    Custody: {
        "in_custody": _l("In custody"),
        "offered": _l("Offered to another"),
        "checked_out": _l("Checked out"),
        "at_court": _l("At court"),
    },
    TransferState: {
        "offered": _l("Waiting for an answer"),
        "accepted": _l("Accepted"),
        "refused": _l("Refused"),
        "withdrawn": _l("Withdrawn"),
    },
    Derivation: {
        "working_copy": _l("Working copy"),
        "extract": _l("Extract"),
        "photograph": _l("Photograph"),
    },
    Sensitivity: {
        "ordinary": _l("Ordinary"),
        "restricted": _l("Restricted"),
    },
    Role: {
        "investigator": _l("Investigator"),
        "lawyer": _l("Lawyer"),
        "supervisor": _l("Supervisor"),
        "caseworker": _l("Caseworker"),
        "administrator": _l("Administrator"),
        "system": _l("The system"),
        "nobody": _l("Nobody"),
    },
    Verdict: {
        "unbroken": _l("Unbroken"),
        "attention": _l("Unbroken, with remarks"),
        "broken": _l("Broken"),
    },
    Kind: {
        "case": _l("Case"),
        "item": _l("Item"),
        "victim": _l("Victim"),
        "perpetrator": _l("Perpetrator"),
        "venue": _l("Venue"),
        "operation": _l("Operation"),
        "partner": _l("Partner"),
        "charge": _l("Charge"),
    },
    Scope: {
        "upload": _l("Uploading only"),
        "read": _l("Reading only"),
        "all": _l("Everything"),
    },
}

ACTS: Mapping[str, Any] = {
    **labels.ACTS,
    "investigate": _l("Investigate"),
    "plan_intervention": _l("Plan the intervention"),
    "intervene": _l("Record the intervention"),
    "charge": _l("Record the charge"),
    "try": _l("Record that the trial has begun"),
    "judge": _l("Record the judgment"),
    "monitor": _l("Begin monitoring"),
    "close": _l("Close"),
    "decline": _l("Decline"),
    "resolve": _l("Resolve without a trial"),
    "hold": _l("Put on hold"),
    "resume": _l("Resume"),
    "reopen": _l("Reopen"),
    "check_out": _l("Check out"),
    "check_in": _l("Check in"),
    "take_to_court": _l("Take to court"),
    "return_from_court": _l("Bring back from court"),
    "offer": _l("Offer to another"),
    "accept": _l("Accept"),
    "refuse": _l("Refuse"),
    "withdraw": _l("Withdraw"),
    "case:open": _l("Case opened"),
    "case:edit": _l("Case edited"),
    "case:assign": _l("Person assigned"),
    "case:unassign": _l("Person taken off the case"),
    "case:upload_expired": _l("Unfinished upload expired"),
    "case:investigate": _l("Investigation begun"),
    "case:plan_intervention": _l("Intervention was planned"),
    "case:intervene": _l("Intervention was carried out"),
    "case:charge": _l("Charge brought"),
    "case:try": _l("Trial begun"),
    "case:judge": _l("Judgment was given"),
    "case:monitor": _l("Monitoring begun"),
    "case:close": _l("Case closed"),
    "case:decline": _l("Case declined"),
    "case:resolve": _l("Case resolved"),
    "case:hold": _l("Case put on hold"),
    "case:resume": _l("Case resumed"),
    "case:reopen": _l("Case reopened"),
    "evidence:ingest": _l("Received"),
    "evidence:register": _l("Registered"),
    "evidence:duplicate": _l("The same bytes received again"),
    "evidence:device_digest": _l("Digest computed on the device"),
    "evidence:check_out": _l("Checked out"),
    "evidence:check_in": _l("Checked in"),
    "evidence:take_to_court": _l("Taken to court"),
    "evidence:return_from_court": _l("Brought back from court"),
    "evidence:offer": _l("Hand-over offered"),
    "evidence:accept": _l("Hand-over accepted"),
    "evidence:refuse": _l("Hand-over refused"),
    "evidence:withdraw": _l("Hand-over withdrawn"),
    "evidence:hold": _l("Legal hold placed"),
    "evidence:lift_hold": _l("Legal hold lifted"),
    "evidence:correct": _l("Record corrected"),
    "evidence:notes": _l("Notes written"),
    "evidence:name_reader": _l("Reader named"),
    "evidence:drop_reader": _l("Reader removed"),
    "evidence:restrict": _l("Restricted to those named"),
    "evidence:unrestrict": _l("Restriction lifted"),
    "evidence:view": _l("Opened"),
    "evidence:download": _l("Downloaded"),
    "evidence:verify": _l("Verified"),
    "evidence:quarantine": _l("Quarantined"),
    "evidence:release": _l("Released from quarantine"),
    "user:created": _l("Account made"),
    "user:role_granted": _l("Role granted"),
    "user:role_revoked": _l("Role revoked"),
    "user:role_switched": _l("Role switched"),
    "user:disabled": _l("Account disabled"),
    "user:enabled": _l("Account enabled"),
    "user:unblocked": _l("Account unblocked"),
    "user:authenticator_reset": _l("Authenticator reset"),
    "user:enrolment_begun": _l("Enrolment begun"),
    "user:enrolled": _l("Enrolled"),
    "user:password_changed": _l("Password changed"),
    "user:password_refused": _l("Password refused"),
    "user:code_used": _l("Code used"),
    "user:code_refused": _l("Code refused"),
    "user:sign_in": _l("Signed in"),
    "user:sign_in_failed": _l("Sign-in failed"),
    "user:sign_out": _l("Signed out"),
    "user:sign_out_everywhere": _l("Signed out everywhere"),
    "user:token_created": _l("Token made"),
    "user:token_revoked": _l("Token revoked"),
    "user:language": _l("Language chosen"),
    "user:session_locked": _l("Session locked"),
    "user:session_unlocked": _l("Session unlocked"),
    "user:session_ended": _l("Session ended from elsewhere"),
    "user:feed_open": _l("Address for a calendar made"),
    "user:feed_revoke": _l("Address of a calendar revoked"),
    "user:reminders": _l("Chosen where reminders go"),
    "user:denied": _l("Access denied"),
    "office:created": _l("Office made"),
    "office:zone": _l("Time zone of the office set"),
    "system:init": _l("Installation set up"),
    "system:clock_fault": _l("Fault of the clock declared"),
    "system:chain_fault": _l("Fault of a chain found"),
}
"""What can be done, by its name in a lifecycle; and what was done, by its full name in the ledger."""
