"""Nothing that could expose a person gets into a log line, an error, a metric, an address or the ledger's open part."""

import io
import json
import re
import sys
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from flask import Flask
from werkzeug.test import TestResponse

from evidence_api import create_app
from evidence_api.domain.link import LinkRelation
from evidence_api.domain.operation import Danger
from evidence_api.domain.perpetrator import Relation
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.domain.victim import AXES, Care, Exit, Identification, MissedHow, Whereabouts
from evidence_api.ledger.entry import decode
from evidence_api.models import Disclosure, LedgerEntry
from evidence_api.work import Site, Work, begin
from tests.casework import Made, sitting
from tests.conftest import PASSWORD, Persona, database_bytes
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

VAULT = {
    "name": "Xanthippe",
    "day of birth": "1913-02-27",
    "nationality": "Ruritanian",
    "contact": "Jabberwock",
    "address": "Periwinkle",
    "address of a placement": "Zugzwang",
    "person behind a code": "Mulligatawny",
    "tip": "Sasquatch",
    "place of a tip": "Borogove",
    "name of somebody sought": "Fandango",
    "address of a perpetrator": "Yggdrasil",
}
"""What the vault keeps: it stands nowhere else."""

CASEWORK = {
    "alias": "Snollygoster",
    "other alias": "Gobbledygook",
    "note on a perpetrator": "Lollygag",
    "venue": "Turquoise-gate",
    "place of a venue": "Widdershins",
    "area": "Timbuktu",
    "note on a visit": "Flibbertigibbet",
    "owner": "Rigmarole",
    "authority": "Constabulary-Nine",
    "what was asked": "Persnickety",
    "what was replied": "Lackadaisical",
    "reference": "Ref-Tatterdemalion",
    "note on dangers": "Hullabaloo",
    "scope of a consent": "Bellwether",
    "assessment": "Marzipan",
    "what she said": "Nincompoop",
    "step": "Kumquat",
    "outcome of a step": "Skedaddle",
    "region": "Gondwanaland",
    "partner": "Nightingale-House",
    "partner's contact": "Whippersnapper",
    "description of somebody sought": "Hobnailed",
    "place of a sighting": "Obelisk",
    "note on a sighting": "Tomfoolery",
    "note on a link": "Cattywampus",
    "imported": "Bumbershoot",
    "why": "Quernstone",
    "what was sought": "Kerfuffle",
    "draft": "Wallflower",
}
"""What people of the case may read, and what stands in no log, refusal, address, title, metric or open part."""

COURT = {
    "court": "Court-of-Pelicans",
    "room": "Chamber-Ocelot",
    "link": "Wombat-Seven",
    "court's reference": "Ref-Zigzaggery",
    "particulars": "Balderdash",
    "note on a proof": "Skulduggery",
    "note on a sentence": "Poppycock",
    "grounds": "Claptrap",
    "exhibit": "Gewgaw",
    "ruling": "Flapdoodle",
    "outcome of a hearing": "Humdinger",
    "label of a witness": "Expert-Brouhaha",
    "name that an operative has in court": "Witness-Bandersnatch",
    "what she needs": "Gobsmacked",
    "what is done instead": "Fiddlestick",
    "note on a session": "Hootenanny",
    "crisis": "Flummoxed",
    "resource": "Whippoorwill",
    "why it is tied": "Cahoots",
    "when she cannot come": "2031-03-04",
    "offer": "Rutabaga",
    "e-mail address": "larkspur@example.org",
    "new use": "Weaving-hall",
}
"""What is said of a trial; it stands in none of these either."""


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
        self.caseworker = add_person(site, app, Role.CASEWORKER)

    def call(self, person: Persona, method: str, path: str, status: int | None, **kwargs: Any) -> Any:
        response = person.call(method, path, **kwargs)
        good = response.status_code < 300 if status is None else response.status_code == status
        assert good, f"{method} {path} {response.get_data(as_text=True)}"
        self.answers.append(response)
        return response.get_json(silent=True)

    def post(self, person: Persona, path: str, json: dict[str, Any], status: int | None = 200, **kwargs: Any) -> Any:
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


