"""Charges: proposed, approved by another, filed, tried, decided, sentenced, amended; what proves them; the matrix."""

import uuid
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from evidence_api.domain.appeal import AppealState, Side
from evidence_api.domain.charge import CHARGE, ChargeState
from evidence_api.domain.roles import OPERATOR, Role, Scope
from evidence_api.models import Appeal, AppealCharge, Charge, Evidence, Verdict
from evidence_api.services import accounts
from evidence_api.work import Site, begin
from tests.casework import convicted, filed_charge, made, move, new_charge, new_perpetrator
from tests.conftest import PASSWORD, Persona, upload

TODAY = datetime.now(UTC).date()
Made = dict[str, Any]


def ago(days: int) -> str:
    return (TODAY - timedelta(days=days)).isoformat()


def step(persona: Persona, charge: Made, action: str, **fields: Any) -> Any:
    return persona.post(f"/charges/{charge['id']}/transitions", {"action": action, "reason": "As it was", **fields})


def record(persona: Persona, charge: Made) -> Made:
    found: Made = persona.get(f"/charges/{charge['id']}/record").get_json()
    return found


def impose(persona: Persona, charge: Made, **fields: Any) -> Any:
    return persona.post(f"/charges/{charge['id']}/sentences", {"imposed_on": TODAY.isoformat(), **fields})


PRISON = {"kind": "imprisonment", "days": 3650, "running": "concurrent"}


@pytest.fixture
def judgment(investigator: Persona, case: Made) -> str:
    return str(upload(investigator, case["id"])["id"])


def appealed(site: Site, case: Made, charge: Made, state: AppealState) -> uuid.UUID:
    """An appeal against a charge, as its own room would keep it."""
    with site.engine.begin() as connection:
        known = {"id": uuid.uuid4(), "case_id": uuid.UUID(case["id"])}
        appeal = {"ref": f"{charge['ref']}-{state}", "side": Side.DEFENCE, "state": state, "filed_on": TODAY}
        now = {"created_at": datetime.now(UTC), "version": 1}
        connection.execute(sa.insert(Appeal).values(**known, **appeal, **now))
        about = {"appeal_id": known["id"], "charge_id": uuid.UUID(charge["id"]), "case_id": known["case_id"]}
        connection.execute(sa.insert(AppealCharge).values(**about))
    return known["id"]


# --- from the proposal to the last word -------------------------------------------------------------------------------


def test_a_charge_goes_from_the_proposal_to_the_last_word(
    lawyer: Persona, supervisor: Persona, case: Made, judgment: str
) -> None:
    days = {"offence_from": ago(400), "offence_until": ago(300)}
    charge = new_charge(lawyer, case["id"], particulars="Kept four in the back room", **days)
    assert (charge["ref"], charge["count"], charge["edition"]) == (f"{case['ref']}-C1", 1, 1)
    assert (charge["state"], charge["proposer"], charge["approver"]) == ("proposed", str(lawyer.id), None)
    path = f"/charges/{charge['id']}"
    approved = move(supervisor, path, "approve")
    assert approved["approver"] == str(supervisor.id)
    filed = move(lawyer, path, "file", court="Provincial court", court_ref="CC 17/2026", decided_on=ago(90))
    assert (filed["court_ref"], filed["filed_on"]) == ("CC 17/2026", ago(90))
    move(lawyer, path, "plead", plea="not_guilty", decided_on=ago(80))
    move(lawyer, path, "list")
    assert move(lawyer, path, "begin")["state"] == "in_trial"
    found = move(lawyer, path, "convict", document=judgment, decided_on=ago(60))
    assert (found["decided_on"], found["appeal_until"]) == (ago(60), ago(30))
    assert impose(lawyer, charge, **PRISON, imposed_on=ago(40)).status_code == 201
    sentenced = move(lawyer, path, "sentence")
    assert sentenced["appeal_until"] == ago(10)
    assert move(lawyer, path, "finalise")["state"] == "final"
    kept = record(lawyer, charge)
    assert [plea["plea"] for plea in kept["pleas"]] == ["not_guilty"]
    [verdict] = kept["verdicts"]
    assert (verdict["verdict"], verdict["statute"], verdict["document"]) == ("convicted", "DEMO-1", judgment)
    [imposed] = kept["sentences"]
    assert (imposed["days"], imposed["running"], imposed["ended_at"]) == (3650, "concurrent", None)
    told = [event["action"] for event in lawyer.get(f"/cases/{case['id']}/timeline?kind=court").get_json()["items"]]
    assert set(told) >= {"charge:propose", "charge:approve", "charge:file", "charge:convict", "charge:finalise"}


