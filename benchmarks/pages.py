"""The pages: how heavy each is and when it is seen first on a slow line, and what it costs the server.

The line is simulated in headless Chromium, whose cache is empty each time.
"""

import json
import os
import shutil
import urllib.request
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from statistics import median
from typing import Any
from uuid import UUID

import pyotp
import sqlalchemy as sa
from playwright.sync_api import Browser, sync_playwright

from benchmarks import machine, sending
from benchmarks.machine import Lacking, Office
from benchmarks.measure import Figure, in_turns
from evidence_api import create_app
from evidence_api.domain.roles import OPERATOR, PERSONAL_ROLES, Actor, Role
from evidence_api.services import accounts, cases, custody, handovers, intake, readers
from evidence_api.work import begin

LINE = {
    "offline": False,
    "latency": 300,
    "downloadThroughput": 1_600_000 // 8,
    "uploadThroughput": 768_000 // 8,
}
"""WebPageTest's "3G": 1.6 Mbit/s down, 768 kbit/s up, 300 ms more for each request; here in bytes a second."""

MOST_KB = 50.0
MOST_MS = 1000.0
"""What a first page may take; the measure for the others."""

ROWS = 50
MOVES = 24
PAINT = "performance.getEntriesByType('paint').find(entry => entry.name === 'first-contentful-paint').startTime"

Headers = Mapping[str, str]


@dataclass(frozen=True)
class Visit:
    """A page, and who opens it: the headers that her browser sends."""

    name: str
    path: str
    headers: Headers


LEAST = Visit("least", "/health/live", {})
"""The least that the server answers."""


@dataclass(frozen=True)
class Seen:
    """What opening a page took."""

    requests: int
    kilobytes: float
    paint_ms: float


def pages(folder: Path, quick: bool) -> list[Figure]:
    """The sign-in page, each role's first page, an item, a case and the upload page; 50 of each thing."""
    rounds, count = (2, 5) if quick else (5, 20)
    with machine.office(folder / "pages") as office:
        fill = _Filling(office)
        with machine.serving(office) as port, _chromium() as browser:
            visits = fill.visits(port)
            seen = [[_open(browser, port, visit) for visit in visits] for _ in range(rounds)]
            served = in_turns(
                "ms",
                rounds,
                partial(_served, port, LEAST, count),
                {visit.name: partial(_served, port, visit, count) for visit in visits},
            )
        statements = _statements(office, visits)
    opened = list(zip(visits, zip(*seen, strict=True), strict=True))
    return [
        *(
            _held(
                f"{visit.name}, {found[0].requests} requests, over the wire",
                "kB",
                MOST_KB,
                [one.kilobytes for one in found],
            )
            for visit, found in opened
        ),
        *(
            _held(f"{visit.name}, 3G, first contentful paint", "ms", MOST_MS, [one.paint_ms for one in found])
            for visit, found in opened
        ),
        *(
            replace(figure, name=f"{figure.name}, server, {number} statements, {1000 / figure.service:.0f} pages/s")
            for figure, number in zip(served, statements, strict=True)
        ),
    ]


def _held(name: str, unit: str, limit: float, values: Sequence[float]) -> Figure:
    """Figures of all rounds against a limit that is set."""
    return Figure(name, unit, limit, median(values), tuple(value / limit for value in values))


def _served(port: int, visit: Visit, count: int) -> float:
    """Milliseconds, on one connection, without the simulated line."""
    return median(sending.times(port, visit.headers, visit.path, count))


