"""An installation of its own, with two offices and real things in every relation that a person can have to them.

Tests that call every route, or call them with whatever can be thought of, leave traces; nobody else works here.
"""

import base64
import io
import os
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from evidence_api import create_app
from evidence_api.db import new_id
from evidence_api.domain.case import Stage
from evidence_api.domain.custody import TransferState
from evidence_api.domain.roles import OPERATOR, PERSONAL_ROLES, Role, Scope
from evidence_api.domain.table import TableKind, parse
from evidence_api.domain.testimony import TestimonyState
from evidence_api.models import AuthSession, CalendarFeed, Case, Office, Testimony, Transfer, Tries
from evidence_api.services import accounts, imports
from evidence_api.setup import initialise, make_keys, migrate
from evidence_api.site import open_site
from evidence_api.work import Site, begin
from tests.casework import (
    convicted,
    made,
    move,
    new_appeal,
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
from tests.conftest import PASSWORD, Persona, commit_quickly, make_settings, quick_passwords

TUS = {"Tus-Resumable": "1.0.0"}
Things = dict[str, str]
"""Ids, by what they are of."""


@contextmanager
def installation(data: Path, request: pytest.FixtureRequest) -> Iterator[Site]:
    """A fresh installation on the backend under test."""
    settings = make_settings(data, request)
    migrate(settings)
    make_keys(settings)
    initialise(settings, origin="tests.example.org/ledger", office="PP", name="Phnom Penh")
    site = open_site(settings, probe=True)
    commit_quickly(site)
    try:
        yield site
    finally:
        site.engine.dispose()


@dataclass
class Offices:
    """Two offices and their people. `things[role][relation]` has what that person may, or may not, get at."""

    site: Site
    app: Flask
    people: dict[Role, Persona]
    things: dict[Role, dict[str, Things]]
    browsers: dict[Role, FlaskClient]


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Offices]:
    """Two offices of this module's own."""
    with quick_passwords(), installation(tmp_path_factory.mktemp("offices"), request) as site:
        yield open_offices(site)


def add_person(site: Site, app: Flask, role: Role, office: uuid.UUID | None = None) -> Persona:
    """A person of the office named, or of the first."""
    with begin(site, replace(OPERATOR, office_id=office)) as work:
        added = accounts.add_user(work, username=f"p{uuid.uuid4().hex[:12]}", roles=[role], password=PASSWORD)
        assert added.otpauth_uri is not None
        token = accounts.add_token(work, added.user.id, role=role, scope=Scope.ALL, days=30, name="tests")
    secret = pyotp.parse_uri(added.otpauth_uri).secret
    return Persona(site, app, added.user.id, added.user.username, role, token.secret, secret)


def add_token(person: Persona, scope: Scope) -> tuple[str, str]:
    """A further token of the person: its id and its secret."""
    with begin(person.site, OPERATOR) as work:
        token = accounts.add_token(work, person.id, role=person.role, scope=scope, days=30, name="tests")
    return str(token.row.id), token.secret


def open_offices(site: Site) -> Offices:
    """Everybody and everything, made through the API but for the second office."""
    app = create_app(site)
    app.testing = True
    with begin(site, OPERATOR) as work:
        second = Office(id=new_id(), code="SR", name="Siem Reap")
        work.session.add(second)
        work.record(second, "office:created", data={"code": second.code})
        second_id = second.id
    people: dict[Role, Persona] = {role: add_person(site, app, role) for role in PERSONAL_ROLES}
    giver, taker = (add_person(site, app, Role.INVESTIGATOR) for _ in range(2))
    stranger, strangers_colleague = (add_person(site, app, Role.INVESTIGATOR, second_id) for _ in range(2))
    near, far = add_aides(site, app), add_aides(site, app, second_id)

    in_the_office = people[Role.INVESTIGATOR], people[Role.LAWYER], people[Role.CASEWORKER]
    shared = add_things(near, giver, giver, taker, *in_the_office) | _accounts(giver)
    hidden = add_things(near, giver, giver, taker)
    strangers = _accounts(stranger)
    elsewhere = add_things(far, stranger, stranger, strangers_colleague) | strangers
    of_the_other_office = {name: elsewhere[name] for name in (*far.things, *strangers, "approval")}
    things: dict[Role, dict[str, Things]] = {}
    for role, person in people.items():
        within_office = role in (Role.SUPERVISOR, Role.ADMINISTRATOR)
        things[role] = {
            "own": {**near.things, **_own(near, person, giver, taker), **_accounts(person)},
            "in": shared,
            "out": elsewhere if within_office else {**hidden, **of_the_other_office},
        }
    return Offices(site, app, people, things, {role: app.test_client() for role in people})


