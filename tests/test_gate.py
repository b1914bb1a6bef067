"""The gate: nothing is changed unless the ledger says so, and nobody reaches what is not hers."""

import sys
import types
import uuid
from typing import Any

import click
import pytest
import sqlalchemy as sa

from evidence_api import services
from evidence_api.api.contract import Api
from evidence_api.cli._command import Commands
from evidence_api.domain.roles import OPERATOR
from evidence_api.ledger.entry import decode
from evidence_api.models import Case, LedgerEntry
from evidence_api.work import Site, UnrecordedChange, Work, act_of, begin
from tests.conftest import Persona


def entries(site: Site, subject: str) -> list[LedgerEntry]:
    with begin(site, OPERATOR, read_only=True) as work:
        query = sa.select(LedgerEntry).where(LedgerEntry.subject == subject).order_by(LedgerEntry.seq)
        return list(work.session.scalars(query))


def test_a_change_that_nobody_recorded_is_not_committed(site: Site, case: dict[str, Any]) -> None:
    with pytest.raises(UnrecordedChange), begin(site, OPERATOR) as work:
        work.session.get_one(Case, uuid.UUID(case["id"])).title = "Changed in silence"
    with begin(site, OPERATOR, read_only=True) as work:
        assert work.session.get_one(Case, uuid.UUID(case["id"])).title == case["title"]


def test_a_bulk_statement_that_nobody_recorded_is_not_committed(site: Site, case: dict[str, Any]) -> None:
    with pytest.raises(UnrecordedChange), begin(site, OPERATOR) as work:
        work.session.execute(sa.update(Case).values(title="Changed in silence"))
    with begin(site, OPERATOR, read_only=True) as work:
        assert work.session.get_one(Case, uuid.UUID(case["id"])).title == case["title"]


def test_an_act_that_fails_keeps_neither_the_change_nor_the_entry(site: Site, case: dict[str, Any]) -> None:
    before = len(entries(site, f"case:{case['id']}"))

    def fail(work: Work) -> None:
        found = work.session.get_one(Case, uuid.UUID(case["id"]))
        found.title = "Half done"
        work.record(found, "case:edit")
        work.write_ledger()
        raise RuntimeError

    with pytest.raises(RuntimeError), begin(site, OPERATOR) as work:
        fail(work)
    assert len(entries(site, f"case:{case['id']}")) == before


def test_what_an_outsider_reaches_for_does_not_exist_for_her_and_is_recorded_on_her_own_chain(
    site: Site, case: dict[str, Any], colleague: Persona
) -> None:
    before, item = entries(site, f"user:{colleague.id}"), entries(site, f"case:{case['id']}")
    hidden = colleague.get(f"/cases/{case['id']}")
    absent = colleague.get(f"/cases/{uuid.uuid4()}")
    assert hidden.status_code == absent.status_code == 404
    assert hidden.get_json() == absent.get_json(), "she cannot tell the hidden from the absent"
    denied = entries(site, f"user:{colleague.id}")[len(before) :]
    assert [decode(row.body).action for row in denied] == ["user:denied"]
    assert decode(denied[0].body).data == {"permission": "case_read", "subject": f"case:{case['id']}"}
    assert len(entries(site, f"case:{case['id']}")) == len(item)


def test_what_a_role_may_not_do_is_refused_and_recorded(site: Site, case: dict[str, Any], lawyer: Persona) -> None:
    before = len(entries(site, f"user:{lawyer.id}"))
    refused = lawyer.post(f"/cases/{case['id']}/transitions", {"action": "investigate", "reason": "Go"})
    assert refused.status_code == 403
    assert len(entries(site, f"user:{lawyer.id}")) == before + 1


def test_an_outsider_with_faulty_input_learns_nothing_more_than_an_outsider(
    case: dict[str, Any], colleague: Persona
) -> None:
    assert colleague.post(f"/cases/{case['id']}/transitions", {"nonsense": 1}).status_code == 404


def test_someone_without_the_permission_is_told_so_before_her_input_is_read(
    case: dict[str, Any], lawyer: Persona
) -> None:
    assert lawyer.call("PATCH", f"/cases/{case['id']}", json={"nonsense": 1}).status_code == 403


def test_a_person_stands_in_two_cases_under_two_names(site: Site, investigator: Persona) -> None:
    actors = set()
    for _ in range(2):
        opened = investigator.post("/cases", {"title": "One", "kind": "child_labour", "country": "KH"}).get_json()
        actors.add(decode(entries(site, f"case:{opened['id']}")[0].body).actor)
    assert len(actors) == 2
    assert str(investigator.id) not in actors


def test_a_use_case_without_a_permission_cannot_become_a_route() -> None:
    def unguarded(work: Work) -> None:
        """No permission here."""

    with pytest.raises(TypeError):
        act_of(unguarded)
    with pytest.raises(TypeError):
        Api("test", __name__).route("GET", "/nothing", unguarded, says="Nothing")


def test_a_command_without_a_permission_cannot_be_added() -> None:
    with pytest.raises(TypeError):
        Commands("test").add_command(click.Command("nothing"))


def test_a_service_with_an_undeclared_function_fails_at_import() -> None:
    careless = types.ModuleType("evidence_api.services.careless")
    exec("def change(work):\n    return work\n", careless.__dict__)
    with pytest.raises(TypeError, match="declares no permission"):
        services.check(careless)
    for name in ("accounts", "cases", "custody", "evidence", "intake", "ledger", "sign_in", "uploads"):
        assert f"evidence_api.services.{name}" in sys.modules, "each is checked as it is imported"


def test_a_change_carries_an_etag_and_a_lost_race_is_told(case: dict[str, Any], investigator: Persona) -> None:
    read = investigator.get(f"/cases/{case['id']}")
    changed = investigator.call(
        "PATCH", f"/cases/{case['id']}", json={"title": "First"}, headers={"If-Match": read.headers["ETag"]}
    )
    assert changed.status_code == 200
    assert changed.headers["ETag"] != read.headers["ETag"]
    lost = investigator.call(
        "PATCH", f"/cases/{case['id']}", json={"title": "Second"}, headers={"If-Match": read.headers["ETag"]}
    )
    assert lost.status_code == 412
    assert investigator.get(f"/cases/{case['id']}").get_json()["title"] == "First"


def test_a_post_with_an_idempotency_key_is_done_once_and_answered_alike(investigator: Persona) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"title": "Once", "kind": "child_labour", "country": "KH"}
    first = investigator.post("/cases", body, headers=key)
    again = investigator.post("/cases", body, headers=key)
    assert first.status_code == again.status_code == 201
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotency-Replayed"] == "true"
    other = investigator.post("/cases", {**body, "title": "Another"}, headers=key)
    assert other.status_code == 422
