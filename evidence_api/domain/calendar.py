"""A calendar: what stands in it, and which days a view of it shows. A day is one of the office's zone: it has 23 hours
when the clocks go forward, and 25 when they go back."""

from datetime import UTC, date, datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from evidence_api.domain.scheduling import Window

WEEK = 7
AHEAD = 28
"""How many days one page of an agenda shows."""
LONGEST = 100
"""How many days can be asked for at once."""


class EntryKind(StrEnum):
    """What stands in a calendar."""

    HEARING = "hearing"
    BOOKING = "booking"
    PREPARATION = "preparation"
    APPEAL_WINDOW = "appeal_window"
    DISCLOSURE = "disclosure"
    CLOSURE_EXPIRES = "closure_expires"
    INSPECTION_DUE = "inspection_due"
    FOLLOW_UP = "follow_up"


class View(StrEnum):
    """How a calendar is looked at."""

    MONTH = "month"
    WEEK = "week"
    DAY = "day"
    AGENDA = "agenda"


def day_of(moment: datetime, zone: ZoneInfo) -> date:
    """The day on which a moment lies."""
    return moment.astimezone(zone).date()


def span(first: date, last: date, zone: ZoneInfo) -> Window:
    """From the beginning of the first day to the end of the last, UTC. Midnight that the clocks skip is the moment
    at which they did."""
    return Window(_midnight(first, zone), _midnight(last + timedelta(days=1), zone))


def _midnight(day: date, zone: ZoneInfo) -> datetime:
    return datetime.combine(day, time(), zone).astimezone(UTC)


def shown(view: View, on: date) -> tuple[date, date]:
    """The first and the last day that a view shows: a month in whole weeks, from Monday."""
    if view is View.DAY:
        return on, on
    if view is View.AGENDA:
        return on, on + timedelta(days=AHEAD - 1)
    if view is View.WEEK:
        return monday(on), monday(on) + timedelta(days=WEEK - 1)
    first, then = on.replace(day=1), further(view, on, 1)
    return monday(first), monday(then - timedelta(days=1)) + timedelta(days=WEEK - 1)


def further(view: View, on: date, pages: int) -> date:
    """The day to look at for the view that is so many further; of a month its first day."""
    if view is View.MONTH:
        months = on.year * 12 + on.month - 1 + pages
        return date(months // 12, months % 12 + 1, 1)
    return on + timedelta(days=pages * {View.WEEK: WEEK, View.DAY: 1, View.AGENDA: AHEAD}[view])


def monday(day: date) -> date:
    """The first day of its week (ISO 8601)."""
    return day - timedelta(days=day.weekday())
