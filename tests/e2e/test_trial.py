"""A trial by the pages alone: a charge that two people make, a hearing at a time that does, a witness whose readiness
both sides sign, the verdict, an appeal, the order that closes the house, and the figures with the list behind each.

What stands before a case comes to court is made ready; the clock is the real one.
"""

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from playwright.sync_api import expect

from evidence_api import create_app
from evidence_api.domain.roles import Role
from evidence_api.work import Site
from tests.casework import (
    Made,
    intervened,
    made,
    move,
    new_adult,
    new_hearing,
    new_perpetrator,
    new_testimony,
    new_venue,
    preparing,
    sitting,
)
from tests.conftest import PASSWORD, Persona, quick_passwords, upload
from tests.e2e.browser import NewContext
from tests.e2e.conftest import Server
from tests.e2e.day import NAME
from tests.e2e.test_story import TODAY, Told
from tests.golden.office import add_person, installation
from tests.people import Person

COURT, ROOM = f"Court of {NAME}", f"Room of {NAME}"


@dataclass
class Trial:
    """Who works on it, each at a browser of her own; the case, and what of it stands before the trial."""

    lawyer: Told
    caseworker: Told
    supervisor: Told
    investigator: Told
    case: Made
    defendant: Made
    witness: Made
    venue: Made

    @property
    def days(self) -> list[Told]:
        return [self.lawyer, self.caseworker, self.supervisor, self.investigator]


def before_court(people: dict[Role, Persona]) -> tuple[Made, Made, Made, Made]:
    """The case of a house that was raided, who kept it, a witness who is prepared and not signed for yet, the house."""
    investigator, lawyer = people[Role.INVESTIGATOR], people[Role.LAWYER]
    caseworker = people[Role.CASEWORKER]
    title = {"title": f"{NAME}, the house by the ferry", "kind": "sex_trafficking", "country": "KH"}
    case, other = (made(investigator, "/cases", title) for _ in range(2))
    for persona in (lawyer, caseworker):
        body = {"user": str(persona.id), "role": persona.role.value}
        made(investigator, f"/cases/{case['id']}/assignments", body)
    move(investigator, f"/cases/{case['id']}", "investigate")
    intervened(investigator, people[Role.SUPERVISOR], case["id"])
    venue = new_venue(investigator, case["id"], description=f"Blue gate of {NAME}")
    for action in ("confirm", "intervene"):
        move(investigator, f"/venues/{venue['id']}", action)
    defendant = new_perpetrator(investigator, case["id"], alias=f"Auntie of {NAME}")
    witness = new_testimony(lawyer, case["id"], new_adult(caseworker, case["id"])["id"])
    preparing(lawyer, caseworker, witness)
    upload(lawyer, case["id"], title=f"Judgment on {NAME}")
    body = {"user": str(lawyer.id), "role": "lawyer"}
    made(investigator, f"/cases/{other['id']}/assignments", body)
    new_hearing(lawyer, other["id"], court=COURT, room=ROOM)
    return case, defendant, witness, venue


@pytest.fixture
def trial(tmp_path: Path, request: pytest.FixtureRequest, new_context: NewContext) -> Iterator[Trial]:
    with quick_passwords(), installation(tmp_path, request) as site:
        app = create_app(site)
        app.testing = True
        people = {
            role: add_person(site, app, role)
            for role in (Role.LAWYER, Role.CASEWORKER, Role.SUPERVISOR, Role.INVESTIGATOR)
        }
        made_ready = before_court(people)
        server = Server(site.settings, tmp_path / "server.log")
        server.start()
        try:
            names = [persona.username for persona in people.values()]
            lawyer, caseworker, supervisor, investigator = (
                Told(server, as_person(site, one), new_context(), *names) for one in people.values()
            )
            yield Trial(lawyer, caseworker, supervisor, investigator, *made_ready)
        finally:
            server.kill()


def as_person(site: Site, persona: Persona) -> Person:
    return Person(persona.app, site, persona.id, persona.username, persona.secret, [], PASSWORD)


def local(moment: datetime) -> str:
    """As it is typed; the office is in UTC."""
    return moment.strftime("%Y-%m-%dT%H:%M")


def test_a_charge_is_tried_appealed_and_the_house_is_closed_by_the_pages_alone(trial: Trial) -> None:
    for day in trial.days:
        day.unsaid.add(trial.witness["pseudonym"])
        day.signs_in()
    is_charged(trial)
    starts = is_set_down(trial)
    is_signed_and_booked(trial, starts)
    is_on_the_docket(trial, starts)
    is_judged(trial)
    is_retried(trial)
    is_shut(trial)
    is_counted(trial)
    for day in trial.days:
        day.ends()


def opens(day: Told, trial: Trial, room: str) -> None:
    day.opens_case(trial.case["ref"])
    day.opens_room(room)


