"""The machine, and the throw-away installation and servers that are measured on it. All on the loopback interface."""

import os
import platform
import random
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

import pyotp

from evidence_api.config import load
from evidence_api.domain.case import CaseKind
from evidence_api.domain.roles import OPERATOR, Actor, Role, Scope
from evidence_api.services import accounts, cases
from evidence_api.setup import initialise, make_keys, migrate
from evidence_api.site import open_site
from evidence_api.work import Site, begin

SERVICES = Path(__file__).parent.parent / "tests" / "services"
UNBROKEN = Path(sys.executable).parent / "unbroken"
START_SECONDS = 60


class Lacking(Exception):
    """A server that is to be measured is not installed; the message says how to install it."""


def describe() -> str:
    """The machine in one line."""
    model, cores = platform.processor() or platform.machine(), os.cpu_count()
    with suppress(OSError, StopIteration):
        lines = Path("/proc/cpuinfo").read_text().splitlines()
        model = next(line.split(":")[1].strip() for line in lines if line.startswith("model name"))
    return f"{cores} cores of {model}, {platform.system()} {platform.release()}, Python {platform.python_version()}"


@dataclass(frozen=True)
class Office:
    """An installation with one investigator, her token, and one case that she leads."""

    site: Site
    environment: Mapping[str, str]
    user: UUID
    actor: Actor
    token: str
    case: UUID

    @property
    def headers(self) -> dict[str, str]:
        return {"Authorization": f"Bearer {self.token}"}


@contextmanager
def office(data: Path, **settings: str) -> Iterator[Office]:
    """A fresh installation under `data`; `settings` are those of the environment, without the prefix."""
    environment = {"UNBROKEN_DATA": str(data), **{f"UNBROKEN_{name}": value for name, value in settings.items()}}
    found = load(environment)
    migrate(found)
    make_keys(found)
    initialise(found, origin="bench.example/ledger", office="BE", name="Bench")
    site = open_site(found, probe=True)
    with begin(site, OPERATOR) as work:
        added = accounts.add_user(work, username="ana", roles=[Role.INVESTIGATOR], password=pyotp.random_base32())
        token = accounts.add_token(work, added.user.id, scope=Scope.ALL, days=1, name="bench")
    actor = Actor(added.user.id, Role.INVESTIGATOR, "token", office_id=added.user.office_id)
    with begin(site, actor) as work:
        case = cases.open_case(work, title="Bench", kind=CaseKind.FORCED_LABOUR, country="KH")
    try:
        yield Office(site, environment, added.user.id, actor, token.secret, case.id)
    finally:
        site.engine.dispose()


@contextmanager
def serving(office: Office) -> Iterator[int]:
    """The real server over the office, as `unbroken serve` starts it; its port."""
    port = free_port()
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("UNBROKEN_")}
    server = subprocess.Popen(
        [UNBROKEN, "serve", "--port", str(port)],
        env={**inherited, **office.environment},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        _wait_until_ready(server, port)
        yield port
    finally:
        server.terminate()
        try:
            server.wait(10)
        except subprocess.TimeoutExpired:
            server.kill()
            server.wait()


def _wait_until_ready(server: "subprocess.Popen[bytes]", port: int) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and server.poll() is None:
        with suppress(urllib.error.URLError, OSError), urllib.request.urlopen(f"http://127.0.0.1:{port}/health/ready"):
            return
        time.sleep(0.1)
    raise RuntimeError("The server did not start. Run `unbroken serve` by hand to see why.")


def free_port() -> int:
    """A port that was free a moment ago."""
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        return port


@contextmanager
def postgres(folder: Path) -> Iterator[str]:
    """A PostgreSQL server that really syncs, and the URL of its database."""
    programs = sorted(Path("/usr/lib/postgresql").glob("*/bin"))
    if not programs and not shutil.which("initdb"):
        raise Lacking("PostgreSQL is not installed: sudo apt-get install postgresql")
    port = str(free_port())
    data = folder / "postgres"
    environment = {**os.environ, "PG_DIR": str(data), "PG_PORT": port}
    script = SERVICES / "start-postgres.sh"
    try:
        subprocess.run([script, "start"], env=environment, check=True, stdout=subprocess.DEVNULL)
        # The script starts it for tests, where a crash costs nothing. What is measured here must survive one.
        control = Path(programs[-1] if programs else "") / "pg_ctl"
        options = f"-h 127.0.0.1 -p {port} -k {data}"
        restart = [control, "restart", "-w", "-D", data / "data", "-l", data / "log", "-o", options]
        subprocess.run([*_as_postgres(), *map(str, restart)], check=True, stdout=subprocess.DEVNULL, cwd="/")
        yield f"postgresql://test@127.0.0.1:{port}/postgres"
    finally:
        subprocess.run([script, "stop"], env=environment, check=False)


def _as_postgres() -> list[str]:
    """PostgreSQL refuses to run as root."""
    return ["setpriv", "--reuid=postgres", "--regid=postgres", "--init-groups", "--"] if os.geteuid() == 0 else []


@contextmanager
def s3(folder: Path) -> Iterator[dict[str, str]]:
    """A Ceph gateway on this machine that keeps its objects in memory, and the settings that name it."""
    if not all(map(shutil.which, ("ceph-mon", "ceph-osd", "radosgw", "radosgw-admin"))):
        raise Lacking(
            "Ceph's object gateway is not installed: "
            "sudo apt-get install --no-install-recommends ceph-mon ceph-osd radosgw"
        )
    base = random.randrange(20_000, 32_000, 40)  # noqa: S311 - a block of ports, below those for outgoing connections
    keys = {"S3_ACCESS_KEY": "benchaccess", "S3_SECRET_KEY": "benchsecret123456"}
    environment = {
        **os.environ,
        **keys,
        "S3_DIR": str(folder / "s3"),
        "S3_PORT": str(base),
        "S3_MON_PORT": str(base + 1),
        "S3_OSD_PORTS": f"{base + 2}-{base + 39}",
    }
    script = SERVICES / "start-s3.sh"
    try:
        subprocess.run([script, "start"], env=environment, check=True, stdout=subprocess.DEVNULL)
        yield {**keys, "S3_ENDPOINT": f"127.0.0.1:{base}", "S3_SECURE": "false", "S3_RETENTION_DAYS": "1"}
    finally:
        subprocess.run([script, "stop"], env=environment, check=False)
