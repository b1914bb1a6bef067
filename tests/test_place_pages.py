"""The pages of perpetrators and venues: who sees which buttons, what the forms do, and what stands in no title."""

import re
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.casework import made, move, new_perpetrator, new_venue, new_victim
from tests.conftest import Persona, upload
from tests.pages import beside, browser, led_to, shown, text, told, ways
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

Made = dict[str, Any]
TODAY = datetime.now(UTC).date().isoformat()
ADDRESS = "House 12B, Street 271"


@pytest.fixture
def venue(investigator: Persona, shared_case: Made) -> Made:
    about = {"description": "Blue gate <b>", "place": "Behind the market", "area": "Lane of the tailors"}
    return new_venue(investigator, shared_case["id"], **about)


@pytest.fixture
def perpetrator(investigator: Persona, shared_case: Made) -> Made:
    return new_perpetrator(investigator, shared_case["id"], alias="Auntie <i>", aliases=["Ming"], note="Speaks Khmer")


def test_a_venue_is_registered_on_its_form_and_then_taken_to_another_use(
    investigator: Persona, lawyer: Persona, case: Made
) -> None:
    hers, his = browser(investigator), browser(lawyer)
    path = f"/cases/{case['id']}"
    assert f'href="{path}/venues"' in shown(hers, path)
    assert "Register the place" in shown(hers, f"{path}/venues")
    form = shown(hers, f"{path}/venues/new")
    assert '<option value="KH" selected>Cambodia</option>' in form
    wrong = told(submit(hers, f"{path}/venues/new", kind="brothel", description="Blue gate", latitude="11.5"), 422)
    assert beside(wrong, "longitude") == "Give latitude and longitude together."
    given = {"kind": "brothel", "description": "Blue gate", "area": "Svay Pak", "country": "KH"}
    venue = led_to(submit(hers, f"{path}/venues/new", **given, latitude="11.6", longitude="104.8"))
    said = text(shown(hers, venue))
    for word in ("Blue gate", "Svay Pak", "Cambodia", "11.6, 104.8", "Suspected"):
        assert word in said
    led_to(submit(hers, f"{venue}/observations/new", observed_on=TODAY, seen="open", people="9", minors="3"))
    late = told(submit(hers, f"{venue}/observations/new", observed_on="2199-01-01", seen="open"), 422)
    assert "This lies in the future." in beside(late, "observed_on")
    for action in ("observe", "confirm", "intervene"):
        led_to(submit(hers, f"{venue}/do/{action}", reason="As planned"))
    for action in ("seek_closure", "close_permanently"):
        led_to(submit(his, f"{venue}/do/{action}", reason="As ordered"))
    assert "Somebody who did not seek the closure" in text(shown(hers, venue))
    assert f"{venue}/do/verify" not in shown(hers, venue)
    refused = told(submit(hers, f"{venue}/do/verify", reason="Empty"), 409)
    assert "Somebody who did not seek the closure" in refused
    item = upload(investigator, case["id"])
    assert item["ref"] in shown(hers, f"{venue}/inspections/new")
    led_to(submit(hers, f"{venue}/inspections/new", inspected_on=TODAY, found="closed", evidence=item["id"]))
    led_to(submit(hers, f"{venue}/do/verify", reason="Empty, and the sign is gone"))
    led_to(submit(his, f"{venue}/do/repurpose", reason="Bought by the parish", new_use="A community centre"))
    html = shown(his, venue)
    assert "A community centre" in html
    assert '<li class="" aria-current="step">In another use</li>' in html
    assert item["ref"] in html


def test_everybody_on_the_case_sees_the_buttons_that_she_may_use_and_no_others(
    investigator: Persona,
    lawyer: Persona,
    supervisor: Persona,
    caseworker: Persona,
    venue: Made,
    perpetrator: Made,
) -> None:
    notes = {"edit", "ties/new", "observations/new", "inspections/new"}
    steps = {"do/observe", "do/confirm", "do/displace"}
    people = {"edit", "victims/new", "address"}
    for persona, at_venue, of_perpetrator in (
        (investigator, notes | steps, people),
        (lawyer, notes | steps | {"closure-orders/new"}, people),
        (supervisor, set(), set()),
        (caseworker, set(), set()),
    ):
        client = browser(persona)
        for thing, name, wanted in (
            (venue, "venues", at_venue),
            (perpetrator, "perpetrators", of_perpetrator),
        ):
            path = f"/{name}/{thing['id']}"
            mine = {way for way in ways(shown(client, path), path) if not way.startswith(("links", "evidence"))}
            assert mine == wanted, (persona.role, name)
            listed = shown(client, f"/cases/{thing['case']}/{name}")
            assert thing["ref"] in listed
            assert (f"{name}/new" in listed) is bool(wanted & {"edit"}), persona.role


