"""The page of an item and the forms of its custody, as a browser without script sees them."""

import re
import subprocess
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from evidence_api.domain.roles import Role
from evidence_api.models import Evidence
from evidence_api.work import Site
from tests.conftest import PASSWORD, Persona, upload
from tests.test_web import csrf, submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

Item = dict[str, Any]


def browser(persona: Persona) -> FlaskClient:
    """A browser in which she is signed in."""
    client = persona.app.test_client()
    answer = submit(client, "/sign-in", username=persona.username, password=PASSWORD, otp=persona.otp())
    assert (answer.status_code, answer.headers["Location"]) == (302, "/"), answer.get_data(as_text=True)
    return client


def shown(client: FlaskClient, path: str, status: int = 200) -> str:
    answer = client.get(path)
    assert answer.status_code == status, answer.get_data(as_text=True)
    return answer.get_data(as_text=True)


def sent(answer: TestResponse, leads_to: str) -> None:
    """The form was taken, and led on."""
    assert (answer.status_code, answer.headers.get("Location")) == (303, leads_to), answer.get_data(as_text=True)


@pytest.fixture
def path(item: Item) -> str:
    return f"/items/{item['id']}"


def test_an_item_is_handed_over_in_two_browsers_with_a_code_of_the_receiver(
    investigator: Persona, make_persona: Callable[..., Persona], case: dict[str, Any], item: Item, path: str
) -> None:
    lawyer = make_persona(Role.LAWYER)
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(lawyer.id), "role": "lawyer"})
    hers, lawyers = browser(investigator), browser(lawyer)
    sent(submit(hers, f"{path}/offer", to=str(lawyer.id), reason="For the charge."), path)
    assert "It is yours until the other person accepts it" in shown(hers, path)

    home = shown(lawyers, "/")
    assert item["ref"] in home
    assert investigator.username in home
    found = re.search(r'href="(/handovers/[^"]+/accept)"', shown(lawyers, path))
    assert found is not None
    assert found[1] in home
    refused = submit(lawyers, found[1], otp="000000")
    assert refused.status_code == 403
    assert "This code is not right" in refused.get_data(as_text=True)
    assert lawyer.get(f"/evidence/{item['id']}").get_json()["state"] == "offered"
    sent(submit(lawyers, found[1], otp=lawyer.otp()), path)
    after = shown(lawyers, path)
    assert "The item is in your custody." in after
    assert investigator.username in after
    assert lawyer.username in after
    assert lawyer.get(f"/evidence/{item['id']}").get_json()["custodian"] == str(lawyer.id)


def test_an_offer_is_refused_with_a_reason_and_another_is_withdrawn(
    investigator: Persona, lawyer: Persona, path: str
) -> None:
    hers, lawyers = browser(investigator), browser(lawyer)
    for action, client in (("refuse", lawyers), ("withdraw", hers)):
        sent(submit(hers, f"{path}/offer", to=str(lawyer.id), reason="For the charge."), path)
        found = re.search(rf'href="(/handovers/[^"]+/{action})"', shown(client, path))
        assert found is not None
        empty = submit(client, found[1], reason="  ")
        assert empty.status_code == 422
        assert re.search(r'<textarea id="reason"[^>]*aria-invalid="true"', empty.get_data(as_text=True))
        sent(submit(client, found[1], reason="Not now."), path)
        assert "In custody" in shown(client, path)


def test_an_item_goes_out_and_comes_back(investigator: Persona, item: Item, path: str) -> None:
    client = browser(investigator)
    sent(submit(client, f"{path}/check-out", reason="To be shown.", place="Car", due_at="2031-05-01T10:00"), path)
    html = shown(client, path)
    assert "Checked out" in html
    assert f"{path}/check-in" in html
    assert f'href="{path}/check-out"' not in html
    sent(submit(client, f"{path}/check-in", reason="Shown."), path)
    chain = investigator.get(f"/evidence/{item['id']}/custody").get_json()["items"]
    assert [link["action"] for link in chain[-2:]] == ["evidence:check_out", "evidence:check_in"]


def test_who_looks_at_an_item_that_another_took_is_told_who_brings_it_back(
    investigator: Persona, lawyer: Persona, path: str
) -> None:
    sentence = "who brings it back; or a supervisor, once she is off the case."
    assert sentence not in shown(browser(investigator), path)
    sent(submit(browser(lawyer), f"{path}/take-to-court", reason="Hearing."), path)
    assert sentence in shown(browser(investigator), path)
    assert sentence not in shown(browser(lawyer), path)


