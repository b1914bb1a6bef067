"""What is typed into a long form is kept by itself, and is there again on another page load."""

from flask import Flask
from playwright.sync_api import expect

from evidence_api.work import Site
from tests.e2e.browser import NewContext, sign_in
from tests.e2e.conftest import Server
from tests.people import new_person

TYPED = "Auntie keeps them behind the bar."


def test_what_is_typed_is_kept_by_itself_and_gone_once_it_is_sent(
    server: Server, app: Flask, site: Site, new_context: NewContext
) -> None:
    page = new_context().new_page()
    sign_in(page, server, new_person(app, site))
    page.goto(f"{server.url}/tips/new")
    with page.expect_response(lambda answer: answer.request.method == "POST") as kept:
        page.fill("[name=text]", TYPED)
    assert kept.value.status == 204
    page.goto(f"{server.url}/tips/new")
    expect(page.locator("[name=text]")).to_have_value(TYPED)
    expect(page.get_by_text("What you typed on")).to_be_visible()
    assert page.evaluate("localStorage.length + sessionStorage.length") == 0
    page.get_by_role("button", name="Report it").click()
    expect(page.get_by_text("Your suspicion is reported.")).to_be_visible()
    page.goto(f"{server.url}/tips/new")
    expect(page.locator("[name=text]")).to_have_value("")
