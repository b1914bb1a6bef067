"""Search: words, and how they begin, find what the one who asks may know of, and nothing else."""

import random
from typing import Any
from uuid import UUID, uuid4

import pytest
import sqlalchemy as sa
from sqlalchemy.orm import Session

from evidence_api.doctor import examine
from evidence_api.domain.search import Kind
from evidence_api.index import matching, of_kind, phrased, write
from evidence_api.models import SearchSpelling, SearchText, Venue
from evidence_api.services import search
from evidence_api.setup import initialise
from evidence_api.work import Site, begin
from tests.casework import made, new_operation, new_perpetrator, new_venue, new_victim
from tests.conftest import Persona, upload
from tests.pages import browser, led_to, shown, text
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")


def word() -> str:
    """A word that nothing else has in its title."""
    return f"w{uuid4().hex[:12]}"


def open_case(lead: Persona, title: str) -> dict[str, Any]:
    opened: dict[str, Any] = lead.post(
        "/cases", {"title": title, "kind": "sex_trafficking", "country": "KH"}
    ).get_json()
    return opened


def found(persona: Persona, q: str, **more: str) -> list[str]:
    """The refs of what is found, in their order."""
    response = persona.get("/search", query_string={"q": q, **more})
    assert response.status_code == 200, response.get_json()
    return [one["ref"] for one in response.get_json()["items"]]


def test_how_a_word_begins_finds_cases_and_items_whole_words_first_then_the_newest(investigator: Persona) -> None:
    rare = word()
    case = open_case(investigator, f"The {rare} house")
    item = upload(investigator, case["id"], title=f"Door of the {rare}s")
    later = open_case(investigator, rare)
    assert found(investigator, rare) == [later["ref"], case["ref"], item["ref"]]
    assert found(investigator, rare[:-1]) == [later["ref"], item["ref"], case["ref"]]
    assert found(investigator, rare, kind="case") == [later["ref"], case["ref"]]
    assert found(investigator, rare, kind="item") == [item["ref"]]


@pytest.mark.parametrize("written", ["Café Rouge", "Бар «Заря»", "QUÁN BIA"])
def test_capitals_do_not_matter_in_any_script(investigator: Persona, written: str) -> None:
    rare = word()
    case = open_case(investigator, f"{rare} {written}")
    for typed in (written.lower(), written.upper(), written):
        assert found(investigator, f"{rare} {typed}") == [case["ref"]]


@pytest.mark.parametrize("wildcard", ["%", "_", "\\", "/"])
def test_what_databases_take_for_wildcards_is_found_as_it_is_written(investigator: Persona, wildcard: str) -> None:
    rare = word()
    case = open_case(investigator, f"{rare}a{wildcard}b")
    open_case(investigator, f"{rare}axb")
    assert found(investigator, f"{rare}a{wildcard}b") == [case["ref"]]


def test_the_exact_ref_comes_first_before_all_that_is_newer(investigator: Persona) -> None:
    case = open_case(investigator, "Riverside")
    items = [upload(investigator, case["id"])["ref"] for _ in range(2)]
    newer = open_case(investigator, f"As in {case['ref']}")
    assert found(investigator, case["ref"].lower()) == [case["ref"], newer["ref"], *reversed(items)]
    assert found(investigator, items[0])[0] == items[0]


def test_a_thing_is_found_by_its_tag(investigator: Persona, case: dict[str, Any]) -> None:
    tag = word().upper()
    body = {"title": "Ledger book", "tag": tag, "place": "Safe"}
    item = investigator.post(f"/cases/{case['id']}/items", body).get_json()
    (one,) = investigator.get("/search", query_string={"q": tag.lower()}).get_json()["items"]
    assert one == {
        "kind": "item",
        "id": item["id"],
        "ref": item["ref"],
        "title": "Ledger book",
        "tag": tag,
        "case": case["id"],
        "similar": False,
    }


def test_what_one_may_not_know_of_is_not_found(
    investigator: Persona, colleague: Persona, supervisor: Persona, caseworker: Persona
) -> None:
    rare = word()
    case = open_case(investigator, rare)
    shown, hidden = (upload(investigator, case["id"], title=f"{rare} {number}") for number in range(2))
    assert found(colleague, rare) == []
    assert found(supervisor, rare) == [hidden["ref"], shown["ref"], case["ref"]]
    assigned = {"user": str(caseworker.id), "role": "caseworker"}
    assert investigator.post(f"/cases/{case['id']}/assignments", assigned).status_code == 201
    assert found(caseworker, rare) == [case["ref"]]
    assert investigator.post(f"/evidence/{shown['id']}/readers", {"user": str(caseworker.id)}).status_code == 201
    assert found(caseworker, rare) == [shown["ref"], case["ref"]]


