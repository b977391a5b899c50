"""Inline mode: searching from any chat."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING

from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Inline, Reader, Route
from handlers.inline_results import render_inline_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.domain.inline_search import InlinePage
    from core.services.inline_search import InlineSearchService
    from core.telegram.gateway import TelegramGateway
    from core.text.catalog import Texts
    from handlers.incoming import InlineQuery


class InlineHandler(BaseHandler):
    """Words after the bot's name in; files, or links to them, out."""

    def __init__(self, telegram: TelegramGateway, inline_search: InlineSearchService) -> None:
        self._telegram = telegram
        self._inline_search = inline_search

    def routes(self) -> Sequence[Route]:
        """Every inline query."""
        return (Route("inline", Inline(), self.handle_inline, Action.INLINE),)

    async def handle_inline(self, query: InlineQuery, reader: Reader) -> None:
        """Answer with a page of files."""
        show = partial(self._show, query, reader.texts)
        await self._inline_search.answer(reader.user, query.text, query.offset, show)

    async def _show(self, query: InlineQuery, texts: Texts, page: InlinePage) -> None:
        results, notice = render_inline_page(page, texts, self._telegram.username)
        await self._telegram.answer_inline(
            query.id, results, cache_s=page.cache_s, next_offset=page.next_offset, hint=notice
        )
