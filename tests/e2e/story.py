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
from uuid import UUID

import av
import pyotp
import sqlalchemy as sa
from flask import Flask
from PIL import Image, ImageDraw

from evidence_api import create_app, work
from evidence_api.domain.operation import Danger
from evidence_api.domain.roles import OPERATOR, Actor, Role, Scope
from evidence_api.domain.table import Table, TableKind
from evidence_api.ledger import chain
from evidence_api.models import LedgerEntry, User
from evidence_api.services import accounts, imports
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
    "sreyleak": [Role.SUPERVISOR],
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
SECOND_TITLE = "The neon palm at the crossroads"
NAME, BORN, CONTACT = "Chanthou Meas", "2008-03-14", "An aunt, 012 555 0142"
ADDRESS, SHELTER = "House 9, Lotus lane, Takhmao", "Jasmine house, road 6, behind the temple"
REPORTED = "Phalla Nhem"
ALIASES = {"keeper": "Ming Sokny", "seller": "Pu Rann", "owner": "Lok Ta Heng"}
ALSO_CALLED = ["Sokny of the ferry", "បងសុខនី"]
STAYS_AT = "Above the phone shop, Street 14"
PLACES = {"house": "Third house after the pump", "bar": "Opposite the fuel station", "salon": "Alley 3, upstairs"}
LANDLORD = "Widow Chea"
BEHIND_CODE = "Vannak Prum"
PARTNER, FULL_PARTNER = "Jasmine Home", "River School"
OTHERS = [f"other {n}" for n in range(4)]
SUSPICION = "Girls are brought to the karaoke beside the ice factory at night."
SECRETS = [
    *(CASE_TITLE, SECOND_TITLE, "soriya", *TITLES.values(), *FILES.values(), *CAST),
    *(NAME, BORN, CONTACT, ADDRESS, SHELTER, REPORTED, *ALIASES.values(), *ALSO_CALLED, STAYS_AT),
    *(*PLACES.values(), LANDLORD, BEHIND_CODE, PARTNER, FULL_PARTNER, SUSPICION, "ice factory", "Svay Pak", "Poipet"),
]
"""What must stand in no title, no address and no history; what is drawn by lot comes in `Story.secrets`."""


@dataclass
class Story:
    """The office, told. `items` and `of`, the ids of all else, by their short names here."""

    site: Site
    app: Flask
    people: dict[str, Person] = field(default_factory=dict)
    tokens: dict[str, str] = field(default_factory=dict)
    items: dict[str, dict[str, Any]] = field(default_factory=dict)
    case: dict[str, Any] = field(default_factory=dict)
    transfer: str = ""
    assignment: str = ""
    of: dict[str, str] = field(default_factory=dict)
    secrets: list[str] = field(default_factory=lambda: list(SECRETS))

    def call(self, name: str, method: str, path: str, /, **options: Any) -> Any:
        """An API call by one of the people, which must succeed."""
        headers = {"Authorization": f"Bearer {self.tokens[name]}", **options.pop("headers", {})}
        answer = self.app.test_client().open(f"/api/v1{path}", method=method, headers=headers, **options)
        assert answer.status_code < 300, (method, path, answer.get_json())
        return answer.get_json(silent=True)

    def post(self, name: str, path: str, /, **json: Any) -> Any:
        return self.call(name, "POST", path, json=json)

    def make(self, what: str, name: str, path: str, /, **json: Any) -> str:
        """Make a thing that goes by `what` from then on; its id."""
        made = self.post(name, path, **json)
        if made.get("pseudonym"):
            self.secrets.append(made["pseudonym"])
        self.of[what] = made["id"]
        return str(made["id"])

    def move(self, name: str, path: str, /, *actions: str, **json: Any) -> None:
        """Take a thing on, step by step."""
        for action in actions:
            self.post(name, f"{path}/transitions", **{"action": action, "reason": "As was agreed.", **json})


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
    _places(story)
    _people(story)
    _rescue(story)
    _care(story)
    _found(story)
    _coming(story)
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


