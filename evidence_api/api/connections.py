"""Connections whose other end has vanished without a word, as phones do: the kernel finds out and ends them.

The web server waits for a body for ever, and each one that waits holds a thread.
"""

import os
import socket
import stat
from contextlib import suppress
from functools import cache

IDLE_SECONDS, INTERVAL_SECONDS, PROBES = 30, 10, 3
"""A line that is dead is given up after a minute; one that is only slow is not touched."""


@cache
def keep_alive() -> None:
    """Turn TCP keep-alive on for what this process listens on, once; every connection accepted inherits it (tcp(7))."""
    with suppress(FileNotFoundError):
        for name in os.listdir("/proc/self/fd"):
            with suppress(OSError):
                _keep_alive(int(name))


def _keep_alive(descriptor: int) -> None:
    if not stat.S_ISSOCK(os.fstat(descriptor).st_mode):
        return
    with socket.socket(fileno=os.dup(descriptor)) as found:
        if found.family in {socket.AF_INET, socket.AF_INET6} and found.getsockopt(
            socket.SOL_SOCKET, socket.SO_ACCEPTCONN
        ):
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPIDLE, IDLE_SECONDS)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPINTVL, INTERVAL_SECONDS)
            found.setsockopt(socket.IPPROTO_TCP, socket.TCP_KEEPCNT, PROBES)
            found.setsockopt(socket.SOL_SOCKET, socket.SO_KEEPALIVE, 1)
