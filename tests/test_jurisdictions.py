"""Whose law applies: a file that an office edits, read and checked as the service starts, shown, and named by cases."""

import dataclasses
from datetime import date
from pathlib import Path
from typing import Any
from uuid import UUID

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_api import doctor
from evidence_api.config import DEFAULT_LAW, BadSettings, load
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.jurisdiction import MAJORITY, Element, Statute
from evidence_api.domain.roles import Role
from evidence_api.services import cases, charges
from evidence_api.work import Site, begin
from tests.casework import Made, made, new_perpetrator
from tests.conftest import Persona

DEMO = (DEFAULT_LAW / "demo.toml").read_text()
SECOND = (
    DEMO.replace('code = "DEMO"', 'code = "XX"')
    .replace("DEMO-", "XX-")
    .replace("fictional = true", "fictional = false")
)


def settings_of(directory: Path) -> Any:
    return load({"UNBROKEN_JURISDICTIONS": str(directory)})


@pytest.fixture
def directory(tmp_path: Path) -> Path:
    """A copy of the default, as an office would make it."""
    (tmp_path / "1-demo.toml").write_text(DEMO)
    return tmp_path


def test_the_default_is_fictional_and_has_nine_statutes_with_elements() -> None:
    law = load({}).jurisdictions.default
    assert (law.code, law.fictional) == ("DEMO", True)
    assert "law of no country" in law.source
    assert list(law.statutes) == [f"DEMO-{number}" for number in range(1, 10)]
    assert all(statute.elements for statute in law.statutes.values())
    assert law.deadlines.appeal > 0
    assert not law.sittings.sits_on(date(2027, 1, 1))
    assert law.sittings.sits_on(date(2027, 1, 4))
    assert not law.sittings.sits_on(date(2027, 1, 3))


def test_an_office_adds_its_own_and_the_first_file_is_the_default(directory: Path) -> None:
    (directory / "0-ours.toml").write_text(SECOND)
    used = settings_of(directory).jurisdictions
    assert list(used.all) == ["XX", "DEMO"]
    assert used.of(None).code == "XX"
    assert used.of("DEMO").code == "DEMO"
    assert used.of("no longer there").code == "XX"
    assert used.statute("DEMO-4").title == "Forced labour"
    assert used.statute("DEMO-99") is None


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("fictional = true", 'fictional = "yes"', "`fictional` as true or false"),
        ("appeal = 30", "appeal = -1", "`appeal` as a whole number from 0"),
        ("appeal = 30", "", "`appeal` as a whole number"),
        ("appeal = 30", "appeal = true", "`appeal` as a whole number"),
        ("appeal = 30", "apeal = 30", "not known: apeal"),
        ("days = [1, 2, 3, 4, 5]", "days = [0, 8]", "from 1, Monday, to 7"),
        ("opens = 08:00:00", 'opens = "early"', "`opens` as a time"),
        ("opens = 08:00:00", "opens = 18:00:00", "close later than it opens"),
        ("2026-01-01, 2026-05-01", '"New Year", 2026-05-01', "`holidays` as a list of days"),
        ("from = 2026-06-08, until = 2026-06-19", "from = 2026-06-08, until = 2026-06-07", "each of `exams`"),
        ('lesser = ["DEMO-3", "DEMO-6"]', 'lesser = ["DEMO-33"]', "no other statute of the file: DEMO-33"),
        ('code = "DEMO-2"', 'code = "DEMO-1"', "the same code"),
        ('code = "means"', 'code = "act"', "each a code of its own"),
        ("limitation_years = 20", "limitation_years = 0", "`limitation_years` as a whole number from 1"),
        ('title = "Trafficking in persons"', 'title = " "', "`title` as text"),
        ('code = "DEMO"', 'code = "DE MO"', "more than letters, digits"),
        ("[deadlines]", "[deadline]", "not known: deadline"),
        ("[sittings]", "[sittings", "cannot be read as TOML"),
    ],
)
def test_a_file_that_cannot_be_used_stops_the_service_with_a_sentence(
    directory: Path, old: str, new: str, said: str
) -> None:
    assert old in DEMO
    (directory / "1-demo.toml").write_text(DEMO.replace(old, new, 1))
    with pytest.raises(BadSettings) as refused:
        settings_of(directory)
    assert said in str(refused.value)
    assert "UNBROKEN_JURISDICTIONS" in str(refused.value)
    assert "1-demo.toml" in str(refused.value)


