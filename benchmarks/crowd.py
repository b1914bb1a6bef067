"""Many people and places, written straight into the tables, for reading to be measured on.

These rows have no acts behind them: no chain, no sealed fact. Only so that a timeline has something to tell, each
victim and each item has one entry, which continues nothing and would not verify.
"""

import random
import uuid
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from itertools import islice
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from benchmarks.machine import Office
from evidence_api.db import Base, new_id
from evidence_api.domain import care, case, custody, link, operation, perpetrator, venue, victim
from evidence_api.domain.pseudonyms import PSEUDONYMS
from evidence_api.domain.roles import OPERATOR, Role, Scope
from evidence_api.domain.search import Searched, misspellings, searchable, words
from evidence_api.index import held
from evidence_api.ledger.entry import Entry, encode, entry_hash, genesis, timestamp
from evidence_api.models import (
    Alert,
    Assignment,
    CareStep,
    Case,
    CaseActor,
    Episode,
    Evidence,
    LedgerEntry,
    Link,
    Operation,
    Partner,
    Perpetrator,
    Referral,
    RosterEntry,
    Search,
    SearchSpelling,
    SearchText,
    TimelineEvent,
    Venue,
    VenueTie,
    Victim,
    VictimCase,
    VictimTie,
)
from evidence_api.services import accounts
from evidence_api.work import begin

AT_ONCE = 5000
HERS = 5
"""Cases of the investigator and of the caseworker: the largest, and four typical ones."""


@dataclass(frozen=True)
class Size:
    """How many there are of each thing."""

    cases: int
    victims: int
    venues: int
    perpetrators: int
    items: int
    links: int

    def part(self, share: float) -> "Size":
        return Size(*(round(count * share) for count in self._counts()))

    def _counts(self) -> tuple[int, ...]:
        return self.cases, self.victims, self.venues, self.perpetrators, self.items, self.links


FULL = Size(cases=2000, victims=50_000, venues=20_000, perpetrators=20_000, items=100_000, links=100_000)
LARGEST = Size(cases=1, victims=2000, venues=100, perpetrators=100, items=2000, links=5000)
TYPICAL = Size(cases=1, victims=25, venues=10, perpetrators=10, items=50, links=50)
"""The largest case and a typical one, the same however much there is beside them."""


@dataclass(frozen=True)
class Crowd:
    """Who reads, and what: tokens by role, the two cases, and one item and two things of the largest."""

    tokens: dict[Role, str]
    largest: UUID
    typical: UUID
    item: UUID
    victim: UUID
    venue: UUID
    pseudonym: str


def crowd(office: Office, size: Size) -> Crowd:
    """Fill the office. The same each time, but for the ids."""
    tokens = {Role.INVESTIGATOR: office.token}
    people = {Role.INVESTIGATOR: office.user}
    for role in (Role.SUPERVISOR, Role.CASEWORKER):
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
    return Crowd(tokens, *filling.landmarks())


