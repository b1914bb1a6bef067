"""The figures of a year: distinct people, by the day of the event, as they were known on any day."""

import csv
import io
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
from flask import Flask

from evidence_api.domain.charge import ChargeState, VerdictKind
from evidence_api.domain.closure import ClosureState
from evidence_api.domain.figures import Count, Figure, suppressed
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.domain.venue import Seen
from evidence_api.models import Charge, ClosureOrder, Inspection, LedgerEntry, Verdict
from evidence_api.services import figures as services
from evidence_api.work import Site, Work, begin
from tests.casework import Made, given_go, made, move, new_operation, new_perpetrator, new_rescue, new_venue, new_victim
from tests.conftest import Persona

Office = Callable[..., Persona]
THIS_YEAR = datetime.now(UTC).year
YESTERDAY = (datetime.now(UTC) - timedelta(days=2)).date().isoformat()


@pytest.fixture
def count(supervisor: Persona) -> Callable[..., dict[str, Any]]:
    """Every figure of a year that no other test tells of, in short."""

    def counted(year: int, **asked: Any) -> dict[str, Any]:
        answer = supervisor.get("/reports/figures", query_string={"year": year, **asked})
        assert answer.status_code == 200, answer.get_json()
        return {name: one["count"] for name, one in answer.get_json()["figures"].items() if one["count"]}

    return counted


@contextmanager
def written(site: Site, thing: Any, *more: Any) -> Iterator[Work]:
    """Rows as another room writes them, with the entry that every change has."""
    with begin(site, OPERATOR) as work:
        yield work
        work.session.add(thing)
        work.session.flush()
        work.session.add_all(more)
        work.record(thing, f"{thing.subject.split(':')[0]}:made")


def rescued(caseworker: Persona, case: str, at: str, action: str = "rescue", **victim: Any) -> Made:
    her = new_victim(caseworker, case, **victim)
    return move(caseworker, f"/victims/{her['id']}", action, axis="whereabouts", occurred_at=at)


def test_whoever_was_brought_out_twice_in_a_year_counts_once_and_children_apart(
    shared_case: Made, caseworker: Persona, supervisor: Persona, count: Callable[..., dict[str, Any]]
) -> None:
    her = rescued(caseworker, shared_case["id"], "1991-02-03T10:00:00Z", minor=True)
    for action, day in (("report_missing", "1991-03-01"), ("rescue", "1991-04-01")):
        move(caseworker, f"/victims/{her['id']}", action, axis="whereabouts", occurred_at=f"{day}T10:00:00Z")
    rescued(caseworker, shared_case["id"], "1991-05-06T10:00:00Z", minor=False, dependents=2)
    rescued(caseworker, shared_case["id"], "1991-12-31T16:59:00Z", "intercept", minor=False)
    assert count(1991) == {"rescued": 2, "intercepted": 1, "dependents": 2}
    assert count(1992) == {}
    ages = supervisor.get("/reports/figures?year=1991").get_json()["figures"]["rescued"]
    assert (ages["adults"], ages["children"], ages["unknown_age"]) == (1, 1, 0)


def test_a_figure_is_told_as_it_was_known_on_a_day(
    shared_case: Made, caseworker: Persona, supervisor: Persona, count: Callable[..., dict[str, Any]]
) -> None:
    rescued(caseworker, shared_case["id"], "1993-02-03T10:00:00Z")
    assert count(1993) == {"rescued": 1}
    assert count(1993, as_known_on=YESTERDAY) == {}
    told = supervisor.get("/reports/figures?as_known_on=2999-01-01")
    assert (told.status_code, "has not come yet" in str(told.get_json())) == (422, True)


def test_nobody_counts_yet_in_a_year_that_has_not_begun(
    site: Site, case: Made, lawyer: Persona, supervisor: Persona, count: Callable[..., dict[str, Any]]
) -> None:
    charge = charge_of(new_perpetrator(lawyer, case["id"]), lawyer, filed_on=date(THIS_YEAR, 1, 1))
    with written(site, charge):
        pass
    assert count(THIS_YEAR)["facing_trial"] >= 1
    assert count(THIS_YEAR + 1) == {}
    behind = supervisor.get(f"/reports/figures/behind?figure=facing_trial&year={THIS_YEAR + 1}").get_json()
    assert behind["items"] == []


