"""A person's day at the office in a real browser, by pointer, by touch or by the keyboard alone.

What she types and who and what she meets is kept in mind: at the day's end none of it may stand in a title or an
address that her browser remembers.
"""

import io
import re
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import unquote_plus

from flask import Flask
from playwright.sync_api import BrowserContext, Frame, Locator, expect

from evidence_api.domain.roles import Role
from evidence_api.work import Site
from tests.e2e.conftest import Server
from tests.people import Browser, Person, new_person

PATIENT = 30_000
"""Milliseconds that a busy machine may take for a page."""

NAME = "Soriya"
"""Stands in all that is typed and in the name of every file, and nobody is called so."""

WIDTH = """(() => {
  const measure = () => {
    const wide = document.documentElement.scrollWidth;
    if (wide > screen.width) tooWide(`${location.pathname}: ${wide} pixels`);
  };
  addEventListener("load", measure);
  addEventListener("toggle", measure, true);
})()"""
"""Measures each page when it has come, and when something in it was folded out."""

FOCUSED = """() => {
  const one = document.activeElement, style = getComputedStyle(one), box = one.getBoundingClientRect();
  if (one === document.body || one === document.documentElement) return null;
  const top = document.querySelector("header.top");
  const under = top.contains(one) ? 0 : top.getBoundingClientRect().bottom;
  return {
    what: `${one.tagName} ${(one.getAttribute("aria-label") || one.textContent || one.name || "").trim()}`,
    // A date's own calendar button is a stop inside the field; the browser rings it.
    outlined: !one.matches(":focus") || (style.outlineStyle !== "none" && parseFloat(style.outlineWidth) >= 2),
    seen: box.bottom > under && box.top < innerHeight && box.right > 0 && box.left < innerWidth,
  };
}"""


class Day:
    """One person at one browser, in one tab."""

    def __init__(self, server: Server, person: Person, context: BrowserContext, *names: str) -> None:
        context.set_default_timeout(PATIENT)
        self.server, self.person, self.context = server, person, context
        self.unsaid = {NAME, person.username, *names}
        """What its browser must not remember."""
        self.addresses: list[str] = []
        self.titles: set[str] = set()
        self.wide: list[str] = []
        context.expose_binding("tooWide", lambda _source, said: self.wide.append(said))
        context.add_init_script(WIDTH)
        self.page = context.new_page()
        self.page.on("framenavigated", self._went)
        self._tab = context.new_cdp_session(self.page)

    def _went(self, frame: Frame) -> None:
        self.addresses.append(frame.url)

    def remember(self) -> None:
        """Take down what the tab's own history holds now."""
        for entry in self._tab.send("Page.getNavigationHistory")["entries"]:
            self.addresses.append(entry["url"])
            self.titles.add(entry["title"])

    def ends(self) -> None:
        """Nothing that identifies anybody is left in the browser, and no page was wider than the screen."""
        self.remember()
        assert any("Unbroken" in title for title in self.titles)
        kept = "\n".join(unquote_plus(said).casefold() for said in (*self.addresses, *self.titles))
        for word in self.unsaid:
            assert word.casefold() not in kept
        assert not self.wide, "\n".join(self.wide)

    # --- at the pages ---

    def goes_to(self, path: str) -> int:
        """Type an address; the status of the answer."""
        answer = self.page.goto(self.server.url + path)
        assert answer is not None
        self.remember()
        return answer.status

    def field(self, label: str) -> Locator:
        """A field by its label, whether or not it may stay empty."""
        return self.page.locator("main").get_by_label(re.compile(rf"^{re.escape(label)}( \(may stay empty\))?$"))

    def writes(self, **fields: str) -> None:
        """Fill fields in, by their labels with underscores for blanks."""
        for label, text in fields.items():
            self.unsaid.add(text)
            self._fill(self.field(label.replace("_", " ")), text)

    def _fill(self, field: Locator, text: str) -> None:
        field.fill(text)

    def chooses(self, label: str, words: str) -> None:
        """The one option that has the words."""
        choice = self.field(label)
        value = choice.locator("option").filter(has_text=words).get_attribute("value")
        assert value
        choice.select_option(value)

    def gives_code(self) -> None:
        self._fill(self.field("Code"), self.person.fresh())

    def presses_on(self, what: Locator) -> None:
        """What leads to another page."""
        with self.page.expect_navigation():
            self._touch(what)
        self.remember()

    def presses(self, name: str) -> None:
        """A button that leads on."""
        self.presses_on(self.page.get_by_role("button", name=name, exact=True))

    def follows(self, name: str, within: Locator | None = None) -> None:
        """A link."""
        self.presses_on((within or self.page).get_by_role("link", name=name, exact=True))

    def _touch(self, what: Locator) -> None:
        what.click()

    def goes_up(self) -> None:
        """From an item to its case."""
        self.presses_on(self.page.get_by_role("navigation", name="Where this is").get_by_role("link"))

    def unfolds(self, words: str) -> None:
        self._touch(self.page.locator("main summary").get_by_text(words, exact=True))

    def opens_menu(self) -> None:
        self._touch(self.page.locator("header details.menu > summary"))

    def reads(self, *sentences: str) -> None:
        """They stand on the page, to be seen."""
        for sentence in sentences:
            expect(self.page.get_by_text(sentence).filter(visible=True).first).to_be_visible()

    def row(self, words: str) -> Locator:
        return self.page.get_by_role("row").filter(has_text=words)

    def signs_in(self) -> None:
        self.goes_to("/sign-in")
        self.writes(User_name=self.person.username, Password=self.person.password)
        self.gives_code()
        self.presses("Sign in")

    def goes_home(self) -> None:
        self.presses_on(self.page.locator("a.brand"))

    def signs_out(self) -> None:
        """By the menu; then nothing of the day is to be had by going back."""
        self.opens_menu()
        self.presses_on(self.page.get_by_role("banner").get_by_role("button", name="Sign out"))
        self.is_out()

    def is_out(self) -> None:
        expect(self.page).to_have_url(f"{self.server.url}/sign-in")
        self.page.go_back()
        expect(self.page).to_have_url(f"{self.server.url}/sign-in")


