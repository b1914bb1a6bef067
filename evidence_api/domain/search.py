"""What can be searched for, and how texts are laid side by side: folded, in words, and in what an index takes.

It is done here once, so that every database finds the same. A script that puts no spaces between its words, such as
Khmer, is cut into orthographic clusters, and what is typed in it is matched as a phrase.
"""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from enum import StrEnum
from itertools import pairwise
from uuid import UUID


class Kind(StrEnum):
    """What a find is."""

    CASE = "case"
    ITEM = "item"
    VICTIM = "victim"
    PERPETRATOR = "perpetrator"
    VENUE = "venue"
    OPERATION = "operation"
    PARTNER = "partner"
    CHARGE = "charge"


# What Unicode does not take apart, but people type without the stroke; Arabic letters that are written one for the
# other, and those of Persian for the same.
_LETTERS = str.maketrans(
    dict(zip("đøłħŧıðٱىیکةہ", "dolhtidاييكهه", strict=True)) | {"æ": "ae", "œ": "oe", "þ": "th", "ـ": ""}
)
# Accents, and the vowel signs of Arabic and Hebrew, which mostly go unwritten. The vowels of Khmer, Thai or Hindi are
# marks too, but letters to those who read them: they stay.
_UNWRITTEN = re.compile(
    "[\u0300-\u036f\u0591-\u05c7\u0610-\u061a\u064b-\u065f\u0670\u06d6-\u06ed\u1ab0-\u1aff\u1dc0-\u1dff]"
)
# Thai, Lao, Burmese, Khmer, and Han with kana.
_UNSPACED = "\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff\u3040-\u30ff\u3400-\u4dbf\u4e00-\u9fff\U00020000-\U0003ffff"
_PIECE = re.compile(f"[{_UNSPACED}]+|[^{_UNSPACED}]+")
_CLUSTERED = re.compile(f"[{_UNSPACED}]")
_STACKING = "\u17d2\u1039"
"""Khmer coeng and Burmese virama: the consonant behind one is written under the one before it."""


def fold(text: str) -> str:
    """`text` without capitals, accents, unwritten vowels, invisible characters and foreign digits. Folding what is
    folded changes nothing."""
    while (folded := _fold(text)) != text:
        text = folded
    return text


def _fold(text: str) -> str:
    plain = _UNWRITTEN.sub("", unicodedata.normalize("NFKD", text.casefold())).translate(_LETTERS)
    return unicodedata.normalize("NFKD", "".join(_plain(c) for c in plain))


def _plain(c: str) -> str:
    if c.isascii():
        return c
    category = unicodedata.category(c)
    if category == "Nd":
        return str(unicodedata.digit(c))
    return "" if category == "Cf" else c


LENGTH = 64
"""Letters by which two words are told apart: PostgreSQL takes no longer ones than some hundred."""


def words(text: str) -> list[str]:
    """The folded words of `text` in their order; of a script without spaces, its clusters."""
    spaced = "".join(c if unicodedata.category(c)[0] in "LMN" else " " for c in fold(text))
    return [word[:LENGTH] for run in spaced.split() for piece in _PIECE.findall(run) for word in _split(piece)]


def is_cluster(word: str) -> bool:
    """Whether a word is a cluster of a script without spaces."""
    return _CLUSTERED.match(word) is not None


def _split(piece: str) -> Iterator[str]:
    if not is_cluster(piece):
        yield piece
        return
    start = 0
    for at in range(1, len(piece)):
        if unicodedata.category(piece[at])[0] != "M" and piece[at - 1] not in _STACKING:
            yield piece[start:at]
            start = at
    yield piece[start:]


@dataclass(frozen=True, slots=True)
class Searched:
    """What a row is found by. It is sought among those of its `cases`; with none, it is of no case but the office's.

    Nobody is shown it for that: who may know of it is settled apart, and again.
    """

    kind: Kind
    ref: str | None
    texts: tuple[str | None, ...]
    cases: tuple[UUID, ...] = ()


def searchable(texts: Iterable[str | None]) -> str:
    """What is kept of the texts of one row to search in: their words between spaces, each text in a line."""
    return "\n".join(f" {' '.join(words(text))} " for text in texts if text)


def tokens(kept: str) -> set[str]:
    """What an index holds of `searchable`: each word, and each two clusters that follow one another."""
    held: set[str] = set()
    for line in kept.split("\n"):
        held.update(line.split())
        held.update(one + other for one, other in pairwise(line.split()) if is_cluster(one) and is_cluster(other))
    return held


@dataclass(frozen=True, slots=True)
class Sought:
    """One word that is sought, or a phrase of clusters."""

    parts: tuple[str, ...]

    @property
    def phrase(self) -> str:
        return " ".join(self.parts)

    @property
    def tokens(self) -> list[str]:
        """What an index must hold of it, the last of them perhaps as the beginning of a longer one."""
        return [one + other for one, other in pairwise(self.parts)] or [self.parts[0]]


def sought(q: str) -> list[Sought]:
    """What is sought by `q`: all of it must be found, in whatever order. Clusters that follow one another are one
    phrase."""
    found: list[Sought] = []
    for word in words(q):
        if found and is_cluster(word) and is_cluster(found[-1].parts[-1]):
            found[-1] = Sought((*found[-1].parts, word))
        else:
            found.append(Sought((word,)))
    return list(dict.fromkeys(found))


SHORTEST, LONGEST = 4, 20
"""Letters that a word must have, and may have, for its spelling to be forgiven."""


def is_spelt(word: str) -> bool:
    """Whether a word is one whose spelling can be wrong: letters, not too few; no number, no cluster."""
    return SHORTEST <= len(word) <= LONGEST and word.isalpha() and not is_cluster(word)


def tolerance(word: str) -> int:
    """How many letters may be wrong: one; two in a word of eight or more."""
    return 2 if len(word) >= 8 else 1


def misspellings(word: str) -> set[str]:
    """The word without none, one or two of its letters: two words that are similar have one of these in common."""
    found = last = {word}
    # What is sought in eight letters may be a word of six.
    for _ in range(2 if len(word) >= 6 else 1):
        last = {one[:at] + one[at + 1 :] for one in last for at in range(len(one))}
        found = found | last
    return found


def is_similar(word: str, other: str) -> bool:
    """Whether `other` differs from `word` by no more than its `tolerance`: letters too many, missing, wrong, or two
    that changed places."""
    return abs(len(word) - len(other)) <= tolerance(word) and _distance(word, other) <= tolerance(word)


def _distance(one: Sequence[str], other: Sequence[str]) -> int:
    """Edits from one to the other, where no part is edited twice (optimal string alignment)."""
    before: list[int] = []
    last = list(range(len(other) + 1))
    for i, a in enumerate(one, 1):
        row = [i]
        for j, b in enumerate(other, 1):
            row.append(min(last[j] + 1, row[j - 1] + 1, last[j - 1] + (a != b)))
            if i > 1 and j > 1 and a == other[j - 2] and one[i - 2] == b:
                row[j] = min(row[j], before[j - 2] + 1)
        before, last = last, row
    return last[-1]
