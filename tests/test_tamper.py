"""Tampering straight in the database and the store: `unbroken ledger verify` finds each and names the item."""

import io
import os
import subprocess
import threading
import uuid
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from click.testing import CliRunner
from sqlalchemy.orm import Session

from evidence_api import create_app
from evidence_api.cli import main
from evidence_api.config import Settings, attributes
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.ledger import verifying
from evidence_api.ledger.entry import Entry, decode, encode, entry_hash, timestamp
from evidence_api.models import ClockFaultInterval, Evidence, LedgerEntry
from evidence_api.setup import initialise, make_keys, migrate
from evidence_api.site import open_site
from evidence_api.storage import DirectoryStorage
from evidence_api.work import Site, begin
from tests import servers
from tests.casework import intervened, made, move, new_perpetrator, new_venue
from tests.conftest import BACKEND, Persona, days_ago, make_settings, new_persona, upload


class Office:
    """An installation of the test's own, to be damaged, with two sound items and one to tamper with."""

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.site: Site = open_site(settings, probe=True)
        app = create_app(self.site)
        self.person: Persona = new_persona(self.site, app, Role.INVESTIGATOR)
        self.supervisor: Persona = new_persona(self.site, app, Role.SUPERVISOR)
        case = self.person.post("/cases", {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"}).get_json()
        self.other = upload(self.person, case["id"])
        self.item = upload(self.person, case["id"])
        for _ in range(3):
            assert self.person.get(f"/evidence/{self.item['id']}/content").status_code == 200
        self.subject = f"evidence:{self.item['id']}"

    def sql(self, statement: str, **values: Any) -> None:
        """As someone with full access to the database does: the guards are dropped first."""
        values = {"s": self.subject, **values}
        with self.site.engine.begin() as connection:
            if connection.dialect.name == "sqlite":
                for trigger in ("no_update", "no_delete", "no_replace"):
                    connection.execute(sa.text(f"DROP TRIGGER IF EXISTS ledger_entry_{trigger}"))
            else:
                connection.execute(sa.text("ALTER TABLE ledger_entry DISABLE TRIGGER ALL"))
            connection.execute(sa.text(statement), values)

    def rows(self) -> list[LedgerEntry]:
        with begin(self.site, OPERATOR, read_only=True) as work:
            query = sa.select(LedgerEntry).where(LedgerEntry.subject == self.subject).order_by(LedgerEntry.seq)
            return list(work.session.scalars(query))

    def set_body(self, seq: int, body: bytes) -> None:
        self.sql(
            "UPDATE ledger_entry SET body = :b, hash = :h, prev = :p WHERE subject = :s AND seq = :n",
            b=body,
            h=entry_hash(body),
            p=decode(body).prev,
            n=seq,
        )

    def verify(self) -> tuple[int, str]:
        """`unbroken ledger verify`, as its user runs it."""
        given = {name: getattr(self.settings, kept) for name, kept in attributes().items()}
        environ = {f"UNBROKEN_{name.upper()}": str(value) for name, value in given.items() if value}
        environ = {name: {"True": "1", "False": "0"}.get(value, value) for name, value in environ.items()}
        environ["UNBROKEN_S3_SECURE"] = "0"
        environ = {name: value for name, value in environ.items() if not name.endswith("_KEY") or "S3" in name}
        result = CliRunner().invoke(main, ["ledger", "verify"], env=environ)
        return result.exit_code, result.output


@pytest.fixture(scope="module")
def build(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Callable[[], Office]:
    def make() -> Office:
        settings = make_settings(tmp_path_factory.mktemp("damaged"), request)
        migrate(settings)
        make_keys(settings)
        initialise(settings, origin="tests.example.org/ledger", office="PP", name="Phnom Penh")
        return Office(settings)

    return make


@pytest.fixture
def office(build: Callable[[], Office]) -> Iterator[Office]:
    made = build()
    yield made
    made.site.engine.dispose()


def found(office: Office, *words: str) -> None:
    """Verification fails with exit code 1, names the item, says what is wrong, and blames nothing else."""
    status, output = office.verify()
    assert status == 1, output
    lines = [line for line in output.splitlines() if line.startswith("FAIL") and office.subject in line]
    assert lines, output
    for word in words:
        assert any(word in line for line in lines), output
    assert office.item["ref"] in output or "gone from the register" in output
    assert office.other["id"] not in output, "the sound item is not blamed"


def test_a_sound_office_passes(office: Office) -> None:
    status, output = office.verify()
    assert (status, "All chains are whole; 2 objects read" in output) == (0, True), output


def test_an_edited_entry_is_found(office: Office) -> None:
    entry = decode(office.rows()[1].body)
    office.set_body(1, changed(entry, role="lawyer"))
    found(office, "entry 2: it does not follow from the entry before it")


def test_an_edited_last_entry_is_found(office: Office) -> None:
    office.set_body(3, changed(decode(office.rows()[3].body), role="lawyer"))
    found(office, "head row names another last entry")


def test_bytes_that_are_no_longer_an_entry_are_found(office: Office) -> None:
    office.sql("UPDATE ledger_entry SET body = :b WHERE subject = :s AND seq = 1", b=b"{}")
    found(office, "the bytes are not an entry")


def test_an_edited_column_beside_the_bytes_is_found(office: Office) -> None:
    office.sql("UPDATE ledger_entry SET action = 'evidence:view' WHERE subject = :s AND seq = 1")
    found(office, "the column action differs from the entry's bytes")


def test_a_removed_entry_is_found(office: Office) -> None:
    office.sql("DELETE FROM ledger_entry WHERE subject = :s AND seq = 2")
    found(office, "entry 2 is missing")


def test_a_tail_cut_off_is_found(office: Office) -> None:
    office.sql("DELETE FROM ledger_entry WHERE subject = :s AND seq = 3")
    found(office, "tail was cut off")


def test_a_chain_removed_whole_is_found_by_its_head(office: Office) -> None:
    office.sql("DELETE FROM ledger_entry WHERE subject = :s")
    found(office, "they were removed")


def test_a_chain_removed_with_its_head_is_found_by_the_register(office: Office) -> None:
    office.sql("DELETE FROM ledger_entry WHERE subject = :s")
    office.sql("DELETE FROM ledger_head WHERE subject = :s")
    office.sql("DELETE FROM disclosure WHERE subject = :s")
    found(office, "its chain is gone")


def test_an_item_removed_from_the_register_is_found_by_its_chain(office: Office) -> None:
    office.sql("DELETE FROM sitting")
    office.sql("UPDATE upload SET evidence_id = NULL")
    office.sql("DELETE FROM evidence WHERE ref = :r", r=office.item["ref"])
    found(office, "gone from the register")


def test_an_inserted_entry_is_found(office: Office) -> None:
    rows = office.rows()
    forged = changed(decode(rows[2].body), id=str(uuid.uuid4()))
    office.sql("UPDATE ledger_entry SET seq = seq + 100 WHERE subject = :s AND seq >= 2")
    office.sql("UPDATE ledger_entry SET seq = seq - 99 WHERE subject = :s AND seq >= 102")
    office.sql(
        "INSERT INTO ledger_entry (body, entry_id, subject, seq, prev, hash, action, recorded_at, case_id) "
        "SELECT :b, :i, subject, 2, :p, :h, action, recorded_at, case_id "
        "FROM ledger_entry WHERE subject = :s AND seq = 1",
        b=forged,
        i=uuid_value(office, decode(forged).id),
        p="f" * 64,
        h=entry_hash(forged),
    )
    found(office)


def test_reordered_entries_are_found(office: Office) -> None:
    for new, old in ((101, 1), (1, 2), (2, 101)):
        office.sql("UPDATE ledger_entry SET seq = :n WHERE subject = :s AND seq = :o", n=new, o=old)
    found(office, "stand in another order")


def test_a_head_row_set_back_is_found(office: Office) -> None:
    before = office.rows()[2]
    office.sql("UPDATE ledger_head SET seq = 2, hash = :h WHERE subject = :s", h=before.hash)
    found(office, "head row was set back")


def test_a_head_row_removed_is_found(office: Office) -> None:
    office.sql("DELETE FROM ledger_head WHERE subject = :s")
    found(office, "no head row")


def test_an_altered_disclosure_is_found(office: Office) -> None:
    office.sql("UPDATE disclosure SET sealed = :b WHERE subject = :s AND name = 'title'", b=os.urandom(80))
    found(office, "a disclosure does not open its commitment")


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("sha256 = '" + "0" * 64 + "'", "the register's sha256 differs"),
        ("size = size + 1", "the register's size differs"),
        ("state = 'at_court'", "the register says at_court"),
        ("storage_key = 'objects/00000000-0000-0000-0000-000000000000'", "the register's storage_key differs"),
    ],
)
def test_a_register_that_says_other_than_the_chain_is_found(office: Office, change: str, said: str) -> None:
    office.sql(f"UPDATE evidence SET {change} WHERE ref = :r", r=office.item["ref"])
    found(office, said)


def test_a_custodian_put_into_the_register_by_hand_is_found(office: Office) -> None:
    with office.site.engine.begin() as connection:
        change = sa.update(Evidence).where(Evidence.ref == office.item["ref"])
        connection.execute(change.values(custodian_id=office.supervisor.id))
    found(office, "custodian is not the one that the chain names")


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ({"due_at": days_ago(-400)}, "due_at is not what the chain says"),
        ({"due_at": None}, "due_at is not what the chain says"),
        ({"lender_id": None}, "lender is not the one from whom"),
        ({"verified_at": days_ago(0.1)}, "verified_at is not the time"),
        ({"verified_at": None}, "verified_at is not the time"),
    ],
)
def test_what_is_altered_of_an_item_that_is_out_is_found(office: Office, values: dict[str, Any], said: str) -> None:
    person, path = office.person, f"/evidence/{office.item['id']}"
    move = {"action": "check_out", "reason": "To be shown", "due_at": days_ago(-3).isoformat()}
    assert person.post(f"{path}/verify").status_code == 200
    assert person.post(f"{path}/moves", move).status_code == 200
    assert office.verify()[0] == 0
    with office.site.engine.begin() as connection:
        connection.execute(sa.update(Evidence).where(Evidence.ref == office.item["ref"]).values(**values))
    found(office, said)


