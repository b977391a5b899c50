"""The words of the library with the number of files that have each: what planning and spelling correction know."""

from __future__ import annotations

from typing import NamedTuple


class Spelling(NamedTuple):
    """A known word near another one.

    Attributes:
        distance: edits between them; a swap of neighbours is one.
        files: how many have the word.
    """

    word: str
    distance: int
    files: int


class Dictionary:
    """Words and their frequencies in memory, bounded; not safe for several threads."""

    def files(self, word: str) -> int:
        """How many files have a word, about; 0 when it is unknown."""
        raise NotImplementedError

    def completions(self, beginning: str, limit: int = 32) -> list[str]:
        """Known words that begin with two or more given characters, most frequent first, without `beginning` itself."""
        raise NotImplementedError

    def nearest(self, word: str, limit: int = 8) -> list[Spelling]:
        """Known words within one edit, two from eight letters on; the nearest distance only, most frequent first."""
        raise NotImplementedError
