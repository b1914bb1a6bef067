"""The office that every test works in: one installation on the backend under test, and its people.

`UNBROKEN_TEST_BACKEND` is `embedded` (SQLite and a directory) or `servers` (PostgreSQL and a real S3 store).
"""

import io
import os
import signal
import subprocess
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pyotp
import pytest
import sqlalchemy as sa
from argon2 import PasswordHasher
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from evidence_api import create_app, credentials
from evidence_api.config import Settings
from evidence_api.db import Base
from evidence_api.domain.roles import OPERATOR, Actor, Role, Scope
from evidence_api.models import Token, Tries, User
from evidence_api.services import accounts
from evidence_api.setup import initialise, make_keys, migrate
from evidence_api.site import open_site
from evidence_api.work import Site, begin

pytest_plugins = ["tests.servers"]

# A shell's background job ignores Ctrl-C, and so would the programs that the tests start and stop by it.
if signal.getsignal(signal.SIGINT) is signal.SIG_IGN:
    signal.signal(signal.SIGINT, signal.default_int_handler)

BACKEND = os.environ.get("UNBROKEN_TEST_BACKEND", "embedded")
PASSWORD = "correct horse battery staple"


@pytest.fixture(scope="session")
def site(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Site]:
    """An installation of this worker's own, with real migrations."""
    settings = make_settings(tmp_path_factory.mktemp("office"), request)
    migrate(settings)
    make_keys(settings)
    initialise(settings, origin="tests.example.org/ledger", office="PP", name="Phnom Penh")
    site = open_site(settings, probe=True)
    commit_quickly(site)
    yield site
    site.engine.dispose()


def commit_quickly(site: Site) -> None:
    """No test pulls the plug: thousands of commits need not wait for the disk. A server that is killed sets its own."""
    if site.engine.dialect.name == "sqlite":

        @sa.event.listens_for(site.engine, "connect")
        def on_connect(connection: Any, _record: Any) -> None:
            connection.execute("PRAGMA synchronous=OFF")

        site.engine.dispose()


def database_bytes(site: Site) -> bytes:
    """All that SQLite has written of an installation, its log of the last changes too.

    Read by another process: one that closes a database file of its own drops the locks of SQLite in it (POSIX), and
    the next program to close the database throws away the log that this one still writes.
    """
    path = str(site.engine.url.database)
    return subprocess.run(["cat", path, f"{path}-wal"], check=True, capture_output=True).stdout


def make_settings(data: Path, request: pytest.FixtureRequest) -> Settings:
    """Settings for a fresh installation on the backend under test."""
    if BACKEND == "embedded":
        return Settings(data=data)
    server = request.getfixturevalue("s3_server")
    url = sa.make_url(request.getfixturevalue("postgres_url"))
    name = f"t{uuid.uuid4().hex}"
    with psycopg.connect(url.render_as_string(hide_password=False), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name}")
    return Settings(
        data=data,
        database_url=url.set(database=name).render_as_string(hide_password=False),
        s3_endpoint=server.endpoint,
        s3_access_key=server.access_key,
        s3_secret_key=server.secret_key,
        s3_region=server.region,
        s3_secure=False,
        s3_bucket=f"unbroken-{uuid.uuid4().hex[:12]}",
        s3_retention_days=1,
    )


@pytest.fixture(scope="session")
def app(site: Site) -> Flask:
    app = create_app(site)
    app.testing = True
    return app


@contextmanager
def quick_passwords() -> Iterator[None]:
    """The strength of passwords is tested with signing in; elsewhere it would only take time, hundreds of times."""
    with pytest.MonkeyPatch.context() as patch:
        weak = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1)
        patch.setattr(credentials, "_hasher", weak)
        patch.setattr(credentials, "_NOBODY", weak.hash("nobody"))
        yield


@pytest.fixture(scope="module")
def quick_sign_in() -> Iterator[None]:
    """For modules in which people sign in to do something else."""
    with quick_passwords():
        yield


# pytest-flask pushes one request context for a whole test: flask-login then shows one client's user to another.
@pytest.fixture(autouse=True)
def _push_request_context() -> None:
    return None


@pytest.fixture
def client(app: Flask) -> FlaskClient:
    """A browser or program that nobody has signed in with."""
    return app.test_client()