def casework(office: Office) -> Made:
    """Every act on the people and places that a case is about, each with something in it that exposes somebody."""
    call, post, v, c = office.call, office.post, VAULT, CASEWORK
    lead, lawyer, supervisor, carer = office.investigator, office.lawyer, office.supervisor, office.caseworker
    why, today = {"reason": c["why"]}, datetime.now(UTC).date().isoformat()
    body = {"title": SECRETS["title of the case"], "kind": "sex_trafficking", "country": "KH"}
    case = post(lead, "/cases", body, 201)["id"]
    for person in (lawyer, carer):
        post(lead, f"/cases/{case}/assignments", {"user": str(person.id), "role": person.role.value}, 201)
    her = post(lead, "/victims", {"case": case, "gender": "female", "minor": True, "languages": ["km"]}, 201)
    other = post(lead, "/victims", {"case": case, "gender": "female", "minor": True, "languages": ["km"]}, 201)
    place = {"kind": "brothel", "description": c["venue"], "place": c["place of a venue"], "area": c["area"]}
    venue = post(lead, "/venues", {"case": case, "country": "KH", **place}, 201)["id"]
    post(
        lead, f"/venues/{venue}/observations", {"observed_on": today, "seen": "open", "note": c["note on a visit"]}, 201
    )
    post(lead, f"/venues/{venue}/ties", {"kind": "owner", "name": c["owner"]}, 201)
    who = {"alias": c["alias"], "aliases": [c["other alias"]], "roles": ["keeper"], "note": c["note on a perpetrator"]}
    suspect = post(lead, "/perpetrators", {"case": case, **who}, 201)["id"]
    post(lead, f"/perpetrators/{suspect}/victims", {"victim": her["id"], "relation": "sold"}, 201)
    call(lead, "PUT", f"/perpetrators/{suspect}/address", 204, json={"address": v["address of a perpetrator"]})
    planned = {"kind": "rescue", "partner": c["authority"], "planned_on": today, "aftercare_places": 9, "venue": venue}
    operation = post(lead, "/operations", {"case": case, **planned}, 201)["id"]
    scores = {**dict.fromkeys(Danger, 2)}
    dangers = {"scores": scores, "assessed_on": today, "note": c["note on dangers"]}
    post(lead, f"/operations/{operation}/assessments", dangers, 201)
    post(lead, f"/operations/{operation}/authorisation", {"authorised_on": today, "reference": c["reference"]})
    post(supervisor, f"/operations/{operation}/transitions", {"action": "go", **why})
    operative = post(supervisor, "/operatives", {"person": v["person behind a code"]}, 201)["id"]
    post(lead, f"/operations/{operation}/operatives", {"operative": operative}, None)
    missed = {"victim": her["id"], "outcome": "missed", "how": "told_to_hide", **why}
    post(lead, f"/operations/{operation}/roster", missed, None)
    asks = {"authority": c["authority"], "asks": c["what was asked"], "sent_on": today}
    request = post(lead, f"/cases/{case}/requests", asks, 201)["id"]
    post(lead, f"/requests/{request}/reply", {"replied_on": today, "reply": c["what was replied"]})
    sought = {"description": c["description of somebody sought"], "name": v["name of somebody sought"]}
    search = post(lead, "/searches", {"case": case, **sought}, 201)["id"]
    seen = {"seen_on": today, "place": c["place of a sighting"], "note": c["note on a sighting"], "venue": venue}
    post(lead, f"/searches/{search}/sightings", seen, 201)
    post(carer, f"/searches/{search}/match", {"victim": other["id"], **why})
    episode = {"victim": her["id"], "venue": venue, "started_on": "2019-03-04", "means": ["debt_bondage"]}
    post(lead, "/episodes", episode, 201)
    path = f"/victims/{her['id']}"
    post(lead, f"{path}/transitions", {"axis": "whereabouts", "action": "locate", **why})
    identity = {"name": v["name"], "born": v["day of birth"], "nationality": v["nationality"], "contact": v["contact"]}
    call(carer, "PUT", f"{path}/identity", 204, json=identity)
    call(carer, "PUT", f"{path}/address", 204, json={"address": v["address"]})
    post(carer, f"{path}/consents", {"purpose": "testimony", "scope": c["scope of a consent"]}, 201)
    post(carer, f"{path}/keep-apart", {"barrier": "do_not_contact", "victim": other["id"]}, 201)
    post(carer, f"{path}/transitions", {"axis": "care", "action": "contact", **why})
    initial = {"kind": "initial", "summary": c["assessment"], "assessed_on": today}
    post(carer, f"{path}/assessments", initial, 201)
    post(carer, f"{path}/willingness", {"willingness": "willing", "note": c["what she said"]})
    offers = {"offers": ["shelter"], "region": c["region"], "country": "KH", "contact": c["partner's contact"]}
    partner = post(carer, "/partners", {"name": c["partner"], **offers}, 201)["id"]
    step = post(carer, f"{path}/steps", {"kind": "skill", "title": c["step"], "partner": partner}, 201)["id"]
    post(carer, f"/steps/{step}/transitions", {"action": "begin"})
    post(carer, f"/steps/{step}/transitions", {"action": "finish", "outcome": c["outcome of a step"]})
    bed = {"kind": "shelter", "from_on": today, "partner": partner, "address": v["address of a placement"]}
    placement = post(carer, f"{path}/placements", bed, 201)["id"]
    post(carer, f"{path}/standings", {"standing": "asylum", "country": "KH", "from_on": today}, 201)
    owed = {"kind": "wages", "currency": "USD", "owed": 7654321, "ordered_on": today}
    claim = post(carer, f"{path}/claims", owed, 201)["id"]
    post(carer, f"/claims/{claim}/payments", {"amount": 5, "paid_on": today}, 201)
    asked = {"service": "shelter", "partner": partner, "region": c["region"]}
    referral = post(carer, f"{path}/referrals", asked, 201)["id"]
    post(carer, f"/referrals/{referral}/transitions", {"action": "accept", **why})
    form = {
        "title": SECRETS["title of the item"],
        "file": (io.BytesIO(b"a film"), f"{SECRETS['name of the file']}.mp4"),
    }
    item = call(lead, "POST", f"/cases/{case}/evidence", 201, data=form, content_type="multipart/form-data")["id"]
    link = {"target_kind": "victim", "target": her["id"], "relation": "shows", "note": c["note on a link"]}
    linked = post(lead, f"/evidence/{item}/links", link, 201)["id"]
    post(lead, f"/links/{linked}/end", why, None)
    tip = post(lawyer, "/tips", {"text": v["tip"], "about": v["place of a tip"]}, 201)["id"]
    post(supervisor, f"/tips/{tip}/transitions", {"action": "take_up", "case": case, **why})
    table = f"alias,roles\n{c['imported']},keeper\n"
    rows = {"kind": "perpetrators", "csv": table, "mapping": {"alias": "alias", "roles": "roles"}}
    post(lead, f"/cases/{case}/imports", rows, None)
    for person, of in ((carer, f"{path}/identity"), (lawyer, f"{path}/identity"), (carer, f"{path}/address")):
        post(person, f"{of}/reveal", {**why, "otp": person.otp()})
    post(carer, f"/placements/{placement}/address/reveal", {**why, "otp": carer.otp()})
    post(lead, f"/perpetrators/{suspect}/address/reveal", {**why, "otp": lead.otp()})
    post(lawyer, f"/searches/{search}/identity/reveal", {**why, "otp": lawyer.otp()})
    call(lead, "GET", f"/search?q={c['what was sought']}", 200)
    for person in (lead, lawyer, carer, supervisor):
        for read in (f"/cases/{case}/timeline", f"/cases/{case}/chart", f"/cases/{case}/export/victims.csv"):
            call(person, "GET", read, 200)
    return {"case": case, "her": her, "other": other, "placement": placement, "item": item, "search": search}


