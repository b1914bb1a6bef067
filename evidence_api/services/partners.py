"""Partners, what they offer and whom they take; referrals to them; and what nobody offers."""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, cast
from uuid import UUID

import sqlalchemy as sa
from sqlalchemy.orm import aliased

from evidence_api.domain.care import REFERRAL, WAS_ACCEPTED, ReferralState, ServiceKind
from evidence_api.domain.errors import Conflict, InvalidInput
from evidence_api.domain.roles import Role
from evidence_api.domain.victim import Gender
from evidence_api.ledger.entry import Fact
from evidence_api.models import Partner, Referral, Victim, VictimCase
from evidence_api.policy import Permission
from evidence_api.services._care import partner_of, without_partners
from evidence_api.services._checks import not_after_today, office_day
from evidence_api.services._pages import Page, page
from evidence_api.work import Work, act, act_on


@act(Permission.PARTNER_WRITE)
def add_partner(work: Work, /, **given: Any) -> Partner:
    """Add an organisation to the office's directory. `capacity` is how many more it can take, as it says now."""
    made = Partner(office_id=work.actor.office_id)
    _set(work, made, given)
    work.session.add(made)
    work.session.flush()
    work.record(made, "partner:add", facts=_facts(given))
    return made


@act_on(Partner, Permission.PARTNER_WRITE)
def edit_partner(work: Work, partner: Partner, /, **given: Any) -> Partner:
    """Change what is given. A `capacity` is its word of now, also where the number is the same."""
    if not given:
        raise InvalidInput({"name": ["Give at least one thing to change."]})
    _refuse_ended(partner)
    _set(work, partner, given)
    work.record(partner, "partner:edit", facts=_facts(given))
    return partner


@act_on(Partner, Permission.PARTNER_WRITE)
def end_partner(work: Work, partner: Partner, *, reason: str) -> Partner:
    """Nobody is referred to it any more. What it has done stays."""
    _refuse_ended(partner)
    partner.ended_at = work.now
    work.record(partner, "partner:end", facts={"reason": reason})
    return partner


@act_on(Partner, Permission.PARTNER_READ, read_only=True)
def read_partner(work: Work, partner: Partner) -> Partner:
    """One partner."""
    return partner


@act(Permission.PARTNER_READ, read_only=True)
def list_partners(
    work: Work,
    *,
    limit: int = 50,
    cursor: UUID | None = None,
    service: ServiceKind | None = None,
    region: str | None = None,
    language: str | None = None,
    gender: Gender | None = None,
    age: int | None = None,
    ended: bool = False,
) -> Page[Partner]:
    """Who would take her: partners that offer the service in the region, speak the language, and take her gender and
    age. One that names no genders, or no bound of age, takes all."""
    query = work.query(Partner).where(Partner.ended_at.is_not(None) if ended else Partner.ended_at.is_(None))
    if service is not None:
        query = query.where(_has(Partner.offers, service))
    if region is not None:
        query = query.where(sa.func.lower(Partner.region) == region.lower())
    if language is not None:
        query = query.where(_has(Partner.languages, language))
    if gender is not None:
        query = query.where(_has(Partner.genders, gender) | (sa.cast(Partner.genders, sa.Text) == "[]"))
    if age is not None:
        query = query.where(
            Partner.youngest.is_(None) | (Partner.youngest <= age), Partner.oldest.is_(None) | (Partner.oldest >= age)
        )
    return page(work, query, Partner.id, limit, cursor)


@act(Permission.PARTNER_READ, read_only=True)
def names(work: Work, *, ids: Collection[UUID]) -> Mapping[UUID, str]:
    """The names of these partners, by id."""
    query = work.query(Partner).where(Partner.id.in_(ids)).with_only_columns(Partner.id, Partner.name)
    return {row.id: row.name for row in work.session.execute(query)}


@act(Permission.PARTNER_READ, read_only=True)
def regions(work: Work) -> list[str]:
    """The regions in which there are partners, in order."""
    query = work.query(Partner).where(Partner.ended_at.is_(None)).with_only_columns(Partner.region)
    return list(work.session.scalars(query.distinct().order_by(Partner.region)))


# --- referrals --------------------------------------------------------------------------------------------------------


@act_on(Victim, Permission.CARE_WRITE)
def refer(
    work: Work,
    victim: Victim,
    *,
    service: ServiceKind,
    partner: UUID | None = None,
    region: str | None = None,
    asked_on: date | None = None,
) -> Referral:
    """Ask a partner for a service for her. Without a partner: nobody offers it, which is kept as a need unmet."""
    not_after_today(work, asked_on=asked_on)
    asked = partner_of(work, partner) if partner else None
    if asked is not None and service not in asked.offers:
        raise InvalidInput({"service": ["This partner does not offer it."]})
    region = region or (asked.region if asked else None)
    if region is None:
        raise InvalidInput({"region": ["Say where it is needed."]})
    waiting = sa.select(Referral.id).where(
        Referral.victim_id == victim.id,
        Referral.service == service,
        Referral.partner_id == partner if partner else Referral.partner_id.is_(None),
        Referral.state == ReferralState.WAITING,
    )
    if work.session.execute(waiting.limit(1)).first() is not None:
        raise Conflict("The same is waiting for an answer already.")
    made = Referral(
        victim_id=victim.id,
        partner_id=partner,
        service=service,
        region=region,
        state=ReferralState.WAITING,
        asked_on=asked_on or office_day(work),
    )
    work.session.add(made)
    work.session.flush()
    # In which region her shelter is, is for those alone who may know where she sleeps.
    facts = {"service": service, "region": None if service is ServiceKind.SHELTER else region}
    work.record(victim, "care:referral", data={"referral": str(made.id)}, facts=facts)
    return made