def test_another_to_whom_an_item_would_come_back_is_found(office: Office) -> None:
    move = {"action": "check_out", "reason": "To be shown"}
    assert office.person.post(f"/evidence/{office.item['id']}/moves", move).status_code == 200
    with office.site.engine.begin() as connection:
        change = sa.update(Evidence).where(Evidence.ref == office.item["ref"])
        connection.execute(change.values(lender_id=office.supervisor.id))
    found(office, "lender is not the one from whom")
    assert office.person.post(f"/evidence/{office.item['id']}/moves", {**move, "action": "check_in"}).status_code == 200
    found(office, "came back to another than the one from whom it was taken")


def test_a_byte_flipped_in_an_object_is_found_and_quarantines_the_item_when_it_is_verified(office: Office) -> None:
    flip(office)
    found(office, "SHA-256 does not match")
    verdict = office.person.post(f"/evidence/{office.item['id']}/verify").get_json()
    assert (verdict["object"], verdict["chain"], verdict["quarantined"]) == ("fail", "pass", True)
    assert office.person.get(f"/evidence/{office.item['id']}/content").get_json()["type"] == "quarantined"
    taken = office.person.post(f"/evidence/{office.item['id']}/moves", {"action": "check_out", "reason": "To look"})
    assert taken.get_json()["type"] == "quarantined"


