"""What the rules of scheduling look at, for many times at once, with a fixed number of statements.

It is looked up for the safety of the witness, whether the actor may know of it or not: what she is told are the
sentences of the rules alone.
"""

import re
from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from evidence_api.domain.appeal import Side
from evidence_api.domain.care import ServiceKind
from evidence_api.domain.custody import Custody
from evidence_api.domain.exhibit import ExhibitState
from evidence_api.domain.hearing import HearingState
from evidence_api.domain.jurisdiction import Jurisdiction
from evidence_api.domain.scheduling import (
    LINK,
    MOVING,
    PERSON,
    ROOM,
    STAND,
    WITNESS,
    Accused,
    Facts,
    Helper,
    Permit,
    Protection,
    ResourceKind,
    Taking,
    Window,
)
from evidence_api.domain.testimony import SETTLED, MeasureKind, MeasureState, NeedCode, TestimonyState
from evidence_api.domain.victim import SOUGHT, Purpose
from evidence_api.models import (
    Attendance,
    Booking,
    Case,
    Consent,
    Engagement,
    Evidence,
    Exhibit,
    Hearing,
    Measure,
    NeedsAssessment,
    Occupancy,
    Office,
    Partner,
    Placement,
    Preparation,
    Resource,
    ResourceTie,
    Testimony,
    Unavailability,
    Victim,
    VictimCase,
)
from evidence_api.services import _occupancy, _testimony, _vault
from evidence_api.work import Work

READY = frozenset({TestimonyState.READY, TestimonyState.SCHEDULED, TestimonyState.PART_HEARD})
UNDECIDED = frozenset({MeasureState.NEEDED, MeasureState.APPLIED})
UNDER_WAY = frozenset({ExhibitState.MARKED, ExhibitState.OFFERED})
STAYING = frozenset(
    {
        ResourceKind.VEHICLE,
        ResourceKind.DRIVER,
        ResourceKind.WAITING_AREA,
        ResourceKind.GUARDIAN,
        ResourceKind.SUPPORT_PERSON,
    }
)
"""Resources that she needs from when she arrives until she leaves."""
DAY = timedelta(days=1)
TELLING = 5
"""A name or a line of an address that is shorter tells nothing, and would be found in any text."""


@dataclass(frozen=True, slots=True)
class Asked:
    """A time for a witness, in a hearing or to prepare her, that is to be looked at."""

    testimony: Testimony
    session: Window
    source: str
    hearing: Hearing | None = None
    arrives_at: datetime | None = None
    leaves_at: datetime | None = None
    recesses: int = 0
    measures: tuple[str, ...] = ()
    people: tuple[str, ...] = ()
    resources: tuple[UUID, ...] = ()
    place_id: UUID | None = None
    text: str = ""

    @property
    def place(self) -> str:
        """Where it is."""
        if self.hearing is not None:
            return _occupancy.place_of(self.hearing.court)
        return _occupancy.resource_key(self.place_id) if self.place_id else self.source

    @property
    def stay(self) -> Window:
        """From when she arrives until she leaves."""
        return Window(self.arrives_at or self.session.from_at, self.leaves_at or self.session.until_at)

    @property
    def all_resources(self) -> list[UUID]:
        """What it takes besides people of ours; the guardian of a child comes to court with her."""
        guardian = self.testimony.guardian_id if self.hearing else None
        return list(dict.fromkeys(id for id in (*self.resources, self.place_id, guardian) if id))

    @property
    def keys(self) -> list[str]:
        """What it takes up. Who comes to the hearing anyway is taken by that."""
        anyway = self.hearing.people if self.hearing else []
        people = [_occupancy.user_key(id) for id in self.people if id not in anyway]
        resources = [_occupancy.resource_key(id) for id in self.all_resources]
        stand = [_occupancy.stand_key(self.hearing.id)] if self.hearing else []
        return [self.testimony.who, *people, *resources, *stand]

    @property
    def around(self) -> list[str]:
        """What the hearing itself takes up: of interest where another time is looked for."""
        if self.hearing is None:
            return []
        room = [_occupancy.room_key(self.hearing.court, self.hearing.room)] if self.hearing.room else []
        link = [_occupancy.link_key(self.hearing.link)] if self.hearing.link else []
        return [*room, *link, *map(_occupancy.user_key, self.hearing.people)]