class Touched(Day):
    """With a finger."""

    def _touch(self, what: Locator) -> None:
        what.tap()


class Keyed(Day):
    """With the keyboard alone. Wherever she stops, it is to be seen where she is."""

    MOST_STOPS = 250

    def presses_key(self, *keys: str) -> None:
        for key in keys:
            self.page.keyboard.press(key)

    def stops(self, *, back: bool = False) -> None:
        """One stop further."""
        self.presses_key("Shift+Tab" if back else "Tab")
        focused = self.page.evaluate(FOCUSED)
        if focused is not None:
            assert focused["outlined"], f"no outline round {focused['what']}"
            assert focused["seen"], f"out of sight: {focused['what']}"

    def is_at(self, what: Locator) -> bool:
        return bool(what.evaluate("one => one === document.activeElement"))

    def comes_to(self, what: Locator, *, back: bool = False) -> None:
        for _ in range(self.MOST_STOPS):
            self.stops(back=back)
            if self.is_at(what):
                return
        raise AssertionError(f"not to be reached: {what}")

    def types(self, text: str) -> None:
        self.unsaid.add(text)
        self.page.keyboard.type(text)

    def _fill(self, field: Locator, text: str) -> None:
        self.comes_to(field)
        self.page.keyboard.type(text)

    def sends(self, key: str = "Enter") -> None:
        """A key that leads to another page from where she is."""
        with self.page.expect_navigation():
            self.presses_key(key)
        self.remember()

    def _touch(self, what: Locator) -> None:
        self.comes_to(what)
        self.presses_key("Enter")


@dataclass
class Office:
    """An installation of the days' own, in which things are made ready before a day begins."""

    site: Site
    app: Flask
    _browsers: dict[str, Browser] = field(default_factory=dict)

    def person(self, *roles: Role) -> Person:
        return new_person(self.app, self.site, roles)

    def call(self, person: Person, method: str, path: str, **options: Any) -> Any:
        """What she did before, which must have succeeded."""
        if person.username not in self._browsers:
            self._browsers[person.username] = person.browser()
        answer = self._browsers[person.username].call(method, path, **options)
        assert answer.status_code < 300, answer.get_json()
        return answer.get_json(silent=True)

    def post(self, person: Person, path: str, **json: str) -> Any:
        return self.call(person, "POST", path, json=json)

    def case(self, lead: Person, *others: tuple[Person, Role]) -> dict[str, Any]:
        given = {"title": f"{NAME}, the house by the river", "kind": "sex_trafficking", "country": "KH"}
        case: dict[str, Any] = self.post(lead, "/cases", **given)
        for person, role in others:
            self.post(lead, f"/cases/{case['id']}/assignments", user=str(person.id), role=role)
        return case

    def file(self, person: Person, case: dict[str, Any], name: str, content: bytes) -> dict[str, Any]:
        data = {"title": f"{NAME} {name}", "file": (io.BytesIO(content), f"{NAME} {name}")}
        path = f"/cases/{case['id']}/evidence"
        item: dict[str, Any] = self.call(person, "POST", path, data=data, content_type="multipart/form-data")
        return item

    def chain(self, person: Person, item: dict[str, Any]) -> list[str]:
        """The acts in an item's chain, oldest first."""
        links = self.call(person, "GET", f"/evidence/{item['id']}/custody")["items"]
        return [link["action"] for link in links]
