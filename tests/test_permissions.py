"""Who gets what from every route: every route is called as everybody, and the answers are held against a table.

A new route has no row and fails. `UNBROKEN_UPDATE_GOLDEN=1` writes the tables anew; read what has changed in them.
"""

import difflib
import os
import re
import uuid
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient
from werkzeug.routing import Rule
from werkzeug.test import TestResponse

from evidence_api.api import APIS, OUTSIDE
from evidence_api.domain.appeal import APPEAL
from evidence_api.domain.case import STAGES, Stage
from evidence_api.domain.charge import CHARGE
from evidence_api.domain.closure import CLOSURE
from evidence_api.domain.custody import RETURNING, TAKING
from evidence_api.domain.exhibit import EXHIBIT
from evidence_api.domain.hearing import HEARING
from evidence_api.domain.lifecycle import Lifecycle
from evidence_api.domain.link import LinkKind
from evidence_api.domain.operation import OPERATION
from evidence_api.domain.roles import PERSONAL_ROLES, Role, Scope
from evidence_api.domain.testimony import MEASURE, PLAN, SESSION, TESTIMONY
from evidence_api.domain.venue import VENUE
from evidence_api.domain.victim import AXES
from evidence_api.policy import PUBLIC
from tests.casework import sitting
from tests.conftest import BACKEND, PASSWORD, Persona
from tests.golden.office import Offices, Things, add_token, into, offices, settle

# The whole table is made for the first test.
pytestmark = pytest.mark.timeout(900)

GOLDEN = Path(__file__).parent / "golden"
WHOLE = BACKEND == "embedded"
UPDATE = os.environ.get("UNBROKEN_UPDATE_GOLDEN") == "1"
RELATIONS = ("own", "in", "out")
API = "/api/v1"
MISSING = "–"
SAME = "·"

HEADER = """\
What every route answers to whom. Made by tests/test_permissions.py; UNBROKEN_UPDATE_GOLDEN=1 writes it anew.

own: she leads the case, holds the item or has it shared with her, gives or takes the hand-over, it is her account
in:  she is assigned to the case, or it is in her office, and it is another's
out: she is not assigned to the case; for supervisor and administrator: it is in another office
ok: permitted, whatever the input or the state then says; 401, 403, 404 as answered; – she can have none of her own
·: a form's page, looked at once by each role; what is sent with it stands in the row of POST

Of pages for the steps of a lifecycle those of one step stand here for each set of roles that may take some.

/enrolment is for the browser in which the initial password was given just before.
"""
SCOPES_HEADER = """\
How far a token reaches, whoever holds it. Made by tests/test_permissions.py; UNBROKEN_UPDATE_GOLDEN=1 writes it anew.

Each route is called by the first role of the other table whom it is permitted to, with a token of each scope.
"""

TARGETS = {
    "cases": "case",
    "evidence": "evidence",
    "items": "evidence",
    "transfers": "transfer",
    "uploads": "upload",
    "tokens": "token",
    "me": "session",
    "users": "user",
    "people": "user",
    "account": "token",
    "handovers": "transfer",
    "victims": "victim",
    "evidence-of": "victim",
    "perpetrators": "perpetrator",
    "venues": "venue",
    "operations": "operation",
    "operatives": "operative",
    "approvals": "approval",
    "requests": "request",
    "partners": "partner",
    "tips": "tip",
    "episodes": "episode",
    "searches": "search",
    "alerts": "alert",
    "links": "link",
    "consents": "consent",
    "keep-apart": "keep_apart",
    "victim-ties": "victim_tie",
    "venue-ties": "venue_tie",
    "steps": "step",
    "placements": "placement",
    "claims": "claim",
    "referrals": "referral",
    "account/calendar": "feed",
    "account/sessions": "session",
    "me/calendar": "feed",
    "charges": "charge",
    "sentences": "sentence",
    "proofs": "proof",
    "appeals": "appeal",
    "exhibits": "exhibit",
    "hearings": "hearing",
    "testimonies": "testimony",
    "measures": "measure",
    "preparations": "preparation",
    "unavailabilities": "unavailability",
    "plans": "plan",
    "offers": "offer",
    "resources": "resource",
    "closure-orders": "closure_order",
}
"""What the id in a path names, by the word before it, or by the first two of the path."""


def target_of(path: str) -> str | None:
    """What the id in a path names."""
    words = path.removeprefix(API).split("/")
    return TARGETS.get("/".join(words[1:3])) or TARGETS.get(words[1])


@dataclass(frozen=True)
class Call:
    """One way to call a route; `of` names what is called, where it is not what the path says. In the texts of the body
    `{me}` is the caller, and `{case}` and the like are things."""

    label: str = ""
    body: Mapping[str, Any] | None = None
    of: str | None = None
    into_case: bool = False
    stage: Stage = Stage.CLOSED


_REASON = {"reason": "Because"}
_ROLE = {"role": "lawyer"}
_PLAIN = Call()


def one_of_each(lifecycle: Lifecycle[Any]) -> list[str]:
    """A step for each set of roles that may take some."""
    return sorted({lifecycle.roles(action): action for action in sorted(lifecycle.actions)}.values())