def test_an_administrator_searches_nothing(administrator: Persona) -> None:
    assert administrator.get("/search?q=riverside").status_code == 403


def test_it_says_when_there_is_more_than_it_gives(investigator: Persona) -> None:
    rare = word()
    refs = [open_case(investigator, rare)["ref"] for _ in range(3)]
    some = investigator.get("/search", query_string={"q": rare, "limit": "2"}).get_json()
    assert ([one["ref"] for one in some["items"]], some["more"]) == ([refs[2], refs[1]], True)
    assert investigator.get("/search", query_string={"q": rare, "limit": "3"}).get_json()["more"] is False


def test_it_never_gives_more_than_fifty(site: Site, investigator: Persona) -> None:
    with begin(site, investigator.actor(), read_only=True) as work:
        assert len(search.find(work, q="pp").items) <= search.MOST == 50
    assert investigator.get("/search?q=pp&limit=51").status_code == 422


@pytest.mark.parametrize("q", ["", "a", " a ", "a" * 101])
def test_too_short_or_too_long_a_search_is_told_so(investigator: Persona, q: str) -> None:
    refused = investigator.get("/search", query_string={"q": q})
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["q"])


def letters() -> str:
    """A word of ten different letters, without a z, that nothing else has and nothing is spelt like."""
    return "".join(random.sample("abcdefghijklmnop", 10))


def kinds(persona: Persona, q: str, **more: str) -> list[str]:
    """The kinds of what is found."""
    response = persona.get("/search", query_string={"q": q, **more})
    assert response.status_code == 200, response.get_json()
    return [one["kind"] for one in response.get_json()["items"]]


def new_partner(persona: Persona, name: str) -> dict[str, Any]:
    return made(persona, "/partners", {"name": name, "country": "KH", "region": "Kandal", "offers": ["legal"]})


def test_people_and_places_are_found_by_whatever_is_known_of_them(
    investigator: Persona, supervisor: Persona, shared_case: dict[str, Any]
) -> None:
    case, rare = shared_case["id"], letters()
    item = upload(investigator, case, title=f"{rare} door")
    victim = new_victim(investigator, case)
    alias = new_perpetrator(investigator, case, alias=rare, aliases=["Big Ears"], note="Wears a green hat")
    venue = new_venue(investigator, case, description=f"{rare} bar", place="Behind the market", area="Kien Svay")
    operation = new_operation(investigator, case)
    partner = new_partner(supervisor, f"House of {rare}")
    assert sorted(kinds(investigator, rare)) == ["item", "partner", "perpetrator", "venue"]
    assert kinds(investigator, rare, kind="venue") == ["venue"]
    for q, thing in (
        (f"{rare} ears", alias),
        (f"green {rare}", alias),
        (f"{rare} market", venue),
        (f"kien {rare}", venue),
        (f"{rare} door", item),
        (f"house {rare}", partner),
        (alias["ref"], alias),
        (venue["ref"], venue),
        (operation["ref"], operation),
        (victim["pseudonym"], victim),
    ):
        (first, *_) = investigator.get("/search", query_string={"q": q}).get_json()["items"]
        assert first["id"] == thing["id"]
    (told,) = investigator.get("/search", query_string={"q": victim["pseudonym"]}).get_json()["items"]
    assert (told["ref"], told["title"], told["case"], told["similar"]) == (victim["pseudonym"], None, None, False)