# --- people and places ------------------------------------------------------------------------------------------------


def _places(story: Story) -> None:
    first = story.case["id"]
    with clock(at(2023, 5, 4)):
        place = {"country": "KH", "area": "Svay Pak"}
        house = story.make(
            *("house", "sokha", "/venues"),
            **{"case": first, "kind": "brothel", "description": "House behind the ferry, blue gate", **place},
            place=PLACES["house"],
            latitude=11.62,
            longitude=104.87,
        )
        salon = story.make(
            *("salon", "sokha", "/venues"),
            case=first,
            kind="massage",
            description="Massage with a red lamp",
            place=PLACES["salon"],
            **place,
        )
        story.make("kiln", "dara", "/venues", case=first, kind="kiln", description="Brick kiln with two chimneys")
        story.move("sokha", f"/venues/{house}", "observe")
    with clock(at(2024, 3, 2)):
        second = story.post("dara", "/cases", title=SECOND_TITLE, kind="sex_trafficking", country="KH")
        story.of["second"] = second["id"]
        for name, role in (("sokha", "investigator"), ("mealea", "lawyer"), ("kunthea", "caseworker")):
            path = f"/cases/{second['id']}/assignments"
            story.post("dara", path, user=str(story.people[name].id), role=role)
        story.move("dara", f"/cases/{second['id']}", "investigate")
        bar = story.make(
            *("bar", "sokha", "/venues"),
            case=second["id"],
            kind="ktv",
            description="Neon palm",
            country="KH",
            area="Poipet",
            place=PLACES["bar"],
        )
        story.move("sokha", f"/venues/{bar}", "observe", "confirm")
        story.move("sokha", f"/venues/{salon}", "displace", successor=bar)


def _people(story: Story) -> None:
    first, house = story.case["id"], story.of["house"]
    known = {"case": first, "gender": "female", "languages": ["km", "vi"], "country": "KH"}
    with clock(at(2023, 5, 5)):
        her = story.make("her", "kunthea", "/victims", **known, estimated_age=15, family_members=6, dependents=1)
        for n, name in enumerate(("safe", "unwilling", "sought", *OTHERS)):
            story.make(name, "sokha", "/victims", **known, estimated_age=14 + n)
        who = {"name": NAME, "born": BORN, "nationality": "Cambodian", "contact": CONTACT}
        story.call("kunthea", "PUT", f"/victims/{her}/identity", json=who)
        story.call("kunthea", "PUT", f"/victims/{her}/address", json={"address": ADDRESS})
        times = {
            "exploitation": ["sexual_exploitation", "prostitution"],
            "means": ["debt_bondage", "restricts_movement"],
        }
        story.make("episode", "sokha", "/episodes", victim=her, venue=house, started_on="2021-01-10", **times)
        for name in ("safe", "unwilling", "sought"):
            story.post("sokha", "/episodes", victim=story.of[name], venue=house, started_on="2022-06-01", **times)
        story.make(
            *("consent", "kunthea", f"/victims/{her}/consents"),
            purpose="care",
            scope="Whatever the doctor says, as long as she is told.",
            expires_on="2027-05-05",
        )
    with clock(at(2023, 5, 6)):
        keeper = story.make(
            *("keeper", "sokha", "/perpetrators"),
            case=first,
            alias=ALIASES["keeper"],
            aliases=ALSO_CALLED,
            roles=["keeper", "buyer"],
            gender="female",
            country="KH",
            note="Counts the money every morning at six.",
        )
        seller = story.make(
            "seller", "sokha", "/perpetrators", case=first, alias=ALIASES["seller"], roles=["seller", "lender"]
        )
        owner = story.make("owner", "dara", "/perpetrators", case=first, alias=ALIASES["owner"], roles=["official"])
        story.call("sokha", "PUT", f"/perpetrators/{keeper}/address", json={"address": STAYS_AT})
        story.make("victim tie", "sokha", f"/perpetrators/{seller}/victims", victim=her, relation="step_parent")
        for name in ("her", "safe", "sought"):
            story.post("sokha", f"/perpetrators/{keeper}/victims", victim=story.of[name], relation="held")
        ties = f"/venues/{house}/ties"
        story.make("venue tie", "sokha", ties, perpetrator=keeper, kind="keeper", from_on="2020-02-01")
        story.post("sokha", ties, perpetrator=owner, kind="owner", from_on="2018-01-01", until_on="2022-12-31")
        story.post("sokha", ties, name=LANDLORD, kind="landlord")
        path = f"/victims/{her}/keep-apart"
        story.make("keep apart", "kunthea", path, barrier="do_not_contact", perpetrator=seller)
        story.post("kunthea", path, barrier="do_not_place_with", victim=story.of["unwilling"])
    for month, people, minors in ((5, 31, 9), (6, 38, 12), (8, 36, 11)):
        with clock(at(2023, month, 19)):
            seen = {"observed_on": f"2023-{month:02}-18", "seen": "open", "people": people, "minors": minors}
            story.post("sokha", f"/venues/{house}/observations", **seen, note="The gate opens for cars only.")