_BODIES: Mapping[str, Mapping[str, Any]] = {
    "victims": {"case": "{case}", "gender": "female"},
    "perpetrators": {"case": "{case}", "alias": "Auntie", "roles": ["keeper"]},
    "venues": {"case": "{case}", "kind": "bar", "description": "Blue gate"},
    "operations": {"case": "{case}", "kind": "rescue"},
    "searches": {"case": "{case}", "description": "A scar"},
    "episodes": {"victim": "{victim}"},
    "approvals": {"kind": "operative_identity", "about": "{operative}", **_REASON},
}
"""What is made of which case, victim or operative, the body says."""

_MOVED: Mapping[str, Lifecycle[Any]] = {
    "venues": VENUE,
    "operations": OPERATION,
    "charges": CHARGE,
    "appeals": APPEAL,
    "exhibits": EXHIBIT,
    "hearings": HEARING,
    "testimonies": TESTIMONY,
    "measures": MEASURE,
    "preparations": SESSION,
    "plans": PLAN,
    "closure-orders": CLOSURE,
}

STEPS = (*_MOVED.items(), *(("victims", axis) for axis in AXES.values()))
"""Lifecycles, each with the things that have it."""

CALLS: Mapping[str, tuple[Call, ...]] = {
    f"POST {API}/cases/<uuid:id>/transitions": tuple(
        Call(action, {"action": action, **_REASON}, stage=Stage.INTAKE if action == "reopen" else Stage.CLOSED)
        for action in STAGES.actions
    ),
    f"POST {API}/evidence/<uuid:id>/moves": tuple(
        Call(action, {"action": action, **_REASON}) for action in sorted(TAKING | RETURNING)
    )
    + tuple(
        Call(f"{action} of one who has left", {"action": action, **_REASON}, of="left")
        for action in sorted(TAKING | RETURNING)
    ),
    f"POST {API}/evidence/<uuid:id>/transfers": (_PLAIN, Call("of one who has left", of="left")),
    f"GET {API}/evidence/<uuid:id>/content": (_PLAIN, Call("restricted", of="restricted")),
    f"POST {API}/evidence/<uuid:id>/sensitivity": (
        Call("restrict"),
        Call("lift the restriction", {"sensitivity": "ordinary", **_REASON}),
    ),
    f"POST {API}/evidence/<uuid:id>/lift-hold": (Call(body=_REASON),),
    f"POST {API}/evidence/<uuid:id>/readers": (Call("another"), Call("oneself", {"user": "{me}"})),
    f"POST {API}/transfers/<uuid:id>/accept": (Call("as giver", {}), Call("as receiver", {}, of="offered")),
    f"POST {API}/transfers/<uuid:id>/refuse": (Call("as giver", _REASON), Call("as receiver", _REASON, of="offered")),
    f"POST {API}/transfers/<uuid:id>/withdraw": (
        Call("as giver", _REASON),
        Call("as receiver", _REASON, of="offered"),
        Call("of one who has left", _REASON, of="left_offer"),
    ),
    f"POST {API}/uploads": (_PLAIN, Call("into a case", into_case=True)),
    **{f"POST {API}/{collection}": (Call(body=body),) for collection, body in _BODIES.items()},
    f"POST {API}/victims/<uuid:id>/transitions": tuple(
        Call(f"{axis}: {action}", {"axis": axis.value, "action": action, **_REASON})
        for axis, lifecycle in AXES.items()
        for action in one_of_each(lifecycle)
    ),
    **{
        f"POST {API}/{things}/<uuid:id>/transitions": tuple(
            Call(action, {"action": action, **_REASON}) for action in one_of_each(lifecycle)
        )
        for things, lifecycle in _MOVED.items()
    },
    f"POST {API}/cases/<uuid:id>/imports": tuple(
        Call(kind, {"kind": kind, "csv": "a\nb\n", "mapping": {}})
        for kind in ("victims", "perpetrators", "venues", "charges")
    ),
    f"GET {API}/testimonies/<uuid:id>": (_PLAIN, Call("of an operative", of="covert")),
    f"POST {API}/operations/<uuid:id>/operatives": (Call(body={"operative": "{operative}"}),),
    "POST /operations/<uuid:id>/operatives/add": (Call(body={"operative": "{operative}"}),),
    **{
        f"POST {prefix}/operations/<uuid:id>/operatives/<uuid:operative>/end": (Call(body=_REASON),)
        for prefix in ("", API)
    },
    "POST /approvals/<uuid:id>/approve": (Call(body={"otp": "000000"}),),
    "POST /approvals/<uuid:id>/refuse": (Call(body={"otp": "000000", **_REASON}),),
    "POST /approvals/<uuid:id>/withdraw": (Call(body=_REASON),),
    f"POST {API}/approvals/<uuid:id>/refuse": (Call(body=_REASON),),
    f"POST {API}/approvals/<uuid:id>/withdraw": (Call(body=_REASON),),
    f"POST {API}/operatives/<uuid:id>/reveal": (Call(body={"approval": "{approval}"}),),
    "GET /evidence-of/<any(victim,perpetrator,venue,episode,operation,charge):kind>/<uuid:id>": tuple(
        Call(kind, of=kind) for kind in LinkKind
    ),
    **{
        f"POST /{things}/<uuid:id>/do/{action}": (Call(body=_REASON),)
        for things, lifecycle in STEPS
        for action in lifecycle.actions
    },
    "POST /charges/<uuid:id>/do/withdraw": (Call(body={"code": "other", **_REASON}),),
    "POST /venues/<uuid:id>/do/displace": (Call(body={"successor": "{venue}", **_REASON}),),
    f"POST {API}/users/<uuid:id>/roles": (Call(body=_ROLE),),
    f"POST {API}/users/<uuid:id>/roles/revoke": (Call(body=_ROLE),),
    **{
        f"POST /cases/<uuid:id>/do/{action}": (
            Call(
                body={**_REASON, "to": "investigating"} if action == "reopen" else _REASON,
                stage=Stage.INTAKE if action == "reopen" else Stage.CLOSED,
            ),
        )
        for action in STAGES.actions
    },
}
"""Where an empty body does not come as far as the last word on who may."""

