"""Who and what is taken, from when to when, so that no two acts ever book one at overlapping times.

Callers gather all their keys first and lock them once, after whatever else they lock. On SQLite there is one writer
anyway.
"""

import hashlib
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

import sqlalchemy as sa

from evidence_api.db import insert_all_if_absent
from evidence_api.domain.errors import Conflict
from evidence_api.domain.scheduling import MOVING, Window
from evidence_api.models import Case, Occupancy, OccupancyLock, Resource
from evidence_api.work import Work

_RESOURCE, _FIXED = "resource:", ("room:", "link:", "stand:")


class Taken(Conflict):
    """What is to be booked is taken at that time; `keys` says what."""

    def __init__(self, keys: Sequence[str]) -> None:
        told = "A person, a room, a link or a vehicle is taken at that time, or on the way. Choose another time."
        super().__init__(told)
        self.keys = list(keys)


def room_key(court: str, room: str) -> str:
    """A room of a court, however it was spaced or capitalised."""
    return f"room:{_digest(court, room)}"


def link_key(text: str) -> str:
    """A link by which a court is joined."""
    return f"link:{_digest(text)}"


def user_key(id: UUID | str) -> str:
    """One of us."""
    return f"user:{id}"


def resource_key(id: UUID | str) -> str:
    """What an office can book."""
    return f"{_RESOURCE}{id}"


def stand_key(hearing: UUID) -> str:
    """The witness stand of a hearing: one testifies, and no other hears her."""
    return f"stand:{hearing}"


def place_of(court: str) -> str:
    """Where it is: between two things at one place nobody travels."""
    return f"court:{_digest(court)}"


def hearing_source(id: UUID) -> str:
    """What a hearing itself takes up."""
    return f"hearing:{id}"


def booking_source(hearing: UUID, booking: UUID) -> str:
    """What a booking takes up within a hearing. Who comes to the hearing anyway is not taken twice by the two."""
    return f"{hearing_source(hearing)}/{booking.hex}"


def _digest(*texts: str) -> str:
    plain = "\n".join(" ".join(text.split()).casefold() for text in texts)
    return hashlib.sha256(plain.encode()).hexdigest()[:32]


def lock(work: Work, keys: Iterable[str]) -> None:
    """Hold the keys until this act has ended: whoever wants one of them meanwhile waits. In one order, once an act."""
    wanted = sorted(set(keys))
    if not wanted:
        return
    insert_all_if_absent(work.session, OccupancyLock, [{"key": key} for key in wanted])
    rows = sa.select(OccupancyLock.key).where(OccupancyLock.key.in_(wanted)).order_by(OccupancyLock.key)
    work.session.execute(rows.with_for_update()).all()


@dataclass(frozen=True, slots=True)
class Kept:
    """How long each key is kept beyond the time for which it is booked: its buffer, and then the way elsewhere."""

    buffers: dict[str, timedelta]
    travel: timedelta
    fixed: frozenset[str]

    def until(self, key: str, window: Window) -> Window:
        """The time kept at one place."""
        return Window(window.from_at, window.until_at + self.buffers.get(key, timedelta(0)))

    def elsewhere(self, key: str, window: Window) -> Window:
        """The time after which it can be used at another place."""
        kept = self.until(key, window)
        return kept if key in self.fixed else Window(kept.from_at, kept.until_at + self.travel)


def kept(work: Work, keys: Collection[str], case_id: UUID) -> Kept:
    """Buffers of the resources among the keys, and the time of travel in the case's jurisdiction; one statement each
    at most."""
    ids = [UUID(key.removeprefix(_RESOURCE)) for key in keys if key.startswith(_RESOURCE)]
    found = work.session.execute(sa.select(Resource.id, Resource.kind, Resource.buffer).where(Resource.id.in_(ids)))
    rows = found.all() if ids else []
    case = work.session.get_one(Case, case_id)
    travel = work.site.settings.jurisdictions.of(case.jurisdiction).sittings.travel
    return Kept(
        {resource_key(id): timedelta(minutes=buffer) for id, _kind, buffer in rows},
        timedelta(minutes=travel),
        frozenset(key for key in keys if key.startswith(_FIXED))
        | {resource_key(id) for id, kind, _buffer in rows if kind not in MOVING},
    )


def busy(
    work: Work,
    keys: Collection[str],
    window: Window,
    but: str = "",
    *,
    case_id: UUID,
    place: str = "",
) -> list[str]:
    """Which of the keys are taken within the window, or too near to it at another place, but by `but` itself, by the
    hearing that it is within and by what is within it. Sorted. What has no `place` is elsewhere."""
    return sorted(set(taken(work, dict.fromkeys(keys, window), kept(work, keys, case_id), but, place)))


def taken(work: Work, wanted: dict[str, Window], kept: Kept, but: str = "", place: str = "") -> list[str]:
    """The same for keys that are wanted at times of their own; one statement."""
    if not wanted:
        return []
    near = sa.or_(*(_near(key, window, kept, place or but) for key, window in wanted.items()))
    own = [Occupancy.source == but, Occupancy.source.startswith(f"{but}/"), Occupancy.source == but.partition("/")[0]]
    others = sa.select(Occupancy.key).where(near, *([~sa.or_(*own)] if but else []))
    return list(work.session.scalars(others.distinct().order_by(Occupancy.key)))


def _near(key: str, window: Window, kept: Kept, place: str) -> sa.ColumnElement[bool]:
    here, elsewhere = kept.until(key, window), kept.elsewhere(key, window)
    together = (Occupancy.from_at < here.until_at) & (Occupancy.until_at > here.from_at)
    hurried = (Occupancy.place != place) & (Occupancy.from_at < elsewhere.until_at)
    # The second condition alone says it already; the first is for the index.
    return (Occupancy.key == key) & (Occupancy.elsewhere_at > here.from_at) & (together | hurried)


def take(work: Work, source: str, keys: Collection[str], window: Window, case_id: UUID, *, place: str = "") -> None:
    """Take the keys for a source, in place of what it took before. Locks them. Raises Taken where others have one."""
    lock(work, keys)
    widths = kept(work, keys, case_id)
    wanted = dict.fromkeys(keys, window)
    busy_keys = taken(work, wanted, widths, source, place)
    if busy_keys:
        raise Taken(busy_keys)
    put(work, source, wanted, widths, case_id, place)


def put(work: Work, source: str, wanted: dict[str, Window], kept: Kept, case_id: UUID, place: str = "") -> None:
    """Write what a source takes, in place of what it took before. The caller holds the keys and found them free."""
    free(work, source)
    for key, window in sorted(wanted.items()):
        here = kept.until(key, window)
        work.session.add(
            Occupancy(
                key=key,
                from_at=here.from_at,
                until_at=here.until_at,
                elsewhere_at=kept.elsewhere(key, window).until_at,
                place=place or source,
                source=source,
                case_id=case_id,
            )
        )
    work.session.flush()


def free(work: Work, source: str) -> None:
    """Let go of all that a source has taken."""
    work.session.execute(sa.delete(Occupancy).where(Occupancy.source == source))