def _assessed(story: Story, name: str, operation: str, day: str) -> None:
    scores = {danger.value: 1 + n % 3 for n, danger in enumerate(Danger)}
    path = f"/operations/{operation}/assessments"
    story.post(name, path, scores=scores, assessed_on=day, note="Two ways out, both can be watched.")


def _rescue(story: Story) -> None:
    first, house = story.case["id"], story.of["house"]
    roster = ["her", "safe", "unwilling", "sought", *OTHERS]
    with clock(at(2023, 9, 1)):
        story.move("sokha", f"/venues/{house}", "confirm")
        rescue = story.make(
            *("rescue", "sokha", "/operations"),
            case=first,
            kind="rescue",
            partner="Anti-trafficking unit",
            planned_on="2023-09-10",
            venue=house,
            aftercare_places=20,
        )
        _assessed(story, "sokha", rescue, "2023-09-01")
        path = f"/operations/{rescue}"
        story.post("sokha", f"{path}/authorisation", authorised_on="2023-09-01", reference="ATU 41/23")
        story.move("sokha", f"/cases/{first}", "plan_intervention")
        everybody = [story.of[name] for name in roster]
        story.post("sokha", f"{path}/roster/several", victims=everybody)
        story.move("bopha", path, "go")
    with clock(at(2023, 9, 10)):
        for name, how in (("her", "told_to_hide"), ("sought", "moved")):
            missed = {"victim": story.of[name], "outcome": "missed", "how": how, "reason": "Not in the house."}
            story.post("sokha", f"{path}/roster", **missed)
        freed = [story.of[name] for name in roster if name not in ("her", "sought")]
        story.post("sokha", f"{path}/roster/several", victims=freed, outcome="rescued", reason="Brought out.")
        story.move("sokha", path, "conclude")
        story.move("sokha", f"/cases/{first}", "intervene")
        story.move("sokha", f"/venues/{house}", "intervene")
    with clock(at(2023, 10, 2)):
        story.move("mealea", f"/venues/{house}", "seek_closure")
        item = story.items["paper"]["id"]
        seen = {"inspected_on": "2023-10-01", "found": "closed", "evidence": item}
        story.post("dara", f"/venues/{house}/inspections", **seen, note="A lock on the gate, no lamp at night.")


