"""A table of charges in and out: what courts did elsewhere, row by row, with nothing lost and nothing made up."""

import csv
import io
from datetime import UTC, date, datetime, timedelta
from typing import Any

import pytest
import sqlalchemy as sa
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from evidence_api.domain.charge import BEFORE_COURT, FINDINGS, ChargeState
from evidence_api.domain.table import neutral, parse
from evidence_api.models import LedgerEntry
from evidence_api.work import Site
from tests.casework import convicted, filed_charge, made, move, new_charge, new_perpetrator
from tests.conftest import Persona, upload
from tests.pages import browser, led_to, shown, text, told
from tests.test_imports import upload as send
from tests.test_web import csrf

pytestmark = pytest.mark.usefixtures("quick_sign_in")

Made = dict[str, Any]
TODAY = datetime.now(UTC).date()

REAL = """\
Case,Defendant,Charge,Version,Section,Particulars,Filed,Court,Docket,Plea,Plea date,Outcome,Decided,Convicted of,\
Sentence,Days,Amount,Currency,Running,Suspended,Imposed on
,Auntie,1,1,DEMO-1,"Kept four women,
in two rooms",2019-03-01,Municipal court,CC 4/2019,Not guilty,2019-04-02,Superseded,,,,,,,,,
,Auntie,1,2,DEMO-2,"Kept four, one of them a child",2019-06-01,Municipal court,CC 4/2019,Not guilty,2019-06-09,Final,\
2020-02-03,,Imprisonment,5475,,,Consecutive,no,2020-02-10
,auntie,1,2,,,,,,,,,,,Fine,,1000000,KHR,,no,2020-02-10
,auntie,1,2,,,,,,,,,,,Restitution,,250050,USD,,no,2020-02-11
,Auntie,2,,DEMO-7,,2019-03-01,Municipal court,CC 4/2019,,,Acquitted,2020-02-03,,,,,,,,
,The Driver,1,,DEMO-1,,2019-03-01,Municipal court,CC 4/2019,Guilty,2019-04-02,Sentenced,2019-05-06,DEMO-6,\
Imprisonment,730,,,,yes,2019-05-06
,The Driver,2,,DEMO-8,,,,,,,,,,,,,,,,
,The Clerk,1,,DEMO-8,,2019-03-01,Municipal court,CC 9/2019,,,Warrant outstanding,,,,,,,,,
"""
MAPPING = {
    "perpetrator": "Defendant",
    "count": "Charge",
    "edition": "Version",
    "statute": "Section",
    "particulars": "Particulars",
    "filed_on": "Filed",
    "court": "Court",
    "court_ref": "Docket",
    "plea": "Plea",
    "pleaded_on": "Plea date",
    "disposition": "Outcome",
    "decided_on": "Decided",
    "convicted_of": "Convicted of",
    "sentence": "Sentence",
    "days": "Days",
    "amount": "Amount",
    "currency": "Currency",
    "running": "Running",
    "suspended": "Suspended",
    "imposed_on": "Imposed on",
}


def bring(persona: Persona, case: Made, table: str, mapping: Made = MAPPING, **more: Any) -> Any:
    return persona.post(f"/cases/{case['id']}/imports", {"kind": "charges", "csv": table, "mapping": mapping, **more})


def people(lawyer: Persona, case: Made, *aliases: str) -> None:
    for alias in aliases or ("Auntie", "The Driver", "The Clerk"):
        new_perpetrator(lawyer, case["id"], alias=alias)


def another(lawyer: Persona, supervisor: Persona) -> Made:
    return made(lawyer, "/cases", {"title": "Another", "kind": "forced_labour", "country": "KH"})


def rows_of(table: str) -> list[dict[str, str]]:
    """The lines of a table that was given out, by column and in an order of their own."""
    read = parse(table)
    lines = (dict(zip(read.header, cells, strict=True)) for _line, cells in read.rows)
    return sorted(lines, key=lambda row: tuple(row.values()))


