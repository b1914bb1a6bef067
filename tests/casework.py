"""People and places of a case, made through the API by who may; each as answered."""

from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import uuid4

from evidence_api.domain.operation import Danger
from evidence_api.domain.testimony import BEFORE_COURT
from tests.conftest import Persona, upload

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


def new_charge(persona: Persona, case: str, **fields: Any) -> Made:
    """A charge that a lawyer proposes, against somebody new unless she is named."""
    perpetrator = fields.pop("perpetrator", None) or new_perpetrator(persona, case)["id"]
    return made(persona, f"/cases/{case}/charges", {"perpetrator": perpetrator, "statute": "DEMO-1", **fields})


def filed_charge(persona: Persona, supervisor: Persona, case: str, **fields: Any) -> Made:
    """A charge that a lawyer proposed, the supervisor approved, and the lawyer filed with the court."""
    charge = new_charge(persona, case, **fields)
    move(supervisor, f"/charges/{charge['id']}", "approve")
    return move(persona, f"/charges/{charge['id']}", "file", court="Provincial court", court_ref="CC 17/2026")


def decided_charge(persona: Persona, supervisor: Persona, case: str, **fields: Any) -> Made:
    """A charge that a court dismissed so long ago that no appeal comes of it any more."""
    charge = new_charge(persona, case, **fields)
    path, today = f"/charges/{charge['id']}", datetime.now(UTC).date()
    move(supervisor, path, "approve")
    move(persona, path, "file", court_ref="CC 17/2026", decided_on=(today - timedelta(days=120)).isoformat())
    return move(persona, path, "dismiss", decided_on=(today - timedelta(days=100)).isoformat())


def convicted(persona: Persona, supervisor: Persona, case: str, judgment: str, **fields: Any) -> Made:
    """A charge of which a court convicted upon a plea of guilty; the judgment is an item of the case."""
    charge = filed_charge(persona, supervisor, case, **fields)
    move(persona, f"/charges/{charge['id']}", "plead", plea="guilty")
    return move(persona, f"/charges/{charge['id']}", "convict", document=judgment)


def sitting(days: int, hour: int = 9) -> datetime:
    """An hour of so many working days from now at which courts sit, UTC."""
    day = datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)
    for _ in range(days):
        day += timedelta(days={4: 3, 5: 2}.get(day.weekday(), 1))
    return day


def new_hearing(persona: Persona, case: str, **fields: Any) -> Made:
    """A hearing of two hours, `days` working days from now (by default three), in a room of its own."""
    starts = sitting(fields.pop("days", 3))
    times = {"starts_at": starts.isoformat(), "ends_at": (starts + timedelta(hours=2)).isoformat()}
    place = {"court": "Provincial court", "room": f"Room {uuid4().hex}"}
    return made(persona, f"/cases/{case}/hearings", {"kind": "trial", **place, **times, **fields})


def new_testimony(lawyer: Persona, case: str, witness: str, **fields: Any) -> Made:
    """A victim who is to testify, or with `witness_kind` somebody else."""
    body = {"witness_kind": "victim", "witness": witness, "language": "km", **fields}
    return made(lawyer, f"/cases/{case}/testimonies", body)


def consents(caseworker: Persona, victim: str, purpose: str = "testimony", **fields: Any) -> Made:
    """She consents, to testimony unless something else is named."""
    body = {"purpose": purpose, "scope": "In this trial", **fields}
    return made(caseworker, f"/victims/{victim}/consents", body)


def held_session(persona: Persona, testimony: str, kind: str, days_ago: int) -> Made:
    """A session with a witness that was held so many days ago."""
    begun = datetime.now(UTC).replace(hour=3, minute=0) - timedelta(days=days_ago)
    body = {"kind": kind, "starts_at": begun.isoformat(), "ends_at": (begun + timedelta(hours=1)).isoformat()}
    session = made(persona, f"/testimonies/{testimony}/preparations", body)
    return move(persona, f"/preparations/{session['id']}", "hold")


def disclosed(lawyer: Persona, testimony: Made) -> Made:
    """The testimony, once the statement is an item of the case and with the other side."""
    item = upload(lawyer, testimony["case"], title="Statement")
    body = {"statement": item["id"], "disclosed_on": datetime.now(UTC).date().isoformat()}
    return made(lawyer, f"/testimonies/{testimony['id']}/statement", body)


def preparing(lawyer: Persona, caseworker: Persona, testimony: Made) -> Made:
    """An adult victim who is willing and whose checklist lacks nothing but the signatures."""
    where = f"/testimonies/{testimony['id']}"
    consents(caseworker, testimony["victim"])
    body = {"needs": {"fear": "Of meeting them"}, "assessed_on": datetime.now(UTC).date().isoformat()}
    made(caseworker, f"{where}/needs", body)
    for action in ("assess", "agree", "prepare"):
        move(caseworker, where, action)
    disclosed(lawyer, testimony)
    for days, kind in enumerate(sorted(BEFORE_COURT), start=2):
        held_session(caseworker, testimony["id"], kind, days)
    found: Made = lawyer.get(where).get_json()
    return found


def ready(lawyer: Persona, caseworker: Persona, testimony: Made) -> Made:
    """The same, signed by both, and ready."""
    preparing(lawyer, caseworker, testimony)
    for persona in (lawyer, caseworker):
        made(persona, f"/testimonies/{testimony['id']}/sign", {})
    return move(lawyer, f"/testimonies/{testimony['id']}", "make_ready")


def new_adult(persona: Persona, case: str, **fields: Any) -> Made:
    return new_victim(persona, case, minor=False, **fields)


def new_appeal(persona: Persona, case: str, *charges: Made, **fields: Any) -> Made:
    """An appeal of the defence against these counts, filed today."""
    about = {"charges": [one["id"] for one in charges], "side": "defence"}
    today = datetime.now(UTC).date().isoformat()
    return made(persona, f"/cases/{case}/appeals", {**about, "filed_on": today, "court": "Court of appeal", **fields})


def heard_appeal(persona: Persona, case: str, *charges: Made, **fields: Any) -> Made:
    """An appeal that a court let in and heard."""
    appeal = new_appeal(persona, case, *charges, **fields)
    move(persona, f"/appeals/{appeal['id']}", "admit")
    return move(persona, f"/appeals/{appeal['id']}", "hear")


def new_exhibit(persona: Persona, case: str, **fields: Any) -> Made:
    """An exhibit of the prosecution."""
    return made(persona, f"/cases/{case}/exhibits", {"side": "prosecution", **fields})
