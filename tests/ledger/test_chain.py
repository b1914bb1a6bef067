"""Chains in the database: appending, the clock rule, what the database itself refuses."""

import threading
import uuid
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy.exc import DatabaseError
from sqlalchemy.orm import Session

from evidence_api.db import insert_if_absent, open_session
from evidence_api.domain.errors import ClockFault
from evidence_api.ledger import chain
from evidence_api.ledger.disclosure import open_disclosure
from evidence_api.ledger.entry import decode, entry_hash, genesis, moment, timestamp
from evidence_api.ledger.verifying import verify_chains
from evidence_api.models import ClockFaultInterval, LedgerEntry, LedgerHead
from evidence_api.work import Site


def draft(subject: str, action: str = "test:note", **facts: str) -> chain.Draft:
    return chain.Draft(subject, action, None, "system", "system", {"n": 1}, facts)


def append(site: Site, *drafts: chain.Draft) -> list[LedgerEntry]:
    with open_session(site.engine) as session:
        rows = chain.append(session, site.keys, site.origin, drafts)
        session.commit()
    return rows


def subject() -> str:
    return f"test:{uuid.uuid4()}"


@pytest.fixture
def session(site: Site) -> Iterator[Session]:
    with open_session(site.engine, read_only=True) as session:
        yield session


def test_a_chain_grows_from_its_genesis_each_entry_naming_the_one_before(site: Site) -> None:
    name = subject()
    rows = append(site, draft(name), draft(name), draft(name))
    prev = genesis(site.origin, name)
    for seq, row in enumerate(rows):
        entry = decode(row.body)
        assert (entry.seq, entry.prev, entry.log) == (seq, prev, site.origin)
        prev = entry_hash(row.body)


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.lists(st.lists(st.integers(0, 3), min_size=1, max_size=4), min_size=1, max_size=6))
def test_any_history_of_acts_on_any_subjects_verifies(site: Site, acts: list[list[int]]) -> None:
    subjects = [subject() for _ in range(4)]
    for act in acts:
        append(site, *(draft(subjects[i], reason=f"because {i}") for i in act))
    with open_session(site.engine, read_only=True) as session:
        for i, name in enumerate(subjects):
            assert not list(verify_chains(session, site.keys, site.origin, name))
            count = session.execute(sa.select(sa.func.count()).where(LedgerEntry.subject == name)).scalar_one()
            assert count == sum(act.count(i) for act in acts)


def test_many_writers_at_once_leave_no_gap_and_no_fork(site: Site) -> None:
    names = [subject() for _ in range(3)]
    failed: list[Exception] = []

    def write() -> None:
        try:
            for _ in range(10):
                append(site, *(draft(name) for name in reversed(names)))
        except Exception as error:
            failed.append(error)

    threads = [threading.Thread(target=write) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failed
    with open_session(site.engine, read_only=True) as session:
        for name in names:
            assert not list(verify_chains(session, site.keys, site.origin, name))
            seqs = session.scalars(
                sa.select(LedgerEntry.seq).where(LedgerEntry.subject == name).order_by(LedgerEntry.seq)
            )
            assert list(seqs) == list(range(80))


def test_a_fact_is_in_the_entry_as_a_commitment_alone_and_opens_with_its_disclosure(
    site: Site, session: Session
) -> None:
    name = subject()
    [row] = append(site, draft(name, place="Behind the market"))
    assert b"market" not in row.body
    entry = decode(row.body)
    texts = chain.disclosures_of(session, site.keys, [row.hash])[row.hash]
    assert open_disclosure(texts["place"], "place", entry.commitments["place"]) == "Behind the market"


def test_a_destroyed_key_leaves_the_chain_whole_and_the_fact_unreadable(site: Site) -> None:
    name = subject()
    [row] = append(site, draft(name, place="Behind the market"))
    with open_session(site.engine) as session:
        site.keys.destroy(session, name)
        session.execute(sa.text("DELETE FROM disclosure WHERE subject = :s"), {"s": name})
        session.commit()
        assert list(verify_chains(session, site.keys, site.origin, name)), "nothing says that it was erased"
    append(site, draft(name, "test:erase"))
    with open_session(site.engine, read_only=True) as session:
        assert chain.disclosures_of(session, site.keys, [row.hash]) == {}
        assert not list(verify_chains(session, site.keys, site.origin, name))


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE ledger_entry SET action = 'test:other' WHERE subject = :s",
        "UPDATE ledger_entry SET body = body WHERE subject = :s",
        "DELETE FROM ledger_entry WHERE subject = :s",
        "INSERT INTO ledger_entry (body, entry_id, subject, seq, prev, hash, action, recorded_at) "
        "SELECT body, entry_id, subject, seq, prev, hash, action, recorded_at FROM ledger_entry WHERE subject = :s",
    ],
)
def test_the_database_itself_refuses_change(site: Site, statement: str) -> None:
    name = subject()
    append(site, draft(name))
    with pytest.raises(DatabaseError), site.engine.begin() as connection:
        connection.execute(sa.text(statement), {"s": name})


