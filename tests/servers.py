"""A pytest plugin that starts real servers for the tests: PostgreSQL, and Ceph RGW as the S3 store.

Each is started once per run, by the first test that asks for it, whichever xdist worker that is in, and stopped by the
controller at the end. Servers that are there already are used instead, if these name them: UNBROKEN_TEST_DATABASE_URL,
UNBROKEN_TEST_S3_ENDPOINT (host:port), UNBROKEN_TEST_S3_ACCESS_KEY, UNBROKEN_TEST_S3_SECRET_KEY.

A missing program skips the tests that need it on one's own machine. Where CI or UNBROKEN_REQUIRE_ALL is set, they fail.
"""

import fcntl
import os
import random
import shutil
import signal
import socket
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import pytest

SERVICES = Path(__file__).parent / "services"
RUN = "UNBROKEN_TEST_RUN"
"""Environment variable with the run's directory: how the workers of a run find each other's servers."""

PORTS = 40
"""Ports set aside for a run: one each for S3, Ceph's monitor and PostgreSQL, the rest for Ceph's OSD."""


@dataclass(frozen=True)
class S3Server:
    """Where the S3 store for tests answers, without TLS; ``endpoint`` is host:port."""

    endpoint: str
    access_key: str
    secret_key: str
    region: str


def pytest_configure(config: pytest.Config) -> None:
    if RUN not in os.environ:
        # PostgreSQL runs as another user where the suite runs as root, and must get through this directory.
        run = Path(tempfile.mkdtemp(prefix="unbroken-test-"))
        run.chmod(0o711)
        os.environ[RUN] = str(run)
        config.add_cleanup(_stop_servers)


def _stop_servers() -> None:
    run = Path(os.environ.pop(RUN))
    for script in ("start-s3.sh", "start-postgres.sh"):
        if (run / script).exists():
            # Still starting, when the run was interrupted.
            starting = run / f"{script}.pid"
            if starting.exists():
                with suppress(ProcessLookupError):
                    os.killpg(int(starting.read_text()), signal.SIGKILL)
            subprocess.run([SERVICES / script, "stop"], env=_environment(run), check=False)
    shutil.rmtree(run, ignore_errors=True)


def _environment(run: Path) -> dict[str, str]:
    base = int((run / "ports").read_text())
    return os.environ | {
        "PG_DIR": str(run / "postgres"),
        "PG_PORT": str(base + 2),
        "S3_DIR": str(run / "s3"),
        "S3_PORT": str(base),
        "S3_MON_PORT": str(base + 1),
        "S3_OSD_PORTS": f"{base + 3}-{base + PORTS - 1}",
        "S3_ACCESS_KEY": "testaccess",
        "S3_SECRET_KEY": "testsecret123",
    }


def _free_ports() -> int:
    """The first of a block of free ports, below the range that Linux gives to outgoing connections."""
    bases = list(range(20_000, 32_000, PORTS))
    random.shuffle(bases)
    for base in bases:
        with ExitStack() as stack:
            try:
                for port in range(base, base + PORTS):
                    stack.enter_context(socket.socket()).bind(("127.0.0.1", port))
            except OSError:
                continue
            return base
    raise RuntimeError("No block of free ports on the loopback interface.")


@contextmanager
def _locked(run: Path) -> Iterator[None]:
    with (run / "lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield


def _start(script: str) -> dict[str, str]:
    """Start a server unless another worker has; the environment that tells its ports."""
    run = Path(os.environ[RUN])
    with _locked(run):
        if not (run / "ports").exists():
            (run / "ports").write_text(str(_free_ports()))
        environment = _environment(run)
        log = run / script
        if not log.exists():
            log.touch()  # from here on there is something to stop
            with log.open("wb") as output:
                starting = subprocess.Popen(
                    [SERVICES / script, "start"],
                    env=environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=output,
                    start_new_session=True,
                )
            (run / f"{script}.pid").write_text(str(starting.pid))
            if starting.wait():
                (run / f"{script}.failed").touch()
            (run / f"{script}.pid").unlink()
        if (run / f"{script}.failed").exists():
            pytest.fail(f"{script} did not start:\n{log.read_text(errors='replace')[-4000:]}", pytrace=False)
    return environment


def _require(program: str, *commands: str) -> None:
    """Skip or fail, naming the command that installs what is missing."""
    path = os.pathsep.join([os.environ.get("PATH", os.defpath), "/usr/sbin", "/sbin"])
    path = os.pathsep.join([path, *map(str, Path("/usr/lib/postgresql").glob("*/bin"))])
    if all(shutil.which(command, path=path) for command in commands):
        return
    install = {
        "PostgreSQL": "apt-get install --no-install-recommends postgresql",
        "Ceph": "apt-get install --no-install-recommends ceph-mon ceph-osd radosgw",
    }[program]
    message = f"{program} is not installed; this test needs it: {install}"
    if os.environ.get("CI") or os.environ.get("UNBROKEN_REQUIRE_ALL"):
        pytest.fail(message, pytrace=False)
    pytest.skip(message)


@pytest.fixture(scope="session")
def postgres_url() -> str:
    """URL of an administrative database, on a server where the tests may make databases of their own."""
    url = os.environ.get("UNBROKEN_TEST_DATABASE_URL")
    if url:
        return url
    _require("PostgreSQL", "initdb", "pg_ctl")
    environment = _start("start-postgres.sh")
    return f"postgresql://test@127.0.0.1:{environment['PG_PORT']}/postgres"


@pytest.fixture(scope="session")
def s3_server() -> S3Server:
    """An S3 store with versioning and Object Lock, where the tests may make buckets of their own."""
    endpoint = os.environ.get("UNBROKEN_TEST_S3_ENDPOINT")
    if endpoint:
        access_key = os.environ["UNBROKEN_TEST_S3_ACCESS_KEY"]
        secret_key = os.environ["UNBROKEN_TEST_S3_SECRET_KEY"]
        return S3Server(endpoint, access_key, secret_key, "us-east-1")
    _require("Ceph", "ceph", "ceph-mon", "ceph-osd", "radosgw", "radosgw-admin", "monmaptool")
    environment = _start("start-s3.sh")
    return S3Server(
        f"127.0.0.1:{environment['S3_PORT']}", environment["S3_ACCESS_KEY"], environment["S3_SECRET_KEY"], "us-east-1"
    )
