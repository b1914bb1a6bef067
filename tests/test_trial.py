"""The trial of the story through the API: five defendants, nine witnesses of whom two are children, the venue that is
closed, and the figures of four years; every guard refused before it is met.

Who: one defendant pleads guilty, three more are convicted after the trial (four in all), the fifth is acquitted. The
conviction of the fourth is taken away on appeal (three), and he is convicted again (four). Eight of the nine witnesses
testify, since one takes her consent back; the first of them is heard again in the retrial: nine testimonies.
"""

import dataclasses
import io
import socket
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from flask import Flask

from evidence_api import create_app, worker
from evidence_api.domain.operation import Danger
from evidence_api.domain.testimony import BEFORE_COURT
from evidence_api.work import Site
from tests.casework import Made, made, move, new_operation, new_perpetrator, new_testimony, new_venue, new_victim
from tests.conftest import Persona, quick_passwords, upload
from tests.e2e.story import at, clock
from tests.golden.office import installation
from tests.test_feeds import Box, address, events
from tests.test_story import Office, on, refused, step

COURT, ROOM, OTHER_ROOM = "Court of the reeds", "Room of the herons", "Room of the cranes"
ALIASES = ["Auntie Mealea", "Uncle Vuthy", "Brother Rith", "Boss Samnang", "Lady Chenda"]
NAMES = ["Grandmother Sophal", "Sister Kolab", "Waiting room of the lotus", "Link of the swallows", "River school"]
SECRETS = [COURT, ROOM, OTHER_ROOM, *ALIASES, *NAMES, "House by the ferry", "Blue gate", "Svay Pak", "Of the keeper"]
"""What stands in no line of the log, in no calendar program and in no mail; pseudonyms and refs come beside."""

Year = dict[str, int]

BROUGHT_OUT = {"rescued": 9, "dependents": 2, "served": 3, "served_family": 3}
SHUT = {**BROUGHT_OUT, "facing_trial": 5, "venues_ordered_shut": 1}
RESTATED = {"convicted": 3, "facing_trial": 1, "served": 2, "venues_still_shut": 1}
RETRIED = {2019: SHUT, 2020: RESTATED, 2021: {"facing_trial": 1, "served": 2}}
"""The year of the rescue, until the house was closed and after; that of the trial, once the retrial was ordered; all
until the retrial."""


@dataclass
class Trial:
    """The office, the case and all that it is about, and the figures as they were on each day."""

    site: Site
    app: Flask
    office: Office
    case: str = ""
    venue: str = ""
    order: str = ""
    tied: str = ""
    guardian: str = ""
    defendants: list[Made] = field(default_factory=list)
    victims: list[Made] = field(default_factory=list)
    charges: list[Made] = field(default_factory=list)
    witnesses: list[Made] = field(default_factory=list)
    consents: dict[str, Made] = field(default_factory=dict)
    known: dict[str, dict[int, Year]] = field(default_factory=dict)

    def item(self, title: str = "Judgment") -> str:
        return str(upload(self.office.lawyer, self.case, title=title)["id"])

    def figures(self, year: int, **asked: str) -> Year:
        """The figures of a year that are not 0."""
        answer = self.office.supervisor.get("/reports/figures", query_string={"year": year, **asked})
        assert answer.status_code == 200, answer.get_json()
        return {name: one["count"] for name, one in answer.get_json()["figures"].items() if one["count"]}

    def count(self, today: str, years: dict[int, Year]) -> None:
        """The figures of these years are those, and of every other year up to this none."""
        found = {year: self.figures(year) for year in range(2018, int(today[:4]) + 1)}
        assert {year: counts for year, counts in found.items() if counts} == years
        self.known[today] = found

    def behind(self, figure: str, year: int, **asked: str) -> list[str]:
        query = {"figure": figure, "year": year, **asked}
        answer = self.office.supervisor.get("/reports/figures/behind", query_string=query)
        return [one["ref"] for one in answer.get_json()["items"]]