def test_the_ledger_has_a_charges_words_as_commitments_alone(lawyer: Persona, site: Site, case: Made) -> None:
    charge = new_charge(lawyer, case["id"], particulars="Kept SOKHA in the back room")
    with site.engine.connect() as connection:
        bodies = connection.exec_driver_sql("SELECT body FROM ledger_entry ORDER BY id DESC LIMIT 3").scalars().all()
    written = b"".join(bytes(body) for body in bodies)
    assert charge["statute"].encode() in written
    assert b"SOKHA" not in written


def test_the_next_count_is_numbered_and_one_that_is_there_is_refused(lawyer: Persona, case: Made) -> None:
    first = new_charge(lawyer, case["id"], count=3)
    same = {"perpetrator": first["perpetrator"], "statute": "DEMO-2"}
    assert made(lawyer, f"/cases/{case['id']}/charges", same)["count"] == 4
    taken = lawyer.post(f"/cases/{case['id']}/charges", {**same, "count": 3})
    assert taken.status_code == 409
    assert "such as 5" in taken.get_json()["detail"]


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"statute": "KH-1"}, "statute"),
        ({"perpetrator": str(uuid.uuid4())}, "perpetrator"),
        ({"offence_until": ago(5)}, "offence_from"),
        ({"offence_from": ago(5), "offence_until": ago(6)}, "offence_until"),
        ({"offence_from": (TODAY + timedelta(days=3)).isoformat()}, "offence_from"),
        ({"count": 0}, "count"),
    ],
)
def test_a_charge_that_cannot_be_so_is_refused_with_the_field(
    lawyer: Persona, case: Made, wrong: Made, field: str
) -> None:
    body = {"perpetrator": new_perpetrator(lawyer, case["id"])["id"], "statute": "DEMO-1", **wrong}
    refused = lawyer.post(f"/cases/{case['id']}/charges", body)
    assert refused.status_code == 422
    assert field in refused.get_json()["errors"]


def test_a_proposal_is_changed_until_it_is_approved(lawyer: Persona, supervisor: Persona, case: Made) -> None:
    charge = new_charge(lawyer, case["id"])
    path = f"/charges/{charge['id']}"
    changed = lawyer.call("PATCH", path, json={"statute": "DEMO-4", "offence_from": ago(9)})
    assert (changed.get_json()["statute"], changed.get_json()["offence_from"]) == ("DEMO-4", ago(9))
    move(supervisor, path, "approve")
    late = lawyer.call("PATCH", path, json={"statute": "DEMO-1"})
    assert late.status_code == 409
    assert "Amend it" in late.get_json()["detail"]


def test_who_proposed_it_never_approves_it_whatever_her_roles(
    site: Site, investigator: Persona, supervisor: Persona, case: Made
) -> None:
    with begin(site, OPERATOR) as work:
        roles, name = [Role.LAWYER, Role.SUPERVISOR], f"both-{uuid.uuid4().hex[:8]}"
        both = accounts.add_user(work, username=name, roles=roles, password=PASSWORD).user.id
        as_lawyer, as_supervisor = (
            Persona(
                site,
                investigator.app,
                both,
                name,
                role,
                accounts.add_token(work, both, role=role, scope=Scope.ALL, days=1, name="tests").secret,
                "",
            )
            for role in roles
        )
    made(investigator, f"/cases/{case['id']}/assignments", {"user": str(both), "role": "lawyer"})
    charge = new_charge(as_lawyer, case["id"])
    refused = step(as_supervisor, charge, "approve")
    assert refused.status_code == 403
    assert "Another person" in refused.get_json()["detail"]
    assert step(as_lawyer, charge, "approve").status_code == 403
    assert step(supervisor, charge, "approve").status_code == 200


