"""Planning: how a query is understood, and which of its words drives the index."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import TYPE_CHECKING

from core.search.hashes import word_hash
from core.search.plan import SearchPlan
from core.search.reading import Reading
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS
from core.search.words import MAX_WORD_LENGTH, latin_form

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from typing import Protocol

    from core.search.dictionary import Dictionary
    from core.search.query import Query
    from core.search.reading import WordChoice

    class Words(Protocol):
        """Where the dictionary comes from."""

        @property
        def dictionary(self) -> Dictionary:
            """What is known by now."""

        @property
        def is_loaded(self) -> bool:
            """Whether that is all there is."""


MAX_READINGS = 16
_MAX_LEADS = 200
_COMPLETIONS, _COMPLETIONS_BESIDE = 32, 150
_CLEARLY = 10
_SPELLED = 10
_SHORTEST_SPLIT = 5
_SHORTEST_PART = 2
_PAIR = re.compile(r"(s\d{2,})(e\d{2,})\Z")
_FILLERS = frozenset(
    [
        "the",
        "of",
        "and",
        "a",
        "an",
        "in",
        "to",
        "for",
        "on",
        "with",
        "at",
        "from",
        "is",
        "und",
        "der",
        "die",
        "das",
        "les",
        "des",
        "del",
        "los",
    ]
)
_COMMON = RELEASE_TAGS | EXTENSIONS | _FILLERS
_DENSE_SCRIPTS_FROM = 0x2E80  # one sign says about as much as three letters


@dataclass(frozen=True, slots=True)
class PlannedSearch:
    """A query, understood.

    Attributes:
        readings: as typed where the words are known, and other understandings; what the plan finds has one of them.
        most: about how many files match, at most; None while nobody knows.
        is_one_word: `most` is their number, as nothing else is asked.
        is_respelled: a word was taken for others that are spelled like it.
    """

    plan: SearchPlan
    readings: tuple[Reading, ...] = ()
    most: int | None = None
    is_one_word: bool = False
    is_respelled: bool = False


@dataclass(frozen=True, slots=True)
class KnownWords:
    """A dictionary that does not change who holds it, as `Words`."""

    dictionary: Dictionary
    is_loaded: bool = True


class SearchPlanner:
    """Understands queries by what the library's dictionary knows; without one, by guessing.

    The words as typed are always asked for as well, so that a dictionary that lags never hides a file.
    """

    def __init__(self, words: Words) -> None:
        self._words = words

    def plan(self, query: Query) -> PlannedSearch:
        """Files with all words of a query; a word that the library does not have counts as those it may stand for.

        What a word may stand for is, whatever exists first: itself joined with a neighbour or split, words that it
        begins, words spelled like it.
        """
        if not self._words.is_loaded:
            return PlannedSearch(self._led([_typed(query)], query))
        known, choices, is_respelled = self._words.dictionary, [], False
        others: list[Reading] = []
        for at, word in enumerate(query.words):
            choice: WordChoice = (word,)
            if not known.files(word):
                spaced_otherwise = self._respaced(query.words, at)
                others += spaced_otherwise
                if not spaced_otherwise:
                    completed = self._completions(word, alone=len(query.words) == 1)
                    spelled = [] if completed else [spelling.word for spelling in known.nearest(word)]
                    is_respelled = is_respelled or bool(spelled)
                    choice = (word, *completed, *spelled)
            choices.append(choice)
        readings = list(dict.fromkeys((Reading(tuple(choices)), *others)))[:MAX_READINGS]
        plain = len(readings) == 1 and all(len(choice) == 1 for choice in choices)
        return PlannedSearch(
            self._led(readings, query),
            () if plain else tuple(readings),
            sum(self._matches(reading, query) for reading in readings),
            is_one_word=plain and len(choices) == 1 and not query.filters,
            is_respelled=is_respelled,
        )

    def plan_typed(self, query: Query) -> SearchPlan:
        """Files with all words of a query exactly as they stand there, whatever the dictionary makes of them."""
        return self._led([_typed(query)], query)

    def plan_titles(self, query: Query) -> SearchPlan:
        """Files with all words of a query whose whole title it names."""
        branch = tuple((word_hash(word),) for word in (*query.words, *query.filters.words))
        return self._filtered(SearchPlan(tuple(map(word_hash, query.titles)), (branch,)), query)

    def widen(self, query: Query) -> PlannedSearch | None:
        """Files with another understanding of a query that found few; None when there is no other.

        The last word as the beginning of longer ones, neighbours joined ("spider man" as "spiderman"), a word split,
        season and episode apart, other scripts in Latin letters. All readings are one lookup.
        """
        if not query.words:
            return None
        typed = query.words
        blind = [*_apart(typed), *_in_latin(typed)]
        if self._words.is_loaded:
            readings = [*self._completed(typed), *map(_reading, blind)]
            for at in range(len(typed)):
                readings += self._respaced(typed, at)
        else:
            readings = [_reading(words) for words in (*blind, *_joined(typed), *_split(typed))]
        distinct = [reading for reading in dict.fromkeys(readings) if reading != _typed(query)]
        if not distinct:
            return None
        few = distinct[:MAX_READINGS]
        most = sum(self._matches(reading, query) for reading in few) if self._words.is_loaded else None
        return PlannedSearch(self._led(few, query), tuple(few), most)

    def together(self, planned: PlannedSearch, wider: PlannedSearch, query: Query) -> PlannedSearch:
        """One question for a query and its wider understanding, where both have few matches."""
        readings = list(dict.fromkeys((*(planned.readings or (_typed(query),)), *wider.readings)))
        return PlannedSearch(self._led(readings, query), (*planned.readings, *wider.readings))

    def corrections(self, query: Query) -> list[tuple[str, bool]]:
        """Texts with one word spelled otherwise, the most frequent word first, and with one left out.

        Returns:
            Each with whether it is clearly meant: a spelling that is one edit away and ten times as frequent as the
            next.
        """
        if not self._words.is_loaded:
            return []
        known, found = self._words.dictionary, []
        for at, word in enumerate(query.words):
            spellings = known.nearest(word, 4)
            files = [spelling.files for spelling in spellings] + [max(1, known.files(word))]
            for number, spelling in enumerate(spellings):
                is_clear = spelling.distance == 1 and number == 0 and files[0] >= _CLEARLY * max(files[1:])
                words = (*query.words[:at], spelling.word, *query.words[at + 1 :])
                found.append((spelling.files, " ".join(words), is_clear))
        found.sort(key=lambda entry: -entry[0])
        without = [query.words[:at] + query.words[at + 1 :] for at in range(len(query.words))]
        fewer = [(" ".join(words), False) for words in without if len(words) > 1]
        return [*((text, is_clear) for _, text, is_clear in found[:_SPELLED]), *fewer]

    def respell(self, query: Query) -> PlannedSearch | None:
        """Files with words spelled like those that the library does not have; None when there are none.

        For words that begin or make up known ones, as which they found nothing.
        """
        if not self._words.is_loaded:
            return None
        known = self._words.dictionary
        choices = [
            (word,) if known.files(word) else (word, *(spelling.word for spelling in known.nearest(word)))
            for word in query.words
        ]
        reading = Reading(tuple(choices))
        if reading == _typed(query):
            return None
        return PlannedSearch(self._led([reading], query), (reading,), is_respelled=True)

    def _completions(self, word: str, *, alone: bool) -> list[str]:
        """Words that begin so; beside other words, which lead, many more cost nothing."""
        if len(word) < _SHORTEST_PART:
            return []
        return self._words.dictionary.completions(word, _COMPLETIONS if alone else _COMPLETIONS_BESIDE)

    def _completed(self, words: tuple[str, ...]) -> list[Reading]:
        completions = self._completions(words[-1], alone=len(words) == 1)
        typed = [(word,) for word in words[:-1]]
        return [Reading((*typed, (words[-1], *completions)))] if completions else []

    def _respaced(self, words: tuple[str, ...], at: int) -> list[Reading]:
        """The word at a place joined with a neighbour, or split, into words that the library has."""
        known, word, readings = self._words.dictionary, words[at], []
        for first in (at - 1, at):
            if 0 <= first < len(words) - 1:
                joined = (words[first] + words[first + 1])[:MAX_WORD_LENGTH]
                if known.files(joined):
                    readings.append(_reading((*words[:first], joined, *words[first + 2 :])))
        parts = known.split(word)
        if parts is not None:
            readings.append(_reading((*words[:at], *parts, *words[at + 1 :])))
        pair = _PAIR.match(word)
        if pair is not None:
            readings.append(_reading((*words[:at], *pair.groups(), *words[at + 1 :])))
        latin = latin_form(word)
        if latin is not None and known.files(latin):
            readings.append(_reading((*words[:at], latin, *words[at + 1 :])))
        return readings

    def _matches(self, reading: Reading, query: Query) -> int:
        """How many files a reading has, at most: those of its rarest word."""
        choices = [*reading.choices, *((word,) for word in query.filters.words)]
        return min((self._files(choice) for choice in choices), default=0)

    def _files(self, choice: WordChoice) -> int:
        return sum(map(self._words.dictionary.files, choice))

    def _led(self, readings: Sequence[Reading], query: Query) -> SearchPlan:
        """Every reading led by its rarest word."""
        further = [(word,) for word in query.filters.words]
        leads: dict[int, None] = {}
        branches = []
        for reading in readings:
            choices = [*reading.choices, *further]
            if not choices:
                break
            lead = min(range(len(choices)), key=lambda at: self._weight(choices[at]))
            if len(leads) + len(choices[lead]) > _MAX_LEADS:
                break
            leads.update(dict.fromkeys(map(word_hash, choices[lead])))
            kept = choices if len(readings) > 1 else [*choices[:lead], *choices[lead + 1 :]]
            branches.append(tuple(tuple(map(word_hash, choice)) for choice in kept))
        return self._filtered(SearchPlan(tuple(leads), tuple(branches)), query)

    def _weight(self, choice: WordChoice) -> tuple[int, int]:
        if self._words.is_loaded:
            return self._files(choice), -len(choice[0])
        return -min(map(_rarity, choice)), 0

    @staticmethod
    def _filtered(plan: SearchPlan, query: Query) -> SearchPlan:
        asked = query.filters
        if not asked:
            return plan
        return SearchPlan(plan.leads, plan.branches, tuple(map(int, asked.kinds)), asked.min_size, asked.max_size)


def _typed(query: Query) -> Reading:
    return _reading(query.words)


def _reading(words: Iterable[str]) -> Reading:
    return Reading(tuple((word,) for word in words))


def _rarity(word: str) -> int:
    """A guess without a dictionary: long words are rare, tags and numbers are not."""
    if word in _COMMON:
        return 0
    if word[0].isdigit():
        return 1
    return sum(3 if ord(character) >= _DENSE_SCRIPTS_FROM else 1 for character in word)


def _apart(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """Season and episode as two words: one of them may stand in the caption."""
    parts = [match.groups() if (match := _PAIR.match(word)) else (word,) for word in words]
    return [tuple(dict.fromkeys(part for group in parts for part in group))]


def _in_latin(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [tuple(dict.fromkeys(latin_form(word) or word for word in words))]


def _joined(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    return [
        (*words[:at], (words[at] + words[at + 1])[:MAX_WORD_LENGTH], *words[at + 2 :]) for at in range(len(words) - 1)
    ]


def _split(words: tuple[str, ...]) -> list[tuple[str, ...]]:
    """The longest word in two parts, the middle first."""
    longest = max(words, key=len)
    if len(longest) < _SHORTEST_SPLIT or not longest.isalpha():
        return []
    at = words.index(longest)
    cuts = range(_SHORTEST_PART, len(longest) - _SHORTEST_PART + 1)
    ordered = sorted(cuts, key=lambda cut: abs(2 * cut - len(longest)))
    return [(*words[:at], longest[:cut], longest[cut:], *words[at + 1 :]) for cut in ordered]
