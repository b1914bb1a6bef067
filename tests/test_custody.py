"""Custody: who holds the item, from when, and how it went to another."""

import hashlib
import itertools
import threading
import uuid
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask

from evidence_api import fixity
from evidence_api.db import open_session
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.ledger.disclosure import open_disclosure
from evidence_api.ledger.entry import decode
from evidence_api.ledger.verifying import verify_chains
from evidence_api.models import Case, Evidence, LedgerEntry, Sitting
from evidence_api.services import custody, evidence
from evidence_api.setup import initialise
from evidence_api.work import Site, begin
from tests.conftest import Persona, days_ago, upload
from tests.people import new_person
from tests.qr import read_svg


def chain(persona: Persona, item: dict[str, Any]) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = persona.get(f"/evidence/{item['id']}/custody").get_json()["items"]
    return found


def actions(persona: Persona, item: dict[str, Any]) -> list[str]:
    return [link["action"] for link in chain(persona, item)]


def offer(giver: Persona, item: dict[str, Any], receiver: Persona) -> dict[str, Any]:
    response = giver.post(f"/evidence/{item['id']}/transfers", {"to": str(receiver.id), "reason": "For the hearing"})
    assert response.status_code == 201, response.get_json()
    found: dict[str, Any] = response.get_json()
    return found


def move(persona: Persona, item: dict[str, Any], action: str) -> Any:
    return persona.post(f"/evidence/{item['id']}/moves", {"action": action, "reason": "Needed"})


def test_the_item_goes_over_only_when_the_other_accepts_with_a_fresh_code(
    investigator: Persona, lawyer: Persona, item: dict[str, Any]
) -> None:
    transfer = offer(investigator, item, lawyer)
    path = f"/evidence/{item['id']}"
    assert investigator.get(path).get_json()["state"] == "offered"
    assert investigator.get(path).get_json()["custodian"] == str(investigator.id)
    without = lawyer.post(f"/transfers/{transfer['id']}/accept", {})
    assert (without.status_code, without.get_json()["type"]) == (403, "step-up")
    wrong = lawyer.post(f"/transfers/{transfer['id']}/accept", {"otp": "000000"})
    assert (wrong.status_code, wrong.get_json()["type"]) == (403, "step-up")
    assert lawyer.post(f"/transfers/{transfer['id']}/accept", {"otp": lawyer.otp()}).status_code == 200
    after = investigator.get(path).get_json()
    assert (after["state"], after["custodian"]) == ("in_custody", str(lawyer.id))
    assert actions(lawyer, item) == ["evidence:ingest", "evidence:offer", "evidence:accept"]
    assert decode(chain(lawyer, item)[-1]["entry"].encode()).auth == "token+totp"