@dataclass
class Persona:
    """A person of the office, acting in one role with a token of her own, and with her authenticator at hand."""

    site: Site
    app: Flask
    id: uuid.UUID
    username: str
    role: Role
    token: str
    secret: str

    def actor(self, **changes: Any) -> Actor:
        with begin(self.site, OPERATOR, read_only=True) as work:
            user = work.session.get_one(User, self.id)
        return Actor(self.id, self.role, "token", office_id=user.office_id, **changes)

    def otp(self) -> str:
        """A fresh code. Codes are good once, so the replay guard is set back as if time had passed."""
        with self.site.engine.begin() as connection:
            connection.execute(sa.update(User).where(User.id == self.id).values(totp_last_step=0))
            tokens = connection.scalars(sa.select(Token.id).where(Token.user_id == self.id))
            connection.execute(sa.delete(Tries).where(Tries.key.in_([str(self.id), *map(str, tokens)])))
        return pyotp.TOTP(self.secret).now()

    def call(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        headers = {"Authorization": f"Bearer {self.token}", **kwargs.pop("headers", {})}
        path = path if path.startswith("/api/") else f"/api/v1{path}"
        return self.app.test_client().open(path, method=method, headers=headers, **kwargs)

    def get(self, path: str, **kwargs: Any) -> TestResponse:
        return self.call("GET", path, **kwargs)

    def post(self, path: str, json: dict[str, Any] | None = None, **kwargs: Any) -> TestResponse:
        return self.call("POST", path, json=json, **kwargs) if json is not None else self.call("POST", path, **kwargs)


def new_persona(site: Site, app: Flask, role: Role, scope: Scope = Scope.ALL) -> Persona:
    """Make a person of the office in a role, with a token of that scope."""
    username = f"{role.value}-{uuid.uuid4().hex[:8]}"
    with begin(site, OPERATOR) as work:
        added = accounts.add_user(work, username=username, roles=[role], password=PASSWORD)
        token = accounts.add_token(work, added.user.id, role=role, scope=scope, days=30, name="tests")
    secret = str(pyotp.parse_uri(str(added.otpauth_uri)).secret)
    return Persona(site, app, added.user.id, username, role, token.secret, secret)


@pytest.fixture(scope="session")
def make_persona(site: Site, app: Flask) -> Callable[..., Persona]:
    """Make a person of the office in a role, with a token."""

    def make(role: Role, scope: Scope = Scope.ALL) -> Persona:
        return new_persona(site, app, role, scope)

    return make


def _persona(role: Role) -> Any:
    @pytest.fixture(scope="session")
    def persona(make_persona: Callable[..., Persona]) -> Persona:
        return make_persona(role)

    return persona


investigator = _persona(Role.INVESTIGATOR)
colleague = _persona(Role.INVESTIGATOR)
lawyer = _persona(Role.LAWYER)
supervisor = _persona(Role.SUPERVISOR)
caseworker = _persona(Role.CASEWORKER)
administrator = _persona(Role.ADMINISTRATOR)


@pytest.fixture
def case(investigator: Persona, lawyer: Persona) -> dict[str, Any]:
    """A case that the investigator leads and the lawyer is assigned to; the colleague is outside of it."""
    body = {"title": "Riverside", "kind": "sex_trafficking", "country": "KH"}
    opened: dict[str, Any] = investigator.post("/cases", body).get_json()
    assigned = investigator.post(f"/cases/{opened['id']}/assignments", {"user": str(lawyer.id), "role": "lawyer"})
    assert assigned.status_code == 201, assigned.get_json()
    return opened


@pytest.fixture
def shared_case(case: dict[str, Any], investigator: Persona, caseworker: Persona) -> dict[str, Any]:
    """The case, with the caseworker assigned to it too."""
    assigned = investigator.post(f"/cases/{case['id']}/assignments", {"user": str(caseworker.id), "role": "caseworker"})
    assert assigned.status_code == 201, assigned.get_json()
    return case


@pytest.fixture
def item(investigator: Persona, case: dict[str, Any]) -> dict[str, Any]:
    """A file in the case, held by the investigator."""
    return upload(investigator, case["id"])


def upload(persona: Persona, case: str, content: bytes | None = None, **fields: str) -> dict[str, Any]:
    """Upload one small file in one go; the item as answered."""
    content = os.urandom(2000) if content is None else content
    data = {"title": "Footage of the front door", "file": (io.BytesIO(content), "front door.bin"), **fields}
    response = persona.post(f"/cases/{case}/evidence", data=data, content_type="multipart/form-data")
    assert response.status_code == 201, response.get_json()
    found: dict[str, Any] = response.get_json()
    return found


def days_ago(days: float) -> datetime:
    return datetime.now(UTC) - timedelta(days=days)


__all__ = ["BACKEND", "Base", "Persona", "upload"]