def test_digests_of_the_chain_are_whole_on_paper(investigator: Persona, item: Item, path: str) -> None:
    html = shown(browser(investigator), path)
    digest = investigator.get(f"/evidence/{item['id']}/custody").get_json()["items"][0]["hash"]
    assert f'{digest[:16]}<span class="unprinted">…</span><span class="printed">{digest[16:]}</span>' in html


def test_a_step_that_is_not_possible_now_is_told_and_what_was_typed_stays(investigator: Persona, path: str) -> None:
    client = browser(investigator)
    token = csrf(shown(client, f"{path}/check-in"))
    answer = client.post(f"{path}/check-in", data={"csrf_token": token, "reason": "It is back in the safe."})
    html = answer.get_data(as_text=True)
    assert answer.status_code == 409
    assert "It is back in the safe." in html
    assert 'role="alert"' in html


def test_a_hold_is_lifted_by_a_supervisor_who_did_not_set_it(
    lawyer: Persona, supervisor: Persona, item: Item, path: str
) -> None:
    sent(submit(browser(lawyer), f"{path}/hold", reason="The appeal is open."), path)
    assert "Legal hold" in shown(browser(lawyer), path)
    assert submit(browser(lawyer), f"{path}/lift-hold", reason="Over.", otp=lawyer.otp()).status_code == 403
    hers = browser(supervisor)
    assert submit(hers, f"{path}/lift-hold", reason="It is over.", otp="123123").status_code == 403
    sent(submit(hers, f"{path}/lift-hold", reason="It is over.", otp=supervisor.otp()), path)
    assert supervisor.get(f"/evidence/{item['id']}").get_json()["held"] is False


def test_a_correction_names_the_entry_that_was_wrong(investigator: Persona, item: Item, path: str) -> None:
    client = browser(investigator)
    form = shown(client, f"{path}/correct")
    wrong = re.search(r'<option value="([0-9a-f]{64})"', form)
    assert wrong is not None
    answer = submit(client, f"{path}/correct", corrects=wrong[1], title="Footage of the back door", reason="Mistaken.")
    sent(answer, path)
    assert "Footage of the back door" in shown(client, path)
    last = investigator.get(f"/evidence/{item['id']}/custody").get_json()["items"][-1]
    assert (last["action"], wrong[1] in last["entry"]) == ("evidence:correct", True)


def test_a_restriction_empties_the_names_and_a_person_is_named_and_dropped_again(
    investigator: Persona, lawyer: Persona, path: str
) -> None:
    client = browser(investigator)
    sent(submit(client, f"{path}/restrict", reason="It shows abuse."), path)
    assert "Nobody is named yet" in shown(client, f"{path}/readers")
    sent(submit(client, f"{path}/readers/name", user=str(lawyer.id)), f"{path}/readers")
    assert lawyer.username in shown(client, f"{path}/readers")
    assert "Name who may open it</a>" in shown(client, path).partition("more-acts")[0]
    end = f"{path}/readers/{lawyer.id}/end"
    sent(submit(client, end, reason="She left the case."), f"{path}/readers")
    assert "Nobody is named yet" in shown(client, f"{path}/readers")


def test_verifying_says_what_was_found_in_the_picture(investigator: Persona, path: str) -> None:
    client = browser(investigator)
    sent(submit(client, f"{path}/verify"), f"{path}#custody")
    assert "1 check passed" in shown(client, path)


def test_a_quarantined_item_is_released_by_a_supervisor_once_it_matches(
    supervisor: Persona, item: Item, path: str, site: Site
) -> None:
    with site.engine.begin() as connection:
        connection.execute(sa.update(Evidence).where(Evidence.ref == item["ref"]).values(quarantined=True))
    client = browser(supervisor)
    assert "Quarantined: a check found" in shown(client, path)
    sent(submit(client, f"{path}/release", reason="It was restored.", otp=supervisor.otp()), path)
    assert "Quarantined: a check found" not in shown(client, path)


def test_only_what_a_person_may_do_is_offered_to_her(
    investigator: Persona, lawyer: Persona, supervisor: Persona, path: str
) -> None:
    offered = {
        name: set(re.findall(rf'href="{path}/([\w/-]+)"', shown(browser(persona), path)))
        for name, persona in (("investigator", investigator), ("lawyer", lawyer), ("supervisor", supervisor))
    }
    always = {"label"}
    assert offered["investigator"] - always >= {"offer", "check-out", "take-to-court", "verify", "correct", "restrict"}
    assert "hold" not in offered["investigator"]
    assert "offer" not in offered["lawyer"]
    assert {"hold", "take-to-court", "verify", "correct"} <= offered["lawyer"]
    assert not offered["supervisor"] & {"offer", "check-out", "correct"}