def test_nobody_but_the_one_offered_to_accepts_and_nobody_but_the_giver_withdraws(
    investigator: Persona, lawyer: Persona, colleague: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    transfer = offer(investigator, item, lawyer)
    assert investigator.post(f"/transfers/{transfer['id']}/accept", {"otp": investigator.otp()}).status_code == 403
    assert colleague.post(f"/transfers/{transfer['id']}/accept", {"otp": colleague.otp()}).status_code == 404
    assert lawyer.post(f"/transfers/{transfer['id']}/withdraw", {"reason": "No"}).status_code == 403
    assert investigator.post(f"/transfers/{transfer['id']}/withdraw", {"reason": "Not yet"}).status_code == 200
    again = lawyer.post(f"/transfers/{transfer['id']}/accept", {"otp": lawyer.otp()})
    assert (again.status_code, again.get_json()["allowed"]) == (409, [])


def test_a_refused_item_stays_where_it_was_and_the_reason_is_told_to_those_who_may_read_it(
    investigator: Persona, lawyer: Persona, item: dict[str, Any]
) -> None:
    transfer = offer(investigator, item, lawyer)
    assert lawyer.post(f"/transfers/{transfer['id']}/refuse", {"reason": "The seal is broken"}).status_code == 200
    assert investigator.get(f"/evidence/{item['id']}").get_json()["custodian"] == str(investigator.id)
    last = chain(investigator, item)[-1]
    assert "seal" not in last["entry"]
    commitment = decode(last["entry"].encode()).commitments["reason"]
    assert open_disclosure(last["disclosures"]["reason"], "reason", commitment) == "The seal is broken"


def test_an_item_is_offered_only_to_someone_on_the_case_who_may_hold_it(
    investigator: Persona, colleague: Persona, supervisor: Persona, item: dict[str, Any]
) -> None:
    for person in (colleague.id, supervisor.id, uuid.uuid4(), investigator.id):
        response = investigator.post(f"/evidence/{item['id']}/transfers", {"to": str(person), "reason": "Take it"})
        assert response.status_code == 422, response.get_json()


def test_an_item_on_offer_cannot_be_offered_again_or_taken(
    investigator: Persona, lawyer: Persona, item: dict[str, Any]
) -> None:
    offer(investigator, item, lawyer)
    again = investigator.post(f"/evidence/{item['id']}/transfers", {"to": str(lawyer.id), "reason": "Again"})
    assert again.status_code == 409
    assert set(again.get_json()["allowed"]) == {"accept", "refuse", "withdraw"}
    assert move(investigator, item, "check_out").status_code == 409


def test_who_checks_an_item_out_holds_it_until_she_brings_it_back(
    investigator: Persona, lawyer: Persona, item: dict[str, Any]
) -> None:
    taken = move(lawyer, item, "take_to_court").get_json()
    assert (taken["state"], taken["custodian"]) == ("at_court", str(lawyer.id))
    assert move(investigator, item, "return_from_court").status_code == 403
    back = move(lawyer, item, "return_from_court").get_json()
    assert (back["state"], back["custodian"]) == ("in_custody", str(investigator.id))


def test_a_lawyer_takes_items_to_court_but_does_not_check_them_out(lawyer: Persona, item: dict[str, Any]) -> None:
    assert move(lawyer, item, "check_out").status_code == 403


def test_of_64_people_who_take_the_same_item_at_once_one_wins_and_the_chain_has_no_fork(
    site: Site, investigator: Persona, make_persona: Callable[..., Persona], case: dict[str, Any], item: dict[str, Any]
) -> None:
    people = [make_persona(Role.INVESTIGATOR) for _ in range(64)]
    for person in people:
        assigned = investigator.post(
            f"/cases/{case['id']}/assignments", {"user": str(person.id), "role": "investigator"}
        )
        assert assigned.status_code == 201
    statuses: list[int] = []
    start = threading.Barrier(len(people))

    def take(person: Persona) -> None:
        start.wait()
        statuses.append(move(person, item, "check_out").status_code)

    threads = [threading.Thread(target=take, args=(person,)) for person in people]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [200] + [409] * 63
    assert actions(investigator, item) == ["evidence:ingest", "evidence:check_out"]
    with open_session(site.engine, read_only=True) as session:
        assert not list(verify_chains(session, site.keys, site.origin, f"evidence:{item['id']}"))


def test_a_download_is_recorded_each_time_and_a_players_ranges_once_a_sitting(
    site: Site, lawyer: Persona, item: dict[str, Any]
) -> None:
    path = f"/evidence/{item['id']}/content"
    assert lawyer.get(path).status_code == 200
    assert lawyer.get(path).status_code == 200
    for start in (0, 500, 1000):
        part = lawyer.get(path, headers={"Range": f"bytes={start}-{start + 99}"})
        assert (part.status_code, len(part.data)) == (206, 100)
        assert part.headers["Content-Range"] == f"bytes {start}-{start + 99}/{item['size']}"
    assert actions(lawyer, item) == ["evidence:ingest", "evidence:download", "evidence:download", "evidence:view"]
    with site.engine.begin() as connection:
        connection.execute(sa.update(Sitting).values(last_at=days_ago(0.5)))
    lawyer.get(path, headers={"Range": "bytes=0-9"})
    assert actions(lawyer, item)[-1] == "evidence:view"
    assert len(actions(lawyer, item)) == 5


def test_the_bytes_given_out_are_those_received_and_are_named_by_their_digest(
    investigator: Persona, lawyer: Persona, case: dict[str, Any]
) -> None:
    content = bytes(range(256)) * 20
    item = upload(investigator, case["id"], content)
    response = lawyer.get(f"/evidence/{item['id']}/content")
    assert response.data == content
    assert response.headers["ETag"] == f'"{item["sha256"]}"'
    assert "front" not in response.headers["Content-Disposition"]


def test_whoever_gets_all_the_bytes_outside_a_page_has_downloaded_them_however_she_asked(
    lawyer: Persona, item: dict[str, Any]
) -> None:
    path = f"/evidence/{item['id']}/content"
    for headers in ({"Range": "bytes=0-"}, {"Range": "bytes=0-9", "If-Range": '"another"'}, {"Range": "bytes=0-1,5-6"}):
        assert len(lawyer.get(path, headers=headers).data) == item["size"]
    assert actions(lawyer, item) == ["evidence:ingest"] + ["evidence:download"] * 3


def test_asking_for_the_headers_alone_is_no_download(lawyer: Persona, item: dict[str, Any]) -> None:
    answer = lawyer.call("HEAD", f"/evidence/{item['id']}/content")
    assert (answer.status_code, answer.headers["Content-Length"]) == (200, str(item["size"]))
    assert actions(lawyer, item) == ["evidence:ingest"]


def test_each_opening_of_a_restricted_item_is_recorded(
    investigator: Persona, lawyer: Persona, item: dict[str, Any]
) -> None:
    path = f"/evidence/{item['id']}"
    investigator.post(f"{path}/sensitivity", {"sensitivity": "restricted", "reason": "Imagery of abuse"})
    investigator.post(f"{path}/readers", {"user": str(lawyer.id)})
    for _ in range(2):
        shown = lawyer.get(f"{path}/content?shown=1", headers={"X-OTP": lawyer.otp(), "Range": "bytes=0-9"})
        assert shown.headers["Content-Disposition"].startswith("attachment")
    assert actions(lawyer, item)[-2:] == ["evidence:view", "evidence:view"]


def test_a_range_beyond_the_end_is_refused_and_nothing_is_recorded(lawyer: Persona, item: dict[str, Any]) -> None:
    response = lawyer.get(f"/evidence/{item['id']}/content", headers={"Range": "bytes=99999-"})
    assert response.status_code == 416
    assert response.headers["Content-Range"] == f"bytes */{item['size']}"
    assert actions(lawyer, item) == ["evidence:ingest"]


def test_a_supervisor_says_why_she_reads_content_and_the_reason_is_kept(
    supervisor: Persona, item: dict[str, Any]
) -> None:
    path = f"/evidence/{item['id']}/content"
    refused = supervisor.get(path)
    assert (refused.status_code, set(refused.get_json()["errors"])) == (422, {"Audit-Reason"})
    assert supervisor.get(path, headers={"Audit-Reason": "Quarterly audit"}).status_code == 200
    last = chain(supervisor, item)[-1]
    entry = decode(last["entry"].encode())
    assert open_disclosure(last["disclosures"]["reason"], "reason", entry.commitments["reason"]) == "Quarterly audit"


def test_a_restricted_item_is_opened_only_by_those_named_each_time_with_a_fresh_code(
    investigator: Persona, lawyer: Persona, supervisor: Persona, item: dict[str, Any]
) -> None:
    path = f"/evidence/{item['id']}"
    body = {"sensitivity": "restricted", "reason": "Imagery of abuse"}
    assert investigator.post(f"{path}/sensitivity", body).status_code == 200
    assert lawyer.get(f"{path}/content", headers={"X-OTP": lawyer.otp()}).status_code == 403
    assert investigator.post(f"{path}/readers", {"user": str(investigator.id)}).status_code == 403
    assert investigator.post(f"{path}/readers", {"user": str(lawyer.id)}).status_code == 201
    without = lawyer.get(f"{path}/content")
    assert (without.status_code, without.get_json()["type"]) == (403, "step-up")
    code = lawyer.otp()
    assert lawyer.get(f"{path}/content", headers={"X-OTP": code}).status_code == 200
    assert lawyer.get(f"{path}/content", headers={"X-OTP": code}).status_code == 403, "each code is good once"
    lift = {"sensitivity": "ordinary", "reason": "Reviewed"}
    assert investigator.post(f"{path}/sensitivity", {**lift, "otp": investigator.otp()}).status_code == 403
    assert supervisor.post(f"{path}/sensitivity", {**lift, "otp": supervisor.otp()}).status_code == 200
    assert lawyer.get(f"{path}/content").status_code == 200


def test_a_legal_hold_is_set_by_the_lawyer_and_lifted_only_by_a_supervisor_with_a_fresh_code(
    lawyer: Persona, supervisor: Persona, item: dict[str, Any]
) -> None:
    path = f"/evidence/{item['id']}"
    assert lawyer.post(f"{path}/hold", {"reason": "Court order"}).get_json()["held"] is True
    assert lawyer.post(f"{path}/hold", {"reason": "Court order"}).status_code == 409
    assert lawyer.post(f"{path}/lift-hold", {"reason": "Over", "otp": lawyer.otp()}).status_code == 403
    assert supervisor.post(f"{path}/lift-hold", {"reason": "Over"}).get_json()["type"] == "step-up"
    lifted = supervisor.post(f"{path}/lift-hold", {"reason": "Over", "otp": supervisor.otp()})
    assert lifted.get_json()["held"] is False


def test_a_correction_names_the_wrong_entry_and_both_stay(investigator: Persona, item: dict[str, Any]) -> None:
    wrong = chain(investigator, item)[0]["hash"]
    body = {
        "corrects": wrong,
        "reason": "Wrong door",
        "title": "Footage of the back door",
        "latitude": 11.5,
        "longitude": 104.9,
    }
    corrected = investigator.post(f"/evidence/{item['id']}/corrections", body).get_json()
    assert (corrected["title"], corrected["latitude"]) == ("Footage of the back door", 11.5)
    links = chain(investigator, item)
    assert [link["action"] for link in links] == ["evidence:ingest", "evidence:correct"]
    entry = decode(links[1]["entry"].encode())
    assert entry.data["corrects"] == wrong
    assert set(entry.commitments) == {"reason", "title", "latitude", "longitude"}
    unknown = investigator.post(f"/evidence/{item['id']}/corrections", {**body, "corrects": "0" * 64})
    assert unknown.status_code == 422


def test_verification_says_pass_for_a_sound_item_and_records_that_it_was_done(
    lawyer: Persona, item: dict[str, Any]
) -> None:
    verdict = lawyer.post(f"/evidence/{item['id']}/verify").get_json()
    assert (verdict["object"], verdict["chain"], verdict["faults"]) == ("pass", "pass", [])
    assert verdict["sha256"] == item["sha256"]
    assert actions(lawyer, item)[-1] == "evidence:verify"


def test_the_custody_log_gives_the_exact_bytes_that_sha256sum_can_walk(lawyer: Persona, item: dict[str, Any]) -> None:
    lawyer.post(f"/evidence/{item['id']}/verify")
    links = chain(lawyer, item)
    for before, after in itertools.pairwise(links):
        digest = hashlib.sha256(before["entry"].encode()).hexdigest()
        assert digest == before["hash"] == decode(after["entry"].encode()).prev


def test_custody_entries_carry_no_account_and_no_free_text(
    investigator: Persona, lawyer: Persona, item: dict[str, Any]
) -> None:
    transfer = offer(investigator, item, lawyer)
    lawyer.post(f"/transfers/{transfer['id']}/accept", {"otp": lawyer.otp()})
    text = "".join(link["entry"] for link in chain(lawyer, item))
    for secret in (str(investigator.id), str(lawyer.id), investigator.username, "hearing", "front door", "Footage"):
        assert secret not in text


def test_a_physical_thing_has_tag_place_and_label_and_its_chain_verifies(
    investigator: Persona, lawyer: Persona, case: dict[str, Any]
) -> None:
    body = {"title": "Ledger book", "tag": "BAG-0007", "place": "Safe 2, shelf 1"}
    response = investigator.post(f"/cases/{case['id']}/items", body)
    assert response.status_code == 201, response.get_json()
    thing = response.get_json()
    assert (thing["tag"], thing["place"], thing["sha256"]) == ("BAG-0007", "Safe 2, shelf 1", None)
    photo = upload(investigator, case["id"], original=thing["id"], derivation="photograph")
    assert (photo["original"], photo["derivation"]) == (thing["id"], "photograph")
    verdict = lawyer.post(f"/evidence/{thing['id']}/verify").get_json()
    assert (verdict["object"], verdict["chain"]) == (None, "pass")
    assert lawyer.get(f"/evidence/{thing['id']}/content").status_code == 404
    assert "Safe" not in chain(lawyer, thing)[0]["entry"]
    found = investigator.get("/evidence?tag=BAG-0007").get_json()["items"]
    assert thing["id"] in [item["id"] for item in found]


def test_a_label_can_be_scanned_and_leads_to_the_item(investigator: Persona, case: dict[str, Any]) -> None:
    body = {"title": "Phone <b>", "tag": "BAG <1>", "place": "Safe 2"}
    thing = investigator.post(f"/cases/{case['id']}/items", body).get_json()
    response = investigator.get(f"/evidence/{thing['id']}/label")
    assert response.content_type.startswith("image/svg+xml")
    assert "BAG &lt;1&gt;" in response.get_data(as_text=True)
    assert "Phone" not in response.get_data(as_text=True)
    assert read_svg(response.get_data(as_text=True)) == f"http://localhost/items/{thing['id']}"


def test_a_caseworker_sees_only_items_shared_with_her(
    investigator: Persona, caseworker: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    path = f"/evidence/{item['id']}"
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(caseworker.id), "role": "caseworker"})
    assert caseworker.get(path).status_code == 404
    assert investigator.post(f"{path}/readers", {"user": str(caseworker.id)}).status_code == 201
    assert caseworker.get(f"{path}/content").status_code == 200
    assert investigator.post(f"{path}/readers/{caseworker.id}/end", {"reason": "Done"}).status_code == 204
    assert caseworker.get(path).status_code == 404


