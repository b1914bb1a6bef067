"""The custody of an item as a picture: drawn here as SVG, wide and narrow; `telling` has the words.

Every person has the same width, however long she held the item: a busy first day is not squeezed away by three quiet
years. Each block says its dates, and how long it lasted.
"""

import math
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from flask_babel import gettext as _
from flask_babel import lazy_gettext as _l
from flask_babel import ngettext
from markupsafe import Markup, escape

from evidence_api.domain.chronicle import READS, Mark, Period, Span, Verdict
from evidence_api.domain.custody import TransferState
from evidence_api.services.chronicle import Told
from web.telling import CLOSE, OPEN, WORDS, Line, alternative, date_of, faults, figures, lasted, marked, moment_of, who
from web.texts import direction, said

WIDE, NARROW = 960, 340
COLUMNS = 4
HEIGHT = 86
MOST_BLOCKS, FIRST_BLOCKS = 20, 4
LINES = ("name", 19), ("how", 14), ("dates", 10)
"""The lines of a block, and the height of the script by which each is cut: names are bold, and dates are never cut."""
SIGNS, SIGNS_BELOW = ("passed", "failed"), ("read", "other")
"""What stands in the two lines of signs below a block; a line that has none is left out."""
LETTER = 0.52
NAMES = 24
"""How wide a letter is, in heights of the script, and the letters that two names have at a joint. What does not fit is
cut short; it is whole in the sentences."""


@dataclass(frozen=True, slots=True)
class Picture:
    """All that a page shows of an item's custody; see `_picture.html`.

    `faults` are the worst, `marks` all that name an entry, by its number. `folded`: the drawing leaves periods out.
    """

    verdict: Verdict
    word: str
    figures: list[str]
    faults: list[Line]
    marks: Mapping[int, list[Line]]
    svg: Markup
    lines: list[Line]
    folded: bool


def picture(told: Told) -> Picture:
    """The picture for who is asking, in her language and the office's zone."""
    return Picture(
        told.chronicle.verdict,
        str(WORDS[told.chronicle.verdict]),
        list(figures(told)),
        list(faults(told.chronicle.faults)),
        marked(told.chronicle.faults),
        draw(told),
        alternative(told),
        len(told.chronicle.periods) > MOST_BLOCKS,
    )


def draw(told: Told) -> Markup:
    """The picture twice, wide and narrow: the style sheet shows the one that fits."""
    blocks = _blocks(told)
    rtl = direction() == "rtl"
    wide, narrow = _Pen("wide", WIDE, rtl), _Pen("narrow", NARROW, rtl)
    heights = _draw_wide(told, blocks, wide), _draw_narrow(told, blocks, narrow)
    return Markup('<div class="custody-picture">{}{}</div>').format(
        wide.svg(told.chronicle.verdict, heights[0]), narrow.svg(told.chronicle.verdict, heights[1])
    )


class _Pen:
    """Draws in one direction, mirrored for scripts from right to left. Everything is escaped."""

    def __init__(self, layout: str, width: int, rtl: bool) -> None:
        self.layout, self.width, self.rtl = layout, width, rtl
        self.parts: list[Markup] = []

    def add(self, name: str, text: object = None, **attributes: object) -> None:
        inner = Markup("") if text is None else escape(text)
        given = Markup("").join(
            Markup(' {}="{}"').format(key.rstrip("_").replace("_", "-"), value) for key, value in attributes.items()
        )
        self.parts.append(Markup("<{}{}>{}</{}>").format(Markup(name), given, inner, Markup(name)))  # noqa: S704

    def x(self, x: float) -> str:
        return f"{self.width - x if self.rtl else x:.1f}"

    def box(self, x: float, y: float, width: float, height: float, kind: str, **attributes: object) -> None:
        left = self.width - x - width if self.rtl else x
        size = {"width": f"{width:.1f}", "height": f"{height:.1f}"}
        self.add("rect", x=f"{left:.1f}", y=f"{y:.1f}", **size, class_=kind, **attributes)

    def block(self, x: float, y: float, width: float, height: float, kind: str) -> None:
        """A period's block; a gap is hatched, with room for its words left clear."""
        if kind == "gap":
            self.box(x, y, width, height, "block gap", fill=f"url(#hatch-{self.layout})")
            self.box(x + 9, y + 9, width - 18, height - 18, "label")
        else:
            self.box(x, y, width, height, f"block {kind}")

    def line(self, x1: float, y1: float, x2: float, y2: float, kind: str) -> None:
        self.add("line", x1=self.x(x1), y1=f"{y1:.1f}", x2=self.x(x2), y2=f"{y2:.1f}", class_=kind)

    def text(self, x: float, y: float, text: str, kind: str, room: float, size: float) -> None:
        """A line of text from `x` on, cut short where there is no room."""
        text = _cut(text, max(4, int(room / size / LETTER)))
        self.add("text", text, x=self.x(x), y=f"{y:.1f}", class_=kind)

    def sign(self, x: float, y: float, kind: str) -> None:
        """One of the signs, about its middle."""
        self.add("path", d=_SIGNS[kind], transform=f"translate({self.x(x)} {y:.1f})", class_=f"sign {kind}")

    def svg(self, verdict: Verdict, height: float) -> Markup:
        title = _("Custody: %(verdict)s. The list below says the same in words.", verdict=WORDS[verdict])
        return Markup(
            '<svg class="{layout}" viewBox="0 0 {width} {height}" role="img" aria-labelledby="custody-{layout}"'
            ' direction="{direction}"><title id="custody-{layout}">{title}</title><defs>'
            '<pattern id="hatch-{layout}" width="8" height="8" patternUnits="userSpaceOnUse"'
            ' patternTransform="rotate(45)"><rect class="hatch" width="3" height="8"/></pattern></defs>{body}</svg>'
        ).format(
            layout=self.layout,
            width=self.width,
            height=int(height),
            direction="rtl" if self.rtl else "ltr",
            title=title,
            body=Markup("").join(self.parts),
        )


