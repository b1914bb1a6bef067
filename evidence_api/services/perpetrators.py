"""Perpetrators: who is suspected, what she or he is to a victim, where she or he can be found."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.db import new_id
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.perpetrator import FAMILY, PerpetratorRole, Relation
from evidence_api.domain.venue import VenueKind, VenueState, VenueTieKind
from evidence_api.domain.victim import Gender
from evidence_api.models import Case, Perpetrator, Venue, VenueTie, Victim, VictimCase, VictimTie
from evidence_api.policy import Permission
from evidence_api.services import _vault
from evidence_api.services._checks import running_case
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on

OFFERED = 200
"""How many victims a form offers, the newest."""


@act(Permission.PERPETRATOR_WRITE)
def register(
    work: Work,
    *,
    case: UUID,
    alias: str,
    roles: Sequence[PerpetratorRole],
    aliases: Sequence[str] = (),
    gender: Gender = Gender.UNKNOWN,
    country: str | None = None,
    note: str | None = None,
) -> Perpetrator:
    """Put somebody who is suspected into a case, by the name by which people speak of her or him."""
    within = running_case(work, case, Permission.PERPETRATOR_WRITE)
    perpetrator = Perpetrator(
        id=new_id(),
        case_id=within.id,
        ref=f"{within.ref}-P{work.next_number(f'perpetrator:{within.id}')}",
        alias=alias,
        aliases=list(aliases),
        roles=_once(roles),
        gender=gender,
        country=country,
        note=note,
        created_at=work.now,
    )
    work.session.add(perpetrator)
    facts = _facts(alias=alias, aliases=aliases, roles=roles, gender=gender, country=country, note=note)
    work.record(perpetrator, "perpetrator:register", facts={"ref": perpetrator.ref, **facts})
    return perpetrator


def _once(roles: Sequence[PerpetratorRole]) -> list[str]:
    return list(dict.fromkeys(role.value for role in roles))


def _facts(**said: Any) -> dict[str, Any]:
    """As an entry takes them: several in one text."""
    return {
        name: "; ".join(value) if isinstance(value, list | tuple) else value and str(value)
        for name, value in said.items()
    }


@act_on(Case, Permission.CASEWORK_READ, read_only=True)
def list_of_case(
    work: Work, case: Case, *, limit: int, cursor: UUID | None = None, role: PerpetratorRole | None = None
) -> Page[Perpetrator]:
    """Who is suspected in a case, newest first."""
    return _listed(work, work.query(Perpetrator).where(Perpetrator.case_id == case.id), limit, cursor, role)


@act(Permission.CASEWORK_READ, read_only=True)
def list_all(
    work: Work, *, limit: int, cursor: UUID | None = None, role: PerpetratorRole | None = None
) -> Page[Perpetrator]:
    """Who is suspected in any case of the actor's, newest first."""
    return _listed(work, work.query(Perpetrator), limit, cursor, role)


def _listed(
    work: Work, query: sa.Select[Perpetrator], limit: int, cursor: UUID | None, role: PerpetratorRole | None
) -> Page[Perpetrator]:
    if role is not None:
        query = query.where(sa.cast(Perpetrator.roles, sa.Text).contains(f'"{role.value}"', autoescape=True))
    return page(work, query, Perpetrator.id, limit, cursor)


@act_on(Perpetrator, Permission.CASEWORK_READ, read_only=True)
def read(work: Work, perpetrator: Perpetrator) -> Perpetrator:
    """One perpetrator."""
    return perpetrator


@act_on(Perpetrator, Permission.PERPETRATOR_WRITE)
def edit(work: Work, perpetrator: Perpetrator, /, **changes: Any) -> Perpetrator:
    """Change what is given; null where something turns out to be wrong or unknown."""
    running_case(work, perpetrator.case_id, Permission.PERPETRATOR_WRITE)
    if not changes:
        raise InvalidInput({"alias": ["Give at least one thing to change."]})
    for name, value in changes.items():
        setattr(perpetrator, name, _once(value) if name == "roles" else value)
    work.record(perpetrator, "perpetrator:edit", facts=_facts(**changes))
    return perpetrator


# --- what she or he is to a victim ------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TiedVictim:
    """What a perpetrator is, or did, to a victim. `family`: she must not be taken home to her or him unasked."""

    id: UUID
    perpetrator_id: UUID
    victim_id: UUID
    pseudonym: str
    relation: Relation
    ended_at: datetime | None

    @property
    def family(self) -> bool:
        return self.relation in FAMILY


@act_on(Perpetrator, Permission.PERPETRATOR_WRITE)
def tie_victim(work: Work, perpetrator: Perpetrator, *, victim: UUID, relation: Relation) -> TiedVictim:
    """Say what the perpetrator is, or did, to a victim whom the same case knows."""
    running_case(work, perpetrator.case_id, Permission.PERPETRATOR_WRITE)
    known = work.session.scalars(_known(work, perpetrator).where(Victim.id == victim)).one_or_none()
    if known is None:
        raise InvalidInput({"victim": ["There is no such victim in this case."]})
    same = sa.select(VictimTie.id).where(
        VictimTie.perpetrator_id == perpetrator.id,
        VictimTie.victim_id == victim,
        VictimTie.relation == relation,
        VictimTie.ended_at.is_(None),
    )
    if work.session.execute(same.limit(1)).first() is not None:
        raise Conflict("This is known already.")
    tie = VictimTie(
        perpetrator_id=perpetrator.id,
        victim_id=victim,
        case_id=perpetrator.case_id,
        relation=relation,
        since=work.now,
        ended_at=None,
    )
    work.session.add(tie)
    work.session.flush()
    work.record(
        perpetrator,
        "perpetrator:victim_tie",
        data={"tie": str(tie.id)},
        facts={"victim": str(victim), "relation": relation.value},
    )
    return _tied(tie, known.pseudonym)