def exported(persona: Persona, case: Made) -> str:
    answer = persona.get(f"/cases/{case['id']}/export/charges.csv")
    assert answer.status_code == 200
    return str(answer.get_data(as_text=True))


def brought_back(persona: Persona, case: Made, table: str) -> Any:
    """A table that was given out, as it is, with the names of its own columns."""
    header = parse(table).header
    return bring(persona, case, table, {name: name for name in header})


def charges(persona: Persona, case: Made) -> dict[tuple[str, int, int], Made]:
    """The charges of a case by whom, count and edition."""
    names = {p["id"]: p["alias"] for p in persona.get(f"/cases/{case['id']}/perpetrators").get_json()["items"]}
    found = persona.get(f"/cases/{case['id']}/charges?limit=200").get_json()["items"]
    return {(names[one["perpetrator"]], one["count"], one["edition"]): one for one in found}


def test_a_real_table_with_several_sentences_a_charge_comes_in_whole(
    lawyer: Persona, supervisor: Persona, case: Made
) -> None:
    people(lawyer, case)
    answer = bring(lawyer, case, REAL.replace("Warrant outstanding", "Filed"))
    assert answer.status_code == 200, answer.get_json()
    assert (answer.get_json()["imported"], answer.get_json()["count"]) == (True, 8)
    found = charges(lawyer, case)
    assert {key: one["state"] for key, one in found.items()} == {
        ("Auntie", 1, 1): "superseded",
        ("Auntie", 1, 2): "final",
        ("Auntie", 2, 1): "acquitted",
        ("The Driver", 1, 1): "sentenced",
        ("The Driver", 2, 1): "proposed",
        ("The Clerk", 1, 1): "filed",
    }
    last = found["Auntie", 1, 2]
    assert last["supersedes"] == found["Auntie", 1, 1]["id"]
    assert last["ref"] == f"{found['Auntie', 1, 1]['ref']}.2"
    assert (last["court_ref"], last["filed_on"], last["decided_on"]) == ("CC 4/2019", "2019-06-01", "2020-02-03")
    # Thirty days from the last of its sentences, by the jurisdiction.
    assert (last["appeal_until"], last["approver"]) == ("2020-03-12", None)
    assert found["Auntie", 1, 1]["particulars"] == "Kept four women,\nin two rooms"
    record = lawyer.get(f"/charges/{last['id']}/record").get_json()
    assert [(v["verdict"], v["statute"], v["decided_on"]) for v in record["verdicts"]] == [
        ("convicted", "DEMO-2", "2020-02-03")
    ]
    assert [(p["plea"], p["entered_on"]) for p in record["pleas"]] == [("not_guilty", "2019-06-09")]
    imposed = [(s["kind"], s["days"], s["amount"], s["currency"], s["running"]) for s in record["sentences"]]
    assert imposed == [
        ("imprisonment", 5475, None, None, "consecutive"),
        ("fine", None, 1000000, "KHR", None),
        ("restitution", None, 250050, "USD", None),
    ]
    lesser = lawyer.get(f"/charges/{found['The Driver', 1, 1]['id']}/record").get_json()
    assert (lesser["verdicts"][0]["verdict"], lesser["verdicts"][0]["statute"]) == ("convicted_lesser", "DEMO-6")
    assert lesser["sentences"][0]["suspended"] is True
    # What goes on is as of any other charge: approved by another, numbered on.
    assert move(supervisor, f"/charges/{found['The Driver', 2, 1]['id']}", "approve")["state"] == "approved"
    assert new_charge(lawyer, case["id"])["ref"] == f"{case['ref']}-C6"


