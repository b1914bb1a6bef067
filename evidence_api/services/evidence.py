"""Items of evidence: finding, reading, opening and verifying them. Reads are acts."""

from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

import sqlalchemy as sa

from evidence_api import fixity
from evidence_api.db import insert_if_absent
from evidence_api.domain.custody import Custody, Sensitivity
from evidence_api.domain.errors import Conflict, InvalidInput, NotFound, Quarantined, RangeNotSatisfiable
from evidence_api.domain.roles import Role
from evidence_api.ledger.chain import disclosures_of, facts_of
from evidence_api.ledger.entry import BadEntry, Fact, decode
from evidence_api.ledger.stored import Row, entries
from evidence_api.ledger.verifying import Fault, verify_chains
from evidence_api.models import Case, Evidence, LedgerEntry, LedgerHead, Reader, Sitting, User
from evidence_api.policy import Permission
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on

SITTING = timedelta(minutes=15)


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


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def read(work: Work, item: Evidence) -> Evidence:
    """What is known of an item, with the name that its file had."""
    item.filename = _filename(work, item)  # type: ignore[assignment]
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
    return _links(work, rows[:limit]), str(rows[limit - 1].seq) if len(rows) > limit else None


def _links(work: Work, rows: Sequence[Row]) -> list[Link]:
    opened = disclosures_of(work.session, work.keys, [row.hash for row in rows])
    return [
        Link(row.seq, row.action, row.at, row.hash, row.body.decode(errors="replace"), opened.get(row.hash, {}))
        for row in rows
    ]


Span = Callable[[int], tuple[int, int] | None]


@dataclass(frozen=True, slots=True)
class Opened:
    """What is given out of an object: the bytes from `start` to before `stop`; `partial` for a range."""

    target: fixity.Target
    start: int
    stop: int
    partial: bool


@act_on(Evidence, Permission.EVIDENCE_OPEN)
def open_content(
    work: Work, item: Evidence, *, span: Span | None = None, if_range: str | None = None, shown: bool = False
) -> Opened:
    """Before any byte is given out: record the read. `span` finds the range asked for in an object of so many bytes.

    All the bytes at once are a download, each one recorded, unless they are shown in a page; a page's and a player's
    reads are one view a sitting. A supervisor gives her reason. A restricted item needs a fresh code each time, and
    each time is recorded. Raises Quarantined, but for a supervisor, who must be able to look; RangeNotSatisfiable.
    """
    wanted = fixity.target(item)
    if wanted is None:
        raise NotFound("This item is a physical thing; it has no file.")
    reason = work.actor.audit_reason
    if work.actor.role is Role.SUPERVISOR and reason is None:
        raise InvalidInput({"Audit-Reason": ["Say in this header why you read the content."]})
    restricted = item.sensitivity is Sensitivity.RESTRICTED
    if restricted:
        work.step_up()
    if item.quarantined and work.actor.role is not Role.SUPERVISOR:
        raise Quarantined("The item's bytes did not match its record. A supervisor must release it first.")
    if if_range is not None and if_range != wanted.sha256:
        span = None
    found = (0, wanted.size) if span is None else span(wanted.size)
    if found is None:
        raise RangeNotSatisfiable(wanted.size)
    if found == (0, wanted.size) and not shown:
        work.record(item, "evidence:download", facts={"reason": reason})
    elif _new_sitting(work, item) or restricted:
        work.record(item, "evidence:view", facts={"reason": reason})
    return Opened(wanted, *found, partial=span is not None)


def _new_sitting(work: Work, item: Evidence) -> bool:
    key = {"evidence_id": item.id, "user_id": work.actor.user_id}
    sitting = work.session.get(Sitting, tuple(key.values()))
    if sitting is None:
        insert_if_absent(work.session, Sitting, **key, last_at=work.now)
        return True
    fresh = work.now - sitting.last_at > SITTING
    sitting.last_at = work.now
    return fresh


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
        work.record(work.site.subject, "system:chain_fault", data={"subject": item.subject, **found}, covers=item)
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
        raise Quarantined("The item's custody chain does not verify. It stays quarantined.")
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
    """Raise Forbidden for who gathered, holds or lent the item: nobody is her own second person."""
    if work.actor.user_id in (item.collector_id, item.custodian_id, item.lender_id):
        raise work.forbid("The item is yours. Another supervisor must release it.", Permission.QUARANTINE_RELEASE, item)


@act_on(Evidence, Permission.EVIDENCE_SHARE, read_only=True)
def readers(work: Work, item: Evidence) -> Page[Reader]:
    """Who is named to open the item."""
    query = sa.select(Reader).where(Reader.evidence_id == item.id).order_by(Reader.user_id)
    return list(work.session.scalars(query)), None
