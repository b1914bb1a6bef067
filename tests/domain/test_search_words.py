"""How texts are laid side by side in a search: whatever the script, what is written is found as people type it."""

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from evidence_api.domain.search import (
    fold,
    is_similar,
    is_spelt,
    misspellings,
    searchable,
    sought,
    tokens,
    tolerance,
    words,
)

TEXTS = st.text(
    st.one_of(
        st.characters(exclude_categories=["Cs", "Cc"]),
        st.characters(min_codepoint=0x1780, max_codepoint=0x17FF, exclude_categories=["Cn"]),
        st.characters(min_codepoint=0x600, max_codepoint=0x6FF, exclude_categories=["Cn"]),
        st.sampled_from("aé ß-İ_'"),
    ),
    max_size=30,
)
LATIN = st.text(st.sampled_from("abcdé"), min_size=4, max_size=12)


def is_found(q: str, text: str) -> bool:
    """Whether an index that holds the text finds it by `q`, as its words or how they begin."""
    kept = searchable([text])
    held = tokens(kept)
    return all(
        all(token in held for token in one.tokens[:-1])
        and any(token.startswith(one.tokens[-1]) for token in held)
        and (len(one.parts) == 1 or f" {one.phrase}" in kept)
        for one in sought(q)
    )


@given(TEXTS)
@example("ǰ̣")
@example("ΰ")
def test_folding_what_is_folded_changes_nothing(text: str) -> None:
    assert fold(fold(text)) == fold(text)
    assert words(" ".join(words(text))) == words(text)


@given(TEXTS, TEXTS)
def test_a_text_finds_itself_and_whatever_it_is_a_part_of(one: str, other: str) -> None:
    assert is_found(one, one)
    assert is_found(one, f"{other} {one} {other}")
    for word in words(one):
        assert is_found(word, one)


@given(TEXTS)
def test_no_token_has_what_a_database_takes_for_its_own(text: str) -> None:
    for token in tokens(searchable([text])):
        assert 0 < len(token) <= 128
        assert not set(token) & set(" \n\"'\\:*&|!()<>\ue000")


@pytest.mark.parametrize(
    ("written", "typed"),
    [
        ("Café Rouge", "CAFE rouge"),
        ("Đặng Thị Hồng", "dang thi hong"),
        ("Straße", "strasse"),
        ("مُحَمَّد", "محمد"),
        ("أحمد", "احمد"),
        ("ليلى", "ليلي"),
        ("ផ្ទះលេខ ១២", "12"),
        ("٣٤ شارع", "34"),
        ("ភ្នំ\u200bពេញ", "ភ្នំពេញ"),
        ("PP-2026-0042/E1", "pp-2026-0042"),
        ("O\u2019Brien", "o'brien"),
        ("ｆｕｌｌ", "full"),
        ("กรุงเทพ", "เทพ"),
    ],
)
def test_what_people_type_finds_what_is_written(written: str, typed: str) -> None:
    assert is_found(typed, written)


@pytest.mark.parametrize(
    ("written", "typed"),
    [("ពេញភ្នំ", "ភ្នំពេញ"), ("កា", "កី"), ("ភ្នំពីពេញ", "ភ្នំពេញ"), ("ស្វាយប៉ាក", "វាយ"), ("the house", "ouse")],
)
def test_what_is_not_written_is_not_found(written: str, typed: str) -> None:
    """Khmer is found as a phrase, its vowels count, and a cluster is not torn apart."""
    assert not is_found(typed, written)


def test_khmer_is_cut_into_clusters_with_the_consonants_that_stand_below() -> None:
    assert words("ភ្នំពេញ") == ["ភ្នំ", "ពេ", "ញ"]


@given(LATIN, st.data())
def test_one_letter_wrong_is_similar_and_has_a_misspelling_in_common(word: str, data: st.DataObject) -> None:
    word = fold(word)
    at = data.draw(st.integers(0, len(word) - 1))
    letter = data.draw(st.sampled_from("abcd"))
    wrong = data.draw(
        st.sampled_from(
            [
                word[:at] + word[at + 1 :],
                word[:at] + letter + word[at:],
                word[:at] + letter + word[at + 1 :],
                word[:at] + word[at : at + 2][::-1] + word[at + 2 :],
            ]
        )
    )
    if is_spelt(wrong) and is_spelt(word):
        assert is_similar(wrong, word)
        assert misspellings(wrong) & misspellings(word)


@given(LATIN, LATIN)
def test_whatever_is_similar_has_a_misspelling_in_common(one: str, other: str) -> None:
    one, other = fold(one), fold(other)
    if is_similar(one, other):
        assert misspellings(one) & misspellings(other)


def test_how_many_letters_may_be_wrong_goes_by_the_length() -> None:
    assert [tolerance(word) for word in ("sokh", "sokhaaa", "sokhaaaa")] == [1, 1, 2]
    assert is_similar("statmnet", "statement")
    assert not is_similar("huose", "horses")
    assert [is_spelt(word) for word in ("sok", "2026", "e123", "ភ្នំ", "sokh")] == [False, False, False, False, True]
