"""The pages of closure orders: drafted on the venue's page, taken on step by step, due on the first page."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.casework import Made, new_venue
from tests.conftest import Persona, upload
from tests.pages import beside, browser, led_to, shown, text, told
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")


def test_an_order_is_drafted_approved_granted_and_due(
    case: Made, lawyer: Persona, supervisor: Persona, investigator: Persona
) -> None:
    venue = new_venue(investigator, case["id"])
    ruling = upload(lawyer, case["id"], b"The order")["id"]
    his, office, hers = browser(lawyer), browser(supervisor), browser(investigator)
    path = f"/venues/{venue['id']}"
    assert "No order that closes it has been drafted." in text(shown(his, path))
    assert "/closure-orders/new" not in shown(hers, path)
    order = led_to(submit(his, f"{path}/closure-orders/new", permanent="1", grounds="A house of trade"))
    assert "A house of trade" in text(shown(his, order))
    assert "Another person than the one who drafted it" not in text(shown(office, order))
    led_to(submit(office, f"{order}/do/approve", reason="The grounds hold"))
    wrong = told(submit(his, f"{order}/do/apply", reason="Filed", court="Municipal court"), 422)
    assert beside(wrong, "court_ref") == "Fill this in."
    led_to(submit(his, f"{order}/do/apply", reason="Filed", court="Municipal court", court_ref="C 9/2026"))
    last = (datetime.now(UTC).date() + timedelta(days=5)).isoformat()
    led_to(submit(his, f"{order}/do/grant_temporary", reason="Granted", document=ruling, expires_on=last))
    page = shown(his, order)
    assert "Granted for a time" in text(page)
    assert "C 9/2026" not in page.partition("</title>")[0]
    assert order in shown(his, "/closure-orders?state=granted_temporary")
    assert "Closed venues: what is due" in text(shown(office, "/"))
    assert order in shown(office, "/")
    assert order in shown(hers, path)