def test_a_corrected_outcome_restates_the_year_and_the_log_says_so(
    shared_case: Made, investigator: Persona, supervisor: Persona, count: Callable[..., dict[str, Any]]
) -> None:
    rescue = new_rescue(investigator, shared_case["id"], planned_on="1994-06-01")
    her = new_victim(investigator, shared_case["id"])
    path = f"/operations/{rescue['id']}"
    given_go(investigator, supervisor, rescue)
    when = {"occurred_at": "1994-06-01T20:00:00Z"}
    made(investigator, f"{path}/roster", {"victim": her["id"], "outcome": "rescued", "reason": "Out", **when})
    assert count(1994) == {"rescued": 1}
    wrong = {"victim": her["id"], "outcome": "missed", "how": "hid", "reason": "It was another girl", **when}
    made(investigator, f"{path}/roster", wrong)
    assert count(1994) == {}
    log = supervisor.get("/reports/figures/restatements?year=1994").get_json()["items"]
    assert [(one["figure"], one["change"], one["ref"]) for one in log] == [
        ("rescued", -1, her["pseudonym"]),
        ("rescued", 1, her["pseudonym"]),
    ]


def test_whoever_turns_out_to_be_no_victim_is_in_no_figure(
    shared_case: Made, caseworker: Persona, count: Callable[..., dict[str, Any]]
) -> None:
    her = rescued(caseworker, shared_case["id"], "1995-02-03T10:00:00Z")
    assert count(1995) == {"rescued": 1}
    move(caseworker, f"/victims/{her['id']}", "rule_out", axis="identification")
    assert count(1995) == {}


def test_care_counts_in_every_year_in_which_it_was_given_and_the_family_apart(
    shared_case: Made, caseworker: Persona, count: Callable[..., dict[str, Any]]
) -> None:
    her = new_victim(caseworker, shared_case["id"], family_members=4)
    step = {"kind": "service", "what": "counselling", "title": "Counselling"}
    made_step = made(caseworker, f"/victims/{her['id']}/steps", step)
    assert "served" not in count(THIS_YEAR, as_known_on=YESTERDAY)
    before = count(THIS_YEAR)
    move(caseworker, f"/steps/{made_step['id']}", "begin")
    after = count(THIS_YEAR)
    assert after["served"] == before.get("served", 0) + 1
    assert after["served_family"] == before.get("served_family", 0) + 4


def charge_of(perpetrator: Made, persona: Persona, **values: Any) -> Charge:
    return Charge(
        **{
            "case_id": uuid.UUID(perpetrator["case"]),
            "ref": f"{perpetrator['ref']}-{uuid.uuid4().hex[:6]}",
            "perpetrator_id": uuid.UUID(perpetrator["id"]),
            "count": 1,
            "statute": "DEMO-1",
            "state": ChargeState.FILED,
            "proposer_id": persona.id,
            "filed_on": date(1996, 5, 1),
            "created_at": datetime.now(UTC),
            **values,
        }
    )


def test_a_conviction_counts_net_of_what_was_quashed_and_a_retrial_faces_trial_again(
    site: Site, case: Made, lawyer: Persona, count: Callable[..., dict[str, Any]]
) -> None:
    him = new_perpetrator(lawyer, case["id"])
    charge = charge_of(him, lawyer)
    with written(site, charge):
        pass
    assert count(1996) == count(1997) == {"facing_trial": 1}
    verdict = Verdict(
        charge_id=charge.id,
        case_id=charge.case_id,
        verdict=VerdictKind.CONVICTED,
        decided_on=date(1997, 3, 1),
        recorded_at=datetime.now(UTC),
    )
    with begin(site, OPERATOR) as work:
        found = work.session.get_one(Charge, charge.id)
        found.state = ChargeState.CONVICTED
        work.session.add(verdict)
        work.record(found, "charge:convict")
    assert (count(1996), count(1997), count(1998)) == ({"facing_trial": 1}, {"convicted": 1}, {})
    with begin(site, OPERATOR) as work:
        found = work.session.get_one(Charge, charge.id)
        found.state = ChargeState.LISTED
        work.session.get_one(Verdict, verdict.id).ended_at = datetime(1999, 1, 5, tzinfo=UTC)
        work.record(found, "charge:list")
    assert (count(1996), count(1997), count(1998)) == ({"facing_trial": 1}, {}, {})
    assert count(1999) == count(2000) == {"facing_trial": 1}
    with begin(site, OPERATOR) as work:
        found = work.session.get_one(Charge, charge.id)
        found.state, found.decided_on = ChargeState.ABATED, date(1999, 6, 1)
        work.record(found, "charge:abate")
    assert count(1999) == count(2000) == {}


