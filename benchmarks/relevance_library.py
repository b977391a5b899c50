"""A library whose titles are known from how it was made, and not from what the same code reads in names."""

from __future__ import annotations

import re
import unicodedata
from array import array
from bisect import bisect_left, bisect_right
from collections import defaultdict
from dataclasses import dataclass
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, NamedTuple

from benchmarks.corpus import Corpus
from core.domain.media import MediaKind, MediaSource, NewMedia
from core.search.normalise import normalise
from core.search.words import file_words

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from benchmarks.corpus import _Title

SONG = "music"
PLANTED = "planted"

_CHANNEL = -1001000000301
_PLANTED_NAMES = ("{}.{}.1080p.BluRay.x264.mkv", "{} ({}) 720p.mp4", "{}_{}_480p_HDTV.mkv")
_EPISODE = re.compile(r"S(\d\d)E(\d\d)")


class Post(NamedTuple):
    """A file of the library.

    Attributes:
        name, caption: as posted.
        title: its words as they stand in the name, joined by spaces; "" for a name without any.
        category: film, series, music, book, audiobook or junk; or planted, a film that is there to be buried.
        year: of its title; it stands in names of films and books.
    """

    name: str
    caption: str | None
    title: str
    category: str
    year: int

    @property
    def episode(self) -> tuple[int, int] | None:
        """(season, episode)."""
        found = _EPISODE.search(self.name)
        return (int(found[1]), int(found[2])) if found else None


@dataclass
class TitledCorpus(Corpus):
    """The same files as `Corpus` of that seed and those scripts, with what they were made from."""

    _told: tuple[_Title | None, str] = (None, "")

    def posts(self) -> Iterator[tuple[NewMedia, Post]]:
        """Files in the order they were posted; to be called once."""
        for file in self.files():
            title, category = self._told
            words = "" if title is None else " ".join(title.words)
            year = 0 if title is None else title.year
            yield file, Post(file.name, file.caption, words, category, year)

    def planted(self, number: int) -> Iterator[tuple[NewMedia, Post]]:
        """Films whose whole title is one word, of the most frequent ones: few such titles are never posted again."""
        for position, word in enumerate(self._words["latin"][:number]):
            title, year = word.capitalize(), 1950 + position % 70
            name = _PLANTED_NAMES[position % len(_PLANTED_NAMES)].format(title, year)
            source = MediaSource(_CHANNEL, position + 1)
            file = NewMedia(f"AgAD-{position:010}", f"-{position:073}", name, None, 1 << 30, MediaKind.VIDEO, source)
            yield file, Post(name, None, title, PLANTED, year)

    def _name(self, category: str) -> tuple[str, MediaKind]:
        self._told = (None, category)
        return super()._name(category)

    def _title(self, category: str) -> _Title:
        title = super()._title(category)
        self._told = (title, category)
        return title


class KnownTitle(NamedTuple):
    """A title of the library.

    Attributes:
        text: as people type it: lower case, one space between words.
        newest: position of the newest file that has exactly this title.
        categories: of the files that have it.
    """

    text: str
    newest: int
    categories: frozenset[str]

    @property
    def words(self) -> list[str]:
        """In order."""
        return self.text.split()

    @property
    def is_song(self) -> bool:
        """Only names of songs have it, which begin with the artists."""
        return self.categories == {SONG}

    @property
    def script(self) -> str:
        """As Unicode names it: LATIN, CYRILLIC, CJK."""
        return script_of(self.words[-1])


class Library:
    """What was posted, counted once: titles, and which files have a word, oldest first."""

    def __init__(self) -> None:
        self.posts: list[Post] = []
        self.holders: dict[str, array[int]] = defaultdict(lambda: array("I"))
        self._by_name: dict[str, list[Post]] = defaultdict(list)
        self._titles: dict[str, KnownTitle] = {}

    def add(self, post: Post) -> None:
        """Take in a file that is newer than all others."""
        position = len(self.posts)
        self.posts.append(post)
        self._by_name[post.name].append(post)
        for word in file_words(post.name, post.caption):
            self.holders[word].append(position)
        if post.title:
            text = post.title.lower()
            known = self._titles.get(text)
            categories = known.categories if known is not None else frozenset()
            self._titles[text] = KnownTitle(text, position, categories | {post.category})

    @property
    def titles(self) -> Sequence[KnownTitle]:
        """Each once, by the order in which they first came, without those that are only planted."""
        return [title for title in self._titles.values() if title.categories != {PLANTED}]

    def buried_titles(self, newer: int) -> list[KnownTitle]:
        """Titles of one word that more than so many newer files have."""
        single = (title for title in self._titles.values() if not title.is_song and " " not in title.text)
        return [title for title in single if self._newer_files(title) > newer]

    def named(self, name: str) -> Sequence[Post]:
        """All files of that name; they have one title, but not one caption."""
        return self._by_name[name]

    def has_title(self, name: str, title: str) -> bool:
        """Whether a file's title is exactly this one."""
        return normalise(self._by_name[name][-1].title) == normalise(title)

    def has_words(self, name: str, words: Iterable[str]) -> bool:
        """Whether a file of that name has all the words in name and caption."""
        return any(_words(post.name, post.caption).issuperset(words) for post in self._by_name[name])

    def has_word_beginning(self, name: str, beginning: str) -> bool:
        """Whether a file of that name has a word that begins like this, in name or caption."""
        words = chain.from_iterable(_words(post.name, post.caption) for post in self._by_name[name])
        return any(word.startswith(beginning) for word in words)

    def knows(self, word: str) -> bool:
        """Whether any file has the word."""
        return word in self.holders

    def matches(self, words: Iterable[str]) -> int:
        """How many files have all the words."""
        holders = [self.holders.get(word, ()) for word in words]
        first, *rest = sorted(holders, key=len)
        return sum(all(_has(other, position) for other in rest) for position in first)

    def _newer_files(self, title: KnownTitle) -> int:
        holders = self.holders.get(title.text, ())
        return len(holders) - bisect_right(holders, title.newest)


def runs(text: str) -> str:
    """The normalised runs of letters, digits and signs of a text, with a space before and behind each."""
    plain = normalise(text).replace("'", "")
    letters = (sign if unicodedata.category(sign)[0] in "LMN" else " " for sign in plain)
    return f" {' '.join(''.join(letters).split())} "


def letters_by_script(words: Iterable[str]) -> Mapping[str, Sequence[str]]:
    """The letters and vowel signs that words of each script are made of, sorted."""
    letters: dict[str, set[str]] = defaultdict(set)
    for word in words:
        letters[script_of(word)].update(word)
    return {script: sorted(found) for script, found in letters.items()}


def script_of(word: str) -> str:
    """The script of a word's first sign, as Unicode names it."""
    return unicodedata.name(word[0], "").partition(" ")[0]


def _has(holders: Sequence[int], position: int) -> bool:
    at = bisect_left(holders, position)
    return at < len(holders) and holders[at] == position


@lru_cache(maxsize=50_000)
def _words(name: str, caption: str | None) -> frozenset[str]:
    return frozenset(file_words(name, caption))
