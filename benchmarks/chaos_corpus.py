"""Files with a fixed seed whose names a model can match without the bot's own reading of words.

A name is three words of a small vocabulary and one word that no other file has, all of plain letters, so that the words
of a name are what stands between its spaces.
"""

from __future__ import annotations

import random
from dataclasses import dataclass
from itertools import islice, product
from typing import TYPE_CHECKING

from core.domain.media import MediaKind, MediaSource, NewMedia
from core.search.vocabulary import EXTENSIONS, RELEASE_TAGS

if TYPE_CHECKING:
    from collections.abc import Iterator

_CONSONANTS, _VOWELS = "bdfgklmnprstvz", "aeiou"
_VOCABULARY = 400
_FLATTEN = 10
_LETTERS = "bcdfghjklmnpqrstvwxz"


@dataclass(frozen=True, slots=True)
class CorpusFile:
    """A file to be offered.

    Attributes:
        own_word: the word that only this file has.
    """

    unique_id: str
    words: tuple[str, ...]
    own_word: str
    size: int

    @property
    def name(self) -> str:
        """What it is called."""
        return " ".join((*self.words, self.own_word)) + ".mkv"

    def renamed(self, word: str) -> CorpusFile:
        """The same file with another second word."""
        return CorpusFile(self.unique_id, (self.words[0], word, *self.words[2:]), self.own_word, self.size)

    def media(self, source: MediaSource, *, edited_at: int = 0) -> NewMedia:
        """A post of the file."""
        return NewMedia(
            unique_id=self.unique_id,
            file_id=f"file-{self.unique_id}",
            name=self.name,
            caption=None,
            size=self.size,
            kind=MediaKind.VIDEO,
            source=source,
            mime_type="video/x-matroska",
            duration_s=1200,
            edited_at=edited_at,
        )


class Corpus:
    """An endless row of files; the frequencies of their words fall as in natural text."""

    def __init__(self, seed: int) -> None:
        self._chance = random.Random(seed)
        syllables = ["".join(pair) for pair in product(_CONSONANTS, _VOWELS)]
        words: dict[str, None] = {}
        while len(words) < _VOCABULARY:
            words["".join(self._chance.sample(syllables, 3))] = None
        self.vocabulary = [word for word in words if word not in EXTENSIONS and word not in RELEASE_TAGS]
        self._weights = [1 / (rank + _FLATTEN) for rank in range(len(self.vocabulary))]
        self._own_words = map("".join, product("z", "q", _LETTERS, _LETTERS, _LETTERS, _LETTERS))
        self._made = 0

    def make(self, count: int) -> list[CorpusFile]:
        """The next `count` files."""
        return list(islice(self._files(), count))

    def word(self) -> str:
        """A word as frequent as it is in names."""
        return self._chance.choices(self.vocabulary, self._weights)[0]

    def _files(self) -> Iterator[CorpusFile]:
        while True:
            words: dict[str, None] = {}
            while len(words) < 3:
                words[self.word()] = None
            self._made += 1
            size = self._chance.randrange(1 << 20, 1 << 31)
            yield CorpusFile(f"chaos-{self._made:07}", tuple(words), next(self._own_words), size)
