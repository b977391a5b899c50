"""Searching: from what a person typed to a page of files, and from page to page."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from typing import TYPE_CHECKING, NamedTuple

from core.domain.search import FoundFiles, MatchCount, ResultPage, SearchSession, SearchWindow
from core.errors import (
    BadInputError,
    ExpiredError,
    FileGoneError,
    InfrastructureError,
    SearchTimeoutError,
    UserFacingError,
)
from core.search.query import parse_query
from core.search.ranking import in_name, rank
from core.services.search_query import plan_alternatives, plan_search, plan_title_search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.cache.keys import Key
    from core.clock import Clock
    from core.domain.media import ListedFile, MediaFile, WholeFiles
    from core.observability.metrics import Metrics
    from core.search.plan import SearchPlan
    from core.search.query import Query
    from core.services.daily_statistics import DailyCounters
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search_session import SearchSessions
    from core.services.search_windows import SearchWindows
    from repositories.media import MediaRepository

_SEARCH_MS = 1000
_EXTRA_MS = 300
_COUNT_MS = 150
_PATIENCE_S = 0.8  # after so long nothing more is asked than the answer needs
_WORTH_KEEPING = 100  # fewer files are found and ranked as fast as they are read from the cache


class _Found(NamedTuple):
    """The answer to a search.

    Attributes:
        files: at least those of the first page, ranked.
        key: where the window is worth keeping; None where it is kept, or must not be.
    """

    window: SearchWindow
    files: Sequence[ListedFile]
    key: Key | None = None


class SearchService:
    """Finds files and turns pages; an outage is always an error here, never an empty result.

    Finding and ranking is remembered across people (`SearchWindows`); the files of a page are read from the database
    every time, so that a deleted one is never shown.
    """

    def __init__(
        self,
        media: MediaRepository,
        sessions: SearchSessions,
        windows: SearchWindows,
        runtime: RuntimeSettingsService,
        metrics: Metrics,
        counters: DailyCounters,
        clock: Clock,
    ) -> None:
        self._media = media
        self._sessions = sessions
        self._windows = windows
        self._runtime = runtime
        self._clock = clock
        self._metrics = metrics
        self._counters = counters

    async def search(self, owner_id: int, text: str) -> ResultPage:
        """Search for any text and begin a session of `owner_id`.

        Returns:
            The first page; without files, and with a session that cannot be opened again, when nothing is found.

        Raises:
            BadInputError: there is nothing to search for in `text`.
            SearchTimeoutError: the search was cut; rarer words help.
            DatabaseUnavailableError: no database answered; nothing was counted as a search without result. Nor is a
                search that found nothing while a database was missing.
        """
        started = self._clock.monotonic()
        try:
            query = parse_query(text, self._runtime.current.max_query_length)
            window, files, key = await self._look_up(query)
        except UserFacingError:
            self._metrics.searches.labels("refused").inc()
            raise
        except InfrastructureError:
            self._metrics.searches.labels("failed").inc()
            raise
        self._metrics.search_seconds.observe(self._clock.monotonic() - started)
        self._counters.add("searches")
        if not files:
            self._count_nothing(window)
            session = SearchSession("", owner_id, query.text, window)
            return ResultPage(session, 1, 1, 0, (), window.is_partial)
        self._metrics.searches.labels("found").inc()
        also = () if key is None else (self._windows.entry(key, window),)
        session = await self._sessions.save(owner_id, query.text, window, also=also)
        size = self._runtime.current.result_page_size
        return ResultPage(session, 1, _pages(len(window.ids), size), 0, files[:size], window.is_partial)

    async def page(self, viewer_id: int, session_id: str, number: int) -> ResultPage:
        """One page of the viewer's own session; a number out of range becomes the nearest page.

        Raises:
            ExpiredError, NotYoursError: see `SearchSessions.open`.
            DatabaseUnavailableError: no database answered.
        """
        session = await self._sessions.open(session_id, viewer_id)
        number, first, ids = self._cut(session, number)
        found = await self._media.list_many(ids)
        pages = _pages(len(session.window.ids), self._runtime.current.result_page_size)
        is_partial = session.window.is_partial or bool(found.missing)
        return ResultPage(session, number, pages, first, found.files, is_partial)

    async def files_to_send(
        self, viewer_id: int, session_id: str, number: int, *, whole_window: bool = False
    ) -> WholeFiles:
        """The files of a page, or of the whole window, complete with captions and sources.

        Raises:
            ExpiredError, NotYoursError: see `SearchSessions.open`.
            DatabaseUnavailableError: the database did not answer.
        """
        session = await self._sessions.open(session_id, viewer_id)
        ids = session.window.ids if whole_window else self._cut(session, number)[2]
        return await self._media.get_many(ids)

    async def file_of_session(self, viewer_id: int, session_id: str, media_id: int) -> MediaFile:
        """One file of the viewer's own session, complete.

        Raises:
            ExpiredError, NotYoursError: see `SearchSessions.open`.
            BadInputError: the session does not have this file, so the button was forged.
            FileGoneError: the file was removed meanwhile.
            DatabaseUnavailableError: the database did not answer.
        """
        session = await self._sessions.open(session_id, viewer_id)
        if media_id not in session.window.ids:
            raise BadInputError("error-bad-button")
        media = await self._media.get(media_id)
        if media is None:
            raise FileGoneError
        return media

    def _count_nothing(self, window: SearchWindow) -> None:
        """Only the whole library says that there is nothing."""
        self._metrics.searches.labels("failed" if window.is_partial else "nothing").inc()
        if not window.is_partial:
            self._counters.add("searches_without_result")

    def _cut(self, session: SearchSession, number: int) -> tuple[int, int, tuple[int, ...]]:
        """(page number, position of its first file, its ids)."""
        ids, size = session.window.ids, self._runtime.current.result_page_size
        if not ids:
            raise ExpiredError("search-expired")
        if number < 1:
            raise BadInputError("error-bad-button")
        number = min(number, _pages(len(ids), size))
        first = (number - 1) * size
        return number, first, ids[first : first + size]

    async def _look_up(self, query: Query) -> _Found:
        """From the cache where that is sure to be right and saves work, else found and ranked anew.

        Most searches are one question that costs less than asking the cache as well, so that is asked first only for
        what it is likely to have.
        """
        key = await self._windows.key(query)  # before the database is asked
        if key is None or not self._windows.is_likely(key):
            return await self._find(query, key, ask_cache=key is not None)
        return await self._known(key) or await self._find(query, key, ask_cache=False)

    async def _known(self, key: Key) -> _Found | None:
        """What the cache has, if all files of its first page are still there, or out of reach for the moment."""
        window = await self._windows.get(key)
        if window is None:
            return None
        ids = window.ids[: self._runtime.current.result_page_size]
        listed = await self._media.list_many(ids)
        if listed.missing and listed.files:
            return _Found(replace(window, is_partial=True), listed.files)
        return _Found(window, listed.files) if len(listed.files) == len(ids) else None

    async def _find(self, query: Query, key: Key | None, *, ask_cache: bool) -> _Found:
        size, began = self._runtime.current.search_window_size, self._clock.monotonic()
        plan = plan_search(query)
        found = await self._media.search_files(plan, size + 1, max_time_ms=_SEARCH_MS)
        if not found.files:
            return await self._find_otherwise(query, key, found)
        if len(found.files) > size:
            if self._clock.monotonic() - began > _PATIENCE_S:
                return self._best_of(query, None, found, titled=None, counted=None)
            known = await self._known(key) if key is not None and ask_cache else None
            return known or await self._find_best(query, key, found, plan)
        files = rank(self._allowed(found.files, query), query)
        if len(files) < _WORTH_KEEPING:
            key = None
        return _answer(files, len(files), key, total_is_exact=True, is_partial=bool(found.missing))

    async def _find_otherwise(self, query: Query, key: Key | None, found: FoundFiles) -> _Found:
        """Another reading of words that found nothing; the search has an answer without it, so a slow one is given up.

        An outage is not: nothing may be missing from an answer that says so.
        """
        size = self._runtime.current.search_window_size
        plan = plan_alternatives(query)
        other = FoundFiles([])
        if plan is not None:
            try:
                other = await self._media.search_files(plan, size, max_time_ms=_EXTRA_MS)
            except SearchTimeoutError:
                key = None
        files = rank(other.files, query)
        is_partial = bool(found.missing or other.missing)
        return _answer(files, len(files), key, total_is_exact=len(files) < size, is_partial=is_partial)

    async def _find_best(self, query: Query, key: Key | None, found: FoundFiles, plan: SearchPlan) -> _Found:
        """The best of more matches than a window holds, and how many there are."""
        size = self._runtime.current.search_window_size
        titled, counted = await asyncio.gather(self._search_titles(query, size), self._count(plan))
        return self._best_of(query, key, found, titled=titled, counted=counted)

    def _best_of(
        self,
        query: Query,
        key: Key | None,
        found: FoundFiles,
        *,
        titled: FoundFiles | None,
        counted: MatchCount | None,
    ) -> _Found:
        """What is known of many matches, ranked; None for what took too long to find out."""
        runtime = self._runtime.current
        size = runtime.search_window_size
        if counted is None or counted.missing or titled is None or titled.missing:
            key = None
        newest = {media.id: media for media in (*(titled.files if titled else ()), *found.files[:size])}
        files = rank(self._allowed(list(newest.values()), query), query)[:size]
        total, is_exact = len(files), False
        if counted is not None and len(files) == size:
            total = max(total, min(counted.total, runtime.count_limit - 1))
            is_exact = counted.total < runtime.count_limit and not counted.missing
        return _answer(files, total, key, total_is_exact=is_exact, is_partial=bool(found.missing))

    def _allowed(self, files: list[ListedFile], query: Query) -> list[ListedFile]:
        if self._runtime.current.search_captions:
            return files
        return [media for media in files if in_name(media.name, query)]

    async def _search_titles(self, query: Query, size: int) -> FoundFiles | None:
        """Files whose whole title was typed, which may stand far behind newer ones that only contain the words.

        None when that took too long: the search has an answer without it.
        """
        try:
            return await self._media.search_files(plan_title_search(query), size, max_time_ms=_EXTRA_MS)
        except InfrastructureError:
            return None

    async def _count(self, plan: SearchPlan) -> MatchCount | None:
        """None when counting took too long."""
        try:
            return await self._media.count_matches(plan, self._runtime.current.count_limit, max_time_ms=_COUNT_MS)
        except InfrastructureError:
            return None


def _answer(
    files: Sequence[ListedFile], total: int, key: Key | None, *, total_is_exact: bool, is_partial: bool
) -> _Found:
    """A window of files, kept only when it is not empty and no database was missing."""
    ids = tuple(media.id for media in files)
    window = SearchWindow(ids, total, total_is_exact and not is_partial, is_partial)
    return _Found(window, files, key if ids and not is_partial else None)


def _pages(files: int, size: int) -> int:
    return max(1, -(-files // size))
