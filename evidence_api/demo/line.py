"""A line as slow as a mobile network, on this machine, so that an upload can be watched, and cut where it is wanted."""

import socket
import socketserver
import threading
import time
from contextlib import suppress
from typing import cast

CHUNK = 64 * 1024


class SlowLine(socketserver.ThreadingTCPServer):
    """Passes `rate` bytes a second on to a local port; holds still after `hold_after` bytes until it is released.

    Use it with `with`; `port` is where it listens on 127.0.0.1.
    """

    daemon_threads = True
    block_on_close = False

    def __init__(self, target: int, rate: float, hold_after: int) -> None:
        super().__init__(("127.0.0.1", 0), _Connection)
        self.target, self.rate, self.hold_after = target, rate, hold_after
        self.held, self.released = threading.Event(), threading.Event()
        self.passed = 0
        self.free_at = 0.0
        self.port: int = self.server_address[1]

    def __enter__(self) -> "SlowLine":
        threading.Thread(target=self.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self.shutdown()
        self.server_close()


class _Connection(socketserver.BaseRequestHandler):
    def handle(self) -> None:
        line = cast(SlowLine, self.server)
        with suppress(OSError), socket.create_connection(("127.0.0.1", line.target)) as upstream:
            threading.Thread(target=self._answers, args=(upstream,), daemon=True).start()
            try:
                self._pass_on(line, upstream)
            finally:
                # A close alone ends nothing while the other thread is reading.
                upstream.shutdown(socket.SHUT_RDWR)

    def _pass_on(self, line: SlowLine, upstream: socket.socket) -> None:
        while chunk := self.request.recv(CHUNK):
            now = time.monotonic()
            line.free_at = max(now, line.free_at) + len(chunk) / line.rate
            time.sleep(line.free_at - now)
            upstream.sendall(chunk)
            line.passed += len(chunk)
            if line.passed >= line.hold_after:
                line.held.set()
                line.released.wait()

    def _answers(self, upstream: socket.socket) -> None:
        with suppress(OSError):
            while chunk := upstream.recv(CHUNK):
                self.request.sendall(chunk)
        with suppress(OSError):
            self.request.shutdown(socket.SHUT_RDWR)