def casework_refused(office: Office, things: Made) -> list[TestResponse]:
    """The same, by who may not, and with what cannot be; each with something that must not come back."""
    before = len(office.answers)
    lead, lawyer, carer, supervisor = office.investigator, office.lawyer, office.caseworker, office.supervisor
    secret, path = VAULT["name"], f"/victims/{things['her']['id']}"
    wrong = {"reason": CASEWORK["why"], "otp": "000000"}
    for person in (lead, supervisor, carer, office.outsider):
        office.post(person, f"{path}/address/reveal", wrong, 404 if person is office.outsider else 403)
    office.call(lead, "PUT", f"{path}/identity", 403, json={"name": secret})
    office.post(lawyer, f"/placements/{things['placement']}/address/reveal", wrong, 403)
    office.call(office.outsider, "PUT", f"{path}/address", 404, json={"address": secret})
    office.call(carer, "PUT", f"{path}/identity", 422, json={"born": secret, "name": [secret]})
    office.call(carer, "PUT", f"{path}/address", 422, json={"address": {"street": secret}})
    office.post(lead, "/victims", {"case": secret, "gender": secret, "name": secret, "languages": [secret]}, 422)
    office.post(lead, f"{path}/transitions", {"axis": "whereabouts", "action": secret, "reason": secret}, 422)
    office.post(lead, f"{path}/transitions", {"axis": "whereabouts", "action": "rescue", "reason": secret}, 409)
    office.post(carer, f"{path}/placements", {"kind": secret, "from_on": secret, "address": [secret]}, 422)
    office.post(lead, "/perpetrators", {"case": things["case"], "alias": [secret], "roles": [secret]}, 422)
    office.post(lead, "/episodes", {"victim": things["her"]["id"], "means": [secret], "started_on": secret}, 422)
    office.post(lead, f"/evidence/{things['item']}/links", {"target_kind": secret, "target": secret}, 422)
    office.post(supervisor, "/operatives", {"person": [secret]}, 422)
    office.post(lead, "/tips", {"text": [secret]}, 422)
    office.call(lead, "GET", f"/search?q={secret}&kind={secret}", 422)
    office.call(lead, "GET", f"/cases/{things['case']}/chart?around={secret}", 422)
    office.call(lead, "GET", f"/cases/{things['case']}/timeline?cursor={secret}", 422)
    rows = {"kind": "victims", "csv": f"gender\n{secret}", "mapping": {"gender": secret}}
    office.post(lead, f"/cases/{things['case']}/imports", rows, 422)
    office.call(carer, "PUT", f"{path}/identity", 400, data=f"{{{secret}", content_type="application/json")
    return office.answers[before:]


