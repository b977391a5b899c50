"""The order of the matches of a query."""

from __future__ import annotations

import re
from functools import lru_cache
from itertools import chain
from operator import itemgetter
from typing import TYPE_CHECKING

from core.search.name_form import name_form, spaced
from core.search.release_names import YEAR, is_marker_at, is_year
from core.search.variants import lines_of, variant_key
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS
from core.search.word_presence import WantedChoice, has_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.domain.media import ListedFile
    from core.search.name_form import NameForm
    from core.search.query import Query
    from core.search.reading import Reading

_YEARS = re.compile(rf"(?<= ){YEAR}(?= )")
_TAIL_LENGTH = 40
_TITLE, _PART = 2, 1  # a part between dashes, the writer's or the book's, is half as much
_IN_NAME = 1 << 20
_TYPED = 1 << 12
_POPULARITIES = 64  # more than a number of deliveries has bits
_NO_READING = 64  # above the number of readings


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
    ordered = [(judge.worth(file), file.id, file) for file in files]
    ordered.sort(key=itemgetter(0, 1), reverse=True)
    groups: dict[object, list[ListedFile]] = {}
    for worth, media_id, file in ordered:
        groups.setdefault(variant_key(file) if worth >= _IN_NAME else media_id, []).append(file)
    return list(chain.from_iterable(map(_best_quality_first, groups.values())))


def in_name(name: str, query: Query, readings: Sequence[Reading] = ()) -> bool:
    """Whether a file's name alone has all words of the query, in one of its readings."""
    return has_words(name, spaced(name), query.words) or any(chosen_words(name, reading) for reading in readings)


def chosen_words(name: str, reading: Reading) -> list[str]:
    """The words that a name has for each choice of a reading; [] when it has none for one of them."""
    return _chosen(name, spaced(name), [WantedChoice(choice) for choice in reading.choices])


class _Judge:
    """Says what the files of one query are worth."""

    def __init__(self, query: Query, readings: Sequence[Reading]) -> None:
        self._words = query.words
        self._needles = [f" {word} " for word in query.words]
        self._phrase = f" {query.phrase} "
        self._titles = _beginnings([title[1:] for title in query.titles])
        self._year = query.facts.year
        self._readings = [[WantedChoice(choice) for choice in reading.choices] for reading in readings]

    def worth(self, file: ListedFile) -> int:
        """As the definition of `rank` without the newest: larger is better, from `_IN_NAME` on when in the name."""
        form, popularity = name_form(file.name), file.fetched.bit_length()
        if self._has_typed(file.name, form.text):
            return self._in_a_name(form, len(self._words), self._phrase, self._titles, self._words) + popularity
        for number, reading in enumerate(self._readings, start=1):
            words = _chosen(file.name, form.text, reading)
            if words:
                text = " ".join(words)
                return self._in_a_name(form, -number, f" {text} ", _beginnings([text]), words) + popularity
        return popularity

    def _has_typed(self, name: str, text: str) -> bool:
        for needle in self._needles:
            if needle not in text:
                return has_words(name, text, self._words)
        return True

    def _in_a_name(self, form: NameForm, typed: int, phrase: str, titles: tuple[str, ...], words: Sequence[str]) -> int:
        text, title = form.text, 0
        has_phrase = phrase in text
        if titles and text.startswith(titles) and any(_is_title(text, title) for title in titles):
            title = _TITLE
        elif phrase in form.parts:
            title = _PART
        in_order = has_phrase or _in_order(text, words)
        of_year = self._year is not None and _is_of_year(text, self._year)
        merits = ((title * 2 + has_phrase) * 2 + in_order) * 2 + of_year
        return _IN_NAME + (typed + _NO_READING) * _TYPED + merits * _POPULARITIES


def _chosen(name: str, form: str, choices: Iterable[WantedChoice]) -> list[str]:
    words: list[str] = []
    for choice in choices:
        found = choice.of(name, form)
        if found is None:
            return []
        words.append(found)
    return words


def _beginnings(titles: Iterable[str]) -> tuple[str, ...]:
    """What forms of names begin with that begin with one of the titles."""
    return tuple(f" {title}" for title in titles if title)


def _best_quality_first(group: list[ListedFile]) -> list[ListedFile]:
    """Stable, so that equal ones stay newest first."""
    if len(group) > 1:
        group.sort(key=lines_of, reverse=True)
    return group


def _is_title(form: str, title: str) -> bool:
    """Whether the name begins with `title` and goes on, if at all, with year, season, quality or other tags."""
    if not form.startswith(title):
        return False
    rest = form[len(title) :]
    return rest == " " or (rest.startswith(" ") and _is_release_tail(rest[:_TAIL_LENGTH]))


@lru_cache(maxsize=4096)
def _is_release_tail(rest: str) -> bool:
    """Whether what follows a title begins with year, season, quality or another tag."""
    following = rest.split(maxsplit=1)[0]
    if is_year(following) or following in RELEASE_TAGS or following in EXTENSIONS:
        return True
    return is_marker_at(rest, 1)


def _in_order(form: str, words: Sequence[str]) -> bool:
    position = 0
    for word in words:
        position = form.find(word, position)
        if position < 0:
            return False
        position += len(word)
    return True


def _is_of_year(form: str, year: int) -> bool:
    """Whether a name's last year-like number, which is its year, is the one asked for.

    Season, episode and quality need no look: the words of a query say them, and the name has all those words.
    """
    years = _YEARS.findall(form)
    return bool(years) and int(years[-1]) == year