def test_none_and_the_same_twice_stop_it_too(directory: Path, tmp_path: Path) -> None:
    (directory / "2-again.toml").write_text(DEMO)
    with pytest.raises(BadSettings, match="a code stands twice"):
        settings_of(directory)
    with pytest.raises(BadSettings, match="there is no jurisdiction"):
        settings_of(tmp_path / "nowhere")


def test_the_doctor_says_which_are_in_use_and_what_is_fictional(site: Site) -> None:
    [said] = [finding for finding in doctor.examine(site) if finding.code.startswith("jurisdiction-")]
    assert said.code == "jurisdiction-DEMO"
    assert "It is fictional" in said.message
    assert "9 statutes, by the default" in said.message
    assert said.level == "ok"
    live = dataclasses.replace(site, settings=dataclasses.replace(site.settings, environment="production"))
    assert next(one for one in doctor.examine(live) if one.code == "jurisdiction-DEMO").level == "weak"


@given(offence=st.dates(date(1950, 1, 1), date(2100, 1, 1)), years=st.integers(1, 60), from_majority=st.booleans())
def test_an_offence_can_be_charged_for_its_years_and_not_a_day_longer(
    offence: date, years: int, from_majority: bool
) -> None:
    elements = (Element("act", "What was done."),)
    last = Statute("X", "X", elements, years, from_majority).last_day(offence)
    assert last is not None
    assert last.year - offence.year == years + (MAJORITY if from_majority else 0)
    assert (last.month, last.day) in {(offence.month, offence.day), (3, 1)}
    assert Statute("X", "X", elements).last_day(offence) is None


# --- in cases ---------------------------------------------------------------------------------------------------------


def test_a_case_names_a_jurisdiction_that_is_in_use(lawyer: Persona) -> None:
    body = {"title": "Hillside", "kind": "forced_labour", "country": "KH"}
    unknown = lawyer.post("/cases", {**body, "jurisdiction": "ZZ"})
    assert unknown.get_json()["errors"]["jurisdiction"] == ["Give one of: DEMO."]
    assert made(lawyer, "/cases", body)["jurisdiction"] is None
    case = made(lawyer, "/cases", {**body, "jurisdiction": "DEMO"})
    assert case["jurisdiction"] == "DEMO"
    assert lawyer.call("PATCH", f"/cases/{case['id']}", json={"jurisdiction": "ZZ"}).status_code == 422


def test_another_is_named_until_somebody_is_charged_under_it(
    site: Site, directory: Path, lawyer: Persona, case: Made
) -> None:
    (directory / "2-ours.toml").write_text(SECOND)
    two = dataclasses.replace(site, settings=dataclasses.replace(site.settings, law=directory))
    person, id = UUID(new_perpetrator(lawyer, case["id"])["id"]), UUID(case["id"])

    def name(jurisdiction: str) -> None:
        with begin(two, dataclasses.replace(lawyer.actor(), role=Role.SUPERVISOR)) as work:
            cases.edit_case(work, id, jurisdiction=jurisdiction)

    def charge(statute: str) -> None:
        with begin(two, lawyer.actor()) as work:
            charges.propose(work, id, perpetrator=person, statute=statute)

    name("XX")
    with pytest.raises(InvalidInput):
        charge("DEMO-4")
    charge("XX-4")
    name("XX")
    with pytest.raises(Conflict, match="It stays"):
        name("DEMO")


def test_programs_read_the_law_with_its_elements(investigator: Persona, administrator: Persona) -> None:
    [listed] = investigator.get("/jurisdictions").get_json()["items"]
    assert (listed["code"], listed["fictional"]) == ("DEMO", True)
    law = investigator.get("/jurisdictions/DEMO").get_json()
    assert [one["code"] for one in law["statutes"][0]["elements"]] == ["act", "means", "purpose"]
    assert (law["sittings"]["opens"], law["sittings"]["days"]) == ("08:00", [1, 2, 3, 4, 5])
    assert law["sittings"]["exams"][0] == {"first": "2026-06-08", "last": "2026-06-19"}
    assert investigator.get("/jurisdictions/ZZ").status_code == 404
    assert administrator.get("/jurisdictions").status_code == 403