def _accounts(person: Persona) -> Things:
    account = {"user": str(person.id), "token": add_token(person, Scope.UPLOAD)[0], "session": add_session(person)}
    return account if person.role is Role.ADMINISTRATOR else account | add_feed(person)


def add_feed(person: Persona) -> Things:
    """A calendar of hers at a secret address."""
    opened = made(person, "/me/calendar", {})
    return {"feed": opened["id"], "secret": opened["path"].removeprefix("/calendar/").removesuffix(".ics")}


def add_session(person: Persona) -> str:
    """A session of the person's, on another machine."""
    given = {"username": person.username, "password": PASSWORD, "otp": person.otp()}
    assert person.app.test_client().post("/api/v1/session", json=given).status_code == 201
    find = sa.select(AuthSession.id).where(AuthSession.user_id == person.id).order_by(AuthSession.id.desc()).limit(1)
    with person.site.engine.connect() as connection:
        return str(connection.scalars(find).one())


@dataclass(frozen=True)
class Aides:
    """Who does in an office what nobody else may, and what belongs to all of it."""

    caseworker: Persona
    supervisor: Persona
    lawyer: Persona
    things: Things


def add_aides(site: Site, app: Flask, office: uuid.UUID | None = None) -> Aides:
    """A caseworker, a supervisor, a lawyer, a partner, an operative and an interpreter of the office named, or of the
    first."""
    roles = (Role.CASEWORKER, Role.SUPERVISOR, Role.LAWYER)
    caseworker, supervisor, lawyer = (add_person(site, app, role, office) for role in roles)
    shelter = {"name": "Harbour", "country": "KH", "region": "Phnom Penh", "offers": ["shelter"]}
    partner = made(caseworker, "/partners", shelter)["id"]
    operative = made(supervisor, "/operatives", {"person": "Sok Chan"})["id"]
    speaks = {"kind": "interpreter", "name": "Interpreter 2", "languages": ["km"]}
    things = {"partner": partner, "operative": operative, "resource": made(lawyer, "/resources", speaks)["id"]}
    return Aides(caseworker, supervisor, lawyer, things)


def add_approval(supervisor: Persona, operative: str) -> str:
    """What the supervisor has asked for."""
    body = {"kind": "operative_identity", "about": operative, "reason": "She did not come back"}
    return str(made(supervisor, "/approvals", body)["id"])


def add_tip(person: Persona) -> str:
    return str(made(person, "/tips", {"text": "Locked rooms above the bar"})["id"])


def _own(aides: Aides, person: Persona, giver: Persona, taker: Persona) -> Things:
    """What a person of that role can have of her own."""
    if person.role in (Role.INVESTIGATOR, Role.LAWYER):
        return add_things(aides, person, person, taker, giver)
    if person.role is Role.SUPERVISOR:
        case = add_case(person)
        approval = add_approval(person, aides.things["operative"])
        return {"case": case, "assignment": assign(person, case, giver), "approval": approval, "tip": add_tip(person)}
    if person.role is Role.CASEWORKER:
        case = add_case(giver)
        assign(giver, case, person)
        item, victim = add_file(person, case), new_victim(person, case)["id"]
        return {
            "evidence": item,
            "upload": begin_upload(person, case),
            "victim": victim,
            "link": add_link(person, item, "victim", victim),
            "tip": add_tip(person),
        }
    return {}


def add_things(aides: Aides, lead: Persona, holder: Persona, receiver: Persona, *others: Persona) -> Things:
    """A case with two items of the holder's, an upload of hers, offers of hers and to her, what one left open, the
    people and places that it is about, and what came before a court."""
    case = add_case(lead)
    to_assign = (receiver, aides.caseworker, aides.lawyer, *others)
    assigned = {person.id: assign(lead, case, person) for person in to_assign}
    gone = add_person(lead.site, lead.app, Role.INVESTIGATOR, lead.actor().office_id)
    assign(lead, case, gone)
    left, left_on_offer = add_file(gone, case), add_file(gone, case)
    left_offer = offer(gone, left_on_offer, receiver)
    with begin(lead.site, OPERATOR) as work:
        accounts.disable(work, gone.id)
    item, restricted, others_item = (
        add_file(holder, case),
        add_file(holder, case, restricted=True),
        add_file(receiver, case),
    )
    people = add_people(aides, lead, receiver, case)
    return {
        "case": case,
        "assignment": assigned[receiver.id],
        "evidence": item,
        "restricted": restricted,
        "transfer": offer(holder, item, receiver),
        "offered": offer(receiver, others_item, holder),
        "upload": begin_upload(holder, case),
        "left": left,
        "left_offer": left_offer,
        **people,
        **add_court(aides, case, people),
        **aides.things,
    }


