"""The custody of an item in words: the verdict's, the figures', the faults', and its whole course in sentences."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from babel import dates
from flask_babel import get_locale, ngettext
from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l

from evidence_api.domain.chronicle import Fault, Handover, Mark, Period, Span, Verdict
from evidence_api.domain.custody import Custody, TransferState
from evidence_api.services.chronicle import Told
from web.texts import day, number, said, when

OPEN, CLOSE = "\u2068", "\u2069"
"""Set a name apart, so that its script does not turn the sentence round."""

MOST_FAULTS = 20


@dataclass(frozen=True, slots=True)
class Line:
    """A sentence, and what it means: custody, attention, broken or plain; of a fault, the entry that it names."""

    text: str
    meaning: str = "plain"
    seq: int | None = None


def figures(told: Told) -> Iterator[str]:
    """What a judge asks for, each a phrase: first who holds the item now."""
    chronicle = told.chronicle
    found, last = chronicle.figures, chronicle.periods[-1]
    yield str(_HELD[last.how]) % {"name": who(told, last.keeper), "day": date_of(last.since)}
    yield ngettext("%(num)s hand-over", "%(num)s hand-overs", found.handovers)
    yield ngettext("%(num)s person held it", "%(num)s people held it", found.people)
    yield lasted(chronicle.now - chronicle.periods[0].since)
    if found.reads:
        yield ngettext("read %(num)s time", "read %(num)s times", found.reads)
    if found.last_check is None:
        # Of a broken chain a check says so elsewhere: it takes no entry any more.
        if chronicle.verdict is not Verdict.BROKEN:
            yield _("never checked")
    else:
        ago = dates.format_timedelta(
            found.last_check.at - chronicle.now, threshold=0.95, add_direction=True, locale=get_locale() or "en_GB"
        )
        yield _("last checked %(ago)s", ago=ago) if found.last_check.passed else _("last check failed %(ago)s", ago=ago)


def lasted(span: timedelta) -> str:
    if span >= timedelta(days=2):
        return str(ngettext("%(count)s day", "%(count)s days", span.days, count=number(span.days)))
    lasted: str = dates.format_timedelta(span, threshold=0.95, locale=get_locale() or "en_GB")
    return lasted


_HELD = {
    Custody.IN_CUSTODY: _l("held by %(name)s since %(day)s"),
    Custody.CHECKED_OUT: _l("checked out, with %(name)s since %(day)s"),
    Custody.AT_COURT: _l("at court, with %(name)s since %(day)s"),
    None: _l("who holds it is not known since %(day)s"),
}

WORDS = {
    Verdict.UNBROKEN: _l("Unbroken"),
    Verdict.ATTENTION: _l("Unbroken, with remarks"),
    Verdict.BROKEN: _l("Broken"),
}

_FAULTS = {
    "missing": _l("Entry %(seq)s is missing: it was removed, or never kept. Who held the item then cannot be told."),
    "missing_more": _l("Entries are missing from entry %(seq)s on. Who held the item then cannot be told."),
    "unreadable": _l("Entry %(seq)s cannot be read: its bytes were altered. Who held the item then cannot be told."),
    "not_following": _l(
        "Entry %(seq)s does not follow from the one before it: one of the two was edited, inserted or removed."
    ),
    "tail_cut": _l("The end of the chain is gone. Who has held the item since cannot be told."),
    "head_differs": _l("The end of the chain is not the one that was recorded. The last entry may have been edited."),
    "head_missing": _l("The record of the chain's end is gone. Later entries may have been removed."),
    "other_log": _l("Entry %(seq)s comes from another ledger."),
    "time_back": _l("Entry %(seq)s says an earlier time than the one before it."),
    "clock_fault": _l("Entry %(seq)s was recorded while the clock is declared to have been wrong."),
    "column_differs": _l("The index of entry %(seq)s was altered. The entry itself is told here as its bytes say."),
    "key_missing": _l("The key that opens the private facts of this chain is missing."),
    "disclosure": _l("A private fact of the chain was altered or removed, and no erasure is recorded."),
    "out_of_course": _l("Entry %(seq)s records an act that was not possible then, on %(at)s."),
    "unnamed": _l("Entry %(seq)s does not say who held the item from then on."),
    "check_failed": _l("The last check failed, on %(at)s: the item or its chain does not match what was recorded."),
    "quarantined": _l("The item has been in quarantine since %(at)s: it did not match what was recorded of it."),
    "was_quarantined": _l("The item was in quarantine from %(at)s, until a supervisor checked and released it."),
    "device_differs": _l("The digest that the device computed is not that of the file received; noted on %(at)s."),
    "offer_open": _l("A hand-over offered on %(at)s is neither accepted nor refused."),
    "overdue": _l("The item should have been back by %(at)s."),
    "other": _l("The check of the chain found a fault."),
}


def faults(faults: Sequence[Fault]) -> Iterator[Line]:
    """What is amiss, the worst first; of very many, the first."""
    yield from map(_fault, faults[:MOST_FAULTS])
    more = len(faults) - MOST_FAULTS
    if more > 0:
        worst = "broken" if faults[MOST_FAULTS].broken else "attention"
        yield Line(ngettext("There is %(num)s fault more.", "There are %(num)s faults more.", more), worst)


def marked(faults: Sequence[Fault]) -> Mapping[int, list[Line]]:
    marks: dict[int, list[Line]] = {}
    for fault in faults:
        if fault.seq is not None:
            marks.setdefault(fault.seq, []).append(_fault(fault))
    return marks


def _fault(fault: Fault) -> Line:
    sentence = str(_FAULTS.get(fault.code, _FAULTS["other"]))
    known = {"seq": "?" if fault.seq is None else number(fault.seq), "at": moment_of(fault.at)}
    return Line(sentence % known, "broken" if fault.broken else "attention", fault.seq)


def moment_of(moment: datetime | None) -> str:
    return str(when(moment).striptags()) if moment is not None else "?"


def date_of(moment: datetime) -> str:
    return str(day(moment).striptags())


def who(told: Told, id: str | None) -> str:
    """A person's user name, set apart."""
    if id is None:
        return str(_("the system"))
    name = "".join(c for c in told.names.get(id, "") if c.isprintable())
    return f"{OPEN}{name}{CLOSE}" if name else str(_("a person unknown here (%(id)s)", id=id[:8]))


