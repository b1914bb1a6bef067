"""The whole story by the pages alone, as those who work on it walk through them: from the girl of thirteen in the house
by the ferry to the day on which she goes her own way and the house is a community centre. What is not ready yet is
refused, and the page says what is missing.

The clock is the real one: the years lie in the dates that are typed.
"""

from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest
from playwright.sync_api import Locator, expect

from evidence_api import create_app
from evidence_api.domain.roles import Role
from tests.e2e import story
from tests.e2e.browser import NewContext
from tests.e2e.conftest import Server
from tests.e2e.day import NAME, PATIENT, Day, Office
from tests.golden.office import installation

AS_IT_WAS = f"As {NAME} told it"
NEXT = "What can come next, and what it needs"
TODAY = datetime.now(UTC).date().isoformat()

EVERYBODY = {
    "sokha": Role.INVESTIGATOR,
    "dara": Role.INVESTIGATOR,
    "mealea": Role.LAWYER,
    "bopha": Role.SUPERVISOR,
    "kunthea": Role.CASEWORKER,
    "stranger": Role.INVESTIGATOR,
}


class Told(Day):
    """A day in the story. What she states in dates, numbers and codes names nobody, and is not kept in mind."""

    def states(self, **fields: str) -> None:
        for label, text in fields.items():
            self.field(label.replace("_", " ")).fill(text)

    def picks(self, label: str, option: str) -> None:
        """The option that is called exactly so."""
        self.field(label).select_option(label=option)

    def ticks(self, *labels: str) -> None:
        for label in labels:
            self.field(label).check()

    def begins(self, name: str) -> None:
        """The act beside a page's heading; the page says it once more where nothing is there yet."""
        self.follows(name, self.page.locator("main .bar"))

    def opens_case(self, ref: str) -> None:
        self.goes_home()
        self.follows(ref, self.page.get_by_role("region", name="My cases"))

    def opens_room(self, name: str) -> None:
        self.follows(name, self.page.get_by_role("navigation", name="People and places"))

    def goes_back_to(self, name: str) -> None:
        self.follows(name, self.page.get_by_role("navigation", name="Where this is"))

    def next_step(self, action: str) -> Locator:
        header = self.page.get_by_role("rowheader", name=action, exact=True)
        return self.page.get_by_role("table", name=NEXT).get_by_role("row").filter(has=header)

    def lacks(self, action: str, *sentences: str) -> None:
        """The page says what a step still needs, and does not offer it."""
        for sentence in sentences:
            expect(self.next_step(action)).to_contain_text(sentence)
        expect(self.next_step(action).get_by_role("link", name=action)).to_have_count(0)

    def takes(self, action: str, **fields: str) -> None:
        """A step that is offered, with its reason."""
        self.presses_on(self.next_step(action).get_by_role("link", name=action, exact=True))
        self.writes(**fields, Reason=AS_IT_WAS)
        self.presses(action)

    def records(self, action: str) -> None:
        """A step of a victim, on her page."""
        self.follows(action)
        self.writes(Reason=AS_IT_WAS)
        self.presses(action)
        self.reads("It is recorded.")

    def goes_on_to(self, name: str) -> None:
        """The way that stands beside what is missing."""
        self.presses_on(self.page.locator("table, [role=alert]").get_by_role("link", name=name, exact=True))

    def is_refused(self, sentence: str) -> None:
        expect(self.page.get_by_role("alert")).to_contain_text(sentence)

    def uploads(self, name: str, content: bytes) -> None:
        """One file into the case whose page she is on; she goes on to its item."""
        self.follows("Upload", self.page.get_by_role("group", name="Add to the case"))
        file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
        self.page.set_input_files("#pick", file)  # type: ignore[arg-type]
        self.page.fill("#all-title", f"{NAME}, {name}")
        self.page.get_by_role("button", name="Start upload").click()
        done = self.page.locator("#files > [data-state=done]")
        expect(done).to_have_count(1, timeout=PATIENT)
        self.presses_on(done.get_by_role("link"))