def pages_of(office: Office, things: Made) -> list[TestResponse]:
    """The pages about her, and forms that come back or lead on."""
    browser = office.caseworker.app.test_client()
    given = {"username": office.caseworker.username, "password": PASSWORD, "otp": office.caseworker.otp()}
    csrf = {"csrf_token": browser.post("/api/v1/session", json=given).get_json()["csrf"]}
    path, case = f"/victims/{things['her']['id']}", f"/cases/{things['case']}"
    shown = [
        path,
        f"{path}/care",
        f"{path}/placements",
        f"{path}/episodes",
        f"{path}/edit",
        "/searches",
        "/",
        "/alerts",
    ]
    shown += [f"{case}/{room}" for room in ("victims", "timeline", "chart", "venues", "perpetrators", "operations")]
    shown += ["/partners", f"/searches/{things['search']}", "/care"]
    answers = [browser.get(page) for page in shown]
    forms: list[tuple[str, dict[str, str]]] = [
        ("/search", {"q": VAULT["name"]}),
        (f"{path}/identity", {"name": VAULT["name"], "born": VAULT["name"]}),
        (f"{path}/address", {"address": VAULT["address"]}),
        (f"{path}/consents/new", {"draft": "keep", "scope": CASEWORK["draft"]}),
        (f"{path}/assessments/new", {"kind": "risk", "summary": CASEWORK["assessment"]}),
        (f"{path}/identity/reveal", {"reason": CASEWORK["why"], "otp": office.caseworker.otp()}),
    ]
    answers += [browser.post(page, data={**csrf, **typed}) for page, typed in forms]
    assert [answer.status_code for answer in answers[-6:]] == [200, 422, 303, 303, 422, 200]
    assert {answer.status_code for answer in answers[:-6]} == {200}
    return answers


def test_nothing_of_a_victim_is_anywhere_but_with_those_who_care_for_her(office: Office, said: io.StringIO) -> None:
    things = casework(office)
    refused = casework_refused(office, things)
    pages = pages_of(office, things)
    known = [*names(office), things["her"]["pseudonym"], things["other"]["pseudonym"]]
    for answer in refused:
        assert answer.mimetype == "application/problem+json"
        assert_silent(answer.get_data(as_text=True), *known)
    for answer in office.answers + pages:
        assert_silent(str(answer.headers), *known)
    titles = [re.findall("<title>(.*?)</title>", answer.get_data(as_text=True)[:3000]) for answer in pages]
    assert len(list(filter(None, titles))) > 20
    assert_silent(str(titles), *known)
    metrics = office.lawyer.app.test_client().get("/metrics").get_data(as_text=True)
    assert 'route="/api/v1/victims/<uuid:id>/identity/reveal"' in metrics
    assert_silent(metrics, *known, things["her"]["id"], things["case"])
    assert len(said.getvalue().splitlines()) > 100
    assert_silent(said.getvalue(), *known, things["her"]["id"], things["case"])
    the_ledger_is_silent(office, things, known)
    if office.site.engine.dialect.name == "sqlite":
        everything = database_bytes(office.site)
        for what, secret in VAULT.items():
            assert secret.encode() not in everything, f"the {what} is in the database"


