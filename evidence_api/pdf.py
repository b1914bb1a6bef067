"""Pages for paper, as PDF: a title, paragraphs and tables, at the foot the number of each page. Nothing is fetched.

Letters are set in Noto Sans, or DejaVu Sans, where one is installed, and each further script in its own Noto font;
HarfBuzz joins and orders them. Without such fonts there are only the Latin letters that every reader of PDF brings:
any other becomes a question mark, and the last page says so.
"""

import logging
import unicodedata
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from functools import cache
from pathlib import Path

from fpdf import FPDF
from fpdf.enums import Align, TableBordersLayout, VAlign, XPos, YPos

FOLDERS = (Path("/usr/share/fonts"), Path("/usr/local/share/fonts"), Path.home() / ".local/share/fonts")
FAMILIES = ("NotoSans", "DejaVuSans")
UNSHAPED = frozenset({"Latin", "Greek", "Cyrillic"})
"""Scripts whose letters stand side by side as they are, and which the base font has."""
RIGHT_TO_LEFT = frozenset({"ar", "fa", "he", "ps", "ur"})
NUMBER = "Page {page} of {pages}"
UNKNOWN = "? stands for a letter for which no font is installed."
LONGEST = 500
"""Characters of a cell: one that were higher than its page could not be set."""
_PLAIN = str.maketrans({"–": "-", "—": "-", "’": "'", "‘": "'", "“": '"', "”": '"', "…": "..."})

logging.getLogger("fontTools").setLevel(logging.WARNING)


class Heading(str):
    """A heading between two parts."""


@dataclass(frozen=True, slots=True)
class Table:
    """A table: the names of its columns, its rows, and how wide each column is beside the others."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    widths: Sequence[int]


Block = str | Table


def document(
    title: str,
    blocks: Iterable[Block],
    *,
    made_at: datetime,
    foot: str = "",
    number: str = NUMBER,
    unknown: str = UNKNOWN,
    language: str = "en",
) -> bytes:
    """The pages, A4 and broad. `foot` stands at the bottom of each, beside its `number`; `unknown` at the end, where
    letters are missing; `language` (BCP 47) is that of the words round the contents."""
    sheet = _Sheet(title, list(blocks), foot, number, unknown, language)
    sheet.set_creation_date(made_at)
    return sheet.set()


class _Sheet(FPDF):
    def __init__(self, title: str, blocks: list[Block], foot: str, number: str, unknown: str, language: str) -> None:
        super().__init__(orientation="landscape", format="A4")
        self.blocks: list[Block] = [_Title(title), *blocks]
        self.foot = foot
        self.number = number
        self.unknown = unknown
        self.turned = language.partition("-")[0] in RIGHT_TO_LEFT
        self.set_title(title)
        self.set_lang(language)
        self.set_margins(15, 15)
        self.set_auto_page_break(True, margin=20)
        self.latin_only = not self._add_fonts()

    def _add_fonts(self) -> bool:
        """Add what the contents need; whether anything but Latin letters can be set."""
        base = next((name for name in FAMILIES if f"{name}-Regular" in installed() or name in installed()), None)
        if base is None:
            self.set_font("Helvetica", size=10)
            return False
        regular = installed().get(f"{base}-Regular") or installed()[base]
        self.add_font("base", "", regular)
        self.add_font("base", "B", installed().get(f"{base}-Bold", regular))
        scripts = _scripts(self._words())
        own = [script for script in scripts if f"NotoSans{script}-Regular" in installed()]
        for script in own:
            self.add_font(script, "", installed()[f"NotoSans{script}-Regular"])
        self.set_fallback_fonts([script.lower() for script in own], exact_match=False)
        # It takes five times as long.
        self.set_text_shaping(not scripts <= UNSHAPED)
        self.set_font("base", size=10)
        return True

    def _words(self) -> str:
        within = [
            "\n".join([*block.head, *(cell for row in block.rows for cell in row)])
            if isinstance(block, Table)
            else block
            for block in self.blocks
        ]
        return "\n".join([*within, self.foot, self.number, self.unknown])

    def set(self) -> bytes:
        """All of it."""
        self.add_page()
        missing = self.latin_only and any(self._said(c) == "?" != c for c in set(self._words()))
        for block in [*self.blocks, *([self.unknown] if missing else [])]:
            if isinstance(block, Table):
                self._table(block)
            else:
                self._paragraph(block)
        pages = self.pages_count
        # The foot comes last, as nobody knows before how many pages there are.
        self.set_auto_page_break(False)
        for page in range(1, pages + 1):
            self.page = page
            self._foot(self.number.format(page=page, pages=pages))
        return bytes(self.output())

    def _paragraph(self, text: str) -> None:
        size = 16 if isinstance(text, _Title) else 12 if isinstance(text, Heading) else 10
        self.set_font(style="B" if size > 10 else "", size=size)
        if size == 12:
            self.ln(4)
        align = Align.R if self.turned else Align.L
        self.multi_cell(0, text=self._said(text), align=align, new_x=XPos.LMARGIN, new_y=YPos.NEXT)
        self.ln(2)

    def _table(self, table: Table) -> None:
        self.set_font(style="", size=9)
        turn = -1 if self.turned else 1
        with self.table(
            col_widths=list(table.widths)[::turn],
            text_align=Align.R if self.turned else Align.L,
            v_align=VAlign.T,
            borders_layout=TableBordersLayout.HORIZONTAL_LINES,
            line_height=5,
            padding=1,
        ) as made:
            for row in (table.head, *table.rows):
                made.row([self._said(_cell(cell)) for cell in row][::turn])
        self.ln(3)

    def _foot(self, number: str) -> None:
        # A size that is set already is not written again, though each page has its own.
        self.set_font(style="", size=9)
        self.set_font(style="", size=8)
        first, last = (number, self.foot) if self.turned else (self.foot, number)
        for text, align in ((first, Align.L), (last, Align.R)):
            self.set_xy(self.l_margin, -14)
            self.cell(0, 5, self._said(text), align=align)

    def _said(self, text: str) -> str:
        """The text, as far as the fonts can set it."""
        if not self.latin_only:
            return text
        return text.translate(_PLAIN).encode("latin-1", "replace").decode("latin-1")


class _Title(Heading):
    pass


def _cell(text: str) -> str:
    flat = " ".join(text.split())
    return flat if len(flat) <= LONGEST else f"{flat[: LONGEST - 1]}…"


def _scripts(text: str) -> set[str]:
    """The scripts beside the Latin one in which a text is written, as Noto names them, such as Khmer."""
    letters = {c for c in text if ord(c) > 0x2FF and unicodedata.category(c)[0] in "LM"}
    return {unicodedata.name(c, "").partition(" ")[0].title() for c in letters}


@cache
def installed() -> dict[str, Path]:
    """The fonts that are installed, by the names of their files."""
    return {found.stem: found for folder in FOLDERS if folder.is_dir() for found in folder.rglob("*.ttf")}
