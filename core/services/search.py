"""Searching: from what a person typed to a page of files, and from page to page."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from core.domain.search import Narrowing, ResultPage, SearchSession
from core.errors import BadInputError, FileGoneError, InfrastructureError, UserFacingError
from core.search.facets import agrees
from core.search.query import parse_query

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.clock import Clock
    from core.domain.media import ListedFile, MediaFile, WholeFiles
    from core.domain.search import SearchCursor, SearchWindow
    from core.observability.metrics import Metrics
    from core.search.query import Query
    from core.services.daily_statistics import DailyCounters
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search_finder import Found, SearchFinder
    from core.services.search_session import SearchSessions
    from core.services.search_windows import SearchWindows
    from repositories.media import MediaRepository

_EVERYTHING = Narrowing()
_FURTHEST = 10_000  # files that one session turns over


class SearchService:
    """Finds files and turns pages; an outage is always an error here, never an empty result.

    Finding and ranking is remembered across people (`SearchWindows`); the files of a page are read from the database
    every time, so that a deleted one is never shown.
    """

    def __init__(
        self,
        *,
        media: MediaRepository,
        finder: SearchFinder,
        sessions: SearchSessions,
        windows: SearchWindows,
        runtime: RuntimeSettingsService,
        metrics: Metrics,
        counters: DailyCounters,
        clock: Clock,
    ) -> None:
        self._media = media
        self._finder = finder
        self._sessions = sessions
        self._windows = windows
        self._runtime = runtime
        self._clock = clock
        self._metrics = metrics
        self._counters = counters

    async def search(self, owner_id: int, text: str, *, suggests: bool = True) -> ResultPage:
        """Search for any text and begin a session of `owner_id`.

        Args:
            owner_id: whose buttons the pages have.
            text: as typed.
            suggests: whether somebody sees what else might be meant when nothing is found.

        Returns:
            The first page; without files, and with a session that cannot be opened again, when nothing is found.

        Raises:
            BadInputError: there is nothing to search for in `text`.
            SearchTimeoutError: the search was cut; rarer words help.
            DatabaseUnavailableError: no database answered; nothing was counted as a search without result. Nor is a
                search that found nothing while a database was missing.
        """
        query, found = await self._find(text)
        self._count(found)
        window = found.window
        if not found.files:
            session = SearchSession("", owner_id, query.text, window)
            suggestions = await self._finder.suggestions(query) if suggests and not window.is_partial else ()
            return ResultPage(session, 1, 1, 0, (), window.is_partial, suggestions=suggestions)
        also = () if found.key is None else (self._windows.entry(found.key, window),)
        session = await self._sessions.save(owner_id, query.text, window, also=also)
        size = self._runtime.current.result_page_size
        pages, has_more = self._pages(window)
        return ResultPage(session, 1, pages, 0, found.files[:size], window.is_partial, has_more=has_more)

    async def find_window(self, text: str, narrowing: Narrowing = _EVERYTHING) -> SearchWindow:
        """What a search finds, without a session; of a narrowing, only the files that agree.

        Not counted as a search of the day: an app asks again for every letter that is typed.

        Raises: see `search`.
        """
        _, found = await self._find(text)
        window = found.window
        if narrowing and window.ids:
            listed = await self._media.list_many(window.ids)
            ids = tuple(file.id for file in listed.files if agrees(file, narrowing))
            is_partial = window.is_partial or bool(listed.missing)
            is_exact = window.cursor is None and window.total_is_exact and not is_partial
            return replace(window, ids=ids, total=len(ids), total_is_exact=is_exact, is_partial=is_partial)
        return window

    async def page(
        self, viewer_id: int, session_id: str, number: int, narrowing: Narrowing = _EVERYTHING
    ) -> ResultPage:
        """One page of the viewer's own session; a number out of range becomes the nearest page.

        Pages behind the window are found when they are turned to.

        Raises:
            ExpiredError, NotYoursError: see `SearchSessions.open`.
            DatabaseUnavailableError: no database answered.
        """
        session = await self._sessions.open(session_id, viewer_id)
        if narrowing:
            return await self._narrowed_page(session, number, narrowing)
        session = await self._reach(session, number)
        pages, has_more = self._pages(session.window)
        number, first, ids = self._cut(session.window.ids, number, pages)
        found = await self._media.list_many(ids)
        is_partial = session.window.is_partial or bool(found.missing)
        return ResultPage(session, number, pages, first, found.files, is_partial, has_more=has_more)

    async def files_to_send(
        self,
        viewer_id: int,
        session_id: str,
        number: int,
        *,
        whole_window: bool = False,
        narrowing: Narrowing = _EVERYTHING,
    ) -> WholeFiles:
        """The files of a page, or of the whole window, complete with captions and sources.

        Raises:
            ExpiredError, NotYoursError: see `SearchSessions.open`.
            DatabaseUnavailableError: the database did not answer.
        """
        session = await self._sessions.open(session_id, viewer_id)
        ids: Sequence[int] = session.window.ids
        if narrowing:
            ids = [file.id for file in (await self._narrowed(session, narrowing))[0]]
        if whole_window:
            return await self._media.get_many(ids[: self._runtime.current.search_window_size])
        return await self._media.get_many(self._cut(ids, number, self._pages_of(len(ids)))[2])

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

    async def _find(self, text: str) -> tuple[Query, Found]:
        """Look a text up, measured and counted."""
        started = self._clock.monotonic()
        try:
            query = parse_query(text, self._runtime.current.max_query_length)
            found = await self._finder.look_up(query)
        except UserFacingError:
            self._metrics.searches.labels("refused").inc()
            raise
        except InfrastructureError:
            self._metrics.searches.labels("failed").inc()
            raise
        self._metrics.search_seconds.observe(self._clock.monotonic() - started)
        if found.files:
            self._metrics.searches.labels("found").inc()
        else:
            self._metrics.searches.labels("failed" if found.window.is_partial else "nothing").inc()
        return query, found

    def _count(self, found: Found) -> None:
        """A search of the day; only the whole library says that there is nothing."""
        self._counters.add("searches")
        if not found.files and not found.window.is_partial:
            self._counters.add("searches_without_result")

    async def _reach(self, session: SearchSession, number: int) -> SearchSession:
        """The session with the ids of a page behind its window as well, where there is such a page.

        Two presses at once find the same files, so that it does not matter whose answer is stored last.
        """
        window = session.window
        pages, has_more = self._pages(window)
        wanted = min(min(number, pages + has_more) * self._runtime.current.result_page_size, _FURTHEST)
        while window.cursor is not None and len(window.ids) < wanted:
            known = len(window.ids)
            window = await self._lengthened(window, window.cursor, session.query, wanted - known)
            if len(window.ids) == known:
                break  # a database is missing
        if window is session.window:
            return session
        session = replace(session, window=window)
        await self._sessions.replace(session)
        return session

    async def _lengthened(self, window: SearchWindow, cursor: SearchCursor, text: str, lacking: int) -> SearchWindow:
        """A window with older matches behind it, about as many as are lacking: some may stand in it already."""
        query = parse_query(text, self._runtime.current.max_query_length)
        block = self._runtime.current.search_window_size
        found = await self._finder.further(query, cursor, max(lacking, block))
        known = frozenset(window.ids)
        ids = (*window.ids, *(file.id for file in found.files if file.id not in known))
        is_partial = window.is_partial or bool(found.missing)
        return replace(
            window,
            ids=ids,
            total=len(ids) if found.cursor is None else max(window.total, len(ids)),
            total_is_exact=not is_partial and (found.cursor is None or window.total_is_exact),
            is_partial=is_partial,
            cursor=found.cursor if len(ids) < _FURTHEST else None,
        )

    async def _narrowed(self, session: SearchSession, narrowing: Narrowing) -> tuple[list[ListedFile], bool]:
        """(files of the ranked window that agree, whether a database was missing)."""
        ranked = session.window.ids[: self._runtime.current.search_window_size]
        found = await self._media.list_many(ranked)
        return [file for file in found.files if agrees(file, narrowing)], bool(found.missing)

    async def _narrowed_page(self, session: SearchSession, number: int, narrowing: Narrowing) -> ResultPage:
        if number < 1:
            raise BadInputError("error-bad-button")
        files, lacks_some = await self._narrowed(session, narrowing)
        is_partial = session.window.is_partial or lacks_some
        if not files:
            return ResultPage(session, 1, 1, 0, (), is_partial, narrowing, 0)
        pages, size = self._pages_of(len(files)), self._runtime.current.result_page_size
        number, first, _ = self._cut((), number, pages)
        shown = files[first : first + size]
        return ResultPage(session, number, pages, first, shown, is_partial, narrowing, len(files))

    def _cut(self, ids: Sequence[int], number: int, pages: int) -> tuple[int, int, Sequence[int]]:
        """(page number, position of its first file, its ids)."""
        if number < 1:
            raise BadInputError("error-bad-button")
        size = self._runtime.current.result_page_size
        number = min(number, pages)
        first = (number - 1) * size
        return number, first, ids[first : first + size]

    def _pages(self, window: SearchWindow) -> tuple[int, bool]:
        """(pages that are known to exist, whether there may be more behind them)."""
        if window.cursor is None:
            return self._pages_of(len(window.ids)), False
        return self._pages_of(max(window.total, len(window.ids))), not window.total_is_exact

    def _pages_of(self, files: int) -> int:
        return max(1, -(-files // self._runtime.current.result_page_size))
