"""Every page there is, in a real browser: axe finds nothing, nothing identifying is in a title, address or history.

A new page without its line in `VISITS` fails. `UNBROKEN_SCREENS=DIR` keeps a picture of each, in every guise.
"""

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any
from urllib.parse import unquote

import pytest
import sqlalchemy as sa
from flask import url_for
from playwright.sync_api import Page as Tab
from playwright.sync_api import expect

from evidence_api.domain.appeal import APPEAL
from evidence_api.domain.charge import CHARGE, CONSEQUENT
from evidence_api.domain.closure import CLOSURE
from evidence_api.domain.exhibit import EXHIBIT
from evidence_api.domain.hearing import HEARING
from evidence_api.domain.testimony import MEASURE, PLAN, SESSION, TESTIMONY
from evidence_api.domain.venue import VENUE
from evidence_api.domain.victim import AXES
from evidence_api.models import Evidence
from tests.conftest import BACKEND
from tests.e2e.browser import PHONE, NewContext, sign_in
from tests.e2e.conftest import Server
from tests.e2e.story import TITLES, Story
from tests.e2e.trial import court_day, tell
from tests.golden.office import installation
from web.forms import FORMS

SCREENS = os.environ.get("UNBROKEN_SCREENS")
AXE = Path(__file__).parents[2] / "web" / "node_modules" / "axe-core" / "axe.min.js"
GUISES: dict[str, dict[str, Any]] = {
    # Nothing is half-way between two colours when it is looked at.
    "light": {"viewport": {"width": 1280, "height": 900}, "reduced_motion": "reduce"},
    "phone": PHONE,
    "rtl": {"viewport": {"width": 1280, "height": 900}, "locale": "ar"},
}

