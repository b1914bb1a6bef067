"""Opening the content of an item: whole, by ranges, or looked at in a page. Each opening is recorded."""

import codecs
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta
from enum import StrEnum

from evidence_api import fixity
from evidence_api.db import insert_if_absent
from evidence_api.domain.custody import Sensitivity
from evidence_api.domain.errors import InvalidInput, NotFound, Quarantined, RangeNotSatisfiable
from evidence_api.domain.roles import Role
from evidence_api.models import Evidence, Sitting
from evidence_api.policy import Permission, refusal
from evidence_api.storage import StorageError
from evidence_api.work import Work, act_on

SITTING = timedelta(minutes=15)
TEXT_BYTES = 64 * 1024
"""How much of a text is shown in a page."""

Span = Callable[[int], tuple[int, int] | None]


class Kind(StrEnum):
    """How content is shown in a page, if it can be at all."""

    VIDEO = "video"
    AUDIO = "audio"
    IMAGE = "image"
    DOCUMENT = "document"
    TEXT = "text"
    NONE = "none"


# Of images only those that hold nothing but pixels: an SVG can carry script.
_KINDS = {
    Kind.VIDEO: re.compile(r"video/[\w.+-]+"),
    Kind.AUDIO: re.compile(r"audio/[\w.+-]+"),
    Kind.IMAGE: re.compile(r"image/(jpeg|png|gif|webp|heic|avif|bmp)"),
    Kind.DOCUMENT: re.compile(r"application/pdf"),
    Kind.TEXT: re.compile(r"text/[\w.+-]+"),
}

_PLAYED = frozenset({Kind.VIDEO, Kind.AUDIO})
_STREAMED = _PLAYED | {Kind.IMAGE, Kind.DOCUMENT}


def _kind(media_type: str | None) -> Kind:
    return next((kind for kind, types in _KINDS.items() if types.fullmatch(media_type or "")), Kind.NONE)


@dataclass(frozen=True, slots=True)
class Opened:
    """What is given out of an object: the bytes from `start` to before `stop`; `partial` for a range.

    `inline` says that a browser may show it; anything else is offered for saving.
    """

    item: Evidence
    target: fixity.Target
    start: int
    stop: int
    partial: bool
    inline: bool


@act_on(Evidence, Permission.EVIDENCE_OPEN)
def open_content(
    work: Work, item: Evidence, *, span: Span | None = None, if_range: str | None = None, shown: bool = False
) -> Opened:
    """Before any byte is given out: record the read. `span` finds the range asked for in an object of so many bytes.

    All the bytes at once are a download, each one recorded, unless they are shown in a page, of a kind that one can
    show; a page's and a player's reads are one view a sitting. A supervisor gives her reason. A restricted item needs
    a fresh code each time, and each time is recorded. What is shown within a viewing that was begun in this session
    needs neither again. Raises Quarantined, but for a supervisor, who must be able to look; RangeNotSatisfiable.
    """
    kind = _kind(item.media_type)
    shown = shown and kind in _STREAMED
    viewing = _viewing(work, item) if shown else None
    reason = work.actor.audit_reason
    wanted = _file(item)
    if viewing is None:
        _prove(work, item, reason, "Audit-Reason", "Say in this header why you read the content.")
    _refuse_quarantined(work, item)
    if if_range is not None and if_range != wanted.sha256:
        span = None
    found = (0, wanted.size) if span is None else span(wanted.size)
    if found is None:
        raise RangeNotSatisfiable(wanted.size)
    restricted = item.sensitivity is Sensitivity.RESTRICTED
    if viewing is not None:
        viewing.last_at = work.now
    elif found == (0, wanted.size) and not shown:
        work.record(item, "evidence:download", facts={"reason": reason})
    elif _sit(work, item) or restricted:
        work.record(item, "evidence:view", facts={"reason": reason})
    inline = shown and (not restricted or (viewing is not None and kind is not Kind.DOCUMENT))
    return Opened(item, wanted, *found, partial=span is not None, inline=inline)


@act_on(Evidence, Permission.EVIDENCE_OPEN)
def begin_viewing(work: Work, item: Evidence, *, reason: str | None = None) -> None:
    """Begin to look at an item in a page of this browser's session; recorded, with the reason.

    Until 15 minutes of quiet, the pages of this session, in this role, then show it without asking again. A restricted
    item needs a fresh code, a supervisor gives her reason. Raises InvalidInput, StepUpRequired, Quarantined.
    """
    _file(item)
    _prove(work, item, reason, "reason", "Say why you read the content.")
    _refuse_quarantined(work, item)
    fresh = _sit(work, item)
    sitting = work.session.get_one(Sitting, (item.id, work.actor.user_id))
    sitting.session_id, sitting.role, sitting.with_code = work.actor.session_id, work.actor.role, work.actor.fresh
    if fresh or reason is not None or item.sensitivity is Sensitivity.RESTRICTED:
        work.record(item, "evidence:view", facts={"reason": reason})


@act_on(Evidence, Permission.EVIDENCE_READ)
def end_viewing(work: Work, item: Evidence) -> None:
    """Look no more: the pages of this session ask again."""
    viewing = _viewing(work, item)
    if viewing is not None:
        viewing.session_id = None


