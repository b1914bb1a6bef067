"""Which kinds of cases an installation uses and which stages apply to each, by its configuration."""

import dataclasses
from pathlib import Path
from typing import Any

import pytest
from flask import Flask

from evidence_api import create_app, doctor
from evidence_api.config import BadSettings, load
from evidence_api.domain.case import ENDED, STAGES, BadKinds, CaseKind, CaseKinds, Stage
from evidence_api.work import Site
from tests.casework import decided_charge
from tests.conftest import Persona
from tests.pages import browser, shown
from tests.test_web import submit

pytestmark = pytest.mark.usefixtures("quick_sign_in")

WHOLE = (CaseKind.SEX_TRAFFICKING, CaseKind.FORCED_LABOUR, CaseKind.BONDED_LABOUR, CaseKind.CHILD_LABOUR)


def opened(persona: Persona, kind: str) -> dict[str, Any]:
    answer = persona.post("/cases", {"title": "Riverside", "kind": kind, "country": "KH"})
    assert answer.status_code == 201, answer.get_json()
    found: dict[str, Any] = answer.get_json()
    return found


def step(persona: Persona, case: dict[str, Any], action: str, **more: str) -> Any:
    return persona.post(f"/cases/{case['id']}/transitions", {"action": action, "reason": "As agreed", **more})


def test_all_nine_kinds_are_on_by_default_and_trafficking_has_every_stage() -> None:
    kinds = load({}).kinds
    assert kinds.on == list(CaseKind)
    for kind in WHOLE:
        assert kinds.stages(kind) == set(Stage)
        assert [step.action for step in kinds.course(kind, Stage.INTAKE).steps] == [s.action for s in STAGES.steps]


def test_land_seizure_is_mediated_without_a_charge(investigator: Persona, lawyer: Persona, supervisor: Persona) -> None:
    case = opened(investigator, "land_seizure")
    assigned = investigator.post(f"/cases/{case['id']}/assignments", {"user": str(lawyer.id), "role": "lawyer"})
    assert assigned.status_code == 201
    after = step(investigator, case, "investigate").get_json()
    assert after["allowed"] == ["plan_intervention", "decline", "resolve", "hold"]
    refused = step(lawyer, case, "charge")
    assert (refused.status_code, refused.get_json()["allowed"]) == (409, after["allowed"])
    steps = lawyer.get(f"/cases/{case['id']}/next-steps").get_json()["items"]
    assert [one["action"] for one in steps] == after["allowed"]
    page = shown(browser(lawyer), f"/cases/{case['id']}")
    course = page.partition('<ol class="stages"')[2].partition("</ol>")[0]
    assert "Charged" not in course
    assert course.endswith("Resolved</li>")
    assert step(lawyer, case, "resolve").get_json()["stage"] == "resolved"
    assert 'aria-current="step">Resolved' in shown(browser(lawyer), f"/cases/{case['id']}")


@pytest.fixture
def narrow(site: Site, tmp_path: Path) -> Flask:
    """The same office, served by a configuration that uses two kinds."""
    file = tmp_path / "kinds.toml"
    file.write_text(
        '[sex_trafficking]\nwithout = ["charged", "in_trial", "judged", "monitoring", "closed"]\n'
        '[family_violence]\nwithout = ["on_hold", "intervention_planned", "intervened"]\n'
    )
    settings = dataclasses.replace(site.settings, case_kinds=file)
    app = create_app(dataclasses.replace(site, settings=settings))
    app.testing = True
    return app


def test_only_kinds_that_are_on_are_offered(narrow: Flask, investigator: Persona) -> None:
    there = dataclasses.replace(investigator, app=narrow)
    refused = there.post("/cases", {"title": "Riverside", "kind": "land_seizure", "country": "KH"})
    assert refused.status_code == 422
    assert "sex_trafficking, family_violence" in refused.get_json()["errors"]["kind"][0]
    form = shown(browser(there), "/cases/new")
    assert 'value="family_violence"' in form
    assert 'value="land_seizure"' not in form
    html = submit(browser(there), "/cases/new", title="Riverside", kind="land_seizure", country="KH")
    assert html.status_code == 422