NOBODY = "nobody"
CASE_ACTS = {
    **dict.fromkeys(("investigate", "plan_intervention", "intervene", "hold", "resume"), "sokha"),
    **dict.fromkeys(("charge", "try", "judge", "monitor", "decline", "resolve", "reopen"), "mealea"),
    "close": "bopha",
}
VICTIM_ACTS = tuple(f"victim_{action}" for lifecycle in AXES.values() for action in lifecycle.actions)
VICTIM_FORMS = (
    *("share_victim", "set_identity", "remove_identity", "reveal_identity", "set_address", "remove_address"),
    *("reveal_address", "add_consent", "keep_apart", "new_episode", "new_assessment", "ask_willingness"),
    *("new_service", "new_first", "new_skill", "new_work", "new_follow_up", "new_standing", "new_claim"),
    *("new_placement", "new_referral"),
)
CHARGE_ACTS = {
    **{action: ("mealea", "trafficking") for action in CHARGE.actions if action not in CONSEQUENT},
    "approve": ("bopha", "amended"),
    "plead": ("mealea", "bribe"),
    "execute_warrant": ("mealea", "bribe"),
    **dict.fromkeys(("sentence", "finalise"), ("mealea", "guarding")),
}
VENUE_ACTS = tuple(f"venue_do_{action}" for action in VENUE.actions)
VISITS: dict[str, tuple[tuple[str, str], ...]] = {
    "enter": ((NOBODY, ""),),
    "design": ((NOBODY, ""),),
    "api_docs": ((NOBODY, ""),),
    "away": ((NOBODY, ""),),
    "home": (("sokha", ""), ("dara", ""), ("mealea", ""), ("bopha", ""), ("kunthea", ""), ("newcomer", "")),
    "account": (("mealea", ""),),
    "language": (("sokha", ""),),
    "new_token": (("sokha", ""),),
    "password": (("sokha", ""),),
    "end_session": (("sokha", "session"),),
    "revoke_token": (("sokha", "token"),),
    "cases": (("sokha", ""), ("newcomer", "")),
    "new_case": (("sokha", ""),),
    "case": (("sokha", "case"), ("bopha", "case"), ("kunthea", "case")),
    "case_items": (("mealea", "case"),),
    "timeline": (("mealea", "case"),),
    "edit_case": (("sokha", "case"),),
    "give_lead": (("sokha", "case"),),
    "assign": (("sokha", "case"),),
    "unassign": (("sokha", "case assignment"),),
    "register": (("dara", "case"),),
    "upload": (("sokha", "case"),),
    **{f"do_{action}": ((who, "case"),) for action, who in CASE_ACTS.items()},
    "my_items": (("sokha", ""), ("kunthea", "")),
    "item": (
        ("sokha", "video"),
        ("dara", "photo"),
        ("sokha", "paper"),
        ("mealea", "picture"),
        ("dara", "picture"),
        ("sokha", "text"),
        ("dara", "thing"),
        ("bopha", "broken"),
    ),
    "entries": (("sokha", "video"),),
    "label": (("sokha", "thing"),),
    "readers": (("sokha", "picture"),),
    "name_reader": (("sokha", "picture"),),
    "drop_reader": (("sokha", "picture reader"),),
    **dict.fromkeys(("offer", "check_out", "take_to_court", "verify", "correct", "restrict"), (("sokha", "paper"),)),
    **dict.fromkeys(("check_in", "return_from_court"), (("dara", "thing"),)),
    "hold": (("mealea", "paper"),),
    "lift_hold": (("bopha", "broken"),),
    "unrestrict": (("bopha", "picture"),),
    "release": (("bopha", "broken"),),
    "accept": (("dara", "transfer"),),
    "refuse": (("dara", "transfer"),),
    "withdraw": (("sokha", "transfer"),),
    "search": (("sokha", ""),),
    "people": (("rith", ""),),
    "new_person": (("rith", ""),),
    "person": (("rith", "person"), ("rith", "own")),
    **dict.fromkeys(
        ("disable_person", "enable_person", "reset_authenticator", "grant_role", "revoke_role", "unblock_person"),
        (("rith", "person"),),
    ),
    "note": (("sokha", "paper"),),
    "case_victims": (("kunthea", "case"), ("sokha", "case")),
    "victim": (("sokha", "her"), ("mealea", "safe"), ("kunthea", "safe"), ("kunthea", "her"), ("bopha", "sought")),
    "new_victim": (("kunthea", "case"),),
    **dict.fromkeys(("edit_victim", *VICTIM_ACTS, *VICTIM_FORMS), (("kunthea", "her"),)),
    "withdraw_consent": (("kunthea", "consent"),),
    "end_keep_apart": (("kunthea", "keep apart"),),
    "victim_episodes": (("sokha", "her"),),
    "edit_episode": (("sokha", "episode"),),
    "care_due": (("kunthea", ""),),
    "care_of": (("kunthea", "safe"), ("mealea", "safe")),
    "placements": (("kunthea", "safe"),),
    **dict.fromkeys(("step_begin", "step_finish", "step_stop"), (("kunthea", "step"),)),
    "step_resume": (("kunthea", "stopped"),),
    "new_payment": (("kunthea", "claim"),),
    **dict.fromkeys(("end_placement", "reveal_placement"), (("kunthea", "placement"),)),
    "all_searches": (("kunthea", ""), ("bopha", "")),
    "case_searches": (("sokha", "case"),),
    "one_search": (("kunthea", "search"), ("kunthea", "reported")),
    "all_alerts": (("sokha", ""),),
    "new_search": (("kunthea", "case"),),
    **dict.fromkeys(("new_sighting", "end_search"), (("sokha", "search"),)),
    **dict.fromkeys(("match_search", "reveal_search_name"), (("kunthea", "reported"),)),
    "note_alert": (("sokha", "alert"),),
    "case_venues": (("sokha", "case"),),
    "venue": (("sokha", "house"), ("kunthea", "salon")),
    "venue_areas": (("bopha", ""),),
    **dict.fromkeys(
        ("venue_ties", "venue_observations", "venue_inspections", "venue_episodes", "edit_venue", *VENUE_ACTS),
        (("sokha", "house"),),
    ),
    "new_venue": (("sokha", "case"),),
    **dict.fromkeys(("new_venue_tie", "new_observation", "new_inspection"), (("sokha", "house"),)),
    "end_venue_tie": (("sokha", "venue tie"),),
    "case_perpetrators": (("sokha", "case"),),
    **dict.fromkeys(("perpetrator", "perpetrator_victims", "perpetrator_venues"), (("sokha", "keeper"),)),
    "new_perpetrator": (("sokha", "case"),),
    **dict.fromkeys(
        ("edit_perpetrator", "tie_victim", "set_perpetrator_address", "reveal_perpetrator_address"),
        (("sokha", "keeper"),),
    ),
    "end_victim_tie": (("sokha", "victim tie"),),
    "case_operations": (("sokha", "case"),),
    "operation": (("sokha", "rescue"), ("bopha", "coming"), ("dara", "visit")),
    "new_operation": (("sokha", "case"),),
    **dict.fromkeys(
        ("edit_operation", "authorise_operation", "assess_operation", "expect", "outcome_of_several", "add_operative"),
        (("sokha", "coming"),),
    ),
    **dict.fromkeys(("operation_do_go", "operation_do_no_go"), (("bopha", "coming"),)),
    **dict.fromkeys(("operation_do_conclude", "operation_do_abort"), (("sokha", "coming"),)),
    **dict.fromkeys(("outcome", "take_off_roster"), (("sokha", "on the roster"),)),
    "remove_operative": (("dara", "in the visit"),),
    "case_requests": (("mealea", "case"),),
    "new_request": (("mealea", "case"),),
    **dict.fromkeys(("reply_to_request", "withdraw_request"), (("mealea", "request"),)),
    "office_operatives": (("bopha", ""),),
    "new_operative": (("bopha", ""),),
    **dict.fromkeys(
        ("seal_operative", "end_operative", "ask_operative", "reveal_operative"), (("bopha", "operative"),)
    ),
    "open_approvals": (("bopha", ""),),
    **dict.fromkeys(("approve_approval", "refuse_approval"), (("bopha", "question"),)),
    "withdraw_approval": (("bopha", "own question"),),
    "item_links": (("dara", "video"),),
    "evidence_about": (("dara", "about her"),),
    **{f"link_{kind}": (("dara", "video"),) for kind in ("victim", "perpetrator", "venue", "episode", "operation")},
    "unlink": (("dara", "link"),),
    "chart": (("sokha", "case"),),
    "partners_list": (("kunthea", ""),),
    "partner": (("kunthea", "partner"),),
    "unmet": (("bopha", ""),),
    "new_partner": (("kunthea", ""),),
    **dict.fromkeys(("edit_partner", "partner_capacity", "end_partner"), (("kunthea", "partner"),)),
    **dict.fromkeys(("referral_accept", "referral_refuse", "referral_withdraw"), (("kunthea", "referral"),)),
    "case_tables": (("sokha", "case"),),
    "import_table": (("sokha", "case"),),
    "map_table": (("sokha", "table"),),
    "tips_list": (("bopha", ""), ("dara", "")),
    "tip": (("bopha", "tip"),),
    "new_tip": (("dara", ""),),
    **dict.fromkeys(("take_up_tip", "open_tip", "dismiss_tip"), (("bopha", "tip"),)),
    "all_jurisdictions": (("mealea", ""),),
    "jurisdiction": (("mealea", "law"),),
    "all_charges": (("mealea", ""),),
    "case_charges": (("mealea", "case"), ("sokha", "case")),
    "charge": (("mealea", "trafficking"), ("mealea", "guarding"), ("bopha", "amended"), ("mealea", "bribe")),
    "new_charge": (("mealea", "case"),),
    "edit_charge": (("mealea", "amended"),),
    "amend_charge": (("mealea", "trafficking"),),
    **dict.fromkeys(("prove", "replead"), (("mealea", "trafficking"),)),
    "impose": (("mealea", "guarding"),),
    "end_proof": (("mealea", "proof"),),
    "strike": (("mealea", "sentence"),),
    **{f"charge_do_{action}": (visit,) for action, visit in CHARGE_ACTS.items()},
    "link_charge": (("mealea", "video"),),
    "case_appeals": (("mealea", "case"),),
    "appeal": (("mealea", "appeal"), ("bopha", "late appeal")),
    "new_appeal": (("mealea", "case"),),
    **dict.fromkeys(("edit_appeal", *(f"appeal_do_{one}" for one in APPEAL.actions)), (("mealea", "appeal"),)),
    "case_exhibits": (("mealea", "case"),),
    "new_exhibit": (("mealea", "case"),),
    **{f"exhibit_do_{action}": (("mealea", "exhibit"),) for action in EXHIBIT.actions},
    "case_hearings": (("mealea", "case"), ("kunthea", "case")),
    "hearing": (("mealea", "hearing"), ("kunthea", "hearing"), ("mealea", "broken off")),
    "new_hearing": (("mealea", "case"),),
    **dict.fromkeys(
        ("edit_hearing", "attend", *(f"hearing_do_{one}" for one in HEARING.actions)), (("mealea", "hearing"),)
    ),
    "end_attendance": (("mealea", "coming to court"),),
    "calendar_page": (("mealea", ""), ("kunthea", "week"), ("mealea", "day"), ("sokha", "agenda")),
    "docket": (("mealea", "day in court"), ("kunthea", "day in court")),
    "case_testimonies": (("mealea", "case"), ("kunthea", "case")),
    "testimony": (
        *(("mealea", f"testimony {one}") for one in ("safe", "other 0", "other 1", "officer")),
        *(("kunthea", f"testimony {one}") for one in ("other 0", "other 2", "other 3")),
    ),
    "new_testimony": (("mealea", "case"),),
    **dict.fromkeys(
        ("edit_testimony", "name_statement", "count_interview", "book_testimony", "confirm_booking"),
        (("mealea", "testimony other 1"),),
    ),
    **dict.fromkeys(
        ("release_booking", "add_unavailability", "begin_crisis", "end_crisis", "assess_needs", "new_measure"),
        (("kunthea", "testimony other 1"),),
    ),
    **dict.fromkeys(("sign_readiness", "new_preparation"), (("kunthea", "testimony other 2"),)),
    "name_operative": (("bopha", "testimony covert"),),
    **{f"testimony_do_{action}": (("mealea", "testimony other 1"),) for action in TESTIMONY.actions},
    **dict.fromkeys(("edit_measure", *(f"measure_do_{one}" for one in MEASURE.actions)), (("mealea", "measure"),)),
    **{f"preparation_do_{action}": (("kunthea", "preparation"),) for action in SESSION.actions},
    "end_unavailability": (("kunthea", "away"),),
    "testimony_conflicts": (("mealea", ""),),
    "resources_list": (("kunthea", ""),),
    "resource": (("kunthea", "interpreter"), ("mealea", "tied driver")),
    "new_resource": (("kunthea", ""),),
    **dict.fromkeys(("edit_resource", "end_resource", "engage_resource", "tie_resource"), (("mealea", "interpreter"),)),
    "end_resource_tie": (("mealea", "tie of the driver"),),
    "end_engagement": (("mealea", "engagement of the interpreter"),),
    "plan": (("kunthea", "plan"), ("mealea", "plan")),
    **dict.fromkeys(
        ("own_offer", "plan_wants_nothing", *(f"plan_do_{one}" for one in PLAN.actions)), (("kunthea", "plan"),)
    ),
    "partner_offer": (("kunthea", "offer of the partner"),),
    "withdraw_offer": (("kunthea", "offer"),),
    "all_closure_orders": (("mealea", ""),),
    "closure_order": (("mealea", "order"), ("sokha", "temporary order"), ("bopha", "draft order")),
    "new_closure_order": (("mealea", "house"),),
    "edit_closure_order": (("mealea", "draft order"),),
    **{f"closure_do_{one}": (("bopha" if one == "approve" else "mealea", "order"),) for one in CLOSURE.actions},
    "year_figures": (("bopha", ""), ("mealea", "earlier year")),
    "figure_behind": (("bopha", "who was charged"),),
    **dict.fromkeys(("open_feed", "reminders"), (("mealea", ""),)),
    "revoke_feed": (("mealea", "feed"),),
}
"""Who looks at which page, by the page's name; the second word says of what."""

