"""The demonstration: what it tells really happened, it ends cleanly, and it touches nothing but its own folder."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from evidence_api import demo
from evidence_api.config import BadSettings, Settings
from evidence_api.demo.folder import MARK, MARKER, fresh_folder
from evidence_api.demo.people import NEWCOMER, PASSWORD
from evidence_api.demo.processes import check_port, environment
from evidence_api.domain.care import FOLLOW_UP_MONTHS, StepKind
from evidence_api.domain.custody import Custody, Derivation, Sensitivity, TransferState
from evidence_api.domain.operation import Outcome
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.domain.victim import AlertKind, SearchEnd, SearchKind
from evidence_api.ledger.entry import decode
from evidence_api.models import (
    Alert,
    CareStep,
    Evidence,
    LedgerEntry,
    RosterEntry,
    Search,
    Transfer,
    Upload,
    User,
)
from evidence_api.models.upload import UploadState
from evidence_api.services import ledger
from evidence_api.site import open_site
from evidence_api.work import Site, begin

# So large that what the killed client left in the system's own buffers is not all the rest of it.
BIG = 24_000_000
SERVING = "Serving until Ctrl-C."
LAUNCH = """
import sys
from pathlib import Path
from evidence_api.demo import run
sys.exit(run(port=int(sys.argv[1]), data=Path(sys.argv[2]), serve=True, big_file=int(sys.argv[3])))
"""


@dataclass(frozen=True)
class Told:
    """A demonstration that has been told, served for a while and stopped."""

    output: str
    status: int
    site: Site
    elsewhere: Path
    port: int
    walked: dict[str, list[tuple[str, int]]]
    enrolling: requests.Response


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Run it as a user does, beside settings of a real installation; walk where it says; press Ctrl-C."""
    folder, elsewhere, port = tmp_path_factory.mktemp("demo"), tmp_path_factory.mktemp("real"), free_port()
    settings = {"UNBROKEN_DATA": str(elsewhere), "UNBROKEN_DATABASE_URL": f"sqlite:///{elsewhere}/real.db"}
    with subprocess.Popen(
        [sys.executable, "-c", LAUNCH, str(port), str(folder), str(BIG)],
        env=os.environ | settings,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    ) as process:
        assert process.stdout
        lines = []
        try:
            for line in process.stdout:
                lines.append(line)
                if SERVING in line:
                    break
            output = "".join(lines)
            url = f"http://127.0.0.1:{port}"
            walked = {name: walk(output, url, name) for name in ("sokha", "kunthea", "mealea", "bopha")}
            enrolling = enrol(output, url)
        finally:
            process.send_signal(signal.SIGINT)
            lines += process.stdout
    site = open_site(Settings(data=folder))
    yield Told("".join(lines), process.returncode, site, elsewhere, port, walked, enrolling)
    site.engine.dispose()


def walk(output: str, url: str, name: str) -> list[tuple[str, int]]:
    """Sign in as her on the page, with what is printed; each address of her walk, and how it was answered."""
    found = re.search(rf"^ *{name} +(\d{{3}}) (\d{{3}}) *$", output, re.MULTILINE)
    assert found, output
    stops = re.search(rf"^ +{name}, [a-z]+:\n((?: {{5}}[^\n]+: http\S+\n)+)", output, re.MULTILINE)
    assert stops, output
    with requests.Session() as browser:
        entered = sign_in(browser, url, username=name, password=PASSWORD, otp=found[1] + found[2])
        assert entered.url == f"{url}/", entered.text
        addresses = re.findall(r"http\S+", stops[1])
        return [(address, browser.get(address, timeout=30, allow_redirects=False).status_code) for address in addresses]


def enrol(output: str, url: str) -> requests.Response:
    found = re.search(r"initial password,\s+([a-z0-9-]+),", output)
    assert found, output
    with requests.Session() as browser:
        return sign_in(browser, url, username=NEWCOMER, password=found[1])


def sign_in(browser: requests.Session, url: str, **given: str) -> requests.Response:
    token = re.search(r'name="csrf_token" value="([^"]+)"', browser.get(f"{url}/sign-in", timeout=30).text)
    assert token
    return browser.post(f"{url}/sign-in", data={"csrf_token": token[1], **given}, timeout=30)


def chain(site: Site, item: Evidence) -> list[tuple[str, str, str]]:
    """What was done to the item, by which role, and how she was known."""
    with begin(site, OPERATOR, read_only=True) as work:
        rows = work.session.scalars(
            sa.select(LedgerEntry).where(LedgerEntry.subject == item.subject).order_by(LedgerEntry.seq)
        )
        return [(row.action.removeprefix("evidence:"), (e := decode(row.body)).role, e.auth) for row in rows]


