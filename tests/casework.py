"""People and places of a case, made through the API by who may; each as answered."""

from datetime import UTC, datetime
from typing import Any

from evidence_api.domain.operation import Danger
from tests.conftest import Persona

Made = dict[str, Any]


def made(persona: Persona, path: str, body: dict[str, Any]) -> Made:
    """What a POST that must succeed has made."""
    response = persona.post(path, body)
    assert response.status_code in (200, 201), response.get_json()
    found: Made = response.get_json()
    return found


def new_victim(persona: Persona, case: str, **fields: Any) -> Made:
    return made(persona, "/victims", {"case": case, "gender": "female", "minor": True, "languages": ["km"], **fields})


def new_perpetrator(persona: Persona, case: str, **fields: Any) -> Made:
    return made(persona, "/perpetrators", {"case": case, "alias": "Auntie", "roles": ["keeper"], **fields})


def new_venue(persona: Persona, case: str, **fields: Any) -> Made:
    body = {"case": case, "kind": "brothel", "description": "Blue gate", "country": "KH", "area": "Svay Pak"}
    return made(persona, "/venues", {**body, **fields})


def new_episode(persona: Persona, victim: str, venue: str | None, **fields: Any) -> Made:
    return made(persona, "/episodes", {"victim": victim, "venue": venue, "means": ["debt_bondage"], **fields})


def new_operation(persona: Persona, case: str, **fields: Any) -> Made:
    return made(persona, "/operations", {"case": case, "kind": "rescue", "partner": "Anti-trafficking unit", **fields})


def move(persona: Persona, path: str, action: str, **fields: Any) -> Made:
    """A step of a lifecycle that must succeed, such as `move(caseworker, f"/victims/{id}", "rescue",
    axis="whereabouts")`."""
    return made(persona, f"{path}/transitions", {"action": action, "reason": "As planned", **fields})


def assess(persona: Persona, operation: str, **fields: Any) -> Made:
    """A safety assessment of today, with little danger."""
    scores = dict.fromkeys(Danger, 2) | fields.pop("scores", {})
    body = {"scores": scores, "assessed_on": datetime.now(UTC).date().isoformat(), **fields}
    return made(persona, f"/operations/{operation}/assessments", body)


def new_rescue(persona: Persona, case: str, **fields: Any) -> Made:
    """A rescue with all that the case needs for planning its intervention."""
    rescue = new_operation(persona, case, aftercare_places=12, **fields)
    assess(persona, rescue["id"])
    return rescue


def given_go(persona: Persona, supervisor: Persona, rescue: Made) -> Made:
    """The rescue, once the authority has given its go and the supervisor hers."""
    written = {"authorised_on": datetime.now(UTC).date().isoformat(), "reference": "AHTP 17/2026"}
    made(persona, f"/operations/{rescue['id']}/authorisation", written)
    return move(supervisor, f"/operations/{rescue['id']}", "go")


def intervened(persona: Persona, supervisor: Persona, case: str) -> Made:
    """A case under investigation, taken through an intervention in which one was freed; the rescue."""
    rescue = new_rescue(persona, case)
    move(persona, f"/cases/{case}", "plan_intervention")
    given_go(persona, supervisor, rescue)
    freed = {"victim": new_victim(persona, case)["id"], "outcome": "rescued"}
    made(persona, f"/operations/{rescue['id']}/roster", freed)
    move(persona, f"/cases/{case}", "intervene")
    return rescue
