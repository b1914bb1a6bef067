"""Who sees what of a victim, of her testimony and of the trial: everybody reads all that there is, and what of it was
there is held against a table.

Everything that can be known of one victim is written through the API, each with a mark of its own. Then everybody calls
every route that reads. `UNBROKEN_UPDATE_GOLDEN=1` writes the table anew; read what has changed in it.
"""

import csv
import io
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from html import unescape
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from evidence_api import create_app
from evidence_api.db import new_id
from evidence_api.domain.operation import Danger
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.domain.testimony import BEFORE_COURT
from evidence_api.models import Office
from evidence_api.work import begin
from tests.casework import (
    assess,
    consents,
    disclosed,
    held_session,
    made,
    move,
    new_charge,
    new_episode,
    new_exhibit,
    new_hearing,
    new_operation,
    new_perpetrator,
    new_testimony,
    new_venue,
    new_victim,
)
from tests.conftest import PASSWORD, Persona, quick_passwords, upload
from tests.golden.office import add_person, installation
from tests.test_feeds import address as feed_address
from tests.test_permissions import hold_against

API = "/api/v1"
NOWHERE, SEEN, REVEAL = "–", "seen", "reveal"
SURFACES = (
    *("API", "pages", "search", "exports", "timeline", "link chart", "ledger", "first page"),
    *("calendar", "docket", "feed"),
)

INV, LAW, SUP, CARE, ADM = Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR, Role.CASEWORKER, Role.ADMINISTRATOR
COLUMNS: Mapping[Role, tuple[str, ...]] = {
    INV: ("in", "via", "out"),
    LAW: ("in", "via", "out"),
    SUP: ("in", "out"),
    CARE: ("item", "in", "via", "out"),
    ADM: ("in",),
}

HEADER = """\
Who sees what of a victim, her testimony and the trial, and where. Made by tests/test_who_sees.py;
UNBROKEN_UPDATE_GOLDEN=1 writes it anew.

in:   she is assigned to the case in which the victim was registered; for supervisor and administrator: it is in her
      office. item: and the one item that is about the victim is shared with her
via:  she is assigned to another case, which knows the victim by an episode
out:  she is assigned to neither; for the supervisor: it is another office
seen: it was there for the looking; reveal: it takes a reason or another's yes, with a fresh code, and is recorded

What nobody sees on a surface has no line for it. What stands nowhere has the surface –.
"""


@dataclass(frozen=True)
class Field:
    """Something that is known of her. `marks` are words that stand nowhere else; `pairs` what it is called and says in
    JSON and in tables; `said` what pages say, as a pattern."""

    marks: tuple[str, ...] = ()
    pairs: frozenset[tuple[str, Any]] = frozenset()
    said: str | None = None
    sought: bool = True
    """Whether a search for its marks must be tried."""

    def is_in(self, told: "Told") -> bool:
        if any(mark in told.raw for mark in self.marks) or not self.pairs.isdisjoint(told.pairs):
            return True
        return self.said is not None and told.words is not None and re.search(self.said, told.words) is not None


def coded(said: str | None, *pairs: tuple[str, Any]) -> Field:
    return Field(pairs=frozenset(pairs), said=said)


FIELDS: dict[str, Field] = {
    "pseudonym": Field(),
    "gender": coded(r"\bAnother\b", ("gender", "other")),
    "age": coded(r"\babout 113 years\b", ("estimated_age", 113), ("estimated_age", "113")),
    "languages": coded(r"\bTetum\b|\btet\b", ("languages", "tet")),
    "country": coded(r"\bVanuatu\b", ("country", "VU")),
    "family": coded(r"\b437\b", ("family_members", 437), ("family_members", "437")),
    "dependents": coded(r"\b311\b", ("dependents", 311), ("dependents", "311")),
    "identification": coded(r"\bConfirmed victim\b", ("identification", "confirmed"), ("to", "confirmed")),
    "whereabouts": coded(r"\bLocated\b", ("whereabouts", "located"), ("to", "located")),
    "missed how": coded(r"\bShe was told to hide\b", ("missed_how", "told_to_hide"), ("how", "told_to_hide")),
    "why her whereabouts changed": Field(("Quernstone",)),
    "care state": coded(r"\bEngaged\b", ("care", "engaged"), ("to", "engaged")),
    "why her care changed": Field(("Wolframite",)),
    "willingness": coded(r"\bUndecided\b", ("willingness", "undecided")),
    "name": Field(("Xanthippe",)),
    "born": Field(("1913-02-27",)),
    "nationality": Field(("Ruritanian",)),
    "contact": Field(("Jabberwock",)),
    "address": Field(("Periwinkle",)),
    "placement kind": coded(r"\bHospital\b", ("kind", "hospital")),
    "placement address": Field(("Zugzwang",)),
    "partner with whom she is": Field(),
    "consents": Field(("Bellwether",)),
    "keep-apart": coded(
        r"\bDo not place together\b", ("barrier", "do_not_place_with"), ("detail", "do_not_place_with")
    ),
    "what a perpetrator is to her": coded(r"\bStep-?parent\b", ("relation", "step_parent"), ("detail", "step_parent")),
    "episodes": Field(said=r"\b1997\b"),
    "assessments": Field(("Marzipan",)),
    "steps": Field(("Kumquat",)),
    "standing": coded(r"\bAsylum\b", ("standing", "asylum")),
    "claims": coded(r"\b76,?543\.21\b", ("owed", 7654321)),
    "referrals": Field(("Gondwanaland",)),
    "searches": Field(("Hobnailed",)),
    "a reported person's name": Field(("Fandango",)),
    "sightings": Field(("Obelisk",)),
    "alerts": Field(sought=False),
    "links to evidence": Field(("Cattywampus",)),
    "outcome on a roster": coded(None, ("outcome", "located"), ("detail", "located")),
    "an operative's code": Field(),
    "the operative behind a code": Field(("Mulligatawny",)),
    "a tip's text": Field(("Sasquatch",)),
    "a perpetrator's address": Field(("Yggdrasil",)),
    "that she testifies": Field(sought=False),
    "when she testifies": Field(sought=False),
    "when she cannot come": Field(("2031-03-04",), said=r"\b2031\b"),
    "which item is her statement": Field(),
    "what protects her in court": Field(("Fiddlestick",)),
    "what she needs to testify": Field(("Gobsmacked",)),
    "how she is prepared": Field(("Hootenanny",)),
    "her crisis": Field(("Flummoxed",)),
    "her guardian": Field(),
    "that there is a plan for after court": Field(),
    "what she is offered after court": Field(("Rutabaga",)),
    "an operative who testifies": Field(("Brouhaha",)),
    "hearings": Field(sought=False),
    "charges": Field(("Balderdash", "Zigzaggery", "Skulduggery"), sought=False),
    "verdicts and sentences": Field(("Poppycock",)),
    "appeals": Field(("Claptrap",)),
    "exhibits": Field(("Gewgaw",)),
}