@act_on(Evidence, Permission.EVIDENCE_OPEN)
def download(work: Work, item: Evidence, *, reason: str | None = None) -> Opened:
    """The whole content, to be saved; recorded each time, with the reason. Raises as `begin_viewing` does."""
    wanted = _file(item)
    _prove(work, item, reason, "reason", "Say why you read the content.")
    _refuse_quarantined(work, item)
    work.record(item, "evidence:download", facts={"reason": reason})
    return Opened(item, wanted, 0, wanted.size, partial=False, inline=False)


class Obstacle(StrEnum):
    """Why an item's content is not shown to this person now."""

    THING = "thing"
    NOT_NAMED = "not_named"
    FORBIDDEN = "forbidden"
    QUARANTINED = "quarantined"


@dataclass(frozen=True, slots=True)
class ViewingState:
    """What a page may offer: how the content is shown, what stands in the way, what it takes to begin.

    `alive` says that a viewing is under way in this session; `text` is then the beginning of a text, None where the
    store does not give it, and `cut` that it goes on after it.
    """

    kind: Kind
    obstacle: Obstacle | None
    needs_code: bool
    needs_reason: bool
    alive: bool
    text: str | None = None
    cut: bool = False

    @property
    def may(self) -> bool:
        return self.obstacle is None

    @property
    def begins_by_itself(self) -> bool:
        """Whether a page shows it without being asked to: a player does nothing until it is set going."""
        return self.may and self.kind in _PLAYED and not (self.needs_code or self.needs_reason)

    @property
    def given(self) -> bool:
        """Whether a page may ask for the bytes now, to show them."""
        return self.begins_by_itself or (self.alive and self.kind in _STREAMED)


@act_on(Evidence, Permission.EVIDENCE_READ, read_only=True)
def viewing_state(work: Work, item: Evidence) -> ViewingState:
    """What a page may show of an item's content, and what it must ask for first. It reads no content but a text's, and
    that only within a viewing."""
    kind, obstacle = _kind(item.media_type), _obstacle(work, item)
    restricted = item.sensitivity is Sensitivity.RESTRICTED
    alive = obstacle is None and _viewing(work, item) is not None
    text, cut = _beginning(work, item) if alive and kind is Kind.TEXT else (None, False)
    return ViewingState(kind, obstacle, restricted, work.actor.role is Role.SUPERVISOR, alive, text=text, cut=cut)


def _obstacle(work: Work, item: Evidence) -> Obstacle | None:
    if fixity.target(item) is None:
        return Obstacle.THING
    if refusal(work.session, work.actor, Permission.EVIDENCE_OPEN, item) is not None:
        return Obstacle.NOT_NAMED if item.sensitivity is Sensitivity.RESTRICTED else Obstacle.FORBIDDEN
    return Obstacle.QUARANTINED if item.quarantined and work.actor.role is not Role.SUPERVISOR else None


def _file(item: Evidence) -> fixity.Target:
    wanted = fixity.target(item)
    if wanted is None:
        raise NotFound("This item is a physical thing; it has no file.")
    return wanted


def _prove(work: Work, item: Evidence, reason: str | None, field: str, ask: str) -> None:
    """What an opening takes: a supervisor's reason, and for a restricted item a fresh code."""
    if work.actor.role is Role.SUPERVISOR and reason is None:
        raise InvalidInput({field: [ask]})
    if item.sensitivity is Sensitivity.RESTRICTED:
        work.step_up()


def _refuse_quarantined(work: Work, item: Evidence) -> None:
    if item.quarantined and work.actor.role is not Role.SUPERVISOR:
        raise Quarantined("The item's bytes did not match its record. A supervisor must release it first.")


def _sit(work: Work, item: Evidence) -> bool:
    """Note the read; whether it begins a new sitting. It belongs to no session, until a viewing is begun in one: what
    is read in other ways must not keep a page open."""
    key = {"evidence_id": item.id, "user_id": work.actor.user_id}
    sitting = work.session.get(Sitting, tuple(key.values()))
    if sitting is None:
        insert_if_absent(work.session, Sitting, **key, last_at=work.now, with_code=False)
        return True
    fresh = work.now - sitting.last_at > SITTING
    sitting.last_at, sitting.session_id = work.now, None
    return fresh


def _viewing(work: Work, item: Evidence) -> Sitting | None:
    """The viewing under way in this session and role; None once quiet has ended it.

    One that was begun without a code ends as the item is restricted.
    """
    if work.actor.session_id is None:
        return None
    sitting = work.session.get(Sitting, (item.id, work.actor.user_id))
    if sitting is None or (sitting.session_id, sitting.role) != (work.actor.session_id, work.actor.role):
        return None
    proven = sitting.with_code or item.sensitivity is not Sensitivity.RESTRICTED
    return sitting if proven and work.now - sitting.last_at <= SITTING else None


def _beginning(work: Work, item: Evidence) -> tuple[str | None, bool]:
    """The first 64 KiB of a text, and whether it goes on; None where the store does not give it."""
    wanted = _file(item)
    length = min(wanted.size, TEXT_BYTES)
    try:
        data = b"".join(work.storage.read(wanted.key, wanted.version, 0, length))
    except StorageError:
        return None, False
    encoding = "utf-16" if data.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)) else "utf-8-sig"
    # A character that is cut in two at the end is left out; elsewhere what is no text shows as U+FFFD.
    text = codecs.getincrementaldecoder(encoding)("replace").decode(data)
    # What a page cannot hold would make it unreadable as a whole.
    return re.sub(r"[^\t\n\r\x20-\x7e\x85\xa0-\U0010ffff]", "\ufffd", text), wanted.size > length