_PERMISSIONS = {
    f"{route.method} {prefix}{route.rule}": route.act.permission
    for prefix, apis in ((API, APIS), ("", OUTSIDE))
    for api in apis
    for route in api.routes
}

__all__ = ["offices"]

COLUMNS = ("anonymous", *(f"{role} {relation}" for role in PERSONAL_ROLES for relation in RELATIONS))
Table = dict[str, dict[str, str]]
"""Row, column, cell."""


# --- calling ----------------------------------------------------------------------------------------------------------


def routes(offices: Offices) -> Iterator[tuple[str, Rule]]:
    """Every method and path that the application answers to; with the second backend, those of the API alone: the pages
    ask the same acts."""
    found = []
    for rule in offices.app.url_map.iter_rules():
        if not WHOLE and not rule.rule.startswith(API):
            continue
        methods = set(rule.methods or ())
        if "GET" in methods:
            methods.discard("HEAD")
        if getattr(rule, "provide_automatic_options", True):
            methods.discard("OPTIONS")
        found += [(method, rule) for method in methods]
    yield from sorted(found, key=lambda each: (each[1].rule, each[0]))


ALIKE = {
    f"/{things}/<uuid:id>/do/{action}"
    for things, lifecycle in STEPS
    for action in set(lifecycle.actions) - set(one_of_each(lifecycle))
}
"""Pages for steps that are made as those of another step of the same roles."""


def calls(offices: Offices) -> Iterator[tuple[str, str, Rule, Call]]:
    """Every row: its name, and how it is called."""
    for method, rule in routes(offices):
        if rule.rule in ALIKE:
            continue
        name = f"{method} {rule.rule}"
        for call in CALLS.get(name, (_PLAIN,)):
            yield f"{name} ({call.label})" if call.label else name, method, rule, call


def path_of(rule: Rule, call: Call, things: Things) -> str | None:
    """The path to one of these things; None where there is none."""
    path = rule.rule.replace("<version>/<path:filename>", "any/style.css")
    path = re.sub(r"<any\(.*\):kind>", call.of or TARGETS["evidence-of"], path).replace("<string:code>", "DEMO")
    if "<secret>" in path:
        return path.replace("<secret>", things["secret"]) if "secret" in things else None
    if "<uuid:id>" in path:
        target = call.of or target_of(path)
        assert target, f"say in TARGETS what the id in {rule.rule} names"
        if target not in things:
            return None
        path = path.replace("<uuid:id>", things[target])
    return re.sub(r"<uuid:(\w+)>", lambda found: things.get(found[1], things["user"]), path)


def named_in(call: Call) -> set[str]:
    """The things that its body names."""
    words = [value for value in (call.body or {}).values() if isinstance(value, str)]
    return {name for word in words for name in re.findall(r"{(\w+)}", word)} - {"me"}


def filled_in(call: Call, things: Mapping[str, str], me: str) -> dict[str, Any]:
    """Its body, with the ids of these things."""
    body = call.body or {}
    return {n: value.format(**things, me=me) if isinstance(value, str) else value for n, value in body.items()}


def answer_class(response: TestResponse) -> str:
    """The cell: 401, 403, 404, or ok: every other refusal comes after the question who may."""
    if response.status_code == 403 and (response.get_json(silent=True) or {}).get("type") == "step-up":
        return "ok"
    if response.status_code in (401, 403, 404):
        return str(response.status_code)
    assert response.status_code < 500, f"{response.request.path} answered {response.status_code}"
    assert response.status_code != 429, "the test itself is held up by too many tries"
    return "ok"


def call_api(app_client: FlaskClient, method: str, path: str, call: Call, things: Things, me: str, token: str) -> str:
    headers = {"Authorization": f"Bearer {token}"} if token else {}
    if call.into_case and "case" in things:
        headers |= into(things["case"])
    body = None if call.body is None else filled_in(call, things, me)
    return answer_class(app_client.open(path, method=method, json=body, headers=headers, buffered=True))