@pytest.fixture
def said(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    """Everything that the application says while it runs."""
    output = io.StringIO()
    monkeypatch.setattr(sys, "stderr", output)
    return output


@pytest.fixture
def trial(tmp_path: Path, request: pytest.FixtureRequest, said: io.StringIO) -> Iterator[Trial]:
    """An installation of its own: nobody else counts in its figures."""
    with quick_passwords(), installation(tmp_path, request) as site:
        app = create_app(site)
        # Not as in tests: what happens is logged as it is in service.
        app.testing = False
        yield Trial(site, app, Office(site, app))


def test_five_defendants_nine_witnesses_and_the_house_that_becomes_a_community_centre(
    trial: Trial, said: io.StringIO
) -> None:
    _rescue(trial)
    _close_for_a_time(trial)
    _charge(trial)
    _close_for_good(trial)
    _plead(trial)
    hearings = _set_down(trial)
    _prepare(trial)
    _book(trial, hearings)
    _remind(trial)
    _hear(trial, hearings)
    _judge(trial)
    _appeal(trial)
    _retry(trial)
    _close_case(trial)

    for day, years in trial.known.items():
        assert {year: trial.figures(year, as_known_on=day) for year in range(2018, 2023)} == {
            year: years.get(year, {}) for year in range(2018, 2023)
        }, day
    told = said.getvalue()
    assert "request" in told
    for secret in [*SECRETS, *(her["pseudonym"] for her in trial.victims)]:
        assert secret not in told


# --- before the court -------------------------------------------------------------------------------------------------


def _rescue(trial: Trial) -> None:
    office = trial.office
    investigator, supervisor, caseworker = office.investigator, office.supervisor, office.caseworker
    with on(2019, 3, 4):
        trial.case = office.open_case("House by the ferry")
        move(investigator, f"/cases/{trial.case}", "investigate")
        trial.venue = new_venue(investigator, trial.case)["id"]
        trial.defendants = [new_perpetrator(investigator, trial.case, alias=alias) for alias in ALIASES]
        adults = [new_victim(investigator, trial.case, minor=False, estimated_age=24) for _ in range(7)]
        children = [new_victim(investigator, trial.case, estimated_age=15) for _ in range(2)]
        trial.victims = [*adults, *children]
        caseworker.call("PATCH", f"/victims/{adults[0]['id']}", json={"family_members": 3})
        caseworker.call("PATCH", f"/victims/{adults[1]['id']}", json={"dependents": 2})
        for action in ("observe", "confirm"):
            move(investigator, f"/venues/{trial.venue}", action)
    with on(2019, 6, 3) as today:
        rescue = new_operation(investigator, trial.case, venue=trial.venue, aftercare_places=12)
        refused(investigator, f"/cases/{trial.case}/transitions", step("plan_intervention"), says="assessment")
        scores = {"scores": dict.fromkeys(Danger, 2), "assessed_on": today}
        made(investigator, f"/operations/{rescue['id']}/assessments", scores)
        move(investigator, f"/cases/{trial.case}", "plan_intervention")
        refused(supervisor, f"/operations/{rescue['id']}/transitions", step("go"), says="authority")
        written = {"authorised_on": today, "reference": "PU 17/19"}
        made(investigator, f"/operations/{rescue['id']}/authorisation", written)
        move(supervisor, f"/operations/{rescue['id']}", "go")
        trial.count(today, {})
    with on(2019, 6, 10) as today:
        for her in trial.victims:
            body = {"victim": her["id"], "outcome": "rescued", "reason": "Brought out"}
            made(investigator, f"/operations/{rescue['id']}/roster", body)
        move(investigator, f"/operations/{rescue['id']}", "conclude")
        move(investigator, f"/cases/{trial.case}", "intervene")
        move(investigator, f"/venues/{trial.venue}", "intervene")
        trial.count(today, {2019: {"rescued": 9, "dependents": 2}})
        ages = supervisor.get("/reports/figures?year=2019").get_json()["figures"]["rescued"]
        assert (ages["adults"], ages["children"], ages["unknown_age"]) == (7, 2, 0)
    with on(2019, 6, 11) as today:
        given = []
        for her in (trial.victims[0], *trial.victims[-2:]):
            service = {"kind": "service", "what": "counselling", "title": "Counselling"}
            given.append(made(caseworker, f"/victims/{her['id']}/steps", service))
        trial.count(today, {2019: {"rescued": 9, "dependents": 2}})
    with on(2019, 6, 12) as today:
        for one in given:
            move(caseworker, f"/steps/{one['id']}", "begin")
        trial.count(today, {2019: {"rescued": 9, "dependents": 2, "served": 3, "served_family": 3}})
    with on(2019, 6, 28):
        move(caseworker, f"/steps/{given[0]['id']}", "finish")


def _close_for_a_time(trial: Trial) -> None:
    lawyer, supervisor, investigator = trial.office.lawyer, trial.office.supervisor, trial.office.investigator
    with on(2019, 7, 1):
        move(lawyer, f"/venues/{trial.venue}", "seek_closure")
        order = made(lawyer, f"/venues/{trial.venue}/closure-orders", {"permanent": True})
        path = trial.order = f"/closure-orders/{order['id']}"
        refused(lawyer, f"{path}/transitions", step("apply", court=COURT, court_ref="CO 1/19"))
        refused(lawyer, f"{path}/transitions", step("approve"), status=403)
        move(supervisor, path, "approve")
        assert "court" in lawyer.post(f"{path}/transitions", step("apply")).get_json()["errors"]
        move(lawyer, path, "apply", court=COURT, court_ref="CO 1/19")
    with on(2019, 7, 8) as today:
        written = trial.item("Order")
        wrong = lawyer.post(f"{path}/transitions", step("grant_temporary", document=written, expires_on="2020-07-08"))
        assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["expires_on"])
        refused(lawyer, f"{path}/transitions", step("grant_temporary", expires_on="2019-09-30"), status=422)
        move(lawyer, path, "grant_temporary", document=written, expires_on="2019-09-30")
        move(investigator, path, "serve")
        move(investigator, path, "enforce")
        assert lawyer.get(f"/venues/{trial.venue}").get_json()["state"] == "temporarily_closed"
        refused(lawyer, f"{path}/transitions", step("expire"), says="not over")
        trial.count(today, {2019: BROUGHT_OUT})