class Cast:
    """Those who work on the cases, each signed in at a browser of her own; the stranger has a case that knows
    nobody."""

    def __init__(self, office: Office, server: Server, new_context: NewContext) -> None:
        people = {name: office.person(role) for name, role in EVERYBODY.items()}
        names = [person.username for person in people.values()]
        self.days = {name: Told(server, person, new_context(), *names) for name, person in people.items()}
        self.sokha, self.dara, self.mealea = self.days["sokha"], self.days["dara"], self.days["mealea"]
        self.bopha, self.kunthea, self.stranger = self.days["bopha"], self.days["kunthea"], self.days["stranger"]
        office.case(people["stranger"])
        for day in self.days.values():
            day.signs_in()

    def who_sees(self, part: str, pseudonym: str, times: dict[str, int]) -> None:
        """How often she stands in that part of everybody's first page."""
        for name, day in self.days.items():
            day.goes_home()
            found = day.page.get_by_role("region", name=part, exact=True).get_by_role("row").filter(has_text=pseudonym)
            expect(found).to_have_count(times.get(name, 0))

    def open_case(self, title: str, *others: str) -> str:
        """Sokha opens a case and assigns the others; its reference."""
        sokha = self.sokha
        sokha.goes_home()
        sokha.follows("Cases", sokha.page.get_by_role("navigation", name="Main"))
        sokha.begins("Open a case")
        sokha.writes(Title=f"{NAME}, {title}")
        sokha.picks("What it is about", "Sex trafficking")
        sokha.picks("Country", "Cambodia")
        sokha.presses("Open the case")
        for name in others:
            sokha.follows("Assign a person")
            sokha.chooses("Whom", self.days[name].person.username)
            sokha.picks("In which of her roles", EVERYBODY[name].value.capitalize())
            sokha.presses("Assign her")
        sokha.takes("Investigate")
        return sokha.page.locator("h1").inner_text()


@pytest.fixture
def cast(tmp_path: Path, request: pytest.FixtureRequest, new_context: NewContext) -> Iterator[Cast]:
    with installation(tmp_path, request) as site:
        app = create_app(site)
        app.testing = True
        server = Server(site.settings, tmp_path / "server.log")
        server.start()
        try:
            yield Cast(Office(site, app), server, new_context)
        finally:
            server.kill()


def test_she_was_told_to_hide_and_is_found_again_and_the_house_becomes_a_community_centre(cast: Cast) -> None:
    sokha, kunthea = cast.sokha, cast.kunthea
    case = cast.open_case("house by the ferry", "dara", "mealea", "kunthea")
    venue = registers_venue(sokha, case, "Brothel", "Svay Pak")
    her = registers_her(sokha, case)
    for day in cast.days.values():
        day.unsaid.add(her)
    records_episode(sokha, f"{venue} ", "2019-01-10")
    expect(sokha.row(venue)).to_contain_text("The first")
    ties_the_seller(sokha, case, her)
    visits_covertly(sokha, case, her, venue)

    # The rescue. She was told to hide; the others are out.
    rescue = plans_rescue(cast, case, venue)
    imports_victims(sokha, case, 37)
    goes_to_operation(sokha, rescue)
    puts_everybody_on_the_roster(sokha)
    sokha.goes_back_to(case)
    sokha.lacks("Record the intervention", "Not everyone on the roster has an outcome.", "still open: 38")
    goes_to_operation(sokha, rescue)
    sokha.lacks("Conclude", "still open: 38")
    sokha.presses_on(sokha.row(her).get_by_role("link", name="Give the outcome"))
    sokha.picks("What it brought", "Missed")
    sokha.writes(What_happened=AS_IT_WAS)
    sokha.picks("If missed, how", "She was told to hide")
    sokha.presses("Record it")
    brings_out_the_rest(sokha)
    brought(sokha, rescued=37, missed=1)
    sokha.takes("Conclude")
    sokha.goes_back_to(case)
    sokha.takes("Record the intervention")
    sokha.opens_room("Venues")
    sokha.follows(venue)
    sokha.takes("Record the intervention")
    cast.who_sees("Missing people", her, dict.fromkeys(("sokha", "dara", "mealea", "kunthea", "bopha"), 1))

    # Three years later, in a bar of another case: she was moved, and all who know her hear of it.
    second = cast.open_case("bar at the crossroads", "mealea", "kunthea")
    bar = registers_venue(sokha, second, "Bar", "Poipet")
    kunthea.goes_home()
    kunthea.follows(f"Look at the search {her}")
    kunthea.reads("Sought for 0 days")
    kunthea.follows(her)
    kunthea.follows("Let another case know her")
    kunthea.chooses("Which of your cases", second)
    kunthea.presses("Let it know her")
    sokha.goes_home()
    sokha.follows(her)
    records_episode(sokha, f"{bar} ", "2021-03-10")
    expect(sokha.row(bar)).to_contain_text("Moved without an exit")
    alerts = {"sokha": 2, "mealea": 2, "kunthea": 2, "bopha": 2, "dara": 1}
    cast.who_sees("You must hear of this", her, alerts)
    expect(kunthea.row(her).filter(has_text="She was moved without an exit")).to_have_count(2)
    address = f"/victims/{address_of(sokha.page.get_by_role('link', name=her).first)}"
    assert cast.stranger.goes_to(address) == 404
    # Whoever takes note does it for all of that case, and of that case alone.
    kunthea.presses_on(kunthea.row(second).get_by_role("button", name="Take note"))
    cast.who_sees("You must hear of this", her, dict.fromkeys(alerts, 1))

    second_rescue = plans_rescue(cast, second, bar)
    imports_victims(sokha, second, 27)
    goes_to_operation(sokha, second_rescue)
    puts_everybody_on_the_roster(sokha)
    brings_out_the_rest(sokha)
    brought(sokha, rescued=28, missed=0)
    sokha.takes("Conclude")
    sokha.presses_on(sokha.row(her).get_by_role("link", name=her, exact=True))
    sokha.presses_on(sokha.row(bar).get_by_role("link", name="Change"))
    sokha.states(Last_day=TODAY)
    sokha.picks("How it ended", "She was rescued")
    sokha.presses("Save")
    cast.who_sees("Missing people", her, {})

    is_cared_for(kunthea, second, her)
    is_closed(cast, case, venue)
    is_told_by_pseudonym(cast.mealea, case, her)
    for day in cast.days.values():
        day.ends()


