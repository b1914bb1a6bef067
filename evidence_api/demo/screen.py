"""What is seen: chapters, lines and tables on a terminal; the same in plain lines anywhere else."""

import shlex
import subprocess
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path

from rich.console import Console, Group
from rich.live import Live
from rich.padding import Padding
from rich.panel import Panel
from rich.rule import Rule
from rich.table import Column, Table
from rich.text import Text

from evidence_api.demo.people import NEWCOMER, PASSWORD, Persona
from evidence_api.demo.processes import Stopped

READING_SECONDS = 1.5
INDENT = 3


@dataclass(frozen=True)
class Walk:
    """What to look at, signed in as one of them. Each stop is what to do there and the page's path."""

    person: Persona
    stops: Sequence[tuple[str, str]]


class Screen:
    """The user's terminal, or a file."""

    def __init__(self, console: Console) -> None:
        self.console = console

    def title(self, folder: Path) -> None:
        """What this is, before anything happens."""
        text = Text.assemble(
            ("Everything here is fictional: ", "bold"),
            "the people, the places, the recordings.\n",
            f"It lives in {folder} and touches nothing else. Ctrl-C ends it at any time.",
        )
        self.console.print(Panel(text, title="Unbroken: a demonstration", border_style="yellow"))

    def chapter(self, title: str, story: str) -> None:
        """A new part of the story, with a moment to read it where somebody does."""
        self.console.print()
        self.console.print(Rule(Text(title, "bold"), align="left", style="yellow"))
        self._indented(Text(story, "italic"))
        self.pause()

    def pause(self) -> None:
        if self.console.is_terminal:
            time.sleep(READING_SECONDS)

    def say(self, text: str) -> None:
        self._indented(Text(text))

    def done(self, text: str) -> None:
        """Something that was done and is as it should be."""
        self._marked("✓", "green", text)

    def found(self, text: str) -> None:
        """Something that is wrong, and that the service found."""
        self._marked("✗", "red", text)

    def wrong(self, text: str) -> None:
        """The demonstration itself failed."""
        self._marked("!", "bold red", text)

    def command(self, arguments: Sequence[str], note: str = "") -> None:
        """A command as the user would type it, an option with its value on a line where it is long."""
        words = shlex.join(arguments)
        if len(words) + len(note) > self.console.width - 20:
            words = shlex.join(arguments[:2])
            for name, value in zip(arguments[2::2], arguments[3::2], strict=True):
                words += f" \\\n{' ' * (INDENT + 6)}{name} {shlex.quote(value)}"
        self._copied(Text.assemble(("$ unbroken ", "bold cyan"), (words, "cyan"), (note, "dim")))

    def output(self, text: str, style: str = "dim") -> None:
        """What a command printed."""
        for line in text.splitlines():
            self._indented(Text(line, style), INDENT + 2)

    def table(self, headings: Sequence[str | Column], rows: Iterable[Sequence[str]]) -> None:
        table = Table(*headings, box=None, header_style="bold", padding=(0, 2, 0, 0))
        for row in rows:
            table.add_row(*(Text(cell) for cell in row))
        self.console.print(Padding(table, (0, 0, 0, INDENT), expand=False))

    def _copied(self, text: Text) -> None:
        """On one line, however long, so that it can be copied."""
        self.console.print(Text(" " * INDENT) + text, soft_wrap=True)

    def _indented(self, text: Text, by: int = INDENT) -> None:
        self.console.print(Padding(text, (0, 0, 0, by), expand=False))

    def _marked(self, mark: str, style: str, text: str) -> None:
        grid = Table.grid(padding=(0, 1, 0, 0))
        grid.add_row(Text(mark, style), Text(text))
        self.console.print(Padding(grid, (0, 0, 0, 1), expand=False))

    # --- signing in ---

    def where_to_go(self, url: str, people: Iterable[Persona], newcomer: str, walks: Sequence[Walk]) -> None:
        """Who can sign in and how to have a code; then walks through the pages. Without any, the server has ended."""
        self.console.print()
        self.console.print(Rule(Text("Look around", "bold"), align="left", style="yellow"))
        if not walks:
            self.say("The server has ended; the office is kept. To look around, run it again without --no-serve.")
        self.say(f"The password of each of them: {PASSWORD}")
        self.say("Their authenticators, for an app of your own or for a code at any time:")
        rows = [(p.name, p.role.value, p.secret, p.part) for p in people]
        self.table(("name", "role", Column("secret", no_wrap=True, min_width=32), "in the story"), rows)
        python = shlex.quote(sys.executable)
        code = f"""{python} -c "import pyotp; print(pyotp.TOTP('SECRET').now())" """
        self._copied(Text(f"$ {code.strip()}", "cyan"))
        self.say(
            f"{NEWCOMER}, investigator, has not signed in yet. With her initial password, {newcomer}, and no code, the "
            "page leads her to an authenticator of her own."
        )
        if walks:
            self._walks(url, walks)

    def _walks(self, url: str, walks: Sequence[Walk]) -> None:
        self.console.print()
        self._indented(Text.assemble("Open ", (f"{url}/", "bold"), " in a browser; a private window for each person."))
        for walk in walks:
            self._indented(Text.assemble((walk.person.name, "bold"), f", {walk.person.role.value}:"))
            for what, path in walk.stops:
                self._copied(Text.assemble(f"  {what}: ", (f"{url}{path}", "cyan")))
        self._indented(Text.assemble("The API, to read and try: ", (f"{url}/api/docs", "bold")))

    def watch(self, people: Sequence[Persona], server: subprocess.Popen[bytes]) -> None:
        """Each one's next good code, kept fresh on a terminal, until Ctrl-C. Raises Stopped where the server ends."""
        if not self.console.is_terminal:
            time.sleep(max(persona.code()[1] for persona in people))
            self.console.print(self._codes(people))
            self.say("Serving until Ctrl-C.")
            server.wait()
        else:
            with Live(self._codes(people), console=self.console, auto_refresh=False) as live:
                while server.poll() is None:
                    live.update(self._codes(people), refresh=True)
                    time.sleep(1)
        raise Stopped("The server has ended by itself. Its log lies in the demonstration's folder.")

    def _codes(self, people: Iterable[Persona]) -> Group:
        table = Table("name", "code", box=None, header_style="bold", padding=(0, 2, 0, 0))
        for persona in people:
            code, wait = persona.code()
            shown = Text(f"{code[:3]} {code[3:]}", "bold green") if not wait else Text(f"in {wait:.0f} s", "dim")
            table.add_row(persona.name, shown)
        note = Text("A code that is good now, for each (each is good once; Ctrl-C ends the demonstration):")
        return Group(
            Text(), Padding(note, (0, 0, 0, INDENT), expand=False), Padding(table, (0, 0, 0, INDENT), expand=False)
        )