@pytest.mark.parametrize(
    ("written", "typed", "missing"),
    [
        ("ភ្នំពេញ ស្វាយប៉ាក", ["ភ្នំពេញ", "ពេញ", "ស្វាយប៉ា", "ភ្នំ\u200bពេញ"], ["ពេញភ្នំ", "ភ្នំពាញ", "វាយប៉ាក"]),
        ("Café Đồng Nai", ["cafe dong", "CAFÉ", "dong nai caf"], ["afe", "ong nai"]),
        ("بيت أحمد", ["احمد", "أَحْمَد بيت", "بي"], ["حمد"]),
        ("ห้องเช่ากรุงเทพ", ["กรุงเทพ", "ห้องเช่า"], ["เทพกรุง"]),
    ],
)
def test_every_script_is_found_by_its_words_and_how_they_begin(
    investigator: Persona, case: dict[str, Any], written: str, typed: list[str], missing: list[str]
) -> None:
    rare = letters()
    venue = new_venue(investigator, case["id"], description=f"{written} {rare}")
    for q in typed:
        assert found(investigator, f"{q} {rare}") == [venue["ref"]]
    for q in missing:
        assert found(investigator, f"{q} {rare}") == []


def test_what_is_nearly_so_is_found_where_nothing_is_just_so_and_said_to_be_similar(
    investigator: Persona, case: dict[str, Any]
) -> None:
    rare = letters()
    venue = new_venue(investigator, case["id"], description=f"Rose {rare}")
    wrong = rare[:3] + "z" + rare[4:-1]
    for q in (wrong, rare[:4] + rare[5] + rare[4] + rare[6:], f"rsoe {rare}", f"rosse {wrong}"):
        (one,) = investigator.get("/search", query_string={"q": q}).get_json()["items"]
        assert (one["ref"], one["similar"]) == (venue["ref"], True)
    for q in (f"ros {wrong}qq", f"rsz {rare}", "zz" + rare[2:-1]):
        assert found(investigator, q) == []
    exact = new_venue(investigator, case["id"], description=wrong)
    assert found(investigator, wrong) == [exact["ref"]]


def test_nothing_leaks_to_one_outside_the_case_neither_by_more_nor_by_similar_words(
    investigator: Persona,
    colleague: Persona,
    caseworker: Persona,
    supervisor: Persona,
    shared_case: dict[str, Any],
) -> None:
    rare = letters()
    case = shared_case["id"]
    mine = colleague.post("/cases", {"title": rare, "kind": "sex_trafficking", "country": "KH"}).get_json()
    hidden = [new_venue(investigator, case, description=rare)["ref"] for _ in range(3)]
    new_perpetrator(investigator, case, alias=rare)
    new_operation(investigator, case)
    upload(investigator, case, title=f"{rare} film")
    victim = new_victim(investigator, case)
    wrong = rare[:-1] + "zz"
    for q in (rare, rare[:5], wrong):
        told = colleague.get("/search", query_string={"q": q, "limit": "1"}).get_json()
        assert ([one["ref"] for one in told["items"]], told["more"]) == ([mine["ref"]], False)
    for q in (f"{rare} film", f"{wrong} film", hidden[0], victim["pseudonym"]):
        assert colleague.get("/search", query_string={"q": q}).get_json() == {"items": [], "more": False}
    assert "item" not in kinds(caseworker, rare)
    assert kinds(caseworker, rare, kind="venue") == ["venue"] * 3
    assert len(found(supervisor, rare)) == 6


def test_what_is_in_the_vault_is_never_found(
    investigator: Persona, caseworker: Persona, supervisor: Persona, shared_case: dict[str, Any]
) -> None:
    rare = letters()
    victim = new_victim(caseworker, shared_case["id"])
    told = {"name": f"{rare} Sok", "contact": rare}
    assert caseworker.call("PUT", f"/victims/{victim['id']}/identity", json=told).status_code == 204
    kept = caseworker.call("PUT", f"/victims/{victim['id']}/address", json={"address": rare})
    assert kept.status_code == 204
    for persona in (investigator, caseworker, supervisor):
        assert found(persona, rare) == found(persona, rare[:6]) == found(persona, rare[:-1] + "z") == []
    assert not written(investigator.site, rare)


def written(site: Site, word: str) -> list[str]:
    """The texts and the spellings of the index that have the word."""
    with site.engine.connect() as connection:
        texts = connection.scalars(sa.select(SearchText.text).where(SearchText.text.contains(word))).all()
        words = connection.scalars(sa.select(SearchSpelling.word).where(SearchSpelling.word == word)).all()
    return [*texts, *words]


