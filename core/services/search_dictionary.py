"""The dictionary of the library's words, kept up to date and shared with other processes."""

from __future__ import annotations

import asyncio
from itertools import islice
from typing import TYPE_CHECKING, TypeVar

import structlog

from core.errors import DatabaseUnavailableError
from core.lifecycle import calm_the_garbage_collector
from core.search.dictionary import Dictionary
from core.search.words import MAX_WORD_LENGTH

if TYPE_CHECKING:
    from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Iterator, Mapping

    from core.clock import Clock
    from core.observability.metrics import Metrics
    from core.services.word_recount import WordRecount
    from repositories.search_term import SearchTerm, SearchTermRepository

T = TypeVar("T")

_TICK_S = 1.0
_FLUSH_S = 60.0
_POLL_S = 60.0
_RETRY_S = 5.0
_FLUSH_AT = 50_000  # counts; those of some 5,000 files
_MAX_UNSAVED = 300_000  # words
_READ_AT_ONCE = 2_000  # some ten milliseconds of work
_WRITTEN_AT_ONCE = 500
_TAKEN_AT_ONCE = 500  # some two milliseconds
_OVERLAP_MS = 120_000


class SearchDictionary:
    """What the library's words are and how frequent, in memory; stored in the primary database behind that.

    What is learned is known here at once. New words are stored within a second, counts every 60 seconds or after some
    5,000 files; what other processes store is learned every 60 seconds, as long as the clocks differ by less than a
    minute. Frequencies are approximate until the next `recount`: an answer of the database that was lost makes them too
    low, never too high. While the primary database is away everything goes on with what is known, and what is learned
    is kept, as many words as fit into memory.

    Args:
        terms: where the words are stored.
        recount: counts the words of all files.
    """

    def __init__(self, *, terms: SearchTermRepository, recount: WordRecount, metrics: Metrics, clock: Clock) -> None:
        self.dictionary = Dictionary()
        self.is_loaded = False
        self._terms = terms
        self._recount = recount
        self._metrics = metrics
        self._clock = clock
        self._unsaved: dict[str, int] = {}
        self._new: set[str] = set()
        self._in_doubt: dict[str, int] = {}
        self._learned = 0
        self._flush_from = self._poll_from = clock.monotonic() + _FLUSH_S
        self._seen_until_ms = 0
        self._writing = asyncio.Lock()
        self._log = structlog.get_logger(__name__)

    def learn(self, words: Mapping[str, int]) -> None:
        """Note how many more files have words, or fewer; never waits and never fails."""
        storable = {word: files for word, files in words.items() if files and _is_storable(word)}
        for word, files in storable.items():
            if word not in self._unsaved:
                if len(self._unsaved) >= _MAX_UNSAVED:
                    continue  # the next count of all files makes up for it
                if not self.dictionary.files(word):
                    self._new.add(word)
            self._unsaved[word] = self._unsaved.get(word, 0) + files
            self._learned += abs(files)
        self.dictionary.add(storable)

    async def run(self) -> None:
        """Read what is stored, then write and read changes; for a supervised task, ends only when cancelled."""
        await self._load()
        while True:
            await self._clock.sleep(_TICK_S)
            try:
                await self._write_what_is_due()
                await self._read_what_is_due()
            except DatabaseUnavailableError as error:
                self._log.debug("search_dictionary_waits", detail=str(error), words=len(self._unsaved))
                await self._clock.sleep(_RETRY_S)

    async def flush(self) -> None:
        """Store everything that is not stored yet.

        Raises:
            DatabaseUnavailableError: what could not be stored is kept for the next time.
        """
        async with self._writing:
            self._learned, self._flush_from = 0, self._clock.monotonic() + _FLUSH_S
            await self._write(list(self._unsaved))

    async def recount(self) -> int:
        """Count the words of all files anew and store what differs; safe to repeat and to interrupt.

        Words that no file has any more are forgotten, but not those that were learned meanwhile.

        Returns:
            How many words had another number of files; 0 when a database with files is away: then nothing is known, and
            the next night will do.

        Raises:
            DatabaseUnavailableError: the primary database is away; a part may be stored.
        """
        started, started_ms = self._clock.monotonic(), self._now_ms()
        try:
            counted = await self._recount.count()
        except DatabaseUnavailableError as error:
            self._log.warning("search_words_not_counted", detail=str(error))
            return 0
        await self.flush()
        changed = 0
        async for terms in self._pages():
            actual = {term.word: counted.pop(term.word, 0) for term in terms}
            wrong = {term.word: actual[term.word] for term in terms if self._is_wrong(term, actual, started_ms)}
            changed += await self._correct(wrong)
            await self._forget([term.word for term in terms if term.files <= 0 and not actual[term.word]])
        for part in _parts(counted.items(), _WRITTEN_AT_ONCE):
            changed += await self._correct({word: files for word, files in part if _is_storable(word)})
        self._metrics.search_recount_seconds.set(self._clock.monotonic() - started)
        return changed

    async def _load(self) -> None:
        """Read all words, however long the database is away; searches and learning go on meanwhile."""
        started, self._seen_until_ms, after = self._clock.monotonic(), self._now_ms(), ""
        while True:
            try:
                async for terms in self._pages(after):
                    await self._take(terms)
                    after = terms[-1].word
                break
            except DatabaseUnavailableError as error:
                self._log.debug("search_dictionary_waits", detail=str(error), words=len(self._unsaved))
                await self._clock.sleep(_RETRY_S)
        self.is_loaded = True
        calm_the_garbage_collector()  # tens of thousands of words that stay
        took_s = round(self._clock.monotonic() - started, 2)
        self._log.info("search_dictionary_loaded", words=len(self.dictionary), took_s=took_s)

    async def _write_what_is_due(self) -> None:
        if self._clock.monotonic() >= self._flush_from or self._learned >= _FLUSH_AT:
            await self.flush()
        elif self._new:
            async with self._writing:
                await self._write(list(self._new))

    async def _read_what_is_due(self) -> None:
        self._metrics.search_words.set(len(self.dictionary))
        if self._clock.monotonic() < self._poll_from:
            return
        now_ms = self._now_ms()
        changed_at, word = self._seen_until_ms - _OVERLAP_MS, ""
        while terms := await self._terms.changed_since(changed_at, word, _READ_AT_ONCE):
            await self._take(terms)
            changed_at, word = terms[-1].changed_at, terms[-1].word
        self._seen_until_ms, self._poll_from = now_ms, self._clock.monotonic() + _POLL_S

    async def _take(self, terms: Iterable[SearchTerm]) -> None:
        """Believe what is stored, and add what is known here alone."""
        for part in _parts(terms, _TAKEN_AT_ONCE):
            for word, files, _ in part:
                self.dictionary.put(word, max(0, files) + self._unsaved.get(word, 0))
            await self._clock.sleep(0)

    async def _write(self, words: list[str]) -> None:
        """Add to what is stored, some words at a time.

        What was being written when the answer got lost, or when this was cancelled, is not added again: whatever of it
        is not there by then is stored as new.
        """
        await self._write_parts(list(self._in_doubt), self._in_doubt, self._terms.ensure)
        await self._write_parts(words, self._unsaved, self._terms.add)

    async def _write_parts(
        self, words: list[str], source: dict[str, int], write: Callable[[Mapping[str, int], int], Awaitable[None]]
    ) -> None:
        for part in _parts(words, _WRITTEN_AT_ONCE):
            writing = {word: source.pop(word) for word in part if word in source}
            self._new.difference_update(writing)
            self._in_doubt.update(writing)
            try:
                await write(writing, self._now_ms())
            except DatabaseUnavailableError:
                self._metrics.search_dictionary_writes.labels("failed").inc()
                raise
            self._metrics.search_dictionary_writes.labels("done").inc()
            for word in writing:
                del self._in_doubt[word]

    async def _pages(self, after: str = "") -> AsyncIterator[list[SearchTerm]]:
        """Everything stored, in parts."""
        while terms := await self._terms.page(after, _READ_AT_ONCE):
            yield terms
            after = terms[-1].word

    def _is_wrong(self, term: SearchTerm, actual: Mapping[str, int], started_ms: int) -> bool:
        if not actual[term.word] and (term.changed_at >= started_ms or term.word in self._unsaved):
            return False  # of a file that came when its place had been passed
        return term.files != actual[term.word]

    async def _correct(self, words: Mapping[str, int]) -> int:
        for part in _parts(words, _WRITTEN_AT_ONCE):
            exact = {word: words[word] for word in part}
            await self._terms.replace(exact, self._now_ms())
            for word, files in exact.items():
                self.dictionary.put(word, files + self._unsaved.get(word, 0))
        return len(words)

    async def _forget(self, words: list[str]) -> None:
        """Those that had no files at an earlier count either: by now every process has seen them go."""
        if words:
            await self._terms.remove(words)

    def _now_ms(self) -> int:
        return int(self._clock.unix() * 1000)


def _parts(items: Iterable[T], size: int) -> Iterator[list[T]]:
    left = iter(items)
    while part := list(islice(left, size)):
        yield part


def _is_storable(word: str) -> bool:
    """Whether it is a word of names, in a form that the database takes."""
    if not 0 < len(word) <= MAX_WORD_LENGTH:
        return False
    try:
        word.encode()
    except UnicodeEncodeError:
        return False
    return True
