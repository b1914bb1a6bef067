"""Every text in every language: complete catalogues, labels for whatever has a name, no text that slips through."""

import importlib
import pkgutil
import re
from datetime import UTC, date, datetime
from enum import StrEnum
from pathlib import Path
from types import SimpleNamespace

import pytest
from babel.messages.catalog import Catalog
from babel.messages.frontend import CommandLineInterface
from babel.messages.pofile import read_po
from flask import Flask, g, render_template_string
from flask.testing import FlaskClient

from evidence_api import domain
from evidence_api.domain.case import STAGES
from evidence_api.domain.custody import CUSTODY, TRANSFERS, Custody
from evidence_api.domain.errors import IllegalTransition, TooManyTries
from evidence_api.domain.languages import LANGUAGES, SOURCE
from evidence_api.domain.roles import Role
from evidence_api.domain.sentences import sentence
from evidence_api.work import Site
from tests.people import Person, new_person
from tests.pseudo import pseudo, unmarked
from tests.test_web import sign_in, submit
from web import extraction, texts

ROOT = Path(__file__).parent.parent
OTHERS = [language for language in LANGUAGES if language != SOURCE]
PLACES = re.compile(r"%\(\w+\)[sd]|\{\w+\}")
NOUNS = "case|evidence|office|system|user|victim|care|search|venue|perpetrator|operation|operative|request|partner|tip|"
NOUNS += "testimony|plan|hearing"
ACT = re.compile(rf"[\"']((?:{NOUNS}):[a-z_]+)[\"']")
ARABIC = {"Accept-Language": "ar-EG,ar;q=0.9,en;q=0.8"}


@pytest.fixture(scope="module")
def extracted(tmp_path_factory: pytest.TempPathFactory) -> Catalog:
    """What `make texts` finds."""
    target = tmp_path_factory.mktemp("texts") / "messages.pot"
    command = [
        "pybabel",
        "-q",
        "extract",
        "--mapping-file=pyproject.toml",
        "--keywords=_l",
        "--keywords=lazy_pgettext:1c,2",
        f"--output-file={target}",
    ]
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(ROOT)
        CommandLineInterface().run([*command, "."])  # type: ignore[no-untyped-call]
    with target.open("rb") as file:
        return read_po(file)


def catalogue(language: str) -> Catalog:
    with (texts.TRANSLATIONS / language / "LC_MESSAGES" / "messages.po").open("rb") as file:
        return read_po(file)


def forms(text: object) -> list[str]:
    return [text] if isinstance(text, str) else [str(form) for form in text]  # type: ignore[attr-defined]


@pytest.mark.parametrize("language", OTHERS)
def test_every_text_is_translated_and_none_is_in_doubt(extracted: Catalog, language: str) -> None:
    there = catalogue(language)
    said = [(m.id, there.get(m.id, m.context)) for m in extracted if m.id]
    missing = [id for id, message in said if message is None or not all(forms(message.string))]
    assert missing == []
    assert [m.id for m in there if m.id and m.fuzzy] == []


@pytest.mark.parametrize("language", OTHERS)
def test_a_translation_has_the_places_of_its_text_and_no_others(language: str) -> None:
    wrong = []
    for message in catalogue(language):
        english, said = forms(message.id), forms(message.string)
        # A plural form may leave out the number: Arabic says "two items" in one word.
        optional = {"%(num)s", "%(count)s"} if message.pluralizable else set()
        asked = set(PLACES.findall(english[-1])) - optional
        if message.id and any(set(PLACES.findall(form)) - optional != asked for form in said if form):
            wrong.append(message.id)
    assert wrong == []


@pytest.mark.parametrize("language", LANGUAGES)
def test_every_language_has_its_rules_of_number_date_and_direction(app: Flask, language: str) -> None:
    with app.test_request_context(headers={"Accept-Language": language}):
        assert texts.language() == language
        assert texts.direction() == {"ar": "rtl"}.get(language, "ltr")
        assert "17" in texts.day(date(2026, 2, 17))


def members() -> list[StrEnum]:
    return [member for kind in texts.LABELS for member in kind]  # type: ignore[attr-defined]


def test_every_member_of_an_enum_that_people_meet_has_its_label(app: Flask) -> None:
    rooms = [
        importlib.import_module(f"{domain.__name__}.{found.name}") for found in pkgutil.iter_modules(domain.__path__)
    ]
    there = [value for room in rooms for value in vars(room).values() if isinstance(value, type)]
    kinds = {kind for kind in there if issubclass(kind, StrEnum)} - {StrEnum}
    assert kinds <= texts.LABELS.keys()
    assert [m for m in members() if m.value not in texts.LABELS[type(m)]] == []
    with app.test_request_context():
        assert texts.said(Custody.AT_COURT) == "At court"
        assert texts.said("a later act") == "a later act"


def test_every_act_has_a_label_for_what_can_be_done_and_for_what_was_done() -> None:
    # What is sealed has its rules in need-to-know by names that look like those of acts.
    files = [file for file in (ROOT / "evidence_api").rglob("*.py") if file.name != "sight.py"]
    acts = {act for file in files for act in ACT.findall(file.read_text())}
    acts |= {f"case:{action}" for action in STAGES.actions} | {f"evidence:{action}" for action in CUSTODY.actions}
    acts |= {*STAGES.actions, *CUSTODY.actions, *TRANSFERS.actions}
    assert sorted(acts - texts.ACTS.keys()) == []