def items(site: Site) -> dict[str, Evidence]:
    """By the ref without office and year: case and item."""
    with begin(site, OPERATOR, read_only=True) as work:
        return {item.ref.split("-", 2)[2].lstrip("0"): item for item in work.session.scalars(sa.select(Evidence))}


def test_the_whole_story_is_told_and_ctrl_c_ends_it_cleanly(told: Told) -> None:
    assert told.status == 0, told.output
    assert SERVING in told.output
    assert "Traceback" not in told.output
    check_port(told.port)


def test_away_from_a_terminal_it_prints_no_control_codes(told: Told) -> None:
    assert not [character for character in told.output if ord(character) < 32 and character != "\n"]


def test_one_can_sign_in_with_what_it_prints_and_walk_through_the_pages(told: Told) -> None:
    for name, stops in told.walked.items():
        assert len(stops) >= 4, name
        assert {status for _address, status in stops} == {200}, stops
        assert stops[0][0] == f"http://127.0.0.1:{told.port}/"


def test_the_newcomer_is_led_to_an_authenticator_of_her_own(told: Told) -> None:
    assert told.enrolling.ok
    assert "Set up your authenticator" in told.enrolling.text


def test_there_is_something_to_see_for_every_page(told: Told) -> None:
    found = items(told.site)
    assert [ref for ref, item in found.items() if item.quarantined] == ["1/E13"]
    assert [ref for ref, item in found.items() if item.held] == ["1/E9"]
    assert [ref for ref, item in found.items() if item.sensitivity is Sensitivity.RESTRICTED] == ["1/E12"]
    assert [ref for ref, item in found.items() if item.state is Custody.CHECKED_OUT and item.due_at] == ["2/E1"]
    assert [ref for ref, item in found.items() if item.derivation is Derivation.WORKING_COPY] == ["1/E11"]
    with begin(told.site, OPERATOR, read_only=True) as work:
        open_uploads = work.session.scalars(sa.select(Upload).where(Upload.state == UploadState.RECEIVING)).all()
    assert [0 < upload.offset < upload.size for upload in open_uploads] == [True]


def test_the_killed_upload_went_on_where_it_stopped_and_arrived_whole(told: Told) -> None:
    assert re.search(r"blue-lotus-night.mp4: going on after [\d.]+ MB of 24\.0 MB", told.output), told.output
    folder = told.site.settings.data
    sent = hashlib.sha256((folder / "laptop" / "blue-lotus-night.mp4").read_bytes()).hexdigest()
    assert items(told.site)["1/E9"].sha256 == sent


def test_the_lawyer_took_the_footage_over_with_a_fresh_code_and_another_offer_waits(told: Told) -> None:
    night = items(told.site)["1/E9"]
    assert chain(told.site, night) == [
        ("ingest", "investigator", "token"),
        *[("link", "investigator", "token")] * 3,
        ("offer", "investigator", "token"),
        ("accept", "lawyer", "token+totp"),
        ("verify", "supervisor", "token"),
        ("hold", "lawyer", "token"),
    ]
    with begin(told.site, OPERATOR, read_only=True) as work:
        holder = work.session.get_one(User, night.custodian_id)
        states = work.session.scalars(sa.select(Transfer.state).order_by(Transfer.id)).all()
    assert Role.LAWYER in holder.role_names
    assert states == [TransferState.ACCEPTED, TransferState.OFFERED]


def test_the_altered_byte_was_found_and_named_and_the_item_released_by_the_supervisor(told: Told) -> None:
    copy = items(told.site)["1/E10"]
    assert [(action, role) for action, role, _ in chain(told.site, copy)] == [
        ("ingest", "investigator"),
        ("verify", "supervisor"),
        ("quarantine", "supervisor"),
        ("release", "supervisor"),
        ("verify", "supervisor"),
    ]
    assert chain(told.site, copy)[-2][2] == "token+totp"
    assert not copy.quarantined
    assert re.search(r"FAIL DEMO-\d{4}-0001/E10 \(evidence:", told.output)
    assert told.output.count("(exit code 0)") == 2
    assert told.output.count("(exit code 1)") == 1