def test_a_case_goes_on_where_its_kind_or_its_stage_was_switched_off_since(
    narrow: Flask, investigator: Persona, lawyer: Persona, supervisor: Persona, case: dict[str, Any]
) -> None:
    old = opened(investigator, "missing_person")
    step(investigator, case, "investigate")
    decided_charge(lawyer, supervisor, case["id"])
    assert step(lawyer, case, "charge").get_json()["allowed"] == ["try", "hold"]
    there = dataclasses.replace(supervisor, app=narrow)
    assert step(there, old, "investigate").get_json()["stage"] == "investigating"
    assert "plan_intervention" in there.get(f"/cases/{old['id']}").get_json()["allowed"]
    assert there.get(f"/cases/{case['id']}").get_json()["allowed"] == ["try", "hold"]
    step(there, case, "hold")
    assert step(there, case, "resume").get_json()["stage"] == "charged"
    assert 'aria-current="step">Charged' in shown(browser(there), f"/cases/{case['id']}")


def test_a_stage_that_does_not_apply_is_neither_offered_nor_taken(narrow: Flask, investigator: Persona) -> None:
    there = dataclasses.replace(investigator, app=narrow)
    case = opened(there, "family_violence")
    assert case["allowed"] == ["investigate", "decline"]
    assert step(there, case, "hold").status_code == 409
    assert step(there, case, "investigate").get_json()["allowed"] == ["charge", "decline", "resolve"]
    assert step(there, case, "plan_intervention").status_code == 409
    listed = there.get("/cases").get_json()["items"][0]
    assert listed["allowed"] == ["charge", "decline", "resolve"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("", "no kind is on"),
        ("[arson]", "not known: arson"),
        ("[land_seizure]\nwithout = ['chargd']", "list of stages"),
        ("[land_seizure]\nwithout = 'charged'", "list of stages"),
        ("[land_seizure]\nwith = ['charged']", "only `without`"),
        ("land_seizure = 1", "only `without`"),
        ("[land_seizure]\nwithout = ['intake']", "where every case begins"),
        ("[land_seizure]\nwithout = ['charged']", "never comes to: in_trial, judged, monitoring, closed"),
        ("[land_seizure]\nwithout = ['closed', 'monitoring']", "no way from charged to an end"),
        ("[land_seizure", "read as TOML"),
    ],
)
def test_a_configuration_that_cannot_be_used_is_refused_at_the_start(tmp_path: Path, text: str, says: str) -> None:
    file = tmp_path / "kinds.toml"
    file.write_text(text)
    with pytest.raises(BadSettings, match="UNBROKEN_CASE_KINDS") as refused:
        load({"UNBROKEN_CASE_KINDS": str(file)})
    assert says in str(refused.value)


def test_a_configuration_that_is_not_there_is_refused_at_the_start(tmp_path: Path) -> None:
    with pytest.raises(BadSettings, match="cannot be read"):
        load({"UNBROKEN_CASE_KINDS": str(tmp_path / "nothing.toml")})


def test_whatever_is_switched_off_a_case_never_gets_stuck() -> None:
    switches = sorted(set(Stage) - {Stage.INTAKE})
    usable = 0
    for bits in range(1 << len(switches)):
        off = {stage for n, stage in enumerate(switches) if bits >> n & 1}
        try:
            kinds = CaseKinds({CaseKind.LAND_SEIZURE: off})
        except BadKinds:
            continue
        usable += 1
        course = kinds.course(CaseKind.LAND_SEIZURE, Stage.INTAKE)
        for row in course.steps:
            assert not (row.sources | {row.target or Stage.INTAKE}) & off
        for stage in set(Stage) - off - ENDED:
            assert course.allowed(stage)
    assert usable > 20


def test_the_doctor_says_which_kinds_are_used(site: Site) -> None:
    said = next(finding for finding in doctor.examine(site) if finding.code == "case-kinds")
    assert "land_seizure (without charged, in_trial, judged, monitoring, closed)" in said.message
    assert "by the default" in said.message