def test_the_database_refuses_replacement_and_truncation(site: Site) -> None:
    append(site, draft(subject()))
    statement = {
        "sqlite": "INSERT OR REPLACE INTO ledger_entry SELECT * FROM ledger_entry",
        "postgresql": "TRUNCATE ledger_entry",
    }[site.engine.dialect.name]
    with pytest.raises(DatabaseError), site.engine.begin() as connection:
        connection.execute(sa.text(statement))


def set_head_time(site: Site, name: str, ahead: timedelta) -> datetime:
    """Make the chain's last entry lie `ahead` of the clock, by appending under a clock that runs fast."""
    future = datetime.now(UTC) + ahead
    with site.engine.begin() as connection:
        connection.execute(sa.update(LedgerHead).where(LedgerHead.subject == name).values(recorded_at=future))
    return future


def test_a_clock_a_little_behind_takes_the_last_entrys_time(site: Site) -> None:
    name = subject()
    append(site, draft(name))
    last = set_head_time(site, name, timedelta(seconds=1.5))
    [row] = append(site, draft(name))
    assert moment(decode(row.body).recorded_at) == last


def test_a_clock_far_behind_refuses_the_act_and_writes_nothing(site: Site, session: Session) -> None:
    name = subject()
    append(site, draft(name))
    set_head_time(site, name, timedelta(seconds=30))
    with pytest.raises(ClockFault):
        append(site, draft(name))
    assert session.execute(sa.select(sa.func.count()).where(LedgerEntry.subject == name)).scalar_one() == 1


def test_a_declared_clock_fault_lets_acts_go_on_and_is_reported_not_failed(site: Site) -> None:
    name = subject()
    ahead = datetime.now(UTC) + timedelta(hours=1)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(chain, "database_time", lambda _session: ahead)
        append(site, draft(name))
    with pytest.raises(ClockFault):
        append(site, draft(name))
    begins, ends = ahead - timedelta(seconds=5), ahead + timedelta(seconds=5)
    with open_session(site.engine) as session:
        insert_if_absent(session, ClockFaultInterval, id=uuid.uuid4(), begins_at=begins, ends_at=ends)
        session.commit()
        undeclared = list(verify_chains(session, site.keys, site.origin))
    assert [f.message for f in undeclared if f.subject == site.subject] == [
        "a clock fault is kept that no entry declares"
    ]
    data = {"begins_at": timestamp(begins), "ends_at": timestamp(ends)}
    append(site, chain.Draft(site.subject, "system:clock_fault", None, "system", "system", data))
    append(site, draft(name))
    with open_session(site.engine, read_only=True) as session:
        faults = list(verify_chains(session, site.keys, site.origin, name))
    assert faults
    assert all(fault.warning for fault in faults)