def of_booking(booking: Booking, testimony: Testimony, hearing: Hearing) -> Asked:
    """The time of a booking."""
    return Asked(
        testimony,
        Window(booking.starts_at, booking.ends_at),
        _occupancy.booking_source(hearing.id, booking.id),
        hearing,
        booking.arrives_at,
        booking.leaves_at,
        booking.recesses,
        tuple(booking.measures),
        tuple(booking.people),
        tuple(map(UUID, booking.resources)),
    )


def of_session(session: Preparation, testimony: Testimony) -> Asked:
    """The time of a session that prepares her."""
    return Asked(
        testimony,
        Window(session.starts_at, session.ends_at),
        session_source(session.id),
        people=tuple(session.people),
        resources=tuple(map(UUID, session.resources)),
        place_id=session.place_id,
        text=session.note or "",
    )


def session_source(id: UUID) -> str:
    """What a preparation session takes up."""
    return f"preparation:{id}"


# --- what it takes up -------------------------------------------------------------------------------------------------


def kinds_of(work: Work, asked: Iterable[Asked]) -> dict[UUID, Resource]:
    """The resources that these times take; one statement."""
    return _by_id(work, Resource, {id for one in asked for id in one.all_resources})


def windows(asked: Asked, resources: Mapping[UUID, Resource]) -> dict[str, Window]:
    """From when to when each of its keys is taken."""
    staying = {_occupancy.resource_key(id) for id, one in resources.items() if one.kind in STAYING}
    staying.add(asked.testimony.who)
    return {key: asked.stay if key in staying else asked.session for key in asked.keys}


# --- what is known ----------------------------------------------------------------------------------------------------


def gather(work: Work, asked: Sequence[Asked], look: timedelta = timedelta(0)) -> list[Facts]:
    """The facts of each of these times, up to `look` after them too."""
    if not asked:
        return []
    span = Window(min(one.stay.from_at for one in asked) - DAY, max(one.stay.until_at for one in asked) + DAY + look)
    known = _Known(work, asked, span)
    return [known.facts(one) for one in asked]


def _by_id(work: Work, model: Any, ids: Collection[UUID]) -> dict[UUID, Any]:
    if not ids:
        return {}
    return {row.id: row for row in work.session.scalars(sa.select(model).where(model.id.in_(ids)))}


def _grouped(rows: Iterable[Any], key: str) -> dict[Any, list[Any]]:
    found = defaultdict(list)
    for row in rows:
        found[getattr(row, key)].append(row)
    return found


