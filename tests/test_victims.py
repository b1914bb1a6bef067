"""Victims through the API: registering, need-to-know, the three axes, the vault, consents, whom to keep away."""

import io
import re
import sys
from collections.abc import Callable
from dataclasses import replace
from typing import Any
from uuid import UUID

import pytest
import sqlalchemy as sa

from evidence_api import create_app
from evidence_api.domain.pseudonyms import PSEUDONYMS
from evidence_api.domain.roles import OPERATOR, Role, Scope
from evidence_api.domain.victim import AXES, OUT, SOUGHT, Axis, Whereabouts
from evidence_api.ledger.chain import disclosures_of, facts_of
from evidence_api.ledger.entry import decode
from evidence_api.models import Alert, CareStep, LedgerEntry, Search, Victim
from evidence_api.work import Site, begin
from tests.casework import Made, made, move, new_perpetrator, new_victim
from tests.conftest import Persona, days_ago

Case = dict[str, Any]
MakePersona = Callable[..., Persona]
IDENTITY = {"name": "Sopheap Unheard", "born": "2009-03", "nationality": "Khmer-Krom", "contact": "aunt at 012 345 678"}
ADDRESS = {"address": "Lotus-House, room 4, Takhmau"}
SECRETS = [*IDENTITY.values(), "Lotus-House", "Takhmau"]


@pytest.fixture
def victim(caseworker: Persona, shared_case: Case) -> Made:
    return new_victim(caseworker, shared_case["id"])


@pytest.fixture
def path(victim: Made) -> str:
    return f"/victims/{victim['id']}"


def put(persona: Persona, path: str, body: dict[str, Any]) -> int:
    return persona.call("PUT", path, json=body).status_code


def entries(site: Site, victim: str) -> list[tuple[str, dict[str, Any], dict[str, Any]]]:
    """The acts on her chain: action, open data, sealed facts."""
    with begin(site, OPERATOR, read_only=True) as work:
        rows = work.session.scalars(
            sa.select(LedgerEntry).where(LedgerEntry.subject == f"victim:{victim}").order_by(LedgerEntry.seq)
        ).all()
        opened = disclosures_of(work.session, site.keys, [row.hash for row in rows])
        read = [(row, decode(bytes(row.body))) for row in rows]
        return [(row.action, dict(entry.data), facts_of(entry, opened.get(row.hash, {}))) for row, entry in read]


def put_at(site: Site, victim: str, **states: Any) -> None:
    """Put her where a test begins, as if she had come there."""
    with site.engine.begin() as connection:
        connection.execute(sa.update(Victim).where(Victim.id == UUID(victim)).values(**states))


def counted(site: Site, model: Any, *where: Any) -> int:
    with site.engine.connect() as connection:
        return connection.execute(sa.select(sa.func.count()).select_from(model).where(*where)).scalar_one()


# --- registering ------------------------------------------------------------------------------------------------------


def test_she_gets_a_pseudonym_that_nobody_chose_and_that_is_hers_alone(investigator: Persona, case: Case) -> None:
    made = [new_victim(investigator, case["id"]) for _ in range(5)]
    names = {one["pseudonym"] for one in made}
    assert len(names) == 5
    assert all(re.fullmatch(rf"({'|'.join(PSEUDONYMS)}) [1-9]\d{{3}}", name) for name in names)
    for field in ("name", "pseudonym"):
        body = {"case": case["id"], "gender": "female", field: "Sopheap"}
        refused = investigator.post("/victims", body)
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])


def test_a_new_victim_begins_at_the_beginning_of_each_axis(victim: Made, shared_case: Case) -> None:
    assert (victim["identification"], victim["whereabouts"], victim["care"]) == ("possible", "in_exploitation", "none")
    assert victim["allowed"]["whereabouts"] == ["rescue", "intercept", "exit", "miss", "report_missing"]
    assert victim["cases"] == [shared_case["id"]]


@pytest.mark.parametrize(
    ("sent", "minor"),
    [({"minor": None, "estimated_age": 17}, True), ({"minor": None, "estimated_age": 18}, False), ({}, True)],
)
def test_the_estimated_age_decides_who_is_a_minor_where_nobody_says(
    investigator: Persona, case: Case, sent: dict[str, Any], minor: bool
) -> None:
    assert new_victim(investigator, case["id"], **sent)["minor"] is minor


