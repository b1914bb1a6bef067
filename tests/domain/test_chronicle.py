"""The chronicle of custody: told for any legal sequence of acts, and by hand for what is damaged or overdue."""

from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from evidence_api.domain.chronicle import Act, Acts, Chronicle, Fault, Finding, Reads, Verdict, chronicle
from evidence_api.domain.custody import CUSTODY, RETURNING, TAKING, Custody, TransferState

T0 = datetime(2026, 5, 3, 7, 0, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)
ANA, BEN, CHI, SUE = "ana", "ben", "chi", "sue"
PEOPLE = (ANA, BEN, CHI)


@dataclass
class Story:
    """Acts on one item, one after another."""

    at: datetime = T0
    acts: list[Act] = field(default_factory=list)

    def __call__(
        self, verb: str, who: str | None, *, after: timedelta = HOUR, due_at: datetime | None = None, **data: str | bool
    ) -> "Story":
        self.at += after
        self.acts.append(Act(len(self.acts), verb, who, self.at, self.at, data, due_at))
        return self

    def told(self, *findings: Finding, later: timedelta = HOUR) -> Chronicle:
        return chronicle(self.acts, findings, self.at + later)


def received(who: str = ANA) -> Story:
    return Story()("ingest", who, custodian=who)


def handed(story: Story, giver: str, receiver: str) -> Story:
    return story("offer", giver, receiver=receiver)("accept", receiver, custodian=receiver)


def codes(told: Chronicle) -> list[str]:
    return [fault.code for fault in told.faults]


def keepers(told: Chronicle) -> list[str | None]:
    return [period.keeper for period in told.periods]


@st.composite
def legal(draw: st.DrawFn) -> tuple[list[Act], str, Custody, int]:
    """Any legal story, with who is the custodian at its end, the state, and the number of hand-overs."""
    story = received()
    state, custodian, lender, receiver, handovers = CUSTODY.initial, ANA, ANA, "", 0
    for _ in range(draw(st.integers(0, 25))):
        after = draw(st.sampled_from([timedelta(0), timedelta(microseconds=1), HOUR, DAY, 400 * DAY]))
        verb = draw(st.sampled_from([*CUSTODY.allowed(state), "view", "verify", "hold", "correct"]))
        if verb not in CUSTODY.actions:
            story(verb, draw(st.sampled_from(PEOPLE)), after=after)
            continue
        if verb == "offer":
            receiver = draw(st.sampled_from([p for p in PEOPLE if p != custodian]))
            story(verb, custodian, after=after, receiver=receiver)
        elif verb == "accept":
            custodian, handovers = receiver, handovers + 1
            story(verb, receiver, after=after, custodian=custodian)
        elif verb in TAKING:
            lender, custodian = custodian, draw(st.sampled_from(PEOPLE))
            story(verb, custodian, after=after, custodian=custodian)
        elif verb in RETURNING:
            taker, custodian = custodian, lender
            story(verb, taker, after=after, custodian=custodian)
        else:
            story(verb, receiver if verb == "refuse" else custodian, after=after)
        target = CUSTODY.step(state, verb).target
        assert target is not None
        state = target
    return story.acts, custodian, state, handovers


def assert_tiled(told: Chronicle) -> None:
    assert told.periods[-1].until is None
    for before, after in pairwise(told.periods):
        assert before.since < after.since == before.until
        assert (before.keeper, before.how) != (after.keeper, after.how)


@given(legal())
def test_the_periods_of_any_legal_story_tile_the_time_and_end_with_the_custodian(
    story: tuple[list[Act], str, Custody, int],
) -> None:
    acts, custodian, state, handovers = story
    told = chronicle(acts, [], acts[-1].at + HOUR)
    assert_tiled(told)
    assert told.periods[0].since == acts[0].at
    last = told.periods[-1]
    assert last.keeper == custodian
    assert last.how is (Custody.IN_CUSTODY if state is Custody.OFFERED else state)
    assert codes(told) in ([], ["offer_open"]), "nothing but an offer that has stood for long is to be looked at"
    assert told.figures.handovers == handovers
    assert [h.outcome for h in told.handovers].count(TransferState.OFFERED) == (state is Custody.OFFERED)


