"""What is typed into a long form is kept by itself, and is there again on another page load."""

from flask import Flask
from playwright.sync_api import expect

from evidence_api.work import Site
from tests.e2e.browser import NewContext, sign_in
from tests.e2e.conftest import Server
from tests.e2e.day import Office
from tests.people import new_person

TYPED = "All that was noted on the lorry at the border."


def test_what_is_typed_is_kept_by_itself_and_gone_once_it_is_sent(
    server: Server, app: Flask, site: Site, new_context: NewContext
) -> None:
    person = new_person(app, site)
    case = Office(site, app).case(person)
    form = f"{server.url}/cases/{case['id']}/requests/new"
    page = new_context().new_page()
    sign_in(page, server, person)
    page.goto(form)
    with page.expect_response(lambda answer: answer.request.method == "POST") as kept:
        page.fill("[name=asks]", TYPED)
    assert kept.value.status == 204
    page.goto(form)
    expect(page.locator("[name=asks]")).to_have_value(TYPED)
    expect(page.get_by_text("What you typed on")).to_be_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.fill("[name=authority]", "Ministry of Transport")
    page.fill("[name=sent_on]", "2026-11-02")
    page.get_by_role("button", name="Record it").click()
    expect(page.get_by_text("The request is recorded.")).to_be_visible()
    page.goto(form)
    expect(page.locator("[name=asks]")).to_have_value("")