@pytest.mark.parametrize(
    ("field", "sent"),
    [
        ("estimated_age", {"minor": False, "estimated_age": 13}),
        ("estimated_age", {"estimated_age": -1}),
        ("languages.0", {"languages": ["Khmer"]}),
        ("country", {"country": "Cambodia"}),
        ("dependents", {"dependents": -1}),
        ("gender", {"gender": "girl"}),
    ],
)
def test_what_cannot_be_is_refused_with_a_sentence(
    investigator: Persona, case: Case, field: str, sent: dict[str, Any]
) -> None:
    refused = investigator.post("/victims", {"case": case["id"], "gender": "female", **sent})
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])


def test_only_investigators_and_caseworkers_register_and_only_in_their_own_running_case(
    investigator: Persona, lawyer: Persona, supervisor: Persona, colleague: Persona, case: Case
) -> None:
    body = {"case": case["id"], "gender": "female"}
    assert [one.post("/victims", body).status_code for one in (lawyer, supervisor, colleague)] == [403, 403, 404]
    lawyer.post(f"/cases/{case['id']}/transitions", {"action": "decline", "reason": "No charge is possible."})
    assert investigator.post("/victims", body).status_code == 409


def test_what_is_known_of_her_is_in_no_entry_in_the_clear(site: Site, caseworker: Persona, shared_case: Case) -> None:
    made = new_victim(caseworker, shared_case["id"], estimated_age=13, country="VN", family_members=6, dependents=2)
    ((action, data, facts),) = entries(site, made["id"])
    assert (action, data) == ("victim:register", {})
    assert facts["pseudonym"] == made["pseudonym"]
    assert (facts["country"], facts["family_members"], facts["dependents"]) == ("VN", 6, 2)


# --- who sees her -----------------------------------------------------------------------------------------------------


def test_only_those_on_a_case_that_knows_her_know_that_she_is_there(
    investigator: Persona,
    lawyer: Persona,
    supervisor: Persona,
    caseworker: Persona,
    colleague: Persona,
    administrator: Persona,
    victim: Made,
    path: str,
) -> None:
    for persona in (investigator, lawyer, supervisor, caseworker):
        assert persona.get(path).get_json()["pseudonym"] == victim["pseudonym"]
    assert (colleague.get(path).status_code, administrator.get(path).status_code) == (404, 404)
    for way in ("/identity/reveal", "/address/reveal", "/transitions", "/cases", "/consents", "/keep-apart"):
        assert colleague.post(f"{path}{way}", {"reason": "Curious"}).status_code == 404


def test_another_case_comes_to_know_her_where_one_person_is_on_both(
    site: Site,
    colleague: Persona,
    caseworker: Persona,
    supervisor: Persona,
    investigator: Persona,
    victim: Made,
    path: str,
) -> None:
    other = colleague.post("/cases", {"title": "Kiln", "kind": "bonded_labour", "country": "KH"}).get_json()["id"]
    assert caseworker.post(f"{path}/cases", {"case": other}).status_code == 404
    assert investigator.post(f"{path}/cases", {"case": other}).status_code == 403
    shared = supervisor.post(f"{path}/cases", {"case": other})
    assert sorted(shared.get_json()["cases"]) == sorted([*victim["cases"], other])
    assert supervisor.post(f"{path}/cases", {"case": other}).status_code == 409
    # Each sees the cases of her own alone.
    assert colleague.get(path).get_json()["cases"] == [other]
    assert investigator.get(path).get_json()["cases"] == victim["cases"]
    assert [one["id"] for one in colleague.get(f"/cases/{other}/victims").get_json()["items"]] == [victim["id"]]
    assert entries(site, victim["id"])[-1] == ("victim:share", {}, {"case": other})


def test_the_victims_of_a_case_are_listed_by_where_they_are(investigator: Persona, site: Site, case: Case) -> None:
    made = [new_victim(investigator, case["id"])["id"] for _ in range(4)]
    put_at(site, made[0], whereabouts="missed")
    put_at(site, made[1], care="declined")
    put_at(site, made[2], identification="not_victim")

    def listed(query: str) -> list[str]:
        return [one["id"] for one in investigator.get(f"/cases/{case['id']}/victims?{query}").get_json()["items"]]

    assert listed("") == made[::-1]
    assert listed("whereabouts=missed") == made[:1]
    assert listed("care=declined") == made[1:2]
    assert listed("identification=not_victim") == made[2:3]
    page = investigator.get(f"/cases/{case['id']}/victims?limit=3").get_json()
    assert [one["id"] for one in page["items"]] + listed(f"cursor={page['next']}") == made[::-1]


