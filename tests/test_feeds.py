"""The calendar feed and reminders: read by clients that nobody here wrote, naming nobody, ended once revoked."""

import dataclasses
import socket
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
import vobject
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message as MessageHandler
from flask import Flask

from evidence_api import mail, worker
from evidence_api.domain.roles import Role
from evidence_api.models import Reminder, User
from evidence_api.services import reminders
from evidence_api.work import Site
from tests.casework import Made, made, move, new_hearing
from tests.conftest import Persona

SAID = {"Appointment", "Deadline"}


def address(persona: Persona) -> str:
    return str(made(persona, "/me/calendar", {})["path"])


def events(app: Flask, path: str) -> list[Any]:
    answer = app.test_client().get(path)
    assert (answer.status_code, answer.mimetype) == (200, "text/calendar")
    return list(vobject.readOne(answer.get_data(as_text=True)).contents.get("vevent", []))


def test_a_calendar_program_reads_when_and_nothing_of_what_where_or_whom(
    app: Flask, case: Made, lawyer: Persona
) -> None:
    path = address(lawyer)
    hearing = new_hearing(lawyer, case["id"], court="Court of the lotus", room="Room of the cranes")
    raw = app.test_client().get(path).get_data(as_text=True)
    for word in ("lotus", "cranes", hearing["ref"], case["ref"], hearing["id"], case["id"], lawyer.username):
        assert word not in raw
    mine = [one for one in events(app, path) if one.dtstart.value == datetime.fromisoformat(hearing["starts_at"])]
    assert [one.summary.value for one in mine] == ["Appointment"]
    assert mine[0].dtend.value == datetime.fromisoformat(hearing["ends_at"])
    assert {one.summary.value.split()[0] for one in events(app, path)} <= SAID
    assert len({one.uid.value for one in events(app, path)}) == len(events(app, path))
    made(lawyer, f"/hearings/{hearing['id']}/transitions", {"action": "cancel", "reason": "Settled"})
    again = [one for one in events(app, path) if one.uid.value == mine[0].uid.value]
    assert [one.status.value for one in again] == ["CANCELLED"]


def test_a_feed_shows_what_its_owner_may_see_and_ends_with_her_right_to_it(
    app: Flask, site: Site, case: Made, lawyer: Persona, make_persona: Any
) -> None:
    other = make_persona(Role.LAWYER)
    theirs, mine = address(other), address(lawyer)
    new_hearing(lawyer, case["id"])
    assert events(app, theirs) == []
    assert events(app, mine)
    listed = other.get("/me/calendar").get_json()["items"]
    assert "path" not in listed[0]
    assert lawyer.call("DELETE", f"/me/calendar/{listed[0]['id']}").status_code == 404
    newer = address(other)
    assert app.test_client().get(theirs).status_code == 404
    assert (
        other.call("DELETE", f"/me/calendar/{other.get('/me/calendar').get_json()['items'][0]['id']}").status_code
        == 204
    )
    assert app.test_client().get(newer).status_code == 404
    last = address(other)
    with site.engine.begin() as connection:
        connection.execute(sa.update(User).where(User.id == other.id).values(disabled_at=datetime.now(UTC)))
    assert app.test_client().get(last).status_code == 404
    assert app.test_client().get("/calendar/nothing.ics").status_code == 404


def test_an_administrator_has_no_calendar(administrator: Persona) -> None:
    assert administrator.post("/me/calendar", {}).status_code == 403


class Box(MessageHandler):
    """A mail server that keeps what it is given, or refuses it."""

    def __init__(self) -> None:
        super().__init__()
        self.kept: list[Any] = []
        self.refuses = False

    async def handle_RCPT(self, _server: Any, _session: Any, envelope: Any, address: str, _options: Any) -> str:
        if self.refuses:
            return "451 Not now"
        envelope.rcpt_tos.append(address)
        return "250 OK"

    def handle_message(self, message: Any) -> None:
        self.kept.append(message)


@pytest.fixture
def box() -> Iterator[tuple[Box, Controller]]:
    handler = Box()
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    controller = Controller(handler, hostname="127.0.0.1", port=port)
    controller.start()
    yield handler, controller
    controller.stop()


@pytest.fixture
def mailing(site: Site, box: tuple[Box, Controller], monkeypatch: pytest.MonkeyPatch) -> Site:
    """The office with a mail server, at an hour at which reminders go out."""
    monkeypatch.setattr(reminders, "SENT_FROM", datetime.min.time())
    sending = dataclasses.replace(
        site.settings,
        smtp_host="127.0.0.1",
        smtp_port=box[1].port,
        smtp_from="office@example.org",
        smtp_security="none",
    )
    return dataclasses.replace(site, settings=sending)


def test_a_reminder_says_how_many_and_when_and_goes_out_once(
    mailing: Site,
    box: tuple[Box, Controller],
    case: Made,
    investigator: Persona,
    lawyer: Persona,
    make_persona: Any,
) -> None:
    her = make_persona(Role.LAWYER)
    made(investigator, f"/cases/{case['id']}/assignments", {"user": str(her.id), "role": "lawyer"})
    wrong = her.call("PUT", "/me/reminders", json={"email": "nobody"})
    assert (wrong.status_code, "one address" in str(wrong.get_json())) == (422, True)
    assert her.call("PUT", "/me/reminders", json={"email": "her@example.org"}).get_json()["email"] == "her@example.org"
    tomorrow = datetime.now(UTC).replace(hour=9, minute=30, second=0, microsecond=0) + timedelta(days=1)
    times = {"starts_at": tomorrow.isoformat(), "ends_at": (tomorrow + timedelta(hours=1)).isoformat()}
    new_hearing(lawyer, case["id"], court="Court of the lotus", **times)
    early = (tomorrow - timedelta(hours=1)).isoformat()
    cancelled = new_hearing(lawyer, case["id"], starts_at=early, ends_at=tomorrow.isoformat())
    move(lawyer, f"/hearings/{cancelled['id']}", "cancel")
    handler = box[0]
    handler.refuses = True
    assert worker.remind(mailing) == 0
    assert her.get("/me/reminders").get_json()["items"][0]["sent_at"] is None
    handler.refuses = False
    assert worker.remind(mailing) == 0
    with mailing.engine.begin() as connection:
        connection.execute(sa.update(Reminder).values(claimed_until=None))
    assert worker.remind(mailing) == 1
    assert worker.remind(mailing) == 0
    assert len(handler.kept) == 1
    message = handler.kept[0]
    assert (message["To"], message["Subject"]) == ("her@example.org", "Reminder")
    assert (
        message.get_payload().strip() == "You have 1 appointment tomorrow. The first is at 09:30. Sign in to see more."
    )
    for word in ("lotus", case["ref"], case["title"], her.username):
        assert word not in message.as_string()
    sent = her.get("/me/reminders").get_json()["items"]
    assert [(one["appointments"], one["tries"], bool(one["sent_at"])) for one in sent] == [(1, 2, True)]


def test_a_reminder_speaks_her_language() -> None:
    subject, text = mail.reminder("ar", 2, None, "https://evidence.example.org")
    assert subject != "Reminder"
    assert "evidence.example.org" in text
    assert mail.reminder(None, 2, None, "")[1] == "You have 2 appointments tomorrow. Sign in to see more."
