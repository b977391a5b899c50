"""Search in a private chat, and turning its pages."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Press, PrivateText, Reader, Route
from handlers.buttons import ShowPosition, TurnPage
from handlers.result_page import render_page

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.search import SearchService
    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import CallbackQuery, IncomingMessage


class SearchHandler(BaseHandler):
    """Words in, result pages out."""

    def __init__(self, telegram: TelegramGateway, search: SearchService) -> None:
        self._telegram = telegram
        self._search = search

    def routes(self) -> Sequence[Route]:
        """Plain words, and the navigation row."""
        return (
            Route("search", PrivateText(), self.handle_search, Action.SEARCH),
            Route("page", Press(TurnPage), self.handle_page_callback, Action.CALLBACK),
            Route("position", Press(ShowPosition), self.handle_position_callback, Action.CALLBACK),
        )

    async def handle_search(self, message: IncomingMessage, reader: Reader) -> None:
        """Search for the words and show the first page."""
        page = await self._search.search(reader.user.id, message.text)
        html, keyboard = render_page(page, reader.texts)
        await self._telegram.send_text(message.chat_id, html, keyboard)

    async def handle_page_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Turn to a page of the reader's own session."""
        press = TurnPage.unpack(query.data)
        page = await self._search.page(reader.user.id, press.session_id, press.number)
        html, keyboard = render_page(page, reader.texts)
        await self._telegram.edit_text(query.chat_id, query.message_id, html, keyboard)

    async def handle_position_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Say which page this is."""
        press = ShowPosition.unpack(query.data)
        query.answered = True
        await self._telegram.answer_callback(
            query.id, reader.texts.plain("results-position", number=press.number, pages=press.pages)
        )