def test_the_index_follows_every_change_and_keeps_nothing_of_what_was_taken_out(
    investigator: Persona, supervisor: Persona, item: dict[str, Any]
) -> None:
    first, second = letters(), letters()
    path = f"/evidence/{item['id']}"
    made(investigator, f"{path}/notes", {"text": f"She says: {first}\n\nភ្នំពេញ{second}"})
    assert found(investigator, first) == found(investigator, f"ភ្នំពេញ {second}") == [item["ref"]]
    assert investigator.get(path).get_json()["notes"] == f"She says: {first}\n\nភ្នំពេញ{second}"
    made(investigator, f"{path}/notes", {"text": second})
    assert (found(investigator, first), found(investigator, second)) == ([], [item["ref"]])
    assert written(investigator.site, first) == []
    made(investigator, f"{path}/notes", {})
    assert found(investigator, second) == written(investigator.site, second) == []
    assert "notes" not in investigator.get(f"/cases/{item['case']}/evidence").get_json()["items"][0]

    partner = new_partner(supervisor, first)
    assert kinds(investigator, first) == ["partner"]
    made(supervisor, f"/partners/{partner['id']}/end", {"reason": "It closed"})
    assert kinds(investigator, first) == written(investigator.site, first) == []


def test_a_victim_is_found_in_a_case_that_comes_to_know_her(
    investigator: Persona, colleague: Persona, caseworker: Persona, shared_case: dict[str, Any]
) -> None:
    victim = new_victim(caseworker, shared_case["id"])
    other = open_case(colleague, "Hillside")
    assigned = {"user": str(caseworker.id), "role": "caseworker"}
    assert colleague.post(f"/cases/{other['id']}/assignments", assigned).status_code == 201
    assert found(colleague, victim["pseudonym"]) == []
    made(caseworker, f"/victims/{victim['id']}/cases", {"case": other["id"]})
    assert found(colleague, victim["pseudonym"]) == [victim["pseudonym"]]


def test_notes_are_an_act_on_the_item_and_a_restricted_item_has_none(
    investigator: Persona, supervisor: Persona, item: dict[str, Any]
) -> None:
    path = f"/evidence/{item['id']}"
    assert supervisor.post(f"{path}/notes", {"text": "Hers"}).status_code == 403
    made(investigator, f"{path}/notes", {"text": "Two men come in"})
    (*_, last) = investigator.get(f"{path}/custody").get_json()["items"]
    assert (last["action"], "Two men" in last["entry"]) == ("evidence:notes", False)
    made(investigator, f"{path}/sensitivity", {"sensitivity": "restricted", "reason": "A child is seen"})
    assert investigator.post(f"{path}/notes", {"text": "A girl"}).status_code == 409


def test_what_was_written_before_an_item_was_restricted_is_for_those_alone_who_may_open_it(
    investigator: Persona, lawyer: Persona, item: dict[str, Any]
) -> None:
    path, rare = f"/evidence/{item['id']}", letters()
    made(investigator, f"{path}/notes", {"text": rare})

    def told(persona: Persona) -> list[bool]:
        """Whether she reads the notes: on the item, in its chain, in the timeline of the case."""
        chain = [one for one in persona.get(f"{path}/custody").get_json()["items"] if one["action"] == "evidence:notes"]
        happened = persona.get(f"/cases/{item['case']}/timeline?limit=200").get_json()["items"]
        noted = [one["facts"] for one in happened if one["action"] == "evidence:notes"]
        return [persona.get(path).get_json()["notes"] == rare, chain[0]["disclosures"] != {}, noted == [{"text": rare}]]

    assert told(lawyer) == [True] * 3
    assert found(lawyer, rare) == [item["ref"]]
    made(investigator, f"{path}/sensitivity", {"sensitivity": "restricted", "reason": "A child is seen"})
    assert told(lawyer) == told(investigator) == [False] * 3
    assert rare not in browser(lawyer).get(f"/items/{item['id']}").get_data(as_text=True)
    assert found(lawyer, rare) == written(lawyer.site, rare) == []
    made(investigator, f"{path}/readers", {"user": str(lawyer.id)})
    assert (told(lawyer), told(investigator)) == ([True] * 3, [False] * 3)
    assert found(lawyer, rare) == []


def test_a_word_that_is_used_while_another_act_takes_it_out_is_still_forgiven(
    site: Site, investigator: Persona, case: dict[str, Any]
) -> None:
    if site.engine.dialect.name == "sqlite":
        pytest.skip("one act writes at a time there")
    rare = letters()
    first, second = (new_venue(investigator, case["id"], description=one) for one in (rare, "Another"))
    with Session(site.engine) as using, using.begin():
        venue = using.get_one(Venue, UUID(second["id"]))
        venue.description = rare
        using.flush()
        write(using, [venue])
        answer = investigator.call("PATCH", f"/venues/{first['id']}", json={"description": "Nothing"})
        assert answer.status_code == 200
    assert found(investigator, f"{rare[:-1]}{'a' if rare[-1] != 'a' else 'b'}") == [second["ref"]]


