"""The gate: nothing is changed unless the ledger says so, and nobody reaches what is not hers."""

import sys
import threading
import types
import uuid
from collections.abc import Callable
from typing import Any

import click
import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError
from werkzeug.test import TestResponse

from evidence_api import services
from evidence_api.api.contract import Api
from evidence_api.cli._command import Commands
from evidence_api.domain.roles import OPERATOR
from evidence_api.ledger.entry import decode
from evidence_api.models import Case, LedgerEntry, Token
from evidence_api.work import Site, UnrecordedChange, Work, act_of, begin
from tests.conftest import Persona

SECRETLY = "Changed in silence"


def entries(site: Site, subject: str) -> list[LedgerEntry]:
    with begin(site, OPERATOR, read_only=True) as work:
        query = sa.select(LedgerEntry).where(LedgerEntry.subject == subject).order_by(LedgerEntry.seq)
        return list(work.session.scalars(query))


def test_a_change_that_nobody_recorded_is_not_committed(site: Site, case: dict[str, Any]) -> None:
    with pytest.raises(UnrecordedChange), begin(site, OPERATOR) as work:
        work.session.get_one(Case, uuid.UUID(case["id"])).title = "Changed in silence"
    with begin(site, OPERATOR, read_only=True) as work:
        assert work.session.get_one(Case, uuid.UUID(case["id"])).title == case["title"]


SILENT: dict[str, Callable[[Work], object]] = {
    "through the mapper": lambda work: work.session.execute(sa.update(Case).values(title=SECRETLY)),
    "through the table": lambda work: work.session.execute(sa.update(Case.__table__).values(title=SECRETLY)),  # type: ignore[arg-type]
    "as text": lambda work: work.session.execute(sa.text("UPDATE case_file SET title = 'Changed in silence'")),
    "on the connection": lambda work: work.session.connection().exec_driver_sql(
        "update case_file set title = 'Changed in silence'"
    ),
    "in bulk": lambda work: work.session.bulk_update_mappings(
        sa.inspect(Case),
        [{"id": c.id, "version": c.version, "title": SECRETLY} for c in work.session.scalars(sa.select(Case))],
    ),
    "by removal": lambda work: work.session.execute(sa.delete(Token)),
}


@pytest.mark.parametrize("way", SILENT)
def test_a_statement_that_nobody_recorded_is_not_committed_whatever_way_it_comes(
    site: Site, case: dict[str, Any], way: str
) -> None:
    with pytest.raises(UnrecordedChange), begin(site, OPERATOR) as work:
        SILENT[way](work)
    with begin(site, OPERATOR, read_only=True) as work:
        assert work.session.get_one(Case, uuid.UUID(case["id"])).title == case["title"]


def test_an_entry_about_something_else_does_not_speak_for_a_change(site: Site, case: dict[str, Any]) -> None:
    def change(work: Work) -> None:
        work.session.get_one(Case, uuid.UUID(case["id"])).title = SECRETLY
        work.record(site.subject, "system:note")

    with pytest.raises(UnrecordedChange), begin(site, OPERATOR) as work:
        change(work)


def test_nobody_but_the_gate_commits(site: Site, case: dict[str, Any]) -> None:
    def change(work: Work) -> None:
        work.session.get_one(Case, uuid.UUID(case["id"])).title = SECRETLY
        work.session.commit()

    with pytest.raises(RuntimeError, match="only the gate commits"), begin(site, OPERATOR) as work:
        change(work)
    with begin(site, OPERATOR, read_only=True) as work:
        assert work.session.get_one(Case, uuid.UUID(case["id"])).title == case["title"]


def test_a_reading_act_cannot_write_because_the_database_refuses(site: Site) -> None:
    with pytest.raises(DBAPIError, match=r"readonly|read-only"), begin(site, OPERATOR, read_only=True) as work:
        work.session.execute(sa.text("UPDATE case_file SET title = 'x'"))


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


def test_of_eight_posts_with_one_key_at_once_one_is_done_and_all_are_answered_alike(
    investigator: Persona, site: Site
) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex}
    body = {"title": f"Once {key}", "kind": "child_labour", "country": "KH"}
    answers: list[TestResponse] = []
    threads = [
        threading.Thread(target=lambda: answers.append(investigator.post("/cases", body, headers=key)))
        for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.get_json()["id"] for answer in answers}) == 1
    with begin(site, OPERATOR, read_only=True) as work:
        assert len(list(work.session.scalars(sa.select(Case).where(Case.title == body["title"])))) == 1


def test_a_repeated_request_is_answered_only_to_someone_who_may_still_do_it(
    investigator: Persona, colleague: Persona, case: dict[str, Any]
) -> None:
    path = f"/cases/{case['id']}"
    assigned = investigator.post(f"{path}/assignments", {"user": str(colleague.id), "role": "investigator"}).get_json()
    key, body = {"Idempotency-Key": uuid.uuid4().hex}, {"action": "investigate", "reason": "Go"}
    assert colleague.post(f"{path}/transitions", body, headers=key).status_code == 200
    investigator.post(f"{path}/assignments/{assigned['id']}/end", {"reason": "Leave"})
    assert colleague.post(f"{path}/transitions", body, headers=key).status_code == 404


def test_an_answer_that_held_a_secret_is_not_given_twice(administrator: Persona) -> None:
    key = {"Idempotency-Key": uuid.uuid4().hex, "X-OTP": administrator.otp()}
    body = {"username": f"u{uuid.uuid4().hex[:8]}", "roles": ["lawyer"]}
    assert administrator.post("/users", body, headers=key).get_json()["password"]
    again = administrator.post("/users", body, headers=key)
    assert (again.status_code, again.get_json()["type"]) == (409, "done-before")


def test_a_field_that_a_route_does_not_know_is_refused_also_where_it_knows_none(
    investigator: Persona, item: dict[str, Any]
) -> None:
    refused = investigator.post(f"/evidence/{item['id']}/verify", {"thoroughly": True})
    assert (refused.status_code, set(refused.get_json()["errors"])) == (422, {"thoroughly"})
