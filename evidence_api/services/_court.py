"""What a court takes up, whom it hears, when it sits: for use cases that have passed the gate."""

from collections.abc import Collection, Iterable, Sequence
from datetime import datetime, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from evidence_api.domain.errors import Clash
from evidence_api.domain.jurisdiction import Jurisdiction, Sittings
from evidence_api.domain.scheduling import Conflict, Rule, Window
from evidence_api.domain.sentences import Sentence, sentence
from evidence_api.domain.testimony import WitnessKind
from evidence_api.models import Case, Hearing, Occupancy, Operative, Testimony, Victim
from evidence_api.policy import Permission, refusal
from evidence_api.services import _occupancy
from evidence_api.work import Work

GRID = timedelta(minutes=15)
LOOK = timedelta(days=14)
"""How far from the time that was asked for another is looked for."""
FREE_TIMES = 3

_TAKEN = {
    "room": Conflict(Rule.ROOM_BUSY, "The room is taken by another hearing at that time."),
    "link": Conflict(Rule.LINK_BUSY, "The link is taken by another hearing at that time."),
    "user": Conflict(Rule.PERSON_BUSY, "One of those who are to be there is somewhere else at that time."),
}


def may(work: Work, permission: Permission) -> bool:
    """Whether something is for the actor's role at all."""
    return refusal(work.session, work.actor, permission, None) is None


def jurisdiction_of(work: Work, case_id: UUID) -> Jurisdiction:
    """Whose law applies to a case."""
    return work.site.settings.jurisdictions.of(work.session.get_one(Case, case_id).jurisdiction)


# --- what a hearing takes up ------------------------------------------------------------------------------------------


def keys_of(hearing: Hearing) -> list[str]:
    """The room, the link and the people that a hearing takes up."""
    return [
        *([_occupancy.room_key(hearing.court, hearing.room)] if hearing.room else []),
        *([_occupancy.link_key(hearing.link)] if hearing.link else []),
        *map(_occupancy.user_key, hearing.people),
    ]


def take(work: Work, hearing: Hearing) -> None:
    """Take up what the hearing needs at its time, in place of what it took before. Raises Clash with what is not to be
    had then, and the nearest times at which all of it is."""
    keys, source, place = keys_of(hearing), _occupancy.hearing_source(hearing.id), _occupancy.place_of(hearing.court)
    window = Window(hearing.starts_at, hearing.ends_at)
    try:
        _occupancy.take(work, source, keys, window, hearing.case_id, place=place)
    except _occupancy.Taken as taken:
        rules = dict.fromkeys(key.partition(":")[0] for key in taken.keys)
        told = "It cannot be at that time: a room, a link or a person is taken. Choose another time."
        raise Clash(
            told, conflicts=[_TAKEN[rule] for rule in rules], nearest=_nearest(work, hearing, keys, source, place)
        ) from taken


def _nearest(work: Work, hearing: Hearing, keys: Collection[str], source: str, place: str) -> list[Window]:
    """The nearest times of the same length at which the court sits and nothing of it is taken; one query."""
    asked = Window(hearing.starts_at, hearing.ends_at)
    kept = _occupancy.kept(work, keys, hearing.case_id)
    own = (Occupancy.source != source) & ~Occupancy.source.startswith(f"{source}/")
    near = (Occupancy.until_at > asked.from_at - LOOK) & (Occupancy.from_at < asked.until_at + LOOK)
    rows = work.session.execute(
        sa.select(Occupancy.key, Occupancy.from_at, Occupancy.until_at, Occupancy.elsewhere_at, Occupancy.place).where(
            Occupancy.key.in_(keys), own, near
        )
    ).all()

    def free(window: Window) -> bool:
        for row in rows:
            mine = kept.until if row.place == place else kept.elsewhere
            theirs = row.until_at if row.place == place else row.elsewhere_at
            if mine(row.key, window).meets(Window(row.from_at, theirs)):
                return False
        return True

    sittings = jurisdiction_of(work, hearing.case_id).sittings
    zone, found = ZoneInfo(hearing.zone), list[Window]()
    for steps in range(1, LOOK // GRID):
        for moved in (steps * GRID, -steps * GRID):
            window = Window(asked.from_at + moved, asked.until_at + moved)
            if window.from_at > work.now and not outside(sittings, window, zone) and free(window):
                found.append(window)
        if len(found) >= FREE_TIMES:
            break
    return sorted(found[:FREE_TIMES], key=lambda window: window.from_at)


# --- when courts sit --------------------------------------------------------------------------------------------------


def outside(sittings: Sittings, window: Window, zone: ZoneInfo) -> list[Sentence | str]:
    """Why a court is not expected to sit then, by its own clock."""
    start, end = window.from_at.astimezone(zone), window.until_at.astimezone(zone)
    told: list[Sentence | str] = []
    if start.isoweekday() not in sittings.days:
        told.append("The court does not sit on that day of the week.")
    if start.date() in sittings.holidays:
        told.append("That day is a holiday of the court.")
    if start.time() < sittings.opens or end.time() > sittings.closes or end.date() > start.date():
        opens, closes = f"{sittings.opens:%H:%M}", f"{sittings.closes:%H:%M}"
        told.append(sentence("The court sits from {opens} to {closes} by its own clock.", opens=opens, closes=closes))
    return told


# --- whom it hears ----------------------------------------------------------------------------------------------------


def witnesses(work: Work, testimonies: Iterable[Testimony]) -> dict[UUID, str]:
    """What each witness is called, as far as the actor may know: the pseudonym of a victim, the code of an operative,
    a label; else the reference of the testimony. One query for each kind."""
    found = list(testimonies)
    victims = _said(work, Victim, Victim.pseudonym, [one.victim_id for one in found if one.victim_id])
    codes = {}
    if may(work, Permission.OPERATIVE_READ):
        codes = _said(work, Operative, Operative.code, [one.operative_id for one in found if one.operative_id])
    return {
        one.id: victims.get(one.victim_id)
        or codes.get(one.operative_id)
        or (one.label if one.witness_kind is not WitnessKind.OPERATIVE else None)
        or one.ref
        for one in found
    }


def _said(
    work: Work, model: type[Victim] | type[Operative], name: object, ids: Sequence[UUID]
) -> dict[UUID | None, str]:
    if not ids:
        return {}
    rows = work.query(model).where(model.id.in_(set(ids))).with_only_columns(model.id, name)  # type: ignore[call-overload]
    return {row[0]: row[1] for row in work.session.execute(rows)}


def refs(work: Work, cases: Iterable[UUID]) -> dict[UUID, str]:
    """The references of cases that the actor knows; one query."""
    rows = work.query(Case).where(Case.id.in_(set(cases))).with_only_columns(Case.id, Case.ref)
    return {row.id: row.ref for row in work.session.execute(rows)}


def moment(value: datetime | None) -> str | None:
    """As an entry of the ledger has it."""
    return value.isoformat() if value else None