def _care(story: Story) -> None:
    safe, unwilling = story.of["safe"], story.of["unwilling"]
    with clock(at(2023, 9, 11)):
        partner = story.make(
            *("partner", "kunthea", "/partners"),
            name=PARTNER,
            country="KH",
            region="Kandal",
            offers=["shelter", "counselling", "medical"],
            languages=["km", "vi"],
            genders=["female"],
            youngest=6,
            oldest=25,
            capacity=4,
            contact="Director, 023 555 0107",
        )
        school = story.make(
            *("school", "kunthea", "/partners"),
            name=FULL_PARTNER,
            country="KH",
            region="Kandal",
            offers=["education", "vocational"],
            languages=["km"],
            capacity=0,
        )
        for name, asked in (("safe", "willing"), ("unwilling", "unwilling")):
            victim = f"/victims/{story.of[name]}"
            story.move("kunthea", victim, "confirm", axis="identification")
            story.move("kunthea", victim, "contact", axis="care")
            found = {"kind": "initial", "summary": "She sleeps badly and wants to learn.", "assessed_on": "2023-09-11"}
            story.post("kunthea", f"{victim}/assessments", **found)
            story.move("kunthea", victim, "assess", axis="care")
            story.post("kunthea", f"{victim}/willingness", willingness=asked)
        needs = story.call("kunthea", "GET", f"/victims/{safe}/steps?kind=need&limit=50")["items"]
        for need in needs[:-2]:
            story.move("kunthea", f"/steps/{need['id']}", "finish", outcome="Seen to.")
        for name in ("unwilling", *OTHERS):
            for need in story.call("kunthea", "GET", f"/victims/{story.of[name]}/steps?kind=need&limit=50")["items"]:
                story.move("kunthea", f"/steps/{need['id']}", "finish")
        story.move("kunthea", f"/victims/{safe}", "engage", "stabilise", axis="care")
        placed = {"kind": "shelter", "from_on": "2023-09-11", "partner": partner, "address": SHELTER}
        story.make("placement", "kunthea", f"/victims/{safe}/placements", **placed)
        story.make("referral", "kunthea", f"/victims/{safe}/referrals", service="vocational", partner=school)
        story.post("kunthea", f"/victims/{unwilling}/referrals", service="legal", region="Kandal")
        standing = {"standing": "national", "country": "KH", "from_on": "2023-09-11"}
        story.post("kunthea", f"/victims/{safe}/standings", **standing)
    with clock(at(2024, 8, 20)):
        steps = f"/victims/{safe}/steps"
        service = {"kind": "service", "what": "counselling", "partner": partner}
        story.make("step", "kunthea", steps, **service, title="Every Tuesday")
        story.move("kunthea", f"/steps/{story.of['step']}", "begin")
        story.post("kunthea", steps, kind="first", title="Went to the market by herself")
        story.make("skill", "kunthea", steps, kind="skill", title="Tailoring")
        story.make("stopped", "kunthea", steps, kind="service", what="spiritual", title="Pagoda on holy days")
        story.move("kunthea", f"/steps/{story.of['stopped']}", "stop", reason="She does not want it.")
        story.post("kunthea", steps, kind="follow_up", due_at="2026-11-12T03:00:00Z")
        owed = {"kind": "wages", "currency": "USD", "owed": 480_000, "ordered_on": "2024-08-01"}
        claim = story.make("claim", "kunthea", f"/victims/{safe}/claims", **owed)
        story.post("kunthea", f"/claims/{claim}/payments", amount=120_000, paid_on="2024-08-19")
        story.move("kunthea", f"/victims/{safe}", "restore", axis="care")


def _found(story: Story) -> None:
    """She is found in another house three years later; another is sought still, and one is reported missing."""
    first, her = story.case["id"], story.of["her"]
    with clock(at(2026, 11, 2)):
        search = story.call("kunthea", "GET", f"/searches?victim={story.of['sought']}")["items"][0]["id"]
        story.of["search"] = search
        story.post("sokha", f"/searches/{search}/sightings", seen_on="2026-10-20", place="At the night market")
        seen = {"seen_on": "2026-11-01", "venue": story.of["bar"], "note": "By a driver; he is fairly sure."}
        story.post("dara", f"/searches/{search}/sightings", **seen)
        missing = {"description": "A girl of 16, a scar on her left hand", "name": REPORTED}
        story.make("reported", "kunthea", "/searches", case=first, **missing, last_seen_on="2026-10-28")
        about = (("victim", "her"), ("perpetrator", "keeper"), ("venue", "house"), ("operation", "rescue"))
        for n, (kind, name) in enumerate((*about, ("episode", "episode"))):
            path = f"/evidence/{story.items['video']['id']}/links"
            sure = ("certain", "probable", "possible")[n % 3]
            relation = ("shows", "mentions", "recorded_at", "belongs_to", "proves")[n]
            story.make(
                "link", "dara", path, target_kind=kind, target=story.of[name], relation=relation, confidence=sure
            )
    with clock(at(2026, 11, 3)):
        story.post("kunthea", f"/victims/{her}/cases", case=story.of["second"])
        again = {"victim": her, "venue": story.of["bar"], "started_on": "2023-09-10", "means": ["threats"]}
        story.post("sokha", "/episodes", **again)
    with clock(at(2026, 11, 20)):
        story.move("sokha", f"/victims/{her}", "locate", axis="whereabouts")
        story.move("kunthea", f"/victims/{her}", "confirm", axis="identification")
        story.move("kunthea", f"/victims/{her}", "contact", axis="care")
        story.of["alert"] = story.call("sokha", "GET", "/alerts?open=true")["items"][0]["id"]