_SIGNS = {
    "passed": "M-5 0l4 4 7-9",
    "failed": "M-5-5l10 10M5-5l-10 10",
    "read": "M-3.5 0a3.5 3.5 0 1 0 7 0a3.5 3.5 0 1 0-7 0z",
    "other": "M0-5l5 5-5 5-5-5z",
    "attention": "M0-6v7M0 4.5v1",
    "quarantine": "M-5-5h10v10h-10zM-5 5l10-10",
    "hold": "M-4-1h8v6h-8zM-2.5-1v-2a2.5 2.5 0 0 1 5 0v2",
}


def _cut(text: str, most: int) -> str:
    """As much of a text as there is room for; a name that is set apart stays so."""
    if len(text) - 2 * text.count(OPEN) <= most:
        return text
    cut = text[: most - 1 + text[:most].count(OPEN)]
    return cut + "…" + CLOSE * (cut.count(OPEN) - cut.count(CLOSE))


@dataclass(frozen=True, slots=True)
class _Block:
    """One period as drawn; or, without a period, the many that are left out of the picture."""

    period: Period | None
    kind: str
    since: datetime
    until: datetime
    flag: tuple[str, str]
    lines: tuple[str, str, str]
    notes: Sequence[tuple[str, str]]
    marks: Sequence[tuple[str, datetime]]


def _blocks(told: Told) -> list[_Block]:
    chronicle = told.chronicle
    periods = chronicle.periods
    if len(periods) <= MOST_BLOCKS:
        return [_block(told, i) for i in range(len(periods))]
    last = MOST_BLOCKS - FIRST_BLOCKS - 1
    first, left_out, rest = periods[:FIRST_BLOCKS], periods[FIRST_BLOCKS:-last], periods[-last:]
    gaps = sum(period.gap for period in left_out)
    count = ngettext("%(num)s period more", "%(num)s periods more", len(left_out))
    lines = count, _("See the list below."), _span_of_days(left_out[0].since, rest[0].since)
    broken = [("failed", ngettext("%(num)s gap among them", "%(num)s gaps among them", gaps))] if gaps else []
    between = _Block(None, "left-out", left_out[0].since, rest[0].since, ("", ""), lines, broken, [])
    shown = [_block(told, i) for i in (*range(len(first)), *range(len(periods) - last, len(periods)))]
    return [*shown[: len(first)], between, *shown[len(first) :]]


def _block(told: Told, place: int) -> _Block:
    chronicle = told.chronicle
    period = chronicle.periods[place]
    until = period.until or chronicle.now
    after_gap = place > 0 and chronicle.periods[place - 1].gap and not period.gap

    def within(at: datetime | None) -> bool:
        return at is not None and period.since <= at and (period.until is None or at < period.until)

    marks = [mark for mark in chronicle.marks if within(mark.at)]
    how = _("Keeper not known") if period.how is None else said(period.how)
    lines = (
        _("Gap") if period.gap else who(told, period.keeper),
        _("%(how)s, %(lasted)s", how=how, lasted=lasted(until - period.since)),
        _span_of_days(period.since, period.until),
    )
    return _Block(
        period,
        "gap" if period.how is None else period.how.value.replace("_", "-"),
        period.since,
        until,
        (_("Known again from here") if after_gap else _began(told, period), moment_of(period.since)),
        lines,
        [*_notes(marks), *_offers(told, within, period)],
        [(_sign_of(mark), at) for mark in marks for at in {mark.at, mark.until}],
    )