def csrf_of(client: FlaskClient, person: Persona | None) -> str:
    """The token that a form carries in this browser; the person is signed in, unless that is so already."""
    if person is None:
        found = re.search(r'name="csrf_token" value="([^"]+)"', client.get("/sign-in").get_data(as_text=True))
        assert found is not None
        return found[1]
    answered = client.get(f"{API}/me")
    if answered.status_code in (401, 423):
        body = {"username": person.username, "password": PASSWORD, "otp": person.otp()}
        answered = client.post(f"{API}/session", json=body)
    return str(answered.get_json()["csrf"])


def call_page(
    browser: tuple[FlaskClient, str], method: str, path: str, body: Mapping[str, Any], *, signed_in: bool
) -> str:
    client, csrf = browser
    data = {"csrf_token": csrf, **body} if method == "POST" else None
    response = client.open(path, method=method, data=data, buffered=True)
    if response.status_code == 302 and response.location == "/sign-in":
        # So answers whoever wants her to sign in, and so does signing out.
        signed_out = signed_in and client.get(f"{API}/me").status_code == 401
        return "ok" if signed_out else "401"
    return answer_class(response)


Browsers = dict[Role | None, tuple[FlaskClient, str]]
"""Everybody's browser with the token that its forms carry; that of nobody in particular too."""


def opened(offices: Offices, kept: Browsers, role: Role | None) -> tuple[FlaskClient, str]:
    """The browser, in which the person is signed in."""
    if role not in kept:
        client = offices.app.test_client() if role is None else offices.browsers[role]
        kept[role] = client, csrf_of(client, None if role is None else offices.people[role])
    return kept[role]


def make_row(offices: Offices, kept: Browsers, method: str, rule: Rule, call: Call) -> dict[str, str]:
    """One row: everybody calls."""
    api = f"{method} {rule.rule}" in _PERMISSIONS
    needed = named_in(call) | ({"case"} if call.into_case else set())
    related = "<uuid:" in rule.rule or "<secret>" in rule.rule or bool(needed)
    settle(offices.site, call.stage)
    anonymous = offices.things[Role.INVESTIGATOR]["in"]
    path = path_of(rule, call, anonymous)
    assert path is not None
    cells = {
        "anonymous": call_api(offices.app.test_client(), method, path, call, anonymous, "", "")
        if api
        else call_page(opened(offices, kept, None), method, path, filled_in(call, anonymous, ""), signed_in=False)
    }
    form = method == "GET" and "POST" in (rule.methods or ()) and "<uuid:" in rule.rule
    shown = form and not rule.rule.startswith("/account/")
    for role, person in offices.people.items():
        answered = None
        for relation in RELATIONS:
            if shown and relation != "in":
                cells[f"{role} {relation}"] = SAME
                continue
            things, me = offices.things[role][relation], str(person.id)
            path = path_of(rule, call, things)
            if path is None or not needed <= things.keys():
                cell = MISSING
            elif answered is not None and not related:
                cell = answered
            elif api:
                cell = call_api(offices.app.test_client(), method, path, call, things, me, person.token)
            else:
                cell = call_page(opened(offices, kept, role), method, path, filled_in(call, things, me), signed_in=True)
            answered = cells[f"{role} {relation}"] = cell
    if "<uuid:" not in rule.rule:
        kept.clear()  # Such a page may have ended the session.
    return cells


@pytest.fixture(scope="module")
def table(offices: Offices) -> Table:
    kept: Browsers = {}
    return {name: make_row(offices, kept, method, rule, call) for name, method, rule, call in calls(offices)}


# --- the tables as text -----------------------------------------------------------------------------------------------


def permission_of(name: str) -> str:
    return str(_PERMISSIONS.get(name.partition(" (")[0], "page"))


def as_text(header: str, columns: list[tuple[str, ...]], rows: Mapping[str, list[str]]) -> str:
    """Fixed columns, so that a line of a difference can be read by itself."""
    first = max(len(name) for name in rows) + 2
    second = max(len(permission_of(name)) for name in rows) + 2
    words = [word for _, *under in columns for word in under]

    def groups(cells: list[str]) -> list[str]:
        padded = iter(cell.ljust(max(len(word), 3)) for cell, word in zip(cells, words, strict=True))
        return [" ".join(next(padded) for _ in under) for _, *under in columns]

    def line(name: str, permission: str, cells: list[str]) -> str:
        return (name.ljust(first) + permission.ljust(second) + "   ".join(cells)).rstrip()

    under = groups(words)
    headings = "".join(heading.ljust(len(group) + 3) for (heading, *_), group in zip(columns, under, strict=True))
    lines = [line("", "", [headings]), line("", "", under)]
    lines += [line(name, permission_of(name), groups(cells)) for name, cells in rows.items()]
    return f"{header}\n" + "\n".join(lines) + "\n"


def hold_against(file: str, text: str) -> None:
    """Fail with the lines that differ, or write the file anew."""
    path = GOLDEN / file
    if UPDATE and WHOLE:
        path.write_text(text)
    kept = path.read_text() if path.exists() else ""
    if not WHOLE:
        # The columns are as wide as their rows, so that only the words of a line can be compared.
        known = {" ".join(line.split()) for line in kept.splitlines()}
        kept, text = "", "\n".join(line for line in text.splitlines() if " ".join(line.split()) not in known)
    changed = list(difflib.unified_diff(kept.splitlines(), text.splitlines(), "kept", "answered now", lineterm="", n=0))
    assert not changed, "\n".join(["Who may do what has changed, or a route is new:", *changed])


