"""Pages stay light, and cost the database the same however much is on them."""

import re
from base64 import b64encode
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urljoin
from uuid import UUID

import pytest
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient

from evidence_api import create_app
from evidence_api.domain.charge import ChargeState
from evidence_api.domain.closure import ClosureState
from evidence_api.domain.roles import PERSONAL_ROLES, Role
from evidence_api.domain.testimony import BookingState, PlanState
from evidence_api.models import Booking, Charge, ClosureOrder, PostCourtPlan
from evidence_api.work import Site
from tests.casework import (
    new_charge,
    new_episode,
    new_hearing,
    new_operation,
    new_perpetrator,
    new_testimony,
    new_venue,
    new_victim,
    sitting,
)
from tests.conftest import Persona, new_persona
from tests.golden.office import TUS, installation
from tests.pages import browser

pytestmark = pytest.mark.usefixtures("quick_sign_in")

FEW, MANY = 5, 20
HEAVIEST = 50_000
"""Bytes of a first page with all that it links."""

COSTS = (
    "the first page of an investigator",
    "the first page of a lawyer",
    "the first page of a caseworker",
    "the first page of a supervisor",
    "the cases",
    "the case",
    "its items",
    "its timeline",
    "her items",
    "the item",
    "its entries",
    "the people",
    "the uploads of the case",
    "its victims",
    "its perpetrators",
    "its venues",
    "its operations",
    "its requests",
    "its searches",
    "its chart",
    "a victim",
    "her episodes",
    "her care",
    "her placements",
    "a venue",
    "all searches",
    "the alerts",
    "what care is due",
    "the partners",
    "the requests, for a program",
    "the operations, for a program",
    "her referrals, for a program",
    "its charges",
    "its hearings",
    "its testimonies",
    "the calendar",
    "the docket",
    "what conflicts",
    "the orders",
)
PARTS = {
    Role.INVESTIGATOR: {"closures-due"},
    Role.LAWYER: {"next-days", "conflicts", "deadlines", "closures-due", "unready", "warrants"},
    Role.SUPERVISOR: {"proposals", "closures-due", "unagreed", "warrants"},
    Role.CASEWORKER: {"unagreed"},
}
"""What of a trial is on whose first page."""