def _known(work: Work, perpetrator: Perpetrator) -> sa.Select[Victim]:
    """The victims whom the perpetrator's case knows: whoever knows of the tie then knows of her."""
    in_case = sa.select(VictimCase.victim_id).where(VictimCase.case_id == perpetrator.case_id)
    return work.query(Victim).where(Victim.id.in_(in_case))


def _tied(tie: VictimTie, pseudonym: str) -> TiedVictim:
    return TiedVictim(tie.id, tie.perpetrator_id, tie.victim_id, pseudonym, tie.relation, tie.ended_at)


@act_on(Perpetrator, Permission.CASEWORK_READ, read_only=True)
def victims(
    work: Work, perpetrator: Perpetrator, *, limit: int, cursor: UUID | None = None
) -> tuple[list[TiedVictim], str | None]:
    """What the perpetrator is, or was, to whom, newest first."""
    query = work.query(VictimTie).where(VictimTie.perpetrator_id == perpetrator.id)
    found, following = page(work, query, VictimTie.id, limit, cursor)
    ids = {tie.victim_id for tie in found}
    # The case of the tie knows her: see `_known`.
    named = sa.select(Victim.id, Victim.pseudonym).where(Victim.id.in_(ids))
    pseudonyms = {row.id: row.pseudonym for row in work.session.execute(named)}
    return [_tied(tie, pseudonyms[tie.victim_id]) for tie in found], following


@act_on(Perpetrator, Permission.PERPETRATOR_WRITE, read_only=True)
def possible_victims(work: Work, perpetrator: Perpetrator) -> Sequence[Victim]:
    """Whom the perpetrator can be tied to: the newest victims of the case."""
    return work.session.scalars(_known(work, perpetrator).order_by(Victim.id.desc()).limit(OFFERED)).all()


@act_on(VictimTie, Permission.CASEWORK_READ, read_only=True)
def read_tie(work: Work, tie: VictimTie) -> TiedVictim:
    """What one perpetrator is to one victim."""
    return _tied(tie, work.get(Victim, tie.victim_id, Permission.VICTIM_READ).pseudonym)


@act_on(VictimTie, Permission.PERPETRATOR_WRITE)
def end_tie(work: Work, tie: VictimTie, *, reason: str) -> TiedVictim:
    """Say that this is not so, or no longer. What it was stays in the chain."""
    running_case(work, tie.case_id, Permission.PERPETRATOR_WRITE)
    if tie.ended_at is not None:
        raise Conflict("It has ended already.")
    pseudonym = work.get(Victim, tie.victim_id, Permission.VICTIM_READ).pseudonym
    tie.ended_at = work.now
    work.record(tie, "perpetrator:victim_tie_end", data={"tie": str(tie.id)}, facts={"reason": reason})
    return _tied(tie, pseudonym)


# --- where she or he was ----------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class TiedVenue:
    """What a perpetrator was to a venue, from when to when."""

    id: UUID
    venue_id: UUID
    ref: str
    venue_kind: VenueKind
    description: str
    state: VenueState
    kind: VenueTieKind
    from_on: date | None
    until_on: date | None


@act_on(Perpetrator, Permission.CASEWORK_READ, read_only=True)
def venues(
    work: Work, perpetrator: Perpetrator, *, limit: int, cursor: UUID | None = None
) -> tuple[list[TiedVenue], str | None]:
    """What the perpetrator was to which venue, newest first."""
    query = work.query(VenueTie).where(VenueTie.perpetrator_id == perpetrator.id)
    found, following = page(work, query, VenueTie.id, limit, cursor)
    places = sa.select(Venue).where(Venue.id.in_({tie.venue_id for tie in found}))
    known = {venue.id: venue for venue in work.session.scalars(places)}
    return [_at(tie, known[tie.venue_id]) for tie in found], following


def _at(tie: VenueTie, venue: Venue) -> TiedVenue:
    about = (venue.id, venue.ref, venue.kind, venue.description, venue.state)
    return TiedVenue(tie.id, *about, tie.kind, tie.from_on, tie.until_on)


@act_on(Perpetrator, Permission.PERPETRATOR_ADDRESS)
def set_address(work: Work, perpetrator: Perpetrator, *, address: str) -> None:
    """Keep the known addresses in the vault, in the place of what was kept before."""
    running_case(work, perpetrator.case_id, Permission.PERPETRATOR_ADDRESS)
    _vault.put(work, perpetrator.subject, {"address": address})
    work.record(perpetrator, "perpetrator:address_set")


@act_on(Perpetrator, Permission.PERPETRATOR_ADDRESS, read_only=True)
def has_address(work: Work, perpetrator: Perpetrator) -> bool:
    """Whether the vault keeps an address, without opening it."""
    return "address" in _vault.fields_of(work, perpetrator.subject)


@act_on(Perpetrator, Permission.PERPETRATOR_ADDRESS)
def reveal_address(work: Work, perpetrator: Perpetrator, *, reason: str) -> dict[str, str]:
    """The known addresses, for a reason, with a fresh code, recorded."""
    work.step_up()
    kept = _vault.open_all(work, perpetrator.subject)
    if "address" not in kept:
        raise Conflict("No address is kept.")
    work.record(perpetrator, "perpetrator:address_reveal", facts={"reason": reason})
    return kept
