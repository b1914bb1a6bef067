"""The demonstration: what it tells really happened, it ends cleanly, and it touches nothing but its own folder."""

from __future__ import annotations

import hashlib
import os
import re
import signal
import socket
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
import requests
import sqlalchemy as sa

from evidence_api import demo
from evidence_api.config import BadSettings, Settings
from evidence_api.demo.folder import MARK, MARKER, fresh_folder
from evidence_api.demo.people import PASSWORD
from evidence_api.demo.processes import check_port, environment
from evidence_api.domain.custody import TransferState
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.ledger.entry import decode
from evidence_api.models import Evidence, LedgerEntry, Transfer, User
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
    signed_in: requests.Response


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
    return port


@pytest.fixture(scope="module")
def told(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Told]:
    """Run it as a user does, beside settings of a real installation; sign in with what it prints; press Ctrl-C."""
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
            signed_in = sign_in("".join(lines), port)
        finally:
            process.send_signal(signal.SIGINT)
            lines += process.stdout
    site = open_site(Settings(data=folder))
    yield Told("".join(lines), process.returncode, site, elsewhere, port, signed_in)
    site.engine.dispose()


def sign_in(output: str, port: int) -> requests.Response:
    found = re.search(r"^ *mealea +(\d{3}) (\d{3}) *$", output, re.MULTILINE)
    assert found, output
    given = {"username": "mealea", "password": PASSWORD, "otp": found[1] + found[2], "name": "test"}
    return requests.post(f"http://127.0.0.1:{port}/api/v1/tokens", json=given, timeout=30)


def chain(site: Site, item: Evidence) -> list[tuple[str, str, str]]:
    """What was done to the item, by which role, and how she was known."""
    with begin(site, OPERATOR, read_only=True) as work:
        rows = work.session.scalars(
            sa.select(LedgerEntry).where(LedgerEntry.subject == item.subject).order_by(LedgerEntry.seq)
        )
        return [(row.action.removeprefix("evidence:"), (e := decode(row.body)).role, e.auth) for row in rows]


def items(site: Site) -> dict[str, Evidence]:
    with begin(site, OPERATOR, read_only=True) as work:
        return {item.ref.split("/")[1]: item for item in work.session.scalars(sa.select(Evidence))}


def test_the_whole_story_is_told_and_ctrl_c_ends_it_cleanly(told: Told) -> None:
    assert told.status == 0, told.output
    assert SERVING in told.output
    assert "Traceback" not in told.output
    check_port(told.port)


def test_away_from_a_terminal_it_prints_no_control_codes(told: Told) -> None:
    assert not [character for character in told.output if ord(character) < 32 and character != "\n"]


def test_one_can_sign_in_with_what_it_prints(told: Told) -> None:
    assert told.signed_in.status_code == 201, told.signed_in.text


def test_the_killed_upload_went_on_where_it_stopped_and_arrived_whole(told: Told) -> None:
    assert re.search(r"blue-lotus-night.mp4: going on after [\d.]+ MB of 24\.0 MB", told.output), told.output
    folder = told.site.settings.data
    sent = hashlib.sha256((folder / "laptop" / "blue-lotus-night.mp4").read_bytes()).hexdigest()
    assert items(told.site)["E9"].sha256 == sent


def test_the_lawyer_took_the_footage_over_with_a_fresh_code_and_another_offer_waits(told: Told) -> None:
    night = items(told.site)["E9"]
    assert chain(told.site, night) == [
        ("ingest", "investigator", "token"),
        ("offer", "investigator", "token"),
        ("accept", "lawyer", "token+totp"),
        ("verify", "supervisor", "token"),
    ]
    with begin(told.site, OPERATOR, read_only=True) as work:
        holder = work.session.get_one(User, night.custodian_id)
        states = work.session.scalars(sa.select(Transfer.state).order_by(Transfer.id)).all()
    assert Role.LAWYER in holder.role_names
    assert states == [TransferState.ACCEPTED, TransferState.OFFERED]


def test_the_altered_byte_was_found_and_named_and_the_item_released_by_the_supervisor(told: Told) -> None:
    copy = items(told.site)["E10"]
    assert [(action, role) for action, role, _ in chain(told.site, copy)] == [
        ("ingest", "investigator"),
        ("verify", "supervisor"),
        ("quarantine", "supervisor"),
        ("release", "supervisor"),
    ]
    assert chain(told.site, copy)[-1][2] == "token+totp"
    assert not copy.quarantined
    assert re.search(r"FAIL DEMO-\d{4}-0001/E10 \(evidence:", told.output)
    assert told.output.count("(exit code 0)") == 2
    assert told.output.count("(exit code 1)") == 1


def test_in_the_end_every_chain_and_every_object_is_whole(told: Told) -> None:
    with begin(told.site, OPERATOR, read_only=True) as work:
        assert list(ledger.verify(work)) == []
    assert len(items(told.site)) == 10
    for item in items(told.site).values():
        if item.storage_key:
            stored = b"".join(told.site.storage.read(item.storage_key, item.storage_version))
            assert hashlib.sha256(stored).hexdigest() == item.sha256


def test_the_case_says_that_it_is_fictional(told: Told) -> None:
    with begin(told.site, OPERATOR, read_only=True) as work:
        titles = work.session.scalars(sa.text("SELECT title FROM case_file")).all()
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
