"""Items of evidence: finding, reading and verifying them."""

from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from evidence_api import fixity
from evidence_api.domain.custody import CHECKED_EVERY, OFFER_WAITS, TAKEN, Custody, TransferState
from evidence_api.domain.errors import Conflict, InvalidInput, Quarantined
from evidence_api.ledger.chain import LINKING, disclosures_of, facts_of
from evidence_api.ledger.entry import BadEntry, Fact, decode
from evidence_api.ledger.stored import Row, as_bytes, as_seq, entries, raw
from evidence_api.ledger.verifying import Fault, verify_chains
from evidence_api.models import Case, CaseActor, Evidence, LedgerEntry, LedgerHead, TimelineEvent, Transfer, User
from evidence_api.models import link as links
from evidence_api.policy import Permission
from evidence_api.services._custody import foreign
from evidence_api.services._pages import Page, page
from evidence_api.services._restriction import NOTES, closed_to
from evidence_api.work import Work, act, act_on

MOST_RELATED = 100


@act_on(Case, Permission.EVIDENCE_LIST, read_only=True)
def list_of_case(
    work: Work, case: Case, *, limit: int, cursor: UUID | None, state: Custody | None = None, sha256: str | None = None
) -> Page[Evidence]:
    """The case's items, newest first."""
    query = work.query(Evidence).where(Evidence.case_id == case.id)
    if state is not None:
        query = query.where(Evidence.state == state)
    if sha256 is not None:
        query = query.where(Evidence.sha256 == sha256)
    return page(work, query, Evidence.id, limit, cursor)


@act(Permission.EVIDENCE_LIST, read_only=True)
def list_items(
    work: Work,
    *,
    limit: int,
    cursor: UUID | None,
    custodian: UUID | None = None,
    state: Custody | None = None,
    quarantined: bool | None = None,
    tag: str | None = None,
) -> Page[Evidence]:
    """Items of every case of the actor: who holds what, what is quarantined, which thing has this tag."""
    query = work.query(Evidence)
    wanted = {
        Evidence.custodian_id: custodian,
        Evidence.state: state,
        Evidence.quarantined: quarantined,
        Evidence.tag: tag,
    }
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    return page(work, query, Evidence.id, limit, cursor)


@act(Permission.EVIDENCE_LIST, read_only=True)
def mine(work: Work, *, limit: int = 50, cursor: UUID | None = None) -> Page[Evidence]:
    """What the actor holds, newest first."""
    held = work.query(Evidence).where(Evidence.custodian_id == work.actor.user_id)
    return page(work, held, Evidence.id, limit, cursor)


@act(Permission.OFFICE_OVERSEE, read_only=True)
def list_unchecked(
    work: Work,
    *,
    limit: int = 50,
    cursor: str | None = None,
    state: Custody | None = None,
    quarantined: bool | None = None,
    held: bool | None = None,
    overdue: bool | None = None,
) -> Page[Evidence]:
    """The office's items: those never checked, the oldest first; then the one whose check lies longest back."""
    query = work.query(Evidence)
    wanted = {Evidence.state: state, Evidence.quarantined: quarantined, Evidence.held: held}
    for column, value in wanted.items():
        if value is not None:
            query = query.where(column == value)
    if overdue is not None:
        query = query.where(_overdue(work) if overdue else sa.not_(_overdue(work)))
    if cursor is not None:
        query = query.where(_after(cursor))
    ordered = query.order_by(Evidence.verified_at.asc().nulls_first(), Evidence.id).limit(limit + 1)
    rows = list(work.session.scalars(ordered))
    return rows[:limit], _cursor(rows[limit - 1]) if len(rows) > limit else None


def _overdue(work: Work) -> sa.ColumnElement[bool]:
    return Evidence.due_at.is_not(None) & (Evidence.due_at < work.now)


_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)


