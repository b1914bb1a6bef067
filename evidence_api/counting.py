"""What the figures of a year are counted from: the gate keeps it in step with the rows, `unbroken init` fills it.

Whoever or whatever a changed row is about is looked at anew: what counts now and did not is known from this moment on;
what counted and does not any more was known until it. So every figure can be told as it was known on any day.
"""

from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa
from sqlalchemy.orm import Session

from evidence_api.db import Base
from evidence_api.domain.care import StepState
from evidence_api.domain.charge import CONVICTIONS, PENDING, ChargeState, VerdictKind
from evidence_api.domain.closure import GRANTED, ClosureState
from evidence_api.domain.figures import Band, Figure
from evidence_api.domain.operation import Outcome
from evidence_api.domain.venue import Seen
from evidence_api.domain.victim import Identification
from evidence_api.keys import KeyStore
from evidence_api.ledger.chain import disclosures_of, facts_of
from evidence_api.ledger.entry import BadEntry, decode, moment
from evidence_api.ledger.stored import Row, entries
from evidence_api.models import (
    CareStep,
    Case,
    Charge,
    ClosureOrder,
    FigureFact,
    Inspection,
    LedgerEntry,
    Office,
    Operation,
    Perpetrator,
    Placement,
    RosterEntry,
    Venue,
    Verdict,
    Victim,
)

BATCH = 500
STILL_SHUT_AFTER = timedelta(days=365)
"""How long after the order a venue must be found closed to count as still shut."""

AMENDING = frozenset({ChargeState.PROPOSED, ChargeState.APPROVED})
"""Until it is filed, what it amends is before the court."""

_FIGURES = {"rescue": Figure.RESCUED, "intercept": Figure.INTERCEPTED}
_OUTCOMES = {Outcome.RESCUED: Figure.RESCUED, Outcome.INTERCEPTED: Figure.INTERCEPTED}


@dataclass(frozen=True, slots=True)
class Counted:
    """Somebody counts in a figure, by a day or for a while, because of `source`."""

    figure: Figure
    source: str
    from_on: date
    until_on: date | None = None
    band: Band = Band.UNKNOWN
    number: int = 1


def keep(session: Session, keys: KeyStore, changed: Iterable[Base], now: datetime) -> None:
    """Look anew at all whom changed rows are about; the rows, and the entries about them, are flushed."""
    victims, perpetrators, venues = set[UUID](), set[UUID](), set[UUID]()
    for row in changed:
        if isinstance(row, Victim):
            victims.add(row.id)
        elif isinstance(row, CareStep | Placement | RosterEntry):
            victims.add(row.victim_id)
        elif isinstance(row, Charge):
            perpetrators.add(row.perpetrator_id)
        elif isinstance(row, Verdict):
            perpetrators.add(session.get_one(Charge, row.charge_id).perpetrator_id)
        elif isinstance(row, ClosureOrder | Inspection):
            venues.add(row.venue_id)
    for (model, look), ids in zip(_LOOKS, (victims, perpetrators, venues), strict=True):
        if ids:
            # Held, so that two acts about the same one do not count with what each saw before the other.
            held = sa.select(model.id).where(model.id.in_(ids)).order_by(model.id)
            session.execute(held.with_for_update(key_share=True))
        _write(session, keys, ids, look, now)


Look = Callable[[Session, KeyStore, Sequence[UUID]], Iterator[tuple[str, UUID, UUID, set[Counted]]]]
"""For each of the ids: its subject, the office and the case that it belongs to, and all by which it counts."""