def test_who_is_not_on_the_case_learns_nothing_from_any_page(
    investigator: Persona, colleague: Persona, venue: Made, perpetrator: Made
) -> None:
    client = browser(colleague)
    victim = new_victim(investigator, venue["case"])
    tie = made(investigator, f"/venues/{venue['id']}/ties", {"kind": "landlord", "name": "Mr Sok"})
    body = {"victim": victim["id"], "relation": "held"}
    held = made(investigator, f"/perpetrators/{perpetrator['id']}/victims", body)
    case, place, person = f"/cases/{venue['case']}", f"/venues/{venue['id']}", f"/perpetrators/{perpetrator['id']}"
    pages = [f"{case}/venues", f"{case}/venues/new", f"{case}/perpetrators", f"{case}/perpetrators/new"]
    pages += [f"{place}{one}" for one in ("", "/edit", "/ties", "/ties/new", "/observations", "/do/displace")]
    pages += [f"{place}/observations/new", f"{place}/inspections", f"{place}/inspections/new"]
    pages += [f"{person}{one}" for one in ("", "/edit", "/victims", "/victims/new", "/venues", "/address")]
    pages += [f"{person}/address/reveal", f"/venue-ties/{tie['id']}/end", f"/victim-ties/{held['id']}/end"]
    for page in pages:
        html = shown(client, page, 404)
        for word in (venue["ref"], perpetrator["ref"], "Blue gate", "Auntie", "Mr Sok", victim["pseudonym"]):
            assert word not in html, (page, word)
    assert "Lane of the tailors" not in shown(client, "/venues/areas")


def test_nothing_of_a_person_or_place_is_in_a_pages_title_or_address(
    investigator: Persona, venue: Made, perpetrator: Made
) -> None:
    victim = new_victim(investigator, venue["case"])
    tie = made(investigator, f"/venues/{venue['id']}/ties", {"kind": "owner", "perpetrator": perpetrator["id"]})
    body = {"victim": victim["id"], "relation": "parent"}
    held = made(investigator, f"/perpetrators/{perpetrator['id']}/victims", body)
    made(investigator, f"/venues/{venue['id']}/observations", {"observed_on": TODAY, "seen": "unclear"})
    client = browser(investigator)
    case, place, person = f"/cases/{venue['case']}", f"/venues/{venue['id']}", f"/perpetrators/{perpetrator['id']}"
    pages = [f"{case}/venues", f"{case}/venues?kind=brothel&state=suspected", f"{case}/perpetrators?role=keeper"]
    pages += [f"{place}{one}" for one in ("", "/edit", "/ties", "/ties/new", "/observations", "/inspections")]
    pages += [f"{person}{one}" for one in ("", "/edit", "/victims", "/victims/new", "/venues", "/address/reveal")]
    pages += [f"/venue-ties/{tie['id']}/end", f"/victim-ties/{held['id']}/end", "/venues/areas?country=KH"]
    for page in pages:
        html = shown(client, page)
        title = re.findall("<title>(.*?)</title>", html, re.S)[0]
        addresses = " ".join(re.findall(r'(?:href|action)="([^"]+)"', html))
        for word in ("Blue gate", "Auntie", "Ming", "market", "tailors", victim["pseudonym"], venue["ref"]):
            assert word not in title + addresses, (page, word)
    assert "Blue gate &lt;b&gt;" in shown(client, place)
    assert "Auntie &lt;i&gt;" in shown(client, person)