def the_ledger_is_silent(office: Office, things: Made, known: list[str]) -> None:
    """LEDGER.md section 2: of a victim, an entry names in the open nothing but whose chain it is in."""
    with begin(office.site, OPERATOR, read_only=True) as work:
        entries = [decode(row.body) for row in work.session.scalars(sa.select(LedgerEntry))]
    kinds = {"victim", "care", "search", "perpetrator", "venue", "operation", "operative", "request", "partner", "tip"}
    assert kinds <= {entry.action.split(":")[0] for entry in entries}
    hers = {things["her"]["id"], things["other"]["id"]}
    codes = {*Whereabouts, *MissedHow, *Relation, *LinkRelation, *Identification, *Care, *Exit} - {"other", "none"}
    moves = {action for axis in AXES.values() for action in axis.actions}
    for entry in entries:
        assert_silent(str(entry.data), *known)
        assert hers.isdisjoint(map(str, entry.data.values())), f"{entry.action} names her"
        if entry.subject.startswith(("victim:", "evidence:", "search:", "operation:", "perpetrator:", "case:")):
            assert codes.isdisjoint(map(str, entry.data.values())), f"{entry.action} tells of her"
        if entry.subject.startswith("victim:"):
            assert not entry.action.startswith("victim:") or entry.action.split(":")[1] not in moves - {"care"}
    assert {entry.subject for entry in entries if any(one in entry.subject for one in hers)} == {
        f"victim:{one}" for one in hers
    }


def prosecution(office: Office) -> Made:
    """A case charged, judged and appealed, a witness booked, a house closed; each act with something that exposes
    somebody."""
    post, c, t = office.post, CASEWORK, COURT
    lead, lawyer, supervisor, carer = office.investigator, office.lawyer, office.supervisor, office.caseworker
    why, today = {"reason": c["why"]}, datetime.now(UTC).date().isoformat()

    def step(person: Persona, path: str, action: str, **more: Any) -> Any:
        return post(person, f"{path}/transitions", {"action": action, **why, **more})

    case = opened(office, lawyer, carer)
    her = post(lead, "/victims", {"case": case, "gender": "female", "minor": False, "languages": ["km"]}, 201)
    suspect = post(lead, "/perpetrators", {"case": case, "alias": c["alias"], "roles": ["keeper"]}, 201)["id"]
    form = {"title": SECRETS["title of the item"], "file": (io.BytesIO(b"a ruling"), "ruling.pdf")}
    item = office.call(lawyer, "POST", f"/cases/{case}/evidence", 201, data=form, content_type="multipart/form-data")[
        "id"
    ]
    count = {"perpetrator": suspect, "statute": "DEMO-1", "particulars": t["particulars"]}
    charge = post(lawyer, f"/cases/{case}/charges", count, 201)["id"]
    path = f"/charges/{charge}"
    proof = {"element": "act", "evidence": item, "note": t["note on a proof"]}
    post(lawyer, f"{path}/proofs", proof, 201)
    step(supervisor, path, "approve")
    step(lawyer, path, "file", court=t["court"], court_ref=t["court's reference"])
    step(lawyer, path, "plead", plea="guilty")
    step(lawyer, path, "convict", document=item)
    imposed = {"kind": "imprisonment", "days": 3650, "imposed_on": today, "note": t["note on a sentence"]}
    post(lawyer, f"{path}/sentences", imposed, 201)
    step(lawyer, path, "sentence")
    appeal = {"charges": [charge], "side": "defence", "filed_on": today, "grounds": t["grounds"]}
    post(lawyer, f"/cases/{case}/appeals", {**appeal, "court_ref": t["court's reference"]}, 201)
    exhibit = post(lawyer, f"/cases/{case}/exhibits", {"side": "defence", "description": t["exhibit"]}, 201)["id"]
    step(lawyer, f"/exhibits/{exhibit}", "offer")
    step(lawyer, f"/exhibits/{exhibit}", "exclude", ruling=t["ruling"])
    begin = sitting(3)
    place = {"court": t["court"], "room": t["room"], "link": f"https://meet.example.org/{t['link']}"}
    hearing = post(lawyer, f"/cases/{case}/hearings", {"kind": "trial", **place, **span(begin, 8)}, 201)["id"]
    coming = {"perpetrator": suspect, "arrives_at": (begin + timedelta(hours=6)).isoformat()}
    post(lawyer, f"/hearings/{hearing}/attendances", coming, None)
    guide = post(carer, "/resources", {"kind": "support_person", "name": t["resource"]}, 201)["id"]
    tied = post(carer, "/resources", {"kind": "interpreter", "name": t["resource"]}, 201)["id"]
    post(lawyer, f"/resources/{tied}/ties", {"perpetrator": suspect, "reason": t["why it is tied"]}, None)
    testimony = post(
        lawyer, f"/cases/{case}/testimonies", {"witness_kind": "victim", "witness": her["id"], "language": "km"}, 201
    )["id"]
    where = f"/testimonies/{testimony}"
    post(carer, f"{where}/needs", {"needs": {"fear": t["what she needs"]}, "assessed_on": today}, None)
    for action in ("assess", "agree"):
        step(carer, where, action)
    measure = post(
        carer, f"{where}/measures", {"kind": "screen", "required": False, "plan": t["what is done instead"]}, None
    )["id"]
    step(lawyer, f"/measures/{measure}", "apply")
    step(lawyer, f"/measures/{measure}", "refuse", plan=t["what is done instead"])
    away = {"from_at": f"{t['when she cannot come']}T00:00:00Z", "until_at": "2031-03-05T00:00:00Z"}
    post(carer, f"{where}/unavailabilities", away, None)
    post(lawyer, f"{where}/statement", {"statement": item, "disclosed_on": today}, None)
    session = {"kind": "roles", "note": t["note on a session"], **span(begin + timedelta(days=1), 1)}
    post(carer, f"{where}/preparations", session, None)
    post(lawyer, f"{where}/book", {"hearing": hearing, "resources": [guide], **span(begin, 1)}, None)
    for kind, label in (("expert", t["label of a witness"]), ("operative", t["name that an operative has in court"])):
        post(lawyer, f"/cases/{case}/testimonies", {"witness_kind": kind, "witness": label}, 201)
    office.call(carer, "PUT", "/me/reminders", 200, json={"email": t["e-mail address"]})
    feed = post(carer, "/me/calendar", {}, 201)["path"]
    venue = post(lead, "/venues", {"case": case, "kind": "bar", "description": c["venue"], "country": "KH"}, 201)["id"]
    post(lawyer, f"/venues/{venue}/closure-orders", {"permanent": True, "grounds": t["grounds"]}, 201)
    post(carer, f"{where}/crisis", {"reason": t["crisis"]})
    post(lawyer, f"/hearings/{hearing}/transitions", {"action": "cancel", **why})
    return {
        "case": case,
        "her": her,
        "suspect": suspect,
        "charge": charge,
        "hearing": hearing,
        "testimony": testimony,
        "tied": tied,
        "venue": venue,
        "feed": feed,
        "begin": begin,
    }