def _coming(story: Story) -> None:
    """What waits: a rescue for the supervisor's go, a covert visit, a question to two people, authorities, tips."""
    first, second = story.case["id"], story.of["second"]
    today, earlier = (datetime.now(UTC) - timedelta(days=n) for n in (1, 60))
    planned = {"case": second, "kind": "rescue", "partner": "Provincial police", "venue": story.of["bar"]}
    day = (today + timedelta(days=8)).date().isoformat()
    coming = story.make("coming", "sokha", "/operations", **planned, planned_on=day, aftercare_places=15)
    _assessed(story, "sokha", coming, today.date().isoformat())
    path = f"/operations/{coming}"
    story.post("sokha", f"{path}/authorisation", authorised_on=today.date().isoformat(), reference="PP 7/26")
    waiting = {"case": second, "gender": "female", "languages": ["km"], "country": "KH", "minor": True}
    for n in range(3):
        made = story.make(f"awaited {n}", "sokha", "/victims", **waiting)
        story.post("sokha", f"{path}/roster", victim=made)
    visit = story.make("visit", "dara", "/operations", case=first, kind="covert_visit", venue=story.of["kiln"])
    operative = story.make("operative", "bopha", "/operatives", person=BEHIND_CODE)
    story.make("second operative", "bopha", "/operatives")
    story.post("dara", f"/operations/{visit}/operatives", operative=operative)
    asked = {"kind": "operative_identity", "about": operative, "reason": "She has not come back from the visit."}
    story.make("question", "sreyleak", "/approvals", **asked)
    story.make("own question", "bopha", "/approvals", **asked)
    with clock(earlier):
        path, sent = f"/cases/{first}/requests", earlier.date().isoformat()
        due = (earlier + timedelta(days=30)).date().isoformat()
        asks = {"authority": "Provincial court", "asks": "An order to close the house for good.", "sent_on": sent}
        story.make("request", "mealea", path, **asks, due_on=due)
        asks["authority"] = "Land office"
        story.make("answered", "mealea", path, **asks)
    reply = {"replied_on": today.date().isoformat(), "reply": "The owner is named in the register."}
    story.post("mealea", f"/requests/{story.of['answered']}/reply", **reply)
    story.make("tip", "dara", "/tips", text=SUSPICION, about="Karaoke beside the ice factory")
    story.make("dismissed", "kunthea", "/tips", text="A house with a red lamp.")
    story.move("bopha", f"/tips/{story.of['dismissed']}", "dismiss")
    sokha = story.people["sokha"].id
    with begin(story.site, OPERATOR, read_only=True) as reading:
        office = reading.session.get_one(User, sokha).office_id
    with begin(story.site, Actor(sokha, Role.INVESTIGATOR, "session", office_id=office)) as work:
        rows = [(2, ["bar", "Lamp and Moon", "Poipet"]), (3, ["temple", "No such kind", "Poipet"])]
        table = Table(["Type", "Description", "District"], rows)
        story.of["table"] = str(imports.keep_table(work, UUID(story.case["id"]), kind=TableKind.VENUES, table=table))


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