def test_quarantine_ends_only_by_a_supervisor_and_only_once_the_bytes_match_again(office: Office) -> None:
    unflip = flip(office)
    path = f"/evidence/{office.item['id']}"
    office.person.post(f"{path}/verify")
    person, supervisor = office.person, office.supervisor
    body = {"reason": "Restored from the backup"}
    assert person.post(f"{path}/release", {**body, "otp": person.otp()}).status_code == 403
    assert supervisor.post(f"{path}/release", body).get_json()["type"] == "step-up"
    still = supervisor.post(f"{path}/release", {**body, "otp": supervisor.otp()})
    assert still.get_json()["type"] == "quarantined"
    unflip()
    released = supervisor.post(f"{path}/release", {**body, "otp": supervisor.otp()})
    assert released.status_code == 200, released.get_json()
    assert released.get_json()["quarantined"] is False
    assert office.verify()[0] == 0


def test_an_object_removed_from_the_store_is_found(office: Office) -> None:
    remove(office)
    found(office, "the object is not in the store")
    verdict = office.person.post(f"/evidence/{office.item['id']}/verify").get_json()
    assert (verdict["object"], verdict["quarantined"]) == ("fail", True)


def test_a_broken_chain_is_told_by_the_items_own_verification_and_recorded_elsewhere(office: Office) -> None:
    office.set_body(1, changed(decode(office.rows()[1].body), role="lawyer"))
    verdict = office.supervisor.post(f"/evidence/{office.item['id']}/verify").get_json()
    assert (verdict["object"], verdict["chain"], verdict["quarantined"]) == ("pass", "fail", True)
    assert verdict["faults"][0]["subject"] == office.subject
    with begin(office.site, OPERATOR, read_only=True) as work:
        query = sa.select(LedgerEntry).where(LedgerEntry.subject == office.site.subject)
        last = list(work.session.scalars(query.order_by(LedgerEntry.seq)))[-1]
    assert decode(last.body).action == "system:chain_fault"
    assert decode(last.body).data["subject"] == office.subject
    assert office.supervisor.post("/ledger/verify").get_json()["chains"] == "fail"


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ("sensitivity = 'restricted'", "the register says restricted, the chain says ordinary"),
        ("held = NOT held", "the register says held, the chain says not held"),
        ("quarantined = NOT quarantined", "the register says quarantined, the chain says released"),
        ("title = 'Another door'", "title is not the one"),
        ("collector_id = (SELECT id FROM user_account WHERE id <> collector_id LIMIT 1)", "collector is not the one"),
        ("case_id = (SELECT id FROM case_file WHERE id <> case_id LIMIT 1)", "under another case"),
    ],
)
def test_what_was_put_into_the_register_by_hand_is_found(office: Office, change: str, said: str) -> None:
    office.person.post("/cases", {"title": "Harbour", "kind": "sex_trafficking", "country": "KH"})
    office.sql(f"UPDATE evidence SET {change} WHERE ref = :r", r=office.item["ref"])
    found(office, said)


