"""Nothing that could expose a person gets into a log line, an error, a metric, an address or the ledger's open part."""

import io
import json
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from evidence_api import create_app
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.ledger.entry import decode
from evidence_api.models import Disclosure, LedgerEntry
from evidence_api.work import Site, Work, begin
from tests.conftest import PASSWORD, Persona
from tests.golden.office import TUS, add_person, installation, into

SECRETS = {
    "title of the case": "Sok-Chenda",
    "title of the item": "Backroom-Mirror",
    "name of the file": "operative-Dara-room-7",
    "reason": "Bopha-told-us",
    "place": "Street-Nineteen",
    "tag": "Bag-Lotus",
    "device": "Camera-of-Rithy",
    "method": "Button-Hole",
    "corrected title": "Wardrobe-Door",
    "name of a token": "Laptop-of-Vanna",
    "where it was": "11.5612",
    "password": PASSWORD,
}
"""What must be seen by nobody but those who read the item itself."""


@pytest.fixture
def site(tmp_path: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    with installation(tmp_path, request) as opened:
        yield opened


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Everything that the application says while it runs."""
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    return output


class Office:
    """The people of an office, who keep every answer that they were given."""

    def __init__(self, site: Site, app: Flask) -> None:
        self.site = site
        self.answers: list[TestResponse] = []
        self.investigator = add_person(site, app, Role.INVESTIGATOR)
        self.lawyer = add_person(site, app, Role.LAWYER)
        self.outsider = add_person(site, app, Role.INVESTIGATOR)
        self.supervisor = add_person(site, app, Role.SUPERVISOR)

    def call(self, person: Persona, method: str, path: str, status: int, **kwargs: Any) -> Any:
        response = person.call(method, path, **kwargs)
        assert response.status_code == status, response.get_data(as_text=True)
        self.answers.append(response)
        return response.get_json(silent=True)

    def post(self, person: Persona, path: str, json: dict[str, Any], status: int = 200, **kwargs: Any) -> Any:
        return self.call(person, "POST", path, status, json=json, **kwargs)


@pytest.fixture
def office(site: Site, said: io.StringIO) -> Office:
    app = create_app(site)
    # Not as in tests: a defect is answered and logged as it is in service.
    app.testing = False
    return Office(site, app)


def main_job(office: Office) -> str:
    """A case, a file, a thing, a hand-over, verification, correction, restriction: the item's path."""
    reason = {"reason": f"{SECRETS['reason']}, so we act"}
    investigator, lawyer, supervisor = office.investigator, office.lawyer, office.supervisor
    body = {"title": SECRETS["title of the case"], "kind": "sex_trafficking", "country": "KH"}
    case = office.post(investigator, "/cases", body, 201)["id"]
    office.post(investigator, f"/cases/{case}/assignments", {"user": str(lawyer.id), "role": "lawyer"}, 201)
    office.post(investigator, f"/cases/{case}/transitions", {"action": "investigate", **reason})
    form = {
        "title": SECRETS["title of the item"],
        "method": SECRETS["method"],
        "device": SECRETS["device"],
        "latitude": SECRETS["where it was"],
        "longitude": "104.9",
        "file": (io.BytesIO(b"a film"), f"{SECRETS['name of the file']}.mp4"),
    }
    item = office.call(
        investigator, "POST", f"/cases/{case}/evidence", 201, data=form, content_type="multipart/form-data"
    )
    path = f"/evidence/{item['id']}"
    thing = {"title": SECRETS["title of the item"], "tag": SECRETS["tag"], "place": SECRETS["place"]}
    office.post(investigator, f"/cases/{case}/items", thing, 201)
    resumable(office, case)
    transfer = office.post(investigator, f"{path}/transfers", {"to": str(lawyer.id), **reason}, 201)["id"]
    office.post(lawyer, f"/transfers/{transfer}/accept", {"otp": lawyer.otp()})
    office.post(lawyer, f"{path}/moves", {"action": "take_to_court", "place": SECRETS["place"], **reason})
    office.post(lawyer, f"{path}/moves", {"action": "return_from_court", **reason})
    office.call(lawyer, "GET", f"{path}/content", 200)
    office.call(lawyer, "GET", f"{path}/label", 200)
    office.call(supervisor, "GET", f"{path}/content", 200, headers={"Audit-Reason": SECRETS["reason"]})
    first = office.call(lawyer, "GET", f"{path}/custody", 200)["items"][0]["hash"]
    office.post(lawyer, f"{path}/corrections", {"corrects": first, "title": SECRETS["corrected title"], **reason})
    office.post(lawyer, f"{path}/hold", reason)
    office.post(lawyer, f"{path}/sensitivity", {"sensitivity": "restricted", **reason})
    office.post(supervisor, f"{path}/verify", {})
    office.call(supervisor, "GET", f"/cases/{case}/timeline", 200)
    office.call(supervisor, "GET", f"/evidence?tag={SECRETS['tag']}", 200)
    name = {"username": investigator.username, "password": PASSWORD, "otp": investigator.otp()}
    office.post(investigator, "/tokens", {**name, "name": SECRETS["name of a token"]}, 201)
    return path


def resumable(office: Office, case: str) -> None:
    headers = into(case, SECRETS["title of the item"], f"{SECRETS['name of the file']}.mov")
    office.call(office.investigator, "POST", "/uploads", 201, headers=headers)
    location = office.answers[-1].headers["Location"]
    sending = {**TUS, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
    office.call(office.investigator, "PATCH", location, 204, headers=sending, data=bytes(range(250)) * 4)


def refusals(office: Office, path: str) -> list[TestResponse]:
    """What is answered to those who may not, who send what cannot be, and who come at the wrong time."""
    before = len(office.answers)
    secret = SECRETS["reason"]
    office.call(office.outsider, "GET", path, 404)
    office.call(office.outsider, "GET", f"/{SECRETS['place']}", 404)
    office.post(office.supervisor, f"{path}/transfers", {"to": secret, "reason": secret}, 403)
    office.post(office.lawyer, f"{path}/transfers", {"to": secret, "reason": secret, "place": secret}, 422)
    office.post(office.lawyer, f"{path}/readers", {"user": str(office.outsider.id)}, 422)
    office.post(office.lawyer, f"{path}/hold", {"reason": secret}, 409)
    office.post(office.lawyer, f"{path}/moves", {"action": "return_from_court", "reason": secret}, 409)
    office.call(office.lawyer, "GET", f"{path}/content", 403)
    office.call(office.lawyer, "PUT", path, 405)
    office.call(office.lawyer, "POST", f"{path}/hold", 400, data=f"{{{secret}", content_type="application/json")
    office.call(office.lawyer, "POST", f"{path}/hold", 415, data=secret, content_type="text/plain")
    office.post(office.lawyer, f"{path}/hold", {"reason": secret}, 412, headers={"If-Match": '"v0"'})
    wrong = {"username": secret, "password": PASSWORD, "otp": "000000", "name": SECRETS["name of a token"]}
    office.post(office.lawyer, "/tokens", wrong, 401)
    return office.answers[before:]


def assert_silent(text: str, *further: str) -> None:
    for what, secret in SECRETS.items():
        assert secret.casefold() not in text.casefold(), f"the {what} is there"
    for secret in further:
        assert secret.casefold() not in text.casefold()


def names(office: Office) -> list[str]:
    people = (office.investigator, office.lawyer, office.outsider, office.supervisor)
    return [*(person.username for person in people), *(person.token for person in people)]


def test_the_log_tells_what_was_asked_and_nothing_of_whom_or_what(office: Office, said: io.StringIO) -> None:
    refusals(office, main_job(office))
    lines = said.getvalue().splitlines()
    assert len(lines) > 30
    assert {json.loads(line)["event"] for line in lines} >= {"request", "received"}
    assert_silent(said.getvalue(), *names(office))
    for answer in office.answers:
        found = (answer.get_json(silent=True) or {}).get("id")
        assert found is None or found not in said.getvalue(), "an id leads to a case for whoever has the database"


def test_refusals_say_what_to_do_and_quote_nothing(office: Office) -> None:
    for refused in refusals(office, main_job(office)):
        assert refused.mimetype == "application/problem+json"
        assert_silent(refused.get_data(as_text=True) + str(refused.headers), *names(office))


def test_metrics_count_by_route_and_name_nobody(office: Office) -> None:
    path = main_job(office)
    refusals(office, path)
    metrics = office.lawyer.app.test_client().get("/metrics").get_data(as_text=True)
    assert 'route="/api/v1/evidence/<uuid:id>/content"' in metrics
    assert_silent(metrics, *names(office), path.rsplit("/", 1)[1])


def test_addresses_and_headers_of_answers_tell_nothing(office: Office) -> None:
    main_job(office)
    for answer in office.answers:
        assert_silent(str(answer.headers), *names(office))


def test_the_open_part_of_the_ledger_has_no_name_place_or_free_text(office: Office) -> None:
    refusals(office, main_job(office))
    with begin(office.site, OPERATOR, read_only=True) as work:
        bodies = [row.body for row in work.session.scalars(sa.select(LedgerEntry))]
    assert len(bodies) > 25
    assert {"evidence:ingest", "evidence:correct", "case:open", "user:token_created"} <= {
        decode(body).action for body in bodies
    }
    for body in bodies:
        assert_silent(body.decode(), *names(office))


def test_what_a_disclosure_holds_is_sealed_at_rest(office: Office) -> None:
    main_job(office)
    with begin(office.site, OPERATOR, read_only=True) as work:
        kept = work.session.execute(sa.select(Disclosure.__table__)).all()
    assert len(kept) > 20
    for row in kept:
        assert_silent(" ".join(value.decode("latin-1") if isinstance(value, bytes) else str(value) for value in row))


def test_a_defect_of_ours_tells_where_it_broke_and_quotes_no_row(
    office: Office, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = main_job(office)

    def broken(work: Work, *_: Any, **__: Any) -> Callable[..., Any]:
        raise RuntimeError(f"row: {SECRETS['title of the item']} at {SECRETS['place']}")

    monkeypatch.setattr("evidence_api.services.evidence._filename", broken)
    office.call(office.lawyer, "GET", path, 500)
    answer = office.answers[-1]
    assert answer.mimetype == "application/problem+json"
    assert_silent(answer.get_data(as_text=True) + str(answer.headers) + said.getvalue(), *names(office))
    line = next(json.loads(line) for line in said.getvalue().splitlines() if '"defect"' in line)
    assert line["kind"] == "RuntimeError"
    assert line["request"] in answer.get_json()["detail"], "whoever tells us of it can name it"


def test_a_fault_of_the_database_quotes_no_row(
    office: Office, said: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = main_job(office)

    def down(work: Work, *_: Any, **__: Any) -> None:
        raise sa.exc.OperationalError(
            f"SELECT '{SECRETS['place']}'", {"title": SECRETS["title of the item"]}, Exception(SECRETS["reason"])
        )

    monkeypatch.setattr("evidence_api.services.evidence._filename", down)
    office.call(office.lawyer, "GET", path, 503)
    assert_silent(office.answers[-1].get_data(as_text=True) + said.getvalue(), *names(office))