def opened(office: Office, *others: Persona) -> str:
    """A case of the investigator's, with these assigned to it."""
    body = {"title": SECRETS["title of the case"], "kind": "sex_trafficking", "country": "KH"}
    case = str(office.post(office.investigator, "/cases", body, 201)["id"])
    for person in others:
        given = {"user": str(person.id), "role": person.role.value}
        office.post(office.investigator, f"/cases/{case}/assignments", given, 201)
    return case


def span(begin: datetime, hours: float) -> dict[str, str]:
    return {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(hours=hours)).isoformat()}


def prosecution_refused(office: Office, things: Made) -> list[TestResponse]:
    """The same with what cannot be, and at the wrong time; each with something that must not come back."""
    before = len(office.answers)
    lawyer, carer, case = office.lawyer, office.caseworker, things["case"]
    where, secret, why = f"/testimonies/{things['testimony']}", COURT["label of a witness"], CASEWORK["why"]
    office.post(lawyer, f"/cases/{case}/charges", {"perpetrator": secret, "statute": secret}, 422)
    office.post(lawyer, f"/cases/{case}/charges", {"perpetrator": things["suspect"], "statute": secret}, 422)
    office.post(lawyer, f"/charges/{things['charge']}/transitions", {"action": "approve", "reason": why}, 403)
    office.post(lawyer, f"/charges/{things['charge']}/transitions", {"action": "file", "court_ref": secret}, 422)
    office.post(lawyer, f"/cases/{case}/hearings", {"court": [secret], "kind": secret, "zone": secret}, 422)
    office.post(lawyer, f"/hearings/{things['hearing']}/transitions", {"action": "hold", "reason": why}, 409)
    office.post(lawyer, f"/cases/{case}/testimonies", {"witness_kind": "victim", "witness": secret}, 422)
    office.post(lawyer, f"/cases/{case}/testimonies", {"witness_kind": "expert", "witness": secret}, 409)
    office.post(lawyer, f"{where}/book", {"hearing": things["hearing"], **span(things["begin"], 1)}, 409)
    office.post(lawyer, f"{where}/book", {"hearing": secret, "starts_at": secret, "measures": [secret]}, 422)
    office.post(lawyer, f"{where}/transitions", {"action": "schedule", "reason": why}, 409)
    office.post(carer, f"{where}/needs", {"needs": {"fear": [secret]}, "assessed_on": secret}, 422)
    office.post(carer, f"{where}/crisis", {"reason": COURT["crisis"]}, 409)
    office.post(office.outsider, f"{where}/crisis", {"reason": COURT["crisis"]}, 404)
    helped = {"kind": "safety_plan", "resources": [things["tied"]], "note": COURT["note on a session"]}
    office.post(carer, f"{where}/preparations", {**helped, **span(things["begin"], 1)}, 409)
    office.call(carer, "PATCH", where, 422, json={"guardian": things["tied"], "language": secret})
    office.post(carer, "/resources", {"kind": secret, "name": [secret]}, 422)
    office.call(carer, "PUT", "/me/reminders", 422, json={"email": COURT["resource"]})
    for path in ("/calendar?from={0}", "/dockets?on={0}", "/testimonies/conflicts?from={0}", "/hearings?state={0}"):
        office.call(lawyer, "GET", path.format(secret), 422)
    office.call(lawyer, "GET", f"/reports/figures?year={secret}", 422)
    office.call(lawyer, "GET", f"/jurisdictions/{secret}", 404)
    return office.answers[before:]