def is_charged(trial: Trial) -> None:
    """Proposed by the lawyer, approved by the supervisor, filed."""
    lawyer, supervisor = trial.lawyer, trial.supervisor
    opens(lawyer, trial, "Charges")
    lawyer.reads("Nobody is charged in this case yet. Propose a charge; another person approves it.")
    lawyer.begins("Propose a charge")
    lawyer.chooses("Defendant", trial.defendant["ref"])
    lawyer.chooses("Statute", "DEMO-1")
    lawyer.presses("Propose it")
    charge = lawyer.page.locator("h1").inner_text()
    expect(lawyer.next_step("Approve")).to_contain_text("Supervisor")
    expect(lawyer.next_step("Approve").get_by_role("link")).to_have_count(0)
    supervisor.goes_home()
    supervisor.follows(charge, supervisor.page.get_by_role("region", name="Charges to approve"))
    supervisor.takes("Approve")
    lawyer.page.reload()
    lawyer.takes("File with the court", **{"The court's reference": f"CC 17 of {NAME}", "Court": COURT})
    lawyer.goes_back_to("Charges")
    cell = (
        lawyer.page.get_by_role("table", name="Defendants by counts")
        .get_by_role("row")
        .filter(has_text=trial.defendant["ref"])
    )
    expect(cell).to_contain_text("Filed")
    lawyer.goes_back_to(trial.case["ref"])
    lawyer.takes("Record the charge")


def is_set_down(trial: Trial) -> datetime:
    """The room is taken, the page says so, and the nearest time that would do is one press away. When it begins."""
    lawyer = trial.lawyer
    lawyer.opens_room("Hearings")
    lawyer.begins("Set down a hearing")
    lawyer.picks("What it is for", "Trial")
    lawyer.writes(Court=COURT, Room=ROOM)
    lawyer.states(Begins=local(sitting(3, 10)), Ends=local(sitting(3, 14)))
    lawyer.presses("Set it down")
    lawyer.is_refused("The room is taken by another hearing at that time.")
    near = lawyer.page.get_by_role("group", name="The nearest times that would do:").get_by_role("button")
    instead = near.filter(has_text="11:00").first
    starts = datetime.fromisoformat(str(instead.get_attribute("value")).split()[0])
    lawyer.presses_on(instead)
    lawyer.reads("The hearing is set down.", ROOM)
    lawyer.follows("Record how an accused comes")
    lawyer.chooses("Who comes", trial.defendant["ref"])
    lawyer.states(Arrives=local(starts), Leaves=local(starts + timedelta(hours=4)))
    lawyer.presses("Record it")
    expect(lawyer.row(trial.defendant["ref"])).to_be_visible()
    return starts.astimezone(UTC)


def is_signed_and_booked(trial: Trial, starts: datetime) -> None:
    """Both sign the checklist; the time at which she would meet the accused is refused, another is confirmed."""
    lawyer, caseworker = trial.lawyer, trial.caseworker
    for day in (lawyer, caseworker):
        opens(day, trial, "Testimony")
        day.follows(trial.witness["ref"])
    unsigned = "The caseworker has not signed the checklist as it is now."
    lawyer.lacks("Record that she is ready", unsigned, "The lawyer has not signed the checklist as it is now.")
    for day in (lawyer, caseworker):
        day.follows("Sign the checklist")
        day.presses("Sign it")
        day.reads("You have signed the checklist.")
    lawyer.page.reload()
    lawyer.takes("Record that she is ready")
    lawyer.lacks("Confirm the booked time", "No time is booked for the witness.")
    lawyer.follows("Book a time")
    lawyer.chooses("Hearing", trial.case["ref"])
    half = timedelta(minutes=30)
    lawyer.states(The_witness_is_heard_from=local(starts + half), Until=local(starts + 2 * half))
    lawyer.presses("Book it")
    lawyer.is_refused("An accused, or somebody of theirs, arrives or leaves at nearly the same time.")
    lawyer.presses_on(
        lawyer.page.get_by_role("group", name="The nearest times that would do:").get_by_role("button").first
    )
    lawyer.reads("The time is booked provisionally. Nothing is open.")
    lawyer.takes("Confirm the booked time")
    booked = lawyer.page.get_by_role("table", name="Booked times, the soonest first")
    expect(booked.get_by_role("row").filter(has_text="Confirmed")).to_have_count(1)


def is_on_the_docket(trial: Trial, starts: datetime) -> None:
    """On paper too."""
    lawyer = trial.lawyer
    lawyer.goes_to(f"/dockets?on={starts.date().isoformat()}")
    lawyer.reads(COURT, trial.witness["pseudonym"])
    lawyer.page.emulate_media(media="print")
    expect(lawyer.page.get_by_text(trial.witness["pseudonym"])).to_be_visible()
    expect(lawyer.page.get_by_role("navigation", name="Other days")).to_be_hidden()
    assert lawyer.page.pdf().startswith(b"%PDF-")
    lawyer.page.emulate_media(media="screen")