@pytest.fixture(scope="module")
def office(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator["Office"]:
    with installation(tmp_path_factory.mktemp("weight"), request) as site:
        yield Office(site, create_app(site))


class Office:
    """One person of each role, and a case that rows are added to."""

    def __init__(self, site: Site, app: Flask) -> None:
        self.site, self.app = site, app
        self.people: dict[Role, Persona] = {role: new_persona(site, app, role) for role in PERSONAL_ROLES}
        self.browsers: dict[Role, FlaskClient] = {role: browser(person) for role, person in self.people.items()}
        self.case = self._made("/cases", title="Riverside", kind="sex_trafficking", country="KH")["id"]
        for role in (Role.LAWYER, Role.CASEWORKER):
            self._made(f"/cases/{self.case}/assignments", user=str(self.people[role].id), role=role.value)
        self.rows = 0
        self.item = self._thing("moved")
        self.victim = new_victim(self.people[Role.CASEWORKER], self.case)["id"]
        self.venue = new_venue(self.people[Role.INVESTIGATOR], self.case)["id"]

    def _made(self, path: str, role: Role = Role.INVESTIGATOR, /, **json: Any) -> dict[str, Any]:
        answer = self.people[role].post(path, json)
        assert answer.status_code < 300, answer.get_json()
        found: dict[str, Any] = answer.get_json()
        return found

    def _thing(self, tag: str) -> str:
        return str(self._made(f"/cases/{self.case}/items", title="Ledger of debts", tag=tag, place="Shelf")["id"])

    def grow(self, rows: int) -> None:
        """Until there are so many of everything that a page lists."""
        for number in range(self.rows, rows):
            item = self._thing(f"T{number}")
            self._made(f"/evidence/{item}/readers", user=str(self.people[Role.CASEWORKER].id))
            self._made(f"/evidence/{item}/transfers", to=str(self.people[Role.LAWYER].id), reason="For the charge.")
            action = "check_in" if number % 2 else "check_out"
            self._made(f"/evidence/{self.item}/moves", action=action, reason="To be photographed.")
            self._made("/cases", title="Quayside", kind="forced_labour", country="KH")
            new_persona(self.site, self.app, Role.INVESTIGATOR)
            stated = f"case {_base64(self.case)},title {_base64('Film')},filename {_base64('film.mp4')}"
            headers = {**TUS, "Upload-Length": "1000", "Upload-Metadata": stated}
            begun = self.people[Role.INVESTIGATOR].call("POST", "/uploads", headers=headers)
            assert begun.status_code == 201, begun.get_json()
            self._meet(number)
            self._try(number)
        self.rows = rows

    def _try(self, number: int) -> None:
        """One more of all that is before the courts: a witness who is booked and not ready, a plan for after court, a
        house that is closed for a time; what is charged stands in turn as what the first pages ask after."""
        lawyer, today = self.people[Role.LAWYER], datetime.now(UTC).date()
        charge = new_charge(lawyer, self.case)
        hearing = new_hearing(lawyer, self.case, days=3, charges=[charge["id"]])
        victim = new_victim(self.people[Role.CASEWORKER], self.case)["id"]
        testimony = new_testimony(lawyer, self.case, victim)
        order = self._made(f"/venues/{self.venue}/closure-orders", Role.LAWYER, permanent=False)
        soon = today + timedelta(days=3)
        state = (ChargeState.PROPOSED, ChargeState.WARRANT_OUTSTANDING, ChargeState.CONVICTED)[number % 3]
        court, granted = {"state": state, "appeal_until": soon}, ClosureState.GRANTED_TEMPORARY
        of_testimony = {"testimony_id": UUID(testimony["id"]), "case_id": UUID(self.case)}
        times = {name: datetime.fromisoformat(hearing[name]) for name in ("starts_at", "ends_at")}
        now = datetime.now(UTC)
        with self.site.engine.begin() as connection:
            connection.execute(sa.update(Charge).where(Charge.id == UUID(charge["id"])).values(**court))
            of_order = sa.update(ClosureOrder).where(ClosureOrder.id == UUID(order["id"]))
            connection.execute(of_order.values(state=granted, granted_on=today, expires_on=soon, inspect_by=soon))
            booked = {"hearing_id": UUID(hearing["id"]), "state": BookingState.PROVISIONAL, "created_at": now, **times}
            connection.execute(sa.insert(Booking).values(**of_testimony, **booked))
            plan = {"victim_id": UUID(victim), "state": PlanState.OPEN, "opened_at": now}
            connection.execute(sa.insert(PostCourtPlan).values(**of_testimony, **plan))

    def _meet(self, number: int) -> None:
        """One more of everybody and every place that the case is about, tied to the others."""
        lead, caseworker = self.people[Role.INVESTIGATOR], self.people[Role.CASEWORKER]
        day, care = (datetime.now(UTC).date() - timedelta(days=60 - number)).isoformat(), Role.CASEWORKER
        victim, venue = new_victim(caseworker, self.case)["id"], new_venue(lead, self.case)["id"]
        perpetrator, hers = new_perpetrator(lead, self.case)["id"], f"/victims/{self.victim}"
        # The second episode after one that ended is an alert.
        new_episode(caseworker, victim, venue)
        new_episode(caseworker, victim, venue)
        new_episode(caseworker, self.victim, venue)
        new_operation(lead, self.case, venue=venue)
        self._made(f"/perpetrators/{perpetrator}/victims", victim=victim, relation="sold")
        self._made(f"/venues/{self.venue}/ties", perpetrator=perpetrator, kind="owner")
        self._made(f"/venues/{self.venue}/observations", observed_on=day, seen="open")
        self._made(f"/evidence/{self.item}/links", target_kind="victim", target=victim, relation="mentions")
        self._made("/searches", case=self.case, description="A scar on her left hand")
        self._made(f"/cases/{self.case}/requests", authority="Police", asks="A warrant", sent_on=day)
        shelter = {"name": f"Harbour {number}", "country": "KH", "region": "Phnom Penh", "offers": ["shelter"]}
        partner = self._made("/partners", care, **shelter)["id"]
        due = {"kind": "service", "what": "counselling", "partner": partner, "due_at": f"{day}T08:00:00Z"}
        self._made(f"{hers}/steps", care, **due)
        self._made(f"{hers}/referrals", care, service="shelter", partner=partner)
        self._made(f"{hers}/placements", care, kind="shelter", from_on=day, partner=partner)
        self._made(f"{hers}/consents", care, purpose="care", scope="Shelter")
        self._made(f"{hers}/keep-apart", care, barrier="do_not_contact", perpetrator=perpetrator)

    def costs(self) -> dict[str, int]:
        """Statements that each page takes now."""
        hers, people = self.browsers[Role.INVESTIGATOR], self.browsers[Role.ADMINISTRATOR]
        first = {f"the first page of a{'n' if role is Role.INVESTIGATOR else ''} {role.value}": role for role in Role}
        pages = {name: (self.browsers[role], "/") for name, role in first.items() if name in COSTS} | {
            "the cases": (hers, "/cases"),
            "the case": (hers, f"/cases/{self.case}"),
            "its items": (hers, f"/cases/{self.case}/items"),
            "its timeline": (hers, f"/cases/{self.case}/timeline"),
            "her items": (hers, "/items"),
            "the item": (hers, f"/items/{self.item}"),
            "its entries": (hers, f"/items/{self.item}/entries"),
            "the people": (people, "/people"),
            "the uploads of the case": (hers, f"/cases/{self.case}/upload"),
            "the requests, for a program": (hers, "/api/v1/requests"),
            "the operations, for a program": (hers, "/api/v1/operations"),
        }
        lists: tuple[str, ...] = ("victims", "perpetrators", "venues", "operations", "requests", "searches", "chart")
        lists += ("charges", "hearings", "testimonies")
        pages |= {f"its {name}": (hers, f"/cases/{self.case}/{name}") for name in lists}
        cares, victim = self.browsers[Role.CASEWORKER], f"/victims/{self.victim}"
        pages |= {
            "a victim": (cares, victim),
            "her episodes": (cares, f"{victim}/episodes"),
            "her care": (cares, f"{victim}/care"),
            "her placements": (cares, f"{victim}/placements"),
            "her referrals, for a program": (cares, f"/api/v1{victim}/referrals"),
            "a venue": (hers, f"/venues/{self.venue}"),
            "all searches": (cares, "/searches"),
            "the alerts": (cares, "/alerts"),
            "what care is due": (cares, "/care"),
            "the partners": (cares, "/partners"),
            "the calendar": (self.browsers[Role.LAWYER], "/calendar?view=agenda"),
            "the docket": (self.browsers[Role.LAWYER], f"/dockets?on={sitting(3).date()}"),
            "what conflicts": (self.browsers[Role.LAWYER], "/testimonies/conflicts"),
            "the orders": (self.browsers[Role.LAWYER], "/closure-orders"),
        }
        return {name: self._statements(*page) for name, page in pages.items()}

    def _statements(self, client: FlaskClient, path: str) -> int:
        # The first one may note that the session is in use.
        assert client.get(path).status_code == 200, path
        with counted(self.site.engine) as statements:
            client.get(path)
        return len(statements)


def _base64(text: str) -> str:
    return b64encode(text.encode()).decode()


@contextmanager
def counted(engine: sa.Engine) -> Iterator[list[str]]:
    """The statements that go to the database meanwhile."""
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_rest: Any) -> None:
        statements.append(statement)

    sa.event.listen(engine, "before_cursor_execute", note)
    try:
        yield statements
    finally:
        sa.event.remove(engine, "before_cursor_execute", note)


