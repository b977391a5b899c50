"""Rows of titles as people mistype them: slips of fingers, half words, spaces too few or too many."""

from __future__ import annotations

import math
import unicodedata
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.relevance_draw import SIGNS
from benchmarks.relevance_library import letters_by_script, script_of
from benchmarks.relevance_rows import BeginningCase, NearestCase, Row, TitleCase, WordsCase

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence
    from random import Random

    from benchmarks.relevance_draw import Draw
    from benchmarks.relevance_library import KnownTitle
    from benchmarks.relevance_rows import Case

_FIRST, _FOUND = 0.85, 0.95
_NEAREST = 8
_MISSPELT_LETTERS, _MISSPELT_FILES = 4, 3
_TRIES = 200_000
_PREFIX = 0.6
_SHORTEST_PREFIX = 2
_SHORTEST_PART = 3


class Slip(NamedTuple):
    """A word of a title that was typed wrong."""

    wrong: str
    word: str
    title: KnownTitle

    @property
    def typed(self) -> str:
        """The whole title with it."""
        return " ".join(self.wrong if word == self.word else word for word in self.title.words)


def typos(draw: Draw) -> Iterator[Row]:
    """One edit inside a word that several files have, alone and within its title."""
    slips, left_out = _slips(draw)
    library = draw.library
    for within, target, place in ((1, _FIRST, "nearest"), (_NEAREST, _FOUND, f"among {_NEAREST} nearest")):
        near: list[Case] = [NearestCase(slip.wrong, slip.word, within) for slip in slips]
        yield Row(f"typo: right word {place}", target, near, left_out)
    for first, target, place in ((True, _FIRST, "first"), (False, _FOUND, "on page 1")):
        found: list[Case] = [WordsCase(slip.wrong, (slip.word,), library, first) for slip in slips]
        yield Row(f"typo: file with right word {place}", target, found, left_out)
    several = [slip for slip in slips if len(slip.title.words) > 1]
    for first, target, place in ((True, _FIRST, "first"), (False, _FOUND, "on page 1")):
        titled: list[Case] = [TitleCase(slip.typed, slip.title.text, library, first) for slip in several]
        yield Row(f"typo in one of several words: title {place}", target, titled, left_out)


def _slips(draw: Draw) -> tuple[list[Slip], int]:
    """Different ones, and how many were left out because they gave another word of the library."""
    random, titles = draw.random("typos"), draw.library.titles
    letters = letters_by_script(word for title in titles for word in title.words)
    slips: dict[str, Slip] = {}
    left_out = 0
    for _ in range(_TRIES):
        title = random.choice(titles)
        word = random.choice(title.words)
        if len(slips) == draw.wanted or not _is_misspelt(word, draw):
            continue
        wrong = one_edit(word, letters[script_of(word)], random)
        if wrong != word and draw.library.knows(wrong):
            left_out += 1
        elif wrong != word:
            slips.setdefault(wrong, Slip(wrong, word, title))
    return list(slips.values()), left_out


def _is_misspelt(word: str, draw: Draw) -> bool:
    is_long = len(word) >= _MISSPELT_LETTERS and script_of(word) != SIGNS
    return is_long and len(draw.library.holders.get(word, ())) >= _MISSPELT_FILES


def one_edit(word: str, letters: Sequence[str], random: Random) -> str:
    """A word of three or more letters with one of them left out, added, replaced or swapped with its neighbour.

    The first letter stays. The result is the word itself where equal letters were swapped or replaced.
    """
    at, letter = random.randrange(1, len(word)), random.choice(letters)
    kind = random.choice(("leave out", "add", "replace", "swap"))
    if kind == "leave out":
        return word[:at] + word[at + 1 :]
    if kind == "add":
        return word[:at] + letter + word[at:]
    if kind == "replace":
        return word[:at] + letter + word[at + 1 :]
    at = min(at, len(word) - 2)
    return word[:at] + word[at + 1] + word[at] + word[at + 2 :]


def prefixes(draw: Draw) -> Iterator[Row]:
    """A title that is still being typed, and the beginning of its last word alone."""
    titles = [title for title in draw.every_title("prefixes", _has_several_words) if _begun(title.words[-1])]
    cases, left_out = draw.unambiguous(
        (
            text := " ".join([*title.words[:-1], _begun(title.words[-1])]),
            TitleCase(text, title.text, draw.library, first=False),
        )
        for title in titles
    )
    yield Row("60 % of the last word: title on page 1", 0.9, cases, left_out)
    alone: list[Case] = [BeginningCase(_begun(title.words[-1]), draw.library) for title in titles[: draw.wanted]]
    yield Row("beginning of a word alone: only words that begin so", 1.0, alone)


def _has_several_words(title: KnownTitle) -> bool:
    return len(title.words) > 1 and title.script != SIGNS


def _begun(word: str) -> str:
    """The first 60 % of a word, "" where that is less than two letters or all of it."""
    beginning = word[: math.ceil(_PREFIX * len(word))]
    return beginning if _SHORTEST_PREFIX <= len(beginning) < len(word) else ""


def spacings(draw: Draw) -> Iterator[Row]:
    """Two words of a title without the space between them, and a word with a space inside."""
    changes: dict[str, Callable[[list[str], Random], str]] = {"joined": _joined, "split": _split}
    for name, change in changes.items():
        random = draw.random(f"{name} where")
        titles = draw.every_title(name, lambda title: title.script != SIGNS)
        texts = ((change(title.words, random), title) for title in titles)
        cases, left_out = draw.unambiguous(
            (text, TitleCase(text, title.text, draw.library, first=False)) for text, title in texts if text
        )
        yield Row(f"words {name}: title on page 1", 0.9, cases, left_out)


def _joined(words: list[str], random: Random) -> str:
    """Two neighbours as one word; "" where all are short."""
    places = [at for at in range(len(words) - 1) if min(map(len, words[at : at + 2])) >= _SHORTEST_PART]
    if not places:
        return ""
    at = random.choice(places)
    return " ".join([*words[:at], words[at] + words[at + 1], *words[at + 2 :]])


def _split(words: list[str], random: Random) -> str:
    """One word as two, cut between letters and not before a vowel sign; "" where all are short."""
    places = [
        (at, cut)
        for at, word in enumerate(words)
        for cut in range(_SHORTEST_PART, len(word) - _SHORTEST_PART + 1)
        if unicodedata.category(word[cut]).startswith("L")
    ]
    if not places:
        return ""
    at, cut = random.choice(places)
    return " ".join([*words[:at], words[at][:cut], words[at][cut:], *words[at + 1 :]])
