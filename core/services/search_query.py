"""Planning: which word of a query drives the index, and what to try when nothing is found."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

from core.search.hashes import word_hash
from core.search.plan import SearchPlan

if TYPE_CHECKING:
    from core.search.query import Query
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS
from core.search.words import MAX_WORD_LENGTH, latin_form

_MAX_ALTERNATIVES = 16
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


def plan_search(query: Query) -> SearchPlan:
    """Files with all words of a query."""
    return _plan([query.words])


def plan_title_search(query: Query) -> SearchPlan:
    """Files with all words of a query whose whole title it names."""
    return SearchPlan(tuple(map(word_hash, query.titles)), (tuple(map(word_hash, query.words)),))


def plan_alternatives(query: Query) -> SearchPlan | None:
    """Files with another reading of a query that found nothing; None when there is no other reading.

    Neighbours joined ("spider man" as "spiderman"), one word split ("spiderman" as "spider man"), season and episode
    apart, other scripts in Latin letters. All readings are one lookup.
    """
    readings = [*_apart(query.words), *_in_latin(query.words), *_joined(query.words), *_split(query.words)]
    distinct = list(dict.fromkeys(reading for reading in readings if reading != query.words))
    return _plan(distinct[:_MAX_ALTERNATIVES]) if distinct else None


def _plan(readings: list[tuple[str, ...]]) -> SearchPlan:
    leads: dict[int, None] = {}
    branches: list[tuple[int, ...]] = []
    for words in readings:
        lead = max(words, key=_rarity)
        leads[word_hash(lead)] = None
        rest = words if len(readings) > 1 else tuple(word for word in words if word != lead)
        branches.append(tuple(map(word_hash, rest)))
    return SearchPlan(tuple(leads), tuple(branches))


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
