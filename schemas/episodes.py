"""Episodes, searches and alerts in and out."""

from marshmallow import fields, validate

from evidence_api.domain.victim import AlertKind, EpisodeClass, Exit, Exploitation, Means, SearchEnd, SearchKind
from schemas.common import In, Moment, Out, PageIn, ReasonIn, Text


class EpisodeChangeIn(In):
    """What to change of an episode; null where something turns out not to be known."""

    venue = fields.UUID(allow_none=True)
    started_on = fields.Date(allow_none=True)
    ended_on = fields.Date(allow_none=True)
    exploitation = fields.List(fields.Enum(Exploitation, by_value=True))
    means = fields.List(fields.Enum(Means, by_value=True), metadata={"description": "Means of control, by the HTCDS."})
    exit = fields.Enum(
        Exit, by_value=True, allow_none=True, metadata={"description": "How it ended; null while it is not known to."}
    )


class EpisodeIn(EpisodeChangeIn):
    """A time of exploitation. What is not known is null, or left out."""

    victim = fields.UUID(required=True)
    case = fields.UUID(
        allow_none=True,
        metadata={"description": "In which it is kept: else the venue's, if that knows her, else her home case."},
    )


class EpisodeOut(Out):
    """An episode. Venue and case are null, too, where they are not shared with the reader."""

    id = fields.UUID()
    victim = fields.UUID(attribute="victim_id")
    pseudonym = fields.String()
    venue = fields.UUID(attribute="venue_id", allow_none=True)
    venue_ref = fields.String(allow_none=True)
    case = fields.UUID(attribute="case_id", allow_none=True)
    started_on = fields.Date(allow_none=True)
    ended_on = fields.Date(allow_none=True)
    exploitation = fields.List(fields.Enum(Exploitation, by_value=True))
    means = fields.List(fields.Enum(Means, by_value=True))
    exit = fields.Enum(Exit, by_value=True, allow_none=True)
    classification = fields.Enum(EpisodeClass, by_value=True)
    created_at = Moment()


class SearchesIn(PageIn):
    """Which searches."""

    open = fields.Boolean(metadata={"description": "True: only those that go on; false: only the others."})
    kind = fields.Enum(SearchKind, by_value=True)


class AllSearchesIn(SearchesIn):
    """Which searches, of all cases."""

    victim = fields.UUID(metadata={"description": "Only those for her."})


class MissingPersonIn(In):
    """Somebody who was reported missing and is nobody yet whom the office knows."""

    case = fields.UUID(required=True)
    description = Text(
        required=True, most=2000, lines=True, metadata={"description": "What she looks like; never her name."}
    )
    last_seen_on = fields.Date(allow_none=True)
    name = Text(allow_none=True, metadata={"description": "It goes into the vault."})


class SearchOut(Out):
    """A search. Case, victim and operation are null, too, where they are not shared with the reader."""

    id = fields.UUID()
    kind = fields.Enum(SearchKind, by_value=True)
    case = fields.UUID(attribute="case_id", allow_none=True)
    case_ref = fields.String(allow_none=True)
    victim = fields.UUID(
        attribute="victim_id", allow_none=True, metadata={"description": "Null until she is matched to a victim."}
    )
    pseudonym = fields.String(allow_none=True)
    operation = fields.UUID(
        attribute="operation_id", allow_none=True, metadata={"description": "The operation that missed her."}
    )
    description = fields.String(allow_none=True)
    named = fields.Boolean(metadata={"description": "Whether the vault has the name under which she was reported."})
    last_seen_on = fields.Date(allow_none=True, metadata={"description": "The latest that was reported or seen."})
    opened_at = Moment()
    days = fields.Integer(attribute="age.days", metadata={"description": "How long it has gone on, in whole days."})
    ended_at = Moment(allow_none=True)
    end = fields.Enum(SearchEnd, by_value=True, allow_none=True)


class NameOut(Out):
    """The name under which somebody was reported missing."""

    name = fields.String(allow_none=True)


class SightingIn(In):
    """When and where somebody may have been seen."""

    seen_on = fields.Date(required=True)
    place = Text(allow_none=True, metadata={"description": "Where, in words."})
    venue = fields.UUID(allow_none=True)
    note = Text(most=2000, lines=True, allow_none=True, metadata={"description": "By whose word, and how sure."})


class SightingOut(Out):
    """A sighting. The venue is null, too, where it is not shared with the reader."""

    id = fields.UUID()
    search = fields.UUID(attribute="search_id")
    seen_on = fields.Date()
    place = fields.String(allow_none=True)
    venue = fields.UUID(attribute="venue_id", allow_none=True)
    venue_ref = fields.String(allow_none=True)
    note = fields.String(allow_none=True)


class MatchIn(ReasonIn):
    """Which victim the one is who was reported missing, and how that is known."""

    victim = fields.UUID(required=True)


class SearchEndIn(ReasonIn):
    """How the search ended, and how that is known."""

    end = fields.Enum(
        SearchEnd,
        by_value=True,
        required=True,
        validate=validate.Equal(
            SearchEnd.MISTAKEN, error="A search is ended by hand only as mistaken. Whoever is found ends it herself."
        ),
        metadata={"enum": [SearchEnd.MISTAKEN.value]},
    )


class AlertsIn(PageIn):
    """Which alerts."""

    open = fields.Boolean(metadata={"description": "True: only those of which nobody took note; false: the others."})


class AlertOut(Out):
    """An alert to one case about a victim whom it knows, or a venue. `venue` is null, too, where it is in a case that
    is not shared with the reader."""

    id = fields.UUID()
    kind = fields.Enum(AlertKind, by_value=True)
    case = fields.UUID(attribute="case_id")
    case_ref = fields.String()
    victim = fields.UUID(attribute="victim_id", allow_none=True)
    pseudonym = fields.String(allow_none=True)
    episode = fields.UUID(attribute="episode_id", allow_none=True)
    venue = fields.UUID(attribute="venue_id", allow_none=True)
    venue_ref = fields.String(allow_none=True)
    raised_at = Moment()
    noted_at = Moment(allow_none=True)
    noted_by = fields.String(allow_none=True, metadata={"description": "Who took note: a user name."})