def test_a_restriction_and_a_hold_lifted_by_hand_are_found_but_not_those_lifted_by_a_supervisor(office: Office) -> None:
    path, supervisor = f"/evidence/{office.item['id']}", office.supervisor
    another = new_persona(office.site, office.person.app, Role.SUPERVISOR)
    office.person.post(f"{path}/sensitivity", {"sensitivity": "restricted", "reason": "Shows abuse"})
    assert another.post(f"{path}/hold", {"reason": "The court asks"}).status_code == 200
    assert office.verify()[0] == 0
    office.sql("UPDATE evidence SET sensitivity = 'ordinary', held = NOT held WHERE ref = :r", r=office.item["ref"])
    found(office, "the register says ordinary, the chain says restricted", "the register says not held")
    office.sql("UPDATE evidence SET sensitivity = 'restricted', held = NOT held WHERE ref = :r", r=office.item["ref"])
    lifted = {"sensitivity": "ordinary", "reason": "It does not", "otp": supervisor.otp()}
    assert supervisor.post(f"{path}/sensitivity", lifted).status_code == 200
    ended = supervisor.post(f"{path}/lift-hold", {"reason": "Over", "otp": supervisor.otp()})
    assert ended.status_code == 200, ended.get_json()
    assert office.verify()[0] == 0


def test_a_quarantine_lifted_by_hand_is_found(office: Office) -> None:
    unflip = flip(office)
    office.person.post(f"/evidence/{office.item['id']}/verify")
    unflip()
    assert office.verify()[0] == 0
    office.sql("UPDATE evidence SET quarantined = NOT quarantined WHERE ref = :r", r=office.item["ref"])
    found(office, "the register says not quarantined, the chain says quarantined")


