"""Custody: who holds the item, from when, and how it went to another."""

import hashlib
import itertools
import threading
import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.db import open_session
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.ledger.disclosure import open_disclosure
from evidence_api.ledger.entry import decode
from evidence_api.ledger.verifying import verify_chains
from evidence_api.models import Sitting
from evidence_api.work import Site, begin
from tests.conftest import Persona, days_ago, upload
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
    body = {"corrects": wrong, "reason": "Wrong door", "title": "Footage of the back door", "latitude": 11.5}
    corrected = investigator.post(f"/evidence/{item['id']}/corrections", body).get_json()
    assert (corrected["title"], corrected["latitude"]) == ("Footage of the back door", 11.5)
    links = chain(investigator, item)
    assert [link["action"] for link in links] == ["evidence:ingest", "evidence:correct"]
    entry = decode(links[1]["entry"].encode())
    assert entry.data["corrects"] == wrong
    assert set(entry.commitments) == {"reason", "title", "latitude"}
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


def test_a_declared_clock_fault_is_an_act_of_a_supervisor_with_a_fresh_code(
    site: Site, supervisor: Persona, lawyer: Persona
) -> None:
    body = {"begins_at": "2020-01-01T00:00:00Z", "ends_at": "2020-01-01T01:00:00Z", "reason": "Battery"}
    assert lawyer.post("/ledger/clock-faults", {**body, "otp": lawyer.otp()}).status_code == 403
    assert supervisor.post("/ledger/clock-faults", body).get_json()["type"] == "step-up"
    assert supervisor.post("/ledger/clock-faults", {**body, "otp": supervisor.otp()}).status_code == 201
    with begin(site, OPERATOR, read_only=True) as work:
        assert not [f for f in verify_chains(work.session, work.keys, site.origin, site.subject) if not f.warning]


@pytest.mark.parametrize("path", ["moves", "corrections", "transfers", "readers", "sensitivity"])
def test_bad_input_is_told_by_field_and_nothing_is_recorded(
    investigator: Persona, item: dict[str, Any], path: str
) -> None:
    response = investigator.post(f"/evidence/{item['id']}/{path}", {"nonsense": "\x00"})
    assert response.status_code == 422
    assert "nonsense" in response.get_json()["errors"]
    assert actions(investigator, item) == ["evidence:ingest"]
