"""The calendar: by month, week, day or as an agenda; the docket of a day; what is next, on a lawyer's first page."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import Any
from zoneinfo import ZoneInfo

from babel import dates
from flask import g, render_template, request, url_for
from flask_babel import get_locale
from flask_babel import lazy_gettext as _l

from evidence_api.api.contract import load
from evidence_api.domain.calendar import WEEK, EntryKind, View, further, shown
from evidence_api.domain.hearing import HearingState
from evidence_api.domain.roles import Role
from evidence_api.domain.testimony import BookingState
from evidence_api.services import calendar, dockets
from evidence_api.services.calendar import Entry
from evidence_api.work import Work
from schemas.hearings import DocketIn, ViewIn
from web.home import FIRST, PARTS, Part
from web.pages import Page, page, pages, reading

IN_A_CELL = 6
"""How many entries a day of a month shows; the day itself has the rest."""
NEXT_DAYS = 7
"""How far the first page looks ahead."""

PLACES: Mapping[EntryKind, str] = {
    EntryKind.HEARING: "pages.hearing",
    EntryKind.BOOKING: "pages.testimony",
    EntryKind.PREPARATION: "pages.testimony",
    EntryKind.DISCLOSURE: "pages.testimony",
    EntryKind.APPEAL_WINDOW: "pages.charge",
    EntryKind.CLOSURE_EXPIRES: "pages.closure_order",
    EntryKind.INSPECTION_DUE: "pages.closure_order",
    EntryKind.FOLLOW_UP: "pages.care_of",
}
"""Where an entry leads."""

ATTENTION = {HearingState.ADJOURNED, HearingState.CANCELLED, BookingState.PROVISIONAL}
"""States that are said of an entry."""

EARLIER = {View.MONTH: _l("Month before"), View.WEEK: _l("Week before"), View.DAY: _l("Day before")}
LATER = {View.MONTH: _l("Next month"), View.WEEK: _l("Next week"), View.DAY: _l("Next day")}
EARLIER[View.AGENDA], LATER[View.AGENDA] = _l("Four weeks before"), _l("Next four weeks")


@dataclass(frozen=True, slots=True)
class Day:
    """A day of a calendar and what stands on it."""

    on: date
    entries: list[Entry]
    within: bool
    """Whether it is of the month that is looked at."""
    today: bool


def _today() -> date:
    return datetime.now(ZoneInfo(g.frame.zone)).date()


def days_of(entries: list[Entry], first: date, last: date, month: int | None = None) -> list[Day]:
    """Every day from the first to the last, with its entries in their order."""
    by_day: dict[date, list[Entry]] = {}
    for entry in entries:
        by_day.setdefault(entry.on, []).append(entry)
    every = [first + timedelta(days=number) for number in range((last - first).days + 1)]
    return [Day(on, by_day.get(on, []), month in (None, on.month), on == _today()) for on in every]


@pages.app_template_filter()
def leads(entry: Entry) -> str:
    """The address of what an entry is about."""
    return url_for(PLACES[entry.kind], id=entry.about)


@pages.app_template_filter()
def remark(entry: Entry) -> StrEnum | None:
    """Its state, where that is to be said of it."""
    return entry.state if entry.state in ATTENTION else None


@page("/calendar", calendar.entries)
def calendar_page() -> Page:
    """What is before courts, with witnesses, and due: in a month, a week, a day, or from a day on."""
    given = load(ViewIn, {name: value for name, value in request.args.items() if value})
    with reading() as work:
        view, on = given["view"], given.get("on") or _today()
        first, last = shown(view, on)
        entries, _more = calendar.entries(work, since=first, until=last)
        days = days_of(entries, first, last, on.month if view is View.MONTH else None)
        return render_template(
            "calendar.html",
            most=IN_A_CELL,
            view=view,
            views=list(View),
            on=on,
            today=_today(),
            days=days,
            weeks=[days[start : start + WEEK] for start in range(0, len(days), WEEK)],
            heading=_heading(view, on, first, last),
            names=_weekdays(),
            earlier=(further(view, on, -1), EARLIER[view]),
            later=(further(view, on, 1), LATER[view]),
        )


def _heading(view: View, on: date, first: date, last: date) -> str:
    locale = get_locale()
    if view is View.MONTH:
        return dates.format_skeleton("yMMMM", on, locale=locale)
    if view is View.DAY:
        return dates.format_date(on, "full", locale=locale)
    return dates.format_interval(first, last, "yMMMd", locale=locale)


def _weekdays() -> list[tuple[str, str]]:
    """The days of the week from Monday: short, and in full."""
    locale = get_locale()
    short, full = (dates.get_day_names(width, "stand-alone", locale) for width in ("abbreviated", "wide"))
    return [(short[number], full[number]) for number in range(WEEK)]


@page("/dockets", dockets.docket)
def docket() -> Page:
    """What is before the courts on a day, to be printed."""
    given = load(DocketIn, {name: value for name, value in request.args.items() if value})
    with reading() as work:
        on = given.get("on") or _today()
        listed, _more = dockets.docket(work, on=on)
        courts: dict[str, list[dockets.Listed]] = {}
        for one in listed:
            courts.setdefault(one.hearing.court, []).append(one)
        return render_template(
            "docket.html",
            on=on,
            heading=_heading(View.DAY, on, on, on),
            courts=courts,
            today=_today(),
            earlier=on - timedelta(days=1),
            later=on + timedelta(days=1),
            charges=work.actor.role is not Role.CASEWORKER,
        )


def _next_days(work: Work) -> dict[str, Any]:
    """The next days of the calendar."""
    today = _today()
    last = today + timedelta(days=NEXT_DAYS - 1)
    entries, _more = calendar.entries(work, since=today, until=last)
    ahead = [entry for entry in entries if entry.state not in (HearingState.ADJOURNED, HearingState.CANCELLED)]
    days = [day for day in days_of(ahead[:FIRST], today, last) if day.entries]
    return {"days": days, "more": len(ahead) > FIRST}


PARTS.append(Part("_home_calendar.html", {Role.LAWYER}, _next_days))
