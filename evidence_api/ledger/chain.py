"""Appending to the chains: LEDGER.md section 4. The caller's transaction holds the change that is recorded."""

from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from evidence_api.db import database_time, insert_all_if_absent
from evidence_api.domain.errors import ClockFault
from evidence_api.domain.sentences import sentence
from evidence_api.keys import KeyMissing, KeyStore
from evidence_api.ledger import disclosure
from evidence_api.ledger.entry import (
    BadEntry,
    Entry,
    Fact,
    decode,
    encode,
    entry_hash,
    genesis,
    moment,
    timestamp,
)
from evidence_api.ledger.stored import as_bytes, id_of, raw
from evidence_api.models.ledger import ClockFaultInterval, Disclosure, LedgerEntry, LedgerHead, SubjectKey
from evidence_api.models.timeline import TimelineEvent

TOLERATED = timedelta(seconds=2)
NO_ENTRY = -1
LINKING = frozenset({"evidence:link", "evidence:unlink"})
"""Acts whose entry names a link in `data.link`."""


@dataclass(frozen=True, slots=True)
class Draft:
    """An entry before its place in the chain is known.

    `data` holds opaque facts; `facts` those that are personal or sensitive, which become commitments.
    """

    subject: str
    action: str
    actor: UUID | None
    role: str
    auth: str
    data: Mapping[str, Fact] = field(default_factory=dict)
    facts: Mapping[str, Fact | float] = field(default_factory=dict)
    occurred_at: datetime | None = None
    case_id: UUID | None = None


def append(session: Session, keys: KeyStore, log: str, drafts: Sequence[Draft]) -> list[LedgerEntry]:
    """Append every draft, heads locked in sorted order, a subject's drafts in the order given.

    Raises ClockFault where the clock is more than two seconds behind a chain's last entry.
    """
    by_subject: dict[str, list[Draft]] = {}
    for draft in drafts:
        by_subject.setdefault(draft.subject, []).append(draft)
    heads = _lock_heads(session, log, sorted(by_subject))
    sealing = {draft.subject for draft in drafts if any(value is not None for value in draft.facts.values())}
    opened = keys.subject_keys(session, sorted(sealing), create=True) if sealing else {}
    # Once for all, behind the locks: no head can have gone on since.
    now = database_time(session)
    written: list[LedgerEntry] = []
    times: list[datetime | None] = []
    disclosed: list[dict[str, object]] = []
    # What is read between the entries does not depend on them: thousands are written together.
    with session.no_autoflush:
        for subject, head in heads.items():
            for draft in by_subject[subject]:
                row, texts = _append_one(session, now, log, head, draft)
                written.append(row)
                times.append(draft.occurred_at)
                disclosed += _sealed(keys, opened[subject], row, texts) if texts else []
    session.flush()
    if disclosed:
        # Plain rows: an entry can have ten, and an act thousands of entries.
        session.execute(insert(Disclosure), disclosed)
    session.add_all(
        TimelineEvent(**happening(row.id, row.subject, row.action, row.case_id, at or row.recorded_at, row.body))
        for row, at in zip(written, times, strict=True)
        if row.case_id is not None
    )
    session.flush()
    return written


def happening(id: int, subject: str, action: str, case_id: UUID, at: datetime, body: bytes) -> dict[str, Any]:
    """The values of the timeline's event for an entry. Of one that was altered, what it is a link of is lost."""
    kind, about = subject.partition(":")[0], id_of(subject)
    link = None
    if action in LINKING:
        with suppress(BadEntry, ValueError):
            link = UUID(str(decode(body).data.get("link")))
    return {
        "entry": id,
        "case_id": case_id,
        "at": at,
        "action": action,
        "evidence_id": about if kind == "evidence" else None,
        "victim_id": about if kind == "victim" else None,
        "testimony_id": about if kind == "testimony" else None,
        "link_id": link,
    }


def _lock_heads(session: Session, log: str, subjects: Sequence[str]) -> dict[str, LedgerHead]:
    """The heads of chains, locked in the order given, which is sorted; of a new chain, made."""

    def locked(wanted: Sequence[str]) -> dict[str, LedgerHead]:
        find = select(LedgerHead).where(LedgerHead.subject.in_(wanted)).order_by(LedgerHead.subject)
        rows = session.scalars(find.with_for_update().execution_options(populate_existing=True))
        return {head.subject: head for head in rows}

    heads = locked(subjects)
    missing = [subject for subject in subjects if subject not in heads]
    if missing:
        fresh = [{"subject": s, "seq": NO_ENTRY, "hash": genesis(log, s), "recorded_at": None} for s in missing]
        insert_all_if_absent(session, LedgerHead, fresh)
        heads |= locked(missing)
    return {subject: heads[subject] for subject in subjects}