def address_of(link: Locator) -> str:
    """The id at the end of a link."""
    return str(link.get_attribute("href")).rpartition("/")[2]


def registers_venue(day: Told, case: str, kind: str, area: str) -> str:
    """Its reference. She is on the case's page."""
    day.opens_room("Venues")
    day.begins("Register a venue")
    day.picks("What kind of place", kind)
    day.writes(How_to_know_it=f"Blue gate of {NAME}", Area=area)
    day.presses("Register it")
    ref = day.page.locator("h1").inner_text()
    for action in ("Put under observation", "Confirm"):
        day.takes(action)
    day.goes_back_to(case)
    return ref


def registers_her(day: Told, case: str) -> str:
    """Her pseudonym."""
    day.opens_room("Victims")
    day.reads("No victim is known in this case yet.")
    day.presses_on(day.page.locator("main .empty").get_by_role("link", name="Register a victim"))
    day.picks("Gender", "Female")
    day.ticks("Yes")
    day.states(Estimated_age="13", Languages="km")
    day.presses("Register her")
    day.reads("about 13 years", "Minor", "In exploitation")
    return day.page.locator("h1").inner_text()


def records_episode(day: Told, venue: str, first: str) -> None:
    """She is on the victim's page."""
    day.follows("Record an episode")
    day.chooses("Venue", venue)
    day.states(First_day=first)
    day.ticks("Debt bondage")
    day.presses("Record it")
    day.reads("The episode is recorded.")


def ties_the_seller(day: Told, case: str, her: str) -> None:
    day.goes_back_to(case)
    day.opens_room("Perpetrators")
    day.begins("Register a perpetrator")
    day.writes(Name_by_which_people_speak_of_her_or_him=f"The mother of {NAME}")
    day.ticks("Seller")
    day.presses("Register her or him")
    day.follows("Tie to a victim")
    day.picks("The victim", her)
    day.picks("What she or he is, or did, to her", "Parent")
    day.presses("Save")
    expect(day.row(her)).to_contain_text("Parent")
    day.goes_back_to(case)


