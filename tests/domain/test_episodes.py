"""What an episode is to the one before it: every rule once, then rules that hold for any history."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from evidence_api.domain.victim import EXITS, EpisodeClass, Exit, Spell, classify, in_order

FIRST, MOVED, RE_ENTERED = EpisodeClass.FIRST, EpisodeClass.MOVED_WITHOUT_EXIT, EpisodeClass.RE_ENTERED_AFTER_EXIT
DAY = date(2020, 1, 1)

days = st.none() | st.dates(DAY, DAY + timedelta(days=30))
spells = st.builds(Spell, days, days, st.none() | st.sampled_from(Exit), st.booleans())
histories = st.lists(spells, max_size=8)


@pytest.mark.parametrize(
    ("exit", "then"),
    [
        (None, MOVED),
        (Exit.MOVED, MOVED),
        (Exit.OTHER, MOVED),
        (Exit.RESCUED, RE_ENTERED),
        (Exit.INTERCEPTED, RE_ENTERED),
        (Exit.SELF_EXITED, RE_ENTERED),
        (Exit.RELEASED, RE_ENTERED),
    ],
)
def test_how_one_episode_ended_decides_what_the_next_one_is(exit: Exit | None, then: EpisodeClass) -> None:
    assert classify([Spell(DAY, exit=exit), Spell(DAY + timedelta(days=9))]) == [FIRST, then]


def test_what_is_recorded_late_takes_its_place_in_time() -> None:
    later, earlier = Spell(DAY + timedelta(days=9)), Spell(DAY, DAY + timedelta(days=3), Exit.RELEASED)
    assert classify([later, earlier]) == [RE_ENTERED, FIRST]


def test_an_exit_that_came_after_the_next_one_had_begun_counts_for_nothing() -> None:
    long = Spell(DAY, DAY + timedelta(days=20), Exit.RESCUED)
    assert classify([long, Spell(DAY + timedelta(days=9))]) == [FIRST, MOVED]


def test_who_was_out_re_entered_though_no_exit_was_recorded() -> None:
    assert classify([Spell(DAY), Spell(DAY + timedelta(days=9), was_out=True)]) == [FIRST, RE_ENTERED]
    assert classify([Spell(was_out=True)]) == [RE_ENTERED]


@given(histories)
def test_the_days_that_are_known_are_in_order_and_nothing_is_lost(history: list[Spell]) -> None:
    order = in_order(history)
    known = [history[place].day for place in order if history[place].day is not None]
    assert sorted(order) == list(range(len(history)))
    assert known == sorted(known)  # type: ignore[type-var]


@given(histories)
def test_of_no_known_day_the_order_of_recording_stands(history: list[Spell]) -> None:
    bare = [Spell(exit=spell.exit) for spell in history]
    assert in_order(bare) == list(range(len(bare)))


@given(histories, spells)
def test_an_undated_one_follows_all_that_were_recorded_before_it(history: list[Spell], spell: Spell) -> None:
    vague = Spell(exit=spell.exit)
    assert in_order([*history, vague]) == [*in_order(history), len(history)]


@given(histories)
def test_only_the_earliest_is_first_and_a_move_is_never_after_a_sure_exit(history: list[Spell]) -> None:
    order, classes = in_order(history), classify(history)
    for at, place in enumerate(order):
        spell, found = history[place], classes[place]
        before = history[order[at - 1]] if at else None
        if spell.was_out:
            assert found is RE_ENTERED
        elif before is None:
            assert found is FIRST
        elif before.exit not in EXITS:
            assert found is MOVED
        elif before.ended_on is None:
            assert found is RE_ENTERED


@given(histories)
def test_what_is_recorded_later_in_time_changes_nothing_of_what_was_known(history: list[Spell]) -> None:
    last = Spell(DAY + timedelta(days=99))
    assert classify([*history, last])[:-1] == classify(history)


@pytest.mark.parametrize(
    ("spell", "since"),
    [
        (Spell(DAY), True),
        (Spell(DAY - timedelta(days=1)), False),
        (Spell(None, DAY, Exit.RESCUED), False),
        (Spell(None, DAY + timedelta(days=1)), True),
        (Spell(), True),
        (Spell(exit=Exit.MOVED), False),
    ],
)
def test_an_episode_lies_after_she_came_out_where_its_days_say_so_or_where_it_runs_without_any(
    spell: Spell, since: bool
) -> None:
    assert spell.is_since(DAY, recorded_since=True) is since


def test_one_that_runs_without_a_day_but_was_recorded_before_she_came_out_lies_before() -> None:
    assert not Spell().is_since(DAY, recorded_since=False)