def test_a_quarantine_for_a_broken_chain_that_was_lifted_by_hand_is_found_though_the_chain_was_mended(
    office: Office,
) -> None:
    sound = office.rows()[1].body
    office.set_body(1, changed(decode(sound), role="lawyer"))
    office.person.post(f"/evidence/{office.item['id']}/verify")
    office.set_body(1, sound)
    assert office.verify()[0] == 0
    office.sql("UPDATE evidence SET quarantined = NOT quarantined WHERE ref = :r", r=office.item["ref"])
    found(office, "the register says not quarantined, the chain says quarantined")


def test_an_entry_hidden_from_its_cases_timeline_is_found(office: Office) -> None:
    office.sql("UPDATE ledger_entry SET case_id = NULL WHERE subject = :s AND seq = 1")
    found(office, "under another case")


def test_the_chains_of_people_and_places_stand_under_their_case_and_one_that_was_moved_or_left_over_is_found(
    office: Office,
) -> None:
    case = office.person.get(f"/evidence/{office.item['id']}").get_json()["case"]
    move(office.person, f"/cases/{case}", "investigate")
    rescue = intervened(office.person, office.supervisor, case)
    new_perpetrator(office.person, case)
    venue = new_venue(office.person, case)
    missing = {"case": case, "description": "A scar on the left hand"}
    search = made(office.person, "/searches", missing)
    asked = {"authority": "District police", "asks": "Who owns the house?", "sent_on": "2026-01-05"}
    made(office.person, f"/cases/{case}/requests", asked)
    status, output = office.verify()
    assert status == 0, output
    office.sql("UPDATE ledger_entry SET case_id = NULL WHERE subject = :s AND seq = 1", s=f"operation:{rescue['id']}")
    office.sql("DELETE FROM venue WHERE ref = :r", r=venue["ref"])
    another = made(office.person, "/cases", {"title": "Harbour", "kind": "sex_trafficking", "country": "KH"})
    hidden = "UPDATE search_task SET case_id = (SELECT id FROM case_file WHERE ref = :r)"
    office.sql(hidden, r=another["ref"])
    status, output = office.verify()
    assert status == 1
    assert output.count("under another case") == 2, output
    assert output.count("gone from the register") == 1, output
    for subject in (f"operation:{rescue['id']}, entry 1", f"venue:{venue['id']}", f"search:{search['id']}, entry 0"):
        assert f"FAIL {subject}" in output


def test_a_removed_disclosure_is_found(office: Office) -> None:
    office.sql("DELETE FROM disclosure WHERE subject = :s AND name = 'title'")
    found(office, "entry 0: a disclosure is gone, and no erasure is recorded")


def test_a_removed_disclosure_is_no_fault_once_the_chain_says_that_it_was_erased(office: Office) -> None:
    office.sql("DELETE FROM disclosure WHERE subject = :s AND name = 'title'")
    with begin(office.site, OPERATOR) as work:
        work.record(work.session.get_one(Evidence, uuid.UUID(office.item["id"])), "evidence:erase")
    assert office.verify()[0] == 0


def test_an_interval_of_a_wrong_clock_that_nobody_declared_excuses_nothing(office: Office) -> None:
    with begin(office.site, OPERATOR) as work:
        interval = {"begins_at": work.now - timedelta(days=3000), "ends_at": work.now + timedelta(days=3000)}
    with office.site.engine.begin() as connection:
        connection.execute(sa.insert(ClockFaultInterval).values(id=uuid.uuid4(), **interval))
    status, output = office.verify()
    assert (status, "NOTE" in output) == (1, False), output
    assert f"FAIL {office.site.subject}: a clock fault is kept that no entry declares" in output


