"""The OpenAPI document says what the API does, and a readable page says the same."""

import random
import re
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
import sqlalchemy as sa
from flask.testing import FlaskClient
from schemathesis.engine import Status, events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

from evidence_api.api import APIS, OUTSIDE, PREFIX
from evidence_api.api.contract import Route
from evidence_api.domain.roles import Role, Scope
from evidence_api.models import Tries
from evidence_api.policy import TABLE
from tests.conftest import BACKEND, PASSWORD
from tests.golden.office import Offices, add_person, add_token, into, offices
from tests.test_permissions import target_of

__all__ = ["offices"]

DOCUMENT = f"{PREFIX}/openapi.json"
CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
ROUTES = [(prefix, route) for prefix, apis in ((PREFIX, APIS), ("", OUTSIDE)) for api in apis for route in api.routes]


def path_of(prefix: str, route: Route) -> str:
    return prefix + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.rule)


# --- the document -----------------------------------------------------------------------------------------------------


def test_the_document_is_valid_openapi(client: FlaskClient) -> None:
    document = client.get(DOCUMENT).get_json()
    assert document["openapi"].startswith("3.1.")
    schemathesis.openapi.from_dict(document).validate()


def test_every_route_is_in_the_document_with_its_own_permission(client: FlaskClient) -> None:
    documented = {
        (verb.upper(), path): operation
        for path, operations in client.get(DOCUMENT).get_json()["paths"].items()
        for verb, operation in operations.items()
    }
    assert set(documented) == {(route.method, path_of(prefix, route)) for prefix, route in ROUTES}
    for prefix, route in ROUTES:
        operation = documented[route.method, path_of(prefix, route)]
        assert operation["x-permission"] == route.act.permission, route.name
    assert len({operation["operationId"] for operation in documented.values()}) == len(documented)


def test_patterns_are_those_of_json_schema(client: FlaskClient) -> None:
    text = client.get(DOCUMENT).get_data(as_text=True)
    assert '"pattern"' in text
    assert "\\\\A" not in text, "other languages do not know Python's anchors"


def test_the_readable_page_shows_every_route_with_who_may_and_asks_nothing_of_anyone_else(client: FlaskClient) -> None:
    response = client.get("/api/docs")
    page = response.get_data(as_text=True)
    shown = re.findall(r'<code class="verb">(\w+)</code> <code class="path">([^<]+)</code>', page)
    assert sorted(shown) == sorted((route.method, path_of(prefix, route)) for prefix, route in ROUTES)
    case_edit = page.partition('<code class="verb">PATCH</code> <code class="path">/api/v1/cases/')[2].partition(
        "</details>"
    )[0]
    assert "only who leads the case" in case_edit
    assert "case_edit" in case_edit
    for address in re.findall(r'(?:src|href|action)="([^"]*)"', page):
        assert re.match(r"(/(?!/)|#)", address), f"{address} leads elsewhere"
    for unsafe in ("<script", "<style", " style=", "javascript:", " onclick=", " onload="):
        assert unsafe not in page


def test_the_policy_of_the_page_lets_no_inline_script_run_and_nothing_come_from_elsewhere(client: FlaskClient) -> None:
    policy = client.get("/api/docs").headers["Content-Security-Policy"]
    assert "default-src 'none'" in policy
    assert "script-src 'self';" in policy
    sources = {source for directive in policy.split(";") for source in directive.split()[1:]}
    assert sources <= {"'none'", "'self'", "data:", "blob:"}


# --- the API against it -----------------------------------------------------------------------------------------------


@schemathesis.serializer("application/offset+octet-stream")
def as_bytes(_context: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode()


def configuration() -> schemathesis.Config:
    """Always the same cases: each boundary of each field, and one by chance."""
    return schemathesis.Config.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "suppress-health-check": ["all"],
            "cache": {"enabled": False},
            "generation": {
                "max-examples": 1,
                "deterministic": True,
                "no-shrink": True,
                "database": "none",
                "with-security-parameters": False,
            },
            "phases": {
                "coverage": {"unexpected-methods": ["TRACE"]},
                "stateful": {"enabled": False},
            },
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
        }
    )


CALLED = {
    "target": "victim",
    "witness": "victim",
    "document": "evidence",
    "statement": "evidence",
    **dict.fromkeys(("guardian", "place", "waiting_area", "vehicle"), "resource"),
}
SEVERAL = {"charges": "charge", "resources": "resource", "people": "user"}
"""Fields of a body that name a thing, or several, otherwise than by what it is."""