def _charge(trial: Trial) -> None:
    lawyer, supervisor, investigator = trial.office.lawyer, trial.office.supervisor, trial.office.investigator
    with on(2019, 9, 2) as today:
        refused(lawyer, f"/cases/{trial.case}/transitions", step("charge"), says="No charge is filed")
        for defendant in trial.defendants:
            body = {"perpetrator": defendant["id"], "statute": "DEMO-1", "offence_from": "2019-01-10"}
            refused(investigator, f"/cases/{trial.case}/charges", body, status=403)
            charge = made(lawyer, f"/cases/{trial.case}/charges", body)
            path = f"/charges/{charge['id']}"
            refused(lawyer, f"{path}/transitions", step("file", court_ref="CC 17/19"))
            refused(lawyer, f"{path}/transitions", step("approve"), status=403)
            move(supervisor, path, "approve")
            assert "court_ref" in lawyer.post(f"{path}/transitions", step("file")).get_json()["errors"]
            trial.charges.append(charge)
        trial.count(today, {2019: BROUGHT_OUT})
    with on(2019, 9, 3) as today:
        for charge in trial.charges:
            move(lawyer, f"/charges/{charge['id']}", "file", court=COURT, court_ref="CC 17/19")
            proof = {"element": "act", "evidence": trial.item("Footage")}
            made(lawyer, f"/charges/{charge['id']}/proofs", proof)
        move(lawyer, f"/cases/{trial.case}", "charge")
        trial.count(today, {2019: {**BROUGHT_OUT, "facing_trial": 5}})
        matrix = lawyer.get(f"/cases/{trial.case}/charges/matrix").get_json()
        assert len(matrix["defendants"]) == 5


def _close_for_good(trial: Trial) -> None:
    """Permanently closed, breached once, closed again, verified by another, and put to another use."""
    office, venue = trial.office, f"/venues/{trial.venue}"
    lawyer, investigator, colleague, supervisor = (
        *(office.lawyer, office.investigator),
        *(office.colleague, office.supervisor),
    )
    path = trial.order
    with on(2019, 9, 16) as today:
        move(lawyer, path, "grant_permanent", document=trial.item("Order"))
        trial.count(today, {2019: SHUT})
        move(investigator, path, "serve")
        move(investigator, path, "enforce")
        assert lawyer.get(venue).get_json()["state"] == "permanently_closed"
    with on(2019, 10, 7) as today:
        made(colleague, f"{venue}/inspections", {"inspected_on": today, "found": "open"})
        move(colleague, path, "breach", reason="Music behind the shutters")
        move(colleague, venue, "reopen")
        heard = supervisor.get("/alerts?open=true").get_json()["items"]
        assert [(one["kind"], one["venue"]) for one in heard] == [("venue_reopened", trial.venue)]
        refused(colleague, f"{venue}/transitions", step("verify"))
        trial.count(today, {2019: SHUT})
        move(investigator, venue, "intervene")
        move(investigator, path, "enforce")
        assert lawyer.get(venue).get_json()["state"] == "permanently_closed"
    with on(2019, 11, 4) as today:
        # D1 refused(lawyer, f"{venue}/transitions", step("verify"), says="Another person must verify it")
        refused(colleague, f"{venue}/transitions", step("verify"), says="inspects it first")
        made(colleague, f"{venue}/inspections", {"inspected_on": today, "found": "closed"})
        refused(colleague, f"{venue}/transitions", step("verify"), says="evidence")
        seen = {"inspected_on": today, "found": "closed", "evidence": upload(colleague, trial.case)["id"]}
        made(colleague, f"{venue}/inspections", seen)
        move(colleague, venue, "verify")
        trial.count(today, {2019: SHUT})
    with on(2019, 12, 2):
        move(colleague, venue, "repurpose", new_use="Community centre", new_use_by="The commune")
        assert lawyer.get(path).get_json()["state"] == "enforced"


# --- the trial --------------------------------------------------------------------------------------------------------


def _plead(trial: Trial) -> None:
    lawyer = trial.office.lawyer
    with on(2020, 2, 3) as today:
        refused(lawyer, f"/cases/{trial.case}/transitions", step("judge"))
        move(lawyer, f"/cases/{trial.case}", "try")
        for number, charge in enumerate(trial.charges):
            plea = "guilty" if number == 0 else "not_guilty"
            move(lawyer, f"/charges/{charge['id']}", "plead", plea=plea)
        trial.count(today, {2019: SHUT, 2020: {"facing_trial": 5, "served": 2}})
    with on(2020, 2, 10) as today:
        first, second = (f"/charges/{charge['id']}" for charge in trial.charges[:2])
        judgment = trial.item()
        refused(lawyer, f"{second}/transitions", step("convict", document=judgment), says="Without a trial")
        assert "document" in lawyer.post(f"{first}/transitions", step("convict")).get_json()["errors"]
        move(lawyer, first, "convict", document=judgment)
        trial.count(today, {2019: SHUT, 2020: {"convicted": 1, "facing_trial": 4, "served": 2}})
        refused(lawyer, f"{first}/transitions", step("sentence"), says="at least one sentence")
        _sentence(lawyer, first, today)
        refused(lawyer, f"{first}/transitions", step("finalise"), says="It can be appealed until 2020-03-11")
        for charge in trial.charges[1:]:
            move(lawyer, f"/charges/{charge['id']}", "list")
    with on(2020, 3, 12):
        move(lawyer, first, "finalise")


def _sentence(lawyer: Persona, charge: str, today: str) -> None:
    prison = {"kind": "imprisonment", "days": 3650, "running": "concurrent", "imposed_on": today}
    money = {"kind": "restitution", "amount": 500000, "currency": "USD", "imposed_on": today}
    for one in (prison, money):
        made(lawyer, f"{charge}/sentences", one)
    move(lawyer, charge, "sentence")


def _times(day: datetime, begin: float, end: float) -> dict[str, str]:
    return {
        "starts_at": (day + timedelta(hours=begin)).isoformat(),
        "ends_at": (day + timedelta(hours=end)).isoformat(),
    }


