"""The digest that a device computed while it sent a file: on the record once, and never without consequence."""

import hashlib
import os
import uuid
from typing import Any

import orjson
import pytest
import sqlalchemy as sa
from werkzeug.test import TestResponse

from evidence_api.domain.roles import SYSTEM
from evidence_api.models import Case, Evidence, LedgerEntry
from evidence_api.services import ledger
from evidence_api.work import Site, begin
from tests.conftest import Persona, days_ago
from tests.test_picture import hand_over
from tests.test_uploads import items, read_item, send, start

pytestmark = pytest.mark.usefixtures("quick_sign_in")

OTHER = "0" * 64


def attest(persona: Persona, url: str, sha256: str) -> TestResponse:
    return persona.post(f"{url}/digest", {"sha256": sha256})


def sent(persona: Persona, case: dict[str, Any], content: bytes) -> tuple[str, str]:
    """A file that has come in whole: the upload's address and the item."""
    url = start(persona, case["id"], len(content))
    answer = send(persona, url, 0, content)
    assert answer.status_code == 204, answer.get_json()
    return url, answer.headers["Upload-Evidence"]


def entries(site: Site, item: str) -> list[tuple[str, dict[str, Any]]]:
    """What the item's chain says, oldest first: actions and their data."""
    find = sa.select(LedgerEntry.body).where(LedgerEntry.subject == f"evidence:{item}").order_by(LedgerEntry.seq)
    with site.engine.connect() as connection:
        found = [orjson.loads(body) for body in connection.scalars(find)]
    return [(entry["action"], entry["data"]) for entry in found]


def faults(site: Site, item: str) -> list[str]:
    with begin(site, SYSTEM, read_only=True) as work:
        return [fault.message for fault in ledger.verify(work) if fault.subject == f"evidence:{item}"]


@pytest.fixture
def content() -> bytes:
    return os.urandom(3000)


def test_the_digest_that_the_device_computed_stands_in_the_items_chain(
    site: Site, investigator: Persona, case: dict[str, Any], content: bytes
) -> None:
    digest = hashlib.sha256(content).hexdigest()
    url, item = sent(investigator, case, content)
    answer = attest(investigator, url, digest)
    assert (answer.status_code, answer.get_json()) == (200, {"sha256": digest, "matches": True})
    assert entries(site, item)[-1] == ("evidence:device_digest", {"sha256": digest, "matches": True})
    assert not read_item(investigator, item)["quarantined"]
    assert faults(site, item) == []


def test_a_digest_said_again_is_recorded_once(
    site: Site, investigator: Persona, case: dict[str, Any], content: bytes
) -> None:
    digest = hashlib.sha256(content).hexdigest()
    url, item = sent(investigator, case, content)
    answers = [attest(investigator, url, digest.upper()) for _ in range(2)]
    assert [answer.get_json() for answer in answers] == [{"sha256": digest, "matches": True}] * 2
    assert [action for action, _ in entries(site, item)] == ["evidence:ingest", "evidence:device_digest"]


def test_another_digest_than_the_one_recorded_is_refused(
    site: Site, investigator: Persona, case: dict[str, Any], content: bytes
) -> None:
    url, item = sent(investigator, case, content)
    attest(investigator, url, hashlib.sha256(content).hexdigest())
    assert attest(investigator, url, OTHER).status_code == 409
    assert not read_item(investigator, item)["quarantined"]
    assert [action for action, _ in entries(site, item)] == ["evidence:ingest", "evidence:device_digest"]


def test_an_item_that_differs_from_what_the_device_had_is_quarantined(
    site: Site, investigator: Persona, case: dict[str, Any], content: bytes
) -> None:
    url, item = sent(investigator, case, content)
    assert attest(investigator, url, OTHER).get_json() == {"sha256": OTHER, "matches": False}
    assert read_item(investigator, item)["quarantined"]
    assert entries(site, item)[1:] == [
        ("evidence:device_digest", {"sha256": OTHER, "matches": False}),
        ("evidence:quarantine", {"reason_code": "device_mismatch"}),
    ]
    assert faults(site, item) == []


def test_an_item_that_the_case_had_before_is_not_quarantined_for_a_second_copy_that_went_wrong(
    site: Site, investigator: Persona, lawyer: Persona, case: dict[str, Any], content: bytes
) -> None:
    _, item = sent(investigator, case, content)
    url, same = sent(lawyer, case, content)
    assert same == item
    assert attest(lawyer, url, OTHER).get_json()["matches"] is False
    assert not read_item(investigator, item)["quarantined"]
    assert entries(site, item)[-1] == ("evidence:device_digest", {"sha256": OTHER, "matches": False})


def test_a_digest_is_not_taken_before_the_file_is_whole(
    investigator: Persona, case: dict[str, Any], content: bytes
) -> None:
    url = start(investigator, case["id"], len(content))
    send(investigator, url, 0, content[:1000])
    assert attest(investigator, url, hashlib.sha256(content).hexdigest()).status_code == 409
    assert items(investigator, case) == []


def test_nobody_says_the_digest_of_anothers_upload(
    site: Site, investigator: Persona, lawyer: Persona, case: dict[str, Any], content: bytes
) -> None:
    url, item = sent(investigator, case, content)
    assert attest(lawyer, url, OTHER).status_code == 404
    assert [action for action, _ in entries(site, item)] == ["evidence:ingest"]


@pytest.mark.parametrize("wrong", ["", "12ab", OTHER + "0", "g" * 64])
def test_what_is_no_sha256_is_refused(investigator: Persona, case: dict[str, Any], content: bytes, wrong: str) -> None:
    url, _ = sent(investigator, case, content)
    assert attest(investigator, url, wrong).status_code == 422


def test_a_digest_that_comes_after_a_hand_over_is_recorded_and_stops_nobody(
    site: Site, investigator: Persona, lawyer: Persona, case: dict[str, Any], content: bytes
) -> None:
    url, item = sent(investigator, case, content)
    hand_over(investigator, lawyer, {"id": item})
    assert attest(investigator, url, OTHER).get_json() == {"sha256": OTHER, "matches": False}
    assert not read_item(lawyer, item)["quarantined"]
    assert entries(site, item)[-1] == ("evidence:device_digest", {"sha256": OTHER, "matches": False})
    assert faults(site, item) == []


def test_a_digest_that_comes_after_the_case_has_ended_is_recorded_and_stops_nothing(
    site: Site, investigator: Persona, case: dict[str, Any], content: bytes
) -> None:
    url, item = sent(investigator, case, content)
    with site.engine.begin() as connection:
        connection.execute(sa.update(Case).where(Case.id == uuid.UUID(case["id"])).values(stage="closed"))
    assert attest(investigator, url, OTHER).status_code == 200
    assert not read_item(investigator, item)["quarantined"]
    assert entries(site, item)[-1][0] == "evidence:device_digest"


def test_a_digest_is_no_longer_taken_a_week_after_the_file_came_in(
    site: Site, investigator: Persona, case: dict[str, Any], content: bytes
) -> None:
    url, item = sent(investigator, case, content)
    with site.engine.begin() as connection:
        which = Evidence.id == uuid.UUID(item)
        connection.execute(sa.update(Evidence).where(which).values(received_at=days_ago(7.1)))
    answer = attest(investigator, url, OTHER)
    assert (answer.status_code, "7 days" in answer.get_json()["detail"]) == (409, True)
    assert not read_item(investigator, item)["quarantined"]
    assert [action for action, _ in entries(site, item)] == ["evidence:ingest"]
