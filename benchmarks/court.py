"""Courts: how long the calendar of a month, the charges of a case and booking a witness take among many cases.

The rows are written straight into the tables, as in `benchmarks.crowd`: no act is behind them.
"""

import json
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from itertools import islice
from pathlib import Path
from random import Random
from statistics import quantiles
from time import perf_counter
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from benchmarks import machine, sending
from benchmarks.machine import Lacking, Office
from benchmarks.measure import Figure
from evidence_api.db import Base, new_id
from evidence_api.domain import case, charge, hearing, perpetrator, testimony, victim
from evidence_api.domain.calendar import View, shown
from evidence_api.domain.roles import OPERATOR, Role, Scope
from evidence_api.domain.scheduling import ResourceKind
from evidence_api.models import (
    Assignment,
    Attendance,
    Booking,
    Case,
    CaseActor,
    Charge,
    Consent,
    Hearing,
    Measure,
    Occupancy,
    Perpetrator,
    Plea,
    Resource,
    Sentence,
    Testimony,
    Unavailability,
    Verdict,
    Victim,
    VictimCase,
)
from evidence_api.services import _occupancy, accounts
from evidence_api.work import begin

MOST_MS = 100.0
"""What a request may take at p95."""

AT_ONCE = 5000
HERS = 50
"""Cases of the lawyer, the first of them the largest."""
COURTS = 20
ROOMS = 10
YEARS = 5
"""Over how many years the hearings lie, of which the last is still to come."""
SITS = 7
"""The hour (UTC) at which the hearing begins for which a witness is booked; nothing else is taken up then."""


@dataclass(frozen=True)
class Size:
    """How many there are of each thing; of the largest case, a hundred charges and sixty hearings."""

    cases: int = 10_000
    charges: int = 60_000
    hearings: int = 30_000
    bookings: int = 20_000
    resources: int = 200


QUICK = Size(500, 3000, 1500, 1000, 50)
LARGEST = {"charges": 100, "hearings": 60}
DEFENDANTS = 20
"""Of the largest case; two of every other."""


@dataclass(frozen=True)
class Docket:
    """Who asks, and about what: tokens by role, the largest case and a typical one, a witness who can be booked and one
    who cannot come, with what is booked."""

    tokens: dict[Role, str]
    largest: UUID
    typical: UUID
    free: UUID
    unavailable: UUID
    booking: bytes
    month: str


def court(folder: Path, quick: bool) -> list[Figure]:
    """Ask for all of it on SQLite and on PostgreSQL."""
    found = _measured("SQLite", folder / "sqlite", {}, quick)
    try:
        with machine.postgres(folder) as url:
            found += _measured("PostgreSQL", folder / "postgresql", {"DATABASE_URL": url}, quick)
    except Lacking as lacking:
        print(lacking)
    return found


def _measured(database: str, folder: Path, settings: dict[str, str], quick: bool) -> list[Figure]:
    rounds, count = (2, 10) if quick else (3, 40)
    with machine.office(folder, **settings) as office:
        began = perf_counter()
        docket = filled(office, QUICK if quick else Size())
        print(f"filled in {perf_counter() - began:.0f} s", flush=True)
        with machine.serving(office) as port:
            return [_figure(database, port, docket, asked, rounds, count) for asked in _asked(docket)]


@dataclass(frozen=True)
class Asked:
    """A request: who makes it, where, with what, and the status that is expected."""

    name: str
    role: Role
    path: str
    body: bytes | None = None
    status: int = 200


def _asked(docket: Docket) -> Iterator[Asked]:
    month, charges = f"/calendar?{docket.month}", "/cases/{}/charges/matrix"
    yield Asked("calendar of a month, lawyer", Role.LAWYER, month)
    yield Asked("calendar of a month of the whole office, supervisor", Role.SUPERVISOR, month)
    yield Asked("charges of a case, lawyer", Role.LAWYER, charges.format(docket.typical))
    yield Asked("charges of the largest case, lawyer", Role.LAWYER, charges.format(docket.largest))
    yield Asked("charges of the largest case, supervisor", Role.SUPERVISOR, charges.format(docket.largest))
    book = "/testimonies/{}/book"
    yield Asked("book a witness, lawyer", Role.LAWYER, book.format(docket.free), docket.booking)
    cannot = "a witness who cannot come, with other times, lawyer"
    yield Asked(cannot, Role.LAWYER, book.format(docket.unavailable), docket.booking, 409)


