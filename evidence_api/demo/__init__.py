"""A fictional office, and the main job before the user's eyes (`unbroken demo`).

Nothing of it reaches a real installation: it has a folder of its own, and its processes are given no setting but that.
"""

import os
import subprocess
from contextlib import ExitStack
from pathlib import Path

from rich.console import Console

from evidence_api.config import Settings
from evidence_api.demo.folder import fresh_folder
from evidence_api.demo.people import Persona, hire, hire_newcomer
from evidence_api.demo.processes import Stopped, background, check_port, ended_by_signals, environment, wait_until_ready
from evidence_api.demo.screen import Screen
from evidence_api.demo.story import Story
from evidence_api.setup import initialise, make_keys, migrate
from evidence_api.site import open_site

FOLDER = Path("var/demo")
ORIGIN = "demo.unbroken.example/ledger"
BIG_FILE = 200_000_000
DONE, FAILED, INTERRUPTED = 0, 1, 130


def run(*, port: int, data: Path | None, serve: bool, big_file: int = BIG_FILE) -> int:
    """Make the office, tell the story, and serve it until Ctrl-C; the exit code.

    `data` is made anew each time, by default `var/demo` here; `big_file` is the bytes of the upload that is watched.
    Raises BadSettings for a folder or a port that cannot be had.
    """
    check_port(port)
    screen = Screen(Console(highlight=False, no_color="NO_COLOR" in os.environ))
    told = False
    try:
        with ended_by_signals(), fresh_folder(data or FOLDER) as folder, ExitStack() as stack:
            screen.title(folder)
            server, people, newcomer, story = _open_office(stack, screen, folder, port, big_file)
            story.tell()
            told = True
            screen.where_to_go(_url(port), people, newcomer, story.walks() if serve else [])
            if serve:
                screen.watch(people, server)
    except KeyboardInterrupt:
        screen.say("Stopped. The office stays in its folder until the next demonstration." if told else "Stopped.")
        return DONE if told else INTERRUPTED
    except Stopped as error:
        screen.wrong(str(error))
        return FAILED
    return DONE


def _open_office(
    stack: ExitStack, screen: Screen, folder: Path, port: int, big_file: int
) -> tuple[subprocess.Popen[bytes], list[Persona], str, Story]:
    """The first chapter: tables, keys, people, and the server and worker that run until `stack` is left."""
    screen.chapter("1  An office is set up", "SQLite and a directory: one command, no other server.")
    settings = Settings(data=folder)
    migrate(settings)
    made = make_keys(settings)
    initialise(settings, origin=ORIGIN, office="DEMO", name="Demonstration office (fictional)", zone="Asia/Phnom_Penh")
    screen.done(f"Tables, the ledger {ORIGIN}, and keys: {', '.join(made)}.")
    log = folder / "server.log"
    server = stack.enter_context(background(["serve", "--port", str(port)], environment(folder), log))
    stack.enter_context(background(["worker"], environment(folder), folder / "worker.log"))
    site = open_site(settings)
    stack.callback(site.engine.dispose)
    people = hire(site, _url(port))
    for persona in people:
        stack.callback(persona.close)
    newcomer = hire_newcomer(site)
    screen.done(f"{len(people)} people, each with a password and an authenticator, and one who has not signed in yet.")
    with screen.console.status("Making pictures, sound and video for their story…"):
        story = Story(screen, folder, site, port, {persona.name: persona for persona in people}, big_file)
    screen.done("Pictures, sound and video, each marked as fictional.")
    wait_until_ready(_url(port), server, log)
    screen.done(f"The server answers at {_url(port)}")
    return server, people, newcomer, story


def _url(port: int) -> str:
    return f"http://127.0.0.1:{port}"
