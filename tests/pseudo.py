"""A language in which every translated text stands in ⟦ ⟧: what a page shows without them was never marked."""

import re
from collections.abc import Iterator
from contextlib import contextmanager
from html.parser import HTMLParser

from babel.support import Translations
from flask import Flask

VOID = frozenset({"br", "hr", "img", "input", "link", "meta", "source", "track", "wbr", "col"})
TOLD = ("alt", "aria-description", "aria-label", "aria-roledescription", "placeholder", "title")
"""Attributes that are read out or shown."""
MARKED = re.compile("⟦[^⟦⟧]*⟧")
WORD = re.compile(r"[^\W\d_]{2,}")


class Pseudo(Translations):
    """Every message is there; its translation is itself in brackets. Plurals as in English."""

    def gettext(self, message: str) -> str:
        return f"⟦{message}⟧" if message.strip(", ") else message

    def ngettext(self, msgid1: str, msgid2: str, n: int) -> str:
        return self.gettext(msgid1 if n == 1 else msgid2)

    def pgettext(self, context: str, message: str) -> str:
        return self.gettext(message)

    ugettext = gettext
    upgettext = pgettext
    ungettext = ngettext


@contextmanager
def pseudo(app: Flask) -> Iterator[None]:
    """Within the block the English pages of the application are in this language."""
    loaded = app.extensions["babel"].instance.domain_instance.cache
    before = loaded.get(("en_GB", "messages"))
    loaded["en_GB", "messages"] = Pseudo()
    try:
        yield
    finally:
        del loaded["en_GB", "messages"]
        if before is not None:
            loaded["en_GB", "messages"] = before


class _Texts(HTMLParser):
    """All that is read of a page, in order, with what is nobody's language left out."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.shown: list[str] = []
        self.told: list[str] = []
        self._within: list[tuple[str, bool]] = []
        self.feed(html)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        given = dict(attrs)
        own = (
            tag in {"bdi", "code", "data", "kbd", "pre", "script", "style", "svg", "time"}
            or given.get("translate") == "no"
            or given.get("dir") == "auto"
            or ("lang" in given and tag != "html")
        )
        own = own or any(outer for _, outer in self._within)
        if not own:
            self.told += [given.get(name) or "" for name in TOLD]
        if tag not in VOID:
            self._within.append((tag, own))

    def handle_endtag(self, tag: str) -> None:
        while self._within and self._within.pop()[0] != tag:
            pass

    def handle_data(self, data: str) -> None:
        if not any(own for _, own in self._within):
            self.shown.append(data)


def unmarked(html: str) -> list[str]:
    """The words of a page, shown or read out, that no catalogue can translate.

    Not counted is what is nobody's language, in `<code>`, `<bdi>`, `<time>` and the like or under `translate="no"`;
    what people typed, under `dir="auto"`; and what is of another language, under `lang`.
    """
    page = _Texts(html)
    # A sentence may go on over a time or a link within it, so what is shown is looked at as one.
    left = [part for text in ["\n".join(page.shown), *page.told] for part in _outside(text).split("\n")]
    return [" ".join(part.split()) for part in left if WORD.search(part.replace("Unbroken", ""))]


def _outside(text: str) -> str:
    while MARKED.search(text):
        text = MARKED.sub("", text)
    return text
