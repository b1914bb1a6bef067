"""The same office before the courts: five defendants, nine witnesses, a venue that is closed, and what is due.

What courts do in the coming weeks lies on days that are reckoned from today, so that there is always something ahead.
"""

from datetime import UTC, datetime, timedelta
from typing import Any

from evidence_api.domain.testimony import BEFORE_COURT
from evidence_api.work import Site
from tests.e2e import story as office
from tests.e2e.story import Story, at, clock

COURT, APPEALS = "Court of the reeds", "Court of appeal of the delta"
ROOM, LINK = "Room of the herons", "https://link.example.org/herons"
ALIASES = {"guard": "Bong Thy of the gate", "driver": "Pu Kosal"}
BOOKABLE = {
    "interpreter": "Sister Kolab",
    "guardian": "Grandmother Sophal",
    "waiting area": "Waiting room of the lotus",
    "vehicle": "Grey van of the swallows",
    "meeting place": "Meeting room by the mango tree",
}
LABELS = {"officer": "Officer of the night shift", "expert": "Expert on debts", "covert": "Witness Lotus"}
WITNESSES = ("safe", "other 0", "other 1", "other 2", "other 3", "unwilling")
SECRETS = [COURT, APPEALS, ROOM, LINK, *ALIASES.values(), *BOOKABLE.values(), *LABELS.values(), "PC 31/24", "CO 7/23"]


def tell(site: Site) -> Story:
    """The office, and what went to court from it."""
    story = office.tell(site)
    story.secrets += SECRETS
    _closing(story)
    _charges(story)
    _resources(story)
    _hearings(story)
    _witnesses(story)
    _heard(story)
    _ahead(story)
    _booked(story)
    _after(story)
    _own(story)
    return story


def court_day(days: int, hour: float = 9) -> datetime:
    """An hour of a day on which courts sit, so many of these from today; 0 is today or the next."""
    day = datetime.now(UTC).replace(hour=0, minute=0, second=0, microsecond=0)
    step = timedelta(days=1 if days >= 0 else -1)
    while day.weekday() > 4:
        day += step
    for _ in range(abs(days)):
        day += step
        while day.weekday() > 4:
            day += step
    return day + timedelta(hours=hour)


def ago(days: int) -> datetime:
    """Noon of so many days before today."""
    return datetime.now(UTC).replace(hour=12, minute=0, second=0, microsecond=0) - timedelta(days=days)


def _on(moment: datetime) -> str:
    return moment.date().isoformat()


def _times(begin: datetime, hours: float) -> dict[str, str]:
    return {"starts_at": begin.isoformat(), "ends_at": (begin + timedelta(hours=hours)).isoformat()}


def _item(story: Story) -> str:
    """What a court wrote, or a witness: any item of the case does."""
    return str(story.items["text"]["id"])


# --- the venue --------------------------------------------------------------------------------------------------------


def _closing(story: Story) -> None:
    house = f"/venues/{story.of['house']}"
    with clock(at(2023, 10, 5)):
        order = story.make(
            *("order", "mealea", f"{house}/closure-orders"),
            permanent=True,
            grounds="It was opened again twice, under the same keeper.",
        )
        path = f"/closure-orders/{order}"
        story.move("bopha", path, "approve")
        story.move("mealea", path, "apply", court=COURT, court_ref="CO 7/23")
    written = {"document": _item(story)}
    with clock(at(2023, 10, 16)):
        story.move("mealea", path, "grant_temporary", expires_on="2024-01-10", **written)
        story.move("sokha", path, "serve", "enforce")
    with clock(at(2023, 12, 4)):
        story.move("dara", path, "breach")
    with clock(at(2024, 1, 8)):
        story.move("mealea", path, "grant_permanent", **written)
        story.move("sokha", path, "serve", "enforce")
    with clock(ago(20)):
        story.move("sokha", f"/venues/{story.of['bar']}", "intervene")
        sought = {"permanent": False, "grounds": "Girls of sixteen were found behind the stage."}
        path = f"/venues/{story.of['bar']}/closure-orders"
        story.make("temporary order", "mealea", path, **sought)
        path = f"/closure-orders/{story.of['temporary order']}"
        story.move("bopha", path, "approve")
        story.move("mealea", path, "apply", court=COURT, court_ref="CO 9/26")
        lasts = _on(ago(-5))
        story.move("mealea", path, "grant_temporary", expires_on=lasts, document=_second_item(story))
    story.make("draft order", "mealea", f"/venues/{story.of['kiln']}/closure-orders", permanent=False)