def _day(month: int, day: int, year: int = 2020) -> datetime:
    return datetime(year, month, day, tzinfo=UTC)


def _set_down(trial: Trial) -> list[Made]:
    """Three days of the trial, the first at the nearest time at which the room is free."""
    lawyer, hearings = trial.office.lawyer, f"/cases/{trial.case}/hearings"
    with on(2020, 4, 20):
        other = trial.office.open_case("Another house")
        room = {"kind": "trial", "court": COURT, "room": ROOM}
        made(lawyer, f"/cases/{other}/hearings", {**room, **_times(_day(6, 15), 8, 9)})
        body = {**room, "charges": [charge["id"] for charge in trial.charges[1:]]}
        taken = lawyer.post(hearings, {**body, **_times(_day(6, 15), 8, 16)}).get_json()
        assert [one["rule"] for one in taken["conflicts"]] == ["room_busy"]
        later = {name: moment.isoformat() for name, moment in _moments(_times(_day(6, 15), 9, 17)).items()}
        free = next(one for one in taken["nearest"] if _moments(one) == _moments(later))
        found = [made(lawyer, hearings, {**body, **free})]
        return found + [made(lawyer, hearings, {**body, **_times(_day(6, day), 8, 16)}) for day in (17, 19)]


def _moments(window: dict[str, str]) -> dict[str, datetime]:
    return {name: datetime.fromisoformat(value) for name, value in window.items()}


def _prepare(trial: Trial) -> None:
    """All nine, from being named to signed by both."""
    lawyer, caseworker = trial.office.lawyer, trial.office.caseworker
    with on(2020, 5, 20) as today:
        for her in trial.victims:
            child = her["minor"]
            one = new_testimony(lawyer, trial.case, her["id"])
            trial.witnesses.append(one)
            _agree(trial, one, today)
            where = f"/testimonies/{one['id']}"
            refused(lawyer, f"{where}/transitions", step("make_ready"), says="Consent to testify is missing")
            refused(lawyer, f"{where}/sign", {}, says="Consent")
            for purpose in ("testimony", *(["testimony_assent"] if child else [])):
                if purpose == "testimony_assent":
                    refused(lawyer, f"{where}/transitions", step("make_ready"), says="A child assents herself")
                consent = {"purpose": purpose, "scope": "In this trial"}
                trial.consents[her["id"]] = made(caseworker, f"/victims/{her['id']}/consents", consent)
            if child:
                refused(lawyer, f"{where}/transitions", step("make_ready"), says="A child comes with a guardian")
                _guard(trial, one, first=her is trial.victims[-2])
                _screen(trial, one)
            _ready(trial, one, today)


def _agree(trial: Trial, testimony: Made, today: str) -> None:
    lawyer, caseworker = trial.office.lawyer, trial.office.caseworker
    where = f"/testimonies/{testimony['id']}"
    refused(caseworker, f"{where}/transitions", step("assess"), says="Assess first")
    made(caseworker, f"{where}/needs", {"needs": {"fear": "Of the keeper"}, "assessed_on": today})
    move(caseworker, where, "assess")
    refused(lawyer, f"{where}/transitions", step("prepare"))
    for action in ("agree", "prepare"):
        move(caseworker, where, action)


def _guard(trial: Trial, testimony: Made, *, first: bool) -> None:
    """A guardian turns out to be tied to a defendant: nobody books with her, and nobody names her again."""
    lawyer, caseworker = trial.office.lawyer, trial.office.caseworker
    where = f"/testimonies/{testimony['id']}"
    if first:
        found = [made(caseworker, "/resources", {"kind": "guardian", "name": name})["id"] for name in NAMES[:2]]
        trial.tied, trial.guardian = found
        assert caseworker.call("PATCH", where, json={"guardian": trial.tied}).status_code == 200
        return
    body = {"perpetrator": trial.defendants[2]["id"], "reason": "His sister"}
    made(lawyer, f"/resources/{trial.tied}/ties", body)
    wrong = caseworker.call("PATCH", where, json={"guardian": trial.tied})
    assert (wrong.status_code, list(wrong.get_json()["errors"])) == (422, ["guardian"])
    assert caseworker.call("PATCH", where, json={"guardian": trial.guardian}).status_code == 200


def _screen(trial: Trial, testimony: Made) -> None:
    lawyer, where = trial.office.lawyer, f"/testimonies/{testimony['id']}"
    measure = made(trial.office.caseworker, f"{where}/measures", {"kind": "screen"})
    testimony["screen"] = f"/measures/{measure['id']}"
    refused(lawyer, f"{testimony['screen']}/transitions", step("arrange"))
    for action in ("apply", "grant", "arrange"):
        lacking = lawyer.get(f"{where}/readiness").get_json()["points"]
        assert not next(point["met"] for point in lacking if point["requirement"] == "measures")
        move(lawyer, testimony["screen"], action)