@pytest.fixture(scope="module")
def costs(office: Office) -> dict[str, tuple[int, int]]:
    """Statements for few rows and for many."""
    office.grow(FEW)
    few = office.costs()
    office.grow(MANY)
    return {name: (few[name], many) for name, many in office.costs().items()}


@pytest.mark.parametrize("name", COSTS)
def test_more_rows_take_no_more_statements(costs: dict[str, tuple[int, int]], name: str) -> None:
    few, many = costs[name]
    assert many <= few, f"{few} statements for {FEW} rows, {many} for {MANY}"


@pytest.mark.usefixtures("costs")
@pytest.mark.parametrize("role", [None, *PERSONAL_ROLES])
def test_a_first_page_is_light(office: Office, role: Role | None) -> None:
    client = office.app.test_client() if role is None else office.browsers[role]
    html = client.get("/", follow_redirects=True).get_data(as_text=True)
    assert "<h1" in html
    assert not [part for part in PARTS.get(role or Role.ADMINISTRATOR, ()) if f'<h2 id="{part}"' not in html]
    weight = len(html.encode()) + sum(packed(client, address) for address in linked(client, html))
    assert weight <= HEAVIEST, weight


def linked(client: FlaskClient, html: str) -> set[str]:
    """The styles and scripts that a page loads, with what these load in turn."""
    found: set[str] = set()
    further = set(re.findall(r'(?:<script[^>]* src|<link rel="stylesheet" href)="([^"]+)"', html))
    assert further
    while further - found:
        address = (further - found).pop()
        found.add(address)
        if address.endswith("js"):
            script = client.get(address).get_data(as_text=True)
            further |= {urljoin(address, name) for name in re.findall(r'\b(?:from|import) ?"(\.{1,2}/[^"]+)"', script)}
    return found


def packed(client: FlaskClient, address: str) -> int:
    """Bytes of a static file as it goes over the line."""
    answer = client.get(address, headers={"Accept-Encoding": "gzip"})
    assert answer.status_code == 200, address
    return len(answer.data)
