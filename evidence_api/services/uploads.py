"""Resumable uploads: where each stands, and which request may write to it.

All of it is in the database, so that any process goes on where another was cut or killed. The offset kept here never
reaches the size before the file is admitted: both happen in one transaction, so that a client who is told that all
bytes are there can rely on the item being there too.
"""

import os
import uuid
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any
from uuid import UUID

import orjson
import sqlalchemy as sa

from evidence_api.domain.errors import Conflict, Gone, Locked, NotFound
from evidence_api.models import Case, Evidence, Upload, UploadSegment
from evidence_api.models.upload import UploadState
from evidence_api.policy import Permission
from evidence_api.services import intake
from evidence_api.services._pages import Page, page
from evidence_api.services.intake import Content, Stated
from evidence_api.storage import Segment
from evidence_api.storage.port import INCOMING, end_of
from evidence_api.work import Work, act, act_on

LEASE_SECONDS = 15
"""How long a writer may be silent before another takes over."""

_STATED = "upload:stated"
_EXPIRED_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Position:
    """Where an upload stands, and the lease under which one request may write on. Sizes and offsets in bytes."""

    id: UUID
    lease: str
    key: str
    size: int
    handle: str
    offset: int
    segments: Sequence[Segment]
    tail: Segment | None


# --- the lease --------------------------------------------------------------------------------------------------------


def _place() -> str:
    """This boot of this machine and this process namespace: within it, a process id and its start name one process."""
    try:
        boot = Path("/proc/sys/kernel/random/boot_id").read_text().strip()
        return f"{boot}/{os.readlink('/proc/self/ns/pid')}"
    except OSError:
        return ""


def _started(pid: str) -> str | None:
    """When a process started, in clock ticks since boot (proc(5), /proc/pid/stat); None if it runs no more."""
    try:
        after_name = Path(f"/proc/{int(pid)}/stat").read_text().rpartition(")")[2].split()
    except (OSError, ValueError):
        return None
    return None if after_name[0] in "ZX" else after_name[19]


def _new_lease() -> str:
    return f"{_place()} {os.getpid()} {_started('self') if False else _started(str(os.getpid()))} {uuid.uuid4().hex[:8]}"


def _died(lease: str) -> bool:
    """Whether the lease's holder was a process of this machine that runs no more."""
    place, pid, started, _ = lease.split(" ")
    return place != "" and place == _place() and _started(pid) != started
