"""Pages of links: what an item is about, the evidence of a person or a place, the chart of a case, its timeline."""

import re
from typing import Any

import pytest
from flask import Flask

from tests.casework import new_episode, new_operation, new_perpetrator, new_venue, new_victim
from tests.conftest import Persona, days_ago, upload
from tests.pages import browser, led_to, shown, text, told, ways
from tests.pseudo import pseudo, unmarked
from tests.test_links import KINDS, linked, new_target
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

Made = dict[str, Any]


def test_an_item_is_linked_and_unlinked_on_its_page(investigator: Persona, case: Made, item: Made) -> None:
    client = browser(investigator)
    path = f"/items/{item['id']}"
    victim = new_victim(investigator, case["id"])
    html = shown(client, path)
    assert "It is linked to nobody and nothing yet" in text(html)
    assert {f"link/{kind}" for kind in KINDS} <= ways(html, path)
    form = f"{path}/link/victim"
    assert victim["pseudonym"] in shown(client, form)
    wrong = told(submit(client, form, confidence="certain"), 422)
    assert wrong.count('aria-invalid="true"') + wrong.count("Fill this in.") >= 2
    fields = {"target": victim["id"], "relation": "shows", "confidence": "probable", "note": "At minute four"}
    assert led_to(submit(client, form, **fields)) == f"{path}#about-what"
    html = shown(client, path)
    assert f"Victim {victim['pseudonym']} Shows Probable {investigator.username}" in text(html)
    assert f'href="/victims/{victim["id"]}"' in html
    end = re.search(r'href="(/links/[^"]+/end)"', html)
    assert end is not None
    assert victim["pseudonym"] in text(shown(client, end[1]))
    assert led_to(submit(client, end[1], reason="It is another")) == f"{path}#about-what"
    assert "It is linked to nobody and nothing yet" in text(shown(client, path))


@pytest.mark.parametrize("kind", KINDS)
def test_from_every_person_and_place_there_is_a_way_to_the_evidence(
    investigator: Persona, case: Made, item: Made, kind: str
) -> None:
    target = new_target(investigator, case["id"], kind)
    linked(investigator, item, kind, target)
    client = browser(investigator)
    pages = [f"/evidence-of/{kind}/{target}"] + [f"/{kind}s/{target}"] * (kind != "episode")
    for page in pages:
        html = shown(client, page)
        assert item["ref"] in text(html), page
        assert f'href="/items/{item["id"]}"' in html, page


def test_who_may_not_link_is_offered_no_form(
    investigator: Persona, supervisor: Persona, colleague: Persona, case: Made, item: Made
) -> None:
    link = linked(investigator, item, "venue", new_venue(investigator, case["id"])["id"])
    path = f"/items/{item['id']}"
    html = shown(browser(supervisor), path)
    assert "Blue gate" in text(html)
    assert not any(way.startswith("link") for way in ways(html, path))
    assert "/links/" not in html
    shown(browser(supervisor), f"{path}/link/venue", 403)
    outside = browser(colleague)
    for page in (f"{path}/link/venue", f"{path}/links", f"/links/{link['id']}/end", f"/cases/{case['id']}/chart"):
        shown(outside, page, 404)


@pytest.fixture
def drawn(investigator: Persona, case: Made) -> Made:
    """A case with one of everything, in scripts of both directions."""
    victim = new_victim(investigator, case["id"])
    keeper = new_perpetrator(investigator, case["id"], alias="أم <b>ليلى</b> " * 6)
    venue = new_venue(investigator, case["id"], description="ផ្ទះ​ទ្វារ​ខៀវ")
    operation = new_operation(investigator, case["id"], venue=venue["id"])
    new_episode(investigator, victim["id"], venue["id"])
    item = upload(investigator, case["id"], captured_at=days_ago(20).isoformat())
    linked(investigator, item, "perpetrator", keeper["id"], confidence="possible")
    linked(investigator, item, "venue", venue["id"])
    return {"victim": victim, "keeper": keeper, "venue": venue, "operation": operation, "item": item}


