"""Episodes of exploitation: recording, classifying, telling every case that knows her (DESIGN.md section 5)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.domain.case import ENDED
from evidence_api.domain.errors import InvalidInput, StaleVersion
from evidence_api.domain.victim import OUT, AlertKind, Axis, EpisodeClass, Exit, Exploitation, Means, Spell, classify
from evidence_api.ledger.entry import Fact
from evidence_api.models import Case, Episode, Venue, Victim, VictimCase
from evidence_api.policy import Permission, refusal
from evidence_api.services._alerts import raise_alert
from evidence_api.services._checks import has_ended, not_after_today, office_day, running_case
from evidence_api.services._knowing import knows, let_know
from evidence_api.services._moves import move
from evidence_api.services._pages import Page, page
from evidence_api.services._searching import add_sighting, open_searches
from evidence_api.work import Work, act, act_on

OFFERED = 200
"""How many venues a form offers."""


@dataclass(frozen=True, slots=True)
class Told:
    """An episode as one person may know of it: its venue and case are null where they are not hers to know."""

    id: UUID
    victim_id: UUID
    pseudonym: str
    venue_id: UUID | None
    venue_ref: str | None
    case_id: UUID | None
    started_on: date | None
    ended_on: date | None
    exploitation: list[Exploitation]
    means: list[Means]
    exit: Exit | None
    classification: EpisodeClass
    created_at: datetime
    version: int


@act(Permission.EPISODE_WRITE)
def record_episode(
    work: Work,
    *,
    victim: UUID,
    venue: UUID | None = None,
    case: UUID | None = None,
    started_on: date | None = None,
    ended_on: date | None = None,
    exploitation: Sequence[Exploitation] = (),
    means: Sequence[Means] = (),
    exit: Exit | None = None,
) -> Told:
    """Record a time of exploitation. What is not known is left out.

    It is kept in the venue's case if that knows her, else in her home case, unless another that knows her is named; one
    that has ended is passed over. The venue's case knows her from now on, if the actor is one who may share her with
    it. A later episode raises an alert in every case that knows her; where she was
    out and it still runs, her whereabouts follow; where she is sought, it is a sighting.
    """
    hers = work.get(Victim, victim, Permission.EPISODE_WRITE)
    place = None if venue is None else work.get(Venue, venue, Permission.EPISODE_WRITE)
    kept_in = running_case(work, case or _case_of(work, hers, place), Permission.EPISODE_WRITE)
    hers = work.get(Victim, victim, Permission.EPISODE_WRITE, lock=True)
    _check_days(work, started_on, ended_on)
    _let_know_at(work, place, hers)
    if not knows(work, kept_in.id, hers):
        raise InvalidInput({"case": ["This case does not know her. Share her with it first."]})
    spell = Spell(started_on, ended_on, exit)
    since_out = _is_since_out(work, hers, spell, work.now)
    episode = Episode(
        victim_id=hers.id,
        case_id=kept_in.id,
        venue_id=venue,
        started_on=started_on,
        ended_on=ended_on,
        exploitation=[form.value for form in exploitation],
        means=[mean.value for mean in means],
        exit=exit,
        was_out=since_out and not _has_been_since_out(work, hers),
        classification=EpisodeClass.FIRST,
        created_at=work.now,
    )
    work.session.add(episode)
    work.session.flush()
    work.record(hers, "victim:episode", facts=_facts(episode))
    _settle(work, hers)
    if since_out and spell.running and hers.whereabouts in OUT:
        reason = "A later episode was recorded."
        move(work, hers, Axis.WHEREABOUTS, "re_enter", reason=reason, permission=Permission.EPISODE_WRITE)
    _note_sighting(work, hers, episode)
    return _told(work, [episode])[0]


@act_on(Episode, Permission.VICTIM_READ, read_only=True)
def read_episode(work: Work, episode: Episode) -> Told:
    """One episode."""
    return _told(work, [episode])[0]


@act_on(Episode, Permission.EPISODE_WRITE, lock=False)
def edit_episode(work: Work, episode: Episode, /, **changes: Any) -> Told:
    """Change what is given: the venue, the days, the exit, the means, the forms. Her episodes are classified anew.

    The case of another venue comes to know her as with one that is new. Null leaves a venue that the actor may not know
    of as it is. Raises Conflict once the case in which it is kept has ended.
    """
    if not changes:
        raise InvalidInput({"ended_on": ["Give at least one thing to change."]})
    mine = work.query(Case).where(Case.id == episode.case_id).with_only_columns(Case.id)
    if work.session.scalars(mine).one_or_none() is None:
        detail = "This episode is kept in a case that is not yours. Somebody who works on that case changes it."
        raise work.forbid(detail, Permission.EPISODE_WRITE, episode)
    running_case(work, episode.case_id, Permission.EPISODE_WRITE)
    victim = work.get(Victim, episode.victim_id, Permission.EPISODE_WRITE, lock=True)
    _lock_episodes(work, victim)
    if work.if_match not in (None, episode.version):
        raise StaleVersion
    if "venue" in changes:
        _correct_venue(work, episode, victim, changes.pop("venue"))
    for name, value in changes.items():
        setattr(episode, name, [code.value for code in value] if isinstance(value, list) else value)
    _check_days(work, episode.started_on, episode.ended_on)
    if "started_on" in changes:
        since_out = _is_since_out(work, victim, _spell(episode), episode.created_at)
        episode.was_out = since_out and not _has_been_since_out(work, victim, but=episode.id)
    work.session.flush()
    work.record(victim, "victim:episode_edit", facts=_facts(episode))
    _settle(work, victim)
    return _told(work, [episode])[0]


def _correct_venue(work: Work, episode: Episode, victim: Victim, id: UUID | None) -> None:
    if id == episode.venue_id:
        return
    if id is None:
        mine = work.query(Venue).where(Venue.id == episode.venue_id).with_only_columns(Venue.id)
        if work.session.scalars(mine).one_or_none() is not None:
            episode.venue_id = None
        return
    _let_know_at(work, work.get(Venue, id, Permission.EPISODE_WRITE), victim)
    episode.venue_id = id
    _note_sighting(work, victim, episode)


def _let_know_at(work: Work, place: Venue | None, victim: Victim) -> None:
    """Let the venue's case know her, unless it has ended or the actor is not one who may share her."""
    shares = refusal(work.session, work.actor, Permission.VICTIM_SHARE, victim) is None
    if place is not None and shares and not has_ended(work, place.case_id):
        let_know(work, place.case_id, victim)