def test_the_ledger_says_that_it_was_imported_and_the_figures_count_it(
    site: Site, lawyer: Persona, supervisor: Persona, case: Made
) -> None:
    def convicted_in(year: int) -> int:
        figures = supervisor.get(f"/reports/figures?year={year}").get_json()["figures"]
        return int(figures["convicted"]["count"])

    before = convicted_in(2019), convicted_in(2020)
    people(lawyer, case)
    assert bring(lawyer, case, REAL.replace("Warrant outstanding", "Filed")).status_code == 200
    assert (convicted_in(2019), convicted_in(2020)) == (before[0] + 1, before[1] + 1)
    final = charges(lawyer, case)["Auntie", 1, 2]
    with site.engine.connect() as connection:
        of = sa.select(LedgerEntry.action, LedgerEntry.body).where(LedgerEntry.subject == f"charge:{final['id']}")
        entries = [(action, bytes(body)) for action, body in connection.execute(of.order_by(LedgerEntry.seq))]
    assert [action for action, _ in entries] == ["charge:import", *["charge:impose"] * 3]
    assert b'"decided_on":"2020-02-03"' in entries[0][1]
    assert all(b'"imported":true' in body for _, body in entries[1:])
    written = b"".join(body for _, body in entries)
    assert b"child" not in written
    assert b"CC 4" not in written


DECIDED = ("decided_on", "sentence", "days", "imposed_on")
WRONG = [
    # A row that cannot be so: what is changed, on which line, at which field, and what is said.
    ({"perpetrator": "Nobody", "count": "99"}, "perpetrator", "Register her or him first"),
    ({"count": "one"}, "count", "whole number"),
    ({"statute": "KH-1"}, "statute", "no such statute"),
    ({"statute": ""}, "statute", "Fill this in"),
    ({"case_ref": "KH-1999-1"}, "case_ref", "another case"),
    ({"disposition": "Guilty"}, "disposition", "Give one of"),
    ({"disposition": "Approved"}, "disposition", "approved here, by another person"),
    ({"disposition": ""}, "filed_on", "proposed has none of this"),
    ({"filed_on": ""}, "filed_on", "came before a court"),
    ({"court_ref": ""}, "court_ref", "came before a court"),
    ({"filed_on": "2020-03-01"}, "decided_on", "lies before"),
    ({"decided_on": (TODAY + timedelta(days=9)).isoformat()}, "decided_on", "in the future"),
    ({"decided_on": ""}, "decided_on", "Fill this in"),
    ({"disposition": "In trial"}, "decided_on", "not decided"),
    ({"pleaded_on": ""}, "pleaded_on", "both the plea and its day"),
    ({"offence_from": "2019-05-05"}, "filed_on", "lies before"),
    ({"offence_until": "2018-05-05"}, "offence_from", "first day too"),
    ({"withdrawal": "Duplicate"}, "withdrawal", "only where it was"),
    ({"held_from": "Filed"}, "held_from", "Only where a warrant is outstanding"),
    ({"disposition": "Warrant outstanding", "held_from": "Final"}, "held_from", "Only where a warrant"),
    ({"disposition": "Convicted lesser"}, "convicted_of", "lesser offence"),
    ({"disposition": "Acquitted"}, "sentence", "comes of a conviction"),
    ({"sentence": ""}, "sentence", "of what kind"),
    ({"days": "", "sentence": "", "imposed_on": ""}, "sentence", "at least one sentence"),
    ({"days": ""}, "days", "number of days"),
    ({"amount": "100"}, "amount", "not about money"),
    ({"imposed_on": ""}, "imposed_on", "Fill this in"),
    ({"imposed_on": "2020-01-01"}, "imposed_on", "lies before"),
    ({"edition": "2"}, "edition", "Edition 1 of this count"),
    ({"disposition": "Superseded", **dict.fromkeys(DECIDED, "")}, "disposition", "superseded but the last"),
    ({"decided_on": TODAY.isoformat(), "imposed_on": TODAY.isoformat()}, "disposition", "It can be appealed until"),
]
RIGHT = {
    "perpetrator": "Auntie",
    "count": "1",
    "statute": "DEMO-1",
    "disposition": "Final",
    "filed_on": "2019-03-01",
    "court_ref": "CC 4/2019",
    "plea": "Guilty",
    "pleaded_on": "2019-04-02",
    "decided_on": "2020-02-03",
    "sentence": "Imprisonment",
    "days": "730",
    "imposed_on": "2020-02-03",
}


