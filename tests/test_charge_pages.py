"""The pages of charges: the matrix first, then each charge with what proves it and what came of it, and the forms."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest
from flask import Flask

from tests.casework import Made, convicted, filed_charge, made, move, new_charge, new_perpetrator
from tests.conftest import Persona, upload
from tests.pages import beside, browser, led_to, shown, text, told, ways
from tests.pseudo import pseudo, unmarked
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

HOSTILE = '<script>alert("x")</script>'
TODAY = datetime.now(UTC).date().isoformat()


def test_a_charge_is_taken_from_the_proposal_to_the_sentence_in_the_browser(
    lawyer: Persona, supervisor: Persona, case: Made
) -> None:
    client, hers, of = browser(lawyer), browser(supervisor), f"/cases/{case['id']}"
    assert f'href="{of}/charges"' in shown(client, of)
    assert "Nobody is charged in this case yet." in shown(client, f"{of}/charges")
    person = new_perpetrator(lawyer, case["id"], alias="Madam")["id"]
    form = {"perpetrator": person, "statute": "DEMO-1", "particulars": HOSTILE, "offence_from": "2026-01-05"}
    wrong = told(submit(client, f"{of}/charges/new", **form | {"statute": ""}), 422)
    assert "Fill this in." in beside(wrong, "statute")
    where = led_to(submit(client, f"{of}/charges/new", **form))
    html = shown(client, where)
    assert HOSTILE not in html
    assert "3 elements are unproven" in text(html)
    assert ways(html, where) >= {"edit", "prove", "do/withdraw", "do/abate"}
    assert "do/approve" not in ways(html, where)

    item = upload(lawyer, case["id"])["id"]
    led_to(submit(client, f"{where}/prove", element="act", evidence=item, note="From 00:04 on"))
    assert "2 elements are unproven" in text(shown(client, where))

    assert where in shown(hers, "/")
    assert ways(shown(hers, where), where) == {"do/approve"}
    led_to(submit(hers, f"{where}/do/approve", reason="Read, and right"))
    assert where not in shown(hers, "/")
    refused = told(submit(client, f"{where}/do/file", court="Provincial court", reason="As drawn up"), 422)
    assert "Fill this in." in beside(refused, "court_ref")
    led_to(submit(client, f"{where}/do/file", court_ref="CC 17/2026", reason="As drawn up"))
    led_to(submit(client, f"{where}/do/plead", plea="not_guilty", reason="In open court"))
    assert "a conviction needs a plea of guilty" in text(shown(client, where))
    led_to(submit(client, f"{where}/plea", plea="guilty", entered_on=TODAY, reason="She changed it"))
    led_to(submit(client, f"{where}/do/convict", document=item, reason="The judgment"))
    assert "Record at least one sentence first." in text(shown(client, where))
    led_to(submit(client, f"{where}/sentence", kind="imprisonment", days="3650", imposed_on=TODAY, suspended="1"))
    led_to(submit(client, f"{where}/sentence", kind="fine", amount="500000", currency="USD", imposed_on=TODAY))
    led_to(submit(client, f"{where}/do/sentence", reason="Read out"))
    said = text(shown(client, where))
    assert "Imprisonment, 3,650 days, suspended" in said
    assert "Fine, 5,000.00 US dollars" in said
    assert "Plea: Guilty" in said
    assert "It can be appealed until" in said

    matrix = text(shown(client, f"{of}/charges"))
    assert matrix.index("Madam") < matrix.index("Every charge, with its editions")
    assert "Verdict: Convicted" in matrix
    assert "Fine, 5,000.00 US dollars" in matrix


def test_an_amendment_and_a_struck_sentence_stay_in_sight(lawyer: Persona, supervisor: Persona, case: Made) -> None:
    client = browser(lawyer)
    first = filed_charge(lawyer, supervisor, case["id"], particulars="Kept four")
    where = f"/charges/{first['id']}"
    same = {"statute": "DEMO-1", "particulars": "Kept four", "reason": "Nothing new"}
    assert "says otherwise" in told(submit(client, f"{where}/amend", **same), 422)
    second = led_to(submit(client, f"{where}/amend", **same | {"statute": "DEMO-2"}))
    assert "An amendment has taken its place." in text(shown(client, where))
    html = shown(client, second)
    assert f'href="{where}"' in html
    assert "Editions of this count" in text(html)
    led_to(submit(client, f"{second}/edit", statute="DEMO-2", particulars="", offence_from=""))
    assert "Kept four" not in text(shown(client, second))

    decided = convicted(lawyer, supervisor, case["id"], upload(lawyer, case["id"])["id"])
    sentence = made(lawyer, f"/charges/{decided['id']}/sentences", {"kind": "other", "note": "X", "imposed_on": TODAY})
    led_to(submit(client, f"/sentences/{sentence['id']}/strike", reason="Typed wrongly"))
    assert "No, until" in text(shown(client, f"/charges/{decided['id']}"))


def test_a_warrant_stays_on_the_first_pages_until_it_is_executed(
    lawyer: Persona, supervisor: Persona, investigator: Persona, case: Made
) -> None:
    charge = filed_charge(lawyer, supervisor, case["id"])
    where = f"/charges/{charge['id']}"
    client = browser(lawyer)
    led_to(submit(client, f"{where}/do/issue_warrant", reason="She did not appear"))
    assert where in shown(client, "/")
    assert where in shown(browser(supervisor), "/")
    assert where not in shown(browser(investigator), "/")
    assert where in shown(client, "/charges?state=warrant_outstanding")
    move(lawyer, where, "execute_warrant")
    assert where not in shown(client, "/")


def test_investigators_read_and_write_nothing_and_caseworkers_see_nothing(
    lawyer: Persona, investigator: Persona, caseworker: Persona, shared_case: Made
) -> None:
    charge = new_charge(lawyer, shared_case["id"])
    where, of = f"/charges/{charge['id']}", f"/cases/{shared_case['id']}"
    client = browser(investigator)
    assert ways(shown(client, where), where) == set()
    assert "/charges/new" not in shown(client, f"{of}/charges")
    assert where in shown(client, f"/perpetrators/{charge['perpetrator']}")
    hers = browser(caseworker)
    assert f"{of}/charges" not in shown(hers, of)
    assert where not in shown(hers, f"/perpetrators/{charge['perpetrator']}")
    assert hers.get(f"{of}/charges").status_code == 403
    assert hers.get(where).status_code == 404


def test_evidence_is_linked_to_a_charge_and_found_from_it(
    lawyer: Persona, investigator: Persona, case: Made, item: Made
) -> None:
    charge = new_charge(lawyer, case["id"])
    client = browser(investigator)
    led_to(
        submit(client, f"/items/{item['id']}/link/charge", target=charge["id"], relation="proves", confidence="certain")
    )
    assert f"/items/{item['id']}" in shown(client, f"/charges/{charge['id']}")
    assert f"/charges/{charge['id']}" in shown(client, f"/items/{item['id']}")
    assert f"/charges/{charge['id']}" in shown(client, f"/cases/{case['id']}/chart")
    found: Any = submit(client, "/search", q=charge["ref"], kind="charge")
    assert f"/charges/{charge['id']}" in found.get_data(as_text=True)


def test_the_law_is_a_page_that_says_when_it_is_fictional(investigator: Persona, case: Made) -> None:
    client = browser(investigator)
    assert 'href="/jurisdictions/DEMO"' in shown(client, "/jurisdictions")
    law = text(shown(client, "/jurisdictions/DEMO"))
    assert "It is fictional, the law of no country." in law
    assert "The accused recruited, transported, harboured or received a person." in law
    assert client.get("/jurisdictions/XX").status_code == 404
    assert 'href="/jurisdictions/DEMO"' in shown(client, f"/cases/{case['id']}/charges")


def own_words(html: str) -> str:
    """The page without what has no language of ours: names in lists of choice, and the reference on paper."""
    chosen = r'<select id="(perpetrator|statute|evidence|document)".*?</select>'
    law = r'<fieldset class="field" id="element".*?</fieldset>'
    return re.sub(rf'(?s){chosen}|{law}|<p class="printed">.*?</p>', "", html)


def test_no_text_of_these_pages_is_left_unmarked_and_no_title_tells_anything(
    app: Flask, lawyer: Persona, supervisor: Persona, case: Made, item: Made
) -> None:
    charge = filed_charge(lawyer, supervisor, case["id"], particulars="1", offence_from="2026-01-05")
    new_charge(lawyer, case["id"])
    fugitive = filed_charge(lawyer, supervisor, case["id"])
    move(lawyer, f"/charges/{fugitive['id']}", "issue_warrant")
    proof = made(lawyer, f"/charges/{charge['id']}/proofs", {"element": "act", "evidence": item["id"]})
    where, of = f"/charges/{charge['id']}", f"/cases/{case['id']}/charges"
    move(lawyer, where, "plead", plea="guilty")
    move(lawyer, where, "convict", document=item["id"])
    made(lawyer, f"{where}/sentences", {"kind": "imprisonment", "days": 3650, "imposed_on": TODAY, "suspended": True})
    paths = [where, of, f"{of}/new", "/charges", "/jurisdictions", "/jurisdictions/DEMO"]
    paths += [f"{where}/{way}" for way in ("amend", "prove", "plea", "sentence", "do/convict_lesser", "do/withdraw")]
    paths += [f"/proofs/{proof['id']}/end", f"/perpetrators/{charge['perpetrator']}", f"/charges/{fugitive['id']}"]
    client = browser(lawyer)
    with pseudo(app):
        for path in paths:
            html = shown(client, path)
            assert unmarked(own_words(html)) == [], path
            title = html.partition("<title>")[2].partition("</title>")[0]
            for word in (charge["ref"], "Auntie", "CC 17"):
                assert word not in title