def test_the_index_itself_tells_the_kinds_apart_so_that_one_is_not_sought_among_all(
    site: Site, investigator: Persona, case: dict[str, Any]
) -> None:
    rare = letters()
    new_venue(investigator, case["id"], description=rare)
    upload(investigator, case["id"], title=rare)
    dialect = site.engine.dialect.name
    with site.engine.connect() as connection:
        for kind, count in ((Kind.VENUE, 1), (Kind.ITEM, 1), (Kind.VICTIM, 0)):
            sought = phrased(dialect, [[(of_kind(kind, rare[:6]), True)]])
            hits = connection.scalars(
                matching(sa.select(SearchText), dialect, sought).with_only_columns(SearchText.kind)
            )
            assert hits.all() == [kind] * count


def test_whoever_has_more_cases_than_fit_into_a_query_finds_the_same(
    investigator: Persona, monkeypatch: pytest.MonkeyPatch
) -> None:
    rare = letters()
    case = open_case(investigator, rare)
    monkeypatch.setattr(search, "MANY_CASES", 0)
    assert found(investigator, rare) == [case["ref"]]


def test_what_the_index_lacks_is_said_by_doctor_and_filled_by_init(site: Site, investigator: Persona) -> None:
    rare = letters()
    refs = [open_case(investigator, rare)["ref"] for _ in range(3)]
    with site.engine.begin() as connection:
        connection.execute(
            sa.delete(SearchText).where(SearchText.ref.in_([ref.lower().replace("-", " ") for ref in refs]))
        )
        connection.execute(sa.delete(SearchSpelling).where(SearchSpelling.word == rare))
    assert found(investigator, rare) == []
    (said,) = [finding for finding in examine(site) if finding.code == "search"]
    assert (said.level, "lacks 3" in said.message) == ("weak", True)
    initialise(site.settings, origin=site.origin, office="PP", name="Phnom Penh")
    assert found(investigator, rare) == found(investigator, rare[:-1] + "zz") == list(reversed(refs))
    (said,) = [finding for finding in examine(site) if finding.code == "search"]
    assert said.level == "ok"


def test_the_page_groups_what_is_found_by_kind_and_takes_one_kind_alone(
    investigator: Persona, supervisor: Persona, shared_case: dict[str, Any]
) -> None:
    rare = letters()
    item = upload(investigator, shared_case["id"], title=f"{rare} door")
    venue = new_venue(investigator, shared_case["id"], description=rare)
    operation = new_operation(investigator, shared_case["id"])
    victim = new_victim(investigator, shared_case["id"])
    partner = new_partner(supervisor, rare)
    client = browser(investigator)
    html = submit(client, "/search", q=rare).get_data(as_text=True)
    for kind, thing in (("item", item), ("venue", venue), ("partner", partner)):
        assert f'id="found-{kind}"' in html
        assert f'href="/{kind}s/{thing["id"]}"' in html
    alone = submit(client, "/search", q=rare, kind="venue").get_data(as_text=True)
    assert (venue["id"] in alone, item["id"] in alone) == (True, False)
    assert "spelt nearly so" in text(submit(client, "/search", q=rare[:-1] + "z").get_data(as_text=True))
    for thing in (operation["ref"], victim["pseudonym"]):
        assert thing in text(submit(client, "/search", q=thing).get_data(as_text=True))
    assert submit(client, "/search", q=rare, kind="nothing").status_code == 422


def test_notes_are_written_and_read_on_the_item_s_page(investigator: Persona, item: dict[str, Any]) -> None:
    client = browser(investigator)
    path = f"/items/{item['id']}"
    assert f"{path}/notes" in shown(client, path)
    assert led_to(submit(client, f"{path}/notes", text="Two men\r\ncome in")).endswith(path)
    assert "Two men come in" in text(shown(client, path))
    assert "Two men" in shown(client, f"{path}/notes")
    led_to(submit(client, f"{path}/notes", text=""))
    assert "Two men come in" not in text(shown(client, path).partition('id="chain"')[0])