def table_of(*rows: Made) -> tuple[str, dict[str, str]]:
    header = list(dict.fromkeys(name for row in rows for name in row))
    made = io.StringIO()
    writer = csv.DictWriter(made, header)
    writer.writeheader()
    writer.writerows({name: neutral(str(cell)) for name, cell in row.items()} for row in rows)
    return made.getvalue(), {name: name for name in header}


def test_every_row_that_breaks_a_rule_is_named_with_its_line_and_why(lawyer: Persona, case: Made) -> None:
    people(lawyer, case, *(f"P{number}" for number in range(len(WRONG) + 1)), "Auntie")
    rows: list[Made] = [RIGHT]
    for number, (wrong, *_) in enumerate(WRONG):
        rows.append({**RIGHT, "perpetrator": f"P{number}", **wrong})
    answer = bring(lawyer, case, *table_of(*rows))
    errors = answer.get_json()["errors"]
    assert answer.status_code == 422
    for line, (_, field, says) in enumerate(WRONG, 3):
        assert says in str(errors.get(f"line {line}.{field}")), (line, field, errors.get(f"line {line}.{field}"))
    assert {name.partition(".")[0] for name in errors} == {f"line {line}" for line in range(3, 3 + len(WRONG))}
    assert charges(lawyer, case) == {}


def test_rows_of_one_charge_that_contradict_each_other_are_named(lawyer: Persona, case: Made) -> None:
    people(lawyer, case)
    fine = {"sentence": "Fine", "amount": "5", "currency": "USD", "days": ""}
    wrong = bring(lawyer, case, *table_of(RIGHT, {**RIGHT, **fine, "plea": "Not guilty", "court_ref": "CC 5"}))
    assert wrong.get_json()["errors"] == {
        f"line 3.{name}": ["Line 2 says otherwise of the same charge. Make both the same."]
        for name in ("plea", "court_ref")
    }
    twice = bring(lawyer, case, *table_of(RIGHT, {**RIGHT, "sentence": "", "days": "", "imposed_on": ""}))
    assert twice.get_json()["errors"].keys() == {"line 3.count"}
    people(lawyer, case, "Auntie")
    both = bring(lawyer, case, *table_of(RIGHT)).get_json()["errors"]["line 2.perpetrator"]
    assert f"{case['ref']}-P1" in both[0]
    by_ref = {**RIGHT, "perpetrator": f"{case['ref']}-P1"}
    assert bring(lawyer, case, *table_of(by_ref)).status_code == 200
    again = bring(lawyer, case, *table_of(by_ref)).get_json()["errors"]
    assert "already" in again["line 2.count"][0]


def test_one_row_that_cannot_be_read_makes_no_other_of_its_count_wrong(lawyer: Persona, case: Made) -> None:
    people(lawyer, case)
    old = {**RIGHT, "edition": "1", "disposition": "Superseded", "filed_on": "long ago"}
    old |= dict.fromkeys(("decided_on", "sentence", "days", "imposed_on", "plea", "pleaded_on"), "")
    errors = bring(lawyer, case, *table_of(old, {**RIGHT, "edition": "2"})).get_json()["errors"]
    assert errors.keys() == {"line 2.filed_on"}


def test_only_who_writes_charges_imports_them_and_only_who_reads_them_takes_them_out(
    lawyer: Persona, investigator: Persona, caseworker: Persona, supervisor: Persona, shared_case: Made
) -> None:
    people(lawyer, shared_case)
    tried = {
        who.role.value: (
            bring(who, shared_case, *table_of(RIGHT), dry_run=True).status_code,
            who.get(f"/cases/{shared_case['id']}/export/charges.csv").status_code,
        )
        for who in (lawyer, investigator, caseworker, supervisor)
    }
    assert tried == {
        "lawyer": (200, 200),
        "investigator": (403, 200),
        "caseworker": (403, 403),
        "supervisor": (403, 200),
    }