def _write(session: Session, keys: KeyStore, ids: Iterable[UUID], look: Look, now: datetime) -> None:
    sought = sorted(ids)
    for begin in range(0, len(sought), BATCH):
        found = list(look(session, keys, sought[begin : begin + BATCH]))
        live: dict[str, dict[Counted, FigureFact]] = defaultdict(dict)
        kept = sa.select(FigureFact).where(
            FigureFact.who.in_([who for who, *_ in found]), FigureFact.known_until.is_(None)
        )
        for fact in session.scalars(kept):
            live[fact.who][_as_counted(fact)] = fact
        for who, office, case, counts in found:
            for counted, fact in live[who].items():
                if counted not in counts:
                    fact.known_until = now
            for counted in sorted(counts - live[who].keys(), key=lambda one: (one.figure, one.source, one.from_on)):
                session.add(_as_fact(counted, who, office, case, now))
    session.flush()


def _as_counted(fact: FigureFact) -> Counted:
    return Counted(fact.figure, fact.source, fact.from_on, fact.until_on, fact.band, fact.number)


def _as_fact(counted: Counted, who: str, office: UUID, case: UUID, now: datetime) -> FigureFact:
    return FigureFact(
        office_id=office,
        case_id=case,
        figure=counted.figure,
        who=who,
        source=counted.source,
        band=counted.band,
        number=counted.number,
        from_on=counted.from_on,
        until_on=counted.until_on,
        known_from=now,
    )


def _zones(session: Session) -> dict[UUID, ZoneInfo]:
    return {id: ZoneInfo(zone) for id, zone in session.execute(sa.select(Office.id, Office.zone))}


# --- victims: brought out, served -------------------------------------------------------------------------------------


def _of_victims(
    session: Session, keys: KeyStore, ids: Sequence[UUID]
) -> Iterator[tuple[str, UUID, UUID, set[Counted]]]:
    zones = _zones(session)
    steps = _steps(session, keys, ids)
    out = sa.select(RosterEntry, Operation.held_on, Operation.planned_on).join(Operation)
    outcomes = defaultdict[UUID, list[tuple[RosterEntry, date | None]]](list)
    for entry, held, planned in session.execute(
        out.where(RosterEntry.victim_id.in_(ids), RosterEntry.outcome.in_(_OUTCOMES))
    ):
        outcomes[entry.victim_id].append((entry, held or planned))
    served = _served(session, ids)
    for victim in session.scalars(sa.select(Victim).where(Victim.id.in_(ids)).order_by(Victim.id)):
        zone = zones[victim.office_id]
        band = {True: Band.CHILD, False: Band.ADULT, None: Band.UNKNOWN}[victim.minor]
        days = {step.operation: step.at.astimezone(zone).date() for step in steps[victim.id] if step.operation}
        came_out = [
            (_FIGURES[step.action], "whereabouts", step.at.astimezone(zone).date())
            for step in steps[victim.id]
            if step.action in _FIGURES and step.operation is None
        ]
        for entry, day in outcomes[victim.id]:
            known = (
                days.get(entry.operation_id) or day or (entry.decided_at or victim.created_at).astimezone(zone).date()
            )
            if entry.outcome is not None:
                came_out.append((_OUTCOMES[entry.outcome], f"operation:{entry.operation_id}", known))
        if victim.identification is Identification.NOT_VICTIM:
            came_out, served[victim.id] = [], []
        counts = {Counted(figure, source, day, band=band) for figure, source, day in came_out}
        if victim.dependents:
            counts |= {Counted(Figure.DEPENDENTS, source, day, number=victim.dependents) for _, source, day in came_out}
        for source, from_on, until_on in served[victim.id]:
            counts.add(Counted(Figure.SERVED, source, from_on, until_on, band))
            if victim.family_members:
                family = Counted(Figure.SERVED_FAMILY, source, from_on, until_on, number=victim.family_members)
                counts.add(family)
        yield victim.subject, victim.office_id, victim.case_id, counts


@dataclass(frozen=True, slots=True)
class _Step:
    action: str
    at: datetime
    operation: UUID | None