def test_whoever_is_charged_with_an_amended_count_faces_trial_without_a_break(
    site: Site, case: Made, lawyer: Persona, count: Callable[..., dict[str, Any]]
) -> None:
    him = new_perpetrator(lawyer, case["id"])
    first = charge_of(him, lawyer, filed_on=date(2012, 5, 1), state=ChargeState.SUPERSEDED)
    with written(site, first):
        pass
    second = charge_of(him, lawyer, edition=2, supersedes_id=first.id, filed_on=None, state=ChargeState.PROPOSED)
    with written(site, second):
        pass
    assert count(2012) == count(2013) == {"facing_trial": 1}
    with begin(site, OPERATOR) as work:
        found = work.session.get_one(Charge, second.id)
        found.state, found.filed_on = ChargeState.FILED, date(2013, 2, 1)
        work.record(found, "charge:file")
    assert count(2012) == count(2013) == {"facing_trial": 1}
    with begin(site, OPERATOR) as work:
        found = work.session.get_one(Charge, second.id)
        found.state, found.decided_on = ChargeState.WITHDRAWN, date(2014, 2, 1)
        work.record(found, "charge:withdraw")
    assert (count(2012), count(2013), count(2014)) == ({"facing_trial": 1}, {"facing_trial": 1}, {})


def test_five_counts_against_one_person_are_one_conviction(
    site: Site, case: Made, lawyer: Persona, count: Callable[..., dict[str, Any]]
) -> None:
    him = new_perpetrator(lawyer, case["id"])
    for number in range(1, 6):
        charge = charge_of(him, lawyer, count=number, state=ChargeState.CONVICTED, filed_on=date(1989, 1, 1))
        with written(site, charge) as work:
            verdict = {"verdict": VerdictKind.CONVICTED, "decided_on": date(1990, 3, number)}
            work.session.add(charge)
            work.session.flush()
            work.session.add(
                Verdict(charge_id=charge.id, case_id=charge.case_id, recorded_at=datetime.now(UTC), **verdict)
            )
    assert count(1990) == {"convicted": 1}


def test_a_venue_counts_as_ordered_shut_and_a_year_later_as_still_shut(
    site: Site, case: Made, investigator: Persona, lawyer: Persona, count: Callable[..., dict[str, Any]]
) -> None:
    venue = new_venue(investigator, case["id"])
    item = made_item(investigator, case["id"])
    order = ClosureOrder(
        venue_id=uuid.UUID(venue["id"]),
        case_id=uuid.UUID(case["id"]),
        ref=f"{venue['ref']}-CO1",
        state=ClosureState.ENFORCED,
        permanent=True,
        drafter_id=lawyer.id,
        granted_on=date(2000, 4, 1),
        created_at=datetime.now(UTC),
    )
    with written(site, order):
        pass
    assert (count(2000), count(2001)) == ({"venues_ordered_shut": 1}, {})

    def inspected(day: date, found: Seen, by: Persona = investigator) -> None:
        seen = Inspection(
            venue_id=order.venue_id,
            case_id=order.case_id,
            inspector_id=by.id,
            evidence_id=uuid.UUID(item["id"]),
            inspected_on=day,
            found=found,
        )
        with begin(site, OPERATOR) as work:
            work.session.add(seen)
            work.session.flush()
            work.record(seen, "venue:inspect")

    inspected(date(2001, 3, 1), Seen.CLOSED)
    assert count(2001) == {}
    inspected(date(2001, 4, 1), Seen.CLOSED, lawyer)
    assert count(2001) == {}
    inspected(date(2001, 4, 2), Seen.CLOSED)
    assert count(2001) == {"venues_still_shut": 1}
    inspected(date(2000, 9, 1), Seen.OPEN)
    assert count(2001) == {}
    with begin(site, OPERATOR) as work:
        found = work.session.get_one(ClosureOrder, order.id)
        found.state = ClosureState.OVERTURNED
        work.record(found, "order:overturn")
    assert count(2000) == {}


def made_item(persona: Persona, case: str) -> Made:
    body = {"title": "Shutters", "file": (io.BytesIO(uuid.uuid4().bytes), "shutters.jpg")}
    answer = persona.post(f"/cases/{case}/evidence", data=body)
    assert answer.status_code == 201, answer.get_json()
    item: Made = answer.get_json()
    return item