EVERYWHERE = {
    *("enter", "design", "home", "account", "cases", "case", "case_items", "timeline", "upload", "my_items", "item"),
    *("entries", "label", "readers", "accept", "search", "people", "person"),
    *("case_victims", "victim", "victim_episodes", "care_due", "care_of", "placements", "all_searches", "one_search"),
    *("all_alerts", "case_venues", "venue", "venue_areas", "case_perpetrators", "perpetrator", "case_operations"),
    *("operation", "case_requests", "office_operatives", "open_approvals", "item_links", "evidence_about", "chart"),
    *("partners_list", "partner", "unmet", "case_tables", "import_table", "map_table", "tips_list", "tip"),
    *("new_victim", "new_episode", "new_venue", "assess_operation", "reveal_identity"),
    *("all_jurisdictions", "jurisdiction", "all_charges", "case_charges", "charge", "case_appeals", "appeal"),
    *("case_exhibits", "case_hearings", "hearing", "calendar_page", "docket", "case_testimonies", "testimony"),
    *("testimony_conflicts", "resources_list", "resource", "plan", "all_closure_orders", "closure_order"),
    *("year_figures", "figure_behind", "new_charge", "new_hearing", "assess_needs", "book_testimony"),
}
"""What is looked at in every guise: lists, things, first pages, and some forms. All others are made alike: in light."""