# The sentences.


def alternative(told: Told) -> list[Line]:
    """The whole picture in sentences, in the order of what happened."""
    found: list[tuple[datetime, int, Line]] = []
    chronicle = told.chronicle
    for period in chronicle.periods:
        found.append((period.since, 1, Line(_of_period(told, period), "broken" if period.gap else "custody")))
    for handover in chronicle.handovers:
        # An acceptance begins the period that follows it; an offer is made within one.
        rank, at = (2, handover.offered_at) if handover.offered_at else (0, handover.decided_at or chronicle.now)
        found.append((at, rank, Line(_of_handover(told, handover))))
    for mark in chronicle.marks:
        failed = mark.kind == "check" and not mark.passed
        found.append((mark.at, 3, Line(_of_mark(told, mark), "broken" if failed else "plain")))
    for span in chronicle.spans:
        found.append((span.since, 4, Line(_of_span(told, span), "attention" if span.kind == "quarantine" else "plain")))
    return [line for _at, _rank, line in sorted(found, key=lambda each: each[:2])]


def _of_period(told: Told, period: Period) -> str:
    until = None if period.until is None else moment_of(period.until)
    known = {"since": moment_of(period.since), "until": until, "name": who(told, period.keeper)}
    sentence = str(_PERIODS[period.how, until is None]) % known
    if period.said_at is not None:
        sentence += " " + _("It is said to have begun at %(at)s.", at=moment_of(period.said_at))
    if period.due_at is not None:
        sentence += " " + _("It should have been back by %(at)s.", at=moment_of(period.due_at))
    return sentence