def test_behind_each_number_stand_those_whom_the_reader_may_know(
    make_persona: Office, shared_case: Made, caseworker: Persona, supervisor: Persona
) -> None:
    her = rescued(caseworker, shared_case["id"], "2002-02-03T10:00:00Z")
    asked = "/reports/figures/behind?figure=rescued&year=2002"
    mine = supervisor.get(asked).get_json()["items"]
    assert [(one["ref"], one["band"], one["from_on"]) for one in mine] == [(her["pseudonym"], "child", "2002-02-03")]
    others = make_persona(Role.LAWYER).get(asked).get_json()["items"]
    told = {"id": None, "ref": None, "case_ref": None, "band": "unknown", "from_on": None, "until_on": None}
    assert others == [{**told, "kind": "victim", "number": 1}]
    more = [rescued(caseworker, shared_case["id"], "2002-03-04T10:00:00Z")["pseudonym"] for _ in range(2)]
    first = supervisor.get(f"{asked}&limit=2").get_json()
    second = supervisor.get(f"{asked}&limit=2&cursor={first['next']}").get_json()
    assert [one["ref"] for one in first["items"] + second["items"]] == [her["pseudonym"], *more]
    assert second["next"] is None


def test_what_leaves_the_office_tells_no_small_number_and_is_recorded(
    site: Site, app: Flask, shared_case: Made, caseworker: Persona, supervisor: Persona, lawyer: Persona
) -> None:
    rescued(caseworker, shared_case["id"], "2003-02-03T10:00:00Z")
    assert lawyer.get("/reports/figures.csv").status_code == 403
    answer = supervisor.get("/reports/figures.csv?year=2003")
    rows = list(csv.DictReader(io.StringIO(answer.get_data(as_text=True).lstrip("\ufeff"))))
    told = {row["figure"]: row["count"] for row in rows if row["year"] == "2003"}
    assert (told["rescued"], told["convicted"]) == ("<5", "0")
    with begin(site, OPERATOR, read_only=True) as work:
        said = work.session.query(LedgerEntry.action).filter(LedgerEntry.subject.like("office:%")).all()
    assert ("office:figures_publish",) in said


@pytest.mark.parametrize(
    ("count", "told"),
    [
        (Count(Figure.RESCUED, 37, 28, 9, 0), ["37", "28", "9", "0"]),
        (Count(Figure.RESCUED, 12, 9, 3, 0), ["12", "-", "-", "-"]),
        (Count(Figure.RESCUED, 12, 10, 1, 1), ["12", "-", "-", "-"]),
        (Count(Figure.RESCUED, 8, 4, 4, 0), ["8", "-", "-", "-"]),
        (Count(Figure.RESCUED, 4, 2, 2, 0), ["<5", "-", "-", "-"]),
        (Count(Figure.RESCUED, 0), ["0", "0", "0", "0"]),
        (Count(Figure.CONVICTED, 3), ["<5"]),
        (Count(Figure.CONVICTED, 5), ["5"]),
    ],
)
def test_a_small_number_cannot_be_worked_out_from_the_others(count: Count, told: list[str]) -> None:
    assert suppressed(count) == told


def test_whatever_is_learnt_later_each_figure_stays_as_it_was_known(
    site: Site, shared_case: Made, caseworker: Persona, investigator: Persona, supervisor: Persona
) -> None:
    years = [2004, 2005]
    seen: list[tuple[datetime, dict[int, dict[Figure, Count]]]] = []

    def look() -> None:
        with begin(site, supervisor.actor(), read_only=True) as work:
            at = work.now + timedelta(microseconds=1)
            seen.append((at, services._counted(work, years, at)))

    look()
    people = [rescued(caseworker, shared_case["id"], f"2004-0{n}-01T10:00:00Z", minor=n % 2 == 0) for n in (1, 2, 3)]
    look()
    caseworker.call("PATCH", f"/victims/{people[0]['id']}", json={"minor": False})
    look()
    move(caseworker, f"/victims/{people[1]['id']}", "rule_out", axis="identification")
    look()
    covert = new_operation(investigator, shared_case["id"], kind="surveillance", planned_on="2005-01-01")
    assert covert["state"] == "planned"
    rescued(caseworker, shared_case["id"], "2005-01-01T10:00:00Z", "intercept")
    look()
    with begin(site, supervisor.actor(), read_only=True) as work:
        assert [services._counted(work, years, at) for at, _ in seen] == [counts for _, counts in seen]
    assert [counts[2004][Figure.RESCUED].count for _, counts in seen] == [0, 3, 3, 2, 2]
    assert [counts[2004][Figure.RESCUED].children for _, counts in seen][:3] == [0, 1, 1]