def test_all_whom_ones_cases_know_are_listed_once_and_page_by_page(
    site: Site, make_persona: Callable[..., Persona], supervisor: Persona, colleague: Persona
) -> None:
    lead = make_persona(Role.INVESTIGATOR)
    body = {"title": "Hilltop", "kind": "forced_labour", "country": "KH"}
    cases = [made(lead, "/cases", body)["id"] for _ in range(2)]
    hers = [new_victim(lead, case)["id"] for case in (cases[0], cases[1], cases[1])]
    made(supervisor, f"/victims/{hers[0]}/cases", {"case": cases[1]})
    first = lead.get("/victims?limit=2").get_json()
    second = lead.get(f"/victims?limit=2&cursor={first['next']}").get_json()
    assert [one["id"] for one in first["items"] + second["items"]] == hers[::-1]
    assert second["next"] is None
    put_at(site, hers[1], whereabouts="missing")
    assert [one["id"] for one in lead.get("/victims?whereabouts=missing").get_json()["items"]] == [hers[1]]
    assert [one["id"] for one in supervisor.get("/victims?limit=3").get_json()["items"]] == hers[::-1]
    assert not set(hers) & {one["id"] for one in colleague.get("/victims?limit=200").get_json()["items"]}


def test_a_caseworker_corrects_what_is_known_of_her_and_a_lost_race_is_told(
    caseworker: Persona, investigator: Persona, path: str
) -> None:
    read = caseworker.get(path)
    changed = caseworker.call("PATCH", path, json={"country": "VN", "dependents": 1, "minor": None})
    assert (changed.get_json()["country"], changed.get_json()["minor"]) == ("VN", None)
    late = caseworker.call("PATCH", path, json={"country": "TH"}, headers={"If-Match": read.headers["ETag"]})
    assert late.status_code == 412
    assert caseworker.call("PATCH", path, json={}).status_code == 422
    assert investigator.call("PATCH", path, json={"country": "TH"}).status_code == 403


# --- the three axes ---------------------------------------------------------------------------------------------------

GUARDED = {"assess", "engage", "reintegrate"}


@pytest.mark.parametrize("axis", Axis)
def test_every_action_from_every_state_is_done_or_refused_with_what_is_legal(
    site: Site, caseworker: Persona, victim: Made, path: str, axis: Axis
) -> None:
    lifecycle: Any = AXES[axis]
    for state in type(lifecycle.initial):
        for action in lifecycle.actions:
            put_at(site, victim["id"], **{axis.value: state.value})
            body = {"axis": axis.value, "action": action, "reason": "As planned"}
            answer = caseworker.post(f"{path}/transitions", body)
            said = answer.get_json()
            legal = lifecycle.allowed(state)
            if action not in legal:
                assert (answer.status_code, said.get("allowed")) == (409, legal), (state, action)
            elif answer.status_code == 409 and action in GUARDED:
                assert said["type"] == "conflict", (state, action)
            else:
                target = lifecycle.step(state, action).target
                assert (answer.status_code, said[axis.value]) == (200, target.value), (state, action)
                assert said["allowed"][axis.value] == lifecycle.allowed(target)


def test_an_action_of_another_axis_is_no_action_of_this_one(caseworker: Persona, path: str) -> None:
    for axis, action in (("care", "rescue"), ("whereabouts", "confirm"), ("identification", "engage")):
        refused = caseworker.post(f"{path}/transitions", {"axis": axis, "action": action, "reason": "x"})
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["action"])


def test_an_investigator_moves_her_whereabouts_alone_and_a_lawyer_nothing(
    investigator: Persona, lawyer: Persona, supervisor: Persona, path: str
) -> None:
    move(investigator, path, "miss", axis="whereabouts", how="hid")
    for axis, action in (("identification", "confirm"), ("care", "contact")):
        body = {"axis": axis, "action": action, "reason": "x"}
        assert investigator.post(f"{path}/transitions", body).status_code == 403
    body = {"axis": "whereabouts", "action": "locate", "reason": "x"}
    assert [one.post(f"{path}/transitions", body).status_code for one in (lawyer, supervisor)] == [403, 403]


