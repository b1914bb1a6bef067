"""The custody picture, from what people did to what a judge sees: told from the real chain, drawn and in sentences."""

import inspect
import re
import tracemalloc
import uuid
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

import pytest
import sqlalchemy as sa
from flask import Flask, render_template_string

from evidence_api.config import Settings
from evidence_api.domain.chronicle import Verdict
from evidence_api.domain.errors import NotFound
from evidence_api.domain.roles import OPERATOR, Role
from evidence_api.ledger import verifying
from evidence_api.ledger.entry import decode, encode
from evidence_api.models import Evidence, LedgerEntry, User
from evidence_api.services import chronicle
from evidence_api.services.chronicle import Told
from evidence_api.setup import initialise, make_keys, migrate
from evidence_api.work import Site, begin
from tests.conftest import Persona, days_ago, make_settings, new_persona, upload
from tests.pages import browser
from tests.pages import shown as page
from tests.test_tamper import Office
from web import items, picture, telling

pytestmark = pytest.mark.usefixtures("quick_sign_in")

SVG = "{http://www.w3.org/2000/svg}"


def tell(site: Site, reader: Persona, item: dict[str, Any]) -> Told:
    with begin(site, reader.actor(), read_only=True) as work:
        return chronicle.chronicle(work, uuid.UUID(item["id"]))


def show(app: Flask, told: Told, language: str = "en") -> picture.Picture:
    with app.test_request_context(headers={"Accept-Language": language}):
        return picture.picture(told)


def drawn(shown: picture.Picture) -> ElementTree.Element:
    """The drawing, which must be well formed."""
    return ElementTree.fromstring(str(shown.svg).replace("<svg ", f'<svg xmlns="{SVG[1:-1]}" '))


def words(shown: picture.Picture, layout: str = "wide") -> list[str]:
    """The texts of a layout, without the marks that set names apart."""
    texts = drawn(shown).findall(f"{SVG}svg[@class='{layout}']/{SVG}text")
    return [re.sub("[\u2068\u2069]", "", text.text or "") for text in texts]


def sentences(shown: picture.Picture) -> str:
    return re.sub("[\u2068\u2069]", "", "\n".join(line.text for line in shown.lines))


def hand_over(giver: Persona, receiver: Persona, item: dict[str, Any]) -> None:
    offered = giver.post(f"/evidence/{item['id']}/transfers", {"to": str(receiver.id), "reason": "For the trial"})
    assert offered.status_code == 201, offered.get_json()
    accepted = receiver.post(f"/transfers/{offered.get_json()['id']}/accept", {"otp": receiver.otp()})
    assert accepted.status_code == 200, accepted.get_json()


@pytest.fixture
def office(tmp_path_factory: pytest.TempPathFactory, request: pytest.FixtureRequest) -> Iterator[Office]:
    """An installation of the test's own, to be damaged."""
    settings: Settings = make_settings(tmp_path_factory.mktemp("damaged"), request)
    migrate(settings)
    make_keys(settings)
    initialise(settings, origin="tests.example.org/ledger", office="PP", name="Phnom Penh")
    made = Office(settings)
    yield made
    made.site.engine.dispose()


def test_a_hand_over_is_drawn_with_both_names(
    app: Flask, site: Site, investigator: Persona, lawyer: Persona, item: dict[str, Any]
) -> None:
    hand_over(investigator, lawyer, item)
    told = tell(site, investigator, item)
    shown = show(app, told)
    assert (shown.verdict, shown.faults) == (Verdict.UNBROKEN, [])
    assert shown.figures[0].startswith(f"held by \u2068{lawyer.username}\u2069 since ")
    assert shown.figures[1:3] == ["1 hand-over", "2 people held it"]
    for layout in ("wide", "narrow"):
        assert words(shown, layout).count(investigator.username) == 1
        assert words(shown, layout).count(lawyer.username) == 1
    assert f"{investigator.username[:11]}… to {lawyer.username[:11]}…" in words(shown)
    assert f"Handed over by {investigator.username} to {lawyer.username}: offered" in sentences(shown)
    assert f"until now: in the custody of {lawyer.username}." in sentences(shown)