GARBAGE = [
    "UPDATE ledger_entry SET recorded_at = 'infinity' WHERE subject = :s AND seq = 1",
    "UPDATE ledger_entry SET subject = 'evidence:nothing' WHERE subject = :s",
    "UPDATE ledger_entry SET case_id = entry_id WHERE subject = :s AND seq = 1",
    "UPDATE evidence SET state = 'lost' WHERE ref = :r",
    "UPDATE evidence SET sensitivity = 'none' WHERE ref = :r",
    "UPDATE evidence SET storage_key = '../../elsewhere' WHERE ref = :r",
    "DELETE FROM subject_key WHERE subject = :s",
]
GARBAGE_IN_SQLITE = [
    "UPDATE ledger_entry SET body = 'text' WHERE subject = :s AND seq = 1",
    "UPDATE ledger_entry SET body = CAST(body AS TEXT) WHERE subject = :s AND seq = 1",
    "UPDATE ledger_entry SET recorded_at = 'yesterday' WHERE subject = :s AND seq = 1",
    "UPDATE ledger_entry SET recorded_at = 7 WHERE subject = :s AND seq = 1",
    "UPDATE ledger_entry SET entry_id = 'nobody' WHERE subject = :s AND seq = 1",
    "UPDATE ledger_entry SET case_id = 'nowhere' WHERE subject = :s AND seq = 1",
    "UPDATE ledger_entry SET seq = 'last' WHERE subject = :s AND seq = 3",
    "UPDATE ledger_entry SET action = CAST(x'ff' AS TEXT) WHERE subject = :s AND seq = 1",
    "UPDATE ledger_head SET seq = 'last', recorded_at = 'now' WHERE subject = :s",
    "UPDATE disclosure SET sealed = 'text' WHERE subject = :s",
    "UPDATE subject_key SET wrapped = 'text' WHERE subject = :s",
    "UPDATE evidence SET size = 'big' WHERE ref = :r",
    "UPDATE evidence SET received_at = 'then', claims = '{', quarantined = 'perhaps' WHERE ref = :r",
]


@pytest.mark.parametrize("statement", GARBAGE + (GARBAGE_IN_SQLITE if BACKEND == "embedded" else []))
def test_a_row_that_holds_what_cannot_be_read_stops_no_verification_and_is_found(
    office: Office, statement: str
) -> None:
    office.sql(statement, **({"r": office.item["ref"]} if ":r" in statement else {}))
    found(office)


@pytest.mark.parametrize(
    "data", [{}, {"custodian": "nobody"}, {"custodian": None, "sensitivity": 1, "to": True}], ids=str
)
def test_an_entry_that_lacks_what_it_should_say_stops_no_verification_and_is_found(
    office: Office, data: dict[str, Any]
) -> None:
    moved = {"action": "check_out", "reason": "To look"}
    assert office.person.post(f"/evidence/{office.item['id']}/moves", moved).status_code == 200
    office.set_body(4, changed(decode(office.rows()[4].body), data=data))
    found(office, "the chain says")


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE disclosure SET sealed = :b WHERE subject = :s",
        "UPDATE subject_key SET wrapped = :b WHERE subject = :s",
        "UPDATE ledger_entry SET body = :b WHERE subject = :s",
        *(["UPDATE ledger_entry SET body = 'text', recorded_at = 'x' WHERE subject = :s"] * (BACKEND == "embedded")),
    ],
)
def test_an_item_whose_entries_were_altered_can_still_be_looked_at_and_verified(office: Office, statement: str) -> None:
    path, case = f"/evidence/{office.item['id']}", office.item["case"]
    office.sql(statement, **({"b": b"\xff{}"} if ":b" in statement else {}))
    for read in (path, f"{path}/custody", f"{path}/label", f"/cases/{case}/timeline"):
        answer = office.person.get(read)
        assert answer.status_code == 200, (read, answer.get_json())
    chain = office.person.get(f"{path}/custody").get_json()["items"]
    events = office.person.get(f"/cases/{case}/timeline").get_json()["items"]
    assert [link["seq"] for link in chain] == [0, 1, 2, 3]
    assert [e["action"] for e in events if e["subject"] == office.subject] == [link["action"] for link in chain[::-1]]
    if "ledger_entry" in statement:
        assert not any(e["data"] or e["facts"] for e in events if e["subject"] == office.subject)
    verdict = office.person.post(f"{path}/verify").get_json()
    assert (verdict["chain"], verdict["quarantined"]) == ("fail", True)


