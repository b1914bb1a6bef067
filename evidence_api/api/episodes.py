"""Episodes, searches and alerts: `/api/v1/episodes`, `/api/v1/searches`, `/api/v1/alerts`."""

from evidence_api.api.contract import Api
from evidence_api.services import alerts, episodes, searches
from schemas.common import PageIn, StepUpReasonIn
from schemas.episodes import (
    AlertOut,
    AlertsIn,
    AllSearchesIn,
    EpisodeChangeIn,
    EpisodeIn,
    EpisodeOut,
    MatchIn,
    MissingPersonIn,
    NameOut,
    SearchEndIn,
    SearchesIn,
    SearchOut,
    SightingIn,
    SightingOut,
)

api = Api("episodes", __name__)

api.route(
    "POST",
    "/episodes",
    episodes.record_episode,
    body=EpisodeIn,
    out=EpisodeOut,
    status=201,
    says="Record a time of exploitation; a later one alerts every case that knows her",
)
api.route("GET", "/episodes/<uuid:id>", episodes.read_episode, out=EpisodeOut, says="One episode")
api.route(
    "PATCH",
    "/episodes/<uuid:id>",
    episodes.edit_episode,
    body=EpisodeChangeIn,
    out=EpisodeOut,
    says="Change an episode, such as how it ended; her episodes are classified anew",
)
api.route(
    "GET",
    "/victims/<uuid:id>/episodes",
    episodes.of_victim,
    query=PageIn,
    out=EpisodeOut,
    many=True,
    says="Her episodes, the last recorded first",
)
api.route(
    "GET",
    "/venues/<uuid:id>/episodes",
    episodes.of_venue,
    query=PageIn,
    out=EpisodeOut,
    many=True,
    says="The episodes at a venue of those whom I may know of",
)

api.route(
    "GET",
    "/searches",
    searches.list_searches,
    query=AllSearchesIn,
    out=SearchOut,
    many=True,
    says="Who is sought, in all cases that I may know of, the oldest search first",
)
api.route(
    "GET",
    "/cases/<uuid:id>/searches",
    searches.of_case,
    query=SearchesIn,
    out=SearchOut,
    many=True,
    says="Who is sought in a case, and of those whom it knows",
)
api.route("GET", "/searches/<uuid:id>", searches.read_search, out=SearchOut, says="One search")
api.route(
    "POST",
    "/searches",
    searches.report,
    body=MissingPersonIn,
    out=SearchOut,
    status=201,
    says="Report somebody missing who is not known yet",
)
api.route(
    "POST",
    "/searches/<uuid:id>/identity/reveal",
    searches.reveal_name,
    body=StepUpReasonIn,
    out=NameOut,
    secret=True,
    says="The name under which she was reported, for a reason, with a fresh code",
)
api.route(
    "GET",
    "/searches/<uuid:id>/sightings",
    searches.sightings,
    query=PageIn,
    out=SightingOut,
    many=True,
    says="Where she may have been seen, the last recorded first",
)
api.route(
    "POST",
    "/searches/<uuid:id>/sightings",
    searches.sight,
    body=SightingIn,
    out=SightingOut,
    status=201,
    says="Record that she may have been seen",
)
api.route(
    "POST",
    "/searches/<uuid:id>/match",
    searches.match,
    body=MatchIn,
    out=SearchOut,
    says="Settle which victim the one is who was reported missing",
)
api.route(
    "POST",
    "/searches/<uuid:id>/end",
    searches.end,
    body=SearchEndIn,
    out=SearchOut,
    says="End a search because the report was mistaken",
)

api.route("GET", "/alerts", alerts.list_alerts, query=AlertsIn, out=AlertOut, many=True, says="My alerts, newest first")
api.route("GET", "/alerts/<uuid:id>", alerts.read_alert, out=AlertOut, says="One alert")
api.route("POST", "/alerts/<uuid:id>/note", alerts.take_note, out=AlertOut, says="Take note of an alert")
