"""One's appointments for a calendar program (RFC 5545), and where reminders go. A calendar lies on telephones and with
those who run them: it says `appointment`, a pseudonym at most, and nothing of where or what."""

import uuid
from datetime import UTC, datetime, timedelta

from flask import render_template, request, url_for
from flask_babel import force_locale
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from icalendar import Calendar, Event
from werkzeug.wrappers import Response

from evidence_api import auth
from evidence_api.domain.calendar import EntryKind
from evidence_api.domain.roles import ANONYMOUS
from evidence_api.domain.testimony import BookingState, WitnessKind
from evidence_api.services import accounts, calendar, feeds
from evidence_api.services.calendar import Entry
from evidence_api.work import begin
from web.forms import Field, Form, add, contract
from web.pages import Page, page

BACK = timedelta(days=30)
SPAN = timedelta(days=99)
SPANS = 3
"""A feed tells what was in the last month and what is in most of the coming year."""
FRESH = timedelta(hours=1)
"""How soon a calendar program is asked to look again."""


@page("/calendar/<secret>.ics", feeds.reader)
def calendar_feed(secret: str) -> Page:
    """The feed at a secret address."""
    with begin(auth.current_site(), ANONYMOUS, read_only=True) as work:
        reader = feeds.reader(work, secret=secret)
    entries: dict[tuple[str, str, str], Entry] = {}
    with begin(auth.current_site(), reader.actor, read_only=True) as work:
        since = work.now.date() - BACK
        for span in range(SPANS):
            first = since + span * (SPAN + timedelta(days=1))
            found, _none = calendar.entries(work, since=first, until=first + SPAN)
            entries |= {(one.kind.value, str(one.about), str(one.starts_at or one.on)): one for one in found}
        made_at = work.now
    with force_locale(reader.language or request.accept_languages.best_match(["en", "ar"], "en")):
        body = _feed(reader.feed, entries, made_at)
    answer = Response(body, mimetype="text/calendar")
    answer.headers["Cache-Control"] = f"private, max-age={FRESH.seconds}"
    return answer


def _feed(feed: uuid.UUID, entries: dict[tuple[str, str, str], Entry], made_at: datetime) -> bytes:
    made = Calendar()
    made.add("prodid", "-//Unbroken//Calendar//EN")
    made.add("version", "2.0")
    made.add("method", "PUBLISH")
    made.add("x-wr-calname", _("Appointments"))
    made.add("refresh-interval", FRESH, parameters={"VALUE": "DURATION"})
    for key, entry in entries.items():
        made.add_component(_event(feed, key, entry, made_at))
    return bytes(made.to_ical())


def _event(feed: uuid.UUID, key: tuple[str, str, str], entry: Entry, made_at: datetime) -> Event:
    event = Event()
    # No id of ours: whoever has two feeds cannot lay them together by it.
    event.add("uid", str(uuid.uuid5(feed, "/".join(key))))
    event.add("dtstamp", made_at.astimezone(UTC))
    event.add("summary", _summary(entry))
    event.add("class", "PRIVATE")
    if entry.starts_at is None:
        event.add("dtstart", entry.on)
        event.add("dtend", entry.on + timedelta(days=1))
        event.add("transp", "TRANSPARENT")
    else:
        event.add("dtstart", entry.starts_at.astimezone(UTC))
        event.add("dtend", (entry.ends_at or entry.starts_at).astimezone(UTC))
    if entry.off:
        event.add("status", "CANCELLED")
    else:
        event.add("status", "TENTATIVE" if entry.state is BookingState.PROVISIONAL else "CONFIRMED")
    return event


def _summary(entry: Entry) -> str:
    # What people type to call an expert by may be a name.
    known = entry.kind is EntryKind.FOLLOW_UP or entry.what is WitnessKind.VICTIM
    word: str = _("Appointment") if entry.starts_at else _("Deadline")
    return f"{word} {entry.who}" if known and entry.who else word


def _account(_thing: object, _path: object) -> str:
    return url_for("pages.account")


def _shown(opened: feeds.Opened, _path: object) -> Page:
    site = auth.current_site()
    address = url_for("pages.calendar_feed", secret=opened.secret, _external=True)
    if site.settings.url:
        address = site.settings.url.rstrip("/") + url_for("pages.calendar_feed", secret=opened.secret)
    return render_template("feed_opened.html", address=address)


add(
    Form(
        "open_feed",
        "/account/calendar/new",
        contract("POST", "/me/calendar"),
        _l("An address for my calendar"),
        _l("Make the address"),
        [],
        says=_l(
            "A calendar program can read your appointments there, with no more than a pseudonym. Whoever knows the "
            "address can read them too. The address that you had before ends."
        ),
        back=_account,
        shows=_shown,
    )
)

add(
    Form(
        "revoke_feed",
        "/account/calendar/<uuid:id>/revoke",
        contract("DELETE", "/me/calendar/<uuid:id>"),
        _l("Revoke the address of my calendar"),
        _l("Revoke the address"),
        [],
        says=_l("Calendar programs that use it show nothing new any more."),
        done=_l("The address is revoked."),
        back=_account,
        danger=True,
    )
)

add(
    Form(
        "reminders",
        "/account/reminders",
        contract("PUT", "/me/reminders"),
        _l("Reminders by e-mail"),
        _l("Save"),
        [
            Field(
                "email",
                _l("E-mail address"),
                hint=_l("Empty: no reminders. They say how many appointments you have tomorrow, and nothing else."),
                value=lambda me: me.user.email,
                always=True,
            ),
            Field("reminders", _l("Send reminders"), "check", value=lambda me: me.user.reminders),
        ],
        done=_l("That is where reminders go from now on."),
        thing=lambda work: accounts.me(work),
        back=_account,
        clears=True,
    )
)
