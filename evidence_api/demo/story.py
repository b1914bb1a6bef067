"""The story, told by doing it: every line that the user reads was answered by the real server or the real command."""

import hashlib
import json
import subprocess
import time
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

from rich.filesize import decimal

from evidence_api.demo.assets import MARK, Asset, make_assets, make_copy, make_detail, make_longer
from evidence_api.demo.casework import Casework
from evidence_api.demo.line import SlowLine
from evidence_api.demo.people import Persona
from evidence_api.demo.processes import Stopped, command, environment
from evidence_api.demo.screen import Screen, Walk
from evidence_api.domain.roles import OPERATOR
from evidence_api.models import Evidence
from evidence_api.storage import DirectoryStorage
from evidence_api.work import Site, begin

LINE_RATE = 25_000_000  # bytes a second
CUT_AT = 0.45
CUT_SECONDS = 120
TITLE = "Riverside and Blue Lotus (fictional)"
UNFINISHED = "second-night.mp4"
UNFINISHED_SIZE, UNFINISHED_SENT = 40_000_000, 26_000_000  # bytes

Item = dict[str, Any]


class Story:
    """The case from the first covert visit to the proof that nothing changed. `port` is the server's.

    Makes what is uploaded, in `folder`; the last of it is a video of `big_file` bytes.
    """

    def __init__(
        self, screen: Screen, folder: Path, site: Site, port: int, people: Mapping[str, Persona], big_file: int
    ) -> None:
        self.screen, self.folder, self.site, self.port = screen, folder, site, port
        self.people = people
        self.sokha, self.mealea, self.bopha = people["sokha"], people["mealea"], people["bopha"]
        self.dara, self.kunthea = people["dara"], people["kunthea"]
        self.laptop = folder / "laptop"
        self.assets = {asset.path.name: asset for asset in make_assets(self.laptop, big_file)}

    def tell(self) -> None:
        """Everything, in order. Raises Stopped where something is not as it must be."""
        self._first_house()
        self._second_house()
        self._care()
        self._hand_over()
        self._proof()
        self._tampering()
        self._today()

    def walks(self) -> list[Walk]:
        """What there is to look at when everything is told, for three of them."""
        film, sound, different = (f"/items/{item['id']}" for item in (self.night, self.sound, self.different))
        case, work = f"/cases/{self.case['id']}", self.casework
        file = self.laptop / UNFINISHED
        missed, her = work.missed["pseudonym"], work.her["pseudonym"]
        rescue, next_rescue = (f"/operations/{one['id']}" for one in (work.rescue, work.next_rescue))
        return [
            Walk(
                self.sokha,
                [
                    ("her work, the alert about her who was found, the search that goes on", "/"),
                    (f"{missed}, who was missed and found", f"/victims/{work.missed['id']}"),
                    ("who and what is tied to whom, by what evidence", f"{case}/chart"),
                    ("the rescue, and what it brought everyone on its roster", rescue),
                    ("the house, displaced, and where its keeper went", f"/venues/{work.house['id']}"),
                    (f"go on with an upload: choose {file}", f"{case}/upload"),
                    ("a file whose clock says otherwise than she", f"/items/{self.picture['id']}"),
                    ("the case, all that happened in it", f"{case}/timeline"),
                ],
            ),
            Walk(
                self.kunthea,
                [
                    ("her work: who is due for a follow-up, and the first 72 hours of her who was found", "/"),
                    (f"the care of {her}, from the first hours on", f"/victims/{work.her['id']}/care"),
                    ("who she is, with a reason and a fresh code", f"/victims/{work.her['id']}/identity/reveal"),
                    ("partners, and how many more each can take", "/partners"),
                ],
            ),
            Walk(
                self.mealea,
                [
                    (f"her work, where {_short(self.sound)} waits for her", "/"),
                    ("accept it, with a fresh code", f"/handovers/{self.offer['id']}/accept"),
                    ("the film: who held it, as a picture, and every entry", film),
                    ("imagery that only she may open, with a fresh code", f"/items/{self.restricted['id']}"),
                    ("search everything that she may see: try lamp, or lotsu", "/search"),
                ],
            ),
            Walk(
                self.bopha,
                [
                    ("the office: what is quarantined or not back, what to decide on, unmet needs", "/"),
                    ("the go for the next rescue, or not", f"{next_rescue}/do/go"),
                    ("a tip, to be taken up into a case or dismissed", f"/tips/{work.tip['id']}"),
                    (f"{_short(self.different)}, in quarantine, and why", different),
                    (
                        f"the byte that was altered, in the history of {_short(self.altered)}",
                        f"/items/{self.altered['id']}",
                    ),
                    (f"{_short(self.sound)}: verify it herself", f"{sound}/verify"),
                ],
            ),
        ]

    # --- the chapters ---

    def _first_house(self) -> None:
        self.screen.chapter(
            "2  Riverside, 2023",
            "In March 2023 investigators film a guest house where girls are sold. The police come on 2 April and "
            "free eleven. One girl was told to hide when they came, and is missed.",
        )
        code = self.sokha.sign_in("demonstration: field laptop")
        self.screen.done(f"sokha, investigator, signs in: her password, and {_code(code)} from her authenticator.")
        opened = {"title": TITLE, "kind": "sex_trafficking", "country": "KH"}
        self.case = self.sokha.post("/cases", json=opened)
        self.casework = Casework(self.screen, self.people, self.case)
        self.screen.done(f"She opens case {self.case['ref']} and leads it.")
        for person in (self.mealea, self.kunthea):
            who = {"user": str(person.id), "role": person.role.value}
            self.sokha.post(f"/cases/{self.case['id']}/assignments", json=who)
        self.screen.done(
            "She puts a lawyer, mealea, and a caseworker, kunthea, on it. Of the others only the supervisor sees it."
        )
        for action, when, reason in (
            ("investigate", "2023-03-01T09:00:00+07:00", "A hotline call about the Riverside guest house."),
            ("plan_intervention", "2023-03-27T15:00:00+07:00", "Four covert visits show the same girls under guard."),
            (
                "intervene",
                "2023-04-02T05:40:00+07:00",
                "Police operation: eleven freed. One was told to hide when the police came, and was missed.",
            ),
        ):
            if action == "plan_intervention":
                self.casework.first_venue()
                self.casework.plan_rescue()
            if action == "intervene":
                self.bopha.sign_in("demonstration: office")
                self.casework.carry_out_rescue()
            stage = {"action": action, "occurred_at": when, "reason": reason}
            self.sokha.post(f"/cases/{self.case['id']}/transitions", json=stage)
        items = {}
        for name in ("street-at-dusk.jpg", "doorway-red-lamp.jpg", "corridor-sound.wav", "ledger-page.jpg"):
            items[name] = self._add(name)
        self.sound, self.street = items["corridor-sound.wav"], items["street-at-dusk.jpg"]
        seized = {
            "title": "Phone of the keeper",
            "tag": "DEMO-0417",
            "place": "Safe 2, shelf B",
            "captured_at": "2023-04-02T07:05:00+07:00",
            "method": "seized by the police",
        }
        phone = self.sokha.post(f"/cases/{self.case['id']}/items", json=seized)
        self.screen.done(f"{_short(phone)}  a thing, not a file: the keeper's phone, tag DEMO-0417, in safe 2")
        self.picture = self._add("phone-of-the-keeper.jpg", original=phone["id"], derivation="photograph")
        if not self.picture["differences"]:
            raise Stopped("The wrong clock of a camera was not noticed.")
        self.screen.say("That camera's clock runs 26 minutes fast. What it says and what she says both stand, flagged.")
        shared = items["ledger-page.jpg"]
        self.sokha.post(f"/evidence/{shared['id']}/readers", json={"user": str(self.kunthea.id)})
        self.screen.done(f"She shares {_short(shared)} with kunthea, who sees no other item of the case.")
        self.screen.pause()

    def _second_house(self) -> None:
        self.screen.chapter(
            "3  Blue Lotus, 2026",
            "Nearly three years and many nights of footage later, one face: she who was missed, in another house.",
        )
        self.front = self._add("blue-lotus-front.jpg")
        self._add("blue-lotus-passing.mp4")
        asset = self.assets["blue-lotus-night.mp4"]
        self.screen.say(
            f"Now the night's footage, {decimal(asset.path.stat().st_size)}, over a line as slow as a mobile network:"
        )
        self.night = self._upload_with_a_cut(asset)
        with asset.path.open("rb") as file:
            sent = hashlib.file_digest(file, "sha256").hexdigest()
        if self.night["sha256"] != sent:
            raise Stopped("What arrived is not what was sent.")
        self.screen.done(f"{_short(self.night)}  SHA-256 on her laptop and in the store are the same: {sent[:16]}…")
        self.casework.find_her(self.night)
        self.screen.pause()

    def _care(self) -> None:
        self.screen.chapter(
            "4  After the rescue",
            "Eleven are free. What the office knows of each stands under a pseudonym; who she is, in the vault.",
        )
        self.casework.care()
        self.screen.pause()

    def _hand_over(self) -> None:
        self.screen.chapter(
            "5  From hand to hand",
            "The footage goes to the lawyer. It is sokha's until mealea takes it, with a fresh code of her own.",
        )
        self.mealea.sign_in("demonstration: office")
        self.screen.done("mealea, lawyer, signs in.")
        offer = self._offer(self.night, "For the charge against the keeper of the second house.")
        self.screen.done(f"sokha offers {_short(self.night)} to mealea.")
        code = self.mealea.fresh_code()
        self.mealea.post(f"/transfers/{offer['id']}/accept", json={"otp": code})
        held = self.mealea.get(f"/evidence/{self.night['id']}")
        if held["custodian"] != str(self.mealea.id):
            raise Stopped("The item was accepted, but is not with the one who accepted it.")
        self.screen.done(f"Her authenticator shows {_code(code)}; with it she accepts. The item is in her custody.")
        self.offer = self._offer(self.sound, "Please hear this before you draft the charge.")
        self.screen.done(f"sokha offers {_short(self.sound)} too; that offer is left open.")
        self.dara.sign_in("demonstration: office")
        if self.dara.asks(f"/evidence/{self.night['id']}") != 404:
            raise Stopped("Someone who is not on the case could see the item.")
        self.screen.done("dara, not on the case, asks for it: 404, as if it did not exist. That she asked is recorded.")
        self.screen.say(f"The chain of {_short(self.night)} so far; each entry holds the hash of the one before:")
        self._show_chain(self.night, self.sokha)
        self.screen.pause()

    def _proof(self) -> None:
        self.screen.chapter(
            "6  Has anything changed?",
            "bopha, supervisor, touched none of it. She has the stored bytes read again, and every chain checked.",
        )
        verdict = self._verify(self.night)
        if (verdict["object"], verdict["chain"]) != ("pass", "pass"):
            raise Stopped("An item that nobody changed did not verify.")
        size = decimal(self.night["size"])
        self.screen.done(f"{_short(self.night)}: object pass ({size} read again), chain pass.")
        self._check_ledger(whole=True)
        self.screen.pause()

    def _tampering(self) -> None:
        self.screen.chapter(
            "7  Someone alters one byte",
            "Someone with access to the server's disk changes one byte of a picture, past the service and its record.",
        )
        source = self.assets["blue-lotus-front.jpg"]
        detail = self.laptop / "blue-lotus-detail.jpg"
        make_detail(source, detail)
        stated = {"title": "Detail of the front, enlarged", "method": "enlarged", "original": self.front["id"]}
        self.altered = item = self._send(detail, stated | {"derivation": "extract"})
        self.screen.done(f"{_short(item)}  a copy for this purpose: {item['title']}")
        stored = self._stored(item)
        at = item["size"] // 2
        before = _flip(stored, at)
        self.screen.say(f"On the disk, byte {at} of {item['size']} is changed from {before:#04x} to {before ^ 1:#04x}.")
        verdict = self._verify(item)
        quarantined = self.bopha.get(f"/evidence/{item['id']}")["quarantined"]
        if verdict["object"] != "fail" or not quarantined:
            raise Stopped("An altered byte was not found.")
        self.screen.found(f"bopha verifies {_short(item)}: object FAIL. The item is quarantined at once.")
        if item["ref"] not in self._check_ledger(whole=False):
            raise Stopped("The check of the ledger did not name the altered item.")
        self.screen.pause()
        _flip(stored, at)
        self.screen.say("The byte is put back, as from a backup. Quarantine does not end by itself:")
        code = self.bopha.fresh_code()
        reason = "Object restored from the backup; the bytes match their record again."
        released = self.bopha.post(f"/evidence/{item['id']}/release", json={"otp": code, "reason": reason})
        if released["quarantined"]:
            raise Stopped("The item was not released.")
        if self._verify(item)["object"] != "pass":
            raise Stopped("An item that is as it was received did not verify.")
        self.screen.done(
            f"bopha releases it, with {_code(code)} and her reason, and verifies it again: pass. In the chain:"
        )
        self._show_chain(item, self.bopha)
        self._check_ledger(whole=True)

    def _today(self) -> None:
        self.screen.chapter(
            "8  An ordinary day", "Work goes on, and not all of it goes well. This is what the pages show from here on."
        )
        street, door = self.assets["street-at-dusk.jpg"], self.assets["doorway-red-lamp.jpg"]
        self._work_on(street, door)
        self._fail(door)
        self._leave_unfinished()
        self.casework.covert_visit()
        self.casework.look_for_another()
        self.casework.tell_and_import(self._second_case())

    def _work_on(self, street: Asset, door: Asset) -> None:
        copy, detail = self.laptop / "street-copy.jpg", self.laptop / "door-detail.jpg"
        make_copy(street, copy)
        make_detail(door, detail)
        stated = {"title": "Street, copy for the briefing", "original": self.street["id"], "derivation": "working_copy"}
        self.screen.done(
            f"{_short(self._send(copy, stated))}  a working copy of {_short(self.street)}, for the briefing"
        )
        self.restricted = self._send(detail, {"title": "What stood in the doorway", "restricted": "true"})
        self.sokha.post(f"/evidence/{self.restricted['id']}/readers", json={"user": str(self.mealea.id)})
        self.screen.done(f"{_short(self.restricted)}  restricted: of all people mealea alone may open it, with a code")
        self.mealea.post(f"/evidence/{self.night['id']}/hold", json={"reason": "Charges are being drafted on it."})
        self.screen.done(f"mealea puts {_short(self.night)} under legal hold.")

    def _fail(self, door: Asset) -> None:
        """A card that gives other bytes each time: what arrived is not what the device read when it computed."""
        file = self.laptop / "stairs.jpg"
        make_copy(door, file)
        sent = file.read_bytes()
        title = "Foot of the stairs"
        upload = self.sokha.upload(sent, len(sent), case=self.case["ref"], filename=file.name, title=title)
        computed = {"sha256": hashlib.sha256(sent[:-1]).hexdigest()}
        if self.sokha.post(f"/uploads/{upload}/digest", json=computed)["matches"]:
            raise Stopped("A file that came over otherwise than it was read was not noticed.")
        self.different = self._newest()
        if not self.different["quarantined"]:
            raise Stopped("An item that is not what the device had was not quarantined.")
        self.screen.found(
            f"{_short(self.different)}  from a card that is failing: her laptop has another digest. Quarantined."
        )

    def _leave_unfinished(self) -> None:
        file = self.laptop / UNFINISHED
        make_longer(self.assets["blue-lotus-passing.mp4"], file, UNFINISHED_SIZE)
        with file.open("rb") as opened:
            part = opened.read(UNFINISHED_SENT)
        title = "Fixed camera, second night"
        self.sokha.upload(part, UNFINISHED_SIZE, case=self.case["ref"], filename=file.name, title=title)
        self.screen.done(f"{decimal(UNFINISHED_SENT)} of {decimal(UNFINISHED_SIZE)} of the next night have arrived.")

    def _second_case(self) -> Item:
        opened = {"title": "Brick kiln on the east bank (fictional)", "kind": "bonded_labour", "country": "KH"}
        kiln = self.dara.post("/cases", json=opened)
        who = {"user": str(self.sokha.id), "role": "investigator"}
        self.dara.post(f"/cases/{kiln['id']}/assignments", json=who)
        things = {"title": "Account book of the kiln, green cover", "tag": "DEMO-0502", "place": "Safe 1, shelf D"}
        book = self.dara.post(f"/cases/{kiln['id']}/items", json=things)
        hours = self.laptop / "hours.txt"
        hours.write_text(
            f"{MARK}\n\n" + "".join(f"Day {day}: from 4:30 until 19:00, no pay.\n" for day in range(1, 31))
        )
        with hours.open("rb") as file:
            stated = {"title": "Hours, as one of the families wrote them down"}
            self.dara.post(f"/cases/{kiln['id']}/evidence", data=stated, files={"file": (hours.name, file)})
        taken = {
            "action": "check_out",
            "reason": "To be photographed, page by page.",
            "place": "Desk of sokha",
            "due_at": (datetime.now(UTC) + timedelta(seconds=5)).isoformat(),
        }
        self.sokha.post(f"/evidence/{book['id']}/moves", json=taken)
        self.screen.done(f"dara opens case {kiln['ref']}. sokha has its account book out, longer than she said.")
        return kiln

    # --- what the chapters are made of ---

    def _add(self, name: str, **more: str) -> Item:
        asset = self.assets[name]
        stated = {
            "title": asset.title,
            "captured_at": asset.captured_at.isoformat(),
            "method": asset.method,
            "device": asset.device,
            "latitude": str(asset.latitude),
            "longitude": str(asset.longitude),
        }
        item = self._send(asset.path, stated | more)
        self.screen.done(f"{_short(item)}  {item['title']} ({decimal(item['size'])})")
        return item

    def _send(self, path: Path, stated: dict[str, str]) -> Item:
        with path.open("rb") as file:
            return self.sokha.post(f"/cases/{self.case['id']}/evidence", data=stated, files={"file": (path.name, file)})

    def _upload_with_a_cut(self, asset: Asset) -> Item:
        """The real client, killed on the way and started again."""
        said = ["upload", asset.path.name, "--case", self.case["ref"], "--title", asset.title]
        said += ["--method", asset.method, "--device", asset.device, "--captured-at", asset.captured_at.isoformat()]
        hold = int(asset.path.stat().st_size * CUT_AT)
        settings = environment(
            self.folder,
            UNBROKEN_TOKEN=self.sokha.token,
            XDG_STATE_HOME=str(self.laptop / "state"),
            HOME=str(self.laptop),
        )
        with SlowLine(self.port, LINE_RATE, hold) as line:
            said += ["--server", f"http://127.0.0.1:{line.port}"]
            self.screen.command(said)
            first = subprocess.Popen(command(*said), env=settings, cwd=self.laptop)
            try:
                cut = line.held.wait(CUT_SECONDS)
            finally:
                first.kill()
                first.wait()
                line.released.set()
                if self.screen.console.is_terminal:
                    # It had no time to leave the terminal as it was.
                    self.screen.console.show_cursor()
                    self.screen.console.print()
            if not cut:
                raise Stopped("The upload did not get on.")
            self._until_the_cut_is_seen()
            self.screen.say("Halfway her laptop's battery dies (kill -9). Back on power, the same command again:")
            self.screen.command(said[:2], " … as before")
            if subprocess.run(command(*said), env=settings, cwd=self.laptop, check=False).returncode:
                raise Stopped("The upload could not be resumed.")
        return self._newest()

    def _newest(self) -> Item:
        newest = self.sokha.get(f"/cases/{self.case['id']}/evidence", params={"limit": 1})
        found: Item = newest["items"][0]
        return found

    def _until_the_cut_is_seen(self) -> None:
        """Nobody's power is back so fast that the server has not yet put aside what had come."""
        until = time.monotonic() + CUT_SECONDS
        while time.monotonic() < until and any(not one["offset"] for one in self.sokha.get("/uploads")["items"]):
            time.sleep(0.1)

    def _offer(self, item: Item, reason: str) -> dict[str, Any]:
        offered = {"to": str(self.mealea.id), "reason": reason}
        return self.sokha.post(f"/evidence/{item['id']}/transfers", json=offered)

    def _verify(self, item: Item) -> dict[str, Any]:
        return self.bopha.post(f"/evidence/{item['id']}/verify")

    def _show_chain(self, item: Item, reader: Persona) -> None:
        links = reader.get(f"/evidence/{item['id']}/custody")["items"]
        rows = []
        for link in links:
            entry = json.loads(link["entry"])
            when = link["recorded_at"][11:19]
            rows.append((str(link["seq"]), link["action"], entry["role"], when, entry["prev"][:10], link["hash"][:10]))
        self.screen.table(("", "act", "by the", "UTC", "hash before", "hash"), rows)

    def _check_ledger(self, *, whole: bool) -> str:
        """`unbroken ledger verify`; what it said. Raises Stopped where it finds other than expected."""
        self.screen.command(["ledger", "verify"])
        ran = subprocess.run(
            command("ledger", "verify"), env=environment(self.folder), stdout=subprocess.PIPE, text=True, check=False
        )
        self.screen.output(f"{ran.stdout}(exit code {ran.returncode})", "green" if whole else "red")
        if ran.returncode != (0 if whole else 1):
            raise Stopped("`unbroken ledger verify` did not find what it had to find.")
        return ran.stdout

    def _stored(self, item: Item) -> Path:
        with begin(self.site, OPERATOR, read_only=True) as work:
            key = work.session.get_one(Evidence, UUID(item["id"])).storage_key
        assert key is not None
        assert isinstance(self.site.storage, DirectoryStorage)
        return self.site.storage.path(key)


def _short(item: Item) -> str:
    return str(item["ref"].rsplit("/")[-1])


def _code(code: str) -> str:
    return f"{code[:3]} {code[3:]}"


def _flip(path: Path, at: int) -> int:
    """Change the lowest bit of one byte of a write-once file; the byte before. Twice, and it is as it was."""
    path.chmod(0o600)
    with path.open("r+b") as file:
        file.seek(at)
        before = file.read(1)[0]
        file.seek(at)
        file.write(bytes([before ^ 1]))
    path.chmod(0o400)
    return before