SAMPLE = {
    *("home", "case", "timeline", "item", "search", "victim", "care_of", "venue", "perpetrator", "operation", "chart"),
    *("all_searches", "partners_list", "unmet", "map_table", "new_victim"),
    *("case_charges", "charge", "calendar_page", "docket", "testimony", "hearing", "year_figures", "plan"),
}
"""What is looked at on the other backend too."""

NO_PAGES = {"chain", "item_content", "static", "calendar_feed"}
"""What gives out bytes and no page."""


@pytest.fixture(scope="module")
def story(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Story]:
    with installation(tmp_path_factory.mktemp("story"), request) as site:
        yield tell(site)


@pytest.fixture(scope="module")
def server(story: Story, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A server on that office."""
    made = Server(story.site.settings, tmp_path_factory.mktemp("story-server") / "server.log")
    made.start()
    yield made
    made.kill()


def address(story: Story, page: str, of: str) -> str:
    """The path of a page."""
    items = {name: item["id"] for name, item in story.items.items()}
    of_ = story.of
    things: dict[str, dict[str, Any]] = {
        "": {},
        "case": {"id": story.case["id"]},
        "case assignment": {"id": story.case["id"], "assignment": story.assignment},
        "picture reader": {"id": items["picture"], "user": str(story.people["mealea"].id)},
        "transfer": {"id": story.transfer},
        "person": {"id": str(story.people["dara"].id)},
        "own": {"id": str(story.people["rith"].id)},
        "session": {"id": story.call("sokha", "GET", "/me/sessions")["items"][0]["id"]} if of == "session" else {},
        "token": {"id": story.call("sokha", "GET", "/tokens")["items"][0]["id"]} if of == "token" else {},
        "on the roster": {"id": of_["coming"], "victim": of_["awaited 0"]},
        "in the visit": {"id": of_["visit"], "operative": of_["operative"]},
        "about her": {"kind": "victim", "id": of_["her"]},
        "table": {"id": story.case["id"], "draft": of_["table"]},
        "law": {"code": "DEMO"},
        "coming to court": {"id": of_["hearing"], "attendance": of_["attendance"]},
        "week": {"view": "week", "on": court_day(3).date().isoformat()},
        "day": {"view": "day", "on": court_day(3).date().isoformat()},
        "agenda": {"view": "agenda"},
        "day in court": {"on": court_day(3).date().isoformat()},
        "tie of the driver": {"id": of_["tied driver"], "tie": of_["resource tie"]},
        "engagement of the interpreter": {"id": of_["interpreter"], "engagement": of_["engagement"]},
        "offer of the partner": {"id": of_["plan"], "partner": of_["partner"]},
        "earlier year": {"year": 2025},
        "who was charged": {"figure": "facing_trial", "year": 2025},
        **{name: {"id": id} for name, id in items.items()},
    }
    with story.app.test_request_context():
        return str(url_for(f"pages.{page}", **(things.get(of) or {"id": of_[of]} if of else {})))


def test_every_page_has_somebody_who_looks_at_it(story: Story) -> None:
    pages = {
        rule.endpoint.removeprefix("pages.")
        for rule in story.app.url_map.iter_rules()
        if rule.endpoint.startswith("pages.") and "GET" in (rule.methods or ())
    }
    assert pages - NO_PAGES == set(VISITS)


class Visitor:
    """Everybody's browser in one guise; each page that she opens is looked at in the same way."""

    def __init__(self, story: Story, server: Server, new_context: NewContext, guise: str) -> None:
        self.story, self.server, self.new_context, self.guise = story, server, new_context, guise
        self.tabs: dict[str, Tab] = {}
        self.faults: list[str] = []

    def tab(self, who: str) -> Tab:
        if who not in self.tabs:
            self.tabs[who] = self.new_context(**GUISES[self.guise]).new_page()
            if who != NOBODY:
                sign_in(self.tabs[who], self.server, self.story.people[who])
        return self.tabs[who]

    def visit(self, who: str, page: str, of: str) -> None:
        tab = self.tab(who)
        answer = tab.goto(self.server.url + address(self.story, page, of))
        assert answer is not None
        if answer.status != 200:
            self.faults.append(f"{page} of {of} for {who}: {answer.status}")
        name = f"{page}-{of.replace(' ', '-')}-{who}".replace("--", "-")
        self.look(tab, name)
        if self.guise == "light" and page in EVERYWHERE:
            self.look_in_the_dark(tab, name)

    def look_in_the_dark(self, tab: Tab, name: str) -> None:
        """The page that is open, for who has dark pages: its colours alone are others."""
        tab.emulate_media(color_scheme="dark")
        self.faults += [f"{name}, dark: {fault}" for fault in axe(tab, "{runOnly: ['color-contrast']}")]
        keep(tab, "dark", name)
        tab.emulate_media(color_scheme="light")

    def look(self, tab: Tab, name: str) -> None:
        """Hold what a page shows against what every page must keep."""
        if self.guise == "light":
            tab.evaluate(AXE.read_text())
            self.faults += [f"{name}: {fault}" for fault in axe(tab)]
        said = unquote(f"{tab.title()} {tab.url}").casefold()
        self.faults += [
            f"{name}: {secret!r} in title or address" for secret in self.story.secrets if secret.casefold() in said
        ]
        wide = tab.evaluate("document.documentElement.scrollWidth - window.innerWidth")
        if wide > 1:
            self.faults.append(f"{name}: {wide} pixels too wide")
        keep(tab, self.guise, name)
        if self.guise == "light" and SCREENS:
            tab.emulate_media(media="print")
            keep(tab, "print", name)
            tab.emulate_media(media="screen")


def keep(tab: Tab, guise: str, name: str) -> None:
    """A picture of the page, if any are wanted."""
    if SCREENS:
        folder = Path(SCREENS) / guise
        folder.mkdir(parents=True, exist_ok=True)
        tab.screenshot(path=folder / f"{name}.png", full_page=True)


def axe(tab: Tab, options: str = "{resultTypes: ['violations']}") -> list[str]:
    """What axe-core, which the page has, finds against WCAG 2.2 A and AA and its best practices."""
    found = tab.evaluate(f"axe.run(document, {options})")
    return [
        f"{fault['id']}: {fault['help']}: {node['html'][:160]}"
        for fault in found["violations"]
        for node in fault["nodes"]
    ]


def alike() -> Iterator[str]:
    """Forms for steps that are made as another of the same lifecycle: they ask for nothing but a reason and a time."""
    seen = set()
    for form in FORMS:
        lifecycle, does, _action = form.name.rpartition("do_")
        plain = tuple(field.name for field in form.fields)
        if does and (lifecycle, plain) in seen:
            yield form.name
        seen.add((lifecycle, plain))


# What a page looks like does not hang on the database: a sample is enough to see that pages come at all.
@pytest.mark.parametrize("guise", [*GUISES, "forms in light"] if BACKEND == "embedded" else ["light"])
@pytest.mark.timeout(600)
def test_every_page_is_in_order(story: Story, server: Server, new_context: NewContext, guise: str) -> None:
    chosen = EVERYWHERE if guise in GUISES else set(VISITS) - EVERYWHERE - set(alike())
    visitor = Visitor(story, server, new_context, guise if guise in GUISES else "light")
    for page, visits in VISITS.items():
        if page in (chosen if BACKEND == "embedded" else SAMPLE):
            for who, of in visits:
                visitor.visit(who, page, of)
    assert not visitor.faults, "\n".join(visitor.faults)


def test_who_books_a_time_that_is_refused_has_the_times_that_would_do_next_and_enter_sends_what_she_typed(
    story: Story, server: Server, new_context: NewContext
) -> None:
    visitor = Visitor(story, server, new_context, "light")
    tab = visitor.tab("mealea")
    tab.goto(server.url + address(story, "book_testimony", "testimony other 1"))
    tab.select_option("[name=hearing]", story.of["hearing"])
    typed = court_day(3, 10.5).strftime("%Y-%m-%dT%H:%M:%S")
    tab.fill("[name=starts_at]", typed)
    tab.fill("[name=ends_at]", court_day(3, 11.5).strftime("%Y-%m-%dT%H:%M:%S"))
    for _ in range(2):
        tab.press("[name=starts_at]", "Enter")
        expect(tab.get_by_text("Another witness is there at that time")).to_be_visible()
        assert typed.startswith(tab.locator("[name=starts_at]").input_value() or "nothing")
    tab.keyboard.press("Tab")
    expect(tab.locator("[name=instead]").first).to_be_focused()
    visitor.look(tab, "booking-refused")
    assert not visitor.faults, "\n".join(visitor.faults)


def test_the_keyboard_goes_through_a_month_day_by_day_and_is_seen_to(
    story: Story, server: Server, new_context: NewContext
) -> None:
    tab = Visitor(story, server, new_context, "light").tab("mealea")
    tab.goto(server.url + address(story, "calendar_page", ""))
    links = tab.locator(".month a")
    tab.locator("a[rel=next]").focus()
    days: list[str] = []
    for n in range(links.count()):
        tab.keyboard.press("Tab")
        expect(links.nth(n)).to_be_focused()
        assert links.nth(n).evaluate("it => getComputedStyle(it).outlineStyle") == "solid"
        days.append(str(links.nth(n).evaluate("it => it.closest('td').querySelector('h2').id")))
    assert days == sorted(days)
    assert len(set(days)) in (28, 35, 42)


def test_the_navigation_stays_on_one_line_however_long_a_name_is(
    story: Story, server: Server, new_context: NewContext
) -> None:
    tab = Visitor(story, server, new_context, "light").tab("bopha")
    before = tab.locator(".top").bounding_box()
    tab.locator(".broad bdi").evaluate("name => { name.textContent = 'chantrea.'.repeat(8); }")
    after, ways = tab.locator(".top").bounding_box(), tab.locator("nav.main a").all()
    assert before
    assert after
    assert before["height"] == after["height"]
    assert len({box["y"] for way in ways if (box := way.bounding_box())}) == 1
    assert tab.evaluate("document.documentElement.scrollWidth - window.innerWidth") <= 0


def test_on_paper_the_custody_stands_in_words_too_and_digests_are_whole(
    story: Story, server: Server, new_context: NewContext
) -> None:
    visitor = Visitor(story, server, new_context, "light")
    tab = visitor.tab("sokha")
    tab.goto(server.url + address(story, "item", "video"))
    line, digest = tab.locator(".custody-lines li").first, tab.locator("#rows .digest span.printed").first
    making = tab.get_by_role("link", name="Upload what is made from it")
    expect(line).to_be_hidden()
    expect(digest).to_be_hidden()
    expect(making).to_be_visible()
    tab.emulate_media(media="print")
    expect(digest).to_be_visible()
    expect(making).to_be_hidden()
    tab.evaluate("dispatchEvent(new Event('beforeprint'))")
    expect(line).to_be_visible()


@pytest.mark.parametrize("guise", ["light", "phone"])
def test_a_title_without_spaces_makes_no_table_too_wide(
    story: Story, server: Server, new_context: NewContext, guise: str
) -> None:
    with story.site.engine.begin() as connection:
        connection.execute(sa.update(Evidence).where(Evidence.title == TITLES["thing"]).values(title="W" * 200))
    visitor = Visitor(story, server, new_context, guise)
    for who, page, of in (
        ("dara", "home", ""),
        ("bopha", "home", ""),
        ("dara", "case", "case"),
        ("dara", "case_items", "case"),
        ("dara", "item", "thing"),
    ):
        tab = visitor.tab(who)
        tab.goto(server.url + address(story, page, of))
        expect(tab.get_by_text("W" * 200).first).to_be_visible()
        for table in (tab.locator("html"), *tab.locator(".scroll").all()):
            assert table.evaluate("it => it.scrollWidth - it.clientWidth") <= 0, f"{page} for {who}"


def test_a_table_is_a_stop_of_the_keyboard_only_while_it_is_too_wide(
    story: Story, server: Server, new_context: NewContext
) -> None:
    tab = Visitor(story, server, new_context, "light").tab("dara")
    tab.goto(server.url + address(story, "case", "case"))
    table = tab.locator(".scroll").first
    expect(table).not_to_have_attribute("tabindex", "0")
    table.evaluate("it => { it.style.width = '6rem'; }")
    expect(table).to_have_attribute("tabindex", "0")
    table.evaluate("it => { it.style.width = ''; }")
    expect(table).not_to_have_attribute("tabindex", "0")
