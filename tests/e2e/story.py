"""An office with three years behind it, for looking at every page: people, cases, items of every kind and state.

The clock is set for the telling alone: what is recorded in it lies years back, as it would in an office.
"""

import io
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from unittest import mock

import av
import pyotp
import sqlalchemy as sa
from flask import Flask
from PIL import Image, ImageDraw

from evidence_api import create_app, work
from evidence_api.domain.roles import OPERATOR, Role, Scope
from evidence_api.ledger import chain
from evidence_api.models import LedgerEntry
from evidence_api.services import accounts
from evidence_api.work import Site, begin
from tests.people import PASSWORD, Person

CAST = {
    "sokha": [Role.INVESTIGATOR],
    "dara": [Role.INVESTIGATOR],
    "mealea": [Role.LAWYER, Role.SUPERVISOR],
    "bopha": [Role.SUPERVISOR],
    "kunthea": [Role.CASEWORKER],
    "rith": [Role.ADMINISTRATOR],
    "newcomer": [Role.INVESTIGATOR],
}
CASE_TITLE = "The house behind the ferry"
TITLES = {
    "video": "Front room, hidden camera",
    "photo": "ភាពយន្តពីច្រកផ្លូវ",
    "paper": "دفتر الديون",
    "picture": "Upstairs room",
    "text": "Messages read out",
    "thing": "Ledger of debts, red cover",
    "broken": "Back door, phone",
}
FILES = {
    "video": "VID_0042 soriya.mp4",
    "photo": "IMG_7001 soriya.jpg",
    "paper": "soriya debts.pdf",
    "picture": "soriya room.png",
    "text": "soriya messages.txt",
    "broken": "soriya back.jpg",
}
SECRETS = [CASE_TITLE, *TITLES.values(), *FILES.values(), "soriya", *CAST]
"""What must stand in no title, no address and no history."""