def test_a_fault_behind_a_thousand_warnings_is_told_first(office: Office) -> None:
    with begin(office.site, OPERATOR) as work:
        begins, ends = work.now - timedelta(days=1), work.now + timedelta(days=1)
        data = {"begins_at": timestamp(begins), "ends_at": timestamp(ends)}
        interval = ClockFaultInterval(id=uuid.uuid4(), begins_at=begins, ends_at=ends)
        work.session.add(interval)
        work.record(office.site.subject, "system:clock_fault", data=data, covers=[interval])
        for _ in range(1001):
            work.record(office.site.subject, "system:note")
    sound = office.supervisor.post("/ledger/verify").get_json()
    assert (sound["chains"], len(sound["faults"])) == ("pass", 1000)
    office.sql("UPDATE evidence SET size = size + 1 WHERE ref = :r", r=office.item["ref"])
    verdict = office.supervisor.post("/ledger/verify").get_json()
    assert (verdict["chains"], len(verdict["faults"])) == ("fail", 1000)
    assert (verdict["faults"][0]["subject"], verdict["faults"][0]["warning"]) == (office.subject, False)


@pytest.mark.parametrize("path", ["/evidence/{}/verify", "/ledger/verify"])
def test_an_append_in_the_midst_of_a_verification_is_no_fault(
    office: Office, monkeypatch: pytest.MonkeyPatch, path: str
) -> None:
    content = os.urandom(2000)
    item = upload(office.person, office.item["case"], content)
    again = {"title": "Twice", "file": (io.BytesIO(content), "twice.bin")}
    appending = threading.Thread(
        target=office.person.post,
        args=[f"/cases/{office.item['case']}/evidence"],
        kwargs={"data": again, "content_type": "multipart/form-data"},
    )
    read_heads = verifying._heads

    def read_heads_and_append(session: Session, subject: str | None) -> dict[str, tuple[int, str]]:
        heads = read_heads(session, subject)
        appending.start()
        appending.join(timeout=1)
        return heads

    monkeypatch.setattr(verifying, "_heads", read_heads_and_append)
    verdict = office.supervisor.post(path.format(item["id"])).get_json()
    appending.join()
    assert verdict["faults"] == []
    monkeypatch.undo()
    chain = office.person.get(f"/evidence/{item['id']}/custody").get_json()["items"]
    assert "evidence:duplicate" in [link["action"] for link in chain]
    assert office.verify()[0] == 0


def changed(entry: Entry, **changes: Any) -> bytes:
    return encode(Entry(**{**{name: getattr(entry, name) for name in entry.__slots__}, **changes}))


def uuid_value(office: Office, text: str) -> object:
    return uuid.UUID(text).hex if office.site.engine.dialect.name == "sqlite" else uuid.UUID(text)


def where(office: Office) -> tuple[str, str | None]:
    with begin(office.site, OPERATOR, read_only=True) as work:
        item = work.session.get_one(Evidence, uuid.UUID(office.item["id"]))
        assert item.storage_key is not None
        return item.storage_key, item.storage_version


def flip(office: Office) -> Callable[[], None]:
    """Flip one byte of the object where it lies, below the store's own interface; gives what flips it back."""
    key, _ = where(office)
    if isinstance(office.site.storage, DirectoryStorage):
        path = office.site.storage.path(key)
        path.chmod(0o600)

        def turn() -> None:
            content = bytearray(path.read_bytes())
            content[1000] ^= 1
            path.write_bytes(content)
    else:

        def turn() -> None:
            flip_in_ceph(key)

    turn()
    return turn


def flip_in_ceph(key: str) -> None:
    """As someone at the store's disks does: the RADOS object behind the S3 object is written anew."""
    rados = ["rados", "-c", f"{os.environ[servers.RUN]}/s3/ceph.conf", "-p", "default.rgw.buckets.data"]
    names = subprocess.run([*rados, "ls"], check=True, capture_output=True, text=True).stdout.splitlines()
    flipped = 0
    for name in names:
        if key in name:
            content = bytearray(subprocess.run([*rados, "get", name, "-"], check=True, capture_output=True).stdout)
            if len(content) > 1000:
                content[1000] ^= 1
                subprocess.run([*rados, "put", name, "-"], check=True, input=bytes(content))
                flipped += 1
    assert flipped == 1


def remove(office: Office) -> None:
    """Take the object out of the store, its locks notwithstanding."""
    key, version = where(office)
    office.site.storage.discard(key, version)
