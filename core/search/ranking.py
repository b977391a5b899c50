"""The order of the matches of a query."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING

from core.search.name_form import spaced
from core.search.release_names import YEAR, find_markers, is_year
from core.search.variants import lines_of, variant_key
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS
from core.search.words import TITLE_MARK, file_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.domain.media import ListedFile
    from core.search.query import Query
    from core.search.reading import Reading

_YEARS = re.compile(rf"(?<= ){YEAR}(?= )")
_TAIL_LENGTH = 40


_RankKey = tuple[bool, int, int, bool, bool, bool, int, int]
"""In the name, words as typed, exact title, phrase, words in order, agreeing year, popularity, id; larger is better."""

_TITLE = 2  # a part between dashes, the writer's or the book's, is half as much
_DASH = re.compile(r"\s[-–—]\s")


def rank(files: Iterable[ListedFile], query: Query, readings: Sequence[Reading] = ()) -> list[ListedFile]:
    """Best first, versions of one title together, the best quality of them in front.

    All words in the name come before words of the caption, words as typed before others that count as them, then the
    exact title, the phrase, the words in order, the agreeing year, popularity in powers of two, the newest. Nothing is
    dropped. Cheap for names that contain the words as typed; a name is taken apart only where that does not decide.

    Args:
        files: matches in any order.
        query: as typed.
        readings: other understandings of the words, the likeliest first.
    """
    judge = _Judge(query, readings)
    ordered = sorted(files, key=judge.rank, reverse=True)
    groups: dict[object, list[ListedFile]] = {}
    for file in ordered:
        groups.setdefault(variant_key(file) if judge.is_in_name(file) else file.id, []).append(file)
    return list(chain.from_iterable(_best_quality_first(group) for group in groups.values()))


def in_name(name: str, query: Query, readings: Sequence[Reading] = ()) -> bool:
    """Whether a file's name alone has all words of the query, in one of its readings."""
    form = spaced(name)
    return _has_typed(form, name, query) or any(chosen_words(name, reading) for reading in readings)


class _Judge:
    """Ranks the files of one query."""

    def __init__(self, query: Query, readings: Sequence[Reading]) -> None:
        self._query = query
        self._readings = readings
        self._needles = [f" {word} " for word in query.words]
        self._phrase = f" {query.phrase} "
        self._titles = [title.removeprefix(TITLE_MARK) for title in query.titles]
        self._in_name: set[int] = set()

    def rank(self, file: ListedFile) -> _RankKey:
        form, query = spaced(file.name), self._query
        if all(map(form.__contains__, self._needles)) or _has_typed(form, file.name, query):
            return self._in_a_name(file, form, len(query.words), self._phrase, self._titles, query.words)
        for number, reading in enumerate(self._readings, start=1):
            words = chosen_words(file.name, reading)
            if words:
                text = " ".join(words)
                return self._in_a_name(file, form, -number, f" {text} ", (text,), words)
        return False, 0, False, False, False, False, file.fetched.bit_length(), file.id

    def is_in_name(self, file: ListedFile) -> bool:
        return file.id in self._in_name

    def _in_a_name(
        self, file: ListedFile, form: str, typed: int, phrase: str, titles: Sequence[str], words: Sequence[str]
    ) -> _RankKey:
        self._in_name.add(file.id)
        has_phrase = phrase in form
        is_title = _TITLE if any(_is_title(form, title) for title in titles) else has_phrase and _is_part(file, phrase)
        in_order = has_phrase or _in_order(form, words)
        is_of_year = _is_of_year(form, self._query.facts.year)
        return True, typed, is_title, has_phrase, in_order, is_of_year, file.fetched.bit_length(), file.id


def _is_part(file: ListedFile, phrase: str) -> bool:
    """Whether the phrase is all that stands before, between or behind dashes: "Title - Writer (2015).pdf"."""
    parts = _DASH.split(file.name)
    if len(parts) == 1:
        return False
    parts[-1] = parts[-1].rpartition(".")[0]
    return any(spaced(part) == phrase for part in parts)


def _best_quality_first(group: list[ListedFile]) -> list[ListedFile]:
    """Stable, so that equal ones stay newest first."""
    if len(group) > 1:
        group.sort(key=lines_of, reverse=True)
    return group


def _has_typed(form: str, name: str, query: Query) -> bool:
    missing = [word for word in query.words if f" {word} " not in form and not _is_half_of_pair(word, form)]
    if not missing:
        return True
    if all(not word.isascii() and word in form for word in missing):
        return True  # signs of scripts that are written without spaces
    return all(_may_have(form, word) for word in missing) and _words_of(name).issuperset(missing)


def chosen_words(name: str, reading: Reading) -> list[str]:
    """The words that a name has for each choice of a reading; [] when it has none for one of them."""
    form = spaced(name)
    words: list[str] = []
    for choice in reading.choices:
        found = next((word for word in choice if f" {word} " in form or _is_half_of_pair(word, form)), None)
        if found is None:
            found = next((word for word in choice if _may_have(form, word) and word in _words_of(name)), None)
        if found is None:
            return []
        words.append(found)
    return words


@lru_cache(maxsize=2048)
def _words_of(name: str) -> frozenset[str]:
    return frozenset(file_words(name))


def _is_half_of_pair(word: str, form: str) -> bool:
    """Whether `s01` or `e02` stands in a name as "s01e02"."""
    if word[:1] not in "se" or not word[1:].isdecimal():
        return False
    return f" {word}e" in form if word[0] == "s" else re.search(rf" s\d+{word} ", form) is not None


def _may_have(form: str, word: str) -> bool:
    """A quick no for most files that match by their caption: a Latin name holds an ordinary word letter for letter."""
    return not word.isalpha() or not form.isascii() or word in form.replace(" ", "")


def _is_title(form: str, title: str) -> bool:
    """Whether the name begins with `title` and goes on, if at all, with year, season, quality or other tags."""
    if not title or not form.startswith(f" {title}"):
        return False
    rest = form[len(title) + 1 :]
    return rest == " " or (rest.startswith(" ") and _is_release_tail(rest[:_TAIL_LENGTH]))


@lru_cache(maxsize=4096)
def _is_release_tail(rest: str) -> bool:
    """Whether what follows a title begins with year, season, quality or another tag."""
    following = rest.split(maxsplit=1)[0]
    if is_year(following) or following in RELEASE_TAGS or following in EXTENSIONS:
        return True
    return any(marker.start == 1 for marker in find_markers(rest))


def _in_order(form: str, words: Sequence[str]) -> bool:
    position = 0
    for word in words:
        position = form.find(word, position)
        if position < 0:
            return False
        position += len(word)
    return True


def _is_of_year(form: str, year: int | None) -> bool:
    """Whether a name's last year-like number, which is its year, is the one asked for.

    Season, episode and quality need no look: the words of a query say them, and the name has all those words.
    """
    if year is None:
        return False
    years = _YEARS.findall(form)
    return bool(years) and int(years[-1]) == year
