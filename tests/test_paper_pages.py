"""Pages for paper: long tables, other scripts, machines without fonts."""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from evidence_api import pdf
from tests.paper import read

NOW = datetime.now(UTC)
ROWS = [(f"P-{number}", "A letter, សំបុត្រ, رسالة, письмо – " + "word " * 40) for number in range(40)]


@pytest.fixture
def no_fonts(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[None]:
    """A machine on which no font is installed."""
    monkeypatch.setattr(pdf, "FOLDERS", (tmp_path,))
    pdf.installed.cache_clear()
    yield
    pdf.installed.cache_clear()


def test_a_long_table_goes_on_over_its_pages_each_with_its_number_and_the_names_of_the_columns() -> None:
    blocks: list[pdf.Block] = [pdf.Heading("Prosecution"), pdf.Table(("Exhibit", "What it is"), ROWS, (1, 6))]
    found = read(pdf.document("Exhibits", blocks, made_at=NOW, foot="Made today", language="ar"))
    pages = found.pages
    assert len(pages) > 2
    for number, page in enumerate(pages, 1):
        assert f"Page {number} of {len(pages)}" in page
        assert "What it is" in page
        assert "Made today" in page
    assert found.language == "ar"
    assert all(any(label in page for page in pages) for label, _ in ROWS)


@pytest.mark.usefixtures("no_fonts")
def test_without_fonts_the_letters_that_cannot_be_set_are_told() -> None:
    plain = pdf.document("Exhibits", ["Nothing but Latin – é"], made_at=NOW)
    assert "stands for a letter" not in read(plain).pages[-1]
    table = pdf.Table(("Exhibit", "What it is"), [("P-1", "សំបុត្រ"), ("P-2", "A letter")], (1, 6))
    page = read(pdf.document("Exhibits", [table], made_at=NOW)).pages[-1]
    assert "???" in page
    assert "A letter" in page
    assert "? stands for a letter for which no font is installed." in page


def test_a_cell_that_no_page_could_hold_is_cut() -> None:
    table = pdf.Table(("Exhibit", "What it is"), [("P-1", "x\n" * 4000), ("P-2", "y" * 4000)], (1, 6))
    assert len(read(pdf.document("Exhibits", [table], made_at=NOW)).pages) == 1