def test_investigators_read_charges_and_nobody_else_does(
    lawyer: Persona, investigator: Persona, colleague: Persona, caseworker: Persona, shared_case: Made
) -> None:
    charge = new_charge(lawyer, shared_case["id"])
    path = f"/cases/{shared_case['id']}/charges"
    assert [one["id"] for one in investigator.get(path).get_json()["items"]] == [charge["id"]]
    assert step(investigator, charge, "withdraw", code="other").status_code == 403
    assert colleague.get(f"/charges/{charge['id']}").status_code == 404
    assert caseworker.get(path).status_code == 403
    assert caseworker.get(f"/charges/{charge['id']}").status_code == 404


# --- what each step needs ---------------------------------------------------------------------------------------------


def test_a_step_says_what_it_must_be_told(lawyer: Persona, supervisor: Persona, case: Made) -> None:
    charge = new_charge(lawyer, case["id"])
    move(supervisor, f"/charges/{charge['id']}", "approve")

    def errors(action: str, **fields: Any) -> Any:
        refused = step(lawyer, charge, action, **fields)
        assert refused.status_code == 422, refused.get_json()
        return refused.get_json()["errors"].keys()

    assert errors("file") == {"court_ref"}
    assert errors("file", court_ref="CC 1", plea="guilty") == {"plea"}
    assert errors("file", court_ref="CC 1", document=str(uuid.uuid4())) == {"document"}
    assert errors("file", court_ref="CC 1", decided_on=(TODAY + timedelta(days=3)).isoformat()) == {"decided_on"}
    assert errors("plead") == {"plea"}
    assert errors("convict") == {"document"}
    assert errors("convict_lesser") == {"document", "statute"}
    assert errors("withdraw") == {"code"}
    assert errors("supersede_all") == {"action"}


def test_a_charge_after_its_limitation_period_is_refused_with_the_last_day(
    lawyer: Persona, supervisor: Persona, case: Made
) -> None:
    over = new_charge(lawyer, case["id"], statute="DEMO-3", offence_from="2001-05-05")
    refused = step(supervisor, over, "approve")
    assert refused.status_code == 409
    assert "2011-05-05" in refused.get_json()["detail"]
    # A child could have been born on that day: the years begin when she comes of age.
    open_ = new_charge(lawyer, case["id"], statute="DEMO-2", offence_from="2001-05-05")
    assert step(supervisor, open_, "approve").status_code == 200
    always = new_charge(lawyer, case["id"], statute="DEMO-9", offence_from="1980-05-05")
    assert step(supervisor, always, "approve").status_code == 200
    # Approved in time, filed too late.
    late = new_charge(lawyer, case["id"], statute="DEMO-3", offence_from=ago(30))
    move(supervisor, f"/charges/{late['id']}", "approve")
    with lawyer.site.engine.begin() as connection:
        old = sa.update(Charge).where(Charge.id == uuid.UUID(late["id"]))
        connection.execute(old.values(offence_from=datetime(2001, 5, 5, tzinfo=UTC).date()))
    assert step(lawyer, late, "file", court_ref="CC 1").status_code == 409
    assert lawyer.get(f"/charges/{late['id']}/elements").get_json()["limitation_until"] == "2011-05-05"


def test_what_was_filed_in_time_is_amended_after_the_limitation_period(
    lawyer: Persona, supervisor: Persona, case: Made
) -> None:
    charge = filed_charge(lawyer, supervisor, case["id"], statute="DEMO-3", offence_from=ago(30))
    with lawyer.site.engine.begin() as connection:
        days = {"offence_from": date(2001, 5, 5), "filed_on": date(2005, 5, 5)}
        connection.execute(sa.update(Charge).where(Charge.id == uuid.UUID(charge["id"])).values(days))
    amended = made(lawyer, f"/charges/{charge['id']}/amend", {"particulars": "At the same house", "reason": "Clearer"})
    assert step(supervisor, amended, "approve").status_code == 200


def test_without_a_trial_only_a_plea_convicts(lawyer: Persona, supervisor: Persona, case: Made, judgment: str) -> None:
    charge = filed_charge(lawyer, supervisor, case["id"])
    path = f"/charges/{charge['id']}"
    again = {"plea": "guilty", "entered_on": TODAY.isoformat(), "reason": "She said so in court"}
    assert lawyer.post(f"{path}/pleas", again).status_code == 409
    move(lawyer, path, "plead", plea="not_guilty")
    refused = step(lawyer, charge, "convict", document=judgment)
    assert refused.status_code == 409
    assert "plea of guilty" in refused.get_json()["detail"]
    made(lawyer, f"{path}/pleas", again)
    assert step(lawyer, charge, "convict", document=judgment).status_code == 200
    assert [one["plea"] for one in record(lawyer, charge)["pleas"]] == ["not_guilty", "guilty"]