@pytest.mark.parametrize(
    ("sent", "how"),
    [
        ({"reason": "The keeper knew that we come", "how": "told_to_hide"}, "told_to_hide"),
        ({"reason": "told_to_hide"}, "told_to_hide"),
        ({"reason": "Nobody saw her"}, None),
    ],
)
def test_how_she_was_missed_is_said_or_is_the_reason_or_stays_unknown(
    investigator: Persona, path: str, sent: dict[str, Any], how: str | None
) -> None:
    missed = move(investigator, path, "miss", axis="whereabouts", **sent)
    assert (missed["whereabouts"], missed["missed_how"]) == ("missed", how)


def test_how_she_was_missed_is_said_of_nothing_else(investigator: Persona, path: str) -> None:
    body = {"axis": "whereabouts", "action": "rescue", "reason": "x", "how": "hid"}
    refused = investigator.post(f"{path}/transitions", body)
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["how"])


def test_she_is_searched_for_until_she_is_found_and_every_case_hears_of_it(
    site: Site, investigator: Persona, victim: Made, path: str
) -> None:
    mine = UUID(victim["id"])
    for state in SOUGHT:
        action = "miss" if state is Whereabouts.MISSED else "report_missing"
        move(investigator, path, action, axis="whereabouts")
        assert counted(site, Search, Search.victim_id == mine, Search.ended_at.is_(None)) == 1
        move(investigator, path, "locate", axis="whereabouts")
        assert counted(site, Search, Search.victim_id == mine, Search.ended_at.is_(None)) == 0
        move(investigator, path, "re_enter", axis="whereabouts")
    assert counted(site, Alert, Alert.victim_id == mine) == 2


@pytest.mark.parametrize("action", ["rescue", "intercept", "exit"])
def test_as_she_comes_out_her_first_needs_are_listed_from_that_moment(
    site: Site, investigator: Persona, victim: Made, path: str, action: str
) -> None:
    then = days_ago(1).replace(microsecond=0)
    out = move(investigator, path, action, axis="whereabouts", occurred_at=then.isoformat())
    assert Whereabouts(out["whereabouts"]) in OUT
    assert out["out_at"] == then.isoformat()
    assert counted(site, CareStep, CareStep.victim_id == UUID(victim["id"])) > 0


def test_nothing_happens_in_the_future(investigator: Persona, path: str) -> None:
    body = {"axis": "whereabouts", "action": "rescue", "reason": "x", "occurred_at": days_ago(-1).isoformat()}
    assert list(investigator.post(f"{path}/transitions", body).get_json()["errors"]) == ["occurred_at"]


def test_her_chain_says_of_a_step_only_on_which_axis(
    site: Site, investigator: Persona, victim: Made, path: str
) -> None:
    move(investigator, path, "miss", axis="whereabouts", how="hid")
    action, data, facts = entries(site, victim["id"])[-1]
    assert (action, data) == ("victim:whereabouts", {})
    assert {"action": "miss", "from": "in_exploitation", "to": "missed", "how": "hid"}.items() <= facts.items()


def test_her_course_tells_what_happened_and_of_her_care_only_to_those_who_care(
    investigator: Persona, caseworker: Persona, path: str
) -> None:
    move(investigator, path, "miss", axis="whereabouts", how="hid")
    move(caseworker, path, "contact", axis="care", reason="Her aunt rang")
    told = [
        caseworker.get(f"{path}/course").get_json()["items"],
        investigator.get(f"{path}/course").get_json()["items"],
    ]
    assert [(one["axis"], one["target"], one["how"]) for one in told[0]] == [
        ("whereabouts", "missed", "hid"),
        ("care", "contacted", None),
    ]
    assert [one["by"] for one in told[0]] == [investigator.username, caseworker.username]
    assert [[one["reason"] for one in items] for items in told] == [
        ["As planned", "Her aunt rang"],
        ["As planned", ""],
    ]


def test_who_acted_on_her_is_told_to_nobody_who_is_not_on_her_home_case(
    investigator: Persona, colleague: Persona, supervisor: Persona, path: str
) -> None:
    move(investigator, path, "miss", axis="whereabouts", how="hid")
    other = made(colleague, "/cases", {"title": "Hilltop", "kind": "forced_labour", "country": "KH"})
    made(supervisor, f"{path}/cases", {"case": other["id"]})
    [step] = colleague.get(f"{path}/course").get_json()["items"]
    assert (step["target"], step["by"]) == ("missed", None)