def add_people(aides: Aides, lead: Persona, investigator: Persona, case: str) -> Things:
    """Whom and what a case is about, each made by who may."""
    caseworker, today = aides.caseworker, datetime.now(UTC).date().isoformat()
    partner, operative = aides.things["partner"], aides.things["operative"]

    def add(by: Persona, path: str, **body: object) -> str:
        return str(made(by, path, body)["id"])

    victim, other = (new_victim(caseworker, case)["id"] for _ in range(2))
    venue, perpetrator = new_venue(lead, case)["id"], new_perpetrator(lead, case)["id"]
    operation = new_operation(lead, case, venue=venue)["id"]
    made(caseworker, f"/operations/{operation}/roster", {"victim": victim})
    made(investigator, f"/operations/{operation}/operatives", {"operative": operative})
    new_episode(caseworker, victim, venue)
    episode = new_episode(caseworker, victim, venue)["id"]
    hers = f"/victims/{victim}"
    # Her own document, since a link is shown to a caseworker only where the item is.
    document = add_file(caseworker, case)
    table = parse("alias\nAuntie\n")
    with begin(lead.site, lead.actor()) as work:
        draft = imports.keep_table(work, uuid.UUID(case), kind=TableKind.PERPETRATORS, table=table)
    return {
        "victim": victim,
        "other_victim": other,
        "perpetrator": perpetrator,
        "venue": venue,
        "operation": operation,
        "episode": episode,
        "alert": caseworker.get("/alerts").get_json()["items"][0]["id"],
        "search": add(lead, "/searches", case=case, description="A scar on her left hand", name="Dara"),
        "victim_tie": add(lead, f"/perpetrators/{perpetrator}/victims", victim=victim, relation="sold"),
        "venue_tie": add(lead, f"/venues/{venue}/ties", perpetrator=perpetrator, kind="owner"),
        "request": add(lead, f"/cases/{case}/requests", authority="Police", asks="A warrant", sent_on=today),
        "link": add_link(caseworker, document, "victim", victim),
        "consent": add(caseworker, f"{hers}/consents", purpose="care", scope="Shelter and school"),
        "keep_apart": add(caseworker, f"{hers}/keep-apart", barrier="do_not_place_with", victim=other),
        "step": add(caseworker, f"{hers}/steps", kind="service", what="counselling", title="Weekly"),
        "placement": add(caseworker, f"{hers}/placements", kind="shelter", from_on=today, address="12 River Road"),
        "claim": add(caseworker, f"{hers}/claims", kind="wages", currency="USD", owed=100, ordered_on=today),
        "referral": add(caseworker, f"{hers}/referrals", service="shelter", partner=partner),
        "tip": add_tip(lead),
        "approval": add_approval(aides.supervisor, operative),
        "draft": str(draft),
    }


def add_court(aides: Aides, case: str, people: Things) -> Things:
    """What is charged in a case, who is to testify, and what is closed; each made by who may."""
    lawyer, caseworker, today = aides.lawyer, aides.caseworker, datetime.now(UTC).date().isoformat()

    def add(by: Persona, path: str, **body: object) -> str:
        return str(made(by, path, body)["id"])

    judgment, accused = add_file(lawyer, case), people["perpetrator"]
    proposed = new_charge(lawyer, case, perpetrator=accused)["id"]
    charge = convicted(lawyer, aides.supervisor, case, judgment, perpetrator=accused)
    hearing = new_hearing(lawyer, case, charges=[charge["id"]])
    starts = datetime.fromisoformat(hearing["starts_at"])
    testimony = new_testimony(lawyer, case, people["victim"])["id"]
    bring(lawyer.site, testimony, TestimonyState.WILLING)
    hers, sitting = f"/testimonies/{testimony}", f"/hearings/{hearing['id']}"
    before = {"from_at": (starts - timedelta(days=9)).isoformat(), "until_at": (starts - timedelta(days=8)).isoformat()}
    session = {
        "starts_at": (starts - timedelta(days=1, hours=1)).isoformat(),
        "ends_at": (starts - timedelta(days=1)).isoformat(),
    }
    heard = {"starts_at": (starts + timedelta(hours=1)).isoformat(), "ends_at": hearing["ends_at"]}
    made(lawyer, f"{hers}/book", {"hearing": hearing["id"], **heard})
    plan = add_plan(aides, case, people["other_victim"])
    interpreter = f"/resources/{aides.things['resource']}"
    order = made(lawyer, f"/venues/{people['venue']}/closure-orders", {"permanent": True})["id"]
    move(aides.supervisor, f"/closure-orders/{order}", "approve")
    move(lawyer, f"/closure-orders/{order}", "apply", court="Municipal court", court_ref="C 17/2026")
    sentence = {"kind": "imprisonment", "days": 900, "imposed_on": today}
    return {
        "proof": add(lawyer, f"/charges/{proposed}/proofs", element="act", evidence=judgment),
        "charge": charge["id"],
        "sentence": add(lawyer, f"/charges/{charge['id']}/sentences", **sentence),
        "appeal": new_appeal(lawyer, case, charge)["id"],
        "exhibit": new_exhibit(lawyer, case, evidence=judgment)["id"],
        "hearing": hearing["id"],
        "attendance": add(lawyer, f"{sitting}/attendances", perpetrator=accused, arrives_at=hearing["starts_at"]),
        "testimony": testimony,
        "covert": new_testimony(lawyer, case, "Officer 1", witness_kind="operative")["id"],
        "measure": add(lawyer, f"{hers}/measures", kind="screen"),
        "unavailability": add(caseworker, f"{hers}/unavailabilities", **before),
        "preparation": add(caseworker, f"{hers}/preparations", kind="roles", **session),
        "plan": plan,
        "offer": add(caseworker, f"/plans/{plan}/offers", service="shelter", partner=aides.things["partner"]),
        "tie": add(lawyer, f"{interpreter}/ties", perpetrator=accused, reason="His sister"),
        "engagement": add(lawyer, f"{interpreter}/engagements", case=case, side="defence", **before),
        "closure_order": order,
    }