def _steps(session: Session, keys: KeyStore, ids: Sequence[UUID]) -> dict[UUID, list[_Step]]:
    """The steps of victims on the axis of whereabouts, which their chains alone have, oldest first."""
    of = {f"victim:{id}": id for id in ids}
    query = entries(session).where(LedgerEntry.subject.in_(of), LedgerEntry.action == "victim:whereabouts")
    rows = [Row.of(row) for row in session.execute(query.order_by(LedgerEntry.subject, LedgerEntry.seq))]
    opened = disclosures_of(session, keys, [row.hash for row in rows])
    found: dict[UUID, list[_Step]] = defaultdict(list)
    for row in rows:
        with suppress(BadEntry, ValueError, KeyError):
            entry = decode(row.body)
            facts = facts_of(entry, opened.get(row.hash, {}))
            operation = facts.get("operation")
            step = _Step(str(facts["action"]), moment(entry.occurred_at), UUID(str(operation)) if operation else None)
            found[of[row.subject]].append(step)
    return found


def _served(session: Session, ids: Sequence[UUID]) -> dict[UUID, list[tuple[str, date, date | None]]]:
    """From when to when each was cared for: what was begun or done for her, and where she was given a bed."""
    found: dict[UUID, list[tuple[str, date, date | None]]] = defaultdict(list)
    done = CareStep.state.in_((StepState.ACTIVE, StepState.DONE))
    for step in session.scalars(sa.select(CareStep).where(CareStep.victim_id.in_(ids), done)):
        begin = step.began_on or step.ended_on
        if begin is not None:
            found[step.victim_id].append((f"step:{step.id}", begin, step.ended_on))
    for placement in session.scalars(sa.select(Placement).where(Placement.victim_id.in_(ids))):
        found[placement.victim_id].append((f"placement:{placement.id}", placement.from_on, placement.until_on))
    return found


# --- perpetrators: facing trial, convicted ----------------------------------------------------------------------------


def _of_perpetrators(
    session: Session, _keys: KeyStore, ids: Sequence[UUID]
) -> Iterator[tuple[str, UUID, UUID, set[Counted]]]:
    zones = _zones(session)
    charges = defaultdict[UUID, list[Charge]](list)
    by_count = sa.select(Charge).where(Charge.perpetrator_id.in_(ids)).order_by(Charge.count, Charge.edition)
    for charge in session.scalars(by_count):
        charges[charge.perpetrator_id].append(charge)
    verdicts = defaultdict[UUID, list[Verdict]](list)
    of = sa.select(Charge.id).where(Charge.perpetrator_id.in_(ids))
    for verdict in session.scalars(sa.select(Verdict).where(Verdict.charge_id.in_(of)).order_by(Verdict.id)):
        verdicts[verdict.charge_id].append(verdict)
    found = sa.select(Perpetrator, Case.office_id).join(Case).where(Perpetrator.id.in_(ids)).order_by(Perpetrator.id)
    for perpetrator, office in session.execute(found):
        counts = set()
        amended: dict[int, date | None] = {}
        for charge in charges[perpetrator.id]:
            source = charge.subject
            standing = [verdict for verdict in verdicts[charge.id] if verdict.ended_at is None]
            if charge.state in CONVICTIONS:
                counts |= {
                    Counted(Figure.CONVICTED, source, verdict.decided_on)
                    for verdict in standing
                    if verdict.verdict in (VerdictKind.CONVICTED, VerdictKind.CONVICTED_LESSER)
                }
            begin, spans = _facing(charge, verdicts[charge.id], zones[office], amended.get(charge.count))
            amended[charge.count] = begin
            counts |= {Counted(Figure.FACING_TRIAL, source, from_on, until_on) for from_on, until_on in spans}
        yield perpetrator.subject, office, perpetrator.case_id, counts