# --- the tests --------------------------------------------------------------------------------------------------------


def test_every_route_answers_everybody_as_the_table_says(table: Table) -> None:
    columns = [("", "anonymous"), *((str(role), *RELATIONS) for role in PERSONAL_ROLES)]
    rows = {name: [cells[column] for column in COLUMNS] for name, cells in table.items()}
    hold_against("permissions.txt", as_text(HEADER, columns, rows))


def test_a_token_reaches_no_further_than_its_scope(offices: Offices, table: Table) -> None:
    tokens = {
        (role, scope): add_token(person, scope)[1]
        for role, person in offices.people.items()
        for scope in (Scope.UPLOAD, Scope.READ)
    }
    rows: dict[str, list[str]] = {}
    for name, method, rule, call in calls(offices):
        permitted = [
            (role, relation)
            for role in PERSONAL_ROLES
            for relation in RELATIONS
            if table[name][f"{role} {relation}"] == "ok"
        ]
        if f"{method} {rule.rule}" not in _PERMISSIONS or not permitted:
            continue
        settle(offices.site, call.stage)
        role, relation = permitted[0]
        things, me = offices.things[role][relation], str(offices.people[role].id)
        path = path_of(rule, call, things)
        assert path is not None
        rows[name] = [
            call_api(offices.app.test_client(), method, path, call, things, me, tokens[role, scope])
            for scope in (Scope.UPLOAD, Scope.READ)
        ] + ["ok"]
    hold_against("scopes.txt", as_text(SCOPES_HEADER, [("scope", *Scope)], rows))


def test_whoever_is_not_signed_in_gets_nothing_but_what_is_public(table: Table) -> None:
    public = {"/sign-in", "/language", "/quick-exit", "/away", "/design", "/api/docs"}
    public |= {"/static/<version>/<path:filename>", "/calendar/<secret>.ics"}
    for name, cells in table.items():
        method_and_path = name.partition(" (")[0]
        if method_and_path in _PERMISSIONS:
            # Signing in answers 422 to an empty body; what is wrong with a password is 401 too.
            wanted = "ok" if _PERMISSIONS[method_and_path] in PUBLIC else "401"
        else:
            wanted = "ok" if method_and_path.partition(" ")[2] in public else "401"
        assert cells["anonymous"] == wanted, name


def test_an_outsider_never_learns_that_a_thing_is_there(table: Table) -> None:
    for name, cells in table.items():
        if "<uuid:id>" in name and permission_of(name) not in {"health"}:
            for role in PERSONAL_ROLES:
                # Or what is not for her role at all, whatever the thing.
                answers = {cells[f"{role} {relation}"] for relation in RELATIONS} - {MISSING, SAME}
                assert cells[f"{role} out"] in ("404", SAME) or answers == {"403"}, (name, role)


_LATER = {"starts_at": sitting(10, 3).isoformat(), "ends_at": sitting(10, 4).isoformat()}
_HEARING = {"court": "Provincial court", "kind": "trial"}