def test_a_court_convicts_of_a_lesser_offence_of_the_jurisdiction_alone(
    lawyer: Persona, supervisor: Persona, case: Made, judgment: str
) -> None:
    charge = filed_charge(lawyer, supervisor, case["id"])
    move(lawyer, f"/charges/{charge['id']}", "plead", plea="no_contest")
    wrong = step(lawyer, charge, "convict_lesser", document=judgment, statute="DEMO-2")
    assert wrong.get_json()["errors"]["statute"] == ["Give one of: DEMO-3, DEMO-6."]
    found = step(lawyer, charge, "convict_lesser", document=judgment, statute="DEMO-6").get_json()
    assert (found["state"], found["statute"]) == ("convicted_lesser", "DEMO-1")
    assert record(lawyer, charge)["verdicts"][0]["statute"] == "DEMO-6"


def test_after_a_mistrial_it_is_listed_and_tried_again(
    lawyer: Persona, supervisor: Persona, case: Made, judgment: str
) -> None:
    charge = filed_charge(lawyer, supervisor, case["id"])
    path = f"/charges/{charge['id']}"
    move(lawyer, path, "plead", plea="refused")
    for action in ("list", "begin", "declare_mistrial", "list", "begin"):
        found = move(lawyer, path, action)
    assert (found["decided_on"], found["appeal_until"]) == (None, None)
    acquitted = move(lawyer, path, "acquit")
    assert acquitted["appeal_until"] == (TODAY + timedelta(days=30)).isoformat()
    verdicts = record(lawyer, charge)["verdicts"]
    assert [(one["verdict"], one["ended_at"] is None) for one in verdicts] == [("mistrial", False), ("acquitted", True)]


def test_a_warrant_holds_a_charge_where_it_was(lawyer: Persona, supervisor: Persona, case: Made) -> None:
    charge = filed_charge(lawyer, supervisor, case["id"])
    path = f"/charges/{charge['id']}"
    move(lawyer, path, "plead", plea="not_guilty")
    assert move(lawyer, path, "issue_warrant")["state"] == "warrant_outstanding"
    listed = lawyer.get("/charges?state=warrant_outstanding").get_json()["items"]
    assert charge["id"] in {one["id"] for one in listed}
    assert step(lawyer, charge, "list").status_code == 409
    assert move(lawyer, path, "execute_warrant")["state"] == "pleaded"
    move(lawyer, path, "issue_warrant")
    gone = move(lawyer, path, "withdraw", code="witness_safety")
    assert (gone["state"], gone["withdrawal"]) == ("withdrawn", "witness_safety")


def test_it_is_final_once_the_window_is_over_and_no_appeal_is_open(
    lawyer: Persona, supervisor: Persona, site: Site, case: Made, judgment: str
) -> None:
    charge = convicted(lawyer, supervisor, case["id"], judgment)
    no_sentence = step(lawyer, charge, "sentence")
    assert "at least one sentence" in no_sentence.get_json()["detail"]
    assert impose(lawyer, charge, **PRISON).status_code == 201
    move(lawyer, f"/charges/{charge['id']}", "sentence")
    last = TODAY + timedelta(days=30)
    assert last.isoformat() in step(lawyer, charge, "finalise").get_json()["detail"]
    with site.engine.begin() as connection:
        passed = sa.update(Charge).where(Charge.id == uuid.UUID(charge["id"]))
        connection.execute(passed.values(appeal_until=TODAY - timedelta(days=2)))
    appeal = appealed(site, case, charge, AppealState.ADMITTED)
    assert "appeal is open" in step(lawyer, charge, "finalise").get_json()["detail"]
    with site.engine.begin() as connection:
        connection.execute(sa.update(Appeal).where(Appeal.id == appeal).values(state=AppealState.DISMISSED))
    assert step(lawyer, charge, "finalise").get_json()["state"] == "final"


