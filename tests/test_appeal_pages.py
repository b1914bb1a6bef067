"""The pages of appeals, exhibits and of closing a case: who is offered what, and the forms."""

import re
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask

from evidence_api.domain.case import Stage
from evidence_api.models import Case, Charge
from tests.casework import Made, convicted, heard_appeal, made, move, new_appeal, new_exhibit
from tests.conftest import Persona, upload
from tests.pages import beside, browser, led_to, shown, text, told, ways
from tests.paper import read
from tests.pseudo import pseudo, unmarked
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

HOSTILE = '<script>alert("x")</script>'


def day(days: int = 0) -> str:
    return (datetime.now(UTC).date() + timedelta(days=days)).isoformat()


@pytest.fixture
def judgment(investigator: Persona, case: Made) -> str:
    return str(upload(investigator, case["id"])["id"])


@pytest.fixture
def guilty(lawyer: Persona, supervisor: Persona, case: Made, judgment: str) -> Made:
    charge = convicted(lawyer, supervisor, case["id"], judgment)
    made(lawyer, f"/charges/{charge['id']}/sentences", {"kind": "imprisonment", "days": 900, "imposed_on": day()})
    return move(lawyer, f"/charges/{charge['id']}", "sentence")


def test_an_appeal_is_recorded_and_decided_in_the_browser(
    lawyer: Persona, supervisor: Persona, case: Made, guilty: Made, judgment: str
) -> None:
    client, of_case = browser(lawyer), f"/cases/{case['id']}/appeals"
    assert f'href="{of_case}"' in shown(client, f"/cases/{case['id']}")
    html = shown(client, of_case)
    assert "Nobody has appealed yet." in html
    assert guilty["ref"] in text(html)
    form: dict[str, Any] = {"charges": [guilty["id"]], "side": "defence", "filed_on": day(), "grounds": HOSTILE}
    assert "Fill this in." in beside(told(submit(client, f"{of_case}/new", **form | {"side": ""}), 422), "side")
    where = led_to(submit(client, f"{of_case}/new", **form))
    html = shown(client, where)
    assert HOSTILE not in html
    assert ways(html, where) == {"edit", "do/refuse", "do/admit", "do/withdraw"}
    led_to(submit(client, f"{where}/edit", court="Court of appeal", grounds=""))
    assert "Court of appeal" in shown(client, where)
    for action in ("admit", "hear"):
        led_to(submit(client, f"{where}/do/{action}", reason="As it was"))
    assert ways(shown(client, where), where) == {
        f"do/{action}" for action in ("dismiss", "vary", "substitute", "quash", "order_retrial", "withdraw")
    }
    assert ways(shown(browser(supervisor), where), where) == set()
    decided = {"reason": "As it was", "document": judgment}
    wrong = told(submit(client, f"{where}/do/vary", **decided, kind="imprisonment"), 422)
    assert "number of days" in beside(wrong, "days")
    assert "Fill this in." in beside(told(submit(client, f"{where}/do/vary", **decided), 422), "kind")
    assert "Fill this in." in beside(told(submit(client, f"{where}/do/quash", reason="As it was"), 422), "document")
    led_to(submit(client, f"{where}/do/vary", **decided, kind="fine", amount="4000", currency="USD"))
    assert "Sentence varied" in text(shown(client, where))
    assert f"/items/{judgment}" in shown(client, where)
    assert "Sentence varied" in text(shown(client, f"{of_case}?state=varied"))
    assert "No appeal of the case is like this." in shown(client, f"{of_case}?state=refused")
    kept = lawyer.get(f"/charges/{guilty['id']}/record").get_json()["sentences"]
    assert [(one["kind"], bool(one["ended_at"])) for one in kept] == [("imprisonment", True), ("fine", False)]


def test_another_conviction_is_recorded_with_a_sentence_or_without(
    lawyer: Persona, case: Made, guilty: Made, judgment: str
) -> None:
    client, appeal = browser(lawyer), heard_appeal(lawyer, case["id"], guilty)
    where = f"/appeals/{appeal['id']}/do/substitute"
    form = {"reason": "As it was", "document": judgment, "statute": "DEMO-2"}
    assert "DEMO-2" in shown(client, where)
    assert "Fill this in." in beside(told(submit(client, where, **form, days="90"), 422), "kind")
    assert led_to(submit(client, where, **form)) == f"/appeals/{appeal['id']}"
    assert lawyer.get(f"/charges/{guilty['id']}").get_json()["state"] == "convicted_lesser"


def test_the_first_page_of_a_lawyer_tells_until_when_an_appeal_may_come(lawyer: Persona, guilty: Made) -> None:
    with lawyer.site.engine.begin() as connection:
        today = datetime.now(UTC).date()
        connection.execute(sa.update(Charge).where(Charge.id == UUID(guilty["id"])).values(appeal_until=today))
    html = shown(browser(lawyer), "/")
    assert "Until when an appeal may be filed" in text(html)
    assert f"/charges/{guilty['id']}" in html
    assert "The last day" in text(html)