def _figure(database: str, port: int, docket: Docket, asked: Asked, rounds: int, count: int) -> Figure:
    """The p95 of all, and of each round, against what it may be; the median in the name."""
    headers = {"Authorization": f"Bearer {docket.tokens[asked.role]}", "Content-Type": "application/json"}

    def times(number: int) -> list[float]:
        return sending.times(port, headers, f"/api/v1{asked.path}", number, asked.body, asked.status)

    times(3)
    found = [times(count) for _ in range(rounds)]
    of_all = quantiles([one for of_round in found for one in of_round], n=20)
    p95 = tuple(quantiles(of_round, n=20)[18] / MOST_MS for of_round in found)
    said = f"{asked.name}, {database}: p50 {of_all[9]:.1f} ms, p95"
    print(f"{said} {of_all[18]:.1f} ms", flush=True)
    return Figure(said, "ms", MOST_MS, of_all[18], p95)


# --- what is asked about ----------------------------------------------------------------------------------------------


def filled(office: Office, size: Size) -> Docket:
    """Fill the office. The same each time, but for the ids and the days."""
    tokens, people = dict[Role, str](), dict[Role, UUID]()
    for role in (Role.SUPERVISOR, Role.LAWYER):
        with begin(office.site, OPERATOR) as work:
            added = accounts.add_user(work, username=f"bench-{role.value}", roles=[role], password=uuid.uuid4().hex)
            tokens[role] = accounts.add_token(work, added.user.id, scope=Scope.ALL, days=1, name="bench").secret
            people[role] = added.user.id
    with office.site.engine.begin() as connection:
        filling = _Filling(connection, office, people, size)
        filling.fill()
    with office.site.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        # PostgreSQL does so itself, a minute later.
        if connection.dialect.name == "postgresql":
            connection.exec_driver_sql("VACUUM ANALYZE")
    return filling.docket(tokens)


