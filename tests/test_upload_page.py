"""The page on which files are sent, as the server makes it: what is left of one's own uploads, and of nobody else's."""

import uuid
from datetime import timedelta
from html import unescape
from typing import Any

import pytest
from flask import Flask

from evidence_api.domain.roles import Role
from evidence_api.work import Site
from tests.conftest import days_ago
from tests.people import Person, new_person
from tests.test_uploads import OCTETS, TUS, change, encode

pytestmark = pytest.mark.usefixtures("quick_sign_in")


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site)


def a_case(person: Person) -> dict[str, Any]:
    body = {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"}
    opened: dict[str, Any] = person.browser().call("POST", "/cases", json=body).get_json()
    return opened


def begin_upload(person: Person, case: str, title: str) -> str:
    """An upload of 1000 bytes of which 250 have come: its address."""
    browser = person.browser()
    headers = {**TUS, "Upload-Length": "1000", "Upload-Metadata": encode({"case": case, "title": title})}
    url = browser.call("POST", "/uploads", headers=headers).headers["Location"]
    sent = browser.client.patch(
        url,
        data=bytes(250),
        content_type=OCTETS,
        headers={**TUS, "Upload-Offset": "0", "X-CSRF-Token": browser.csrf},
    )
    assert sent.status_code == 204, sent.get_json()
    return url


def page(person: Person, case: str) -> str:
    answer = person.browser().client.get(f"/cases/{case}/upload")
    assert answer.status_code == 200
    return unescape(answer.get_data(as_text=True))


def test_the_page_lists_what_one_has_not_finished(person: Person) -> None:
    case = a_case(person)
    assert "not finished" not in page(person, case["id"])
    begin_upload(person, case["id"], "Back door")
    shown = page(person, case["id"])
    assert "Uploads that are not finished" in shown
    assert "Back door" in shown
    assert "25 %" in shown
    assert "Back door" not in shown.partition("<title>")[2].partition("</title>")[0]


def test_what_has_expired_is_listed_no_more(site: Site, person: Person) -> None:
    case = a_case(person)
    change(site, begin_upload(person, case["id"], "Back door"), expires_at=days_ago(0) - timedelta(seconds=1))
    assert "Back door" not in page(person, case["id"])


def test_nobody_sees_what_another_is_sending(app: Flask, site: Site, person: Person) -> None:
    case, other = a_case(person), new_person(app, site)
    body = {"user": str(other.id), "role": Role.INVESTIGATOR.value}
    assert person.browser().call("POST", f"/cases/{case['id']}/assignments", json=body).status_code == 201
    begin_upload(person, case["id"], "Back door")
    assert "Back door" not in page(other, case["id"])


def test_uploads_into_another_case_are_not_listed(person: Person) -> None:
    case, other = a_case(person), a_case(person)
    begin_upload(person, other["id"], "Back door")
    assert "Back door" not in page(person, case["id"])


def test_who_is_not_on_the_case_finds_no_page(app: Flask, site: Site, person: Person) -> None:
    case, stranger = a_case(person), new_person(app, site)
    browser = stranger.browser().client
    assert browser.get(f"/cases/{case['id']}/upload").status_code == 404
    assert browser.get(f"/cases/{uuid.uuid4()}/upload").status_code == 404