@act_on(Referral, Permission.CARE_WRITE)
def move_referral(
    work: Work, referral: Referral, *, action: str, reason: str, answered_on: date | None = None
) -> Referral:
    """Record the partner's answer, or take the referral back. One who is accepted takes a place, where the partner
    says how many it has; one who is withdrawn after that gives it back. Raises Conflict where it has none."""
    not_after_today(work, answered_on=answered_on)
    row = work.step(REFERRAL, referral.state, action, Permission.CARE_WRITE, referral)
    assert row.target is not None
    if referral.partner_id is None and action != "withdraw":
        raise Conflict("No partner was asked. Withdraw this one, and refer her to the partner.")
    was, referral.state = referral.state, row.target
    referral.answered_on = answered_on or office_day(work)
    taken = (referral.state is ReferralState.ACCEPTED) - (was is ReferralState.ACCEPTED)
    work.record(
        work.session.get_one(Victim, referral.victim_id),
        "care:referral_moved",
        data={"referral": str(referral.id)},
        facts={"action": action, "from": was, "to": referral.state, "reason": reason},
        # The partner's own chain must not tell when she came there.
        covers=[_take(work, referral.partner_id, taken)] if referral.partner_id and taken else [],
    )
    return referral


@act_on(Referral, Permission.CARE_READ, read_only=True)
def read_referral(work: Work, referral: Referral) -> Referral:
    """One referral."""
    return _as_known(work, [referral])[0]


@act_on(Victim, Permission.CARE_READ, read_only=True)
def referrals(work: Work, victim: Victim, *, limit: int = 50, cursor: UUID | None = None) -> Page[Referral]:
    """Her referrals, newest first."""
    query = work.query(Referral).where(Referral.victim_id == victim.id)
    found, following = page(work, query, Referral.id, limit, cursor)
    return _as_known(work, found), following


def _as_known(work: Work, rows: list[Referral]) -> list[Referral]:
    """The referrals as this actor may know them. In which region her shelter is, together with the directory of
    partners, tells where she sleeps."""
    for row in without_partners(work, rows):
        if row not in work.session and row.service is ServiceKind.SHELTER and row.state in WAS_ACCEPTED:
            row.region = ""
    return rows


@dataclass(frozen=True, slots=True)
class Unmet:
    """How many victims wait for a service in a region, were refused it, or have nobody to ask; one who is in several
    of these is counted in each."""

    region: str
    service: ServiceKind
    waiting: int
    refused: int
    unoffered: int


@act(Permission.CARE_READ, read_only=True)
def unmet(work: Work) -> tuple[list[Unmet], None]:
    """Services that were asked for and that nobody has accepted to give, by region; of the victims whom a case of the
    actor's knows."""
    met = aliased(Referral)
    accepted = sa.exists().where(
        met.victim_id == Referral.victim_id, met.service == Referral.service, met.state == ReferralState.ACCEPTED
    )
    waits = Referral.state == ReferralState.WAITING

    def victims(condition: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
        return sa.func.count(sa.distinct(sa.case((condition, Referral.victim_id))))

    referrals, state = work.query(Referral), cast("sa.ColumnElement[ReferralState]", Referral.state)
    if work.actor.role is not Role.SUPERVISOR:
        # Hers are few: found by her victims. An expression, so that they are not sought among all that wait.
        hers = work.query(VictimCase).with_only_columns(VictimCase.victim_id)
        referrals, state = referrals.where(Referral.victim_id.in_(hers)), sa.func.coalesce(state, sa.null())
    query = (
        referrals.where(state.in_([ReferralState.WAITING, ReferralState.REFUSED]), ~accepted)
        .group_by(Referral.region, Referral.service)
        .with_only_columns(
            Referral.region,
            Referral.service,
            victims(waits & Referral.partner_id.is_not(None)).label("waiting"),
            victims(Referral.state == ReferralState.REFUSED).label("refused"),
            victims(waits & Referral.partner_id.is_(None)).label("unoffered"),
        )
        .order_by(Referral.region, Referral.service)
    )
    return [Unmet(**row) for row in work.session.execute(query).mappings()], None


def _take(work: Work, id: UUID, places: int) -> Partner:
    find = sa.select(Partner).where(Partner.id == id).with_for_update(key_share=True)
    partner = work.session.scalars(find.execution_options(populate_existing=True)).one()
    if partner.capacity is not None:
        if partner.capacity < places:
            raise Conflict("It has said that it has no place left. If it takes her, raise what it can take first.")
        partner.capacity -= places
    return partner


def _has(column: Any, code: str) -> sa.ColumnElement[bool]:
    """Whether a list of codes, kept as JSON, has this one. Both databases keep it as the text that it is."""
    found: sa.ColumnElement[bool] = sa.cast(column, sa.Text).contains(f'"{code}"', autoescape=True)
    return found


def _set(work: Work, partner: Partner, given: Mapping[str, Any]) -> None:
    for name, value in given.items():
        setattr(partner, name, value)
    if "capacity" in given:
        partner.capacity_at = None if partner.capacity is None else work.now
    if partner.youngest is not None and partner.oldest is not None and partner.youngest > partner.oldest:
        raise InvalidInput({"oldest": ["This is less than the youngest. Look over both ages."]})


def _facts(given: Mapping[str, Any]) -> dict[str, Fact]:
    return {name: ", ".join(value) if isinstance(value, list) else value for name, value in given.items()}


def _refuse_ended(partner: Partner) -> None:
    if partner.ended_at is not None:
        raise Conflict("This partnership has ended.")
