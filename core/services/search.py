"""Searching: from what a person typed to a page of files, and from page to page."""

from __future__ import annotations

import asyncio
from typing import TYPE_CHECKING

from core.cache import keys
from core.domain.search import ResultPage, SearchSession, SearchWindow
from core.errors import BadInputError, ExpiredError, FileGoneError, InfrastructureError, UserFacingError
from core.search.query import parse_query
from core.search.ranking import in_name, rank
from core.services.search_query import plan_alternatives, plan_search, plan_title_search

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.cache.redis_cache import RedisCache
    from core.clock import Clock
    from core.domain.media import ListedFile, MediaFile
    from core.observability.metrics import Metrics
    from core.search.plan import SearchPlan
    from core.search.query import Query
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search_session import SearchSessions
    from repositories.media import MediaRepository

_SEARCH_MS = 1000
_EXTRA_MS = 300
_COUNT_MS = 150


class SearchService:
    """Finds files and turns pages; an outage is always an error here, never an empty result."""

    def __init__(
        self,
        media: MediaRepository,
        sessions: SearchSessions,
        cache: RedisCache,
        runtime: RuntimeSettingsService,
        metrics: Metrics,
        clock: Clock,
    ) -> None:
        self._media = media
        self._sessions = sessions
        self._cache = cache
        self._runtime = runtime
        self._clock = clock
        self._metrics = metrics

    async def search(self, owner_id: int, text: str) -> ResultPage:
        """Search for any text and begin a session of `owner_id`.

        Returns:
            The first page; without files, and with a session that cannot be opened again, when nothing is found.

        Raises:
            BadInputError: there is nothing to search for in `text`.
            SearchTimeoutError: the search was cut; rarer words help.
            DatabaseUnavailableError: the database did not answer; nothing was counted as a search without result.
        """
        started = self._clock.monotonic()
        try:
            query = parse_query(text, self._runtime.current.max_query_length)
            window, files = await self._find(query)
        except UserFacingError:
            self._metrics.searches.labels("refused").inc()
            raise
        except InfrastructureError:
            self._metrics.searches.labels("failed").inc()
            raise
        self._metrics.searches.labels("found" if files else "nothing").inc()
        self._metrics.search_seconds.observe(self._clock.monotonic() - started)
        if not files:
            return ResultPage(SearchSession("", owner_id, query.text, window), 1, 1, 0, ())
        session = await self._sessions.save(owner_id, query.text, window)
        size = self._runtime.current.result_page_size
        return ResultPage(session, 1, _pages(len(files), size), 0, files[:size])

    async def page(self, viewer_id: int, session_id: str, number: int) -> ResultPage:
        """One page of the viewer's own session; a number out of range becomes the nearest page.

        Raises:
            ExpiredError, NotYoursError: see `SearchSessions.open`.
            DatabaseUnavailableError: the database did not answer.
        """
        session = await self._sessions.open(session_id, viewer_id)
        number, first, ids = self._cut(session, number)
        found = await self._media.list_many(ids)
        pages = _pages(len(session.window.ids), self._runtime.current.result_page_size)
        return ResultPage(session, number, pages, first, found.files)

    async def files_to_send(
        self, viewer_id: int, session_id: str, number: int, *, whole_window: bool = False
    ) -> Sequence[MediaFile]:
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

    async def _find(self, query: Query) -> tuple[SearchWindow, list[ListedFile]]:
        size = self._runtime.current.search_window_size
        plan = plan_search(query)
        found = (await self._media.search_files(plan, size + 1, max_time_ms=_SEARCH_MS)).files
        if not found:
            files = rank(await self._search_alternatives(query, size), query)
            return _window(files, len(files), total_is_exact=len(files) < size), files
        if len(found) <= size:
            files = rank(self._allowed(found, query), query)
            return _window(files, len(files), total_is_exact=True), files
        titled, counted = await asyncio.gather(self._search_titles(query, size), self._count(plan, query))
        newest = {media.id: media for media in (*titled, *found[:size])}
        files = rank(self._allowed(list(newest.values()), query), query)[:size]
        total, is_exact = counted if counted is not None and len(files) == size else (len(files), False)
        return _window(files, max(total, len(files)), total_is_exact=is_exact), files

    def _allowed(self, files: list[ListedFile], query: Query) -> list[ListedFile]:
        if self._runtime.current.search_captions:
            return files
        return [media for media in files if in_name(media.name, query)]

    async def _search_alternatives(self, query: Query, size: int) -> list[ListedFile]:
        """Another reading of the words; the search has an answer without it, so a slow one is given up."""
        plan = plan_alternatives(query)
        if plan is None:
            return []
        return await self._search_briefly(plan, size)

    async def _search_titles(self, query: Query, size: int) -> list[ListedFile]:
        """Files whose whole title was typed, which may stand far behind newer ones that only contain the words."""
        return await self._search_briefly(plan_title_search(query), size)

    async def _search_briefly(self, plan: SearchPlan, limit: int) -> list[ListedFile]:
        try:
            return (await self._media.search_files(plan, limit, max_time_ms=_EXTRA_MS)).files
        except InfrastructureError:
            return []

    async def _count(self, plan: SearchPlan, query: Query) -> tuple[int, bool] | None:
        """(total, whether it is exact); None when counting took too long."""
        runtime = self._runtime.current
        key = keys.count(query.key)
        cached = await self._cache.get(key)
        if cached is not None and cached.isdigit():
            count = int(cached)
        else:
            try:
                count, missing = await self._media.count_matches(plan, runtime.count_limit, max_time_ms=_COUNT_MS)
            except InfrastructureError:
                return None
            if missing:
                return None
            await self._cache.set(key, b"%d" % count, runtime.count_cache_s)
        return (count, True) if count < runtime.count_limit else (runtime.count_limit - 1, False)


def _window(files: Sequence[ListedFile], total: int, *, total_is_exact: bool) -> SearchWindow:
    return SearchWindow(tuple(media.id for media in files), total, total_is_exact)


def _pages(files: int, size: int) -> int:
    return max(1, -(-files // size))