def test_a_conviction_is_quashed_by_an_appeal_alone_and_listed_again_for_a_retrial_alone(
    lawyer: Persona, supervisor: Persona, site: Site, case: Made, judgment: str
) -> None:
    charge = convicted(lawyer, supervisor, case["id"], judgment)
    assert "outcome of the appeal" in step(lawyer, charge, "quash").get_json()["detail"]
    appeal = appealed(site, case, charge, AppealState.QUASHED)
    with site.engine.begin() as connection:
        quashed = sa.update(Charge).where(Charge.id == uuid.UUID(charge["id"]))
        connection.execute(quashed.values(state=ChargeState.QUASHED))
    assert "No retrial" in step(lawyer, charge, "list").get_json()["detail"]
    with site.engine.begin() as connection:
        connection.execute(sa.update(Appeal).where(Appeal.id == appeal).values(state=AppealState.RETRIAL_ORDERED))
    assert move(lawyer, f"/charges/{charge['id']}", "list")["decided_on"] is None


# --- sentences --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("sentence", "field"),
    [
        ({"kind": "imprisonment"}, "days"),
        ({"kind": "imprisonment", "days": 10, "for_life": True}, "days"),
        ({"kind": "imprisonment", "days": 10, "amount": 5, "currency": "USD"}, "amount"),
        ({"kind": "probation", "for_life": True}, "for_life"),
        ({"kind": "fine"}, "amount"),
        ({"kind": "fine", "amount": 5}, "currency"),
        ({"kind": "fine", "amount": 5, "currency": "USD", "days": 3}, "days"),
        ({"kind": "restitution", "amount": 5, "currency": "dollars"}, "currency"),
        ({"kind": "fine", "amount": 5, "currency": "USD", "running": "concurrent"}, "running"),
        ({"kind": "forfeiture"}, "amount"),
        ({"kind": "other"}, "note"),
        ({"kind": "imprisonment", "days": 10, "imposed_on": ago(9)}, "imposed_on"),
    ],
)
def test_a_sentence_that_does_not_fit_its_kind_is_refused(
    lawyer: Persona, convict: Made, sentence: Made, field: str
) -> None:
    refused = impose(lawyer, convict, **sentence)
    assert refused.status_code == 422
    assert field in refused.get_json()["errors"]
    assert record(lawyer, convict)["sentences"] == []


@pytest.fixture(scope="module")
def convict(investigator: Persona, lawyer: Persona, supervisor: Persona) -> Made:
    """A charge of which a court has convicted, in a case of its own."""
    opened = made(lawyer, "/cases", {"title": "Hillside", "kind": "sex_trafficking", "country": "KH"})
    return convicted(lawyer, supervisor, opened["id"], upload(lawyer, opened["id"])["id"])


def test_several_sentences_stand_beside_one_another_and_the_last_is_never_struck(
    lawyer: Persona, supervisor: Persona, case: Made, judgment: str
) -> None:
    charge = convicted(lawyer, supervisor, case["id"], judgment)
    imposed = [
        impose(lawyer, charge, **PRISON, suspended=True).get_json(),
        impose(lawyer, charge, kind="imprisonment", for_life=True, running="consecutive").get_json(),
        impose(lawyer, charge, kind="fine", amount=500_000, currency="USD").get_json(),
        impose(lawyer, charge, kind="forfeiture", note="The house").get_json(),
    ]
    move(lawyer, f"/charges/{charge['id']}", "sentence")
    for one in imposed[1:]:
        assert lawyer.post(f"/sentences/{one['id']}/strike", {"reason": "Typed wrongly"}).status_code == 200
    assert lawyer.post(f"/sentences/{imposed[1]['id']}/strike", {"reason": "Once more"}).status_code == 409
    last = lawyer.post(f"/sentences/{imposed[0]['id']}/strike", {"reason": "Typed wrongly"})
    assert "only sentence" in last.get_json()["detail"]
    assert [one["ended_at"] is None for one in record(lawyer, charge)["sentences"]] == [True, False, False, False]


def test_a_sentence_comes_after_the_conviction(lawyer: Persona, supervisor: Persona, case: Made) -> None:
    assert impose(lawyer, filed_charge(lawyer, supervisor, case["id"]), **PRISON).status_code == 409


# --- what proves it, and amendments -----------------------------------------------------------------------------------


