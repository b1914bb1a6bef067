"""Charges as a table, in and out: a line for each sentence of each edition of a count, or one where there is none.

What comes in is history: what courts did, on the word of the lawyer who brings it. Its entries say so, and nobody
counts as having approved it. A charge that never came before a court comes in as proposed, to be approved here.
"""

import unicodedata
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date, timedelta
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from evidence_api.db import new_id
from evidence_api.domain.charge import (
    APPEALABLE,
    BEFORE_COURT,
    CONVICTIONS,
    FINDINGS,
    ChargeState,
    PleaKind,
    Running,
    SentenceKind,
    VerdictKind,
    WithdrawalCode,
)
from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.jurisdiction import Jurisdiction
from evidence_api.domain.sentences import sentence
from evidence_api.domain.table import Row
from evidence_api.ledger.entry import Fact
from evidence_api.models import Case, Charge, Perpetrator, Plea, Sentence, Verdict
from evidence_api.policy import Permission
from evidence_api.services._charges import law_of, misfits
from evidence_api.services._checks import in_order, not_after_today, office_day
from evidence_api.services._pages import page
from evidence_api.work import Work, act_on

_C = ChargeState

FILED = BEFORE_COURT | APPEALABLE | {_C.QUASHED, _C.WARRANT_OUTSTANDING}
"""It came before a court."""
SETTLED = frozenset(FINDINGS) | {_C.WITHDRAWN, _C.QUASHED, _C.ABATED}
"""There is a day on which it became so."""
OF_COURT = ("filed_on", "court_ref", "plea", "pleaded_on", "decided_on", "convicted_of", "appeal_until")
DAYS = frozenset({"offence_from", "offence_until", "filed_on", "pleaded_on", "decided_on"})
KEPT = (
    *("statute", "particulars", "offence_from", "offence_until"),
    *("filed_on", "court", "court_ref", "held_from", "withdrawal"),
)
IMPOSED = ("days", "for_life", "amount", "currency", "running", "suspended", "imposed_on", "sentence_note")

NOT_OF_CHARGE = frozenset({"case_ref", "perpetrator", "count", "edition", "sentence", *IMPOSED})


# --- in ---------------------------------------------------------------------------------------------------------------


@dataclass(slots=True)
class _Edition:
    """An edition of a count as a table says it: what its rows say of it, the row that says each thing, its sentences.
    `sure` is false where a row about the same count cannot be read, so that nothing is said of what seems missing."""

    perpetrator: Perpetrator
    count: int
    edition: int
    rows: list[Row]
    said: dict[str, Any]
    by: dict[str, Row]
    imposed: list[tuple[Row, dict[str, Any]]]
    sure: bool

    @property
    def state(self) -> ChargeState:
        return ChargeState(self.said.get("disposition", _C.PROPOSED))

    @property
    def stood(self) -> ChargeState:
        """Its state, or where a warrant stopped it."""
        return (
            ChargeState(self.said.get("held_from", self.state)) if self.state is _C.WARRANT_OUTSTANDING else self.state
        )

    def wrong(self, name: str, told: str) -> None:
        """Something is wrong with what it says, or should say: at the row that says it, else at its first."""
        self.by.get(name, self.rows[0]).errors.setdefault(name, []).append(told)


@act_on(Case, Permission.CHARGE_WRITE)
def bring_in(work: Work, case: Case, *, rows: Sequence[Row]) -> None:
    """Put all that a table says into a case; or say at each row what is wrong with it, and write nothing."""
    law = law_of(work, case.id)
    counts = _gathered(work, case, rows)
    for editions in counts:
        for one in editions:
            _check(work, law, one)
        _check_order(editions)
    _check_new(work, case, counts)
    if not any(row.errors for row in rows):
        _write(work, case, law, counts)


def _gathered(work: Work, case: Case, rows: Sequence[Row]) -> list[list[_Edition]]:
    """What the rows say, by count in the order of the table, each with its editions in theirs."""
    people = _people(work, case)
    unread = set[tuple[UUID | None, str | None]]()
    for row in rows:
        found = people.get(_plain(row.texts.get("perpetrator", "")), [])
        if not row.errors:
            _match(case, row, found)
        if row.errors:
            unread |= {(one.id, row.texts.get("count")) for one in found} or {(None, row.texts.get("count"))}
    counts: dict[tuple[UUID, int], dict[int, _Edition]] = {}
    for row in rows:
        if row.errors:
            continue
        (whom,) = people[_plain(row.said["perpetrator"])]
        count, edition = row.said["count"], row.said.get("edition", 1)
        sure = not unread & {(whom.id, str(count)), (None, str(count))}
        editions = counts.setdefault((whom.id, count), {})
        _add(editions.setdefault(edition, _Edition(whom, count, edition, [], {}, {}, [], sure)), row)
    return [[editions[number] for number in sorted(editions)] for editions in counts.values()]


