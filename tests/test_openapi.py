"""The OpenAPI document says what the API does, and a readable page says the same."""

import random
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import pytest
import schemathesis
import sqlalchemy as sa
from schemathesis.core.transforms import deepclone
from schemathesis.engine import Status, events, from_schema
from schemathesis.hooks import GLOBAL_HOOK_DISPATCHER

from evidence_api.domain.roles import Role, Scope
from evidence_api.models import Tries
from tests.conftest import Persona
from tests.golden.office import Offices, add_person, add_token, into, open_offices
from tests.test_permissions import TARGETS

CHECKS = (
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
    "unsupported_method",
)
ROLES = (Role.INVESTIGATOR, Role.SUPERVISOR, Role.ADMINISTRATOR)


@pytest.fixture(scope="module")
def offices(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Offices]:
    opened = open_offices(tmp_path_factory.mktemp("offices"), request)
    yield opened
    opened.site.engine.dispose()


def configuration(coverage: bool) -> schemathesis.Config:
    """Always the same cases, and no more of them than take half a minute."""
    return schemathesis.Config.from_dict(
        {
            "seed": 1,
            "continue-on-failure": True,
            "suppress-health-check": ["all"],
            "cache": {"enabled": False},
            "generation": {
                "max-examples": 8,
                "deterministic": True,
                "no-shrink": True,
                "database": "none",
                "with-security-parameters": False,
            },
            "phases": {
                "coverage": {"enabled": coverage, "unexpected-methods": ["PUT"]},
                "stateful": {"enabled": False},
            },
            "checks": {"enabled": False, **{name: {"enabled": True} for name in CHECKS}},
        }
    )


@contextmanager
def sent_to_real_things(offices: Offices, role: Role) -> Iterator[None]:
    """What is made up seldom names a thing that is there, or has a code that is right: most of the time, lend one."""
    person, chance = offices.people[role], random.Random(1)
    spare = add_person(offices.site, offices.app, role)

    def before_call(_context: Any, case: Any, _kwargs: dict[str, Any]) -> None:
        word, *_ = case.path.removeprefix("/api/v1/").split("/")
        things = offices.things[role][chance.choice(("own", "in", "in", "out"))]
        for name in case.path_parameters or {}:
            target = TARGETS.get(word, "") if name == "id" else name
            # It learns ids from answers: the token that it uses itself must not be among those that it revokes.
            if target in things and (target == "token" or chance.random() < 0.8):
                case.path_parameters[name] = things[target]
        if isinstance(case.body, dict) and "otp" in case.body and chance.random() < 0.5:
            case.body["otp"] = person.otp()
        if word == "uploads" and "case" in things and chance.random() < 0.5:
            made = {**into(things["case"]), "Upload-Offset": "0"}
            case.headers.update({name: value for name, value in made.items() if name in case.headers})
        if "Idempotency-Key" in case.headers and chance.random() < 0.8:
            case.headers["Idempotency-Key"] = str(chance.random())
        # Here every token may be ended, and then nothing more would come past the door.
        token = add_token(spare, Scope.ALL)[1] if case.path == "/api/v1/sessions" else person.token
        if chance.random() < 0.95:
            case.headers["Authorization"] = f"Bearer {token}"
        with offices.site.engine.begin() as connection:
            connection.execute(sa.delete(Tries))

    GLOBAL_HOOK_DISPATCHER.register_hook_with_name(before_call, "before_call")
    try:
        yield
    finally:
        GLOBAL_HOOK_DISPATCHER.unregister(before_call)


@schemathesis.serializer("application/offset+octet-stream")
def as_bytes(_context: Any, value: Any) -> Any:
    return value if isinstance(value, bytes) else str(value).encode()


@pytest.mark.parametrize("role", ROLES)
def test_whatever_is_sent_nothing_breaks_and_every_answer_is_documented(offices: Offices, role: Role) -> None:
    # So that a defect is answered as it is in service, instead of ending the test.
    offices.app.testing = False
    config = configuration(coverage=role is Role.INVESTIGATOR)
    schema = schemathesis.openapi.from_wsgi("/api/v1/openapi.json", offices.app, config=config)
    failures: list[str] = []
    import collections, time
    why = collections.Counter(); seen = collections.Counter(); began = time.time(); times = collections.Counter()
    with sent_to_real_things(offices, role):
      for event in from_schema(schema).execute():
        if isinstance(event, events.NonFatalError | events.FatalError):
            failures.append(repr(event)+str(getattr(event,"value","")))
        if isinstance(event, events.ScenarioFinished):
            times[event.label] += event.elapsed_time
            for id, inter in event.recorder.interactions.items():
                if inter.response and inter.response.status_code == 422:
                    for k, v in inter.response.json().get("errors", {}).items(): why[(event.label, k, str(v)[:90])] += 1
                seen[(event.label, inter.response.status_code if inter.response else None)] += 1
            for cid, checks in event.recorder.checks.items():
                for c in checks:
                    if c.status is Status.FAILURE:
                        failures.append(f"{event.label}: {c.name}: {c.failure_info.failure} {c.failure_info.code_sample[:600]}" )
    print(time.time()-began, sum(seen.values()))
    for k, v in times.most_common(8): print(k, v)
    with open(f"/tmp/quality/seen-{role}.txt","w") as f:
        for k in sorted(seen, key=str): print(k, seen[k], file=f)
    with open(f"/tmp/quality/fail-{role}.txt","w") as f:
        for k in failures: print(k,"\n---", file=f)
    print(len(failures))
    with open(f"/tmp/quality/why-{role}.txt","w",errors="replace") as f:
        for k, v in why.most_common(): print(v, *k, file=f)
    assert not failures