@pytest.mark.parametrize("path", ["moves", "corrections", "transfers", "readers", "sensitivity"])
def test_bad_input_is_told_by_field_and_nothing_is_recorded(
    investigator: Persona, item: dict[str, Any], path: str
) -> None:
    response = investigator.post(f"/evidence/{item['id']}/{path}", {"nonsense": "\x00"})
    assert response.status_code == 422
    assert "nonsense" in response.get_json()["errors"]
    assert actions(investigator, item) == ["evidence:ingest"]


# --- nobody is her own second person ----------------------------------------------------------------------------------


@dataclass
class TwoHats:
    """One person who is an investigator of the case and a supervisor of the office."""

    investigator: Persona
    supervisor: Persona


@pytest.fixture
def two_hats(app: Flask, site: Site, investigator: Persona, case: dict[str, Any]) -> TwoHats:
    person = new_person(app, site, [Role.INVESTIGATOR, Role.SUPERVISOR])
    assign(investigator, case, person.id)

    def in_role(role: Role) -> Persona:
        token = person.token(role=role.value, scope="all")
        return Persona(site, app, person.id, person.username, role, token, person.secret)

    return TwoHats(in_role(Role.INVESTIGATOR), in_role(Role.SUPERVISOR))


def assign(lead: Persona, case: dict[str, Any], user: uuid.UUID, role: Role = Role.INVESTIGATOR) -> str:
    response = lead.post(f"/cases/{case['id']}/assignments", {"user": str(user), "role": role.value})
    assert response.status_code == 201, response.get_json()
    return str(response.get_json()["id"])