def is_judged(trial: Trial) -> None:
    """A plea of guilty, the conviction and the sentence."""
    lawyer = trial.lawyer
    lawyer.opens_case(trial.case["ref"])
    lawyer.takes("Record that the trial has begun")
    lawyer.lacks("Record the judgment", "Not every charge is decided.")
    lawyer.opens_room("Charges")
    lawyer.follows(f"{trial.case['ref']}-C1", lawyer.page.get_by_role("region", name="Every charge, with its editions"))
    lawyer.presses_on(lawyer.next_step("Record the plea").get_by_role("link"))
    lawyer.ticks("Guilty")
    lawyer.writes(Reason=f"As {NAME} heard it")
    lawyer.presses("Record the plea")
    decides(lawyer, "Record a conviction")
    lawyer.lacks("Close the sentence", "Record at least one sentence first.")
    lawyer.follows("Record a sentence")
    lawyer.picks("What was imposed", "Imprisonment")
    lawyer.states(Imposed_on=TODAY, Days="3650")
    lawyer.presses("Record it")
    lawyer.takes("Close the sentence")
    lawyer.lacks("Make it final", "It can be appealed until")
    lawyer.reads("Imprisonment, 3,650 days")
    lawyer.goes_back_to(trial.case["ref"])
    lawyer.takes("Record the judgment")


def decides(day: Told, action: str) -> None:
    """A step of a court, with its judgment."""
    day.presses_on(day.next_step(action).get_by_role("link", name=action, exact=True))
    day.chooses("The judgment, an item of the case", "Judgment on")
    day.writes(Reason=f"As {NAME} read it")
    day.presses(action)


def is_retried(trial: Trial) -> None:
    """The defence appeals, and the court of appeal orders a retrial: the charge and the case are open again."""
    lawyer = trial.lawyer
    lawyer.opens_room("Appeals")
    lawyer.begins("Record an appeal")
    lawyer.page.locator("main").get_by_role("checkbox").check()
    lawyer.picks("Whose appeal", "Defence")
    lawyer.states(Filed_on=TODAY)
    lawyer.presses("Record it")
    for action in ("Record that it is let in", "Record that it was heard"):
        lawyer.takes(action)
    decides(lawyer, "Record that a retrial is ordered")
    lawyer.goes_back_to(trial.case["ref"])
    lawyer.lacks("Record the judgment", "Not every charge is decided.")
    lawyer.opens_room("Charges")
    matrix = lawyer.page.get_by_role("table", name="Defendants by counts")
    expect(matrix.get_by_role("row").filter(has_text=trial.defendant["ref"])).to_contain_text("Listed for trial")


def is_shut(trial: Trial) -> None:
    """Drafted by one and approved by another; granted, served, enforced: the venue is closed."""
    lawyer, supervisor, investigator = trial.lawyer, trial.supervisor, trial.investigator
    opens(lawyer, trial, "Venues")
    lawyer.follows(trial.venue["ref"])
    lawyer.follows("Draft an order")
    lawyer.ticks("It is sought for good, and not only for a time")
    lawyer.presses("Draft it")
    order = lawyer.page.locator("h1").inner_text()
    for day in (supervisor, investigator):
        day.goes_to(f"/venues/{trial.venue['id']}")
        day.follows(order)
    supervisor.takes("Approve")
    lawyer.page.reload()
    lawyer.takes("Apply for it", **{"Court": COURT, "The court's reference": f"CO 1 of {NAME}"})
    granted = "Record that it is granted for good"
    lawyer.presses_on(lawyer.next_step(granted).get_by_role("link"))
    lawyer.chooses("What the court wrote", "Judgment on")
    lawyer.writes(Reason=f"As {NAME} read it")
    lawyer.presses(granted)
    investigator.page.reload()
    for action in ("Record that it is served", "Record that it is enforced"):
        investigator.takes(action)
    investigator.goes_back_to(trial.venue["ref"])
    expect(investigator.page.locator("[aria-current=step]")).to_have_text("Closed for good")


def is_counted(trial: Trial) -> None:
    """Each number opens the list behind it."""
    supervisor = trial.supervisor
    supervisor.opens_menu()
    supervisor.follows("Figures")
    for figure, number, ref in (
        ("Perpetrators charged or facing trial at the end of the year", "1", trial.defendant["ref"]),
        ("Venues ordered permanently shut", "1", trial.venue["ref"]),
        ("Perpetrators convicted, net of what was quashed", "0", ""),
    ):
        supervisor.presses_on(supervisor.row(figure).get_by_role("link").first)
        rows = supervisor.page.get_by_role("table", name="Who and what is counted").locator("tbody tr")
        expect(rows).to_have_count(int(number))
        if ref:
            expect(rows).to_contain_text(ref)
        else:
            supervisor.reads("Nobody and nothing counts here in this year.")
        supervisor.follows("Figures", supervisor.page.locator("main"))
