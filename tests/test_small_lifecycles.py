"""Every step of the small lifecycles, tried through the API from every state: done, or refused with what is legal
now."""

import uuid
from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy as sa

from evidence_api.db import Base
from evidence_api.domain.care import REFERRAL, STEP
from evidence_api.domain.lifecycle import Lifecycle
from evidence_api.domain.operation import REQUEST
from evidence_api.domain.tip import TIP
from evidence_api.models import AuthorityRequest, CareStep, Referral, Tip
from evidence_api.work import Site
from tests.casework import made, new_victim
from tests.conftest import Persona

TODAY = "2026-01-05"
REASON = {"reason": "As it happened"}


def a_step(_investigator: Persona, caseworker: Persona, case: str) -> str:
    victim = new_victim(caseworker, case)
    return str(made(caseworker, f"/victims/{victim['id']}/steps", {"kind": "skill", "title": "Sewing"})["id"])


def a_referral(_investigator: Persona, caseworker: Persona, case: str) -> str:
    victim = new_victim(caseworker, case)
    offered = {"name": "Lotus", "country": "KH", "region": "Kandal", "offers": ["legal"], "capacity": 50}
    partner = made(caseworker, "/partners", offered)
    body = {"partner": partner["id"], "service": "legal", "region": "Kandal", "asked_on": TODAY}
    return str(made(caseworker, f"/victims/{victim['id']}/referrals", body)["id"])


def a_request(investigator: Persona, _caseworker: Persona, case: str) -> str:
    body = {"authority": "Border police", "asks": "Who crossed on that day", "sent_on": TODAY}
    return str(made(investigator, f"/cases/{case}/requests", body)["id"])


def a_tip(investigator: Persona, _caseworker: Persona, _case: str) -> str:
    return str(made(investigator, "/tips", {"text": "Girls are kept behind the bar."})["id"])


def moved(things: str) -> Callable[[str, str, str], tuple[str, dict[str, Any]]]:
    return lambda id, action, _case: (f"/{things}/{id}/transitions", {"action": action, **REASON})


def taken_up(id: str, action: str, case: str) -> tuple[str, dict[str, Any]]:
    return f"/tips/{id}/transitions", {"action": action, **REASON, **({"case": case} if action == "take_up" else {})}


def answered(id: str, action: str, _case: str) -> tuple[str, dict[str, Any]]:
    body = {"replied_on": TODAY, "reply": "Nobody"} if action == "reply" else REASON
    return f"/requests/{id}/{action}", body


@pytest.mark.parametrize(
    ("table", "model", "make", "call", "by"),
    [
        (STEP, CareStep, a_step, moved("steps"), "caseworker"),
        (REFERRAL, Referral, a_referral, moved("referrals"), "caseworker"),
        (REQUEST, AuthorityRequest, a_request, answered, "investigator"),
        (TIP, Tip, a_tip, taken_up, "supervisor"),
    ],
    ids=["steps of care", "referrals", "requests to authorities", "tips"],
)
def test_every_step_from_every_state_is_done_or_refused_with_what_is_legal(
    site: Site,
    investigator: Persona,
    caseworker: Persona,
    supervisor: Persona,
    shared_case: dict[str, Any],
    table: Lifecycle[Any],
    model: type[Base],
    make: Callable[[Persona, Persona, str], str],
    call: Callable[[str, str, str], tuple[str, dict[str, Any]]],
    by: str,
) -> None:
    persona = {"caseworker": caseworker, "investigator": investigator, "supervisor": supervisor}[by]
    id = make(investigator, caseworker, shared_case["id"])
    for state in type(table.initial):
        for action in table.actions:
            with site.engine.begin() as connection:
                key = sa.inspect(model).primary_key[0]
                connection.execute(sa.update(model).where(key == uuid.UUID(id)).values(state=state))
            path, body = call(id, action, shared_case["id"])
            response = persona.post(path, body)
            legal = table.allowed(state)
            if action in legal:
                assert response.status_code == 200, (state, action, response.get_json())
            else:
                assert response.status_code == 409, (state, action, response.get_json())
                assert response.get_json()["allowed"] == legal, (state, action)