def denials(persona: Persona) -> int:
    with begin(persona.site, OPERATOR, read_only=True) as work:
        found = sa.select(sa.func.count()).where(
            LedgerEntry.subject == f"user:{persona.id}", LedgerEntry.action == "user:denied"
        )
        return int(work.session.execute(found).scalar_one())


def quarantine(persona: Persona, item: dict[str, Any]) -> None:
    with begin(persona.site, persona.actor()) as work:
        evidence.verified(work, uuid.UUID(item["id"]), fixity.Examined(False, "0" * 64, "Other bytes."))


def test_a_supervisor_does_not_release_an_item_that_is_hers_and_that_she_tried_is_recorded(
    two_hats: TwoHats, investigator: Persona, lawyer: Persona, supervisor: Persona, case: dict[str, Any]
) -> None:
    hers = two_hats.supervisor
    gathered = upload(two_hats.investigator, case["id"])
    held = upload(investigator, case["id"])
    transfer = offer(investigator, held, hers)
    assert two_hats.investigator.post(f"/transfers/{transfer['id']}/accept", {"otp": hers.otp()}).status_code == 200
    lent = upload(investigator, case["id"])
    transfer = offer(investigator, lent, hers)
    assert two_hats.investigator.post(f"/transfers/{transfer['id']}/accept", {"otp": hers.otp()}).status_code == 200
    assert move(lawyer, lent, "take_to_court").status_code == 200
    for item in (gathered, held, lent):
        quarantine(investigator, item)
        before = denials(hers)
        refused = hers.post(f"/evidence/{item['id']}/release", {"reason": "It is well", "otp": hers.otp()})
        assert (refused.status_code, refused.get_json()["type"]) == (403, "forbidden")
        assert denials(hers) == before + 1
        released = supervisor.post(f"/evidence/{item['id']}/release", {"reason": "Seen", "otp": supervisor.otp()})
        assert released.status_code == 200, released.get_json()


