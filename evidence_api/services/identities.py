"""Who a victim is and where she lives: kept in the vault, opened for a reason."""

import re
from collections.abc import Collection
from datetime import date

from sqlalchemy.orm.attributes import flag_modified

from evidence_api.domain.errors import InvalidInput
from evidence_api.models import Victim
from evidence_api.policy import Permission, refusal
from evidence_api.services import _vault
from evidence_api.services._checks import not_after_today
from evidence_api.work import Work, act_on

IDENTITY = ("name", "born", "nationality", "contact")
ADDRESS = ("address",)


@act_on(Victim, Permission.IDENTITY_WRITE)
def set_identity(work: Work, victim: Victim, /, **values: str | None) -> Victim:
    """Put what is given of her identity into the vault; null takes it out."""
    born = values.get("born")
    if born is not None:
        not_after_today(work, born=_earliest(born))
    return _put(work, victim, "victim:identity_set", values)


def _earliest(born: str) -> date:
    """The first day that a date means of which the month or the day may be unknown. Raises InvalidInput."""
    if not re.fullmatch(r"\d{4}(-\d\d){0,2}", born):
        raise InvalidInput({"born": ["Give a date such as 2009-03-14, or 2009-03, or 2009."]})
    try:
        return date.fromisoformat((born + "-01-01")[:10])
    except ValueError:
        raise InvalidInput({"born": ["No calendar has this date. Look it over."]}) from None


@act_on(Victim, Permission.ADDRESS)
def set_address(work: Work, victim: Victim, /, **values: str | None) -> Victim:
    """Put her address into the vault; null takes it out."""
    return _put(work, victim, "victim:address_set", values)


def _put(work: Work, victim: Victim, action: str, values: dict[str, str | None]) -> Victim:
    if not values:
        raise InvalidInput({"name" if "identity" in action else "address": ["Give at least one thing to keep."]})
    _vault.put(work, victim.subject, values)
    # Her row is otherwise as it was, but its version must tell whoever read it before that something has changed.
    flag_modified(victim, "pseudonym")
    work.record(victim, action, data={"fields": " ".join(sorted(values))})
    work.session.flush()
    return victim


@act_on(Victim, Permission.IDENTITY_REVEAL)
def reveal_identity(work: Work, victim: Victim, *, reason: str) -> dict[str, str | None]:
    """Who she is. It takes a fresh code, and is recorded with the reason."""
    return _reveal(work, victim, "victim:identity_reveal", IDENTITY, reason)


@act_on(Victim, Permission.ADDRESS)
def reveal_address(work: Work, victim: Victim, *, reason: str) -> dict[str, str | None]:
    """Where she lives. It takes a fresh code, and is recorded with the reason."""
    return _reveal(work, victim, "victim:address_reveal", ADDRESS, reason)


def _reveal(work: Work, victim: Victim, action: str, fields: Collection[str], reason: str) -> dict[str, str | None]:
    work.step_up()
    known = _vault.open_all(work, victim.subject, fields)
    work.record(victim, action, facts={"reason": reason})
    return {name: known.get(name) for name in fields}


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def kept(work: Work, victim: Victim) -> list[str]:
    """Which fields of her identity, and whether her address, are in the vault; as far as the actor may open them."""
    may: dict[str, Permission] = {
        **dict.fromkeys(IDENTITY, Permission.IDENTITY_REVEAL),
        **dict.fromkeys(ADDRESS, Permission.ADDRESS),
    }
    held = _vault.fields_of(work, victim.subject)
    return [
        name
        for name, permission in may.items()
        if name in held and refusal(work.session, work.actor, permission, victim) is None
    ]