class _Filling:
    """One person of each role at work on the office's case, and as many rows as a page shows."""

    def __init__(self, office: Office) -> None:
        self._office = office
        self._people = {role: self._person(role) for role in PERSONAL_ROLES}
        hers = self._people[Role.INVESTIGATOR].actor
        with begin(office.site, office.actor) as work:
            for role in (Role.INVESTIGATOR, Role.LAWYER, Role.CASEWORKER):
                cases.assign(work, office.case, user=self._people[role].id, role=role)
        for number in range(ROWS):
            with begin(office.site, hers) as work:
                thing = intake.register(work, office.case, title="Ledger of debts", tag=f"T{number}", place="Shelf")
                readers.name_reader(work, thing.id, user=self._people[Role.CASEWORKER].id)
                if number < 10:
                    handovers.offer(work, thing.id, to=self._people[Role.LAWYER].id, reason="For the charge")
            self._item = thing.id
        for number in range(MOVES):
            with begin(office.site, hers) as work:
                action = "check_in" if number % 2 else "check_out"
                custody.move(work, self._item, action=action, reason="For the hearing")

    def _person(self, role: Role) -> "_Person":
        username, password = f"bench-{role.value}", pyotp.random_base32()
        with begin(self._office.site, OPERATOR) as work:
            added = accounts.add_user(work, username=username, roles=[role], password=password)
            actor = Actor(added.user.id, role, "token", office_id=added.user.office_id)
        return _Person(added.user.id, actor, username, password, pyotp.parse_uri(str(added.otpauth_uri)).secret)

    def visits(self, port: int) -> list[Visit]:
        """Everybody signed in, and where she goes."""
        hers = {role: person.sign_in(port) for role, person in self._people.items()}
        investigator = hers[Role.INVESTIGATOR]
        return [
            Visit("sign-in", "/sign-in", {}),
            *(Visit(f"first page, {role.value}", "/", headers) for role, headers in hers.items()),
            Visit("item with its picture", f"/items/{self._item}", investigator),
            Visit("case", f"/cases/{self._office.case}", investigator),
            Visit("upload", f"/cases/{self._office.case}/upload", investigator),
        ]


@dataclass(frozen=True)
class _Person:
    id: UUID
    actor: Actor
    username: str
    password: str
    secret: str

    def sign_in(self, port: int) -> Headers:
        given = {"username": self.username, "password": self.password, "otp": pyotp.TOTP(self.secret).now()}
        address, headers = f"http://127.0.0.1:{port}/api/v1/session", {"Content-Type": "application/json"}
        asked = urllib.request.Request(address, json.dumps(given).encode(), headers)
        with urllib.request.urlopen(asked) as answer:  # noqa: S310
            return {"Cookie": answer.headers["Set-Cookie"].partition(";")[0]}


@contextmanager
def _chromium() -> Iterator[Browser]:
    program = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    if program is None:
        raise Lacking("Chromium is not installed: sudo apt-get install chromium")
    with sync_playwright() as playwright:
        options = ["--no-sandbox", "--disable-background-networking", "--disable-dev-shm-usage"]
        browser = playwright.chromium.launch(executable_path=program, args=options)
        yield browser
        browser.close()


def _open(browser: Browser, port: int, visit: Visit) -> Seen:
    """Open the page in a profile of its own, over the simulated line, until nothing more is asked for."""
    host, requests, weights = f"http://127.0.0.1:{port}", 0, []

    def asked(event: dict[str, Any]) -> None:
        nonlocal requests
        requests += event["request"]["url"].startswith("http")
        weights.append(event.get("redirectResponse", {}).get("encodedDataLength", 0))

    context = browser.new_context()
    if visit.headers:
        name, value = visit.headers["Cookie"].split("=", 1)
        context.add_cookies([{"name": name, "value": value, "url": host}])
    page = context.new_page()
    line = context.new_cdp_session(page)
    line.on("Network.requestWillBeSent", asked)
    line.on("Network.loadingFinished", lambda event: weights.append(event["encodedDataLength"]))
    line.send("Network.enable")
    line.send("Network.emulateNetworkConditions", LINE)
    answer = page.goto(host + visit.path, wait_until="networkidle")
    if answer is None or answer.status != 200:
        raise RuntimeError(f"{visit.name} does not open.")
    paint = float(page.evaluate(PAINT))
    context.close()
    return Seen(requests, sum(weights) / 1000, paint)


def _statements(office: Office, visits: Sequence[Visit]) -> list[int]:
    """How many statements each page sends to the database, once its session was noted to be in use."""
    client, found = create_app(office.site).test_client(use_cookies=False), Counter[int]()
    with open(os.devnull, "w") as nowhere, redirect_stderr(nowhere):
        for number, visit in enumerate(visits):
            client.get(visit.path, headers=visit.headers)
            note = partial(_count, found, number)
            sa.event.listen(office.site.engine, "before_cursor_execute", note)
            client.get(visit.path, headers=visit.headers)
            sa.event.remove(office.site.engine, "before_cursor_execute", note)
    return [found[number] for number in range(len(visits))]


def _count(found: Counter[int], number: int, *_statement: Any) -> None:
    found[number] += 1