def test_each_element_shows_what_proves_it_and_what_is_unproven(
    lawyer: Persona, investigator: Persona, case: Made, item: Made
) -> None:
    charge = new_charge(lawyer, case["id"])
    path = f"/charges/{charge['id']}"
    assert lawyer.get(f"{path}/elements").get_json()["unproven"] == ["act", "means", "purpose"]
    body = {"element": "means", "evidence": item["id"], "note": "From 00:04:10 on"}
    proof = made(lawyer, f"{path}/proofs", body)
    assert lawyer.post(f"{path}/proofs", body).status_code == 409
    assert lawyer.post(f"{path}/proofs", {**body, "element": "age"}).status_code == 422
    found = investigator.get(f"{path}/elements").get_json()
    assert found["unproven"] == ["act", "purpose"]
    [shown] = found["elements"][1]["proofs"]
    assert (shown["evidence_ref"], shown["note"]) == (item["ref"], "From 00:04:10 on")
    assert investigator.post(f"/proofs/{proof['id']}/end", {"reason": "Wrong"}).status_code == 403
    assert lawyer.post(f"/proofs/{proof['id']}/end", {"reason": "It is another voice"}).status_code == 204
    assert lawyer.get(f"{path}/elements").get_json()["unproven"] == ["act", "means", "purpose"]
    assert lawyer.post(f"/proofs/{proof['id']}/end", {"reason": "Once more"}).status_code == 409


def test_an_amendment_takes_the_place_of_a_charge_and_is_approved_anew(
    lawyer: Persona, supervisor: Persona, case: Made, item: Made
) -> None:
    charge = filed_charge(lawyer, supervisor, case["id"], particulars="Kept four")
    for element in ("act", "means", "purpose"):
        made(lawyer, f"/charges/{charge['id']}/proofs", {"element": element, "evidence": item["id"]})
    path = f"/charges/{charge['id']}/amend"
    assert lawyer.post(path, {"reason": "One was a child"}).status_code == 422
    assert supervisor.post(path, {"reason": "One was a child", "statute": "DEMO-2"}).status_code == 403
    amended = made(lawyer, path, {"reason": "One was a child", "statute": "DEMO-2"})
    assert (amended["edition"], amended["count"], amended["supersedes"]) == (2, charge["count"], charge["id"])
    assert (amended["state"], amended["approver"], amended["particulars"]) == ("proposed", None, "Kept four")
    assert amended["ref"] == f"{charge['ref']}.2"
    old = lawyer.get(f"/charges/{charge['id']}").get_json()
    assert (old["state"], old["allowed"]) == ("superseded", [])
    # The act and the purpose are the same in both statutes, word for word; the age is still to be proven.
    assert lawyer.get(f"/charges/{amended['id']}/elements").get_json()["unproven"] == ["age"]
    assert step(lawyer, amended, "file", court_ref="CC 18/2026").status_code == 409
    assert step(supervisor, amended, "approve").status_code == 200
    third = made(lawyer, f"/charges/{amended['id']}/amend", {"reason": "More", "particulars": "Kept five"})
    assert third["ref"] == f"{charge['ref']}.3"
    editions = lawyer.get(f"/charges/{charge['id']}/editions").get_json()["items"]
    assert [one["edition"] for one in editions] == [3, 2, 1]
    assert lawyer.post(path, {"reason": "Once more", "statute": "DEMO-4"}).status_code == 409


def test_a_decided_charge_is_not_amended_nor_proven(
    lawyer: Persona, supervisor: Persona, case: Made, judgment: str
) -> None:
    charge = convicted(lawyer, supervisor, case["id"], judgment)
    path = f"/charges/{charge['id']}"
    assert lawyer.post(f"{path}/amend", {"reason": "Late", "statute": "DEMO-2"}).status_code == 409
    assert lawyer.post(f"{path}/proofs", {"element": "act", "evidence": judgment}).status_code == 409


# --- the matrix, links, search ----------------------------------------------------------------------------------------


