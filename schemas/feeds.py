"""Calendar feeds and reminders, in and out."""

from marshmallow import fields

from evidence_api.domain.roles import Role
from schemas.common import In, Moment, Out, Text


class FeedOut(Out):
    """An address at which one's appointments can be read."""

    id = fields.UUID()
    role = fields.Enum(Role, by_value=True)
    created_at = Moment()


class OpenedFeedOut(Out):
    """A new address, told this once."""

    id = fields.UUID()
    role = fields.Enum(Role, by_value=True)
    path = fields.Function(lambda feed: f"/calendar/{feed.secret}.ics", metadata={"type": "string"})


class RemindersIn(In):
    """Where reminders go; null for nowhere."""

    email = Text(required=True, most=254, allow_none=True)
    reminders = fields.Boolean(load_default=True, metadata={"description": "Whether to send any."})


class ReminderOut(Out):
    """A reminder of the appointments of a day, and what became of it."""

    day = fields.Date()
    appointments = fields.Integer()
    made_at = Moment()
    tries = fields.Integer()
    sent_at = Moment(allow_none=True)
    given_up_at = Moment(allow_none=True)
