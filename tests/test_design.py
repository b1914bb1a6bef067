"""The design system: colours that can be read, one small sheet, a page that shows every component."""

import re
from pathlib import Path

import pytest
from flask import Flask
from flask.testing import FlaskClient

from evidence_api.work import Site
from tests.people import new_person
from web import design

WEB = Path(design.__file__).parent
SHEET = design.STYLE.read_text("utf-8")
RULES = re.sub(r"/\*.*?\*/", "", SHEET, flags=re.DOTALL)
TEMPLATES = WEB / "templates"

PAIRS = [
    (theme, ink, ground, least)
    for theme in ("light", "dark")
    for least, pairs in ((7, design.TEXT), (4.5, design.WORDS), (3, design.BORDERS))
    for ink, ground in pairs
]


@pytest.mark.parametrize(("theme", "ink", "ground", "least"), PAIRS)
def test_every_colour_can_be_told_from_its_ground(theme: str, ink: str, ground: str, least: float) -> None:
    colours = design.themes()[theme]
    assert design.contrast(colours[ink], colours[ground]) >= least


def test_contrast_is_counted_as_the_standard_does() -> None:
    assert design.contrast("#000000", "#ffffff") == pytest.approx(21)
    assert design.contrast("#777777", "#ffffff") == pytest.approx(4.48, abs=0.01)


def test_both_themes_name_the_same_colours() -> None:
    light, dark = SHEET.split("prefers-color-scheme: dark", 1)
    named = [set(re.findall(r"--([\w-]+):\s*#", part)) for part in (light, dark.split("}", 1)[0])]
    assert named[0] == named[1] >= {name for pair in design.TEXT + design.WORDS + design.BORDERS for name in pair}


def test_a_word_is_coloured_by_name_alone() -> None:
    """So that the pairs above are all the colours that there are."""
    for colour in re.findall(r"(?<![-\w])(?:color|border-color|outline-color|fill|stroke):\s*([^;}]+)", RULES):
        assert not re.search(r"#[0-9a-f]{3}|rgb|hsl", colour), colour


def test_every_custom_property_in_use_is_defined() -> None:
    assert set(re.findall(r"var\(--([\w-]+)", RULES)) <= set(re.findall(r"--([\w-]+):", RULES))


def test_the_sheet_is_small_and_loads_nothing() -> None:
    assert len(SHEET.encode()) <= 30_000
    assert "url(" not in SHEET
    assert "@import" not in SHEET


def test_the_sheet_turns_with_the_script() -> None:
    sides = r"(?:margin|padding|border|inset)-(?:left|right|top|bottom)|(?<![-\w])(?:left|right|top|bottom|float)\s*:"
    assert not re.findall(sides, RULES)
    assert not re.findall(r"text-align:\s*(?:left|right)", RULES)


def test_no_script_is_stretched_slanted_or_shouted() -> None:
    assert not re.findall(r"letter-spacing|text-transform|italic", RULES)


def test_no_template_has_a_style_or_a_script_of_its_own() -> None:
    for template in TEMPLATES.glob("**/*.html"):
        html = re.sub(r"{[{%#].*?[}%#]}", "", template.read_text("utf-8"), flags=re.DOTALL)
        assert not re.search(r"<style|\sstyle=|\son\w+=|<script(?![^>]*\ssrc=)", html), template.name


def test_the_design_page_shows_every_component_to_everybody(client: FlaskClient) -> None:
    answer = client.get("/design")
    assert answer.status_code == 200
    html = answer.get_data(as_text=True)
    for library, name in (("_components.html", "ui"), ("_forms.html", "forms")):
        macros = re.findall(r"{%-? macro (\w+)\(", (TEMPLATES / library).read_text("utf-8"))
        shown = {macro for macro in macros if f"{name}.{macro}(" in html}
        parts = {"told", "ties", "described", "optional", "wrong_box", "whose", "any", "token", "mark"}
        assert set(macros) - shown <= parts


def test_the_way_out_is_the_first_thing_that_the_keyboard_reaches(app: Flask, site: Site) -> None:
    html = new_person(app, site).browser().client.get("/design").get_data(as_text=True)
    body = html.split("<body", 1)[1]
    first = re.search(r"<(?:a|button|summary|select|textarea|input)\b(?![^>]*hidden)[^>]*>", body)
    assert first is not None
    assert first[0] == '<button type="submit">'
    assert 'action="/quick-exit"' in body[: first.start()]


def test_who_is_not_signed_in_gets_no_script_and_no_menu(client: FlaskClient) -> None:
    html = client.get("/design").get_data(as_text=True)
    assert "<script" not in html
    assert "data-csrf" not in html
    assert 'class="menu"' not in html
