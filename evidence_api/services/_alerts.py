"""Alerts: what every case that knows a victim must hear of."""

import sqlalchemy as sa

from evidence_api.domain.victim import AlertKind
from evidence_api.ledger.entry import Fact
from evidence_api.models import Alert, Episode, Victim, VictimCase
from evidence_api.work import Work


def raise_alert(work: Work, victim: Victim, kind: AlertKind, *, episode: Episode | None = None) -> None:
    """Tell every case that knows her; it stays on the first pages of its people until one of them has taken note."""
    work.session.flush()
    facts: dict[str, Fact] = {"kind": kind.value, "victim": str(victim.id)}
    if episode is not None:
        facts["episode"] = str(episode.id)
    knowing = sa.select(VictimCase.case_id).where(VictimCase.victim_id == victim.id).order_by(VictimCase.case_id)
    for case_id in work.session.scalars(knowing):
        alert = Alert(
            case_id=case_id,
            victim_id=victim.id,
            episode_id=None if episode is None else episode.id,
            kind=kind,
            raised_at=work.now,
        )
        work.session.add(alert)
        work.session.flush()
        work.record(alert, "case:alert", data={"alert": str(alert.id)}, facts=facts)
