"""Tips: anybody in casework reports, the reporter learns where it stands, a supervisor decides."""

import uuid
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.models import LedgerEntry, VaultFact
from evidence_api.work import Site
from tests.conftest import Persona
from tests.pages import browser, led_to, shown, text, told
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

SAID = "Auntie Sokha keeps three girls behind the karaoke bar."
NEW_CASE = {"title": "Behind the bar", "kind": "sex_trafficking", "country": "KH"}


@pytest.fixture
def tip(caseworker: Persona) -> dict[str, Any]:
    answer = caseworker.post("/tips", {"text": SAID, "about": "Street 51"})
    assert answer.status_code == 201, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def acts(site: Site, subject: str) -> list[str]:
    with site.engine.connect() as connection:
        find = sa.select(LedgerEntry.action).where(LedgerEntry.subject == subject).order_by(LedgerEntry.seq)
        return list(connection.scalars(find))


def state_for(persona: Persona, tip: dict[str, Any]) -> str | None:
    found = persona.get("/tips").get_json()["items"]
    return next((one["state"] for one in found if one["id"] == tip["id"]), None)


def triage(persona: Persona, tip: dict[str, Any], action: str, **fields: str) -> Any:
    return persona.post(f"/tips/{tip['id']}/transitions", {"action": action, "reason": "Looked into", **fields})


def test_what_is_told_is_in_the_vault_alone(site: Site, tip: dict[str, Any]) -> None:
    assert tip.keys() == {"id", "state", "reported_at"}
    with site.engine.connect() as connection:
        sealed = connection.execute(
            sa.select(VaultFact.field, VaultFact.sealed).where(VaultFact.owner == f"tip:{tip['id']}")
        ).all()
        bodies = connection.scalars(sa.select(LedgerEntry.body).where(LedgerEntry.subject == f"tip:{tip['id']}")).all()
    assert {field for field, _ in sealed} == {"text", "about"}
    for words in (b"Sokha", b"Street 51"):
        assert all(words not in body for body in [*bodies, *(sealed for _, sealed in sealed)])


def test_the_reporter_learns_where_it_stands_and_others_nothing(
    caseworker: Persona, investigator: Persona, administrator: Persona, supervisor: Persona, tip: dict[str, Any]
) -> None:
    assert state_for(caseworker, tip) == "new"
    assert state_for(investigator, tip) is None
    assert administrator.get("/tips").status_code == 403
    assert administrator.post("/tips", {"text": SAID}).status_code == 403
    assert investigator.get(f"/tips/{tip['id']}").status_code == 404
    assert caseworker.get(f"/tips/{tip['id']}").status_code == 403
    assert triage(caseworker, tip, "dismiss").status_code == 403
    assert triage(supervisor, tip, "dismiss").status_code == 200
    assert state_for(caseworker, tip) == "dismissed"


def test_a_supervisor_reads_it_and_that_is_recorded(site: Site, supervisor: Persona, tip: dict[str, Any]) -> None:
    answer = supervisor.get(f"/tips/{tip['id']}")
    assert (answer.get_json()["text"], answer.get_json()["about"]) == (SAID, "Street 51")
    assert acts(site, f"tip:{tip['id']}") == ["tip:report", "tip:read"]


def test_it_is_taken_up_into_a_case_that_is_there(
    site: Site, supervisor: Persona, case: dict[str, Any], tip: dict[str, Any]
) -> None:
    assert triage(supervisor, tip, "take_up").status_code == 422
    assert triage(supervisor, tip, "take_up", case=str(uuid.uuid4())).status_code == 404
    assert triage(supervisor, tip, "take_up", case=case["id"], title="Another").status_code == 422
    assert triage(supervisor, tip, "take_up", case=case["id"]).get_json()["state"] == "taken_up"
    assert supervisor.get(f"/tips/{tip['id']}").get_json()["case"] == case["id"]
    assert acts(site, f"case:{case['id']}")[-1] == "case:tip"
    again = triage(supervisor, tip, "dismiss")
    assert (again.status_code, again.get_json()["allowed"]) == (409, [])