def add_plan(aides: Aides, case: str, victim: str) -> str:
    """The plan of one who has testified."""
    testimony = new_testimony(aides.lawyer, case, victim)["id"]
    bring(aides.lawyer.site, testimony, TestimonyState.ATTENDED)
    move(aides.lawyer, f"/testimonies/{testimony}", "conclude")
    return str(aides.caseworker.get(f"/victims/{victim}/plans").get_json()["items"][0]["id"])


def bring(site: Site, testimony: str, state: TestimonyState) -> None:
    """As if it had come so far."""
    with site.engine.begin() as connection:
        find = sa.update(Testimony).where(Testimony.id == uuid.UUID(testimony))
        connection.execute(find.values(state=state))


def add_link(person: Persona, item: str, kind: str, target: str) -> str:
    body = {"target_kind": kind, "target": target, "relation": "mentions"}
    return str(made(person, f"/evidence/{item}/links", body)["id"])


def add_case(lead: Persona) -> str:
    response = lead.post("/cases", {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"})
    assert response.status_code == 201, response.get_json()
    return str(response.get_json()["id"])


def assign(lead: Persona, case: str, person: Persona) -> str:
    response = lead.post(f"/cases/{case}/assignments", {"user": str(person.id), "role": person.role.value})
    assert response.status_code == 201, response.get_json()
    return str(response.get_json()["id"])


def add_file(holder: Persona, case: str, restricted: bool = False) -> str:
    data = {
        "title": "Front door",
        "restricted": str(restricted).lower(),
        "file": (io.BytesIO(os.urandom(500)), "a.bin"),
    }
    response = holder.post(f"/cases/{case}/evidence", data=data, content_type="multipart/form-data")
    assert response.status_code == 201, response.get_json()
    return str(response.get_json()["id"])


def offer(giver: Persona, item: str, receiver: Persona) -> str:
    response = giver.post(f"/evidence/{item}/transfers", {"to": str(receiver.id), "reason": "For court"})
    assert response.status_code == 201, response.get_json()
    return str(response.get_json()["id"])


def into(case: str, title: str = "Front door", filename: str = "door.bin") -> dict[str, str]:
    """The headers that begin an upload of 1000 bytes into the case."""
    pairs = {"case": case, "title": title, "filename": filename}
    metadata = ",".join(f"{name} {base64.b64encode(value.encode()).decode()}" for name, value in pairs.items())
    return {**TUS, "Upload-Length": "1000", "Upload-Metadata": metadata}


def begin_upload(person: Persona, case: str) -> str:
    response = person.post("/uploads", headers=into(case))
    assert response.status_code == 201, response.get_json()
    return response.headers["Location"].rsplit("/", 1)[1]


def settle(site: Site, stage: Stage = Stage.CLOSED) -> None:
    """Bring cases and hand-overs where no step is legal, so that to try one changes nothing: permitted is 409. Make
    revoked calendars good again, and forget what was tried, lest the next try is held up."""
    with site.engine.begin() as connection:
        connection.execute(sa.update(Case).values(stage=stage))
        connection.execute(sa.update(Transfer).values(state=TransferState.REFUSED))
        connection.execute(sa.update(CalendarFeed).values(revoked_at=None))
        connection.execute(sa.delete(Tries))