@contextmanager
def sent_to_real_things(offices: Offices, role: Role) -> Iterator[None]:
    """What is made up seldom names a thing that is there, or has a code that is right: most of the time, lend one."""
    person, chance = offices.people[role], random.Random(1)
    token = add_token(person, Scope.ALL)[1]
    spare = add_person(offices.site, offices.app, role)

    def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
        word, *_ = case.path.removeprefix(f"{PREFIX}/").split("/")
        things = offices.things[role][chance.choice(("own", "own", "in", "out"))]
        for name in case.path_parameters or {}:
            target = target_of(case.path) if name == "id" else name
            # It learns ids from answers: the token that it uses itself must not be among those that it revokes.
            if target in things and (target == "token" or chance.random() < 0.8):
                case.path_parameters[name] = things[target]
            elif name == "code":
                case.path_parameters[name] = chance.choice(("DEMO", case.path_parameters[name]))
        if isinstance(case.body, dict) and chance.random() < 0.7:
            another = str(offices.people[chance.choice(list(offices.people))].id)
            lent = {"to": another, "user": another, "username": person.username, "password": PASSWORD}
            lent |= things | {field: things.get(thing, another) for field, thing in CALLED.items()}
            case.body |= {name: value for name, value in lent.items() if name in case.body}
            many = {field: [things.get(thing, another)] for field, thing in SEVERAL.items()}
            case.body |= {name: value for name, value in many.items() if name in case.body}
            case.body |= {"otp": person.otp()} if "otp" in case.body else {}
        if case.method != "GET" and chance.random() < 0.5:
            case.headers["X-OTP"] = person.otp()
        if word == "uploads" and "case" in things and chance.random() < 0.5:
            made = {**into(things["case"]), "Upload-Offset": "0"}
            case.headers.update({name: value for name, value in made.items() if name in case.headers})
        if "Idempotency-Key" in case.headers and chance.random() < 0.8:
            case.headers["Idempotency-Key"] = str(chance.random())
        if "If-Match" in case.headers and chance.random() < 0.8:
            case.headers["If-Match"] = "*"
        if chance.random() < 0.95:
            # Here every token may be ended, and then nothing more would come past the door.
            good = add_token(spare, Scope.ALL)[1] if word == "sessions" else token
            case.headers["Authorization"] = f"Bearer {good}"
        with offices.site.engine.begin() as connection:
            connection.execute(sa.delete(Tries))

    GLOBAL_HOOK_DISPATCHER.register_hook_with_name(before_call, "before_call")
    try:
        yield
    finally:
        GLOBAL_HOOK_DISPATCHER.unregister(before_call)


SENDERS = (Role.CASEWORKER, Role.INVESTIGATOR, Role.LAWYER, Role.SUPERVISOR, Role.ADMINISTRATOR)
EACH = 1 if BACKEND == "embedded" else 4
"""What is checked before a database is asked is the same with each: with the second one, every fourth route."""


def sender(number: int, route: Route) -> Role:
    """Each route is tried once, by one whom it lets through: those who may take turns."""
    may = [role for role in SENDERS if role in TABLE[route.act.permission]]
    return may[number % len(may)] if may else Role.INVESTIGATOR


@pytest.mark.parametrize("role", SENDERS)
def test_whatever_is_sent_nothing_breaks_and_every_answer_is_documented(offices: Offices, role: Role) -> None:
    hers = {f"{r.method} {path_of(prefix, r)}" for n, (prefix, r) in enumerate(ROUTES[::EACH]) if sender(n, r) is role}
    # So that a defect is answered as it is in service, instead of ending the test.
    offices.app.testing = False
    whole = schemathesis.openapi.from_wsgi(DOCUMENT, offices.app, config=configuration())
    schema = whole.include(lambda found: found.operation.label in hers)
    faults: list[str] = []
    answered: Counter[int] = Counter()
    with sent_to_real_things(offices, role):
        for event in from_schema(schema).execute():
            if isinstance(event, events.NonFatalError | events.FatalError):
                faults.append(str(event))
            elif isinstance(event, events.ScenarioFinished):
                faults += faults_of(event)
                made = event.recorder.interactions.values()
                answered.update(one.response.status_code for one in made if one.response is not None)
    assert not faults, "\n\n".join(faults)
    assert sum(answered.values()) > 15 * len(hers)
    assert answered[401] < sum(answered.values()) / 10, "most of it did not even come past the door"
    assert {200, 400, 404, 422} <= set(answered)


def faults_of(event: events.ScenarioFinished) -> Iterator[str]:
    """What was wrong with the answers, each with the request that brings it about again."""
    for checks in event.recorder.checks.values():
        for check in checks:
            if check.status is Status.FAILURE and check.failure_info is not None:
                yield f"{event.label}: {check.failure_info.failure}\n{check.failure_info.code_sample[:1000]}"