def _people(work: Work, case: Case) -> dict[str, list[Perpetrator]]:
    """Who is suspected in the case, by ref and by name."""
    found: dict[str, list[Perpetrator]] = {}
    for one in work.session.scalars(work.query(Perpetrator).where(Perpetrator.case_id == case.id)):
        for name in {_plain(one.ref), _plain(one.alias)}:
            found.setdefault(name, []).append(one)
    return found


def _plain(name: str) -> str:
    return unicodedata.normalize("NFC", name).strip().casefold()


def _match(case: Case, row: Row, found: Sequence[Perpetrator]) -> None:
    if not found:
        row.errors["perpetrator"] = ["Nobody in this case has this name or reference. Register her or him first."]
    elif len(found) > 1:
        refs = [one.ref for one in found]
        row.errors["perpetrator"] = [sentence("Several have this name. Give one of: {choices}.", choices=refs)]
    if _plain(row.said.get("case_ref", case.ref)) != _plain(case.ref):
        row.errors["case_ref"] = ["This row is of another case. Take it out, and import it there."]


def _add(one: _Edition, row: Row) -> None:
    """Put what a row says to what those before it say of the same edition."""
    first = one.rows[0] if one.rows else None
    one.rows.append(row)
    for name, value in row.said.items():
        if name in NOT_OF_CHARGE:
            continue
        if one.said.setdefault(name, value) != value:
            told = "Line {line} says otherwise of the same charge. Make both the same."
            row.errors[name] = [sentence(told, line=one.by[name].line)]
        one.by.setdefault(name, row)
    given = {name: row.said[name] for name in IMPOSED if row.said.get(name) not in (None, False)}
    if "sentence" in row.said:
        one.imposed.append((row, given))
    elif given:
        row.errors["sentence"] = ["Say of what kind the sentence is."]
    elif first is not None:
        told = "Line {line} is about the same charge, and this one has no sentence of its own. Take it out."
        row.errors["count"] = [sentence(told, line=first.line)]


def _check(work: Work, law: Jurisdiction, one: _Edition) -> None:
    """What a table says of an edition holds together, as it must where a charge is taken step by step."""
    said, state = one.said, one.state
    if state is _C.APPROVED:
        one.wrong("disposition", "It is approved here, by another person. Write that it is proposed.")
        return
    if "statute" not in said:
        one.wrong("statute", "Fill this in.")
        return
    for name in ("statute", "convicted_of"):
        if said.get(name, said["statute"]) not in law.statutes:
            told = "There is no such statute in the jurisdiction of this case. Give one of: {choices}."
            one.wrong(name, sentence(told, choices=list(law.statutes)))
    if (state is _C.WITHDRAWN) != ("withdrawal" in said):
        one.wrong("withdrawal", "Say why it was withdrawn, and only where it was.")
    if (state is _C.WARRANT_OUTSTANDING) != ("held_from" in said) or one.stood not in BEFORE_COURT | {state}:
        choices = sorted(BEFORE_COURT)
        told = "Only where a warrant is outstanding, say how it stood then. Give one of: {choices}."
        one.wrong("held_from", sentence(told, choices=choices))
    _check_court(one)
    _check_days(work, one)
    _check_sentences(work, one)
    _check_window(work, law, one)