def _facing(
    charge: Charge, verdicts: Sequence[Verdict], zone: ZoneInfo, since: date | None
) -> tuple[date | None, list[tuple[date, date | None]]]:
    """From when to when somebody was charged with a count or facing trial: from its filing to each verdict, and again
    from when a verdict was taken away. First, since when it is so now: an amendment ends nothing, so that for its next
    edition it is so `since` then."""
    begin, spans = since or charge.filed_on, list[tuple[date, date | None]]()
    for verdict in verdicts:
        if begin is None or verdict.verdict is VerdictKind.MISTRIAL:
            continue
        spans.append((begin, verdict.decided_on))
        begin = None if verdict.ended_at is None else verdict.ended_at.astimezone(zone).date()
    if begin is None or charge.state is ChargeState.SUPERSEDED:
        return begin, spans
    if charge.state in PENDING | AMENDING:
        return begin, [*spans, (begin, None)]
    if charge.decided_on is not None and charge.decided_on >= begin:
        return begin, [*spans, (begin, charge.decided_on)]
    return begin, spans


# --- venues: ordered shut, still shut ---------------------------------------------------------------------------------


def _of_venues(
    session: Session, _keys: KeyStore, ids: Sequence[UUID]
) -> Iterator[tuple[str, UUID, UUID, set[Counted]]]:
    orders = defaultdict[UUID, list[ClosureOrder]](list)
    permanent = sa.select(ClosureOrder).where(
        ClosureOrder.venue_id.in_(ids), ClosureOrder.permanent, ClosureOrder.granted_on.is_not(None)
    )
    for order in session.scalars(permanent.order_by(ClosureOrder.id)):
        if order.state in GRANTED | {ClosureState.DISCHARGED}:
            orders[order.venue_id].append(order)
    inspections = defaultdict[UUID, list[Inspection]](list)
    seen = sa.select(Inspection).where(Inspection.venue_id.in_(ids))
    for inspection in session.scalars(seen.order_by(Inspection.inspected_on, Inspection.id)):
        inspections[inspection.venue_id].append(inspection)
    found = sa.select(Venue, Case.office_id).join(Case, Case.id == Venue.case_id).where(Venue.id.in_(ids))
    for venue, office in session.execute(found.order_by(Venue.id)):
        counts = set()
        for order in orders[venue.id]:
            assert order.granted_on is not None
            counts.add(Counted(Figure.VENUES_ORDERED_SHUT, order.subject, order.granted_on))
            still = _still_shut_on(order, order.granted_on, inspections[venue.id])
            if still is not None:
                counts.add(Counted(Figure.VENUES_STILL_SHUT, order.subject, still))
        yield venue.subject, office, venue.case_id, counts


def _still_shut_on(order: ClosureOrder, granted_on: date, inspections: Sequence[Inspection]) -> date | None:
    """The day of the first inspection, twelve months or more after the order, that found the venue closed, with
    evidence, by another than who drafted it; none where it was found open after the first month and before."""
    for inspection in inspections:
        if inspection.found is Seen.OPEN and inspection.inspected_on > granted_on + timedelta(days=30):
            return None
        late = inspection.inspected_on >= granted_on + STILL_SHUT_AFTER
        if inspection.inspector_id == order.drafter_id:
            continue
        if late and inspection.found is Seen.CLOSED and inspection.evidence_id is not None:
            return inspection.inspected_on
    return None


_LOOKS: Sequence[tuple[type[Victim] | type[Perpetrator] | type[Venue], Look]] = (
    (Victim, _of_victims),
    (Perpetrator, _of_perpetrators),
    (Venue, _of_venues),
)


# --- what was there before --------------------------------------------------------------------------------------------


def fill(engine: sa.Engine, keys: KeyStore, now: datetime) -> None:
    """Count what was there before anything was counted; a transaction for every `BATCH` rows."""
    with Session(engine) as session:
        if session.scalars(sa.select(FigureFact.id).limit(1)).first() is not None:
            return
        everybody = [(look, iter(list(session.scalars(sa.select(model.id))))) for model, look in _LOOKS]
    for look, ids in everybody:
        while batch := list(islice(ids, BATCH)):
            with Session(engine) as session, session.begin():
                _write(session, keys, batch, look, now)
