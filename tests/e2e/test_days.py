"""Each person's day, from signing in to signing out, in a real browser through the pages as they stand."""

import io
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pyotp
import pytest
import sqlalchemy as sa
import zxingcpp
from PIL import Image
from playwright.sync_api import Locator, Route, expect

from evidence_api import create_app
from evidence_api.domain.roles import Role
from evidence_api.models import AuthSession, SessionPresence
from evidence_api.work import Site
from tests.conftest import new_persona
from tests.e2e import story
from tests.e2e.browser import PHONE, NewContext
from tests.e2e.conftest import Server
from tests.e2e.day import NAME, PATIENT, Day, Keyed, Office, Touched
from tests.golden.office import installation
from tests.people import new_starter
from tests.test_device_digest import attest, sent
from web.home import FEW

PLAYS = """video => new Promise((done, fail) => {
  video.addEventListener("timeupdate", () => video.currentTime > 0.3 && done(video.currentTime));
  video.addEventListener("error", () => fail(new Error(video.error.message)));
  setTimeout(() => fail(new Error("it does not play")), 20000);
  video.muted = true;
  video.play().catch(fail);
})"""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Site]:
    with installation(tmp_path_factory.mktemp("days"), request) as site:
        yield site


@pytest.fixture(scope="module")
def office(site: Site) -> Office:
    app = create_app(site)
    app.testing = True
    return Office(site, app)