def test_the_matrix_has_the_standing_edition_of_every_count_of_everybody(
    lawyer: Persona, supervisor: Persona, investigator: Persona, case: Made, judgment: str
) -> None:
    madam, driver = (new_perpetrator(lawyer, case["id"], alias=alias)["id"] for alias in ("Madam", "Driver"))
    first = convicted(lawyer, supervisor, case["id"], judgment, perpetrator=madam)
    impose(lawyer, first, **PRISON)
    second = new_charge(lawyer, case["id"], perpetrator=madam, statute="DEMO-6")
    amended = made(lawyer, f"/charges/{second['id']}/amend", {"reason": "Debt", "statute": "DEMO-5"})
    new_charge(lawyer, case["id"], perpetrator=driver, count=2)
    found = investigator.get(f"/cases/{case['id']}/charges/matrix").get_json()
    assert found["counts"] == [1, 2]
    assert [(one["alias"], [cell["count"] for cell in one["cells"]]) for one in found["defendants"]] == [
        ("Madam", [1, 2]),
        ("Driver", [2]),
    ]
    decided, open_ = found["defendants"][0]["cells"]
    assert (decided["plea"], decided["verdict"], decided["convicted_of"]) == ("guilty", "convicted", "DEMO-1")
    assert [one["days"] for one in decided["sentences"]] == [3650]
    assert (open_["charge"], open_["edition"], open_["statute"]) == (amended["id"], 2, "DEMO-5")
    assert (open_["title"], open_["verdict"]) == ("Debt bondage", None)


def test_evidence_is_linked_to_a_charge_and_caseworkers_are_not_told(
    lawyer: Persona, investigator: Persona, caseworker: Persona, shared_case: Made
) -> None:
    charge = new_charge(lawyer, shared_case["id"])
    item = upload(caseworker, shared_case["id"])
    body = {"target_kind": "charge", "target": charge["id"], "relation": "proves"}
    linked = made(investigator, f"/evidence/{item['id']}/links", body)
    assert (linked["target_name"], linked["target_kind"]) == (charge["ref"], "charge")
    about = f"/links?target_kind=charge&target={charge['id']}"
    assert [one["evidence"] for one in lawyer.get(about).get_json()["items"]] == [item["id"]]
    assert caseworker.get(about).status_code == 404
    assert caseworker.get(f"/evidence/{item['id']}/links").get_json()["items"] == []
    assert caseworker.post(f"/evidence/{item['id']}/links", body).status_code == 404

    def kinds(persona: Persona) -> set[str]:
        return {node["kind"] for node in persona.get(f"/cases/{shared_case['id']}/chart").get_json()["nodes"]}

    assert "charge" in kinds(lawyer)
    assert "charge" not in kinds(caseworker)
    new_charge(lawyer, shared_case["id"])
    drawn = lawyer.get(f"/cases/{shared_case['id']}/chart").get_json()["nodes"]
    assert [node["name"] for node in drawn if node["kind"] == "charge"] == [charge["ref"]]


def test_a_charge_is_found_by_its_ref_and_the_courts_by_who_may_know_of_it(
    lawyer: Persona, supervisor: Persona, caseworker: Persona, shared_case: Made
) -> None:
    charge = filed_charge(lawyer, supervisor, shared_case["id"])

    def found(persona: Persona, q: str) -> list[str]:
        answer = persona.get("/search", query_string={"q": q, "kind": "charge"}).get_json()
        return [one["id"] for one in answer["items"]]

    assert found(lawyer, charge["ref"]) == [charge["id"]]
    assert charge["id"] in found(lawyer, "CC 17/2026")
    assert found(caseworker, charge["ref"]) == []


# --- what the stages of the case need ---------------------------------------------------------------------------------


def test_a_case_is_charged_by_a_filed_charge_and_judged_once_every_charge_is_decided(
    lawyer: Persona, supervisor: Persona, investigator: Persona, case: Made, judgment: str
) -> None:
    path = f"/cases/{case['id']}"
    move(investigator, path, "investigate")

    def stage(action: str) -> Any:
        return lawyer.post(f"{path}/transitions", {"action": action, "reason": "As it came"})

    new_charge(lawyer, case["id"])
    assert "No charge is filed" in stage("charge").get_json()["detail"]
    charge = filed_charge(lawyer, supervisor, case["id"])
    assert stage("charge").get_json()["stage"] == "charged"
    assert stage("try").status_code == 200
    assert "still open: 2" in stage("judge").get_json()["detail"]
    [proposed] = [
        one for one in lawyer.get(f"{path}/charges?state=proposed").get_json()["items"] if one["id"] != charge["id"]
    ]
    move(lawyer, f"/charges/{proposed['id']}", "withdraw", code="duplicate")
    move(lawyer, f"/charges/{charge['id']}", "plead", plea="not_guilty")
    assert "still open: 1" in stage("judge").get_json()["detail"]
    # A fugitive holds nothing up; her warrant stays.
    move(lawyer, f"/charges/{charge['id']}", "issue_warrant")
    assert stage("judge").get_json()["stage"] == "judged"