def test_the_chart_draws_every_node_as_a_way_to_its_page_and_says_the_same_in_tables(
    lawyer: Persona, case: Made, drawn: Made
) -> None:
    html = shown(browser(lawyer), f"/cases/{case['id']}/chart")
    svg = html[html.index('<svg class="chart') : html.index("</figure>")]
    below = html[html.index("</figure>") :]
    for path in (
        f"/items/{drawn['item']['id']}",
        f"/victims/{drawn['victim']['id']}",
        f"/perpetrators/{drawn['keeper']['id']}",
        f"/venues/{drawn['venue']['id']}",
        f"/operations/{drawn['operation']['id']}",
    ):
        assert svg.count(f'href="{path}"') == 1, path
        assert f'href="{path}"' in below, path
    assert svg.count("<path ") == 4
    assert "tie link unsure" in svg
    assert "&lt;b&gt;" in svg
    assert "<b>" not in svg
    assert re.search(r'direction="rtl">أم', svg)
    assert re.search(r'direction="ltr">ផ្ទះ', svg)
    assert "style=" not in svg
    assert "Exploited there" in below


def test_the_chart_is_filtered_and_looks_around_one_node(lawyer: Persona, case: Made, drawn: Made) -> None:
    client = browser(lawyer)
    path = f"/cases/{case['id']}/chart"
    html = shown(client, f"{path}?kinds=venue&kinds=operation&relation=&confidence=")
    assert "Operation at: Rescue" in text(html)
    assert f"/victims/{drawn['victim']['id']}" not in html
    html = shown(client, path)
    around = re.search(rf'href="(/cases/[^"]+around={drawn["item"]["id"]}[^"]*)"', html)
    assert around is not None
    html = shown(client, around[1].replace("&amp;", "&"))
    assert f"/venues/{drawn['venue']['id']}" in html
    assert f"/victims/{drawn['victim']['id']}" not in html
    assert "Nothing in the case is like this" in text(shown(client, f"{path}?kinds=episode"))


def test_a_case_of_nobody_says_what_to_do_first(investigator: Persona, case: Made) -> None:
    assert "Register a victim" in text(shown(browser(investigator), f"/cases/{case['id']}/chart"))


def test_the_timeline_says_what_was_linked_and_when_it_was_filmed_and_can_be_filtered(
    lawyer: Persona, case: Made, drawn: Made
) -> None:
    client = browser(lawyer)
    path = f"/cases/{case['id']}/timeline"
    said = text(shown(client, path))
    assert f"Linked: {drawn['item']['ref']} ." in said
    assert "Linked to: Perpetrator" in said
    assert "How sure: Possible" in said
    assert f"Recorded or seized: {drawn['item']['ref']} ." in said
    html = shown(client, f"{path}?kind=recording")
    assert "Recorded or seized" in text(html)
    assert "Case opened" not in text(html)
    assert "Nothing of this kind" in text(shown(client, f"{path}?kind=care"))


def test_no_text_of_its_pages_is_left_unmarked(app: Flask, investigator: Persona, case: Made, item: Made) -> None:
    venue = new_venue(investigator, case["id"], description="Xyz")
    link = linked(investigator, item, "venue", venue["id"])
    client = browser(investigator)
    with pseudo(app):
        for page in (
            f"/items/{item['id']}/links",
            f"/items/{item['id']}/link/venue",
            f"/links/{link['id']}/end",
            f"/evidence-of/venue/{venue['id']}",
            f"/cases/{case['id']}/chart",
            f"/cases/{case['id']}/chart?kinds=episode",
            f"/cases/{case['id']}/timeline?kind=care",
        ):
            html = shown(client, page)
            for name in (item["title"], item["ref"], case["ref"], investigator.username, venue["description"]):
                html = html.replace(name, "")
            assert unmarked(html) == [], page
