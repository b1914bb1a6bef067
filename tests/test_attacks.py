"""The pages attacked: by another website, by a stranger, by a colleague outside the case, by who sends a hostile file.

Routes and fields are taken from the application itself, so that a new one is attacked too.
"""

import io
import re
import uuid
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from html.parser import HTMLParser
from itertools import cycle
from pathlib import Path
from typing import Any

import pytest
import segno
import sqlalchemy as sa
from flask import Flask
from flask.testing import FlaskClient
from marshmallow import Schema, fields
from PIL import Image
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from evidence_api import create_app
from evidence_api.api import APIS
from evidence_api.config import BadSettings, load
from evidence_api.db import Base
from evidence_api.domain.case import Stage
from evidence_api.domain.operation import Danger
from evidence_api.domain.roles import PERSONAL_ROLES, Role
from evidence_api.domain.table import TableKind
from evidence_api.domain.testimony import NeedCode, TestimonyState
from evidence_api.models import SessionPresence
from evidence_api.work import Site
from schemas.common import Text
from tests.casework import (
    made,
    move,
    new_charge,
    new_episode,
    new_perpetrator,
    new_testimony,
    new_venue,
    new_victim,
    sitting,
)
from tests.conftest import BACKEND, PASSWORD, Persona, upload
from tests.golden.office import Aides, Offices, add_feed, add_plan, bring, offices, settle
from tests.pages import browser
from tests.test_permissions import ALIKE, API, CALLS, TARGETS, Call, path_of
from tests.test_web import csrf
from web.pages import MAX_FORM_BYTES
from web.static import FOLDER

__all__ = ["offices"]