def test_in_the_end_every_chain_and_every_object_is_whole(told: Told) -> None:
    with begin(told.site, OPERATOR, read_only=True) as work:
        assert list(ledger.verify(work)) == []
    assert len(items(told.site)) == 15
    for item in items(told.site).values():
        if item.storage_key:
            stored = b"".join(told.site.storage.read(item.storage_key, item.storage_version))
            assert hashlib.sha256(stored).hexdigest() == item.sha256


def test_of_twelve_eleven_were_freed_and_she_who_was_missed_is_found_while_another_is_still_searched_for(
    told: Told,
) -> None:
    with begin(told.site, OPERATOR, read_only=True) as work:
        outcomes = Counter(work.session.scalars(sa.select(RosterEntry.outcome)))
        searches = work.session.scalars(sa.select(Search).order_by(Search.id)).all()
        alerts = work.session.scalars(sa.select(Alert).order_by(Alert.id)).all()
        follow_ups = work.session.scalars(sa.select(CareStep.due_at).where(CareStep.kind == StepKind.FOLLOW_UP)).all()
    assert outcomes == {Outcome.RESCUED: 11, Outcome.MISSED: 1, None: 1}
    assert [(search.kind, search.end) for search in searches] == [
        (SearchKind.MISSED, SearchEnd.LOCATED),
        (SearchKind.REPORTED, None),
    ]
    assert [alert.kind for alert in alerts] == [AlertKind.MOVED_WITHOUT_EXIT, AlertKind.LOCATED]
    assert len(follow_ups) == len(FOLLOW_UP_MONTHS) + 1


def test_whoever_has_the_database_or_the_log_learns_no_name_of_a_survivor(told: Told) -> None:
    folder = told.site.settings.data
    kept = [path for path in folder.iterdir() if path.is_file()]
    assert {"unbroken.db", "server.log"} <= {path.name for path in kept}
    assert [path.name for path in kept if b"Srey" in path.read_bytes() or b"Chanthy" in path.read_bytes()] == []


@pytest.mark.parametrize(("table", "column"), [("case_file", "title"), ("venue", "description"), ("partner", "name")])
def test_cases_places_and_partners_say_that_they_are_fictional(told: Told, table: str, column: str) -> None:
    with begin(told.site, OPERATOR, read_only=True) as work:
        titles = work.session.scalars(sa.text(f"SELECT {column} FROM {table}")).all()
    assert titles
    assert all("fictional" in title for title in titles)


def test_a_real_installation_beside_it_is_not_touched(told: Told) -> None:
    assert list(told.elsewhere.iterdir()) == []
    assert not [name for name in environment(Path("/demo")) if name.startswith("UNBROKEN_") and name != "UNBROKEN_DATA"]


def test_a_folder_that_no_demonstration_made_is_left_alone(tmp_path: Path) -> None:
    kept = tmp_path / "evidence.mp4"
    kept.write_bytes(b"irreplaceable")
    with pytest.raises(BadSettings, match="left alone"):
        demo.run(port=free_port(), data=tmp_path, serve=False)
    assert kept.read_bytes() == b"irreplaceable"
    assert list(tmp_path.iterdir()) == [kept]


def test_a_link_to_another_folder_is_not_followed(tmp_path: Path) -> None:
    target = tmp_path / "target"
    target.mkdir()
    (target / MARKER).write_text(MARK)
    (target / "evidence.mp4").touch()
    link = tmp_path / "link"
    link.symlink_to(target)
    with pytest.raises(BadSettings, match="not a folder"):
        demo.run(port=free_port(), data=link, serve=False)
    assert (target / "evidence.mp4").exists()


def test_its_own_folder_is_made_anew_unless_another_demonstration_is_in_it(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "demo") as folder:
        (folder / "objects").mkdir()
        (folder / "objects" / "one").touch(mode=0o400)
        with pytest.raises(BadSettings, match="running"), fresh_folder(folder):
            pass
    with fresh_folder(folder):
        assert [path.name for path in folder.iterdir()] == [MARKER]


def test_a_port_that_is_taken_is_named_with_one_that_is_free_and_the_folder_stays(tmp_path: Path) -> None:
    with fresh_folder(tmp_path / "demo") as folder:
        (folder / "unbroken.db").touch()
    with socket.create_server(("127.0.0.1", 0)) as taken:
        with pytest.raises(BadSettings, match=r"in use.* demo --port \d+$") as refused:
            demo.run(port=taken.getsockname()[1], data=folder, serve=False)
        other = int(str(refused.value).rsplit(" ", 1)[1])
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", other))
    assert (folder / "unbroken.db").exists()