def test_a_sentence_of_the_service_is_never_put_together_where_it_stands() -> None:
    places = ["domain", "services"]
    files = [file for place in places for file in (ROOT / "evidence_api" / place).glob("*.py")]
    files += [ROOT / "evidence_api" / f"{name}.py" for name in ("auth", "credentials", "errors", "policy", "work")]
    files += [*(ROOT / "schemas").glob("*.py"), *(ROOT / "web").glob("*.py")]
    found = [(file.name, line) for file in files for line in extraction.glued(file.read_text())]
    assert found == []


def test_every_sentence_in_the_code_of_the_pages_is_marked(extracted: Catalog) -> None:
    files = [file for file in (ROOT / "web").glob("*.py") if file.stem not in {"assets", "design", "extraction"}]
    marked = {form for message in extracted for form in forms(message.id)}
    found = []
    for file in files:
        with file.open("rb") as source:
            said = extraction.sentences(source, (), (), {})
            found += [(file.name, line, text) for line, _, text, _ in said if text not in marked]
    assert found == []


def test_a_sentence_remembers_what_it_is_made_of() -> None:
    made = sentence("Give {one} of {all}.", one=3, all=[Role.LAWYER, Role.SUPERVISOR], more="not said")
    assert made == "Give 3 of lawyer, supervisor."
    assert made.template == "Give {one} of {all}."
    assert set(made.values) == {"one", "all"}


def test_the_labels_stand_in_the_sentences_of_a_page_and_the_names_in_those_of_the_api(app: Flask) -> None:
    with pytest.raises(IllegalTransition) as raised:
        CUSTODY.step(Custody.CHECKED_OUT, "take_to_court")
    assert raised.value.detail.endswith("Possible now: check_in.")
    with app.test_request_context():
        assert texts.translated(raised.value.detail).endswith("The state is: Checked out. Possible now: Check in.")
    with app.test_request_context(headers=ARABIC):
        assert re.search("[a-z]", texts.translated(raised.value.detail)) is None
        assert "30" in texts.translated(TooManyTries(30).detail)


def test_a_refused_act_answers_in_the_readers_language(client: FlaskClient, site: Site, app: Flask) -> None:
    person = new_person(app, site, [Role.INVESTIGATOR])
    sign_in(client, person)
    page = client.get(f"/items/{person.id}", headers=ARABIC)
    assert page.status_code == 404
    html = page.get_data(as_text=True)
    assert '<html lang="ar" dir="rtl"' in html
    with app.test_request_context(headers=ARABIC):
        said = texts.translated("There is nothing here, or it is not shared with you.")
    assert re.search("[؀-ۿ]", said)
    assert said in html


def test_a_form_that_comes_back_says_so_in_the_readers_language(client: FlaskClient, app: Flask) -> None:
    client.environ_base["HTTP_ACCEPT_LANGUAGE"] = "ar"
    html = submit(client, "/sign-in", username="nobody").get_data(as_text=True)
    with app.test_request_context(headers=ARABIC):
        assert texts.translated("Fill this in.") in html
    assert "Fill this in." not in html


def test_the_account_s_language_goes_before_the_browser_s(client: FlaskClient, site: Site, app: Flask) -> None:
    person = new_person(app, site)
    sign_in(client, person)
    assert '<html lang="en" dir="ltr"' in client.get("/", headers={"Accept-Language": "de"}).get_data(as_text=True)
    browser = person.browser()
    assert browser.call("GET", "/me").get_json()["language"] is None
    chosen = browser.call("PATCH", "/me", json={"language": "ar"})
    assert chosen.get_json()["language"] == "ar"
    assert person.entries()[-1]["action"] == "user:language"
    assert person.entries()[-1]["data"] == {"language": "ar"}
    assert '<html lang="ar" dir="rtl"' in client.get("/", headers={"Accept-Language": "en"}).get_data(as_text=True)


def test_a_language_that_there_is_not_is_refused(person: Person) -> None:
    answer = person.browser().call("PATCH", "/me", json={"language": "xx"})
    assert answer.status_code == 422
    assert answer.get_json()["errors"] == {"language": ["Give one of: en, ar."]}
    assert "user:language" not in person.actions()


@pytest.fixture
def person(app: Flask, site: Site) -> Person:
    return new_person(app, site)


def test_times_are_the_office_s_and_sizes_are_short_and_exact(app: Flask) -> None:
    moment = datetime(2026, 2, 17, 20, 30, 5, tzinfo=UTC)
    with app.test_request_context():
        g.frame = SimpleNamespace(language="en", zone="Asia/Phnom_Penh")
        assert texts.when(moment) == (
            '<time datetime="2026-02-17T20:30:05Z" title="17 Feb 2026, 20:30:05 UTC">18 Feb 2026, 03:30</time>'
        )
        assert ">18 Feb 2026<" in texts.day(moment)
        assert texts.zone() == "Phnom Penh"
        assert texts.size(1_234_567) == '<data value="1234567" title="1,234,567 bytes">1.2 MB</data>'
        shown = render_template_string("{{ none|when }}{{ none|ago }}{{ none|day }}{{ none|bytes }}", none=None)
        assert shown == ""
        assert ">2 days ago<" in texts.ago(datetime.now(UTC).replace(microsecond=0) - (moment - moment.replace(day=15)))


@pytest.mark.parametrize("path", ["/", "/password", "/sign-in", "/nowhere"])
def test_no_text_of_a_page_is_left_unmarked(client: FlaskClient, app: Flask, person: Person, path: str) -> None:
    if path != "/sign-in":
        sign_in(client, person)
    with pseudo(app):
        html = client.get(path, headers={"Accept": "text/html"}).get_data(as_text=True)
    assert "⟦" in html
    assert unmarked(html) == []