def pages_of_the_trial(office: Office, things: Made) -> list[TestResponse]:
    """What the lawyer, and the caseworker, look at; and a feed that is read and one that is not there."""
    answers = []
    case, where = f"/cases/{things['case']}", f"/testimonies/{things['testimony']}"
    both = ["/", "/calendar", "/dockets", where, f"{case}/hearings", f"{case}/testimonies", "/testimonies/conflicts"]
    both += [f"/hearings/{things['hearing']}", "/resources", f"/resources/{things['tied']}", "/account", "/figures"]
    both += [f"{case}/timeline", f"/venues/{things['venue']}", "/closure-orders"]
    trying = [f"{case}/{room}" for room in ("charges", "appeals", "exhibits")] + [f"/charges/{things['charge']}"]
    for person, paths in ((office.lawyer, both + trying), (office.caseworker, both)):
        browser = person.app.test_client()
        given = {"username": person.username, "password": PASSWORD, "otp": person.otp()}
        csrf = {"csrf_token": browser.post("/api/v1/session", json=given).get_json()["csrf"]}
        shown = [browser.get(path) for path in paths]
        assert {answer.status_code for answer in shown} == {200}
        typed = {"reason": "", "note": COURT["note on a session"], "email": COURT["resource"]}
        forms = [f"{where}/preparations/new", "/account/reminders", f"{where}/do/withdraw"]
        bad = [browser.post(path, data={**csrf, **typed}) for path in forms]
        assert {answer.status_code for answer in bad} == {422}
        answers += shown + bad
    reader = office.lawyer.app.test_client()
    feed = reader.get(things["feed"])
    assert feed.status_code == 200
    assert_silent(feed.get_data(as_text=True), *names(office), things["case"], things["testimony"])
    nobody = reader.get(f"/calendar/{COURT['link']}.ics")
    assert nobody.status_code == 404
    assert_silent(nobody.get_data(as_text=True))
    return [*answers, feed, nobody]


def test_nothing_of_a_trial_is_anywhere_but_with_those_who_work_on_it(office: Office, said: io.StringIO) -> None:
    things = prosecution(office)
    refused = prosecution_refused(office, things)
    pages = pages_of_the_trial(office, things)
    secret = things["feed"].rpartition("/")[2].removesuffix(".ics")
    known = [*names(office), things["her"]["pseudonym"], secret]
    for answer in refused:
        assert answer.mimetype == "application/problem+json"
        assert_silent(answer.get_data(as_text=True), *known)
    for answer in office.answers + pages:
        assert_silent(str(answer.headers), *known)
    titles = [re.findall("<title>(.*?)</title>", answer.get_data(as_text=True)[:3000]) for answer in pages]
    assert len(list(filter(None, titles))) > 30
    assert_silent(str(titles), *known)
    metrics = office.lawyer.app.test_client().get("/metrics").get_data(as_text=True)
    assert 'route="/calendar/<secret>.ics"' in metrics
    ids = [things["her"]["id"], things["case"], things["testimony"]]
    assert_silent(metrics, *known, *ids)
    assert len(said.getvalue().splitlines()) > 100
    assert_silent(said.getvalue(), *known, *ids)
    with begin(office.site, OPERATOR, read_only=True) as work:
        entries = [decode(row.body) for row in work.session.scalars(sa.select(LedgerEntry))]
    kinds = {"charge", "appeal", "exhibit", "hearing", "testimony", "resource", "order"}
    assert kinds <= {entry.action.split(":")[0] for entry in entries}
    for entry in entries:
        assert_silent(str(entry.data), *known)
        assert things["her"]["id"] not in entry.data.values(), f"{entry.action} names her"
        assert things["suspect"] not in entry.data.values() or not entry.subject.startswith("resource:")