class _Filling:
    """One pass over the tables. What belongs to different cases comes in a mixed order, as it does with the years."""

    def __init__(self, connection: sa.Connection, office: Office, people: dict[Role, UUID], size: Size) -> None:
        self._connection, self._office, self._people, self._size = connection, office, people, size
        self._random = random.Random(4)  # noqa: S311 - the same rows each time
        self._now = datetime.now(UTC) - timedelta(days=1)
        self._vocabulary = [self._word() for _ in range(max(200, size.victims // 10))]

    def fill(self) -> None:
        size = self._size
        self._cases = [new_id() for _ in range(size.cases)]
        self._write(Case, map(self._case, self._cases, range(size.cases)))
        self._assign()
        self._victims = list(self._spread(size.victims, LARGEST.victims, TYPICAL.victims))
        self._write(Victim, map(self._victim, self._victims, range(size.victims)))
        self._write(VictimCase, self._known())
        self._venues = list(self._spread(size.venues, LARGEST.venues, TYPICAL.venues))
        self._write(Venue, map(self._venue, self._venues, range(size.venues)))
        self._perpetrators = list(self._spread(size.perpetrators, LARGEST.perpetrators, TYPICAL.perpetrators))
        self._write(Perpetrator, map(self._perpetrator, self._perpetrators, range(size.perpetrators)))
        self._items = list(self._spread(size.items, LARGEST.items, TYPICAL.items))
        self._write(Evidence, map(self._item, self._items, range(size.items)))
        self._of_case = {
            name: self._by_case(rows)
            for name, rows in (
                ("victim", self._victims),
                ("venue", self._venues),
                ("perpetrator", self._perpetrators),
                ("evidence", self._items),
            )
        }
        self._write(Link, self._links())
        self._write(Episode, map(self._episode, self._victims))
        self._write(VictimTie, self._victim_ties())
        self._write(VenueTie, self._venue_ties())
        self._operations()
        self._write(Search, self._searches())
        self._write(Alert, self._alerts())
        self._care()
        self._tell()
        self._index()

    def landmarks(self) -> tuple[UUID, UUID, UUID, UUID, UUID, str]:
        largest, typical = self._cases[0], self._cases[1]
        of = {name: ids[largest][-1] for name, ids in self._of_case.items()}
        last = next(number for number, (id, _) in enumerate(self._victims) if id == of["victim"])
        return largest, typical, of["evidence"], of["victim"], of["venue"], _pseudonym(last)

    # --- how ----------------------------------------------------------------------------------------------------------

    def _write(self, model: type[Base], rows: Iterable[dict[str, Any]]) -> None:
        left = iter(rows)
        while batch := list(islice(left, AT_ONCE)):
            self._connection.execute(sa.insert(model), batch)

    def _spread(self, count: int, of_largest: int, of_typical: int) -> Iterator[tuple[UUID, UUID]]:
        """An id and a case for each of so many things."""
        owners = [self._cases[0]] * of_largest
        owners += [case for case in self._cases[1:HERS] for _ in range(of_typical)]
        others = self._cases[HERS:]
        owners += [others[number % len(others)] for number in range(count - len(owners))]
        self._random.shuffle(owners)
        return ((new_id(), owner) for owner in owners)

    def _by_case(self, things: Sequence[tuple[UUID, UUID]]) -> dict[UUID, list[UUID]]:
        found: dict[UUID, list[UUID]] = {case: [] for case in self._cases}
        for id, owner in things:
            found[owner].append(id)
        return found

    def _word(self) -> str:
        return "".join(self._random.choice("bdghklmnprstvy") + self._random.choice("aeiou") for _ in range(4))

    def _text(self, *common: str) -> str:
        """A title as people give them: the same few words everywhere, a rare one, at times one in Khmer."""
        rare = self._random.choice(self._vocabulary)
        return " ".join([*common, rare, *(["ភ្នំពេញ"] if self._random.random() < 0.1 else [])])

    # --- what ---------------------------------------------------------------------------------------------------------

    def _case(self, id: UUID, number: int) -> dict[str, Any]:
        return {
            "id": id,
            "ref": f"BE-2020-{number:05}",
            "title": self._text("House"),
            "kind": case.CaseKind.SEX_TRAFFICKING,
            "country": "KH",
            "office_id": self._office.actor.office_id,
            "lead_id": self._people[Role.SUPERVISOR],
            "stage": case.Stage.INVESTIGATING,
            "created_at": self._now,
        }

    def _assign(self) -> None:
        at = {"assigned_at": self._now}
        people = [(self._people[role], role) for role in (Role.INVESTIGATOR, Role.CASEWORKER)]
        pairs = [(case, *person) for case in self._cases[:HERS] for person in people]
        self._write(Assignment, ({"case_id": c, "user_id": user, "role": role, **at} for c, user, role in pairs))
        self._actors = {case: uuid.uuid4() for case in self._cases}
        names = self._actors.items()
        self._write(CaseActor, ({"case_id": c, "user_id": self._office.user, "actor": name} for c, name in names))

    def _victim(self, thing: tuple[UUID, UUID], number: int) -> dict[str, Any]:
        missed = number % 10 == 0
        return {
            "id": thing[0],
            "office_id": self._office.actor.office_id,
            "case_id": thing[1],
            "pseudonym": _pseudonym(number),
            "gender": victim.Gender.FEMALE,
            "languages": ["km"],
            "identification": victim.Identification.CONFIRMED,
            "whereabouts": victim.Whereabouts.MISSED if missed else victim.Whereabouts.RESCUED,
            "care": victim.Care.ENGAGED,
            "created_at": self._now,
        }

    def _known(self) -> Iterator[dict[str, Any]]:
        """Every twentieth is known to a second case."""
        for number, (id, owner) in enumerate(self._victims):
            yield {"victim_id": id, "case_id": owner, "since": self._now}
            other = self._random.choice(self._cases[HERS:])
            if number % 20 == 0 and other != owner:
                yield {"victim_id": id, "case_id": other, "since": self._now}

    def _venue(self, thing: tuple[UUID, UUID], number: int) -> dict[str, Any]:
        states = list(venue.VenueState)
        return {
            "id": thing[0],
            "case_id": thing[1],
            "ref": f"BE-V{number}",
            "kind": venue.VenueKind.BROTHEL,
            "description": self._text("House", "behind", "market"),
            "area": f"Area {number % 50:02}",
            "country": ("KH", "TH")[number % 2],
            "state": states[number % len(states)],
            "created_at": self._now,
        }

    def _perpetrator(self, thing: tuple[UUID, UUID], number: int) -> dict[str, Any]:
        return {
            "id": thing[0],
            "case_id": thing[1],
            "ref": f"BE-P{number}",
            "alias": self._text(),
            "aliases": [self._random.choice(self._vocabulary)],
            "roles": ["keeper"],
            "gender": victim.Gender.MALE,
            "created_at": self._now,
        }

    def _item(self, thing: tuple[UUID, UUID], number: int) -> dict[str, Any]:
        largest = thing[1] == self._cases[0]
        return {
            "id": thing[0],
            "case_id": thing[1],
            "ref": f"BE-E{number}",
            "title": self._text("Footage", "of", "house"),
            "received_at": self._now,
            "captured_at": self._now - timedelta(minutes=number),
            "tag": f"T{number}",
            "place": "Shelf",
            "custodian_id": self._office.user,
            "collector_id": self._people[Role.CASEWORKER] if number % 2 or largest else self._office.user,
            "state": custody.Custody.IN_CUSTODY,
        }

    def _links(self) -> Iterator[dict[str, Any]]:
        """From the items of a case to what it knows, half of them to its victims. One item has a hundred, and so have
        one victim and one venue of the largest."""
        kinds = (link.LinkKind.VICTIM, link.LinkKind.VENUE, link.LinkKind.VICTIM, link.LinkKind.PERPETRATOR)
        for number, (id, owner) in enumerate(self._spread(self._size.links, LARGEST.links, TYPICAL.links)):
            kind = kinds[number % 4]
            items, targets = self._of_case["evidence"][owner], self._of_case[kind.value][owner]
            last = owner == self._cases[0] and number % 50 < 3
            yield {
                "id": id,
                "case_id": owner,
                "evidence_id": items[-1] if last else self._random.choice(items),
                "target_kind": kind,
                "target_id": targets[-1] if last else self._random.choice(targets),
                "relation": link.LinkRelation.SHOWS,
                "confidence": link.Confidence.CERTAIN,
                "made_by_id": self._office.user,
                "made_at": self._now,
            }

    def _episode(self, thing: tuple[UUID, UUID]) -> dict[str, Any]:
        return {
            "victim_id": thing[0],
            "case_id": thing[1],
            "venue_id": self._random.choice(self._of_case["venue"][thing[1]]),
            "started_on": date(2019, 1, 1),
            "exploitation": [],
            "means": [],
            "classification": victim.EpisodeClass.FIRST,
            "created_at": self._now,
        }

    def _victim_ties(self) -> Iterator[dict[str, Any]]:
        for id, owner in self._perpetrators:
            hers = self._random.choice(self._of_case["victim"][owner])
            sold = {"relation": perpetrator.Relation.SOLD, "since": self._now}
            yield {"perpetrator_id": id, "victim_id": hers, "case_id": owner, **sold}

    def _venue_ties(self) -> Iterator[dict[str, Any]]:
        for id, owner in self._venues:
            keeper = self._random.choice(self._of_case["perpetrator"][owner])
            kind = venue.VenueTieKind.KEEPER
            yield {"venue_id": id, "case_id": owner, "perpetrator_id": keeper, "kind": kind}

    def _operations(self) -> None:
        """One in each case, with five people on its roster."""
        held = [(new_id(), owner) for owner in self._cases]
        rows = [
            {
                "id": id,
                "case_id": owner,
                "ref": f"BE-O{number}",
                "kind": operation.OperationKind.RESCUE,
                "state": operation.OperationState.DONE,
                "venue_id": self._random.choice(self._of_case["venue"][owner]),
                "planner_id": self._office.user,
                "created_at": self._now,
            }
            for number, (id, owner) in enumerate(held)
        ]
        self._write(Operation, rows)
        roster = [(id, owner, one) for id, owner in held for one in self._of_case["victim"][owner][:5]]
        self._write(RosterEntry, ({"operation_id": o, "case_id": c, "victim_id": one} for o, c, one in roster))

    def _searches(self) -> Iterator[dict[str, Any]]:
        """Every tenth victim is sought; every second of these was found."""
        for number, (id, owner) in enumerate(self._victims[::10]):
            over = {"ended_at": self._now, "end": victim.SearchEnd.LOCATED} if number % 2 else _NOT_YET
            kind = victim.SearchKind.MISSED
            yield {"case_id": owner, "victim_id": id, "kind": kind, "opened_at": self._now, **over}

    def _alerts(self) -> Iterator[dict[str, Any]]:
        """One for every tenth victim, of which every second was noted."""
        for number, (id, owner) in enumerate(self._victims[5::10]):
            noted = {"noted_at": self._now if number % 2 else None}
            kind = victim.AlertKind.RE_ENTERED_AFTER_EXIT
            yield {"case_id": owner, "victim_id": id, "kind": kind, "raised_at": self._now, **noted}

    def _care(self) -> None:
        """For every victim one step that is overdue and one that is not due yet; every fifth waits for a partner."""
        offered = list(care.ServiceKind)
        partners = [new_id() for _ in range(max(20, self._size.victims // 100))]
        office = self._office.actor.office_id
        self._write(
            Partner,
            (
                {
                    "id": id,
                    "office_id": office,
                    "name": self._text("House", "of"),
                    "country": "KH",
                    "region": f"Area {number % 25:02}",
                    "offers": [offered[number % len(offered)]],
                    "languages": ["km"],
                    "genders": [],
                }
                for number, id in enumerate(partners)
            ),
        )
        due = (self._now - timedelta(days=2), self._now + timedelta(days=60))
        self._write(
            CareStep,
            (
                {
                    "victim_id": id,
                    "kind": care.StepKind.FOLLOW_UP,
                    "state": care.StepState.PLANNED,
                    "due_at": at + timedelta(seconds=self._random.randrange(86_400)),
                }
                for id, _owner in self._victims
                for at in due
            ),
        )
        self._write(
            Referral,
            (
                {
                    "victim_id": id,
                    "partner_id": partners[number % len(partners)],
                    "service": offered[number % len(offered)],
                    "region": f"Area {number % 25:02}",
                    "state": care.ReferralState.WAITING,
                    "asked_on": self._now.date(),
                }
                for number, (id, _owner) in enumerate(self._victims[::5])
            ),
        )

    def _tell(self) -> None:
        """An entry and an event for each victim and each item, and the capture of each item."""
        things = [("victim", "register", *thing) for thing in self._victims]
        things += [("evidence", "receive", *thing) for thing in self._items]
        first = (self._connection.execute(sa.select(sa.func.max(LedgerEntry.id))).scalar_one() or 0) + 1
        self._write(LedgerEntry, (self._entry(first + n, *thing) for n, thing in enumerate(things)))
        acts = (
            {
                "entry": first + number,
                "case_id": owner,
                "at": self._now,
                "action": f"{kind}:{verb}",
                "evidence_id": id if kind == "evidence" else None,
                "victim_id": id if kind == "victim" else None,
            }
            for number, (kind, verb, id, owner) in enumerate(things)
        )
        self._write(TimelineEvent, acts)
        captures = (
            {
                "case_id": owner,
                "at": self._now - timedelta(minutes=number),
                "action": "evidence:captured",
                "evidence_id": i,
            }
            for number, (i, owner) in enumerate(self._items)
        )
        self._write(TimelineEvent, captures)
        if self._connection.dialect.name == "postgresql":
            sequence = "SELECT setval(pg_get_serial_sequence('ledger_entry', 'id'), max(id)) FROM ledger_entry"
            self._connection.exec_driver_sql(sequence)

    def _entry(self, number: int, kind: str, verb: str, id: UUID, owner: UUID) -> dict[str, Any]:
        log, subject, now = self._office.site.origin, f"{kind}:{id}", timestamp(self._now)
        entry = Entry(
            log=log,
            id=str(uuid.uuid4()),
            subject=subject,
            seq=0,
            prev=genesis(log, subject),
            action=f"{kind}:{verb}",
            actor=str(self._actors[owner]),
            role="investigator",
            auth="session+totp",
            recorded_at=now,
            occurred_at=now,
            data={"case": str(owner)},
            commitments={},
        )
        body = encode(entry)
        return {
            "id": number,
            "body": body,
            "entry_id": UUID(entry.id),
            "subject": subject,
            "seq": 0,
            "prev": entry.prev,
            "hash": entry_hash(body),
            "action": entry.action,
            "recorded_at": self._now,
            "case_id": owner,
        }

    def _index(self) -> None:
        """What the gate would have written of the rows for the search."""
        found: list[tuple[UUID, Searched]] = []
        models: tuple[Any, ...] = (Case, Victim, Venue, Perpetrator, Evidence, Partner)
        spelt = {word.lower() for word in PSEUDONYMS} | {"house", "footage", "behind", "market"} | set(self._vocabulary)
        known: dict[UUID, list[UUID]] = {}
        for hers, owner in self._connection.execute(sa.select(VictimCase.victim_id, VictimCase.case_id)):
            known.setdefault(hers, []).append(owner)
        for model in models:
            for row in self._connection.execute(sa.select(model)):
                thing = model(**{name: value for name, value in row._mapping.items() if name != "version"})
                if thing.searched is not None and thing.id != self._office.case:
                    found.append((thing.id, thing.searched))
        self._random.shuffle(found)
        self._write(SearchText, (_searched(id, searched, known.get(id)) for id, searched in found))
        pairs = {(wrong, word) for word in spelt for wrong in misspellings(word)}
        self._write(SearchSpelling, ({"misspelling": wrong, "word": word} for wrong, word in sorted(pairs)))


_NOT_YET = {"ended_at": None, "end": None}


def _pseudonym(number: int) -> str:
    return f"{PSEUDONYMS[number % len(PSEUDONYMS)]} {1000 + number // len(PSEUDONYMS)}"


def _searched(id: UUID, searched: Searched, known: Sequence[UUID] | None) -> dict[str, Any]:
    text = searchable((searched.ref, *searched.texts))
    return {
        "kind": searched.kind,
        "row_id": id,
        "ref": " ".join(words(searched.ref)) if searched.ref else None,
        "text": text,
        "tokens": held(searched, text, known or searched.cases),
    }