@act_on(Victim, Permission.VICTIM_READ, read_only=True)
def of_victim(
    work: Work, victim: Victim, *, limit: int = 50, cursor: UUID | None = None
) -> tuple[list[Told], str | None]:
    """Her episodes, the last recorded first."""
    return _page(work, work.query(Episode).where(Episode.victim_id == victim.id), limit, cursor)


@act_on(Venue, Permission.CASEWORK_READ, read_only=True)
def of_venue(work: Work, venue: Venue, *, limit: int = 50, cursor: UUID | None = None) -> tuple[list[Told], str | None]:
    """The episodes at a venue of those whom the actor may know of, the last recorded first."""
    return _page(work, work.query(Episode).where(Episode.venue_id == venue.id), limit, cursor)


@act(Permission.CASEWORK_READ, read_only=True)
def known_venues(work: Work) -> Sequence[Venue]:
    """The venues that a form offers: the newest of those that the actor may know of."""
    return work.session.scalars(work.query(Venue).order_by(Venue.id.desc()).limit(OFFERED)).all()


def _page(work: Work, query: sa.Select[Episode], limit: int, cursor: UUID | None) -> tuple[list[Told], str | None]:
    found: Page[Episode] = page(work, query, Episode.id, limit, cursor)
    return _told(work, found[0]), found[1]


def _told(work: Work, episodes: Sequence[Episode]) -> list[Told]:
    work.session.flush()
    hers = sa.select(Victim.id, Victim.pseudonym).where(Victim.id.in_({one.victim_id for one in episodes}))
    pseudonyms = {row.id: row.pseudonym for row in work.session.execute(hers)}
    places = work.query(Venue).where(Venue.id.in_({one.venue_id for one in episodes}))
    refs = {row.id: row.ref for row in work.session.execute(places.with_only_columns(Venue.id, Venue.ref))}
    mine = work.query(Case).where(Case.id.in_({one.case_id for one in episodes})).with_only_columns(Case.id)
    cases = set(work.session.scalars(mine))
    return [
        Told(
            one.id,
            one.victim_id,
            pseudonyms[one.victim_id],
            one.venue_id if one.venue_id in refs else None,
            None if one.venue_id is None else refs.get(one.venue_id),
            one.case_id if one.case_id in cases else None,
            one.started_on,
            one.ended_on,
            [Exploitation(code) for code in one.exploitation],
            [Means(code) for code in one.means],
            one.exit,
            one.classification,
            one.created_at,
            one.version,
        )
        for one in episodes
    ]