def visits_covertly(day: Told, case: str, her: str, venue: str) -> None:
    """A visit, what was filmed on it, and what was seen in two years."""
    day.opens_room("Operations")
    day.begins("Plan an operation")
    day.picks("What kind of operation", "Covert visit")
    day.chooses("Venue", venue)
    day.presses("Plan it")
    visit = day.page.locator("h1").inner_text()
    day.goes_back_to(case)
    day.uploads(f"{NAME} front room.mp4", story.video())
    for title, label, target, relation in (
        ("Link a victim", "Victim", her, "Shows"),
        ("Link a venue", "Venue", "Blue gate", "Recorded there"),
        ("Link an operation", "Operation", visit, "Belongs to"),
    ):
        day.follows(title)
        day.chooses(label, target)
        day.ticks(relation)
        day.presses("Link it")
    day.presses_on(day.row("Recorded there").get_by_role("link", name="Blue gate").first)
    for observed_on, people in (("2019-04-12", "31"), ("2020-12-02", "38")):
        day.follows("Note what was seen")
        day.states(Day=observed_on, How_many_people_seemed_to_be_exploited_there=people)
        day.ticks("Open")
        day.presses("Save")
    seen = day.page.get_by_role("table", name="What was seen there, the latest day first").locator("tbody tr")
    expect(seen.nth(0)).to_contain_text("38")
    expect(seen.nth(1)).to_contain_text("31")
    day.goes_back_to(case)


def plans_rescue(cast: Cast, case: str, venue: str) -> str:
    """With all that its go needs; as long as something is missing, the pages say what. The operation's reference."""
    sokha, bopha = cast.sokha, cast.bopha
    sokha.opens_case(case)
    sokha.lacks("Plan the intervention", "Plan a rescue first")
    sokha.opens_room("Operations")
    sokha.begins("Plan an operation")
    sokha.picks("What kind of operation", "Rescue")
    sokha.chooses("Venue", venue)
    sokha.presses("Plan it")
    rescue = sokha.page.locator("h1").inner_text()
    bopha.goes_home()
    bopha.follows(rescue, bopha.page.get_by_role("region", name="Operations to decide on"))
    bopha.lacks("Give the go", "It needs a safety assessment.")

    sokha.follows("Assess the dangers")
    for danger in ("to the victims", "to our own people", "to bystanders", "that it leaks out", "of retaliation"):
        sokha.picks(f"Danger {danger}", "2, small")
    sokha.picks("Danger to those in aftercare", "2, small")
    sokha.states(Assessed_on=TODAY)
    sokha.presses("Keep the assessment")
    sokha.goes_back_to(case)
    sokha.lacks(
        "Plan the intervention", "The rescue needs an authority partner.", "The rescue needs places in aftercare"
    )
    goes_to_operation(sokha, rescue)
    sokha.follows("Edit the operation")
    sokha.writes(Authority_partner=f"Police unit of {NAME}")
    sokha.states(Places_in_aftercare="40")
    sokha.presses("Save")
    sokha.goes_back_to(case)
    sokha.takes("Plan the intervention")

    bopha.page.reload()
    bopha.lacks("Give the go", "written go")
    goes_to_operation(sokha, rescue)
    sokha.follows("Record the authority's written go")
    sokha.states(Given_on=TODAY)
    sokha.writes(Its_reference=f"{NAME} 17/21")
    sokha.presses("Record it")
    expect(sokha.next_step("Give the go")).to_contain_text("Supervisor")
    expect(sokha.next_step("Give the go").get_by_role("link")).to_have_count(0)
    bopha.page.reload()
    bopha.takes("Give the go")
    expect(bopha.page.get_by_text("Decided", exact=True)).to_be_visible()
    sokha.goes_back_to(case)
    return rescue


def goes_to_operation(day: Told, ref: str) -> None:
    """From the case's page."""
    day.opens_room("Operations")
    day.follows(ref)


def imports_victims(day: Told, case: str, count: int) -> None:
    """From a table of the partner's, which she looks over before anything is imported."""
    day.opens_room("Tables, in and out")
    day.follows("Choose a file")
    day.picks("What the rows are", "Victims")
    rows = "".join(f"female,{'true' if n % 3 == 0 else 'false'},km\n" for n in range(count))
    file = {"name": f"{NAME}.csv", "mimeType": "text/csv", "buffer": f"gender,minor,languages\n{rows}".encode()}
    day.page.locator("[name=csv]").set_input_files(file)  # type: ignore[arg-type]
    day.presses("Go on")
    day.presses("Try it out")
    day.reads(f"All {count} rows can be imported. Nothing is yet.")
    day.presses(f"Import all {count} rows")
    day.reads(f"{count} rows are imported.")
    expect(day.page.locator("h1")).to_have_text(f"Victims of {case}")
    day.goes_back_to(case)