@dataclass
class _Filling:
    """One pass over the tables. What belongs to different cases comes in a mixed order, as it does with the years."""

    connection: sa.Connection
    office: Office
    people: dict[Role, UUID]
    size: Size
    random: Random = field(default_factory=lambda: Random(5))  # noqa: S311 - the same rows each time
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0) - timedelta(days=1))

    def fill(self) -> None:
        self.cases = [new_id() for _ in range(self.size.cases)]
        self._write(Case, map(self._case, range(self.size.cases)))
        people, at = self.people.items(), {"assigned_at": self.now}
        hers = [(id, user, role) for id in self.cases[:HERS] for role, user in people if role is Role.LAWYER]
        self._write(Assignment, ({"case_id": c, "user_id": user, "role": role, **at} for c, user, role in hers))
        self._write(CaseActor, ({"case_id": c, "user_id": user, "actor": uuid.uuid4()} for c, user, _role in hers))
        self._charges()
        self._resources()
        self._hearings()
        self._witnesses()
        self._attendances()
        self._asked()

    def docket(self, tokens: dict[Role, str]) -> Docket:
        first, last = shown(View.MONTH, self.day)
        begins = datetime.combine(self.day, time(SITS), UTC)
        booking = {
            "hearing": str(self.sits),
            "starts_at": begins.isoformat(),
            "ends_at": (begins + timedelta(minutes=45)).isoformat(),
            "arrives_at": (begins - timedelta(minutes=30)).isoformat(),
            "measures": ["screen", "interpreter"],
            "resources": [str(id) for id in self.kept],
        }
        free, unavailable = self.witnesses
        month = f"from={first}&to={last}"
        return Docket(tokens, self.cases[0], self.cases[1], free, unavailable, json.dumps(booking).encode(), month)

    def _write(self, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
        left = iter(rows)
        while batch := list(islice(left, AT_ONCE)):
            self.connection.execute(sa.insert(model), batch)

    def _owners(self, count: int, of_largest: int) -> list[UUID]:
        """A case for each of so many things."""
        owners = [self.cases[0]] * of_largest
        owners += [self.cases[1 + number % (len(self.cases) - 1)] for number in range(count - len(owners))]
        self.random.shuffle(owners)
        return owners

    def _case(self, number: int) -> dict[str, Any]:
        return {
            "id": self.cases[number],
            "ref": f"BE-2020-{number:05}",
            "title": f"House {number}",
            "kind": case.CaseKind.SEX_TRAFFICKING,
            "country": "KH",
            "office_id": self.office.actor.office_id,
            "lead_id": self.people[Role.SUPERVISOR],
            "stage": case.Stage.IN_TRIAL,
            "created_at": self.now,
        }

    def _charges(self) -> None:
        """Counts against the defendants of each case in turn: a third undecided, two thirds convicted and sentenced."""
        owners = [id for number, id in enumerate(self.cases) for _ in range(2 if number else DEFENDANTS)]
        self.defendants: dict[UUID, list[UUID]] = {id: [] for id in self.cases}
        rows = []
        for number, owner in enumerate(owners):
            self.defendants[owner].append(new_id())
            rows.append(
                {
                    "id": self.defendants[owner][-1],
                    "case_id": owner,
                    "ref": f"BE-P{number}",
                    "alias": f"Keeper {number}",
                    "aliases": [],
                    "roles": [perpetrator.PerpetratorRole.KEEPER.value],
                    "gender": victim.Gender.MALE,
                    "created_at": self.now,
                }
            )
        self._write(Perpetrator, rows)
        charges, so_far = list[dict[str, Any]](), dict.fromkeys(self.cases, 0)
        for number, owner in enumerate(self._owners(self.size.charges, LARGEST["charges"])):
            whom = self.defendants[owner]
            at, so_far[owner] = so_far[owner], so_far[owner] + 1
            decided = self.now.date() - timedelta(days=number % 1500) if number % 3 else None
            charges.append(
                {
                    "id": new_id(),
                    "case_id": owner,
                    "ref": f"BE-C{number}",
                    "perpetrator_id": whom[at % len(whom)],
                    "count": 1 + at // len(whom),
                    "edition": 1,
                    "statute": f"DEMO-{1 + number % 8}",
                    "state": charge.ChargeState.SENTENCED if decided else charge.ChargeState.IN_TRIAL,
                    "proposer_id": self.people[Role.LAWYER],
                    "approver_id": self.people[Role.SUPERVISOR],
                    "court": f"Court {number % COURTS}",
                    "court_ref": f"CC {number}",
                    "filed_on": date(2020, 1, 1),
                    "decided_on": decided,
                    "appeal_until": decided and decided + timedelta(days=30),
                    "created_at": self.now,
                }
            )
        self._write(Charge, charges)
        of = [{"charge_id": one["id"], "case_id": one["case_id"]} for one in charges]
        entered = {"plea": charge.PleaKind.NOT_GUILTY, "entered_on": date(2020, 2, 1)}
        self._write(Plea, ({**one, **entered} for one in of))
        decided_ = [(about, one) for about, one in zip(of, charges, strict=True) if one["decided_on"]]
        at_ = {"recorded_at": self.now}
        found = {"verdict": charge.VerdictKind.CONVICTED, **at_}
        self._write(
            Verdict,
            ({**a, **found, "statute": one["statute"], "decided_on": one["decided_on"]} for a, one in decided_),
        )
        kinds: Sequence[dict[str, Any]] = (
            {"kind": charge.SentenceKind.IMPRISONMENT, "days": 3650, "amount": None, "currency": None},
            {"kind": charge.SentenceKind.RESTITUTION, "days": None, "amount": 500_000, "currency": "USD"},
        )
        imposed = ({**a, **kind, **at_, "imposed_on": one["decided_on"]} for a, one in decided_ for kind in kinds)
        self._write(Sentence, imposed)

    def _resources(self) -> None:
        """Interpreters and vehicles in turn. Two are kept for the booking that is asked for, and are busy every day."""
        kinds = (ResourceKind.INTERPRETER, ResourceKind.VEHICLE)
        ids = [new_id() for _ in range(self.size.resources)]
        common = {"office_id": self.office.actor.office_id, "languages": ["km"], "created_at": self.now}
        rows = ({"id": id, "kind": kinds[n % 2], "name": f"Resource {n}", **common} for n, id in enumerate(ids))
        self._write(Resource, rows)
        self.kept, self.shared = ids[:2], ids[2:]

    def _hearings(self) -> None:
        """Two hours each, most of them held."""
        self.day = self.now.date() + timedelta(days=28)
        while self.day.isoweekday() > 5:
            self.day += timedelta(days=1)
        self.sits = new_id()
        self.hearings = [
            self._hearing(new_id(), owner, number, *self._at(number))
            for number, owner in enumerate(self._owners(self.size.hearings, LARGEST["hearings"]))
        ]
        begins = datetime.combine(self.day, time(SITS), UTC)
        own = self._hearing(self.sits, self.cases[1], self.size.hearings, begins, begins + timedelta(hours=3))
        self._write(Hearing, [*self.hearings, own])
        self._write(Occupancy, (self._taken(one, _room(one)) for one in self.hearings))

    def _at(self, number: int) -> tuple[datetime, datetime]:
        """Three of a day begin before the hearing that is asked about, whatever room they are in."""
        days = self.random.randrange(365 * YEARS) - 365 * (YEARS - 1)
        begins = datetime.combine(self.now.date() + timedelta(days=days), time(1 + number % 3), UTC)
        return begins, begins + timedelta(hours=2)

    def _hearing(self, id: UUID, owner: UUID, number: int, begins: datetime, ends: datetime) -> dict[str, Any]:
        return {
            "id": id,
            "case_id": owner,
            "ref": f"BE-H{number}",
            "kind": hearing.HearingKind.TRIAL,
            "state": hearing.HearingState.HELD if ends < self.now else hearing.HearingState.SCHEDULED,
            "court": f"Court {number % COURTS}",
            "room": f"Room {number % ROOMS}",
            "zone": "Asia/Phnom_Penh",
            "starts_at": begins,
            "ends_at": ends,
            "people": [],
            "created_at": self.now,
        }

    def _taken(self, one: dict[str, Any], key: str, source: str | None = None) -> dict[str, Any]:
        return {
            "key": key,
            "from_at": one["starts_at"],
            "until_at": one["ends_at"],
            "elsewhere_at": one["ends_at"] + timedelta(minutes=45),
            "place": _occupancy.place_of(one["court"]) if "court" in one else "elsewhere",
            "source": source or _occupancy.hearing_source(one["id"]),
            "case_id": one["case_id"],
        }

    def _witnesses(self) -> None:
        """A victim for every booked hearing, with her consent and two measures, and what is taken up by her."""
        booked = self.hearings[: self.size.bookings]
        asked = [{"id": self.sits, "case_id": self.cases[1], "ends_at": self.now + timedelta(days=60)}] * 2
        ids = [(new_id(), new_id(), one) for one in (*booked, *asked)]
        self.witnesses = [id for id, _victim, _one in ids[-2:]]
        at = {"created_at": self.now}
        common = {
            "office_id": self.office.actor.office_id,
            "gender": victim.Gender.FEMALE,
            "languages": ["km"],
            "minor": False,
            "identification": victim.Identification.CONFIRMED,
            "whereabouts": victim.Whereabouts.RESCUED,
            "care": victim.Care.ENGAGED,
            **at,
        }
        self._write(
            Victim,
            (
                {"id": v, "case_id": one["case_id"], "pseudonym": f"Heron {n}", **common}
                for n, (_, v, one) in enumerate(ids)
            ),
        )
        self._write(VictimCase, ({"victim_id": v, "case_id": one["case_id"], "since": self.now} for _, v, one in ids))
        consent = {"purpose": victim.Purpose.TESTIMONY, "scope": "In this trial", "given_at": self.now}
        self._write(Consent, ({"victim_id": v, **consent} for _, v, _one in ids))
        over, kind = testimony.TestimonyState.CONCLUDED, testimony.WitnessKind.VICTIM
        willing = testimony.TestimonyState.WILLING
        self._write(
            Testimony,
            (
                {
                    "id": id,
                    "case_id": one["case_id"],
                    "ref": f"BE-T{number}",
                    "witness_kind": kind,
                    "victim_id": hers,
                    "state": over if one["ends_at"] < self.now else willing,
                    "language": "km",
                    **at,
                }
                for number, (id, hers, one) in enumerate(ids)
            ),
        )
        protected = (testimony.MeasureKind.SCREEN, testimony.MeasureKind.INTERPRETER)
        granted = {"state": testimony.MeasureState.GRANTED, "required": True}
        self._write(
            Measure,
            (
                {"testimony_id": id, "case_id": one["case_id"], "kind": measure, **granted}
                for id, _, one in ids
                for measure in protected
            ),
        )
        bookings = [(new_id(), *one) for one in ids[: len(booked)]]
        self._write(Booking, (self._booking(number, *one) for number, one in enumerate(bookings)))
        self._write(Occupancy, self._taken_up(bookings))

    def _booking(self, number: int, id: UUID, of: UUID, _victim: UUID, one: dict[str, Any]) -> dict[str, Any]:
        return {
            "id": id,
            "testimony_id": of,
            "case_id": one["case_id"],
            "hearing_id": one["id"],
            "state": testimony.BookingState.PROVISIONAL,
            "starts_at": one["starts_at"],
            "ends_at": one["ends_at"],
            "measures": ["screen", "interpreter"],
            "people": [],
            "resources": [str(self.shared[number % len(self.shared)])],
            "created_at": self.now,
        }

    def _taken_up(self, bookings: Sequence[tuple[UUID, UUID, UUID, dict[str, Any]]]) -> Iterator[dict[str, Any]]:
        for number, (id, _of, hers, one) in enumerate(bookings):
            resource = _occupancy.resource_key(self.shared[number % len(self.shared)])
            for key in (f"victim:{hers}", resource, _occupancy.stand_key(one["id"])):
                yield self._taken(one, key, _occupancy.booking_source(one["id"], id))
        for days in range(-30, 30):
            begins = datetime.combine(self.day + timedelta(days=days), time(1), UTC)
            busy = {"starts_at": begins, "ends_at": begins + timedelta(hours=3), "case_id": self.cases[0]}
            for id in self.kept:
                yield self._taken(busy, _occupancy.resource_key(id), f"engagement:{new_id()}")

    def _attendances(self) -> None:
        """The first defendant comes to every hearing."""
        self._write(
            Attendance,
            (
                {
                    "hearing_id": one["id"],
                    "case_id": one["case_id"],
                    "perpetrator_id": self.defendants[one["case_id"]][0],
                }
                for one in self.hearings
            ),
        )

    def _asked(self) -> None:
        """The second of the witnesses who are asked about cannot come for ten days."""
        begins = datetime.combine(self.day, time(0), UTC)
        last = sa.select(Testimony).where(Testimony.id == self.witnesses[1])
        hers = self.connection.execute(last.with_only_columns(Testimony.victim_id)).scalar_one()
        cannot = {"who": f"victim:{hers}", "from_at": begins, "until_at": begins + timedelta(days=10), "hard": True}
        self._write(Unavailability, [{"testimony_id": self.witnesses[1], "case_id": self.cases[1], **cannot}])


def _room(one: dict[str, Any]) -> str:
    return _occupancy.room_key(one["court"], one["room"])