def _check_days(work: Work, started_on: date | None, ended_on: date | None) -> None:
    not_after_today(work, started_on=started_on, ended_on=ended_on)
    if started_on is not None and ended_on is not None and ended_on < started_on:
        raise InvalidInput({"ended_on": ["This lies before the beginning. Give the day on which it ended."]})


def _case_of(work: Work, victim: Victim, venue: Venue | None) -> UUID:
    """The venue's case, else her home case, else the first that knew her: of those that are the actor's, one that has
    not ended, if there is any."""
    known = work.query(Case).join(VictimCase, VictimCase.case_id == Case.id).where(VictimCase.victim_id == victim.id)
    cases = list(work.session.scalars(known.order_by(VictimCase.since, Case.id)))
    near = venue.case_id if venue is not None else None
    cases.sort(key=lambda one: (one.stage in ENDED, one.id != near, one.id != victim.case_id))
    return cases[0].id


def _lock_episodes(work: Work, victim: Victim) -> None:
    """Hold all her episodes, as they are now. Whoever classifies them anew holds her before them."""
    hers = sa.select(Episode).where(Episode.victim_id == victim.id).order_by(Episode.id)
    work.session.execute(hers.with_for_update(key_share=True).execution_options(populate_existing=True)).all()


def _spell(episode: Episode) -> Spell:
    return Spell(episode.started_on, episode.ended_on, episode.exit, episode.was_out)


def _all_of(work: Work, victim: Victim) -> Sequence[Episode]:
    """Every episode of hers, in the order of recording, whoever may know of it."""
    hers = sa.select(Episode).where(Episode.victim_id == victim.id)
    return work.session.scalars(hers.order_by(Episode.created_at, Episode.id)).all()


def _is_since_out(work: Work, victim: Victim, spell: Spell, recorded_at: datetime) -> bool:
    if victim.out_at is None:
        return False
    return spell.is_since(office_day(work, victim.out_at), recorded_since=recorded_at >= victim.out_at)


def _has_been_since_out(work: Work, victim: Victim, but: UUID | None = None) -> bool:
    others = [one for one in _all_of(work, victim) if one.id != but]
    return any(_is_since_out(work, victim, _spell(one), one.created_at) for one in others)


def _settle(work: Work, victim: Victim) -> None:
    """Classify all her episodes, and tell every case that knows her what has turned out to be another than it was."""
    episodes = _all_of(work, victim)
    for episode, found in zip(episodes, classify([_spell(one) for one in episodes]), strict=True):
        if episode.classification is not found:
            episode.classification = found
            if found is not EpisodeClass.FIRST:
                raise_alert(work, victim, AlertKind(found.value), episode=episode)


def _note_sighting(work: Work, victim: Victim, episode: Episode) -> None:
    """What is recorded of where she is, or was since she is sought, belongs to the search for her."""
    if episode.venue_id is None:
        return
    for search in open_searches(work, victim.id):
        seen_on = episode.ended_on or episode.started_on or work.now.date()
        if _spell(episode).running or seen_on >= search.opened_at.date():
            add_sighting(work, search, seen_on=seen_on, venue_id=episode.venue_id)


def _facts(episode: Episode) -> dict[str, Fact]:
    return {
        "episode": str(episode.id),
        "case": str(episode.case_id),
        "venue": str(episode.venue_id) if episode.venue_id else None,
        "started_on": episode.started_on.isoformat() if episode.started_on else None,
        "ended_on": episode.ended_on.isoformat() if episode.ended_on else None,
        "exploitation": ", ".join(episode.exploitation),
        "means": ", ".join(episode.means),
        "exit": episode.exit.value if episode.exit else None,
    }
