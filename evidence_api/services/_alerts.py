"""Alerts: what every case that knows a victim, or a venue, must hear of."""

from collections.abc import Mapping
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.victim import AlertKind
from evidence_api.ledger.entry import Fact
from evidence_api.models import Alert, Episode, Venue, Victim, VictimCase
from evidence_api.work import Work


def raise_alert(work: Work, victim: Victim, kind: AlertKind, *, episode: Episode | None = None) -> None:
    """Tell every case that knows her; it stays on the first pages of its people until one of them has taken note."""
    work.session.flush()
    about = {"victim_id": victim.id, "episode_id": None if episode is None else episode.id}
    knowing = sa.select(VictimCase.case_id).where(VictimCase.victim_id == victim.id).order_by(VictimCase.case_id)
    for case_id in work.session.scalars(knowing):
        _raise(work, case_id, kind, about)


def raise_venue_alert(work: Work, venue: Venue, kind: AlertKind) -> None:
    """Tell every case to which a venue matters: its own, and those of the episodes there."""
    there = sa.select(Episode.case_id).where(Episode.venue_id == venue.id)
    for case_id in sorted({venue.case_id, *work.session.scalars(there)}):
        _raise(work, case_id, kind, {"venue_id": venue.id})


def _raise(work: Work, case_id: UUID, kind: AlertKind, about: Mapping[str, UUID | None]) -> None:
    alert = Alert(case_id=case_id, kind=kind, raised_at=work.now, **about)
    work.session.add(alert)
    work.session.flush()
    facts: dict[str, Fact] = {"kind": kind.value}
    facts |= {name.removesuffix("_id"): str(id) for name, id in about.items() if id is not None}
    work.record(alert, "case:alert", data={"alert": str(alert.id)}, facts=facts)