NAMED: tuple[tuple[Role, str, str, str, Mapping[str, Any]], ...] = (
    (Role.CASEWORKER, "POST", "victims/{victim}/cases", "case", {}),
    (Role.CASEWORKER, "POST", "victims/{victim}/keep-apart", "victim", {"barrier": "do_not_contact"}),
    (Role.CASEWORKER, "POST", "victims/{victim}/keep-apart", "perpetrator", {"barrier": "do_not_contact"}),
    (Role.CASEWORKER, "POST", "victims/{victim}/placements", "partner", {"kind": "shelter", "from_on": "2026-01-01"}),
    (Role.CASEWORKER, "POST", "victims/{victim}/referrals", "partner", {"service": "shelter"}),
    (Role.CASEWORKER, "POST", "victims/{victim}/steps", "partner", {"kind": "service", "what": "medical"}),
    (Role.CASEWORKER, "POST", "episodes", "venue", {"victim": "{victim}"}),
    (Role.CASEWORKER, "POST", "episodes", "case", {"victim": "{victim}"}),
    (Role.CASEWORKER, "POST", "operations/{operation}/roster", "victim", {}),
    (Role.CASEWORKER, "POST", "searches/{search}/match", "victim", _REASON),
    (Role.INVESTIGATOR, "POST", "searches/{search}/sightings", "venue", {"seen_on": "2026-01-01"}),
    (Role.INVESTIGATOR, "POST", "perpetrators/{perpetrator}/victims", "victim", {"relation": "sold"}),
    (Role.INVESTIGATOR, "POST", "venues/{venue}/ties", "perpetrator", {"kind": "owner"}),
    (Role.INVESTIGATOR, "POST", "venues/{venue}/inspections", "evidence",
     {"inspected_on": "2026-01-01", "found": "open"}),
    (Role.INVESTIGATOR, "POST", "venues/{venue}/transitions", "venue:successor", {"action": "displace", **_REASON}),
    (Role.INVESTIGATOR, "PATCH", "operations/{operation}", "venue", {}),
    (Role.INVESTIGATOR, "POST", "operations/{operation}/operatives", "operative", {}),
    (Role.INVESTIGATOR, "POST", "operations/{operation}/authorisation", "evidence:document",
     {"authorised_on": "2026-01-01", "reference": "12"}),
    (Role.INVESTIGATOR, "POST", "requests/{request}/reply", "evidence:document",
     {"replied_on": "2026-01-01", "reply": "Yes"}),
    (Role.INVESTIGATOR, "POST", "cases/{case}/requests", "operation",
     {"authority": "Police", "asks": "A warrant", "sent_on": "2026-01-01"}),
    (Role.LAWYER, "POST", "cases/{case}/charges", "perpetrator", {"statute": "DEMO-1"}),
    (Role.LAWYER, "POST", "charges/{charge}/proofs", "evidence", {"element": "act"}),
    (Role.LAWYER, "POST", "charges/{charge}/transitions", "evidence:document", {"action": "convict", **_REASON}),
    (Role.LAWYER, "POST", "cases/{case}/appeals", "charge:charges[]", {"side": "defence", "filed_on": "2026-01-01"}),
    (Role.LAWYER, "POST", "appeals/{appeal}/transitions", "evidence:document", {"action": "dismiss", **_REASON}),
    (Role.LAWYER, "POST", "cases/{case}/exhibits", "evidence", {"side": "defence"}),
    (Role.LAWYER, "POST", "exhibits/{exhibit}/transitions", "hearing", {"action": "offer", **_REASON}),
    (Role.LAWYER, "POST", "cases/{case}/hearings", "charge:charges[]", {**_HEARING, **_LATER}),
    (Role.LAWYER, "POST", "cases/{case}/hearings", "user:people[]", {**_HEARING, **_LATER}),
    (Role.LAWYER, "PATCH", "hearings/{hearing}", "charge:charges[]", {}),
    (Role.LAWYER, "POST", "hearings/{hearing}/attendances", "perpetrator", {"arrives_at": _LATER["starts_at"]}),
    *(
        (Role.LAWYER, "POST", "hearings/{hearing}/attendances", f"resource:{field}",
         {"perpetrator": "{perpetrator}", "arrives_at": _LATER["starts_at"]})
        for field in ("waiting_area", "vehicle")
    ),
    (Role.LAWYER, "POST", "cases/{case}/testimonies", "victim:witness", {"witness_kind": "victim"}),
    (Role.INVESTIGATOR, "POST", "testimonies/{covert}/operative", "operative", {}),
    (Role.LAWYER, "PATCH", "testimonies/{testimony}", "resource:guardian", {}),
    (Role.LAWYER, "POST", "testimonies/{testimony}/statement", "evidence:statement", {}),
    (Role.LAWYER, "POST", "testimonies/{testimony}/book", "hearing", _LATER),
    (Role.LAWYER, "POST", "testimonies/{testimony}/book", "resource:resources[]", {"hearing": "{hearing}", **_LATER}),
    (Role.LAWYER, "POST", "testimonies/{testimony}/book", "user:people[]", {"hearing": "{hearing}", **_LATER}),
    (Role.LAWYER, "POST", "measures/{measure}/transitions", "evidence:document", {"action": "grant", **_REASON}),
    (Role.CASEWORKER, "POST", "testimonies/{testimony}/preparations", "resource:place", {"kind": "roles", **_LATER}),
    (Role.CASEWORKER, "POST", "testimonies/{testimony}/preparations", "resource:resources[]",
     {"kind": "roles", **_LATER}),
    (Role.CASEWORKER, "POST", "testimonies/{testimony}/preparations", "user:people[]", {"kind": "roles", **_LATER}),
    (Role.CASEWORKER, "POST", "plans/{plan}/offers", "partner", {"service": "shelter"}),
    (Role.LAWYER, "POST", "resources/{resource}/ties", "perpetrator", _REASON),
    (Role.LAWYER, "POST", "resources/{resource}/engagements", "case",
     {"side": "defence", "from_at": _LATER["starts_at"], "until_at": _LATER["ends_at"]}),
    (Role.LAWYER, "POST", "closure-orders/{closure_order}/transitions", "evidence:document",
     {"action": "refuse", **_REASON}),
    (Role.SUPERVISOR, "POST", "tips/{tip}/transitions", "case", {"action": "take_up", **_REASON}),
    (Role.SUPERVISOR, "POST", "operatives/{operative}/reveal", "approval", {}),
    *(
        (Role.INVESTIGATOR, "POST", "evidence/{evidence}/links", f"{kind}:target",
         {"target_kind": kind.value, "relation": "shows"})
        for kind in LinkKind
    ),
)  # fmt: skip
"""Who names what beside the thing that the path names: the thing, and where it is called otherwise, its field; `[]`
where several may be named."""