def _check_court(one: _Edition) -> None:
    """It says what there must be of the court, and nothing that there cannot be."""
    said, state = one.said, one.state
    if state is _C.PROPOSED:
        for name in said.keys() & OF_COURT:
            one.wrong(name, "A charge that is proposed has none of this. Say what became of it, or leave this out.")
        return
    if state in FILED or "filed_on" in said or "plea" in said:
        for name in {"filed_on", "court_ref"} - said.keys():
            one.wrong(name, "It came before a court. Fill this in.")
    if ("plea" in said) != ("pleaded_on" in said):
        one.wrong("pleaded_on" if "plea" in said else "plea", "Give both the plea and its day.")
    if one.stood is _C.PLEADED and "plea" not in said:
        one.wrong("plea", "Fill this in.")
    if one.stood is _C.FILED and "plea" in said:
        one.wrong("plea", "It has been pleaded to. Say so in what became of it.")
    if one.stood in SETTLED and "decided_on" not in said:
        one.wrong("decided_on", "Fill this in.")
    if one.stood not in SETTLED and "decided_on" in said:
        one.wrong("decided_on", "It is not decided. Leave this out, or say what became of it.")
    other = said.get("convicted_of", said["statute"]) != said["statute"]
    if one.stood is _C.CONVICTED_LESSER and not other:
        one.wrong("convicted_of", "Give the lesser offence of which the court convicted.")
    elif other and one.stood not in CONVICTIONS - {_C.CONVICTED}:
        one.wrong("convicted_of", "Only a conviction of a lesser offence names another statute.")


def _check_days(work: Work, one: _Edition) -> None:
    said = one.said
    for name in sorted(DAYS & said.keys()):
        _tell(one, name, not_after_today, work, **{name: said[name]})
    if "offence_until" in said and "offence_from" not in said:
        one.wrong("offence_from", "Give its first day too.")
    offence = said.get("offence_until", said.get("offence_from"))
    for name, before in (
        ("offence_until", said.get("offence_from")),
        ("filed_on", offence),
        ("pleaded_on", said.get("filed_on")),
        ("decided_on", said.get("filed_on", offence)),
        ("appeal_until", said.get("decided_on")),
    ):
        if before is not None:
            _tell(one, name, in_order, name, before, said.get(name))


def _tell(one: _Edition, name: str, check: Callable[..., None], *args: Any, **days: date) -> None:
    try:
        check(*args, **days)
    except InvalidInput as error:
        for told in error.errors[name]:
            one.wrong(name, told)


def _check_sentences(work: Work, one: _Edition) -> None:
    if one.imposed and one.state not in CONVICTIONS:
        row = one.imposed[0][0]
        row.errors["sentence"] = ["A sentence comes of a conviction. Say that there was one, or leave it out."]
    if one.state in (_C.SENTENCED, _C.FINAL) and not one.imposed and one.sure:
        one.wrong("sentence", "It is sentenced. Give at least one sentence.")
    for row, given in one.imposed:
        wrong = misfits(
            row.said["sentence"],
            given.get("days"),
            given.get("amount"),
            given.get("currency"),
            given.get("for_life", False),
            given.get("running"),
            given.get("sentence_note"),
        )
        row.errors |= {"sentence_note" if name == "note" else name: told for name, told in wrong.items()}
        imposed_on = given.get("imposed_on")
        if imposed_on is None:
            row.errors["imposed_on"] = ["Fill this in."]
            continue
        try:
            not_after_today(work, imposed_on=imposed_on)
            in_order("imposed_on", one.said.get("decided_on", imposed_on), imposed_on)
        except InvalidInput as error:
            row.errors |= error.errors


def _check_window(work: Work, law: Jurisdiction, one: _Edition) -> None:
    if "appeal_until" in one.said and one.state not in APPEALABLE:
        one.wrong("appeal_until", "Only what a court decided can be appealed. Leave this out.")
    until = _window(law, one)
    if one.state is _C.FINAL and until is not None and until >= office_day(work):
        told = "It can be appealed until {day}. It is final once that day is over."
        one.wrong("disposition", sentence(told, day=until.isoformat()))


def _window(law: Jurisdiction, one: _Edition) -> date | None:
    """The last day for an appeal: as it is said, else by the jurisdiction from the verdict or the last sentence on."""
    if one.state not in APPEALABLE or "decided_on" not in one.said:
        return None
    imposed = [given["imposed_on"] for _row, given in one.imposed if "imposed_on" in given]
    last = max(imposed, default=None) if one.state in (_C.SENTENCED, _C.FINAL) else None
    until: date = one.said.get("appeal_until", (last or one.said["decided_on"]) + timedelta(days=law.deadlines.appeal))
    return until