def _second_item(story: Story) -> str:
    path = f"/cases/{story.of['second']}/items"
    made = story.post("sokha", path, title="Order of the court", tag="PP-31", place="Safe 2, shelf C")
    return str(made["id"])


# --- the charges ------------------------------------------------------------------------------------------------------


def _charges(story: Story) -> None:
    first = story.case["id"]
    with clock(at(2024, 1, 15)):
        for name, roles in (("guard", ["keeper"]), ("driver", ["trafficker"])):
            story.make(name, "sokha", "/perpetrators", case=first, alias=ALIASES[name], roles=roles)
        counts: dict[str, tuple[str, str]] = {
            "trafficking": ("keeper", "DEMO-2"),
            "profit": ("keeper", "DEMO-3"),
            "confining": ("keeper", "DEMO-6"),
            "selling": ("seller", "DEMO-2"),
            "bribe": ("owner", "DEMO-8"),
            "guarding": ("guard", "DEMO-1"),
            "driving": ("driver", "DEMO-1"),
            "helping": ("driver", "DEMO-6"),
        }
        for name, (who, statute) in counts.items():
            told = {"offence_from": "2022-06-01", "offence_until": "2023-09-09"}
            about = "Held four girls in the house behind the ferry and took what they earned."
            path = f"/cases/{first}/charges"
            story.make(name, "mealea", path, perpetrator=story.of[who], statute=statute, particulars=about, **told)
            story.move("bopha", f"/charges/{story.of[name]}", "approve")
            story.move("mealea", f"/charges/{story.of[name]}", "file", court=COURT, court_ref="PC 31/24")
        for name, element, item in (("trafficking", "act", "video"), ("trafficking", "age", "paper")):
            path = f"/charges/{story.of[name]}/proofs"
            proof = {"element": element, "evidence": story.items[item]["id"], "note": "From minute three on."}
            story.make("proof", "mealea", path, **proof)
        _step(story, "bribe", "issue_warrant")
        _step(story, "helping", "withdraw", code="insufficient_evidence")
    with clock(at(2024, 3, 4)):
        for name in ("trafficking", "profit", "guarding", "driving"):
            _step(story, name, "plead", plea="not_guilty")
            _step(story, name, "list", court=COURT)
        _step(story, "selling", "plead", plea="guilty")
        _step(story, "selling", "convict", document=_item(story))
        _sentence(story, "selling", "2024-03-04", {"kind": "imprisonment", "days": 2190, "running": "concurrent"})
        paid = {"kind": "restitution", "amount": 480_000, "currency": "USD"}
        _sentence(story, "selling", "2024-03-04", paid, {"kind": "forfeiture", "note": "The grey van."})
        _step(story, "selling", "sentence")
    with clock(at(2024, 6, 3)):
        _step(story, "selling", "finalise")
        amended = {"statute": "DEMO-5", "reason": "What was shown is debt bondage."}
        story.make("amended", "mealea", f"/charges/{story.of['confining']}/amend", **amended)
        for name in ("guarding", "driving"):
            _step(story, name, "begin")
    with clock(at(2025, 5, 12)):
        _step(story, "guarding", "convict", document=_item(story))
        prison = {"kind": "imprisonment", "days": 1460, "running": "consecutive"}
        _sentence(story, "guarding", "2025-05-12", prison, {"kind": "fine", "amount": 250_000, "currency": "KHR"})
        _step(story, "guarding", "sentence")
        appeal = {"charges": [story.of["guarding"]], "side": "defence", "filed_on": "2025-05-12", "court": APPEALS}
        path = f"/cases/{first}/appeals"
        story.make("appeal", "mealea", path, **appeal, court_ref="AP 4/25", grounds="He did not know of the debts.")
        story.move("mealea", f"/appeals/{story.of['appeal']}", "admit", "hear")
    with clock(ago(24)):
        _step(story, "driving", "acquit", document=_item(story))
        against = {"charges": [story.of["driving"]], "side": "prosecution", "filed_on": _on(ago(24))}
        story.make("late appeal", "mealea", f"/cases/{first}/appeals", **against, court=APPEALS)
        story.move("mealea", f"/appeals/{story.of['late appeal']}", "refuse")
    with clock(ago(3)):
        _step(story, "trafficking", "begin")
        _exhibits(story)
    story.move("mealea", f"/cases/{first}", "charge", "try")