def test_a_perpetrator_is_registered_changed_and_tied_on_forms(investigator: Persona, shared_case: Made) -> None:
    client = browser(investigator)
    path = f"/cases/{shared_case['id']}/perpetrators"
    assert "Register whoever is suspected" in shown(client, path)
    wrong = told(submit(client, f"{path}/new", alias="Auntie"), 422)
    assert beside(wrong, "roles")
    several: Any = ["keeper", "pimp"]
    person = led_to(submit(client, f"{path}/new", alias="Auntie", aliases="Ming, Yeay", roles=several))
    said = text(shown(client, person))
    for word in ("Auntie", "Ming", "Yeay", "Keeper", "Pimp"):
        assert word in said
    edit = shown(client, f"{person}/edit")
    assert 'value="Ming, Yeay"' in edit
    assert len(re.findall(r'value="(?:keeper|pimp)" checked', edit)) == 2
    led_to(submit(client, f"{person}/edit", alias="Grandmother", aliases="Ming", roles="trafficker"))
    assert "Yeay" not in text(shown(client, person))
    victim = new_victim(investigator, shared_case["id"])
    led_to(submit(client, f"{person}/victims/new", victim=victim["id"], relation="parent"))
    html = shown(client, person)
    assert victim["pseudonym"] in html
    assert "Family" in text(html)
    end = re.findall(r'href="(/victim-ties/[^"]+)"', html)[0]
    assert led_to(submit(client, end, reason="It was another")) == person
    assert end not in shown(client, person)


def test_who_is_behind_a_venue_is_shown_on_both_pages_and_ended_on_a_form(
    investigator: Persona, venue: Made, perpetrator: Made
) -> None:
    client = browser(investigator)
    place, person = f"/venues/{venue['id']}", f"/perpetrators/{perpetrator['id']}"
    assert perpetrator["ref"] in shown(client, f"{place}/ties/new")
    led_to(submit(client, f"{place}/ties/new", kind="owner", perpetrator=perpetrator["id"], from_on="2024-03-01"))
    assert beside(told(submit(client, f"{place}/ties/new", kind="owner"), 422), "perpetrator")
    assert venue["ref"] in shown(client, person)
    end = re.findall(r'href="(/venue-ties/[^"]+)"', shown(client, place))[0]
    assert led_to(submit(client, end, until_on="2025-03-01", reason="Sold")) == place
    assert end not in shown(client, place)
    assert "1 Mar 2025" in text(shown(client, person))


def test_a_displaced_venue_leads_to_its_successor(investigator: Persona, venue: Made) -> None:
    client = browser(investigator)
    successor = new_venue(investigator, venue["case"], description="Green gate")
    place = f"/venues/{venue['id']}"
    assert beside(told(submit(client, f"{place}/do/displace", reason="They moved"), 422), "successor")
    led_to(submit(client, f"{place}/do/displace", reason="They moved", successor=successor["id"]))
    assert f'href="/venues/{successor["id"]}"' in shown(client, place)
    assert "Record that it is in use again" in text(shown(client, place))


def test_an_address_is_shown_once_for_a_reason_with_a_code(lawyer: Persona, perpetrator: Made) -> None:
    client = browser(lawyer)
    path = f"/perpetrators/{perpetrator['id']}"
    assert f"{path}/address/reveal" not in shown(client, path)
    led_to(submit(client, f"{path}/address", address=ADDRESS))
    html = shown(client, path)
    assert f"{path}/address/reveal" in html
    assert ADDRESS not in html + shown(client, f"{path}/address")
    assert beside(told(submit(client, f"{path}/address/reveal", reason="To arrest", otp="000000"), 403), "otp")
    answer = submit(client, f"{path}/address/reveal", reason="To arrest", otp=lawyer.otp())
    assert answer.status_code == 200
    assert ADDRESS in answer.get_data(as_text=True)
    assert answer.headers["Cache-Control"] == "no-store"
    assert ADDRESS not in shown(client, path) + shown(client, f"{path}/address/reveal")


def test_long_lists_have_pages_of_their_own(investigator: Persona, venue: Made) -> None:
    client = browser(investigator)
    place = f"/venues/{venue['id']}"
    for day in range(1, 12):
        body = {"observed_on": f"2025-01-{day:02d}", "seen": "open", "people": day}
        made(investigator, f"{place}/observations", body)
    html = shown(client, place)
    assert "11 Jan 2025" in text(html)
    assert ">1 Jan 2025" not in html
    assert f'href="{place}/observations"' in html
    assert ">1 Jan 2025" in shown(client, f"{place}/observations")


def test_areas_are_shown_with_how_many_are_open_and_closed(investigator: Persona, venue: Made) -> None:
    move(investigator, f"/venues/{venue['id']}", "confirm")
    client = browser(investigator)
    assert 'href="/venues/areas"' in shown(client, f"/cases/{venue['case']}/venues")
    html = text(shown(client, "/venues/areas?country=KH"))
    assert re.search(r"Lane of the tailors Cambodia \d+ \d+ ", html)
    assert "No venue that you may see is in this country." in text(shown(client, "/venues/areas?country=FR"))