def _check_order(editions: Sequence[_Edition]) -> None:
    """Editions follow one another, and each but the last is superseded."""
    if not all(one.sure for one in editions):
        return
    for number, one in enumerate(editions, 1):
        if one.edition != number:
            one.wrong("edition", sentence("Edition {number} of this count is not in the table.", number=number))
            return
        if (one.state is _C.SUPERSEDED) != (number < len(editions)):
            one.wrong("disposition", "Every edition of a count is superseded but the last. Write it so.")


def _check_new(work: Work, case: Case, counts: Sequence[Sequence[_Edition]]) -> None:
    there = work.session.execute(sa.select(Charge.perpetrator_id, Charge.count).where(Charge.case_id == case.id))
    taken = {(perpetrator, count) for perpetrator, count in there}
    for editions in counts:
        if (editions[0].perpetrator.id, editions[0].count) in taken:
            told = "There is this count against this person already. Amend it, or give another number."
            editions[0].wrong("count", told)


def _write(work: Work, case: Case, law: Jurisdiction, counts: Sequence[Sequence[_Edition]]) -> None:
    made: list[tuple[Charge, _Edition]] = []
    for editions in counts:
        ref, before = f"{case.ref}-C{work.next_number(f'charge:{case.id}')}", None
        for one in editions:
            charge = Charge(
                id=new_id(),
                case_id=case.id,
                ref=ref if before is None else f"{ref}.{one.edition}",
                perpetrator_id=one.perpetrator.id,
                count=one.count,
                edition=one.edition,
                supersedes_id=before,
                state=one.state,
                decided_on=None if one.stood is _C.MISTRIAL else one.said.get("decided_on"),
                appeal_until=_window(law, one),
                proposer_id=work.actor.user_id,
                created_at=work.now,
                **{name: one.said[name] for name in KEPT if name in one.said},
            )
            before = charge.id
            made.append((charge, one))
    work.session.add_all(charge for charge, _one in made)
    work.session.flush()
    for charge, one in made:
        data = _record(work, charge, one)
        words: dict[str, Fact | float] = {name: one.said.get(name) for name in ("particulars", "court", "court_ref")}
        days = (charge.offence_from, charge.offence_until)
        begun, over = (day.isoformat() if day else None for day in days)
        facts = {"ref": charge.ref, **words, "offence_from": begun, "offence_until": over}
        work.record(charge, "charge:import", data=data, facts=facts)
        for row, given in one.imposed:
            _impose(work, charge, row.said["sentence"], given)


def _record(work: Work, charge: Charge, one: _Edition) -> dict[str, Fact]:
    """Write what the court found and the defendant answered; all that the entry may say in the clear."""
    data: dict[str, Fact] = {
        "perpetrator": str(charge.perpetrator_id),
        "statute": charge.statute,
        "count": charge.count,
        "edition": charge.edition,
        "state": charge.state.value,
        **({"supersedes": str(charge.supersedes_id)} if charge.supersedes_id else {}),
        **{name: one.said[name].value for name in ("withdrawal", "held_from", "plea") if name in one.said},
        **{name: one.said[name].isoformat() for name in ("filed_on", "pleaded_on", "decided_on") if name in one.said},
    }
    of = {"charge_id": charge.id, "case_id": charge.case_id}
    if "plea" in one.said:
        work.session.add(Plea(**of, plea=one.said["plea"], entered_on=one.said["pleaded_on"]))
    verdict = FINDINGS.get(one.stood)
    if verdict is not None:
        found = one.said.get("convicted_of", charge.statute)
        verdict = VerdictKind.CONVICTED_LESSER if found != charge.statute else verdict
        convicted = verdict in (VerdictKind.CONVICTED, VerdictKind.CONVICTED_LESSER)
        data |= {"verdict": verdict.value, **({"convicted_of": found} if convicted else {})}
        work.session.add(
            Verdict(
                **of,
                verdict=verdict,
                statute=found if convicted else None,
                decided_on=one.said["decided_on"],
                recorded_at=work.now,
            )
        )
    return data


def _impose(work: Work, charge: Charge, kind: SentenceKind, given: Mapping[str, Any]) -> None:
    said = {name.removeprefix("sentence_"): value for name, value in given.items()}
    imposed = Sentence(
        id=new_id(), charge_id=charge.id, case_id=charge.case_id, kind=kind, recorded_at=work.now, **said
    )
    work.session.add(imposed)
    running: Running | None = said.get("running")
    data: dict[str, Fact] = {
        "imported": True,
        "sentence": str(imposed.id),
        "kind": kind.value,
        "days": said.get("days"),
        "for_life": "for_life" in said,
        "suspended": "suspended" in said,
        "running": running.value if running else None,
        "imposed_on": said["imposed_on"].isoformat(),
    }
    work.record(charge, "charge:impose", data=data, facts={n: said.get(n) for n in ("amount", "currency", "note")})