def _span_of_days(since: datetime, until: datetime | None) -> str:
    if until is None:
        return str(_("since %(day)s", day=date_of(since)))
    if date_of(since) == date_of(until):
        return date_of(since)
    return str(_("%(since)s – %(until)s", since=date_of(since), until=date_of(until)))


def _began(told: Told, period: Period) -> str:
    if period.gap:
        return str(_("Not known from here"))
    if period.began == "accept":
        for handover in told.chronicle.handovers:
            if handover.decided_at == period.since and handover.giver and handover.receiver:
                giver, receiver = who(told, handover.giver), who(told, handover.receiver)
                if len(giver) + len(receiver) > NAMES + 4:
                    giver, receiver = _cut(giver, NAMES // 2), _cut(receiver, NAMES // 2)
                return str(_("%(giver)s to %(receiver)s", giver=giver, receiver=receiver))
    return said(f"evidence:{period.began}")


def _sign_of(mark: Mark) -> str:
    if mark.kind == "check" or (mark.kind == "device_digest" and mark.passed is False):
        return "passed" if mark.passed else "failed"
    return "read" if mark.kind in READS else "other"


def _notes(marks: Sequence[Mark]) -> Iterator[tuple[str, str]]:
    """What was done in a period, counted, each with its sign."""
    passed = sum(mark.kind == "check" and mark.passed is True for mark in marks)
    failed = sum(_sign_of(mark) == "failed" for mark in marks)
    reads = sum(mark.count for mark in marks if mark.kind in READS)
    others = sum(_sign_of(mark) == "other" for mark in marks)
    if failed:
        yield "failed", ngettext("%(num)s check failed", "%(num)s checks failed", failed)
    if passed:
        yield "passed", ngettext("%(num)s check passed", "%(num)s checks passed", passed)
    if reads:
        yield "read", ngettext("read %(num)s time", "read %(num)s times", reads)
    if others:
        yield "other", ngettext("%(num)s other act", "%(num)s other acts", others)


def _offers(told: Told, within: Callable[[datetime | None], bool], period: Period) -> Iterator[tuple[str, str]]:
    for handover in told.chronicle.handovers:
        if handover.outcome in _OFFERS and within(handover.offered_at):
            sign = "attention" if handover.outcome is TransferState.OFFERED else "other"
            yield sign, str(_OFFERS[handover.outcome]) % {"name": who(told, handover.receiver)}
    if period.until is None and period.due_at is not None:
        overdue = period.due_at < told.chronicle.now
        yield "attention" if overdue else "other", _("due back %(day)s", day=date_of(period.due_at))


_OFFERS = {
    TransferState.REFUSED: _l("refused by %(name)s"),
    TransferState.WITHDRAWN: _l("offer to %(name)s withdrawn"),
    TransferState.OFFERED: _l("offered to %(name)s"),
}


def _place(block: _Block, at: datetime, room: float) -> float:
    """Where a moment stands within a block, from its beginning."""
    whole = (block.until - block.since).total_seconds()
    share = (at - block.since).total_seconds() / whole if whole > 0 else 0.5
    return 12 + (room - 24) * min(1.0, max(0.0, share))


def _spread(places: Iterable[tuple[str, float]]) -> Iterator[tuple[str, float]]:
    """Signs of one kind that would stand on one another are drawn once."""
    last: dict[str, float] = {}
    for kind, x in sorted(places, key=lambda place: place[1]):
        if x - last.get(kind, -100) >= 14:
            last[kind] = x
            yield kind, x


def _draw_wide(told: Told, blocks: Sequence[_Block], pen: _Pen) -> float:
    columns = math.ceil(len(blocks) / math.ceil(len(blocks) / COLUMNS))
    room = (WIDE - 16) / columns
    y = 0.0
    for start in range(0, len(blocks), columns):
        y = _draw_row(told, blocks[start : start + columns], pen, room, y, ends=start + columns >= len(blocks))
    return y


def _draw_row(told: Told, row: Sequence[_Block], pen: _Pen, room: float, y: float, *, ends: bool) -> float:
    """One line of blocks: above each its flag, on it the signs, below it the spans and the notes. Where it ends."""
    top, height = y + 46, HEIGHT
    levels = [rank for rank in (SIGNS, SIGNS_BELOW) if any(kind in rank for block in row for kind, _at in block.marks)]
    signs = {kind: top + height + 14 + 14 * level for level, rank in enumerate(levels) for kind in rank}
    below = top + height + 14 * len(levels) + 16
    for i, block in enumerate(row):
        x = 8 + i * room
        pen.block(x, top, room, height, block.kind)
        for line, (text, (kind, size)) in enumerate(zip(block.lines, LINES, strict=True)):
            pen.text(x + 16, top + 30 + line * 20, text, kind, room - 32, size)
        if block.flag[1]:
            pen.line(x, y + 6, x, top + height, "stem gap" if block.kind == "gap" else "stem")
            pen.add("circle", cx=pen.x(x), cy=top, r=7, class_="joint gap" if block.kind == "gap" else "joint")
            pen.text(x + 8, y + 17, block.flag[0], "flag", room - 14, 14)
            pen.text(x + 8, y + 34, block.flag[1], "moment", room - 24, 13)
        for kind, place in _spread((kind, _place(block, at, room)) for kind, at in block.marks):
            pen.sign(x + place, signs[kind], kind)
    end, middle = 8 + len(row) * room, top + height / 2
    if ends:
        pen.line(end, top - 10, end, top + height + 10, "now")
    else:
        pen.line(end - 5, middle - 10, end + 5, middle, "goes-on")
        pen.line(end + 5, middle, end - 5, middle + 10, "goes-on")
    for kind, word in (("quarantine", _("Quarantine")), ("hold", _("Legal hold"))):
        spans = [span for span in told.chronicle.spans if span.kind == kind]
        shown = [found for span in spans if (found := _stretch(span, row, room)) is not None]
        for i, (begins, stops) in enumerate(shown):
            pen.box(begins, below, max(6, stops - begins), 6, f"span {kind}")
            if i == 0 or begins - shown[i - 1][0] > 110:
                pen.text(min(begins, WIDE - 118), below + 20, word, f"span-word {kind}", 200, 13)
        if shown:
            below += 30
    for i, block in enumerate(row):
        for line, (sign, text) in enumerate(block.notes):
            pen.sign(20 + i * room, below + 7 + line * 20, sign)
            pen.text(34 + i * room, below + 12 + line * 20, text, f"note {sign}", room - 36, 14)
    notes = max(len(block.notes) for block in row)
    return below + (20 * notes + 16 if notes else 4)


def _stretch(span: Span, row: Sequence[_Block], room: float) -> tuple[float, float] | None:
    """From where to where a span reaches in a line of blocks, if it does."""
    covered = [
        (i, block)
        for i, block in enumerate(row)
        if span.since < block.until and (span.until is None or span.until > block.since)
    ]
    if not covered:
        return None
    (first, begins), (last, stops) = covered[0], covered[-1]
    left = 8 + first * room + (_place(begins, span.since, room) if span.since > begins.since else 0)
    whole = span.until is None or span.until >= stops.until
    right = 8 + last * room + (room if whole or span.until is None else _place(stops, span.until, room))
    return left, right


def _draw_narrow(told: Told, blocks: Sequence[_Block], pen: _Pen) -> float:
    """From top to bottom, with the hand-overs as joints of the line on the side."""
    y, side, left = 4.0, 12, 30
    room = NARROW - left - 4
    for block in blocks:
        notes = [*block.notes, *_spans_in(told, block)]
        if block.flag[1]:
            pen.text(left, y + 14, block.flag[0], "flag", room, 14)
            pen.text(left, y + 31, block.flag[1], "moment", room, 13)
            pen.line(side, y + 12, side, y + 42, "rail gap" if block.kind == "gap" else "rail")
            pen.add("circle", cx=pen.x(side), cy=y + 12, r=7, class_="joint gap" if block.kind == "gap" else "joint")
            y += 42
        height = HEIGHT + 20 * len(notes) + (6 if notes else 0)
        pen.block(left, y, room, height, block.kind)
        for line, (text, (kind, size)) in enumerate(zip(block.lines, LINES, strict=True)):
            pen.text(left + 14, y + 30 + line * 20, text, kind, room - 28, size)
        for line, (sign, text) in enumerate(notes):
            pen.sign(left + 20, y + 90 + line * 20, sign)
            pen.text(left + 34, y + 95 + line * 20, text, f"note {sign}", room - 46, 14)
        pen.line(side, y, side, y + height + 14, "rail gap" if block.kind == "gap" else "rail")
        y += height + 14
    pen.line(side - 8, y, side + 8, y, "now")
    return y + 6


def _spans_in(told: Told, block: _Block) -> Iterator[tuple[str, str]]:
    words = {"quarantine": _("in quarantine"), "hold": _("under legal hold")}
    for kind, word in words.items():
        if any(span.kind == kind and _stretch(span, [block], 100) for span in told.chronicle.spans):
            yield kind, word
