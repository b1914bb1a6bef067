"""Tables as files of lines (CSV, RFC 4180): read from what any spreadsheet writes, and written so that none of their
cells is taken for a formula."""

import csv
import io
import re
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from evidence_api.domain.errors import InvalidInput
from evidence_api.domain.sentences import sentence

MOST_BYTES = 5 << 20
MOST_ROWS = 5_000
MOST_COLUMNS = 100
DELIMITERS = ",;\t|"
BOM = "\ufeff"

FORMULA = re.compile(r"'*[\s\u200b-\u200f\u2060\ufeff]*[=+\-@\t\r\n＝＋－＠]")
"""What spreadsheets may run (OWASP, CSV injection), with what they overlook before it, and with the mark by which
`neutral` has taken its force already."""


class TableKind(StrEnum):
    """What the rows of a table are."""

    VICTIMS = "victims"
    PERPETRATORS = "perpetrators"
    VENUES = "venues"
    CHARGES = "charges"
    ITEMS = "items"


class Encoding(StrEnum):
    """How the letters of a file are written, where it does not say so itself."""

    UTF_8 = "utf-8"
    UTF_16 = "utf-16"
    CP1252 = "cp1252"


@dataclass(frozen=True, slots=True)
class Table:
    """A header, and rows that are as long, each with the number of the line on which it begins."""

    header: list[str]
    rows: list[tuple[int, list[str]]]


@dataclass(slots=True)
class Row:
    """A row of a table: the line on which it begins, what it says by field, as it stands there and as the use case
    takes it, and what is wrong."""

    line: int
    texts: Mapping[str, str]
    said: Mapping[str, Any]
    errors: dict[str, list[str]] = field(default_factory=dict)


def neutral(cell: str) -> str:
    """The cell, with an apostrophe before it where a spreadsheet might take it for a formula. `plain` undoes it."""
    return f"'{cell}" if FORMULA.match(cell) else cell


def plain(cell: str) -> str:
    """The cell without the apostrophe of `neutral`, and no other."""
    return cell[1:] if cell.startswith("'") and FORMULA.match(cell, 1) else cell


def line(cells: Iterable[str]) -> str:
    """One line of a table, every cell neutral and in quotation marks."""
    made = io.StringIO()
    csv.writer(made, quoting=csv.QUOTE_ALL).writerow([neutral(cell) for cell in cells])
    return made.getvalue()


def decode(raw: bytes, stated: Encoding | None = None) -> str:
    """The text of a file, by its byte order mark, else as stated, else as UTF-8. Raises InvalidInput."""
    for mark, name in ((b"\xef\xbb\xbf", "utf-8-sig"), (b"\xff\xfe", "utf-16"), (b"\xfe\xff", "utf-16")):
        if raw.startswith(mark):
            return _decoded(raw, name)
    # Without a mark, programs on Windows write the lower byte first.
    return _decoded(raw, "utf-16-le" if stated is Encoding.UTF_16 else stated or Encoding.UTF_8)


def _decoded(raw: bytes, name: str) -> str:
    try:
        return raw.decode(name)
    except UnicodeDecodeError as error:
        raise InvalidInput(
            {"csv": ["Its letters cannot be read. Say how it was saved, or save it as UTF-8."]}
        ) from error


def parse(text: str) -> Table:
    """The table in a text: the first line names the columns; empty rows are left out. Raises InvalidInput."""
    text = text.removeprefix(BOM)
    delimiter, text, skipped = _delimiter(text)
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter, strict=True)
    header: list[str] = []
    rows: list[tuple[int, list[str]]] = []
    begins = 1
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                if header:
                    rows.append((begins + skipped, _fitted(cells, len(header), begins + skipped)))
                else:
                    header = _header(cells)
            if len(rows) > MOST_ROWS:
                raise InvalidInput({"csv": [sentence("It has more than {most} rows. Divide it.", most=MOST_ROWS)]})
            begins = reader.line_num + 1
    except csv.Error as error:
        wrong = sentence("Line {line} cannot be read. Look at its quotation marks.", line=reader.line_num + skipped)
        raise InvalidInput({"csv": [wrong]}) from error
    if not rows:
        raise InvalidInput({"csv": ["There is no row in it. The first line names the columns; rows follow it."]})
    return Table(header, rows)


def _delimiter(text: str) -> tuple[str, str, int]:
    """What stands between the cells, the text, and how many lines before it only say so."""
    said = re.match(r"sep=([,;\t|])\r?\n", text)
    if said:
        return said[1], text[said.end() :], 1
    first = text.lstrip("\r\n").partition("\n")[0]
    # Within quotation marks they are text.
    bare = re.sub(r'"[^"]*"', "", first)
    return max(DELIMITERS, key=bare.count), text, 0


def _header(cells: Sequence[str]) -> list[str]:
    names = [plain(cell).strip() for cell in cells]
    named = [name for name in names if name]
    if len(names) > MOST_COLUMNS:
        raise InvalidInput({"csv": [sentence("It has more than {most} columns.", most=MOST_COLUMNS)]})
    twice = next((name for name in named if named.count(name) > 1), None)
    if twice is not None:
        raise InvalidInput({"csv": [sentence("Two columns have the same name: {column}.", column=twice)]})
    return names


def _fitted(cells: list[str], width: int, number: int) -> list[str]:
    if any(cell.strip() for cell in cells[width:]):
        wrong = "Line {line} has more cells than the first line. Put a cell with a comma in it in quotation marks."
        raise InvalidInput({"csv": [sentence(wrong, line=number)]})
    return [plain(cell) for cell in cells[:width]] + [""] * (width - len(cells))