# --- there and back ---------------------------------------------------------------------------------------------------


def test_what_was_taken_step_by_step_goes_out_and_into_another_case_without_loss(
    lawyer: Persona, investigator: Persona, supervisor: Persona, case: Made
) -> None:
    judgment = str(upload(investigator, case["id"])["id"])
    people(lawyer, case)
    known = {p["alias"]: p["id"] for p in lawyer.get(f"/cases/{case['id']}/perpetrators").get_json()["items"]}
    auntie = convicted(
        lawyer, supervisor, case["id"], judgment, perpetrator=known["Auntie"], particulars="=1+1\nA, “b”"
    )
    today = TODAY.isoformat()
    prison = {"kind": "imprisonment", "for_life": True, "imposed_on": today, "note": "No parole"}
    lost = {"kind": "forfeiture", "note": "The house", "imposed_on": today}
    for body in (prison, lost):
        made(lawyer, f"/charges/{auntie['id']}/sentences", body)
    move(lawyer, f"/charges/{auntie['id']}", "sentence")
    driver = filed_charge(lawyer, supervisor, case["id"], perpetrator=known["The Driver"])
    move(lawyer, f"/charges/{driver['id']}", "plead", plea="no_contest")
    move(lawyer, f"/charges/{driver['id']}", "issue_warrant")
    clerk = new_charge(lawyer, case["id"], perpetrator=known["The Clerk"], offence_from="2020-01-02")
    made(lawyer, f"/charges/{clerk['id']}/amend", {"statute": "DEMO-8", "reason": "It was a bribe"})
    second = new_charge(lawyer, case["id"], perpetrator=known["The Clerk"])
    move(lawyer, f"/charges/{second['id']}", "withdraw", code="public_interest")
    out = exported(lawyer, case)
    assert len(rows_of(out)) == 6
    there = another(lawyer, supervisor)
    people(lawyer, there)
    back = brought_back(lawyer, there, out)
    assert back.status_code == 200, back.get_json()
    assert rows_of(exported(lawyer, there)) == rows_of(out)
    same = ("state", "particulars", "statute", "decided_on", "appeal_until", "withdrawal", "court", "court_ref")
    mine, theirs = charges(lawyer, case), charges(lawyer, there)
    assert {k: [c[n] for n in same] for k, c in mine.items()} == {k: [c[n] for n in same] for k, c in theirs.items()}
    # A warrant that is executed leads back to where it stood.
    held = theirs["The Driver", 1, 1]
    assert move(lawyer, f"/charges/{held['id']}", "execute_warrant")["state"] == "pleaded"


MONTH = timedelta(days=30)
DAY = st.integers(0, 200).map(lambda days: date(2020, 1, 1) + timedelta(days=days))
WORDS = st.text(st.sampled_from("ab ,;\"'\n=+-@éខ"), min_size=1, max_size=12).map(str.strip).filter(bool)
PRISON = st.builds(
    lambda days, running, suspended: {"sentence": "imprisonment", "days": days, "running": running} | suspended,
    st.integers(1, 9000),
    st.sampled_from(["concurrent", "consecutive"]),
    st.sampled_from([{"suspended": "true"}, {"suspended": "false"}]),
)
FINE = st.integers(1, 10**12).map(
    lambda amount: {"sentence": "fine", "amount": amount, "currency": "USD", "suspended": "false"}
)
STATES = st.sampled_from([state for state in ChargeState if state not in ("approved", "superseded", "withdrawn")])