def test_who_restricted_an_item_or_set_the_hold_does_not_lift_it_alone(
    two_hats: TwoHats, supervisor: Persona, make_persona: Callable[..., Persona], item: dict[str, Any]
) -> None:
    path, another = f"/evidence/{item['id']}", make_persona(Role.SUPERVISOR)
    for begin_with, end_with in (
        (
            ("sensitivity", {"sensitivity": "restricted", "reason": "Seen"}),
            ("sensitivity", {"sensitivity": "ordinary", "reason": "Reviewed"}),
        ),
        (("hold", {"reason": "Court order"}), ("lift-hold", {"reason": "Over"})),
    ):
        assert supervisor.post(f"{path}/{begin_with[0]}", begin_with[1]).status_code == 200
        alone = supervisor.post(f"{path}/{end_with[0]}", {**end_with[1], "otp": supervisor.otp()})
        assert (alone.status_code, alone.get_json()["type"]) == (403, "forbidden")
        assert another.post(f"{path}/{end_with[0]}", {**end_with[1], "otp": another.otp()}).status_code == 200


def test_who_gathered_an_item_does_not_lift_its_restriction_or_hold_as_a_supervisor(
    two_hats: TwoHats, lawyer: Persona, case: dict[str, Any]
) -> None:
    item = upload(two_hats.investigator, case["id"], restricted="true")
    path, hers = f"/evidence/{item['id']}", two_hats.supervisor
    assert lawyer.post(f"{path}/hold", {"reason": "Court order"}).status_code == 200
    lift = {"sensitivity": "ordinary", "reason": "Reviewed", "otp": hers.otp()}
    assert hers.post(f"{path}/sensitivity", lift).get_json()["type"] == "forbidden"
    assert hers.post(f"{path}/lift-hold", {"reason": "Over", "otp": hers.otp()}).get_json()["type"] == "forbidden"