def test_her_home_case_and_her_willingness_are_told_to_whom_they_are_for(
    investigator: Persona, colleague: Persona, caseworker: Persona, supervisor: Persona, site: Site, victim: Made
) -> None:
    path = f"/victims/{victim['id']}"
    other = made(colleague, "/cases", {"title": "Hilltop", "kind": "forced_labour", "country": "KH"})
    made(supervisor, f"{path}/cases", {"case": other["id"]})
    put_at(site, victim["id"], willingness="willing")
    told = [persona.get(path).get_json() for persona in (caseworker, investigator, colleague)]
    assert [one["case"] for one in told] == [victim["cases"][0], victim["cases"][0], None]
    assert [one["willingness"] for one in told] == ["willing", None, None]


def test_where_every_pseudonym_that_is_tried_is_taken_she_is_told_to_send_it_again(
    investigator: Persona, case: Case, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("secrets.choice", lambda names: names[0])
    monkeypatch.setattr("secrets.randbelow", lambda most: most - 1)
    statuses = [new(investigator, case["id"]) for _ in range(2)]
    assert statuses[1] == (409, "No free pseudonym was found for her. Send it once more.")


def new(persona: Persona, case: str) -> tuple[int, str | None]:
    answer = persona.post("/victims", {"case": case, "gender": "female"})
    return answer.status_code, answer.get_json().get("detail")


# --- the vault --------------------------------------------------------------------------------------------------------


def test_who_she_is_is_put_in_by_a_caseworker_and_opened_with_a_reason_and_a_code(
    site: Site, caseworker: Persona, lawyer: Persona, victim: Made, path: str
) -> None:
    assert put(caseworker, f"{path}/identity", IDENTITY) == 204
    for persona in (caseworker, lawyer):
        opened = persona.post(f"{path}/identity/reveal", {"reason": "To prepare her", "otp": persona.otp()})
        assert (opened.status_code, opened.get_json()) == (200, IDENTITY)
        assert opened.headers["Cache-Control"] == "no-store"
    assert [entry for entry in entries(site, victim["id"]) if "identity" in entry[0]] == [
        ("victim:identity_set", {"fields": "born contact name nationality"}, {}),
        ("victim:identity_reveal", {}, {"reason": "To prepare her"}),
        ("victim:identity_reveal", {}, {"reason": "To prepare her"}),
    ]


def test_what_is_left_out_stays_and_null_takes_it_out(caseworker: Persona, path: str) -> None:
    put(caseworker, f"{path}/identity", IDENTITY)
    put(caseworker, f"{path}/address", ADDRESS)
    assert put(caseworker, f"{path}/identity", {"name": "Another", "contact": None}) == 204
    opened = caseworker.post(f"{path}/identity/reveal", {"reason": "x", "otp": caseworker.otp()}).get_json()
    assert opened == {**IDENTITY, "name": "Another", "contact": None}
    assert put(caseworker, f"{path}/address", {"address": None}) == 204
    opened = caseworker.post(f"{path}/address/reveal", {"reason": "x", "otp": caseworker.otp()}).get_json()
    assert opened == {"address": None}
    assert put(caseworker, f"{path}/identity", {}) == 422


@pytest.mark.parametrize(("kind", "value"), [("identity", {"name": "Chan"}), ("address", {"address": "House 4"})])
def test_whoever_writes_over_what_another_has_just_put_in_is_told(
    caseworker: Persona, path: str, kind: str, value: dict[str, str]
) -> None:
    read = caseworker.get(path).headers["ETag"]
    first = caseworker.call("PUT", f"{path}/{kind}", json=value, headers={"If-Match": read})
    assert (first.status_code, first.headers["ETag"] != read) == (204, True)
    assert caseworker.get(path).headers["ETag"] == first.headers["ETag"]
    assert caseworker.call("PUT", f"{path}/{kind}", json=value, headers={"If-Match": read}).status_code == 412
    again = caseworker.call("PUT", f"{path}/{kind}", json=value, headers={"If-Match": first.headers["ETag"]})
    assert again.status_code == 204


@pytest.mark.parametrize("born", ["2009-13", "yesterday", "2999", "2009-02-30"])
def test_a_birth_that_no_calendar_has_or_that_has_not_come_is_refused(
    caseworker: Persona, path: str, born: str
) -> None:
    refused = caseworker.call("PUT", f"{path}/identity", json={"born": born})
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["born"])