def puts_everybody_on_the_roster(day: Told) -> None:
    day.follows("Put on the roster")
    chooses_all(day)
    day.presses("Put them on it")
    day.reads("They are on the roster.")


def brings_out_the_rest(day: Told) -> None:
    """Everyone of whom it is not yet said what the operation brought her."""
    day.follows("Give several the same outcome")
    chooses_all(day)
    day.picks("What it brought", "Rescued")
    day.writes(What_happened=AS_IT_WAS)
    day.presses("Record it")


def chooses_all(day: Told) -> None:
    """By the keyboard, with one press for all."""
    boxes = day.page.locator("main").get_by_role("checkbox")
    if boxes.count() <= 5:
        for box in boxes.all():
            box.check()
        return
    for choice, said, checked in (
        ("Choose all", "All are chosen.", boxes.count()),
        ("Choose none", "None is chosen.", 0),
        ("Choose all", "All are chosen.", boxes.count()),
    ):
        day.page.get_by_role("button", name=choice).press("Enter")
        expect(day.page.get_by_role("status").filter(has_text=said)).to_be_visible()
        expect(day.page.locator("main input[type=checkbox]:checked")).to_have_count(checked)


def brought(day: Told, *, rescued: int, missed: int) -> None:
    """What is nobody's outcome is not counted out."""
    figures = day.page.get_by_role("list", name="The roster in figures").get_by_role("listitem")
    outcomes = [f"{rescued} rescued", *([f"{missed} missed"] if missed else [])]
    expect(figures).to_have_text([f"{rescued + missed} on the roster", "0 without an outcome", *outcomes])


def is_cared_for(day: Told, case: str, her: str) -> None:
    """From her first needs to her own life: a home, a course, work."""
    day.opens_case(case)
    day.opens_room("Victims")
    day.follows(her)
    day.records("Confirm that she is a victim")
    day.records("Record the first contact")
    day.lacks("Record that she is assessed", "Record the initial assessment first.")
    day.reads("8 needs of her first hours are still open.")
    victim, to_her_care = day.page.url, "Her care: needs, assessments, plan, follow-ups"
    day.follows(to_her_care)
    needs = day.page.get_by_role("table", name="The first 72 hours")
    for left in range(8, 0, -1):
        done = needs.get_by_role("button", name="Done")
        expect(done).to_have_count(left)
        day.presses_on(done.first)
    day.unfolds("Done or stopped: 8")
    expect(needs.get_by_role("cell").get_by_text("Done", exact=True)).to_have_count(8)
    day.follows("Where she sleeps")
    places_her(day, "Shelter", f"Lotus house of {NAME}")
    day.follows("Care", day.page.locator("main"))
    day.goes_on_to("Record an assessment")
    assesses(day, "Initial assessment")
    day.follows("Victim", day.page.locator("main"))
    day.records("Record that she is assessed")
    day.lacks("Record that she is engaged", "Ask her first, and record that she is willing.")
    day.follows(to_her_care)
    day.goes_on_to("Ask whether she wants care")
    day.ticks("Willing")
    day.presses("Record what she said")
    day.follows("Victim", day.page.locator("main"))
    for action in ("engaged", "stabilising"):
        day.records(f"Record that she is {action}")

    day.follows(to_her_care)
    day.follows("Add a skill")
    day.writes(What_she_learns=f"Tailoring course, {NAME}")
    day.presses("Add it to the plan")
    for action in ("Begin", "Finish"):
        day.presses_on(day.row("Tailoring course").get_by_role("link", name=action))
        day.presses(action)
    day.unfolds("Done or stopped: 1")
    expect(day.row("Tailoring course")).to_contain_text("Done")
    day.follows("Victim", day.page.locator("main"))
    day.records("Record that she is restoring")

    # Home only where it is safe there, and there is something to live on.
    for lacking in (("Safety of the household", "Economy of the household"), ("Economy of the household",)):
        day.follows(to_her_care)
        day.follows("Where she sleeps")
        places_her(day, "At home")
        for kind in lacking:
            day.is_refused(kind)
        day.goes_on_to("Record an assessment")
        assesses(day, lacking[0], favourable=True)
        day.follows("Victim", day.page.locator("main"))
    day.follows(to_her_care)
    day.follows("Where she sleeps")
    places_her(day, "At home")
    expect(day.row("Now")).to_have_count(1)
    expect(day.page.get_by_text("At home")).to_have_count(0)
    day.presses_on(day.row("Now").get_by_role("link", name="Reveal where she sleeps"))
    day.writes(Reason=AS_IT_WAS)
    day.gives_code()
    day.presses("Reveal where she sleeps")
    day.reads("At home")
    day.follows("Go back")
    day.follows("Care", day.page.locator("main"))
    day.follows("Add work")
    day.picks("What kind of work", "Job")
    day.writes(In_words=f"Tailor, {NAME}")
    day.presses("Add it to the plan")
    day.follows("Victim", day.page.locator("main"))
    day.records("Record that she is reintegrating")
    day.records("Record that she is independent")
    assert day.page.url == victim
    expect(day.page.get_by_role("list", name="Her way").locator("[aria-current=step]")).to_have_text("Independent")
    day.follows(to_her_care)
    day.unfolds("Later: 8")
    expect(day.page.get_by_role("table", name="Follow-ups").locator("tbody tr")).to_have_count(10)