def test_who_is_outside_the_case_sees_no_item_and_no_form_of_it(colleague: Persona, path: str) -> None:
    client = browser(colleague)
    for page in ("", "/entries", "/chain.txt", "/label", "/offer", "/check-out", "/verify", "/correct", "/readers"):
        assert shown(client, path + page, 404)


def test_two_who_change_at_once_are_told_and_nothing_is_lost(investigator: Persona, item: Item, path: str) -> None:
    client = browser(investigator)
    token = csrf(form := shown(client, f"{path}/restrict"))
    version = re.search(r'name="version" value="(\d+)"', form)
    assert version is not None
    sent(submit(client, f"{path}/check-out", reason="To be shown."), path)
    given = {"csrf_token": token, "reason": "It shows abuse.", "version": version[1]}
    answer = client.post(f"{path}/restrict", data=given)
    assert answer.status_code == 412
    assert "It shows abuse." in answer.get_data(as_text=True)
    assert investigator.get(f"/evidence/{item['id']}").get_json()["sensitivity"] == "ordinary"


def test_the_commands_on_the_page_check_the_chain_in_a_shell(
    investigator: Persona, item: Item, path: str, tmp_path: Path
) -> None:
    client = browser(investigator)
    sent(submit(client, f"{path}/verify"), f"{path}#custody")
    html = shown(client, path)
    scripts = [
        script.replace("&gt;", ">").replace("&#39;", "'").replace("&#34;", '"').replace("&amp;", "&")
        for script in re.findall(r'<pre class="bytes" dir="ltr">(.*?)</pre>', html, re.DOTALL)
    ]
    links, first, content = (s for s in scripts if "sha256sum" in s)
    name = item["ref"].replace("/", "-")
    (tmp_path / f"{name}.chain.txt").write_bytes(client.get(f"{path}/chain.txt").get_data())
    (tmp_path / f"{name}.bin").write_bytes(investigator.get(f"/evidence/{item['id']}/content").get_data())

    def run(script: str) -> str:
        return subprocess.run(["bash", "-c", script], cwd=tmp_path, capture_output=True, text=True).stdout

    assert run(links) == ""
    assert len(set(run(first).split())) == 1
    digests = [word for word in run(content.replace(f"{name}.*", f"{name}.bin")).split() if len(word) == 64]
    assert len(digests) == 2
    assert len(set(digests)) == 1
    altered = (tmp_path / f"{name}.chain.txt").read_bytes().replace(b"investigator", b"supervisor", 1)
    (tmp_path / f"{name}.chain.txt").write_bytes(altered)
    assert run(links) != ""


def test_hostile_words_stay_words(investigator: Persona, case: dict[str, Any]) -> None:
    hostile = '"><script>alert(1)</script><img src=x onerror=alert(1)>'
    made = upload(investigator, case["id"], title=hostile, method=hostile, device=hostile)
    client = browser(investigator)
    html = shown(client, f"/items/{made['id']}") + shown(client, "/") + shown(client, f"/items/{made['id']}/offer")
    answer = submit(client, "/search", q=hostile[:60])
    assert "<script>alert" not in html + answer.get_data(as_text=True)
    assert "<img src=x" not in html + answer.get_data(as_text=True)


def test_a_search_finds_by_ref_and_title_and_stands_in_no_address(
    investigator: Persona, colleague: Persona, case: dict[str, Any], item: Item
) -> None:
    for q in (item["ref"], "front DOOR", case["title"][:5]):
        answer = submit(browser(investigator), "/search", q=q)
        assert answer.status_code == 200
        assert case["ref"] in answer.get_data(as_text=True)
    nothing = submit(browser(colleague), "/search", q=item["ref"])
    assert f"/items/{item['id']}" not in nothing.get_data(as_text=True)
    assert submit(browser(investigator), "/search", q="x").status_code == 422
    assert browser(investigator).get("/search?q=door").get_data(as_text=True).count("door") == 0


def test_the_first_page_of_each_role_shows_what_is_hers(
    investigator: Persona,
    lawyer: Persona,
    supervisor: Persona,
    administrator: Persona,
    make_persona: Callable[..., Persona],
    item: Item,
) -> None:
    assert item["ref"] in shown(browser(investigator), "/")
    assert item["ref"] not in shown(browser(lawyer), "/")
    assert "All items, oldest check first" in shown(browser(supervisor), "/")
    assert "Nothing is shared with you yet" in shown(browser(make_persona(Role.CASEWORKER)), "/")
    assert "Accounts of the office" in shown(browser(administrator), "/")


def test_a_supervisor_narrows_the_items_and_goes_on_to_the_next_page(supervisor: Persona, item: Item) -> None:
    client = browser(supervisor)
    html = shown(client, "/?quarantined=true")
    assert item["ref"] not in html
    assert shown(client, "/?state=nowhere", 422)