def _ready(trial: Trial, testimony: Made, today: str) -> None:
    """The statement and the sessions, then both signatures, which lapse with what was signed for."""
    lawyer, caseworker, where = trial.office.lawyer, trial.office.caseworker, f"/testimonies/{testimony['id']}"
    statement = {"statement": trial.item("Statement")}
    made(lawyer, f"{where}/statement", statement)
    refused(lawyer, f"{where}/sign", {}, says="disclosed")
    made(lawyer, f"{where}/statement", {**statement, "disclosed_on": today})
    refused(lawyer, f"{where}/sign", {}, says="preparation")
    for number, kind in enumerate(sorted(BEFORE_COURT), start=1):
        _session(caseworker, where, kind, datetime.fromisoformat(f"{today}T00:00:00Z") - timedelta(days=number))
    refused(lawyer, f"{where}/transitions", step("make_ready"), says="has not signed")
    made(caseworker, f"{where}/sign", {})
    made(lawyer, f"{where}/sign", {})
    refused(lawyer, f"{where}/transitions", step("schedule"))
    move(lawyer, where, "make_ready")


def _session(caseworker: Persona, where: str, kind: str, begin: datetime) -> None:
    session = made(caseworker, f"{where}/preparations", {"kind": kind, **_times(begin, 1, 2)})
    move(caseworker, f"/preparations/{session['id']}", "hold")


def _clash(lawyer: Persona, testimony: Made, body: dict[str, Any], rule: str) -> list[dict[str, str]]:
    """Booking her so is refused, in words, because of that rule; the nearest times that would do."""
    answer = lawyer.post(f"/testimonies/{testimony['id']}/book", body)
    found = answer.get_json()
    assert (answer.status_code, found["type"]) == (409, "clash"), found
    assert [one["rule"] for one in found["conflicts"]] == [rule]
    assert all(one["message"] for one in found["conflicts"])
    near: list[dict[str, str]] = found["nearest"]
    return near


def _schedule(lawyer: Persona, testimony: Made, body: dict[str, Any]) -> None:
    booked = made(lawyer, f"/testimonies/{testimony['id']}/book", body)
    assert (booked["state"], booked["open"]) == ("provisional", [])
    move(lawyer, f"/testimonies/{testimony['id']}", "schedule")


def _book(trial: Trial, hearings: list[Made]) -> None:
    lawyer, caseworker = trial.office.lawyer, trial.office.caseworker
    first, second, third = (hearing["id"] for hearing in hearings)
    adults, (girl, boy) = trial.witnesses[:7], trial.witnesses[7:]
    with on(2020, 5, 25):
        coming = {"perpetrator": trial.defendants[1]["id"], "arrives_at": "2020-06-15T09:30:00Z"}
        made(lawyer, f"/hearings/{first}/attendances", {**coming, "leaves_at": "2020-06-15T17:00:00Z"})
        asked = {"hearing": first, **_times(_day(6, 15), 10, 11)}
        refused(lawyer, f"/testimonies/{adults[0]['id']}/transitions", step("schedule"), says="No time is booked")
        near = _clash(lawyer, adults[0], asked, "shared_arrival")
        assert near[0]["starts_at"][11:16] == "10:30"
        _schedule(lawyer, adults[0], {**asked, **near[0]})
        _schedule(lawyer, adults[1], {"hearing": first, **_times(_day(6, 15), 12, 13)})
        asked = {"hearing": first, **_times(_day(6, 15), 13.5, 14.25), "measures": ["screen"]}
        assert _clash(lawyer, girl, asked, "tied_to_perpetrator") == []
        refused(lawyer, f"/testimonies/{girl['id']}/transitions", step("schedule"), says="guardian")
        guarded = {"guardian": trial.guardian}
        assert caseworker.call("PATCH", f"/testimonies/{girl['id']}", json=guarded).status_code == 200
        booked = made(lawyer, f"/testimonies/{girl['id']}/book", asked)
        assert (booked["open"], booked["warnings"]) == ([], [])
        refused(lawyer, f"/testimonies/{girl['id']}/transitions", step("schedule"), says="has not signed")
        for persona in (lawyer, caseworker):
            made(persona, f"/testimonies/{girl['id']}/sign", {})
        move(lawyer, f"/testimonies/{girl['id']}", "schedule")
    with on(2020, 5, 26):
        room = made(lawyer, "/resources", {"kind": "waiting_area", "name": NAMES[2]})["id"]
        taken = {"from_at": "2020-06-17T08:00:00Z", "until_at": "2020-06-17T09:30:00Z"}
        made(lawyer, f"/resources/{room}/engagements", {"case": trial.case, "side": "court", **taken})
        asked = {"hearing": second, "resources": [room], **_times(_day(6, 17), 9, 9.75)}
        near = _clash(lawyer, boy, asked, "room_busy")
        assert near[0]["starts_at"][11:16] == "09:30"
        _schedule(lawyer, boy, {**asked, **near[0]})
        _schedule(lawyer, adults[2], {"hearing": second, **_times(_day(6, 17), 11, 12)})
        _schedule(lawyer, adults[6], {"hearing": second, **_times(_day(6, 17), 13, 14)})
        asked = {"hearing": second, **_times(_day(6, 17), 13, 14)}
        assert _clash(lawyer, adults[3], asked, "witnesses_together")
        # She takes her consent back: she is out at once, nobody approves it, and her time is free.
        consent = trial.consents[adults[6]["victim"]]
        made(caseworker, f"/consents/{consent['id']}/withdraw", {"reason": "Her own word"})
        left = lawyer.get(f"/testimonies/{adults[6]['id']}").get_json()
        assert (left["state"], left["bookings"]) == ("withdrawn", [])
        _schedule(lawyer, adults[3], asked)
        _schedule(lawyer, adults[4], {"hearing": third, **_times(_day(6, 19), 9, 10)})
        _schedule(lawyer, adults[5], {"hearing": third, **_times(_day(6, 19), 10.5, 11.5)})
        told = lawyer.get("/testimonies/conflicts?from=2020-06-01&to=2020-06-30").get_json()["items"]
        assert [one for one in told if one["conflicts"] or one["open"]] == []