def test_an_item_at_court_is_looked_at_when_it_should_have_been_back(
    app: Flask, site: Site, lawyer: Persona, item: dict[str, Any]
) -> None:
    move = {"action": "take_to_court", "reason": "Hearing", "due_at": days_ago(1).isoformat()}
    move["occurred_at"] = days_ago(2).isoformat()
    assert lawyer.post(f"/evidence/{item['id']}/moves", move).status_code == 200
    shown = show(app, tell(site, lawyer, item))
    assert shown.verdict is Verdict.ATTENTION
    assert [line.meaning for line in shown.faults] == ["attention"]
    assert "should have been back" in shown.faults[0].text
    assert "Taken to court" in words(shown)
    assert shown.figures[0].startswith(f"at court, with \u2068{lawyer.username}\u2069 since ")


def test_the_reads_of_others_are_counted_and_named(
    app: Flask, site: Site, investigator: Persona, lawyer: Persona, item: dict[str, Any]
) -> None:
    for reader in (investigator, lawyer, lawyer):
        assert reader.get(f"/evidence/{item['id']}/content").status_code == 200
    shown = show(app, tell(site, investigator, item))
    assert "read 3 times" in shown.figures
    assert "read 3 times" in words(shown)
    assert f"Downloaded 2 times by {lawyer.username}" in sentences(shown)


def test_checks_are_drawn_as_passed_and_the_last_one_is_told(
    app: Flask, site: Site, investigator: Persona, item: dict[str, Any]
) -> None:
    assert "never checked" in show(app, tell(site, investigator, item)).figures
    assert investigator.post(f"/evidence/{item['id']}/verify").status_code == 200
    shown = show(app, tell(site, investigator, item))
    assert shown.figures[-1].startswith("last checked ")
    assert "1 check passed" in words(shown)
    assert len(drawn(shown).findall(f"{SVG}svg[@class='wide']/{SVG}path[@class='sign passed']")) == 2


def test_a_removed_entry_is_a_red_gap_with_a_word(office: Office) -> None:
    office.sql("DELETE FROM ledger_entry WHERE subject = :s AND seq = 1")
    told = tell(office.site, office.person, office.item)
    shown = show(office.person.app, told)
    assert shown.verdict is Verdict.BROKEN
    assert "Entry 1 is missing: it was removed, or never kept. Who held the item then cannot be told." in [
        line.text for line in shown.faults if line.meaning == "broken"
    ]
    for layout in ("wide", "narrow"):
        gaps = drawn(shown).findall(f"{SVG}svg[@class='{layout}']/{SVG}rect[@class='block gap']")
        assert [gap.get("fill") for gap in gaps] == [f"url(#hatch-{layout})"]
        assert "Gap" in words(shown, layout)
        assert "Known again from here" not in words(shown, layout)
    assert "Gap: from" in sentences(shown)
    assert shown.figures[0].startswith("who holds it is not known since ")


def test_after_a_gap_the_picture_says_that_the_keeper_is_known_again(office: Office) -> None:
    item = office.item["id"]
    other = new_persona(office.site, office.person.app, Role.INVESTIGATOR)
    given = {"user": str(other.id), "role": "investigator"}
    assert office.person.post(f"/cases/{office.item['case']}/assignments", given).status_code == 201
    offer = {"to": str(other.id), "reason": "For the trial"}
    assert office.person.post(f"/evidence/{item}/transfers", offer).status_code == 201
    office.sql("DELETE FROM ledger_entry WHERE subject = :s AND seq = 1")
    shown = show(office.person.app, tell(office.site, office.person, office.item))
    for layout in ("wide", "narrow"):
        assert "Known again from here" in words(shown, layout)
        assert "Hand-over offered" not in words(shown, layout)
    told = sentences(shown).splitlines()
    known = next(n for n, line in enumerate(told) if "until now: in the custody of" in line)
    assert "not accepted yet" in told[known + 1]