def _step(story: Story, charge: str, action: str, **given: Any) -> None:
    story.move("mealea", f"/charges/{story.of[charge]}", action, **given)


def _sentence(story: Story, charge: str, day: str, *imposed: dict[str, Any]) -> None:
    for one in imposed:
        story.make("sentence", "mealea", f"/charges/{story.of[charge]}/sentences", imposed_on=day, **one)


def _exhibits(story: Story) -> None:
    path = f"/cases/{story.case['id']}/exhibits"
    for name in ("video", "paper", "picture"):
        story.make(f"exhibit {name}", "mealea", path, side="prosecution", evidence=story.items[name]["id"])
    story.make("exhibit", "mealea", path, side="defence", description="Receipts of the electricity company")
    offered = f"/exhibits/{story.of['exhibit video']}"
    story.move("mealea", offered, "offer")
    story.move("mealea", offered, "admit", ruling="Let in, to be seen in closed court.")
    story.move("mealea", f"/exhibits/{story.of['exhibit picture']}", "offer")
    excluded = {"ruling": "It shows somebody who is not of this case."}
    story.move("mealea", f"/exhibits/{story.of['exhibit picture']}", "exclude", **excluded)


# --- who and what comes to court --------------------------------------------------------------------------------------


def _resources(story: Story) -> None:
    with clock(ago(60)):
        spoken: dict[str, Any] = {"languages": ["km", "vi"], "gender": "female"}
        story.make("interpreter", "kunthea", "/resources", kind="interpreter", name=BOOKABLE["interpreter"], **spoken)
        story.make("guardian", "kunthea", "/resources", kind="guardian", name=BOOKABLE["guardian"], gender="female")
        for name in ("waiting area", "vehicle", "meeting place"):
            kind = name.replace(" ", "_")
            story.make(name, "kunthea", "/resources", kind=kind, name=BOOKABLE[name], buffer=15)
        tied = story.post("kunthea", "/resources", kind="driver", name="Driver of the second van")["id"]
        story.of["tied driver"] = tied
        tie = {"perpetrator": story.of["keeper"], "reason": "He is her nephew."}
        story.of["resource tie"] = story.post("mealea", f"/resources/{tied}/ties", **tie)["id"]
    taken = {"case": story.case["id"], "side": "court", "from_at": court_day(4, 8).isoformat()}
    path = f"/resources/{story.of['interpreter']}/engagements"
    story.of["engagement"] = story.post("mealea", path, **taken, until_at=court_day(4, 9).isoformat())["id"]