def _cursor(item: Evidence) -> str:
    """Where a page ended: when that item was checked, in microseconds since 1970, if it was, and which it is."""
    checked = "" if item.verified_at is None else str((item.verified_at - _EPOCH) // timedelta(microseconds=1))
    return f"{checked}.{item.id}"


def _after(cursor: str) -> sa.ColumnElement[bool]:
    """What comes behind `cursor`. Raises InvalidInput for one that no page gave."""
    checked, _, last = cursor.partition(".")
    try:
        id, moment = UUID(last), _EPOCH + timedelta(microseconds=int(checked)) if checked else None
    except (ValueError, OverflowError):
        raise InvalidInput({"cursor": ["Give the `next` of the page before."]}) from None
    if moment is None:
        return Evidence.verified_at.is_not(None) | (Evidence.id > id)
    return (Evidence.verified_at > moment) | ((Evidence.verified_at == moment) & (Evidence.id > id))


@dataclass(frozen=True, slots=True)
class Overview:
    """An office in figures. `long_unchecked`: checked once, but not for 30 days; `overdue`: among those `out`."""

    items: int
    never_checked: int
    long_unchecked: int
    quarantined: int
    out: int
    overdue: int
    late_offers: int


@act(Permission.OFFICE_OVERSEE, read_only=True)
def overview(work: Work) -> Overview:
    """What a supervisor looks at first."""
    conditions = {
        "items": sa.true(),
        "never_checked": Evidence.verified_at.is_(None),
        "long_unchecked": Evidence.verified_at < work.now - CHECKED_EVERY,
        "quarantined": Evidence.quarantined,
        "out": Evidence.state.in_(TAKEN),
        "overdue": _overdue(work),
    }
    counts = [sa.func.count().filter(condition).label(name) for name, condition in conditions.items()]
    items = work.query(Evidence).with_only_columns(*counts)
    late = Transfer.offered_at < work.now - OFFER_WAITS
    offers = work.query(Transfer).where(Transfer.state == TransferState.OFFERED, late)
    late_offers = work.session.execute(offers.with_only_columns(sa.func.count())).scalar_one()
    return Overview(**work.session.execute(items).mappings().one(), late_offers=late_offers)


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def read(work: Work, item: Evidence) -> Evidence:
    """What is known of an item, with the name that its file had."""
    item.filename = _filename(work, item)  # type: ignore[assignment]
    item.content = None if closed_to(work, [item.id]) else item.notes
    return item


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def custodian(work: Work, item: Evidence) -> str:
    """The user name of the person who holds the item."""
    return work.session.get_one(User, item.custodian_id).username


def _filename(work: Work, item: Evidence) -> str | None:
    first = entries(work.session).where(LedgerEntry.subject == item.subject, LedgerEntry.seq == 0)
    for r in work.session.execute(first):
        row = Row.of(r)
        with suppress(BadEntry):
            opened = disclosures_of(work.session, work.keys, [row.hash]).get(row.hash, {})
            name = facts_of(decode(row.body), opened).get("filename")
            return None if name is None else str(name)
    return None


@dataclass(frozen=True, slots=True)
class Link:
    """One entry of an item's chain: its exact bytes as text, and the disclosures that this reader is given.

    Bytes that were altered and are no text show as U+FFFD; a column that holds no time, as null.
    """

    seq: int
    action: str
    recorded_at: datetime | None
    hash: str
    entry: str
    disclosures: dict[str, str]


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def custody(work: Work, item: Evidence, *, limit: int, after: int | None = None) -> tuple[list[Link], str | None]:
    """The item's chain from its first entry on."""
    query = entries(work.session).where(LedgerEntry.subject == item.subject).order_by(LedgerEntry.seq).limit(limit + 1)
    if after is not None:
        query = query.where(LedgerEntry.seq > after)
    rows = [Row.of(r) for r in work.session.execute(query)]
    found = _links(work, rows[:limit])
    if any(link.action == NOTES for link in found) and closed_to(work, [item.id]):
        found = [replace(link, disclosures={}) if link.action == NOTES else link for link in found]
    return found, str(rows[limit - 1].seq) if len(rows) > limit else None


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def chain(work: Work, item: Evidence, *, limit: int, after: int = -1) -> list[tuple[int, bytes]]:
    """The exact bytes of the chain's entries behind `after`, each with its place; none that is private is opened."""
    query = sa.select(raw(LedgerEntry.seq), raw(LedgerEntry.body)).where(
        LedgerEntry.subject == item.subject, LedgerEntry.seq > after
    )
    rows = work.session.execute(query.order_by(LedgerEntry.seq).limit(limit))
    return [(as_seq(r.seq), as_bytes(r.body)) for r in rows]


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def actors(work: Work, item: Evidence, *, links: Sequence[Link]) -> dict[int, str]:
    """The user names of those who acted, by the entry's place in the chain; without entries that cannot be read."""
    acted: dict[int, UUID] = {}
    for link in links:
        with suppress(BadEntry, ValueError):
            acted[link.seq] = UUID(str(decode(link.entry.encode()).actor))
    known = (
        sa.select(CaseActor.actor, User.username)
        .join(User, User.id == CaseActor.user_id)
        .where(CaseActor.case_id == item.case_id, CaseActor.actor.in_(set(acted.values())))
    )
    names = {row.actor: row.username for row in work.session.execute(known)}
    return {seq: names[actor] for seq, actor in acted.items() if actor in names}


def _links(work: Work, rows: Sequence[Row]) -> list[Link]:
    opened = disclosures_of(work.session, work.keys, [row.hash for row in rows])
    for hash_ in _of_hidden_links(work, rows):
        opened.pop(hash_, None)
    return [
        Link(row.seq, row.action, row.at, row.hash, row.body.decode(errors="replace"), opened.get(row.hash, {}))
        for row in rows
    ]


def _of_hidden_links(work: Work, rows: Sequence[Row]) -> list[str]:
    """The hashes of entries about links to what the actor may not know of: to whom they lead is not for her."""
    linking = {row.id: row.hash for row in rows if row.action in LINKING}
    if not linking:
        return []
    told = work.query(links.Link).join(TimelineEvent, TimelineEvent.link_id == links.Link.id)
    shown = work.session.scalars(told.with_only_columns(TimelineEvent.entry).where(TimelineEvent.entry.in_(linking)))
    return [linking[id] for id in linking.keys() - set(shown)]


@act_on(Evidence, Permission.EVIDENCE_VERIFY, read_only=True)
def to_verify(work: Work, item: Evidence) -> fixity.Target | None:
    """What is to be read again for `verified`; None for a physical thing."""
    return fixity.target(item)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The outcome of a verification, as answered. `object` is null for a physical thing."""

    object: str | None
    chain: str
    sha256: str | None
    entries: int
    faults: list[Fault]
    quarantined: bool
    verified_at: datetime


@act_on(Evidence, Permission.EVIDENCE_VERIFY)
def verified(work: Work, item: Evidence, examined: fixity.Examined | None) -> Verdict:
    """Check the item's chain, and record what was found of it and of the object. A mismatch quarantines the item."""
    faults = _faults(work, item)
    chain_said = _said(not faults)
    object_said = None if examined is None else _said(examined.passed)
    if examined is not None and not examined.passed:
        faults.append(Fault(item.subject, examined.message))
    count = sa.select(sa.func.count()).select_from(LedgerEntry).where(LedgerEntry.subject == item.subject)
    checked = work.session.execute(count).scalar_one()
    found: dict[str, Fact] = {
        "object": object_said,
        "chain": chain_said,
        "sha256": None if examined is None else examined.sha256,
    }
    item.verified_at = work.now
    if chain_said == "pass":
        work.record(item, "evidence:verify", data=found)
    else:
        # A broken chain cannot be trusted to take the entry that says so.
        work.record(work.site.subject, "system:chain_fault", data={"subject": item.subject, **found}, covers=[item])
    if faults and not item.quarantined:
        item.quarantined = True
        if chain_said == "pass":
            work.record(item, "evidence:quarantine", data={"reason_code": "mismatch"})
    return Verdict(
        object_said,
        chain_said,
        None if examined is None else examined.sha256,
        checked,
        faults,
        item.quarantined,
        work.now,
    )


def _faults(work: Work, item: Evidence) -> list[Fault]:
    # Whoever appends locks the head: with it in hand, head and entries are those of one moment.
    work.session.execute(sa.select(LedgerHead.seq).where(LedgerHead.subject == item.subject).with_for_update())
    return [f for f in verify_chains(work.session, work.keys, work.site.origin, item.subject) if not f.warning]


def _said(passed: bool) -> str:
    return "pass" if passed else "fail"


@act_on(Evidence, Permission.QUARANTINE_RELEASE)
def release(work: Work, item: Evidence, examined: fixity.Examined | None, *, reason: str) -> Evidence:
    """Release an item from quarantine, as one to whom it is foreign. Its bytes must match again: nobody can talk a
    mismatch away."""
    _foreign(work, item)
    work.step_up()
    if not item.quarantined:
        raise Conflict("The item is not quarantined.")
    if examined is not None and not examined.passed:
        raise Quarantined("The bytes still do not match. Restore the object from a copy that does, then release it.")
    if _faults(work, item):
        raise Quarantined(
            "The item's custody chain does not verify. It stays quarantined: keep it as it is, and have the "
            "administrator look at the ledger and its backups."
        )
    item.quarantined = False
    work.record(
        item,
        "evidence:release",
        data={"sha256": None if examined is None else examined.sha256},
        facts={"reason": reason},
    )
    return item


@act_on(Evidence, Permission.QUARANTINE_RELEASE, read_only=True)
def to_release(work: Work, item: Evidence) -> fixity.Target | None:
    """What is to be read again before `release`."""
    _foreign(work, item)
    return fixity.target(item)


def _foreign(work: Work, item: Evidence) -> None:
    if not foreign(work, item):
        raise work.forbid("The item is yours. Another supervisor must release it.", Permission.QUARANTINE_RELEASE, item)


@dataclass(frozen=True, slots=True)
class Related:
    """The items that an item is made from and that are made from it, as far as the actor may know of them."""

    original: Evidence | None
    made_from_it: list[Evidence]


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def related(work: Work, item: Evidence) -> Related:
    """The item's original, and its working copies, extracts and photographs, oldest first."""
    original = work.session.scalars(work.query(Evidence).where(Evidence.id == item.original_id)).one_or_none()
    made = work.query(Evidence).where(Evidence.original_id == item.id).order_by(Evidence.id).limit(MOST_RELATED)
    return Related(original, list(work.session.scalars(made)))