# --- what others are told of it ---------------------------------------------------------------------------------------


@contextmanager
def _mailing(site: Site) -> Iterator[tuple[Site, Box]]:
    """The office with a mail server."""
    box = Box()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(box, hostname="127.0.0.1", port=port)
    controller.start()
    sent = {"smtp_host": "127.0.0.1", "smtp_port": port, "smtp_from": "o@example.org", "smtp_security": "none"}
    try:
        yield dataclasses.replace(site, settings=dataclasses.replace(site.settings, **sent)), box
    finally:
        controller.stop()


def _remind(trial: Trial) -> None:
    """On the eve of the trial: each has the times in her calendar program and her mail, and nothing else."""
    office = trial.office
    people = [office.lawyer, office.caseworker, office.investigator, office.supervisor, office.colleague]
    pseudonyms = {her["pseudonym"] for her in trial.victims}
    hidden = [*SECRETS, "CC 17/19", *(one["ref"] for one in (*trial.defendants, *trial.charges, *trial.witnesses))]
    with clock(at(2020, 6, 14, 17)), _mailing(trial.site) as (mailing, box):
        for number, persona in enumerate(people):
            path = address(persona)
            raw = trial.app.test_client().get(path).get_data(as_text=True).replace("\r\n ", "")
            assert [secret for secret in [*hidden, trial.case] if secret in raw] == []
            said = [one.summary.value.split(maxsplit=1) for one in events(trial.app, path)]
            assert {first for first, *_who in said} <= {"Appointment", "Deadline"}
            assert {who for _first, *more in said for who in more} <= pseudonyms
            if persona is office.lawyer:
                booked = {her["pseudonym"] for her in trial.victims if her is not trial.victims[6]}
                assert {who for first, *more in said for who in more if first == "Appointment"} >= booked
            written = {"email": f"p{number}@example.org"}
            assert persona.call("PUT", "/me/reminders", json=written).status_code == 200
        assert worker.remind(mailing) == len(people)
        assert len(box.kept) == len(people)
        for message in box.kept:
            assert [secret for secret in [*hidden, *pseudonyms] if secret in message.as_string()] == []


# --- court sits -------------------------------------------------------------------------------------------------------


def _testify(trial: Trial, testimony: Made, when: datetime) -> None:
    """She is heard to the end; she settles with her caseworker on the day after, and a plan is there for what comes."""
    lawyer, caseworker, where = trial.office.lawyer, trial.office.caseworker, f"/testimonies/{testimony['id']}"
    with clock(when):
        refused(lawyer, f"{where}/transitions", step("conclude"))
        move(caseworker, where, "attend")
        if "screen" in testimony:
            move(lawyer, testimony["screen"], "use")
        move(lawyer, where, "conclude")
        plan = lawyer.get(where).get_json()["plan"]
        assert plan["state"] == "open"
        testimony["plan"] = f"/plans/{plan['id']}"
    with clock(when + timedelta(days=1)):
        begin = (when + timedelta(days=1)).replace(hour=0, minute=0)
        _session(caseworker, where, "debrief", begin)
        move(caseworker, where, "debrief")


def _hear(trial: Trial, hearings: list[Made]) -> None:
    lawyer, supervisor = trial.office.lawyer, trial.office.supervisor
    caseworker, adults = trial.office.caseworker, trial.witnesses[:7]
    with clock(at(2020, 6, 12)):
        refused(lawyer, f"/hearings/{hearings[0]['id']}/transitions", step("hold"), says="a later day")
        exhibit = made(lawyer, f"/cases/{trial.case}/exhibits", {"side": "prosecution", "evidence": trial.item()})
        admitted = step("admit", ruling="Let in")
        refused(lawyer, f"/exhibits/{exhibit['id']}/transitions", admitted)
        move(lawyer, f"/exhibits/{exhibit['id']}", "offer", hearing=hearings[0]["id"])
        made(lawyer, f"/exhibits/{exhibit['id']}/transitions", admitted)
    with clock(at(2020, 6, 15, 8)):
        docket = supervisor.get("/dockets?on=2020-06-15").get_json()["items"]
        (ours,) = [one for one in docket if one["hearing"] == hearings[0]["id"]]
        heard = [trial.victims[number]["pseudonym"] for number in (0, 1, 7)]
        assert [one["witness"] for one in ours["witnesses"]] == heard
        for charge in trial.charges[1:]:
            move(lawyer, f"/charges/{charge['id']}", "begin")
    for number, hour in ((0, 12), (1, 13), (7, 15)):
        _testify(trial, trial.witnesses[number], at(2020, 6, 15, hour))
    with clock(at(2020, 6, 15, 17)):
        move(lawyer, f"/hearings/{hearings[0]['id']}", "hold")
    for number, hour in ((8, 10), (2, 12)):
        _testify(trial, trial.witnesses[number], at(2020, 6, 17, hour))
    with clock(at(2020, 6, 17, 15)):
        for action in ("attend", "part_hear"):
            move(lawyer, f"/testimonies/{adults[3]['id']}", action)
        move(lawyer, f"/hearings/{hearings[1]['id']}", "hold")
    with clock(at(2020, 6, 18)):
        path = f"/hearings/{hearings[2]['id']}/transitions"
        again = {"next": _times(_day(6, 24), 8, 16)}
        assert "code" in lawyer.post(path, step("adjourn", **again)).get_json()["errors"]
        adjourned = made(lawyer, path, step("adjourn", code="judge_absent", **again))
        for one in adults[4:6]:
            where = f"/testimonies/{one['id']}"
            assert lawyer.get(where).get_json()["state"] == "postponed"
            refused(lawyer, f"{where}/transitions", step("schedule"))
            move(caseworker, where, "prepare")
            refused(lawyer, f"{where}/transitions", step("make_ready"), says="has not signed")
            for persona in (lawyer, caseworker):
                made(persona, f"{where}/sign", {})
            move(lawyer, where, "make_ready")
        for one, begin in zip(adults[3:6], (13, 9, 10.5), strict=True):
            _schedule(lawyer, one, {"hearing": adjourned["next"], **_times(_day(6, 24), begin, begin + 1)})
    for one, hour in zip((adults[4], adults[5], adults[3]), (11, 12, 15), strict=True):
        _testify(trial, one, at(2020, 6, 24, hour))
    with clock(at(2020, 6, 24, 16)):
        move(lawyer, f"/hearings/{adjourned['next']}", "hold")
        states = [lawyer.get(f"/testimonies/{one['id']}").get_json()["state"] for one in trial.witnesses]
    assert states == ["debriefed"] * 6 + ["withdrawn"] + ["debriefed"] * 2


