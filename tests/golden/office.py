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
from datetime import UTC, datetime
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
from evidence_api.models import AuthSession, Case, Office, Transfer, Tries
from evidence_api.services import accounts, imports
from evidence_api.setup import initialise, make_keys, migrate
from evidence_api.site import open_site
from evidence_api.work import Site, begin
from tests.casework import made, new_episode, new_operation, new_perpetrator, new_venue, new_victim
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
    elsewhere = add_things(far, stranger, stranger, strangers_colleague) | _accounts(stranger)
    of_the_other_office = {name: elsewhere[name] for name in (*far.things, "approval", "user", "token", "session")}
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
    return {"user": str(person.id), "token": add_token(person, Scope.UPLOAD)[0], "session": add_session(person)}


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
    things: Things


def add_aides(site: Site, app: Flask, office: uuid.UUID | None = None) -> Aides:
    """A caseworker, a supervisor, a partner and an operative of the office named, or of the first."""
    caseworker, supervisor = (add_person(site, app, role, office) for role in (Role.CASEWORKER, Role.SUPERVISOR))
    shelter = {"name": "Harbour", "country": "KH", "region": "Phnom Penh", "offers": ["shelter"]}
    partner = made(caseworker, "/partners", shelter)["id"]
    operative = made(supervisor, "/operatives", {"person": "Sok Chan"})["id"]
    return Aides(caseworker, supervisor, {"partner": partner, "operative": operative})


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
    """A case with two items of the holder's, an upload of hers, offers of hers and to her, what one left open, and the
    people and places that it is about."""
    case = add_case(lead)
    assigned = {person.id: assign(lead, case, person) for person in (receiver, aides.caseworker, *others)}
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
        **add_people(aides, lead, receiver, case),
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
    """Bring cases and hand-overs where no step is legal, so that to try one changes nothing: permitted is 409; and
    forget
    what was tried, lest the next try is held up."""
    with site.engine.begin() as connection:
        connection.execute(sa.update(Case).values(stage=stage))
        connection.execute(sa.update(Transfer).values(state=TransferState.REFUSED))
        connection.execute(sa.delete(Tries))