@pytest.fixture(scope="module")
def server(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    made = Server(site.settings, tmp_path_factory.mktemp("days-server") / "server.log")
    made.start()
    yield made
    made.kill()


def scanned(picture: Locator) -> str:
    """What a phone reads from a QR code that stands on the screen."""
    [found] = zxingcpp.read_barcodes(Image.open(io.BytesIO(picture.screenshot())))
    return str(found.text)


def test_the_investigators_first_day(office: Office, server: Server, new_context: NewContext, tmp_path: Path) -> None:
    starter, lawyer = new_starter(office.app, office.site), office.person(Role.LAWYER)
    files = {
        f"VID_0042 {NAME}.mp4": story.video(),
        f"IMG_7001 {NAME}.jpg": story.photo(),
        f"{NAME} debts.pdf": story.document(),
    }
    day = Day(server, starter, new_context(), lawyer.username, *files)
    page = day.page

    # She signs in with the initial password, sets her authenticator up and keeps the recovery codes.
    day.goes_to("/")
    day.writes(User_name=starter.username, Password=starter.password)
    day.presses("Sign in")
    starter.secret = pyotp.parse_uri(scanned(page.locator(".qr"))).secret
    starter.password = "a boat in the morning mist"
    day.writes(New_password=starter.password, New_password_again=starter.password)
    day.field("Code").fill(starter.code())
    day.presses("Finish")
    expect(page.locator(".codes li")).to_have_count(10)
    day.follows("I have written them down")

    # She opens a case and assigns the lawyer.
    day.reads("You hold no item.", "No case is yours yet.")
    day.follows("Open a case")
    day.writes(Title=f"{NAME}, the house behind the ferry")
    day.chooses("What it is about", "Sex trafficking")
    day.chooses("Country", "Cambodia")
    day.presses("Open the case")
    day.reads("The case is open. Assign the people who work on it with you.")
    day.follows("Assign a person")
    day.chooses("Whom", f"{lawyer.username} (Lawyer)")
    day.chooses("In which of her roles", "Lawyer")
    day.presses("Assign her")
    expect(day.row(lawyer.username)).to_contain_text("Lawyer")

    # She uploads three files at once, says once what they are, and of one that it is something else.
    day.follows("Upload", page.get_by_role("group", name="Add to the case"))
    for name, content in files.items():
        (tmp_path / name).write_bytes(content)
    page.set_input_files("#pick", [tmp_path / name for name in files])
    for at, text in {"#all-title": f"{NAME}, front door", "#all-method": f"Camera of {NAME}"}.items():
        page.fill(at, text)
    second = page.locator("#files > li").nth(1)
    second.get_by_text("Say something different of this file").click()
    second.get_by_label("Title").fill(f"{NAME}, the sign")
    page.get_by_role("button", name="Start upload").click()
    expect(page.locator("#files > [data-state=done]")).to_have_count(3, timeout=PATIENT)

    # They are in her work. She looks at the film and hands it to the lawyer.
    day.goes_home()
    for title in (f"{NAME}, front door (1)", f"{NAME}, the sign", f"{NAME}, front door (2)"):
        expect(day.row(title)).to_have_count(1)
    day.presses_on(day.row("front door (1)").get_by_role("link"))
    item = {"id": page.url.rpartition("/")[2]}
    assert page.locator("video").evaluate(PLAYS) > 0
    day.follows("Hand over")
    day.chooses("To whom", lawyer.username)
    day.writes(Reason=f"{NAME}: for the charges")
    day.presses("Offer it")
    day.reads("The item is offered. It is yours until the other person accepts it.")
    assert office.chain(starter, item)[-2:] == ["evidence:view", "evidence:offer"]

    # Another one she checks out and in again.
    day.goes_home()
    day.reads("You offer it to")
    day.presses_on(day.row("the sign").get_by_role("link"))
    day.follows("Check out")
    day.writes(Reason=f"To show it to {NAME}", Place=f"With {NAME}")
    day.presses("Check out")
    day.reads("The item is checked out to you.")
    day.follows("Check in")
    day.writes(Reason=f"{NAME} has seen it", Place=f"Safe of {NAME}")
    day.presses("Check in")
    day.reads("The item is checked in.")

    # What she said of it was wrong: a new entry says what is right.
    day.unfolds("More")
    day.follows("Correct what was said")
    day.chooses("Which entry said it wrongly", "Received")
    day.writes(Title=f"{NAME}, the number plate", Reason=f"{NAME} saw it again")
    day.presses("Correct it")
    day.reads("It is corrected.", f"{NAME}, the number plate")

    # A thing is registered; its label, read by a phone, leads to its page.
    day.goes_up()
    day.follows("Register a thing")
    day.writes(What_it_is=f"Debts of {NAME}, red cover", Tag=f"{NAME}-17", Where_it_is_kept=f"Safe of {NAME}")
    day.presses("Register it")
    day.reads("The thing is registered, and you hold it.")
    thing = page.url
    day.follows("Label to print")
    assert scanned(page.locator(".label img")).endswith(thing.rpartition("/items/")[2])

    day.signs_out()
    day.ends()


def test_the_lawyers_day_on_a_telephone(office: Office, server: Server, new_context: NewContext) -> None:
    investigator, lawyer = office.person(Role.INVESTIGATOR), office.person(Role.LAWYER)
    case = office.case(investigator, (lawyer, Role.LAWYER))
    item = office.file(investigator, case, "front.jpg", story.photo(1))
    office.post(investigator, f"/evidence/{item['id']}/transfers", to=str(lawyer.id), reason=f"{NAME}: for trial")
    elsewhere = lawyer.browser()
    day = Touched(server, lawyer, new_context(**PHONE), investigator.username)
    page = day.page

    # The offer stands on her first page; she accepts it with a code.
    day.signs_in()
    day.reads("Waiting for an answer", f"{investigator.username} offers it to you since")
    day.follows("Accept it")
    day.gives_code()
    day.presses("Accept it")
    day.reads("The item is in your custody.")

    # To court and back.
    day.follows("Take to court")
    day.writes(Reason=f"Hearing of {NAME}", Place=f"Court, hall of {NAME}")
    day.presses("Take to court")
    day.reads("The item is at court, in your custody.")
    day.follows("Bring back from court")
    day.writes(Reason=f"{NAME} was heard", Place=f"Safe of {NAME}")
    day.presses("Bring back from court")
    day.reads("The item is back from court.")

    day.unfolds("More")
    day.follows("Put under legal hold")
    day.writes(Reason=f"The appeal of {NAME} is open")
    day.presses("Put under legal hold")
    day.reads("The item is under legal hold.")

    # What the picture shows stands there in sentences too, in order.
    day.unfolds("The same in words")
    lines = page.locator(".custody-lines li").all_inner_texts()
    told = " ".join(lines)
    for words in (investigator.username, lawyer.username, "court", "legal hold"):
        assert words in told
    assert office.chain(investigator, item) == [
        "evidence:ingest",
        "evidence:offer",
        "evidence:accept",
        "evidence:take_to_court",
        "evidence:return_from_court",
        "evidence:hold",
    ]

    # Her pages fit the telephone, the case and its table of items too.
    day.goes_up()
    day.follows("All items, with a filter")
    day.follows(item["ref"])

    day.opens_menu()
    day.follows("My account", page.get_by_role("banner"))
    assert elsewhere.is_signed_in()
    day.presses("Sign out everywhere")
    day.is_out()
    assert not elsewhere.is_signed_in()
    day.ends()


def test_the_supervisors_day_by_the_keyboard_alone(office: Office, server: Server, new_context: NewContext) -> None:
    supervisor = office.person(Role.SUPERVISOR)
    sender = new_persona(office.site, office.app, Role.INVESTIGATOR)
    case = sender.post("/cases", {"title": f"{NAME}, upstairs", "kind": "sex_trafficking", "country": "KH"}).get_json()
    # What arrived is not what the device had: that quarantines the item, though its bytes are what was recorded.
    url, item = sent(sender, case, story.photo(2))
    assert attest(sender, url, "0" * 64).get_json()["matches"] is False
    day = Keyed(server, supervisor, new_context(), sender.username, "front door.mp4")
    page = day.page

    day.signs_in()

    # The first stop of every page is the way out, then the way past the frame.
    day.stops()
    assert day.is_at(page.get_by_role("button", name="Leave quickly"))
    day.comes_to(page.get_by_role("link", name="Skip to the content"))
    day.comes_to(page.get_by_role("button", name="Leave quickly"), back=True)
    day.comes_to(page.get_by_role("link", name="Skip to the content"))
    day.presses_key("Enter")
    day.stops()
    assert page.evaluate("document.querySelector('main').contains(document.activeElement)")

    # From the figures to the quarantined item.
    expect(page.get_by_role("list", name="The office at a glance")).to_contain_text("1 quarantined")
    day.follows("Quarantined")
    day.reads("Quarantined items")
    day.presses_on(page.locator("#rows").get_by_role("link"))
    day.reads("Quarantined: a check found that this item does not match its record.")

    # She says why, and looks at it.
    day.writes(Why_you_open_the_content=f"To see whether {NAME} can be made out")
    day.comes_to(page.get_by_role("button", name="Show the picture"))
    day.sends("Space")
    expect(page.locator("img.shown")).to_have_js_property("naturalWidth", 800)
    day.presses("Stop looking")

    day.follows("Verify")
    day.presses("Verify it now")
    day.reads("The file and its chain match their record.")
    day.follows("Release from quarantine")
    day.writes(Reason=f"The file of {NAME} is whole; the telephone was at fault")
    day.gives_code()
    day.presses("Read it again, and release it if it matches")
    day.reads("The file and its chain match the record. The item is released.")
    acts = [link["action"] for link in sender.get(f"/evidence/{item}/custody").get_json()["items"]]
    assert acts[-3:] == ["evidence:view", "evidence:verify", "evidence:release"]

    # The case goes on a stage.
    day.goes_up()
    day.presses_on(page.get_by_role("table", name="What can come next").get_by_role("link", name="Investigate"))
    day.writes(Reason=f"{NAME} asked for help")
    day.presses("Investigate")
    day.reads("The stage of the case has changed.")

    # What is sought stands in no address.
    day.comes_to(page.get_by_role("banner").get_by_role("searchbox"))
    day.types(f"{NAME.lower()}, up")
    day.sends()
    day.reads("1 found")
    day.presses_on(page.locator("#found").get_by_role("link"))
    expect(page).to_have_url(f"{server.url}/cases/{case['id']}")

    # Her language, and back.
    day.follows("Language")
    choose_language(day, "ar")
    expect(page.locator("html")).to_have_attribute("dir", "rtl")
    day.stops()
    assert day.is_at(page.locator("#leave button"))
    day.presses_on(page.locator("footer a[href='/account/language']"))
    choose_language(day, "en")
    expect(page.locator("html")).to_have_attribute("dir", "ltr")

    day.signs_out()
    day.ends()


def choose_language(day: Keyed, code: str) -> None:
    choice = day.page.locator("main select")
    day.comes_to(choice)
    day.presses_key("Home")
    for _ in range(20):
        if choice.input_value() == code:
            break
        day.presses_key("ArrowDown")
    day.presses_on(day.page.locator("main button[type=submit]"))


def test_the_caseworker_sees_only_what_is_shared_with_her(
    office: Office, server: Server, new_context: NewContext
) -> None:
    investigator, caseworker = office.person(Role.INVESTIGATOR), office.person(Role.CASEWORKER)
    case = office.case(investigator, (caseworker, Role.CASEWORKER))
    office.case(investigator)
    shared = office.file(investigator, case, "messages.txt", f"Come tonight, {NAME}.".encode())
    hidden = office.file(investigator, case, "room.jpg", story.photo(3))
    office.post(investigator, f"/evidence/{shared['id']}/readers", user=str(caseworker.id))
    day = Day(server, caseworker, new_context(), investigator.username)
    page = day.page

    day.signs_in()
    day.reads("Items shared with me")
    for table in ("Cases", "Items"):
        expect(page.get_by_role("table", name=table, exact=True).locator("tbody tr")).to_have_count(1)
    day.follows(shared["ref"])
    expect(page.get_by_role("link", name="Hand over")).to_have_count(0)
    day.presses("Show the text")
    day.reads(f"Come tonight, {NAME}.")
    day.presses("Stop looking")

    day.goes_home()
    day.follows(case["ref"])
    expect(page.get_by_role("link", name=shared["ref"]).first).to_be_visible()
    expect(page.get_by_text(hidden["ref"])).to_have_count(0)
    day.page.get_by_role("banner").get_by_role("searchbox").fill(NAME)
    day.presses("Search")
    day.reads("2 found")
    expect(page.get_by_text(hidden["ref"])).to_have_count(0)
    assert day.goes_to(f"/items/{hidden['id']}") == 404
    assert day.goes_to(f"/items/{hidden['id']}/label") == 404
    assert day.goes_to("/people") == 403
    day.follows("Go to the first page")

    day.signs_out()
    day.ends()


def test_the_caseworkers_day(office: Office, server: Server, new_context: NewContext) -> None:
    investigator, caseworker = office.person(Role.INVESTIGATOR), office.person(Role.CASEWORKER)
    case = office.case(investigator, (caseworker, Role.CASEWORKER))
    facts = {"gender": "female", "minor": True, "languages": ["km"]}
    her = office.call(investigator, "POST", "/victims", json={"case": case["id"], **facts})
    out = {"axis": "whereabouts", "action": "rescue", "reason": "Brought out"}
    office.post(investigator, f"/victims/{her['id']}/transitions", **out)
    identity = {"name": f"{NAME} Chan", "born": "2009-03"}
    office.call(caseworker, "PUT", f"/victims/{her['id']}/identity", json=identity)
    day = Touched(server, caseworker, new_context(**PHONE), her["pseudonym"], *identity.values())
    page = day.page

    # Who has come out needs her now: a need is met, and ticked off.
    day.signs_in()
    day.reads("Who needs contact today")
    today = page.get_by_role("region", name="Who needs contact today")
    expect(today.get_by_role("row").filter(has_text=her["pseudonym"])).to_have_count(FEW)
    # All are due at the same moment: any of them may be among those on the first page.
    day.follows("All that is due", today)
    day.follows(her["pseudonym"], day.row("A safe place to sleep"))
    day.presses_on(day.row("A safe place to sleep").get_by_role("button", name="Done"))
    expect(day.row("A safe place to sleep").get_by_role("button")).to_have_count(0)

    # Where she sleeps is sealed; a code opens it, once.
    day.follows("Where she sleeps")
    day.follows("Place her", page.locator("main .bar"))
    day.chooses("Where she sleeps", "Shelter")
    day.field("From").fill(datetime.now(UTC).date().isoformat())
    day.writes(Address=f"Lotus house of {NAME}, behind the school")
    day.presses("Place her")
    for sealed in ("Lotus house", "Shelter"):
        expect(page.get_by_text(sealed)).to_have_count(0)
    day.presses_on(day.row("Now").get_by_role("link", name="Reveal where she sleeps"))
    day.writes(Reason=f"To bring {NAME} her letters")
    day.field("Code").fill("000000")
    day.presses("Reveal where she sleeps")
    day.reads("This code is not right")
    day.gives_code()
    day.presses("Reveal where she sleeps")
    day.reads("Shelter", "behind the school")
    page.reload()
    expect(page.get_by_text("behind the school")).to_have_count(0)
    day.goes_to(f"/victims/{her['id']}/care")

    # They meet: she says what she wants, and what it came to is written down.
    day.follows("Ask whether she wants care")
    day.field("Willing").check()
    day.presses("Record what she said")
    day.follows("Record an assessment")
    day.chooses("What was assessed", "Initial assessment")
    day.field("Day of the assessment").fill(datetime.now(UTC).date().isoformat())
    day.writes(What_it_came_to=f"{NAME} sleeps badly, and wants to learn.")
    day.presses("Record it")
    day.follows("Schedule a follow-up")
    day.field("When she is to be asked").fill((datetime.now(UTC) + timedelta(days=9)).strftime("%Y-%m-%dT%H:%M"))
    day.writes(In_words=f"Ask {NAME} about the course")
    day.presses("Add it to the plan")
    expect(day.row("about the course")).to_have_count(1)
    day.follows("Victim", page.locator("main"))
    for step in ("Record the first contact", "Record that she is assessed", "Record that she is engaged"):
        day.follows(step)
        day.writes(Reason=f"{NAME} said so")
        day.presses(step)
    way = page.get_by_role("list", name="Her way").locator("[aria-current=step]")
    expect(way).to_have_text("Engaged")

    # Who she is: for a reason, with a fresh code.
    expect(page.get_by_text(identity["name"])).to_have_count(0)
    day.follows("Open her identity")
    day.writes(Reason=f"To ask {NAME} for her school papers")
    day.gives_code()
    day.presses("Open it")
    day.reads(identity["name"], identity["born"])
    acts = office.call(caseworker, "GET", f"/cases/{case['id']}/timeline")["items"]
    assert {"victim:identity_reveal", "care:willingness"} <= {one["action"] for one in acts}

    day.goes_home()
    day.signs_out()
    day.ends()


def test_the_administrators_day(office: Office, server: Server, new_context: NewContext) -> None:
    administrator, investigator = office.person(Role.ADMINISTRATOR), office.person(Role.INVESTIGATOR)
    case = office.case(investigator)
    item = office.file(investigator, case, "stairs.jpg", story.photo(4))
    newcomer = "chan.thida"
    day = Day(server, administrator, new_context(), investigator.username, newcomer)
    page = day.page

    day.signs_in()
    day.reads("People")
    initial = makes_account(day, newcomer)

    # It was shown once: neither a reload nor going back shows it again.
    page.reload()
    expect(page.get_by_text(initial)).to_have_count(0)
    page.go_back()
    expect(page.get_by_text(initial)).to_have_count(0)
    day.follows("People", page.get_by_role("navigation", name="Main"))
    expect(day.row(newcomer)).to_have_count(1)
    expect(day.row(newcomer)).to_contain_text("Not signed in yet")
    assert tries_to_sign_in(server, new_context, newcomer, initial) == "Set up your authenticator"

    # Another role takes a code.
    day.follows(newcomer)
    day.follows("Grant a role")
    day.chooses("Role", "Lawyer")
    day.field("Code").fill("000000")
    day.presses("Grant the role")
    day.reads("This code is not right")
    day.gives_code()
    day.presses("Grant the role")
    day.reads("The role is granted.", "Investigator", "Lawyer")

    day.follows("Disable the account")
    day.gives_code()
    day.presses("Disable the account")
    day.reads("She leads no open case and holds no item")
    assert tries_to_sign_in(server, new_context, newcomer, initial) == "Sign in"
    day.follows("Go on")
    day.follows("Enable the account")
    day.gives_code()
    day.presses("Enable the account")
    day.reads("The account is enabled.")

    day.follows("Start the authenticator again")
    day.gives_code()
    day.presses("Start again")
    second = shown_password(day)
    assert second != initial
    assert tries_to_sign_in(server, new_context, newcomer, initial) == "Sign in"
    assert tries_to_sign_in(server, new_context, newcomer, second) == "Set up your authenticator"

    # No case is anywhere.
    expect(page.get_by_role("link", name="Cases")).to_have_count(0)
    expect(page.get_by_role("search")).to_have_count(0)
    for path in ("/cases", f"/cases/{case['id']}", f"/items/{item['id']}", "/items", "/search"):
        assert day.goes_to(path) in (403, 404), path
        assert NAME not in page.content()
    assert day.goes_to("/") == 200
    expect(page.locator("h1")).to_have_text("People")

    day.signs_out()
    day.ends()


def makes_account(day: Day, username: str) -> str:
    """Through the form; her initial password."""
    day.follows("Add a person")
    day.writes(User_name=username)
    day.field("Investigator").check()
    day.gives_code()
    day.presses("Make the account")
    return shown_password(day)


def shown_password(day: Day) -> str:
    day.reads("It is shown this once.")
    initial = day.page.locator("code.secret").inner_text()
    day.unsaid.add(initial)
    return initial


def tries_to_sign_in(server: Server, new_context: NewContext, username: str, password: str) -> str:
    """Where a newcomer comes to, as the heading says."""
    page = new_context().new_page()
    page.goto(f"{server.url}/sign-in")
    page.get_by_label("User name").fill(username)
    page.get_by_label("Password").fill(password)
    with page.expect_navigation():
        page.get_by_role("button", name="Sign in").click()
    return page.locator("h1").inner_text()


# --- left alone, and left quickly -------------------------------------------------------------------------------------


@pytest.fixture(scope="module")
def hasty(site: Site, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server of the same office whose pages lock after a minute."""
    settings = replace(site.settings, idle_minutes=1)
    made = Server(settings, tmp_path_factory.mktemp("hasty-server") / "server.log")
    made.start()
    yield made
    made.kill()


def fills_in_a_case(day: Day) -> None:
    day.goes_to("/cases/new")
    day.writes(Title=f"{NAME}, the second house")
    day.chooses("What it is about", "Forced labour")
    day.chooses("Country", "Cambodia")


def test_a_form_that_is_left_alone_is_found_as_it_was_left(
    office: Office, hasty: Server, new_context: NewContext
) -> None:
    day = Day(hasty, office.person(Role.INVESTIGATOR), new_context())
    page = day.page
    day.signs_in()
    day.context.clock.install()
    fills_in_a_case(day)
    with page.expect_response("**/session/lock"):
        page.clock.fast_forward(62_000)
    expect(page.locator("#lock")).to_be_visible()
    expect(page.locator("main")).to_be_hidden()
    page.fill("#lock-code", day.person.fresh())
    page.press("#lock-code", "Enter")
    expect(page.locator("#lock")).to_be_hidden(timeout=PATIENT)
    expect(day.field("Title")).to_have_value(f"{NAME}, the second house")
    day.presses("Open the case")
    day.reads("The case is open.", f"{NAME}, the second house", "Forced labour")
    day.signs_out()
    day.ends()


def test_an_answer_that_was_under_way_when_the_page_locked_does_not_show_it_again(
    office: Office, hasty: Server, new_context: NewContext
) -> None:
    day = Day(hasty, office.person(Role.INVESTIGATOR), new_context())
    page = day.page
    held: list[Route] = []
    day.signs_in()
    day.context.clock.install()
    page.route("**/api/v1/me", lambda route: held.append(route))
    fills_in_a_case(day)
    with page.expect_request("**/api/v1/me"):
        page.clock.fast_forward(20_000)
    with page.expect_response("**/session/lock"):
        page.clock.fast_forward(60_000)
    with page.expect_response("**/api/v1/me"):
        held[0].fulfill(status=200, json={})
    page.evaluate("fetch('/health/live').then(answer => answer.text())")
    expect(page.locator("main")).to_be_hidden()
    expect(page.locator("#lock")).to_be_visible()


def test_without_script_what_was_typed_goes_on_once_the_code_is_given(
    office: Office, hasty: Server, new_context: NewContext
) -> None:
    day = Day(hasty, office.person(Role.INVESTIGATOR), new_context(java_script_enabled=False))
    day.signs_in()
    fills_in_a_case(day)
    a_minute_passes(day)
    day.presses("Open the case")
    expect(day.page.locator("h1")).to_have_text("Locked")
    expect(day.page.get_by_text(NAME).filter(visible=True)).to_have_count(0)
    day.field("Code").fill("000000")
    day.presses("Unlock")
    day.reads("This code is not right")
    day.gives_code()
    day.presses("Unlock")
    day.reads("The case is open.", f"{NAME}, the second house", "Forced labour")
    day.signs_out()
    day.ends()


def a_minute_passes(day: Day) -> None:
    """In which nothing is heard of her."""
    hers = sa.select(AuthSession.id).where(AuthSession.user_id == day.person.id)
    with day.person.site.engine.begin() as connection:
        connection.execute(
            sa.update(SessionPresence)
            .where(SessionPresence.session_id.in_(hers))
            .values(seen_at=datetime.now(UTC) - timedelta(seconds=61))
        )


@pytest.mark.parametrize("way", ["the button", "Escape three times", "the button without script"])
def test_who_leaves_quickly_leaves_nothing_to_be_seen(
    office: Office, server: Server, new_context: NewContext, way: str
) -> None:
    person = office.person(Role.INVESTIGATOR)
    case = office.case(person)
    day = Day(server, person, new_context(java_script_enabled="without" not in way))
    page = day.page
    day.signs_in()
    day.follows(case["ref"])
    day.follows("Edit the case")
    day.writes(Title=f"{NAME}, the third house")
    with page.expect_navigation(url="**/away"):
        if way == "Escape three times":
            for _ in range(3):
                page.keyboard.press("Escape")
        else:
            page.get_by_role("button", name="Leave quickly").click()
    expect(page).to_have_title("Home")
    expect(page.locator("body")).to_have_text("Home")
    until_locked(day)
    for _ in range(2):
        page.go_back()
        expect(page.locator("[name=unlock_code]")).to_be_visible()
        expect(page.get_by_text(NAME).filter(visible=True)).to_have_count(0)
    day.presses("Sign out")
    day.is_out()
    day.ends()


def until_locked(day: Day) -> None:
    """The page is gone before the server has answered."""
    for _ in range(300):
        if "user:session_locked" in day.person.actions():
            return
        day.page.wait_for_timeout(100)
    pytest.fail("the session was not locked")


def test_a_day_without_javascript(office: Office, server: Server, new_context: NewContext) -> None:
    investigator, lawyer = office.person(Role.INVESTIGATOR), office.person(Role.LAWYER)
    hers, other = (
        Day(server, one, new_context(java_script_enabled=False), investigator.username, lawyer.username)
        for one in (investigator, lawyer)
    )
    hers.signs_in()
    hers.follows("Open a case")
    hers.writes(Title=f"{NAME}, the house on stilts")
    hers.chooses("What it is about", "Bonded labour")
    hers.chooses("Country", "Nepal")
    hers.presses("Open the case")
    hers.follows("Assign a person")
    hers.chooses("Whom", f"{lawyer.username} (Lawyer)")
    hers.chooses("In which of her roles", "Lawyer")
    hers.presses("Assign her")

    hers.follows("Upload", hers.page.get_by_role("group", name="Add to the case"))
    # Chromium shows it where scripts are switched off, but not where a test switches them off.
    said = hers.page.locator("noscript").text_content() or ""
    assert "Uploading needs JavaScript" in said
    assert "unbroken upload" in said
    expect(hers.page.locator("#upload")).to_be_hidden()
    hers.page.go_back()

    hers.follows("Register a thing")
    hers.writes(What_it_is=f"Passport of {NAME}", Tag=f"{NAME}-3", Where_it_is_kept=f"Safe of {NAME}")
    hers.writes(When_it_was_seized_or_handed_in="2026-11-01T09:30")
    hers.presses("Register it")
    hers.reads("The thing is registered, and you hold it.")
    hers.follows("Hand over")
    hers.chooses("To whom", lawyer.username)
    hers.writes(Reason=f"{NAME} needs it for the hearing")
    hers.presses("Offer it")
    hers.reads("The item is offered.")

    other.signs_in()
    other.follows("Accept it")
    other.gives_code()
    other.presses("Accept it")
    other.reads("The item is in your custody.")
    other.unfolds("The same in words")
    assert len(other.page.locator(".custody-lines li").all()) >= 3
    other.signs_out()

    hers.goes_up()
    events = hers.page.get_by_role("list", name="What happened, newest first").get_by_role("listitem")
    for place, what in enumerate(("Hand-over accepted", "Hand-over offered", "Registered", "Person assigned")):
        expect(events.nth(place)).to_contain_text(what)
    assert hers.goes_to(f"{hers.page.url.removeprefix(server.url)}/timeline") == 200
    opened, seized = events.all_inner_texts()[-2:]
    assert "Case opened" in opened
    # By when it happened: the passport was seized before there was a case.
    assert "Recorded or seized" in seized
    hers.signs_out()
    for day in (hers, other):
        day.ends()