def places_her(day: Told, kind: str, address: str = "") -> None:
    day.presses_on(day.page.get_by_role("link", name="Place her").first)
    day.picks("Where she sleeps", kind)
    day.states(From=TODAY)
    if address:
        day.writes(Address=address)
    day.presses("Place her")


def assesses(day: Told, kind: str, *, favourable: bool = False) -> None:
    day.picks("What was assessed", kind)
    day.states(Day_of_the_assessment=TODAY)
    day.writes(What_it_came_to=f"{NAME} wants to stay and learn.")
    if favourable:
        day.ticks("Yes")
    day.presses("Record it")


def is_closed(cast: Cast, case: str, venue: str) -> None:
    """Closed; seen to be closed by another than who sought it; put to another use."""
    mealea, dara = cast.mealea, cast.dara
    for day in (mealea, dara):
        day.opens_case(case)
    dara.uploads(f"{NAME} chains on the gate.jpg", story.photo())
    for day in (mealea, dara):
        day.opens_case(case)
        day.opens_room("Venues")
        day.follows(venue)
    for action in ("Seek its closure", "Record its closing for good"):
        mealea.takes(action)
    inspects(mealea, with_evidence=True)
    mealea.lacks("Verify that it is closed", "Another person must verify it")
    inspects(dara, with_evidence=False)
    dara.lacks("Verify that it is closed", "Somebody who did not seek the closure inspects it first")
    inspects(dara, with_evidence=True)
    dara.takes("Verify that it is closed")
    dara.takes("Record its new use", What_it_is_now="Community centre")
    dara.reads("In another use", "Community centre")
    dara.goes_back_to("Venues")
    dara.follows("How many venues are open and closed, by area")
    area = dara.row("Svay Pak").get_by_role("cell")
    expect(area.nth(1)).to_have_text("0")
    expect(area.nth(2)).to_have_text("1")
    expect(area.nth(3)).to_have_text("In another use: 1")
    mealea.goes_back_to("Venues")
    mealea.follows("How many venues are open and closed, by area")
    expect(mealea.row("Poipet").get_by_role("cell").nth(1)).to_have_text("1")


def inspects(day: Told, *, with_evidence: bool) -> None:
    """She is on the venue's page."""
    day.follows("Note an inspection")
    day.states(Day=TODAY)
    day.ticks("Closed")
    if with_evidence:
        day.chooses("The item of evidence that shows it", "chains on the gate")
    day.presses("Save")


def is_told_by_pseudonym(day: Told, case: str, her: str) -> None:
    """The chart of a whole case shows only the newest of so many; hers is reached from her own page."""
    day.opens_case(case)
    day.opens_room("Victims")
    day.follows(her)
    day.follows(f"Link chart around her {case}")
    ties = day.page.get_by_role("table", name="What ties them").get_by_role("row").filter(has_text=her)
    expect(ties.filter(has_text="The mother")).to_contain_text("Parent")
    expect(ties.filter(has_text="Shows")).to_have_count(1)
    expect(day.page.locator("svg").get_by_text(her)).not_to_have_count(0)
    day.goes_back_to(case)
    day.follows("All that happened")
    events = day.page.get_by_role("list", name="What happened, newest first")
    expect(events.get_by_role("link", name=her).first).to_be_visible()
