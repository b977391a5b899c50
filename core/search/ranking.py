"""The order of the matches of a query."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING, TypeVar

from core.search.normalise import normalise
from core.search.release_names import find_markers, is_year
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS
from core.search.words import TITLE_MARK, analyse, file_words, without_leading_tags

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

N = TypeVar("N", bound="Named")


def rank(files: Sequence[N], query: Query) -> list[N]:
    """Best first: all words in the name, exact title, phrase, words in order, agreeing release, then newest.

    Every file keeps its place in the result: nothing is dropped, and equal files stay newest first. Cheap for names
    that contain the words as typed; a name is taken apart only where that does not decide.
    """
    titles = [title.removeprefix(TITLE_MARK) for title in query.titles]
    return sorted(files, key=lambda file: (_score(file.name, query, titles), file.id), reverse=True)


def in_name(name: str, query: Query) -> bool:
    """Whether a file's name alone has all words of the query."""
    return _in_name(_spaced(name), name, query)


def _score(name: str, query: Query, titles: Sequence[str]) -> tuple[bool, bool, bool, bool, int]:
    form = _spaced(name)
    if not _in_name(form, name, query):
        return False, False, False, False, 0
    phrase = f" {query.phrase} " in form
    exact = any(_is_title(form, title) for title in titles)
    return True, exact, phrase, phrase or _in_order(form, query.words), _agreement(name, query)


@lru_cache(maxsize=8192)
def _spaced(name: str) -> str:
    """The normalised name with one space around and between its runs, apostrophes gone; popular names come again."""
    text = without_leading_tags(normalise(name)) if name[:1] in {"@", "["} else normalise(name)
    spaced = text.translate(_SPACED)
    return f" {' '.join(spaced.split())} "


def _in_name(form: str, name: str, query: Query) -> bool:
    missing = [word for word in query.words if f" {word} " not in form]
    if not missing:
        return True
    if all(not word.isascii() and word in form for word in missing):
        return True  # signs of scripts that are written without spaces
    return frozenset(missing).issubset(file_words(name))


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


def _agreement(name: str, query: Query) -> int:
    """How many of season, episode, quality and year the name states as the query does."""
    asked = query.facts
    if not asked:
        return 0
    told = analyse(name).facts
    lists = ((asked.seasons, told.seasons), (asked.episodes, told.episodes), (asked.qualities, told.qualities))
    agreed = sum(bool(wanted) and not set(wanted).isdisjoint(stated) for wanted, stated in lists)
    return agreed + (asked.year is not None and asked.year == told.year)