def test_why_a_time_does_not_do_is_told_in_words_that_tell_nothing_more(office: Office) -> None:
    """Where a shelter is, whether she sleeps there, in which case somebody is taken or tied to whom: the same words."""
    lawyer, carer, lead = office.lawyer, office.caseworker, office.investigator
    case, hidden = opened(office, lawyer, carer), opened(office)
    theirs = add_person(office.site, lead.app, Role.LAWYER)
    office.post(lead, f"/cases/{hidden}/assignments", {"user": str(theirs.id), "role": "lawyer"}, 201)
    her = office.post(lead, "/victims", {"case": case, "gender": "female", "minor": False}, 201)["id"]
    for name, reached in (("Nightingale House", "71 Lane of Reeds, Kandal"), ("Heron Lodge", None)):
        shelter = {"name": name, "country": "KH", "region": "Kandal", "offers": ["shelter"], "contact": reached}
        office.post(carer, "/partners", shelter, 201)
    office.call(carer, "PUT", f"/victims/{her}/address", 204, json={"address": "12 Street of Cranes, Takeo"})
    bed = {"kind": "foster", "from_on": "2026-01-05", "address": "9 Ferry Road, Kampot"}
    office.post(carer, f"/victims/{her}/placements", bed, 201)
    named = {"witness_kind": "victim", "witness": her}
    where = f"/testimonies/{office.post(lawyer, f'/cases/{case}/testimonies', named, 201)['id']}"
    free, begin = iter(range(99)), sitting(3)

    def refused(**more: Any) -> list[dict[str, str]]:
        at = begin + timedelta(days=next(free)) if "starts_at" not in more else begin
        body = {"kind": "debrief", **span(at, 1), **more}
        answer = office.post(lawyer, f"{where}/preparations", body, 409)
        found: list[dict[str, str]] = answer["conflicts"]
        assert [one["rule"] for one in found] != ["shelter_as_place"] or answer["nearest"] == []
        return found

    places = ["nightingale house", "71 Lane of Reeds", "HERON LODGE", "12 street of cranes", "9 Ferry Road, Kampot"]
    told = [refused(note=f"We meet at {place}.") for place in places]
    room = office.post(lawyer, "/resources", {"kind": "meeting_place", "name": "Garden of Heron Lodge"}, 201)["id"]
    told.append(refused(place=room))
    assert all(one == told[0] for one in told)
    assert [one["rule"] for one in told[0]] == ["shelter_as_place"]

    driver, guide, van, bus = (
        office.post(lawyer, "/resources", {"kind": kind, "name": "Number 1"}, 201)["id"]
        for kind in ("driver", "driver", "vehicle", "vehicle")
    )
    for resource, of, by in ((driver, case, lawyer), (guide, hidden, theirs)):
        suspect = office.post(by, "/perpetrators", {"case": of, "alias": "Auntie", "roles": ["keeper"]}, 201)["id"]
        office.post(by, f"/resources/{resource}/ties", {"perpetrator": suspect, "reason": "Kin"}, None)
    times = {"from_at": begin.isoformat(), "until_at": (begin + timedelta(hours=2)).isoformat()}
    for resource, of, by in ((van, case, lawyer), (bus, hidden, theirs)):
        office.post(by, f"/resources/{resource}/engagements", {"case": of, "side": "court", **times}, None)
    assert refused(resources=[driver]) == refused(resources=[guide])
    assert refused(resources=[van], **span(begin, 1)) == refused(resources=[bus], **span(begin, 1))
    assert office.call(lawyer, "GET", f"/resources/{guide}/ties", 200)["items"] == []
    assert office.call(lawyer, "GET", f"/resources/{bus}/engagements", 200)["items"] == []

    office.post(office.supervisor, f"/victims/{her}/cases", {"case": hidden}, None)
    there = office.post(theirs, f"/cases/{hidden}/testimonies", named, 201)["id"]
    days = [begin + timedelta(days=days) for days in (40, 50)]
    for testimony, by, day in ((where, lawyer, days[0]), (f"/testimonies/{there}", theirs, days[1])):
        away = {"from_at": day.isoformat(), "until_at": (day + timedelta(hours=9)).isoformat()}
        office.post(by, f"{testimony}/unavailabilities", away, None)
    assert refused(**span(days[0], 1)) == refused(**span(days[1], 1))
    known = office.call(lawyer, "GET", f"{where}/unavailabilities", 200)["items"]
    assert len(known) == 1, "that she cannot come is known where it was said"


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
    for what, secret in {**SECRETS, **VAULT, **CASEWORK, **COURT}.items():
        assert secret.casefold() not in text.casefold(), f"the {what} is there"
    for secret in further:
        assert secret.casefold() not in text.casefold()


def names(office: Office) -> list[str]:
    people = (office.investigator, office.lawyer, office.outsider, office.supervisor, office.caseworker)
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