class _Known:
    """All that is looked up, once for all of the times."""

    def __init__(self, work: Work, asked: Sequence[Asked], span: Window) -> None:
        self.work = work
        self.span = span
        testimonies = {one.testimony.id: one.testimony for one in asked}
        victims = {one.victim_id for one in testimonies.values() if one.victim_id}
        self.cases: dict[UUID, Case] = _by_id(work, Case, {one.case_id for one in testimonies.values()})
        self.victims: dict[UUID, Victim] = _by_id(work, Victim, victims)
        self.resources = kinds_of(work, asked)
        self.hers = self._cases_of(victims)
        self.consents = _grouped(self._rows(Consent, Consent.victim_id, victims), "victim_id")
        needs = self._rows(NeedsAssessment, NeedsAssessment.testimony_id, testimonies, NeedsAssessment.id)
        # The last of each stands.
        self.needs: dict[UUID, NeedsAssessment] = {row.testimony_id: row for row in needs}
        self.measures = _grouped(self._rows(Measure, Measure.testimony_id, testimonies), "testimony_id")
        self.tied = self._tied()
        self.other_side = self._other_side()
        self.attendances = self._attendances(asked)
        self.unavailable = self._unavailable({one.who for one in testimonies.values()})
        self.in_crisis = self._in_crisis(testimonies.values())
        self.occupied = self._occupied({key for one in asked for key in (*one.keys, *one.around)})
        self.lacking = self._lacking()
        self.shelters = self._shelters()
        self.addresses = self._addresses(victims)
        self.zones: dict[UUID, str] = {
            office.id: office.zone
            for office in _by_id(work, Office, {case.office_id for case in self.cases.values()}).values()
        }

    def _rows(self, model: Any, column: Any, ids: Collection[UUID], order: Any = None) -> list[Any]:
        if not ids:
            return []
        find = sa.select(model).where(column.in_(ids))
        return list(self.work.session.scalars(find if order is None else find.order_by(order)))

    def _cases_of(self, victims: Collection[UUID]) -> dict[UUID, set[UUID]]:
        found = defaultdict(set)
        for row in self._rows(VictimCase, VictimCase.victim_id, victims):
            found[row.victim_id].add(row.case_id)
        return found

    def _tied(self) -> set[UUID]:
        """Who is tied to any perpetrator at all."""
        find = sa.select(ResourceTie.resource_id).where(
            ResourceTie.resource_id.in_(self.resources), ResourceTie.ended_at.is_(None)
        )
        return set(self.work.session.scalars(find)) if self.resources else set()

    def _other_side(self) -> dict[UUID, set[UUID]]:
        """In which cases each serves the defence."""
        found = defaultdict(set)
        if self.resources:
            find = sa.select(Engagement.resource_id, Engagement.case_id).where(
                Engagement.resource_id.in_(self.resources),
                Engagement.side == Side.DEFENCE,
                Engagement.ended_at.is_(None),
            )
            for resource, case in self.work.session.execute(find):
                found[resource].add(case)
        return found

    def _attendances(self, asked: Sequence[Asked]) -> list[tuple[Attendance, Hearing]]:
        """Accused who come to court in these days: in a case that knows one of them, or with what one of them uses."""
        cases = {*self.cases, *(case for known in self.hers.values() for case in known)}
        concerned = (
            Attendance.case_id.in_(cases)
            | Attendance.vehicle_id.in_(self.resources)
            | Attendance.waiting_area_id.in_(self.resources)
        )
        find = (
            sa.select(Attendance, Hearing)
            .join(Hearing, Hearing.id == Attendance.hearing_id)
            .where(
                Hearing.starts_at.between(self.span.from_at - 7 * DAY, self.span.until_at),
                Hearing.ends_at > self.span.from_at,
                Hearing.state == HearingState.SCHEDULED,
                Attendance.ended_at.is_(None),
                concerned,
            )
        )
        return [(row[0], row[1]) for row in self.work.session.execute(find)]

    def _unavailable(self, who: Collection[str]) -> dict[str, list[Unavailability]]:
        find = sa.select(Unavailability).where(
            Unavailability.who.in_(who),
            Unavailability.ended_at.is_(None),
            Unavailability.from_at < self.span.until_at,
            Unavailability.until_at > self.span.from_at,
        )
        return _grouped(self.work.session.scalars(find), "who")

    def _in_crisis(self, testimonies: Iterable[Testimony]) -> set[str]:
        """Who is in a crisis, in whichever case that was said."""
        of = list(testimonies)
        same = (
            Testimony.id.in_([one.id for one in of])
            | Testimony.victim_id.in_([one.victim_id for one in of if one.victim_id])
            | Testimony.operative_id.in_([one.operative_id for one in of if one.operative_id])
        )
        find = sa.select(Testimony).where(same, Testimony.in_crisis_since.is_not(None))
        return {one.who for one in self.work.session.scalars(find)}

    def _occupied(self, keys: Collection[str]) -> dict[str, list[Occupancy]]:
        find = sa.select(Occupancy).where(
            Occupancy.key.in_(keys),
            Occupancy.elsewhere_at > self.span.from_at,
            Occupancy.from_at < self.span.until_at,
        )
        return _grouped(self.work.session.scalars(find), "key")

    def _lacking(self) -> set[UUID]:
        """The cases in which an exhibit of ours, which the court has yet to admit, cannot be brought."""
        find = (
            sa.select(Exhibit.case_id)
            .join(Evidence, Evidence.id == Exhibit.evidence_id)
            .where(
                Exhibit.case_id.in_(self.cases),
                Exhibit.side == Side.PROSECUTION,
                Exhibit.state.in_(UNDER_WAY),
                Evidence.quarantined | (Evidence.state == Custody.CHECKED_OUT),
            )
        )
        return set(self.work.session.scalars(find))

    def _shelters(self) -> dict[UUID, list[str]]:
        """What gives the shelters of each office away: their names, and where they are reached."""
        offices = {case.office_id for case in self.cases.values()}
        find = sa.select(Partner).where(Partner.office_id.in_(offices))
        found = defaultdict[UUID, list[str]](list)
        for partner in self.work.session.scalars(find):
            if ServiceKind.SHELTER in partner.offers:
                found[partner.office_id] += [_plain(partner.name), *_lines(partner.contact or "")]
        return found

    def _addresses(self, victims: Collection[UUID]) -> dict[UUID, list[str]]:
        """Where each sleeps, and lives, as the vault knows it."""
        if not victims:
            return {}
        find = sa.select(Placement).where(Placement.victim_id.in_(victims), Placement.until_on.is_(None))
        owners = {placement.sealed: placement.victim_id for placement in self.work.session.scalars(find)}
        owners |= {f"victim:{id}": id for id in victims}
        found = defaultdict[UUID, list[str]](list)
        for owner, kept in _vault.open_each(self.work, owners, ["address"]).items():
            found[owners[owner]] += _lines(kept.get("address", ""))
        return found

    # --- of one time --------------------------------------------------------------------------------------------------

    def law(self, asked: Asked) -> Jurisdiction:
        case = self.cases[asked.testimony.case_id]
        return self.work.site.settings.jurisdictions.of(case.jurisdiction)

    def facts(self, asked: Asked) -> Facts:
        testimony, law = asked.testimony, self.law(asked)
        case = self.cases[testimony.case_id]
        victim = self.victims.get(testimony.victim_id) if testimony.victim_id else None
        needs = self.needs.get(testimony.id)
        required = [one for one in self.measures.get(testimony.id, []) if one.required]
        kept = self.unavailable.get(testimony.who, [])
        interpreter = MeasureKind.INTERPRETER
        return Facts(
            session=asked.session,
            now=self.work.now,
            zone=ZoneInfo(asked.hearing.zone if asked.hearing else self.zones[case.office_id]),
            customs=law.sittings,
            deadlines=law.deadlines,
            arrives_at=asked.arrives_at,
            leaves_at=asked.leaves_at,
            preparation=asked.hearing is None,
            victim=victim is not None,
            child=victim is not None and _testimony.is_child(victim),
            missing=victim is not None and victim.whereabouts in SOUGHT,
            in_crisis=testimony.who in self.in_crisis,
            ready=testimony.state in READY,
            comes_from_afar=needs is not None and NeedCode.TRAVEL in needs.needs,
            recesses=asked.recesses,
            interviews=testimony.interviews,
            language=testimony.language,
            interpreted=interpreter in asked.measures
            or any(one.kind is interpreter and one.state is not MeasureState.WAIVED for one in required),
            interpreter_gender=testimony.interpreter_gender,
            undisclosed=testimony.statement_id is not None and testimony.statement_disclosed_on is None,
            exhibit_lacks=case.id in self.lacking,
            shelter_named=self._names_shelter(asked, case),
            consents=self._permits(victim, Purpose.TESTIMONY),
            assents=self._permits(victim, Purpose.TESTIMONY_ASSENT),
            protections=tuple(
                Protection(one.state not in UNDECIDED, one.state is MeasureState.REFUSED, bool(one.plan))
                for one in required
                if one.state not in SETTLED
            ),
            takings=tuple(self._takings(asked, law)),
            unavailable=tuple(Window(one.from_at, one.until_at) for one in kept if one.hard),
            better_not=tuple(Window(one.from_at, one.until_at) for one in kept if not one.hard),
            accused=tuple(self._accused(asked)),
            helpers=tuple(self._helper(id, asked) for id in asked.all_resources if id in self.resources),
        )

    def _permits(self, victim: Victim | None, purpose: Purpose) -> tuple[Permit, ...]:
        rows = [] if victim is None else self.consents.get(victim.id, [])
        return tuple(Permit(one.given_at, one.expires_on, one.withdrawn_at) for one in rows if one.purpose is purpose)

    def _knowing(self, asked: Asked) -> set[UUID]:
        """The cases that know the witness."""
        victim = asked.testimony.victim_id
        return {asked.testimony.case_id, *(self.hers.get(victim, ()) if victim else ())}

    def _helper(self, id: UUID, asked: Asked) -> Helper:
        one = self.resources[id]
        other_side = bool(self.other_side.get(id, set()) & self._knowing(asked))
        return Helper(str(id), one.kind, id in self.tied, other_side, tuple(one.languages), one.gender)

    def _accused(self, asked: Asked) -> Iterable[Accused]:
        cases, hers = self._knowing(asked), set(asked.all_resources)
        for one, hearing in self.attendances:
            if one.case_id not in cases and not {one.vehicle_id, one.waiting_area_id} & hers:
                continue
            yield Accused(
                Window(one.arrives_at or hearing.starts_at, one.leaves_at or hearing.ends_at),
                leaves=one.leaves_at is not None,
                same_court=one.case_id in cases and _occupancy.place_of(hearing.court) == asked.place,
                vehicle=str(one.vehicle_id) if one.vehicle_id else None,
                waiting_area=str(one.waiting_area_id) if one.waiting_area_id else None,
            )

    def _takings(self, asked: Asked, law: Jurisdiction) -> Iterable[Taking]:
        travel = timedelta(minutes=law.sittings.travel)
        hearing = asked.source.partition("/")[0]
        for key in (*asked.keys, *asked.around):
            what, resource = self._what(key, asked)
            moves = resource.kind in MOVING if resource else what in (WITNESS, PERSON)
            buffer = timedelta(minutes=resource.buffer) if resource else timedelta(0)
            for row in self.occupied.get(key, ()):
                if row.source in (asked.source, hearing):
                    continue
                here = row.place == asked.place
                prepares = row.source.startswith("preparation:")
                yield Taking(
                    what,
                    Window(row.from_at, row.until_at if here else row.elsewhere_at),
                    margin=buffer if here or not moves else buffer + travel,
                    stays=what == WITNESS or what in STAYING,
                    here=here,
                    by_witness=prepares or "/" in row.source,
                    in_preparation=prepares,
                )

    def _what(self, key: str, asked: Asked) -> tuple[str, Resource | None]:
        if key == asked.testimony.who:
            return WITNESS, None
        kind, _colon, id = key.partition(":")
        if kind == "resource":
            resource = self.resources[UUID(id)]
            return resource.kind, resource
        return {"user": PERSON, "room": ROOM, "link": LINK, "stand": STAND}[kind], None

    def _names_shelter(self, asked: Asked, case: Case) -> bool:
        """Whether a place, or what is written of the session, gives away a shelter or where she sleeps."""
        victim = asked.testimony.victim_id
        secret = [*self.shelters.get(case.office_id, ()), *(self.addresses.get(victim, ()) if victim else ())]
        court = [asked.hearing.court, asked.hearing.room or ""] if asked.hearing else []
        named = [self.resources[id].name for id in asked.all_resources if id in self.resources]
        open_ = _plain(" ".join([*court, *named, asked.text]))
        return any(f" {one} " in f" {open_} " for one in secret if len(one) >= TELLING)


def _plain(text: str) -> str:
    """Words alone, in small letters."""
    return " ".join(re.findall(r"\w+", text.casefold()))


def _lines(address: str) -> list[str]:
    """The parts of an address that tell where it is: all of it, and its first line."""
    first = re.split(r"[,\n;]", address, maxsplit=1)[0]
    # A first part without a number may be no more than a town.
    return [_plain(address), *([_plain(first)] if re.search(r"\d", first) else [])]