@pytest.mark.parametrize(
    ("role", "method", "path", "named", "body"), NAMED, ids=lambda value: value if isinstance(value, str) else ""
)
def test_what_is_named_beside_and_hidden_answers_as_what_does_not_exist(
    offices: Offices, role: Role, method: str, path: str, named: str, body: Mapping[str, Any]
) -> None:
    person, hers = offices.people[role], offices.things[role]["in"]
    settle(offices.site, Stage.INVESTIGATING)
    thing, _, field = named.partition(":")
    answers = []
    for id in (offices.things[role]["out"][thing], str(uuid.uuid4())):
        named_so = {field.removesuffix("[]"): [id]} if field.endswith("[]") else {field or thing: id}
        sent = filled_in(Call(body=body), hers, "") | named_so
        options: dict[str, Any] = {
            "json": sent,
            "headers": {"Authorization": f"Bearer {person.token}", "X-OTP": person.otp()},
        }
        answer = offices.app.test_client().open(f"{API}/{path.format(**hers)}", method=method, **options)
        answers.append((answer.status_code, answer.get_json()))
    assert answers[0] == answers[1]
    assert answers[0][0] in (404, 422), answers[0]


DESIGN = """
act                | route                                            | investigator | lawyer | supervisor | caseworker
open cases         | POST /cases                                      | anyone       | anyone | anyone     | never
assign             | POST /cases/{id}/assignments                     | own          | own    | all        | never
assign             | POST /cases/{id}/assignments/{assignment}/end    | own          | own    | all        | never
case stages        | POST /cases/{id}/transitions (investigate)       | all          | never  | all        | never
case stages        | POST /cases/{id}/transitions (intervene)         | all          | never  | all        | never
case stages        | POST /cases/{id}/transitions (charge)            | never        | all    | never      | never
case stages        | POST /cases/{id}/transitions (try)               | never        | all    | never      | never
case stages        | POST /cases/{id}/transitions (judge)             | never        | all    | never      | never
close, two people  | POST /cases/{id}/transitions (close)             | never        | all    | all        | never
upload             | POST /cases/{id}/evidence                        | all          | all    | never      | all
upload             | POST /uploads (into a case)                      | all          | all    | never      | all
register           | POST /cases/{id}/items                           | all          | all    | never      | all
verify an item     | POST /evidence/{id}/verify                       | all          | all    | all        | never
view or download   | GET /evidence/{id}/content                       | all          | all    | all        | own
restricted: named  | GET /evidence/{id}/content (restricted)          | own          | own    | never      | never
what is shared     | GET /evidence/{id}                               | all          | all    | all        | own
what is shared     | GET /evidence/{id}/custody                       | all          | all    | all        | own
what is shared     | GET /transfers/{id}                              | all          | all    | all        | never
offer              | POST /evidence/{id}/transfers                    | own          | own    | never      | never
accept             | POST /transfers/{id}/accept (as receiver)        | own          | own    | never      | never
accept             | POST /transfers/{id}/accept (as giver)           | never        | never  | never      | never
check out          | POST /evidence/{id}/moves (check_out)            | all          | never  | never      | never
to court           | POST /evidence/{id}/moves (take_to_court)        | all          | all    | never      | never
left: offer        | POST /evidence/{id}/transfers (of one who has left) | never      | never  | all        | never
left: withdraw     | POST /transfers/{id}/withdraw (of one who has left) | never      | never  | all        | never
left: check in     | POST /evidence/{id}/moves (check_in of one who has left) | never | never  | all        | never
left: check out    | POST /evidence/{id}/moves (check_out of one who has left) | all  | never  | never      | never
quarantine release | POST /evidence/{id}/release                      | never        | never  | all        | never
audit              | POST /ledger/verify                              | never        | never  | anyone     | never
exceptions         | GET /evidence/unchecked                          | never        | never  | anyone     | never
exceptions         | GET /reports/overview                            | never        | never  | anyone     | never
victims            | GET /victims/{id}                                | all          | all    | all        | all
victims: register  | POST /victims                                    | all          | never  | never      | all
victims: missed    | POST /victims/{id}/transitions (whereabouts: rescue) | all      | never  | never      | all
victims: write     | PATCH /victims/{id}                              | never        | never  | never      | all
victims: write     | POST /victims/{id}/transitions (identification: rule_out) | never | never | never     | all
episodes           | GET /victims/{id}/episodes                       | all          | all    | all        | all
episodes: write    | POST /episodes                                   | all          | never  | never      | all
care               | GET /victims/{id}/steps                          | never        | all    | all        | all
care: write        | POST /victims/{id}/steps                         | never        | never  | never      | all
care: write        | POST /victims/{id}/transitions (care: stabilise) | never        | never  | never      | all
identity           | POST /victims/{id}/identity/reveal               | never        | all    | never      | all
identity           | PUT /victims/{id}/identity                       | never        | never  | never      | all
address            | POST /victims/{id}/address/reveal                | never        | never  | never      | all
placement          | GET /victims/{id}/placements                     | never        | never  | never      | all
placement          | POST /placements/{id}/address/reveal             | never        | never  | never      | all
perpetrators       | POST /perpetrators                               | all          | all    | never      | never
perpetrators       | GET /perpetrators/{id}                           | all          | all    | all        | all
perpetrators       | POST /perpetrators/{id}/address/reveal           | all          | all    | never      | never
venues             | POST /venues                                     | all          | all    | never      | never
venues             | GET /venues/{id}                                 | all          | all    | all        | all
inspection         | POST /venues/{id}/inspections                    | all          | all    | never      | never
operations         | POST /operations                                 | all          | all    | never      | never
operations         | GET /operations/{id}                             | all          | all    | all        | all
operations: approve | POST /operations/{id}/transitions (no_go)       | never        | never  | all        | never
operatives         | POST /operatives/{id}/reveal                     | never        | never  | all        | never
two people         | POST /approvals/{id}/approve                     | never        | never  | others     | never
two people         | POST /approvals/{id}/withdraw                    | never        | never  | own        | never
link evidence      | POST /evidence/{id}/links                        | all          | all    | never      | own
tables             | POST /cases/{id}/imports (victims)               | all          | never  | never      | all
tables             | POST /cases/{id}/imports (perpetrators)          | all          | all    | never      | never
tables             | POST /cases/{id}/imports (venues)                | all          | all    | never      | never
tables             | POST /cases/{id}/imports (charges)               | never        | all    | never      | never
charges            | POST /cases/{id}/charges                         | never        | all    | never      | never
charges            | GET /charges/{id}                                | all          | all    | all        | never
charges            | GET /cases/{id}/charges/matrix                   | all          | all    | all        | never
charges: approve   | POST /charges/{id}/transitions (approve)         | never        | never  | all        | never
charges            | POST /charges/{id}/transitions (withdraw)        | never        | all    | never      | never
sentences          | POST /charges/{id}/sentences                     | never        | all    | never      | never
appeals            | POST /cases/{id}/appeals                         | never        | all    | never      | never
appeals            | GET /appeals/{id}                                | all          | all    | all        | never
exhibits           | POST /cases/{id}/exhibits                        | never        | all    | never      | never
exhibits           | GET /cases/{id}/exhibits/list.pdf                | all          | all    | all        | never
hearings           | POST /cases/{id}/hearings                        | never        | all    | never      | never
hearings           | GET /hearings/{id}                               | all          | all    | all        | all
testimony          | POST /cases/{id}/testimonies                     | never        | all    | never      | never
testimony          | GET /testimonies/{id}                            | all          | all    | all        | all
of an operative    | GET /testimonies/{id} (of an operative)          | all          | all    | all        | never
of an operative    | POST /testimonies/{id}/operative                 | all          | never  | all        | never
schedule           | POST /testimonies/{id}/book                      | never        | all    | never      | never
co-sign readiness  | POST /testimonies/{id}/sign                      | never        | all    | never      | all
withdraw           | POST /testimonies/{id}/transitions (withdraw)    | never        | all    | never      | all
her needs          | GET /testimonies/{id}/needs                      | never        | all    | all        | all
measures: apply    | POST /measures/{id}/transitions (refuse)         | never        | all    | never      | never
measures: waive    | POST /measures/{id}/transitions (waive)          | never        | never  | never      | all
after court        | GET /plans/{id}                                  | never        | all    | all        | all
after court        | POST /plans/{id}/offers                          | never        | never  | never      | all
closure order      | POST /venues/{id}/closure-orders                 | never        | all    | never      | never
closure: approve   | POST /closure-orders/{id}/transitions (approve)  | never        | never  | all        | never
closure order      | POST /closure-orders/{id}/transitions (withdraw) | never        | all    | never      | never
closure order      | GET /closure-orders/{id}                         | all          | all    | all        | all
figures            | GET /reports/figures                             | never        | anyone | anyone     | anyone
figures: publish   | GET /reports/figures.csv                         | never        | never  | anyone     | never
calendar           | DELETE /me/calendar/{id}                         | own          | own    | own        | own
tips               | GET /tips/{id}                                   | never        | never  | all        | never
"""
"""Section 6 of the design, by hand and apart from the code. `all`: whatever she is assigned to, `own`: what is hers,
`others`: what is not, `anyone`: in that role. The administrator sees no case content. A supervisor's `own` cases are
among `all`."""