def test_exhibits_are_marked_and_ruled_on_in_the_browser(
    lawyer: Persona, supervisor: Persona, investigator: Persona, case: Made
) -> None:
    client, where = browser(lawyer), f"/cases/{case['id']}/exhibits"
    assert "The case has no exhibit yet. Mark the items" in text(shown(client, where))
    item = upload(investigator, case["id"], title="Ledger of debts")
    wrong = told(submit(client, f"{where}/new", side="prosecution"), 422)
    assert "Name an item of the case" in beside(wrong, "evidence")
    assert led_to(submit(client, f"{where}/new", side="prosecution", evidence=item["id"])) == where
    led_to(submit(client, f"{where}/new", side="defence", description=HOSTILE))
    html = shown(client, where)
    assert HOSTILE not in html
    assert f"/items/{item['id']}" in html
    exhibits = {one["label"]: one["id"] for one in lawyer.get(where).get_json()["items"]}
    assert ways(html, "/exhibits") == {"*/do/offer", "*/do/return", "*/do/withdraw"}
    assert ways(shown(browser(supervisor), where), "/exhibits") == set()
    led_to(submit(client, f"/exhibits/{exhibits['P-1']}/do/offer", reason="At the hearing"))
    path = f"/exhibits/{exhibits['P-1']}/do/admit"
    assert "Fill this in." in beside(told(submit(client, path, reason="Ruled"), 422), "ruling")
    assert led_to(submit(client, path, reason="Ruled", ruling="Relevant")) == where
    said = text(shown(client, f"{where}?side=prosecution"))
    assert "Admitted" in said
    assert "Relevant" in said
    assert "D-1" not in said
    paper = submit(client, f"{where}/list.pdf", page=where)
    assert "Ledger of debts" in read(paper.get_data()).pages[0]
    table = submit(client, f"{where}/list.csv", page=where)
    assert (table.status_code, "Ledger of debts" in table.get_data(as_text=True)) == (200, True)


def test_a_case_that_one_of_two_would_close_says_so_until_the_other_does(
    lawyer: Persona, supervisor: Persona, case: Made
) -> None:
    where = f"/cases/{case['id']}"
    with lawyer.site.engine.begin() as connection:
        connection.execute(sa.update(Case).where(Case.id == UUID(case["id"])).values(stage=Stage.MONITORING))
    client, hers = browser(lawyer), browser(supervisor)
    assert "It takes a lawyer and a supervisor." in text(shown(client, f"{where}/do/close"))
    led_to(submit(client, f"{where}/do/close", reason="All is done"))
    html = shown(client, where)
    assert f"{lawyer.username} has agreed as Lawyer" in text(html)
    assert "do/close" not in ways(html, where)
    assert "do/close" in ways(shown(hers, where), where)
    led_to(submit(hers, f"{where}/do/close", reason="All is done"))
    assert lawyer.get(where).get_json()["stage"] == "closed"
    assert "has agreed" not in text(shown(client, where))


def own_words(html: str) -> str:
    """The page without what has no language of ours: names in lists of choice, and the reference on paper."""
    chosen = r'<select id="(evidence|document|hearing|statute|charge)".*?</select>'
    ticked = r'<fieldset class="field" id="charges".*?</fieldset>'
    return re.sub(rf'(?s){chosen}|{ticked}|<p class="printed">.*?</p>', "", html)


def test_no_text_of_these_pages_is_left_unmarked_and_no_title_tells_anything(
    app: Flask, lawyer: Persona, case: Made, guilty: Made, judgment: str
) -> None:
    appeal = heard_appeal(lawyer, case["id"], guilty)
    filed = new_appeal(lawyer, case["id"], guilty, side="prosecution")
    exhibit = new_exhibit(lawyer, case["id"], evidence=judgment)
    of_case = f"/cases/{case['id']}"
    paths = [f"{of_case}/appeals", f"{of_case}/appeals/new", f"{of_case}/exhibits", f"{of_case}/exhibits/new"]
    paths += [f"/appeals/{appeal['id']}", f"/appeals/{filed['id']}/edit", f"/exhibits/{exhibit['id']}/do/admit"]
    paths += [f"/appeals/{appeal['id']}/do/{action}" for action in ("dismiss", "vary", "substitute", "withdraw")]
    client = browser(lawyer)
    with pseudo(app):
        for path in paths:
            html = shown(client, path)
            assert unmarked(own_words(html)) == [], path
            title = html.partition("<title>")[2].partition("</title>")[0]
            assert not any(ref in title for ref in (case["ref"], appeal["ref"], guilty["ref"]))
