"""The design system: what every page is drawn with, shown on one page of its own."""

import re
from datetime import UTC, datetime
from pathlib import Path

from flask import render_template

from evidence_api.services import health
from web.pages import Page, page, pages

STYLE = Path(__file__).with_name("static") / "style.css"

TEXT = (("ink", "ground"), ("ink", "paper"))
"""Colours of body text, each on its ground: at least 7 to 1."""

WORDS = (
    ("soft", "ground"),
    ("soft", "paper"),
    ("accent", "ground"),
    ("accent", "paper"),
    ("on-accent", "accent"),
    ("on-broken", "broken"),
    ("ink", "plain-ground"),
    ("accent", "plain-ground"),
    ("custody", "paper"),
    ("custody", "ground"),
    ("custody", "custody-ground"),
    ("attention", "paper"),
    ("attention", "ground"),
    ("attention", "attention-ground"),
    ("broken", "paper"),
    ("broken", "ground"),
    ("broken", "broken-ground"),
    ("ink", "custody-ground"),
    ("ink", "attention-ground"),
    ("ink", "broken-ground"),
)
"""All other text: at least 4.5 to 1."""

BORDERS = (
    ("edge", "ground"),
    ("edge", "paper"),
    ("focus", "ground"),
    ("focus", "paper"),
    ("focus", "custody-ground"),
    ("focus", "attention-ground"),
    ("focus", "broken-ground"),
)
"""Borders that mean something: at least 3 to 1."""

SCALES = ("text-s", "text", "text-l", "text-xl", "text-xxl")
SPACES = ("space-1", "space-2", "space-3", "space-4", "space-5", "space-6")


def themes() -> dict[str, dict[str, str]]:
    """The custom properties of the style sheet that are colours, by theme: `light` and `dark`."""
    sheet = STYLE.read_text("utf-8")
    light, dark = sheet.split("prefers-color-scheme: dark", 1)
    found = [dict(re.findall(r"--([\w-]+):\s*(#[0-9a-f]{6});", part)) for part in (light, dark.split("}", 1)[0])]
    return {"light": found[0], "dark": found[0] | found[1]}


def contrast(one: str, other: str) -> float:
    """The contrast of two colours (`#rrggbb`) as WCAG 2.2 defines it: from 1 to 21."""
    darker, lighter = sorted((_luminance(one), _luminance(other)))
    return (lighter + 0.05) / (darker + 0.05)


def _luminance(colour: str) -> float:
    parts = (int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5))
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


@pages.app_template_global()
def now() -> datetime:
    """The time at which the page is made, UTC."""
    return datetime.now(UTC)


@page("/design", health.live)
def design() -> Page:
    """Every component, with its use and its call."""
    found = themes()
    pairs = [
        (
            ink,
            ground,
            least,
            [(theme, round(contrast(colours[ink], colours[ground]), 1)) for theme, colours in found.items()],
        )
        for least, group in ((7, TEXT), (4.5, WORDS), (3, BORDERS))
        for ink, ground in group
    ]
    return render_template("design.html", pairs=pairs, scales=SCALES, spaces=SPACES)