REACH = {"never": set(), "others": {"in"}, "own": {"own"}, "all": {"own", "in"}, "anyone": {"own", "in", "out"}}


def test_the_table_is_that_of_the_design(table: Table) -> None:
    heading, *lines = [[cell.strip() for cell in line.split("|")] for line in DESIGN.strip().splitlines()]
    for _, route, *reaches in lines:
        cells = table[re.sub(r"\{(\w+)\}", r"<uuid:\1>", route).replace(" /", f" {API}/", 1)]
        for role, reach in {**dict(zip(heading[2:], reaches, strict=True)), "administrator": "never"}.items():
            may = {relation for relation in RELATIONS if cells[f"{role} {relation}"] == "ok"}
            could = {relation for relation in RELATIONS if cells[f"{role} {relation}"] != MISSING}
            assert may == REACH[reach] & could, f"{route}: {role}"


def test_only_the_administrator_changes_accounts_and_never_her_own(table: Table) -> None:
    changes = [name for name in table if name.startswith(f"POST {API}/users")]
    assert len(changes) == 7
    for name in changes:
        for role in PERSONAL_ROLES:
            may = {relation for relation in RELATIONS if table[name][f"{role} {relation}"] == "ok"}
            wanted = {"in"} if "<uuid:id>" in name else {"own", "in", "out"}
            assert may == (wanted if role is Role.ADMINISTRATOR else set()), f"{name}: {role}"