HTML = {"Accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
UNSAFE = {"POST", "PUT", "PATCH", "DELETE"}
BYTES = {"pages.item_content", "pages.download_item", "pages.chain", "static", "pages.calendar_feed"}
BYTES |= {"pages.figures_table", "pages.figures_paper", "pages.exhibits_csv", "pages.exhibits_pdf"}
BYTES |= {f"pages.export_{kind.value}" for kind in TableKind}
"""What gives out bytes and no page."""

WHOLE = BACKEND == "embedded"
"""What is escaped, parsed or forged is the same with either database: with the second one, a part is tried."""

Snapshot = dict[str, list[str]]


@pytest.fixture(scope="module")
def browsers(offices: Offices) -> dict[Role, FlaskClient]:
    """Everybody's browser, signed in. A defect is answered as it is in service."""
    offices.app.testing = False
    return {role: browser(person) for role, person in offices.people.items()}


def snapshot(site: Site) -> Snapshot:
    """All that is stored, but for when somebody was last seen."""
    with site.engine.connect() as connection:
        return {
            table.name: sorted(map(repr, connection.execute(sa.select(table))))
            for table in Base.metadata.sorted_tables
            if table is not SessionPresence.__table__
        }


def changed(before: Snapshot, after: Snapshot) -> dict[str, list[str]]:
    """What stands in one and not in the other, by table."""
    found = {name: sorted(set(before[name]) ^ set(after[name])) for name in before}
    return {name: rows for name, rows in found.items() if rows}


def pages_of(app: Flask, method: str) -> list[Rule]:
    """The rules of the pages that answer to a method."""
    return [r for r in app.url_map.iter_rules() if r.endpoint.startswith("pages.") and method in (r.methods or ())]


def paths(rule: Rule, things: Mapping[str, str]) -> Iterator[str]:
    """The rule's path to each of these things; a rule whose things these do not have is left out."""
    for call in CALLS.get(f"POST {rule.rule}", (Call(),)):
        path = path_of(rule, call, dict(things))
        if path is not None:
            yield path


# --- another website --------------------------------------------------------------------------------------------------


def token_of(client: FlaskClient) -> str:
    return str(client.get(f"{API}/me").get_json()["csrf"])


FORGED = ["made up", "another session's", "none", "empty", "in the address", "in a header"]


@pytest.mark.parametrize("forged", FORGED if WHOLE else FORGED[:1])
def test_a_form_from_another_site_changes_nothing(
    offices: Offices, browsers: dict[Role, FlaskClient], forged: str
) -> None:
    foreign = token_of(browsers[Role.LAWYER])
    fields = {
        "none": {},
        "empty": {"csrf_token": ""},
        "made up": {"csrf_token": "made-up"},
        "another session's": {"csrf_token": foreign},
        "in the address": {},
        "in a header": {},
    }[forged]
    before = snapshot(offices.site)
    for role in (Role.INVESTIGATOR, Role.ADMINISTRATOR):
        client, things = browsers[role], offices.things[role]["own"] | offices.things[role]["in"]
        own = token_of(client)
        for rule in pages_of(offices.app, "POST")[:: 1 if forged == FORGED[0] else 5]:
            if rule.endpoint == "pages.quick_exit":
                continue  # It locks the session whoever asks: tests/test_lock.py.
            for path in paths(rule, things):
                address = f"{path}?csrf_token={own}" if forged == "in the address" else path
                headers = {"X-CSRF-Token": own} if forged == "in a header" else {}
                data = {"reason": "Because", "q": "Riverside", "action": "check_out", "role": "lawyer", **fields}
                answer = client.post(address, data=data, headers={**HTML, **headers})
                assert answer.status_code == 403, (path, answer.status_code)
    assert not changed(before, snapshot(offices.site))


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x"])
def test_a_simple_request_of_another_site_does_nothing_through_the_api(
    offices: Offices, browsers: dict[Role, FlaskClient], kind: str
) -> None:
    client, things = browsers[Role.INVESTIGATOR], offices.things[Role.INVESTIGATOR]["own"]
    before = snapshot(offices.site)
    body = b'{"reason":"Because","username":"a","password":"b","otp":"123456","name":"c"}'
    for rule in offices.app.url_map.iter_rules():
        if not rule.rule.startswith(API):
            continue
        for method in UNSAFE & set(rule.methods or ()):
            path = path_of(rule, Call(), things)
            if path is not None:
                answer = client.open(path, method=method, data=body, content_type=kind)
                assert answer.status_code in (400, 403, 415, 422), (method, path, answer.status_code)
    assert not changed(before, snapshot(offices.site))


# --- what is sent badly -----------------------------------------------------------------------------------------------

HUGE = "9" * 5000


def fields_of(schema: Schema, within: str = "") -> Iterator[tuple[str, fields.Field[Any]]]:
    """The fields of a body as forms name them, a dot before each that stands within another."""
    for name, kind in schema.fields.items():
        yield within + name, kind
        if isinstance(kind, fields.Nested):
            yield from fields_of(kind.schema, f"{within}{name}.")


FIELDS = [field for api in APIS for route in api.routes if route.body for field in fields_of(route.body())]
NAMES = sorted(
    {name for name, _ in FIELDS} | {"q", "next", "repeated", "unlock_code", "encoding", "version", "instead"}
)
"""What any form may ask for."""
ENDLESS = dict.fromkeys((name for name, kind in FIELDS if isinstance(kind, fields.Number)), HUGE[:1000])
ENDLESS |= {"version": HUGE, "longitude": "1e999", "limit": HUGE, "cursor": HUGE}
EARLY = {name: "0001-01-01T00:00" for name, kind in FIELDS if isinstance(kind, fields.DateTime)}
EARLY |= {name: "9999-12-31" for name, kind in FIELDS if isinstance(kind, fields.Date)}
EARLY |= {"due_at": "9999-12-31T23:59:59", "ends_at": "9999-12-31T23:59:59", "captured_at": "0001-01-01T00:00+14:00"}


def _form(token: str, **fields: str) -> dict[str, Any]:
    return {"data": {"csrf_token": token, **fields}}


def _raw(body: bytes, kind: str = "application/x-www-form-urlencoded") -> dict[str, Any]:
    return {"data": body, "content_type": kind}


MALFORMED: Mapping[str, Callable[[str], dict[str, Any]]] = {
    "nothing": lambda token: _form(token),
    "null bytes": lambda token: _form(token, **dict.fromkeys(NAMES, "a\x00b")),
    "lone surrogates": lambda token: _raw(
        f"csrf_token={token}".encode() + b"".join(f"&{n}=%ED%A0%80".encode() for n in NAMES)
    ),
    "invalid UTF-8": lambda token: _raw(
        f"csrf_token={token}".encode() + b"".join(f"&{n}=%ff%fe%c0%80\xff".encode("latin-1") for n in NAMES)
    ),
    "huge numbers": lambda token: _form(token, **ENDLESS),
    "moments at the end of time": lambda token: _form(token, **EARLY, reason="x", place="x", to="x"),
    "repeated fields": lambda token: _raw(
        f"csrf_token={token}".encode() + b"".join(f"&{n}=a&{n}=b".encode() for n in NAMES)
    ),
    "long words": lambda token: _form(token, **dict.fromkeys(NAMES, "w" * (MAX_FORM_BYTES // len(NAMES) - 40))),
    "too many fields": lambda token: _raw(f"csrf_token={token}".encode() + b"&a=1" * 60000),
    "too many parts": lambda token: _raw(
        b'--x\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n' * 2000 + b"--x--\r\n",
        "multipart/form-data; boundary=x",
    ),
    "too much": lambda token: _raw(f"csrf_token={token}&reason=".encode() + b"a" * (1 << 19)),
    "JSON": lambda token: _raw(b'{"csrf_token":"' + token.encode() + b'"}', "application/json"),
    "no boundary": lambda token: _raw(b"--x", "multipart/form-data"),
    "half a body": lambda token: _raw(
        b'--x\r\nContent-Disposition: form-data; name="a', "multipart/form-data; boundary=x"
    ),
    "a file for a field": lambda token: {
        "data": {"csrf_token": token, **{n: (io.BytesIO(b"x"), "x.bin") for n in NAMES}},
        "content_type": "multipart/form-data",
    },
}  # fmt: skip

ENDS = {"pages.leave", "pages.leave_everywhere", "pages.quick_exit", "pages.switch", "pages.end_session"}
"""What would end the session in which the rest is tried."""


WHOEVER = (Role.CASEWORKER, Role.INVESTIGATOR, Role.SUPERVISOR, Role.LAWYER, Role.ADMINISTRATOR)


@dataclass(frozen=True)
class Looks:
    """Every page was looked at by one who gets it: all that was stored before, and by rule who it was and the path."""

    before: Snapshot
    open_to: dict[str, tuple[Role, str]]


@pytest.fixture(scope="module")
def looked(offices: Offices, browsers: dict[Role, FlaskClient]) -> Looks:
    """Where nobody gets a page, or there is nothing to look at, an investigator and her own things."""
    before, found = snapshot(offices.site), {}
    things = {role: offices.things[role]["in"] | offices.things[role]["own"] for role in WHOEVER}
    for rule in pages_of(offices.app, "GET"):
        for role in WHOEVER:
            for path in paths(rule, things[role]):
                if rule.rule not in found:
                    answer = browsers[role].get(path, headers=HTML)
                    assert answer.status_code < 500, path
                    if answer.status_code == 200:
                        found[rule.rule] = role, path
    for rule in pages_of(offices.app, "GET") + pages_of(offices.app, "POST"):
        for path in paths(rule, things[Role.INVESTIGATOR]):
            found.setdefault(rule.rule, (Role.INVESTIGATOR, path))
    return Looks(before, found)


def test_to_look_changes_nothing(offices: Offices, browsers: dict[Role, FlaskClient], looked: Looks) -> None:
    # Once more, at what is hidden.
    hidden = offices.things[Role.INVESTIGATOR]["out"]
    for rule in pages_of(offices.app, "GET"):
        for path in paths(rule, hidden):
            assert browsers[Role.INVESTIGATOR].get(path, headers=HTML).status_code < 500, path
    found = changed(looked.before, snapshot(offices.site))
    assert set(found) <= {"ledger_entry", "ledger_head", "disclosure", "viewing"}, found.keys()
    actions = set(re.findall(r'"action":"([^"]+)"', " ".join(found.get("ledger_entry", []))))
    assert actions <= {"user:denied", "evidence:view", "evidence:download", "tip:read"}


FOR_ALL = {"too many fields", "too many parts", "too much"}
"""What is refused before anybody asks which page it is."""


@pytest.mark.parametrize("what", MALFORMED if WHOLE else ["null bytes", "lone surrogates", "huge numbers"])
def test_a_malformed_form_is_answered_by_a_calm_page(
    offices: Offices, browsers: dict[Role, FlaskClient], looked: Looks, what: str
) -> None:
    faults = []
    tokens = {role: token_of(client) for role, client in browsers.items()}
    rules = [rule for rule in pages_of(offices.app, "POST") if rule.endpoint not in ENDS and rule.rule not in ALIKE]
    for rule in rules[:: 10 if what in FOR_ALL else 1]:
        role, path = looked.open_to[rule.rule]
        answer = browsers[role].post(path, headers=HTML, **MALFORMED[what](tokens[role]))
        page = answer.mimetype == "text/html" or rule.endpoint in BYTES
        if answer.status_code >= 500 or not page or b"Traceback" in answer.data:
            faults.append(f"{role.value} {path}: {answer.status_code} {answer.mimetype}")
    assert not faults, "\n".join(faults)


QUERIES = (
    f"cursor={HUGE}", "cursor=%ff", "cursor=a%00b", f"limit={HUGE}", "limit=-1", "limit=%D9%A3", "stage=%00",
    "sha256=%ff", "a=1&a=2", "ended=maybe", "cursor=1&cursor=2", "tag=%ED%A0%80", "%ff=%ff", "&&&===",
    "on=9999-12-31&from=9999-12-31&to=9999-12-31&as_known_on=0001-01-01&year=2200&figure=%00&service=%00&view=%ff",
    "on=9998-12-31&view=month&as_known_on=1900-01-01&year=1990&figure=rescued&service=shelter",
    "on=1900-01-01&view=week&year=%D9%A3&as_known_on=%ff&kind=%00&side=%00&ended=%00",
)  # fmt: skip


@pytest.mark.parametrize("query", QUERIES if WHOLE else QUERIES[:3])
def test_a_malformed_address_is_answered_by_a_calm_page(
    offices: Offices, browsers: dict[Role, FlaskClient], looked: Looks, query: str
) -> None:
    faults, forms = [], {rule.rule for rule in pages_of(offices.app, "POST")}
    for rule in pages_of(offices.app, "GET"):
        if rule.rule in forms and query != QUERIES[0]:
            continue  # A form has no query of its own.
        role, path = looked.open_to[rule.rule]
        answer = browsers[role].get(f"{path}?{query}", headers=HTML)
        if answer.status_code >= 500 or (rule.endpoint not in BYTES and answer.mimetype != "text/html"):
            faults.append(f"{role.value} {path}: {answer.status_code} {answer.mimetype}")
    assert not faults, "\n".join(faults)


@pytest.mark.parametrize(
    "path",
    ["/%00", "/%ff%fe", "/items/%00", "/items/%ff", "/cases/..%2f..%2fetc", "/%0d%0aSet-Cookie:x=1", "/%5cevil"],
)  # fmt: skip
def test_an_address_of_odd_bytes_is_no_page(browsers: dict[Role, FlaskClient], path: str) -> None:
    answer = browsers[Role.INVESTIGATOR].get(path, headers=HTML)
    assert (answer.status_code, answer.mimetype) == (404, "text/html")
    assert "Set-Cookie: x" not in str(answer.headers)


@pytest.mark.parametrize("day", ["0001-01-01", "1900-01-01", "9998-12-31", "9999-12-31"])
def test_a_day_at_the_end_of_time_is_no_defect(offices: Offices, browsers: dict[Role, FlaskClient], day: str) -> None:
    faults, role = [], Role.LAWYER
    person, things = offices.people[role], offices.things[role]["in"]
    settle(offices.site, Stage.INVESTIGATING)

    def ask(method: str, path: str, **sent: Any) -> None:
        answer = person.call(method, path, **sent)
        if answer.status_code >= 500:
            faults.append(f"{method} {path} {sent}")

    for rule in offices.app.url_map.iter_rules():
        path = path_of(rule, Call(), things) if rule.rule.startswith(API) else None
        if path is not None and "GET" in (rule.methods or ()):
            ask("GET", path.removeprefix(API), query_string=dict.fromkeys(("from", "to", "on", "as_known_on"), day))
    begins, ends = f"{day}T10:00:00+00:00", f"{day}T11:00:00+00:00"
    times = {"starts_at": begins, "ends_at": ends}
    span, hers = {"from_at": begins, "until_at": ends}, f"/testimonies/{things['testimony']}"
    accused = {"perpetrator": things["perpetrator"]}
    hearing = {"court": "Provincial court", "kind": "trial", **times}
    engagement = {"case": things["case"], "side": "defence", **span}
    offence = {"statute": "DEMO-1", "offence_from": day, "offence_until": day, **accused}
    appeal = {"charges": [things["charge"]], "side": "defence", "filed_on": day, "late_reason": "New facts"}
    for method, path, body in (
        ("POST", f"/cases/{things['case']}/hearings", hearing),
        ("PATCH", f"/hearings/{things['hearing']}", times),
        ("POST", f"/hearings/{things['hearing']}/attendances", {"arrives_at": begins, "leaves_at": ends, **accused}),
        ("POST", f"{hers}/book", {"hearing": things["hearing"], **times}),
        ("POST", f"{hers}/preparations", {"kind": "roles", **times}),
        ("POST", f"{hers}/unavailabilities", span),
        ("POST", f"/resources/{things['resource']}/engagements", engagement),
        ("POST", f"/cases/{things['case']}/charges", offence),
        ("POST", f"/cases/{things['case']}/appeals", appeal),
    ):
        ask(method, path, json=body)
    assert not faults, "\n".join(faults)


# --- frames, redirects, addresses -------------------------------------------------------------------------------------


def test_no_answer_can_be_framed_kept_or_read_as_another_type(
    offices: Offices, browsers: dict[Role, FlaskClient], monkeypatch: pytest.MonkeyPatch
) -> None:
    client, item = browsers[Role.INVESTIGATOR], offices.things[Role.INVESTIGATOR]["own"]["evidence"]
    locked = browser(offices.people[Role.INVESTIGATOR])
    locked.post(f"{API}/session/lock", headers={"X-CSRF-Token": token_of(locked)})

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("Riverside")

    answers = {
        path: client.get(path, headers=HTML)
        for path in (
            "/away", "/nowhere", f"/items/{item}", f"/items/{item}/content", f"/items/{item}/chain.txt",
            f"{API}/evidence/{item}/label", f"{API}/evidence/{item}/content", "/static/any/style.css",
            "/static/any/icon.svg", "/static/any/nothing.js", "/quick-exit",
        )
    }  # fmt: skip
    assert answers[f"{API}/evidence/{item}/label"].mimetype == "image/svg+xml"
    answers["locked"] = locked.get("/", headers=HTML)
    answers["too large"] = client.post("/search", data=b"a" * (1 << 19), headers=HTML)
    answers["stranger"] = offices.app.test_client().get("/", headers=HTML)
    monkeypatch.setattr("web.account.auth.by_session", broken)
    answers["defect"] = offices.app.test_client().get("/sign-in", headers=HTML)
    statuses = {name: answers[name].status_code for name in ("locked", "too large", "stranger", "defect")}
    assert statuses == {"locked": 423, "too large": 413, "stranger": 302, "defect": 500}
    for name, answer in answers.items():
        policy = answer.headers["Content-Security-Policy"]
        assert "default-src 'none'" in policy, name
        assert "frame-ancestors 'none'" in policy, name
        assert answer.headers["X-Frame-Options"] == "DENY", name
        assert answer.headers["X-Content-Type-Options"] == "nosniff", name
        assert answer.headers["Referrer-Policy"] == "no-referrer", name
        assert answer.headers["Cache-Control"] == "no-store", name


def test_a_defect_is_told_to_a_browser_in_a_sentence_with_its_number_and_nothing_else(
    site: Site, monkeypatch: pytest.MonkeyPatch
) -> None:
    app = create_app(site)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("row: Sok-Chenda")

    monkeypatch.setattr("web.account._form", broken)
    answer = app.test_client().get("/sign-in", headers=HTML)
    html = answer.get_data(as_text=True)
    assert (answer.status_code, answer.mimetype) == (500, "text/html")
    assert f"Tell your administrator this number: {answer.headers['X-Request-Id']}" in html
    assert not re.search(r"Sok-Chenda|RuntimeError|Traceback|\.py", html)
    assert app.test_client().get("/sign-in").mimetype == "application/problem+json"


def test_a_defect_in_the_frame_of_every_page_is_told_all_the_same(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    app = create_app(site)

    def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("row: Sok-Chenda")

    app.jinja_env.globals["direction"] = broken
    answer = app.test_client().get("/sign-in", headers=HTML)
    assert answer.status_code == 500
    assert answer.headers["X-Request-Id"] in answer.get_data(as_text=True)
    assert "Sok-Chenda" not in answer.get_data(as_text=True)


ELSEWHERE = (
    "https://evil.example", "//evil.example", "\\\\evil.example",
    "/\\evil.example", "/%5cevil.example", "///evil.example",
    "////evil.example/cases", "/cases\r\nLocation: https://evil.example", "javascript:alert(1)", "https:/cases",
    "/@evil.example", "\t//evil.example", "/\t/evil.example", " /cases", "http://[", "/cases/../../evil", "/quick-exit",
    "/sign-out", "/api/v1/me",
)  # fmt: skip


@pytest.mark.parametrize("address", ELSEWHERE)
def test_nobody_is_led_to_another_site_after_unlocking(browsers: dict[Role, FlaskClient], address: str) -> None:
    client = browsers[Role.INVESTIGATOR]
    answer = client.post("/unlock", data={"csrf_token": token_of(client), "next": address})
    assert answer.status_code == 303
    assert answer.headers["Location"] in ("/", "/cases"), answer.headers["Location"]
    assert "evil" not in answer.headers["Location"]


@pytest.mark.parametrize("address", ["//evil.example", "/%5cevil.example", "/?next=//evil.example"])
def test_nobody_is_led_to_another_site_after_signing_in(offices: Offices, address: str) -> None:
    client = offices.app.test_client()
    client.get(address, headers={**HTML, "Referer": "https://evil.example/", "Host": "localhost"})
    person = offices.people[Role.INVESTIGATOR]
    data = {"csrf_token": csrf(client.get("/sign-in").get_data(as_text=True)), "username": person.username}
    answer = client.post(
        "/sign-in?next=//evil.example",
        data={**data, "next": "//evil.example", "password": PASSWORD, "otp": person.otp()},
        headers={"Referer": "https://evil.example/"},
    )
    assert (answer.status_code, answer.headers["Location"]) == (302, "/")


def test_a_false_host_leads_nobody_elsewhere_and_stands_on_no_page(
    browsers: dict[Role, FlaskClient], offices: Offices
) -> None:
    for host in ("evil.example", "evil.example:1", "a@evil.example", "evil.example/x", "<script>"):
        for path in ("/", "/sign-in", "/cases", "/nowhere"):
            answer = browsers[Role.INVESTIGATOR].get(path, headers={**HTML, "Host": host, "X-Forwarded-Host": host})
            assert answer.status_code < 500
            assert "evil" not in answer.get_data(as_text=True) + str(answer.headers), (host, path)


def test_labels_and_first_sign_ins_name_the_configured_address_whatever_the_request_says(
    site: Site, investigator: Persona, administrator: Persona, item: dict[str, Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    made: list[str] = []
    make = segno.make

    def seen(text: str, **options: Any) -> Any:
        made.append(text)
        return make(text, **options)

    monkeypatch.setattr("segno.make", seen)
    app = create_app(replace(site, settings=replace(site.settings, url="https://evidence.example.org")))
    headers = {"Authorization": f"Bearer {investigator.token}", "Host": "evil.example"}
    assert app.test_client().get(f"{API}/evidence/{item['id']}/label", headers=headers).status_code == 200
    assert made == [f"https://evidence.example.org/items/{item['id']}"]
    client = browser(
        Persona(site, app, *(getattr(administrator, n) for n in ("id", "username", "role", "token", "secret")))
    )
    form = {"username": f"n{uuid.uuid4().hex[:8]}", "roles": "investigator", "otp": administrator.otp()}
    answer = client.post("/people/new", data={"csrf_token": token_of(client), **form}, headers={"Host": "localhost"})
    assert "https://evidence.example.org/sign-in" in answer.get_data(as_text=True)


# --- script that is typed or sent -------------------------------------------------------------------------------------

MARK = "zqx"
FORMS = (
    f"{MARK}\"'><{MARK}-t on{MARK}=1></title></textarea></svg>{{{{1234567*7654321}}}}",
    f'{MARK}" autofocus onfocus{MARK}="1',
    f"javascript:{MARK}//--></style></script><{MARK}-t>",
    f"\u202e{MARK}\u2066<{MARK}-t>\u200b\ufeff",
    f"{MARK}" + "e\u0301\u0489\u0337" * 4,
)
WORST = " ".join(FORMS)
"""All of them in one text, so that every page is walked once. A field too short for it gets one of them, the next field
the next."""


class Looked(HTMLParser):
    """What a page is made of, and under which elements what was typed stands."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.faults: list[str] = []
        self.marks = 0
        self.open: list[tuple[str, dict[str, str | None]]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if MARK in tag:
            self.faults.append(f"tag {tag}")
        for name, value in attrs:
            if MARK in name or name.startswith("on") or name == "style":
                self.faults.append(f"attribute {name} of {tag}")
            led = name in ("href", "src", "action", "formaction", "srcset", "data", "xlink:href", "poster")
            if led and re.search(rf"{MARK}|^\s*(javascript|data):[^,]", value or "", re.I):
                self.faults.append(f"{name} of {tag}: {value}")
        if tag not in ("meta", "link", "input", "br", "img", "hr", "source", "wbr"):
            self.open.append((tag, dict(attrs)))

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.handle_starttag(tag, attrs)
        if self.open and self.open[-1][0] == tag:
            self.open.pop()

    def handle_endtag(self, tag: str) -> None:
        while self.open and any(name == tag for name, _ in self.open):
            if self.open.pop()[0] == tag:
                break

    def handle_data(self, data: str) -> None:
        self.marks += data.count(MARK)
        within = {name for name, _ in self.open}
        apart = within & {"bdi", "option", "textarea", "text", "title"} or any(
            "dir" in a for n, a in self.open if n != "html"
        )
        if "\u202e" in data and not apart:
            self.faults.append(f"turns what stands round it: {[n for n, _ in self.open][-4:]} {data.strip()[:50]!r}")
        if str(1234567 * 7654321) in data:
            self.faults.append("a template was filled in")


CODES = {"born", "element", "statute", "zone", "jurisdiction", "email"}
"""Texts of which only some are taken: a date, what a table of law has, a zone, an address."""


def test_every_text_that_can_be_typed_is_poisoned_below() -> None:
    kinds = [(name, kind.inner if isinstance(kind, fields.List) else kind) for name, kind in FIELDS]
    assert {name for name, kind in kinds if isinstance(kind, Text)} - CODES == {
        "title", "reason", "place", "tag", "method", "device", "name", "username",
        "text", "about", "note", "nationality", "contact", "address", "scope", "alias", "aliases", "area",
        "description", "new_use", "new_use_by", "summary", "outcome", "region", "partner", "reference", "person",
        "authority", "asks", "reply", "particulars", "court", "court_ref", "room", "link", "label", "witness",
        "grounds", "late_reason", "ruling", "plan", "next.room", *(f"needs.{need.value}" for need in NeedCode),
    }  # fmt: skip


@pytest.fixture(scope="module")
def poisoned(make_persona: Callable[..., Persona]) -> Any:
    """A case in which everything that can be typed, and all that a file says of itself, is an attack."""
    text, shorter = WORST, cycle(FORMS)
    people = lead, other, _, caseworker = tuple(
        make_persona(r) for r in (Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR, Role.CASEWORKER)
    )

    def post(path: str, by: Persona = lead, /, **body: Any) -> dict[str, Any]:
        answer = by.post(path, body)
        assert answer.status_code in (200, 201), (path, answer.get_json())
        return answer.get_json() or {}

    case = post("/cases", title=text, kind="sex_trafficking", country="KH")["id"]
    assigned = post(f"/cases/{case}/assignments", user=str(other.id), role="lawyer")["id"]
    post(f"/cases/{case}/assignments", user=str(caseworker.id), role="caseworker")
    post(f"/cases/{case}/transitions", action="investigate", reason=text)
    exif = Image.Exif()
    exif.update({0x010F: text, 0x0110: text, 0x0131: text, 0x0132: text})
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "JPEG", exif=exif.tobytes())
    document = (
        f"%PDF-1.4\n1 0 obj<</Title({text})/Producer({text})/OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"
    )
    stated = {"title": text, "method": next(shorter), "device": text}
    items = []
    for content, name in ((picture.getvalue(), "jpg"), (document.encode(), "pdf"), (b"<script>zqx</script>", "html")):
        data = {**stated, "file": (io.BytesIO(content), f"{text}.{name}".replace("/", "_"))}
        answer = lead.post(f"/cases/{case}/evidence", data=data, content_type="multipart/form-data")
        assert answer.status_code == 201, answer.get_json()
        items.append(answer.get_json()["id"])
    thing = post(f"/cases/{case}/items", title=text, tag=next(shorter), place=text, method=next(shorter))["id"]
    post(f"/evidence/{thing}/moves", action="take_to_court", reason=text, place=text)
    first = lead.get(f"/evidence/{items[0]}/custody").get_json()["items"][0]["hash"]
    post(f"/evidence/{items[0]}/corrections", corrects=first, title=text, device=text, reason=text)
    post(f"/evidence/{items[1]}/hold", other, reason=text)
    transfer = post(f"/evidence/{items[0]}/transfers", to=str(other.id), reason=text)["id"]
    given = {
        "username": lead.username,
        "password": PASSWORD,
        "otp": lead.otp(),
        "name": next(shorter),
    }
    token = post("/tokens", lead, **given)["id"]
    things = {"case": case, "transfer": transfer, "user": str(other.id), "token": token, "assignment": assigned}
    return people, things | poison_people(case, items[0], *people), [*items, thing]


def poison_people(
    case: str, item: str, lead: Persona, lawyer: Persona, supervisor: Persona, caseworker: Persona
) -> dict[str, str]:
    """The people and places of that case, in all whose fields an attack is typed."""
    text, shorter, today = WORST, cycle(FORMS), datetime.now(UTC).date().isoformat()

    def add(by: Persona, path: str, /, **body: Any) -> str:
        return str(made(by, path, body).get("id", ""))

    victim = new_victim(caseworker, case)["id"]
    venue = new_venue(lead, case, description=text, place=text, area=next(shorter))["id"]
    perpetrator = new_perpetrator(lead, case, alias=next(shorter), aliases=[next(shorter)], note=text)["id"]
    operation = add(lead, "/operations", case=case, kind="rescue", venue=venue, partner=text)
    hers, there, raid = f"/victims/{victim}", f"/venues/{venue}", f"/operations/{operation}"
    identity = {name: next(shorter) for name in ("name", "nationality", "contact")}
    assert caseworker.call("PUT", f"{hers}/identity", json=identity).status_code == 204
    assert caseworker.call("PUT", f"{hers}/address", json={"address": text}).status_code == 204
    assert lead.call("PUT", f"/perpetrators/{perpetrator}/address", json={"address": text}).status_code == 204
    new_episode(caseworker, victim, venue)
    episode = new_episode(caseworker, victim, venue)["id"]
    add(caseworker, f"{hers}/transitions", axis="whereabouts", action="report_missing", reason=text)
    add(lead, f"{there}/observations", observed_on=today, seen="open", note=text)
    add(lead, f"{there}/inspections", inspected_on=today, found="open", note=text, evidence=item)
    scores = dict.fromkeys(Danger, 2)
    add(lead, f"{raid}/assessments", scores=scores, assessed_on=today, note=text)
    add(lead, f"{raid}/authorisation", authorised_on=today, reference=next(shorter))
    add(lead, f"{raid}/roster", victim=victim, outcome="declined", reason=text)
    partner = add(
        caseworker, "/partners", name=text, country="KH", region=next(shorter), offers=["shelter"], contact=text
    )
    step = add(caseworker, f"{hers}/steps", kind="service", what="counselling", title=text)
    add(caseworker, f"/steps/{step}/transitions", action="finish", outcome=text, reason=text)
    add(caseworker, f"{hers}/assessments", kind="initial", summary=text, assessed_on=today)
    add(caseworker, f"{hers}/willingness", willingness="willing", note=text)
    search = add(lead, "/searches", case=case, description=text, name=next(shorter))
    add(lead, f"/searches/{search}/sightings", seen_on=today, place=text, note=text)
    asked = add(lead, f"/cases/{case}/requests", authority=text, asks=text, sent_on=today)
    add(lead, f"/requests/{asked}/reply", replied_on=today, reply=text)
    operative = add(supervisor, "/operatives", person=text)
    add(lead, f"{raid}/operatives", operative=operative)
    post_note = lead.post(f"/evidence/{item}/notes", {"text": text})
    assert post_note.status_code == 200, post_note.get_json()
    body = {"kind": "operative_identity", "about": operative, "reason": text}
    return {
        "victim": victim,
        "venue": venue,
        "perpetrator": perpetrator,
        "operation": operation,
        "episode": episode,
        "alert": caseworker.get("/alerts").get_json()["items"][0]["id"],
        "partner": partner,
        "step": step,
        "search": search,
        "request": asked,
        "operative": operative,
        "approval": add(supervisor, "/approvals", **body),
        "tip": add(lead, "/tips", text=text, about=text),
        "victim_tie": add(lead, f"/perpetrators/{perpetrator}/victims", victim=victim, relation="sold"),
        "venue_tie": add(lead, f"{there}/ties", name=next(shorter), kind="owner"),
        "link": add(lead, f"/evidence/{item}/links", target_kind="venue", target=venue, relation="shows", note=text),
        "consent": add(caseworker, f"{hers}/consents", purpose="care", scope=text),
        "keep_apart": add(caseworker, f"{hers}/keep-apart", barrier="do_not_contact", perpetrator=perpetrator),
        "placement": add(caseworker, f"{hers}/placements", kind="shelter", from_on=today, address=text),
        "claim": add(caseworker, f"{hers}/claims", kind="wages", currency="USD", owed=1, ordered_on=today),
        "referral": add(caseworker, f"{hers}/referrals", service="shelter", region=next(shorter)),
        "new_use": displace(lead, case),
        **poison_court(case, item, lawyer, supervisor, caseworker, perpetrator, venue, partner),
    }


def poison_court(
    case: str,
    item: str,
    lawyer: Persona,
    supervisor: Persona,
    caseworker: Persona,
    perpetrator: str,
    venue: str,
    partner: str,
) -> dict[str, str]:
    """What comes before a court in that case, in all whose fields an attack is typed."""
    text, shorter, today = WORST, cycle(FORMS), datetime.now(UTC).date()
    starts, long_ago = sitting(5), (today - timedelta(days=120)).isoformat()

    def add(by: Persona, path: str, /, **body: Any) -> str:
        return str(made(by, path, body).get("id", ""))

    charge, old = (new_charge(lawyer, case, perpetrator=perpetrator, particulars=text)["id"] for _ in range(2))
    proof = add(lawyer, f"/charges/{charge}/proofs", element="act", evidence=item, note=text)
    for one, filed in ((charge, today.isoformat()), (old, long_ago)):
        move(supervisor, f"/charges/{one}", "approve", reason=text)
        given = {"court": next(shorter), "court_ref": next(shorter), "decided_on": filed, "reason": text}
        move(lawyer, f"/charges/{one}", "file", **given)
    move(lawyer, f"/charges/{old}", "dismiss", decided_on=(today - timedelta(days=100)).isoformat(), reason=text)
    move(lawyer, f"/charges/{charge}", "plead", plea="guilty", reason=text)
    move(lawyer, f"/charges/{charge}", "convict", document=item, reason=text)
    sentence = {"kind": "other", "note": text, "imposed_on": today.isoformat()}
    late = {"court": next(shorter), "court_ref": next(shorter), "grounds": text, "late_reason": text}
    about = {"charges": [old], "side": "prosecution", "filed_on": today.isoformat()}
    exhibit = add(lawyer, f"/cases/{case}/exhibits", side="defence", description=next(shorter))
    move(lawyer, f"/exhibits/{exhibit}", "offer", reason=text)
    move(lawyer, f"/exhibits/{exhibit}", "exclude", ruling=text, reason=text)
    place = {"court": next(shorter), "link": f"{text}{uuid.uuid4().hex}", "kind": "trial"}
    rooms = (f"{form}{uuid.uuid4().hex[:8]}" for form in FORMS)
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat()}
    hearing = add(lawyer, f"/cases/{case}/hearings", **place, room=next(rooms), **times)
    adjourned = add(lawyer, f"/cases/{case}/hearings", **{**place, "link": None, "room": next(rooms)}, **times)
    following = {name: (starts + timedelta(days=7, hours=n)).isoformat() for n, name in enumerate(times)}
    going_on = {"code": "other", "outcome": text, "next": {"room": next(rooms), **following}}
    move(lawyer, f"/hearings/{adjourned}", "adjourn", reason=text, **going_on)
    attendance = {"perpetrator": perpetrator, "arrives_at": starts.isoformat()}
    vehicle, interpreter = (
        add(lawyer, "/resources", kind=kind, name=text[:200]) for kind in ("vehicle", "interpreter")
    )
    testimony = new_testimony(lawyer, case, new_victim(caseworker, case)["id"])["id"]
    bring(lawyer.site, testimony, TestimonyState.WILLING)
    expert = new_testimony(lawyer, case, next(shorter), witness_kind="expert", label=next(shorter))["id"]
    hers, tied = f"/testimonies/{testimony}", f"/resources/{interpreter}"
    for one in (testimony, expert):
        needs = {"needs": {need.value: text for need in NeedCode}, "assessed_on": today.isoformat()}
        made(lawyer, f"/testimonies/{one}/needs", needs)
    before = {"from_at": long_ago + "T00:00:00Z", "until_at": long_ago + "T01:00:00Z"}
    session = {name: (starts - timedelta(days=2, hours=-n)).isoformat() for n, name in enumerate(times)}
    plan = add_plan(Aides(caseworker, supervisor, lawyer, {}), case, new_victim(caseworker, case)["id"])
    order = add(lawyer, f"/venues/{venue}/closure-orders", permanent=True, grounds=text)
    move(supervisor, f"/closure-orders/{order}", "approve", reason=text)
    move(lawyer, f"/closure-orders/{order}", "apply", court=next(shorter), court_ref=next(shorter), reason=text)
    return {
        "charge": charge,
        "proof": proof,
        "sentence": add(lawyer, f"/charges/{charge}/sentences", **sentence),
        "appeal": add(lawyer, f"/cases/{case}/appeals", **about, **late),
        "exhibit": exhibit,
        "hearing": hearing,
        "attendance": add(lawyer, f"/hearings/{hearing}/attendances", vehicle=vehicle, **attendance),
        "testimony": testimony,
        "covert": expert,
        "measure": add(lawyer, f"{hers}/measures", kind="screen", plan=text),
        "unavailability": add(caseworker, f"{hers}/unavailabilities", **before),
        "preparation": add(caseworker, f"{hers}/preparations", kind="roles", note=next(shorter), **session),
        "plan": plan,
        "offer": add(caseworker, f"/plans/{plan}/offers", service="shelter", partner=partner, note=text),
        "resource": interpreter,
        "tie": add(lawyer, f"{tied}/ties", perpetrator=perpetrator, reason=text),
        "engagement": add(lawyer, f"{tied}/engagements", case=case, side="defence", **before),
        "closure_order": order,
    }


def displace(lead: Persona, case: str) -> str:
    """A venue whose new use is an attack."""
    venue = new_venue(lead, case, description=WORST)["id"]
    for action in ("confirm", "intervene", "close_permanently"):
        move(lead, f"/venues/{venue}", action)
    move(lead, f"/venues/{venue}", "repurpose", new_use=WORST, new_use_by=FORMS[0])
    return str(venue)


REVEALED = {
    "/victims/{victim}/identity/reveal": Role.CASEWORKER,
    "/victims/{victim}/address/reveal": Role.CASEWORKER,
    "/placements/{placement}/address/reveal": Role.CASEWORKER,
    "/perpetrators/{perpetrator}/address/reveal": Role.INVESTIGATOR,
    "/searches/{search}/identity/reveal": Role.CASEWORKER,
}
"""What is shown for a fresh code alone, and to whom."""


def test_what_was_typed_is_never_more_than_text(app: Flask, poisoned: Any) -> None:
    people, things, items = poisoned
    faults: list[str] = []
    seen, revealed = set(), set()

    def look(where: str, answer: TestResponse) -> int:
        looked = Looked(answer.get_data(as_text=True) if answer.mimetype == "text/html" else "")
        faults.extend(f"{where}: {fault}" for fault in looked.faults)
        return looked.marks

    for person in people if WHOLE else people[-1:]:
        client = browser(person)
        token = token_of(client)
        named = {**things, **add_feed(person)}
        named["session"] = client.get(f"{API}/me/sessions").get_json()["items"][0]["id"]
        for rule in pages_of(app, "GET"):
            if rule.rule in ALIKE and rule.endpoint in seen:
                continue
            of_items = TARGETS.get(rule.rule.split("/")[1]) == "evidence" and "<uuid:id>" in rule.rule
            for item in items if of_items else items[:1]:
                path = path_of(rule, CALLS.get(f"GET {rule.rule}", (Call(),))[0], {**named, "evidence": item})
                seen |= {rule.endpoint} if look(rule.rule, client.get(str(path), headers=HTML)) else set()
        for path in ("/dockets?", "/calendar?view=day&", "/calendar?view=agenda&"):
            day = client.get(f"{path}on={sitting(5).date()}", headers=HTML)
            seen |= {f"{path.partition('?')[0]} of a day"} if look(path, day) else set()
        for path, role in REVEALED.items():
            if role is person.role:
                sent = {"csrf_token": token, "otp": person.otp(), "reason": "Because"}
                answer = client.post(path.format(**things), data=sent, headers=HTML)
                revealed |= {path} if look(path, answer) else set()
        if person.role in (Role.LAWYER, Role.CASEWORKER):
            for rule in pages_of(app, "POST"):
                if rule.endpoint not in ENDS and (rule.rule not in ALIKE or person.role is Role.LAWYER):
                    path = path_of(rule, Call(), {**named, "evidence": items[0]})
                    sent = {"csrf_token": token, **dict.fromkeys(NAMES, WORST)}
                    look(f"POST {rule.rule}", client.post(str(path), data=sent, headers=HTML))
        if person.role is Role.CASEWORKER:
            lists = ("items", "timeline", "victims", "venues", "chart", "hearings", "testimonies")
            for path in ("/", "/cases", "/items", "/partners", *(f"/cases/{things['case']}/{name}" for name in lists)):
                every = dict.fromkeys(("stage", "kind", "sha256", "tag", "state", "region", "around", WORST), WORST)
                for query in ({"cursor": WORST}, every):
                    look(path, client.get(path, query_string=query))
        for sought in (MARK, FORMS[0]):
            look("found", client.post("/search", data={"csrf_token": token, "q": sought}))
        label = client.get(f"{API}/evidence/{items[-1]}/label").get_data(as_text=True)
        faults += [f"label: {fault}" for fault in Looked(label).faults if "width" not in fault]
    assert not faults, "\n".join(sorted(set(faults)))
    shown = {"cases", "case", "timeline", "venue", "perpetrator", "operation", "one_search", "case_requests", "chart"}
    shown |= {"hearing", "testimony", "closure_order", "resource", "resources_list", "plan"}
    if WHOLE:
        shown |= {"home", "account", "case_items", "item", "entries", "partner", "care_of"}
        shown |= {"charge", "case_charges", "appeal", "case_exhibits"}
        assert revealed == set(REVEALED)
    assert seen >= {"/dockets of a day", "/calendar of a day"}
    assert seen >= {f"pages.{name}" for name in shown}, shown - {name.removeprefix("pages.") for name in seen}


@pytest.mark.parametrize("script", [*FOLDER.glob("*.js"), *FOLDER.glob("upload/*.js")], ids=lambda file: file.name)
def test_no_script_of_ours_makes_markup_or_code_of_what_it_is_given(script: Path) -> None:
    source = script.read_text()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|\beval\(|new Function|srcdoc", source)
    assert not re.search(r"DOMParser|createContextualFragment|\.swap\(|setTimeout\(\s*[\"'`]", source)


# --- files that would like to run -------------------------------------------------------------------------------------

SCRIPT = b"<script>document.title=document.cookie</script>"


def _polyglot() -> bytes:
    picture = io.BytesIO()
    Image.new("RGB", (8, 8), "red").save(picture, "JPEG", comment=b"<html>" + SCRIPT)
    return picture.getvalue() + b"<html>" + SCRIPT


HOSTILE: Mapping[str, tuple[str, bytes]] = {
    "HTML": ("page.html", b"<!doctype html><html><body>" + SCRIPT),
    "HTML called a picture": ("page.jpg", b"<html>" + SCRIPT),
    "SVG": ("drawing.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)">' + SCRIPT + b"</svg>"),
    "XML": (
        "feed.xml",
        b'<?xml version="1.0"?><?xml-stylesheet href="x.xsl"?><x xmlns="http://www.w3.org/1999/xhtml">',
    ),
    "a script": ("code.js", b"alert(document.cookie)"),
    "a document that runs": ("form.pdf", b"%PDF-1.4\n1 0 obj<</OpenAction<</S/JavaScript/JS(app.alert(1))>>>>endobj\n"),
    "a picture and a page": ("both.jpg", _polyglot()),
    "UTF-7": ("seven.txt", b"+ADw-script+AD4-alert(1)+ADw-/script+AD4-"),
}
ACTIVE = re.compile(r"html|xml|svg|javascript|ecmascript|css|x-shockwave|wasm|x-mixed")


@pytest.mark.parametrize("what", HOSTILE)
def test_a_hostile_file_is_given_out_as_bytes_that_run_nowhere(
    app: Flask, investigator: Persona, case: dict[str, Any], what: str
) -> None:
    name, content = HOSTILE[what]
    data = {"title": "A file", "file": (io.BytesIO(content), name)}
    sent = investigator.post(f"/cases/{case['id']}/evidence", data=data, content_type="multipart/form-data")
    path, client = sent.get_json()["id"], browser(investigator)
    client.post(f"/items/{path}/view", data={"csrf_token": token_of(client)})
    answers = [
        client.get(f"/items/{path}/content", headers={**HTML, "Sec-Fetch-Dest": "document"}),
        client.get(f"/items/{path}/content", headers={"Range": "bytes=0-"}),
        client.get(f"{API}/evidence/{path}/content?shown=1"),
        client.get(f"{API}/evidence/{path}/content"),
        client.post(f"/items/{path}/download", data={"csrf_token": token_of(client)}),
    ]
    # What no page can show is not given to one at all.
    given = [answer for answer in answers if answer.status_code != 409]
    assert given[-3:] == answers[-3:]
    for answer in given:
        assert answer.status_code in (200, 206), answer.get_data(as_text=True)
        policy = answer.headers["Content-Security-Policy"]
        assert re.search(r"default-src 'none';.* sandbox$", policy)
        assert "allow-" not in policy
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["Cross-Origin-Resource-Policy"] == "same-origin"
        named = answer.headers["Content-Disposition"]
        assert re.fullmatch(r'(inline|attachment); filename="[A-Z]+-\d{4}-\d+-E\d+\.(jpg|pdf|bin)"', named), named
        if named.startswith("inline"):
            assert not ACTIVE.search(str(answer.mimetype)), "only what a player, a picture or our own script decodes"
    assert answers[4].headers["Content-Disposition"].startswith("attachment")


# --- need to know -----------------------------------------------------------------------------------------------------


def _bare(answer: TestResponse) -> str:
    html = re.sub(r'(name="csrf_token" value|data-csrf)="[^"]*"', "", answer.get_data(as_text=True))
    return re.sub(r"<time.*?</time>|· [^\"]*\d\d:\d\d(:\d\d)?", "", html)


def _seen(answer: TestResponse) -> tuple[int, str, list[str]]:
    kept = {"x-request-id", "set-cookie", "date"}
    headers = sorted(f"{name}: {value}" for name, value in answer.headers if name.lower() not in kept)
    return answer.status_code, _bare(answer), [h for h in headers if not h.startswith("Content-Length")]


HIDDEN_FROM = [Role.CASEWORKER, Role.SUPERVISOR, Role.INVESTIGATOR, Role.LAWYER]


@pytest.mark.parametrize("role", HIDDEN_FROM if WHOLE else HIDDEN_FROM[:1])
def test_what_is_hidden_answers_as_what_does_not_exist(
    offices: Offices, browsers: dict[Role, FlaskClient], role: Role
) -> None:
    client, hidden = browsers[role], offices.things[role]["out"]
    missing = {name: str(uuid.uuid4()) for name in hidden}
    token = token_of(client)
    for rule in offices.app.url_map.iter_rules():
        if "<uuid:" not in rule.rule:
            continue
        for method in sorted({"GET", "POST", "DELETE", "PATCH"} & set(rule.methods or ())):
            call = next(iter(CALLS.get(f"{method} {rule.rule}", (Call(),))))
            there, nowhere = path_of(rule, call, hidden), path_of(rule, call, missing)
            if there is None or nowhere is None:
                continue
            options: dict[str, Any] = {"headers": {**HTML, "X-CSRF-Token": token}}
            if method != "GET":
                as_json = rule.rule.startswith(API)
                options |= {"json": {}} if as_json else {"data": {"csrf_token": token}}
            answers = [_seen(client.open(path, method=method, **options)) for path in (there, nowhere)]
            assert answers[0][0] in (401, 403, 404, 412, 415, 422), (method, there, answers[0][0])
            assert answers[0] == answers[1], (method, rule.rule)


LISTS = (
    "/", "/cases", "/items", "/account", "/search", "/cases?stage=intake", "/searches", "/alerts", "/venues/areas",
    "/care", "/partners/unmet", "/approvals", "/tips", "/charges", "/closure-orders", "/calendar", "/dockets",
    "/testimonies/conflicts",
    *(f"{API}/{name}" for name in ("operations", "requests", "transfers/waiting", "care/due", "charges", "hearings")),
    *(f"{API}/{name}" for name in ("closure-orders", "closure-orders/due", "reports/deadlines")),
)  # fmt: skip
OF_CASE = (
    "victims", "perpetrators", "venues", "operations", "searches", "requests", "items", "timeline", "chart",
    "charges", "appeals", "exhibits", "hearings", "testimonies",
)  # fmt: skip


def test_lists_counts_and_search_hold_nothing_of_another_case(make_persona: Callable[..., Persona]) -> None:
    lead, receiver, overseer, helper = (
        make_persona(r) for r in (Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR, Role.CASEWORKER)
    )
    outsiders = [browser(make_persona(role)) for role in (Role.INVESTIGATOR, Role.CASEWORKER)]

    def shown(sought: str) -> list[str]:
        pages = [client.get(path) for client in outsiders for path in LISTS]
        pages += [client.post("/search", data={"csrf_token": token_of(client), "q": sought}) for client in outsiders]
        return [_bare(page) for page in pages]

    before = shown("Vermilion")
    case = lead.post("/cases", {"title": "Vermilion", "kind": "sex_trafficking", "country": "KH"}).get_json()["id"]
    for person in (receiver, helper):
        body = {"user": str(person.id), "role": person.role.value}
        assert lead.post(f"/cases/{case}/assignments", body).status_code == 201
    move(lead, f"/cases/{case}", "investigate")
    shared, sibling = (upload(lead, case, title=f"Vermilion {n}") for n in range(2))
    offered = {"to": str(receiver.id), "reason": "Vermilion"}
    assert lead.post(f"/evidence/{sibling['id']}/transfers", offered).status_code == 201
    things = poison_people(case, shared["id"], lead, receiver, overseer, helper)
    link = {"target_kind": "venue", "target": things["venue"], "relation": "shows"}
    assert lead.post(f"/evidence/{sibling['id']}/links", link).status_code == 201
    for was, now in zip(before, shown("Vermilion"), strict=True):
        assert was == now

    assert lead.post(f"/evidence/{shared['id']}/readers", {"user": str(helper.id)}).status_code == 201
    client = browser(helper)
    pages = [*LISTS, f"/cases/{case}", *(f"/cases/{case}/{name}" for name in OF_CASE)]
    pages += [f"/{name}s/{things[name]}" for name in ("victim", "perpetrator", "venue", "operation")]
    pages.append(f"/evidence-of/venue/{things['venue']}")
    looked = [client.get(path).get_data(as_text=True) for path in pages]
    looked.append(
        client.post("/search", data={"csrf_token": token_of(client), "q": "Vermilion"}).get_data(as_text=True)
    )
    assert sum(shared["ref"] in html for html in looked) > 3
    for html in looked:
        assert sibling["ref"] not in html
        assert sibling["id"] not in html


# --- what a browser keeps ---------------------------------------------------------------------------------------------


def test_what_is_typed_is_sent_in_no_address(offices: Offices, browsers: dict[Role, FlaskClient]) -> None:
    """A form that is sent as an address has nothing to be typed into but days, numbers and codes of languages."""
    for role in PERSONAL_ROLES if WHOLE else PERSONAL_ROLES[:1]:
        for rule in pages_of(offices.app, "GET"):
            for path in paths(rule, offices.things[role]["in"] | offices.things[role]["own"]):
                answer = browsers[role].get(path, headers=HTML)
                html = answer.get_data(as_text=True) if answer.mimetype == "text/html" else ""
                for form in re.findall(r"<form.*?</form>", html, re.S):
                    if 'method="post"' in form:
                        continue
                    typed = re.findall(
                        r'<(?:input|textarea)(?![^>]*type="(?:hidden|checkbox|radio|date|number)")[^>]*name="([^"]+)',
                        form,
                    )
                    assert set(typed) <= {"language"}, (path, typed)
                    assert "csrf_token" not in form, path
                for address in re.findall(r'(?:href|src|action)="([^"]*\?[^"]*)"', html):
                    assert not re.search(r"token|otp|password|title|reason|[?&;]q=|secret", address), (path, address)


# --- sessions ---------------------------------------------------------------------------------------------------------


def test_a_session_set_before_signing_in_is_not_kept(offices: Offices) -> None:
    """Whoever could put a cookie into her browser does not share her session."""
    attacker, victim = offices.app.test_client(), offices.app.test_client()
    planted = csrf(attacker.get("/sign-in").get_data(as_text=True))
    cookie = attacker.get_cookie("unbroken")
    assert cookie is not None
    victim.set_cookie("unbroken", cookie.value)
    person = offices.people[Role.LAWYER]
    typed = {"username": person.username, "password": PASSWORD, "otp": person.otp()}
    answer = victim.post("/sign-in", data={"csrf_token": planted, **typed})
    assert answer.headers["Location"] == "/"
    kept = victim.get_cookie("unbroken")
    assert kept is not None
    assert kept.value != cookie.value
    assert attacker.get("/").headers["Location"] == "/sign-in"
    assert victim.post("/sign-out", data={"csrf_token": planted}).status_code == 403, "nor the token from before"
    flags = answer.headers["Set-Cookie"]
    assert "HttpOnly" in flags
    assert "SameSite=Strict" in flags
    assert "Path=/" in flags
    assert "Domain" not in flags
    assert "Expires" not in flags, "closing the browser ends it"


def test_two_tabs_of_one_session_work_side_by_side(offices: Offices) -> None:
    client = browser(offices.people[Role.INVESTIGATOR])
    first, second = (csrf(client.get(path).get_data(as_text=True)) for path in ("/cases/new", "/account/tokens/new"))
    for token in (first, second, first):
        assert client.post("/search", data={"csrf_token": token, "q": "Riverside"}).status_code == 200


@pytest.mark.parametrize("cookie", ["", "x", "..", "a.b.c", "eyJfdXNlcl9pZCI6MX0.aaaa.bbbb", "\xff\xfe", "x" * 8000])
def test_a_forged_cookie_is_nobody_s(offices: Offices, cookie: str) -> None:
    client = offices.app.test_client()
    answer = client.get("/", headers={**HTML, "Cookie": f"unbroken={cookie}"})
    assert (answer.status_code, answer.headers["Location"]) == (302, "/sign-in")


def test_a_token_is_good_for_programs_and_opens_no_page(offices: Offices) -> None:
    person = offices.people[Role.INVESTIGATOR]
    for headers in ({"Authorization": f"Bearer {person.token}"}, {"Cookie": f"unbroken={person.token}"}):
        for path in ("/", "/cases", "/account"):
            assert offices.app.test_client().get(path, headers=headers).headers["Location"] == "/sign-in"


@pytest.mark.parametrize("tag", [f'"v{"9" * 5000}"', '"v-1"', '"v\u0663"', "W/", "\xff", '"', "*" * 5000])
def test_an_odd_version_is_no_defect(offices: Offices, tag: str) -> None:
    person = offices.people[Role.INVESTIGATOR]
    path = f"/evidence/{offices.things[Role.INVESTIGATOR]['own']['evidence']}/hold"
    headers = {"If-Match": tag.encode("utf-8").decode("latin-1")}
    assert person.post(path, {"reason": "x"}, headers=headers).status_code in (403, 409, 412)


@pytest.mark.parametrize(
    "url", ["evidence.example.org", "https://a/b", "https://a@b", "javascript:1", "https://a\nb", "//a"]
)
def test_an_address_that_is_none_is_refused_at_the_start(url: str) -> None:
    with pytest.raises(BadSettings, match="UNBROKEN_URL"):
        load({"UNBROKEN_URL": url})
    assert load({"UNBROKEN_URL": "https://evidence.example.org:8443"}).url == "https://evidence.example.org:8443"