def test_the_rows_of_the_chain_carry_their_faults_under_the_numbers_that_they_have_everywhere(office: Office) -> None:
    path = f"/items/{office.item['id']}"
    office.sql("DELETE FROM ledger_entry WHERE subject = :s AND seq = 1")
    office.sql("UPDATE ledger_entry SET body = :b WHERE subject = :s AND seq = 3", b=b"{}")
    html = page(browser(office.person), path)
    rows = dict(re.findall(r'<tr id="entry-(\d)">(.*?)</tr>', html, re.DOTALL))
    assert list(rows) == ["0", "1", "2", "3"]
    assert [seq for seq, row in rows.items() if "tag broken" in row] == ["1", "2", "3"]
    faults = ("1", "Entry 1 is missing"), ("2", "Entry 2 does not follow"), ("3", "Entry 3 cannot be read")
    for seq, sentence in faults:
        assert sentence in rows[seq]
        assert f'<a href="#entry-{seq}">' in html


def test_a_fault_further_on_leads_to_the_page_of_its_entry(office: Office, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("web.items.SHOWN_ENTRIES", 2)
    path = f"/items/{office.item['id']}"
    office.sql("UPDATE ledger_entry SET body = :b WHERE subject = :s AND seq = 3", b=b"{}")
    client = browser(office.person)
    html = page(client, path)
    assert f'href="{path}/entries?cursor=2#entry-3"' in html
    html = page(client, f"{path}/entries?cursor=2")
    assert 'id="entry-3"' in html
    assert f'<a href="{path}/entries">From the beginning</a>' in html
    assert "From the beginning" not in page(client, f"{path}/entries")


def test_a_broken_chain_says_nothing_green_and_asks_to_be_verified(office: Office) -> None:
    path = f"/items/{office.item['id']}"
    client = browser(office.person)
    html = page(client, path)
    assert 'class="tag custody"' in html
    assert "Verify it now" not in html
    office.sql("UPDATE ledger_entry SET body = :b WHERE subject = :s AND seq = 1", b=b"{}")
    html = page(client, path)
    assert 'class="tag custody"' not in html
    assert "Verify it now: if it does not match, it is quarantined, and a supervisor is asked." in html
    assert office.person.post(f"/evidence/{office.item['id']}/verify").status_code in (200, 409)
    assert "Verify it now" not in page(client, path)


def test_the_timeline_of_the_case_does_not_tell_an_altered_entry_as_if_it_were_whole(office: Office) -> None:
    path = f"/cases/{office.item['case']}/timeline"
    client = browser(office.person)
    assert "The entry cannot be read" not in page(client, path)
    office.sql("UPDATE ledger_entry SET body = :b WHERE subject = :s AND seq = 1", b=b"{}")
    marked = re.findall(r'<li class="broken">(.*?)</li>', page(client, path), re.DOTALL)
    assert len(marked) == 1
    assert "The entry cannot be read: its bytes were altered." in marked[0]


def test_an_entry_that_can_no_longer_be_read_is_a_gap(office: Office) -> None:
    office.sql("UPDATE ledger_entry SET body = :b WHERE subject = :s AND seq = 2", b=b"{}")
    told = tell(office.site, office.person, office.item)
    assert told.chronicle.periods[-1].gap
    assert {fault.code for fault in told.chronicle.faults} >= {"unreadable"}
    assert told.chronicle.verdict is Verdict.BROKEN


@pytest.mark.parametrize(
    ("seq", "code"), [(1, "not_following"), (3, "head_differs")], ids=["in the middle", "at the end"]
)
def test_an_edited_entry_leaves_open_who_held_the_item_since(office: Office, seq: int, code: str) -> None:
    office.set_body(seq, encode(replace(decode(office.rows()[seq].body), role="lawyer")))
    told = tell(office.site, office.person, office.item)
    assert told.chronicle.periods[-1].gap
    assert code in {fault.code for fault in told.chronicle.faults}
    assert told.chronicle.verdict is Verdict.BROKEN


@pytest.mark.parametrize(
    ("statement", "code"),
    [
        ("DELETE FROM ledger_entry WHERE subject = :s AND seq = 3", "tail_cut"),
        ("DELETE FROM ledger_entry WHERE subject = :s", "tail_cut"),
        ("UPDATE ledger_head SET seq = 2 WHERE subject = :s", "head_differs"),
        ("DELETE FROM ledger_head WHERE subject = :s", "head_missing"),
        ("UPDATE ledger_entry SET action = 'evidence:hold' WHERE subject = :s AND seq = 2", "column_differs"),
        ("DELETE FROM disclosure WHERE subject = :s", "disclosure"),
        ("UPDATE disclosure SET entry_hash = 'x' WHERE subject = :s", "disclosure"),
        ("DELETE FROM subject_key WHERE subject = :s", "key_missing"),
    ],
)
def test_whatever_is_damaged_is_told_in_a_sentence_of_its_own(office: Office, statement: str, code: str) -> None:
    office.sql(statement)
    told = tell(office.site, office.person, office.item)
    shown = show(office.person.app, told)
    assert code in {fault.code for fault in told.chronicle.faults}
    assert shown.verdict is Verdict.BROKEN
    assert not any("%(" in line.text for line in (*shown.faults, *shown.lines))


def test_every_fault_that_a_verification_can_find_has_a_sentence() -> None:
    codes = set(re.findall(r'code(?:: str)? ?= ?"(\w+)"', inspect.getsource(verifying))) | {"head_differs"}
    assert len(codes) > 8
    assert codes <= telling._FAULTS.keys()


def test_hostile_names_are_escaped_and_titles_are_not_drawn(
    app: Flask, site: Site, make_persona: Callable[..., Persona], case: dict[str, Any], investigator: Persona
) -> None:
    hostile = make_persona(Role.INVESTIGATOR)
    investigator.post(f"/cases/{case['id']}/assignments", {"user": str(hostile.id), "role": "investigator"})
    item = upload(hostile, case["id"], title="<b>Title</b>")
    name = "</text><script>\u202e\"'&"
    with site.engine.begin() as connection:
        connection.execute(sa.update(User).where(User.id == hostile.id).values(username=name))
    shown = show(app, tell(site, investigator, item))
    with app.test_request_context():
        html = render_template_string(
            "{% import '_picture.html' as room with context %}{{ room.picture(shown) }}", shown=shown
        )
    assert "<script>" not in html
    assert "Title" not in html
    assert "\u202e" not in html
    assert "</text><script>\"'&" in words(shown, "narrow")


def test_the_drawing_carries_no_style_of_its_own_and_names_itself(
    app: Flask, site: Site, investigator: Persona, item: dict[str, Any]
) -> None:
    svg = str(show(app, tell(site, investigator, item)).svg)
    assert " style=" not in svg
    assert "<style" not in svg
    assert svg.count('role="img"') == svg.count("<title") == 2
    ids = re.findall(r' id="([^"]+)"', svg)
    assert len(ids) == len(set(ids))
    assert set(re.findall(r'aria-labelledby="([^"]+)"', svg)) <= set(ids)


def test_the_drawing_is_mirrored_for_a_script_from_right_to_left(
    app: Flask, site: Site, investigator: Persona, item: dict[str, Any]
) -> None:
    told = tell(site, investigator, item)
    joints = [
        drawn(show(app, told, language)).findall(f"{SVG}svg[@class='wide']/{SVG}circle")[0].get("cx")
        for language in ("en", "ar")
    ]
    assert [float(str(x)) for x in joints] == [8, picture.WIDE - 8]


def test_the_blocks_of_very_many_periods_are_folded_and_all_are_in_the_list(
    app: Flask, site: Site, investigator: Persona, item: dict[str, Any]
) -> None:
    told = tell(site, investigator, item)
    first = told.chronicle.periods[0]
    many = tuple(
        replace(first, since=first.since + timedelta(n), until=first.since + timedelta(n + 1)) for n in range(50)
    )
    last = replace(first, since=first.since + timedelta(50))
    now = first.since + timedelta(60)
    shown = show(app, replace(told, chronicle=replace(told.chronicle, periods=(*many, last), now=now)))
    assert "32 periods more" in words(shown)
    assert shown.folded
    assert not show(app, told).folded
    with app.test_request_context():
        html = render_template_string("{% import '_picture.html' as room %}{{ room.picture(shown) }}", shown=shown)
    assert '<details class="custody-lines" open>' in html
    assert sum("in the custody of" in line.text for line in shown.lines) == 51


def test_who_may_read_the_item_may_see_its_picture_and_for_others_there_is_none(
    site: Site, lawyer: Persona, supervisor: Persona, colleague: Persona, caseworker: Persona, item: dict[str, Any]
) -> None:
    for reader in (lawyer, supervisor):
        assert tell(site, reader, item).chronicle.verdict is Verdict.UNBROKEN
    for outsider in (colleague, caseworker):
        with pytest.raises(NotFound):
            tell(site, outsider, item)


def test_looking_at_the_picture_leaves_the_chain_as_it_is(
    site: Site, investigator: Persona, item: dict[str, Any]
) -> None:
    for _ in range(2):
        tell(site, investigator, item)
    count = sa.select(sa.func.count()).where(LedgerEntry.subject == f"evidence:{item['id']}")
    with begin(site, OPERATOR, read_only=True) as work:
        assert work.session.scalar(count) == 1


def test_every_class_that_is_drawn_stands_in_the_style_sheet() -> None:
    sheet = (Path(picture.__file__).parent / "static/picture.css").read_text()
    for name in ("block", "gap", "checked-out", "at-court", "left-out", "joint", "sign", "passed", "failed", "read"):
        assert f".{name}" in sheet


def test_a_long_chain_is_drawn_only_when_it_is_asked_for(
    monkeypatch: pytest.MonkeyPatch, investigator: Persona, item: dict[str, Any]
) -> None:
    monkeypatch.setattr(items, "LONG_CHAIN", 2)
    client, path = browser(investigator), f"/items/{item['id']}"
    for _ in range(2):
        assert "This chain has" not in page(client, path)
        assert investigator.get(f"/evidence/{item['id']}/content").status_code == 200
    html = page(client, path)
    assert "This chain has 3 entries. Draw its custody" in html
    assert "custody-picture" not in html
    assert "custody-picture" in page(client, f"{path}?picture=1")


def test_the_bytes_of_a_long_chain_are_given_out_piece_by_piece_and_whole(
    monkeypatch: pytest.MonkeyPatch, investigator: Persona, item: dict[str, Any]
) -> None:
    monkeypatch.setattr(items, "LINES", 2)
    for _ in range(4):
        assert investigator.get(f"/evidence/{item['id']}/content").status_code == 200
    answer = browser(investigator).get(f"/items/{item['id']}/chain.txt")
    pieces = [piece for piece in answer.iter_encoded() if piece]
    assert [piece.count(b"\n") for piece in pieces] == [2, 2, 1]
    links = investigator.get(f"/evidence/{item['id']}/custody").get_json()["items"]
    assert b"".join(pieces).decode() == "".join(f"{link['entry']}\n" for link in links)


def test_a_chain_of_very_many_reads_is_told_in_little_memory(
    site: Site, investigator: Persona, item: dict[str, Any]
) -> None:
    with begin(site, investigator.actor()) as work:
        found = work.session.get_one(Evidence, uuid.UUID(item["id"]))
        for _ in range(6000):
            work.record(found, "evidence:view")
    tell(site, investigator, item)
    tracemalloc.start()
    told = tell(site, investigator, item)
    _now, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert told.chronicle.figures.reads == 6000
    assert peak < 15_000_000, "a page of entries at a time, and not all of them"