SECRET = (
    *("name", "born", "nationality", "contact", "address", "placement address", "a reported person's name"),
    *("the operative behind a code", "a tip's text", "a perpetrator's address"),
)
"""What the vault keeps."""


@dataclass(frozen=True)
class Told:
    """An answer as it can be looked through. `words` is what a page says, without its forms: those offer every code."""

    raw: str
    pairs: frozenset[tuple[str, Any]] = frozenset()
    words: str | None = None


def told(answer: TestResponse) -> Told:
    text = answer.get_data().decode(errors="replace")
    if answer.mimetype == "text/csv":
        rows = csv.DictReader(io.StringIO(text.lstrip("\ufeff")))
        return Told(text, frozenset((name, cell) for row in rows for name, cell in row.items()))
    if answer.is_json:
        return Told(text, frozenset(_pairs(answer.get_json())))
    if answer.mimetype == "text/html":
        said = re.sub(r"(?s)<(form|head|script)\b.*?</\1>", " ", text)
        return Told(text, words=" ".join(unescape(re.sub(r"<[^>]+>", " ", said)).split()))
    return Told(text)


def _pairs(value: Any, name: str = "") -> Iterator[tuple[str, Any]]:
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from _pairs(inner, key)
    elif isinstance(value, list):
        for inner in value:
            yield from _pairs(inner, name)
    else:
        yield name, value


@dataclass
class World:
    """A victim of whom everything is known, and everybody who might want to know."""

    people: dict[tuple[Role, str], Persona]
    fields: dict[str, Field]
    things: dict[str, str]
    approval: str
    browsers: dict[tuple[Role, str], FlaskClient] = field(default_factory=dict)