def test_who_may_open_what(
    site: Site,
    investigator: Persona,
    lawyer: Persona,
    supervisor: Persona,
    caseworker: Persona,
    make_persona: MakePersona,
    victim: Made,
    path: str,
) -> None:
    put(caseworker, f"{path}/identity", IDENTITY)
    put(caseworker, f"{path}/address", ADDRESS)
    outsider = make_persona(Role.CASEWORKER)
    wanted = [
        (investigator, (403, 403, 403, 403)),
        (lawyer, (403, 200, 403, 403)),
        (supervisor, (403, 403, 403, 403)),
        (caseworker, (204, 200, 204, 200)),
        (outsider, (404, 404, 404, 404)),
    ]
    for persona, statuses in wanted:
        found = (
            put(persona, f"{path}/identity", {"name": "Somebody"}),
            persona.post(f"{path}/identity/reveal", {"reason": "x", "otp": persona.otp()}).status_code,
            put(persona, f"{path}/address", ADDRESS),
            persona.post(f"{path}/address/reveal", {"reason": "x", "otp": persona.otp()}).status_code,
        )
        assert found == statuses, persona.role
    reveals = [action for action, _data, _facts in entries(site, victim["id"]) if action.endswith("reveal")]
    assert sorted(reveals) == ["victim:address_reveal", *["victim:identity_reveal"] * 2]


def test_nothing_is_opened_without_a_fresh_code_and_a_reason(
    site: Site, caseworker: Persona, make_persona: MakePersona, investigator: Persona, victim: Made, path: str
) -> None:
    put(caseworker, f"{path}/identity", IDENTITY)
    for way in ("identity", "address"):
        no_code = caseworker.post(f"{path}/{way}/reveal", {"reason": "x"})
        assert (no_code.status_code, no_code.get_json()["type"]) == (403, "step-up")
        no_reason = caseworker.post(f"{path}/{way}/reveal", {"otp": caseworker.otp()})
        assert (no_reason.status_code, list(no_reason.get_json()["errors"])) == (422, ["reason"])
    reader = make_persona(Role.CASEWORKER, Scope.READ)
    body = {"user": str(reader.id), "role": "caseworker"}
    assert investigator.post(f"/cases/{victim['cases'][0]}/assignments", body).status_code == 201
    assert reader.get(path).status_code == 200
    assert reader.post(f"{path}/identity/reveal", {"reason": "x", "otp": reader.otp()}).status_code == 403
    assert not [action for action, _data, _facts in entries(site, victim["id"]) if action.endswith("reveal")]


def test_the_answer_of_a_reveal_is_not_kept_for_a_repeated_request(caseworker: Persona, path: str) -> None:
    put(caseworker, f"{path}/identity", IDENTITY)
    body, key = {"reason": "x", "otp": caseworker.otp()}, {"Idempotency-Key": "reveal-once"}
    assert caseworker.post(f"{path}/identity/reveal", body, headers=key).get_json() == IDENTITY
    again = caseworker.post(f"{path}/identity/reveal", body, headers=key)
    assert again.status_code == 409
    assert not [secret for secret in SECRETS if secret in again.get_data(as_text=True)]


