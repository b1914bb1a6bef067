"""What is kept in the vault about a subject: written and opened within the act that records it."""

from collections.abc import Collection, Mapping

import sqlalchemy as sa

from evidence_api.models import VaultFact
from evidence_api.work import Work


def put(work: Work, owner: str, values: Mapping[str, str | None]) -> list[VaultFact]:
    """Seal each value under its field; None removes it. The rows that are now there. The act records an entry about
    `owner`, or one that covers the rows."""
    rows = []
    for field, value in values.items():
        fact = work.session.get(VaultFact, (owner, field))
        if value is None:
            if fact is not None:
                work.session.delete(fact)
            continue
        sealed = work.site.vault.seal(work.session, owner, field, value)
        if fact is None:
            fact = VaultFact(owner=owner, field=field, sealed=sealed, changed_at=work.now)
            work.session.add(fact)
        else:
            fact.sealed, fact.changed_at = sealed, work.now
        rows.append(fact)
    return rows


def open_all(work: Work, owner: str, fields: Collection[str] | None = None) -> dict[str, str]:
    """Every field of `owner`, or those named, opened; none where its key was destroyed. Raises Unavailable where the
    vault is shut."""
    return open_each(work, [owner], fields).get(owner, {})


def open_each(work: Work, owners: Collection[str], fields: Collection[str] | None = None) -> dict[str, dict[str, str]]:
    """The same of each owner that has any, with two queries at most. Raises as `open_all`."""
    find = sa.select(VaultFact).where(VaultFact.owner.in_(owners))
    if fields is not None:
        find = find.where(VaultFact.field.in_(fields))
    return work.site.vault.open(work.session, work.session.scalars(find).all())


def fields_of(work: Work, owner: str) -> set[str]:
    """Which fields are kept of `owner`, without opening any."""
    return set(work.session.scalars(sa.select(VaultFact.field).where(VaultFact.owner == owner)))