def as_they_pass(acts: list[Act], doubted: set[int]) -> Acts:
    passed = Acts()
    for act in acts:
        passed.take(act, doubted=act.seq in doubted)
    return passed


@settings(deadline=None)
@given(legal(), st.data())
def test_reads_that_are_counted_as_they_pass_are_told_as_each_alone(
    story: tuple[list[Act], str, Custody, int], data: st.DataObject
) -> None:
    acts = story[0]
    # Reads in between, a clock that goes wrong, entries that are gone, and some that are in doubt.
    for _ in range(data.draw(st.integers(0, 15))):
        at = acts[-1].at + data.draw(st.sampled_from([timedelta(0), HOUR, DAY, 2 * DAY, -HOUR, 30 * DAY]))
        verb = data.draw(st.sampled_from(["view", "view", "download"]))
        acts.append(Act(len(acts), verb, data.draw(st.sampled_from(PEOPLE)), at, at, {}))
    gone = data.draw(st.sets(st.integers(1, len(acts)), max_size=2))
    doubted = data.draw(st.sets(st.integers(0, len(acts)), max_size=2))
    findings = [Finding("not_following", seq) for seq in sorted(doubted)]
    rest = [act for act in acts if act.seq not in gone]
    now = data.draw(st.sampled_from([acts[0].at + 2 * DAY, acts[-1].at + HOUR]))
    assert chronicle(as_they_pass(rest, doubted), findings, now) == chronicle(rest, findings, now)


def test_memory_is_kept_for_who_reads_and_not_for_each_time() -> None:
    story = received()
    for _ in range(500):
        story("view", BEN, after=timedelta(minutes=20))("download", CHI, after=timedelta(minutes=20))
    acts = as_they_pass(handed(story, ANA, BEN).acts, set())
    assert [type(act) for act in acts] == [Act, Reads, Act, Act]
    assert isinstance(acts[1], Reads)
    assert [(mark.by, mark.kind, mark.count) for mark in acts[1].marks] == [(BEN, "view", 500), (CHI, "download", 500)]


@given(legal(), st.data())
def test_whatever_entry_is_taken_out_the_time_is_still_tiled_and_the_verdict_is_broken(
    story: tuple[list[Act], str, Custody, int], data: st.DataObject
) -> None:
    acts, *_ = story
    removed = data.draw(st.integers(0, len(acts) - 1))
    rest = acts[:removed] + acts[removed + 1 :]
    findings = [Finding("tail_cut" if removed == len(rest) else "not_following", removed + 1)]
    told = chronicle(rest, findings, acts[-1].at + HOUR)
    assert_tiled(told)
    assert told.verdict is Verdict.BROKEN


def test_a_hand_over_names_both_people_and_both_moments() -> None:
    told = handed(received(), ANA, BEN).told()
    handover = told.handovers[0]
    assert (handover.giver, handover.receiver, handover.outcome) == (ANA, BEN, TransferState.ACCEPTED)
    assert (handover.offered_at, handover.decided_at) == (T0 + 2 * HOUR, T0 + 3 * HOUR)
    assert keepers(told) == [ANA, BEN]
    assert (told.figures.handovers, told.figures.people, told.verdict) == (1, 2, Verdict.UNBROKEN)


@pytest.mark.parametrize(("verb", "who"), [("refuse", BEN), ("withdraw", ANA)])
def test_an_offer_that_comes_to_nothing_leaves_the_keeper_as_she_is(verb: str, who: str) -> None:
    told = received()("offer", ANA, receiver=BEN)(verb, who).told()
    assert keepers(told) == [ANA]
    assert told.handovers[0].outcome is TransferState({"refuse": "refused", "withdraw": "withdrawn"}[verb])
    assert told.verdict is Verdict.UNBROKEN


def test_a_supervisor_acts_in_the_place_of_who_has_left() -> None:
    story = received()("offer", SUE, receiver=BEN, in_place_of=ANA)
    told = story("withdraw", SUE, in_place_of=ANA).told()
    handover = told.handovers[0]
    assert (handover.giver, handover.offered_by, handover.withdrawn_by) == (ANA, SUE, SUE)
    assert (keepers(told), told.verdict) == ([ANA], Verdict.UNBROKEN)