def test_who_was_shown_an_item_is_not_named_to_open_it_once_it_is_restricted(
    investigator: Persona, caseworker: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    assign(investigator, case, caseworker.id, Role.CASEWORKER)
    path = f"/evidence/{item['id']}"
    assert investigator.post(f"{path}/readers", {"user": str(caseworker.id)}).status_code == 201
    assert caseworker.get(f"{path}/content").status_code == 200
    restrict = {"sensitivity": "restricted", "reason": "Imagery of abuse"}
    assert investigator.post(f"{path}/sensitivity", restrict).status_code == 200
    assert caseworker.get(f"{path}/content", headers={"X-OTP": caseworker.otp()}).status_code == 404
    assert investigator.get(f"{path}/readers").get_json()["items"] == []
    assert actions(investigator, item)[-2:] == ["evidence:drop_reader", "evidence:restrict"]
    assert investigator.post(f"{path}/readers", {"user": str(caseworker.id)}).status_code == 201
    assert caseworker.get(f"{path}/content", headers={"X-OTP": caseworker.otp()}).status_code == 200


# --- when somebody has left -------------------------------------------------------------------------------------------


def disable(administrator: Persona, person: Persona) -> None:
    assert administrator.post(f"/users/{person.id}/disable", {"otp": administrator.otp()}).status_code in (200, 204)


def settle(supervisor: Persona, path: str, body: dict[str, Any]) -> Any:
    """First without a code, which is refused; then with one."""
    assert supervisor.post(path, {"reason": "She has left", **body}).get_json()["type"] == "step-up"
    return supervisor.post(path, {"reason": "She has left", **body, "otp": supervisor.otp()})


def test_a_supervisor_does_nothing_in_the_place_of_who_is_still_there(
    investigator: Persona, lawyer: Persona, supervisor: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    def refused(path: str, body: dict[str, Any]) -> bool:
        answer = supervisor.post(path, {"reason": "Quicker", **body, "otp": supervisor.otp()})
        return (answer.status_code, answer.get_json()["type"]) == (403, "forbidden")

    path = f"/evidence/{item['id']}"
    assert refused(f"{path}/transfers", {"to": str(lawyer.id)})
    transfer = offer(investigator, item, lawyer)
    assert refused(f"/transfers/{transfer['id']}/withdraw", {})
    other = upload(investigator, case["id"])
    move(lawyer, other, "take_to_court")
    assert refused(f"/evidence/{other['id']}/moves", {"action": "return_from_court"})


def test_what_a_disabled_custodian_left_open_is_settled_by_a_supervisor_with_a_fresh_code(
    investigator: Persona,
    lawyer: Persona,
    supervisor: Persona,
    administrator: Persona,
    make_persona: Callable[..., Persona],
    case: dict[str, Any],
) -> None:
    gone = make_persona(Role.INVESTIGATOR)
    assign(investigator, case, gone.id)
    offered, hers, taken = upload(gone, case["id"]), upload(gone, case["id"]), upload(investigator, case["id"])
    transfer = offer(gone, offered, lawyer)
    assert move(gone, taken, "check_out").status_code == 200
    disable(administrator, gone)

    assert settle(supervisor, f"/transfers/{transfer['id']}/withdraw", {}).status_code == 200
    back = settle(supervisor, f"/evidence/{taken['id']}/moves", {"action": "check_in"}).get_json()
    assert (back["state"], back["custodian"]) == ("in_custody", str(investigator.id))
    for item in (offered, hers):
        again = settle(supervisor, f"/evidence/{item['id']}/transfers", {"to": str(lawyer.id)})
        assert again.status_code == 201
        assert again.get_json()["from"] == str(gone.id)
        accepted = lawyer.post(f"/transfers/{again.get_json()['id']}/accept", {"otp": lawyer.otp()})
        assert accepted.status_code == 200
        assert lawyer.get(f"/evidence/{item['id']}").get_json()["custodian"] == str(lawyer.id)
    said = decode(chain(lawyer, hers)[1]["entry"].encode())
    gathered = decode(chain(lawyer, hers)[0]["entry"].encode())
    assert said.data["in_place_of"] == gathered.actor != said.actor
    assert (
        supervisor.post(
            f"/evidence/{taken['id']}/moves", {"action": "check_out", "reason": "Mine", "otp": supervisor.otp()}
        ).status_code
        == 403
    )


def test_an_item_of_one_who_is_off_the_case_is_handed_on_and_never_by_a_supervisor_to_herself(
    two_hats: TwoHats,
    investigator: Persona,
    lawyer: Persona,
    make_persona: Callable[..., Persona],
    case: dict[str, Any],
) -> None:
    gone = make_persona(Role.INVESTIGATOR)
    assignment = assign(investigator, case, gone.id)
    item = upload(gone, case["id"])
    ended = investigator.post(f"/cases/{case['id']}/assignments/{assignment}/end", {"reason": "Moved"})
    assert ended.status_code == 204
    path, hers = f"/evidence/{item['id']}/transfers", two_hats.supervisor
    body = {"reason": "She has moved", "to": str(hers.id), "otp": hers.otp()}
    assert hers.post(path, body).get_json()["type"] == "forbidden"
    assert settle(hers, path, {"to": str(lawyer.id)}).status_code == 201


def test_an_item_is_not_offered_to_one_who_has_lost_the_role_in_which_she_is_assigned(
    app: Flask, site: Site, administrator: Persona, investigator: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    person = new_person(app, site, [Role.INVESTIGATOR, Role.LAWYER])
    assign(investigator, case, person.id, Role.LAWYER)
    revoked = administrator.post(f"/users/{person.id}/roles/revoke", {"role": "lawyer", "otp": administrator.otp()})
    assert revoked.status_code == 200
    refused = investigator.post(f"/evidence/{item['id']}/transfers", {"to": str(person.id), "reason": "For court"})
    assert refused.status_code == 422


# --- what is said must be able to be so -------------------------------------------------------------------------------


def test_a_move_has_not_happened_in_the_future(investigator: Persona, item: dict[str, Any]) -> None:
    for moment in ("2999-01-01T00:00:00Z", "1800-01-01T00:00:00Z"):
        body = {"action": "check_out", "reason": "Needed", "occurred_at": moment}
        refused = investigator.post(f"/evidence/{item['id']}/moves", body)
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["occurred_at"])


def test_a_correction_says_nothing_that_an_upload_could_not_have_said(
    investigator: Persona, case: dict[str, Any]
) -> None:
    things = [
        investigator.post(f"/cases/{case['id']}/items", {"title": "Book", "tag": tag, "place": "Safe"}).get_json()
        for tag in ("BAG-1", "BAG-2")
    ]
    path = f"/evidence/{things[1]['id']}/corrections"
    said = {"corrects": chain(investigator, things[1])[0]["hash"], "reason": "Misread"}
    for wrong, field in (
        ({"captured_at": "2999-01-01T00:00:00Z"}, "captured_at"),
        ({"tag": "BAG-1"}, "tag"),
        ({"latitude": 11.5}, "longitude"),
        ({"longitude": 104.9}, "latitude"),
    ):
        refused = investigator.post(path, {**said, **wrong})
        assert (refused.status_code, list(refused.get_json()["errors"])) == (422, [field])
    assert investigator.post(path, {**said, "tag": "BAG-2", "latitude": 11.5, "longitude": 104.9}).status_code == 200


def test_what_is_wrong_in_an_offer_is_said_before_what_stands_against_it(
    investigator: Persona, item: dict[str, Any]
) -> None:
    quarantine(investigator, item)
    path = f"/evidence/{item['id']}/transfers"
    assert investigator.post(path, {"to": str(uuid.uuid4()), "reason": "Take it"}).status_code == 422


def acts(site: Site, person: Persona, item: dict[str, Any]) -> set[str]:
    with begin(site, person.actor(), read_only=True) as work:
        return set(custody.acts(work, uuid.UUID(item["id"])))


def test_in_a_case_that_has_ended_nothing_is_offered_that_would_take_an_item_away(
    site: Site, investigator: Persona, case: dict[str, Any], item: dict[str, Any]
) -> None:
    away = {"offer", "check_out", "take_to_court"}
    assert acts(site, investigator, item) >= away
    with site.engine.begin() as connection:
        connection.execute(sa.update(Case).where(Case.id == uuid.UUID(case["id"])).values(stage="closed"))
    assert not acts(site, investigator, item) & away


def test_undoing_is_offered_to_a_second_person_alone(
    site: Site, supervisor: Persona, make_persona: Callable[..., Persona], item: dict[str, Any]
) -> None:
    second, undoing = make_persona(Role.SUPERVISOR), {"lift_hold", "unrestrict", "release"}
    path, reason = f"/evidence/{item['id']}", {"reason": "Ordered by the court"}
    assert supervisor.post(f"{path}/hold", reason).status_code == 200
    assert supervisor.post(f"{path}/sensitivity", {"sensitivity": "restricted", **reason}).status_code == 200
    assert not acts(site, supervisor, item) & undoing
    assert acts(site, second, item) & undoing == {"lift_hold", "unrestrict"}
    change = sa.update(Evidence).where(Evidence.id == uuid.UUID(item["id"]))
    with site.engine.begin() as connection:
        connection.execute(change.values(quarantined=True, collector_id=second.id))
    assert acts(site, supervisor, item) & undoing == {"release"}
    assert not acts(site, second, item) & undoing, "what she gathered herself is not hers to release"


def test_an_item_is_not_due_back_before_it_was_taken(investigator: Persona, item: dict[str, Any]) -> None:
    move = {"action": "check_out", "reason": "To be shown"}
    path = f"/evidence/{item['id']}/moves"
    refused = investigator.post(path, {**move, "due_at": days_ago(1).isoformat()})
    assert (refused.status_code, list(refused.get_json()["errors"])) == (422, ["due_at"])
    taken = {**move, "due_at": days_ago(1).isoformat(), "occurred_at": days_ago(2).isoformat()}
    assert investigator.post(path, taken).status_code == 200, "told late, and overdue already"


def test_by_when_an_item_is_due_is_filled_in_from_its_chain_where_the_register_did_not_keep_it(
    site: Site, investigator: Persona, item: dict[str, Any]
) -> None:
    due_at = days_ago(-3)
    move = {"action": "check_out", "reason": "To be shown", "due_at": due_at.isoformat()}
    assert investigator.post(f"/evidence/{item['id']}/moves", move).status_code == 200
    with site.engine.begin() as connection:
        which = Evidence.id == uuid.UUID(item["id"])
        connection.execute(sa.update(Evidence).where(which).values(due_at=None))
    initialise(site.settings, origin=site.origin, office="PP", name="Phnom Penh")
    assert investigator.get(f"/evidence/{item['id']}").get_json()["due_at"] == due_at.isoformat()
