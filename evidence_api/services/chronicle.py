"""The custody picture of an item: its whole chain, read and verified in one go."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import sqlalchemy as sa

from evidence_api.domain.chronicle import Act, Acts, Chronicle, Finding
from evidence_api.domain.chronicle import chronicle as tell
from evidence_api.ledger.entry import Entry, Fact, as_moment, moment
from evidence_api.ledger.stored import Row, as_hex, id_of, raw
from evidence_api.ledger.verifying import Fault, verify_chains
from evidence_api.models import CaseActor, Evidence, LedgerEntry, User
from evidence_api.policy import Permission
from evidence_api.work import Work, act_on


@dataclass(frozen=True, slots=True)
class Told:
    """An item's chronicle, and the user names of the people in it, by the ids under which the chain knows them."""

    chronicle: Chronicle
    names: Mapping[str, str]


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def chronicle(work: Work, item: Evidence) -> Told:
    """Who held the item and what was done with it, from its chain alone, verified as it is read.

    To be called in a read-only act, which sees one snapshot: else an entry that is appended meanwhile looks like a
    fault.
    """
    acts, findings = Acts(), list[Finding]()

    def take(row: Row, entry: Entry, facts: Mapping[str, Fact | float]) -> Iterable[Fault]:
        verb, at = entry.action.partition(":")[2], moment(entry.recorded_at)
        act = Act(row.seq, verb, entry.actor, at, moment(entry.occurred_at), entry.data, as_moment(facts.get("due_at")))
        acts.take(act, doubted=bool(findings) and findings[-1].seq == row.seq)
        return ()

    for fault in verify_chains(work.session, work.keys, work.site.origin, item.subject, take):
        findings.append(Finding(fault.code, fault.seq, fault.warning))
    told = tell(acts, findings, work.now)
    return Told(told, _names(work, item, told))


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def length(work: Work, item: Evidence) -> int:
    """How many entries the item's chain has: what its chronicle takes to read."""
    count = sa.select(sa.func.count()).select_from(LedgerEntry).where(LedgerEntry.subject == item.subject)
    return work.session.execute(count).scalar_one()


def _names(work: Work, item: Evidence, told: Chronicle) -> dict[str, str]:
    named = {period.keeper for period in told.periods}
    for handover in told.handovers:
        named |= {handover.giver, handover.receiver, handover.offered_by, handover.withdrawn_by}
    for mark in told.marks:
        named |= {mark.by, mark.about}
    for span in told.spans:
        named |= {span.by, span.ended_by}
    ids = {id: name for name in named if name is not None and (id := id_of(f":{name}")) is not None}
    query = (
        sa.select(raw(CaseActor.actor), raw(User.username))
        .join(User, User.id == CaseActor.user_id)
        .where(CaseActor.case_id == item.case_id, CaseActor.actor.in_(ids))
    )
    names = {as_hex(r.actor): str(r.username) for r in work.session.execute(query)}
    return {name: names[id.hex] for id, name in ids.items() if id.hex in names}