def test_nothing_is_charged_in_a_case_that_has_ended(lawyer: Persona, investigator: Persona, case: Made) -> None:
    charge = new_charge(lawyer, case["id"])
    person = new_perpetrator(lawyer, case["id"])["id"]
    move(investigator, f"/cases/{case['id']}", "investigate")
    decline = {"action": "decline", "reason": "No prospect"}
    early = lawyer.post(f"/cases/{case['id']}/transitions", decline)
    assert (early.status_code, "Not every charge is decided" in early.get_json()["detail"]) == (409, True)
    assert step(lawyer, charge, "withdraw", code="other").status_code == 200
    move(lawyer, f"/cases/{case['id']}", "decline")
    again = lawyer.post(f"/cases/{case['id']}/charges", {"perpetrator": person, "statute": "DEMO-1"})
    assert again.status_code == 409


def test_a_lost_race_for_a_charge_is_told(lawyer: Persona, supervisor: Persona, case: Made) -> None:
    charge = new_charge(lawyer, case["id"])
    seen = lawyer.get(f"/charges/{charge['id']}").headers["ETag"]
    lawyer.call("PATCH", f"/charges/{charge['id']}", json={"particulars": "Otherwise"})
    body = {"action": "approve", "reason": "Read and right"}
    late = supervisor.post(f"/charges/{charge['id']}/transitions", body, headers={"If-Match": seen})
    assert late.status_code == 412


# --- whatever is tried ------------------------------------------------------------------------------------------------


@settings(max_examples=8, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(tried=st.lists(st.sampled_from(CHARGE.actions), min_size=4, max_size=14), guilty=st.booleans())
def test_whatever_is_tried_the_state_is_one_of_the_table_and_its_rows_fit_it(
    site: Site, lawyer: Persona, supervisor: Persona, convict: Made, tried: list[str], guilty: bool
) -> None:
    charge = new_charge(lawyer, convict["case"])
    with site.engine.connect() as connection:
        item = sa.select(Evidence.id).where(Evidence.case_id == uuid.UUID(convict["case"]))
        judgment = str(connection.scalars(item).first())
    told: dict[str, Made] = {
        "file": {"court_ref": "CC 1"},
        "plead": {"plea": "guilty" if guilty else "not_guilty"},
        "convict": {"document": judgment},
        "convict_lesser": {"document": judgment, "statute": "DEMO-3"},
        "withdraw": {"code": "other"},
        "substitute": {"document": judgment, "statute": "DEMO-3"},
    }
    state = ChargeState(charge["state"])
    # Most walks would end where they begin: each is led before the court first.
    for action in ("approve", "file", "plead", *tried):
        if action == "sentence":
            impose(lawyer, charge, **PRISON)
        by = supervisor if action == "approve" else lawyer
        answer = step(by, charge, action, **told.get(action, {}))
        row = next((row for row in CHARGE.steps if row.action == action and state in row.sources), None)
        found = lawyer.get(f"/charges/{charge['id']}").get_json()
        if answer.status_code == 200:
            assert row is not None
            assert found["state"] == (row.target or found["state"])
        else:
            assert (answer.status_code, found["state"]) == (409, state)
        state = ChargeState(found["state"])
        with site.engine.connect() as connection:
            standing = sa.select(sa.func.count()).select_from(Verdict)
            mine = (Verdict.charge_id == uuid.UUID(charge["id"]), Verdict.ended_at.is_(None))
            verdicts = connection.scalar(standing.where(*mine)) or 0
        decided = state in {"convicted", "convicted_lesser", "acquitted", "dismissed", "mistrial", "sentenced", "final"}
        assert verdicts == 1 if decided else verdicts <= 1
        assert (found["approver"] is not None) == (state is not ChargeState.PROPOSED) or state in {
            "withdrawn",
            "abated",
        }
