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
from evidence_api.models import AuthSession, Case, Office, Transfer
from evidence_api.services import accounts
from evidence_api.setup import initialise, make_keys, migrate
from evidence_api.site import open_site
from evidence_api.work import Site, begin
from tests.conftest import PASSWORD, Persona, make_settings, quick_passwords

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

    hidden = add_things(giver, giver, taker)
    elsewhere = add_things(stranger, stranger, strangers_colleague)
    accounts_near, accounts_far = _accounts(giver), _accounts(stranger)
    things: dict[Role, dict[str, Things]] = {}
    for role, person in people.items():
        within_office = role in (Role.SUPERVISOR, Role.ADMINISTRATOR)
        things[role] = {
            "own": {**_own(person, giver, taker), **_accounts(person)},
            "in": {
                **(hidden if within_office else add_things(giver, giver, taker, person)),
                **accounts_near,
            },
            "out": {**(elsewhere if within_office else hidden), **accounts_far},
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


def _own(person: Persona, giver: Persona, taker: Persona) -> Things:
    """What a person of that role can have of her own."""
    if person.role in (Role.INVESTIGATOR, Role.LAWYER):
        return add_things(person, person, taker, giver)
    if person.role is Role.SUPERVISOR:
        case = add_case(person)
        return {"case": case, "assignment": assign(person, case, giver)}
    if person.role is Role.CASEWORKER:
        case = add_case(giver)
        assign(giver, case, person)
        return {"evidence": add_file(person, case), "upload": begin_upload(person, case)}
    return {}


def add_things(lead: Persona, holder: Persona, receiver: Persona, *others: Persona) -> Things:
    """A case with two items of the holder's, an upload of hers, offers of hers and to her, and what one left open."""
    case = add_case(lead)
    assigned = {person.id: assign(lead, case, person) for person in (receiver, *others)}
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
    }


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
    """Bring cases and hand-overs where no step is legal, so that to try one changes nothing: permitted is 409."""
    with site.engine.begin() as connection:
        connection.execute(sa.update(Case).values(stage=stage))
        connection.execute(sa.update(Transfer).values(state=TransferState.REFUSED))
