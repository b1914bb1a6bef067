"""What a victim consents to: how far, until when, and that she takes it back."""

from datetime import date, datetime
from uuid import UUID

from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.victim import Purpose
from evidence_api.ledger.entry import Fact
from evidence_api.models import Consent, Victim
from evidence_api.policy import Permission
from evidence_api.services._checks import TYPING, not_in_the_future, office_day
from evidence_api.services._pages import Page, page
from evidence_api.services._testimony import take_back
from evidence_api.work import Work, act_on


@act_on(Victim, Permission.VICTIM_EDIT)
def add(
    work: Work,
    victim: Victim,
    *,
    purpose: Purpose,
    scope: str,
    given_at: datetime | None = None,
    expires_on: date | None = None,
) -> Consent:
    """Record that she consents: to what, how far, until when."""
    not_in_the_future(work, "given_at", given_at, TYPING)
    given = given_at or work.now
    if expires_on is not None and expires_on < office_day(work, given):
        raise InvalidInput({"expires_on": ["It would end before it was given. Look it over."]})
    consent = Consent(victim_id=victim.id, purpose=purpose, scope=scope, given_at=given, expires_on=expires_on)
    work.session.add(consent)
    work.session.flush()
    facts: dict[str, Fact] = {
        "purpose": purpose.value,
        "scope": scope,
        "expires_on": expires_on.isoformat() if expires_on else None,
    }
    work.record(victim, "victim:consent", data={"consent": str(consent.id)}, facts=facts, occurred_at=given)
    return consent


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def list_of_victim(work: Work, victim: Victim, *, limit: int = 50, cursor: UUID | None = None) -> Page[Consent]:
    """What she has consented to, the newest first; also what is withdrawn or over."""
    return page(work, work.query(Consent).where(Consent.victim_id == victim.id), Consent.id, limit, cursor)


@act_on(Consent, Permission.VICTIM_READ, read_only=True)
def read(work: Work, consent: Consent) -> Consent:
    """One consent."""
    return consent


@act_on(Consent, Permission.VICTIM_EDIT)
def withdraw(work: Work, consent: Consent, *, reason: str) -> Consent:
    """Record that she takes a consent back. Nobody has to approve it. If it was to testify, she does not any more."""
    if consent.withdrawn_at is not None:
        raise Conflict("She has withdrawn this consent already.")
    consent.withdrawn_at = work.now
    victim = work.session.get_one(Victim, consent.victim_id)
    data: dict[str, Fact] = {"consent": str(consent.id)}
    work.record(victim, "victim:consent_withdraw", data=data, facts={"reason": reason})
    if consent.purpose in (Purpose.TESTIMONY, Purpose.TESTIMONY_ASSENT):
        work.session.flush()
        take_back(work, victim, consent.purpose, reason)
    return consent