@pytest.fixture(scope="module")
def world(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[World]:
    with quick_passwords(), installation(tmp_path_factory.mktemp("sight"), request) as site:
        app = create_app(site)
        app.testing = True
        with begin(site, OPERATOR) as work:
            far = Office(id=new_id(), code="SR", name="Siem Reap")
            work.session.add(far)
            work.record(far, "office:created", data={"code": far.code})
            far_id = far.id
        people = {
            (role, where): add_person(site, app, role, far_id if (role, where) == (SUP, "out") else None)
            for role, columns in COLUMNS.items()
            for where in columns
        }
        world = tell_all(people, add_person(site, app, SUP))
        for key, person in people.items():
            world.browsers[key] = browser = app.test_client()
            given = {"username": person.username, "password": PASSWORD, "otp": person.otp()}
            assert browser.post(f"{API}/session", json=given).status_code == 201
        yield world


def tell_all(people: dict[tuple[Role, str], Persona], second: Persona) -> World:
    """Write down everything of one victim, through the API."""
    lead, elsewhere, supervisor = people[INV, "in"], people[INV, "via"], people[SUP, "in"]
    caseworker, lawyer = people[CARE, "item"], people[LAW, "in"]
    case = made(lead, "/cases", {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"})["id"]
    other = made(elsewhere, "/cases", {"title": "Hillside", "kind": "sex_trafficking", "country": "KH"})["id"]
    for into, leader in ((case, lead), (other, elsewhere)):
        for (role, where), person in people.items():
            here = where in ("in", "item") if into == case else where == "via"
            if here and role in (INV, LAW, CARE) and person is not leader:
                made(leader, f"/cases/{into}/assignments", {"user": str(person.id), "role": role.value})
    known = {"minor": True, "estimated_age": 113, "languages": ["tet"], "country": "VU", "family_members": 437}
    her = new_victim(lead, case, gender="other", dependents=311, **known)
    id = her["id"]
    path = f"/victims/{id}"
    # What else is in the case, and says nothing of her.
    venue, far_venue = new_venue(lead, case), new_venue(elsewhere, other, description="Green gate")
    suspect = new_perpetrator(lead, case)
    operation = new_operation(lead, case, venue=venue["id"], aftercare_places=5)
    assess(lead, operation["id"], scores=dict.fromkeys(Danger, 1))
    someone = new_victim(lead, case)
    # The other case comes to know her, and adds where she was before.
    made(supervisor, f"/victims/{id}/cases", {"case": other})
    days = {"started_on": "1997-03-04", "ended_on": "1997-03-05", "exit": "released"}
    new_episode(elsewhere, id, far_venue["id"], **days)
    episode = new_episode(lead, id, venue["id"], **days)
    move(caseworker, path, "confirm", axis="identification")
    move(lead, path, "miss", axis="whereabouts", reason="Quernstone", how="told_to_hide")
    search = made(
        lead, "/searches", {"case": case, "description": "Hobnailed boots", "name": "Fandango", "last_seen_on": None}
    )
    sighting = {"seen_on": "2026-01-05", "place": "Obelisk"}
    for sought in lead.get("/searches?open=true").get_json()["items"]:
        made(lead, f"/searches/{sought['id']}/sightings", sighting)
    made(lead, f"/operations/{operation['id']}/roster", {"victim": id, "outcome": "located", "reason": "Quernstone"})
    put(
        caseworker,
        f"{path}/identity",
        name="Xanthippe",
        born="1913-02-27",
        nationality="Ruritanian",
        contact="Jabberwock",
    )
    put(caseworker, f"{path}/address", address="Periwinkle")
    consent = made(caseworker, f"{path}/consents", {"purpose": "testimony", "scope": "Bellwether"})
    apart = made(caseworker, f"{path}/keep-apart", {"barrier": "do_not_place_with", "perpetrator": suspect["id"]})
    tie = made(lead, f"/perpetrators/{suspect['id']}/victims", {"victim": id, "relation": "step_parent"})
    put(lead, f"/perpetrators/{suspect['id']}/address", address="Yggdrasil")
    move(caseworker, path, "contact", axis="care", reason="Wolframite")
    made(caseworker, f"{path}/assessments", {"kind": "initial", "summary": "Marzipan", "assessed_on": "2026-01-05"})
    move(caseworker, path, "assess", axis="care", reason="Wolframite")
    made(caseworker, f"{path}/willingness", {"willingness": "willing"})
    move(caseworker, path, "engage", axis="care", reason="Wolframite")
    made(caseworker, f"{path}/willingness", {"willingness": "undecided"})
    partner = made(
        caseworker,
        "/partners",
        {"name": "Nightingale", "country": "KH", "region": "Far away", "offers": ["shelter"], "capacity": 9},
    )
    step = made(caseworker, f"{path}/steps", {"kind": "skill", "title": "Kumquat", "partner": partner["id"]})
    placed = {"kind": "hospital", "from_on": "2026-01-06", "address": "Zugzwang", "partner": partner["id"]}
    placement = made(caseworker, f"{path}/placements", placed)
    made(caseworker, f"{path}/standings", {"standing": "asylum", "country": "KH", "from_on": "2026-01-06"})
    owed = {"kind": "wages", "currency": "USD", "owed": 7654321, "ordered_on": "2026-01-06"}
    claim = made(caseworker, f"{path}/claims", owed)
    asked = {"service": "shelter", "region": "Gondwanaland", "partner": partner["id"]}
    referral = made(caseworker, f"{path}/referrals", asked)
    item = upload(lead, case, b"film" * 60)
    made(lead, f"/evidence/{item['id']}/readers", {"user": str(caseworker.id)})
    about_her = {"target_kind": "victim", "target": id, "relation": "shows", "note": "Cattywampus"}
    link = made(lead, f"/evidence/{item['id']}/links", about_her)
    operative = made(supervisor, "/operatives", {"person": "Mulligatawny"})
    made(lead, f"/operations/{operation['id']}/operatives", {"operative": operative["id"]})
    request = made(lead, f"/cases/{case}/requests", {"authority": "Police", "asks": "A go", "sent_on": "2026-01-05"})
    tip = made(lawyer, "/tips", {"text": "Sasquatch"})
    question = {"kind": "operative_identity", "about": operative["id"], "reason": "The court asks"}
    approval = made(supervisor, "/approvals", question)["id"]
    made(second, f"/approvals/{approval}/approve", {"otp": second.otp()})
    alerts = [one["id"] for one in lead.get("/alerts").get_json()["items"] if one["victim"] == id]
    assert alerts
    fields = dict(FIELDS)
    fields["pseudonym"] = Field((her["pseudonym"],))
    fields["partner with whom she is"] = Field(
        pairs=frozenset({("partner", partner["id"]), ("partner_id", partner["id"])}), said="Nightingale"
    )
    fields["episodes"] = Field(("1997-03-04",), said=r"\b1997\b")
    # An alert is known by its own id, a link by its own or by the note that was made with it.
    fields["alerts"] = Field(tuple(alerts), sought=False)
    fields["links to evidence"] = Field(("Cattywampus", link["id"]), frozenset({("kind", "link")}))
    fields["an operative's code"] = Field((operative["code"],))
    things = {
        "victims": id,
        "cases": case,
        "evidence": item["id"],
        "items": item["id"],
        "links": link["id"],
        "episodes": episode["id"],
        "searches": search["id"],
        "alerts": alerts[0],
        "perpetrators": suspect["id"],
        "venues": venue["id"],
        "operations": operation["id"],
        "operatives": operative["id"],
        "partners": partner["id"],
        "placements": placement["id"],
        "steps": step["id"],
        "claims": claim["id"],
        "referrals": referral["id"],
        "requests": request["id"],
        "consents": consent["id"],
        "keep-apart": apart["id"],
        "victim-ties": tie["id"],
        "tips": tip["id"],
        "approvals": approval,
        "other case": other,
        "other victim": someone["id"],
    }
    tell_the_trial(people, fields, things)
    return World(people, fields, things, approval)


WRITTEN = ("%Y-%m-%dT%H:%M:%S+00:00", "%Y-%m-%dT%H:%M:%SZ", "%Y%m%dT%H%M%SZ")
"""How a moment is written in JSON and in the ledger, in pages, and in a feed."""


def tell_the_trial(people: dict[tuple[Role, str], Persona], fields: dict[str, Field], things: dict[str, str]) -> None:
    """Charge, hear her and convict; offer her what comes after; then call her once more. An operative testifies too."""
    lawyer, caseworker = people[LAW, "in"], people[CARE, "item"]
    case, her = things["cases"], things["victims"]
    today = datetime.now(UTC).date().isoformat()
    trial = try_somebody(people, case, things)
    hearing = new_hearing(lawyer, case, charges=[trial["charges"]])
    begin = datetime.fromisoformat(hearing["starts_at"]) + timedelta(minutes=37)
    testimony = new_testimony(lawyer, case, her)
    where = f"/testimonies/{testimony['id']}"
    guardian = made(caseworker, "/resources", {"kind": "guardian", "name": "Whippoorwill"})["id"]
    assert caseworker.call("PATCH", where, json={"guardian": guardian}).status_code == 200
    consents(caseworker, her, "testimony_assent")
    made(caseworker, f"{where}/needs", {"needs": {"fear": "Gobsmacked"}, "assessed_on": today})
    for action in ("assess", "agree", "prepare"):
        move(caseworker, where, action)
    for days, kind in enumerate(sorted(BEFORE_COURT), start=2):
        held_session(caseworker, testimony["id"], kind, days)
    settled = {"kind": "debrief", "starts_at": (begin + timedelta(days=1)).isoformat(), "note": "Hootenanny"}
    ends = {"ends_at": (begin + timedelta(days=1, hours=1)).isoformat()}
    session = made(caseworker, f"{where}/preparations", {**settled, **ends})
    measure = made(caseworker, f"{where}/measures", {"kind": "distortion", "required": False, "plan": "Fiddlestick"})
    away = {"from_at": "2031-03-04T00:00:00Z", "until_at": "2031-03-05T00:00:00Z"}
    never = made(caseworker, f"{where}/unavailabilities", away)
    statement = disclosed(lawyer, testimony)["statement"]
    for person in (lawyer, caseworker):
        made(person, f"{where}/sign", {})
    move(lawyer, where, "make_ready")
    times = {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(minutes=30)).isoformat()}
    booking = made(lawyer, f"{where}/book", {"hearing": hearing["id"], **times})["booking"]
    for action in ("schedule", "attend", "conclude"):
        move(lawyer, where, action)
    plan = lawyer.get(where).get_json()["plan"]["id"]
    school = {"name": "Larkspur", "country": "KH", "region": "Kandal", "offers": ["vocational"], "capacity": 4}
    after = {"service": "vocational", "partner": made(caseworker, "/partners", school)["id"], "note": "Rutabaga"}
    offer = made(caseworker, f"/plans/{plan}/offers", after)
    again = new_testimony(lawyer, case, her)
    crisis = made(caseworker, f"/testimonies/{again['id']}/crisis", {"reason": "Flummoxed"})["in_crisis_since"]
    called = {"witness_kind": "operative", "witness": "Brouhaha"}
    covert = made(lawyer, f"/cases/{case}/testimonies", called)
    made(people[INV, "in"], f"/testimonies/{covert['id']}/operative", {"operative": things["operatives"]})
    fields["that she testifies"] = Field((testimony["ref"], again["ref"], testimony["id"], again["id"]), sought=False)
    moments = (booking["starts_at"], *(begin.strftime(form) for form in WRITTEN))
    fields["when she testifies"] = Field((booking["id"], *moments), sought=False)
    said = {("statement", statement), ("statement_id", statement)}
    fields["which item is her statement"] = Field(pairs=frozenset(said))
    next_day = begin + timedelta(days=1)
    told = ("Hootenanny", session["starts_at"], *(next_day.strftime(form) for form in WRITTEN), session["id"])
    fields["how she is prepared"] = Field(told, sought=False)
    sentences = "The witness is in a crisis. Nothing is booked until that is over.", "She is in a crisis."
    fields["her crisis"] = Field(
        ("Flummoxed", crisis),
        frozenset((name, one) for name in ("message", "open", "lacking") for one in sentences),
        r"is in a crisis (since|\.)|is in a crisis\.",
        sought=False,
    )
    pairs = {("guardian", guardian), ("guardian_id", guardian)}
    fields["her guardian"] = Field(pairs=frozenset(pairs), said=r"\bGuardian Whippoorwill\b")
    fields["that there is a plan for after court"] = Field((plan,))
    fields["an operative who testifies"] = Field((covert["ref"], "Brouhaha"), sought=False)
    fields["hearings"] = Field((hearing["ref"],), sought=False)
    fields["charges"] = Field((trial["ref"], trial["charges"], "Balderdash", "Zigzaggery", "Skulduggery"), sought=False)
    things |= {
        "testimonies": testimony["id"],
        "testimony once more": again["id"],
        "testimony of an operative": covert["id"],
        "hearings": hearing["id"],
        "day": begin.date().isoformat(),
        "measures": measure["id"],
        "preparations": session["id"],
        "unavailabilities": never["id"],
        "resources": guardian,
        "plans": plan,
        "offers": offer["id"],
        **{name: trial[name] for name in ("charges", "proofs", "sentences", "appeals", "exhibits")},
        "closure-orders": made(lawyer, f"/venues/{things['venues']}/closure-orders", {"permanent": True})["id"],
    }


def try_somebody(people: dict[tuple[Role, str], Persona], case: str, things: dict[str, str]) -> dict[str, str]:
    """Charge, convict and sentence; it is appealed. The ids of what that makes, and the reference of the charge."""
    lawyer, today = people[LAW, "in"], datetime.now(UTC).date().isoformat()
    charge = new_charge(lawyer, case, perpetrator=things["perpetrators"], particulars="Balderdash")
    path = f"/charges/{charge['id']}"
    proof = made(lawyer, f"{path}/proofs", {"element": "act", "evidence": things["evidence"], "note": "Skulduggery"})
    move(people[SUP, "in"], path, "approve")
    move(lawyer, path, "file", court="Provincial court", court_ref="Zigzaggery")
    move(lawyer, path, "plead", plea="guilty")
    move(lawyer, path, "convict", document=upload(lawyer, case, title="Judgment")["id"])
    imposed = {"kind": "imprisonment", "days": 3650, "imposed_on": today, "note": "Poppycock"}
    sentence = made(lawyer, f"{path}/sentences", imposed)
    move(lawyer, path, "sentence")
    appeal = {"charges": [charge["id"]], "side": "defence", "filed_on": today, "grounds": "Claptrap"}
    return {
        "ref": charge["ref"],
        "charges": charge["id"],
        "proofs": proof["id"],
        "sentences": sentence["id"],
        "appeals": made(lawyer, f"/cases/{case}/appeals", appeal)["id"],
        "exhibits": new_exhibit(lawyer, case, side="defence", description="Gewgaw")["id"],
    }


def put(persona: Persona, path: str, **body: Any) -> None:
    answer = persona.call("PUT", path, json=body)
    assert answer.status_code in (200, 204), answer.get_json()


# --- everybody reads everything ---------------------------------------------------------------------------------------

NOT_HERS = frozenset({"uploads", "transfers", "handovers", "users", "people", "me", "account", "tokens", "venue-ties"})
"""Words before an id of what is never about a victim."""

ASIDE = re.compile(
    r"/(static|health|metrics|design|sign-in|quick-exit|away|account|people|password)\b|/api/(docs|v1/openapi)"
)
"""Where nothing is told of anybody: what has no case in it."""

FILLING_IN = {(INV, "in"), (LAW, "in"), (CARE, "item")}
"""Those who look at the forms too: among them there is nothing that none may fill in, and what a form shows of her is
the same for everybody who may."""

SEEKING = {(INV, "in"), (LAW, "in"), (CARE, "item")}
"""Those who search for every mark; the others for the pseudonym."""

SAME = re.compile(
    r"^/(cases|venues|operations|charges|appeals|exhibits|closure-orders|testimonies|measures)/<uuid:id>/do/"
    r"(?!(investigate|confirm|go|withdraw|waive)$)"
)
"""Forms for the steps of one lifecycle, of which one is as good as all."""


def addresses(app: Any, things: Mapping[str, str]) -> Iterator[tuple[str, str, bool]]:
    """Every address that can be read, with the surface that it belongs to, and whether it is a form."""
    for rule in sorted(app.url_map.iter_rules(), key=lambda rule: rule.rule):
        if "GET" not in rule.methods or ASIDE.match(rule.rule) or SAME.match(rule.rule):
            continue
        form = "POST" in rule.methods
        for address in filled(rule, things):
            yield address, surface(rule), form
            for other in ("testimony once more", "testimony of an operative"):
                if not form and f"/testimonies/{things['testimonies']}" in address:
                    yield address.replace(things["testimonies"], things[other]), surface(rule), form


def filled(rule: Rule, things: Mapping[str, str]) -> list[str]:
    before = re.search(r"([\w-]+)/<uuid:id>", rule.rule)
    path = rule.rule
    if before is not None and not path.startswith("/evidence-of/"):
        word = before[1]
        if word in NOT_HERS:
            return []
        assert word in things, f"say in `things` what the id in {rule.rule} names, or in NOT_HERS"
        path = path.replace("<uuid:id>", things[word])
    path = path.replace("<uuid:victim>", things["victims"]).replace("<uuid:operative>", things["operatives"])
    if path.startswith("/evidence-of/"):
        kinds = ("victim", "perpetrator", "venue", "episode", "operation", "charge")
        return [f"/evidence-of/{kind}/{things[f'{kind}s']}" for kind in kinds]
    if "<" in path:
        return []
    more = {
        f"{API}/links": [f"?target_kind={kind}&target={things[f'{kind}s']}" for kind in ("victim", "episode")],
        f"{API}/search": [],
        f"{API}/calendar": ["?from={}&to={}".format(*(datetime.now(UTC).date() + timedelta(days=n) for n in (-9, 9)))],
        "/calendar": ["?view=agenda"],
        f"{API}/reports/figures": [f"?year={datetime.now(UTC).year}"],
        f"{API}/reports/figures/behind": ["?figure=served", "?figure=convicted"],
        "/figures/behind": ["?figure=served", "?figure=convicted"],
        f"{API}/plans/{things['plans']}/partners": ["?service=vocational"],
        **{f"{start}/dockets": [f"?on={things['day']}"] for start in (API, "")},
        f"{API}/cases/{things['cases']}/chart": ["", f"?around_kind=victim&around={things['victims']}&depth=2"],
        f"{API}/cases/{things['cases']}/timeline": ["?limit=200"],
    }.get(path, [""])
    found = [path + query for query in more]
    return found + [address.replace(things["cases"], things["other case"]) for address in found if "/cases/" in address]


def of_one(address: str, world: World) -> bool:
    """Whether an address names something, so that it is not there for who may not know of it."""
    return any(id in address for id in world.things.values())


def surface(rule: Rule) -> str:
    path = rule.rule
    if path == "/":
        return "first page"
    for words, name in (
        (r"/export/", "exports"),
        (r"/timeline$", "timeline"),
        (r"/chart$", "link chart"),
        (r"/(custody|entries|chain\.txt)$", "ledger"),
        (r"/search$", "search"),
        (r"\.(csv|pdf)$", "exports"),
        (r"^(/api/v1)?/calendar$", "calendar"),
        (r"/dockets$", "docket"),
    ):
        if re.search(words, path):
            return name
    return "API" if path.startswith(API) else "pages"


Cells = dict[tuple[str, str], dict[tuple[Role, str], str]]
"""By field and surface: who has it, and how."""


@pytest.fixture(scope="module")
def cells(world: World) -> Cells:
    found: Cells = {}
    app = world.people[INV, "in"].app
    reading = list(addresses(app, world.things))
    assert len(reading) > 250
    for key, person in world.people.items():
        knows = key[1] != "out" and key[0] is not ADM
        for address, where, form in reading:
            # What answers as it does to everybody in that place is read by one of them.
            if (form and key not in FILLING_IN) or (
                of_one(address, world) and not address.startswith(API) and not knows
            ):
                continue
            client = world.browsers[key]
            answer = person.get(address) if address.startswith(API) else client.get(address)
            assert answer.status_code != 429, address
            note(found, world, key, where, answer)
        if key[0] is not ADM:
            note(found, world, key, "feed", app.test_client().get(feed_address(person)))
        for where, answer in (*searches(world, key), *reveals(world, key)):
            note(found, world, key, where, answer)
    return found


def note(found: Cells, world: World, key: tuple[Role, str], where: str, answer: TestResponse) -> None:
    """Write down what is in an answer; and see that nothing is where it must never be."""
    address = answer.request.path
    assert answer.status_code < 500, address
    opened = where.endswith(REVEAL)
    marks = [mark for one in world.fields.values() for mark in one.marks if not re.fullmatch(r"[0-9a-f-]{36}", mark)]
    top = answer.get_data()[:5000].decode(errors="replace")
    beside = f"{answer.headers} {''.join(re.findall('<title>.*?</title>', top))}"
    if answer.status_code >= 400 and answer.is_json:
        beside += answer.get_data(as_text=True)
    for mark in marks:
        assert mark not in beside, f"{mark} is in a title, a header or a refusal at {address}, for {key}"
    if answer.status_code >= 300:
        return
    all_told = told(answer)
    # Where partners are looked up, and where people are counted, nothing is said of her.
    elsewhere = {"partner with whom she is"} if address.startswith(("/partners", f"{API}/partners")) else set()
    elsewhere |= {"family", "dependents"} if "/figures" in address else set()
    for name, one in world.fields.items():
        if name in elsewhere:
            continue
        if one.is_in(all_told):
            cell = found.setdefault((name, where.removesuffix(REVEAL)), {})
            cell[key] = REVEAL if opened and cell.get(key) != SEEN else SEEN


def searches(world: World, key: tuple[Role, str]) -> Iterator[tuple[str, TestResponse]]:
    """A search for every mark. What finds something tells of what it found, even where it does not say it."""
    person = world.people[key]
    for name, one in world.fields.items():
        for mark in one.marks if one.sought and (key in SEEKING or name == "pseudonym") else ():
            answer = person.get("/search", query_string={"q": mark})
            if answer.status_code == 200 and name != "pseudonym":
                assert not answer.get_json()["items"], f"{name} is found by {key}"
            yield "search", answer


def reveals(world: World, key: tuple[Role, str]) -> Iterator[tuple[str, TestResponse]]:
    """Every act that opens the vault: refused without a fresh code, then tried with one; both ways."""
    person, browser = world.people[key], world.browsers[key]
    for rule in person.app.url_map.iter_rules():
        if not rule.rule.endswith("/reveal") or "POST" not in (rule.methods or ()):
            continue
        (path,) = filled(rule, world.things)
        body = {"approval": world.approval} if "/operatives/" in path else {"reason": "The court asks"}
        if path.startswith(API):
            bare = person.post(path, body)
            assert bare.status_code in (403, 404, 422), path
            yield "API", bare
            yield f"API{REVEAL}", person.post(path, {**body, "otp": person.otp()})
        elif "/operatives/" not in path:
            csrf = browser.get(f"{API}/me").get_json()["csrf"]
            sent = {**body, "csrf_token": csrf}
            yield "pages", browser.post(path, data=sent)
            yield f"pages{REVEAL}", browser.post(path, data={**sent, "otp": person.otp()})


# --- the table --------------------------------------------------------------------------------------------------------


def as_text(cells: Cells, fields: Mapping[str, Field]) -> str:
    keys = [(role, where) for role, columns in COLUMNS.items() for where in columns]
    first = max(map(len, fields)) + 2
    second = max(map(len, SURFACES)) + 2

    def line(*parts: str) -> str:
        name, where, *rest = parts
        return (name.ljust(first) + where.ljust(second) + "".join(cell.ljust(8) for cell in rest)).rstrip()

    heading = "".join(str(role).ljust(8 * len(columns)) for role, columns in COLUMNS.items())
    lines = [" " * (first + second) + heading.rstrip(), line("", "", *(where for _, where in keys))]
    for name in fields:
        rows = [(where, cells[name, where]) for where in SURFACES if (name, where) in cells]
        lines += [line(name, where, *(row.get(key, NOWHERE) for key in keys)) for where, row in rows]
        if not rows:
            lines.append(line(name, NOWHERE))
    return f"{HEADER}\n" + "\n".join(lines) + "\n"


def hold_against_design(world: World, cells: Cells) -> None:
    """Section 6 of the design, by hand and apart from the code: who may come by what, wherever she looks."""
    everybody, caring, trying = {INV, LAW, SUP, CARE}, {LAW, SUP, CARE}, {INV, LAW, SUP}
    may = {
        "a reported person's name": {LAW, CARE},
        **{name: {LAW, CARE} for name in ("name", "born", "nationality", "contact")},
        **{name: {CARE} for name in ("address", "placement kind", "placement address", "partner with whom she is")},
        **dict.fromkeys(("assessments", "steps", "standing", "claims", "referrals", "willingness"), caring),
        "why her care changed": caring,
        "a perpetrator's address": {INV, LAW},
        "an operative's code": {INV, SUP},
        "the operative behind a code": {SUP},
        "a tip's text": {SUP},
        **dict.fromkeys(("what she needs to testify", "how she is prepared", "her crisis", "her guardian"), caring),
        "that there is a plan for after court": caring,
        "what she is offered after court": {CARE},
        **dict.fromkeys(("which item is her statement", "an operative who testifies"), trying),
        **dict.fromkeys(("charges", "verdicts and sentences", "appeals", "exhibits"), trying),
    }
    for name in world.fields:
        where = {surface: row for (field, surface), row in cells.items() if field == name}
        assert {role for row in where.values() for role, _ in row} == may.get(name, everybody), name
        unknowing = {key for row in where.values() for key in row if key[1] == "out" or key[0] is ADM}
        assert unknowing <= ({(INV, "out")} if name == "an operative's code" else set()), name
        if name in SECRET:
            assert set(where) <= {"API", "pages"}, name
            opened = {how for row in where.values() for how in row.values()}
            assert opened == ({SEEN} if name == "a tip's text" else {REVEAL}), name


def test_everybody_sees_of_her_what_the_table_says_and_the_design(world: World, cells: Cells) -> None:
    hold_against("sight.txt", as_text(cells, world.fields))
    hold_against_design(world, cells)


# --- what an insider would try ----------------------------------------------------------------------------------------


def test_what_is_hidden_answers_as_what_is_not_there(world: World) -> None:
    """The same words, whatever is sent: no refusal tells that somebody is known here."""
    nothing = str(new_id())
    for key in ((INV, "out"), (CARE, "out"), (ADM, "in")):
        person = world.people[key]
        tried = 0
        for rule in person.app.url_map.iter_rules():
            found = re.match(rf"{API}/([\w-]+)/<uuid:id>", rule.rule)
            if found is None or found[1] not in world.things or (key[0], found[1]) == (INV, "operatives"):
                continue
            if found[1] in ("partners", "resources", "tips", "approvals", "operatives"):
                continue
            for method in sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"}):
                answers = []
                for id in (world.things[found[1]], nothing):
                    path = re.sub(r"<uuid:\w+>", id, rule.rule)
                    body: dict[str, str] | None = {} if method in ("POST", "PUT", "PATCH") else None
                    headers = {"If-Match": '"v1"', "Idempotency-Key": new_id().hex}
                    answer = person.call(method, path, json=body, headers=headers)
                    answers.append((answer.status_code, answer.get_data()))
                assert answers[0] == answers[1], f"{method} {rule.rule}"
                assert answers[0][0] == 404 or key[0] is ADM, f"{method} {rule.rule}"
                tried += 1
        assert tried > 100


def test_of_charges_and_of_other_witnesses_a_caseworker_finds_nothing(world: World) -> None:
    """They answer her as what is not there, on her own case too, by whatever way she comes."""
    person, things, nothing = world.people[CARE, "item"], world.things, str(new_id())
    hidden = {name: (things[name],) for name in ("charges", "appeals", "exhibits", "sentences", "proofs")}
    hidden["testimonies"] = (things["testimony of an operative"],)
    tried = 0
    for rule in person.app.url_map.iter_rules():
        found = re.match(rf"{API}/([\w-]+)/<uuid:id>", rule.rule)
        for id in hidden.get(found[1], ()) if found else ():
            for method in sorted(set(rule.methods or ()) - {"HEAD", "OPTIONS"}):
                paths = [re.sub(r"<uuid:\w+>", one, rule.rule) for one in (id, nothing)]
                answers = [person.call(method, path, json=None if method == "GET" else {}) for path in paths]
                assert [answer.status_code for answer in answers] == [404, 404], f"{method} {rule.rule}"
                assert answers[0].get_data() == answers[1].get_data(), f"{method} {rule.rule}"
                tried += 1
    assert tried > 40
    for word in (*world.fields["charges"].marks, "Brouhaha"):
        assert person.get("/search", query_string={"q": word}).get_json()["items"] == [], word
    ours = person.get(f"/hearings/{things['hearings']}").get_json()
    assert ours["charges"] == []
    listed = person.get(f"/dockets?on={things['day']}").get_json()["items"]
    assert [one["defendants"] for one in listed if one["hearing"] == things["hearings"]] == [[]]


def test_how_she_is_the_investigator_is_not_told_by_what_follows_from_it(world: World) -> None:
    """Her crisis blocks what is booked: the investigator reads that she cannot come, and finds nothing else missing."""
    again = f"/testimonies/{world.things['testimony once more']}"
    reasons, points = {}, {}
    for role in (INV, LAW):
        person = world.people[role, "in"]
        standing = person.get("/testimonies/conflicts").get_json()["items"]
        hers = [one for one in standing if one["testimony"] == world.things["testimonies"]]
        reasons[role] = {reason["rule"] for one in hers for reason in one["conflicts"]}
        points[role] = {one["requirement"] for one in person.get(f"{again}/readiness").get_json()["points"]}
    assert reasons == {INV: {"witness_unavailable"}, LAW: {"witness_in_crisis"}}
    assert points[LAW] - points[INV] == {"well"}


def test_nobody_finds_a_way_round_to_what_is_hidden(world: World) -> None:
    """By filters, cursors, the middle of a chart, likely spellings: the answer is that of somebody who is not there."""
    things, nothing = world.things, str(new_id())
    outsider, via = world.people[INV, "out"], world.people[INV, "via"]
    own = made(outsider, "/cases", {"title": "Lakeside", "kind": "sex_trafficking", "country": "KH"})["id"]
    other = things["other case"]
    for person, of, id, kind in (
        (outsider, own, things["victims"], "victim"),
        (via, other, things["other victim"], "victim"),
        (via, other, things["venues"], "venue"),
        (via, other, things["evidence"], "evidence"),
    ):
        for path in (
            f"/cases/{of}/chart?around_kind={kind}&around={{}}&depth=3",
            f"/links?target_kind={kind}&target={{}}",
            "/searches?victim={}",
        ):
            answers = [person.get(path.format(one)) for one in (id, nothing)]
            told_of = [(answer.status_code, answer.get_data()) for answer in answers]
            assert told_of[0] == told_of[1], path
    for path in ("/searches", "/alerts", f"/cases/{own}/victims", f"/cases/{own}/searches", f"/cases/{own}/venues"):
        for id in (id for name, id in things.items() if name != "day"):
            answer = outsider.get(path, query_string={"cursor": id})
            assert answer.status_code == 200, path
            assert answer.get_json() == {"items": [], "next": None}, path
    for word in (world.fields["pseudonym"].marks[0], "Aunty", "Bleu gate"):
        found = outsider.get("/search", query_string={"q": word}).get_json()
        assert found == outsider.get("/search", query_string={"q": "qqqqqqqq"}).get_json(), word


def test_another_case_that_knows_her_is_not_led_to_this_one(world: World) -> None:
    """A timeline tells those of the other case what happened to her, without the ids of what is not theirs to know."""
    things = world.things
    hidden = [
        id for name, id in things.items() if name in ("cases", "venues", "perpetrators", "operations", "searches")
    ]
    hidden += [things[name] for name in ("testimonies", "hearings", "charges", "appeals", "exhibits", "preparations")]
    hidden += [things["other victim"], things["evidence"], things["links"]]
    for role in (INV, LAW, CARE):
        person = world.people[role, "via"]
        paths = (f"/cases/{things['other case']}/timeline?limit=200", f"/cases/{things['other case']}/chart")
        hers = [f"/victims/{things['victims']}{more}" for more in ("", "/episodes", "/keep-apart", "/course")]
        plans = [f"/victims/{things['victims']}/plans", f"/plans/{things['plans']}"] if role is not INV else []
        for path in (*paths, *hers, *plans, "/hearings", "/charges?limit=1", "/testimonies/conflicts"):
            answer = person.get(path)
            assert answer.status_code == (403 if (role, path) == (CARE, "/charges?limit=1") else 200), path
            assert not [id for id in hidden if id in answer.get_data(as_text=True)], path


def test_who_is_taken_off_the_case_has_nothing_left_of_it(world: World) -> None:
    """Neither by sending a reveal again under its key, nor by what she had begun to type; nor while she is on it does a
    key give the answer twice."""
    lead, things = world.people[INV, "in"], world.things
    caseworker = add_person(lead.site, lead.app, CARE)
    to_case = {"user": str(caseworker.id), "role": CARE.value}
    assignment = made(lead, f"/cases/{things['cases']}/assignments", to_case)["id"]
    browser = caseworker.app.test_client()
    given = {"username": caseworker.username, "password": PASSWORD, "otp": caseworker.otp()}
    assert browser.post(f"{API}/session", json=given).status_code == 201
    her = f"/victims/{things['victims']}"
    reveals = (f"{her}/identity/reveal", f"{her}/address/reveal", f"/placements/{things['placements']}/address/reveal")
    marks = [mark for name in SECRET for mark in world.fields[name].marks]
    bodies: dict[str, dict[str, str]] = {path: {"reason": "To write to her"} for path in reveals}
    for path, body in bodies.items():
        body["otp"] = caseworker.otp()
        key = {"Idempotency-Key": path}
        assert caseworker.post(path, body, headers=key).status_code == 200
        again = caseworker.post(path, body, headers=key)
        assert again.status_code == 409
        assert again.get_json()["type"] == "done-before"
        stranger = world.people[LAW, "in"].post(path, body, headers=key)
        assert not any(mark in again.get_data(as_text=True) + stranger.get_data(as_text=True) for mark in marks)
    csrf = browser.get(f"{API}/me").get_json()["csrf"]
    form = f"{her}/consents/new"
    sent = browser.post(form, data={"csrf_token": csrf, "draft": "keep", "purpose": "care", "scope": "Wallflower"})
    assert sent.status_code == 303
    assert "Wallflower" in browser.get(form).get_data(as_text=True)
    for vault in (
        f"{her}/identity",
        f"{her}/address",
        f"{her}/placements/new",
        f"/cases/{things['cases']}/searches/new",
    ):
        assert 'name="draft"' not in browser.get(vault).get_data(as_text=True), "what the vault keeps is in no draft"
    ended = lead.post(f"/cases/{things['cases']}/assignments/{assignment}/end", {"reason": "Moved"})
    assert ended.status_code in (200, 204)
    for path, body in bodies.items():
        assert caseworker.post(path, body, headers={"Idempotency-Key": path}).status_code == 404
        assert caseworker.post(path, {**body, "otp": caseworker.otp()}).status_code == 404
    for path in (her, form, f"{her}/placements", f"{her}/care", f"/cases/{things['cases']}/import"):
        assert browser.get(path).status_code == 404, path
    table = {"kind": "victims", "csv": "gender\nWallflower", "mapping": {"gender": "gender"}, "dry_run": True}
    assert caseworker.post(f"/cases/{things['cases']}/imports", table).status_code == 404
    assert caseworker.get("/care/due").get_json()["items"] == []
    assert caseworker.get("/alerts").get_json()["items"] == []