# --- verdicts, an appeal, a retrial -----------------------------------------------------------------------------------


def _judge(trial: Trial) -> None:
    lawyer, colleague = trial.office.lawyer, trial.office.colleague
    with on(2020, 9, 14) as today:
        case = f"/cases/{trial.case}"
        judgment = trial.item()
        for charge in trial.charges[1:4]:
            refused(lawyer, f"{case}/transitions", step("judge"), says="still open")
            move(lawyer, f"/charges/{charge['id']}", "convict", document=judgment)
        trial.count(today, {2019: SHUT, 2020: {"convicted": 4, "facing_trial": 1, "served": 2}})
    with on(2020, 9, 15) as today:
        refused(lawyer, f"{case}/transitions", step("judge"), says="still open: 1")
        move(lawyer, f"/charges/{trial.charges[4]['id']}", "acquit", document=judgment)
        move(lawyer, case, "judge")
        trial.count(today, {2019: SHUT, 2020: {"convicted": 4, "served": 2}})
        convicted = [one["ref"] for one in trial.defendants[:4]]
        assert trial.behind("convicted", 2020) == convicted
        assert trial.behind("convicted", 2020, as_known_on="2020-09-13") == convicted[:1]
        assert trial.behind("facing_trial", 2020) == []
    with on(2020, 9, 21) as today:
        for charge in trial.charges[1:4]:
            _sentence(lawyer, f"/charges/{charge['id']}", today)
        move(lawyer, case, "monitor")
        refused(lawyer, f"{case}/transitions", step("close"), says="An appeal may be filed until")
    with on(2020, 9, 28) as today:
        seen = {"inspected_on": "2020-09-17", "found": "closed", "evidence": upload(colleague, trial.case)["id"]}
        made(colleague, f"/venues/{trial.venue}/inspections", seen)
        trial.count(today, {2019: SHUT, 2020: {"convicted": 4, "served": 2, "venues_still_shut": 1}})
    with on(2020, 12, 1):
        for charge in trial.charges[1:3]:
            move(lawyer, f"/charges/{charge['id']}", "finalise")


def _appeal(trial: Trial) -> None:
    """The court orders the retrial in one year, and the office learns of it in the next."""
    lawyer, supervisor = trial.office.lawyer, trial.office.supervisor
    charge = f"/charges/{trial.charges[3]['id']}"
    with on(2020, 12, 2):
        body = {"charges": [trial.charges[3]["id"]], "side": "defence", "filed_on": "2020-10-22"}
        late = lawyer.post(f"/cases/{trial.case}/appeals", body)
        assert "2020-10-21" in str(late.get_json()["errors"]["late_reason"])
        appeal = f"/appeals/{made(lawyer, f'/cases/{trial.case}/appeals', {**body, 'filed_on': '2020-10-05'})['id']}"
        refused(lawyer, f"{charge}/transitions", step("finalise"), says="An appeal is open")
        refused(lawyer, f"{charge}/transitions", step("quash"), status=409)
        refused(lawyer, f"{appeal}/transitions", step("order_retrial", document=trial.item()))
        for action in ("admit", "hear"):
            move(lawyer, appeal, action)
    with on(2020, 12, 31) as today:
        assert "document" in lawyer.post(f"{appeal}/transitions", step("order_retrial")).get_json()["errors"]
        trial.count(today, {2019: SHUT, 2020: {"convicted": 4, "served": 2, "venues_still_shut": 1}})
    with on(2021, 1, 4) as today:
        move(lawyer, appeal, "order_retrial", document=trial.item(), decided_on="2020-12-28")
        assert lawyer.get(charge).get_json()["state"] == "listed"
        assert lawyer.get(f"/cases/{trial.case}").get_json()["stage"] == "in_trial"
        trial.count(today, {2019: SHUT, 2020: RESTATED, 2021: {"facing_trial": 1, "served": 2}})
        log = supervisor.get("/reports/figures/restatements?year=2020").get_json()["items"]
        fourth = trial.defendants[3]["ref"]
        told = {(one["figure"], one["change"], one["ref"]) for one in log}
        assert told == {("convicted", -1, fourth), ("facing_trial", 1, fourth)}
        assert supervisor.get("/reports/figures/restatements?year=2019").get_json()["items"] == []


