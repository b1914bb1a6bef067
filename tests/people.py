"""A person with a password, a phone and browsers, for the tests of signing in."""

import time
import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import orjson
import pyotp
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from werkzeug.test import TestResponse

from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.models import LedgerEntry, Tries, User
from evidence_api.services import accounts
from evidence_api.work import Site, begin

PASSWORD = "a walk along the long river"


@dataclass
class Person:
    """An account of her own for each test, so that tries and used codes never meet another test's."""

    app: Flask
    site: Site
    id: uuid.UUID
    username: str
    secret: str
    recovery_codes: list[str]
    password: str = PASSWORD

    def code(self, steps: int = 0) -> str:
        """The code that her phone shows now, or some 30-second steps before or after."""
        return pyotp.TOTP(self.secret).at(int(time.time()) + 30 * steps)

    def fresh(self) -> str:
        """A code that is good although one was used in this half minute: as if time had passed."""
        with self.site.engine.begin() as connection:
            connection.execute(sa.update(User).where(User.id == self.id).values(totp_last_step=0))
        return self.code()

    def sign_in(self, client: FlaskClient | None = None, **changes: Any) -> TestResponse:
        given = {"username": self.username, "password": self.password, "otp": self.code(), **changes}
        return (client or self.app.test_client()).post("/api/v1/session", json=given)

    def browser(self) -> "Browser":
        """A browser in which she is signed in."""
        client = self.app.test_client()
        answer = self.sign_in(client, otp=self.fresh())
        assert answer.status_code == 201, answer.get_json()
        return Browser(client, answer.get_json()["csrf"])

    def token(self, **changes: Any) -> str:
        given = {"username": self.username, "password": self.password, "otp": self.fresh(), "name": "laptop", **changes}
        answer = self.app.test_client().post("/api/v1/tokens", json=given)
        assert answer.status_code == 201, answer.get_json()
        return str(answer.get_json()["token"])

    def entries(self) -> list[dict[str, Any]]:
        """Her own chain, oldest first."""
        find = sa.select(LedgerEntry.body).where(LedgerEntry.subject == f"user:{self.id}").order_by(LedgerEntry.seq)
        with self.site.engine.connect() as connection:
            return [orjson.loads(body) for body in connection.scalars(find)]

    def actions(self) -> list[str]:
        return [entry["action"] for entry in self.entries()]

    def block_ends(self) -> None:
        """The wait after wrong tries is over; their count stays."""
        with self.site.engine.begin() as connection:
            connection.execute(
                sa.update(Tries).where(Tries.key == str(self.id)).values(blocked_until=datetime.now(UTC))
            )


@dataclass
class Browser:
    """A signed-in browser, which sends its session's token."""

    client: FlaskClient
    csrf: str

    def call(self, method: str, path: str, **kwargs: Any) -> TestResponse:
        headers = {"X-CSRF-Token": self.csrf, **kwargs.pop("headers", {})}
        return self.client.open(f"/api/v1{path}", method=method, headers=headers, **kwargs)

    def is_signed_in(self) -> bool:
        return self.call("GET", "/me").status_code == 200


def new_person(app: Flask, site: Site, roles: Sequence[Role] = (Role.INVESTIGATOR,)) -> Person:
    """A person with her authenticator set up."""
    username = f"p{uuid.uuid4().hex[:10]}"
    with begin(site, OPERATOR) as work:
        added = accounts.add_user(work, username=username, roles=roles, password=PASSWORD)
    secret = pyotp.parse_uri(str(added.otpauth_uri)).secret
    return Person(app, site, added.user.id, username, secret, added.recovery_codes)


def new_starter(app: Flask, site: Site) -> Person:
    """A person who has only an initial password yet."""
    username = f"s{uuid.uuid4().hex[:10]}"
    with begin(site, OPERATOR) as work:
        added = accounts.add_user(work, username=username, roles=[Role.INVESTIGATOR])
    return Person(app, site, added.user.id, username, "", [], str(added.password))


def asks_with(app: Flask, token: str, method: str, path: str, **kwargs: Any) -> TestResponse:
    """A request with a token."""
    headers = {"Authorization": f"Bearer {token}", **kwargs.pop("headers", {})}
    return app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **kwargs)
