"""What the pages list: what nobody checked, what one holds, what waits, who is who, and where a case can go."""

import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.domain.custody import Custody
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.models import Evidence, Office, Transfer, User
from evidence_api.services import accounts, cases, evidence, timeline
from evidence_api.work import Site, begin
from tests.casework import decided_charge
from tests.conftest import Persona, days_ago, upload
from tests.test_cases import assign, go

pytestmark = pytest.mark.usefixtures("quick_sign_in")

CASE = {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"}


def alter(site: Site, model: type[Evidence] | type[Transfer], id: str, **values: object) -> None:
    """As if time had passed."""
    with site.engine.begin() as connection:
        connection.execute(sa.update(model).where(model.id == uuid.UUID(id)).values(**values))


def offer(giver: Persona, item: dict[str, Any], receiver: Persona) -> dict[str, Any]:
    response = giver.post(f"/evidence/{item['id']}/transfers", {"to": str(receiver.id), "reason": "For court"})
    assert response.status_code == 201, response.get_json()
    made: dict[str, Any] = response.get_json()
    return made


def move(persona: Persona, item: dict[str, Any], action: str, **more: str) -> dict[str, Any]:
    response = persona.post(f"/evidence/{item['id']}/moves", {"action": action, "reason": "Needed", **more})
    assert response.status_code == 200, response.get_json()
    moved: dict[str, Any] = response.get_json()
    return moved


@contextmanager
def statements(site: Site) -> Iterator[list[str]]:
    """Every statement that the database is asked meanwhile."""
    asked: list[str] = []

    def note(_c: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        asked.append(statement)

    sa.event.listen(site.engine, "before_cursor_execute", note)
    try:
        yield asked
    finally:
        sa.event.remove(site.engine, "before_cursor_execute", note)


@pytest.fixture
def overseer(site: Site, make_persona: Callable[..., Persona]) -> Persona:
    """A supervisor of an office of her own, so that she counts what this test made and nothing else."""
    return elsewhere(site, make_persona, Role.SUPERVISOR)


@pytest.fixture
def holder(site: Site, overseer: Persona, make_persona: Callable[..., Persona]) -> Persona:
    """An investigator of that office."""
    return elsewhere(site, make_persona, Role.INVESTIGATOR, overseer.actor().office_id)


NIL = str(uuid.UUID(int=0))


def elsewhere(site: Site, make_persona: Callable[..., Persona], role: Role, office: uuid.UUID | None = None) -> Persona:
    with begin(site, OPERATOR) as work:
        if office is None:
            made = Office(code=f"T{uuid.uuid4().hex[:6].upper()}", name="Elsewhere")
            work.session.add(made)
            work.session.flush()
            work.record(made, "office:created", data={"code": made.code})
            office = made.id
    person = make_persona(role)
    with site.engine.begin() as connection:
        connection.execute(sa.update(User).where(User.id == person.id).values(office_id=office))
    return person


@pytest.fixture
def files(holder: Persona) -> list[dict[str, Any]]:
    """Five items of that office, the oldest first."""
    case = holder.post("/cases", CASE).get_json()
    return [upload(holder, case["id"]) for _ in range(5)]


# --- what a supervisor looks at ---------------------------------------------------------------------------------------


def test_what_was_never_checked_comes_first_then_what_was_checked_longest_ago(
    site: Site, overseer: Persona, files: list[dict[str, Any]]
) -> None:
    a, b, c, d, e = (item["id"] for item in files)
    same = days_ago(5)
    for id, checked in ((a, days_ago(1)), (c, same), (b, same), (e, days_ago(40))):
        alter(site, Evidence, id, verified_at=checked)
    wanted = [d, e, b, c, a]
    assert [item["id"] for item in overseer.get("/evidence/unchecked").get_json()["items"]] == wanted
    for limit in (1, 2, 3):
        pages: list[str] = []
        cursor: str | None = ""
        while cursor is not None:
            query = {"limit": str(limit), **({"cursor": cursor} if cursor else {})}
            answer = overseer.get("/evidence/unchecked", query_string=query).get_json()
            pages += [item["id"] for item in answer["items"]]
            cursor = answer["next"]
        assert pages == wanted


def test_nothing_is_skipped_where_an_item_is_checked_between_two_pages(
    site: Site, overseer: Persona, files: list[dict[str, Any]]
) -> None:
    first = overseer.get("/evidence/unchecked?limit=2").get_json()
    alter(site, Evidence, first["items"][-1]["id"], verified_at=datetime.now(UTC))
    rest = overseer.get(f"/evidence/unchecked?cursor={first['next']}").get_json()["items"]
    assert [item["id"] for item in rest][:3] == [item["id"] for item in files[2:]]


def test_the_list_of_what_is_unchecked_can_be_narrowed(
    site: Site, overseer: Persona, holder: Persona, files: list[dict[str, Any]]
) -> None:
    quarantined, held, out, late, plain = files
    alter(site, Evidence, quarantined["id"], quarantined=True)
    assert overseer.post(f"/evidence/{held['id']}/hold", {"reason": "Trial"}).status_code == 200
    move(holder, out, "check_out", due_at="2999-01-01T00:00:00Z")
    move(holder, late, "check_out", due_at="2999-01-01T00:00:00Z")
    alter(site, Evidence, late["id"], due_at=days_ago(1))

    def listed(query: str) -> set[str]:
        return {item["id"] for item in overseer.get(f"/evidence/unchecked?{query}").get_json()["items"]}

    assert listed("quarantined=true") == {quarantined["id"]}
    assert listed("held=true") == {held["id"]}
    assert listed("state=checked_out") == {out["id"], late["id"]}
    assert listed("overdue=true") == {late["id"]}
    assert listed("overdue=false") == {item["id"] for item in (quarantined, held, out, plain)}


@pytest.mark.parametrize("cursor", ["x", "1.x", f"x.{NIL}", f"{'9' * 30}.{NIL}", NIL])
def test_a_cursor_that_no_page_gave_is_told_so(supervisor: Persona, cursor: str) -> None:
    refused = supervisor.get("/evidence/unchecked", query_string={"cursor": cursor})
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["cursor"])


def test_the_overview_counts_what_is_in_the_office_and_asks_little(
    site: Site, overseer: Persona, holder: Persona, files: list[dict[str, Any]], make_persona: Callable[..., Persona]
) -> None:
    old, fresh, out, offered, offered_late = files
    receiver = elsewhere(site, make_persona, Role.INVESTIGATOR, overseer.actor().office_id)
    assign(holder, {"id": old["case"]}, receiver)
    alter(site, Evidence, old["id"], verified_at=days_ago(31), quarantined=True)
    alter(site, Evidence, fresh["id"], verified_at=days_ago(29))
    move(holder, out, "check_out", due_at="2999-01-01T00:00:00Z")
    alter(site, Evidence, out["id"], due_at=days_ago(1))
    offer(holder, offered, receiver)
    alter(site, Transfer, offer(holder, offered_late, receiver)["id"], offered_at=days_ago(2))
    assert overseer.get("/reports/overview").get_json() == {
        "items": 5,
        "never_checked": 3,
        "long_unchecked": 1,
        "quarantined": 1,
        "out": 1,
        "overdue": 1,
        "late_offers": 1,
    }
    actor = overseer.actor()
    with begin(site, actor, read_only=True) as work, statements(site) as asked:
        evidence.overview(work)
    assert len([statement for statement in asked if statement.startswith("SELECT count")]) == 2


def test_only_a_supervisor_sees_the_office_as_a_whole(
    investigator: Persona, lawyer: Persona, caseworker: Persona, administrator: Persona
) -> None:
    for person in (investigator, lawyer, caseworker, administrator):
        for path in ("/evidence/unchecked", "/reports/overview"):
            assert person.get(path).status_code == 403


def test_an_item_is_due_until_it_is_back(investigator: Persona, item: dict[str, Any]) -> None:
    due = (datetime.now(UTC) + timedelta(days=3)).replace(microsecond=0)
    assert move(investigator, item, "check_out", due_at=due.isoformat())["due_at"] == due.isoformat()
    assert investigator.get(f"/evidence/{item['id']}").get_json()["due_at"] == due.isoformat()
    assert move(investigator, item, "check_in")["due_at"] is None
    assert move(investigator, item, "check_out")["due_at"] is None


# --- what one holds and what waits ------------------------------------------------------------------------------------


def test_what_one_holds_is_listed_the_newest_first(
    site: Site, make_persona: Callable[..., Persona], lawyer: Persona
) -> None:
    person = make_persona(Role.INVESTIGATOR)
    case = person.post("/cases", CASE).get_json()
    assign(person, case, lawyer)
    first, second, given = (upload(person, case["id"]) for _ in range(3))
    transfer = offer(person, given, lawyer)
    assert lawyer.post(f"/transfers/{transfer['id']}/accept", {"otp": lawyer.otp()}).status_code == 200
    with begin(site, person.actor(), read_only=True) as work:
        held, following = evidence.mine(work)
    assert ([str(item.id) for item in held], following) == ([second["id"], first["id"]], None)


def test_what_waits_names_the_item_and_both_people_the_longest_open_first(
    site: Site, make_persona: Callable[..., Persona], lawyer: Persona
) -> None:
    person = make_persona(Role.INVESTIGATOR)
    case = person.post("/cases", CASE).get_json()
    assign(person, case, lawyer)
    hers, his = upload(person, case["id"], title="Hers"), upload(lawyer, case["id"])
    by_me, to_me = offer(person, hers, lawyer), offer(lawyer, his, person)
    alter(site, Transfer, by_me["id"], offered_at=days_ago(1.01))
    first, second = person.get("/transfers/waiting").get_json()["items"]
    assert {name: first[name] for name in first if name != "offered_at"} == {
        "id": by_me["id"],
        "evidence": hers["id"],
        "ref": hers["ref"],
        "title": "Hers",
        "case": case["id"],
        "case_ref": case["ref"],
        "from": str(person.id),
        "from_name": person.username,
        "to": str(lawyer.id),
        "to_name": lawyer.username,
        "to_me": False,
        "late": True,
    }
    assert (second["id"], second["to_me"], second["late"]) == (to_me["id"], True, False)
    page = person.get("/transfers/waiting?limit=1").get_json()
    assert page["items"] == [first]
    assert person.get(f"/transfers/waiting?cursor={page['next']}").get_json() == {"items": [second], "next": None}
    assert person.post(f"/transfers/{to_me['id']}/refuse", {"reason": "Not mine"}).status_code == 200
    assert [one["id"] for one in person.get("/transfers/waiting").get_json()["items"]] == [by_me["id"]]


def test_an_offer_between_two_others_does_not_wait_for_her(
    investigator: Persona, lawyer: Persona, supervisor: Persona, item: dict[str, Any]
) -> None:
    transfer = offer(investigator, item, lawyer)
    waiting = supervisor.get("/transfers/waiting").get_json()["items"]
    assert transfer["id"] not in [one["id"] for one in waiting]


# --- who is who -------------------------------------------------------------------------------------------------------


def test_names_are_those_of_the_office_alone_and_asked_for_at_once(
    site: Site, investigator: Persona, lawyer: Persona, overseer: Persona
) -> None:
    ids = [investigator.id, lawyer.id, overseer.id, uuid.uuid4()]
    with begin(site, investigator.actor(), read_only=True) as work, statements(site) as asked:
        found = accounts.names(work, ids)
    assert found == {investigator.id: investigator.username, lawyer.id: lawyer.username}
    assert len([statement for statement in asked if "user_account" in statement]) == 1


def test_the_people_of_a_case_have_names_and_it_is_said_who_leads_and_who_left(
    investigator: Persona, administrator: Persona, make_persona: Callable[..., Persona], case: dict[str, Any]
) -> None:
    gone = make_persona(Role.INVESTIGATOR)
    assign(investigator, case, gone)
    assert administrator.post(f"/users/{gone.id}/disable", {"otp": administrator.otp()}).status_code == 200
    people = investigator.get(f"/cases/{case['id']}/assignments").get_json()["items"]
    assert [(one["user"], one["lead"], one["disabled"]) for one in (people[0], people[-1])] == [
        (str(investigator.id), True, False),
        (str(gone.id), False, True),
    ]
    assert (people[0]["username"], people[-1]["username"]) == (investigator.username, gone.username)


# --- the case ---------------------------------------------------------------------------------------------------------


def steps(persona: Persona, case: dict[str, Any]) -> dict[str, dict[str, Any]]:
    found = persona.get(f"/cases/{case['id']}/next-steps").get_json()["items"]
    return {step["action"]: step for step in found}


def test_the_next_steps_are_what_is_legal_now_with_who_may_take_them(
    investigator: Persona, lawyer: Persona, case: dict[str, Any]
) -> None:
    found = steps(lawyer, case)
    assert list(found) == investigator.get(f"/cases/{case['id']}").get_json()["allowed"]
    assert found["investigate"] == {
        "action": "investigate",
        "target": "investigating",
        "choices": [],
        "roles": ["investigator", "supervisor"],
        "mine": False,
        "open": [],
    }
    assert found["decline"]["mine"] is True
    assert steps(investigator, case)["investigate"]["mine"] is True


def test_the_next_steps_say_where_a_case_on_hold_returns_and_what_a_reopening_may_choose(
    investigator: Persona, lawyer: Persona, supervisor: Persona, case: dict[str, Any]
) -> None:
    go(investigator, case, "investigate")
    go(investigator, case, "hold")
    assert {name: step["target"] for name, step in steps(investigator, case).items()} == {"resume": "investigating"}
    go(investigator, case, "resume")
    decided_charge(lawyer, supervisor, case["id"])
    for action in ("charge", "try", "judge"):
        go(lawyer, case, action)
    reopen = steps(lawyer, case)["reopen"]
    assert (reopen["target"], reopen["choices"]) == ("in_trial", ["in_trial", "investigating"])


def test_what_is_open_for_a_step_is_what_refuses_it(
    investigator: Persona, lawyer: Persona, supervisor: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    go(investigator, case, "investigate")
    assert steps(lawyer, case)["charge"]["open"][0].startswith("No charge is filed yet.")
    decided_charge(lawyer, supervisor, case["id"])
    transfer = offer(investigator, item, lawyer)
    found = steps(lawyer, case)
    for action in ("decline", "resolve"):
        (sentence,) = found[action]["open"]
        refused = go(lawyer, case, action)
        assert (refused.status_code, refused.get_json()["detail"]) == (409, sentence)
    assert found["charge"]["open"] == found["hold"]["open"] == []
    assert lawyer.post(f"/transfers/{transfer['id']}/refuse", {"reason": "No"}).status_code == 200
    assert steps(lawyer, case)["resolve"]["open"] == []
    assert go(lawyer, case, "resolve").status_code == 200


def test_cases_are_narrowed_to_those_that_she_leads_and_that_have_not_ended(
    investigator: Persona, lawyer: Persona, case: dict[str, Any]
) -> None:
    def listed(person: Persona, query: str) -> bool:
        return case["id"] in [one["id"] for one in person.get(f"/cases?limit=200&{query}").get_json()["items"]]

    assert listed(investigator, "lead=true")
    assert not listed(lawyer, "lead=true")
    assert listed(lawyer, "ended=false")
    assert not listed(lawyer, "ended=true")
    assert go(lawyer, case, "decline").status_code == 200
    assert listed(lawyer, "ended=true")
    assert not listed(lawyer, "ended=false")


def test_the_items_of_a_case_are_counted_by_their_state_as_far_as_one_may_know_of_them(
    site: Site, investigator: Persona, caseworker: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    move(investigator, upload(investigator, case["id"]), "check_out")
    upload(investigator, case["id"])
    assign(investigator, case, caseworker)
    nothing = dict.fromkeys(Custody, 0)
    for person, counted in (
        (investigator, {Custody.IN_CUSTODY: 2, Custody.CHECKED_OUT: 1}),
        (caseworker, {}),
    ):
        with begin(site, person.actor(), read_only=True) as work:
            assert cases.open_items(work, uuid.UUID(case["id"])) == nothing | counted


def test_the_timeline_names_who_acted_and_the_item_without_asking_for_each(
    site: Site, investigator: Persona, supervisor: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    go(supervisor, case, "investigate")
    events = investigator.get(f"/cases/{case['id']}/timeline").get_json()["items"]
    told = {event["action"]: (event["actor_name"], event["ref"]) for event in events}
    assert told["case:investigate"] == (supervisor.username, None)
    assert told["evidence:ingest"] == (investigator.username, item["ref"])

    def asked_for() -> int:
        with begin(site, investigator.actor(), read_only=True) as work, statements(site) as asked:
            timeline.timeline(work, uuid.UUID(case["id"]), limit=50)
        return len(asked)

    before = asked_for()
    for _ in range(3):
        upload(investigator, case["id"])
    assert asked_for() == before