@st.composite
def history(draw: st.DrawFn) -> list[Made]:
    """The rows of one charge that could have been."""
    state = draw(STATES)
    row: Made = {"statute": "DEMO-1", "disposition": state.value, "particulars": draw(WORDS)}
    stood = draw(st.sampled_from(sorted(BEFORE_COURT))) if state is ChargeState.WARRANT_OUTSTANDING else state
    filed = draw(DAY)
    if state is not ChargeState.PROPOSED:
        row |= {"filed_on": filed, "court_ref": draw(WORDS).replace("\n", " ")}
        if stood is ChargeState.PLEADED or (stood is not ChargeState.FILED and draw(st.booleans())):
            row |= {"plea": draw(st.sampled_from(["guilty", "refused"])), "pleaded_on": filed + MONTH}
    if state is ChargeState.WARRANT_OUTSTANDING:
        row["held_from"] = stood.value
    if stood in FINDINGS or stood in (ChargeState.QUASHED, ChargeState.ABATED):
        row["decided_on"] = filed + 2 * MONTH
    if stood is ChargeState.CONVICTED_LESSER or (stood is ChargeState.SENTENCED and draw(st.booleans())):
        row["convicted_of"] = "DEMO-6"
    if stood not in (ChargeState.SENTENCED, ChargeState.FINAL):
        return [row]
    imposed = {"imposed_on": filed + 3 * MONTH}
    return [{**row, **imposed, **one} for one in draw(st.lists(PRISON | FINE, min_size=1, max_size=3))]


@settings(
    max_examples=4, deadline=None, phases=[Phase.generate], suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(history(), min_size=6, max_size=16))
def test_any_history_goes_in_out_and_in_again_the_same(
    lawyer: Persona, supervisor: Persona, tables: list[list[Made]]
) -> None:
    cases = [another(lawyer, supervisor) for _ in range(2)]
    for one in cases:
        people(lawyer, one)
    rows = [{"perpetrator": "Auntie", "count": count, **row} for count, rows in enumerate(tables, 1) for row in rows]
    first = bring(lawyer, cases[0], *table_of(*rows))
    assert first.status_code == 200, first.get_json()
    out = exported(lawyer, cases[0])
    said = [{name: str(value) for name, value in row.items()} for row in rows]
    found = rows_of(out)
    assert len(found) == len(said)
    for row in said:
        assert any(row.items() <= other.items() for other in found), row
    assert brought_back(lawyer, cases[1], out).status_code == 200
    assert rows_of(exported(lawyer, cases[1])) == found


def test_a_large_table_needs_few_statements_a_row(site: Site, lawyer: Persona, case: Made) -> None:
    people(lawyer, case)
    statements: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_more: Any) -> None:
        statements.append(statement)

    sa.event.listen(site.engine, "before_cursor_execute", note)
    answer = bring(lawyer, case, *table_of(*({**RIGHT, "count": number} for number in range(1, 101))))
    sa.event.remove(site.engine, "before_cursor_execute", note)
    assert answer.get_json()["count"] == 100
    assert len(statements) < 100 * 10


# --- the pages --------------------------------------------------------------------------------------------------------


def test_the_pages_lead_from_the_file_to_the_charges(lawyer: Persona, case: Made) -> None:
    people(lawyer, case)
    client = browser(lawyer)
    assert f"/cases/{case['id']}/export/charges" in shown(client, f"/cases/{case['id']}/tables")
    mapping = led_to(send(client, case, REAL.encode(), kind="charges"))
    html = shown(client, mapping)
    form = {"csrf_token": csrf(html), **MAPPING}
    assert "Amount, in the smallest unit of its currency" in html
    tried = text(told(client.post(mapping, data=form), 422))
    assert "1 row is wrong, so nothing is imported" in tried
    assert "Only where a warrant is outstanding" in tried
    mended = led_to(send(client, case, REAL.replace("Warrant outstanding", "Filed").encode(), kind="charges"))
    assert "All 8 rows can be imported" in told(client.post(mended, data=form), 200)
    listed = client.post(mended, data={**form, "import": "1"}).location
    assert listed == f"/cases/{case['id']}/charges"
    assert "The Driver" in shown(client, listed)
    given = client.post(f"/cases/{case['id']}/export/charges", data={"csrf_token": form["csrf_token"]})
    assert len(rows_of(given.get_data(as_text=True))) == 8
