"""The real command, run beside: the server and the worker in the background, others before the user's eyes."""

import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path
from types import FrameType
from typing import NoReturn

import requests

from evidence_api.config import PREFIX, BadSettings

READY_SECONDS = 60
STOP_SECONDS = 15


class Stopped(Exception):
    """The demonstration cannot go on; the message says why."""


def command(*arguments: str) -> list[str]:
    """The `unbroken` command of this very installation."""
    return [sys.executable, "-c", "from evidence_api.cli import main; main(prog_name='unbroken')", *arguments]


def environment(data: Path, **more: str) -> dict[str, str]:
    """What the children are given: no setting of a real installation reaches them, and no proxy stands between."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    return kept | {"UNBROKEN_DATA": str(data), "NO_PROXY": "127.0.0.1", "no_proxy": "127.0.0.1"} | more


def check_port(port: int) -> None:
    """Raises BadSettings, naming a port that is free, where this one is taken or not allowed."""
    if not _is_free(port):
        other = next((p for p in range(max(port, 1024) + 1, min(port + 1000, 65536)) if _is_free(p)), None)
        raise BadSettings(
            f"Port {port} is in use or not allowed here. Stop what uses it, or take another: "
            f"{sys.argv[0]} demo --port {other or 'N'}"
        )


def _is_free(port: int) -> bool:
    with socket.socket() as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            return False
    return True


@contextmanager
def background(arguments: list[str], settings: Mapping[str, str], log: Path) -> Iterator[subprocess.Popen[bytes]]:
    """A command that runs until the end, in a session of its own: Ctrl-C is ours to pass on."""
    with log.open("ab") as output:
        process = subprocess.Popen(
            command(*arguments),
            env=settings,
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        process.terminate()
        try:
            process.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()
        with suppress(ProcessLookupError, PermissionError):
            os.killpg(process.pid, signal.SIGKILL)


def wait_until_ready(url: str, server: subprocess.Popen[bytes], log: Path) -> None:
    """Until the server says that its database and store answer. Raises Stopped with what it said last."""
    until = time.monotonic() + READY_SECONDS
    with requests.Session() as session:
        session.trust_env = False
        while time.monotonic() < until and server.poll() is None:
            with suppress(requests.RequestException):
                if session.get(f"{url}/health/ready", timeout=5).ok:
                    return
            time.sleep(0.1)
    raise Stopped(f"The server did not start. It said:\n{log.read_text(errors='replace')[-2000:]}")


@contextmanager
def ended_by_signals() -> Iterator[None]:
    """SIGTERM and a closed terminal end it as Ctrl-C does, so that no process stays behind."""
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    before = {number: signal.signal(number, _interrupt) for number in (signal.SIGTERM, signal.SIGHUP)}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


def _interrupt(_number: int, _frame: FrameType | None) -> NoReturn:
    raise KeyboardInterrupt
