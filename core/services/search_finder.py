"""Finding: from a query to a ranked window of its newest matches."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from functools import cached_property
from typing import TYPE_CHECKING, NamedTuple

from core.domain.search import FoundFiles, SearchWindow
from core.errors import DatabaseUnavailableError, InfrastructureError, SearchTimeoutError
from core.search.facets import count_facets
from core.search.query import parse_query
from core.search.ranking import chosen_words, in_name, rank

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from core.cache.keys import Key
    from core.clock import Clock
    from core.domain.media import ListedFile
    from core.domain.search import SearchCursor
    from core.search.query import Query
    from core.search.reading import Reading
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search_query import PlannedSearch, SearchPlanner
    from core.services.search_windows import SearchWindows
    from repositories.media import MediaRepository

_SEARCH_MS = 1000
_EXTRA_MS = 300
_COUNT_MS = 150
_PATIENCE_S = 0.8  # after so long nothing more is asked than the answer needs
_WORTH_KEEPING = 100  # fewer files are found and ranked as fast as they are read from the cache
_FEW = 10
_SOME_DATABASE = (0,)  # numbers begin at 1
_SUGGESTIONS, _TRIED = 5, 20
_READ_FOR_FEW = 2  # times a window
_SURELY_CROWDED = 2  # times a limit, so that a dictionary that lags does not matter


class _Total(NamedTuple):
    """How many files a search has: a lower bound unless it is exact."""

    files: int
    is_exact: bool


class Found(NamedTuple):
    """The answer to a search.

    Attributes:
        files: at least those of the first page, ranked.
        key: where the window is worth keeping; None where it is kept, or must not be.
    """

    window: SearchWindow
    files: Sequence[ListedFile]
    key: Key | None = None


_NOTHING = Found(SearchWindow((), 0, total_is_exact=True), ())


class _Wider:
    """The wider understanding of a query, which most searches never need: worked out when it is, and once."""

    def __init__(self, planner: SearchPlanner, query: Query) -> None:
        self._planner = planner
        self._query = query

    @cached_property
    def plan(self) -> PlannedSearch | None:
        """As of `SearchPlanner.widen`."""
        return self._planner.widen(self._query)


class SearchFinder:
    """Asks the databases as little as an answer needs, and ranks what they give.

    Every method raises SearchTimeoutError when the search was cut, and DatabaseUnavailableError when no database
    answered.
    """

    def __init__(
        self,
        media: MediaRepository,
        planner: SearchPlanner,
        windows: SearchWindows,
        runtime: RuntimeSettingsService,
        clock: Clock,
    ) -> None:
        self._media = media
        self._planner = planner
        self._windows = windows
        self._runtime = runtime
        self._clock = clock

    async def look_up(self, query: Query) -> Found:
        """The window of a query: from the cache where that is sure to be right and saves work, else found anew.

        Most searches are one question that costs less than asking the cache as well, so that is asked first only for
        what it is likely to have.
        """
        key = await self._windows.key(query)  # before the database is asked
        if key is None or not self._windows.is_likely(key):
            return await self._find(query, key, ask_cache=key is not None)
        return await self._known(key) or await self._find(query, key, ask_cache=False)

    async def further(self, query: Query, cursor: SearchCursor, limit: int) -> FoundFiles:
        """Older matches than those of a window, newest first."""
        plan = self._planner.plan(query).plan
        return await self._media.search_files(plan, limit, cursor=cursor, max_time_ms=_SEARCH_MS)

    async def _known(self, key: Key) -> Found | None:
        """What the cache has, if all files of its first page are still there, or out of reach for the moment."""
        window = await self._windows.get(key)
        if window is None:
            return None
        ids = window.ids[: self._runtime.current.result_page_size]
        listed = await self._media.list_many(ids)
        if listed.missing and listed.files:
            return Found(replace(window, is_partial=True), listed.files)
        return Found(window, listed.files) if len(listed.files) == len(ids) else None

    async def _find(self, query: Query, key: Key | None, *, ask_cache: bool, may_correct: bool = True) -> Found:
        planned, wider = self._planner.plan(query), _Wider(self._planner, query)
        if may_correct and self._finds_few(query, planned):
            both = await self._find_both(query, key, planned, wider)
            if both is not None:
                return both
        return await self._find_apart(query, key, planned, wider, ask_cache=ask_cache, may_correct=may_correct)

    async def _find_apart(
        self,
        query: Query,
        key: Key | None,
        planned: PlannedSearch,
        wider: _Wider,
        *,
        ask_cache: bool,
        may_correct: bool,
    ) -> Found:
        size, began = self._window_size, self._clock.monotonic()
        if planned.most is not None and planned.most > _SURELY_CROWDED * size and not ask_cache:
            return await self._find_at_once(query, key, planned)
        found = await self._media.search_files(planned.plan, size, max_time_ms=_SEARCH_MS)
        if found.cursor is None:
            if len(found.files) < _FEW:
                return await self._find_otherwise(query, key, planned, wider.plan, found, may_correct=may_correct)
            worth_keeping = key if len(found.files) >= _WORTH_KEEPING else None
            return self._complete(query, worth_keeping, found, planned.readings, is_respelled=planned.is_respelled)
        if self._clock.monotonic() - began > _PATIENCE_S:
            return self._best_of(query, None, found, planned, titled=None, counted=None)
        known = await self._known(key) if key is not None and ask_cache else None
        if known is not None:
            return known
        titled, counted = await asyncio.gather(self._search_titles(query), self._count(planned))
        return self._best_of(query, key, found, planned, titled=titled, counted=counted)

    def _finds_few(self, query: Query, planned: PlannedSearch) -> bool:
        """Whether that is sure, or likely and cheap to try: an episode has few files."""
        if planned.most is None:
            return False
        return planned.most < _FEW or (bool(query.facts.episodes) and planned.most <= _READ_FOR_FEW * self._window_size)

    async def _find_both(self, query: Query, key: Key | None, planned: PlannedSearch, wider_of: _Wider) -> Found | None:
        """A query that finds little, and its wider understanding, by one question; None where one is not enough."""
        wider = wider_of.plan
        if wider is None or wider.most is None or wider.most > _READ_FOR_FEW * self._window_size:
            return None
        together = self._planner.together(planned, wider, query)
        found = await self._media.search_files(together.plan, self._window_size, max_time_ms=_SEARCH_MS)
        if found.cursor is not None or (planned.most or 0) >= _FEW <= len(found.files):
            return None
        if not (found.files or found.missing):
            return await self._find_spelled(query, key)
        return self._complete(query, None, found, together.readings, is_respelled=planned.is_respelled)

    async def _find_at_once(self, query: Query, key: Key | None, planned: PlannedSearch) -> Found:
        """What is expected to have many matches: what is needed is asked at the same time."""
        found, titled, counted = await asyncio.gather(
            self._media.search_files(planned.plan, self._window_size, max_time_ms=_SEARCH_MS),
            self._search_titles(query),
            self._count(planned),
        )
        return self._best_of(query, key, found, planned, titled=titled, counted=counted)

    async def _find_otherwise(
        self,
        query: Query,
        key: Key | None,
        planned: PlannedSearch,
        wider: PlannedSearch | None,
        found: FoundFiles,
        *,
        may_correct: bool,
    ) -> Found:
        """Another reading of words that found little; where it is slow, the search has an answer without it.

        After an outage the answer is partial, or, were it empty, none: nothing may be missing from "nothing found".
        """
        size = self._window_size
        other = FoundFiles([])
        if wider is not None:
            try:
                other = await self._media.search_files(wider.plan, size, max_time_ms=_EXTRA_MS)
            except SearchTimeoutError:
                key = None
            except DatabaseUnavailableError:
                if not found.files:
                    raise
                other = FoundFiles([], _SOME_DATABASE)
        readings = (*planned.readings, *(wider.readings if wider is not None else ()))
        missing = (*found.missing, *other.missing)
        both = FoundFiles(_once([*found.files, *other.files]), missing, other.cursor)
        if both.files or missing or not may_correct:
            spelled = planned.is_respelled and not found.missing
            return self._complete(query, key if other.files else None, both, readings, is_respelled=spelled)
        return await self._find_spelled(query, key)

    async def _find_spelled(self, query: Query, key: Key | None) -> Found:
        """What nothing was found for, spelled otherwise."""
        return await self._respell(query, key) or await self._correct(query, key) or _NOTHING

    async def _respell(self, query: Query, key: Key | None) -> Found | None:
        """What words that are spelled like unknown ones find; None for nothing."""
        planned = self._planner.respell(query)
        if planned is None:
            return None
        try:
            found = await self._media.search_files(planned.plan, self._window_size, max_time_ms=_EXTRA_MS)
        except SearchTimeoutError:
            return None
        return self._complete(query, key, found, planned.readings, is_respelled=True) if found.files else None

    async def suggestions(self, query: Query) -> tuple[str, ...]:
        """Of a query that found nothing: texts like it that find something, best first; few."""
        offered = [text for text, _ in self._corrections(query)]
        found = await asyncio.gather(*(self._finds_something(_as_query(text)) for text in offered))
        return tuple(text for text, finds in zip(offered, found, strict=True) if finds)[:_SUGGESTIONS]

    async def _correct(self, query: Query, key: Key | None) -> Found | None:
        """Nothing has these words: what is spelled like them, where it is clear what was meant."""
        offered = self._corrections(query)
        if not offered or not offered[0][1]:
            return None
        text = offered[0][0]
        found = await self._find(_as_query(text), None, ask_cache=False, may_correct=False)
        if not found.files:
            return None
        # Pages end with the window: behind it, the typed words would be searched for.
        window = replace(found.window, corrected=text, cursor=None)
        return Found(window, found.files, _kept(window, key))

    def _corrections(self, query: Query) -> list[tuple[str, bool]]:
        """As of `SearchPlanner.corrections`, a few of them, with the filters of the query."""
        filters = f" {query.filters.text}" if query.filters else ""
        return [(text + filters, is_clear) for text, is_clear in self._planner.corrections(query)[:_TRIED]]

    async def _finds_something(self, query: Query) -> bool:
        try:
            counted = await self._media.count_matches(self._planner.plan(query).plan, 1, max_time_ms=_COUNT_MS)
        except InfrastructureError:
            return False
        return counted.total > 0

    def _complete(
        self,
        query: Query,
        key: Key | None,
        found: FoundFiles,
        readings: Sequence[Reading],
        *,
        is_respelled: bool = False,
    ) -> Found:
        """All matches that there are, or those of a wider search."""
        files = rank(self._allowed(found.files, query, readings), query, readings)
        total_is_exact = found.cursor is None
        window = _window(files, len(files), found, total_is_exact=total_is_exact, cursor=None)
        if is_respelled:
            window = _told_as_spelled(window, files, query, readings)
        return Found(window, files, _kept(window, key))

    def _best_of(
        self,
        query: Query,
        key: Key | None,
        found: FoundFiles,
        planned: PlannedSearch,
        *,
        titled: FoundFiles | None,
        counted: _Total | None,
    ) -> Found:
        """What is known of many matches, ranked; None for what took too long to find out."""
        if found.cursor is None:
            return self._complete(query, key, found, planned.readings, is_respelled=planned.is_respelled)
        if counted is None or titled is None or titled.missing:
            key = None
        newest = _once([*found.files, *titled.files]) if titled is not None and titled.files else found.files
        files = rank(self._allowed(newest, query, planned.readings), query, planned.readings)
        total, is_exact = len(files), False
        if counted is not None and total >= self._window_size:
            total, is_exact = max(total, counted.files), counted.is_exact
        window = _window(files, total, found, total_is_exact=is_exact, cursor=found.cursor)
        if planned.is_respelled:
            window = _told_as_spelled(window, files, query, planned.readings)
        return Found(window, files, _kept(window, key))

    def _allowed(self, files: list[ListedFile], query: Query, readings: Sequence[Reading]) -> list[ListedFile]:
        if self._runtime.current.search_captions:
            return files
        return [media for media in files if in_name(media.name, query, readings)]

    async def _search_titles(self, query: Query) -> FoundFiles | None:
        """Files whose whole title was typed, which may stand far behind newer ones that only contain the words.

        None when that took too long: the search has an answer without it.
        """
        if not query.titles:
            return FoundFiles([])
        plan = self._planner.plan_titles(query)
        try:
            return await self._media.search_files(plan, self._window_size, max_time_ms=_EXTRA_MS)
        except InfrastructureError:
            return None

    async def _count(self, planned: PlannedSearch) -> _Total | None:
        """How many there are, where no more files are read for it than are counted; None when it took too long.

        What the dictionary is sure of is not counted, and a single word is counted in the index alone.
        """
        limit, most = self._runtime.current.count_limit, planned.most
        if most is not None and most > limit:
            if not planned.is_one_word:
                return _UNCOUNTED
            if most > _SURELY_CROWDED * limit:
                return _Total(limit - 1, is_exact=False)
        try:
            counted = await self._media.count_matches(planned.plan, limit, max_time_ms=_COUNT_MS)
        except InfrastructureError:
            return None
        if counted.missing:
            return None
        return _Total(min(counted.total, limit - 1), is_exact=counted.total < limit)

    @property
    def _window_size(self) -> int:
        return self._runtime.current.search_window_size


_UNCOUNTED = _Total(0, is_exact=False)


def _window(
    files: Sequence[ListedFile], total: int, found: FoundFiles, *, total_is_exact: bool, cursor: SearchCursor | None
) -> SearchWindow:
    is_partial = bool(found.missing)
    ids = tuple(media.id for media in files)
    facets = count_facets(files)
    return SearchWindow(ids, total, total_is_exact and not is_partial, is_partial, facets, cursor=cursor)


def _kept(window: SearchWindow, key: Key | None) -> Key | None:
    """Only what is whole is kept, and never that there is nothing."""
    return None if window.is_partial or not window.ids else key


def _once(files: Iterable[ListedFile]) -> list[ListedFile]:
    return list({media.id: media for media in files}.values())


def _as_query(text: str) -> Query:
    return parse_query(text, len(text) + 1)


def _told_as_spelled(
    window: SearchWindow, files: Sequence[ListedFile], query: Query, readings: Sequence[Reading]
) -> SearchWindow:
    """The window with the query as its first file spells it, where no name has the words as typed."""
    if not files or in_name(files[0].name, query):
        return window
    words = next(filter(None, (chosen_words(files[0].name, reading) for reading in readings)), None)
    return window if words is None else replace(window, corrected=" ".join(words))