def _hearings(story: Story) -> None:
    first = story.case["id"]
    path = f"/cases/{first}/hearings"
    sits = {"kind": "trial", "court": COURT, "room": ROOM}
    people = [str(story.people[name].id) for name in ("mealea", "kunthea")]
    with clock(ago(45)):
        for name, days in (("held hearing", -12), ("broken off", -3), ("hearing", 3), ("later hearing", 6)):
            begin = court_day(days)
            link = {"link": LINK} if name == "hearing" else {}
            story.make(name, "mealea", path, **sits, **link, **_times(begin, 7), people=people)
        named = {"kind": "remand", "court": COURT, "charges": [story.of["bribe"]]}
        story.make("today's hearing", "mealea", path, **named, **_times(_today(14), 1))
        other = {"kind": "closure", "court": APPEALS, "room": "3"}
        times = _times(court_day(8, 10), 2)
        story.make("closing hearing", "mealea", f"/cases/{story.of['second']}/hearings", **other, **times)
        story.make("called off", "mealea", path, **{**sits, "room": "2"}, **_times(court_day(9), 2))
        story.move("mealea", f"/hearings/{story.of['called off']}", "cancel")
    with clock(court_day(-3, 15)):
        again = {"code": "judge_absent", "next": _times(court_day(5), 7)}
        moved = story.post(
            "mealea", f"/hearings/{story.of['broken off']}/transitions", action="adjourn", reason="She is ill.", **again
        )
        story.of["next hearing"] = moved["next"]
    coming = {"perpetrator": story.of["keeper"], "arrives_at": court_day(3, 8.5).isoformat()}
    path = f"/hearings/{story.of['hearing']}/attendances"
    made = story.post("mealea", path, **coming, leaves_at=court_day(3, 16).isoformat())
    story.of["attendance"] = made["id"]


def _today(hour: int) -> datetime:
    return datetime.now(UTC).replace(hour=hour, minute=0, second=0, microsecond=0)


# --- the witnesses ----------------------------------------------------------------------------------------------------


def _witnesses(story: Story) -> None:
    path = f"/cases/{story.case['id']}/testimonies"
    with clock(ago(50)):
        for name in WITNESSES:
            told = {"witness_kind": "victim", "witness": story.of[name], "language": "km"}
            story.make(f"testimony {name}", "mealea", path, **told)
        for kind, label in (("officer", "officer"), ("expert", "expert"), ("operative", "covert")):
            told = {"witness_kind": kind, "label": LABELS[label], "language": "en"}
            story.make(f"testimony {label}", "mealea", path, **told)
    with clock(ago(48)):
        for name in ("safe", "other 0", "other 1", "other 2", "other 3"):
            _prepare(story, name)
        _move(story, "unwilling", "decline")
        for name in ("officer", "expert"):
            story.post("mealea", f"{_of(story, name)}/needs", needs={"safety": "By night"}, assessed_on=_on(ago(48)))
            _move(story, name, "assess", "agree", by="mealea")
    with clock(ago(40)):
        for name in ("safe", "other 0", "other 1"):
            _ready(story, name)
            story.call("kunthea", "PATCH", _of(story, name), json={"guardian": story.of["guardian"]})
        for name, kind in (("other 0", "screen"), ("other 0", "interpreter"), ("safe", "screen")):
            _protect(story, name, kind, "apply", "grant", "arrange")
        _protect(story, "other 2", "live_link", "apply")
        story.make("measure", "kunthea", f"{_of(story, 'other 2')}/measures", kind="pseudonym", required=False)
        _protect(story, "other 2", "closed_court", "apply", "refuse")
        for name in ("safe", "other 0", "other 1"):
            for who in ("mealea", "kunthea"):
                story.post(who, f"{_of(story, name)}/sign")
            _move(story, name, "make_ready", by="mealea")


def _of(story: Story, name: str) -> str:
    return f"/testimonies/{story.of[f'testimony {name}']}"


def _move(story: Story, name: str, *actions: str, by: str = "kunthea") -> None:
    story.move(by, _of(story, name), *actions)


def _prepare(story: Story, name: str) -> None:
    for purpose in ("testimony_assent", "testimony"):
        consent = {"purpose": purpose, "scope": "In this trial, behind a screen."}
        story.make(f"consent {name}", "kunthea", f"/victims/{story.of[name]}/consents", **consent)
    found = {"fear": "Of meeting the keeper in the corridor.", "health": "She has to eat every two hours."}
    story.post("kunthea", f"{_of(story, name)}/needs", needs=found, assessed_on=_on(ago(48)))
    _move(story, name, "assess", "agree", "prepare")