def _retry(trial: Trial) -> None:
    lawyer, caseworker = trial.office.lawyer, trial.office.caseworker
    charge, first = f"/charges/{trial.charges[3]['id']}", trial.victims[0]
    with on(2021, 12, 6) as today:
        again = {"kind": "trial", "court": COURT, "room": OTHER_ROOM, "charges": [trial.charges[3]["id"]]}
        hearing = made(lawyer, f"/cases/{trial.case}/hearings", {**again, **_times(_day(1, 10, 2022), 8, 16)})
        testimony = new_testimony(lawyer, trial.case, first["id"])
        trial.witnesses.append(testimony)
        _agree(trial, testimony, today)
        _ready(trial, testimony, today)
        _schedule(lawyer, testimony, {"hearing": hearing["id"], **_times(_day(1, 10, 2022), 9, 10)})
        steps = caseworker.get(f"/victims/{trial.victims[8]['id']}/steps?kind=service").get_json()["items"]
        move(caseworker, f"/steps/{steps[0]['id']}", "finish")
    with clock(at(2022, 1, 10, 8)):
        refused(lawyer, f"{charge}/transitions", step("convict", document=trial.item()))
        move(lawyer, charge, "begin")
    _testify(trial, testimony, at(2022, 1, 10, 11))
    with clock(at(2022, 1, 10, 12)):
        move(lawyer, f"/hearings/{hearing['id']}", "hold")
    with on(2022, 1, 31) as today:
        trial.count(today, {**RETRIED, 2022: {"facing_trial": 1, "served": 1}})
    with on(2022, 2, 7) as today:
        refused(lawyer, f"/cases/{trial.case}/transitions", step("judge"), says="still open: 1")
        move(lawyer, charge, "convict", document=trial.item())
        _sentence(lawyer, charge, today)
        move(lawyer, f"/cases/{trial.case}", "judge")
        trial.count(today, {**RETRIED, 2022: {"convicted": 1, "served": 1}})
        assert trial.behind("convicted", 2022) == [trial.defendants[3]["ref"]]
        assert trial.behind("convicted", 2020) == [one["ref"] for one in trial.defendants[:3]]


# --- the end ----------------------------------------------------------------------------------------------------------


def _close_case(trial: Trial) -> None:
    """Refused for each thing that is missing; then a lawyer and a supervisor close it."""
    office, case = trial.office, f"/cases/{trial.case}"
    lawyer, supervisor, caseworker, investigator, colleague = (
        *(office.lawyer, office.supervisor, office.caseworker),
        *(office.investigator, office.colleague),
    )
    closing = f"{case}/transitions"
    missing = f"/victims/{trial.victims[6]['id']}"
    with on(2022, 2, 8):
        refused(lawyer, closing, step("close"))
        move(supervisor, case, "monitor")
        item = upload(investigator, trial.case)["id"]
        offer = made(investigator, f"/evidence/{item}/transfers", {"to": str(colleague.id), "reason": "To keep"})
        move(caseworker, missing, "report_missing", axis="whereabouts")
        refused(lawyer, closing, step("close"), says="hand-over")
        made(colleague, f"/transfers/{offer['id']}/refuse", {"reason": "No room"})
        refused(lawyer, closing, step("close"), says="missed or missing")
        move(caseworker, missing, "locate", axis="whereabouts")
    with on(2022, 2, 21):
        body = {"charges": [trial.charges[3]["id"]], "side": "defence", "filed_on": "2022-02-21"}
        appeal = made(lawyer, f"{case}/appeals", body)
        refused(supervisor, closing, step("close"), says="An appeal is open")
        move(lawyer, f"/appeals/{appeal['id']}", "refuse")
        refused(supervisor, closing, step("close"), says="An appeal may be filed until 2022-03-09")
    with on(2022, 3, 10) as today:
        move(lawyer, f"/charges/{trial.charges[3]['id']}", "finalise")
        partner = {"name": NAMES[4], "country": "KH", "region": "Kandal", "offers": ["vocational"]}
        school = made(caseworker, "/partners", {**partner, "languages": ["km"], "capacity": 12})["id"]
        plans = [one["plan"] for one in trial.witnesses if "plan" in one]
        assert len(plans) == 9
        for number, plan in enumerate(plans):
            refused(lawyer, closing, step("close"), says="no agreed plan for the time after court")
            if number == 0:
                refused(caseworker, f"{plan}/transitions", step("agree"), says="Nothing is offered")
            made(caseworker, f"{plan}/offers", {"service": "vocational", "partner": school})
            move(caseworker, plan, "agree")
        refused(investigator, closing, step("close"), status=403)
        move(lawyer, case, "close")
        assert lawyer.get(case).get_json()["stage"] == "monitoring"
        refused(lawyer, closing, step("close"), status=403, says="Another person closes the case")
        assert move(supervisor, case, "close")["stage"] == "closed"
        sound = supervisor.post("/ledger/verify").get_json()
        assert (sound["chains"], sound["faults"]) == ("pass", []), sound
        trial.count(today, {**RETRIED, 2022: {"convicted": 1, "served": 1}})
