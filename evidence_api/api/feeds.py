"""One's calendar feed and reminders: `/api/v1/me/calendar`, `/me/reminders`."""

from evidence_api.api.contract import Api
from evidence_api.services import feeds, reminders
from schemas.accounts import MeOut
from schemas.common import PageIn
from schemas.feeds import FeedOut, OpenedFeedOut, ReminderOut, RemindersIn

api = Api("feeds", __name__)

api.route(
    "POST",
    "/me/calendar",
    feeds.open_feed,
    out=OpenedFeedOut,
    status=201,
    secret=True,
    says="Make a secret address for my appointments; the one before ends. It is told this once",
)
api.route(
    "GET", "/me/calendar", feeds.own, query=PageIn, out=FeedOut, many=True, says="My addresses that are still good"
)
api.route("DELETE", "/me/calendar/<uuid:id>", feeds.revoke, status=204, says="Revoke one of my addresses")
api.route(
    "PUT", "/me/reminders", reminders.choose, body=RemindersIn, out=MeOut, says="Where reminders are sent, if anywhere"
)
api.route(
    "GET", "/me/reminders", reminders.sent, out=ReminderOut, many=True, says="What was sent to me, or was not, and when"
)
