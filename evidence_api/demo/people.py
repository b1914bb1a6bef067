"""The fictional office's people, each with her authenticator and a token for the API."""

import time
from base64 import b64encode
from dataclasses import dataclass, field
from typing import Any
from uuid import UUID

import pyotp
import requests
import sqlalchemy as sa

from evidence_api.credentials import TOTP_SECONDS
from evidence_api.demo.processes import Stopped
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.models import User
from evidence_api.services import accounts
from evidence_api.work import Site, begin

PASSWORD = "paper lanterns by the river"  # noqa: S105 - shown to everyone who runs the demonstration

NEWCOMER = "veasna"
"""An investigator who has not signed in yet."""

CAST = (
    ("sokha", Role.INVESTIGATOR, "leads the case"),
    ("dara", Role.INVESTIGATOR, "her colleague, not on the case"),
    ("mealea", Role.LAWYER, "on the case"),
    ("bopha", Role.SUPERVISOR, "answers for every case of the office"),
    ("kunthea", Role.CASEWORKER, "on the case; cares for those who are free"),
    ("rith", Role.ADMINISTRATOR, "accounts; sees no case"),
)


@dataclass
class Persona:
    """One of them. `secret` is what her authenticator holds."""

    site: Site
    server: str
    id: UUID
    name: str
    role: Role
    part: str
    secret: str
    token: str = ""
    _http: requests.Session = field(default_factory=requests.Session)

    def __post_init__(self) -> None:
        # Neither a proxy nor a netrc file of the machine may come between.
        self._http.trust_env = False

    def code(self) -> tuple[str, float]:
        """The first code that she has not used yet, and in how many seconds it will be good: mostly 0.

        A code is good once, and up to one step before its time, so this is the next one after a code that was used.
        """
        with begin(self.site, OPERATOR, read_only=True) as work:
            used = work.session.scalars(sa.select(User.totp_last_step).where(User.id == self.id)).one()
        now = time.time()
        step = max(int(now) // TOTP_SECONDS, used + 1)
        return pyotp.TOTP(self.secret).generate_otp(step), max(0.0, (step - 1) * TOTP_SECONDS - now)

    def fresh_code(self) -> str:
        """As `code`, once it is good."""
        code, wait = self.code()
        time.sleep(wait)
        return code

    def sign_in(self, device: str) -> str:
        """Make a token with password and code; the code that was used."""
        code = self.fresh_code()
        given = {"username": self.name, "password": PASSWORD, "otp": code, "name": device, "scope": "all"}
        self.token = self.post("/tokens", json=given)["token"]
        return code

    def post(self, path: str, **options: Any) -> dict[str, Any]:
        """A POST to the API that must succeed. Raises Stopped."""
        return self._call("POST", path, **options)

    def get(self, path: str, **options: Any) -> dict[str, Any]:
        """A GET from the API that must succeed. Raises Stopped."""
        return self._call("GET", path, **options)

    def put(self, path: str, **options: Any) -> dict[str, Any]:
        """A PUT to the API that must succeed. Raises Stopped."""
        return self._call("PUT", path, **options)

    def asks(self, path: str, method: str = "GET", **options: Any) -> int:
        """The status that a request is answered with."""
        return self._send(method, path, **options).status_code

    def _call(self, method: str, path: str, **options: Any) -> dict[str, Any]:
        answer = self._send(method, path, **options)
        if not answer.ok:
            raise Stopped(f"The server answered {answer.status_code} to {method} {path}: {answer.text[:500]}")
        found: dict[str, Any] = answer.json() if answer.content else {}
        return found

    def upload(self, content: bytes, size: int, **stated: str) -> str:
        """Begin an upload of `size` bytes by tus and send the first of them; its id. Raises Stopped."""
        words = ",".join(f"{name} {b64encode(said.encode()).decode()}" for name, said in stated.items())
        tus = {"Tus-Resumable": "1.0.0"}
        begun = self._send("POST", "/uploads", headers={**tus, "Upload-Length": str(size), "Upload-Metadata": words})
        upload = begun.headers.get("Location", "").rpartition("/")[2]
        sent = {**tus, "Upload-Offset": "0", "Content-Type": "application/offset+octet-stream"}
        self._call("PATCH", f"/uploads/{upload}", data=content, headers=sent)
        return upload

    def _send(self, method: str, path: str, **options: Any) -> requests.Response:
        headers = {"Authorization": f"Bearer {self.token}"} if self.token else {}
        headers |= options.pop("headers", {})
        try:
            return self._http.request(
                method, f"{self.server}/api/v1{path}", headers=headers, timeout=60, allow_redirects=False, **options
            )
        except requests.RequestException as error:
            raise Stopped("The server does not answer any more.") from error

    def close(self) -> None:
        self._http.close()


def hire_newcomer(site: Site) -> str:
    """Make the account of the one who has not signed in yet; her initial password."""
    with begin(site, OPERATOR) as work:
        return accounts.add_user(work, username=NEWCOMER, roles=[Role.INVESTIGATOR]).password or ""


def hire(site: Site, server: str) -> list[Persona]:
    """Make everyone's account."""
    people = []
    for name, role, part in CAST:
        with begin(site, OPERATOR) as work:
            added = accounts.add_user(work, username=name, roles=[role], password=PASSWORD)
        secret = pyotp.parse_uri(added.otpauth_uri or "").secret
        people.append(Persona(site, server, added.user.id, name, role, part, secret))
    return people
