"""Counting the words of all files anew."""

from __future__ import annotations

from collections import Counter
from itertools import islice
from typing import TYPE_CHECKING, Protocol, TypeVar

from core.search.dictionary import MAX_KNOWN_WORDS
from core.search.word_counts import count_words

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from core.clock import Clock
    from repositories.media_words import FileText, MediaWordsRepository

A = TypeVar("A")
R = TypeVar("R")

_FILES_AT_ONCE = 1_000
_WORDS_AT_ONCE = 5_000


class Worker(Protocol):
    """Does heavy work beside the event loop."""

    async def call(self, function: Callable[[A], R], argument: A) -> R:
        """What an importable function returns."""
        ...


class WordRecount:
    """Walks all files of all databases; holds the event loop for some milliseconds at a time.

    Args:
        files: whose words are counted.
        worker: does the counting of a thousand files at a time.
        clock: lets others run in between.
        on_file_without_metadata: told unique id and name of every file that has no release metadata yet.
        capacity: of more words the rarest are left out, and never many more than twice as many are in memory.
    """

    def __init__(
        self,
        files: MediaWordsRepository,
        worker: Worker,
        clock: Clock,
        on_file_without_metadata: Callable[[str, str], None] | None = None,
        capacity: int = MAX_KNOWN_WORDS,
    ) -> None:
        self._files = files
        self._worker = worker
        self._clock = clock
        self._capacity = capacity
        self._on_file_without_metadata = on_file_without_metadata

    async def count(self) -> Counter[str]:
        """How many files have each word; a file that two databases hold counts in both.

        Raises:
            DatabaseUnavailableError: a database did not answer, so that nothing is known.
        """
        counted: Counter[str] = Counter()
        for number in self._files.numbers:
            await self._files.texts_after(number, 0, 1)  # one that is away is noticed before any work is done
        for number in self._files.numbers:
            after = 0
            while files := await self._files.texts_after(number, after, _FILES_AT_ONCE):
                found = [file for file in files if file.is_found]
                counted.update(await self._worker.call(count_words, [(file.name, file.caption) for file in found]))
                self._tell_of_missing_metadata(found)
                after = files[-1].id
                if len(counted) > 2 * self._capacity:
                    counted = await self._most_frequent(counted)
        return await self._most_frequent(counted)

    async def _most_frequent(self, counted: Counter[str]) -> Counter[str]:
        """At most as many words as a dictionary knows; ties with a word that has no place have none either."""
        if len(counted) <= self._capacity:
            return counted
        levels: Counter[int] = Counter()
        everything = iter(counted.values())
        while part := list(islice(everything, _WORDS_AT_ONCE)):
            levels.update(part)
            await self._clock.sleep(0)
        room, least = self._capacity, max(levels) + 1
        for level in sorted(levels, reverse=True):
            room -= levels[level]
            if room < 0:
                break
            least = level
        return await self._with_at_least(least, counted)

    async def _with_at_least(self, least: int, counted: Counter[str]) -> Counter[str]:
        kept: Counter[str] = Counter()
        everything = iter(counted.items())
        while part := dict(islice(everything, _WORDS_AT_ONCE)):
            kept.update({word: files for word, files in part.items() if files >= least})
            await self._clock.sleep(0)
        return kept

    def _tell_of_missing_metadata(self, files: Sequence[FileText]) -> None:
        if self._on_file_without_metadata is None:
            return
        for file in files:
            if not file.has_metadata:
                self._on_file_without_metadata(file.unique_id, file.name)