def test_who_takes_the_item_out_keeps_it_until_she_brings_it_back() -> None:
    told = received()("check_out", BEN, custodian=BEN)("check_in", BEN, custodian=ANA).told()
    assert [(p.keeper, p.how) for p in told.periods] == [
        (ANA, Custody.IN_CUSTODY),
        (BEN, Custody.CHECKED_OUT),
        (ANA, Custody.IN_CUSTODY),
    ]


def test_a_missing_entry_is_a_gap_until_an_entry_names_the_custodian() -> None:
    story = handed(handed(received(), ANA, BEN)("view", CHI), BEN, CHI)
    removed = story.acts.pop(2)
    told = story.told(Finding("missing", 3), Finding("not_following", 3))
    assert keepers(told) == [ANA, None, BEN, CHI]
    gap = told.periods[1]
    assert (gap.since, gap.until) == (removed.at - HOUR, story.acts[3].at)
    assert Fault("missing", True, 2, gap.since) in told.faults
    assert codes(told).count("missing") == 1
    assert told.verdict is Verdict.BROKEN


def test_several_entries_missing_in_a_row_are_one_fault_however_many_they_are() -> None:
    story = received()
    act = story("view", BEN).acts.pop()
    far = 2**53
    story.acts.append(Act(far, act.verb, act.actor, act.at, act.at, act.data))
    told = story.told(Finding("missing", far), Finding("not_following", far))
    assert [(fault.code, fault.seq) for fault in told.faults] == [("missing_more", 1), ("not_following", far)]
    assert keepers(told) == [None]


def test_an_entry_that_cannot_be_read_is_a_gap() -> None:
    story = handed(received(), ANA, BEN)("view", BEN)
    del story.acts[2]
    told = story.told(Finding("unreadable", 2))
    assert keepers(told) == [ANA, None]
    assert (codes(told), told.verdict) == (["unreadable"], Verdict.BROKEN)


def test_an_entry_that_the_next_one_does_not_vouch_for_is_a_gap() -> None:
    told = handed(received(), ANA, BEN)("view", CHI).told(Finding("not_following", 3))
    assert keepers(told) == [ANA, None], "that ben accepted may have been written in"


@pytest.mark.parametrize("code", ["tail_cut", "head_differs", "head_missing"])
def test_a_doubted_end_leaves_open_who_holds_the_item_now(code: str) -> None:
    told = handed(received(), ANA, BEN).told(Finding(code))
    assert keepers(told) == [ANA, None]
    assert (codes(told), told.verdict) == ([code], Verdict.BROKEN)


def test_a_chain_without_its_beginning_or_without_any_entry_is_a_gap() -> None:
    story = received()("view", ANA)
    del story.acts[0]
    assert keepers(story.told()) == [None]
    assert codes(story.told()) == ["missing"]
    told = chronicle([], [Finding("tail_cut")], T0)
    assert (keepers(told), told.verdict) == ([None], Verdict.BROKEN)


@pytest.mark.parametrize(
    "story",
    [
        lambda: received()("accept", BEN, custodian=BEN),
        lambda: received()("check_in", ANA, custodian=ANA),
        lambda: received()("offer", BEN, receiver=CHI),
        lambda: received()("offer", ANA, receiver=BEN)("accept", CHI, custodian=CHI),
        lambda: received()("ingest", BEN, custodian=BEN),
    ],
)
def test_an_act_that_was_not_possible_breaks_the_custody(story: Callable[[], Story]) -> None:
    told = story().told()
    assert ("out_of_course" in codes(told), told.verdict) == (True, Verdict.BROKEN)
    assert_tiled(told)


def test_an_act_that_does_not_name_the_custodian_is_a_gap() -> None:
    told = received()("check_out", BEN).told()
    assert (keepers(told), codes(told)) == ([ANA, None], ["unnamed"])


def test_an_offer_is_looked_at_when_it_has_stood_for_a_day() -> None:
    story = received()("offer", ANA, receiver=BEN)
    assert story.told(later=DAY).verdict is Verdict.UNBROKEN
    told = story.told(later=DAY + timedelta(seconds=1))
    assert (codes(told), told.verdict) == (["offer_open"], Verdict.ATTENTION)