def _append_one(
    session: Session, now: datetime, log: str, head: LedgerHead, draft: Draft
) -> tuple[LedgerEntry, Mapping[str, str]]:
    """The entry, which is the new end of its chain, and what opens its commitments, by name."""
    recorded_at = _time_for(session, now, head, draft)
    disclosures = {name: disclosure.disclose(name, value) for name, value in draft.facts.items() if value is not None}
    entry = Entry(
        log=log,
        id=str(uuid4()),
        subject=draft.subject,
        seq=head.seq + 1,
        prev=head.hash,
        action=draft.action,
        actor=None if draft.actor is None else str(draft.actor),
        role=draft.role,
        auth=draft.auth,
        recorded_at=timestamp(recorded_at),
        occurred_at=timestamp(draft.occurred_at or recorded_at),
        data=dict(draft.data),
        commitments={name: disclosure.commit(text) for name, text in disclosures.items()},
    )
    body = encode(entry)
    row = row_of(body, entry, draft.case_id)
    session.add(row)
    head.seq, head.hash, head.recorded_at = entry.seq, row.hash, recorded_at
    return row, disclosures


def _sealed(keys: KeyStore, key: bytes, row: LedgerEntry, texts: Mapping[str, str]) -> list[dict[str, object]]:
    return [
        {
            "entry_hash": row.hash,
            "name": name,
            "subject": row.subject,
            "sealed": keys.seal_with(key, text.encode("ascii"), f"disclosure:{row.hash}:{name}"),
        }
        for name, text in texts.items()
    ]


def row_of(body: bytes, entry: Entry, case_id: UUID | None) -> LedgerEntry:
    """The row that keeps an entry: its bytes, and the columns derived from them."""
    return LedgerEntry(
        body=body,
        entry_id=UUID(entry.id),
        subject=entry.subject,
        seq=entry.seq,
        prev=entry.prev,
        hash=entry_hash(body),
        action=entry.action,
        recorded_at=moment(entry.recorded_at),
        case_id=case_id,
    )


def _time_for(session: Session, now: datetime, head: LedgerHead, draft: Draft) -> datetime:
    """The clock rule: never back along a chain, but where the clock was declared to have been wrong."""
    last = head.recorded_at
    if last is None or now >= last:
        return now
    if last - now <= TOLERATED:
        return last
    if draft.action == "system:clock_fault":
        return now
    declared = select(ClockFaultInterval.id).where(
        ClockFaultInterval.begins_at <= last, ClockFaultInterval.ends_at >= last
    )
    if session.execute(declared.limit(1)).first() is not None:
        return now
    behind = (
        "The server's clock is {seconds} s behind what is already recorded. Set the clock right; "
        "if the record is what is wrong, a supervisor declares the clock fault with a fresh code."
    )
    raise ClockFault(sentence(behind, seconds=round((last - now).total_seconds())))


def disclosures_of(session: Session, keys: KeyStore, entry_hashes: Sequence[str]) -> dict[str, dict[str, str]]:
    """The disclosures of entries: entry hash → name → disclosure. Erased or altered ones are simply not there."""
    query = (
        select(
            raw(Disclosure.entry_hash),
            raw(Disclosure.name),
            raw(Disclosure.sealed),
            raw(Disclosure.subject),
            raw(SubjectKey.wrapped),
        )
        .join(SubjectKey, SubjectKey.subject == Disclosure.subject)
        .where(Disclosure.entry_hash.in_(entry_hashes))
    )
    unwrapped: dict[str, bytes] = {}
    found: dict[str, dict[str, str]] = {}
    for hash_, name, sealed, subject, wrapped in session.execute(query):
        try:
            if subject not in unwrapped:
                unwrapped[subject] = keys.unwrap(subject, as_bytes(wrapped))
            opened = keys.open_with(unwrapped[subject], as_bytes(sealed), f"disclosure:{hash_}:{name}")
        except KeyMissing:
            continue
        found.setdefault(hash_, {})[name] = opened.decode("ascii")
    return found


def facts_of(entry: Entry, disclosures: Mapping[str, str]) -> dict[str, Fact | float]:
    """The facts that these disclosures open in an entry. One that opens nothing is left out."""
    facts = {}
    for name, text in disclosures.items():
        try:
            facts[name] = disclosure.open_disclosure(text, name, entry.commitments.get(name, ""))
        except BadEntry:
            continue
    return facts