def test_who_works_on_the_case_to_which_it_led_reads_what_it_says_and_that_is_recorded(
    site: Site,
    caseworker: Persona,
    investigator: Persona,
    lawyer: Persona,
    colleague: Persona,
    supervisor: Persona,
    case: dict[str, Any],
    tip: dict[str, Any],
) -> None:
    assert triage(supervisor, tip, "take_up", case=case["id"]).status_code == 200
    for persona in (investigator, lawyer):
        told_ = persona.get(f"/tips/{tip['id']}").get_json()
        assert (told_["text"], told_["case"], told_["reporter"]) == (SAID, case["id"], None)
        assert state_for(persona, tip) == "taken_up"
        assert triage(persona, tip, "dismiss").status_code == 403
    assert colleague.get(f"/tips/{tip['id']}").status_code == 404
    assert caseworker.get(f"/tips/{tip['id']}").status_code == 403, "who reported it is not on the case"
    assert acts(site, f"tip:{tip['id']}")[-2:] == ["tip:read", "tip:read"]
    client = browser(lawyer)
    assert f'href="/tips/{tip["id"]}"' in shown(client, "/tips")
    html = shown(client, f"/tips/{tip['id']}")
    assert SAID in html
    assert "What becomes of it" not in html
    assert caseworker.username not in html


def test_what_is_typed_of_a_tip_is_kept_nowhere_before_it_is_sent(caseworker: Persona) -> None:
    assert "data-draft" not in shown(browser(caseworker), "/tips/new")


def test_it_is_taken_up_into_a_new_case_or_nothing_is_opened(supervisor: Persona, tip: dict[str, Any]) -> None:
    before = supervisor.get("/cases").get_json()["items"]
    partly = triage(supervisor, tip, "take_up", title="Behind the bar")
    assert partly.get_json()["errors"].keys() == {"kind", "country"}
    assert triage(supervisor, tip, "dismiss", **NEW_CASE).get_json()["errors"].keys() == NEW_CASE.keys()
    assert supervisor.get("/cases").get_json()["items"] == before
    assert triage(supervisor, tip, "dismiss").status_code == 200
    assert triage(supervisor, tip, "take_up", **NEW_CASE).status_code == 200
    led_to = supervisor.get(f"/tips/{tip['id']}").get_json()["case"]
    assert supervisor.get(f"/cases/{led_to}").get_json()["title"] == "Behind the bar"


def test_the_pages_report_list_read_and_decide(caseworker: Persona, supervisor: Persona, case: dict[str, Any]) -> None:
    client = browser(caseworker)
    html = told(submit(client, "/tips/new", text=""), 422)
    assert "to be mended" in html
    assert led_to(submit(client, "/tips/new", text=SAID, about="Street 51")) == "/tips"
    mine = shown(client, "/tips")
    assert "New" in text(mine)
    assert "Sokha" not in mine
    newest = caseworker.get("/tips").get_json()["items"][0]["id"]
    assert f"/tips/{newest}" not in mine
    shown(client, f"/tips/{newest}", 403)

    office = browser(supervisor)
    home = shown(office, "/")
    assert f"/tips/{newest}" in home
    assert "new tip" in home
    assert "Sokha" not in home
    page = shown(office, f"/tips/{newest}")
    assert SAID in page
    assert caseworker.username in page
    assert "<title>Tip – Unbroken</title>" in page
    form = {"case": case["id"], "reason": "It fits."}
    assert led_to(submit(office, f"/tips/{newest}/take-up", **form)) == "/tips"
    assert newest not in shown(office, "/tips")
    assert newest in shown(office, "/tips?state=taken_up")
    assert "Taken up" in text(shown(client, "/tips"))
    assert case["ref"] in shown(office, f"/tips/{newest}")
    html = told(submit(office, f"/tips/{newest}/dismiss", reason="No."), 409)
    assert "This cannot be done now" in html