def test_nothing_of_her_identity_is_in_any_answer_log_line_error_or_open_entry(
    site: Site, caseworker: Persona, investigator: Persona, lawyer: Persona, path: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    said = io.StringIO()
    monkeypatch.setattr(sys, "stderr", said)
    app = create_app(site)
    caseworker, investigator, lawyer = (replace(one, app=app) for one in (caseworker, investigator, lawyer))
    for way, body in (("identity", IDENTITY), ("address", ADDRESS)):
        said.write(caseworker.call("PUT", f"{path}/{way}", json=body).get_data(as_text=True))
        wrong = {name: [value] for name, value in body.items()}
        for persona in (caseworker, investigator, lawyer):
            for sent in (wrong, {**body, "secret": IDENTITY["name"]}):
                said.write(persona.call("PUT", f"{path}/{way}", json=sent).get_data(as_text=True))
            said.write(persona.post(f"{path}/{way}/reveal", {"reason": "x", "otp": "000000"}).get_data(as_text=True))
        assert caseworker.post(f"{path}/{way}/reveal", {"reason": "x", "otp": caseworker.otp()}).status_code == 200
    said.write(caseworker.get(path).get_data(as_text=True))
    said.write(caseworker.get(f"/cases/{caseworker.get(path).get_json()['cases'][0]}/timeline").get_data(as_text=True))
    with site.engine.connect() as connection:
        said.writelines(bytes(body).decode() for body in connection.scalars(sa.select(LedgerEntry.body)))
    assert '"route": "/api/v1/victims/<uuid:id>/identity"' in said.getvalue()
    assert not [secret for secret in SECRETS if secret in said.getvalue()]


# --- consents, and whom to keep away ----------------------------------------------------------------------------------


def test_a_consent_is_recorded_and_taken_back_with_nobodys_approval(
    site: Site, caseworker: Persona, investigator: Persona, victim: Made, path: str
) -> None:
    body = {"purpose": "testimony", "scope": "By live link alone", "expires_on": "2999-12-31"}
    assert investigator.post(f"{path}/consents", body).status_code == 403
    given = caseworker.post(f"{path}/consents", body)
    assert (given.status_code, given.get_json()["withdrawn_at"]) == (201, None)
    way = f"/consents/{given.get_json()['id']}/withdraw"
    assert caseworker.post(way, {"reason": "She is afraid"}).get_json()["withdrawn_at"]
    assert caseworker.post(way, {"reason": "She is afraid"}).status_code == 409
    (listed,) = investigator.get(f"{path}/consents").get_json()["items"]
    assert (listed["purpose"], bool(listed["withdrawn_at"])) == ("testimony", True)
    assert [(action, set(data)) for action, data, _facts in entries(site, victim["id"])[1:]] == [
        ("victim:consent", {"consent"}),
        ("victim:consent_withdraw", {"consent"}),
    ]


def test_a_consent_cannot_end_before_it_is_given_nor_be_given_in_the_future(caseworker: Persona, path: str) -> None:
    body = {"purpose": "care", "scope": "All of it"}
    for field, value in (("expires_on", "2000-01-01"), ("given_at", days_ago(-1).isoformat())):
        refused = caseworker.post(f"{path}/consents", {**body, field: value})
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])


def test_whom_to_keep_away_stands_on_both_sides_and_ends_with_a_reason(
    caseworker: Persona, investigator: Persona, shared_case: Case, victim: Made, path: str
) -> None:
    other = new_victim(caseworker, shared_case["id"])
    keeper = new_perpetrator(investigator, shared_case["id"])
    apart = {"barrier": "do_not_place_with", "victim": other["id"]}
    made = caseworker.post(f"{path}/keep-apart", apart)
    assert (made.status_code, made.get_json()["victim"]) == (201, other["id"])
    assert caseworker.post(f"{path}/keep-apart", apart).status_code == 409
    away = {"barrier": "do_not_contact", "perpetrator": keeper["id"]}
    assert caseworker.post(f"{path}/keep-apart", away).get_json()["perpetrator"] == keeper["id"]
    (seen,) = caseworker.get(f"/victims/{other['id']}/keep-apart").get_json()["items"]
    assert (seen["victim"], seen["barrier"]) == (victim["id"], "do_not_place_with")
    assert (
        caseworker.post(f"/keep-apart/{made.get_json()['id']}/end", {"reason": "They are friends"}).status_code == 204
    )
    items = caseworker.get(f"{path}/keep-apart").get_json()["items"]
    assert [(one["barrier"], bool(one["ended_at"])) for one in items] == [
        ("do_not_contact", False),
        ("do_not_place_with", True),
    ]


def test_to_keep_somebody_away_names_one_person_whom_one_may_know_of_and_not_herself(
    caseworker: Persona, colleague: Persona, investigator: Persona, victim: Made, path: str
) -> None:
    hidden = colleague.post("/cases", {"title": "Kiln", "kind": "bonded_labour", "country": "KH"}).get_json()["id"]
    stranger = new_perpetrator(colleague, hidden)["id"]
    barrier = {"barrier": "do_not_contact"}
    wanted = [({}, 422), ({"victim": victim["id"]}, 422), ({"perpetrator": stranger}, 404)]
    for more, status in wanted:
        assert caseworker.post(f"{path}/keep-apart", {**barrier, **more}).status_code == status, more
    assert investigator.post(f"{path}/keep-apart", {**barrier, "victim": victim["id"]}).status_code == 403
