"""Search in a private chat, and turning and narrowing the pages of any search."""

from __future__ import annotations

from typing import TYPE_CHECKING

from core.domain.search import Narrowing
from core.services.rate_limiter import Action
from handlers.base import BaseHandler, Press, PrivateText, Reader, Route
from handlers.buttons import Narrow, SearchAgain, ShowPosition, TurnPage
from handlers.narrowing_code import decode_narrowing

if TYPE_CHECKING:
    from collections.abc import Sequence

    from core.services.search import SearchService
    from core.services.search_again import RepeatableSearches
    from core.telegram.gateway import TelegramGateway
    from handlers.incoming import CallbackQuery, IncomingMessage
    from handlers.result_display import ResultDisplay

_EVERYTHING = Narrowing()


class SearchHandler(BaseHandler):
    """Words in, result pages out."""

    def __init__(
        self, telegram: TelegramGateway, search: SearchService, display: ResultDisplay, searches: RepeatableSearches
    ) -> None:
        self._telegram = telegram
        self._search = search
        self._display = display
        self._searches = searches

    def routes(self) -> Sequence[Route]:
        """Plain words, the buttons that change a page, and the one that an expired page leaves."""
        return (
            Route("search", PrivateText(), self.handle_search, Action.SEARCH),
            Route("page", Press(TurnPage), self.handle_page_callback, Action.CALLBACK),
            Route("narrow", Press(Narrow), self.handle_narrow_callback, Action.CALLBACK),
            Route("position", Press(ShowPosition), self.handle_position_callback, Action.CALLBACK),
            Route("search_again", Press(SearchAgain), self.handle_again_callback, Action.SEARCH),
        )

    async def handle_search(self, message: IncomingMessage, reader: Reader) -> None:
        """Search for the words and show the first page."""
        page = await self._search.search(reader.user.id, message.text)
        await self._display.send(page, reader, message.chat_id, query_id=message.message_id)

    async def handle_page_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Turn to a page of the reader's own session."""
        press = TurnPage.unpack(query.data)
        await self._turn(query, reader, press.session_id, press.number, _EVERYTHING)

    async def handle_narrow_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Turn to a page of a part of the reader's own session."""
        press = Narrow.unpack(query.data)
        await self._turn(query, reader, press.session_id, press.number, decode_narrowing(press.facet))

    async def handle_position_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Say which page this is."""
        press = ShowPosition.unpack(query.data)
        query.answered = True
        await self._telegram.answer_callback(
            query.id, reader.texts.plain("results-position", number=press.number, pages=press.pages)
        )

    async def handle_again_callback(self, query: CallbackQuery, reader: Reader) -> None:
        """Make the reader's own search once more, in place of its expired page."""
        press = SearchAgain.unpack(query.data)
        text = await self._searches.own_text(press.session_id, reader.user.id)
        await self._display.replace(await self._search.search(reader.user.id, text), reader, query)

    async def _turn(
        self, query: CallbackQuery, reader: Reader, session_id: str, number: int, narrowing: Narrowing
    ) -> None:
        async with self._display.offering_repeat(query, reader, session_id):
            page = await self._search.page(reader.user.id, session_id, number, narrowing)
        await self._display.replace(page, reader, query)