_PERIODS = {
    (Custody.IN_CUSTODY, False): _l("From %(since)s to %(until)s: in the custody of %(name)s."),
    (Custody.IN_CUSTODY, True): _l("From %(since)s until now: in the custody of %(name)s."),
    (Custody.CHECKED_OUT, False): _l("From %(since)s to %(until)s: checked out, with %(name)s."),
    (Custody.CHECKED_OUT, True): _l("From %(since)s until now: checked out, with %(name)s."),
    (Custody.AT_COURT, False): _l("From %(since)s to %(until)s: at court, with %(name)s."),
    (Custody.AT_COURT, True): _l("From %(since)s until now: at court, with %(name)s."),
    (None, False): _l("Gap: from %(since)s to %(until)s it cannot be told who held the item."),
    (None, True): _l("Gap: from %(since)s until now it cannot be told who holds the item."),
}


def _of_handover(told: Told, handover: Handover) -> str:
    form = _HANDOVERS[handover.outcome] if handover.offered_at is not None else _UNOFFERED
    sentence = str(form) % {
        "giver": who(told, handover.giver) if handover.giver else _("somebody"),
        "receiver": who(told, handover.receiver) if handover.receiver else _("somebody"),
        "offered": moment_of(handover.offered_at),
        "decided": moment_of(handover.decided_at),
    }
    if handover.offered_by is not None:
        sentence += " " + _("It was offered by %(name)s in her place.", name=who(told, handover.offered_by))
    if handover.withdrawn_by is not None:
        sentence += " " + _("It was withdrawn by %(name)s in her place.", name=who(told, handover.withdrawn_by))
    return sentence


_HANDOVERS = {
    TransferState.ACCEPTED: _l("Handed over by %(giver)s to %(receiver)s: offered %(offered)s, accepted %(decided)s."),
    TransferState.REFUSED: _l("Offered by %(giver)s to %(receiver)s %(offered)s, and refused %(decided)s."),
    TransferState.WITHDRAWN: _l("Offered by %(giver)s to %(receiver)s %(offered)s, and withdrawn %(decided)s."),
    TransferState.OFFERED: _l("Offered by %(giver)s to %(receiver)s %(offered)s, and not accepted yet."),
    None: _l("Offered by %(giver)s to %(receiver)s %(offered)s. What became of it cannot be told."),
}

_UNOFFERED = _l("A hand-over from %(giver)s to %(receiver)s was decided %(decided)s. Its offer is not in the chain.")


def _of_mark(told: Told, mark: Mark) -> str:
    known = {"at": moment_of(mark.at), "until": moment_of(mark.until), "name": who(told, mark.by), "count": mark.count}
    match mark.kind:
        case "check" if mark.passed:
            return str(_("Checked %(at)s by %(name)s: it matched.", **known))
        case "check":
            return str(_("Checked %(at)s by %(name)s: it did not match.", **known))
        case "device_digest" if mark.passed:
            return str(_("Compared with the device's digest %(at)s by %(name)s: the same.", **known))
        case "device_digest":
            return str(_("Compared with the device's digest %(at)s by %(name)s: not the same.", **known))
        case "view" | "download" if mark.count > 1:
            known["act"] = said(f"evidence:{mark.kind}")
            return str(_("%(act)s %(count)s times by %(name)s, from %(at)s to %(until)s.", **known))
        case "name_reader" | "drop_reader":
            known |= {"act": said(f"evidence:{mark.kind}"), "about": who(told, mark.about)}
            return str(_("%(act)s %(at)s by %(name)s: %(about)s.", **known))
    known["act"] = said(f"evidence:{mark.kind}")
    return str(_("%(act)s %(at)s by %(name)s.", **known))


def _of_span(told: Told, span: Span) -> str:
    known = {
        "since": moment_of(span.since),
        "until": None if span.until is None else moment_of(span.until),
        "by": who(told, span.by),
        "ended_by": who(told, span.ended_by),
    }
    return str(_SPANS[span.kind, span.until is None]) % known


_SPANS = {
    ("quarantine", False): _l("In quarantine from %(since)s to %(until)s; released by %(ended_by)s."),
    ("quarantine", True): _l("In quarantine since %(since)s."),
    ("hold", False): _l("Under legal hold from %(since)s, set by %(by)s, to %(until)s, lifted by %(ended_by)s."),
    ("hold", True): _l("Under legal hold since %(since)s, set by %(by)s."),
}


# The drawing.
