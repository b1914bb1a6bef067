"""The pages of the figures: each number opens its list; what leaves the office is for a supervisor alone."""

import re

import pytest

from tests.casework import Made, move, new_victim
from tests.conftest import Persona
from tests.pages import browser, shown, text
from tests.test_web import csrf

pytestmark = pytest.mark.usefixtures("quick_sign_in")


def test_a_number_opens_the_list_behind_it_and_is_given_out_by_a_supervisor(
    shared_case: Made, caseworker: Persona, supervisor: Persona, investigator: Persona
) -> None:
    her = new_victim(caseworker, shared_case["id"])
    at = {"axis": "whereabouts", "occurred_at": "2007-05-01T10:00:00Z"}
    move(caseworker, f"/victims/{her['id']}", "rescue", **at)
    hers, office = browser(caseworker), browser(supervisor)
    page = shown(hers, "/figures?year=2007")
    assert "Figures of 2007" in text(page)
    assert "figures.csv" not in page
    assert re.search(r'figures/behind\?(figure=rescued&amp;year=2007|year=2007&amp;figure=rescued)">1</a>', page)
    behind = shown(hers, "/figures/behind?figure=rescued&year=2007")
    assert f'href="/victims/{her["id"]}"' in behind
    assert her["pseudonym"] in text(behind)
    assert her["pseudonym"] not in behind.partition("</title>")[0]
    assert "1 May 2007" in text(behind)
    assert her["pseudonym"] in text(shown(office, "/figures?year=2007"))
    assert "Nobody and nothing counts here" in text(shown(hers, "/figures/behind?figure=convicted&year=2007"))
    assert "Figures of 2007" in text(shown(hers, "/figures?year=2007&as_known_on=2999-01-01"))
    given = {"csrf_token": csrf(shown(office, "/figures"))}
    assert "<5" in office.post("/figures.csv?year=2007", data=given).get_data(as_text=True)
    paper = office.post("/figures.pdf?year=2007", data=given)
    assert (paper.status_code, paper.data[:5]) == (200, b"%PDF-")
    assert hers.post("/figures.pdf?year=2007", data={"csrf_token": csrf(page)}).status_code == 403
    assert office.get("/figures.pdf?year=2007").status_code == 405
    assert browser(investigator).get("/figures").status_code == 403