@dataclass
class Story:
    """The office, told. `items` and `cases` by their short names here."""

    site: Site
    app: Flask
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    case: dict[str, Any] = field(default_factory=dict)
    transfer: str = ""
    assignment: str = ""

    def call(self, name: str, method: str, path: str, **options: Any) -> Any:
        """An API call by one of the people, which must succeed."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}", **options.pop("headers", {})}
        answer = self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)
        assert answer.status_code < 300, (method, path, answer.get_json())
        return answer.get_json(silent=True)

    def post(self, name: str, path: str, **json: Any) -> Any:
        return self.call(name, "POST", path, json=json)


@contextmanager
def clock(moment: datetime) -> Iterator[None]:
    """The one clock of the service stands at that moment, a little later with every act."""
    shown = iter(moment + timedelta(seconds=n) for n in range(10**6))
    with (
        mock.patch.object(work, "database_time", side_effect=shown),
        mock.patch.object(chain, "database_time", side_effect=shown),
    ):
        yield


def tell(site: Site) -> Story:
    """Make everything, through the API."""
    app = create_app(site)
    app.testing = True
    story = Story(site, app)
    with clock(at(2023, 5, 1)):
        for name, roles in CAST.items():
            _person(story, name, roles)
    _case(story)
    _years(story)
    _today(story)
    return story


def at(year: int, month: int, day: int, hour: int = 3, minute: int = 12) -> datetime:
    return datetime(year, month, day, hour, minute, tzinfo=UTC)


def _person(story: Story, name: str, roles: list[Role]) -> None:
    with begin(story.site, OPERATOR) as act:
        added = accounts.add_user(act, username=name, roles=roles, password=PASSWORD)
        token = accounts.add_token(act, added.user.id, role=roles[0], scope=Scope.ALL, days=365, name="laptop")
        # Its end lies in the past, as the telling's clock has it.
        token.row.expires_at = datetime.now(UTC) + timedelta(days=30)
    secret = pyotp.parse_uri(str(added.otpauth_uri)).secret
    story.people[name] = Person(story.app, story.site, added.user.id, name, secret, added.recovery_codes)
    story.tokens[name] = token.secret


def _case(story: Story) -> None:
    with clock(at(2023, 5, 3)):
        opened = story.post("sokha", "/cases", title=CASE_TITLE, kind="sex_trafficking", country="KH")
        story.case = opened
        for name, role in (("mealea", "lawyer"), ("dara", "investigator"), ("kunthea", "caseworker")):
            made = story.post("sokha", f"/cases/{opened['id']}/assignments", user=str(story.people[name].id), role=role)
            story.assignment = made["id"]
        story.post(
            "sokha", f"/cases/{opened['id']}/transitions", action="investigate", reason="Two girls asked for help."
        )
    stated = {"method": "hidden camera", "device": "Button camera 3", "captured_at": "2023-05-02T14:02:00Z"}
    with clock(at(2023, 5, 3, 4)):
        _upload(story, "video", video(), **stated)
        _upload(story, "photo", photo(), captured_at="2023-05-02T13:00:00Z", device="Phone of the office")
        _upload(story, "paper", document())
        _upload(story, "picture", picture((120, 110, 150)), restricted="true")
        _upload(story, "text", b"Come tonight. Bring the girl.\n<script>alert(1)</script>\n" * 40)
        _upload(story, "broken", photo(7))
        story.items["thing"] = story.post(
            "sokha",
            f"/cases/{story.case['id']}/items",
            title=TITLES["thing"],
            tag="PP-17",
            place="Safe 2, shelf B",
        )


def _upload(story: Story, name: str, content: bytes, **stated: str) -> None:
    data = {"title": TITLES[name], "file": (io.BytesIO(content), FILES[name]), **stated}
    path = f"/cases/{story.case['id']}/evidence"
    made = story.call("sokha", "POST", path, data=data, content_type="multipart/form-data")
    story.items[name] = made


def _years(story: Story) -> None:
    film = f"/evidence/{story.items['video']['id']}"
    with clock(at(2023, 5, 20)):
        story.post("sokha", f"{film}/verify")
    _hand(story, "sokha", "mealea", film, at(2023, 6, 2), at(2023, 6, 2, 9))
    with clock(at(2023, 9, 14)):
        story.call("mealea", "GET", f"{film}/content")
    with clock(at(2024, 2, 11)):
        story.post("mealea", f"{film}/moves", action="take_to_court", reason="Hearing of the five.", place="Court 4")
    with clock(at(2024, 2, 13)):
        story.post("mealea", f"{film}/moves", action="return_from_court", reason="Shown in full.", place="Safe 2")
        story.post("mealea", f"{film}/verify")
        story.post("mealea", f"{film}/hold", reason="The appeal is open.")
    _hand(story, "mealea", "dara", film, at(2025, 1, 8), at(2025, 1, 9))
    with clock(at(2026, 11, 1)):
        story.post("dara", f"{film}/verify")


def _hand(story: Story, giver: str, receiver: str, item: str, offered: datetime, accepted: datetime) -> str:
    with clock(offered):
        made = story.post(giver, f"{item}/transfers", to=str(story.people[receiver].id), reason="She needs it next.")
    with clock(accepted):
        otp = pyotp.TOTP(story.people[receiver].secret).at(accepted + timedelta(seconds=5))
        story.call(receiver, "POST", f"/transfers/{made['id']}/accept", json={"otp": otp})
    return str(made["id"])


def _today(story: Story) -> None:
    thing, photo_, broken = (story.items[name] for name in ("thing", "photo", "broken"))
    path = f"/evidence/{photo_['id']}"
    offered = story.post("sokha", f"{path}/transfers", to=str(story.people["dara"].id), reason="For the report.")
    story.transfer = offered["id"]
    due = (datetime.now(UTC) + timedelta(days=2)).isoformat()
    path = f"/evidence/{thing['id']}/moves"
    story.post("dara", path, action="check_out", reason="To be photographed.", place="Desk", due_at=due)
    path = f"/evidence/{story.items['picture']['id']}"
    story.post("sokha", f"{path}/readers", user=str(story.people["mealea"].id))
    path = f"/evidence/{story.items['text']['id']}"
    story.post("sokha", f"{path}/readers", user=str(story.people["kunthea"].id))
    path = f"/evidence/{broken['id']}"
    story.post("mealea", f"{path}/hold", reason="For the trial.")
    _alter(story.site, f"evidence:{broken['id']}")
    story.post("sokha", f"{path}/verify")


def _alter(site: Site, subject: str) -> None:
    """What somebody with the database in hand could do: an entry says another thing than was recorded."""
    with site.engine.begin() as connection:
        postgresql = connection.dialect.name == "postgresql"
        find = sa.select(LedgerEntry.id, LedgerEntry.body).where(LedgerEntry.subject == subject, LedgerEntry.seq == 1)
        id, body = connection.execute(find).one()
        if postgresql:
            connection.exec_driver_sql("ALTER TABLE ledger_entry DISABLE TRIGGER USER")
        else:
            triggers = connection.exec_driver_sql(
                "SELECT name, sql FROM sqlite_master WHERE type = 'trigger' AND tbl_name = 'ledger_entry'"
            ).all()
            for name, _sql in triggers:
                connection.exec_driver_sql(f"DROP TRIGGER {name}")
        changed = body.replace(b'"role":"lawyer"', b'"role":"caseworker"')
        connection.execute(sa.update(LedgerEntry).where(LedgerEntry.id == id).values(body=changed))
        if postgresql:
            connection.exec_driver_sql("ALTER TABLE ledger_entry ENABLE TRIGGER USER")
        else:
            for _name, sql in triggers:
                connection.exec_driver_sql(sql)


# --- files ------------------------------------------------------------------------------------------------------------


def picture(colour: tuple[int, int, int], size: tuple[int, int] = (640, 400)) -> bytes:
    drawn = Image.new("RGB", size, colour)
    ImageDraw.Draw(drawn).rectangle((80, 90, 260, 300), fill=(240, 230, 200))
    file = io.BytesIO()
    drawn.save(file, "PNG")
    return file.getvalue()


def photo(seed: int = 0) -> bytes:
    """A photograph whose own claims differ from what is stated of it."""
    drawn = Image.new("RGB", (800, 600), (90 + seed, 120, 140))
    exif = Image.Exif()
    exif[0x010F], exif[0x0110] = "Maker <b>", "Model <script>alert(1)</script>"
    exif.get_ifd(0x8769)[0x9003] = "2023:05:01 21:30:00"
    file = io.BytesIO()
    drawn.save(file, "JPEG", exif=exif)
    return file.getvalue()


def document() -> bytes:
    pages = [Image.open(io.BytesIO(picture((255, 255, 250 - 20 * n), (595, 842)))) for n in range(3)]
    file = io.BytesIO()
    pages[0].save(file, "PDF", save_all=True, append_images=pages[1:])
    return file.getvalue()


def video(seconds: int = 2) -> bytes:
    file = io.BytesIO()
    with av.open(file, "w", format="mp4") as container:
        stream = container.add_stream("libx264", rate=10)
        stream.width, stream.height, stream.pix_fmt = 320, 180, "yuv420p"
        for n in range(seconds * 10):
            image = Image.new("RGB", (320, 180), (40 + 5 * n, 60, 90))
            frame = av.VideoFrame.from_image(image)  # type: ignore[no-untyped-call]
            for packet in stream.encode(frame):
                container.mux(packet)
        for packet in stream.encode(None):
            container.mux(packet)
    return file.getvalue()


__all__ = ["SECRETS", "Story", "tell"]