def _ready(story: Story, name: str) -> None:
    path = _of(story, name)
    story.post("mealea", f"{path}/statement", statement=_item(story), disclosed_on=_on(ago(40)))
    for days, kind in enumerate(sorted(BEFORE_COURT), start=1):
        begin = ago(41 + days)
        session = story.post("kunthea", f"{path}/preparations", kind=kind, **_times(begin, 1))
        story.move("kunthea", f"/preparations/{session['id']}", "hold")


def _protect(story: Story, name: str, kind: str, *actions: str) -> None:
    measure = story.make("measure", "kunthea", f"{_of(story, name)}/measures", kind=kind)
    for action in actions:
        story.move("mealea", f"/measures/{measure}", action)


def _book(story: Story, name: str, hearing: str, begin: datetime, hours: float, **given: Any) -> None:
    asked = {"hearing": story.of[hearing], **_times(begin, hours), **given}
    story.post("mealea", f"{_of(story, name)}/book", **asked)


def _heard(story: Story) -> None:
    """One who is a child was heard in the hearing that was held."""
    with clock(ago(39)):
        _book(story, "safe", "held hearing", court_day(-12, 10), 0.5, measures=["screen"])
        _move(story, "safe", "schedule", by="mealea")
    with clock(court_day(-12, 11)):
        _move(story, "safe", "attend", "conclude", by="mealea")
    with clock(court_day(-12, 17)):
        outcome = "The first witness was heard to the end."
        story.move("mealea", f"/hearings/{story.of['held hearing']}", "hold", outcome=outcome)
    with clock(court_day(-11, 11)):
        path = f"{_of(story, 'safe')}/preparations"
        settled = story.post("kunthea", path, kind="debrief", **_times(court_day(-11, 9), 1))
        story.move("kunthea", f"/preparations/{settled['id']}", "hold")
        _move(story, "safe", "debrief")


def _ahead(story: Story) -> None:
    """What is booked and planned in the coming days."""
    with clock(ago(10)):
        arrives = {"arrives_at": court_day(3, 10).isoformat(), "leaves_at": court_day(3, 12).isoformat()}
        takes = {"resources": [story.of["interpreter"], story.of["waiting area"]], "measures": ["screen"]}
        _book(story, "other 0", "hearing", court_day(3, 10.5), 1, **arrives, **takes)
        _move(story, "other 0", "schedule", by="mealea")
        _book(story, "officer", "hearing", court_day(3, 14), 1)
        _book(story, "other 1", "later hearing", court_day(6, 10), 1)
        _move(story, "other 1", "schedule", by="mealea")
        path = f"{_of(story, 'other 2')}/preparations"
        session = {
            "kind": "court_visit",
            "place": story.of["meeting place"],
            "people": [str(story.people["kunthea"].id)],
        }
        story.make("preparation", "kunthea", path, **session, **_times(court_day(1, 10), 1))
        story.make("preparation", "kunthea", path, **session | {"kind": "roles"}, **_times(court_day(2, 14), 1))


def _booked(story: Story) -> None:
    """One takes her consent back; another cannot come when she is booked."""
    with clock(ago(2)):
        taken_back = {"reason": "She does not want to see them again."}
        story.post("kunthea", f"/consents/{story.of['consent other 3']}/withdraw", **taken_back)
        away = {"from_at": court_day(6, 8).isoformat(), "until_at": court_day(6, 17).isoformat()}
        story.make("away", "kunthea", f"{_of(story, 'other 1')}/unavailabilities", **away)


def _after(story: Story) -> None:
    with clock(ago(1)):
        plan = story.call("kunthea", "GET", _of(story, "safe"))["plan"]["id"]
        story.of["plan"] = plan
        offer = {"service": "counselling", "partner": story.of["partner"], "note": "Every Tuesday, as before."}
        story.make("offer", "kunthea", f"/plans/{plan}/offers", **offer)


def _own(story: Story) -> None:
    feed = story.post("mealea", "/me/calendar")
    story.of["feed"] = feed["id"]
    story.secrets.append(feed["path"].removeprefix("/calendar/").removesuffix(".ics"))
    told = {"email": "mealea@example.org"}
    story.call("mealea", "PUT", "/me/reminders", json=told)


__all__ = ["tell"]