# --- out --------------------------------------------------------------------------------------------------------------


@dataclass(frozen=True, slots=True)
class Line:
    """A line of the table that goes out. What an appeal took away, and what was struck, is not in it."""

    perpetrator: str
    count: int
    edition: int
    statute: str
    particulars: str | None
    offence_from: date | None
    offence_until: date | None
    disposition: ChargeState
    withdrawal: WithdrawalCode | None
    held_from: ChargeState | None
    filed_on: date | None
    court: str | None
    court_ref: str | None
    plea: PleaKind | None
    pleaded_on: date | None
    decided_on: date | None
    convicted_of: str | None
    appeal_until: date | None
    sentence: SentenceKind | None = None
    days: int | None = None
    for_life: bool | None = None
    amount: int | None = None
    currency: str | None = None
    running: Running | None = None
    suspended: bool | None = None
    imposed_on: date | None = None
    sentence_note: str | None = None


@act_on(Case, Permission.CHARGE_READ, read_only=True)
def lines(work: Work, case: Case, *, limit: int, cursor: UUID | None = None) -> tuple[list[Line], str | None]:
    """The charges of a case with what stands of each, the newest first; `limit` and `cursor` are of charges."""
    charges, following = page(work, work.query(Charge).where(Charge.case_id == case.id), Charge.id, limit, cursor)
    ids = [one.id for one in charges]
    names = _names(work, case)
    pleas = {one.charge_id: one for one in _of(work, Plea, ids)}
    verdicts = {one.charge_id: one for one in _of(work, Verdict, ids) if one.ended_at is None}
    imposed: dict[UUID, list[Sentence]] = {}
    for one in _of(work, Sentence, ids):
        if one.ended_at is None:
            imposed.setdefault(one.charge_id, []).append(one)
    found = []
    for charge in charges:
        whole = _line(charge, names[charge.perpetrator_id], pleas.get(charge.id), verdicts.get(charge.id))
        found += [_with(whole, one) for one in imposed.get(charge.id, ())] or [whole]
    return found, following


def _names(work: Work, case: Case) -> dict[UUID, str]:
    """What each is called in a table: by name, as in another case the refs are others; by ref where two have it."""
    people = _people(work, case).items()
    return {
        one.id: one.alias if len(of) == 1 else one.ref for name, of in people for one in of if name == _plain(one.alias)
    }


def _of(work: Work, model: Any, charges: Sequence[UUID]) -> Iterable[Any]:
    rows: Iterable[Any] = work.session.scalars(sa.select(model).where(model.charge_id.in_(charges)).order_by(model.id))
    return rows


def _line(charge: Charge, name: str, plea: Plea | None, verdict: Verdict | None) -> Line:
    other = verdict is not None and verdict.statute != charge.statute
    return Line(
        perpetrator=name,
        count=charge.count,
        edition=charge.edition,
        statute=charge.statute,
        particulars=charge.particulars,
        offence_from=charge.offence_from,
        offence_until=charge.offence_until,
        disposition=charge.state,
        withdrawal=charge.withdrawal,
        held_from=charge.held_from,
        filed_on=charge.filed_on,
        court=charge.court,
        court_ref=charge.court_ref,
        plea=plea.plea if plea else None,
        pleaded_on=plea.entered_on if plea else None,
        decided_on=charge.decided_on or (verdict.decided_on if verdict else None),
        convicted_of=verdict.statute if verdict is not None and other else None,
        appeal_until=charge.appeal_until if charge.state in APPEALABLE else None,
    )


def _with(whole: Line, imposed: Sentence) -> Line:
    return replace(
        whole,
        sentence=imposed.kind,
        days=imposed.days,
        for_life=imposed.for_life,
        amount=imposed.amount,
        currency=imposed.currency,
        running=imposed.running,
        suspended=imposed.suspended,
        imposed_on=imposed.imposed_on,
        sentence_note=imposed.note,
    )
