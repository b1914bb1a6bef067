"""The custody of one item as its chain tells it: who held it and when, what was done with it, and what is amiss.

People are named as the chain names them. Moments are aware and in UTC. Nothing is believed that the entries do not
say: where an entry cannot be read, is missing or may have been edited, who held the item is a gap until an entry names
the custodian again.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from enum import StrEnum

from evidence_api.domain.custody import CUSTODY, RETURNING, TAKING, Custody, TransferState

READS = frozenset({"view", "download"})
RECEIVED = frozenset({"ingest", "register"})
OFFER_STANDS = timedelta(hours=24)
SITTING = timedelta(days=1)
MAX_MARKS = 5000

UNREADABLE, MISSING, MISSING_MORE, NOT_FOLLOWING = "unreadable", "missing", "missing_more", "not_following"
END_IN_DOUBT = frozenset({"tail_cut", "head_differs", "head_missing"})
"""What a verification finds of the end of a chain: its last entry was edited, or others after it are gone."""


class Verdict(StrEnum):
    """What is to be said of the custody, in one word."""

    UNBROKEN = "unbroken"
    ATTENTION = "attention"
    BROKEN = "broken"


@dataclass(frozen=True, slots=True)
class Act:
    """One entry of the chain. `verb` is its action without the subject's kind; `due_at` is when a thing taken should be
    back; `occurred_at` is when it is said to have happened, `at` when it was recorded."""

    seq: int
    verb: str
    actor: str | None
    at: datetime
    occurred_at: datetime
    data: Mapping[str, str | int | bool | None]
    due_at: datetime | None = None


@dataclass(slots=True)
class Reads:
    """Entries that do nothing but read, one right after another: from `seq` to `last`, from `at` to `until`.

    `marks` are they, as they will be told, in the order in which each began.
    """

    seq: int
    last: int
    at: datetime
    until: datetime
    marks: list["Mark"] = field(default_factory=list)
    open: dict[tuple[str | None, str], int] = field(default_factory=dict)

    def take(self, act: Act) -> None:
        """Count one more."""
        self.last, self.until = act.seq, act.at
        key = act.actor, act.verb
        i = self.open.get(key)
        if i is not None and act.at - self.marks[i].until <= SITTING:
            self.marks[i] = replace(self.marks[i], until=act.at, count=self.marks[i].count + 1)
            return
        self.open[key] = len(self.marks)
        self.marks.append(Mark(act.verb, act.seq, act.at, act.actor, act.at))


class Acts(list[Act | Reads]):
    """The acts of a chain, as they pass by: memory is kept for the reads of a person, not for each one."""

    def take(self, act: Act, *, doubted: bool) -> None:
        """The next one. One that is `doubted` stands alone, as does what does not follow on the one before."""
        if act.verb not in READS or doubted:
            self.append(act)
            return
        before = self[-1] if self else None
        if not isinstance(before, Reads) or act.seq != before.last + 1 or act.at < before.until:
            before = Reads(act.seq, act.seq, act.at, act.at)
            self.append(before)
        before.take(act)


@dataclass(frozen=True, slots=True)
class Finding:
    """What a verification of the chain found, by code; `warning` for what is declared and explained."""

    code: str
    seq: int | None = None
    warning: bool = False


@dataclass(frozen=True, slots=True)
class Fault:
    """Something amiss, by code: `broken`, or to be attended to. `at` is the moment that it speaks of, if any."""

    code: str
    broken: bool
    seq: int | None = None
    at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Period:
    """From `since` to before `until` (None: until now) one person held the item. Without a keeper it is a gap.

    `began` is the verb of the act that began it, `said_at` when that act is said to have happened, if not when it was
    recorded.
    """

    keeper: str | None
    how: Custody | None
    since: datetime
    until: datetime | None
    seq: int
    began: str
    said_at: datetime | None = None
    due_at: datetime | None = None

    @property
    def gap(self) -> bool:
        return self.keeper is None


@dataclass(frozen=True, slots=True)
class Handover:
    """An offer from one person to another and its outcome; None where that cannot be told. `offered_by` and
    `withdrawn_by` are a supervisor's, where she acted in the giver's place."""

    giver: str | None
    receiver: str | None
    offered_at: datetime | None
    decided_at: datetime | None
    outcome: TransferState | None
    seq: int
    offered_by: str | None = None
    withdrawn_by: str | None = None


@dataclass(frozen=True, slots=True)
class Mark:
    """An act that leaves the keeper as she is. Reads of one person at most a day apart are one mark, `at` to `until`.

    `passed` is the outcome of a check or of the comparison with the device's digest; `about` is the person named.
    """

    kind: str
    seq: int
    at: datetime
    by: str | None
    until: datetime
    count: int = 1
    passed: bool | None = None
    about: str | None = None


@dataclass(frozen=True, slots=True)
class Span:
    """The item was in quarantine, or under legal hold, from `since` to before `until` (None: it still is)."""

    kind: str
    since: datetime
    until: datetime | None
    by: str | None
    ended_by: str | None = None


@dataclass(frozen=True, slots=True)
class Figures:
    """The figures that a judge asks for. `days` are whole ones since receipt."""

    handovers: int
    people: int
    days: int
    last_check: Mark | None
    reads: int
    readers: int


@dataclass(frozen=True, slots=True)
class Chronicle:
    """The whole picture. The periods follow one another without overlap, from receipt until `now`."""

    periods: tuple[Period, ...]
    handovers: tuple[Handover, ...]
    marks: tuple[Mark, ...]
    spans: tuple[Span, ...]
    faults: tuple[Fault, ...]
    figures: Figures
    now: datetime

    @property
    def verdict(self) -> Verdict:
        if any(fault.broken for fault in self.faults):
            return Verdict.BROKEN
        return Verdict.ATTENTION if self.faults else Verdict.UNBROKEN


def chronicle(acts: Sequence[Act | Reads], findings: Sequence[Finding], now: datetime) -> Chronicle:
    """Tell the custody from all readable entries, by `seq`, and from what a verification found.

    Beyond 5,000 marks, reads are counted but not told one by one.
    """
    teller = _Teller(acts, findings, now)
    for act, times in zip(acts, teller.times, strict=True):
        teller.take(act, *times)
    return teller.told()


class _Teller:
    """Goes through a chain and keeps who holds the item."""

    def __init__(self, acts: Sequence[Act | Reads], findings: Sequence[Finding], now: datetime) -> None:
        self.acts, self.now = acts, now
        self.findings = findings
        self.unreadable = {f.seq for f in findings if f.code == UNREADABLE}
        self.loose = {f.seq for f in findings if f.code == NOT_FOLLOWING}
        self.end_in_doubt = any(f.code in END_IN_DOUBT for f in findings)
        self.times = self._times()
        self.last = self.times[0][0] if acts else now
        self.expected = 0
        self.state: Custody | None = None
        self.lender: str | None = None
        self.periods: list[Period] = []
        self.handovers: list[Handover] = []
        self.pending: Handover | None = None
        self.marks: list[Mark] = []
        self.reads: dict[tuple[str | None, str], int] = {}
        self.left_out = 0
        self.after_holes: set[int] = set()
        self.spans: list[Span] = []
        self.faults: list[Fault] = []

    def _times(self) -> list[tuple[datetime, datetime, datetime]]:
        """When each act was recorded, from and to, never going back: a clock that was ahead is corrected by the acts
        after it. With each, the moment before which nothing after it was recorded."""
        doubted = {f.seq for f in self.findings if f.seq is not None and not f.warning}
        bounds, bound = [], self.now
        for act in reversed(self.acts):
            bounds.append(bound)
            if act.seq not in doubted:
                bound = min(bound, act.at)
        times = []
        floor = min(self.acts[0].at, bound) if self.acts else self.now
        for act, bound in zip(self.acts, reversed(bounds), strict=True):
            at = max(floor, min(act.at, bound))
            floor = max(at, min(act.until, bound)) if isinstance(act, Reads) else at
            times.append((at, floor, bound))
        return times

    def take(self, act: Act | Reads, at: datetime, until: datetime, bound: datetime) -> None:
        """Take the next act into account, recorded from `at` to `until`. What comes after it was from `bound` on."""
        holes = range(self.expected, act.seq)
        first = next((seq for seq in holes if seq not in self.unreadable), None)
        if first is not None:
            code = MISSING if act.seq == first + 1 else MISSING_MORE
            self.faults.append(Fault(code, True, first, self.last))
            self.after_holes.add(act.seq)
        if holes or act.seq in self.loose:
            self._lose(self.last, act.seq)
        if not self.periods and (isinstance(act, Reads) or act.verb not in RECEIVED):
            self._lose(at, act.seq)
        if isinstance(act, Reads):
            for mark in act.marks:
                began, ended = (max(at, min(moment, bound)) for moment in (mark.at, mark.until))
                self._read(replace(mark, at=began, until=ended))
        elif act.verb in READS:
            self._read(Mark(act.verb, act.seq, at, act.actor, at))
        elif act.verb in _TARGETS or act.verb in RECEIVED:
            self._move(act, at)
        else:
            self._note(act, at)
        self.expected, self.last = (act.last if isinstance(act, Reads) else act.seq) + 1, until

    def _lose(self, at: datetime, seq: int) -> None:
        self.state = self.lender = None
        self._turn(Period(None, None, at, None, seq, "gap"))

    def _turn(self, period: Period) -> None:
        """Begin a period. One that lasted no time at all is not told."""
        if self.periods and self.periods[-1].since == period.since:
            self.periods.pop()
        if self.periods:
            current = self.periods[-1]
            if (current.keeper, current.how) == (period.keeper, period.how):
                self.periods[-1] = replace(current, until=None)
                return
            self.periods[-1] = replace(current, until=period.since)
        self.periods.append(period)

    def _move(self, act: Act, at: datetime) -> None:
        legal = self.state is None or any(s.action == act.verb and self.state in s.sources for s in CUSTODY.steps)
        named = act.data.get("custodian")
        keeper = named if isinstance(named, str) else None
        in_place_of = act.data.get("in_place_of")
        giver = in_place_of if isinstance(in_place_of, str) else act.actor
        stand_in = act.actor if isinstance(in_place_of, str) else None
        if act.verb in RECEIVED:
            legal = act.seq == 0
        elif act.verb in TAKING:
            self._close(None, at)
            self.lender = self._keeper
        elif act.verb in RETURNING:
            self._close(None, at)
            legal = legal and self.lender in (None, keeper)
        elif act.verb == "offer":
            legal = legal and self._keeper in (None, giver)
            receiver = act.data.get("receiver")
            self._close(None, at)
            self.pending = Handover(
                giver, receiver if isinstance(receiver, str) else None, at, None, None, act.seq, stand_in
            )
            keeper = giver
        else:
            legal = self._decide(act, at, keeper, stand_in) and legal
            if act.verb in ("refuse", "withdraw"):
                # Nobody else holds it now than before; after a gap, who takes her offer back tells that it is hers.
                keeper = self._keeper or (giver if act.verb == "withdraw" else self.handovers[-1].giver)
        if not legal:
            self.faults.append(Fault("out_of_course", True, act.seq, at))
        if keeper is None:
            self.faults.append(Fault("unnamed", True, act.seq, at))
            self._lose(at, act.seq)
            return
        self.state = Custody.IN_CUSTODY if act.verb in RECEIVED else _TARGETS[act.verb]
        how = Custody.IN_CUSTODY if self.state is Custody.OFFERED else self.state
        said_at = None if act.occurred_at == act.at else act.occurred_at
        self._turn(Period(keeper, how, at, None, act.seq, act.verb, said_at, act.due_at))

    def _decide(self, act: Act, at: datetime, keeper: str | None, stand_in: str | None) -> bool:
        """Close the offer that an act decides; whether it is one on this very offer."""
        outcome = TransferState(_OUTCOMES[act.verb])
        offer = self.pending
        if offer is None:
            giver = self._keeper or (act.actor if act.verb == "withdraw" else None)
            receiver = None if act.verb == "withdraw" else keeper or act.actor
            self.pending = Handover(giver, receiver, None, None, None, act.seq)
        self._close(outcome, at, stand_in)
        return offer is None or outcome is not TransferState.ACCEPTED or offer.receiver == keeper

    def _close(self, outcome: TransferState | None, at: datetime, withdrawn_by: str | None = None) -> None:
        if self.pending is not None:
            decided_at = None if outcome is None else at
            self.handovers.append(
                replace(self.pending, outcome=outcome, decided_at=decided_at, withdrawn_by=withdrawn_by)
            )
            self.pending = None

    @property
    def _keeper(self) -> str | None:
        return self.periods[-1].keeper if self.periods else None

    def _note(self, act: Act, at: datetime) -> None:
        match act.verb:
            case "verify":
                passed = "fail" not in (act.data.get("object"), act.data.get("chain"))
                self.marks.append(Mark("check", act.seq, at, act.actor, at, passed=passed))
            case "quarantine" | "hold":
                self.spans.append(Span(act.verb, at, None, act.actor))
            case "release" | "lift_hold":
                kind = "quarantine" if act.verb == "release" else "hold"
                for i, span in enumerate(self.spans):
                    if span.kind == kind and span.until is None:
                        self.spans[i] = replace(span, until=at, ended_by=act.actor)
                if act.verb == "release":
                    # The bytes were read again and the chain was checked, or it would not have been released.
                    self.marks.append(Mark("check", act.seq, at, act.actor, at, passed=True))
            case _:
                about, matches = act.data.get("reader"), act.data.get("matches")
                self.marks.append(
                    Mark(
                        act.verb,
                        act.seq,
                        at,
                        act.actor,
                        at,
                        passed=matches if isinstance(matches, bool) else None,
                        about=about if isinstance(about, str) else None,
                    )
                )

    def _read(self, read: Mark) -> None:
        key = read.by, read.kind
        i = self.reads.get(key)
        if i is not None:
            mark = self.marks[i]
            if read.at - mark.until <= SITTING and mark.at >= self.periods[-1].since:
                self.marks[i] = replace(mark, until=read.until, count=mark.count + read.count)
                return
        if len(self.marks) >= MAX_MARKS:
            self.left_out += read.count
            return
        self.reads[key] = len(self.marks)
        self.marks.append(read)

    def told(self) -> Chronicle:
        """The chronicle, once every act was taken."""
        if self.end_in_doubt or not self.acts or any(s is not None and s >= self.expected for s in self.unreadable):
            self._lose(self.last, self.expected)
        lost = self._keeper is None
        if self.pending is not None:
            if not lost and self.pending.offered_at is not None and self.now - self.pending.offered_at > OFFER_STANDS:
                self.faults.append(Fault("offer_open", False, self.pending.seq, self.pending.offered_at))
            self._close(None if lost else TransferState.OFFERED, self.now)
            self.handovers[-1] = replace(self.handovers[-1], decided_at=None)
        checks = [mark for mark in self.marks if mark.kind == "check"]
        self._judge(checks)
        reads = [mark for mark in self.marks if mark.kind in READS]
        figures = Figures(
            handovers=sum(h.outcome is TransferState.ACCEPTED for h in self.handovers),
            people=len({period.keeper for period in self.periods} - {None}),
            days=(self.now - self.periods[0].since).days,
            last_check=checks[-1] if checks else None,
            reads=sum(mark.count for mark in reads) + self.left_out,
            readers=len({mark.by for mark in reads}),
        )
        return Chronicle(
            tuple(self.periods),
            tuple(self.handovers),
            tuple(self.marks),
            tuple(self.spans),
            tuple(sorted(self.faults, key=lambda f: (not f.broken, -1 if f.seq is None else f.seq))),
            figures,
            self.now,
        )

    def _judge(self, checks: Sequence[Mark]) -> None:
        """What is amiss with the whole."""
        if checks and not checks[-1].passed:
            self.faults.append(Fault("check_failed", True, checks[-1].seq, checks[-1].at))
        for span in self.spans:
            if span.kind == "quarantine":
                code = "quarantined" if span.until is None else "was_quarantined"
                self.faults.append(Fault(code, span.until is None, None, span.since))
        for mark in self.marks:
            if mark.kind == "device_digest" and mark.passed is False:
                self.faults.append(Fault("device_differs", False, mark.seq, mark.at))
        due_at = self.periods[-1].due_at
        if due_at is not None and due_at < self.now:
            self.faults.append(Fault("overdue", False, self.periods[-1].seq, due_at))
        at = {act.seq: times[0] for act, times in zip(self.acts, self.times, strict=True)}
        known = {(fault.code, fault.seq) for fault in self.faults}
        # A verification blames the entry after the hole.
        known |= {(MISSING, seq) for seq in self.after_holes}
        for found in self.findings:
            if (found.code, found.seq) not in known:
                known.add((found.code, found.seq))
                self.faults.append(
                    Fault(found.code, not found.warning, found.seq, None if found.seq is None else at.get(found.seq))
                )


_TARGETS = {s.action: s.target for s in CUSTODY.steps if s.target is not None}
_OUTCOMES = {"accept": "accepted", "refuse": "refused", "withdraw": "withdrawn"}
