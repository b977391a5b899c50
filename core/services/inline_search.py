"""Searching from any chat: `@bot moon voyage | video`, ten files at a time."""

from __future__ import annotations

import asyncio
from contextlib import suppress
from dataclasses import replace
from typing import TYPE_CHECKING

import structlog

from core.domain.deep_link import FileLink, SearchLink
from core.domain.inline_search import InlineNotice, InlinePage, InlineResult
from core.domain.search import Narrowing
from core.errors import DatabaseUnavailableError, TelegramUnavailableError
from core.search.filter_values import split_kind
from core.telegram.gateway import FileReferenceExpiredError

if TYPE_CHECKING:
    from collections.abc import Awaitable, Callable, Mapping, Sequence

    from core.domain.deep_link import LinkTarget
    from core.domain.media import MediaFile
    from core.domain.search import SearchWindow
    from core.domain.user import User
    from core.services.deep_link import DeepLinkService
    from core.services.quota import QuotaService
    from core.services.runtime_settings import RuntimeSettingsService
    from core.services.search import SearchService
    from core.telegram.file_reference import FileReferences
    from repositories.media import MediaRepository

_PAGE = 10
_CACHE_S = 30
_LONGEST_OFFSET = 6


class InlineSearchService:
    """Finds pages of inline results.

    Telegram sends a chosen file by itself, so only readers without a daily limit get files. Everybody else gets links
    into the private chat, where the reservation is exact; so does everybody while files are protected, which a file
    that Telegram sends by itself cannot be.
    """

    def __init__(
        self,
        *,
        search: SearchService,
        media: MediaRepository,
        quota: QuotaService,
        links: DeepLinkService,
        references: FileReferences,
        runtime: RuntimeSettingsService,
    ) -> None:
        self._search = search
        self._media = media
        self._quota = quota
        self._links = links
        self._references = references
        self._runtime = runtime
        self._log = structlog.get_logger(__name__)

    async def answer(self, reader: User, text: str, offset: str, show: Callable[[InlinePage], Awaitable[None]]) -> None:
        """Find the page of `text` that begins at `offset`, and show it.

        When Telegram does not accept the reference of one of its files, the references of all are fetched anew; what
        cannot be healed becomes a link, and its delivery heals it or finds that it is gone.

        Args:
            reader: who asks, and what quota they have decides what they get.
            text: as typed; a last part `| video` asks for a kind, by the names that `type:` takes.
            offset: a number of files, anything else begins at the first.
            show: sends the page; called again with another one after a FileReferenceExpiredError.

        Raises:
            BadInputError: there is nothing to search for in `text`.
            SearchTimeoutError: the search was cut; rarer words help.
            DatabaseUnavailableError: no database answered.
        """
        page = await self._find(reader, text, _position(offset))
        try:
            await show(page)
        except FileReferenceExpiredError:
            page = await self._healed(page)
        else:
            return
        try:
            await show(page)
        except FileReferenceExpiredError:
            await show(await self._linked(page, {}))

    async def _find(self, reader: User, text: str, first: int) -> InlinePage:
        if not text.strip():
            return InlinePage((), _CACHE_S, notice=InlineNotice.INVITATION)
        words, narrowing = _narrowed(text)
        window = await self._search.find_window(words, narrowing)
        found = await self._media.get_many(window.ids[first : first + _PAGE])
        notice = _notice(window, first, is_partial=window.is_partial or found.unreached > 0)
        payloads, notice_payload = await self._issue(reader, found.files, _notice_link(notice, window, words))
        page = InlinePage(
            tuple(map(InlineResult, found.files, payloads)),
            0 if notice in {InlineNotice.PARTIAL, InlineNotice.NOTHING_PARTIAL} else _CACHE_S,
            next_offset=str(first + _PAGE) if len(window.ids) > first + _PAGE else "",
            notice=notice,
            corrected=window.corrected or "",
        )
        return page if notice_payload is None else replace(page, notice_payload=notice_payload)

    async def _issue(
        self, reader: User, files: Sequence[MediaFile], notice_link: SearchLink | None
    ) -> tuple[Sequence[str | None], str | None]:
        """Payloads of the files, None for each that may be sent itself, and of the notice; in one round trip."""
        as_files = self._quota.is_unlimited(reader) and not self._runtime.current.protect_content
        targets: list[LinkTarget] = [] if as_files else [FileLink(media.id) for media in files]
        if notice_link is None:
            payloads = await self._links.issue_many(targets)
            return payloads or [None] * len(files), None
        *payloads, last = await self._links.issue_many((*targets, notice_link))
        return payloads or [None] * len(files), last

    async def _healed(self, page: InlinePage) -> InlinePage:
        try:
            fresh = await self._references.refresh_many([result.media for result in page.results])
        except TelegramUnavailableError:
            fresh = {}
        await asyncio.gather(*(self._heal(media_id, file_id) for media_id, file_id in fresh.items()))
        self._log.info("inline_references_healed", healed=len(fresh), files=len(page.results))
        return await self._linked(page, fresh)

    async def _heal(self, media_id: int, file_id: str) -> None:
        with suppress(DatabaseUnavailableError):  # the next answer heals it again
            await self._media.update_file_id(media_id, file_id)

    async def _linked(self, page: InlinePage, fresh: Mapping[int, str]) -> InlinePage:
        """The page with fresh references, and links in place of the files without one."""
        without = [result.media.id for result in page.results if result.media.id not in fresh]
        payloads = dict(zip(without, await self._links.issue_many([*map(FileLink, without)]), strict=True))
        results = [
            InlineResult(replace(media, file_id=fresh.get(media.id, media.file_id)), payloads.get(media.id))
            for media in (result.media for result in page.results)
        ]
        return replace(page, results=tuple(results), cache_s=0 if without else page.cache_s)


def _narrowed(text: str) -> tuple[str, Narrowing]:
    """(words, what they are narrowed to); a last part that names no kind is words."""
    words, kind = split_kind(text)
    return words, Narrowing(kind=kind)


def _position(offset: str) -> int:
    return int(offset) if offset.isascii() and offset.isdigit() and len(offset) <= _LONGEST_OFFSET else 0


def _notice(window: SearchWindow, first: int, *, is_partial: bool) -> InlineNotice | None:
    if not window.ids:
        return InlineNotice.NOTHING_PARTIAL if is_partial else InlineNotice.NOTHING
    if is_partial:
        return InlineNotice.PARTIAL
    return InlineNotice.CORRECTED if window.corrected and first == 0 else None


def _notice_link(notice: InlineNotice | None, window: SearchWindow, words: str) -> SearchLink | None:
    """The same search in the private chat, where there is room for suggestions; None where it would not help."""
    if notice is InlineNotice.NOTHING:
        return SearchLink(words)
    return SearchLink(window.corrected or words) if notice is InlineNotice.CORRECTED else None