def test_an_item_is_looked_at_when_it_should_have_been_back() -> None:
    story = received()("take_to_court", BEN, custodian=BEN, due_at=T0 + 3 * DAY)
    assert story.told(later=DAY).verdict is Verdict.UNBROKEN
    told = story.told(later=4 * DAY)
    assert (codes(told), told.faults[0].at, told.verdict) == (["overdue"], T0 + 3 * DAY, Verdict.ATTENTION)
    assert story("return_from_court", BEN, custodian=ANA, after=5 * DAY).told().verdict is Verdict.UNBROKEN


def test_a_failed_check_breaks_the_custody_until_the_item_is_released_for_which_it_is_checked_again() -> None:
    story = received()("verify", SUE, object="fail", chain="pass")("quarantine", SUE, after=timedelta(0))
    assert (set(codes(story.told())), story.told().verdict) == ({"check_failed", "quarantined"}, Verdict.BROKEN)
    told = story("release", SUE).told()
    assert (codes(told), told.verdict) == (["was_quarantined"], Verdict.ATTENTION)
    assert [mark.passed for mark in told.marks] == [False, True]
    assert (told.spans[0].kind, told.spans[0].ended_by) == ("quarantine", SUE)
    assert told.figures.last_check == told.marks[-1]


def test_a_device_whose_digest_differs_is_looked_at() -> None:
    same = received()("device_digest", ANA, sha256="0" * 64, matches=True)
    assert same.told().verdict is Verdict.UNBROKEN
    told = received()("device_digest", ANA, sha256="0" * 64, matches=False).told()
    assert (codes(told), told.verdict) == (["device_differs"], Verdict.ATTENTION)


def test_reads_of_one_person_close_to_one_another_are_told_as_one() -> None:
    story = received()("view", BEN)("view", BEN)("view", CHI)("view", BEN, after=2 * DAY)("download", BEN)
    told = story.told()
    assert [(m.kind, m.by, m.count) for m in told.marks] == [
        ("view", BEN, 2),
        ("view", CHI, 1),
        ("view", BEN, 1),
        ("download", BEN, 1),
    ]
    assert (told.figures.reads, told.figures.readers) == (5, 2)


def test_very_many_reads_are_counted_and_hide_no_act_of_custody() -> None:
    story = received()
    for _ in range(5003):
        story("view", BEN, after=2 * DAY)
    told = handed(story, ANA, CHI).told()
    assert (len(told.marks), told.figures.reads) == (5000, 5003)
    assert keepers(told) == [ANA, CHI]


def test_a_legal_hold_lasts_until_it_is_lifted() -> None:
    told = received()("hold", SUE)("lift_hold", CHI)("hold", SUE).told()
    assert [(s.kind, s.until is None, s.by) for s in told.spans] == [("hold", False, SUE), ("hold", True, SUE)]


def test_a_clock_that_was_ahead_makes_no_period_end_before_it_begins() -> None:
    story = received()
    story("view", BEN, after=DAY)
    told = story("offer", ANA, receiver=BEN, after=-20 * HOUR)("accept", BEN, custodian=BEN).told(
        Finding("clock_fault", 1, warning=True)
    )
    assert_tiled(told)
    assert told.marks[0].at == told.handovers[0].offered_at
    assert (codes(told), told.verdict) == (["clock_fault"], Verdict.ATTENTION)


def test_what_is_said_of_the_time_stands_beside_what_was_recorded() -> None:
    story = received()
    act = story("check_out", BEN, custodian=BEN).acts.pop()
    story.acts.append(Act(1, act.verb, act.actor, act.at, act.at - HOUR, act.data))
    period = story.told().periods[-1]
    assert (period.since, period.said_at) == (act.at, act.at - HOUR)


def test_an_item_that_comes_back_to_another_than_the_one_it_was_taken_from_is_out_of_course() -> None:
    story = received()("check_out", BEN, custodian=BEN)("check_in", BEN, custodian=CHI)
    assert codes(story.told()) == ["out_of_course"]
