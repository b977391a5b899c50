"""The order of the matches of a query."""

from __future__ import annotations

import re
from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from core.search.normalise import normalise
from core.search.release_names import YEAR, find_markers, is_year
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS
from core.search.words import TITLE_MARK, file_words, without_leading_tags

if TYPE_CHECKING:
    from collections.abc import Sequence
    from typing import Protocol

    from core.search.query import Query

    class Named(Protocol):
        """What is ranked."""

        @property
        def id(self) -> int:
            """Larger is newer."""

        @property
        def name(self) -> str:
            """The original name."""


_SPACED = str.maketrans({**{sign: " " for sign in map(chr, range(128)) if not sign.isalnum()}, "'": None})
_YEARS = re.compile(rf"(?<= ){YEAR}(?= )")
_TAG_STARTS = frozenset("@[wW")

N = TypeVar("N", bound="Named")


def rank(files: Sequence[N], query: Query) -> list[N]:
    """Best first: all words in the name, exact title, phrase, words in order, agreeing year, then newest.

    Every file keeps its place in the result: nothing is dropped, and equal files stay newest first. Cheap for names
    that contain the words as typed; a name is taken apart only where that does not decide.
    """
    titles = [title.removeprefix(TITLE_MARK) for title in query.titles]
    return sorted(files, key=lambda file: (_score(file.name, query, titles), file.id), reverse=True)


def in_name(name: str, query: Query) -> bool:
    """Whether a file's name alone has all words of the query."""
    return _in_name(_spaced(name), name, query)


def _score(name: str, query: Query, titles: Sequence[str]) -> tuple[bool, bool, bool, bool, bool]:
    form = _spaced(name)
    if not _in_name(form, name, query):
        return False, False, False, False, False
    phrase = f" {query.phrase} " in form
    exact = any(_is_title(form, title) for title in titles)
    return True, exact, phrase, phrase or _in_order(form, query.words), _is_of_year(form, query.facts.year)


@lru_cache(maxsize=8192)
def _spaced(name: str) -> str:
    """The normalised name with one space around and between its runs, apostrophes gone; popular names come again."""
    text = without_leading_tags(normalise(name)) if name[:1] in _TAG_STARTS else normalise(name)
    spaced = text.translate(_SPACED)
    return f" {' '.join(spaced.split())} "


def _in_name(form: str, name: str, query: Query) -> bool:
    missing = [word for word in query.words if f" {word} " not in form]
    if not missing:
        return True
    if all(not word.isascii() and word in form for word in missing):
        return True  # signs of scripts that are written without spaces
    return _may_have(form, missing) and frozenset(missing).issubset(file_words(name))


def _may_have(form: str, missing: Sequence[str]) -> bool:
    """A quick no for most files that match by their caption: a Latin name holds an ordinary word letter for letter."""
    if not form.isascii():
        return True
    letters = form.replace(" ", "")
    return all(word in letters or not word.isalpha() for word in missing)


def _is_title(form: str, title: str) -> bool:
    """Whether the name begins with `title` and goes on, if at all, with year, season, quality or other tags."""
    if not form.startswith(f" {title}"):
        return False
    rest = form[len(title) + 1 :]
    return rest == " " or (rest.startswith(" ") and _is_release_tail(rest[:40]))


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
