"""Alerts, and who took note of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.errors import Conflict
from evidence_api.domain.victim import AlertKind
from evidence_api.models import Alert, Case, User, Venue, Victim
from evidence_api.policy import Permission
from evidence_api.services._pages import page
from evidence_api.sight import visible
from evidence_api.work import Work, act, act_on


@dataclass(frozen=True, slots=True)
class Raised:
    """An alert, with the case that is to hear of it and the victim or the venue that it is about, where the reader
    may know of that. `noted_by` is a user name."""

    id: UUID
    kind: AlertKind
    case_id: UUID
    case_ref: str
    victim_id: UUID | None
    pseudonym: str | None
    episode_id: UUID | None
    venue_id: UUID | None
    venue_ref: str | None
    raised_at: datetime
    noted_at: datetime | None
    noted_by: str | None


@act(Permission.VICTIM_READ, read_only=True)
def list_alerts(
    work: Work, *, limit: int = 50, cursor: UUID | None = None, open: bool | None = None
) -> tuple[list[Raised], str | None]:
    """The alerts of the actor's cases, newest first; with `open`, only those of which nobody has taken note, or only
    the others."""
    query = work.query(Alert)
    if open is not None:
        query = query.where(Alert.noted_at.is_(None) if open else Alert.noted_at.is_not(None))
    found, following = page(work, query, Alert.id, limit, cursor)
    return _raised(work, found), following


@act_on(Alert, Permission.VICTIM_READ, read_only=True)
def read_alert(work: Work, alert: Alert) -> Raised:
    """One alert."""
    return _raised(work, [alert])[0]


@act_on(Alert, Permission.ALERT_NOTE)
def take_note(work: Work, alert: Alert) -> Raised:
    """Say that the actor has read it: it leaves the first pages of the people of the case."""
    if alert.noted_at is not None:
        raise Conflict("Somebody has taken note of it already.")
    alert.noted_at, alert.noted_by_id = work.now, work.actor.user_id
    work.record(alert, "case:alert_noted", data={"alert": str(alert.id)})
    return _raised(work, [alert])[0]


def _raised(work: Work, alerts: Sequence[Alert]) -> list[Raised]:
    query = (
        sa.select(
            Alert.id,
            Alert.kind,
            Alert.case_id,
            Case.ref.label("case_ref"),
            Alert.victim_id,
            Victim.pseudonym,
            Alert.episode_id,
            Venue.id.label("venue_id"),
            Venue.ref.label("venue_ref"),
            Alert.raised_at,
            Alert.noted_at,
            User.username.label("noted_by"),
        )
        .join(Case, Case.id == Alert.case_id)
        .outerjoin(Victim, Victim.id == Alert.victim_id)
        .outerjoin(Venue, (Venue.id == Alert.venue_id) & visible(Venue, work.actor))
        .outerjoin(User, User.id == Alert.noted_by_id)
        .where(Alert.id.in_([alert.id for alert in alerts]))
        .order_by(Alert.id.desc())
    )
    work.session.flush()
    return [Raised(**row) for row in work.session.execute(query).mappings()]
