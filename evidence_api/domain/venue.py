"""A venue: what it is, and its course from suspicion to another use (DESIGN.md section 5)."""

from enum import StrEnum

from evidence_api.domain.lifecycle import Lifecycle, step
from evidence_api.domain.roles import Role


class VenueKind(StrEnum):
    """What kind of place it is."""

    BROTHEL = "brothel"
    BAR = "bar"
    KTV = "ktv"
    MASSAGE = "massage"
    KILN = "kiln"
    FACTORY = "factory"
    FARM = "farm"
    HOUSEHOLD = "household"
    STREET = "street"
    ONLINE = "online"
    OTHER = "other"


class VenueState(StrEnum):
    """How far it has come."""

    SUSPECTED = "suspected"
    UNDER_OBSERVATION = "under_observation"
    CONFIRMED = "confirmed"
    INTERVENED = "intervened"
    CLOSURE_SOUGHT = "closure_sought"
    TEMPORARILY_CLOSED = "temporarily_closed"
    PERMANENTLY_CLOSED = "permanently_closed"
    VERIFIED_CLOSED = "verified_closed"
    REPURPOSED = "repurposed"
    DISPLACED = "displaced"


class VenueTieKind(StrEnum):
    """What a person is to a venue."""

    OWNER = "owner"
    LANDLORD = "landlord"
    MANAGER = "manager"
    KEEPER = "keeper"
    WORKS_AT = "works_at"
    BUYS_AT = "buys_at"


class Seen(StrEnum):
    """What an observation found."""

    OPEN = "open"
    CLOSED = "closed"
    UNCLEAR = "unclear"


CLOSED = frozenset(
    {
        VenueState.TEMPORARILY_CLOSED,
        VenueState.PERMANENTLY_CLOSED,
        VenueState.VERIFIED_CLOSED,
        VenueState.REPURPOSED,
        VenueState.DISPLACED,
    }
)
"""Where nobody is exploited any more, as far as is known."""

_I, _L, _S = Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR
_V = VenueState

VENUE: Lifecycle[VenueState] = Lifecycle(
    "venue",
    VenueState.SUSPECTED,
    [
        step("observe", _V.SUSPECTED, _V.UNDER_OBSERVATION, _I, _L),
        step("confirm", {_V.SUSPECTED, _V.UNDER_OBSERVATION}, _V.CONFIRMED, _I, _L),
        step("intervene", _V.CONFIRMED, _V.INTERVENED, _I, _L),
        step("seek_closure", {_V.CONFIRMED, _V.INTERVENED, _V.TEMPORARILY_CLOSED}, _V.CLOSURE_SOUGHT, _L, _I),
        step("close_temporarily", {_V.INTERVENED, _V.CLOSURE_SOUGHT}, _V.TEMPORARILY_CLOSED, _L, _I),
        step(
            "close_permanently",
            {_V.INTERVENED, _V.CLOSURE_SOUGHT, _V.TEMPORARILY_CLOSED},
            _V.PERMANENTLY_CLOSED,
            _L,
            _I,
        ),
        step("verify", {_V.TEMPORARILY_CLOSED, _V.PERMANENTLY_CLOSED}, _V.VERIFIED_CLOSED, _I, _L, _S),
        step("repurpose", {_V.PERMANENTLY_CLOSED, _V.VERIFIED_CLOSED}, _V.REPURPOSED, _I, _L),
        step("reopen", CLOSED, _V.CONFIRMED, _I, _L),
        step("displace", frozenset(_V) - {_V.DISPLACED, _V.REPURPOSED}, _V.DISPLACED, _I, _L),
    ],
)
"""`verify` needs a dated inspection with evidence by another than who sought the closure; `displace` needs the
successor;
`reopen` says that it is in use again."""
